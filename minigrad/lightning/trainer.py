"""What you call: a `Trainer`, with Lightning's options, which fits, validates, tests, predicts and saves."""

import itertools
import math
import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ..backend import cuda
from ..backend import device as Device
from ..nn import Module
from ..spelling import did_you_mean, whole
from . import checkpoint
from .batches import limit
from .callbacks import Callback, ModelCheckpoint, TQDMProgressBar
from .hooks import HOOKS, LOOPS, REFUSED, written
from .journal import Journal
from .loop import Loops
from .module import LightningDataModule, LightningModule
from .optimizers import CLIP, Stepper, configured
from .words import ANY, chosen, keep, kind, refuse, warn

NEEDED = {"fit": ("train", "training_step", "configure_optimizers"), "validate": ("val", "validation_step"),
          "test": ("test", "test_step"), "predict": ("predict",)}  # fmt: skip
NOT_COVERED: dict = {"strategy": ("auto",), "num_nodes": (1,), "max_time": (), "profiler": (), "plugins": ()}
NOT_COVERED |= {"sync_batchnorm": (False,), "reload_dataloaders_every_n_epochs": (0,), "model_registry": ()}
NOT_COVERED |= {"precision": ("32-true", "32", 32), "logger": (True, False), "val_check_interval": (1.0,)}
NOT_COVERED |= {"min_steps": ()} | dict.fromkeys(("benchmark", "deterministic", "inference_mode"), ANY)
NOT_COVERED |= dict.fromkeys(("enable_autolog_hparams", "log_every_n_steps", "use_distributed_sampler"), ANY)


class Trainer(Loops):
    """Trains, validates, tests and predicts: `Trainer(max_epochs=3).fit(model, train_loader, val_loader)`.

    The options are Lightning's. A limit of batches is a number of them, or as a float a fraction of all.
    """

    def __init__(self, *, max_epochs=None, min_epochs=None, max_steps=-1, accelerator="auto", devices="auto",
                 callbacks=None, fast_dev_run=False, overfit_batches=0.0, limit_train_batches=None,
                 limit_val_batches=None, limit_test_batches=None, limit_predict_batches=None,
                 check_val_every_n_epoch=1, num_sanity_val_steps=2, accumulate_grad_batches=1, gradient_clip_val=None,
                 gradient_clip_algorithm=None, detect_anomaly=False, enable_checkpointing=True, logger=True,
                 enable_progress_bar=True, enable_model_summary=True, default_root_dir=None, **other):  # fmt: skip
        refuse(Trainer, {"logger": logger, **other}, NOT_COVERED)
        limits = [limit_train_batches, limit_val_batches, limit_test_batches, limit_predict_batches]
        if overfit_batches:
            limits[:2] = overfit_batches, overfit_batches
        if fast_dev_run:
            max_epochs, max_steps, num_sanity_val_steps, check_val_every_n_epoch = 1, int(fast_dev_run), 0, 1
            limits = [max_steps] * 4
        if not isinstance(gradient_clip_val, int | float | None):
            raise TypeError(f"Trainer: gradient_clip_val is a number, got {gradient_clip_val!r}")
        chosen("Trainer: gradient_clip_algorithm", gradient_clip_algorithm or "norm", CLIP)
        whole("Trainer: check_val_every_n_epoch", check_val_every_n_epoch)
        whole("Trainer: accumulate_grad_batches", accumulate_grad_batches)
        keep(self, locals())
        self.num_sanity_val_steps = math.inf if num_sanity_val_steps == -1 else num_sanity_val_steps
        self.default_root_dir = os.path.expanduser(default_root_dir or os.getcwd())
        self.callbacks = _completed(callbacks, enable_checkpointing is not False, enable_progress_bar is not False)
        self.state = SimpleNamespace(fn=None, stage=None)
        self.datamodule = self.ckpt_path = self._log_dir = None
        self.lightning_module: Any = None
        self.optimizers, self.lr_scheduler_configs, self._steppers, self._generators = [], [], [], []
        self._loaders: dict = {}
        self._limits = {kind: limit(f"limit_{kind}_batches", n) for kind, n in zip(LOOPS, limits, strict=True)}
        self._device, self._journal = _device(accelerator, devices), Journal()
        self.logger, self.interrupted, self._numbers_runs = None, False, logger is not False

    def fit(self, model, train_dataloaders=None, val_dataloaders=None, datamodule=None, ckpt_path=None):
        """Train and validate; with `ckpt_path`, a path, "last" or "best", go on from a checkpoint."""
        self.should_stop = False
        self._run("fit", model, {"train": train_dataloaders, "val": val_dataloaders}, datamodule, ckpt_path)

    def validate(self, model=None, dataloaders=None, ckpt_path=None, verbose=True, datamodule=None):
        """Go through the validation data; returns what was logged, a dictionary in a list."""
        return _shown(self._run("validate", model, {"val": dataloaders}, datamodule, ckpt_path), verbose)

    def test(self, model=None, dataloaders=None, ckpt_path=None, verbose=True, datamodule=None):
        """Go through the test data; returns what was logged, a dictionary in a list."""
        return _shown(self._run("test", model, {"test": dataloaders}, datamodule, ckpt_path), verbose)

    def predict(self, model=None, dataloaders=None, datamodule=None, ckpt_path=None):
        """What `predict_step` returns for each batch, in a list."""
        return self._run("predict", model, {"predict": dataloaders}, datamodule, ckpt_path)

    def save_checkpoint(self, filepath, weights_only=False):
        """Write all that training needs to go on, or only the weights."""
        checkpoint.write(self, filepath, weights_only)

    def _run(self, fn, model, given, datamodule, ckpt_path):
        self.state.fn, self.interrupted = fn, False
        self._enter("train" if fn == "fit" else None)
        self.lightning_module = self.lightning_module if model is None else model
        try:
            self._connect(fn, given, datamodule)
            self.ckpt_path = checkpoint.meant(self, fn, ckpt_path, best=model is None)
            return self._stages(fn)
        except BaseException as error:
            self.interrupted = True
            self._call("on_exception", error, to=self.callbacks)
            if isinstance(error, KeyboardInterrupt):
                print("Interrupted; the model is as the last step left it.")
                sys.exit(1)  # as Lightning does
            raise
        finally:
            self._hook = None
            self._enter(None)
            if self._device.type == "cuda" and isinstance(self.lightning_module, Module):
                self.lightning_module.cpu()

    def _connect(self, fn, given, datamodule):
        """Bring model, data and trainer together."""
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
        self._source._trainer = self
        self._see_that_all_is_there(fn, model)
        for callback in self.callbacks:
            callback.log, callback.log_dict = model.log, model.log_dict

    def _see_that_all_is_there(self, fn, model):
        """Refuse what would be missing later, and warn of what would never be called."""
        data, *steps = NEEDED[fn]
        own = [name for name in dir(type(model)) if not hasattr(LightningModule, name)]
        for needed in steps:
            if not written(model, needed):
                raise ValueError(f"{fn}: {type(model).__name__} has no {needed}; write it{did_you_mean(needed, own)}")
        if not self._has(data):
            raise ValueError(f"{fn}: there is no data; write {fn}(model, loader), or a method {data}_dataloader")
        for hook in REFUSED:
            if hasattr(type(model), hook) or hasattr(type(self._source), hook):
                raise ValueError(f"{fn}: {hook} is not covered, or of Lightning 1; instead use {REFUSED[hook]}")
        if hasattr(self.datamodule, "state_dict"):
            raise ValueError(f"{fn}: a data module's state_dict is not covered; use buffers of the module")
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
        model, data, saved = self.lightning_module, self.datamodule or LightningDataModule(), None
        self._call("prepare_data", to=[data, model])
        self._call("setup", fn, to=[data, *self.callbacks, model])
        if self.ckpt_path:
            saved = checkpoint.read(self.ckpt_path)
            self._call("on_load_checkpoint", saved, to=[model, *self.callbacks])
        self._journal.forget()
        model.to(self._device)
        if fn == "fit":
            self._make_optimizers(model)
        if saved:
            checkpoint.restore(self, saved)
        model.zero_grad()
        self._enter("train" if fn == "fit" else fn)
        result = self._fit(saved) if fn == "fit" else self._evaluate(NEEDED[fn][0])
        self._call("teardown", fn, to=[data, *self.callbacks, model])
        return result

    def _make_optimizers(self, model):
        if self.max_epochs is None and self.max_steps == -1:
            warn("fit: max_epochs was not given, and becomes 1000; for no limit give -1")
        if self.max_epochs is None:
            self.max_epochs = 1000 if self.max_steps == -1 else -1
        answer = self._call("configure_optimizers")
        self.optimizers, self.lr_scheduler_configs = configured(answer, model.automatic_optimization)
        self._steppers = [Stepper(x, self) for x in self.optimizers]

    training = property(lambda self: self.state.stage == "train", doc="Whether it trains now.")
    sanity_checking = property(lambda self: self.state.stage == "sanity_check", doc="Whether it tries validation out.")
    validating = property(lambda self: self.state.stage == "validate", doc="Whether it validates now.")
    testing = property(lambda self: self.state.stage == "test", doc="Whether it tests now.")
    predicting = property(lambda self: self.state.stage == "predict", doc="Whether it predicts now.")
    callback_metrics = property(lambda self: self._journal.metrics("callback"), doc="What may be watched: tensors.")
    logged_metrics = property(lambda self: self._journal.metrics("logged"), doc="All but those with `logger=False`.")
    progress_bar_metrics = property(lambda self: self._journal.metrics("bar"), doc="Those with `prog_bar`: numbers.")
    fit_loop = property(lambda self: self, doc="Where Lightning keeps `max_epochs`, to be set before training goes on.")
    num_training_batches = property(lambda self: self._loaders.get("train", (None, math.inf))[1], doc="In an epoch.")
    num_val_batches = property(lambda self: [*self._loaders.get("val", (None,))[1:]], doc="In a list.")
    max_epochs: Any

    @property
    def checkpoint_callback(self):
        """The first callback that saves, or None."""
        return next((x for x in self.callbacks if isinstance(x, ModelCheckpoint)), None)

    @property
    def log_dir(self):
        """The folder for this run's checkpoints: with a number for each run, unless `logger=False`."""
        if self._log_dir is None:
            folders = (Path(self.default_root_dir, "lightning_logs", f"version_{n}") for n in itertools.count())
            new = next(folder for folder in folders if not folder.exists())
            self._log_dir = str(new) if self._numbers_runs else self.default_root_dir
        return self._log_dir


def _completed(callbacks, saves, shows):
    """The callbacks with those that are there by default, in the order in which they are called: savers come last."""
    found = [callbacks] if isinstance(callbacks, Callback) else list(callbacks or ())
    for x in found:
        if not isinstance(x, Callback):
            raise TypeError(f"Trainer: callbacks are objects of classes derived from L.Callback, got {kind(x)}")
    savers, bars = ([x for x in found if isinstance(x, its)] for its in (ModelCheckpoint, TQDMProgressBar))
    if savers and not saves:
        raise ValueError("Trainer: enable_checkpointing=False, and a ModelCheckpoint is among the callbacks")
    others = [x for x in found if x not in savers]
    return others + [TQDMProgressBar()] * (shows and not bars) + (savers or [ModelCheckpoint()] * saves)


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
    if devices not in ("auto", 1, "1", -1, "-1", [0]):
        raise ValueError(f"Trainer: devices={devices!r} is not covered: it trains on one; give 1, or leave it away")
    if accelerator in ("gpu", "cuda") and not cuda.is_available():
        raise RuntimeError(f"Trainer: accelerator={accelerator!r}, but there is no GPU to use: {cuda.why_not()}")
    return Device("cuda" if accelerator != "cpu" and cuda.is_available() else "cpu")
