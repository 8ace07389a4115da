"""How arguments may be spelled: PyTorch's names, and NumPy's where it has others; and what is said of wrong ones.

A row is called by place, `sum(x, 1)`. Here it learns to be called by name too, `sum(x, dim=1)` or `sum(x, axis=1)`.
"""

from difflib import get_close_matches
from inspect import CO_VARARGS, signature
from numbers import Integral

from . import tape
from .tape import Variable

NUMPYS = {"axis": "dim", "keepdims": "keepdim"}
INPUTS, SIZES = ("condition", "input", "other", "exponent"), ("dims", "shape", "size")  # given by place in rows


def did_you_mean(name, names):
    """The end of an error about `name`: the nearest of the `names` there are, or nothing if none is near.

    >>> did_you_mean("conv2D", ["Linear", "Conv2d"])
    "; did you mean 'Conv2d'?"
    """
    known = {known.lower(): known for known in names}
    near = get_close_matches(str(name).lower(), known, n=1)
    return f"; did you mean {known[near[0]]!r}?" if near else ""


def in_words(x):
    """What `x` is, in few words, for errors.

    >>> in_words(3), in_words([3]), in_words(dict)
    ('3', 'a list', 'the class dict: write dict(...)')
    """
    if isinstance(x, type):
        return f"the class {x.__name__}: write {x.__name__}(...)"  # to make one of it is forgotten easily
    return repr(x) if isinstance(x, int | float | str | bytes | None) else f"a {type(x).__name__}"


def whole(name, n, least=1):
    """`n`, if it is a whole number and not less than `least`; else an error about `name`.

    >>> whole("units", 3.5)
    Traceback (most recent call last):
    ValueError: units must be a whole number, at least 1, got 3.5
    """
    if isinstance(n, bool) or not isinstance(n, Integral) or n < least:
        raise ValueError(f"{name} must be a whole number, at least {least}, got {n!r}")
    return int(n)


def not_covered(module, name, names):
    """The error for a name that a module lacks; PyTorch's may have it."""
    known = [known for known, x in names.items() if known[0] != "_" and callable(x)]
    return AttributeError(f"{module} does not cover {name!r}{did_you_mean(name, known)}")


def spell(params):
    """Parameters by PyTorch's names; those that are None are as good as absent."""
    return {NUMPYS.get(name, name): x for name, x in params.items() if x is not None}


class Op(tape.Op):
    """A row of the table whose arguments may be given by place or by name."""

    def __init__(self, name, value, *vjps, **options):
        if value.__name__ == "<lambda>":
            value.__qualname__ = name  # by which Python's errors call it
        super().__init__(name, value, *vjps, **options)
        code = getattr(getattr(value, "__wrapped__", value), "__code__", None)  # functions in C have none
        self.places = INPUTS + SIZES * bool(code and code.co_flags & CO_VARARGS)

    def arrange(self, inputs, params):
        """Inputs and parameters in their usual places, however they were given."""
        params = spell(params)
        inputs += tuple(params.pop(name) for name in self.places if name in params)
        if any(isinstance(x, Variable) for x in params.values()):
            bound = signature(self.value).bind(*inputs, **params)
            bound.apply_defaults()
            inputs, params = bound.args, bound.kwargs
        return inputs, params
