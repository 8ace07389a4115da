"""Where numbers live: Python floats, NumPy arrays, CuPy arrays.

An operation asks `xp(x)` for the functions that fit the type of `x`; a dictionary answers, so a float costs no
more than a look-up. CuPy is imported when somebody first asks for a GPU. Random numbers are drawn here too, on the
CPU, so that a seed gives the same numbers on every device.
"""

import ctypes
import math
import operator
import sys
import warnings
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

# Infinities and nan are values, as in PyTorch: of those that arise in these files NumPy needn't warn.
warnings.filterwarnings("ignore", ".* encountered in ", RuntimeWarning, r"minigrad\.")

if sys.platform == "linux" and (mallopt := getattr(ctypes.CDLL(None), "mallopt", None)):
    # glibc is to keep what arrays free for the next ones. Given back to the system, memory comes again in pages that
    # must first be filled with zeros, in every step: of a convolutional network's that is a third of the time.
    mallopt(-1, 1 << 28)  # M_TRIM_THRESHOLD: so many bytes may lie free at the end of the heap
    mallopt(-3, 1 << 25)  # M_MMAP_THRESHOLD: arrays up to this size, the largest allowed, come from the heap

float16, float32, float64 = np.dtype("float16"), np.dtype("float32"), np.dtype("float64")
int8, int16, int32, int64 = np.dtype("int8"), np.dtype("int16"), np.dtype("int32"), np.dtype("int64")
uint8, bool_ = np.dtype("uint8"), np.dtype("bool")


class numbers:
    """NumPy's functions, as far as the table uses them, on Python numbers."""

    exp, log, log1p, expm1, sqrt = math.exp, math.log, math.log1p, math.expm1, math.sqrt
    sin, cos, tan, tanh, erf = math.sin, math.cos, math.tan, math.tanh, math.erf
    floor, ceil, trunc = (lambda x: float(math.floor(x))), (lambda x: float(math.ceil(x))), (lambda x: float(int(x)))
    abs, round, power = abs, (lambda x: float(round(x))), math.pow
    isnan, isfinite = math.isnan, math.isfinite
    logical_and, logical_or, logical_not = operator.and_, operator.or_, operator.not_

    @staticmethod
    def maximum(a, b):
        return a if a >= b or a != a else b  # a != a: nan wins, as in NumPy

    @staticmethod
    def minimum(a, b):
        return a if a <= b or a != a else b

    @staticmethod
    def sign(x):
        return float((x > 0) - (x < 0))

    @staticmethod
    def check(function, *inputs):
        return function(*inputs)

    @staticmethod
    def where(condition, a, b):
        return a if condition else b

    @staticmethod
    def clip(x, low, high):
        x = x if low is None else numbers.maximum(x, low)
        return x if high is None else numbers.minimum(x, high)


def _erf(x):
    """NumPy has no error function: Python's, element by element. Exact, and slow on large arrays."""
    return np.asarray(np.frompyfunc(math.erf, 1, 1)(x)).astype(np.result_type(x, np.float32), copy=False)


class Library:
    """An array library, with what it lacks or keeps elsewhere put beside it."""

    def __init__(self, module, **extra):
        self.module = module
        self.__dict__.update(extra)

    def __getattr__(self, name):
        function = getattr(self.module, name)
        setattr(self, name, function)  # found once, an attribute from then on
        return function

    @staticmethod
    def check(function, *inputs):
        """What `function` says of numbers; it may raise. A compiled function asks again in each run."""
        return function(*inputs)


class Libraries(dict):
    """Type of a value -> the functions for it. A type met for the first time is looked up in `__missing__`."""

    def __missing__(self, kind):
        found: Any
        if issubclass(kind, np.ndarray | np.generic):
            found = numpy_library
        elif issubclass(kind, int | float):
            found = numbers
        elif kind.__module__.partition(".")[0] == "cupy":
            found = Library(_cupy(), erf=_cupy_erf, power=operator.pow)
        else:
            raise TypeError(f"expected a number, an array or a tensor, got {kind.__name__}; write mg.tensor(...)")
        self[kind] = found
        return found


numpy_library = Library(np, erf=_erf, power=operator.pow)
libraries = Libraries()


def peek(x):
    """`x` itself; of what stands in for an array while a function is traced, that array."""
    return getattr(x, "stands_for", x)


def xp(x, *others):
    """The functions that work on `x`, and on `others` with it: `numbers`, NumPy or CuPy, the last of these there is.

    >>> xp(0.0).exp(0.0), xp(np.zeros(2)).exp(np.zeros(2)).tolist()
    (1.0, [1.0, 1.0])
    """
    library = libraries[type(x)]
    for other in others:
        found = libraries[type(other)]
        if library is numbers or (library is numpy_library and found is not numbers):
            library = found
    return library


# ---------------------------------------------------------------- arrays and their dtypes


def float_dtype(inputs):
    """PyTorch's rule: arrays with dimensions decide, then tensors without; Python's and NumPy's numbers never do."""
    if any(x is float64 for x in inputs):  # asked for by `cast`
        return float64
    arrays = [x for x in inputs if hasattr(x, "ndim") and not isinstance(x, np.generic) and x.dtype.kind == "f"]
    dtypes = [x.dtype for x in arrays if x.ndim] or [x.dtype for x in arrays]
    return float64 if float64 in dtypes else float32


def as_array(data, dtype=None, device=None, copy=True):
    """An array of `data`: floats become float32 unless they come as a NumPy array or a dtype is given."""
    typed = isinstance(peek(data), np.ndarray | np.generic) or type(peek(data)).__module__.startswith("cupy")
    if not typed:
        try:
            data = np.array(data)
        except ValueError as error:
            raise ValueError(f"tensor: the rows have different lengths or are not numbers: {error}") from None
    if data.dtype.kind not in "fiub":
        raise TypeError(f"tensor: expected real numbers, got {data.dtype}; a list of tensors becomes one by mg.stack")
    if dtype is None and data.dtype == float64 and not typed:
        dtype = float32
    array = data.astype(data.dtype if dtype is None else dtype, copy=copy and typed)
    array = np.asarray(array) if isinstance(array, np.generic) else array
    return array if device is None else to_device(array, device)


# ---------------------------------------------------------------- devices


@dataclass(frozen=True)
class device:
    """A place for arrays: `device("cpu")`, `device("cuda")` or `device("cuda:1")`, as PyTorch spells them.

    >>> device("cuda:1").type, device("cuda:1").index, str(device("cpu"))
    ('cuda', 1, 'cpu')
    """

    type: str
    index: int | None = None

    def __init__(self, name="cpu", index=None):
        if isinstance(name, device):
            name, index = name.type, name.index
        kind, _, number = str(name).partition(":")
        if kind not in ("cpu", "cuda") or (number and not number.isdigit()):
            raise ValueError(f"unknown device {name!r}: expected 'cpu', 'cuda' or 'cuda:0'")
        object.__setattr__(self, "type", kind)
        object.__setattr__(self, "index", int(number) if number else index)

    def __str__(self):
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __eq__(self, other):
        return str(self) == str(other)

    def __hash__(self):
        return hash(str(self))

    def same(self, other):
        """Whether both are the same place: "cuda" is "cuda:0"."""
        return (self.type, self.index or 0) == (other.type, other.index or 0)


def device_of(array):
    """Where an array lives: `cpu`, or `cuda:N` for a CuPy array."""
    array = peek(array)
    return device("cpu") if xp(array) in (numpy_library, numbers) else device("cuda", array.device.id)


def describe(value):
    """A value in few words, for errors: an array's dtype, shape and, if it isn't the CPU, device.

    >>> describe(np.zeros((2, 3))), describe(3.0)
    ('float64[2, 3]', '3.0')
    """
    if not hasattr(value, "shape"):
        return repr(value)
    where = device_of(value)
    return f"{value.dtype}{list(value.shape)}" + ("" if where.type == "cpu" else f" on {where}")


def to_device(array, where):
    """`array` itself if it is there already, else a copy on the device `where`."""
    if peek(array) is not array:
        return xp(array).to_device(array, where)
    where = device(where)
    if where.type == "cpu":
        return array if device_of(array).type == "cpu" else _cupy().asnumpy(array)
    if not cuda.is_available():
        raise RuntimeError(f"device={str(where)!r} was asked for, but there is no GPU to use: {cuda.why_not()}")
    with _cupy().cuda.Device(where.index or 0):
        return _cupy().asarray(array)


def _cupy():
    import cupy

    return cupy


def _cupy_erf(x):
    from cupyx.scipy.special import erf

    return erf(x)


class cuda:
    """`mg.cuda`: is there a GPU, and if not, why not. Decided when first asked, by doing something on it."""

    reason: str | None = None

    @staticmethod
    def is_available():
        """Whether CuPy imports, sees a device and gets an answer from it."""
        return not cuda.why_not()

    @staticmethod
    def why_not():
        """The reason, in words, why no GPU can be used; empty when one can."""
        if cuda.reason is None:
            cuda.reason = _try_gpu()
        return cuda.reason

    @staticmethod
    def device_count():
        """How many GPUs there are."""
        return _cupy().cuda.runtime.getDeviceCount() if cuda.is_available() else 0

    @staticmethod
    def synchronize():
        """Wait until the GPU has done what it was told; with none there is nothing to wait for."""
        if cuda.is_available():
            _cupy().cuda.get_current_stream().synchronize()


def _try_gpu():
    try:
        cupy = _cupy()
    except ImportError as error:
        return f"CuPy does not import ({error}). With an NVIDIA GPU: pip install cupy-cuda13x[ctk]"
    except Exception as error:  # a broken installation may raise anything; a learner without GPU must go on
        return f"CuPy is installed but fails to import: {error}"
    try:
        if not cupy.cuda.is_available() or cupy.cuda.runtime.getDeviceCount() == 0:
            return "CuPy is installed but sees no GPU"
        if float(cupy.ones(2).sum()) != 2.0:
            return "CuPy sees a GPU that computes 1 + 1 wrongly"
    except Exception as error:  # the driver's errors have many types
        return f"CuPy sees a GPU that does not answer: {error}"
    return ""


# ---------------------------------------------------------------- random numbers


class Generator:
    """A source of random numbers of its own, seeded from the system unless `manual_seed` is called.

    >>> a, b = Generator().manual_seed(0), Generator().manual_seed(0)
    >>> bool(a.numpy.integers(100) == b.numpy.integers(100))
    True
    """

    def __init__(self, device="cpu"):
        pass

    @cached_property
    def numpy(self):
        """NumPy's generator, made when first asked for: to import it takes longer than all the rest of minigrad."""
        return np.random.default_rng()

    def manual_seed(self, seed):
        """Start again from `seed`; returns the generator."""
        self.numpy = np.random.default_rng(int(seed))
        return self

    def get_state(self):
        """Where it stands, as a dictionary of numbers; given to `set_state`, the same numbers follow."""
        return self.numpy.bit_generator.state

    def set_state(self, state):
        """Go on from where `get_state` was called; returns the generator."""
        self.numpy.bit_generator.state = state
        return self

    state_dict, load_state_dict = get_state, set_state  # as all that a checkpoint holds has them


default_generator = Generator()


def manual_seed(seed):
    """Seed the generator that is used when none is given; returns it."""
    return default_generator.manual_seed(seed)
