"""One training step of a small convolutional network on images of S x S, in batches of B; Adam.

Twice a convolution of 3 x 3, ReLU and the maximum of 2 x 2, from 1 to 8 to 16 channels; then a linear layer to 10.
"""

import numpy as np
from step import jax_step, torch_step

STEPS = 3  # whose losses are compared


def beginning(s, b):
    """The batch and the first weights, in PyTorch's layout: filters (out, in, 3, 3), matrices (out, in)."""
    random = np.random.default_rng(0)
    x, y = random.standard_normal((b, 1, s, s), np.float32), random.integers(0, 10, b)
    shapes = [(8, 1, 3, 3), (8,), (16, 8, 3, 3), (16,), (10, 16 * (s // 4) ** 2), (10,)]
    params = [np.zeros(n, np.float32) for n in shapes]
    for p in params[::2]:
        p += random.standard_normal(p.shape, np.float32) / np.sqrt(p[0].size)
    return x, y, params


def finish(step, s, b):
    """A contender's answer: the first losses, the step, and steps enough for about a fifth of a second."""
    return [float(step()) for _ in range(STEPS)], step, max(5, 4_000_000 // (s * s * b * 20))


def minigrad(s, b):
    """minigrad in PyTorch's spelling."""
    import minigrad as torch

    return _pytorch(torch, s, b)


def torch(s, b):
    """PyTorch, eager."""
    import torch

    torch.set_num_threads(1)
    return _pytorch(torch, s, b)


def torch_compile(s, b):
    """PyTorch with the network and its loss compiled."""
    import torch

    torch.set_num_threads(1)
    return _pytorch(torch, s, b, torch.compile)


def _pytorch(torch, s, b, compiled=lambda f: f):
    nn = torch.nn
    x, y, params = beginning(s, b)
    first = nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)
    second = nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)
    net = nn.Sequential(*first, *second, nn.Flatten(), nn.Linear(16 * (s // 4) ** 2, 10))
    return finish(torch_step(torch, net, params, x, y, compiled), s, b)


def jax(s, b):
    """JAX with the whole step under jit."""
    import jax
    import jax.numpy as jnp

    x, y, params = beginning(s, b)

    def block(x, weight, bias):
        x = jax.lax.conv_general_dilated(x, weight, (1, 1), "SAME") + bias[:, None, None]
        n, c, h, w = x.shape
        return jax.nn.relu(x).reshape(n, c, h // 2, 2, w // 2, 2).max((3, 5))

    def loss_of(params):
        logits = block(block(x, *params[:2]), *params[2:4]).reshape(b, -1) @ params[4].T + params[5]
        return -jnp.take_along_axis(jax.nn.log_softmax(logits), y[:, None], axis=1).mean()

    return finish(jax_step(loss_of, params), s, b)
