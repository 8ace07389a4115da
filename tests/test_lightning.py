"""The Lightning dialect against Lightning: the same programs, with only the imports changed, give the same results."""

import copy
import difflib
import logging
import os
import random
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import minigrad as mg
import minigrad.lightning as ours
from minigrad import io, nn, optim
from minigrad.data import DataLoader, TensorDataset
from minigrad.lightning import hooks

pytestmark = pytest.mark.filterwarnings("ignore:fit. there is a validation_step but no data:UserWarning")
ROOT = Path(__file__).parents[1]
MINE = SimpleNamespace(
    name="minigrad", torch=mg, nn=nn, F=nn.functional, optim=optim, L=ours, DataLoader=DataLoader,
    TensorDataset=TensorDataset, callbacks=ours.callbacks, tensor=lambda x: mg.tensor(np.array(x)),
)  # fmt: skip


StepLR, Plateau = optim.lr_scheduler.StepLR, optim.lr_scheduler.ReduceLROnPlateau
ModelCheckpoint = ours.callbacks.ModelCheckpoint


@pytest.fixture(scope="session")
def lightning(torch):
    """Lightning with torch, silenced: it prints and warns of what has nothing to do with a program's result."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        L = pytest.importorskip("lightning", reason="lightning not installed: pip install lightning==2.6.6")
    for name in ("lightning", "lightning.pytorch", "lightning.fabric", "lightning.pytorch.utilities.rank_zero"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    return SimpleNamespace(
        name="lightning", torch=torch, nn=torch.nn, F=torch.nn.functional, optim=torch.optim, L=L,
        DataLoader=torch.utils.data.DataLoader, TensorDataset=torch.utils.data.TensorDataset,
        callbacks=L.pytorch.callbacks, tensor=lambda x: torch.tensor(np.array(x)),
    )  # fmt: skip


NUMBERS = np.random.default_rng(0)
X = NUMBERS.standard_normal((22, 4)).astype("float32")
Y = (X @ NUMBERS.standard_normal((4, 1)) + 0.3 * NUMBERS.standard_normal((22, 1))).astype("float32")
WEIGHTS = {
    "net.0.weight": 0.5 * NUMBERS.standard_normal((3, 4)).astype("float32"),
    "net.0.bias": np.zeros(3, "float32"),
    "net.2.weight": 0.5 * NUMBERS.standard_normal((1, 3)).astype("float32"),
    "net.2.bias": np.zeros(1, "float32"),
}


def loader(f, n=22, batch_size=5, **options):
    """Batches of the first `n` samples; 22 samples make 5 batches, the last one smaller."""
    return f.DataLoader(f.TensorDataset(f.tensor(X[:n]), f.tensor(Y[:n])), batch_size=batch_size, **options)


def module(f, **methods):
    """A LightningModule with a small network, always of the same weights; `methods` replace or add to its own."""

    class Net(f.L.LightningModule):
        def __init__(self):
            super().__init__()
            self.net = f.nn.Sequential(f.nn.Linear(4, 3), f.nn.Tanh(), f.nn.Linear(3, 1))
            self.load_state_dict({name: f.tensor(w) for name, w in WEIGHTS.items()})

        def forward(self, x):
            return self.net(x)

        def loss(self, batch):
            return f.F.mse_loss(self(batch[0]), batch[1])

        def training_step(self, batch, batch_idx):
            loss = self.loss(batch)
            self.log("train_loss", loss, on_step=True, on_epoch=True, prog_bar=True)
            return loss

        def validation_step(self, batch, batch_idx):
            self.log("val_loss", self.loss(batch))

        def test_step(self, batch, batch_idx):
            self.log_dict({"test_loss": self.loss(batch), "rows": float(len(batch[0]))})

        def predict_step(self, batch, batch_idx):
            return self(batch[0])

        def configure_optimizers(self):
            return f.optim.Adam(self.parameters(), lr=0.05)

    return type("Net", (Net,), methods)()


QUIET = {"enable_progress_bar": False, "enable_model_summary": False, "logger": False, "accelerator": "cpu"}


def trainer(f, **options):
    """A trainer that shows and saves nothing, unless asked to."""
    return f.L.Trainer(**QUIET | {"enable_checkpointing": False} | options)


def numbers(metrics):
    """Metrics as Python's numbers."""
    return {name: float(value) for name, value in metrics.items()}


def weights(model):
    """The parameters as lists."""
    return {name: p.detach().tolist() for name, p in model.named_parameters()}


def alike(a, b, rtol=2e-5):
    """Whether two nests are the same: names, strings and integers exactly, floats to the accuracy of float32."""
    if isinstance(a, dict):
        assert list(map(str, a)) == list(map(str, b))
        return all(alike(a[key], b[key], rtol) for key in a)
    if isinstance(a, list | tuple) and a and all(isinstance(x, str) for x in (*a, *b)):
        difference = "\n".join(difflib.unified_diff(a, b, "lightning", "minigrad", n=1, lineterm=""))
        assert not difference, difference
        return True
    if isinstance(a, list | tuple):
        assert len(a) == len(b), (a, b)
        return all(alike(x, y, rtol) for x, y in zip(a, b, strict=True))
    if isinstance(a, float):
        assert b == pytest.approx(a, rel=rtol, abs=1e-6, nan_ok=True)
        return True
    assert a == b, (a, b)
    return True


def both(program, lightning, tmp_path, **options):
    """Run `program(framework, folder)` with both and compare what it returns."""
    results = []
    for f in (lightning, MINE):
        folder = tmp_path / f.name
        folder.mkdir(exist_ok=True)
        with warnings.catch_warnings():
            if f is lightning:
                warnings.simplefilter("ignore")
            results.append(program(f, folder, **options))
    assert alike(*results)
    return results[1]


def in_turn(table, more):
    """Each entry with one of the others, in turn: all with all would take long, as Lightning is slow to start."""
    return [(x, more[i % len(more)]) for i, x in enumerate(table)]


def fitted(f, model, t, *data, **options):
    """What there is to compare after fit."""
    t.fit(model, *data, **options)
    return {
        "weights": weights(model), "callback": numbers(t.callback_metrics), "logged": numbers(t.logged_metrics),
        "bar": numbers(t.progress_bar_metrics), "epoch": t.current_epoch, "step": t.global_step,
        "stop": t.should_stop, "batches": [t.num_training_batches, t.num_val_batches], "training": model.training,
    }  # fmt: skip


# ---------------------------------------------------------------- options of the trainer

OPTIONS = [
    {"max_epochs": 3},
    {"max_epochs": 2, "accumulate_grad_batches": 2},
    {"max_epochs": 2, "accumulate_grad_batches": 3},
    {"max_epochs": 2, "accumulate_grad_batches": 7},
    {"max_epochs": 2, "gradient_clip_val": 0.1},
    {"max_epochs": 2, "gradient_clip_val": 0.01, "gradient_clip_algorithm": "value"},
    {"max_epochs": 2, "accumulate_grad_batches": 2, "gradient_clip_val": 0.1},
    {"max_steps": 7},
    {"max_steps": 10, "max_epochs": 1},
    {"max_steps": 3, "accumulate_grad_batches": 2},
    {"max_epochs": 0},
    {"max_epochs": 2, "limit_train_batches": 2, "limit_val_batches": 1},
    {"max_epochs": 2, "limit_train_batches": 0.5, "limit_val_batches": 0.7},
    {"max_epochs": 2, "limit_train_batches": 0},
    {"max_epochs": 2, "limit_val_batches": 0},
    {"max_epochs": 2, "overfit_batches": 2},
    {"max_epochs": 2, "overfit_batches": 0.6},
    {"fast_dev_run": True},
    {"fast_dev_run": 3},
    {"fast_dev_run": 3, "accumulate_grad_batches": 2},
    {"max_epochs": 4, "check_val_every_n_epoch": 2},
    {"max_epochs": 2, "num_sanity_val_steps": 0},
    {"max_epochs": 2, "num_sanity_val_steps": -1},
    {"max_epochs": 2, "detect_anomaly": True, "deterministic": True, "inference_mode": False},
    {"max_epochs": 2, "precision": "32-true", "devices": 1, "log_every_n_steps": 1},
    {"max_epochs": 2, "devices": "auto", "benchmark": True, "strategy": "auto", "num_nodes": 1},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_options(options, lightning, tmp_path):
    """The same weights, metrics, names of metrics, epochs and steps under each option."""

    def program(f, folder):
        return fitted(f, module(f), trainer(f, **options), loader(f), loader(f, 12, 7))

    both(program, lightning, tmp_path)


# ---------------------------------------------------------------- the order of calls


def recording(f, base, who, calls):
    """A class whose hooks note when they are called, and with what."""

    def hook(name):
        def note(self, *args, **named):
            plain = [x for x in (*args, *named.values()) if isinstance(x, int | str | float)]
            trainer = None if who == "data" else getattr(self, "_trainer", None)
            epoch = [trainer.current_epoch, trainer.global_step] if trainer is not None else []
            calls.append(" ".join(map(str, [who, name, *map(plain_text, plain), *epoch])))
            return getattr(super(made, self), name)(*args, **named)

        return note

    def plain_text(x):
        return getattr(x, "value", x)  # Lightning's names of stages are members of an enumeration

    names = [name for name in dir(base) if name in hooks.HOOKS or name in OTHERS]
    made = type(f"Recording{base.__name__}", (base,), {name: hook(name) for name in names})
    return made


OTHERS = (
    "training_step validation_step test_step predict_step configure_optimizers prepare_data optimizer_step backward "
    "optimizer_zero_grad configure_gradient_clipping lr_scheduler_step train_dataloader val_dataloader "
    "test_dataloader predict_dataloader"
).split()


def program_of_hooks(f, folder, kind="auto", **options):
    """Fit, validate, test, predict and go on from a checkpoint, with everything noting when it is called."""
    calls = []
    methods = {}
    if kind == "manual":

        def training_step(self, batch, batch_idx):
            optimizer = self.optimizers()
            optimizer.zero_grad()
            self.manual_backward(self.loss(batch))
            optimizer.step()

        methods = {"automatic_optimization": False, "training_step": training_step}
    if kind == "schedule":

        def configure_optimizers(self):
            optimizer = f.optim.SGD(self.parameters(), lr=0.1)
            return [optimizer], [f.optim.lr_scheduler.StepLR(optimizer, 1), {
                "scheduler": f.optim.lr_scheduler.StepLR(optimizer, 2), "interval": "step"}]  # fmt: skip

        methods = {"configure_optimizers": configure_optimizers}
    if kind == "skip":
        methods = {"on_train_batch_start": lambda self, batch, i: -1 if i == 2 else None}
    if kind == "stop":

        def on_train_batch_end(self, outputs, batch, i):
            self.trainer.should_stop = i == 1

        methods = {"on_train_batch_end": on_train_batch_end}
    model = module(f, **methods)
    model.__class__ = recording(f, type(model), "module", calls)
    seen = recording(f, f.L.Callback, "callback", calls)()

    class Data(f.L.LightningDataModule):
        def train_dataloader(self):
            return loader(f)

        def val_dataloader(self):
            return loader(f, 12, 7)

        def test_dataloader(self):
            return loader(f, 10, 5)

        predict_dataloader = test_dataloader

    data = recording(f, Data, "data", calls)()
    t = trainer(f, callbacks=[seen], max_epochs=2, limit_train_batches=3, **options)
    t.fit(model, datamodule=data)
    t.validate(model, datamodule=data, verbose=False)
    t.test(model, datamodule=data, verbose=False)
    t.predict(model, datamodule=data)
    t.save_checkpoint(folder / "x.ckpt")
    calls.append("again")
    again = trainer(f, callbacks=[seen], max_epochs=3, limit_train_batches=3, **options)
    again.fit(model, datamodule=data, ckpt_path=folder / "x.ckpt")
    return calls


RUNS = [{}, {"accumulate_grad_batches": 2}, {"check_val_every_n_epoch": 2}, {"gradient_clip_val": 1.0}]


@pytest.mark.parametrize(
    ("kind", "options"), in_turn(["auto", "manual", "schedule", "skip", "stop"] * 2, RUNS), ids=str
)
def test_hooks_are_called_in_lightnings_order(kind, options, lightning, tmp_path):
    """Every hook of module, callback and data module, with epoch, step and batch number, in six runs."""
    if kind == "manual" and "check_val_every_n_epoch" not in options:
        options = {}
    both(program_of_hooks, lightning, tmp_path, kind=kind, **options)


# ---------------------------------------------------------------- logging

LOGGED = {
    "training_step": ["training_step", "on_train_batch_start", "on_train_batch_end", "on_after_backward",
                      "on_before_optimizer_step", "on_before_zero_grad"],
    "validation_step": ["validation_step", "test_step", "on_validation_batch_end", "on_test_batch_start"],
    "epoch": ["on_train_start", "on_train_epoch_start", "on_train_epoch_end", "on_validation_start",
              "on_validation_epoch_start", "on_validation_epoch_end", "on_test_epoch_end"],
}  # fmt: skip
LEVELS = [{}, {"on_step": True}, {"on_epoch": True}, {"on_step": True, "on_epoch": True}, {"prog_bar": True},
          {"on_step": False, "on_epoch": True}, {"on_step": True, "on_epoch": False}, {"logger": False},
          {"on_epoch": True, "reduce_fx": "max"}, {"on_epoch": True, "reduce_fx": min},
          {"on_epoch": True, "reduce_fx": "sum"}, {"on_epoch": True, "batch_size": 1}]  # fmt: skip


@pytest.mark.parametrize("kind", LOGGED)
@pytest.mark.parametrize("options", LEVELS, ids=str)
def test_log(kind, options, lightning, tmp_path):
    """Names, averages, and what is seen when: logged from every hook, with every combination of options."""
    if kind == "epoch" and (options.get("on_step") or options.get("on_epoch") is False):
        options = {"prog_bar": True}

    def program(f, folder):
        seen, count = [], iter(range(1, 10**6))

        def logs(hook, before):
            def call(self, *args, **named):
                result = before(self, *args, **named)
                self.log(hook, next(count) % 7, **options)
                if hook.startswith("training"):
                    self.log("rows", f.torch.tensor([len(args[0][0])]))
                return result

            return call

        def note(self, *args):
            t = self.trainer
            seen.append([numbers(t.callback_metrics), numbers(t.logged_metrics), numbers(t.progress_bar_metrics)])

        model = module(f)
        base = type(model)
        methods = {hook: logs(hook, getattr(base, hook)) for hook in LOGGED[kind]}
        for hook in ("on_train_batch_end", "on_train_epoch_end", "on_validation_batch_end", "on_validation_epoch_end",
                     "on_validation_end", "on_train_end", "on_fit_end", "on_test_end"):  # fmt: skip
            inner = methods.get(hook, getattr(base, hook))
            methods[hook] = lambda self, *args, inner=inner: (note(self), inner(self, *args), note(self))[1]
        model.__class__ = type("Logging", (base,), methods)
        t = trainer(f, max_epochs=2, accumulate_grad_batches=2)
        t.fit(model, loader(f), loader(f, 12, 7))
        results = t.test(model, loader(f, 9, 4), verbose=False)
        return seen, results, numbers(t.callback_metrics), numbers(t.logged_metrics)

    both(program, lightning, tmp_path)


def test_log_in_callbacks(lightning, tmp_path):
    """A callback logs as a module does; a step may ask for the number of the loader, which is 0."""

    def program(f, folder):
        class Counts(f.L.Callback):
            def on_train_epoch_end(self, trainer, pl_module):
                self.log("epochs", trainer.current_epoch + 1.0)

            def on_validation_epoch_end(self, trainer, pl_module):
                pl_module.log("validations", 1.0)

        def validation_step(self, batch, batch_idx, dataloader_idx=0):
            self.log("val_loss", self.loss(batch), on_step=True, on_epoch=True)
            self.log(f"own_{dataloader_idx}", self.loss(batch))

        def predict_step(self, batch, batch_idx, dataloader_idx=0):
            return self(batch[0]).tolist()

        model = module(f, validation_step=validation_step, predict_step=predict_step)
        t = trainer(f, max_epochs=2, callbacks=Counts(), limit_predict_batches=1)
        found = fitted(f, model, t, loader(f), [loader(f, 12, 7)])
        predictions = t.predict(model, loader(f, 12, 7))
        return found, predictions, t.validate(model, loader(f, 9, 4), verbose=False)

    both(program, lightning, tmp_path)


# ---------------------------------------------------------------- early stopping and checkpoints

SCORES = [3.0, 2.0, 2.05, 1.9, 1.95, 1.0, 1.2, float("nan"), 0.5, 0.6, 0.7, 0.8]


def scripted(f, scores=SCORES, name="val_loss", when="on_validation_epoch_end"):
    """A module whose metric in each epoch is written in a list."""
    return module(f, **{when: lambda self: self.log(name, scores[self.current_epoch])}, validation_step=lambda *_: None)


STOPPING = [
    {}, {"patience": 1}, {"patience": 2, "min_delta": 0.2}, {"mode": "max", "patience": 4}, {"check_finite": False},
    {"stopping_threshold": 1.1}, {"divergence_threshold": 2.01}, {"mode": "max", "stopping_threshold": 1.93},
    {"mode": "max", "divergence_threshold": 1.1, "patience": 9}, {"patience": 20, "check_finite": False},
    {"check_on_train_epoch_end": False}, {"strict": False, "monitor": "nothing"}, {"verbose": True},
]  # fmt: skip


@pytest.mark.parametrize(
    ("options", "more"),
    in_turn([*STOPPING, *STOPPING], [{}, {"min_epochs": 9}, {"check_val_every_n_epoch": 2}]),
    ids=str,
)
def test_early_stopping(options, more, lightning, tmp_path):
    """It stops in the same epoch, with the same best score and count."""

    def program(f, folder):
        watch = f.callbacks.EarlyStopping(**{"monitor": "val_loss"} | options)
        model, t = scripted(f), trainer(f, max_epochs=12, callbacks=[watch], limit_train_batches=1, **more)
        t.fit(model, loader(f), loader(f, 12, 7))
        return t.current_epoch, t.should_stop, watch.stopped_epoch, watch.wait_count, float(watch.best_score)

    both(program, lightning, tmp_path)


SAVING = [
    {},
    {"save_last": True},
    {"save_top_k": -1},
    {"save_top_k": 0, "save_last": True},
    {"monitor": "val_loss"},
    {"monitor": "val_loss", "save_top_k": 3, "filename": "{epoch:02d}-{val_loss:.2f}"},
    {"monitor": "val_loss", "mode": "max", "save_top_k": 2, "save_last": True, "filename": "best"},
    {"monitor": "val_loss", "filename": "e{epoch}_{val_loss:.3f}", "auto_insert_metric_name": False},
    {"monitor": "val_loss", "save_top_k": -1, "filename": "{epoch}-{nothing:.1f}-{step}"},
    {"monitor": "val/acc", "mode": "max", "filename": "{val/acc:.2f}", "auto_insert_metric_name": False},
    {"every_n_epochs": 2, "save_top_k": -1},
    {"every_n_epochs": 3, "save_last": True},
    {"monitor": "train_loss", "save_top_k": 2},
    {"save_on_train_epoch_end": False, "monitor": "val_loss", "save_top_k": 2},
    {"save_weights_only": True, "filename": "same", "save_top_k": -1},
    {"monitor": "step", "mode": "max", "save_top_k": 2},
]


@pytest.mark.parametrize(
    ("options", "more"),
    in_turn(SAVING * 2, [{}, {"check_val_every_n_epoch": 2}, {"accumulate_grad_batches": 2}]),
    ids=str,
)
def test_checkpoints(options, more, lightning, tmp_path):
    """The same files are there at the end, and the callback says the same about them."""

    def program(f, folder):
        saver = f.callbacks.ModelCheckpoint(dirpath=folder / "kept", **options)
        model, t = scripted(f), trainer(f, max_epochs=9, callbacks=[saver], enable_checkpointing=True,
                                        limit_train_batches=2, **more)  # fmt: skip
        model.on_validation_epoch_start = lambda: model.log("val/acc", 1 / SCORES[model.current_epoch])
        t.fit(model, loader(f), loader(f, 12, 7))
        short = lambda path: os.path.relpath(path, folder) if path else path
        return {
            "files": sorted(str(path.relative_to(folder)) for path in folder.rglob("*.*")),
            "best": short(saver.best_model_path), "last": short(saver.last_model_path),
            "score": None if saver.best_model_score is None else float(saver.best_model_score),
            "k": {short(path): float(score) for path, score in sorted(saver.best_k_models.items())},
            "kth": short(saver.kth_best_model_path),
        }  # fmt: skip

    both(program, lightning, tmp_path)


def test_checkpoints_by_default(lightning, tmp_path, monkeypatch):
    """The last epoch's, in a folder with a number for each run; without a logger in a folder without."""

    def program(f, folder):
        monkeypatch.chdir(folder)
        found = []
        for logger in (True, True, False, None):
            if logger and f is not MINE:
                logger = f.L.pytorch.loggers.CSVLogger(folder)
            t = trainer(f, max_epochs=2, enable_checkpointing=True, logger=logger, default_root_dir=folder)
            t.fit(module(f), loader(f), loader(f, 12, 7))
            found.append(os.path.relpath(t.checkpoint_callback.best_model_path, folder))
            found.append(len(t.test(ckpt_path="best", dataloaders=loader(f, 9, 4), verbose=False)))
        return found

    both(program, lightning, tmp_path)


# ---------------------------------------------------------------- optimizers and schedules


def configurations(f):
    """What configure_optimizers may return."""
    schedule, optim = f.optim.lr_scheduler, f.optim

    def sgd(self):
        return optim.SGD(self.parameters(), lr=0.1, momentum=0.5)

    def with_schedule(make, form):
        def configure(self):
            optimizer = sgd(self)
            return form(optimizer, make(optimizer))

        return configure

    step = lambda optimizer: schedule.StepLR(optimizer, 2)
    plateau = lambda optimizer: schedule.ReduceLROnPlateau(optimizer, patience=0)
    as_dict = lambda **more: lambda o, s: {"optimizer": o, "lr_scheduler": {"scheduler": s, **more}}
    return {
        "optimizer": sgd,
        "list": lambda self: [sgd(self)],
        "tuple": lambda self: (sgd(self),),
        "lists": with_schedule(step, lambda o, s: ([o], [s])),
        "lists of two": with_schedule(step, lambda o, s: [[o], [s, schedule.ExponentialLR(o, 0.9)]]),
        "not in a list": with_schedule(step, lambda o, s: ([o], s)),
        "dict": with_schedule(step, lambda o, s: {"optimizer": o, "lr_scheduler": s}),
        "dict without": lambda self: {"optimizer": sgd(self)},
        "list of dicts": with_schedule(step, lambda o, s: [{"optimizer": o, "lr_scheduler": s}]),
        "interval": with_schedule(step, as_dict(interval="step")),
        "frequency": with_schedule(step, as_dict(interval="step", frequency=2)),
        "epochs": with_schedule(step, as_dict(interval="epoch", frequency=2, name="rate")),
        "plateau": with_schedule(plateau, as_dict(monitor="val_loss")),
        "plateau of training": with_schedule(plateau, as_dict(monitor="train_loss_epoch")),
        "plateau beside": with_schedule(plateau, lambda o, s: {
            "optimizer": o, "lr_scheduler": s, "monitor": "val_loss"}),
        "plateau lenient": with_schedule(plateau, as_dict(monitor="nothing", strict=False)),
        "cosine": with_schedule(lambda o: schedule.CosineAnnealingLR(o, T_max=20), as_dict(interval="step")),
        "lambda": with_schedule(lambda o: schedule.LambdaLR(o, lambda n: 1 / (1 + n)), lambda o, s: ([o], [s])),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "options"), in_turn(configurations(MINE), [{}, {"accumulate_grad_batches": 2}]), ids=str
)
@pytest.mark.filterwarnings("ignore:.*the last batches:UserWarning")
def test_schedules(name, options, lightning, tmp_path):
    """The learning rate of every step, and where it leads."""

    def program(f, folder):
        rates = []
        model = module(
            f, configure_optimizers=configurations(f)[name],
            on_train_batch_start=lambda self, *_: rates.append(self.optimizers().param_groups[0]["lr"]),
        )  # fmt: skip
        return fitted(f, model, trainer(f, max_epochs=4, **options), loader(f), loader(f, 12, 7)), rates

    both(program, lightning, tmp_path)


def test_own_scheduler_step_and_optimizer_step(lightning, tmp_path):
    """A warm-up in optimizer_step, a schedule stepped by hand, gradients clipped by the module itself."""

    def program(f, folder):
        seen = []

        def optimizer_step(self, epoch, batch_idx, optimizer, optimizer_closure):
            assert isinstance(optimizer, f.optim.Adam)
            optimizer.step(closure=optimizer_closure)
            for group in optimizer.param_groups:
                group["lr"] = 0.01 * (self.trainer.global_step + 1)

        def configure_gradient_clipping(self, optimizer, gradient_clip_val, gradient_clip_algorithm):
            seen.append([gradient_clip_val, gradient_clip_algorithm])
            self.clip_gradients(optimizer, gradient_clip_val=0.05, gradient_clip_algorithm="norm")

        def on_before_optimizer_step(self, optimizer):
            seen.append(max(float(p.grad.abs().max()) for p in self.parameters()))

        model = module(f, optimizer_step=optimizer_step, configure_gradient_clipping=configure_gradient_clipping,
                       on_before_optimizer_step=on_before_optimizer_step)  # fmt: skip
        return fitted(f, model, trainer(f, max_epochs=2), loader(f)), seen

    both(program, lightning, tmp_path)


def test_manual_optimization(lightning, tmp_path):
    """Two networks against each other, as in a GAN, with toggled optimizers, a schedule and accumulated gradients."""

    def program(f, folder):
        def configure_optimizers(self):
            one = f.optim.SGD(self.net[0].parameters(), lr=0.1)
            two = f.optim.Adam(self.net[2].parameters(), lr=0.05)
            return [one, two], [f.optim.lr_scheduler.StepLR(one, 3)]

        def training_step(self, batch, batch_idx):
            one, two = self.optimizers()
            self.toggle_optimizer(one)
            required = [p.requires_grad for p in self.parameters()]
            loss = self.loss(batch)
            self.manual_backward(loss)
            if batch_idx % 2 == 0:
                self.clip_gradients(one, 0.1, "norm")
                one.step()
                one.zero_grad()
            self.untoggle_optimizer(one)
            two.zero_grad()
            self.manual_backward(-0.1 * self.loss(batch))
            two.step()
            self.lr_schedulers().step()
            self.log_dict({"a": loss, "b": float(sum(required))}, prog_bar=True)
            return {"loss": loss} if batch_idx % 3 else None

        model = module(f, automatic_optimization=False, training_step=training_step,
                       configure_optimizers=configure_optimizers)  # fmt: skip
        found = fitted(f, model, trainer(f, max_epochs=2, max_steps=17), loader(f))
        return found, [p.requires_grad for p in model.parameters()]

    both(program, lightning, tmp_path)


RETURNS = {
    "dict": lambda self, loss, i: {"loss": loss, "more": 7.0},
    "none": lambda self, loss, i: None if i == 1 else loss,
    "always none": lambda self, loss, i: None,
}


@pytest.mark.parametrize("name", RETURNS)
@pytest.mark.filterwarnings("ignore:training_step returned None:UserWarning")
def test_what_training_step_may_return(name, lightning, tmp_path):
    """And what on_train_batch_end gets of it; a step may leave the number of the batch away."""

    def program(f, folder):
        outputs, count = [], iter(range(99))

        def training_step(self, batch):
            return RETURNS[name](self, self.loss(batch), next(count) % 5)

        def on_train_batch_end(self, outs, batch, batch_idx):
            outputs.append({key: float(value) for key, value in outs.items()})

        model = module(f, training_step=training_step, on_train_batch_end=on_train_batch_end)
        return fitted(f, model, trainer(f, max_epochs=2, accumulate_grad_batches=2), loader(f)), outputs

    both(program, lightning, tmp_path)


# ---------------------------------------------------------------- parameters, checkpoints, going on


def test_hyperparameters(lightning, tmp_path):
    """Kept from __init__, of derived classes too; in checkpoints; given anew by load_from_checkpoint, or changed."""

    def program(f, folder):
        class Base(f.L.LightningModule):
            def __init__(self, width, rate=0.1, *, name="base", **more):
                super().__init__()
                self.save_hyperparameters()
                self.layer = f.nn.Linear(4, width)

            def training_step(self, batch, batch_idx):
                return self.layer(batch[0]).mean()

            def configure_optimizers(self):
                return f.optim.SGD(self.parameters(), lr=self.hparams.rate)

        class Derived(Base):
            def __init__(self, width=3, depth=2, **options):
                super().__init__(width, **options)
                self.hparams.added = [1, 2]

        class Ignoring(f.L.LightningModule):
            def __init__(self, a, network, b=2):
                super().__init__()
                self.save_hyperparameters(ignore=["network"])
                self.network = network

        class Chosen(f.L.LightningModule):
            def __init__(self, a, b, c=3):
                super().__init__()
                self.save_hyperparameters("c", "a")

        class Config(Base):
            def __init__(self, config, other=1):
                super(Base, self).__init__()
                __class__  # Lightning looks for arguments only where this is
                self.save_hyperparameters(config)
                self.layer = f.nn.Linear(4, self.hparams["size"])

        derived = Derived(rate=0.5, extra="x")
        t = trainer(f, max_epochs=1)
        t.fit(derived, loader(f))
        t.save_checkpoint(folder / "x.ckpt")
        again = Derived.load_from_checkpoint(folder / "x.ckpt", rate=0.25)
        config = Config({"size": 3, "rate": 0.1})
        found = [dict(m.hparams) for m in (derived, again, Ignoring(1, f.nn.Linear(1, 1)), Chosen(1, 2), config)]
        found += [derived.hparams.rate, derived.hparams["extra"], "width" in derived.hparams]
        t = trainer(f, max_epochs=1)
        t.fit(config, loader(f))
        t.save_checkpoint(folder / "y.ckpt")
        return found, dict(Config.load_from_checkpoint(folder / "y.ckpt").hparams)

    both(program, lightning, tmp_path)


def test_best_and_last(lightning, tmp_path):
    """`ckpt_path` of test, validate and predict, and checkpoints with things that the module adds."""

    def program(f, folder):
        saver = f.callbacks.ModelCheckpoint(dirpath=folder, monitor="score", save_last=True)
        model = scripted(f, name="score")
        base = type(model)
        model.__class__ = type("Net", (base,), {
            "on_save_checkpoint": lambda self, checkpoint: checkpoint.update(mine={"a": [1, 2.5, "x"]}),
            "on_load_checkpoint": lambda self, checkpoint: setattr(self, "found", checkpoint["mine"]),
            "validation_step": lambda self, batch, i: self.log("val_loss", self.loss(batch)),
        })  # fmt: skip
        t = trainer(f, max_epochs=7, callbacks=[saver], enable_checkpointing=True)
        t.fit(model, loader(f), loader(f, 12, 7))
        found = [t.validate(model, loader(f, 12, 7), verbose=False)]
        for path in ("best", "last", saver.best_model_path):
            found.append(t.test(model, loader(f, 9, 4), ckpt_path=path, verbose=False))
            found.append([x.tolist() for x in t.predict(model, loader(f, 9, 4), ckpt_path=path)])
        other = module(f)
        other.load_state_dict((f.torch.load(saver.best_model_path, weights_only=False) if f is not MINE
                               else mg.load(saver.best_model_path))["state_dict"])  # fmt: skip
        return found, weights(other), model.found

    both(program, lightning, tmp_path)


def test_going_on_is_as_lightning_goes_on(lightning, tmp_path):
    """From a checkpoint of the second epoch to the fifth: weights, metrics, counters."""

    def program(f, folder):
        def configure_optimizers(self):
            optimizer = f.optim.Adam(self.parameters(), lr=0.05)
            return [optimizer], [f.optim.lr_scheduler.ExponentialLR(optimizer, 0.8)]

        def run(**options):
            watch = f.callbacks.EarlyStopping("val_loss", patience=50)
            model, t = module(f, configure_optimizers=configure_optimizers), trainer(f, callbacks=[watch], **options)
            path = folder / "kept" / "x.ckpt"
            found = fitted(f, model, t, loader(f), loader(f, 12, 7), ckpt_path=path if path.exists() else None)
            t.save_checkpoint(path)
            return found, watch.wait_count, float(watch.best_score), t.optimizers[0].param_groups[0]["lr"]

        return run(max_epochs=2), run(max_epochs=5), run(max_epochs=6, accumulate_grad_batches=2)

    both(program, lightning, tmp_path)


# ---------------------------------------------------------------- small programs, as people write them


def stop(self, *_):
    self.trainer.should_stop = True


def by_hand(self, epoch, batch_idx, optimizer, optimizer_closure):
    optimizer_closure()
    if batch_idx % 2:
        optimizer.step()


def in_groups(f):
    def configure_optimizers(self):
        groups = [{"params": self.net[0].parameters(), "lr": 0.01}, {"params": self.net[2].parameters()}]
        return f.optim.SGD(groups, lr=0.1, weight_decay=0.01, momentum=0.9, nesterov=True)

    return configure_optimizers


# The methods of the module, the options of the trainer, and the data, each for a framework.
PROGRAMS = {
    "groups": (lambda f: {"configure_optimizers": in_groups(f)}, {"max_epochs": 2}, lambda f: [loader(f)]),
    "last batch dropped": (lambda f: {}, {"max_epochs": 2}, lambda f: [loader(f, drop_last=True)]),
    "stopped at the start": (lambda f: {"on_train_start": stop}, {"max_epochs": 2}, lambda f: [loader(f)]),
    "stopped in validation": (lambda f: {"on_validation_epoch_end": stop}, {"max_epochs": 3, "num_sanity_val_steps": 0},
                              lambda f: [loader(f), loader(f, 9, 3)]),
    "not yet, for the epochs": (lambda f: {"on_train_batch_end": stop}, {"max_epochs": 4, "min_epochs": 2},
                                lambda f: [loader(f), loader(f, 9, 3)]),
    "steps by hand": (lambda f: {"optimizer_step": by_hand}, {"max_epochs": 2}, lambda f: [loader(f)]),
    "own backward": (lambda f: {"backward": lambda self, loss: (2 * loss).backward()}, {"max_epochs": 2},
                     lambda f: [loader(f)]),
    "own loaders": (lambda f: {"train_dataloader": lambda _: loader(f), "val_dataloader": lambda _: loader(f, 9, 3)},
                    {"max_epochs": 2}, lambda f: []),
    "the same name twice": (lambda f: {"validation_step": lambda self, b, i: self.log("train_loss", self.loss(b))},
                            {"max_epochs": 2}, lambda f: [loader(f), loader(f, 9, 3)]),
    "an own step metric": (lambda f: {"on_train_batch_end": lambda self, *_: self.log("step", float(self.global_step))},
                           {"max_epochs": 2}, lambda f: [loader(f)]),
    "a part frozen": (lambda f: {"setup": lambda self, stage: self.net[0].requires_grad_(False)}, {"max_epochs": 2},
                      lambda f: [loader(f)]),
}  # fmt: skip


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs(name, lightning, tmp_path):
    """Stopping from a hook, own steps, own loaders: whatever changes how the loop goes."""
    methods, options, data = PROGRAMS[name]

    def program(f, folder):
        return fitted(f, module(f, **methods(f)), trainer(f, **options), *data(f))

    both(program, lightning, tmp_path)


def test_what_a_program_can_see(lightning, tmp_path):
    """Gradients, modes and stages from inside hooks; the modes of parts that were set to evaluation stay."""

    def program(f, folder):
        seen = []

        def see(self, *_):
            t = self.trainer
            seen.append([p.grad is None for p in self.parameters()])
            seen.append([self.training, self.net.training, f.torch.is_grad_enabled()])
            seen.append([t.training, t.validating, t.testing, t.predicting, t.sanity_checking, t.is_last_batch])

        hooks = "on_train_start on_train_batch_start on_train_batch_end on_before_zero_grad on_validation_batch_start "
        hooks += "on_validation_end on_test_start on_predict_start on_train_epoch_end on_fit_end"
        model = module(f, **dict.fromkeys(hooks.split(), see))
        model.net.eval()
        t = trainer(f, max_epochs=2, accumulate_grad_batches=2)
        t.fit(model, loader(f), loader(f, 9, 3))
        found = [t.test(model, loader(f, 9, 3), verbose=False), t.validate(model, loader(f, 9, 3), verbose=False)]
        return seen, found, len(t.predict(model, loader(f, 9, 3))), [m.training for m in model.modules()]

    both(program, lightning, tmp_path)


@pytest.mark.filterwarnings("ignore:overfit_batches. the .* batches are not shuffled")
def test_trainers_used_again(lightning, tmp_path):
    """A trainer goes on where it was; a new one begins anew, with the model as it is; overfitting isn't shuffled."""

    def program(f, folder):
        model, t = module(f), trainer(f, max_epochs=2)
        found = [fitted(f, model, t, loader(f)), fitted(f, model, t, loader(f))]
        t.fit_loop.max_epochs = 3
        found += [fitted(f, model, t, loader(f)), fitted(f, model, trainer(f, max_epochs=1), loader(f))]
        return found, fitted(f, model, trainer(f, max_epochs=2, overfit_batches=2), loader(f, shuffle=True))

    both(program, lightning, tmp_path)


def test_interrupted(lightning, tmp_path):
    """Ctrl-C: callbacks hear of it, the process exits, the model is as it was left. Other errors come out."""

    def program(f, folder):
        before, found = signal.getsignal(signal.SIGINT), []
        for error in (KeyboardInterrupt, ZeroDivisionError):

            class Hears(f.L.Callback):
                def on_exception(self, trainer, pl_module, exception):
                    found.append(type(exception).__name__)  # noqa: B023

            def fail(self, batch, batch_idx, error=error):
                if batch_idx == 2:
                    raise error

            model, t = module(f, on_train_batch_start=fail), trainer(f, max_epochs=2, callbacks=Hears())
            with pytest.raises((SystemExit, ZeroDivisionError)) as caught:
                t.fit(model, loader(f))
            found += [
                caught.type.__name__,
                getattr(caught.value, "code", None),
                t.interrupted,
                t.global_step,
                weights(model),
            ]
        signal.signal(signal.SIGINT, before)
        return found

    both(program, lightning, tmp_path)


def test_seed_everything(lightning, tmp_path, monkeypatch):
    """Python's and NumPy's numbers are Lightning's; minigrad's are repeated."""

    def program(f, folder):
        monkeypatch.setenv("PL_GLOBAL_SEED", "3")
        seeds = [f.L.seed_everything(), f.L.seed_everything(7), f.L.seed_everything("8", workers=True)]
        return seeds, random.random(), float(np.random.rand()), os.environ["PL_GLOBAL_SEED"]

    both(program, lightning, tmp_path)
    first = [ours.seed_everything(1), mg.rand(3).tolist()]
    assert first == [ours.seed_everything(1), mg.rand(3).tolist()]


# ---------------------------------------------------------------- going on to the same bits


def noisy(path=None, **options):
    """A run with everything random or remembered in it, from a checkpoint on if there is a path."""
    ours.seed_everything(5)

    class Noisy(ours.LightningModule):
        def __init__(self):
            super().__init__()
            self.net = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(0.3), nn.Linear(8, 1))

        def training_step(self, batch, batch_idx):
            noise = float(np.random.rand()) + random.random()
            loss = nn.functional.mse_loss(self.net(batch[0]), batch[1]) * (1 + 0.1 * noise)
            self.log("loss", loss, on_epoch=True)
            return loss

        def validation_step(self, batch, batch_idx):
            self.log("val_loss", nn.functional.mse_loss(self.net(batch[0]), batch[1]))
            mg.rand(1)

        def configure_optimizers(self):
            optimizer = optim.Adam(self.parameters(), lr=0.05)
            schedule = optim.lr_scheduler
            return [optimizer], [
                {"scheduler": schedule.ReduceLROnPlateau(optimizer, patience=0), "monitor": "val_loss",
                 "strict": False},
                {"scheduler": schedule.ExponentialLR(optimizer, 0.99), "interval": "step"},
                schedule.StepLR(optimizer, 2),
            ]  # fmt: skip

    model = Noisy()
    batches = loader(MINE, shuffle=True, generator=mg.Generator().manual_seed(2))
    callbacks = options.pop("callbacks", [])
    t = trainer(MINE, callbacks=[*callbacks, ours.callbacks.EarlyStopping("val_loss", patience=9)], **options)
    t.fit(model, batches if options.get("accumulate_grad_batches") else loader(MINE, shuffle=True),
          loader(MINE, 12, 7, shuffle=True), ckpt_path=path)  # fmt: skip
    return {name: x.tolist() for name, x in model.state_dict().items()}, t.optimizers[0].state_dict()["param_groups"]


@pytest.mark.parametrize("options", [{}, {"accumulate_grad_batches": 2}, {"check_val_every_n_epoch": 2}], ids=str)
def test_going_on_ends_with_the_same_bits(options, tmp_path):
    """From every checkpoint of a run, after epochs, after validation, in the middle of an epoch, or at the end."""

    class EverySecondStep(ours.Callback):
        def on_train_batch_end(self, trainer, *_):
            path = tmp_path / "steps" / f"{trainer.global_step}.ckpt"
            if trainer.global_step in range(2, 99, 2) and not path.exists():
                trainer.save_checkpoint(path)

    savers = [
        ModelCheckpoint(tmp_path / "epochs", save_top_k=-1),
        ModelCheckpoint(tmp_path / "validation", mode="max", save_top_k=-1, save_on_train_epoch_end=False),
        EverySecondStep(),
    ]  # fmt: skip
    expected = noisy(max_epochs=4, enable_checkpointing=True, callbacks=savers, **options)
    paths = sorted(tmp_path.rglob("*.ckpt"))
    assert len({path.parent for path in paths}) == 3
    for path in paths:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", ".*holds the state of ModelCheckpoint")
            assert noisy(path, max_epochs=4, **options) == expected, path


TRAINING = """if True:
    import sys
    import minigrad as mg
    import minigrad.lightning as L
    from minigrad import nn, optim
    from minigrad.data import DataLoader, TensorDataset

    class Net(L.LightningModule):
        def __init__(self):
            super().__init__()
            self.net = nn.Sequential(nn.Linear(5, 40), nn.ReLU(), nn.Dropout(0.3), nn.Linear(40, 1))

        def training_step(self, batch, batch_idx):
            loss = nn.functional.mse_loss(self.net(batch[0]), batch[1])
            self.log("loss", loss, on_step=False, on_epoch=True)
            return loss

        def configure_optimizers(self):
            optimizer = optim.Adam(self.parameters(), lr=0.01)
            return {"optimizer": optimizer, "lr_scheduler": optim.lr_scheduler.CosineAnnealingLR(optimizer, 60)}

        def on_train_epoch_start(self):
            print(self.current_epoch, flush=True)

    L.seed_everything(0)
    folder, last = sys.argv[1:]
    x = mg.randn(64, 5)
    saver = L.callbacks.ModelCheckpoint(folder, monitor="loss", save_last=True, save_top_k=2)
    trainer = L.Trainer(max_epochs=100, callbacks=[saver], accelerator="cpu", enable_progress_bar=False,
                        enable_model_summary=False)
    model = Net()
    loader = DataLoader(TensorDataset(x, x.sum(1, keepdim=True)), batch_size=16, shuffle=True)
    trainer.fit(model, loader, ckpt_path="last")
    trainer.save_checkpoint(last, weights_only=True)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_training_killed_at_any_moment_ends_with_the_same_weights(tmp_path):
    """Started again after each SIGKILL with ckpt_path="last", it ends where training ends that nobody disturbed."""

    def start(name):
        args = [sys.executable, "-c", TRAINING, str(tmp_path / name), str(tmp_path / f"{name}.ckpt")]
        return subprocess.Popen(args, cwd=ROOT, stdout=subprocess.PIPE, text=True)

    with start("calm") as calm:
        calm.communicate()
    dice, first = random.Random(), []
    for _ in range(4):
        with start("killed") as run:
            lines = [run.stdout.readline() for _ in range(dice.randrange(5, 20))]
            time.sleep(dice.uniform(0, 0.02))
            run.kill()
        first.append(int(lines[0]))
    assert first[0] < first[1] < first[-1] < 99, "it was not killed on the way"
    with start("killed") as run:
        run.communicate()
    states = [io.load(tmp_path / f"{name}.ckpt")["state_dict"] for name in ("calm", "killed")]
    assert {name: x.tolist() for name, x in states[0].items()} == {name: x.tolist() for name, x in states[1].items()}


def test_if_a_part_does_not_fit_nothing_is_changed(tmp_path):
    """A checkpoint of another optimizer, with other schedules, of weights only: refused before anything changes."""
    model, t = module(MINE), trainer(MINE, max_epochs=1)
    t.fit(model, loader(MINE))
    t.save_checkpoint(tmp_path / "x.ckpt")
    t.save_checkpoint(tmp_path / "weights.ckpt", weights_only=True)
    io.save(model.state_dict(), tmp_path / "state.ckpt")
    sgd = lambda self: optim.SGD(self.parameters(), lr=0.1)
    scheduled = lambda self: ([o := sgd(self)], [optim.lr_scheduler.StepLR(o, 1)])
    for name, configure, words in (
        ("x", sgd, "saved without"),
        ("x", scheduled, "holds 0 lr_schedulers, configure_optimizers gave 1"),
        ("weights", sgd, "holds weights only; to begin with them, use load_from_checkpoint"),
        ("state", sgd, r"no checkpoint of a trainer; write model.load_state_dict\(mg.load"),
    ):
        other = module(MINE, configure_optimizers=configure)
        before = weights(other)
        with pytest.raises(ValueError, match=words):
            trainer(MINE, max_epochs=3).fit(other, loader(MINE), ckpt_path=tmp_path / f"{name}.ckpt")
        assert weights(other) == before


# ---------------------------------------------------------------- bad input

GOOD = {"max_epochs": 1}


def fit(options=None, data=None, **methods):
    """A function that fits a module with these methods."""
    return lambda: trainer(MINE, **GOOD | (options or {})).fit(module(MINE, **methods), *(data or [loader(MINE)]))


def returns(make):
    """A function that fits a module whose training_step returns this."""
    return fit(training_step=lambda self, batch, i: make(self, batch))


def configured(make):
    """A function that fits a module whose configure_optimizers returns this for an SGD."""
    return fit(configure_optimizers=lambda self: make(optim.SGD(self.parameters(), lr=0.1)))


def logs(*args, **options):
    """A function that fits a module that logs this in training_step."""
    return fit(training_step=lambda self, batch, i: self.log(*args, **options) or self.loss(batch))


WITH_NAN = TensorDataset(np.where(X > 1, np.nan, X).astype("float32"), Y)


@pytest.mark.parametrize(
    ("run", "error", "words"),
    [
        (lambda: ours.Trainer(max_epoch=1), TypeError, "no option 'max_epoch'; did you mean 'max_epochs'"),
        (lambda: ours.Trainer(precision="16-mixed"), ValueError, "precision='16-mixed' is not covered"),
        (lambda: ours.Trainer(strategy="ddp"), ValueError, "strategy='ddp' is not covered"),
        (lambda: ours.Trainer(logger=object()), ValueError, "logger=<object .* is not covered"),
        (lambda: ours.Trainer(accelerator="tpu"), ValueError, "'auto' or 'cpu' or 'gpu' or 'cuda', not 'tpu'"),
        (lambda: ours.Trainer(devices=2), ValueError, "devices=2 is not covered"),
        (lambda: ours.Trainer(limit_train_batches=1.5), ValueError, "a fraction from 0.0 to 1.0, got 1.5"),
        (lambda: ours.Trainer(accumulate_grad_batches=0), ValueError, "must be a whole number, at least 1, got 0"),
        (lambda: ours.Trainer(gradient_clip_val="1"), TypeError, "gradient_clip_val is a number, got '1'"),
        (lambda: ours.Trainer(gradient_clip_algorithm="nrm"), ValueError, "not 'nrm'; did you mean 'norm'"),
        (lambda: ours.Trainer(callbacks=[ModelCheckpoint]), TypeError, "got the class ModelCheckpoint itself"),
        (lambda: ours.Trainer(callbacks=ModelCheckpoint(), enable_checkpointing=False), ValueError, "a Model"),
        (lambda: ModelCheckpoint(save_top_k=2), ValueError, r"save_top_k is -1 \(all\), 0, 1"),
        (lambda: ModelCheckpoint(every_n_train_steps=5), ValueError, "every_n_train_steps=5 is not covered"),
        (lambda: ModelCheckpoint(save_last="link"), ValueError, "save_last='link' is not covered"),
        (lambda: ModelCheckpoint(every_n_epochs=0), ValueError, "every_n_epochs must be a whole number"),
        (lambda: ModelCheckpoint(enable_version_counter=False), ValueError, "enable_version_counter=False is not"),
        (lambda: ours.Trainer(val_check_interval=0.5), ValueError, "val_check_interval=0.5 is not covered"),
        (lambda: ours.Trainer(val_check_interval=1), ValueError, "val_check_interval=1 is not covered"),
        (lambda: ours.Trainer(min_steps=5), ValueError, "min_steps=5 is not covered"),
        (lambda: ours.Trainer(check_val_every_n_epoch=None), ValueError, "at least 1, got None"),
        (lambda: ModelCheckpoint(every_n_epoch=5), TypeError, "'every_n_epoch'; did you mean 'every_n_epochs'"),
        (lambda: trainer(MINE).estimated_stepping_batches, AttributeError, "does not cover 'estimated_stepping_b"),
        (lambda: ours.callbacks.EarlyStopping("x", mode="auto"), ValueError, "mode is 'min' or 'max', not 'auto'"),
        (lambda: ours.seed_everything(-1), ValueError, "a seed is a number from 0"),
        (lambda: ours.callbacks.Timer, AttributeError, "Timer"),
        (lambda: ours.Fabric, AttributeError, "does not cover 'Fabric'"),
        (lambda: trainer(MINE).fit(nn.Linear(1, 1)), TypeError, "derived from L.LightningModule, got Linear"),
        (lambda: trainer(MINE).fit(module(MINE)), ValueError, r"write fit\(model, loader\), or a method train_d"),
        (lambda: trainer(MINE).test(ours.LightningModule(), []), ValueError, "Module has no test_step; write it"),
        (lambda: trainer(MINE).test(dataloaders=[]), TypeError, "got NoneType"),
        (lambda: trainer(MINE).save_checkpoint("x.ckpt"), RuntimeError, "no model yet"),
        (lambda: module(MINE).trainer, RuntimeError, r"no trainer yet; Trainer\(...\).fit"),
        (lambda: module(MINE).load_from_checkpoint("x"), TypeError, r"write model = Net.load_from_checkpoint\(path\)"),
        (lambda: module(MINE).hparams.lr, AttributeError, "hparams has no 'lr'"),
        (fit(data=[[1, 2]]), TypeError, "expected one loader with a length, got list of int"),
        (fit(data=[mg.tensor(X)]), TypeError, r"got Tensor of shape \(22, 4\); write DataLoader"),
        (fit(data=[loader(MINE), None, ours.LightningDataModule()]), ValueError, "loaders and a data module"),
        (fit(data=[type("Data", (ours.LightningDataModule,), {"state_dict": dict, "train_dataloader": loader})()]),
         ValueError, "a data module's state_dict is not covered"),
        (fit({"limit_train_batches": 0.1}), ValueError, "limit_train_batches=0.1 of 5 batches"),
        (fit(data=[iter(loader(MINE))]), TypeError, "expected one loader with a length, got generator"),
        (fit(data=[loader(MINE), [loader(MINE)] * 2]), TypeError, "val data: expected one loader .* got list of Data"),
        (fit({"gradient_clip_val": 1.0}, automatic_optimization=False), ValueError, "clip in training_step"),
        (fit(training_epoch_end=lambda self, outputs: None), ValueError, "of Lightning 1; instead use on_train_e"),
        (fit(on_epoch_end=lambda self: None), UserWarning, "on_epoch_end is no hook and is never called"),
        (fit({"callbacks": type("My", (ours.Callback,), {"on_epoch_end": 0})()}), UserWarning, "My.on_epoch_end is"),
        (fit(training_step=lambda self, batch, i, optimizer_idx: None), TypeError, "missing .* argument: 'optimizer_i"),
        (fit(optimizer_step=lambda *_: None), RuntimeError, r"write optimizer.step\(closure=optimizer_closure\)"),
        (fit(data=[DataLoader(WITH_NAN, batch_size=9)]), ValueError, "loss is nan because the batch holds nan"),
        (returns(lambda self, b: (self(b[0]) - b[1]) ** 2), TypeError, r"one number in a tensor, .* of shape \(5, 1\)"),
        (returns(lambda self, b: self.loss(b).item()), TypeError, "None, not float"),
        (returns(lambda self, b: self.loss(b).detach()), RuntimeError, "requires no gradient: was it detached"),
        (returns(lambda self, b: {"los": self.loss(b)}), ValueError, r"of \['los'\]; one entry must be 'loss'"),
        (returns(lambda self, b: self.manual_backward(self.loss(b))), RuntimeError, "automatic_optimization = False"),
        (returns(lambda self, b: None), UserWarning, "training_step returned None"),
        (configured(lambda o: None), TypeError, "configure_optimizers returned NoneType"),
        (configured(lambda o: (o, StepLR(o, 1))), TypeError, "returned tuple of SGD, StepLR; return"),
        (configured(lambda o: [o, o]), ValueError, r"returned 2 optimizers; .* self.optimizers\(\)"),
        (configured(lambda o: ([o], [Plateau(o)])), ValueError, "needs a metric, at .*: return"),
        (configured(lambda o: {"optimizer": o, "lr_scheduler": {"scheduler": Plateau(o), "monitor": "train_loss",
         "interval": "step"}}), ValueError, "at the end of epochs"),
        (configured(lambda o: ([o], [{"scheduler": StepLR(o, 1), "intervall": "step"}])), ValueError, "'intervall'"),
        (configured(lambda o: ([o], [{"scheduler": StepLR(o, 1), "interval": "batch"}])), ValueError, "not 'batch'"),
        (configured(lambda o: ([o], [o])), ValueError, "lr_scheduler is SGD, no scheduler"),
        (logs("a", mg.ones(2)), ValueError, r"'a' must be one number, got Tensor of shape \(2,\)"),
        (logs("a", "x"), ValueError, "'a' must be one number, got str"),
        (logs("a", 1.0, on_epoc=True), TypeError, "log has no option 'on_epoc'; did you mean 'on_epoch'"),
        (logs("a", 1.0, on_step=False), ValueError, "would never be seen"),
        (logs("a", 1.0, reduce_fx="median"), ValueError, "'mean' or 'sum' or 'min' or 'max', not 'median'"),
        (fit(on_fit_start=lambda self: self.log("a", 1.0)), RuntimeError, "can't be logged in on_fit_start"),
        (fit(on_train_start=lambda self: self.log("a", 1.0, on_step=True)), ValueError, "would never be seen"),
        (fit({"callbacks": [ours.callbacks.EarlyStopping("a")] * 2}), ValueError, "two callbacks are Early"),
        (lambda: module(MINE).log("a", 1.0), UserWarning, "'a' is not logged, as there is no trainer yet"),
        (fit({"max_epochs": None, "limit_train_batches": 0}), UserWarning, "not given, and becomes 1000"),
        (fit(data=[loader(MINE)] * 2, validation_step=ours.LightningModule.validation_step), UserWarning,
         "validation data but no validation_step"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_in_words(run, error, words, monkeypatch):
    """What was given, what is expected, what to write; and no weight has changed."""
    models = []
    make = module
    monkeypatch.setitem(globals(), "module", lambda *args, **named: models.append(make(*args, **named)) or models[-1])
    with pytest.raises(error, match=words):
        run()
    assert [weights(model) for model in models] == [weights(make(MINE))] * len(models)


@pytest.mark.parametrize(
    "run",
    [
        fit({"callbacks": ours.callbacks.EarlyStopping("train_los")}),
        fit({"callbacks": ModelCheckpoint(monitor="train_los"), "enable_checkpointing": True}, [loader(MINE)] * 2),
        configured(lambda o: {"optimizer": o, "lr_scheduler": Plateau(o), "monitor": "train_los"}),
    ],
)
def test_a_metric_that_is_not_logged(run):
    """Who waits for it says so, and which there are."""
    with pytest.raises(
        RuntimeError, match=r"no metric 'train_los'. Logged are .*train_loss.*; did you mean 'train_loss'"
    ):
        run()


def test_gpu_is_refused_with_the_reason(monkeypatch):
    """Why there is none, in the engine's words."""
    monkeypatch.setattr(mg.cuda, "reason", "CuPy is away")
    with pytest.raises(RuntimeError, match="accelerator='gpu', but there is no GPU to use: CuPy is away"):
        ours.Trainer(accelerator="gpu")
    assert ours.Trainer(accelerator="auto")._device.type == "cpu"


def test_hyperparameters_that_no_checkpoint_holds(tmp_path):
    """A module among them is warned of, left out of checkpoints, asked for when loading, and not counted twice."""

    class Net(ours.LightningModule):
        def __init__(self, net, rate=0.1):
            super().__init__()
            self.save_hyperparameters()
            self.net = net

        def training_step(self, batch, batch_idx):
            return self.net(batch[0]).mean()

        def configure_optimizers(self):
            return optim.SGD(self.parameters(), lr=self.hparams.rate)

    with pytest.warns(UserWarning, match=r"can't hold net; write save_hyperparameters\(ignore=\['net'\]\)"):
        model = Net(nn.Linear(4, 1))
    assert list(model.state_dict()) == ["net.weight", "net.bias"]
    t = trainer(MINE, max_epochs=1)
    t.fit(model, loader(MINE))
    t.save_checkpoint(tmp_path / "x.ckpt")
    with pytest.raises(TypeError, match=r"Net.__init__ takes: missing .* 'net'; .* load_from_checkpoint\(path"):
        Net.load_from_checkpoint(tmp_path / "x.ckpt")
    with pytest.warns(UserWarning, match="can't hold net"):
        again = Net.load_from_checkpoint(tmp_path / "x.ckpt", net=nn.Linear(4, 1))
    assert weights(again) == weights(model)


# ---------------------------------------------------------------- what is shown, and other levels


def test_what_is_printed(capsys, monkeypatch):
    """A table of the parts, a bar or, without tqdm, a line for each epoch; what tests find; or nothing."""
    shown = {"enable_progress_bar": True, "enable_model_summary": True, "max_epochs": 2}
    model, t = module(MINE), trainer(MINE, **shown)
    t.fit(model, loader(MINE))
    out, err = capsys.readouterr()
    assert out.splitlines()[0].split() == ["part", "type", "parameters"]
    assert out.splitlines()[-1].split() == ["all", "Net", "19"]
    assert "Epoch 1: 100%" in err
    assert "train_loss_epoch=" in err
    t.test(model, loader(MINE))
    assert capsys.readouterr().out.startswith("rows       4.7273\ntest_loss  ")
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    model = module(MINE, on_train_epoch_start=lambda self: self.print("epoch", self.current_epoch))
    trainer(MINE, **shown | {"enable_model_summary": False}).fit(model, loader(MINE))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "epoch 0"
    assert lines[1].startswith("Epoch 0: train_loss_step=")
    trainer(MINE, max_epochs=1).fit(module(MINE), loader(MINE))
    assert capsys.readouterr() == ("", "")


def test_import_in_every_spelling():
    """`import lightning.pytorch as pl`, `from lightning.pytorch.callbacks import ...`, first thing in a process."""
    for code in (
        "import minigrad.lightning.pytorch as pl; assert pl.callbacks.EarlyStopping and pl.Trainer",
        "from minigrad.lightning.pytorch.callbacks import ModelCheckpoint; from minigrad.lightning import Trainer",
        "from minigrad.lightning.callbacks import EarlyStopping, ModelCheckpoint, Callback, TQDMProgressBar",
        "from minigrad.lightning.pytorch import LightningModule; import minigrad.lightning as L; L.pytorch",
        "from minigrad.lightning.pytorch import trainer; import minigrad.lightning as L; assert trainer is L.trainer",
        "import minigrad.lightning.pytorch.trainer as t; import minigrad.lightning as L; assert t.Trainer is L.Trainer",
    ):
        subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=ROOT, check=True)


def test_a_copy_is_on_its_own():
    """A module is copied without its trainer, and the copy's weights are its own."""
    model, t = module(MINE), trainer(MINE, max_epochs=1)
    t.fit(model, loader(MINE))
    twin = copy.deepcopy(model)
    assert twin._trainer is None
    assert weights(twin) == weights(model)


def test_keras_layers_in_a_lightning_module(tmp_path):
    """They train, drop in training only, are saved; unbuilt ones are refused with the remedy."""
    keras = pytest.importorskip("minigrad.keras")

    class Net(ours.LightningModule):
        def __init__(self, built=True):
            super().__init__()
            self.first, self.drop, self.second = (
                keras.layers.Dense(8, "tanh"),
                keras.layers.Dropout(0.2),
                nn.Linear(8, 1),
            )
            self.modes = []
            if built:
                self.first(mg.zeros(1, 4))

        def loss(self, batch):
            self.modes.append((self.training, self.drop.training))
            return nn.functional.mse_loss(self.second(self.drop(self.first(batch[0]))), batch[1])

        def training_step(self, batch, batch_idx):
            return self.loss(batch)

        def validation_step(self, batch, batch_idx):
            self.log("val_loss", self.loss(batch))

        def configure_optimizers(self):
            return optim.Adam(self.parameters(), lr=0.05)

    ours.seed_everything(0)
    model, t = Net(), trainer(MINE, max_epochs=40)
    before = weights(model)
    untrained = t.validate(model, loader(MINE), verbose=False)[0]["val_loss"]
    t.fit(model, loader(MINE), loader(MINE))
    assert t.callback_metrics["val_loss"].item() < untrained / 3
    assert all(weights(model)[name] != before[name] for name in before)
    assert len(before) == 4
    assert set(model.modes) == {(True, True), (False, False)}
    t.save_checkpoint(tmp_path / "x.ckpt")
    assert weights(Net.load_from_checkpoint(tmp_path / "x.ckpt")) == weights(model)
    with pytest.raises(ValueError, match=r"has no weights yet, .* Call it, or the model, on a batch once"):
        trainer(MINE, max_epochs=1).fit(Net(built=False), loader(MINE), loader(MINE))


@pytest.mark.usefixtures("cuda")
def test_on_a_gpu(tmp_path):
    """The same numbers as on the CPU, also from a checkpoint on; afterwards the model is on the CPU again."""
    found, places = [], []
    for accelerator in ("cpu", "gpu"):
        path = tmp_path / f"{accelerator}.ckpt"
        for epochs in (2, 4):
            model = module(MINE, on_train_start=lambda self: places.append(self.device.type))
            watch = ours.callbacks.EarlyStopping("val_loss", mode="max", patience=9)
            t = trainer(MINE, max_epochs=epochs, accelerator=accelerator, gradient_clip_val=0.5, callbacks=[watch])
            data = loader(MINE), loader(MINE, 12, 7)
            found.append(fitted(MINE, model, t, *data, ckpt_path=path if path.exists() else None))
            t.save_checkpoint(path)
        assert {p.device.type for p in model.parameters()} == {"cpu"}
        assert isinstance(t.predict(model, loader(MINE))[0].numpy(), np.ndarray)
    assert places == ["cpu", "cpu", "cuda", "cuda"]
    assert alike(found[:2], found[2:], rtol=1e-3)
