"""Batches: how many a loader gives and which is the last, the tensors in one, and where they are."""

import math
from copy import copy
from itertools import chain, pairwise

import numpy as np

from ..tensor import Tensor
from .words import kind, warn


def limit(option, n):
    """A limit of batches: a number of them, or a fraction of all as a float."""
    n = 1.0 if n is None else n
    if not isinstance(n, int | float) or n < 0 or (n > 1 and n % 1):
        raise ValueError(f"Trainer: {option} is a number of batches, or a fraction from 0.0 to 1.0, got {n!r}")
    return int(n) if n > 1 else n


def count(loader, limit, option):
    """How many batches to take from a loader: infinitely many, if it has no length and no limit."""
    try:
        n: float = len(loader)
    except (TypeError, NotImplementedError):
        n = math.inf
    if isinstance(limit, int):
        return min(n, limit)
    if n == math.inf and limit == 1.0:
        return n
    if n == math.inf or (n and limit and int(n * limit) == 0):
        raise ValueError(f"{option}={limit} of {n} batches is no number of them; give a number, not a fraction")
    return int(n * limit)


def usable(loader, which, fn, overfit):
    """The loader itself, unless it can't be one, or is to be gone through in order."""
    if isinstance(loader, Tensor | np.ndarray | list | tuple | dict) or not hasattr(loader, "__iter__"):
        raise TypeError(
            f"{fn}: expected a loader, got {kind(loader)}; write DataLoader(TensorDataset(x, y), batch_size=32)"
        )
    if overfit and fn == "fit" and getattr(loader, "shuffle", False):
        warn(f"overfit_batches: the {which} batches are not shuffled, so that they are always the same")
        loader = copy(loader)
        loader.shuffle = False
    return loader


def batches(loader, n):
    """`(number, batch, is it the last)`. Where there is no length, a batch is fetched ahead, to know."""
    if n < math.inf:
        for i, batch in zip(range(n), loader, strict=False):
            yield i, batch, i + 1 == n
    else:
        for i, (batch, following) in enumerate(pairwise(chain(loader, [batches]))):
            yield i, batch, following is batches


def tensors(batch):
    """The tensors in lists, tuples and dictionaries."""
    if isinstance(batch, Tensor):
        yield batch
    elif isinstance(batch, dict | list | tuple):
        for part in batch.values() if isinstance(batch, dict) else batch:
            yield from tensors(part)


def moved(batch, device):
    """The same with all tensors on a device."""
    if isinstance(batch, dict):
        return {name: moved(part, device) for name, part in batch.items()}
    if isinstance(batch, list | tuple):
        parts = [moved(part, device) for part in batch]
        return type(batch)(*parts) if hasattr(batch, "_fields") else type(batch)(parts)
    return batch.to(device) if isinstance(batch, Tensor) else batch


def size(batch):
    """How many rows the first tensor in the batch has; a warning if another has more or fewer."""
    found = list(dict.fromkeys(len(x) if x.ndim else 1 for x in tensors(batch)))
    if not found:
        raise ValueError("log: no tensor in the batch tells its size; write self.log(..., batch_size=...)")
    if len(found) > 1:
        warn(f"log: the tensors of the batch have {found} rows, and {found[0]} counts; give log a batch_size")
    return found[0]
