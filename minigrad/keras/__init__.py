"""Keras's spelling: `from minigrad import keras`. Thin: layers, losses and training arranged over the one engine.

>>> model = Sequential([Input(shape=(4,)), layers.Dense(8, activation="relu"), layers.Dense(1)])
>>> model.compile(optimizer="adam", loss="mse", metrics=["mae"])
"""

import sys
from types import SimpleNamespace as _Namespace

from . import (
    activations, callbacks, initializers, layers, losses, metrics, models, names, ops, optimizers, preparing,
    regularizers, variable,
)  # fmt: skip
from .feeding import PyDataset
from .layer import KerasTensor, Layer
from .layers import Input, TorchModuleWrapper
from .losses import Loss
from .metrics import Metric
from .models import Model, Sequential
from .optimizers import Optimizer
from .regularizers import Regularizer
from .variable import Variable

utils = sys.modules[f"{__name__}.utils"] = preparing  # so that `from minigrad.keras.utils import ...` finds it
preparing.PyDataset = preparing.Sequence = PyDataset
backend = _Namespace(clear_session=variable.clear_session, floatx=lambda: "float32", epsilon=lambda: 1e-7)

_known = (
    [name for name, x in globals().items() if isinstance(x, type)]
    + """Input activations backend callbacks
    initializers layers losses metrics models ops optimizers regularizers utils""".split()
)
__getattr__ = names.closed(__name__, _known)
