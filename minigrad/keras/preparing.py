"""What programs do before they train: seed what is random, make labels one-hot. Offered as `keras.utils`."""

import random

import numpy as np

from ..backend import manual_seed
from ..nn import functional as F
from ..tape import raw
from ..tensor import Tensor
from . import names
from .variable import Array, clear_session  # noqa: F401 (offered here)


def set_random_seed(seed):
    """Seed Python's, NumPy's and minigrad's random numbers: weights, shuffling and dropout are the same again."""
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 (programs draw from it)
    manual_seed(seed)


def to_categorical(x, num_classes=None):
    """Class numbers as one-hot rows, float64; a last dimension of size 1 is dropped.

    >>> to_categorical([0, 2]).tolist()
    [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """
    numbers = np.asarray(raw(x)).astype(np.int64)
    if numbers.ndim > 1 and numbers.shape[-1] == 1:
        numbers = numbers[..., 0]
    rows = raw(F.one_hot(Tensor.wrap(numbers), num_classes or -1))
    return Array.wrap(rows.astype("float32")) if isinstance(x, Tensor) else rows.astype("float64")


def normalize(x, axis=-1, order=2):
    """`x` divided by its norm along the axis; zeros stay."""
    norm = np.linalg.norm(np.asarray(raw(x)), order, axis, keepdims=True)
    return x / np.where(norm == 0, 1, norm)


__getattr__ = names.closed("minigrad.keras.utils", ["clear_session", "normalize", "set_random_seed", "to_categorical"])
