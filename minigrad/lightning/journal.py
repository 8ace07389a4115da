"""What `self.log` collects: the values of the running loop, averaged over its epoch, and the metrics others see.

In training a value is about the step unless more is said, elsewhere about the epoch; in the hooks between batches there
are no steps.
"""

import operator
import re
from typing import Any

import numpy as np

from ..tape import raw
from ..tensor import Tensor
from .batches import size
from .hooks import LOOPS
from .words import chosen, kind

LOOP = "(train|validation|test)"
OF_STEPS = "(training|validation|test|optimizer)_step|.*backward|.*zero_grad|on_before_optimizer_step"
OF_STEPS += f"|configure_gradient_clipping|on_{LOOP}_batch_(start|end)"
OF_EPOCHS = f"on_{LOOP}_(start|epoch_start|epoch_end)"
REDUCE: dict[str, Any] = {"mean": operator.add, "sum": operator.add, "min": np.minimum, "max": np.maximum}


class Entry:
    """What a hook logs under a name: the last value, and what becomes of all values of the epoch."""

    last: Any = None
    total: Any = None
    weight = 0

    def __init__(self, name, options):
        self.name, self.options = name, options

    def add(self, value, size):
        """A value more, of so many samples."""
        self.last = value
        if self.options["reduce"] == "mean":
            value, self.weight = value * size, self.weight + size
        self.total = value if self.total is None else REDUCE[self.options["reduce"]](self.total, value)

    def named(self, level):
        """Its name as a metric of the step or of the epoch."""
        return f"{self.name}_{level}" if self.options["step"] and self.options["epoch"] else self.name

    def value(self, level):
        """The value of the step, or of the epoch."""
        return Tensor.wrap(self.last if level == "step" else self.total / (self.weight or 1))


class Journal:
    """All that the running loop logs, and the metrics that the trainer shows."""

    def __init__(self):
        self.loop = None  # which one is running
        self.forget()

    def forget(self):
        """Begin anew."""
        self.entries: dict[Any, dict] = {loop: {} for loop in LOOPS.values()}
        self.level = "epoch"  # while an epoch runs, a metric is the last step's, and at its end the epoch's
        self.batch: Any = None  # whose size weighs in the mean
        self.callback: dict = {}
        self.logged: dict = {}
        self.bar: dict = {}

    def log(self, hook, name, value, on_step, on_epoch, reduce_fx, batch_size, **shown):
        """Log a value from a hook, unless it can't be logged there or in this way."""
        of_steps, of_epochs = (bool(re.fullmatch(hooks, hook or "")) for hooks in (OF_STEPS, OF_EPOCHS))
        if not self.loop or not (of_steps or of_epochs):
            raise RuntimeError(f"log: {name!r} can't be logged {f'in {hook}' if hook else 'here'}, between the epochs")
        stepping = of_steps and self.loop == "train"
        on_step = stepping if on_step is None else on_step
        on_epoch = not stepping if on_epoch is None else on_epoch
        if not (on_step or on_epoch) or (of_epochs and on_step):
            raise ValueError(f"log: {name!r} in {hook} with on_step={on_step}, on_epoch={on_epoch} would never be seen")
        reduce = str(getattr(reduce_fx, "__name__", reduce_fx)).lower()
        chosen("log: reduce_fx", reduce, REDUCE)
        number = np.float32(value) if isinstance(value, int | float) else raw(value)
        if getattr(number, "size", 0) != 1:
            raise ValueError(f"log: {name!r} must be one number, got {kind(value)}; write for example loss.mean()")
        number = number.reshape(()).astype(np.float64 if number.dtype == np.float64 else np.float32)  # a copy
        options = {"step": on_step, "epoch": on_epoch, "reduce": reduce, **shown}
        entry = self.entries[self.loop].setdefault((hook, name), Entry(name, options))
        if entry.options != options:
            raise ValueError(f"log: {name!r} is logged twice in {hook}, with different options; give them two names")
        if batch_size is None:
            batch_size = size(self.batch) if self.batch is not None and on_epoch and reduce == "mean" else 1
        entry.add(number, batch_size)

    def metrics(self, which):
        """The metrics for callbacks, for loggers or for the bar, as they are now."""
        self.gather()
        return getattr(self, which)

    def gather(self):
        """Bring the metrics up to date; returns those that are logged now."""
        now = {}
        for entry in self.entries[self.loop].values() if self.loop else ():
            if entry.options[self.level]:
                name, value = entry.named(self.level), entry.value(self.level)
                if entry.options["logger"]:
                    now[name] = value
                if self.loop == "train" or self.level == "epoch":
                    self.callback[entry.name] = self.callback[name] = value
                if entry.options["prog_bar"]:
                    self.bar[name] = value.item()
        self.logged |= now
        return now
