"""The overfitting explorer: every value of every slider through its pure functions, and the view itself."""

import time
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from minigrad.course import figures, widgets
from minigrad.course import five_points as fp
from minigrad.course.five_points import State
from minigrad.course.widgets import OverfittingExplorer


def values(control):
    """Every value that a control can take."""
    if hasattr(control, "options"):
        return [value for _, value in control.options]
    if isinstance(control.value, bool):
        return [False, True]
    steps = round((control.max - control.min) / control.step)
    return [control.min + i * control.step for i in range(steps + 1)]


CONTROLS = OverfittingExplorer().controls
STATES = {
    "line": State(),
    "curve": State(parameters=7),
    "few points": State(parameters=7, points=3, noise=2.0, number=5),
    "many points": State(parameters=7, points=30, noise=2.0, number=5),
    "held back": State(parameters=7, ridge=1.0, steps=50),
}


class Cells(HTMLParser):
    """The cells of a table, and which of them are marked as current."""

    def __init__(self, html):
        super().__init__()
        self.cells, self.marked, self.open = [], [], False
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        if tag in ("th", "td"):
            self.cells.append("")
            self.open = True
            if ("aria-current", "true") in attrs:
                self.marked.append(len(self.cells) - 1)

    def handle_endtag(self, tag):
        self.open = self.open and tag not in ("th", "td")

    def handle_data(self, text):
        if self.open:
            self.cells[-1] += text


def rows(html):
    cells = Cells(html).cells
    return cells[:8], cells[8:16], cells[16:]


def marked(html):
    found = Cells(html)
    return [found.cells[i] for i in found.marked]


@pytest.mark.parametrize("name", CONTROLS)
@pytest.mark.parametrize("start", STATES.values(), ids=STATES)
def test_every_value_of_every_slider_gives_errors_and_words(start, name):
    for value in values(CONTROLS[name]):
        state = replace(start, **{name: value})
        assert np.isfinite(state.errors()).all()
        assert np.isfinite(state.weights()).all()
        counts, training, validation = rows(widgets.table(state))
        assert counts == ["parameters", *map(str, fp.PARAMETERS)]
        assert len(training) == len(validation) == 8
        column = state.parameters
        assert marked(widgets.table(state)) == [str(column), training[column], validation[column]]
        assert f"training error {training[column]}, validation error {validation[column]}" in figures.describe(state)


@pytest.mark.parametrize("name", CONTROLS)
def test_every_value_of_every_slider_is_drawn_differently(name):
    some = values(CONTROLS[name])[:30]  # a drawing takes a tenth of a second, and there are 100 samples
    pictures = [figures.explorer(replace(State(7), **{name: value})).png for value in some]
    assert len(set(pictures)) == len(pictures)


def test_the_default_table_is_the_lesson():
    assert rows(widgets.table(State())) == (
        ["parameters", "1", "2", "3", "4", "5", "6", "7"],
        ["training error", "34.66", "5.30", "4.47", "4.26", "0.00", "0.00", "0.00"],
        ["validation error", "31.14", "5.10", "6.37", "10.20", "27.34", "17.65", "19.92"],
    )


def test_moving_the_slider_from_2_to_7_changes_everything_shown():
    explorer = OverfittingExplorer()
    assert marked(explorer.beside.value) == ["2", "5.30", "5.10"]
    before = explorer.figure.value
    explorer.controls["parameters"].value = 7
    assert marked(explorer.beside.value) == ["7", "0.00", "19.92"]
    assert "training error 0.00, validation error 19.92" in explorer.words.value
    assert explorer.figure.value != before
    assert 'alt="7 parameters' in explorer.figure.value


@pytest.mark.parametrize("name", CONTROLS)
def test_every_control_redraws_and_reset_restores(name):
    explorer = OverfittingExplorer(parameters=5)
    before = explorer.figure.value
    control = explorer.controls[name]
    control.value = next(value for value in values(control) if value != control.value)
    assert explorer.figure.value != before
    explorer.reset.click()
    assert explorer.state == State(parameters=5)
    assert explorer.figure.value == before


def test_next_sample_goes_round():
    explorer = OverfittingExplorer(number=widgets.SAMPLES - 2)
    explorer.next_sample.click()
    assert explorer.state.number == widgets.SAMPLES - 1
    explorer.next_sample.click()
    assert explorer.state.number == 0


def test_controls_are_named_and_explained():
    for control in OverfittingExplorer().controls.values():
        assert control.description
        assert control.tooltip


def test_an_error_in_a_callback_is_not_swallowed(monkeypatch):
    explorer = OverfittingExplorer()

    def broken(state):
        raise ZeroDivisionError

    monkeypatch.setattr(figures, "explorer", broken)
    with pytest.raises(ZeroDivisionError):
        explorer.controls["parameters"].value = 7
    with pytest.raises(ZeroDivisionError):
        explorer.go_to_start()
    assert not explorer.resetting


def test_nothing_is_drawn_into_output():
    from ipywidgets import Output

    def all_below(widget):
        yield widget
        for child in getattr(widget, "children", ()):
            yield from all_below(child)

    assert not any(isinstance(widget, Output) for widget in all_below(OverfittingExplorer()))


def test_words_stand_in_where_there_are_no_widgets():
    assert len(repr(OverfittingExplorer())) <= 110  # ipywidgets cuts what is longer


@pytest.mark.benchmark
def test_a_slider_answers_within_150_ms():
    explorer = OverfittingExplorer()
    start = time.perf_counter()
    for count in fp.PARAMETERS:
        explorer.controls["parameters"].value = count
    assert (time.perf_counter() - start) / 7 < 0.150
