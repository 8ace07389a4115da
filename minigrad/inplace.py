"""Changes in place: `x += 1`, `x[0] = 1`, `x.zero_()` and the like, right or refused.

Outside recording the numbers are overwritten, and the memory remembers when, so that `backward` can refuse to use what
it remembers otherwise. While recording, the tensor hands its history to a twin that keeps the old numbers, and becomes
the result of an operation on that twin.
"""

import builtins

import numpy as np

from . import ops
from .backend import default_generator, to_device
from .ops import raw
from .tape import Variable, clock, history, mode
from .tensor import Tensor, place


def overwritable(x, *others):
    """Whether the numbers of `x` can simply be overwritten, because nothing of it has to be recorded."""
    return not mode.recording or not builtins.any(isinstance(v, Variable) and v.needs_grad for v in (x, *others))


def become(x, op, *others):
    """Turn `x` into `op(x, *others)`, in the same memory; returns `x`."""
    if overwritable(x, *others):
        y = op(x.value, *map(raw, others))
    else:
        _refuse(x, op, others)
        y = op(_twin(x), *others)
    result = raw(y)
    if result.shape != x.shape:
        raise ValueError(f"{op.name} in place: the result has shape {result.shape}, the tensor {x.shape}")
    if not np.can_cast(result.dtype, x.dtype, "same_kind"):
        raise TypeError(f"{op.name} in place: {result.dtype} numbers don't fit into a tensor of {x.dtype}")
    x.value[...] = result
    x.touch()
    if isinstance(y, Tensor):
        x.needs_grad, x.op, x.inputs, x.params = y.needs_grad, y.op, y.inputs, y.params
        x.tick, x.keeps, x.hooks = next(clock), False, ()
    return x


def _refuse(x, op, others):
    """Raise where a recorded change in place would be wrong, with what to write instead."""
    if x.op is None and x.needs_grad:
        raise RuntimeError(
            f"{op.name}: a leaf that requires a gradient can't be changed in place while recording. To update a "
            "parameter write `with mg.no_grad():` around it; to compute, make a new tensor: x = x + 1"
        )
    if x.op is not None and x.op.view and x.memory is not None:
        raise RuntimeError(
            f"{op.name}: this tensor looks into the memory of the one it was made from (by {x.op.name}); "
            "change that one, or make a new tensor: x = x + 1"
        )
    if x in history([v for v in others if isinstance(v, Variable)]):
        raise RuntimeError(
            f"{op.name}: the new value was computed from this tensor, whose old value is still needed; "
            "make a new tensor: x = x + f(x) instead of x += f(x)"
        )


def _twin(x):
    """A variable with the numbers and the history that `x` had."""
    twin = Tensor.wrap(x.value.copy())
    for slot in ("needs_grad", "op", "inputs", "params", "tick", "keeps", "hooks"):
        setattr(twin, slot, getattr(x, slot))
    return twin


def set_item(x, key, value):
    """`x[key] = value`."""
    if overwritable(x, value):
        x.value[place(key)] = raw(value)
        x.touch()
    else:
        become(x, ops.setitem, value, place(key))


def copy_(x, other):
    """Take over another tensor's numbers; shapes broadcast."""
    set_item(x, ..., to_device(other, x.device) if isinstance(other, np.ndarray) else other)
    return x


def zero_(x):
    """Set every number to 0."""
    return copy_(x, 0)


def add_(x, other, alpha=1):
    """Add `alpha * other` in place."""
    return become(x, ops.add, other if alpha == 1 else alpha * other)


def sub_(x, other, alpha=1):
    """Subtract `alpha * other` in place."""
    return become(x, ops.sub, other if alpha == 1 else alpha * other)


def normal_(x, mean=0.0, std=1.0, generator=None):
    """Draw every number from the normal distribution."""
    return copy_(x, (generator or default_generator).numpy.normal(mean, std, x.shape))


def uniform_(x, low=0.0, high=1.0, generator=None):
    """Draw every number evenly from `low` to `high`."""
    return copy_(x, (generator or default_generator).numpy.uniform(low, high, x.shape))


def _in_place(op):
    return lambda x, *others: become(x, op, *others)


forms = {f"{name}_": _in_place(op) for name, op in ops.elementwise.items()}
forms |= {f"__i{name}__": _in_place(op) for name, op in ops.symbols.items()}
forms |= {f.__name__: f for f in (copy_, zero_, add_, sub_, normal_, uniform_)}
forms |= {"__setitem__": set_item, "fill_": copy_}
for name, form in forms.items():
    setattr(Tensor, name, form)
