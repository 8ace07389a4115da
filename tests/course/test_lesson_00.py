"""Lesson 00: the self-test tells what is missing, and the tangent touches."""

import numpy as np
import pytest

from minigrad.course.lesson_00 import figures, self_test


def test_a_missing_package_is_named_with_its_remedy(monkeypatch):
    """What the course needs, and what only lesson 07 compares with."""
    monkeypatch.setitem(self_test.NEEDED, "Abacus", "no-such-package")
    monkeypatch.setitem(self_test.FRAMEWORKS, "Slate", "no-such-package-either")
    card = self_test.self_test()
    assert card.kind == "wrong"
    words = repr(card)
    assert "Abacus" in words
    assert "pip install" in words
    assert "Slate" in words
    assert "recorded" in words


def test_all_is_well_where_the_tests_run():
    """With the extra `notebooks` installed."""
    for package in ("jupyterlab", "ipywidgets", "sklearn"):
        pytest.importorskip(package, reason=f"{package} not installed: pip install -e '.[notebooks]'")
    assert self_test.self_test().kind == "right"


@pytest.mark.parametrize("x", [-1.0, 0.0, 3.0, 3.75])
def test_the_slope_told_is_the_derivative(x):
    """By a central difference of the curve."""
    slope = (figures.f(x + 1e-4, 4) - figures.f(x - 1e-4, 4)) / 2e-4
    assert f"slope {np.round(slope, 6):g}:" in figures.tangent(figures.Touch(x)).alt
