"""The rules by which parameters follow their gradients. Each class is one formula, the one in its docstring.

There, p is the parameter, g its gradient (plus weight_decay · p, if there is any; minus it, to maximize), and every
letter an array. The code says the same in place, in the array `out`, because a temporary array costs more than the
arithmetic on it; `np` is NumPy or CuPy, whichever the arrays belong to.
"""

from math import sqrt

from ..backend import xp
from .optimizer import Optimizer


def blend(a, keep, x, weight, out):
    """a ← keep · a + weight · x"""
    xp(a).multiply(x, weight, out=out)
    a *= keep
    a += out


class SGD(Optimizer):
    """Stochastic gradient descent, downhill; with momentum, rolling (Polyak 1964, Sutskever et al. 2013).

        b ← momentum · b + (1 - dampening) · g        (b ← g at the first step)
        p ← p - lr · b                                (nesterov: p - lr · (g + momentum · b))

    >>> import minigrad as mg
    >>> w = mg.tensor(3.0, requires_grad=True)
    >>> optimizer = SGD([w], lr=0.1)
    >>> (w**2).backward()
    >>> optimizer.step()
    >>> w
    tensor(2.4000, requires_grad=True)
    """

    def __init__(self, params, lr=1e-3, momentum=0, dampening=0, weight_decay=0, nesterov=False, *, maximize=False,
                 **other):  # fmt: skip
        options = {"lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay}
        super().__init__(params, options | {"nesterov": nesterov, "maximize": maximize}, **other)

    def check(self, group):
        """Nesterov's step is made of momentum."""
        super().check(group)
        if group["nesterov"] and (group["momentum"] <= 0 or group["dampening"] != 0):
            raise ValueError("SGD: nesterov=True requires a momentum, such as momentum=0.9, and dampening=0")

    def buffers(self, *, momentum, **_):
        return {"momentum_buffer": 0.0} if momentum else {}

    def rule(self, p, g, state, t, out, *, lr, momentum, dampening, nesterov, **_):
        if momentum:
            b = state["momentum_buffer"]
            blend(b, momentum, g, 1 - dampening if t > 1 else 1, out)
            if nesterov:
                xp(p).multiply(b, momentum, out=out)
                out += g
            g = out if nesterov else b
        xp(p).multiply(g, lr, out=out)
        p -= out


class Adagrad(Optimizer):
    """Steps that shrink where gradients were large so far (Duchi et al. 2011, jmlr.org/papers/v12/duchi11a.html).

        s ← s + g²
        p ← p - lr / (1 + (t - 1) · lr_decay) · g / (√s + eps)

    >>> import minigrad as mg
    >>> Adagrad([mg.ones(2, requires_grad=True)]).param_groups[0]["lr"]
    0.01
    """

    def __init__(self, params, lr=1e-2, lr_decay=0, weight_decay=0, initial_accumulator_value=0, eps=1e-10, *,
                 maximize=False, **other):  # fmt: skip
        options = {"lr": lr, "lr_decay": lr_decay, "eps": eps, "weight_decay": weight_decay, "maximize": maximize}
        super().__init__(params, options | {"initial_accumulator_value": initial_accumulator_value}, **other)

    def buffers(self, *, initial_accumulator_value, **_):
        return {"sum": initial_accumulator_value}

    def rule(self, p, g, state, t, out, *, lr, lr_decay, eps, **_):
        s, np = state["sum"], xp(p)
        s += np.multiply(g, g, out=out)
        np.sqrt(s, out=out)
        out += eps
        np.divide(g, out, out=out)
        out *= lr / (1 + (t - 1) * lr_decay)
        p -= out


class RMSprop(Optimizer):
    """Steps measured in units of the recent gradients' size (Hinton 2012, cs.toronto.edu/~hinton, lecture 6e).

        v ← alpha · v + (1 - alpha) · g²
        d ← g / (√v + eps)          (centered: √(v - a²) with a ← alpha · a + (1 - alpha) · g; Graves 2013)
        p ← p - lr · d              (momentum: p - lr · b with b ← momentum · b + d)

    >>> import minigrad as mg
    >>> RMSprop([mg.ones(2, requires_grad=True)]).param_groups[0]["alpha"]
    0.99
    """

    def __init__(self, params, lr=1e-2, alpha=0.99, eps=1e-8, weight_decay=0, momentum=0, centered=False, *,
                 maximize=False, **other):  # fmt: skip
        options = {"lr": lr, "alpha": alpha, "eps": eps, "weight_decay": weight_decay, "maximize": maximize}
        super().__init__(params, options | {"momentum": momentum, "centered": centered}, **other)

    def buffers(self, *, momentum, centered, **_):
        return dict.fromkeys(["square_avg"] + ["momentum_buffer"] * (momentum > 0) + ["grad_avg"] * centered, 0.0)

    def rule(self, p, g, state, t, out, *, lr, alpha, eps, momentum, centered, **_):
        v, np = state["square_avg"], xp(p)
        blend(v, alpha, np.multiply(g, g, out=out), 1 - alpha, out)
        if centered:
            a = state["grad_avg"]
            blend(a, alpha, g, 1 - alpha, out)
            np.subtract(v, np.multiply(a, a, out=out), out=out)
            np.maximum(out, 0, out=out)  # rounding may leave less; PyTorch's parameters then become nan
        np.sqrt(out if centered else v, out=out)
        out += eps
        np.divide(g, out, out=out)
        if momentum > 0:
            b = state["momentum_buffer"]
            b *= momentum
            b += out
            np.multiply(b, lr, out=out)
        else:
            out *= lr
        p -= out


class Adam(Optimizer):
    """Momentum in units of the recent gradients' size, both corrected for starting at 0 (Kingma & Ba, arXiv:1412.6980).

        m ← β₁ · m + (1 - β₁) · g
        v ← β₂ · v + (1 - β₂) · g²
        p ← p - lr · m / (1 - β₁ᵗ) / (√(v / (1 - β₂ᵗ)) + eps)      (amsgrad: the largest v so far; arXiv:1904.09237)

    >>> import minigrad as mg
    >>> w = mg.tensor([5.0, -200.0], requires_grad=True)
    >>> optimizer = Adam([w], lr=0.1)
    >>> (w**2).sum().backward()
    >>> optimizer.step()  # the first step is lr long, however large the gradient
    >>> w
    tensor([   4.9000, -199.9000], requires_grad=True)
    """

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0, amsgrad=False, *, maximize=False,
                 decoupled_weight_decay=False, **other):  # fmt: skip
        options = {"lr": lr, "betas": betas, "eps": eps, "amsgrad": amsgrad, "maximize": maximize}
        decay = {"weight_decay": weight_decay, "decoupled_weight_decay": decoupled_weight_decay}
        super().__init__(params, options | decay, **other)

    def buffers(self, *, amsgrad, **_):
        return dict.fromkeys(["exp_avg", "exp_avg_sq"] + ["max_exp_avg_sq"] * amsgrad, 0.0)

    def rule(self, p, g, state, t, out, *, lr, betas, eps, weight_decay, amsgrad, decoupled_weight_decay,
             **_):  # fmt: skip
        m, v, (beta1, beta2), np = state["exp_avg"], state["exp_avg_sq"], betas, xp(p)
        if decoupled_weight_decay:
            p *= 1 - lr * weight_decay
        blend(m, beta1, g, 1 - beta1, out)
        blend(v, beta2, np.multiply(g, g, out=out), 1 - beta2, out)
        if amsgrad:
            v = np.maximum(state["max_exp_avg_sq"], v, out=state["max_exp_avg_sq"])
        correction = sqrt(1 - beta2**t)  # of √v, taken out of the fraction
        np.sqrt(v, out=out)
        out += eps * correction
        np.divide(m, out, out=out)
        out *= lr * correction / (1 - beta1**t)
        p -= out


class AdamW(Adam):
    """Adam with weight decay kept out of the averages (Loshchilov & Hutter, arXiv:1711.05101).

        p ← (1 - lr · weight_decay) · p, then as Adam

    >>> import minigrad as mg
    >>> AdamW([mg.ones(2, requires_grad=True)]).param_groups[0]["weight_decay"]
    0.01
    """

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2, amsgrad=False, *,
                 maximize=False, **other):  # fmt: skip
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, maximize=maximize, **other)

    def check(self, group):
        """It stays AdamW, also with options that Adam saved."""
        super().check(group)
        group["decoupled_weight_decay"] = True
