"""The figures of lesson 03: slopes that nobody derived, what a gradient costs, a network without a derivative line."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from minigrad.course.figures import CURVE, INK, TRAINING, VALIDATION, Picture, drawing, heading, picture
from minigrad.course.lesson_02.figures import draw_boundary
from minigrad.course.lesson_03 import lamp
from minigrad.scalar import Scalar

PLACES = (0.2, 0.5, 0.8, 1.3, 1.7, 2.1, 2.5, 3.0, 3.6)
FASTER, SLOWER = TRAINING, VALIDATION
NAMES = {"nudging": ("nudging every input", SLOWER, "D"), "sweeping": ("one call, and a sweep back", FASTER, "o")}


def slope(f: Callable, place: float) -> tuple[float, float]:
    """The value and the derivative of a function of one Scalar.

    >>> slope(lambda x: x * x, 3.0)
    (9.0, 6.0)
    """
    x = Scalar(place)
    y = f(x)
    y.backward()
    return y.data, float(x.grad or 0)


def tangents(f: Callable[[Any], Any], places: Sequence[float] = PLACES) -> Picture:
    """Draw a function, and its tangents with the slopes that the engine finds."""
    found = [slope(f, place) for place in places]
    with drawing("A", 9, 3.6) as (figure, (axes,)):
        line = np.linspace(0, 4, 600)
        values = [float(f(Scalar(x))) for x in line]
        axes.plot(line, values, color=TRAINING)
        room = 0.12 * (max(values) - min(values))
        axes.set(xlim=(0, 4), ylim=(min(values) - room, max(values) + room), xlabel="x")
        heading(axes, ("strange(x)", TRAINING), ("and its slope at nine places", VALIDATION))
        box = axes.get_window_extent()
        across, up = box.width / 4, box.height / (max(values) - min(values) + 2 * room)  # pixels for a step of 1
        for x, (y, rise) in zip(places, found, strict=True):
            half = 26 / np.hypot(across, rise * up)
            axes.plot([x - half, x + half], [y - half * rise, y + half * rise], color=VALIDATION, linewidth=3, zorder=3)
            axes.plot(x, y, "o", color=VALIDATION, markersize=6, zorder=4)
        slopes = ", ".join(f"{rise:.2f} at {x:g}" for x, (_, rise) in zip(places, found, strict=True))
        return picture(
            figure,
            f"A curve that winds, with a corner where it is folded. Nine tangents touch it; their slopes: {slopes}.",
        )


def prices(found: Mapping[str, Sequence[tuple[int, float]]], sizes: Sequence[int]) -> Picture:
    """Draw calls and seconds for all derivatives of a function against the number of its inputs."""
    with drawing("AB", 9, 3.8) as (figure, (left, right)):
        figure.subplots_adjust(wspace=0.28)
        for way, (name, colour, marker) in NAMES.items():
            calls, seconds = zip(*found[way], strict=True)
            left.plot(sizes, calls, marker + "-", color=colour, markersize=6)
            right.plot(sizes, np.multiply(seconds, 1000), marker + "-", color=colour, markersize=6, label=name)
        for axes, words in ((left, "calls, counted"), (right, "milliseconds, measured here")):
            axes.set(xscale="log", yscale="log", xlabel="number of inputs")
            axes.set_xticks(sizes, [f"{n}" if i % 2 == 0 else "" for i, n in enumerate(sizes)])
            axes.set_xticks([], minor=True)
            axes.yaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:,.0f}" if v >= 1 else f"{v:g}"))
            heading(axes, (words, INK))
        alone = [1000 * seconds for _, seconds in found["calling"]]
        right.plot(sizes, alone, "--", color=INK, linewidth=1.4, label="one call alone")
        right.legend(loc="upper left", borderaxespad=0.2)
        left.annotate(
            f"{found['nudging'][-1][0]}",
            (sizes[-1], found["nudging"][-1][0]),
            (0, -18),
            textcoords="offset points",
            color=SLOWER,
            ha="center",
            weight="bold",
        )
        left.annotate("1", (sizes[-1], 1), (0, 8), textcoords="offset points", color=FASTER, ha="center", weight="bold")
        counted = {way: ", ".join(f"{calls}" for calls, _ in found[way]) for way in NAMES}
        alt = (
            f"For {', '.join(map(str, sizes))} inputs nudging needs {counted['nudging']} calls, a sweep back 1 each "
            "time. The times, measured on this machine, part in the same way. A call with the sweep takes a few times "
            "as long as a call alone, however many inputs there are."
        )
        return picture(figure, alt)


def draw_both(axes: Axes, ours: Sequence[float], theirs: Sequence[float]) -> None:
    """Draw two curves of losses of which the second lies on the first."""
    axes.plot(theirs, color="#c3ccd5", linewidth=8, solid_capstyle="round", label="lesson 02, derived by hand")
    axes.plot(ours, color=CURVE, linewidth=2.2, label="this lesson, nothing derived")
    axes.set(xlim=(0, len(ours) - 1), ylim=(0, None), xlabel="epoch", ylabel="loss")
    axes.legend(loc="upper right", handletextpad=1)


def twins(weights: Sequence[Any], ours: Sequence[float], theirs: Sequence[float]) -> Picture:
    """Draw the boundary of the network of Scalars, and its losses upon those of lesson 02."""
    gap = max(abs(a - b) for a, b in zip(ours, theirs, strict=True))
    with drawing("AB", 9, 4) as (figure, (left, right)):
        draw_boundary(left, partial(lamp.chance, weights))
        heading(left, (f"after epoch {len(ours) - 1}", INK))
        draw_both(right, ours, theirs)
        heading(right, (f"largest difference {gap:.6f}", CURVE))
        alt = (
            f"Left, the boundary after epoch {len(ours) - 1}: a band that holds the readings with the lamp on. Right, "
            f"the loss in each epoch falls from {ours[0]:.2f} to {ours[-1]:.2f}, and lies on the curve of lesson 02: "
            f"the largest difference is {gap:.6f}."
        )
        return picture(figure, alt)
