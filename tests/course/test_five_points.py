"""The five points: the numbers of the lesson, each found in more than one way."""

import math
from functools import cache
from itertools import islice, pairwise

import numpy as np
import pytest

from minigrad.course import five_points as fp
from minigrad.course.five_points import X_TRAIN, X_VAL, Y_TRAIN, Y_VAL, State

# shared/lessons.md, to two decimals
TRAINING = [34.66, 5.30, 4.47, 4.26, 0, 0, 0]
VALIDATION = [31.14, 5.10, 6.37, 10.20, 27.34, 17.65, 19.92]


def both_errors(w):
    return fp.error(w, X_TRAIN, Y_TRAIN), fp.error(w, X_VAL, Y_VAL)


def vandermonde(x, parameters):
    return np.vander((x - 5) / 5, parameters, increasing=True)


def by_lstsq(parameters):
    return np.linalg.lstsq(vandermonde(X_TRAIN, parameters), Y_TRAIN, rcond=None)[0]


def by_pinv(parameters):
    return np.linalg.pinv(vandermonde(X_TRAIN, parameters)) @ Y_TRAIN


@cache
def walk(parameters):
    """All weights that the engine passes in 10,000 steps."""
    return list(islice(fp.descend(X_TRAIN, Y_TRAIN, parameters), 10_001))


def by_the_engine(parameters):
    return walk(parameters)[-1]


@pytest.mark.parametrize("parameters", fp.PARAMETERS)
@pytest.mark.parametrize("fit", [by_lstsq, by_pinv, by_the_engine])
def test_every_way_of_fitting_gives_the_table(fit, parameters):
    w = fp.least_squares(X_TRAIN, Y_TRAIN, parameters)
    np.testing.assert_allclose(fit(parameters), w, atol=0.02, rtol=1e-4)
    training, validation = both_errors(fit(parameters))
    assert training == pytest.approx(TRAINING[parameters - 1], abs=0.005)
    assert validation == pytest.approx(VALIDATION[parameters - 1], abs=0.01)  # with 5, descent is still on its way


def test_the_default_state_is_the_lesson():
    data = State().sample()
    for given, lesson in zip(data, (X_TRAIN, Y_TRAIN, X_VAL, Y_VAL), strict=True):
        assert (given == lesson).all()
    assert [f"{v:.2f}" for v in State().errors()[1]] == ["5.30", "5.10"]
    assert [f"{v:.2f}" for v in State().errors()[6]] == ["0.00", "19.92"]


@pytest.mark.parametrize("ridge", [0.0, 1e-3, 1.0])
@pytest.mark.parametrize("parameters", [1, 2, 7])
def test_a_jump_lands_where_the_engine_walks(parameters, ridge):
    for steps, w in enumerate(islice(fp.descend(X_TRAIN, Y_TRAIN, parameters, ridge), 60)):
        jump = fp.after_steps(X_TRAIN, Y_TRAIN, parameters, steps, ridge)
        np.testing.assert_allclose(jump, w, rtol=1e-9, atol=1e-9)


def test_descent_passes_its_best_validation_error_at_step_354():
    path = [both_errors(w) for w in walk(7)]
    best = min(range(len(path)), key=lambda step: path[step][1])
    assert best == 354
    assert path[best][1] == pytest.approx(1.99, abs=0.005)
    assert path[-1][1] == pytest.approx(19.92, abs=0.005)


def test_ridge_by_the_normal_equations():
    a = vandermonde(X_TRAIN, 7)
    w = np.linalg.solve(a.T @ a + 1e-3 * np.eye(7), a.T @ Y_TRAIN)
    np.testing.assert_allclose(fp.least_squares(X_TRAIN, Y_TRAIN, 7, 1e-3), w, rtol=1e-8)
    assert both_errors(w) == (pytest.approx(0.80, abs=0.005), pytest.approx(3.11, abs=0.005))


@pytest.mark.parametrize("number", [0, 1, 17])
@pytest.mark.parametrize("points", [3, 5, 6, 30])
def test_a_sample_repeats_itself_and_noise_stretches_it(points, number):
    def off(noise):
        data = fp.sample(points, noise, number)
        truth = fp.least_squares(X_TRAIN, Y_TRAIN, 2)
        return np.concatenate([data.y_train - fp.predict(truth, data.x_train), data.y_val - fp.predict(truth, X_VAL)])

    assert len(off(1)) == points + 2
    np.testing.assert_array_equal(off(1), off(1))
    np.testing.assert_allclose(off(0), 0, atol=1e-12)
    np.testing.assert_allclose(off(2), 2 * off(1), atol=1e-12)


def test_noise_has_the_spread_of_the_five_points():
    truth = fp.least_squares(X_TRAIN, Y_TRAIN, 2)
    off = [fp.error(truth, *fp.sample(5, 1, number)[:2]) for number in range(1, 2001)]
    assert np.mean(off) == pytest.approx(TRAINING[1], rel=0.05)


@pytest.mark.parametrize("state", [State(), State(points=30, noise=2, number=9), State(points=3)])
def test_more_parameters_never_raise_the_training_error(state):
    training = [t for t, _ in state.errors()]
    assert all(later <= earlier + 1e-9 for earlier, later in pairwise(training))


def test_inf_steps_are_the_closed_form():
    np.testing.assert_allclose(
        fp.after_steps(X_TRAIN, Y_TRAIN, 7, 20_000), fp.after_steps(X_TRAIN, Y_TRAIN, 7, math.inf), atol=1e-5
    )
