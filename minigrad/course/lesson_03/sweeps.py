"""Sweeps over graphs, their price, and random expressions to try an engine on."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.scalar import Scalar
from minigrad.tape import Variable, history, raw

SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)


def latest_first(y: Scalar) -> list[Scalar]:
    """All steps that `y` came from, and `y` itself: each before what it was made from.

    >>> x = Scalar(3.0)
    >>> [step.data for step in latest_first(x * x * x)]
    [27.0, 9.0, 3.0]
    """
    return history([y])[::-1]


def shares(step: Scalar, g: float) -> list[tuple[Scalar, float]]:
    """What a step passes back if `g` arrives at it: `g` times the local derivative, for each of its inputs.

    >>> x, y = Scalar(3.0), Scalar(4.0)
    >>> [(x.data, share) for x, share in shares(x * y, 10.0)]
    [(3.0, 40.0), (4.0, 30.0)]
    """
    if step.op is None:
        return []
    inputs: tuple[Any, ...] = step.inputs
    wants = [isinstance(x, Variable) for x in inputs]
    parts = step.op.pull(g, step.value, list(map(raw, inputs)), step.params, wants)
    return [(x, float(part)) for x, part, want in zip(inputs, parts, wants, strict=True) if want]


# ---------------------------------------------------------------- the price of a gradient


class Counted:
    """A function that counts its calls.

    >>> f = Counted(abs)
    >>> f(-2) + f(3), f.calls
    (5, 2)
    """

    def __init__(self, function: Callable):
        self.function, self.calls = function, 0

    def __call__(self, *inputs: Any) -> Any:
        self.calls += 1
        return self.function(*inputs)


def bumpy(inputs: list) -> Scalar:
    """A function of any number of Scalars, in which each is used twice."""
    total, before = Scalar(0.0), inputs[-1]
    for x in inputs:
        total = total + (x * before).tanh()
        before = x
    return total


def by_nudging(f: Callable, inputs: list[float], nudge: float = 1e-6) -> list[float]:
    """All derivatives by finite differences: one call, and one more for each input."""
    here, slopes = f([Scalar(x) for x in inputs]).data, []
    for i in range(len(inputs)):
        moved = [Scalar(x + nudge * (i == k)) for k, x in enumerate(inputs)]
        slopes.append((f(moved).data - here) / nudge)
    return slopes


def by_sweeping(f: Callable, inputs: list[float]) -> list[float]:
    """All derivatives by one call and one sweep backward."""
    scalars = [Scalar(x) for x in inputs]
    f(scalars).backward()
    return [float(x.grad or 0) for x in scalars]


def only_calling(f: Callable, inputs: list[float]) -> float:
    """The value alone, to compare with."""
    return f([Scalar(x) for x in inputs]).data


def prices(sizes: tuple[int, ...] = SIZES) -> dict[str, list[tuple[int, float]]]:
    """For each way to differentiate `bumpy`, and each number of inputs: calls counted and seconds measured."""
    found: dict[str, list[tuple[int, float]]] = {}
    for name, way in (("nudging", by_nudging), ("sweeping", by_sweeping), ("calling", only_calling)):
        for n in sizes:
            inputs, f = list(np.linspace(-1, 1, n)), Counted(bumpy)
            times = []
            for _ in range(1 if name == "nudging" and n > 50 else 5):
                f.calls, start = 0, time.perf_counter()
                way(f, inputs)
                times.append(time.perf_counter() - start)
            found.setdefault(name, []).append((f.calls, min(times)))
    return found


# ---------------------------------------------------------------- random expressions

LINES = (
    "{p} + {q}",
    "{p} - {q}",
    "{q} - {p}",
    "{p} * {q}",
    "{p} / ({q} * {q} + 1)",
    "{n} - {p}",
    "{n} * {p}",
    "{n} / ({p} * {p} + 1)",
    "{p} * {p}",
    "{p} ** 2",
    "-{p}",
    "{p}.tanh()",
    "{p}.tanh().exp()",
    "({p} * {p} + 1).log()",
)


def program(rng: np.random.Generator, lines: int = 6) -> str:
    """A random program of `x` and `y`: each line uses the line before, and often an earlier one again.

    >>> program(np.random.default_rng(2), 3)
    'a = y.tanh(); b = a * x; c = b.tanh()'
    """
    names, text = ["x", "y"], []
    for name in "abcdefghij"[:lines]:
        line = str(rng.choice(LINES)).format(p=names[-1], q=rng.choice(names[:-1]), n=f"{rng.uniform(0.5, 2):.1f}")
        text.append(f"{name} = {line}")
        names.append(name)
    return "; ".join(text)


def play(program: str, x: Any, y: Any) -> Any:
    """Run such a program on numbers of any kind, and return the last result.

    >>> play("a = x * y; b = 1 - a", 3, 4)
    -11
    """
    names: dict[str, Any] = {"x": x, "y": y}
    exec(program, names)
    return names[program.rpartition("; ")[2].partition(" =")[0]]
