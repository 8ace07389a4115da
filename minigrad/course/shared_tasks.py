"""The tasks that every lab on classification has: from the split of the data to the choice of a network.

A lab subclasses them in its `exercises.py`, with its own words, sizes and data. A criterion makes its own small
data, in which a slip shows, calls the learner's functions, and says what it saw. What goes in and out are NumPy
arrays, numbers, strings, lists and dictionaries; a network is only handed on, or looked into with `networks`.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np

from minigrad.course import networks
from minigrad.course.comparing import NotYet, compare, numbers
from minigrad.course.tasks import Task, criterion

PARTS = ("training", "validation", "test")
HISTORY = ("loss", "accuracy", "val_loss", "val_accuracy")


# What the criteria have in common


def six(answer: Any) -> list[np.ndarray]:
    """Return the six arrays of a split: features and labels of training, validation and test set."""
    if answer is None:
        raise NotYet("`split` returns `None`. Is a `return` missing?")
    arrays = list(answer) if isinstance(answer, list | tuple) else []
    if len(arrays) != 6:
        raise NotYet("`split` should return six arrays: x_train, y_train, x_val, y_val, x_test, y_test.")
    arrays = [numbers(f"part {i} of the split", array) for i, array in enumerate(arrays)]
    for name, x, y in zip(PARTS, arrays[::2], arrays[1::2], strict=True):
        if x.ndim != 2 or y.ndim != 1:
            raise NotYet(
                f"the {name} set has features of shape {x.shape} and labels of shape {y.shape}. The six arrays come in "
                "the order x_train, y_train, x_val, y_val, x_test, y_test."
            )
        if len(x) != len(y):
            raise NotYet(f"the {name} set has {len(x)} rows of features and {len(y)} labels.")
    return arrays


def recorded(answer: Any, epochs: int | None = None, name: str = "train") -> dict[str, np.ndarray]:
    """Return a history as arrays, or say what is wrong with it."""
    if not isinstance(answer, dict):
        kind = "`None`" if answer is None else f"of type `{type(answer).__name__}`"
        raise NotYet(f"what `{name}` returns is {kind}; a dictionary of four lists was expected.")
    if missing := [key for key in HISTORY if key not in answer]:
        raise NotYet(f'the history of `{name}` has no "{missing[0]}".')
    history = {key: numbers(f'history["{key}"]', answer[key]).ravel() for key in HISTORY}
    for key, values in history.items():
        if epochs is not None and len(values) != epochs:
            raise NotYet(f'after {epochs} epochs history["{key}"] has {len(values)} values; one for each epoch is due.')
        if not np.isfinite(values).all():
            if np.isinf(values).any():
                raise NotYet(
                    f'history["{key}"] holds inf: the logarithm of a probability that is 0. '
                    "`np.log(np.maximum(p, 1e-12))` stays finite."
                )
            raise NotYet(f'history["{key}"] holds values that are not finite numbers. Is the learning rate too large?')
    return history


def probabilities(answer: Any, rows: int, classes: int) -> np.ndarray:
    """Return what `predict` gave, if its shape is that of one probability for each row and class."""
    found = numbers("`predict(model, x)`", answer)
    if found.shape != (rows, classes):
        asked = f"{rows} samples and {classes} classes"
        raise NotYet(f"`predict(model, x)` has the shape {found.shape}; for {asked}, {(rows, classes)} was expected.")
    return found


def cross_entropy(predicted: np.ndarray, y: np.ndarray) -> float:
    """Return the mean of −log p, where p is the probability given to the right class."""
    return float(-np.log(np.clip(predicted[np.arange(len(y)), y], 1e-12, None)).mean())


def softmax(rows: np.ndarray) -> np.ndarray:
    """Return rows of probabilities."""
    powers = np.exp(rows - rows.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def groups(rng: np.random.Generator, rows: int, features: int, classes: int, spread: float = 0.4) -> tuple:
    """Return x and y of samples in groups, one for each class, far from one another: easy to tell apart."""
    centres = 3 * np.linalg.qr(np.random.default_rng(0).normal(size=(features, features)))[0][:classes]
    y = rng.permutation(np.arange(rows) % classes)
    return centres[y] + spread * rng.normal(size=(rows, features)), y


# The data


class Split(Task):
    """Write `split(x, y, seed)`."""

    title = "three parts"
    hints: ClassVar[tuple[str, ...]] = (
        "`np.flatnonzero(y == label)` are the row numbers of one class; `rng = np.random.default_rng(seed)` shuffles "
        "them.",
        "Cut each class's shuffled row numbers at 60% and 80%, and collect the pieces. Take x and y by the same "
        "numbers.",
        "Or twice `sklearn.model_selection.train_test_split` with `stratify=` and `random_state=seed`.",
    )
    blank = """
        def split(x, y, seed):
            return ...
    """
    counts: ClassVar[tuple[int, ...]] = (50, 30, 20)  # so many samples of each class

    def marked(self) -> tuple[np.ndarray, np.ndarray]:
        """Return features whose first column numbers the samples, and labels in no order."""
        y = self.rng.permutation(np.repeat(np.arange(len(self.counts)), self.counts))
        return np.column_stack([np.arange(len(y)), self.rng.normal(size=(len(y), 3))]).astype(float), y

    def parted(self, split: Callable, seed: int = 3) -> tuple[np.ndarray, np.ndarray, list[np.ndarray], list]:
        """Split marked data; return it, the sample numbers of the three parts, and the six arrays."""
        x, y = self.marked()
        arrays = six(self.call(split, x, y, seed))
        places = [np.round(part[:, 0]).astype(int) for part in arrays[::2]]
        for name, place, part in zip(PARTS, places, arrays[::2], strict=True):
            known = part.shape[1] == x.shape[1] and ((0 <= place) & (place < len(x))).all()
            if not known or not np.allclose(part, x[place], atol=1e-4):
                raise NotYet(
                    f"the features of the {name} set are not rows of x as it was given: only split, don't scale."
                )
        return x, y, places, arrays

    @criterion(1, "60, 20 and 20 of a hundred, no sample in two parts")
    def complete(self, split):
        x, _, places, _ = self.parted(split)
        for i, j in ((0, 1), (0, 2), (1, 2)):
            if both := len(set(places[i]) & set(places[j])):
                raise NotYet(f"{both} of {len(x)} samples are both in the {PARTS[i]} and in the {PARTS[j]} set.")
        for name, place, share in zip(PARTS, places, (0.6, 0.2, 0.2), strict=True):
            if len(set(place)) < len(place):
                raise NotYet(f"some samples are in the {name} set more than once.")
            if abs(len(place) - share * len(x)) > 3:
                raise NotYet(f"of {len(x)} samples {len(place)} are in the {name} set; {share:.0%} was asked.")

    @criterion(1, "every class in every part, in proportion")
    def stratified(self, split):
        _, y, places, _ = self.parted(split)
        for name, place, share in zip(PARTS, places, (0.6, 0.2, 0.2), strict=True):
            for label, count in enumerate(self.counts):
                found = int((y[place] == label).sum())
                if abs(found - share * count) > 1.01:
                    raise NotYet(
                        f"of {count} samples of class {label}, {found} are in the {name} set; in proportion it would "
                        f"be {share * count:.0f}. Split each class on its own, or ask for `stratify`."
                    )

    @criterion(1, "each label stays with its sample")
    def together(self, split):
        _, y, places, arrays = self.parted(split)
        for name, place, labels in zip(PARTS, places, arrays[1::2], strict=True):
            if wrong := int((y[place] != labels).sum()):
                raise NotYet(
                    f"in the {name} set {wrong} of {len(place)} samples have the label of another: "
                    "features and labels must be taken by the same row numbers."
                )


class Scale(Task):
    """Write `scale(train, val, test)`."""

    title = "one scale"
    hints: ClassVar[tuple[str, ...]] = (
        "`train.mean(axis=0)` goes down the rows: one mean for each column. `train.std(axis=0)` likewise.",
        "`np.where(std < 1e-12, 1, std)` puts a 1 where a column never changes. `std == 0` may miss it: rounding can "
        "leave a standard deviation of 1e-17.",
        "The same two rows of numbers serve all three sets: `(test - mean) / std`.",
    )
    blank = """
        def scale(train, val, test):
            return ...
    """

    def scaled(self, scale: Callable, constant: bool = False) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Return three parts, the last ones shifted, and what `scale` makes of them."""
        size = np.array([1.0, 10.0, 0.2, 3.0])
        parts = [self.rng.normal(size=(rows, 4)) * size + 5 for rows in (60, 20, 20)]
        parts[1] += 2 * size
        parts[2] = parts[2] * 1.5 + 4 * size
        if constant:
            for part in parts:
                part[:, 1] = 7.0
        answer = self.call(scale, *parts)
        if not isinstance(answer, list | tuple) or len(answer) != 3:
            raise NotYet("`scale` should return three arrays: the scaled train, val and test.")
        found = [numbers(f"the scaled {name} set", array) for name, array in zip(PARTS, answer, strict=True)]
        for name, before, after in zip(PARTS, parts, found, strict=True):
            if before.shape != after.shape:
                raise NotYet(f"the {name} set had the shape {before.shape}; scaled it has {after.shape}.")
        return parts, found

    @criterion(1, "the training set has mean 0 and standard deviation 1 in each column")
    def standard(self, scale):
        parts, (train, _, _) = self.scaled(scale)
        together = np.concatenate(parts)
        whole = (parts[0] - parts[0].mean()) / parts[0].std()
        if np.allclose(train, whole, atol=1e-3):
            raise NotYet("all columns share one mean and one deviation; each column needs its own: `axis=0`.")
        if np.allclose(train, (parts[0] - together.mean(0)) / together.std(0), atol=1e-3):
            raise NotYet(
                "mean and deviation are those of all three sets together. The test set must not be known beforehand: "
                "take them from the training set alone."
            )
        if (gap := abs(train.mean(axis=0)).max()) > 1e-3:
            raise NotYet(f"a column of the scaled training set has the mean {gap:.2f}, not 0.")
        deviation = train.std(axis=0)
        if (abs(deviation - 1) > 0.02).any():
            raise NotYet(
                f"a column of the scaled training set has the standard deviation {deviation.max():.2f}, not 1."
            )

    @criterion(1, "validation and test set are scaled with the training set's numbers")
    def same_for_all(self, scale):
        parts, found = self.scaled(scale)
        together = np.concatenate(parts)
        for name, before, after in zip(PARTS[1:], parts[1:], found[1:], strict=True):
            right = (before - parts[0].mean(0)) / parts[0].std(0)
            ways = {
                f"the {name} set is scaled with its own mean and deviation: a shift in it is lost.": before,
                f"the {name} set is scaled with the mean and deviation of all three sets together; they must come from "
                "the training set alone.": together,
            }
            for sentence, source in ways.items():
                if np.allclose(after, (before - source.mean(0)) / source.std(0), atol=0.03):
                    raise NotYet(sentence)
            if not np.allclose(after, right, rtol=0.02, atol=0.02):
                raise NotYet(
                    f"the {name} set is not scaled with the training set's mean and deviation: "
                    f"the largest difference is {abs(after - right).max():.2f}."
                )

    @criterion(1, "a column that never changes becomes 0, not nan")
    def constant(self, scale):
        _, found = self.scaled(scale, constant=True)
        for name, part in zip(PARTS, found, strict=True):
            if not np.isfinite(part).all():
                raise NotYet(f"a column of the same number everywhere becomes {part[0, 1]} in the {name} set: 0 / 0.")
            if abs(part[:, 1]).max() > 1e-3:
                raise NotYet(
                    f"a column of the same number everywhere becomes {part[0, 1]:.3g} in the {name} set, not 0."
                )


class OneHot(Task):
    """Write `one_hot(labels, classes)` and `labels_of(rows)`."""

    title = "labels as rows, and back"
    hints: ClassVar[tuple[str, ...]] = (
        "`np.eye(classes)` has the wanted rows, in order of the class.",
        "An array of row numbers in brackets picks rows: `np.eye(3)[[2, 0]]`.",
        "`rows.argmax(axis=1)` says where the largest number of each row stands.",
    )
    blank = """
        def one_hot(labels, classes):
            return ...


        def labels_of(rows):
            return ...
    """

    @criterion(1, "labels become rows")
    def there(self, one_hot, labels_of):
        for labels, classes in ((self.rng.permutation([0, 1, 2, 2, 1]), 3), (np.array([1, 0, 3]), 5)):
            rows = numbers("`one_hot(labels, classes)`", self.call(one_hot, labels, classes))
            if rows.shape == (classes, len(labels)):
                raise NotYet("`one_hot(labels, classes)` is transposed: one row for each label was asked.")
            if rows.shape == (len(labels), labels.max() + 1) != (len(labels), classes):
                raise NotYet("a class that no label names has no column; there should be as many columns as classes.")
            compare("`one_hot(labels, classes)`", rows, np.eye(classes)[labels])

    @criterion(1, "rows become labels")
    def back(self, one_hot, labels_of):
        rows = self.rng.dirichlet(np.ones(4), size=6)
        for kind, given in (("rows of probabilities", rows), ("one-hot rows", np.eye(4)[[3, 0, 2, 2]])):
            slips = {
                "`labels_of` gives one label for all rows: look for the largest in each row, `axis=1`.": given.argmax(),
                "`labels_of` gives one label for each column: look along each row, `axis=1`.": given.argmax(axis=0),
                "`labels_of` gives the largest number of each row, not where it stands.": given.max(axis=1),
            }
            found = self.call(labels_of, given)
            compare(f"`labels_of(rows)`, for {kind},", found, given.argmax(axis=1), slips)


# The networks


class Build(Task):
    """Write `build(sizes, activation, seed, dropout=0.0)`."""

    title = "a network of any size"
    hints: ClassVar[tuple[str, ...]] = (
        "`zip(sizes, sizes[1:])` gives the pairs of neighbours: (4, 16) and (16, 3). A dense layer for each.",
        "PyTorch's spelling: collect `nn.Linear(inputs, neurons)`, `nn.ReLU()`, `nn.Dropout(dropout)` in a list, then "
        "`nn.Sequential(*layers)`. `torch.manual_seed(seed)` stands before the first layer is made.",
        "Keras's spelling: `keras.utils.set_random_seed(seed)`, `keras.Sequential([keras.Input((sizes[0],))])`, then "
        "`add` "
        "`keras.layers.Dense(neurons, activation)` and `keras.layers.Dropout(dropout)`; the last layer without "
        "activation.",
    )
    blank = """
        def build(sizes, activation, seed, dropout=0.0):
            return ...
    """
    sizes: ClassVar[tuple[tuple[int, ...], ...]] = ((4, 3), (4, 8, 3), (4, 16, 5, 3))
    seconds = 30

    def inside(self) -> tuple[int, ...]:
        """Return sizes with hidden layers, as many as are needed to see what stands between them."""
        return (self.sizes[0][0], 12, 16, self.sizes[0][-1])

    @criterion(1, "as many parameters as the sizes ask for")
    def counted(self, build):
        for sizes in self.sizes:
            right = sum((inputs + 1) * neurons for inputs, neurons in pairwise(sizes))
            found = self.call(networks.parameters, self.call(build, sizes, "relu", 1))
            if found == right:
                continue
            said = f"the network of sizes {sizes} has {found} parameters; {right} were asked"
            if found == right - sum(sizes[1:]):
                raise NotYet(f"{said}. The difference is one for each neuron: the biases.")
            if len(sizes) > 2 and found == (sizes[0] + 1) * sizes[-1]:
                raise NotYet(f"{said}. It has no hidden layer.")
            raise NotYet(f"{said}.")

    @criterion(1, "the activation stands between the layers")
    def bent(self, build):
        for sizes in (self.inside(), self.sizes[0]):
            x = 1.5 * self.rng.normal(size=(50, sizes[0]))
            for activation in (None, "relu", "tanh"):
                model = self.call(build, sizes, activation, 2)
                found, pairs = logits(self.call(networks.outputs, model, x)), self.call(networks.layers, model)
                if not same_outputs(found, logits(chain(pairs, x, activation))):
                    self.explain(activation, sizes, found, pairs, x)

    def explain(self, activation: str | None, sizes: tuple, found: np.ndarray, pairs: list, x: np.ndarray) -> None:
        """Say what stands between the layers instead of the activation that was asked for."""
        asked = f"with `activation={activation!r}`"
        for after in filter(None, BENDS):
            if same_outputs(found, logits(BENDS[after](chain(pairs, x, activation)))):
                raise NotYet("after the last layer there should be no activation.")
        for other in BENDS.keys() - {activation}:
            if len(sizes) > 2 and same_outputs(found, logits(chain(pairs, x, other))):
                raise NotYet(
                    f"{asked} {other or 'nothing'} stands between the layers"
                    f"{': the network is not linear' if activation is None else '' if other else ': it is linear'}."
                )
        for gap in range(len(sizes) - 2):
            if same_outputs(found, logits(chain(pairs, x, activation, without=gap))):
                raise NotYet(f"{asked} nothing stands between layers {gap + 1} and {gap + 2} of a network {sizes}.")
        meant = f"with {activation} between them" if activation and len(sizes) > 2 else "and nothing else"
        raise NotYet(
            f"{asked} a network {sizes} doesn't compute what its dense layers would, {meant}. "
            "Is there another function, or one in another place?"
        )

    @criterion(1, "the seed decides the weights")
    def seeded(self, build):
        sizes = self.inside()
        one, same, other = (
            flat(self.call(networks.layers, self.call(build, sizes, "relu", seed))) for seed in (5, 5, 6)
        )
        if not np.array_equal(one, same):
            raise NotYet("two networks of the same seed begin with different weights.")
        if np.array_equal(one, other):
            raise NotYet("networks of the seeds 5 and 6 begin with the same weights: `seed` is not used.")

    @criterion(1, "dropout, in training only")
    def dropped(self, build):
        sizes = self.inside()
        model = self.call(build, sizes, "relu", 4, 0.5)
        x = self.rng.normal(size=(40, sizes[0]))
        first, second = (self.call(networks.outputs, model, x, training=True) for _ in range(2))
        if np.array_equal(first, second):
            raise NotYet("with `dropout=0.5` two passes in training mode are equal: nothing is dropped.")
        if not np.array_equal(self.call(networks.outputs, model, x), self.call(networks.outputs, model, x)):
            raise NotYet("with `dropout=0.5` two passes outside training differ: the dropping must end with training.")
        plainly = self.call(build, sizes, "relu", 4)
        if not np.array_equal(*(self.call(networks.outputs, plainly, x, training=True) for _ in range(2))):
            raise NotYet("without `dropout` two passes in training mode differ.")
        single = self.call(build, self.sizes[0], "relu", 4, 0.5)
        if not np.array_equal(*(self.call(networks.outputs, single, x, training=True) for _ in range(2))):
            raise NotYet("in a single layer something is dropped: dropout stands between layers only.")
        for share in (0.2, 0.7):
            found = self.dropping(build, share)
            if abs(found - share) > 0.12:
                raise NotYet(f"with `dropout={share}` about {found:.0%} of the numbers between two layers are dropped.")

    def dropping(self, build: Callable, share: float) -> float:
        """Estimate which share of hidden neurons is dropped, from how much the outputs for one input vary."""
        sizes = (self.sizes[0][0], 60, self.sizes[0][-1])
        model = self.call(build, sizes, "relu", 4, share)
        x = np.tile(self.rng.normal(size=sizes[0]), (1000, 1))
        pairs = self.call(networks.layers, model)
        if len(pairs) != 2:
            raise NotYet(f"the network of sizes {sizes} has {len(pairs)} layers.")
        (W, b), (last, bias) = pairs
        parts = np.maximum(x[0] @ W + b, 0)[:, None] * (last - last.mean(axis=1, keepdims=True))  # of each neuron
        found = logits(self.call(networks.outputs, model, x, training=True)) - (bias - bias.mean())
        whole = parts.sum(axis=0)
        kept = (found.mean(axis=0) @ whole) / (whole @ whole)
        noise = found.var(axis=0).sum() / (parts**2).sum() / kept**2  # share / (1 - share)
        return float(noise / (1 + noise))


BENDS: dict[str | None, Callable] = {None: lambda h: h, "relu": lambda h: np.maximum(h, 0), "tanh": np.tanh}


def chain(pairs: list[tuple], x: np.ndarray, activation: str | None, without: int | None = None) -> np.ndarray:
    """Return what dense layers with an activation between them make of x, in one gap without it if wanted."""
    for i, (W, b) in enumerate(pairs):
        x = x @ W + b
        if i < len(pairs) - 1 and i != without:
            x = BENDS[activation](x)
    return x


def same_outputs(found: np.ndarray, right: np.ndarray) -> bool:
    """Whether two arrays of outputs are the same, as far as float32 tells."""
    return found.shape == right.shape and abs(found - right).max() < 1e-3 * max(1, abs(right).max())


def logits(outputs: np.ndarray) -> np.ndarray:
    """Return outputs as logits up to a shift in each row, whether the network ends in softmax or not."""
    if (outputs >= 0).all() and np.allclose(outputs.sum(axis=1), 1, atol=1e-3):
        outputs = np.log(np.clip(outputs, 1e-30, None))
    return outputs - outputs.mean(axis=1, keepdims=True)


def flat(layers: list[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """Return all weights of a network in one row."""
    return np.concatenate([np.concatenate([np.ravel(W), np.ravel(b)]) for W, b in layers])


class Predict(Task):
    """Write `predict(model, x)`."""

    title = "probabilities"
    hints: ClassVar[tuple[str, ...]] = (
        "If the last layer has no activation, what comes out are **logits**, any numbers. Softmax turns each row into "
        "probabilities.",
        "PyTorch's spelling: `model.eval()`, then `with torch.no_grad():`, `torch.tensor(x, dtype=torch.float32)` "
        "goes in, "
        "`torch.softmax(logits, dim=1).numpy()` comes out.",
        "Keras's spelling: `model.predict(x, verbose=0)`, and `keras.ops.softmax` of it unless the network ends in "
        "softmax.",
    )
    blank = """
        def predict(model, x):
            return ...
    """
    sizes: ClassVar[tuple[int, ...]] = (4, 16, 3)
    seconds = 30

    @criterion(1, "a probability for each class, from this network")
    def probable(self, build, predict):
        model = self.call(build, self.sizes, "relu", 3)
        x = 3 * self.rng.normal(size=(25, self.sizes[0]))
        found = probabilities(self.call(predict, model, x), 25, self.sizes[-1])
        outputs = self.call(networks.outputs, model, x)
        if (found < 0).any() or abs(found.sum(axis=1) - 1).max() > 1e-3:
            if np.allclose(found, outputs, atol=1e-3):
                raise NotYet("these are the network's outputs as they are; softmax makes probabilities of them.")
            raise NotYet("the numbers of a row are not probabilities: none negative, and together 1.")
        if np.allclose(softmax(outputs.T).T, found, atol=1e-4):
            raise NotYet("softmax was taken down the columns; the numbers of each *row* should add up to 1.")
        ends_in_softmax = (outputs >= 0).all() and np.allclose(outputs.sum(axis=1), 1, atol=1e-3)
        if ends_in_softmax and np.allclose(found, softmax(outputs), atol=1e-4):
            raise NotYet("softmax is taken twice: the network ends in softmax, and `predict` takes it again.")
        if not np.allclose(found, outputs if ends_in_softmax else softmax(outputs), atol=1e-3):
            raise NotYet("the probabilities are not those that follow from the network's outputs for x.")

    @criterion(1, "the same answer each time: dropout is off")
    def steady(self, build, predict):
        model = self.call(build, self.sizes, "relu", 3, 0.5)
        x = self.rng.normal(size=(25, self.sizes[0]))
        self.call(networks.outputs, model, x, training=True)
        first, second = (numbers("`predict(model, x)`", self.call(predict, model, x)) for _ in range(2))
        if not np.array_equal(first, second):
            raise NotYet(
                "asked twice, a network with dropout gives two answers: dropout is still on. In PyTorch's spelling "
                "`model.eval()` turns it off."
            )


class Accuracy(Task):
    """Write `accuracy(model, x, y)`."""

    title = "how many are right"
    hints: ClassVar[tuple[str, ...]] = (
        "`labels_of(predict(model, x))` is one label for each sample.",
        "Compared with `==`, two arrays give an array of True and False; its mean is the share of True.",
    )
    blank = """
        def accuracy(model, x, y):
            return ...
    """
    to_labels: ClassVar[str] = "`labels_of`"
    sizes: ClassVar[tuple[int, ...]] = (4, 16, 3)
    seconds = 30

    def judged(self, build: Callable, accuracy: Callable, rows: int, seed: int, share: float) -> None:
        """Compare an accuracy with the right one, of labels of which about `share` are right."""
        model = self.call(build, self.sizes, "relu", seed)
        x = 2 * self.rng.normal(size=(rows, self.sizes[0]))
        best = self.call(networks.outputs, model, x).argmax(axis=1)
        y = np.where(self.rng.random(rows) < share, best, (best + 1) % self.sizes[-1])
        right = (best == y).mean()
        try:
            found = self.call(accuracy, model, x, y)
        except Exception as error:
            if "broadcast" not in str(error) and "elementwise" not in str(error):
                raise
            raise NotYet(
                f"arrays whose shapes don't match are compared. `predict` gives rows of {self.sizes[-1]} "
                f"probabilities, y has one label for each: turn the rows into labels first, with {self.to_labels}."
            ) from None
        slips = {
            "only the first prediction is compared with all labels; compare each with its own.": (best[0] == y).mean(),
            "the number of right answers is not divided by the number of samples.": float((best == y).sum()),
            "it is the share of wrong answers.": 1 - right,
            "it is in percent; a number between 0 and 1 was asked.": 100 * right,
        }
        slips = {sentence: other for sentence, other in slips.items() if abs(other - right) > 1e-6}
        compare("`accuracy(model, x, y)`", found, right, slips)

    @criterion(1, "the share of right answers")
    def counted(self, build, accuracy):
        for seed, share in ((1, 0.7), (2, 0.4), (3, 0.0)):
            self.judged(build, accuracy, 40, seed, share)


class Train(Task):
    """Write `train(model, x, y, x_val, y_val, epochs)`."""

    title = "training"
    hints: ClassVar[tuple[str, ...]] = (
        "PyTorch's spelling: `torch.optim.Adam(model.parameters(), lr=0.01)` and `nn.CrossEntropyLoss()`, which "
        "takes logits "
        "and integer labels. For each batch: `zero_grad`, loss, `backward`, `step`. `model.train()` turns dropout on.",
        "`torch.randperm(len(x))` shuffles the row numbers for an epoch; 16 of them are a batch.",
        "The cross-entropy of probabilities p is `-np.log(np.maximum(p[np.arange(len(y)), y], 1e-12)).mean()`: use "
        "`predict` after each epoch. Without `np.maximum` a probability of 0 gives inf.",
        "Keras's spelling: `compile` with `keras.losses.SparseCategoricalCrossentropy(from_logits=True)` and "
        '`metrics=["accuracy"]`, then `fit(…, validation_data=(x_val, y_val), verbose=0)`; its `.history` is the '
        "dictionary.",
    )
    blank = """
        def train(model, x, y, x_val, y_val, epochs):
            return ...
    """
    sizes: ClassVar[tuple[int, ...]] = (4, 16, 3)
    after: ClassVar[bool] = False  # whether "loss" has to be measured after the epoch's updates, as "val_loss" has
    seconds = 120

    def easy(self, rows: int = 60) -> tuple:
        """Return training and validation data of well separated groups."""
        return *groups(self.rng, rows, self.sizes[0], self.sizes[-1]), *groups(
            self.rng, 30, self.sizes[0], self.sizes[-1]
        )

    def short(self, build: Callable, train: Callable) -> tuple:
        """Train for a few epochs, with some labels wrong; return training and validation data, network and history."""
        data = list(self.easy(200))
        for i, share in ((1, 0.2), (3, 0.5)):
            y = data[i]
            data[i] = np.where(self.rng.random(len(y)) < share, (y + 1) % self.sizes[-1], y)
        model = self.call(build, self.sizes, "relu", 1)
        return data[:2], data[2:], model, self.call(train, model, *data, 12)

    @criterion(1, "a history of every epoch")
    def remembered(self, build, train, predict):
        known, held, _, answer = self.once("short", lambda: self.short(build, train))
        history = recorded(answer, 12)
        for key in ("accuracy", "val_accuracy"):
            if history[key].min() < 0 or history[key].max() > 1:
                raise NotYet(f'history["{key}"] should hold numbers between 0 and 1.')
        if (history["loss"] == history["loss"][0]).all():
            raise NotYet('history["loss"] is the same in every epoch; the network that is given should learn.')
        twin = self.call(build, self.sizes, "relu", 1)
        alone, first = recorded(self.call(train, twin, *known, *held, 1), 1)["loss"][0], history["loss"][0]
        if alone - first > 0.1 + 0.2 * alone:
            raise NotYet(
                f"the first epoch of 12 brings the loss to {first:.2f}, a single epoch to {alone:.2f}: more than one "
                "epoch is trained for each that is remembered. In Keras's spelling, does `fit` in the loop have "
                "`epochs=epochs`?"
            )

    @criterion(1, "the loss falls, and the network learns")
    def learns(self, build, train, predict):
        scores, classes = [], self.sizes[-1]
        for seed in (1, 2):
            x, y, x_val, y_val = self.easy(180)
            late = np.argsort(y == classes - 1, kind="stable")  # the last class comes last, mixed with some others
            late[100:] = self.rng.permutation(late[100:])
            model = self.call(build, self.sizes, "relu", seed)
            before = self.call(networks.layers, model)
            history = recorded(self.call(train, model, x[late], y[late], x_val, y_val, 40))
            if np.array_equal(flat(before), flat(self.call(networks.layers, model))):
                raise NotYet("the network that is given has the same weights after training. Is another one trained?")
            if history["loss"][-1] > 0.7 * history["loss"][0] and history["loss"][-1] > 0.05:
                first, last = history["loss"][[0, -1]]
                raise NotYet(
                    f"on groups that are easy to tell apart the loss goes from {first:.2f} to {last:.2f} in 40 epochs; "
                    "it should fall by far more. Do the rows of x and of y stay together? Is the learning rate right?"
                )
            found = probabilities(self.call(predict, model, x_val), len(x_val), classes)
            scores.append((found.argmax(axis=1) == y_val).mean())
            if not (found.argmax(axis=1) == classes - 1).any():
                raise NotYet(
                    f"no sample gets label {classes - 1}, whose samples all come late in the training set: does each "
                    "epoch go through all batches?"
                )
        if np.mean(scores) < 0.9:
            raise NotYet(
                f"after 40 epochs on groups that are easy to tell apart, {np.mean(scores):.0%} of new samples are "
                "named rightly, in the mean of two networks; 90% was expected."
            )
        self.complete(build, train)

    def complete(self, build: Callable, train: Callable) -> None:
        """Object when an epoch leaves samples out: some columns are 0 but in one sample, which alone moves weights."""
        sizes = (self.sizes[0], self.sizes[-1])
        x, y, x_val, y_val = self.easy(200)
        columns = np.arange(1, min(sizes[0], 9))
        x[:, columns] = 0
        x[self.rng.permutation(len(x))[: len(columns)], columns] = 3
        model = self.call(build, sizes, "relu", 1)
        before = self.call(networks.layers, model)[0][0]
        self.call(train, model, x, y, x_val, y_val, 1)
        after = self.call(networks.layers, model)[0][0]
        unseen = sum(turned(before[column], after[column]) < 1e-6 for column in columns)
        if unseen > len(columns) / 2:  # a last batch that is not full may be left out
            raise NotYet(
                f"{len(columns)} of {len(x)} samples can be followed in the weights, and after an epoch {unseen} of "
                "them have left no trace: does each epoch go through all batches?"
            )

    @criterion(1, "the loss is the cross-entropy of the probabilities")
    def honest(self, build, train, predict):
        known, (x_val, y_val), model, answer = self.once("short", lambda: self.short(build, train))
        history = recorded(answer)
        found = probabilities(self.call(predict, model, x_val), len(x_val), self.sizes[-1])
        told, right = history["val_loss"][-1], cross_entropy(found, y_val)
        if abs(told - right) < 0.01 + 0.02 * right:
            self.mean(history, known, model, predict)
            if self.after:
                self.measured_after(build, train, predict)
            self.fair(build, train, predict)
            return
        said = f'the last history["val_loss"] is {told:.3f}, and the probabilities of `predict` give {right:.3f}'
        if abs(told - cross_entropy(softmax(found), y_val)) < 0.01:
            raise NotYet(
                f"{said}: softmax is taken twice. A loss that takes logits, such as `CrossEntropyLoss`, takes the "
                "softmax itself; give it the outputs of the last layer as they are."
            )
        if abs(told / len(y_val) - right) < 0.01:
            raise NotYet(f"{said}: it should be the mean over the samples, not the sum.")
        raise NotYet(f"{said}. Measure it after the epoch's last update, with dropout off, on all of x_val.")

    def mean(self, history: dict, known: tuple, model: Any, predict: Callable) -> None:
        """Object when "loss" is not about that of this network: during the epoch it was somewhat larger or smaller."""
        x, y = known
        right = cross_entropy(probabilities(self.call(predict, model, x), len(x), self.sizes[-1]), y)
        if not 0.7 * right - 0.05 < history["loss"][-1] < 1.3 * right + 0.05:
            raise NotYet(
                f'the last history["loss"] is {history["loss"][-1]:.3f}, and the probabilities of `predict` give '
                f"{right:.3f} on the training set. It should be the mean over all its samples."
            )

    def measured_after(self, build: Callable, train: Callable, predict: Callable) -> None:
        """Object when the loss of a single epoch, in which much changes, is not that of the network it leaves."""
        x, y, x_val, y_val = self.easy(240)
        model = self.call(build, self.sizes, "relu", 4, 0.3)
        told = recorded(self.call(train, model, x, y, x_val, y_val, 1), 1)["loss"][-1]
        first, second = (probabilities(self.call(predict, model, x), len(x), self.sizes[-1]) for _ in range(2))
        right = cross_entropy(first, y)
        if np.array_equal(first, second) and abs(told - right) > 0.01 + 0.02 * right:
            raise NotYet(
                f'after a single epoch history["loss"] is {told:.3f}, and the probabilities of `predict` give '
                f"{right:.3f} on the training set. Measure it after the epoch's last update, with dropout off, on all "
                "of x: a mean over the batches is of networks on the way."
            )

    def fair(self, build: Callable, train: Callable, predict: Callable) -> None:
        """Object when a network that can't tell samples apart is surer of a label than these are of one kind."""
        before, after, surest = self.once("still", lambda: self.still(build, train, predict))
        if surest > 0.8 and turned(before, after) < 0.02:
            raise NotYet(
                "of samples that are all alike, two thirds have label 0. A network trained on them should give label "
                f"0 the probability 0.67, by cross-entropy; this one gives {surest:.2f}. Is softmax taken before a "
                "loss that takes logits, such as `CrossEntropyLoss`? Give it the outputs of the last layer as they are."
            )

    def still(self, build: Callable, train: Callable, predict: Callable) -> tuple[np.ndarray, np.ndarray, float]:
        """Train on inputs that are all 0; return the weights earlier and later, and the probability of label 0."""
        sizes = (self.sizes[0], self.sizes[-1])
        x, y, x_val, y_val = self.easy(120)
        model = self.call(build, sizes, "relu", 1)
        self.call(train, model, x, y, x_val, y_val, 3)
        # Where x is 0, so is the gradient of the weights: they may shrink (weight decay), but not turn. An optimizer
        # that lives on from the first training gets time to forget its momentum.
        y, weights, sure = np.arange(len(y)) % 3 % 2, [], []
        for epochs in (30, 12, 40, 40, 40, 40):
            self.call(train, model, 0 * x, y, 0 * x_val, y_val, epochs)
            weights.append(self.call(networks.layers, model)[0][0])
            sure.append(float(probabilities(self.call(predict, model, 0 * x[:1]), 1, sizes[-1])[0, 0]))
            if len(sure) > 1 and sure[-1] < sure[-2] + 0.02:  # with few, small steps it takes longer to settle
                break
        return weights[0], weights[1], sum(sure[-2:]) / 2

    @criterion(1, "no gradient from the step before")
    def fresh(self, build, train, predict):
        before, after, _ = self.once("still", lambda: self.still(build, train, predict))
        if turned(before, after) > 0.02:
            raise NotYet(
                "trained on inputs that are all 0, whose gradient is 0, the weights still move: gradients of earlier "
                "steps are in use. Set them to zero before each `backward()`."
            )


def turned(before: np.ndarray, after: np.ndarray) -> float:
    """Return by how much weights have changed otherwise than by one common factor, relative to the largest."""
    factor = (before * after).sum() / (before * before).sum()
    return abs(after - factor * before).max() / abs(before).max()


class TrainEarly(Task):
    """Write `train_early(model, x, y, x_val, y_val, epochs, patience)`."""

    title = "early stopping"
    hints: ClassVar[tuple[str, ...]] = (
        "Remember the lowest validation loss so far, its epoch, and a copy of the weights. Stop when the epoch is "
        "`patience` "
        "further on.",
        "PyTorch's spelling: `copy.deepcopy(model.state_dict())` is a copy that later steps don't change; "
        "`model.load_state_dict(best)` puts it back.",
        "Keras's spelling: `model.get_weights()` is a copy, `model.set_weights(kept)` puts it back. Or `fit` does it "
        "all, with `validation_data` and the callback `keras.callbacks.EarlyStopping(patience=patience, "
        "restore_best_weights=True)`.",
    )
    blank = """
        def train_early(model, x, y, x_val, y_val, epochs, patience):
            return ...
    """
    sizes: ClassVar[tuple[int, ...]] = (4, 16, 3)
    seconds = 120

    room: ClassVar[int] = 1  # so many epochs sooner or later don't matter

    def stopped(self, build: Callable, train_early: Callable) -> tuple:
        """Train on data whose validation labels are all wrong: the better it learns, the worse they are met."""
        x, y = groups(self.rng, 60, self.sizes[0], self.sizes[-1])
        x_val, y_val = groups(self.rng, 30, self.sizes[0], self.sizes[-1])
        model = self.call(build, self.sizes, "relu", 2)
        answer = self.call(train_early, model, x, y, x_val, (y_val + 1) % self.sizes[-1], 120, 7)
        return model, x_val, (y_val + 1) % self.sizes[-1], [recorded(answer, name="train_early")]

    def bumpy(self, build: Callable, train_early: Callable) -> tuple:
        """Train one network on several data so hard that the validation loss goes up and down before it turns."""
        model, histories = self.call(build, self.sizes, "relu", 2), []
        for known in (120, 500, 120, 500):
            data = []
            for rows in (known, 12):
                x, y = groups(self.rng, rows, self.sizes[0], self.sizes[-1], spread=4.0)
                data += [x, np.where(self.rng.random(rows) < 0.5, (y + 1) % self.sizes[-1], y)]
            answer = self.call(train_early, model, *data, 30, 4)
            histories.append(recorded(answer, name="train_early"))
        return model, *data[2:], histories

    @criterion(1, "it stops when the validation loss has not improved for a while")
    def stops(self, build, train_early, predict):
        *_, (history,) = self.once("run", lambda: self.stopped(build, train_early))
        self.timely(history["val_loss"], 120, 7)
        if len(counts := {len(values) for values in history.values()}) > 1:
            raise NotYet(f"the lists of the history have {' and '.join(map(str, sorted(counts)))} values.")
        *_, histories = self.once("bumpy", lambda: self.bumpy(build, train_early))
        for history in histories:
            self.timely(history["val_loss"], 30, 4)

    def timely(self, losses: np.ndarray, epochs: int, patience: int) -> None:
        """Object when training ended at another epoch than its validation losses ask for."""
        done, best = len(losses), int(losses.argmin()) + 1
        allowed = range(patience - self.room, patience + self.room + 1)
        # Who counts only an improvement by 0.0001 or 0.001 is right, too.
        if any(ending(losses, epochs, p, least) == done for p in allowed for least in (0, 1e-4, 1e-3)):
            return
        said = f"the validation loss was lowest after epoch {best}; with `patience={patience}` training"
        if done >= epochs:
            raise NotYet(
                f"{said} went on through all {epochs} epochs. Does it look at the *validation* loss? And is "
                "each compared with the lowest so far, or with the one before?"
            )
        due = ending(losses, epochs, patience)
        if done == due + 1:
            raise NotYet(f"{said} ended after epoch {done}, one too late: {due} was expected.")
        if done > due:
            raise NotYet(
                f"{said} ended after epoch {done}; {due} was expected. Is each loss compared with the lowest so far, "
                "or with the one before?"
            )
        raise NotYet(
            f"{said} ended after epoch {done}, too early: {best + patience} was expected. Each new lowest loss "
            "lets the counting begin again."
        )

    @criterion(1, "the best weights are back")
    def restored(self, build, train_early, predict):
        for model, x_val, y_val, histories in (
            self.once("run", lambda: self.stopped(build, train_early)),
            self.once("bumpy", lambda: self.bumpy(build, train_early)),
        ):
            history = histories[-1]
            found = probabilities(self.call(predict, model, x_val), len(y_val), self.sizes[-1])
            got, best, last = cross_entropy(found, y_val), history["val_loss"].min(), history["val_loss"][-1]
            if abs(got - best) < 0.01 + 0.01 * best:
                continue
            said = f"the lowest validation loss was {best:.3f}; the network that is left has {got:.3f}"
            if abs(got - last) < 0.01 + 0.01 * last:
                raise NotYet(
                    f"{said}, that of the last epoch. The best weights are not put back, or were not *copied*."
                )
            raise NotYet(f"{said}.")


def ending(losses: np.ndarray, epochs: int, patience: int, least: float = 0.0) -> int:
    """Return the epoch after which training ends: `patience` further on than the last improvement, or the last."""
    best, since = np.inf, 0
    for epoch, loss in enumerate(losses, 1):
        best, since = (loss, 0) if loss < best - least else (best, since + 1)
        if since == patience:
            return epoch
    return epochs


# The comparison


class Overfit(Task):
    """Write `overfit(data, seed)`."""

    title = "too well learnt"
    hints: ClassVar[tuple[str, ...]] = (
        "Begin with `x_train, y_train, x_val, y_val, x_test, y_test = data`, then scale.",
        "Few samples, shuffled so that every class is among them: `rows = "
        "np.random.default_rng(seed).permutation(len(x_train))[:15]`.",
        "A hundred neurons or more in the hidden layers, and a few hundred epochs, with the `train` you have.",
    )
    blank = """
        def overfit(data, seed):
            return ...
    """
    seeds: ClassVar[tuple[int, ...]] = (1, 2, 3)
    seconds = 120
    rise: ClassVar[float] = 1.2

    def data(self, seed: int) -> tuple[np.ndarray, ...]:
        """Return the lab's data in six parts, unscaled."""
        raise NotImplementedError

    @criterion(2, "the training loss falls to nearly 0 while the validation loss turns upward")
    def turns(self, overfit):
        lows, rises, needed = [], [], len(self.seeds) // 2 + 1
        for seed in self.seeds:
            history = recorded(self.call(overfit, self.data(seed), seed), name="overfit")
            if len(history["val_loss"]) < 10:
                raise NotYet(f"the run has {len(history['val_loss'])} epochs; it takes more to overfit.")
            lows.append(history["loss"][-1])
            rises.append(history["val_loss"][-1] / max(history["val_loss"].min(), 1e-3))
            if sum(low <= 0.05 for low in lows) >= needed and sum(rise >= self.rise for rise in rises) >= needed:
                return  # whatever the others are, the medians are right
        if np.median(lows) > 0.05:
            raise NotYet(
                f"the training loss ends at {np.median(lows):.3f} in the median of {len(lows)} runs, and should come "
                "below 0.05: go on for longer, or with a larger network. The fewer the samples, the sooner."
            )
        if np.median(rises) < self.rise:
            raise NotYet(
                f"the validation loss ends at {np.median(rises):.2f} times its lowest value in the median of "
                f"{len(rises)} runs; with {self.rise:g} or more one sees it. Go on for longer, or shuffle first, so "
                "that every class is among the samples; if that doesn't help, take fewer."
            )


class Experiment(Task):
    """Write `experiment(data, sizes, activation, seed)`."""

    title = "one row of the table"
    hints: ClassVar[tuple[str, ...]] = (
        "Unpack the six arrays, scale the three sets of features, build with the seed, train with early stopping.",
        "`networks.parameters(model)` counts the parameters in every framework; `accuracy` gives the other three "
        "numbers.",
        "The validation set goes to `train_early`, the test set to nothing but the last `accuracy`.",
    )
    blank = """
        def experiment(data, sizes, activation, seed):
            return ...
    """
    goals: ClassVar[dict[tuple[int, ...], float]] = {}  # sizes: mean test accuracy
    seeds: ClassVar[tuple[int, ...]] = (1, 2, 3, 4, 5)
    small: ClassVar[tuple[int, ...]] = (4, 8, 3)
    spread: ClassVar[float] = 2.0  # of data that are hard to tell apart
    keys: ClassVar[tuple[str, ...]] = ("parameters", "train", "validation", "test")
    seconds = 300

    def data(self, seed: int) -> tuple[np.ndarray, ...]:
        """Return the lab's data in six parts, unscaled."""
        raise NotImplementedError

    def row(
        self, experiment: Callable, data: tuple, sizes: tuple[int, ...], seed: int, activation: str | None = "relu"
    ) -> dict[str, float]:
        """Return one row of the table, as numbers."""
        found = self.call(experiment, data, sizes, activation, seed)
        if not isinstance(found, dict):
            kind = "`None`" if found is None else f"of type `{type(found).__name__}`"
            raise NotYet(f"what `experiment` returns is {kind}; a dictionary was expected.")
        if missing := [key for key in self.keys if key not in found]:
            raise NotYet(f'the row has no "{missing[0]}".')
        return {key: float(numbers(f'row["{key}"]', found[key])) for key in self.keys}

    def made(self, spread: float) -> list[np.ndarray]:
        """Return six arrays of groups, the easier to tell apart the smaller their spread."""
        inputs, classes = self.small[0], self.small[-1]
        return [array for rows in (90, 60, 30) for array in groups(self.rng, rows, inputs, classes, spread=spread)]

    def faulty(self, experiment: Callable) -> dict[str, float]:
        """Return the row for easy data, of which a sixth of the training labels and all test labels are wrong."""
        data = self.made(spread=0.5)
        wrong = len(data[1]) // 6
        data[1][:wrong] = (data[1][:wrong] + 2) % self.small[-1]
        data[5] = (data[5] + 1) % self.small[-1]
        return self.row(experiment, tuple(data), self.small, 1)

    def hard(self, experiment: Callable) -> tuple:
        """Return data so hard that other weights give other accuracies, and their row."""
        data = self.made(spread=self.spread)
        return data, self.row(experiment, tuple(data), self.small, 1)

    def crossed(self) -> tuple[np.ndarray, ...]:
        """Return data in which two halves of the columns tell the class only together: 0 if alike, 1 if not.

        Without activations no network gets more than three quarters of them right.
        """
        data = []
        for rows in (200, 40, 40):
            signs = self.rng.permutation(np.resize([[1, 1], [-1, -1], [1, -1], [-1, 1]], (rows, 2)))
            x = np.tile(signs, self.small[0] // 2) + 0.2 * self.rng.normal(size=(rows, self.small[0]))
            data += [x, (signs[:, 0] != signs[:, 1]).astype(int)]
        return tuple(data)

    def followed(self, experiment: Callable) -> None:
        """Object when activation or seed make no difference, if networks learn and accuracies are measured at all."""
        row = self.once("faulty", lambda: self.faulty(experiment))
        if row["train"] < 0.3 or row["test"] > 0.5:
            return
        crossed = self.crossed()
        straight, bent = (self.row(experiment, crossed, self.small, 1, name) for name in (None, "relu"))
        if (share := straight["train"]) > 0.85:
            raise NotYet(
                f"with `activation=None` it gets {share:.0%} right of data that no network without activations gets "
                "more than 75% of. Is the activation handed on to `build`?"
            )
        if straight == bent:
            raise NotYet('with "relu" and with `None` it returns the same row: is the activation handed on to `build`?')
        data, one = self.once("hard", lambda: self.hard(experiment))
        if all(self.row(experiment, tuple(data), self.small, seed) == one for seed in (2, 3)):
            raise NotYet("with the seeds 1, 2 and 3 it returns the same row: is the seed handed on to `build`?")

    @criterion(1, "the row is true")
    def true(self, experiment):
        row = self.once("faulty", lambda: self.faulty(experiment))
        right = sum((inputs + 1) * neurons for inputs, neurons in pairwise(self.small))
        if row["parameters"] != right:
            raise NotYet(f"a network of sizes {self.small} has {right} parameters; the row says {row['parameters']:g}.")
        meant = {"train": (5 / 6, 0.58, 0.95), "validation": (1.0, 0.65, 1.0), "test": (0.0, 0.0, 0.1)}
        why = "on easy data, of which a sixth of the training labels and all test labels were made wrong"
        for key, (value, least, most) in meant.items():
            if not least <= row[key] <= most:
                raise NotYet(
                    f'{why}, row["{key}"] is {row[key]:.2f}; about {value:.2f} was expected. Is each number '
                    "measured on its own set, and the test set used for nothing else?"
                )

    @criterion(1, "the test set has no say in training")
    def sealed(self, experiment):
        data, before = self.once("hard", lambda: self.hard(experiment))
        changed = [*data[:4], 5 - 9 * data[4], (data[5] + 1) % self.small[-1]]
        after = self.row(experiment, tuple(changed), self.small, 1)
        keys = [key for key in ("train", "validation") if after[key] != before[key]]
        if keys and self.row(experiment, tuple(data), self.small, 1) != before:  # it's chance that differs
            keys = [key for key in keys if after[key] < before[key] - 0.2]
        if keys:
            key = keys[0]
            raise NotYet(
                f'only the test set was changed, and row["{key}"] goes from {before[key]:.2f} to {after[key]:.2f}: '
                "the test set has a part in scaling, training or stopping."
            )

    @criterion(2, "it names new samples")
    def generalises(self, experiment):
        row = self.once("faulty", lambda: self.faulty(experiment))
        if row["test"] > 0.5:
            raise NotYet(f'with all test labels made wrong row["test"] is still {row["test"]:.2f}: is it measured?')
        for sizes, goal in self.goals.items():
            mean = np.mean([self.row(experiment, self.data(seed), sizes, seed)["test"] for seed in self.seeds])
            if mean < goal:
                raise NotYet(
                    f"the network {sizes} names {mean:.1%} of the test samples rightly, in the mean of "
                    f"{len(self.seeds)} splits; {goal:.0%} was expected."
                )


class Choose(Task):
    """Write `choose(table)`."""

    title = "the choice"
    hints: ClassVar[tuple[str, ...]] = (
        "`max(table, key=lambda row: …)` gives the row whose key is largest.",
        'A key may be a pair, compared from left to right: `(row["validation"], -row["parameters"])`.',
    )
    blank = """
        def choose(table):
            return ...
    """

    def table(self, *columns: tuple) -> tuple[dict[str, Any], ...]:
        """Return rows of (network, parameters, train, validation, test)."""
        return tuple(dict(zip(("network", *Experiment.keys), row, strict=True)) for row in columns)

    @criterion(1, "by the validation accuracy")
    def by_validation(self, choose):
        table = self.table(
            ("A", 15, 0.91, 0.90, 0.93),
            ("B", 67, 0.95, 0.96, 0.92),
            ("C", 900, 1.0, 0.93, 0.98),
            ("D", 131, 0.97, 0.94, 0.95),
        )
        for rows in (table, table[::-1]):
            found = self.call(choose, rows)
            if found == "C":
                raise NotYet(
                    "it chooses C, whose *test* accuracy (and training accuracy) is highest. Whoever chooses by the "
                    "test set has no honest number left."
                )
            if not isinstance(found, str):
                raise NotYet(
                    f'it returns something of type `{type(found).__name__}`; the name was asked: `row["network"]`.'
                )
            if found != "B":
                raise NotYet(f"it chooses {found[:20]}, whose validation accuracy is not the highest.")
