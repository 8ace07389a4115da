"""Losses as Keras computes them: a function of each for the losses of the samples, and a class that reduces these.

What a label can't be is an error before anything is computed: class numbers out of range, probabilities beyond 0..1,
shapes that don't fit. A function of your own, `f(y_true, y_pred)`, is a loss too.
"""

import warnings
from contextlib import suppress
from functools import wraps

import numpy as np

from .. import fused, ops
from ..backend import xp
from ..nn import functional as F
from ..tape import raw
from . import names
from .variable import as_tensor, auto_name

EPSILON = 1e-7  # nearer to 0 or 1 no probability is taken to be
REDUCTIONS = ("sum_over_batch_size", "mean", "sum", "none", None)

# ---------------------------------------------------------------- shapes and labels


def tensor(x, dtype=None):
    """`x` as a floating tensor, of `dtype` if one is given."""
    x = as_tensor(x)
    dtype = dtype or (x.dtype if x.is_floating_point() else "float32")
    return x if x.dtype == dtype else x.to(dtype)


def align(a, b):
    """Two tensors, one of which may have a last dimension of size 1 too many or too few, as Keras brings them together.

    >>> a, b = align(np.zeros(3), np.zeros((3, 1)))
    >>> a.shape, b.shape
    ((3, 1), (3, 1))
    """
    if a.ndim == b.ndim + 1 and a.shape[-1] == 1:
        return (a, b[..., None]) if b.ndim == 1 else (a[..., 0], b)
    if b.ndim == a.ndim + 1 and b.shape[-1] == 1:
        return (a[..., None], b) if a.ndim == 1 else (a, b[..., 0])
    return a, b


def fitting(name, y_true, y_pred, broadcast=True):
    """Refuse shapes that can't be compared, and warn of those that NumPy would spread."""
    here, there = tuple(y_true.shape), tuple(y_pred.shape)
    if here == there:
        return
    text, spread = f"{name}: y_true has shape {here}, y_pred {there}; they ", None
    if broadcast:
        with suppress(ValueError):
            spread = np.broadcast_shapes(here, there)
    if spread is None:
        remedy = "; write y_true.reshape(-1, 1)" * (there == (*here, 1))
        if name == "categorical_crossentropy" and (len(here) < len(there) or here[-1] == 1):
            remedy = ". For class numbers use sparse_categorical_crossentropy, or keras.utils.to_categorical(y)"
        raise ValueError(f"{text}must agree{remedy}")
    _warn(f"{text}will be broadcast to {spread}, which is seldom meant. Reshape one, as y_true.reshape(-1, 1)")


def _warn(text):
    warnings.warn(text, stacklevel=4)


def _labels(name, y_true):
    """Refuse labels that are no probabilities."""
    y = raw(y_true)
    if y.size and not (0 <= y.min() and y.max() <= 1):  # nan is neither
        raise ValueError(f"{name}: labels must lie between 0 and 1, got {y.min():.4g}..{y.max():.4g}")


def _numbers(name, y_true, classes):
    """Class numbers as integers; refused unless they are whole and in range."""
    y = raw(y_true)
    if not (xp(y).isfinite(y).all() and (y == (whole := y.astype(np.int64))).all()):
        raise ValueError(f"{name}: labels must be whole numbers, the numbers of the classes")
    if whole.size and not (0 <= whole.min() and whole.max() < classes):
        raise ValueError(
            f"{name}: for {classes} outputs labels must lie in 0..{classes - 1}, got {whole.min()}..{whole.max()}. "
            "The last layer needs one output for each class; labels start at 0"
        )
    return whole


def _logits(name, y_pred, from_logits):
    """The logits that `y_pred` is, or that sigmoid or softmax made it of; None if it is probabilities."""
    made_of = getattr(y_pred, "logits", None)
    if from_logits and (made_of is not None or y_pred.op in (ops.softmax, ops.sigmoid)):
        _warn(
            f"{name} was told from_logits=True, but these predictions come from softmax or sigmoid. Leave the "
            "activation out of the last layer, or say from_logits=False"
        )
    return y_pred if from_logits and made_of is None else made_of


def _log_softmax(x):
    """log(softmax(x)), of numbers made small first: of large ones the digits would be lost."""
    return ops.log_softmax(x - raw(x).max(-1, keepdims=True), -1)


def _clipped(p):
    return ops.where(p < EPSILON, EPSILON, ops.where(p > 1 - EPSILON, 1 - EPSILON, p))  # through nan, nan flows back


# ---------------------------------------------------------------- the losses of the samples

LOSSES: dict = {}


def _loss(align_ranks=False, broadcast=True):
    """Enter a function in the table: it gets floating tensors of one dtype, whose shapes have been looked at."""

    def enter(function):
        @wraps(function)
        def checked(y_true, y_pred, *args, **options):
            y_pred = tensor(y_pred)
            y_true = tensor(y_true, y_pred.dtype)
            if align_ranks:
                y_true, y_pred = align(y_true, y_pred)
            if broadcast is not None:
                fitting(function.__name__, y_true, y_pred, broadcast)
            return function(y_true, y_pred, *args, **options)

        LOSSES[function.__name__] = checked
        return checked

    return enter


@_loss(align_ranks=True)
def mean_squared_error(y_true, y_pred):
    """The mean of (y_true - y_pred)² along the last dimension.

    >>> mean_squared_error([[0.0, 1.0]], [[2.0, 1.0]]).numpy().tolist()
    [2.0]
    """
    return ((y_true - y_pred) ** 2).mean(-1)


@_loss(align_ranks=True)
def mean_absolute_error(y_true, y_pred):
    """The mean of |y_true - y_pred| along the last dimension."""
    return abs(y_true - y_pred).mean(-1)


@_loss(align_ranks=True)
def mean_absolute_percentage_error(y_true, y_pred):
    """The mean of |y_true - y_pred| / |y_true| in percent."""
    return 100 * abs((y_true - y_pred) / ops.maximum(abs(y_true), EPSILON)).mean(-1)


@_loss(align_ranks=True)
def mean_squared_logarithmic_error(y_true, y_pred):
    """The mean of (log(1 + y_true) - log(1 + y_pred))², numbers below 0 counted as 0."""
    a, b = (ops.log(ops.where(y >= EPSILON, y, EPSILON) + 1.0) for y in (y_true, y_pred))
    return ((a - b) ** 2).mean(-1)


@_loss(align_ranks=True)
def cosine_similarity(y_true, y_pred, axis=-1):
    """Minus the cosine of the angle between y_true and y_pred; 0 if one of them is 0."""
    return -F.cosine_similarity(y_true, y_pred, axis, EPSILON)


@_loss(align_ranks=True)
def huber(y_true, y_pred, delta=1.0):
    """The mean of e² / 2 for errors |e| up to `delta`, of a line that goes on from there beyond."""
    return F.huber_loss(y_pred, y_true, "none", delta).mean(-1)


@_loss()
def hinge(y_true, y_pred):
    """The mean of max(1 - y_true · y_pred, 0), for labels -1 and 1, or 0 and 1."""
    labels = raw(y_true)
    signs = 2 * y_true - 1 if ((labels == 0) | (labels == 1)).all() else y_true
    margin = 1 - signs * y_pred
    return ops.where(margin >= 0, margin, 0.0).mean(-1)  # at 0 the slope is 1, as in TensorFlow


@_loss()
def kl_divergence(y_true, y_pred):
    """The sum of y_true · log(y_true / y_pred) along the last dimension, for two distributions."""
    y_true, y_pred = y_true.clip(EPSILON, 1), y_pred.clip(EPSILON, 1)
    return (y_true * ops.log(y_true / y_pred)).sum(-1)


@_loss(broadcast=False)
def binary_crossentropy(y_true, y_pred, from_logits=False, label_smoothing=0.0):
    """The mean of -y log p - (1 - y) log(1 - p), for labels y from 0 to 1 and probabilities p, or logits."""
    _labels("binary_crossentropy", y_true)
    y = y_true * (1 - label_smoothing) + 0.5 * label_smoothing if label_smoothing else y_true
    x = _logits("binary_crossentropy", y_pred, from_logits)
    if x is not None:
        return ((1 - y) * x + ops.softplus(-x)).mean(-1)
    p = _clipped(y_pred)
    return -(y * ops.log(p) + (1 - y) * ops.log(1 - p)).mean(-1)


@_loss(broadcast=False)
def categorical_crossentropy(y_true, y_pred, from_logits=False, label_smoothing=0.0):
    """Minus the sum of y log p, for one-hot labels or probabilities y; p probabilities, or logits."""
    name = "categorical_crossentropy"
    _labels(name, y_true)
    if y_pred.shape[-1] == 1:
        _warn(f"{name} of a single class is 0 whatever is predicted; for two classes use binary_crossentropy")
    elif abs(raw(y_true).sum(-1) - 1).max(initial=0) > 1e-3:
        _warn(f"{name}: the labels of a sample should add up to 1; for several labels at once use binary_crossentropy")
    y = y_true * (1 - label_smoothing) + label_smoothing / y_true.shape[-1] if label_smoothing else y_true
    x = _logits(name, y_pred, from_logits)
    logs = ops.log(_clipped(y_pred / y_pred.sum(-1, True))) if x is None else _log_softmax(x)
    return -(y * logs).sum(-1)


@_loss(broadcast=None)
def sparse_categorical_crossentropy(y_true, y_pred, from_logits=False):
    """Minus log p at the class that y_true names, for class numbers; p probabilities, or logits.

    >>> sparse_categorical_crossentropy([1], [[0.0, 1.0]]).numpy().round(4).tolist()
    [0.0]
    """
    name = "sparse_categorical_crossentropy"
    if y_true.ndim == y_pred.ndim and y_true.shape[-1] == 1:
        y_true = y_true[..., 0]
    if y_true.shape != y_pred.shape[:-1]:
        remedy = ". For one-hot labels use categorical_crossentropy" * (y_true.shape == y_pred.shape)
        given = f"y_true has shape {y_true.shape}, y_pred {y_pred.shape}"
        raise ValueError(f"{name}: {given}; class numbers must have shape {y_pred.shape[:-1]}{remedy}")
    labels, x = _numbers(name, y_true, y_pred.shape[-1]), _logits(name, y_pred, from_logits)
    scores = (ops.log(_clipped(y_pred)) if x is None else x).reshape(-1, y_pred.shape[-1])
    return fused.cross_entropies(scores, labels.reshape(-1)).reshape(labels.shape)


# ---------------------------------------------------------------- one number


class Loss(names.Configured):
    """The base of all: `call(y_true, y_pred)` computes the losses of the samples, which are then reduced to one number.

    With "sum_over_batch_size", also called "mean", that is their sum over their count, weighted or not; "sum" adds
    them, and None leaves them as they are.

    >>> class Distance(Loss):
    ...     def call(self, y_true, y_pred):
    ...         return abs(y_true - y_pred)
    >>> float(Distance()([1.0, 2.0], [1.0, 4.0]))
    1.0
    """

    def __init__(self, name=None, reduction="sum_over_batch_size", dtype=None):
        if reduction not in REDUCTIONS:
            raise ValueError(f"reduction {reduction!r} is unknown{names.nearest(str(reduction), REDUCTIONS[:-1])}")
        self.name = name or auto_name(names.snake_case(type(self).__name__))
        self.reduction, self.dtype = reduction, dtype or "float32"

    def call(self, y_true, y_pred):
        """The loss of each sample."""
        raise NotImplementedError(f"{type(self).__name__} needs a method call(self, y_true, y_pred)")

    def __call__(self, y_true, y_pred, sample_weight=None):
        """The loss, one number unless the reduction is None."""
        losses = tensor(self.call(tensor(y_true, self.dtype), tensor(y_pred, self.dtype)), self.dtype)
        if sample_weight is not None:
            losses = weighted(self.name, losses, tensor(sample_weight, self.dtype))
        if self.reduction in (None, "none") or losses.shape in ((), (0,)):
            return losses
        return losses.sum() if self.reduction == "sum" else losses.mean()


def weighted(name, losses, weight):
    """The losses times their weights, brought to one number of dimensions as Keras does."""
    losses, weight = align(losses, weight)
    text = f"{name}: the losses have shape {losses.shape}, the sample weights {weight.shape}"
    remedy = "; for samples write sample_weight[:, None]" * (0 < weight.ndim < losses.ndim)
    try:
        result = losses * weight
    except ValueError:
        raise ValueError(f"{text}; they must agree{remedy}") from None
    if remedy and weight.shape == losses.shape[: weight.ndim]:
        _warn(f"{text}, which weighs along the last dimension{remedy}")
    return result


class LossFunctionWrapper(Loss):
    """A function of `y_true` and `y_pred`, and options for it, as a loss."""

    def __init__(self, fn, reduction="sum_over_batch_size", name=None, dtype=None, **options):
        super().__init__(name or names.snake_case(getattr(fn, "__name__", type(fn).__name__)), reduction, dtype)
        self.fn, self.options = fn, options

    def call(self, y_true, y_pred):
        return self.fn(*align(y_true, y_pred), **self.options)


def _class(name):
    function = globals()[names.snake_case(name)]
    own = {"reduction": "sum_over_batch_size", "name": function.__name__ + "_loss" * (name == "Huber"), "dtype": None}
    return names.class_of(LossFunctionWrapper, name, function, names.defaults_of(function) | own)


CLASSES = """MeanSquaredError MeanAbsoluteError MeanAbsolutePercentageError MeanSquaredLogarithmicError CosineSimilarity
    Huber Hinge KLDivergence BinaryCrossentropy CategoricalCrossentropy SparseCategoricalCrossentropy"""
globals().update(classes := {name: _class(name) for name in CLASSES.split()})
SHORT = {"mse": mean_squared_error, "mae": mean_absolute_error, "mape": mean_absolute_percentage_error}
SHORT |= {"msle": mean_squared_logarithmic_error, "bce": binary_crossentropy, "kld": kl_divergence}
SHORT |= {name.upper(): function for name, function in SHORT.items()}
LOSSES |= SHORT | classes


def get(identifier):
    """The loss of this name: a function of the samples' losses, or an instance of a class; None for none."""
    return None if identifier is None else names.find("loss", identifier, LOSSES)


def resolve(identifier):
    """The loss of this name, this function or this object as a `Loss`, called with y_true, y_pred and sample_weight."""
    found = get(identifier)
    if found is None or isinstance(found, Loss):
        return found
    return LossFunctionWrapper(found, name=identifier if isinstance(identifier, str) else None)


__getattr__ = names.closed(__name__, LOSSES)
