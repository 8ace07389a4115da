"""One look for every figure of the course, and the figures of lesson 09.

A figure leaves here as a `Picture`: PNG bytes and the words that say the same. The background is
always light, so that a picture reads the same in a light and in a dark theme. Training data are
blue circles, validation data orange diamonds: told apart by more than colour, and by colours that
colour-blind readers can tell apart.
"""

import io
import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from minigrad.course import five_points as fp

INK, PALE, PAPER = "#26303b", "#e3e8ed", "#ffffff"
TRAINING, VALIDATION = "#0072b2", "#bf5000"
LINE, CURVE = "#1b7837", "#7a2bbf"

STYLE: dict[str, Any] = {
    "axes.edgecolor": INK,
    "axes.facecolor": PAPER,
    "axes.labelcolor": INK,
    "axes.labelsize": 10,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.facecolor": PAPER,
    "font.family": "DejaVu Sans",  # matplotlib brings it along: the same letters on every machine
    "font.size": 10,
    "legend.frameon": False,
    "legend.fontsize": 9.5,
    "legend.handletextpad": 0.4,
    "lines.linewidth": 2.4,
    "lines.markersize": 8,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}
CSS_PIXELS, PRINTED_PIXELS = 96, 144  # per inch: printed larger than shown, for fine screens

# The same window in every figure: what moves is then the fit, not the axes.
X_LIMITS, Y_LIMITS = (0.4, 9.8), (-3, 30)
GRID = np.linspace(*X_LIMITS, 300)


@dataclass(frozen=True)
class Picture:
    """PNG bytes, the words that say the same, and the size in CSS pixels to show it at."""

    png: bytes
    alt: str
    width: int
    height: int

    def _ipython_display_(self):
        from IPython.display import display

        png = {"image/png": self.png, "text/plain": self.alt}
        display(png, metadata={"image/png": {"alt": self.alt, "width": self.width}}, raw=True)
        # JupyterLab drops the alt text of a PNG; written below the picture, everyone has it.
        style = f"max-width: {self.width}px; margin: 0; opacity: 0.8"
        display({"text/html": f'<p style="{style}">{escape(self.alt)}</p>'}, raw=True)


@contextmanager
def drawing(layout: str, width: float, height: float) -> Iterator[tuple[Figure, list[Axes]]]:
    """Give a figure of so many inches in the course's style, and its panels, one for each letter.

    "AB" is two panels side by side, "AB;CC" has a wide third one below them.
    """
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(width, height))
        # Fixed margins in inches: matplotlib's own layouts take half as long as the drawing.
        figure.subplots_adjust(0.62 / width, 0.56 / height, 1 - 0.3 / width, 1 - 0.45 / height, 0.18, 0.46)
        yield figure, list(figure.subplot_mosaic(layout).values())


def picture(figure: Figure, alt: str) -> Picture:
    """Print a figure to PNG."""
    file = io.BytesIO()
    # Description is PNG's own field for such words; Software would name matplotlib's version.
    words = {"Description": alt, "Software": None}
    figure.savefig(file, format="png", dpi=PRINTED_PIXELS, metadata=words)
    width, height = (round(inches * CSS_PIXELS) for inches in figure.get_size_inches())
    return Picture(file.getvalue(), alt, width, height)


def shown(error: float) -> str:
    """Write an error as the lessons do.

    >>> shown(5.2987), shown(123456.7)
    ('5.30', '123,457')
    """
    return f"{error:.2f}" if error < 1000 else f"{error:,.0f}"


def heading(axes: Axes, *pieces: tuple[str, str]) -> None:
    """Write (text, colour) pieces one after the other above a panel."""
    before: Any = axes.transAxes
    for i, (text, colour) in enumerate(pieces):
        end = min(i, 1)  # of the text before, from where a gap follows; the first begins with the panel
        before = axes.annotate(
            text,
            (end, 1.06),
            xytext=(14 * end, 0),
            xycoords=(before, axes.transAxes),
            textcoords="offset points",
            color=colour,
            weight="bold",
            annotation_clip=False,
        )


def draw_data(axes: Axes, data: fp.Sample, validation: bool = True) -> None:
    """Draw the points, in the window that all figures share."""
    axes.plot(data.x_train, data.y_train, "o", color=TRAINING, zorder=4, label="training points")
    if validation:
        axes.plot(data.x_val, data.y_val, "D", color=VALIDATION, zorder=4, label="validation points")
    axes.set(xlim=X_LIMITS, ylim=Y_LIMITS, xlabel="x", ylabel="y")
    axes.set_xticks(range(1, 10))
    axes.legend(loc="upper left", borderaxespad=0.2)


def draw_fit(axes: Axes, weights, data: fp.Sample, colour: str, validation: bool = True) -> None:
    """Draw a polynomial and the distances from the points to it, of which the error is made."""
    axes.plot(GRID, fp.predict(weights, GRID), color=colour, zorder=3)
    misses = [(data.x_train, data.y_train, TRAINING)]
    if validation:
        misses.append((data.x_val, data.y_val, VALIDATION))
    for x, y, colour in misses:
        axes.vlines(x, y, fp.predict(weights, x), color=colour, linewidth=1.4, zorder=2)


def ceiling(errors: Sequence[float]) -> float:
    """Choose where the errors' axis ends: from few values, so that it seldom jumps under a slider.

    One or two errors may lie above it, or a single huge one would press all others flat.

    >>> ceiling([30, 20, 5]), ceiling([300, 200, 90])
    (40, 100)
    """
    third = sorted(errors)[-3]
    tops = (top * 10**power for power in itertools.count() for top in (40, 100, 200))
    return next(top for top in tops if top >= third)


def draw_errors(axes: Axes, errors: Sequence[tuple[float, float]], mark: int | None = None) -> None:
    """Draw both errors against the number of parameters, 1, 2, …, and mark one number."""
    counts, top = np.arange(1, len(errors) + 1), ceiling([e for pair in errors for e in pair])
    curves = (("training error", TRAINING, "o"), ("validation error", VALIDATION, "D"))
    if mark is not None:
        axes.axvspan(mark - 0.3, mark + 0.3, color=PALE, linewidth=0)
    for (name, colour, marker), values in zip(curves, np.array(errors).T, strict=True):
        axes.plot(counts, np.minimum(values, top), marker + "-", color=colour, clip_on=False, label=name)
        for place in counts[values > top]:
            axes.annotate("higher", (place, top), (0, -14), textcoords="offset points", ha="center", color=colour)
    axes.set(xlim=(0.5, len(errors) + 0.5), ylim=(0, top), xlabel="number of parameters")
    axes.legend(loc="lower right", bbox_to_anchor=(1.02, 1), ncols=2, borderaxespad=0.2)


def puzzle() -> Picture:
    """Lesson 09 opens with this: two models of five points, and no hint of what is kept aside."""
    data = fp.sample()
    with drawing("AB", 9, 3.6) as (figure, panels):
        for axes, count, colour, name in zip(panels, (2, 7), (LINE, CURVE), ("model A", "model B"), strict=True):
            draw_data(axes, data, validation=False)
            axes.plot(GRID, fp.predict(fp.State(count).weights(), GRID), color=colour)
            heading(axes, (name, colour))
        alt = (
            "Five points rise from left to right. Model A is a straight line that passes near all of "
            "them and through none. Model B is a winding curve that passes through all five."
        )
        return picture(figure, alt)


def draw_model(axes: Axes, weights, data: fp.Sample, colour: str) -> str:
    """Draw a fit of the five points with both errors above it, and return the same in words."""
    training = shown(fp.error(weights, data.x_train, data.y_train))
    validation = shown(fp.error(weights, data.x_val, data.y_val))
    name = f"{len(weights)} parameters"
    draw_data(axes, data)
    draw_fit(axes, weights, data, colour)
    heading(axes, (name, colour), (f"training {training}", TRAINING), (f"validation {validation}", VALIDATION))
    return f"With {name} the training error is {training} and the validation error {validation}."


def fits(line, curve) -> Picture:
    """Draw two fits of the five points, with the points that neither was shown."""
    with drawing("AB", 9, 3.6) as (figure, (left, right)):
        first = draw_model(left, line, fp.sample(), LINE)
        second = draw_model(right, curve, fp.sample(), CURVE)
        return picture(figure, f"{first} {second}")


def twins(first, second) -> Picture:
    """Draw two polynomials in one panel: lesson 09's two curves without training error."""
    data = fp.sample()
    with drawing("A", 6, 3.6) as (figure, (axes,)):
        draw_data(axes, data)
        axes.plot(GRID, fp.predict(first, GRID), color=CURVE, label="the shortest weights")
        axes.plot(GRID, fp.predict(second, GRID), "--", color=LINE, label="other weights")
        axes.legend(loc="upper left", borderaxespad=0.2)
        errors = [shown(fp.error(w, data.x_val, data.y_val)) for w in (first, second)]
        alt = (
            "Two different curves pass through all five training points. "
            f"Their validation errors are {errors[0]} and {errors[1]}."
        )
        return picture(figure, alt)


def path(training: Sequence[float], validation: Sequence[float], rival: float) -> Picture:
    """Draw both errors against the step of descent, counted from 0, beside a rival's error."""
    steps, end = np.arange(len(training)), len(training)
    best = int(np.argmin(validation))
    with drawing("A", 8, 3.6) as (figure, (axes,)):
        axes.axhline(rival, color=LINE, linestyle="--", linewidth=1.6)
        axes.plot(steps, training, color=TRAINING)
        axes.plot(steps, validation, color=VALIDATION)
        axes.plot(best, validation[best], "D", color=VALIDATION, markersize=9)
        axes.set(xscale="log", xlim=(10, end), ylim=(0, 30), ylabel="error")
        axes.set_xlabel("step of gradient descent (each mark is ten times the last)")
        axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}"))
        labels = (
            (end, validation[-1] + 1, f"validation {shown(validation[-1])}", VALIDATION, "right"),
            (end, training[-1] + 0.8, f"training {shown(training[-1])}", TRAINING, "right"),
            (end, rival + 0.7, f"the line's validation {shown(rival)}", LINE, "right"),
            (best, 9.5, f"step {best}: {shown(validation[best])}", VALIDATION, "center"),
        )
        for x, y, text, colour, side in labels:
            axes.text(x, y, text, color=colour, ha=side, weight="bold")
        axes.plot([best, best], [validation[best], 9.2], color=VALIDATION, linewidth=1)
        alt = (
            f"Descent with 7 parameters. The training error falls to {shown(training[-1])}. The "
            f"validation error falls to {shown(validation[best])} at step {best}, then climbs to "
            f"{shown(validation[-1])}. The line stays at {shown(rival)}."
        )
        return picture(figure, alt)


def explorer(state: fp.State) -> Picture:
    """Draw what the overfitting explorer shows: the fit, and the errors of all seven."""
    data, errors = state.sample(), state.errors()
    training, validation = errors[state.parameters - 1]
    with drawing("AB", 9, 3.5) as (figure, (left, right)):
        draw_data(left, data, state.validation)
        draw_fit(left, state.weights(), data, INK, state.validation)
        heading(left, (f"training {shown(training)}", TRAINING), (f"validation {shown(validation)}", VALIDATION))
        draw_errors(right, errors, mark=state.parameters)
        return picture(figure, describe(state))


def describe(state: fp.State) -> str:
    """Say in words what the explorer shows in this state.

    >>> describe(fp.State(parameters=7))
    '7 parameters, 5 training points: training error 0.00, validation error 19.92. Of all seven, \
2 parameters have the lowest validation error, 5.10.'
    """
    errors = state.errors()
    training, validation = errors[state.parameters - 1]
    best = min(fp.PARAMETERS, key=lambda count: errors[count - 1][1])
    name = "parameter" if state.parameters == 1 else "parameters"
    return (
        f"{state.parameters} {name}, {state.points} training points: "
        f"training error {shown(training)}, validation error {shown(validation)}. "
        f"Of all seven, {best} {'parameter has' if best == 1 else 'parameters have'} "
        f"the lowest validation error, {shown(errors[best - 1][1])}."
    )


def summary() -> Picture:
    """Draw the explorer's message for readers who move no slider: 2, 7, and all seven at once."""
    errors = fp.State().errors()
    with drawing("AB;CC", 9, 6.6) as (figure, (left, right, below)):
        draw_model(left, fp.State(2).weights(), fp.sample(), LINE)
        draw_model(right, fp.State(7).weights(), fp.sample(), CURVE)
        draw_errors(below, errors)
        table = ", ".join(f"{shown(training)} and {shown(validation)}" for training, validation in errors)
        alt = (
            "Above, the line with 2 parameters and the curve with 7. Below, training and "
            f"validation error for 1 to 7 parameters: {table}."
        )
        return picture(figure, alt)
