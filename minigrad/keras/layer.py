"""Layer: a module that makes its weights when it first sees an input, and the symbolic tensors that models are made of.

A layer called on a symbolic tensor computes nothing: it notes the call, and finds the shape of the result by trying it
on zeros, twice, with two sizes for every dimension that is not known. So no layer needs a formula for its shapes.
"""

import itertools
import threading
from contextlib import contextmanager
from functools import wraps
from inspect import signature
from typing import Any

import numpy as np

from .. import ops
from ..nests import flat, mapped
from ..nn.module import Module, Parameter
from ..spelling import did_you_mean
from ..tape import NONE, no_grad
from ..tensor import Tensor
from . import initializers, regularizers
from .arguments import UNCOVERED, meant, refuse
from .metrics import Metric
from .names import Configured
from .variable import Array, Variable, as_tensor, as_value, auto_name, snake_case


class Call(threading.local):
    """What layers know of the call that they are part of, each thread for itself."""

    path: tuple = ()  # the names of the layers being called, outermost first
    training: bool | None = None  # None: nobody has said


call = Call()
changes = [0]  # counts what may change the weights inside of layers: new ones, and assignments


def holds_numbers(x):
    """Whether a list is data, [[1, 2], [3, 4]], and not a list of arrays."""
    while isinstance(x, list | tuple) and x:
        x = x[0]
    return isinstance(x, int | float | np.generic)


def _marked(build):
    """`build`, so that the layer knows afterwards that it is built, and for which shape."""

    @wraps(build)
    def marked(self, *shape, **named):
        build(self, *shape, **named)
        vars(self).update(built=True, seen=(*shape, *named.values(), None)[0])
        changes[0] += 1

    return marked


class Unmade(Parameter):
    """Stands for the weights of a layer that has not seen an input: who wants to use them is told the remedy."""

    __slots__ = ("layer",)
    layer: "Layer"

    def detach(self):
        raise ValueError(
            f"the layer {self.layer.name!r} has no weights yet, as it has not seen an input. Call it, or the model, on "
            "a batch once, build it with layer.build((None, features)), or begin the model with keras.Input(shape=...)"
        )

    def __hash__(self):
        return self.detach()


class Layer(Module, Configured):
    """The base of all layers. One of your own makes weights in `build` and computes in `call`.

    >>> class Scale(Layer):
    ...     def build(self, input_shape):
    ...         self.scale = self.add_weight(shape=input_shape[-1:], initializer="ones", name="scale")
    ...     def call(self, inputs):
    ...         return inputs * self.scale
    >>> layer = Scale()
    >>> layer(np.ones((2, 3))).shape, layer.get_weights()
    ((2, 3), [array([1., 1., 1.], dtype=float32)])

    It is an `nn.Module` too, also inside of other modules:

    >>> list(layer.state_dict()), [p.shape for p in layer.parameters()]
    (['scale'], [(3,)])

    Whether it is training says, first, the argument `training` of a call; then the layer or model around it that is
    being called; then `layer.training`, which is False at first and set by `train()`.
    """

    dims: tuple = ()  # what the dimensions of the input mean, if only one number of them will do
    features = False  # whether the size of the last dimension must stay what it was at first
    floats = False  # whether integers are to be converted
    told = None  # the argument `training` of `call`, if it has one
    saved_under = ""  # what Keras calls the part of the layer that has its weights, if that isn't the layer itself

    def __init__(self, *, activity_regularizer=None, trainable=True, dtype=None, name=None, **options):
        super().__init__()
        self.training = self.built = False
        self.name = name or auto_name(snake_case(type(self).__name__))
        self.dtype = str(np.dtype(dtype or "float32"))
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self._own: dict[str, Variable] = {}  # weights by name
        self._losses: list[Tensor] = []  # noted in the last call
        self._nodes: list[Node] = []  # calls on symbolic tensors
        self._trainable, self._cache = bool(trainable), (None, None)
        self.seen: Any = None  # the shape of the input that it was built for
        shape = (options.pop("input_dim"),) if "input_dim" in options else options.pop("input_shape", None)
        self.first_shape = shape if shape is None else tuple(shape)
        for option, value in options.items():
            if option not in UNCOVERED:
                near = did_you_mean(option, [*signature(type(self)).parameters, "name", "dtype", "trainable"])
                raise TypeError(f"{type(self).__name__} has no argument {option!r}, or it is not covered{near}")
            refuse(type(self).__name__, option, value)

    def __init_subclass__(cls, **options):
        super().__init_subclass__(**options)
        if "build" in vars(cls):
            cls.build = _marked(cls.build)  # type: ignore[method-assign]
        if "call" in vars(cls):
            cls.told = signature(cls.call).parameters.get("training")

    def keep(self, arguments, **options):
        """What a constructor made by `names.takes` does: keep the arguments as attributes."""
        Layer.__init__(self, **options)
        for name, value in arguments.items():
            setattr(self, name, meant(type(self).__name__, name, value))

    # ------------------------------------------------------------ to be written by whoever makes a layer

    @_marked
    def build(self, input_shape):
        """Make the weights; called before the first `call`."""

    def call(self, *inputs, **options):
        """What the layer computes."""
        raise NotImplementedError(f"{type(self).__name__} needs a method call(self, inputs)")

    def add_weight(self, shape=(), initializer=None, dtype=None, trainable=True, *, regularizer=None, name=None):
        """A new variable, counted among the weights; drawn by `glorot_uniform` unless told otherwise."""
        if isinstance(shape, str):
            raise TypeError(f"add_weight: the shape comes first, the name by name: add_weight(shape, name={shape!r})")
        dtype = np.dtype(dtype or self.dtype)
        initializer = initializers.get(initializer or ("glorot_uniform" if dtype.kind == "f" else "zeros"))
        own = next(n for n in _numbered(name or "variable") if n not in self._own)
        name = name or own
        inner = f"{snake_case(type(self).__name__)}_{self.saved_under}" if self.saved_under else ""
        path = "/".join(filter(None, (*call.path, self.name, inner, name)))
        shape = (shape,) if isinstance(shape, int) else tuple(shape)
        variable = Variable(initializer, shape=shape, dtype=dtype, trainable=trainable, name=name, path=path)
        variable.trainable = trainable and self._trainable
        variable.regularizer = regularizers.get(regularizer)
        self._keep(own, variable)
        return variable

    def add_loss(self, loss):
        """Add to what training minimises; counts until the next call."""
        self._losses.append(loss)

    # ------------------------------------------------------------ calling

    def __call__(self, *args, **options):
        if not args and options:  # layer(inputs=x)
            args = (options.pop(next(iter(options))),)
        training = options.pop("training", None)
        args, options = tuple(self._taken(x) for x in args), self._taken(options) if options else options
        self._check(args[0])
        if not self.built:
            self._make(args)
        if any(type(x) is KerasTensor for x in flat([args, options])):
            return Node(self, args, options, training).result
        if training is None:
            training = call.training if call.training is not None else self.training or None
        if self.told is not None:
            options["training"] = bool(self.told.default is True if training is None else training)
        before = call.path, call.training
        call.path, call.training = (*call.path, self.name), training
        if not before[0]:
            self._begin()
        try:
            result = super().__call__(*args, **options)
            if self.activity_regularizer is not None:
                for y in flat(result):
                    self.add_loss(self.activity_regularizer(y) / len(y))
        finally:
            call.path, call.training = before
        return result

    def forward(self, *args, **options):
        """The name that modules know `call` by."""
        return self.call(*args, **options)

    def _begin(self):
        """What the outermost call does first: forget the losses of the last one, and tell modules the mode."""
        for module in self._inside()[0]:
            if isinstance(module, Layer):
                module._losses.clear()
            else:
                module.training = bool(call.training)

    def _taken(self, x):
        """An argument as layers compute with it: arrays, and lists of numbers, of the layer's floating dtype."""
        if isinstance(x, list | tuple | dict) and not holds_numbers(x):
            return mapped(self._taken, x)
        if not isinstance(x, Tensor):
            if type(x) is KerasTensor or not (isinstance(x, list | tuple) or hasattr(x, "__array__")):
                return x
            x = as_tensor(x)
        kind = x.dtype.kind
        return x.to(self.dtype) if (kind == "f" and x.dtype != self.dtype) or (self.floats and kind != "f") else x

    def _make(self, args):
        self.build(mapped(lambda x: tuple(x.shape) if hasattr(x, "shape") else None, args[0]))

    def _check(self, x):
        """Refuse an input of the wrong number of dimensions or features, in words."""
        shape = getattr(x, "shape", None)
        if shape is None or not (self.dims or self.features):
            return
        if self.dims and len(shape) != len(self.dims):
            hint = "; an image without colours needs a last dimension of 1: x[..., None]" * (len(self.dims) == 4)
            wanted = f"expected an input of {len(self.dims)} dimensions ({', '.join(self.dims)})"
        elif self.features and (not shape or shape[-1] is None):
            hint, wanted = "", "the last dimension of its input must be known"
        elif self.features and self.built and shape[-1] != self.seen[-1]:
            hint = "; images are made rows of numbers by layers.Flatten()" * (len(shape) > 2)
            wanted = f"expected a last dimension of {self.seen[-1]}, which it was built for"
        else:
            return
        raise ValueError(f"{type(self).__name__} {self.name!r}: {wanted}, got shape {tuple(shape)}{hint}")

    @contextmanager
    def _trial(self):
        """For calls that must leave no trace: nothing is recorded, and the weights are afterwards as before."""
        state = [(w, w.value.copy()) for w in self.non_trainable_weights]
        with no_grad():
            try:
                yield
            finally:
                self._begin()
                for w, value in state:
                    w.copy_(value)

    def compute_output_shape(self, input_shape):
        """The shape of the result for an input of this shape; unknown sizes are None."""
        x = symbols(input_shape)
        if not self.built:
            self._make([x])
        return mapped(lambda y: y.shape, tried(self, [x]))

    # ------------------------------------------------------------ what is in it

    def __setattr__(self, name, value):
        if isinstance(value, Variable) and "_own" in vars(self):
            self._keep(name, value)
        elif isinstance(value, Module | Metric | list | dict):
            changes[0] += 1
        super().__setattr__(name, value)

    def _keep(self, name, variable):
        """Enter a weight; one that is there already only gets its new name."""
        own = {(name if v is variable else n): v for n, v in self._own.items()}
        vars(self)["_own"] = {**own, name: variable}
        if not isinstance(variable, Parameter):
            self._buffers[name] = True
        changes[0] += 1

    def _unmade(self):
        """Whether weights are still to be made."""
        return not self.built and type(self).build is not Layer.build and not self._own

    def _parts(self):
        if self._unmade():
            stand_in = Unmade(Array(0.0))
            stand_in.layer = self
            yield "weights", stand_in
        yield from self._own.items()
        own = set(map(id, self._own.values()))
        for name, part in super()._parts():
            if not name.startswith("_own") and id(part) not in own:
                yield name, part

    def _inside(self):
        """All modules inside, all weights, trainable ones first in each, and all metrics; looked up after changes."""
        version, found = self._cache
        if version != changes[0]:
            modules, weights = list(self.modules()), dict[Tensor, None]()
            for module in modules:
                own = [p for n, p in module._parts() if isinstance(p, Parameter) or n in module._buffers]
                own.sort(key=lambda p: not isinstance(p, Parameter))
                weights |= dict.fromkeys(p for p in own if not isinstance(p, Unmade))
            held = [x for module in modules for x in vars(module).values()]
            held = [m for x in held for m in (x if isinstance(x, list) else [x]) if isinstance(m, Metric)]
            found = modules, list(weights), held
            vars(self)["_cache"] = changes[0], found
        return found

    @property
    def weights(self):
        """All weights, in Keras's order: of each layer the trainable ones, then the others; then the layers inside."""
        return list(self._inside()[1])

    variables = weights

    @property
    def trainable_weights(self):
        """The weights that training changes."""
        return [w for w in self._inside()[1] if w.requires_grad] if self._trainable else []

    trainable_variables = trainable_weights

    @property
    def non_trainable_weights(self):
        """The weights that training leaves alone: frozen ones, and what layers note, such as moving averages."""
        return [w for w in self._inside()[1] if not (w.requires_grad and self._trainable)]

    non_trainable_variables = non_trainable_weights

    @property
    def trainable(self):
        """Whether training changes the weights; set to False, it freezes the layer and all inside."""
        return self._trainable

    @trainable.setter
    def trainable(self, on):
        modules, weights, _ = self._inside()
        for module in modules:
            if isinstance(module, Layer):
                vars(module)["_trainable"] = bool(on)
        for w in weights:
            if isinstance(w, Parameter):
                w.requires_grad = bool(on)

    def get_weights(self):
        """Copies of all weights, as NumPy arrays."""
        return [np.array(w.detach().cpu().value) for w in self.weights]

    def set_weights(self, weights):
        """Take over the numbers of a list of arrays as `get_weights` returns it; all or, with an error, nothing."""
        own, new = self.weights, [as_value(w) for w in weights]
        if len(own) != len(new):
            hint = "; it has none before it has seen an input: call it on a batch first" * (not own)
            raise ValueError(f"set_weights: {self.name!r} has {len(own)} weights, got {len(new)} arrays{hint}")
        for w, value in zip(own, new, strict=True):
            if w.shape != value.shape:
                name = getattr(w, "path", "a weight")
                raise ValueError(f"set_weights: {name} has shape {w.shape}, the array for it {value.shape}")
        for w, value in zip(own, new, strict=True):
            w.detach().copy_(value)

    def count_params(self):
        """How many numbers the weights hold."""
        return sum(w.value.size for w in self.weights)

    @property
    def losses(self):
        """What the regularizers say of the weights, and what was added by `add_loss` in the last call."""
        modules, weights, _ = self._inside()
        noted = [loss for module in modules if isinstance(module, Layer) for loss in module._losses]
        rules = [(getattr(w, "regularizer", None), w) for w in weights if w.requires_grad]
        return noted + [rule(w) for rule, w in rules if rule is not None]

    input = property(lambda self: self._node().inputs, doc="The symbolic tensor that it was called on, or several.")
    output = property(lambda self: self._node().result, doc="The symbolic tensor that stands for the layer's result.")

    def _node(self):
        if len(self._nodes) != 1:
            calls = f"it was called on {len(self._nodes)} symbolic tensors"
            raise ValueError(f"{self.name!r} has no single input and output: {calls}")
        return self._nodes[0]

    def get_config(self):
        """What `__init__` was given; a layer of your own adds its arguments."""
        return {"name": self.name, "trainable": self.trainable, "dtype": self.dtype} | super().get_config()

    def __repr__(self):
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"


def _numbered(name):
    return itertools.chain([name], (f"{name}_{i}" for i in itertools.count(1)))


# ---------------------------------------------------------------- symbolic tensors


class KerasTensor:
    """Stands for a batch that is not there yet, `Input(shape)`, or for what layers make of it.

    >>> Operation(ops.exp)(KerasTensor((None, 3)))
    <KerasTensor shape=(None, 3), dtype=float32, name=exp>
    """

    node: "Node"
    index: int

    def __init__(self, shape, dtype="float32", name=None):
        self.shape, self.dtype, self.name = tuple(shape), str(dtype), name

    ndim = property(lambda self: len(self.shape), doc="The number of dimensions.")

    def __getitem__(self, key):
        return Operation(lambda x: x[key], "get_item")(self)

    def __neg__(self):
        return Operation(ops.neg, "negative")(self)

    def __repr__(self):
        return f"<KerasTensor shape={self.shape}, dtype={self.dtype}, name={self.name}>"

    def _refuse(self, *_, **__):
        raise TypeError(
            "a symbolic tensor has no numbers yet: it can go into layers, operators (+, *, ...) and keras.ops, not "
            "into NumPy, `if` or a loop. Put other computations into a layer: layers.Lambda(function)(x)"
        )

    __array__ = __bool__ = __float__ = __int__ = __len__ = __iter__ = __array_ufunc__ = numpy = _refuse


def symbols(shape):
    """What stands for an input of this shape, or for several in a list."""
    several = isinstance(shape, list) and isinstance(shape[0], tuple | list)
    return [KerasTensor(one) for one in shape] if several else KerasTensor(shape)


_LONG = {"sub": "subtract", "mul": "multiply", "truediv": "true_divide", "pow": "power", "floordiv": "floor_divide"}
_LONG |= {"lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal"}


def _give_operator(symbol, op):
    name = _LONG.get(symbol, symbol)
    setattr(KerasTensor, f"__{symbol}__", lambda a, b: Operation(op, name)(a, b))
    if symbol in ops.symbols:
        setattr(KerasTensor, f"__r{symbol}__", lambda b, a: Operation(op, name)(a, b))


for _symbol, _op in (ops.symbols | {name: ops.comparisons[name] for name in ("lt", "le", "gt", "ge")}).items():
    _give_operator(_symbol, _op)


class Node:
    """A call of a layer on symbolic tensors, and what stands for its result."""

    def __init__(self, layer, args=(), options=NONE, training=None, result=None):
        self.layer, self.args, self.options, self.training = layer, args, options, training
        self.sources = [x for x in flat([args, options]) if isinstance(x, KerasTensor)]
        self.inputs = args[0] if len(args) == 1 and not options else self.sources
        self.result = tried(layer, args, options) if result is None else result
        self.outputs = flat(self.result)
        for i, y in enumerate(self.outputs):
            y.node, y.index, y.name = self, i, layer.name
        self.number = len(layer._nodes)
        layer._nodes.append(self)

    def run(self, values):
        """The layer's result for the values of its symbolic inputs, `{id: value}`, entered there too."""
        args, options = mapped(lambda x: values.get(id(x), x), [self.args, self.options])
        # as in Keras, what is said when the model is called counts for all of it
        result = self.layer(*args, **options, training=self.training if call.training is None else None)
        values |= zip(map(id, self.outputs), flat(result), strict=True)


SIZES = ((2, 3), (64, 131))  # what to try for an unknown number of samples, and for any other unknown dimension


def tried(layer, args, options=NONE):
    """The symbolic result of a call, its shape found by running it on zeros."""
    results = []
    for sizes in zip(*SIZES, strict=True):

        def zeros(x, sizes=sizes):
            if not isinstance(x, KerasTensor):
                return x
            shape = [sizes[i > 0] if n is None else n for i, n in enumerate(x.shape)]
            return Array(np.zeros(shape), x.dtype)

        with layer._trial():
            results.append(layer(*mapped(zeros, args), **mapped(zeros, options), training=False))
    others = iter(flat(results[1]))

    def symbol(y):
        return KerasTensor([n if n == m else None for n, m in zip(y.shape, next(others).shape, strict=True)], y.dtype)

    return mapped(symbol, results[0])


class Operation(Layer):
    """A function of tensors as a layer, for what is done to symbolic ones outside of layers."""

    def __init__(self, function, kind=None):
        kind = snake_case(kind or getattr(function, "__name__", "operation"))
        super().__init__(name=auto_name(kind))
        self.function, self.kind = function, kind.title().replace("_", "")

    def call(self, *args, **options):
        """The function's result."""
        return self.function(*args, **options)
