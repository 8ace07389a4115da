"""The five points: one small data set, and polynomials with 1 to 7 parameters fitted to it.

Everything here is a pure function of its arguments. The same fit is made in three ways that must
agree: step by step with the engine, any number of steps at once, and in closed form.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

import minigrad as mg

X_TRAIN, Y_TRAIN = np.array([1.0, 3, 4, 6, 9]), np.array([3.5, 10, 5, 12.5, 20])
X_VAL, Y_VAL = np.array([4.5, 7.0]), np.array([9.0, 18])

PARAMETERS = range(1, 8)
LEARNING_RATE, MOMENTUM = 0.3, 0.9

# With few points the ends stay and the middle goes first, so that a curve still has a width to span.
ORDER = np.array([0, 4, 2, 3, 1])


def features(x, parameters):
    """Return the columns 1, t, t², … of a polynomial, with t = (x - 5) / 5 so that powers stay small.

    >>> features([0, 5, 10], 3)
    array([[ 1., -1.,  1.],
           [ 1.,  0.,  0.],
           [ 1.,  1.,  1.]])
    """
    t = (np.asarray(x, dtype=float) - 5) / 5
    return t[:, None] ** np.arange(parameters)


def predict(weights, x):
    """Return the polynomial's value at each x."""
    return features(x, len(weights)) @ weights


def error(weights, x, y):
    """Return the mean squared error of a polynomial on the points (x, y).

    >>> f"{error([10.0, 10.0], X_VAL, Y_VAL):.2f}"
    '8.00'
    """
    return float(np.mean((predict(weights, x) - y) ** 2))


def least_squares(x, y, parameters, ridge=0.0):
    """Return the weights with the least sum of squares + ridge · |weights|², in closed form.

    Where many weights are equally good, they are the shortest such vector: the minimum norm.

    >>> line, curve = least_squares(X_TRAIN, Y_TRAIN, 2), least_squares(X_TRAIN, Y_TRAIN, 7)
    >>> f"{error(line, X_TRAIN, Y_TRAIN):.2f} {error(line, X_VAL, Y_VAL):.2f}"
    '5.30 5.10'
    >>> f"{error(curve, X_TRAIN, Y_TRAIN):.2f} {error(curve, X_VAL, Y_VAL):.2f}"
    '0.00 19.92'
    """
    return after_steps(x, y, parameters, math.inf, ridge)


def after_steps(x, y, parameters, steps, ridge=0.0):
    """Return the weights after so many steps of gradient descent from zero; inf means converged.

    One step is a linear map of the weights and their velocity, so k steps are its k-th power: a
    slider can jump to step 10,000 without walking there.

    >>> w = after_steps(X_TRAIN, Y_TRAIN, 7, steps=354)
    >>> f"{error(w, X_TRAIN, Y_TRAIN):.2f} {error(w, X_VAL, Y_VAL):.2f}"
    '1.42 1.99'
    """
    left, sizes, right = np.linalg.svd(features(x, parameters), full_matrices=False)
    seen = sizes > 1e-12 * sizes[0]  # no data speaks about the other directions: there w stays 0
    left, sizes, right = left[:, seen], sizes[seen], right[seen]
    target = sizes * (left.T @ y) / (sizes**2 + ridge)
    if steps == math.inf:
        return right.T @ target
    # Along each direction d = w - target and the velocity v move on their own:
    #   v ← momentum · v + curvature · d        d ← d - rate · v
    curvature = 2 * (sizes**2 + ridge) / len(y)
    step = np.empty((len(sizes), 2, 2))
    step[:, 0, 0], step[:, 0, 1] = 1 - LEARNING_RATE * curvature, -LEARNING_RATE * MOMENTUM
    step[:, 1, 0], step[:, 1, 1] = curvature, MOMENTUM
    remaining = np.linalg.matrix_power(step, int(steps))[:, 0, 0]
    return right.T @ (target - remaining * target)


def descend(x, y, parameters, ridge=0.0) -> Iterator[np.ndarray]:
    """Yield the weights before the first step and after each step of descent, made by the engine.

    >>> from itertools import islice
    >>> first = next(islice(descend(X_TRAIN, Y_TRAIN, 2), 1, None))
    >>> bool(np.allclose(first, after_steps(X_TRAIN, Y_TRAIN, 2, steps=1)))
    True
    """
    inputs = mg.tensor(features(x, parameters), dtype=mg.float64)
    targets = mg.tensor(y, dtype=mg.float64)
    w = mg.zeros(parameters, dtype=mg.float64, requires_grad=True)
    velocity = mg.zeros(parameters, dtype=mg.float64)
    while True:
        yield w.detach().numpy().copy()
        loss = (((inputs @ w - targets) ** 2).sum() + ridge * (w**2).sum()) / len(y)
        loss.backward()
        with mg.no_grad():
            velocity = MOMENTUM * velocity + w.grad
            w -= LEARNING_RATE * velocity
        w.grad = None


class Sample(NamedTuple):
    """Points to fit and points kept aside."""

    x_train: np.ndarray
    y_train: np.ndarray
    x_val: np.ndarray
    y_val: np.ndarray


def sample(points=5, noise=1.0, number=0) -> Sample:
    """Return sample `number`; number 0 with 5 points and noise 1 is the lesson's data, exactly.

    The truth behind every sample is the line that fits the five points best. In sample 0 the five
    points, and the two kept aside, lie off that line by `noise` times what they do in the lesson.
    Further points, and all other samples, draw their distance at random with the same spread.

    >>> [float(y) for y in sample().y_train]
    [3.5, 10.0, 5.0, 12.5, 20.0]
    >>> [len(s) for s in sample(points=12, number=3)]
    [12, 12, 2, 2]
    """
    truth = least_squares(X_TRAIN, Y_TRAIN, 2)
    spread = np.sqrt(error(truth, X_TRAIN, Y_TRAIN))
    x = X_TRAIN[ORDER][:points]
    while len(x) < points:  # each further point halves the widest gap
        gaps = np.diff(np.sort(x))
        x = np.append(x, np.sort(x)[gaps.argmax()] + gaps.max() / 2)
    rng = np.random.default_rng(number)
    y_val = predict(truth, X_VAL) + spread * rng.standard_normal(len(X_VAL))
    y = predict(truth, x) + spread * rng.standard_normal(points)
    if number == 0:
        y[: len(X_TRAIN)], y_val = Y_TRAIN[ORDER][:points], Y_VAL
    # Written as a mixture because 0 · truth + 1 · y is y to the last digit.
    y = (1 - noise) * predict(truth, x) + noise * y
    y_val = (1 - noise) * predict(truth, X_VAL) + noise * y_val
    by_x = np.argsort(x)
    return Sample(x[by_x], y[by_x], X_VAL, y_val)


@dataclass(frozen=True)
class State:
    """All that a learner can set in the explorer; the defaults are the lesson's line."""

    parameters: int = 2
    points: int = 5
    noise: float = 1.0
    number: int = 0
    ridge: float = 0.0
    steps: float = math.inf
    validation: bool = True

    def sample(self) -> Sample:
        """Return the points of this state."""
        return sample(self.points, self.noise, self.number)

    def weights(self, parameters: int | None = None) -> np.ndarray:
        """Return the fit of this state, or the one it would have with other `parameters`."""
        data = self.sample()
        count = self.parameters if parameters is None else parameters
        return after_steps(data.x_train, data.y_train, count, self.steps, self.ridge)

    def errors(self) -> list[tuple[float, float]]:
        """Return training and validation error for each number of parameters, 1 to 7.

        >>> [f"{training:.2f} {validation:.2f}" for training, validation in State().errors()][:3]
        ['34.66 31.14', '5.30 5.10', '4.47 6.37']
        """
        data = self.sample()
        fits = [self.weights(p) for p in PARAMETERS]
        return [(error(w, data.x_train, data.y_train), error(w, data.x_val, data.y_val)) for w in fits]
