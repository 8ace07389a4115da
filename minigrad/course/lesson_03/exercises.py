"""Exercises and predictions of lesson 03."""

import math
import sys
from typing import Any

import numpy as np

from minigrad.course import five_points as fp
from minigrad.course.comparing import NotYet, numbers
from minigrad.course.exercises import Exercise
from minigrad.course.lesson_03 import engines, sweeps
from minigrad.course.lesson_03.trials import UNREACHED, example, same, trials, truth
from minigrad.course.limits import TimeUp
from minigrad.course.predictions import Prediction
from minigrad.scalar import Scalar

p1 = Prediction(
    "How many arrows lead away from `x` in the graph of `x * x * y + y + 2`?",
    "`x * x` uses it twice, and each use is an arrow. Two shares will come back, 12 and 12.",
    shown="{:.0f}",
)
p2 = Prediction(
    "At x = 1 the branch of `strange` is not taken. What does the graph hold of it?",
    "Only what ran is recorded, anew at each call: a **dynamic** graph. (A **static** one is defined first, and then "
    "run many times.) So loops and branches need no derivative.",
    {"a": "nothing", "b": "the branch, switched off", "c": "the question whether y > 3"},
)
p3 = Prediction(
    "Sixteen doublings make 17 steps. If you go back along each path on its own, how many visits to steps is that?",
    "Every doubling doubles the paths. So visit a step only **once**, when all its shares have arrived: after "
    "every step that was made from it. Those were made later. Hence: **latest first**.",
    {"a": "17", "b": "33", "c": "131,071"},
)
p4 = Prediction(
    "Then `x.grad` is set back to 0, and `naive(y)` called again. What does `x.grad` hold now?",
    "The step in the middle, `x * x`, still held its 3 of the first sweep, and passed on 6.",
    {"a": "27", "b": "54", "c": "45"},
)
p5 = Prediction(
    "A function has 256 inputs. Nudging each, upwards only, needs 257 calls. Autodiff calls it once and sweeps back. "
    "How long does that take, counted in calls?",
    "Going back costs a few times as much as going forward, however many inputs there are.",
    {"a": "about 4", "b": "about 40", "c": "about 250"},
)


PATHS = "Does it follow every path? Forty doublings have 2⁴⁰ of them."


class Here(Exercise):
    """An exercise of this lesson: its cells rely on these names."""

    given = "import math\n\nimport minigrad as mg"


class Diamond(Here):
    """Two ways lead from `x` to `f`, and meet again: a diamond. Read the program from below, line by line, and fill in
    the three gradients. Derive nothing on paper.
    """

    title = "the diamond"
    difficulty = 1
    minutes = 3
    hints = (
        "From below: `f = u * v`. If `u` grows by 1, `f` grows by `v`. So `du = df * v`.",
        "`x` is used three times: twice in `u = x * x`, once in `v = x + 1`. Each use gives `dx` a share.",
        "A share is the gradient of the line's result, times what the line multiplies `x` by.",
    )
    blank = """
        def diamond(x):
            u = x * x
            v = x + 1
            f = u * v

            df = 1.0
            du = ...
            dv = ...
            dx = ...
            return f, dx
    """
    solution = """
        def diamond(x):
            u = x * x
            v = x + 1
            f = u * v

            df = 1.0
            du = df * v
            dv = df * u
            dx = dv * 1
            dx += du * x
            dx += du * x
            return f, dx
    """
    because = "Three uses of `x`, three shares."
    wrong = {
        """
        def diamond(x):
            u = x * x
            v = x + 1
            f = u * v

            df = 1.0
            du = df * v
            dv = df * u
            dx = du + du + dv
            return f, dx
        """: "is the other `x`",
        """
        def diamond(x):
            u = x * x
            v = x + 1
            f = u * v

            df = 1.0
            du = df * v
            dv = df * u
            dx = du + dv
            return f, dx
        """: "yet to multiply",
        """
        def diamond(x):
            u = x * x
            v = x + 1
            f = u * v

            df = 1.0
            du = df * v
            dv = df * u
            dx = 2 * x * du + dv * v
            return f, dx
        """: "and no `v`",
        """
        def diamond(x):
            u = x * x
            v = x + 1
            f = u * v

            df = 1.0
            du = df * v
            dv = df * u
            dx = 33.0
            return f, dx
        """: "with the names",
        """
        def diamond(x):
            u = x * x
            v = x + 1
            f = u * v

            df = 1.0
            du = df * v
            dv = df * u
            dx = du * dv
            return f, dx
        """: "multiplied with each other",
        """
        def diamond(x):
            u = x * x
            v = x + 1
            return u * v, v * 2 * x
        """: "only what comes through `u`",
        """
        def diamond(x):
            u = x * x
            v = x + 1
            du, dv = v, u
            dx = du * 2 * x
            dx = dv * 1
            return u * v, dx
        """: "only what comes through `v`",
        """
        def diamond(x):
            u = x * x
            v = x + 1
            du, dv = v, u
            return u * v, du * x + dv
        """: "twice in `u = x * x`",
        """
        def diamond(x):
            u = x * x
            v = x + 1
            du, dv = u, v
            return u * v, 2 * x * du + dv
        """: "`du` and `dv` are exchanged",
        """
        def diamond(x):
            u = x * x
            v = x + 1
            return (u * v, (v * 2 * x) * u)
        """: "multiplied with each other",
    }
    also_right = (
        """
        def diamond(x):
            return x**3 + x**2, 3 * x**2 + 2 * x
        """,
    )

    def check(self, diamond):
        for _ in range(3):
            x = float(self.rng.uniform(0.5, 3))
            u, v = x * x, x + 1
            self.compare(
                ("`f`", "`dx`"),
                self.call(diamond, x),
                (u * v, 2 * x * v + u),
                {
                    "`dx` holds only what comes through `u`; a share comes through `v` too.": (u * v, 2 * x * v),
                    "`dx` holds only what comes through `v`; a share comes through `u` too.": (u * v, u),
                    "`x` stands twice in `u = x * x`, and each time it gets a share.": (u * v, x * v + u),
                    "`v = x + 1` moves just as `x` does: there the local derivative is 1.": (u * v, 2 * x * v + u * x),
                    "each share is what arrives, `du` or `dv`, times a local derivative.": (u * v, 2 * x + 1),
                    "`du` and `dv` are exchanged: if `u` grows by 1, `u * v` grows by `v`.": (u * v, 2 * x * u + v),
                    "`v = x + 1` moves just as `x` does: there the local derivative is 1, and no `v`.": (
                        u * v,
                        2 * x * v + u * v,
                    ),
                    "in `u = x * x` the local derivative for each `x` is the other `x`.": (u * v, 2 * v + u),
                    "`du` and `dv` are what arrives. Each use of `x` has yet to multiply by its local derivative.": (
                        u * v,
                        u + v,
                    ),
                    "a sweep begins with `df = 1`, not with the value of `f`.": (u * v, u * v * (2 * x * v + u)),
                    "`dx` is always 33, as at x = 3. Write it with the names, for any `x`.": (u * v, 33.0),
                    "`du` and `dv` are multiplied with each other; each makes shares, and shares add up.": (
                        u * v,
                        u * v,
                    ),
                    "the shares of `u` and `v` are multiplied with each other; shares add up.": (u * v, 2 * x * v * u),
                },
            )
        return "You could have derived x³ + x² on paper. The program backward needed no formula."


class Rows(Here):
    """Replace the four `...`. In `mul`, what goes back to `a` is `g * b`: if `a` grows by 1, `a * b` grows by `b`."""

    title = "three rows"
    difficulty = 1
    minutes = 6
    hints = (
        "Each of the four is `g *` something.",
        "School: (aᵇ)′ is b · aᵇ⁻¹ if a varies, and aᵇ · ln a if b varies.",
        "`y` is at hand: (eˣ)′ = eˣ, which is `y`; and tanh′ = 1 − tanh², which is `1 - y * y`.",
    )
    blank = """
        # row: value, then the gradient for each input
        add = (lambda a, b: a + b, lambda g, y, a, b: g, lambda g, y, a, b: g)
        mul = (lambda a, b: a * b, lambda g, y, a, b: g * b, lambda g, y, a, b: g * a)

        power = (lambda a, b: a**b, lambda g, y, a, b: ..., lambda g, y, a, b: ...)
        exp = (lambda x: math.exp(x), lambda g, y, x: ...)
        tanh = (lambda x: math.tanh(x), lambda g, y, x: ...)
    """
    solution = """
        # row: value, then the gradient for each input
        add = (lambda a, b: a + b, lambda g, y, a, b: g, lambda g, y, a, b: g)
        mul = (lambda a, b: a * b, lambda g, y, a, b: g * b, lambda g, y, a, b: g * a)

        power = (lambda a, b: a**b, lambda g, y, a, b: g * b * a ** (b - 1), lambda g, y, a, b: g * y * math.log(a))
        exp = (lambda x: math.exp(x), lambda g, y, x: g * y)
        tanh = (lambda x: math.tanh(x), lambda g, y, x: g * (1 - y * y))
    """
    because = "`minigrad/ops.py` is a table of such rows, and holds every derivative of the engine."
    _answer = """
        power = (lambda a, b: a**b, lambda g, y, a, b: {a}, lambda g, y, a, b: {b})
        exp = (math.exp, lambda g, y, x: {exp})
        tanh = (math.tanh, lambda g, y, x: {tanh})
    """
    _right = {"a": "g * b * a ** (b - 1)", "b": "g * y * math.log(a)", "exp": "g * y", "tanh": "g * (1 - y * y)"}
    wrong = {
        _answer.format(**_right | {"a": "g * b * a**b - 1"}): "needs brackets",
        _answer.format(**_right | {"b": "g * y * math.log10(a)"}): "natural logarithm",
        _answer.format(**_right | {"a": "g * y * math.log(a)", "b": "g * b * a ** (b - 1)"}): "are exchanged",
        _answer.format(**_right | {"exp": "g * math.exp(y)"}): "is eˣ already",
        _answer.format(**_right | {"tanh": "g * (1 - math.tanh(y) ** 2)"}): "is tanh x already",
        _answer.format(**_right | {"exp": "y"}): "`g` is missing",
        _answer.format(**_right | {"tanh": "1 - y**2"}): "`g` is missing",
        _answer.format(**_right | {"a": "g * b * a**b"}): "one less",
        _answer.format(**_right | {"a": "g * a ** (b - 1)"}): "comes down as a factor",
        _answer.format(**_right | {"b": "g * b * a ** (b - 1)"}): "the exponent varies",
        _answer.format(**_right | {"b": "g * math.log(a)"}): "aᵇ itself is missing",
        _answer.format(**_right | {"b": "g * y * math.log(b)"}): "logarithm of the base",
        _answer.format(**_right | {"exp": "g * x"}): "its own derivative",
        _answer.format(**_right | {"exp": "g * x * math.exp(x - 1)"}): "its own derivative",
        _answer.format(**_right | {"tanh": "g * (1 - x * x)"}): "not with `x`",
        _answer.format(**_right | {"tanh": "-g * (1 - y * y)"}): "wrong sign",
        "power, exp, tanh = 1, 2, 3": "three functions in brackets",
    }
    also_right = (
        """
        def base(g, y, a, b):
            return g * y * b / a

        def exponent(g, y, a, b):
            return math.log(a) * a**b * g

        power = [lambda a, b: math.exp(b * math.log(a)), base, exponent]
        exp = [lambda x: math.e**x, lambda g, y, x: g * math.exp(x)]
        tanh = [lambda x: 1 - 2 / (math.exp(2 * x) + 1), lambda g, y, x: g / math.cosh(x) ** 2]
        """,
    )

    def check(self, power, exp, tanh):
        words = {2: "two", 3: "three"}
        for name, row, inputs in (("power", power, 2), ("exp", exp, 1), ("tanh", tanh, 1)):
            if not isinstance(row, list | tuple) or len(row) != inputs + 1 or not all(map(callable, row)):
                raise NotYet(
                    f"`{name}` should be {words[inputs + 1]} functions in brackets: its value, and one for each input."
                )
        for _ in range(3):
            g, x = (float(v) for v in self.rng.uniform(0.5, 1.5, size=2) * self.rng.choice([-1, 1], size=2))
            a, b = (float(v) for v in self.rng.uniform(1.2, 3, size=2))
            y = a**b
            self.compare("the value of `power`", self.call(power[0], a, b), y)
            slope = b * a ** (b - 1)
            slips = {
                "in `power`, for `a`, the incoming `g` is missing.": slope,
                "in `power`, for `a`: the new exponent is one less.": g * b * y,
                "in `power`, for `a`: `b - 1` is the exponent, and needs brackets.": g * b * y - 1,
                "in `power`, the gradients for `a` and for `b` are exchanged.": g * y * math.log(a),
                "in `power`, for `a`: the old exponent comes down as a factor.": g * a ** (b - 1),
            }
            self.compare("the gradient of `power` for `a`", self.call(power[1], g, y, a, b), g * slope, slips)
            slips = {
                "in `power`, for `b`, the incoming `g` is missing.": y * math.log(a),
                "in `power`, for `b`: that is the derivative for the base. Here the exponent varies.": g * slope,
                "in `power`, for `b`: aᵇ itself is missing, which is `y`.": g * math.log(a),
                "in `power`, for `b`: the logarithm is missing.": g * y,
                "in `power`, for `b`: the natural logarithm is meant, `math.log`.": g * y * math.log10(a),
                "in `power`, for `b`: it is the logarithm of the base.": g * y * math.log(b),
            }
            exponent = self.call(power[2], g, y, a, b)
            self.compare("the gradient of `power` for `b`", exponent, g * y * math.log(a), slips)
            y = math.exp(x)
            self.compare("the value of `exp`", self.call(exp[0], x), y)
            slips = {
                "in `exp` the incoming `g` is missing.": y,
                "in `exp`: eˣ is its own derivative.": g * x,
                "in `exp` the slope is missing: only `g` goes back.": g,
                "in `exp`: `y` is eˣ already.": g * math.exp(y),
                "in `exp`: eˣ is its own derivative, and no power of `x`.": g * x * math.exp(x - 1),
            }
            self.compare("the gradient of `exp`", self.call(exp[1], g, y, x), g * y, slips)
            y = math.tanh(x)
            self.compare("the value of `tanh`", self.call(tanh[0], x), y)
            slips = {
                "in `tanh` the incoming `g` is missing.": 1 - y * y,
                "in `tanh`: 1 − tanh² is made with the result `y`, not with `x`.": g * (1 - x * x),
                "in `tanh`: `y` is tanh x already.": g * (1 - math.tanh(y) ** 2),
                "in `tanh` the square has the wrong sign: on both sides of 0 tanh gets flatter.": g * (1 + y * y),
                "in `tanh`: a square is missing.": g * (1 - y),
                "in `tanh`: `g` multiplies all of 1 − tanh²: brackets.": g * 1 - y * y,
            }
            self.compare("the gradient of `tanh`", self.call(tanh[1], g, y, x), g * (1 - y * y), slips)
        return "Three more functions that the machine can differentiate, wherever they stand."


class Step:
    """A step of a program, as exercise 3 sees it."""

    def __init__(self, name: str, *inputs: "Step"):
        self.name, self.inputs = name, inputs

    def __repr__(self):
        return self.name


class Order(Exercise):
    """Write `order(result)`: a list of all steps that `result` was made from, and `result` itself, each **once** and
    **before its inputs**. A step has `.inputs` and a `.tick`, the moment it was made: 1, 2, 3 …
    """

    title = "the order"
    difficulty = 2
    minutes = 8
    given = """
        import itertools

        clock = itertools.count(1)


        class Step:
            def __init__(self, *inputs):
                self.inputs, self.tick = inputs, next(clock)
    """
    hints = (
        "Two jobs: find all steps, then sort them.",
        "Finding: keep a list `todo` of steps to look at, and a set `found` of those already met.",
        "Sorting: a step was made after its inputs. `sorted(found, key=lambda step: step.tick, reverse=True)`.",
    )
    blank = """
        def order(result):
            return ...
    """
    solution = """
        def order(result):
            found, todo = {result}, [result]
            while todo:
                for x in todo.pop().inputs:
                    if x not in found:
                        found.add(x)
                        todo.append(x)
            return sorted(found, key=lambda step: step.tick, reverse=True)
    """
    because = "`history` in `minigrad/tape.py` is this function; it also refuses graphs that can't be swept."
    wrong = {
        """
        def order(result):
            found, todo = set(), [result]
            while todo:
                for x in todo.pop().inputs:
                    if x not in found:
                        found.add(x)
                        todo.append(x)
            return sorted(found, key=lambda step: step.tick, reverse=True)
        """: "`result` itself belongs",
        """
        def order(result):
            steps = [result]
            for step in steps:
                for x in step.inputs:
                    if x not in steps:
                        steps.append(x)
            return steps
        """: "was made from it",
        """
        def order(result):
            steps = [result]
            for x in result.inputs:
                steps += order(x)
            return steps
        """: "more than once",
        """
        def order(result):
            found = []

            def visit(step):
                if step not in found:
                    for x in step.inputs:
                        visit(x)
                    found.append(step)

            visit(result)
            return found
        """: "the order of the forward run",
        """
        def order(result):
            found = []

            def visit(step):
                if step not in found:
                    for x in step.inputs:
                        visit(x)
                    found.append(step)

            visit(result)
            return found[::-1]
        """: "calls itself",
        """
        def order(result):
            return [result, *sorted(set(result.inputs), key=lambda s: s.tick, reverse=True)]
        """: "missing",
        """
        def order(result):
            steps, todo = set(), [result]
            while todo:
                step = todo.pop()
                steps.add(step)
                todo.extend(step.inputs)
            return sorted(steps, key=lambda s: -s.tick)
        """: "every path",
        """
        def order(result):
            steps = [result]
            for step in steps:
                steps += step.inputs
            return sorted(steps, key=lambda step: step.tick, reverse=True)
        """: "more than once",
    }
    also_right = (
        """
        def order(result):
            waiting, todo, met = {result: 0}, [result], set()
            while todo:
                step = todo.pop()
                if step in met:
                    continue
                met.add(step)
                for x in step.inputs:
                    waiting[x] = waiting.get(x, 0) + 1
                    todo.append(x)
            steps, ready = [], [result]
            while ready:
                step = ready.pop()
                steps.append(step)
                for x in step.inputs:
                    waiting[x] -= 1
                    if not waiting[x]:
                        ready.append(x)
            return tuple(steps)
        """,
        """
        import heapq

        def order(result):
            steps, met, waiting = [], {result}, [(-result.tick, result)]
            while waiting:
                step = heapq.heappop(waiting)[1]
                steps.append(step)
                for x in set(step.inputs) - met:
                    met.add(x)
                    heapq.heappush(waiting, (-x.tick, x))
            return steps
        """,
    )
    seconds = 5

    def check(self, order):
        for steps in self.graphs():
            self.judge(order, steps)
        doubled = [Step("step 1")]
        for i in range(2, 42):
            doubled.append(Step(f"step {i}", doubled[-1], doubled[-1]))
        chain = [Step("step 1")]
        for i in range(2, sys.getrecursionlimit() + 2000):
            chain.append(Step(f"step {i}", chain[-1]))
        self.judge(order, ticked(doubled))
        self.judge(order, ticked(chain))
        return f"Forty doublings and a chain of {len(chain):,} steps are in good order too."

    def graphs(self):
        """Small graphs: the doubling, the recurring one, and random ones in which many steps are used again."""
        a = Step("a")
        b = Step("b", a, a)
        yield ticked([a, b, Step("c", b, b)])
        x, y = Step("x"), Step("y")
        a = Step("a", x, x)
        b = Step("b", a, y)
        c = Step("c", b, y)
        yield ticked([x, y, a, b, c, Step("f", c)])
        for turn in range(10):
            steps = [Step("a")]
            for name in "bcdefghij":
                inputs = [steps[-1], steps[int(self.rng.integers(len(steps)))]]
                steps.append(Step(name, *(reversed(inputs) if turn % 2 else inputs)))
            yield ticked(steps)

    def judge(self, order, steps):
        """Object unless a list holds these steps, each once and before its inputs."""
        try:
            got = order(steps[-1])
        except RecursionError:
            raise NotYet(
                f"a function that calls itself for each step gives up on a chain of {len(steps):,}. "
                "Keep a list of what is still to be looked at."
            ) from None
        if got is None:
            raise NotYet("`order(result)` is `None`. Is a `return` missing?")
        if not isinstance(got, list | tuple):
            raise NotYet(f"`order(result)` is of type `{type(got).__name__}`; a list was expected.")
        place = {id(step): i for i, step in enumerate(got)}
        program = ", ".join(f"{s} = ({', '.join(map(str, s.inputs))})" for s in steps if s.inputs)
        where = f" Steps and inputs were: {program}." if len(steps) < 12 else ""
        if any(not isinstance(step, Step) for step in got):
            raise NotYet("the list holds something that is no step.")
        if len(got) > len(place):
            twice = next(step for i, step in enumerate(got) if place[id(step)] != i)
            raise NotYet(f"`{twice}` is in the list more than once.{where}")
        lacking = [step for step in steps if id(step) not in place]
        if lacking[-1:] == steps[-1:]:
            raise NotYet(f"`{lacking[-1]}` is missing: `result` itself belongs in the list.{where}")
        if lacking:
            raise NotYet(f"`{lacking[-1]}` is missing. Inputs have inputs, too.{where}")
        if len(got) > 1 and all(place[id(x)] < place[id(step)] for step in steps for x in step.inputs):
            raise NotYet("inputs come first: that is the order of the forward run.")
        for step in steps:
            for x in step.inputs:
                if place[id(x)] < place[id(step)]:
                    raise NotYet(f"`{x}` comes before `{step}`, although `{step}` was made from it.{where}")

    def sentence(self, raised):
        if isinstance(raised, TimeUp):
            return f"it was stopped after {self.seconds:g} seconds. {PATHS}"
        return super().sentence(raised)


def ticked(steps: list[Step]) -> list[Step]:
    """Give steps the ticks of their births."""
    for tick, step in enumerate(steps, 1):
        step.tick = tick  # type: ignore[attr-defined]
    return steps


class Twice(Exercise):
    """This is `naive`. Mend it: a second call shall add 27 to `x.grad` once more, which makes 54; and if `x.grad` was
    set to 0 before, it shall be 27.
    """

    title = "backward twice"
    difficulty = 2
    minutes = 6
    given = "import minigrad as mg\nfrom minigrad.course.lesson_03.sweeps import latest_first, shares"
    hints = (
        "What must outlast a sweep: the gradients of the inputs, or those of the steps in the middle?",
        "Where does a gradient in the middle have to live, if the next sweep is to begin without it?",
        "Let a dictionary hold the gradients of this sweep: `gradients = {y: 1.0}`. Add what is complete to "
        "`step.grad` if `step.is_leaf`: nothing made it, it is an input.",
    )
    blank = """
        def backward(y):
            y.grad = 1.0
            for step in latest_first(y):
                for x, share in shares(step, step.grad):
                    x.grad += share
    """
    solution = """
        def backward(y):
            gradients = {y: 1.0}
            for step in latest_first(y):
                g = gradients.pop(step)
                if step.is_leaf:
                    step.grad += g
                for x, share in shares(step, g):
                    gradients[x] = gradients.get(x, 0.0) + share
    """
    because = "A dictionary that ends with the sweep can't remember too much. `sweep` in `minigrad/tape.py` does it so."
    wrong = {
        """
        def backward(y):
            gradients = {y: 1.0}
            for step in latest_first(y):
                g = gradients.pop(step)
                if step.is_leaf:
                    step.grad += g
                for x, share in shares(step, g):
                    gradients[x] += share
        """: "the very first share",
        """
        def backward(y):
            for step in latest_first(y):
                step.grad = 0.0
            y.grad = 1.0
            for step in latest_first(y):
                for x, share in shares(step, step.grad):
                    x.grad += share
        """: "was wiped",
        """
        def backward(y):
            gradients = {y: 1.0}
            for step in latest_first(y):
                g = gradients[step]
                step.grad += g
                for x, share in shares(step, g):
                    gradients[x] = share
        """: "overwrites",
        """
        def backward(y):
            y.grad = 1.0
            for step in latest_first(y):
                for x, share in shares(step, step.grad):
                    x.grad = share
        """: "overwrites",
        """
        def backward(y):
            y.grad += 1.0
            for step in latest_first(y):
                for x, share in shares(step, step.grad):
                    x.grad += share
        """: "a step in the middle",
        """
        def backward(y):
            for step in latest_first(y):
                if not step.is_leaf:
                    step.grad = 0.0
            for step in latest_first(y):
                for x, share in shares(step, step.grad):
                    x.grad += share
        """: "is 0",
    }
    also_right = (
        """
        def backward(y):
            for step in latest_first(y):
                if step.inputs:
                    step.grad = 0.0
            y.grad = 1.0
            for step in latest_first(y):
                for x, share in shares(step, step.grad):
                    x.grad += share
        """,
        """
        def backward(y):
            y.grad = 1.0
            for step in latest_first(y):
                for x, share in shares(step, step.grad):
                    x.grad += share
                if not step.is_leaf:
                    step.grad = 0.0
        """,
    )

    def check(self, backward):
        self.judge(backward, "a = x * x; b = a * x", {"x": 3.0, "y": 4.0}, overwritten=9.0)
        for _ in range(8):
            self.judge(backward, sweeps.program(self.rng), {name: float(self.rng.uniform(0.5, 2)) for name in "xy"})
        return "Two losses that share steps can now be swept one after the other."

    def judge(self, backward, program, at, overwritten=None):
        """Sweep once, again, and again from 0; look at the inputs each time."""
        _, once = truth(program, **at)
        leaves = {name: Scalar(value) for name, value in at.items()}
        result, told = sweeps.play(program, **leaves), example(program, at)
        try:
            self.call(backward, result)
        except KeyError as error:
            raise NotYet(f"for {told} {UNREACHED}") from error
        for name, leaf in leaves.items():
            slips = {f"for {told}, a share overwrites the one before it. Shares add up.": overwritten or math.inf}
            self.compare(f"after one sweep of {told}, `{name}.grad`", leaf.grad, once[name], slips)
        self.call(backward, result)
        for name, leaf in leaves.items():
            what = f"after two sweeps of {told}, `{name}.grad`"
            if same(leaf.grad, 2 * once[name]):
                continue
            if same(leaf.grad, once[name]):
                raise NotYet(f"{what} is that of one: the first was wiped. They add up, as those of two losses must.")
            raise NotYet(f"{what} is not twice that of one: a step in the middle still held that of the first.")
        for leaf in leaves.values():
            leaf.grad = 0.0
        self.call(backward, result)
        for name, leaf in leaves.items():
            self.compare(f"set to 0 before another sweep of {told}, `{name}.grad`", leaf.grad, once[name])


class Engine(Here):
    """Write `Value`, a small `mg.Scalar`: `.data`, `.grad`, `.backward()`; `+ - * /` with Values and plain numbers on
    either side; `-x`, `x ** n` for a plain n; methods `exp`, `log`, `tanh`. Check early and often: it says what comes
    next.
    """

    title = "write the engine"
    difficulty = 3
    minutes = 20
    hints = (
        "A Value keeps three things besides `data` and `grad`: its row, its inputs, its tick. Give `__init__` the "
        "parameters `row=(None,), inputs=()`, and count ticks as in `Step` above.",
        "One function makes all operations: turn plain numbers into Values, compute `row[0]` of their data, and return "
        "`Value(result, row, inputs)`. Then `__mul__` is one line.",
        "`2 * x` becomes `x.__rmul__(2)`, and `1 - x` becomes `x.__rsub__(1)`: there the 1 stands on the left.",
        "`backward` is that of exercise 4: a dictionary of gradients and `order(self)`. The shares come from the row's "
        "functions after its first.",
    )
    blank = """
        class Value:
            def __init__(self, data):
                self.data, self.grad = float(data), 0.0

            def __mul__(self, other):
                return Value(self.data * other.data)

            def backward(self):
                pass
    """
    solution = engines.ENGINE
    because = "About forty lines, and whatever is made of these operations has its gradients."
    wrong = {
        engines.changed("gradients.get(x, 0.0) + share", "gradients[x] + share"): "the very first share",
        engines.changed("gradients.get(x, 0.0) + share", "share"): "overwrites",
        engines.changed(engines.DICTIONARY, engines.ON_NODES): "a step in the middle",
        engines.changed(engines.DICTIONARY, engines.WIPED): "was wiped",
        engines.changed(engines.DICTIONARY, engines.PATH_BY_PATH): "every path",
        engines.changed(engines.DICTIONARY, engines.EACH_TIME): "each time it is reached",
        engines.changed(engines.LATEST_FIRST, engines.NEAREST_FIRST): "the order",
        engines.changed(engines.LATEST_FIRST, engines.RECURSIVE): "calls itself",
        engines.changed(", reverse=True", ""): "the order",
        engines.changed("__mul__ = __rmul__ =", "__mul__ ="): "calls `x.__rmul__(2)`",
        engines.changed("Value(other) - self", "self - Value(other)"): "stands on the left",
        engines.changed("Value(other) / self", "self / Value(other)"): "stands on the left",
        engines.changed("[x if isinstance(x, Value) else Value(x) for x in inputs]", "inputs"): "plain number",
        engines.changed("lambda g, y, a, b: -g)", "lambda g, y, a, b: g)"): "wrong sign",
        engines.changed("tanh = record", "than = record"): "has no `tanh` yet",
        engines.changed("gradients = {self: 1.0}", "gradients = {self: self.data}"): "begins with 1",
    }
    also_right = (engines.CLOSURES, engines.TAPE)
    seconds = 5

    def check(self, Value):
        if not isinstance(Value, type):
            raise NotYet("a class was expected.")
        trials(Value, self.rng)
        return "It agrees with `mg.Scalar` on 30 random programs. Let it train the lamp below: `Number = Value`."

    def sentence(self, raised):
        if isinstance(raised, TimeUp):
            return f"it was stopped after {self.seconds:g} seconds. {PATHS}"
        return super().sentence(raised)


class Hunt(Here):
    """A published course had this slip. The error falls for three steps, 72, 28, 7, as if the model learned, and then
    climbs without end. Find the slip and mend `fit`: the line's error is 5.3.
    """

    title = "bug hunt"
    difficulty = 1
    minutes = 5
    hints = (
        "Which numbers must start afresh in each step, and which must survive it?",
        "`w.data` is the weight. `w.grad` is what `backward` adds to.",
    )
    blank = """
        points = [(1, 3.5), (3, 10), (4, 5), (6, 12.5), (9, 20)]


        def fit(steps=2000, rate=0.005):
            w, b = mg.Scalar(0.0), mg.Scalar(0.0)
            for _ in range(steps):
                w.data = b.data = 0.0  # zero the gradients
                loss = sum((w * x + b - y) ** 2 for x, y in points) / len(points)
                loss.backward()
                w.data -= rate * w.grad
                b.data -= rate * b.grad
            return w.data, b.data
    """
    solution = """
        points = [(1, 3.5), (3, 10), (4, 5), (6, 12.5), (9, 20)]


        def fit(steps=2000, rate=0.005):
            w, b = mg.Scalar(0.0), mg.Scalar(0.0)
            for _ in range(steps):
                w.grad = b.grad = 0.0  # zero the gradients
                loss = sum((w * x + b - y) ** 2 for x, y in points) / len(points)
                loss.backward()
                w.data -= rate * w.grad
                b.data -= rate * b.grad
            return w.data, b.data
    """
    because = (
        "Zeroing the weights undoes all steps but the last; and the gradients, never zeroed, add up, so this one step "
        "grows longer and longer. For a while that looks like learning."
    )
    _answer = """
        points = [(1, 3.5), (3, 10), (4, 5), (6, 12.5), (9, 20)]

        def fit(steps=2000, rate=0.005):
            w, b = mg.Scalar(0.0), mg.Scalar(0.0)
            for _ in range(steps):
                loss = sum((w * x + b - y) ** 2 for x, y in points) / len(points)
                {before}
                loss.backward()
                {between}
                w.data {sign} rate * w.grad
                b.data {sign} rate * b.grad
                {after}
            return w.data, b.data
    """
    wrong = {
        _answer.format(before="", between="", sign="-=", after=""): "of all earlier steps",
        _answer.format(before="", between="w.grad = b.grad = 0.0", sign="-=", after=""): "never move",
        _answer.format(before="", between="", sign="-=", after="w.data = b.data = 0.0"): "never move",
        _answer.format(before="w.grad = b.grad = 0.0", between="", sign="+=", after=""): "uphill",
        _answer.format(before="w.grad = b.grad = 0.0", between="", sign="=", after=""): "replaces",
        _answer.format(before="w.grad = 0.0", between="", sign="-=", after=""): "of all earlier steps",
    }
    also_right = (
        _answer.format(before="", between="", sign="-=", after="w.grad = b.grad = 0"),
        """
        points = [(1, 3.5), (3, 10), (4, 5), (6, 12.5), (9, 20)]

        def fit(steps=2000, rate=0.005):
            w = b = 0.0
            for _ in range(steps):
                p, q = mg.Scalar(w), mg.Scalar(b)
                loss = sum((p * x + q - y) ** 2 for x, y in points) / 5
                loss.backward()
                w, b = w - rate * p.grad, b - rate * q.grad
            return w, b
        """,
    )

    def check(self, fit):
        w, b = self.pair(fit(steps=3))
        if w == b == 0:
            raise NotYet("the weights never move: something is set to 0 just before or just after it is used.")
        for words, slip in SLIPS.items():
            if same(w, slip[0]) and same(b, slip[1]):
                raise NotYet(words)
        w, b = self.pair(fit())
        best = fp.least_squares(fp.X_TRAIN, fp.Y_TRAIN, 2)  # of 1 and t = (x - 5) / 5
        if not same(line_error(w, b), line_error(best[1] / 5, best[0] - best[1])):
            raise NotYet(f"the error ends at {line_error(w, b):.2f}; that of the line is 5.30.")
        return f"The line again: w = {w:.2f}, b = {b:.2f}, error {line_error(w, b):.2f}."

    def pair(self, answer: Any) -> tuple[float, float]:
        """The two weights, as numbers."""
        found = numbers("what `fit()` returns", answer)
        if found.shape != (2,):
            raise NotYet("`fit()` should return two numbers, `w.data` and `b.data`.")
        return float(found[0]), float(found[1])


def line_error(w: float, b: float) -> float:
    """The mean squared error of a line on the five points."""
    return float(np.mean((w * fp.X_TRAIN + b - fp.Y_TRAIN) ** 2))


def three_steps(
    keep: tuple[float, float] = (0, 0), sign: float = -1, stay: float = 1, rate: float = 0.005
) -> np.ndarray:
    """Three steps of a descent that keeps some of the old gradient, or goes the wrong way, or forgets where it was."""
    weights, held = np.zeros(2), np.zeros(2)
    for _ in range(3):
        misses = weights[0] * fp.X_TRAIN + weights[1] - fp.Y_TRAIN
        held = keep * held + 2 * np.array([np.mean(misses * fp.X_TRAIN), np.mean(misses)])
        weights = stay * weights + sign * rate * held
    return weights


KEPT = (
    "the gradients of all earlier steps are still in `.grad`, since `backward` adds. Set them to 0 once in each step."
)
SLIPS = {
    f"{KEPT}": three_steps(keep=(1, 1)),
    f"for `b`, {KEPT}": three_steps(keep=(0, 1)),
    f"for `w`, {KEPT}": three_steps(keep=(1, 0)),
    "it goes uphill: the gradient must be subtracted.": three_steps(sign=1),
    "each step replaces the weights by `rate * w.grad`; it should subtract that from them.": three_steps(
        sign=1, stay=0
    ),
    "each step begins at 0 again: the weights must survive.": 0.005 * np.array([123.4, 20.4]),
}
