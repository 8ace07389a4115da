"""Random networks of any layers, trained by minigrad and by PyTorch from the same weights: the same to the last digits.

A network is drawn as a list of layers whose sizes follow from the input's; it learns with a loss and an optimizer that
are drawn too. In float64, so that what differs is a mistake and not rounding.
"""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg

ACTIVATIONS = "ReLU SiLU ELU Tanh GELU LeakyReLU Sigmoid Softplus LogSigmoid Identity".split()
LOSSES = "CrossEntropyLoss MSELoss L1Loss HuberLoss SmoothL1Loss BCEWithLogitsLoss".split()
OPTIMIZERS = [("SGD", {"lr": 0.05}), ("SGD", {"lr": 0.02, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01})]
OPTIMIZERS += [("Adagrad", {"lr": 0.05}), ("RMSprop", {"lr": 1e-3, "eps": 0.1})]


@st.composite
def networks(draw):
    """The shape of an input, and layers as names and arguments."""

    def number(low, high):
        return draw(st.integers(low, high))

    d = number(0, 2)  # how many dimensions besides samples and channels
    channels, size = number(1, 4), 9
    shape, layers = (6, channels, *[size] * d), []
    for _ in range(number(0, 3)):
        out = number(1, 4)
        if d:
            kernel, stride, padding = number(1, 3), number(1, 2), number(0, 1)
            if size + 2 * padding < kernel:
                break
            layers.append((f"Conv{d}d", (channels, out, kernel, stride, padding)))
            size = (size + 2 * padding - kernel) // stride + 1
        else:
            layers.append(("Linear", (channels, out, draw(st.booleans()))))
        channels = out
        layers.append((draw(st.sampled_from(ACTIVATIONS)), ()))
        if draw(st.booleans()):
            layers.append((f"BatchNorm{max(d, 1)}d", (channels,)))
        if d and size > 1 and draw(st.booleans()):
            layers.append((draw(st.sampled_from(["MaxPool1d"] if d == 1 else ["MaxPool2d", "AvgPool2d"])), (2,)))
            size //= 2
    return shape, [*layers, ("Flatten", ()), ("Linear", (channels * size**d, 3))]


def trained(T, shape, layers, loss, optimizer):
    """The printed network; its losses, its predictions after training, and all that it then holds."""
    random = np.random.default_rng(0)
    model = T.nn.Sequential(*[getattr(T.nn, name)(*arguments) for name, arguments in layers]).double()
    with T.no_grad():
        for p in model.parameters():
            p.copy_(T.tensor(random.uniform(-0.6, 0.6, tuple(p.shape))))
    x = T.tensor(random.standard_normal(shape))
    target = T.tensor(random.integers(0, 3, 6) if loss == "CrossEntropyLoss" else random.random((6, 3)))
    name, options = optimizer
    steps, losses = getattr(T.optim, name)(model.parameters(), **options), []
    for _ in range(3):
        steps.zero_grad()
        value = getattr(T.nn, loss)()(model(x), target)
        value.backward()
        steps.step()
        losses.append(value.item())
    return repr(model), [losses, model.eval()(x).detach().numpy(), *(v.numpy() for v in model.state_dict().values())]


@settings(max_examples=60)
@given(networks(), st.sampled_from(LOSSES), st.sampled_from(OPTIMIZERS))
def test_random_networks_learn_the_same(torch, network, loss, optimizer):
    """Losses, predictions, parameters and running statistics after three steps."""
    (ours, our_numbers), (theirs, their_numbers) = (trained(T, *network, loss, optimizer) for T in (mg, torch))
    assert ours == theirs
    for a, b in zip(our_numbers, their_numbers, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-7, atol=1e-9)
