"""Neural networks on the engine, with PyTorch's names: modules, layers, activations, losses, initial values."""

from . import functional, init, utils
from .activations import ELU, GELU, LeakyReLU, LogSigmoid, LogSoftmax, ReLU, Sigmoid, SiLU, Softmax, Softplus, Tanh
from .containers import ModuleDict, ModuleList, Sequential
from .layers import (
    AdaptiveAvgPool2d, AvgPool2d, BatchNorm1d, BatchNorm2d, Conv1d, Conv2d, Dropout, Embedding, Flatten, Identity,
    LayerNorm, Linear, MaxPool1d, MaxPool2d, Unflatten,
)  # fmt: skip
from .losses import BCELoss, BCEWithLogitsLoss, CrossEntropyLoss, HuberLoss, L1Loss, MSELoss, NLLLoss, SmoothL1Loss
from .module import Module, Parameter
from .recurrent import GRU, LSTM, RNN
from .summary import summary


def __getattr__(name):
    from ..spelling import not_covered

    raise not_covered(__name__, name, globals())
