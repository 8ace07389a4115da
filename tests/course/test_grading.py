"""Grading: right and wrong submissions of a miniature lab, and those that try to cheat or to break out."""

import csv
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from minigrad.course.grading import __main__ as command
from minigrad.course.grading import report, walls, wire
from minigrad.course.grading.grader import grade
from minigrad.course.grading.process import Limits
from minigrad.course.grading.submissions import collect

ROOT = Path(__file__).resolve().parents[2]
walled = pytest.mark.skipif(bool(walls.missing()), reason="; ".join(walls.missing()))

HIDDEN = """
from minigrad.course.lab_9 import exercises
from minigrad.course.tasks import criterion


class Centre(exercises.Centre):
    "With a secret."

    @criterion(1, "one column")
    def one_column(self, centre):
        x = self.rng.normal(size=(9, 1))
        self.compare("`centre(x)`", self.call(centre, x), x - x.mean())
"""
TOP = "import numpy as np\nfrom minigrad.course import lab\ncheck, hint, solution, predict_, quiz = lab(9)"
NUMBER = "number = 6 * 7\ncheck.q1(number)"
CENTRE = "def centre(x):\n    return x - x.mean(axis=0)\n\n\ncheck.q2(centre)"
LINE = "def build(slope):\n    return [slope].copy\n\n\ndef predict(model, x):\n    return model()[0] * x"
SMALL = "from minigrad import nn\nnetwork = nn.Linear(2, 1)"
RIGHT = [TOP, NUMBER, CENTRE, LINE, SMALL]
FULL = {"q1": 1, "q2": 4, "q3": 2, "q4": 1}
QUICK = Limits(seconds=60, cell=3)


@pytest.fixture
def toy(miniature, tmp_path, monkeypatch):
    """The folder of a miniature lab, whose package processes find too: by a path that they may read."""
    packages = tmp_path / "toy-packages"
    shutil.copytree(Path(__file__).parent / "miniature" / "lab_9", packages / "lab_9")
    start = f"import minigrad.course\nminigrad.course.__path__.append({str(packages)!r})"
    (packages / "sitecustomize.py").write_text(start)
    monkeypatch.syspath_prepend(packages)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(packages), str(ROOT)]))  # for Jupyter's kernels
    folder = tmp_path / "lab9_toy"
    folder.mkdir()
    (folder / "hidden.py").write_text(HIDDEN)
    return folder


def notebook(file: Path, cells: list[str], texts: tuple[str, ...] = ()) -> None:
    """Write a notebook with these code cells, and Markdown cells after them."""
    written = [("code", cell, {"outputs": [], "execution_count": None}) for cell in cells]
    written += [("markdown", text, {}) for text in texts]
    made = [{"cell_type": kind, "source": source, "metadata": {}, **more} for kind, source, more in written]
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"cells": made, "metadata": metadata, "nbformat": 4, "nbformat_minor": 4}))


# Points and reasons


@walled
def test_right_submission_gets_all_points(toy):
    """With magic, shell lines, output and a figure in its cells, as notebooks have them."""
    cells = [
        TOP,
        "%matplotlib inline\n!ls\n%pip install nothing\n%time number = 42",
        "%%time\n" + CENTRE,
        LINE + "\ndisplay(3)",
    ]
    result = grade([*cells, SMALL, "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"], toy)
    assert result.points == FULL
    assert result.reasons == []


@walled
def test_wrong_submission_loses_what_it_should(toy):
    """Each lost point has its reason; the hidden criterion counts; a cell that fails ends only itself."""
    slip = "def centre(x):\n    x -= x.mean()\n    return x"
    result = grade(
        [TOP, "1 / 0", "number = 41", slip, LINE.replace("model()[0]", "2"), "network = nn.Linear(2, 1)"], toy
    )
    assert result.points == {"q1": 0, "q2": 0, "q3": 1, "q4": 0}
    assert result.reasons == [
        "q1 −1 (the number): `number` is off by 1.",
        "q2 −4 (mean 0; the spread stays; one column): `centre` changes its input `x` in place. "
        "Let it make a new array instead.",
        "q3 −1 (the slope): `predict(model, x)` is twice as large as it should be, and has the wrong sign: "
        "a factor 2 too many.",
        "q4 −1 (3 parameters): the notebook defines no `network`.",
        "code cell 2: it raises `ZeroDivisionError`, in the line `1 / 0`: division by zero",
        "code cell 6: it raises `NameError`, in the line `network = nn.Linear(2, 1)`: name 'nn' is not defined",
    ]


@walled
def test_untouched_notebook_gets_nothing(toy):
    """Blanks are no attempts; nor is a task whose earlier half is blank."""
    blanks = ["number = ...", "def centre(x):\n    return ...", LINE.replace("[slope].copy", "..."), "network = ..."]
    result = grade([TOP, *blanks], toy)
    assert sum(result.points.values()) == 0
    assert [reason.partition("): ")[2] for reason in result.reasons] == ["not attempted."] * 4


@walled
def test_same_words_as_in_the_notebook(toy):
    """A reason is the sentence that `check` shows."""
    from minigrad.course import lab

    result = grade([TOP, NUMBER, "def centre(x):\n    return x - x.mean()", LINE, SMALL], toy)
    shown = repr(lab(9).check.q2(lambda x: x - x.mean()))
    start = shown.partition("off")[0].removeprefix("✗ Not yet: ")
    assert start in result.reasons[0]


# Submissions that would do harm: each cell fails for itself, and all points are there in the end

HARM = {
    "open({key!r}).read()": "Permission denied",
    "open({key!r}, 'w')": "Permission denied",
    "import os; os.listdir({folder!r})": "Permission denied",
    "os.remove({key!r})": "Permission denied",
    "os.rename({key!r}, 'mine')": "Permission denied|Invalid cross-device",
    "os.link({key!r}, 'mine')": "Permission denied|Invalid cross-device",
    "os.symlink({key!r}, 'link'); open('link').read()": "Permission denied",
    "os.chmod({key!r}, 0)": "Permission denied",
    "os.utime({key!r}, (0, 0))": "Permission denied",
    "os.truncate({key!r}, 0)": "Permission denied",
    "os.mkdir({folder!r} + '/new')": "Permission denied",
    "open('/tmp/from_a_submission', 'w')": "Permission denied",
    "open(os.path.join(os.path.dirname(np.__file__), 'planted.py'), 'w')": "Permission denied",
    "open(f'/proc/{{os.getppid()}}/environ').read()": "Permission denied",
    "import subprocess; subprocess.run(['true'])": "Permission denied",
    "os.fork()": "Permission denied",
    "os.execv('/bin/true', ['true'])": "Permission denied",
    "assert os.system('true') == 0": "AssertionError",
    "import multiprocessing; multiprocessing.Process(target=print).start()": "Permission denied",
    "import socket; socket.create_connection(('127.0.0.1', 9))": "Permission denied",
    "import ctypes; assert ctypes.CDLL(None).socket(2, 2, 0) >= 0": "AssertionError",
    "assert ctypes.CDLL(None).syscall(57 if os.uname().machine == 'x86_64' else 220, 0) >= 0": "AssertionError",
    "os.kill(os.getppid(), 9)": "Permission denied",
    "os.kill(-1, 9)": "Permission denied",
    "import resource; resource.prlimit(os.getppid(), resource.RLIMIT_CPU, (0, 0))": "Permission denied",
    "resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1))": "not allowed|exceeds",
    "open('large', 'wb').write(bytes(80_000_000))": "File too large",
    "all_of_it = bytearray(20 << 30)": "MemoryError",
    "import sys; sys.exit(0)": "leaves Python",
    "exit()": "leaves Python|NameError|raises",
    "input('points? ')": "nobody can be asked",
    "def down(): down()\ndown()": "calls itself without end",
    "raise BaseException": "BaseException",
    "while True: print('x' * 100_000)": "stopped after 3 seconds",
    "assert 'SECRET' in os.environ": "AssertionError",
}


@walled
def test_harm_is_refused(toy, tmp_path, monkeypatch):
    """What a cell can try against the key, the other submissions, the grader, the machine: an error in that cell."""
    monkeypatch.setenv("SECRET", "of the teacher")
    key = toy / "hidden.py"
    cells = [source.format(key=str(key), folder=str(tmp_path)) for source in HARM]
    result = grade([*RIGHT, *cells], toy, QUICK)
    assert result.points == FULL
    said = dict(reason.split(": ", 1) for reason in result.reasons)
    for number, (source, words) in enumerate(HARM.items(), len(RIGHT) + 1):
        assert any(word in said.get(f"code cell {number}", "") for word in words.split("|")), (source, said)
    assert key.read_text() == HIDDEN
    assert not Path("/tmp/from_a_submission").exists()


FATAL = {
    "import os; os._exit(0)": "it ended its own process",
    "import os; os.kill(os.getpid(), 9)": "SIGKILL",
    "import ctypes; ctypes.string_at(0)": "SIGSEGV",
    "for i in range(100_000): open(str(i), 'w')": "more than 50 files",
    "import os, time\nfor i in range(3000): os.mkdir('d'); os.chdir('d')\ntime.sleep(9)": "folders in folders",
    "import os; os.closerange(3, 100)": "ended its own process|broke off",
    "import os\nfor i in range(3, 99):\n    try: os.write(i, b'0')\n    except OSError: pass": "broke off|in time",
    "while True:\n    try:\n        while True: pass\n    except BaseException: pass": "stopped after 1 sec|in time",
}


@walled
@pytest.mark.parametrize("cell", FATAL)
def test_cell_that_ends_the_process(toy, cell):
    """The notebook is run again without it, and keeps its points."""
    result = grade([TOP, NUMBER, cell, CENTRE, LINE, SMALL], toy, Limits(seconds=60, cell=1, files=50))
    assert result.points == FULL
    (reason,) = result.reasons
    assert any(words in reason for words in FATAL[cell].split("|")), reason


@walled
def test_function_that_ends_the_process_loses_its_task(toy):
    """And no other; a model that was made before is made again."""
    for harm in ("import os; os._exit(3)", "while True: pass", "import sys; sys.exit()"):
        result = grade([TOP, NUMBER, f"def centre(x):\n    {harm}", LINE, SMALL], toy, QUICK)
        assert result.points == FULL | {"q2": 0}, (harm, result)
        assert len(result.reasons) == 1


@walled
def test_checks_can_be_overwritten_to_no_use(toy):
    """The submission has its own copy of everything: what judges is elsewhere."""
    cells = [
        "import minigrad.course.comparing as c, minigrad.course.tasks as t, minigrad.course.exercises as e",
        "from minigrad.course import networks\nimport sys\nimport numpy as np",
        "class NotYet(Exception): pass\nc.NotYet = e.NotYet = NotYet\nc.close = c.matches = lambda *a, **k: True",
        "c.compare = e.compare = lambda *a, **k: None\nnp.allclose = np.array_equal = lambda *a, **k: True",
        "t.Task.judge = t.Task.check = lambda *a: None\nt.Task.points = 1000\ncheck = None",
        "networks.parameters = lambda model: 3\nsys.modules['minigrad.course.networks'] = None",
        "number = 41",
        "def centre(x):\n    return x",
        "network = __import__('minigrad').nn.Linear(7, 7)",
    ]
    result = grade([TOP, *cells, LINE], toy)
    assert result.points == {"q1": 0, "q2": 1, "q3": 2, "q4": 0}
    assert result.reasons[-1] == "q4 −1 (3 parameters): it has 56 parameters."


FORGE = """
import os, struct
def forge(text):
    for i in range(3, 99):
        try: os.write(i, struct.pack("!i", len(text)) + text)
        except OSError: pass
"""


@walled
@pytest.mark.parametrize(
    "text",
    [
        '{"dict": [["value", null]]}',
        '{"dict": [["value", {"thing": "a", "kind": 3}]]}',
        '{"dict": [["value", {"array": ["|O8", [1], "AAAAAAAAAAA="]}]]}',
        '{"dict": [["raised", 3]]}',
        "[" * 100_000,
        '"' + "x" * 1000,
    ],
)
def test_forged_answers_help_nobody(toy, text):
    """Whatever the process says in place of the worker, it is data or the end of it."""
    cells = [TOP, FORGE + f"forge({text.encode()!r})", "def centre(x):\n    return x"]
    result = grade(cells, toy, Limits(seconds=20, cell=2))
    assert sum(result.points.values()) <= 1  # the spread of x is that of x


@walled
def test_time_for_all_is_limited(toy):
    """Cells that take their time, one after the other: what comes after the end is lost."""
    result = grade([*RIGHT[:3], *["import time; time.sleep(2)"] * 10, *RIGHT[3:]], toy, Limits(seconds=4))
    assert result.points["q4"] == 0
    assert "seconds for the whole notebook were over" in result.reasons[-2]


# What crosses the pipe


def test_wire_carries_data():
    """Exactly, whatever is nested in what; numbers keep their type."""
    value = {"a": [1, 2.5, None, True, "ä", ...], (1, 2): (np.arange(6.0).reshape(2, 3), np.array(["x", "yz"]))}
    got = wire.unpacked(wire.packed(value, repr), repr)
    assert got["a"] == value["a"]
    for mine, theirs in zip(got[1, 2], value[1, 2], strict=True):
        assert mine.dtype == theirs.dtype
        assert np.array_equal(mine, theirs)


@pytest.mark.parametrize(
    "text", ["", "{", '{"array": ["<f8", [9], ""]}', '{"dict": [[[], 1]]}', "[" * 10**5, '{"dict": [1]}']
)
def test_wire_refuses_nonsense(text):
    """By ValueError, whatever it is."""
    with pytest.raises(ValueError, match=r"\S"):
        wire.unpacked(text.encode(), lambda thing: thing["thing"])


# What a class hands in


def test_collecting_what_a_class_hands_in(tmp_path):
    """Files, folders, zips; and all that can be wrong with them."""
    notebook(tmp_path / "ada.ipynb", ["1"])
    notebook(tmp_path / "bob" / "work" / "lab.ipynb", ["2"])
    notebook(tmp_path / "bob" / ".ipynb_checkpoints" / "lab.ipynb", ["3"])
    with zipfile.ZipFile(tmp_path / "cy.zip", "w") as archive:
        archive.write(tmp_path / "ada.ipynb", "x/lab.ipynb")
        archive.writestr("__MACOSX/._lab.ipynb", "")
    notebook(tmp_path / "dan.ipynb", [])
    (tmp_path / "eve.ipynb").write_text('{"cells": [')
    (tmp_path / "fay.pdf").write_text("no")
    (tmp_path / "gus.zip").write_text("no")
    (tmp_path / "hal").mkdir()
    notebook(tmp_path / "ida.ipynb", ["1"])
    shutil.copy(tmp_path / "cy.zip", tmp_path / "ida.zip")
    (tmp_path / "joe.ipynb").symlink_to(tmp_path / "ada.ipynb")
    (tmp_path / ".DS_Store").write_text("")
    found = {each.student: each.cells or each.trouble for each in collect(tmp_path)}
    assert [found[name] for name in ("ada", "bob", "cy")] == [["1"], ["2"], ["1"]]
    assert found["dan"] == "the notebook has no code cells."
    assert found["eve"] == "the file is damaged: it is no notebook of format 4."
    assert found["fay"] == "it is not a notebook (.ipynb)."
    assert found["gus"].startswith("it can't be read: File is not a zip file")
    assert found["hal"] == "it holds no notebooks; one was expected."
    assert {each.student: each.trouble for each in collect(tmp_path)}["ida"].startswith("there are several submissions")
    assert found["joe"] == "it is a link, not a file."
    assert len(found) == 10


# The command, from master to grades


@walled
def test_make_and_grade(toy, tmp_path):
    """A master becomes a learner's notebook without solutions; otter grades alike; a class is graded."""
    pytest.importorskip("otter", reason="otter-grader is not installed: pip install -c constraints.txt -e '.[grading]'")
    solutions = [f"# solution q{i}\n{source}" for i, source in enumerate(RIGHT[1:], 1)]
    notebook(toy / "master.ipynb", [TOP, *solutions], ("# written w1\n**Why** is the mean 0?", "The end."))
    assert command.main(["make", str(toy)]) == 0
    made = json.loads((toy / "lab9_toy.ipynb").read_text())["cells"]
    text = "".join(source for cell in made for source in cell["source"])
    assert "number = ..." in text
    assert "### Task 2: centred columns · 4 points" in text
    assert not any(secret in text for secret in ("6 * 7", "x - x.mean", "otter", "judge", "one_column"))
    assert all(cell["execution_count"] for cell in made if cell["cell_type"] == "code")

    with zipfile.ZipFile(toy / "lab9_toy-autograder.zip") as archive:
        assert {"files/hidden.py", "tests/q1.py", "tests/q4.py"} <= set(archive.namelist())
        assert "@test_case(points=1, hidden=True)\ndef one_column(env)" in archive.read("tests/q2.py").decode()

    # otter judges in the notebook's kernel, by the same criteria, hidden ones too
    cells = [TOP, NUMBER, "def centre(x):\n    return x - x.mean()", "1 / 0", LINE, "network = ..."]
    notebook(tmp_path / "dan.ipynb", cells)
    otter = [sys.executable, "-m", "otter", "run", "-a", str(toy / "lab9_toy-autograder.zip"), "-o", ".", "dan.ipynb"]
    done = subprocess.run(otter, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    scores = {test["name"]: test.get("score") for test in json.loads((tmp_path / "results.json").read_text())["tests"]}
    points = grade(cells, toy).points
    assert points == {"q1": 1, "q2": 2, "q3": 2, "q4": 0}
    assert {name: scores[name] for name in points} == points

    answered = (report.BEGIN + "\n\nWhy?", "Because <b>so</b>.\ud800", report.END)
    notebook(tmp_path / "in" / "=ada.ipynb", RIGHT, answered)
    notebook(
        tmp_path / "in" / "bob.ipynb",
        [TOP, "raise ValueError('a\\n\\ud800b')"],
        (report.BEGIN + "\n\nWhy?", report.PROMPT),
    )
    (tmp_path / "in" / "cy.txt").write_text("")
    out = tmp_path / "out"
    grading = [sys.executable, "-m", "minigrad.course.grading", "grade", str(toy), str(tmp_path / "in")]
    done = subprocess.run([*grading, "--to", str(out), "--jobs", "2"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "=ada: 8 of 8" in done.stdout
    with (out / "grades.csv").open(newline="", encoding="utf-8-sig") as file:
        head, ada, bob, cy = csv.reader(file)
    assert head == ["student", "q1 (of 1)", "q2 (of 4)", "q3 (of 2)", "q4 (of 1)", "total", "reasons"]
    assert ada == ["'=ada", "1", "4", "2", "1", "8", ""]
    assert bob[5] == "0"
    assert bob[6].endswith("\ncode cell 2: it raises `ValueError`, in the line `raise ValueError('a\\n\\ud800b')`: a b")
    assert cy == ["cy", "0", "0", "0", "0", "0", "it is not a notebook (.ipynb)."]
    page = (out / "written.html").read_text()
    assert "Because &lt;b&gt;so&lt;/b&gt;." in page
    assert "no answer" in page


def test_what_lies_open_is_refused(toy, tmp_path, capsys, monkeypatch):
    """A folder of submissions that a submission could read, a folder that is no lab, a system without walls."""
    monkeypatch.setattr(walls, "missing", list)
    monkeypatch.setattr(walls, "readable", lambda: [tmp_path])
    assert command.main(["grade", str(toy), str(tmp_path)]) == 1
    assert "which submissions can read" in capsys.readouterr().err
    monkeypatch.setattr(walls, "readable", list)
    assert command.main(["grade", str(tmp_path), str(tmp_path)]) == 1
    assert "is no lab" in capsys.readouterr().err
    monkeypatch.setattr(walls, "missing", lambda: ["there are none"])
    assert command.main(["grade", str(toy), str(tmp_path)]) == 1
    assert "can't be walled in: there are none" in capsys.readouterr().err


def test_written_answers_need_no_end():
    """A learner may have deleted the marks behind; an answer in several cells is one."""
    assert report.answers([report.BEGIN + " Why?", "One.", "Two."]) == [("Why?", "One.\n\nTwo.")]
    assert report.answers(["No question."]) == []
    assert report.answers([report.BEGIN, report.END]) == [("", "")]
