"""Grade one submission: run its notebook in another process, and judge from here what its functions do.

When that process ends, because the submission ended it or went beyond a limit, another one takes its
place and leaves out the cell at which it ended. So each task and each criterion is judged on its own.
"""

import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from minigrad.course.comparing import NotYet
from minigrad.course.exercises import Exercise
from minigrad.course.grading.process import Ended, Limits, Process, Thing, Trouble
from minigrad.course.grading.submissions import Notebook
from minigrad.course.lessons import numbered
from minigrad.course.limits import limited
from minigrad.course.tasks import Task, plain

STARTS = 6  # processes that one submission gets
WORDS, CELLS = 600, 50  # characters of a reason; failed cells that are reported


@dataclass
class Grade:
    """Points for each task, a reason for the lost ones, and what happened when the notebook ran."""

    points: dict[str, int] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)


class Submission:
    """The code cells of a notebook, and the process in which they have run."""

    def __init__(self, cells: list[str], lab: str, limits: Limits):
        self.cells, self.lab, self.limits = cells, lab, limits
        self.until = time.monotonic() + limits.seconds
        self.process: Process | None = None
        self.starts = 0
        self.failed: dict[int, str] = {}  # cell: what happened there
        self.fatal: set[int] = set()  # cells that ended the process

    def running(self) -> Process:
        """Return a process in which the notebook has run."""
        while self.process is None or self.process.ended:
            self.close()
            if time.monotonic() > self.until:
                raise NotYet(f"the {self.limits.seconds:g} seconds for the whole notebook were over.")
            if self.starts == STARTS:
                raise NotYet(f"its process had ended {STARTS} times before, and was not started again.")
            self.starts += 1
            self.process = Process(self.lab, self.limits, self.until)
            self.run(self.process)
        return self.process

    def run(self, process: Process) -> None:
        """Run the cells, up to one that ends the process."""
        for number, source in enumerate(self.cells, 1):
            if number in self.fatal:
                continue
            try:
                process.ask(self.limits.cell, do="cell", source=source, name=f"<cell {number}>")
            except NotYet as reason:
                self.failed[number] = str(reason)
            except Ended as reason:
                self.failed[number] = str(reason)
                self.fatal.add(number)
                return

    def answers(self, task: Task) -> tuple:
        """Return what the submission calls by the names that a task asks for."""
        found = self.running().ask(task.seconds, do="answers", task=task.name, names=task.asks)
        if found == "untouched":
            raise NotYet("not attempted.")
        return found

    def call(self, seconds: float, function: Any, *inputs: Any, **options: Any) -> Any:
        """Call a function where the models are: the submission's, or one of the course's that looks into them."""
        ours = getattr(function, "__module__", None) or ""
        if not isinstance(function, Thing) and not ours.startswith("minigrad.course."):
            return Exercise().call(function, *inputs, **options)
        assert self.process
        target = function if isinstance(function, Thing) else f"{ours}:{function.__qualname__}"
        return self.process.ask(seconds, do="call", function=target, inputs=plain(inputs), options=plain(options))

    def close(self) -> None:
        """End the process, if there is one."""
        if self.process:
            self.process.close()


def graded(notebook: Notebook, lab: Path, limits: Limits) -> Grade:
    """Grade what a student handed in, if it can be read."""
    if notebook.trouble:
        return Grade(dict.fromkeys(tasks(lab)[1], 0), [notebook.trouble])
    return grade(notebook.cells, lab, limits)


def grade(cells: list[str], folder: Path, limits: Limits | None = None) -> Grade:
    """Grade the code cells of a notebook by the tasks of the lab in `folder`."""
    lab, known = tasks(folder)
    submission, result = Submission(cells, lab, limits or Limits()), Grade()
    try:
        for name, task in known.items():
            task.caller = partial(submission.call, task.seconds)
            lost = judged(task, submission)
            result.points[name] = task.points
            for sentence, criteria in lost.items():
                points = sum(method.points for method in criteria)
                result.points[name] -= points
                titles = "; ".join(method.title for method in criteria)
                result.reasons.append(f"{name} −{points} ({titles}): {sentence}")
    finally:
        submission.close()
    failed = sorted(submission.failed.items())[:CELLS]
    result.reasons += [f"code cell {number}: {words[:WORDS]}" for number, words in failed]
    return result


def judged(task: Task, submission: Submission) -> dict[str, list[Any]]:
    """Run all criteria of a task; return a sentence on each way in which they fail, with those that do."""
    lost: dict[str, list[Any]] = {}
    for method in task.criteria:
        starts = submission.starts
        _, raised, _ = limited(partial(judge, task, method, submission), submission.limits.seconds + 60)
        if isinstance(raised, Trouble):
            raise raised
        if raised:
            words = str(raised) if isinstance(raised, Ended) else task.sentence(raised)
            lost.setdefault(words[:WORDS], []).append(method)
        if submission.starts != starts or (submission.process and submission.process.ended):
            task.forget()
    return lost


def judge(task: Task, method: Callable, submission: Submission) -> None:
    """Judge by one criterion."""
    task.judge(method, *submission.answers(task))


def tasks(folder: Path) -> tuple[str, dict[str, Task]]:
    """Return a lab's number and its tasks; the folder's name begins with `lab` and the number, as `lab1_iris`."""
    if not (number := re.match(r"lab(\d+)", folder.resolve().name)):
        raise LookupError(f"{folder} is no lab: its name should begin with `lab` and a number, as `lab1_iris` does")
    return number[1], with_hidden(number[1], folder / "hidden.py")


def with_hidden(lab: str, file: Path) -> dict[str, Task]:
    """Return a lab's tasks; one from which a class in `file` derives has that class's criteria too."""
    exercises, _ = numbered(import_module(f"minigrad.course.lab_{lab}.exercises"), f"lab {lab}")
    known = {name: exercise for name, exercise in exercises.items() if isinstance(exercise, Task)}
    for hidden in read_hidden(file).values():
        for name, task in known.items():
            if isinstance(hidden, type) and issubclass(hidden, type(task)) and hidden is not type(task):
                hidden.__doc__ = type(task).__doc__  # the statement
                known[name] = hidden(name, task.lesson)
    return known


def read_hidden(file: Path) -> dict[str, Any]:
    """Return what a file defines, if it is there; it may import from its folder and the one above."""
    if not file.exists():
        return {}
    spec, before = spec_from_file_location("hidden", file), list(sys.path)
    module = module_from_spec(spec)  # type: ignore[arg-type]
    sys.path[:0] = [str(folder) for folder in file.resolve().parents[:2]]
    try:
        spec.loader.exec_module(module)  # type: ignore[union-attr]
    finally:
        sys.path[:] = before
    return dict(vars(module))
