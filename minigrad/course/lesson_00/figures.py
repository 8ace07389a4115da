"""The picture of lesson 00: a curve, a point on it, and the straight line that touches it there."""

from dataclasses import dataclass

import numpy as np

from minigrad.course.figures import CURVE, INK, LINE, TRAINING, Picture, drawing, heading, picture


def f(x, y):
    """The expression that returns in every lesson.

    >>> f(3, 4)
    42
    """
    return x * x * y + y + 2


@dataclass(frozen=True)
class Touch:
    """Where the line touches; y stays 4."""

    x: float = 3.0


def tangent(state: Touch) -> Picture:
    """Draw f(x, 4) and the line that touches it at the state's x; its slope is the derivative, 2 · x · 4."""
    x, height, slope = state.x, f(state.x, 4), 2 * state.x * 4
    grid = np.linspace(-1, 5, 200)
    with drawing("A", 7, 3.6) as (figure, (axes,)):
        axes.plot(grid, f(grid, 4), color=CURVE)
        axes.plot(grid, height + slope * (grid - x), "--", color=LINE, linewidth=1.8)
        axes.plot(x, height, "o", color=TRAINING, markersize=9)
        axes.plot([x, x + 1, x + 1], [height, height, height + slope], color=INK, linewidth=1)
        axes.annotate("1", (x + 0.5, height), (0, -13), textcoords="offset points", ha="center")
        axes.annotate(f"{slope:+.0f}", (x + 1, height + slope / 2), (5, -4), textcoords="offset points")
        axes.set(xlim=(-1, 5), ylim=(-20, 110), xlabel="x")
        heading(axes, ("f(x, 4)", CURVE), (f"at x = {x:g} it is {height:g}", TRAINING), (f"slope {slope:g}", LINE))
        alt = (
            f"The curve of f(x, 4) against x. At x = {x:g} its height is {height:g}, and the straight line that "
            f"touches it there has slope {slope:g}: a step to the right along it changes the height by {slope:g}."
        )
        return picture(figure, alt)
