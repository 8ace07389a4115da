"""The figures of lesson 02: two switches and a lamp, the boundary between its classes, and what a gradient check sees.

A reading with the lamp off is a blue circle, one with the lamp on an orange diamond. The same two
colours say how sure a network is, and on which side a gradient is wrong; white is neither.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap

from minigrad.course import handmade
from minigrad.course.figures import INK, PAPER, TRAINING, VALIDATION, Picture, drawing, heading, picture

OFF, ON = TRAINING, VALIDATION  # the house's blue and orange; nothing is validated in this lesson
SHADES = LinearSegmentedColormap.from_list("off to on", [OFF, PAPER, ON])
AHEAD = "#b4bfca"  # what is still to come
WINDOW = 1.9
LINE = np.linspace(-WINDOW, WINDOW, 96)
PLANE = np.stack(np.meshgrid(LINE, LINE), axis=-1).reshape(-1, 2)
COIN = -np.log(0.5)  # the loss of always saying fifty-fifty

EPOCHS = (*range(10), *range(10, 30, 2), *range(30, 101, 5))


def draw_readings(axes: Axes, legend: bool = False) -> None:
    """Draw the forty readings of the two switches."""
    x, Y = handmade.xor()
    on = Y[:, 1] == 1
    axes.plot(*x[~on].T, "o", color=OFF, markeredgecolor=PAPER, label="lamp off")
    axes.plot(*x[on].T, "D", color=ON, markeredgecolor=PAPER, markersize=7, label="lamp on")
    axes.set(xlim=(-WINDOW, WINDOW), ylim=(-WINDOW, WINDOW), xlabel="switch downstairs", ylabel="switch upstairs")
    axes.set_xticks([-1, 1], ["down", "up"])
    axes.set_yticks([-1, 1], ["down", "up"], rotation=90, va="center")
    if legend:
        axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))


def puzzle() -> Picture:
    """Lesson 02 opens with this: four clouds of points that no straight line can part."""
    with drawing("A", 6, 4) as (figure, (axes,)):
        figure.subplots_adjust(right=0.72)
        draw_readings(axes, legend=True)
        alt = (
            "Forty readings of two switches, in four clouds at the corners of a square. Both down or both up: "
            "lamp off, blue circles. One up and one down: lamp on, orange diamonds. Clouds of one kind lie crosswise."
        )
        return picture(figure, alt)


def draw_boundary(axes: Axes, chance: Callable[[np.ndarray], np.ndarray]) -> None:
    """Shade the plane by the chance of "on" at its points, with a line where it is one half."""
    p = chance(PLANE).reshape(len(LINE), -1)
    axes.imshow(
        p, extent=(-WINDOW, WINDOW) * 2, origin="lower", aspect="auto", cmap=SHADES, vmin=-0.35, vmax=1.35, zorder=0
    )
    if p.min() < 0.5 < p.max():
        axes.contour(LINE, LINE, p, levels=[0.5], colors=INK, linewidths=2, zorder=1)
    draw_readings(axes)


def right(network: handmade.Network) -> int:
    """Count the readings on the right side of the boundary."""
    x, Y = handmade.xor()
    return int(np.sum((handmade.probability(network, x) > 0.5) == (Y[:, 1] == 1)))


def name_of(hidden: int) -> str:
    """Say how many layers, and how large."""
    return f"two layers, {hidden} hidden" if hidden else "one layer"


@dataclass(frozen=True)
class State:
    """What can be set in the explorer: hidden neurons (0: a single layer), activation, start, and epoch."""

    hidden: int = 4
    activation: str = "tanh"
    start: int = 0
    epoch: int = 0


def boundary(state: State) -> Picture:
    """Draw the boundary in some epoch, and the loss in all of them."""
    networks, losses = handmade.trained(state.hidden, state.activation, state.start)
    network, loss = networks[state.epoch], losses[state.epoch]
    with drawing("AB", 9, 4) as (figure, (left, beside)):
        draw_boundary(left, partial(handmade.probability, network))
        heading(left, (f"epoch {state.epoch} · {right(network)} of 40 right", INK))
        beside.axhline(COIN, color=INK, linestyle="--", linewidth=1.2)
        beside.text(97, COIN + 0.06, "always fifty-fifty: 0.69", ha="right")
        beside.plot(losses, color=AHEAD, linewidth=2)
        beside.plot(losses[: state.epoch + 1], color=ON)
        beside.plot(state.epoch, loss, "D", color=ON, clip_on=False)
        beside.set(xlim=(0, 100), ylim=(0, max(1.5, *losses) * 1.02), xlabel="epoch", ylabel="loss")
        heading(beside, (f"loss {loss:.2f}", ON))
        kind = f"{name_of(state.hidden)} {state.activation} neurons" if state.hidden else name_of(0)
        alt = f"{kind.capitalize()}, after epoch {state.epoch}: loss {loss:.2f}, {right(network)} of 40 readings right."
        return picture(figure, alt)


def summary(epochs: Sequence[int] = (0, 10, 100)) -> Picture:
    """Draw the explorer's message for readers who move no slider: one layer above, two below, as they train."""
    words = []
    with drawing("ABC;DEF", 9, 6.9) as (figure, panels):
        rows = ((0, panels[:3]), (4, panels[3:]))
        for hidden, row in rows:
            networks, losses = handmade.trained(hidden)
            for axes, epoch in zip(row, epochs, strict=True):
                draw_boundary(axes, partial(handmade.probability, networks[epoch]))
                heading(axes, (f"{'two layers' if hidden else 'one layer'}, epoch {epoch}: {losses[epoch]:.2f}", INK))
                axes.set_xlabel("switch downstairs" if hidden else "")
                axes.set_ylabel("switch upstairs" if axes is row[0] else "")
            numbers = ", ".join(f"{losses[epoch]:.2f}" for epoch in epochs)
            words.append(f"{name_of(hidden).capitalize()}: {numbers}.")
        alt = (
            f"The boundary and the loss after epochs {', '.join(map(str, epochs))}. {' '.join(words)} "
            "One layer draws a straight line, and ends by doubting everywhere. "
            "Two layers bend it into a band that holds one kind of reading."
        )
        return picture(figure, alt)


def verdict(gap: np.ndarray) -> str:
    """Say how large the largest difference is; below a hundred millionth it is what rounding leaves.

    >>> verdict(np.array([3e-11, 0])), verdict(np.array([0, -0.0371]))
    ('agrees', 'off by 0.037')
    """
    largest = np.abs(gap).max()
    return "agrees" if largest < 1e-8 else f"off by {largest:.3f}"


def draw_gap(axes: Axes, gap: np.ndarray, top: float, high: int, wide: int) -> None:
    """Draw one array in the upper left corner of a panel that holds high × wide cells."""
    axes.pcolormesh(gap, cmap=SHADES, vmin=-top, vmax=top, edgecolors=INK, linewidth=0.6, clip_on=False)
    axes.set(xlim=(-0.05, wide), ylim=(high, -0.05), aspect="equal", anchor="NW")


def heat_maps(rows: Mapping[str, Mapping[str, np.ndarray]]) -> Picture:
    """Draw analytic minus numeric gradient as heat maps: a row for each network, a panel for each of its arrays."""
    count = max(map(len, rows.values()))
    gaps = {row: {name: np.atleast_2d(gap) for name, gap in maps.items()} for row, maps in rows.items()}
    every = [gap for maps in gaps.values() for gap in maps.values()]
    top = max(1e-6, *(np.abs(gap).max() for gap in every))
    high, wide = (max(gap.shape[axis] for gap in every) for axis in (0, 1))
    letters = iter("ABCDEFGHIJKL")
    layout = ";".join("".join(next(letters) for _ in range(count)) for _ in gaps)
    words = []
    cell, above = min(0.4, 8 / (count * wide)), 0.8  # inches: a cell, and the words above a row
    width, height = 0.3 + count * (wide * cell + 0.5), len(gaps) * (high * cell + above) + 0.1
    with drawing(layout, width, height) as (figure, panels):
        figure.subplots_adjust(0.1 / width, 0.1 / height, 1 - 0.6 / width, 1 - above / height)
        figure.subplots_adjust(wspace=0.5 / (wide * cell), hspace=above / (high * cell))
        for number, (row, maps) in enumerate(gaps.items()):
            first = number * count
            panels[first].annotate(
                row, (0, 1), (0, 30), xycoords="axes fraction", textcoords="offset points", weight="bold"
            )
            for axes, (name, gap) in zip(panels[first:], maps.items(), strict=False):
                draw_gap(axes, gap, top, high, wide)
                axes.set_title(f"{name} {verdict(gap)}", loc="left", fontsize=10.5)
            for axes in panels[first : first + count]:
                axes.axis("off")
            words.append(f"{row.capitalize()}: {', '.join(f'{name} {verdict(gap)}' for name, gap in maps.items())}.")
        key = "white: agrees · orange: too high · blue: too low"
        figure.text(1 - 0.15 / width, 1 - 0.32 / height, key, ha="right", va="center")
        return picture(figure, f"Heat maps of gradients, derived minus numeric. {' '.join(words)}")
