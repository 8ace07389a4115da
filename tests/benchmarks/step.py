"""One training step of a dense network D-H-C with ReLU, cross-entropy and Adam, on a batch of B: nine ways to do it.

Every contender starts from the same weights and sees the same batch; it returns its first losses, a function that takes
one step, and how many steps make a round.
"""

import os
import shutil

import numpy as np

STEPS = 5  # whose losses are compared


def beginning(d, h, c, b):
    """The batch and the first weights, as float32 arrays: inputs by rows, `w1` (d, h), `w2` (h, c)."""
    random = np.random.default_rng(0)
    x, y = random.standard_normal((b, d), np.float32), random.integers(0, c, b)
    w1 = random.standard_normal((d, h), np.float32) / np.float32(np.sqrt(d))
    w2 = random.standard_normal((h, c), np.float32) / np.float32(np.sqrt(h))
    return x, y, [w1, np.zeros(h, np.float32), w2, np.zeros(c, np.float32)]


def finish(step, d, h, c, b):
    """A contender's answer: the first losses, the step, and steps enough for about a fifth of a second."""
    work = 6 * b * (d * h + h * c) + 20 * (d * h + h * c)
    return [float(step()) for _ in range(STEPS)], step, max(5, min(1000, int(4e9 / work)))


def by_hand(d, h, c, b):
    """NumPy as a good student writes it: every derivative written out, Adam parameter by parameter."""
    x, y, params = beginning(d, h, c, b)
    means, squares, t = [np.zeros_like(p) for p in params], [np.zeros_like(p) for p in params], 0

    def step():
        nonlocal t
        w1, b1, w2, b2 = params
        z1 = x @ w1 + b1
        a1 = np.maximum(z1, 0)
        z2 = a1 @ w2 + b2
        shifted = z2 - z2.max(axis=1, keepdims=True)
        logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        loss = -logs[np.arange(b), y].mean()
        dz2 = np.exp(logs)
        dz2[np.arange(b), y] -= 1
        dz2 /= b
        dz1 = (dz2 @ w2.T) * (z1 > 0)
        grads = [x.T @ dz1, dz1.sum(axis=0), a1.T @ dz2, dz2.sum(axis=0)]
        t += 1
        for p, g, m, v in zip(params, grads, means, squares, strict=True):
            m[...] = 0.9 * m + 0.1 * g
            v[...] = 0.999 * v + 0.001 * g * g
            p -= 1e-3 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        return loss

    return finish(step, d, h, c, b)


def minigrad(d, h, c, b):
    """minigrad as its README writes it."""
    import minigrad as torch

    return _pytorch(torch, d, h, c, b)


def minigrad_compile(d, h, c, b):
    """minigrad with the network and its loss compiled."""
    import minigrad as torch

    return _pytorch(torch, d, h, c, b, torch.compile)


def torch(d, h, c, b):
    """PyTorch, eager."""
    import torch

    torch.set_num_threads(1)
    return _pytorch(torch, d, h, c, b)


def torch_compile(d, h, c, b):
    """PyTorch with the network and its loss compiled."""
    import torch

    torch.set_num_threads(1)
    return _pytorch(torch, d, h, c, b, torch.compile)


def _pytorch(torch, d, h, c, b, compiled=lambda f: f):
    nn = torch.nn
    x, y, params = beginning(d, h, c, b)
    net = nn.Sequential(nn.Linear(d, h), nn.ReLU(), nn.Linear(h, c))
    return finish(torch_step(torch, net, [p.T for p in params], x, y, compiled), d, h, c, b)


def torch_step(torch, net, params, x, y, compiled):
    """A step of Adam in PyTorch's spelling, for a network that begins with these parameters."""
    with torch.no_grad():
        for p, value in zip(net.parameters(), params, strict=True):
            p.copy_(torch.tensor(value))
    x, y = torch.tensor(x), torch.tensor(y)
    criterion, optimizer = torch.nn.CrossEntropyLoss(), torch.optim.Adam(net.parameters())
    loss_of = compiled(lambda x, y: criterion(net(x), y))

    def step():
        optimizer.zero_grad()
        loss = loss_of(x, y)
        loss.backward()
        optimizer.step()
        return loss

    return step


def jax(d, h, c, b):
    """JAX with the whole step under jit."""
    import jax
    import jax.numpy as jnp

    x, y, params = beginning(d, h, c, b)

    def loss_of(params):
        w1, b1, w2, b2 = params
        logs = jax.nn.log_softmax(jax.nn.relu(x @ w1 + b1) @ w2 + b2)
        return -jnp.take_along_axis(logs, y[:, None], axis=1).mean()

    return finish(jax_step(loss_of, params), d, h, c, b)


def jax_step(loss_of, params):
    """A step of Adam under jit, from the gradient to the new parameters."""
    import jax
    import jax.numpy as jnp

    @jax.jit
    def advance(params, means, squares, t):
        loss, grads = jax.value_and_grad(loss_of)(params)
        means = [0.9 * m + 0.1 * g for m, g in zip(means, grads, strict=True)]
        squares = [0.999 * v + 0.001 * g * g for v, g in zip(squares, grads, strict=True)]
        params = [
            p - 1e-3 * (m / (1 - 0.9**t)) / (jnp.sqrt(v / (1 - 0.999**t)) + 1e-8)
            for p, m, v in zip(params, means, squares, strict=True)
        ]
        return loss, params, means, squares, t + 1

    zeros = [jnp.zeros_like(p) for p in params]
    state = [[jnp.asarray(p) for p in params], zeros, zeros, 1.0]

    def step():
        loss, *state[:] = advance(*state)
        return loss.block_until_ready()

    return step


def hips_autograd(d, h, c, b):
    """HIPS autograd, with the Adam written by hand that its users write."""
    import autograd
    import autograd.numpy as anp

    x, y, params = beginning(d, h, c, b)
    rows = np.arange(b)

    def loss_of(params):
        w1, b1, w2, b2 = params
        z = anp.dot(anp.maximum(anp.dot(x, w1) + b1, 0), w2) + b2
        z = z - anp.max(z, axis=1, keepdims=True)
        return -anp.mean((z - anp.log(anp.sum(anp.exp(z), axis=1, keepdims=True)))[rows, y])

    return finish(_with_adam(autograd.value_and_grad(loss_of), params), d, h, c, b)


def mygrad(d, h, c, b):
    """MyGrad, with the same Adam."""
    import mygrad as mg
    from mygrad.nnet.losses import softmax_crossentropy

    x, y, params = beginning(d, h, c, b)

    def gradients(params):
        w1, b1, w2, b2 = tensors = [mg.tensor(p) for p in params]
        loss = softmax_crossentropy(mg.maximum(mg.matmul(x, w1) + b1, 0) @ w2 + b2, y)
        loss.backward()
        return loss.item(), [t.grad for t in tensors]

    return finish(_with_adam(gradients, params), d, h, c, b)


def tinygrad(d, h, c, b):
    """tinygrad with the whole step under its jit; on a CPU it needs clang."""
    os.environ["DEV"] = "CPU"
    if not shutil.which("clang"):
        raise ImportError("tinygrad needs clang to work on a CPU")
    from tinygrad import Context, Tensor, TinyJit
    from tinygrad.nn.optim import Adam

    x, y, params = beginning(d, h, c, b)
    x, y = Tensor(x), Tensor(y)
    w1, b1, w2, b2 = params = [Tensor(p) for p in params]
    optimizer = Adam(params, lr=1e-3)

    @TinyJit
    def advance():
        optimizer.zero_grad()
        loss = ((x @ w1 + b1).relu() @ w2 + b2).sparse_categorical_crossentropy(y).backward()
        return loss.realize(*optimizer.schedule_step())

    def step():
        with Context(TRAINING=1):
            return advance().item()

    return finish(step, d, h, c, b)


def _with_adam(gradients, params):
    """A step made of a function that returns loss and gradients, and of Adam in NumPy."""
    means, squares, t = [np.zeros_like(p) for p in params], [np.zeros_like(p) for p in params], 0

    def step():
        nonlocal t
        loss, grads = gradients(params)
        t += 1
        for p, g, m, v in zip(params, grads, means, squares, strict=True):
            m[...] = 0.9 * m + 0.1 * g
            v[...] = 0.999 * v + 0.001 * g * g
            p -= 1e-3 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        return loss

    return step
