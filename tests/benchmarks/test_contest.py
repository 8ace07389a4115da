"""The harness itself: contenders compute the same, one that isn't there is named, goals name what exists."""

import sys
from importlib import import_module
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from contest import Result, contest
from goals import CASES, GOALS

SMALL = (8, 6, 3, 4)


def test_contenders_take_the_same_steps():
    """From the same weights on the same batch; `contest` raises otherwise."""
    result = contest("step", SMALL, ["by_hand", "minigrad", "torch"], rounds=1)
    assert {"by_hand", "minigrad"} <= set(result.seconds)
    assert result.ratio("minigrad", "minigrad") == 1.0


@pytest.mark.parametrize(
    ("case", "size", "names"),
    [
        ("conv", (8, 2), ["minigrad", "torch"]),
        ("moons", (4,), ["minigrad", "minigrad_single", "micrograd"]),
        ("nodes", ("scalars",), ["nodes_100", "alone_100"]),
        ("node_memory", ("tensors",), ["nodes_100"]),
        ("memory", SMALL, ["by_hand", "minigrad"]),
        ("importing", (), ["minigrad", "numpy", "nonsense"]),
    ],
)
def test_every_case_runs(case, size, names):
    """With one round of the smallest size; what isn't installed is named with its reason."""
    result = contest(case, size, names, rounds=1)
    assert set(result.seconds) | set(result.absent) == set(names)
    assert "minigrad" in result.seconds or result.seconds.keys() == set(names)
    assert "nonsense" not in names or "nonsense" in result.absent


def test_a_contender_that_computes_something_else_is_an_error():
    """Below zero, no agreement is close enough."""
    with pytest.raises(AssertionError, match="computed"):
        contest("step", SMALL, ["by_hand", "minigrad"], rounds=1, tolerance=-1.0)


def test_cases_and_goals_name_what_there_is():
    """Every contender is a function of its case's file, and every goal one of a case's sizes and contenders."""
    for case, (names, _, _) in CASES.items():
        assert all(callable(getattr(import_module(case), name)) for name in names.split())
    for case, size, contender, other, _ in GOALS:
        assert size in CASES[case][1]
        assert {contender, other} <= set(CASES[case][0].split())


def test_a_ratio_is_the_median_over_rounds():
    """A round that was disturbed doesn't count."""
    result = Result("step", SMALL, {"a": [2.0, 2.0, 90.0], "b": [1.0, 4.0, 1.0]})
    assert (result.ratio("a", "b"), result.best("a")) == (2.0, 2.0)
