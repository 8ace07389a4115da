"""Figures: PNG bytes with words that say the same, and colours that all readers can tell apart."""

import io
from itertools import combinations

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from minigrad.course import figures
from minigrad.course import five_points as fp

LINE, CURVE = fp.State(2).weights(), fp.State(7).weights()


@pytest.fixture(
    params=[
        figures.puzzle,
        figures.summary,
        lambda: figures.fits(LINE, CURVE),
        lambda: figures.twins(CURVE, CURVE + 1),
        lambda: figures.path(np.linspace(30, 0, 2000), np.linspace(30, 20, 2000), rival=5.1),
        lambda: figures.explorer(fp.State()),
    ],
    ids=["puzzle", "summary", "fits", "twins", "path", "explorer"],
)
def picture(request):
    return request.param()


def test_a_picture_is_a_png_of_modest_size_with_words(picture):
    image = Image.open(io.BytesIO(picture.png))
    assert image.format == "PNG"
    assert len(picture.png) < 150_000
    assert image.width == pytest.approx(picture.width * 1.5, abs=2)
    assert len(picture.alt.split()) > 10
    assert image.info["Description"] == picture.alt


def test_a_notebook_gets_the_words_with_the_picture(picture, monkeypatch):
    calls = []
    monkeypatch.setattr("IPython.display.display", lambda data, **options: calls.append((data, options)))
    picture._ipython_display_()
    (png, options), (caption, _) = calls
    assert png["image/png"] == picture.png
    assert options["metadata"]["image/png"]["alt"] == picture.alt
    assert picture.alt in caption["text/html"]


def test_the_explorer_says_the_errors_it_draws():
    words = figures.explorer(fp.State(7)).alt
    assert "training error 0.00" in words
    assert "validation error 19.92" in words


def luminance(colour):
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("colour", [figures.INK, figures.TRAINING, figures.VALIDATION, figures.LINE, figures.CURVE])
def test_text_in_any_colour_is_readable(colour):
    assert (luminance(figures.PAPER) + 0.05) / (luminance(colour) + 0.05) >= 4.5  # WCAG AA


# Red-green blindness of both kinds, complete, in linear RGB: Viénot, Brettel and Mollon (1999).
BLINDNESS = {
    "none": np.eye(3),
    "protanopia": np.array([[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]]),
    "deuteranopia": np.array([[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]]),
}


@pytest.mark.parametrize("kind", BLINDNESS)
@pytest.mark.parametrize(
    "pair", [*combinations([figures.TRAINING, figures.VALIDATION, figures.INK], 2), (figures.LINE, figures.CURVE)]
)
def test_colours_that_meet_in_a_panel_stay_apart(pair, kind):
    seen = [np.clip(BLINDNESS[kind] @ np.array(to_rgb(c)) ** 2.2, 0, 1) ** (1 / 2.2) for c in pair]
    assert np.linalg.norm(seen[0] - seen[1]) > 0.25


@pytest.mark.parametrize("errors", [[0.0] * 14, [1e9] * 14, [*range(13), 1e6]])
def test_the_errors_axis_always_ends_somewhere(errors):
    assert figures.ceiling(errors) >= sorted(errors)[-3]
