"""Rows that exist only for speed, each beside the composition it equals."""

import operator

from .tape import Op


def _weighted_sum(bias, *pairs):
    half = len(pairs) // 2
    return sum(map(operator.mul, pairs[:half], pairs[half:]), bias)


def _weighted_sum_parts(g, y, bias, *pairs):
    half = len(pairs) // 2
    return [g, *(g * x for x in pairs[half:]), *(g * w for w in pairs[:half])]


# bias + w1 * x1 + w2 * x2 + ..., called as weighted_sum(bias, *weights, *inputs). A neuron is one node, not 2n.
weighted_sum = Op("weighted_sum", _weighted_sum, joint=_weighted_sum_parts, doc="bias + w1 * x1 + w2 * x2 + ...")
