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

    def __init__(self, l1=0.0, l2=0.0):
        self.l1, self.l2 = (_size(name, value, 0.0) for name, value in (("l1", l1), ("l2", l2)))

    def __call__(self, x):
        """The penalty for `x`."""
        absolute, squares = self.l1 and self.l1 * ops.sum(abs(x)), self.l2 and self.l2 * ops.sum(x * x)
        return absolute + squares


class L1(L1L2):
    """l1 * sum(|x|)."""

    def __init__(self, l1=0.01):
        super().__init__(l1=_size("l1", l1, 0.01))


class L2(L1L2):
    """l2 * sum(x * x).

    >>> import minigrad as mg
    >>> L2(0.5)(mg.tensor([1.0, 2.0]))
    tensor(2.5000)
    """

    def __init__(self, l2=0.01):
        super().__init__(l2=_size("l2", l2, 0.01))


def _size(name, value, default):
    value = default if value is None else value
    if not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise ValueError(f"{name} must be a number, 0 or more, got {value!r}")
    return float(value)


l1, l2, l1_l2 = L1, L2, L1L2
REGULARIZERS = names.table(L1, L2, L1L2, l1l2=L1L2)


def get(identifier):
    """The regularizer of this name, or the object itself; None for none."""
    return None if identifier is None else names.find("regularizer", identifier, REGULARIZERS)


__getattr__ = names.closed(__name__, REGULARIZERS)
