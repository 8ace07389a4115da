"""A framework as one writes it without automatic differentiation: every derivative is a line of its own.

Layers of NumPy with `forward` and `backward`, the XOR data they are trained on, and the check of a
gradient by central differences. Lesson 02 writes all of this in its cells; lesson 03 does without.
"""

import copy
from collections.abc import Callable, Iterator
from functools import cache

import numpy as np


def xor(per_corner=10, spread=0.3, seed=0):
    """Return forty readings of two switches, and whether the lamp is off or on as one-hot rows.

    The lamp is on where exactly one switch is up. Each corner mirrors the others, so that no straight
    line is better than always saying fifty-fifty.

    >>> x, Y = xor()
    >>> x.shape, Y.shape, Y.mean(axis=0)
    ((40, 2), (40, 2), array([0.5, 0.5]))
    """
    corner = 1 + spread * np.random.default_rng(seed).normal(size=(per_corner, 2))
    x = np.concatenate([corner * signs for signs in ((-1, -1), (1, 1), (-1, 1), (1, -1))])
    on = np.repeat([0, 0, 1, 1], per_corner)
    return x, np.eye(2)[on]


# The rules of activations. x went in, y came out, g is the gradient that arrives.


def relu_backward(g, x, y):
    """Let the gradient through where the input was positive."""
    return g * (x > 0)


def tanh_backward(g, x, y):
    """Multiply by the slope of tanh, written with its value."""
    return g * (1 - y * y)


def sigmoid_backward(g, x, y):
    """Multiply by the slope of the sigmoid, written with its value."""
    return g * y * (1 - y)


def relu(x):
    """Return x where it is positive, else 0."""
    return np.maximum(x, 0)


def sigmoid(x):
    """Return 1 / (1 + e^-x)."""
    return 1 / (1 + np.exp(-x))


RULES: dict[str, tuple[Callable, Callable]] = {
    "tanh": (np.tanh, tanh_backward),
    "ReLU": (relu, relu_backward),
    "sigmoid": (sigmoid, sigmoid_backward),
}


class Activation:
    """A function of each number, and its rule for going back."""

    def __init__(self, value, rule):
        self.value, self.rule = value, rule

    def forward(self, x):
        self.x, self.y = x, self.value(x)
        return self.y

    def backward(self, g):
        return self.rule(g, self.x, self.y)


class Linear:
    """x @ W + b; `backward` leaves the gradients in dW and db, and returns that of x."""

    def __init__(self, W, b):
        self.W, self.b = W, b

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, g):
        self.dW = self.x.T @ g
        self.db = g.sum(axis=0)
        return g @ self.W.T


def softmax(z):
    """Turn each row of scores into probabilities.

    >>> softmax(np.array([[1000.0, 1000.0]]))
    array([[0.5, 0.5]])
    """
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


class SoftmaxCrossEntropy:
    """The mean of -ln(probability of the true class), and its gradient for the scores."""

    def forward(self, z, Y):
        self.p, self.Y = softmax(z), Y
        return -(Y * np.log(self.p)).sum(axis=1).mean()

    def backward(self):
        return (self.p - self.Y) / len(self.Y)


class Network:
    """Layers one after the other, and a loss at their end."""

    def __init__(self, *layers):
        self.layers, self.loss = layers, SoftmaxCrossEntropy()

    def forward(self, x, Y):
        for layer in self.layers:
            x = layer.forward(x)
        return self.loss.forward(x, Y)

    def backward(self):
        g = self.loss.backward()
        for layer in reversed(self.layers):
            g = layer.backward(g)


def two_layers(hidden=4, value=np.tanh, rule=tanh_backward, seed=0):
    """Make a network of two layers with random weights."""
    rng = np.random.default_rng(seed)
    W1, b1 = rng.normal(size=(2, hidden)), np.zeros(hidden)
    W2, b2 = rng.normal(size=(hidden, 2)), np.zeros(2)
    return Network(Linear(W1, b1), Activation(value, rule), Linear(W2, b2))


def one_layer(seed=0):
    """Make a network of a single layer with random weights."""
    rng = np.random.default_rng(seed)
    return Network(Linear(rng.normal(size=(2, 2)), np.zeros(2)))


def train(network, x, Y, epochs=100, rate=0.2, batch=8) -> Iterator[float]:
    """Train in batches; yield the loss on all points before the first epoch and after each."""
    rng = np.random.default_rng(0)
    yield network.forward(x, Y)
    for _ in range(epochs):
        for rows in rng.permutation(len(x)).reshape(-1, batch):
            network.forward(x[rows], Y[rows])
            network.backward()
            for layer in network.layers[::2]:  # every second one is Linear
                layer.W -= rate * layer.dW
                layer.b -= rate * layer.db
        yield network.forward(x, Y)


def probability(network, x):
    """Return how probable the network finds it, at each point, that the lamp is on."""
    for layer in network.layers:
        x = layer.forward(x)
    return softmax(x)[:, 1]


@cache
def trained(hidden=4, activation="tanh", seed=0) -> tuple[list[Network], list[float]]:
    """Return the network and its loss before the first epoch and after each; 0 hidden neurons mean one layer."""
    x, Y = xor()
    network = two_layers(hidden, *RULES[activation], seed=seed) if hidden else one_layer(seed)
    networks, losses = [], []
    for loss in train(network, x, Y):
        networks.append(copy.deepcopy(network))
        losses.append(float(loss))
    return networks, losses


def numeric_gradient(loss, array, h=1e-5):
    """Return the gradient of loss() for an array by central differences: two calls for every number in it.

    >>> v = np.array([3.0, 4.0])
    >>> [f"{d:.2f}" for d in numeric_gradient(lambda: v[0] * v[0] * v[1] + v[1] + 2, v)]
    ['24.00', '10.00']
    """
    gradient = np.zeros_like(array)
    for i in np.ndindex(array.shape):
        old = array[i]
        array[i] = old + h
        above = loss()
        array[i] = old - h
        below = loss()
        array[i] = old
        gradient[i] = (above - below) / (2 * h)
    return gradient
