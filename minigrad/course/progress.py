"""What a learner has done: a small file beside the notebooks, never a reason for a lesson to fail.

The file is `.minigrad_progress.json` in the folder of the notebook, or what the environment variable
`MINIGRAD_PROGRESS` names. It is written whole or not at all. A damaged one is set aside; where nothing
can be written, the course goes on in memory. Either is said once, below whatever is shown next.
"""

import json
import os
import tempfile
from pathlib import Path
from typing import Any

VARIABLE, NAME = "MINIGRAD_PROGRESS", ".minigrad_progress.json"

_memory: dict[str, Any] = {}  # what the file holds, or would if it could be written
_notes: list[str] = []  # sentences that wait to be shown
_said: set[str] = set()


def file() -> Path:
    """Where progress is kept."""
    return Path(os.environ.get(VARIABLE) or NAME)


def say(note: str) -> None:
    """Put a sentence below what is shown next, once in a session."""
    if note not in _said:
        _said.add(note)
        _notes.append(note)


def notes() -> tuple[str, ...]:
    """Return the sentences that wait to be shown, and forget them."""
    waiting = tuple(_notes)
    _notes.clear()
    return waiting


def well_formed(data: Any) -> bool:
    """Whether data has the form lesson → kind → name → value."""
    levels = [data]
    for _ in range(3):
        if not all(isinstance(level, dict) for level in levels):
            return False
        levels = [value for level in levels for value in level.values()]
    return True


def read() -> dict[str, Any]:
    """Return all progress: lesson → kind → name → value.

    A file that can't be read as such is renamed, and the progress in memory goes on.
    """
    try:
        data = json.loads(file().read_text(encoding="utf-8"))
        if not well_formed(data):
            raise ValueError("not a table of lessons")
    except FileNotFoundError:
        return _memory
    except OSError as reason:
        say(f"Your progress can't be read ({reason.strerror}): the course goes on without it.")
        return _memory
    except (ValueError, RecursionError):
        aside = file().with_name(f"{file().stem}.damaged.json")
        try:
            os.replace(file(), aside)
            say(f"The file with your progress was damaged. It is now called `{aside.name}`, and a new one begins.")
        except OSError:
            say("The file with your progress is damaged, and can't be set aside: the course goes on without it.")
        return _memory
    _memory.clear()
    _memory.update(data)
    return _memory


def record(lesson: str, kind: str, name: str, value: Any) -> None:
    """Keep one thing, in the file if it can be written."""
    data = read()
    data.setdefault(lesson, {}).setdefault(kind, {})[name] = value
    temporary = None
    try:
        folder = file().resolve().parent
        handle, temporary = tempfile.mkstemp(prefix=".minigrad_progress", suffix=".tmp", dir=folder)
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            json.dump(data, out, indent=1, sort_keys=True)
        os.replace(temporary, file())
    except OSError as reason:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        say(f"Your progress can't be written here ({reason.strerror}): it is kept until this notebook is closed.")


def recorded(lesson: str, kind: str) -> dict[str, Any]:
    """Return what is kept of one kind in one lesson: name → value."""
    return read().get(lesson, {}).get(kind, {})
