"""Run contenders against each other: every one in a process of its own, with one thread, in interleaved rounds.

In one process the idle threads of one framework slow the next, and on a shared machine a minute is not like the minute
before; so a round of each follows a round of each, and what is reported is the median of the ratios within a round.
Time is the processor's, over all threads of a contender: the clock on the wall also counts what others do meanwhile.
What a contender computes is compared before anything is timed.
"""

import cProfile
import io
import json
import os
import pstats
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).parents[2]
ONE_THREAD = dict.fromkeys(
    "OMP_NUM_THREADS OPENBLAS_NUM_THREADS MKL_NUM_THREADS TF_NUM_INTRAOP_THREADS TF_NUM_INTEROP_THREADS".split(), "1"
) | {
    "KERAS_BACKEND": "tensorflow",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "CUDA_VISIBLE_DEVICES": "",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
}


@dataclass
class Result:
    """What came out of one contest: seconds (or bytes) for each contender and round, and who was not there."""

    case: str
    size: tuple
    seconds: dict[str, list[float]] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)

    def ratio(self, contender, to):
        """The median, over the rounds, of one contender's time by another's."""
        return statistics.median(a / b for a, b in zip(self.seconds[contender], self.seconds[to], strict=True))

    def best(self, contender):
        """The fastest round: what the machine can do when nobody disturbs."""
        return min(self.seconds[contender])


def _command(what, case, name, size):
    return [sys.executable, "-W", "ignore", __file__, what, case, name, json.dumps(size)]


def _environment():
    return os.environ | ONE_THREAD | {"PYTHONPATH": str(ROOT)}


class Contender:
    """A process that has prepared its work and does one round of it when told."""

    def __init__(self, case, name, size):
        pipe = subprocess.PIPE
        command = _command("work", case, name, size)
        self.process = subprocess.Popen(command, env=_environment(), stdin=pipe, stdout=pipe, stderr=pipe, text=True)

    def ready(self):
        """What it reports when it is prepared: `{"check": numbers}`, or `{"absent": why}`."""
        return self.read()

    def round(self):
        """The seconds of one unit of work, or what the contender measures itself."""
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        return self.read()

    def read(self):
        """The next line that is an answer; frameworks print what they like in between."""
        for line in self.process.stdout:
            if line.startswith("answer "):
                return json.loads(line.removeprefix("answer "))
        raise RuntimeError(f"{self.process.args[2:]} ended:\n{self.process.stderr.read()[-2000:]}")

    def stop(self):
        """End the process."""
        self.process.kill()
        self.process.communicate()


def contest(case, size, names, rounds=7, tolerance=1e-3):
    """Let the contenders of a case work side by side; those that compute something else are an error."""
    result = Result(case, tuple(size))
    contenders, checks = {}, {}
    try:
        for name in names:
            contenders[name] = Contender(case, name, size)
            report = contenders[name].ready()
            if "absent" in report:
                result.absent[name] = report["absent"]
                contenders.pop(name).stop()
            else:
                checks[name] = report["check"]
        first = next(iter(checks))
        for name, numbers in checks.items():
            for mine, theirs in zip(checks[first], numbers, strict=True):
                if abs(mine - theirs) > tolerance * max(1, abs(mine)):
                    raise AssertionError(f"{case}{size}: {name} computed {numbers}, {first} {checks[first]}")
        result.seconds = {name: [] for name in contenders}
        for i in range(rounds + 1):
            for name, contender in contenders.items():
                seconds = contender.round()
                if i:  # the first round warms up
                    result.seconds[name].append(seconds)
    finally:
        for contender in contenders.values():
            contender.stop()
    return result


def work(case, name, size):
    """The inside of a contender's process: prepare, report, and do a round for each line that comes in.

    A contender is a function of the size that returns numbers to be compared, a unit of work, and how many of these
    make a round; None if the unit measures itself.
    """
    try:
        check, unit, times = getattr(import_module(case), name)(*size)
    except ImportError as error:
        print(f"answer {json.dumps({'absent': str(error)})}", flush=True)
        return
    print(f"answer {json.dumps({'check': [float(number) for number in check]})}", flush=True)
    for _ in sys.stdin:
        start = time.process_time()
        if times is None:
            print(f"answer {unit()!r}", flush=True)
            continue
        for _ in range(times):
            unit()
        print(f"answer {(time.process_time() - start) / times!r}", flush=True)


def profile(case, name, size, lines=12):
    """Where a contender's time goes: the functions that take most of it themselves, as text."""
    _, unit, times = getattr(import_module(case), name)(*size)
    recorder = cProfile.Profile()
    for _ in range(times or 1):
        unit()
    recorder.enable()
    for _ in range(times or 1):
        unit()
    recorder.disable()
    text = io.StringIO()
    table = pstats.Stats(recorder, stream=text)
    table.strip_dirs().sort_stats("tottime").print_stats(lines)
    return text.getvalue().partition("ncalls")[2].strip()


def profiled(case, name, size):
    """`profile` in a process of its own, with one thread."""
    return subprocess.run(
        _command("profile", case, name, size), env=_environment(), capture_output=True, text=True
    ).stdout


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    what, case, name, size = *sys.argv[1:4], json.loads(sys.argv[4])
    print(profile(case, name, size)) if what == "profile" else work(case, name, size)
