"""Optimizers and schedules: what `configure_optimizers` returned, taken apart, and steps with the hooks before them."""

from types import SimpleNamespace
from typing import Any

from ..nn import utils
from ..optim import Optimizer
from ..optim.lr_scheduler import ReduceLROnPlateau
from ..spelling import did_you_mean
from .words import chosen, kind

CLIP: dict[str, Any] = {"norm": utils.clip_grad_norm_, "value": utils.clip_grad_value_}
SCHEDULE = {"scheduler": None, "name": None, "interval": "epoch", "frequency": 1, "monitor": None, "strict": True}


def parameters(optimizer):
    """All parameters of an optimizer."""
    return [p for group in optimizer.param_groups for p in group["params"]]


def configured(answer, automatic):
    """Optimizers, and schedules with their options, in what `configure_optimizers` returned."""
    found, schedulers, monitor = answer if isinstance(answer, list | tuple) else [answer], [], None
    if len(found) == 2 and isinstance(found[0], list):
        found, schedulers = found[0], found[1] if isinstance(found[1], list) else [found[1]]
    elif all(isinstance(x, dict) for x in found):
        monitor = found[0].get("monitor") if found else None
        schedulers = [x["lr_scheduler"] for x in found if "lr_scheduler" in x]
        found = [x.get("optimizer") for x in found]
    if not all(isinstance(x, Optimizer) for x in found):
        raise TypeError(
            f"configure_optimizers returned {kind(answer)}; return an optimizer, a list of them, ([optimizer], "
            '[scheduler]) or {"optimizer": optimizer, "lr_scheduler": scheduler}'
        )
    if automatic and len(found) != 1:
        raise ValueError(
            f"configure_optimizers returned {len(found)} optimizers; with more than one, set "
            "self.automatic_optimization = False in __init__ and step in training_step: self.optimizers()"
        )
    schedulers = [x if isinstance(x, dict) else {"scheduler": x, "monitor": monitor} for x in schedulers]
    return list(found), [scheduled(x, found, automatic) for x in schedulers]


def scheduled(options, optimizers, automatic):
    """A schedule with its options; those not given, as Lightning has them."""
    for name in options.keys() - SCHEDULE.keys():
        raise ValueError(f"lr_scheduler has no option {name!r}{did_you_mean(name, SCHEDULE)}")
    config = SimpleNamespace(**SCHEDULE | options)
    chosen("lr_scheduler: interval", config.interval, {"epoch": 1, "step": 1})
    if getattr(config.scheduler, "optimizer", None) not in optimizers:
        raise ValueError(f"lr_scheduler is {kind(config.scheduler)}, no scheduler of an optimizer returned here")
    config.watches = isinstance(config.scheduler, ReduceLROnPlateau)
    if config.watches and automatic and (config.monitor is None or config.interval == "step"):
        raise ValueError('ReduceLROnPlateau needs a metric, at the end of epochs: return {"optimizer": optimizer, '
                         '"lr_scheduler": {"scheduler": scheduler, "monitor": "val_loss"}}')  # fmt: skip
    return config


class Stepper:
    """An optimizer as manual optimization sees it: its step is counted, and announced by a hook."""

    def __init__(self, optimizer, trainer):
        self.optimizer, self._trainer = optimizer, trainer

    __class__ = property(lambda self: type(self.optimizer))

    def __getattr__(self, name):
        return getattr(self.optimizer, name)

    def step(self, closure=None):
        """A step of the optimizer, after the closure."""

        def announced():
            loss = closure() if closure else None
            self._trainer._call("on_before_optimizer_step", self.optimizer)
            return loss

        loss = self.optimizer.step(announced)
        self._trainer.global_step += 1
        return loss
