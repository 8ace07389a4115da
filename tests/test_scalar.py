"""Scalars: everything micrograd's Value does under its spelling, and the networks of neurons built on them.

What is expected was computed by hand, by micrograd's rules, or by PyTorch on tensors of one number.
"""

import copy
import math
import pickle
from functools import reduce

import numpy as np
import pytest

import minigrad as mg
from minigrad.scalar import MLP, Layer, Neuron, Scalar


def test_micrograds_readme_example():
    """The example of https://github.com/karpathy/micrograd with its printed results."""
    a, b = Scalar(-4.0), Scalar(2.0)
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    g += 10.0 / f
    g.backward()
    assert (f"{g.data:.4f}", f"{a.grad:.4f}", f"{b.grad:.4f}") == ("24.7041", "138.8338", "645.5773")


def test_micrograds_sanity_check(torch):
    def program(x):
        z = 2 * x + 2 + x
        q = z.relu() + z * x
        h = (z * z).relu()
        return h + q + q * x

    x, t = Scalar(-4.0), torch.tensor([-4.0], dtype=torch.float64, requires_grad=True)
    y, u = program(x), program(t)
    y.backward()
    u.backward()
    assert (y.data, x.grad) == (u.item(), t.grad.item())


def test_operators_on_both_sides_and_with_numbers():
    x = Scalar(3.0)
    results = [
        x + 1,
        1 + x,
        x - 1,
        1 - x,
        x * 2,
        2 * x,
        x / 2,
        2 / x,
        x**2,
        2**x,
        -x,
        abs(-x),
        x % 2,
        x // 2,
        7 // x,
        sum([x, x]),
    ]
    assert [y.data for y in results] == [4, 4, 2, -2, 6, 6, 1.5, 2 / 3, 9, 8, -3, 3, 1, 1, 2, 6]
    assert all(isinstance(y, Scalar) for y in results)
    for number in (np.float32(2), np.float64(2), np.int64(2), True):
        assert isinstance(number * x, Scalar)
        assert isinstance(x * number, Scalar)
        assert (number * x).data == 3 * float(number)


def test_comparisons_are_pythons():
    a, b = Scalar(3.0), Scalar(4.0)
    assert [a < b, a > b, a <= 3, a >= 4, a == 3.0, a != b] == [True, False, True, False, True, True]
    assert [type(a < b), max(a, b) is b, sorted([b, a])[0] is a, bool(Scalar(0.0)), float(a), a.item()] == [
        bool,
        True,
        True,
        False,
        3.0,
        3.0,
    ]
    assert {a: 1}[a] == 1


FUNCTIONS = "exp log log1p expm1 sqrt sin cos tan tanh erf abs relu sigmoid softplus leaky_relu".split()


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("at", [0.5, 2.0])
def test_functions_and_methods_have_the_same_derivative(name, at):
    a, b = Scalar(at), Scalar(at)
    y, z = getattr(mg, name)(a), getattr(b, name)()
    y.backward()
    z.backward()
    eps, f = 1e-6, lambda x: getattr(mg, name)(x)
    assert y.data == z.data == f(at)
    assert a.grad == b.grad == pytest.approx((f(at + eps) - f(at - eps)) / (2 * eps), rel=1e-6)


def test_kinks_and_powers_at_zero():
    for f, slope in (
        (lambda x: x.relu(), 0),
        (lambda x: abs(x), 0),
        (lambda x: x**2, 0),
        (lambda x: x**1, 1),
        (lambda x: x**0, 0),
        (lambda x: mg.maximum(x, Scalar(0.0)), 0.5),
        (lambda x: x.clamp(0, 1), 1),
        (lambda x: mg.where(x > 0, mg.log(Scalar(1.0)), x), 1),
    ):
        x = Scalar(0.0)
        f(x).backward()
        assert x.grad == slope
    x = Scalar(-3.0)
    (x**3).backward()
    assert x.grad == 27
    assert [mg.tanh(1000.0), mg.sigmoid(-1000.0), Scalar(1000.0).sigmoid().data, Scalar(1000.0).softplus().data] == [
        1,
        0,
        1,
        1000,
    ]


def test_a_variable_exponent():
    a, b = Scalar(2.0), Scalar(3.0)
    (a**b).backward()
    assert (a.grad, b.grad) == (12, pytest.approx(8 * math.log(2)))


@pytest.mark.parametrize(
    ("f", "error", "words"),
    [
        (lambda: Scalar(1.0) / Scalar(0.0), ZeroDivisionError, "div of 1.0, 0.0"),
        (lambda: Scalar(-1.0).log(), ValueError, "log of -1.0"),
        (lambda: Scalar(0.0) ** -1, (ValueError, ZeroDivisionError), "pow of 0.0, -1"),
        (lambda: Scalar(1000.0).exp(), OverflowError, "exp of 1000.0"),
        (lambda: Scalar(0.0).sqrt().backward(), ZeroDivisionError, "sqrt|div"),
        (lambda: Scalar([1.0, 2.0]), TypeError, "mg.tensor"),
        (lambda: Scalar(np.ones(2)), TypeError, "mg.tensor"),
        (lambda: Scalar("3"), TypeError, "str"),
        (lambda: Scalar(None), TypeError, "NoneType"),
        (lambda: Scalar(Scalar(1.0)), TypeError, "Scalar"),
        (lambda: Scalar(1.0) + "a", TypeError, "add"),
        (lambda: Scalar(1.0) * [1.0], TypeError, "mul"),
        (lambda: Scalar(1.0) * np.ones(2), TypeError, "mg.tensor"),
        (lambda: np.ones(2) * Scalar(1.0), TypeError, "mg.tensor"),
        (lambda: Scalar(1.0) * mg.ones(2), TypeError, "mg.tensor"),
        (lambda: Neuron(3)([1.0]), ValueError, "3 inputs was given 1"),
        (lambda: MLP(2, [3, 1])([1.0, 2.0, 3.0]), ValueError, "2 inputs was given 3"),
    ],
)  # fmt: skip
def test_errors_name_the_operation(f, error, words):
    with pytest.raises(error, match=words):
        f()


def test_every_node_keeps_its_gradient_and_backward_can_be_called_again():
    a, b = Scalar(2.0, label="a"), Scalar(3.0)
    c = a * b
    d = c + a
    d.backward()
    assert [x.grad for x in (d, c, b, a)] == [1, 1, 2, 4]
    d.backward()  # adds, as in PyTorch
    assert [x.grad for x in (d, c, b, a)] == [2, 2, 4, 8]
    assert c.op.name == "mul"
    assert c.inputs == (a, b)
    assert "label='a'" in repr(a)
    assert repr(Scalar(1.5)) == "Scalar(data=1.5, grad=0)"


def test_nothing_is_recorded_under_no_grad():
    a = Scalar(2.0)
    with mg.no_grad():
        b = a * 3
    assert (b.requires_grad, b.is_leaf, a.requires_grad) == (False, True, True)
    (b * a).backward()
    assert a.grad == 6


def test_training_by_hand():
    """Gradient descent as micrograd's notebooks write it."""
    w = Scalar(0.0)
    for _ in range(50):
        loss = (w * 2 - 6) ** 2
        w.grad = 0.0
        loss.backward()
        w.data -= 0.05 * w.grad
    assert w.data == pytest.approx(3)


def test_scalars_can_be_copied_and_stored():
    a = Scalar(2.0, label="a")
    for b in (copy.copy(a), copy.deepcopy(a), pickle.loads(pickle.dumps(a))):
        assert (b.data, b.label, b.requires_grad, b is a) == (2.0, "a", True, False)


# ---------------------------------------------------------------- neurons


def test_the_fused_neuron_equals_the_composed_one():
    for nonlin in (True, False):
        neuron = Neuron(4, nonlin=nonlin)
        x = [Scalar(v) for v in (1.0, -2.0, 0.5, 3.0)]
        fused, composed = neuron(x), neuron.composed(x)
        assert fused.data == pytest.approx(composed.data, rel=1e-12, abs=1e-12)
        many = [*neuron.parameters(), *x]
        assert mg.grad(fused, many) == pytest.approx(mg.grad(composed, many))
        (slope,) = mg.grad(neuron(x) * x[0] * neuron(x), x[0], create_graph=True)
        (again,) = mg.grad(neuron.composed(x) * x[0] * neuron.composed(x), x[0], create_graph=True)
        assert mg.grad(slope, x[0], allow_unused=True) == pytest.approx(mg.grad(again, x[0], allow_unused=True))


def test_a_network_is_pytorchs(torch):
    model = MLP(3, [4, 4, 1])
    inputs, targets = [[1.0, -2.0, 0.5], [0.1, 0.2, 0.3]], [1.0, -1.0]
    loss = sum((model(x) - t) ** 2 for x, t in zip(inputs, targets, strict=True))
    model.zero_grad()
    loss.backward()

    def there(numbers):
        return torch.tensor(numbers, dtype=torch.float64, requires_grad=True)

    weights = [
        (there([[p.data for p in n.w] for n in layer.neurons]), there([n.b.data for n in layer.neurons]))
        for layer in model.layers
    ]
    h = torch.tensor(inputs, dtype=torch.float64)
    for i, (w, b) in enumerate(weights):
        h = h @ w.T + b
        h = h.relu() if i < 2 else h
    expected = ((h[:, 0] - torch.tensor(targets, dtype=torch.float64)) ** 2).sum()
    expected.backward()
    assert loss.data == pytest.approx(expected.item(), rel=1e-12)
    for layer, (w, b) in zip(model.layers, weights, strict=True):
        for n, (neuron, gw, gb) in enumerate(zip(layer.neurons, w.grad, b.grad, strict=True)):
            assert [p.grad for p in neuron.parameters()] == pytest.approx(
                [*gw.tolist(), gb.item()], rel=1e-9, abs=1e-12
            ), n


def test_parameters_zero_grad_and_names():
    model = MLP(2, [3, 1])
    assert len(model.parameters()) == 2 * 3 + 3 + 3 + 1
    assert model.parameters() == [*model.layers[0].parameters(), *model.layers[1].parameters()]
    model([1.0, 2.0]).backward()
    model.zero_grad()
    assert {p.grad for p in model.parameters()} == {0.0}
    assert all(-1 <= w.data <= 1 for w in model.layers[0].neurons[0].w)
    assert (model.layers[0].neurons[0].b.data, str(Neuron(2)), str(Neuron(2, nonlin=False))) == (
        0.0,
        "ReLUNeuron(2)",
        "LinearNeuron(2)",
    )
    assert str(model).startswith("MLP of [Layer of [ReLUNeuron(2), ")
    assert isinstance(Layer(2, 1)([1.0, 2.0]), Scalar)
    assert len(Layer(2, 3)((1, Scalar(2.0)))) == 3
    twin = copy.deepcopy(model)
    twin.parameters()[0].data = 9
    assert model.parameters()[0].data != 9


def test_seeds_make_networks_equal():
    a = MLP(2, [3, 1], generator=mg.Generator().manual_seed(1)).parameters()
    b = MLP(2, [3, 1], generator=mg.Generator().manual_seed(1)).parameters()
    assert [p.data for p in a] == [p.data for p in b]


def test_a_deep_reduction():
    x = Scalar(1.0001)
    y = reduce(lambda a, _: a * x, range(5000), x)
    y.backward()
    assert x.grad == pytest.approx(5001 * 1.0001**5000)
