"""Models put together in every way, beside Keras's: names, order, tables, numbers before and after training, files."""

import re
import warnings

import numpy as np
import pytest

from minigrad import keras

rng = np.random.default_rng(0)
A, B = (rng.normal(size=(20, n)).astype("float32") for n in (6, 4))
SEQUENCE, IMAGE = (rng.normal(size=(20, *shape)).astype("float32") for shape in ((7, 4), (8, 8, 1)))
Y, LABELS = rng.normal(size=(20, 2)).astype("float32"), rng.integers(0, 3, 20)
PROGRAMS = {}


def program(function):
    """A function of `k`, the Keras to use: returns a model, data, targets, and arguments of compile."""
    PROGRAMS[function.__name__] = function
    return function


@program
def two_inputs(k):
    a, b = k.Input((6,), name="a"), k.Input((4,), name="b")
    both = k.layers.Concatenate()([k.layers.Dense(5, "relu")(a), k.layers.Dense(3, "tanh")(b)])
    return k.Model([a, b], k.layers.Dense(2)(both)), [A, B], Y, {"loss": "mse", "metrics": ["mae"]}


@program
def inputs_by_name(k):
    model, _, y, options = two_inputs(k)
    return model, {"b": B, "a": A}, y, options


@program
def two_outputs(k):
    x = k.Input((6,))
    hidden = k.layers.Dense(5, "relu")(x)
    outputs = [k.layers.Dense(2, name="p")(hidden), k.layers.Dense(3, "softmax", name="q")(hidden)]
    losses = ["mse", "sparse_categorical_crossentropy"]
    return (
        k.Model(x, outputs),
        A,
        [Y, LABELS],
        {"loss": losses, "metrics": [["mae"], ["acc"]], "loss_weights": [0.3, 1]},
    )


@program
def outputs_by_name(k):
    model, x, (p, q), _ = two_outputs(k)
    losses = {"p": "mse", "q": "sparse_categorical_crossentropy"}
    return (
        model,
        x,
        {"p": p, "q": q},
        {"loss": losses, "metrics": {"q": ["accuracy"]}, "loss_weights": {"p": 0.3, "q": 1}},
    )


@program
def one_loss_for_three_outputs(k):
    x = k.Input((6,))
    a = k.layers.Dense(2, name="a")(x)
    b = k.layers.Dense(2, name="b")(a)
    return k.Model(x, [b, a * 2 + 1, a]), A, [Y, Y, Y], {"loss": "mse", "metrics": [["mae"], ["mae", "mse"], []]}


@program
def shared_layers(k):
    a, b, dense = k.Input((4,)), k.Input((4,)), k.layers.Dense(4, "tanh")
    return k.Model([a, b], k.layers.Dense(2)(dense(dense(a)) - dense(b))), [B, B[::-1]], Y, {"loss": "mse"}


@program
def residual(k):
    x = k.Input((6,))
    h = k.layers.Add()([x, k.layers.Dense(6, "relu")(x)])
    h = k.layers.LayerNormalization()(-h / 2 + h**2 - 1)
    return k.Model(x, k.layers.Dense(2)(h)), A, Y, {"loss": "mae"}


@program
def branches_of_unequal_length(k):
    x = k.Input((6,))
    one, two, three = k.layers.Dense(3, name="one")(x), k.layers.Dense(4, name="long")(x), k.layers.Dense(3)(x)
    h = k.layers.Average()([k.layers.Dense(3, name="two")(two), one, three])
    return k.Model(x, k.layers.Dense(2)(k.layers.Maximum()([h, one]))), A, Y, {"loss": "mse"}


@program
def nested(k):
    encoder = k.Sequential([k.Input((6,)), k.layers.Dense(4, "relu"), k.layers.BatchNormalization()], name="encoder")
    z, x = k.Input((4,)), k.Input((6,))
    decoder = k.Model(z, k.layers.Dense(2)(z), name="decoder")
    return k.Model(x, decoder(encoder(x))), A, Y, {"loss": "mse"}


@program
def models_in_a_sequence(k):
    base = k.Sequential([k.Input((6,)), k.layers.Dense(5, "relu"), k.layers.Dense(3)])
    return k.Sequential([base, k.layers.ReLU(), k.layers.Dense(2)]), A, Y, {"loss": "mse"}


@program
def inference_inside(k):
    base = k.Sequential([k.Input((6,)), k.layers.BatchNormalization()])
    x = k.Input((6,))
    return k.Model(x, k.layers.Dense(2)(base(x, training=False))), A, Y, {"loss": "mse"}


@program
def frozen(k):
    model = k.Sequential([k.Input((6,)), k.layers.Dense(5), k.layers.BatchNormalization(), k.layers.Dense(2)])
    model.layers[0].trainable = model.layers[1].trainable = False
    return model, A, Y, {"loss": "mse"}


@program
def recurrent_states(k):
    x = k.Input((None, 4))
    outputs, *states = k.layers.LSTM(3, return_sequences=True, return_state=True)(x)
    return k.Model(x, k.layers.Dense(2)(k.layers.LSTM(3)(outputs, initial_state=states))), SEQUENCE, Y, {"loss": "mse"}


@program
def convolutional(k):
    parts = [k.Input((8, 8, 1)), k.layers.Conv2D(4, 3, activation="relu"), k.layers.MaxPooling2D(), k.layers.Flatten()]
    model = k.Sequential([*parts, k.layers.Dropout(0.0), k.layers.Dense(3, "softmax")])
    return model, IMAGE, LABELS, {"loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]}


@program
def added_and_popped(k):
    model = k.Sequential()
    model.add(k.layers.Dense(5, input_shape=(6,)))
    model.add(k.layers.Dense(9))
    model.pop()
    model.add(k.layers.Dense(2))
    return model, A, Y, {"loss": "mse"}


@program
def operations(k):
    x = k.Input((6,))
    h = k.ops.concatenate([x[:, :2] / 2, 1 - x[:, 2:4], -(x[:, 4:] ** 2)], axis=-1)
    return k.Model(x, k.layers.Dense(2)(k.ops.mean(k.ops.relu(h), axis=-1, keepdims=True))), A, Y, {"loss": "mse"}


@program
def subclassed(k):
    class Block(k.layers.Layer):
        def __init__(self, units):
            super().__init__()
            self.dense, self.norm = k.layers.Dense(units), k.layers.BatchNormalization()

        def call(self, x, training=None):
            return k.ops.relu(self.norm(self.dense(x), training=training))

    class Net(k.Model):
        def __init__(self):
            super().__init__()
            self.blocks, self.out = [Block(4), Block(3)], k.layers.Dense(2)

        def call(self, x):
            for block in self.blocks:
                x = block(x)
            return self.out(x)

    model = Net()
    model(A[:2])
    return model, A, Y, {"loss": "mse", "metrics": ["mae"]}


@program
def several_results(k):
    class Net(k.Model):
        def __init__(self):
            super().__init__()
            self.a, self.b = k.layers.Dense(2), k.layers.Dense(2)

        def call(self, x):
            return [self.a(x), self.b(x)]

    model = Net()
    model(A[:2])
    return model, A, [Y, Y], {"loss": "mse", "metrics": [["mae"], ["mse"]]}


def made(k, name):
    """The program's model, compiled, with its data."""
    k.backend.clear_session()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras, of input_shape
        model, x, y, options = PROGRAMS[name](k)
    model.compile(k.optimizers.SGD(0.02), run_eagerly=True, **options)
    return model, x, y


@pytest.fixture(params=PROGRAMS)
def pair(request, real):
    """A program's model in both frameworks, with the same weights, and its data."""
    (theirs, *_), (ours, x, y) = made(real, request.param), made(keras, request.param)
    source = np.random.default_rng(1)
    start = [abs(source.normal(0, 0.4, w.shape)) + 0.1 * ("variance" in w.path) for w in theirs.weights]
    theirs.set_weights(start)
    ours.set_weights(start)
    return theirs, ours, x, y, request.param


def test_like_keras(pair):
    """Names, order and shapes; history, evaluation, weights and predictions after training."""
    theirs, ours, x, y, name = pair
    for what in ("name", "built"):
        assert getattr(ours, what) == getattr(theirs, what)
    assert [layer.name for layer in ours.layers] == [layer.name for layer in theirs.layers]
    assert [w.path for w in ours.weights] == [w.path for w in theirs.weights]
    if name not in ("subclassed", "several_results"):
        found = {layer.name: [y.shape for y in layer._nodes[-1].outputs] for layer in ours.layers}
        assert found == {layer.name: [y.shape for y in layer._inbound_nodes[-1].outputs] for layer in theirs.layers}
    found = [
        m.fit(x, y, batch_size=10, epochs=2, shuffle=False, verbose=0, validation_data=(x, y)) for m in (theirs, ours)
    ]
    assert list(found[1].history) == list(found[0].history)
    for key, values in found[0].history.items():
        np.testing.assert_allclose(found[1].history[key], values, rtol=2e-4, err_msg=key)
    for w, a, b in zip(theirs.weights, ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-5, err_msg=w.path)
    np.testing.assert_allclose(ours.evaluate(x, y, verbose=0), theirs.evaluate(x, y, verbose=0), rtol=1e-3)
    predictions = [m.predict(x, verbose=0) for m in (theirs, ours)]
    for a, b in zip(*(p if isinstance(p, list) else [p] for p in predictions), strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-3, atol=1e-4)
    assert [m.name for m in ours.metrics] == [m.name for m in theirs.metrics]


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")  # of Keras itself
def test_files_go_to_keras_and_back(pair, tmp_path):
    """What Keras writes is read, and what is written Keras reads."""
    theirs, ours, *_ = pair
    before = ours.get_weights()
    for writer, reader in ((theirs, ours), (ours, theirs)):
        writer.set_weights([w + 1 for w in before])
        reader.set_weights(before)
        writer.save_weights(tmp_path / "a.weights.h5")
        reader.load_weights(tmp_path / "a.weights.h5")
        for w, a in zip(before, reader.get_weights(), strict=True):
            np.testing.assert_allclose(a, w + 1, rtol=1e-6)


@pytest.mark.parametrize("ending", [".weights.h5", ".npz", ".safetensors"])
def test_files_fit_any_model_built_alike(ending, tmp_path):
    """Names of layers don't count; what doesn't fit changes nothing; a damaged file is said to be one."""
    if ending != ".npz":
        pytest.importorskip({".weights.h5": "h5py", ".safetensors": "safetensors"}[ending], reason=f"can't do {ending}")
    model, other = (keras.Sequential([keras.Input((6,)), keras.layers.Dense(n), keras.layers.Dense(2)]) for n in (3, 3))
    path = tmp_path / f"a{ending}"
    model.save_weights(path)
    other.load_weights(path)
    assert all((a == b).all() for a, b in zip(model.get_weights(), other.get_weights(), strict=True))
    wider = keras.Sequential([keras.Input((6,)), keras.layers.Dense(3), keras.layers.Dense(4), keras.layers.Dense(1)])
    before = wider.get_weights()
    with pytest.raises(ValueError, match=r"dense_1/vars/0: the model has \(3, 4\), the file \(3, 2\)"):
        wider.load_weights(path)
    assert all((a == b).all() for a, b in zip(before, wider.get_weights(), strict=True))
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(ValueError, match="damaged"):
        other.load_weights(path)
    for wrong in ("a.pkl", "a.h5"):
        with pytest.raises(ValueError, match="ends in"):
            model.save_weights(tmp_path / wrong)
    with pytest.raises(FileNotFoundError, match="there is no file"):
        model.load_weights(tmp_path / f"none{ending}")
    with pytest.raises(ValueError, match="before it has seen an input"):
        keras.Sequential([keras.layers.Dense(2)]).save_weights(path)


def test_the_table_shows_what_keras_shows(real):
    """The numbers of each layer and of all, also when some are frozen; what is called on what, and the optimizer's."""
    lines: list = []
    for k in (real, keras):
        model, x, y = made(k, "nested")
        model.get_layer("encoder").trainable = False
        model.compile("adam", "mse", run_eagerly=True)
        model.train_on_batch(x, y)
        shown: list = []
        model.summary(print_fn=shown.append)
        lines.append(shown[0])
    for text in ("encoder (Sequential)", "(None, 4)", "decoder (Functional)", "10"):
        assert text in lines[0]
        assert text in lines[1]
    for kind in ("Trainable", "Non-trainable", "Optimizer"):
        counts = [re.search(f" ?{kind} params: ([0-9,]+)", text)[1] for text in lines]
        assert counts[0] == counts[1]
    model, _, _ = made(keras, "shared_layers")
    model.summary(print_fn=lines.append)
    assert "input_layer[0][0], dense[0][0], input_layer_1[0][0]" in lines[2]


def test_a_part_of_a_model_is_a_model():
    """Layers and weights are shared; inputs may lie in the middle."""
    x = keras.Input((6,))
    hidden = keras.layers.Dense(4, "relu", name="hidden")(x)
    whole = keras.Model(x, keras.layers.Dense(2)(hidden))
    first = keras.Model(whole.input, whole.get_layer("hidden").output)
    last = keras.Model(hidden, whole.output)
    np.testing.assert_allclose(last.predict(first.predict(A, verbose=0), verbose=0), whole.predict(A, verbose=0))
    assert first.weights[0] is whole.weights[0]
    assert (whole.input_shape, whole.output_shape, first.output_shape) == ((None, 6), (None, 2), (None, 4))


def test_built_when_first_needed():
    """By data, or by a shape; a table before that has no shapes."""
    lines: list = []
    for build in (lambda m: m(A), lambda m: m.build((None, 6)), lambda m: m.predict(A, verbose=0)):
        model = keras.Sequential([keras.layers.Dense(3), keras.layers.Dense(2)])
        model.summary(print_fn=lines.append)
        assert not model.built
        assert model.weights == []
        build(model)
        assert model.built
        assert model.count_params() == 29
        assert model.output_shape == (None, 2)
    assert "0 (unbuilt)" in lines[0]

    class Net(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = keras.layers.Dense(2)

        def call(self, x):
            return self.dense(x)

    net = Net()
    net.build((None, 6))
    assert net.count_params() == 14
    with pytest.raises(ValueError, match="expected a last dimension of 6"):
        net(B)


X = "keras.Input((3,))"
REFUSED = {
    "keras.Sequential(keras.layers.Dense(3))": "expected a list of layers",
    "keras.Sequential([keras.layers.Dense])": r"write Dense\(\.\.\.\)",
    "keras.Sequential([keras.layers.Dense(2), 'relu'])": "got a str",
    "keras.Sequential([keras.layers.Dense(2), keras.Input((2,))])": "an Input comes first",
    "keras.Sequential([keras.layers.Dense(2, name='a'), keras.layers.Dense(2, name='a')])": "names must differ",
    "keras.Sequential().pop()": "no layer to take away",
    "keras.Sequential()(A)": "has no layers",
    f"keras.Model({X})": "give inputs and outputs, or neither",
    f"keras.Model({X}, 3)": "inputs and outputs are symbolic",
    f"keras.Model({X}, keras.layers.Dense(1)({X}))": "not among the inputs",
    f"keras.Model([x := {X}, y := {X}], x + y)(A)": "has 2 inputs, got 1",
    f"keras.Model(x := {X}, x * 2)(A)": r"has shape \(None, 3\), got an array of shape \(20, 6\)",
    f"keras.Model(x := {X}, x * 2)({{'a': A}})": "inputs .* are missing",
    f"keras.Sequential([{X}, keras.layers.Dense(2, name='one')]).get_layer('On')": "did you mean 'one'",
    f"keras.Sequential([{X}, keras.layers.Dense(2)])(A)": "expected a last dimension of 3",
    f"keras.Sequential([{X}, keras.layers.Dense(2)]).set_weights([])": "has 2 weights, got 0",
    "type('Net', (keras.Model,), {})()(A)": "Net needs a method call",
    "keras.Model().save('a.keras')": "models are not saved as a whole.*save_weights",
    "keras.Sequentail": "did you mean 'Sequential'",
    "keras.datasets": "keras.datasets is not covered",
}


@pytest.mark.parametrize("text", REFUSED)
def test_refused_in_words(text):
    """What can't be meant, and what isn't covered."""
    with pytest.raises((ValueError, TypeError, NotImplementedError, AttributeError), match=REFUSED[text]):
        eval(text, {"keras": keras, "A": A})
