"""Compare a learner's result with the right one, and say in words what probably went wrong.

`compare` raises `NotYet` with a sentence that names the slip, or shows the largest difference and
where it is. It never shows the right answer. Numbers are welcome in any dress: Python numbers,
lists, NumPy arrays and scalars, tensors of minigrad or PyTorch.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from minigrad.scalar import Scalar

TOLERANCE = 1e-4  # wide enough for float32, narrow enough for every slip


class NotYet(Exception):
    """What is not right yet: one sentence, or several."""


def numbers(what: str, value: Any) -> np.ndarray:
    """Return a result as an array of float64, or say why it isn't one."""
    if value is None:
        raise NotYet(f"{what} is `None`. Is a `return` missing?")
    if value is ...:
        raise NotYet(f"{what} is still `...`: a blank is left to fill.")
    if isinstance(value, list | tuple) and not all(isinstance(v, int | float) for v in value):
        rows = [numbers(f"part {i} of {what}", part) for i, part in enumerate(value)]
        if len({row.shape for row in rows}) > 1:
            raise NotYet(f"the parts of {what} have different shapes: {', '.join(str(row.shape) for row in rows)}.")
        return np.array(rows)
    try:
        if isinstance(value, Scalar):
            value = value.data
        for step in ("detach", "numpy"):  # tensors
            value = getattr(value, step)() if hasattr(value, step) else value
        array = np.asarray(value)
    except Exception:
        array = np.array(None)
    if array.dtype.kind not in "biuf":
        kind = "a function: call it" if callable(value) else f"of type `{type(value).__name__}`"
        raise NotYet(f"{what} is {kind}; numbers were expected.")
    return array.astype(float)


def close(got: np.ndarray, expected: np.ndarray, tolerance: float = TOLERANCE) -> bool:
    """Whether two arrays have the same shape and, nearly, the same values."""
    if got.shape != expected.shape:
        return False
    scale = np.max(np.abs(expected), initial=0.0, where=np.isfinite(expected))
    return np.allclose(got, expected, rtol=tolerance, atol=tolerance * 1e-2 * scale + 1e-12, equal_nan=True)


def place(index: tuple) -> str:
    """Write where in an array, as the learner would.

    >>> place((np.int64(1), np.int64(2)))
    '[1, 2]'
    """
    return str([int(i) for i in index])


def described(shape: tuple) -> str:
    """Say what has a shape.

    >>> described(()), described((3,))
    ('one number', 'an array of shape (3,)')
    """
    return f"an array of shape {shape}" if shape else "one number"


def shape_slip(what: str, got: np.ndarray, expected: np.ndarray, tolerance: float) -> str:
    """Say what is wrong with the shape of a result."""
    wanted = f"{described(expected.shape)} was expected"
    if close(got.T, expected, tolerance):
        return f"{what} is transposed: it has shape {got.shape}, and {wanted}."
    if got.size == expected.size and close(got.reshape(expected.shape), expected, tolerance):
        return f"{what} holds the right numbers in the wrong shape: it is {described(got.shape)}, and {wanted}."
    for axis in range(got.ndim):
        for keep in (False, True):
            if close(got.sum(axis, keepdims=keep), expected, tolerance):
                return f"{what} is not summed over axis {axis} yet: it has shape {got.shape}, and {wanted}."
            if close(got.mean(axis, keepdims=keep), expected, tolerance):
                return f"{what} is not averaged over axis {axis} yet: it has shape {got.shape}, and {wanted}."
    if got.ndim and close(got.sum(), expected, tolerance):
        return f"{what} is not summed yet: it has shape {got.shape}, and {wanted}."
    if got.ndim and close(got.mean(), expected, tolerance):
        return f"{what} is not averaged yet: it has shape {got.shape}, and {wanted}."
    if got.ndim == 2 and got.shape[0] == got.shape[1] and expected.size == got.shape[0] > 1:
        n = got.shape[0]
        return (
            f"{what} has shape {got.shape}, and {wanted}. Somewhere `({n}, 1)` met `({n},)`, "
            "and broadcasting made every pair of them."
        )
    if not got.ndim and expected.ndim:
        return f"{what} is one number, and {wanted}: a sum or mean over too much?"
    return f"{what} is {described(got.shape)}, and {wanted}."


def value_slip(what: str, got: np.ndarray, expected: np.ndarray, tolerance: float, counts: Mapping[str, int]) -> str:
    """Name the slip that explains all differences, or return ''."""

    def same(other):
        return close(np.asarray(got, float), np.asarray(other, float), tolerance)

    if not got.any():
        return f"{what} is 0 everywhere." if got.ndim else f"{what} is 0."
    if same(-expected):
        return f"{what} has the wrong sign."
    for sign, also in ((1, ""), (-1, ", and has the wrong sign")):
        for name, n in counts.items():
            if n > 1 and same(sign * expected * n):
                return f"{what} is {n} times too large{also}: a sum where the mean over the {n} {name} is meant?"
            if n > 1 and same(sign * expected / n):
                return f"{what} is {n} times too small{also}: divided by the {n} {name} once too often?"
        if same(sign * expected * 2):
            return f"{what} is twice as large as it should be{also}: a factor 2 too many."
        if same(sign * expected / 2):
            return f"{what} is half as large as it should be{also}: a factor 2 is missing."
    if got.ndim == 2 and close(got.T, expected, tolerance):
        return f"{what} is transposed."
    if same(np.abs(expected)):
        return f"{what} has lost its sign: it is never negative."
    with np.errstate(all="ignore"):
        if same(expected**2) and not same(expected):
            return f"{what} is squared once too often."
        if same(np.sqrt(expected)):
            return f"{what} is a square root too far."
    if got.ndim and close(np.abs(got), np.abs(expected), tolerance):
        where = np.argwhere(np.sign(got) != np.sign(expected))[0]
        return f"{what} has the wrong sign in some places, first at {place(where)}."
    return ""


def are(count: int) -> str:
    """Say how many there are.

    >>> are(1), are(3)
    ('is 1', 'are 3')
    """
    return f"is {count}" if count == 1 else f"are {count}"


def compare(
    what: str | tuple[str, ...],
    got: Any,
    expected: Any,
    slips: Mapping[str, Any] | None = None,
    *,
    tolerance: float = TOLERANCE,
    **counts: int,
) -> None:
    """Raise NotYet unless `got` is `expected`.

    `what` names the result in the sentence ("`mse(prediction, y)`", "the gradient of W"). `slips` maps
    the sentence for a likely slip to the result it leads to. `counts` are numbers that may be a
    forgotten or superfluous factor, under the name of what they count: `points=len(y)`. Several
    results at once: a tuple of names, one of results, and slips whose results are tuples.

    >>> compare("`mse`", 2.0, 1.0)
    Traceback (most recent call last):
        ...
    minigrad.course.comparing.NotYet: `mse` is twice as large as it should be: a factor 2 too many.
    """
    slips = slips or {}
    if isinstance(what, tuple):
        if got is None:
            raise NotYet(f"{', '.join(what)} were expected, and it is `None`. Is a `return` missing?")
        try:
            got = [got] if isinstance(got, str | dict) else list(got)
        except TypeError:
            got = [got]
        if len(got) != len(what):
            raise NotYet(f"{len(what)} results were expected ({', '.join(what)}), and there {are(len(got))}.")
        for sentence, other in slips.items():
            if all(matches(part, o, tolerance) for part, o in zip(got, other, strict=True)):
                raise NotYet(sentence)
        for name, part, right in zip(what, got, expected, strict=True):
            compare(name, part, right, None, tolerance=tolerance, **counts)
        return
    if isinstance(expected, str):
        compare_words(what, got, expected, slips)
        return
    mine, right = numbers(what, got), np.asarray(numbers(what, expected))
    if close(mine, right, tolerance):
        return
    for sentence, other in slips.items():
        if close(mine, numbers(what, other), tolerance):
            raise NotYet(sentence)
    if mine.shape != right.shape:
        raise NotYet(shape_slip(what, mine, right, tolerance))
    bad = ~np.isfinite(mine) & np.isfinite(right)
    if bad.any():
        where = f" at {place(np.argwhere(bad)[0])}" if mine.ndim else ""
        raise NotYet(f"{what} is {mine[bad].flat[0]}{where}.")
    if slip := value_slip(what, mine, right, tolerance, counts):
        raise NotYet(slip)
    raise NotYet(difference(what, mine, right, tolerance))


def matches(got: Any, other: Any, tolerance: float) -> bool:
    """Whether a result, whatever it is, equals what a slip leads to."""
    try:
        return close(numbers("", got), numbers("", other), tolerance)
    except NotYet:
        return False


def compare_words(what: str, got: Any, expected: str, slips: Mapping[str, Any]) -> None:
    """Raise NotYet unless `got` is the word or letter `expected`, in capitals or not."""
    if not isinstance(got, str):
        raise NotYet(f"{what} is of type `{type(got).__name__}`; a word in quotes was expected.")
    word = got.strip().lower()
    if word == expected.lower():
        return
    for sentence, other in slips.items():
        if word == str(other).lower():
            raise NotYet(sentence)
    raise NotYet(f'{what} is not "{got.strip()[:40]}".')


def difference(what: str, got: np.ndarray, expected: np.ndarray, tolerance: float) -> str:
    """Say how large the largest difference is, and where."""
    gap = np.abs(got - expected)
    gap = np.where(np.isnan(gap), np.inf, gap)
    if not got.ndim:
        return f"{what} is off by {gap:.3g}."
    where = np.unravel_index(gap.argmax(), gap.shape)
    right = sum(close(g, e, tolerance) for g, e in zip(got.ravel(), expected.ravel(), strict=True))
    some = f" {right} of {gap.size} entries are right." if right else ""
    return f"{what} is off: the largest difference is {gap.max():.3g}, at {place(where)}.{some}"
