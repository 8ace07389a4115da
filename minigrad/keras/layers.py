"""The layers, with Keras's arguments, defaults and layouts: kernels (inputs, outputs), images with channels last.

Each says which weights it has, and composes functions of the engine; shapes are found by trying (`layer.py`).
"""

import math
from functools import reduce

import numpy as np

from .. import functions, ops
from ..backend import Generator
from ..nn import functional as F
from ..nn.module import Module
from ..tape import no_grad
from ..tensor import Tensor
from . import activations, names
from .arguments import drawn
from .layer import KerasTensor, Layer, Node
from .names import takes
from .variable import Array, as_value


def _weight(layer, name, shape, rules=None, **options):
    """A weight, drawn and held back as the arguments of the layer say."""
    given = {rule: vars(layer).get(f"{rules or name}_{rule}") for rule in ("initializer", "regularizer")}
    return layer.add_weight(shape, **given | options, name=name)


def _layer(name, function, doc, *needed, dims=(), **defaults):
    """A class of layers without weights: a function of the inputs, with these arguments."""

    def call(self, inputs):
        return function(inputs, **{n: getattr(self, n) for n in (*needed, *defaults)})

    members = {"__init__": takes(*needed, **defaults), "call": call, "dims": dims, "floats": True}
    return type(name, (Layer,), members | {"__doc__": doc, "__module__": __name__})


# ---------------------------------------------------------------- numbers in rows


class InputLayer(Layer):
    """Where data come into a model; `Input` makes one."""

    def __init__(self, shape=None, batch_size=None, dtype=None, *, batch_shape=None, name=None, **other):
        for option in other:
            raise NotImplementedError(f"Input: {option} is not covered")
        if (shape is None) == (batch_shape is None):
            raise ValueError("Input: give shape=, the shape of one sample, such as (784,), or batch_shape=")
        if not isinstance(shape if batch_shape is None else batch_shape, tuple | list):
            raise ValueError(f"Input: a shape is a tuple, got {shape!r}; of one number write shape=({shape},)")
        super().__init__(name=name)
        self.batch_shape = (batch_size, *shape) if batch_shape is None else tuple(batch_shape)
        self.dtype, self.built = str(np.dtype(dtype or "float32")), True
        Node(self, result=KerasTensor(self.batch_shape, self.dtype))


def Input(shape=None, batch_size=None, dtype=None, **options):
    """A symbolic tensor: a batch of samples of the given shape. Layers are called on it to make a model.

    >>> Input(shape=(28, 28), name="image")
    <KerasTensor shape=(None, 28, 28), dtype=float32, name=image>
    """
    return InputLayer(shape, batch_size, dtype, **options).output


class Dense(Layer):
    """`activation(inputs @ kernel + bias)`: inputs (..., n), kernel (n, units), result (..., units).

    >>> Dense(3, activation="relu")(np.zeros((5, 4))).shape
    (5, 3)
    """

    features = floats = True
    __init__ = takes("units", activation=None, use_bias=True, **drawn(kernel="glorot_uniform", bias="zeros"))

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
    __init__ = takes("activation")

    def call(self, inputs):
        """The function's values."""
        return self.activation(inputs)


ReLU = _layer("ReLU", activations.relu, "`activations.relu`.", max_value=None, negative_slope=0.0)
LeakyReLU = _layer("LeakyReLU", activations.leaky_relu, "x, or `negative_slope * x` below 0.", negative_slope=0.3)
ELU = _layer("ELU", activations.elu, "x, or `alpha * (exp(x) - 1)` below 0.", alpha=1.0)
Softmax = _layer("Softmax", activations.softmax, "Probabilities along `axis`.", axis=-1)
Flatten = _layer("Flatten", lambda x: x.reshape(len(x), -1), "Each sample as a row of numbers.")
Rescaling = _layer("Rescaling", lambda x, scale, offset: x * scale + offset, "x * scale + offset.", "scale", offset=0.0)
Reshape = _layer("Reshape", lambda x, target_shape: x.reshape(len(x), *target_shape),
                 "Each sample in another shape; one size may be -1.", "target_shape")  # fmt: skip


class Dropout(Layer):
    """In training, zero each number with probability `rate` and divide the others by 1 - rate."""

    floats = True
    __init__ = takes("rate", seed=None)

    def keep(self, arguments, **options):
        super().keep(arguments, **options)
        self.generator = None if self.seed is None else Generator().manual_seed(self.seed)

    def call(self, inputs, training=False):
        """The inputs, some of them dropped in training."""
        return F.dropout(inputs, self.rate, training, generator=self.generator)


# ---------------------------------------------------------------- images

IMAGES, SEQUENCES = ("samples", "height", "width", "channels"), ("samples", "steps", "features")


class Windowed(Layer):
    """The base of layers that look at images through windows: in `call` channels come first, as in `nn`."""

    dims, floats = IMAGES, True

    def framed(self, x, size, value=0.0):
        """The images (N, channels, rows, columns), with the frame that padding="same" puts around them."""
        x = x.permute(0, 3, 1, 2)
        if self.padding == "same":
            sizes = zip(x.shape[2:], size, self.strides or size, strict=True)
            gaps = [max((-(-n // s) - 1) * s + k - n, 0) for n, k, s in sizes]
            x = functions.pad(x, [n for gap in reversed(gaps) for n in (gap // 2, gap - gap // 2)], value=value)
        return x


class Conv2D(Windowed):
    """Filters that slide over images (N, rows, columns, channels); kernel (height, width, channels, filters)."""

    features = True
    __init__ = takes("filters", "kernel_size", strides=(1, 1), padding="valid", activation=None, use_bias=True,
                     **drawn(kernel="glorot_uniform", bias="zeros"))  # fmt: skip

    def build(self, input_shape):
        """The kernel and the bias."""
        self.kernel = _weight(self, "kernel", (*self.kernel_size, input_shape[-1], self.filters))
        self.bias = _weight(self, "bias", (self.filters,)) if self.use_bias else None

    def call(self, inputs):
        """Every filter's dot product with every window."""
        images, kernel = self.framed(inputs, self.kernel_size), self.kernel.permute(3, 2, 0, 1)
        return self.activation(F.conv2d(images, kernel, self.bias, self.strides).permute(0, 2, 3, 1))


class MaxPooling2D(Windowed):
    """The largest number of each window."""

    __init__ = takes(pool_size=(2, 2), strides=None, padding="valid")

    def call(self, inputs):
        """The largest of each."""
        images = self.framed(inputs, self.pool_size, -math.inf)
        return F.max_pool2d(images, self.pool_size, self.strides).permute(0, 2, 3, 1)


class AveragePooling2D(MaxPooling2D):
    """The mean of each window; the frame that padding="same" adds doesn't count."""

    def call(self, inputs):
        """The mean of each."""
        ones = Array(np.ones((1, *inputs.shape[1:3], 1)), inputs.dtype)
        images, shares = (
            F.avg_pool2d(self.framed(x, self.pool_size), self.pool_size, self.strides) for x in (inputs, ones)
        )
        return (images / shares).permute(0, 2, 3, 1)


def _mean(x, keepdims):
    return x.mean(tuple(range(1, x.ndim - 1)), keepdims)


def _max(x, keepdims):
    return x.amax(tuple(range(1, x.ndim - 1)), keepdims)


GlobalAveragePooling1D, GlobalAveragePooling2D, GlobalMaxPooling1D, GlobalMaxPooling2D = (
    _layer(f"Global{kind}Pooling{n}D", function, doc, dims=dims, keepdims=False)
    for kind, function, doc in (("Average", _mean, "Each channel's mean."), ("Max", _max, "Each channel's largest."))
    for n, dims in ((1, SEQUENCES), (2, IMAGES))
)


# ---------------------------------------------------------------- normalisation


class BatchNormalization(Layer):
    """Each channel to mean 0 and variance 1, then times gamma plus beta.

    In training by the mean and variance of the batch, which the moving ones follow:
    `moving = momentum * moving + (1 - momentum) * now`. Otherwise, or when frozen, by the moving ones.
    """

    floats = True
    __init__ = takes(axis=-1, momentum=0.99, epsilon=0.001, center=True, scale=True,
                     **drawn(beta="zeros", gamma="ones", moving_mean="zeros", moving_variance="ones"))  # fmt: skip

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
    __init__ = takes(axis=-1, epsilon=0.001, center=True, scale=True, **drawn(beta="zeros", gamma="ones"))

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
    """`(inputs - mean) / sqrt(variance)`, with the mean and variance of the data that `adapt` was shown.

    >>> layer = Normalization()
    >>> layer.adapt(np.array([[1.0], [3.0]]))
    >>> layer([[5.0]]).numpy()
    array([[3.]], dtype=float32)
    """

    floats = True
    __init__ = takes(axis=-1)

    def build(self, input_shape):
        """Where mean and variance are kept."""
        axes = () if self.axis is None else (self.axis,) if isinstance(self.axis, int) else self.axis
        self.kept = sorted(a % len(input_shape) for a in axes)
        self.broad = [n if i in self.kept else 1 for i, n in enumerate(input_shape)]
        shape = [input_shape[i] for i in self.kept]
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
        batches = [data] if isinstance(data, Tensor) or hasattr(data, "__array__") else list(data)
        data = np.concatenate([as_value(b[0] if isinstance(b, tuple) else b) for b in batches])
        if not len(data) or np.isnan(data).any():
            raise ValueError("Normalization: adapt needs data without nan, got " + ("nan" if len(data) else "none"))
        if not self.built:
            self.build(data.shape)
        over = tuple(i for i in range(data.ndim) if i not in self.kept)
        self.adapt_mean.assign(data.mean(over)), self.adapt_variance.assign(data.var(over))

    def call(self, inputs):
        """The inputs, normalised."""
        return (inputs - self.mean) / ops.maximum(self.variance.sqrt(), 1e-7)


# ---------------------------------------------------------------- sequences


class Embedding(Layer):
    """A table of vectors, one for each integer: inputs (...), result (..., output_dim)."""

    __init__ = takes("input_dim", "output_dim", **drawn(embeddings="uniform"))

    def build(self, input_shape):
        """The table."""
        self.embeddings = _weight(self, "embeddings", (self.input_dim, self.output_dim))

    def call(self, inputs):
        """The vectors of the integers."""
        return F.embedding(inputs.to("int64"), self.embeddings)


_RECURRENT = drawn(kernel="glorot_uniform", recurrent="orthogonal", bias="zeros")
_RECURRENT |= dict.fromkeys(("return_sequences", "return_state", "go_backwards", "unroll"), False)


class SimpleRNN(Layer):
    """`h = activation(x @ kernel + h @ recurrent_kernel + bias)` from step to step: inputs (N, steps, features).

    The result is the last h, (N, units); with return_sequences=True all of them, (N, steps, units).
    """

    dims, features, floats = SEQUENCES, True, True
    gates, states, saved_under = 1, 1, "cell"
    __init__ = takes("units", activation="tanh", use_bias=True, **_RECURRENT)

    def build(self, input_shape):
        """The kernels of the inputs and of the state, side by side for all gates, and the bias."""
        width = self.units * self.gates
        self.kernel = _weight(self, "kernel", (input_shape[-1], width))
        self.recurrent_kernel = _weight(self, "recurrent_kernel", (self.units, width), "recurrent")
        self.bias = _weight(self, "bias", (width,)) if self.use_bias else None

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
    `c = sigmoid(f) * c + sigmoid(i) * tanh(g)` and `h = sigmoid(o) * tanh(c)`. Its forget bias begins at 1.
    """

    gates, states = 4, 2
    __init__ = takes("units", activation="tanh", recurrent_activation="sigmoid", use_bias=True, **_RECURRENT,
                     unit_forget_bias=True)  # fmt: skip

    def build(self, input_shape):
        """As for SimpleRNN."""
        super().build(input_shape)
        if self.bias is not None and self.unit_forget_bias:
            self.bias.value[self.units : 2 * self.units] = 1

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

    __init__ = takes("function", output_shape=None)

    def call(self, inputs):
        """The function's result."""
        return self.function(inputs)


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
