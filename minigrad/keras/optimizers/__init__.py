"""Optimizers with Keras's names, defaults and formulas: `keras.optimizers.Adam(learning_rate=0.001)`, or "adam"."""

from .. import names
from . import schedules
from .rules import SGD, Adagrad, Adam, AdamW, Optimizer, RMSprop

OPTIMIZERS = {kind.__name__.lower(): kind for kind in (SGD, Adagrad, Adam, AdamW, RMSprop)}


def get(identifier):
    """The optimizer of this name, in capitals or not, or the object itself; None for none."""
    if isinstance(identifier, Optimizer | None):
        return identifier
    found = names.find("optimizer", identifier.lower() if isinstance(identifier, str) else identifier, OPTIMIZERS)
    if not isinstance(found, Optimizer):
        raise ValueError(f"an optimizer is given by its name or as keras.optimizers.Adam(...); got {found!r}")
    return found


__getattr__ = names.closed(__name__, OPTIMIZERS)
