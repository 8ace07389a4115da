"""The layers, with Keras's arguments, defaults and layouts: kernels (inputs, outputs), images (N, height, width, channels).

Each says which weights it has, and composes functions of the engine; shapes are found by trying (`layer.py`).
"""

from functools import reduce
from inspect import signature

import numpy as np

from .. import functions, ops
from ..backend import Generator
from ..nn import functional as F
from ..nn.module import Module
from ..nn.windows import windows
from ..tape import no_grad
from ..tensor import Tensor
from . import activations, initializers, names, regularizers
from .layer import KerasTensor, Layer, Node
from .variable import Array, as_value, auto_name


class _Configured(Layer):
    """A layer that keeps the arguments of `__init__` as attributes, names turned into what they stand for."""

    uncovered = ""  # arguments that must keep their default

    def _configure(self, given):
        parameters = signature(type(self).__init__).parameters
        for name, value in given.items():
            if name in ("self", "options", "__class__", "name", "activity_regularizer"):
                continue
            ending = name.rpartition("_")[2]
            if (ending == "constraint" or name in self.uncovered.split()) and value != parameters[name].default:
                raise NotImplementedError(f"{type(self).__name__}: {name}={value!r} is not covered")
            if name == "data_format" and value not in (None, "channels_last"):
                raise NotImplementedError(
                    f"{type(self).__name__}: data_format={value!r} is not covered, only 'channels_last'"
                )
            find = {"initializer": initializers.get, "regularizer": regularizers.get, "activation": activations.get}
            setattr(self, name, find[ending](value) if ending in find else value)

    def _weight(self, name, shape, **options):
        rules = {
            "initializer": getattr(self, f"{name}_initializer"),
            "regularizer": getattr(self, f"{name}_regularizer", None),
        }
        return self.add_weight(shape, **rules | options, name=name)

    def _whole(self, **sizes):
        for name, n in sizes.items():
            if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 1:
                raise ValueError(f"{type(self).__name__}: {name} must be a whole number, 1 or more, got {n!r}")


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
        super().__init__(name=name or auto_name("input_layer"))
        self.batch_shape = (batch_size, *shape) if batch_shape is None else tuple(batch_shape)
        self.dtype, self.built = str(np.dtype(dtype or "float32")), True
        Node(self, [], {}, KerasTensor(self.batch_shape, self.dtype))


def Input(shape=None, batch_size=None, dtype=None, sparse=None, ragged=None, batch_shape=None, name=None, tensor=None,
          optional=False):  # fmt: skip
    """A symbolic tensor: a batch of samples of the given shape. Layers are called on it to make a model.

    >>> Input(shape=(28, 28), name="image")
    <KerasTensor shape=(None, 28, 28), dtype=float32, name=image>
    """
    return InputLayer(shape, batch_size, dtype, sparse, ragged, batch_shape, tensor, optional, name).output


class Dense(_Configured):
    """`activation(inputs @ kernel + bias)`: inputs (..., n), kernel (n, units), result (..., units).

    >>> Dense(3, activation="relu")(np.zeros((5, 4))).shape
    (5, 3)
    """

    features = floats = True
    uncovered = "lora_rank lora_alpha quantization_config"

    def __init__(self, units, activation=None, use_bias=True, kernel_initializer="glorot_uniform",
                 bias_initializer="zeros", kernel_regularizer=None, bias_regularizer=None, activity_regularizer=None,
                 kernel_constraint=None, bias_constraint=None, lora_rank=None, lora_alpha=None,
                 quantization_config=None, **options):  # fmt: skip
        super().__init__(activity_regularizer=activity_regularizer, **options)
        self._whole(units=units)
        self._configure(locals())

    def build(self, input_shape):
        """The kernel and the bias."""
        self.kernel = self._weight("kernel", (input_shape[-1], self.units))
        self.bias = self._weight("bias", (self.units,)) if self.use_bias else None

    def call(self, inputs):
        """`activation(inputs @ kernel + bias)`."""
        return self.activation(F.linear(inputs, self.kernel.T, self.bias))


class Activation(_Configured):
    """An activation as a layer, `Activation("relu")`."""

    floats = True

    def __init__(self, activation, **options):
        super().__init__(**options)
        self._configure(locals())

    def call(self, inputs):
        """The function's values."""
        return self.activation(inputs)


def _activation(class_name, function, doc, **defaults):
    """A class of layers that apply a function, with options of their own."""

    class Named(_Configured):
        floats = True

        def __init__(self, *args, **options):
            self.__dict__["values"] = defaults | dict(zip(defaults, args, strict=False))
            self.values.update({name: options.pop(name) for name in defaults if name in options})
            super().__init__(**options)

        def call(self, inputs):
            return function(inputs, **self.values)

    Named.__name__, Named.__qualname__, Named.__doc__ = class_name, class_name, doc
    return Named


ReLU = _activation("ReLU", activations.relu, "`activations.relu`.", max_value=None, negative_slope=0.0, threshold=0.0)
LeakyReLU = _activation("LeakyReLU", activations.leaky_relu, "x, or `negative_slope * x` below 0.", negative_slope=0.3)
ELU = _activation("ELU", activations.elu, "x, or `alpha * (exp(x) - 1)` below 0.", alpha=1.0)
Softmax = _activation("Softmax", activations.softmax, "Probabilities along `axis`.", axis=-1)


class Flatten(_Configured):
    """Each sample as a row of numbers."""

    def __init__(self, data_format=None, **options):
        super().__init__(**options)
        self._configure(locals())

    def call(self, inputs):
        """The rows."""
        return inputs.reshape(len(inputs), -1) if inputs.ndim != 2 else inputs


class Reshape(_Configured):
    """Each sample in another shape; one size may be -1."""

    def __init__(self, target_shape, **options):
        super().__init__(**options)
        self._configure(locals())

    def call(self, inputs):
        """The samples, reshaped."""
        return inputs.reshape(len(inputs), *self.target_shape)


class Rescaling(_Configured):
    """`inputs * scale + offset`, as in `Rescaling(1 / 255)`."""

    floats = True

    def __init__(self, scale, offset=0.0, **options):
        super().__init__(**options)
        self._configure(locals())

    def call(self, inputs):
        """The inputs, rescaled."""
        return inputs * self.scale + self.offset


class Dropout(_Configured):
    """In training, zero each number with probability `rate` and divide the others by 1 - rate."""

    uncovered, floats = "noise_shape", True

    def __init__(self, rate, noise_shape=None, seed=None, **options):
        super().__init__(**options)
        if not 0 <= rate <= 1:
            raise ValueError(f"Dropout: rate is a probability, from 0 to 1, got {rate}")
        self._configure(locals())
        self.generator = None if seed is None else Generator().manual_seed(seed)

    def call(self, inputs, training=False):
        """The inputs, some of them dropped in training."""
        return F.dropout(inputs, self.rate, training, generator=self.generator)


# ---------------------------------------------------------------- images


class _Windowed(_Configured):
    """A layer that looks at images through windows, which slide by `strides`."""

    dims, floats = ("samples", "height", "width", "channels"), True

    def _check_windows(self):
        self.padding = str(self.padding).lower()
        if self.padding not in ("valid", "same"):
            raise ValueError(f"{type(self).__name__}: padding must be 'valid' or 'same', got {self.padding!r}")

    def _windows(self, x, size, value=0.0):
        """The windows, (N, channels, rows, columns, height, width); with "same", the image first gets a frame."""
        strides = F.pair(size if self.strides is None else self.strides)
        x = x.permute(0, 3, 1, 2)
        if self.padding == "same":
            gaps = [max((-(-n // s) - 1) * s + k - n, 0) for n, k, s in zip(x.shape[2:], size, strides, strict=True)]
            x = functions.pad(x, [n for gap in reversed(gaps) for n in (gap // 2, gap - gap // 2)], value=value)
        if any(n < k for n, k in zip(x.shape[2:], size, strict=True)):
            raise ValueError(f"{self.name!r}: windows of {size} are larger than the image, {tuple(x.shape[2:])}; "
                             "use padding='same' or fewer layers that shrink it")  # fmt: skip
        return windows(x, size, strides)


class Conv2D(_Windowed):
    """Filters that slide over images: inputs (N, height, width, channels), kernel (height, width, channels, filters)."""

    features, uncovered = True, "dilation_rate groups"

    def __init__(self, filters, kernel_size, strides=(1, 1), padding="valid", data_format=None, dilation_rate=(1, 1),
                 groups=1, activation=None, use_bias=True, kernel_initializer="glorot_uniform",
                 bias_initializer="zeros", kernel_regularizer=None, bias_regularizer=None, activity_regularizer=None,
                 kernel_constraint=None, bias_constraint=None, **options):  # fmt: skip
        super().__init__(activity_regularizer=activity_regularizer, **options)
        dilation_rate = F.pair(dilation_rate)
        kernel_size, strides = F.pair(kernel_size), F.pair(strides)
        self._whole(filters=filters, kernel_size=min(kernel_size), strides=min(strides))
        self._configure(locals())
        self._check_windows()

    def build(self, input_shape):
        """The kernel and the bias."""
        self.kernel = self._weight("kernel", (*self.kernel_size, input_shape[-1], self.filters))
        self.bias = self._weight("bias", (self.filters,)) if self.use_bias else None

    def call(self, inputs):
        """Every filter's dot product with every window: one matrix product, a window in each row."""
        seen = self._windows(inputs, self.kernel_size).permute(0, 2, 3, 4, 5, 1)
        table = seen.reshape(*seen.shape[:3], -1)
        return self.activation(F.linear(table, self.kernel.reshape(-1, self.filters).T, self.bias))


class _Pooling(_Windowed):
    def __init__(self, pool_size=(2, 2), strides=None, padding="valid", data_format=None, name=None, **options):
        super().__init__(name=name, **options)
        pool_size = F.pair(pool_size)
        self._whole(pool_size=min(pool_size), strides=min(F.pair(1 if strides is None else strides)))
        self._configure(locals())
        self._check_windows()


class MaxPooling2D(_Pooling):
    """The largest number of each window."""

    def call(self, inputs):
        """The largest of each."""
        seen = self._windows(inputs, self.pool_size, -np.inf)
        return functions.flatten(seen, -2).amax(-1).permute(0, 2, 3, 1)


class AveragePooling2D(_Pooling):
    """The mean of each window; the frame that padding="same" adds doesn't count."""

    def call(self, inputs):
        """The mean of each."""
        mean = self._windows(inputs, self.pool_size).mean((-2, -1)).permute(0, 2, 3, 1)
        if self.padding == "valid":
            return mean
        share = self._windows(Array(np.ones((1, *inputs.shape[1:3], 1))), self.pool_size).mean((-2, -1))
        return mean / share.permute(0, 2, 3, 1)


def _over_places(class_name, function, dims):
    """A class of layers that reduce each channel to one number."""

    class Named(_Configured):
        floats = True

        def __init__(self, data_format=None, keepdims=False, **options):
            super().__init__(**options)
            self._configure(locals())

        def call(self, inputs):
            return function(inputs, tuple(range(1, len(dims) - 1)), self.keepdims)

    Named.__name__ = Named.__qualname__ = class_name
    Named.__doc__, Named.dims = f"For each channel the {function.__name__} over all places.", dims
    return Named


_SEQUENCES, _IMAGES = ("samples", "steps", "features"), ("samples", "height", "width", "channels")
GlobalAveragePooling1D = _over_places("GlobalAveragePooling1D", ops.mean, _SEQUENCES)
GlobalAveragePooling2D = _over_places("GlobalAveragePooling2D", ops.mean, _IMAGES)
GlobalMaxPooling1D = _over_places("GlobalMaxPooling1D", ops.amax, _SEQUENCES)
GlobalMaxPooling2D = _over_places("GlobalMaxPooling2D", ops.amax, _IMAGES)


# ---------------------------------------------------------------- normalisation


class BatchNormalization(_Configured):
    """Each channel to mean 0 and variance 1, then times gamma plus beta.

    In training by the mean and variance of the batch, which the moving ones follow:
    `moving = momentum * moving + (1 - momentum) * now`. Otherwise, or when frozen, by the moving ones.
    """

    floats, uncovered = True, "renorm renorm_clipping renorm_momentum synchronized"

    def __init__(self, axis=-1, momentum=0.99, epsilon=0.001, center=True, scale=True, beta_initializer="zeros",
                 gamma_initializer="ones", moving_mean_initializer="zeros", moving_variance_initializer="ones",
                 beta_regularizer=None, gamma_regularizer=None, beta_constraint=None, gamma_constraint=None,
                 renorm=False, renorm_clipping=None, renorm_momentum=0.99, synchronized=False, **options):  # fmt: skip
        super().__init__(**options)
        self._configure(locals())

    def build(self, input_shape):
        """Scale and shift, and the moving statistics."""
        size = (input_shape[self.axis],)
        self.gamma = self._weight("gamma", size) if self.scale else None
        self.beta = self._weight("beta", size) if self.center else None
        self.moving_mean = self._weight("moving_mean", size, trainable=False)
        self.moving_variance = self._weight("moving_variance", size, trainable=False)

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


class LayerNormalization(_Configured):
    """Each sample to mean 0 and variance 1 along its last dimensions, then times gamma plus beta."""

    floats = True

    def __init__(self, axis=-1, epsilon=0.001, center=True, scale=True, beta_initializer="zeros",
                 gamma_initializer="ones", beta_regularizer=None, gamma_regularizer=None, beta_constraint=None,
                 gamma_constraint=None, **options):  # fmt: skip
        super().__init__(**options)
        self._configure(locals())

    def build(self, input_shape):
        """Scale and shift."""
        axes = [self.axis] if isinstance(self.axis, int) else list(self.axis)
        if sorted(a % len(input_shape) for a in axes) != list(range(len(input_shape) - len(axes), len(input_shape))):
            raise NotImplementedError(f"LayerNormalization: axis={self.axis} is not covered, only the last dimensions")
        self.size = tuple(input_shape[-len(axes) :])
        self.gamma = self._weight("gamma", self.size) if self.scale else None
        self.beta = self._weight("beta", self.size) if self.center else None

    def call(self, inputs):
        """The inputs, normalised."""
        return F.layer_norm(inputs, self.size, self.gamma, self.beta, self.epsilon)


class Normalization(_Configured):
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
        self._configure({"axis": axis, "invert": invert, "given": None if mean is None else (mean, variance)})

    def build(self, input_shape):
        """Where mean and variance are kept, unless they were given."""
        axes = () if self.axis is None else (self.axis,) if isinstance(self.axis, int) else self.axis
        self.kept = sorted(a % len(input_shape) for a in axes)
        self.broad = [n if i in self.kept else 1 for i, n in enumerate(input_shape)]
        shape = [input_shape[i] for i in self.kept]
        if self.given:
            mean, variance = (np.broadcast_to(as_value(x, self.dtype), shape) for x in self.given)
            self.mean, self.variance = Array(mean), Array(variance)
        else:
            self.mean = self.add_weight(shape, "zeros", trainable=False, name="mean")
            self.variance = self.add_weight(shape, "ones", trainable=False, name="variance")
            self.count = self.add_weight((), "zeros", "int32", trainable=False, name="count")

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
        self.mean.assign(data.mean(over)), self.variance.assign(data.var(over))

    def call(self, inputs):
        """The inputs, normalised; with invert=True, the other way round."""
        mean, variance = (x.detach().clone().reshape(self.broad) for x in (self.mean, self.variance))
        std = ops.maximum(variance.sqrt(), 1e-7)
        return inputs * std + mean if self.invert else (inputs - mean) / std


# ---------------------------------------------------------------- sequences


class Embedding(_Configured):
    """A table of vectors, one for each integer: inputs (...), result (..., output_dim)."""

    uncovered = "mask_zero lora_rank lora_alpha quantization_config"

    def __init__(self, input_dim, output_dim, embeddings_initializer="uniform", embeddings_regularizer=None,
                 embeddings_constraint=None, mask_zero=False, weights=None, lora_rank=None, lora_alpha=None,
                 quantization_config=None, **options):  # fmt: skip
        options.pop("input_length", None)  # no longer needed: the shape is seen
        super().__init__(**options)
        self._whole(input_dim=input_dim, output_dim=output_dim)
        given, weights = locals(), [] if weights is None else weights
        self._configure({name: value for name, value in given.items() if name != "weights"})
        if len(weights):
            self.build()
            self.set_weights(weights if isinstance(weights, list) else [weights])

    def build(self, input_shape=None):
        """The table."""
        self.embeddings = self._weight("embeddings", (self.input_dim, self.output_dim))

    def call(self, inputs):
        """The vectors of the integers."""
        return F.embedding(inputs.to("int64"), self.embeddings)


class SimpleRNN(_Configured):
    """`h = activation(x @ kernel + h @ recurrent_kernel + bias)` from step to step: inputs (N, steps, features).

    The result is the last h, (N, units); with return_sequences=True all of them, (N, steps, units).
    """

    dims, features, floats = ("samples", "steps", "features"), True, True
    uncovered, gates, saved_under = "dropout recurrent_dropout stateful", 1, "cell"

    def __init__(self, units, activation="tanh", use_bias=True, kernel_initializer="glorot_uniform",
                 recurrent_initializer="orthogonal", bias_initializer="zeros", kernel_regularizer=None,
                 recurrent_regularizer=None, bias_regularizer=None, activity_regularizer=None, kernel_constraint=None,
                 recurrent_constraint=None, bias_constraint=None, dropout=0.0, recurrent_dropout=0.0,
                 return_sequences=False, return_state=False, go_backwards=False, stateful=False, unroll=False,
                 seed=None, **options):  # fmt: skip
        super().__init__(activity_regularizer=activity_regularizer, **options)
        self._whole(units=units)
        self._configure(locals())

    def build(self, input_shape):
        """The kernels of the inputs and of the state, side by side for all gates, and the bias."""
        width, rules = self.units * self.gates, (self.recurrent_initializer, self.recurrent_regularizer)
        self.kernel = self._weight("kernel", (input_shape[-1], width))
        self.recurrent_kernel = self.add_weight(
            (self.units, width), rules[0], regularizer=rules[1], name="recurrent_kernel"
        )
        self.bias = self._weight("bias", (width,), initializer=self._first_bias) if self.use_bias else None

    def _first_bias(self, shape, dtype=None):
        return self.bias_initializer(shape, dtype=dtype)

    def step(self, z, state):
        """The next state, from the gates `z` before activation and the last one."""
        return (self.activation(z),)

    def call(self, inputs, initial_state=None):
        """The last output, or with return_sequences all; with return_state, the last state after it."""
        gates = F.linear(inputs, self.kernel.T, self.bias)  # of all steps at once
        start = Array(np.zeros((len(inputs), self.units)), inputs.dtype)
        state = (start,) * (2 if self.gates == 4 else 1) if initial_state is None else tuple(flat_states(initial_state))
        outputs = []
        for t in range(gates.shape[1])[:: -1 if self.go_backwards else 1]:
            state = self.step(gates[:, t] + F.linear(state[0], self.recurrent_kernel.T), state)
            outputs.append(state[0])
        result = functions.stack(outputs, 1) if self.return_sequences else state[0]
        return [result, *state] if self.return_state else result


def flat_states(state):
    """States as a list, however they were given."""
    return state if isinstance(state, list | tuple) else [state]


class LSTM(SimpleRNN):
    """Long short-term memory: a cell c that gates write to, forget and read. (Hochreiter and Schmidhuber, 1997.)

    With z = x @ kernel + h @ recurrent_kernel + bias in four parts, i f g o in this order:
    `c = sigmoid(f) * c + sigmoid(i) * tanh(g)` and `h = sigmoid(o) * tanh(c)`.
    """

    gates = 4

    def __init__(self, units, activation="tanh", recurrent_activation="sigmoid", use_bias=True,
                 kernel_initializer="glorot_uniform", recurrent_initializer="orthogonal", bias_initializer="zeros",
                 unit_forget_bias=True, kernel_regularizer=None, recurrent_regularizer=None, bias_regularizer=None,
                 activity_regularizer=None, kernel_constraint=None, recurrent_constraint=None, bias_constraint=None,
                 dropout=0.0, recurrent_dropout=0.0, seed=None, return_sequences=False, return_state=False,
                 go_backwards=False, stateful=False, unroll=False, use_cudnn="auto", **options):  # fmt: skip
        _Configured.__init__(self, activity_regularizer=activity_regularizer, **options)
        self._whole(units=units)
        self._configure(locals())

    def _first_bias(self, shape, dtype=None):
        if not self.unit_forget_bias:
            return self.bias_initializer(shape, dtype=dtype)
        i, rest = ((as_value(self.bias_initializer((n * self.units,), dtype=dtype))) for n in (1, 2))
        return np.concatenate([i, np.ones_like(i), rest])

    def step(self, z, state):
        i, f, g, o = z.chunk(4, -1)
        gate = self.recurrent_activation
        c = gate(f) * state[1] + gate(i) * self.activation(g)
        return gate(o) * self.activation(c), c


# ---------------------------------------------------------------- several inputs, and functions


def _merging(class_name, function, doc):
    """A class of layers that join a list of inputs into one."""

    class Named(Layer):
        def call(self, inputs):
            if not isinstance(inputs, list | tuple) or not inputs:
                raise ValueError(f"{class_name}: expected a list of inputs, {class_name}()([a, b])")
            return function(inputs)

    Named.__name__, Named.__qualname__, Named.__doc__ = class_name, class_name, doc
    return Named


Add = _merging("Add", lambda xs: reduce(ops.add, xs), "The sum of the inputs.")
Subtract = _merging("Subtract", lambda xs: reduce(ops.sub, xs), "The first input minus the second.")
Multiply = _merging("Multiply", lambda xs: reduce(ops.mul, xs), "The product of the inputs, element by element.")
Average = _merging("Average", lambda xs: reduce(ops.add, xs) / len(xs), "The mean of the inputs.")
Maximum = _merging("Maximum", lambda xs: reduce(ops.maximum, xs), "The largest of the inputs, element by element.")
Minimum = _merging("Minimum", lambda xs: reduce(ops.minimum, xs), "The smallest of the inputs, element by element.")


class Concatenate(_Configured):
    """The inputs joined along `axis`."""

    def __init__(self, axis=-1, **options):
        super().__init__(**options)
        self._configure(locals())

    def call(self, inputs):
        """The inputs, one after the other."""
        return functions.cat(inputs, self.axis)


class Lambda(_Configured):
    """A function as a layer."""

    def __init__(self, function, output_shape=None, mask=None, arguments=None, **options):
        super().__init__(**options)
        self._configure({"function": function, "arguments": arguments or {}})

    def call(self, inputs):
        """The function's result."""
        return self.function(inputs, **self.arguments)


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


LAYERS = {name: x for name, x in globals().items() if name[0] != "_" and isinstance(x, type) and issubclass(x, Layer)}
__getattr__ = names.closed(__name__, LAYERS)
