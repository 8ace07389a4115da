"""What every lesson owes: complete exercises whose checks are right about every recorded answer, quizzes, widgets.

Lessons are found by their folders, so a new one is tested the day it is written. The miniature is tested along
with them, that these tests be tested too.
"""

import ast
import re
import time
from collections import Counter
from dataclasses import replace
from functools import wraps
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import FunctionType

import nbformat
import numpy as np
import pytest

import minigrad as mg
import minigrad.course
from minigrad.course import progress
from minigrad.course.exercises import Exercise, alike
from minigrad.course.lessons import contents
from minigrad.course.road import ROAD
from minigrad.course.widgets import Explorer, QuizView

ROOT = Path(__file__).resolve().parents[2]
MINIATURE = Path(__file__).parent / "miniature"
NUMBERS = sorted(path.name[7:] for path in (ROOT / "minigrad" / "course").glob("lesson_[0-9]*"))
NOTEBOOKS = {file.name[:2]: file for file in sorted((ROOT / "notebooks").glob("*.ipynb"))}


def with_miniature(find):
    """Call while lesson 50 exists."""
    before = minigrad.course.__path__
    minigrad.course.__path__ = [*before, str(MINIATURE)]
    try:
        return find()
    finally:
        minigrad.course.__path__ = before


CONTENTS = {number: with_miniature(lambda number=number: contents(number)) for number in [*NUMBERS, "50"]}
EXERCISES = [exercise for exercises, _, _ in CONTENTS.values() for exercise in exercises.values()]
QUIZZES = [quiz for _, _, quizzes in CONTENTS.values() for quiz in quizzes.values()]
WRONG = [(exercise, i) for exercise in EXERCISES for i in range(len(exercise.wrong))]
RIGHT = [(exercise, i) for exercise in EXERCISES for i in range(1 + len(exercise.also_right))]


def name(part):
    return f"{part.lesson}-{part.name}" if hasattr(part, "lesson") else str(part)


def attempts(exercise, source):
    """The verdicts on a cell for eight draws of inputs; fewer, if one takes seconds."""
    fresh, end = again(exercise), time.monotonic() + 2
    for _ in range(8):
        yield fresh.verdict(*fresh.values(source))
        if time.monotonic() > end:
            return


def again(exercise) -> Exercise:
    """An exercise that nobody has tried."""
    return type(exercise)(exercise.name, exercise.lesson)


# Exercises


@pytest.mark.parametrize("exercise", EXERCISES, ids=name)
def test_an_exercise_is_complete(exercise):
    assert len(exercise.statement.split()) >= 3
    assert exercise.difficulty in (1, 2, 3)
    assert exercise.importance in ("essential", "useful", "for the curious")
    assert 1 <= exercise.minutes <= 30
    assert len(exercise.hints) >= 2
    assert len(exercise.wrong) >= 2, "at least two wrong answers, each with its message"
    assert len(exercise.also_right) >= 1, "at least one other right answer"
    for text in [exercise.because, *exercise.hints]:
        assert text.count("`") % 2 == 0, text
    for source in (exercise.blank, exercise.solution, *exercise.wrong, *exercise.also_right):
        ast.parse(exercise.cell(source))


@pytest.mark.parametrize("exercise", EXERCISES, ids=name)
def test_untouched_it_is_not_attempted(exercise):
    fresh = again(exercise)
    assert fresh.verdict(*fresh.values()).kind == "blank"
    assert progress.recorded(fresh.lesson, "checks") == {}


@pytest.mark.parametrize(("exercise", "i"), RIGHT, ids=name)
def test_every_right_answer_is_right_whatever_the_inputs(exercise, i):
    for card in attempts(exercise, (exercise.solution, *exercise.also_right)[i]):
        assert card.kind == "right", card


@pytest.mark.parametrize(("exercise", "i"), WRONG, ids=name)
def test_every_wrong_answer_gets_its_message_whatever_the_inputs(exercise, i):
    source, words = list(exercise.wrong.items())[i]
    assert words.strip()
    for card in attempts(exercise, source):
        assert card.kind == "wrong", f"taken for {card.kind}:{source}"
        assert words in repr(card), card
        assert re.search(r"[.?]$", card.lines[0]) or "raises" in card.lines[0], card
        assert card.lines[0].count("`") % 2 == 0, card
        assert len(card.lines[0]) < 400, card


@pytest.mark.parametrize("exercise", EXERCISES, ids=name)
def test_another_right_answer_is_another(exercise):
    solution = exercise.values(exercise.solution)
    for source in exercise.also_right:
        values = exercise.values(source)
        same = all(alike(a, b) and not isinstance(a, int | float | str) for a, b in zip(values, solution, strict=True))
        assert not same, source


DRESSES = {
    "NumPy": np.asarray,
    "float32": np.float32,
    "tensor": lambda value: mg.tensor(np.asarray(value, dtype=float)),
    "Python": lambda value: np.asarray(value).tolist(),
}


def dressed(value, dress):
    """A number or array in another dress; so is each part of a tuple, and what a function returns."""
    if isinstance(value, tuple):
        return tuple(dressed(part, dress) for part in value)
    if isinstance(value, FunctionType):
        return wraps(value)(lambda *given, **options: dressed(value(*given, **options), dress))
    if isinstance(value, float | np.floating) or (isinstance(value, np.ndarray) and value.dtype.kind == "f"):
        return dress(value)
    return value


@pytest.mark.parametrize("dress", DRESSES)
@pytest.mark.parametrize("exercise", EXERCISES, ids=name)
def test_a_right_answer_is_right_in_any_dress(exercise, dress):
    """Whether numbers come as NumPy's, Python's or minigrad's is nobody's slip."""
    fresh = again(exercise)
    card = fresh.verdict(*(dressed(value, DRESSES[dress]) for value in fresh.values(fresh.solution)))
    assert card.kind == "right", card


class Anything:
    """Accepts every call and attribute, and is nothing."""

    def __init__(self, *_, **__): ...
    def __call__(self, *_, **__): ...
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Anything()


def endless(*_, **__):
    while True:
        pass


HOSTILE = {
    "None": None,
    "nothing": lambda *_, **__: None,
    "an object": object(),
    "words": "what is this",
    "raises": lambda *_, **__: 1 / 0,
    "exits": lambda *_, **__: exit(1),
    "endless": endless,
    "a class": Anything,
    "anything": Anything(),
    "its arguments": lambda *given, **__: given,
    "dots": lambda *_, **__: ...,
}


@pytest.mark.parametrize("exercise", EXERCISES, ids=name)
def test_no_check_falls_over_whatever_it_is_given(exercise):
    for what, answer in HOSTILE.items():
        fresh = again(exercise)
        fresh.seconds = 0.3
        card = fresh.verdict(*[answer] * len(fresh.asks))
        assert card.kind == "wrong", (what, card)


# The notebook and the classes say the same


@pytest.mark.parametrize("number", NUMBERS)
def test_the_notebook_holds_each_exercise_letter_by_letter(number):
    cells = [(cell.cell_type, cell.source) for cell in nbformat.read(NOTEBOOKS[number], as_version=4).cells]
    for exercise in CONTENTS[number][0].values():
        statement, cell = ("markdown", exercise.markdown), ("code", exercise.cell())
        assert statement in cells, f"{exercise.name}: the statement differs, or is missing"
        assert cell in cells, f"{exercise.name}: the cell differs, or is missing:\n{exercise.cell()}"
        assert cells[cells.index(statement) + 1] == cell


@pytest.mark.parametrize("number", NUMBERS)
def test_the_notebook_asks_each_prediction_before_it_shows_the_answer(number):
    cells = [cell.source for cell in nbformat.read(NOTEBOOKS[number], as_version=4).cells]
    for prediction in CONTENTS[number][1].values():
        places = [
            next((i for i, source in enumerate(cells) if piece in source), None)
            for piece in (prediction.markdown, f"predict.{prediction.name}(...)", f"predict.{prediction.name}.compare(")
        ]
        assert None not in places, f"{prediction.name}: question, prediction, comparison stand in cells {places}"
        assert places == sorted(set(places)), f"{prediction.name}: {places}"


@pytest.mark.parametrize("number", NUMBERS)
def test_the_notebook_asks_each_quiz(number):
    text = NOTEBOOKS[number].read_text(encoding="utf-8")
    for quiz in CONTENTS[number][2]:
        assert f"quiz.{quiz}()" in text


def filled(number, answer):
    """The code cells of a notebook, with `answer(exercise)` in the place of each blank."""
    cells = [c.source for c in nbformat.read(NOTEBOOKS[number], as_version=4).cells if c.cell_type == "code"]
    changed = {exercise.cell(): exercise.cell(answer(exercise)) for exercise in CONTENTS[number][0].values()}
    return [changed.get(cell, cell) for cell in cells], list(changed.values())


@pytest.mark.parametrize("number", NUMBERS)
def test_the_notebook_filled_with_its_solutions_runs_and_every_check_says_right(number, cells, capsys):
    sources, answers = filled(number, lambda exercise: exercise.solution)
    verdicts = {source: shown for source, shown in zip(sources, cells(sources), strict=True) if source in answers}
    assert [card.kind for card in verdicts.values()] == ["right"] * len(answers), verdicts
    assert set(progress.recorded(number, "checks").values()) <= {"right"}


@pytest.mark.parametrize("number", NUMBERS)
def test_the_notebook_filled_with_wrong_answers_runs_to_its_end(number, cells, capsys):
    sources, answers = filled(number, lambda exercise: next(iter(exercise.wrong)))
    verdicts = {source: shown for source, shown in zip(sources, cells(sources), strict=True) if source in answers}
    assert [card.kind for card in verdicts.values()] == ["wrong"] * len(answers), verdicts


# Quizzes


@pytest.mark.parametrize("quiz", QUIZZES, ids=name)
def test_a_quiz_has_what_it_needs(quiz):
    """Loading it has seen to a right and a wrong answer, a reason for each, and what to read again."""
    assert len({question.question for question in quiz.questions}) == len(quiz.questions)
    for question in quiz.questions:
        reasons = [answer.reason for answer in question.answers]
        assert len(set(reasons)) == len(reasons), f"the same reason twice: {question.question}"
        for text in [question.question, question.read, *reasons, *(answer.text for answer in question.answers)]:
            assert text.count("`") % 2 == 0, text
            assert text.strip() == text


@pytest.mark.parametrize("quiz", [quiz for quiz in QUIZZES if len(quiz.questions) >= 4], ids=name)
def test_the_right_answer_is_not_always_in_one_place_nor_the_longest(quiz):
    first = [next(i for i, a in enumerate(q.answers) if a.right) for q in quiz.questions]
    longest = [max(q.answers, key=lambda a: len(a.text)).right for q in quiz.questions]
    assert Counter(first).most_common(1)[0][1] < len(first)
    assert not all(longest)


@pytest.mark.parametrize("quiz", QUIZZES, ids=name)
def test_every_answer_of_a_quiz_gets_its_reason(quiz):
    view = QuizView(quiz)
    for number, question in enumerate(quiz.questions):
        for i, answer in enumerate(question.answers):
            view.radios[number].value = i
            view.buttons[number].click()
            shown = view.feedback[number].value
            assert ("Right." in shown) == answer.right
            assert question.feedback(i)._repr_html_() == shown
            assert answer.reason in question.feedback(i).lines
    assert f"of {len(quiz.questions)} right" in view.total.value


# Widgets


def explorers(number):
    """The explorers of a lesson."""
    module = f"minigrad.course.lesson_{number}.widgets"
    if not find_spec(module):
        return []
    kinds = vars(import_module(module)).values()
    return [k for k in kinds if isinstance(k, type) and issubclass(k, Explorer) and k.__module__ == module]


EXPLORERS = [kind for number in NUMBERS for kind in explorers(number)]
CONTROLS = [(kind, control) for kind in EXPLORERS for control in kind().controls]


def values(control):
    """Every value that a control can take."""
    if hasattr(control, "options"):
        return [option[1] if isinstance(option, tuple) else option for option in control.options]
    if isinstance(control.value, bool):
        return [False, True]
    steps = round((control.max - control.min) / control.step)
    return [type(control.value)(control.min + i * control.step) for i in range(steps + 1)]


@pytest.mark.parametrize(("kind", "control"), CONTROLS, ids=lambda part: getattr(part, "__name__", part))
def test_every_value_of_every_control_is_drawn_and_said(kind, control):
    explorer = kind()
    for value in values(explorer.controls[control]):
        html, words = kind.drawn(replace(explorer.start, **{control: value}))
        assert len(words.split()) >= 5
        assert not re.search(r"\bnan\b|\d\.\d{7,}|np\.", words), words
        assert 'alt="' in html or "<svg" in html or "<table" in html


@pytest.mark.parametrize("kind", EXPLORERS)
def test_an_explorer_answers_its_controls_and_goes_back(kind):
    explorer = kind()
    before = explorer.figure.value, explorer.words.value, explorer.beside.value
    for control in explorer.controls.values():
        assert control.description
        assert control.tooltip
        control.value = next(value for value in values(control) if value != control.value)
    assert (explorer.figure.value, explorer.words.value, explorer.beside.value) != before
    assert 'role="status"' in explorer.words.value
    explorer.reset.click()
    assert explorer.state == explorer.start
    assert (explorer.figure.value, explorer.words.value, explorer.beside.value) == before
    assert len(repr(explorer)) <= 110  # ipywidgets cuts what is longer


# The road


def test_every_lesson_has_its_notebook_and_its_place_on_the_road():
    files = {stop.number: stop.file for stop in ROAD}
    assert list(files) == sorted(files)
    assert {number: file.stem for number, file in NOTEBOOKS.items()}.items() <= files.items()
    assert set(NUMBERS) <= set(NOTEBOOKS)


@pytest.mark.parametrize("stop", [stop for stop in ROAD if stop.number in NOTEBOOKS], ids=lambda stop: stop.number)
def test_the_notebook_says_the_time_that_the_map_says(stop):
    text = NOTEBOOKS[stop.number].read_text(encoding="utf-8")
    assert f"{stop.minutes} minutes" in text
