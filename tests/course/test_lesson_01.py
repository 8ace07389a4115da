"""Lesson 01: three ways to the best line agree, and its figures tell what they show."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.course.five_points import X_TRAIN, Y_TRAIN, least_squares
from minigrad.course.five_points import error as polynomial_error
from minigrad.course.lesson_01 import figures, line


def test_descent_finds_the_line_of_the_closed_form():
    """5.30, by steps, by NumPy's fit, and by lesson 09's least squares."""
    by_steps = line.error(*line.descend(0.02, 2000)[-1])
    closed = polynomial_error(least_squares(X_TRAIN, Y_TRAIN, 2), X_TRAIN, Y_TRAIN)
    assert by_steps == pytest.approx(line.error(*line.best()), abs=1e-9) == pytest.approx(closed, abs=1e-9)
    assert f"{by_steps:.2f}" == "5.30"


@pytest.mark.parametrize(("w", "b"), [(0.0, 0.0), (2.5, -3.0), (-1.0, 7.5)])
def test_formulas_nudges_and_the_engine_agree_on_the_gradient(w, b):
    """What the reader derives is what minigrad finds."""
    dw, db = line.gradient(w, b)
    assert line.slope(lambda w: line.error(w, b), w) == pytest.approx(dw, rel=1e-6)
    assert line.slope(lambda b: line.error(w, b), b) == pytest.approx(db, rel=1e-6)
    p = mg.tensor([w, b], dtype=mg.float64, requires_grad=True)
    ((p[0] * mg.tensor(X_TRAIN) + p[1] - mg.tensor(Y_TRAIN)) ** 2).mean().backward()
    np.testing.assert_allclose(p.grad.numpy(), [dw, db])


def test_curvatures_are_the_second_derivatives():
    """And the learning rate 2/L divides falling from growing errors."""
    columns = [line.slope(lambda w: np.array(line.gradient(w, 0.0)), 1.0)]
    columns += [line.slope(lambda b: np.array(line.gradient(0.0, b)), 1.0)]
    np.testing.assert_allclose(np.array(columns).T, line.curvatures(), rtol=1e-6)
    limit = 2 / np.linalg.eigvalsh(line.curvatures()).max()
    assert 0.0340 < limit < 0.0345
    for rate, falls in ((0.99 * limit, True), (1.01 * limit, False)):
        path = line.descend(rate, 2000)
        assert (line.error(*path[-1]) < line.error(*path[0])) is falls


def test_one_batch_of_all_points_is_plain_descent():
    """Whatever the order of the points."""
    np.testing.assert_allclose(line.descend_in_batches(0.01, 30, 5), line.descend(0.01, 30))


def test_the_puzzle_is_what_the_lesson_says():
    """Line A meets two points, line B none, and B is better."""
    meets = [np.isclose(w * X_TRAIN + b, Y_TRAIN).sum() for w, b in (figures.TWO_POINTS, line.best())]
    assert meets == [2, 0]
    errors = [f"{line.error(w, b):.2f}" for w, b in (figures.TWO_POINTS, line.best())]
    assert errors == ["5.87", "5.30"]


def test_figures_say_the_numbers_they_show():
    """The words under a picture are computed from what is drawn."""
    assert "error 34.70" in figures.by_hand(figures.Hand()).alt
    assert "huge" in figures.descent(figures.Descent(0.036, 1000)).alt
    assert "falls" in figures.descent(figures.Descent(0.0003, 10)).alt
    assert "5.30" in figures.descent(figures.Descent(0.02, 1000)).alt
    assert figures.rates().png[:4] == figures.batches().png[:4] == b"\x89PNG"


def test_across_the_valley_a_step_shrinks_the_distance_as_the_lesson_says():
    """By the factor 1 − rate · L, whatever the rate."""
    curvature = np.linalg.eigvalsh(line.curvatures()).max()
    for rate in (0.0003, 0.02, 0.0345):
        distances = [figures.across(w, b) for w, b in line.descend(rate, 5)]
        np.testing.assert_allclose(distances, distances[0] * (1 - rate * curvature) ** np.arange(6), atol=1e-9)
        assert distances[0] < 0


def test_by_absolute_misses_the_other_line_wins():
    """As the reader finds in the second task."""
    a, b = (np.abs(w * X_TRAIN + b - Y_TRAIN).mean() for w, b in (figures.TWO_POINTS, line.best()))
    assert a < b


def test_nudges_alone_find_the_line():
    """500 steps, as the lesson takes."""
    w = b = 0.0
    for _ in range(500):
        dw = line.slope(lambda v, b=b: line.error(v, b), w)
        db = line.slope(lambda v, w=w: line.error(w, v), b)
        w, b = w - 0.02 * dw, b - 0.02 * db
    assert f"{line.error(w, b):.2f}" == "5.30"
