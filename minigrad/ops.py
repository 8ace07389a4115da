"""The table of derivatives: one row per operation.

A row is a name, the value, and a vector-Jacobian product (VJP) for each input: `(g, y, *inputs)`, where `g` is the
gradient that arrives at the result `y`. Rows work on floats, arrays and variables alike, because everything in them
is arithmetic or another row.
"""

import builtins
import math
import operator
from functools import wraps

import numpy as np

from .backend import device_of, to_device, xp
from .spelling import Op
from .tape import raw


def _named(name):
    return lambda *xs: getattr(xp(*xs), name)(*xs)


# ---------------------------------------------------------------- arithmetic

add = Op("add", lambda a, b: a + b, lambda g, y, a, b: g, lambda g, y, a, b: g, doc="a + b")
sub = Op("sub", lambda a, b: a - b, lambda g, y, a, b: g, lambda g, y, a, b: -g, doc="a - b")
neg = Op("neg", lambda x: -x, lambda g, y, x: -g, doc="-x")


_flow = Op(
    "flow",
    lambda g, slope: xp(g, slope).where(g == 0, 0.0, g * slope),
    lambda h, y, g, slope: flow(h, slope),
    lambda h, y, g, slope: flow(h, g),
    doc="g * slope, with 0 * inf = 0",
)


def flow(g, slope):
    """`g * slope`, with 0 * inf = 0: where nothing flows in, nothing flows out, however steep the slope.

    So `where(x > 0, log(x), 0)` has the gradient 0 at x = 0, although the branch not taken is infinitely steep there.
    Single numbers are multiplied at once: Python's arithmetic has no infinities, it raises.
    """
    return _flow(g, slope) if hasattr(g, "shape") else g * slope


mul = Op("mul", lambda a, b: a * b, lambda g, y, a, b: flow(g, b), lambda g, y, a, b: flow(g, a), doc="a * b")
div = Op("div", lambda a, b: a / b, lambda g, y, a, b: flow(g, 1 / b), lambda g, y, a, b: flow(g, -y / b), doc="a / b")


def _pow_base(g, y, a, b):
    return flow(g, b * a ** where(b == 0, 0.0, b - 1))  # x**0 is 1 everywhere, so its slope is 0 at x = 0 too


def _pow_exponent(g, y, a, b):
    constant = (a == 0) & (b >= 0)  # 0**b doesn't change with b, though log(0) is infinite
    slope = where(constant, 0.0, y * log(where(constant | (a < 0), 1.0, a)))
    return flow(g, where(a < 0, math.nan, slope))


pow = Op("pow", lambda a, b: xp(a, b).power(a, b), _pow_base, _pow_exponent, doc="a ** b, elementwise")


def no_zeros(b):
    """Refuse a divisor of integers for which NumPy would answer 0."""
    if np.any(np.equal(to_device(b, "cpu"), 0)):
        raise ZeroDivisionError("integer division by zero")


def _checked(a, b):
    """The divisor `b`, unless both are integers and it holds a 0."""
    whole = [isinstance(x, int) or getattr(getattr(x, "dtype", None), "kind", "f") in "iub" for x in (a, b)]
    if whole == [True, True]:
        xp(b).check(no_zeros, b)
    return b


remainder = Op(
    "remainder",
    lambda a, b: a % _checked(a, b),
    lambda g, y, a, b: g,
    lambda g, y, a, b: -g * floor(a / b),
    doc="a % b, with the sign of b",
)

# ---------------------------------------------------------------- elementwise functions

exp = Op("exp", lambda x: xp(x).exp(x), lambda g, y, x: flow(g, y), doc="e to the power x")
log = Op("log", lambda x: xp(x).log(x), lambda g, y, x: flow(g, 1 / x), doc="natural logarithm")
log1p = Op("log1p", lambda x: xp(x).log1p(x), lambda g, y, x: flow(g, 1 / (1 + x)), doc="log(1 + x), exact near 0")
expm1 = Op("expm1", lambda x: xp(x).expm1(x), lambda g, y, x: flow(g, y + 1), doc="exp(x) - 1, exact near 0")
sqrt = Op("sqrt", lambda x: xp(x).sqrt(x), lambda g, y, x: flow(g, 0.5 / y), doc="square root")
sin = Op("sin", lambda x: xp(x).sin(x), lambda g, y, x: g * cos(x), doc="sine")
cos = Op("cos", lambda x: xp(x).cos(x), lambda g, y, x: -g * sin(x), doc="cosine")
tan = Op("tan", lambda x: xp(x).tan(x), lambda g, y, x: g * (1 + y * y), doc="tangent")
tanh = Op("tanh", lambda x: xp(x).tanh(x), lambda g, y, x: g * (1 - y * y), doc="hyperbolic tangent")
erf = Op("erf", lambda x: xp(x).erf(x), lambda g, y, x: g * exp(-x * x) * _BELL, doc="error function")
abs = Op("abs", lambda x: xp(x).abs(x), lambda g, y, x: g * sign(x), doc="|x|; the slope at 0 is 0")
relu = Op("relu", lambda x: xp(x).maximum(x, 0), lambda g, y, x: g * (y > 0), doc="max(x, 0); the slope at 0 is 0")

_BELL = 2 / math.sqrt(math.pi)


def _sigmoid(x):
    small = xp(x).exp(-xp(x).abs(x))  # never overflows
    return xp(x).where(x >= 0, 1.0, small) / (1 + small)


def _softplus(x):
    return xp(x).log1p(xp(x).exp(-xp(x).abs(x))) + xp(x).maximum(x, 0)


sigmoid = Op("sigmoid", _sigmoid, lambda g, y, x: g * y * (1 - y), doc="1 / (1 + exp(-x)), for any x")
softplus = Op("softplus", _softplus, lambda g, y, x: g * sigmoid(x), doc="log(1 + exp(x)), for any x")
leaky_relu = Op(
    "leaky_relu",
    lambda x, negative_slope=0.01: xp(x).where(x > 0, x, negative_slope * x),
    lambda g, y, x, negative_slope=0.01: where(x > 0, g, negative_slope * g),
    doc="x where positive, negative_slope * x elsewhere",
)

where = Op(
    "where",
    lambda condition, a, b: xp(condition, a, b).where(condition, a, b),
    None,
    lambda g, y, condition, a, b: where(condition, g, 0.0),
    lambda g, y, condition, a, b: where(condition, 0.0, g),
    doc="a where the condition is true, b elsewhere",
)


def _contest(wins):
    """The VJP of one side of a contest: all of `g` where it wins, half of it where the two draw."""
    return lambda g, y, a, b: where(wins(a, b), g, where(a == b, g / 2, 0.0))


maximum = Op(
    "maximum", _named("maximum"), _contest(operator.gt), _contest(operator.lt), doc="the larger; a draw is shared"
)
minimum = Op(
    "minimum", _named("minimum"), _contest(operator.lt), _contest(operator.gt), doc="the smaller; a draw is shared"
)


def _inside(x, low, high):
    return (True if low is None else x >= low) & (True if high is None else x <= high)


clamp = Op(
    "clamp",
    lambda x, min=None, max=None: xp(x).clip(x, min, max),
    lambda g, y, x, min=None, max=None: where(_inside(x, min, max), g, 0.0),
    lambda g, y, x, min=None, max=None: where(x < min, g, 0.0),
    lambda g, y, x, min=None, max=None: where(x > max, g, 0.0),
    doc="x cut off below min and above max; either may be None",
)

# Steps and comparisons have a result but no derivative worth the name: they record nothing.


def _step(name, doc):
    return Op(name, _named(name), doc=doc)


sign, trunc = _step("sign", "-1, 0 or 1"), _step("trunc", "the integer part")
floor, ceil = _step("floor", "the next integer below"), _step("ceil", "the next integer above")
round = _step("round", "the nearest integer; halves go to the even one")
isnan, isinf = _step("isnan", "whether x is not a number"), _step("isinf", "whether x is infinite")
isfinite, logical_not = _step("isfinite", "neither infinite nor nan"), _step("logical_not", "whether x is 0 or false")
logical_and, logical_or = _step("logical_and", "whether both are true"), _step("logical_or", "whether one is true")
eq, ne = Op("eq", operator.eq, doc="a == b"), Op("ne", operator.ne, doc="a != b")
lt, le = Op("lt", operator.lt, doc="a < b"), Op("le", operator.le, doc="a <= b")
gt, ge = Op("gt", operator.gt, doc="a > b"), Op("ge", operator.ge, doc="a >= b")
bitwise_and, bitwise_or = Op("bitwise_and", operator.and_, doc="a & b"), Op("bitwise_or", operator.or_, doc="a | b")
bitwise_xor, bitwise_not = Op("bitwise_xor", operator.xor, doc="a ^ b"), Op("bitwise_not", operator.inv, doc="~x")
floor_divide = Op("floor_divide", lambda a, b: a // _checked(a, b), doc="floor of a / b")

elementwise = {op.name: op for op in list(globals().values()) if isinstance(op, Op)}

# ---------------------------------------------------------------- reductions


def quiet(name, value, *vjps, doc):
    """A row that reduces: warnings of NumPy's reductions come from NumPy's files, which backend.py doesn't silence."""

    def silent(function):
        function.__qualname__ = name  # by which errors call it
        return wraps(function)(np.errstate(all="ignore")(function))

    return Op(name, silent(value), *map(silent, vjps), doc=doc)


def dims_of(x, dim):
    """The reduced dimensions as a tuple of non-negative numbers; None stands for all."""
    dims = range(x.ndim) if dim is None or dim == () else dim if isinstance(dim, tuple | list) else (dim,)
    size = x.ndim or 1  # PyTorch lets a single number have dimension 0
    if not builtins.all(-size <= d < size for d in dims):
        raise IndexError(f"dim {dim} is out of range for shape {tuple(x.shape)}: dimensions are {-size}..{size - 1}")
    return tuple(d % size for d in dims)


def _axis(x, dim):
    """`dim` as NumPy wants it; a single number has no axis to name."""
    return None if x.ndim == 0 or dim == () else tuple(dim) if isinstance(dim, list) else dim


def _kept(g, x, dim):
    """`g` with the dimensions that the reduction of `x` removed back in place, of size 1."""
    return reshape(g, tuple(1 if i in dims_of(x, dim) else n for i, n in enumerate(x.shape)))


def count(x, dim):
    return math.prod(x.shape[d] for d in dims_of(x, dim)) if x.ndim else 1


def _reduction(name, value, vjp, doc):
    """A row with the arguments of a reduction; its VJP sees `g` with the reduced dimensions kept."""
    return quiet(
        name,
        lambda x, dim=None, keepdim=False: value(x, axis=_axis(x, dim), keepdims=keepdim),
        lambda g, y, x, dim=None, keepdim=False: vjp(_kept(g, x, dim), y, x, dim),
        doc=f"{doc}, over `dim` or over everything",
    )


def _logsumexp(x, axis, keepdims):
    top = x.max(axis=axis, keepdims=True) if x.size else 0.0
    top = xp(x).where(xp(x).isfinite(top), top, 0.0)
    total = xp(x).log(xp(x).exp(x - top).sum(axis=axis, keepdims=True)) + top
    return total if keepdims else total.squeeze(axis)


def _share(g, y, x, dim):
    best = x == _kept(y, x, dim)
    return g * best / sum(best, dim, True)  # equals share the gradient


def _norm(x, axis, keepdims):
    return xp(x).sqrt((x * x).sum(axis=axis, keepdims=keepdims))


def _norm_slope(g, y, x, dim):
    y = _kept(y, x, dim)
    return x * (where(y == 0, 0.0, g) / where(y == 0, 1.0, y))  # at 0 the subgradient 0


def _logsumexp_slope(g, y, x, dim):
    y = _kept(y, x, dim)
    return g * exp(x - where(y == -math.inf, 0.0, y))


sum = _reduction("sum", lambda x, **over: x.sum(**over), lambda g, y, x, dim: expand(g, x.shape), doc="sum")


def _mean(x, axis, keepdims):
    total = x.sum(axis=axis, keepdims=keepdims)
    return total / (x.size // total.size) if x.size else total * math.nan


mean = _reduction("mean", _mean, lambda g, y, x, dim: expand(g / count(x, dim), x.shape), doc="mean")
amax = _reduction("amax", lambda x, **over: x.max(**over), _share, doc="largest; equals share the gradient")
amin = _reduction("amin", lambda x, **over: x.min(**over), _share, doc="smallest; equals share the gradient")
euclidean = _reduction("euclidean", _norm, _norm_slope, doc="square root of the sum of squares")
logsumexp = _reduction("logsumexp", _logsumexp, _logsumexp_slope, doc="log(sum(exp(x))), for any size")


def _search(name, doc):
    """A row that reduces to truth values or places, which have no derivative; `name` is its NumPy method."""
    value = lambda x, dim=None, keepdim=False: getattr(x, name)(axis=_axis(x, dim), keepdims=keepdim)
    return Op(name, value, doc=f"{doc}, over `dim` or over everything")


all, any = _search("all", doc="whether all are true"), _search("any", doc="whether one is true")
argmax, argmin = _search("argmax", doc="where the largest is"), _search("argmin", doc="where the smallest is")


def _softmax(x, dim):
    powers = xp(x).exp(x - (x.max(axis=dim, keepdims=True) if x.size else 0.0))
    return powers / powers.sum(axis=dim, keepdims=True)


softmax = quiet(
    "softmax",
    _softmax,
    lambda g, y, x, dim: y * (g - sum(g * y, dim, True)),
    doc="exp(x) / sum(exp(x)) along `dim`, for any size",
)
log_softmax = quiet(
    "log_softmax",
    lambda x, dim: x - _logsumexp(x, axis=dim, keepdims=True),
    lambda g, y, x, dim: g - exp(y) * sum(g, dim, True),
    doc="log(softmax(x)) along `dim`, for any size",
)
cumsum = Op(
    "cumsum",
    lambda x, dim: x.cumsum(axis=_axis(x, dim)).reshape(x.shape),
    lambda g, y, x, dim: flip(cumsum(flip(g, dim), dim), dim),
    doc="running sum along `dim`",
)

# ---------------------------------------------------------------- matrix product


def _matmul(a, b):
    if not (getattr(a, "ndim", 0) and getattr(b, "ndim", 0)):
        raise ValueError("a matrix product needs vectors or matrices; to multiply by a number write *")
    rows, columns = a.shape[-1], b.shape[-2 if b.ndim > 1 else 0]
    if rows != columns:
        raise ValueError(f"the last dimension of the first ({rows}) must equal the rows of the second ({columns})")
    return a @ b


def _matmul_a(g, y, a, b):
    if a.ndim == 1 and b.ndim > 1:  # (n,) @ (n, m)
        return (b @ g[..., None])[..., 0]
    return g[..., None] * b if b.ndim == 1 else g @ transpose(b, -1, -2)


def _matmul_b(g, y, a, b):
    if a.ndim == 1:  # (n,) @ (n, m), or two vectors
        return g * a if b.ndim == 1 else a[:, None] * g[..., None, :]
    return (transpose(a, -1, -2) @ g[..., None])[..., 0] if b.ndim == 1 else transpose(a, -1, -2) @ g


matmul = Op("matmul", _matmul, _matmul_a, _matmul_b, doc="a @ b, batched over leading dimensions")

# ---------------------------------------------------------------- shape and place


def _sizes(sizes):
    """Sizes given one by one or as one sequence."""
    return tuple(sizes[0]) if len(sizes) == 1 and isinstance(sizes[0], tuple | list) else sizes


def _expand(x, *sizes):
    sizes = _sizes(sizes)
    lead = len(sizes) - x.ndim
    return xp(x).broadcast_to(x, tuple(x.shape[i - lead] if n == -1 else n for i, n in enumerate(sizes)))


def _view(x, *shape):
    y = x.reshape(_sizes(shape))
    if x.size and not xp(x).may_share_memory(x, y):
        raise ValueError("these numbers don't lie in memory in that order, so they would be copied; write .reshape")
    return y


def _flip(x, *dims):
    return xp(x).flip(x, _sizes(dims) if x.ndim else ()).copy()


def _unpermute(g, y, x, *dims):
    order = [d % x.ndim for d in _sizes(dims)]
    return permute(g, tuple(order.index(d) for d in range(x.ndim)))


def _getitem(x, key):
    y = x[key]
    key = key if isinstance(key, tuple) else (key,)
    if y.ndim or builtins.any(k is ... for k in key):
        return y
    return x[(*key, ...)]  # NumPy gives a number for x[0]; with an ellipsis, a view like any other


def _scatter(x, key, shape):
    result = xp(x).zeros(shape, x.dtype)
    if builtins.any(isinstance(k, list) or hasattr(k, "dtype") for k in (key if isinstance(key, tuple) else (key,))):
        xp(x).add.at(result, key, x)  # a place that is named twice collects both
    else:
        result[key] = x
    return result


def _setitem(x, value, key):
    result = xp(x, value).array(x)
    result[key] = value
    return result


clone = Op("clone", lambda x, order="K": x.copy(order), lambda g, y, x, order="K": g, doc="a copy in memory of its own")
cast = Op("cast", lambda x, dtype: x.astype(dtype), lambda g, y, x, dtype: g, doc="x as another floating dtype")
convert = Op("convert", lambda x, dtype: x.astype(dtype), doc="x as integers or booleans, which have no derivative")
move = Op("move", to_device, lambda g, y, x, device: move(g, device_of(raw(x))), doc="x on another device")
reshape = Op(
    "reshape",
    lambda x, *shape: x.reshape(_sizes(shape)),
    lambda g, y, x, *shape: reshape(g, x.shape),
    view=True,
    doc="the same numbers in another shape; -1 stands for what is left",
)
view = Op("view", _view, lambda g, y, x, *shape: reshape(g, x.shape), view=True, doc="reshape, never copying")
permute = Op(
    "permute", lambda x, *dims: x.transpose(_sizes(dims)), _unpermute, view=True, doc="dimensions in the order given"
)
transpose = Op(
    "transpose",
    lambda x, dim0, dim1: x.swapaxes(dim0, dim1) if x.ndim else x.reshape(()),
    lambda g, y, x, dim0, dim1: transpose(g, dim0, dim1),
    view=True,
    doc="two dimensions exchanged",
)
expand = Op("expand", _expand, lambda g, y, x, *sizes: g, view=True, doc="copies along dimensions, without copying")
flip = Op("flip", _flip, lambda g, y, x, *dims: flip(g, *dims), doc="in reverse order along the dimensions")
getitem = Op("getitem", _getitem, lambda g, y, x, key: scatter(g, key, x.shape), view=True, doc="x[key]")
scatter = Op("scatter", _scatter, lambda g, y, x, key, shape: getitem(g, key), doc="zeros with x added at [key]")
setitem = Op(
    "setitem",
    _setitem,
    lambda g, y, x, value, key: setitem(g, 0.0, key),
    lambda g, y, x, value, key: getitem(g, key),
    doc="a copy of x with x[key] = value",
)


def _cat_parts(g, y, *xs, dim=0):
    parts, start = [], 0
    for x in xs:
        stop = start + x.shape[dim]
        parts.append(g[(slice(None),) * (dim % x.ndim) + (slice(start, stop),)])
        start = stop
    return parts


def _pad(x, widths, value=0.0):
    return xp(x).pad(x, widths, constant_values=value)


def _unpad(g, y, x, widths, value=0.0):
    return getitem(g, tuple(slice(before, before + n) for (before, _), n in zip(widths, x.shape, strict=True)))


def _einsum_parts(g, y, *xs, equation):
    inputs, output = equation.split("->")
    terms, parts = inputs.split(","), []
    for i, (term, x) in enumerate(zip(terms, xs, strict=True)):
        rest = [output, *terms[:i], *terms[i + 1 :]]
        seen = [letter in "".join(rest) for letter in term]  # a letter seen nowhere else was summed away
        found = "".join(letter for letter, known in zip(term, seen, strict=True) if known)
        part = contract(g, *xs[:i], *xs[i + 1 :], equation=f"{','.join(rest)}->{found}")
        part = part[tuple(slice(None) if known else None for known in seen)]
        parts.append(expand(part, tuple(-1 if known else n for n, known in zip(x.shape, seen, strict=True))))
    return parts


concatenate = Op(
    "concatenate",
    lambda *xs, dim=0: xp(xs[0]).concatenate(xs, axis=dim),
    joint=_cat_parts,
    doc="arrays joined along `dim`",
)
zero_pad = Op("pad", _pad, _unpad, doc="a frame of `value` around x, of `(before, after)` widths per dimension")
contract = Op(
    "einsum",
    lambda *xs, equation: xp(xs[0]).einsum(equation, *xs, optimize=len(xs) > 2),
    joint=_einsum_parts,
    view=True,
    doc="sums of products as the equation says, spelled out: no repeated letter in a term, no ellipsis",
)


rows = {op.name: op for op in list(globals().values()) if isinstance(op, Op)}

# ---------------------------------------------------------------- Python's operators

symbols = {"add": add, "sub": sub, "mul": mul, "truediv": div, "pow": pow, "mod": remainder, "floordiv": floor_divide}
symbols |= {"matmul": matmul, "and": bitwise_and, "or": bitwise_or, "xor": bitwise_xor}
comparisons = {"eq": eq, "ne": ne, "lt": lt, "le": le, "gt": gt, "ge": ge}


def operators(face):
    """Give a class Python's operators: `a * b` is `mul(a, b)`, and so is `2 * b` with a plain number on the left."""

    def reflected(op):
        return lambda right, left: op(left, right)

    for name, op in symbols.items():
        setattr(face, f"__{name}__", op)
        setattr(face, f"__r{name}__", reflected(op))

    def compared(op):
        return lambda a, b: NotImplemented if b is None or isinstance(b, str) else op(a, b)

    for name, op in comparisons.items():
        setattr(face, f"__{name}__", compared(op))
    face.__neg__, face.__abs__, face.__invert__ = neg, abs, bitwise_not
    face.__hash__ = object.__hash__  # == compares values, dictionaries tell variables apart
    return face


# Rows that functions and methods are built on, but that nobody calls by name.
inside = "flow getitem setitem scatter concatenate pad einsum euclidean cast convert move".split()
