"""What learners trip over, gathered from the issue threads of other engines: one test for each line of the list.

Every test's docstring is the trap in the list's words. Most are tested more widely elsewhere; here each stands as a
learner would meet it.
"""

import gc
import time
import weakref

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn


def leaf(*numbers):
    """A float32 tensor that requires a gradient; of one number, a tensor without dimensions."""
    return mg.tensor([float(n) for n in numbers] if len(numbers) > 1 else float(numbers[0]), requires_grad=True)


BOTH = pytest.mark.parametrize("make", [mg.Scalar, leaf], ids=["Scalar", "Tensor"])


@BOTH
def test_01_why_a_topological_order(make):
    """`b = a + a; c = b + b` gives `dc/da = 4`; three doublings give 8."""
    a = make(1.0)
    b = a + a
    c = b + b
    c.backward()
    assert a.grad == 4
    a = make(1.0)
    x = a
    for _ in range(3):
        x = x + x
    x.backward()
    assert a.grad == 8


def test_02_zeroing_and_calling_backward_twice():
    """For `y = x**3` at 3: 27; again it raises and says `retain_graph=True`; with it the leaf holds 54, never 45."""
    x = leaf(3)
    y = x**3
    y.backward()
    assert x.grad == 27
    with pytest.raises(RuntimeError, match="retain_graph=True"):
        y.backward()
    for build in (lambda x: x**3, lambda x: x * x * x):
        x = leaf(3)
        y = build(x)
        y.backward(retain_graph=True)
        y.backward()
        assert x.grad == 54
    s = mg.Scalar(3.0)
    y = s * s * s
    y.backward()
    y.backward()
    assert s.grad == 54
    x.grad.zero_()
    (x * 2).backward()
    assert x.grad == 2


NAMES = "exp log tanh sigmoid sqrt sin cos abs maximum minimum where clip clamp max min".split()
NAMES += ["softmax", "log_softmax", "logsumexp"]


@pytest.mark.parametrize("name", NAMES)
def test_03_no_function_is_missing(name):
    """exp, log, tanh, sigmoid, sqrt, sin, cos, abs, max, min, where, clip, softmax, log_softmax, logsumexp."""
    assert callable(getattr(mg, name))
    assert callable(getattr(mg.Tensor, name))


def test_03_powers_and_numbers_on_the_left():
    """pow with variable exponent, `2**x`, `1 - x`, `2 / x`."""
    x, y = leaf(2), leaf(3)
    (x**y + 2**x + (1 - x) + 2 / x).backward()
    assert x.grad.item() == pytest.approx(3 * 4 + 4 * np.log(2) - 1 - 2 / 4, rel=1e-6)
    assert y.grad.item() == pytest.approx(8 * np.log(2), rel=1e-6)


@pytest.mark.parametrize(
    ("f", "at", "value", "slope"),
    [
        (mg.tanh, [1000.0], [1], [0]),
        (mg.sigmoid, [-1000.0, 1000.0], [0, 1], [0, 0]),
        (lambda x: mg.softmax(x, 0)[0], [1000.0, 0.0], 1, [0, 0]),
        (lambda x: mg.log_softmax(x, 0)[1], [1000.0, 0.0], -1000, [-1, 1]),
        (lambda x: nn.functional.cross_entropy(x[None], mg.tensor([1])), [1000.0, -1000.0], 2000, [1, -1]),
        (lambda x: nn.functional.binary_cross_entropy_with_logits(x, mg.tensor([0.0])), [1000.0], 1000, [1]),
    ],
)
def test_03_stable_for_huge_inputs(f, at, value, slope):
    """`tanh(1000)`, `sigmoid(-1000)`, `softmax([1000, 0])`, cross-entropy with huge logits: all finite."""
    x = mg.tensor(at, requires_grad=True)
    y = f(x)
    y.sum().backward()
    np.testing.assert_allclose(y.detach().numpy(), value, atol=1e-6)
    np.testing.assert_allclose(x.grad.numpy(), slope, atol=1e-6)


def test_04_the_same_code_on_tensors_and_numbers():
    """The same code on tensors and on a GPU (every row there: tests/test_backend.py)."""

    def f(x, device="cpu"):
        return mg.tanh(x * 2 + 1) ** 2

    numbers = [f(0.5), f(np.array(0.5)).item(), f(mg.Scalar(0.5)).data, f(mg.tensor(0.5, dtype=mg.float64)).item()]
    assert numbers == pytest.approx([np.tanh(2) ** 2] * 4, rel=1e-14)
    if mg.cuda.is_available():
        assert f(mg.tensor(0.5).cuda()).item() == pytest.approx(np.tanh(2) ** 2)


def test_05_no_recursion_limit():
    """A chain of 10^6 ops sweeps; deleting it does not overflow the stack; 10^5 summands stay linear in time."""
    gc.disable()
    try:
        x = mg.Scalar(1.0)
        y = x
        for _ in range(1_000_000):
            y = -y
        (g,) = mg.grad(y, x)
        assert g == 1
        last = weakref.ref(y)
        del y
        assert last() is None
    finally:
        gc.enable()
    x = leaf(1)
    start = time.perf_counter()
    sum(x for _ in range(100_000)).backward()
    assert x.grad == 100_000
    assert time.perf_counter() - start < 30


@pytest.mark.parametrize("change", ["x[0] = 1", "x += 1", "x.data *= 2"])
def test_06_in_place_change_between_forward_and_backward(change):
    """`x[0] = 1`, `x += 1`, `x.data *= 2`: it works and the gradient is right, or an error names op and alternative."""

    def program(x):
        y = (x * x).sum()
        exec(change, {"x": x})
        y.backward()

    with pytest.raises(RuntimeError, match=r"mul.*changed in place.*clone|no_grad"):
        program(leaf(1, 2))
    with pytest.raises(RuntimeError, match=r"mul.*changed in place.*clone"):
        program(leaf(1, 2) * 1)
    w = leaf(1, 2)
    x = w * 1
    exec(change.replace(".data", ""), {"x": x})  # changed first, used later: right
    (x * x).sum().backward()
    assert w.grad.tolist() == {"x[0] = 1": [0, 4], "x += 1": [4, 6], "x.data *= 2": [8, 16]}[change]


SHAPES = [(), (3,), (1, 3), (4, 1), (4, 3)]


@pytest.mark.parametrize("b", SHAPES, ids=str)
@pytest.mark.parametrize("a", SHAPES, ids=str)
def test_07_broadcasting_in_backward(a, b):
    """Every binary op over all pairs of shapes: `grad.shape == x.shape`, `grad.dtype == x.dtype`."""
    for op in (
        mg.add,
        mg.sub,
        mg.mul,
        mg.div,
        mg.pow,
        mg.maximum,
        mg.minimum,
        mg.remainder,
        lambda x, y: mg.where(x > 1, x, y),
    ):
        x, y = mg.full(a, 1.5, requires_grad=True), mg.full(b, 2.5, dtype=mg.float64, requires_grad=True)
        op(x, y).sum().backward()
        assert (x.grad.shape, x.grad.dtype, y.grad.shape, y.grad.dtype) == (a, mg.float32, b, mg.float64)


def test_08_nan_from_pow_where_norm_sqrt_and_log():
    """A constant exponent never takes the log of a negative base; `where` doesn't leak the branch not taken; norm."""
    for f, at, slope in (
        (lambda x: x**2, [-3.0, 0.0], [-6, 0]),
        (lambda x: x**3.0, [-1.0, 0.0], [3, 0]),
        (lambda x: mg.where(x > 0, mg.sqrt(x), 0.0), [0.0, 4.0], [0, 0.25]),
        (lambda x: mg.where(x > 0, mg.log(x), 0.0), [-1.0, 0.5], [0, 2]),
        (lambda x: x.norm(), [0.0, 0.0], [0, 0]),
        (lambda x: x.norm(p=3), [0.0, 0.0], [0, 0]),
        (lambda x: x.std(), [2.0, 2.0], [0, 0]),
        (lambda x: mg.sqrt(x * 0 + 4), [0.0, 1.0], [0, 0]),
        (lambda x: x.relu() + x.abs(), [0.0, -1.0], [0, -1]),
    ):
        x = mg.tensor(at, requires_grad=True)
        f(x).sum().backward()
        np.testing.assert_allclose(x.grad.numpy(), slope, rtol=1e-6)


def test_08_zero_times_the_logarithm_of_zero():
    """0·log 0: as in an entropy, where a probability of 0 counts for nothing."""
    p = mg.tensor([0.0, 1.0], requires_grad=True)
    entropy = mg.where(p > 0, p * mg.log(p), 0.0).sum()
    entropy.backward()
    assert (entropy.item(), p.grad.tolist()) == (0, [0, 1])


def test_09_reflected_operators_and_arrays_on_the_left():
    """`1 - x`, `2 / x`, `2 ** x`, `M @ x`, `ndarray * x`, `np.float32(2) * x` give a Tensor with the right sign."""
    x, M = mg.tensor([1.0, 2.0], requires_grad=True), np.array([[1.0, 2.0], [3.0, 4.0]], "float32")
    for y, expected in (
        (1 - x, [0, -1]),
        (2 / x, [2, 1]),
        (2**x, [2, 4]),
        (M @ x, [5, 11]),
        (M[0] * x, [1, 4]),
        (M[0] - x, [0, 0]),
        (np.float32(2) * x, [2, 4]),
        (np.float64(1) - x, [0, -1]),
        (5 // x, [5, 2]),
        (5 % x, [0, 1]),
    ):
        assert isinstance(y, mg.Tensor)
        assert (y.tolist(), y.dtype) == (expected, mg.float32)
    with pytest.raises(TypeError, match=r"mg\.exp\(x\)"):
        np.exp(x)


def test_10_float32_stays_float32():
    """Through every op and its gradient; Python ints and floats don't promote (every row: tests/test_ops.py)."""
    x = leaf(1, 2)
    y = ((x * 2 + 0.5) / 3 - 1) ** 2
    for z in (
        y,
        y.mean(),
        y.std(),
        mg.softmax(y, 0),
        y.norm(),
        mg.logsumexp(y, 0),
        y * np.float64(2),
        mg.gelu(y),
        y.var(),
        y * mg.tensor([1, 2]),
    ):
        assert z.dtype == mg.float32
        (g,) = mg.grad(z.sum(), x, retain_graph=True)
        assert g.dtype == mg.float32


def test_11_integer_input_with_requires_grad():
    """Refused, with the remedy."""
    for make in (
        lambda: mg.tensor([1, 2], requires_grad=True),
        lambda: mg.arange(3).requires_grad_(),
        lambda: mg.tensor(np.arange(3), requires_grad=True),
    ):
        with pytest.raises(RuntimeError, match=r"1\., 2\..*\.float\(\)"):
            make()


def test_12_backward_where_there_is_nothing_to_do():
    """Backward on a non-scalar, on a constant, on a freed graph; grad of something unused: each its own clear error."""
    x, unused = leaf(1, 2), leaf(1)
    y = x * x
    messages = []
    for attempt in (
        y.backward,
        mg.ones(1).backward,
        lambda: (y.sum().backward(), y.sum().backward()),
        lambda: mg.grad(x.sum(), unused),
    ):
        with pytest.raises(RuntimeError) as error:
            attempt()
        messages.append(str(error.value))
    for message, words in zip(
        messages, ["y.sum().backward()", "requires_grad=True", "retain_graph=True", "allow_unused=True"], strict=True
    ):
        assert words in message


def test_13_drawing_needs_no_system_program(monkeypatch):
    """Pictures with nothing but pip; DOT text for who has Graphviz; `a * a` shows two edges."""
    draw = pytest.importorskip("minigrad.draw")
    monkeypatch.setenv("PATH", "")
    a = mg.Scalar(3.0, label="a")
    text = draw.dot(a * a)
    assert text.startswith("digraph")
    assert text.count("->") == 2  # one for each time that a is used
    assert "svg+xml" in draw.draw(a * a)._repr_html_()


def test_14_memory():
    """10,000 training steps with the garbage collector disabled leave no growth (shorter here: tests/test_tape.py)."""
    model, optimise = nn.Linear(3, 1), lambda p: p.sub_(0.01 * p.grad)
    x = mg.randn(4, 3)

    def train(steps):
        for _ in range(steps):
            model.zero_grad()
            model(x).square().mean().backward()
            with mg.no_grad():
                for p in model.parameters():
                    optimise(p)

    gc.collect()
    gc.disable()
    try:
        train(50)
        before = len(gc.get_objects())
        train(1000)
        assert len(gc.get_objects()) - before < 20
    finally:
        gc.enable()


def test_15_a_misspelt_attribute_of_a_module():
    """It raises and suggests the nearest name; parameters come in definition order."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.second = nn.Linear(4, 3)
            self.first = nn.Linear(3, 1)

    net = Net()
    with pytest.raises(AttributeError, match="second"):
        net.secnd
    with pytest.raises(AttributeError, match="weight"):
        net.first.wieght
    assert [name for name, _ in net.named_parameters()] == [
        "second.weight",
        "second.bias",
        "first.weight",
        "first.bias",
    ]


def test_16_shapes_are_said_before_anything_is_computed():
    """`Linear(4, 3)` fed `(5, 7)`: expected last dimension 4, got 7. Labels of the wrong dtype, range or shape."""
    with pytest.raises(ValueError, match=r"4.*7"):
        nn.Linear(4, 3)(mg.ones(5, 7))
    logits = mg.zeros(2, 3)
    for labels in (mg.tensor([0, 3]), mg.tensor([-1, 0]), mg.tensor([0, 1, 2]), mg.tensor([0.0, 1.0])):
        with pytest.raises((ValueError, TypeError, IndexError), match=r"class|target|label"):
            nn.functional.cross_entropy(logits, labels)
