"""What lab 1 is made of: its figures, its skeletons, and the words of its checks on what no submission has."""

import re
from pathlib import Path

import nbformat
import numpy as np
import pytest
from sklearn.datasets import load_iris

from minigrad.course import lab
from minigrad.course.lab_1 import exercises, figures
from minigrad.course.waiting import is_blank


@pytest.fixture(autouse=True)
def progress_file(tmp_path, monkeypatch):
    monkeypatch.setenv("MINIGRAD_PROGRESS", str(tmp_path / "progress.json"))


def test_the_trusted_split_is_one():
    arrays = exercises.parts(3)
    assert [len(part) for part in arrays[1::2]] == [90, 30, 30]
    assert all((np.bincount(labels) == len(labels) // 3).all() for labels in arrays[1::2])


def test_figures_say_what_they_show():
    x, y = load_iris(return_X_y=True)
    assert "Versicolor and virginica touch" in figures.pairs(x, y).alt
    assert figures.missed(x, y, y).alt.endswith("Named wrongly: none.")
    answers = np.where(np.arange(150) == 60, 2, y)
    assert "a versicolor with petals of 3.5 by 1.0 cm named virginica" in figures.missed(x, y, answers).alt


@pytest.mark.parametrize("name", dir(lab(1).check))
def test_a_skeleton_as_found_is_not_attempted(name):
    check = getattr(lab(1).check, name)
    names = check.__self__.names()
    assert repr(check(*(names.get(asked, max) for asked in check.__self__.asks))).startswith("○ Not attempted yet.")


def test_what_needs_a_skeletons_functions_waits():
    book = nbformat.read(Path(__file__).parents[3] / "lab" / "lab1_iris" / "lab1_iris.ipynb", as_version=4)
    waiting = [cell for cell in book.cells if "if ready(" in cell.source]
    assert len(waiting) == 5
    for cell in waiting:
        names = re.findall(r"\w+", cell.source.partition("if ready(")[2].partition(")")[0])
        (output,) = cell.outputs
        assert re.findall(r"`(\w+)`", output.data["text/plain"]) == names


def half(x, y, seed):
    a, b = ..., ...
    return x[:a], y[:a], x[a:b], y[a:b], x[b:], y[b:]


def written(x, y, seed):
    ...  # noqa: PIE790 - left above what was written
    return x[..., :1], y


def test_a_blank_that_is_left_is_shown():
    check = lab(1).check
    assert repr(check.q1(half)) == "✗ Not yet: a blank `...` is left to fill, in the line `a, b = ..., ...`."
    assert not is_blank(written)
    assert "six arrays" in repr(check.q1(written))
