"""Rows that exist for speed, or for the numbers at the edge, each beside the composition it equals elsewhere."""

import operator

from .backend import xp
from .ops import log, maximum, softmax, where
from .tape import Op, Variable, raw


def _weighted_sum(bias, *pairs):
    half = len(pairs) // 2
    return sum(map(operator.mul, pairs[:half], pairs[half:]), bias)


def _weighted_sum_parts(g, y, bias, *pairs):
    half = len(pairs) // 2
    return [g] + [g * x for x in pairs[half:]] + [g * w for w in pairs[:half]]


# bias + w1 * x1 + w2 * x2 + ..., called as weighted_sum(bias, *weights, *inputs). A neuron is one node, not 2n.
weighted_sum = Op("weighted_sum", _weighted_sum, joint=_weighted_sum_parts, doc="bias + w1 * x1 + w2 * x2 + ...")


def _linear(x, weight, bias=None):
    y = x @ weight.T
    if bias is not None:
        y += bias  # in place, since nobody else has y
    return y


def _linear_weight(g, y, x, weight, bias=None):
    if g.ndim != 2:
        g, x = g.reshape(-1, g.shape[-1]), x.reshape(-1, x.shape[-1])
    return g.T @ x


def _linear_bias(g, y, x, weight, bias=None):
    return g.sum(0) if g.ndim == 2 else g  # of other shapes, the sweep makes the sum


# x @ weight.T + bias
linear = Op(
    "linear",
    _linear,
    lambda g, y, x, weight, bias=None: g @ weight,
    _linear_weight,
    _linear_bias,
    doc="x @ weight.T + bias",
)


def _binary_entropy(p, target):
    return -(target * log(p).clip(-100) + (1 - target) * log(1 - p).clip(-100))


# -(t log p + (1 - t) log(1 - p)). At p = 0 and p = 1 the logarithms are cut off at -100 and the slope at 1e12, as in
# PyTorch: a network that is certain and wrong still learns.
binary_entropy = Op(
    "binary_entropy",
    _binary_entropy,
    lambda g, y, p, target: g * (p - target) / maximum(p * (1 - p), 1e-12),
    lambda g, y, p, target: g * (log(1 - p) - log(p)),
    doc="-(t log p + (1 - t) log(1 - p))",
)


def _cross_entropies(x, target):
    lib = xp(x)
    shifted = x - x.max(axis=1, keepdims=True)
    return lib.log(lib.exp(shifted).sum(axis=1)) - shifted[lib.arange(len(x)), target]


def _right(x, target):
    """Rows of zeros with a 1 at the target's place."""
    lib = xp(raw(x))
    ones = lib.zeros(x.shape, x.dtype)
    ones[lib.arange(len(target)), target] = 1
    return ones


# -log_softmax(x, 1)[i, target[i]] for each row i: softmax minus one-hot is the whole derivative.
cross_entropies = Op(
    "cross_entropies",
    _cross_entropies,
    lambda g, y, x, target: (softmax(x, 1) - _right(x, raw(target))) * g.reshape(-1, 1),
    doc="-log softmax(x) at the target's place, for each row",
)


def _columns(x):
    """The rows of `x` as columns, less their largest numbers: NumPy is quicker along columns than along short rows."""
    columns = x.T.copy()
    columns -= columns.max(axis=0)
    return columns


def _cross_entropy(x, target, ignore_index=None):
    if ignore_index is None:
        columns = _columns(x)
        right = columns[target, xp(x).arange(len(x))]
        return (xp(x).log(xp(x).exp(columns).sum(axis=0)) - right).sum() / len(x)
    counts = target != ignore_index
    losses = _cross_entropies(x, target * counts)
    return xp(x).where(counts, losses, 0.0).sum() / counts.sum().astype(x.dtype)  # a row that doesn't count may be nan


def _cross_entropy_slope(g, y, x, target, ignore_index=None):
    target = raw(target)
    if ignore_index is not None:
        counts = target != ignore_index
        slopes = softmax(x, 1) - _right(x, target * counts)
        return where(counts[:, None], slopes, 0.0) * (g / xp(counts).maximum(counts.sum(), 1).astype(x.dtype))
    if isinstance(x, Variable):
        return (softmax(x, 1) - _right(x, target)) * (g / len(target))
    slopes = xp(x).exp(_columns(x))  # the same, all in one array
    slopes /= slopes.sum(axis=0)
    slopes[target, xp(x).arange(len(x))] -= 1
    slopes *= g / len(x)
    return slopes.T


# The mean of these over the rows whose target isn't `ignore_index`; over all rows where that is None.
cross_entropy = Op("cross_entropy", _cross_entropy, _cross_entropy_slope, doc="the mean of the cross-entropies")
