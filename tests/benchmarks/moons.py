"""One step of micrograd's own demonstration: two half moons of N points, a perceptron 2-16-16-1 of scalars, hinge loss
with a penalty on the weights, gradient descent.

The same program for all: what differs is where the network comes from.
"""

import numpy as np


def minigrad(n):
    """`minigrad.scalar.MLP`, whose neurons record one node for their weighted sum."""
    from minigrad import scalar

    return _demo(scalar.MLP(2, [16, 16, 1]), n)


def minigrad_single(n):
    """minigrad with neurons composed of single multiplications and additions."""
    from minigrad import scalar

    class Composed(scalar.MLP):
        def __call__(self, x):
            for layer in self.layers:
                x = [neuron.composed(x) for neuron in layer.neurons]
            return x[0]

    return _demo(Composed(2, [16, 16, 1]), n)


def micrograd(n):
    """micrograd itself."""
    from micrograd.nn import MLP

    return _demo(MLP(2, [16, 16, 1]), n)


def _moons(n):
    random, angles = np.random.default_rng(0), np.linspace(0, np.pi, n // 2)
    upper, lower = [np.cos(angles), np.sin(angles)], [1 - np.cos(angles), 0.5 - np.sin(angles)]
    points = np.concatenate([upper, lower], axis=1).T + random.normal(0, 0.1, (n, 2))
    return points.tolist(), np.repeat([-1.0, 1.0], n // 2).tolist()


def _demo(model, n):
    x, y = _moons(n)
    random = np.random.default_rng(1)
    for p in model.parameters():
        p.data = random.uniform(-1, 1)

    def step():
        scores = [model(point) for point in x]
        losses = [(1 + -label * score).relu() for label, score in zip(y, scores, strict=True)]
        loss = sum(losses) * (1 / n) + 1e-4 * sum(p * p for p in model.parameters())
        model.zero_grad()
        loss.backward()
        for p in model.parameters():
            p.data -= 0.1 * p.grad
        return loss.data

    return [step() for _ in range(2)], step, 1
