"""What `compile` was given, put together: one loss of all outputs, and metrics under the names that Keras gives them."""

import numpy as np

from ..tape import raw
from . import losses, metrics
from .layer import flat
from .variable import Array


def by_output(what, given, names, count):
    """A setting for each output, from a list, from a dictionary by name, or from one for all."""
    if isinstance(given, dict):
        if names is None or (wrong := given.keys() - set(names)):
            raise ValueError(f"compile: {what} is given for {sorted(given)}, the outputs are called {names or 'nothing'}"
                             + "".join(f"; {n!r} is none of them" for n in sorted(wrong) if names))  # fmt: skip
        return [given.get(name) for name in names]
    if isinstance(given, list | tuple):
        if len(given) != count:
            raise ValueError(f"compile: {what} has {len(given)} entries, the model {count} outputs; give one for each")
        return list(given)
    return [given] * count


class Losses:
    """The losses of all outputs as one number, their weighted sum; and, of several, a mean of each."""

    def __init__(self, loss, weights, names):
        self.given, self.weights, self.names, self.losses = loss, weights, names, None
        for identifier in flat(loss):
            losses.resolve(identifier)  # unknown names are refused at once
        self.metrics = []

    def build(self, count):
        """Find the loss of each of so many outputs."""
        given = by_output("loss", self.given, self.names, count)
        self.losses = [losses.resolve(identifier) for identifier in given]
        self.weights = by_output("loss_weights", self.weights, self.names, count)
        self.used = [i for i, loss in enumerate(self.losses) if loss is not None]
        if count > 1:
            names = self.names or [getattr(loss, "name", None) for loss in self.losses]
            self.metrics = [metrics.Mean(f"{names[i]}_loss") for i in self.used]

    def __call__(self, y, y_pred, sample_weight=None):
        """The sum over the outputs of loss times loss weight."""
        predictions, targets = outputs_of(y_pred), self._each(y, outputs_of(y_pred), "y")
        if self.losses is None:
            self.build(len(predictions))
        weights = [sample_weight] * len(predictions)
        if isinstance(sample_weight, list | tuple | dict):
            weights = self._each(sample_weight, predictions, "sample_weight")
        total = None
        for place, i in enumerate(self.used):
            loss = self.losses[i](targets[i], predictions[i], weights[i])
            if self.metrics:
                self.metrics[place].update_state(loss, sample_weight=len(predictions[i]))
            loss = loss if self.weights[i] is None else loss * self.weights[i]
            total = loss if total is None else total + loss
        return total

    def _each(self, y, predictions, what):
        if y is None:
            raise ValueError("the loss compares predictions with targets, and there are none: write fit(x, y)")
        y = [y[name] for name in self.names] if isinstance(y, dict) and self.names else y
        y = list(y) if isinstance(y, list | tuple) else [y]
        if len(y) != len(predictions):
            raise ValueError(f"{what} has {len(y)} parts, the model {len(predictions)} outputs")
        return y

    def refuse(self, y, y_pred):
        """Try the extremes of all labels with one prediction: what a loss refuses, it refuses before training."""
        predictions = outputs_of(y_pred)
        if self.losses is None:
            self.build(len(predictions))
        for loss, labels, p in zip(self.losses, self._each(y, predictions, "y"), predictions, strict=True):
            if getattr(loss, "fn", None) in losses.LOSSES.values():
                rows = extremes(raw(labels))
                stand_in = np.broadcast_to(raw(p)[:1], (len(rows), *p.shape[1:]))
                loss(Array.wrap(raw(labels)[rows]), Array.wrap(np.array(stand_in)))


def outputs_of(y_pred):
    """The outputs of a model as a list."""
    return list(y_pred.values()) if isinstance(y_pred, dict) else flat(y_pred)


def extremes(y):
    """The rows with the smallest and the largest number, and one with a fraction, if there is one."""
    rows = y.reshape(len(y), -1)
    places = [rows.argmin(), rows.argmax()]
    if y.dtype.kind == "f":
        places.append((rows % 1 != 0).argmax())
    return np.array([place // rows.shape[1] for place in places])


class Metrics:
    """The metrics of all outputs as one, called compile_metrics as in Keras; the result is a dictionary."""

    name = "compile_metrics"

    def __init__(self, given, weighted, names):
        self.names, self.found, self.given = names, None, {"metrics": given, "weighted_metrics": weighted}
        for what, some in self.given.items():
            if some is not None and not isinstance(some, list | tuple | dict):
                raise ValueError(f"compile: {what} is a list, {what}=[{some!r}], got a {type(some).__name__}")
            for identifier in flat(some or []):
                if identifier is not None:
                    metrics.resolve(identifier)

    def build(self, count):
        """Find the metrics of each of so many outputs, and what they are called in the results."""
        self.found = []
        taken: dict = {}
        for what, given in self.given.items():
            each = [flat(given or [])] if count == 1 else by_output(what, given, self.names, count)
            for i, some in enumerate(each):
                for metric in [metrics.resolve(m) for m in flat(some if some is not None else []) if m is not None]:
                    prefix = f"{self.names[i]}_" if count > 1 and self.names else ""
                    name = prefix + metric.name
                    if name in taken and what == "weighted_metrics":
                        name = f"{prefix}weighted_{metric.name}"
                    taken[name] = taken.get(name, -1) + 1
                    self.found.append((name + f"_{taken[name]}" * (taken[name] > 0), i, metric, what != "metrics"))

    @property
    def metrics(self):
        """All metrics, in order."""
        return [metric for _, _, metric, _ in self.found or ()]

    def update_state(self, y, y_pred, sample_weight=None):
        """Take a batch into account."""
        predictions = outputs_of(y_pred)
        if self.found is None:
            self.build(len(predictions))
        if len(predictions) == 1:
            y, sample_weight = [flat(y)[0]], [flat(sample_weight)[0]]
        y = [y[name] for name in self.names] if isinstance(y, dict) else y
        weights = sample_weight if isinstance(sample_weight, list | tuple) else [sample_weight] * len(predictions)
        for _, i, metric, weighted in self.found:
            if weighted:
                metric.update_state(y[i], predictions[i], sample_weight=weights[i])
            else:
                metric.update_state(y[i], predictions[i])

    def result(self):
        """The results by name."""
        return {name: metric.result() for name, _, metric, _ in self.found or ()}

    def reset_state(self):
        """Begin anew."""
        for metric in self.metrics:
            metric.reset_state()
