"""Schedules give PyTorch's rates, from the start, resumed, and combined."""

import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad import optim
from minigrad.optim import lr_scheduler

SCHEDULES = [
    ("StepLR", {"step_size": 7}),
    ("StepLR", {"step_size": 1, "gamma": 0.9}),
    ("MultiStepLR", {"milestones": [30, 5, 12, 12], "gamma": 0.5}),
    ("MultiStepLR", {"milestones": [0, 3]}),
    ("ExponentialLR", {"gamma": 0.93}),
    ("CosineAnnealingLR", {"T_max": 50}),
    ("CosineAnnealingLR", {"T_max": 8, "eta_min": 0.05}),
    ("CosineAnnealingLR", {"T_max": 1}),
    ("LambdaLR", {"lr_lambda": lambda epoch: 0.95**epoch}),
    ("LambdaLR", {"lr_lambda": [lambda epoch: 1 / (1 + epoch), lambda epoch: 2.0]}),
]
CLOSE = {"rel": 1e-9, "abs": 1e-15}


def names(cases):
    """How the cases are shown in pytest's report."""
    return [f"{name}-{i}" for i, (name, _) in enumerate(cases)]


def make(lib, cases=(), rates=(0.5, 0.01)):
    """An optimizer of two groups and its schedules, here or in PyTorch."""
    groups = [{"params": [lib.ones(1, requires_grad=True)], "lr": lr} for lr in rates]
    optimizer = lib.optim.SGD(groups)
    return optimizer, *(getattr(lib.optim.lr_scheduler, name)(optimizer, **options) for name, options in cases)


def run(optimizer, schedulers, epochs):
    """The rates at the start and after each epoch."""
    rates = [[group["lr"] for group in optimizer.param_groups]]
    for _ in range(epochs):
        optimizer.step()
        for scheduler in schedulers:
            scheduler.step()
        rates.append([group["lr"] for group in optimizer.param_groups])
        assert schedulers[-1].get_last_lr() == rates[-1]
    return rates


def agree(ours, theirs):
    """Whether two courses of rates are the same."""
    assert len(ours) == len(theirs)
    for epoch, (a, b) in enumerate(zip(ours, theirs, strict=True)):
        assert a == pytest.approx(b, **CLOSE), f"epoch {epoch}"


@pytest.mark.parametrize("case", SCHEDULES, ids=names(SCHEDULES))
def test_rates_are_pytorchs(torch, case):
    """Two groups, 50 epochs."""
    ours, theirs = ([*make(lib, cases=[case])] for lib in (mg, torch))
    agree(run(ours[0], ours[1:], 50), run(theirs[0], theirs[1:], 50))
    assert ours[1].last_epoch == theirs[1].last_epoch == 50
    assert ours[1].base_lrs == [0.5, 0.01]


@pytest.mark.parametrize("case", SCHEDULES, ids=names(SCHEDULES))
def test_a_schedule_goes_on(case):
    """Saved with its optimizer after 17 epochs and loaded into fresh ones, it is the schedule that never stopped."""
    whole = run(*(lambda optimizer, *schedulers: (optimizer, schedulers))(*make(mg, cases=[case])), 50)
    optimizer, scheduler = make(mg, cases=[case])
    run(optimizer, [scheduler], 17)
    saved = optimizer.state_dict(), scheduler.state_dict()
    run(optimizer, [scheduler], 3)
    optimizer, scheduler = make(mg, cases=[case], rates=(7, 8))
    optimizer.load_state_dict(saved[0])
    scheduler.load_state_dict(saved[1])
    saved[1]["base_lrs"].clear()  # what was loaded is a copy
    assert run(optimizer, [scheduler], 33) == whole[17:]


@pytest.mark.parametrize(
    "cases",
    [
        [("ExponentialLR", {"gamma": 0.9}), ("MultiStepLR", {"milestones": [3, 9]})],
        [("ExponentialLR", {"gamma": 0.9}), ("CosineAnnealingLR", {"T_max": 20})],
    ],
    ids=["decays", "decay and cosine"],
)
def test_schedules_combine(torch, cases):
    """Each multiplies what the others left."""
    ours, theirs = ([*make(lib, cases=cases)] for lib in (mg, torch))
    agree(run(ours[0], ours[1:], 30), run(theirs[0], theirs[1:], 30))


OPTIONS = st.fixed_dictionaries(
    {
        "mode": st.sampled_from(["min", "max"]),
        "factor": st.sampled_from([0.1, 0.5]),
        "patience": st.integers(0, 3),
        "threshold": st.sampled_from([0.0, 1e-4, 0.2]),
        "threshold_mode": st.sampled_from(["rel", "abs"]),
        "cooldown": st.integers(0, 3),
        "min_lr": st.sampled_from([0.0, 0.02, [0.1, 0.001]]),
        "eps": st.sampled_from([1e-8, 0.1]),
    }
)
METRICS = st.lists(st.sampled_from([-1.0, 0.0, 0.1, 0.5, 0.55, 0.6, 1.0, float("inf"), float("nan")]), max_size=50)


@given(options=OPTIONS, metrics=METRICS, pause=st.integers(0, 50))
def test_plateaus_are_pytorchs(torch, options, metrics, pause):
    """Any options, any course of the metric, saved and loaded somewhere on the way."""
    (ours,), (theirs,) = make(mg), make(torch)
    scheduler = lr_scheduler.ReduceLROnPlateau(ours, **options)
    reference = torch.optim.lr_scheduler.ReduceLROnPlateau(theirs, **options)
    for epoch, metric in enumerate(metrics):
        if epoch == pause:
            saved = scheduler.state_dict()
            scheduler = lr_scheduler.ReduceLROnPlateau(ours)
            scheduler.load_state_dict(saved)
        scheduler.step(mg.tensor(metric, dtype=mg.float64))
        reference.step(metric)
        agree([scheduler.get_last_lr()], [reference.get_last_lr()])
    assert scheduler.last_epoch == reference.last_epoch


def test_a_plateau_in_epochs():
    """By hand: two bad epochs are borne, the third costs; then one of cooldown, and the count begins anew."""
    (optimizer,) = make(mg, rates=(1.0,))
    scheduler = lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=2, cooldown=1)
    rates = []
    for loss in [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.1]:
        scheduler.step(loss)
        rates.append(optimizer.param_groups[0]["lr"])
    assert rates == [1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25]


def test_a_rate_set_by_hand_is_taken_over():
    """By those that multiply what they find."""
    optimizer, scheduler = make(mg, cases=[("ExponentialLR", {"gamma": 0.5})])
    optimizer.param_groups[0]["lr"] = 8.0
    optimizer.step()
    scheduler.step()
    assert scheduler.get_last_lr() == [4, 0.005]


def test_the_schedule_reaches_the_steps():
    """What the schedule says is how far the parameter goes."""
    w = mg.tensor([0.0], requires_grad=True)
    optimizer = optim.SGD([w], lr=1.0)
    scheduler = lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.5)
    w.grad = mg.ones(1)
    for _ in range(3):
        optimizer.step()
        scheduler.step()
    assert w.tolist() == [-1.75]


def test_the_wrong_order_is_warned_of():
    """Once, and only where the optimizer's own step can tell."""
    optimizer, scheduler = make(mg, cases=[("ExponentialLR", {"gamma": 0.5})])
    with pytest.warns(UserWarning, match=r"before optimizer.step\(\)"):
        scheduler.step()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scheduler.step()

        class Mine(optim.SGD):
            def step(self, closure=None):
                return None

        lr_scheduler.StepLR(Mine(optimizer.param_groups[0]["params"]), 3).step()


def test_a_schedule_of_ones_own_may_write_get_lr():
    """As programs for PyTorch do."""

    class Halving(lr_scheduler.LRScheduler):
        def get_lr(self):
            return [base / 2**self.last_epoch for base in self.base_lrs]

    (optimizer,) = make(mg)
    assert run(optimizer, [Halving(optimizer)], 2)[2] == [0.125, 0.0025]


def stepped_with_more_groups():
    optimizer, scheduler = make(mg, cases=[("StepLR", {"step_size": 3})])
    optimizer.add_param_group({"params": [mg.ones(1, requires_grad=True)]})
    optimizer.step()
    scheduler.step()


def loaded_from_another():
    _, scheduler = make(mg, cases=[("StepLR", {"step_size": 3})])
    _, other = make(mg, cases=[("MultiStepLR", {"milestones": [3]})])
    scheduler.load_state_dict(other.state_dict())


ERRORS = [
    (lambda: lr_scheduler.StepLR([1], 3), TypeError, "StepLR: expected an optimizer, got a list"),
    (lambda: lr_scheduler.LambdaLR(3, len), TypeError, "LambdaLR: expected an optimizer, got 3"),
    (lambda: make(mg, cases=[("StepLR", {"step_size": 0})]), ValueError, "step_size must be .* 1 or more; got 0"),
    (lambda: make(mg, cases=[("CosineAnnealingLR", {"T_max": "all"})]), ValueError, "T_max must be .* got 'all'"),
    (lambda: make(mg, cases=[("LambdaLR", {"lr_lambda": [abs]})]), ValueError, "got 1 of them, for 2 groups"),
    (lambda: lr_scheduler.ReduceLROnPlateau(make(mg)[0], factor=1.0), ValueError, "less than 1"),
    (lambda: lr_scheduler.ReduceLROnPlateau(make(mg)[0], "low"), ValueError, "mode is 'min' or 'max'.*got 'low'"),
    (lambda: lr_scheduler.ReduceLROnPlateau(make(mg)[0], min_lr=[1]), ValueError, "got 1 of them, for 2 groups"),
    (lambda: lr_scheduler.LRScheduler(make(mg)[0]), NotImplementedError, "LRScheduler needs a method rate"),
    (lambda: lr_scheduler.StepLR(make(mg)[0], 3, last_epoch=5), NotImplementedError, "StepLR: .* load its state_dict"),
    (stepped_with_more_groups, ValueError, "made for 2 groups of parameters, the optimizer has 3"),
    (loaded_from_another, ValueError, r"saved by another schedule: \['milestones', 'step_size'\]"),
]


@pytest.mark.parametrize(("call", "kind", "message"), ERRORS, ids=[message for *_, message in ERRORS])
def test_errors(call, kind, message):
    """What was given, what was expected, what to write instead."""
    with pytest.raises(kind, match=message):
        call()
