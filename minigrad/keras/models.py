"""Models: layers put together, one after the other, as a graph of symbolic tensors, or by a `call` of your own.

All three are one class with the training of `training.py`. A graph is run in the order in which its calls depend on
each other; its layers are listed in Keras's order, which is also that of the weights.
"""

from collections import Counter
from typing import Any

from ..nests import flat, mapped
from ..nn.module import Module
from . import names, saving
from .layer import KerasTensor, Layer, Operation, symbols, tried
from .layers import InputLayer, as_layer
from .summary import summary
from .training import Trainer
from .variable import auto_name


class Model(Trainer):
    """A layer that can be trained: `Model(inputs, outputs)`, or a class of your own with layers and a method `call`.

    >>> from minigrad import keras
    >>> x = keras.Input(shape=(4,))
    >>> hidden = keras.layers.Dense(8, activation="relu")(x)
    >>> model = Model(x, keras.layers.Dense(1)(hidden))
    >>> model.count_params(), model.output_shape
    (49, (None, 1))

    Give `call` an argument `training=None` if layers inside behave differently in training: as in Keras, `fit` says so
    only to a `call` that has it.

    It is an `nn.Module` as well, for loops of your own:

    >>> from minigrad import optim
    >>> optimizer = optim.Adam(model.parameters())
    >>> loss = (model([[1.0, 2.0, 3.0, 4.0]], training=True) ** 2).mean()
    >>> loss.backward()
    >>> optimizer.step()
    """

    inputs: Any = None  # of a graph, or a sequence that is built, the symbolic inputs
    outputs: Any = None
    strict = True  # whether all sizes of an input must be as announced
    _layers: tuple | list = ()  # of a graph or a sequence, all layers

    def __new__(cls, *args, **options):
        return super().__new__(Functional if cls is Model and (args or "inputs" in options) else cls)

    def __init__(self, inputs=None, outputs=None, name=None, **options):
        if (inputs is None) != (outputs is None):
            raise ValueError("Model: give inputs and outputs, or neither and write a class with a method call(self, x)")
        super().__init__(name=name, **options)
        if inputs is not None:
            self.inputs, self.outputs, self._result = flat(inputs), flat(outputs), outputs
            for x in self.inputs + self.outputs:
                if not isinstance(x, KerasTensor):
                    given = type(x).__name__
                    raise ValueError(f"Model: inputs and outputs are symbolic, from keras.Input; got a {given}")
            self._calls, self._layers = graph(self.inputs, self.outputs)
            for name, times in Counter(layer.name for layer in self._layers).items():
                if times > 1:
                    raise ValueError(f"Model: {times} layers are called {name!r}; give each a name of its own")
            self.built = True
            self._freeze_as_told()

    def _freeze_as_told(self):
        """What the argument trainable=False says counts for the layers that were there before the model."""
        if not self._trainable:
            self.trainable = False

    def call(self, inputs, training=None):
        """The outputs; to be written by you, unless the model has inputs and outputs."""
        if self.inputs is None:
            raise NotImplementedError(f"{type(self).__name__} needs a method call(self, inputs)")
        values = dict(zip(map(id, self.inputs), self._matched(inputs), strict=True))
        for node in self._calls:
            node.run(values)
        return mapped(lambda y: values[id(y)], self._result)

    def _matched(self, inputs):
        """A value for each input, checked against its shape, and of its dtype."""
        if isinstance(inputs, dict):
            if missing := [x.name for x in self.inputs if x.name not in inputs]:
                raise ValueError(f"{self.name!r}: the inputs {missing} are missing; there are {sorted(inputs)}")
            inputs = [inputs[x.name] for x in self.inputs]
        inputs = inputs if isinstance(inputs, list | tuple) else [inputs]
        if len(inputs) != len(self.inputs):
            raise ValueError(f"{self.name!r} has {len(self.inputs)} inputs, got {len(inputs)}")
        return [matched(self, symbol, x) for symbol, x in zip(self.inputs, inputs, strict=True)]

    def build(self, input_shape=None):
        """Make all weights, for inputs of this shape, or of several; unknown sizes are None."""
        if self.inputs is None:
            tried(self, [symbols(input_shape)])

    def _make(self, args):
        if type(self).build is not Model.build:
            super()._make(args)
        vars(self)["built"] = True  # the layers inside are built by the call that follows

    def _unmade(self):
        return False  # the layers inside are asked

    # ------------------------------------------------------------ what is in it

    @property
    def layers(self):
        """The layers directly inside, in Keras's order."""
        found = self._layers or [part for _, part in self._parts() if isinstance(part, Layer)]
        return [layer for layer in dict.fromkeys(found) if not isinstance(layer, Operation)]

    def get_layer(self, name=None, index=None):
        """The layer of this name, or at this place."""
        known = {layer.name: layer for layer in self.layers}
        if name is not None and name not in known:
            raise ValueError(f"no layer is called {name!r}{names.nearest(name, known)}")
        return self.layers[index] if name is None else known[name]

    def _parts(self):
        for layer in self._layers:
            yield layer.name, layer
        for name, part in super()._parts():
            if not name.startswith("_layers.") and not (isinstance(part, Module) and part in self._layers):
                yield name, part

    input = property(lambda self: _single(self.inputs), doc="The symbolic input, or the list of them.")
    output = property(lambda self: _single(self.outputs), doc="The symbolic output, or the list of them.")
    input_shape = property(lambda self: _single([x.shape for x in self.inputs]), doc="The shape of the input.")
    output_shape = property(lambda self: _single([y.shape for y in self.outputs]), doc="The shape of the output.")

    @property
    def output_names(self):
        """What the outputs are called in losses, metrics and history: as the layers they come from."""
        return None if self.inputs is None else [y.node.layer.name for y in self.outputs]

    summary, save_weights, load_weights = summary, saving.save_weights, saving.load_weights

    def save(self, *_, **__):
        """Not covered, nor are `export`, `to_json` and `get_config`."""
        raise NotImplementedError(
            "models are not saved as a whole: keep the code that makes this one, and save its weights by "
            "model.save_weights('model.weights.h5')"
        )

    export = to_json = get_config = save


def _single(x):
    return x[0] if len(x) == 1 else x


def matched(model, symbol, x):
    """`x` for the input `symbol`; as in Keras a last dimension of 1 is added or taken away where that helps."""
    if not hasattr(x, "ndim"):
        raise ValueError(f"{model.name!r}: expected an array for the input {symbol.name!r}, got a {type(x).__name__}")
    if x.ndim == symbol.ndim - 1 and symbol.shape[-1] == 1:
        x = x[..., None]
    elif x.ndim == symbol.ndim + 1 and x.shape[-1] == 1:
        x = x[..., 0]
    unlike = model.strict and any(m not in (n, None) for n, m in zip(x.shape, symbol.shape, strict=False))
    if x.ndim != symbol.ndim or unlike:
        wanted = f"the input {symbol.name!r} has shape {symbol.shape}"
        raise ValueError(f"{model.name!r}: {wanted}, got an array of shape {tuple(x.shape)}")
    return x if str(x.dtype) == symbol.dtype else x.to(symbol.dtype)


def graph(inputs, outputs):
    """The calls between inputs and outputs, each after those it depends on, and their layers in Keras's order.

    That order is by depth, which is the longest way to an output, deepest first; at one depth, in the order in which
    walking back from the outputs meets them.
    """
    start, order, done = set(map(id, inputs)), [], set()
    met: dict = {}

    def walk(symbol):
        node = symbol.node
        if node in done or (id(symbol) in start and not isinstance(node.layer, InputLayer)):
            return
        done.add(node)
        met.setdefault(node.layer, len(met))
        if isinstance(node.layer, InputLayer) and id(symbol) not in start:
            raise ValueError(f"Model: the outputs depend on {symbol.name!r}, which is not among the inputs")
        for source in node.sources:
            walk(source)
        order.append(node)

    for y in outputs:
        walk(y)
    depths: dict = {}
    of_layer = {x.node.layer: 0 for x in inputs if isinstance(x.node.layer, InputLayer)}
    for node in reversed(order):
        depth = depths[node] = of_layer[node.layer] = max(depths.get(node, 0), of_layer.get(node.layer, 0))
        for source in node.sources:
            depths[source.node] = max(depth + 1, depths.get(source.node, 0))
    layers = sorted(of_layer, key=lambda layer: (-of_layer[layer], met.get(layer, -1)))
    return [node for node in order if node.sources], layers


class Functional(Model):
    """What `Model(inputs, outputs)` makes; the class has a name of its own because Keras shows it."""


class Sequential(Model):
    """Layers one after the other; an `nn.Module` among them is wrapped.

    >>> from minigrad import keras, nn
    >>> keras.utils.clear_session()  # names are counted anew
    >>> model = Sequential([keras.Input(shape=(4,)), keras.layers.Dense(3, activation="relu"), nn.Linear(3, 2)])
    >>> model.summary()
    Model: "sequential"
    Layer (type)                               Output Shape  Param #
    ----------------------------------------------------------------
    dense (Dense)                              (None, 3)          15
    torch_module_wrapper (TorchModuleWrapper)  (None, 2)           8
    ----------------------------------------------------------------
    Total                                                         23
    Trainable params: 23
    Non-trainable params: 0
    """

    strict = False  # as in Keras: the layers look at what matters to them

    def __init__(self, layers=None, **options):
        super().__init__(**options)
        self._layers = []
        if isinstance(layers, Layer | KerasTensor):
            raise TypeError("Sequential: expected a list of layers, Sequential([...])")
        for layer in layers or ():
            self._append(layer)
        self._count()
        self._freeze_as_told()

    def add(self, layer):
        """Put a layer at the end."""
        self._append(layer)
        self._count()

    def _count(self):
        if self.layers and self.outputs:
            auto_name("functional")  # Keras's keeps a model of that name inside, so the next one is functional_1

    def _append(self, layer):
        layer = as_layer(layer.node.layer if isinstance(layer, KerasTensor) else layer)
        if layer.name in [other.name for other in self._layers]:
            raise ValueError(f"Sequential: a layer called {layer.name!r} is there already; names must differ")
        if isinstance(layer, InputLayer):
            if self._layers:
                raise ValueError("Sequential: an Input comes first, before all layers")
            self.inputs = self.outputs = [layer.output]
        else:
            if not self._layers and layer.first_shape is not None:
                self._append(InputLayer(layer.first_shape))
            elif not self._layers and isinstance(layer, Model) and layer.inputs:
                self._append(InputLayer(batch_shape=layer.inputs[0].shape))
            if self.outputs:
                new = not layer.weights
                self.outputs = flat(layer(self.outputs[0]))
                for weight in layer.weights if new else ():
                    vars(weight)["path"] = f"{self.name}/{weight.path}"
                vars(self)["built"] = True
        self._layers = [*self._layers, layer]

    def pop(self):
        """Take the last layer away, and return it."""
        if not self.layers:
            raise ValueError("Sequential: there is no layer to take away")
        *self._layers, last = self._layers
        if self.outputs:
            self.outputs = [last._nodes.pop().inputs]
        return last

    @property
    def layers(self):
        """The layers, without the input."""
        return [layer for layer in self._layers if not isinstance(layer, InputLayer)]

    def build(self, input_shape=None):
        """Make all weights, for inputs of this shape; the number of samples may be None."""
        if not self._layers:
            raise ValueError(f"{self.name!r} has no layers; write Sequential([...]) or model.add(layer)")
        if not self.inputs and isinstance(input_shape, tuple | list) and not isinstance(input_shape[0], tuple):
            self._layers, layers = [], self._layers
            try:
                for layer in [InputLayer(batch_shape=(None, *input_shape[1:])), *layers]:
                    self._append(layer)
            except BaseException:
                self._layers, self.inputs, self.outputs = layers, None, None
                raise
            self._count()

    def call(self, inputs, training=None):
        """The input through all layers in order."""
        x = self._matched(inputs)[0] if self.inputs else inputs
        for layer in self._layers[bool(self.inputs) :]:
            x = layer(x)
        return x
