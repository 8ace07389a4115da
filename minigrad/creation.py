"""Ways to make a tensor: from data, from a rule, at random. PyTorch's names and defaults."""

import numpy as np

from .backend import Generator, default_generator, float32, int64, to_device
from .tape import Memory, raw
from .tensor import Tensor


def tensor(data, dtype=None, device=None, requires_grad=False):
    """A tensor with a copy of `data`: a number, nested lists, or an array.

    Python floats become float32, ints int64; a NumPy array keeps its dtype. Integer tensors can't require gradients.

    >>> tensor([[1.0, 2.0], [3.0, 4.0]]).shape, tensor([1, 2]).dtype
    ((2, 2), dtype('int64'))
    """
    return Tensor(data, dtype, device, requires_grad)


def as_tensor(data, dtype=None, device=None):
    """`data` itself if it is a tensor already, else `tensor(data)`."""
    return data.to(dtype=dtype, device=device) if isinstance(data, Tensor) else tensor(data, dtype, device)


def from_numpy(array):
    """A tensor that shares its memory with a NumPy array: a change of one shows in the other.

    What is computed from it for gradients keeps a copy, so a later change can't make a gradient wrong.

    >>> a = np.zeros(2)
    >>> x = from_numpy(a)
    >>> a[0] = 1.0
    >>> x
    tensor([1., 0.], dtype=float64)
    """
    if not isinstance(array, np.ndarray):
        raise TypeError(f"from_numpy: expected a NumPy array, got {type(array).__name__}; write mg.tensor(...)")
    x = Tensor.wrap(array)
    x.memory = Memory(foreign=True)
    return x


def _filled(make, size, dtype, device, requires_grad):
    """`make(shape)` as a tensor; sizes may come one by one or as one sequence."""
    shape = tuple(size[0]) if len(size) == 1 and isinstance(size[0], tuple | list) else size
    return Tensor(make(shape), dtype, device, requires_grad)


def zeros(*size, dtype=float32, device=None, requires_grad=False):
    """Zeros of the given size: `zeros(2, 3)` or `zeros((2, 3))`."""
    return _filled(np.zeros, size, dtype, device, requires_grad)


def ones(*size, dtype=float32, device=None, requires_grad=False):
    """Ones of the given size."""
    return _filled(np.ones, size, dtype, device, requires_grad)


def empty(*size, dtype=float32, device=None, requires_grad=False):
    """Zeros too: there is nothing to gain from numbers that mean nothing."""
    return _filled(np.zeros, size, dtype, device, requires_grad)


def full(size, fill_value, dtype=None, device=None, requires_grad=False):
    """One number everywhere."""
    dtype = dtype or tensor(fill_value).dtype
    return Tensor(np.full(size, raw(fill_value)), dtype, device, requires_grad)


def arange(start, end=None, step=1, dtype=None, device=None, requires_grad=False):
    """`start, start + step, ...` below `end`; integers if all three are.

    >>> arange(3), arange(1, 2, 0.5)
    (tensor([0, 1, 2]), tensor([1.0000, 1.5000]))
    """
    start, end = (0, start) if end is None else (start, end)
    numbers = np.arange(raw(start), raw(end), raw(step))
    return Tensor(numbers, dtype or (int64 if numbers.dtype.kind == "i" else float32), device, requires_grad)


def linspace(start, end, steps, dtype=float32, device=None, requires_grad=False):
    """`steps` numbers from `start` to `end`, both included."""
    return Tensor(np.linspace(start, end, steps), dtype, device, requires_grad)


def eye(n, m=None, dtype=float32, device=None, requires_grad=False):
    """The identity matrix of n rows and m (or n) columns."""
    return Tensor(np.eye(n, m), dtype, device, requires_grad)


def rand(*size, generator=None, dtype=float32, device=None, requires_grad=False):
    """Random numbers, even between 0 and 1."""
    return _filled(_source(generator).random, size, dtype, device, requires_grad)


def randn(*size, generator=None, dtype=float32, device=None, requires_grad=False):
    """Random numbers from the normal distribution with mean 0 and variance 1."""
    return _filled(_source(generator).standard_normal, size, dtype, device, requires_grad)


def normal(mean=0.0, std=1.0, size=None, generator=None, dtype=None, device=None, requires_grad=False):
    """Random numbers with this mean and standard deviation: so many, or one for each of the means and deviations."""
    numbers = _source(generator).normal(raw(mean), raw(std), size)
    dtype = dtype or getattr(mean if isinstance(mean, Tensor) else std, "dtype", float32)
    return Tensor(numbers, dtype, device, requires_grad)


def bernoulli(input, generator=None):
    """1 with the probability that the input says, else 0."""
    return Tensor(_source(generator).random(input.shape) < to_device(input.value, "cpu"), input.dtype, input.device)


def multinomial(input, num_samples, replacement=False, generator=None):
    """For each row of weights, (n,) or (rows, n), `num_samples` places drawn in proportion to them.

    >>> multinomial(tensor([0.0, 3.0, 0.0]), 2, replacement=True)
    tensor([1, 1])
    """
    weights = to_device(input.value, "cpu").astype("float64")
    rows = weights.reshape(-1, weights.shape[-1])
    if weights.ndim > 2 or not (np.isfinite(rows).all() and (rows >= 0).all() and rows.any(1).all()):
        raise ValueError("multinomial: expected rows of weights that are finite, not negative, and not all 0")
    if not replacement and num_samples > (rows > 0).sum(1).min(initial=num_samples):
        raise ValueError(f"multinomial: {num_samples} places can't be drawn of fewer; give replacement=True")
    draw = _source(generator).choice
    places = [draw(len(row), num_samples, replacement, row / row.sum()) for row in rows]
    return Tensor(np.reshape(places, (*weights.shape[:-1], num_samples)), int64, input.device)


def randint(low, high=None, size=(), generator=None, dtype=int64, device=None):
    """Random integers from `low` (or 0) to below `high`; `randint(10, (2, 3))` starts at 0."""
    if isinstance(high, tuple | list):
        low, high, size = 0, low, high
    low, high = (0, low) if high is None else (low, high)
    return Tensor(_source(generator).integers(low, high, size), dtype, device)


def randperm(n, generator=None, dtype=int64, device=None):
    """The numbers 0..n-1 in random order."""
    return Tensor(_source(generator).permutation(n), dtype, device)


def _source(generator: Generator | None):
    return (generator or default_generator).numpy


def _like(make):
    def like(x, dtype=None, device=None, requires_grad=False, **options):
        return make(x.shape, dtype=dtype or x.dtype, device=device or x.device, requires_grad=requires_grad, **options)

    like.__name__ = f"{make.__name__}_like"
    like.__doc__ = f"`{make.__name__}` with the shape, dtype and device of a tensor."
    return like


zeros_like, ones_like, rand_like, randn_like = map(_like, (zeros, ones, rand, randn))
empty_like = _like(empty)


def full_like(x, fill_value, dtype=None, device=None, requires_grad=False):
    """`full` with the shape, dtype and device of a tensor."""
    return full(x.shape, fill_value, dtype or x.dtype, device or x.device, requires_grad)
