"""TensorFlow's spelling: `import minigrad.tf as tf`.

TensorFlow's names, arguments, defaults and dtypes, in tables over the engine's rows and functions. Written out is what
TensorFlow does in a way of its own: the tape that gradients are asked of, and datasets. Tensors and variables are those
of `minigrad.keras`, which is `tf.keras`: as in TensorFlow tensors of two dtypes don't mix, and nothing is changed in
place but variables. Everything is computed at once. Shapes are tuples, and dtypes NumPy's.

>>> x = constant(3.0)
>>> with GradientTape() as tape:
...     tape.watch(x)
...     y = x**2
>>> print(tape.gradient(y, x))
tf.Tensor(6.0, shape=(), dtype=float32)
"""

import difflib
import itertools
import math as numbers
import sys
import threading
import warnings
from collections import namedtuple
from functools import partial, wraps
from inspect import Parameter, Signature, signature
from operator import truediv
from types import SimpleNamespace
from weakref import WeakSet

import numpy as np

from . import backend, functions, keras, ops
from .backend import Generator, cuda, default_generator, float32, float64, int32, int64, manual_seed, xp
from .keras import activations, initializers, layers
from .keras.variable import Array, Variable, alike, as_value, snake_case
from .nests import flat, mapped
from .nn import functional as F
from .nn import module as modules
from .spelling import whole
from .tape import clock, enable_grad, history, mode, no_grad, raw, sweep
from .tensor import Tensor, seed

__version__ = "2.0+minigrad"

# ---------------------------------------------------------------- tensors


def _tensor(value, dtype=None):
    """`value` itself if it is a tensor, else a tensor of it; a list of tensors is stacked."""
    if _holds_tensors(value):
        value = functions.stack(_several([_tensor(x) if _holds_tensors(x) else x for x in value]))
    if isinstance(value, Tensor):
        if dtype is not None and value.dtype != dtype:
            raise ValueError(f"expected a tensor of {np.dtype(dtype)}, got {value.dtype}; write tf.cast(x, dtype)")
        return value
    if value is None:
        raise ValueError("None is no tensor; is it the gradient by something that the target doesn't depend on?")
    array = as_value(value)
    if dtype is not None and np.dtype(dtype).kind in "iu" and array.dtype.kind == "f" and not hasattr(value, "dtype"):
        raise TypeError(f"{value!r} would be rounded to {np.dtype(dtype)}; if you mean that, tf.cast(x, tf.int32)")
    return Array.wrap(array if dtype is None else as_value(value, dtype))


def _holds_tensors(value):
    return isinstance(value, list | tuple) and any(isinstance(x, Tensor) for x in flat(value))


def convert_to_tensor(value, dtype=None, dtype_hint=None, name=None):
    """A tensor of `value`. Python's floats become float32, its integers int32; NumPy's arrays keep their dtype.

    >>> convert_to_tensor([1, 2])
    <tf.Tensor: shape=(2,), dtype=int32, numpy=array([1, 2], dtype=int32)>
    """
    x = _tensor(value, dtype)
    return x.read_value() if isinstance(x, Variable) else x


def constant(value, dtype=None, shape=None, name=None):
    """A tensor of `value`; with `shape`, one number spread out, or many arranged."""
    x = convert_to_tensor(value, dtype)
    return x if shape is None else (ops.expand if x.value.size == 1 else ops.reshape)(x, _ints(shape))


def _several(values):
    """The tensors in a list, of one dtype."""
    first = next((x for x in values if isinstance(x, Tensor)), None)
    first = _tensor(values[0]) if first is None else first
    return [x if isinstance(x, Tensor) else _tensor(x, first.dtype) for x in alike(first, *values)[1:]]


def _ints(sizes):
    """Sizes or axes, given as a number, a sequence or a tensor, as a tuple of Python's integers."""
    return tuple(int(raw(n)) for n in (raw(sizes) if np.ndim(raw(sizes)) else (sizes,)))


# ---------------------------------------------------------------- gradients


class _Tapes(threading.local):
    """The tapes of a thread: those that record now, and those that may still be asked for gradients."""

    def __init__(self):
        self.running: list = []
        self.pending: WeakSet = WeakSet()


_tapes = _Tapes()


class GradientTape:
    """Records what is computed inside `with GradientTape() as tape:`; `tape.gradient(y, x)` is dy/dx.

    Trainable variables are watched by themselves, other tensors after `tape.watch(x)`. What was computed before the
    block, or after it, counts as a constant. Unless `persistent`, it answers once. Tapes may be nested: inside another
    one, gradients are recorded too, and can be differentiated.

    >>> x = Variable(2.0)
    >>> with GradientTape() as outer:
    ...     with GradientTape() as inner:
    ...         y = x**3
    ...     slope = inner.gradient(y, x)
    >>> float(slope), float(outer.gradient(slope, x))
    (12.0, 12.0)
    """

    def __init__(self, persistent=False, watch_accessed_variables=True):
        self._persistent, self._all = persistent, watch_accessed_variables
        self._start = self._end = None  # the ticks between which it recorded

    def __enter__(self):
        if self in _tapes.running:
            raise ValueError("this tape is recording already; make another one, tf.GradientTape()")
        if self._start is None:
            self.reset()
        self._end = numbers.inf
        _tapes.running.append(self)
        _tapes.pending.add(self)
        self._recording, self._observer, mode.observer = enable_grad(), mode.observer, self
        self._recording.__enter__()
        return self

    def __exit__(self, *_):
        if self in _tapes.running:
            _tapes.running.remove(self)
            self._end, mode.observer = next(clock), self._observer
            self._recording.__exit__()

    def recorded(self, y):
        """Told by the engine of each result: note the variables that it was made of."""
        self._accessed.update(dict.fromkeys(x for x in y.inputs if isinstance(x, modules.Parameter)))
        if self._observer is not None:
            self._observer.recorded(y)

    def swept(self, y, parts):
        """Told by the engine of each gradient that is computed inside the block."""
        if self._observer is not None:
            self._observer.swept(y, parts)

    def reset(self):
        """Forget what was recorded and watched."""
        self._start, self._watched, self._accessed = next(clock), {}, {}

    def watch(self, tensor):
        """Treat a tensor, or several, as something to differentiate by."""
        for x in flat(tensor):
            if not isinstance(x, Tensor):
                raise ValueError(f"watch: expected a tensor, got {type(x).__name__}; write x = tf.constant(x) first")
            if x.is_floating_point():
                self._watched[x] = None
                x.requires_grad = True
            else:
                warnings.warn(f"watch: {x.dtype} tensors have no gradients; write tf.constant(3.0)", stacklevel=2)

    def watched_variables(self):
        """The variables watched so far, as a tuple."""
        found = self._accessed | self._watched if self._all else self._watched
        return tuple(x for x in found if isinstance(x, modules.Parameter | Variable))

    def gradient(self, target, sources, output_gradients=None, unconnected_gradients="none"):
        """The derivative of the sum of all numbers of `target` by each of `sources`, in the structure of `sources`.

        `output_gradients` weighs the numbers of the target. Where nothing connects the two it is None, or zeros with
        `unconnected_gradients="zero"`.
        """
        if self._start is None:
            raise RuntimeError(
                "a tape that isn't persistent gives gradients once, of what was computed inside its block. Ask for all "
                "at once, tape.gradient(y, [a, b]), or make it with tf.GradientTape(persistent=True)"
            )
        if unconnected_gradients not in ("none", "zero"):
            raise ValueError(f"unconnected_gradients must be 'none' or 'zero', got {unconnected_gradients!r}")
        targets, wanted = flat(target), flat(sources)
        for x in (*targets, *wanted):
            if not isinstance(x, Tensor):
                raise TypeError(f"gradient: expected tensors or variables, got {x!r}, which remembers no computation")
        weights = [1] * len(targets) if output_gradients is None else flat(output_gradients)
        if len(weights) != len(targets):
            raise ValueError(f"{len(targets)} targets need as many output_gradients, got a list of {len(weights)}")
        for x in wanted:
            if not x.is_floating_point():
                warnings.warn(f"{x.dtype} tensors have no gradients; write tf.Variable(3.0)", stacklevel=2)
        if not self._persistent:
            self.__exit__()
        seeds = [_tensor(g).to(y.dtype).expand(y.shape) for y, g in zip(targets, weights, strict=True)]
        found = iter(self._pull(targets, seeds, wanted))
        if not self._persistent:
            _tapes.pending.discard(self)
            self._start = None
        zero = unconnected_gradients == "zero"
        return mapped(lambda x: _zeros(x.shape, x.dtype) if (g := next(found)) is None and zero else g, sources)

    def _pull(self, targets, seeds, wanted):
        """The gradients by the wanted, as far as this tape saw the targets made of them; None for the others."""
        seen = {x for x in wanted if self._saw(x)}
        pairs = [(y, g) for y, g in zip(targets, seeds, strict=True) if y.needs_grad and (y in seen or self._made(y))]
        found = {y: g for y, g in zip(targets, seeds, strict=True) if y.is_floating_point()}  # dy/dy, recorded or not
        others = [t for t in _tapes.pending if t is not self and t._start < self._end and self._start < t._end]
        retain, record = self._persistent or bool(others), bool(_tapes.running)
        starts = [seed(y, g, record) for y, g in pairs]
        if pairs:
            found |= sweep([y for y, _ in pairs], starts, seen, retain, record, self._start)
        grads = [found.get(x) for x in wanted]  # their memory may be shared: copied
        return [g if g is None or isinstance(g, Tensor) else Array.wrap(xp(g).array(g)) for g in grads]

    def _made(self, x):
        """Whether `x` was computed while the tape recorded."""
        return x.op is not None and self._start < x.tick < self._end

    def _saw(self, x):
        """Whether `x` is watched, or was computed from something that is."""
        if x in self._watched or (self._all and isinstance(x, modules.Parameter)):
            return x.needs_grad
        return self._made(x) and any(self._saw(y) for y in history([x], self._start) if not self._made(y))


def _zeros(shape, dtype=float32):
    return constant(np.zeros(_ints(shape)), dtype)


# ---------------------------------------------------------------- functions and modules

TensorSpec = namedtuple("TensorSpec", ["shape", "dtype", "name"], defaults=(float32, None))
TensorSpec.__doc__ = "The shape and dtype of a tensor, for `tf.function(input_signature=...)`; the shape isn't checked."


def function(func=None, input_signature=None, **options):
    """`@tf.function`: here the function runs as it stands; TensorFlow compiles it when it is first called.

    So Python's own effects, like `print`, happen at each call, in TensorFlow only while it compiles. As there, NumPy's
    arrays go in and numbers come out as tensors. This project's compiler is `mg.compile`.
    """
    if func is None:
        return partial(function, input_signature=input_signature, **options)

    @wraps(func)
    def run(*args, **named):
        given = [_tensor(x) if isinstance(x, np.ndarray) else x for x in args]
        if input_signature is not None:
            own = len(given) - len(input_signature)  # a method's self has no specification
            given[own:] = [_tensor(x, spec.dtype) for x, spec in zip(given[own:], input_signature, strict=True)]
        result = func(*given, **named)
        return mapped(lambda x: _tensor(x) if isinstance(x, int | float | np.ndarray) else x, result)

    vars(run)["python_function"] = func
    return run


class Module(modules.Module):
    """The base of models of your own: the variables among its attributes are found, by name in alphabetical order.

    >>> class Line(Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.w, self.b = Variable(2.0), Variable(1.0)
    ...     def __call__(self, x):
    ...         return self.w * x + self.b
    >>> [float(v) for v in Line().trainable_variables]
    [1.0, 2.0]
    """

    def __new__(cls, *_, **__):
        self = super().__new__(cls)
        modules.Module.__init__(self)  # TensorFlow's may do without super().__init__()
        return self

    def __init__(self, name=None):
        self.name = name or snake_case(type(self).__name__)

    @property
    def variables(self):
        """All variables in it and in the modules in it, as a tuple."""
        values = [value for module in self.modules() for _, value in sorted(vars(module).items())]
        return tuple(dict.fromkeys(x for x in flat(values) if isinstance(x, Variable)))

    @property
    def trainable_variables(self):
        """The variables that are trained."""
        return tuple(x for x in self.variables if x.trainable)


# ---------------------------------------------------------------- pieces of the tables


def _axes(axis):
    """An axis as the engine takes it: None, a number, or a tuple of them."""
    if axis is None:
        return None
    first, *others = axes = _ints(axis)
    return axes if others else first


def _like(y, x):
    """`y` as integers if `x` are: in TensorFlow sums and means of integers are integers."""
    return y.to(x.dtype) if x.dtype.kind in "iu" else y


def _reduction(op):
    def reduce(input_tensor, axis=None, keepdims=False):
        if axis is not None and not np.size(raw(axis)):  # no axes: nothing is reduced
            return input_tensor
        return _like(op(input_tensor, dim=_axes(axis), keepdim=keepdims), input_tensor)

    return reduce


def _prod(x, dim, keepdim):
    if isinstance(dim, tuple):
        raise NotImplementedError(f"tf.reduce_prod over axes {dim} at once is not covered; reduce one after the other")
    return functions.prod(x, dim, keepdim)


def _norm(tensor, ord="euclidean", axis=None, keepdims=False):
    axis, p = _axes(axis), 2 if ord in ("euclidean", "fro") else ord
    if isinstance(axis, tuple) and len(axis) > 1 and p is ord:
        raise NotImplementedError(f"tf.norm: of matrices only the Euclidean norm is covered, not ord={ord!r}")
    return functions.norm(tensor, p, tuple(range(tensor.ndim)) if axis is None else axis, keepdims)


def _extreme(wins):
    """The larger or smaller; of two that draw, TensorFlow gives the gradient to the first."""
    return lambda x, y: ops.where(ops.logical_or(wins(x, y), ops.ne(x, x)), x, y)


def _moved(x, source, to):
    """`x` with a dimension in another place."""
    order = list(range(x.ndim))
    order.insert(to % x.ndim, order.pop(source))
    return x if order == sorted(order) else ops.permute(x, tuple(order))


def _matmul(a, b, transpose_a=False, transpose_b=False):
    if raw(a).ndim < 2 or raw(b).ndim < 2:
        shapes = f"{raw(a).shape} and {raw(b).shape}"
        raise ValueError(f"tf.matmul of shapes {shapes}: for vectors, tf.linalg.matvec(A, x), tf.reduce_sum(x * y)")
    return ops.matmul(ops.transpose(a, -1, -2) if transpose_a else a, ops.transpose(b, -1, -2) if transpose_b else b)


def _global_norm(t_list):
    return functions.norm(functions.cat([functions.ravel(t) for t in _several([t for t in t_list if t is not None])]))


def _clip_by_global_norm(t_list, clip_norm, use_norm=None):
    norm = _global_norm(t_list) if use_norm is None else use_norm
    scale = clip_norm / ops.maximum(norm, float(clip_norm))
    return [None if t is None else _tensor(t) * scale for t in t_list], norm


def _one_hot(indices, depth, axis=-1, dtype=float32):
    return _moved((indices[..., None] == np.arange(int(depth))).to(dtype=dtype), -1, axis)


def _gather(params, indices, axis=0):
    index, n = indices.value, params.shape[axis]
    if (wrong := (index < 0) | (index >= n)).any():
        raise IndexError(f"tf.gather: indices must lie in 0..{n - 1}, got {index[wrong][0]}")
    return ops.getitem(params, (*(slice(None),) * (axis % params.ndim), index))


def _squeeze(input, axis=None):
    if axis is not None and any(input.shape[d] != 1 for d in ops.dims_of(input, _axes(axis))):
        raise ValueError(f"tf.squeeze: shape {input.shape} has more than one number along axis {axis}")
    return functions.squeeze(input, _axes(axis))


def _split(value, num_or_size_splits, axis=0):
    n, sizes = value.shape[axis], _ints(num_or_size_splits)
    if np.ndim(raw(num_or_size_splits)) == 0:
        sizes = (n // sizes[0],) * sizes[0]
    if sum(sizes) != n or min(sizes) < 0:
        raise ValueError(f"tf.split: {n} can't be cut into pieces of {sizes}; give a list of sizes that add up to {n}")
    return list(functions.split(value, list(sizes), axis))


def _range(start, limit=None, delta=1, dtype=None):
    limits = (0, start, delta) if limit is None else (start, limit, delta)
    kinds = [_tensor(x).dtype for x in limits]
    dtype = dtype or next((d for d in kinds if d.kind == "f"), np.result_type(*kinds))
    return constant(np.arange(*map(raw, limits)), dtype)


def _linspace(start, stop, num):
    dtype = _tensor(start).dtype
    return constant(np.linspace(raw(start), raw(stop), int(num)), dtype if dtype.kind == "f" else float64)


def _plane(sizes):
    """Height and width, from a number, two, or TensorFlow's four with batch and channels."""
    sizes = _ints(sizes)
    return sizes * 2 if len(sizes) == 1 else sizes[1:3] if len(sizes) == 4 else sizes


def _conv2d(input, filters, strides, padding):
    layer = layers.Conv2D(filters.shape[3], filters.shape[:2], _plane(strides), padding, use_bias=False, name="conv2d")
    layer.kernel, layer.bias = filters, None
    return layer.call(input)


def _pool(layer):
    def pool(input, ksize, strides, padding):
        return layer(_plane(ksize), _plane(strides), padding, name="pool").call(input)

    return pool


def _softmax_cross_entropy_with_logits(labels, logits, axis=-1):
    labels, logits = (_moved(x, axis, 1) if x.ndim > 1 else x for x in (labels.to(logits.dtype), logits))
    return F.cross_entropy(logits, labels, reduction="none")


def _sparse_softmax_cross_entropy_with_logits(labels, logits):
    if (labels.value < 0).any():
        raise IndexError("tf.nn.sparse_softmax_cross_entropy_with_logits: labels are class numbers, 0 or more")
    return F.cross_entropy(_moved(logits, -1, 1) if logits.ndim > 1 else logits, labels, reduction="none")


_sources: dict = {}  # seed -> the generator that all calls with this seed draw from


def _source(seed):
    return default_generator if seed is None else _sources.setdefault(seed, Generator().manual_seed(seed))


def _set_seed(seed):
    _sources.clear()
    manual_seed(seed)


def _uniform(shape, minval=0, maxval=None, dtype=float32, seed=None):
    whole, draw = np.dtype(dtype).kind in "iu", _source(seed).numpy
    if whole and maxval is None:
        raise ValueError(f"tf.random.uniform: integers of {np.dtype(dtype)} need a maxval")
    ends = raw(minval), 1 if maxval is None else raw(maxval)
    return constant((draw.integers if whole else draw.uniform)(*ends, _ints(shape)), dtype)


# ---------------------------------------------------------------- the tables: TensorFlow's names, arguments, defaults


def _of(arguments, names="", **others):
    """Functions of these arguments: rows, functions and activations by the names they have here, and `others`."""
    form = Signature([Parameter(name, Parameter.POSITIONAL_OR_KEYWORD) for name in arguments.split()])
    found = {name: getattr(ops, name, None) or getattr(functions, name, None) for name in names.split()} | others
    found = {name: partial(f or activations.get(name)) for name, f in found.items()}
    for f in found.values():
        f.__signature__ = form
    return found


def _reductions(**found):
    return {f"reduce_{name}": _reduction(f) for name, f in found.items()}


def _named(*found):
    return {f.__name__[1:]: f for f in found}


_both = {  # in tf and in tf.math
    **_of("x", "abs exp floor logical_not round sigmoid sign sin cos tan sqrt square tanh", negative=ops.neg),
    **_of("x y", add=ops.add, subtract=ops.sub, multiply=ops.mul, divide=truediv, truediv=truediv, pow=ops.pow),
    **_of("x y", maximum=_extreme(ops.ge), minimum=_extreme(ops.le), equal=ops.eq, not_equal=ops.ne, less=ops.lt),
    **_of("x y", "logical_and logical_or", less_equal=ops.le, greater=ops.gt, greater_equal=ops.ge),
    **_reductions(sum=ops.sum, mean=ops.mean, max=ops.amax, min=ops.amin, prod=_prod),
    **_reductions(all=ops.all, any=ops.any, logsumexp=ops.logsumexp),
    "add_n": lambda inputs: sum(_several(inputs)[1:], _several(inputs)[0]),
    "argmax": lambda input, axis=0, output_type=int64: ops.argmax(input, int(axis)).to(dtype=output_type),
    "argmin": lambda input, axis=0, output_type=int64: ops.argmin(input, int(axis)).to(dtype=output_type),
    "cumsum": lambda x, axis=0: _like(ops.cumsum(x, int(axis)), x),
}
_math = {
    **_of("x", "ceil erf expm1 log log1p reciprocal rsqrt log_sigmoid"),
    **_of("x", is_nan=ops.isnan, is_inf=ops.isinf, is_finite=ops.isfinite),
    **_of("x y", floordiv=ops.floor_divide, floormod=ops.remainder, mod=ops.remainder),
    **_of("x y", squared_difference=lambda x, y: functions.square(x - y)),
    **_of("x y", divide_no_nan=lambda x, y: ops.where(ops.eq(y, 0), 0.0, x / ops.where(ops.eq(y, 0), 1.0, y))),
    **_reductions(std=partial(functions.std, correction=0), variance=partial(functions.var, correction=0)),
}
_shapes = {
    **_named(_clip_by_global_norm, _gather, _linspace, _one_hot, _range, _split, _squeeze, _zeros),
    "broadcast_to": lambda input, shape: ops.expand(input, _ints(shape)),
    "cast": lambda x, dtype: x.to(dtype=dtype),
    "clip_by_norm": lambda t, clip_norm: _clip_by_global_norm([t], clip_norm)[0][0],
    "clip_by_value": lambda t, clip_value_min, clip_value_max: ops.clamp(t, clip_value_min, clip_value_max),
    "concat": lambda values, axis: functions.cat(_several(values), axis),
    "expand_dims": lambda input, axis: functions.unsqueeze(input, int(axis)),
    "fill": lambda dims, value: constant(value, shape=dims),
    "identity": lambda input: ops.clone(input),
    "ones": lambda shape, dtype=float32: constant(np.ones(_ints(shape)), dtype),
    "ones_like": lambda input, dtype=None: constant(np.ones(input.shape), dtype or input.dtype),
    "pad": lambda tensor, paddings, constant_values=0: ops.zero_pad(
        tensor, tuple(map(_ints, paddings)), constant_values
    ),
    "rank": lambda input: constant(input.ndim),
    "reshape": lambda tensor, shape: ops.reshape(tensor, _ints(shape)),
    "shape": lambda input, out_type=int32: constant(np.array(input.shape, out_type)),
    "size": lambda input, out_type=int32: constant(np.array(input.value.size, out_type)),
    "stack": lambda values, axis=0: functions.stack(_several(values), axis),
    "stop_gradient": lambda input: input.detach(),
    "tile": lambda input, multiples: functions.repeat(input, _ints(multiples)),
    "transpose": lambda a, perm=None: ops.permute(a, tuple(range(a.ndim))[::-1] if perm is None else _ints(perm)),
    "where": lambda condition, x=None, y=None: (
        functions.nonzero(condition) if x is None else ops.where(condition, x, y)
    ),
    "zeros_like": lambda input, dtype=None: _zeros(input.shape, dtype or input.dtype),
}
_matrices = {  # in tf and in tf.linalg
    **_named(_matmul, _norm),
    "einsum": lambda equation, *inputs: functions.einsum(equation, *_several(inputs)),
    "eye": lambda num_rows, num_columns=None, dtype=float32: constant(np.eye(int(num_rows), num_columns), dtype),
}
_linalg = {"matvec": lambda a, b: functions.einsum("...ij,...j->...i", a, b)}
_scores = {  # in tf.math and in tf.nn
    "log_softmax": lambda logits, axis=-1: ops.log_softmax(logits, axis),
    "softmax": lambda logits, axis=-1: ops.softmax(logits, axis),
    "top_k": lambda input, k=1: (y := functions.topk(input, int(k)))._replace(indices=y.indices.to(int32)),
    **_of("features", "softplus"),
}
_nn = {
    **_named(_conv2d, _softmax_cross_entropy_with_logits, _sparse_softmax_cross_entropy_with_logits),
    **_of("x", "sigmoid tanh"),
    **_of("features", "relu", **{name: activations.get(name) for name in "elu relu6 selu softsign".split()}),
    "avg_pool2d": _pool(layers.AveragePooling2D),
    "bias_add": lambda value, bias: value + bias,
    "dropout": lambda x, rate, seed=None: F.dropout(x, rate, generator=_source(seed)),
    "embedding_lookup": lambda params, ids: _gather(params, ids),
    "gelu": lambda features, approximate=False: activations.gelu(features, approximate),
    "l2_loss": lambda t: ops.sum(t * t) / 2,
    "leaky_relu": lambda features, alpha=0.2: ops.leaky_relu(features, alpha),
    "max_pool2d": _pool(layers.MaxPooling2D),
    "sigmoid_cross_entropy_with_logits": lambda labels, logits: (
        F.binary_cross_entropy_with_logits(logits, labels, reduction="none")
    ),
    "silu": lambda features, beta=1.0: features * ops.sigmoid(beta * features),
}  # fmt: skip
_random = {
    "normal": lambda shape, mean=0.0, stddev=1.0, dtype=float32, seed=None: (
        constant(_source(seed).numpy.normal(raw(mean), raw(stddev), _ints(shape)), dtype)
    ),
    "set_seed": _set_seed,
    "shuffle": lambda value, seed=None: ops.getitem(value, _source(seed).numpy.permutation(len(value))),
    "truncated_normal": lambda shape, mean=0.0, stddev=1.0, dtype=float32, seed=None: (
        initializers.TruncatedNormal(mean, stddev, _source(seed))(_ints(shape), dtype)
    ),
    "uniform": _uniform,
}  # fmt: skip

# What kind of numbers they take: floating ones, any, or truth values. Those not named here take anything.
_KINDS = {
    "exp floor sigmoid sin cos tan sqrt tanh reduce_logsumexp ceil erf expm1 log log1p reciprocal rsqrt softplus "
    "log_sigmoid reduce_std reduce_variance norm log_softmax softmax elu selu softsign gelu "
    "dropout l2_loss leaky_relu silu divide_no_nan": ("f", "floating numbers"),
    "abs negative sign square round add subtract multiply divide truediv pow maximum minimum less less_equal greater "
    "greater_equal reduce_sum reduce_mean reduce_max reduce_min reduce_prod cumsum matmul relu relu6 add_n "
    "squared_difference": ("fiu", "numbers"),
    "logical_not logical_and logical_or reduce_all reduce_any": ("b", "truth values"),
}
_KIND_OF = {name: kind for names, kind in _KINDS.items() for name in names.split()}
# Arguments that become tensors: those that must have one dtype, and others.
_TOGETHER = "x y a b t clip_value_min clip_value_max value bias".split()
_ALONE = "condition features ids indices input input_tensor labels logits params tensor".split()


def _spelled(space, name, function):
    """A function as TensorFlow has it: arguments become tensors, of one dtype where they meet; `name` means nothing."""
    title, form, (kinds, wanted) = f"{space}.{name}", signature(function), _KIND_OF.get(name, ("fiub", ""))

    def call(*args, name=None, **options):
        try:
            bound = form.bind(*args, **options)
        except TypeError as error:
            raise TypeError(f"{title}: {error}; it is called as {title}{form}") from None
        given = {key: x for key, x in bound.arguments.items() if x is not None}
        together = [key for key in given if key in _TOGETHER]
        if together:
            if not any(isinstance(given[key], Tensor) for key in together):
                given[together[0]] = _tensor(given[together[0]])
            given.update(zip(together, alike(*(given[key] for key in together)), strict=True))
        given.update((key, _tensor(x)) for key, x in given.items() if key in _ALONE)
        found = next((x.dtype for x in given.values() if isinstance(x, Tensor)), None)
        if found is not None and found.kind not in kinds:
            raise TypeError(f"{title}: expected {wanted}, got {found}; write tf.cast(x, tf.float32), or another dtype")
        bound.arguments.update(given)
        return function(*bound.args, **bound.kwargs)

    call.__name__ = call.__qualname__ = title
    call.__doc__ = f"TensorFlow's `{title}{form}`."
    return call


# ---------------------------------------------------------------- datasets


def _arrays(element):
    """An element as raw arrays, in its tuples and dictionaries; a list is a tensor."""
    if isinstance(element, tuple):
        return tuple(map(_arrays, element))
    if isinstance(element, dict):
        return {key: _arrays(x) for key, x in element.items()}
    return _tensor(element).value[()]


def _stack(elements):
    first = elements[0]
    if isinstance(first, tuple):
        return tuple(map(_stack, zip(*elements, strict=True)))
    if isinstance(first, dict):
        return {key: _stack([e[key] for e in elements]) for key in first}
    return np.stack(elements)


def _called(function, element):
    """`function` of an element, whose parts are its arguments if it is a tuple."""
    with no_grad():
        tensors = mapped(Array.wrap, element)
        return function(*tensors) if isinstance(tensors, tuple) else function(tensors)


class Dataset:
    """`tf.data.Dataset`: elements, one after the other, made anew each time it is gone through.

    >>> data = Dataset.from_tensor_slices(([1.0, 2.0, 3.0], [0, 1, 0])).map(lambda x, y: (10 * x, y)).batch(2)
    >>> for x, y in data:
    ...     print(x.numpy(), y.numpy())
    [10. 20.] [0 1]
    [30.] [0]
    """

    def __init__(self, elements, size):
        self._elements = elements  # a function that begins anew
        self._size = size  # how many there are: infinity for endless ones

    @staticmethod
    def from_tensor_slices(tensors, name=None):
        """The rows of a tensor, or of several in a tuple or dictionary, one by one."""
        arrays = _arrays(tensors)
        shapes = [np.shape(a) for a in flat(arrays)]
        if () in shapes or len({s[0] for s in shapes}) != 1:
            raise ValueError(f"from_tensor_slices: expected tensors with equally many rows, got shapes {shapes}")
        return Dataset(lambda: (mapped(lambda a, i=i: a[i], arrays) for i in range(shapes[0][0])), shapes[0][0])

    @staticmethod
    def range(*args, output_type=int64, name=None):
        """The numbers of Python's `range`, each an element."""
        return Dataset.from_tensor_slices(np.arange(*args, dtype=output_type))

    @staticmethod
    def zip(*datasets, name=None):
        """The elements of several datasets side by side, as long as all have some."""
        parts = list(datasets[0] if isinstance(datasets[0], tuple | list) else datasets)
        return Dataset(lambda: zip(*(d._elements() for d in parts), strict=False), min(d._size for d in parts))

    def __iter__(self):
        return (mapped(Array.wrap, element) for element in self._elements())

    def as_numpy_iterator(self):
        """The elements as NumPy's arrays and numbers."""
        return self._elements()

    def __len__(self):
        if self._size == numbers.inf:
            raise TypeError("the length of this dataset is infinite")
        return int(self._size)

    def __bool__(self):
        return True

    def _then(self, change, size=None):
        """The dataset whose elements the function `change` makes of an iterator over these."""
        return Dataset(lambda: change(self._elements()), self._size if size is None else size)

    def map(self, map_func, num_parallel_calls=None, deterministic=None, name=None):
        """`map_func` of each element, whose parts are its arguments."""
        return self._then(lambda elements: (_arrays(_called(map_func, e)) for e in elements))

    def take(self, count, name=None):
        """The first `count` elements; all for -1."""
        stop = sys.maxsize if count == -1 else int(count)
        return self._then(lambda elements: itertools.islice(elements, stop), min(self._size, stop))

    def skip(self, count, name=None):
        """What follows the first `count` elements; nothing for -1."""
        start = sys.maxsize if count == -1 else int(count)
        return self._then(lambda elements: itertools.islice(elements, start, None), max(self._size - start, 0))

    def repeat(self, count=None, name=None):
        """All elements `count` times over, or for ever."""
        endless = count in (None, -1) and self._size > 0
        rounds = sys.maxsize if endless else int(count or 0)
        again = lambda: itertools.chain.from_iterable(self._elements() for _ in range(rounds))
        return Dataset(again, numbers.inf if endless else self._size * rounds)

    def shuffle(self, buffer_size, seed=None, reshuffle_each_iteration=True, name=None):
        """In random order, each drawn from `buffer_size` that wait: in any order if that is as many as there are.

        Another order each time, unless `reshuffle_each_iteration` is False.
        """
        waiting = whole("shuffle: buffer_size", buffer_size)
        if seed is None and not reshuffle_each_iteration:
            seed = int(default_generator.numpy.integers(2**31))
        own = default_generator if seed is None else Generator().manual_seed(seed)

        def shuffled(elements):
            draw = (own if reshuffle_each_iteration else Generator().manual_seed(seed)).numpy
            buffer = list(itertools.islice(elements, waiting))
            for e in elements:
                i = int(draw.random() * waiting)
                yield buffer[i]
                buffer[i] = e
            yield from (buffer[i] for i in draw.permutation(len(buffer)))

        return self._then(shuffled)

    def batch(self, batch_size, drop_remainder=False, num_parallel_calls=None, deterministic=None, name=None):
        """`batch_size` elements stacked into one; the last batch may be smaller, or is dropped."""
        k = whole("batch: batch_size", batch_size)

        def batched(elements):
            while len(batch := list(itertools.islice(elements, k))) >= (k if drop_remainder else 1):
                yield _stack(batch)

        return self._then(batched, (np.floor if drop_remainder else np.ceil)(self._size / k))

    def cache(self):
        """The elements, remembered after the first time: what `map` did before is not done again."""
        kept: list = []

        def cached(elements):
            kept[:] = kept or elements
            return iter(kept)

        return self._then(cached)

    def prefetch(self, buffer_size, name=None):
        """The same elements: nothing runs beside the program here."""
        return self


# ---------------------------------------------------------------- tf


class _Text(str):
    __repr__ = str.__str__  # no quotes in lists


def _print(*inputs, output_stream=None, summarize=3, sep=" ", end="\n", name=None):
    """`tf.print`: tensors by their numbers, shortened in the middle; to stderr, as TensorFlow does."""

    def number(x):
        return f"{x:.6g}" if x.dtype.kind != "f" or x.dtype.type(f"{x:.6g}") == x else f"{x:.9g}"

    def shown(x):
        return _Text(np.array2string(np.asarray(x), threshold=0, edgeitems=summarize, formatter={"all": number}))

    texts = mapped(lambda x: shown(x) if isinstance(x, Tensor) else x, inputs)
    print(*texts, sep=sep, end=end, file=output_stream or sys.stderr)


class _Space:
    """A part of TensorFlow, such as `tf.nn`: it knows the names of a table, and of others says what may be meant."""

    def __init__(self, place):
        self.__name__ = place

    def __getattr__(self, name):
        known = _spaces[self.__name__]
        if name in known:
            return known[name]
        elsewhere = [f"{place}.{name}" for place, names in _spaces.items() if name in names]
        near = elsewhere or [f"{self.__name__}.{n}" for n in difflib.get_close_matches(name, known, 1, 0.8)]
        raise AttributeError(f"{self.__name__}.{name} is not covered" + (f"; did you mean {near[0]}?" if near else ""))

    def __dir__(self):
        return sorted(_spaces[self.__name__])


_spaces: dict = {
    "tf": _both | _shapes | _matrices,
    "tf.math": _both | _math | _scores,
    "tf.nn": _nn | _scores,
    "tf.linalg": _matrices | _linalg,
    "tf.random": _random,
}
_spaces = {place: {name: _spelled(place, name, f) for name, f in names.items()} for place, names in _spaces.items()}
_spaces["tf.data"] = {"Dataset": Dataset, "AUTOTUNE": -1}
_devices = {"CPU": lambda: 1, "GPU": cuda.device_count}
_spaces["tf.config"] = {
    "list_physical_devices": lambda device_type="CPU": [f"{device_type}:{i}" for i in range(_devices[device_type]())]
}
_top = _spaces["tf"]
_top |= {place[3:]: _Space(place) for place in _spaces if place != "tf"}
_top |= {name: getattr(backend, name) for name in "float16 float32 float64 int8 int16 int32 int64 uint8".split()}
_top |= {"bool": backend.bool_, "half": backend.float16, "double": float64, "newaxis": None, "Tensor": Array}
_top |= {name: getattr(keras, name) for name in "initializers losses metrics optimizers".split()}
_top |= {"zeros_initializer": initializers.Zeros, "ones_initializer": initializers.Ones}
_top |= {"constant_initializer": initializers.Constant, "random_normal_initializer": initializers.RandomNormal}
_top |= {"UnconnectedGradients": SimpleNamespace(NONE="none", ZERO="zero"), "print": _print}
_top |= {"executing_eagerly": lambda: True, "is_tensor": lambda x: isinstance(x, Tensor)}
_top |= {x.__name__: x for x in (Variable, GradientTape, Module, TensorSpec, constant, convert_to_tensor, function)}
_top["keras"] = keras
__getattr__, __dir__ = _Space("tf").__getattr__, _Space("tf").__dir__
