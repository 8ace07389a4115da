"""The callback that writes what TensorBoard shows, through the `tensorboard` package and without TensorFlow."""

import itertools
import os
import socket
import time

from ...tape import raw
from .base import Callback

_files = itertools.count()


class Events:
    """A file of events in a folder, which TensorBoard reads while it is written."""

    def __init__(self, folder):
        try:
            from tensorboard.compat.proto.event_pb2 import Event
            from tensorboard.plugins.histogram.summary_v2 import histogram_pb
            from tensorboard.plugins.scalar.summary_v2 import scalar_pb
            from tensorboard.summary.writer.record_writer import RecordWriter
        except ImportError as error:
            raise ImportError(f"event files need a package, pip install tensorboard: {error}") from None
        self.event, self.scalar_pb, self.histogram_pb = Event, scalar_pb, histogram_pb
        os.makedirs(folder, exist_ok=True)
        name = f"events.out.tfevents.{time.time():.0f}.{socket.gethostname()}.{os.getpid()}.{next(_files)}.v2"
        self.file = open(os.path.join(folder, name), "wb")  # noqa: SIM115 (until training ends)
        self.writer = RecordWriter(self.file)
        self._write(file_version="brain.Event:2")

    def scalar(self, name, value, step):
        """A number."""
        self._write(summary=self.scalar_pb(name, value), step=step)

    def histogram(self, name, values, step):
        """The distribution of many numbers."""
        self._write(summary=self.histogram_pb(name, values), step=step)

    def _write(self, **what):
        self.writer.write(self.event(wall_time=time.time(), **what).SerializeToString())


class TensorBoard(Callback):
    """Write loss and metrics of each epoch, under `train` and `validation` in `log_dir`.

    Look at them with `tensorboard --logdir logs`. Every `histogram_freq` epochs the weights are drawn; graphs, images,
    embeddings and profiles aren't.
    """

    def __init__(self, log_dir="logs", histogram_freq=0, write_graph=True, **other):
        for option, value in other.items():
            if value not in (0, None, "epoch"):
                raise NotImplementedError(f"TensorBoard: {option}={value!r} is not covered")
        self.log_dir, self.histogram_freq, self.events = os.fspath(log_dir), histogram_freq, {}

    def _events(self, run):
        if run not in self.events:
            self.events[run] = Events(os.path.join(self.log_dir, run))
        return self.events[run]

    def on_train_begin(self, logs=None):
        self._events("train")

    def on_test_end(self, logs=None):
        for name, value in (logs or {}).items():
            step = int(self.model.optimizer.iterations)
            self._events("validation").scalar(f"evaluation_{name}_vs_iterations", value, step)

    def on_epoch_end(self, epoch, logs=None):
        for name, value in (logs | {"learning_rate": float(self.model.optimizer.learning_rate)}).items():
            run = "validation" if name.startswith("val_") else "train"
            self._events(run).scalar(f"epoch_{name.removeprefix('val_')}", value, epoch)
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            for weight in [weight for layer in self.model.layers for weight in layer.weights]:
                self._events("train").histogram(f"{weight.path}/histogram", raw(weight), epoch)
        for events in self.events.values():
            events.file.flush()

    def on_train_end(self, logs=None):
        for events in self.events.values():
            events.file.close()
        self.events = {}
