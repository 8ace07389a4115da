"""The progress of fit, evaluate and predict: a bar (`verbose=1`), or a line for each epoch (`verbose=2`)."""

import time

from ...progress import bar
from .base import Callback


class ProgressBar(Callback):
    """Made by `fit` unless `verbose=0`. The bar is tqdm's, in a notebook as elsewhere; without tqdm there are lines."""

    def __init__(self):
        self.bar, self.in_fit, self.seen, self.began, self.shown = None, False, 0, 0.0, 0.0

    def on_train_begin(self, logs=None):
        self.in_fit = True

    def on_epoch_begin(self, epoch, logs=None):
        self._start(f"Epoch {epoch + 1}/{self.params['epochs']}" if self.params.get("epochs", 1) > 1 else "")

    def on_test_begin(self, logs=None):
        if not self.in_fit:
            self._start()

    def on_predict_begin(self, logs=None):
        self._start()

    def on_train_batch_end(self, batch, logs=None):
        self.seen = batch + 1
        if self.bar is not None:
            if time.perf_counter() - self.shown > 0.1:
                self.bar.set_postfix_str(_text(logs), refresh=False)
                self.shown = time.perf_counter()
            self.bar.update(self.seen - self.bar.n)

    def on_test_batch_end(self, batch, logs=None):
        if not self.in_fit:
            self.on_train_batch_end(batch, logs)

    def on_predict_batch_end(self, batch, logs=None):
        self.on_train_batch_end(batch)

    def on_epoch_end(self, epoch, logs=None):
        self._finish(logs)

    def on_test_end(self, logs=None):
        if not self.in_fit:
            self._finish(logs)

    def on_predict_end(self, logs=None):
        self._finish()

    def on_train_end(self, logs=None):
        if self.bar is not None:  # an epoch was interrupted
            self.bar.close()

    def _start(self, label=""):
        self.bar, self.seen, self.began, self.shown = None, 0, time.perf_counter(), -1.0
        if self.params["verbose"] in (1, "auto"):
            self.bar = bar(total=self.params.get("steps"), desc=label or None, unit="step")
        if label and self.bar is None:
            print(label)

    def _finish(self, logs=None):
        if self.bar is None:
            seconds = time.perf_counter() - self.began
            print(" - ".join([f"{self.seen}/{self.params.get('steps') or self.seen}", f"{seconds:.0f}s",
                              _duration(seconds / max(self.seen, 1)) + "/step", *_texts(logs)]))  # fmt: skip
        else:
            self.bar.set_postfix_str(_text(logs))
            self.bar.close()
            self.bar = None


def _texts(logs):
    return [f"{name}: {x:.4f}" if x > 1e-3 else f"{name}: {x:.4e}" for name, x in (logs or {}).items()]


def _text(logs):
    return " - ".join(_texts(logs))


def _duration(seconds):
    unit, factor = ("s", 1) if seconds >= 1 else ("ms", 1e3) if seconds >= 1e-3 else ("us", 1e6)
    return f"{seconds * factor:.0f}{unit}"
