"""Callbacks decide as Keras's do, on the same logs; what they write is read by real readers."""

import csv
import io
import json
import re
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minigrad import keras
from minigrad.keras import callbacks, metrics, optimizers
from minigrad.keras.callbacks import Callback, CallbackList, History, TensorBoard, progress
from minigrad.keras.callbacks.base import HOOKS
from minigrad.keras.variable import Variable

# Keras reads its own variables in a way that NumPy 2 warns of.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")


class FakeModel:
    """What callbacks see of a model: `said` is a list of what was done to it."""

    def __init__(self, kit=None):
        names = ["BinaryAccuracy", "MeanSquaredError"]
        home, source = (metrics, optimizers) if kit is None else (kit.metrics, kit.optimizers)
        found = [getattr(home, name)() for name in names]
        self.metrics = found if kit is None else [kit.src.trainers.compile_utils.MetricsList(found)]
        self.optimizer = source.SGD(0.5)
        self.stop_training, self.said, self.layers = False, [], []

    def get_weights(self):
        return len(self.said)

    def set_weights(self, weights):
        self.said.append(("set", weights))

    def save_weights(self, path, overwrite=True):
        self.said.append(("saved", str(path)))


def fit(model, callback, epochs, batches=3):
    """What fit does with one callback; returns what could be seen of it after each epoch."""
    seen = []
    callback.set_model(model)
    callback.on_train_begin({})
    for epoch, logs in enumerate(epochs):
        logs = dict(logs)
        model.said.append(epoch)
        callback.on_epoch_begin(epoch, logs={})
        for batch in range(batches):
            callback.on_train_batch_begin(batch, {})
            callback.on_train_batch_end(batch, {"loss": logs.get("loss", 0.5) + batch})
        callback.on_epoch_end(epoch, logs=logs)
        state = {name: getattr(callback, name, None) for name in ("best", "wait", "cooldown_counter", "best_epoch")}
        seen.append((state, float(model.optimizer.learning_rate), model.stop_training, logs))
        if model.stop_training:
            break
    callback.on_train_end({})
    return seen, model.said


def compared(real, capsys, name, options, epochs):
    """Run both on the same logs, and compare all that can be seen, what is printed too."""
    found = []
    for home, kit in ((callbacks, None), (real.callbacks, real)):
        found.append((fit(FakeModel(kit), getattr(home, name)(**options), epochs), capsys.readouterr().out))
    assert found[0] == found[1]


numbers = st.sampled_from([0.1, 0.2, 0.30000001, 0.3, 0.31, 0.5, 1.0, 2.0, float("nan")]) | st.floats(0, 1, width=32)
rows = st.lists(st.tuples(numbers, numbers), min_size=1, max_size=12)
monitors = st.sampled_from(
    [("loss", "auto"), ("val_loss", "min"), ("val_loss", "max"), ("val_binary_accuracy", "auto")]
)


def logs_of(rows, monitor):
    """Logs of epochs; nan is left away sometimes, as equal sequences are to be compared."""
    return [{"loss": a, monitor: b} if a == a and b == b else {"loss": 0.7, monitor: 0.7} for a, b in rows]


@pytest.mark.filterwarnings("ignore:.*not available:UserWarning")
@settings(max_examples=60)
@given(rows, monitors, st.sampled_from([0, 0.01, 0.1]), st.integers(0, 3), st.sampled_from([None, 0.3]), st.booleans(),
       st.integers(0, 3))  # fmt: skip
def test_early_stopping(real, rows, monitor, min_delta, patience, baseline, restore, start):
    """Best, wait, the epoch of the end and the weights restored; what is printed."""
    options = {"monitor": monitor[0], "mode": monitor[1], "min_delta": min_delta, "patience": patience, "verbose": 1}
    options |= {"baseline": baseline, "restore_best_weights": restore, "start_from_epoch": start}
    compared(real, Captured(), "EarlyStopping", options, logs_of(rows, monitor[0]))


@settings(max_examples=60)
@given(rows, monitors, st.sampled_from([0.1, 0.5]), st.integers(0, 3), st.integers(0, 3), st.sampled_from([0, 0.1]))
def test_reduce_lr_on_plateau(real, rows, monitor, factor, patience, cooldown, min_lr):
    """The learning rate, and the rate in the logs."""
    options = {"monitor": monitor[0], "mode": monitor[1], "factor": factor, "patience": patience, "verbose": 1}
    options |= {"cooldown": cooldown, "min_lr": min_lr, "min_delta": 0.01}
    compared(real, Captured(), "ReduceLROnPlateau", options, logs_of(rows, monitor[0]))


@settings(max_examples=60)
@given(rows, monitors, st.booleans(), st.sampled_from(["epoch", 1, 2, 4, 7]), st.sampled_from([None, 0.4]))
def test_model_checkpoint(real, tmp_path_factory, rows, monitor, best, save_freq, threshold):
    """Which files are written, with which names."""
    fields = "{epoch:02d}-{loss:.2f}" if save_freq == "epoch" else "{epoch}-{batch}-{loss:.3f}"
    path = str(tmp_path_factory.getbasetemp() / "deep" / (fields + ".weights.h5"))
    options = {"filepath": path, "monitor": monitor[0], "mode": monitor[1], "save_best_only": best, "verbose": 1}
    options |= {"save_freq": save_freq, "save_weights_only": True, "initial_value_threshold": threshold}
    if save_freq != "epoch" and best:
        return  # Keras looks for the monitor before it knows what is better
    compared(real, Captured(), "ModelCheckpoint", options, logs_of(rows, monitor[0]))


class Captured:
    """Standard output, for tests that Hypothesis runs many times with one fixture."""

    def __init__(self):
        self.text = sys.stdout = io.StringIO()

    def readouterr(self):
        """Like capsys."""
        text = self.text.getvalue()
        self.text.truncate(self.text.seek(0))
        return type("Out", (), {"out": text})


@pytest.fixture(autouse=True)
def _stdout():
    before = sys.stdout
    yield
    sys.stdout = before


SCHEDULES = [lambda epoch, lr: lr * 0.5, lambda epoch: 0.1 / (1 + epoch), lambda epoch, lr: np.float32(0.25)]


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_learning_rate_scheduler(real, capsys, schedule):
    """The rate of each epoch, also in the logs."""
    compared(real, capsys, "LearningRateScheduler", {"schedule": schedule, "verbose": 1}, [{"loss": 1.0}] * 4)


def test_lambda_callback_and_terminate_on_nan(real, capsys):
    """Functions as hooks, and the end of a training that diverged."""
    epochs = [{"loss": 1.0}, {"loss": float("inf")}, {"loss": 1.0}]
    options = {"on_epoch_end": lambda epoch, logs: print(epoch, logs), "on_train_begin": lambda logs: print("begin")}
    options |= {"on_train_batch_end": lambda batch, logs: print(batch, sorted(logs)), "on_train_end": None}
    compared(real, capsys, "LambdaCallback", options, epochs)
    compared(real, capsys, "TerminateOnNaN", {}, epochs)


def test_csv_logger(real, tmp_path):
    """The same bytes, with and without validation, appended or begun anew."""
    for first, second in [
        ({"loss": 1.5, "val_loss": 2.0}, {"loss": 0.5}),
        ({"loss": 1.5}, {"loss": 1.0, "val_loss": 2.0}),
    ]:
        for options in ({}, {"separator": ";"}, {"append": True}):
            texts = []
            for home, kit in ((callbacks, None), (real.callbacks, real)):
                path = tmp_path / f"{home.__name__}{len(first)}{options}.csv"
                for _ in range(2):
                    fit(FakeModel(kit), home.CSVLogger(path, **options), [first, second])
                texts.append(path.read_bytes())
            assert texts[0] == texts[1]
    with path.open() as file:
        assert next(csv.DictReader(file))["loss"] == "1.5"


# ---------------------------------------------------------------- what watches, when it can't


def test_direction_of_a_monitor(real):
    """A metric that says nothing, a monitor that isn't in the logs: as in Keras, in words."""
    for home, kit in ((callbacks, None), (real.callbacks, real)):
        with pytest.raises(ValueError, match="mode='max'"):
            fit(FakeModel(kit), home.EarlyStopping(monitor="my_own"), [{"my_own": 1.0}])
        for kind in (home.EarlyStopping, home.ReduceLROnPlateau):
            with pytest.warns(UserWarning, match=r"val_loss.* not available"):
                fit(FakeModel(kit), kind(), [{"loss": 1.0}])


WRONG = [
    (lambda: callbacks.ModelCheckpoint("model.keras"), "saves weights, not whole models: write save_weights_only=True"),
    (lambda: callbacks.ModelCheckpoint("model.h5", save_weights_only=True), r"ends in \.weights\.h5"),
    (lambda: callbacks.ModelCheckpoint("a.npz", save_weights_only=True, save_freq="batch"), "'epoch' or a number of"),
    (lambda: fit(FakeModel(), callbacks.ModelCheckpoint("{acc}.npz", save_weights_only=True, monitor="loss"),
                 [{"loss": 1.0}]), "names 'acc'; there are epoch, loss"),
    (lambda: callbacks.ReduceLROnPlateau(factor=1.0), "factor must be less than 1"),
    (lambda: callbacks.LambdaCallback(on_epoch=print), "no hook 'on_epoch'; there are on_epoch_begin"),
    (lambda: fit(FakeModel(), callbacks.LearningRateScheduler(lambda epoch: 1), [{}]), "must return a float"),
    (lambda: TensorBoard(write_images=True), "write_images=True is not covered"),
    (lambda: TensorBoard(update_freq="batch"), "update_freq='batch' is not covered"),
    (lambda: callbacks.EarlyStopping(mode="least"), "mode is 'auto', 'min' or 'max', not 'least'"),
    (lambda: callbacks.EarlyStopping(patients=3), "no argument 'patients'; did you mean 'patience'"),
    (lambda: CallbackList([callbacks.EarlyStopping]), r"got the class EarlyStopping; write EarlyStopping\(\)"),
    (lambda: CallbackList(print), "must be keras.callbacks.Callback objects"),
    (lambda: callbacks.BackupAndRestore, "keras.callbacks.BackupAndRestore is not covered"),
    (lambda: History().plot(), "nothing to plot yet"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "message"), WRONG)
def test_errors_say_what_to_write(call, message):
    """At construction where that is possible."""
    with pytest.raises((ValueError, TypeError, KeyError, AttributeError, NotImplementedError), match=message):
        call()


# ---------------------------------------------------------------- in fit


def trained(k, folder):
    """What comes out of a training with many callbacks; the same program for both."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 6)).astype("float32")
    y = (x[:, 0] * x[:, 1] > 0).astype("float32")
    model = k.Sequential(
        [k.Input((6,)), k.layers.Dense(16, activation="relu"), k.layers.Dense(1, activation="sigmoid")]
    )
    model.set_weights([(rng.normal(size=w.shape) * 0.4).astype("float32") for w in model.get_weights()])
    model.compile(k.optimizers.Adam(0.2), "binary_crossentropy", metrics=["accuracy", "mae"])
    stopping = k.callbacks.EarlyStopping(monitor="val_accuracy", patience=3, restore_best_weights=True)
    more = [
        k.callbacks.ReduceLROnPlateau(patience=1, factor=0.5, min_delta=0.02),
        k.callbacks.CSVLogger(str(folder / "log.csv")),
        k.callbacks.ModelCheckpoint(
            str(folder / "{epoch:02d}.weights.h5"), save_best_only=True, save_weights_only=True
        ),
    ]
    fitting = {"validation_split": 0.25, "epochs": 30, "shuffle": False, "verbose": 0}
    history = model.fit(x, y, callbacks=[stopping, *more], **fitting)
    files = sorted(path.name for path in folder.iterdir())
    rows = list(csv.reader((folder / "log.csv").read_text().splitlines()))
    return history.history, history.epoch, stopping.best_epoch, files, rows, model.get_weights()


def test_the_same_training(real, tmp_path_factory):
    """Epochs, history, learning rates, files and the weights restored are those of Keras's."""
    ours, theirs = (trained(k, tmp_path_factory.mktemp("run")) for k in (keras, real))
    assert ours[1:4] == theirs[1:4]
    assert ours[1][-1] < 29  # it did stop early
    assert len(set(ours[0]["learning_rate"])) > 1  # and reduced the rate
    assert list(ours[0]) == list(theirs[0])
    for name, values in theirs[0].items():
        np.testing.assert_allclose(ours[0][name], values, 1e-3, 1e-5, err_msg=name)
    assert ours[4][0] == theirs[4][0]
    np.testing.assert_allclose(np.array(ours[4][1:], float), np.array(theirs[4][1:], float), 1e-3, 1e-5)
    for mine, expected in zip(ours[5], theirs[5], strict=True):
        np.testing.assert_allclose(mine, expected, 1e-2, 1e-4)


# ---------------------------------------------------------------- the list of them


def test_hooks_reach_those_that_listen(real):
    """In order, with logs sorted and as floats; old names of the hooks of batches too."""

    def record(base):
        class Recorder(base):
            def __init__(self):
                super().__init__()
                self.heard = []

        def hook(name):
            return lambda self, *args, **logs: self.heard.append((name, *args, *logs.values()))

        for name in HOOKS:
            if name != "on_train_batch_end":
                setattr(Recorder, name, hook(name))
        return Recorder()

    heard = []
    for home in (callbacks, real.callbacks):
        recorder = record(home.Callback)
        told = home.CallbackList([recorder], model=FakeModel(), epochs=1, steps=2, verbose=0)
        logs = {"loss": np.float32(0.5), "more": {"b": 2, "a": 3}, "acc": 1}
        told.on_train_begin()
        told.on_epoch_begin(0)
        told.on_train_batch_begin(0)
        told.on_train_batch_end(0, logs)
        told.on_test_begin()
        told.on_test_batch_end(3, logs)
        told.on_test_end(logs)
        told.on_epoch_end(0, logs)
        told.on_predict_begin()
        told.on_predict_batch_end(0, {"outputs": "y"})
        told.on_predict_end()
        told.on_train_end(logs)
        heard.append([(name, *(list(x.items()) if isinstance(x, dict) else x for x in args))
                      for name, *args in recorder.heard])  # fmt: skip
        assert recorder.params == {"epochs": 1, "steps": 2, "verbose": 0}
    assert heard[0] == heard[1]


def test_nobody_listens():
    """Then logs need not even be computed."""
    told = CallbackList([Callback(), History()])
    assert not told.listening["on_train_batch_end"]
    told.on_train_batch_end(0, {"loss": object()})
    assert CallbackList([callbacks.TerminateOnNaN()]).listening["on_train_batch_end"]
    assert CallbackList([callbacks.LambdaCallback(on_train_batch_end=print)]).listening["on_train_batch_end"]


def test_history():
    """The values of each epoch by name, those that callbacks add included; one history over several fits."""
    model = FakeModel()
    told = CallbackList([callbacks.LearningRateScheduler(lambda epoch: 0.25)], add_history=True, model=model)
    for _ in range(2):
        told.on_train_begin()
        for epoch in range(2):
            told.on_epoch_begin(epoch)
            told.on_epoch_end(epoch, {"loss": 1.0 - epoch, "acc": np.float32(0.5)})
    assert model.history.history == {"acc": [0.5] * 4, "loss": [1.0, 0.0] * 2, "learning_rate": [0.25] * 4}
    assert model.history.epoch == [0, 1]


def test_history_plot():
    """A picture for the loss and for each metric, training and validation in each."""
    pyplot = pytest.importorskip("matplotlib.pyplot", reason="matplotlib not installed: pip install matplotlib")
    history = History()
    history.on_train_begin()
    for epoch in range(4):
        logs = {"acc": epoch / 4, "loss": 1 - epoch / 4}
        history.on_epoch_end(epoch, logs | ({"val_loss": 1.0} if epoch % 2 else {}))
    figure = history.plot()
    assert [axis.get_title() for axis in figure.axes] == ["loss", "acc"]
    lines = {line.get_label(): line.get_xydata().tolist() for line in figure.axes[0].lines}
    assert lines == {"training": [[1, 1], [2, 0.75], [3, 0.5], [4, 0.25]], "validation": [[2, 1], [4, 1]]}
    assert [line.get_label() for line in figure.axes[1].lines] == ["training"]
    pyplot.close(figure)


# ---------------------------------------------------------------- progress


def progress_of(real_or_ours, verbose, epochs, steps):
    """What fit, evaluate and predict tell the progress bar."""
    kind = getattr(real_or_ours, "ProgressBar", None) or real_or_ours.ProgbarLogger
    bar = kind()
    bar.set_params({"verbose": verbose, "epochs": epochs, "steps": steps})
    bar.on_train_begin()
    for epoch in range(epochs):
        bar.on_epoch_begin(epoch)
        for batch in range(3):
            bar.on_train_batch_end(batch, {"loss": 2.0})
        bar.on_test_begin()
        bar.on_test_batch_end(0, {"loss": 7.0})
        bar.on_test_end({"loss": 7.0})
        bar.on_epoch_end(epoch, {"acc": 0.5, "loss": 0.0001, "val_loss": 1.0})
    bar.on_train_end()
    for what in ("test", "predict"):
        bar = kind()
        bar.set_params({"verbose": verbose, "epochs": 1, "steps": steps})
        getattr(bar, f"on_{what}_begin")()
        getattr(bar, f"on_{what}_batch_end")(2, {"loss": 2.0} if what == "test" else {"outputs": None})
        getattr(bar, f"on_{what}_end")({"loss": 2.0} if what == "test" else None)


@pytest.mark.parametrize("epochs", [1, 2])
@pytest.mark.parametrize("steps", [3, None])
def test_lines_of_progress(real, capsys, monkeypatch, epochs, steps):
    """With verbose=2 the lines are Keras's; without tqdm they stand in for the bar."""
    texts = []
    for module in (progress, real.callbacks):
        progress_of(module, 2, epochs, steps)
        texts.append(re.sub(r"\d+s - +\d+(us|ms|s)/step", "TIME", capsys.readouterr().out))
    assert texts[0] == texts[1]
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    progress_of(progress, 1, epochs, steps)
    assert re.sub(r"\d+s - +\d+(us|ms|s)/step", "TIME", capsys.readouterr().out) == texts[0]


def test_bar(capsys):
    """With verbose=1 a bar of tqdm's goes to its end, with loss and metrics behind it."""
    pytest.importorskip("tqdm", reason="tqdm not installed: pip install tqdm")
    progress_of(progress, 1, 2, 3)
    err = capsys.readouterr().err
    assert re.search(r"Epoch 2/2: 100%.* 3/3 \[.*acc: 0\.5000 - loss: 1\.0000e-04 - val_loss: 1\.0000\]", err)
    progress_of(progress, 1, 1, None)
    assert re.search(r"3step \[.*loss: 2\.0000", capsys.readouterr().err)


# ---------------------------------------------------------------- TensorBoard


def events(folder):
    """What TensorBoard's own reader finds, by run and tag: steps and values."""
    from tensorboard.backend.event_processing import event_accumulator
    from tensorboard.util import tensor_util

    found = {}
    for run in sorted(path.name for path in folder.iterdir()):
        reader = event_accumulator.EventAccumulator(str(folder / run), {"tensors": 0})
        reader.Reload()
        for tag in reader.Tags()["tensors"]:
            rows = [(e.step, tensor_util.make_ndarray(e.tensor_proto).tolist()) for e in reader.Tensors(tag)]
            plugin = reader.SummaryMetadata(tag).plugin_data.plugin_name
            found[run, tag] = (plugin, rows)
    return found


class FakeLayer:
    def __init__(self, weight):
        self.weights = [weight]


def board(callback, model, epochs=3):
    """A training with validation, told to TensorBoard."""
    callback.set_model(model)
    callback.on_train_begin()
    for epoch in range(epochs):
        callback.on_epoch_begin(epoch)
        for batch in range(4):
            callback.on_train_batch_begin(batch)
            callback.on_train_batch_end(batch, {"loss": 1.5 / (batch + 1), "acc": 0.25 * batch})
        callback.on_test_begin()
        callback.on_test_end({"loss": 2.0, "acc": 0.5})
        callback.on_epoch_end(epoch, {"acc": 0.5, "loss": 1.0 / (epoch + 1), "val_acc": 0.25, "val_loss": 2.0})
    callback.on_train_end()


@pytest.mark.parametrize("options", [{}, {"update_freq": "epoch"}, {"histogram_freq": 2}])
def test_tensorboard_writes_what_keras_writes(real, tensorboard, tmp_path, options):
    """Tags, steps, values and the plugins that show them, in both runs."""
    found = []
    weights = np.arange(6, dtype="float32").reshape(2, 3)
    for name, home, kit in (("ours", None, None), ("theirs", real, real)):
        model = FakeModel(kit)
        weight = real.Variable(weights, name="kernel") if kit else Variable(weights, name="kernel")
        model.layers = [FakeLayer(weight)]
        kind = TensorBoard if home is None else real.callbacks.TensorBoard
        board(kind(str(tmp_path / name), write_graph=False, **options), model)
        found.append(events(tmp_path / name))
    assert found[0] == found[1]
    assert found[0]["train", "epoch_loss"] == ("scalars", [(0, 1.0), (1, 0.5), (2, pytest.approx(1 / 3))])


def test_tensorboard_without_tensorflow(tensorboard, tmp_path):
    """In a fresh interpreter, the event files need no TensorFlow."""
    code = f"""if True:
        import sys
        sys.path.insert(0, {str(Path(__file__).parent)!r})
        from minigrad.keras.callbacks.tensorboard import Events
        events = Events({str(tmp_path)!r})
        events.scalar("loss", 0.5, 3)
        events.file.close()
        assert "tensorflow" not in sys.modules
    """
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert run.returncode == 0, run.stderr
    assert len(list(tmp_path.iterdir())) == 1


def test_a_real_tensorboard_shows_it(tensorboard, tmp_path):
    """The server, asked over HTTP, has the runs and the numbers."""
    board(TensorBoard(tmp_path, histogram_freq=1), model := FakeModel())
    assert model.stop_training is False
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(tmp_path), "--port", "0", "--load_fast=false"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as server:
        watchdog = threading.Timer(120, server.kill)  # whatever happens, this test ends
        watchdog.start()
        try:
            address = next(m[0] for line in server.stdout if (m := re.search(r"http://[^ ]+", line)))

            def asked(what):
                with urllib.request.urlopen(f"{address.rstrip('/')}/data/plugin/scalars/{what}", timeout=60) as answer:
                    return json.load(answer)

            while set(tags := asked("tags")) != {"train", "validation"}:
                time.sleep(0.2)
            assert set(tags["train"]) == {"epoch_acc", "epoch_loss", "epoch_learning_rate"}
            rows = [row[1:] for row in asked("scalars?run=train&tag=epoch_loss")]
            assert rows == [[0, 1.0], [1, 0.5], [2, pytest.approx(1 / 3)]]
        finally:
            watchdog.cancel()
            server.kill()  # told to terminate, it may wait for its threads for ever
