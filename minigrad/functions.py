"""Functions composed of rows of the table. They have no derivative of their own: the chain rule finds it.

A newcomer adds here what can be said with what there is, and in `ops.py` what can't.
"""

import builtins
import itertools
import math
import string
from collections import namedtuple
from functools import wraps

import numpy as np

from .backend import describe, xp
from .ops import count, dims_of, abs, amax, amin, argmax, argmin, clone, concatenate, contract, convert, erf, euclidean
from .ops import expand, getitem
from .ops import matmul, maximum, mean, minimum, permute, reshape, sqrt, sum, tanh, transpose, where, zero_pad
from .spelling import spell
from .tape import Variable, raw


_NAMES = {"input": "x", "tensor": "x", "split_size_or_sections": "size", "split_size": "size"}


def _spelled(function):
    """Let a function take its arguments by PyTorch's names and by NumPy's, as rows do."""
    return wraps(function)(
        lambda *inputs, **params: function(*inputs, **{_NAMES.get(k, k): v for k, v in spell(params).items()})
    )


Extreme = namedtuple("Extreme", ["values", "indices"])


def square(x):
    """x * x."""
    return x * x


def rsqrt(x):
    """1 / sqrt(x)."""
    return 1 / sqrt(x)


def reciprocal(x):
    """1 / x."""
    return 1 / x


def gelu(x, approximate="none"):
    """x * Phi(x), Phi the normal distribution function; or its "tanh" approximation (Hendrycks and Gimpel, 2016)."""
    if approximate == "tanh":
        return 0.5 * x * (1 + tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x)))
    if approximate != "none":
        raise ValueError(f"gelu: approximate must be 'none' or 'tanh', got {approximate!r}")
    return 0.5 * x * (1 + erf(x * math.sqrt(0.5)))


def masked_fill(x, mask, value):
    """x with `value` where the mask is true."""
    return where(mask, value, x)


@_spelled
def var(x, dim=None, correction=1, keepdim=False, unbiased=None):
    """Variance over `dim`: squared deviations from the mean, summed, divided by count - correction.

    `unbiased=False` is PyTorch's older way to write `correction=0`.
    """
    return sum(square(x - mean(x, dim, True)), dim, keepdim) / _freedom(x, dim, correction, unbiased)


@_spelled
def std(x, dim=None, correction=1, keepdim=False, unbiased=None):
    """Standard deviation over `dim`, the square root of `var`; its gradient is 0 where all values are equal."""
    return euclidean(x - mean(x, dim, True), dim, keepdim) / math.sqrt(_freedom(x, dim, correction, unbiased))


def _freedom(x, dim, correction, unbiased):
    return builtins.max(count(x, dim) - (correction if unbiased is None else int(unbiased)), 0)


@_spelled
def norm(x, p=2, dim=None, keepdim=False):
    """(sum |x|**p) ** (1/p) over `dim`; p may be infinite. The gradient at 0 is 0."""
    if p in (2, "fro"):
        return euclidean(x, dim, keepdim)
    if p == math.inf:
        return amax(abs(x), dim, keepdim)
    if p == 1:
        return sum(abs(x), dim, keepdim)
    total = sum(abs(x) ** p, dim, keepdim)
    return where(total == 0, 0.0, where(total == 0, 1.0, total) ** (1 / p))


@_spelled
def prod(x, dim=None, keepdim=False):
    """Product over `dim`, of halves multiplied with halves: right, also in its derivatives, where x has zeros."""
    if raw(x).dtype.kind == "b":
        x = convert(x, np.dtype("int64"))
    if dim is None or x.ndim == 0:
        y = _halves(reshape(x, (-1,)))
        return reshape(y, (1,) * x.ndim if keepdim else ())
    y = transpose(_halves(transpose(x, 0, dim)), 0, dim)
    return y if keepdim else squeeze(y, dim)


def _halves(x):
    """The product over the first dimension, kept as one of size 1."""
    if x.shape[0] == 0:
        return sum(x, 0, True) + 1
    if x.shape[0] == 1:
        return clone(x)
    while (n := x.shape[0]) > 1:
        pairs = x[: n // 2] * x[n // 2 : n // 2 * 2]
        x = cat([pairs, x[-1:]]) if n % 2 else pairs
    return x


@_spelled
def max(x, dim=None, keepdim=False):
    """The largest of all; along `dim`, a pair of values and indices; of two tensors, the larger elementwise."""
    return _extreme(x, dim, keepdim, amax, argmax, maximum)


@_spelled
def min(x, dim=None, keepdim=False):
    """The smallest of all; along `dim`, a pair of values and indices; of two tensors, the smaller elementwise."""
    return _extreme(x, dim, keepdim, amin, argmin, minimum)


def _extreme(x, dim, keepdim, of_all, where_is, of_two):
    if dim is None:
        return of_all(x)
    if isinstance(dim, Variable):
        return of_two(x, dim)
    indices = where_is(x, dim, True)
    if x.ndim == 0:
        return Extreme(clone(x), indices)
    values = gather(x, dim, indices)
    return Extreme(values, indices) if keepdim else Extreme(squeeze(values, dim), squeeze(indices, dim))


def _index_in_range(index, n, dim):
    """Refuse an index that points outside."""
    if index.size and not (0 <= index.min() and index.max() < n):
        raise IndexError(
            f"gather: indices along dimension {dim} must lie in 0..{n - 1}, got {index.min()}..{index.max()}"
        )


@_spelled
def gather(x, dim, index):
    """`x` at `index` along `dim`; along the other dimensions places stay as they are. The result is shaped like index.

    >>> gather(np.array([[1, 2], [3, 4]]), 1, np.array([[1], [0]])).tolist()
    [[2], [3]]
    """
    if x.ndim == 0:  # a single number is a vector of one
        return reshape(gather(reshape(x, (1,)), dim, reshape(index, (1,))), ())
    index, n = raw(index), x.shape[dim]
    if index.ndim != x.ndim or index.dtype.kind not in "iu":
        raise ValueError(f"gather: expected an index of integers with {x.ndim} dimensions, got {describe(index)}")
    if builtins.any(k > m for i, (k, m) in enumerate(zip(index.shape, x.shape, strict=True)) if i != dim % x.ndim):
        raise ValueError(f"gather: the index {describe(index)} is longer than the input of shape {tuple(x.shape)}")
    xp(index).check(_index_in_range, index, n, dim)
    key = [xp(index).arange(k).reshape((-1,) + (1,) * (index.ndim - i - 1)) for i, k in enumerate(index.shape)]
    key[dim] = index
    return getitem(x, tuple(key))


def flatten(x, start_dim=0, end_dim=-1):
    """Dimensions from `start_dim` to `end_dim` made into one."""
    if x.ndim == 0:
        return reshape(x, (1,))
    start, end = dims_of(x, (start_dim, end_dim))
    if start > end:
        raise ValueError(f"flatten: start_dim {start_dim} comes after end_dim {end_dim}")
    return reshape(x, (*x.shape[:start], math.prod(x.shape[start : end + 1]), *x.shape[end + 1 :]))


@_spelled
def unflatten(x, dim, sizes):
    """Dimension `dim` made into several of these sizes, of which one may be -1: what is left."""
    (dim,) = dims_of(x, dim)
    return reshape(x, (*x.shape[:dim], *([sizes] if isinstance(sizes, int) else sizes), *x.shape[dim + 1 :]))


@_spelled
def squeeze(x, dim=None):
    """`x` without the dimensions of size 1: all of them, or `dim` if it is one of them."""
    dims = [i for i in dims_of(x, dim) if x.ndim and x.shape[i] == 1]
    return getitem(x, tuple(0 if i in dims else slice(None) for i in range(x.ndim))) if dims else x


@_spelled
def unsqueeze(x, dim):
    """`x` with a new dimension of size 1 at `dim`."""
    if not -x.ndim - 1 <= dim <= x.ndim:
        raise IndexError(f"unsqueeze: dim must lie in {-x.ndim - 1}..{x.ndim}, got {dim}")
    return getitem(x, (slice(None),) * (dim % (x.ndim + 1)) + (None,))


@_spelled
def cat(tensors, dim=0):
    """Tensors joined along a dimension that they have."""
    if not len(tensors):
        raise ValueError("cat: expected at least one tensor, got an empty list")
    filled = [x for x in tensors if x.ndim != 1 or x.shape[0]]  # PyTorch lets torch.tensor([]) join anything
    return concatenate(*(filled or tensors), dim=dim)


@_spelled
def stack(tensors, dim=0):
    """Tensors of one shape joined along a new dimension."""
    if not len(tensors):
        raise ValueError("stack: expected at least one tensor, got an empty list")
    return concatenate(*(unsqueeze(x, dim) for x in tensors), dim=dim)


@_spelled
def split(x, size, dim=0):
    """Pieces of `size` along `dim`, the last one smaller if it doesn't divide; or pieces of the sizes listed."""
    n = x.shape[dim]
    if isinstance(size, int) and size < 1:
        raise ValueError(f"split: pieces need a size of at least 1, got {size}")
    sizes = [builtins.min(size, n - i) for i in range(0, n or 1, size)] if isinstance(size, int) else list(size)
    if builtins.sum(sizes) != n:
        raise ValueError(f"split: the sizes {sizes} add up to {builtins.sum(sizes)}, dimension {dim} has {n}")
    before = (slice(None),) * (dim % x.ndim)
    stops = list(itertools.accumulate(sizes))
    return tuple(getitem(x, (*before, slice(stop - k, stop))) for k, stop in zip(sizes, stops, strict=True))


@_spelled
def chunk(x, chunks, dim=0):
    """At most `chunks` pieces of equal size along `dim`, the last one smaller if it doesn't divide."""
    if chunks < 1:
        raise ValueError(f"chunk: expected at least 1 piece, got {chunks}")
    if not x.shape[dim]:
        return split(x, [0] * chunks, dim)
    return split(x, builtins.max(1, -(-x.shape[dim] // chunks)), dim)


@_spelled
def pad(x, pad, mode="constant", value=0.0):
    """A frame around x: widths `(before, after)` for the last dimension, then for the one before it, and so on."""
    if mode != "constant":
        raise NotImplementedError(f"pad: mode {mode!r} is not offered, only 'constant'")
    if len(pad) % 2 or len(pad) > 2 * x.ndim:
        raise ValueError(f"pad: expected two widths for each of up to {x.ndim} dimensions, got {tuple(pad)}")
    pairs = [(0, 0)] * (x.ndim - len(pad) // 2) + list(zip(pad[::2], pad[1::2], strict=True))[::-1]
    if builtins.any(width < 0 for pair in pairs for width in pair):  # a negative width cuts off
        ends = [(builtins.max(-a, 0), n - builtins.max(-b, 0)) for (a, b), n in zip(pairs, x.shape, strict=True)]
        x = getitem(x, tuple(slice(*end) for end in ends))
    return zero_pad(x, tuple((builtins.max(a, 0), builtins.max(b, 0)) for a, b in pairs), value)


def outer(a, b):
    """The matrix of all products of two vectors."""
    return a[:, None] * b


def dot(a, b):
    """The sum of the products of two vectors."""
    if a.ndim != 1 or b.ndim != 1:
        raise ValueError(
            f"dot: expected two vectors, got shapes {tuple(a.shape)} and {tuple(b.shape)}; for more write @"
        )
    return matmul(a, b)


def einsum(equation, *operands):
    """Sums of products in Einstein's notation: `einsum("ij,jk->ik", a, b)` is the matrix product.

    >>> einsum("ii", np.eye(3)).item(), einsum("i,j->ij", np.array([1, 2]), np.array([3, 4])).tolist()
    (3.0, [[3, 4], [6, 8]])
    """
    inputs, arrow, output = equation.replace(" ", "").partition("->")
    terms = inputs.split(",")
    if len(terms) != len(operands):
        raise ValueError(f"einsum: {equation!r} names {len(terms)} operands, got {len(operands)}")
    if not arrow:
        letters = inputs.replace(",", "").replace("...", "")
        output = "..." * ("..." in inputs) + "".join(sorted(c for c in letters if letters.count(c) == 1))
    spare = [c for c in string.ascii_letters if c not in equation]
    hidden = [x.ndim - len(term) + 3 if "..." in term else 0 for term, x in zip(terms, operands, strict=True)]
    most = builtins.max(hidden)
    terms = [term.replace("...", "".join(spare[most - k : most])) for term, k in zip(terms, hidden, strict=True)]
    pairs = [_diagonals(term, x) for term, x in zip(terms, operands, strict=True)]
    spelled = ",".join(term for term, _ in pairs) + "->" + output.replace("...", "".join(spare[:most]))
    return contract(*(x for _, x in pairs), equation=spelled)


def _diagonals(term, x):
    """A term without repeated letters: "ii" becomes "i" on the diagonal."""
    for letter in sorted(set(term)):
        while term.count(letter) > 1:
            first, second = [i for i, c in enumerate(term) if c == letter][:2]
            others = [i for i in range(len(term)) if i not in (first, second)]
            places = xp(raw(x)).arange(x.shape[first])
            x = permute(x, (*others, first, second))[..., places, places]
            term = "".join(term[i] for i in others) + letter
    return term, x


def ravel(x):
    """All numbers in one dimension."""
    return reshape(x, (-1,))


@_spelled
def unbind(x, dim=0):
    """The slices along `dim`, without that dimension."""
    before = (slice(None),) * (dim % x.ndim)
    return tuple(getitem(x, (*before, i)) for i in range(x.shape[dim]))


def repeat(x, *sizes):
    """Copies side by side, `sizes[i]` along dimension i; new dimensions come in front."""
    sizes = tuple(sizes[0]) if len(sizes) == 1 and isinstance(sizes[0], tuple | list) else sizes
    shape = (1,) * (len(sizes) - x.ndim) + tuple(x.shape)
    if len(sizes) < x.ndim:
        raise ValueError(f"repeat: {x.ndim} dimensions need as many numbers of copies, got {sizes}")
    if set(sizes) <= {1}:
        return clone(reshape(x, shape))
    pairs = [n for pair in zip(sizes, shape, strict=True) for n in pair]
    spread = expand(reshape(x, tuple(n for k in shape for n in (1, k))), tuple(pairs))
    return reshape(spread, tuple(k * n for k, n in zip(sizes, shape, strict=True)))


def tril(x, diagonal=0):
    """The lower triangle of the last two dimensions, zeros above the `diagonal`."""
    return where(_below(x, diagonal), x, 0)


def triu(x, diagonal=0):
    """The upper triangle of the last two dimensions, zeros below the `diagonal`."""
    return where(_below(x, diagonal - 1), 0, x)


def _below(x, diagonal):
    rows, columns = x.shape[-2:]
    lib = xp(raw(x))
    return lib.arange(columns)[None, :] <= lib.arange(rows)[:, None] + diagonal


@_spelled
def argsort(x, dim=-1, descending=False):
    """The places of the numbers in order along `dim`; equal ones stay in order."""
    values, lib = raw(x), xp(raw(x))
    values = values.reshape(1) if x.ndim == 0 else values
    if descending:  # turned around twice, so that equal numbers keep their order
        order = lib.flip(lib.argsort(lib.flip(values, dim), dim, kind="stable"), dim)
        order = values.shape[dim] - 1 - order
    else:
        order = lib.argsort(values, dim, kind="stable")
    return _same_face(x, order.reshape(x.shape))


@_spelled
def sort(x, dim=-1, descending=False):
    """The numbers in order along `dim`, as a pair of values and indices."""
    indices = argsort(x, dim, descending)
    return Extreme(gather(x, dim, indices), indices)


@_spelled
def topk(x, k, dim=-1, largest=True):
    """The `k` largest (or smallest) along `dim`, best first, as a pair of values and indices."""
    values, indices = sort(x, dim, largest)
    best = (slice(None),) * (dim % x.ndim) + (slice(k),)
    return Extreme(getitem(values, best), getitem(indices, best))


def nonzero(x):
    """The places of the numbers that aren't 0, a row each."""
    return _same_face(x, xp(raw(x)).stack(raw(x).nonzero(), axis=-1))


def _same_face(x, array):
    return x.face.wrap(array) if isinstance(x, Variable) else array


def allclose(a, b, rtol=1e-5, atol=1e-8, equal_nan=False):
    """Whether all numbers of two tensors agree: |a - b| <= atol + rtol * |b|."""
    a, b = raw(a), raw(b)
    return bool(xp(a).allclose(a, b, rtol=rtol, atol=atol, equal_nan=equal_nan))


def equal(a, b):
    """Whether two tensors have the same shape and the same numbers."""
    a, b = raw(a), raw(b)
    return a.shape == b.shape and bool((a == b).all())


# What is both a function, `mg.var(x)`, and a method, `x.var()`. Rows of the table are both too.
methods: tuple = (square, rsqrt, reciprocal, gelu, masked_fill, var, std, norm, prod, max, min, gather, flatten, ravel)
methods += (squeeze, unsqueeze, split, chunk, unbind, repeat, outer, dot, tril, triu, argsort, sort, topk, nonzero)
methods += (allclose, equal, unflatten)
