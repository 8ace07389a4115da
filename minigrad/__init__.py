"""minigrad: automatic differentiation that a person reads in one sitting. The names here are those a learner types.

`mg.tensor`, `mg.exp`, `mg.no_grad`... are spelled as in PyTorch; `mg.Scalar` is the engine at its smallest.
"""

import sys
from importlib import import_module
from math import e, inf, nan, pi
from types import ModuleType

from . import autograd, data, inplace
from .backend import (
    Generator, bool_, cuda, device, float16, float32, float64, int8, int16, int32, int64, manual_seed, uint8,
)  # fmt: skip
from .creation import (
    arange, as_tensor, bernoulli, empty, empty_like, eye, from_numpy, full, full_like, linspace, multinomial, normal,
    ones, ones_like, rand, rand_like, randint, randn, randn_like, randperm, tensor, zeros, zeros_like,
)  # fmt: skip
from .compile import compile
from .draw import draw
from .functions import cat, einsum, pad, stack
from .profile import profile
from .scalar import Scalar
from .spelling import not_covered
from .tape import enable_grad, is_grad_enabled, no_grad
from .tensor import Tensor
from .tensor import methods as _methods

__version__ = "0.1.0"

globals().update(_methods, concat=cat)  # every row of the table is a function here: mg.exp, mg.matmul, mg.where...
grad, set_grad_enabled, inference_mode = autograd.grad, autograd.set_grad_enabled, autograd.inference_mode
bool, double, half, long = bool_, float64, float16, int64

# `minigrad.utils.data` is `minigrad.data`, so that `from torch.utils.data import DataLoader` needs one word changed.
utils = ModuleType(f"{__name__}.utils", "Where PyTorch keeps `data`, and nothing else.")
utils.__dict__.update(data=data, __path__=[])
sys.modules |= {utils.__name__: utils, f"{utils.__name__}.data": data}


def is_tensor(x):
    """Whether `x` is a Tensor."""
    return isinstance(x, Tensor)


def __getattr__(name):
    """What is not needed to compute a gradient is imported when it is first used."""
    if name in ("nn", "optim", "data", "io", "keras", "tf", "lightning"):
        return import_module(f".{name}", __name__)
    if name in ("save", "load"):
        return getattr(import_module(".io", __name__), name)
    raise not_covered(__name__, name, globals())
