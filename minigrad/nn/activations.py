"""The activations of the table as modules, for `nn.Sequential`."""

from . import functional as F
from .module import Module


def _module(name, function, *options, **defaults):
    """A module class that applies `function`, with `options` taken by its constructor."""

    def __init__(self, *values, **named):
        Module.__init__(self)
        given = dict(zip(options, values, strict=False)) | {k: v for k, v in named.items() if k != "inplace"}
        if len(values) > len(options) or not set(given) <= set(options):
            raise TypeError(f"{name} takes {list(options) or 'no options'}, got {[*values, *named]}")
        for option, default in defaults.items():
            setattr(self, option, given.get(option, default))

    def forward(self, input):
        return function(input, **{option: getattr(self, option) for option in options})

    def extra_repr(self):
        return ", ".join(f"{option}={getattr(self, option)!r}" for option in options)

    doc = f"`{function.__name__}` as a module: {(function.__doc__ or '').splitlines()[0]}"
    methods = {"__init__": __init__, "forward": forward, "extra_repr": extra_repr, "__doc__": doc}
    return type(name, (Module,), methods | {"__module__": __name__})


ReLU, Tanh, Sigmoid = _module("ReLU", F.relu), _module("Tanh", F.tanh), _module("Sigmoid", F.sigmoid)
Softplus = _module("Softplus", F.softplus, "beta", "threshold", beta=1.0, threshold=20.0)
LeakyReLU = _module("LeakyReLU", F.leaky_relu, "negative_slope", negative_slope=0.01)
GELU = _module("GELU", F.gelu, "approximate", approximate="none")
Softmax = _module("Softmax", F.softmax, "dim", dim=-1)
LogSoftmax = _module("LogSoftmax", F.log_softmax, "dim", dim=-1)
