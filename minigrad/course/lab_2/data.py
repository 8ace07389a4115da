"""The digits of lab 2, and a split of them that the criteria trust."""

from functools import cache

import numpy as np


@cache
def digits() -> tuple[np.ndarray, np.ndarray]:
    """Return 1,797 images as rows of 64 amounts of ink from 0 to 16, and their labels.

    >>> x, labels = digits()
    >>> x.shape, float(x.max()), labels[:5]
    ((1797, 64), 16.0, array([0, 1, 2, 3, 4]))
    """
    from sklearn.datasets import load_digits

    x, labels = load_digits(return_X_y=True)
    return x, labels.astype(int)


def parts(seed: int) -> tuple[np.ndarray, ...]:
    """Return training, validation and test set as six arrays, ink from 0 to 1, every digit in each in proportion.

    >>> [len(part) for part in parts(0)]
    [1078, 1078, 359, 359, 360, 360]
    """
    from sklearn.model_selection import train_test_split

    x, labels = digits()
    x = x / 16
    x_train, x_rest, y_train, y_rest = train_test_split(x, labels, test_size=0.4, random_state=seed, stratify=labels)
    x_val, x_test, y_val, y_test = train_test_split(x_rest, y_rest, test_size=0.5, random_state=seed, stratify=y_rest)
    return x_train, y_train, x_val, y_val, x_test, y_test


def town(seed: int) -> tuple[np.ndarray, ...]:
    """Return five images of each digit, their labels, and a whole validation set, ink from 0 to 1.

    >>> [len(part) for part in town(0)]
    [50, 50, 359, 359]
    """
    x, y, x_val, y_val, _, _ = parts(seed)
    few = np.concatenate([np.flatnonzero(y == digit)[:5] for digit in range(10)])
    return x[few], y[few], x_val, y_val
