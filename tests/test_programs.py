"""A thousand random programs, run by minigrad and by PyTorch: values, gradients and dtypes agree.

A program is a list of steps; each takes earlier results of any broadcastable shapes, so that subexpressions are shared,
and several of its results are differentiated together. `STEPS` is written in expressions both libraries run.
"""

# ruff: noqa: E501 (a program is a line)

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg

STEPS = """
a + b;a - b;a * b;a / (b * b + 1);-a;a ** 2;a ** 3;(a * a + 1) ** b.tanh();1 - a;2 * a;3 / (a * a + 1);2 ** a.tanh();a % 1.5;abs(a)
T.exp(a.tanh());T.log(a * a + 1);T.log1p(a * a);T.expm1(a.tanh());T.sqrt(a * a + 1);T.rsqrt(a * a + 1);T.square(a);T.reciprocal(a * a + 1)
T.sin(a);T.cos(a);T.tan(a.tanh());T.tanh(a);T.sigmoid(a);T.erf(a);T.relu(a);F.leaky_relu(a, 0.1);F.gelu(a);F.softplus(a)
T.maximum(a, b);T.minimum(a, b);T.where(a > b, a, b);T.where(a > 0, a, 0.5);a.clamp(-0.5, 0.8);a.clamp(min=0);a.masked_fill(b > a, 2.0)
a.sum();a.sum(0);a.sum(-1, keepdim=True);a.mean();a.mean(-1);a.amax(-1);a.amin();a.max(-1).values;a.min(0)[0];a.prod(-1);a.prod()
a.var(-1, unbiased=False);(a + 1.5 * a.shape[-1]).norm(dim=-1);a.logsumexp(-1);a.softmax(-1);a.log_softmax(0);a.cumsum(0)
a @ a.transpose(-1, -2);(a @ a.mT).softmax(-1) @ a;T.einsum('...i,...i->...', a, a);T.einsum('...ij,...kj->...ik', a, a);T.outer(a.reshape(-1), b.reshape(-1))
a.reshape(-1);a.view(1, *a.shape);a.T;a.flatten();a.unsqueeze(-1);a.squeeze();a.transpose(0, -1);a.expand(2, *a.shape);a.flip(0)
T.cat([a, a * 2], -1);T.stack([a, a]);a.split(1, -1)[0];a.chunk(2, 0)[-1];F.pad(a, (1, 0));a[0];a[..., -1];a[:, None];a[::2];a[[0, -1]];a[a > 0].sum()
a.gather(-1, a.argmax(-1, keepdim=True));a.repeat(2, 1);a.tril();a.sort(-1).values;a.detach() * a;a.clone();a.std(0, unbiased=False);a.to(T.float64)
(a > 0) * b;a * 1;a + i;a * i[0];a.floor() * a;a.sign() + a;a / 3
"""  # fmt: skip
STEPS = [text for line in STEPS.strip().splitlines() for text in line.split(";")]
SHAPES = [(), (3,), (1, 3), (4, 1), (4, 3), (2, 4, 3)]

programs = st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=10)
leaves = st.lists(
    st.tuples(st.sampled_from(SHAPES), st.sampled_from(["float32", "float64"]), st.sampled_from([True, True, False])),
    min_size=1,
    max_size=3,
)
REFUSALS = (RuntimeError, ValueError, IndexError, TypeError)


class Machine:
    """One library: its leaves, and what was computed from them so far."""

    def __init__(self, T, shapes):
        self.T = T
        self.leaves = [
            T.tensor(np.random.default_rng(n).uniform(-2, 2, shape), dtype=getattr(T, dtype), requires_grad=needs_grad)
            for n, (shape, dtype, needs_grad) in enumerate(shapes)
        ]
        self.results = list(self.leaves)

    def attempt(self, text, *operands):
        """The result of a step, None if it is refused."""
        a, b = (self.results[k % len(self.results)] for k in operands)
        try:
            return eval(text, {"T": self.T, "F": self.T.nn.functional, "i": self.T.tensor([2, 3, 1]), "a": a, "b": b})
        except REFUSALS:
            return None


def compare(torch, shapes, program, ends):
    """Run a program in both libraries; say how it ended, and count the steps that only one of them refused."""
    our, their = Machine(mg, shapes), Machine(torch, shapes)
    for step in program:
        x, y = our.attempt(*step), their.attempt(*step)
        if (x is None) != (y is None):
            ends[f"{'minigrad' if x is None else 'PyTorch'} alone refused {step[0]}"] += 1
        if x is not None and y is not None and 0 < math.prod(y.shape) <= 500:
            our.results.append(x)
            their.results.append(y)
    ends["steps"] += len(our.results) - len(shapes)
    ours, theirs, our_leaves, their_leaves = our.results, their.results, our.leaves, their.leaves
    single = any(y.dtype == mg.float32 for y in ours)
    close = {"rtol": 5e-3, "atol": 5e-3} if single else {"rtol": 1e-7, "atol": 1e-9}
    total, their_total = 0, 0
    for x, y in zip(ours, theirs, strict=True):
        assert (x.shape, x.requires_grad) == (tuple(y.shape), y.requires_grad)
        assert str(x.dtype) == str(y.dtype).removeprefix("torch.")
        a, b = x.detach().numpy(), y.detach().numpy()
        if not (np.abs(b) < 1e3).all():  # too large for float32 to say anything
            return "too large"
        np.testing.assert_allclose(a, b, **close)
        if y.requires_grad:
            weights = np.cos(np.arange(b.size)).reshape(b.shape)
            total = total + (x * mg.tensor(weights, dtype=x.dtype)).sum()
            their_total = their_total + (y * torch.tensor(weights, dtype=y.dtype)).sum()
    if isinstance(total, int):
        return "no gradient"
    total.backward()
    their_total.backward()
    for x, y in zip(our_leaves, their_leaves, strict=True):
        assert (x.grad is None) == (y.grad is None)
        if x.grad is not None:
            assert (x.grad.shape, str(x.grad.dtype)) == (tuple(y.grad.shape), str(y.grad.dtype).removeprefix("torch."))
            size = max(1.0, y.grad.abs().max().item())
            np.testing.assert_allclose(x.grad.numpy() / size, y.grad.numpy() / size, **close)
    return "agreed"


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_thousand_random_programs_agree_with_pytorch(torch):
    ends = Counter()

    @settings(max_examples=1500)
    @given(leaves, programs)
    def run(shapes, program):
        ends[compare(torch, shapes, program, ends)] += 1

    run()
    assert ends["agreed"] >= 1000, ends
    assert ends["steps"] > 5000, ends
    assert not [end for end in ends if "minigrad alone refused" in end]
