"""Initial values of weights, with Keras's names and defaults; a layer starts from `GlorotUniform` and `Zeros`.

Fan-in and fan-out are counted in Keras's layout, inputs before outputs: a kernel (inputs, outputs), or (height, width,
inputs, outputs). As in Keras an initializer has a seed of its own, so two calls give the same numbers; a seed that
isn't given is drawn when the initializer is made.
"""

import math

import numpy as np

from ..backend import Generator, default_generator
from ..nn import init
from ..tape import raw
from . import names
from .variable import Array


class Initializer(names.Configured):
    """The base of all. One of your own makes numbers in `__call__(self, shape, dtype=None)`."""

    def __call__(self, shape, dtype=None):
        """Numbers of the given shape."""
        return self.fill(Array.wrap(np.empty(tuple(shape), dtype or "float32")))

    def fill(self, x):
        """Write the numbers into an array."""
        raise NotImplementedError(f"{type(self).__name__} needs a method __call__(self, shape, dtype=None)")


class Constant(Initializer):
    """One value everywhere, or an array of them."""

    value = 0.0
    __init__ = names.takes(value=0.0)

    def fill(self, x):
        return x.copy_(np.broadcast_to(raw(self.value), x.shape))


class Zeros(Constant):
    """Zeros."""

    __init__ = names.takes()


class Ones(Constant):
    """Ones."""

    value = 1.0
    __init__ = names.takes()


class Random(Initializer):
    """The base of those that draw: from a seed, the same numbers at each call; from a Generator, new ones."""

    def keep(self, arguments, **options):
        super().keep(arguments, **options)
        if not isinstance(self.seed, int | np.integer | Generator | None):
            raise ValueError(f"{type(self).__name__}: seed must be an integer or a Generator, got {self.seed!r}")
        self._seed = int(default_generator.numpy.integers(2**31)) if self.seed is None else self.seed

    def fill(self, x):
        return self.draw(x, self._seed if isinstance(self._seed, Generator) else Generator().manual_seed(self._seed))

    def draw(self, x, source):
        """Write numbers drawn from a generator into an array."""
        raise NotImplementedError


class RandomNormal(Random):
    """From the normal distribution."""

    __init__ = names.takes(mean=0.0, stddev=0.05, seed=None)

    def draw(self, x, source):
        return init.normal_(x, self.mean, self.stddev, source)


class TruncatedNormal(RandomNormal):
    """From the normal distribution; what lies more than two standard deviations off is drawn again."""

    def draw(self, x, source):
        return _cut_off(x, self.mean, self.stddev, source)


class RandomUniform(Random):
    """Evenly from `minval` to `maxval`."""

    __init__ = names.takes(minval=-0.05, maxval=0.05, seed=None)

    def draw(self, x, source):
        return init.uniform_(x, self.minval, self.maxval, source)


class VarianceScaling(Random):
    """With the variance scale / n, n being fan-in, fan-out or their average; from a distribution that `mode` names."""

    MODES, DISTRIBUTIONS = ("fan_in", "fan_out", "fan_avg"), ("truncated_normal", "untruncated_normal", "uniform")
    __init__ = names.takes(scale=1.0, mode="fan_in", distribution="truncated_normal", seed=None)

    def keep(self, arguments, **options):
        super().keep(arguments, **options)
        if self.scale <= 0 or self.mode not in self.MODES or self.distribution not in self.DISTRIBUTIONS:
            raise ValueError(
                f"VarianceScaling: scale must be above 0, mode one of {self.MODES}, distribution one of "
                f"{self.DISTRIBUTIONS}; got {self.scale}, {self.mode!r}, {self.distribution!r}"
            )

    def draw(self, x, source):
        fan_in, fan_out = fans(x.shape)
        n = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        std = math.sqrt(self.scale / max(1.0, n))
        if self.distribution == "uniform":
            return init.uniform_(x, -math.sqrt(3) * std, math.sqrt(3) * std, source)
        if self.distribution == "untruncated_normal":
            return init.normal_(x, 0.0, std, source)
        return _cut_off(x, 0.0, std / CUT, source)


CUT = 0.87962566103423978  # the standard deviation of the normal distribution cut off at two of them


def _cut_off(x, mean, std, source):
    return init.trunc_normal_(x, mean, std, mean - 2 * std, mean + 2 * std, source)


def fans(shape):
    """How many inputs one output sums, and how many outputs one input reaches."""
    *field, fan_in, fan_out = shape if len(shape) > 1 else [math.prod(shape)] * 2
    return fan_in * math.prod(field), fan_out * math.prod(field)


def _scaling(name, doc, **settings):
    members = {"__init__": names.takes(seed=None), "__doc__": doc, "__module__": __name__}
    return type(name, (VarianceScaling,), members | settings)


GlorotUniform, GlorotNormal, HeUniform, HeNormal, LecunUniform, LecunNormal = (
    _scaling(f"{who}{kind}", doc, scale=scale, mode=mode, distribution=distribution)
    for who, scale, mode, doc in (
        ("Glorot", 1.0, "fan_avg", "Variance 2 / (fan-in + fan-out). (Glorot and Bengio, 2010.)"),
        ("He", 2.0, "fan_in", "Variance 2 / fan-in, for relu. (He et al., 2015.)"),
        ("Lecun", 1.0, "fan_in", "Variance 1 / fan-in. (LeCun et al., 1998.)"),
    )
    for kind, distribution in (("Uniform", "uniform"), ("Normal", "truncated_normal"))
)


class Orthogonal(Random):
    """A matrix with orthogonal rows or columns, whichever are fewer, times `gain`. (Saxe et al., 2014.)"""

    __init__ = names.takes(gain=1.0, seed=None)

    def draw(self, x, source):
        matrix = x.reshape(-1, x.shape[-1]) if x.ndim > 2 else x
        return init.orthogonal_(matrix, self.gain, source).reshape(x.shape)


INITIALIZERS = names.table(
    Constant, Zeros, Ones, RandomNormal, TruncatedNormal, RandomUniform, VarianceScaling, GlorotUniform, GlorotNormal,
    HeUniform, HeNormal, LecunUniform, LecunNormal, Orthogonal, zero=Zeros, one=Ones, normal=RandomNormal,
    uniform=RandomUniform,
)  # fmt: skip
globals().update({name: kind for name, kind in INITIALIZERS.items() if name not in ("normal", "uniform")})


def get(identifier):
    """The initializer of this name, or the object itself; None for none.

    >>> get("ones")((2,)).numpy().tolist()
    [1.0, 1.0]
    """
    return None if identifier is None else names.find("initializer", identifier, INITIALIZERS)


__getattr__ = names.closed(__name__, INITIALIZERS)
