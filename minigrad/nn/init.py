"""Initial values, written into a tensor in place, with PyTorch's names and formulas.

Fan-in is the number of inputs that one output sums, fan-out the number of outputs that one input reaches. Scaled by
them, the size of signals and gradients stays the same from layer to layer.
"""

import math

import numpy as np

from ..backend import default_generator
from ..spelling import did_you_mean, not_covered
from ..tape import no_grad


def _fans(tensor):
    if tensor.ndim < 2:
        raise ValueError(f"fan-in and fan-out need at least two dimensions, got shape {tensor.shape}")
    field = math.prod(tensor.shape[2:])
    return tensor.shape[1] * field, tensor.shape[0] * field


def calculate_gain(nonlinearity, param=None):
    """By how much an activation shrinks a signal, so by how much weights must be larger."""
    slope = 0.01 if param is None else param
    gains = {"linear": 1.0, "conv2d": 1.0, "sigmoid": 1.0, "tanh": 5 / 3, "relu": math.sqrt(2)}
    gains["leaky_relu"] = math.sqrt(2 / (1 + slope**2))
    if nonlinearity not in gains:
        hint = did_you_mean(nonlinearity, gains) or f"; known are {[*gains]}"
        raise ValueError(f"calculate_gain: {nonlinearity!r} is unknown{hint}")
    return gains[nonlinearity]


@no_grad()
def uniform_(tensor, a=0.0, b=1.0, generator=None):
    """Evenly from a to b."""
    return tensor.uniform_(a, b, generator=generator)


@no_grad()
def normal_(tensor, mean=0.0, std=1.0, generator=None):
    """From the normal distribution."""
    return tensor.normal_(mean, std, generator=generator)


@no_grad()
def trunc_normal_(tensor, mean=0.0, std=1.0, a=-2.0, b=2.0, generator=None):
    """From the normal distribution; what lies outside a..b is drawn again."""
    share = (math.erf((b - mean) / std / math.sqrt(2)) - math.erf((a - mean) / std / math.sqrt(2))) / 2
    if not share > 1e-3:
        raise ValueError(f"trunc_normal_: hardly anything drawn around {mean} lies in {a}..{b}; give a and b around it")
    source = (generator or default_generator).numpy
    numbers = source.normal(mean, std, tensor.shape)
    while (outside := (numbers < a) | (numbers > b)).any():
        numbers[outside] = source.normal(mean, std, int(outside.sum()))
    return tensor.copy_(numbers)


@no_grad()
def orthogonal_(tensor, gain=1.0, generator=None):
    """Rows at right angles, or columns if they are fewer, of length `gain`. (Saxe et al., 2014.)"""
    _fans(tensor)  # refuses vectors
    rows, columns = len(tensor), tensor.numel() // len(tensor)
    numbers = (generator or default_generator).numpy.standard_normal((max(rows, columns), min(rows, columns)))
    q, r = np.linalg.qr(numbers)
    q *= np.sign(np.diag(r))  # or not every rotation would be equally likely
    return tensor.copy_(gain * (q.T if rows < columns else q).reshape(tensor.shape))


@no_grad()
def constant_(tensor, val):
    """One number everywhere."""
    return tensor.fill_(val)


def zeros_(tensor):
    """Zeros."""
    return constant_(tensor, 0.0)


def ones_(tensor):
    """Ones."""
    return constant_(tensor, 1.0)


@no_grad()
def eye_(tensor):
    """The identity matrix."""
    return tensor.copy_(np.eye(*tensor.shape))


def xavier_uniform_(tensor, gain=1.0, generator=None):
    """Evenly from -a to a, a = gain * sqrt(6 / (fan-in + fan-out)). (Glorot and Bengio, 2010.)"""
    bound = gain * math.sqrt(6 / sum(_fans(tensor)))
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor, gain=1.0, generator=None):
    """Normal with standard deviation gain * sqrt(2 / (fan-in + fan-out)). (Glorot and Bengio, 2010.)"""
    return normal_(tensor, 0.0, gain * math.sqrt(2 / sum(_fans(tensor))), generator)


def _kaiming(tensor, a, mode, nonlinearity):
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"mode must be 'fan_in' or 'fan_out', got {mode!r}")
    return calculate_gain(nonlinearity, a) / math.sqrt(_fans(tensor)[mode == "fan_out"])


def kaiming_uniform_(tensor, a=0, mode="fan_in", nonlinearity="leaky_relu", generator=None):
    """Evenly from -b to b, b = gain * sqrt(3 / fan). (He et al., 2015.)"""
    bound = math.sqrt(3) * _kaiming(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(tensor, a=0, mode="fan_in", nonlinearity="leaky_relu", generator=None):
    """Normal with standard deviation gain / sqrt(fan). (He et al., 2015.)"""
    return normal_(tensor, 0.0, _kaiming(tensor, a, mode, nonlinearity), generator)


def __getattr__(name):
    raise not_covered(__name__, name, globals())
