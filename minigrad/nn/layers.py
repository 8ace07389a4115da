"""The layers: parameters, if they have any, and one function of `functional.py` each."""

import math
from collections.abc import Callable

from .. import creation
from ..backend import float32
from ..spelling import whole
from . import functional as F
from . import init
from .applied import Applied
from .module import Module, Parameter


def sizes(layer, least=0, **given):
    """The sizes, if they are whole numbers that a layer can have."""
    return [whole(f"{layer}: {name}", n, least) for name, n in given.items()]


class Layer(Module):
    """The base of layers with parameters, which `reset_parameters` fills."""

    def hold(self, device, dtype, **shapes):
        """Make parameters of these shapes; one without a shape is left out, and so is its place in the state."""
        dtype = dtype or float32
        for name, shape in shapes.items():
            self.register_parameter(name, shape and Parameter(creation.zeros(*shape, device=device, dtype=dtype)))
        self.reset_parameters()

    def reset_parameters(self):
        """Draw the parameters anew."""


class Even(Layer):
    """A layer whose parameters are drawn evenly from -1/sqrt(fan_in) to 1/sqrt(fan_in), PyTorch's default."""

    fan_in = 0

    def reset_parameters(self):
        """Draw the parameters anew."""
        bound = 1 / math.sqrt(self.fan_in) if self.fan_in else 0.0
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound)


class Linear(Even):
    """`x @ weight.T + bias`: x (..., in_features), result (..., out_features).

    >>> import minigrad as mg
    >>> Linear(4, 3)(mg.zeros(5, 4)).shape
    (5, 3)
    """

    def __init__(self, in_features, out_features, bias=True, device=None, dtype=None):
        super().__init__()
        self.in_features, self.out_features = sizes("Linear", in_features=in_features, out_features=out_features)
        self.fan_in = in_features
        self.hold(device, dtype, weight=(out_features, in_features), bias=(out_features,) if bias else None)

    def forward(self, input):
        """`input @ weight.T + bias`."""
        return F.linear(input, self.weight, self.bias)

    def extra_repr(self):
        """The sizes."""
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


class Conv(Even):
    """The base of convolutions: filters that slide over an input of so many dimensions, besides N and C."""

    dimensions: int
    function: Callable

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True,
                 padding_mode="zeros", device=None, dtype=None):  # fmt: skip
        super().__init__()
        name = type(self).__name__
        F.only(name, dilation=(dilation, 1), groups=(groups, 1), padding_mode=(padding_mode, "zeros"))
        self.in_channels, self.out_channels = sizes(name, in_channels=in_channels, out_channels=out_channels)
        self.kernel_size, self.stride = (F.several(x, self.dimensions) for x in (kernel_size, stride))
        for size, step in zip(self.kernel_size, self.stride, strict=True):
            sizes(name, 1, kernel_size=size, stride=step)
        self.padding = F.padding_for(name, padding, self.dimensions)
        self.fan_in = in_channels * math.prod(self.kernel_size)
        weight = (out_channels, in_channels, *self.kernel_size)
        self.hold(device, dtype, weight=weight, bias=(out_channels,) if bias else None)

    def forward(self, input):
        """Every filter's dot product with every window, plus its bias."""
        return self.function(input, self.weight, self.bias, self.stride, self.padding)

    def extra_repr(self):
        """Channels, kernel, and what differs from the defaults."""
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        text += f", padding={self.padding}" * (self.padding != (0,) * self.dimensions)
        return text + ", bias=False" * (self.bias is None)


class Conv1d(Conv):
    """Filters that slide along sequences: input (N, in_channels, L), result (N, out_channels, places)."""

    dimensions = 1
    function = staticmethod(F.conv1d)


class Conv2d(Conv):
    """Filters that slide over images: input (N, in_channels, H, W), result (N, out_channels, rows, columns)."""

    dimensions = 2
    function = staticmethod(F.conv2d)


class Pool(Applied):
    """The base of pools: one number of each window, which is as far as the next if no stride is given."""

    kernel_size: tuple | int
    stride: tuple | int | None

    def __init__(self, *options, **named):
        super().__init__(*options, **named)
        self.stride = self.kernel_size if self.stride is None else self.stride


class MaxPool1d(Pool, function=F.max_pool1d):
    """The largest number of each window of a sequence (N, C, L)."""


class MaxPool2d(Pool, function=F.max_pool2d):
    """The largest number of each window of an image (N, C, H, W)."""


class AvgPool2d(Pool, function=F.avg_pool2d):
    """The mean of each window of an image (N, C, H, W)."""


class AdaptiveAvgPool2d(Applied, function=F.adaptive_avg_pool2d):
    """The mean of each of as many tiles as asked for; of one, `AdaptiveAvgPool2d(1)`, the mean of the image."""


class Flatten(Applied, function=F.flatten, start_dim=1):
    """Dimensions from `start_dim` to `end_dim` made into one: images into rows of numbers."""


class Unflatten(Applied, function=lambda input, dim, unflattened_size: F.unflatten(input, dim, unflattened_size)):
    """A dimension made into several: rows of numbers into images."""


class Identity(Module):
    """The input, unchanged; takes any arguments, as what it stands in for did."""

    def __init__(self, *_, **__):
        super().__init__()

    def forward(self, input):
        """The input."""
        return input


class Dropout(Module):
    """In training, zero each number with probability `p` and divide the others by 1 - p; at evaluation nothing."""

    def __init__(self, p=0.5, inplace=False):  # in place or not, the numbers are the same
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


class Normalization(Layer):
    """The base of layers that scale and shift what they have normalised."""

    def reset_parameters(self):
        """Scale 1, shift 0."""
        for parameter, value in ((self.weight, 1.0), (self.bias, 0.0)):
            if parameter is not None:
                init.constant_(parameter, value)


class BatchNorm(Normalization):
    """The base of batch normalisation: of inputs with so many `dimensions`."""

    dimensions: tuple = ()

    def __init__(self, num_features, eps=1e-5, momentum=0.1, affine=True, track_running_stats=True, device=None,
                 dtype=None):  # fmt: skip
        super().__init__()
        F.only(type(self).__name__, track_running_stats=(track_running_stats, True))
        (self.num_features,) = sizes(type(self).__name__, num_features=num_features)
        self.eps, self.momentum, self.affine = eps, momentum, affine
        size = (num_features,)
        for name in ("running_mean", "running_var"):
            self.register_buffer(name, creation.zeros(size, device=device, dtype=dtype or float32))
        self.register_buffer("num_batches_tracked", creation.tensor(0))
        self.hold(device, dtype, weight=size if affine else None, bias=size if affine else None)

    def reset_parameters(self):
        """Scale 1, shift 0, nothing seen: mean 0 and variance 1."""
        super().reset_parameters()
        self.running_mean.zero_(), self.running_var.fill_(1), self.num_batches_tracked.zero_()

    def forward(self, input):
        """Each channel to mean 0 and variance 1, then scaled and shifted."""
        F.checked(type(self).__name__, input, self.running_mean)
        if input.ndim not in self.dimensions or input.shape[1] != self.num_features:
            dims = " or ".join(map(str, self.dimensions))
            wanted = f"expected {self.num_features} channels in dimension 1 of {dims} dimensions"
            raise ValueError(f"{type(self).__name__}({self.num_features}): {wanted}, got shape {input.shape}")
        if self.training:
            self.num_batches_tracked.add_(1)
        mean, var, weight, bias = self.running_mean, self.running_var, self.weight, self.bias
        # without a momentum, the plain average of all batches
        momentum = 1 / max(1, self.num_batches_tracked.item()) if self.momentum is None else self.momentum
        return F.batch_norm(input, mean, var, weight, bias, self.training, momentum, self.eps)

    def extra_repr(self):
        """The options."""
        options = f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}"
        return f"{options}, bias={self.affine}, track_running_stats=True"


class BatchNorm1d(BatchNorm):
    """Batch normalisation of (N, C) or (N, C, L): each channel to mean 0 and variance 1 over the batch."""

    dimensions = (2, 3)


class BatchNorm2d(BatchNorm):
    """Batch normalisation of images (N, C, H, W)."""

    dimensions = (4,)


class LayerNorm(Normalization):
    """Each sample to mean 0 and variance 1 over its last dimensions, then scaled and shifted."""

    def __init__(self, normalized_shape, eps=1e-5, elementwise_affine=True, bias=True, device=None, dtype=None):
        super().__init__()
        shape = tuple(normalized_shape) if isinstance(normalized_shape, tuple | list) else (normalized_shape,)
        for size in shape:
            whole("LayerNorm: normalized_shape", size, 0)
        self.normalized_shape, self.eps, self.elementwise_affine = shape, eps, elementwise_affine
        weight = shape if elementwise_affine else None
        self.hold(device, dtype, weight=weight, bias=weight if bias else None)

    def forward(self, input):
        """The input, normalised."""
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self):
        """The options."""
        bias = self.bias is not None
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}, bias={bias}"


class Embedding(Layer):
    """A table of vectors, one for each integer: input (...), result (..., embedding_dim)."""

    def __init__(self, num_embeddings, embedding_dim, padding_idx=None, device=None, dtype=None):
        super().__init__()
        self.num_embeddings, self.embedding_dim = sizes(
            "Embedding", num_embeddings=num_embeddings, embedding_dim=embedding_dim
        )
        if padding_idx is not None and not -num_embeddings <= padding_idx < num_embeddings:
            raise ValueError(f"Embedding: padding_idx must be one of the {num_embeddings} rows, got {padding_idx}")
        self.padding_idx = None if padding_idx is None else padding_idx % num_embeddings
        self.hold(device, dtype, weight=(num_embeddings, embedding_dim))

    def reset_parameters(self):
        """Draw the vectors from the normal distribution; that of `padding_idx` is 0."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            self.weight.data[self.padding_idx] = 0.0

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
