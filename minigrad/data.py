"""Data in batches: `TensorDataset`, `DataLoader`, `random_split`..., as in torch.utils.data.

Anything with a length and samples to be had by number is a dataset: a list will do. A DataLoader decides on an order,
cuts it into batches and fetches them: from tensors all rows of a batch at once, from anything else sample by sample.
"""

import math
import warnings
from collections.abc import Mapping
from itertools import islice

import numpy as np

from .backend import Generator, describe
from .creation import as_tensor, randperm, tensor
from .functions import stack
from .spelling import in_words, not_covered
from .tape import raw
from .tensor import Tensor


class Dataset:
    """The base of datasets of your own: write `__len__`, and `__getitem__` for the sample of a number.

    >>> class Squares(Dataset):
    ...     def __len__(self):
    ...         return 4
    ...     def __getitem__(self, index):
    ...         return index, index**2
    >>> list(DataLoader(Squares(), batch_size=3))
    [[tensor([0, 1, 2]), tensor([0, 1, 4])], [tensor([3]), tensor([9])]]
    """

    def __len__(self):
        raise TypeError(f"{type(self).__name__} needs a method __len__(self): how many samples there are")

    def __getitem__(self, index):
        raise NotImplementedError(f"{type(self).__name__} needs a method __getitem__(self, index)")


class TensorDataset(Dataset):
    """Tensors whose rows belong together: sample `i` is row `i` of each.

    >>> dataset = TensorDataset(tensor([[1.0], [2.0]]), tensor([0, 1]))
    >>> dataset[1]
    (tensor([2.]), tensor(1))
    """

    def __init__(self, *tensors):
        self.tensors = tuple(map(as_tensor, tensors))
        rows = {t.shape[:1] for t in self.tensors}
        if len(rows) != 1 or () in rows:
            shapes = ", ".join(str(t.shape) for t in self.tensors) or "none"
            raise ValueError(f"TensorDataset: expected tensors of equally many rows, TensorDataset(x, y), got {shapes}")

    def __len__(self):
        return len(self.tensors[0])

    def __getitem__(self, index):
        return tuple(t[index] for t in self.tensors)


class Subset(Dataset):
    """The samples of a dataset whose numbers are in `indices`, in that order."""

    def __init__(self, dataset, indices):
        self.dataset, self.indices = dataset, indices

    def __len__(self):
        return len(self.indices)

    def __getitem__(self, index):
        if isinstance(index, list | np.ndarray):
            return self.dataset[[self.indices[i] for i in index]]
        return self.dataset[self.indices[index]]


def random_split(dataset, lengths, generator=None):
    """Subsets of these lengths, or fractions of 1, each sample in one of them, drawn at random.

    >>> train, validation = random_split(range(10), [0.8, 0.2])
    >>> len(train), len(validation)
    (8, 2)
    """
    n = _length(dataset)
    if math.isclose(sum(lengths), 1):
        lengths = [math.floor(n * fraction) for fraction in lengths]
        for i in range(n - sum(lengths)):  # what rounding left over: one more for each, from the first on
            lengths[i % len(lengths)] += 1
        if 0 in lengths:
            warnings.warn(f"random_split: {n} samples split into {lengths}: one part is empty", stacklevel=2)
    if sum(lengths) != n or any(isinstance(length, float) or length < 0 for length in lengths):
        raise ValueError(
            f"random_split: the lengths {list(lengths)} add up to {sum(lengths)}, the dataset has {n} samples; "
            "give lengths of 0 or more that add up to that, or fractions that add up to 1"
        )
    order = iter(randperm(n, generator).tolist())
    return [Subset(dataset, list(islice(order, length))) for length in lengths]


def default_collate(batch):
    """A list of samples as one sample of tensors: what is a number in each becomes a tensor of all.

    Types are PyTorch's: Python's floats become float64, its integers int64; arrays keep their dtype.

    >>> default_collate([{"x": 1, "name": "a"}, {"x": 2, "name": "b"}])
    {'x': tensor([1, 2]), 'name': ['a', 'b']}
    """
    first = batch[0]
    if isinstance(first, Tensor | np.ndarray):
        shapes = sorted({tuple(sample.shape) for sample in batch})
        if len(shapes) > 1:
            raise ValueError(
                f"samples of shapes {', '.join(map(str, shapes))} don't fit into one tensor; "
                "cut or pad them, or give DataLoader a collate_fn that does"
            )
        return stack([as_tensor(sample) for sample in batch])
    if isinstance(first, bool | int | float | np.number | np.bool_):
        return tensor(np.asarray(batch))
    if isinstance(first, str | bytes):
        return batch
    if isinstance(first, Mapping):
        return {key: default_collate([sample[key] for sample in batch]) for key in first}
    if not isinstance(first, tuple | list):
        raise TypeError(
            f"a batch is made of tensors, arrays, numbers, strings, tuples, lists or dictionaries, got a sample with "
            f"{type(first).__name__} in it; convert it in the dataset, or give DataLoader a collate_fn"
        )
    if len(set(map(len, batch))) > 1:
        raise ValueError(f"the samples have {sorted(set(map(len, batch)))} parts each; all must have equally many")
    parts = list(map(default_collate, zip(*batch, strict=True)))
    return type(first)(*parts) if hasattr(first, "_fields") else parts  # a namedtuple remains one


# PyTorch's other options, of which only what they are by default is covered: no worker processes, one size of batches.
NOT_COVERED = {"num_workers", "batch_sampler", "timeout", "worker_init_fn", "multiprocessing_context"}
NOT_COVERED |= {"prefetch_factor", "persistent_workers", "pin_memory_device"}


class DataLoader:
    """A dataset in batches, as often as you go through it; with `shuffle` in another order each time.

    `generator` decides the orders, else the one that `mg.manual_seed` seeds. `sampler` is an order of your own: the
    numbers of the samples. `collate_fn` makes a batch of a list of samples.

    >>> loader = DataLoader(TensorDataset(tensor([[1.0], [2.0], [3.0]]), tensor([0, 1, 0])), batch_size=2)
    >>> for x, y in loader:
    ...     print(x.shape, y)
    (2, 1) tensor([0, 1])
    (1, 1) tensor([0])
    """

    def __init__(self, dataset, batch_size=1, shuffle=False, sampler=None, *, collate_fn=None, drop_last=False,
                 generator=None, pin_memory=False, **other):  # fmt: skip
        for name, value in other.items():
            if value or name not in NOT_COVERED:
                raise TypeError(f"DataLoader: {name}={value!r} is not covered: batches are made one by one, right here")
        if not isinstance(batch_size, int | np.integer) or batch_size < 1:
            raise ValueError(
                f"DataLoader: batch_size must be a whole number, 1 or more, got {describe(raw(batch_size))}. "
                "Inputs and targets go together: DataLoader(TensorDataset(x, y), batch_size=32)"
            )
        if not isinstance(generator, Generator | None):
            raise TypeError(f"DataLoader: got {in_words(generator)} as generator; write generator=mg.Generator()")
        if shuffle and sampler is not None:
            raise ValueError("DataLoader: shuffle and sampler both decide the order; give one of them")
        if _length(dataset) == 0:
            raise ValueError("DataLoader: the dataset is empty")
        self.dataset, self.batch_size, self.shuffle, self.sampler = dataset, int(batch_size), shuffle, sampler
        self.collate_fn, self.drop_last, self.generator = collate_fn, drop_last, generator

    def __len__(self):
        n = len(self.dataset if self.sampler is None else self.sampler)
        return n // self.batch_size if self.drop_last else math.ceil(n / self.batch_size)

    def __iter__(self):
        n = len(self.dataset)
        if self.sampler is not None:
            order = np.array([int(i) for i in self.sampler])
        else:
            order = randperm(n, self.generator).value if self.shuffle else np.arange(n)
        end = len(order) - (len(order) % self.batch_size if self.drop_last else 0)
        for start in range(0, end, self.batch_size):
            yield self._fetch(order[start : start + self.batch_size])

    def _fetch(self, numbers):
        if self.collate_fn is None and _knows_lists(self.dataset):
            rows = self.dataset[numbers]
            return list(rows) if isinstance(rows, tuple) else as_tensor(rows)
        return (self.collate_fn or default_collate)([self.dataset[i] for i in numbers.tolist()])


def _knows_lists(dataset):
    """Whether the dataset gives many rows as readily as one. A class of your own, even if derived, may not."""
    if type(dataset) is Subset:
        return _knows_lists(dataset.dataset)
    return type(dataset) is TensorDataset or isinstance(dataset, Tensor | np.ndarray)


def _length(dataset):
    if not hasattr(dataset, "__len__") or not hasattr(dataset, "__getitem__"):
        raise TypeError(
            f"expected a dataset, which has a length and samples to be had by number (dataset[0]), got a "
            f"{type(dataset).__name__}; of an iterator make a list first"
        )
    return len(dataset)


def __getattr__(name):
    raise not_covered(__name__, name, globals())
