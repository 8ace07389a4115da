"""Module: what it finds and in which order, state and its errors, modes, hooks, printing; beside PyTorch's."""

import copy
import itertools
import re

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn


def network(framework):
    """One network in either framework, with nested parts, a buffer and a shared parameter."""

    class Block(framework.nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = framework.nn.Linear(3, 3)
            self.norm = framework.nn.BatchNorm1d(3)

        def forward(self, x):
            return framework.nn.functional.relu(self.norm(self.fc(x)))

    class Net(framework.nn.Module):
        def __init__(self):
            super().__init__()
            self.first = framework.nn.Linear(2, 3)
            self.scale = framework.nn.Parameter(framework.ones(3))
            self.blocks = framework.nn.ModuleList([Block(), Block()])
            self.named = framework.nn.ModuleDict({"a": framework.nn.Linear(3, 3), "b": framework.nn.ReLU()})
            self.tail = framework.nn.Sequential(framework.nn.Dropout(0.0), framework.nn.Linear(3, 2, bias=False))
            self.again = self.first
            self.register_buffer("count", framework.zeros(1))
            self.register_buffer("scratch", framework.zeros(1), persistent=False)

        def forward(self, x):
            x = self.first(x) * self.scale
            for block in self.blocks:
                x = block(x)
            return self.tail(self.named["b"](self.named["a"](x)))

    return Net()


def test_found_in_the_same_order_as_in_pytorch(torch):
    """Parameters, buffers, modules, state, and the printed form."""
    theirs, ours = network(torch), network(mg)
    assert [n for n, _ in ours.named_modules()] == [n for n, _ in theirs.named_modules()]
    assert [n for n, _ in ours.named_children()] == [n for n, _ in theirs.named_children()]
    assert [n for n, _ in ours.named_parameters()] == [n for n, _ in theirs.named_parameters()]
    assert [n for n, _ in ours.named_buffers()] == [n for n, _ in theirs.named_buffers()]
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert repr(ours) == repr(theirs)


def test_state_goes_from_pytorch_to_here_and_back(torch):
    """The keys are the same, so the weights are too, and the outputs."""
    theirs, ours = network(torch).eval(), network(mg).eval()
    ours.load_state_dict({k: mg.tensor(v.numpy()) for k, v in theirs.state_dict().items()})
    x = np.random.default_rng(0).standard_normal((4, 2)).astype("float32")
    expected = theirs(torch.tensor(x)).detach().numpy()
    np.testing.assert_allclose(ours(mg.tensor(x)).detach().numpy(), expected, rtol=1e-5, atol=1e-6)
    theirs.load_state_dict({k: torch.tensor(v.numpy()) for k, v in ours.state_dict().items()})


def test_parts_in_plain_lists_and_dictionaries_are_found():
    """Definition order, under path-like names."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = [nn.Linear(1, 1), nn.Linear(1, 1, bias=False)]
            self._private = {"x": nn.Linear(1, 1, bias=False)}

    names = [name for name, _ in Net().named_parameters()]
    assert names == ["layers.0.weight", "layers.0.bias", "layers.1.weight", "_private.x.weight"]


def test_loading_is_all_or_nothing():
    """Missing, unexpected and misshapen entries are all named, and no number has changed."""
    model = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
    before = {k: v.clone() for k, v in model.state_dict().items()}
    wrong = {k: v + 1 for k, v in before.items()}
    wrong["0.weight"] = mg.zeros(3, 5)
    wrong["extra"] = wrong.pop("1.bias")
    with pytest.raises(RuntimeError, match=r"(?s)size mismatch for 0.weight.*\(3, 5\).*\(3, 2\).*1.bias.*extra"):
        model.load_state_dict(wrong)
    assert all(mg.equal(v, model.state_dict()[k]) for k, v in before.items())
    wrong["0.weight"] = before["0.weight"] + 2
    result = model.load_state_dict(wrong, strict=False)
    assert result.missing_keys == ["1.bias"]
    assert result.unexpected_keys == ["extra"]
    assert mg.equal(model[0].weight, before["0.weight"] + 2)


def test_misspelt_names_are_refused_with_the_nearest():
    """Trap 15."""
    model = nn.Linear(2, 3)
    with pytest.raises(AttributeError, match="did you mean 'weight'"):
        model.weigth
    with pytest.raises(AttributeError, match="did you mean 'parameters'"):
        model.paramters()


def test_parameter_is_not_replaced_by_a_tensor_by_accident():
    """It would silently stop being trained."""
    model = nn.Linear(2, 3)
    with pytest.raises(TypeError, match=r"nn\.Parameter"):
        model.weight = mg.zeros(3, 2)
    model.weight = nn.Parameter(mg.zeros(3, 2))
    assert [name for name, _ in model.named_parameters()] == ["weight", "bias"]


def test_forgotten_super_init_is_said():
    """On assignment of a part, and on the first call."""

    class Assigns(nn.Module):
        def __init__(self):
            self.fc = nn.Linear(1, 1)

    class Empty(nn.Module):
        def __init__(self):
            pass

    with pytest.raises(AttributeError, match="super"):
        Assigns()
    for use in (lambda: Empty()(1), lambda: list(Empty().parameters()), lambda: Empty().weight):
        with pytest.raises(AttributeError, match=r"must begin with super\(\).__init__\(\)"):
            use()


def test_modes_freezing_applying_and_zeroing():
    """They reach every part."""
    model = network(mg)
    assert all(m.training for m in model.modules())
    assert not any(m.training for m in model.eval().modules())
    assert all(m.training for m in model.train().modules())
    model(mg.ones(4, 2)).sum().backward()
    assert all(p.grad is not None for p in model.parameters())
    model.zero_grad(set_to_none=False)
    assert all((p.grad == 0).all() for p in model.parameters())
    model.zero_grad()
    assert all(p.grad is None for p in model.parameters())
    model.requires_grad_(False)
    assert not model(mg.ones(4, 2)).requires_grad
    seen = []
    model.apply(lambda m: seen.append(type(m).__name__))
    assert seen[-1] == "Net"
    assert model.double()(mg.ones(4, 2, dtype=mg.float64)).dtype == mg.float64


def test_hooks_see_and_change():
    """Before and after; removed, they are gone."""
    layer, seen = nn.ReLU(), []
    before = layer.register_forward_pre_hook(lambda module, inputs: inputs[0] - 1)
    after = layer.register_forward_hook(lambda module, inputs, result: seen.append((inputs[0].item(), result.item())))
    assert layer(mg.tensor(3.0)).item() == 2.0
    assert seen == [(2.0, 2.0)]
    before.remove(), after.remove()
    assert layer(mg.tensor(3.0)).item() == 3.0
    assert len(seen) == 1


def lists(T):
    """What can be done with numbered modules, and what it leaves."""
    nn = T.nn
    for make in (lambda *modules: nn.ModuleList(modules), nn.Sequential):
        layers = make(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1, bias=False))
        yield [type(layers[0]), layers[-1] is layers[2], len(layers), len(layers[:2])]
        layers.append(nn.Sigmoid())
        layers.insert(1, nn.Dropout(0.1))
        yield layers
        layers[1] = nn.Tanh()
        yield [type(layers.pop(-1)), type(layers.pop(0)), list(layers.state_dict())]
        layers += make(nn.ReLU(), nn.ReLU())
        yield layers
        yield layers + make(nn.Identity())
        layers.extend(make(nn.GELU()))
        del layers[0], layers[1:3]
        yield layers
        yield list(layers.state_dict())


def dictionaries(T):
    """What can be done with named modules."""
    nn = T.nn
    parts = nn.ModuleDict({"b": nn.Linear(1, 2), "a": nn.ReLU()})
    parts["c"] = nn.Tanh()
    parts.update({"a": nn.Sigmoid(), "d": nn.Identity()})
    yield parts
    yield [list(parts), list(parts.keys()), [name for name, _ in parts.items()], len(parts), "a" in parts, "x" in parts]
    yield [type(parts.pop("c")), [type(part) for part in parts.values()]]
    del parts["b"]
    yield list(parts.state_dict())
    parts.clear()
    yield parts
    yield nn.ModuleDict([["x", nn.ReLU()]])


def names(T):
    """What a name stands for: as a parameter, a buffer or a module it is found; set to None, it keeps its place."""
    nn = T.nn

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.late = None
            self.register_parameter("bias", None)
            self.register_buffer("count", T.zeros(1))
            self.w = nn.Parameter(T.ones(1))

    model = Net()
    yield [list(model.state_dict()), model.bias]
    model.late, model.bias = nn.Parameter(T.ones(1)), nn.Parameter(T.ones(1))
    yield list(model.state_dict())
    model.w, model.count = None, T.ones(1)
    yield [list(model.state_dict()), model.state_dict()["count"].tolist()]
    model.count = nn.Parameter(T.ones(1))
    yield [[name for name, _ in model.named_parameters("net")], [name for name, _ in model.named_buffers()]]
    del model.bias
    yield [hasattr(model, "bias"), list(model.state_dict())]
    model.bias = 3
    model.inner = nn.Linear(1, 1)
    model.inner = nn.Sequential(nn.BatchNorm1d(2))
    yield [model.bias, list(model.state_dict()), [name for name, _ in model.named_buffers(prefix="net")]]


@pytest.mark.parametrize("program", [lists, dictionaries, names])
def test_parts_are_kept_as_in_pytorch(torch, program):
    """One program in both; what it yields is the same, printed."""

    def printed(T):
        return [re.sub(r"<class '.*\.(\w+)'>|torch\.(?=float)", r"\1", repr(result)) for result in program(T)]

    assert printed(mg) == printed(torch)


def forgetful(torch=mg):
    """A module whose constructor forgot its base."""

    class Net(torch.nn.Module):
        def __init__(self):
            self.x = 3

    return Net()


# what is done, with `nn` and `T` of either library, and what is said
MISTAKES = [
    (
        "nn.Linear(2, 3, bias=False).__setattr__('bias', T.zeros(3))",
        "cannot assign a Tensor as parameter 'bias' of Lin",
    ),
    ("nn.LayerNorm(3, elementwise_affine=False).__setattr__('weight', T.zeros(3))", "as parameter 'weight'"),
    ("nn.BatchNorm1d(2).__setattr__('running_mean', 3)", "cannot assign 3 as buffer 'running_mean' of BatchNorm1d"),
    ("nn.Sequential(nn.ReLU()).__setattr__('0', 3)", "as module '0' of Sequential; give it an nn.Module"),
    ("nn.Linear(1, 1).register_buffer('weight', T.ones(1))", "'weight' can't be the name of a buffer"),
    ("nn.Linear(1, 1).register_buffer('forward', T.ones(1))", "not that of an attribute or method"),
    ("nn.Linear(1, 1).register_parameter('a.b', None)", "'a.b' can't be the name of a parameter"),
    ("nn.Linear(1, 1).add_module('', nn.ReLU())", "'' can't be"),
    ("nn.Linear(1, 1).add_module('x', 3)", "'x' must be an nn.Module or None, got 3"),
    ("nn.ModuleDict({'pop': nn.ReLU()})", "'pop' can't be"),
    ("nn.ModuleDict({'a.b': nn.ReLU()})", "without a dot"),
    ("nn.ModuleDict({1: nn.ReLU()})", "ModuleDict: 1 can't be"),
    ("nn.ModuleDict({'a': 3})", "ModuleDict holds modules, got 3"),
    ("nn.ModuleDict({'a': nn.ReLU()})['b']", "b"),
    ("nn.ModuleDict({'a': nn.ReLU()}).pop('b')", "b"),
    ("nn.Sequential(nn.ReLU)", r"Sequential holds modules, got the class ReLU: write ReLU\(...\)"),
    ("nn.Sequential([nn.ReLU()])", r"got a list; write \* before it"),
    ("nn.Sequential(nn.ReLU()).append(T.relu)", "Sequential holds modules"),
    ("list(forgetful(T).parameters())", r"Net.__init__ must begin with super\(\).__init__\(\)"),
    ("forgetful(T)(1)", "must begin with super"),
]


@pytest.mark.parametrize(("text", "words"), MISTAKES, ids=[text for text, _ in MISTAKES])
def test_mistakes_are_named(torch, text, words):
    """What PyTorch refuses too, in words."""
    with pytest.raises((TypeError, KeyError, AttributeError)) as theirs:
        eval(text, {"T": torch, "nn": torch.nn, "forgetful": forgetful})
    with pytest.raises((TypeError, ValueError, KeyError, AttributeError), match=words) as ours:
        eval(text, {"T": mg, "nn": nn, "forgetful": forgetful})
    assert ours.type is theirs.type or ours.type is ValueError


def test_a_change_that_is_refused_changes_nothing():
    """A container is whole after an error."""
    layers = nn.Sequential(nn.Linear(1, 2), nn.ReLU())
    with pytest.raises(TypeError, match="holds modules"):
        layers.insert(0, 3)
    assert len(layers) == 2
    again = layers[1:]  # of which the one module is called "1"
    assert len(again.append(nn.Tanh())) == 2  # in PyTorch the new one replaces it
    with pytest.raises(AttributeError, match="no attribute 'register_full_backward_hook'"):
        layers.register_full_backward_hook(print)


def test_a_deep_copy_shares_nothing():
    """`copy.deepcopy(model)`, as programs that keep the best model do."""
    model = nn.Linear(2, 2)
    twin = copy.deepcopy(model)
    with mg.no_grad():
        twin.weight += 1
    assert not mg.equal(model.weight, twin.weight)
    assert isinstance(twin.weight, nn.Parameter)
    assert twin.weight.requires_grad


def test_a_copy_of_a_parameter_has_no_gradient_yet(torch):
    """That of another tensor has: PyTorch does so."""
    for T in (mg, torch):
        for make, keeps in ((T.nn.Parameter, False), (lambda x: x.requires_grad_(), True)):
            x = make(T.ones(2))
            (x * 3).sum().backward()
            assert (copy.deepcopy(x).grad is not None) == keeps


@pytest.mark.parametrize("norm_type", [1, 2.0, 3, float("inf"), "inf"])
def test_clipping_by_any_norm(torch, norm_type):
    """Of several gradients together; the total is returned."""
    for T in (torch, mg):
        p, q = (T.nn.Parameter(T.zeros(2)) for _ in range(2))
        p.grad, q.grad = T.tensor([3.0, -1.0]), T.tensor([0.5, 2.0])
        total = T.nn.utils.clip_grad_norm_([p, q], 1.0, norm_type=norm_type)
        if T is torch:
            expected = [total.item(), *p.grad.tolist(), *q.grad.tolist()]
    assert [total.item(), *p.grad.tolist(), *q.grad.tolist()] == pytest.approx(expected, rel=1e-6)
    p.grad[0] = float("nan")
    with pytest.raises(RuntimeError, match="nan: training has diverged"):
        nn.utils.clip_grad_norm_([p], 1.0, norm_type, error_if_nonfinite=True)
    with pytest.raises(TypeError, match=r"got a Linear; write model.parameters\(\)"):
        nn.utils.clip_grad_norm_(nn.Linear(1, 1), 1.0)


def test_clipping_gradients(torch):
    """To a norm and to a value, as PyTorch does."""
    for scale in (0.1, 10.0):
        a, b = torch.nn.Linear(3, 2), nn.Linear(3, 2)
        for p, q in zip(a.parameters(), b.parameters(), strict=True):
            g = scale * np.random.default_rng(0).standard_normal(tuple(p.shape)).astype("float32")
            p.grad, q.grad = torch.tensor(g), mg.tensor(g)
        na = torch.nn.utils.clip_grad_norm_(a.parameters(), 1.0)
        nb = nn.utils.clip_grad_norm_(b.parameters(), 1.0)
        assert abs(na.item() - nb.item()) < 1e-5
        nn.utils.clip_grad_value_(b.parameters(), 0.2), torch.nn.utils.clip_grad_value_(a.parameters(), 0.2)
        for p, q in zip(a.parameters(), b.parameters(), strict=True):
            np.testing.assert_allclose(q.grad.numpy(), p.grad.numpy(), rtol=1e-5)


INITS = {
    "uniform_": {"a": -2.0, "b": 3.0},
    "normal_": {"mean": 1.0, "std": 2.0},
    "xavier_uniform_": {"gain": 2.0},
    "xavier_normal_": {},
    "kaiming_uniform_": {"a": 0.3},
    "kaiming_normal_": {"mode": "fan_out", "nonlinearity": "relu"},
    "trunc_normal_": {"mean": 0.5, "std": 2.0, "a": -1.0, "b": 1.5},
    "orthogonal_": {"gain": 3.0},
    "zeros_": {},
    "ones_": {},
    "eye_": {},
}


@pytest.mark.parametrize("name", INITS)
def test_initial_values_have_the_distribution_of_pytorch(torch, name):
    """Mean, standard deviation and range of many numbers; the generators differ."""
    torch.manual_seed(0)
    mg.manual_seed(0)
    shape = (300, 200) if name == "eye_" else (300, 50, 2, 2)
    a, b = torch.empty(shape), mg.zeros(shape)
    getattr(torch.nn.init, name)(a, **INITS[name])
    assert getattr(nn.init, name)(b, **INITS[name]) is b
    size = a.abs().max().item()
    assert b.mean().item() == pytest.approx(a.mean().item(), abs=0.03 * size)
    assert b.std().item() == pytest.approx(a.std().item(), rel=0.02)
    if name.endswith("uniform_"):
        assert b.abs().max().item() == pytest.approx(size, rel=0.01)


def test_orthogonal_rows_or_columns():
    """At right angles, of length `gain`; which direction they have is drawn."""
    for shape in ((3, 5), (5, 3), (6, 2, 2)):
        w = nn.init.orthogonal_(mg.zeros(*shape, dtype=mg.float64), gain=2.0).reshape(shape[0], -1)
        square = w @ w.T if w.shape[0] < w.shape[1] else w.T @ w
        assert mg.allclose(square, 4 * mg.eye(len(square), dtype=mg.float64))
    numbers = nn.init.trunc_normal_(mg.zeros(10000), 0.0, 1.0, -0.5, 2.0)
    assert numbers.min() >= -0.5
    assert numbers.max() <= 2.0
    with pytest.raises(ValueError, match="hardly anything"):
        nn.init.trunc_normal_(mg.zeros(1), 0.0, 1.0, 7.0, 8.0)
    with pytest.raises(ValueError, match="two dimensions"):
        nn.init.orthogonal_(mg.zeros(3))
    with pytest.raises(ValueError, match="did you mean 'relu'"):
        nn.init.calculate_gain("rleu")


@pytest.mark.parametrize("name", ["Linear", "Conv2d", "Embedding", "LSTM"])
def test_default_initial_values_are_those_of_pytorch(torch, name):
    """Parameter by parameter: the same bounds and spread."""
    arguments = {"Linear": (300, 200), "Conv2d": (20, 30, 5), "Embedding": (500, 100), "LSTM": (60, 80)}[name]
    torch.manual_seed(0)
    mg.manual_seed(0)
    for p, q in zip(
        getattr(torch.nn, name)(*arguments).parameters(), getattr(nn, name)(*arguments).parameters(), strict=True
    ):
        assert tuple(p.shape) == q.shape
        assert q.std().item() == pytest.approx(p.std().item(), rel=0.2 if p.numel() < 500 else 0.05)


def test_summary_counts_and_leaves_the_model_as_it_was():
    """The counts that the lessons name: 2, 7, 15, 2410, 101770; modes and running statistics don't move."""
    for sizes, count in (((1, 1), 2), ((1, 2, 1), 7), ((4, 3), 15), ((64, 32, 10), 2410), ((784, 128, 10), 101770)):
        layers = [nn.Linear(a, b) for a, b in itertools.pairwise(sizes)]
        assert nn.summary(nn.Sequential(*layers), (sizes[0],)).endswith(f" {count:,}")
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(0, 1), nn.Dropout(), nn.LSTM(6, 5)).train()
    model[3].eval()
    before = {k: v.clone() for k, v in model.state_dict().items()}
    table = nn.summary(model, (1, 8, 8))
    assert "(N, 2, 6, 6)" in table
    assert [m.training for m in model.modules()] == [True, True, True, True, False, True]
    assert all(mg.equal(v, model.state_dict()[k]) for k, v in before.items())


def test_rows_of_a_summary_add_up():
    """Parameters beside parts have a row; what is shared counts once; a part that isn't called is said to be so."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter(mg.ones(3))
            self.first, self.second, self.idle = nn.Linear(4, 3), nn.Linear(4, 3), nn.Linear(1, 1)
            self.second.weight = self.first.weight

        def forward(self, x):
            return self.first(x) + self.second(x) * self.scale

    lines = [re.split("  +", line) for line in nn.summary(nn.Sequential(Net(), nn.ReLU()), 4).splitlines()]
    assert [(line[0], line[2], line[3]) for line in lines[2:-2]] == [
        ("0", "(N, 3)", "3"),
        ("0.first", "(N, 3)", "15"),
        ("0.second", "(N, 3)", "3"),
        ("0.idle", "not called", "2"),
        ("1", "(N, 3)", "0"),
    ]
    assert lines[-1] == ["all", "Sequential", "23"]


def test_a_module_may_be_used_twice():
    """The same ReLU after each layer, or one layer several times: run as often as it stands there, trained once."""
    layer, relu = nn.Linear(2, 2), nn.ReLU()
    model = nn.Sequential(layer, relu, layer, relu)
    assert len(model) == 4
    x = mg.randn(3, 2)
    assert mg.equal(model(x), layer(layer(x).relu()).relu())
    assert len(list(model.parameters())) == 2
    assert len(nn.ModuleList([layer] * 3)) == 3
    assert nn.ModuleDict({"a": layer, "b": layer})["b"] is layer
    assert [name for name, _ in nn.Sequential(layer, relu, nn.Tanh())[1:].named_children()] == ["1", "2"]


def test_what_replaces_a_part_must_be_one():
    """Or it would silently be trained no more."""
    model = nn.Sequential(nn.Linear(2, 2))
    for wrong in (3, "a", mg.zeros(2, 2)):
        with pytest.raises(TypeError, match="parameter"):
            model[0].weight = wrong
    with pytest.raises(TypeError, match="tensor"):
        model.register_buffer("b", 3)
    with pytest.raises(TypeError, match="Parameter"):
        model.register_parameter("w", mg.ones(2))
    with pytest.raises(TypeError, match="state dict"):
        model.load_state_dict(model)
    with pytest.raises(TypeError, match="floating"):
        model.to(mg.int64)
    with pytest.raises(ValueError, match="neither a device"):
        model.to("gpu")
    assert repr(model.load_state_dict(model.state_dict())) == "<All keys matched successfully>"
    assert model.to("cpu", non_blocking=True) is model


def test_a_property_that_fails_is_not_called_missing():
    """Its own mistake is the one to look for."""

    class Net(nn.Module):
        @property
        def size(self):
            return self.nothing

    with pytest.raises(AttributeError, match="property"):
        Net().size


def test_parameters_notice_what_is_written_to_the_memory_they_share():
    """Given a tensor, a parameter looks into its memory; given NumPy's, it keeps a copy and is trained all the same."""
    for take in (nn.Parameter, lambda x: replaced(nn.Parameter(mg.zeros(2)), x)):
        x = mg.ones(2)
        p = take(x)
        loss = (p * p).sum()
        x.mul_(5)
        assert p.tolist() == [5, 5]
        with pytest.raises(RuntimeError, match="changed in place"):
            loss.backward()
        array = np.ones(2, "float32")
        p = take(mg.from_numpy(array))
        loss = (p * p).sum()
        array[:] = 5
        loss.backward()
        assert p.grad.tolist() == [2, 2]
    with pytest.raises(TypeError, match="must be a tensor"):
        p.data = 3
    with pytest.raises(TypeError, match="floating"):
        p.data = mg.tensor([1, 2])


def replaced(parameter, data):
    """The parameter, with other data."""
    parameter.data = data
    return parameter


def test_a_norm_that_overflows_is_not_let_through(torch):
    """Gradients of 1e25 have an infinite norm in float32: they become 0, as PyTorch's do."""
    p, q = nn.Parameter(mg.zeros(2)), torch.nn.Parameter(torch.zeros(2))
    p.grad, q.grad = mg.full((2,), 1e25), torch.full((2,), 1e25)
    nn.utils.clip_grad_norm_([p], 1.0), torch.nn.utils.clip_grad_norm_([q], 1.0)
    assert p.grad.tolist() == q.grad.tolist() == [0, 0]


def test_hooks_may_take_themselves_away():
    """While they run, and twice, without taking others along."""
    layer, seen = nn.ReLU(), []

    def once(module, inputs, result):
        seen.append("once")
        first.remove()

    def always(module, inputs, result):
        seen.append("always")

    first, second, third = (layer.register_forward_hook(hook) for hook in (once, always, always))
    layer(mg.ones(1)), layer(mg.ones(1))
    assert seen == ["once", *["always"] * 4]
    second.remove(), second.remove()
    layer(mg.ones(1))
    assert seen[5:] == ["always"]
    third.remove()
    with layer.register_forward_hook(always), layer.register_forward_pre_hook(lambda module, inputs: seen.append("in")):
        layer(mg.ones(1))
    layer(mg.ones(1))
    assert seen[6:] == ["in", "always"]
