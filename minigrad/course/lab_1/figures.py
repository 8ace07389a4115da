"""The figures of lab 1."""

from collections.abc import Sequence

import numpy as np

from minigrad.course.figures import CURVE, INK, LINE, Picture, drawing, picture

NAMES = ("setosa", "versicolor", "virginica")
MEASURES = ("sepal length", "sepal width", "petal length", "petal width")  # in centimetres
LOOKS = ((LINE, "o"), ("#d98c00", "s"), (CURVE, "^"))  # a colour and a marker for each species


def pairs(x: np.ndarray, y: np.ndarray) -> Picture:
    """Draw each measure against each other, and on the diagonal how often each value occurs."""
    layout = ";".join(
        "".join(chr(65 + 4 * row + column) if column <= row else "." for column in range(4)) for row in range(4)
    )
    with drawing(layout, 9, 8.4) as (figure, panels):
        figure.subplots_adjust(left=0.08, right=0.98, bottom=0.07, top=0.97, wspace=0.12, hspace=0.12)
        places = [(row, column) for row in range(4) for column in range(row + 1)]
        for (row, column), axes in zip(places, panels, strict=True):
            low, high = x[:, column].min() - 0.3, x[:, column].max() + 0.3
            for label, (colour, marker) in enumerate(LOOKS):
                some = x[y == label]
                if row == column:
                    axes.hist(some[:, row], bins=np.linspace(low, high, 25), color=colour, alpha=0.75)
                else:
                    axes.plot(some[:, column], some[:, row], marker, color=colour, markersize=4, alpha=0.75, mew=0)
            axes.set_xlim(low, high)
            axes.tick_params(labelbottom=row == 3, labelleft=column == 0 and row > 0, left=column < row)
            axes.spines["left"].set_visible(column < row)
            if row == 3:
                axes.set_xlabel(f"{MEASURES[column]}, cm")
            if column == 0 and row:
                axes.set_ylabel(f"{MEASURES[row]}, cm")
            if row == column:
                axes.set_title(MEASURES[row], fontsize=10, color=INK)
        handles = [
            figure.axes[1].plot([], [], marker, color=colour, markersize=8, label=name)[0]
            for name, (colour, marker) in zip(NAMES, LOOKS, strict=True)
        ]
        figure.legend(handles=handles, loc="upper right", bbox_to_anchor=(0.96, 0.93), fontsize=12)
        alt = (
            "Each of four measures against each other, for 50 flowers of each species. Setosa lies far from the other "
            "two wherever a petal is measured. Versicolor and virginica touch: virginica's petals are larger, "
            "but some flowers of both lie on one another. The sepals alone hardly tell them apart."
        )
        return picture(figure, alt)


def missed(x: np.ndarray, y: np.ndarray, answers: Sequence[int]) -> Picture:
    """Draw flowers by their petals, unscaled, with a ring around each that was named wrongly."""
    wrong = np.asarray(answers) != y
    with drawing("A", 6.5, 4) as (figure, (axes,)):
        for label, (colour, marker) in enumerate(LOOKS):
            some = x[y == label]
            axes.plot(some[:, 2], some[:, 3], marker, color=colour, markersize=7, alpha=0.8, mew=0, label=NAMES[label])
        axes.plot(x[wrong, 2], x[wrong, 3], "o", markersize=15, mfc="none", mec=INK, mew=1.8, label="named wrongly")
        axes.set(xlabel="petal length, cm", ylabel="petal width, cm", xlim=(0.7, 7.2), ylim=(-0.1, 2.8))
        axes.legend(loc="upper left")
        said = [
            f"a {NAMES[right]} with petals of {length:.1f} by {width:.1f} cm named {NAMES[answer]}"
            for right, answer, (length, width) in zip(
                y[wrong], np.asarray(answers)[wrong], x[wrong][:, 2:], strict=True
            )
        ]
        alt = f"{len(y)} flowers by length and width of their petals. Named wrongly: {'; '.join(said) or 'none'}."
        return picture(figure, alt)
