"""Losses beside PyTorch's, over options and shapes, and what they say about arguments that can't be meant."""

import itertools
import warnings

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn

RANDOM = np.random.default_rng(0)
LOGITS, IMAGES = RANDOM.standard_normal((6, 4)), RANDOM.standard_normal((2, 4, 3, 2))
CLASSES, PIXELS = RANDOM.integers(0, 4, 6), RANDOM.integers(0, 4, (2, 3, 2))
SHARES = RANDOM.dirichlet(np.ones(4), 6)
WEIGHT = np.array([0.5, 2.0, 1.0, 0.1])
REDUCTIONS = ("mean", "sum", "none")


def same(torch, name, x, target, **options):
    """Assert that the loss and its gradient are PyTorch's."""
    a, b = torch.tensor(x, requires_grad=True), mg.tensor(x, requires_grad=True)
    given = {key: value for key, value in options.items() if not isinstance(value, np.ndarray)}
    arrays = {key: value for key, value in options.items() if isinstance(value, np.ndarray)}
    theirs = getattr(torch.nn, name)(**given, **{k: torch.tensor(v) for k, v in arrays.items()})
    ours = getattr(nn, name)(**given, **{k: mg.tensor(v) for k, v in arrays.items()})
    la, lb = theirs(a, torch.tensor(target)), ours(b, mg.tensor(target))
    np.testing.assert_allclose(lb.detach().numpy(), la.detach().numpy(), rtol=1e-10, atol=1e-14)
    la.sum().backward(), lb.sum().backward()
    np.testing.assert_allclose(b.grad.numpy(), a.grad.numpy(), rtol=1e-8, atol=1e-13)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("name", ["MSELoss", "L1Loss", "HuberLoss", "SmoothL1Loss"])
def test_regression(torch, name, reduction):
    """Of equal shapes."""
    same(torch, name, LOGITS, SHARES, reduction=reduction)


def test_options_of_their_own(torch):
    """Of losses that have more than a reduction."""
    same(torch, "HuberLoss", LOGITS, SHARES, delta=0.3)
    same(torch, "SmoothL1Loss", LOGITS, SHARES, beta=0.3)


options = list(itertools.product(REDUCTIONS, [None, WEIGHT], [0.0, 0.2], [-100, 2]))


@pytest.mark.parametrize(("reduction", "weight", "smoothing", "ignored"), options)
def test_cross_entropy(torch, reduction, weight, smoothing, ignored):
    """Class numbers of a batch, of one sample, of every pixel; probabilities; weights, smoothing, a class ignored."""
    some = {"reduction": reduction, "label_smoothing": smoothing} | ({} if weight is None else {"weight": weight})
    same(torch, "CrossEntropyLoss", LOGITS, SHARES, **some)
    some["ignore_index"] = ignored
    same(torch, "CrossEntropyLoss", LOGITS, CLASSES, **some)
    same(torch, "CrossEntropyLoss", IMAGES, PIXELS, **some)
    same(torch, "CrossEntropyLoss", LOGITS[0], np.array(1), **some)


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_log_likelihood(torch, reduction):
    """From log-probabilities."""
    logs = np.log(SHARES)
    same(torch, "NLLLoss", logs, CLASSES, reduction=reduction)
    same(torch, "NLLLoss", logs, CLASSES, reduction=reduction, weight=WEIGHT, ignore_index=3)


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_binary(torch, reduction):
    """From probabilities, certain and wrong ones too, and from logits, huge ones too."""
    targets = RANDOM.integers(0, 2, (6, 4)).astype(float)
    certain = SHARES.copy()
    certain[0, :2] = 0.0, 1.0
    same(torch, "BCELoss", certain, targets, reduction=reduction)
    same(torch, "BCELoss", SHARES, SHARES[::-1].copy(), reduction=reduction, weight=WEIGHT)
    huge = LOGITS.copy()
    huge[0] = 1000, -1000, 500, 0
    same(torch, "BCEWithLogitsLoss", huge, targets, reduction=reduction)
    same(torch, "BCEWithLogitsLoss", huge, targets, reduction=reduction, weight=WEIGHT, pos_weight=WEIGHT * 3)


def test_huge_logits_give_finite_losses_and_gradients():
    """Where exp would overflow."""
    x = mg.tensor([[1000.0, 0.0], [0.0, -1000.0]], requires_grad=True)
    loss = nn.CrossEntropyLoss()(x, mg.tensor([1, 1]))
    loss.backward()
    assert loss.item() == 1000.0
    assert mg.allclose(x.grad, mg.tensor([[0.5, -0.5], [0.5, -0.5]]))


def test_rows_that_do_not_count_may_hold_nan(torch):
    """As the padding of a batch of sequences does; and a batch of nothing else changes no weight."""
    x = np.array([[np.nan, 0.0], [1.0, 2.0]])
    logits = mg.tensor(x, requires_grad=True)
    loss = nn.CrossEntropyLoss()(logits, mg.tensor([-100, 1]))
    assert loss.item() == torch.nn.CrossEntropyLoss()(torch.tensor(x), torch.tensor([-100, 1])).item()
    loss.backward()
    assert logits.grad[0].tolist() == [0, 0]  # PyTorch's is nan here
    logits.grad = None
    loss = nn.CrossEntropyLoss()(logits, mg.tensor([-100, -100]))
    loss.backward()
    assert np.isnan(loss.item())
    assert logits.grad.tolist() == [[0, 0], [0, 0]]


one, two = mg.ones(6, 1), mg.ones(6)
MISTAKES = [
    (lambda: nn.CrossEntropyLoss()(mg.zeros(2, 3), mg.tensor([0, 3])), IndexError, r"0\.\.2"),
    (lambda: nn.CrossEntropyLoss()(mg.zeros(2, 3), mg.tensor([0, -1])), IndexError, r"-1"),
    (lambda: nn.CrossEntropyLoss()(mg.zeros(2, 3), mg.tensor([0.0, 1.0])), ValueError, "probabilities"),
    (lambda: nn.CrossEntropyLoss()(mg.zeros(2, 3), mg.tensor([True, False])), TypeError, "long"),
    (lambda: nn.CrossEntropyLoss()(mg.zeros(2, 3), mg.tensor([0, 1, 2])), ValueError, r"must have shape \(2,\)"),
    (lambda: nn.CrossEntropyLoss()(mg.zeros(2, 3), mg.tensor([[0], [1]])), ValueError, r"must have shape \(2,\)"),
    (lambda: nn.MSELoss("mena"), ValueError, "did you mean 'mean'"),
    (lambda: nn.MSELoss()(two, 2.0), TypeError, "expected a tensor, got 2.0"),
    (lambda: nn.CrossEntropyLoss()(mg.zeros(2, 3), [0, 1]), TypeError, "expected a tensor, got a list"),
    (lambda: nn.CrossEntropyLoss(mg.ones(2))(mg.zeros(2, 3), mg.tensor([0, 1])), ValueError, "3 classes, got shape"),
    (lambda: nn.CrossEntropyLoss(label_smoothing=1.5)(mg.zeros(2, 3), mg.tensor([0, 1])), ValueError, "from 0 to 1"),
    (lambda: nn.BCELoss()(mg.tensor([float("nan")]), mg.tensor([1.0])), ValueError, "diverged"),
    (lambda: nn.BCELoss()(mg.tensor([1.5]), mg.tensor([1.0])), ValueError, "with_logits"),
    (lambda: nn.BCELoss()(mg.tensor([0.5]), mg.tensor([3.0])), ValueError, "exchanged"),
    (lambda: nn.BCEWithLogitsLoss()(two, one), ValueError, "shape"),
    (lambda: nn.BCEWithLogitsLoss()(two, mg.tensor([0, 1, 0, 1, 0, 1])), TypeError, r"int64; write target.float\(\)"),
    (lambda: nn.MSELoss()(two, np.ones(6)), TypeError, "expected a tensor, got a ndarray"),
    (lambda: nn.HuberLoss(delta=0)(two, two), ValueError, "above 0, got 0"),
    (lambda: nn.MSELoss(size=1), TypeError, r"MSELoss\(reduction='mean'\): .* 'size'"),
    (lambda: nn.CrossEntropyLoss([1.0, 2.0]), TypeError, "'weight' must be a tensor or None, got a list"),
]


@pytest.mark.parametrize(("mistake", "error", "words"), MISTAKES, ids=[words for _, _, words in MISTAKES])
def test_mistakes_are_named(mistake, error, words):
    """Before anything is computed."""
    with pytest.raises(error, match=words):
        mistake()


@pytest.mark.parametrize("loss", [nn.MSELoss(), nn.L1Loss()])
def test_shapes_that_broadcast_are_warned_of(loss):
    """(N, 1) against (N,) is N x N differences; equal shapes pass in silence."""
    with pytest.warns(UserWarning, match=r"\(6, 1\).*\(6,\)"):
        loss(one, two)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loss(two, two)


def test_softmax_before_logits_loss_is_warned_of():
    """The commonest slip of all."""
    with pytest.warns(UserWarning, match="Leave the softmax out"):
        nn.CrossEntropyLoss()(mg.randn(2, 3, requires_grad=True).softmax(1), mg.tensor([0, 1]))
