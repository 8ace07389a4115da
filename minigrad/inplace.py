"""Changes in place: `x += 1`, `x[0] = 1`, `x.zero_()` and the like, right or refused.

Outside recording the numbers are overwritten, and the memory remembers when, so that `backward` can refuse to use what
it knows otherwise. While recording, the tensor hands its history to a twin that keeps the old numbers, and becomes the
result of an operation on that twin. A change of a view is a change of the tensor that it looks into.
"""

import numpy as np

from . import ops
from .backend import default_generator, peek, to_device, xp
from .tape import Variable, clock, enable_grad, mode, raw
from .tensor import Tensor, place


def renew(x):
    """Renew the history of a view whose memory was written to since it was made: it now shows the new numbers."""
    if x.source is not None and x.memory.changed > x.tick and not (x.op is None and x.needs_grad):
        op, inputs, params = x.source
        with enable_grad():
            y = op(*inputs, **params)
        x.op, x.inputs, x.params, x.needs_grad, x.tick = y.op, y.inputs, y.params, y.needs_grad, y.tick


def own(inputs):
    """Inputs, with private copies of what somebody else may write to: arrays, lists, memory shared with NumPy."""
    return tuple(map(_own, inputs))


def _own(x):
    if isinstance(x, Variable):
        return x.value.copy() if x.memory is not None and x.memory.foreign else x
    if type(x) is tuple:  # an index, say, with arrays in it
        return own(x)
    return x.copy() if hasattr(x, "copy") and peek(x) is x else x


def overwritable(x, *others):
    """Whether the numbers of `x` can simply be overwritten, because nothing of it has to be recorded."""
    return not mode.recording or not any(isinstance(v, Variable) and v.needs_grad for v in (x, *others))


def become(x, op, *others, **params):
    """Turn `x` into `op(x, *others, **params)`, in the same memory; returns `x`."""
    others, params = op.arrange(others, params)
    for v in (x, *others):
        if isinstance(v, Variable) and v.memory is not None:
            v.renew()
    if overwritable(x, *others):
        _write(x, op, op(x.value, *map(raw, others), **params))
        return x
    if x.op is None and x.needs_grad:
        raise RuntimeError(
            f"{op.name}: a leaf that requires a gradient can't be changed in place while recording. To update a "
            "parameter write `with mg.no_grad():` around it; to compute, make a new tensor: x = x + 1"
        )
    if x.memory is not None and x.memory.foreign:
        raise RuntimeError(
            f"{op.name}: this tensor shares its memory with NumPy (from_numpy made it so), which can't record; "
            "make a new tensor, x = x + 1, or write x.clone() first"
        )
    if x.source is not None:
        y = _through_view(x, op, others, params)
    else:
        twin, *others = _as_they_were(x, [x, *others])
        y = op(twin, *others, **params)
        _write(x, op, y.value)
    x.needs_grad, x.op, x.inputs, x.params = y.needs_grad, y.op, y.inputs, y.params
    x.tick, x.keeps, x.hooks = next(clock), False, ()
    return x


def _write(x, op, result):
    if result.shape != x.shape:
        raise ValueError(f"{op.name} in place: the result has shape {result.shape}, the tensor {x.shape}")
    if not np.can_cast(result.dtype, x.dtype, "same_kind"):
        raise TypeError(f"{op.name} in place: {result.dtype} numbers don't fit into a tensor of {x.dtype}")
    _put(x, ..., result)


def _put(x, key, value):
    """Write into the memory of `x`, and let it know."""
    spread = any(step == 0 and n > 1 for step, n in zip(x.value.strides, x.value.shape, strict=True))
    if (spread and x.value.size) or not getattr(x.value.flags, "writeable", True):
        raise RuntimeError(
            "this tensor holds one number in many places (expand made it so), or its memory is read-only; "
            "write x.clone() to get memory of its own"
        )
    if peek(value) is not value and peek(x.value) is x.value and x.memory is None:  # a function is being compiled
        x.value = xp(value).array(x.value)
    try:
        x.value[key] = value
    except (TypeError, ValueError, IndexError) as error:
        raise x.explain("setitem", [x.value, key, value], error) from error
    x.touch()


def _through_view(x, op, others, params):
    """Change the tensor that the view `x` looks into; returns the new value of the view, recorded."""
    look, inputs, sight = x.source
    if look not in _views:
        raise RuntimeError(f"{op.name}: what {look.name} made can't be changed in place; make a new tensor: x = x + 1")
    base = inputs[0]
    if base.memory is not x.memory:
        raise RuntimeError(f"{op.name}: the tensor that this is a view of has other numbers now; write x.clone() first")
    view = look(*inputs, **sight)  # once more, as the base may have changed since
    view.value, view.memory, view.source = view.value.copy(), None, None
    y = op(view, *others, **params)
    if look is ops.getitem:
        become(base, ops.setitem, y, inputs[1])
    else:  # the numbers only moved: the VJP moves them back
        become(base, ops.setitem, look.vjps[0](y, view, *inputs, **sight), ...)
    return y


_views = (ops.getitem, ops.view, ops.reshape, ops.permute, ops.transpose)


def _as_they_were(x, variables):
    """`variables` before the change of `x`: what looks into its memory gives way to twins that keep the old numbers.

    Their histories are told so too, as far as they were computed from `x` as it is now, which is after its birth.
    """
    twins: dict = {}

    def old(v):
        if not isinstance(v, Variable) or not (v is x or (v.memory is not None and v.memory is x.memory)):
            return v
        if v.op is None and v.needs_grad:
            raise RuntimeError(
                "this change in place would also change a leaf that requires a gradient and shares its memory; "
                "write x.detach().clone() to get memory of its own, or put `with mg.no_grad():` around the change"
            )
        if v not in twins:
            twins[v] = Tensor.wrap(v.value.copy())
            for slot in ("needs_grad", "op", "inputs", "params", "tick") + ("keeps", "hooks") * (v is x):
                setattr(twins[v], slot, getattr(v, slot))
        return twins[v]

    born = max(x.tick, x.memory.changed if x.memory else 0)
    variables = list(map(old, variables))
    seen, todo = {twins[x]}, list(variables)
    while todo:
        v = todo.pop()
        if isinstance(v, Variable) and v not in seen and v.tick > born and v.inputs:
            seen.add(v)
            v.inputs = tuple(map(old, v.inputs))
            todo.extend(v.inputs)
    return variables


def set_item(x, key, value):
    """`x[key] = value`; as in PyTorch, the value may have dimensions of size 1 too many in front."""
    key = place(key)
    if getattr(value, "ndim", 0):
        spare = value.ndim - ops.getitem(x.value, key).ndim
        if spare > 0 and set(value.shape[:spare]) == {1}:
            value = value.reshape(value.shape[spare:])
    if overwritable(x, value):
        _put(x, key, raw(value))
    else:
        become(x, ops.setitem, value, key)


def copy_(x, other):
    """Take over another tensor's numbers, from any device; shapes broadcast."""
    if isinstance(other, Tensor):
        other = other.to(x.device)
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


def masked_fill_(x, mask, value):
    """Set the numbers where the mask is true to `value`."""
    set_item(x, mask, value)
    return x


def _in_place(op):
    return lambda x, *others, **params: become(x, op, *others, **params)


forms = {f"{name}_": _in_place(op) for name, op in ops.elementwise.items()}
forms |= {f"__i{name}__": _in_place(op) for name, op in ops.symbols.items()}
forms |= {f.__name__: f for f in (copy_, zero_, add_, sub_, normal_, uniform_)}
forms |= {"__setitem__": set_item, "fill_": copy_, "masked_fill_": masked_fill_}
forms |= {"renew": renew, "own": staticmethod(own)}
for name, form in forms.items():
    setattr(Tensor, name, form)
