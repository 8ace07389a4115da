"""One face for the networks of every framework: how many parameters, which weights, what comes out.

A network is what a learner built: a `Module` of minigrad or PyTorch, a Keras model (the real one or minigrad's), or an
object of their own that can be called on an array and has `parameters()`. The checks of the labs look into networks
only through the functions here, and get plain numbers and NumPy arrays.
"""

from typing import Any

import numpy as np

from minigrad.course.comparing import NotYet


def parameters(model: Any) -> int:
    """Count the numbers that training may change.

    >>> from minigrad import nn
    >>> parameters(nn.Linear(4, 3))
    15
    """
    return sum(array.size for array in trained(model))


def layers(model: Any) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return copies of weights and biases, one pair for each dense layer, in order.

    Weights have the shape (inputs, neurons) whatever the framework keeps. A layer without biases gets zeros.

    >>> from minigrad import nn
    >>> [(W.shape, b.shape) for W, b in layers(nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3)))]
    [((4, 8), (8,)), ((8, 3), (3,))]
    """
    arrays, by_torch, pairs = trained(model), not hasattr(model, "get_weights"), []
    while arrays:
        weights = arrays.pop(0)
        if weights.ndim != 2:
            raise NotYet("a network of dense layers was expected: for each a matrix of weights, then its biases.")
        biases = arrays.pop(0) if arrays and arrays[0].ndim < 2 else None
        rows, columns = weights.shape
        # PyTorch keeps (neurons, inputs). Only an own layer can be the other way round, and its biases tell.
        if by_torch and (biases is None or rows == columns or biases.size == rows):
            weights = weights.T
        pairs.append((weights, np.zeros(weights.shape[1]) if biases is None else biases.ravel()))
    return pairs


def outputs(model: Any, x: Any, training: bool = False) -> np.ndarray:
    """Return what a network itself makes of the rows of x: logits or probabilities, as it was built.

    With `training=True` dropout is on, as in training. The network's own mode is left as it was.
    """
    x = np.asarray(x, dtype=np.float32)
    if hasattr(model, "get_weights"):
        return plain(model(x, training=training))
    framework = home(model)
    if framework:
        x = framework.tensor(x, dtype=next((weight.dtype for weight in model.parameters()), framework.float32))
    before = getattr(model, "training", None)
    if before is not None:
        model.train(training)
    try:
        return plain(model(x))
    finally:
        if before is not None:
            model.train(before)


def home(model: Any) -> Any:
    """Return the framework a Module belongs to, minigrad or torch, or None for an object of the learner's own."""
    names = {kind.__module__.partition(".")[0] for kind in type(model).__mro__}
    for name in ("minigrad", "torch"):
        if name in names:
            return __import__(name)
    return None


def trained(model: Any) -> list[np.ndarray]:
    """Return copies of the trainable arrays of a network, in order."""
    if hasattr(model, "trainable_weights"):
        return [plain(weight) for weight in model.trainable_weights]
    if hasattr(model, "parameters"):
        return [plain(weight) for weight in model.parameters()]
    raise NotYet(f"a network was expected; this is of type `{type(model).__name__}`.")


def plain(value: Any) -> np.ndarray:
    """Return a copy of a tensor of any framework as a NumPy array."""
    if hasattr(value, "detach"):
        value = value.detach().cpu()
    return np.array(value.numpy() if hasattr(value, "numpy") else value, dtype=float)
