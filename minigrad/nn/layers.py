"""The layers: parameters, and one function of `functional.py` each."""

import math

from .. import creation
from ..backend import float32
from . import functional as F
from . import init
from .module import Module, Parameter


def _parameter(shape, bound, dtype=float32, device=None):
    """A parameter drawn evenly from -bound to bound."""
    return Parameter(init.uniform_(creation.zeros(*shape, dtype=dtype, device=device), -bound, bound))


class Linear(Module):
    """`x @ weight.T + bias`: x (..., in_features), result (..., out_features).

    Weights and biases are drawn evenly from -1/sqrt(in_features) to 1/sqrt(in_features), PyTorch's default.

    >>> import minigrad as mg
    >>> Linear(4, 3)(mg.zeros(5, 4)).shape
    (5, 3)
    """

    def __init__(self, in_features, out_features, bias=True, device=None, dtype=float32):
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        bound = 1 / math.sqrt(in_features) if in_features else 0.0
        self.weight = _parameter((out_features, in_features), bound, dtype, device)
        self.bias = _parameter((out_features,), bound, dtype, device) if bias else None

    def forward(self, input):
        """`input @ weight.T + bias`."""
        return F.linear(input, self.weight, self.bias)

    def extra_repr(self):
        """The sizes."""
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


class Conv2d(Module):
    """Filters that slide over images: input (N, in_channels, H, W), result (N, out_channels, rows, columns).

    Initialised as Linear with fan-in in_channels * kernel height * kernel width.
    """

    def __init__(
        self, in_channels, out_channels, kernel_size, stride=1, padding=0, bias=True, device=None, dtype=float32
    ):
        super().__init__()
        self.in_channels, self.out_channels = in_channels, out_channels
        self.kernel_size, self.stride = F._pair(kernel_size), F._pair(stride)
        self.padding = padding if isinstance(padding, str) else F._pair(padding)
        bound = 1 / math.sqrt(in_channels * math.prod(self.kernel_size))
        self.weight = _parameter((out_channels, in_channels, *self.kernel_size), bound, dtype, device)
        self.bias = _parameter((out_channels,), bound, dtype, device) if bias else None

    def forward(self, input):
        """Every filter's dot product with every window, plus its bias."""
        return F.conv2d(input, self.weight, self.bias, self.stride, self.padding)

    def extra_repr(self):
        """Channels, kernel, and what differs from the defaults."""
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        text += f", padding={self.padding}" * (self.padding != (0, 0))
        return text + ", bias=False" * (self.bias is None)


class _Pool(Module):
    def __init__(self, kernel_size, stride=None, padding=0):
        super().__init__()
        self.kernel_size, self.stride, self.padding = kernel_size, stride or kernel_size, padding

    def extra_repr(self):
        """Kernel, stride, padding."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxPool2d(_Pool):
    """The largest number of each window."""

    def forward(self, input):
        """The largest of each window."""
        return F.max_pool2d(input, self.kernel_size, self.stride, self.padding)

    def extra_repr(self):
        """Kernel, stride, padding, and PyTorch's dilation and ceil_mode, which are fixed here."""
        return super().extra_repr() + ", dilation=1, ceil_mode=False"


class AvgPool2d(_Pool):
    """The mean of each window."""

    def forward(self, input):
        """The mean of each window."""
        return F.avg_pool2d(input, self.kernel_size, self.stride, self.padding)


class Flatten(Module):
    """Dimensions from `start_dim` to `end_dim` made into one: images into rows of numbers."""

    def __init__(self, start_dim=1, end_dim=-1):
        super().__init__()
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, input):
        """The input, flattened."""
        return F.flatten(input, self.start_dim, self.end_dim)

    def extra_repr(self):
        """The dimensions."""
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Identity(Module):
    """The input, unchanged."""

    def forward(self, input):
        """The input."""
        return input


class Dropout(Module):
    """In training, zero each number with probability `p` and divide the others by 1 - p; at evaluation nothing."""

    def __init__(self, p=0.5):
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError(f"Dropout: p is a probability, from 0 to 1, got {p}")
        self.p = p

    def forward(self, input):
        """The input with numbers dropped, in training."""
        return F.dropout(input, self.p, self.training)

    def extra_repr(self):
        """The probability."""
        return f"p={self.p}, inplace=False"


class _BatchNorm(Module):
    dimensions: tuple = ()

    def __init__(self, num_features, eps=1e-5, momentum=0.1, affine=True, track_running_stats=True, bias=True):
        super().__init__()
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        self.weight = Parameter(creation.ones(num_features)) if affine else None
        self.bias = Parameter(creation.zeros(num_features)) if affine and bias else None
        tracked = track_running_stats
        self.register_buffer("running_mean", creation.zeros(num_features) if tracked else None)
        self.register_buffer("running_var", creation.ones(num_features) if tracked else None)
        self.register_buffer("num_batches_tracked", creation.tensor(0) if tracked else None)

    def forward(self, input):
        """Each channel to mean 0 and variance 1, then scaled and shifted."""
        if input.ndim not in self.dimensions or input.shape[1] != self.num_features:
            raise ValueError(
                f"{type(self).__name__}({self.num_features}): expected {self.num_features} channels in dimension 1 "
                f"of {' or '.join(map(str, self.dimensions))} dimensions, got shape {tuple(input.shape)}"
            )
        if self.training and self.num_batches_tracked is not None:
            self.num_batches_tracked.copy_(self.num_batches_tracked + 1)
        mean, var, weight, bias = self.running_mean, self.running_var, self.weight, self.bias
        return F.batch_norm(input, mean, var, weight, bias, self.training, self.momentum, self.eps)

    def extra_repr(self):
        """The options."""
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )


class BatchNorm1d(_BatchNorm):
    """Batch normalisation of (N, C) or (N, C, L): each channel to mean 0 and variance 1 over the batch."""

    dimensions = (2, 3)


class BatchNorm2d(_BatchNorm):
    """Batch normalisation of images (N, C, H, W)."""

    dimensions = (4,)


class LayerNorm(Module):
    """Each sample to mean 0 and variance 1 over its last dimensions, then scaled and shifted."""

    def __init__(self, normalized_shape, eps=1e-5, elementwise_affine=True, bias=True):
        super().__init__()
        self.normalized_shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
        self.eps, self.elementwise_affine = eps, elementwise_affine
        self.weight = Parameter(creation.ones(self.normalized_shape)) if elementwise_affine else None
        self.bias = Parameter(creation.zeros(self.normalized_shape)) if elementwise_affine and bias else None

    def forward(self, input):
        """The input, normalised."""
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self):
        """The options."""
        bias = self.bias is not None
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}, bias={bias}"


class Embedding(Module):
    """A table of vectors, one for each integer: input (...), result (..., embedding_dim)."""

    def __init__(self, num_embeddings, embedding_dim, padding_idx=None):
        super().__init__()
        self.num_embeddings, self.embedding_dim, self.padding_idx = num_embeddings, embedding_dim, padding_idx
        self.weight = Parameter(creation.randn(num_embeddings, embedding_dim))
        if padding_idx is not None:
            self.weight.data[padding_idx] = 0.0

    def forward(self, input):
        """The vectors of the integers in `input`; that of `padding_idx` is not trained."""
        vectors = F.embedding(input, self.weight)
        if self.padding_idx is None:
            return vectors
        return F.where((input == self.padding_idx).unsqueeze(-1), vectors.detach(), vectors)

    def extra_repr(self):
        """The sizes."""
        text = f"{self.num_embeddings}, {self.embedding_dim}"
        return text if self.padding_idx is None else f"{text}, padding_idx={self.padding_idx}"
