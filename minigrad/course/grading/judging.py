"""What otter's tests call: one criterion, judged in the process in which the notebook has run."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from minigrad.course.comparing import NotYet
from minigrad.course.grading.grader import with_hidden


def judge(lab: str, task: str, criterion: str, names: Mapping[str, Any]) -> None:
    """Raise NotYet, with the reason, unless the criterion is met by what the notebook calls by these names.

    `hidden.py`, which travels with the autograder, lies beside the notebook then.
    """
    judged = with_hidden(lab, Path("hidden.py"))[task]
    if missing := [f"`{name}`" for name in judged.asks if name not in names]:
        raise NotYet(f"the notebook defines no {' and no '.join(missing)}.")
    answers = tuple(names[name] for name in judged.asks)
    if judged.untouched(answers):
        raise NotYet("not attempted.")
    judged.judge(getattr(judged, criterion), *answers)
