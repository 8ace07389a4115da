"""Derivatives as functions: `grad`, Jacobians and Hessians, checks by finite differences, own operations, anomalies.

Everything here is built on one sweep of the tape (`tape.sweep`) and works on tensors; `grad` on scalars too.
"""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from .backend import float64, xp
from .functions import stack
from .tape import Op, Variable, enable_grad, mode, no_grad, raw, sweep
from .tensor import Tensor, seed


def grad(outputs, inputs, grad_outputs=None, retain_graph=None, create_graph=False, allow_unused=False):
    """The gradients of `outputs` with respect to `inputs`, as a tuple; no `.grad` is touched.

    Outputs of several numbers need `grad_outputs`, one gradient of the same shape for each. The graph is freed unless
    `retain_graph` (or `create_graph`, which also records the gradients, so that they can be differentiated again).
    An input that the outputs don't depend on is an error, or None with `allow_unused=True`.
    As `torch.autograd.grad`; on Scalars too.

    >>> from minigrad import Scalar
    >>> x = Scalar(3.0)
    >>> (slope,) = grad(x ** 3, x, create_graph=True)
    >>> slope.data, grad(slope, x)[0]
    (27.0, 18.0)
    """
    outputs, inputs = _several(outputs), _several(inputs)
    given = [None] * len(outputs) if grad_outputs is None else _several(grad_outputs)
    if len(given) != len(outputs):
        raise ValueError(f"grad: {len(outputs)} outputs need as many grad_outputs, got {len(given)}")
    for x in inputs:
        if not isinstance(x, Variable) or not x.needs_grad:
            raise RuntimeError("grad: an input doesn't require a gradient; set requires_grad=True before using it")
    starts = [_seed(y, g, create_graph) for y, g in zip(outputs, given, strict=True)]
    found = sweep(outputs, starts, inputs, create_graph if retain_graph is None else retain_graph, create_graph)
    if not allow_unused and any(x not in found for x in inputs):
        unused = [i for i, x in enumerate(inputs) if x not in found]
        raise RuntimeError(
            f"grad: the outputs don't depend on input {unused[0]} (counted from 0), or it was replaced after its use. "
            "With allow_unused=True its gradient is None"
        )
    return tuple(_own(found[x]) if x in found else None for x in inputs)


def _several(x):
    return list(x) if isinstance(x, tuple | list | Iterator) else [x]  # model.parameters() is an iterator


def _seed(y, gradient, create_graph):
    if isinstance(y, Tensor):
        return seed(y, gradient, create_graph)
    if not isinstance(y, Variable):
        raise TypeError(f"grad: an output must be a Tensor or a Scalar, got {type(y).__name__}")
    start = 1.0 if gradient is None else gradient
    return y.face(raw(start)) if create_graph and not isinstance(start, Variable) else start


def _own(g):
    if isinstance(g, Tensor):
        return g.clone()  # what arrived may be shared with other gradients
    return g if type(g) is float or isinstance(g, Variable) else Tensor.wrap(xp(g).array(g))


class set_grad_enabled:
    """Record from now on, or not: `set_grad_enabled(False)`; as `with set_grad_enabled(training):` only inside."""

    def __init__(self, mode_):
        self.before, mode.recording = mode.recording, bool(mode_)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        mode.recording = self.before


def inference_mode(mode=True):
    """PyTorch's other name for `no_grad`; here the results may be used for gradients later on, as any constant."""
    return no_grad(mode) if callable(mode) else (no_grad if mode else enable_grad)()


# ---------------------------------------------------------------- Jacobians and Hessians


def jacobian(function, inputs, create_graph=False):
    """The matrix of all derivatives of `function(inputs)`: its shape is that of the result, then that of the input.

    One sweep for each number of the result. With several inputs (a tuple), a tuple with one Jacobian for each.

    >>> import minigrad as mg
    >>> jacobian(lambda x: x * x, mg.tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])
    """
    several = isinstance(inputs, tuple | list)
    with enable_grad():
        leaves = [x if create_graph and x.needs_grad else x.detach().requires_grad_() for x in _several(inputs)]
        y = function(*leaves)
        rows = []
        for i in range(y.numel()):
            g = np.zeros(y.numel(), y.dtype)
            g[i] = 1
            g = xp(y.value).asarray(g.reshape(y.shape))
            found = [None] * len(leaves)
            if y.needs_grad:
                found = grad(y, leaves, Tensor.wrap(g), True, create_graph, allow_unused=True)
            rows.append(found)
    result = tuple(_stack([row[i] for row in rows], y, x) for i, x in enumerate(leaves))
    return result if several else result[0]


def _stack(rows, y, x):
    rows = [Tensor.wrap(xp(x.value).zeros_like(x.value)) if row is None else row for row in rows]
    if not rows:  # a result without numbers
        return Tensor.wrap(xp(x.value).zeros((*y.shape, *x.shape), x.dtype))
    return stack(rows).reshape((*y.shape, *x.shape))


def hessian(function, input, create_graph=False):
    """The matrix of second derivatives of a function of one tensor that returns a single number.

    >>> import minigrad as mg
    >>> hessian(lambda x: (x ** 3).sum(), mg.tensor([1.0, 2.0]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """

    def slope(x):
        y = function(x)
        if y.numel() != 1:
            raise ValueError(f"hessian: the function must return a single number, it returned shape {y.shape}")
        return grad(y, x, create_graph=True)[0]

    return jacobian(slope, input, create_graph)


# ---------------------------------------------------------------- checks by finite differences


def gradcheck(function, inputs, eps=1e-6, atol=1e-5, rtol=1e-3, raise_exception=True):
    """Compare the gradients of `function(*inputs)` with central differences, `(f(x + eps) - f(x - eps)) / (2 eps)`.

    Every number of every input that requires a gradient is moved by itself, then all at once in a random direction.
    The inputs must be float64: float32 is too coarse for small steps. Returns True, or raises an error that shows
    the worst entry (or returns False, with `raise_exception=False`). As `torch.autograd.gradcheck`.

    >>> import minigrad as mg
    >>> gradcheck(mg.tanh, mg.tensor([0.5, -2.0], dtype=mg.float64, requires_grad=True))
    True
    """
    inputs = _several(inputs)
    moved = [x for x in inputs if isinstance(x, Tensor) and x.needs_grad]
    if not moved:
        raise ValueError("gradcheck: no input requires a gradient, so there is nothing to check")
    if any(x.dtype != float64 for x in moved):
        raise TypeError("gradcheck: every input that requires a gradient must be float64; write .double()")
    random = np.random.default_rng(0)
    for place, y in enumerate(_floats(function(*inputs))):
        weights = Tensor.wrap(xp(y.value).asarray(random.standard_normal(y.shape)))

        def value(place=place, weights=weights):
            with no_grad():
                return (_floats(function(*inputs))[place] * weights).sum().item()

        found = [None] * len(moved)
        if y.needs_grad:
            found = grad(y, moved, weights, retain_graph=True, allow_unused=True)
        for i, (x, g) in enumerate(zip(moved, found, strict=True)):
            analytic = np.zeros(x.shape) if g is None else g.detach().cpu().numpy()
            report = _entries(analytic, value, x, eps, atol, rtol) or _direction(
                analytic, value, x, eps, atol, rtol, random.standard_normal(x.shape)
            )
            if report and raise_exception:
                raise AssertionError(f"gradcheck: output {place}, input {i}: {report}")
            if report:
                return False
    return True


def gradgradcheck(function, inputs, eps=1e-6, atol=1e-5, rtol=1e-3, raise_exception=True):
    """`gradcheck` of the gradient of `function`: its second derivatives, with random gradients arriving.

    >>> import minigrad as mg
    >>> gradgradcheck(mg.exp, mg.tensor([0.5, -2.0], dtype=mg.float64, requires_grad=True))
    True
    """
    inputs = _several(inputs)
    moved = [x for x in inputs if isinstance(x, Tensor) and x.needs_grad]
    random = np.random.default_rng(1)
    outputs = [y for y in _floats(function(*inputs)) if y.needs_grad]
    starts = [Tensor.wrap(xp(y.value).asarray(random.standard_normal(y.shape))).requires_grad_() for y in outputs]

    @enable_grad()
    def slopes(*_):  # reads `starts` and `inputs`, which gradcheck moves in place
        outputs = [y for y in _floats(function(*inputs)) if y.needs_grad]
        found = grad(outputs, moved, starts, create_graph=True, allow_unused=True)
        return [g for g in found if g is not None]

    return gradcheck(slopes, [*starts, *inputs], eps, atol, rtol, raise_exception)


def _floats(outputs):
    return [y for y in _several(outputs) if isinstance(y, Tensor) and y.is_floating_point()]


def _entries(analytic, value, x, eps, atol, rtol):
    """The worst entry of the gradient, in words, if it is off."""
    numeric = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        before = x.value[place].item()
        ends = []
        for step in (eps, -eps):
            x.value[place] = before + step
            ends.append(value())
        x.value[place] = before
        numeric[place] = (ends[0] - ends[1]) / (2 * eps)
    off = np.abs(analytic - numeric) - atol - rtol * np.abs(numeric)
    if not off.size or (off <= 0).all():
        return ""
    place = tuple(map(int, np.unravel_index(np.argmax(np.where(np.isnan(off), np.inf, off)), off.shape)))
    return (
        f"at {list(place)} the gradient is {analytic[place]:.6g}, by central differences {numeric[place]:.6g}; "
        f"{int((~(off <= 0)).sum())} of {off.size} entries are off"
    )


def _direction(analytic, value, x, eps, atol, rtol, direction):
    """The slope in a random direction, in words, if it is off: it would show a mistake that cancels entry by entry."""
    before, step = x.value.copy(), xp(x.value).asarray(direction) * eps
    ends = []
    for sign in (1, -1):
        x.value[...] = before + sign * step
        ends.append(value())
    x.value[...] = before
    numeric, expected = (ends[0] - ends[1]) / (2 * eps), float((analytic * direction).sum())
    if abs(expected - numeric) <= (atol + rtol * abs(numeric)) * max(1, x.value.size):
        return ""
    return f"in a random direction the slope is {expected:.6g}, by central differences {numeric:.6g}"


# ---------------------------------------------------------------- own operations


class Context:
    """What `forward` leaves for `backward`: saved tensors, and any attribute you set."""

    def __init__(self, needs_input_grad):
        self.needs_input_grad = needs_input_grad
        self.saved_tensors = ()

    def save_for_backward(self, *tensors):
        """Keep tensors for `backward`, where they are `ctx.saved_tensors`."""
        self.saved_tensors = tensors


class Function:
    """An operation of your own: write `forward(ctx, ...)` and `backward(ctx, *gradients)`, then call `apply`.

    Both work on tensors; `backward` returns one gradient for each input of `forward`, None where there is none.
    Written in tensor operations on saved inputs, it can be differentiated again. As `torch.autograd.Function`.

    >>> import minigrad as mg
    >>> class Cube(Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x ** 3
    ...     @staticmethod
    ...     def backward(ctx, g):
    ...         (x,) = ctx.saved_tensors
    ...         return 3 * x ** 2 * g
    >>> x = mg.tensor(2.0, requires_grad=True)
    >>> Cube.apply(x).backward()
    >>> x.grad
    tensor(12.)
    """

    @staticmethod
    def forward(ctx, *inputs):
        """Compute the result; to be written by you."""
        raise NotImplementedError("a Function needs a static method forward(ctx, *inputs)")

    @staticmethod
    def backward(ctx, *gradients):
        """Return a gradient for each input of `forward`; to be written by you."""
        raise NotImplementedError("a Function needs a static method backward(ctx, *gradients)")

    @classmethod
    def apply(cls, *inputs):
        """Call `forward`, recorded as one operation whose derivative is `backward`."""
        ctx = Context(tuple(isinstance(x, Variable) and x.needs_grad for x in inputs))
        with no_grad():
            returned = cls.forward(ctx, *inputs)
        outputs = returned if isinstance(returned, tuple) else (returned,)
        for y in outputs:
            if not isinstance(y, Tensor):
                raise TypeError(f"{cls.__name__}.forward must return tensors, it returned {type(y).__name__}")
        saved, ctx.saved_tensors = ctx.saved_tensors, ()
        results = tuple(cls._recorded(ctx, saved, outputs, place)(*inputs) for place in range(len(outputs)))
        return results if isinstance(returned, tuple) else results[0]

    @classmethod
    def _recorded(cls, ctx, saved, outputs, place):
        """The row for one output. `backward` is linear, so the outputs' gradients can be pulled back one by one."""
        y = outputs[place]
        roles = [next((i for i, out in enumerate(outputs) if out is t), None) for t in saved]

        def joint(g, result, *inputs):
            # A saved result is the one on the tape, so that it can be differentiated again; the tape brings it here,
            # because an operation that held its own result would be a reference cycle.
            as_tensor = result if isinstance(result, Tensor) else Tensor.wrap(result)
            ctx.saved_tensors = tuple(as_tensor if role == place else t for t, role in zip(saved, roles, strict=True))
            gradients = [Tensor.wrap(xp(out.value).zeros_like(out.value)) for out in outputs]
            gradients[place] = g if isinstance(g, Tensor) else Tensor.wrap(g)
            parts = cls.backward(ctx, *gradients)
            return cls._checked(parts, inputs, isinstance(g, Tensor))

        return Op(cls.__name__, lambda *_: y.value, joint=joint if y.is_floating_point() else None)

    @classmethod
    def _checked(cls, parts, inputs, recorded):
        parts = parts if isinstance(parts, tuple) else (parts,)
        if len(parts) != len(inputs):
            raise ValueError(f"{cls.__name__}.backward returned {len(parts)} gradients for {len(inputs)} inputs")
        for i, (part, x) in enumerate(zip(parts, inputs, strict=True)):
            if part is not None and hasattr(x, "shape") and getattr(part, "shape", None) != x.shape:
                given = f"shape {part.shape}" if hasattr(part, "shape") else type(part).__name__
                raise ValueError(f"{cls.__name__}.backward: the gradient of input {i} has {given}, the input {x.shape}")
        return [part if part is None or recorded else raw(part) for part in parts]


# ---------------------------------------------------------------- finding where nan comes from


class _Watch:
    """Remembers the line at which each operation was called, and raises when one of them sends nan backward."""

    def __init__(self):
        self.lines = {}

    def recorded(self, y):
        frames = [f for f in traceback.extract_stack() if not f.filename.startswith(_here)]
        self.lines[y.tick] = frames[-1] if frames else None

    def swept(self, y, parts):
        if any(part is not None and xp(raw(part)).isnan(raw(part)).any() for part in parts):
            line = self.lines.get(y.tick)
            place = (
                f"{line.filename}, line {line.lineno}:\n    {line.line}" if line else "unknown: before detect_anomaly"
            )
            raise RuntimeError(
                f"detect_anomaly: the gradient that {y.op.name} sends back is nan. It was called at {place}"
            )


_here = __file__[: -len("autograd.py")]


@contextmanager
def detect_anomaly():
    """Raise as soon as an operation sends nan backward, with its name and the line of your code that called it.

    Slow: for finding a mistake, not for training. As `torch.autograd.detect_anomaly`.
    """
    before, mode.observer = mode.observer, _Watch()
    try:
        yield
    finally:
        mode.observer = before


def set_detect_anomaly(on):
    """Switch `detect_anomaly` on or off in this thread."""
    mode.observer = _Watch() if on else None
