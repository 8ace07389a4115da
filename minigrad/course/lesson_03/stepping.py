"""A computation in slow motion: forward one operation at a time, then backward the same way.

A program is one line of Python, `"x * x * y + y + 2"` or `"b = x + x; c = b + b"`. It is run on Scalars, and drawn
in the look of `minigrad.draw` once for each step, with what is known by then: values on the way there, gradients on
the way back, and on each arrow the local derivative that the gradient was multiplied by.
"""

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from typing import Any
from urllib.parse import quote

from minigrad import ops
from minigrad.course.lesson_03.sweeps import latest_first, shares
from minigrad.draw import FONT, GREY, INK, LETTER, SLOPE, arrange, arrow, box, formula, number, read, text
from minigrad.scalar import Scalar

X, Y = 3.0, 4.0
LESSON = "x * x * y + y + 2"
MOST = 12  # operations that still make a readable picture
SCALE = 1.2  # letters of draw's pictures are 13 pixels high, which is small for a picture that is read closely
FUNCTIONS: dict[str, Callable] = {name: op for name, op in ops.elementwise.items() if len(op.vjps) == 1}
GRAMMAR = (ast.BinOp, ast.UnaryOp, ast.USub, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow, ast.Name, ast.Load, ast.Call)
FORWARD, BACKWARD = "#0a85c7", "#cf6a0a"  # both show on white and on black


@dataclass(frozen=True)
class Frame:
    """One picture and the words that say the same."""

    svg: str
    words: str

    def __repr__(self):
        return self.words

    @property
    def image(self) -> str:
        """The picture as HTML. It shrinks with its column, though not until letters get too small."""
        width = int(re.findall(r'width="(\d+)', self.svg)[0])
        size = f"width:100%;min-width:{width * 0.85:.0f}px;max-width:{width * SCALE:.0f}px"
        source = f"data:image/svg+xml,{quote(self.svg, safe=' /:;=,()')}"
        return f'<div style="overflow-x:auto"><img alt="{escape(self.words)}" style="{size}" src="{source}"></div>'

    def _repr_html_(self):
        return f'<p style="margin: 0.8em 0 0">{escape(self.words)}</p>{self.image}'


@dataclass(frozen=True)
class Strip:
    """Several frames below one another."""

    frames: tuple[Frame, ...]

    def __repr__(self):
        return "\n".join(frame.words for frame in self.frames)

    def _repr_html_(self):
        return "".join(frame._repr_html_() for frame in self.frames)


# ---------------------------------------------------------------- running a program


def run(program: str) -> tuple[Scalar, dict[str, Scalar]]:
    """Run a program on `x = 3` and `y = 4`; return its result and everything that has a name.

    >>> f, names = run("a = x * y; a + x")
    >>> f.data, sorted(names)
    (15.0, ['a', 'f', 'x', 'y'])
    """
    names = {"x": Scalar(X), "y": Scalar(Y)}
    try:
        lines = ast.parse(program.strip().rstrip(";"), "<program>").body
    except (SyntaxError, ValueError) as error:
        raise ValueError(f"Python can't read this: {getattr(error, 'msg', error)}.") from None
    result: Any = None
    for line in lines:
        if isinstance(line, ast.Assign) and len(line.targets) == 1 and isinstance(line.targets[0], ast.Name):
            result = evaluate(line.value, names)
            names[line.targets[0].id] = result = result if isinstance(result, Scalar) else Scalar(result)
        elif isinstance(line, ast.Expr):
            result = evaluate(line.value, names)
        else:
            raise ValueError(f"`{ast.unparse(line)}` is neither an expression nor `name = expression`.")
    if not isinstance(result, Scalar) or result.is_leaf:
        raise ValueError("there is no operation on `x` or `y` in it.")
    operations = sum(not x.is_leaf for x in latest_first(result))
    if operations > MOST:
        raise ValueError(f"it has {operations} operations; up to {MOST} can be shown.")
    if not any(result is x for x in names.values()):
        names[next(name for name in ("f", "g", "h") if name not in names)] = result
    return result, names


def evaluate(tree: ast.expr, names: dict[str, Scalar]) -> Any:
    """The value of an expression of names, numbers, operators and `FUNCTIONS`."""
    called = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    for node in ast.walk(tree):
        constant = isinstance(node, ast.Constant) and type(node.value) in (int, float)
        if not constant and not isinstance(node, GRAMMAR):
            raise ValueError(f"`{ast.unparse(tree)}` holds more than names, numbers, + - * / ** and functions.")
        known, kind = (FUNCTIONS, "function") if node in called else (names, "number")
        if isinstance(node, ast.Name) and node.id not in known:
            raise ValueError(f"there is no {kind} `{node.id}`, only {', '.join(known)}.")
    code = compile(ast.Expression(tree), "<program>", "eval")
    try:
        return eval(code, {"__builtins__": {}}, {**FUNCTIONS, **names})  # nothing but arithmetic gets here: see GRAMMAR
    except (ArithmeticError, TypeError, ValueError) as error:
        raise ValueError(f"`{ast.unparse(tree)}` can't be computed: {error}.") from None


def slopes(y: Scalar) -> list[tuple[Scalar, float]]:
    """Each input of a step, with the local derivative of the step with respect to it.

    >>> f, _ = run("x * y")
    >>> [slope for _, slope in slopes(f)]
    [4.0, 3.0]
    """
    return shares(y, 1.0)


# ---------------------------------------------------------------- showing it step by step


class Film:
    """All frames of a program: 0 shows what is given, `last` every value and every gradient."""

    def __init__(self, program: str):
        self.result, names = run(program)
        self.variables = latest_first(self.result)[::-1]
        self.steps = [y for y in self.variables if not y.is_leaf]
        self.last = 2 * len(self.steps) + 1
        letters = (letter for letter in "abcdeghijklmnopq" if letter not in names)
        self.name = {x: name for name, x in reversed(names.items())}
        self.name |= {y: next(letters) for y in self.steps if y not in self.name}
        self.result.backward()  # boxes are laid out with room for gradients
        nodes, _, _ = read(self.result, {name: x for x, name in self.name.items()}, len(self.variables))
        self.node = dict(zip(self.variables, nodes, strict=True))
        self.columns = arrange(nodes)
        left = 0
        for column in self.columns:
            for node in column:
                node.x -= left
            labels = (slope for y in self.steps if self.node[y] in column for _, slope in slopes(y))
            left += max(map(width_of, labels), default=0) - 4  # room for labels on the arrows into this column

    def frame(self, step: int) -> Frame:
        """The picture at a step, and what happens there."""
        step = min(max(step, 0), self.last)
        there = len(self.steps)
        known, at, passed = set(self.variables) - set(self.steps[step:]), None, self.steps[max(self.last - step, 0) :]
        gradients: dict[Scalar, float] = {}
        if step == 0:
            given = (f"{self.name[x]} = {number(x.value)}" for x in self.variables if x.is_leaf)
            said = f"Given: {', '.join(given)}."
        elif step <= there:
            at = self.steps[step - 1]
            said = f"Forward: {self.told(at)} = {number(at.value)}."
        else:
            at, gradients[self.result] = self.result, 1.0
            said = "Backward begins: if {0} grows by 1, {0} grows by 1. Its gradient is 1.".format(
                self.name[self.result]
            )
        for y in reversed(passed):
            at, g = y, gradients[y]
            shares = [self.add(x, g, slope, gradients) for x, slope in slopes(y)]
            said = f"Backward through {self.told(y)}, whose gradient is {number(g)}: {'; '.join(shares)}."
        words = f"Step {step} of {self.last}. {said}" + " Every gradient is complete." * (step == self.last)
        return Frame(self.paint(known, gradients, passed, at, step > there, words), words)

    def told(self, y: Scalar) -> str:
        """A step as one would write it: `b = a * y`."""
        return f"{self.name[y]} = {formula(y, (self.name[x] for x, _ in slopes(y)))}"

    def add(self, x: Scalar, g: float, slope: float, gradients: dict[Scalar, float]) -> str:
        """Add what arrives at `x` to its gradient, and say so."""
        before, share = gradients.get(x), g * slope
        gradients[x] = share + (before or 0.0)
        said = f"{self.name[x]} gets {number(g)} × {bracketed(slope)} = {number(share)}"
        if before is None:
            return said
        return f"{said}, together {number(before)} + {bracketed(share)} = {number(gradients[x])}"

    def paint(self, known, gradients, passed, at, back, description) -> str:
        """The SVG text of a frame."""
        for x, node in self.node.items():
            value = f" = {number(x.value)}" if x in known else ""
            slope = f"grad {number(gradients[x])}" if x in gradients else ""
            node.rows = [(self.name[x], value, INK), ("", slope, SLOPE)]
        nodes = [node for column in self.columns for node in column]
        top, bottom = (f(node.y + side * node.height / 2 for node in nodes) for f, side in ((min, -1), (max, 1)))
        left, right = min(node.x for node in nodes), max(node.x + node.width for node in nodes)
        left, top, width, height = map(round, (left - 10, top - 10, right - left + 20, bottom - top + 20))
        grey, lit = list[str](), list[str]()
        for y in self.steps:
            inputs = [self.node[x] for x, _ in slopes(y)]
            paths = [arrow(self.node[y], i) for i in range(len(inputs))]
            if y is not at or (back and y not in passed):
                grey += paths
            else:
                lit += [backwards(path, x) for path, x in zip(paths, inputs, strict=True)] if back else paths
        return "\n".join([
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{width}" height="{height}" '
            f'viewBox="{left} {top} {width} {height}" {FONT} text-anchor="middle">',
            f"<title>A computation step by step</title><desc>{escape(description)}</desc>",
            f'<g fill="none" stroke="{GREY}" stroke-width="1.6">{"".join(grey)}</g>',
            f'<g fill="none" stroke="{BACKWARD if back else FORWARD}" stroke-width="3">{"".join(lit)}</g>',
            *(pill(self.node[y], i, slope) for y in passed for i, (_, slope) in enumerate(slopes(y))),
            *(faint(node) if x not in known else box(node, 1.3) for x, node in self.node.items()),
            ring(self.node[at], BACKWARD if back else FORWARD) if at else "",
            "</svg>",
        ])  # fmt: skip


def bracketed(value: float) -> str:
    """A number that can stand after a sign.

    >>> bracketed(2.0), bracketed(-0.5)
    ('2', '(-0.5)')
    """
    return f"({number(value)})" if value < 0 else number(value)


def width_of(slope: float) -> int:
    """How wide the label of an arrow is."""
    return LETTER * len(f"×{number(slope)}") + 12


def pill(node, i: int, slope: float) -> str:
    """The local derivative, on the arrow into a box from its input `i`."""
    width, height = width_of(slope), node.y + node.port(i) * node.height
    left = node.x - 12 - width
    size = f'x="{left:.1f}" y="{height - 9:.1f}" width="{width}" height="18" rx="9"'
    rect = f'<rect {size} fill="#ffffff" stroke="{BACKWARD}" stroke-width="1.3"/>'
    return rect + text(left + width / 2, height + 4.5, "", f"×{number(slope)}", SLOPE)


def backwards(path: str, x) -> str:
    """An arrow of `draw` with its head at the other end, at the box `x`."""
    body = path[path.rindex("M") :]
    return f'<path d="M{x.x + x.width + 8:.1f} {x.y - 5:.1f}l-8 5l8 5{body}'


def ring(node, colour: str) -> str:
    """A border around the box whose turn it is."""
    size = f'x="{node.x:.1f}" y="{node.y - node.height / 2:.1f}" width="{node.width:.1f}" height="{node.height:.1f}"'
    return f'<rect {size} rx="{9 if node.op else 0}" fill="none" stroke="{colour}" stroke-width="3.4"/>'


def faint(node) -> str:
    """A box that is not computed yet, pale in light and dark themes."""
    paper = ring(node, "none").replace('fill="none"', 'fill="#ffffff"')
    return f'{paper}<g opacity="0.45">{box(node, 1.3)}</g>'


@lru_cache(maxsize=64)
def film(program: str) -> Film:
    """All frames of a program."""
    return Film(program)


def strip(*steps: int, program: str = LESSON) -> Strip:
    """Some frames of a program below one another."""
    return Strip(tuple(film(program).frame(step) for step in steps))
