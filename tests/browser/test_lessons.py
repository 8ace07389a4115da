"""Every lesson as a learner meets it: run whole, an exercise filled in, a quiz answered, a slider moved."""

import json
from pathlib import Path

import pytest

from minigrad.course.lessons import contents
from minigrad.course.road import ROAD

pytestmark = pytest.mark.browser

COURSE = Path(__file__).resolve().parents[2] / "minigrad" / "course"
LESSONS = [stop for stop in ROAD if (COURSE / f"lesson_{stop.number}").is_dir()]


def reads(place, words):
    """Wait until these words stand there."""
    place.filter(has_text=words).wait_for(timeout=20_000)


@pytest.mark.parametrize("stop", LESSONS, ids=lambda stop: stop.number)
def test_a_learner_goes_through_the_lesson(lab, keep, stop):
    from playwright.sync_api import expect

    exercises, _, quizzes = contents(stop.number)
    page = lab.open(f"notebooks/{stop.file}.ipynb")
    lab.run_all(page)
    loaded = "() => [...document.querySelectorAll('.jp-Notebook img')].every(i => i.complete && i.naturalWidth > 0)"
    page.wait_for_function(loaded)

    for exercise in list(exercises.values())[:1]:
        cell = lab.cell(page, f"check.{exercise.name}({', '.join(exercise.asks)})")
        card = cell.get_by_role("status")
        reads(card, "Not attempted yet.")
        wrong, words = next(iter(exercise.wrong.items()))
        lab.fill(page, cell, exercise.cell(wrong))
        reads(card, "Not yet: ")
        reads(card, words.replace("`", ""))
        keep(page, f"lesson_{stop.number}_wrong")
        lab.fill(page, cell, exercise.cell(exercise.solution))
        reads(card, "Right.")
        kept = json.loads((lab.root / "notebooks" / ".minigrad_progress.json").read_text(encoding="utf-8"))
        assert kept[stop.number]["checks"][exercise.name] == "right"

    for quiz in list(quizzes.values())[:1]:
        view = lab.cell(page, f"quiz.{quiz.name}()")
        answers = quiz.questions[0].answers
        right = next(i for i, answer in enumerate(answers) if answer.right)
        radios = view.locator(".widget-radio-box").first.locator("input")
        radios.first.focus()
        for key in ["Tab"] * right + ["Space"] + ["Tab"] * (len(answers) - right) + ["Enter"]:
            page.keyboard.press(key)
        reads(view.get_by_role("status"), "Right.")
        keep(page, f"lesson_{stop.number}_quiz")

    handles = page.locator(".widget-slider .noUi-handle")
    if handles.count():
        output = page.locator(".jp-OutputArea-output", has=handles).first
        words = output.locator(".widget-html [role=status]")
        before = words.inner_text()
        handles.first.focus()
        page.keyboard.press("ArrowRight")
        expect(words).not_to_have_text(before)
        keep(page, f"lesson_{stop.number}_slider")

    lab.whole(page)
    keep(page, f"lesson_{stop.number}")
    assert page.complaints == []
    page.close()
