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
from .hooks import BACKWARD, HOOKS, LOOPS
from .words import chosen, kind

STEPPING = "training_step backward optimizer_step optimizer_zero_grad configure_gradient_clipping".split()
STEPPING += ["on_train_batch_start", "on_train_batch_end", *BACKWARD]
EVALUATING = [hook for hook in HOOKS if re.fullmatch("on_(validation|test)_batch_(start|end)", hook)]
EVALUATING += ["validation_step", "test_step"]
BETWEEN = [hook for hook in HOOKS if re.fullmatch("on_(train|validation|test)_(start|epoch_start|epoch_end)", hook)]
REDUCE: dict[str, Any] = {"mean": operator.add, "sum": operator.add, "min": np.minimum, "max": np.maximum}


class Entry:
    """What is logged under a name: the last value, and what becomes of all values of the epoch."""

    def __init__(self, name, suffix, options):
        both = options["on_step"] and options["on_epoch"]
        self.name, self.options = name + suffix, options
        self.last: Any = None
        self.total: Any = None
        self.weight = 0
        self.full = {True: name + "_step" * both + suffix, False: name + "_epoch" * both + suffix}

    def add(self, value, size):
        """A value more, of so many samples."""
        self.last, reduce = value, self.options["reduce_fx"]
        if reduce == "mean":
            value, self.weight = value * size, self.weight + size
        self.total = value if self.total is None else REDUCE[reduce](self.total, value)

    def value(self, by_step):
        """The value of the step, or of the epoch; None if it wasn't asked for."""
        if not self.options["on_step" if by_step else "on_epoch"]:
            return None
        return Tensor.wrap(self.last if by_step else self.total / (self.weight or 1))


class Journal:
    """All that the running loop logs, and the metrics that the trainer shows."""

    def __init__(self, silent):
        self.entries: dict[Any, dict] = {loop: {} for loop in LOOPS.values()}
        self.loop: Any = None  # which one is running
        self.silent = silent
        self.forget()

    def forget(self):
        """Begin anew."""
        for entries in self.entries.values():
            entries.clear()
        self.by_step = False  # while an epoch runs, a metric is the last step's, and at its end the epoch's
        self.loader = self.batch = None  # its number, if there are several; the batch, whose size weighs in the mean
        self.callback: dict = {}
        self.logged: dict = {}
        self.bar: dict = {}

    def log(self, hook, name, value, batch_size, numbered, on_step, on_epoch, reduce_fx, **shown):
        """Log a value from a hook, unless it can't be logged there or in this way."""
        if not self.loop or hook not in {*STEPPING, *EVALUATING, *BETWEEN}:
            raise RuntimeError(f"log: {name!r} can't be logged {f'in {hook}' if hook else 'here'}, between the epochs")
        on_step = hook in STEPPING if on_step is None else on_step
        on_epoch = hook not in STEPPING if on_epoch is None else on_epoch
        if not (on_step or on_epoch) or (hook in BETWEEN and (on_step or not on_epoch)):
            raise ValueError(f"log: {name!r} in {hook} with on_step={on_step}, on_epoch={on_epoch} would never be seen")
        reduce = str(getattr(reduce_fx, "__name__", reduce_fx)).lower().replace("avg", "mean")
        chosen("log: reduce_fx", reduce, REDUCE)
        number = np.float32(value) if isinstance(value, int | float) else raw(value)
        if getattr(number, "size", 0) != 1:
            raise ValueError(f"log: {name!r} must be one number, got {kind(value)}; write for example loss.mean()")
        number = number.reshape(()).astype(np.float64 if number.dtype == np.float64 else np.float32)  # a copy
        if self.silent:
            return
        suffix = f"/dataloader_idx_{self.loader}" if numbered and self.loader is not None else ""
        options = {"on_step": on_step, "on_epoch": on_epoch, "reduce_fx": reduce, **shown}
        entry = self.entries[self.loop].setdefault((hook, name, self.loader), Entry(name, suffix, options))
        if entry.options != options:
            raise ValueError(f"log: {name!r} is logged twice in {hook}, with different options; give them two names")
        if batch_size is None and self.batch is not None and on_epoch and reduce == "mean":
            batch_size = size(self.batch)
        entry.add(number, 1 if batch_size is None else batch_size)

    def metrics(self, which):
        """The metrics for callbacks, for loggers or for the bar, as they are now."""
        self.gather()
        return getattr(self, which)

    def gather(self):
        """Bring the metrics up to date; returns those that are logged now."""
        now = {}
        for (_, _, loader), entry in self.entries[self.loop].items() if self.loop else ():
            value, full = entry.value(self.by_step), entry.full[self.by_step]
            if value is None or loader != self.loader:
                continue
            if entry.options["logger"]:
                now[full] = value
            if self.loop == "train" or not self.by_step:
                self.callback[entry.name] = self.callback[full] = value
            if entry.options["prog_bar"]:
                self.bar[full] = value.item()
        self.logged |= now
        return now
