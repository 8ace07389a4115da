"""Exercises: one class each, holding what the learner is told and how an answer is judged.

The statement is the docstring. `blank` is the cell as the learner finds it, `solution` the cell as it
may end, `wrong` holds wrong cells with words that the check must then say, `also_right` other right
cells. The parameters of `check` are the names in that cell which the check looks at. A check judges
what an answer does on random inputs, never how it is written.
"""

import ast
import inspect
import linecache
import textwrap
import traceback
from collections.abc import Callable, Mapping
from itertools import zip_longest
from types import CodeType, FunctionType
from typing import Any, ClassVar

import numpy as np

from minigrad.course import progress
from minigrad.course.card import Card
from minigrad.course.comparing import TOLERANCE, NotYet, compare
from minigrad.course.limits import TimeUp, limited

STARS = {1: "★", 2: "★★", 3: "★★★"}
OURS = ("minigrad", "numpy")


class Exercise:
    """Base of all exercises; a subclass fills in the attributes, and defines `check`."""

    title: ClassVar[str] = ""
    difficulty: ClassVar[int] = 1
    importance: ClassVar[str] = "essential"  # or "useful", "for the curious"
    minutes: ClassVar[int] = 5
    given: ClassVar[str] = "import numpy as np\nimport minigrad as mg"  # what the cells below may rely on
    blank: ClassVar[str] = ""
    solution: ClassVar[str] = ""
    because: ClassVar[str] = ""  # a sentence under the solution
    hints: ClassVar[tuple[str, ...]] = ()
    wrong: ClassVar[Mapping[str, str]] = {}  # cell: what the check must say of it
    also_right: ClassVar[tuple[str, ...]] = ()
    seconds: ClassVar[float] = 10
    check: Any  # check(self, name, …): raises NotYet, or returns None or a remark on a right answer

    def __init__(self, name: str = "q1", lesson: str = "00"):
        self.name, self.lesson = name, lesson
        self.attempts = self.hints_given = 0
        self.rng = np.random.default_rng(0)
        self.blanks: list[Any] | None = None  # what the blank cell hands over, once it was needed

    # What the learner reads

    @property
    def statement(self) -> str:
        """The task, in Markdown."""
        return inspect.cleandoc(self.__doc__ or "")

    @property
    def heading(self) -> str:
        """One line: number, title, difficulty, importance, time.

        >>> Exercise("q2").heading
        'Exercise 2 · ★ · essential · 5 minutes'
        """
        name = f"Exercise {self.name[1:]}" + (f": {self.title}" if self.title else "")
        time = "1 minute" if self.minutes == 1 else f"{self.minutes} minutes"
        return " · ".join([name, STARS[self.difficulty], self.importance, time])

    @property
    def markdown(self) -> str:
        """The cell above the learner's."""
        return f"### {self.heading}\n\n{self.statement}"

    def cell(self, source: str | None = None) -> str:
        """Return the learner's cell with this source in it, without one as it is found."""
        body = textwrap.dedent(self.blank if source is None else source).strip("\n")
        gap = "\n\n\n" if body.startswith(("def ", "class ", "@")) or "\ndef " in body or "\nclass " in body else "\n\n"
        return f"{body}{gap}check.{self.name}({', '.join(self.asks)})"

    @property
    def asks(self) -> list[str]:
        """The names that the check looks at."""
        return list(inspect.signature(self.check).parameters)

    def values(self, source: str | None = None) -> list[Any]:
        """Run a cell on its own; return what it hands to the check."""
        names = self.names(source)
        return [names[name] for name in self.asks]

    def names(self, source: str | None = None) -> dict[str, Any]:
        """Run a cell on its own; return what it defines, and what was given."""
        names: dict[str, Any] = {"__name__": "answer"}
        for cell in (self.given, self.blank if source is None else source):
            # One statement at a time, as notebooks do: together with an import, Python compiles what uses it otherwise.
            for statement in ast.parse(textwrap.dedent(cell)).body:
                exec(compile(ast.Module([statement], []), f"<answer to {self.name}>", "exec"), names)
        return names

    # How an answer is judged

    def verdict(self, *answers: Any) -> Card:
        """Judge an answer in one of three states: not attempted yet, not yet, right. Raises nothing."""
        if len(answers) != len(self.asks):
            return Card("wrong", "Not yet:", (f"write `check.{self.name}({', '.join(self.asks)})`.",))
        if self.untouched(answers):
            how = f"Change the cell and run it again; `hint.{self.name}()` helps."
            return Card("blank", "Not attempted yet.", (how,))
        self.attempts += 1
        self.rng = np.random.default_rng(self.attempts)
        with np.errstate(all="warn"):  # whatever the notebook has set
            remark, raised, printed = limited(lambda: self.check(*answers), self.seconds)
        if raised is None:
            self.keep("right")
            also = ("It also printed something, which is not shown here.",) if printed.strip() else ()
            return Card("right", "Right.", (remark or "", *also, *progress.notes()))
        self.keep("tried")
        reason = self.sentence(raised)
        if "`None`" in reason and printed.strip():
            reason += " It prints something: to print is not to return."
        return Card("wrong", "Not yet:", (reason, *progress.notes()))

    def keep(self, state: str) -> None:
        """Record that the exercise was tried or is right; what was right once stays so."""
        if progress.recorded(self.lesson, "checks").get(self.name) != "right":
            progress.record(self.lesson, "checks", self.name, state)

    def sentence(self, raised: BaseException) -> str:
        """Say in words why a check came to no good end."""
        if isinstance(raised, NotYet):
            return str(raised)
        where = learners_line(raised)
        at = f", in the line `{where}`" if where else ""
        if isinstance(raised, TimeUp):
            return f"it was stopped after {self.seconds:g} seconds{at}. A loop that never ends?"
        if isinstance(raised, KeyboardInterrupt):
            return "it was interrupted."
        if isinstance(raised, SystemExit):
            return f"it leaves Python altogether{at}; let it return a result instead."
        if isinstance(raised, RecursionError):
            return f"it calls itself without end{at}."
        try:
            words = textwrap.shorten(str(raised), 300, placeholder=" …")
        except Exception:
            words = ""  # an exception of the learner's own that can't even be printed
        if "ellipsis" in words:
            return f"a blank `...` is left to fill{at}."
        if "bitwise_xor" in words or "for ^:" in words:
            return f"`^` is not a power{at}: Python writes a power with two stars, `a**b`."
        return f"it raises `{type(raised).__name__}`{at}" + (f": {words}" if words else ".")

    def untouched(self, answers: tuple) -> bool:
        """Whether the answers are still what the blank cell makes of them."""
        if any(holds_ellipsis(answer) for answer in answers):
            return True
        if self.blanks is None:
            self.blanks, _, _ = limited(self.values, self.seconds)
        return self.blanks is not None and all(alike(a, b) for a, b in zip(answers, self.blanks, strict=True))

    # What a check is written with

    def compare(
        self,
        what: str | tuple[str, ...],
        got: Any,
        expected: Any,
        slips: Mapping[str, Any] | None = None,
        *,
        tolerance: float = TOLERANCE,
        **counts: int,
    ) -> None:
        """See `comparing.compare`."""
        compare(what, got, expected, slips, tolerance=tolerance, **counts)

    def call(self, function: Callable, *inputs: Any, **options: Any) -> Any:
        """Call the learner's function on copies of arrays, and object when it changes them."""
        if not callable(function):
            raise NotYet(f"a function or class was expected; this is of type `{type(function).__name__}`.")
        name = getattr(function, "__qualname__", type(function).__name__)
        given = tuple(map(copied, inputs))
        result = function(*given, **options)
        for before, after, parameter in zip(inputs, given, parameters(function, len(inputs)), strict=True):
            if not unchanged(before, after):
                raise NotYet(f"`{name}` changes its input{parameter} in place. Let it make a new array instead.")
        return result


def copied(given: Any) -> Any:
    """Return an input with copies of all arrays, lists, tuples and dictionaries in it; a model stays itself."""
    if isinstance(given, np.ndarray):
        return given.copy()
    if type(given) in (list, tuple):
        return type(given)(map(copied, given))
    return {name: copied(part) for name, part in given.items()} if type(given) is dict else given


def unchanged(before: Any, after: Any) -> bool:
    """Whether an input's arrays, lists and dictionaries hold what they held; nan is nan here."""
    if before is after or type(before) is not type(after):
        return before is after
    if isinstance(before, np.ndarray):
        return np.array_equal(before, after, equal_nan=before.dtype.kind in "fc")
    if type(before) in (list, tuple):
        return len(before) == len(after) and all(map(unchanged, before, after))
    if type(before) is dict:
        return before.keys() == after.keys() and all(unchanged(before[name], after[name]) for name in before)
    return bool(before == after)


def parameters(function: Callable, count: int) -> list[str]:
    """Return " `name`" for each input of a function, or "" where its signature can't be read."""
    try:
        names = [f" `{name}`" for name in inspect.signature(function).parameters]
    except (TypeError, ValueError):
        names = []
    return (names + [""] * count)[:count]


def holds_ellipsis(answer: Any) -> bool:
    """Whether an answer is `...`, or a list of answers of which one is."""
    return answer is ... or (isinstance(answer, list | tuple) and any(part is ... for part in answer))


def alike(answer: Any, blank: Any) -> bool:
    """Whether an answer is the blank itself: for functions and classes, whether the code is the same."""
    if isinstance(answer, FunctionType) and isinstance(blank, FunctionType):
        return alike_code(answer.__code__, blank.__code__)
    if isinstance(answer, type) and isinstance(blank, type):
        mine, theirs = (
            {name: part for name, part in vars(kind).items() if not name.startswith("__") or callable(part)}
            for kind in (answer, blank)
        )
        return mine.keys() == theirs.keys() and all(alike(mine[name], theirs[name]) for name in mine)
    if type(answer) is not type(blank):
        return False
    if isinstance(answer, list | tuple):
        return len(answer) == len(blank) and all(map(alike, answer, blank))
    try:
        return bool(np.all(answer == blank))
    except Exception:
        return False


def alike_code(a: CodeType, b: CodeType) -> bool:
    """Whether two functions were compiled from the same text, wherever that stood."""
    if (a.co_code, a.co_names, a.co_varnames) != (b.co_code, b.co_names, b.co_varnames):
        return False
    return all(
        alike_code(x, y) if isinstance(x, CodeType) and isinstance(y, CodeType) else (type(x), x) == (type(y), y)
        for x, y in zip_longest(a.co_consts, b.co_consts)
    )


def learners_line(raised: BaseException) -> str:
    """Return the last line of the learner's own code that led to an error, if it can be found."""
    for frame, line in reversed(list(traceback.walk_tb(raised.__traceback__))):
        package = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        if package not in OURS and not frame.f_globals.get("__file__"):
            return linecache.getline(frame.f_code.co_filename, line).strip()[:80]
    return ""


# The five things at a learner's desk, each looked up by the exercise's name


class Named:
    """Looks things up by attribute: `check.q1`. A wrong name is answered with the right ones."""

    def __init__(self, called: str, lesson: str, things: Mapping[str, Any]):
        self._called, self._things = called, things
        self._where = lesson if lesson.startswith("lab") else f"lesson {lesson}"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if name in self._things:
            return self._things[name]
        there = ", ".join(f"{self._called}.{known}" for known in self._things) or "nothing"
        raise AttributeError(f"{self._where} has no {self._called}.{name}; it has {there}")

    def __dir__(self) -> list[str]:
        return list(self._things)

    def __repr__(self):
        return f"{self._where} has {', '.join(f'{self._called}.{name}' for name in self._things) or 'nothing'}"


def next_hint(exercise: Exercise) -> Card:
    """Give the next hint; after the last one, all of them again from the first."""
    number = exercise.hints_given % len(exercise.hints)
    exercise.hints_given += 1
    more = f"For the next hint run `hint.{exercise.name}()` again."
    if number + 1 == len(exercise.hints):
        more = "That was the last hint."
        if exercise.solution:
            more += f" After an attempt, `solution.{exercise.name}()` shows a solution."
    return Card("hint", f"Hint {number + 1} of {len(exercise.hints)}:", (exercise.hints[number], more))


def solved(exercise: Exercise) -> Card:
    """Show the solution to whoever has tried."""
    if not exercise.attempts and exercise.name not in progress.recorded(exercise.lesson, "checks"):
        first = f"a wrong answer counts too. `hint.{exercise.name}()` may help."
        return Card("blank", "First an attempt:", (first, *progress.notes()))
    lines = ("Yours may look different and be as right.", *filter(None, [exercise.because]))
    return Card("note", "A solution.", lines, textwrap.dedent(exercise.solution).strip("\n"))
