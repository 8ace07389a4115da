"""Where numbers live: dtypes, devices, random numbers, and every row of the table on a GPU.

The device tests run on CuPy where there is a GPU (`pytest -m gpu`) and everywhere on a stand-in that refuses to mix
with NumPy (`stand_in_cupy.py`), so that a call of NumPy's in the wrong place is found without one.
"""

import platform
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import minigrad as mg
from minigrad import backend
from minigrad.backend import device, xp
from tests import stand_in_cupy
from tests import test_ops as table

ROOT = Path(__file__).parents[1]

# ---------------------------------------------------------------- without a GPU


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries do as they please")
@pytest.mark.parametrize(("imported", "few"), [("numpy", False), ("minigrad", True)])
def test_freed_memory_serves_the_next_arrays(imported, few):
    """Pages that the system hands out: of 20 times 8 arrays of 3 MB nearly none, with NumPy alone many."""
    code = f"""
import resource, numpy, {imported}
pages = []
for _ in range(20):
    pages.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt)
    arrays = [numpy.ones(750_000, numpy.float32) for _ in range(8)]
    del arrays
print(pages[-1] - pages[1])"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert (int(found.stdout) < 1000) == few


def test_importing_loads_numpy_and_the_standard_library_only():
    code = (
        "import sys; import numpy, numpy.random; between = set(sys.modules); import minigrad;"
        "print(*sorted({m.partition('.')[0] for m in set(sys.modules) - between} - set(sys.stdlib_module_names)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert found.stdout.split() == ["minigrad"]


def test_xp_finds_the_functions_for_a_type():
    assert xp(1.0) is xp(2) is xp(True) is backend.numbers
    assert xp(np.ones(2)) is xp(np.float32(1)) is xp(2.0, np.ones(2)) is backend.numpy_library
    with pytest.raises(TypeError, match=r"str.*mg\.tensor"):
        xp("a")


@pytest.mark.parametrize(
    "name", ["exp", "log", "sqrt", "tanh", "erf", "floor", "abs", "sign", "round", "trunc", "ceil"]
)
def test_numbers_and_numpy_agree(name):
    for x in (0.7, 2.5, 3.5, 1.0):
        assert getattr(backend.numbers, name)(x) == pytest.approx(
            float(getattr(backend.numpy_library, name)(np.array([x]))[0]), rel=1e-14
        )


def test_erf_of_any_shape_and_dtype():
    for x in (np.array(0.5), np.array([0.5, -1.0], "float32"), np.zeros((0, 2)), np.ones((2, 3), "float32")):
        y = backend.numpy_library.erf(x)
        assert (y.shape, y.dtype) == (x.shape, x.dtype)
    assert mg.erf(mg.tensor(0.5)).dtype == mg.float32


def test_devices_have_names():
    assert [str(device(d)) for d in ("cpu", "cuda", "cuda:1", device("cuda:1"))] == ["cpu", "cuda", "cuda:1", "cuda:1"]
    assert device("cuda", 1) == device("cuda:1") == "cuda:1"
    assert {device("cpu"): 1}[device("cpu")] == 1
    assert device("cuda").same(device("cuda:0"))
    assert not device("cuda").same(device("cpu"))
    for wrong in ("gpu", "cuda:x", "cpu:a", "", "mps"):
        with pytest.raises(ValueError, match="expected 'cpu', 'cuda'"):
            device(wrong)
    assert mg.ones(2).device == "cpu"


def test_without_a_gpu_the_reason_is_given_in_words(monkeypatch):
    monkeypatch.setattr(backend.cuda, "reason", None)
    monkeypatch.setitem(sys.modules, "cupy", None)
    assert not mg.cuda.is_available()
    assert mg.cuda.device_count() == 0
    mg.cuda.synchronize()
    for ask in (lambda: mg.ones(2, device="cuda"), lambda: mg.ones(2).cuda(), lambda: mg.ones(2).to("cuda:0")):
        with pytest.raises(RuntimeError, match=r"cuda.*CuPy does not import.*pip install cupy"):
            ask()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda cupy: setattr(cupy.cuda, "is_available", lambda: False), "sees no GPU"),
        (lambda cupy: setattr(cupy.cuda.runtime, "getDeviceCount", lambda: 0), "sees no GPU"),
        (lambda cupy: setattr(cupy.cuda.runtime, "getDeviceCount", lambda: 1 / 0), "does not answer"),
        (lambda cupy: setattr(cupy, "ones", lambda n: np.zeros(n)), "wrongly"),
    ],
)
def test_a_gpu_that_doesnt_work_is_none(monkeypatch, change, words):
    modules = stand_in_cupy.modules()
    change(modules["cupy"])
    monkeypatch.setitem(sys.modules, "cupy", modules["cupy"])
    monkeypatch.setattr(backend.cuda, "reason", None)
    assert not mg.cuda.is_available()
    assert words in mg.cuda.why_not()


def test_seeds():
    makers = [
        lambda: mg.rand(3),
        lambda: mg.randn(3),
        lambda: mg.randint(0, 100, (3,)),
        lambda: mg.randperm(9),
        lambda: mg.zeros(3).normal_(),
        lambda: mg.zeros(3).uniform_(-1, 1),
    ]
    for make in makers:
        mg.manual_seed(7)
        first, second = make(), make()
        mg.manual_seed(7)
        assert mg.equal(make(), first)
        assert not mg.equal(first, second)
    g = mg.Generator().manual_seed(7)
    mg.manual_seed(7)
    own = mg.rand(3, generator=g)
    assert mg.equal(mg.rand(3), own)
    state = mg.rand(3)
    mg.manual_seed(7)
    mg.rand(3)
    mg.rand(100, generator=mg.Generator())  # another generator leaves the default one alone
    assert mg.equal(mg.rand(3), state)


# ---------------------------------------------------------------- with one


def test_a_gpu_is_found_and_described(cuda):
    assert mg.cuda.is_available()
    assert mg.cuda.device_count() >= 1
    mg.cuda.synchronize()
    x = mg.ones(2, device=cuda)
    assert (str(x.device), x.device.type) == ("cuda:0", "cuda")
    assert "device='cuda:0'" in repr(x)
    assert type(x.value).__module__.startswith("cupy")


def test_there_and_back(cuda):
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    y = x.to(cuda)
    assert y.to("cuda:0") is y
    assert x.to("cpu") is x
    (y * y).sum().backward()
    assert (str(x.grad.device), x.grad.tolist()) == ("cpu", [2, 4])
    assert y.detach().cpu().numpy().tolist() == [1, 2]
    assert [x.cuda().device.type, y.cpu().device.type, mg.ones(1).to(y).device.type] == ["cuda", "cpu", "cuda"]
    with pytest.raises(TypeError, match="cpu"):
        y.detach().numpy()


def test_everything_can_be_made_there(cuda):
    on, like = {"device": cuda}, mg.ones(2, 2, device=cuda)
    made = [mg.tensor([1.0], **on), mg.zeros(2, **on), mg.full((2,), 3.0, **on), mg.arange(3, **on), mg.eye(2, **on)]
    made += [
        mg.linspace(0, 1, 3, **on),
        mg.rand(2, **on),
        mg.randn(2, **on),
        mg.randint(3, (2,), **on),
        mg.randperm(3, **on),
    ]
    made += [
        mg.zeros_like(like),
        mg.randn_like(like),
        mg.full_like(like, 2.0),
        mg.tensor(like),
        mg.as_tensor([1.0], **on),
    ]
    for x in made:
        assert x.device.type == "cuda"
        assert isinstance(x.tolist(), list)
        assert repr(x)
    mg.manual_seed(1)
    there = mg.rand(3, device=cuda)
    mg.manual_seed(1)
    assert mg.equal(there.cpu(), mg.rand(3))


def test_mixing_devices_names_both(cuda):
    here, there = mg.ones(2), mg.ones(2, device=cuda)
    for mix in (
        lambda: here + there,
        lambda: there * here,
        lambda: here @ there,
        lambda: mg.cat([here, there]),
        lambda: mg.where(here > 0, there, there),
        lambda: there.dot(here),
    ):
        with pytest.raises(RuntimeError, match=r"cpu.*cuda:0"):
            mix()


@pytest.mark.parametrize("text", [text for _, text in table.EXPRESSIONS if "cpu" not in text])
def test_every_row_there_is_every_row_here(cuda, text):
    here, our_inputs = table.run(mg, text)
    there, their_inputs = table.run(mg, text, device=cuda)
    for x, y in zip(here, there, strict=True):
        if isinstance(x, mg.Tensor):
            assert y.device.type == ("cpu" if "T.ones" in text else "cuda")
        table.same(y, x)
    gradients = table.differentiate(mg, there, their_inputs), table.differentiate(mg, here, our_inputs)
    for g, h in zip(*gradients, strict=True):
        assert (g is None) == (h is None)
        if g is not None:
            assert g.device.type == "cuda"
            table.same(g, h)


def test_a_training_step_there(cuda):
    x, t = mg.randn(8, 3).to(cuda), mg.randint(0, 2, (8,)).to(cuda)
    w = mg.randn(3, 2, device=cuda, requires_grad=True)
    losses = []
    for _ in range(20):
        loss = -(x @ w).log_softmax(1).gather(1, t[:, None]).mean()
        loss.backward()
        with mg.no_grad():
            w -= 0.5 * w.grad
            w.grad.zero_()
        losses.append(loss.item())
    assert losses[-1] < losses[0]
    assert w.device.type == w.grad.device.type == "cuda"


def test_changes_in_place_there(cuda):
    x = mg.tensor([1.0, 2.0, 3.0], device=cuda, requires_grad=True)
    y = x * 1
    y[0] = y[1] * 3
    y[1:] += 1
    y[y > 100] = 0
    y.mul_(2).clamp_(0, 100)
    y.sum().backward()
    assert x.grad.tolist() == [0, 8, 2]
    z = mg.zeros(3, device=cuda)
    z.fill_(2).add_(1).copy_(mg.ones(3))
    z.normal_()
    z.uniform_()
    z[mg.tensor([0, 2], device=cuda)] = 5
    z[mg.tensor([True, False, True], device=cuda)] *= 2
    z[[0]] = mg.tensor([7.0], device=cuda)
    assert z[[0, 2]].tolist() == [7, 10]
    with pytest.raises((RuntimeError, ValueError)):
        mg.ones(1, device=cuda).expand(3).add_(1)


def test_derivatives_there(cuda):
    x = mg.tensor([0.5, 1.5], dtype=mg.float64, device=cuda, requires_grad=True)
    assert mg.autograd.gradcheck(lambda x: (x * x).exp(), x)
    assert mg.autograd.gradgradcheck(lambda x: (x * x).exp(), x)
    assert mg.autograd.jacobian(lambda x: x * x, x).tolist() == [[1, 0], [0, 3]]
    assert mg.autograd.hessian(lambda x: (x**3).sum(), x).tolist() == [[3, 0], [0, 9]]
    y = x * 2
    y.register_hook(lambda g: g * 10)
    y.retain_grad()
    y.sum().backward(retain_graph=True)
    assert (y.grad.tolist(), x.grad.tolist(), x.grad.device.type) == ([10, 10], [20, 20], "cuda")
    y.backward(mg.ones(2, dtype=mg.float64, device=cuda))
    with pytest.raises(RuntimeError, match="cpu"):
        (x * 2).backward(mg.ones(2, dtype=mg.float64))
