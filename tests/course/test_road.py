"""The map of the course: what there is, what is done."""

import pytest

from minigrad.course import progress, road_map
from minigrad.course.lessons import contents
from minigrad.course.road import ROAD, Stop, row


@pytest.fixture
def stop(miniature, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "50_mini.ipynb").touch()
    return Stop("50", "50_mini", "A miniature", 10)


def state(stop):
    return row(stop, progress.read().get(stop.number, {}))[2:]


def test_from_nothing_to_done(stop):
    assert state(stop) == ("○", "4 exercises")
    progress.record("50", "predictions", "p1", 4)
    assert state(stop) == ("◐", "0 of 4 exercises")
    for name in contents("50")[0]:
        progress.record("50", "checks", name, "tried")
    assert state(stop) == ("◐", "0 of 4 exercises")
    for name in contents("50")[0]:
        progress.record("50", "checks", name, "right")
    assert state(stop) == ("✓", "done")


def test_a_lesson_that_only_asks_is_done_when_all_is_answered(stop, monkeypatch):
    _, _, quizzes = contents("50")
    monkeypatch.setattr("minigrad.course.lessons.contents", lambda number: ({}, {}, quizzes))
    assert state(stop) == ("○", "")
    quizzes["before"].record(0, 1)
    assert state(stop) == ("◐", "begun")
    quizzes["before"].record(1, 1)
    assert state(stop) == ("✓", "done")


def test_a_lesson_without_a_notebook_is_to_come(stop, tmp_path):
    (tmp_path / "50_mini.ipynb").unlink()
    assert state(stop) == (" ", "to come")


def test_the_map_names_every_lesson_and_links_those_that_are_there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / f"{ROAD[1].file}.ipynb").touch()
    text, html = repr(road_map()), road_map()._repr_html_()
    for stop in ROAD:
        assert f"{stop.number} {stop.title}" in text
        assert f"{stop.number} · {stop.title}" in html
    assert html.count("<a ") == 1
    assert f'<a href="{ROAD[1].file}.ipynb">01 · ' in html
    assert html.count("to come") == text.count("to come") == len(ROAD) - 1


def test_progress_of_lessons_that_are_gone_or_renamed_harms_nobody(stop):
    progress.record("50", "checks", "q99", "right")
    progress.record("77", "checks", "q1", "right")
    assert state(stop) == ("◐", "0 of 4 exercises")
    assert "77" not in repr(road_map())


def test_a_damaged_file_is_said_below_the_map(stop, progress_file):
    progress_file.write_text("{")
    assert "was damaged" in repr(road_map())
    progress_file.write_text("{")
    assert "was damaged" not in road_map()._repr_html_()  # once
