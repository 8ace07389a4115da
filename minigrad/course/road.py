"""The plan of the course, and the map of it that shows how far a learner has come."""

from pathlib import Path
from typing import NamedTuple

from minigrad.course import progress
from minigrad.course.card import markup


class Stop(NamedTuple):
    """A lesson: number, its notebook's name, title, minutes, and whether the hurried stop there."""

    number: str
    file: str
    title: str
    minutes: int
    quick: bool = False


ROAD = (
    Stop("00", "00_start_here", "Start here", 20, quick=True),
    Stop("01", "01_training_by_hand", "Training by hand", 45),
    Stop("02", "02_backprop_by_hand", "Backpropagation by hand", 50),
    Stop("03", "03_graphs_and_autodiff", "Graphs and automatic differentiation", 70),
    Stop("04", "04_minigrad_tensor", "From scalars to tensors", 45),
    Stop("05", "05_low_level_loop", "The low-level loop", 50),
    Stop("06", "06_high_level_api", "The high-level interface", 45, quick=True),
    Stop("07", "07_four_apis", "Four frameworks, one network", 50, quick=True),
    Stop("08", "08_speed_and_devices", "Speed and devices", 45),
    Stop("09", "09_overfitting_five_points", "Overfitting on five points", 45, quick=True),
    Stop("10", "10_detect_and_prevent", "Detecting and preventing overfitting", 45, quick=True),
    Stop("11", "11_bias_variance", "Bias and variance", 45),
    Stop("99", "99_exit_quiz", "What was gained", 20, quick=True),
)


CELL = "padding: 3px 10px; text-align:"


class Row(NamedTuple):
    """One line of the map: a lesson, whether its notebook stands beside this one, and how far it is done."""

    stop: Stop
    there: bool
    symbol: str
    state: str


class RoadMap:
    """Shows itself as a table: what lessons there are, how long they take, what is done."""

    def __init__(self):
        done = progress.read()
        self.rows = [row(stop, done.get(stop.number, {})) for stop in ROAD]
        self.notes = progress.notes()

    def __repr__(self):
        lines = [f"  {'lesson':<44} {'minutes':>7}  quick path"]
        for stop, _, symbol, state in self.rows:
            name, quick = f"{stop.number} {stop.title}", "yes" if stop.quick else ""
            lines.append(f"{symbol} {name:<44} {stop.minutes:>7}  {quick:<10}  {state}".rstrip())
        return "\n".join([*lines, *self.notes])

    def _repr_html_(self):
        def tr(cell, *texts):
            sides = ("left", "left", "right", "center", "left")
            cells = zip(sides, texts, strict=True)
            name = cell.split()[0]
            return "<tr>" + "".join(f'<{cell} style="{CELL} {side}">{text}</{name}>' for side, text in cells) + "</tr>"

        lines = []
        for stop, there, symbol, state in self.rows:
            name = f"{stop.number} · {stop.title}"
            name = f'<a href="{stop.file}.ipynb">{name}</a>' if there else name
            lines.append(
                tr("td", f'<span aria-hidden="true">{symbol}</span>', name, stop.minutes, "yes" * stop.quick, state)
            )
        head = tr('th scope="col"', "", "lesson", "minutes", "quick path", "")
        table = f'<table style="line-height: 1.6"><thead>{head}</thead><tbody>{"".join(lines)}</tbody></table>'
        return table + "".join(f"<p>{markup(note)}</p>" for note in self.notes)


def row(stop: Stop, done: dict) -> Row:
    """Say how far a lesson is done, from what is recorded of it."""
    from minigrad.course.lessons import contents, exists  # they ask this file what lessons there are

    if not Path(f"{stop.file}.ipynb").exists():
        return Row(stop, False, " ", "to come")
    exercises, _, quizzes = contents(stop.number) if exists(stop.number) else ({}, {}, {})
    right = sum(done.get("checks", {}).get(name) == "right" for name in exercises)
    answered = all(len(done.get(f"quiz {name}", {})) == len(quiz.questions) for name, quiz in quizzes.items())
    count = f"{right} of {len(exercises)} exercises" if exercises else ""
    if done and right == len(exercises) and (exercises or answered):
        return Row(stop, True, "✓", "done")
    if done:
        return Row(stop, True, "◐", count or "begun")
    return Row(stop, True, "○", f"{len(exercises)} exercises" if exercises else "")


def road_map() -> RoadMap:
    """Return the map of the course, with the progress kept beside this notebook."""
    return RoadMap()
