"""A line w · x + b on the five points: its error, the derivatives of the error, and descent.

What the lesson lets the reader write is here too, so that later cells don't depend on the exercises.
"""

import numpy as np

from minigrad.course.five_points import X_TRAIN, Y_TRAIN


def mse(prediction, y):
    """Return the mean of the squared differences.

    >>> mse(np.array([1.0, 2.0]), np.array([1.0, 4.0]))
    2.0
    """
    return float(((prediction - y) ** 2).mean())


def error(w, b, x=X_TRAIN, y=Y_TRAIN):
    """Return the mean squared error of the line.

    >>> f"{error(*best()):.2f}"
    '5.30'
    """
    return mse(w * x + b, y)


def slope(f, v, h=1e-4):
    """Return the derivative of f at v by a central difference.

    >>> f"{slope(lambda v: v**2, 3.0):.4f}"
    '6.0000'
    """
    return (f(v + h) - f(v - h)) / (2 * h)


def gradient(w, b, x=X_TRAIN, y=Y_TRAIN):
    """Return the derivatives of the error with respect to w and b, by their formulas.

    >>> dw, db = gradient(0.0, 0.0)
    >>> f"{dw:.1f} {db:.1f}"
    '-123.4 -20.4'
    """
    miss = w * x + b - y
    return (2 * miss * x).mean(), (2 * miss).mean()


def curvatures(x=X_TRAIN):
    """Return the matrix of second derivatives of the error, which are the same everywhere.

    >>> f"{np.linalg.eigvalsh(curvatures()).max():.2f}"
    '58.69'
    """
    return 2 * np.array([[(x * x).mean(), x.mean()], [x.mean(), 1.0]])


def best(x=X_TRAIN, y=Y_TRAIN):
    """Return the w and b with the least error, in closed form."""
    w, b = np.polyfit(x, y, 1)
    return float(w), float(b)


def descend(rate, steps, w=0.0, b=0.0, x=X_TRAIN, y=Y_TRAIN):
    """Return the (w, b) before the first step of gradient descent and after each, as rows.

    >>> path = descend(0.02, 500)
    >>> f"{error(*path[-1]):.2f}"
    '5.30'
    """
    path = [(w, b)]
    for _ in range(steps):
        dw, db = gradient(w, b, x, y)
        w, b = w - rate * dw, b - rate * db
        path.append((w, b))
    return np.array(path)


def descend_in_batches(rate, epochs, size, seed=0, x=X_TRAIN, y=Y_TRAIN):
    """Return the same for steps on `size` points at a time, in a new order each epoch: rows are epochs.

    >>> path = descend_in_batches(0.001, 2000, 2)
    >>> f"{error(*path[-1]):.1f}"
    '5.3'
    """
    random = np.random.default_rng(seed)
    w = b = 0.0
    path = [(w, b)]
    for _ in range(epochs):
        order = random.permutation(len(x))
        for start in range(0, len(x), size):
            batch = order[start : start + size]
            dw, db = gradient(w, b, x[batch], y[batch])
            w, b = w - rate * dw, b - rate * db
        path.append((w, b))
    return np.array(path)
