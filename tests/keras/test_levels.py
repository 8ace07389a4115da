"""Both levels together: modules in Keras models, Keras models in loops of one's own, Keras layers in modules."""

import copy

import numpy as np
import pytest

import minigrad as mg
from minigrad import keras, nn

rng = np.random.default_rng(0)
X = rng.normal(size=(64, 6)).astype("float32")
Y = (X @ rng.normal(size=(6, 2)) + 0.5).astype("float32")


class Gated(nn.Module):
    """A module as one writes it for the native tongue, with dropout inside."""

    def __init__(self, width):
        super().__init__()
        self.fc1, self.gate, self.drop = nn.Linear(width, 8), nn.Linear(width, 8), nn.Dropout(0.5)

    def forward(self, x):
        return self.drop(self.fc1(x)) * mg.sigmoid(self.gate(x))


def test_an_own_module_in_a_sequential():
    """It is wrapped, its parameters are weights, fit trains it and tells it when it is training."""
    module = Gated(6)
    net = keras.Sequential([keras.Input((6,)), module, keras.layers.Dense(2)])
    assert isinstance(net.layers[0], keras.layers.TorchModuleWrapper)
    assert [w.shape for w in net.weights] == [(8, 6), (8,), (8, 6), (8,), (8, 2), (2,)]
    assert net.weights[0] is module.fc1.weight
    modes = []
    module.drop.register_forward_hook(lambda layer, inputs, result: modes.append(layer.training))
    net.compile(optimizer=keras.optimizers.Adam(0.02), loss="mse")
    before = module.fc1.weight.detach().clone()
    losses = net.fit(X, Y, epochs=30, verbose=0).history["loss"]
    assert losses[-1] < 0.7 * losses[0]
    assert not mg.equal(before, module.fc1.weight)
    assert modes[-1]
    first, second = (net.predict(X, verbose=0) for _ in range(2))
    assert (first == second).all()
    assert not modes[-1]
    net.layers[0].trainable = False
    assert not module.fc1.weight.requires_grad


def test_the_same_numbers_whether_wrapped_or_not():
    """A Linear trained by fit goes where a Dense of the same weights goes."""
    linear, dense = nn.Linear(6, 2), keras.layers.Dense(2)
    wrapped, plain = keras.Sequential([linear]), keras.Sequential([keras.Input((6,)), dense])
    dense.set_weights([linear.weight.detach().numpy().T, linear.bias.detach().numpy()])
    for net in (wrapped, plain):
        net.compile(keras.optimizers.SGD(0.1, momentum=0.9), "mse")
        net.fit(X, Y, epochs=3, shuffle=False, verbose=0)
    np.testing.assert_allclose(linear.weight.detach().numpy().T, dense.get_weights()[0], rtol=1e-5, atol=1e-6)


def test_modules_as_attributes_of_a_model():
    """Alone and in lists; a batch normalisation of `nn` keeps its statistics among the weights."""

    class Net(keras.Model):
        def __init__(self):
            super().__init__()
            self.parts = [nn.Linear(6, 4), nn.BatchNorm1d(4)]
            self.out = nn.Linear(4, 2)

        def call(self, x, training=None):
            for part in self.parts:
                x = part(x)
            return self.out(x)

    net = Net()
    net.compile("sgd", "mse")
    net.fit(X, Y, verbose=0)
    assert len(net.trainable_weights) == 6
    assert len(net.weights) == 9
    assert float(net.parts[1].num_batches_tracked) == 2
    net.evaluate(X, Y, verbose=0)
    assert float(net.parts[1].num_batches_tracked) == 2


def test_a_module_in_a_functional_model():
    """Called on a symbolic tensor through its wrapper, its shape found by trying, its state untouched by that."""
    norm = nn.BatchNorm1d(6)
    x = keras.Input((6,))
    net = keras.Model(x, keras.layers.Dense(2)(keras.layers.TorchModuleWrapper(norm)(x)))
    assert net.layers[1].output.shape == (None, 6)
    assert float(norm.num_batches_tracked) == 0
    assert norm.running_mean.tolist() == [0.0] * 6


def make_net():
    """A Keras model with layers that differ in training."""
    parts = [keras.layers.Dense(16, "relu"), keras.layers.BatchNormalization(), keras.layers.Dense(2)]
    return keras.Sequential([keras.Input((6,)), *parts])


def test_a_keras_model_in_a_loop_of_ones_own():
    """`model(x, training=True)`, backward, an optimizer of the engine: the numbers of fit."""
    looped, fitted = make_net(), make_net()
    fitted.set_weights(looped.get_weights())
    optimizer = mg.optim.Adam(looped.parameters(), lr=0.01, eps=1e-7)
    for _ in range(3):
        for start in range(0, 64, 16):
            loss = nn.functional.mse_loss(
                looped(X[start : start + 16], training=True), mg.tensor(Y[start : start + 16])
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    fitted.compile(keras.optimizers.Adam(0.01), "mse")
    fitted.fit(X, Y, batch_size=16, epochs=3, shuffle=False, verbose=0)
    for a, b in zip(looped.get_weights(), fitted.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=2e-5)


def test_who_says_that_it_is_training():
    """An argument of the call, then what is around, then the mode of the module, which is evaluation at first."""
    drop = keras.layers.Dropout(0.5)
    net, x = keras.Sequential([drop]), np.ones((50, 50))

    def drops(y):
        return bool((y.numpy() == 0).any())

    assert not drops(net(x))
    assert drops(net(x, training=True))
    net.train()
    assert drops(net(x))
    assert drops(drop(x))
    assert not drops(net(x, training=False))
    net.eval()
    assert not drops(net(x))

    class Around(keras.layers.Layer):
        def __init__(self, inner, said):
            super().__init__()
            self.inner, self.said = inner, said

        def call(self, x):
            return self.inner(x, training=self.said)

    assert not drops(Around(drop, False)(x, training=True))
    assert drops(Around(net, True)(x, training=False))


class Mixed(nn.Module):
    """A module with Keras layers in it."""

    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(8, activation="relu")
        self.norm = keras.layers.BatchNormalization()
        self.out = nn.Linear(8, 2)

    def forward(self, x):
        return self.out(self.norm(self.dense(x)))


def test_a_keras_layer_in_a_module():
    """Found by `parameters` and `state_dict` once it is built, and trained; it follows `train` and `eval`."""
    module = Mixed()
    for ask in (module.parameters, module.state_dict, module.zero_grad):
        with pytest.raises(ValueError, match=r"'dense.*' has no weights yet.*Call it"):
            list(ask())
    assert not any(module.norm.training for _ in [module.eval()])
    module(mg.tensor(X))
    assert [name for name, _ in module.named_parameters()] == [
        "dense.kernel", "dense.bias", "norm.gamma", "norm.beta", "out.weight", "out.bias"
    ]  # fmt: skip
    assert {"norm.moving_mean", "norm.moving_variance"} < set(module.state_dict())
    optimizer = mg.optim.Adam(module.parameters(), lr=0.02)
    losses = []
    module.train()
    for _ in range(60):
        loss = nn.functional.mse_loss(module(mg.tensor(X)), mg.tensor(Y))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.3 * losses[0]
    assert module.norm.moving_mean.numpy().any()
    state = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    module.eval()
    expected = module(mg.tensor(X)).detach()
    assert mg.equal(module(mg.tensor(X)), expected)
    other = Mixed().eval()
    other(mg.tensor(X))
    other.load_state_dict(state)
    assert mg.allclose(other(mg.tensor(X)), expected, rtol=1e-5)


def test_state_dicts_of_models_name_the_layers():
    """In files and checkpoints a Keras model's tensors are found by the names of its layers."""
    net = keras.Sequential([keras.Input((6,)), keras.layers.Dense(4, name="first"), keras.layers.Dense(2, name="last")])
    assert list(net.state_dict()) == ["first.kernel", "first.bias", "last.kernel", "last.bias"]
    twin = copy.deepcopy(net)
    np.testing.assert_array_equal(twin.predict(X, verbose=0), net.predict(X, verbose=0))
    twin.layers[0].kernel.assign(np.zeros((6, 4)))
    assert net.layers[0].kernel.numpy().any()
    x = keras.Input((6,))
    assert list(keras.Model(x, net(x)).state_dict()) == [f"{net.name}.{name}" for name in net.state_dict()]


def test_a_keras_layer_in_a_lightning_module():
    """Built in `__init__`, its parameters are there when the optimizer is made; the trainer's modes reach it."""
    from minigrad import lightning as L

    class Lit(L.LightningModule):
        def __init__(self):
            super().__init__()
            self.net = keras.Sequential([keras.Input((6,)), keras.layers.Dense(8, "relu"), keras.layers.Dropout(0.1)])
            self.out = nn.Linear(8, 2)
            self.modes = []

        def training_step(self, batch, batch_idx):
            x, y = batch
            self.modes.append(self.net.layers[-1].training)
            return nn.functional.mse_loss(self.out(self.net(x)), y)

        def validation_step(self, batch, batch_idx):
            self.modes.append(self.net.layers[-1].training)

        def configure_optimizers(self):
            return mg.optim.Adam(self.parameters(), lr=0.01)

    lit, loader = Lit(), mg.data.DataLoader(mg.data.TensorDataset(X, Y), batch_size=32)
    before = lit.net.get_weights()
    quiet = dict.fromkeys(("enable_progress_bar", "enable_model_summary", "enable_checkpointing", "logger"), False)
    L.Trainer(max_epochs=2, **quiet).fit(lit, loader, loader)
    assert True in lit.modes
    assert False in lit.modes
    assert any((a != b).any() for a, b in zip(before, lit.net.get_weights(), strict=True))
