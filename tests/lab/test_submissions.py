"""Both labs' collections of submissions, graded by the documented command: exactly the points, and the reason in words.

`wrong.txt` and `right.txt` of a lab hold what was changed in the master's solution, and what that must cost:

    === leak: the test set holds flowers of the training set
    q1 -2 both in the training and in the test set      a reason of the grader: task, points lost, words of it
    framework torch                                     which one, if not minigrad
    like another                                        begins with the cells of the submission of that name
    # %% q1                                             in place of the solution of task q1
    def split(x, y, seed): …
    # %% in q7                                          in the solution of q7 (as it then is) …
    the old text
    =>
    the new text
    # %% after q7                                       a cell of its own after that of q7
"""

import csv
import re
import subprocess
import sys
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import nbformat
import pytest

from minigrad.course.grading import walls
from minigrad.course.grading.grader import tasks

ROOT = Path(__file__).parents[2]
LABS = {"iris": ROOT / "lab" / "lab1_iris", "digits": ROOT / "lab" / "lab2_digits"}
CHOICE = 'framework = "{}"'


@dataclass
class Submission:
    """A name, the framework, the reasons that the grader must give, and the cells that differ from the master's."""

    name: str
    framework: str = "minigrad"
    lost: list[tuple[str, int, str]] = field(default_factory=list)
    cells: list[tuple[str, str]] = field(default_factory=list)


def collection(file: Path) -> list[Submission]:
    """Read a collection."""
    found: list[Submission] = []
    for text in re.split(r"^=== ", file.read_text("utf-8"), flags=re.M)[1:]:
        head, *sections = re.split(r"^# %% (.*)\n", text, flags=re.M)
        title, *lines = head.strip().splitlines()
        submission = Submission(title.partition(":")[0])
        for line in lines:
            kind, _, rest = line.partition(" ")
            if kind == "framework":
                submission.framework = rest
            elif kind == "like":
                submission.cells += next(other.cells for other in found if other.name == rest)
            else:
                points, _, words = rest.partition(" ")
                submission.lost.append((kind, -int(points), words))
        submission.cells += [
            (place, body.strip("\n")) for place, body in zip(sections[::2], sections[1::2], strict=True)
        ]
        found.append(submission)
    return found


def solutions(lab: Path) -> dict[str, str]:
    """Return the solutions in a lab's master, by the name of the task."""
    master = nbformat.read(lab / "master.ipynb", as_version=4)
    marked = (re.match(r"# solution (\w+)\n+(.*)", cell.source, re.DOTALL) for cell in master.cells)
    return {mark[1]: mark[2] for mark in marked if mark}


def notebook(lab: Path, submission: Submission) -> nbformat.NotebookNode:
    """Return the learner's notebook with a submission's answers in its cells."""
    answers, more = solutions(lab), {}
    for place, body in submission.cells:
        how, _, task = place.rpartition(" ")
        if how == "in":
            old, new = (part.strip("\n") for part in f"\n{body}\n".split("\n=>\n"))
            assert old in answers[task], f"{submission.name}: the solution of {task} has no {old!r}"
            answers[task] = answers[task].replace(old, new)
        elif how == "after":
            more[task] = body
        else:
            answers[task] = body
    book = nbformat.read(lab / f"{lab.name}.ipynb", as_version=4)
    cells = []
    for cell in book.cells:
        if cell.cell_type == "code":
            cell.update(outputs=[], execution_count=None)
            cell.source = cell.source.replace(CHOICE.format("minigrad"), CHOICE.format(submission.framework))
            if asked := re.search(r"^check\.(q\d+)\(.*\)$", cell.source, re.M):
                cell.source = f"{answers[asked[1]]}\n\n\n{asked[0]}"
                cells.append(cell)
                if asked[1] in more:
                    cells.append(nbformat.v4.new_code_cell(more[asked[1]]))
                continue
        cells.append(cell)
    book.cells = cells
    return book


def kept(lab: str, kind: str) -> list[Submission]:
    """Return a lab's wrong or right submissions whose framework is installed."""
    return [one for one in collection(Path(__file__).parent / lab / f"{kind}.txt") if installed(one)]


def installed(submission: Submission) -> bool:
    return find_spec(submission.framework.partition(".")[0]) is not None


def cases(kind: str) -> list:
    def case(lab, one):
        marks = pytest.mark.skipif(not installed(one), reason=f"{one.framework} is not installed")
        return pytest.param(lab, one, id=f"{lab}: {one.name}", marks=marks)

    return [case(lab, one) for lab in LABS for one in collection(Path(__file__).parent / lab / f"{kind}.txt")]


@cache
def grades(lab: str, folder: Path) -> tuple[dict[str, int], dict[str, dict[str, str]], str]:
    """Grade both collections of a lab and its untouched notebook: maximum, row of each student, page of answers."""
    submissions, to = folder / "submissions", folder / "grades"
    submissions.mkdir()
    for kind in ("wrong", "right"):
        for one in kept(lab, kind):
            nbformat.write(notebook(LABS[lab], one), submissions / f"{student(kind, one)}.ipynb")
    nbformat.write(nbformat.read(LABS[lab] / f"{LABS[lab].name}.ipynb", 4), submissions / "untouched.ipynb")
    command = [
        "-m",
        "minigrad.course.grading",
        "grade",
        LABS[lab],
        submissions,
        "--to",
        to,
        "--jobs",
        2,
        "--seconds",
        900,
    ]
    done = subprocess.run([sys.executable, *map(str, command)], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    with (to / "grades.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    maximum = {name: int(name.split()[-1].rstrip(")")) for name in rows[0] if "(of " in name}
    pages = "".join(page.read_text("utf-8") for page in to.glob("*.html"))
    return maximum, {row["student"]: row for row in rows}, pages


def student(kind: str, submission: Submission) -> str:
    return f"{kind} {re.sub(r'[^a-zA-Z0-9]+', ' ', submission.name)}"


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    folders = {lab: tmp_path_factory.mktemp(lab) for lab in LABS}
    return lambda lab: grades(lab, folders[lab])


walled = pytest.mark.skipif(bool(walls.missing()), reason="; ".join(walls.missing()))


@walled
@pytest.mark.parametrize(("lab", "submission"), cases("wrong"))
def test_a_wrong_submission_loses_exactly_the_points_it_should(graded, lab, submission):
    maximum, rows, _ = graded(lab)
    row = rows[student("wrong", submission)]
    lost = {name: most - int(row[name]) for name, most in maximum.items()}
    due = {name: sum(points for task, points, _ in submission.lost if task == name.split()[0]) for name in maximum}
    assert lost == due, row["reasons"]
    reasons = [reason for reason in row["reasons"].splitlines() if re.match(r"q\d+ −", reason)]
    assert len(reasons) == len(submission.lost), reasons
    for task, points, words in submission.lost:
        assert any(r.startswith(f"{task} −{points} (") and words in r for r in reasons), (task, words, reasons)
    assert int(row["total"]) == sum(maximum.values()) - sum(due.values())


@walled
@pytest.mark.parametrize(("lab", "submission"), cases("right"))
def test_a_right_submission_gets_all_points(graded, lab, submission):
    maximum, rows, _ = graded(lab)
    row = rows[student("right", submission)]
    assert not submission.lost
    assert int(row["total"]) == sum(maximum.values()), row["reasons"]
    assert not row["reasons"]


@walled
@pytest.mark.parametrize("lab", LABS)
def test_an_untouched_notebook_gets_no_points(graded, lab):
    maximum, rows, answers = graded(lab)
    row = rows["untouched"]
    assert row["total"] == "0"
    for name in maximum:
        assert re.search(rf"^{name.split()[0]} −\d+.*not attempted", row["reasons"], re.M | re.I), row["reasons"]
    assert "Question 1" in answers


@pytest.mark.parametrize("lab", LABS)
def test_the_collections_are_large_enough_and_every_framework_is_tried(lab):
    wrong, right = (collection(Path(__file__).parent / lab / f"{kind}.txt") for kind in ("wrong", "right"))
    assert len(wrong) >= 12
    assert len(right) >= 6
    assert {one.framework for one in right} == {"minigrad", "torch", "minigrad.keras", "keras"}
    for kind in (wrong, right):
        assert len({one.name for one in kind}) == len(kind)


@pytest.mark.parametrize("lab", LABS)
def test_the_learners_notebook_says_what_the_tasks_say(lab):
    """Each task's statement and blank stand in the notebook, executed, and no solution does."""
    from minigrad.course import lab as desk

    book = nbformat.read(LABS[lab] / f"{LABS[lab].name}.ipynb", as_version=4)
    sources = [cell.source for cell in book.cells]
    check = desk({"iris": 1, "digits": 2}[lab]).check
    for name in dir(check):
        task = getattr(check, name).__self__
        assert task.cell() in sources
        assert any(task.statement in source for source in sources)
    for name, text in solutions(LABS[lab]).items():
        assert not any(text in source for source in sources), name
    assert all(cell.execution_count for cell in book.cells if cell.cell_type == "code")


@pytest.mark.parametrize("lab", LABS)
def test_minutes_and_points_are_those_that_are_told(lab):
    """The parts of the notebook's table hold their tasks and some reading; their sum and the points stand in README."""
    known = tasks(LABS[lab])[1]
    master = "\n".join(cell.source for cell in nbformat.read(LABS[lab] / "master.ipynb", 4).cells)
    rows = re.findall(r"^\| (.+?) \| ?([\d–, ]*?) ?\| (\d+) \|$", master, re.M)
    asked = [int(found) for found in re.findall(r"^### Question \d.*· (\d+) minutes$", master, re.M)]
    told = work = stretch = 0
    for name, numbers, minutes in rows:
        ends = [[*map(int, piece.split("–"))] for piece in numbers.split(",") if piece]
        within = sum(known[f"q{number}"].minutes for pair in ends for number in range(pair[0], pair[-1] + 1))
        assert int(minutes) >= within, name
        work += within
        if name.startswith("stretch"):
            stretch += within
        else:
            told += int(minutes)
    assert work == sum(task.minutes for task in known.values())
    assert told - (work - stretch) - sum(asked) >= 5  # for reading
    assert 60 <= told <= 90
    points = sum(task.points for task in known.values())
    table = (ROOT / "lab" / "README.md").read_text("utf-8")
    (line,) = re.findall(rf"^\| \[`{LABS[lab].name}`\].*$", table, re.M)
    assert line.endswith(f"| {told} | {points} |"), line
