"""The network of lesson 02 as plain numbers: its readings, start, batches and losses, for an engine to meet again."""

from collections.abc import Iterator, Sequence

import numpy as np

from minigrad.course import handmade

Reading = tuple[list[float], bool]


def readings() -> list[Reading]:
    """The forty readings: the two switches, and whether the lamp is on.

    >>> len(readings()), sum(lamp for _, lamp in readings())
    (40, 20)
    """
    x, Y = handmade.xor()
    return list(zip(x.tolist(), (Y[:, 1] == 1).tolist(), strict=True))


def start() -> list[float]:
    """The 22 numbers that lesson 02 starts from: W1 row by row, b1, W2 row by row, b2."""
    layers = handmade.two_layers().layers[::2]
    return [float(v) for layer in layers for v in (*layer.W.ravel(), *layer.b)]


def epochs(number: int, size: int = 8) -> Iterator[list[list[Reading]]]:
    """The batches of one epoch after the other, as lesson 02 draws them."""
    rows, rng = readings(), np.random.default_rng(0)
    for _ in range(number):
        yield [[rows[i] for i in batch] for batch in rng.permutation(len(rows)).reshape(-1, size)]


def losses_by_hand(number: int) -> list[float]:
    """The losses of lesson 02, before the first epoch and after each."""
    return handmade.trained()[1][: number + 1]


def chance(weights: Sequence[float], points: np.ndarray) -> np.ndarray:
    """How probable the network with these 22 numbers finds it, at each point, that the lamp is on."""
    w = np.array([float(v) for v in weights])
    hidden = np.tanh(points @ w[:8].reshape(2, 4) + w[8:12])
    return handmade.softmax(hidden @ w[12:20].reshape(4, 2) + w[20:])[:, 1]
