"""Comparing a result with the right one: what passes, and what is said of each slip."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.course.comparing import NotYet, compare

rng = np.random.default_rng(0)
NUMBER, VECTOR, MATRIX, SQUARE = 2.5, rng.normal(size=5), rng.normal(size=(3, 2)), rng.normal(size=(4, 4))


def said(got, expected, slips=None, what="it", **options):
    with pytest.raises(NotYet) as caught:
        compare(what, got, expected, slips, **options)
    return str(caught.value)


@pytest.mark.parametrize(
    "got",
    [
        2.5,
        np.float32(2.5),
        np.array(2.5),
        mg.tensor(2.5),
        mg.tensor(2.5, requires_grad=True) * 1,
        mg.Scalar(2.5),
        mg.Scalar(2.5) * 1,
        2.5 + 1e-9,
    ],
)
def test_a_number_in_any_dress_is_right(got):
    compare("it", got, 2.5)


@pytest.mark.parametrize(
    "dress",
    [
        list,
        tuple,
        np.float32,
        mg.tensor,
        lambda v: mg.tensor(v, requires_grad=True) + 0,
        lambda v: [list(row) for row in v],
        lambda v: [mg.tensor(row) for row in v],
        lambda v: [[mg.Scalar(x) for x in row] for row in v],
        lambda v: np.asfortranarray(v),
    ],
)
def test_an_array_in_any_dress_is_right(dress):
    compare("it", dress(MATRIX), MATRIX)


def test_a_torch_tensor_is_right():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    compare("it", torch.tensor(MATRIX, requires_grad=True), MATRIX)


def test_integers_and_truth_values_count_as_numbers():
    compare("it", 3, 3.0)
    compare("it", np.array([1, 0]), [True, False])


def test_nan_is_right_where_nan_is_right():
    compare("it", [1, np.nan, np.inf], [1, np.nan, np.inf])


@pytest.mark.parametrize(
    ("got", "words"),
    [
        (None, "is `None`. Is a `return` missing"),
        (..., "still `...`"),
        ("four", "of type `str`; numbers were expected"),
        (len, "is a function: call it"),
        (object(), "of type `object`"),
        ({"a": 1}, "of type `dict`"),
        (1 + 2j, "of type `complex`"),
        (np.array(["a"]), "of type `ndarray`"),
        ([1, None], "part 1 of it is `None`"),
        ([[1, 2], [3]], "have different shapes"),
    ],
)
def test_the_wrong_type_is_named(got, words):
    assert words in said(got, NUMBER)


@pytest.mark.parametrize(
    ("got", "expected", "words"),
    [
        (MATRIX.T, MATRIX, "is transposed: it has shape (2, 3), and an array of shape (3, 2) was expected"),
        (MATRIX, MATRIX.sum(0), "is not summed over axis 0 yet"),
        (MATRIX, MATRIX.sum(1), "is not summed over axis 1 yet"),
        (MATRIX, MATRIX.sum(1, keepdims=True), "is not summed over axis 1 yet"),
        (MATRIX, MATRIX.mean(1), "is not averaged over axis 1 yet"),
        (MATRIX, MATRIX.sum(), "is not summed yet"),
        (MATRIX, MATRIX.mean(), "is not averaged yet"),
        (VECTOR, VECTOR.mean(), "is not averaged"),
        (VECTOR[:, None], VECTOR, "holds the right numbers in the wrong shape"),
        (VECTOR[None], VECTOR[:, None], "is transposed"),
        ([2.5], 2.5, "holds the right numbers in the wrong shape: it is an array of shape (1,), and one number"),
        (SQUARE, VECTOR[:4], "broadcasting made every pair of them"),
        (SQUARE, VECTOR[:4, None], "broadcasting made every pair of them"),
        (1.0, VECTOR, "is one number, and an array of shape (5,) was expected"),
        (MATRIX, SQUARE, "is an array of shape (3, 2), and an array of shape (4, 4) was expected"),
    ],
)
def test_the_wrong_shape_is_explained(got, expected, words):
    assert words in said(got, expected)


@pytest.mark.parametrize("right", [NUMBER, VECTOR, MATRIX, SQUARE])
@pytest.mark.parametrize(
    ("slip", "words"),
    [
        (lambda v: -v, "has the wrong sign"),
        (lambda v: 2 * v, "twice as large"),
        (lambda v: v / 2, "half as large"),
        (lambda v: -2 * v, "twice as large as it should be, and has the wrong sign"),
        (lambda v: 7 * v, "7 times too large: a sum where the mean over the 7 points is meant"),
        (lambda v: v / 7, "7 times too small: divided by the 7 points once too often"),
        (lambda v: -7 * v, "7 times too large, and has the wrong sign"),
        (lambda v: v**2, "squared once too often"),
        (lambda v: 0 * v, "is 0"),
    ],
)
def test_a_slip_in_the_value_is_named(right, slip, words):
    assert words in said(slip(right), right, points=7)


def test_further_slips_in_the_values_of_arrays():
    assert "square root too far" in said(np.sqrt(np.abs(VECTOR)), np.abs(VECTOR))
    assert "is transposed" in said(SQUARE.T, SQUARE)
    assert "has lost its sign" in said(np.abs(VECTOR), VECTOR)
    some = VECTOR.copy()
    some[3] *= -1
    assert said(some, VECTOR) == "it has the wrong sign in some places, first at [3]."


def test_what_is_not_finite_is_said():
    assert said(np.nan, 1.0) == "it is nan."
    assert said([1, np.inf], [1, 2]) == "it is inf at [1]."


def test_otherwise_the_largest_difference_and_where_it_is():
    got = MATRIX.copy()
    got[2, 1] += 0.5
    assert said(got, MATRIX) == "it is off: the largest difference is 0.5, at [2, 1]. 5 of 6 entries are right."
    assert said(2.0, 2.5) == "it is off by 0.5."


def test_the_right_answer_is_never_shown():
    right = 7.391
    for got in (None, 1.0, [1.0], -right, 2 * right, np.nan, "7"):
        assert "391" not in said(got, right)


def test_slips_that_the_exercise_knows_come_first():
    assert said(-NUMBER, NUMBER, {"uphill.": -NUMBER}) == "uphill."
    assert said(VECTOR, 2.5, {"all of them.": VECTOR}) == "all of them."
    assert "wrong sign" in said(-NUMBER, NUMBER, {"uphill.": 99})


def test_float32_is_precise_enough_and_a_slip_is_not():
    compare("it", np.float32(VECTOR) @ np.float32(VECTOR), VECTOR @ VECTOR)
    assert "off by" in said(NUMBER * 1.001, NUMBER)
    compare("it", NUMBER * 1.001, NUMBER, tolerance=1e-2)


def test_several_results_at_once():
    what, right = ("`a`", "`b`"), (VECTOR, NUMBER)
    compare(what, (VECTOR, NUMBER), right)
    compare(what, [list(VECTOR), NUMBER], right)
    assert said((VECTOR, -NUMBER), right, what=what) == "`b` has the wrong sign."
    assert said((NUMBER, VECTOR), right, {"swapped.": (NUMBER, VECTOR)}, what=what) == "swapped."
    compare(what, np.array([1.5, 2.5]), (1.5, 2.5))
    compare(what, mg.tensor([1.5, 2.5]), (1.5, 2.5))
    assert said(None, right, what=what) == "`a`, `b` were expected, and it is `None`. Is a `return` missing?"
    assert said([1], right, what=what) == "2 results were expected (`a`, `b`), and there is 1."
    assert said(2.5, right, what=what) == "2 results were expected (`a`, `b`), and there is 1."
    assert said(VECTOR, right, what=what) == "2 results were expected (`a`, `b`), and there are 5."


def test_words():
    compare("it", " B ", "b")
    assert said("c", "b") == 'it is not "c".'
    assert said("C", "b", {"too late.": "c"}) == "too late."
    assert "a word in quotes was expected" in said(2, "b")
