"""Exercises and predictions of lesson 01."""

from itertools import product

import numpy as np

from minigrad.course.comparing import NotYet, close, numbers
from minigrad.course.exercises import Exercise
from minigrad.course.five_points import X_TRAIN, Y_TRAIN
from minigrad.course.lesson_01 import line
from minigrad.course.predictions import Prediction

p1 = Prediction(
    "Which line is better, if *better* means a smaller mean of squared misses?",
    "It is worth more to be near all five points than to meet two of them.",
    {"a": "line A, which meets two points", "b": "line B, which meets none"},
)
p2 = Prediction(
    "At w = 3 the slope of the error is +58. What does a small step to a larger w do to the error?",
    "Where the slope is positive, the floor of the valley lies to the left; where it is negative, to the right. "
    "So the way down goes against the slope.",
    {"a": "it falls", "b": "it grows", "c": "it stays"},
)
p3 = Prediction(
    "With the learning rate 0.0340 the loop still finds the best line. What happens with 0.0345?",
    "Each step overshoots the floor, and lands higher on the other side than where it began.",
    {"a": "it finds it a little sooner", "b": "it finds it a little later", "c": "its error grows and grows"},
)


class MeanSquaredError(Exercise):
    """Write `mse(prediction, y)`: subtract, square, take the mean. Both are arrays, of any length."""

    title = "the error"
    difficulty = 1
    minutes = 4
    hints = (
        "`prediction - y` is an array of differences, one for each point.",
        "`differences ** 2` squares each of them; an array has a method `.mean()`.",
    )
    blank = """
        def mse(prediction, y):
            return ...
    """
    solution = """
        def mse(prediction, y):
            return ((prediction - y) ** 2).mean()
    """
    wrong = {
        """
        def mse(prediction, y):
            return ((prediction - y) ** 2).sum()
        """: "7 times too large",
        """
        def mse(prediction, y):
            return (prediction - y).mean()
        """: "nothing is squared",
        """
        def mse(prediction, y):
            return (prediction - y).mean() ** 2
        """: "first square each difference",
        """
        def mse(prediction, y):
            return abs(prediction - y).mean()
        """: "absolute values, not squares",
        """
        def mse(prediction, y):
            return ((prediction - y) ** 2).mean() ** 0.5
        """: "a square root too far",
        """
        def mse(prediction, y):
            return (prediction - y) ** 2
        """: "not averaged",
        """
        def mse(prediction, y):
            return ((prediction - y) ** 2).sum() / 5
        """: "any number of points",
        """
        def mse(prediction, y):
            for p, t in zip(prediction, y):
                return (p - t) ** 2
        """: "inside the loop",
        """
        def mse(prediction, y):
            return (prediction - y**2).mean()
        """: "parentheses",
    }
    also_right = (
        """
        def mse(prediction, y):
            total = 0
            for p, t in zip(prediction, y):
                total += (t - p) ** 2
            return total / len(y)
        """,
        """
        def mse(prediction, y):
            miss = y - prediction
            return miss @ miss / len(miss)
        """,
    )

    def check(self, mse):
        for count in (7, 12):
            prediction, y = self.rng.normal(size=(2, count))
            miss = prediction - y
            slips = {
                "nothing is squared: misses above and below the line cancel.": miss.mean(),
                "nothing is squared, nor is a mean taken.": miss.sum(),
                "it squares the mean: first square each difference.": miss.mean() ** 2,
                "it squares the sum: first square each difference.": miss.sum() ** 2,
                "it squares the sum; first square each difference.": miss.sum() ** 2 / count,
                "it doubles the differences: a square is `** 2`.": 2 * miss.mean(),
                "it squares only `y`: put the difference in parentheses.": (prediction - y**2).mean(),
                "first subtract, then square.": (prediction**2 - y**2).mean(),
                "it takes absolute values, not squares.": abs(miss).mean(),
                "it takes a square root; the mean squared error has none.": (miss**2).sum() ** 0.5,
                "it divides by 5, but must work for any number of points.": (miss**2).sum() / 5,
                "it divides by 2, where the mean divides by the number of points.": (miss**2).sum() / 2,
                "it divides by one less than the number of points.": (miss**2).sum() / (count - 1),
                "it ends at the first point: does the `return` stand inside the loop?": miss[0] ** 2,
                "only the last point counts: add up with `+=`.": miss[-1] ** 2 / count,
                "it is the variance: it takes the mean miss off each miss first.": miss.var(),
            }
            got = self.call(mse, prediction, y)
            self.compare("`mse(prediction, y)`", got, (miss**2).mean(), slips, points=count)


class CentralDifference(Exercise):
    """Write `slope(f, v, h)`: the rise of `f` from `v - h` to `v + h`, divided by the distance
    between them, 2h. `f` may be any function of one number."""

    title = "a slope by nudging"
    difficulty = 1
    minutes = 4
    hints = ("`f` is a function: `f(v + h)` is its value a little to the right.", "The two places lie `2 * h` apart.")
    blank = """
        def slope(f, v, h=1e-4):
            return ...
    """
    solution = """
        def slope(f, v, h=1e-4):
            return (f(v + h) - f(v - h)) / (2 * h)
    """
    wrong = {
        """
        def slope(f, v, h=1e-4):
            return (f(v + h) - f(v - h)) / h
        """: "twice as large",
        """
        def slope(f, v, h=1e-4):
            return (f(v + h) - f(v)) / h
        """: "only to the right",
        """
        def slope(f, v, h=1e-4):
            return (f(v - h) - f(v + h)) / (2 * h)
        """: "wrong sign",
        """
        def slope(f, v, h=1e-4):
            return (f(v + h) - f(v - h)) / 2 * h
        """: "parentheses",
        """
        def slope(f, v, h=1e-4):
            return f(v + h) - f(v - h)
        """: "not divided",
        """
        def slope(f, v, h=1e-4):
            return f(v + h) - f(v - h) / (2 * h)
        """: "the difference needs parentheses",
        """
        def slope(f, v, h=1e-4):
            return abs(f(v + h) - f(v - h)) / (2 * h)
        """: "lost its sign",
        """
        def slope(f, v, h=1e-4):
            h = 1e-4
            return (f(v + h) - f(v - h)) / (2 * h)
        """: "far smaller `h`",
    }
    also_right = (
        """
        def slope(f, v, h=1e-4):
            right, left = f(v + h), f(v - h)
            return 0.5 * (right / h - left / h)
        """,
    )

    def check(self, slope):
        for sign, h in ((1, 0.1), (-1, 0.25)):  # first f rises, then it falls; h is large, that a slip may show
            a, c, v = self.rng.uniform(0.5, 1.5, size=3)

            def f(v, a=sign * a, c=sign * c):
                return a * v**3 + c * v

            right, here, left = f(v + h), f(v), f(v - h)
            slips = {
                "it nudges only to the right; nudge to both sides.": (right - here) / h,
                "it nudges only to the left; nudge to both sides.": (here - left) / h,
                "it nudges only to the right, and divides by 2h; nudge to both sides.": (right - here) / (2 * h),
                "it nudges only to the left, and divides by 2h; nudge to both sides.": (here - left) / (2 * h),
                "the rise is not divided by the distance yet.": right - left,
                "it divides by 2 and then multiplies by h: `2 * h` needs parentheses.": (right - left) / 2 * h,
                "it divides only `f(v - h)`: the difference needs parentheses.": right - left / (2 * h),
                "it divides only `f(v - h)`; the difference needs parentheses.": right - left / 2 * h,
                "it divides by 2, but not by h.": (right - left) / 2,
                "it multiplies by the distance: divide by it.": (right - left) * 2 * h,
                "it adds the two values; the rise is their difference.": (right + left) / (2 * h),
                "it is upside down: divide the rise by the distance.": 2 * h / (right - left),
                "`f` is left out: the rise is that of `f`.": 1.0,
                "it is the slope for a far smaller `h`: use the `h` that is given.": 3 * sign * a * v**2 + sign * c,
            }
            if sign < 0:
                slips["it has lost its sign: where f falls, the slope is negative."] = (left - right) / (2 * h)
            what = f"`slope(f, {v:.2f}, {h})`"
            self.compare(what, self.call(slope, f, v, h), (right - left) / (2 * h), slips)
        return "The smaller h, the nearer it comes to the derivative."


class Gradient(Exercise):
    r"""Their means over the points are the derivatives of the error E, together the **gradient**:

    $$\frac{\partial E}{\partial w} = \text{mean}(2mx) \qquad \frac{\partial E}{\partial b} = \text{mean}(2m)$$

    Write `gradient(w, b, x, y)`, which returns both, w first. (∂: only the parameter under it moves.)"""

    title = "the gradient by formulas"
    difficulty = 2
    minutes = 6
    hints = (
        "Begin with `miss = w * x + b - y`, an array with one entry for each point.",
        "`(miss * x).mean()` is the mean of miss · x. The 2 comes from the square.",
        "Return a pair: `return dw, db`.",
    )
    blank = """
        def gradient(w, b, x, y):
            miss = w * x + b - y
            dw = ...
            db = ...
            return dw, db
    """
    solution = """
        def gradient(w, b, x, y):
            miss = w * x + b - y
            dw = (2 * miss * x).mean()
            db = (2 * miss).mean()
            return dw, db
    """
    because = "The inner derivative of w · x + b with respect to w is x, and with respect to b it is 1."
    wrong = {
        """
        def gradient(w, b, x, y):
            miss = w * x + b - y
            return (miss * x).mean(), miss.mean()
        """: "factor 2 is missing",
        """
        def gradient(w, b, x, y):
            miss = y - (w * x + b)
            return (2 * miss * x).mean(), (2 * miss).mean()
        """: "wrong sign",
        """
        def gradient(w, b, x, y):
            miss = w * x + b - y
            return (2 * miss * x).sum(), (2 * miss).sum()
        """: "6 times too large",
        """
        def gradient(w, b, x, y):
            miss = w * x + b - y
            return (2 * miss).mean(), (2 * miss * x).mean()
        """: "exchanged",
        """
        def gradient(w, b, x, y):
            miss = w * x + b - y
            return (2 * miss).mean(), (2 * miss).mean()
        """: "x, is missing",
        """
        def gradient(w, b, x, y):
            miss = w * x + b - y
            return 2 * miss.mean() * x.mean(), (2 * miss).mean()
        """: "product of means",
        """
        def gradient(w, b, x, y):
            miss = w * x + b - y
            return 2 * miss * x, 2 * miss
        """: "not averaged",
        """
        def gradient(w, b, x, y):
            miss = w * x + b - y
            return (2 * miss * w).mean(), (2 * miss * b).mean()
        """: "by how much does a miss grow",
        """
        def gradient(w, b, x, y):
            miss = w * x + b - y
            return (miss**2 * x).mean(), (miss**2).mean()
        """: "still squared",
    }
    also_right = (
        """
        def gradient(w, b, x, y):
            miss = w * x + b - y
            return 2 * miss @ x / len(x), 2 * np.mean(miss)
        """,
        """
        def gradient(w, b, x, y, h=1e-3):
            def error(w, b):
                return ((w * x + b - y) ** 2).mean()

            dw = (error(w + h, b) - error(w - h, b)) / (2 * h)
            db = (error(w, b + h) - error(w, b - h)) / (2 * h)
            return np.array([dw, db])
        """,
    )

    def check(self, gradient):
        for _ in range(2):
            x, y = self.rng.normal(size=(2, 6)) + 1
            w, b = (float(number) for number in self.rng.normal(size=2))
            dw, db = line.gradient(w, b, x, y)
            miss = w * x + b - y
            slips = {
                "the two are exchanged: first the derivative for w.": (db, dw),
                "the inner derivative of the first, x, is missing.": (db, db),
                "the first is a product of means, not the mean of products.": (2 * miss.mean() * x.mean(), db),
                "w and b are factors: by how much does a miss grow when w does, or b?": (db * w, db * b),
                "w is a factor of the first: by how much does a miss grow when w does?": (db * w, db),
                "b is a factor of the second: by how much does a miss grow when b does?": (dw, db * b),
                "the misses are still squared: take the derivative of m².": ((miss**2 * x).mean(), (miss**2).mean()),
                "the misses are still squared; take the derivative of m².": (
                    (2 * miss**2 * x).mean(),
                    (2 * miss**2).mean(),
                ),
                "it divides by 5, but must work for any number of points.": (dw * 6 / 5, db * 6 / 5),
            }
            if miss.min() < 0 < miss.max():
                lost = (2 * abs(miss) * x).mean(), (2 * abs(miss)).mean()
                slips["the misses have lost their signs."] = lost
            got = self.call(gradient, w, b, x, y)
            self.compare(
                ("the derivative for w", "the derivative for b"), got, (dw, db), slips, tolerance=1e-3, points=6
            )


class Update(Exercise):
    """Write `update(w, b, rate)`, which returns the new w and b after one step. `gradient(w, b, x, y)`, `x` and `y` are
    at hand."""

    title = "one step downhill"
    difficulty = 2
    minutes = 4
    given = """
        import numpy as np
        from minigrad.course.lesson_01.line import gradient
        x, y = np.array([1.0, 3, 4, 6, 9]), np.array([3.5, 10, 5, 12.5, 20])
    """
    hints = (
        "Both derivatives are taken at the old point, before anything moves.",
        "Downhill is *against* the derivative: `w - rate * dw`.",
    )
    blank = """
        def update(w, b, rate):
            dw, db = gradient(w, b, x, y)
            ...
            return w, b
    """
    solution = """
        def update(w, b, rate):
            dw, db = gradient(w, b, x, y)
            w = w - rate * dw
            b = b - rate * db
            return w, b
    """
    wrong = {
        """
        def update(w, b, rate):
            dw, db = gradient(w, b, x, y)
            return w + rate * dw, b + rate * db
        """: "uphill",
        """
        def update(w, b, rate):
            dw, db = gradient(w, b, x, y)
            return -rate * dw, -rate * db
        """: "how far they move",
        """
        def update(w, b, rate):
            dw, db = gradient(w, b, x, y)
            return w - dw, b - db
        """: "learning rate is missing",
        """
        def update(w, b, rate):
            w = w - rate * gradient(w, b, x, y)[0]
            b = b - rate * gradient(w, b, x, y)[1]
            return w, b
        """: "after w has moved",
        """
        def update(w, b, rate):
            dw, db = gradient(w, b, x, y)
            w = w - rate * dw
            return w, b
        """: "b has not moved",
        """
        def update(w, b, rate):
            dw, db = gradient(w, b, x, y)
            w - rate * dw
            b - rate * db
            return w, b
        """: "nothing has moved",
        """
        def update(w, b, rate):
            dw, db = gradient(w, b, x, y)
            w = w - rate * db
            b = b - rate * dw
            return w, b
        """: "exchanged",
    }
    also_right = (
        """
        def update(w, b, rate):
            old = np.array([w, b])
            return old - rate * np.array(gradient(w, b, x, y))
        """,
        """
        def update(w, b, rate):
            miss = w * x + b - y
            return w - 2 * rate * (miss @ x) / 5, b - 2 * rate * sum(miss) / 5
        """,
    )

    def check(self, update):
        for _ in range(2):
            w, b, rate = (float(number) for number in self.rng.uniform(0.5, 1.5, size=3))
            rate /= 100
            dw, db = line.gradient(w, b)
            there = w - rate * dw
            slips = {
                "it goes uphill: a step goes against the derivative.": (w + rate * dw, b + rate * db),
                "it returns how far they move, not the new w and b.": (-rate * dw, -rate * db),
                "the learning rate is missing.": (w - dw, b - db),
                "b uses the gradient after w has moved; take both at the old point.": (
                    there,
                    b - rate * line.gradient(there, b)[1],
                ),
                "w uses the gradient after b has moved; take both at the old point.": (
                    w - rate * line.gradient(w, b - rate * db)[0],
                    b - rate * db,
                ),
                "it returns how far they would move uphill, not the new w and b.": (rate * dw, rate * db),
                "it returns the gradient, not the new w and b.": (dw, db),
                "the derivatives are exchanged: each parameter moves by its own.": (w - rate * db, b - rate * dw),
                "the two results are exchanged: first the new w.": (b - rate * db, there),
                "b moves by the derivative for w.": (there, b - rate * dw),
                "w goes downhill, and b uphill.": (there, b + rate * db),
                "b goes downhill, and w uphill.": (w + rate * dw, b - rate * db),
                "the derivatives are missing.": (w - rate, b - rate),
                "it divides by the learning rate; multiply.": (w - dw / rate, b - db / rate),
                "the step is twice as long: the 2 is in the gradient already.": (w - 2 * rate * dw, b - 2 * rate * db),
                "w and b are factors of their own steps; a step is only rate times derivative.": (
                    w * (1 - rate * dw),
                    b * (1 - rate * db),
                ),
                "b has not moved.": (there, b),
                "w has not moved.": (w, b - rate * db),
                "nothing has moved.": (w, b),
            }
            self.compare(("the new w", "the new b"), self.call(update, w, b, rate), (there, b - rate * db), slips)


class Batches(Exercise):
    """Write `train(x, y, rate, epochs, size)`: in each epoch go through all points once, `size` at a time, with a step
    on each batch; the last one may be smaller. Start from w = b = 0; return w and b. `gradient` is at hand."""

    title = "the loop over batches"
    difficulty = 3
    minutes = 10
    seconds = 20
    given = """
        import numpy as np
        from minigrad.course.lesson_01.line import gradient
    """
    hints = (
        "Two loops, one inside the other: over epochs, and over the starts 0, size, 2 · size, …",
        "`range(0, len(x), size)` gives the starts; `x[start : start + size]` is a batch, and the last may be smaller.",
        "The step is the one you know, with the gradient of the batch: `gradient(w, b, x[...], y[...])`.",
    )
    blank = """
        def train(x, y, rate, epochs, size):
            w, b = 0.0, 0.0
            ...
            return w, b
    """
    solution = """
        def train(x, y, rate, epochs, size):
            w, b = 0.0, 0.0
            for epoch in range(epochs):
                order = np.random.permutation(len(x))
                for start in range(0, len(x), size):
                    batch = order[start : start + size]
                    dw, db = gradient(w, b, x[batch], y[batch])
                    w, b = w - rate * dw, b - rate * db
            return w, b
    """
    because = "A new order in each epoch keeps the steps from repeating a pattern; without it the loop is right too."
    wrong = {
        """
        def train(x, y, rate, epochs, size):
            w, b = 0.0, 0.0
            for epoch in range(epochs):
                for start in range(0, len(x) - size + 1, size):
                    dw, db = gradient(w, b, x[start : start + size], y[start : start + size])
                    w, b = w - rate * dw, b - rate * db
            return w, b
        """: "last, smaller batch",
        """
        def train(x, y, rate, epochs, size):
            w, b = 0.0, 0.0
            for epoch in range(epochs):
                dw, db = gradient(w, b, x[:size], y[:size])
                w, b = w - rate * dw, b - rate * db
            return w, b
        """: "one step in each epoch",
        """
        def train(x, y, rate, epochs, size):
            w, b = 0.0, 0.0
            for epoch in range(epochs):
                for start in range(0, len(x), size):
                    dw, db = gradient(w, b, x, y)
                    w, b = w - rate * dw, b - rate * db
            return w, b
        """: "all points in every step",
        """
        def train(x, y, rate, epochs, size):
            w, b = 0.0, 0.0
            for epoch in range(epochs):
                for start in range(0, len(x), size):
                    dw, db = gradient(w, b, x[start : start + size], y[start : start + size])
                    w, b = w + rate * dw, b + rate * db
            return w, b
        """: "uphill",
        """
        def train(x, y, rate, epochs, size):
            for epoch in range(epochs):
                w, b = 0.0, 0.0
                for start in range(0, len(x), size):
                    dw, db = gradient(w, b, x[start : start + size], y[start : start + size])
                    w, b = w - rate * dw, b - rate * db
            return w, b
        """: "begins anew",
        """
        def train(x, y, rate, epochs, size):
            w, b = 0.0, 0.0
            for start in range(0, len(x), size):
                for epoch in range(epochs):
                    dw, db = gradient(w, b, x[start : start + size], y[start : start + size])
                    w, b = w - rate * dw, b - rate * db
            return w, b
        """: "the loop over epochs is the outer one",
        """
        def train(x, y, rate, epochs, size):
            w, b = 0.0, 0.0
            for epoch in range(epochs):
                for start in range(len(x)):
                    dw, db = gradient(w, b, x[start : start + size], y[start : start + size])
                    w, b = w - rate * dw, b - rate * db
            return w, b
        """: "a batch begins at every point",
        """
        def train(x, y, rate, epochs, size):
            w, b = 0.0, 0.0
            for epoch in range(epochs):
                for start in range(0, len(x), size):
                    dw, db = gradient(w, b, x[start:size], y[start:size])
                    w, b = w - rate * dw, b - rate * db
            return w, b
        """: "is a batch empty",
        """
        def train(x, y, rate, epochs, size):
            w, b = 0.0, 0.0
            for epoch in range(epochs):
                for start in range(0, len(x), size):
                    batch = np.random.randint(len(x), size=size)
                    dw, db = gradient(w, b, x[batch], y[batch])
                    w, b = w - rate * dw, b - rate * db
            return w, b
        """: "exactly one turn",
        """
        def train(x, y, rate, epochs, size):
            w, b = 0.0, 0.0
            for epoch in range(epochs):
                for start in range(0, len(x), size):
                    dw, db = gradient(w, b, x[start : start + size], y[start : start + size])
                    w, b = w - 0.001 * dw, b - 0.001 * db
            return w, b
        """: "learning rate of 0",
    }
    also_right = (
        """
        def train(x, y, rate, epochs, size):
            w = b = 0.0
            for _ in range(epochs):
                for start in range(0, len(x), size):
                    here = slice(start, start + size)
                    miss = w * x[here] + b - y[here]
                    w, b = w - rate * (2 * miss * x[here]).mean(), b - rate * (2 * miss).mean()
            return np.array([w, b])
        """,
    )

    def check(self, train):
        def trained(*inputs):
            got = numbers("the result", self.call(train, *inputs))
            if np.isnan(got).any():
                raise NotYet("it is nan: is a batch empty? The mean of nothing is nan.")
            return got

        def after(x, y, *batches, rate=0.05):
            """Where one step on each batch leads."""
            w = b = 0.0
            for rows in batches:
                dw, db = line.gradient(w, b, x[rows], y[rows])
                w, b = w - rate * dw, b - rate * db
            return np.array([w, b])

        def compare(when, got, expected, slips):
            self.compare((f"w after {when}", f"b after {when}"), got, expected, slips)

        everything = slice(None)
        x = self.rng.uniform(0.5, 1.5, size=5) * self.rng.choice([-1, 1], size=5)
        y = 2 * x + self.rng.normal(size=5) + 1

        if trained(x, y, 0.0, 2, 2).any():
            slip = "with a learning rate of 0 w and b must stay at 0. Do they begin there, and is `rate` what it uses?"
            raise NotYet(slip)

        # All points in each batch: one step in an epoch, whatever the order.
        one = after(x, y, everything)
        w, b = one
        slips = {
            "it goes uphill: a step goes against the derivative.": -one,
            "w and b are still 0: no step was taken.": (0.0, 0.0),
            "b has not moved.": (w, 0.0),
            "w has not moved.": (0.0, b),
            "b uses the gradient after w has moved; take both at the old point.": (
                w,
                -0.05 * line.gradient(w, 0.0, x, y)[1],
            ),
            "a step is 5 times too long: the gradient of a batch is a mean, not a sum.": 5 * one,
            "a step is 5 times too short: the gradient of a batch is a mean already.": one / 5,
            "a batch begins at every point; let the starts be `size` apart.": after(
                x, y, *(slice(i, None) for i in range(5))
            ),
            "it makes a step for each point; a batch holds `size` of them.": after(
                x, y, *(slice(i, i + 1) for i in range(5))
            ),
            "it repeats a batch `size` times; make one step on each.": after(x, y, *[everything] * 5),
            "one epoch asked for, two made.": after(x, y, everything, everything),
        }
        turns = "not every point has exactly one turn in an epoch, together with its own y."
        got = trained(x, y, 0.05, 1, 5)
        # Whatever the order, one batch of all has one gradient. Points drawn at random may agree once by chance.
        if not all(close(trained(x, y, 0.05, 1, 5), got) for _ in range(6)):
            raise NotYet(turns)
        compare("an epoch of one batch", got, one, slips)
        begins = "it begins anew in each epoch, or ends after the first: set w and b to 0 once, before the loops."
        expected = after(x, y, *[everything] * 3)
        compare("3 epochs of one batch", trained(x, y, 0.05, 3, 5), expected, {begins: one})

        # One point three times, so that the order doesn't matter: batches of 1, then of 2 and 1.
        x3, y3 = np.full(3, x[0]), np.full(3, y[0])
        one, two = after(x3, y3, everything), after(x3, y3, everything, everything)
        slips = {
            "it makes only one step in each epoch; make one for each batch.": one,
            "the last batch is left out.": two,
            "all gradients are taken before the first step; make a step after each.": 3 * one,
        }
        compare("3 batches", trained(x3, y3, 0.05, 1, 1), after(x3, y3, *[everything] * 3), slips)
        slips = {"the last, smaller batch is left out.": one, "the step on the smaller batch is shorter.": 1.5 * one}
        compare("batches of 2 and 1", trained(x3, y3, 0.05, 1, 2), two, slips)

        # Two points, one at a time, in two epochs: any order within an epoch will do.
        x2, y2 = np.array([1.0, -1.5]) * x[0], np.array([1.0, 2.0]) * y[1] + 1
        got = trained(x2, y2, 0.05, 2, 1)
        paths = {order: after(x2, y2, *([i] for i in order)) for order in product((0, 1), repeat=4)}
        walked = [order for order, end in paths.items() if close(got, end)]
        if close(got, after(x2, y2, *[everything] * 4)):
            raise NotYet("it uses all points in every step; take the gradient of the batch alone.")
        if walked in ([(0, 0, 1, 1)], [(1, 1, 0, 0)]):
            raise NotYet("it stays on a batch for all epochs; the loop over epochs is the outer one.")
        if not any({i, j} == {k, m} == {0, 1} for i, j, k, m in walked):
            raise NotYet(turns)

        # Tiny steps on many points hardly change the next gradient: their sum doesn't depend on the order.
        many = self.rng.normal(size=9), self.rng.normal(size=9) + 1
        if not close(trained(*many, 1e-7, 1, 1), after(*many, *([i] for i in range(9)), rate=1e-7)):
            raise NotYet(turns)
        final = line.error(*trained(X_TRAIN, Y_TRAIN, 0.001, 1200, 2))
        return f"On the five points it reaches {final:.1f}."


class ColumnBug(Exercise):
    """This code is like some found in published notebooks. It should print 5.30, the error of line B, and prints
    64.02. Nothing warns. Look at the shapes, and mend it."""

    title = "bug hunt"
    difficulty = 2
    minutes = 6
    given = """
        import numpy as np
        x, y = np.array([1.0, 3, 4, 6, 9]), np.array([3.5, 10, 5, 12.5, 20])
    """
    hints = (
        "Print `prediction.shape`, `y.shape` and `(prediction - y).shape`.",
        "A column (n, 1) minus a row (n,) is a table (n, n): every prediction meets every y.",
        "Bring both to one shape, for example with `prediction[:, 0]`.",
    )
    blank = """
        def line_error(w, b, x, y):
            inputs = x.reshape(-1, 1)  # a column, one point a row
            prediction = inputs * w + b
            return ((prediction - y) ** 2).mean()


        print(f"{line_error(1.9866, 1.0618, x, y):.2f}")
    """
    solution = """
        def line_error(w, b, x, y):
            inputs = x.reshape(-1, 1)  # a column, one point a row
            prediction = (inputs * w + b)[:, 0]
            return ((prediction - y) ** 2).mean()


        print(f"{line_error(1.9866, 1.0618, x, y):.2f}")
    """
    because = "NumPy broadcasts a column against a row to a table, and says nothing. Look at shapes first."
    wrong = {
        """
        def line_error(w, b, x, y):
            inputs = x.reshape(1, -1)
            prediction = inputs.T * w + b
            return ((prediction - y) ** 2).mean()
        """: "every prediction with every y",
        """
        def line_error(w, b, x, y):
            return 5.30
        """: "any line and any points",
        """
        def line_error(w, b, x, y):
            prediction = x.reshape(-1, 1) * w + b
            return ((prediction - y) ** 2).sum() / len(y)
        """: "every prediction with every y",
        """
        def line_error(w, b, x, y):
            prediction = x.reshape(-1, 1) * w + b
            return (((prediction - y) ** 2).sum(axis=0) / len(y)).min()
        """: "off by",
        """
        def line_error(w, b, x, y):
            prediction = x.reshape(-1, 1) * w + b
            return ((prediction[0] - y) ** 2).mean()
        """: "only the first prediction",
    }
    also_right = (
        """
        def line_error(w, b, x, y):
            prediction = x.reshape(-1, 1) * w + b
            return sum((p - t) ** 2 for p, t in zip(prediction, y)) / len(y)
        """,
        """
        def line_error(w, b, x, y):
            prediction = x.reshape(-1, 1) * w + b
            return ((prediction - y.reshape(-1, 1)) ** 2).mean()
        """,
        """
        def line_error(w, b, x, y):
            return ((w * x + b - y) ** 2).mean()
        """,
    )

    def check(self, line_error):
        for count in (5, 8):
            x, y = self.rng.normal(size=(2, count)) + 2
            w, b = (float(number) for number in self.rng.normal(size=2))
            right, table = line.error(w, b, x, y), (x[:, None] * w + b - y) ** 2
            best_w, best_b = line.best(x, y)
            least = line.error(best_w, best_b, x, y)
            got = numbers("`line_error(w, b, x, y)`", self.call(line_error, w, b, x, y))
            if got.size == 1:
                got = got.reshape(())  # a number in brackets will do: brackets are not the bug
                if abs(got - 5.3) < 0.01 and not close(got, np.array(right)):
                    raise NotYet("it is 5.30 for random points too; it should work for any line and any points.")
            slips = {
                "it still compares every prediction with every y.": table.mean(),
                "it still compares every prediction with every y, and sums.": table.sum(),
                "it still compares every prediction with every y; the sum only hides it.": table.sum() / count,
                "every prediction still meets every y: a mean over one axis only hides it.": table.mean(axis=0),
                "every prediction still meets every y; a mean over one axis only hides it.": table.mean(axis=1),
                "dividing once more doesn't help: every prediction still meets every y.": table.mean() / count,
                "it compares only the first prediction, with every y.": table[0].mean(),
                "it uses five points of its own, not the `x` and `y` that are given.": line.error(w, b),
                "it is the error of the best line, not of the line with this w and b.": least,
            }
            self.compare("`line_error(w, b, x, y)`", got, right, slips, points=count)
