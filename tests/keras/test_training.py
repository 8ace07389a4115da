"""compile, fit, evaluate and predict beside Keras's; steps of one's own; bad input, before a weight changes."""

import warnings

import numpy as np
import pytest

import minigrad as mg
from minigrad import keras
from minigrad import tf as our_tf

rng = np.random.default_rng(0)
X, Y, LABELS = rng.normal(size=(20, 6)).astype("float32"), rng.normal(size=(20, 2)), rng.integers(0, 3, 20)


def same(ours, theirs, rtol=2e-4, atol=1e-6):
    """Compare what programs returned: names and their order, and numbers to float32 accuracy."""
    if isinstance(theirs, dict):
        assert list(ours) == list(theirs)
        ours, theirs = list(ours.values()), list(theirs.values())
    if isinstance(theirs, list | tuple):
        for a, b in zip(ours, theirs, strict=True):
            same(a, b, rtol, atol)
    elif isinstance(theirs, str | None):
        assert ours == theirs
    else:
        np.testing.assert_allclose(np.asarray(ours), np.asarray(theirs), rtol=rtol, atol=atol)


def model(k, outputs=2, activation=None, seed=0, **options):
    """A small model with the same weights in every Keras."""
    net = k.Sequential([k.Input((6,)), k.layers.Dense(5, "relu"), k.layers.Dense(outputs, activation=activation)])
    source = np.random.default_rng(seed)
    net.set_weights([source.normal(0, 0.4, w.shape) for w in net.weights])
    if options:
        net.compile(**options)
    return net


def digits(k):
    """Keras's first example, on scikit-learn's digits."""
    x, y = pytest.importorskip("sklearn.datasets", reason="scikit-learn not installed").load_digits(return_X_y=True)
    x, y = x[:1000] / 16, y[:1000]
    net = k.Sequential([k.layers.Dense(128, activation="relu"), k.layers.Dense(10, activation="softmax")])
    net.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    net.build((None, 64))
    source = np.random.default_rng(0)
    net.set_weights([source.normal(0, 0.1, w.shape) for w in net.weights])
    history = net.fit(x[:800], y[:800], epochs=3, shuffle=False, verbose=0, validation_data=(x[800:], y[800:]))
    return history.history, net.evaluate(x[800:], y[800:], verbose=0), net.get_weights(), net.predict(x[:50], verbose=0)


def test_the_first_example_gives_keras_s_numbers(real):
    """History, evaluation, weights and predictions, from the same weights and batches."""
    same(digits(keras), digits(real), rtol=1e-3, atol=2e-5)


def test_the_first_example_learns():
    """As it stands in every tutorial, with random weights and shuffled."""
    keras.utils.set_random_seed(0)
    x, y = pytest.importorskip("sklearn.datasets", reason="scikit-learn not installed").load_digits(return_X_y=True)
    net = keras.Sequential([keras.layers.Dense(128, activation="relu"), keras.layers.Dense(10, activation="softmax")])
    net.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    net.fit(x[:1400] / 16, y[:1400], epochs=10, verbose=0)
    loss, accuracy = net.evaluate(x[1400:] / 16, y[1400:], verbose=0)
    assert loss < 0.4
    assert accuracy > 0.88


SPARSE = {"loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]}
FITS = {  # arguments of compile, outputs and activation, targets, arguments of fit
    "validation_split": ({"loss": "mse", "metrics": ["mae"]}, (2,), Y, {"validation_split": 0.3, "batch_size": 6}),
    "validation_batches": ({"loss": "mse"}, (2,), Y, {"validation_data": (X, Y), "validation_batch_size": 3,
                                                      "validation_steps": 2}),
    "weighted validation": ({"loss": "mse"}, (2,), Y, {"validation_data": (X, Y, np.linspace(0, 1, 20))}),
    "initial_epoch": ({"loss": "mse"}, (2,), Y, {"initial_epoch": 2, "epochs": 4}),
    "steps_per_epoch": ({"loss": "mse"}, (2,), Y, {"steps_per_epoch": 2, "epochs": 2, "batch_size": 5}),
    "class_weight": (SPARSE, (3, "softmax"), LABELS, {"class_weight": {0: 1.0, 1: 3.0}}),
    "class_weight of one-hot": ({"loss": "categorical_crossentropy"}, (3, "softmax"), np.eye(3)[LABELS],
                                {"class_weight": {0: 1.0, 2: 0.5}}),
    "sample_weight": (SPARSE, (3, "softmax"), LABELS, {"sample_weight": np.linspace(0, 2, 20)}),
    "logits": ({"loss": "LOGITS"}, (3,), LABELS, {"batch_size": 7, "epochs": 3}),
    "binary": ({"loss": "binary_crossentropy", "metrics": ["accuracy"]}, (1, "sigmoid"), LABELS > 0, {}),
    "loss of one's own": ({"loss": lambda t, p: abs(t - p) ** 1.5}, (2,), Y, {}),
    "float64 and lists": ({"loss": "mse"}, (2,), Y.tolist(), {}),
    "twice the same metric": ({"loss": "mse", "metrics": ["mae", "mae", "mean_absolute_error"]}, (2,), Y, {}),
}  # fmt: skip


@pytest.mark.parametrize("name", FITS)
def test_fit_like_keras(real, name):
    """Every way to say how to train."""
    options, outputs, y, fit = FITS[name]
    found = []
    for k in (real, keras):
        settings = dict(options, optimizer=k.optimizers.Adam(0.01), run_eagerly=True)
        if settings["loss"] == "LOGITS":
            settings["loss"] = k.losses.SparseCategoricalCrossentropy(from_logits=True)
        net = model(k, *outputs, **settings)
        targets = np.array(y) if isinstance(y, list) and k is real else y
        with warnings.catch_warnings():
            warnings.simplefilter("ignore" if k is real else "error")
            history = net.fit(X, targets, **{"epochs": 2, "shuffle": False, "verbose": 0} | fit)
        found.append([history.history, history.epoch, net.get_weights()])
    same(found[1], found[0], atol=1e-5)


# ---------------------------------------------------------------- steps and loops of one's own

PROGRAMS = {}


def program(function):
    """A function of `k`, the Keras, and `tf`, the TensorFlow to use."""
    PROGRAMS[function.__name__] = function
    return function


@program
def own_train_step(k, tf):
    class Net(k.Model):
        def train_step(self, data):
            x, y = data
            with tf.GradientTape() as tape:
                y_pred = self(x, training=True)
                loss = self.compute_loss(y=y, y_pred=y_pred)
            gradients = tape.gradient(loss, self.trainable_variables)
            self.optimizer.apply(gradients, self.trainable_variables)
            for metric in self.metrics:
                if metric.name == "loss":
                    metric.update_state(loss)
                else:
                    metric.update_state(y, y_pred)
            return {m.name: m.result() for m in self.metrics}

    inner = model(k)
    x = k.Input((6,))
    net = Net(x, inner(x))
    net.compile(optimizer="adam", loss="mse", metrics=["mae"])
    history = net.fit(X, Y, epochs=2, batch_size=7, shuffle=False, verbose=0)
    return history.history, net.get_weights(), net.evaluate(X, Y, verbose=0)


@program
def own_metrics(k, tf):
    class Net(k.Model):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.tracker, self.error = k.metrics.Mean(name="loss"), k.metrics.MeanAbsoluteError(name="mae")

        @property
        def metrics(self):
            return [self.tracker, self.error]

        def train_step(self, data):
            x, y = data
            with tf.GradientTape() as tape:
                y_pred = self(x, training=True)
                loss = k.losses.MeanSquaredError()(y, y_pred)
            gradients = tape.gradient(loss, self.trainable_weights)
            self.optimizer.apply_gradients(zip(gradients, self.trainable_weights, strict=True))
            self.tracker.update_state(loss)
            self.error.update_state(y, y_pred)
            return {"loss": self.tracker.result(), "mae": self.error.result()}

    inner = model(k)
    x = k.Input((6,))
    net = Net(x, inner(x))
    net.compile(optimizer="sgd")
    return net.fit(X, Y, epochs=2, batch_size=8, shuffle=False, verbose=0).history, net.get_weights()


@program
def own_loss(k, tf):
    class Net(k.Model):
        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None):
            return k.ops.mean(k.ops.square(y_pred - y)) * 2 + k.ops.sum(self.losses)

    x = k.Input((6,))
    hidden = k.layers.Dense(3, kernel_regularizer="l2", bias_regularizer="l1", kernel_initializer="ones")(x)
    net = Net(x, k.layers.Dense(2, kernel_initializer="ones")(hidden))
    net.compile(optimizer="sgd", metrics=["mse"])
    return net.fit(X, Y, epochs=2, shuffle=False, verbose=0).history, net.get_weights()


@program
def own_loop(k, tf):
    net, losses = model(k, 3), []
    optimizer, loss_of = k.optimizers.Adam(0.01), k.losses.SparseCategoricalCrossentropy(from_logits=True)
    accuracy = k.metrics.SparseCategoricalAccuracy()
    for start in (0, 8, 0, 8):
        x, y = X[start : start + 8], LABELS[start : start + 8]
        with tf.GradientTape() as tape:
            logits = net(x, training=True)
            loss = loss_of(y, logits)
        gradients = tape.gradient(loss, net.trainable_weights)
        optimizer.apply_gradients(zip(gradients, net.trainable_weights, strict=True))
        accuracy.update_state(y, logits)
        losses += [float(loss), float(accuracy.result())]
    return losses, net.get_weights()


@program
def batches_from_everywhere(k, tf):
    def generator():
        while True:
            yield X[:7], Y[:7]
            yield X[7:], Y[7:]

    class Numbered(k.utils.PyDataset):
        def __len__(self):
            return 2

        def __getitem__(self, index):
            return X[index * 10 : index * 10 + 10], Y[index * 10 : index * 10 + 10], np.linspace(0, 1, 10)

    data = tf.data.Dataset.from_tensor_slices((X, Y.astype("float32")))
    results = []
    for x, options in ((data.batch(6), {}), (data.batch(6).repeat(), {"steps_per_epoch": 3}), (Numbered(), {}),
                       (generator(), {"steps_per_epoch": 2})):  # fmt: skip
        net = model(k, optimizer="sgd", loss="mse", run_eagerly=True)
        history = net.fit(x, epochs=2, verbose=0, shuffle=False, validation_data=data.batch(9), **options)
        results.append([history.history, net.get_weights()])
    results.append(net.evaluate(data.batch(6), verbose=0))
    results.append(net.predict(data.batch(6).map(lambda x, y: x), verbose=0))
    return results


@program
def single_batches(k, tf):
    net = model(k, 3, "softmax", optimizer="sgd", run_eagerly=True, **SPARSE)
    results = [net.train_on_batch(X[:8], LABELS[:8]), net.train_on_batch(X[8:], LABELS[8:], class_weight={0: 2.0})]
    results += [net.test_on_batch(X, LABELS), net.predict_on_batch(X[:3])]
    named = net.train_on_batch(X, LABELS, sample_weight=np.linspace(0, 1, 20), return_dict=True)
    return results, sorted(named.items()), net.get_weights(), net.metrics_names


@program
def compiled_anew(k, tf):
    net = model(k, optimizer="adam", loss="mse")
    first = net.fit(X, Y, verbose=0, shuffle=False).history
    net.layers[0].trainable = False
    net.compile(k.optimizers.SGD(0.1), "mae")
    return first, net.fit(X, Y, verbose=0, shuffle=False).history, net.get_weights(), len(net.trainable_weights)


@program
def adversaries(k, tf):
    class Gan(k.Model):
        def __init__(self, judge, forger):
            super().__init__()
            self.judge, self.forger = judge, forger
            self.found = k.metrics.Mean(name="found")

        def compile(self, one, two, loss_of):
            super().compile()
            self.one, self.two, self.loss_of = one, two, loss_of

        def train_step(self, x):
            n = tf.shape(x)[0]
            both = tf.concat([self.forger(tf.ones((n, 6))), x[:, :2]], axis=0)
            labels = tf.concat([tf.ones((n, 1)), tf.zeros((n, 1))], axis=0)
            with tf.GradientTape() as tape:
                loss = self.loss_of(labels, self.judge(both))
            gradients = tape.gradient(loss, self.judge.trainable_weights)
            self.one.apply_gradients(zip(gradients, self.judge.trainable_weights, strict=True))
            with tf.GradientTape() as tape:
                fooled = self.loss_of(tf.zeros((n, 1)), self.judge(self.forger(tf.ones((n, 6)))))
            gradients = tape.gradient(fooled, self.forger.trainable_weights)
            self.two.apply_gradients(zip(gradients, self.forger.trainable_weights, strict=True))
            self.found.update_state(loss)
            return {"found": self.found.result(), "fooled": fooled}

    judge = k.Sequential([k.Input((2,)), k.layers.Dense(1, kernel_initializer="ones")])
    gan = Gan(judge, model(k))
    gan.compile(k.optimizers.Adam(0.01), k.optimizers.Adam(0.01), k.losses.BinaryCrossentropy(from_logits=True))
    return gan.fit(X, batch_size=8, epochs=2, shuffle=False, verbose=0).history, gan.forger.get_weights()


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_with_only_the_imports_changed(real, tf, name):
    """What they return is the same in both frameworks."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = PROGRAMS[name](real, tf)
    same(PROGRAMS[name](keras, our_tf), theirs, rtol=1e-3, atol=1e-5)


# ---------------------------------------------------------------- what can go wrong


class Interrupting(keras.callbacks.Callback):
    """The key combination that stops a program, in the third epoch."""

    def on_train_batch_end(self, batch, logs=None):
        if len(self.model.history.epoch) == 2:
            raise KeyboardInterrupt


def test_interrupted_training_leaves_a_usable_model():
    """The history has the epochs that ended; the model predicts and trains on."""
    net = model(keras, optimizer="adam", loss="mse")
    with pytest.raises(KeyboardInterrupt):
        net.fit(X, Y, epochs=5, verbose=0, callbacks=[Interrupting()])
    assert len(net.history.history["loss"]) == 2
    assert np.isfinite(net.predict(X, verbose=0)).all()
    assert len(net.fit(X, Y, epochs=2, verbose=0).history["loss"]) == 2


SOFTMAX = {"outputs": 3, "activation": "softmax", "optimizer": "adam", "loss": "sparse_categorical_crossentropy"}
MSE = {"optimizer": "adam", "loss": "mse"}
BAD = {  # model, x, y, arguments of fit; and what the error says
    "lengths": (SOFTMAX, X, LABELS[:10], {}, "numbers of samples differ: x 20, y 10"),
    "lengths of weights": (SOFTMAX, X, LABELS, {"sample_weight": np.ones(7)}, "sample_weight 7"),
    "nothing": (SOFTMAX, X[:0], LABELS[:0], {}, "the data are empty"),
    "no batch": (SOFTMAX, X, LABELS, {"batch_size": 0}, "batch_size must be a whole number"),
    "half a batch": (SOFTMAX, X, LABELS, {"batch_size": 2.5}, "batch_size must be a whole number"),
    "labels from 1": (SOFTMAX, X, LABELS + 1, {}, r"labels must lie in 0\.\.2, got 1\.\.3"),
    "one label too large, late": (SOFTMAX, X, np.r_[LABELS[:-1], 7], {"batch_size": 2}, r"must lie in 0\.\.2, got"),
    "negative": (SOFTMAX, X, LABELS - 1, {}, r"must lie in 0\.\.2"),
    "half labels": (SOFTMAX, X, LABELS + 0.5, {}, "must be whole numbers"),
    "one-hot": (SOFTMAX, X, np.eye(3)[LABELS], {}, "use categorical_crossentropy"),
    "nan": (SOFTMAX, np.where(X > 1.5, np.nan, X), LABELS, {}, "x holds nan in .* of 20 samples"),
    "nan in targets": (MSE, X, np.where(Y > 1, np.nan, Y), {}, "y holds nan"),
    "nan in validation": (MSE, X, Y, {"validation_data": (X * np.nan, Y)}, "x holds nan"),
    "labels of validation": (SOFTMAX, X, LABELS, {"validation_data": (X, LABELS + 5)}, "must lie in"),
    "features": (MSE, X[:, :3], Y, {}, "expected a last dimension of 6, .*, got shape"),
    "dimensions": (MSE, X[:, 0], Y, {}, r"has shape \(None, 6\), got an array of shape \(20,\)"),
    "texts": (MSE, np.array(["a"] * 20), Y, {}, "x must hold numbers"),
    "no targets": (MSE, X, None, {}, "no?.*fit"),
    "share": (MSE, X, Y, {"validation_split": 1.5}, "validation_split is a share"),
    "all held out": (MSE, X[:1], Y[:1], {"validation_split": 0.5}, "leaves none on one side"),
    "two weights": (SOFTMAX, X, LABELS, {"class_weight": {0: 1.0}, "sample_weight": np.ones(20)}, "class_weight is"),
    "targets twice": (MSE, iter([(X, Y)]), Y, {}, "y and sample_weight come with x"),
    "epochs": (MSE, X, Y, {"epochs": "3"}, "epochs must be a whole number"),
    "verbose": (MSE, X, Y, {"verbose": 3}, "verbose must be"),
    "callback": (MSE, X, Y, {"callbacks": [keras.callbacks.EarlyStopping]}, r"write EarlyStopping\(\)"),
    "nan from a generator": (MSE, iter([(X * np.nan, Y)]), None, {}, "x holds nan"),
    "metric that doesn't fit": (MSE | {"metrics": ["binary_accuracy"]}, X, Y[:, :1].repeat(3, 1), {}, "shape"),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.filterwarnings("error")
def test_bad_input_is_refused_before_a_weight_changes(name):
    """An error in words, and the weights as they were."""
    options, x, y, fit, message = BAD[name]
    net = model(keras, **options)
    before = net.get_weights()
    with pytest.raises((ValueError, TypeError), match=message):
        net.fit(x, y, **{"verbose": 0} | fit)
    assert all((a == b).all() for a, b in zip(net.get_weights(), before, strict=True))


def test_compile_comes_first_and_knows_its_names():
    """fit before compile; names that nothing has; settings that don't fit the outputs."""
    net = model(keras)
    for train in (lambda: net.fit(X, Y), lambda: net.evaluate(X, Y), lambda: net.train_on_batch(X, Y)):
        with pytest.raises(ValueError, match=r"not compiled; first write model.compile"):
            train()
    for options, message in (
        ({"optimizer": "adm"}, "did you mean 'adam'"),
        ({"loss": "mean_square_error"}, "did you mean 'mean_squared_error'"),
        ({"loss": "mse", "metrics": ["acuracy"]}, "did you mean 'accuracy'"),
        ({"loss": "mse", "metrics": "accuracy"}, r"metrics is a list, metrics=\['accuracy'\]"),
    ):
        with pytest.raises(ValueError, match=message):
            net.compile(**options)
    assert not net.compiled
    x = keras.Input((6,))
    several = keras.Model(x, [keras.layers.Dense(2, name="a")(x), keras.layers.Dense(2, name="b")(x)])
    for options, message in (
        ({"loss": ["mse"] * 3}, "loss has 3 entries, the model 2 outputs"),
        ({"loss": {"a": "mse", "c": "mse"}}, "loss is given for 'c'; the outputs are called"),
        ({"loss": "mse", "metrics": ["mae"]}, "metrics has 1 entries, the model 2 outputs"),
    ):
        several.compile("adam", **options)
        before = several.get_weights()
        with pytest.raises(ValueError, match=message):
            several.fit(X, [Y, Y], verbose=0)
        assert all((a == b).all() for a, b in zip(several.get_weights(), before, strict=True))
    several.compile("adam", "mse")
    with pytest.raises(ValueError, match="y has 1 parts, the model 2 outputs"):
        several.fit(X, Y, verbose=0)
    with pytest.raises(ValueError, match=r"y has parts for \['a'\], the outputs are called \['a', 'b'\]"):
        several.fit(X, {"a": Y}, verbose=0)


def test_warned_of():
    """Softmax for a loss of logits, and shapes that NumPy would spread."""
    net = model(keras, 3, "softmax", optimizer="sgd", loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    with pytest.warns(UserWarning, match="come from softmax"):
        net.fit(X, LABELS, verbose=0)
    with pytest.warns(UserWarning, match="broadcast"):
        model(keras, 3, optimizer="sgd", loss="mse").fit(X, Y[:, :1], verbose=0)
    with pytest.warns(UserWarning, match="ran out"):
        model(keras, optimizer="sgd", loss="mse").fit(iter([(X, Y)]), epochs=2, verbose=0)


def test_a_loader_of_the_engine_and_shuffling():
    """Its batches are fit's batches; with the same seed, shuffling gives the same order."""
    loader = mg.data.DataLoader(mg.data.TensorDataset(X, Y.astype("float32")), batch_size=6)
    one, two = (model(keras, optimizer="sgd", loss="mse") for _ in range(2))
    history = [one.fit(loader, epochs=2, verbose=0), two.fit(X, Y, batch_size=6, epochs=2, shuffle=False, verbose=0)]
    same(one.get_weights(), two.get_weights())
    same(history[0].history, history[1].history)
    found = []
    for seed in (1, 1, 2):
        keras.utils.set_random_seed(seed)
        net = model(keras, optimizer="sgd", loss="mse")
        net.fit(X, Y, batch_size=6, verbose=0)
        found.append(net.get_weights()[0])
    assert (found[0] == found[1]).all()
    assert (found[0] != found[2]).any()


def test_losses_of_several_outputs_are_means_over_batches(real):
    """Of 90 samples the last batch is smaller: the whole loss weighs it less, the losses of the outputs don't."""
    histories = []
    for k in (real, keras):
        x = k.Input((6,))
        first, second = k.layers.Dense(1, name="first"), k.layers.Dense(2, name="second")
        net = k.Model(x, [first(x), second(x)])
        net.set_weights([np.full(w.shape, 0.1 + i) for i, w in enumerate(net.get_weights())])
        net.compile("sgd", loss={"first": "mse", "second": "mae"}, loss_weights={"first": 0.3, "second": 1.0})
        draw = np.random.default_rng(0)
        data = draw.standard_normal((90, 6)), {"first": draw.random((90, 1)) * 9, "second": draw.random((90, 2))}
        histories.append(net.fit(*data, epochs=2, shuffle=False, verbose=0).history)
    assert list(histories[0]) == list(histories[1])
    for name, values in histories[0].items():
        np.testing.assert_allclose(histories[1][name], values, rtol=1e-5, err_msg=name)
