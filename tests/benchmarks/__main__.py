"""Measure: `python tests/benchmarks` prints each contest as a table of ratios, and keeps them in `results.json`.

Name cases to run only those: `python tests/benchmarks fit`. Contenders that aren't installed are left out and named.
"""

import argparse
import json
import platform
from datetime import date
from pathlib import Path

from contest import contest

CASES = {
    "step": ("by_hand minigrad torch torch_compile jax hips_autograd mygrad",
             [(64, 32, 10, 32), (784, 128, 10, 64), (784, 512, 10, 256)]),
    "fit": ("keras minigrad", [(20_000, 784)]),
}  # fmt: skip
RESULTS = Path(__file__).with_name("results.json")


def table(result):
    """A contest as lines: each contender's fastest round, and the median of its ratios to each of the others."""
    names = sorted(result.seconds, key=result.best)
    yield f"{result.case} {' x '.join(map(str, result.size))}"
    yield " " * 16 + "fastest".rjust(12) + "".join(f"{'/ ' + name:>16}" for name in names)
    for name in names:
        ratios = "".join(f"{result.ratio(name, other):16.2f}" for other in names)
        yield f"{name:16}{result.best(name) * 1e3:9.3f} ms{ratios}"
    for name, why in result.absent.items():
        yield f"{name:16}left out: {why}"
    yield ""


def main():
    """Run the cases named on the command line, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", default=list(CASES), help=f"of {', '.join(CASES)}")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    kept = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for case in options.cases:
        names, sizes = CASES[case]
        kept[case] = {
            "date": date.today().isoformat(),
            "machine": platform.processor() or platform.machine(),
            "sizes": [],
        }
        for size in sizes:
            result = contest(case, size, names.split(), options.rounds)
            print("\n".join(table(result)), flush=True)
            kept[case]["sizes"].append(
                {
                    "size": size,
                    "fastest": {name: round(result.best(name), 7) for name in result.seconds},
                    "minigrad's time by each other's": {
                        name: round(result.ratio("minigrad", name), 3) for name in result.seconds if name != "minigrad"
                    },
                    "left out": result.absent,
                }
            )
            RESULTS.write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    main()
