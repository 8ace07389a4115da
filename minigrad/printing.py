"""How a tensor's numbers are shown: PyTorch's way, four digits after the point, columns aligned."""

from typing import Any

import numpy as np

from .backend import bool_, float32, int64


def show(array, suffix=""):
    """`tensor(...)` with the numbers of a NumPy array, its dtype where it isn't the usual one, and `suffix`.

    >>> print(show(np.array([[1.0, 22.5], [-3.0, np.nan]], "float32")))
    tensor([[ 1.0000, 22.5000],
            [-3.0000,     nan]])
    >>> show(np.array([1, 2]))
    'tensor([1, 2])'
    """
    style: Any = {"float_kind": _floats(_shown(array))} if array.dtype.kind == "f" else None
    text = np.array2string(array, max_line_width=80, separator=", ", prefix="tensor(", threshold=1000, formatter=style)
    size = f", size={array.shape}" if array.size == 0 and array.ndim != 1 else ""
    dtype = "" if array.dtype in (float32, int64, bool_) else f", dtype={array.dtype}"
    return f"tensor({text}{size}{dtype}{suffix})"


def _shown(array):
    """The part of a large array that is printed: three at each end of each dimension."""
    if array.size > 1000:
        for dim, n in enumerate(array.shape):
            array = array.take([*range(3), *range(n - 3, n)] if n > 6 else range(n), dim)
    return array


def _floats(array):
    """The function that writes one number of `array`, as wide as the widest of them."""
    finite = array[np.isfinite(array)].astype(float)
    sizes = np.abs(finite[finite != 0])
    low, high = (sizes.min(), sizes.max()) if sizes.size else (1.0, 1.0)
    if high < 1e8 and (finite == np.trunc(finite)).all():
        spec, point = ".0f", "."
    else:
        spec, point = ".4e" if high / low > 1e3 or high > 1e8 or low < 1e-4 else ".4f", ""

    def write(x):
        return format(float(x), spec) + point * bool(np.isfinite(x))

    widest = [finite.min(), finite.max()] if finite.size else array.ravel()[:1]
    width = max((len(write(x)) for x in widest), default=0)
    return lambda x: write(x).rjust(width)
