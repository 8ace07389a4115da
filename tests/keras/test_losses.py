"""Losses: the numbers and slopes of Keras's, for shapes, weights, reductions and options as they come; and errors."""

import itertools

import numpy as np
import pytest

import minigrad as mg
from minigrad.keras import activations, losses
from minigrad.keras.variable import Array

N, T, C = 5, 3, 4
REGRESSION = "MeanSquaredError MeanAbsoluteError MeanAbsolutePercentageError MeanSquaredLogarithmicError Huber"
PLAIN = [*REGRESSION.split(), "Hinge", "KLDivergence"]
OPTIONS = {
    **{name: [{}] for name in PLAIN},
    "Huber": [{}, {"delta": 0.3}],
    "CosineSimilarity": [{}, {"axis": 0}],
    "BinaryCrossentropy": [{}, {"from_logits": True}, {"label_smoothing": 0.2}],
    "CategoricalCrossentropy": [{}, {"from_logits": True}, {"label_smoothing": 0.1, "from_logits": True}],
    "SparseCategoricalCrossentropy": [{}, {"from_logits": True}],
}
CASES = [(name, options) for name, many in OPTIONS.items() for options in many]


def data(name, options, rng, shape=(N, C), scale=2.0):
    """Labels that the loss takes, and predictions: probabilities, logits, or numbers of either sign."""
    y_pred = rng.normal(size=shape) * scale
    if ("Crossentropy" in name and not options.get("from_logits")) or name == "KLDivergence":
        y_pred = np.exp(y_pred) / np.exp(y_pred).sum(-1, keepdims=True)
    y_true = rng.normal(size=shape)
    if name.startswith("Sparse"):
        y_true = rng.integers(0, shape[-1], shape[:-1])
    elif name == "CategoricalCrossentropy":
        y_true = np.eye(shape[-1])[rng.integers(0, shape[-1], shape[:-1])]
    elif name in ("BinaryCrossentropy", "Hinge"):
        y_true = rng.integers(0, 2, shape) * (1 if name == "BinaryCrossentropy" or rng.random() < 0.5 else 2)
        y_true = y_true - (y_true.max() == 2)
    elif name == "KLDivergence":
        y_true = rng.random(shape)
    return y_true.astype("float32"), y_pred.astype("float32")


def value_and_slope(tf, loss, y_true, y_pred, weight):
    """Of Keras's loss."""
    x = tf.Variable(y_pred)
    with tf.GradientTape() as tape:
        value = loss(y_true, x, sample_weight=weight)
    return value.numpy(), tape.gradient(value, x).numpy()


@pytest.mark.parametrize(("name", "options"), CASES, ids=str)
def test_same_value_and_slope(real, tf, name, options):
    """For every reduction, and weights of every shape that Keras takes."""
    rng = np.random.default_rng(0)
    reductions = ["sum_over_batch_size", "sum", None, "mean"]
    for reduction, shape, extent in itertools.product(reductions, [(N, C), (N, T, C), (N, 1)], [1, 20]):
        y_true, y_pred = data(name, options, rng, shape, extent)
        if (shape == (N, 1) and name == "CategoricalCrossentropy") or (name.startswith("Sparse") and shape[-1] < C):
            continue  # a warning, tested below; and labels of a single class
        rows = (N, T)[: len(shape) - 1] if options.get("axis") != 0 else shape[1:]
        ours = getattr(losses, name)(reduction=reduction, **options)
        theirs = getattr(real.losses, name)(reduction=reduction, **options)
        for weight_shape in [None, rows, (*rows, 1), (rows[0],) + (1,) * (len(rows) - 1)]:
            weight = None if weight_shape is None else rng.random(weight_shape).astype("float32")
            x = Array(y_pred, requires_grad=True)
            value = ours(y_true, x, sample_weight=weight)
            value.sum().backward()
            expected, slope = value_and_slope(tf, theirs, y_true, y_pred, weight)
            where = f"{reduction} {shape} {weight_shape}"
            assert value.shape == expected.shape, where
            np.testing.assert_allclose(value.numpy(), expected, rtol=2e-5, atol=1e-6, err_msg=where)
            np.testing.assert_allclose(x.grad.numpy(), slope, rtol=2e-4, atol=2e-6, err_msg=where)


@pytest.mark.parametrize("name", [name for name in losses.LOSSES if name.islower()])
def test_same_function(real, tf, name):
    """By every name in lower case, the losses of the samples, and their slopes, at and beyond the edge too."""
    camel = next(k for k in OPTIONS if getattr(losses, k)().fn is losses.get(name))
    rng = np.random.default_rng(1)
    for edge in (None, 0.0, 1.0, 1e-9, 1e-7, 1 - 1e-7, 1.5):
        y_true, y_pred = data(camel, {}, rng)
        if edge is not None:
            y_pred[rng.random(y_pred.shape) < 0.5] = edge
        x, z = Array(y_pred, requires_grad=True), tf.Variable(y_pred)
        values = losses.get(name)(y_true, x)
        values.sum().backward()
        with tf.GradientTape() as tape:
            expected = real.losses.get(name)(y_true, z)
        np.testing.assert_allclose(values.numpy(), expected.numpy(), 1e-5, 1e-6, err_msg=str(edge))
        slope = tape.gradient(expected, z).numpy()  # small differences of float32 numbers are known to few digits
        np.testing.assert_allclose(x.grad.numpy(), slope, 2e-3, 1e-5, err_msg=str(edge))


def test_shapes_with_one_more_or_less(real):
    """(N,), (N, 1) and (N, 1, 1) against one another, in the object that compile makes of a function."""
    rng = np.random.default_rng(2)
    for name in [*REGRESSION.split(), "BinaryCrossentropy", "Hinge"]:
        for here, there in [((N,), (N, 1)), ((N, 1), (N,)), ((N, T, 1), (N, T)), ((N, T), (N, T, 1))]:
            y_true, y_pred = rng.integers(0, 2, here).astype("float32"), rng.random(there).astype("float32")
            a, b = getattr(losses, name)()(y_true, y_pred), getattr(real.losses, name)()(y_true, y_pred)
            np.testing.assert_allclose(a.numpy(), b.numpy(), 1e-5, err_msg=f"{name} {here} {there}")


@pytest.mark.parametrize("extent", [60, 1e4])
@pytest.mark.parametrize("activation", ["softmax", "sigmoid"])
@pytest.mark.parametrize("name", ["BinaryCrossentropy", "CategoricalCrossentropy", "SparseCategoricalCrossentropy"])
def test_logits_behind_an_activation(real, tf, name, activation, extent):
    """Keras computes from what went into softmax or sigmoid: no clipping, however sure and wrong the network is."""
    rng = np.random.default_rng(3)
    y_true, _ = data(name, {}, rng)
    logits = (rng.normal(size=(N, C)) * extent).astype("float32")
    x, z = Array(logits, requires_grad=True), tf.Variable(logits)
    value = getattr(losses, name)()(y_true, activations.get(activation)(x))
    value.backward()
    with tf.GradientTape() as tape:
        expected = getattr(real.losses, name)()(y_true, real.activations.get(activation)(z))
    np.testing.assert_allclose(value.numpy(), expected.numpy(), 1e-5)
    np.testing.assert_allclose(x.grad.numpy(), tape.gradient(expected, z).numpy(), 1e-4, 1e-6)
    with mg.no_grad():  # at evaluation too
        assert float(getattr(losses, name)()(y_true, activations.get(activation)(x))) == float(value)
    with pytest.warns(UserWarning, match="from_logits=True, but these predictions come from"):
        warned = getattr(losses, name)(from_logits=True)(y_true, activations.get(activation)(x))
    assert float(warned) == float(value)


def test_own_losses(real):
    """A subclass, a function, and a function that returns one number."""
    rng = np.random.default_rng(4)
    y_true, y_pred = rng.normal(size=(2, N, 1)).astype("float32")
    weight = rng.random(N).astype("float32")

    def cubes(y_true, y_pred):
        return abs(y_true - y_pred) ** 3

    def total(y_true, y_pred):
        return (abs(y_true - y_pred) ** 3).sum() if hasattr(y_pred, "sum") else real.ops.sum(cubes(y_true, y_pred))

    def subclass(base):
        class Cubes(base):
            def call(self, y_true, y_pred):
                return abs(y_true - y_pred) ** 3

        return Cubes()

    pairs = [(losses.resolve(f), real.losses.Loss) for f in (cubes, total)]
    for (ours, _), f in zip(pairs, (cubes, total), strict=True):
        theirs = real.src.losses.losses.LossFunctionWrapper(f)
        assert ours.name == f.__name__
        for w in (None, weight):
            np.testing.assert_allclose(float(ours(y_true, y_pred, w)), float(theirs(y_true, y_pred, w)), 1e-5)
    ours, theirs = subclass(losses.Loss), subclass(real.losses.Loss)
    assert (ours.name, ours.reduction) == (theirs.name, theirs.reduction)
    for w in (None, weight, weight[:, None]):
        np.testing.assert_allclose(float(ours(y_true, y_pred, w)), float(theirs(y_true, y_pred, w)), 1e-5)


# What is given, and a part of what is answered.
P = np.full((N, C), 1 / C, "float32")
WRONG = [
    (lambda: losses.get("msee"), r"unknown loss 'msee'; did you mean 'mse'\? There are "),
    (lambda: losses.get("categorical_cross_entropy"), "did you mean 'categorical_crossentropy'"),
    (lambda: losses.resolve(3), "given by its name, as an object or as a function; got 3"),
    (lambda: losses.MeanSquaredError(reduction="average"), "reduction 'average' is unknown"),
    (lambda: losses.Huber(gamma=2), "Huber has no argument 'gamma'. There are delta, dtype, name, reduction"),
    (lambda: losses.dice, "keras.losses.dice is not covered"),
    (
        lambda: losses.MeanSquaredError()(np.ones((N, 2)), np.ones((N, 3))),
        r"y_true has shape \(5, 2\), y_pred \(5, 3\)",
    ),
    (lambda: losses.SparseCategoricalCrossentropy()([4] * N, P), r"labels must lie in 0\.\.3, got 4\.\.4"),
    (lambda: losses.SparseCategoricalCrossentropy()([-1] * N, P), r"labels must lie in 0\.\.3, got -1\.\.-1"),
    (lambda: losses.SparseCategoricalCrossentropy()([0.5] * N, P), "labels must be whole numbers"),
    (lambda: losses.SparseCategoricalCrossentropy()([np.nan] * N, P), "labels must be whole numbers"),
    (lambda: losses.SparseCategoricalCrossentropy()(P, P), "For one-hot labels use categorical_crossentropy"),
    (lambda: losses.CategoricalCrossentropy()([1] * N, P), "For class numbers use sparse_categorical_crossentropy"),
    (lambda: losses.CategoricalCrossentropy()(P * 8, P), r"labels must lie between 0 and 1, got 2\.\.2"),
    (lambda: losses.BinaryCrossentropy()(P - 1, P), r"labels must lie between 0 and 1, got -0\.75"),
    (lambda: losses.BinaryCrossentropy()(P * np.nan, P), "labels must lie between 0 and 1, got nan"),
    (lambda: losses.BinaryCrossentropy()(P[:, :2], P), "they must agree"),
    (lambda: losses.MeanSquaredError()(P, P, np.ones(3)), r"losses have shape \(5,\), the sample weights \(3,\)"),
    (lambda: losses.MeanSquaredError()(P[None], P[None], np.ones(1 + N)), "they must agree"),
    (lambda: losses.Loss()(P, P), "Loss needs a method call"),
    (lambda: losses.MeanSquaredError()(["a"], P), "expected real numbers"),
]


@pytest.mark.parametrize(("call", "message"), WRONG)
def test_errors_say_what_to_write(call, message):
    """Before anything is computed."""
    with pytest.raises((ValueError, TypeError, AttributeError, NotImplementedError), match=message):
        call()


WARNED = [
    (lambda k: k.mean_squared_error(np.zeros((N, 1)), P), r"will be broadcast to \(5, 4\)"),
    (lambda k: k.hinge(np.zeros(N), np.zeros((N, 1))), r"will be broadcast to \(5, 5\)"),
    (lambda k: k.categorical_crossentropy(np.ones((N, 1)), np.ones((N, 1))), "for two classes use binary_crossentropy"),
    (lambda k: k.categorical_crossentropy(np.ones((N, C)), P), "should add up to 1"),
    (lambda k: k.MeanSquaredError()(np.zeros((N, N, C)), np.ones((N, N, C)), np.arange(N)), "weighs along the last"),
]


@pytest.mark.parametrize(("call", "message"), WARNED)
@pytest.mark.filterwarnings("ignore:In loss categorical_crossentropy:SyntaxWarning")
def test_warnings_of_what_is_seldom_meant(real, call, message):
    """Keras computes it, so it is computed; but it is said."""
    with pytest.warns(UserWarning, match=message):
        ours = call(losses)
    np.testing.assert_allclose(ours.numpy(), call(real.losses).numpy(), 1e-5, 1e-6)


def test_config_makes_an_equal_loss():
    """`get_config` and `from_config`."""
    loss = losses.Huber(delta=0.5, reduction="sum")
    config = loss.get_config()
    assert config == {"delta": 0.5, "reduction": "sum", "name": "huber_loss", "dtype": "float32"}
    twin = losses.Huber.from_config(config)
    assert float(twin([1.0, 2.0], [1.0, 4.0])) == float(loss([1.0, 2.0], [1.0, 4.0]))
