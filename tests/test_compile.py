"""Compiled functions against the same functions run as Python: values, gradients to second order, what is refused.

The cases of `test_ops.py` and the random programs of `test_programs.py` serve here again.
"""

import ast
import gc
import inspect
import re
import textwrap
import tracemalloc
import types
import weakref
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings

import minigrad as mg
from minigrad import keras, nn, tf
from minigrad.autograd import gradcheck, gradgradcheck
from minigrad.course import handmade
from minigrad.nn import functional as F
from minigrad.scalar import MLP
from tests import test_ops as table
from tests import test_programs as random_programs

# What a straight line can't say: shapes and answers of Python's that depend on numbers.
FROZEN = {"x[x>0]", "x[:,v>0]", "x[t]", "changed(x, lambda x: x.__setitem__(x > 0, s))", "T.equal(x, x.clone())"}
FROZEN |= {"T.nonzero(x > 0)", "i.nonzero()", "v.nonzero()", "z.nonzero()", "T.equal(x, y)"}
FROZEN |= {"T.allclose(x, x + 1e-9)", "T.allclose(x, y)", "T.allclose(x, x + 1, atol=2)"}


def case(text, dtype="float64"):
    """A case of the table as a function of its tensors, and these."""
    names = sorted(table._names(compile(text, text, "eval")) & set(table.INPUTS))
    tensors = [mg.tensor(table.INPUTS[name]) for name in names]
    tensors = [x.to(getattr(mg, dtype)).requires_grad_() if x.is_floating_point() else x for x in tensors]
    known = {"T": mg, "F": F, "changed": table.changed}
    return lambda *xs: eval(text, {**known, **dict(zip(names, xs, strict=True))}), tensors


def several(results):
    return list(results) if isinstance(results, tuple | list) else [results]


def agree(ours, theirs, dtype="float64"):
    """Assert that results of a compiled function are those of the function."""
    assert type(ours) is type(theirs)
    for a, b in zip(several(ours), several(theirs), strict=True):
        if not isinstance(b, mg.Tensor):
            assert a == b
            continue
        assert (a.shape, a.dtype, a.requires_grad, type(a)) == (b.shape, b.dtype, b.requires_grad, type(b))
        close = {"float32": 1e-5, "float64": 1e-12}[dtype]
        np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=close, atol=close)


def agree_in_gradients(ours, theirs, inputs, dtype="float64"):
    inputs = [x for x in inputs if x.requires_grad]
    for g, h in zip(*(table.differentiate(mg, several(ys), inputs) for ys in (ours, theirs)), strict=True):
        assert (g is None) == (h is None)
        if h is not None:
            assert (g.shape, g.dtype) == (h.shape, h.dtype)
            size = max(1.0, np.abs(h.numpy()).max(initial=0.0))
            close = {"float32": 1e-4, "float64": 1e-10}[dtype]
            np.testing.assert_allclose(g.numpy() / size, h.numpy() / size, rtol=close, atol=close)


# ---------------------------------------------------------------- every row of the table


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@table.each_expression
def test_a_compiled_row_is_the_row(text, dtype):
    function, tensors = case(text, dtype)
    compiled = mg.compile(function)
    if text in FROZEN:
        with pytest.raises(RuntimeError, match=r"depend on the numbers in a tensor. Write mg.where"):
            compiled(*tensors)
        return
    for _ in range(2):  # as it is traced, and as it is run again
        ours, theirs = compiled(*tensors), function(*tensors)
        agree(ours, theirs, dtype)
        agree_in_gradients(ours, theirs, tensors, dtype)


@table.each_expression
def test_compiled_rows_agree_with_finite_differences_to_second_order(text):
    function, tensors = case(text)
    if text in FROZEN or "float()" in text or not any(x.requires_grad for x in tensors):
        return
    if not any(isinstance(y, mg.Tensor) and y.requires_grad for y in several(function(*tensors))):
        return
    compiled = mg.compile(function)
    assert gradcheck(compiled, tensors)
    assert gradgradcheck(compiled, tensors)


def test_a_thousand_random_programs_agree_with_eager():
    ends = Counter()

    @settings(max_examples=1200)
    @given(random_programs.leaves, random_programs.programs)
    def run(shapes, program):
        machine, steps = random_programs.Machine(mg, shapes), []
        for step in program:
            y = machine.attempt(*step)
            if y is not None and 0 < y.numel() <= 500 and np.abs(y.detach().numpy()).max() < 1e3:
                machine.results.append(y)
                steps.append(step)
        inputs, theirs = machine.leaves, machine.results
        scope = {"T": mg, "F": F, "i": mg.tensor([2, 3, 1])}

        def function(*xs):
            results = list(xs)
            for text, *operands in steps:
                a, b = (results[k % len(results)] for k in operands)
                results.append(eval(text, {**scope, "a": a, "b": b}))
            return results

        compiled = mg.compile(function)
        if any("a[a > 0]" in text for text, *_ in steps):
            with pytest.raises(RuntimeError, match="depend on the numbers"):
                compiled(*inputs)
            ends["frozen"] += 1
            return
        ours = compiled(*inputs)
        dtype = "float32" if any(y.dtype == mg.float32 for y in (*theirs, *inputs)) else "float64"
        agree(ours, theirs, dtype)
        agree_in_gradients(ours, theirs, inputs, dtype)
        ends["agreed"] += 1

    run()
    assert ends["agreed"] >= 1000, ends


# ---------------------------------------------------------------- on a GPU


@table.each_expression
def test_compiled_rows_run_on_a_gpu(cuda, text):
    function, tensors = case(text)
    if text in FROZEN:
        return
    there = [x.detach().to(cuda).requires_grad_(x.requires_grad) for x in tensors]
    compiled = mg.compile(function)
    compiled(*there)
    ours, theirs = several(compiled(*there)), several(function(*tensors))
    agree([y.cpu() if isinstance(y, mg.Tensor) else y for y in ours], theirs)
    inputs = [[x for x in xs if x.requires_grad] for xs in (there, tensors)]
    for g, h in zip(table.differentiate(mg, ours, inputs[0]), table.differentiate(mg, theirs, inputs[1]), strict=True):
        assert (g is None) == (h is None)
        if h is not None:
            np.testing.assert_allclose(g.cpu().numpy(), h.numpy(), rtol=1e-10, atol=1e-10)


def test_dropout_on_a_gpu_draws_as_on_the_cpu(cuda):
    compiled = mg.compile(lambda x: F.dropout(x, 0.5) * 2)
    mg.manual_seed(0)
    ours = [compiled(mg.ones(20, device=cuda)).cpu().tolist() for _ in range(2)]
    mg.manual_seed(0)
    assert ours == [(F.dropout(mg.ones(20), 0.5) * 2).tolist() for _ in range(2)]


# ---------------------------------------------------------------- networks


NETWORKS = {
    "dense": lambda: [nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3)],
    "normalised": lambda: [nn.Linear(6, 8), nn.BatchNorm1d(8), nn.Tanh(), nn.LayerNorm(8), nn.Linear(8, 3)],
    "dropping": lambda: [nn.Linear(6, 8), nn.Sigmoid(), nn.Dropout(0.4), nn.Linear(8, 3)],
    "convolutional": lambda: [
        nn.Unflatten(1, (1, 2, 3)), nn.Conv2d(1, 4, 2, padding=1), nn.ReLU(), nn.BatchNorm2d(4), nn.MaxPool2d((1, 2)),
        nn.AvgPool2d((1, 2)), nn.Flatten(), nn.Linear(12, 3),
    ],
    "recurrent": lambda: [
        nn.Unflatten(1, (3, 2)), First(nn.LSTM(2, 4, batch_first=True)), nn.Flatten(), nn.Linear(12, 3),
    ],
}  # fmt: skip


class First(nn.Module):
    """The first result of a module."""

    def __init__(self, module):
        super().__init__()
        self.module = module

    def forward(self, x):
        return self.module(x)[0]


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_train_as_they_do_uncompiled(name):
    x, y = mg.randn(10, 6, generator=mg.Generator().manual_seed(1)), mg.tensor([0, 1, 2, 0, 1] * 2)
    ends = []
    for compiling in (False, True):
        mg.manual_seed(0)
        model = nn.Sequential(*NETWORKS[name]())
        loss = lambda x, y, model=model: F.cross_entropy(model(x), y)
        run = mg.compile(loss) if compiling else loss
        optimizer = mg.optim.Adam(model.parameters(), lr=0.01)
        mg.manual_seed(3)
        losses = []
        for _ in range(3):
            model.train()
            for rows in (slice(0, 4), slice(4, 8), slice(6, 10)):
                optimizer.zero_grad()
                now = run(x[rows], y[rows])
                now.backward()
                optimizer.step()
                losses.append(now.item())
            model.eval()
            with mg.no_grad():
                losses.append(run(x, y).item())
        ends.append((losses, [value.numpy() for value in model.state_dict().values()]))
        if compiling:
            assert len(run.versions) == 2  # of training and of evaluation, each written once
    np.testing.assert_allclose(ends[1][0], ends[0][0], rtol=1e-4)
    for ours, theirs in zip(ends[1][1], ends[0][1], strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-5)


def test_models_of_the_dialects_compile_too():
    x = np.random.default_rng(0).normal(size=(5, 4)).astype("float32")
    model = keras.Sequential([keras.layers.Dense(8, activation="relu"), keras.layers.Dense(3, activation="softmax")])
    theirs = model(x)
    compiled = mg.compile(lambda x: model(x))
    ours = compiled(x)
    assert type(ours) is type(theirs)
    np.testing.assert_allclose(np.asarray(ours.detach()), np.asarray(theirs.detach()), rtol=1e-5)
    assert "@ layer2_kernel + layer2_bias" in compiled.source  # the kernel, and not its transpose transposed
    w = tf.Variable([1.0, 2.0])
    energy = mg.compile(lambda x: tf.reduce_sum(tf.square(w * x)))
    energy(tf.constant([3.0, 4.0]))
    w.assign([2.0, 2.0])
    with tf.GradientTape() as tape:
        y = energy(tf.constant([3.0, 4.0]))
    assert y.item() == 100
    assert tape.gradient(y, w).tolist() == [36.0, 64.0]


def test_dropout_drops_anew_in_each_call_and_as_uncompiled():
    drop = mg.compile(lambda x: F.dropout(x, 0.5))
    x = mg.ones(100, requires_grad=True)
    mg.manual_seed(0)
    ours = [drop(x) for _ in range(3)]
    mg.manual_seed(0)
    for y in ours:
        agree(y, F.dropout(x, 0.5), "float32")
        np.testing.assert_array_equal(mg.grad(y.sum(), x)[0].numpy(), y.detach().numpy())
    assert (ours[0] != ours[1]).any()


def test_second_derivatives_of_what_is_random_use_the_same_numbers():
    x = mg.tensor([0.5, 1.5, 2.5, 3.5], requires_grad=True)
    mg.manual_seed(0)
    y = mg.compile(lambda x: (F.dropout(x, 0.5) ** 3).sum())(x)
    mg.manual_seed(0)
    mask = (F.dropout(mg.ones(4), 0.5)).numpy()
    (slope,) = mg.grad(y, x, create_graph=True)
    np.testing.assert_allclose(slope.detach().numpy(), 3 * mask**3 * x.detach().numpy() ** 2)
    np.testing.assert_allclose(mg.grad(slope.sum(), x)[0].numpy(), 6 * mask**3 * x.detach().numpy())


def test_a_generator_of_ones_own_is_found_and_drawn_from():
    source = mg.Generator()
    noisy = mg.compile(lambda x: x + mg.randn(*x.shape, generator=source))
    source.manual_seed(5)
    ours = [noisy(mg.zeros(3)).tolist() for _ in range(2)]
    source.manual_seed(5)
    assert ours == [mg.randn(3, generator=source).tolist() for _ in range(2)]


def test_parameters_are_inputs_wherever_they_hide():
    class Model:
        def __init__(self):
            self.parts = {"w": [mg.tensor(2.0, requires_grad=True)]}

        def __call__(self, x):
            return x * self.parts["w"][0] * outer() * default()

    b, c = mg.tensor(3.0, requires_grad=True), mg.tensor(5.0)
    outer, default = lambda: b, lambda value=c: value
    model = Model()
    compiled = mg.compile(model)
    x = mg.tensor(1.0)
    assert compiled(x).item() == 30
    with mg.no_grad():
        model.parts["w"][0] += 1
        b.copy_(4.0)
        c += 1
    assert compiled(x).item() == 72
    assert len(compiled.versions) == 1
    assert [g.item() for g in mg.grad(compiled(x), [model.parts["w"][0], b])] == [24.0, 18.0]


def test_tensors_that_no_walk_finds_are_found_by_the_tape():
    class Slotted:
        __slots__ = ("w",)

    hidden = Slotted()
    hidden.w = mg.tensor(2.0, requires_grad=True)
    compiled = mg.compile(lambda x: x * hidden.w)
    assert compiled(mg.tensor(3.0)).item() == 6
    with mg.no_grad():
        hidden.w.copy_(5.0)
    assert compiled(mg.tensor(3.0)).item() == 15


def test_other_shapes_dtypes_modes_and_settings_are_written_anew():
    calls = []

    class Scale(nn.Module):
        def __init__(self):
            super().__init__()
            self.factor = 2.0

        def forward(self, x):
            calls.append(x.shape)
            return x * self.factor if self.training else x

    module = Scale()
    compiled = mg.compile(module)
    x = mg.ones(3)
    assert compiled(x).tolist() == compiled(x + 0).tolist() == [2.0] * 3
    assert len(calls) == 1  # Python ran once
    assert compiled(mg.ones(2, 3)).shape == (2, 3)
    assert compiled(mg.ones(3, dtype=mg.float64)).dtype == mg.float64
    assert compiled(mg.ones(3, requires_grad=True)).requires_grad
    assert len(calls) == 4
    module.eval()
    assert compiled(x).tolist() == [1.0] * 3
    module.train()
    assert compiled(x).tolist() == [2.0] * 3
    module.factor = 7.0
    assert compiled(x).tolist() == [7.0] * 3
    assert compiled.train is module.train or compiled.train() is module  # it is still the module


def test_what_a_class_holds_is_a_setting_too():
    class Defaults:
        rate, table = 2.0, {"shift": 1.0}

    class Model(Defaults):
        weight = mg.tensor(3.0, requires_grad=True)

        @property
        def doubled(self):
            return self.weight * Defaults.rate

        @classmethod
        def shifted(cls, x):
            return x + cls.table["shift"]

    model = Model()
    f = mg.compile(lambda x: model.shifted(model.doubled * x) * Other.factor)

    class Other:
        factor = 10.0

    x = mg.tensor(5.0)
    assert f(x).item() == 310
    Defaults.rate = 4.0
    assert f(x).item() == 610
    Defaults.table["shift"] = 2.0
    assert f(x).item() == 620
    Other.factor = 1.0
    assert f(x).item() == 62
    with mg.no_grad():
        Model.weight += 1
    assert f(x).item() == 82
    f(x).backward()
    assert Model.weight.grad.item() == 20
    Model.rate = 1.0  # not what the property looks at
    assert f(x).item() == 82


def test_settings_in_a_module_of_the_programs_are_settings_too():
    settings = types.ModuleType("settings")
    settings.rate, settings.w = 2.0, mg.tensor(3.0)
    scope = {"settings": settings}
    exec("def scaled(x): return x * settings.rate * settings.w", scope)
    compiled = mg.compile(scope["scaled"])
    assert compiled(mg.tensor(1.0)).item() == 6
    settings.rate = 5.0
    settings.w += 1
    assert compiled(mg.tensor(1.0)).item() == 20


def test_nothing_is_kept_of_the_arrays_it_was_traced_with():
    compiled = mg.compile(lambda x: (x.exp().sin() * 2).sum())
    x = mg.randn(100, 1000, requires_grad=True)
    gc.collect()
    tracemalloc.start()
    compiled(x).backward()
    x.grad = None
    del x
    gc.collect()
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 200_000  # one of its arrays is 400,000 bytes


def test_replacing_a_tensor_or_a_layer_is_noticed():
    model = nn.Sequential(nn.Linear(2, 2, bias=False))
    compiled = mg.compile(lambda x: model(x))
    x = mg.eye(2)
    before = compiled(x)
    model[0].weight = nn.Parameter(mg.eye(2) * 3)
    assert compiled(x).tolist() == [[3.0, 0.0], [0.0, 3.0]] != before.tolist()
    model[0] = nn.Linear(2, 1)
    assert compiled(x).shape == (2, 1)
    model.append(nn.ReLU())
    assert (compiled(x) >= 0).all()


def test_only_so_many_versions_are_kept():
    compiled = mg.compile(lambda x, k: x * k)
    for k in range(40):
        assert compiled(mg.tensor(2.0), k).item() == 2.0 * k
    assert len(compiled.versions) == 16


def test_python_runs_once_and_prints_then(capsys):
    @mg.compile
    def speak(x):
        print("hello", x)
        return x + 1

    speak(mg.tensor([1.0]))
    speak(mg.tensor([2.0]))
    assert capsys.readouterr().out == "hello tensor([1.])\n"


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x if x.sum() > 0 else -x,
        lambda x: x * x.sum().item(),
        lambda x: x * float(x.sum()),
        lambda x: x[: int(x.sum())],
        lambda x: x[x > 0],
        lambda x: [x for _ in range(x.long().sum())],
        lambda x: mg.tensor(x.tolist()) * x,
    ],
)
def test_what_depends_on_numbers_in_tensors_is_refused(function):
    with pytest.raises(RuntimeError, match="can't depend on the numbers in a tensor"):
        mg.compile(function)(mg.tensor([1.0, 2.0], requires_grad=True))
    assert mg.tensor(1.0).item() == 1  # and nothing of it stays


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda a: np.add(a, 1, out=a), r"out=\.\.\.\) can't be compiled"),
        (lambda a: a.sort(), r"sort\(\) changes an array in place"),
        (lambda a: np.asarray(a), "can't be put into an array of NumPy's"),
        (lambda a: np.add.reduce(a), "depend on the numbers"),
    ],
)
def test_arrays_that_are_arguments_are_followed_or_refused(function, words):
    with pytest.raises(RuntimeError, match=words):
        mg.compile(function)(np.array([2.0, 1.0]))


def test_an_error_in_the_function_leaves_everything_as_it_was():
    w = mg.tensor([1.0, 2.0], requires_grad=True)

    @mg.compile
    def fails(x):
        (w * x).sum()
        raise KeyError("mine")

    for _ in range(2):
        with pytest.raises(KeyError, match="mine"):
            fails(mg.tensor([1.0, 2.0]))
        assert isinstance(w.value, np.ndarray)
    with pytest.raises(ValueError, match=r"matmul of float32\[2\], float32\[3\]"):
        mg.compile(lambda x: w @ x)(mg.zeros(3))
    assert (w * 2).sum().item() == 6


def test_gradients_left_inside_are_refused():
    w = mg.tensor(2.0, requires_grad=True)

    @mg.compile
    def step(x):
        (w * x).backward()

    with pytest.raises(RuntimeError, match="call backward\\(\\) on its result, outside"):
        step(mg.tensor(3.0))
    assert w.grad is None
    inner = mg.compile(lambda x: mg.grad(w * w * x, w, create_graph=True)[0])
    assert mg.grad(inner(mg.tensor(3.0)), w)[0].item() == 6


def test_a_tensor_kept_from_inside_is_a_plain_one_afterwards():
    class Keeping(nn.Module):
        def forward(self, x):
            self.last = x * 2
            return self.last + 1

    module = Keeping()
    assert mg.compile(module)(mg.tensor([1.0])).tolist() == [3.0]
    assert (module.last + 1).tolist() == [3.0]


def test_changes_in_place_are_made_in_each_call():
    counter, w = mg.zeros(2), mg.tensor([1.0, 2.0], requires_grad=True)

    @mg.compile
    def count(x):
        with mg.no_grad():
            counter.add_(x.detach())
            counter[0] = counter[0] * 2
        y = x * w
        y[0] = 5.0
        return y + counter.sum()

    for expected in ([2.0, 1.0], [6.0, 2.0]):
        y = count(mg.ones(2))
        assert counter.tolist() == expected
        assert y.tolist() == [5.0 + sum(expected), 2.0 + sum(expected)]
        assert mg.grad(y.sum(), w)[0].tolist() == [0.0, 1.0]


def test_results_in_place_and_arrays_made_inside_are_the_functions_own():
    @mg.compile
    def accumulate(x):
        y = x * 1.0  # not x itself
        y += x
        y *= 2
        rows = mg.zeros(3, 2)
        rows[0] = x
        same = y.reshape(2)
        same[1] = 7.0
        rows[2] = y
        return y, rows

    x = mg.tensor([1.0, 2.0], requires_grad=True)
    for _ in range(2):
        y, rows = accumulate(x)
        assert y.tolist() == [4.0, 7.0]
        assert rows.tolist() == [[1.0, 2.0], [0.0, 0.0], [4.0, 7.0]]
        assert mg.grad(y.sum() + rows.sum(), x)[0].tolist() == [9.0, 1.0]
    assert x.tolist() == [1.0, 2.0]
    with mg.no_grad():
        assert accumulate(x)[1].tolist() == [[1.0, 2.0], [0.0, 0.0], [4.0, 7.0]]
    with pytest.raises(RuntimeError, match="put tensors together with mg"):
        mg.compile(lambda x: x * np.asarray(x.value))(x)


def test_what_was_changed_between_forward_and_backward_is_noticed():
    w, x = mg.tensor([1.0, 2.0], requires_grad=True), mg.tensor([3.0, 4.0])
    loss = mg.compile(lambda w, x: ((w * x) ** 2).sum())
    for retain in (True, False):
        y = loss(w, x)
        with mg.no_grad():
            w += 1
        with pytest.raises(RuntimeError, match="changed in place after the operation"):
            y.backward(retain_graph=retain)
    vector = mg.compile(lambda w, x: (w * x) ** 2)
    y = vector(w, x)
    x += 1
    with pytest.raises(RuntimeError, match="changed in place after the operation"):
        y.sum().backward()


def test_backward_twice_and_a_result_that_shares_nothing():
    w = mg.tensor([1.0, 2.0], requires_grad=True)
    for function in (lambda w: (w * w).sum(), lambda w: w * w):
        compiled = mg.compile(function)
        y = compiled(w).sum()
        y.backward(retain_graph=True)
        y.backward()
        assert w.grad.tolist() == [4.0, 8.0]
        with pytest.raises(RuntimeError, match="second time"):
            y.backward()
        w.grad = None
    same = mg.compile(lambda w: (w, w.T, w[0]))(w)
    with mg.no_grad():
        for y in same:
            y.zero_()
    assert w.tolist() == [1.0, 2.0]


def test_results_come_back_in_the_shape_they_were_returned_in():
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    compiled = mg.compile(lambda x, n: {"sum": x.sum(), "both": [x * n, (x + 1, "text")], "n": n, "none": None})
    result = compiled(x, 3)
    assert list(result) == ["sum", "both", "n", "none"]
    assert (result["sum"].item(), result["both"][1][1], result["n"], result["none"]) == (3.0, "text", 3, None)
    assert mg.grad(result["both"][0].sum() + result["sum"], x)[0].tolist() == [4.0, 4.0]
    assert mg.compile(lambda x: x.max(0))(x).indices.item() == 1  # a named tuple
    assert mg.compile(lambda x: np.exp(x) @ np.ones(2))(np.zeros(2)) == 2.0  # arrays in, arrays out


def test_arguments_that_are_one_tensor_or_one_that_the_function_knows():
    w = mg.tensor(2.0, requires_grad=True)
    product = mg.compile(lambda a, b: a * b * w)
    other = mg.tensor(5.0, requires_grad=True)
    assert product(w, w).item() == 8
    assert product(w, other).item() == 20
    assert product(other, other).item() == 50
    assert [g.item() for g in mg.grad(product(w, other), [w, other])] == [20.0, 4.0]
    assert mg.grad(product(w, w), w)[0].item() == 12


def test_it_decorates_functions_and_methods_and_may_stand_inside_another():
    class Line:
        def __init__(self, slope):
            self.slope = slope

        @mg.compile
        def at(self, x):
            """Where it is at x."""
            return self.slope * x

    x = mg.tensor(3.0, requires_grad=True)
    assert [Line(2.0).at(x).item(), Line(4.0).at(x).item()] == [6.0, 12.0]
    assert Line.at.__doc__ == "Where it is at x."
    line = Line(3.0)
    twice = mg.compile(lambda x: line.at(line.at(x)))
    assert twice(x).item() == 27
    assert mg.grad(twice(x), x)[0].item() == 9


def test_without_recording_only_the_way_there_is_written():
    w = mg.tensor(2.0, requires_grad=True)
    compiled = mg.compile(lambda x: (x * w).tanh())
    with mg.no_grad():
        assert not compiled(mg.tensor(3.0)).requires_grad
    assert "backward" not in compiled.source
    assert compiled(mg.tensor(3.0)).requires_grad
    assert "backward" in compiled.source


def test_memory_is_let_go_without_the_collector():
    w = mg.randn(50, requires_grad=True)
    compiled = mg.compile(lambda w, x: (w * x).tanh() * 2)
    compiled(w, mg.ones(50))
    gc.disable()
    try:
        x = mg.ones(50)
        seen = weakref.ref(x)
        y = compiled(w, x)
        y.sum().backward()
        del x, y
        assert seen() is None
    finally:
        gc.enable()


def test_labels_are_looked_at_in_each_call():
    z = mg.zeros(4, 3, requires_grad=True)
    loss = mg.compile(lambda z, y: F.cross_entropy(z, y))
    assert loss(z, mg.tensor([0, 1, 2, 0])).item() == pytest.approx(np.log(3))
    with pytest.raises(IndexError, match=r"must lie in 0..2, got 0..3"):
        loss(z, mg.tensor([0, 1, 3, 0]))
    ignored = mg.tensor([0, -100, 2, -100])
    agree(loss(z, ignored), F.cross_entropy(z, ignored), "float32")  # some that don't count: written anew
    np.testing.assert_allclose(
        mg.grad(loss(z, ignored), z)[0].numpy(), mg.grad(F.cross_entropy(z, ignored), z)[0].numpy()
    )
    likely = mg.compile(F.binary_cross_entropy)
    p = mg.tensor([0.2, 0.9], requires_grad=True)
    likely(p, mg.tensor([0.0, 1.0]))
    with pytest.raises(ValueError, match="targets must lie between 0 and 1"):
        likely(p, mg.tensor([0.0, 2.0]))
    embed = nn.Embedding(3, 2)
    look = mg.compile(lambda i: embed(i))
    look(mg.tensor([0, 2]))
    with pytest.raises(IndexError, match="row numbers must lie in"):
        look(mg.tensor([0, 3]))


# ---------------------------------------------------------------- scalars


def test_scalars_become_straight_line_floats():
    x, y = mg.Scalar(3.0, label="x"), mg.Scalar(4.0, label="y")
    f = mg.compile(lambda x, y: x * x * y + y + 2)
    result = f(x, y)
    assert (type(result), result.data) == (mg.Scalar, 42.0)
    result.backward()
    assert (x.grad, y.grad) == (24.0, 10.0)
    assert "np." not in f.source
    a, b = mg.Scalar(-2.0), mg.Scalar(0.5)
    assert f(a, b).data == 4.5


@pytest.mark.parametrize(
    "function",
    [
        lambda x, y: x.exp() * y.log() - x.tanh() / y,
        lambda x, y: (x - y).relu() + (y - x).relu() + abs(x) + max_of(x, y),
        lambda x, y: x.sin() * y.cos() + x**3 - y**x + x.sigmoid() * y.sqrt(),
        lambda x, y: x.leaky_relu(0.1) - y.softplus() + x.clamp(-1.0, 0.5) * x.maximum(y),
    ],
)
@pytest.mark.parametrize("at", [(0.3, 0.7), (-1.2, 2.5), (2.0, 1.0)])
def test_scalar_functions_agree(function, at):
    compiled = mg.compile(function)
    for start in ((0.9, 1.9), at):
        ours, theirs = ([mg.Scalar(v) for v in start] for _ in range(2))
        a, b = compiled(*ours), function(*theirs)
        a.backward()
        b.backward()
        assert a.data == pytest.approx(b.data, rel=1e-12)
        assert [x.grad for x in ours] == pytest.approx([x.grad for x in theirs], rel=1e-12)


def max_of(x, y):
    return x.maximum(y)


def test_a_network_of_scalars_trains():
    model = MLP(2, [4, 1], generator=mg.Generator().manual_seed(0))
    loss = lambda x: model(x) ** 2 + sum(p * p for p in model.parameters())
    compiled = mg.compile(lambda a, b: loss([a, b]))
    x = [mg.Scalar(1.0), mg.Scalar(-2.0)]
    loss(x).backward()
    expected = [p.grad for p in model.parameters()]
    model.zero_grad()
    compiled(*x).backward()
    assert [p.grad for p in model.parameters()] == pytest.approx(expected, rel=1e-12)


def test_an_if_on_a_scalar_is_refused():
    with pytest.raises(RuntimeError, match="can't depend on the numbers"):
        mg.compile(lambda x: x if x > 0 else -x)(mg.Scalar(1.0))


# ---------------------------------------------------------------- the text


def written_by_hand(function, names):
    """The expressions that a method of lesson 02's framework computes, `self.W` and the like renamed."""
    for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(function)))):
        value = getattr(node, "value", None)
        if isinstance(node, ast.Assign | ast.Return) and isinstance(value, ast.BinOp | ast.Call):
            text = ast.unparse(value)
            for name, other in names.items():
                text = re.sub(rf"\b{re.escape(name)}\b", other, text)
            yield text


def spelled_out(lines):
    """Lines `name = expression` with every name but the inputs' replaced by what it stands for."""
    known = {}
    for line in lines:
        name, _, text = line.partition(" = ")
        for other, meaning in known.items():
            text = re.sub(rf"(?<!\.)\b{other}\b", f"({meaning})", text)
        known[name] = ast.unparse(ast.parse(text, mode="eval"))
    return known


def test_the_source_is_what_a_learner_wrote_by_hand():
    """Lesson 02's two layers, forward and backward: the machine writes the same lines, up to names."""

    def loss(x, labels, W1, b1, W2, b2):
        z1 = x @ W1 + b1
        h = mg.tanh(z1)
        z2 = h @ W2 + b2
        return F.cross_entropy(z2, labels)

    points, Y = handmade.xor()
    x, labels = mg.tensor(points), mg.tensor(Y.argmax(axis=1))
    network = handmade.two_layers()
    weights = [mg.tensor(w, requires_grad=True) for layer in network.layers[::2] for w in (layer.W, layer.b)]
    compiled = mg.compile(loss)
    compiled(x, labels, *weights)
    lines = [line.strip() for line in compiled.source.splitlines() if " = " in line]

    first, second = {"self.x": "x", "self.W": "W1", "self.b": "b1"}, {"self.x": "h", "self.W": "W2", "self.b": "b2"}
    there, back = handmade.Linear.forward, handmade.Linear.backward
    steps = [
        (("z1",), there, first),
        (("z2",), there, second | {"x": "h"}),
        (("dW2", "db2", "dh"), back, second | {"g": "dz2"}),
        (("dz1",), handmade.tanh_backward, {"g": "dh", "y": "h"}),
        (("dW1", "db1", "dx"), back, first | {"g": "dz1"}),
    ]
    written = [zip(names, written_by_hand(function, other), strict=True) for names, function, other in steps]
    by_hand = [f"{name} = {text}" for pairs in written for name, text in pairs]
    by_hand.insert(1, "h = np.tanh(z1)")
    by_hand.pop()  # nobody asked for the gradient of the data, and the machine doesn't compute it
    theirs, ours = spelled_out(by_hand), spelled_out(line for line in lines if line.split()[0] not in ("dz2",))
    assert len(theirs) == 9
    for name, meaning in theirs.items():
        assert ours[name] == meaning, name

    # What is left is the loss. It takes class numbers, and is written so that large scores don't overflow; but the
    # thought is the same: softmax, less 1 at the right class, divided by how many there are.
    rest = [line for line in lines if line.split()[0] not in theirs]
    assert len(rest) <= 9, rest
    assert re.search(r"\w+\[.*labels.*\] -= 1\n *dz2 = .* / 40", compiled.source)


def test_nineteen_lines_are_enough_for_two_layers():
    def loss(x, labels, W1, b1, W2, b2):
        return F.cross_entropy(mg.relu(x @ W1 + b1) @ W2 + b2, labels)

    shapes = [(8, 3), (3, 5), (5,), (5, 2), (2,)]
    x, *weights = (mg.randn(*shape, requires_grad=True) for shape in shapes)
    compiled = mg.compile(loss)
    compiled(x.detach(), mg.tensor([0, 1] * 4), *weights)
    lines = [line for line in compiled.source.splitlines() if line.startswith("    ") and "#" not in line]
    assert len(lines) <= 19, compiled.source
    assert all(len(line) <= 110 for line in lines)


def test_names_are_the_programs_own():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc1, self.fc2 = nn.Linear(3, 4), nn.Linear(4, 2)

        def forward(self, pixels):
            hidden = mg.relu(self.fc1(pixels))
            return self.fc2(hidden)

    compiled = mg.compile(Net())
    compiled(mg.ones(5, 3))
    assert "def net(pixels, fc1_weight, fc1_bias, fc2_weight, fc2_bias):" in compiled.source
    assert "hidden = np.maximum(" in compiled.source
    assert "d_fc1_weight = " in compiled.source
    awkward = mg.compile(lambda np, c: (np * c).sum() + mg.tensor([1.0, 2.0]))  # names that the source needs itself
    agree(awkward(mg.ones(2), mg.ones(2)), mg.tensor([3.0, 4.0]), "float32")


def test_what_nothing_needs_is_left_out_and_what_is_equal_is_computed_once():
    compiled = mg.compile(lambda x: (mg.exp(x), mg.exp(x) * 2, [mg.sin(x), 1][1]))
    compiled(mg.ones(3))
    assert compiled.source.count("np.exp") == 1
    assert "np.sin" not in compiled.source


def test_the_graph_is_drawn():
    compiled = mg.compile(lambda x, y: (x * y).tanh())
    with pytest.raises(RuntimeError, match="call the compiled function once"):
        _ = compiled.graph
    compiled(mg.tensor(3.0, requires_grad=True), mg.tensor(4.0))
    assert "tanh(" in repr(compiled.graph)
    assert compiled.graph.svg.startswith("<svg")


def test_what_cannot_be_called_is_refused():
    with pytest.raises(TypeError, match="expected a function or a module, got float"):
        mg.compile(3.0)
