"""The explorer of lesson 02: watch a network learn when the lamp is on."""

import ipywidgets as widgets

from minigrad.course import handmade
from minigrad.course.figures import Picture
from minigrad.course.lesson_02 import figures
from minigrad.course.widgets import Explorer

LAYERS = (("one layer", 0), *((f"two layers, {n} hidden", n) for n in (2, 4, 8)))


class BoundaryExplorer(Explorer):
    """Sliders for everything in `figures.State`.

    >>> explorer = BoundaryExplorer()
    >>> explorer.controls["epoch"].value = 100
    >>> "loss 0.02, 40 of 40" in explorer.words.value
    True
    """

    State = figures.State
    title = "Boundary explorer"

    def make_controls(self):
        """Make the four controls."""
        return (
            self.control(widgets.Dropdown, "hidden", "network", "layers, hidden neurons", options=LAYERS),
            self.control(widgets.Dropdown, "activation", "activation", "of hidden neurons", options=[*handmade.RULES]),
            self.control(widgets.IntSlider, "start", "start", "other random weights to begin with", max=9),
            self.control(widgets.SelectionSlider, "epoch", "epoch", "how long it trained", options=figures.EPOCHS),
        )

    def make_buttons(self):
        """Make the button that trains on."""
        return (self.button("Train on", "forward", self.train_on),)

    @staticmethod
    def picture(state: figures.State) -> Picture:
        """Draw the boundary and the loss."""
        return figures.boundary(state)

    def train_on(self, _button=None) -> None:
        """Go to the next epoch shown, and after the last one to the first."""
        epoch = self.controls["epoch"]
        epoch.index = (epoch.index + 1) % len(figures.EPOCHS)
