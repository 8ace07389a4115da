"""What the arguments of layers mean: names become what they stand for, sizes are looked at, the rest is refused."""

from typing import Any

from ..nn import functional as F
from ..spelling import whole
from . import activations, initializers, regularizers

# Options of Keras's layers that are taken where they ask for what happens anyway.
UNCOVERED = {"data_format": "channels_last", "dilation_rate": 1, "groups": 1, "noise_shape": None, "mask_zero": False}
UNCOVERED |= {"dropout": 0.0, "recurrent_dropout": 0.0, "stateful": False, "synchronized": False}
UNCOVERED |= {f"{name}_constraint": None for name in ("kernel", "recurrent", "bias", "beta", "gamma", "embeddings")}


def _pair(name, n):
    return None if n is None else tuple(whole(name, x) for x in F.pair(n))


def _padding(name, value):
    if str(value).lower() not in ("valid", "same"):
        raise ValueError(f"{name} must be 'valid' or 'same', got {value!r}")
    return str(value).lower()


def _rate(name, value):
    if not 0 <= value <= 1:
        raise ValueError(f"{name} is a probability, from 0 to 1, got {value}")
    return value


MEANT: dict[str, Any] = {"rate": _rate, "padding": _padding}
MEANT |= dict.fromkeys(("units", "filters", "input_dim", "output_dim"), whole)
MEANT |= dict.fromkeys(("kernel_size", "strides", "pool_size"), _pair)
FOUND = {"initializer": initializers.get, "regularizer": regularizers.get, "activation": activations.get}


def meant(kind, name, value):
    """What `value` stands for as the argument `name` of a layer."""
    if name in MEANT:
        return MEANT[name](f"{kind}: {name}", value)
    ending = name.rpartition("_")[2]
    return FOUND[ending](value) if ending in FOUND else value


def refuse(kind, name, value):
    """Refuse an option of Keras's that is not covered, unless it has the value that it has by itself."""
    if value not in (None, UNCOVERED[name], (1, 1)):
        raise NotImplementedError(f"{kind}: {name}={value!r} is not covered")


def drawn(**weights):
    """The arguments for weights and the names of their initializers: how they are drawn, and how they are held back."""
    return {f"{name}_initializer": x for name, x in weights.items()} | {f"{name}_regularizer": None for name in weights}
