"""Learning rates that depend on the iteration: given to an optimizer in place of a number."""

import numpy as np

from ...tape import raw
from .. import names
from ..variable import Array


class LearningRateSchedule(names.Configured):
    """The base of all. One of your own computes the rate for an iteration in `__call__(self, step)`."""

    def keep(self, arguments):
        """Keep the arguments of a constructor, of which `decay_steps` must be above 0."""
        super().keep(arguments)
        if not arguments.get("decay_steps", 1) > 0:
            raise ValueError(f"{type(self).__name__}: decay_steps must be above 0, got {self.decay_steps}")

    def __call__(self, step):
        """The learning rate at an iteration, counted from 0; of an array of them, all the rates."""
        return Array.wrap(np.asarray(self.rate(np.asarray(raw(step))), np.float32))

    def rate(self, step):
        """The rate as a NumPy number or array."""
        raise NotImplementedError(f"{type(self).__name__} needs a method __call__(self, step)")


class ExponentialDecay(LearningRateSchedule):
    """initial · decay_rate ** (step / decay_steps); with `staircase` the exponent is rounded down.

    >>> float(ExponentialDecay(0.5, decay_steps=10, decay_rate=0.5)(20))
    0.125
    """

    def __init__(self, initial_learning_rate, decay_steps, decay_rate, staircase=False, name="ExponentialDecay"):
        self.keep(locals())

    def rate(self, step):
        return self.initial_learning_rate * self.decay_rate ** self._part(step)

    def _part(self, step):
        return step // self.decay_steps if self.staircase else step / self.decay_steps


class InverseTimeDecay(ExponentialDecay):
    """initial / (1 + decay_rate · step / decay_steps); with `staircase` the fraction is rounded down."""

    def __init__(self, initial_learning_rate, decay_steps, decay_rate, staircase=False, name="InverseTimeDecay"):
        self.keep(locals())

    def rate(self, step):
        return self.initial_learning_rate / (1 + self.decay_rate * self._part(step))


class PiecewiseConstantDecay(LearningRateSchedule):
    """The first of `values` up to the first of `boundaries`, that included, the second up to the second, and so on."""

    def __init__(self, boundaries, values, name="PiecewiseConstant"):
        self.keep(locals())
        if len(boundaries) != len(values) - 1:
            given = f"{len(boundaries)} boundaries and {len(values)} values"
            raise ValueError(f"PiecewiseConstantDecay: there is one more of values than of boundaries, got {given}")

    def rate(self, step):
        return np.asarray(self.values)[np.searchsorted(np.asarray(self.boundaries, step.dtype), step)]


class PolynomialDecay(LearningRateSchedule):
    """From the initial rate to `end_learning_rate` along (1 - step / decay_steps) ** power.

    With `cycle` it begins anew whenever it has ended, each time over more steps.
    """

    def __init__(self, initial_learning_rate, decay_steps, end_learning_rate=0.0001, power=1.0, cycle=False,
                 name="PolynomialDecay"):  # fmt: skip
        self.keep(locals())

    def rate(self, step):
        turns = np.maximum(np.ceil(step / self.decay_steps), 1) if self.cycle else 1
        part = np.minimum(step / (self.decay_steps * turns), 1)
        return (self.initial_learning_rate - self.end_learning_rate) * (1 - part) ** self.power + self.end_learning_rate


class CosineDecay(LearningRateSchedule):
    """From the initial rate to `alpha` times it along half a wave of the cosine (arXiv:1608.03983).

    With `warmup_target`, first from the initial rate to that in `warmup_steps`, and down from there.
    """

    def __init__(self, initial_learning_rate, decay_steps, alpha=0.0, name="CosineDecay", warmup_target=None,
                 warmup_steps=0):  # fmt: skip
        self.keep(locals())

    def rate(self, step):
        first, warm = self.initial_learning_rate, 0 if self.warmup_target is None else self.warmup_steps
        top = first if self.warmup_target is None else self.warmup_target
        part = np.clip((step - warm) / self.decay_steps, 0, 1)
        decayed = top * ((1 - self.alpha) * 0.5 * (1 + np.cos(np.pi * part)) + self.alpha)
        return np.where(step < warm, first + (top - first) * step / max(warm, 1), decayed)


SCHEDULES = {kind.__name__: kind for kind in (ExponentialDecay, InverseTimeDecay, PiecewiseConstantDecay,
                                              PolynomialDecay, CosineDecay)}  # fmt: skip
__getattr__ = names.closed(__name__, SCHEDULES)
