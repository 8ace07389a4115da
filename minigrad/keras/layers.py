"""The layers, with Keras's arguments, defaults and layouts: kernels (inputs, outputs), images with channels last.

Each says which weights it has, and composes functions of the engine; shapes are found by trying (`layer.py`).
"""

import math
from functools import partial, reduce, wraps
from inspect import Parameter, Signature, signature
from typing import Any

import numpy as np

from .. import functions, ops
from ..backend import Generator
from ..nn import functional as F
from ..nn.module import Module
from ..nn.windows import windows
from ..tape import no_grad
from ..tensor import Tensor
from . import activations, initializers, names, regularizers
from .layer import KerasTensor, Layer, Node, whole
from .variable import Array, as_value

# ---------------------------------------------------------------- arguments


def _pair(name, n):
    return None if n is None else tuple(whole(name, x) for x in F.pair(n))


def _padding(name, value):
    if str(value).lower() not in ("valid", "same"):
        raise ValueError(f"{name} must be 'valid' or 'same', got {value!r}")
    return str(value).lower()


def _rate(name, value):
    if not 0 <= value <= 1:
        raise ValueError(f"{name} is a probability, from 0 to 1, got {value}")
    return value


def _only(allowed, name, value):
    if value not in allowed:
        raise NotImplementedError(f"{name}={value!r} is not covered, only {allowed[0]!r}")
    return value


MEANT: dict[str, Any] = {"rate": _rate, "padding": _padding, "data_format": partial(_only, ("channels_last", None))}
MEANT |= dict.fromkeys(("units", "filters", "input_dim", "output_dim"), whole)
MEANT |= dict.fromkeys(("kernel_size", "strides", "pool_size"), _pair)
FOUND = {"initializer": initializers.get, "regularizer": regularizers.get, "activation": activations.get}
UNCOVERED = """lora_rank lora_alpha quantization_config noise_shape dilation_rate groups renorm renorm_clipping
    renorm_momentum synchronized mask_zero dropout recurrent_dropout stateful mask weights""".split()


def keeps(init):
    """Above an `__init__` that only lists arguments: these become attributes, names what they stand for."""
    form = signature(init)

    @wraps(init)
    def __init__(self, *args, **named):
        bound = form.bind(None, *args, **named)
        bound.apply_defaults()
        given = bound.arguments
        Layer.__init__(self, **given.pop("options"), activity_regularizer=given.pop("activity_regularizer", None))
        del given["self"]
        for name, value in given.items():
            ending, where = name.rpartition("_")[2], f"{type(self).__name__}: {name}"
            if ending == "constraint" or name in UNCOVERED:
                _only([form.parameters[name].default], where, value)
                continue
            value = FOUND[ending](value) if ending in FOUND else MEANT[name](where, value) if name in MEANT else value
            setattr(self, name, value)
        init(self, *args, **named)

    return __init__


def _weight(layer, name, shape, rules=None, **options):
    """A weight, drawn and held back as the arguments of the layer say."""
    rules = {rule: vars(layer).get(f"{rules or name}_{rule}") for rule in ("initializer", "regularizer")}
    return layer.add_weight(shape, **rules | options, name=name)


def _layer(name, function, doc, dims=(), **defaults):
    """A class of layers without weights: a function of the inputs, with options that have these defaults."""
    own = [Parameter(n, Parameter.POSITIONAL_OR_KEYWORD, default=default) for n, default in defaults.items()]
    form = Signature([*own, Parameter("options", Parameter.VAR_KEYWORD)])

    def __init__(self, *args, **named):
        given = form.bind(*args, **named)
        given.apply_defaults()
        Layer.__init__(self, **given.arguments.pop("options"))
        self.options = {n: MEANT[n](f"{name}: {n}", x) if n in MEANT else x for n, x in given.arguments.items()}
        self.options.pop("data_format", None)

    __init__.__signature__ = form  # type: ignore[attr-defined]
    parts = {"__init__": __init__, "call": lambda self, inputs: function(inputs, **self.options), "__doc__": doc}
    return type(name, (Layer,), parts | {"dims": dims, "floats": True, "__module__": __name__})


# ---------------------------------------------------------------- numbers in rows


class InputLayer(Layer):
    """Where data come into a model; `Input` makes one."""

    def __init__(self, shape=None, batch_size=None, dtype=None, sparse=None, ragged=None, batch_shape=None,
                 input_tensor=None, optional=False, name=None):  # fmt: skip
        if sparse or ragged or input_tensor is not None or optional:
            raise NotImplementedError("Input: sparse, ragged, tensor and optional are not covered")
        if (shape is None) == (batch_shape is None):
            raise ValueError("Input: give shape=, the shape of one sample, such as (784,), or batch_shape=")
        if not isinstance(shape if batch_shape is None else batch_shape, tuple | list):
            raise ValueError(f"Input: a shape is a tuple, got {shape!r}; of one number write shape=({shape},)")
        super().__init__(name=name)
        self.batch_shape = (batch_size, *shape) if batch_shape is None else tuple(batch_shape)
        self.dtype, self.built = str(np.dtype(dtype or "float32")), True
        Node(self, result=KerasTensor(self.batch_shape, self.dtype))


def Input(shape=None, batch_size=None, dtype=None, sparse=None, ragged=None, batch_shape=None, name=None, tensor=None,
          optional=False):  # fmt: skip
    """A symbolic tensor: a batch of samples of the given shape. Layers are called on it to make a model.

    >>> Input(shape=(28, 28), name="image")
    <KerasTensor shape=(None, 28, 28), dtype=float32, name=image>
    """
    return InputLayer(shape, batch_size, dtype, sparse, ragged, batch_shape, tensor, optional, name).output


class Dense(Layer):
    """`activation(inputs @ kernel + bias)`: inputs (..., n), kernel (n, units), result (..., units).

    >>> Dense(3, activation="relu")(np.zeros((5, 4))).shape
    (5, 3)
    """

    features = floats = True

    @keeps
    def __init__(self, units, activation=None, use_bias=True, kernel_initializer="glorot_uniform",
                 bias_initializer="zeros", kernel_regularizer=None, bias_regularizer=None, activity_regularizer=None,
                 kernel_constraint=None, bias_constraint=None, lora_rank=None, lora_alpha=None,
                 quantization_config=None, **options):  # fmt: skip
        pass

    def build(self, input_shape):
        """The kernel and the bias."""
        self.kernel = _weight(self, "kernel", (input_shape[-1], self.units))
        self.bias = _weight(self, "bias", (self.units,)) if self.use_bias else None

    def call(self, inputs):
        """`activation(inputs @ kernel + bias)`."""
        return self.activation(F.linear(inputs, self.kernel.T, self.bias))


class Activation(Layer):
    """An activation as a layer, `Activation("relu")`."""

    floats = True

    @keeps
    def __init__(self, activation, **options):
        pass

    def call(self, inputs):
        """The function's values."""
        return self.activation(inputs)


ReLU = _layer("ReLU", activations.relu, "`activations.relu`.", max_value=None, negative_slope=0.0, threshold=0.0)
LeakyReLU = _layer("LeakyReLU", activations.leaky_relu, "x, or `negative_slope * x` below 0.", negative_slope=0.3)
ELU = _layer("ELU", activations.elu, "x, or `alpha * (exp(x) - 1)` below 0.", alpha=1.0)
Softmax = _layer("Softmax", activations.softmax, "Probabilities along `axis`.", axis=-1)
Flatten = _layer("Flatten", lambda x: x.reshape(len(x), -1), "Each sample as a row of numbers.", data_format=None)
Rescaling = _layer("Rescaling", lambda x, scale, offset: x * scale + offset, "`inputs * scale + offset`.",
                   scale=Parameter.empty, offset=0.0)  # fmt: skip
Reshape = _layer("Reshape", lambda x, target_shape: x.reshape(len(x), *target_shape),
                 "Each sample in another shape; one size may be -1.", target_shape=Parameter.empty)  # fmt: skip


class Dropout(Layer):
    """In training, zero each number with probability `rate` and divide the others by 1 - rate."""

    floats = True

    @keeps
    def __init__(self, rate, noise_shape=None, seed=None, **options):
        self.generator = None if seed is None else Generator().manual_seed(seed)

    def call(self, inputs, training=False):
        """The inputs, some of them dropped in training."""
        return F.dropout(inputs, self.rate, training, generator=self.generator)


# ---------------------------------------------------------------- images

IMAGES, SEQUENCES = ("samples", "height", "width", "channels"), ("samples", "steps", "features")


def _windows(layer, x, size, value=0.0):
    """What a layer sees of images, (N, channels, rows, columns, height, width); with "same" they first get a frame."""
    strides = layer.strides or size
    x = x.permute(0, 3, 1, 2)
    if layer.padding == "same":
        gaps = [max((-(-n // s) - 1) * s + k - n, 0) for n, k, s in zip(x.shape[2:], size, strides, strict=True)]
        x = functions.pad(x, [n for gap in reversed(gaps) for n in (gap // 2, gap - gap // 2)], value=value)
    if any(n < k for n, k in zip(x.shape[2:], size, strict=True)):
        raise ValueError(f"{layer.name!r}: windows of {size} are larger than the image, {tuple(x.shape[2:])}; "
                         "use padding='same' or fewer layers that shrink it")  # fmt: skip
    return windows(x, size, strides)


class Conv2D(Layer):
    """Filters that slide over images (N, rows, columns, channels); kernel (height, width, channels, filters)."""

    dims, features, floats = IMAGES, True, True

    @keeps
    def __init__(self, filters, kernel_size, strides=(1, 1), padding="valid", data_format=None, dilation_rate=(1, 1),
                 groups=1, activation=None, use_bias=True, kernel_initializer="glorot_uniform",
                 bias_initializer="zeros", kernel_regularizer=None, bias_regularizer=None, activity_regularizer=None,
                 kernel_constraint=None, bias_constraint=None, **options):  # fmt: skip
        pass

    def build(self, input_shape):
        """The kernel and the bias."""
        self.kernel = _weight(self, "kernel", (*self.kernel_size, input_shape[-1], self.filters))
        self.bias = _weight(self, "bias", (self.filters,)) if self.use_bias else None

    def call(self, inputs):
        """Every filter's dot product with every window: one matrix product, a window in each row."""
        seen = _windows(self, inputs, self.kernel_size).permute(0, 2, 3, 4, 5, 1)
        table = seen.reshape(*seen.shape[:3], -1)
        return self.activation(F.linear(table, self.kernel.reshape(-1, self.filters).T, self.bias))


class MaxPooling2D(Layer):
    """The largest number of each window."""

    dims, floats = IMAGES, True

    @keeps
    def __init__(self, pool_size=(2, 2), strides=None, padding="valid", data_format=None, **options):
        pass

    def call(self, inputs):
        """The largest of each."""
        seen = functions.flatten(_windows(self, inputs, self.pool_size, -math.inf), -2)
        return seen.max(-1).values.permute(0, 2, 3, 1)  # of equals, the first takes the gradient


class AveragePooling2D(MaxPooling2D):
    """The mean of each window; the frame that padding="same" adds doesn't count."""

    def call(self, inputs):
        """The mean of each."""
        sums, counts = (
            _windows(self, x, self.pool_size).sum((-2, -1))
            for x in (inputs, Array(np.ones((1, *inputs.shape[1:3], 1))))
        )
        return (sums / counts).permute(0, 2, 3, 1)


def _mean(x, keepdims):
    return x.mean(tuple(range(1, x.ndim - 1)), keepdims)


def _max(x, keepdims):
    return x.amax(tuple(range(1, x.ndim - 1)), keepdims)


_options = {"data_format": None, "keepdims": False}
GlobalAveragePooling1D = _layer("GlobalAveragePooling1D", _mean, "Each feature's mean.", SEQUENCES, **_options)
GlobalAveragePooling2D = _layer("GlobalAveragePooling2D", _mean, "Each channel's mean.", IMAGES, **_options)
GlobalMaxPooling1D = _layer("GlobalMaxPooling1D", _max, "Each feature's largest number.", SEQUENCES, **_options)
GlobalMaxPooling2D = _layer("GlobalMaxPooling2D", _max, "Each channel's largest number.", IMAGES, **_options)


# ---------------------------------------------------------------- normalisation


class BatchNormalization(Layer):
    """Each channel to mean 0 and variance 1, then times gamma plus beta.

    In training by the mean and variance of the batch, which the moving ones follow:
    `moving = momentum * moving + (1 - momentum) * now`. Otherwise, or when frozen, by the moving ones.
    """

    floats = True

    @keeps
    def __init__(self, axis=-1, momentum=0.99, epsilon=0.001, center=True, scale=True, beta_initializer="zeros",
                 gamma_initializer="ones", moving_mean_initializer="zeros", moving_variance_initializer="ones",
                 beta_regularizer=None, gamma_regularizer=None, beta_constraint=None, gamma_constraint=None,
                 renorm=False, renorm_clipping=None, renorm_momentum=0.99, synchronized=False, **options):  # fmt: skip
        pass

    def build(self, input_shape):
        """Scale and shift, and the moving statistics."""
        size = (input_shape[self.axis],)
        self.gamma = _weight(self, "gamma", size) if self.scale else None
        self.beta = _weight(self, "beta", size) if self.center else None
        self.moving_mean = _weight(self, "moving_mean", size, trainable=False)
        self.moving_variance = _weight(self, "moving_variance", size, trainable=False)

    def call(self, inputs, training=False):
        """The inputs, normalised."""
        dims = [i for i in range(inputs.ndim) if i != self.axis % inputs.ndim]
        shape = [1 if i in dims else n for i, n in enumerate(inputs.shape)]
        if training and self.trainable:
            mean, variance = inputs.mean(dims, True), inputs.var(dims, correction=0, keepdim=True)
            with no_grad():
                for moving, now in ((self.moving_mean, mean), (self.moving_variance, variance)):
                    moving.assign(self.momentum * moving + (1 - self.momentum) * now.reshape(-1))
        else:  # copies: a batch in training may change the moving ones before this result's backward
            mean, variance = (m.detach().clone().reshape(shape) for m in (self.moving_mean, self.moving_variance))
        y = (inputs - mean) / (variance + self.epsilon).sqrt()
        y = y if self.gamma is None else y * self.gamma.reshape(shape)
        return y if self.beta is None else y + self.beta.reshape(shape)


class LayerNormalization(Layer):
    """Each sample to mean 0 and variance 1 along its last dimensions, then times gamma plus beta."""

    floats = True

    @keeps
    def __init__(self, axis=-1, epsilon=0.001, center=True, scale=True, beta_initializer="zeros",
                 gamma_initializer="ones", beta_regularizer=None, gamma_regularizer=None, beta_constraint=None,
                 gamma_constraint=None, **options):  # fmt: skip
        pass

    def build(self, input_shape):
        """Scale and shift."""
        n, axes = len(input_shape), [self.axis] if isinstance(self.axis, int) else list(self.axis)
        if sorted(a % n for a in axes) != list(range(n - len(axes), n)):
            raise NotImplementedError(f"LayerNormalization: axis={self.axis} is not covered, only the last dimensions")
        self.size = tuple(input_shape[-len(axes) :])
        self.gamma = _weight(self, "gamma", self.size) if self.scale else None
        self.beta = _weight(self, "beta", self.size) if self.center else None

    def call(self, inputs):
        """The inputs, normalised."""
        return F.layer_norm(inputs, self.size, self.gamma, self.beta, self.epsilon)


class Normalization(Layer):
    """`(inputs - mean) / sqrt(variance)`, with the mean and variance of the data that `adapt` was shown, or as given.

    >>> layer = Normalization()
    >>> layer.adapt(np.array([[1.0], [3.0]]))
    >>> layer([[5.0]]).numpy()
    array([[3.]], dtype=float32)
    """

    floats = True

    def __init__(self, axis=-1, mean=None, variance=None, invert=False, **options):
        super().__init__(**options)
        if (mean is None) != (variance is None):
            raise ValueError("Normalization: give mean and variance, or neither and call adapt(data)")
        self.axis, self.invert, self.given = axis, invert, None if mean is None else (mean, variance)

    def build(self, input_shape):
        """Where mean and variance are kept, unless they were given."""
        axes = () if self.axis is None else (self.axis,) if isinstance(self.axis, int) else self.axis
        self.kept = sorted(a % len(input_shape) for a in axes)
        self.broad = [n if i in self.kept else 1 for i, n in enumerate(input_shape)]
        shape = [input_shape[i] for i in self.kept]
        if self.given:
            found = (Array(np.broadcast_to(as_value(x, self.dtype), shape)) for x in self.given)
            self.adapt_mean, self.adapt_variance = found
        else:
            self.adapt_mean = self.add_weight(shape, "zeros", trainable=False, name="mean")
            self.adapt_variance = self.add_weight(shape, "ones", trainable=False, name="variance")
            self.count = self.add_weight((), "zeros", "int32", trainable=False, name="count")

    @property
    def mean(self):
        """The mean, in a shape that goes with the data."""
        return self.adapt_mean.detach().clone().reshape(self.broad)

    @property
    def variance(self):
        """The variance, in a shape that goes with the data."""
        return self.adapt_variance.detach().clone().reshape(self.broad)

    def adapt(self, data):
        """Take mean and variance from data: an array, or a data set or other iterable of batches."""
        if self.given:
            raise ValueError("Normalization: mean and variance were given, so there is nothing to adapt")
        batches = [data] if isinstance(data, Tensor) or hasattr(data, "__array__") else list(data)
        data = np.concatenate([as_value(b[0] if isinstance(b, tuple) else b) for b in batches])
        if not len(data) or np.isnan(data).any():
            raise ValueError("Normalization: adapt needs data without nan, got " + ("nan" if len(data) else "none"))
        if not self.built:
            self.build(data.shape)
        over = tuple(i for i in range(data.ndim) if i not in self.kept)
        self.adapt_mean.assign(data.mean(over)), self.adapt_variance.assign(data.var(over))

    def call(self, inputs):
        """The inputs, normalised; with invert=True, the other way round."""
        std = ops.maximum(self.variance.sqrt(), 1e-7)
        return inputs * std + self.mean if self.invert else (inputs - self.mean) / std


# ---------------------------------------------------------------- sequences


class Embedding(Layer):
    """A table of vectors, one for each integer: inputs (...), result (..., output_dim)."""

    @keeps
    def __init__(self, input_dim, output_dim, embeddings_initializer="uniform", embeddings_regularizer=None,
                 embeddings_constraint=None, mask_zero=False, weights=None, lora_rank=None, lora_alpha=None,
                 quantization_config=None, **options):  # fmt: skip
        pass

    def build(self, input_shape):
        """The table."""
        self.embeddings = _weight(self, "embeddings", (self.input_dim, self.output_dim))

    def call(self, inputs):
        """The vectors of the integers."""
        return F.embedding(inputs.to("int64"), self.embeddings)


class SimpleRNN(Layer):
    """`h = activation(x @ kernel + h @ recurrent_kernel + bias)` from step to step: inputs (N, steps, features).

    The result is the last h, (N, units); with return_sequences=True all of them, (N, steps, units).
    """

    dims, features, floats = SEQUENCES, True, True
    gates, states, saved_under = 1, 1, "cell"

    @keeps
    def __init__(self, units, activation="tanh", use_bias=True, kernel_initializer="glorot_uniform",
                 recurrent_initializer="orthogonal", bias_initializer="zeros", kernel_regularizer=None,
                 recurrent_regularizer=None, bias_regularizer=None, activity_regularizer=None, kernel_constraint=None,
                 recurrent_constraint=None, bias_constraint=None, dropout=0.0, recurrent_dropout=0.0,
                 return_sequences=False, return_state=False, go_backwards=False, stateful=False, unroll=False,
                 seed=None, **options):  # fmt: skip
        pass

    def build(self, input_shape):
        """The kernels of the inputs and of the state, side by side for all gates, and the bias."""
        width = self.units * self.gates
        self.kernel = _weight(self, "kernel", (input_shape[-1], width))
        self.recurrent_kernel = _weight(self, "recurrent_kernel", (self.units, width), "recurrent")
        self.bias = _weight(self, "bias", (width,), initializer=self._first_bias) if self.use_bias else None

    def _first_bias(self, shape, dtype=None):
        return self.bias_initializer(shape, dtype=dtype)

    def step(self, z, state):
        """The next state, from the gates `z` before activation and the last one."""
        return (self.activation(z),)

    def call(self, inputs, initial_state=None):
        """The last output, or with return_sequences all; with return_state, the last state after it."""
        gates = F.linear(inputs, self.kernel.T, self.bias)  # of all steps at once
        start = initial_state or [Array(np.zeros((len(inputs), self.units)), inputs.dtype)] * self.states
        state, outputs = start if isinstance(start, list | tuple) else [start], []
        for t in range(gates.shape[1])[:: -1 if self.go_backwards else 1]:
            state = self.step(gates[:, t] + F.linear(state[0], self.recurrent_kernel.T), state)
            outputs.append(state[0])
        result = functions.stack(outputs, 1) if self.return_sequences else state[0]
        return [result, *state] if self.return_state else result


class LSTM(SimpleRNN):
    """Long short-term memory: a cell c that gates write to, forget and read. (Hochreiter and Schmidhuber, 1997.)

    With z = x @ kernel + h @ recurrent_kernel + bias in four parts, i f g o in this order:
    `c = sigmoid(f) * c + sigmoid(i) * tanh(g)` and `h = sigmoid(o) * tanh(c)`.
    """

    gates, states = 4, 2

    @keeps
    def __init__(self, units, activation="tanh", recurrent_activation="sigmoid", use_bias=True,
                 kernel_initializer="glorot_uniform", recurrent_initializer="orthogonal", bias_initializer="zeros",
                 unit_forget_bias=True, kernel_regularizer=None, recurrent_regularizer=None, bias_regularizer=None,
                 activity_regularizer=None, kernel_constraint=None, recurrent_constraint=None, bias_constraint=None,
                 dropout=0.0, recurrent_dropout=0.0, seed=None, return_sequences=False, return_state=False,
                 go_backwards=False, stateful=False, unroll=False, use_cudnn="auto", **options):  # fmt: skip
        pass

    def _first_bias(self, shape, dtype=None):
        parts = [as_value(self.bias_initializer((n * self.units,), dtype=dtype)) for n in (1, 1, 2)]
        parts[1] = np.ones_like(parts[1]) if self.unit_forget_bias else parts[1]
        return np.concatenate(parts)

    def step(self, z, state):
        i, f, g, o = z.chunk(4, -1)
        gate = self.recurrent_activation
        c = gate(f) * state[1] + gate(i) * self.activation(g)
        return gate(o) * self.activation(c), c


# ---------------------------------------------------------------- several inputs, and functions


def _merging(name, function, doc, **defaults):
    def merge(inputs, **options):
        if not isinstance(inputs, list | tuple) or not inputs:
            raise ValueError(f"{name}: expected a list of inputs, {name}()([a, b])")
        return function(inputs, **options)

    return _layer(name, merge, doc, **defaults)


Add = _merging("Add", lambda xs: reduce(ops.add, xs), "The sum of the inputs.")
Subtract = _merging("Subtract", lambda xs: reduce(ops.sub, xs), "The first input minus the second.")
Multiply = _merging("Multiply", lambda xs: reduce(ops.mul, xs), "The product of the inputs, element by element.")
Average = _merging("Average", lambda xs: reduce(ops.add, xs) / len(xs), "The mean of the inputs.")
Maximum = _merging("Maximum", lambda xs: reduce(ops.maximum, xs), "The largest of the inputs, element by element.")
Minimum = _merging("Minimum", lambda xs: reduce(ops.minimum, xs), "The smallest of the inputs, element by element.")
Concatenate = _merging("Concatenate", functions.cat, "The inputs, one after the other along `axis`.", axis=-1)


class Lambda(Layer):
    """A function as a layer."""

    @keeps
    def __init__(self, function, output_shape=None, mask=None, arguments=None, **options):
        pass

    def call(self, inputs):
        """The function's result."""
        return self.function(inputs, **(self.arguments or {}))


class TorchModuleWrapper(Layer):
    """An `nn.Module` as a Keras layer; models wrap modules in it by themselves.

    >>> from minigrad import nn
    >>> TorchModuleWrapper(nn.Linear(2, 3)).count_params()
    9
    """

    def __init__(self, module, name=None, **options):
        super().__init__(name=name, **options)
        if not isinstance(module, Module):
            raise TypeError(f"TorchModuleWrapper: expected an nn.Module, got {type(module).__name__}")
        self.module = module

    def call(self, *inputs):
        """What the module computes."""
        return self.module(*inputs)


def as_layer(x):
    """`x` as a layer: layers as they are, modules of `nn` wrapped."""
    if isinstance(x, Module) and not isinstance(x, Layer):
        return TorchModuleWrapper(x)
    if not isinstance(x, Layer):
        given = f"the class {x.__name__}: write {x.__name__}(...)" if isinstance(x, type) else f"a {type(x).__name__}"
        raise ValueError(f"expected a layer, such as layers.Dense(10), got {given}")
    return x


LAYERS = {name: x for name, x in globals().items() if isinstance(x, type) and issubclass(x, Layer)}
__getattr__ = names.closed(__name__, LAYERS)
