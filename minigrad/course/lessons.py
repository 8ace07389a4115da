"""Where a lesson is put together: `lesson("01")` finds the folder lesson_01 and hands out what is in it.

A folder `minigrad/course/lesson_NN/` holds `exercises.py` (exercises and predictions), `figures.py`,
`widgets.py` and the quizzes, `*.json`; each may be missing.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from minigrad.course.exercises import Exercise, Named, next_hint, solved
from minigrad.course.predictions import Prediction
from minigrad.course.quizzes import Quiz, load
from minigrad.course.road import ROAD


class Lesson(NamedTuple):
    """What lies on the learner's desk, in the order in which a notebook unpacks it."""

    check: Named
    hint: Named
    solution: Named
    predict: Named
    quiz: Named


def lesson(number: str | int) -> Lesson:
    """Return what a lesson's notebook needs, by the lesson's number.

    >>> check, hint, solution, predict, quiz = lesson("01")
    >>> check.q1(...)
    ○ Not attempted yet. Change the cell and run it again; `hint.q1()` helps.
    """
    number = str(number).zfill(2)
    return desk(number, *contents(number))


def contents(number: str) -> tuple[dict[str, Exercise], dict[str, Prediction], dict[str, Quiz]]:
    """Return a lesson's exercises, predictions and quizzes, numbered in the order of its files."""
    if not exists(number):
        known = ", ".join(stop.number for stop in ROAD if exists(stop.number))
        raise LookupError(f"there is no lesson {number!r}; there are {known}")
    package = import_module(f"minigrad.course.lesson_{number}")
    module = import_module(f"{package.__name__}.exercises") if find_spec(f"{package.__name__}.exercises") else package
    folder = Path(str(package.__file__)).parent
    return *numbered(module, number), {file.stem: load(number, file) for file in sorted(folder.glob("*.json"))}


def numbered(module: ModuleType, number: str) -> tuple[dict[str, Exercise], dict[str, Prediction]]:
    """Name the exercises and predictions of a module in their order: q1, q2, …; p1, p2, …"""
    things = list(vars(module).values())
    kinds = [t for t in things if isinstance(t, type) and issubclass(t, Exercise) and t.__module__ == module.__name__]
    kinds = [kind for kind in kinds if kind.blank]  # one without is the base of others
    exercises = {f"q{i}": kind(f"q{i}", number) for i, kind in enumerate(kinds, 1)}
    questions = (thing for thing in things if isinstance(thing, Prediction))
    predictions = {f"p{i}": replace(p, name=f"p{i}", lesson=number) for i, p in enumerate(questions, 1)}
    return exercises, predictions


def exists(number: str) -> bool:
    """Whether a lesson has its folder."""
    return find_spec(f"minigrad.course.lesson_{number}") is not None


def desk(number: str, exercises: Mapping, predictions: Mapping, quizzes: Mapping) -> Lesson:
    """Lay out a lesson's things as its notebook uses them."""

    def named(called: str, do: Callable[[Exercise], Callable]) -> Named:
        return Named(called, number, {name: do(exercise) for name, exercise in exercises.items()})

    return Lesson(
        named("check", lambda exercise: exercise.verdict),
        named("hint", lambda exercise: partial(next_hint, exercise)),
        named("solution", lambda exercise: partial(solved, exercise)),
        Named("predict", number, predictions),
        Named("quiz", number, quizzes),
    )
