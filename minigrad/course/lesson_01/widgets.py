"""The sliders of lesson 01: a line set by hand, and the learning rate of descent."""

import ipywidgets as widgets

from minigrad.course.lesson_01 import figures
from minigrad.course.widgets import Explorer

RATES = (0.0003, 0.001, 0.003, 0.01, 0.02, 0.03, 0.033, 0.034, 0.0345, 0.036)
STEPS = (0, 1, 2, 3, 4, 5, 10, 20, 50, 100, 200, 500, 1000)


class LineExplorer(Explorer):
    """Sliders for slope and height of a line, with the error in the picture's heading."""

    State = figures.Hand
    title = "Line explorer"

    def make_controls(self):
        return (
            self.control(widgets.FloatSlider, "w", "slope w", "how steep the line is", min=-2, max=5, step=0.1),
            self.control(widgets.FloatSlider, "b", "height b", "where the line meets x = 0", min=-6, max=15, step=0.25),
        )

    @staticmethod
    def picture(state):
        return figures.by_hand(state)


class DescentExplorer(Explorer):
    """Learning rate and number of steps, and a button that takes one more."""

    State = figures.Descent
    title = "Descent explorer"

    def make_controls(self):
        rates, steps = [(f"{rate:g}", rate) for rate in RATES], [(f"{count:,}", count) for count in STEPS]
        return (
            self.control(widgets.SelectionSlider, "rate", "learning rate", "how far a step goes", options=rates),
            self.control(widgets.SelectionSlider, "steps", "steps", "how many are taken", options=steps),
        )

    @staticmethod
    def picture(state):
        return figures.descent(state)
