"""Two predictions and four exercises: a function, a value, a class, and a bug hunt."""

import numpy as np

from minigrad.course.comparing import NotYet
from minigrad.course.exercises import Exercise
from minigrad.course.predictions import Prediction

growth = Prediction(
    "Every difference doubles. How many times larger is the mean squared error?",
    "It is a mean of squares, and 2² is 4.",
    shown="{:.0f}",
)
direction = Prediction("What does the error do?", "Each step goes downhill.", {"a": "it falls", "b": "it rises"})


class MeanSquaredError(Exercise):
    """Write `mse(prediction, y)`: the mean of the squared differences."""

    title = "mean squared error"
    minutes = 4
    blank = """
        def mse(prediction, y):
            return ...
    """
    solution = """
        def mse(prediction, y):
            return ((prediction - y) ** 2).mean()
    """
    because = "NumPy works on whole arrays."
    hints = ("First the differences: an array.", "`(a ** 2).mean()` is the mean of squares.")
    wrong = {
        """
        def mse(prediction, y):
            return ((prediction - y) ** 2).sum()
        """: "7 times too large",
        """
        def mse(prediction, y):
            return (prediction - y).mean()
        """: "the differences are not squared",
    }
    also_right = (
        """
        def mse(prediction, y):
            return sum((p - t) ** 2 for p, t in zip(prediction, y)) / len(y)
        """,
        """
        def mse(prediction, y):
            return ((mg.tensor(prediction) - mg.tensor(y)) ** 2).mean()
        """,
    )
    seconds = 1

    def check(self, mse):
        for _ in range(3):
            prediction, y = self.rng.normal(size=(2, 7))
            self.compare(
                "`mse(prediction, y)`",
                self.call(mse, prediction, y),
                np.mean((prediction - y) ** 2),
                {"the differences are not squared.": np.mean(prediction - y)},
                points=7,
            )
        return "The same line works for any number of points."


class Slope(Exercise):
    """What is the slope of `x * x` at 3, and where is it 0?"""

    blank = "slope, place = ..., ..."
    solution = "slope, place = 6, 0.0"
    hints = ("The derivative is `2 * x`.", "Put 3 in the place of `x`.")
    wrong = {"slope, place = 9, 0": "the value, not the slope", "slope, place = 6, 1": "`place` is off by 1"}
    also_right = ("slope, place = np.array(6.0), mg.tensor(0.0)",)

    def check(self, slope, place):
        self.compare("`slope`", slope, 6, {"`slope` is the value, not the slope.": 9})
        self.compare("`place`", place, 0)


class Layer(Exercise):
    """Write the two passes of a layer that doubles."""

    difficulty = 2
    importance = "useful"
    blank = """
        class Double:
            def forward(self, x):
                return ...

            def backward(self, gradient):
                return ...
    """
    solution = """
        class Double:
            def forward(self, x):
                return 2 * x

            def backward(self, gradient):
                return 2 * gradient
    """
    hints = ("Both are one line.", "The derivative of `2 * x` is 2.")
    wrong = {
        """
        class Double:
            def forward(self, x):
                return 2 * x

            def backward(self, gradient):
                return 2
        """: "is one number, and an array of shape (3, 2) was expected",
        """
        class Double:
            def forward(self, x):
                return 2 * x
        """: "has no attribute 'backward'",
        """
        class Double:
            def forward(self, x):
                x *= 2
                return x
        """: "changes its input `x`",
    }
    also_right = (
        """
        class Double:
            def forward(self, x):
                return x + x

            def backward(self, gradient):
                return gradient + gradient
        """,
    )

    def check(self, Double):
        layer = self.call(Double)
        x, gradient = self.rng.normal(size=(2, 3, 2))
        self.compare("what `forward` returns", self.call(layer.forward, x), 2 * x)
        self.compare("what `backward` returns", self.call(layer.backward, gradient), 2 * gradient)


class Bug(Exercise):
    """This step climbs. Find the bug."""

    difficulty = 3
    importance = "for the curious"
    blank = """
        def step(w, gradient):
            return w + 0.1 * gradient
    """
    solution = """
        def step(w, gradient):
            return w - 0.1 * gradient
    """
    hints = ("Downhill is against the gradient.", "Look at the sign.")
    wrong = {
        """
        def step(w, gradient):
            return w - gradient
        """: "the learning rate is lost",
        """
        def step(w, gradient):
            w -= 0.1 * gradient
        """: "is `None`",
    }
    also_right = ("step = lambda w, gradient: np.subtract(w, gradient / 10)",)

    def check(self, step):
        w, gradient = self.rng.normal(size=2)
        after = self.call(step, w, gradient)
        self.compare("the new `w`", after, w - 0.1 * gradient, {"the learning rate is lost.": w - gradient})
        if np.ndim(after):
            raise NotYet("one number was expected.")
