"""Metrics: Keras's numbers over several batches, for shapes and weights as they come; names and directions too."""

import numpy as np
import pytest

from minigrad.keras import losses, metrics
from minigrad.keras.metrics import CLASSES
from minigrad.keras.variable import Array

N, T, C = 6, 3, 4
OPTIONS = {
    "BinaryAccuracy": {"threshold": 0.3},
    "TopKCategoricalAccuracy": {"k": 2},
    "SparseTopKCategoricalAccuracy": {"k": 3},
    "BinaryCrossentropy": {"label_smoothing": 0.1},
    "SparseCategoricalCrossentropy": {"from_logits": True},
}
NAMES = [kind.__name__ for kind in CLASSES] + ["RootMeanSquaredError"]


def data(name, rng, shape):
    """Labels and predictions that the metric takes; ties among the predictions."""
    y_pred = (rng.integers(0, 5, shape) / 4).astype("float32")
    if name.startswith("Sparse"):
        y_true = rng.integers(0, shape[-1], shape[:-1])
    elif name.startswith(("Categorical", "TopK")):
        y_true = np.eye(shape[-1])[rng.integers(0, shape[-1], shape[:-1])]
    elif name.startswith("Binary") or "Hinge" in name or name == "Accuracy":
        y_true = rng.integers(0, 2, shape)
    else:
        y_true = rng.random(shape)
    return y_true.astype("float32"), y_pred + (0.1 if "ence" in name or "Cross" in name else 0)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("options", [False, True])
@pytest.mark.parametrize("shape", [(N, C), (N, T, C)])
def test_same_numbers(real, name, options, shape):
    """Batch after batch, with and without weights of every shape, and from the start again."""
    options = OPTIONS.get(name, {}) if options else {}
    rng = np.random.default_rng(0)
    ours, theirs = getattr(metrics, name)(**options), getattr(real.metrics, name)(**options)
    assert (ours.name, ours.direction) == (theirs.name, getattr(theirs, "_direction", "down"))
    for weight_shape in [None, shape[:-1], shape[:1], (*shape[:-1], 1), None]:
        y_true, y_pred = data(name, rng, shape)
        weight = None if weight_shape is None else rng.random(weight_shape).astype("float32")
        ours.update_state(y_true, Array(y_pred), sample_weight=weight)
        theirs.update_state(y_true, y_pred, sample_weight=weight)
        np.testing.assert_allclose(
            ours.result().numpy(), theirs.result().numpy(), 2e-5, 1e-7, err_msg=str(weight_shape)
        )
    assert [v.shape for v in ours.variables] == [tuple(v.shape) for v in theirs.variables]
    for metric in (ours, theirs):
        metric.reset_state()
    assert float(ours.result()) == float(theirs.result()) == 0
    y_true, y_pred = data(name, rng, shape)
    np.testing.assert_allclose(float(ours(y_true, y_pred)), float(theirs(y_true, y_pred)), 1e-5, 1e-7)


def test_mean(real):
    """Of numbers, vectors and tables, weighted or not."""
    ours, theirs = metrics.Mean(), real.metrics.Mean()
    rng = np.random.default_rng(1)
    for values, weights in [
        (3.0, None), ([1.0, 2.0], None), ([1.0, 2.0], [1.0, 0.0]), (rng.random((3, 2)), None), (5, 2.0),
        (rng.random((3, 2)), rng.random(3)), (rng.random((3, 2)), rng.random((3, 2))),
        (rng.random(3), rng.random((3, 1))),
    ]:  # fmt: skip
        np.testing.assert_allclose(float(ours(values, sample_weight=weights)), float(theirs(values, weights)), 1e-6)


@pytest.mark.parametrize("identifier", ["accuracy", "acc", "Accuracy", "ACC"])
def test_accuracy_by_shapes(real, identifier):
    """The name as it was given, and the accuracy that Keras picks."""
    rng = np.random.default_rng(2)
    for y_true, y_pred in [
        (rng.integers(0, 2, (N, 1)), rng.random((N, 1))),
        (rng.integers(0, 2, N), rng.random((N, 1))),
        (rng.integers(0, C, N), rng.random((N, C))),
        (rng.integers(0, C, (N, 1)), rng.random((N, C))),
        (rng.integers(0, C, (N, T)), rng.random((N, T, C))),
        (np.eye(C)[rng.integers(0, C, N)], rng.random((N, C))),
    ]:
        ours = metrics.resolve(identifier)
        theirs = real.src.trainers.compile_utils.get_metric(identifier, y_true, y_pred.astype("float32"))
        assert (ours.name, ours.direction) == (theirs.name, theirs._direction)
        assert float(ours(y_true, y_pred.astype("float32"))) == float(theirs(y_true, y_pred.astype("float32")))


def test_resolved_like_in_compile(real):
    """Names, classes, objects and functions, and what they are called in history."""

    def my_metric(y_true, y_pred):
        return abs(y_true - y_pred)

    y = np.zeros((N, 1), "float32")
    for give in [
        lambda k: "mse", lambda k: "MAE", lambda k: "mean_squared_error", lambda k: "MeanAbsoluteError",
        lambda k: "binary_accuracy", lambda k: k.metrics.MeanSquaredError, lambda k: k.metrics.MeanSquaredError(),
        lambda k: k.metrics.MeanSquaredError(name="error"), lambda k: k.losses.mean_absolute_error,
        lambda k: k.losses.MeanSquaredError(), lambda k: my_metric, lambda k: k.metrics.BinaryAccuracy(name="right"),
        lambda k: k.metrics.RootMeanSquaredError(),
    ]:  # fmt: skip
        ours = metrics.resolve(give(type("K", (), {"metrics": metrics, "losses": losses})))
        theirs = real.src.trainers.compile_utils.get_metric(give(real), y, y + 2)
        assert (ours.name, ours.direction) == (theirs.name, getattr(theirs, "_direction", None)), theirs
        assert float(ours(y, y + 2)) == float(theirs(y, y + 2))


def test_own_metric(real):
    """With variables of its own, and with metrics inside; `reset_state` begins anew."""

    def make(base, mean):
        class Tops(base):
            def __init__(self, name="tops", **options):
                super().__init__(name=name, **options)
                self.count = self.add_weight(name="count", initializer="zeros")
                self.mean = mean()

            def update_state(self, y_true, y_pred, sample_weight=None):
                self.count.assign_add(np.float32((y_pred > 0.5).sum()))
                self.mean.update_state(y_pred)

            def result(self):
                return self.count + self.mean.result()

        return Tops()

    ours, theirs = make(metrics.Metric, metrics.Mean), make(real.metrics.Metric, real.metrics.Mean)
    for _ in range(2):
        for values in ([0.25, 0.75, 1.0], [0.5, 0.6]):
            y = np.array(values, "float32")
            assert float(ours(None, y)) == pytest.approx(float(theirs(None, y)))
        assert len(ours.variables) == len(theirs.variables) == 3
        ours.reset_state()
        theirs.reset_state()


def test_predictions_that_are_not_numbers(real):
    """A network that diverged is among the top k of nothing."""
    y_pred = np.array([[np.nan, 1, 2], [np.inf, 1, 2], [0, 1, 2]], "float32")
    for labels in ([0, 0, 0], [2, 2, 2], [0, -1, 7]):
        ours = metrics.SparseTopKCategoricalAccuracy(k=2)(np.array(labels), y_pred)
        assert float(ours) == float(real.metrics.SparseTopKCategoricalAccuracy(k=2)(np.array(labels), y_pred))


WRONG = [
    (lambda: metrics.resolve("acuracy"), "unknown metric 'acuracy'; did you mean 'accuracy'"),
    (lambda: metrics.resolve(7), "a metric is given by its name"),
    (lambda: metrics.AUC, "keras.metrics.AUC is not covered"),
    (lambda: metrics.BinaryAccuracy(treshold=0.1), "no argument 'treshold'; did you mean 'threshold'"),
    (lambda: metrics.BinaryAccuracy()(np.ones((N, 2)), np.ones((N, 3))), "they must agree"),
    (lambda: metrics.Mean()(np.ones((N, 2)), np.ones(3)), "sample weights .* don't fit"),
    (lambda: metrics.Metric()(1), "needs a method update_state"),
    (lambda: metrics.Metric().result(), "needs a method result"),
]


@pytest.mark.parametrize(("call", "message"), WRONG)
def test_errors_say_what_to_write(call, message):
    """What was given, and what there is."""
    with pytest.raises((ValueError, TypeError, AttributeError, NotImplementedError), match=message):
        call()
