"""A table of a network: what each part returns, and how many parameters it has."""

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
    parts = [(path, part) for path, part in model.named_modules() if not any(part.children())]

    def note(part, inputs, result):
        first = result[0] if isinstance(result, tuple) else result
        shapes[part] = "(" + ", ".join(["N", *map(str, first.shape[1:])]) + ")"

    handles = [part.register_forward_hook(note) for _, part in parts]
    modes = {part: part.training for part in model.modules()}
    try:
        model.eval()(creation.zeros(1, *input_shape, **({"dtype": dtype} if dtype else {})))
    finally:
        for handle in handles:
            handle.remove()
        for part, training in modes.items():
            part.training = training
    rows = [(path, type(part).__name__, shapes.get(part, "not called"), _count(part)) for path, part in parts]
    return _table(rows, ("all", type(model).__name__, "", _count(model)))


def _count(part):
    return f"{sum(p.numel() for p in part.parameters()):,}"


def _table(rows, total):
    head = ("part", "type", "result", "parameters")
    widths = [max(len(row[i]) for row in [head, total, *rows]) for i in range(4)]
    lines = [
        "  ".join([*(text.ljust(width) for text, width in zip(row[:3], widths, strict=False)), row[3].rjust(widths[3])])
        for row in [head, *rows, total]
    ]
    bar = "-" * len(lines[0])
    return "\n".join([lines[0], bar, *lines[1:-1], bar, lines[-1]])
