"""What Keras and TensorFlow compute with: arrays whose `.numpy()` always works, and variables to assign to.

An `Array` is a Tensor with the manners of these frameworks. A `Variable` is an Array with a name and `assign`; a
trainable one is also an `nn.Parameter`, so that modules, optimizers and files of the engine know what to do with it.
"""

import re
from collections import Counter

import numpy as np

from .. import ops
from ..backend import float32, int32
from ..nn.module import Parameter
from ..tape import no_grad, raw
from ..tensor import Tensor

_names: Counter[str] = Counter()  # how many things were named so far, by kind


def snake_case(name):
    """The name of a class as Keras writes it in names: `LSTM` -> lstm, `MaxPooling2D` -> max_pooling2d."""
    name = re.sub(r"(.)([A-Z][a-z0-9]+)", r"\1_\2", re.sub(r"\W+", "", name))
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def auto_name(prefix):
    """A name that nothing else has: dense, dense_1, dense_2, as in Keras."""
    count = _names[prefix]
    _names[prefix] += 1
    return f"{prefix}_{count}" if count else prefix


def clear_session(free_memory=True):
    """Begin counting names anew. There is no other global state to clear."""
    _names.clear()


def as_value(data, dtype=None):
    """The raw array of data in any form; without a dtype, Python's floats become float32 and its integers int32."""
    array = raw(data)
    if dtype is None and not hasattr(array, "dtype"):
        array = np.array([raw(x) for x in array] if isinstance(array, list | tuple) else array)
        small = array.dtype.kind == "i" and (array.astype(int32) == array).all()
        dtype = float32 if array.dtype.kind == "f" else int32 if small else None
    return Tensor(array, dtype).value


def as_tensor(data):
    """A tensor of the data, the data itself if it is one."""
    return data if isinstance(data, Tensor) else Array.wrap(as_value(data))


class Array(Tensor):
    """The result of a computation in Keras or TensorFlow: a Tensor that `.numpy()` copies without being detached.

    >>> x = Array([1.0, 2.0], requires_grad=True)
    >>> (x * x).numpy()
    array([1., 4.], dtype=float32)
    >>> x
    <tf.Tensor: shape=(2,), dtype=float32, numpy=array([1., 2.], dtype=float32)>
    """

    __slots__ = ("logits",)  # of what sigmoid or softmax made: what it was made of, for the losses
    logits: "Tensor"

    def numpy(self):
        """A copy of the numbers; a single one as NumPy's scalar."""
        return Tensor.wrap(self.value).cpu().value.copy()[()]

    def __repr__(self):
        return f"<tf.Tensor: shape={self.shape}, dtype={self.dtype}, numpy={self._numbers(repr)}>"

    def __str__(self):
        return f"tf.Tensor({self._numbers(str)}, shape={self.shape}, dtype={self.dtype})"

    def __format__(self, spec):
        return np.asarray(self.numpy()).__format__(spec)

    def _numbers(self, show):
        text = show(self.numpy()) if self.ndim else str(self.numpy())
        return "\n" * ("\n" in text) + text

    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        """`array * tensor` arrives here as np.multiply; NumPy's other functions get the numbers and leave the tape."""
        if method == "__call__" and ufunc.__name__ in _reflected and not isinstance(inputs[0], Array):
            return getattr(self, f"__{_reflected[ufunc.__name__]}__")(inputs[0])
        return getattr(ufunc, method)(*_plain(inputs), **options)

    def __array_function__(self, function, types, inputs, options):
        """`np.mean(tensor)` and the like: NumPy's functions of the numbers, which leave the tape."""
        return function(*_plain(inputs), **options)

    def __setitem__(self, key, value):
        raise TypeError("a tensor can't be changed in place; work on x.numpy(), or make a tf.Variable and assign to it")


Array.face = Array


def _plain(inputs):
    """Arrays among the arguments of a NumPy function as NumPy's."""
    return [_plain(x) if isinstance(x, list | tuple) else x.numpy() if isinstance(x, Array) else x for x in inputs]


# ---------------------------------------------------------------- operators


def alike(*values):
    """The values that an operation takes together, of one dtype as TensorFlow demands: that of the first tensor.

    NumPy's arrays and lists take that dtype on, as Python's numbers do anyway. Another tensor must have it already.

    >>> alike(Array([1.0]), np.ones(1))[1].dtype
    dtype('float32')
    >>> Array([1.0]) * Array([2], "int32")
    Traceback (most recent call last):
    TypeError: tensors of float32 and int32 don't mix; write tf.cast(x, tf.float32) for one of them
    """
    dtype = next(x for x in values if isinstance(x, Tensor)).value.dtype
    return [_as(dtype, x) for x in values]


def _as(dtype, x):
    x = as_value(x) if isinstance(x, list | tuple) else x
    found = np.dtype(type(x)) if isinstance(x, bool | int | float) else getattr(raw(x), "dtype", dtype)
    if isinstance(x, Tensor):  # truth values may mix, in derivatives they do; and so may the engine's own tensors
        mixed = isinstance(x, Array) and found != dtype and "b" not in (found.kind, dtype.kind)
    else:
        mixed = found.kind == "f" and dtype.kind in "iu"  # it would be rounded
    if mixed:
        raise TypeError(f"tensors of {dtype} and {found} don't mix; write tf.cast(x, tf.float32) for one of them")
    return x.astype(dtype) if isinstance(x, np.ndarray | np.generic) and dtype.kind != "b" else x


def _quotient(a, b):
    """a / b, of integers in float64."""
    whole = (a if isinstance(a, Tensor) else b).dtype.kind in "iu"
    return ops.div(*(x.double() if whole and isinstance(x, Tensor) else x for x in (a, b)))


def _operator(op, reflected=False):
    def operate(a, b):
        if isinstance(b, str | None):
            return NotImplemented
        if type(b) is not int and getattr(b, "dtype", None) is not a.value.dtype:
            a, b = alike(a, b)
        return op(b, a) if reflected else op(a, b)

    return operate


for _name, _op in (ops.symbols | {"truediv": _quotient}).items():
    setattr(Array, f"__{_name}__", _operator(_op))
    setattr(Array, f"__r{_name}__", _operator(_op, reflected=True))
    setattr(Array, f"__i{_name}__", getattr(Array, f"__{_name}__"))  # x += 1 makes a new tensor
for _name, _op in ops.comparisons.items():
    setattr(Array, f"__{_name}__", _operator(_op))

# What NumPy calls on its left: `array - tensor` is `tensor.__rsub__(array)`, `array < tensor` is `tensor > array`.
_reflected = {"add": "radd", "subtract": "rsub", "multiply": "rmul", "divide": "rtruediv", "power": "rpow"}
_reflected |= {"remainder": "rmod", "floor_divide": "rfloordiv", "matmul": "rmatmul", "equal": "eq", "not_equal": "ne"}
_reflected |= {"less": "gt", "less_equal": "ge", "greater": "lt", "greater_equal": "le"}
_reflected |= {f"bitwise_{name}": f"r{name}" for name in ("and", "or", "xor")}

# ---------------------------------------------------------------- variables


class Variable(Array):
    """A tensor with a name whose numbers are replaced by `assign`: `keras.Variable`, and `tf.Variable` too.

    >>> v = Variable([1.0, 2.0], name="v")
    >>> v.assign_add([1.0, 1.0])
    <tf.Variable 'v:0' shape=(2,) dtype=float32, numpy=array([2., 3.], dtype=float32)>

    `initial_value` may be an initializer, called with `shape` and `dtype`. A variable that is made with
    `trainable=False` is no `nn.Parameter`; one that is frozen later stays one.
    """

    regularizer = None

    def __new__(cls, *_, trainable=True, **__):
        return super().__new__(_Trainable if cls is Variable and trainable is not False else cls)

    def __init__(self, initial_value=None, *, trainable=True, dtype=None, name=None, shape=None, path=None, **other):
        for option in other:
            raise TypeError(f"Variable: {option} is not covered")
        if initial_value is None:
            raise ValueError("Variable: expected an initial value, tf.Variable(0.0), or an initializer and a shape")
        if callable(initial_value):
            if shape is None:
                raise ValueError("Variable: beside an initializer the shape must be given: Variable(f, shape=(2, 3))")
            initial_value = initial_value(tuple(shape), dtype=dtype or "float32")
        Tensor.__init__(self, as_value(initial_value, dtype), None)
        if shape is not None and tuple(shape) != self.shape:
            raise ValueError(f"Variable: the initial value has shape {self.shape}, asked for is {tuple(shape)}")
        self.name = "Variable" if name is None else name
        self.path = path or self.name
        self.trainable = trainable is not False

    @property
    def trainable(self):
        """Whether gradients are asked for it; settable. Integers have none."""
        return self.requires_grad

    @trainable.setter
    def trainable(self, on):
        self.requires_grad = bool(on) and self.is_floating_point()

    def assign(self, value):
        """Take over numbers of the same shape; returns the variable."""
        with no_grad():
            return self.copy_(self._fitting(value))

    def assign_add(self, delta):
        """Add `delta`, of the same shape."""
        return self.assign(self.value + self._fitting(delta))

    def assign_sub(self, delta):
        """Subtract `delta`, of the same shape."""
        return self.assign(self.value - self._fitting(delta))

    def _fitting(self, value):
        """An array of this dtype; refused unless it has this shape and nothing is rounded to integers."""
        value = as_value(value)
        if value.dtype.kind == "f" and not self.is_floating_point():
            numbers = f"{value.dtype} numbers would be rounded in the variable {self.name!r} of {self.dtype}"
            raise TypeError(f"assign: {numbers}")
        if value.shape != self.shape:
            shapes = f"the variable {self.name!r} has shape {self.shape}, the value {value.shape}"
            raise ValueError(f"assign: {shapes}; they must agree")
        return value.astype(self.dtype, copy=False)

    def read_value(self):
        """The numbers now, as an Array through which gradients flow to the variable."""
        return self.clone()

    def _unassigned(self, other):
        raise RuntimeError("a variable keeps its place: write v.assign_add(x) or v.assign_sub(x), or y = v + x")

    for _name in ops.symbols:
        locals()[f"__i{_name}__"] = _unassigned

    def __reduce__(self):
        return _restored, (type(self), self.value, self.trainable, vars(self))

    def __deepcopy__(self, memo):
        return _restored(type(self), self.value.copy(), self.trainable, vars(self))

    def __repr__(self):
        numbers = self._numbers(repr)
        return f"<tf.Variable '{self.path}:0' shape={self.shape} dtype={self.dtype}, numpy={numbers}>"

    __str__ = __repr__


class _Trainable(Variable, Parameter):
    """A variable that modules count among their parameters."""


def _restored(kind, value, trainable, attributes):
    """A copy of a variable, without its history."""
    twin = object.__new__(kind)
    Tensor.__init__(twin, value, None, None, trainable)
    vars(twin).update(attributes)
    return twin
