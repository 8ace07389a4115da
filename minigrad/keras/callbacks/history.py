"""What `fit` returns: the loss and the metrics of every epoch, and a picture of them."""

from .base import Callback


class History(Callback):
    """What `fit` returns: `history`, a list of the values of each epoch by name, and `epoch`, their numbers."""

    def __init__(self):
        self.history: dict = {}
        self.epoch: list = []
        self._places: dict = {}  # of the values in history: not every fit validates
        self._epochs = 0

    def set_model(self, model):
        super().set_model(model)
        model.history = self

    def on_train_begin(self, logs=None):
        self.epoch = []

    def on_epoch_end(self, epoch, logs=None):
        self.epoch.append(epoch)
        self._epochs += 1
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)
            self._places.setdefault(name, []).append(self._epochs)

    def plot(self):
        """Loss and metrics over the epochs, training and validation; returns the figure of matplotlib.

        In a notebook it is shown where it is the last expression of a cell, in a script by `pyplot.show()`.
        """
        try:
            from matplotlib import pyplot
        except ImportError:
            raise ImportError("a plot needs a package that is not here: pip install matplotlib") from None
        names = sorted((name for name in self.history if name[:4] != "val_"), key=lambda name: name != "loss")
        if not names:
            raise ValueError("there is nothing to plot yet: no epoch of training has ended")
        size = {"figsize": (5 * len(names), 3.5), "layout": "constrained", "squeeze": False}
        figure, axes = pyplot.subplots(1, len(names), **size)
        for axis, name in zip(axes[0], names, strict=True):
            for key, label, style in ((name, "training", "o-"), (f"val_{name}", "validation", "s--")):
                if key in self.history:
                    axis.plot(self._places[key], self.history[key], style, label=label, markersize=4)
            axis.set(xlabel="epoch", ylabel=name, title=name)
            axis.xaxis.get_major_locator().set_params(integer=True)
            axis.grid(alpha=0.3)
            axis.legend()
        if "inline" in pyplot.get_backend():
            pyplot.close(figure)  # or it would be shown twice
        return figure
