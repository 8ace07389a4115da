"""The rows that networks add to the table, differentiated twice, and the compositions that fused rows equal."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import fused
from minigrad.nn.windows import max_pool, overlap, windows


def leaf(*shape):
    """Random numbers that require a gradient, in float64."""
    return mg.randn(*shape, dtype=mg.float64, requires_grad=True)


@pytest.mark.parametrize(("kernel", "stride"), [((2, 2), (1, 1)), ((2, 3), (2, 1)), ((3, 3), (2, 3))])
def test_windows_and_overlap_are_each_others_derivative(kernel, stride):
    """To second order, and <overlap(y), x> = <y, windows(x)>: one is the transpose of the other."""
    x = leaf(2, 6, 7)
    y = windows(x, kernel, stride)
    assert mg.autograd.gradcheck(lambda x: windows(x, kernel, stride), x)
    assert mg.autograd.gradgradcheck(lambda x: windows(x, kernel, stride) ** 2, x)
    other = leaf(*y.shape)
    assert mg.autograd.gradcheck(lambda y: overlap(y, kernel, stride, x.shape), other)
    left, right = (overlap(other, kernel, stride, x.shape) * x).sum(), (other * y).sum()
    assert mg.allclose(left, right)


@pytest.mark.parametrize(("kernel", "stride"), [((2, 2), (2, 2)), ((2, 2), (1, 1)), ((2, 3), (3, 1))])
def test_max_pool_equals_its_composition(kernel, stride):
    """In value, gradient and second derivative; among equals the first takes the gradient."""

    def composed(x):
        return windows(x, kernel, stride).flatten(-2).max(-1).values

    x = mg.randint(0, 5, (2, 7, 6)).double().requires_grad_()  # with many equals
    assert (max_pool(x, kernel, stride) == composed(x)).all()
    fast, slow = (mg.grad((pool**3).sum(), x)[0] for pool in (max_pool(x, kernel, stride), composed(x)))
    assert mg.allclose(fast, slow)
    x = leaf(2, 7, 6)
    assert mg.autograd.gradcheck(lambda x: max_pool(x, kernel, stride), x)
    assert mg.autograd.gradgradcheck(lambda x: max_pool(x, kernel, stride) ** 2, x)


def test_a_change_of_the_image_after_its_windows_is_noticed():
    """Windows look into the image's memory."""
    x = leaf(3, 3)
    y = (windows(x, (2, 2), (1, 1)) ** 2).sum()
    with mg.no_grad():
        x += 1
    with pytest.raises(RuntimeError, match="changed in place"):
        y.backward()


ROWS = {
    "linear": (lambda: (leaf(5, 4), leaf(3, 4), leaf(3)), lambda x, w, b: x @ w.T + b),
    "weighted_sum": (lambda: [leaf(2) for _ in range(5)], lambda b, w1, w2, x1, x2: b + w1 * x1 + w2 * x2),
    "binary_entropy": (
        lambda: [mg.tensor(np.random.default_rng(i).uniform(0.1, 0.9, 4), requires_grad=True) for i in range(2)],
        lambda p, t: -(t * mg.log(p) + (1 - t) * mg.log(1 - p)),
    ),
}


@pytest.mark.parametrize("ignored", [None, -100])
def test_fused_cross_entropy_equals_its_composition(ignored):
    """In value, gradient and second derivative; the row of an ignored target has none."""
    x, target = leaf(5, 4), mg.tensor([0, 3, ignored or 2, 1, 1])
    kept = mg.tensor([0, 1, 3, 4] + [2] * (ignored is None))

    def composed(x):
        return -x.log_softmax(1)[kept, target[kept]].mean()

    def row(x):
        return fused.cross_entropy(x, target, ignored)

    assert mg.allclose(row(x), composed(x))
    (fast,), (slow,) = mg.grad(row(x), x), mg.grad(composed(x), x)
    assert mg.allclose(fast, slow)
    assert ignored is None or (fast[2] == 0).all()
    assert mg.autograd.gradgradcheck(row, x)


def test_fused_cross_entropies_equal_their_composition():
    """For each row, in value, gradient and second derivative."""
    x, target, weights = leaf(5, 4), mg.tensor([0, 3, 2, 1, 1]), leaf(5)

    def composed(x):
        return -x.log_softmax(1)[mg.arange(5), target]

    assert mg.allclose(fused.cross_entropies(x, target), composed(x))
    slopes = [mg.grad(row(x) @ weights, x)[0] for row in (lambda x: fused.cross_entropies(x, target), composed)]
    assert mg.allclose(*slopes)
    assert mg.autograd.gradgradcheck(lambda x: fused.cross_entropies(x, target), x)


def test_every_fused_row_has_a_composition():
    """A new one is entered above."""
    rows = {name for name, op in vars(fused).items() if isinstance(op, fused.Op) and name not in mg.ops.rows}
    assert rows == {*ROWS, "cross_entropy", "cross_entropies"}


@pytest.mark.parametrize("name", ROWS)
def test_fused_row_equals_its_composition(name):
    """In value, gradient and second derivative."""
    make, composed = ROWS[name]
    row, inputs = getattr(fused, name), make()
    assert mg.allclose(row(*inputs), composed(*inputs))
    for fast, slow in zip(
        mg.autograd.grad(row(*inputs).sum(), inputs), mg.autograd.grad(composed(*inputs).sum(), inputs), strict=True
    ):
        assert mg.allclose(fast, slow)
    assert mg.autograd.gradcheck(row, inputs)
    assert mg.autograd.gradgradcheck(row, inputs)
