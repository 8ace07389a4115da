"""Learning rates that depend on the iteration: given to an optimizer in place of a number."""

import numpy as np

from ...tape import raw
from .. import names
from ..variable import Array


class LearningRateSchedule(names.Configured):
    """The base of all. One of your own computes the rate for an iteration in `__call__(self, step)`."""

    def keep(self, arguments, **options):
        super().keep(arguments, **options)
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

    __init__ = names.takes(
        "initial_learning_rate", "decay_steps", "decay_rate", staircase=False, name="ExponentialDecay"
    )

    def rate(self, step):
        return self.initial_learning_rate * self.decay_rate ** self.part(step)

    def part(self, step):
        """The share of `decay_steps` that is over."""
        return step // self.decay_steps if self.staircase else step / self.decay_steps


class InverseTimeDecay(ExponentialDecay):
    """initial / (1 + decay_rate · step / decay_steps); with `staircase` the fraction is rounded down."""

    __init__ = names.takes(
        "initial_learning_rate", "decay_steps", "decay_rate", staircase=False, name="InverseTimeDecay"
    )

    def rate(self, step):
        return self.initial_learning_rate / (1 + self.decay_rate * self.part(step))


class PiecewiseConstantDecay(LearningRateSchedule):
    """The first of `values` up to the first of `boundaries`, that included, the second up to the second, and so on."""

    __init__ = names.takes("boundaries", "values", name="PiecewiseConstant")

    def rate(self, step):
        if len(self.boundaries) != len(self.values) - 1:
            given = f"{len(self.boundaries)} boundaries and {len(self.values)} values"
            raise ValueError(f"PiecewiseConstantDecay: there is one more of values than of boundaries, got {given}")
        return np.asarray(self.values)[np.searchsorted(np.asarray(self.boundaries, step.dtype), step)]


class CosineDecay(LearningRateSchedule):
    """From the initial rate to `alpha` times it along half a wave of the cosine (arXiv:1608.03983).

    With `warmup_target`, first from the initial rate to that in `warmup_steps`, and down from there.
    """

    __init__ = names.takes(
        "initial_learning_rate", "decay_steps", alpha=0.0, name="CosineDecay", warmup_target=None, warmup_steps=0
    )

    def rate(self, step):
        first, warm = self.initial_learning_rate, 0 if self.warmup_target is None else self.warmup_steps
        top = first if self.warmup_target is None else self.warmup_target
        part = np.clip((step - warm) / self.decay_steps, 0, 1)
        decayed = top * ((1 - self.alpha) * 0.5 * (1 + np.cos(np.pi * part)) + self.alpha)
        return np.where(step < warm, first + (top - first) * step / max(warm, 1), decayed)


SCHEDULES = {x.__name__: x for x in vars().copy().values() if hasattr(x, "rate")}
__getattr__ = names.closed(__name__, SCHEDULES)
