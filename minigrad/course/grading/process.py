"""The grader's side of a submission's process: start it, ask it, and end it at a limit."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

from minigrad.course.comparing import NotYet
from minigrad.course.grading import wire

DEEPEST = 500  # characters of a path
GRACE = 3  # seconds until a process that doesn't heed its alarm is ended


@dataclass(frozen=True)
class Limits:
    """What a submission may use: seconds in all and for one cell; bytes of memory, of a file, of all; files."""

    seconds: float = 600
    cell: float = 120
    memory: int = 4 << 30
    file: int = 32 << 20
    folder: int = 256 << 20
    files: int = 1000
    message: int = 16 << 20


class Trouble(Exception):
    """What is wrong is wrong with the grader or the lab, not with the submission."""


class Ended(Exception):
    """The submission's process has ended; the message says why."""


class Thing:
    """Stands for what stays in the other process: a function, a model."""

    def __init__(self, process: "Process", number: int):
        self.process, self.number = process, number


class Process:
    """A worker in an empty folder of its own, and the guard who ends it at a limit."""

    def __init__(self, lab: str, limits: Limits, until: float):
        self.limits, self.until = limits, until
        self.ended = ""
        self.folder = Path(tempfile.mkdtemp(prefix="submission_")).resolve()
        self.pipe, theirs = Pipe()
        module, given = "minigrad.course.grading.worker", json.dumps(asdict(limits))
        self.worker = subprocess.Popen(
            [sys.executable, "-P", "-m", module, str(theirs.fileno()), lab, given],
            cwd=self.folder,
            env=environment(self.folder),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            pass_fds=[theirs.fileno()],
            start_new_session=True,
        )
        theirs.close()
        try:
            self.pipe.recv_bytes()  # it is ready
        except EOFError:
            why = self.worker.communicate()[1].decode(errors="replace")
            self.close()
            raise Trouble(f"no process for a submission can be started here:\n{why}") from None
        threading.Thread(target=self.guard, daemon=True).start()

    def guard(self) -> None:
        """End the worker when its time is over or its folder full."""
        while self.worker.poll() is None:
            if time.monotonic() > self.until:
                self.end("it did not come to an end in time, and was stopped.")
            elif too_full := self.too_full():
                self.end(f"{too_full}, and was stopped.")
            time.sleep(0.1)

    def too_full(self) -> str:
        """Say that the folder holds more than it may."""
        size = count = 0
        for path, folders, files in os.walk(self.folder):
            count += len(folders) + len(files)
            if count > self.limits.files or len(path) > DEEPEST:  # before the system's own limit hides what is below
                return f"it made more than {self.limits.files} files, or folders in folders without end"
            for name in files:
                with suppress(OSError):
                    size += os.lstat(os.path.join(path, name)).st_size
        return f"it wrote more than {self.limits.folder >> 20} MB" if size > self.limits.folder else ""

    def end(self, why: str) -> None:
        """End the worker; whoever is first says why."""
        self.ended = self.ended or why
        self.worker.kill()

    def close(self) -> None:
        """End the worker and remove its folder."""
        self.end("it is no longer needed.")
        self.worker.wait()
        self.pipe.close()
        if self.worker.stderr:
            self.worker.stderr.close()
        subprocess.run(["rm", "-rf", self.folder])  # which goes deeper than Python's recursion

    def ask(self, seconds: float, **request: Any) -> Any:
        """Return the worker's answer. Raises NotYet with the worker's words, or Ended."""
        whole, self.until = self.until, min(self.until, time.monotonic() + seconds + GRACE)
        try:
            self.pipe.send_bytes(wire.packed({**request, "seconds": seconds}, self.numbered))
            answer = wire.unpacked(self.pipe.recv_bytes(self.limits.message + 1000), self.stand_in)
            if "raised" in answer:
                raise NotYet(str(answer["raised"]))
            return answer["value"]
        except (OSError, EOFError, ValueError, TypeError, KeyError):
            with suppress(subprocess.TimeoutExpired):
                self.worker.wait(1)  # an end of its own accord, which shows here a little later
            self.end(how(self.worker.poll()))
            raise Ended(self.ended) from None
        finally:
            self.until = whole

    def numbered(self, thing: Any) -> dict:
        """Return what is sent for a thing of the worker's."""
        if not isinstance(thing, Thing):
            raise Trouble(f"a criterion can't hand over {thing!r}: only data, and what the submission returned")
        if thing.process is not self:
            raise NotYet("what it had made before was lost when its process ended.")
        return {"thing": thing.number}

    def stand_in(self, thing: dict) -> Thing:
        """Return what stands here for a thing of the worker's, under the name of its type."""
        kind, number = thing["kind"], thing["thing"]
        if not isinstance(kind, str) or not isinstance(number, int):
            raise ValueError("neither data nor a thing")
        return type(kind[:40], (Thing,), {})(self, number)


def how(code: int | None) -> str:
    """Say how a process ended.

    >>> how(0), how(-11)
    ('it ended its own process.', 'its process was ended by the system (SIGSEGV).')
    """
    if code is None:
        return "it broke off its talk with the grader."
    return (
        f"its process was ended by the system ({signal.Signals(-code).name})."
        if code < 0
        else "it ended its own process."
    )


def environment(folder: Path) -> dict[str, str]:
    """Return the worker's environment variables: of the teacher's only where Python's packages are."""
    threads = "OMP_NUM_THREADS OPENBLAS_NUM_THREADS MKL_NUM_THREADS TF_NUM_INTRAOP_THREADS TF_NUM_INTEROP_THREADS"
    return {
        **dict.fromkeys(threads.split(), "1"),
        **dict.fromkeys(["HOME", "TMPDIR", "MPLCONFIGDIR"], str(folder)),
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "PYTHONDONTWRITEBYTECODE": "1",
        "MPLBACKEND": "Agg",
        "CUDA_VISIBLE_DEVICES": "",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "MINIGRAD_GRADING": "1",
    }
