"""The losses as modules: the functions of `functional.py`, with their options kept."""

from . import functional as F
from .applied import Applied


class Loss(Applied):
    """The base of losses: a function of prediction and target. Weights among its options move with the module."""

    tensors = 2

    def __init__(self, *options, **named):
        super().__init__(*options, **named)
        F.known(self.reduction)
        for name in self.options:
            if name.endswith("weight"):
                self.register_buffer(name, vars(self).pop(name))

    def forward(self, input, target):  # type: ignore[override]
        """The loss of predictions `input` against `target`."""
        return self.apply_to(input, target)

    def extra_repr(self):
        """Nothing, as in PyTorch."""
        return ""


class MSELoss(Loss, function=F.mse_loss):
    """Mean squared error.

    >>> import minigrad as mg
    >>> MSELoss()(mg.tensor([1.0, 2.0]), mg.tensor([1.0, 4.0]))
    tensor(2.)
    """


class L1Loss(Loss, function=F.l1_loss):
    """Mean absolute error."""


class HuberLoss(Loss, function=F.huber_loss):
    """Squared error / 2 near the target, from a distance of `delta` on a straight line."""


class SmoothL1Loss(Loss, function=F.smooth_l1_loss):
    """Absolute error, rounded off nearer than `beta` to the target."""


class CrossEntropyLoss(Loss, function=F.cross_entropy):
    """Minus the log-probability of the right class, from logits. Leave softmax out of the network: it is in here.

    Logits (N, C, ...); targets are class numbers (N, ...) or probabilities (N, C, ...).

    >>> import minigrad as mg
    >>> CrossEntropyLoss()(mg.tensor([[0.0, 0.0]]), mg.tensor([1]))
    tensor(0.6931)
    """


class NLLLoss(Loss, function=F.nll_loss):
    """Minus the log-probability of the right class, from log-probabilities, as LogSoftmax gives them."""


class BCELoss(Loss, function=F.binary_cross_entropy):
    """Binary cross-entropy of probabilities; the prediction first, then the target, of one shape."""


class BCEWithLogitsLoss(Loss, function=F.binary_cross_entropy_with_logits):
    """Binary cross-entropy of sigmoid(logits), safe for large logits."""
