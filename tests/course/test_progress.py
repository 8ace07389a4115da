"""What is remembered: written whole or not at all, and never a reason for a lesson to fail."""

import json
import multiprocessing
from pathlib import Path

import pytest

from minigrad.course import lesson, progress
from minigrad.course.progress import record, recorded


def restart(monkeypatch):
    """Forget everything, as a new kernel has."""
    monkeypatch.setattr(progress, "_memory", {})
    monkeypatch.setattr(progress, "_said", set())
    monkeypatch.setattr(progress, "_notes", [])


def test_nothing_is_written_before_there_is_something(progress_file):
    assert progress.read() == {}
    assert progress.notes() == ()
    assert not progress_file.exists()


def test_what_is_recorded_is_there_after_a_restart(progress_file, monkeypatch):
    record("01", "checks", "q1", "right")
    record("01", "predictions", "p1", 4.0)
    restart(monkeypatch)
    assert recorded("01", "checks") == {"q1": "right"}
    assert recorded("01", "predictions") == {"p1": 4.0}
    assert recorded("02", "checks") == {}
    assert progress.notes() == ()
    assert list(progress_file.parent.iterdir()) == [progress_file]  # no temporary file is left


def test_it_lies_beside_the_notebook_unless_told_otherwise(tmp_path, monkeypatch):
    monkeypatch.delenv(progress.VARIABLE)
    monkeypatch.chdir(tmp_path)
    record("01", "checks", "q1", "right")
    assert json.loads((tmp_path / ".minigrad_progress.json").read_text()) == {"01": {"checks": {"q1": "right"}}}


def test_git_ignores_all_that_may_be_written():
    patterns = (Path(__file__).resolve().parents[2] / ".gitignore").read_text().split()
    assert ".minigrad_progress*" in patterns
    assert progress.NAME.startswith(".minigrad_progress")


def test_two_notebooks_write_into_one_file(monkeypatch):
    record("01", "checks", "q1", "right")
    first = dict(progress._memory)
    restart(monkeypatch)
    record("02", "checks", "q1", "tried")
    monkeypatch.setattr(progress, "_memory", first)  # the first notebook knows nothing of the second
    record("01", "checks", "q2", "right")
    assert progress.read() == {"01": {"checks": {"q1": "right", "q2": "right"}}, "02": {"checks": {"q1": "tried"}}}


@pytest.mark.parametrize(
    "damage",
    [
        "",
        "{",
        "[]",
        '"x"',
        "null",
        "7",
        '{"01": 3}',
        '{"01": {"checks": []}}',
        "[" * 100_000,
        "\x00\x01",
        '{"01": {"a": {}}',
    ],
)
def test_a_damaged_file_is_set_aside_and_said_so_once(progress_file, damage, monkeypatch):
    progress_file.write_text(damage)
    assert progress.read() == {}
    assert progress.notes() == (
        "The file with your progress was damaged. It is now called `progress.damaged.json`, and a new one begins.",
    )
    assert progress_file.with_name("progress.damaged.json").read_text() == damage
    record("01", "checks", "q1", "right")
    assert progress.notes() == ()
    restart(monkeypatch)
    assert recorded("01", "checks") == {"q1": "right"}


def test_bytes_that_are_no_text_are_damage(progress_file):
    progress_file.write_bytes(b"\xff\xfe\xff")
    assert progress.read() == {}
    assert "was damaged" in progress.notes()[0]


def test_a_folder_that_is_read_only(monkeypatch, miniature, progress_file):
    """It is said below the next card, once, and the lesson goes on in memory."""

    def refused(**_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(progress.tempfile, "mkstemp", refused)
    desk = lesson("50")
    note = "Your progress can't be written here (Permission denied): it is kept until this notebook is closed."
    assert repr(desk.check.q2(6, 0)) == f"✓ Right.\n  {note}"
    assert repr(desk.check.q2(6, 0)) == "✓ Right."
    assert recorded("50", "checks") == {"q2": "right"}
    assert not progress_file.exists()


def test_a_folder_that_does_not_exist(monkeypatch, tmp_path):
    monkeypatch.setenv(progress.VARIABLE, str(tmp_path / "nowhere" / "progress.json"))
    record("50", "checks", "q2", "right")
    assert "can't be written here" in progress.notes()[0]
    assert recorded("50", "checks") == {"q2": "right"}


def test_a_file_that_cannot_be_read(monkeypatch, tmp_path):
    monkeypatch.setenv(progress.VARIABLE, str(tmp_path))  # a folder
    record("01", "checks", "q1", "right")
    assert recorded("01", "checks") == {"q1": "right"}
    assert progress.notes()
    record("01", "checks", "q2", "right")
    assert progress.notes() == ()


def test_a_disk_that_fills_while_writing_leaves_the_old_file(progress_file, monkeypatch):
    record("01", "checks", "q1", "right")
    before = progress_file.read_text()

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(progress.json, "dump", full)
    record("01", "checks", "q2", "right")
    assert progress_file.read_text() == before
    assert list(progress_file.parent.iterdir()) == [progress_file]
    assert "No space left on device" in progress.notes()[0]


def write_many(number):
    for i in range(30):
        record(f"{number:02}", "checks", f"q{i}", "right")


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="needs to fork")
def test_a_reader_never_sees_half_a_file(progress_file, monkeypatch):
    """Two kernels write at the same time; the file is always whole. What one adds the other may overwrite."""
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=write_many, args=(i,)) for i in range(2)]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        restart(monkeypatch)
        progress.read()
        assert progress.notes() == ()
    for writer in writers:
        writer.join()
        assert writer.exitcode == 0
