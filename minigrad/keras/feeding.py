"""What `fit` is given, as batches of `(x, y, sample_weight)`: arrays, lists of arrays, loaders, data sets, generators.

Arrays are looked at as a whole before anything is computed. From there on a DataLoader of the engine cuts batches.
"""

import itertools
import math
import warnings

import numpy as np

from ..data import DataLoader, TensorDataset
from ..nests import flat, mapped
from ..spelling import whole
from ..tape import raw
from .layer import holds_numbers
from .variable import Array, as_value

NAMES = ("x", "y", "sample_weight")


def as_arrays(name, x):
    """Data as Arrays, floats as float32; several inputs, in a list or dictionary, stay that."""
    if x is None or isinstance(x, dict) or (isinstance(x, list | tuple) and x and not holds_numbers(x)):
        return mapped(lambda part: None if part is None else as_arrays(name, part), x)
    if isinstance(x, str) or not (hasattr(x, "__array__") or isinstance(x, list | tuple)):
        raise ValueError(f"{name} must be an array, or a list of arrays for several inputs; got a {type(x).__name__}")
    array = as_value(x) if isinstance(x, list | tuple) else np.asarray(raw(x))
    if array.dtype.kind not in "fiub":
        raise ValueError(f"{name} must hold numbers, got {array.dtype}; texts and classes must first be made numbers")
    if array.ndim == 0:
        raise ValueError(f"{name} is a single number; expected an array with a sample in each row")
    return Array.wrap(array.astype(np.float32, copy=False) if array.dtype.kind == "f" else array)


def refuse_nan(name, x):
    """Raise if there is nan in the data; one would make all weights nan."""
    for array in (raw(part) for part in flat(x) if part is not None):
        if array.dtype.kind == "f" and array.size and np.isnan(array.min()):
            rows = np.isnan(array).reshape(len(array), -1).any(1)
            raise ValueError(
                f"{name} holds nan in {rows.sum()} of {len(rows)} samples, the first is number {rows.argmax()}; leave "
                "these out or fill them in, for example by np.nan_to_num"
            )


def unpack(data):
    """A batch as `(x, y, sample_weight)`, None where there is nothing."""
    data = tuple(data) if isinstance(data, list) else data if isinstance(data, tuple) else (data,)
    if not 1 <= len(data) <= 3:
        raise ValueError(f"a batch is x, (x, y) or (x, y, sample_weight), got a tuple of {len(data)}")
    return (*data, None, None)[:3]


def by_class(y, weights):
    """Weights of samples, from a dictionary of the weights of their classes."""
    y = as_value(y)
    labels = y.reshape(len(y), -1)
    labels = np.round(labels[:, 0] if labels.shape[1] == 1 else y.argmax(-1)).astype(int)
    if labels.ndim > 1:
        raise ValueError(f"class_weight: needs one label a sample, y has shape {y.shape}")
    return Array.wrap(np.array([weights.get(int(label), 1.0) for label in labels], np.float32))


def split(arrays, share):
    """x, y and weights without their last part, and that part."""
    if is_stream(arrays[0]):
        raise ValueError("validation_split needs arrays; give validation_data= instead")
    if not 0 < share < 1:
        raise ValueError(f"validation_split is a share of the data, from 0 to 1, got {share}")
    arrays = [as_arrays(name, x) for name, x in zip(NAMES, arrays, strict=True)]
    n = same_length(arrays)
    first = math.floor(n * (1 - share))
    if first in (0, n):
        raise ValueError(f"validation_split={share} of {n} samples leaves none on one side; give another share")
    parts = (slice(0, first), slice(first, None))
    return [tuple(mapped(lambda a, part=part: None if a is None else a[part], x) for x in arrays) for part in parts]


def same_length(arrays):
    """How many samples there are; refused unless x, y and weights have equally many, and at least one."""
    found = [(name, len(part)) for name, x in zip(NAMES, arrays, strict=True) for part in flat(x) if part is not None]
    lengths = {length for _, length in found}
    if len(lengths) > 1:
        named = ", ".join(f"{name} {length}" for name, length in found)
        raise ValueError(f"the numbers of samples differ: {named}; each row of x needs one of y")
    if lengths == {0}:
        raise ValueError("the data are empty: x has no samples")
    return lengths.pop()


class PyDataset:
    """The base of data sets that give batches by number: write `__len__` and `__getitem__`."""

    def __init__(self, workers=1, use_multiprocessing=False, max_queue_size=10):
        """Batches are made one by one, right here, whatever is asked for."""


class Batches:
    """Epochs of batches; going through it once is one epoch. `steps` is how many batches it has, if that is known."""

    def __init__(self, data, batch_size=None, steps=None, class_weight=None, shuffle=False, nan=False):
        x, y, sample_weight = unpack(data)
        batch_size = 32 if batch_size is None else whole("batch_size", batch_size)
        self.asked = None if steps is None else whole("the number of steps", steps)
        self.source, self.arrays, self.class_weight, self.running, self.nan = x, None, class_weight, None, nan
        if not is_stream(x):
            self.arrays = self._checked((x, y, sample_weight))
            parts = [part for part in flat(self.arrays) if part is not None]
            self.source = DataLoader(TensorDataset(*parts), batch_size, shuffle=bool(shuffle))
        elif y is not None or sample_weight is not None:
            raise ValueError("y and sample_weight come with x, when x is a generator, a loader or a data set")
        try:
            self.steps = self.asked or len(self.source)
        except TypeError:
            self.steps = None

    def __iter__(self):
        """One epoch: all batches, or as many as were asked for, going on where the last epoch ended."""
        if self.running is None or not self.asked:
            self.running = self._all()
        for step in itertools.count():
            if self.asked and step == self.asked:
                return
            batch = next(self.running, None)
            if batch is None:
                self.running = None
                if self.asked or step == 0:
                    warnings.warn(
                        f"the data ran out after {step} batches of this epoch; ask for fewer steps, or give a data set "
                        "that repeats. A generator can be gone through once", stacklevel=3,
                    )  # fmt: skip
                return
            yield batch

    def _all(self):
        """All batches once."""
        if self.arrays is not None:
            for parts in self.source:
                rest = iter(parts)
                yield packed(*mapped(lambda x, rest=rest: None if x is None else next(rest), self.arrays))
            return
        indexed = not hasattr(self.source, "__iter__")
        for data in map(self.source.__getitem__, range(len(self.source))) if indexed else self.source:
            yield packed(*self._checked(unpack(data)))
        if hasattr(self.source, "on_epoch_end"):
            self.source.on_epoch_end()

    def _checked(self, data):
        x, y, weight = arrays = [as_arrays(name, part) for name, part in zip(NAMES, data, strict=True)]
        if x is None:
            raise ValueError("x is missing")
        same_length(arrays)
        for name, part in zip(NAMES, arrays, strict=True) if not self.nan else ():
            refuse_nan(name, part)
        if self.class_weight is None:
            return arrays
        if y is None or weight is not None or not isinstance(self.class_weight, dict):
            raise ValueError("class_weight is a dictionary, {class: weight}, for x and y without sample_weight")
        return [x, y, by_class(y, self.class_weight)]


def packed(x, y=None, weight=None):
    """A batch as `train_step` gets it: x, (x, y) or (x, y, sample_weight)."""
    if weight is not None:
        return x, y, weight
    return (x, y) if y is not None else (x,) if isinstance(x, list | tuple) else x


def is_stream(x):
    """Whether `x` gives batches, and is not data itself."""
    gives = hasattr(x, "__iter__") or (hasattr(x, "__getitem__") and hasattr(x, "__len__"))
    return gives and not isinstance(x, dict | list | tuple | str) and not hasattr(x, "__array__")
