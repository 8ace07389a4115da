"""Lightning: training loops that nobody needs to write again, as in Lightning 2 (`import minigrad.lightning as L`).

A `LightningModule` says what is done with one batch; a `Trainer` goes through batches and epochs and calls every hook
of the module and of the callbacks at the moment at which Lightning calls it. What is logged is averaged, shown, watched
by `EarlyStopping` and `ModelCheckpoint`, and saved. Nothing is computed here: networks, optimizers, data and files are
those of the other modules.
"""

import inspect
import math
import operator
import os
import random
import re
import sys
import warnings
from contextlib import nullcontext
from copy import copy
from itertools import chain, islice, pairwise
from pathlib import Path
from types import MethodType, ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from .autograd import detect_anomaly as watching_for_nan
from .backend import cuda, default_generator, manual_seed
from .backend import device as Device
from .io import load, save, storable, take_over
from .nn import Module, utils
from .nn.summary import table
from .optim import Optimizer
from .optim.lr_scheduler import ReduceLROnPlateau
from .spelling import did_you_mean, not_covered
from .tape import no_grad, raw
from .tensor import Tensor

LOOPS = {"train": "train", "val": "validation", "test": "test", "predict": "predict"}  # as options and as hooks say it
NEEDED = {"fit": ("train", "training_step", "configure_optimizers"), "validate": ("val", "validation_step"),
          "test": ("test", "test_step"), "predict": ("predict",)}  # fmt: skip
BACKWARD = "on_before_zero_grad on_before_backward on_after_backward on_before_optimizer_step".split()
HOOKS = "setup teardown on_fit_start on_fit_end on_sanity_check_start on_sanity_check_end on_exception".split()
HOOKS += ["on_save_checkpoint", "on_load_checkpoint", *BACKWARD]
for _when in ("start", "end", "epoch_start", "epoch_end", "batch_start", "batch_end"):
    HOOKS += [f"on_{_loop}_{_when}" for _loop in LOOPS.values()]
REFUSED = {f"on_{_when}_batch_transfer": "the dataset" for _when in ("before", "after")}
REFUSED["transfer_batch_to_device"] = "Trainer(accelerator=...)"
REFUSED |= {f"on_{_loop}_model_{mode}": f"on_{_loop}_start" for _loop in LOOPS.values() for mode in ("eval", "train")}
REFUSED |= {"configure_callbacks": "Trainer(callbacks=...)", "configure_model": "__init__"}
for _step, _loop in (("training", "train"), ("validation", "validation"), ("test", "test")):  # of Lightning 1
    REFUSED |= {f"{_step}_epoch_end": f"on_{_loop}_epoch_end", f"{_step}_step_end": f"on_{_loop}_batch_end"}

# Where `log` works. In the first it is about the step unless it says more, in the others about the epoch; in the last
# there are no steps.
STEPPING = "training_step backward optimizer_step optimizer_zero_grad configure_gradient_clipping".split()
STEPPING += ["on_train_batch_start", "on_train_batch_end", *BACKWARD]
EVALUATING = ["validation_step", "test_step"]
EVALUATING += [f"on_{_loop}_batch_{_when}" for _loop in ("validation", "test") for _when in ("start", "end")]
BETWEEN = [hook for hook in HOOKS if re.fullmatch("on_(train|validation|test)_(start|epoch_start|epoch_end)", hook)]

CLIP: dict[str, Any] = {"norm": utils.clip_grad_norm_, "value": utils.clip_grad_value_}
REDUCE: dict[str, Any] = {"mean": operator.add, "sum": operator.add, "min": np.minimum, "max": np.maximum}
BETTER: dict[str, Any] = {"min": operator.lt, "max": operator.gt}


def _nothing(self, *args, **options):
    """A hook: nothing, until you write it."""


def _written(owner, hook):
    """Whether your class has written this hook."""
    return getattr(getattr(owner, hook), "__func__", None) is not _nothing


def _chosen(option, name, known):
    """The entry of a table; where there is none, an error that lists them."""
    if name not in known:
        raise ValueError(f"{option} is {' or '.join(map(repr, known))}, not {name!r}{did_you_mean(name, known)}")
    return known[name]


def _warn(text):
    """A warning at the line of the program that called into this file."""
    level, frame = 2, sys._getframe(1)
    while frame.f_back and frame.f_globals["__name__"] in (__name__, "contextlib"):
        level, frame = level + 1, frame.f_back
    warnings.warn(text, stacklevel=level)


def seed_everything(seed=None, workers=False, verbose=True):
    """Seed the random numbers of minigrad, NumPy and Python; returns the seed."""
    seed = int(os.environ.get("PL_GLOBAL_SEED", 0) if seed is None else seed)
    if not 0 <= seed < 2**32:
        raise ValueError(f"seed_everything: a seed is a number from 0 to 2**32 - 1, got {seed}")
    os.environ["PL_GLOBAL_SEED"] = str(seed)
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002
    manual_seed(seed)
    return seed


def _random_states(generators=()):
    """Where the random numbers of NumPy, Python, minigrad and these generators stand."""
    states = [generator.get_state() for generator in (default_generator, *generators)]
    return [np.random.get_state(legacy=False), random.getstate(), *states]  # noqa: NPY002


def _set_random_states(states, generators=()):
    np.random.set_state(states[0])  # noqa: NPY002
    random.setstate(states[1])
    for generator, state in zip((default_generator, *generators), states[2:], strict=False):
        generator.set_state(state)


# ---------------------------------------------------------------- what is logged


class _Entry:
    """What is logged under a name: the last value, and what becomes of all values of the epoch."""

    def __init__(self, name, suffix, options):
        both = options["on_step"] and options["on_epoch"]
        self.name, self.options = name + suffix, options
        self.last: Any = None
        self.total: Any = None
        self.weight = 0
        self.full = {True: name + "_step" * both + suffix, False: name + "_epoch" * both + suffix}

    def add(self, value, size):
        self.last, reduce = value, self.options["reduce_fx"]
        if reduce == "mean":
            value, self.weight = value * size, self.weight + size
        self.total = value if self.total is None else REDUCE[reduce](self.total, value)

    def value(self, by_step):
        """The value of the step, or of the epoch; None if it wasn't asked for."""
        if not self.options["on_step" if by_step else "on_epoch"]:
            return None
        return Tensor.wrap(self.last if by_step else self.total / (self.weight or 1))


class _Journal:
    """All that the running loop logs, and the metrics that the trainer shows."""

    def __init__(self):
        self.entries: dict[Any, dict] = {loop: {} for loop in LOOPS.values()}
        self.loop: Any = None  # which one is running
        self.forget()

    def forget(self):
        for entries in self.entries.values():
            entries.clear()
        self.by_step = False  # while an epoch runs, a metric is the last step's, and at its end the epoch's
        self.loader = self.batch = None  # its number, if there are several; the batch, whose size weighs in the mean
        self.callback: dict = {}
        self.logged: dict = {}
        self.bar: dict = {}

    def log(self, hook, name, value, size, numbered, options):
        suffix = f"/dataloader_idx_{self.loader}" if numbered and self.loader is not None else ""
        entries, key = self.entries[self.loop], (hook, name, self.loader)
        entry = entries.setdefault(key, _Entry(name, suffix, options))
        if entry.options != options:
            raise ValueError(f"log: {name!r} is logged twice in {hook}, with different options; give them two names")
        if size is None and self.batch is not None and options["on_epoch"] and options["reduce_fx"] == "mean":
            size = _batch_size(self.batch)
        entry.add(value, 1 if size is None else size)

    def gather(self):
        """Bring the metrics up to date; returns those that are logged now."""
        now = {}
        for (_, _, loader), entry in self.entries[self.loop].items() if self.loop else ():
            value, full = entry.value(self.by_step), entry.full[self.by_step]
            if value is None or loader != self.loader:
                continue
            if entry.options["logger"]:
                now[full] = value
            if self.loop == "train" or not self.by_step:
                self.callback[entry.name] = self.callback[full] = value
            if entry.options["prog_bar"]:
                self.bar[full] = value.item()
        self.logged |= now
        return now


def _batch_size(batch):
    """How many rows the first tensor in the batch has; a warning if another has more or fewer."""
    found = list(dict.fromkeys(len(x) if x.ndim else 1 for x in _tensors(batch)))
    if not found:
        raise ValueError("log: no tensor in the batch tells its size; write self.log(..., batch_size=...)")
    if len(found) > 1:
        _warn(f"log: the tensors of the batch have {found} rows, and {found[0]} counts; give log a batch_size")
    return found[0]


def _tensors(batch):
    """The tensors in lists, tuples and dictionaries."""
    if isinstance(batch, Tensor):
        yield batch
    elif isinstance(batch, dict | list | tuple):
        for part in batch.values() if isinstance(batch, dict) else batch:
            yield from _tensors(part)


def _moved(batch, device):
    """The same with all tensors on a device."""
    if isinstance(batch, dict):
        return {name: _moved(part, device) for name, part in batch.items()}
    if isinstance(batch, list | tuple):
        parts = [_moved(part, device) for part in batch]
        return type(batch)(*parts) if hasattr(batch, "_fields") else type(batch)(parts)
    return batch.to(device) if isinstance(batch, Tensor) else batch


# ---------------------------------------------------------------- what you write


class Hyperparameters(dict):
    """A dictionary whose entries are attributes as well: `hparams.lr`."""

    def __getattr__(self, name):
        if name not in self:
            raise AttributeError(f"hparams has no {name!r}{did_you_mean(name, self) or f'; it has {list(self)}'}")
        return self[name]

    __setattr__ = dict.__setitem__


class _Described:
    """What modules and data modules have in common: hyperparameters, and loaders."""

    prepare_data = setup = teardown = on_exception = _nothing
    train_dataloader = val_dataloader = test_dataloader = predict_dataloader = _nothing

    @property
    def hparams(self):
        """What `save_hyperparameters` kept."""
        return vars(self).setdefault("_hparams", Hyperparameters())

    def save_hyperparameters(self, *args, ignore=(), frame=None, logger=True):
        """Keep what `__init__` was called with in `self.hparams` and in checkpoints: everything, or what is named.

        It may also be given a dictionary or a namespace to keep.
        """
        given: dict = {}
        frame = frame or sys._getframe(1)
        while frame and frame.f_code.co_name == "__init__" and frame.f_locals.get(frame.f_code.co_varnames[0]) is self:
            code, (_, _, keywords, values) = frame.f_code, inspect.getargvalues(frame)
            names = code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount]
            given |= {name: values[name] for name in names} | values.get(keywords or "", {})
            frame = frame.f_back
        self._hparams_name: str | None = "kwargs"
        if whole := [x for x in args if not isinstance(x, str)]:
            self._hparams_name = next((name for name, x in given.items() if x is whole[0]), None)
            given = whole[0] if isinstance(whole[0], dict) else vars(whole[0])
        elif args:
            given = {name: _chosen("save_hyperparameters: an argument", name, given) for name in args}
        self.hparams.update(given)
        for name in [ignore] if isinstance(ignore, str) else ignore or ():
            self.hparams.pop(name, None)
        if odd := [name for name, x in self.hparams.items() if not storable(x)]:
            _warn(
                f"save_hyperparameters: a checkpoint, which is no pickle, can't hold {', '.join(odd)}; write "
                f"save_hyperparameters(ignore={odd}), and give them to load_from_checkpoint again"
            )


class LightningDataModule(_Described):
    """Loaders that belong together: write `setup(stage)`, `train_dataloader()`, `val_dataloader()`..."""

    trainer = None
    load_state_dict = _nothing

    def state_dict(self):
        """What of it is saved in checkpoints, for `load_state_dict`."""
        return {}


class _of_the_class:
    """A class method that refuses to be called on an object, since it would not change that."""

    def __init__(self, function):
        self.function = function

    def __get__(self, instance, owner):
        if instance is not None:
            raise TypeError(f"write model = {owner.__name__}.{self.function.__name__}(path): it makes a new module")
        return MethodType(self.function, owner)


class LightningModule(_Described, Module):
    """A network and how it is trained: write `training_step` and `configure_optimizers`, and the hooks you need.

    >>> import minigrad as mg
    >>> from minigrad import nn, optim
    >>> from minigrad.data import DataLoader
    >>> class Line(LightningModule):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.w = nn.Parameter(mg.tensor(0.0))
    ...     def training_step(self, batch, batch_idx):
    ...         x, y = batch
    ...         loss = nn.functional.mse_loss(self.w * x, y)
    ...         self.log("loss", loss)
    ...         return loss
    ...     def configure_optimizers(self):
    ...         return optim.SGD(self.parameters(), lr=0.05)
    >>> loader = DataLoader([(1.0, 3.0), (2.0, 6.0), (3.0, 9.0), (4.0, 12.0)], batch_size=2)
    >>> line = Line()
    >>> Trainer(max_epochs=10, barebones=True, accelerator="cpu").fit(line, loader)
    >>> line.w.data
    tensor(3.0000)
    """

    automatic_optimization, example_input_array = True, None
    _trainer: Any = None
    training_step = validation_step = test_step = configure_optimizers = _nothing

    def _parts(self):
        return ((name, part) for name, part in super()._parts() if not name.startswith("_hparams"))

    def __getstate__(self):
        return vars(self) | {"_trainer": None}  # a copy is on its own

    # ------------------------------------------------------------ where it is

    @property
    def trainer(self):
        """The trainer it is with."""
        if self._trainer is None:
            raise RuntimeError(f"{type(self).__name__} has no trainer yet; Trainer(...).fit(model, ...) gives it one")
        return self._trainer

    @property
    def current_epoch(self):
        """The number of the epoch, from 0."""
        return self._trainer.current_epoch if self._trainer else 0

    @property
    def global_step(self):
        """How many steps the optimizers have taken."""
        return self._trainer.global_step if self._trainer else 0

    @property
    def device(self):
        """Where its parameters are."""
        return next((p.device for p in self.parameters()), Device("cpu"))

    logger = None

    def print(self, *args, **options):
        """Print without disturbing the progress bar."""
        (self._trainer.print if self._trainer else print)(*args, **options)

    def log(self, name, value, prog_bar=False, logger=None, on_step=None, on_epoch=None, reduce_fx="mean", *,
            batch_size=None, add_dataloader_idx=True, **other):  # fmt: skip
        """Log a number: of the step, of the epoch (its mean over the samples), or both, as name_step and name_epoch.

        Unless it is said, of the step in training, of the epoch everywhere else. `reduce_fx` may be min, max or sum.
        """
        ignored = {"enable_graph", "sync_dist", "sync_dist_group", "metric_attribute", "rank_zero_only"}
        for option in other.keys() - ignored:
            near = did_you_mean(option, inspect.signature(self.log).parameters)
            raise TypeError(f"log has no option {option!r}{near}")
        if self._trainer is None:
            return _warn(f"log: {name!r} is not logged, as there is no trainer yet")
        hook, journal = self._trainer._hook, self._trainer._journal
        if not journal.loop or hook not in {*STEPPING, *EVALUATING, *BETWEEN}:
            raise RuntimeError(f"log: {name!r} can't be logged {f'in {hook}' if hook else 'here'}, between the epochs")
        on_step = hook in STEPPING if on_step is None else on_step
        on_epoch = hook not in STEPPING if on_epoch is None else on_epoch
        if not (on_step or on_epoch) or (hook in BETWEEN and (on_step or not on_epoch)):
            raise ValueError(f"log: {name!r} in {hook} with on_step={on_step}, on_epoch={on_epoch} would never be seen")
        reduce = str(getattr(reduce_fx, "__name__", reduce_fx)).lower().replace("avg", "mean")
        _chosen("log: reduce_fx", reduce, REDUCE)
        number = np.float32(value) if isinstance(value, int | float) else raw(value)
        if getattr(number, "size", 0) != 1:
            raise ValueError(f"log: {name!r} must be one number, got {_kind(value)}; write for example loss.mean()")
        number = number.reshape(()).astype(np.float64 if number.dtype == np.float64 else np.float32)  # a copy
        options = {"on_step": on_step, "on_epoch": on_epoch, "reduce_fx": reduce, "prog_bar": prog_bar}
        if not self._trainer.barebones:
            journal.log(hook, name, number, batch_size, add_dataloader_idx, options | {"logger": logger is not False})
        return None

    def log_dict(self, dictionary, *args, **options):
        """Log the entries of a dictionary, each as `log` does."""
        for name, value in dictionary.items():
            self.log(name, value, *args, **options)

    # ------------------------------------------------------------ steps

    def predict_step(self, batch, batch_idx, dataloader_idx=0):
        """What `Trainer.predict` returns for a batch."""
        return self(batch)

    def backward(self, loss, **options):
        """The gradients of the loss."""
        loss.backward(**options)

    def optimizer_step(self, epoch, batch_idx, optimizer, optimizer_closure=None):
        """Take a step. The closure does what comes before: training_step, zero_grad, backward."""
        optimizer.step(closure=optimizer_closure)

    def optimizer_zero_grad(self, epoch, batch_idx, optimizer):
        """Forget the gradients of the step before."""
        optimizer.zero_grad()

    def on_validation_model_zero_grad(self):
        """Forget the gradients before validation."""
        self.zero_grad()

    def lr_scheduler_step(self, scheduler, metric):
        """Set the learning rate anew."""
        scheduler.step(*([] if metric is None else [metric]))

    def configure_gradient_clipping(self, optimizer, gradient_clip_val=None, gradient_clip_algorithm=None):
        """Clip gradients before a step, as the trainer was told."""
        self.clip_gradients(optimizer, gradient_clip_val, gradient_clip_algorithm)

    def clip_gradients(self, optimizer, gradient_clip_val=None, gradient_clip_algorithm=None):
        """Scale the gradients to a norm of at most `gradient_clip_val`, or with "value" cut off each of them there."""
        limit = gradient_clip_val or self.trainer.gradient_clip_val
        if limit and limit > 0:
            how = gradient_clip_algorithm or self.trainer.gradient_clip_algorithm or "norm"
            params = [p for group in optimizer.param_groups for p in group["params"]]
            _chosen("gradient_clip_algorithm", how, CLIP)(params, limit)

    def optimizers(self, use_pl_optimizer=True):
        """The optimizer, or a list of them."""
        found = self.trainer._steppers if use_pl_optimizer else self.trainer.optimizers
        return found[0] if len(found) == 1 else found

    def lr_schedulers(self):
        """The schedule, or a list of them; None if there is none."""
        found = [config.scheduler for config in self.trainer.lr_scheduler_configs]
        return found[0] if len(found) == 1 else found or None

    def manual_backward(self, loss, **options):
        """The gradients of a loss, where `automatic_optimization` is False."""
        if self.automatic_optimization:
            raise RuntimeError("manual_backward: set self.automatic_optimization = False in __init__ first")
        self.trainer._backward(loss, **options)

    def toggle_optimizer(self, optimizer):
        """Let only the parameters of this optimizer require gradients, until `untoggle_optimizer`."""
        others = {p: p.requires_grad for o in self.trainer.optimizers for g in o.param_groups for p in g["params"]}
        for p in (p for group in optimizer.param_groups for p in group["params"]):
            others.pop(p, None)
        self.trainer._toggled = others
        for p in others:
            p.requires_grad = False

    def untoggle_optimizer(self, optimizer):
        """Let parameters require gradients as before `toggle_optimizer`."""
        for p, before in self.trainer._toggled.items():
            p.requires_grad = before

    def freeze(self):
        """No parameter is trained, and evaluation mode; returns the module."""
        return self.requires_grad_(False).eval()

    def unfreeze(self):
        """All parameters are trained, and training mode; returns the module."""
        return self.requires_grad_(True).train()

    @_of_the_class
    def load_from_checkpoint(cls, checkpoint_path, map_location=None, strict=True, **arguments):
        """Make the module anew from a checkpoint: with the saved hyperparameters, unless given, and its weights."""
        saved = _read(checkpoint_path, map_location)
        kept, name = saved.get("hyper_parameters", {}), saved.get("hparams_name")
        wanted = {n: p for n, p in inspect.signature(cls).parameters.items() if p.kind is not p.VAR_POSITIONAL}
        others = [n for n, p in wanted.items() if p.kind is p.VAR_KEYWORD]
        given = ({name: Hyperparameters(kept)} if name in wanted and name not in others else kept) | arguments
        given = {n: value for n, value in given.items() if others or n in wanted}
        if missing := [n for n, p in wanted.items() if p.default is p.empty and n not in (*given, *others)]:
            raise TypeError(
                f"{checkpoint_path} doesn't hold {', '.join(missing)} for {cls.__name__}.__init__: call "
                f"save_hyperparameters() there, or write load_from_checkpoint(path, {missing[0]}=...)"
            )
        model = cls(**given)
        model.on_load_checkpoint(saved)
        model.load_state_dict(saved["state_dict"], strict=strict)
        return model if map_location is None else model.to(map_location)


def _read(path, map_location=None):
    """A checkpoint, as a dictionary."""
    saved = load(path, map_location)
    if not isinstance(saved, dict) or "state_dict" not in saved:
        raise ValueError(f"{path} is no checkpoint of a trainer; write model.load_state_dict(mg.load(path))")
    return saved


# ---------------------------------------------------------------- callbacks


class Callback:
    """Something done at certain moments: write hooks such as `on_train_epoch_end(self, trainer, pl_module)`.

    With a `state_dict` and `load_state_dict` it is part of checkpoints.
    """

    load_state_dict = _nothing

    def state_dict(self):
        """What is saved in checkpoints."""
        return {}

    @property
    def state_key(self):
        """Its name in checkpoints; two callbacks with a state need two names."""
        return type(self).__qualname__


for _hook in HOOKS:
    setattr(LightningModule, _hook, _nothing)
    setattr(Callback, _hook, _nothing)


class _Watching(Callback):
    """A callback that watches a metric: after each epoch, or after validation if this is not once in each epoch."""

    KEPT: tuple = ()

    def __init__(self, monitor, mode, by_training):
        self.monitor, self.mode, self._by_training = monitor, mode, by_training
        self.better = _chosen(f"{type(self).__name__}: mode", mode, BETTER)

    @property
    def state_key(self):
        """Its name in checkpoints."""
        return f"{type(self).__qualname__}({self.monitor}, {self.mode})"

    def state_dict(self):
        """What is saved in checkpoints."""
        return {name: getattr(self, name) for name in self.KEPT}

    def load_state_dict(self, state_dict):
        """Go on from a `state_dict`."""
        vars(self).update(state_dict)

    def _after_training(self, trainer):
        if self._by_training is not None:
            return self._by_training
        return trainer.check_val_every_n_epoch == 1 and (trainer.val_check_interval == 1.0 or not trainer._validates())

    def on_train_epoch_end(self, trainer, pl_module):
        if self._after_training(trainer) and not trainer.fast_dev_run:
            self._look(trainer)

    def on_validation_end(self, trainer, pl_module):
        quiet = trainer.fast_dev_run or trainer.sanity_checking or trainer.state.fn != "fit"
        if not quiet and not self._after_training(trainer):
            self._look(trainer)

    def _look(self, trainer):
        raise NotImplementedError

    def _logged(self, metrics, strict=True):
        """Whether the metric is there; where it must be, an error that names those that are."""
        return _monitored(type(self).__name__, self.monitor, metrics, strict)


def _monitored(who, name, metrics, strict):
    if name not in metrics and strict:
        raise RuntimeError(
            f"{who}: there is no metric {name!r}. Logged are {', '.join(metrics) or 'none'}; write "
            f"self.log({name!r}, ...) in the module{did_you_mean(name, metrics)}"
        )
    return name in metrics


class EarlyStopping(_Watching):
    """Stop when a logged metric has not become better, by more than `min_delta`, for `patience` checks.

    Also when it is not finite, better than `stopping_threshold` or worse than `divergence_threshold`.
    """

    KEPT = ("wait_count", "stopped_epoch", "best_score", "patience")

    def __init__(self, monitor, min_delta=0.0, patience=3, verbose=False, mode="min", strict=True, check_finite=True,
                 stopping_threshold=None, divergence_threshold=None, check_on_train_epoch_end=None,
                 log_rank_zero_only=False):  # fmt: skip
        super().__init__(monitor, mode, check_on_train_epoch_end)
        self.patience, self.verbose, self.strict, self.check_finite = patience, verbose, strict, check_finite
        self.min_delta = -min_delta if mode == "min" else min_delta
        self.stopping_threshold, self.divergence_threshold = stopping_threshold, divergence_threshold
        self.wait_count = self.stopped_epoch = 0
        self.best_score = Tensor(math.inf if mode == "min" else -math.inf)

    def _look(self, trainer):
        metrics = trainer.callback_metrics
        if not self._logged(metrics, self.strict):
            return
        now, best, why = metrics[self.monitor].item(), self.best_score.item(), None
        if self.check_finite and not math.isfinite(now):
            why = f"is {now}, which is not finite"
        elif self.stopping_threshold is not None and self.better(now, self.stopping_threshold):
            why = f"is {now:.5g}, better than {self.stopping_threshold}"
        elif self.divergence_threshold is not None and self.better(-now, -self.divergence_threshold):
            why = f"is {now:.5g}, worse than {self.divergence_threshold}"
        elif self.better(now - self.min_delta, best):
            self.best_score, self.wait_count = metrics[self.monitor], 0
        else:
            self.wait_count += 1
            if self.wait_count >= self.patience:
                why = f"did not become better in {self.wait_count} checks; the best was {best:.5g}"
        if why:
            trainer.should_stop, self.stopped_epoch = True, trainer.current_epoch
            if self.verbose:
                trainer.print(f"EarlyStopping: {self.monitor} {why}")


class ModelCheckpoint(_Watching):
    """Save a checkpoint after each epoch: the last one, or with `monitor` the `save_top_k` best, or with -1 all.

    `filename` names metrics in braces: "{epoch}-{val_loss:.2f}" becomes epoch=3-val_loss=0.25.ckpt. What is where,
    `best_model_path`, `best_model_score`, `best_k_models` and, with `save_last=True`, `last_model_path` say.
    """

    CHECKPOINT_JOIN_CHAR, CHECKPOINT_EQUALS_CHAR, CHECKPOINT_NAME_LAST, FILE_EXTENSION = "-", "=", "last", ".ckpt"
    KEPT = ("best_model_score", "best_model_path", "dirpath", "best_k_models", "kth_best_model_path", "last_model_path")

    def __init__(self, dirpath=None, filename=None, monitor=None, verbose=False, save_last=None, save_top_k=1,
                 save_on_exception=False, save_weights_only=False, mode="min", auto_insert_metric_name=True,
                 every_n_train_steps=None, train_time_interval=None, every_n_epochs=None, save_on_train_epoch_end=None,
                 enable_version_counter=True):  # fmt: skip
        super().__init__(monitor, mode, save_on_train_epoch_end)
        if train_time_interval is not None or save_last == "link":
            raise ValueError("ModelCheckpoint: train_time_interval and save_last='link' are not covered")
        if save_top_k < -1 or (monitor is None and save_top_k > 1) or (every_n_train_steps and every_n_epochs):
            raise ValueError(
                f"ModelCheckpoint: save_top_k is -1 (all), 0, 1, or with a monitor more, got {save_top_k}; and of "
                "every_n_train_steps and every_n_epochs give one"
            )
        self.dirpath = os.path.realpath(os.path.expanduser(dirpath)) if dirpath else None
        self.filename, self.verbose, self.save_last, self.save_top_k = filename, verbose, save_last, save_top_k
        self.save_on_exception, self.save_weights_only = save_on_exception, save_weights_only
        self.auto_insert_metric_name, self.every_n_train_steps = auto_insert_metric_name, every_n_train_steps or 0
        self.every_n_epochs = 1 if every_n_epochs is None and every_n_train_steps is None else every_n_epochs or 0
        self._counting, self._step, self._waiting = enable_version_counter, 0, False
        self.best_k_models, self.best_model_score = {}, None
        self.best_model_path = self.kth_best_model_path = self.last_model_path = self._saved = ""

    @property
    def state_key(self):
        """Its name in checkpoints."""
        return f"{super().state_key}{self.every_n_train_steps},{self.every_n_epochs}"

    def load_state_dict(self, state_dict):
        """Go on from a `state_dict`; of one from another folder only `best_model_path` is taken over."""
        same = state_dict["dirpath"] == self.dirpath
        super().load_state_dict(state_dict if same else {"best_model_path": state_dict["best_model_path"]})

    def setup(self, trainer, pl_module, stage):
        self.dirpath = self.dirpath or os.path.join(trainer.log_dir, "checkpoints")

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        if not self.every_n_train_steps or trainer.global_step % self.every_n_train_steps or trainer.fast_dev_run:
            return
        now = self._metrics(trainer)
        fresh = trainer.is_last_batch and trainer._validates_now() and not self._after_training(trainer)
        if self.monitor and (self.monitor not in now or fresh):
            self._waiting = True  # for validation to tell the metric
        elif self._step != trainer.global_step:
            self._keep_best(trainer, now)
            self._keep_last(trainer, now)

    def _look(self, trainer):
        if self._step == trainer.global_step:  # no step since it was saved
            return
        now, waited = self._metrics(trainer), self._waiting and not self._after_training(trainer)
        if waited or (self.every_n_epochs and (trainer.current_epoch + 1) % self.every_n_epochs == 0):
            self._keep_best(trainer, now)
        if waited or self._step == trainer.global_step:
            self._keep_last(trainer, now)
        self._waiting = False

    def on_train_end(self, trainer, pl_module):
        if not self._saved and not trainer.fast_dev_run:
            self._keep_last(trainer, self._metrics(trainer))

    def on_exception(self, trainer, pl_module, exception):
        if self.save_on_exception and trainer.state.fn == "fit" and self._step != trainer.global_step:
            self._save(trainer, self.format_checkpoint_name(now := self._metrics(trainer)))
            self._keep_last(trainer, now)

    def format_checkpoint_name(self, metrics, filename=None, ver=None):
        """The path of a checkpoint with these metrics."""

        def put(found):
            name, form = found.groups()
            value = format(metrics.get(name, 0), form)
            return name + self.CHECKPOINT_EQUALS_CHAR + value if self.auto_insert_metric_name else value

        template = filename or self.filename or "{epoch}" + self.CHECKPOINT_JOIN_CHAR + "{step}"
        name = re.sub(r"\{([^:}]*):?([^}]*)\}", put, template) + (f"{self.CHECKPOINT_JOIN_CHAR}v{ver}" if ver else "")
        return os.path.join(self.dirpath or "", name + self.FILE_EXTENSION)

    def _metrics(self, trainer):
        """The metrics as numbers, with the epoch and the step."""
        found = {"epoch": trainer.current_epoch, "step": trainer.global_step}
        found |= {name: value.item() for name, value in trainer.callback_metrics.items()}
        return found | {"epoch": int(found["epoch"]), "step": int(found["step"])}

    def _keep_best(self, trainer, now):
        models, best, worst = self.best_k_models, *((min, max) if self.mode == "min" else (max, min))
        if self.save_top_k == 0:
            return
        if self.monitor is None:
            before, self.best_model_path = self.best_model_path, self._path(now, self.best_model_path)
            self._save(trainer, self.best_model_path, before if self.save_top_k == 1 else "")
        elif not self._logged(now, strict=trainer._validated):
            _warn(f"ModelCheckpoint: {self.monitor!r} has not been logged, so nothing is saved")
        else:
            score, full = now[self.monitor], len(models) == self.save_top_k
            if full and not self.better(score, models[self.kth_best_model_path].item()):
                return
            replaced = self.kth_best_model_path if full else ""
            models.pop(replaced, None)
            path = self._path(now, replaced)
            models[path] = Tensor((math.inf if self.mode == "min" else -math.inf) if math.isnan(score) else score)
            self.best_model_path = best(models, key=models.__getitem__)
            self.best_model_score = models[self.best_model_path]
            if len(models) == self.save_top_k or self.save_top_k == -1:
                self.kth_best_model_path = worst(models, key=models.__getitem__)
            self._save(trainer, path, replaced)
            if self.verbose:
                trainer.print(f"ModelCheckpoint: {self.monitor} is {score:.5f} after step {now['step']}, saved {path}")

    def _keep_last(self, trainer, now):
        if self.save_last:
            before = self.last_model_path
            self.last_model_path = self._path(now, before, self.CHECKPOINT_NAME_LAST)
            self._save(trainer, self.last_model_path, before)

    def _path(self, now, free, filename=None):
        """A path at which there is no file, or only the one that may be replaced."""
        path, version = self.format_checkpoint_name(now, filename), 1
        while self._counting and path != free and os.path.exists(path):
            path, version = self.format_checkpoint_name(now, filename, version), version + 1
        return path

    def _save(self, trainer, path, replaced=""):
        """Save, then delete what is replaced: unless it is of another folder, or training resumed from it."""
        trainer.save_checkpoint(path, self.save_weights_only)
        self._step, self._saved = trainer.global_step, path
        kept = {path, trainer.ckpt_path and os.path.abspath(trainer.ckpt_path)}
        if replaced and replaced not in kept and Path(self.dirpath or "") in Path(replaced).parents:
            Path(replaced).unlink(missing_ok=True)


class TQDMProgressBar(Callback):
    """A bar for the batches of an epoch, with what is logged with `prog_bar=True`; without tqdm, a line an epoch."""

    bar = None

    def __init__(self, refresh_rate=1, process_position=0, leave=False):
        self.refresh_rate = refresh_rate

    def _begin(self, text, counts):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # in a notebook without ipywidgets it warns, and then draws with letters
            try:
                from tqdm.auto import tqdm
            except ImportError:
                return
        self.bar = tqdm(total=sum(counts) if sum(counts) < math.inf else None, desc=text)

    def _advance(self, trainer, module, outputs, batch, batch_idx, dataloader_idx=0):
        if self.bar is not None and self.refresh_rate and (batch_idx + 1) % self.refresh_rate == 0:
            self.bar.set_postfix(trainer.progress_bar_metrics, refresh=False)
            self.bar.update(self.refresh_rate)

    def _end(self, *_):
        if self.bar is not None:
            self.bar.close()
        self.bar = None

    on_train_batch_end = on_test_batch_end = on_predict_batch_end = _advance
    on_train_end = on_test_end = on_predict_end = on_exception = _end

    def on_train_start(self, trainer, pl_module):
        self._begin("Epoch", [trainer.num_training_batches])

    def on_test_start(self, trainer, pl_module):
        self._begin("Testing", trainer.num_test_batches)

    def on_predict_start(self, trainer, pl_module):
        self._begin("Predicting", trainer.num_predict_batches)

    def on_train_epoch_start(self, trainer, pl_module):
        if self.bar is not None:
            self.bar.reset()
            self.bar.set_description(f"Epoch {trainer.current_epoch}")

    def on_train_epoch_end(self, trainer, pl_module):
        if self.bar is not None:
            self.bar.set_postfix(trainer.progress_bar_metrics)
        else:
            metrics = trainer.progress_bar_metrics.items()
            print(f"Epoch {trainer.current_epoch}: " + ", ".join(f"{name}={x:.3g}" for name, x in metrics))


# ---------------------------------------------------------------- the trainer


class _Stepper:
    """An optimizer as hooks and manual optimization see it: its step comes with the hooks before it."""

    def __init__(self, optimizer, trainer):
        self.optimizer, self._trainer = optimizer, trainer

    __class__ = property(lambda self: type(self.optimizer))

    def __getattr__(self, name):
        return getattr(self.optimizer, name)

    def step(self, closure=None, **options):
        """A step of the optimizer, after the closure."""
        trainer, model = self._trainer, self._trainer.lightning_module

        def whole():
            loss = closure() if closure else None
            trainer._call("on_before_optimizer_step", self.optimizer)
            if model.automatic_optimization:
                how = trainer.gradient_clip_val, trainer.gradient_clip_algorithm
                trainer._ask("configure_gradient_clipping", self.optimizer, *how)
            return loss

        result = self.optimizer.step(closure=whole, **options)
        trainer.global_step += not model.automatic_optimization
        return result


# Where training stands, in checkpoints: batches of this epoch and of all, how far the epoch is (start, batch, trained,
# validated, ended), and the random states from which its order was drawn.
PROGRESS = "current_epoch global_step is_last_batch _done_now _done_ever _phase _order".split()
NOT_COVERED = {"strategy": "auto", "num_nodes": 1, "max_time": None, "profiler": None, "plugins": None}
NOT_COVERED |= {"sync_batchnorm": False, "reload_dataloaders_every_n_epochs": 0, "model_registry": None}
NOT_COVERED |= {"precision": "32-true", "logger": True}
IGNORED = {"benchmark", "deterministic", "enable_autolog_hparams", "inference_mode", "log_every_n_steps"}
IGNORED |= {"use_distributed_sampler"}


class Trainer:
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
        for option, value in {"logger": logger or True, **other}.items():
            if option not in NOT_COVERED.keys() | IGNORED:
                known = inspect.signature(Trainer).parameters
                raise TypeError(f"Trainer has no option {option!r}{did_you_mean(option, known)}")
            if option in NOT_COVERED and value not in (None, NOT_COVERED[option]) and str(value) != "32":
                raise ValueError(f"Trainer: {option}={value!r} is not covered; leave it away")
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
        self._limits = {kind: _limit(f"limit_{kind}_batches", n) for kind, n in zip(LOOPS, limits, strict=True)}
        self.val_check_interval = _limit("val_check_interval", val_check_interval)
        if check_val_every_n_epoch is None and isinstance(self.val_check_interval, float):
            raise ValueError("Trainer: with check_val_every_n_epoch=None, val_check_interval is a number of batches")
        if not isinstance(accumulate_grad_batches, int) or accumulate_grad_batches < 1:
            raise ValueError(f"Trainer: accumulate_grad_batches is a number from 1, got {accumulate_grad_batches!r}")
        if not isinstance(gradient_clip_val, int | float | None):
            raise TypeError(f"Trainer: gradient_clip_val is a number, got {gradient_clip_val!r}")
        _chosen("Trainer: gradient_clip_algorithm", gradient_clip_algorithm or "norm", CLIP)
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
        self.datamodule = self._source = self.ckpt_path = self._log_dir = self._order = self._hook = None
        self.optimizers, self.lr_scheduler_configs, self._steppers, self._generators = ([] for _ in range(4))
        self.should_stop = self.is_last_batch = self._validated = False
        self.current_epoch = self.global_step = self._done_now = self._done_ever = 0
        self._phase, self._journal = "start", _Journal()
        self._given, self._loaders, self._toggled = {}, {}, {}

    # ------------------------------------------------------------ what is called

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

    def _run(self, fn, model, given, datamodule, ckpt_path):
        self.state.fn, self.state.status, known = fn, "running", self.lightning_module
        self.state.stage = self._journal.loop = "train" if fn == "fit" else None
        self.lightning_module = known if model is None else model
        try:
            self._connect(fn, given, datamodule)
            self.ckpt_path = self._checkpoint(fn, ckpt_path, best=model is None)
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
        model, kind = self.lightning_module, NEEDED[fn][0]
        if not isinstance(model, LightningModule):
            raise TypeError(f"{fn}: expected an object of a class derived from L.LightningModule, got {_kind(model)}")
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
            if not _written(model, needed):
                raise ValueError(f"{fn}: {name} has no {needed}; write it{did_you_mean(needed, own)}")
        if not self._has(kind):
            raise ValueError(f"{fn}: there is no data; write {fn}(model, loader), or a method {kind}_dataloader")
        for hook in REFUSED:
            if hasattr(type(model), hook) or hasattr(type(self._source), hook):
                raise ValueError(f"{fn}: {hook} is not covered, or of Lightning 1; instead use {REFUSED[hook]}")
        for its in map(type, (model, *self.callbacks)):
            for hook in dir(its):
                if hook.startswith("on_") and not hasattr(LightningModule, hook):
                    _warn(f"{its.__name__}.{hook} is no hook and is never called{did_you_mean(hook, HOOKS)}")
        if fn == "fit" and _written(model, "validation_step") != self._has("val"):
            lack = "a validation_step but no data" if not self._has("val") else "validation data but no validation_step"
            _warn(f"fit: there is {lack} for it, so there is no validation")
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
            saved = _read(self.ckpt_path)
            self._ask("on_load_checkpoint", saved)
            self._tell("on_load_checkpoint", saved)
        self._journal.forget()
        model.to(self._device)
        if fn == "fit":
            self._set_limits()
            self._configure(self._ask("configure_optimizers"))
        if saved:
            self._restore(saved)
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

    def _tell(self, hook, *args, callbacks=None):
        """Call a hook of the callbacks."""
        before, self._hook = self._hook, hook
        for callback in self.callbacks if callbacks is None else callbacks:
            getattr(callback, hook)(self, self.lightning_module, *args)
        self._hook = before

    def _ask(self, hook, *args, owner=None, **options):
        """Call a hook of the module, or of the data module, and return what it returns."""
        before, self._hook = self._hook, hook
        result = getattr(self.lightning_module if owner is None else owner, hook)(*args, **options)
        self._hook = before
        return result

    def _call(self, hook, *args):
        """Call a hook of the callbacks, then that of the module."""
        self._tell(hook, *args)
        return self._ask(hook, *args)

    def _step(self, name, batch, number, *where):
        """What a step of the module returns; it may leave away the number of the batch."""
        signature = inspect.signature(getattr(self.lightning_module, name))
        several = any(p.kind is p.VAR_POSITIONAL for p in signature.parameters.values())
        args = [batch, *[number] * (several or len(signature.parameters) > 1), *where]
        try:
            signature.bind(*args)
        except TypeError as error:
            given = ["batch", "batch_idx", "dataloader_idx"][: 2 + len(where)]
            raise TypeError(f"{name}{signature} is called with {', '.join(given)}: {error}") from None
        return self._ask(name, *args)

    # ------------------------------------------------------------ data

    def _has(self, kind):
        """Whether there is data of a kind: train, val, test or predict."""
        return self._given.get(kind) is not None or _written(self._source, f"{kind}_dataloader")

    def _load(self, kind):
        """The loaders of a kind, and how many batches each is to give; asked for once in a run."""
        if kind not in self._loaders:
            given = self._given.get(kind)
            given = self._ask(f"{kind}_dataloader", owner=self._source) if given is None else given
            several = kind != "train" and isinstance(given, list | tuple | dict)
            found = list(given.values() if isinstance(given, dict) else given) if several else [given]
            found = [self._usable(x, kind) for x in found]
            self._loaders[kind] = found, [_count(x, self._limits[kind], f"limit_{kind}_batches") for x in found]
        return self._loaders[kind]

    def _usable(self, loader, kind):
        """The loader itself, unless it can't be one, or is to be gone through in order."""
        if isinstance(loader, Tensor | np.ndarray | list | tuple | dict) or not hasattr(loader, "__iter__"):
            raise TypeError(
                f"{self.state.fn}: expected a loader, got {_kind(loader)}; write "
                "DataLoader(TensorDataset(x, y), batch_size=32)"
            )
        if self.overfit_batches and self.state.fn == "fit" and getattr(loader, "shuffle", False):
            _warn(f"overfit_batches: the {kind} batches are not shuffled, so that they are always the same")
            loader = copy(loader)
            loader.shuffle = False
        return loader

    def _validates(self):
        """Whether there are validations in training."""
        return self._limits["val"] > 0 and self._has("val") and _written(self.lightning_module, "validation_step")

    def _validates_now(self):
        """Whether there are any in this epoch."""
        return self._validates() and (self.current_epoch + 1) % (self.check_val_every_n_epoch or 1) == 0

    # ------------------------------------------------------------ evaluation

    @no_grad()
    def _evaluate(self, kind, most=math.inf):
        """Validation, test or prediction, whole: what was logged, or predicted, for each loader."""
        journal, model, loop, (loaders, counts) = self._journal, self.lightning_module, LOOPS[kind], self._load(kind)
        counts, results = [min(n, most) for n in counts], []
        if not sum(counts):
            return []
        modes = {module: module.training for module in model.modules()}
        journal.loop, journal.by_step = None if kind == "predict" else loop, False
        model.eval()
        self._call(f"on_{loop}_start")
        self._call(f"on_{loop}_epoch_start")
        for number, (loader, n) in enumerate(zip(loaders, counts, strict=True)):
            where, predictions = [number] * (len(loaders) > 1), []
            journal.loader = number if where else None
            for i, batch, _ in _batches(loader, n):
                batch = _moved(batch, self._device)
                journal.by_step, journal.batch = True, batch
                self._call(f"on_{loop}_batch_start", batch, i, *where)
                output = self._step(f"{loop}_step", batch, i, *where)
                self._call(f"on_{loop}_batch_end", output, batch, i, *where)
                journal.gather()
                journal.batch = None
                if kind == "predict":
                    predictions.append(_moved(output, Device("cpu")))
            journal.by_step = False
            results.append(predictions if kind == "predict" else journal.gather())
        journal.loader = None
        self._validated = self._validated or not self.sanity_checking
        self._call(f"on_{loop}_epoch_end")
        last = journal.gather()
        results = [x if kind == "predict" else x | last for x in results]
        if self._phase == "trained" and not self.sanity_checking:
            self._phase = "validated"
        self._call(f"on_{loop}_end")
        journal.entries[loop].clear()
        for module, training in modes.items():
            module.training = training
        return results

    # ------------------------------------------------------------ training

    def _set_limits(self):
        if self.max_epochs is None:
            self.max_epochs = 1000 if self.max_steps == -1 else -1
            if self.max_steps == -1:
                _warn("fit: max_epochs was not given, and becomes 1000; for no limit give -1")

    def _fit(self, saved):
        journal = self._journal
        if saved:
            vars(self).update({name: saved["loops"][name] for name in PROGRESS})
        elif self._phase != "start":  # of a run that broke off; its epoch begins anew
            self._phase = "start"
        if self._validates() and self.num_sanity_val_steps > 0:
            states, self.state.stage = _random_states(), "sanity_check"
            self._tell("on_sanity_check_start")
            self._evaluate("val", self.num_sanity_val_steps)
            self._tell("on_sanity_check_end")
            journal.forget()
            _set_random_states(states)
        self.state.stage, journal.loop, self._validated = "train", "train", False
        if self._limits["train"] == 0:
            return
        (loader,), (n,) = self._load("train")
        if n == 0:
            _warn("fit: the loader gives no batches, so nothing is trained")
        if self._validates():
            self._load("val")
            self._interval()
        self._generators = [loader.generator] if getattr(loader, "generator", None) else []
        if saved:
            _set_random_states(saved["random"], self._generators)
            journal.callback = saved["loops"]["metrics"]
            if self._phase == "ended":
                self._close_epoch()
        if n == 0 or self._over():
            return
        for module in self.lightning_module.modules():
            if "built" in vars(module):  # a Keras layer, which trains only when told
                module.training = True
        self._call("on_train_start")
        with watching_for_nan() if self._anomaly else nullcontext():
            while not self._over():
                self._train_epoch()
        self._call("on_train_end")

    def _may_stop(self):
        """Whether somebody wants to stop, and may."""
        min_epochs = (self.min_steps is not None) if self.min_epochs is None else self.min_epochs
        epochs = self.current_epoch + (self._phase == "ended")
        return self.should_stop and epochs >= min_epochs and self.global_step >= (self.min_steps or 0)

    def _enough_steps(self):
        return -1 < self.max_steps <= self.global_step

    def _over(self):
        """Whether training is over."""
        return -1 < self.max_epochs <= self.current_epoch or self._enough_steps() or self._may_stop()

    def _train_epoch(self):
        """An epoch, or what of it is still to do after a checkpoint within it."""
        if self._phase == "start":
            self._done_now, self.is_last_batch = 0, False
            self._call("on_train_epoch_start")
            self._phase = "batch"
        elif self._phase != "batch":
            self._after_batch()
        for i, batch, last in self._remaining():
            self.is_last_batch = last
            if not self._train_batch(i, _moved(batch, self._device)):
                break
            self._after_batch()
        self._phase, self._journal.by_step = "ended", False
        watching = [x for x in self.callbacks if isinstance(x, _Watching)]
        self._tell("on_train_epoch_end", callbacks=[x for x in self.callbacks if x not in watching])
        self._ask("on_train_epoch_end")
        self._tell("on_train_epoch_end", callbacks=watching)  # after the module, which may log what they watch
        self._journal.gather()
        self._close_epoch()

    def _close_epoch(self):
        if self.is_last_batch:
            self._schedule("epoch", plateau=True)
        self._journal.entries["train"].clear()
        self.current_epoch, self._phase = self.current_epoch + 1, "start"

    def _remaining(self):
        """The batches of the epoch that are still to come. After a checkpoint within it, in the order it began with."""
        (loader,), (n,) = self._load("train")
        batches, now = _batches(loader, n), _random_states(self._generators)
        if self._done_now:
            _set_random_states(self._order, self._generators)
            for _ in islice(batches, self._done_now):
                pass
            _set_random_states(now, self._generators)
        else:
            self._order = now
        while not (self.is_last_batch or self._enough_steps() or self._may_stop()) and (found := next(batches, None)):
            yield found

    def _steps_after(self, done):
        """Whether a step is taken after so many batches of the epoch, or more gradients are awaited."""
        return self.is_last_batch or done % self.accumulate_grad_batches == 0

    def _train_batch(self, i, batch):
        """One batch; returns whether the epoch goes on."""
        journal, model = self._journal, self.lightning_module
        journal.by_step, journal.batch = True, batch
        skipped = self._call("on_train_batch_start", batch, i) == -1
        self.is_last_batch = self.is_last_batch or skipped
        if not skipped and model.automatic_optimization:
            outputs = self._optimize(i, batch)
        elif not skipped:
            outputs = self._step("training_step", batch, i)
            if not isinstance(outputs, dict):
                outputs = {} if outputs is None else {"loss": outputs.detach()}
        self._done_now, self._done_ever, self._phase = i + 1, self._done_ever + 1, "trained"
        if self._steps_after(i + 1):
            self._schedule("step")
        if self.is_last_batch:
            self._schedule("epoch")
        if not skipped:
            self._call("on_train_batch_end", outputs, batch, i)
            journal.gather()
        journal.batch = None
        return not skipped

    def _after_batch(self):
        """What follows a batch: validation, if it is time, and schedules that watch a metric."""
        steps = self._steps_after(self._done_now)
        if self._phase == "trained" and self._validation_due():
            if steps:
                self._ask("on_validation_model_zero_grad")
            self.state.stage = "validate"
            self._evaluate("val")
            self.state.stage, self._journal.loop, self._journal.by_step = "train", "train", True
        self._phase = "batch"
        if steps:
            self._schedule("step", plateau=True)

    def _interval(self):
        """How many batches lie between two validations; infinity if it is after the last one."""
        n, interval = self.num_training_batches, self.val_check_interval
        if isinstance(interval, int):
            if interval > n and self.check_val_every_n_epoch is not None:
                raise ValueError(f"val_check_interval={interval} is more than the {n} batches of an epoch; to count "
                                 "across epochs, add check_val_every_n_epoch=None")  # fmt: skip
            return interval
        if n == math.inf and interval != 1.0:
            raise ValueError("val_check_interval: of a loader without a length there is no fraction; give a number")
        return math.inf if interval == 1.0 else max(1, int(n * interval))

    def _validation_due(self):
        interval, done = self._interval(), self._done_ever if self.check_val_every_n_epoch is None else self._done_now
        due = self.is_last_batch if interval == math.inf else done % interval == 0
        return self._validates_now() and (due or self._may_stop())

    def _optimize(self, i, batch):
        """The step for a batch, or gradients to add to those of the batches before; returns the outputs."""
        optimizer, ran = self.optimizers[0], []

        def closure():
            loss, others = self._loss(self._step("training_step", batch, i), batch)
            if i % self.accumulate_grad_batches == 0:
                self._call("on_before_zero_grad", optimizer)
                self._ask("optimizer_zero_grad", self.current_epoch, i, optimizer)
            if loss is not None and self.accumulate_grad_batches > 1:
                loss = loss / self.accumulate_grad_batches
            ran.append({} if loss is None else {"loss": loss.detach(), **others})
            if loss is None:
                return None
            self._backward(loss)
            return ran[-1]["loss"]

        if self._steps_after(i + 1):
            self._ask("optimizer_step", self.current_epoch, i, self._steppers[0], closure)
            self.global_step += 1
        else:
            closure()
        if not ran:
            raise RuntimeError("optimizer_step: write optimizer.step(closure=optimizer_closure); nothing was computed")
        return ran[-1]

    def _backward(self, loss, **options):
        self._call("on_before_backward", loss)
        self._ask("backward", loss, **options)
        self._call("on_after_backward")

    def _loss(self, output, batch):
        """The loss that training_step returned, and what it returned beside it."""
        loss, others = output, {}
        if isinstance(output, dict):
            if output.get("loss") is None:
                raise ValueError(f"training_step returned a dictionary of {list(output)}; one entry must be 'loss'")
            loss, others = output["loss"], {name: x for name, x in output.items() if name != "loss"}
        if loss is None:
            _warn("training_step returned None, so the batch is left out")
            return None, {}
        if not isinstance(loss, Tensor) or loss.numel() != 1:
            raise TypeError(f"training_step must return the loss, one number in a tensor, or None, not {_kind(loss)}")
        if not loss.requires_grad:
            raise RuntimeError("training_step returned a loss that requires no gradient: was it detached, computed by "
                               "NumPy or under no_grad, or are all parameters frozen?")  # fmt: skip
        bad = self._device.type == "cpu" and math.isnan(loss.item())
        if bad and any((x.value != x.value).any() for x in _tensors(batch)):
            raise ValueError("training_step: the loss is nan because the batch holds nan; clean the data first")
        return loss, others

    # ------------------------------------------------------------ optimizers and schedules

    def _configure(self, answer):
        """Take apart what `configure_optimizers` returned."""
        model, monitor, schedulers = self.lightning_module, None, []
        found = answer if isinstance(answer, list | tuple) else [answer]
        if len(found) == 2 and isinstance(found[0], list):
            found, schedulers = found[0], found[1] if isinstance(found[1], list) else [found[1]]
        elif found and all(isinstance(x, dict) for x in found):
            monitor = found[0].get("monitor")
            schedulers = [x["lr_scheduler"] for x in found if "lr_scheduler" in x]
            found = [x.get("optimizer") for x in found]
        if not all(isinstance(x, Optimizer) for x in found):
            raise TypeError(
                f"configure_optimizers returned {_kind(answer)}; return an optimizer, a list of them, ([optimizer], "
                '[scheduler]) or {"optimizer": optimizer, "lr_scheduler": scheduler}'
            )
        if model.automatic_optimization and len(found) != 1:
            raise ValueError(
                f"configure_optimizers returned {len(found)} optimizers; with more than one, set "
                "self.automatic_optimization = False in __init__ and step in training_step: self.optimizers()"
            )
        self.optimizers, self._steppers = list(found), [_Stepper(x, self) for x in found]
        self.lr_scheduler_configs = [self._scheduler(x, monitor) for x in schedulers]

    def _scheduler(self, given, monitor):
        """A schedule with its options; those not given, as Lightning has them."""
        given = given if isinstance(given, dict) else {"scheduler": given, "monitor": monitor}
        options = {"scheduler": None, "name": None, "interval": "epoch", "frequency": 1, "monitor": None}
        options |= {"strict": True}
        for name in given.keys() - options.keys() - {"reduce_on_plateau"}:
            raise ValueError(f"lr_scheduler has no option {name!r}{did_you_mean(name, options)}")
        config = SimpleNamespace(**options | given)
        _chosen("lr_scheduler: interval", config.interval, {"epoch": 1, "step": 1})
        if getattr(config.scheduler, "optimizer", None) not in self.optimizers:
            raise ValueError(f"lr_scheduler is {_kind(config.scheduler)}, no scheduler of an optimizer returned here")
        config.reduce_on_plateau = given.get("reduce_on_plateau", isinstance(config.scheduler, ReduceLROnPlateau))
        if config.reduce_on_plateau and config.monitor is None and self.lightning_module.automatic_optimization:
            raise ValueError('ReduceLROnPlateau needs a metric: return {"optimizer": optimizer, "lr_scheduler": '
                             '{"scheduler": scheduler, "monitor": "val_loss"}}')  # fmt: skip
        return config

    def _schedule(self, interval, plateau=False):
        """Step the schedules whose time it is: those that watch a metric, or the others."""
        number = self._done_now if interval == "step" else self.current_epoch + 1
        for config in self.lr_scheduler_configs if self.lightning_module.automatic_optimization else ():
            if config.interval == interval and number % config.frequency == 0 and config.reduce_on_plateau == plateau:
                metrics, name = (self.callback_metrics, config.monitor) if plateau else ({None: None}, None)
                if _monitored("ReduceLROnPlateau", name, metrics, config.strict):
                    self._ask("lr_scheduler_step", config.scheduler, metrics[name])

    @property
    def estimated_stepping_batches(self):
        """How many steps training will take, for schedules; infinity if there is no end."""
        limits = [n for n in (self.max_steps,) if n != -1]
        if self.max_epochs != -1:
            limits.append(math.ceil(self._load("train")[1][0] / self.accumulate_grad_batches) * max(self.max_epochs, 1))
        return min(limits, default=math.inf)

    # ------------------------------------------------------------ checkpoints

    def save_checkpoint(self, filepath, weights_only=False):
        """Write all that training needs to go on, or only the weights."""
        model, data = self.lightning_module, self.datamodule
        if model is None:
            raise RuntimeError("save_checkpoint: the trainer has no model yet; fit one first")
        loops = {name: getattr(self, name) for name in PROGRESS} | {"metrics": self.callback_metrics}
        saved = {"epoch": self.current_epoch, "global_step": self.global_step, "loops": loops}
        saved |= {"pytorch-lightning_version": "2.6.6", "state_dict": model.state_dict()}
        if not weights_only:
            saved["callbacks"] = {x.state_key: state for x in self.callbacks if (state := x.state_dict())}
            saved["optimizer_states"] = [x.state_dict() for x in self.optimizers]
            saved["lr_schedulers"] = [config.scheduler.state_dict() for config in self.lr_scheduler_configs]
            saved["random"] = _random_states(self._generators)
        if model.hparams:
            saved["hyper_parameters"] = {name: x for name, x in model.hparams.items() if storable(x)}
            saved["hparams_name"] = getattr(model, "_hparams_name", "kwargs")
        if data is not None and (state := data.state_dict()):
            saved[type(data).__qualname__] = state
        if not weights_only:
            self._tell("on_save_checkpoint", saved)
        self._ask("on_save_checkpoint", saved)
        Path(filepath).parent.mkdir(parents=True, exist_ok=True)
        save(saved, filepath)

    def _checkpoint(self, fn, path, best):
        """The path that `ckpt_path` means; None for no checkpoint."""
        saver = self.checkpoint_callback
        if path is None and best:
            _warn(f"{fn} without a model takes the best checkpoint; say so: ckpt_path='best'")
        if path == "last" and saver:
            folder = saver.dirpath or os.path.join(self.log_dir, "checkpoints")
            found = Path(folder).glob(f"{saver.CHECKPOINT_NAME_LAST}*{saver.FILE_EXTENSION}")
            path = max(found, key=lambda x: x.stat().st_mtime, default=None)
            if path is None:
                _warn(f"{fn}: there is no last checkpoint; ModelCheckpoint(save_last=True) saves one")
        elif path in ("best", "last") or (path is None and best):
            path = saver and saver.best_model_path
            if not path:
                raise ValueError(f"{fn}: there is no best checkpoint; fit with a ModelCheckpoint first, or give a path")
        return path

    def _restore(self, saved):
        """Give all parts their states; if one doesn't fit, none is changed."""
        parts, states, path = {"the model": self.lightning_module}, {"the model": saved["state_dict"]}, self.ckpt_path
        name, kept = type(self.datamodule).__qualname__, saved.get("callbacks", {})
        if name in saved:
            parts[name], states[name] = self.datamodule, saved[name]
        if lost := kept.keys() - {x.state_key for x in self.callbacks}:
            _warn(f"{path} holds the state of {', '.join(sorted(lost))}; the trainer has no such callback")
        parts |= {x.state_key: x for x in self.callbacks if x.state_key in kept}
        states |= kept
        if self.state.fn == "fit":
            if "optimizer_states" not in saved:
                raise ValueError(f"{path} holds weights only; to begin with them, use load_from_checkpoint")
            if -1 < self.max_epochs < saved["epoch"]:
                raise ValueError(f"{path} is of epoch {saved['epoch']}, and training ends with {self.max_epochs}")
            schedulers = [config.scheduler for config in self.lr_scheduler_configs]
            for what, own in (("optimizer_states", self.optimizers), ("lr_schedulers", schedulers)):
                if len(own) != len(saved[what]):
                    raise ValueError(f"{path} holds {len(saved[what])} {what}, configure_optimizers gave {len(own)}")
                parts |= {f"{what}[{i}]": x for i, x in enumerate(own)}
                states |= {f"{what}[{i}]": x for i, x in enumerate(saved[what])}
        take_over(parts, states, path)

    # ------------------------------------------------------------ what it tells

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

    @property
    def callback_metrics(self):
        """What callbacks may watch: the last value under each name, a tensor."""
        self._journal.gather()
        return self._journal.callback

    @property
    def logged_metrics(self):
        """The last values of all that isn't logged with `logger=False`."""
        self._journal.gather()
        return self._journal.logged

    @property
    def progress_bar_metrics(self):
        """What was logged with `prog_bar=True`, as numbers."""
        self._journal.gather()
        return self._journal.bar

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
            raise TypeError(f"Trainer: callbacks are objects of classes derived from L.Callback, got {_kind(x)}")
    savers = [x for x in found if isinstance(x, ModelCheckpoint)]
    if savers and enable_checkpointing is False:
        raise ValueError("Trainer: enable_checkpointing=False, and a ModelCheckpoint is among the callbacks")
    if not savers and enable_checkpointing is not False:
        savers = [ModelCheckpoint()]
    bars = [TQDMProgressBar()] * (enable_progress_bar is not False)
    bars = [] if any(isinstance(x, TQDMProgressBar) for x in found) else bars
    return [x for x in found if x not in savers] + bars + savers


def _shown(results, verbose):
    """What an evaluation logged, as numbers; printed, if wanted."""
    results = [{name: value.item() for name, value in metrics.items()} for metrics in results]
    for metrics in results if verbose else ():
        for name, value in sorted(metrics.items()):
            print(f"{name:<{max(map(len, metrics))}}  {value:.4f}")
    return results


def _kind(x):
    """What something is, and what it holds, for errors."""
    if isinstance(x, list | tuple):
        return f"{type(x).__name__} of {', '.join(map(_kind, x)) or 'nothing'}"
    if isinstance(x, type):
        return f"the class {x.__name__} itself"
    return type(x).__name__ + (f" of shape {x.shape}" if hasattr(x, "shape") else "")


def _device(accelerator, devices):
    """The device that the two options of the trainer mean."""
    _chosen("Trainer: accelerator", accelerator, dict.fromkeys(("auto", "cpu", "gpu", "cuda")))
    gpu = accelerator != "cpu" and cuda.is_available()
    if accelerator in ("gpu", "cuda") and not gpu:
        raise RuntimeError(f"Trainer: accelerator={accelerator!r}, but there is no GPU to use: {cuda.why_not()}")
    number = devices[0] if isinstance(devices, list) and len(devices) == 1 else 0
    if devices not in ("auto", 1, "1", -1, "-1", [number]):
        raise ValueError(f"Trainer: devices={devices!r} is not covered: it trains on one; give 1, or [number]")
    return Device("cuda", number) if gpu else Device("cpu")


def _limit(option, n):
    """A limit of batches: a number of them, or a fraction of all as a float."""
    n = 1.0 if n is None else n
    if not isinstance(n, int | float) or n < 0 or (n > 1 and n % 1):
        raise ValueError(f"Trainer: {option} is a number of batches, or a fraction from 0.0 to 1.0, got {n!r}")
    return int(n) if n > 1 else n


def _count(loader, limit, option):
    """How many batches to take from a loader: infinitely many, if it has no length and no limit."""
    try:
        n: float = len(loader)
    except (TypeError, NotImplementedError):
        n = math.inf
    if isinstance(limit, int) or (n == math.inf and limit == 1.0):
        return min(n, limit) if isinstance(limit, int) else n
    if n == math.inf or (n and limit and int(n * limit) == 0):
        raise ValueError(f"{option}={limit} of {n} batches is no number of them; give a number, not a fraction")
    return int(n * limit)


def _batches(loader, n):
    """`(number, batch, is it the last)`. Where there is no length, a batch is fetched ahead, to know."""
    if n < math.inf:
        for i, batch in zip(range(n), loader, strict=False):
            yield i, batch, i + 1 == n
    else:
        for i, (batch, following) in enumerate(pairwise(chain(loader, [_batches]))):
            yield i, batch, following is _batches


# `from minigrad.lightning.callbacks import EarlyStopping` and `import minigrad.lightning.pytorch as pl` find this file.
callbacks = ModuleType(f"{__name__}.callbacks", "The callbacks of this file, where Lightning keeps them.")
vars(callbacks).update({x.__name__: x for x in (Callback, EarlyStopping, ModelCheckpoint, TQDMProgressBar)})
pytorch = sys.modules[__name__]
sys.modules |= {f"{__name__}.pytorch": pytorch, callbacks.__name__: callbacks}
sys.modules[f"{__name__}.pytorch.callbacks"] = callbacks


def __getattr__(name):
    raise not_covered(__name__, name, globals())
