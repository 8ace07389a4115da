"""What happens beside training: stopping early, keeping checkpoints, a progress bar, and whatever you write."""

import inspect
import math
import operator
import os
import re
from pathlib import Path
from typing import Any

from ..progress import bar
from ..spelling import not_covered
from ..tensor import Tensor
from .hooks import HOOKS, nothing
from .words import chosen, monitored, refuse, warn

BETTER: dict[str, Any] = {"min": operator.lt, "max": operator.gt}
NOT_COVERED = {"save_last": (True, False), "every_n_train_steps": (0,), "train_time_interval": ()}
NOT_COVERED |= {"save_on_exception": (False,)}


class Callback:
    """Something done at certain moments: write hooks such as `on_train_epoch_end(self, trainer, pl_module)`.

    With a `state_dict` and `load_state_dict` it is part of checkpoints.
    """

    load_state_dict = nothing

    def state_dict(self):
        """What is saved in checkpoints."""
        return {}

    @property
    def state_key(self):
        """Its name in checkpoints; two callbacks with a state need two names."""
        return type(self).__qualname__


for _hook in HOOKS:
    setattr(Callback, _hook, nothing)


class Watching(Callback):
    """A callback that watches a metric: after each epoch, or after validation if this is not once in each epoch."""

    KEPT: tuple = ()

    def __init__(self, monitor, mode, by_training):
        self.monitor, self.mode, self._by_training = monitor, mode, by_training
        self.better = chosen(f"{type(self).__name__}: mode", mode, BETTER)

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


class EarlyStopping(Watching):
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
        if not monitored("EarlyStopping", self.monitor, metrics, self.strict):
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


class ModelCheckpoint(Watching):
    """Save a checkpoint after each epoch: the last one, or with `monitor` the `save_top_k` best, or with -1 all.

    `filename` names metrics in braces: "{epoch}-{val_loss:.2f}" becomes epoch=3-val_loss=0.25.ckpt. What is where,
    `best_model_path`, `best_model_score`, `best_k_models` and, with `save_last=True`, `last_model_path` say.
    """

    CHECKPOINT_JOIN_CHAR, CHECKPOINT_EQUALS_CHAR, CHECKPOINT_NAME_LAST, FILE_EXTENSION = "-", "=", "last", ".ckpt"
    KEPT = ("best_model_score", "best_model_path", "dirpath", "best_k_models", "kth_best_model_path", "last_model_path")

    def __init__(self, dirpath=None, filename=None, monitor=None, verbose=False, save_last=None, save_top_k=1, *,
                 save_weights_only=False, mode="min", auto_insert_metric_name=True, every_n_epochs=None,
                 save_on_train_epoch_end=None, enable_version_counter=True, **other):  # fmt: skip
        super().__init__(monitor, mode, save_on_train_epoch_end)
        known = inspect.signature(ModelCheckpoint).parameters
        refuse("ModelCheckpoint", {"save_last": save_last, **other}, known, (), NOT_COVERED)
        if save_top_k < -1 or (monitor is None and save_top_k > 1):
            raise ValueError(f"ModelCheckpoint: save_top_k is -1 (all), 0, 1, or with a monitor more, got {save_top_k}")
        self.dirpath = os.path.realpath(os.path.expanduser(dirpath)) if dirpath else None
        self.filename, self.verbose, self.save_last, self.save_top_k = filename, verbose, save_last, save_top_k
        self.save_weights_only, self.auto_insert_metric_name = save_weights_only, auto_insert_metric_name
        self.every_n_epochs, self._counting = 1 if every_n_epochs is None else every_n_epochs, enable_version_counter
        self.best_k_models, self.best_model_score, self._step = {}, None, 0
        self.best_model_path = self.kth_best_model_path = self.last_model_path = self._saved = ""

    @property
    def state_key(self):
        """Its name in checkpoints."""
        return f"{super().state_key}{self.every_n_epochs}"

    def load_state_dict(self, state_dict):
        """Go on from a `state_dict`; of one from another folder only `best_model_path` is taken over."""
        same = state_dict["dirpath"] == self.dirpath
        super().load_state_dict(state_dict if same else {"best_model_path": state_dict["best_model_path"]})

    def folder(self, trainer):
        """Where checkpoints are saved."""
        return self.dirpath or os.path.join(trainer.log_dir, "checkpoints")

    def setup(self, trainer, pl_module, stage):
        self.dirpath = self.folder(trainer)

    def _look(self, trainer):
        due = self.every_n_epochs and (trainer.current_epoch + 1) % self.every_n_epochs == 0
        if due and self._step != trainer.global_step:  # there was a step since it was saved
            self._keep_best(trainer, now := self._metrics(trainer))
            if self._step == trainer.global_step:
                self._keep_last(trainer, now)

    def on_train_end(self, trainer, pl_module):
        if not self._saved and not trainer.fast_dev_run:
            self._keep_last(trainer, self._metrics(trainer))

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
        elif not monitored("ModelCheckpoint", self.monitor, now, strict=trainer._validated):
            warn(f"ModelCheckpoint: {self.monitor!r} has not been logged, so nothing is saved")
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
        self.bar = bar(total=sum(counts) if sum(counts) < math.inf else None, desc=text)

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


def __getattr__(name):
    kinds = {x.__name__: x for x in (Callback, EarlyStopping, ModelCheckpoint, TQDMProgressBar)}
    raise not_covered(__name__, name, kinds)
