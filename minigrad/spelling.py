"""How arguments may be spelled: PyTorch's names, and NumPy's where it has others.

A row is called by place, `sum(x, 1)`. Here it learns to be called by name too, `sum(x, dim=1)` or `sum(x, axis=1)`.
"""

from inspect import CO_VARARGS, signature

from . import tape
from .tape import Variable

NUMPYS = {"axis": "dim", "keepdims": "keepdim"}
INPUTS, SIZES = ("condition", "input", "other", "exponent"), ("dims", "shape", "size")  # given by place in rows


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
