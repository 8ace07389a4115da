"""The figures of lesson 01: lines through five points, a valley of errors, and paths down into it."""

from dataclasses import dataclass

import numpy as np
from matplotlib.ticker import FuncFormatter, MaxNLocator

from minigrad.course import five_points as fp
from minigrad.course.figures import (
    CURVE,
    GRID,
    INK,
    LINE,
    PALE,
    TRAINING,
    VALIDATION,
    X_LIMITS,
    Picture,
    drawing,
    heading,
    picture,
    shown,
)
from minigrad.course.lesson_01 import line

TWO_POINTS = (16.5 / 8, 3.5 - 16.5 / 8)  # the line through the first point and the last
RATES = ((0.0003, "too small", VALIDATION, "--"), (0.02, "right", LINE, "-"), (0.0345, "too large", CURVE, ":"))
W_LIMITS, B_LIMITS = (-1.5, 5.5), (-6.0, 8.0)


def draw_points(axes):
    """Draw the five points in the lesson's window."""
    axes.plot(fp.X_TRAIN, fp.Y_TRAIN, "o", color=TRAINING, zorder=4)
    axes.set(xlim=X_LIMITS, ylim=(-3, 27), xlabel="x", ylabel="y")
    axes.set_xticks(range(1, 10))


def draw_line(axes, w, b, colour):
    """Draw a line and how far it misses each point."""
    axes.plot(GRID, w * GRID + b, color=colour, zorder=3)
    axes.vlines(fp.X_TRAIN, fp.Y_TRAIN, w * fp.X_TRAIN + b, color=TRAINING, linewidth=1.4, zorder=2)


def tens(axes):
    """Make the errors' axis one on which each mark is ten times the last."""
    axes.set(yscale="log", ylim=(3, 3000))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda error, _: f"{error:,.0f}"))


def signed(slope):
    """Write a slope with its sign, a true minus where it is negative.

    >>> signed(-85.02), signed(58.0)
    ('−85', '+58')
    """
    return f"{slope:+.0f}".replace("-", "−")


def puzzle() -> Picture:
    """Draw two lines through the five points: one meets two of them, the other meets none."""
    with drawing("AB", 9, 3.6) as (figure, panels):
        for axes, (w, b), colour, name in zip(panels, (TWO_POINTS, line.best()), (VALIDATION, LINE), "AB", strict=True):
            draw_points(axes)
            axes.plot(GRID, w * GRID + b, color=colour)
            heading(axes, (f"line {name}", colour))
        alt = (
            "Five points, rising on the whole. Line A goes exactly through the first and the last of them. "
            "Line B is a little flatter, passes among the points, and goes through none."
        )
        return picture(figure, alt)


@dataclass(frozen=True)
class Hand:
    """A line as the hand sets it."""

    w: float = 0.0
    b: float = 10.0


def by_hand(state: Hand) -> Picture:
    """Draw a line, its misses, and its error in the heading."""
    w, b = state.w, state.b
    error = line.error(w, b)
    with drawing("A", 6.5, 3.7) as (figure, (axes,)):
        draw_points(axes)
        draw_line(axes, w, b, LINE)
        heading(axes, (f"{w:g} · x {'−' if b < 0 else '+'} {abs(b):g}", LINE), (f"error {shown(error)}", TRAINING))
        alt = f"The line with slope {w:g} and height {b:g} has error {shown(error)}. The smallest there is: 5.30."
        return picture(figure, alt)


def valley() -> Picture:
    """Draw the error against w alone, and two straight lines that touch it."""
    b = line.best()[1]
    grid = np.linspace(-1, 5, 200)
    with drawing("A", 7, 3.6) as (figure, (axes,)):
        axes.plot(grid, [line.error(w, b) for w in grid], color=CURVE)
        for w, colour in ((0.5, VALIDATION), (3.0, LINE)):
            dw, height = line.gradient(w, b)[0], line.error(w, b)
            axes.plot(w, height, "o", color=colour)
            near = np.array([w - 0.7, w + 0.7])
            axes.plot(near, height + dw * (near - w), "--", color=colour, linewidth=1.8)
            side = -1 if dw > 0 else 1
            axes.annotate(
                f"slope {signed(dw)}", (w, height), (side * 14, -4), textcoords="offset points", color=colour,
                ha="left" if side > 0 else "right", weight="bold",
            )  # fmt: skip
        axes.set(xlim=(-1, 5), ylim=(-10, 190), xlabel="slope w of the line (its height b stays 1.06)", ylabel="error")
        left, right = (line.gradient(w, b)[0] for w in (0.5, 3.0))
        alt = (
            f"The error against w is a valley with its floor at w = 1.99. At w = 0.5 its slope is {signed(left)}: "
            f"the error falls to the right. At w = 3 it is {signed(right)}: the error falls to the left."
        )
        return picture(figure, alt)


def across(w, b):
    """Return how far (w, b) lies from the floor in the direction in which the valley bends most.

    >>> f"{across(0.0, 0.0):.2f}"
    '-2.13'
    """
    direction = np.linalg.eigh(line.curvatures())[1][:, 1]
    direction = direction * np.sign(direction[0])  # to the right, whatever the library chose
    return float((np.array([w, b]) - line.best()) @ direction)


@dataclass(frozen=True)
class Descent:
    """A learning rate and how many steps were taken with it, from w = 0, b = 0."""

    rate: float = 0.02
    steps: int = 20


def descent(state: Descent) -> Picture:
    """Draw the path of descent on the error surface, and the error against the step."""
    path = line.descend(state.rate, state.steps)
    errors = [line.error(w, b) for w, b in path]
    w, b = np.meshgrid(np.linspace(*W_LIMITS, 80), np.linspace(*B_LIMITS, 80))
    misses = w[..., None] * fp.X_TRAIN + b[..., None] - fp.Y_TRAIN
    with drawing("AB", 9, 3.7) as (figure, (left, right)):
        levels = (6, 10, 20, 40, 80, 160, 320, 640)
        left.contour(w, b, (misses**2).mean(axis=-1), levels=levels, colors="#9aa7b3", linewidths=1)
        left.plot(*line.best(), "*", color=LINE, markersize=14, zorder=5)
        width = 1.4 if state.steps <= 20 else 0.7  # many steps would cover the map
        left.plot(*path.T, ".-", color=CURVE, linewidth=width, markersize=4 * width, zorder=4)
        left.plot(*path[-1], "o", color=CURVE, zorder=6)
        left.set(xlim=W_LIMITS, ylim=B_LIMITS, xlabel="w", ylabel="b")
        heading(left, ("lines of equal error", "#66717d"), ("the path", CURVE), ("the best", LINE))
        right.axhline(line.error(*line.best()), color=LINE, linestyle="--", linewidth=1.4)
        right.plot(errors, color=CURVE)
        right.plot(len(errors) - 1, errors[-1], "o", color=CURVE, clip_on=errors[-1] > 3000)
        right.set(xlim=(0, max(10, state.steps)), xlabel="step")
        right.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        tens(right)
        now = shown(errors[-1]) if errors[-1] < 1e6 else "huge"
        heading(right, (f"error {now}", CURVE), ("5.30", LINE))
        trend = "It falls at every step." if errors[-1] <= errors[0] else "It has grown: the steps overshoot."
        if state.steps == 0:
            trend = "No step was taken yet."
        alt = f"Learning rate {state.rate:g}, {state.steps} steps: from error {shown(errors[0])} to {now}. {trend}"
        return picture(figure, alt)


def rates() -> Picture:
    """Draw the error against the step for three learning rates, and the same steps across the valley."""
    curvature = np.linalg.eigvalsh(line.curvatures())[1]
    least, start = line.error(*line.best()), across(0.0, 0.0)
    with drawing("AB", 9, 3.8) as (figure, (left, right)):
        sentences = []
        grid = np.linspace(-1.9 * abs(start), 1.9 * abs(start), 200)
        right.plot(grid, least + curvature / 2 * grid**2, color=PALE, linewidth=5)
        for rate, name, colour, style in RATES:
            errors = [line.error(w, b) for w, b in line.descend(rate, 60)]
            left.plot(errors, style, color=colour)
            left.text(
                30,
                errors[30] * (1.9 if rate > 0.03 else 1.5),
                f"{name}: {rate:g}",
                color=colour,
                weight="bold",
                ha="center",
                va="bottom",
            )
            sentences.append(f"with {rate:g}, {name}, it is {shown(errors[-1])} after 60 steps")
            places = start * (1 - rate * curvature) ** np.arange(17)
            heights = least + curvature / 2 * places**2
            right.plot(places, heights, style, color=colour, marker=".", markersize=7, linewidth=1.2)
        left.axhline(least, color=PALE, zorder=0)
        left.set(xlim=(0, 60), xlabel="step")
        tens(left)
        heading(left, ("the error, for three learning rates", INK))
        left.text(59.5, 3.5, "5.30, the best a line can do", color=INK, ha="right")
        right.plot(start, least + curvature / 2 * start**2, "o", color=INK, zorder=5)
        right.set(ylim=(0, 420), xticks=[0], xticklabels=["the floor"])
        heading(right, ("the first 16 steps, across the valley", INK))
        alt = (
            f"The error against the step for three learning rates: {'; '.join(sentences)}. Across the valley the "
            "first creeps down one side, the second reaches the floor at once, and the third leaps from side to side, "
            "higher each time."
        )
        return picture(figure, alt)


def batches() -> Picture:
    """Draw the error against the epoch, for all points at once and for two at a time."""
    whole = [line.error(w, b) for w, b in line.descend(0.005, 40)]
    pairs = [line.error(w, b) for w, b in line.descend_in_batches(0.005, 40, 2)]
    with drawing("A", 8, 3.6) as (figure, (axes,)):
        axes.plot(whole, ".-", color=LINE, label="all five points: 1 update an epoch")
        axes.plot(pairs, ".-", color=CURVE, label="two at a time: 3 updates an epoch")
        axes.axhline(5.3, color=PALE, zorder=0)
        axes.set(xlim=(0, 40), ylim=(4, 12), xlabel="epoch", ylabel="error")
        axes.legend(loc="upper right")
        heading(axes, ("small batches: sooner down, then restless", INK))
        alt = (
            f"The error against the epoch, with learning rate 0.005. After 2 epochs it is {shown(whole[2])} with all "
            f"points at once and {shown(pairs[2])} with two at a time; after 40, {shown(whole[40])} and "
            f"{shown(pairs[40])}. Small batches get there sooner, and then jitter."
        )
        return picture(figure, alt)
