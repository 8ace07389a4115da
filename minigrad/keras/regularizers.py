"""Penalties on the size of weights, added to the loss: `kernel_regularizer="l2"` or `regularizers.L2(0.01)`."""

import math

from .. import ops
from . import names


class Regularizer(names.Configured):
    """The base of all. One of your own computes a number from a variable in `__call__(self, x)`."""

    def __call__(self, x):
        """The penalty for `x`."""
        return 0.0


class L1L2(Regularizer):
    """l1 * sum(|x|) + l2 * sum(x * x)."""

    l1 = l2 = 0.0
    __init__ = names.takes(l1=0.0, l2=0.0)

    def keep(self, arguments, **options):
        for name, size in arguments.items():
            if not isinstance(size, int | float) or not 0 <= size < math.inf:
                raise ValueError(f"{name} must be a number, 0 or more, got {size!r}")
        super().keep(arguments, **options)

    def __call__(self, x):
        """The penalty for `x`."""
        return (self.l1 and self.l1 * ops.sum(abs(x))) + (self.l2 and self.l2 * ops.sum(x * x))


class L1(L1L2):
    """l1 * sum(|x|)."""

    __init__ = names.takes(l1=0.01)


class L2(L1L2):
    """l2 * sum(x * x).

    >>> import minigrad as mg
    >>> L2(0.5)(mg.tensor([1.0, 2.0]))
    tensor(2.5000)
    """

    __init__ = names.takes(l2=0.01)


l1, l2, l1_l2 = L1, L2, L1L2
REGULARIZERS = names.table(L1, L2, L1L2, l1l2=L1L2)


def get(identifier):
    """The regularizer of this name, or the object itself; None for none."""
    return None if identifier is None else names.find("regularizer", identifier, REGULARIZERS)


__getattr__ = names.closed(__name__, REGULARIZERS)
