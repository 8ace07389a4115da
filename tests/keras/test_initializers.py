"""Initializers, regularizers, activations, and how all of them are called by name."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.keras import activations, initializers, names, preparing, regularizers
from minigrad.keras.variable import Array

RANDOM = [
    ("GlorotUniform", {}), ("GlorotNormal", {}), ("HeUniform", {}), ("HeNormal", {}), ("LecunUniform", {}),
    ("LecunNormal", {}), ("RandomNormal", {"mean": 1.0, "stddev": 0.2}), ("RandomUniform", {"minval": -2.0}),
    ("TruncatedNormal", {"mean": 1.0}), ("VarianceScaling", {"distribution": "untruncated_normal"}),
    ("VarianceScaling", {"mode": "fan_out", "scale": 3.0, "distribution": "truncated_normal"}),
]  # fmt: skip
SHAPES = [(200, 300), (3, 3, 60, 90), (20000,), (2, 100, 300)]


@pytest.mark.parametrize(("name", "options"), RANDOM, ids=str)
def test_same_distributions(real, name, options):
    """Quantile for quantile, for every layout of fan-in and fan-out."""
    for shape in SHAPES:
        ours = getattr(initializers, name)(seed=1, **options)(shape)
        theirs = np.asarray(getattr(real.initializers, name)(seed=1, **options)(shape))
        assert (ours.shape, ours.dtype) == (shape, np.float32)
        at = np.linspace(0, 1, 41)
        a, b = np.quantile(ours.numpy(), at), np.quantile(theirs, at)
        extent = b[-1] - b[0]
        np.testing.assert_allclose(a[1:-1], b[1:-1], atol=0.02 * extent)
        if "untruncated_normal" not in options.values() and name != "RandomNormal":  # these end somewhere
            np.testing.assert_allclose(a[[0, -1]], b[[0, -1]], atol=0.01 * extent)


CONSTANT = [("Zeros", {}), ("Ones", {}), ("Constant", {"value": 2.5})]


@pytest.mark.parametrize(("name", "options"), CONSTANT)
def test_same_constants(real, name, options):
    """The same numbers, whatever the dtype."""
    for shape in [(3, 3), (3, 4)]:
        ours = getattr(initializers, name)(**options)(shape, dtype="float64")
        theirs = getattr(real.initializers, name)(**options)(shape, dtype="float64")
        assert ours.dtype == np.float64
        assert ours.tolist() == np.asarray(theirs).tolist()


def test_orthogonal():
    """Rows or columns, whichever are fewer, are orthogonal, of length gain."""
    for shape in [(5, 3), (3, 5), (2, 2, 6)]:
        q = initializers.Orthogonal(gain=2.0)(shape).numpy().reshape(-1, shape[-1])
        q = q if len(q) <= q.shape[1] else q.T
        np.testing.assert_allclose(q @ q.T, 4 * np.eye(len(q)), atol=1e-5)


def test_seeds(real):
    """An initializer gives the same numbers at each call, as in Keras; others give others; a Generator goes on."""
    for home in (initializers, real.initializers):
        for make in (home.GlorotUniform, lambda home=home: home.RandomNormal(seed=3)):
            one = make()
            assert np.array_equal(one((4, 5)), one((4, 5)))
        assert not np.array_equal(home.HeNormal()((4, 5)), home.HeNormal()((4, 5)))
        assert not np.array_equal(home.HeNormal(1)((4, 5)), home.HeNormal(2)((4, 5)))
    drawing = initializers.HeNormal(mg.Generator().manual_seed(1))
    assert not np.array_equal(drawing((4, 5)), drawing((4, 5)))
    found = []
    for _ in range(2):
        preparing.set_random_seed(5)
        found.append((initializers.HeNormal()((3,)).tolist(), np.random.rand()))
    assert found[0] == found[1]


def test_by_every_name(real):
    """All spellings that Keras knows of what is here, and of nothing else."""
    for ours, theirs in ((initializers, real.initializers), (regularizers, real.regularizers)):
        table = ours.INITIALIZERS if ours is initializers else ours.REGULARIZERS
        known = theirs.__dict__["get"].__globals__["ALL_OBJECTS_DICT"]
        for name, kind in known.items():
            if name in table and kind.__name__ != "Constant":  # which Keras makes of a config only
                assert type(ours.get(name)).__name__ == type(theirs.get(name)).__name__
        assert {name.replace("_", "").lower() for name in table} <= {name.replace("_", "").lower() for name in known}
    for name in activations.ACTIVATIONS:
        assert real.activations.get(name) is not None


def test_get():
    """Classes, objects, functions and None; an equal one from its config."""
    start = np.arange(6.0).reshape(2, 3)
    assert initializers.Constant(start)((2, 3)).tolist() == start.tolist()
    assert initializers.get(None) is regularizers.get(None) is None
    assert activations.get(None) is activations.linear
    assert isinstance(initializers.get(initializers.Ones), initializers.Ones)
    assert initializers.get(np.ones) is np.ones
    made = initializers.RandomNormal(2.0, stddev=0.0)
    assert made.get_config() == {"mean": 2.0, "stddev": 0.0, "seed": None}
    twin = type(made).from_config(made.get_config())
    assert twin((2,)).tolist() == [2.0, 2.0]
    assert initializers.HeNormal(seed=4).get_config()["seed"] == 4
    assert regularizers.get("l1_l2").get_config() == {"l1": 0.0, "l2": 0.0}


REGULARIZERS = [("L1", {}), ("L2", {"l2": 0.3}), ("L1L2", {"l1": 0.1, "l2": 0.2}), ("L1L2", {}), ("L1L2", {"l1": 1})]


@pytest.mark.parametrize(("name", "options"), REGULARIZERS)
def test_same_penalties(real, tf, name, options):
    """The numbers and slopes of Keras's; at 0 too."""
    weights = np.array([[1.0, -2.0], [0.0, 3.0]], "float32")
    x, z = Array(weights, requires_grad=True), tf.Variable(weights)
    penalty = getattr(regularizers, name)(**options)(x)
    with tf.GradientTape() as tape:
        expected = getattr(real.regularizers, name)(**options)(z)
    np.testing.assert_allclose(float(penalty), float(expected), 1e-6)
    slope = tape.gradient(expected, z)
    if slope is not None:
        penalty.backward()
        np.testing.assert_allclose(x.grad.numpy(), slope.numpy(), 1e-6)


ACTIVATIONS = [(name, {}) for name in activations.ACTIVATIONS] + [
    ("relu", {"negative_slope": 0.1}), ("relu", {"max_value": 1.5}),
    ("elu", {"alpha": 2.0}), ("relu", {"negative_slope": 0.2, "max_value": 6.0}),
    ("leaky_relu", {"negative_slope": 0.5}),
    ("gelu", {"approximate": True}), ("softmax", {"axis": 0}), ("log_softmax", {"axis": 0}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "options"), ACTIVATIONS, ids=str)
def test_same_activations(real, tf, name, options):
    """Values and slopes, of large numbers too, and where pieces of a function meet."""
    rng = np.random.default_rng(0)
    weight = rng.normal(size=(5, 6)).astype("float32")
    for extent in (1, 30):
        numbers = (rng.normal(size=(5, 6)) * extent).astype("float32")
        numbers = np.clip(numbers, -80, 80) if name != "exponential" else numbers / extent
        numbers[0] = [0.0, 6.0, 3.0, -3.0, 1.0, 2.0]
        x, z = Array(numbers, requires_grad=True), tf.Variable(numbers)
        y = activations.get(name)(x, **options)
        (y * weight).sum().backward()
        with tf.GradientTape() as tape:
            expected = real.activations.get(name)(z, **options)
            total = tf.reduce_sum(expected * weight)
        np.testing.assert_allclose(y.detach().numpy(), expected.numpy(), 2e-5, 2e-6)
        np.testing.assert_allclose(x.grad.numpy(), tape.gradient(total, z).numpy(), 2e-4, 2e-5)


WRONG = [
    (lambda: activations.get("rleu"), "unknown activation 'rleu'; did you mean 'relu'"),
    (lambda: activations.get(5), "an? activation is given by its name, as an object or as a function; got 5"),
    (lambda: activations.sparsemax, "keras.activations.sparsemax is not covered"),
    (lambda: initializers.get("glorot_unifrom"), "did you mean 'glorot_uniform'"),
    (lambda: initializers.GlorotUniform("1"), "seed must be an integer or a Generator, got '1'"),
    (lambda: initializers.VarianceScaling(mode="fan"), "mode one of"),
    (lambda: initializers.VarianceScaling(scale=0), "scale must be above 0"),
    (lambda: initializers.HeNormal(sed=1), "HeNormal has no argument 'sed'; did you mean 'seed'"),
    (lambda: initializers.Constant(1, 2), "it takes value"),
    (lambda: initializers.Orthogonal()((2,)), "at least two dimensions"),
    (lambda: initializers.Initializer()((2,)), "needs a method __call__"),
    (lambda: regularizers.get("l3"), "unknown regularizer 'l3'"),
    (lambda: regularizers.L2(-1.0), "l2 must be a number, 0 or more, got -1.0"),
    (lambda: regularizers.L1("a"), "l1 must be a number"),
    (lambda: preparing.to_categorical([0, 3], 3), r"must lie in 0\.\.2, got 0\.\.3"),
    (lambda: preparing.to_categorical([-1]), r"got -1\.\.-1"),
    (lambda: names.find("thing", "b", {"a": 1}), "unknown thing 'b'"),
]


@pytest.mark.parametrize(("call", "message"), WRONG)
def test_errors_say_what_to_write(call, message):
    """What was given, and what there is."""
    with pytest.raises((ValueError, TypeError, AttributeError, IndexError, NotImplementedError), match=message):
        call()


def test_preparing(real):
    """`keras.utils`: labels one-hot, rows of length 1."""
    for labels, classes in [([0, 2, 1], None), ([[1], [0]], 3), (np.array([[0, 1], [1, 1]]), None), ([1.0, 0.0], None)]:
        ours, theirs = preparing.to_categorical(labels, classes), real.utils.to_categorical(labels, classes)
        assert (ours.tolist(), ours.dtype) == (theirs.tolist(), theirs.dtype)
    x = np.array([[3.0, 4.0], [0.0, 0.0]])
    assert preparing.normalize(x).tolist() == real.utils.normalize(x).tolist() == [[0.6, 0.8], [0.0, 0.0]]
    assert preparing.normalize(x, axis=0, order=1).tolist() == [[1.0, 1.0], [0.0, 0.0]]
