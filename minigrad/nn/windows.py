"""Windows of images: the row under convolution and pooling, and the row that is its derivative.

Taking windows copies a number into every window that covers it; its gradient is the sum over those windows. The two
rows are each other's derivative.
"""

from ..backend import xp
from ..tape import Op


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
