"""Make a lab's learner's notebook and its autograder from the master, by otter-grader.

The master is a plain notebook. A code cell that begins with `# solution q3` solves task q3, and a
Markdown cell that begins with `# written w1` asks a question to be answered in words. Statements,
blanks, points and tests come from the tasks and are put around these cells in the form otter reads.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_raw_cell

from minigrad.course import progress
from minigrad.course.grading.grader import tasks
from minigrad.course.tasks import Task

MARK = re.compile(r"# (solution|written) (\w+)\n*")
CONFIG = """# ASSIGNMENT CONFIG
init_cell: false
export_cell: false
run_tests: false
tests:
    ok_format: false
"""
CELL = '''# BEGIN SOLUTION NO PROMPT
{solution}
# END SOLUTION
""" # BEGIN PROMPT
{blank}
""" # END PROMPT'''
TEST = '''""" # BEGIN TEST CONFIG
points: {points}
hidden: {hidden}
""" # END TEST CONFIG
def {name}(env):
    from minigrad.course.grading.judging import judge
    judge("{lab}", "{task}", "{name}", env)
'''


def make(folder: Path) -> None:
    """Write `<lab>.ipynb`, untouched and executed, and `<lab>-autograder.zip` beside the lab's master."""
    name, (lab, known) = folder.resolve().name, tasks(folder)
    master = nbformat.read(folder / "master.ipynb", as_version=4)
    solved = [mark[2] for cell in master.cells if (mark := MARK.match(cell.source)) and mark[1] == "solution"]
    if solved != list(known):
        raise LookupError(f"the master solves {', '.join(solved) or 'nothing'}; the lab's tasks are {', '.join(known)}")
    with tempfile.TemporaryDirectory() as work:
        hidden = [*folder.glob("hidden*.py"), *folder.resolve().parent.glob("hidden*.py")]
        config = CONFIG + f"autograder_files: {[file.name for file in hidden]}\n"
        if (folder / "requirements.txt").exists():
            config += "requirements: requirements.txt\n"
        for file in [*hidden, *folder.glob("requirements.txt")]:
            shutil.copy(file, work)
        master.cells = [new_raw_cell(config), *(new for cell in master.cells for new in expanded(cell, lab, known))]
        nbformat.write(tidied(master), Path(work, f"{name}.ipynb"))
        otter = [sys.executable, "-m", "otter", "assign", "--no-pdfs", f"{name}.ipynb", "made"]
        done = subprocess.run(otter, cwd=work, capture_output=True, text=True)
        if done.returncode:
            raise OSError(f"otter-grader (`pip install otter-grader`) did not do it:\n{done.stderr}")
        (zipped,) = Path(work, "made", "autograder").glob("*.zip")
        shutil.copy(zipped, folder / f"{name}-autograder.zip")
        learners = nbformat.read(Path(work, "made", "student", f"{name}.ipynb"), as_version=4)
    nbformat.write(executed(learners, folder), folder / f"{name}.ipynb")


def expanded(cell: NotebookNode, lab: str, known: dict[str, Task]) -> Iterator[NotebookNode]:
    """Return the cells that otter reads in place of one of the master's."""
    if not (mark := MARK.match(cell.source)):
        yield cell
        return
    name, rest = mark[2], cell.source[mark.end() :]
    if mark[1] == "written":
        yield new_raw_cell(f"# BEGIN QUESTION\nname: {name}\nmanual: true")
        yield new_markdown_cell(rest)
        yield from block("SOLUTION", new_markdown_cell("Read by the teacher."))
    else:
        task = known[name]
        yield new_raw_cell(f"# BEGIN QUESTION\nname: {name}\ncheck_cell: false")
        yield new_markdown_cell(task.markdown)
        yield from block("SOLUTION", new_code_cell(CELL.format(solution=task.cell(rest), blank=task.cell())))
        yield from block("TESTS", *(new_code_cell(test) for test in tests(task, lab)))
    yield new_raw_cell("# END QUESTION")


def block(kind: str, *cells: NotebookNode) -> list[NotebookNode]:
    """Return cells between the raw cells by which otter knows what they are."""
    return [new_raw_cell(f"# BEGIN {kind}"), *cells, new_raw_cell(f"# END {kind}")]


def tests(task: Task, lab: str) -> Iterator[str]:
    """Return a test in otter's form for each criterion; those that don't stand in the package are hidden."""
    for method in task.criteria:
        function = method.__func__  # type: ignore[attr-defined]
        hidden = str(not function.__module__.startswith("minigrad.")).lower()
        yield TEST.format(points=function.points, hidden=hidden, name=function.__name__, lab=lab, task=task.name)


def tidied(notebook: NotebookNode) -> NotebookNode:
    """Number the cells and leave no metadata but the lab's own tags: the same notebook is the same file."""
    notebook.nbformat_minor = 5
    notebook.metadata.pop("otter", None)
    for number, cell in enumerate(notebook.cells):
        tags = [tag for tag in cell.metadata.get("tags", []) if not tag.startswith("otter")]
        cell.id, cell.metadata = f"cell-{number:03}", NotebookNode({"tags": tags} if tags else {})
    return notebook


def executed(notebook: NotebookNode, folder: Path) -> NotebookNode:
    """Run an untouched notebook as a learner does who has just got it."""
    with tempfile.TemporaryDirectory() as apart:
        environment = {**os.environ, progress.VARIABLE: f"{apart}/progress.json"}
        client = NotebookClient(tidied(notebook), timeout=600, resources={"metadata": {"path": str(folder)}})
        return tidied(client.execute(env=environment))
