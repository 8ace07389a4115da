"""The tasks of the miniature lab: a value, a function, a model, a network."""

import numpy as np

from minigrad.course import networks
from minigrad.course.comparing import NotYet
from minigrad.course.tasks import Task, criterion


class Number(Task):
    """Set `number` to 42."""

    title = "a number"
    hints = ("It is between 41 and 43.",)
    blank = "number = ..."

    @criterion(1, "the number")
    def value(self, number):
        self.compare("`number`", number, 42)


class Centre(Task):
    """Write `centre(x)`: each column of `x` minus its mean."""

    title = "centred columns"
    seconds = 1
    hints = ("`x.mean(axis=0)` are the means.", "Subtract them.")
    blank = """
        def centre(x):
            return ...
    """

    @criterion(2, "mean 0")
    def mean(self, centre):
        x = self.rng.normal(3, 1, (20, 4))
        self.compare("the mean of `centre(x)`", 1 + self.call(centre, x).mean(axis=0), np.ones(4))

    @criterion(1, "the spread stays")
    def spread(self, centre):
        x = self.rng.normal(3, 1, (20, 4))
        self.compare("the spread of `centre(x)`", self.call(centre, x).std(axis=0), x.std(axis=0))


class Line(Task):
    """Write `build(slope)`, which returns a model of any kind, and `predict(model, x)`: slope times x."""

    title = "a model"
    seconds = 1
    hints = ("A list will do as a model.",)
    blank = """
        def build(slope):
            return ...


        def predict(model, x):
            return ...
    """

    def lines(self, build):
        return self.once("lines", lambda: [self.call(build, slope) for slope in (2.0, -1.0)])

    @criterion(1, "a line through 0")
    def zero(self, build, predict):
        for model in self.lines(build):
            if np.any(self.call(predict, model, np.zeros(3))):
                raise NotYet("`predict(model, 0)` is not 0.")

    @criterion(1, "the slope")
    def slope(self, build, predict):
        steep, falling = self.lines(build)
        x = self.rng.normal(size=5)
        self.compare("`predict(model, x)`", self.call(predict, steep, x), 2 * x)
        self.compare("`predict(model, x)`", self.call(predict, falling, x), -x)


class Small(Task):
    """Set `network` to a linear layer of minigrad with 2 inputs and 1 output."""

    title = "a network"
    hints = ("It is in `minigrad.nn`.",)
    blank = "network = ..."

    @criterion(1, "3 parameters")
    def parameters(self, network):
        if (count := self.call(networks.parameters, network)) != 3:
            raise NotYet(f"it has {count} parameters.")
