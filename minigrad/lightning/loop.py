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
from ..spelling import did_you_mean
from ..tape import no_grad
from ..tensor import Tensor
from .batches import batches, count, moved, tensors, usable
from .callbacks import Watching
from .checkpoint import PROGRESS
from .hooks import LOOPS, written
from .seeds import random_states, set_random_states
from .words import kind, monitored, warn


class Loops:
    """What a `Trainer` does when it is called; options, module and data are the trainer's."""

    current_epoch = global_step = _done_now = _done_ever = 0  # batches of this epoch, and of all
    should_stop = is_last_batch = _validated = False
    _phase = "start"  # how far the epoch is
    _order = _hook = None

    def __getattr__(self, name):
        raise AttributeError(f"{type(self).__name__} does not cover {name!r}{did_you_mean(name, dir(self))}")

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

    def _has(self, kind):
        """Whether there is data of a kind: train, val, test or predict."""
        return self._given.get(kind) is not None or written(self._source, f"{kind}_dataloader")

    def _load(self, kind):
        """The loaders of a kind, and how many batches each is to give; asked for once in a run."""
        if kind not in self._loaders:
            given = self._given.get(kind)
            given = self._ask(f"{kind}_dataloader", owner=self._source) if given is None else given
            several = kind != "train" and isinstance(given, list | tuple | dict)
            found = list(given.values() if isinstance(given, dict) else given) if several else [given]
            found = [usable(x, kind, self.state.fn, self.overfit_batches) for x in found]
            self._loaders[kind] = found, [count(x, self._limits[kind], f"limit_{kind}_batches") for x in found]
        return self._loaders[kind]

    def _validates(self):
        """Whether there are validations in training."""
        return self._limits["val"] > 0 and self._has("val") and written(self.lightning_module, "validation_step")

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
            for i, batch, _ in batches(loader, n):
                batch = moved(batch, self._device)
                journal.by_step, journal.batch = True, batch
                self._call(f"on_{loop}_batch_start", batch, i, *where)
                output = self._step(f"{loop}_step", batch, i, *where)
                self._call(f"on_{loop}_batch_end", output, batch, i, *where)
                journal.gather()
                journal.batch = None
                if kind == "predict":
                    predictions.append(moved(output, Device("cpu")))
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

    def _fit(self, saved):
        journal = self._journal
        if saved:
            vars(self).update({name: saved["loops"][name] for name in PROGRESS})
        else:
            self._phase = "start"  # the epoch of a run that broke off begins anew
        if self._validates() and self.num_sanity_val_steps > 0:
            states, self.state.stage = random_states(), "sanity_check"
            self._tell("on_sanity_check_start")
            self._evaluate("val", self.num_sanity_val_steps)
            self._tell("on_sanity_check_end")
            journal.forget()
            set_random_states(states)
        self.state.stage, journal.loop, self._validated = "train", "train", False
        if self._limits["train"] == 0:
            return
        (loader,), (n,) = self._load("train")
        if n == 0:
            warn("fit: the loader gives no batches, so nothing is trained")
        if self._validates():
            self._load("val")
            self._interval()
        self._generators = [loader.generator] if getattr(loader, "generator", None) else []
        if saved:
            set_random_states(saved["random"], self._generators)
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
            if not self._train_batch(i, moved(batch, self._device)):
                break
            self._after_batch()
        self._phase, self._journal.by_step = "ended", False
        watching = [x for x in self.callbacks if isinstance(x, Watching)]
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
        coming, now = batches(loader, n), random_states(self._generators)
        if self._done_now:
            set_random_states(self._order, self._generators)
            for _ in islice(coming, self._done_now):
                pass
            set_random_states(now, self._generators)
        else:
            self._order = now
        while not (self.is_last_batch or self._enough_steps() or self._may_stop()) and (found := next(coming, None)):
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
        steps, interval = self._steps_after(self._done_now), self._interval()
        done = self._done_ever if self.check_val_every_n_epoch is None else self._done_now
        due = self.is_last_batch if interval == math.inf else done % interval == 0
        due = (due or self._may_stop()) and (self.current_epoch + 1) % (self.check_val_every_n_epoch or 1) == 0
        if self._phase == "trained" and due and self._validates():
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
        return loss, others

    def _schedule(self, interval, plateau=False):
        """Step the schedules whose time it is: those that watch a metric, or the others."""
        number = self._done_now if interval == "step" else self.current_epoch + 1
        for config in self.lr_scheduler_configs if self.lightning_module.automatic_optimization else ():
            if config.interval == interval and number % config.frequency == 0 and config.reduce_on_plateau == plateau:
                metrics, name = (self.callback_metrics, config.monitor) if plateau else ({None: None}, None)
                if monitored("ReduceLROnPlateau", name, metrics, config.strict):
                    self._ask("lr_scheduler_step", config.scheduler, metrics[name])
