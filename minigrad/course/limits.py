"""Run a learner's code so that whatever it does, the notebook goes on: a time limit, and nothing printed.

Code that never ends is stopped from inside, in the thread it runs in, on any system: an exception is
raised in it, again and again until it gives up. On Linux and macOS this also wakes it from a sleep.
"""

import builtins
import contextlib
import ctypes
import io
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

AGAIN = 0.001  # seconds until code that swallowed the exception gets the next one: some must hit it off guard


class TimeUp(BaseException):
    """Raised in code that takes too long. Not an Exception: `except Exception` must not stop it."""


class Heard(io.TextIOBase):
    """Takes what is printed, and keeps the beginning."""

    def __init__(self, keep: int = 1000):
        self.text, self.keep = "", keep

    def writable(self):
        return True

    def write(self, text):
        if len(self.text) < self.keep:
            self.text += text[: self.keep]
        return len(text)


def stepped_into(call: Callable[[], Any]) -> Any:
    """Call. This frame on the stack says that the learner's code is running, not ours before or after it."""
    return call()


def inside(frame: FrameType | None) -> bool:
    """Whether a frame belongs to the learner's code, or to something it called."""
    while frame and frame.f_code is not stepped_into.__code__:
        frame = frame.f_back
    return frame is not None


@contextmanager
def by_signal(seconds: float) -> Iterator[None]:
    """Raise TimeUp by the system's alarm clock: it interrupts waiting as well."""

    def ring(_number, frame):
        if inside(frame):
            raise TimeUp

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def by_thread(seconds: float) -> Iterator[None]:
    """Raise TimeUp from another thread, between two steps of the interpreter."""
    thread, over, lock, sent = threading.get_ident(), threading.Event(), threading.Lock(), threading.Event()

    def send():
        sent.set()
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(TimeUp))

    def watch():
        wait = seconds
        while not over.wait(wait):
            with lock:
                if not over.is_set() and inside(sys._current_frames().get(thread)):
                    send()
            wait = AGAIN

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        with lock:
            over.set()
            # One may be on its way. Taken back, it would leave Python 3.11 looking for it ever after: slow, and without
            # end as soon as somebody traces. So another takes its place, and is received.
            if sent.is_set():
                with contextlib.suppress(TimeUp):
                    send()
                    while True:
                        pass
        watcher.join()


@contextmanager
def shut_in() -> Iterator[None]:
    """Turn what would ask somebody, or end the kernel, into an exception."""

    def ask(*_):
        raise EOFError("nobody can be asked while a check runs")

    def leave():
        raise SystemExit

    before, builtins.input = builtins.input, ask
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell:
        shell.ask_exit = leave  # what `exit()` calls in a notebook, where it raises nothing
    try:
        yield
    finally:
        builtins.input = before
        if shell:
            del shell.ask_exit


def alarm(seconds: float) -> contextlib.AbstractContextManager[None]:
    """Choose the way that works here: only the main thread hears signals, and Windows has no alarm."""
    heard = hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
    if heard and signal.getitimer(signal.ITIMER_REAL)[0] == 0:
        return by_signal(seconds)
    return by_thread(seconds)


def limited(call: Callable[[], Any], seconds: float) -> tuple[Any, BaseException | None, str]:
    """Return what `call` returned, what it raised, and what it printed; raise nothing.

    >>> limited(lambda: print("hello") or 42, seconds=5)
    (42, None, 'hello\\n')
    """
    heard, value, raised = Heard(), None, None
    streams = sys.stdout, sys.stderr
    try:
        try:
            with alarm(seconds), warnings.catch_warnings(record=True), contextlib.redirect_stdout(heard):
                warnings.simplefilter("always")
                with contextlib.redirect_stderr(heard), shut_in():
                    value = stepped_into(call)
        finally:
            sys.stdout, sys.stderr = streams
    except BaseException as error:
        raised = error
    return value, raised, heard.text
