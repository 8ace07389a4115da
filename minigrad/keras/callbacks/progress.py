"""The progress of fit, evaluate and predict: a bar (`verbose=1`), or a line for each epoch (`verbose=2`)."""

import time

from ...progress import bar
from .base import Callback


class ProgressBar(Callback):
    """Made by `fit` unless `verbose=0`. The bar is tqdm's, in a notebook as elsewhere; without tqdm there are lines.

    Validation inside of `fit` is not shown: `in_fit` says that it is.
    """

    bar, in_fit, done, began, shown = None, False, 0, 0.0, 0.0

    def _start(self, label=""):
        self.bar, self.done, self.began, self.shown = None, 0, time.perf_counter(), -1.0
        if self.params["verbose"] == 1:
            self.bar = bar(total=self.params["steps"], desc=label or None, unit="step")
        if label and self.bar is None:
            print(label)

    def _advance(self, batch, logs=None):
        self.done = batch + 1
        if self.bar is not None:
            if time.perf_counter() - self.shown > 0.1:
                self.bar.set_postfix_str(_text(logs), refresh=False)
                self.shown = time.perf_counter()
            self.bar.update(self.done - self.bar.n)

    def _finish(self, logs=None):
        if self.bar is not None:
            self.bar.set_postfix_str(_text(logs))
            self.bar.close()
        else:
            seconds, steps = time.perf_counter() - self.began, self.params["steps"] or self.done
            pace = f"{seconds:.0f}s - {_duration(seconds / max(self.done, 1))}/step"
            print(f"{self.done}/{steps} - {pace}" + f" - {_text(logs)}" * bool(logs))

    on_train_batch_end, on_predict_begin = _advance, lambda self, logs=None: self._start()

    def on_train_begin(self, logs=None):
        self.in_fit = True

    def on_epoch_begin(self, epoch, logs=None):
        self._start(f"Epoch {epoch + 1}/{self.params['epochs']}" if self.params["epochs"] > 1 else "")

    def on_epoch_end(self, epoch, logs=None):
        self._finish(logs)

    def on_train_end(self, logs=None):
        if self.bar is not None:  # an epoch was interrupted
            self.bar.close()

    def on_test_begin(self, logs=None):
        if not self.in_fit:
            self._start()

    def on_test_batch_end(self, batch, logs=None):
        if not self.in_fit:
            self._advance(batch, logs)

    def on_test_end(self, logs=None):
        if not self.in_fit:
            self._finish(logs)

    def on_predict_batch_end(self, batch, logs=None):
        self._advance(batch)

    def on_predict_end(self, logs=None):
        self._finish()


def _text(logs):
    return " - ".join(f"{name}: {x:.4f}" if x > 1e-3 else f"{name}: {x:.4e}" for name, x in (logs or {}).items())


def _duration(seconds):
    unit, factor = ("s", 1) if seconds >= 1 else ("ms", 1e3) if seconds >= 1e-3 else ("us", 1e6)
    return f"{seconds * factor:.0f}{unit}"
