"""`keras.ops`: NumPy's names for rows and functions of the engine, on arrays, tensors and symbolic tensors alike."""

from functools import wraps
from typing import Any

import numpy as np

from .. import functions, ops
from ..nests import flat, mapped
from ..nn import functional as F
from ..tensor import Tensor
from ..tensor import methods as _methods
from . import activations, names
from .layer import KerasTensor, Operation
from .variable import Array, as_tensor, as_value


def convert_to_tensor(x, dtype=None):
    """`x` as a tensor, of `dtype` if one is given."""
    if isinstance(x, list | tuple) and any(isinstance(part, Tensor) for part in flat(x)):
        x = functions.stack([convert_to_tensor(part) for part in x])  # gradients flow through
    return cast(x, dtype) if dtype else as_tensor(x)


def convert_to_numpy(x):
    """`x` as a NumPy array."""
    return np.array(as_value(x))


def cast(x, dtype):
    """`x` with numbers of another type."""
    return convert_to_tensor(x).to(dtype={"int": "int32", "float": "float32"}.get(dtype, dtype))


def shape(x):
    """The sizes of the dimensions."""
    return tuple(np.shape(x) if isinstance(x, list | tuple) else x.shape)


def _made(make):
    return lambda shape, dtype="float32": Array.wrap(make(shape, dtype))


def _like(number):
    return lambda x, dtype=None: Array.wrap(np.full(x.shape, number, dtype or str(x.dtype)))


# Those that mean the same in the engine; others, such as `split` and `sort`, would give other numbers.
_same = """abs absolute add all any argmax argmin ceil cos cumsum divide erf exp expm1 floor isfinite isinf isnan log
    log1p logical_and logical_not logical_or logsumexp matmul maximum mean minimum multiply prod round rsqrt sign sin
    sqrt square squeeze subtract sum tan tril triu where"""
_table: dict[str, Any] = {name: _methods[name] for name in _same.split()}
_table |= {"power": ops.pow, "negative": ops.neg, "equal": ops.eq, "not_equal": ops.ne, "greater": ops.gt}
_table |= {"greater_equal": ops.ge, "less": ops.lt, "less_equal": ops.le, "max": ops.amax, "min": ops.amin}
_table |= {name: f for name, f in activations.ACTIVATIONS.items() if name != "linear"}
_table |= {
    "var": lambda x, axis=None, keepdims=False: x.var(axis, correction=0, keepdim=keepdims),
    "std": lambda x, axis=None, keepdims=False: x.var(axis, correction=0, keepdim=keepdims).sqrt(),
    "clip": lambda x, x_min, x_max: ops.clamp(x, x_min, x_max),
    "transpose": lambda x, axes=None: x.permute(tuple(reversed(range(x.ndim))) if axes is None else tuple(axes)),
    "reshape": lambda x, newshape: x.reshape(newshape),
    "expand_dims": lambda x, axis: x.unsqueeze(axis),
    "concatenate": lambda xs, axis=0: functions.cat(xs, axis),
    "stack": lambda xs, axis=0: functions.stack(xs, axis),
    "dot": ops.matmul,
    "einsum": functions.einsum,
    "one_hot": lambda x, num_classes: F.one_hot(x, num_classes).to("float32"),
}  # fmt: skip
_of_several = ("concatenate", "stack", "einsum")
_given = {"zeros": _made(np.zeros), "ones": _made(np.ones), "zeros_like": _like(0), "ones_like": _like(1)}
_given |= {"arange": lambda *args, dtype=None: convert_to_tensor(np.arange(*args), dtype or "int32")}


def _on_any(name, function):
    """The function, for arrays too; of symbolic tensors it becomes a part of the model."""

    @wraps(function)
    def on_any(*args, **options):
        if any(isinstance(x, KerasTensor) for x in flat([args, options])):
            return Operation(on_any, name)(*args, **options)
        (first, *rest), options = mapped(lambda x: as_tensor(x) if isinstance(x, np.ndarray) else x, [args, options])
        return function(first if name in _of_several else convert_to_tensor(first), *rest, **options)

    return on_any


_functions = _given | {name: _on_any(name, function) for name, function in _table.items()}
_closed = names.closed(__name__, _functions)


def __getattr__(name):
    """The function of this name; no names of this module, since some are those of Python's own functions."""
    return _functions[name] if name in _functions else _closed(name)
