"""What happens beside training: stopping early, keeping checkpoints, a progress bar, and whatever you write."""

import math
import operator
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..progress import bar
from ..spelling import not_covered, whole
from ..tensor import Tensor
from .hooks import HOOKS, nothing
from .words import chosen, keep, monitored, refuse, warn

BETTER: dict[str, Any] = {"min": operator.lt, "max": operator.gt}
NOT_COVERED: dict = {"save_last": (True, False), "every_n_train_steps": (0,), "train_time_interval": ()}
NOT_COVERED |= {"save_on_exception": (False,), "enable_version_counter": (True,)}


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
    if TYPE_CHECKING:  # the arguments that `keep` keeps

        def __getattr__(self, name: str) -> Any: ...

    def __init__(self, monitor, mode, by_training):
        self.monitor, self.mode, self._by_training = monitor, mode, by_training
        self.better = chosen(f"{type(self).__name__}: mode", mode, BETTER)
        self.worst = math.inf if mode == "min" else -math.inf

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

    def on_train_epoch_end(self, trainer, pl_module):
        self._look_after(trainer, training=True)

    def on_validation_end(self, trainer, pl_module):
        if trainer.validating and trainer.state.fn == "fit":
            self._look_after(trainer, training=False)

    def _look_after(self, trainer, training):
        by_training = trainer.check_val_every_n_epoch == 1 if self._by_training is None else self._by_training
        if training == by_training and not trainer.fast_dev_run:
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
        keep(self, locals())
        self.min_delta = -min_delta if mode == "min" else min_delta
        self.wait_count, self.stopped_epoch, self.best_score = 0, 0, Tensor(self.worst)

    def _look(self, trainer):
        metrics = trainer.callback_metrics
        if not monitored("EarlyStopping", self.monitor, metrics, self.strict):
            return
        now, best, why = metrics[self.monitor].item(), self.best_score.item(), None
        if self.check_finite and not math.isfinite(now):
            why = f"is {now}, which is not finite"
        elif self.stopping_threshold is not None and self.better(now, self.stopping_threshold):
            why = f"is {now:.5g}, better than {self.stopping_threshold}"
        elif self.divergence_threshold is not None and self.better(self.divergence_threshold, now):
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
                print(f"EarlyStopping: {self.monitor} {why}")


class ModelCheckpoint(Watching):
    """Save a checkpoint after each epoch: the last one, or with `monitor` the `save_top_k` best, or with -1 all.

    `filename` names metrics in braces: "{epoch}-{val_loss:.2f}" becomes epoch=3-val_loss=0.25.ckpt. What is where,
    `best_model_path`, `best_model_score`, `best_k_models` and, with `save_last=True`, `last_model_path` say.
    """

    KEPT = ("best_model_score", "best_model_path", "dirpath", "best_k_models", "kth_best_model_path", "last_model_path")

    def __init__(self, dirpath=None, filename=None, monitor=None, verbose=False, save_last=None, save_top_k=1, *,
                 save_weights_only=False, mode="min", auto_insert_metric_name=True, every_n_epochs=1,
                 save_on_train_epoch_end=None, **other):  # fmt: skip
        super().__init__(monitor, mode, save_on_train_epoch_end)
        refuse(ModelCheckpoint, {"save_last": save_last, **other}, NOT_COVERED)
        if save_top_k < -1 or (monitor is None and save_top_k > 1):
            raise ValueError(f"ModelCheckpoint: save_top_k is -1 (all), 0, 1, or with a monitor more, got {save_top_k}")
        whole("ModelCheckpoint: every_n_epochs", every_n_epochs)
        keep(self, locals())
        self.dirpath: Any = os.path.realpath(os.path.expanduser(dirpath)) if dirpath else None
        self.best_k_models, self.best_model_score, self._saved_at = {}, None, 0
        self.best_model_path = self.kth_best_model_path = self.last_model_path = ""

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
        return Path(self.dirpath or os.path.join(trainer.log_dir, "checkpoints"))

    def setup(self, trainer, pl_module, stage):
        self.dirpath = str(self.folder(trainer))

    def on_train_end(self, trainer, pl_module):
        if not self._saved_at and not trainer.fast_dev_run:
            self._keep_last(trainer, self._metrics(trainer))

    def _look(self, trainer):
        if (trainer.current_epoch + 1) % self.every_n_epochs or self._saved_at == trainer.global_step:
            return
        now = self._metrics(trainer)
        if self.monitor is None and self.save_top_k:
            before, self.best_model_path = self.best_model_path, self._path(now, self.best_model_path)
            self._save(trainer, self.best_model_path, before if self.save_top_k == 1 else "")
        elif self.save_top_k and monitored("ModelCheckpoint", self.monitor, now, strict=trainer._validated):
            self._keep_best(trainer, now)
        elif self.save_top_k:
            warn(f"ModelCheckpoint: {self.monitor!r} has not been logged, so nothing is saved")
        if self._saved_at == trainer.global_step:
            self._keep_last(trainer, now)

    def _keep_best(self, trainer, now):
        """Save, if it is one of the best, in place of the worst of them."""
        models, score, best, worst = self.best_k_models, now[self.monitor], min, max
        if self.mode == "max":
            best, worst = worst, best
        replaced = self.kth_best_model_path if len(models) == self.save_top_k else ""
        if replaced and not self.better(score, models[replaced].item()):
            return
        models.pop(replaced, None)
        path = self._path(now, replaced)
        models[path] = Tensor(self.worst if math.isnan(score) else score)
        self.best_model_path = best(models, key=models.__getitem__)
        self.best_model_score = models[self.best_model_path]
        if self.save_top_k in (-1, len(models)):
            self.kth_best_model_path = worst(models, key=models.__getitem__)
        self._save(trainer, path, replaced)
        if self.verbose:
            print(f"ModelCheckpoint: {self.monitor} is {score:.5f} after step {now['step']}, saved {path}")

    def _keep_last(self, trainer, now):
        if self.save_last:
            before, self.last_model_path = self.last_model_path, self._path(now, self.last_model_path, "last")
            self._save(trainer, self.last_model_path, before)

    def _metrics(self, trainer):
        """The metrics as numbers, with the epoch and the step."""
        found = {"epoch": trainer.current_epoch, "step": trainer.global_step}
        found |= {name: value.item() for name, value in trainer.callback_metrics.items()}
        return found | {"epoch": int(found["epoch"]), "step": int(found["step"])}

    def _path(self, now, free, name=None):
        """A path for these metrics at which there is no file, or only the one that may be replaced."""

        def put(found):
            metric, form = found.groups()
            return f"{metric}=" * self.auto_insert_metric_name + format(now.get(metric, 0), form)

        name = re.sub(r"\{([^:}]*):?([^}]*)\}", put, name or self.filename or "{epoch}-{step}")
        path, version = os.path.join(self.dirpath, f"{name}.ckpt"), 1
        while path != free and os.path.exists(path):
            path, version = os.path.join(self.dirpath, f"{name}-v{version}.ckpt"), version + 1
        return path

    def _save(self, trainer, path, replaced=""):
        """Save, then delete what is replaced: unless it is of another folder, or training resumed from it."""
        trainer.save_checkpoint(path, self.save_weights_only)
        self._saved_at = trainer.global_step
        kept = {path, trainer.ckpt_path and os.path.abspath(trainer.ckpt_path)}
        if replaced and replaced not in kept and Path(self.dirpath) in Path(replaced).parents:
            Path(replaced).unlink(missing_ok=True)


class TQDMProgressBar(Callback):
    """A bar for the batches of an epoch, with what is logged with `prog_bar=True`; without tqdm, a line an epoch."""

    bar = None

    def __init__(self, refresh_rate=1, process_position=0, leave=False):
        self.refresh_rate = refresh_rate

    def _begin(self, trainer, pl_module):
        stage = trainer.state.stage
        label = f"Epoch {trainer.current_epoch}" if stage == "train" else f"{stage}ing".capitalize()
        self.bar = bar(desc=label, total=trainer._load(stage)[1])

    def _advance(self, trainer, pl_module, outputs, batch, batch_idx):
        if self.bar is not None and self.refresh_rate:
            if (batch_idx + 1) % self.refresh_rate == 0:
                self.bar.set_postfix(trainer.progress_bar_metrics, refresh=False)
            self.bar.update()

    def _end(self, trainer, pl_module, exception=None):
        metrics = trainer.progress_bar_metrics
        if self.bar is not None:
            self.bar.set_postfix(metrics)
            self.bar.close()
        elif trainer.training and exception is None:
            print(f"Epoch {trainer.current_epoch}: " + ", ".join(f"{name}={x:.3g}" for name, x in metrics.items()))
        self.bar = None

    on_train_epoch_start = on_test_epoch_start = on_predict_epoch_start = _begin
    on_train_batch_end = on_test_batch_end = on_predict_batch_end = _advance
    on_train_epoch_end = on_test_epoch_end = on_predict_epoch_end = on_exception = _end


def __getattr__(name):
    raise not_covered(__name__, name, globals())
