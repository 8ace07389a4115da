"""Tensors: how they are made, shown, converted and indexed, and what happens when they are changed in place.

What PyTorch can run too is written as text and run in both; `T` is minigrad or torch. A change in place must be right
or refused: `test_random_programs_that_change_tensors_in_place` looks for a silently different number.
"""

# ruff: noqa: E501 (a program is a line)

import copy
import pickle
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg

quietly = pytest.mark.filterwarnings("ignore::UserWarning")  # PyTorch's words on its own future
REFUSALS = (RuntimeError, ValueError, TypeError, IndexError)


def plain(x):
    """A result as something that both libraries' results can be compared by: dtype, shape and numbers."""
    if isinstance(x, tuple | list):
        return [plain(item) for item in x]
    if hasattr(x, "detach"):
        return str(x.dtype).removeprefix("torch."), tuple(x.shape), x.detach().numpy().tolist()
    if isinstance(x, np.ndarray | np.generic):
        return str(x.dtype), x.shape, x.tolist()
    return x


def outcome(T, program):
    """What `R` is after a program of lines, in a library."""
    names = {"T": T, "np": np, "copy": copy, "pickle": pickle}
    exec(program, names)
    return plain(names["R"])


def both(programs):
    """Parametrize over the lines of a text, each a program whose result R must be PyTorch's."""
    return pytest.mark.parametrize("program", [line for line in programs.strip().splitlines() if line], ids=str)


@both("""
R = T.tensor(3)
R = T.tensor(3.0)
R = T.tensor(True)
R = T.tensor([1, 2.5])
R = T.tensor([[True], [False]])
R = T.tensor([])
R = T.tensor([[]])
R = T.tensor(np.float64(2.0))
R = T.tensor(np.array([1.0, 2.0]))
R = T.tensor(np.arange(3, dtype="int32"))
R = T.tensor([1, 2], dtype=T.float64)
R = T.tensor([1.7, 2.0], dtype=T.int64)
R = T.tensor(T.ones(2).tolist())
R = T.tensor(np.ones(2, "float32"), requires_grad=True).requires_grad
R = T.tensor([T.tensor(1.0), T.tensor(2.0)])
R = T.as_tensor([1.0, 2.0])
R = T.as_tensor(np.array([1, 2]))
R = T.from_numpy(np.arange(3))
R = T.zeros(2, 3)
R = T.zeros((2, 3))
R = T.zeros([2])
R = T.zeros(())
R = T.zeros(0, 3)
R = T.ones(2, dtype=T.int64)
R = T.full((2, 3), 7.0)
R = T.full((2,), 7)
R = T.full((2,), True)
R = T.full((), 2.5)
R = T.arange(3)
R = T.arange(3.0)
R = T.arange(1, 10, 2)
R = T.arange(0, 1, 0.25)
R = T.arange(5, 0, -1)
R = T.linspace(-1, 1, 5)
R = T.linspace(0, 1, steps=3)
R = T.eye(2)
R = T.eye(2, 3)
R = T.zeros_like(T.ones(3, dtype=T.int64))
R = T.ones_like(T.ones(3), dtype=T.float64)
R = T.full_like(T.ones(2, 2), 2.0)
R = T.zeros_like(T.ones(3, requires_grad=True)).requires_grad
R = [T.rand(2, 3).shape, T.randn((2, 3)).dtype == T.float32, T.randint(0, 10, (2, 3)).shape, T.randint(10, size=(2,)).dtype == T.int64]
R = T.randperm(5).sort()[0]
R = T.randn(2, requires_grad=True).is_leaf
x = T.rand(1000); R = bool((x >= 0).all() and (x < 1).all() and 0.4 < x.mean() < 0.6)
x = T.randn(4000); R = bool(abs(x.mean()) < 0.1 and 0.9 < x.std() < 1.1)
x = T.randint(3, 6, (100,)); R = sorted(set(x.tolist()))
T.manual_seed(3); x = T.rand(3); T.manual_seed(3); R = bool((x == T.rand(3)).all())
g = T.Generator().manual_seed(3); h = T.Generator().manual_seed(3); R = T.equal(T.randn(3, generator=g), T.randn(3, generator=h))
""")
@quietly
def test_creation(torch, program):
    assert outcome(mg, program) == outcome(torch, program)


@both("""
R = T.ones(2).numpy()
R = np.asarray(T.ones(2))
R = np.array(T.ones(2).numpy(), dtype="float64")
R = np.mean(np.asarray(T.arange(4.0)))
R = T.ones(2, requires_grad=True).detach().numpy()
R = T.tensor([[1, 2], [3, 4]]).tolist()
R = T.tensor(5).tolist()
R = [T.tensor(5).item(), type(T.tensor(5).item()).__name__, type(T.tensor(True).item()).__name__, T.tensor([[2.5]]).item()]
R = T.tensor([1.7, 0.0]).long()
R = T.tensor([1.7, 0.0]).int()
R = T.tensor([1.7, 0.0]).bool()
R = T.tensor([1, 0]).float()
R = T.tensor([1, 0]).double()
R = T.tensor([1.5]).half()
R = T.tensor([1.5]).to(T.float64)
R = T.tensor([1.5]).to("cpu", T.float64)
R = T.tensor([1.5]).to(dtype=T.int64)
R = T.tensor([1.5]).to(T.ones(1, dtype=T.float64))
R = T.tensor([1.5]).type_as(T.ones(1, dtype=T.float64))
R = T.tensor([1.5]).type(T.int32)
x = T.ones(2); R = [x.to(T.float32) is x, x.float() is x, x.cpu() is x, x.to("cpu") is x, x.double() is x]
R = [float(T.tensor(2.5)), int(T.tensor(2.5)), bool(T.tensor(0.0)), complex(T.tensor(2.0)), [1, 2, 3][T.tensor(1)], list(range(T.tensor(2)))]
R = [f"{T.tensor(2.555):.2f}", f"{T.tensor(3)}", f"{T.tensor(2.5, requires_grad=True):.1f}", "%d" % T.tensor(3)]
R = [len(T.zeros(2, 3)), T.zeros(2, 3).size(1), T.zeros(2, 3).dim(), T.zeros(2, 3).numel(), tuple(T.zeros(2, 3).size()), T.zeros(2).ndim]
R = [T.ones(2).is_floating_point(), T.arange(2).is_floating_point(), T.is_tensor(T.ones(1)), T.is_tensor(1)]
R = [v.item() for v in T.arange(3)]
R = [tuple(row.shape) for row in T.zeros(2, 3)]
R = [r for r in T.zeros(0, 3)]
a, b = T.tensor([1.0, 2.0]); R = a + b
R = sum([T.ones(2), T.ones(2)])
R = [v.item() for v in sorted(T.tensor([3.0, 1.0, 2.0]))]
R = [max(T.tensor([3.0, 1.0])).item(), min(T.tensor([3.0, 1.0])).item()]
x = T.arange(3.0); R = [2.0 in x, 7.0 in x, T.tensor(1.0) in x]
x = T.ones(2); R = [x is None, x == None, x != None, {x: 1}[x], len({x, x}), x in [x]]
x = T.ones(2); y = copy.deepcopy(x); y[0] = 5; R = [x, y]
x = T.ones(2, requires_grad=True); (x * x).sum().backward(); y = copy.deepcopy(x); y.grad.zero_(); R = [y.requires_grad, y.grad, x.grad]
a = T.ones(2); L = copy.deepcopy([a, a]); R = L[0] is L[1]
x = pickle.loads(pickle.dumps(T.ones(2, requires_grad=True))); R = [x, x.requires_grad, x.is_leaf]
R = np.float32(2) * T.ones(2)
R = np.int64(2) * T.ones(2)
R = T.ones(2) * np.float64(2)
R = T.tensor([1, 2]) / 2
R = T.tensor([-3, 2]) // 2
R = T.tensor([-3.0, 2.0]) % 2
R = T.tensor([1, 2]) * 2.5
R = T.tensor([1, 2]) + T.tensor([1.0, 2.0])
R = T.tensor([1, 2]) ** 0.5
R = T.tensor([1, 2]).sum()
R = T.tensor([True, True]) + 1
R = T.tensor([True, True]) + T.tensor([True, False])
R = T.tensor([1, 2], dtype=T.int32) + T.tensor([1])
R = T.ones(2) + T.tensor(1.0, dtype=T.float64)
R = T.tensor(1.0) + T.tensor(1.0, dtype=T.float64)
R = T.tensor([1, 2]) + T.tensor(1.0, dtype=T.float64)
R = T.tensor([1, 2]).exp()
R = (T.tensor([1, 2, 3]) == T.tensor([1, 5, 3])).float().mean().item()
R = ~(T.arange(3) > 1) & (T.arange(3) < 1) | (T.arange(3) == 2)
R = T.tensor([[1, 2], [3, 4]])[T.tensor([[True, False], [True, True]])]
""")
@quietly
def test_conversion_and_pythons_protocols(torch, program):
    assert outcome(mg, program) == outcome(torch, program)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_arrays_on_the_left(dtype):
    array, x = np.array([[1.0, 2.0], [3.0, 4.0]], dtype), mg.tensor([1.0, -1.0], requires_grad=True)
    for y, expected in (
        (array * x, array * [1, -1]),
        (array @ x, array @ [1, -1]),
        (array - x, array - [1, -1]),
        (array / x, array / [1, -1]),
        (array + x, np.add(array, [1, -1])),
        (array > x, array > [1, -1]),
        (array == x, array == [1, -1]),
    ):
        assert isinstance(y, mg.Tensor)
        np.testing.assert_array_equal(y.detach().numpy(), expected)


@pytest.mark.parametrize("f", [np.exp, np.sin, np.maximum.reduce])
def test_numpys_functions_say_what_to_write_instead(f):
    with pytest.raises(TypeError, match=r"write|detach"):
        f(mg.ones(2, requires_grad=True))


PRINTED = """1.0 5 True 3.14159 -1.5 0.0001 123456.789 [] [[]] [1.,2.] [1.5,2.25] [[1.,22.5],[-3.,4.]] [1,2] [[1,-200],[3,4]] [True,False]
[1e-5,1.] [1e10,1.] [float('nan'),1.] [float('inf'),1.5] [float('inf')] [-0.,0.] [1000.,0.001] [9999.,1.5] [1e-5] [1e5,2.5] [1e-3,1.]
[1e-3,1001.] [100000.5,1.] [123456789.,1.] [99999999.,1.] [1e-8] [[[1.,2.]],[[3.,4.]]] [1.0000001,2.] list(range(50)) [0.1]*30"""


@pytest.mark.parametrize("numbers", PRINTED.split())
def test_printing_is_pytorchs(torch, numbers):
    data = eval(numbers)
    assert repr(mg.tensor(data)) == repr(torch.tensor(data))


@pytest.mark.parametrize("options", ["dtype=T.float64", "dtype=T.int32", "dtype=T.float16", "requires_grad=True"])
def test_printing_says_what_is_unusual(torch, options):
    data = [1.5, 2.0]
    assert repr(eval(f"T.tensor({data}, {options})", {"T": mg})) == repr(
        eval(f"T.tensor({data}, {options})", {"T": torch})
    ).replace("torch.", "")


def test_printing_names_what_made_a_tensor():
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    assert repr(x * 2) == "tensor([2., 4.], grad_fn=<MulBackward>)"
    assert "LogSoftmaxBackward" in repr(x.log_softmax(0))
    assert repr(mg.zeros(0, 3)) == "tensor([], size=(0, 3))"
    assert len(repr(mg.arange(100000.0))) < 200


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: mg.tensor([1, 2], requires_grad=True), RuntimeError, "float"),
        (lambda: mg.arange(3).requires_grad_(), RuntimeError, "float"),
        (lambda: mg.tensor([True]).requires_grad_(), RuntimeError, "float"),
        (lambda: mg.tensor([[1, 2], [3]]), ValueError, "different lengths"),
        (lambda: mg.tensor("abc"), TypeError, "numbers"),
        (lambda: mg.tensor(None), TypeError, "numbers"),
        (lambda: mg.tensor([1j]), TypeError, "real"),
        (lambda: mg.ones(3).item(), ValueError, r"\(3,\)"),
        (lambda: float(mg.ones(3)), ValueError, r"\(3,\)"),
        (lambda: bool(mg.ones(3)), ValueError, "any"),
        (lambda: len(mg.tensor(1.0)), TypeError, "dimension"),
        (lambda: list(mg.tensor(1.0)), TypeError, "dimension"),
        (lambda: [1, 2][mg.tensor(1.0)], TypeError, "integer"),
        (lambda: mg.ones(2, requires_grad=True).numpy(), RuntimeError, "detach"),
        (lambda: np.asarray(mg.ones(2, requires_grad=True)), RuntimeError, "detach"),
        (lambda: mg.from_numpy([1.0]), TypeError, "array"),
        (lambda: mg.ones(2).retain_grad(), RuntimeError, "requires"),
        (lambda: mg.ones(2).register_hook(print), RuntimeError, "requires"),
        (lambda: setattr(mg.ones(2, requires_grad=True) * 2, "requires_grad", False), RuntimeError, "detach"),
        (lambda: setattr(mg.ones(2, requires_grad=True), "grad", mg.ones(3)), TypeError, "2.*3"),
        (lambda: setattr(mg.ones(2, requires_grad=True), "grad", 5), TypeError, "int"),
        (lambda: copy.deepcopy(mg.ones(2, requires_grad=True) * 2), RuntimeError, "detach"),
        (lambda: mg.ones(2) * mg.Scalar(2.0), TypeError, "Scalar"),
        (lambda: mg.ones(2).foo, AttributeError, "foo"),
        (lambda: mg.ones(2).__setitem__(7, 1.0), IndexError, "setitem.*2.*7"),
        (lambda: mg.ones(4).__setitem__(slice(2), mg.ones(3)), ValueError, "setitem.*4"),
        (lambda: mg.ones(2).add_(mg.ones(2, 2)), ValueError, "add.*2, 2.*2"),
        (lambda: mg.arange(2).add_(1.5), TypeError, "int64"),
        (lambda: mg.ones(2, requires_grad=True).add_(1), RuntimeError, "no_grad"),
        (lambda: mg.ones(2, requires_grad=True).__setitem__(0, 1), RuntimeError, "no_grad"),
        (lambda: (x := mg.ones(2, requires_grad=True)).detach().mul_(x), RuntimeError, "clone"),
    ],
)  # fmt: skip
def test_errors_say_what_to_do(make, error, words):
    with pytest.raises(error, match=f"(?s){words}"):
        make()


# ---------------------------------------------------------------- changed in place


@both("""
x = T.tensor([1.0, 2.0, 3.0]); x[0] = 5; R = x
x = T.tensor([1.0, 2.0, 3.0]); x[x > 1] = 0; R = x
x = T.tensor([1.0, 2.0, 3.0]); x[x > 1] *= -1; R = x
x = T.tensor([1.0, 2.0, 3.0]); x[x > 1] = T.tensor([7.0, 8.0]); R = x
x = T.tensor([1.0, 2.0, 3.0]); x[[0, 2]] = T.tensor([7.0, 8.0]); R = x
x = T.tensor([1.0, 2.0, 3.0]); x[2] = T.tensor([7.0]); R = x
x = T.tensor([1.0, 2.0, 3.0]); x[2] = np.float64(7); R = x
x = T.zeros(2, 3); x[1] = T.tensor([1.0, 2.0, 3.0]); x[:, 0] = 9; R = x
x = T.zeros(2, 3); x[...] = 3; x[None, 0, ::2] = 1; R = x
x = T.tensor(2.0); x[()] = 1; R = x
x = T.arange(4); x[0] = 2.9; R = x
x = T.arange(4); x[0] = T.tensor(2.9); R = x
x = T.arange(4); x += 1; x *= 2; x //= 3; R = x
x = T.arange(4.0); x += 1; x -= 2; x *= 3; x /= 4; x **= 2; x %= 3; R = x
x = T.ones(2) > 0; x &= T.tensor([True, False]); x |= x; x ^= T.tensor([True, True]); R = x
x = T.ones(2); x += T.ones(2, dtype=T.float64); R = x
x = T.ones(2); x.add_(T.ones(2), alpha=2).mul_(3).sub_(1).div_(2).neg_(); R = x
x = T.tensor([-1.0, 2.0]); x.relu_().exp_().sqrt_().clamp_(0, 1.5).abs_().pow_(2); R = x
x = T.ones(3); R = [x.zero_() is x, x.fill_(3) is x, x.copy_(T.arange(3)) is x, x]
x = T.ones(2, 3); x.copy_(T.arange(3.0)); R = x
x = T.ones(3, requires_grad=True); R = [x.detach_() is x, x.requires_grad_(False) is x, x.requires_grad]
x = T.zeros(3); y = x[1:]; y += 1; R = x
x = T.zeros(2, 3); x.T[0, 1] = 5; x.view(-1)[2] = 7; x.transpose(0, 1)[1] = 2; R = x
x = T.zeros(2, 3); [row.add_(i) for i, row in enumerate(x)]; R = x
x = T.arange(6.0).view(2, 3); x[0], x[1] = x[1].clone(), x[0].clone(); R = x
x = T.zeros(4); a, b = x.chunk(2); a += 1; b.fill_(2); R = x
x = T.ones(2); y = x.clone(); y[0] = 7; R = x
x = T.ones(2); y = x.detach(); y[0] = 7; R = x
x = T.ones(2, 2); y = x.T.contiguous(); y[0] = 7; R = x
x = T.ones(2, 2); y = x.flip(0); y[0] = 7; R = x
x = T.ones(1, 2); y = x.prod(0); y[0] = 7; R = x
x = T.ones(2, 2); y = x[[0, 1]]; y[0] = 7; R = x
x = T.ones(2, 2); y = x.repeat(1, 1); y[0] = 7; R = x
a = np.ones(2); x = T.from_numpy(a); a[0] = 5; x[1] = 3; R = [x, a]
a = np.ones(2); x = T.tensor(a); a[0] = 5; R = x
x = T.ones(2); a = x.numpy(); x += 1; R = a
""")
@quietly
def test_numbers_after_a_change(torch, program):
    assert outcome(mg, program) == outcome(torch, program)


@both("""
x = L(1, 2, 3); y = x.clone(); y[0] = y[1] * 3; y.sum().backward(); R = x.grad
x = L(1, 2, 3); y = x.clone(); y[0] += 1; (y * y).sum().backward(); R = x.grad
x = L(1, 2, 3); y = x * 1; y[y > 1.5] = 0; (y * y).sum().backward(); R = x.grad
x = L(1, 2, 3); y = x * 1; y[[0, 0, 1]] *= 2; (y * y).sum().backward(); R = x.grad
x = L(1, 2, 3); y = x * 1; y[T.tensor([0, 2])] = x[:2]; (y * y).sum().backward(); R = x.grad
x = L(1, 2, 3); y = T.zeros(3); y[0] = x[1] * 2; y[1:] = x[:2]; (y * y).sum().backward(); R = x.grad
x = L(1, 2, 3); y = T.zeros(3); z = [y.add_(x * i) for i in range(3)]; y.sum().backward(); R = x.grad
x = L(1, 2, 3); y = T.zeros(3); y = y + x; y += x; y *= x; y.sum().backward(); R = x.grad
x = L(1, 2, 3); y = x + 2; y.relu_(); y.sum().backward(); R = x.grad
x = L(1, 2, 3); y = x * 1; y.clamp_(min=2); y[1] = 9; y.sum().backward(); R = x.grad
x = L(1, 2, 3); y = x * 1; v = y[1:]; v *= y[:2].detach().clone(); (y * y).sum().backward(); R = x.grad
x = L(1, 2, 3); y = x * 1; y.view(3, 1)[1, 0] = y[0] * 5; (y * y).sum().backward(); R = x.grad
x = L(1, 2, 3); y = T.zeros(3); v = y[1:]; y[:2] = x[:2]; (v * v).sum().backward(); R = x.grad
x = L(1, 2, 3); y = T.zeros(3); y.mul_(2).add_(x); y.sum().backward(); R = [x.grad, y.requires_grad, y.is_leaf]
x = L(1, 2, 3); y = x * 2; y.retain_grad(); z = y * 1; z += 1; (z * z).sum().backward(); R = [x.grad, y.grad]
w = L(1, 2); (w * w).sum().backward(); exec("with T.no_grad():\\n w -= 0.1 * w.grad\\n w.grad.zero_()"); R = [w, w.grad, w.requires_grad, w.is_leaf]
w = L(1, 2); (w * w).sum().backward(); w.data -= 0.1 * w.grad; R = [w, w.requires_grad, w.is_leaf]
w = L(1, 2); (w * w).sum().backward(); w.data = w.data - 0.1 * w.grad; w.grad = None; (w * w).sum().backward(); R = [w, w.grad]
w = L(1, 2); (w * w).sum().backward(); w.data.sub_(0.1 * w.grad.data); R = [w, w.grad]
w = L(1, 2); (w * w).sum().backward(); w = w - 0.1 * w.grad; R = [w, w.is_leaf]
w = L(1, 2); g = T.ones(2); (w * 1).backward(g); g.zero_(); R = w.grad
w = L(1, 2); v = L(1, 2); (w + v).sum().backward(); w.grad.mul_(5); R = [w.grad, v.grad]
w = L(1, 2); v = L(1, 2); (w + v).backward(T.ones(2), create_graph=True); w.grad.detach().mul_(5); R = [w.grad, v.grad]
w = L(1, 2); w.grad = T.ones(2); (w * 3).sum().backward(); R = w.grad
w = L(1, 2); (w * 2).sum().backward(); g = w.grad; (w * 3).sum().backward(); R = [g, w.grad is g]
""")  # fmt: skip
@quietly
def test_gradients_after_a_change(torch, program):
    for T in (mg, torch):
        T.L = lambda *numbers, T=T: T.tensor([float(n) for n in numbers], requires_grad=True)
    program = program.replace("L(", "T.L(")
    assert outcome(mg, program) == outcome(torch, program)


def test_an_array_that_changes_later_cant_make_a_gradient_wrong():
    array = np.ones(2)
    x, w = mg.from_numpy(array), mg.ones(2, dtype=mg.float64, requires_grad=True)
    y, z = (x * w).sum(), (array * w).sum()
    array[:] = 100
    (y + z).backward()
    assert w.grad.tolist() == [2.0, 2.0]


def test_a_tensor_made_from_numpy_gets_no_history_in_place():
    """NumPy may write to its memory unseen, so what is computed from it keeps a copy, and a history would be lost."""
    x, w = mg.from_numpy(np.ones(2)), mg.ones(2, dtype=mg.float64, requires_grad=True)
    for change in (lambda: x.add_(w), lambda: x.__setitem__(0, w[0]), lambda: x[1:].mul_(w[1:])):
        with pytest.raises(RuntimeError, match="NumPy"):
            change()
    assert x.tolist() == [1, 1]
    y = x.clone()
    y += w
    (y * 3 + w).sum().backward()
    assert w.grad.tolist() == [4, 4]


def test_an_index_that_changes_later_cant_make_a_gradient_wrong():
    x, index, mask = mg.ones(3, requires_grad=True), np.array([0, 1]), mg.tensor([True, False, True])
    y = x[index].sum() + (2 * x[mask]).sum() + (3 * x[[2]]).sum()
    index[:] = 2
    try:
        mask[1] = True
    finally:
        y.backward()
    assert x.grad.tolist() == [3.0, 1.0, 5.0]


def test_numpy_takes_tensors():
    assert np.array(mg.ones(2), dtype="float64").dtype == np.asarray(mg.ones(2), dtype="float64").dtype == "float64"
    copied = np.array(mg.ones(2))
    copied[0] = 5
    assert np.stack([mg.ones(2), mg.zeros(2)]).shape == (2, 2)
    assert np.allclose(mg.ones(2), [1, 1])


def test_what_numpy_gets_is_read_only():
    x = mg.ones(2)
    for array in (x.numpy(), np.asarray(x), x.detach().numpy()):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 5


def test_a_refused_change_changes_nothing():
    w, y, z = mg.ones(2, requires_grad=True), mg.ones(2), mg.arange(2)
    for change in (
        lambda: w.add_(1),
        lambda: y.add_(mg.ones(3)),
        lambda: y.add_(mg.ones(2, 2)),
        lambda: z.add_(0.5),
        lambda: y.__setitem__(5, w),
    ):
        with pytest.raises(REFUSALS):
            change()
    assert (w.tolist(), y.tolist(), z.tolist(), y.requires_grad) == ([1, 1], [1, 1], [0, 1], False)
    (w * y).sum().backward()
    assert w.grad.tolist() == [1, 1]


# Statements of random programs: `a` and `b` are tensors there are, `n` a new one.
COMPUTE = ["{n} = {a} + {b}", "{n} = {a} * {b}", "{n} = {a} - {b}", "{n} = {a}.sin()", "{n} = {a}.exp()", "{n} = {a}.clone()", "{n} = {a}.sum()",
           "{n} = {a}.detach()", "{n} = {a} * 2", "{n} = T.from_numpy(np.asarray({a}.detach()).copy())"]  # fmt: skip
VIEW = ["{n} = {a}[0]", "{n} = {a}[1:]", "{n} = {a}[::2]", "{n} = {a}[..., None]", "{n} = {a}.T", "{n} = {a}.reshape(-1)", "{n} = {a}.unsqueeze(0)",
        "{n} = {a}.squeeze()", "{n} = {a}.flip(0)", "{n} = {a}[[0, -1]]", "{n} = {a}.split(1)[0]", "{n} = {a}.transpose(0, -1)", "{n} = {a}.contiguous()",
        "{n} = {a}.expand(2, *{a}.shape)", "{n} = {a}.prod(0)", "{n} = {a}.flatten()"]  # fmt: skip
CHANGE = ["{a} += {b}", "{a} *= {b}", "{a} -= 0.5", "{a}.mul_(0.5)", "{a}.exp_()", "{a}.sin_()", "{a}.zero_()", "{a}.clamp_(0.2, 0.9)", "{a}.copy_({b})",
          "{a}[0] = 0.3", "{a}[0] = {b}", "{a}[1:] = {b}.sum()", "{a}[{a} > 0.6] = 0.5", "{a}[[0, -1]] = 2 * {a}[[0, -1]]", "{a}[...] = {b}",
          "{a}.add_({b}, alpha=2)", "{a}[-1] *= {b}", "{a}.relu_()"]  # fmt: skip
UNSEEN = ["with T.no_grad(): {a} -= 0.1 * {a}", "with T.no_grad(): {a}[0] = {b}", "with T.no_grad(): {n} = {a} * 2", "{a}.data.mul_(0.5)",
          "{a}.data[0] = 0.3", "{a}.data -= 0.1", "with T.no_grad(): {a}.zero_()"]  # fmt: skip
steps = st.lists(
    st.tuples(st.one_of(*map(st.sampled_from, (COMPUTE, VIEW, CHANGE, UNSEEN))), st.integers(0, 7), st.integers(0, 7)),
    min_size=2,
    max_size=12,
)
SIZES = [(), (3,), (2, 2), (3, 2)]


class Machine:
    """One library running a program: its tensors, by number."""

    def __init__(self, T, shapes):
        self.T, self.tensors, self.leaves = T, [], []
        for i, (shape, needs_grad) in enumerate(shapes):
            numbers = 0.5 + np.random.default_rng(i).random(shape)
            self.leaves.append(T.tensor(numbers, dtype=T.float64, requires_grad=needs_grad))
            self.tensors += [self.leaves[-1], self.leaves[-1].clone()]

    def step(self, statement, i, j):
        names = {f"t{k}": x for k, x in enumerate(self.tensors)}
        count = len(names)
        text = statement.format(a=f"t{i % count}", b=f"t{j % count}", n=f"t{count}")
        names |= {"T": self.T, "np": np}
        exec(text, names)
        self.tensors = [names[f"t{k}"] for k in range(count + ("{n}" in statement))]

    def attempt(self, *step):
        try:
            return self.step(*step)
        except REFUSALS as error:
            return error

    def gradients(self, places):
        sum((self.tensors[k] * (k + 1)).sum() for k in places).backward()
        return [np.zeros(x.shape) if x.grad is None else x.grad.detach().numpy() for x in self.leaves if x.is_leaf]


def overlap(machine, statement, i, j):
    """Whether a statement reads what it overwrites, differently placed: PyTorch says that this has no defined result."""
    a, b = (machine.tensors[k % len(machine.tensors)] for k in (i, j))
    return "{b}" in statement and a is not b and np.shares_memory(a.detach().numpy(), b.detach().numpy())


def compare(torch, shapes, program):
    """Run a program in both libraries, step by step; say how it ended. A silent difference is an AssertionError."""
    ours, theirs = Machine(mg, shapes), Machine(torch, shapes)
    for step in program:
        if overlap(ours, *step):
            continue
        error, their_error = ours.attempt(*step), theirs.attempt(*step)
        if error and not their_error:
            return "refused a step"
        if their_error and not error:
            return "PyTorch refused a step"
        for x, y in zip(ours.tensors, theirs.tensors, strict=True):
            assert x.shape == tuple(y.shape)
            np.testing.assert_allclose(x.detach().numpy(), y.detach().numpy(), rtol=1e-6)
    places = [k for k, y in enumerate(theirs.tensors) if y.requires_grad]
    if not places:
        return "no gradient"
    try:
        found = ours.gradients(places)
    except RuntimeError:
        return "refused backward"
    try:
        expected = theirs.gradients(places)
    except RuntimeError:
        return "PyTorch refused backward"
    for g, h in zip(found, expected, strict=True):
        np.testing.assert_allclose(g, h, rtol=1e-6, atol=1e-12)
    return "agreed"


@quietly
def test_random_programs_that_change_tensors_in_place(torch):
    """Right or refused, never silently different; and refused not too often."""
    ends = Counter()

    @settings(max_examples=2000)
    @given(
        st.lists(st.tuples(st.sampled_from(SIZES), st.sampled_from([True, True, False])), min_size=1, max_size=2), steps
    )
    def run(shapes, program):
        ends[compare(torch, shapes, program)] += 1

    run()
    assert ends["agreed"] > 600, ends
    assert ends["refused a step"] < 100, ends


def test_numbers_drawn_by_a_rule():
    """Normal, of one size or one for each mean; one or none by a probability; places by weights."""
    generator = mg.Generator().manual_seed(0)
    numbers = mg.normal(2.0, 3.0, (50, 40), generator=generator, requires_grad=True)
    assert (numbers.shape, numbers.dtype, numbers.requires_grad) == ((50, 40), mg.float32, True)
    assert numbers.mean().item() == pytest.approx(2, abs=0.2)
    assert numbers.std().item() == pytest.approx(3, rel=0.1)
    means = mg.tensor([0.0, 100.0], dtype=mg.float64)
    assert (mg.normal(means, 0.1) - means).abs().max() < 1
    assert mg.normal(means, 0.1).dtype == mg.float64
    coins = mg.bernoulli(mg.full((1000,), 0.25), generator=generator)
    assert set(coins.tolist()) == {0, 1}
    assert coins.mean().item() == pytest.approx(0.25, abs=0.05)
    weights = mg.tensor([[1.0, 0.0, 3.0], [0.0, 2.0, 0.0]])
    places = mg.multinomial(weights, 2000, replacement=True, generator=generator)
    assert (places.shape, places.dtype) == ((2, 2000), mg.int64)
    assert (places[0] == 2).float().mean().item() == pytest.approx(0.75, abs=0.05)
    assert set(places[0].tolist()) == {0, 2}
    assert set(places[1].tolist()) == {1}
    assert sorted(mg.multinomial(weights[0], 2).tolist()) == [0, 2]
    for wrong, n in ((weights, 2), (-weights, 1), (weights * 0, 1), (weights / 0, 1)):
        with pytest.raises(ValueError, match="multinomial"):
            mg.multinomial(wrong, n)
    assert mg.ones(2, 3).nelement() == 6
