"""Quizzes: what a file must hold, the view with radio buttons, and the same by letters without it."""

import json
import subprocess
import sys

import pytest

from minigrad.course import lesson, progress
from minigrad.course.quizzes import load
from minigrad.course.widgets import QuizView


@pytest.fixture
def quiz(miniature):
    return lesson("50").quiz.before


GOOD = {
    "question": "What?",
    "answers": [{"text": "this", "reason": "It is.", "right": True}, {"text": "that", "reason": "It is not."}],
    "read": "the section *This*",
}


def written(tmp_path, **changes):
    file = tmp_path / "quiz.json"
    file.write_text(json.dumps({"title": "A quiz", "questions": [GOOD, GOOD | changes]}))
    return file


def test_a_good_file_is_read(tmp_path):
    assert len(load("50", written(tmp_path)).questions) == 2


THIS, THAT = GOOD["answers"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"answers": [THIS]}, "has 1 answers"),
        ({"answers": [THIS] * 9}, "has 9 answers"),
        ({"answers": [THAT, THAT | {"text": "those"}]}, "one right and one wrong"),
        ({"answers": [THIS, THIS | {"text": "those"}]}, "one right and one wrong"),
        ({"answers": [THIS, THAT | {"text": "this"}]}, "the same"),
        ({"answers": [THIS, THAT | {"reason": " "}]}, "a text is empty"),
        ({"answers": [THIS, THAT | {"text": ""}]}, "a text is empty"),
        ({"question": ""}, "a text is empty"),
        ({"read": ""}, "a text is empty"),
    ],
)
def test_a_question_that_lacks_something_is_refused(tmp_path, changes, words):
    with pytest.raises(ValueError, match=f"quiz.json, question 2: .*{words}"):
        load("50", written(tmp_path, **changes))


@pytest.mark.parametrize("answers", [[THIS, {"text": "no reason"}], [THIS, THAT | {"rihgt": True}]])
def test_a_misspelt_field_is_refused(tmp_path, answers):
    with pytest.raises(TypeError):
        load("50", written(tmp_path, answers=answers))


def test_the_view_judges_what_is_chosen(quiz):
    view = QuizView(quiz)
    assert [option for option, _ in view.radios[0].options] == ["3", "4", "5"]  # plain text: backticks dropped
    view.buttons[0].click()
    assert "Choose an answer first" in view.feedback[0].value
    view.radios[0].value = 0
    assert view.feedback[0].value == ""
    view.buttons[0].click()
    assert "Not so." in view.feedback[0].value
    assert "Read again: the section <em>Sums</em>." in view.feedback[0].value
    view.radios[0].value = 1
    view.buttons[0].click()
    assert "Right." in view.feedback[0].value
    assert view.total.value == ""
    view.radios[1].value = 2
    view.buttons[1].click()
    assert "2 of 2 right." in view.total.value
    assert progress.recorded("50", "quiz before") == {"1": "b", "2": "c"}
    assert 'role="status"' in view.feedback[1].value


def test_letters_do_the_same(quiz):
    text = repr(quiz("b", "b"))
    assert "✓ 1. Right. Two and two is four." in text
    assert "✗ 2. Not so. 3 leaves 1.\n  Read again: the section Even numbers." in text
    assert "1 of 2 right." in text
    assert progress.recorded("50", "quiz before") == {"1": "b", "2": "b"}
    assert "2 of 2 right." in quiz("B", " a ")._repr_html_()


@pytest.mark.parametrize("letters", [("z", 3), ("", None), ("b",), ("a", "b", "c", "d")])
def test_letters_that_are_none_raise_nothing(quiz, letters):
    assert "of 2 right." in repr(quiz(*letters))


def test_the_quiz_in_a_notebook(quiz):
    bundle = quiz()._repr_mimebundle_()
    assert set(bundle) == {"application/vnd.jupyter.widget-view+json", "text/html", "text/plain"}
    for text in (bundle["text/plain"], bundle["text/html"]):
        for words in ("What is ", "One too few" if text is bundle["text/html"] else "a) 3", "even", "4"):
            assert words in text
    assert "   b) `4`" in bundle["text/plain"]
    assert bundle["text/plain"].endswith('quiz.before("a", "b")')
    assert bundle["text/html"].count("<details>") == 2


def test_without_widgets_it_is_text(quiz, monkeypatch):
    monkeypatch.setattr("minigrad.course.quizzes.find_spec", lambda name: None)
    assert set(quiz()._repr_mimebundle_()) == {"text/html", "text/plain"}


def test_the_desk_needs_neither_matplotlib_nor_widgets():
    """A lesson's checks and quizzes work where only NumPy is installed."""
    code = (
        "import sys; from minigrad.course import lesson, road_map; lesson('01'); repr(road_map());"
        "print([m for m in ('matplotlib', 'ipywidgets', 'IPython') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"
