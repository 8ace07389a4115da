"""Predictions: noted before, compared after, and nothing a learner writes raises."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.course import lesson, progress
from minigrad.course.predictions import Prediction


@pytest.fixture
def predict(miniature):
    return lesson("50").predict


def test_without_a_prediction_the_answer_is_shown_all_the_same(predict):
    assert repr(predict.p1(...)) == "○ No prediction yet. Put a number in the place of `...`. A guess is welcome."
    assert repr(predict.p1()) == repr(predict.p1(...))
    assert repr(predict.p1.compare(4.0)) == "• The answer: 4. It is a mean of squares, and 2² is 4."
    assert repr(predict.p2.compare("a")) == "• The answer: (a) it falls. Each step goes downhill."
    assert progress.recorded("50", "predictions") == {}


@pytest.mark.parametrize(
    "said", [4, 4.0, "4", " 4.0 ", np.float32(4), np.array(4), mg.tensor(4.0), mg.Scalar(4.0), True + 3]
)
def test_a_number_in_any_dress(predict, said):
    assert repr(predict.p1(said)) == "• Noted: 4. Run on to see."
    assert progress.recorded("50", "predictions") == {"p1": 4.0}
    assert repr(predict.p1.compare(4.0)) == "✓ You said 4, and so it is. It is a mean of squares, and 2² is 4."


@pytest.mark.parametrize(
    ("said", "actual", "words"),
    [
        (2, 4, "• You said 2; it is 4."),
        (39, 40, "✓ You said 39, it is 40: close."),
        (30, 40, "• You said 30; it is 40."),
        (-39, -40, "✓ You said -39, it is -40: close."),
        (39, -40, "• You said 39; it is -40."),
        (4.4, 4, "✓ You said 4, and so it is."),
        (0, 0, "✓ You said 0, and so it is."),
        (1e300, 4, "• You said 1"),
    ],
)
def test_numbers_side_by_side(predict, said, actual, words):
    predict.p1(said)
    assert repr(predict.p1.compare(actual)).startswith(words)


@pytest.mark.parametrize("said", ["four", None, [1, 2], np.ones(2), object(), float("nan"), np.inf, 1j, {}, len])
def test_what_is_no_number_is_not_noted(predict, said):
    card = repr(predict.p1(said))
    assert card.startswith("○ Not noted: a number was expected, and this is `")
    assert len(card) < 130
    assert repr(predict.p1.compare(4)).startswith("• The answer: 4.")


@pytest.mark.parametrize("said", ["b", "B", " b ", "it rises", "It rises"])
def test_a_choice_by_its_letter_or_its_words(predict, said):
    assert repr(predict.p2(said)) == "• Noted: (b) it rises. Run on to see."
    assert repr(predict.p2.compare("a")) == "• You said (b) it rises; it is (a) it falls. Each step goes downhill."
    assert repr(predict.p2.compare("b")).startswith("✓ You said (b) it rises, and so it is.")


@pytest.mark.parametrize("said", ["c", 2, None, "", ["a"], object()])
def test_what_is_no_choice_is_not_noted(predict, said):
    assert repr(predict.p2(said)).startswith('○ Not noted: `"a"` or `"b"` was expected, and this is `')


def test_the_last_word_counts(predict):
    predict.p2("b")
    predict.p2("a")
    predict.p2(...)
    predict.p2("nonsense")
    assert repr(predict.p2.compare("a")).startswith("✓")


def test_an_author_who_compares_with_nonsense_is_told(predict):
    with pytest.raises(ValueError, match=r"p1\.compare takes a number"):
        predict.p1.compare("a lot")


def test_the_question_as_the_notebook_asks_it(predict):
    assert predict.p2.markdown == "**Predict.** What does the error do?\n\n- **a** it falls\n- **b** it rises"
    assert predict.p1.markdown.startswith("**Predict.** Every difference doubles.")
    assert Prediction("?", "!", {"a": "x", "b": "y", "c": "z"}).wanted == '`"a"`, `"b"` or `"c"`'
