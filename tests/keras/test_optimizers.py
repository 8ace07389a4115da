"""Optimizers: Keras's weights after many steps, whatever the options, with rates that change on the way; schedules."""

import numpy as np
import pytest

from minigrad import nn
from minigrad.keras import losses, optimizers
from minigrad.keras.optimizers import schedules
from minigrad.keras.variable import Variable

SHAPES = [(3, 4), (4,), (), (90, 100)]  # the last is large enough to step alone
OPTIONS = [
    ("SGD", {}), ("SGD", {"momentum": 0.9}), ("SGD", {"momentum": 0.9, "nesterov": True, "learning_rate": 0.1}),
    ("Adam", {}), ("Adam", {"amsgrad": True, "beta_1": 0.5, "epsilon": 1e-3}), ("Adam", {"weight_decay": 0.1}),
    ("AdamW", {}), ("AdamW", {"weight_decay": 0.2, "amsgrad": True}), ("RMSprop", {}),
    ("RMSprop", {"momentum": 0.7, "rho": 0.5}), ("RMSprop", {"momentum": 0.7, "weight_decay": 0.01}),
    ("Adagrad", {}), ("Adagrad", {"initial_accumulator_value": 0.0, "epsilon": 1e-2, "learning_rate": 0.5}),
    ("SGD", {"clipnorm": 0.5}), ("SGD", {"clipvalue": 0.3}), ("Adam", {"global_clipnorm": 0.5}),
    ("SGD", {"momentum": 0.5, "global_clipnorm": 1e3, "weight_decay": 0.01}),
]  # fmt: skip


def both(real, name, options, rng):
    """The two optimizers, each with variables of the same numbers."""
    start = [rng.normal(size=shape).astype("float32") for shape in SHAPES]
    return (
        (getattr(optimizers, name)(**options), [Variable(x) for x in start]),
        (getattr(real.optimizers, name)(**options), [real.Variable(x) for x in start]),
    )


@pytest.mark.parametrize(("name", "options"), OPTIONS, ids=str)
def test_same_weights(real, name, options):
    """Over forty steps with gradients of all sizes; the learning rate is set and assigned on the way."""
    rng = np.random.default_rng(0)
    pairs = both(real, name, options, rng)
    for step in range(40):
        grads = [(rng.normal(size=shape) * 10 ** rng.uniform(-3, 1)).astype("float32") for shape in SHAPES]
        for optimizer, variables in pairs:
            if step == 10:
                optimizer.learning_rate = 0.003
            if step == 20:
                optimizer.learning_rate.assign(0.02)
            if step % 2:
                optimizer.apply(grads, variables)
            else:
                optimizer.apply_gradients(zip(grads, variables, strict=True))
    (ours, mine), (theirs, expected) = pairs
    for v, e in zip(mine, expected, strict=True):
        np.testing.assert_allclose(v.numpy(), e.numpy(), rtol=2e-4, atol=1e-5)
    assert int(ours.iterations) == int(theirs.iterations) == 40
    assert float(ours.learning_rate) == float(theirs.learning_rate)
    assert len(ours.variables) == len(theirs.variables)


SCHEDULES = [
    lambda s: s.ExponentialDecay(0.1, 7, 0.5), lambda s: s.ExponentialDecay(0.1, 7, 0.5, staircase=True),
    lambda s: s.InverseTimeDecay(0.1, 3, 0.5), lambda s: s.InverseTimeDecay(0.1, 3, 0.5, staircase=True),
    lambda s: s.PiecewiseConstantDecay([2, 10, 11], [0.4, 0.3, 0.2, 0.1]), lambda s: s.CosineDecay(0.1, 20),
    lambda s: s.CosineDecay(0.01, 15, alpha=0.1, warmup_target=0.2, warmup_steps=6),
]  # fmt: skip


@pytest.mark.parametrize("make", SCHEDULES)
def test_same_schedules(real, make):
    """At every step, and as the learning rate of an optimizer, made from its config too."""
    ours, theirs = make(schedules), make(real.optimizers.schedules)
    assert ours.get_config() == theirs.get_config()
    expected = [float(theirs(step)) for step in range(30)]
    np.testing.assert_allclose([float(ours(step)) for step in range(30)], expected, 1e-5)
    np.testing.assert_allclose(ours(np.arange(30)).numpy(), expected, 1e-5)
    config = optimizers.SGD(ours).get_config()
    rng = np.random.default_rng(0)
    (_, v), (theirs, e) = both(real, "SGD", {"learning_rate": theirs, "momentum": 0.5}, rng)
    ours = optimizers.SGD.from_config(config | {"momentum": 0.5})
    for _ in range(25):
        assert float(ours.learning_rate) == pytest.approx(float(theirs.learning_rate), rel=1e-5)
        grads = [rng.normal(size=shape).astype("float32") for shape in SHAPES]
        ours.apply(grads, v)
        theirs.apply(grads, e)
    np.testing.assert_allclose(v[0].numpy(), e[0].numpy(), 1e-5, 1e-6)
    with pytest.raises(TypeError, match="follows a schedule"):
        ours.learning_rate = 0.1


def test_own_schedules(real):
    """A subclass that computes with the step, and a function without arguments."""

    def make(k):
        class Harmonic(k.optimizers.schedules.LearningRateSchedule):
            def __call__(self, step):
                return 0.1 / (float(step) + 1)

        return k.optimizers.SGD(Harmonic()), k.optimizers.SGD(lambda: 0.5)

    for a, b in zip(make(type("K", (), {"optimizers": optimizers})), make(real), strict=True):
        ours, theirs = Variable([1.0]), real.Variable([1.0])
        for _ in range(3):
            a.apply([np.ones(1, "float32")], [ours])
            b.apply([np.ones(1, "float32")], [theirs])
        assert float(ours[0]) == pytest.approx(float(theirs.numpy()[0]))


def test_gradients_that_are_missing(real):
    """Those variables stay, others step, Adam's count of steps goes on; without any there is an error."""
    rng = np.random.default_rng(1)
    (ours, mine), (theirs, expected) = both(real, "Adam", {}, rng)
    for step in range(6):
        grads = [rng.normal(size=shape).astype("float32") for shape in SHAPES]
        grads[0] = None if step in (0, 3) else grads[0]
        for optimizer, variables in ((ours, mine), (theirs, expected)):
            if grads[0] is None:
                with pytest.warns(UserWarning, match="[Gg]radients"):
                    optimizer.apply(grads, variables)
            else:
                optimizer.apply(grads, variables)
    for v, e in zip(mine, expected, strict=True):
        np.testing.assert_allclose(v.numpy(), e.numpy(), 1e-4, 1e-6)
    with pytest.raises(ValueError, match="no gradient for any variable"):
        ours.apply([None] * 4, mine)
    with pytest.raises(ValueError, match=r"[Nn]o gradients provided"):
        theirs.apply([None] * 4, expected)


def test_gradients_stay_as_they_were_given():
    """Neither clipping nor a step changes them; other gradients that lie about are not used."""
    a, b = Variable([3.0, 4.0]), Variable([1.0])
    g = np.array([3.0, 4.0], "float32")
    optimizer = optimizers.SGD(1.0, clipnorm=1.0)
    optimizer.build([a, b])
    (a.sum() + b.sum()).backward()
    optimizer.apply([g], [a])
    assert g.tolist() == [3.0, 4.0]
    np.testing.assert_allclose(a.numpy(), [2.4, 3.2], 1e-6)
    assert (b.numpy()[0], float(b.grad)) == (1.0, 1.0)


def test_parameters_of_modules():
    """An optimizer of Keras's steps the parameters of an nn.Module."""
    model, optimizer = nn.Linear(2, 1), optimizers.get("adam")
    before = model.weight.detach().clone()
    loss = losses.mean_squared_error([[1.0]], model(Variable([[1.0, 2.0]]))).sum()
    loss.backward()
    parameters = list(model.parameters())
    optimizer.apply([p.grad for p in parameters], parameters)
    np.testing.assert_allclose(abs(model.weight - before).detach().numpy(), 0.001, 1e-3)


def test_state_goes_on(tmp_path):
    """`state_dict`, through a file: the same steps follow as without an interruption."""
    rng = np.random.default_rng(2)
    grads = rng.normal(size=(6, 3)).astype("float32")
    whole, saved, loaded = (optimizers.Adam(0.1) for _ in range(3))
    v, w = Variable([1.0, 2.0, 3.0]), Variable([1.0, 2.0, 3.0])
    for g in grads:
        whole.apply([g], [v])
    for g in grads[:3]:
        saved.apply([g], [w])
    saved.learning_rate = 0.1
    state = saved.state_dict()
    loaded.build([w])
    loaded.load_state_dict(state)
    for g in grads[3:]:
        loaded.apply([g], [w])
    assert v.tolist() == w.tolist()
    assert int(loaded.iterations) == 6


def test_by_name(real):
    """Names in capitals or not, objects; the defaults are Keras's."""
    for name in ["sgd", "SGD", "adam", "Adam", "ADAMW", "rmsprop", "RMSprop", "adagrad"]:
        ours, theirs = optimizers.get(name), real.optimizers.get(name)
        assert type(ours).__name__ == type(theirs).__name__
        mine, expected = ours.get_config(), theirs.get_config()
        assert {k: mine[k] for k in mine if k != "name"} == {k: expected[k] for k in mine if k != "name"}
        assert type(ours).from_config(mine).get_config() == mine
        assert optimizers.get(ours) is ours
    assert optimizers.get(None) is None


V = [Variable([1.0, 2.0], name="kernel")]
WRONG = [
    (lambda: optimizers.get("adamm"), "unknown optimizer 'adamm'; did you mean 'adam'"),
    (lambda: optimizers.get(3), "an? optimizer is given by its name"),
    (lambda: optimizers.get(lambda: 3), r"keras.optimizers.Adam\(...\); got"),
    (lambda: optimizers.Nadam, "keras.optimizers.Nadam is not covered; did you mean 'adam'"),
    (lambda: optimizers.legacy.Adam, "keras.optimizers.legacy is not covered"),
    (lambda: schedules.CosineDecayRestarts, "CosineDecayRestarts is not covered; did you mean 'CosineDecay'"),
    (lambda: optimizers.Adam(lr=0.1), "Adam has no option 'lr'; write learning_rate="),
    (lambda: optimizers.SGD(decay=1e-6), "no option 'decay'; give a schedule"),
    (lambda: optimizers.SGD(use_ema=True), "no option 'use_ema'. There are"),
    (lambda: optimizers.Adam(beta1=0.5), "no option 'beta1'; did you mean 'beta_1'"),
    (lambda: optimizers.Adam().lr, "no attribute 'lr'; write learning_rate"),
    (lambda: setattr(optimizers.Adam(), "lr", 0.1), "no attribute 'lr'; write learning_rate"),
    (lambda: optimizers.Adam("fast"), "learning_rate is a number, 0 or more, or a schedule; got 'fast'"),
    (lambda: optimizers.Adam(-0.1), "got -0.1"),
    (lambda: optimizers.Adam(float("nan")), "got nan"),
    (lambda: optimizers.SGD(momentum=1.5), "momentum is a number from 0 to 1"),
    (lambda: optimizers.SGD(clipnorm=1.0, clipvalue=1.0), "only one of clipnorm, clipvalue and global_clipnorm"),
    (lambda: optimizers.SGD().apply([np.ones(2)] * 2, V), "got 2 gradients for 1 variables"),
    (lambda: optimizers.SGD().apply([np.ones(3)], V), r"gradient of kernel has shape \(3,\), the variable \(2,\)"),
    (lambda: optimizers.Optimizer().apply([np.ones(2)], V), "Optimizer needs a method formula"),
    (lambda: optimizers.SGD().step(), r"steps by apply_gradients\(zip\(gradients, variables\)\)"),
    (lambda: optimizers.SGD().load_state_dict({"state": {}, "param_groups": [{"params": [0]}]}), r"hold \[1\] param"),
    (lambda: schedules.ExponentialDecay(0.1, 0, 0.5), "decay_steps must be above 0, got 0"),
    (lambda: schedules.PiecewiseConstantDecay([1], [1.0])(0), "one more of values than of boundaries"),
    (lambda: schedules.LearningRateSchedule()(1), "needs a method __call__"),
]


@pytest.mark.parametrize(("call", "message"), WRONG)
def test_errors_say_what_to_write(call, message):
    """What was given, what is expected; nothing has changed then."""
    with pytest.raises((ValueError, TypeError, AttributeError, NotImplementedError), match=message):
        call()
    assert V[0].tolist() == [1.0, 2.0]
    assert V[0].grad is None


def test_unknown_variables():
    """After the first step the variables are fixed, as in Keras."""
    optimizer = optimizers.SGD()
    optimizer.apply([np.ones(2, "float32")], [Variable([1.0, 2.0])])
    with pytest.raises(ValueError, match=r"is not one that this optimizer was built with; .* compile anew"):
        optimizer.apply([np.ones(2, "float32")], [Variable([1.0, 2.0], name="new")])
