"""Exercises and predictions of lesson 00: to see how checks, hints and predictions work."""

from minigrad.course.comparing import NotYet
from minigrad.course.exercises import Exercise
from minigrad.course.predictions import Prediction

p1 = Prediction(
    "Now x stays 3, and y goes from 4 to 4.001. By how many thousandths does f(x, y) grow?",
    "y stands in two places: 3 · 3 · y grows by 9 thousandths, and y by 1. Both 24 and 10 are derivatives.",
    shown="{:.0f}",
)


class Value(Exercise):
    """Set `value` to what `x * x * y + y + 2` is at x = 3, y = 4. You have seen this
    number; or let Python compute it."""

    title = "a number"
    minutes = 1
    hints = ("x * x * y is 3 times 3 times 4.", "Python knows it too: set `x` and `y`, and write the expression.")
    blank = "value = ..."
    solution = "value = 3 * 3 * 4 + 4 + 2"
    wrong = {
        "value = 3 * 4 + 4 + 2": "one factor x is missing",
        "value = 3 * 3 * 4 + 2": "the single y is missing",
        "value = 40": "2 too small",
        "value = 3 * 3 * 4": "y + 2 is missing",
        "value = 4 * 4 * 3 + 3 + 2": "x and y are exchanged",
        "value = 'forty-two'": "numbers were expected",
    }
    also_right = ("value = 42.0", "x, y = 3, 4\nvalue = y * (x**2 + 1) + 2")

    def check(self, value):
        slips = {"one factor x is missing.": 18, "the single y is missing.": 38, "it is 2 too small.": 40}
        slips |= {"y + 2 is missing.": 36, "x and y are exchanged.": 53}
        self.compare("`value`", value, 42, slips)


class Expression(Exercise):
    """Write `f(x, y)`, which returns x · x · y + y + 2 for any two numbers."""

    title = "a function"
    minutes = 3
    hints = (
        "Replace the three dots after `return` by the expression, in Python's spelling.",
        "A product needs its star: `x * y`, not `xy`.",
    )
    blank = """
        def f(x, y):
            return ...
    """
    solution = """
        def f(x, y):
            return x * x * y + y + 2
    """
    because = "A check looks at what a function returns, never at how it is written."
    wrong = {
        """
        def f(x, y):
            return 42
        """: "the same whatever x and y are",
        """
        def f(x, y):
            return x * y + y + 2
        """: "x is there only once",
        """
        def f(x, y):
            return x * x * y + y
        """: "the 2 at the end",
        """
        def f(x, y):
            print(x * x * y + y + 2)
        """: "to print is not to return",
        """
        def f(x, y):
            return x * x * z + z + 2
        """: "NameError",
        """
        def f(x, y):
            return x^2 * y + y + 2
        """: "two stars",
        """
        def f(x, y):
            return 3 * 3 * y + y + 2
        """: "always computed with x = 3",
        """
        def f(x, y):
            return y * y * x + x + 2
        """: "x and y are exchanged",
    }
    also_right = (
        """
        def f(x, y):
            total = 2
            for _ in range(2):
                total += y / 2
            return total + y * x**2
        """,
        "f = lambda x, y: (x * x + 1) * y + 2",
    )

    def check(self, f):
        results = []
        for _ in range(3):
            x, y = (float(number) for number in self.rng.normal(size=2) * 3)
            results.append(self.call(f, x, y))
            slips = {
                "x is there only once.": x * y + y + 2,
                "the 2 at the end is missing.": x * x * y + y,
                "the single y is missing.": x * x * y + 2,
                "y + 2 is missing.": x * x * y,
                "there is one y too many, and one x too few.": x * y * y + y + 2,
                "it multiplies by 2 where x is multiplied by itself.": 2 * x * y + y + 2,
                "it is always computed with x = 3: use the name.": 9 * y + y + 2,
                "it is always computed with y = 4: use the name.": 4 * x * x + 6,
                "x and y are exchanged.": y * y * x + x + 2,
            }
            if results[-1] == 42:
                raise NotYet("it is the same whatever x and y are. Use the two names in the expression.")
            self.compare(f"`f({x:.2f}, {y:.2f})`", results[-1], x * x * y + y + 2, slips)
        return "It was tried on numbers drawn at random."
