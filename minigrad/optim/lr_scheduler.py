"""Schedules for the learning rate: after each epoch, or step, `scheduler.step()` sets the optimizer's `lr` anew.

Each schedule is one line of `rate`: the new rate from the present one, or from the one training began with.
"""

import copy
import warnings
from math import cos, inf, pi

from ..spelling import in_words, not_covered
from .optimizer import Optimizer


class LRScheduler:
    """The base of all schedules. One of your own is a `rate`; `self.last_epoch` counts from 0.

    >>> import minigrad as mg
    >>> from minigrad import optim
    >>> class Harmonic(LRScheduler):
    ...     def rate(self, lr, base):
    ...         return base / (1 + self.last_epoch)
    >>> optimizer = optim.SGD([mg.ones(2, requires_grad=True)], lr=1.0)
    >>> scheduler = Harmonic(optimizer)
    >>> for epoch in range(3):
    ...     optimizer.step()
    ...     scheduler.step()
    >>> scheduler.get_last_lr()
    [0.25]
    """

    def __init__(self, optimizer, last_epoch=-1):
        if last_epoch != -1:
            raise NotImplementedError(f"{type(self).__name__}: to go on with a schedule, load its state_dict")
        self.optimizer, self.last_epoch = _optimizer(self, optimizer), last_epoch
        self.base_lrs = [group.setdefault("initial_lr", group["lr"]) for group in optimizer.param_groups]
        self.step()

    def rate(self, lr, base):
        """The rate for epoch `self.last_epoch`, given the present one and the one training began with."""
        raise NotImplementedError(f"{type(self).__name__} needs a method rate(self, lr, base)")

    def get_lr(self):
        """The new rate of each group."""
        groups = self.optimizer.param_groups
        return [self.rate(group["lr"], base) for group, base in zip(groups, self.base_lrs, strict=True)]

    def get_last_lr(self):
        """The rate of each group, as set last."""
        return self._last_lr

    def step(self):
        """Set the rates for the next epoch."""
        groups, kind = self.optimizer.param_groups, type(self).__name__
        if len(groups) != len(self.base_lrs):
            made = f"{kind} was made for {len(self.base_lrs)} groups of parameters"
            raise ValueError(f"{made}, the optimizer has {len(groups)}; make it after add_param_group")
        stepped = self.optimizer._stepped or type(self.optimizer).step is not Optimizer.step
        if self.last_epoch == 0 and not stepped:
            warnings.warn(
                "scheduler.step() was called before optimizer.step(), so the first learning rate is never used; "
                "in each epoch step the optimizer first",
                stacklevel=2,
            )
        self.last_epoch += 1
        for group, lr in zip(groups, self.get_lr(), strict=True):
            group["lr"] = lr
        self._note()

    def _note(self):
        self._last_lr = [group["lr"] for group in self.optimizer.param_groups]

    _unsaved: tuple = ("optimizer",)

    def state_dict(self):
        """What is needed to go on; the rates themselves are in the optimizer's state."""
        return {name: copy.copy(x) for name, x in vars(self).items() if name not in self._unsaved}

    def load_state_dict(self, state_dict):
        """Go on from a `state_dict`."""
        if wrong := state_dict.keys() ^ self.state_dict().keys():
            raise ValueError(f"{type(self).__name__}: this was saved by another schedule: {sorted(wrong)} don't match")
        vars(self).update({name: copy.copy(x) for name, x in state_dict.items()})


class LambdaLR(LRScheduler):
    """The initial rate times a function of the epoch: one for all groups, or a list with one for each.

    >>> import minigrad as mg
    >>> from minigrad import optim
    >>> optimizer = optim.SGD([mg.ones(2, requires_grad=True)], lr=0.5)
    >>> LambdaLR(optimizer, lambda epoch: 1 / (1 + epoch)).get_last_lr()
    [0.5]
    """

    _unsaved = ("optimizer", "lr_lambdas")

    def __init__(self, optimizer, lr_lambda, last_epoch=-1):
        self.lr_lambdas = _for_each_group("lr_lambda", lr_lambda, _optimizer(self, optimizer))
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        """The new rate of each group."""
        return [base * f(self.last_epoch) for base, f in zip(self.base_lrs, self.lr_lambdas, strict=True)]


class StepLR(LRScheduler):
    """Times `gamma` every `step_size` epochs.

    >>> import minigrad as mg
    >>> from minigrad import optim
    >>> optimizer = optim.SGD([mg.ones(2, requires_grad=True)], lr=1.0)
    >>> scheduler = StepLR(optimizer, step_size=2)
    >>> for epoch in range(4):
    ...     print(epoch, round(optimizer.param_groups[0]["lr"], 3))
    ...     optimizer.step()
    ...     scheduler.step()
    0 1.0
    1 1.0
    2 0.1
    3 0.1
    """

    def __init__(self, optimizer, step_size, gamma=0.1, last_epoch=-1):
        self.step_size, self.gamma = _positive("step_size", step_size), gamma
        super().__init__(optimizer, last_epoch)

    def rate(self, lr, base):
        return lr * self.gamma if self.last_epoch > 0 and self.last_epoch % self.step_size == 0 else lr


class MultiStepLR(LRScheduler):
    """Times `gamma` at each of the `milestones`, a list of epochs."""

    def __init__(self, optimizer, milestones, gamma=0.1, last_epoch=-1):
        self.milestones, self.gamma = sorted(milestones), gamma
        super().__init__(optimizer, last_epoch)

    def rate(self, lr, base):
        return lr * self.gamma ** self.milestones.count(self.last_epoch)


class ExponentialLR(LRScheduler):
    """Times `gamma` every epoch."""

    def __init__(self, optimizer, gamma, last_epoch=-1):
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def rate(self, lr, base):
        return lr if self.last_epoch == 0 else lr * self.gamma


class CosineAnnealingLR(LRScheduler):
    """From the initial rate to `eta_min` over `T_max` epochs, along half a wave of the cosine (arXiv:1608.03983).

        lr = eta_min + (base - eta_min) · (1 + cos(π · epoch / T_max)) / 2

    It is computed from epoch to epoch, as in PyTorch, so that schedules can be combined.
    """

    def __init__(self, optimizer, T_max, eta_min=0.0, last_epoch=-1):
        self.T_max, self.eta_min = _positive("T_max", T_max), eta_min
        super().__init__(optimizer, last_epoch)

    def rate(self, lr, base):
        if self.last_epoch == 0:
            return lr
        now, before = (1 + cos(pi * t / self.T_max) for t in (self.last_epoch, self.last_epoch - 1))
        if (self.last_epoch - 1 - self.T_max) % (2 * self.T_max) == 0:  # it was eta_min: up again from nothing
            return lr + (base - self.eta_min) * now / 2
        return self.eta_min + (lr - self.eta_min) * now / before


class ReduceLROnPlateau(LRScheduler):
    """Times `factor` when a metric has not improved for more than `patience` epochs: `scheduler.step(val_loss)`.

    Better is lower, or with `mode="max"` higher, by more than `threshold`: of the best so far (`"rel"`) or as it is
    (`"abs"`). After a reduction `cooldown` epochs don't count. No rate falls below `min_lr`.

    >>> import minigrad as mg
    >>> from minigrad import optim
    >>> optimizer = optim.SGD([mg.ones(2, requires_grad=True)], lr=1.0)
    >>> scheduler = ReduceLROnPlateau(optimizer, patience=1)
    >>> for loss in [0.9, 0.5, 0.6, 0.7]:
    ...     scheduler.step(loss)
    >>> scheduler.get_last_lr()
    [0.1]
    """

    def __init__(self, optimizer, mode="min", factor=0.1, patience=10, threshold=1e-4, threshold_mode="rel", cooldown=0,
                 min_lr=0.0, eps=1e-8):  # fmt: skip
        if not factor < 1:
            raise ValueError(f"ReduceLROnPlateau: factor must be less than 1 to reduce the rate, got {factor}")
        if mode not in ("min", "max") or threshold_mode not in ("rel", "abs"):
            raise ValueError(
                "ReduceLROnPlateau: mode is 'min' or 'max', threshold_mode is 'rel' or 'abs'; "
                f"got {mode!r} and {threshold_mode!r}"
            )
        self.optimizer = _optimizer(self, optimizer)
        self.min_lrs = _for_each_group("min_lr", min_lr, optimizer)
        self.mode, self.factor, self.patience, self.cooldown, self.eps = mode, factor, patience, cooldown, eps
        self.threshold, self.threshold_mode = threshold, threshold_mode
        self.best = inf if mode == "min" else -inf
        self.num_bad_epochs = self.cooldown_counter = self.last_epoch = 0
        self._note()

    def step(self, metrics):  # type: ignore[override]
        """Look at the metric of the epoch that just ended, and reduce the rates if it is time."""
        metric = float(metrics)
        self.last_epoch += 1
        self.num_bad_epochs += 1
        if self._better(metric):
            self.best, self.num_bad_epochs = metric, 0
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0
            for group, low in zip(self.optimizer.param_groups, self.min_lrs, strict=True):
                lr = max(group["lr"] * self.factor, low)
                if group["lr"] - lr > self.eps:
                    group["lr"] = lr
        self._note()

    def _better(self, metric):
        sign = -1 if self.mode == "min" else 1
        relative = self.threshold_mode == "rel"
        bar = self.best * (1 + sign * self.threshold) if relative else self.best + sign * self.threshold
        return sign * metric > sign * bar


def _optimizer(scheduler, optimizer):
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"{type(scheduler).__name__}: expected an optimizer, got {in_words(optimizer)}")
    return optimizer


def _positive(name, number):
    if not isinstance(number, int | float) or not number > 0:
        raise ValueError(f"{name} must be a number of epochs, 1 or more; got {number!r}")
    return number


def _for_each_group(name, value, optimizer):
    """A list with an entry for each group, from such a list or from one value for all."""
    groups = len(optimizer.param_groups)
    values = value if isinstance(value, list | tuple) else [value] * groups
    if len(values) != groups:
        raise ValueError(f"{name}: got {len(values)} of them, for {groups} groups of parameters")
    return list(values)


def __getattr__(name):
    raise not_covered(__name__, name, globals())
