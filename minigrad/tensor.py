"""Tensor: a variable that holds an array, with PyTorch's names.

Its operations are rows of the table, set as methods at the end of this file; here is what a table can't say: how
tensors are made, shown, moved, changed in place, and turned back into NumPy.
"""

import builtins

import numpy as np

from . import backend, functions, ops
from .backend import default_generator, device_of, float32, float64, int64, to_device, xp
from .ops import cast, convert, getitem, move, operators, raw, setitem
from .printing import show
from .tape import Memory, Variable, clock, history, mode, sweep


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

    def __init__(self, data=(), dtype=float32, device=None, requires_grad=False):
        super().__init__(_array(data, dtype, device))
        self.requires_grad = requires_grad

    @classmethod
    def wrap(cls, value, inputs=()):
        """The result of an operation on `inputs`. Only float64 arrays make a result float64."""
        if isinstance(value, np.generic):
            value = np.asarray(value)
        if value.dtype is float64 and inputs:
            value = value.astype(_float_dtype(inputs), copy=False)
        y = Tensor.__new__(Tensor)
        Variable.__init__(y, value)
        return y

    @staticmethod
    def explain(op, values, error):
        """The error of an operation on arrays, with the operation, shapes, dtypes and devices named."""
        devices = {str(device_of(v)) for v in values if hasattr(v, "shape") and v.shape}
        if len(devices) > 1:
            return RuntimeError(
                f"{op.name}: one tensor is on {' and one on '.join(sorted(devices))}; move one with .to(device)"
            )
        kind = next(k for k in (IndexError, TypeError, ValueError, ArithmeticError) if isinstance(error, k))
        return kind(f"{op.name} of {', '.join(map(_describe, values))}: {error}")

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

    def is_floating_point(self):
        """Whether the dtype is a floating one; only those have gradients."""
        return self.dtype.kind == "f"

    def __len__(self):
        if self.ndim == 0:
            raise TypeError("len() of a tensor without dimensions")
        return self.shape[0]

    def __iter__(self):
        return (self[i] for i in range(len(self)))

    def __contains__(self, x):
        return bool((self == x).value.any())

    def __repr__(self):
        suffix = f", grad_fn={self.op!r}" if self.op else ", requires_grad=True" if self.needs_grad else ""
        place = "" if self.device.type == "cpu" else f", device='{self.device}'"
        return show(to_device(self.value, "cpu"), place + suffix)

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

        def call(g):
            new = hook(g if isinstance(g, Tensor) else Tensor.wrap(g))
            return g if new is None else new if isinstance(g, Tensor) else raw(new)

        if not self.needs_grad:
            raise RuntimeError("register_hook: this tensor requires no gradient")
        self.hooks = (*self.hooks, call)
        return _Handle(self, call)

    def backward(self, gradient=None, retain_graph=None, create_graph=False):
        """Add to the `grad` of every leaf the derivative of this tensor with respect to it.

        A tensor of several numbers needs `gradient`, the derivative of the final result with respect to this tensor,
        of its shape. The graph is freed; `retain_graph=True` keeps it. With `create_graph=True` the gradients are
        recorded and can be differentiated again.
        """
        for x, g in sweep([self], [seed(self, gradient, create_graph)], None,
                          create_graph if retain_graph is None else retain_graph, create_graph).items():  # fmt: skip
            if create_graph:
                x.grad = g if x.grad is None else x.grad + g
            elif x.grad is None:
                x.grad = Tensor.wrap(xp(g).array(g))  # a copy: what arrived may be shared with other gradients
            else:
                x.grad.value += g
                x.grad.touch()

    # ------------------------------------------------------------ away from the tape

    def detach(self):
        """The same numbers in the same memory, cut off from the graph."""
        y = Tensor.wrap(self.value)
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
            self.value, self.memory = _array(new, None, None, copy=False), getattr(new, "memory", None)
            self.touch()

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
        """`array * tensor` arrives here as np.multiply. Other functions of NumPy are named with what to write."""
        op = _ufuncs.get(ufunc.__name__)
        if op is not None and method == "__call__" and not options:
            return op(*inputs)
        ours = next((name for name in (ufunc.__name__, _torch_names.get(ufunc.__name__)) if name in methods), None)
        remedy = f"write mg.{ours}(x) or x.{ours}()" if ours and not options else "write x.detach().numpy() first"
        raise TypeError(f"np.{ufunc.__name__} can't record a tensor: {remedy}")

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

    def __deepcopy__(self, memo):
        if self.op is not None:
            raise RuntimeError("only leaves can be copied deeply; write x.detach().clone()")
        twin = type(self).__new__(type(self))
        Variable.__init__(twin, self.value.copy(), self.needs_grad)
        twin.grad = None if self.grad is None else self.grad.detach().clone()
        return twin

    # ------------------------------------------------------------ dtype and device

    def to(self, *args, dtype=None, device=None):
        """As another dtype, on another device, or both: `x.to(mg.float64)`, `x.to("cuda")`, `x.to(other)`."""
        for arg in args:
            if isinstance(arg, Tensor):
                dtype, device = arg.dtype, arg.device
            elif isinstance(arg, backend.device) or (isinstance(arg, str) and arg.split(":")[0] in ("cpu", "cuda")):
                device = arg
            else:
                dtype = arg
        x = self
        if dtype is not None and np.dtype(dtype) != x.dtype:
            dtype = np.dtype(dtype)
            x = cast(x, dtype) if dtype.kind == "f" else convert(x, dtype)
        if device is not None and not _same_place(x.device, backend.device(device)):
            x = move(x, device)
        return x

    def astype(self, dtype):
        """As another dtype; NumPy's name for `to`."""
        return self.to(dtype=dtype)

    def type(self, dtype):
        """As another dtype; an older name for `to`."""
        return self.to(dtype=dtype)

    def float(self):
        """As float32."""
        return self.to(float32)

    def double(self):
        """As float64."""
        return self.to(float64)

    def long(self):
        """As int64."""
        return self.to(int64)

    def int(self):
        """As int32."""
        return self.to(backend.int32)

    def bool(self):
        """As booleans."""
        return self.to(backend.bool_)

    def cpu(self):
        """On the CPU."""
        return self.to("cpu")

    def cuda(self):
        """On the GPU."""
        return self.to("cuda")

    def contiguous(self):
        """The tensor itself: memory order is NumPy's business."""
        return self

    def t(self):
        """The transpose of a matrix."""
        return self.T

    def view_as(self, other):
        """In the shape of another tensor."""
        return self.reshape(other.shape)

    def expand_as(self, other):
        """Expanded to the shape of another tensor."""
        return self.expand(other.shape)

    # ------------------------------------------------------------ elements and changes in place

    def __getitem__(self, key):
        return getitem(self, _key(key))

    def __setitem__(self, key, value):
        key = _key(key)
        if self._free(value):
            self.value[key] = raw(value)
            self.touch()
        else:
            self._become(setitem, value, key)

    def _free(self, *others):
        """Whether the numbers can simply be overwritten, because nothing of it has to be recorded."""
        return not mode.recording or not builtins.any(isinstance(x, Variable) and x.needs_grad for x in (self, *others))

    def _become(self, op, *others):
        """Turn into `op(self, *others)`, in the same memory.

        Recorded, the tensor hands its history to a twin that keeps the old numbers, and becomes the result.
        """
        if self._free(*others):
            y = op(self.value, *map(raw, others))
        elif self.op is None and self.needs_grad:
            raise RuntimeError(
                f"{op.name}: a leaf that requires a gradient can't be changed in place while recording. "
                "To update a parameter write `with mg.no_grad():` around it; to compute, write a new tensor, x = x + 1"
            )
        elif self.op is not None and self.op.view and self.memory is not None:
            raise RuntimeError(
                f"{op.name}: this tensor looks into the memory of the one it was made from ({self.op.name}); "
                "change that one, or write a new tensor, x = x + 1"
            )
        elif self in history([x for x in others if isinstance(x, Variable)]):
            raise RuntimeError(
                f"{op.name}: the new value was computed from this tensor, whose old value is still needed; "
                "write a new tensor, x = x + f(x) instead of x += f(x)"
            )
        else:
            twin = Tensor.wrap(self.value.copy())
            for slot in ("needs_grad", "op", "inputs", "params", "tick", "keeps", "hooks"):
                setattr(twin, slot, getattr(self, slot))
            y = op(twin, *others)
        result = raw(y)
        if result.shape != self.shape:
            raise ValueError(f"{op.name} in place: the result has shape {result.shape}, the tensor {self.shape}")
        if not np.can_cast(result.dtype, self.dtype, "same_kind"):
            raise TypeError(f"{op.name} in place: a {result.dtype} result doesn't fit a {self.dtype} tensor")
        self.value[...] = result
        self.touch()
        if isinstance(y, Tensor):
            self.needs_grad, self.op, self.inputs, self.params = y.needs_grad, y.op, y.inputs, y.params
            self.tick, self.keeps, self.hooks = next(clock), False, ()
        return self

    def copy_(self, other):
        """Take over another tensor's numbers; shapes broadcast."""
        self[...] = to_device(other, self.device) if isinstance(other, np.ndarray) else other
        return self

    def fill_(self, number):
        """Set every number to `number`."""
        self[...] = number
        return self

    def zero_(self):
        """Set every number to 0."""
        return self.fill_(0)

    def add_(self, other, alpha=1):
        """Add `alpha * other` in place."""
        return self._become(ops.add, other if alpha == 1 else alpha * other)

    def sub_(self, other, alpha=1):
        """Subtract `alpha * other` in place."""
        return self._become(ops.sub, other if alpha == 1 else alpha * other)

    def normal_(self, mean=0.0, std=1.0, generator=None):
        """Draw every number from the normal distribution."""
        return self.copy_((generator or default_generator).numpy.normal(mean, std, self.shape))

    def uniform_(self, low=0.0, high=1.0, generator=None):
        """Draw every number evenly from `low` to `high`."""
        return self.copy_((generator or default_generator).numpy.uniform(low, high, self.shape))


class _Handle:
    def __init__(self, tensor, call):
        self.tensor, self.call = tensor, call

    def remove(self):
        """Take the hook away."""
        self.tensor.hooks = tuple(h for h in self.tensor.hooks if h is not self.call)


def seed(y, gradient, create_graph):
    """The gradient that a sweep starts with at `y`: the one given, checked, or 1 for a single number."""
    if not y.needs_grad:
        raise RuntimeError(
            "backward from a constant: nothing that this was made of requires a gradient, or it was computed under "
            "no_grad. Set requires_grad=True on the inputs that you want gradients of"
        )
    if gradient is None:
        if y.value.size != 1:
            raise RuntimeError(
                f"backward from a tensor of shape {y.shape}: only a single number has a gradient without being told "
                "more. Write y.sum().backward() or y.mean().backward(), or give backward a gradient of that shape"
            )
        gradient = xp(y.value).ones_like(y.value)
    elif raw(gradient).shape != y.shape:
        raise ValueError(f"the gradient has shape {raw(gradient).shape}, the tensor {y.shape}; they must be equal")
    if create_graph:
        return gradient if isinstance(gradient, Tensor) else Tensor.wrap(gradient)
    return raw(gradient)


def _key(key):
    """An index with the tensors in it replaced by their arrays."""
    if isinstance(key, tuple | list):
        return type(key)(_key(k) for k in key)
    return raw(key)


def _describe(value):
    if hasattr(value, "shape"):
        where = device_of(value)
        return f"{value.dtype}{list(value.shape)}" + ("" if where.type == "cpu" else f" on {where}")
    return repr(value)


def _same_place(a, b):
    return a.type == b.type and (a.index or 0) == (b.index or 0)


def _float_dtype(inputs):
    """PyTorch's rule: arrays with dimensions decide, then tensors without; Python's and NumPy's numbers never do."""
    if builtins.any(x is float64 for x in inputs):  # asked for by `cast`
        return float64
    arrays = [x for x in inputs if hasattr(x, "ndim") and not isinstance(x, np.generic) and x.dtype.kind == "f"]
    dtypes = [x.dtype for x in arrays if x.ndim] or [x.dtype for x in arrays]
    return float64 if float64 in dtypes else float32


def _array(data, dtype, device, copy=True):
    """The raw array for `data`: floats become float32 unless they come as a NumPy array or a dtype is given."""
    typed = isinstance(data, Variable | np.ndarray | np.generic) or type(data).__module__.startswith("cupy")
    if isinstance(data, Variable):
        data = data.value
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


Tensor.face = Tensor
methods = {name: op for name, op in ops.rows.items() if name not in ops.inside}
methods |= {f.__name__: f for f in functions.methods} | {"mm": ops.matmul, "bmm": ops.matmul}
for name, function in methods.items():
    setattr(Tensor, name, function)
Tensor.view = ops.reshape
Tensor.where = lambda self, condition, other: ops.where(condition, self, other)
for name, op in ops.elementwise.items():
    if not hasattr(Tensor, name + "_"):
        setattr(Tensor, name + "_", lambda self, *others, op=op: self._become(op, *others))
for name, op in ops.symbols.items():
    setattr(Tensor, f"__i{name}__", lambda self, other, op=op: self._become(op, other))

_ufuncs = {getattr(np, name).__name__: op for name, op in {
    "add": ops.add, "subtract": ops.sub, "multiply": ops.mul, "divide": ops.div, "power": ops.pow,
    "remainder": ops.remainder, "floor_divide": ops.floor_divide, "matmul": ops.matmul, "equal": ops.eq,
    "not_equal": ops.ne, "less": ops.lt, "less_equal": ops.le, "greater": ops.gt, "greater_equal": ops.ge,
    "bitwise_and": ops.bitwise_and, "bitwise_or": ops.bitwise_or, "bitwise_xor": ops.bitwise_xor,
}.items()}  # fmt: skip
_torch_names = {"negative": "neg", "absolute": "abs", "rint": "round"}
