"""Widgets: sliders over pure functions, and the quiz.

A view keeps no state of its own: it reads its controls, and assigns what pure functions return to
`HTML` widgets. Nothing is drawn into `Output`, which loses errors and hangs tests.
"""

import base64
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, fields
from html import escape
from typing import Any, ClassVar

import ipywidgets as widgets

from minigrad.course import figures
from minigrad.course import five_points as fp
from minigrad.course.card import markup, unmarked
from minigrad.course.quizzes import Quiz, score

RIDGES = (("none", 0.0), *((f"{r:g}", r) for r in (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)))
STEPS = (
    *((f"{k:,}", k) for k in (0, 1, 2, 5, 10, 20, 50, 100, 200, 354, 500, 1000, 2000, 5000, 10_000)),
    ("to the end", math.inf),
)
FEWEST, MOST, SAMPLES = 3, 30, 100
ASKED = '<p style="margin: 10px 0 2px; line-height: 1.5">{}</p>'
HOW = (
    "Choose, then press Answer. From the keyboard: Tab moves on, the space bar chooses."  # JupyterLab takes the arrows
)
HEAD = f'<p style="margin: 0; line-height: 1.5"><strong>{{}}</strong><br><span style="opacity: 0.75">{HOW}</span></p>'
WRAP = widgets.Layout(flex_flow="row wrap", grid_gap="0 1.5em")


def image(picture: figures.Picture) -> str:
    """Return a picture as an `<img>` as wide as its column, without a flicker when it is replaced."""
    data = base64.b64encode(picture.png).decode()
    style = f"width: 100%; max-width: {picture.width}px; height: auto; border-radius: 6px"
    size = f'width="{picture.width}" height="{picture.height}" style="{style}"'
    return f'<img alt="{escape(picture.alt)}" {size} decoding="sync" src="data:image/png;base64,{data}">'


def table(state: fp.State) -> str:
    """Return the errors for 1 to 7 parameters as an HTML table that marks the current column."""
    training, validation = zip(*state.errors(), strict=True)
    here = ' aria-current="true" style="padding: 3px 7px; font-weight: bold; background: rgb(128 128 128 / 25%)"'
    elsewhere = ' style="padding: 3px 7px"'

    def row(name, cell, values):
        marks = [here if count == state.parameters else elsewhere for count in fp.PARAMETERS]
        cells = "".join(f"<{cell}{m}>{v}</{cell.split()[0]}>" for m, v in zip(marks, values, strict=True))
        head = '<th scope="row" style="text-align: left; padding-right: 7px; white-space: nowrap">'
        return f"<tr>{head}{name}</th>{cells}</tr>"

    return (
        '<table style="border-collapse: collapse; text-align: right; line-height: 1.6">'
        + row("parameters", 'th scope="col"', fp.PARAMETERS)
        + row("training error", "td", map(figures.shown, training))
        + row("validation error", "td", map(figures.shown, validation))
        + "</table>"
    )


class Explorer(widgets.VBox):
    """Base of all explorers: one control for each field of a state, and a picture of that state.

    A subclass names the `State`, a frozen dataclass whose defaults are the lesson's; makes the
    `controls`, in the order of its fields; and says how a state is drawn (`picture`). What a state
    shows in words is the picture's alt text. Keywords choose where the controls start.
    """

    State: ClassVar[type]
    title: ClassVar[str] = "Explorer"

    def __init__(self, **start):
        self.start = self.State(**start)
        self.controls = dict(zip((field.name for field in fields(self.State)), self.make_controls(), strict=True))
        self.reset = self.button("Reset", "undo", self.go_to_start)
        self.figure, self.beside = widgets.HTML(), widgets.HTML()
        self.words = widgets.HTML(layout=widgets.Layout(flex="1 1 18em"))
        self.resetting = False
        for control in self.controls.values():
            control.observe(self.refresh, names="value")
        self.refresh()

        place = widgets.Layout(flex="1 1 24em", margin="0 0 0 9em")
        buttons = widgets.HBox([*self.make_buttons(), self.reset], layout=place)
        controls = widgets.HBox([*self.controls.values(), buttons], layout=WRAP)
        below = widgets.HBox([self.beside, self.words], layout=WRAP)
        super().__init__([controls, self.figure, below], layout=widgets.Layout(max_width="66em"))

    def __repr__(self):
        # What a page without widgets shows in their place; ipywidgets cuts it at 110 characters.
        return f"{self.title}: run the notebook to move its sliders, or see the figure below."

    def make_controls(self) -> Sequence[widgets.ValueWidget]:
        """Make one control for each field of the state, at the value of the start."""
        raise NotImplementedError

    def make_buttons(self) -> Sequence[widgets.Button]:
        """Make the buttons that stand before Reset."""
        return ()

    @staticmethod
    def picture(state: Any) -> figures.Picture:
        """Draw a state. Its alt text is shown below as well."""
        raise NotImplementedError

    @classmethod
    def drawn(cls, state: Any) -> tuple[str, str]:
        """Return the HTML that shows a state, and the words that say the same."""
        picture = cls.picture(state)
        return image(picture), picture.alt

    @staticmethod
    def extra(state: Any) -> str:
        """Return HTML to stand beside the words."""
        return ""

    def control(self, kind: type, name: str, label: str, tooltip: str, **limits: Any) -> widgets.ValueWidget:
        """Make a control in the house look: `options=` or `min=`, `max=`, `step=` say what it can be."""
        style, half = {"description_width": "8.5em"}, widgets.Layout(flex="1 1 24em", width="auto")
        value = getattr(self.start, name)
        return kind(value=value, description=label, tooltip=tooltip, style=style, layout=half, **limits)

    def button(self, label: str, icon: str, do: Callable) -> widgets.Button:
        """Make a button."""
        button = widgets.Button(description=label, icon=icon)
        button.on_click(do)
        return button

    @property
    def state(self) -> Any:
        """What the controls say now."""
        return self.State(**{name: control.value for name, control in self.controls.items()})

    def refresh(self, _change=None) -> None:
        """Show the state that the controls describe."""
        if self.resetting:
            return
        self.figure.value, words = self.drawn(self.state)
        self.beside.value = self.extra(self.state)
        self.beside.layout.display = None if self.beside.value else "none"  # empty, it would still take its margin
        self.words.value = f'<p role="status" style="margin: 4px 0; line-height: 1.5">{escape(words)}</p>'

    def go_to_start(self, _button=None) -> None:
        """Put every control back, and draw once."""
        self.resetting = True
        try:
            for name, value in asdict(self.start).items():
                self.controls[name].value = value
        finally:
            self.resetting = False
        self.refresh()


class OverfittingExplorer(Explorer):
    """Sliders for everything in `five_points.State`.

    >>> explorer = OverfittingExplorer()
    >>> explorer.controls["parameters"].value = 7
    >>> "validation error 19.92" in explorer.words.value
    True
    """

    State = fp.State
    title = "Overfitting explorer"

    def make_controls(self) -> Sequence[widgets.ValueWidget]:
        """Make the seven controls."""
        counts, choice = widgets.IntSlider, widgets.SelectionSlider
        return (
            self.control(counts, "parameters", "parameters", "numbers the fit may choose", min=1, max=7),
            self.control(counts, "points", "training points", "5 is the lesson", min=FEWEST, max=MOST),
            self.control(widgets.FloatSlider, "noise", "noise", "1 is the lesson, 0 a clean line", max=2, step=0.25),
            self.control(counts, "number", "sample", "0 is the lesson; others draw new noise", max=SAMPLES - 1),
            self.control(choice, "ridge", "ridge", "the price of large weights", options=RIDGES),
            self.control(choice, "steps", "steps of descent", "stop early, or go to the end", options=STEPS),
            self.control(widgets.Checkbox, "validation", "show validation points", "the points kept aside"),
        )

    def make_buttons(self) -> Sequence[widgets.Button]:
        """Make the button that draws new noise."""
        self.next_sample = self.button("Next sample", "random", self.take_next_sample)
        return (self.next_sample,)

    @staticmethod
    def picture(state: fp.State) -> figures.Picture:
        """Draw the fit, and all errors."""
        return figures.explorer(state)

    @staticmethod
    def extra(state: fp.State) -> str:
        """Return the table of errors."""
        return table(state)

    def take_next_sample(self, _button=None) -> None:
        """Draw the noise again."""
        number = self.controls["number"]
        number.value = (number.value + 1) % SAMPLES


class QuizView(widgets.VBox):
    """A quiz with radio buttons; each answer is judged, with its reason, when it is submitted."""

    def __init__(self, quiz: Quiz):
        self.quiz = quiz
        self.chosen: dict[int, int] = {}  # question: answer
        self.radios, self.feedback, rows = [], [], []
        for number, question in enumerate(quiz.questions):
            options = [(unmarked(a.text).replace("`", ""), i) for i, a in enumerate(question.answers)]
            radio = widgets.RadioButtons(options=options, value=None, layout=widgets.Layout(width="auto"))
            radio.observe(lambda change, number=number: self.forget(number), names="value")
            button = widgets.Button(description="Answer", tooltip=f"Answer question {number + 1}")
            button.on_click(lambda _button, number=number: self.answer(number))
            self.radios.append(radio)
            self.feedback.append(widgets.HTML())
            asked = f"<strong>{number + 1}.</strong> {markup(question.question)}"
            rows += [widgets.HTML(ASKED.format(asked)), radio, button, self.feedback[-1]]
        self.buttons = rows[2::4]
        self.total = widgets.HTML()
        title = widgets.HTML(HEAD.format(markup(quiz.title)))
        super().__init__([title, *rows, self.total], layout=widgets.Layout(max_width="52em"))

    def forget(self, number: int) -> None:
        """Take back what was said of another answer."""
        self.feedback[number].value = ""

    def answer(self, number: int) -> None:
        """Judge what is chosen."""
        chosen = self.radios[number].value
        if chosen is None:
            self.feedback[number].value = '<p role="status">Choose an answer first.</p>'
            return
        question = self.quiz.questions[number]
        self.chosen[number] = chosen
        self.quiz.record(number, chosen)
        self.feedback[number].value = question.feedback(chosen)._repr_html_()
        if len(self.chosen) == len(self.quiz.questions):
            right = sum(q.answers[self.chosen[i]].right for i, q in enumerate(self.quiz.questions))
            self.total.value = score(right, len(self.quiz.questions))._repr_html_()
