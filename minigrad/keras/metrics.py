"""Metrics: means over all samples seen since the last `reset_state`, of the losses and of what is right or wrong.

They compute on raw arrays and record nothing. "accuracy" becomes the accuracy that fits the shapes.
"""

from functools import wraps

import numpy as np

from ..backend import xp
from ..tape import no_grad, raw
from . import initializers, losses, names
from .losses import align, tensor
from .names import snake_case
from .variable import Array, Variable, as_value, auto_name

# ---------------------------------------------------------------- right or wrong, for each sample


def _accuracy(function):
    """A function of raw arrays as one of anything, which returns 1 where it says true, 0 elsewhere."""

    @wraps(function)
    def of_anything(y_true, y_pred, *args, **options):
        found = function(as_value(y_true), as_value(y_pred), *args, **options)
        return Array.wrap(found.astype(np.float32))

    return of_anything


def _equal(name, y_true, y_pred):
    losses.fitting(name, y_true, y_pred)
    return y_true == y_pred


@_accuracy
def equality(y_true, y_pred):
    """Where both are equal."""
    return _equal("Accuracy", *align(y_true.astype(y_pred.dtype), y_pred))


@_accuracy
def binary_accuracy(y_true, y_pred, threshold=0.5):
    """Where y_true, 0 or 1, says whether y_pred is above the threshold."""
    y_true, y_pred = align(y_true, y_pred)
    return _equal("binary_accuracy", y_true, (y_pred > threshold).astype(y_true.dtype))


@_accuracy
def categorical_accuracy(y_true, y_pred):
    """Where the largest of y_pred is at the place of the one-hot y_true's."""
    return _equal("categorical_accuracy", y_true.argmax(-1), y_pred.argmax(-1))


@_accuracy
def sparse_categorical_accuracy(y_true, y_pred):
    """Where the largest of y_pred is at the place that y_true names."""
    return _equal("sparse_categorical_accuracy", _numbers(y_true, y_pred), y_pred.argmax(-1))


@_accuracy
def top_k_categorical_accuracy(y_true, y_pred, k=5):
    """Where the class of the one-hot y_true is among the k largest of y_pred."""
    return _among(y_true.argmax(-1), y_pred, k)


@_accuracy
def sparse_top_k_categorical_accuracy(y_true, y_pred, k=5):
    """Where the class that y_true names is among the k largest of y_pred."""
    return _among(_numbers(y_true, y_pred).astype(np.int64), y_pred, k)


def _numbers(y_true, y_pred):
    return y_true[..., 0] if y_true.ndim == y_pred.ndim and y_true.shape[-1] == 1 else y_true


def _among(places, y_pred, k):
    """Whether fewer than k scores are above the one at the place; nothing is among scores that aren't finite."""
    known, lib = (0 <= places) & (places < y_pred.shape[-1]), xp(y_pred)
    score = lib.take_along_axis(y_pred, lib.where(known, places, 0)[..., None], -1)
    return ((y_pred > score).sum(-1) < k) & lib.isfinite(y_pred).all(-1) & known


def accuracy(y_true, y_pred):
    """The accuracy that fits the shapes: of two classes in one output, of class numbers, or of one-hot labels."""
    if y_pred.shape[-1] == 1:
        return binary_accuracy(y_true, y_pred)
    sparse = y_true.ndim < y_pred.ndim or y_true.shape[-1] == 1
    return (sparse_categorical_accuracy if sparse else categorical_accuracy)(y_true, y_pred)


# ---------------------------------------------------------------- means


class Metric(names.Configured):
    """The base of all. One of your own makes variables in `__init__`, changes them in `update_state`, and computes
    `result` from them; `reset_state` sets them to zeros.

    >>> class Largest(Metric):
    ...     def __init__(self, name="largest"):
    ...         super().__init__(name=name)
    ...         self.value = self.add_weight(name="value")
    ...     def update_state(self, y_true, y_pred, sample_weight=None):
    ...         self.value.assign(max(float(self.value), float(y_pred.max())))
    ...     def result(self):
    ...         return self.value
    >>> float(Largest()(None, np.array([1.0, 3.0])))
    3.0
    """

    direction: str | None = None  # "up" where more is better, "down" where less is; callbacks ask

    def __init__(self, dtype=None, name=None):
        self.name = name or auto_name(snake_case(type(self).__name__))
        self.dtype, self._variables = dtype or "float32", []

    def add_variable(self, shape=(), initializer="zeros", dtype=None, name=None):
        """A variable that belongs to the state."""
        initial = initializers.get(initializer)
        self._variables.append(Variable(initial, shape=shape, dtype=dtype or self.dtype, name=name, trainable=False))
        return self._variables[-1]

    add_weight = add_variable

    @property
    def variables(self):
        """The state."""
        parts = [part for part in vars(self).values() if isinstance(part, Metric)]
        return self._variables + [variable for part in parts for variable in part.variables]

    def reset_state(self):
        """Begin anew."""
        for variable in self.variables:
            variable.assign(np.zeros(variable.shape, variable.dtype))

    def update_state(self, *args, **kwargs):
        """Take a batch into account."""
        raise NotImplementedError(f"{type(self).__name__} needs a method update_state(self, y_true, y_pred, ...)")

    def result(self):
        """The metric of what was seen so far."""
        raise NotImplementedError(f"{type(self).__name__} needs a method result(self)")

    def __call__(self, *args, **kwargs):
        """`update_state`, then `result`."""
        self.update_state(*args, **kwargs)
        return self.result()

    def __repr__(self):
        return f"<{type(self).__name__} name={self.name}>"


class Mean(Metric):
    """The mean of all values, weighted or not.

    >>> mean = Mean()
    >>> mean.update_state([1.0, 3.0])
    >>> float(mean(5.0))
    3.0
    """

    def __init__(self, name="mean", dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.total, self.count = self.add_variable(name="total"), self.add_variable(name="count")

    def update_state(self, values, sample_weight=None):
        """Take the values into account: of each sample one, of more their mean."""
        values, weight, count = raw(tensor(values, self.dtype)), None, 0.0
        if sample_weight is not None:
            values, weight = align(values, raw(tensor(sample_weight, self.dtype)))
            values = _mean_from(values, weight.ndim)
            try:
                values, weight = values * weight, xp(weight).broadcast_to(weight, values.shape)
            except ValueError:
                raise ValueError(f"sample weights {weight.shape} don't fit values of shape {values.shape}") from None
            count = float(_mean_from(weight, 1).sum())
        values = _mean_from(values, 1)
        # at once, past `assign`: this is done for every batch
        self.total.value[...] += float(values.sum())
        self.count.value[...] += count if weight is not None else values.size

    def result(self):
        """The mean; 0 of nothing."""
        return Array.wrap(self.total.value / (self.count.value if self.count.value else 1.0))


def _mean_from(x, first):
    """The mean over the dimensions from `first` on, if there are any: NumPy takes its time even for none."""
    return x.mean(axis=tuple(range(first, x.ndim))) if x.ndim > first else x


class MeanMetricWrapper(Mean):
    """The mean of a function of `y_true` and `y_pred`."""

    def __init__(self, fn, name=None, dtype=None, **options):
        super().__init__(name or auto_name("mean_metric_wrapper"), dtype)
        self.fn, self.options = fn, options

    @no_grad()
    def update_state(self, y_true, y_pred, sample_weight=None):
        """Take a batch into account."""
        super().update_state(self.fn(y_true, y_pred, **self.options), sample_weight)


def squared_error(y_true, y_pred):
    """(y_pred - y_true)², of whose mean the root is taken."""
    y_true, y_pred = align(tensor(y_true), tensor(y_pred))
    losses.fitting("RootMeanSquaredError", y_true, y_pred)
    return (y_pred - y_true) ** 2


def _class(class_name, function, direction="down"):
    own, options = {"name": snake_case(class_name), "dtype": None}, names.defaults_of(function)
    defaults = options | own if "k" in options else own | options
    return names.class_of(MeanMetricWrapper, class_name, function, defaults, direction=direction)


_LOSSES = losses.classes.keys() - {"CosineSimilarity", "Huber"}
_ACCURACIES = """BinaryAccuracy CategoricalAccuracy SparseCategoricalAccuracy TopKCategoricalAccuracy
    SparseTopKCategoricalAccuracy"""
CLASSES = [_class(name, getattr(losses, snake_case(name))) for name in sorted(_LOSSES)]
CLASSES += [_class(name, globals()[snake_case(name)], "up") for name in _ACCURACIES.split()]
CLASSES += [_class("Accuracy", equality, "up")]


class RootMeanSquaredError(_class("RootMeanSquaredError", squared_error)):  # type: ignore[misc]
    """The root of the mean of (y_pred - y_true)²."""

    def result(self):
        """The root of the mean."""
        return super().result().sqrt()


METRICS = names.table(*CLASSES, RootMeanSquaredError, Mean)
globals().update({kind.__name__: kind for kind in CLASSES})
METRICS |= {short: METRICS[losses.SHORT[short].__name__] for short in losses.SHORT if short.lower() != "kld"}
METRICS |= dict.fromkeys(("accuracy", "acc"), accuracy)


def get(identifier):
    """The metric of this name or class, or the object or function itself; None for none."""
    return None if identifier is None else names.find("metric", identifier, METRICS)


def resolve(identifier):
    """The metric of this name, class or function as a `Metric`, named as it was asked for, as in `history`."""
    named = isinstance(identifier, str)
    found = accuracy if named and identifier.lower() in ("accuracy", "acc") else get(identifier)
    if not isinstance(found, Metric):
        is_loss = found in losses.LOSSES.values() or isinstance(found, losses.LossFunctionWrapper)
        name = getattr(found, "name", None) or snake_case(getattr(found, "__name__", type(found).__name__))
        found, function = MeanMetricWrapper(found, name), found
        found.direction = "up" if function is accuracy else "down" if is_loss else None
    found.name = identifier if named else found.name
    return found


__getattr__ = names.closed(__name__, METRICS)
