"""Callbacks that watch a value, such as `val_loss`, and act when it improves or doesn't."""

import os
import warnings

import numpy as np

from ..names import Configured, takes
from .base import Callback


class Monitor(Configured, Callback):
    """The base of those that watch a value: lower is better with `mode="min"`, higher with "max".

    With "auto", the metric of that name knows; by `min_delta` it must be better.
    """

    best, min_delta, mode = None, 0.0, "auto"

    def keep(self, arguments, **options):
        super().keep(arguments, **options)
        if self.mode not in ("auto", "min", "max"):
            raise ValueError(f"{type(self).__name__}: mode is 'auto', 'min' or 'max', not {self.mode!r}")
        self.on_train_begin()

    def better(self, value, than):
        """Whether a value is better than another; than nothing, any is."""
        sign = 1 if self.mode == "max" else -1
        return than is None or sign * np.float32(value - sign * abs(self.min_delta)) > sign * np.float32(than)

    def _direction(self):
        name = self.monitor.removeprefix("val_")
        metrics = [m for group in self.model.metrics for m in getattr(group, "metrics", [group])]
        known = [m.direction for m in metrics if m.name == name and getattr(m, "direction", None)]
        if not known and name != "loss":
            kind = type(self).__name__
            raise ValueError(f"{kind}: is a higher {self.monitor!r} better or a lower one? Say mode='max' or 'min'")
        return "max" if known and known[-1] == "up" else "min"

    def value(self, logs):
        """The value now; None, with a warning, if it isn't in the logs."""
        self.mode = self._direction() if self.mode == "auto" else self.mode
        if self.monitor not in (logs or {}):
            text = f"{type(self).__name__} watches {self.monitor!r}, which is not available; there are "
            warnings.warn(text + ", ".join(logs or {}), stacklevel=4)
        return (logs or {}).get(self.monitor)

    def say(self, epoch, text):
        """Print it, if anything is to be printed."""
        if self.verbose > 0:
            print(f"\nEpoch {epoch + 1}: {text}")


class EarlyStopping(Monitor):
    """Stop when `monitor` has not improved for `patience` epochs; with `restore_best_weights`, go back to the best.

    Improved means by more than `min_delta`. With a `baseline` patience ends unless that is reached, and the first
    `start_from_epoch` epochs don't count.
    """

    __init__ = takes(monitor="val_loss", min_delta=0, patience=0, verbose=0, mode="auto", baseline=None,
                     restore_best_weights=False, start_from_epoch=0)  # fmt: skip

    def on_train_begin(self, logs=None):
        self.best = self.best_weights = None
        self.wait = self.stopped_epoch = self.best_epoch = 0

    def on_epoch_end(self, epoch, logs=None):
        value = self.value(logs)
        if value is None or epoch < self.start_from_epoch:
            return
        self.wait += 1
        if self.better(value, self.best):
            self.best, self.best_epoch = value, epoch
            self.best_weights = self.model.get_weights() if self.restore_best_weights else None
            if self.baseline is None or self.better(value, self.baseline):
                self.wait = 0
        elif self.wait >= self.patience:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs=None):
        if self.stopped_epoch > 0 and self.verbose > 0:
            print(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.best_weights is not None:
            if self.verbose > 0:
                print(f"Restoring model weights from the end of the best epoch: {self.best_epoch + 1}.")
            self.model.set_weights(self.best_weights)


class ReduceLROnPlateau(Monitor):
    """Times `factor` the learning rate when `monitor` has not improved for `patience` epochs, down to `min_lr`.

    After a reduction `cooldown` epochs don't count.
    """

    __init__ = takes(monitor="val_loss", factor=0.1, patience=10, verbose=0, mode="auto", min_delta=1e-4, cooldown=0,
                     min_lr=0.0)  # fmt: skip

    def keep(self, arguments, **options):
        super().keep(arguments, **options)
        if self.factor >= 1:
            raise ValueError(f"ReduceLROnPlateau: factor must be less than 1 to reduce the rate, got {self.factor}")

    def on_train_begin(self, logs=None):
        self.best, self.wait, self.cooldown_counter = None, 0, 0

    def on_epoch_end(self, epoch, logs=None):
        optimizer = self.model.optimizer
        rate = logs["learning_rate"] = float(optimizer.learning_rate)
        value = self.value(logs)
        if value is None:
            return
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.wait = 0
        if self.better(value, self.best):
            self.best, self.wait = value, 0
        elif self.cooldown_counter == 0:
            self.wait += 1
            if self.wait >= self.patience and rate > np.float32(self.min_lr):
                optimizer.learning_rate = new = max(rate * self.factor, self.min_lr)
                self.cooldown_counter, self.wait = self.cooldown, 0
                self.say(epoch, f"ReduceLROnPlateau reducing learning rate to {new}.")


class ModelCheckpoint(Monitor):
    """Save the weights after each epoch, or every `save_freq` batches; with `save_best_only`, if `monitor` improved.

    The name may hold fields, as in "{epoch:02d}-{val_loss:.2f}.weights.h5"; it ends in .weights.h5, .safetensors or
    .npz. `initial_value_threshold` is what the first must be better than.
    """

    __init__ = takes("filepath", monitor="val_loss", verbose=0, save_best_only=False, save_weights_only=False,
                     mode="auto", save_freq="epoch", initial_value_threshold=None)  # fmt: skip

    def keep(self, arguments, **options):
        super().keep(arguments | {"filepath": os.fspath(arguments["filepath"])}, **options)
        self.best = self.initial_value_threshold
        self.epoch = self._seen = 0
        if not self.save_weights_only or not self.filepath.endswith((".weights.h5", ".safetensors", ".npz")):
            raise ValueError(
                "ModelCheckpoint saves weights, not whole models: write save_weights_only=True and a path that ends in "
                f".weights.h5, .safetensors or .npz; got save_weights_only={self.save_weights_only}, {self.filepath!r}"
            )
        if self.save_freq != "epoch" and not isinstance(self.save_freq, int):
            raise ValueError(f"ModelCheckpoint: save_freq is 'epoch' or a number of batches, got {self.save_freq!r}")

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        self._seen += 1
        if self.save_freq != "epoch" and self._seen >= self.save_freq:
            self._seen = 0
            self._save(logs, batch=batch + 1)

    def on_epoch_end(self, epoch, logs=None):
        if self.save_freq == "epoch":
            self._save(logs)

    def _save(self, logs, **fields):
        fields |= {"epoch": self.epoch + 1} | (logs or {})
        try:
            path = self.filepath.format(**fields)
        except KeyError as error:
            raise KeyError(f"ModelCheckpoint: {self.filepath!r} names {error}; there are {', '.join(fields)}") from None
        said = f"saving model to {path}"
        if self.save_best_only and (value := self.value(logs)) is not None:
            before = "None" if self.best is None else f"{self.best:.5f}"
            if not self.better(value, self.best):
                self.say(self.epoch, f"{self.monitor} did not improve from {before}")
                return
            self.best, said = value, f"{self.monitor} improved from {before} to {value:.5f}, {said}"
        self.say(self.epoch, said)
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        self.model.save_weights(path)
        self.say(self.epoch, f"finished saving model to {path}")
