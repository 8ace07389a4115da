"""Every layer beside Keras's: outputs, three steps of training, names, shapes; and what layers refuse."""

import numpy as np
import pytest

from minigrad import keras
from minigrad.keras import layers

rng = np.random.default_rng(0)
DATA = {
    "vector": rng.normal(size=(8, 6)),
    "image": rng.normal(size=(8, 9, 8, 3)),
    "sequence": rng.normal(size=(8, 7, 4)),
    "words": rng.integers(0, 11, (8, 5)),
    "pixels": rng.integers(0, 256, (8, 4, 4, 1)).astype("uint8"),
}
DATA |= {name: x.astype("float32") for name, x in DATA.items() if x.dtype.kind == "f"}

# name of the data, and layers as a program writes them; a Flatten and a Dense follow
ACTIVATIONS = [None, *"relu tanh sigmoid softmax elu selu gelu softplus swish leaky_relu".split()]
CASES = [("vector", f"L.Dense(5, activation={name!r})") for name in ACTIVATIONS]
CASES += [
    ("vector", "L.Dense(5, 'relu', False, kernel_regularizer='l2')"),
    ("vector", "L.Dense(5, bias_regularizer=k.regularizers.L1L2(0.1, 0.2), activity_regularizer='l2')"),
    ("sequence", "L.Dense(5, activation=lambda x: x * 2)"),
    ("words", "L.Dense(3)"),
    ("vector", "L.Dense(4), L.Activation('tanh'), L.ReLU(), L.LeakyReLU(), L.LeakyReLU(negative_slope=0.1)"),
    ("vector", "L.ReLU(max_value=1.0, negative_slope=0.1), L.ELU(0.5), L.Softmax()"),
    ("vector", "L.Rescaling(0.5, 1.0), L.Reshape((2, -1)), L.Dropout(0.0), L.Lambda(lambda x: x * 2)"),
    ("pixels", "L.Rescaling(1 / 255)"),
    ("image", "L.Conv2D(4, 3), L.GlobalAveragePooling2D()"),
    ("image", "L.Conv2D(4, 3, use_bias=False), L.GlobalMaxPooling2D(keepdims=True)"),
    ("sequence", "L.Dense(3), L.GlobalAveragePooling1D()"),
    ("sequence", "L.Dense(3), L.GlobalMaxPooling1D()"),
    ("image", "L.BatchNormalization()"),
    ("vector", "L.Dense(4), L.BatchNormalization(momentum=0.5, epsilon=0.1, center=False)"),
    ("image", "L.BatchNormalization(axis=1, scale=False)"),
    ("vector", "L.BatchNormalization(trainable=False)"),
    ("image", "L.LayerNormalization()"),
    ("image", "L.LayerNormalization(axis=[1, 2, 3], epsilon=0.1, scale=False)"),
    ("vector", "L.LayerNormalization(center=False)"),
    ("words", "L.Embedding(11, 4)"),
    ("words", "L.Embedding(11, 4, embeddings_regularizer='l2'), L.LSTM(3)"),
    ("sequence", "L.LSTM(3, unit_forget_bias=False, recurrent_activation='hard_sigmoid', recurrent_regularizer='l2')"),
]
for padding in ("valid", "same"):
    CASES += [("image", f"L.Conv2D(4, (3, 2), {stride}, {padding!r})") for stride in (1, 2, (2, 1), 3)]
    for stride in (None, 1, (1, 3)):
        CASES += [
            ("image", f"L.Dense(2), L.{kind}Pooling2D((2, 3), {stride}, {padding!r})") for kind in ("Max", "Average")
        ]
for options in ("", ", return_sequences=True", ", go_backwards=True", ", use_bias=False, activation='relu'"):
    CASES += [("sequence", f"L.{kind}(3{options})") for kind in ("SimpleRNN", "LSTM")]


def build(k, data, text):
    """A model with these layers in the Keras `k`, compiled; without a graph, as that takes Keras longer than to run."""
    k.backend.clear_session()
    x = DATA[data]
    first = k.Input(x.shape[1:], dtype=None if x.dtype.kind == "f" else str(x.dtype))
    inner = eval(f"[{text}]", {"L": k.layers, "k": k})
    model = k.Sequential([first, *inner, k.layers.Flatten(), k.layers.Dense(2)])
    model.compile(k.optimizers.SGD(0.01), "mse", run_eagerly=True)
    return model


def weights(model, seed=0):
    """Numbers for the weights of a model, variances above 0."""
    source, made = np.random.default_rng(seed), []
    for w in model.weights:
        values = source.normal(0, 0.3, w.shape)
        made.append(abs(values) if "variance" in w.path else np.zeros(w.shape) if "count" in w.path else values)
    return made


@pytest.mark.parametrize(("data", "text"), CASES, ids=[f"{data}: {text}" for data, text in CASES])
def test_like_keras(real, data, text):
    """From the same weights the same outputs, losses and weights after steps; the same names."""
    theirs, ours = build(real, data, text), build(keras, data, text)
    assert [w.path for w in ours.weights] == [w.path for w in theirs.weights]
    assert [w.shape for w in ours.weights] == [tuple(w.shape) for w in theirs.weights]
    assert [layer.output.shape for layer in ours.layers] == [layer.output.shape for layer in theirs.layers]
    x, y = DATA[data], np.random.default_rng(1).normal(size=(8, 2))
    for model in (theirs, ours):
        model.set_weights(weights(theirs))
    np.testing.assert_allclose(ours.predict_on_batch(x), theirs.predict_on_batch(x), rtol=1e-4, atol=1e-5)
    for _ in range(3):
        np.testing.assert_allclose(ours.train_on_batch(x, y), theirs.train_on_batch(x, y), rtol=1e-4)
    for w, a, b in zip(theirs.weights, ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-5, err_msg=w.path)
    np.testing.assert_allclose(ours.predict_on_batch(x), theirs.predict_on_batch(x), rtol=1e-3, atol=1e-4)


def test_adapt_like_keras(real):
    """Mean and variance of arrays and of batches."""
    x = DATA["image"]
    for axis in (-1, None, (1, 3)):
        for data in (x, [x[:3], x[3:]]):
            found = []
            for k in (real, keras):
                layer = k.layers.Normalization(axis=axis)
                layer.adapt(data)
                found.append(np.array(layer(x)))
            np.testing.assert_allclose(found[0], found[1], rtol=1e-4, atol=1e-5)


def test_merging_layers_like_keras(real):
    """Sums, products, extremes, and one after the other."""
    a, b = DATA["vector"], DATA["vector"][::-1].copy()
    for kind in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate"):
        theirs, ours = (np.array(getattr(k.layers, kind)()([a, b])) for k in (real, keras))
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)


def test_dropout_drops_in_training_only():
    """The share that was asked for, the mean kept; with a seed, the same numbers again."""
    x = np.ones((100, 100))
    dropped = layers.Dropout(0.3)(x, training=True).numpy()
    assert abs((dropped == 0).mean() - 0.3) < 0.02
    np.testing.assert_allclose(dropped[dropped != 0], 1 / 0.7, rtol=1e-6)
    assert (layers.Dropout(0.3)(x).numpy() == 1).all()
    one, two = (layers.Dropout(0.3, seed=3)(x, training=True).numpy() for _ in range(2))
    assert (one == two).all()


def test_initial_weights_are_keras_s(real):
    """The distribution that each kind of weight is drawn from has Keras's mean and spread."""
    for data, text in [("vector", "L.Dense(400)"), ("sequence", "L.LSTM(60)"), ("words", "L.Embedding(11, 300)"),
                       ("image", "L.Conv2D(60, 3)"), ("image", "L.BatchNormalization()")]:  # fmt: skip
        theirs, ours = build(real, data, text), build(keras, data, text)
        for w, a, b in list(zip(theirs.weights, theirs.get_weights(), ours.get_weights(), strict=True))[:-2]:
            np.testing.assert_allclose([b.mean(), b.std()], [a.mean(), a.std()], rtol=0.1, atol=0.01, err_msg=w.path)


# ---------------------------------------------------------------- layers of one's own


def test_a_layer_of_ones_own(real):
    """Weights made in build, sublayers, losses, a state: as in Keras."""

    def make(k):
        class Block(k.layers.Layer):
            def __init__(self, units, **options):
                super().__init__(**options)
                self.units, self.dense = units, k.layers.Dense(units)

            def build(self, input_shape):
                self.w = self.add_weight(shape=(input_shape[-1], self.units), initializer="ones", name="w")
                self.calls = self.add_weight(shape=(), initializer="zeros", trainable=False, name="calls")

            def call(self, inputs, training=None):
                self.calls.assign_add(1.0)
                self.add_loss(0.1 * k.ops.sum(k.ops.square(inputs)))
                return k.ops.matmul(inputs, self.w) + self.dense(inputs) * (2.0 if training else 1.0)

        k.backend.clear_session()
        return Block(3, name="block")

    x = DATA["vector"]
    theirs, ours = make(real), make(keras)
    for layer in (theirs, ours):
        layer(x)
        layer.set_weights(weights(theirs))
    assert [w.path for w in ours.weights] == [w.path for w in theirs.weights]
    for training in (None, True, False):
        np.testing.assert_allclose(
            np.array(ours(x, training=training)), theirs(x, training=training), rtol=1e-4, atol=1e-5
        )
        assert len(ours.losses) == len(theirs.losses) == 1
        np.testing.assert_allclose(float(ours.losses[0]), float(theirs.losses[0]), rtol=1e-5)
    np.testing.assert_allclose(ours.get_weights()[1], theirs.get_weights()[1])
    before = float(ours.calls)
    ours(keras.Input((6,)))
    assert float(ours.calls) == before  # the shape is found without a trace


def test_shapes_are_found_by_trying():
    """Dimensions that nobody knows stay None, all others are numbers, whatever the layer does."""
    image, sequence = keras.Input((None, None, 3)), keras.Input((None, 4))
    shapes = {
        layers.Conv2D(5, 3, padding="same"): (image, (None, None, None, 5)),
        layers.GlobalAveragePooling2D(): (image, (None, 3)),
        layers.LSTM(2, return_sequences=True): (sequence, (None, None, 2)),
        layers.SimpleRNN(2): (sequence, (None, 2)),
        layers.Lambda(lambda x: x[:, :2].sum(-1)): (sequence, (None, 2)),
        layers.Embedding(3, 7): (keras.Input((None,)), (None, None, 7)),
    }
    for layer, (x, shape) in shapes.items():
        assert layer(x).shape == shape
        assert layer.compute_output_shape(x.shape) == shape
    assert layers.Dense(2)(keras.Input(batch_shape=(7, 3))).shape == (7, 2)
    outputs = layers.LSTM(2, return_state=True)(sequence)
    assert [y.shape for y in outputs] == [(None, 2)] * 3


def test_freezing():
    """`trainable` reaches everything inside, and weights made later."""
    block = keras.Sequential([keras.Input((3,)), layers.Dense(2), layers.BatchNormalization()])
    assert (len(block.trainable_weights), len(block.non_trainable_weights)) == (4, 2)
    block.trainable = False
    assert (block.trainable_weights, len(block.non_trainable_weights)) == ([], 6)
    assert not any(w.requires_grad for w in block.weights)
    block.trainable = True
    assert len(block.trainable_weights) == 4
    late = layers.Dense(2, trainable=False)
    late(np.ones((1, 3)))
    assert late.trainable_weights == []
    late.trainable = True
    assert len(late.trainable_variables) == 2


REFUSED = {
    "layers.Dense(0)": "units must be a whole number",
    "layers.Dense('relu')": "units must be a whole number",
    "layers.Dense(2, activation='rellu')": "did you mean 'relu'",
    "layers.Dense(2, actvation='relu')": "did you mean 'activation'",
    "layers.Dense(2, kernel_constraint='max_norm')": "kernel_constraint='max_norm' is not covered",
    "layers.Conv2D(2, 3, dilation_rate=2)": "dilation_rate=.* is not covered",
    "layers.Conv2D(2, 3, padding='sme')": "padding must be 'valid' or 'same'",
    "layers.Conv2D(2, 3, data_format='channels_first')": "channels_first.* not covered",
    "layers.Embedding(3, 2, mask_zero=True)": "mask_zero=True is not covered",
    "layers.LSTM(3, dropout=0.2)": "dropout=0.2 is not covered",
    "layers.Dropout(1.5)": "from 0 to 1",
    "layers.LayerNormalization(axis=1)(image)": "only the last dimensions",
    "layers.GRU(3)": "keras.layers.GRU is not covered",
    "layers.Dens": "did you mean 'Dense'",
    "layers.Conv2D(2, 3)(image[0])": "expected an input of 4 dimensions",
    "layers.Conv2D(2, 30)(image)": "larger than the padded image",
    "layers.LSTM(3)(vector)": r"\(samples, steps, features\)",
    "layers.Embedding(5, 2)(words)": r"must lie in 0\.\.4",
    "layers.Add()(vector)": "list of inputs",
    "layers.Reshape((5,))(vector)": "reshape",
    "layers.TorchModuleWrapper(3)": "expected an nn.Module",
    "keras.Input(3)": r"shape=\(3,\)",
    "keras.Input((3,), sparse=True)": "not covered",
    "list(layers.Dense(3).parameters())": "has not seen an input",
    "layers.Dense(3).state_dict()": "has not seen an input",
    "layers.Layer()(vector)": "needs a method call",
    "layers.Layer().add_weight('w', (3,))": "the shape comes first",
    "layers.Dense(3).output": "called on 0 symbolic tensors",
    "layers.Dense(units=3, init='zeros')": "Dense has no argument 'init', or it is not covered",
    "layers.Dense()": "missing a required argument: 'units'; it takes units, activation",
    "np.exp(keras.Input((3,)))": "a symbolic tensor has no numbers yet",
    "bool(keras.Input((3,)) > 0)": "a symbolic tensor has no numbers yet",
    "layers.Dense(3).set_weights([vector])": "it has none before it has seen an input",
}


@pytest.mark.parametrize("text", REFUSED)
def test_refused_in_words(text):
    """What can't be meant, and what isn't covered."""
    with pytest.raises((ValueError, TypeError, NotImplementedError, AttributeError, IndexError), match=REFUSED[text]):
        eval(text, {"keras": keras, "layers": layers, "np": np} | DATA)


def test_another_number_of_features_is_refused():
    """A layer is built for one; nothing is broadcast."""
    layer = layers.Dense(2)
    layer(DATA["vector"])
    with pytest.raises(ValueError, match=r"expected a last dimension of 6.*Flatten"):
        layer(DATA["sequence"])
    before = layer.get_weights()
    with pytest.raises(ValueError, match=r"kernel has shape \(6, 2\), the array for it \(2, 6\)"):
        layer.set_weights([before[0].T, before[1]])
    with pytest.raises(ValueError, match="has 2 weights, got 1"):
        layer.set_weights(before[:1])
    assert all((a == b).all() for a, b in zip(layer.get_weights(), before, strict=True))
