"""A table of a network: what each part returns, and how many parameters it has."""

from contextlib import ExitStack

from .. import creation
from ..backend import float32
from ..tape import no_grad
from .module import Module


@no_grad()
def summary(model, input_shape, dtype=None):
    """The parts of `model` with the shapes they return for one sample of `input_shape`, and their parameters.

    N stands for the number of samples. The model is run once on zeros, in evaluation mode; nothing in it changes.

    >>> from minigrad import nn
    >>> print(summary(nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10)), (64,)))
    part  type        result   parameters
    -------------------------------------
    0     Linear      (N, 32)       2,080
    1     ReLU        (N, 32)           0
    2     Linear      (N, 10)         330
    -------------------------------------
    all   Sequential                2,410
    """
    input_shape = (input_shape,) if isinstance(input_shape, int) else tuple(input_shape)
    shapes: dict[Module, str] = {}
    counts: dict[Module, int] = {}
    counted: set = set()
    for part in model.modules():
        own = set(part.parameters(recurse=False)) - counted  # what several parts share counts with the first
        counted |= own
        if own or not [*part.children()]:  # what has parts has a row if it has parameters beside them
            counts[part] = sum(p.numel() for p in own)

    def note(part, inputs, result):
        first = result[0] if isinstance(result, tuple) else result
        shapes[part] = "(" + ", ".join(["N", *map(str, first.shape[1:])]) + ")"

    modes = {part: part.training for part in model.modules()}
    with ExitStack() as hooks:
        for part in counts:
            hooks.enter_context(part.register_forward_hook(note))
        try:
            model.eval()(creation.zeros(1, *input_shape, dtype=dtype or float32))
        finally:
            for part, training in modes.items():
                part.training = training
    named = [(path or "itself", part) for path, part in model.named_modules() if part in counts]
    rows = [(path, type(part).__name__, shapes.get(part, "not called"), f"{counts[part]:,}") for path, part in named]
    total = ("all", type(model).__name__, "", f"{sum(counts.values()):,}")
    return table([("part", "type", "result", "parameters"), *rows, total])


def table(rows):
    """Rows of texts under each other: the first is the head, the last the total, the last column holds numbers."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    adjust = [str.ljust] * (len(widths) - 1) + [str.rjust]
    lines = ["  ".join(f(x, n) for f, x, n in zip(adjust, row, widths, strict=True)) for row in rows]
    bar = "-" * len(lines[0])
    return "\n".join([lines[0], bar, *lines[1:-1], bar, lines[-1]])
