"""Rows that exist for speed, or for the numbers at the edge, each beside the composition it equals elsewhere."""

import operator

from .backend import xp
from .ops import log, maximum, softmax, transpose, where
from .tape import Op, raw


def _weighted_sum(bias, *pairs):
    half = len(pairs) // 2
    return sum(map(operator.mul, pairs[:half], pairs[half:]), bias)


def _weighted_sum_parts(g, y, bias, *pairs):
    half = len(pairs) // 2
    return [g, *(g * x for x in pairs[half:]), *(g * w for w in pairs[:half])]


# bias + w1 * x1 + w2 * x2 + ..., called as weighted_sum(bias, *weights, *inputs). A neuron is one node, not 2n.
weighted_sum = Op("weighted_sum", _weighted_sum, joint=_weighted_sum_parts, doc="bias + w1 * x1 + w2 * x2 + ...")


def _linear(x, weight, bias=None):
    y = x @ weight.T
    return y if bias is None else y + bias


def _linear_weight(g, y, x, weight, bias=None):
    rows, inputs = g.reshape(-1, g.shape[-1]), x.reshape(-1, x.shape[-1])
    return transpose(rows, 0, 1) @ inputs


# x @ weight.T + bias
linear = Op(
    "linear",
    _linear,
    lambda g, y, x, weight, bias=None: g @ weight,
    _linear_weight,
    lambda g, y, x, weight, bias=None: g,
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


def _cross_entropy(x, target, ignore_index=-100):
    counts = target != ignore_index
    losses = _cross_entropies(x, target * counts)
    return xp(x).where(counts, losses, 0.0).sum() / counts.sum()  # a row that doesn't count may hold nan


def _cross_entropy_slope(g, y, x, target, ignore_index=-100):
    target = raw(target)
    counts = target != ignore_index
    slopes = softmax(x, 1) - _right(x, target * counts)
    return where(counts[:, None], slopes, 0.0) * (g / max(int(counts.sum()), 1))


# The mean of these over the rows whose target isn't `ignore_index`.
cross_entropy = Op("cross_entropy", _cross_entropy, _cross_entropy_slope, doc="the mean of the cross-entropies")
