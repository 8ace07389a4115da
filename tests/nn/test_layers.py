"""Every layer beside PyTorch's: from the same weights, on the same batch, the same output, the same gradients.

One table of cases, and a test that every module class has one, so that a new layer can't be forgotten.
"""

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn

# module, its arguments, its options, the shape of the input
CASES = [
    ("Linear", (4, 3), {}, (5, 4)),
    ("Linear", (4, 3), {"bias": False}, (2, 5, 4)),
    ("Linear", (4, 3), {}, (4,)),
    ("Conv2d", (2, 3, 3), {}, (2, 2, 6, 5)),
    ("Conv2d", (2, 3, (2, 3)), {"stride": 2, "padding": 1, "bias": False}, (2, 2, 7, 7)),
    ("Conv2d", (1, 2, 3), {"padding": "same"}, (2, 1, 5, 5)),
    ("Conv2d", (1, 2, (2, 4)), {"padding": "same"}, (2, 1, 5, 5)),
    ("Conv2d", (1, 2, 3), {"stride": (2, 1)}, (1, 6, 6)),
    ("Conv2d", (1, 2, 3, 2, 1, 1, 1, False), {}, (2, 1, 6, 6)),
    ("Conv2d", (), {"in_channels": 1, "out_channels": 2, "kernel_size": 3, "padding_mode": "zeros"}, (2, 1, 6, 6)),
    ("Conv2d", (1, 2, 3), {}, (0, 1, 6, 6)),
    ("MaxPool2d", (2,), {}, (2, 3, 6, 5)),
    ("MaxPool2d", (3,), {"stride": 2, "padding": 1}, (2, 3, 7, 7)),
    ("AvgPool2d", (2,), {}, (2, 3, 6, 6)),
    ("AvgPool2d", ((2, 3),), {"stride": 1, "padding": 1}, (2, 3, 6, 6)),
    ("Conv1d", (2, 3, 3), {}, (2, 2, 7)),
    ("Conv1d", (2, 3, (2,)), {"stride": 2, "padding": 1, "bias": False}, (2, 6)),
    ("Conv1d", (1, 2, 4), {"padding": "same"}, (2, 1, 5)),
    ("MaxPool1d", (2,), {}, (2, 3, 7)),
    ("MaxPool1d", ((3,),), {"stride": 2, "padding": 1}, (3, 7)),
    ("AdaptiveAvgPool2d", (1,), {}, (2, 3, 4, 5)),
    ("AdaptiveAvgPool2d", ((2, None),), {}, (3, 4, 5)),
    ("Unflatten", (1, (2, 3)), {}, (4, 6)),
    ("Unflatten", (-1, (2, -1)), {}, (4, 6)),
    ("Flatten", (), {}, (2, 3, 4)),
    ("Flatten", (0, 1), {}, (2, 3, 4)),
    ("Identity", (), {}, (2, 3)),
    ("Dropout", (0.0,), {}, (2, 3)),
    ("BatchNorm1d", (3,), {}, (5, 3)),
    ("BatchNorm1d", (3,), {"momentum": 0.3, "eps": 1e-3}, (5, 3, 4)),
    ("BatchNorm1d", (3,), {"affine": False}, (5, 3)),
    ("BatchNorm1d", (3,), {"momentum": None}, (5, 3)),
    ("BatchNorm2d", (3,), {}, (4, 3, 2, 2)),
    ("LayerNorm", (4,), {}, (5, 4)),
    ("LayerNorm", ((3, 4),), {"elementwise_affine": False}, (5, 3, 4)),
    ("LayerNorm", (4,), {"bias": False}, (5, 4)),
    ("RNN", (3, 4), {}, (5, 2, 3)),
    ("RNN", (3, 4), {"nonlinearity": "relu", "bias": False}, (5, 1, 3)),
    ("RNN", (3, 4, 2, "relu", False, True), {}, (2, 5, 3)),
    ("RNN", (3, 4, 2), {"batch_first": True, "bidirectional": True}, (2, 5, 3)),
    ("LSTM", (3, 4), {}, (5, 2, 3)),
    ("LSTM", (3, 4), {"num_layers": 2, "bidirectional": True}, (5, 2, 3)),
    ("LSTM", (3, 4), {"batch_first": True}, (2, 5, 3)),
    ("GRU", (3, 4), {}, (5, 2, 3)),
    ("GRU", (3, 4), {"num_layers": 2, "bidirectional": True, "bias": False, "batch_first": True}, (2, 5, 3)),
    ("ReLU", (), {}, (3, 4)),
    ("SiLU", (), {}, (3, 4)),
    ("ELU", (), {}, (3, 4)),
    ("ELU", (0.5,), {"inplace": True}, (3, 4)),
    ("LogSigmoid", (), {}, (3, 4)),
    ("ReLU", (True,), {}, (3, 4)),
    ("LeakyReLU", (0.2, True), {}, (3, 4)),
    ("LeakyReLU", (0.2,), {}, (3, 4)),
    ("LeakyReLU", (), {"negative_slope": 0.3}, (3, 4)),
    ("GELU", (), {}, (3, 4)),
    ("GELU", (), {"approximate": "tanh"}, (3, 4)),
    ("Tanh", (), {}, (3, 4)),
    ("Sigmoid", (), {}, (3, 4)),
    ("Softplus", (), {}, (3, 4)),
    ("Softmax", (), {"dim": 1}, (3, 4)),
    ("LogSoftmax", (1,), {}, (3, 4)),
]
ELSEWHERE = {"Embedding", "Module", "ModuleDict", "ModuleList", "Parameter", "Sequential"}


def test_every_layer_has_a_case():
    """Or a test of its own further down."""
    layers = {name for name, kind in vars(nn).items() if isinstance(kind, type) and not name.endswith("Loss")}
    assert {case[0] for case in CASES} | ELSEWHERE == layers


def flat(result):
    """The tensors in a layer's result, which may be a tuple of tuples."""
    return [t for part in result for t in flat(part)] if isinstance(result, tuple) else [result]


def pair(torch, name, arguments, options, dtype="float64"):
    """The same layer twice, with the same numbers in its parameters and buffers."""
    theirs = getattr(torch.nn, name)(*arguments, **options).to(getattr(torch, dtype))
    ours = getattr(nn, name)(*arguments, **options).to(getattr(mg, dtype))
    state = theirs.state_dict()
    assert list(ours.state_dict()) == list(state)
    random = np.random.default_rng(0)
    for key, tensor in state.items():
        if tensor.is_floating_point() and "var" not in key:
            tensor.copy_(torch.from_numpy(random.standard_normal(tuple(tensor.shape))))
    ours.load_state_dict({key: mg.tensor(tensor.numpy()) for key, tensor in state.items()})
    return theirs, ours


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel:UserWarning")  # PyTorch's own
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(("name", "arguments", "options", "shape"), CASES)
def test_same_as_pytorch(torch, name, arguments, options, shape, training):
    """Output, gradients of input and parameters, buffers after two steps, and what it prints."""
    theirs, ours = pair(torch, name, arguments, options)
    theirs.train(training), ours.train(training)
    assert repr(ours) == repr(theirs)
    for seed in range(2):
        x = np.random.default_rng(seed).standard_normal(shape)
        a, b = torch.tensor(x, requires_grad=True), mg.tensor(x, requires_grad=True)
        for weigh, (ya, yb) in enumerate(zip(flat(theirs(a * 1)), flat(ours(b * 1)), strict=True)):
            np.testing.assert_allclose(yb.detach().numpy(), ya.detach().numpy(), rtol=1e-9, atol=1e-12)
            g = np.random.default_rng(weigh).standard_normal(tuple(ya.shape))
            ya.backward(torch.tensor(g), retain_graph=True)
            yb.backward(mg.tensor(g), retain_graph=True)
        np.testing.assert_allclose(b.grad.numpy(), a.grad.numpy(), rtol=1e-7, atol=1e-10)
    for (key, p), q in zip(theirs.named_parameters(), ours.parameters(), strict=True):
        np.testing.assert_allclose(q.grad.numpy(), p.grad.numpy(), rtol=1e-7, atol=1e-9, err_msg=key)
    for key, buffer in theirs.state_dict().items():
        np.testing.assert_allclose(ours.state_dict()[key].numpy(), buffer.numpy(), rtol=1e-9, err_msg=key)


@pytest.mark.parametrize(("name", "arguments", "options", "shape"), CASES)
def test_float32_stays_float32(name, arguments, options, shape):
    """Output, gradient of the input, gradients of the parameters."""
    x = mg.randn(*shape, requires_grad=True)
    layer = getattr(nn, name)(*arguments, **options)
    results = flat(layer(x))
    sum(y.sum() for y in results).backward()
    assert {t.dtype for t in [*results, x.grad, *(p.grad for p in layer.parameters())]} == {mg.float32}


def test_states_of_recurrent_layers_are_taken_and_returned(torch):
    """The last state of one call is the first of the next."""
    for name, states in (("RNN", 1), ("GRU", 1), ("LSTM", 2)):
        theirs, ours = pair(torch, name, (3, 4), {})
        x = np.random.default_rng(0).standard_normal((5, 2, 3))
        first = [np.random.default_rng(i).standard_normal((1, 2, 4)) for i in range(states)]
        a, b = [torch.tensor(s) for s in first], [mg.tensor(s) for s in first]
        for _ in range(2):
            ya, a = theirs(torch.tensor(x), tuple(a) if states > 1 else a[0])
            yb, b = ours(mg.tensor(x), tuple(b) if states > 1 else b[0])
            np.testing.assert_allclose(yb.detach().numpy(), ya.detach().numpy(), rtol=1e-9)
            a, b = (a, b) if states > 1 else ([a], [b])


def test_embedding(torch):
    """Rows that occur twice collect both gradients; the padding row collects none."""
    theirs, ours = pair(torch, "Embedding", (6, 3), {"padding_idx": -5})
    assert repr(ours) == repr(theirs)
    index = np.array([[0, 2, 2], [1, 5, 0]])
    ya, yb = theirs(torch.tensor(index)), ours(mg.tensor(index))
    ya.pow(3).sum().backward(), yb.pow(3).sum().backward()
    np.testing.assert_allclose(yb.detach().numpy(), ya.detach().numpy())
    np.testing.assert_allclose(ours.weight.grad.numpy(), theirs.weight.grad.numpy())
    with pytest.raises(IndexError, match=r"0\.\.5"):
        ours(mg.tensor([6]))
    with pytest.raises(TypeError, match="integers"):
        ours(mg.tensor([1.0]))


def test_dropout_keeps_the_mean_in_training_and_everything_at_evaluation():
    """Inverted dropout: the kept ones are divided by 1 - p, and so is their gradient."""
    layer, x = nn.Dropout(0.25), mg.ones(200, 200, requires_grad=True)
    y = layer(x)
    assert set(np.unique(y.detach().numpy())) == {np.float32(0), np.float32(1 / 0.75)}
    assert abs(y.mean().item() - 1) < 0.02
    y.sum().backward()
    assert mg.equal(x.grad, y.detach())
    assert layer.eval()(x) is x
    assert nn.Dropout(1.0)(x).sum().item() == 0


# what is done, the error's type, what its words must hold
MISTAKES = [
    (lambda: nn.Linear(4, 3)(mg.zeros(5, 7)), ValueError, r"last dimension of 4, got shape \(5, 7\)"),
    (lambda: nn.Linear(784, 10)(mg.zeros(5, 28, 28)), ValueError, "Flatten"),
    (lambda: nn.Conv2d(3, 2, 3)(mg.zeros(2, 1, 8, 8)), ValueError, r"\(N, 3, height, width\)"),
    (lambda: nn.Conv2d(1, 2, 9)(mg.zeros(2, 1, 8, 8)), ValueError, "larger than"),
    (lambda: nn.Conv2d(1, 2, 3, stride=2, padding="same")(mg.zeros(2, 1, 8, 8)), ValueError, "stride 1"),
    (lambda: nn.BatchNorm1d(3)(mg.zeros(2, 4)), ValueError, "expected 3 channels"),
    (lambda: nn.BatchNorm1d(3)(mg.zeros(1, 3)), ValueError, "no variance"),
    (lambda: nn.BatchNorm2d(3)(mg.zeros(2, 3)), ValueError, "4 dimensions"),
    (lambda: nn.LayerNorm(4)(mg.zeros(2, 3)), ValueError, "last dimensions"),
    (lambda: nn.Dropout(1.5), ValueError, "probability"),
    (lambda: nn.RNN(3, 4)(mg.zeros(5, 2, 2)), ValueError, r"shape \(length, N, 3\), got \(5, 2, 2\)"),
    (lambda: nn.RNN(3, 4)(mg.zeros(5, 3)), ValueError, r"a batch of one by x.unsqueeze\(1\)"),
    (lambda: nn.LSTM(3, 4, batch_first=True)(mg.zeros(5, 3)), ValueError, r"\(N, length, 3\).*unsqueeze\(0\)"),
    (lambda: nn.RNN(3, 4, nonlinearity="sin"), ValueError, "tanh"),
    (lambda: nn.LeakyReLU(alpha=0.1), TypeError, "negative_slope"),
    (lambda: nn.Softmax()(mg.zeros(2, 3)), TypeError, "dim"),
    (lambda: nn.Conv2d(1, 2, 3, padding="SAME"), ValueError, "'same' or 'valid'"),
    (lambda: nn.Conv2d(1, 2, 3, padding=-1)(mg.zeros(1, 1, 6, 6)), ValueError, "at least 0"),
    (lambda: nn.MaxPool2d(2, 0)(mg.zeros(1, 1, 6, 6)), ValueError, "at least 1"),
    (lambda: nn.RNN(3, 4)(mg.zeros(5, 2, 3), mg.zeros(1, 1, 4)), ValueError, r"shape \(1, 2, 4\)"),
    (lambda: nn.LSTM(3, 4)(mg.zeros(5, 2, 3), mg.zeros(1, 2, 4)), ValueError, r"2 tensor\(s\)"),
    (lambda: nn.GELU("foo")(mg.zeros(2)), ValueError, "approximate"),
    (lambda: nn.Convv2d, AttributeError, "minigrad.nn does not cover 'Convv2d'; did you mean 'Conv2d'"),
    (lambda: nn.Conv2d(1, 2, 3, dilation=2), NotImplementedError, "dilation=2 is not covered, only 1"),
    (lambda: nn.MaxPool2d(2, ceil_mode=True)(mg.ones(1, 1, 4, 4)), NotImplementedError, "ceil_mode=True"),
    (lambda: nn.AvgPool2d(2, ceil_mode=True), TypeError, r"AvgPool2d\(kernel_size, stride=.* 'ceil_mode'"),
    (lambda: nn.BatchNorm1d(3, track_running_stats=False), NotImplementedError, "track_running_stats=False"),
    (lambda: nn.MaxPool2d(2, padding=2)(mg.zeros(1, 1, 4, 4)), ValueError, "more than half"),
    (lambda: nn.Embedding(5, 2, padding_idx=7), ValueError, "one of the 5 rows"),
    (lambda: nn.Embedding(5, 2)(mg.tensor([5])), IndexError, "row numbers must lie in 0..4"),
    (lambda: nn.Linear(2.0, 3), ValueError, "Linear: in_features must be a whole number, at least 0, got 2.0"),
    (lambda: nn.Linear([1], 3), ValueError, r"in_features .* got \[1\]"),
    (lambda: nn.Linear(3, -1), ValueError, "out_features .* got -1"),
    (lambda: nn.Conv2d(1, "a", 3), ValueError, "Conv2d: out_channels .* got 'a'"),
    (lambda: nn.Conv1d(1, 2, 0), ValueError, "Conv1d: kernel_size .* at least 1, got 0"),
    (lambda: nn.Conv2d(1, 2, (3, 3, 3)), ValueError, r"one size, or 2 of them, got \(3, 3, 3\)"),
    (lambda: nn.BatchNorm1d(2.0), ValueError, "BatchNorm1d: num_features"),
    (lambda: nn.LayerNorm((2, 3.0)), ValueError, "LayerNorm: normalized_shape .* got 3.0"),
    (lambda: nn.Embedding(5, 2.0), ValueError, "Embedding: embedding_dim .* got 2.0"),
    (lambda: nn.LSTM(3, 0), ValueError, "LSTM: hidden_size .* at least 1, got 0"),
    (lambda: nn.GRU(3, 2, num_layers=0), ValueError, "GRU: num_layers .* got 0"),
    (lambda: nn.RNN(3, 2, 2, dropout=1.5), ValueError, "RNN: dropout is a probability"),
    (lambda: nn.Conv1d(3, 2, 2)(mg.ones(2, 8, 3)), ValueError, r"conv1d: .* \(N, 3, length\)"),
    (lambda: nn.MaxPool1d(2)(mg.ones(8)), ValueError, r"max_pool1d: .* \(C, length\), got \(8,\)"),
    (lambda: nn.MaxPool1d(2, dilation=2)(mg.ones(1, 1, 4)), NotImplementedError, "max_pool2d: dilation=2"),
    (lambda: nn.functional.conv2d(mg.ones(1, 1, 4, 4), mg.ones(1, 1, 2, 2), padding="SAME"), ValueError, "'same'"),
    (lambda: nn.AdaptiveAvgPool2d(3)(mg.ones(1, 1, 3, 4)), NotImplementedError, "divide"),
    (lambda: nn.Unflatten(1, (2, 2))(mg.ones(2, 5)), ValueError, "size 10 into shape"),
    (lambda: nn.functional.softmax(mg.ones(2, 3)), TypeError, "softmax: give dim, over which .* dim=1"),
    (lambda: nn.functional.conv3d, AttributeError, "nn.functional does not cover 'conv3d'; did you mean 'conv2d'"),
    (lambda: nn.init.xavier_uniform, AttributeError, "did you mean 'xavier_uniform_'"),
    (lambda: nn.utils.parametrize, AttributeError, "nn.utils does not cover"),
    (lambda: mg.einsun, AttributeError, "minigrad does not cover 'einsun'; did you mean 'einsum'"),
]


@pytest.mark.parametrize(("mistake", "error", "words"), MISTAKES, ids=[words for _, _, words in MISTAKES])
def test_mistakes_are_named(mistake, error, words):
    """What was given, what was expected."""
    with pytest.raises(error, match=words):
        mistake()


NUMBERS = [nn.Linear(4, 3), nn.Conv1d(3, 2, 1), nn.LayerNorm(4), nn.BatchNorm1d(3), nn.LSTM(4, 2), nn.Flatten()]
NUMBERS += [nn.ReLU(), nn.Softmax(1), nn.Dropout(0.5), nn.Dropout(0.0), nn.MaxPool1d(2), nn.Sequential(nn.Linear(4, 3))]


@pytest.mark.parametrize("layer", NUMBERS, ids=str)
def test_arrays_and_other_dtypes_are_refused(torch, layer):
    """As by PyTorch, which does not convert in silence either; the words say how to. After that it works."""
    x = np.ones((1, 3, 4))
    with pytest.raises(TypeError, match=r"got a ndarray; write tensor\(x\).float\(\)"):
        layer(x)
    with pytest.raises(TypeError, match=r"got a list; write tensor\(x\)"):
        layer(x.tolist())
    if list(layer.parameters()):
        for dtype in ("float64", "int64"):
            with pytest.raises(TypeError, match=rf"the input holds {dtype}, the parameters float32; write x.float\(\)"):
                layer(mg.tensor(x).to(dtype))
    layer(mg.tensor(x).float())


def test_dropout_between_layers_needs_two_of_them():
    """PyTorch warns too."""
    with pytest.warns(UserWarning, match="one layer"):
        nn.GRU(3, 2, dropout=0.5)


@pytest.mark.parametrize(("name", "arguments", "options", "shape"), CASES)
def test_parameters_can_be_drawn_anew_and_have_the_dtype_asked_for(name, arguments, options, shape):
    """`reset_parameters`, the idiom that starts a network over; `dtype=` where PyTorch takes it."""
    layer = getattr(nn, name)(*arguments, **options)
    if not list(layer.parameters()):
        return
    before = {key: value.clone() for key, value in layer.state_dict().items()}
    with mg.no_grad():
        for parameter in layer.parameters():
            parameter.fill_(7)
    layer.reset_parameters()
    assert all(not (p == 7).any() for p in layer.parameters())
    assert {key: v.shape for key, v in layer.state_dict().items()} == {key: v.shape for key, v in before.items()}
    double = getattr(nn, name)(*arguments, **options, dtype=mg.float64)
    assert {p.dtype for p in double.parameters()} == {mg.float64}


def test_batch_norm_of_no_samples_forgets_nothing_and_of_two_modes_differentiates():
    """An empty batch leaves the running statistics; a training batch leaves earlier results as they were."""
    layer = nn.BatchNorm1d(2)
    layer(mg.zeros(0, 2))
    assert layer.running_mean.tolist() == [0, 0]
    x = mg.randn(4, 2, requires_grad=True)
    y = layer.eval()(x)
    layer.train()(x)
    y.sum().backward()
    assert mg.allclose(x.grad, mg.full((4, 2), 1 / (1 + 1e-5) ** 0.5))
