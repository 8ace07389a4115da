"""The table of a model: its layers, the shapes of their results, and how many numbers they learn."""

from collections import Counter

from ..nn.summary import table
from .layer import Layer, Operation


def summary(self, print_fn=print):
    """Print the model's layers, the shapes of their results, and their numbers of parameters.

    Where layers don't simply follow one another, it is shown which results each is called on, as `layer[call][result]`.
    """
    nodes = getattr(self, "_calls", ())
    rows = [["Layer (type)", "Output Shape", "Connected to", "Param #"]]
    for layer in self._layers if nodes else self.layers:
        kind = layer.kind if isinstance(layer, Operation) else type(layer).__name__
        sources = [x for node in layer._nodes if node in nodes for x in node.sources]
        connected = ", ".join(f"{x.node.layer.name}[{x.node.number}][{x.index}]" for x in sources)
        rows.append([f"{layer.name} ({kind})", _shape(layer), connected, _count(layer)])
    rows.append(["Total", "", "", f"{self.count_params():,}"])
    if _one_after_the_other(nodes, self._layers):
        rows = [[name, shape, count] for name, shape, _, count in rows]
    counts = {"Trainable": self.trainable_weights, "Non-trainable": self.non_trainable_weights}
    if self.optimizer is not None and self.optimizer.built:
        counts["Optimizer"] = self.optimizer.variables
    lines = [f"{name} params: {sum(w.value.size for w in weights):,}" for name, weights in counts.items()]
    print_fn("\n".join([f'Model: "{self.name}"', table(rows), *lines]))


def _one_after_the_other(nodes, layers):
    """Whether every call is of another layer, on the one result of the call before."""
    followers = Counter(id(x) for node in nodes for x in node.sources)
    single = all(len(node.sources) == 1 for node in nodes) and len(nodes) == len(layers) - 1
    return not nodes or (single and max(followers.values()) == 1)


def _shape(layer):
    """The shape of the result, seen when the model was put together, or tried for the input that was seen."""
    try:
        if layer._nodes:
            shapes = [y.shape for y in layer._nodes[-1].outputs]
        else:
            shape = layer.compute_output_shape((None, *layer.seen[1:]))
            shapes = shape if isinstance(shape, list) else [shape]
    except Exception:  # a layer of one's own may not like zeros: that is no reason to show nothing
        return "?"
    return ", ".join(map(str, shapes))


def _count(layer):
    unbuilt = not layer.built and type(layer).build is not Layer.build
    return "0 (unbuilt)" if unbuilt else f"{layer.count_params():,}"
