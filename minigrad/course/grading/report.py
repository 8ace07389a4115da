"""Write what a grading came to: a table of points with reasons, and a page with all written answers."""

import csv
import re
from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path

from minigrad.course.grading.grader import Grade
from minigrad.course.grading.submissions import Notebook

BEGIN, END = "<!-- BEGIN QUESTION -->", "<!-- END QUESTION -->"  # as otter marks a written question
WRITTEN = re.compile(re.escape(BEGIN) + r"(.*?)(?:" + re.escape(END) + r"|\Z)", re.DOTALL)
PROMPT = "_Type your answer here, replacing this text._"

PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{title}</title>
<style>
:root {{ color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }}
body {{ max-width: 50em; margin: 2em auto; padding: 0 1em }}
pre {{ font: inherit; white-space: pre-wrap; border-left: 4px solid rgb(10 133 199); padding: 0 1em }}
</style>
<h1>{title}</h1>
{body}
</html>
"""


def cell(text: str) -> str:
    """Return a text as a cell of a table: on one line, and never a formula.

    >>> cell("=1+1")
    "'=1+1"
    """
    text = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text


def write_grades(file: Path, rows: Iterable[tuple[str, Grade]], maximum: Mapping[str, int]) -> None:
    """Write a row for each student: points for each task, their sum, and the reasons, one on each line of the cell."""
    with file.open("w", newline="", encoding="utf-8-sig") as out:  # the mark by which Excel knows UTF-8
        table = csv.writer(out)
        table.writerow(["student", *(f"{name} (of {points})" for name, points in maximum.items()), "total", "reasons"])
        for student, grade in rows:
            points = [grade.points[name] for name in maximum]
            table.writerow([cell(student), *points, sum(points), "\n".join(map(cell, grade.reasons))])


def answers(texts: list[str]) -> list[tuple[str, str]]:
    """Return the written questions of a notebook with their answers, from its Markdown cells.

    >>> answers([BEGIN, "Why?", "Because.", END])
    [('Why?', 'Because.')]
    """
    found = []
    for match in WRITTEN.finditer("\0".join(texts)):
        question, *answer = [text.strip() for text in match[1].split("\0") if text.strip()] or [""]
        found.append((question, "\n\n".join(answer).replace(PROMPT, "").strip()))
    return found


def write_answers(file: Path, notebooks: Iterable[Notebook], lab: str) -> None:
    """Write one page of all written answers, question by question; what students wrote is text there, never HTML."""
    by_question: dict[str, list[str]] = {}
    for notebook in notebooks:
        for question, answer in answers(notebook.texts):
            shown = f"<h3>{escape(notebook.student)}</h3>\n<pre>{escape(answer) or '<em>no answer</em>'}</pre>"
            by_question.setdefault(question, []).append(shown)
    body = [f"<h2><pre>{escape(question)}</pre></h2>\n" + "\n".join(shown) for question, shown in by_question.items()]
    page = PAGE.format(title=f"{escape(lab)}: written answers", body="\n".join(body) or "<p>There are none.</p>")
    file.write_text(page, encoding="utf-8", errors="replace")
