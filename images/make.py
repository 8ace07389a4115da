"""Make every picture in this folder again: `python images/make.py`.

With `--check` nothing is written: it says which pictures no longer look like what the code draws.
README.md in this folder, made along with them, is where their alt texts stand. The picture of the
widget is a photograph of it in JupyterLab, so it needs Chromium and is left as it is without one.
"""

import io
import shutil
import sys
import tempfile
from functools import cache
from importlib.util import find_spec
from itertools import islice
from pathlib import Path

import nbformat
import numpy as np
from PIL import Image, ImageChops, ImageOps
from PIL.PngImagePlugin import PngInfo

from minigrad import Scalar, draw
from minigrad.course import browser, figures
from minigrad.course import five_points as fp
from minigrad.course.lesson_02 import figures as backprop
from minigrad.draw import Drawing

HERE = Path(__file__).resolve().parent
TOLERANCE = 12  # of 255, see difference(): the smallest step of any slider makes 16


@cache
def descent(parameters: int) -> list[np.ndarray]:
    """The weights at steps 0 to 10,000, found by the engine."""
    return list(islice(fp.descend(fp.X_TRAIN, fp.Y_TRAIN, parameters), 10_001))


def fits() -> figures.Picture:
    return figures.fits(descent(2)[-1], descent(7)[-1])


def twins() -> figures.Picture:
    """Two curves without training error: they differ by a polynomial that is 0 at the five points."""
    vanishing = np.polynomial.Polynomial.fromroots((fp.X_TRAIN - 5) / 5).coef
    return figures.twins(descent(7)[-1], descent(7)[-1] + 100 * np.append(vanishing, 0))


def path() -> figures.Picture:
    training = [fp.error(w, fp.X_TRAIN, fp.Y_TRAIN) for w in descent(7)]
    validation = [fp.error(w, fp.X_VAL, fp.Y_VAL) for w in descent(7)]
    return figures.path(training, validation, rival=fp.error(descent(2)[-1], fp.X_VAL, fp.Y_VAL))


def widget() -> figures.Picture:
    """Photograph the overfitting explorer, set to 7 parameters, in JupyterLab."""
    cell = "from minigrad.course.widgets import OverfittingExplorer\n\nOverfittingExplorer(parameters=7)"
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "widget"
        folder.mkdir()
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell)])
        notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
        nbformat.write(notebook, folder / "widget.ipynb")
        with browser.jupyterlab(folder) as lab:
            page = lab.open("widget/widget.ipynb", width=1320, scale=2)
            lab.run_all(page)
            page.locator(".widget-html img").wait_for()
            page.wait_for_load_state("networkidle")
            view = page.locator(".jp-OutputArea-output .widget-vbox").screenshot()
    photograph = ImageOps.expand(Image.open(io.BytesIO(view)).convert("RGB"), border=36, fill="white")
    alt = (
        "The overfitting explorer: sliders for parameters, training points, noise, sample, ridge and steps of "
        "descent; the fitted curve; both errors against the number of parameters; and a table of them. "
        + figures.describe(fp.State(parameters=7))
    )
    words = PngInfo()
    words.add_text("Description", alt)
    file = io.BytesIO()
    photograph.quantize(128).save(file, "PNG", pnginfo=words)
    return figures.Picture(file.getvalue(), alt, photograph.width // 2, photograph.height // 2)


def graph() -> Drawing:
    """The course's recurring graph, x = 3 and y = 4, after backward."""
    x, y = Scalar(3.0, label="x"), Scalar(4.0, label="y")
    f = x * x * y + y + 2
    f.backward()
    return draw(f, names={"f": f})


DRAWINGS = {"graph": graph}  # SVG, the same to the last byte wherever they are made
PICTURES = {
    "overfitting_puzzle": figures.puzzle,
    "overfitting_fits": fits,
    "overfitting_twins": twins,
    "overfitting_path": path,
    "overfitting_summary": figures.summary,
    "overfitting_widget": widget,
    "backprop_boundaries": backprop.summary,
}


def why_no_photograph() -> str | None:
    """Why the widget can't be photographed here."""
    if not all(map(find_spec, ("playwright", "jupyterlab"))):
        return "playwright or jupyterlab is not installed"
    if not any(map(shutil.which, browser.CHROMIUM)):
        return "no Chromium on the PATH"
    return None


def words_in(png: bytes) -> str:
    """The alt text that a picture carries."""
    return Image.open(io.BytesIO(png)).info["Description"]


def difference(png: bytes, other: bytes) -> float:
    """How far apart two pictures look, from 0 to 255, where they differ most.

    Both are blurred first, so that another version of a font or of matplotlib counts for little and
    a point that has moved counts for much.
    """
    first, second = (Image.open(io.BytesIO(data)).convert("RGB") for data in (png, other))
    if first.size != second.size:
        return 255
    small = (first.width // 16, first.height // 16)
    gap = ImageChops.difference(first.resize(small, Image.Resampling.BOX), second.resize(small, Image.Resampling.BOX))
    return max(high for _, high in gap.getextrema())


def current(file: Path, picture: figures.Picture) -> bool:
    """Whether a file shows a picture, in the same words."""
    if not file.exists():
        return False
    png = file.read_bytes()
    return words_in(png) == picture.alt and difference(png, picture.png) <= TOLERANCE


def all_words() -> dict[str, str]:
    """The alt text of every file in this folder."""
    drawings = {f"{name}.svg": "; ".join(repr(make()).splitlines()) for name, make in DRAWINGS.items()}
    return {f"{name}.png": words_in((HERE / f"{name}.png").read_bytes()) for name in PICTURES} | drawings


def gallery(words: dict[str, str]) -> str:
    """README.md: every picture with its alt text."""
    pictures = "\n\n".join(f"## {Path(name).stem}\n\n![{alt}]({name})\n\n{alt}" for name, alt in words.items())
    return f"# Pictures\n\nMade by `python images/make.py`, these words too.\n\n{pictures}\n"


def main(check: bool) -> int:
    stale = []
    for name, make in PICTURES.items():
        file = HERE / f"{name}.png"
        if make is widget and (reason := why_no_photograph()):
            print(f"{name}: left as it is, {reason}")
            continue
        picture = make()
        if not check:
            file.write_bytes(picture.png)
        elif not current(file, picture):
            stale.append(name)
    for name, make in DRAWINGS.items():
        file = HERE / f"{name}.svg"
        if not check:
            file.write_text(make().svg, encoding="utf-8")
        elif not file.exists() or file.read_text(encoding="utf-8") != make().svg:
            stale.append(name)
    if not check:
        (HERE / "README.md").write_text(gallery(all_words()), encoding="utf-8")
    for name in stale:
        print(f"{name} is out of date: run python images/make.py")
    return len(stale)


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv))
