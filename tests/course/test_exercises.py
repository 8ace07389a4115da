"""How an answer is judged: three states, a sentence for whatever an answer does, hints in steps, the solution after."""

import sys
import time

import numpy as np
import pytest

from minigrad.course import lesson, progress
from minigrad.course.exercises import Exercise
from minigrad.course.lessons import contents


@pytest.fixture
def exercises(miniature):
    return contents("50")[0]


@pytest.fixture
def mse(exercises):
    return exercises["q1"]


@pytest.fixture
def desk(miniature):
    return lesson("50")


def right(prediction, y):
    return ((prediction - y) ** 2).mean()


def test_a_lesson_hands_out_five_things(desk):
    check, hint, solution, predict, quiz = desk
    assert dir(check) == dir(hint) == dir(solution) == ["q1", "q2", "q3", "q4"]
    assert dir(predict) == ["p1", "p2"]
    assert dir(quiz) == ["before"]
    assert repr(check) == "lesson 50 has check.q1, check.q2, check.q3, check.q4"


def test_a_wrong_name_is_answered_with_the_right_ones(desk):
    with pytest.raises(
        AttributeError, match=r"lesson 50 has no check.q9; it has check.q1, check.q2, check.q3, check.q4"
    ):
        desk.check.q9
    with pytest.raises(AttributeError, match=r"no quiz.after; it has quiz.before"):
        desk.quiz.after
    with pytest.raises(LookupError, match="there is no lesson '77'; there are 0"):
        lesson(77)


def test_the_three_states(mse):
    assert repr(mse.verdict(...)) == "○ Not attempted yet. Change the cell and run it again; `hint.q1()` helps."
    wrong = mse.verdict(lambda p, y: ((p - y) ** 2).sum())
    assert repr(wrong).startswith("✗ Not yet: `mse(prediction, y)` is 7 times too large")
    assert repr(mse.verdict(right)) == "✓ Right. The same line works for any number of points."


def test_an_untouched_blank_is_no_attempt_wherever_its_dots_stand(exercises, progress_file):
    for exercise in exercises.values():
        assert exercise.verdict(*exercise.values()).kind == "blank"
        assert exercise.attempts == 0
    assert not progress_file.exists()


def test_half_filled_is_an_attempt(exercises):
    assert "attribute 'backward'" in repr(
        exercises["q3"].verdict(type("Double", (), {"forward": lambda self, x: 2 * x}))
    )
    assert exercises["q2"].verdict(6, ...).kind == "blank"
    source = """
        class Double:
            def forward(self, x):
                return 2 * x

            def backward(self, gradient):
                return ...
    """
    assert "what `backward` returns is still `...`" in repr(exercises["q3"].verdict(*exercises["q3"].values(source)))


def left_dots(p, y):
    difference = ...
    return (difference**2).mean()


class Odd:
    """A result whose every use raises."""

    def __getattr__(self, name):
        raise RuntimeError(name)


class Unsayable(Exception):
    def __str__(self):
        raise ValueError


def recursive(p, y):
    return recursive(p, y)


def endless(p, y):
    while True:
        pass


HOSTILE = {
    "raises": (lambda p, y: 1 / 0, "it raises `ZeroDivisionError`"),
    "raises an odd error": (lambda p, y: (_ for _ in ()).throw(type("Mine", (Exception,), {})()), "it raises `Mine`"),
    "raises what can't be said": (lambda p, y: (_ for _ in ()).throw(Unsayable()), "it raises `Unsayable`."),
    "raises BaseException": (lambda p, y: (_ for _ in ()).throw(BaseException("x")), "it raises `BaseException`: x"),
    "interrupts": (lambda p, y: (_ for _ in ()).throw(KeyboardInterrupt()), "it was interrupted"),
    "exits": (lambda p, y: sys.exit(0), "it leaves Python altogether"),
    "never ends": (endless, "it was stopped after 0.2 seconds"),
    "sleeps": (lambda p, y: time.sleep(60), "it was stopped after 0.2 seconds"),
    "recurs": (recursive, "it calls itself without end"),
    "prints": (lambda p, y: print("5.30"), "is `None`. Is a `return` missing? It prints something"),
    "changes its input": (lambda p, y: p.__imul__(0).sum(), "`<lambda>` changes its input `p` in place"),
    "sorts its input": (lambda p, y: (y.sort(), right(p, y))[1], "`<lambda>` changes its input `y` in place"),
    "returns a word": (lambda p, y: "5.30", "of type `str`"),
    "returns a function": (lambda p, y: np.mean, "is a function: call it"),
    "returns itself": (lambda p, y: Odd(), "of type `Odd`; numbers were expected"),
    "returns nothing": (lambda p, y: None, "is `None`"),
    "returns an array": (lambda p, y: (p - y) ** 2, "is not averaged"),
    "returns nan": (lambda p, y: np.nan, "is nan"),
    "returns complex": (lambda p, y: 1j, "of type `complex`"),
    "has dots left": (left_dots, "a blank `...` is left to fill"),
    "takes one argument": (lambda p: 0, "it raises `TypeError`"),
    "is no function": (5.3, "a function or class was expected"),
    "is an array": (np.ones(3), "a function or class was expected"),
    "is a class": (dict, "it raises `TypeError`"),
    "is very long": (lambda p, y: (_ for _ in ()).throw(ValueError("long " * 1000)), "long …"),
    "is None": (None, "a function or class was expected"),
    "is odd": (Odd(), "a function or class was expected"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_whatever_an_answer_does_it_gets_a_sentence(mse, name, capsys):
    answer, words = HOSTILE[name]
    mse.seconds = 0.2
    card = mse.verdict(answer)
    assert card.kind == "wrong"
    assert words in repr(card)
    assert "Traceback" not in repr(card)
    assert len(repr(card)) < 450
    assert capsys.readouterr() == ("", "")
    assert mse.verdict(right).kind == "right"  # and the next answer is judged as if nothing had been


def test_the_learners_own_line_is_shown(tmp_path):
    import linecache

    class Any(Exercise):
        def check(self, f):
            self.call(f, 1.0)

    source = "def f(x):\n    y = x\n    return missing + y\n"
    linecache.cache["<cell>"] = (len(source), None, source.splitlines(keepends=True), "<cell>")
    names = {"__name__": "__main__"}
    exec(compile(source, "<cell>", "exec"), names)
    assert "`NameError`, in the line `return missing + y`: name 'missing' is not defined" in repr(
        Any().verdict(names["f"])
    )


def test_wrong_number_of_answers(mse):
    assert repr(mse.verdict()) == "✗ Not yet: write `check.q1(mse)`."
    assert repr(mse.verdict(1, 2)) == "✗ Not yet: write `check.q1(mse)`."


def test_a_right_answer_may_print(mse):
    assert "It also printed something" in repr(mse.verdict(lambda p, y: (print("hello"), right(p, y))[1]))


def test_what_the_notebook_redefines_does_not_matter(mse, monkeypatch):
    """A learner's names are not those of the check; NumPy's settings are put back for it."""
    names = {"__name__": "__main__"}
    exec("np = mg = check = sum = 3\ndef mse(p, y):\n    return ((p - y) ** 2).mean()", names)
    with np.errstate(all="raise"):
        assert mse.verdict(names["mse"]).kind == "right"
        assert mse.verdict(lambda p, y: np.float64(1) / np.zeros(()) * right(p, y)).kind == "wrong"


def test_hints_come_one_by_one_and_then_again(desk):
    hints = [repr(desk.hint.q1()) for _ in range(3)]
    assert hints[0].startswith(
        "→ Hint 1 of 2: First the differences: an array.\n  For the next hint run `hint.q1()` again."
    )
    assert hints[1].startswith("→ Hint 2 of 2:")
    assert "`solution.q1()` shows a solution" in hints[1]
    assert hints[2] == hints[0]


def test_the_solution_only_after_an_attempt(desk):
    check, _, solution, *_ = desk
    assert repr(solution.q1()).startswith("○ First an attempt:")
    check.q1(...)
    assert repr(solution.q1()).startswith("○ First an attempt:")
    check.q1(len)
    shown = solution.q1()
    assert "return ((prediction - y) ** 2).mean()" in repr(shown)
    assert "NumPy works on whole arrays." in repr(shown)
    assert '<span style="color: var(--jp-mirror-editor-keyword-color)">return</span>' in shown._repr_html_()


def test_an_attempt_of_yesterday_counts(desk):
    progress.record("50", "checks", "q2", "tried")
    assert repr(desk.solution.q2()).startswith("• A solution.")
    assert repr(desk.solution.q1()).startswith("○ First an attempt:")


def test_what_was_right_once_stays_so(desk):
    desk.check.q1(len)
    assert progress.recorded("50", "checks") == {"q1": "tried"}
    desk.check.q1(right)
    desk.check.q1(len)
    assert progress.recorded("50", "checks") == {"q1": "right"}


def test_inputs_are_fresh_and_the_verdict_stays(mse):
    seen = []

    def watching(p, y):
        seen.append(p.tobytes())
        return -right(p, y)

    assert len({repr(mse.verdict(watching)) for _ in range(20)}) == 1
    assert len(set(seen)) == 20


def test_cells_of_the_notebook(exercises):
    assert exercises["q1"].markdown == (
        "### Exercise 1: mean squared error · ★ · essential · 4 minutes\n\n"
        "Write `mse(prediction, y)`: the mean of the squared differences."
    )
    assert exercises["q1"].cell() == "def mse(prediction, y):\n    return ...\n\n\ncheck.q1(mse)"
    assert exercises["q2"].cell() == "slope, place = ..., ...\n\ncheck.q2(slope, place)"
    assert exercises["q2"].cell("slope, place = 6, 0").startswith("slope, place = 6, 0\n")
    assert Exercise.heading.fget(type("One", (Exercise,), {"minutes": 1})()).endswith("1 minute")


def test_blanks_are_told_from_answers(exercises):
    """The same code is the blank, also in tuples; any other is an attempt."""

    class Pair(Exercise):
        blank = "pair = (lambda a: ..., lambda b: b + 1)"

        def check(self, pair):
            pass

    pair = Pair()
    assert pair.verdict(pair.values()[0]).kind == "blank"
    assert pair.verdict((lambda a: 2, lambda b: b + 1)).kind == "right"
    assert pair.verdict((lambda a: ...,)).kind == "right"
    bug = exercises["q4"]
    assert bug.verdict(*bug.values(bug.blank.replace("0.1", "0.10"))).kind == "blank"
    assert bug.verdict(*bug.values(bug.blank.replace("0.1", "1"))).kind == "wrong"
    assert bug.verdict(*bug.values(bug.blank.replace("gradient", "g"))).kind == "wrong"
