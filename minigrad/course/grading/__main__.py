"""The command line: `python -m minigrad.course.grading grade …` and `… make …`."""

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from minigrad.course.grading import report, walls
from minigrad.course.grading.grader import graded, tasks
from minigrad.course.grading.process import Limits, Trouble
from minigrad.course.grading.submissions import collect


def grade_all(given: argparse.Namespace) -> None:
    """Grade a folder of submissions; write grades.csv and written.html."""
    limits = replace(Limits(), seconds=given.seconds, cell=given.cell, memory=int(given.memory * 2**30))
    if lacks := walls.missing():
        raise OSError(f"submissions can't be walled in: {'; '.join(lacks)}")
    for path in (given.lab, given.submissions, given.to):
        if open_to := [top for top in walls.readable() if path.resolve().is_relative_to(top)]:
            raise OSError(f"{path} lies in {open_to[0]}, which submissions can read; move it elsewhere")
    notebooks, maximum = collect(given.submissions), {name: task.points for name, task in tasks(given.lab)[1].items()}
    given.to.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(given.jobs, get_context("spawn")) as pool:
        grades = pool.map(partial(graded, lab=given.lab, limits=limits), notebooks)
        rows = []
        for notebook, result in zip(notebooks, grades, strict=True):
            rows.append((notebook.student, result))
            print(f"{notebook.student}: {sum(result.points.values())} of {sum(maximum.values())}", flush=True)
    report.write_grades(given.to / "grades.csv", rows, maximum)
    report.write_answers(given.to / "written.html", notebooks, given.lab.name)


def make(given: argparse.Namespace) -> None:
    """Make what learners get, and otter's autograder, from the master."""
    # Imported here because what reads notebooks takes seconds to load, and grading does without it.
    from minigrad.course.grading import assign

    assign.make(given.lab)


def main(arguments: list[str] | None = None) -> int:
    """Run a command; say in a line what went wrong."""
    parser = argparse.ArgumentParser(prog="python -m minigrad.course.grading", description="Hand out and grade a lab.")
    commands = parser.add_subparsers(required=True, metavar="make | grade")
    making = commands.add_parser("make", help="make the learner's notebook and otter's autograder from master.ipynb")
    making.set_defaults(run=make)
    grading = commands.add_parser("grade", help="grade a folder of submissions")
    grading.set_defaults(run=grade_all)
    for command in (making, grading):
        command.add_argument("lab", type=Path, help="the lab's folder, such as lab/lab1_iris")
    grading.add_argument("submissions", type=Path, help="a folder with a notebook, folder or zip for each student")
    grading.add_argument("--to", type=Path, default=Path("grades"), help="folder for the results (grades)")
    grading.add_argument("--jobs", type=int, default=1, help="submissions graded at the same time (1)")
    grading.add_argument("--seconds", type=float, default=600, help="time for a submission (600)")
    grading.add_argument("--cell", type=float, default=120, help="time for one of its cells (120)")
    grading.add_argument("--memory", type=float, default=4, help="GiB of memory for a submission (4)")
    given = parser.parse_args(arguments)
    try:
        given.run(given)
    except (OSError, LookupError, Trouble) as reason:
        print(f"error: {reason}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
