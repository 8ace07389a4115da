"""Tasks: the exercises of a lab. They give points, and the same judgement is made in the notebook and by the grader.

A task's check is a list of criteria, methods marked with their points. In the notebook they run in
order until one fails; the grader runs them all, and adds hidden ones. There the learner's functions
live in another process: a criterion therefore calls them only through `self.call`, and holds numbers,
strings, lists and arrays, and models into which it never looks.
"""

import inspect
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from minigrad.course.card import Card
from minigrad.course.comparing import NotYet
from minigrad.course.exercises import Exercise, Named, alike
from minigrad.course.lessons import Lesson, desk, numbered
from minigrad.course.quizzes import load
from minigrad.course.waiting import blank_line, is_blank
from minigrad.scalar import Scalar

Method = TypeVar("Method", bound=Callable)


def criterion(points: int, title: str) -> Callable[[Method], Method]:
    """Mark a method of a task as one thing that is judged, worth so many points.

    The title completes "points for": `@criterion(1, "every class in every part")`.
    """

    def mark(method: Method) -> Method:
        vars(method).update(points=points, title=title)
        return method

    return mark


class Task(Exercise):
    """Base of a lab's tasks; a subclass fills in the attributes of an exercise, and defines criteria.

    Each criterion raises NotYet, or returns. All have the same parameters: the names in the learner's
    cell. Each begins with the same random numbers, `self.rng`, whichever ran before.

    >>> class Double(Task):
    ...     "Write `double(x)`."
    ...     blank = "def double(x):\\n    return ..."
    ...
    ...     @criterion(2, "twice the number")
    ...     def twice(self, double):
    ...         self.compare("`double(x)`", self.call(double, 3.0), 6.0)
    >>> Double().points
    2
    >>> Double().verdict(lambda x: x + 1)
    ✗ Not yet: `double(x)` is off by 2.
    >>> Double().verdict(lambda x: x + x)
    ✓ Right. The checks here give 2 points.
    """

    seconds = 60

    def __init__(self, name: str = "q1", lesson: str = "lab 0"):
        super().__init__(name, lesson)
        self.caller: Callable[..., Any] = super().call  # the grader puts one here that reaches the other process
        self._kept: dict[str, Any] = {}
        for method in self.criteria:
            assert list(inspect.signature(method).parameters) == self.asks, f"{method} has other parameters"

    @property
    def criteria(self) -> list[Callable]:
        """The marked methods, in the order of their definition, those of base classes first."""
        marked = [name for kind in reversed(type(self).__mro__) for name, part in vars(kind).items() if scored(part)]
        return [getattr(self, name) for name in dict.fromkeys(marked)]

    @property
    def points(self) -> int:
        """What a right answer gives."""
        return sum(vars(method.__func__)["points"] for method in self.criteria)  # type: ignore[attr-defined]

    @property
    def heading(self) -> str:
        """One line: number, title, points, time.

        >>> Task("q2").heading
        'Task 2 · 0 points · 5 minutes'
        """
        name = f"Task {self.name[1:]}" + (f": {self.title}" if self.title else "")
        return " · ".join([name, counted(self.points, "point"), counted(self.minutes, "minute")])

    @property
    def asks(self) -> list[str]:
        """The names that the criteria look at."""
        return list(inspect.signature(self.criteria[0]).parameters) if self.criteria else []

    def untouched(self, answers: tuple) -> bool:
        """Whether a function is as the cell was found; of those from earlier tasks, whether a blank is left in one."""
        blanks = self.names()
        return any(
            answer is ... or (alike(answer, blanks[name]) if name in blanks else is_blank(answer))
            for name, answer in zip(self.asks, answers, strict=True)
        )

    def check(self, *answers: Any) -> str:
        """Run the criteria in order, up to the first that fails."""
        if line := next(filter(None, map(blank_line, answers)), ""):
            raise NotYet(f"a blank `...` is left to fill, in the line `{line}`.")
        self._kept.clear()
        for method in self.criteria:
            self.judge(method, *answers)
        return f"The checks here give {counted(self.points, 'point')}."

    def judge(self, method: Callable, *answers: Any) -> None:
        """Run one criterion, from the random numbers that this attempt has for each."""
        self.rng = np.random.default_rng(self.attempts)
        method(*answers)

    # What a criterion is written with

    def call(self, function: Callable, *inputs: Any, **options: Any) -> Any:
        """Call the learner's function on copies of arrays, and object when it changes them.

        Also calls functions of the course that look into a model (`networks.parameters`): where the model
        is, they run. Tensors in a result come as NumPy arrays; a model stays what it is.
        """
        return plain(self.caller(function, *inputs, **options))

    def once(self, key: str, make: Callable[[], Any]) -> Any:
        """Return what `make()` returned the first time in this judgement, or raise what it raised.

        For what several criteria look at and what takes time: `self.once("run", lambda: self.call(train, …))`.
        """
        if key not in self._kept:
            try:
                self._kept[key] = make()
            except Exception as reason:
                self._kept[key] = reason
        if isinstance(self._kept[key], Exception):
            raise self._kept[key]
        return self._kept[key]

    def forget(self) -> None:
        """Forget what was made `once`, since its models are gone; what failed goes on failing."""
        self._kept = {key: made for key, made in self._kept.items() if isinstance(made, Exception)}


def scored(part: Any) -> bool:
    """Whether a part of a class is a criterion."""
    return "points" in getattr(part, "__dict__", {}) and inspect.isfunction(part)


def counted(number: int, thing: str) -> str:
    """Say how many.

    >>> counted(1, "point"), counted(3, "point")
    ('1 point', '3 points')
    """
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def plain(value: Any) -> Any:
    """Return a result in the form in which it would come from another process.

    Tensors become arrays, and NumPy's numbers Python's, in lists, tuples and dictionaries too; anything
    else, such as a model, stays what it is.

    >>> import minigrad as mg
    >>> plain([mg.tensor([1.0, 2.0]), np.float32(0.5)])
    [array([1., 2.], dtype=float32), 0.5]
    """
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Scalar):
        return value.data
    if isinstance(value, list):
        return [plain(part) for part in value]
    if isinstance(value, tuple):
        return tuple(plain(part) for part in value)
    if isinstance(value, Mapping):
        return {plain(name): plain(part) for name, part in value.items()}
    if isinstance(value, type):
        return value
    if hasattr(value, "detach"):
        value = value.detach().cpu()
    for step in ("numpy", "to_numpy"):  # tensors; tables of pandas
        value = getattr(value, step)() if hasattr(value, step) else value
    return value.item() if isinstance(value, np.generic) else value  # TensorFlow's scalars


def lab(number: str | int) -> Lesson:
    """Return what a lab's notebook needs, by the lab's number: the same five things as `lesson`.

    `check.q1(…)` runs the criteria that are no secret; `solution.q1()` only says who has it.
    """
    name = f"lab_{number}"
    if find_spec(f"minigrad.course.{name}") is None:
        there = sorted(folder.name[4:] for folder in Path(__file__).parent.glob("lab_[0-9]*"))
        raise LookupError(f"there is no lab {str(number)!r}; there are {', '.join(there)}")
    module = import_module(f"minigrad.course.{name}.exercises")
    tasks, predictions = numbered(module, f"lab {number}")
    quizzes = {
        file.stem: load(f"lab {number}", file) for file in sorted(Path(str(module.__file__)).parent.glob("*.json"))
    }
    refusal = Card("note", "The solution stays with your teacher.", ("Until then, there are hints.",))
    refuse = Named("solution", f"lab {number}", {task: lambda: refusal for task in tasks})
    return desk(f"lab {number}", tasks, predictions, quizzes)._replace(solution=refuse)
