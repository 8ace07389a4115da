"""A module that pretends to be CuPy, for machines without a GPU: NumPy behind a wall.

Its arrays refuse what CuPy's refuse (NumPy arrays as operands, implicit conversion to NumPy), so code that mixes
devices or calls NumPy where it should ask `xp` fails here as it would on a GPU. `modules()` gives what goes into
`sys.modules`.
"""

import math
from types import ModuleType, SimpleNamespace

import numpy as np


class ndarray:
    """A NumPy array behind a wall."""

    __module__ = "cupy"
    __array_priority__ = 100

    def __init__(self, array, base=None):
        self._array, self.base = np.asarray(array), base
        self.device = SimpleNamespace(id=0)

    dtype, shape, ndim = (
        property(lambda self, name=name: getattr(self._array, name)) for name in ("dtype", "shape", "ndim")
    )
    size, strides, nbytes = (
        property(lambda self, name=name: getattr(self._array, name)) for name in ("size", "strides", "nbytes")
    )
    T = property(lambda self: wrap(self._array.T, self))

    @property
    def flags(self):
        """CuPy's flags know nothing of `writeable`."""
        flags = self._array.flags
        return SimpleNamespace(c_contiguous=flags.c_contiguous, f_contiguous=flags.f_contiguous, owndata=flags.owndata)

    def get(self):
        """The numbers as a NumPy array: the only way out."""
        return self._array.copy()

    def __array__(self, *_, **__):
        raise TypeError("Implicit conversion to a NumPy array is not allowed. Please use `.get()`")

    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        if method != "__call__":
            raise TypeError(f"{ufunc.__name__}.{method} of a CuPy array")
        return wrap(ufunc(*map(inside, inputs), **options))

    def __array_function__(self, function, *_):
        raise TypeError(f"np.{function.__name__} was called with a CuPy array")

    def __getitem__(self, key):
        return wrap(self._array[inside(key)], self)

    def __setitem__(self, key, value):
        self._array[inside(key)] = inside(value)

    def __len__(self):
        return len(self._array)

    def __iter__(self):
        return (self[i] for i in range(len(self)))

    def __dir__(self):
        return METHODS


METHODS = "astype reshape transpose swapaxes squeeze ravel view copy nonzero".split()
METHODS += "sum mean max min prod all any argmax argmin cumsum".split()
METHODS += [
    "item",
    "tolist",
    "fill",
    "__float__",
    "__int__",
    "__bool__",
    "__index__",
    "__neg__",
    "__abs__",
    "__invert__",
    "__pos__",
]
for operator in "add sub mul truediv floordiv mod pow matmul and or xor".split():
    METHODS += [f"__{operator}__", f"__r{operator}__", f"__i{operator}__"]
METHODS += [f"__{operator}__" for operator in "eq ne lt le gt ge".split()]


def inside(x):
    """The NumPy array behind the wall; a NumPy array in front of it may not pass, numbers may."""
    if isinstance(x, ndarray):
        return x._array
    if isinstance(x, tuple | list):
        return type(x)(map(inside, x))
    if isinstance(x, dict):
        return {key: inside(value) for key, value in x.items()}
    if isinstance(x, np.ndarray):
        raise TypeError("Unsupported type <class 'numpy.ndarray'>")
    return x


def wrap(x, source=None):
    """What NumPy returned, as CuPy would return it: numbers are arrays without dimensions; Python's stay."""
    if isinstance(x, tuple | list):
        return type(x)(wrap(item, source) for item in x)
    if not isinstance(x, np.ndarray | np.generic):
        return x
    looks = source is not None and isinstance(x, np.ndarray) and np.may_share_memory(x, source._array)
    return ndarray(x, (source if source.base is None else source.base) if looks else None)


def _method(name):
    def method(self, *args, **options):
        in_place = name.startswith("__i") and name not in ("__index__", "__int__", "__invert__")
        y = getattr(self._array, name)(*map(inside, args), **inside(options))
        if y is NotImplemented:
            return y
        return self if in_place else wrap(y, self)

    return method


for name in METHODS:
    setattr(ndarray, name, _method(name))
ndarray.__hash__ = object.__hash__


class function:
    """A function of NumPy's, behind the wall; `at` for what adds up."""

    def __init__(self, name):
        self.numpy = getattr(np, name)

    def __call__(self, *args, **options):
        source = next((x for x in args if isinstance(x, ndarray)), None)
        return wrap(self.numpy(*map(inside, args), **inside(options)), source)

    def at(self, array, key, values):
        self.numpy.at(inside(array), inside(key), inside(values))


MISSING = {"frompyfunc", "vectorize", "errstate", "asnumpy", "random"}  # what CuPy hasn't, or keeps elsewhere


def modules():
    """Stand-ins for `cupy` and the part of `cupyx` that is used, by name."""
    cupy, special = ModuleType("cupy"), ModuleType("cupyx.scipy.special")

    def lookup(name):
        if name.startswith("__") or name in MISSING or not hasattr(np, name):
            raise AttributeError(f"module 'cupy' has no attribute {name!r}")
        return (
            function(name)
            if callable(getattr(np, name)) and not isinstance(getattr(np, name), type)
            else getattr(np, name)
        )

    cupy.__getattr__ = lookup
    cupy.ndarray = ndarray
    cupy.asnumpy = lambda x: x.get() if isinstance(x, ndarray) else np.asarray(x)
    cupy.array = lambda x, dtype=None, copy=True: ndarray(
        np.array(inside(x) if isinstance(x, ndarray) else x, dtype=dtype)
    )
    cupy.asarray = lambda x, dtype=None: (
        x if isinstance(x, ndarray) and dtype in (None, x.dtype) else cupy.array(x, dtype)
    )

    def broadcast_to(x, shape):  # unlike NumPy's result, CuPy's can be written to
        return wrap(np.lib.stride_tricks.as_strided(np.broadcast_to(inside(x), shape), writeable=True), x)

    cupy.broadcast_to = broadcast_to

    class Device:
        def __init__(self, id=0):
            if id != 0:
                raise RuntimeError("cudaErrorInvalidDevice: invalid device ordinal")

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

    stream = SimpleNamespace(synchronize=lambda: None)
    cupy.cuda = SimpleNamespace(
        is_available=lambda: True,
        runtime=SimpleNamespace(getDeviceCount=lambda: 1),
        Device=Device,
        get_current_stream=lambda: stream,
    )

    special.erf = lambda x: ndarray(np.asarray(np.frompyfunc(math.erf, 1, 1)(inside(x)), dtype=x.dtype))
    return {
        "cupy": cupy,
        "cupyx": ModuleType("cupyx"),
        "cupyx.scipy": ModuleType("cupyx.scipy"),
        "cupyx.scipy.special": special,
    }
