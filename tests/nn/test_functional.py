"""Functions of `nn.functional` that no layer in `test_layers.py` shows whole: at their edges, and with their options.

Each expression is run by minigrad and by PyTorch: `F` is the module, `T` the library, the letters are inputs.
"""

import numpy as np
import pytest

import minigrad as mg

RANDOM = np.random.default_rng(0)
INPUTS = {
    "x": RANDOM.standard_normal((3, 4)),
    "y": RANDOM.standard_normal((3, 4)),
    "z": np.zeros((3, 4)),
    "e": np.array([-1000.0, -2.0, -1.0, -0.0, 1e-9, 1.0, 6.0, 7.0, 1000.0]),  # kinks, and where exp overflows
    "c": RANDOM.standard_normal((2, 3, 8)),
    "w": RANDOM.standard_normal((5, 3, 2)),
    "b": RANDOM.standard_normal(5),
    "i": RANDOM.standard_normal((2, 4, 6)),
}
EXPRESSIONS = """
F.silu(e);F.elu(e);F.elu(e, 0.3);F.logsigmoid(e);F.leaky_relu(e, 0.2);F.softplus(e, 2)
F.softmax(x, 1);F.softmax(x, dim=0);F.log_softmax(c, dim=-1)
F.normalize(x);F.normalize(x, p=1, dim=0);F.normalize(z);F.cosine_similarity(x, y);F.cosine_similarity(c, c[:1] + 1, dim=-1);F.cosine_similarity(x, z)
F.conv1d(c, w);F.conv1d(c, w, b, stride=2, padding=1);F.conv1d(c[0], w, b, 1, (2,));F.conv1d(c, w, padding='same');F.conv1d(c, w, padding='valid')
F.max_pool1d(c, 3);F.max_pool1d(c, (2,), stride=1, padding=1);F.avg_pool1d(c, 2);F.avg_pool1d(c[0], 3, 2, 1)
F.adaptive_avg_pool2d(i, 1);F.adaptive_avg_pool2d(i, (2, 3));F.adaptive_avg_pool2d(i, (None, 2))
F.huber_loss(x, y);F.huber_loss(x, y, reduction='sum', delta=0.2);F.smooth_l1_loss(x, y, beta=0.5);F.smooth_l1_loss(x, y, reduction='none', beta=0.0)
"""  # noqa: E501 (a program is a line)
EXPRESSIONS = [text for line in EXPRESSIONS.strip().splitlines() for text in line.split(";")]


def run(T, text):
    """The result of an expression, and the gradients of a weighted sum of it."""
    tensors = {name: T.tensor(x, requires_grad=True) for name, x in INPUTS.items()}
    y = eval(text, {"T": T, "F": T.nn.functional, **tensors})
    weights = np.cos(np.arange(y.detach().numpy().size)).reshape(tuple(y.shape))
    (y * T.tensor(weights)).sum().backward()
    return y.detach().numpy(), {name: x.grad.numpy() for name, x in tensors.items() if x.grad is not None}


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel:UserWarning")  # PyTorch's own
@pytest.mark.parametrize("text", EXPRESSIONS)
def test_values_and_gradients_are_pytorchs(torch, text):
    """At kinks too, where the derivative is a choice."""
    (ours, our_gradients), (theirs, their_gradients) = run(mg, text), run(torch, text)
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)
    assert our_gradients.keys() == their_gradients.keys()
    for name, g in their_gradients.items():
        np.testing.assert_allclose(our_gradients[name], g, rtol=1e-8, atol=1e-12, err_msg=name)
