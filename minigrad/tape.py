"""Reverse-mode differentiation, whole.

An operation is a row: a value, and one vector-Jacobian product (VJP) for each input. A result remembers its
operation, its inputs and the tick of its birth; walking from the latest tick to the earliest meets every result
before the inputs it was made of, so each gradient is complete when it is passed on. That is all backpropagation is.
"""

import itertools
import threading
from collections.abc import Callable
from contextlib import ContextDecorator
from inspect import isgeneratorfunction
from operator import attrgetter
from types import MethodType
from typing import Any

clock = itertools.count(1)
NONE: dict = {}  # the parameters of most operations; one for all of them


class Mode(threading.local):
    """What each thread decides for itself: is it recording, and does anybody watch (`detect_anomaly` does)."""

    recording = True
    observer: Any = None


mode = Mode()


class _recording(ContextDecorator):
    """Record, or don't, inside a `with` block or a decorated function; afterwards as before, also after an error."""

    def __init__(self, on):
        self.on, self.before = on, []

    def __enter__(self):
        self.before.append(mode.recording)
        mode.recording = self.on

    def __exit__(self, *_):
        mode.recording = self.before.pop()

    def __call__(self, function):
        if isgeneratorfunction(function):
            raise TypeError(f"{function.__name__} is a generator: write `with` inside it, not a decorator above it")
        return super().__call__(function)

    def _recreate_cm(self):  # a new one for each call: threads may call at once
        return _recording(self.on)


def no_grad(function=None):
    """Record nothing inside: `with no_grad():` or, above a function, `@no_grad()`.

    >>> from minigrad import Scalar
    >>> with no_grad():
    ...     y = Scalar(3.0) * 2
    >>> y.requires_grad
    False
    """
    return _recording(False) if function is None else _recording(False)(function)


def enable_grad(function=None):
    """Record again inside a `no_grad` block; used in the same two ways."""
    return _recording(True) if function is None else _recording(True)(function)


def is_grad_enabled():
    """Whether this thread records operations now."""
    return mode.recording


class Memory:
    """The tick at which an array was last written to, known to every variable that looks into that array."""

    __slots__ = ("changed", "foreign")

    def __init__(self, foreign=False):
        self.changed = 0
        self.foreign = foreign  # NumPy holds this array too and may write to it unseen


class Variable:
    """A value that remembers where it came from. Its faces are `Scalar` (a float) and `Tensor` (an array)."""

    __slots__ = "value needs_grad _grad op inputs params tick keeps memory source hooks __weakref__".split()
    face: type["Variable"]  # the class of what is computed from it
    wrap: Callable[..., Any]  # makes the result of an operation
    explain: Callable[..., Exception]  # an error with the operation and its inputs named

    def __init__(self, value, needs_grad=False):
        self.value = value
        self.needs_grad = needs_grad
        self._grad = None
        self.op = None  # a leaf: nothing made it
        self.inputs = ()
        self.params = None
        self.tick = next(clock)
        self.keeps = False  # whether a result keeps its gradient, as leaves do
        self.memory = None  # until somebody writes or shares, there is nothing to tell
        self.source = None  # of a view: the operation and the inputs it was made by, recorded or not
        self.hooks: Any = ()

    @property
    def is_leaf(self):
        """Whether no recorded operation made this variable."""
        return self.op is None

    @staticmethod
    def own(inputs):
        """Inputs as a recorded operation keeps them: with copies of arrays that somebody else may write to."""
        return inputs

    def renew(self):
        """Bring the history up to date; only a view of memory that was written to has something to do."""

    def touch(self):
        """Note that the value was changed in place, now."""
        self.memory = self.memory or Memory()
        self.memory.changed = next(clock)


class Op:
    """One row of the table of derivatives.

    `value(*inputs, **params)` computes the result from numbers or arrays. `vjps` holds one function for each
    differentiable input, `(g, y, *inputs, **params) -> gradient`, where `g` is the gradient of the result `y`.
    Operations of any number of inputs give one function, `joint`, that returns all their gradients in a list.
    Called on numbers or arrays an Op is plain mathematics; called on variables it records. A VJP is written in
    ops itself, so it can be recorded too, and differentiated again.
    """

    def __init__(self, name, value, *vjps, joint=None, view=False, doc=None):
        self.name = self.__name__ = name
        self.value = self.__wrapped__ = value
        self.vjps = vjps
        self.joint = joint
        self.differentiable = bool(vjps or joint)
        self.view = view  # the result may look into the memory of its first input
        self.__doc__ = doc

    def __call__(self, *inputs, **params):
        if params:
            inputs, params = self.arrange(inputs, params)
        face, needs_grad, borrowed, values = None, False, False, []
        for x in inputs:
            if isinstance(x, Variable):
                if x.face is not face:
                    face = x.face if face is None else common(face, x.face, self.name)
                if x.memory is not None:
                    x.renew()
                    borrowed = borrowed or x.memory.foreign
                needs_grad = needs_grad or x.needs_grad
                values.append(x.value)
            else:
                borrowed = borrowed or hasattr(x, "copy") or type(x) is tuple
                values.append(x)
        if face is None:
            return self.value(*values, **params)
        try:
            y = face.wrap(self.value(*values, **params), values)
        except (TypeError, ValueError, IndexError, ArithmeticError) as error:
            raise face.explain(self.name, values, error) from error
        if self.view and y.value.base is not None:
            y.memory = inputs[0].memory = inputs[0].memory or Memory()
            y.source = self, inputs, params
        if needs_grad and mode.recording and self.differentiable:
            y.op, y.params, y.needs_grad = self, params or NONE, True
            y.inputs = face.own(inputs) if borrowed else inputs
            if mode.observer is not None:
                mode.observer.recorded(y)
        return y

    def arrange(self, inputs, params):
        """Inputs and parameters in their places; `spelling.py` knows more names for them."""
        return inputs, params

    def pull(self, g, y, inputs, params, wants):
        """The VJPs: the gradient `g` of `y` pulled back to each input that `wants` it, None for the others."""
        arguments = g, y, *inputs
        if self.joint:
            return self.joint(*arguments, **params)
        if len(wants) > len(self.vjps) and any(wants[len(self.vjps) :]):
            raise RuntimeError(f"{self.name} has no derivative with respect to its input {len(self.vjps)}: detach() it")
        pairs = zip(self.vjps, wants, strict=False)
        return [vjp(*arguments, **params) if want and vjp else None for vjp, want in pairs]

    def __get__(self, instance, owner):
        """An op is also a method: `x.exp()` is `exp(x)`."""
        return self if instance is None else MethodType(self, instance)

    def __repr__(self):
        return f"<{self.name.title().replace('_', '')}Backward>"


def common(face, other, name):
    """The class of a result of two kinds of variables: the more special one, as dialects make their own of Tensor."""
    for special, general in ((face, other), (other, face)):
        if issubclass(special, general):
            return special
    raise TypeError(f"{name}: a Scalar and a Tensor don't mix; make both with mg.tensor")


def raw(x):
    """The number or array in a variable, or `x` itself."""
    return x.value if isinstance(x, Variable) else x


def history(outputs, since=0):
    """Every variable that `outputs` came from and that needs a gradient, earliest first.

    What was born up to the tick `since` counts as a leaf: nothing is asked of what came before it.
    Refuses a graph that was freed, or whose values are no longer those the results were computed from.
    """
    if not all(y.needs_grad for y in outputs):
        raise RuntimeError(
            "backward from a constant: nothing that this was made of requires a gradient, or it was computed under "
            "no_grad. Set requires_grad=True on the inputs that you want gradients of"
        )
    found, todo = set(), list(outputs)
    while todo:
        y = todo.pop()
        if y in found:
            continue
        found.add(y)
        if y.op is None or y.tick <= since:
            continue
        if y.inputs is None:
            raise RuntimeError(
                f"backward through {y.op.name} for a second time: its graph was freed by the first. "
                "Call the first backward with retain_graph=True, or compute the result anew"
            )
        for x in (*y.inputs, y):
            if isinstance(x, Variable):
                if x.memory is not None and x.memory.changed > y.tick:
                    raise changed(x, y)
                if x.needs_grad and x not in found:
                    todo.append(x)
    return sorted(found, key=attrgetter("tick"))


def changed(x, y):
    """The error for `x` that was written to after `y` was computed."""
    what = "its result" if x is y else "one of its inputs"
    return RuntimeError(
        f"{y.op.name}: {what} was changed in place after the operation, so the gradient would be wrong. "
        "Change it after backward(), or change a copy, x.clone(), or write x = x + 1 instead of x += 1"
    )


def sweep(outputs, gradients, wanted=None, retain_graph=False, create_graph=False, since=0):
    """The chain rule from `outputs` back to the leaves: `{variable: gradient}` for those that keep one.

    `gradients` holds the gradient that arrives at each output. With `wanted`, only the gradients of those
    variables are computed and returned. The graph is let go as the sweep passes, unless `retain_graph`; with
    `create_graph` gradients are variables, recorded like any result. No further back than to the tick `since`.
    """
    order = history(outputs, since)
    if wanted is not None:  # only what lies between the outputs and the wanted
        wanted, leads = set(wanted), set()
        for y in order:
            if y in wanted or (y.tick > since and any(isinstance(x, Variable) and x in leads for x in y.inputs)):
                leads.add(y)
        order = [y for y in order if y in leads]
    totals, ours, kept = dict.fromkeys(order), set(), {}

    def add(x, g):
        total = totals[x]
        if total is None:
            totals[x] = g  # the first contribution may belong to somebody else: never written to
        elif x in ours:
            total += g
            totals[x] = total
        else:
            totals[x] = total + g
            if not create_graph:
                ours.add(x)

    for y, g in zip(outputs, gradients, strict=True):
        if y in totals:
            add(y, g)
    with _recording(create_graph):
        while order:
            y = order.pop()
            g = totals.pop(y)
            if g is None:  # no gradient flows here
                continue
            if y.hooks:
                for hook in tuple(y.hooks):  # a hook may take itself away
                    g = hook(g)
            if y.op is None or y.keeps if wanted is None else y in wanted:
                kept[y] = g
            if y.op is None or y.tick <= since:
                continue
            wants, inputs, result = [], [], y if create_graph else y.value
            for x in y.inputs:
                is_variable = isinstance(x, Variable)
                wants.append(is_variable and x in totals)
                inputs.append(x.value if is_variable and not create_graph else x)
            try:
                parts = y.op.pull(g, result, inputs, y.params, wants)
            except ArithmeticError as error:  # of floats: arrays compute inf and nan instead
                raise y.face.explain(f"the derivative of {y.op.name}", inputs, error) from error
            if mode.observer is not None:
                mode.observer.swept(y, parts)
            for x, value, want, part in zip(y.inputs, inputs, wants, parts, strict=False):
                if want and part is not None:
                    add(x, part if type(part) is float else fit(part, value))
            if not retain_graph:
                y.inputs = None
    return kept


def fit(g, x):
    """Bring a gradient to the shape and dtype of its variable's value `x`.

    Broadcasting copied x along some axes, each copy has its own gradient, and x's is their sum. It is undone
    here, once for all operations. Numbers have no shape and need none of it.
    """
    shape = getattr(x, "shape", None)
    if shape is None:
        return g
    if g.shape != shape:
        lead = len(g.shape) - len(shape)
        axes = tuple(i for i, n in enumerate(g.shape) if i < lead or shape[i - lead] != n)
        g = g.sum(axis=axes, keepdims=True).reshape(shape)
    return g if g.dtype == x.dtype else g.astype(x.dtype)
