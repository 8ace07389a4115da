"""A table of a network: what each part returns, and how many parameters it has."""

from contextlib import ExitStack

from .. import creation
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
    counted: set = set()  # a parameter that several parts share counts with the first
    parts = []
    for path, part in model.named_modules():
        whole = not any(part.children())
        own = [p for p in part.parameters(recurse=whole) if p not in counted]
        counted.update(own)
        if own or whole:  # what has parts has a row if it has parameters beside them
            parts.append((path or "itself", part))
            counts[part] = sum(p.numel() for p in own)

    def note(part, inputs, result):
        first = result[0] if isinstance(result, tuple) else result
        shapes[part] = "(" + ", ".join(["N", *map(str, first.shape[1:])]) + ")"

    modes = {part: part.training for part in model.modules()}
    with ExitStack() as hooks:
        for _, part in parts:
            hooks.enter_context(part.register_forward_hook(note))
        try:
            model.eval()(creation.zeros(1, *input_shape, **({"dtype": dtype} if dtype else {})))
        finally:
            for part, training in modes.items():
                part.training = training
    rows = [(path, type(part).__name__, shapes.get(part, "not called"), f"{counts[part]:,}") for path, part in parts]
    total = sum(p.numel() for p in model.parameters())
    return table([("part", "type", "result", "parameters"), *rows, ("all", type(model).__name__, "", f"{total:,}")])


def table(rows):
    """Rows of texts under each other: the first is the head, the last the total, the last column holds numbers."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        *texts, number = zip(row, widths, strict=True)
        lines.append("  ".join([*(text.ljust(width) for text, width in texts), number[0].rjust(number[1])]))
    bar = "-" * len(lines[0])
    return "\n".join([lines[0], bar, *lines[1:-1], bar, lines[-1]])
