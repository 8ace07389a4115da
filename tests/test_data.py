"""Data in batches: sizes, types and structure as torch.utils.data gives them, each sample once, bad input refused."""

import importlib
from collections import namedtuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad import data
from minigrad.data import DataLoader, Dataset, Subset, TensorDataset, default_collate, random_split

Point = namedtuple("Point", ["x", "name"])


def described(x):
    """The structure of a batch with types, dtypes, shapes and numbers, the same for both frameworks."""
    if hasattr(x, "dtype"):
        return str(x.dtype).removeprefix("torch."), tuple(x.shape), np.asarray(x).tolist()
    if isinstance(x, dict):
        return {key: described(value) for key, value in x.items()}
    return (type(x), list(map(described, x))) if isinstance(x, tuple | list) else x


class Rows(Dataset):
    """A dataset that answers only to numbers, as one's own do."""

    def __init__(self, rows):
        self.rows = rows

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, index):
        assert type(index) is int
        return self.rows[index]


def samples(framework):
    """Datasets of seven samples, by name; the tensors are the framework's."""
    x, y = np.arange(14, dtype=np.float32).reshape(7, 2), np.arange(7)
    t = framework.tensor
    return {
        "tensors": (t(x), t(y)),
        "float64": (t(x.astype(np.float64)), t(y.astype(np.uint8)), t(y > 3)),
        "tensor": t(x),
        "array": x,
        "pairs of tensors": [(t(a), t(b)) for a, b in zip(x, y, strict=True)],
        "pairs of arrays": list(zip(x, y, strict=True)),
        "numpy's numbers": list(x[:, 0]),
        "ints": list(range(7)),
        "floats": [0.5 * i for i in range(7)],
        "bools": [i > 3 for i in range(7)],
        "strings": list("abcdefg"),
        "bytes": [bytes([i]) for i in range(7)],
        "pairs": [(i, i / 2) for i in range(7)],
        "lists": [[i, [i / 2, str(i)]] for i in range(7)],
        "dictionaries": [{"x": t(a), "label": int(b), "id": str(b)} for a, b in zip(x, y, strict=True)],
        "namedtuples": [Point(t(a), "n") for a in x],
        "range": range(7),
    }


@pytest.mark.parametrize("name", samples(mg))
@pytest.mark.parametrize("options", [{}, {"batch_size": 3}, {"batch_size": 3, "drop_last": True}, {"batch_size": 9},
                                     {"batch_size": 2, "sampler": [6, 0, 0, 3, 1]}])  # fmt: skip
def test_batches_are_those_of_pytorch(name, options):
    """The same batches in the same order, of the same types; also through a Subset."""
    torch = pytest.importorskip("torch")
    loaders = []
    for framework, module in ((mg, data), (torch, torch.utils.data)):
        dataset = samples(framework)[name]
        if isinstance(dataset, tuple):
            dataset = module.TensorDataset(*dataset)
        loaders.append(module.DataLoader(dataset, **options))
        if "sampler" not in options:
            loaders.append(module.DataLoader(module.Subset(dataset, [5, 1, 2, 6]), **options))
    ours, theirs = loaders[: len(loaders) // 2], loaders[len(loaders) // 2 :]
    for a, b in zip(ours, theirs, strict=True):
        assert len(a) == len(b)
        assert described(list(a)) == described(list(b))


@given(st.integers(1, 40), st.integers(1, 45), st.booleans(), st.integers(0, 9), st.booleans())
def test_each_sample_once(n, batch_size, drop_last, seed, at_once):
    """Shuffled, inputs and labels stay together, and an epoch is a permutation, or with drop_last the start of one."""
    x = mg.arange(n)
    dataset = TensorDataset(x, 10 * x) if at_once else [(i, 10 * i) for i in range(n)]
    generator = mg.Generator().manual_seed(seed)
    loader = DataLoader(dataset, batch_size, shuffle=True, drop_last=drop_last, generator=generator)
    batches = list(loader)
    assert len(batches) == len(loader)
    assert all(len(a) == batch_size for a, _ in batches[:-1])
    seen = [i for a, _ in batches for i in a.tolist()]
    assert [i for _, b in batches for i in b.tolist()] == [10 * i for i in seen]
    assert len(seen) == len(set(seen)) == (n - n % batch_size if drop_last else n)


def order(loader):
    """The samples of one epoch, in order."""
    return [i for batch in loader for i in batch.tolist()]


def test_shuffled_anew_in_each_epoch_and_repeatable():
    """The generator decides: the one given, else the default one, which manual_seed seeds."""
    loader = DataLoader(mg.arange(50), 8, shuffle=True, generator=mg.Generator().manual_seed(1))
    first, second = order(loader), order(loader)
    assert first != second
    again = DataLoader(list(range(50)), 5, shuffle=True, generator=mg.Generator().manual_seed(1))
    assert [order(again), order(again)] == [first, second]  # whatever the dataset and the batch size
    loader = DataLoader(mg.arange(50), 8, shuffle=True)
    orders = []
    for seed in (3, 3, 4):
        mg.manual_seed(seed)
        orders.append(order(loader))
    assert orders[0] == orders[1] != orders[2]


def test_an_order_is_not_drawn_unless_asked_for():
    """Evaluation in between doesn't change what training draws."""
    mg.manual_seed(0)
    expected = mg.rand(3).tolist()
    mg.manual_seed(0)
    order(DataLoader(mg.arange(5)))
    assert mg.rand(3).tolist() == expected


def test_two_loops_over_one_loader_do_not_disturb_each_other():
    """Each iteration has its own order and place."""
    loader = DataLoader(mg.arange(4), shuffle=True)
    assert sorted((a.item(), b.item()) for a in loader for b in loader) == [(a, b) for a in range(4) for b in range(4)]


@pytest.mark.parametrize(
    "wrap", [lambda d: d, lambda d: Subset(d, range(6)), lambda d: Subset(Subset(d, range(6)), range(6))]
)
def test_a_batch_of_tensors_is_taken_at_once(monkeypatch, wrap):
    """One look-up for each tensor and batch, not for each sample; and it is a copy: the data stay as they are."""
    x, y = mg.zeros(6, 2), mg.arange(6)
    dataset = TensorDataset(x, y)
    asked = []
    look = TensorDataset.__getitem__
    monkeypatch.setattr(TensorDataset, "__getitem__", lambda self, i: asked.append(i) or look(self, i))
    for shuffle in (False, True):
        asked.clear()
        for a, _ in DataLoader(wrap(dataset), batch_size=3, shuffle=shuffle):
            a += 1
        assert len(asked) == 2
    assert not x.value.any()


def test_what_a_derived_class_does_to_a_sample_is_done():
    """A TensorDataset with augmentation gives samples one by one: its __getitem__ expects a number."""

    class Shifted(TensorDataset):
        def __getitem__(self, index):
            x, y = super().__getitem__(index)
            return x + float(index), y

    [(x, _)] = DataLoader(Shifted(mg.zeros(3, 1), mg.arange(3)), batch_size=3)
    assert x.tolist() == [[0.0], [1.0], [2.0]]


def test_collate_fn_gets_the_samples():
    """As a list, from any dataset."""
    dataset = TensorDataset(mg.arange(3), mg.arange(3))
    batches = list(DataLoader(dataset, 2, collate_fn=lambda batch: [(a.item(), b.item()) for a, b in batch]))
    assert batches == [[(0, 0), (1, 1)], [(2, 2)]]


def test_arrays_become_tensors_of_their_dtype():
    """TensorDataset takes arrays, as they come from scikit-learn."""
    [(x, y)] = DataLoader(TensorDataset(np.ones((3, 2)), np.arange(3, dtype=np.int32)), batch_size=4)
    assert (x.dtype, y.dtype) == (mg.float64, mg.int32)
    assert isinstance(x, mg.Tensor)


def test_gradients_reach_data_that_want_them():
    """A batch is computed from the tensors: an input that requires a gradient gets it, where it was used."""
    x = mg.ones(4, 1, requires_grad=True)
    for (batch,) in DataLoader(TensorDataset(x), 2, sampler=[0, 2, 2]):
        batch.sum().backward()
    assert x.grad.tolist() == [[1.0], [0.0], [2.0], [0.0]]


@pytest.mark.parametrize(
    "lengths", [[3, 7], [0.3, 0.3, 0.4], [0.5, 0.5], [10], [1.0], [0.99, 0.01], [0, 10], [0.7, 0.2, 0.1]]
)
@pytest.mark.parametrize("more", [0, 1])
@pytest.mark.filterwarnings("ignore:.*part is empty", "ignore:Length of split")
def test_random_split_has_pytorchs_lengths(lengths, more):
    """Whole numbers or fractions; every sample in one part."""
    torch = pytest.importorskip("torch")
    n = 10 + more * isinstance(lengths[0], float)
    parts = random_split(range(n), lengths)
    assert [len(p) for p in parts] == [len(p) for p in torch.utils.data.random_split(range(n), lengths)]
    assert sorted(x for part in parts for x in part) == list(range(n))


def test_random_split_follows_its_generator():
    """The same seed, the same parts; and parts can be split and loaded again."""
    dataset = TensorDataset(mg.arange(20))
    a, b = (random_split(dataset, [0.75, 0.25], mg.Generator().manual_seed(5)) for _ in range(2))
    assert [p.indices for p in a] == [p.indices for p in b]
    inner, _ = random_split(a[0], [10, 5])
    [(x,)] = DataLoader(inner, batch_size=20)
    assert len(set(x.tolist())) == 10
    assert set(x.tolist()) <= set(a[0].indices)
    with pytest.warns(UserWarning, match="one part is empty"):
        random_split(range(2), [0.9, 0.1, 0.0])


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: DataLoader([1], batch_size=0), ValueError, "batch_size must be a whole number, 1 or more, got 0"),
        (lambda: DataLoader([1], batch_size=2.0), ValueError, "got 2.0"),
        (lambda: DataLoader([1], batch_size=None), ValueError, "got None"),
        (lambda: DataLoader(mg.ones(3), mg.ones(3)), ValueError, r"got float32\[3\].*TensorDataset\(x, y\)"),
        (lambda: DataLoader([]), ValueError, "the dataset is empty"),
        (lambda: DataLoader(TensorDataset(mg.zeros(0, 2)), shuffle=True), ValueError, "the dataset is empty"),
        (lambda: DataLoader(iter([1])), TypeError, "got a list_iterator; of an iterator make a list"),
        (lambda: DataLoader([1], num_workers=4), TypeError, "num_workers=4 is not covered"),
        (lambda: DataLoader([1], bach_size=0), TypeError, "bach_size=0 is not covered"),
        (lambda: DataLoader([1], shuffle=True, sampler=[0]), ValueError, "shuffle and sampler both decide"),
        (lambda: DataLoader([1], generator=np.random.default_rng()), TypeError, r"write generator=mg.Generator\(\)"),
        (lambda: DataLoader(Dataset()), TypeError, "Dataset needs a method __len__"),
        (lambda: Dataset()[0], NotImplementedError, "Dataset needs a method __getitem__"),
        (lambda: TensorDataset(), ValueError, r"TensorDataset\(x, y\), got none"),
        (lambda: TensorDataset(mg.ones(5, 2), mg.ones(4)), ValueError, r"equally many rows.* \(5, 2\), \(4,\)"),
        (lambda: TensorDataset(mg.tensor(1.0)), ValueError, r"rows.* got \(\)"),
        (lambda: random_split(range(5), [2, 2]), ValueError, "add up to 4, the dataset has 5 samples"),
        (lambda: random_split(range(5), [2.0, 3.0]), ValueError, "give lengths of 0 or more that add up"),
        (lambda: random_split(range(5), [0.5, 0.2]), ValueError, "fractions that add up to 1"),
        (lambda: random_split(range(5), [6, -1]), ValueError, "0 or more"),
        (lambda: default_collate([mg.ones(2), mg.ones(3)]), ValueError, r"shapes \(2,\), \(3,\).*collate_fn"),
        (lambda: default_collate([(1, 2), (1,)]), ValueError, r"\[1, 2\] parts each"),
        (lambda: default_collate([(1, None)]), TypeError, "NoneType in it"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_before_anything_runs(make, error, words):
    """What is wrong, and what to write instead."""
    with pytest.raises(error, match=words):
        make()


def test_pytorchs_defaults_can_be_written_out():
    """Programs that say what is so anyway."""
    loader = DataLoader([1, 2], shuffle=None, num_workers=0, pin_memory=True, timeout=0, persistent_workers=False)
    assert len(loader) == 2


def test_pytorchs_address_leads_here():
    """`from torch.utils.data import DataLoader` with one word changed; what isn't covered is said."""
    from minigrad.utils.data import Subset as TheirSubset

    assert TheirSubset is Subset
    assert mg.utils.data is mg.data
    with pytest.raises(AttributeError, match=r"minigrad.data does not cover 'RandomSampler'"):
        mg.data.RandomSampler
    with pytest.raises(ModuleNotFoundError, match=r"minigrad.utils.tensorboard"):
        importlib.import_module("minigrad.utils.tensorboard")
