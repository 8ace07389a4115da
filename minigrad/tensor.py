"""Tensor: a variable that holds an array, with PyTorch's names.

Its operations are rows of the table, set as methods at the end of this file; here is what a table can't say: how
tensors are made, shown, moved and turned back into NumPy. Changes in place are beside it, in `inplace.py`.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from . import backend, functions, ops
from .backend import as_array, describe, device_of, float32, float64, float_dtype, int64, peek, to_device, xp
from .ops import cast, convert, getitem, move, operators
from .printing import show
from .tape import Memory, Variable, raw, sweep


@operators
class Tensor(Variable):
    """An array that knows how it was computed. Make one with `mg.tensor`, `mg.zeros`, `mg.randn`...

    >>> import minigrad as mg
    >>> x = mg.tensor([3.0, 4.0], requires_grad=True)
    >>> y = (x * x).sum()
    >>> y.backward()
    >>> x.grad
    tensor([6., 8.])
    """

    __slots__ = ()

    if TYPE_CHECKING:  # the table's methods, for tools that read and don't run

        def __getattr__(self, name: str) -> Any: ...

    def __init__(self, data=(), dtype=float32, device=None, requires_grad=False):
        super().__init__(as_array(raw(data), dtype, device))
        self.requires_grad = requires_grad

    @classmethod
    def wrap(cls, value, inputs=()):
        """The result of an operation on `inputs`. Only float64 arrays make a result float64."""
        if isinstance(value, np.generic):
            value = np.asarray(value)
        if value.dtype is float64 and inputs:
            value = value.astype(float_dtype(inputs), copy=False)
        y = cls.__new__(cls)
        Variable.__init__(y, value)
        return y

    @staticmethod
    def explain(name, values, error):
        """The error of an operation on arrays, with the operation, shapes, dtypes and devices named."""
        devices = {str(device_of(v)) for v in values if hasattr(v, "shape") and v.shape}
        if len(devices) > 1:
            return RuntimeError(
                f"{name}: one tensor is on {' and one on '.join(sorted(devices))}; move one with .to(device)"
            )
        kind = next(
            k for k in (IndexError, TypeError, ValueError, ZeroDivisionError, ArithmeticError) if isinstance(error, k)
        )
        return kind(f"{name} of {', '.join(map(describe, values))}: {error}")

    # ------------------------------------------------------------ what it is

    @property
    def shape(self):
        """The sizes of the dimensions, as a tuple."""
        return self.value.shape

    @property
    def dtype(self):
        """The type of the numbers: `mg.float32`, `mg.int64`..."""
        return self.value.dtype

    @property
    def ndim(self):
        """The number of dimensions."""
        return self.value.ndim

    @property
    def device(self):
        """Where the numbers are: `cpu`, or `cuda:0`."""
        return device_of(self.value)

    @property
    def T(self):
        """The dimensions in reverse order."""
        return self.permute(tuple(reversed(range(self.ndim))))

    @property
    def mT(self):
        """The last two dimensions exchanged."""
        return self.transpose(-1, -2)

    @property
    def grad_fn(self):
        """The operation that made this tensor; None for a leaf."""
        return self.op

    def size(self, dim=None):
        """The shape, or the size of one dimension."""
        return self.shape if dim is None else self.shape[dim]

    def dim(self):
        """The number of dimensions."""
        return self.ndim

    def numel(self):
        """How many numbers there are."""
        return self.value.size

    nelement = numel

    def is_floating_point(self):
        """Whether the dtype is a floating one; only those have gradients."""
        return self.dtype.kind == "f"

    def __len__(self):
        if self.ndim == 0:
            raise TypeError("len() of a tensor without dimensions")
        return self.shape[0]

    def __iter__(self):
        if self.ndim == 0:
            raise TypeError("iteration over a tensor without dimensions")
        return (self[i] for i in range(len(self)))

    def __contains__(self, x):
        return bool((self == x).value.any())

    def __repr__(self):
        suffix = f", grad_fn={self.op!r}" if self.op else ", requires_grad=True" if self.needs_grad else ""
        place = "" if self.device.type == "cpu" else f", device='{self.device}'"
        return show(to_device(peek(self.value), "cpu"), place + suffix)

    # ------------------------------------------------------------ gradients

    @property
    def requires_grad(self):
        """Whether gradients flow here. True for leaves that ask for it and for what is computed from them."""
        return self.needs_grad

    @requires_grad.setter
    def requires_grad(self, on):
        if on and not self.is_floating_point():
            raise RuntimeError(
                f"only floating-point tensors can require gradients, and this one is {self.dtype}: a small step "
                "would be rounded away. Write the numbers with a point, mg.tensor([1., 2.]), or convert with .float()"
            )
        if not on and self.op is not None:
            raise RuntimeError("a result requires a gradient because its inputs do; write .detach() to cut it off")
        if on and self.memory is not None and self.memory.foreign:  # what NumPy may write to can't be differentiated
            self.value, self.memory = self.value.copy(), None
        self.needs_grad = bool(on)

    @property
    def grad(self):
        """The derivative that `backward` left here, a tensor of the same shape and dtype; None before."""
        return self._grad

    @grad.setter
    def grad(self, gradient):
        if gradient is not None and (not isinstance(gradient, Tensor) or gradient.shape != self.shape):
            given = f"shape {gradient.shape}" if isinstance(gradient, Tensor) else type(gradient).__name__
            raise TypeError(f"grad must be None or a tensor of shape {self.shape}, got {given}")
        self._grad = gradient

    def requires_grad_(self, requires_grad=True):
        """Set `requires_grad`; returns the tensor."""
        self.requires_grad = requires_grad
        return self

    def retain_grad(self):
        """Keep the gradient here too, although this is not a leaf."""
        if not self.needs_grad:
            raise RuntimeError("retain_grad: nothing this tensor was made of requires a gradient")
        self.keeps = True

    def register_hook(self, hook):
        """Call `hook(gradient)` when this tensor's gradient is complete; what it returns, if anything, replaces it.

        Returns a handle; `handle.remove()` takes the hook away.
        """

        shape, dtype, expected = self.shape, self.dtype, describe(self.value)  # not self: that would be a cycle

        def call(g):
            new = hook(g if isinstance(g, Tensor) else Tensor.wrap(g))
            if new is None:
                return g
            if not isinstance(new, Tensor) or new.shape != shape or new.dtype != dtype:
                given = describe(raw(new)) if isinstance(new, Tensor) else type(new).__name__
                raise TypeError(f"a hook must return None or a {expected} gradient, it returned {given}")
            return new if isinstance(g, Tensor) else new.value

        if not self.needs_grad:
            raise RuntimeError("register_hook: this tensor requires no gradient")
        self.hooks = self.hooks or []
        return Handle(self.hooks, call)

    def backward(self, gradient=None, retain_graph=None, create_graph=False):
        """Add to the `grad` of every leaf the derivative of this tensor with respect to it.

        A tensor of several numbers needs `gradient`, the derivative of the final result with respect to this tensor,
        of its shape. The graph is freed; `retain_graph=True` keeps it. With `create_graph=True` the gradients are
        recorded and can be differentiated again.
        """
        start = seed(self, gradient, create_graph)
        retain_graph = create_graph if retain_graph is None else retain_graph
        for x, g in sweep([self], [start], None, retain_graph, create_graph).items():
            if create_graph:
                x.grad = g.clone() if x.grad is None else x.grad + g
            elif x._grad is None:
                x._grad = Tensor.wrap(g.copy())  # a copy: what arrived may be shared with other gradients
            else:
                x.grad.value += g
                x.grad.touch()

    # ------------------------------------------------------------ away from the tape

    def detach(self):
        """The same numbers in the same memory, cut off from the graph."""
        y = self.face.wrap(self.value)
        y.memory = self.memory = self.memory or Memory()
        return y

    def detach_(self):
        """Cut this tensor off from its graph, in place."""
        self.op, self.inputs, self.params, self.needs_grad = None, (), None, False
        return self

    @property
    def data(self):
        """The same numbers, cut off from the graph; writing to them is noticed, and refused by `backward`."""
        return self.detach()

    @data.setter
    def data(self, new):
        if raw(new) is not self.value:
            self._take(new)
            self.touch()

    def _take(self, new):
        """Look into the memory of `new` from now on; NumPy's is copied, since NumPy can't tell when it writes."""
        if not hasattr(raw(new), "dtype"):
            raise TypeError(f"data must be a tensor, got {type(new).__name__}; write mg.tensor(...)")
        if self.needs_grad and raw(new).dtype.kind != "f":
            raise TypeError(f"data of a tensor that requires a gradient must be floating, got {raw(new).dtype}")
        ours = isinstance(new, Tensor) and not (self.needs_grad and new.memory is not None and new.memory.foreign)
        self.value, self.memory = as_array(raw(new), copy=not ours), None
        if ours:
            self.memory = new.memory = new.memory or Memory()

    def numpy(self):
        """The numbers as a NumPy array that looks into the same memory, read-only: a write there would go unseen."""
        if self.needs_grad:
            raise RuntimeError("this tensor requires a gradient, NumPy can't record; write x.detach().numpy()")
        if self.device.type != "cpu":
            raise TypeError(f"this tensor is on {self.device}, NumPy works on the CPU; write x.cpu().numpy()")
        view = self.value.view()
        view.flags.writeable = False
        return view

    def __array__(self, dtype=None, copy=None):
        return np.array(self.numpy(), dtype=dtype, copy=copy)

    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        """`array * tensor` arrives here as np.multiply. Functions other than operators are told what to write."""
        name = _ufuncs.get(ufunc.__name__, ufunc.__name__)
        if method == "__call__" and len(inputs) == 2 and not options and name in methods:
            return methods[name](*inputs)
        remedy = f"mg.{name}(x) or x.{name}()" if name in methods else "x.detach().numpy() first"
        raise TypeError(f"np.{ufunc.__name__} can't record a tensor: write {remedy}")

    def item(self):
        """The one number as a Python number."""
        if self.value.size != 1:
            raise ValueError(f"item: a tensor of shape {self.shape} holds {self.value.size} numbers, not one")
        return self.value.item()

    def tolist(self):
        """The numbers as nested lists."""
        return self.value.tolist()

    def __float__(self):
        return float(self.item())

    def __int__(self):
        return int(self.item())

    def __bool__(self):
        if self.value.size != 1:
            raise ValueError(f"a tensor of shape {self.shape} is neither true nor false; write .any() or .all()")
        return bool(self.value.item())

    def __index__(self):
        if self.dtype.kind not in "iu":
            raise TypeError(f"only integers can be an index, this tensor is {self.dtype}")
        return self.item()

    def __format__(self, spec):
        return format(self.item(), spec) if self.ndim == 0 else format(str(self), spec)

    def __reduce__(self):
        return _restored, (type(self), self.value, self.needs_grad)  # the numbers, without their history

    def __deepcopy__(self, memo):
        if self.op is not None:
            raise RuntimeError("only leaves can be copied deeply; write x.detach().clone()")
        twin = type(self).__new__(type(self))
        Variable.__init__(twin, self.value.copy(), self.needs_grad)
        twin.grad = None if self.grad is None else self.grad.detach().clone()
        return twin

    # ------------------------------------------------------------ dtype and device

    def to(self, *args, dtype=None, device=None, non_blocking=False):
        """As another dtype, on another device, or both: `x.to(mg.float64)`, `x.to("cuda")`, `x.to(other)`."""
        for arg in args:
            if isinstance(arg, Tensor):
                dtype, device = arg.dtype, arg.device
            elif isinstance(arg, backend.device) or (isinstance(arg, str) and arg.split(":")[0] in ("cpu", "cuda")):
                device = arg
            elif isinstance(arg, str) and arg not in np.sctypeDict:
                raise ValueError(
                    f"to: {arg!r} is neither a device ('cpu', 'cuda', 'cuda:0') nor a dtype ('float32', ...)"
                )
            else:
                dtype = arg
        x = self
        try:
            dtype = None if dtype is None else np.dtype(dtype)
        except TypeError:
            raise ValueError(f"to: {dtype!r} is neither a device ('cpu', 'cuda:0') nor a dtype ('float32')") from None
        if dtype is not None and dtype != x.dtype:
            x = cast(x, dtype) if dtype.kind == "f" else convert(x, dtype)
        if device is not None and not x.device.same(backend.device(device)):
            x = move(x, device)
        return x

    def type_as(self, other):
        """With the dtype of another tensor, and on its device."""
        return self.to(other)

    def contiguous(self):
        """The tensor itself if its numbers lie in memory in order, else a copy in which they do."""
        return self if self.value.flags.c_contiguous else self.clone("C")

    def __getitem__(self, key):
        return getitem(self, place(key))


def _restored(kind, value, needs_grad):
    x = kind.__new__(kind)
    Variable.__init__(x, value, needs_grad)
    return x


class Handle:
    """What registering a hook returns: `remove()` takes the hook away again, and so does the end of a `with` block."""

    def __init__(self, hooks, hook):
        self.hooks, self.hook = hooks, hook
        hooks.append(hook)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.remove()

    def remove(self):
        """Take the hook away; a second time there is nothing to take."""
        places = [i for i, hook in enumerate(self.hooks) if hook is self.hook]
        if places:
            del self.hooks[places[0]]
        self.hooks = []


def seed(y, gradient, create_graph):
    """The gradient that a sweep starts with at `y`: the one given, checked, or 1 for a single number."""
    if gradient is None:
        if y.value.size != 1:
            raise RuntimeError(
                f"backward from a tensor of shape {y.shape}: only a single number has a gradient without being told "
                "more. Write y.sum().backward() or y.mean().backward(), or give backward a gradient of that shape"
            )
        gradient = xp(y.value).ones(y.value.shape, y.value.dtype)
    elif raw(gradient).shape != y.shape:
        raise ValueError(f"the gradient has shape {raw(gradient).shape}, the tensor {y.shape}; they must be equal")
    elif device_of(raw(gradient)) != y.device:
        raise RuntimeError(
            f"the gradient is on {device_of(raw(gradient))}, the tensor on {y.device}; move one with .to"
        )
    if create_graph:
        return gradient if isinstance(gradient, Tensor) else Tensor.wrap(gradient)
    return raw(gradient)


def place(key):
    """An index with the tensors in it replaced by their arrays."""
    if isinstance(key, tuple):
        key = tuple(map(place, key))
        picks = [i for i, k in enumerate(key) if isinstance(k, int | list) or hasattr(k, "dtype")]
        kinds = {isinstance(key[i], int) for i in picks}
        if kinds == {True, False} and picks[-1] - picks[0] >= len(picks):
            raise IndexError(
                "an index with a number, a slice and a list in between means one thing to NumPy and another to "
                "PyTorch; take two steps: x[0][:, [1, 2]]"
            )
        return key
    return [place(k) for k in key] if isinstance(key, list) else raw(key)


Tensor.face = Tensor
methods = {name: op for name, op in ops.rows.items() if name not in ops.inside}
methods |= {f.__name__: f for f in functions.methods} | {"mm": ops.matmul, "bmm": ops.matmul, "clip": ops.clamp}
methods |= {"multiply": ops.mul, "divide": ops.div, "subtract": ops.sub, "absolute": ops.abs}
dtypes = {"half": backend.float16, "float": float32, "double": float64, "bool": backend.bool_}
dtypes |= {"int": backend.int32, "long": int64}
places = {"cpu": "cpu", "cuda": "cuda"}
special = {name: lambda self, to=to: self.to(to) for name, to in (dtypes | places).items()} | {
    "astype": lambda self, dtype: self.to(dtype=dtype),
    "type": lambda self, dtype: self.to(dtype=dtype),
    "t": lambda self: self.T,
    "view_as": lambda self, other: self.reshape(other.shape),
    "expand_as": lambda self, other: self.expand(other.shape),
    "where": lambda self, condition, other: ops.where(condition, self, other),
}
for name, function in (methods | special).items():
    setattr(Tensor, name, function)

# How NumPy calls what the table calls otherwise.
_ufuncs = {"subtract": "sub", "multiply": "mul", "divide": "div", "power": "pow", "equal": "eq", "not_equal": "ne"}
_ufuncs |= {"less": "lt", "less_equal": "le", "greater": "gt", "greater_equal": "ge"}
_ufuncs |= {"negative": "neg", "absolute": "abs", "rint": "round"}
