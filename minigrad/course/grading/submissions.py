"""Find the notebooks in what a class handed in: files, folders and zips, one for each student.

Whatever else lies there, or can't be read, is a submission without cells and with a reason.
"""

import json
import zipfile
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TypeVar

Name = TypeVar("Name", str, Path)
LARGEST = 32 << 20  # bytes of a notebook


class Unreadable(Exception):
    """Why a submission can't be graded."""


@dataclass
class Notebook:
    """What one student handed in: code cells, written answers, or the reason why there are none."""

    student: str
    cells: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    trouble: str = ""


def collect(folder: Path) -> list[Notebook]:
    """Return the submissions of a folder, sorted by student: the name of the file, folder or zip."""
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is not a folder")
    entries = [path for path in sorted(folder.iterdir()) if not path.name.startswith((".", "__MACOSX"))]
    found = [read(path) for path in entries]
    names = [notebook.student for notebook in found]
    for notebook in found:
        if names.count(notebook.student) > 1:
            notebook.trouble = "there are several submissions of this name; leave one, and grade again."
    return [notebook for i, notebook in enumerate(found) if notebook.student not in names[:i]]


def read(path: Path) -> Notebook:
    """Read one student's submission."""
    name = path.name if path.is_dir() else path.stem
    notebook = Notebook("".join(sign if sign.isprintable() else "?" for sign in name))
    try:
        notebook.cells, notebook.texts = parsed(content(path))
    except Unreadable as reason:
        notebook.trouble = str(reason)
    except Exception as reason:  # whatever can be wrong with somebody's zip
        notebook.trouble = f"it can't be read: {reason}."
    return notebook


def content(path: Path) -> bytes:
    """Return the bytes of the only notebook in a file, folder or zip; links are not followed."""
    if path.is_symlink():
        raise Unreadable("it is a link, not a file.")
    if path.is_dir():
        files = [file for file in sorted(path.rglob("*.ipynb")) if not file.is_symlink()]
        return content(only([file for file in files if ours(file.relative_to(path))]))
    if path.suffix.lower() == ".zip":
        with zipfile.ZipFile(path) as archive:
            name = only([name for name in archive.namelist() if name.endswith(".ipynb") and ours(PurePosixPath(name))])
            with archive.open(name) as file:
                return within(file.read(LARGEST + 1))
    if path.suffix != ".ipynb" or not path.is_file():
        raise Unreadable("it is not a notebook (.ipynb).")
    with path.open("rb") as file:
        return within(file.read(LARGEST + 1))


def ours(path: PurePosixPath | Path) -> bool:
    """Whether a path is what somebody meant to hand in, rather than what a system left there."""
    return not any(part.startswith((".", "__MACOSX")) for part in path.parts)


def only(found: list[Name]) -> Name:
    """Return the one thing that was found."""
    if len(found) != 1:
        raise Unreadable(f"it holds {len(found) or 'no'} notebooks; one was expected.")
    return found[0]


def within(data: bytes) -> bytes:
    """Return the bytes of a notebook that is not too large."""
    if len(data) > LARGEST:
        raise Unreadable(f"the notebook has more than {LARGEST >> 20} MB.")
    return data


def parsed(data: bytes) -> tuple[list[str], list[str]]:
    """Return the sources of a notebook's code cells and of its Markdown cells."""
    try:
        cells = json.loads(data)["cells"]
        sources = [(cell["cell_type"], "".join(cell["source"])) for cell in cells]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise Unreadable("the file is damaged: it is no notebook of format 4.") from None
    code = [source for kind, source in sources if kind == "code" and source.strip()]
    if not code:
        raise Unreadable("the notebook has no code cells.")
    return code, [source for kind, source in sources if kind == "markdown"]
