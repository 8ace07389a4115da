"""The optimizers: those of the engine, told their parameters late, where Keras's formula is another with a rule.

In the docstrings p is a parameter, g its gradient, and every letter an array.
"""

import warnings
from math import inf, nan, sqrt

import numpy as np

from ... import optim
from ...backend import xp
from ...optim.rules import blend
from ...tape import raw
from ...tensor import Tensor
from .. import names
from ..variable import Variable, as_value, auto_name
from .schedules import LearningRateSchedule

COMMON = dict.fromkeys(("weight_decay", "clipnorm", "clipvalue", "global_clipnorm", "name"))
RENAMED = {"lr": "; write learning_rate=", "decay": "; give a schedule: learning_rate=ExponentialDecay(...)"}


class Optimizer(optim.Optimizer, names.Configured):
    """The base of all: `learning_rate` is a number or a schedule, `iterations` counts the steps.

    All take `weight_decay` (before each step p ← p - lr · weight_decay · p), and one of `clipnorm`, the longest
    gradient of a parameter, `global_clipnorm`, of all together, and `clipvalue`, the largest number in a gradient.

    >>> w = Variable([1.0, 2.0])
    >>> optimizer = SGD(learning_rate=0.5)
    >>> _ = optimizer.apply_gradients([([1.0, 0.0], w)])
    >>> w.numpy().tolist(), int(optimizer.iterations)
    ([0.5, 2.0], 1)
    """

    __init__ = names.takes(learning_rate=0.001)
    built = False

    def keep(self, arguments, **common):
        kind = type(self).__name__
        for name in common.keys() - COMMON.keys():
            hint = RENAMED.get(name) or names.nearest(name, [*arguments, *COMMON])
            raise TypeError(f"{kind} has no option {name!r}{hint}")
        vars(self).update(COMMON | common, defaults={}, param_groups=[], state={}, _rate=None)
        if sum(x is not None for x in (self.clipnorm, self.clipvalue, self.global_clipnorm)) > 1:
            raise ValueError(f"{kind}: only one of clipnorm, clipvalue and global_clipnorm can be given")
        self.name = common.get("name") or auto_name(names.snake_case(kind))
        self.iterations = Variable(0, dtype="int64", trainable=False, name="iteration")
        for name, value in arguments.items():
            setattr(self, name, value)

    # ------------------------------------------------------------ the learning rate

    @property
    def learning_rate(self):
        """The rate now: a variable, which can be assigned to, or what the schedule says for this iteration."""
        if isinstance(self._rate, LearningRateSchedule):
            return self._rate(self.iterations)
        return self._rate if isinstance(self._rate, Variable) else self._rate()

    @learning_rate.setter
    def learning_rate(self, rate):
        if callable(rate):
            self._rate = rate
            return
        if isinstance(self._rate, LearningRateSchedule):
            raise TypeError("this optimizer follows a schedule; to set its learning_rate, make it with a number")
        number = raw(rate)
        if not isinstance(number, int | float | np.number | np.ndarray) or np.ndim(number) or not number >= 0:
            kind = type(self).__name__
            raise ValueError(f"{kind}: learning_rate is a number, 0 or more, or a schedule; got {rate!r}")
        if isinstance(self._rate, Variable):
            self._rate.assign(float(number))
        else:
            self._rate = Variable(float(number), trainable=False, name="learning_rate")

    def _no_lr(self, *_):
        raise AttributeError(f"{type(self).__name__} has no attribute 'lr'; write learning_rate")

    lr = property(_no_lr, _no_lr)

    # ------------------------------------------------------------ a step

    def build(self, variables):
        """Make what is remembered for the variables; later steps are for these only."""
        if not self.built:
            variables = list(variables)
            if variables:
                optim.Optimizer.__init__(self, variables, {"lr": float(self.learning_rate), "iterations": 0})
                self._plan(variables, self.buffers())
            self.built, self._known = True, set(variables)

    def apply_gradients(self, grads_and_vars):
        """`apply`, of pairs of gradients and variables."""
        pairs = list(grads_and_vars)
        self.apply([g for g, _ in pairs], [v for _, v in pairs])
        return self.iterations

    def apply(self, grads, trainable_variables):
        """Take a step; variables without a gradient, None, stay, with a warning."""
        grads, variables = list(grads), list(trainable_variables)
        if len(grads) != len(variables):
            raise ValueError(f"apply: got {len(grads)} gradients for {len(variables)} variables")
        if not grads:
            return
        self.build(variables)
        for v in variables:
            if v not in self._known:
                remedy = "after layers were added or unfrozen, compile anew with a new optimizer"
                raise ValueError(f"apply: {_name(v)} is not one that this optimizer was built with; {remedy}")
        missing = [_name(v) for g, v in zip(grads, variables, strict=True) if g is None]
        if len(missing) == len(grads):
            raise ValueError("apply: there is no gradient for any variable; does the loss depend on them?")
        if missing:
            warnings.warn(f"there are no gradients for {', '.join(missing)}; they stay as they are", stacklevel=2)
        given = [(v, _gradient(g, v)) for g, v in zip(grads, variables, strict=True) if g is not None]
        for (v, _), g in zip(given, self._clipped([g for _, g in given]), strict=True):
            v.grad = Tensor.wrap(g)
        group = self.param_groups[0]
        group.update(lr=float(self.learning_rate), iterations=int(self.iterations) + 1)
        try:
            for block in self._plan([v for v, _ in given], self.buffers()):
                self._advance(block, group)
        finally:
            for v, _ in given:
                v.grad = None
        self.iterations.value[...] += 1

    def step(self, closure=None):
        """PyTorch's way to take a step, which would pass over `iterations`."""
        raise TypeError(f"{type(self).__name__} of Keras steps by apply_gradients(zip(gradients, variables))")

    def _clipped(self, grads):
        if self.clipvalue:
            return [xp(g).clip(g, -self.clipvalue, self.clipvalue) for g in grads]
        limit = self.clipnorm or self.global_clipnorm
        if not limit:
            return grads
        squares = [float((g * g).sum()) for g in grads]
        if self.global_clipnorm:  # the sum counts for all, and as in Keras, with an infinite one all become nan
            squares = [sum(squares) if sum(squares) < inf else nan] * len(grads)
        return [g * (limit / max(sqrt(s), limit)) for g, s in zip(grads, squares, strict=True)]

    def rule(self, p, g, state, t, out, *, lr, iterations, **_):
        """Weight decay, then the step itself."""
        if self.weight_decay:
            p *= 1 - lr * self.weight_decay
        self.formula(p, g, state, iterations, out, lr)

    def formula(self, p, g, state, t, out, lr):
        """Change the numbers `p` in place; see `rule` of the engine's optimizers."""
        raise NotImplementedError(f"{type(self).__name__} needs a method formula(self, p, g, state, t, out, lr)")

    # ------------------------------------------------------------ state

    @property
    def variables(self):
        """The state: iterations, learning rate, and what is remembered for each variable."""
        rates = [self._rate] if isinstance(self._rate, Variable) else []
        remembered = [self.state[p][name] for p in self._params() for name in self.buffers()]
        return [self.iterations, *rates, *remembered]

    def load_state_dict(self, state_dict):
        """Go on from a `state_dict`, with its iterations and learning rate."""
        super().load_state_dict(state_dict)
        self.iterations.assign(self.param_groups[0]["iterations"])
        if isinstance(self._rate, Variable):
            self._rate.assign(self.param_groups[0]["lr"])

    def get_config(self):
        """The arguments that make an equal optimizer."""
        rate = self._rate if isinstance(self._rate, LearningRateSchedule) else float(self.learning_rate)
        return super().get_config() | {name: getattr(self, name) for name in COMMON} | {"learning_rate": rate}

    def __repr__(self):
        return f"<keras.optimizers.{type(self).__name__} name={self.name}>"


def _name(v):
    return getattr(v, "path", "") or f"a variable of shape {v.shape}"


def _gradient(g, v):
    """A gradient as an array of the variable's dtype, and refused unless it is of its shape."""
    g = raw(g) if getattr(raw(g), "dtype", None) == v.dtype else as_value(g, v.dtype)
    if g.shape != v.shape:
        raise ValueError(f"apply: the gradient of {_name(v)} has shape {g.shape}, the variable {v.shape}")
    return g


def _in_units(g, square, epsilon, lr, out):
    """lr · g / √(square + epsilon), in `out`."""
    np = xp(g)
    np.sqrt(np.add(square, epsilon, out=out), out=out)
    np.divide(g, out, out=out)
    out *= lr
    return out


class SGD(Optimizer):
    """Gradient descent, with momentum m.

    m ← momentum · m - lr · g
    p ← p + m                  (nesterov: p + momentum · m - lr · g)
    """

    __init__ = names.takes(learning_rate=0.01, momentum=0.0, nesterov=False)

    def keep(self, arguments, **common):
        super().keep(arguments, **common)
        if not 0 <= self.momentum <= 1:
            raise ValueError(f"SGD: momentum is a number from 0 to 1, got {self.momentum}")

    def buffers(self, **_):
        return {"momentum": 0.0} if self.momentum else {}

    def formula(self, p, g, state, t, out, lr):
        np = xp(p)
        np.multiply(g, lr, out=out)
        if not self.momentum:
            p -= out
            return
        m = state["momentum"]
        m *= self.momentum
        m -= out
        if self.nesterov:
            p -= out
            p += np.multiply(m, self.momentum, out=out)
        else:
            p += m


class Adam(Optimizer):
    """Momentum in units of the recent gradients' size (Kingma & Ba, arXiv:1412.6980).

    m ← β₁ · m + (1 - β₁) · g
    v ← β₂ · v + (1 - β₂) · g²                              (amsgrad: the largest v so far)
    p ← p - lr · √(1 - β₂ᵗ) / (1 - β₁ᵗ) · m / (√v + epsilon)
    """

    __init__ = names.takes(learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7, amsgrad=False)

    def buffers(self, **_):
        return optim.Adam.buffers(self, amsgrad=self.amsgrad)  # type: ignore[arg-type]

    def formula(self, p, g, state, t, out, lr):
        eps = self.epsilon / sqrt(1 - self.beta_2**t)  # the engine's counts for the corrected v
        optim.Adam.rule(self, p, g, state, t, out, lr=lr, betas=(self.beta_1, self.beta_2), eps=eps,  # type: ignore
                        weight_decay=0, amsgrad=self.amsgrad, decoupled_weight_decay=False)  # fmt: skip


class AdamW(Adam):
    """Adam with weight decay, which is 0.004 if nothing else is said."""

    __init__ = names.takes(
        learning_rate=0.001, weight_decay=0.004, beta_1=0.9, beta_2=0.999, epsilon=1e-7, amsgrad=False
    )


class RMSprop(Optimizer):
    """Steps measured in units of the recent gradients' size.

    v ← rho · v + (1 - rho) · g²
    d ← lr · g / √(v + epsilon)
    p ← p - d                        (momentum: p - b with b ← momentum · b + d)
    """

    __init__ = names.takes(learning_rate=0.001, rho=0.9, momentum=0.0, epsilon=1e-7)

    def buffers(self, **_):
        return dict.fromkeys(["velocity"] + ["momentum"] * (self.momentum > 0), 0.0)

    def formula(self, p, g, state, t, out, lr):
        v = state["velocity"]
        blend(v, self.rho, xp(p).multiply(g, g, out=out), 1 - self.rho, out)
        d = _in_units(g, v, self.epsilon, lr, out)
        if self.momentum > 0:
            b = state["momentum"]
            b *= self.momentum
            b += d
            d = b
        p -= d


class Adagrad(Optimizer):
    """Steps that shrink where gradients were large so far: s ← s + g², p ← p - lr · g / √(s + epsilon)."""

    __init__ = names.takes(learning_rate=0.001, initial_accumulator_value=0.1, epsilon=1e-7)

    def buffers(self, **_):
        return {"accumulator": self.initial_accumulator_value}

    def formula(self, p, g, state, t, out, lr):
        s = state["accumulator"]
        s += xp(p).multiply(g, g, out=out)
        p -= _in_units(g, s, self.epsilon, lr, out)
