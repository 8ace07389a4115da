"""The overfitting explorer: sliders over the pure functions of `five_points` and `figures`.

The view keeps no state of its own: it reads its controls, and assigns what the pure functions
return to `HTML` widgets. Nothing is drawn into `Output`, which loses errors and hangs tests.
"""

import base64
import math
from dataclasses import asdict, fields
from html import escape

import ipywidgets as widgets

from minigrad.course import figures
from minigrad.course import five_points as fp

RIDGES = (("none", 0.0), *((f"{r:g}", r) for r in (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)))
STEPS = (
    *((f"{k:,}", k) for k in (0, 1, 2, 5, 10, 20, 50, 100, 200, 354, 500, 1000, 2000, 5000, 10_000)),
    ("to the end", math.inf),
)
FEWEST, MOST, SAMPLES = 3, 30, 100


def image(picture: figures.Picture) -> str:
    """Return a picture as an `<img>` as wide as its column, without a flicker when it is replaced."""
    data = base64.b64encode(picture.png).decode()
    size = f'width="{picture.width}" height="{picture.height}" style="width: 100%; height: auto; border-radius: 6px"'
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


class OverfittingExplorer(widgets.VBox):
    """Sliders for everything in `five_points.State`; keywords choose where they start.

    >>> explorer = OverfittingExplorer()
    >>> explorer.controls["parameters"].value = 7
    >>> "validation error 19.92" in explorer.words.value
    True
    """

    def __init__(self, **start):
        self.start = fp.State(**start)
        self.controls = self.make_controls()
        self.next_sample = widgets.Button(description="Next sample", icon="random")
        self.reset = widgets.Button(description="Reset", icon="undo")
        self.figure, self.table = widgets.HTML(), widgets.HTML()
        self.words = widgets.HTML(layout=widgets.Layout(flex="1 1 18em"))
        self.resetting = False

        for control in self.controls.values():
            control.observe(self.refresh, names="value")
        self.next_sample.on_click(self.take_next_sample)
        self.reset.on_click(self.go_to_start)
        self.refresh()

        wrap = widgets.Layout(flex_flow="row wrap", grid_gap="0 1.5em")
        buttons = widgets.HBox(
            [self.next_sample, self.reset], layout=widgets.Layout(flex="1 1 24em", margin="0 0 0 9em")
        )
        controls = widgets.HBox([*self.controls.values(), buttons], layout=wrap)
        numbers = widgets.HBox([self.table, self.words], layout=wrap)
        super().__init__([controls, self.figure, numbers], layout=widgets.Layout(max_width="66em"))

    def __repr__(self):
        # What a page without widgets shows in their place; ipywidgets cuts it at 110 characters.
        return "Overfitting explorer: run the notebook to move its sliders, or see the figure below."

    def make_controls(self) -> dict[str, widgets.ValueWidget]:
        """Make one control for each field of the state, at the value of the start."""
        start, half = asdict(self.start), widgets.Layout(flex="1 1 24em", width="auto")

        def make(kind, name, label, tooltip, **limits):
            style = {"description_width": "8.5em"}
            return kind(value=start[name], description=label, tooltip=tooltip, style=style, layout=half, **limits)

        counts, choice = widgets.IntSlider, widgets.SelectionSlider
        controls = (
            make(counts, "parameters", "parameters", "numbers the fit may choose", min=1, max=7),
            make(counts, "points", "training points", "5 is the lesson", min=FEWEST, max=MOST),
            make(widgets.FloatSlider, "noise", "noise", "1 is the lesson, 0 a clean line", max=2, step=0.25),
            make(counts, "number", "sample", "0 is the lesson; others draw new noise", max=SAMPLES - 1),
            make(choice, "ridge", "ridge", "the price of large weights", options=RIDGES),
            make(choice, "steps", "steps of descent", "stop early, or go to the end", options=STEPS),
            make(widgets.Checkbox, "validation", "show validation points", "the points kept aside"),
        )
        return {field.name: control for field, control in zip(fields(fp.State), controls, strict=True)}

    @property
    def state(self) -> fp.State:
        """What the controls say now."""
        return fp.State(**{name: control.value for name, control in self.controls.items()})

    def refresh(self, _change=None) -> None:
        """Show the state that the controls describe."""
        if self.resetting:
            return
        picture = figures.explorer(self.state)
        self.figure.value = image(picture)
        self.table.value = table(self.state)
        self.words.value = f'<p role="status" style="margin: 4px 0; line-height: 1.5">{escape(picture.alt)}</p>'

    def take_next_sample(self, _button=None) -> None:
        """Draw the noise again."""
        number = self.controls["number"]
        number.value = (number.value + 1) % SAMPLES

    def go_to_start(self, _button=None) -> None:
        """Put every control back, and draw once."""
        self.resetting = True
        try:
            for name, value in asdict(self.start).items():
                self.controls[name].value = value
        finally:
            self.resetting = False
        self.refresh()
