"""Initial values of weights, with Keras's names and defaults; a layer starts from `GlorotUniform` and `Zeros`.

Fan-in and fan-out are counted in Keras's layout, inputs before outputs: a kernel (inputs, outputs), or (height, width,
inputs, outputs). As in Keras an initializer has a seed of its own, so two calls give the same numbers; a seed that
isn't given is drawn when the initializer is made.
"""

import math

import numpy as np

from ..backend import Generator, default_generator
from ..tape import raw
from . import names
from .variable import Array, as_value


class Initializer(names.Configured):
    """The base of all. One of your own makes numbers in `__call__(self, shape, dtype=None)`."""

    def __call__(self, shape, dtype=None):
        """Numbers of the given shape."""
        return Array(self.values(tuple(shape)), dtype or "float32")

    def values(self, shape):
        """The numbers, as a NumPy array."""
        raise NotImplementedError(f"{type(self).__name__} needs a method __call__(self, shape, dtype=None)")


class Constant(Initializer):
    """One value everywhere."""

    def __init__(self, value=0.0):
        self.value = value

    def values(self, shape):
        return np.broadcast_to(raw(self.value), shape)


class Zeros(Initializer):
    """Zeros."""

    def values(self, shape):
        return np.zeros(shape)


class Ones(Initializer):
    """Ones."""

    def values(self, shape):
        return np.ones(shape)


class Identity(Initializer):
    """The identity matrix times `gain`."""

    def __init__(self, gain=1.0):
        self.gain = gain

    def values(self, shape):
        if len(shape) != 2:
            raise ValueError(f"Identity: expected the shape of a matrix, got {shape}")
        return self.gain * np.eye(*shape)


class Random(Initializer):
    """The base of those that draw: from a seed, the same numbers at each call; from a Generator, new ones."""

    def __init__(self, seed=None):
        if not isinstance(seed, int | np.integer | Generator | None):
            raise ValueError(f"{type(self).__name__}: seed must be an integer or a Generator, got {seed!r}")
        self._seed = int(default_generator.numpy.integers(2**31)) if seed is None else seed
        self.seed = seed

    def values(self, shape):
        source = self._seed.numpy if isinstance(self._seed, Generator) else np.random.default_rng(self._seed)
        return self.draw(source, shape)

    def draw(self, source, shape):
        """The numbers, drawn from a generator of NumPy's."""
        raise NotImplementedError


class RandomNormal(Random):
    """From the normal distribution."""

    def __init__(self, mean=0.0, stddev=0.05, seed=None):
        super().__init__(seed)
        self.mean, self.stddev = mean, stddev

    def draw(self, source, shape):
        return source.normal(self.mean, self.stddev, shape)


class TruncatedNormal(RandomNormal):
    """From the normal distribution; what lies more than two standard deviations off is drawn again."""

    def draw(self, source, shape):
        z = source.standard_normal(shape)
        while (far := np.abs(z) > 2).any():
            z = np.where(far, source.standard_normal(shape), z)
        return self.mean + self.stddev * z


class RandomUniform(Random):
    """Evenly from `minval` to `maxval`."""

    def __init__(self, minval=-0.05, maxval=0.05, seed=None):
        super().__init__(seed)
        self.minval, self.maxval = minval, maxval

    def draw(self, source, shape):
        return source.uniform(self.minval, self.maxval, shape)


class VarianceScaling(Random):
    """With the variance scale / n, n being fan-in, fan-out or their average; from a distribution that `mode` names."""

    MODES, DISTRIBUTIONS = ("fan_in", "fan_out", "fan_avg"), ("truncated_normal", "untruncated_normal", "uniform")

    def __init__(self, scale=1.0, mode="fan_in", distribution="truncated_normal", seed=None):
        super().__init__(seed)
        distribution = {"normal": "truncated_normal"}.get(distribution.lower(), distribution.lower())
        if scale <= 0 or mode not in self.MODES or distribution not in self.DISTRIBUTIONS:
            raise ValueError(
                f"VarianceScaling: scale must be above 0, mode one of {self.MODES}, distribution one of "
                f"{self.DISTRIBUTIONS}; got {scale}, {mode!r}, {distribution!r}"
            )
        self.scale, self.mode, self.distribution = scale, mode, distribution

    def draw(self, source, shape):
        fan_in, fan_out = fans(shape)
        n = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        std = math.sqrt(self.scale / max(1.0, n))
        if self.distribution == "uniform":
            return source.uniform(-math.sqrt(3) * std, math.sqrt(3) * std, shape)
        if self.distribution == "untruncated_normal":
            return source.normal(0, std, shape)
        return TruncatedNormal(0.0, std / CUT).draw(source, shape)


CUT = 0.87962566103423978  # the standard deviation of the normal distribution cut off at two of them


def fans(shape):
    """How many inputs one output sums, and how many outputs one input reaches."""
    if len(shape) < 2:
        return shape[0] if shape else 1, shape[0] if shape else 1
    field = math.prod(shape[:-2])
    return shape[-2] * field, shape[-1] * field


def _scaling(name, scale, mode, distribution, doc):
    def __init__(self, seed=None):
        VarianceScaling.__init__(self, scale, mode, distribution, seed)

    return type(name, (VarianceScaling,), {"__init__": __init__, "__doc__": doc, "__module__": __name__})


GlorotUniform, GlorotNormal, HeUniform, HeNormal, LecunUniform, LecunNormal = (
    _scaling(f"{who}{'Uniform' if distribution == 'uniform' else 'Normal'}", scale, mode, distribution, doc)
    for who, scale, mode, doc in (
        ("Glorot", 1.0, "fan_avg", "Variance 2 / (fan-in + fan-out). (Glorot and Bengio, 2010.)"),
        ("He", 2.0, "fan_in", "Variance 2 / fan-in, for relu. (He et al., 2015.)"),
        ("Lecun", 1.0, "fan_in", "Variance 1 / fan-in. (LeCun et al., 1998.)"),
    )
    for distribution in ("uniform", "truncated_normal")
)


class Orthogonal(Random):
    """A matrix with orthogonal rows or columns, whichever are fewer, times `gain`. (Saxe et al., 2014.)"""

    def __init__(self, gain=1.0, seed=None):
        super().__init__(seed)
        self.gain = gain

    def draw(self, source, shape):
        if len(shape) < 2:
            raise ValueError(f"Orthogonal: expected a shape of at least two dimensions, got {shape}")
        rows, columns = math.prod(shape[:-1]), shape[-1]
        q, r = np.linalg.qr(source.standard_normal((max(rows, columns), min(rows, columns))))
        q = q * np.sign(np.diag(r))
        return self.gain * (q.T if rows < columns else q).reshape(shape)


INITIALIZERS = names.table(
    Constant, Zeros, Ones, Identity, RandomNormal, TruncatedNormal, RandomUniform, VarianceScaling, GlorotUniform,
    GlorotNormal, HeUniform, HeNormal, LecunUniform, LecunNormal, Orthogonal,
    zero=Zeros, one=Ones, normal=RandomNormal, uniform=RandomUniform, IdentityInitializer=Identity,
    OrthogonalInitializer=Orthogonal,
)  # fmt: skip
globals().update({name: kind for name, kind in INITIALIZERS.items() if name not in ("normal", "uniform")})


def get(identifier):
    """The initializer of this name, the object itself, or one that gives a copy of an array; None for none.

    >>> get("ones")((2,)).numpy().tolist()
    [1.0, 1.0]
    """
    if identifier is None:
        return None
    if not hasattr(raw(identifier), "dtype"):
        return names.find("initializer", identifier, INITIALIZERS)

    def given(shape, dtype=None):
        if tuple(shape) != tuple(identifier.shape):
            raise ValueError(f"the initial value has shape {tuple(identifier.shape)}, wanted is {tuple(shape)}")
        return Array(as_value(identifier), dtype or "float32")

    return given


__getattr__ = names.closed(__name__, INITIALIZERS)
