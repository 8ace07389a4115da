"""The layers: parameters, and one function of `functional.py` each."""

import math

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


def _parameter(shape, device, dtype):
    return Parameter(creation.zeros(*shape, device=device, dtype=dtype or float32))


class _Even(Module):
    """A layer whose parameters are drawn evenly from -1/sqrt(fan_in) to 1/sqrt(fan_in), PyTorch's default."""

    fan_in = 0

    def reset_parameters(self):
        """Draw the parameters anew."""
        bound = 1 / math.sqrt(self.fan_in) if self.fan_in else 0.0
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound)


class Linear(_Even):
    """`x @ weight.T + bias`: x (..., in_features), result (..., out_features).

    >>> import minigrad as mg
    >>> Linear(4, 3)(mg.zeros(5, 4)).shape
    (5, 3)
    """

    def __init__(self, in_features, out_features, bias=True, device=None, dtype=None):
        super().__init__()
        self.in_features, self.out_features, self.fan_in = in_features, out_features, in_features
        self.weight = _parameter((out_features, in_features), device, dtype)
        self.bias = _parameter((out_features,), device, dtype) if bias else None
        self.reset_parameters()

    def forward(self, input):
        """`input @ weight.T + bias`."""
        return F.linear(input, self.weight, self.bias)

    def extra_repr(self):
        """The sizes."""
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


class Conv2d(_Even):
    """Filters that slide over images: input (N, in_channels, H, W), result (N, out_channels, rows, columns)."""

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
        only("Conv2d", dilation=(dilation, 1), groups=(groups, 1), padding_mode=(padding_mode, "zeros"))
        self.in_channels, self.out_channels = in_channels, out_channels
        self.kernel_size, self.stride = F.pair(kernel_size), F.pair(stride)
        if isinstance(padding, str) and padding not in ("same", "valid"):
            raise ValueError(f"Conv2d: padding must be a number, a pair, 'same' or 'valid', got {padding!r}")
        self.padding = padding if isinstance(padding, str) else F.pair(padding)
        self.fan_in = in_channels * math.prod(self.kernel_size)
        self.weight = _parameter((out_channels, in_channels, *self.kernel_size), device, dtype)
        self.bias = _parameter((out_channels,), device, dtype) if bias else None
        self.reset_parameters()

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
        self.kernel_size, self.padding = kernel_size, padding
        self.stride = kernel_size if stride is None else stride

    def extra_repr(self):
        """Kernel, stride, padding."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxPool2d(_Pool):
    """The largest number of each window."""

    def __init__(self, kernel_size, stride=None, padding=0, dilation=1, return_indices=False, ceil_mode=False):
        only("MaxPool2d", dilation=(dilation, 1), return_indices=(return_indices, False), ceil_mode=(ceil_mode, False))
        super().__init__(kernel_size, stride, padding)

    def forward(self, input):
        """The largest of each window."""
        return F.max_pool2d(input, self.kernel_size, self.stride, self.padding)

    def extra_repr(self):
        """Kernel, stride, padding, and PyTorch's dilation and ceil_mode, which are fixed here."""
        return super().extra_repr() + ", dilation=1, ceil_mode=False"


class AvgPool2d(_Pool):
    """The mean of each window."""

    def __init__(self, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
        only("AvgPool2d", ceil_mode=(ceil_mode, False), count_include_pad=(count_include_pad, True))
        super().__init__(kernel_size, stride, padding)

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


class _BatchNorm(Module):
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
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        size = (num_features,)
        self.weight = _parameter(size, device, dtype) if affine else None
        self.bias = _parameter(size, device, dtype) if affine and bias else None
        for name in ("running_mean", "running_var"):
            self.register_buffer(name, _parameter(size, device, dtype).detach() if track_running_stats else None)
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


class BatchNorm1d(_BatchNorm):
    """Batch normalisation of (N, C) or (N, C, L): each channel to mean 0 and variance 1 over the batch."""

    dimensions = (2, 3)


class BatchNorm2d(_BatchNorm):
    """Batch normalisation of images (N, C, H, W)."""

    dimensions = (4,)


class LayerNorm(Module):
    """Each sample to mean 0 and variance 1 over its last dimensions, then scaled and shifted."""

    def __init__(self, normalized_shape, eps=1e-5, elementwise_affine=True, bias=True, device=None, dtype=None):
        super().__init__()
        self.normalized_shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
        self.eps, self.elementwise_affine = eps, elementwise_affine
        self.weight = _parameter(self.normalized_shape, device, dtype) if elementwise_affine else None
        self.bias = _parameter(self.normalized_shape, device, dtype) if elementwise_affine and bias else None
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
        if padding_idx is not None and not -num_embeddings <= padding_idx < num_embeddings:
            raise ValueError(f"Embedding: padding_idx must be one of the {num_embeddings} rows, got {padding_idx}")
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        self.padding_idx = None if padding_idx is None else padding_idx % num_embeddings
        self.weight = _parameter((num_embeddings, embedding_dim), device, dtype)
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
