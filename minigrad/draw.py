"""Pictures of graphs.

`draw(y)` shows in a notebook how `y` was computed: inputs on the left, the result on the right, arrows in the direction
of computation, and in every box a value and its gradient. `dot(y)` writes the same graph in the language of Graphviz.
Square corners mark what was given, round ones what an operation computed. The same graph gives the same bytes.
"""

import re
from bisect import bisect, insort
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from itertools import repeat
from math import fsum
from unicodedata import east_asian_width

import numpy as np

from .backend import describe, peek, to_device
from .printing import show
from .tape import Variable, raw
from .tensor import Tensor

# A picture can't know the notebook's theme: dark letters on light boxes, and arrows of a grey that shows on white and
# on black. Blue and orange are Okabe and Ito's (2008), which colour-blind readers can tell apart.
INK, SOFT, SLOPE, GREY, HEAD = "#1a1a1a", "#555555", "#9c3d00", "#808080", "#8ccbf0"
FILL = {"result": ("#f3f9fe", "#0072b2"), "variable": ("#fdecc8", "#b97a00"), "constant": ("#ebebeb", "#767676")}
LETTER, LINE = 8, 17  # pixels; letters 13 high are 7.8 wide in the widest of the fonts below
FONT = 'font-family="ui-monospace, Menlo, Consolas, DejaVu Sans Mono, monospace" font-size="13"'


@dataclass(eq=False)
class Node:
    """A box. Without a kind it is a bend: the room that a long arrow needs to pass between the boxes of a column."""

    kind: str = ""
    op: str = ""
    rows: list = field(default_factory=list)  # (name, text, colour) of each line below the operation
    inputs: list = field(default_factory=list)  # None stands for one that is left out
    outputs: list = field(default_factory=list)  # (box, which of its inputs this is)
    column: int = 0  # counted from the result
    place: int = 0  # in its column, from above
    x: float = 0  # the left side
    y: float = 0  # the middle
    width: float = 0
    height: float = 10

    def __post_init__(self):
        if self.kind:
            texts = [self.op, *(name + text for name, text, _ in self.rows)]
            self.width = LETTER * max(3, *map(columns_of, texts)) + 18
            self.height = max(LINE * (len(self.rows) + bool(self.op)) + 12, 9 * len(self.inputs))

    def port(self, i):
        """How far below the middle the arrow from input `i` arrives, as a part of the height."""
        return (i + 1) / (len(self.inputs) + 1) - 0.5


class Drawing:
    """What `draw` returns: in a notebook a picture, whose text is `svg`; elsewhere a list of steps."""

    def __init__(self, root, names, limit):
        self.nodes, self.steps, total = read(root, names or {}, limit)
        more = total - len(self.nodes)
        self.caption = f"left out: {more:,} of {total:,} boxes, farther from the result (dashed arrows)" * bool(more)

    def __repr__(self):
        return "\n".join([*self.steps, *filter(None, [self.caption])])

    @cached_property
    def svg(self):
        """The picture, complete in itself: it can be written to a file."""
        return paint(arrange(self.nodes), self.caption, repr(self))

    def _repr_html_(self):
        # <img>: its alt text is read everywhere, and it is shown where notebooks that weren't run yet may show no SVG.
        # It shrinks with the window, but not below three quarters, where letters get too small; from there it scrolls.
        width = int(re.findall(r'width="(\d+)', self.svg)[0])
        alt = escape("Graph of a computation: " + "; ".join(repr(self).splitlines()))
        style = f"width:100%;min-width:{width * 3 // 4}px;max-width:{width}px"
        from urllib.parse import quote  # here, as most programs draw nothing

        source = f"data:image/svg+xml,{quote(self.svg, safe=' /:;=,()')}"
        return f'<div style="overflow-x:auto"><img alt="{alt}" style="{style}" src="{source}"></div>'


def draw(root, names=None, limit=60):
    """Show how a Scalar or a Tensor was computed, with values and gradients.

    `names` names variables in the picture: `{"w": w}`, or `globals()` for all that have a name. Of a graph of more
    than `limit` boxes, the part nearest to the result is drawn.

    >>> from minigrad import Scalar
    >>> x, y = Scalar(3.0, label="x"), Scalar(4.0, label="y")
    >>> f = x * x * y + y + 2
    >>> f.backward()
    >>> draw(f, names={"f": f})
    x = 3, grad 24
    y = 4, grad 10
    #3 = x * x = 9, grad 4
    #4 = #3 * y = 36, grad 1
    #5 = #4 + y = 40, grad 1
    f = #5 + 2 = 42, grad 1
    """
    return Drawing(root, names, limit)


def dot(root, names=None, limit=60):
    r"""The same graph as DOT text, for people who have Graphviz.

    >>> from minigrad import Scalar
    >>> a = Scalar(3.0, label="a")
    >>> print(dot(a * a))
    digraph {
      graph [rankdir=LR, label=""]; node [shape=box, fontname=monospace]
      n1 [label="a = 3\ngrad 0", style="filled", color="#b97a00", fillcolor="#fdecc8"]
      n2 [label="*\n9\ngrad 0", style="filled,rounded", color="#0072b2", fillcolor="#f3f9fe"]
      n1 -> n2
      n1 -> n2
    }
    """
    drawing = Drawing(root, names, limit)
    number_of = {node: n for n, node in enumerate(drawing.nodes, 1)}
    boxes, arrows = [], []
    for node, n in number_of.items():
        text = "\n".join([node.op] * bool(node.op) + [name + text for name, text, _ in node.rows])
        text = text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
        fill, border = FILL[node.kind]
        style = "filled,rounded" if node.kind == "result" else "filled"
        boxes.append(f'  n{n} [label="{text}", style="{style}", color="{border}", fillcolor="{fill}"]')
        for x in node.inputs:
            arrows.append(f"  n{number_of[x]} -> n{n}" if x else f"  left_out -> n{n} [style=dashed]")
    head = f'  graph [rankdir=LR, label="{drawing.caption}"]; node [shape=box, fontname=monospace]'
    return "\n".join(["digraph {", head, *boxes, *arrows, "}"])


# ---------------------------------------------------------------- reading a graph


def read(root, names, limit):
    """The boxes nearest to `root`, earliest first; the same in words; and how many boxes the whole graph has."""
    if not isinstance(root, Variable):
        raise TypeError(
            f"a graph ends in one Scalar or one Tensor, and this is a {type(root).__name__}. Compute something from "
            "mg.Scalar(3.0) or mg.tensor([3.0]) and draw the result; of a list of results, draw one"
        )
    if not (isinstance(names, dict) and all(isinstance(name, str) for name in names)):
        raise TypeError('names is a dictionary from names to variables: names={"w": w}')
    if limit < 1:
        raise ValueError(f"limit is how many boxes to draw, at least 1; it was {limit}")
    found, todo = {root}, deque([root])
    operands: dict[Variable, list[Variable]] = {}
    while todo:
        y = todo.popleft()
        inputs = operands_of(y)
        if len(operands) < limit:
            operands[y] = inputs
        for x in inputs:
            if x not in found:
                found.add(x)
                todo.append(x)
    called = {x: name for name, x in reversed(names.items()) if isinstance(x, Variable) and name[:1] != "_"}
    names_of = {y: clean(called.get(y) or getattr(y, "label", "")) for y in sorted(operands, key=lambda y: y.tick)}
    words = {y: name or f"#{i}" for i, (y, name) in enumerate(names_of.items(), 1)}
    nodes, steps = {}, []
    for y, name in names_of.items():
        kind = "result" if y.op else "variable" if y.needs_grad else "constant"
        op, facts = brief(formula(y, repeat("·"))) if y.op else "", facts_of(y)
        nodes[y] = Node(kind, op, rows_of(name, facts), operands[y])
        made = [formula(y, (words.get(x, "...") for x in operands[y]))] if y.op else []
        steps.append(" = ".join([words[y], *made, ", ".join(" ".join(lines) for lines, _ in facts)]))
    for node in nodes.values():
        node.inputs = [nodes.get(x) for x in node.inputs]
    return list(nodes.values()), steps, len(found)


def has_box(x):
    """Whether an input is drawn as a box. Plain numbers stand beside the name of the operation."""
    return isinstance(x, Variable) or (getattr(x, "ndim", 0) != 0 and not isinstance(x, type))


def operands_of(y):
    """The inputs that are drawn as boxes. An array becomes a constant, listed just before `y`."""
    operands = []
    for x in filter(has_box, y.inputs or ()):
        if not isinstance(x, Variable):
            x = Tensor.wrap(x)
            x.tick = y.tick - 0.5
        operands.append(x)
    return operands


def formula(y, operands: Iterable[str]):
    """What made `y`, as Python writes it, `operands` standing for what has a box.

    >>> from minigrad import Scalar
    >>> formula(2 - Scalar(3.0), ["x"]), formula(Scalar(3.0).leaky_relu(0.1), ["x"])
    ('2 - x', 'leaky_relu(x, 0.1)')
    """
    names = iter(operands)
    inputs = [y] * max(len(y.op.vjps), 1) if y.inputs is None else y.inputs  # freed: variables, for all we know
    args = [next(names, "...") if has_box(x) else literal(x) for x in inputs]
    sign = re.match(r"a (\W+) b|-x", y.op.__doc__ or "")  # the table says what Python's sign is: "a * b"
    if sign:
        return f"{args[0]} {sign[1]} {args[1]}" if sign[1] else f"-{args[0]}"
    if y.op.name == "getitem":
        return f"{args[0]}[{', '.join(args[1:]).strip('()')}]"
    return f"{y.op.name}({', '.join(args + [f'{name}={literal(x)}' for name, x in y.params.items()])})"


def brief(text):
    """A formula less the dots that arrows make plain: `· * ·` is `*` and `sum(·, dim=1)` is `sum(dim=1)`."""
    text = re.sub(r"\((·, )*·\)$", "", text.strip("· "))
    return clean(re.sub(r"\((·, )+(?=\w+=)|\(·, (?!.*·)", "(", text))


def literal(x):
    """A constant as one would type it.

    >>> literal((slice(1, None), None, ..., [0, 2], 0.1 + 0.2, np.float32))
    '(1:, None, ..., [0, 2], 0.3, float32)'
    """
    if isinstance(x, tuple | list):
        inside = ", ".join(map(literal, x))
        return f"[{inside}]" if isinstance(x, list) else f"({inside})"
    if isinstance(x, slice):
        parts = [x.start, x.stop] + [x.step] * (x.step is not None)
        return ":".join("" if part is None else str(part) for part in parts)
    if has_box(x):
        return describe(raw(x))
    if hasattr(x, "__name__") or x is ...:
        return getattr(x, "__name__", "...")
    return re.sub(" at 0x.*", ">", number(x.item() if hasattr(x, "item") else x))  # an address differs in each run


def number(x):
    """A number with as many digits as a box has room for; minus zero is zero."""
    return f"{x + 0.0:.{4 if abs(x) < 1000 else 6}g}" if isinstance(x, float) else str(x)


def facts_of(x):
    """The facts that a box shows: (lines, colour) of the value, the type, the gradient, and what backward freed."""
    facts = [(numbers(peek(x.value)), INK)]  # of a tensor that is being traced, those it has now
    if isinstance(x, Tensor):
        facts.append(([describe(x.value)], SOFT))
    if x.needs_grad and x.grad is not None:
        first, *rest = numbers(raw(x.grad))
        facts.append((["grad " + first, *("     " + line for line in rest)], SLOPE))
    elif x.needs_grad and x.op is None:
        facts.append((["requires_grad"], SLOPE))
    if x.inputs is None:
        facts.append((["inputs freed", "by backward()"], SOFT))
    return facts


def numbers(value):
    """Lines with all numbers of a small array, or with the smallest and the largest of a big one."""
    value = to_device(value, "cpu") if hasattr(value, "dtype") else np.asarray(value)
    if value.ndim == 0:
        return [number(value.item())]
    if value.size and (value.ndim > 2 or max(value.shape) > 4):
        return [f"{number(value.min().item())} … {number(value.max().item())}"]
    return re.findall(r"\[[^[\]]*\]", show(value))


def rows_of(name, facts):
    """The lines of a box, with the name before a value of one line and above a longer one."""
    rows = [("", line, colour) for lines, colour in facts for line in lines]
    if not name:
        return rows
    return [(name, "", INK), *rows] if len(facts[0][0]) > 1 else [(name, f" = {rows[0][1]}", INK), *rows[1:]]


def clean(text, most=28):
    """One line of printable letters, not too long."""
    text = "".join(c if c.isprintable() else "\ufffd" for c in " ".join(str(text).split()))
    return text if len(text) <= most else text[: most - 1] + "…"


def columns_of(text):
    """How many letters wide a text is; Chinese and Japanese ones and emoji count as two."""
    return sum(1 + (east_asian_width(c) in "WF") for c in text)


# ---------------------------------------------------------------- laying it out


def arrange(nodes):
    """Give every box its place; returns the columns, the result's first (the method of Sugiyama and others, 1981).

    Boxes stand as near to the result as their arrows allow. An arrow that is longer than a column is broken into
    bends, one in each column it passes. Then columns are sorted until few arrows cross, and boxes moved until most
    arrows are level.
    """
    try:
        import networkx
    except ImportError as error:
        raise ImportError(
            "graphs are laid out by networkx, which isn't installed: pip install 'minigrad[notebooks]', or networkx "
            "alone. Without it, print(draw(y)) lists the steps and dot(y) is for Graphviz"
        ) from error
    graph = networkx.DiGraph((y, x) for y in nodes for x in y.inputs if x)
    graph.add_nodes_from(nodes)
    columns: list[list[Node]] = []
    for generation in networkx.topological_generations(graph):
        for node in generation:
            node.column = len(columns)
        columns.append([])
    todo, met = [nodes[-1]], set()
    while todo:  # depth first, so that what belongs together starts together
        y = todo.pop()
        if y in met:
            continue
        met.add(y)
        y.place = len(columns[y.column])
        columns[y.column].append(y)
        for i, x in enumerate(y.inputs):
            if x:
                y.inputs[i] = x if x.column == y.column + 1 else Node(inputs=[x], column=y.column + 1)
                y.inputs[i].outputs.append((y, i))
        todo += filter(None, reversed(y.inputs))
    columns = untangle(columns)
    for _ in range(30):
        for column in [*columns, *reversed(columns)]:
            level(column)
    left: float = 0
    for column in columns:
        width = max(node.width for node in column)
        steepest = max((abs(x.y - y.y) for x in column for y, _ in x.outputs), default=0)
        left -= width + min(max(40, steepest / 3), 110)
        for node in column:
            node.x, node.width = left, width
    return columns


def untangle(columns, turns=16):
    """Sort columns by the mean place of what leads to their boxes, then of what these lead to, and so on.

    Of all the orders met on the way, that with the fewest crossings is returned.
    """
    best, fewest = columns, float("inf")
    for turn in range(turns):
        crossings = sum(map(crossings_into, columns))
        if crossings < fewest:
            best, fewest = [column[:] for column in columns], crossings
        for column in columns if turn % 2 else reversed(columns):
            column.sort(key=after if turn % 2 else before)
            for place, node in enumerate(column):
                node.place = place
    return best


def fmean(numbers):
    """The mean of a list. (That of `statistics` would take longer to import than anything here.)"""
    return fsum(numbers) / len(numbers)


def before(node):
    """The mean place of what leads to a box."""
    return fmean([x.place for x in node.inputs if x] or [node.place])


def after(node):
    """The mean place of what a box leads to."""
    return fmean([y.place + y.port(i) for y, i in node.outputs] or [node.place])


def crossings_into(column):
    """How many arrows cross on their way into a column."""
    crossings, passed = 0, list[float]()
    for _, end in sorted((x.place, y.place + y.port(i)) for y in column for i, x in enumerate(y.inputs) if x):
        crossings += len(passed) - bisect(passed, end)
        insort(passed, end)
    return crossings


def level(column):
    """Move boxes up or down to where their arrows are level, as far as order and room allow (least squares)."""
    groups, depth = [], 0.0  # boxes that touch move as one: their wishes, and the boxes with their depth in the column
    for node in column:
        depth += node.height / 2
        ends = [y.y + y.port(i) * y.height for y, i in node.outputs]
        ends += [x.y - node.port(i) * node.height for i, x in enumerate(node.inputs) if x]
        groups.append(([fmean(ends or [node.y]) - depth], [(node, depth)]))
        depth += node.height / 2 + (18 if node.kind else 4)
        while len(groups) > 1 and fmean(groups[-2][0]) > fmean(groups[-1][0]):
            wishes, boxes = groups.pop()
            groups[-1][0].extend(wishes)
            groups[-1][1].extend(boxes)
    for wishes, boxes in groups:
        for node, below in boxes:
            node.y = fmean(wishes) + below


# ---------------------------------------------------------------- painting


def paint(columns, caption, description):
    """The SVG text of boxes that have their places."""
    nodes = [node for column in columns for node in column]
    boxes = [node for node in nodes if node.kind]
    left, right = min(node.x for node in nodes) - (34 if caption else 0), columns[0][0].x + columns[0][0].width
    top, bottom = min(node.y - node.height / 2 for node in nodes), max(node.y + node.height / 2 for node in nodes)
    if caption:
        note = Node("constant", rows=[("", caption, INK)])
        note.x, note.y = left, bottom + 18 + note.height / 2
        right, bottom = max(right, left + note.width), note.y + note.height / 2
        boxes.append(note)
    left, top, width, height = map(round, (left - 10, top - 10, right - left + 20, bottom - top + 20))
    arrows = (arrow(node, i) for node in boxes for i in range(len(node.inputs)))
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{width}" height="{height}" '
        f'viewBox="{left} {top} {width} {height}" {FONT} text-anchor="middle">',
        f"<title>Graph of a computation</title><desc>{escape(description)}</desc>",
        f'<g fill="none" stroke="{GREY}" stroke-width="1.6">',
        *arrows,
        "</g>",
        *(box(node, 2.6 if node is columns[0][0] else 1.3) for node in boxes),
        "</svg>",
    ])  # fmt: skip


def arrow(y, i):
    """The arrow into `y` from its input `i`, drawn from the tip. It bends between columns only, so it meets no box."""
    height = y.y + y.port(i) * y.height
    path = f"M{y.x - 7:.1f} {height - 4:.1f}l7 4l-7 4M{y.x:.1f} {height:.1f}"
    if y.inputs[i] is None:
        return f'<path d="{path}h-9m-5 0h-3m-5 0h-3"/>'
    while True:
        x = y.inputs[i]
        height, end = y.y + y.port(i) * y.height, x.x + x.width
        middle = (y.x + end) / 2
        path += f"C{middle:.1f} {height:.1f} {middle:.1f} {x.y:.1f} {end:.1f} {x.y:.1f}"
        if x.kind:
            return f'<path d="{path}"/>'
        path += f"H{x.x:.1f}"
        y, i = x, 0


def box(node, border):
    """One box with its text. That of an operation is rounded and has a head."""
    fill, edge = FILL[node.kind]
    width, height, middle = node.width, node.height, node.width / 2
    head = LINE + 4 if node.op else 0
    first = (height + head - LINE * len(node.rows)) / 2 + 13
    parts = [f'<g transform="translate({node.x:.1f} {node.y - height / 2:.1f})">']
    size = f'width="{width:.1f}" height="{height:.1f}" stroke="{edge}" stroke-width="{border}"'
    if head:
        parts.append(f'<rect {size} rx="9" fill="{HEAD}"/>')
        inside = f'width="{width - 6:.1f}" height="{height - head - 3:.1f}"'
        parts.append(f'<rect x="3" y="{head}" {inside} rx="6" fill="{fill}"/>')
        parts.append(text(middle, 15, node.op, "", INK))
    else:
        parts.append(f'<rect {size} fill="{fill}"/>')
    parts += [text(middle, first + LINE * i, *row) for i, row in enumerate(node.rows)]
    return "".join([*parts, "</g>"])


def text(x, y, name, rest, colour):
    """A line of text around `x`, on the baseline `y`, its name in bold."""
    name = f'<tspan font-weight="bold">{escape(name)}</tspan>' if name else ""
    rest = escape(rest).replace("  ", "\xa0\xa0")  # SVG shows two spaces as one
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}">{name}{rest}</text>'
