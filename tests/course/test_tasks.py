"""Tasks of a lab: criteria, points, what a notebook shows of them, and the desk of a lab."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.course.comparing import NotYet
from minigrad.course.tasks import Task, criterion, lab, plain


@pytest.fixture
def desk(miniature):
    """What the notebook of the miniature lab unpacks."""
    return lab(9)


class Two(Task):
    """Write `f(x)`."""

    blank = "def f(x):\n    return ..."

    @criterion(1, "first")
    def first(self, f):
        self.once("run", lambda: self.call(f, self.rng.normal(size=3)))

    @criterion(3, "second")
    def second(self, f):
        if not np.all(self.once("run", lambda: self.call(f, np.ones(3))) > 0):
            raise NotYet("it is not above 0.")


class Three(Two):
    """A base class's criteria come first; one that is defined again keeps its place."""

    @criterion(2, "third")
    def third(self, f):
        """Nothing."""

    @criterion(5, "first, and more")
    def first(self, f):
        """Nothing."""


def test_points_of_base_and_derived_class():
    """What derives adds, or takes the place."""
    assert [method.__name__ for method in Three().criteria] == ["first", "second", "third"]
    assert (Two().points, Three().points) == (4, 10)


def test_criteria_of_a_task_have_the_same_parameters():
    """They are the names in one cell."""

    class Odd(Two):
        @criterion(1, "other names")
        def other(self, f, g):
            """Nothing."""

    with pytest.raises(AssertionError, match="other parameters"):
        Odd()


def test_three_states(desk):
    """As in a lesson; a lab has hints, and its solution is refused."""
    assert repr(desk.check.q1(...)).startswith("○ Not attempted yet.")
    assert repr(desk.check.q1(41)) == "✗ Not yet: `number` is off by 1."
    assert repr(desk.check.q1(42)) == "✓ Right. The checks here give 1 point."
    assert "That was the last hint." in repr(desk.hint.q1())
    assert "solution" not in repr(desk.hint.q1())
    assert repr(desk.solution.q1()).startswith("• The solution stays with your teacher.")


def test_names_what_there_is(desk):
    """A wrong name or number is answered with the right ones."""
    with pytest.raises(AttributeError, match=r"lab 9 has no check.q7; it has check.q1, check.q2"):
        desk.check.q7
    with pytest.raises(LookupError, match="there is no lab '77'"):
        lab(77)


def test_an_earlier_blank_leaves_a_task_unattempted(desk):
    """Line asks for two functions: with one of them blank there is nothing to judge."""

    def build(slope):
        return ...

    assert repr(desk.check.q3(build, lambda model, x: x)).startswith("○ Not attempted yet.")


def test_first_criterion_that_fails_is_shown(desk):
    """Centred with the mean of all, the columns' spread would stay; the mean comes first."""
    assert "the mean of `centre(x)`" in repr(desk.check.q2(lambda x: x - x.mean()))
    assert "the spread of `centre(x)` is" in repr(desk.check.q2(lambda x: 2 * (x - x.mean(axis=0))))


def test_once_runs_once_and_fails_for_all():
    """A run that several criteria look at is made once in each judgement, and its failure is each one's."""
    runs = []
    assert repr(Two().verdict(lambda x: runs.append(1) or x * x + 1)).startswith("✓")
    assert len(runs) == 1
    task = Two()
    for method in task.criteria:
        with pytest.raises(ZeroDivisionError):
            task.judge(method, lambda x: 1 / 0)
    task.forget()
    assert task._kept  # what failed goes on failing


def test_each_criterion_begins_with_the_same_numbers():
    """Whichever ran before: the grader runs them apart."""
    seen = []
    task = Two()
    for _ in range(2):
        task._kept.clear()
        task.judge(task.criteria[0], lambda x: seen.append(x))
    assert np.array_equal(*seen)


def test_plain_is_deep_and_keeps_models():
    """Tensors become arrays wherever they are; a model, a class and a function stay."""
    model = nn.Linear(2, 1)
    table = plain({"loss": [mg.tensor(1.0), np.float64(2)], "model": (model, nn.Linear, len), "scalar": mg.Scalar(3.0)})
    assert table["loss"] == [1.0, 2.0]
    assert table["model"] == (model, nn.Linear, len)
    assert table["scalar"] == 3.0


def test_changed_input_is_found_in_depth():
    """An array in a table in a list belongs to the caller, too."""

    def spoil(data):
        data[0]["x"] += 1

    with pytest.raises(NotYet, match=r"`.*spoil` changes its input `data` in place"):
        Task().call(spoil, [{"x": np.zeros(2)}])
    assert Task().call(lambda table: len(table), [{"a": 1, "b": np.array([np.nan])}]) == 1
