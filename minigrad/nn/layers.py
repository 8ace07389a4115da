"""The layers: parameters, and one function of `functional.py` each."""

import math
from collections.abc import Callable

import numpy as np

from .. import creation
from ..backend import float32
from . import functional as F
from . import init
from .module import Module, Parameter


def only(layer, **options):
    """Refuse options of PyTorch's that aren't covered: each is given as (value, the only one there is)."""
    for name, (value, default) in options.items():
        if value != default:
            raise NotImplementedError(f"{layer}: {name}={value!r} is not covered, only {default!r}")


def whole(layer, least=0, **sizes):
    """The sizes, if they are whole numbers that a layer can have."""
    for name, size in sizes.items():
        if not isinstance(size, int | np.integer) or size < least:
            raise ValueError(f"{layer}: {name} must be a whole number, at least {least}, got {size!r}")
    return sizes.values()


def _parameters(layer, device, dtype, **shapes):
    """Give the layer parameters of these shapes; one without a shape is left out, and so is its place in the state."""
    for name, shape in shapes.items():
        numbers = None if shape is None else creation.zeros(*shape, device=device, dtype=dtype or float32)
        layer.register_parameter(name, None if shape is None else Parameter(numbers))


class Even(Module):
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
        self.in_features, self.out_features = whole("Linear", in_features=in_features, out_features=out_features)
        self.fan_in = in_features
        bias_shape = (out_features,) if bias else None
        _parameters(self, device, dtype, weight=(out_features, in_features), bias=bias_shape)
        self.reset_parameters()

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

    def __init__(
        self,
        in_channels,
        out_channels,
        kernel_size,
        stride=1,
        padding=0,
        dilation=1,
        groups=1,
        bias=True,
        padding_mode="zeros",
        device=None,
        dtype=None,
    ):
        super().__init__()
        name = type(self).__name__
        only(name, dilation=(dilation, 1), groups=(groups, 1), padding_mode=(padding_mode, "zeros"))
        self.in_channels, self.out_channels = whole(name, in_channels=in_channels, out_channels=out_channels)
        self.kernel_size, self.stride = (F.several(x, self.dimensions) for x in (kernel_size, stride))
        for size, step in zip(self.kernel_size, self.stride, strict=True):
            whole(name, 1, kernel_size=size, stride=step)
        if isinstance(padding, str) and padding not in ("same", "valid"):
            raise ValueError(f"{name}: padding must be a number, a pair, 'same' or 'valid', got {padding!r}")
        self.padding = padding if isinstance(padding, str) else F.several(padding, self.dimensions)
        self.fan_in = in_channels * math.prod(self.kernel_size)
        weight = (out_channels, in_channels, *self.kernel_size)
        _parameters(self, device, dtype, weight=weight, bias=(out_channels,) if bias else None)
        self.reset_parameters()

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


class Pool(Module):
    """The base of pools: one number of each window."""

    function: Callable
    fixed: tuple = (("ceil_mode", False), ("count_include_pad", True))  # PyTorch's options, with the values they have

    def __init__(self, kernel_size, stride=None, padding=0, **other):
        super().__init__()
        only(type(self).__name__, **{name: (value, dict(self.fixed).get(name)) for name, value in other.items()})
        self.kernel_size, self.padding = kernel_size, padding
        self.stride = kernel_size if stride is None else stride

    def forward(self, input):
        """One number of each window."""
        return self.function(input, self.kernel_size, self.stride, self.padding)

    def extra_repr(self):
        """Kernel, stride, padding."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxPool(Pool):
    """The base of pools that take the largest number of each window."""

    fixed = (("dilation", 1), ("return_indices", False), ("ceil_mode", False))

    def extra_repr(self):
        """Kernel, stride, padding, and what PyTorch shows besides."""
        return super().extra_repr() + ", dilation=1, ceil_mode=False"


class MaxPool1d(MaxPool):
    """The largest number of each window of a sequence."""

    function = staticmethod(F.max_pool1d)


class MaxPool2d(MaxPool):
    """The largest number of each window of an image."""

    function = staticmethod(F.max_pool2d)


class AvgPool1d(Pool):
    """The mean of each window of a sequence."""

    function = staticmethod(F.avg_pool1d)

    def __init__(self, kernel_size, stride=None, padding=0, **other):
        sizes = (kernel_size, kernel_size if stride is None else stride, padding)
        super().__init__(*(F.several(size, 1) for size in sizes), **other)


class AvgPool2d(Pool):
    """The mean of each window of an image."""

    function = staticmethod(F.avg_pool2d)


class AdaptiveAvgPool2d(Module):
    """The mean of each of as many tiles as asked for; of one, `AdaptiveAvgPool2d(1)`, the mean of the image."""

    def __init__(self, output_size):
        super().__init__()
        self.output_size = output_size

    def forward(self, input):
        """The mean of each tile."""
        return F.adaptive_avg_pool2d(input, self.output_size)

    def extra_repr(self):
        """The number of tiles."""
        return f"output_size={self.output_size}"


class Flatten(Module):
    """Dimensions from `start_dim` to `end_dim` made into one: images into rows of numbers."""

    def __init__(self, start_dim=1, end_dim=-1):
        super().__init__()
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, input):
        """The input, flattened."""
        return F.flatten(F.checked("Flatten", input), self.start_dim, self.end_dim)

    def extra_repr(self):
        """The dimensions."""
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """A dimension made into several: rows of numbers into images."""

    def __init__(self, dim, unflattened_size):
        super().__init__()
        self.dim, self.unflattened_size = dim, unflattened_size

    def forward(self, input):
        """The input, its dimension `dim` in several."""
        return F.unflatten(input, self.dim, self.unflattened_size)

    def extra_repr(self):
        """The dimension and what becomes of it."""
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"


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


def _scale_and_shift(layer):
    if layer.weight is not None:
        init.ones_(layer.weight)
    if layer.bias is not None:
        init.zeros_(layer.bias)


class BatchNorm(Module):
    dimensions: tuple = ()

    def __init__(
        self,
        num_features,
        eps=1e-5,
        momentum=0.1,
        affine=True,
        track_running_stats=True,
        bias=True,
        device=None,
        dtype=None,
    ):
        super().__init__()
        (self.num_features,) = whole(type(self).__name__, num_features=num_features)
        self.eps, self.momentum = eps, momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        size = (num_features,)
        weight = size if affine else None
        _parameters(self, device, dtype, weight=weight, bias=weight if bias else None)
        for name in ("running_mean", "running_var"):
            numbers = creation.zeros(size, device=device, dtype=dtype or float32) if track_running_stats else None
            self.register_buffer(name, numbers)
        self.register_buffer("num_batches_tracked", creation.tensor(0) if track_running_stats else None)
        self.reset_parameters()

    def reset_running_stats(self):
        """Forget what was seen: mean 0 and variance 1."""
        if self.track_running_stats:
            self.running_mean.zero_()
            self.running_var.fill_(1)
            self.num_batches_tracked.zero_()

    def reset_parameters(self):
        """Scale 1, shift 0, nothing seen."""
        self.reset_running_stats()
        _scale_and_shift(self)

    def forward(self, input):
        """Each channel to mean 0 and variance 1, then scaled and shifted."""
        F.checked(type(self).__name__, input, self.running_mean if self.weight is None else self.weight)
        if input.ndim not in self.dimensions or input.shape[1] != self.num_features:
            raise ValueError(
                f"{type(self).__name__}({self.num_features}): expected {self.num_features} channels in dimension 1 "
                f"of {' or '.join(map(str, self.dimensions))} dimensions, got shape {tuple(input.shape)}"
            )
        momentum = self.momentum
        if self.training and self.num_batches_tracked is not None:
            self.num_batches_tracked.copy_(self.num_batches_tracked + 1)
            if momentum is None:  # the plain average of all batches
                momentum = 1 / self.num_batches_tracked.item()
        mean, var, weight, bias = self.running_mean, self.running_var, self.weight, self.bias
        return F.batch_norm(input, mean, var, weight, bias, self.training, momentum or 0.0, self.eps)

    def extra_repr(self):
        """The options."""
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )


class BatchNorm1d(BatchNorm):
    """Batch normalisation of (N, C) or (N, C, L): each channel to mean 0 and variance 1 over the batch."""

    dimensions = (2, 3)


class BatchNorm2d(BatchNorm):
    """Batch normalisation of images (N, C, H, W)."""

    dimensions = (4,)


class LayerNorm(Module):
    """Each sample to mean 0 and variance 1 over its last dimensions, then scaled and shifted."""

    def __init__(self, normalized_shape, eps=1e-5, elementwise_affine=True, bias=True, device=None, dtype=None):
        super().__init__()
        shape = tuple(normalized_shape) if isinstance(normalized_shape, tuple | list) else (normalized_shape,)
        for size in shape:
            whole("LayerNorm", normalized_shape=size)
        self.normalized_shape, self.eps, self.elementwise_affine = shape, eps, elementwise_affine
        weight = shape if elementwise_affine else None
        _parameters(self, device, dtype, weight=weight, bias=weight if bias else None)
        self.reset_parameters()

    def reset_parameters(self):
        """Scale 1, shift 0."""
        _scale_and_shift(self)

    def forward(self, input):
        """The input, normalised."""
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self):
        """The options."""
        bias = self.bias is not None
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}, bias={bias}"


class Embedding(Module):
    """A table of vectors, one for each integer: input (...), result (..., embedding_dim)."""

    def __init__(self, num_embeddings, embedding_dim, padding_idx=None, device=None, dtype=None):
        super().__init__()
        self.num_embeddings, self.embedding_dim = whole(
            "Embedding", num_embeddings=num_embeddings, embedding_dim=embedding_dim
        )
        if padding_idx is not None and not -num_embeddings <= padding_idx < num_embeddings:
            raise ValueError(f"Embedding: padding_idx must be one of the {num_embeddings} rows, got {padding_idx}")
        self.padding_idx = None if padding_idx is None else padding_idx % num_embeddings
        _parameters(self, device, dtype, weight=(num_embeddings, embedding_dim))
        self.reset_parameters()

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
