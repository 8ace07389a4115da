"""Neural networks on the engine, with PyTorch's names: modules, layers, activations, losses, initial values."""

from . import functional, init, utils
from .activations import (
    ELU, GELU, Hardtanh, LeakyReLU, LogSigmoid, LogSoftmax, ReLU, ReLU6, Sigmoid, SiLU, Softmax, Softplus, Tanh,
)  # fmt: skip
from .layers import (
    AdaptiveAvgPool2d, AvgPool1d, AvgPool2d, BatchNorm1d, BatchNorm2d, Conv1d, Conv2d, Dropout, Embedding, Flatten,
    Identity, LayerNorm, Linear, MaxPool1d, MaxPool2d, Unflatten,
)  # fmt: skip
from .losses import (
    BCELoss, BCEWithLogitsLoss, CrossEntropyLoss, HuberLoss, KLDivLoss, L1Loss, MSELoss, NLLLoss, SmoothL1Loss,
)  # fmt: skip
from .module import Module, ModuleDict, ModuleList, Parameter, ParameterDict, ParameterList, Sequential
from .recurrent import GRU, LSTM, RNN
from .summary import summary


def __getattr__(name):
    from ..spelling import not_covered

    raise not_covered(__name__, name, globals())
