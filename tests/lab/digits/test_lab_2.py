"""What lab 2 is made of: its data, its figures, and the checks of its own tasks on slips that no submission has."""

import ast

import numpy as np
import pytest

from minigrad.course.lab_2 import exercises, figures
from minigrad.course.lab_2.data import digits, parts
from minigrad.course.lab_figures import curves
from minigrad.course.waiting import is_blank, ready


@pytest.fixture(autouse=True)
def progress_file(tmp_path, monkeypatch):
    monkeypatch.setenv("MINIGRAD_PROGRESS", str(tmp_path / "progress.json"))


def test_the_trusted_split_is_one():
    x, labels = digits()
    arrays = parts(4)
    assert sum(len(y) for y in arrays[1::2]) == len(labels)
    rows = np.concatenate(arrays[::2])
    np.testing.assert_allclose(np.sort(rows.sum(axis=1)), np.sort(x.sum(axis=1)) / 16)
    for y in arrays[1::2]:
        np.testing.assert_allclose(np.bincount(y) / len(y), np.bincount(labels) / len(labels), atol=0.004)


def test_figures_say_what_they_show():
    x, labels = digits()
    assert [labels[number] for number in figures.POSTCODE] == [7, 4, 2, 9, 8]  # as the notebook says
    assert "12 images of each digit" in figures.examples(x, labels).alt
    assert "mean images" in figures.averages(np.zeros((10, 64))).alt  # an all-white image is drawn too
    W = np.zeros((10, 8, 8))
    W[0, 3:5, 3:5] = -2
    assert "ink in the middle speaks against it. The largest weight is 2.00" in figures.weights(W).alt
    matrix = np.diag(np.full(10, 9))
    assert "0 of them off the diagonal" in figures.confusion(matrix).alt
    matrix[3, 8] = 4
    assert "The commonest mistake: 3 read as 8, 4 times." in figures.confusion(matrix).alt
    matrix[5, 6] = 4
    assert "commonest" not in figures.confusion(matrix).alt  # no more than another
    assert figures.misread(x[:20], labels[:20], labels[:20]).alt.endswith("none.")
    assert "3 as 8" in figures.misread(x[:20], labels[:20], np.where(labels[:20] == 3, 8, labels[:20])).alt
    assert "from 0.30 in epoch 1 to 2.00 in epoch 3" in figures.growth([0.3, 1.0, 2.0]).alt


def test_curves_mark_the_lowest_validation_loss():
    history = {
        "loss": [1, 0.5, 0.1],
        "val_loss": [1, 0.6, 0.9],
        "accuracy": [0.5, 0.8, 1],
        "val_accuracy": [0.5, 0.7, 0.7],
    }
    assert "to 0.60 in epoch 2 and ends at 0.90" in curves(history).alt


def test_a_cell_waits_for_what_is_blank(capsys, monkeypatch):
    def split(x, y, seed):
        return ...

    def scale(train, val, test):
        return ..., ..., ...

    def first(x):
        return x[..., 0]

    assert is_blank(split)
    assert is_blank(scale)
    assert not any(map(is_blank, (first, max, int, 3, lambda: 0.97)))
    assert not ready(first, split, scale)
    assert "waits for `split` and `scale`" in capsys.readouterr().out
    assert ready(first)
    monkeypatch.setenv("MINIGRAD_GRADING", "1")  # figures and tables only cost the grader's time
    assert not ready(first)
    assert not capsys.readouterr().out


def said(task, cell, *names):
    """What a task's check says of a cell."""
    found = {"np": np}
    exec(cell, found)
    return str(task("q1", "lab 2").verdict(*(found[name] for name in names)))


OFF_DIAGONAL = """
def confusion(labels, read, classes):
    table = np.zeros((classes, classes))
    np.add.at(table, (labels[labels != read], read[labels != read]), 1)
    return table
"""
SLIPS = (
    (exercises.Averages, "averages = lambda x, y: np.array([x[y == d].mean() for d in range(10)])", "one number"),
    (exercises.Averages, "averages = lambda x, y: np.array([np.median(x[y == d], 0) for d in range(10)])", "median"),
    (exercises.Averages, "averages = lambda x, y: np.tile(x.mean(0), (10, 1))", "off"),
    (exercises.Scale, "scale = lambda a, b, c: (a / 255, b / 255, c / 255)", "16, not 255"),
    (exercises.Scale, "scale = lambda a, b, c: (a, b, c)", "not divided yet"),
    (exercises.Scale, "scale = lambda a, b, c: a / 16", "three arrays"),
    (exercises.Scale, "scale = lambda a, b, c: (a / 16, c / 16, b / 16)", "of another part|shape"),
    (exercises.Scale, "scale = lambda a, b, c: (a / 16, b / b.max(), c / c.max())", "its own largest value"),
    (exercises.Scale, "scale = lambda *p: [x / x.max(1, keepdims=True) for x in p]", "each image is divided"),
    (exercises.Scale, "def scale(a, b, c):\n a /= 16\n b /= 16\n c /= 16\n return a, b, c", "in place"),
    (exercises.Confusion, "def confusion(t, p, n):\n m = np.zeros((n, n))\n m[t, p] += 1\n return m", "once at most"),
    (exercises.Confusion, "confusion = lambda t, p, n: np.histogram2d(t, p, n)[0] / len(t)", "fractions of all"),
    (exercises.Confusion, OFF_DIAGONAL, "belongs on the diagonal"),
    (exercises.Stretch, "read_all = lambda x, y, u, v: 0.48 * 100", "a fraction from 0 to 1"),
    (exercises.Stretch, "read_all = lambda x, y, u, v: 0.1", "right 80% of the time"),
)  # fmt: skip


@pytest.mark.parametrize(("task", "cell", "words"), SLIPS)
def test_a_slip_is_named(task, cell, words):
    name = ast.parse(cell).body[0]
    name = name.name if isinstance(name, ast.FunctionDef) else name.targets[0].id
    verdict = said(task, cell, name)
    assert verdict.startswith("✗ Not yet:")
    assert any(word in verdict for word in words.split("|")), verdict
