"""The loops: through the batches of an evaluation, and through the epochs of training, one batch after the other.

Whatever comes to pass, the hooks of callbacks, module and data module are called around it, in Lightning's order. How
far training is, is kept all the time, so that a checkpoint may be written in any hook.
"""

import inspect
import math
from contextlib import nullcontext
from itertools import islice

from ..autograd import detect_anomaly as watching_for_nan
from ..backend import device as Device
from ..nn.summary import table
from ..spelling import did_you_mean
from ..tape import no_grad
from ..tensor import Tensor
from .batches import count, moved, tensors, usable
from .callbacks import Callback, Watching
from .checkpoint import PROGRESS
from .hooks import HOOKS, LOOPS, written
from .seeds import random_states, set_random_states
from .words import kind, monitored, warn


class Loops:
    """What a `Trainer` does when it is called; options, module and data are the trainer's."""

    current_epoch = global_step = _done = 0  # batches of this epoch that are done
    should_stop = is_last_batch = _validated = False
    _next = "start"  # what of the epoch is to be done next: its start, batches, validation, end or schedules
    _order = _hook = None

    def __getattr__(self, name):
        raise AttributeError(f"{type(self).__name__} does not cover {name!r}{did_you_mean(name, dir(self))}")

    def _enter(self, stage):
        """Note what happens from now on: train, validate, sanity_check, test, predict, or nothing."""
        self.state.stage, self._journal.level = stage, "epoch"
        self._journal.loop = {"validate": "validation", "sanity_check": "validation"}.get(stage, stage)

    # ------------------------------------------------------------ hooks and data

    def _call(self, hook, *args, to=None, **options):
        """Call a hook of the callbacks, then that of the module, or of those given; returns what the last returned."""
        before, self._hook, result = self._hook, hook, None
        if to is None:
            to = [*self.callbacks, self.lightning_module] if hook in HOOKS else [self.lightning_module]
        for owner in to:
            told = (self, self.lightning_module, *args) if isinstance(owner, Callback) else args
            result = getattr(owner, hook)(*told, **options)
        self._hook = before
        return result

    def _step(self, name, batch, i):
        """What a step of the module returns; it may leave away the number of the batch."""
        takes = inspect.signature(getattr(self.lightning_module, name)).parameters.values()
        only = len(takes) == 1 and not any(p.kind is p.VAR_POSITIONAL for p in takes)
        return self._call(name, batch) if only else self._call(name, batch, i)

    def _has(self, kind):
        """Whether there is data of a kind: train, val, test or predict."""
        return self._given.get(kind) is not None or written(self._source, f"{kind}_dataloader")

    def _load(self, kind):
        """The loader of a kind, and how many batches it is to give; asked for once in a run."""
        if kind not in self._loaders:
            loader = self._given.get(kind)
            loader = self._call(f"{kind}_dataloader", to=[self._source]) if loader is None else loader
            if kind != "train" and isinstance(loader, list | tuple) and len(loader) == 1:
                loader = loader[0]
            loader = usable(loader, kind, in_order=self.overfit_batches and self.state.fn == "fit")
            self._loaders[kind] = loader, count(loader, self._limits[kind], f"limit_{kind}_batches")
        return self._loaders[kind]

    def _validates(self):
        """Whether there are validations in training."""
        return self._limits["val"] > 0 and self._has("val") and written(self.lightning_module, "validation_step")

    # ------------------------------------------------------------ evaluation

    @no_grad()
    def _evaluate(self, kind, most=math.inf):
        """Validation, test or prediction, whole: what was logged, or predicted."""
        journal, model, loop, (loader, n) = self._journal, self.lightning_module, LOOPS[kind], self._load(kind)
        if min(n, most) == 0:
            return []
        modes, predictions = {module: module.training for module in model.modules()}, []
        model.eval()
        self._call(f"on_{loop}_start")
        self._call(f"on_{loop}_epoch_start")
        for i, batch in enumerate(islice(loader, min(n, most))):
            journal.batch, journal.level = moved(batch, self._device), "step"
            self._call(f"on_{loop}_batch_start", journal.batch, i)
            output = self._step(f"{loop}_step", journal.batch, i)
            self._call(f"on_{loop}_batch_end", output, journal.batch, i)
            journal.gather()
            if kind == "predict":
                predictions.append(moved(output, Device("cpu")))
        journal.batch, journal.level = None, "epoch"
        self._validated = self._validated or not self.sanity_checking
        self._call(f"on_{loop}_epoch_end")
        metrics = journal.gather()
        if self._next == "validation" and not self.sanity_checking:
            self._next = "end"
        self._call(f"on_{loop}_end")
        journal.entries[loop].clear()
        for module, training in modes.items():
            module.training = training
        return predictions if kind == "predict" else [metrics]

    # ------------------------------------------------------------ training

    def _fit(self, saved):
        """Training, with a trial of the validation before it."""
        self._call("on_fit_start")
        if self.enable_model_summary is not False:
            parts = [*self.lightning_module.named_children(), ("all", self.lightning_module)]
            rows = [(name, type(x).__name__, f"{sum(p.numel() for p in x.parameters()):,}") for name, x in parts]
            print(table([("part", "type", "parameters"), *rows]))
        self._next = "start"  # the epoch of a run that broke off begins anew
        if saved:
            vars(self).update({name: saved["loops"][name] for name in PROGRESS})
        if self._validates() and self.num_sanity_val_steps > 0:
            states = random_states()
            self._enter("sanity_check")
            self._call("on_sanity_check_start", to=self.callbacks)
            self._evaluate("val", self.num_sanity_val_steps)
            self._call("on_sanity_check_end", to=self.callbacks)
            self._journal.forget()
            set_random_states(states)
            self._enter("train")
        self._validated = False
        if self._limits["train"] != 0:
            self._train(saved)
        self._call("on_fit_end")

    def _train(self, saved):
        """The epochs of training, or after a checkpoint those still to come."""
        loader, n = self._load("train")
        if n == 0:
            warn("fit: the loader gives no batches, so nothing is trained")
        self._generators = [loader.generator] if getattr(loader, "generator", None) else []
        if saved:
            set_random_states(saved["random"], self._generators)
            self._journal.callback = saved["loops"]["metrics"]
            if self._next == "schedules":
                self._close_epoch()
        if n == 0 or self._over():
            return
        for module in self.lightning_module.modules():
            if "built" in vars(module):  # a Keras layer, which trains only when told
                module.training = True
        self._call("on_train_start")
        with watching_for_nan() if self.detect_anomaly else nullcontext():
            while not self._over():
                self._train_epoch()
        self._call("on_train_end")

    def _stopped(self):
        """Whether somebody wants to stop, and may."""
        return self.should_stop and self.current_epoch >= (self.min_epochs or 0)

    def _enough(self):
        """Whether there were steps enough, or somebody stopped."""
        return -1 < self.max_steps <= self.global_step or self._stopped()

    def _over(self):
        """Whether training is over."""
        return -1 < self.max_epochs <= self.current_epoch or self._enough()

    def _train_epoch(self):
        """An epoch, or what of it is still to do after a checkpoint within it."""
        if self._next == "start":
            self._done, self.is_last_batch = 0, False
            self._call("on_train_epoch_start")
            self._next = "batches"
        if self._next == "batches":
            self._train_batches()
        if self._next == "validation" and self._validates():
            if self._steps_after(self._done):
                self.lightning_module.zero_grad()
            self._enter("validate")
            self._evaluate("val")
        self._enter("train")
        self._next = "schedules"
        last = [x for x in self.callbacks if isinstance(x, Watching)]  # as the module may log what they watch
        others = [x for x in self.callbacks if x not in last]
        self._call("on_train_epoch_end", to=[*others, self.lightning_module, *last])
        self._journal.gather()
        self._close_epoch()

    def _close_epoch(self):
        if self.is_last_batch:
            self._schedule("epoch", watching=True)
        self._journal.entries["train"].clear()
        self.current_epoch, self._next = self.current_epoch + 1, "start"

    def _train_batches(self):
        """The batches of the epoch. After a checkpoint within it those still to come, in the order it began with."""
        journal, (loader, n), left = self._journal, self._load("train"), False
        now = random_states(self._generators)
        self._order = self._order if self._done else now
        set_random_states(self._order, self._generators)
        coming = islice(enumerate(loader), n)
        for _ in islice(coming, self._done):
            pass
        set_random_states(now, self._generators)
        for i, batch in coming:
            journal.level, journal.batch, self.is_last_batch = "step", moved(batch, self._device), i + 1 == n
            left = self._call("on_train_batch_start", journal.batch, i) == -1  # and with it the rest of the epoch
            self.is_last_batch = self.is_last_batch or left
            outputs = None if left else self._train_batch(i, journal.batch)
            self._done = i + 1
            if self._steps_after(i + 1):
                self._schedule("step")
            if self.is_last_batch:
                self._schedule("epoch")
            if not left:
                self._call("on_train_batch_end", outputs, journal.batch, i)
                journal.gather()
            if self.is_last_batch or self._enough():
                break
        journal.batch = None
        due = (self.is_last_batch and not left) or self._stopped()
        self._next = "validation" if due and (self.current_epoch + 1) % self.check_val_every_n_epoch == 0 else "end"

    def _steps_after(self, done):
        """Whether a step is taken after so many batches of the epoch, or more gradients are awaited."""
        return self.is_last_batch or done % self.accumulate_grad_batches == 0

    def _train_batch(self, i, batch):
        """The step for a batch, or gradients to add to those of the batches before; returns the outputs."""
        model = self.lightning_module
        if not model.automatic_optimization:
            output = self._step("training_step", batch, i)
            return output if isinstance(output, dict) else {} if output is None else {"loss": output.detach()}
        optimizer, outputs = self.optimizers[0], None

        def closure():
            nonlocal outputs
            loss, outputs = self._loss(self._step("training_step", batch, i), batch)
            if i % self.accumulate_grad_batches == 0:
                self._call("on_before_zero_grad", optimizer)
                self._call("optimizer_zero_grad", self.current_epoch, i, optimizer)
            if loss is not None:
                self._backward(loss)
            if self._steps_after(i + 1):
                self._call("on_before_optimizer_step", optimizer)
                how = self.gradient_clip_val, self.gradient_clip_algorithm
                self._call("configure_gradient_clipping", optimizer, *how)
            return outputs.get("loss")

        if self._steps_after(i + 1):
            self._call("optimizer_step", self.current_epoch, i, optimizer, closure)
            self.global_step += 1
        else:
            closure()
        if outputs is None:
            raise RuntimeError("optimizer_step: write optimizer.step(closure=optimizer_closure); nothing was computed")
        return outputs

    def _backward(self, loss, **options):
        self._call("on_before_backward", loss)
        self._call("backward", loss, **options)
        self._call("on_after_backward")

    def _loss(self, output, batch):
        """The loss that training_step returned, to be differentiated, and all that it returned, to be seen."""
        if isinstance(output, dict) and output.get("loss") is None:
            raise ValueError(f"training_step returned a dictionary of {list(output)}; one entry must be 'loss'")
        outputs = output if isinstance(output, dict) else {"loss": output}
        loss = outputs["loss"]
        if loss is None:
            warn("training_step returned None, so the batch is left out")
            return None, {}
        if not isinstance(loss, Tensor) or loss.numel() != 1:
            raise TypeError(f"training_step must return the loss, one number in a tensor, or None, not {kind(loss)}")
        if not loss.requires_grad:
            raise RuntimeError("training_step returned a loss that requires no gradient: was it detached, computed by "
                               "NumPy or under no_grad, or are all parameters frozen?")  # fmt: skip
        bad = self._device.type == "cpu" and math.isnan(loss.item())
        if bad and any((x.value != x.value).any() for x in tensors(batch)):
            raise ValueError("training_step: the loss is nan because the batch holds nan; clean the data first")
        loss = loss / self.accumulate_grad_batches if self.accumulate_grad_batches > 1 else loss
        return loss, outputs | {"loss": loss.detach()}

    def _schedule(self, interval, watching=False):
        """Step the schedules whose time it is: those that watch a metric, or the others."""
        number = self._done if interval == "step" else self.current_epoch + 1
        for config in self.lr_scheduler_configs if self.lightning_module.automatic_optimization else ():
            if config.interval == interval and number % config.frequency == 0 and config.watches == watching:
                metrics, name = (self.callback_metrics, config.monitor) if watching else ({None: None}, None)
                if monitored("ReduceLROnPlateau", name, metrics, config.strict):
                    self._call("lr_scheduler_step", config.scheduler, metrics[name])
