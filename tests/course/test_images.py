"""The pictures in images/ are what the code draws now, and every use of one has its words."""

import importlib.util
import re
from pathlib import Path

import pytest

from minigrad.course import figures
from minigrad.course.five_points import State

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def make():
    spec = importlib.util.spec_from_file_location("images_make", ROOT / "images" / "make.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


NAMES = [file.stem for file in sorted((ROOT / "images").glob("*.png"))]


def test_every_picture_is_made_by_the_script(make):
    assert sorted(make.PICTURES) == NAMES


@pytest.mark.parametrize("name", [name for name in NAMES if name != "overfitting_widget"])
def test_a_picture_is_current(make, name):
    assert make.current(ROOT / "images" / f"{name}.png", make.PICTURES[name]())


@pytest.mark.browser
def test_the_photograph_of_the_widget_is_current(make):
    assert make.current(ROOT / "images" / "overfitting_widget.png", make.widget())


def test_the_words_of_the_photograph_are_current_even_where_there_is_no_browser(make):
    words = make.words_in((ROOT / "images" / "overfitting_widget.png").read_bytes())
    assert words.endswith(figures.describe(State(parameters=7)))


def test_a_drawing_is_current(make):
    for name, drawn in make.DRAWINGS.items():
        assert (ROOT / "images" / f"{name}.svg").read_text(encoding="utf-8") == drawn().svg


def test_the_gallery_holds_every_picture_with_its_words(make):
    assert (ROOT / "images" / "README.md").read_text(encoding="utf-8") == make.gallery(make.all_words())


@pytest.mark.parametrize("other", [State(6), State(7, ridge=1e-6), State(7, noise=1.25), State(7, validation=False)])
def test_a_small_change_would_be_noticed(make, other):
    before, after = figures.explorer(State(7)).png, figures.explorer(other).png
    assert make.difference(before, before) == 0
    assert make.difference(before, after) > make.TOLERANCE


@pytest.mark.parametrize("document", ["README.md", "images/README.md"])
def test_every_use_of_a_picture_has_words(document):
    file = ROOT / document
    for words, target in re.findall(r"!\[([^\]]*)\]\(([^)\s]+)", file.read_text(encoding="utf-8")):
        assert words.strip(), f"{target} has no alt text"
        if "://" not in target:
            assert (file.parent / target).is_file(), f"{target} does not exist"
