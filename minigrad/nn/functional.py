"""The functions that layers and losses are made of, as in `torch.nn.functional`.

They are composed of the rows of the table. Losses check their arguments before they compute: a label out of range or a
shape that would broadcast by accident is an error or a warning in words, not a wrong number.
"""

import math
import warnings

import numpy as np

from .. import fused, ops
from ..backend import default_generator, to_device, xp
from ..functions import flatten, gelu, norm, pad, unflatten  # noqa: F401 (offered here too, as in PyTorch)
from ..ops import sigmoid, tanh, where  # noqa: F401
from ..spelling import did_you_mean, in_words, not_covered
from ..tape import raw
from ..tensor import Tensor
from .windows import max_pool, windows


def known(reduction):
    """`reduction` itself, if it is one."""
    names = ["mean", "sum", "none"]
    if reduction not in names:
        raise ValueError(f"reduction {reduction!r} is not one of {names}{did_you_mean(reduction, names)}")
    return reduction


def only(name, **options):
    """Refuse options of PyTorch's that aren't covered: each is given as (value, the only one there is)."""
    for option, (value, default) in options.items():
        if value != default:
            raise NotImplementedError(f"{name}: {option}={value!r} is not covered, only {default!r}")


def checked(name, input, weight=None):
    """`input`, if it is a tensor, and of the dtype of the `weight` that it is to meet."""
    if not isinstance(input, Tensor):
        cast = ".float()" * (getattr(input, "dtype", None) == np.float64)
        raise TypeError(f"{name}: expected a tensor, got {in_words(input)}; write tensor(x){cast}")
    if weight is not None and input.dtype != weight.dtype:
        cast = {"float16": "half", "float64": "double"}.get(str(weight.dtype), "float")
        raise TypeError(f"{name}: the input holds {input.dtype}, the parameters {weight.dtype}; write x.{cast}()")
    return input


def _reduce(losses, reduction):
    return {"mean": losses.mean, "sum": losses.sum, "none": lambda: losses}[known(reduction)]()


# ---------------------------------------------------------------- layers


def linear(input, weight, bias=None):
    """`input @ weight.T + bias`; input (..., n), weight (m, n), bias (m,), result (..., m)."""
    checked("linear", input, weight)
    if input.shape[-1:] != weight.shape[-1:]:
        wanted = f"linear: expected a last dimension of {weight.shape[-1]}, got shape {input.shape}"
        raise ValueError(f"{wanted}. An image is made a row of numbers by nn.Flatten() or x.view(len(x), -1)")
    return fused.linear(input, weight, bias)


def several(value, n):
    """A size for each of n dimensions, from such a tuple or from one size for all."""
    sizes = tuple(value) if isinstance(value, tuple | list) else (value,) * n
    if len(sizes) != n:
        raise ValueError(f"expected one size, or {n} of them, got {sizes}")
    return sizes


def pair(value):
    return several(value, 2)


def _images(name, x, weight=None, sizes="height, width"):
    """`x`, if it is a batch of images, or a single one."""
    checked(name, x, weight)
    n = sizes.count(",") + 2  # dimensions of a single one
    if x.ndim not in (n, n + 1) or (weight is not None and x.shape[-n] != weight.shape[1]):
        c = "C" if weight is None else weight.shape[1]
        raise ValueError(f"{name}: expected an input of shape (N, {c}, {sizes}) or ({c}, {sizes}), got {x.shape}")
    return x


def _lines(name, x, weight=None):
    """Sequences (N, C, length), or a single one, as images of height 1."""
    return _images(name, x, weight, "length").unsqueeze(-2)


def _padded(x, kernel, stride, padding, value=0.0):
    """Images with their padding, and kernel and stride as pairs that fit them."""
    kernel, stride, (top, left) = pair(kernel), pair(stride), pair(padding)
    if min(*kernel, *stride) < 1 or min(top, left) < 0:
        raise ValueError(f"kernel {kernel} and stride {stride} must be at least 1, padding {(top, left)} at least 0")
    if top or left:
        x = pad(x, (left, left, top, top), value=value)
    if x.shape[-2] < kernel[0] or x.shape[-1] < kernel[1]:
        raise ValueError(f"a kernel of {kernel} is larger than the padded image of {x.shape[-2:]}")
    return x, kernel, stride


def padding_for(name, padding, n):
    """The padding of a convolution in n dimensions: a word, or a size for each."""
    if isinstance(padding, str) and padding not in ("same", "valid"):
        raise ValueError(f"{name}: padding must be a number, a pair, 'same' or 'valid', got {padding!r}")
    return padding if isinstance(padding, str) else several(padding, n)


def conv2d(input, weight, bias=None, stride=1, padding=0):
    """Cross-correlation of images (N, C, H, W) with filters (F, C, h, w): each filter's dot product with each window.

    `padding="same"` keeps height and width. Result (N, F, rows, columns).
    """
    _images("conv2d", input, weight)
    kernel, padding = weight.shape[-2:], padding_for("conv2d", padding, 2)
    if padding == "same":
        if pair(stride) != (1, 1):
            raise ValueError("conv2d: padding='same' needs stride 1")
        rows, columns = kernel[0] - 1, kernel[1] - 1
        input = pad(input, (columns // 2, columns - columns // 2, rows // 2, rows - rows // 2))
    views = windows(*_padded(input, kernel, stride, 0 if isinstance(padding, str) else padding))
    *before, channels, rows, columns, height, width = views.shape
    # a window a column, so that what lies side by side in the image does so here, and in the result
    n = len(before) + 1
    table = views.permute(*range(n), n + 2, n + 3, n, n + 1)
    table = table.reshape(*before, channels * height * width, rows * columns)
    result = weight.reshape(len(weight), channels * height * width) @ table  # one matrix product for each image
    return (result if bias is None else result + bias[:, None]).reshape(*before, len(weight), rows, columns)


def conv1d(input, weight, bias=None, stride=1, padding=0):
    """Cross-correlation of sequences (N, C, L) with filters (F, C, l), as `conv2d` of images of height 1."""
    padding = padding_for("conv1d", padding, 1)
    padding = padding if isinstance(padding, str) else (0, *padding)
    lines = _lines("conv1d", input, weight)
    return conv2d(lines, weight.unsqueeze(-2), bias, (1, *several(stride, 1)), padding).squeeze(-2)


def _pooled(name, input, kernel, stride, padding, value=0.0):
    """The images that a pool sees, and its kernel and stride."""
    kernel, padding = pair(kernel), pair(padding)
    if any(2 * p > k for p, k in zip(padding, kernel, strict=True)):
        raise ValueError(f"{name}: the padding {padding} is more than half of the kernel {kernel}")
    return _padded(_images(name, input), kernel, kernel if stride is None else stride, padding, value)


def max_pool2d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False):
    """The largest number of each window; among equals the first takes the gradient."""
    only("max_pool2d", dilation=(dilation, 1), ceil_mode=(ceil_mode, False))
    dtype = checked("max_pool2d", input).dtype
    lowest = -math.inf if dtype.kind == "f" else np.iinfo(dtype).min
    return max_pool(*_pooled("max_pool2d", input, kernel_size, stride, padding, lowest))


def avg_pool2d(input, kernel_size, stride=None, padding=0):
    """The mean of each window, padding counted as zeros."""
    return windows(*_pooled("avg_pool2d", input, kernel_size, stride, padding)).mean((-2, -1))


def max_pool1d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False):
    """`max_pool2d` of sequences (N, C, L), as images of height 1."""
    kernel, stride, padding = _flat(kernel_size, stride, padding)
    return max_pool2d(_lines("max_pool1d", input), kernel, stride, padding, dilation, ceil_mode).squeeze(-2)


def avg_pool1d(input, kernel_size, stride=None, padding=0):
    """`avg_pool2d` of sequences (N, C, L), as images of height 1."""
    return avg_pool2d(_lines("avg_pool1d", input), *_flat(kernel_size, stride, padding)).squeeze(-2)


def _flat(kernel, stride, padding):
    """Kernel, stride and padding for images of height 1."""
    stride = kernel if stride is None else stride
    return (1, *several(kernel, 1)), (1, *several(stride, 1)), (0, *several(padding, 1))


def adaptive_avg_pool2d(input, output_size):
    """The mean of each tile of an image, in as many rows and columns as asked for; they must divide it evenly."""
    sizes = _images("adaptive_avg_pool2d", input).shape[-2:]
    tiles = tuple(n if k is None else k for k, n in zip(pair(output_size), sizes, strict=True))
    if any(n % k for k, n in zip(tiles, sizes, strict=True)):
        raise NotImplementedError(f"adaptive_avg_pool2d: {tiles} tiles don't divide {sizes} evenly, which is needed")
    return avg_pool2d(input, tuple(n // k for k, n in zip(tiles, sizes, strict=True)))


def relu(input, inplace=False):
    """max(input, 0); in place or not, the numbers are the same."""
    return ops.relu(input)


def leaky_relu(input, negative_slope=0.01, inplace=False):
    """The input where it is positive, negative_slope times it elsewhere."""
    return ops.leaky_relu(input, negative_slope)


def silu(input, inplace=False):
    """input * sigmoid(input), also called swish. (Elfwing et al., 2017.)"""
    return input * sigmoid(input)


def elu(input, alpha=1.0, inplace=False):
    """The input where it is positive, alpha * (exp(input) - 1) elsewhere. (Clevert et al., 2016.)"""
    return where(input > 0, input, alpha * ops.expm1(where(input > 0, 0.0, input)))


def logsigmoid(input):
    """log(sigmoid(input)), for any input."""
    return -ops.softplus(-input)


def softmax(input, dim=None):
    """exp(input) / sum(exp(input)) along `dim`: probabilities."""
    return ops.softmax(input, _over("softmax", dim))


def log_softmax(input, dim=None):
    """log(softmax(input)) along `dim`, for any size."""
    return ops.log_softmax(input, _over("log_softmax", dim))


def _over(name, dim):
    if dim is None:
        raise TypeError(f"{name}: give dim, over which the numbers sum to 1: dim=1 in (N, classes); dim=-1 is the last")
    return dim


def normalize(input, p=2.0, dim=1, eps=1e-12):
    """The input divided by its norm along `dim`, which then is 1."""
    return input / norm(input, p, dim, True).clamp(min=eps)


def cosine_similarity(x1, x2, dim=1, eps=1e-8):
    """The cosine of the angle between vectors along `dim`: 1 for one direction, 0 for a right angle."""
    return (normalize(x1, 2, dim, eps) * normalize(x2, 2, dim, eps)).sum(dim)


def dropout(input, p=0.5, training=True, inplace=False, generator=None):
    """Zero each number with probability `p`, and divide the others by 1 - p so that the mean stays.

    Only in training; at evaluation the input is returned. (Srivastava et al., 2014, in its inverted form.)
    """
    checked("dropout", input)
    if not 0 <= p <= 1:
        raise ValueError(f"dropout: p is a probability, from 0 to 1, got {p}")
    if not training or p == 0:
        return input
    kept = (generator or default_generator).numpy.random(input.shape, dtype=np.float32) >= p
    scale = (kept / max(1 - p, 1e-12)).astype(input.dtype)
    return input * Tensor.wrap(to_device(scale, input.device))


def batch_norm(input, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5):
    """Each channel (dimension 1) to mean 0 and variance 1, then times `weight` plus `bias`.

    In training, by the mean and variance of the batch, which also move the running ones by `momentum`; at evaluation
    by the running ones. (Ioffe and Szegedy, 2015.)
    """
    checked("batch_norm", input, running_mean if weight is None else weight)
    dims = (0, *range(2, input.ndim))
    shape = (1, -1) + (1,) * (input.ndim - 2)
    if training or running_mean is None:
        n = math.prod(input.shape[d] for d in dims)
        if n == 1:
            raise ValueError(f"batch_norm: a batch of shape {input.shape} has one number a channel: no variance")
        mean = input.mean(dims, True)
        var = ((input - mean) ** 2).mean(dims, True)
        if running_mean is not None and n:
            for running, now in ((running_mean, mean), (running_var, var * (n / (n - 1)))):
                running.copy_((1 - momentum) * running.detach() + momentum * now.detach().reshape(-1))
    else:
        # copies: a batch in training mode may move the running ones before this result's backward
        mean, var = (running.detach().clone().reshape(shape) for running in (running_mean, running_var))
    return _scaled((input - mean) / (var + eps).sqrt(), weight, bias, shape)


def layer_norm(input, normalized_shape, weight=None, bias=None, eps=1e-5):
    """Each sample to mean 0 and variance 1 over its last dimensions, then scaled and shifted. (Ba et al., 2016.)"""
    checked("layer_norm", input, weight)
    normalized_shape = tuple(normalized_shape)
    if input.shape[-len(normalized_shape) :] != normalized_shape:
        raise ValueError(f"layer_norm: the last dimensions of {input.shape} are not {normalized_shape}")
    dims = tuple(range(-len(normalized_shape), 0))
    centred = input - input.mean(dims, True)
    return _scaled(centred / ((centred * centred).mean(dims, True) + eps).sqrt(), weight, bias, normalized_shape)


def _scaled(x, weight, bias, shape):
    x = x if weight is None else x * weight.reshape(shape)
    return x if bias is None else x + bias.reshape(shape)


def softplus(input, beta=1.0, threshold=20.0):
    """log(1 + exp(beta x)) / beta, a smooth ReLU; where beta x is above `threshold`, x itself."""
    return where(input * beta > threshold, input, ops.softplus(input * beta) / beta)


def embedding(input, weight):
    """The rows of `weight` (words, n) that the integers in `input` name; result (*input.shape, n)."""
    _integers("embedding", checked("embedding", input), len(weight), what="row numbers")
    return weight[input]


def one_hot(tensor, num_classes=-1):
    """Integers as rows of zeros with a 1 at their place; as many columns as `num_classes`, or as needed."""
    if num_classes == -1 and not raw(tensor).size:
        raise ValueError("one_hot: of no integers the number of classes can't be told; give num_classes")
    classes = int(raw(tensor).max()) + 1 if num_classes == -1 else num_classes
    _integers("one_hot", tensor, classes)
    index = raw(tensor)
    return Tensor.wrap(xp(index).eye(classes, dtype="int64")[index])


# ---------------------------------------------------------------- losses


def _integers(name, target, classes, ignore=None, what="class numbers"):
    """Refuse labels that are not integers from 0 to classes - 1; returns whether all are, none being `ignore`d."""
    labels = raw(target)
    if not hasattr(labels, "dtype") or labels.dtype.kind not in "iu":
        kind = getattr(labels, "dtype", type(labels).__name__)
        raise TypeError(f"{name}: {what} must be integers, got {kind}; write target.long()")
    return xp(labels).check(in_range, labels, classes, ignore, name, what)


def in_range(labels, classes, ignore, name, what):
    """Refuse labels that are not numbers from 0 to classes - 1; returns whether all are, none being `ignore`d."""
    if labels.size and labels.view(f"u{labels.itemsize}").max() < classes:  # negative ones would be the largest
        return ignore is None or not 0 <= ignore < classes
    valid = labels if ignore is None else labels[labels != ignore]
    if valid.size and (int(valid.min()) < 0 or int(valid.max()) >= classes):
        raise IndexError(f"{name}: {what} must lie in 0..{classes - 1}, got {int(valid.min())}..{int(valid.max())}")
    return False


def _tensors(name, *values):
    """Refuse lists and numbers where tensors belong."""
    for value in values:
        checked(name, value)


def _same(name, input, target, refuse=True):
    """Refuse shapes that differ, or warn of them, since (N, 1) against (N,) makes (N, N) differences."""
    _tensors(name, input, target)
    if input.shape == target.shape:
        return
    shapes = f"{name}: the prediction has shape {input.shape}, the target {target.shape}; they"
    if refuse:
        raise ValueError(f"{shapes} must agree")
    remedy = "bring both to one shape, for example with prediction.squeeze(1)"
    warnings.warn(f"{shapes} will be broadcast, which is seldom meant; {remedy}", stacklevel=4)


def _binary(name, input, target):
    """Refuse what is no prediction and target of one shape, or whose targets are no probabilities."""
    _same(name, input, target)
    numbers = raw(target)
    if numbers.dtype.kind != "f":
        raise TypeError(f"{name}: targets must be floating-point numbers, got {numbers.dtype}; write target.float()")
    remedy = "are prediction and target exchanged? The prediction comes first"
    xp(numbers).check(probabilities, numbers, f"{name}: the targets", remedy)


def probabilities(numbers, what, remedy):
    """Refuse numbers that are not probabilities."""
    if (numbers != numbers).any():
        raise ValueError(f"{what} hold nan: the data do, or training diverged")
    if numbers.size and not (0 <= float(numbers.min()) and float(numbers.max()) <= 1):
        low, high = float(numbers.min()), float(numbers.max())
        raise ValueError(f"{what} must lie between 0 and 1, got {low:.4g}..{high:.4g}; {remedy}")


def mse_loss(input, target, reduction="mean"):
    """Mean squared error, the mean of (input - target)**2."""
    _same("mse_loss", input, target, refuse=False)
    return _reduce((input - target) ** 2, reduction)


def l1_loss(input, target, reduction="mean"):
    """Mean absolute error, the mean of |input - target|."""
    _same("l1_loss", input, target, refuse=False)
    return _reduce(abs(input - target), reduction)


def huber_loss(input, target, reduction="mean", delta=1.0):
    """Squared error / 2 up to a distance of `delta`, from there on a straight line. (Huber, 1964.)"""
    _same("huber_loss", input, target, refuse=False)
    if not delta > 0:
        raise ValueError(f"huber_loss: the distance must be above 0, got {delta}")
    far = abs(input - target)
    return _reduce(where(far < delta, far * far / 2, delta * (far - delta / 2)), reduction)


def smooth_l1_loss(input, target, reduction="mean", beta=1.0):
    """The Huber loss of delta = beta, divided by beta: absolute error, rounded off near 0."""
    return huber_loss(input, target, reduction, beta) / beta if beta else l1_loss(input, target, reduction)


def cross_entropy(input, target, weight=None, ignore_index=-100, reduction="mean", label_smoothing=0.0):
    """Minus the log-probability of the right class, for logits of shape (N, C, ...) or (C,).

    `target` holds class numbers of shape (N, ...), or probabilities of the shape of the logits. `weight` (C,) weighs
    the classes, `ignore_index` is a class number that doesn't count, `label_smoothing` moves that share of the
    probability evenly to all classes. The mean is over the weights of the targets that count.
    """
    if getattr(input, "op", None) is ops.softmax:
        warnings.warn(
            "cross_entropy takes logits, the numbers before softmax, and applies log_softmax itself; these come from "
            "softmax. Leave the softmax out of the network",
            stacklevel=3,
        )
    _tensors("cross_entropy", input, target)
    if not 0 <= label_smoothing <= 1:
        raise ValueError(f"cross_entropy: label_smoothing is a share, from 0 to 1, got {label_smoothing}")
    dim = 0 if input.ndim == 1 else 1
    classes = input.shape[dim]
    _class_weights(weight, classes)
    if (input.ndim, weight, label_smoothing, reduction) == (2, None, 0.0, "mean") and raw(target).dtype.kind != "f":
        all_count = _class_numbers(input, target, ignore_index)
        return fused.cross_entropy(input, target, None if all_count else ignore_index)
    logs = ops.log_softmax(input, dim)
    if raw(target).dtype.kind == "f":
        _same("cross_entropy with probabilities", input, target)
        if label_smoothing:
            target = target * (1 - label_smoothing) + label_smoothing / classes
        weighed = logs if weight is None else logs * _along(weight, logs, dim)
        losses = -(target * weighed).sum(dim)
        return _reduce(losses, reduction)
    hard = nll_loss(logs, target, weight, ignore_index, "none")
    if label_smoothing:
        weighed = logs if weight is None else logs * _along(weight, logs, dim)
        even = where(target == ignore_index, 0.0, -weighed.sum(dim))
        hard = (1 - label_smoothing) * hard + label_smoothing / classes * even
    return _weighted_mean(hard, target, weight, ignore_index) if reduction == "mean" else _reduce(hard, reduction)


def _class_weights(weight, classes):
    """Refuse weights that are not one for each class."""
    if weight is not None and (not isinstance(weight, Tensor) or tuple(weight.shape) != (classes,)):
        given = f"shape {tuple(weight.shape)}" if isinstance(weight, Tensor) else type(weight).__name__
        raise ValueError(f"weight must be a tensor with one number for each of the {classes} classes, got {given}")


def _class_numbers(input, target, ignore_index):
    """Refuse targets that can't be class numbers for the scores `input`; returns whether all of them count."""
    _tensors("the loss", input, target)
    dim = 0 if input.ndim == 1 else 1
    expected = (*input.shape[:dim], *input.shape[dim + 1 :])
    if tuple(target.shape) != expected:
        raise ValueError(
            f"class numbers for scores of shape {tuple(input.shape)} must have shape {expected}, got "
            f"{tuple(target.shape)}"
        )
    return _integers("the target", target, input.shape[dim], ignore_index)


def nll_loss(input, target, weight=None, ignore_index=-100, reduction="mean"):
    """Minus the log-probability of the right class, for log-probabilities of shape (N, C, ...) or (C,)."""
    _class_numbers(input, target, ignore_index)
    dim = 0 if input.ndim == 1 else 1
    _class_weights(weight, input.shape[dim])
    counts = target != ignore_index
    places = where(counts, target, 0)
    losses = -_picked(input, dim, places)
    if weight is not None:
        losses = losses * weight[places]
    losses = where(counts, losses, 0.0)
    return _weighted_mean(losses, target, weight, ignore_index) if reduction == "mean" else _reduce(losses, reduction)


def _picked(input, dim, places):
    """For each place along the other dimensions, the number of `input` that `places` names along `dim`."""
    return input.gather(dim, places.unsqueeze(dim)).squeeze(dim)


def _along(weight, x, dim):
    return weight.reshape((-1,) + (1,) * (x.ndim - dim - 1))


def _weighted_mean(losses, target, weight, ignore_index):
    counts = target != ignore_index
    total = counts.sum() if weight is None else where(counts, weight[where(counts, target, 0)], 0.0).sum()
    return losses.sum() / total


def binary_cross_entropy(input, target, weight=None, reduction="mean"):
    """-(y log p + (1 - y) log(1 - p)) for probabilities p; logarithms are cut off at -100."""
    _binary("binary_cross_entropy", input, target)
    remedy = "for logits use binary_cross_entropy_with_logits"
    xp(raw(input)).check(probabilities, raw(input), "binary_cross_entropy: the predictions", remedy)
    losses = fused.binary_entropy(input, target)
    return _reduce(losses if weight is None else losses * weight, reduction)


def binary_cross_entropy_with_logits(input, target, weight=None, reduction="mean", pos_weight=None):
    """Binary cross-entropy of sigmoid(input), computed so that no logit is too large."""
    _binary("binary_cross_entropy_with_logits", input, target)
    positive = ops.softplus(-input)
    losses = (1 - target) * (input + positive) + target * (positive if pos_weight is None else pos_weight * positive)
    return _reduce(losses if weight is None else losses * weight, reduction)


def __getattr__(name):
    raise not_covered(__name__, name, globals())
