"""Derivatives as functions: grad, Jacobians and Hessians, the checks, own operations, and finding where nan comes from.

A check that never fails is worth nothing, so `gradcheck` is also given operations with planted mistakes.
"""

import numpy as np
import pytest

import minigrad as mg
from minigrad.autograd import Function, detect_anomaly, gradcheck, gradgradcheck, hessian, jacobian, set_detect_anomaly
from minigrad.tape import Op


def leaf(*numbers):
    """A float64 tensor that requires a gradient; of one number, a tensor without dimensions."""
    return mg.tensor(list(numbers) if len(numbers) > 1 else numbers[0], dtype=mg.float64, requires_grad=True)


# ---------------------------------------------------------------- grad


def test_grad_returns_tensors_and_touches_no_grad():
    for x in (leaf(2.0), leaf(1.0, 2.0), mg.tensor(2.0, requires_grad=True)):
        (g,) = mg.grad((x * x).sum(), x)
        assert isinstance(g, mg.Tensor)
        assert (g == 2 * x.detach()).all()
        assert (g.dtype, g.shape, x.grad) == (x.dtype, x.shape, None)


def test_grad_of_several_outputs_with_their_gradients():
    x, y = leaf(1.0, 2.0), leaf(3.0, 4.0)
    gx, gy = mg.grad([x * y, x.sum()], [x, y], [mg.tensor([1.0, 10.0]).double(), None])
    assert (gx.tolist(), gy.tolist()) == ([4, 41], [1, 20])
    assert mg.grad(x, x, mg.ones(2, dtype=mg.float64))[0].tolist() == [1, 1]
    s = x.sum()
    assert mg.grad(s, s)[0] == 1


def test_grad_with_respect_to_what_was_computed():
    x = leaf(1.0, 2.0)
    y = x * 2
    gy, gx = mg.grad((y * y).sum(), [y, x])
    assert (gy.tolist(), gx.tolist()) == ([4, 8], [8, 16])


def test_grad_of_scalars():
    x, y = mg.Scalar(3.0), mg.Scalar(4.0)
    assert mg.grad(x * x * y, [x, y]) == (24.0, 9.0)
    assert (x.grad, y.grad) == (0.0, 0.0)
    (slope,) = mg.grad(x**3, x, create_graph=True)
    assert mg.grad(slope, x) == (18.0,)


def test_what_grad_refuses():
    x, unused = leaf(1.0, 2.0), leaf(1.0)
    with pytest.raises(RuntimeError, match=r"input 1.*allow_unused"):
        mg.grad(x.sum(), [x, unused])
    assert mg.grad(x.sum(), [x, unused], allow_unused=True)[1] is None
    with pytest.raises(RuntimeError, match="requires_grad"):
        mg.grad(x.sum(), mg.ones(2))
    with pytest.raises(RuntimeError, match="sum"):
        mg.grad(x * 2, x)
    with pytest.raises(ValueError, match=r"\(3,\).*\(2,\)"):
        mg.grad(x * 2, x, mg.ones(3))
    with pytest.raises(ValueError, match="1 outputs"):
        mg.grad(x.sum(), x, [None, None])
    with pytest.raises(RuntimeError, match=r"requires a gradient|constant"):
        mg.grad(mg.ones(2).sum(), x)
    y = (x * x).sum()
    mg.grad(y, x, retain_graph=True)
    mg.grad(y, x)
    with pytest.raises(RuntimeError, match="retain_graph"):
        mg.grad(y, x)


# ---------------------------------------------------------------- Jacobians and Hessians

FUNCTIONS = [
    lambda T, x: x * x,
    lambda T, x: T.tanh(x).reshape(2, 2),
    lambda T, x: (x**3).sum(),
    lambda T, x: T.outer(x, x[:2]),
    lambda T, x: T.softmax(x, 0),
]


@pytest.mark.parametrize("f", FUNCTIONS)
def test_jacobians_are_pytorchs(torch, f):
    ours = jacobian(lambda x: f(mg, x), mg.tensor([0.5, 1.0, -2.0, 3.0], dtype=mg.float64))
    theirs = torch.autograd.functional.jacobian(
        lambda x: f(torch, x), torch.tensor([0.5, 1.0, -2.0, 3.0], dtype=torch.float64)
    )
    assert ours.shape == tuple(theirs.shape)
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-10)


def test_jacobians_of_several_inputs_and_of_constants():
    x, y = mg.ones(2), mg.full((3,), 2.0)
    jx, jy = jacobian(lambda x, y: mg.outer(x, y), (x, y))
    assert (jx.shape, jy.shape) == ((2, 3, 2), (2, 3, 3))
    assert jacobian(lambda x: mg.ones(3), x).tolist() == [[0, 0]] * 3
    assert jacobian(lambda x: x * mg.tensor([1.0, 0.0]), x).tolist() == [[1, 0], [0, 0]]
    assert x.grad is None


@pytest.mark.parametrize(
    "f", [lambda T, x: (x**3).sum(), lambda T, x: T.exp(x).prod(), lambda T, x: x.norm(), lambda T, x: x.sum()]
)
def test_hessians_are_pytorchs(torch, f):
    ours = hessian(lambda x: f(mg, x), mg.tensor([0.5, 1.0, -2.0], dtype=mg.float64))
    theirs = torch.autograd.functional.hessian(
        lambda x: f(torch, x), torch.tensor([0.5, 1.0, -2.0], dtype=torch.float64)
    )
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-9, atol=1e-12)


def test_a_hessian_needs_a_single_number_and_works_under_no_grad():
    with pytest.raises(ValueError, match=r"\(2,\)"):
        hessian(lambda x: x * x, mg.ones(2))
    with mg.no_grad():
        assert hessian(lambda x: (x * x).sum(), mg.ones(2)).tolist() == [[2, 0], [0, 2]]


# ---------------------------------------------------------------- the checks find planted mistakes

MISTAKES = {
    "wrong sign": Op("wrong", lambda x: x * x, lambda g, y, x: -2 * g * x),
    "factor": Op("wrong", lambda x: x * x, lambda g, y, x: g * x * 2.01),
    "forgotten g": Op("wrong", lambda x: x * x, lambda g, y, x: 2 * x),
    "one entry": Op("wrong", lambda x: x * x, lambda g, y, x: g * 2 * x * (x != 1.0) + g * (x == 1.0)),
    "no gradient": Op("wrong", lambda x: x * x, lambda g, y, x: None),
    "constant": Op("wrong", lambda x: x * x),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_gradcheck_finds(mistake):
    x = leaf(1.0, -2.0, 3.0)
    with pytest.raises(
        AssertionError, match=r"gradcheck: output 0, input 0: (at \[\d\] the gradient is|in a random direction)"
    ):
        gradcheck(MISTAKES[mistake], x)
    assert gradcheck(MISTAKES[mistake], x, raise_exception=False) is False
    assert x.tolist() == [1, -2, 3]


def test_gradgradcheck_finds_a_second_derivative_that_is_cut_off():
    cut = Op(
        "cut", lambda x: x**3, lambda g, y, x: g * 3 * (x * x).detach() if isinstance(x, mg.Tensor) else g * 3 * x * x
    )
    x = leaf(1.0, -2.0)
    assert gradcheck(cut, x)
    with pytest.raises(AssertionError, match="gradcheck"):
        gradgradcheck(cut, x)
    assert gradgradcheck(lambda x: x**3, x)


def test_gradcheck_takes_what_functions_take_and_give():
    x, y, k = leaf(1.0, 2.0), leaf(3.0), mg.tensor([1, 0])
    assert gradcheck(lambda x, y, k: (x[k] * y, x.sum(), k), (x, y, k))
    assert gradcheck(lambda x: x * mg.tensor([1.0, 2.0]), x)
    assert gradgradcheck(lambda x, y, k: (x[k] * y).exp(), (x, y, k))
    assert gradcheck(lambda x: x @ mg.ones(2, 3, dtype=mg.float64), x)
    with pytest.raises(TypeError, match="float64"):
        gradcheck(mg.exp, mg.ones(2, requires_grad=True))
    with pytest.raises(ValueError, match="requires a gradient"):
        gradcheck(mg.exp, mg.ones(2))


# ---------------------------------------------------------------- own operations


class Cube(Function):
    """Saves its input."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return 3 * x**2 * g


class Exp(Function):
    """Saves its output."""

    @staticmethod
    def forward(ctx, x):
        y = mg.exp(x)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, g):
        (y,) = ctx.saved_tensors
        return g * y


class Scale(Function):
    """Takes a number that is no tensor, and keeps it as an attribute."""

    @staticmethod
    def forward(ctx, x, factor):
        ctx.factor = factor
        return x * factor

    @staticmethod
    def backward(ctx, g):
        return g * ctx.factor, None


class Polar(Function):
    """Two inputs, two outputs, both saved."""

    @staticmethod
    def forward(ctx, x, y):
        r = (x * x + y * y) ** 0.5
        ctx.save_for_backward(x, y, r)
        return r, x * y

    @staticmethod
    def backward(ctx, g, h):
        x, y, r = ctx.saved_tensors
        return g * x / r + h * y, g * y / r + h * x


@pytest.mark.parametrize("f", [Cube.apply, Exp.apply, lambda x: Scale.apply(x, 2.5), lambda x: Polar.apply(x, x * 2)],
                         ids=["saved input", "saved output", "attribute", "two outputs"])  # fmt: skip
def test_own_operations_to_second_order(f):
    x = leaf(0.5, -1.5)
    assert gradcheck(f, x)
    assert gradgradcheck(f, x)


def test_own_operations_in_a_program():
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    y = Cube.apply(x)
    assert "Cube" in repr(y)
    (y.sum() + Scale.apply(x, 10).sum()).backward()
    assert x.grad.tolist() == [13, 22]
    assert x.grad.dtype == mg.float32
    with mg.no_grad():
        assert not Cube.apply(x).requires_grad
    assert not Cube.apply(mg.ones(2)).requires_grad
    _, area = Polar.apply(x, x)
    (g,) = mg.grad(area.sum(), x)  # only one of two outputs is used
    assert g.tolist() == [2, 4]
    with pytest.raises(RuntimeError, match="second time"):
        (y * 1).sum().backward(), (y * 1).sum().backward()


def make(forward, backward):
    """A Function of two functions."""
    return type("Mine", (Function,), {"forward": staticmethod(forward), "backward": staticmethod(backward)})


def test_mistakes_in_own_operations_are_named():
    x = mg.ones(2, requires_grad=True)
    cases = [
        (lambda ctx, x: x * 1, lambda ctx, g: (g, g), ValueError, "Mine.backward returned 2 gradients for 1"),
        (
            lambda ctx, x: x * 1,
            lambda ctx, g: g.sum(),
            ValueError,
            r"Mine.backward: the gradient of input 0 has shape \(\)",
        ),
        (lambda ctx, x: x * 1, lambda ctx, g: 1.0, ValueError, "float"),
        (lambda ctx, x: 1.0, lambda ctx, g: g, TypeError, "Mine.forward must return tensors.*float"),
    ]
    for forward, backward, error, words in cases:
        with pytest.raises(error, match=words):
            make(forward, backward).apply(x).sum().backward()
    y = make(lambda ctx, x: x * 1, lambda ctx, g: None).apply(x)
    y.sum().backward()
    assert x.grad is None
    assert make(lambda ctx, x: x.argmax(), lambda ctx, g: g).apply(x).requires_grad is False


def test_forward_may_return_its_input_or_change_a_copy():
    x = mg.ones(2, requires_grad=True)
    y = make(lambda ctx, x: x, lambda ctx, g: g * 3).apply(x)
    y.sum().backward()
    assert x.grad.tolist() == [3, 3]
    assert y is not x


def test_straight_through_estimator():
    step = make(lambda ctx, x: (x > 0).float(), lambda ctx, g: g)
    x = mg.tensor([-1.0, 2.0], requires_grad=True)
    y = step.apply(x)
    y.sum().backward()
    assert (y.tolist(), x.grad.tolist()) == ([0, 1], [1, 1])


# ---------------------------------------------------------------- finding nan


def test_detect_anomaly_names_the_operation_and_the_line():
    x = mg.tensor([0.0, 1.0], requires_grad=True)
    with detect_anomaly():
        y = x / x  # this line is to blame
        with pytest.raises(RuntimeError, match=r"(?s)div.*test_autograd\.py.*this line is to blame") as error:
            y.sum().backward()
    assert "minigrad/ops" not in str(error.value)


def test_detect_anomaly_is_silent_without_nan_and_ends():
    x = mg.tensor([0.0, 1.0], requires_grad=True)
    with detect_anomaly():
        (x * 2).sum().backward()
    (x / x).sum().backward()
    assert np.isnan(x.grad.numpy()[0])
    set_detect_anomaly(True)
    try:
        with pytest.raises(RuntimeError, match="div"):
            (x / x).sum().backward()
    finally:
        set_detect_anomaly(False)
    (x / x).sum().backward()
    with pytest.raises(KeyError), detect_anomaly():
        raise KeyError
    (x / x).sum().backward()


def test_inputs_may_come_from_a_generator():
    """`grad(loss, model.parameters())`, as programs write it."""
    model = mg.nn.Linear(2, 1)
    found = mg.grad(model(mg.ones(3, 2)).sum(), model.parameters())
    assert [g.tolist() for g in found] == [[[3, 3]], [3]]


def test_inference_mode_is_another_name_for_no_grad(torch):
    """As a block, above a function with and without parentheses, switched off, and switched off inside the other."""
    for T in (mg, torch):
        x = T.ones(1, requires_grad=True)
        with T.inference_mode():
            assert not (x * 2).requires_grad
        with T.no_grad(), T.inference_mode(mode=False):
            assert (x * 2).requires_grad
        for decorate in (T.inference_mode(), T.inference_mode):
            assert not decorate(lambda: x * 2)().requires_grad  # noqa: B023 (called at once)
