"""What you write: a `LightningModule`, which says what is done with one batch, and data in a `LightningDataModule`.

Both may keep what they were made with, their hyperparameters, for checkpoints.
"""

import inspect
import sys
from types import MethodType
from typing import Any

from ..backend import device as Device
from ..io import storable
from ..nn import Module
from ..spelling import did_you_mean
from .checkpoint import read
from .hooks import HOOKS, nothing
from .optimizers import CLIP, parameters
from .words import ANY, chosen, refuse, warn

UNUSED_IN_LOG = dict.fromkeys("sync_dist sync_dist_group rank_zero_only enable_graph add_dataloader_idx".split(), ANY)


class Hyperparameters(dict):
    """A dictionary whose entries are attributes as well: `hparams.lr`."""

    def __getattr__(self, name):
        if name not in self:
            raise AttributeError(f"hparams has no {name!r}{did_you_mean(name, self) or f'; it has {list(self)}'}")
        return self[name]

    __setattr__ = dict.__setitem__


class Described:
    """What modules and data modules have in common: hyperparameters, and loaders."""

    _trainer: Any = None
    _hparams_name: str | None = None  # the argument that held them all, if one did
    prepare_data = setup = teardown = nothing
    train_dataloader = val_dataloader = test_dataloader = predict_dataloader = nothing

    @property
    def trainer(self):
        """The trainer it is with."""
        if self._trainer is None:
            raise RuntimeError(f"{type(self).__name__} has no trainer yet; Trainer(...).fit(model, ...) gives it one")
        return self._trainer

    @property
    def hparams(self):
        """What `save_hyperparameters` kept."""
        return vars(self).setdefault("_hparams", Hyperparameters())

    def save_hyperparameters(self, *args, ignore=(), **other):
        """Keep what `__init__` was called with in `self.hparams` and in checkpoints: everything, or what is named.

        It may also be given a dictionary or a namespace to keep.
        """
        refuse(self.save_hyperparameters, other, {"logger": ANY})
        given: dict = {}
        frame: Any = sys._getframe(1)
        while frame.f_code.co_name == "__init__":
            (this, *names), _, keywords, values = inspect.getargvalues(frame)
            if values[this] is not self:
                break
            given |= {name: values[name] for name in names} | values.get(keywords or "", {})
            frame = frame.f_back  # which is the __init__ of a derived class, perhaps
        if args and not isinstance(args[0], str):
            self._hparams_name = next((name for name, x in given.items() if x is args[0]), None)
            given = args[0] if isinstance(args[0], dict) else vars(args[0])
        elif args:
            given = {name: chosen("save_hyperparameters: an argument", name, given) for name in args}
        ignored = [ignore] if isinstance(ignore, str) else ignore or ()
        self.hparams.update({name: x for name, x in given.items() if name not in ignored})
        if odd := [name for name, x in self.hparams.items() if not storable(x)]:
            warn(
                f"save_hyperparameters: a checkpoint, which is no pickle, can't hold {', '.join(odd)}; write "
                f"save_hyperparameters(ignore={odd}), and give them to load_from_checkpoint again"
            )


class LightningDataModule(Described):
    """Loaders that belong together: write `setup(stage)`, `train_dataloader()`, `val_dataloader()`..."""


class of_the_class:
    """A class method that refuses to be called on an object, since it would not change that."""

    def __init__(self, function):
        self.function = function

    def __get__(self, instance, owner):
        if instance is not None:
            raise TypeError(f"write model = {owner.__name__}.{self.function.__name__}(path): it makes a new module")
        return MethodType(self.function, owner)


class LightningModule(Described, Module):
    """A network and how it is trained: write `training_step` and `configure_optimizers`, and the hooks you need.

    >>> import minigrad as mg
    >>> from minigrad.lightning import LightningModule, Trainer
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
    >>> quiet = {"enable_progress_bar": False, "enable_model_summary": False, "enable_checkpointing": False}
    >>> Trainer(max_epochs=10, accelerator="cpu", **quiet).fit(line, loader)
    >>> line.w.data
    tensor(3.0000)
    """

    automatic_optimization = True
    training_step = validation_step = test_step = configure_optimizers = nothing

    def _parts(self):
        return ((name, part) for name, part in super()._parts() if not name.startswith("_hparams"))

    def __getstate__(self):
        return vars(self) | {"_trainer": None}  # a copy is on its own

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
        """Print, as Python does; in Lightning, of several processes only the first."""
        print(*args, **options)

    def log(self, name, value, prog_bar=False, logger=True, on_step=None, on_epoch=None, reduce_fx="mean", *,
            batch_size=None, **other):  # fmt: skip
        """Log a number: of the step, of the epoch (its mean over the samples), or both, as name_step and name_epoch.

        Unless it is said, of the step in training, of the epoch everywhere else. `reduce_fx` may be min, max or sum.
        """
        refuse(self.log, other, UNUSED_IN_LOG)
        if self._trainer is None:
            return warn(f"log: {name!r} is not logged, as there is no trainer yet")
        journal, hook = self._trainer._journal, self._trainer._hook
        return journal.log(hook, name, value, on_step, on_epoch, reduce_fx, batch_size, logger=logger is not False,
                           prog_bar=prog_bar)  # fmt: skip

    def log_dict(self, dictionary, *args, **options):
        """Log the entries of a dictionary, each as `log` does."""
        for name, value in dictionary.items():
            self.log(name, value, *args, **options)

    def predict_step(self, batch, batch_idx, dataloader_idx=0):
        """What `Trainer.predict` returns for a batch."""
        return self(batch)

    def backward(self, loss, **options):
        """The gradients of the loss."""
        loss.backward(**options)

    def optimizer_step(self, epoch, batch_idx, optimizer, optimizer_closure=None):
        """Take a step. The closure does what comes before: training_step, zero_grad, backward, clipping."""
        optimizer.step(closure=optimizer_closure)

    def optimizer_zero_grad(self, epoch, batch_idx, optimizer):
        """Forget the gradients of the step before."""
        optimizer.zero_grad()

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
            chosen("gradient_clip_algorithm", how, CLIP)(parameters(optimizer), limit)

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
        own = set(parameters(optimizer))
        self.trainer._toggled = [p for p in self.parameters() if p.requires_grad and p not in own]
        for p in self.trainer._toggled:
            p.requires_grad = False

    def untoggle_optimizer(self, optimizer):
        """Let parameters require gradients as before `toggle_optimizer`."""
        for p in self.trainer._toggled:
            p.requires_grad = True

    def freeze(self):
        """No parameter is trained, and evaluation mode; returns the module."""
        return self.requires_grad_(False).eval()

    def unfreeze(self):
        """All parameters are trained, and training mode; returns the module."""
        return self.requires_grad_(True).train()

    @of_the_class
    def load_from_checkpoint(cls, checkpoint_path, map_location=None, strict=True, **arguments):
        """Make the module anew from a checkpoint: with the saved hyperparameters, unless given, and its weights."""
        saved = read(checkpoint_path, map_location)
        kept, name = saved.get("hyper_parameters", {}), saved.get("hparams_name")
        given = ({name: Hyperparameters(kept)} if name else kept) | arguments
        form = inspect.signature(cls)
        if not any(p.kind is p.VAR_KEYWORD for p in form.parameters.values()):
            given = {name: x for name, x in given.items() if name in form.parameters}
        try:
            form.bind(**given)
        except TypeError as error:
            raise TypeError(
                f"{checkpoint_path} doesn't hold all that {cls.__name__}.__init__ takes: {error}; call "
                "save_hyperparameters() there, or give it: load_from_checkpoint(path, name=...)"
            ) from None
        model = cls(**given)
        model.on_load_checkpoint(saved)
        model.load_state_dict(saved["state_dict"], strict=strict)
        return model if map_location is None else model.to(map_location)


for _hook in HOOKS:
    setattr(LightningModule, _hook, nothing)
