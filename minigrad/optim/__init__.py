"""Optimizers and learning-rate schedules: `optim.SGD`, `optim.Adam`, `optim.lr_scheduler.StepLR`..., as in PyTorch."""

from . import lr_scheduler
from .optimizer import Optimizer
from .rules import SGD, Adagrad, Adam, AdamW, RMSprop


def __getattr__(name):
    from ..spelling import not_covered

    raise not_covered(__name__, name, globals())
