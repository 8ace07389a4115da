"""What you call: a `Trainer`, with Lightning's options, which fits, validates, tests, predicts and saves."""

import inspect
import math
import os
import sys
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ..backend import cuda
from ..backend import device as Device
from ..nn import Module
from ..nn.summary import table
from ..spelling import did_you_mean
from . import checkpoint
from .batches import limit
from .callbacks import Callback, EarlyStopping, ModelCheckpoint, TQDMProgressBar
from .hooks import HOOKS, LOOPS, REFUSED, written
from .journal import Journal
from .loop import Loops
from .module import LightningDataModule, LightningModule
from .optimizers import CLIP, Stepper, configured
from .words import chosen, kind, refuse, warn

NEEDED = {"fit": ("train", "training_step", "configure_optimizers"), "validate": ("val", "validation_step"),
          "test": ("test", "test_step"), "predict": ("predict",)}  # fmt: skip
NOT_COVERED = {"strategy": ("auto",), "num_nodes": (1,), "max_time": (), "profiler": (), "plugins": ()}
NOT_COVERED |= {"sync_batchnorm": (False,), "reload_dataloaders_every_n_epochs": (0,), "model_registry": ()}
NOT_COVERED |= {"precision": ("32-true", "32", 32), "logger": (True,)}
IGNORED = "benchmark deterministic enable_autolog_hparams inference_mode log_every_n_steps".split()
IGNORED += ["use_distributed_sampler"]


class Trainer(Loops):
    """Trains, validates, tests and predicts: `Trainer(max_epochs=3).fit(model, train_loader, val_loader)`.

    The options are Lightning's. A limit of batches is a number of them, or as a float a fraction of all.
    """

    def __init__(self, *, max_epochs=None, min_epochs=None, max_steps=-1, min_steps=None, accelerator="auto",
                 devices="auto", callbacks=None, fast_dev_run=False, overfit_batches=0.0, limit_train_batches=None,
                 limit_val_batches=None, limit_test_batches=None, limit_predict_batches=None, val_check_interval=None,
                 check_val_every_n_epoch=1, num_sanity_val_steps=2, accumulate_grad_batches=1, gradient_clip_val=None,
                 gradient_clip_algorithm=None, detect_anomaly=False, enable_checkpointing=None, logger=None,
                 enable_progress_bar=None, enable_model_summary=None, barebones=False, default_root_dir=None,
                 **other):  # fmt: skip
        known = inspect.signature(Trainer).parameters
        refuse("Trainer", {"logger": logger or True, **other}, known, IGNORED, NOT_COVERED)
        if barebones:
            enable_checkpointing = enable_progress_bar = enable_model_summary = False
            num_sanity_val_steps = 0
        if fast_dev_run:
            limit_train_batches = limit_val_batches = limit_test_batches = limit_predict_batches = int(fast_dev_run)
            max_epochs, max_steps, num_sanity_val_steps = 1, int(fast_dev_run), 0
            val_check_interval, check_val_every_n_epoch = None, 1
        if overfit_batches:
            limit_train_batches = limit_val_batches = overfit_batches
        limits = (limit_train_batches, limit_val_batches, limit_test_batches, limit_predict_batches)
        self._limits = {kind: limit(f"limit_{kind}_batches", n) for kind, n in zip(LOOPS, limits, strict=True)}
        self.val_check_interval = limit("val_check_interval", val_check_interval)
        if check_val_every_n_epoch is None and isinstance(self.val_check_interval, float):
            raise ValueError("Trainer: with check_val_every_n_epoch=None, val_check_interval is a number of batches")
        if not isinstance(accumulate_grad_batches, int) or accumulate_grad_batches < 1:
            raise ValueError(f"Trainer: accumulate_grad_batches is a number from 1, got {accumulate_grad_batches!r}")
        if not isinstance(gradient_clip_val, int | float | None):
            raise TypeError(f"Trainer: gradient_clip_val is a number, got {gradient_clip_val!r}")
        chosen("Trainer: gradient_clip_algorithm", gradient_clip_algorithm or "norm", CLIP)
        self.max_epochs, self.min_epochs, self.max_steps, self.min_steps = max_epochs, min_epochs, max_steps, min_steps
        self.fast_dev_run, self.overfit_batches, self.barebones = fast_dev_run, overfit_batches, barebones
        self.num_sanity_val_steps = math.inf if num_sanity_val_steps == -1 else num_sanity_val_steps
        self.check_val_every_n_epoch, self.accumulate_grad_batches = check_val_every_n_epoch, accumulate_grad_batches
        self.gradient_clip_val, self.gradient_clip_algorithm = gradient_clip_val, gradient_clip_algorithm
        self._anomaly, self._summary, self._device = detect_anomaly, enable_model_summary, _device(accelerator, devices)
        self.default_root_dir, self._numbered = os.path.expanduser(default_root_dir or os.getcwd()), logger is not False
        self.callbacks = _completed(callbacks, enable_checkpointing, enable_progress_bar)
        self.state = SimpleNamespace(fn=None, stage=None, status="initializing")
        self.lightning_module: Any = None
        self.datamodule = self._source = self.ckpt_path = self._log_dir = None
        self.optimizers, self.lr_scheduler_configs, self._steppers, self._generators = ([] for _ in range(4))
        self._journal, self._given, self._loaders, self._toggled = Journal(silent=barebones), {}, {}, {}

    def fit(self, model, train_dataloaders=None, val_dataloaders=None, datamodule=None, ckpt_path=None):
        """Train and validate; with `ckpt_path`, a path, "last" or "best", go on from a checkpoint."""
        self.should_stop = False
        self._run("fit", model, {"train": train_dataloaders, "val": val_dataloaders}, datamodule, ckpt_path)

    def validate(self, model=None, dataloaders=None, ckpt_path=None, verbose=True, datamodule=None):
        """Go through the validation data; returns what was logged, a dictionary for each loader."""
        return _shown(self._run("validate", model, {"val": dataloaders}, datamodule, ckpt_path), verbose)

    def test(self, model=None, dataloaders=None, ckpt_path=None, verbose=True, datamodule=None):
        """Go through the test data; returns what was logged, a dictionary for each loader."""
        return _shown(self._run("test", model, {"test": dataloaders}, datamodule, ckpt_path), verbose)

    def predict(self, model=None, dataloaders=None, datamodule=None, return_predictions=None, ckpt_path=None):
        """What `predict_step` returns for each batch, in a list; with several loaders a list for each."""
        found = self._run("predict", model, {"predict": dataloaders}, datamodule, ckpt_path)
        return None if return_predictions is False or not found else found[0] if len(found) == 1 else found

    def save_checkpoint(self, filepath, weights_only=False):
        """Write all that training needs to go on, or only the weights."""
        checkpoint.write(self, filepath, weights_only)

    def _run(self, fn, model, given, datamodule, ckpt_path):
        self.state.fn, self.state.status, known = fn, "running", self.lightning_module
        self.state.stage = self._journal.loop = "train" if fn == "fit" else None
        self.lightning_module = known if model is None else model
        try:
            self._connect(fn, given, datamodule)
            self.ckpt_path = checkpoint.meant(self, fn, ckpt_path, best=model is None)
            result = self._stages(fn)
            self.state.status = "finished"
            return result
        except BaseException as error:
            self.state.status = "interrupted"
            self._tell("on_exception", error)
            if isinstance(error, KeyboardInterrupt):
                print("Interrupted; the model is as the last step left it.")
                sys.exit(1)  # as Lightning does
            raise
        finally:
            self.state.stage = self._journal.loop = self._hook = None
            if self._device.type == "cuda" and isinstance(self.lightning_module, Module):
                self.lightning_module.cpu()

    def _connect(self, fn, given, datamodule):
        """Bring model, data and trainer together, and see that nothing is missing."""
        model = self.lightning_module
        if not isinstance(model, LightningModule):
            raise TypeError(f"{fn}: expected an object of a class derived from L.LightningModule, got {kind(model)}")
        for name, loader in given.items():
            if isinstance(loader, LightningDataModule):
                given[name], datamodule = None, loader
        if datamodule is not None and any(loader is not None for loader in given.values()):
            raise ValueError(f"{fn}: loaders and a data module were given; give one of them")
        self.datamodule, self._given, self._loaders, model._trainer = datamodule, given, {}, self
        self._source = model if datamodule is None else datamodule
        if datamodule is not None:
            datamodule.trainer = self
        name, own = type(model).__name__, [x for x in dir(type(model)) if not hasattr(LightningModule, x)]
        for needed in NEEDED[fn][1:]:
            if not written(model, needed):
                raise ValueError(f"{fn}: {name} has no {needed}; write it{did_you_mean(needed, own)}")
        if not self._has(NEEDED[fn][0]):
            method = f"{NEEDED[fn][0]}_dataloader"
            raise ValueError(f"{fn}: there is no data; write {fn}(model, loader), or a method {method}")
        for hook in REFUSED:
            if hasattr(type(model), hook) or hasattr(type(self._source), hook):
                raise ValueError(f"{fn}: {hook} is not covered, or of Lightning 1; instead use {REFUSED[hook]}")
        for its in map(type, (model, *self.callbacks)):
            for hook in dir(its):
                if hook.startswith("on_") and not hasattr(LightningModule, hook):
                    warn(f"{its.__name__}.{hook} is no hook and is never called{did_you_mean(hook, HOOKS)}")
        if fn == "fit" and written(model, "validation_step") != self._has("val"):
            lack = "a validation_step but no data" if not self._has("val") else "validation data but no validation_step"
            warn(f"fit: there is {lack} for it, so there is no validation")
        if not model.automatic_optimization and (self.gradient_clip_val or self.accumulate_grad_batches > 1):
            raise ValueError("fit: with automatic_optimization=False accumulate and clip in training_step: "
                             "self.clip_gradients(optimizer, 1.0)")  # fmt: skip
        keys = [x.state_key for x in self.callbacks if type(x).state_dict is not Callback.state_dict]
        if twice := [key for key in keys if keys.count(key) > 1]:
            raise ValueError(f"{fn}: two callbacks are {twice[0]}; give one a state_key of its own")

    def _stages(self, fn):
        """A run from setting up to tearing down."""
        model, data, saved = self.lightning_module, self.datamodule, None
        for x in self.callbacks:
            x.log, x.log_dict = model.log, model.log_dict
        for owner in [model] if data is None else [data, model]:
            self._ask("prepare_data", owner=owner)
        if data is not None:
            self._ask("setup", fn, owner=data)
        self._call("setup", fn)
        if self.ckpt_path:
            saved = checkpoint.read(self.ckpt_path)
            self._ask("on_load_checkpoint", saved)
            self._tell("on_load_checkpoint", saved)
        self._journal.forget()
        model.to(self._device)
        if fn == "fit":
            if self.max_epochs is None and self.max_steps == -1:
                warn("fit: max_epochs was not given, and becomes 1000; for no limit give -1")
            if self.max_epochs is None:
                self.max_epochs = 1000 if self.max_steps == -1 else -1
            answer = self._ask("configure_optimizers")
            self.optimizers, self.lr_scheduler_configs = configured(answer, model.automatic_optimization)
            self._steppers = [Stepper(x, self) for x in self.optimizers]
        if saved:
            checkpoint.restore(self, saved)
        if fn == "fit":
            self._call("on_fit_start")
            if self._summary is not False:
                rows = [*model.named_children(), ("all", model)]
                rows = [(name, type(x).__name__, f"{sum(p.numel() for p in x.parameters()):,}") for name, x in rows]
                print(table([("part", "type", "parameters"), *rows]))
        model.zero_grad()
        self.state.stage = "train" if fn == "fit" else fn
        result = self._fit(saved) if fn == "fit" else self._evaluate(NEEDED[fn][0])
        if fn == "fit":
            self._call("on_fit_end")
        if data is not None:
            self._ask("teardown", fn, owner=data)
        self._call("teardown", fn)
        return result

    interrupted = property(lambda self: self.state.status == "interrupted", doc="Whether the last run broke off.")
    training = property(lambda self: self.state.stage == "train", doc="Whether it trains now.")
    sanity_checking = property(lambda self: self.state.stage == "sanity_check", doc="Whether it tries validation out.")
    validating = property(lambda self: self.state.stage == "validate", doc="Whether it validates now.")
    testing = property(lambda self: self.state.stage == "test", doc="Whether it tests now.")
    predicting = property(lambda self: self.state.stage == "predict", doc="Whether it predicts now.")
    num_training_batches = property(lambda self: self._counts("train", [math.inf])[0], doc="Batches of an epoch.")
    num_val_batches = property(lambda self: self._counts("val"), doc="Batches of each loader.")
    num_test_batches = property(lambda self: self._counts("test"), doc="Batches of each loader.")
    num_predict_batches = property(lambda self: self._counts("predict"), doc="Batches of each loader.")
    checkpoint_callback = property(lambda self: self._first(ModelCheckpoint), doc="The first that saves, or None.")
    early_stopping_callback = property(lambda self: self._first(EarlyStopping), doc="The first that stops, or None.")
    progress_bar_callback = property(lambda self: self._first(TQDMProgressBar), doc="The progress bar, or None.")
    callback_metrics = property(lambda self: self._journal.metrics("callback"), doc="What may be watched: tensors.")
    logged_metrics = property(lambda self: self._journal.metrics("logged"), doc="All but those with `logger=False`.")
    progress_bar_metrics = property(lambda self: self._journal.metrics("bar"), doc="Those with `prog_bar`: numbers.")
    model = property(lambda self: self.lightning_module, doc="The module.")
    fit_loop = property(lambda self: self, doc="Where Lightning keeps `max_epochs`, to be set before training goes on.")
    logger, loggers, is_global_zero, global_rank, world_size = None, (), True, 0, 1

    def _counts(self, kind, default=()):
        return self._loaders[kind][1] if kind in self._loaders else [*default]

    def _first(self, kind):
        return next((x for x in self.callbacks if isinstance(x, kind)), None)

    @property
    def log_dir(self):
        """The folder for this run's checkpoints: with a number for each run, unless `logger=False`."""
        if self._log_dir is None:
            folder = Path(self.default_root_dir, "lightning_logs")
            before = [path.name[8:] for path in folder.glob("version_*")]
            number = max((int(number) for number in before if number.isdigit()), default=-1) + 1
            self._log_dir = str(folder / f"version_{number}") if self._numbered else self.default_root_dir
        return self._log_dir

    def print(self, *args, **options):
        """Print without disturbing the progress bar."""
        bar = self.progress_bar_callback and self.progress_bar_callback.bar
        with bar.external_write_mode() if bar is not None else nullcontext():
            print(*args, **options)


def _completed(callbacks, enable_checkpointing, enable_progress_bar):
    """The callbacks with those that are there by default, in the order in which they are called: savers come last."""
    found = [callbacks] if isinstance(callbacks, Callback) else list(callbacks or ())
    for x in found:
        if not isinstance(x, Callback):
            raise TypeError(f"Trainer: callbacks are objects of classes derived from L.Callback, got {kind(x)}")
    savers = [x for x in found if isinstance(x, ModelCheckpoint)]
    if savers and enable_checkpointing is False:
        raise ValueError("Trainer: enable_checkpointing=False, and a ModelCheckpoint is among the callbacks")
    if not savers and enable_checkpointing is not False:
        savers = [ModelCheckpoint()]
    barred = enable_progress_bar is False or any(isinstance(x, TQDMProgressBar) for x in found)
    return [x for x in found if x not in savers] + [TQDMProgressBar()] * (not barred) + savers


def _shown(results, verbose):
    """What an evaluation logged, as numbers; printed, if wanted."""
    results = [{name: value.item() for name, value in metrics.items()} for metrics in results]
    for metrics in results if verbose else ():
        for name, value in sorted(metrics.items()):
            print(f"{name:<{max(map(len, metrics))}}  {value:.4f}")
    return results


def _device(accelerator, devices):
    """The device that the two options of the trainer mean."""
    chosen("Trainer: accelerator", accelerator, dict.fromkeys(("auto", "cpu", "gpu", "cuda")))
    gpu = accelerator != "cpu" and cuda.is_available()
    if accelerator in ("gpu", "cuda") and not gpu:
        raise RuntimeError(f"Trainer: accelerator={accelerator!r}, but there is no GPU to use: {cuda.why_not()}")
    number = devices[0] if isinstance(devices, list) and len(devices) == 1 else 0
    if devices not in ("auto", 1, "1", -1, "-1", [number]):
        raise ValueError(f"Trainer: devices={devices!r} is not covered: it trains on one; give 1, or [number]")
    return Device("cuda", number) if gpu else Device("cpu")
