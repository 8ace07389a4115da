"""Lesson 02: its framework against the engine, its cells against its module, and the numbers that its text names."""

import ast
from pathlib import Path

import nbformat
import numpy as np
import pytest

import minigrad as mg
from minigrad.course import handmade
from minigrad.course.lesson_02 import figures
from minigrad.nn import functional

NOTEBOOK = Path(__file__).resolve().parents[2] / "notebooks" / "02_backprop_by_hand.ipynb"
CELLS = [cell.source for cell in nbformat.read(NOTEBOOK, as_version=4).cells if cell.cell_type == "code"]


def definitions(source):
    """The functions and classes of some source by their names, without docstrings, comments and annotations."""
    found = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            for part in ast.walk(node):
                if isinstance(part, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(part):
                    part.body = part.body[1:]
            found[node.name] = ast.dump(node)
    return found


THEIRS = {name: text for source in CELLS for name, text in definitions(source).items()}


@pytest.mark.parametrize("name", ["Activation", "Network", "softmax", "numeric_gradient"])
def test_the_module_is_what_the_lesson_shows(name):
    assert THEIRS[name] == definitions(Path(handmade.__file__).read_text(encoding="utf-8"))[name]


@pytest.mark.parametrize("activation", handmade.RULES)
def test_layers_have_the_gradients_that_the_engine_finds(activation):
    x, Y = handmade.xor()
    network = handmade.two_layers(5, *handmade.RULES[activation], seed=3)
    first, _, second = network.layers
    first.b, second.b = first.b + 0.1, second.b - 0.2
    loss = network.forward(x, Y)
    network.backward()
    weights = [mg.tensor(w, requires_grad=True) for w in (first.W, first.b, second.W, second.b)]
    W1, b1, W2, b2 = weights
    hidden = getattr(mg, activation.lower())(mg.tensor(x) @ W1 + b1)
    same = functional.cross_entropy(hidden @ W2 + b2, mg.tensor(Y))
    same.backward()
    assert loss == pytest.approx(same.item())
    for tensor, derived in zip(weights, (first.dW, first.db, second.dW, second.db), strict=True):
        np.testing.assert_allclose(derived, tensor.grad.numpy(), atol=1e-12)


def by_hand():
    """The function `by_hand` as the notebook defines it, and its source."""
    source = next(source for source in CELLS if source.startswith("def by_hand"))
    names = {"np": np, "softmax": handmade.softmax}
    exec(source, names)
    return names["by_hand"], source


def test_the_cell_by_hand_gives_what_the_layers_give():
    x, Y = handmade.xor()
    network = handmade.two_layers()
    first, _, second = network.layers
    loss, gradients = by_hand()[0](x, Y, first.W, first.b, second.W, second.b)
    assert loss == network.forward(x, Y)
    network.backward()
    for lines, layers in zip(gradients, (first.dW, first.db, second.dW, second.db), strict=True):
        np.testing.assert_array_equal(lines, layers)


def test_seven_of_its_lines_compute_a_derivative():
    assigned = [line.split(" = ")[0].strip() for line in by_hand()[1].splitlines() if " = " in line]
    assert [name for name in assigned if name.startswith("d")] == ["dz", "dW2", "db2", "dh", "da", "dW1", "db1"]


def test_no_line_gets_more_than_thirty_right():
    x, Y = handmade.xor()
    on, best = Y[:, 1] == 1, 0
    for angle in np.linspace(0, np.pi, 721):
        ordered = on[np.argsort(x @ [np.cos(angle), np.sin(angle)])]
        ups = np.cumsum(np.append(0, np.where(ordered, -1, 1)))  # gained by putting the line after each reading
        best = max(best, 20 + ups.max(), 20 - ups.min())
    assert best == 30


def test_one_layer_can_only_doubt_and_two_layers_learn():
    x, Y = handmade.xor()
    for hidden, end, correct in ((0, "0.69", None), (4, "0.02", 40)):
        networks, losses = handmade.trained(hidden)
        assert len(networks) == len(losses) == 101
        assert f"{losses[-1]:.2f}" == end
        assert correct in (None, figures.right(networks[-1]))
    # by symmetry the best single layer is 0 everywhere: there its gradient vanishes, and its loss is convex
    layer = handmade.Linear(np.zeros((2, 2)), np.zeros(2))
    zero = handmade.Network(layer)
    assert zero.forward(x, Y) == pytest.approx(np.log(2))
    zero.backward()
    np.testing.assert_allclose(layer.dW, 0, atol=1e-15)


def test_with_the_slip_the_loss_falls_all_the_same():
    x, Y = handmade.xor()
    slip = handmade.two_layers(rule=lambda g, x, y: g * (1 - y**2 / 2))
    assert f"{list(handmade.train(slip, x, Y))[-1]:.2f}" == "0.03"


def test_with_two_hidden_neurons_starts_fail_more_often_under_relu():
    """What the lesson lets its reader find with the explorer."""
    fails = {name: [handmade.trained(2, name, s)[1][-1] > 0.3 for s in range(10)] for name in ("tanh", "ReLU")}
    assert np.flatnonzero(fails["tanh"]).tolist() == [2, 5, 6]
    assert sum(fails["ReLU"]) == 9


def test_heat_maps_say_what_agrees():
    picture = figures.heat_maps({"mine": {"dW": np.full((2, 3), 1e-12), "db": np.array([0, -0.5])}})
    assert "Mine: dW agrees, db off by 0.500." in picture.alt


def test_the_explorer_shows_the_epoch_it_names():
    from minigrad.course.lesson_02.widgets import BoundaryExplorer

    explorer = BoundaryExplorer(epoch=100)
    assert "loss 0.02, 40 of 40" in explorer.words.value
    explorer.train_on()
    assert "after epoch 0: loss 1.33" in explorer.words.value
    explorer.controls["hidden"].value = 0
    assert "One layer, after epoch 0: loss 0.74" in explorer.words.value
