"""What `compile` was given: one loss of all outputs, and their metrics under the names that Keras gives them."""

from collections import Counter

import numpy as np

from ..nests import flat
from ..tape import raw
from . import losses, metrics
from .variable import Array


def by_output(what, given, names, count):
    """A setting for each output, from a list, from a dictionary by name, or from one for all."""
    if isinstance(given, dict):
        if wrong := sorted(given.keys() - set(names or ())):
            raise ValueError(f"compile: {what} is given for {wrong[0]!r}; the outputs are called {names}")
        return [given.get(name) for name in names]
    if isinstance(given, list | tuple):
        if len(given) != count:
            raise ValueError(f"compile: {what} has {len(given)} entries, the model {count} outputs; give one for each")
        return list(given)
    return [given] * count


def parts_of(what, y, names, count):
    """Targets, or weights, as a list with a part for each output."""
    if isinstance(y, dict):
        if y.keys() != set(names or ()):
            raise ValueError(f"{what} has parts for {sorted(y)}, the outputs are called {names}")
        y = [y[name] for name in names]
    y = list(y) if isinstance(y, list | tuple) else [y]
    if len(y) != count:
        raise ValueError(f"{what} has {len(y)} parts, the model {count} outputs")
    return y


def outputs_of(y_pred):
    """The outputs of a model as a list."""
    return list(y_pred.values()) if isinstance(y_pred, dict) else flat(y_pred)


class Losses:
    """The losses of all outputs as one number, their weighted sum; and, of several, a mean of each."""

    def __init__(self, loss, weights, names):
        self.given, self.weights, self.names = loss, weights, names
        self.found: list | None = None
        self.metrics: list[metrics.Mean] = []
        for identifier in flat(loss):
            losses.resolve(identifier)  # unknown names are refused at once

    def build(self, count):
        """The number of each output that has a loss, the loss, and its weight."""
        if self.found is None:
            found = [losses.resolve(identifier) for identifier in by_output("loss", self.given, self.names, count)]
            weights = by_output("loss_weights", self.weights, self.names, count)
            self.found = [(i, loss, weights[i]) for i, loss in enumerate(found) if loss is not None]
            if len(self.found) > 1:
                names = self.names or [getattr(loss, "name", None) for loss in found]
                self.metrics = [metrics.Mean(f"{names[i]}_loss") for i, _, _ in self.found]
        return self.found

    def __call__(self, y, y_pred, sample_weight=None):
        """The sum over the outputs of loss times loss weight."""
        parts, predictions, targets = [], outputs_of(y_pred), self._targets(y, y_pred)
        several = isinstance(sample_weight, list | tuple | dict)  # or one array counts for all
        weights = parts_of("sample_weight", sample_weight, self.names, len(predictions)) if several else None
        for place, (i, loss_of, weight) in enumerate(self.build(len(predictions))):
            loss = loss_of(targets[i], predictions[i], weights[i] if weights else sample_weight)
            if self.metrics:
                self.metrics[place].update_state(loss)  # every batch counts the same here, as in Keras on TensorFlow
            parts.append(loss if weight is None else loss * weight)
        return sum(parts[1:], parts[0])

    def _targets(self, y, y_pred):
        if y is None:
            raise ValueError("the loss compares predictions with targets, and there are none: write fit(x, y)")
        return parts_of("y", y, self.names, len(outputs_of(y_pred)))

    def refuse(self, y, y_pred):
        """Try the extremes of all labels with one prediction: what a loss refuses, it refuses before training."""
        predictions, targets = outputs_of(y_pred), self._targets(y, y_pred)
        for i, loss, _ in self.build(len(predictions)):
            if getattr(loss, "fn", None) in losses.LOSSES.values():
                labels, p = raw(targets[i]), raw(predictions[i])
                rows = extremes(labels)
                loss(Array.wrap(labels[rows]), Array.wrap(p[:1].repeat(len(rows), 0)))


def extremes(y):
    """The numbers of the rows with the smallest and the largest number, and of one with a fraction, if there is one."""
    rows = y.reshape(len(y), -1)
    fraction = [(rows % 1 != 0).argmax()] * (y.dtype.kind == "f")
    return np.array([rows.argmin(), rows.argmax(), *fraction]) // rows.shape[1]


class Metrics:
    """The metrics of all outputs as one, called compile_metrics as in Keras; and beside them the mean of the loss."""

    name = "compile_metrics"

    def __init__(self, given, names):
        self.given, self.names, self.asked = given or [], names, given is not None
        self.loss = metrics.Mean("loss")
        self.found: dict | None = None
        if not isinstance(self.given, list | tuple | dict):
            kind = type(given).__name__
            raise ValueError(f"compile: metrics is a list, metrics=[{given!r}], got a {kind}")
        for identifier in flat(self.given):
            metrics.get(identifier)  # unknown names are refused at once

    def build(self, count):
        """What each metric is called in the results: the number of its output, and the metric."""
        if self.found is None:
            self.found, taken = {}, Counter[str]()
            each = [self.given] if count == 1 else by_output("metrics", self.given or None, self.names, count)
            for i, identifier in [(i, x) for i, some in enumerate(each) for x in flat(some) if x is not None]:
                metric = metrics.resolve(identifier)
                name = metric.name if count == 1 or not self.names else f"{self.names[i]}_{metric.name}"
                self.found[f"{name}_{taken[name]}" if taken[name] else name] = i, metric
                taken[name] += 1
        return self.found

    @property
    def metrics(self):
        """All metrics, in order."""
        return [metric for _, metric in (self.found or {}).values()]

    def update_state(self, y, y_pred):
        """Take a batch into account."""
        predictions = outputs_of(y_pred)
        y = parts_of("y", y, self.names, len(predictions))
        for i, metric in self.build(len(predictions)).values():
            metric.update_state(y[i], predictions[i])

    def result(self):
        """The results by name."""
        return {name: metric.result() for name, (_, metric) in (self.found or {}).items()}

    def reset_state(self):
        """Begin anew."""
        for metric in self.metrics:
            metric.reset_state()
