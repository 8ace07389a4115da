"""The activations as modules, for `nn.Sequential`; their formulas and options are those of `functional.py`."""

from . import functional as F
from .applied import Applied


class ReLU(Applied, function=F.relu):
    """max(x, 0)."""


class LeakyReLU(Applied, function=F.leaky_relu):
    """x where it is positive, negative_slope * x elsewhere."""


class ELU(Applied, function=F.elu):
    """x where it is positive, alpha * (exp(x) - 1) elsewhere."""


class SiLU(Applied, function=F.silu):
    """x * sigmoid(x), also called swish."""


class GELU(Applied, function=F.gelu):
    """x * Phi(x), Phi the normal distribution function; or its approximation by tanh."""


class Tanh(Applied, function=F.tanh):
    """The hyperbolic tangent."""


class Sigmoid(Applied, function=F.sigmoid):
    """1 / (1 + exp(-x))."""


class LogSigmoid(Applied, function=F.logsigmoid):
    """log(sigmoid(x)), for any x."""


class Softplus(Applied, function=F.softplus):
    """log(1 + exp(beta x)) / beta, a smooth ReLU."""


class Softmax(Applied, function=F.softmax):
    """exp(x) / sum(exp(x)) along `dim`: probabilities."""


class LogSoftmax(Applied, function=F.log_softmax):
    """log(softmax(x)) along `dim`, for any size of x."""
