"""What memory a node costs: the peak of recording a chain of operations and sweeping back, by the number of nodes."""

import tracemalloc
from functools import partial

from nodes import LENGTHS, chain


def _bytes(n, kind):
    unit = chain(n, kind)
    check = unit()

    def measure():
        tracemalloc.start()
        unit()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak / n

    return [check], measure, None


for n in LENGTHS:
    globals()[f"nodes_{n}"] = partial(_bytes, n)
