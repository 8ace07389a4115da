"""The losses as modules: the functions of `functional.py`, with their options kept."""

from collections.abc import Callable
from inspect import Signature, signature

from . import functional as F
from .module import Module


class Loss(Module):
    """The base of losses: a `function` of prediction and target, whose other arguments the constructor takes."""

    function: Callable
    __signature__: Signature
    options: tuple = ()  # the names of what the constructor takes
    reductions: tuple = ()  # besides mean, sum and none

    def __init_subclass__(cls):
        given = signature(cls.function)
        cls.__signature__ = given.replace(parameters=[*given.parameters.values()][2:])
        cls.options = (*cls.__signature__.parameters,)

    def __init__(self, *options, **named):
        super().__init__()
        try:
            bound = self.__signature__.bind(*options, **named)
        except TypeError as error:
            raise TypeError(f"{type(self).__name__}{self.__signature__}: {error}") from None
        bound.apply_defaults()
        for name, value in bound.arguments.items():
            self.register_buffer(name, value) if name.endswith("weight") else setattr(self, name, value)
        F.known(self.reduction, *self.reductions)

    def forward(self, input, target):
        """The loss of predictions `input` against `target`."""
        return self.function(input, target, **{name: getattr(self, name) for name in self.options})


class MSELoss(Loss):
    """Mean squared error.

    >>> import minigrad as mg
    >>> MSELoss()(mg.tensor([1.0, 2.0]), mg.tensor([1.0, 4.0]))
    tensor(2.)
    """

    function = staticmethod(F.mse_loss)


class L1Loss(Loss):
    """Mean absolute error."""

    function = staticmethod(F.l1_loss)


class HuberLoss(Loss):
    """Squared error / 2 near the target, from a distance of `delta` on a straight line."""

    function = staticmethod(F.huber_loss)


class SmoothL1Loss(Loss):
    """Absolute error, rounded off nearer than `beta` to the target."""

    function = staticmethod(F.smooth_l1_loss)


class CrossEntropyLoss(Loss):
    """Minus the log-probability of the right class, from logits. Leave softmax out of the network: it is in here.

    Logits (N, C, ...); targets are class numbers (N, ...) or probabilities (N, C, ...).

    >>> import minigrad as mg
    >>> CrossEntropyLoss()(mg.tensor([[0.0, 0.0]]), mg.tensor([1]))
    tensor(0.6931)
    """

    function = staticmethod(F.cross_entropy)


class NLLLoss(Loss):
    """Minus the log-probability of the right class, from log-probabilities, as LogSoftmax gives them."""

    function = staticmethod(F.nll_loss)


class KLDivLoss(Loss):
    """How far probabilities are from those whose logarithms were predicted; take `reduction="batchmean"`."""

    function, reductions = staticmethod(F.kl_div), ("batchmean",)


class BCELoss(Loss):
    """Binary cross-entropy of probabilities; the prediction first, then the target, of one shape."""

    function = staticmethod(F.binary_cross_entropy)


class BCEWithLogitsLoss(Loss):
    """Binary cross-entropy of sigmoid(logits), safe for large logits."""

    function = staticmethod(F.binary_cross_entropy_with_logits)
