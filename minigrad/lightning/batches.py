"""Batches: how many a loader gives, the tensors in one, how many rows they have, and where they are."""

import math
from copy import copy

import numpy as np

from ..nests import flat, mapped
from ..tensor import Tensor
from .words import kind, warn


def limit(option, n):
    """A limit of batches: a number of them, or a fraction of all as a float."""
    n = 1.0 if n is None else n
    if not isinstance(n, int | float) or n < 0 or (n > 1 and n % 1):
        raise ValueError(f"Trainer: {option} is a number of batches, or a fraction from 0.0 to 1.0, got {n!r}")
    return int(n) if n > 1 else n


def count(loader, limit, option):
    """How many batches to take from a loader."""
    if isinstance(limit, int):
        return min(len(loader), limit)
    n = math.floor(len(loader) * limit)
    if n == 0 and limit and len(loader):
        raise ValueError(
            f"{option}={limit} of {len(loader)} batches is no number of them; give a number, not a fraction"
        )
    return n


def usable(loader, which, in_order):
    """The loader itself, unless it can't be one, or is to be gone through in order."""
    data = isinstance(loader, Tensor | np.ndarray | list | tuple | dict)
    if data or not hasattr(loader, "__iter__") or not hasattr(loader, "__len__"):
        raise TypeError(
            f"the {which} data: expected one loader with a length, got {kind(loader)}; "
            "write DataLoader(TensorDataset(x, y), batch_size=32)"
        )
    if in_order and getattr(loader, "shuffle", False):
        warn(f"overfit_batches: the {which} batches are not shuffled, so that they are always the same")
        loader = copy(loader)
        loader.shuffle = False
    return loader


def tensors(batch):
    """The tensors of a batch, in a list."""
    return [x for x in flat(batch) if isinstance(x, Tensor)]


def moved(batch, device):
    """The batch with its tensors on a device."""
    return mapped(lambda x: x.to(device) if isinstance(x, Tensor) else x, batch)


def size(batch):
    """How many rows the first tensor in the batch has."""
    found = tensors(batch)
    if not found:
        raise ValueError("log: no tensor in the batch tells its size; write self.log(..., batch_size=...)")
    return len(found[0]) if found[0].ndim else 1
