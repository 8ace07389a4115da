"""The largest memory that a training step needs, with all that it works on: batch, parameters, gradients, Adam's state.

The steps are those of `step.py`. Counted is what Python's and NumPy's allocators hand out, so frameworks that have
their own can't take part.
"""

import tracemalloc

import step


def by_hand(d, h, c, b):
    """NumPy by hand."""
    return _peak(step.by_hand, d, h, c, b)


def minigrad(d, h, c, b):
    """minigrad."""
    import minigrad.nn
    import minigrad.optim  # noqa: F401 (so that code isn't counted)

    return _peak(step.minigrad, d, h, c, b)


def _peak(contender, *size):
    step.beginning(*size)  # so that NumPy has loaded what it loads when first used
    tracemalloc.start()
    check, unit, _ = contender(*size)

    def measure():
        tracemalloc.reset_peak()
        unit()
        return tracemalloc.get_traced_memory()[1]

    return check, measure, None
