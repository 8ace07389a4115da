"""Trials of an engine: what is asked of a class, from its first product to a chain too long for recursion.

Each trial raises `NotYet` with a sentence about the likeliest slip, and the trials come in the order in which one
would write the class, so that what is said first is what to do next.
"""

import sys
from typing import Any

import numpy as np

from minigrad.course.comparing import NotYet, close, compare, numbers
from minigrad.course.lesson_03 import sweeps
from minigrad.scalar import Scalar

PROGRAMS = {  # and the method without which each of them fails
    "x * y": "__mul__",
    "x + y": "__add__",
    "x * x": "",
    "x + x": "",
    "b = x + x; b + b": "",
    "x + 2": "",
    "2 + x": "__radd__",
    "x * 2": "",
    "2 * x": "__rmul__",
    "x * x * y + y + 2": "",
    "a = x * y; b = a * x; c = b + a; c * b": "",
    "a = x + y; b = a * x; c = a * b; d = a + c; c * d": "",
    "-x": "__neg__",
    "x - y": "__sub__",
    "x - 1": "",
    "1 - x": "__rsub__",
    "x / y": "__truediv__",
    "x / 2": "",
    "2 / x": "__rtruediv__",
    "x ** 2": "__pow__",
    "x ** -3": "",
    "x.exp()": "exp",
    "x.log()": "log",
    "x.tanh()": "tanh",
    "0.5 * (x - 1) ** 2 - y.tanh() / (1 + (-x).exp())": "",
}

UNREACHED = (
    "a gradient is looked up before any has arrived there (`KeyError`). Is the order right? And is the very first "
    "share of a step taken care of?"
)


def truth(program: str, x: float, y: float) -> tuple[float, dict[str, float]]:
    """The value of a program and its gradients, as minigrad finds them.

    >>> truth("f = x * x * y + y + 2", 3.0, 4.0)
    (42.0, {'x': 24.0, 'y': 10.0})
    """
    leaves: dict[str, Any] = {"x": Scalar(x), "y": Scalar(y)}
    result = sweeps.play(program, **leaves)
    result.backward()
    return result.data, {name: leaf.grad for name, leaf in leaves.items()}


def same(got: Any, expected: float) -> bool:
    """Whether a result is, nearly, a number."""
    return close(numbers("the gradient", got), numbers("the gradient", expected))


def example(program: str, at: dict[str, float]) -> str:
    """A program and what it is run on, in words.

    >>> example("x * x", {"x": 3.0, "y": 4.0})
    '`x * x` at x = 3'
    """
    return f"`{program}` at {', '.join(f'{name} = {value:.3g}' for name, value in at.items() if name in program)}"


def trials(Value: Any, rng: np.random.Generator) -> None:
    """Try a class in every way."""
    for program in PROGRAMS:
        attempt(Value, program, rng)
    for _ in range(30):
        attempt(Value, sweeps.program(rng).replace("f = ", ""), rng)
    sweep_again(Value)
    sweep_large(Value)


def attempt(Value: Any, program: str, rng: np.random.Generator) -> None:
    """Run a program with a class and with Scalars; compare value and gradients."""
    at = dict(zip("xy", rng.uniform(0.5, 2, size=2).tolist(), strict=True))
    *lines, last = program.split("; ")
    complete = "; ".join([*lines, f"z = {last}"])  # the result has a name, too
    value, gradients = truth(complete, **at)
    leaves = {name: Value(number) for name, number in at.items()}
    for name, leaf in leaves.items():
        for attribute, expected in (("data", at[name]), ("grad", 0.0)):
            found = getattr(leaf, attribute, None)
            if not isinstance(found, int | float) or not same(found, expected):
                raise NotYet(f"`Value({at[name]:.3g})` should begin with `.{attribute}` equal to {expected:.3g}.")
    try:
        result = sweeps.play(complete, **leaves)
    except (AttributeError, TypeError) as error:
        raise NotYet(why_it_fails(Value, program, error)) from error
    if not isinstance(result, Value):
        missing = " Is a `return` missing?" if result is None else ""
        raise NotYet(f"`{program}` gives something of type `{type(result).__name__}`, not a Value.{missing}")
    slips = {}
    for reflected, turned in (("1 - x", at["x"] - 1), ("2 / x", at["x"] / 2)):
        if program == reflected:
            call = f"x.{PROGRAMS[program]}({program[0]})"
            slips = {f"`{program}` comes out turned round. In `{call}` the plain number stands on the left.": turned}
    compare(f"the value of `{program}`", result.data, value, slips)
    try:
        result.backward()
    except KeyError as error:
        raise NotYet(f"in `{program}` {UNREACHED}") from error
    for name, leaf in leaves.items():
        what = f"`{name}.grad` of {example(program, at)}"
        compare_gradient(what, program, leaf.grad, gradients[name], at)


def compare_gradient(what: str, program: str, got: Any, expected: float, at: dict[str, float]) -> None:
    """Object to a gradient in the words for the likeliest slip."""
    overwritten = {"x * x": at["x"], "x + x": 1.0}.get(program)
    if same(got, expected):
        return
    if overwritten is not None and same(got, overwritten):
        raise NotYet(f"{what} holds one share of two: the second overwrites the first. Shares add up.")
    if program == "x * y" and same(got, expected * at["x"] * at["y"]):
        raise NotYet(f"{what} is too large by the value of the result. A sweep begins with 1.")
    if program == "b = x + x; b + b" and same(got, 8.0):
        raise NotYet(f"{what} is 8: a step passes its gradient on each time it is reached. Once is enough.")
    try:
        compare(what, got, expected)
    except NotYet as reason:
        if ";" not in program:
            raise
        words = "Steps are used again here: is every share added, `+=`, and is the order right?"
        raise NotYet(f"{reason} {words} A step may pass its gradient on when all of it has arrived.") from None


def why_it_fails(Value: Any, program: str, error: Exception) -> str:
    """Say what is missing, if that is why a program can't be run; else raise the error."""
    method = PROGRAMS.get(program)
    if method and not hasattr(Value, method):
        if not method.startswith("__r"):
            return f"`{program}` fails: `Value` has no `{method}` yet."
        number = program[0]
        asked = f"Python asks {number} first, which knows no Values, and then calls `x.{method}({number})`"
        return f"`{program}` fails. {asked}. Define it."
    if program in ("x + 2", "2 + x", "x * 2", "2 * x", "x - 1", "1 - x", "x / 2", "2 / x"):
        return f"`{program}` fails: {error}. Make a Value of a plain number first."
    raise error


def sweep_again(Value: Any) -> None:
    """Two sweeps over one graph: inputs collect, steps in the middle don't."""
    x: Any = Value(3.0)
    y = x * x * x
    y.backward()
    y.backward()
    told = "after two calls of `backward` on `x * x * x`, `x.grad`"
    if same(x.grad, 27.0):
        raise NotYet(f"{told} is that of one: the first was wiped. They should add up.")
    if not same(x.grad, 54.0):
        middle = "a step in the middle still held that of the first"
        raise NotYet(f"{told} is not twice that of one: {middle}. See exercise 4.")


def sweep_large(Value: Any) -> None:
    """Forty doublings, and a chain that is longer than Python lets functions call themselves."""
    x: Any = Value(1.0)
    y = x
    for _ in range(40):
        y = y + y
    y.backward()
    compare("`x.grad` after forty doublings", x.grad, 2.0**40)
    length = sys.getrecursionlimit() + 2000
    x = y = Value(1.0)
    for _ in range(length):
        y = y + 1
    try:
        y.backward()
    except RecursionError:
        words = f"all small programs are right. On a chain of {length:,} steps a function that calls itself gives up"
        raise NotYet(f"{words}: keep a list of what is still to be looked at.") from None
    compare(f"`x.grad` after a chain of {length:,} steps", x.grad, 1.0)
