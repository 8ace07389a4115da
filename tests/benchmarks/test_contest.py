"""The harness itself: the contenders compute the same, and one that isn't there is named. Nothing is timed."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from contest import contest

SMALL = (8, 6, 3, 4)


def test_contenders_take_the_same_steps():
    """From the same weights on the same batch; `contest` raises otherwise."""
    result = contest("step", SMALL, ["by_hand", "minigrad", "torch"], rounds=1)
    assert {"by_hand", "minigrad"} <= set(result.seconds)
    assert result.ratio("minigrad", "minigrad") == 1.0


def test_a_contender_that_computes_something_else_is_an_error():
    """Below zero, no agreement is close enough."""
    with pytest.raises(AssertionError, match="computed"):
        contest("step", SMALL, ["by_hand", "minigrad"], rounds=1, tolerance=-1.0)
