"""Neural networks on the engine, with PyTorch's names: modules, layers, activations, losses, initial values."""

from . import functional, init, utils
from .activations import GELU, LeakyReLU, LogSoftmax, ReLU, Sigmoid, Softmax, Softplus, Tanh
from .layers import (
    AvgPool2d, BatchNorm1d, BatchNorm2d, Conv2d, Dropout, Embedding, Flatten, Identity, LayerNorm, Linear, MaxPool2d,
)  # fmt: skip
from .losses import BCELoss, BCEWithLogitsLoss, CrossEntropyLoss, L1Loss, MSELoss, NLLLoss
from .module import Module, ModuleDict, ModuleList, Parameter, Sequential
from .recurrent import LSTM, RNN
from .summary import summary


def __getattr__(name):
    """Name what is not covered, and the nearest that is."""
    from difflib import get_close_matches

    known = [name for name in globals() if name[0].isupper()]
    near = get_close_matches(name, known, n=1)
    hint = f"; did you mean nn.{near[0]}?" if near else f"; there are {', '.join(sorted(known))}"
    raise AttributeError(f"minigrad.nn has no {name}{hint}")
