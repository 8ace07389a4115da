"""The table of a model: its layers, the shapes of their results, and how many numbers they learn, as in Keras."""

import math
import shutil
import textwrap
from collections import Counter

from .layer import Layer, Operation


def summary(self, line_length=None, positions=None, print_fn=None, expand_nested=False, show_trainable=False,
            layer_range=None):  # fmt: skip
    """Print the model's layers, the shapes of their results, and their numbers of parameters."""
    if layer_range is not None:
        raise NotImplementedError("summary: layer_range is not covered")
    nodes, linear = connections(self)
    heads, places = ["Layer (type)", "Output Shape", "Param #"], [0.45, 0.80, 1.0]
    if not linear:
        heads, places = [*heads, "Connected to"], [0.3, 0.56, 0.74, 1.0]
    places = positions or places
    if show_trainable:
        heads, places = [*heads, "Trainable"], [0.9 * p for p in places] + [1.0]
    usual = (88 if linear else 108) + 12 * show_trainable
    length = line_length or min(usual, shutil.get_terminal_size().columns - 4)
    rows = []

    def enter(layer, prefix=""):
        kind = layer.kind if isinstance(layer, Operation) else type(layer).__name__
        row = [f"{prefix}{layer.name} ({kind})", _shape(layer), _count(layer)]
        if not linear:
            sources = [x for node in layer._nodes if node in nodes for x in node.sources]
            row.append(", ".join(f"{x.node.layer.name}[{x.node.number}][{x.index}]" for x in sources) or "-")
        if show_trainable:
            row.append(("Y" if layer.trainable else "N") if layer.weights else "-")
        rows.append(row)
        if expand_nested:
            for inner in getattr(layer, "layers", ()):
                enter(inner, f"{prefix.replace('└ ', '')}   └ ")

    for layer in self._layers if nodes else self.layers:
        enter(layer)
    lines = [f'Model: "{self.name}"', *_table(heads, rows, [int(p * length) for p in places], length)]
    counts = {"Trainable": self.trainable_weights, "Non-trainable": self.non_trainable_weights}
    if self.optimizer is not None and self.optimizer.built:
        counts["Optimizer"] = self.optimizer.variables
    for name, weights in [("Total", [w for ws in counts.values() for w in ws]), *counts.items()]:
        numbers, size = sum(math.prod(w.shape) for w in weights), sum(w.value.nbytes for w in weights)
        lines.append(f" {name} params: {numbers:,} ({_bytes(size)})")
    (print_fn or print)("\n".join(lines) + "\n" * (print_fn is not None))


def connections(model):
    """The calls of which a graph consists, and whether each follows the one before."""
    nodes = set(getattr(model, "_calls", ()))
    calls = Counter(node.layer for node in nodes)
    followers = Counter(id(x) for node in nodes for x in node.sources)
    single = all(len(node.sources) == 1 for node in nodes) and len(model._layers) - len(calls) == 1
    return nodes, not nodes or (single and max(calls.values()) == 1 == max(followers.values()))


def _shape(layer):
    """The shape of the result, seen when the model was put together, or tried for the input that was seen."""
    try:
        if layer._nodes:
            shapes = [y.shape for y in layer._nodes[-1].outputs]
        elif isinstance(layer.seen, tuple) and layer.seen and not isinstance(layer.seen[0], tuple):
            shapes = _shapes(layer.compute_output_shape((None, *layer.seen[1:])))
        else:
            return "?"
    except Exception:  # a layer of one's own may not like zeros: that is no reason to show nothing
        return "?"
    text = [str(shape) for shape in shapes]
    return text[0] if len(text) == 1 else f"[{', '.join(text)}]"


def _shapes(shape):
    return [shape] if not shape or not isinstance(shape[0], tuple | list) else flat_shapes(shape)


def flat_shapes(shapes):
    """Shapes in lists of lists, as one list."""
    return [s for shape in shapes for s in _shapes(shape)]


def _count(layer):
    unbuilt = not layer.built and type(layer).build is not Layer.build
    return "0 (unbuilt)" if unbuilt else f"{layer.count_params():,}"


def _bytes(size):
    step = min(max(int(math.log(max(size, 1), 1024)), 0), 3)
    return f"{size / 1024**step:.2f} {('B', 'KB', 'MB', 'GB')[step]}"


def _table(heads, rows, ends, length):
    """Lines of a table, each column up to its end; what is too long is wrapped, a word that is cut."""
    widths = [end - start + 2 for start, end in zip([0, *ends], ends, strict=False)]
    excess = sum(widths) + len(widths) + 1 - length
    for i in range(len(widths)):
        less = round(excess / (len(widths) - i))
        widths[i], excess = widths[i] - less, excess - less
    right = heads.index("Param #")

    def cells(row, edge):
        parts = [textwrap.wrap(text, w - 2, break_long_words=False) for text, w in zip(row, widths, strict=True)]
        for i in range(max(map(len, parts))):
            texts = [p[i] if i < len(p) else "" for p in parts]
            texts = [t if len(t) <= w - 2 else t[: w - 3] + "…" for t, w in zip(texts, widths, strict=True)]
            shown = [t.rjust(w - 2) if j == right else t.center(w - 2) if heads[j] == "Trainable" else t.ljust(w - 2)
                     for j, (t, w) in enumerate(zip(texts, widths, strict=True))]  # fmt: skip
            yield edge + edge.join(f" {text} " for text in shown) + edge

    def rule(left, fill, cross, end):
        return left + cross.join(fill * w for w in widths) + end

    lines = [rule("┏", "━", "┳", "┓"), *cells(heads, "┃"), rule("┡", "━", "╇", "┩")]
    for i, row in enumerate(rows):
        lines += [rule("├", "─", "┼", "┤")] * (i > 0) + list(cells(row, "│"))
    return [*lines, rule("└", "─", "┴", "┘")]
