"""Training: `compile` says what is to be minimised and how, `fit` does it, `evaluate` and `predict` use the result.

`fit` is a loop over batches around `train_step`, which a class of your own may override. All that can be refused
is refused before a weight changes.
"""

import warnings
from functools import cache
from inspect import signature
from typing import Any

import numpy as np

from ..nests import flat, mapped
from ..spelling import whole
from ..tape import no_grad, sweep
from . import optimizers
from .callbacks import CallbackList
from .callbacks.told import floats
from .compiled import Losses, Metrics
from .feeding import Batches, as_arrays, is_stream, split, unpack
from .layer import Layer

_takes_training = cache(lambda compute_loss: "training" in signature(compute_loss).parameters)


class Trainer(Layer):
    """The part of a model that trains it."""

    compiled = stop_training = False
    optimizer: Any = None
    loss: Any = None
    history: Any = None
    _goal: Losses | None = None  # what compile was given
    _watched: Any = None

    def compile(self, optimizer="rmsprop", loss=None, loss_weights=None, metrics=None, run_eagerly=False,
                steps_per_execution=1, jit_compile="auto"):  # fmt: skip
        """Say how to train: an optimizer, a loss to minimise, metrics to watch, by name or as objects.

        `run_eagerly`, `steps_per_execution` and `jit_compile` change how Keras computes, and nothing here.
        """
        names = getattr(self, "output_names", None)
        goal, watched = None if loss is None else Losses(loss, loss_weights, names), Metrics(metrics, names)
        vars(self).update(optimizer=optimizers.get(optimizer), loss=loss, _goal=goal, _watched=watched)
        vars(self).update(compiled=True, stop_training=False)

    def _compiled_for(self, what):
        if not self.compiled:
            remedy = "model.compile(optimizer='adam', loss='mse'), with a loss that fits the data"
            raise ValueError(f"{what}: the model is not compiled; first write {remedy}")

    # ------------------------------------------------------------ metrics

    @property
    def metrics(self):
        """The mean of the loss, what `compile` was given, and metrics among attributes of the model and its layers."""
        mine = [self._watched.loss, *[self._watched] * self._watched.asked] if self._watched else []
        return [*mine, *(self._goal.metrics if self._goal else ()), *self._inside()[2]]

    @property
    def metrics_names(self):
        """The names of the metrics."""
        return [metric.name for metric in self.metrics]

    def reset_metrics(self):
        """Begin to measure anew; done before every epoch."""
        for metric in self.metrics:
            metric.reset_state()

    def get_metrics_result(self):
        """The metrics now, by name."""
        results: dict = {}
        for metric in self.metrics:
            result = metric.result()
            results |= result if isinstance(result, dict) else {metric.name: result}
        return results

    # ------------------------------------------------------------ a step, to be overridden

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """What is minimised: the loss of `compile`, and what regularizers and `add_loss` add."""
        losses = [] if self._goal is None else [self._goal(y, y_pred, sample_weight)]
        losses += [loss.sum() for loss in self.losses]
        if not losses:
            raise ValueError("there is no loss to compute: give one to compile(loss=...), or add_loss in a layer")
        return sum(losses[1:], losses[0])

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        """Let the metrics see a batch; returns all results by name."""
        if self._watched and self._watched.asked:
            self._watched.update_state(y, y_pred)
        return self.get_metrics_result()

    def _predictions(self, x, training):
        """The outputs; as in Keras a `call` without an argument `training` isn't told, nor are the layers inside."""
        return self(x, training=training) if self.told is not None else self(x)

    def _assess(self, data, training):
        """Predictions and loss of a batch, noted by the metrics."""
        x, y, sample_weight = unpack(data)
        y_pred = self._predictions(x, training)
        more = {"training": training} if _takes_training(type(self).compute_loss) else {}
        loss = self.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, **more)
        self._watched.loss.update_state(loss, sample_weight=len(flat(x)[0]))
        return loss, self.compute_metrics(x, y, y_pred, sample_weight=sample_weight)

    def train_step(self, data):
        """Learn from one batch `(x, y, sample_weight)`; returns the metrics by name."""
        loss, logs = self._assess(data, True)
        weights = self.trainable_weights
        if not weights:
            warnings.warn("the model has no trainable weights: nothing is learned", stacklevel=2)
            return logs
        if loss.value.size != 1:
            raise ValueError(f"the loss must be one number, got shape {loss.shape}; its reduction must not be None")
        found = sweep([loss], [np.ones_like(loss.value)], weights) if loss.requires_grad else {}
        self.optimizer.apply_gradients([(found.get(w), w) for w in weights])
        return logs

    def test_step(self, data):
        """Measure on one batch; returns the metrics by name."""
        return self._assess(data, False)[1]

    def predict_step(self, data):
        """The predictions for one batch."""
        return self._predictions(unpack(data)[0], False)

    # ------------------------------------------------------------ fit, evaluate, predict

    def fit(self, x=None, y=None, batch_size=None, epochs=1, verbose="auto", callbacks=None, validation_split=0.0,
            validation_data=None, shuffle=True, class_weight=None, sample_weight=None, initial_epoch=0,
            steps_per_epoch=None, validation_steps=None, validation_batch_size=None):  # fmt: skip
        """Train for so many epochs; returns a History, whose `history` has loss and metrics of each.

        `x` and `y` are arrays with a sample in each row, or `x` gives batches: a loader, data set or generator.
        """
        self._compiled_for("fit")
        if validation_split and validation_data is None:
            (x, y, sample_weight), validation_data = split((x, y, sample_weight), validation_split)
        batches = self._fed((x, y, sample_weight), batch_size, steps_per_epoch, class_weight, shuffle)
        held_out = None
        if validation_data is not None:
            parts = (validation_data,) if is_stream(validation_data) else unpack(validation_data)
            held_out = self._fed(parts, validation_batch_size or batch_size, validation_steps)
        told = self._told(callbacks, verbose, True, epochs=epochs, steps=batches.steps)
        epochs, initial_epoch = whole("epochs", epochs, 0), whole("initial_epoch", initial_epoch, 0)
        self.stop_training = False
        told.on_train_begin()
        logs: dict
        for epoch in range(initial_epoch, epochs):
            self.reset_metrics()
            told.on_epoch_begin(epoch)
            logs = {}
            for step, batch in enumerate(batches):
                told.on_train_batch_begin(step)
                logs = self.train_step(batch)
                told.on_train_batch_end(step, logs)
                if self.stop_training:
                    break
            if held_out is not None:
                logs = logs | {f"val_{name}": value for name, value in self._measure(held_out, told).items()}
            told.on_epoch_end(epoch, logs)
            if self.stop_training:
                break
        told.on_train_end(logs)
        return self.history

    def evaluate(self, x=None, y=None, batch_size=None, verbose="auto", sample_weight=None, steps=None, callbacks=None,
                 return_dict=False):  # fmt: skip
        """The loss and the metrics on data, in a list; with `return_dict=True` by name."""
        self._compiled_for("evaluate")
        batches = self._fed((x, y, sample_weight), batch_size, steps)
        return self._given_out(self._measure(batches, self._told(callbacks, verbose, steps=batches.steps)), return_dict)

    @no_grad()
    def _measure(self, batches, told):
        """The loss and the metrics on all batches, as floats by name."""
        batches.running = None  # from the first batch on, each time
        told.on_test_begin()
        self.reset_metrics()
        logs: dict = {}
        for step, batch in enumerate(batches):
            told.on_test_batch_begin(step)
            logs = self.test_step(batch)
            told.on_test_batch_end(step, logs)
        told.on_test_end(logs)
        return floats(logs)

    @no_grad()
    def predict(self, x, batch_size=None, verbose="auto", steps=None, callbacks=None):
        """The outputs for all samples, as NumPy arrays."""
        batches, found = Batches((x,), batch_size, steps, nan=True), []
        told = self._told(callbacks, verbose, steps=batches.steps)
        told.on_predict_begin()
        for step, batch in enumerate(batches):
            told.on_predict_batch_begin(step)
            found.append(self.predict_step(batch))
            told.on_predict_batch_end(step, {"outputs": found[-1]})
        told.on_predict_end()
        if not found:
            raise ValueError("predict: there was no batch to predict from")
        parts = zip(*map(flat, found), strict=True)
        columns = iter([np.concatenate([y.detach().cpu().value for y in part]) for part in parts])
        return mapped(lambda _: next(columns), found[0])

    def train_on_batch(self, x, y=None, sample_weight=None, class_weight=None, return_dict=False):
        """Learn from one batch; returns its loss and metrics."""
        return self._on_batch("train_on_batch", self.train_step, (x, y, sample_weight), return_dict, class_weight)

    @no_grad()
    def test_on_batch(self, x, y=None, sample_weight=None, return_dict=False):
        """Loss and metrics of one batch."""
        return self._on_batch("test_on_batch", self.test_step, (x, y, sample_weight), return_dict)

    def _on_batch(self, what, step, data, return_dict, class_weight=None):
        self._compiled_for(what)
        batches = self._fed(data, max(len(flat(as_arrays("x", data[0]))[0]), 1), None, class_weight)
        self.reset_metrics()
        return self._given_out(floats(step(next(iter(batches)))), return_dict)

    @no_grad()
    def predict_on_batch(self, x):
        """The outputs for one batch, as NumPy arrays."""
        return mapped(lambda y: y.numpy(), self.predict_step(as_arrays("x", x)))

    # ------------------------------------------------------------ what these share

    def _fed(self, data, batch_size, steps, class_weight=None, shuffle=False):
        """Data as batches, which model and loss have seen: what they refuse is refused before anything changes."""
        batches = Batches(data, batch_size, steps, class_weight, shuffle)
        if batches.arrays is not None and type(self).train_step is Trainer.train_step:
            x, y, _ = batches.arrays
            with self._trial(), warnings.catch_warnings():
                warnings.simplefilter("ignore")  # what there is to warn of, training will
                y_pred = self(mapped(lambda a: a[: batches.source.batch_size], x), training=False)
                if self._goal is not None:
                    self._goal.refuse(y, y_pred)
        return batches

    def _told(self, callbacks, verbose, history=False, **params):
        if verbose not in ("auto", 0, 1, 2):
            raise ValueError(f"verbose must be 'auto', 0, 1 or 2, got {verbose!r}")
        params = {"epochs": 1, "verbose": 1 if verbose == "auto" else int(verbose)} | params
        return CallbackList(callbacks, history, verbose != 0, self, **params)

    def _given_out(self, logs, by_name):
        """The results by name, or in Keras's order: the loss, the metrics, the losses of the outputs, other things."""
        if by_name:
            return logs
        names = [m.name for part in self.metrics for m in (part.metrics if isinstance(part, Metrics) else [part])]
        values = [logs[name] for name in [*names, *sorted(logs.keys() - set(names))] if name in logs]
        return values[0] if len(values) == 1 else values
