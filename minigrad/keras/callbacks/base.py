"""The base of all callbacks, and those that need no more than a few lines."""

import csv
import math
import os
from typing import Any

import numpy as np

HOOKS = ["on_epoch_begin", "on_epoch_end", "on_batch_begin", "on_batch_end"]
HOOKS += [f"on_{what}_{when}" for what in ("train", "test", "predict") for when in ("begin", "end")]
HOOKS += [f"on_{what}_batch_{when}" for what in ("train", "test", "predict") for when in ("begin", "end")]


class Callback:
    """The base of all. Hooks are `on_epoch_begin(epoch, logs)`, `on_train_batch_end(batch, logs)`,
    `on_train_begin(logs)` and their like, for begin and end, and for train, test and predict.

    `self.model` is the model; `self.model.stop_training = True` ends training after the epoch.

    >>> class Printer(Callback):
    ...     def on_epoch_end(self, epoch, logs=None):
    ...         print(epoch, logs)
    >>> Printer().on_epoch_end(0, {"loss": 0.5})
    0 {'loss': 0.5}
    """

    on_batch_begin: Any
    on_batch_end: Any
    model: Any = None
    params: Any = None

    def set_model(self, model):
        """Told before everything else."""
        self.model = model

    def set_params(self, params):
        """Told too: `epochs`, `steps` and `verbose`."""
        self.params = params

    def on_train_batch_begin(self, batch, logs=None):
        """Also heard as `on_batch_begin`."""
        self.on_batch_begin(batch, logs)

    def on_train_batch_end(self, batch, logs=None):
        """Also heard as `on_batch_end`."""
        self.on_batch_end(batch, logs)


def _nothing(self, *_, **__):
    """Nothing, unless overridden."""


for _hook in HOOKS:
    if not hasattr(Callback, _hook):
        setattr(Callback, _hook, _nothing)


class LambdaCallback(Callback):
    """Functions as hooks: `LambdaCallback(on_epoch_end=lambda epoch, logs: print(logs))`."""

    def __init__(self, **hooks):
        for hook, function in hooks.items():
            if hook not in HOOKS:
                raise TypeError(f"LambdaCallback: there is no hook {hook!r}; there are {', '.join(HOOKS)}")
            if function is not None:
                setattr(self, hook, function)


class TerminateOnNaN(Callback):
    """Stop training when the loss is nan or infinite."""

    def on_batch_end(self, batch, logs=None):
        if not math.isfinite((logs or {}).get("loss", 0.0)):
            print(f"Batch {batch}: Invalid loss, terminating training")
            self.model.stop_training = True


class CSVLogger(Callback):
    """A line for each epoch in a CSV file; `append=True` goes on with the one there is."""

    file: Any = None
    writer: Any = None

    def __init__(self, filename, separator=",", append=False):
        self.filename, self.separator, self.append = filename, separator, append

    def on_train_begin(self, logs=None):
        self.file = open(self.filename, "a" if self.append else "w", newline="")  # noqa: SIM115 (until training ends)
        self.writer = None

    def on_epoch_end(self, epoch, logs=None):
        logs = logs or {}
        if self.writer is None:
            keys = sorted(logs)
            if not any(key.startswith("val_") for key in keys):
                keys += [f"val_{key}" for key in keys]  # validation may come in a later epoch
            self.writer = csv.DictWriter(self.file, ["epoch", *keys], "NA", "ignore", delimiter=self.separator)
            if not os.path.getsize(self.filename):
                self.writer.writeheader()
        self.writer.writerow({"epoch": epoch} | logs)
        self.file.flush()

    def on_train_end(self, logs=None):
        self.file.close()


class LearningRateScheduler(Callback):
    """Set the learning rate of each epoch: `schedule(epoch, learning_rate)`, or `schedule(epoch)`, returns it."""

    def __init__(self, schedule, verbose=0):
        self.schedule, self.verbose = schedule, verbose

    def on_epoch_begin(self, epoch, logs=None):
        optimizer = self.model.optimizer
        try:
            rate = self.schedule(epoch, float(optimizer.learning_rate))
        except TypeError:
            rate = self.schedule(epoch)
        if not isinstance(rate, float | np.floating):
            raise ValueError(f"LearningRateScheduler: the schedule must return a float, it returned {rate!r}")
        optimizer.learning_rate = rate
        if self.verbose > 0:
            print(f"\nEpoch {epoch + 1}: LearningRateScheduler setting learning rate to {rate}.")

    def on_epoch_end(self, epoch, logs=None):
        logs["learning_rate"] = float(self.model.optimizer.learning_rate)
