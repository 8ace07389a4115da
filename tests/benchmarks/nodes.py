"""What a node costs in graphs of 100 to 1,000,000 nodes: recording, backward and letting go of a chain of operations.

The contenders are one program at different lengths. `alone_N` is N nodes with Python's cyclic garbage collector off:
the difference is what the collector costs.
"""

import gc
import time
from functools import partial

LENGTHS = [100, 1_000, 10_000, 100_000, 1_000_000]
TOGETHER = 100_000  # nodes in a round, at least


def chain(n, kind):
    """A function that records a chain of `n` nodes and sweeps back; `kind` says whose."""
    if kind == "scalars":
        from minigrad import Scalar

        x = Scalar(1.0)
    elif kind == "tensors":
        import minigrad as mg

        x = mg.ones(8, requires_grad=True)
    else:
        import torch

        torch.set_num_threads(1)
        x = torch.ones(8, requires_grad=True)

    def unit():
        x.grad = 0.0 if kind == "scalars" else None
        y = x
        for _ in range(n // 2):
            y = y * 0.5
            y = y + x
        (y if kind == "scalars" else y.sum()).backward()
        return x.grad if kind == "scalars" else x.grad[0].item()

    return unit


def _seconds(n, kind, collect=True):
    unit, times = chain(n, kind), max(1, TOGETHER // n)
    check = unit()
    if not collect:
        gc.disable()

    def measure():
        start = time.process_time()
        for _ in range(times):
            unit()
        return (time.process_time() - start) / (times * n)

    return [check], measure, None


for n in LENGTHS:
    globals()[f"nodes_{n}"] = partial(_seconds, n)
    globals()[f"alone_{n}"] = partial(_seconds, n, collect=False)
