"""A learner's code under a limit: whatever it does, it ends, and what called it goes on."""

import subprocess
import sys
import threading
import time
import warnings

import pytest

from minigrad.course import limits
from minigrad.course.limits import TimeUp, limited


def deaf():
    """Swallows every exception."""
    while True:
        try:
            sum(range(100))
        except BaseException:
            continue


def busy():
    while True:
        pass


def recursive():
    return [recursive() for _ in range(3)]


def slow_generator():
    return sum(i for i in iter(int, 1))


def in_a_finally():
    try:
        raise ValueError
    finally:
        while True:
            pass


LOOPS = [busy, deaf, slow_generator, in_a_finally]


@pytest.fixture(params=["signal", "thread"])
def way(request, monkeypatch):
    """Both ways to stop code; the first is not to be had on Windows."""
    if request.param == "signal" and not hasattr(limits.signal, "setitimer"):
        pytest.skip("this system has no alarm clock")
    monkeypatch.setattr(limits, "alarm", getattr(limits, f"by_{request.param}"))


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("loop", LOOPS)
def test_a_loop_without_end_is_stopped_and_nothing_is_left_behind(loop):
    start, streams, hooks = time.monotonic(), (sys.stdout, sys.stderr), warnings.filters[:]
    threads = threading.active_count()
    value, raised, _ = limited(loop, 0.2)
    assert value is None
    assert isinstance(raised, TimeUp)
    assert time.monotonic() - start < 60
    assert (sys.stdout, sys.stderr) == streams
    assert warnings.filters == hooks
    time.sleep(0.05)  # no further alarm rings
    assert threading.active_count() == threads


def test_code_off_the_main_thread_is_stopped_too():
    results = []
    thread = threading.Thread(target=lambda: results.append(limited(busy, 0.2)))
    thread.start()
    thread.join(10)
    assert isinstance(results[0][1], TimeUp)


@pytest.mark.skipif(not hasattr(limits.signal, "setitimer"), reason="only an alarm clock wakes a sleeper")
def test_a_sleeper_is_woken():
    start = time.monotonic()
    assert isinstance(limited(lambda: time.sleep(60), 0.2)[1], TimeUp)
    assert time.monotonic() - start < 60


@pytest.mark.usefixtures("way")
def test_code_that_ends_in_time_is_left_alone():
    for _ in range(200):
        assert limited(lambda: sum(range(100)), 0.5)[:2] == (4950, None)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("seconds", [0.001, 0.002, 0.005])
def test_ending_just_as_the_time_is_up_harms_nobody(seconds):
    def work():
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            pass

    for _ in range(40):
        _, raised, _ = limited(work, seconds)
        assert raised is None or isinstance(raised, TimeUp)


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        (sys.exit, SystemExit),
        (recursive, RecursionError),
        (lambda: 1 / 0, ZeroDivisionError),
        (lambda: (_ for _ in ()).throw(KeyboardInterrupt), KeyboardInterrupt),
        (lambda: (_ for _ in ()).throw(GeneratorExit), GeneratorExit),
        (lambda: warnings.warn("careful", stacklevel=1), type(None)),
    ],
)
def test_whatever_is_raised_is_handed_back(call, kind):
    assert isinstance(limited(call, 5)[1], kind)


def test_what_is_printed_is_kept_in_part():
    def chatter():
        for i in range(10_000):
            print(i, file=sys.stderr if i % 2 else sys.stdout)
        sys.stdout = None

    before = sys.stdout
    text = limited(chatter, 5)[2]
    assert text.startswith("0\n1\n2\n")
    assert len(text) < 2500
    assert sys.stdout is before


def test_an_alarm_that_somebody_else_has_set_is_respected():
    if not hasattr(limits.signal, "setitimer"):
        pytest.skip("this system has no alarm clock")
    rung = []
    before = limits.signal.signal(limits.signal.SIGALRM, lambda *_: rung.append(True))
    limits.signal.setitimer(limits.signal.ITIMER_REAL, 0.3)
    try:
        assert isinstance(limited(busy, 0.1)[1], TimeUp)
        time.sleep(0.4)
        assert rung
    finally:
        limits.signal.setitimer(limits.signal.ITIMER_REAL, 0)
        limits.signal.signal(limits.signal.SIGALRM, before)


@pytest.mark.parametrize("seconds", [0.05, 5])
def test_nothing_of_it_is_left_for_who_traces(seconds):
    """Python 3.11 would look for an exception that was taken back ever after, and never end under a tracer."""
    program = f"""
import sys
from minigrad.course.limits import by_thread, limited, stepped_into, TimeUp

def work():
    while {seconds} < 1:
        pass

try:
    with by_thread({seconds}):
        stepped_into(work)
except TimeUp:
    pass
sys.settrace(lambda *_: None)
(lambda: 0)()
sys.settrace(None)
print("done")
"""
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert found.stdout == "done\n", found.stderr
