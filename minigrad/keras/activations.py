"""Activations by Keras's names and with its defaults, composed of rows of the table."""

from functools import wraps

from .. import functions, ops
from ..nn import functional as F
from . import names
from .variable import Array, as_tensor

ACTIVATIONS: dict = {}


def _row(name, function, doc):
    """Enter a function of a tensor in the table; it takes arrays and lists too."""

    @wraps(function)
    def activation(x, *args, **options):
        return function(as_tensor(x), *args, **options)

    activation.__name__, activation.__doc__ = name, doc
    ACTIVATIONS[name] = activation
    return activation


def _relu(x, negative_slope=0.0, max_value=None):
    if max_value is None:
        return ops.leaky_relu(x, negative_slope) if negative_slope else ops.relu(x)
    y = ops.where(x > 0, x, -negative_slope * ops.relu(-x))
    return ops.where(y >= 6 if max_value == 6 else y > max_value, max_value, y)  # as TensorFlow's relu6, and relu


def _selu(x):
    return 1.0507009873554805 * ops.where(x >= 0, x, F.elu(x, 1.6732632423543772))


def _gelu(x, approximate=False):
    return functions.gelu(x, "tanh" if approximate else "none")


def _sigmoid(x):
    return _remembered(ops.sigmoid(x), x)


def _softmax(x, axis=-1):
    return _remembered(ops.softmax(x, axis), x)


def _remembered(y, logits):
    """`y`, which remembers what it was made of: losses compute from logits, which are never 0 nor 1."""
    if isinstance(y, Array):
        y.logits = logits
    return y


linear = _row("linear", lambda x: x, "x itself.")
relu = _row("relu", _relu, "x where positive, `negative_slope * x` elsewhere, at most `max_value`.")
relu6 = _row("relu6", lambda x: relu(x, max_value=6), "relu cut off at 6.")
leaky_relu = _row("leaky_relu", lambda x, negative_slope=0.2: ops.leaky_relu(x, negative_slope), "relu with a slope.")
elu = _row("elu", lambda x, alpha=1.0: F.elu(x, alpha), "x where positive, alpha * (exp(x) - 1) elsewhere.")
selu = _row("selu", _selu, "elu that keeps mean 0 and variance 1. (Klambauer et al., 2017.)")
softplus = _row("softplus", lambda x: ops.softplus(x), "log(1 + exp(x)).")
softsign = _row("softsign", lambda x: x / (1 + abs(x)), "x / (1 + |x|).")
silu = _row("silu", F.silu, "x * sigmoid(x), also called swish.")
gelu = _row("gelu", _gelu, "x times the normal distribution function of x, or its approximation by tanh.")
mish = _row("mish", lambda x: x * ops.tanh(ops.softplus(x)), "x * tanh(softplus(x)).")
tanh = _row("tanh", lambda x: ops.tanh(x), "The hyperbolic tangent.")
sigmoid = _row("sigmoid", _sigmoid, "1 / (1 + exp(-x)).")
hard_sigmoid = _row("hard_sigmoid", lambda x: relu6(x + 3) / 6, "0 below -3, 1 above 3, a line between.")
log_sigmoid = _row("log_sigmoid", F.logsigmoid, "log(sigmoid(x)).")
exponential = _row("exponential", lambda x: ops.exp(x), "exp(x).")
softmax = _row("softmax", _softmax, "exp(x), divided by its sum along the axis: probabilities.")
log_softmax = _row("log_softmax", lambda x, axis=-1: ops.log_softmax(x, axis), "log(softmax(x)).")
swish = ACTIVATIONS["swish"] = silu


def get(identifier):
    """The activation of this name, or the function itself; None stands for `linear`.

    >>> get("relu")([-1.0, 2.0]).numpy().tolist()
    [0.0, 2.0]
    """
    return linear if identifier is None else names.find("activation", identifier, ACTIVATIONS)


__getattr__ = names.closed(__name__, ACTIVATIONS)
