"""Optimizers take PyTorch's steps, whatever the options and however the parameters lie in memory."""

import copy
import inspect
import itertools
import re
import tracemalloc
import weakref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad import nn, optim
from minigrad.optim import optimizer as machinery

SHAPES = [(3, 4), (4,), (), (2, 1, 3), (0,)]
TOLERANCE = {"float64": {"rtol": 1e-11, "atol": 1e-13}, "float32": {"rtol": 2e-5, "atol": 2e-6}}


def table():
    """(name, options) for every optimizer and the combinations of its options."""

    def combine(name, **choices):
        for values in itertools.product(*choices.values()):
            yield name, dict(zip(choices, values, strict=True))

    decay, sign = {"weight_decay": [0, 0.1]}, {"maximize": [False, True]}
    yield from combine("SGD", lr=[0.1], momentum=[0, 0.9], dampening=[0, 0.3], **decay, **sign)
    yield from combine("SGD", lr=[0.1], momentum=[0.8], nesterov=[True], **decay, **sign)
    yield from combine("Adagrad", lr=[0.1], lr_decay=[0, 0.1], initial_accumulator_value=[0, 0.5], **decay, **sign)
    yield from combine(
        "RMSprop", alpha=[0.99, 0.5], eps=[1e-8, 0.1], momentum=[0, 0.9], centered=[False, True], **decay
    )
    yield from combine("RMSprop", centered=[True], maximize=[True])
    for name in ("Adam", "AdamW"):
        yield from combine(name, lr=[0.01], amsgrad=[False, True], **decay, **sign)
        yield from combine(name, betas=[(0.5, 0.9), (0.0, 0.0)], eps=[1e-3])
        yield name, {}
    yield from (("SGD", {}), ("Adagrad", {}), ("RMSprop", {}))


TABLE = list(table())
ALL = [("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.1}), ("Adagrad", {}), ("Adam", {"amsgrad": True})]
ALL += [("RMSprop", {"momentum": 0.9, "centered": True, "weight_decay": 0.1}), ("AdamW", {"lr": 0.01})]


def names(cases):
    """How the cases are shown in pytest's report."""
    return [f"{name}-" + "-".join(f"{k}={v}" for k, v in options.items()) for name, options in cases]


def arrays(shapes=SHAPES, dtype="float32", seed=0):
    """Random numbers in these shapes."""
    rng = np.random.default_rng(seed)
    return [np.asarray(rng.standard_normal(shape), dtype) for shape in shapes]


def parameters(values):
    """Leaves with these values."""
    return [mg.tensor(value, requires_grad=True) for value in values]


def give(params, grads):
    """Set gradients; None is none."""
    for p, g in zip(params, grads, strict=True):
        p.grad = None if g is None else mg.tensor(g)


def train(optimizer, params, steps, start=0):
    """Steps with gradients that depend on the parameters and on the number of the step."""
    for step in range(start, start + steps):
        noise = arrays([p.shape for p in params], params[0].dtype, seed=step)
        give(params, [p.value - 1 + g for p, g in zip(params, noise, strict=True)])
        optimizer.step()


def values(params):
    """Copies of the numbers."""
    return [p.value.copy() for p in params]


def same(these, those):
    """Bit for bit."""
    return all(a.dtype == b.dtype and np.array_equal(a, b) for a, b in zip(these, those, strict=True))


class Twins:
    """The same parameters here and in PyTorch, stepped alike and compared."""

    def __init__(self, torch, name, options, shapes=SHAPES, dtype="float64"):
        self.torch, self.dtype, self.seed = torch, dtype, itertools.count()
        self.ours = parameters(arrays(shapes, dtype, seed=99))
        self.theirs = [torch.tensor(p.numpy(), requires_grad=True) for p in map(mg.Tensor.detach, self.ours)]
        self.optimizer = getattr(optim, name)(self.ours, **options)
        self.reference = getattr(torch.optim, name)(self.theirs, **options)

    def step(self, mask=None):
        """One step with new random gradients, where `mask` is true."""
        mask = [True] * len(self.ours) if mask is None else mask
        grads = arrays([p.shape for p in self.ours], self.dtype, next(self.seed))
        grads = [g if on else None for g, on in zip(grads, mask, strict=True)]
        give(self.ours, grads)
        for p, g in zip(self.theirs, grads, strict=True):
            p.grad = None if g is None else self.torch.tensor(g)
        self.optimizer.step()
        self.reference.step()
        self.compare()

    def compare(self):
        for i, (p, q) in enumerate(zip(self.ours, self.theirs, strict=True)):
            assert p.dtype == self.dtype
            np.testing.assert_allclose(p.value, q.detach().numpy(), err_msg=f"parameter {i}", **TOLERANCE[self.dtype])


# ---------------------------------------------------------------- the same steps as PyTorch


@pytest.mark.parametrize(("name", "options"), TABLE, ids=names(TABLE))
@pytest.mark.parametrize("dtype", TOLERANCE)
def test_steps_are_pytorchs(torch, name, options, dtype):
    """Every rule, with all its options, over 25 steps."""
    twins = Twins(torch, name, options, dtype=dtype)
    for _ in range(25):
        twins.step()


@pytest.mark.parametrize("name", ["SGD", "Adagrad", "RMSprop", "Adam", "AdamW"])
def test_signatures_are_pytorchs(torch, name):
    """The same names, places and defaults, as far as they go."""
    ours = inspect.signature(getattr(optim, name)).parameters
    theirs = inspect.signature(getattr(torch.optim, name)).parameters
    left_out = {"foreach", "fused", "capturable", "differentiable"}
    assert ours.keys() - {"other"} == theirs.keys() - left_out
    for key in ours.keys() - {"other"}:
        assert ours[key].default == theirs[key].default, key
    placed = [key for key, p in theirs.items() if p.kind == p.POSITIONAL_OR_KEYWORD and key not in left_out]
    mine = [key for key, p in ours.items() if p.kind == p.POSITIONAL_OR_KEYWORD]
    assert placed[: len(mine)] == mine


@given(data=st.data(), case=st.sampled_from(ALL))
def test_any_course_of_events(torch, data, case):
    """Gradients come and go, rates change, numbers and state are replaced: the steps stay PyTorch's."""
    name, options = case
    twins = Twins(torch, name, options, shapes=[(3,), (2, 2), ()])
    for _ in range(data.draw(st.integers(1, 8))):
        event = data.draw(st.sampled_from("step step step lr data forget reload".split()))
        if event == "step":
            twins.step(data.draw(st.lists(st.booleans(), min_size=3, max_size=3)))
        elif event == "lr":
            lr = data.draw(st.sampled_from([0.0, 0.01, 0.3]))
            twins.optimizer.param_groups[0]["lr"] = twins.reference.param_groups[0]["lr"] = lr
        elif event == "data":
            new = np.linspace(-1, 1, 4).reshape(2, 2)
            twins.ours[1].data = mg.tensor(new).T  # not contiguous
            twins.theirs[1].data = torch.tensor(new).T
        elif event == "forget" and name != "Adagrad":  # PyTorch's makes its state when it is made
            twins.optimizer.state.clear()
            twins.reference.state.clear()
        elif event == "reload":
            twins.optimizer.load_state_dict(twins.optimizer.state_dict())
    twins.step()


@pytest.mark.parametrize(("name", "options"), ALL, ids=names(ALL))
def test_layout_changes_nothing(monkeypatch, name, options):
    """Laid end to end, alone, or in pieces: bit for bit the same."""
    results = []
    for small, piece in [(0, 1 << 20), (5, 7), (1 << 20, 1 << 20), (0, 1)]:
        monkeypatch.setattr(machinery, "SMALL", small)
        monkeypatch.setattr(machinery, "PIECE", piece)
        params = parameters([x.T if x.ndim == 2 else x for x in arrays()])
        assert not params[0].value.flags.c_contiguous
        train(getattr(optim, name)(params, **options), params, 5)
        results.append(values(params))
    assert all(same(results[0], result) for result in results)


def test_large_parameters_in_pieces(torch, monkeypatch):
    """Sizes as they are met, where the pieces don't come out even."""
    monkeypatch.setattr(machinery, "PIECE", 10_000)
    twins = Twins(torch, "Adam", {"weight_decay": 0.1}, shapes=[(300, 100), (300,), (10, 300), (10,)], dtype="float32")
    for _ in range(20):
        twins.step()


def test_centered_rmsprop_of_a_constant_gradient():
    """There E[g²] - E[g]² is 0, and rounding may leave less: no nan."""
    w = mg.ones(100, requires_grad=True)
    optimizer = optim.RMSprop([w], alpha=0.5, centered=True)
    w.grad = mg.tensor(np.linspace(0.1, 1, 100, dtype="float32"))
    for _ in range(100):
        optimizer.step()
    assert np.isfinite(w.value).all()


def test_a_network_trains(torch):
    """From the same weights on the same data, losses agree for 20 steps of backward and Adam."""
    x, y = arrays([(16, 5), (16, 1)])
    w1, w2 = arrays([(5, 8), (8, 1)], seed=1)

    def losses(lib, Adam, tensor):
        params = [tensor(w.copy()) for w in (w1, w2)]
        for p in params:
            p.requires_grad_()
        optimizer = Adam(params, lr=0.05)
        for _ in range(20):
            loss = (((tensor(x) @ params[0]).tanh() @ params[1] - tensor(y)) ** 2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            yield loss.item()

    ours, theirs = (list(losses(lib, lib.optim.Adam, lib.tensor)) for lib in (mg, torch))
    np.testing.assert_allclose(ours, theirs, rtol=1e-4)
    assert ours[-1] < ours[0]


# ---------------------------------------------------------------- steps, gradients, closures


def test_without_gradient_nothing_moves():
    """Neither the number, nor what is remembered of it, nor, under weight decay, its size."""
    a, b = parameters(arrays([(2,), (2,)]))
    before = values([a, b])
    optimizer = optim.AdamW([a, b], lr=0.1, weight_decay=0.5)
    a.grad = mg.ones(2)
    optimizer.step()
    assert not same([a.value], before[:1])
    assert same([b.value], before[1:])
    assert optimizer.state_dict()["state"].keys() == {0}


def test_gradients_that_come_in_turns_do_not_copy_state():
    """Two halves trained in turn keep their places in memory."""
    params = parameters(arrays([(2,), (2,)]))
    optimizer = optim.Adam(params)
    kept = []
    for turn in (0, 1, 0, 1):
        give(params, [np.ones(2, "f4") if i == turn else None for i in range(2)])
        optimizer.step()
        kept.append(optimizer.state[params[turn]]["exp_avg"].value)
    assert kept[0] is kept[2]
    assert kept[1] is kept[3]


def test_outdated_state_is_let_go():
    """When parameters that stepped together part, what they remembered together is freed."""
    params = parameters(arrays([(2,), (2,)]))
    optimizer = optim.Adam(params)
    train(optimizer, params, 2)
    together = weakref.ref(optimizer.state[params[0]]["exp_avg"])
    assert together() is not None
    params[1].grad = None
    optimizer.step()
    assert together() is None


@pytest.mark.parametrize(("name", "change"), [("SGD", {"momentum": 0.9}), ("Adam", {"weight_decay": 0.1, "eps": 0.1})])
def test_options_change_on_the_way(torch, name, change):
    """As do schedules of the momentum, and the curious."""
    twins = Twins(torch, name, {"lr": 0.1})
    for step in range(6):
        if step == 3:
            for optimizer in (twins.optimizer, twins.reference):
                optimizer.param_groups[0].update(change)
        twins.step()


def test_zero_grad():
    """None by default; zeros where asked, in the same memory."""
    a, b = parameters(arrays([(2,), (2,)]))
    optimizer = optim.SGD([a, b])
    a.grad = mg.ones(2)
    gradient = a.grad.value
    optimizer.zero_grad(set_to_none=False)
    assert a.grad.value is gradient
    assert a.grad.tolist() == [0, 0]
    assert b.grad is None
    optimizer.zero_grad()
    assert a.grad is None


def test_closure_is_called_while_recording():
    """Also when the step is taken under no_grad; its loss comes back."""
    w = mg.tensor(3.0, requires_grad=True)
    optimizer = optim.SGD([w], lr=0.1)

    def closure():
        optimizer.zero_grad()
        loss = w**2
        loss.backward()
        return loss

    with mg.no_grad():
        loss = optimizer.step(closure)
    assert loss.item() == 9
    assert w.item() == pytest.approx(2.4)
    assert optimizer.step() is None


def test_backward_through_a_step_is_refused():
    """The graph knew the parameters as they were."""
    a, b = parameters(arrays([(2,), (2,)]))
    optimizer = optim.SGD([a, b], lr=0.1)
    loss = (a * b).sum()
    loss.backward(retain_graph=True)
    optimizer.step()
    with pytest.raises(RuntimeError, match="changed in place"):
        loss.backward()


def test_a_wrong_gradient_is_refused_before_anything_moves():
    """The gradient of a parameter that was replaced since by one of another shape."""
    a, b = parameters(arrays([(2,), (2,)]))
    before = values([a, b])
    a.grad, b.grad = mg.ones(2), mg.ones(2)
    b.data = mg.ones(1)
    with pytest.raises(ValueError, match=r"a gradient has shape \(2,\), its parameter \(1,\)"):
        optim.SGD([a, b]).step()
    assert same([a.value], before[:1])


@pytest.mark.parametrize(("name", "options"), ALL, ids=names(ALL))
def test_a_step_makes_no_temporaries(name, options):
    """Beyond what it keeps, next to no memory, however large the parameters."""
    w = mg.zeros(2_000_000, requires_grad=True)
    optimizer = getattr(optim, name)([w], **options)
    w.grad = mg.ones(2_000_000)
    optimizer.step()
    tracemalloc.start()
    optimizer.step()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10_000


def test_parameters_may_change_their_dtype():
    """State follows, as it must when a model is moved after its optimizer was made."""
    params = parameters(arrays([(3,), (2,)]))
    optimizer = optim.Adam(params, lr=0.1)
    train(optimizer, params, 3)
    for p in params:
        p.data = p.data.double()
    train(optimizer, params, 3, start=3)
    assert {x.dtype for p in params for x in (p, optimizer.state[p]["exp_avg"])} == {mg.float64}
    assert optimizer.state[params[0]]["step"].item() == 6


@pytest.mark.gpu
@pytest.mark.parametrize(("name", "options"), ALL, ids=names(ALL))
def test_on_a_gpu(name, options):
    """The same steps as on the CPU, also for parameters moved there between two steps."""
    here, moved = parameters(arrays()), parameters(arrays())
    there = [p.detach().to("cuda").requires_grad_() for p in here]
    optimizers = [getattr(optim, name)(params, **options) for params in (here, there, moved)]
    for step in range(6):
        if step == 3:
            for p in moved:
                p.data = p.data.to("cuda")
        for params, optimizer in zip((here, there, moved), optimizers, strict=True):
            for p, g in zip(params, arrays(seed=step), strict=True):
                p.grad = mg.tensor(g, device=p.device)
            optimizer.step()
    for a, b, c in zip(here, there, moved, strict=True):
        np.testing.assert_allclose(b.detach().cpu().numpy(), a.detach().numpy(), rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(c.detach().cpu().numpy(), a.detach().numpy(), rtol=1e-5, atol=1e-6)


# ---------------------------------------------------------------- groups


def test_groups(torch):
    """Options of their own, defaults for the rest, groups added on the way, a rate set by hand."""
    ours = parameters(arrays([(2,)] * 3, "float64"))
    theirs = [torch.tensor(p.tolist(), dtype=torch.float64, requires_grad=True) for p in ours]
    optimizers = []
    for lib, (a, b, _) in ((optim, ours), (torch.optim, theirs)):
        groups = [{"params": [a], "lr": 0.5}, {"params": b, "momentum": 0.9, "name": "second"}]
        optimizers.append(lib.SGD(groups, lr=0.01, weight_decay=0.1))
    for step in range(6):
        if step == 2:
            optimizers[0].add_param_group({"params": ours[2:], "lr": 0.2})
            optimizers[1].add_param_group({"params": theirs[2:], "lr": 0.2})
        if step == 4:
            for optimizer in optimizers:
                optimizer.param_groups[1]["lr"] = 0.3
        for p, q, g in zip(ours, theirs, arrays([(2,)] * 3, "float64", seed=step), strict=True):
            p.grad, q.grad = mg.tensor(g), torch.tensor(g)
        for optimizer in optimizers:
            optimizer.step()
    for p, q in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(p.tolist(), q.tolist(), rtol=1e-12)
    assert [g["lr"] for g in optimizers[0].param_groups] == [0.5, 0.3, 0.2]
    assert optimizers[0].param_groups[1]["name"] == "second"


def test_what_may_be_given():
    """Modules' parameters once or with names, generators, rates as tensors; the caller's dictionary stays his."""
    model = nn.Linear(2, 3)
    for params in (model.parameters(), model.named_parameters(), iter(list(model.parameters()))):
        assert [p.shape for p in optim.Adam(params).param_groups[0]["params"]] == [(3, 2), (3,)]
    group = {"params": model.parameters()}
    assert optim.SGD([group], lr=mg.tensor(0.5)).param_groups[0]["lr"] == 0.5
    assert group.keys() == {"params"}
    assert optim.Adam([mg.ones(1)], fused=True, foreach=None, differentiable=False).defaults["lr"] == 1e-3


@pytest.mark.parametrize("lr", [np.float64(0.5), mg.tensor(0.5), 1])
def test_rates_of_other_types(lr):
    """float32 stays float32."""
    w = mg.ones(2, requires_grad=True)
    optimizer = optim.SGD([w], lr=0.1)
    optimizer.param_groups[0]["lr"] = lr
    w.grad = mg.ones(2)
    optimizer.step()
    assert w.tolist() == [1 - float(lr)] * 2
    assert w.dtype == mg.float32


def test_repr_is_pytorchs(torch):
    """Line by line, but for options that say how PyTorch is to compute."""
    w = torch.ones(1, requires_grad=True)
    theirs = repr(torch.optim.Adam([{"params": [w]}], lr=0.5)).splitlines()
    theirs = [line for line in theirs if not re.search("foreach|fused|capturable|differentiable", line)]
    assert repr(optim.Adam([mg.ones(1, requires_grad=True)], lr=0.5)).splitlines() == theirs


# ---------------------------------------------------------------- saving and loading


@pytest.mark.parametrize("how", ["state_dict", "deepcopy"])
@pytest.mark.parametrize(("name", "options"), ALL, ids=names(ALL))
def test_a_run_goes_on_bit_by_bit(name, options, how):
    """Saved in the middle, and gone on with in fresh objects."""
    params = parameters(arrays())
    optimizer = getattr(optim, name)(params, **options)
    train(optimizer, params, 4)
    optimizer.param_groups[0]["lr"] /= 2
    if how == "deepcopy":
        params2, optimizer2 = copy.deepcopy((params, optimizer))
        assert not optimizer2._plans  # they would only take up memory
    else:
        params2 = parameters(values(params))
        optimizer2 = getattr(optim, name)(params2, lr=7)
        saved = optimizer.state_dict()
    train(optimizer, params, 4, start=4)  # what was saved is a copy, and doesn't notice
    if how == "state_dict":
        optimizer2.load_state_dict(saved)
    train(optimizer2, params2, 4, start=4)
    assert same(values(params), values(params2))
    train(optimizer2, params2, 1, start=8)  # and no memory is shared between the two
    train(optimizer, params, 1, start=8)
    assert same(values(params), values(params2))


def test_state_dict_layout(torch):
    """PyTorch's keys; a run begun there goes on here and the other way round."""
    for name, options in ALL:
        twins = Twins(torch, name, options, shapes=[(2, 3), (3,)])
        for _ in range(3):
            twins.step()
        ours, theirs = twins.optimizer.state_dict(), twins.reference.state_dict()
        assert ours["param_groups"][0]["params"] == theirs["param_groups"][0]["params"] == [0, 1]
        assert ours["param_groups"][0].items() <= theirs["param_groups"][0].items()
        for i in (0, 1):
            assert ours["state"][i].keys() - theirs["state"][i].keys() <= {"step"}  # PyTorch's SGD does not count
            assert theirs["state"][i].keys() <= ours["state"][i].keys()
            for key, x in theirs["state"][i].items():
                assert ours["state"][i][key].shape == tuple(x.shape)
                np.testing.assert_allclose(ours["state"][i][key].numpy(), x.numpy(), rtol=1e-12)

        def turned(state, turn):
            entries = {i: {k: turn(x) for k, x in kept.items()} for i, kept in state["state"].items()}
            return {"state": entries, "param_groups": state["param_groups"]}

        twins.optimizer.load_state_dict(turned(theirs, lambda x: mg.tensor(x.numpy())))
        groups = [{**g, **mine} for g, mine in zip(theirs["param_groups"], ours["param_groups"], strict=True)]
        back = turned({**ours, "param_groups": groups}, lambda x: torch.tensor(x.numpy()))
        twins.reference.load_state_dict(back)
        for _ in range(3):
            twins.step()


def test_loading_brings_state_to_the_parameters_dtype():
    """State saved in float64 for parameters in float32."""
    a, b = parameters(arrays([(2,)], "float64")), parameters(arrays([(2,)], "float32"))
    optimizer, optimizer2 = optim.Adam(a), optim.Adam(b)
    train(optimizer, a, 2)
    optimizer2.load_state_dict(optimizer.state_dict())
    train(optimizer2, b, 2)
    assert b[0].dtype == optimizer2.state[b[0]]["exp_avg"].dtype == mg.float32


def damage(what):
    """A state dict of Adam for two parameters with one thing wrong."""
    params = parameters(arrays([(2,), (3,)]))
    optimizer = optim.Adam(params)
    train(optimizer, params, 1)
    state = optimizer.state_dict()
    if what == "sizes":
        state["param_groups"][0]["params"] = [0]
    elif what == "groups":
        state["param_groups"] *= 2
    elif what == "shape":
        state["state"][1]["exp_avg_sq"] = mg.zeros(4)
    elif what == "index":
        state["state"][2] = state["state"][1]
    elif what == "options":
        del state["param_groups"][0]["betas"]
    elif what == "value":
        state["param_groups"][0]["eps"] = -1
    elif what == "keys":
        del state["state"]
    return state


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("sizes", r"hold \[1\] parameters, this optimizer's \[2\]"),
        ("groups", r"hold \[2, 2\] parameters"),
        ("shape", r"exp_avg_sq of parameter 1 was saved with shape \(4,\), the parameter has \(3,\)"),
        ("index", "state was saved for parameter 2"),
        ("options", r"saved without \['betas'\], by another optimizer"),
        ("value", "eps must be at least 0"),
        ("keys", r"what state_dict\(\) returned"),
    ],
)
def test_what_does_not_fit_changes_nothing(what, message):
    """All is looked at before anything is loaded."""
    params = parameters(arrays([(2,), (3,)]))
    optimizer = optim.Adam(params, lr=0.5)
    train(optimizer, params, 2)
    before = optimizer.state_dict()
    with pytest.raises((ValueError, TypeError), match=message):
        optimizer.load_state_dict(damage(what))
    after = optimizer.state_dict()
    assert after["param_groups"] == before["param_groups"]
    for i in (0, 1):
        assert {k: x.tolist() for k, x in after["state"][i].items()} == {
            k: x.tolist() for k, x in before["state"][i].items()
        }


def test_adamw_stays_adamw():
    """Also when it goes on from what Adam remembered."""
    params = parameters(arrays([(2,)]))
    optimizer = optim.AdamW(params)
    optimizer.load_state_dict(optim.Adam(params, weight_decay=0.5).state_dict())
    assert optimizer.param_groups[0]["weight_decay"] == 0.5
    assert optimizer.param_groups[0]["decoupled_weight_decay"]


# ---------------------------------------------------------------- optimizers of one's own


def test_an_optimizer_in_pytorchs_style():
    """A program may override `step` and use `state` as it likes, and save it."""

    class Mine(optim.Optimizer):
        def __init__(self, params, lr):
            super().__init__(params, {"lr": lr})

        def step(self, closure=None):
            with mg.no_grad():
                for group in self.param_groups:
                    for p in group["params"]:
                        state = self.state[p]
                        if not state:
                            state["count"], state["total"] = 0, mg.zeros_like(p)
                        state["count"] += 1
                        state["total"] += p.grad
                        p -= group["lr"] * state["total"]

    w = mg.ones(2, requires_grad=True)
    optimizer = Mine([w], lr=0.5)
    w.grad = mg.ones(2)
    optimizer.step()
    fresh = Mine([w], lr=1)
    saved = optimizer.state_dict()
    fresh.load_state_dict(saved)
    fresh.step()
    assert saved["state"][0]["total"].tolist() == [1, 1]  # what was loaded is a copy
    assert w.tolist() == [1 - 0.5 - 1] * 2
    assert optimizer.state[w]["count"] == 1
    assert fresh.state[w]["total"].tolist() == [2, 2]


def test_a_rule_must_be_written():
    """The base has none."""
    w = mg.ones(2, requires_grad=True)
    w.grad = mg.ones(2)
    with pytest.raises(NotImplementedError, match="needs a method rule"):
        optim.Optimizer([w], {"lr": 0.1}).step()


# ---------------------------------------------------------------- what is said to a learner

W = mg.ones(2, requires_grad=True)

ERRORS = [
    (lambda: optim.adam, AttributeError, "minigrad.optim does not cover 'adam'; did you mean 'Adam'"),
    (lambda: optim.LBFGS, AttributeError, "minigrad.optim does not cover 'LBFGS'$"),
    (lambda: optim.lr_scheduler.CyclicLR, AttributeError, "minigrad.optim.lr_scheduler does not cover 'CyclicLR'"),
    (lambda: optim.Adam(W), TypeError, r"got a single one; write Adam\(\[tensor\]\)"),
    (lambda: optim.Adam(nn.Linear(2, 2)), TypeError, r"got a Linear itself; write model.parameters\(\)"),
    (lambda: optim.Adam([{"params": nn.Linear(2, 2)}]), TypeError, r"write model.parameters\(\)"),
    (lambda: optim.Adam([]), ValueError, "got no parameters"),
    (lambda: optim.Adam(3), TypeError, "expected a list of tensors or of groups, got 3"),
    (lambda: optim.Adam({W}), TypeError, "a set has no order"),
    (lambda: optim.Adam([W, np.ones(2)]), TypeError, "parameter 1 is a ndarray, not a tensor"),
    (lambda: optim.Adam([W, W]), ValueError, "parameter 1 .* was given before"),
    (lambda: optim.Adam([{"params": [W]}, {"params": [W]}]), ValueError, "was given before"),
    (lambda: optim.Adam([W * 2]), ValueError, "was computed, <MulBackward>.*detach"),
    (lambda: optim.Adam([{"param": [W]}]), TypeError, 'a dictionary with "params" in it'),
    (lambda: optim.Adam([{"params": [W]}, W]), TypeError, "got a Tensor"),
    (lambda: optim.Adam([W], lr=-0.1), ValueError, "lr must be at least 0, got -0.1"),
    (lambda: optim.Adam([W], lr=float("nan")), ValueError, "lr must be at least 0, got nan"),
    (lambda: optim.Adam([{"params": [W], "lr": -1}]), ValueError, "lr must be at least 0, got -1"),
    (lambda: optim.Adam([W], lr="fast"), TypeError, "lr must be a number, got 'fast'"),
    (lambda: optim.Adam([W], lr=None), TypeError, "lr must be a number, got None"),
    (lambda: optim.Adam([W], betas=0.9), TypeError, "betas are two numbers"),
    (lambda: optim.Adam([W], betas=(0.9, 1.0)), ValueError, "less than 1"),
    (lambda: optim.SGD([W], nesterov=True), ValueError, "requires a momentum"),
    (lambda: optim.SGD([W], momentun=0.9), TypeError, "no option 'momentun'; did you mean 'momentum'"),
    (lambda: optim.Adam([W], learning_rate=0.1), TypeError, "did you mean 'lr'"),
    (lambda: optim.Adam([W], beta_1=0.1), TypeError, "did you mean 'betas'"),
    (lambda: optim.SGD([W], colour="red"), TypeError, "no option 'colour'; there are lr, momentum"),
    (lambda: optim.SGD([{"params": [W], "weight_decy": 1}]), TypeError, "did you mean 'weight_decay'"),
    (lambda: optim.Adam([W], differentiable=True), TypeError, "no option 'differentiable'"),
    (lambda: optim.SGD([W]).step(W.sum()), TypeError, r"write loss.backward\(\) and then optimizer.step\(\)"),
    (lambda: optim.SGD([W]).load_state_dict([1]), TypeError, "got a list"),
]


@pytest.mark.parametrize(("call", "kind", "message"), ERRORS, ids=[message for *_, message in ERRORS])
def test_errors(call, kind, message):
    """What was given, what was expected, what to write instead."""
    with pytest.raises(kind, match=message):
        call()
