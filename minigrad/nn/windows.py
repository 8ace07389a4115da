"""Windows of images: the row under convolution and pooling, and the row that is its derivative.

Taking windows copies a number into every window that covers it; its gradient is the sum over those windows. The two
rows are each other's derivative. The third, the largest number of each window, exists for speed.
"""

from functools import reduce

from ..backend import xp
from ..tape import Op, raw


def _windows(x, kernel, stride):
    views = xp(x).lib.stride_tricks.sliding_window_view(x, kernel, axis=(-2, -1))
    return views[..., :: stride[0], :: stride[1], :, :]


def _overlap(x, kernel, stride, shape):
    result = xp(x).zeros(shape, x.dtype)
    rows, columns = x.shape[-4] * stride[0], x.shape[-3] * stride[1]
    for i in range(kernel[0]):
        for j in range(kernel[1]):
            result[..., i : i + rows : stride[0], j : j + columns : stride[1]] += x[..., i, j]
    return result


windows = Op(
    "windows",
    _windows,
    lambda g, y, x, kernel, stride: overlap(g, kernel, stride, x.shape),
    view=True,
    doc="images (..., H, W) to their windows (..., rows, columns, kernel height, kernel width)",
)
overlap = Op(
    "overlap",
    _overlap,
    lambda g, y, x, kernel, stride, shape: windows(g, kernel, stride),
    doc="windows back into images of `shape`, added up where they overlap",
)


def _corners(x, kernel, stride):
    """For each place in a window, the index of the numbers that lie there, one for every window."""
    rows, columns = ((n - k) // step * step + 1 for n, k, step in zip(x.shape[-2:], kernel, stride, strict=True))
    return [
        (..., slice(i, i + rows, stride[0]), slice(j, j + columns, stride[1]))
        for i in range(kernel[0])
        for j in range(kernel[1])
    ]


def _max_pool(x, kernel, stride):
    return reduce(xp(x).maximum, [x[corner] for corner in _corners(x, kernel, stride)])


def _max_pool_slope(g, y, x, kernel, stride):
    x, top, chosen, free = raw(x), raw(y), [], True
    for corner in _corners(x, kernel, stride):  # among equals the first takes it all
        chosen.append((x[corner] == top) & free)
        free = free & ~chosen[-1]
    if top is not y:  # called on variables
        return overlap(g[..., None, None] * xp(x).stack(chosen, -1).reshape(*y.shape, *kernel), kernel, stride, x.shape)
    result = xp(x).zeros(x.shape, g.dtype)
    for corner, wins in zip(_corners(x, kernel, stride), chosen, strict=True):
        result[corner] += g * wins
    return result


# windows(x, kernel, stride).max((-2, -1)), but without a copy of each window.
max_pool = Op("max_pool", _max_pool, _max_pool_slope, doc="the largest number of each window of images (..., H, W)")
