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
from ..spelling import did_you_mean, not_covered
from ..tape import raw
from ..tensor import Tensor
from .windows import max_pool, windows


def known(reduction, *more):
    """`reduction` itself, if it is one."""
    names = ["mean", "sum", "none", *more]
    if reduction not in names:
        raise ValueError(f"reduction {reduction!r} is not one of {names}{did_you_mean(reduction, names)}")
    return reduction


def checked(name, input, weight=None):
    """`input`, if it is a tensor, and of the dtype of the `weight` that it is to meet."""
    if not isinstance(input, Tensor):
        cast = ".float()" * (getattr(input, "dtype", None) == np.float64)
        raise TypeError(f"{name}: expected a tensor, got a {type(input).__name__}; write tensor(x){cast}")
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
    if input.ndim == 0 or input.shape[-1] != weight.shape[-1]:
        got = "a single number" if input.ndim == 0 else f"{input.shape[-1]} (shape {tuple(input.shape)})"
        raise ValueError(
            f"linear: expected a last dimension of {weight.shape[-1]}, got {got}. An image is made a row of numbers by "
            "nn.Flatten() or x.view(len(x), -1)"
        )
    return fused.linear(input, weight, bias)


def several(value, n):
    """A size for each of n dimensions, from such a tuple or from one size for all."""
    sizes = tuple(value) if isinstance(value, tuple | list) else (value,) * n
    if len(sizes) != n:
        raise ValueError(f"expected one size, or {n} of them, got {sizes}")
    return sizes


def pair(value):
    return several(value, 2)


def _padded(x, kernel, stride, padding, value=0.0):
    """Images (N, C, H, W) with their padding, and kernel and stride as pairs that fit them."""
    top, left = pair(padding)
    if top > 0 or left > 0:
        x = pad(x, (left, left, top, top), value=value)
    kernel, stride = pair(kernel), pair(stride)
    if min(*kernel, *stride) < 1 or min(top, left) < 0:
        raise ValueError(f"kernel {kernel} and stride {stride} must be at least 1, padding {(top, left)} at least 0")
    if x.shape[-2] < kernel[0] or x.shape[-1] < kernel[1]:
        raise ValueError(f"a kernel of {kernel} is larger than the padded image of {tuple(x.shape[-2:])}")
    return x, kernel, stride


def _image(name, x, weight=None, sizes="height, width"):
    """The batch of images in `x`, and whether it was a single one."""
    checked(name, x, weight)
    n = sizes.count(",") + 2  # dimensions of a single one
    if x.ndim not in (n, n + 1) or (weight is not None and x.shape[-n] != weight.shape[1]):
        wanted = "C" if weight is None else weight.shape[1]
        raise ValueError(
            f"{name}: expected an input of shape (N, {wanted}, {sizes}) or ({wanted}, {sizes}), got {tuple(x.shape)}"
        )
    return (x[None], True) if x.ndim == n else (x, False)


def _line(name, x, weight=None):
    """Sequences (N, C, length) as images of height 1."""
    _image(name, x, weight, "length")
    return x.unsqueeze(-2)


def conv2d(input, weight, bias=None, stride=1, padding=0):
    """Cross-correlation of images (N, C, H, W) with filters (F, C, h, w): each filter's dot product with each window.

    `padding="same"` keeps height and width. Result (N, F, rows, columns).
    """
    input, single = _image("conv2d", input, weight)
    height, width = weight.shape[-2:]
    if padding == "same":
        if pair(stride) != (1, 1):
            raise ValueError("conv2d: padding='same' needs stride 1")
        rows, columns = height - 1, width - 1
        input = pad(input, (columns // 2, columns - columns // 2, rows // 2, rows - rows // 2))
        padding = 0
    elif padding == "valid":
        padding = 0
    views = windows(*_padded(input, (height, width), stride, padding))
    n, _, rows, columns = views.shape[:4]
    # a window a column, so that what lies side by side in the image does so here, and in the result
    table = views.permute(0, 1, 4, 5, 2, 3).reshape(n, math.prod(weight.shape[1:]), rows * columns)
    result = weight.reshape(len(weight), table.shape[1]) @ table  # one matrix product for each image
    result = (result if bias is None else result + bias[:, None]).reshape(n, len(weight), rows, columns)
    return result[0] if single else result


def conv1d(input, weight, bias=None, stride=1, padding=0):
    """Cross-correlation of sequences (N, C, L) with filters (F, C, l), as `conv2d` of images of height 1."""
    padding = padding if isinstance(padding, str) else (0, *several(padding, 1))
    images = _line("conv1d", input, weight)
    return conv2d(images, weight.unsqueeze(-2), bias, (1, *several(stride, 1)), padding).squeeze(-2)


def _pooled(name, input, kernel, stride, padding, value=0.0):
    """The images that a pool sees, its kernel and stride, and whether it was given a single image."""
    kernel, padding = pair(kernel), pair(padding)
    if any(2 * p > k for p, k in zip(padding, kernel, strict=True)):
        raise ValueError(f"{name}: the padding {padding} is more than half of the kernel {kernel}")
    images, single = _image(name, input)
    return *_padded(images, kernel, kernel if stride is None else stride, padding, value), single


def max_pool2d(input, kernel_size, stride=None, padding=0):
    """The largest number of each window; among equals the first takes the gradient."""
    lowest = -math.inf if raw(input).dtype.kind == "f" else np.iinfo(raw(input).dtype).min
    images, kernel, stride, single = _pooled("max_pool2d", input, kernel_size, stride, padding, lowest)
    result = max_pool(images, kernel, stride)
    return result[0] if single else result


def avg_pool2d(input, kernel_size, stride=None, padding=0):
    """The mean of each window, padding counted as zeros."""
    images, kernel, stride, single = _pooled("avg_pool2d", input, kernel_size, stride, padding)
    result = windows(images, kernel, stride).mean((-2, -1))
    return result[0] if single else result


def _pool1d(name, pool):
    def pool1d(input, kernel_size, stride=None, padding=0):
        kernel, step = ((1, *several(x, 1)) for x in (kernel_size, kernel_size if stride is None else stride))
        return pool(_line(name, input), kernel, step, (0, *several(padding, 1))).squeeze(-2)

    pool1d.__name__, pool1d.__doc__ = name, f"`{pool.__name__}` of sequences (N, C, L), as images of height 1."
    return pool1d


max_pool1d, avg_pool1d = _pool1d("max_pool1d", max_pool2d), _pool1d("avg_pool1d", avg_pool2d)


def adaptive_avg_pool2d(input, output_size):
    """The mean of each tile of an image, in as many rows and columns as asked for; they must divide it evenly."""
    sizes, tiles = _image("adaptive_avg_pool2d", input)[0].shape[-2:], pair(output_size)
    tiles = tuple(n if k is None else k for k, n in zip(tiles, sizes, strict=True))
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


def hardtanh(input, min_val=-1.0, max_val=1.0, inplace=False):
    """The input cut off below `min_val` and above `max_val`, where its slope is 0, as at both."""
    return where((min_val < input) & (input < max_val), input, input.detach().clamp(min_val, max_val))


def relu6(input, inplace=False):
    """ReLU cut off at 6."""
    return hardtanh(input, 0.0, 6.0)


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
            raise ValueError(f"batch_norm: a batch of shape {tuple(input.shape)} has one number a channel: no variance")
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
    if tuple(input.shape[-len(normalized_shape) :]) != normalized_shape:
        raise ValueError(f"layer_norm: the last dimensions of {tuple(input.shape)} are not {normalized_shape}")
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
        if not isinstance(value, Tensor):
            raise TypeError(
                f"{name}: predictions and targets must be tensors, got {type(value).__name__}; mg.tensor(...)"
            )


def _alike(name, input, target):
    """Warn of shapes that broadcast, since (N, 1) against (N,) makes (N, N) differences."""
    _tensors(name, input, target)
    if tuple(input.shape) != tuple(target.shape):
        warnings.warn(
            f"{name}: the prediction has shape {tuple(input.shape)}, the target {tuple(target.shape)}; they will be "
            "broadcast, which is seldom meant. Bring both to one shape, for example with prediction.squeeze(1)",
            stacklevel=4,
        )


def _same(name, input, target):
    _tensors(name, input, target)
    if tuple(input.shape) != tuple(target.shape):
        raise ValueError(
            f"{name}: the prediction has shape {tuple(input.shape)}, the target {tuple(target.shape)}; they must agree"
        )


def _probabilities(name, target):
    numbers = raw(target)
    if numbers.dtype.kind != "f":
        raise TypeError(f"{name}: targets must be floating-point numbers, got {numbers.dtype}; write target.float()")
    xp(numbers).check(target_probabilities, numbers, name)


def target_probabilities(target, name):
    """Refuse targets that are not probabilities."""
    if (target != target).any():
        raise ValueError(f"{name}: the targets hold nan")
    if target.size and not (0 <= float(target.min()) and float(target.max()) <= 1):
        raise ValueError(
            f"{name}: targets must lie between 0 and 1, got {float(target.min()):.4g}..{float(target.max()):.4g}; "
            "are prediction and target exchanged? The prediction comes first"
        )


def mse_loss(input, target, reduction="mean"):
    """Mean squared error, the mean of (input - target)**2."""
    _alike("mse_loss", input, target)
    return _reduce((input - target) ** 2, reduction)


def l1_loss(input, target, reduction="mean"):
    """Mean absolute error, the mean of |input - target|."""
    _alike("l1_loss", input, target)
    return _reduce(abs(input - target), reduction)


def huber_loss(input, target, reduction="mean", delta=1.0):
    """Squared error / 2 up to a distance of `delta`, from there on a straight line. (Huber, 1964.)"""
    _alike("huber_loss", input, target)
    if not delta > 0:
        raise ValueError(f"huber_loss: the distance must be above 0, got {delta}")
    far = abs(input - target)
    return _reduce(where(far < delta, far * far / 2, delta * (far - delta / 2)), reduction)


def smooth_l1_loss(input, target, reduction="mean", beta=1.0):
    """The Huber loss of delta = beta, divided by beta: absolute error, rounded off near 0."""
    return huber_loss(input, target, reduction, beta) / beta if beta else l1_loss(input, target, reduction)


def kl_div(input, target, reduction="mean", log_target=False):
    """How far probabilities `target` are from those whose logarithms are `input`: target * (log(target) - input).

    The divergence of a batch is the sum over classes and the mean over samples: `reduction="batchmean"`.
    """
    _tensors("kl_div", input, target)
    if known(reduction, "batchmean") == "mean":
        warnings.warn("kl_div: the mean over samples and classes isn't the divergence; 'batchmean' is", stacklevel=2)
    if log_target:
        losses = target.exp() * (target - input)
    else:
        losses = where(target > 0, target * where(target > 0, target, 1.0).log(), 0.0) - target * input
    return losses.sum() / len(input) if reduction == "batchmean" else _reduce(losses, reduction)


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


def predicted_probabilities(input):
    """Refuse predictions that are not probabilities."""
    if (input != input).any():
        raise ValueError("binary_cross_entropy: the predictions hold nan; training diverged, or the data hold nan")
    if input.size and not (0 <= float(input.min()) and float(input.max()) <= 1):
        raise ValueError(
            "binary_cross_entropy: predictions must be probabilities, from 0 to 1; for logits use "
            "binary_cross_entropy_with_logits"
        )


def binary_cross_entropy(input, target, weight=None, reduction="mean"):
    """-(y log p + (1 - y) log(1 - p)) for probabilities p; logarithms are cut off at -100."""
    _same("binary_cross_entropy", input, target)
    _probabilities("binary_cross_entropy", target)
    xp(raw(input)).check(predicted_probabilities, raw(input))
    losses = fused.binary_entropy(input, target)
    return _reduce(losses if weight is None else losses * weight, reduction)


def binary_cross_entropy_with_logits(input, target, weight=None, reduction="mean", pos_weight=None):
    """Binary cross-entropy of sigmoid(input), computed so that no logit is too large."""
    _same("binary_cross_entropy_with_logits", input, target)
    _probabilities("binary_cross_entropy_with_logits", target)
    positive = ops.softplus(-input)
    losses = (1 - target) * (input + positive) + target * (positive if pos_weight is None else pos_weight * positive)
    return _reduce(losses if weight is None else losses * weight, reduction)


def __getattr__(name):
    raise not_covered(__name__, name, globals())
