"""One face for the networks of all frameworks: the same counts, weights and outputs."""

from importlib import import_module

import numpy as np
import pytest

from minigrad.course import networks
from minigrad.course.comparing import NotYet


def by_torch(name):
    nn = import_module(f"{name}.nn")
    return nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Dropout(0.5), nn.Linear(5, 3))


def by_keras(name):
    keras = import_module(name)
    dense = keras.layers.Dense
    return keras.Sequential([keras.Input((4,)), dense(5, "relu"), keras.layers.Dropout(0.5), dense(3)])


class Own:
    """A network of nobody's framework, its weights the other way round than PyTorch's."""

    def __init__(self):
        rng = np.random.default_rng(1)
        self.arrays = [rng.normal(size=shape) for shape in ((4, 5), (5,), (5, 3), (3,))]
        self.training = False

    def parameters(self):
        return self.arrays

    def train(self, on):
        self.training = on

    def __call__(self, x):
        a, b, c, d = self.arrays
        kept = np.random.default_rng().random(5) < 0.5 if self.training else 0.5
        return np.maximum(x @ a + b, 0) * kept * 2 @ c + d


@pytest.fixture(params=["minigrad", "torch", "minigrad.keras", "keras", "own"])
def model(request):
    if request.param == "own":
        return Own()
    pytest.importorskip(request.param.partition(".")[0])
    return (by_keras if "keras" in request.param else by_torch)(request.param)


@pytest.mark.filterwarnings("default")  # TensorFlow's own
def test_a_network_is_seen_the_same_in_every_framework(model):
    x = np.random.default_rng(0).normal(size=(50, 4))
    (W, b), (V, c) = networks.layers(model)
    assert networks.parameters(model) == 4 * 5 + 5 + 5 * 3 + 3
    assert (W.shape, b.shape, V.shape, c.shape) == ((4, 5), (5,), (5, 3), (3,))
    right = np.maximum(x @ W + b, 0) @ V + c
    np.testing.assert_allclose(networks.outputs(model, x), right, rtol=1e-4, atol=1e-5)
    assert not np.allclose(networks.outputs(model, x, training=True), right, atol=1e-3)


def test_weights_are_copies_and_the_mode_stays():
    model = by_torch("minigrad")
    networks.layers(model)[0][0][:] = 0
    assert networks.layers(model)[0][0].any()
    for mode in (True, False):
        model.train(mode)
        networks.outputs(model, np.zeros((1, 4)), training=not mode)
        assert model.training is mode


def test_what_is_no_network_is_said():
    with pytest.raises(NotYet, match="type `list`"):
        networks.parameters([1, 2])
    from minigrad import nn

    with pytest.raises(NotYet, match="dense layers"):
        networks.layers(nn.Conv2d(1, 2, 3))
