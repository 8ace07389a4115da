"""Pictures of graphs: read as a learner's eye would, box by box and arrow by arrow, out of the SVG text."""

import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections import Counter, namedtuple
from html import unescape
from itertools import combinations, pairwise
from operator import add, mul, sub
from pathlib import Path
from unicodedata import east_asian_width
from urllib.parse import unquote

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad import Scalar, Tensor
from minigrad.draw import Node, brief, crossings_into, dot, draw, formula, literal, number, untangle
from minigrad.scalar import MLP, Neuron

pytest.importorskip("networkx", reason="networkx not installed: pip install -c constraints.txt -e '.[notebooks]'")

HOME = Path(__file__).parents[1]
SVG = "{http://www.w3.org/2000/svg}"
Box = namedtuple("Box", "left top right bottom rounded texts")
Picture = namedtuple("Picture", "root view boxes arrows dashed words")


def look(drawing):
    """What is to be seen in a drawing: boxes with their lines of text, whole arrows, and the stubs of left-out ones."""
    root = ET.fromstring(drawing.svg)
    boxes = []
    for group in root.iter(SVG + "g"):
        if "transform" in group.attrib:
            x, y = map(float, re.findall(r"[-\d.]+", group.get("transform")))
            rect = group.find(SVG + "rect")
            texts = [
                ("".join(t.itertext()), float(t.get("x")) + x, float(t.get("y")) + y) for t in group.iter(SVG + "text")
            ]
            width, height = float(rect.get("width")), float(rect.get("height"))
            boxes.append(Box(x, y, x + width, y + height, float(rect.get("rx", 0)) > 0, texts))
    paths = [p.get("d") for p in root.iter(SVG + "path")]
    arrows = [read_path(d) for d in paths if "C" in d]
    view = [float(v) for v in root.get("viewBox").split()]
    words = [text for box in boxes for text, _, _ in box.texts]
    return Picture(root, view, boxes, arrows, [d for d in paths if "C" not in d], words)


def read_path(d):
    """The points of an arrow from its tip to its start: corners of curves with their control points, and level runs."""
    tip = d[d.rindex("M") :]
    points = [tuple(map(float, re.match(r"M([-\d.]+) ([-\d.]+)", tip).groups()))]
    for command, numbers in re.findall(r"([CH])([-\d. ]+)", tip):
        values = list(map(float, numbers.split()))
        points += [(values[0], points[-1][1])] if command == "H" else list(zip(values[::2], values[1::2], strict=True))
    return points


def letters(text):
    return sum(2 if east_asian_width(c) in "WF" else 1 for c in text)


def check(drawing):
    """What holds of every picture."""
    picture = look(drawing)
    left, top, width, height = picture.view
    for a, b in combinations(picture.boxes, 2):
        assert a.right <= b.left or b.right <= a.left or a.bottom <= b.top or b.bottom <= a.top, (a, b)
    for box in picture.boxes:
        assert left <= box.left < box.right <= left + width
        assert top <= box.top < box.bottom <= top + height
        for text, x, y in box.texts:  # 0.62 em is more than any common monospaced font needs; letters reach 4 px below
            half = letters(text) * 13 * 0.62 / 2
            assert box.left < x - half <= x + half < box.right, (text, box)
            assert box.top < y - 11 < y + 4 <= box.bottom, (text, box)
        lines = [y for _, _, y in box.texts]
        assert all(b - a > 15 for a, b in pairwise(lines))
    for arrow in picture.arrows:
        tip, start = arrow[0], arrow[-1]
        assert start[0] < tip[0]
        assert any(
            box.left == pytest.approx(tip[0], abs=0.2) and box.top < tip[1] < box.bottom for box in picture.boxes
        )
        assert any(box.right == pytest.approx(start[0], abs=0.2) for box in picture.boxes)
        for (x1, y1), (x2, y2) in pairwise(arrow):  # the curve stays in the hull of these points
            for box in picture.boxes:
                meets = x2 + 0.2 < box.right and x1 - 0.2 > box.left
                assert not meets or max(y1, y2) < box.top or min(y1, y2) > box.bottom
    return picture


def course_graph():
    x, y = Scalar(3.0, label="x"), Scalar(4.0, label="y")
    f = x * x * y + y + 2
    f.label = "f"
    f.backward()
    return f


# ---------------------------------------------------------------- what is shown


def test_course_graph():
    picture = check(draw(course_graph()))
    assert len(picture.boxes) == 6
    assert len(picture.arrows) == 7
    for words in (
        "x = 3",
        "y = 4",
        "grad 24",
        "grad 10",
        "*",
        "+",
        "+ 2",
        "9",
        "36",
        "40",
        "f = 42",
        "grad 1",
        "grad 4",
    ):
        assert words in picture.words
    assert {box.texts[0][0]: box.rounded for box in picture.boxes} == {
        "x = 3": False, "y = 4": False, "*": True, "+": True, "+ 2": True
    }  # fmt: skip


def test_product_with_itself_has_two_arrows():
    a = Scalar(3.0, label="a")
    picture = check(draw(a * a))
    assert len(picture.boxes) == len(picture.arrows) == 2
    one, two = picture.arrows
    assert one[-1] == two[-1]
    assert abs(one[0][1] - two[0][1]) > 12


def test_arrows_arrive_in_the_order_of_the_operands():
    a, b = Scalar(3.0, label="a"), Scalar(4.0, label="b")
    for first, second in ((a, b), (b, a)):
        picture = look(draw(first - second))
        start = {(box.right, (box.top + box.bottom) / 2): box.texts[0][0][0] for box in picture.boxes}
        arrows = sorted(picture.arrows, key=lambda arrow: arrow[0][1])
        named = [min(start, key=lambda at: abs(at[0] - arrow[-1][0]) + abs(at[1] - arrow[-1][1])) for arrow in arrows]
        assert [start[at] for at in named] == [first.label, second.label]


def test_computation_reads_from_left_to_right():
    x = Scalar(0.5)
    for _ in range(5):
        x = x.tanh()
    boxes = look(draw(x)).boxes
    assert [box.left for box in sorted(boxes, key=lambda box: box.left)] == sorted({box.left for box in boxes})
    assert max(boxes, key=lambda box: box.left).texts[1][0] == number(x.data)


@pytest.mark.parametrize(
    ("op", "shown", "said"),
    [
        (lambda x: x**2, "** 2", "x ** 2"),
        (lambda x: 2**x, "2 **", "2 ** x"),
        (lambda x: x + 2, "+ 2", "x + 2"),
        (lambda x: 1 - x, "1 -", "1 - x"),
        (lambda x: x / 4.0, "/ 4", "x / 4"),
        (lambda x: 0.1 * x, "0.1 *", "0.1 * x"),
        (lambda x: -x, "-", "-x"),
        (lambda x: x % 2, "% 2", "x % 2"),
        (lambda x: x.tanh(), "tanh", "tanh(x)"),
        (lambda x: x.leaky_relu(0.2), "leaky_relu(0.2)", "leaky_relu(x, 0.2)"),
        (lambda x: x.leaky_relu(negative_slope=2), "leaky_relu(negative_slope=2)", "leaky_relu(x, negative_slope=2)"),
        (lambda x: x.leaky_relu(negative_slope=0.25), "leaky_relu(negative_slope=0…", "leaky_relu(x, negative_slope=0.25)"),  # noqa: E501
        (lambda x: x.maximum(1.0), "maximum(1)", "maximum(x, 1)"),
        (lambda x: x.clamp(0, 1), "clamp(0, 1)", "clamp(x, 0, 1)"),
    ],
)  # fmt: skip
def test_constants_stand_in_the_operation(op, shown, said):
    y = op(Scalar(3.0, label="x"))
    assert shown in check(draw(y)).words
    assert f" = {said} = " in repr(draw(y))


@pytest.mark.parametrize(
    ("op", "shown"),
    [
        (lambda x: x.sum(dim=1, keepdim=True), "sum(dim=1, keepdim=True)"),
        (lambda x: x.sum(1), "sum(1)"),
        (lambda x: x.sum(axis=(0, 1)), "sum(dim=(0, 1))"),
        (lambda x: x.mean(), "mean"),
        (lambda x: x.reshape(3, 2), "reshape(3, 2)"),
        (lambda x: x.reshape((3, 2)), "reshape((3, 2))"),
        (lambda x: x[0], "[0]"),
        (lambda x: x[..., None, 1:], "[..., None, 1:]"),
        (lambda x: x[::2, [0, 2]], "[::2, [0, 2]]"),
        (lambda x: x @ x.T, "@"),
        (lambda x: x.transpose(0, 1), "transpose(0, 1)"),
        (lambda x: x.double(), "cast(float64)"),
        (lambda x: mg.cat([x, x, x], dim=1), "concatenate(dim=1)"),
        (lambda x: mg.where(x > 1, x, 0.0), "where(·, ·, 0)"),
        (lambda x: x * np.float64(0.5), "* 0.5"),
    ],
)
def test_parameters_stand_in_the_operation(op, shown):
    assert shown in check(draw(op(mg.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], requires_grad=True)))).words


def test_constant_arrays_are_boxes():
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    picture = check(draw(x * np.array([3.0, 5.0], "float32")))
    assert len(picture.boxes) == 3
    assert "[3., 5.]" in picture.words
    key = check(draw(x[np.array([1, 0, 1])]))
    assert "int64[3]" in key.words
    assert len(key.boxes) == 3


def test_tensors_before_backward():
    w = mg.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    x = mg.tensor([0.5, -1.0])
    y = (w @ x).sum()
    picture = check(draw(y, names={"w": w, "x": x, "loss": y}))
    for words in ("w", "[1., 2.]", "[3., 4.]", "float32[2, 2]", "requires_grad", "float32[2]", "sum", "loss = -4"):
        assert words.replace("  ", "\xa0\xa0") in picture.words
    y.backward(retain_graph=True)
    words = check(draw(y, names={"w": w, "x": x})).words
    assert "requires_grad" not in words
    assert any(line.startswith("grad [") for line in words)
    assert sum("grad" in line for line in words) == 1  # results keep none


def test_big_tensors_show_their_range():
    x = mg.arange(100.0).reshape(10, 10).requires_grad_()
    assert "0 … 99" in check(draw(x * 2)).words
    assert "[]" in check(draw(mg.zeros(0, requires_grad=True) * 2)).words


def test_results_that_keep_their_gradient_show_it():
    x = mg.tensor(2.0, requires_grad=True)
    y = x * 3
    y.retain_grad()
    (y * y).backward(retain_graph=True)
    assert "grad 12" in check(draw(y)).words


def test_freed_graph():
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    for y, op in (((x * x).sum(dim=0), "sum(dim=0)"), ((x * x)[0], "[]")):
        y.backward()
        picture = check(draw(y))
        assert len(picture.boxes) == 1
        assert op in picture.words
        assert "inputs freed" in picture.words
        assert "inputs freed by backward()" in repr(draw(y))
        assert "n1" in dot(y)


@pytest.mark.parametrize("root", [Scalar(3.0, label="x"), mg.tensor(1.0), mg.tensor([[1, 2]]), mg.tensor([True])])
def test_leaf_alone(root):
    assert len(check(draw(root)).boxes) == 1


def test_names_and_labels():
    a, b = Scalar(2.0, label="a"), Scalar(3.0)
    names = {"_": a, "b": b, "again": b, "module": mg, "c": a}
    words = check(draw(a * b, names=names)).words
    assert {"c = 2", "b = 3"} <= set(words)  # a name given here goes before a label, the first before the second


@pytest.mark.parametrize(
    "label", ["<a & \"b'>", "</text>", "a\nb\tc", "\x00\x1b", "\ud800", "重み", "😀", "{x}", "\\", "w" * 90]
)
def test_any_label(label):
    a = Scalar(3.0, label=label)
    drawing = draw(a * a)
    words = check(drawing).words
    drawing.svg.encode()
    drawing._repr_html_().encode()
    if label.isprintable() and len(label) < 20:
        assert f"{label} = 3" in words
    assert len(re.findall(r"^  n\d+ \[", dot(a * a), re.M)) == 2


# ---------------------------------------------------------------- how it is laid out


@st.composite
def graphs(draw_from):
    """A random graph of up to 40 scalars or so, each made of any earlier ones."""
    leaves = draw_from(st.integers(1, 6))
    nodes = [Scalar(i * 1.7 - 3, label=f"x{i}" * (i % 2)) for i in range(leaves)]
    makers = [mul, add, sub, Scalar.maximum, lambda a, b: a.tanh(), lambda a, b: a + 1.5, lambda a, b: a.tanh() * b]
    for _ in range(draw_from(st.integers(1, 34))):
        a, b = (nodes[draw_from(st.integers(0, len(nodes) - 1))] for _ in "ab")
        nodes.append(draw_from(st.sampled_from(makers))(a, b))
    return sum(nodes[-5:], nodes[0])


@settings(max_examples=60)
@given(graphs(), st.integers(1, 60))
def test_nothing_overlaps(root, limit):
    """Boxes lie apart, texts inside their boxes, arrows beside the boxes they pass."""
    root.backward()
    picture = check(draw(root, limit=limit))
    assert len(picture.boxes) <= limit + 1
    if len(picture.boxes) <= limit:
        assert not picture.dashed


@pytest.mark.parametrize("nodes", [30])
def test_readable_at_thirty(nodes):
    model, x = MLP(2, [2, 1]), [Scalar(1.0), Scalar(2.0)]
    hidden = [neuron.composed(x) for neuron in model.layers[0].neurons]
    loss = (model.layers[1].neurons[0].composed(hidden) - 1) ** 2
    picture = check(draw(loss))
    assert 24 <= len(picture.boxes) <= nodes
    assert picture.view[2] < 1700
    assert picture.view[3] < 800


def test_many_arrows_into_one_box():
    neuron = Neuron(30)
    picture = check(draw(neuron([Scalar(float(i)) for i in range(30)]), limit=100))
    assert len(picture.arrows) == 62
    columns = Counter(arrow[0][0] for arrow in picture.arrows)
    ((column, count),) = columns.most_common(1)
    assert count == 61
    tips = sorted(y for (x, y), *_ in picture.arrows if x == column)
    assert min(b - a for a, b in pairwise(tips)) > 7  # the head of an arrow is 8 high


def test_trees_have_no_crossings():
    tree = [Scalar(float(i)) for i in range(16)]
    while len(tree) > 1:
        tree = [a + b for a, b in zip(tree[::2], tree[1::2], strict=True)]
    arrows = check(draw(tree[0])).arrows
    for one, two in combinations(arrows, 2):
        if one[0][0] == two[0][0]:
            assert (one[0][1] - two[0][1]) * (one[-1][1] - two[-1][1]) >= 0


def test_columns_are_sorted_until_arrows_dont_cross():
    left, right = [Node() for _ in range(4)], [Node() for _ in range(5)]
    for node, sources in zip(right, ([3], [0], [2, 3], [1], [0, 1]), strict=True):
        node.inputs = [left[i] for i in sources]
        for i, x in enumerate(node.inputs):
            x.outputs.append((node, i))
    for column in (left, right):
        for place, node in enumerate(column):
            node.place = place
    assert sum(map(crossings_into, [right, left])) > 3
    for place, column in enumerate(columns := untangle([right, left])):
        assert {id(node) for node in column} == {id(node) for node in (right, left)[place]}
        for row, node in enumerate(column):
            node.place = row
    assert sum(map(crossings_into, columns)) == 0


def test_result_used_after_a_change_in_place():
    x = mg.tensor([1.0, 2.0], requires_grad=True) * 1
    z = x * 2
    x += 1
    picture = check(draw(z + x))
    assert not picture.dashed


# ---------------------------------------------------------------- limits


def test_limit_says_what_is_left_out():
    x = Scalar(1.0)
    for _ in range(99):
        x = x + 1
    drawing = draw(x)
    picture = check(drawing)
    caption = "left out: 40 of 100 boxes, farther from the result (dashed arrows)"
    assert caption in picture.words
    assert caption in repr(drawing)
    assert caption in unescape(drawing._repr_html_())
    assert caption in dot(x)
    assert len(picture.boxes) == 61  # and the caption's
    assert len(picture.dashed) == 1
    assert "100" in picture.words
    assert "left out" not in draw(x, limit=100).svg
    assert len(check(draw(x, limit=1)).boxes) == 2


def test_a_million_operations_are_drawn_quickly():
    x = Scalar(1.0)
    for _ in range(1_000_000):
        x = x + 1
    start = time.perf_counter()
    drawing = draw(x)
    assert len(look(drawing).boxes) == 61
    assert "999,941 of 1,000,001" in repr(drawing)
    assert time.perf_counter() - start < 30


# ---------------------------------------------------------------- how it is handed over


def test_same_graph_same_bytes():
    """Also in another process, with other addresses and other hashes: nbval compares what is shown."""
    program = (
        "from tests.test_draw import course_graph, draw, dot; import hashlib;"
        "d = draw(course_graph()); text = d._repr_html_() + repr(d) + dot(course_graph());"
        "print(hashlib.sha256(text.encode()).hexdigest())"
    )
    runs = [subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=HOME,
                           env={"PYTHONHASHSEED": seed, "PATH": ""}) for seed in "12"]  # fmt: skip
    assert runs[0].stdout == runs[1].stdout != ""
    f = course_graph()
    assert draw(f).svg == draw(f).svg
    assert " at 0x" not in draw(f)._repr_html_()


def test_alt_text():
    html = draw(course_graph())._repr_html_()
    alt = unescape(re.search(r'alt="([^"]*)"', html)[1])
    assert alt.startswith("Graph of a computation: x = 3, grad 24; y = 4, grad 10; #3 = x * x = 9, grad 4;")
    source = unquote(re.search(r'src="data:image/svg\+xml,([^"]*)"', html)[1])
    root = ET.fromstring(source)
    assert source == draw(course_graph()).svg
    assert root.get("role") == "img"
    assert root.find(SVG + "title").text
    assert "f = #5 + 2 = 42" in root.find(SVG + "desc").text


def test_drawing_again_changes_nothing():
    drawing = draw(course_graph())
    before = repr(drawing), drawing.svg
    assert (repr(drawing), drawing.svg) == before


def test_a_drawing_stays_as_it_was_and_holds_no_graph():
    import gc
    import weakref

    f = course_graph()
    drawing, alive = draw(f), weakref.ref(f)
    f.data = 0.0
    del f
    gc.collect()
    assert alive() is None
    assert "f = 42" in look(drawing).words


def contrast(one, two):
    """The ratio that WCAG 2 defines."""

    def luminance(colour):
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        parts = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return np.dot([0.2126, 0.7152, 0.0722], parts)

    low, high = sorted([luminance(one), luminance(two)])
    return (high + 0.05) / (low + 0.05)


def test_colours_can_be_read():
    from minigrad.draw import FILL, GREY, HEAD, INK, SLOPE, SOFT

    for fill, border in FILL.values():
        assert min(contrast(fill, text) for text in (INK, SOFT, SLOPE)) > 4.5
        assert contrast(fill, border) > 3
    assert contrast(HEAD, INK) > 4.5
    assert min(contrast(GREY, page) for page in ("#ffffff", "#111111")) > 3


# ---------------------------------------------------------------- DOT


def test_dot():
    text = dot(course_graph())
    assert text.startswith("digraph {")
    assert text.endswith("}")
    assert len(re.findall(r"^  n\d+ \[label=", text, re.M)) == 6
    assert len(re.findall(r"^  n\d+ -> n\d+$", text, re.M)) == 7
    assert r'label="x = 3\ngrad 24"' in text


def test_dot_escapes():
    a = Scalar(1.0, label='say "\\"')
    line = next(line for line in dot(a).splitlines() if line.startswith("  n1 ["))
    quoted = re.search(r'label="((?:[^"\\]|\\.)*)"', line)[1]
    assert re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], quoted) == 'say "\\" = 1\ngrad 0'


# ---------------------------------------------------------------- what goes wrong


@pytest.mark.parametrize("show", [draw, dot])
def test_errors_teach(show):
    with pytest.raises(TypeError, match=r"this is a float.*mg\.Scalar"):
        show(3.0)
    with pytest.raises(TypeError, match="this is a list"):
        show([Scalar(1.0)])
    a = Scalar(1.0)
    with pytest.raises(TypeError, match=r'names=\{"w": w\}'):
        show(a, {a: "a"})
    with pytest.raises(TypeError, match=r'names=\{"w": w\}'):
        show(a, "a")
    with pytest.raises(ValueError, match="at least 1; it was 0"):
        show(a, limit=0)


def test_without_networkx(monkeypatch):
    monkeypatch.setitem(sys.modules, "networkx", None)
    drawing = draw(course_graph())
    assert "f = #5 + 2 = 42" in repr(drawing)
    assert "n1 -> n3" in dot(course_graph())
    with pytest.raises(ImportError, match=r"minigrad\[notebooks\]"):
        drawing._repr_html_()


def test_importing_loads_nothing_heavy():
    program = "import sys, minigrad.draw; print('networkx' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=HOME)
    assert run.stdout == "False\n"


# ---------------------------------------------------------------- in words


def test_numbers():
    assert [number(x) for x in (42.0, -0.0, 1 / 3, 1234.56, 1e-9, float("nan"), float("-inf"), 7, True)] == [
        "42", "0", "0.3333", "1234.56", "1e-09", "nan", "-inf", "7", "True"
    ]  # fmt: skip


def test_literals_have_no_addresses():
    assert literal(object()) == "<object object>"
    assert literal(np.dtype("float64")) == literal(np.float64) == "float64"
    assert literal(mg.zeros(2, 3).value) == "float32[2, 3]"
    assert literal(slice(None, None, -1)) == "::-1"


@pytest.mark.parametrize(
    ("long", "short"),
    [("· + ·", "+"), ("· ** 2", "** 2"), ("2 - ·", "2 -"), ("exp(·)", "exp"), ("maximum(·, ·)", "maximum"),
     ("sum(·, dim=1)", "sum(dim=1)"), ("cat(·, ·, dim=1)", "cat(dim=1)"), ("where(·, ·, 0)", "where(·, ·, 0)"),
     ("·[0]", "[0]")],
)  # fmt: skip
def test_brief(long, short):
    assert brief(long) == short


def test_every_row_of_the_table_can_be_said():
    """The sign of an operator comes from its row; no other row may look as if it had one."""
    from minigrad.ops import rows

    said = {}
    for name, op in rows.items():
        if op.differentiable:
            y = Tensor.wrap(np.zeros(1, "float32"))
            y.op, y.params, y.inputs = op, {}, None
            said[name] = formula(y, "abc")
    assert {name: text for name, text in said.items() if not text.startswith(name + "(")} == {
        "add": "a + b", "sub": "a - b", "mul": "a * b", "div": "a / b", "pow": "a ** b", "remainder": "a % b",
        "matmul": "a @ b", "neg": "-a", "getitem": "a[]",
    }  # fmt: skip
