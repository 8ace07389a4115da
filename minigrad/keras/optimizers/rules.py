"""The optimizers: those of the engine, told their parameters late, where Keras's formula is another with a rule.

In the docstrings p is a parameter, g its gradient, and every letter an array.
"""

import warnings
from math import inf, nan, sqrt
from typing import Any

from ... import optim
from ...backend import xp
from ...optim.rules import blend
from ...tape import raw
from ...tensor import Tensor
from .. import names
from ..variable import Variable, as_value, auto_name, snake_case
from .schedules import SCHEDULES, LearningRateSchedule

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

    def __init__(self, learning_rate=0.001, **common):
        kind = type(self).__name__
        if unknown := common.keys() - COMMON.keys():
            name = min(unknown)
            options = [*names.defaults_of(type(self).__init__), *COMMON]
            raise TypeError(f"{kind} has no option {name!r}{RENAMED.get(name) or names.nearest(name, options)}")
        vars(self).update(COMMON | common, defaults={}, param_groups=[], state={})
        if sum(x is not None for x in (self.clipnorm, self.clipvalue, self.global_clipnorm)) > 1:
            raise ValueError(f"{kind}: only one of clipnorm, clipvalue and global_clipnorm can be given")
        self.name = common.get("name") or auto_name(snake_case(kind))
        self.iterations = Variable(0, dtype="int64", trainable=False, name="iteration")
        self.built = False
        self._rate: Any = None
        self.learning_rate = learning_rate

    # ------------------------------------------------------------ the learning rate

    @property
    def learning_rate(self):
        """The rate now: a variable, which can be assigned to, or what the schedule says for this iteration."""
        if isinstance(self._rate, LearningRateSchedule):
            return self._rate(self.iterations)
        return self._rate if isinstance(self._rate, Variable) else self._rate()

    @learning_rate.setter
    def learning_rate(self, rate):
        if isinstance(rate, dict):
            rate = names.find("schedule", rate, SCHEDULES)
        if callable(rate):
            self._rate = rate
            return
        if isinstance(self._rate, LearningRateSchedule):
            raise TypeError("this optimizer follows a schedule; to set its learning_rate, make it with a number")
        try:
            number = nan if isinstance(rate, str) else float(raw(rate))
        except (TypeError, ValueError):
            number = nan
        if not number >= 0:
            kind = type(self).__name__
            raise ValueError(f"{kind}: learning_rate is a number, 0 or more, or a schedule; got {rate!r}")
        if isinstance(self._rate, Variable):
            self._rate.assign(number)
        else:
            own = isinstance(rate, Variable)
            self._rate = rate if own else Variable(number, trainable=False, name="learning_rate")

    def _no_lr(self, *_):
        raise AttributeError(f"{type(self).__name__} has no attribute 'lr'; write learning_rate")

    lr = property(_no_lr, _no_lr)

    # ------------------------------------------------------------ a step

    def build(self, variables):
        """Make what is remembered for the variables; later steps are for these only."""
        if self.built:
            return
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

    def apply(self, grads, trainable_variables=None):
        """Take a step; variables without a gradient, None, stay, with a warning."""
        grads = list(grads)
        if trainable_variables is None and not self.built:
            raise ValueError("apply: of which variables are these the gradients? Give them, or call build(variables)")
        variables = list(self._params() if trainable_variables is None else trainable_variables)
        if len(grads) != len(variables):
            raise ValueError(f"apply: got {len(grads)} gradients for {len(variables)} variables")
        if not grads:
            return
        self.build(variables)
        for v in variables:
            if v not in self._known:
                text = (
                    f"apply: the variable {_name(v)} of shape {v.shape} is not one that this optimizer was built with"
                )
                raise ValueError(f"{text}; after layers were added or unfrozen, compile anew with a new optimizer")
        missing = [_name(v) for g, v in zip(grads, variables, strict=True) if g is None]
        if len(missing) == len(grads):
            raise ValueError("apply: there is no gradient for any variable; does the loss depend on them?")
        if missing:
            warnings.warn(f"there are no gradients for {', '.join(missing)}; they stay as they are", stacklevel=2)
        given = [(v, _array(g, v.dtype)) for g, v in zip(grads, variables, strict=True) if g is not None]
        for v, g in given:
            if g.shape != v.shape:
                raise ValueError(f"apply: the gradient of {_name(v)} has shape {g.shape}, the variable {v.shape}")
        for (v, _), g in zip(given, self._clipped([g for _, g in given]), strict=True):
            v.grad = Tensor.wrap(g)
        for group in self.param_groups:
            group.update(lr=float(self.learning_rate), iterations=int(self.iterations) + 1)
        try:
            for block in self._plan([v for v, _ in given], self.buffers()):
                self._advance(block, self.param_groups[0])
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
        if not (self.clipnorm or self.global_clipnorm):
            return grads
        squares = [float((g * g).sum()) for g in grads]
        if self.clipnorm:
            return [g * (self.clipnorm / max(sqrt(s), self.clipnorm)) for g, s in zip(grads, squares, strict=True)]
        norm = sqrt(sum(squares)) if sum(squares) < inf else nan  # as in Keras, then all become nan
        return [g * (self.global_clipnorm / max(norm, self.global_clipnorm)) for g in grads]

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
        schedule = isinstance(self._rate, LearningRateSchedule)
        rate = {"class_name": type(self._rate).__name__, "config": self._rate.get_config()} if schedule else None
        config = super().get_config() | {name: getattr(self, name) for name in COMMON}
        return config | {"learning_rate": rate or float(self.learning_rate)}

    def __repr__(self):
        return f"<keras.optimizers.{type(self).__name__} name={self.name}>"


def _array(g, dtype):
    return raw(g) if getattr(raw(g), "dtype", None) == dtype else as_value(g, dtype)


def _name(v):
    return getattr(v, "path", "") or f"of shape {v.shape}"


class SGD(Optimizer):
    """Gradient descent, with momentum m.

    m ← momentum · m - lr · g
    p ← p + m                  (nesterov: p + momentum · m - lr · g)
    """

    def __init__(self, learning_rate=0.01, momentum=0.0, nesterov=False, **common):
        super().__init__(learning_rate, **common)
        if not 0 <= momentum <= 1:
            raise ValueError(f"SGD: momentum is a number from 0 to 1, got {momentum}")
        self.momentum, self.nesterov = momentum, nesterov

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

    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7, amsgrad=False, **common):
        super().__init__(learning_rate, **common)
        self.beta_1, self.beta_2, self.epsilon, self.amsgrad = beta_1, beta_2, epsilon, amsgrad

    def buffers(self, **_):
        return optim.Adam.buffers(self, amsgrad=self.amsgrad)  # type: ignore[arg-type]

    def formula(self, p, g, state, t, out, lr):
        eps = self.epsilon / sqrt(1 - self.beta_2**t)  # the engine's counts for the corrected v
        optim.Adam.rule(self, p, g, state, t, out, lr=lr, betas=(self.beta_1, self.beta_2), eps=eps,  # type: ignore
                        weight_decay=0, amsgrad=self.amsgrad, decoupled_weight_decay=False)  # fmt: skip


class AdamW(Adam):
    """Adam with weight decay, which is 0.004 if nothing else is said."""

    def __init__(self, learning_rate=0.001, weight_decay=0.004, beta_1=0.9, beta_2=0.999, epsilon=1e-7, amsgrad=False,
                 **common):  # fmt: skip
        super().__init__(learning_rate, beta_1, beta_2, epsilon, amsgrad, weight_decay=weight_decay, **common)


class RMSprop(Optimizer):
    """Steps measured in units of the recent gradients' size.

    v ← rho · v + (1 - rho) · g²
    d ← lr · g / √(v + epsilon)      (centered: √(v - a² + epsilon) with a ← rho · a + (1 - rho) · g)
    p ← p - d                        (momentum: p - b with b ← momentum · b + d)
    """

    def __init__(self, learning_rate=0.001, rho=0.9, momentum=0.0, epsilon=1e-7, centered=False, **common):
        super().__init__(learning_rate, **common)
        self.rho, self.momentum, self.epsilon, self.centered = rho, momentum, epsilon, centered

    def buffers(self, **_):
        return dict.fromkeys(["velocity"] + ["momentum"] * (self.momentum > 0) + ["average"] * self.centered, 0.0)

    def formula(self, p, g, state, t, out, lr):
        v, np = state["velocity"], xp(p)
        blend(v, self.rho, np.multiply(g, g, out=out), 1 - self.rho, out)
        if self.centered:
            a = state["average"]
            blend(a, self.rho, g, 1 - self.rho, out)
            np.subtract(v, np.multiply(a, a, out=out), out=out)
        np.add(out if self.centered else v, self.epsilon, out=out)
        np.divide(g, np.sqrt(out, out=out), out=out)
        out *= lr
        if self.momentum > 0:
            b = state["momentum"]
            b *= self.momentum
            b += out
        p -= b if self.momentum > 0 else out


class Adagrad(Optimizer):
    """Steps that shrink where gradients were large so far: s ← s + g², p ← p - lr · g / √(s + epsilon)."""

    def __init__(self, learning_rate=0.001, initial_accumulator_value=0.1, epsilon=1e-7, **common):
        super().__init__(learning_rate, **common)
        self.initial_accumulator_value, self.epsilon = initial_accumulator_value, epsilon

    def buffers(self, **_):
        return {"accumulator": self.initial_accumulator_value}

    def formula(self, p, g, state, t, out, lr):
        s, np = state["accumulator"], xp(p)
        s += np.multiply(g, g, out=out)
        np.sqrt(np.add(s, self.epsilon, out=out), out=out)
        np.divide(g, out, out=out)
        out *= lr
        p -= out
