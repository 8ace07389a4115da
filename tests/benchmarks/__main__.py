"""Measure: `python -m tests.benchmarks` runs every contest and prints a table of each, then the goals, met or not.

Name cases to run only those: `python -m tests.benchmarks fit`. What is found is kept in `results.json`, and drawn in
`results.png`. Contenders that aren't installed are left out and named. A goal that is missed is explained by a profile.
"""

import argparse
import json
import os
import platform
import sys
from datetime import date
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from chart import draw  # noqa: E402
from contest import contest, profiled  # noqa: E402
from goals import CASES, GOALS  # noqa: E402

RESULTS = HERE / "results.json"


def title(case, size):
    """A contest in words."""
    return f"{case} {' x '.join(map(str, size))}".strip()


def amount(case, x):
    """Seconds, or bytes, as a person reads them."""
    if "memory" in case:
        return f"{x / 1e6:.3f} MB" if x > 1e5 else f"{x:.0f} B"
    return f"{x * 1e3:.3f} ms" if x > 1e-5 else f"{x * 1e6:.3f} us"


def table(result):
    """A contest as lines: each contender's best round, and the median of its ratios to each of the others."""
    names = sorted(result.seconds, key=result.best)
    yield title(result.case, result.size)
    yield " " * 16 + "best".rjust(15) + "".join(f"{'/ ' + name:>17}" for name in names)
    for name in names:
        ratios = "".join(f"{result.ratio(name, other):17.2f}" for other in names)
        yield f"{name:16}{amount(result.case, result.best(name)):>15}{ratios}"
    for name, why in result.absent.items():
        yield f"{name:16}left out: {why}"
    yield ""


def record(result):
    """What is kept of a contest."""
    names = list(result.seconds)
    return {
        "size": list(result.size),
        "best": {name: float(f"{result.best(name):.4g}") for name in names},
        "ratios": {a: {b: round(result.ratio(a, b), 3) for b in names if b != a} for a in names},
        "left out": result.absent,
    }


def verdicts(kept):
    """Each goal with the figure beside it: `(case, size, contender, other, goal, figure or None, why none)`."""
    for case, size, contender, other, goal in GOALS:
        found = [entry for entry in kept.get(case, {}).get("sizes", []) if entry["size"] == list(size)]
        figure = found[0]["ratios"].get(contender, {}).get(other) if found else None
        why = found[0]["left out"].get(other, "") if found else "not run"
        yield case, size, contender, other, goal, figure, why


def report(kept):
    """The goals as lines."""
    yield f"{'goals':28}{'':18}{'by':12}{'at most':>10}{'measured':>10}"
    for case, size, contender, other, goal, figure, why in verdicts(kept):
        verdict = (
            f"{why or 'left out':>10}"
            if figure is None
            else f"{figure:10.3f}  {'met' if figure <= goal else 'NOT MET'}"
        )
        yield f"{title(case, size):28}{contender:18}{other:12}{goal:10.3g}{verdict}"


def main():
    """Run the cases named on the command line, or all."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("cases", nargs="*", default=list(CASES), help=f"of {', '.join(CASES)}")
    parser.add_argument("--rounds", type=int, help="how often each contender works; by default as goals.py says")
    options = parser.parse_args()
    kept = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for case in options.cases:
        names, sizes, rounds = CASES[case]
        machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
        kept[case] = {"date": date.today().isoformat(), "machine": machine, "sizes": []}
        for size in sizes:
            result = contest(case, size, names.split(), options.rounds or rounds)
            print("\n".join(table(result)), flush=True)
            kept[case]["sizes"].append(record(result))
            RESULTS.write_text(json.dumps(kept, indent=1) + "\n")
    print("\n".join(report(kept)))
    missed = [v for v in verdicts(kept) if v[5] is not None and v[5] > v[4] and v[0] in options.cases]
    for case, size, contender in dict.fromkeys(v[:3] for v in missed):
        print(f"\nwhere the time of {contender} goes, {title(case, size)}\n{profiled(case, contender, size)}")
    print(draw(kept, HERE / "results.png"))


if __name__ == "__main__":
    main()
