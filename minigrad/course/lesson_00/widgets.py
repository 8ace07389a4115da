"""The slider of lesson 00, by which a reader sees that widgets work."""

import ipywidgets as widgets

from minigrad.course.lesson_00 import figures
from minigrad.course.widgets import Explorer


class TangentExplorer(Explorer):
    """A slider for the place where a straight line touches a curve."""

    State = figures.Touch
    title = "Tangent explorer"

    def make_controls(self):
        return (self.control(widgets.FloatSlider, "x", "x", "where the line touches", min=-1, max=4, step=0.25),)

    @staticmethod
    def picture(state):
        return figures.tangent(state)
