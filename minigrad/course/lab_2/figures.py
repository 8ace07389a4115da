"""The figures of lab 2: handwritten digits, what a reader mistakes, and what its weights look like."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap

from minigrad.course.figures import CURVE, INK, PALE, PAPER, TRAINING, VALIDATION, Picture, drawing, heading, picture

SIDE = 8
GRAYS = LinearSegmentedColormap.from_list("paper to ink", [PAPER, INK])
SIGNS = LinearSegmentedColormap.from_list("against to for", [TRAINING, PAPER, VALIDATION])
MISTAKES = LinearSegmentedColormap.from_list("none to many", [PAPER, VALIDATION])
POSTCODE = (498, 1301, 891, 719, 1581)  # five digits of the data, not the easiest


def square(pixels) -> np.ndarray:
    """Return a row of pixels as an image; an image stays one."""
    pixels = np.asarray(pixels, float)
    side = round(pixels.size**0.5)
    return pixels.reshape(side, side)


def draw_image(axes: Axes, pixels, colours=GRAYS, top: float | None = None) -> None:
    """Draw one image in a panel of its own, with a thin frame and no numbers at its sides."""
    image = square(pixels)
    high = np.abs(image).max() or 1.0 if top is None else top
    low = -high if colours is SIGNS else 0
    axes.imshow(image, cmap=colours, vmin=low, vmax=high)
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set(visible=True, color=PALE)


def letters(rows: int, columns: int) -> str:
    """Lay out so many panels, for `drawing`.

    >>> letters(2, 3)
    'ABC;DEF'
    """
    names = [[chr(65 + column + row * columns) for column in range(columns)] for row in range(rows)]
    return ";".join("".join(row) for row in names)


def postcode() -> Picture:
    """The lab opens with this: the five digits of one envelope."""
    from sklearn.datasets import load_digits

    images, _ = load_digits(return_X_y=True)
    with drawing(letters(1, 5), 8, 1.9) as (figure, panels):
        figure.subplots_adjust(0.01, 0.02, 0.99, 0.98, 0.05)
        for axes, number in zip(panels, POSTCODE, strict=True):
            draw_image(axes, images[number], top=16)
        alt = "Five digits as a scanner saw them, each of 8 by 8 gray squares: blurred, and one has to look twice."
        return picture(figure, alt)


def examples(x, labels, each: int = 12) -> Picture:
    """Draw the first images of every digit, a row for each digit."""
    x, labels = np.asarray(x, float), np.asarray(labels)
    top = x.max()
    with drawing("A", 8, 6.6) as (figure, (axes,)):
        figure.subplots_adjust(0.05, 0.02, 0.99, 0.98)
        gap, side = 2, SIDE
        step = side + gap
        sheet = np.full((10 * step - gap, each * step - gap), np.nan)
        for digit in range(10):
            for column, number in enumerate(np.flatnonzero(labels == digit)[:each]):
                down, right = digit * step, column * step
                sheet[down : down + side, right : right + side] = square(x[number])
        axes.imshow(sheet, cmap=GRAYS, vmin=0, vmax=top)
        for digit in range(10):
            for column in range(each):
                box = (column * step - 0.5, digit * step - 0.5)
                axes.add_patch(_frame(box, side))
        axes.set_yticks([step * digit + (side - 1) / 2 for digit in range(10)], range(10), weight="bold", fontsize=13)
        axes.tick_params(length=0)
        axes.set_xticks([])
        for spine in axes.spines.values():
            spine.set_visible(False)
        alt = (
            f"{each} images of each digit from 0 to 9, a row for each digit. They are blurred and differ in slant, "
            "width and style: some sevens have a bar, some ones a foot, and some nines look like a three or a five."
        )
        return picture(figure, alt)


def _frame(corner: tuple[float, float], side: float):
    """A thin square around an image on a sheet."""
    from matplotlib.patches import Rectangle

    return Rectangle(corner, side, side, fill=False, edgecolor=PALE, linewidth=1)


def averages(images) -> Picture:
    """Draw the mean image of every digit."""
    with drawing(letters(2, 5), 8, 3.9) as (figure, panels):
        figure.subplots_adjust(0.01, 0.01, 0.99, 0.92, 0.06, 0.2)
        for digit, (axes, image) in enumerate(zip(panels, np.asarray(images, float), strict=True)):
            draw_image(axes, image)
            axes.set_title(digit, loc="left", fontsize=11, weight="bold", pad=3)
        alt = (
            "The mean images of the digits 0 to 9. Zero is a clear ring and six a clear loop; "
            "one, eight and nine are smeared, because people write them in more than one way."
        )
        return picture(figure, alt)


def weights(images) -> Picture:
    """Draw the weights that lead to each digit: orange speaks for it, blue against it."""
    images = np.asarray(images, float)
    top = float(np.abs(images).max())
    with drawing(letters(2, 5), 8, 4.2) as (figure, panels):
        figure.subplots_adjust(0.01, 0.01, 0.99, 0.86, 0.06, 0.2)
        for digit, (axes, image) in enumerate(zip(panels, images, strict=True)):
            draw_image(axes, image, SIGNS, top)
            axes.set_title(digit, loc="left", fontsize=11, weight="bold", pad=3)
        figure.text(0.01, 0.95, "orange: ink here speaks for the digit", color=VALIDATION, weight="bold")
        figure.text(0.45, 0.95, "blue: against it", color=TRAINING, weight="bold")
        middle = square(images[0])[3:5, 3:5].mean()
        words = "against" if middle < 0 else "for"
        alt = (
            "The 64 weights of each digit as an image, orange where ink speaks for the digit and blue where it speaks "
            f"against it. For 0, ink in the middle speaks {words} it. The largest weight is {top:.2f}."
        )
        return picture(figure, alt)


def confusion(matrix) -> Picture:
    """Draw a confusion matrix: the diagonal pale, mistakes in orange, numbers in all that is not 0."""
    matrix = np.asarray(matrix).astype(int)
    classes = len(matrix)
    wrong = matrix - np.diag(np.diag(matrix))
    with drawing("A", 5.6, 5) as (figure, (axes,)):
        figure.subplots_adjust(0.12, 0.12, 0.97, 0.9)
        axes.imshow(wrong, cmap=MISTAKES, vmin=0, vmax=max(3, wrong.max()))
        for i in range(classes):
            axes.add_patch(_filled((i - 0.5, i - 0.5)))
            for j in range(classes):
                if matrix[i, j]:
                    dark = i != j and matrix[i, j] > max(3, wrong.max()) / 2
                    look = {"weight": "normal" if i == j else "bold", "color": PAPER if dark else INK}
                    axes.text(j, i, int(matrix[i, j]), ha="center", va="center", **look)
        axes.set_xticks(range(classes))
        axes.set_yticks(range(classes))
        axes.tick_params(length=0)
        axes.set(xlabel="read as", ylabel="really")
        total = int(matrix.sum())
        heading(axes, (f"{total - int(wrong.sum())} of {total} right", INK), (f"{int(wrong.sum())} wrong", VALIDATION))
        really, read = np.unravel_index(wrong.argmax(), wrong.shape)
        times = "1 time" if wrong.max() == 1 else f"{wrong.max()} times"
        alone = wrong.any() and (wrong == wrong.max()).sum() == 1
        worst = f"The commonest mistake: {really} read as {read}, {times}." if alone else ""
        alt = f"Confusion matrix of {total} digits, {int(wrong.sum())} of them off the diagonal, read wrongly. {worst}"
        return picture(figure, alt.strip())


def _filled(corner: tuple[float, float]):
    """The pale square of a right answer."""
    from matplotlib.patches import Rectangle

    return Rectangle(corner, 1, 1, facecolor=PALE, edgecolor=PAPER)


def misread(x, labels, read, most: int = 10) -> Picture:
    """Draw digits that were read wrongly, and what they were taken for."""
    x, labels, read = np.asarray(x, float), np.asarray(labels), np.asarray(read)
    wrong = np.flatnonzero(labels != read)[:most]
    rows = 1 if len(wrong) <= 5 else 2
    with drawing(letters(rows, 5), 8, 2.1 * rows + 0.1) as (figure, panels):
        figure.subplots_adjust(0.01, 0.01, 0.99, 0.9 if rows == 2 else 0.84, 0.06, 0.2)
        for axes in panels:
            axes.axis("off")
        for axes, number in zip(panels, wrong, strict=False):
            axes.axis("on")
            draw_image(axes, x[number], top=float(x.max()))
            axes.set_title(f"{labels[number]} read as {read[number]}", loc="left", fontsize=10.5, pad=3)
        pairs = ", ".join(f"{labels[number]} as {read[number]}" for number in wrong) or "none"
        return picture(figure, f"Digits read wrongly, with what they are and what they were taken for: {pairs}.")


def growth(largest: Sequence[float], accuracy: Sequence[float] | None = None) -> Picture:
    """Draw the largest weight after every epoch, and beside it the accuracy on the validation set."""
    epochs = np.arange(1, len(largest) + 1)
    with drawing("AB" if accuracy is not None else "A", 9 if accuracy is not None else 6, 3.4) as (figure, panels):
        panels[0].plot(epochs, largest, color=CURVE)
        panels[0].set(xlim=(0, len(largest) + 1), ylim=(0, max(largest) * 1.08), xlabel="epoch")
        heading(panels[0], (f"largest weight {largest[-1]:.2f}", CURVE))
        alt = f"The largest weight grows from {largest[0]:.2f} in epoch 1 to {largest[-1]:.2f} in epoch {len(largest)}."
        if accuracy is not None:
            panels[1].plot(epochs, accuracy, color=VALIDATION)
            panels[1].set(xlim=(0, len(largest) + 1), ylim=(0.8, 1), xlabel="epoch")
            heading(panels[1], (f"validation accuracy {accuracy[-1]:.3f}", VALIDATION))
            alt += f" The validation accuracy is {accuracy[0]:.3f} at first and {accuracy[-1]:.3f} at the end."
        return picture(figure, alt)
