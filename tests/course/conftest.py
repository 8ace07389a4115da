"""What tests of the course share: clean progress for each, and the miniature lesson beside the real ones."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.display import display

import minigrad.course
from minigrad.course import progress

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def progress_file(tmp_path, monkeypatch):
    """A file of its own for each test, and nothing remembered from the one before."""
    file = tmp_path / "progress.json"
    monkeypatch.setenv(progress.VARIABLE, str(file))
    monkeypatch.setattr(progress, "_memory", {})
    monkeypatch.setattr(progress, "_notes", [])
    monkeypatch.setattr(progress, "_said", set())
    return file


@pytest.fixture
def miniature(monkeypatch):
    """Lesson 50 exists, as if its folder lay in minigrad/course."""
    monkeypatch.setattr(
        minigrad.course, "__path__", [*minigrad.course.__path__, str(Path(__file__).parent / "miniature")]
    )


def run_cells(sources: list[str]) -> Iterator[Any]:
    """Run cells in one namespace, as a kernel would, and yield what each shows: the value of its last expression."""
    names: dict[str, Any] = {"__name__": "__main__", "display": display}
    for number, source in enumerate(sources, 1):
        tree, shown = ast.parse(source), None
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, f"<cell {number}>", "exec"), names)
        if last:
            shown = eval(compile(ast.Expression(last.value), f"<cell {number}>", "eval"), names)
        yield shown


@pytest.fixture
def cells(monkeypatch):
    """`cells(sources)` runs them in the folder of the notebooks."""
    monkeypatch.chdir(ROOT / "notebooks")
    return run_cells
