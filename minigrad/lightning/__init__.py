"""Lightning: training loops that nobody needs to write again, as in Lightning 2 (`import minigrad.lightning as L`).

A `LightningModule` says what is done with one batch; a `Trainer` goes through batches and epochs and calls every hook
at the moment at which Lightning calls it. Nothing is computed here: that is left to the rest of minigrad.
"""

import sys as _sys

from ..spelling import not_covered as _not_covered
from . import callbacks
from .callbacks import Callback
from .module import LightningDataModule, LightningModule
from .seeds import seed_everything
from .trainer import Trainer

# `minigrad.lightning.pytorch` is this package too, with all that is in it, so that no class is there twice.
pytorch = _sys.modules[__name__]
_sys.modules |= {
    name.replace(__name__, f"{__name__}.pytorch"): file
    for name, file in [*_sys.modules.items()]
    if f"{name}.".startswith(f"{__name__}.")
}


def __getattr__(name):
    raise _not_covered(__name__, name, globals())
