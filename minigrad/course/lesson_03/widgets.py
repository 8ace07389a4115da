"""The graph stepper of lesson 03: one operation at a time, forward and then backward."""

from dataclasses import dataclass

import ipywidgets as widgets

from minigrad.course.card import markup
from minigrad.course.lesson_03 import stepping
from minigrad.course.widgets import Explorer

PROGRAMS = (
    stepping.LESSON,
    "b = x + x; c = b + b",
    "u = x * x; v = x + 1; u * v",
    "tanh(0.5 * x - y + 3)",
    "1 / (1 + exp(-x))",
)


@dataclass(frozen=True)
class State:
    """A program, and how many steps of it have been taken."""

    program: str = stepping.LESSON
    step: int = 0


class GraphStepper(Explorer):
    """A slider and two buttons that walk through a program; any other expression can be typed.

    >>> stepper = GraphStepper()
    >>> stepper.controls["step"].value = 9
    >>> "together 12 + 12 = 24" in stepper.words.value
    True
    """

    State = State
    title = "Graph stepper"

    def __init__(self, **start):
        self.own = widgets.Text(
            placeholder="your own, then Enter:  exp(x) / (x + y)",
            description="own program",
            tooltip="an expression of x and y, or lines like  a = x * y; a + x",
            continuous_update=False,
            style={"description_width": "8.5em"},
            layout=widgets.Layout(flex="1 1 24em", width="auto"),
        )
        super().__init__(**start)
        controls, *_rest = self.children
        program, step, buttons = controls.children
        controls.children = [program, self.own, step, buttons]
        self.own.observe(self.take, names="value")

    def make_controls(self):
        programs = dict.fromkeys((*PROGRAMS, self.start.program))
        last = stepping.film(self.start.program).last
        return (
            self.control(widgets.Dropdown, "program", "program", "x is 3, y is 4", options=[(p, p) for p in programs]),
            self.control(widgets.IntSlider, "step", "step", "arrow keys work, too", min=0, max=last),
        )

    def make_buttons(self):
        return self.button("Back", "arrow-left", self.back), self.button("Next", "arrow-right", self.next)

    @classmethod
    def drawn(cls, state):
        frame = stepping.film(state.program).frame(state.step)
        return frame.image, frame.words

    def refresh(self, change=None):
        if not self.resetting:
            self.controls["step"].max = stepping.film(self.controls["program"].value).last
        super().refresh(change)

    def back(self, _button=None):
        """One step back."""
        self.controls["step"].value -= 1

    def next(self, _button=None):
        """One step on."""
        self.controls["step"].value += 1

    def take(self, change):
        """Show a program that was typed, or say why it can't be shown."""
        program = " ".join(change["new"].split())
        if not program:
            return
        try:
            stepping.film(program)
        except ValueError as error:
            self.words.value = (
                f'<p role="status" style="margin: 4px 0; line-height: 1.5">Not this one: {markup(str(error))}</p>'
            )
            return
        choice, step = self.controls["program"], self.controls["step"]
        if program not in dict(choice.options):
            choice.options = [*choice.options, (program, program)]
        choice.value = program
        step.value = 0
