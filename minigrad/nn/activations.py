"""The activations of the table as modules, for `nn.Sequential`."""

from . import functional as F
from .module import Module


def _module(name, function, *options, **defaults):
    """A module class that applies `function`, with `options` taken by its constructor.

    All of them take PyTorch's `inplace` too, at the end: in place or not, the numbers are the same.
    """
    names = (*options, "inplace")

    def __init__(self, *values, **named):
        Module.__init__(self)
        given = dict(zip(names, values, strict=False)) | named
        if len(values) > len(names) or not set(given) <= set(names):
            raise TypeError(f"{name} takes {', '.join(names)}; got {', '.join(map(str, [*values, *named]))}")
        for option in names:
            setattr(self, option, given.get(option, defaults.get(option, False)))

    def forward(self, input):
        return function(F.checked(name, input), **{option: getattr(self, option) for option in options})

    def extra_repr(self):
        texts = [f"{option}={getattr(self, option)!r}" for option in options]
        return ", ".join(texts + ["inplace=True"] * self.inplace)

    doc = f"`{function.__name__}` as a module: {(function.__doc__ or '').splitlines()[0]}"
    methods = {"__init__": __init__, "forward": forward, "extra_repr": extra_repr, "__doc__": doc}
    return type(name, (Module,), methods | {"__module__": __name__})


ReLU, ReLU6, SiLU = _module("ReLU", F.relu), _module("ReLU6", F.relu6), _module("SiLU", F.silu)
Tanh, Sigmoid, LogSigmoid = _module("Tanh", F.tanh), _module("Sigmoid", F.sigmoid), _module("LogSigmoid", F.logsigmoid)
Softplus = _module("Softplus", F.softplus, "beta", "threshold", beta=1.0, threshold=20.0)
LeakyReLU = _module("LeakyReLU", F.leaky_relu, "negative_slope", negative_slope=0.01)
ELU = _module("ELU", F.elu, "alpha", alpha=1.0)
Hardtanh = _module("Hardtanh", F.hardtanh, "min_val", "max_val", min_val=-1.0, max_val=1.0)
GELU = _module("GELU", F.gelu, "approximate", approximate="none")
Softmax = _module("Softmax", F.softmax, "dim", dim=None)
LogSoftmax = _module("LogSoftmax", F.log_softmax, "dim", dim=None)
