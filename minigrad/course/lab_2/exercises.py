"""The tasks of lab 2, in the order of its notebook."""

import numpy as np

from minigrad.course import networks, shared_tasks
from minigrad.course.comparing import NotYet, close, numbers
from minigrad.course.lab_2.data import digits, parts, town
from minigrad.course.tasks import Task, criterion


class Averages(Task):
    """Write `averages(x, labels)`: the mean image of each digit from 0 to 9.

    `x` has a row of 64 pixels for each image. Return 10 rows of 64: row 0 is the mean of all zeros, and so on.
    """

    title = "the mean images"
    minutes = 4
    hints = (
        "`x[labels == 3]` are the images of the threes.",
        "`mean(axis=0)` goes down the rows: it makes one row of many.",
        "Do that for each digit from 0 to 9, and stack the ten rows with `np.array`.",
    )
    blank = """
        def averages(x, labels):
            return ...
    """

    @criterion(1, "the mean of the right images")
    def means(self, averages):
        labels = self.rng.permutation(np.repeat(np.arange(10), self.rng.integers(2, 7, 10)))
        x = self.rng.uniform(0, 16, (len(labels), 64))
        by_digit = [x[labels == digit] for digit in range(10)]
        self.compare(
            "`averages(x, labels)`",
            self.call(averages, x, labels),
            np.array([images.mean(axis=0) for images in by_digit]),
            {
                "the images of a digit are summed; their mean is asked for.": [i.sum(axis=0) for i in by_digit],
                "each image became one number; the mean goes over images, pixel by pixel.": [
                    i.mean() for i in by_digit
                ],
                "that is one image for all digits together.": x.mean(axis=0),
                "that is the median of each pixel; the mean is asked for.": [np.median(i, axis=0) for i in by_digit],
            },
        )


class Split(shared_tasks.Split):
    """Write `split(x, y, seed)`: training set 60 %, validation set 20 %, test set 20 %.

    Return `x_train, y_train, x_val, y_val, x_test, y_test`. Every digit is in each part in the same proportion.
    The seed decides who goes where. The first cut is made; the second is yours.
    """

    minutes = 3
    hints = (
        "The same call once more, on `x_rest` and `y_rest`, with `test_size=0.5`.",
        "`stratify=` gets the labels of what is cut: now `y_rest`.",
    )
    blank = """
        from sklearn.model_selection import train_test_split


        def split(x, y, seed):
            x_train, x_rest, y_train, y_rest = train_test_split(x, y, test_size=0.4, random_state=seed, stratify=y)
            x_val, x_test, y_val, y_test = ...  # cut the rest in two halves
            return x_train, y_train, x_val, y_val, x_test, y_test
    """


class Scale(Task):
    """Write `scale(train, val, test)`: the same three arrays with ink from 0 to 1.

    All pixels of all three parts are divided by the same number. What decides that number may come from the
    training set, or from what you know about the scanner; never from the other two parts.
    """

    title = "ink from 0 to 1"
    minutes = 2
    hints = (
        "The scanner counts black points in blocks of 4 by 4. How many can there be at most?",
        "One line is enough: three arrays, each divided by that number.",
    )
    blank = """
        def scale(train, val, test):
            return ..., ..., ...
    """

    def inks(self):
        """Three parts as a scanner might give them: the first has the whole range, the others don't."""
        made = []
        for images, darkest in ((60, 16), (20, 12), (20, 10)):
            top = self.rng.integers(8, darkest + 1, (images, 1))  # of each image
            made.append(self.rng.integers(0, top + 1, (images, 64)).astype(float))
        train, val, test = made
        train[:, [0, 32]] = 0  # pixels that never have ink
        train[0, 5] = 16
        return train, val, test

    def results(self, scale):
        """What the learner makes of the three parts, and of what it was made."""
        inks = self.inks()
        got = self.call(scale, *inks)
        if not isinstance(got, tuple | list) or len(got) != 3:
            raise NotYet("`scale` should return three arrays: train, val and test.")
        return inks, [numbers(f"the {name} part", part) for name, part in zip(NAMES, got, strict=True)]

    @criterion(1, "the training set between 0 and 1")
    def training(self, scale):
        (train, _, _), (got, _, _) = self.results(scale)
        if not np.isfinite(got).all():
            raise NotYet(
                "some pixels become `nan` or infinite. Pixel 0 never has ink: its standard deviation and its largest "
                "value are 0, and 0/0 is no number. Divide all pixels by one number."
            )
        with np.errstate(all="ignore"):
            slips = {
                "the pixels are not divided yet.": train,
                "each pixel is divided by its own largest value; all share one number here.": np.nan_to_num(
                    train / np.maximum(train.max(axis=0), 1e-300)
                ),
                "each image is divided by its own largest value; all share one number here.": train
                / train.max(axis=1, keepdims=True),
                "that is the scaling of lab 1, pixel by pixel. Here 0 stays 0, for paper, and all pixels share one "
                "number.": (train - train.mean(axis=0)) / np.where(train.std(axis=0) > 0, train.std(axis=0), 1),
                "the largest amount of ink is 16, not 255.": train / 255,
            }
        if not any(close(got, numbers("", slip)) for slip in slips.values()):
            inked("training", got)
        self.compare("the training part", got, train / 16, slips)

    @criterion(1, "the same number for validation and test")
    def others(self, scale):
        (_, val, test), got = self.results(scale)
        for name, part, mine in (("validation", val, got[1]), ("test", test, got[2])):
            together = np.concatenate([val, test])
            slips = {
                f"the {name} part is divided by its own largest value. The network would see another amount of ink "
                "than in training.": part / part.max(),
                f"the {name} part is divided by what all parts decide together.": part / together.max(),
                f"the {name} part is not divided yet.": part,
                f"the {name} part holds the images of another part.": (test if name == "validation" else val) / 16,
            }
            inked(name, mine)
            self.compare(f"the {name} part", mine, part / 16, slips)


NAMES = ("training", "validation", "test")


def inked(name, part):
    """Object when ink is negative."""
    if np.isfinite(part).all() and part.min() < -1e-6:
        raise NotYet(
            f"in the {name} part ink runs from {part.min():.1f} to {part.max():.1f}; from 0 to 1 was asked. "
            "Paper stays 0: only divide.".replace("-", "−")
        )


class Build(shared_tasks.Build):
    """Write `build(sizes, activation, seed, dropout=0.0)`, which returns a network of dense layers.

    `sizes` counts pixels, hidden neurons, digits: `(64, 10)` is one layer, `(64, 32, 10)` two. `activation`
    ("relu", "tanh", or `None` for nothing) and dropout stand between layers, never after the last. Make the
    optimizer here too, as in the example: `model.optimizer = …`, or `model.compile(…)`. Task 7 uses it.
    """

    minutes = 6
    sizes = ((64, 10), (64, 32, 10), (64, 256, 256, 10))

    @criterion(1, "dropout, in training only")
    def dropped(self, build):
        super().dropped(build)
        sizes = self.inside()
        model, x = self.call(build, sizes, None, 4, 0.5), self.rng.normal(size=(40, sizes[0]))
        if np.array_equal(*(self.call(networks.outputs, model, x, training=True) for _ in range(2))):
            raise NotYet("with `activation=None` and `dropout=0.5` nothing is dropped. Dropout needs no activation.")


class Predict(shared_tasks.Predict):
    """Write `predict(model, x)`: for each image ten probabilities, one for each digit. Dropout is off.

    Does your network end without softmax? Then softmax belongs here.
    """

    minutes = 4


class Accuracy(shared_tasks.Accuracy):
    """Write `accuracy(model, x, y)`: the fraction of images read rightly, from 0 to 1."""

    minutes = 2
    to_labels = "`predict(model, x).argmax(axis=1)`"
    hints = ("`predict(model, x).argmax(axis=1)` is one label for each image.", *shared_tasks.Accuracy.hints[1:])


class Train(shared_tasks.Train):
    """Write `train(model, x, y, x_val, y_val, epochs)`, which trains the model and returns a dictionary.

    Its four lists, "loss", "accuracy", "val_loss" and "val_accuracy", hold a number for each epoch: cross-entropies
    and fractions, each the mean over a whole set, the last two measured after the epoch's updates. Called again, it
    trains on. The cell keeps the lists; the epoch and the cross-entropy are yours. Or change all of it.
    """

    minutes = 8
    hints = (
        "PyTorch's spelling: `model.train()` turns dropout on. `torch.randperm(len(x)).split(64)` gives the shuffled "
        "row numbers, batch by batch. With each batch do the four lines of the example.",
        "`torch.tensor(x, dtype=torch.float32)` and `torch.tensor(y)` before the loop: then a batch is "
        "`inputs[rows], labels[rows]`.",
        "Keras's spelling: `model.fit(x, y, batch_size=64, verbose=0)` is one epoch, when `build` has compiled.",
        "The cross-entropy of p, the probabilities of the right digits, is `-np.log(np.maximum(p, 1e-12)).mean()`. "
        "Without `np.maximum` a probability of 0 gives inf.",
    )
    blank = """
        def train(model, x, y, x_val, y_val, epochs):
            history = {"loss": [], "accuracy": [], "val_loss": [], "val_accuracy": []}
            for _ in range(epochs):
                ...  # one epoch: every batch once
                for name, inputs, truth in (("", x, y), ("val_", x_val, y_val)):
                    p = predict(model, inputs)[np.arange(len(truth)), truth]  # of the right digits
                    history[name + "loss"].append(...)
                    history[name + "accuracy"].append(accuracy(model, inputs, truth))
            return history
    """


class Confusion(Task):
    """Write `confusion(labels, read, classes)`: a table of counts, `classes` rows and columns.

    Entry `[i, j]` counts the images that really are `i` and were read as `j`.
    """

    title = "the confusion matrix"
    minutes = 3
    hints = (
        "Begin with `np.zeros((classes, classes), int)`.",
        "Go through both lists at once, `zip(labels, read)`, and add 1 in the right place.",
    )
    blank = """
        def confusion(labels, read, classes):
            return ...
    """

    def results(self, labels, read, classes, confusion):
        """The learner's table and the right one."""
        right = np.zeros((classes, classes))
        np.add.at(right, (labels, read), 1)
        return self.call(confusion, labels, read, classes), right

    @criterion(1, "every image counted in its place")
    def counts(self, confusion):
        labels = self.rng.permutation(np.repeat(np.arange(10), self.rng.integers(3, 9, 10)))
        read = np.where(self.rng.random(len(labels)) < 0.6, labels, self.rng.integers(0, 10, len(labels)))
        read[labels == 8] = 1  # so that the table is not symmetric
        got, right = self.results(labels, read, 10, confusion)
        counted = right.sum(axis=1, keepdims=True)
        self.compare(
            "the table",
            got,
            right,
            {
                "rows and columns are exchanged: a row belongs to what an image really is.": right.T,
                "the table holds fractions; counts are asked for.": right / counted,
                "the table holds fractions of all; counts are asked for.": right / right.sum(),
                "each pair is counted once at most: `table[labels, read] += 1` adds 1 to a place once, however often "
                "it is named.": np.minimum(right, 1),
                "only the mistakes are counted; what was read rightly belongs on the diagonal.": right
                - np.diag(np.diag(right)),
            },
        )

    @criterion(1, "a row and a column for every class, seen or not")
    def unseen(self, confusion):
        labels, read = np.array([0, 0, 2, 4, 4, 4]), np.array([0, 2, 2, 4, 0, 4])
        got, right = self.results(labels, read, 6, confusion)
        if (shape := numbers("the table", got).shape) != (6, 6):
            raise NotYet(
                f"with `classes` = 6 and only 0, 2 and 4 among the labels the table has shape {shape}. "
                "It needs a row and a column for all six."
            )
        self.compare("the table", got, right)


class WeightImages(Task):
    """Write `weight_images(model)`: the weights of the first layer as images, one for each of its neurons.

    `layers(model)` returns a pair `(W, b)` for each layer; `W` has a row for each pixel and a column for each
    neuron. Return an array of shape (neurons, 8, 8).
    """

    title = "weights as images"
    minutes = 3
    hints = (
        "`layers(model)[0][0]` is the W of the first layer, of shape (64, neurons).",
        "One image is one column. `W.T` has the columns as rows.",
        "`reshape(-1, 8, 8)` makes an image of each row.",
    )
    blank = """
        def weight_images(model):
            return ...
    """

    def compare_images(self, sizes, build, weight_images):
        """Compare the images of a new network with its weights."""
        model = self.call(build, sizes, "relu", 3)
        W, _ = self.call(networks.layers, model)[0]
        right = W.T.reshape(-1, 8, 8)
        slips = {
            "`W` must be transposed first: now an image holds pieces of many neurons' weights.": W.reshape(-1, 8, 8),
            "each image is transposed: rows and columns of pixels are exchanged.": right.transpose(0, 2, 1),
            "the images come last in the shape; (neurons, 8, 8) is asked for.": W.reshape(8, 8, -1),
            "that is the size of the weights; their sign matters.": np.abs(right),
        }
        self.compare("`weight_images(model)`", self.call(weight_images, model), right, slips)

    @criterion(1, "one layer: ten images")
    def ten(self, build, weight_images):
        self.compare_images((64, 10), build, weight_images)


class LargestWeights(Task):
    """Write `largest_weights(model, x, y, x_val, y_val, epochs)`: train, and return a list.

    For each epoch it holds max|W| after that epoch: the largest of all weights of all layers, signs dropped.
    """

    title = "max|W|, epoch by epoch"
    minutes = 3
    hints = (
        "`train(model, …, epochs=1)` trains one epoch, and called again it goes on.",
        "After each epoch look: `max(np.abs(W).max() for W, b in layers(model))`.",
    )
    blank = """
        def largest_weights(model, x, y, x_val, y_val, epochs):
            return ...
    """

    def trials(self, build, largest_weights):
        """Train small networks on small data; return what the learner says, max|W| before, and the pairs after."""
        return self.once(
            "trials", lambda: [self.trial(sizes, seed, build, largest_weights) for sizes, seed in self.cases(build)]
        )

    def cases(self, build):
        """Return networks to train: in one the first layer has the largest weight, in one the last, below 0."""
        wide = (40, 2, 3)  # few weights, and large ones, come last
        for seed in range(40):
            pairs = self.call(networks.layers, self.call(build, wide, "tanh", seed))
            (first, _), (last, _) = pairs
            if -last.min() > 1.3 * max(last.max(), np.abs(first).max()):
                return (wide, seed), ((3, 30, 3), 0)
        return (wide, 0), (wide, 1), ((3, 30, 3), 0)

    def trial(self, sizes, seed, build, largest_weights):
        """Train one of them."""
        x = self.rng.normal(size=(40, sizes[0]))
        y = np.arange(40) % sizes[-1]
        x[np.arange(40), y] += 2
        model = self.call(build, sizes, "tanh", seed)
        before = self.largest(model)
        said = self.call(largest_weights, model, x, y, x[:9], y[:9], 4)
        return numbers("`largest_weights(…)`", said), before, self.call(networks.layers, model)

    def biased(self, build, largest_weights):
        """Train on empty images, all of one kind: only biases grow. Return what the learner says, and the pairs."""
        x, y = np.zeros((512, 400)), np.zeros(512, int)
        model = self.call(build, (400, 3), None, 1)
        for _ in range(6):
            said = numbers("`largest_weights(…)`", self.call(largest_weights, model, x, y, x[:9], y[:9], 4))
            pairs = self.call(networks.layers, model)
            if np.abs(pairs[0][1]).max() > 1.2 * np.abs(pairs[0][0]).max():
                break
        return said, pairs

    def largest(self, model):
        """max|W| of a model as it is."""
        return max(np.abs(W).max() for W, _ in self.call(networks.layers, model))

    @criterion(1, "a number for each epoch, of a model that trains")
    def moving(self, build, largest_weights):
        for said, before, pairs in self.trials(build, largest_weights):
            if said.shape != (4,):
                raise NotYet(f"for 4 epochs the list has shape {said.shape}; one number for each epoch is asked for.")
            if max(np.abs(W).max() for W, _ in pairs) == before:
                raise NotYet("the model is the same after 4 epochs as before: it was not trained.")
            if np.ptp(said) == 0:
                raise NotYet(
                    "all four numbers are the same. Look at the weights after each epoch, not once at the end."
                )

    @criterion(1, "the largest of all weights, whatever its sign")
    def true(self, build, largest_weights):
        trained = [(said, pairs) for said, _, pairs in self.trials(build, largest_weights)]
        for said, pairs in (*trained, self.biased(build, largest_weights)):
            sizes, biases = ([np.abs(pair[part]).max() for pair in pairs] for part in (0, 1))
            every = np.concatenate([np.abs(W).ravel() for W, _ in pairs])
            slips = {
                "a negative weight is larger, its sign dropped: |W| is asked for, of all layers.": max(
                    W.max() for W, _ in pairs
                ),
                "only the first layer is looked at; a later layer has a larger weight.": sizes[0],
                "only the first layer is looked at, and with its sign; a later layer has a larger |W|.": pairs[0][
                    0
                ].max(),
                "only the last layer is looked at; an earlier layer has a larger weight.": sizes[-1],
                "that is the size of a bias; only the weights W are asked for.": max(biases),
                "that is the sum over layers; the largest of all is asked for.": sum(sizes),
                "that is the mean of |W|; the largest is asked for.": every.mean(),
            }
            self.compare("the last number", float(np.ravel(said)[-1]), max(sizes), slips, tolerance=1e-3)


class Overfit(shared_tasks.Overfit):
    """Write `overfit(data, seed)`: train a large network on the town's images, and return the history.

    `data` are four arrays: 50 images and their labels, ink from 0 to 1, and a validation set. Build with
    `sizes = (64, 256, 256, 10)`. Train until the training loss is nearly 0 and the validation loss clearly rises.
    """

    minutes = 3
    hints = (
        "Two lines: `build((64, 256, 256, 10), …)` and the `train` you have. It returns the history.",
        "Between 50 and 100 epochs.",
    )
    blank = """
        def overfit(data, seed):
            x, y, x_val, y_val = data
            return ...
    """
    seeds = (1, 2)
    rise = 1.05

    def data(self, seed):
        return town(seed)


class TrainEarly(shared_tasks.TrainEarly):
    """Write `train_early(model, x, y, x_val, y_val, epochs, patience)`: `train`, but it knows when to stop.

    It stops as soon as `patience` epochs in a row have brought no lower validation loss than the lowest before, and
    after `epochs` at the latest. It gives the model back the weights of the best epoch, and returns the history of
    all epochs that were run. The cell runs the epochs; the rest is yours.
    """

    minutes = 6
    room = 0
    blank = """
        def train_early(model, x, y, x_val, y_val, epochs, patience):
            history, best = {}, np.inf
            for _ in range(epochs):
                for name, values in train(model, x, y, x_val, y_val, epochs=1).items():
                    history.setdefault(name, []).extend(values)
                if history["val_loss"][-1] < best:
                    best, kept = history["val_loss"][-1], ...  # a copy of the weights
                ...  # for how long was no loss lower? Is it time to `break`?
            ...  # put the best weights back
            return history
    """


class Collapse(Task):
    """Write `collapse(model)` for a network without activations: `W, b` of the one layer that does the same.

    `layers(model)` gives the pairs `(W1, b1)`, `(W2, b2)`, … of one layer or of many. Two in a row
    compute `(x @ W1 + b1) @ W2 + b2`. The cell goes from layer to layer; one line is yours.
    """

    title = "layers without activations"
    minutes = 3
    hints = (
        "Multiply out: `(x @ W1 + b1) @ W2 + b2`. What stands behind `x @`? What stands alone?",
        "`W1 @ W2` stands behind `x @`, and `b1 @ W2 + b2` alone. With a third layer the same again.",
    )
    blank = """
        def collapse(model):
            (W, b), *others = layers(model)
            for next_W, next_b in others:
                W, b = ..., ...
            return W, b
    """

    def trial(self, sizes, build, train, collapse):
        """Return what the learner makes of a network without activations, and its layers."""
        return self.once(f"{sizes}", lambda: self.collapsed(sizes, build, train, collapse))

    def collapsed(self, sizes, build, train, collapse):
        """Train the network a little first, so that its biases aren't 0."""
        model = self.call(build, sizes, None, 5)
        x = self.rng.normal(size=(30, sizes[0]))
        y = np.arange(30) % sizes[-1]
        x[np.arange(30), y] += 2
        self.call(train, model, x, y, x[:9], y[:9], 3)
        got = self.call(collapse, model)
        if not isinstance(got, tuple | list) or len(got) != 2:
            raise NotYet("`collapse` should return two arrays, `W` and `b`.")
        return got, self.call(networks.layers, model)

    @criterion(1, "the weights of the one layer")
    def matrix(self, build, train, collapse):
        for sizes in ((6, 5, 3), (6, 5, 4, 3)):
            (W, _), pairs = self.trial(sizes, build, train, collapse)
            matrices = [W for W, _ in pairs]
            slips = {"only the first two layers are multiplied; the network has three.": matrices[0] @ matrices[1]}
            right = matrices[0]
            for matrix in matrices[1:]:
                right = right @ matrix
            mine = numbers("`W`", W)
            if mine.shape == right.T.shape and close(mine, right.T, 1e-3):
                raise NotYet("`W` is transposed: its rows belong to pixels, its columns to digits.")
            self.compare(f"`W` of a network {sizes}", W, right, slips, tolerance=1e-3)

    @criterion(1, "its biases")
    def biases(self, build, train, collapse):
        for sizes in ((6, 5, 3), (6, 5, 4, 3)):
            (_, b), pairs = self.trial(sizes, build, train, collapse)
            right = np.zeros(sizes[0])
            for W, bias in pairs:
                right = right @ W + bias
            slips = {
                "`b` is the bias of the last layer alone. The earlier biases pass through the later weights.": pairs[
                    -1
                ][1],
                "`b` lacks the bias of the last layer.": right - pairs[-1][1],
                "`b` is 0; the biases of all layers add to it.": np.zeros(sizes[-1]),
            }
            self.compare(f"`b` of a network {sizes}", b, right, slips, tolerance=1e-3)


class Experiment(shared_tasks.Experiment):
    """Write `experiment(data, sizes, activation, seed)`: build, train; return a row for the table.

    `data` are six arrays like those of `prepared`. The row is a dictionary with "parameters", counted by
    `parameters(model)`, and the accuracies "train", "validation" and "test". Over several seeds the test accuracy
    has to be 0.94 on average with one layer, 0.96 with two.
    """

    minutes = 4
    hints = (
        "Build with sizes, activation and seed, and train: about 30 epochs with `train`, or `train_early`.",
        "`parameters(model)` counts; `accuracy` gives the other three numbers, each from its own set.",
        shared_tasks.Experiment.hints[2],
    )
    blank = """
        def experiment(data, sizes, activation, seed):
            x, y, x_val, y_val, x_test, y_test = data
            ...  # build and train
            return {"parameters": ..., "train": ..., "validation": ..., "test": ...}
    """
    goals = {(64, 10): 0.94, (64, 64, 10): 0.96}
    seeds = (0, 1, 2)

    small = (64, 16, 10)
    spread = 3.0

    def data(self, seed):
        return parts(seed)

    def made(self, spread):
        """The ten mean images with more or less noise: 400 for training, as few as 60 would not do for digits."""
        x, labels = digits()
        means = np.array([x[labels == digit].mean(axis=0) for digit in range(10)])
        data = []
        for rows in (400, 30, 30):
            y = self.rng.permutation(np.arange(rows) % 10)
            data += [np.clip(means[y] + 1.5 * spread**2 * self.rng.normal(size=(rows, 64)), 0, 16) / 16, y]
        return data

    @criterion(1, "activation and seed are those asked for")
    def follows(self, experiment):
        self.followed(experiment)


class Choose(shared_tasks.Choose):
    """Write `choose(table)`: the "network" of the row to be built into the sorting machine.

    `table` is a list of rows like yours, dictionaries with "network", "parameters", "train", "validation" and
    "test". The test set may not decide. Of equally good networks take the one with the fewest parameters.
    """

    minutes = 2


class Stretch(Task):
    """Write `read_all(x_train, y_train, x_test, y_test)`: train a network, return its test accuracy.

    Images are rows of pixels from 0 to 1, 64 of them or 784: the data say how many. At least 80 % are to be read
    rightly. The test set decides nothing, not even when to stop: keep a part of the training set aside for that. On
    60,000 images it should take minutes, so mind the number of epochs.
    """

    title = "any size of image (stretch)"
    minutes = 15
    hints = (
        "`x_train.shape[1]` is the number of pixels.",
        "Keep the last tenth of the training set aside for validation, and stop early.",
    )
    blank = """
        def read_all(x_train, y_train, x_test, y_test):
            return ...
    """
    goal = 0.8

    def trial(self, read_all, enlarge):
        """Let it learn the digits, each pixel drawn as a square of so many, with false labels in a part of the test."""
        x_train, y_train, _, _, x_test, y_test = parts(3)
        size = 8 * enlarge

        def images(x):
            return (x.reshape(-1, 8, 8).repeat(enlarge, 1).repeat(enlarge, 2)).reshape(-1, size * size)

        labels = y_test.copy()
        labels[:180] = (labels[:180] + 5) % 10  # half of the test labels are wrong: an honest accuracy is about a half
        got = float(numbers("`read_all(…)`", self.call(read_all, images(x_train), y_train, images(x_test), labels)))
        shown = f"on {size} by {size} images"
        if not 0 <= got <= 1:
            raise NotYet(f"{shown} the accuracy is {got:.3g}; a fraction from 0 to 1 is asked for.")
        if got > 0.6:
            raise NotYet(
                f"{shown} the accuracy is {got:.2f}. We gave half of the test images wrong labels: no honest reader "
                "gets more than a little over half of them. Did it learn from the test set?"
            )
        if got < self.goal / 2:
            raise NotYet(
                f"{shown}, half of the test images with wrong labels, the accuracy is {got:.2f}. A reader that is "
                f"right {self.goal:.0%} of the time gets {self.goal / 2:.2f}."
            )

    @criterion(1, "an honest accuracy on the small images")
    def small(self, read_all):
        self.trial(read_all, 1)

    @criterion(1, "the test set decides nothing")
    def sealed(self, read_all):
        """Let it train twice, beside right and beside wrong test labels: the network should be the same.

        Each image stands there nine times, once with each wrong label. So one of the nine is counted as right just
        when the image is misread, and the accuracy tells how many are.
        """
        x_train, y_train, _, _, x_test, y_test = parts(3)
        others = ((y_test[:, None] + np.arange(1, 10)) % 10).ravel()

        def share(x, y):
            return float(numbers("`read_all(…)`", self.call(read_all, x_train, y_train, x, y)))

        beside_right = share(x_test, y_test)
        beside_wrong = 1 - 9 * share(x_test.repeat(9, axis=0), others)
        gap = abs(beside_right - beside_wrong)
        if gap < 0.01 or (gap < 0.05 and share(x_test, y_test) != beside_right):  # then it's chance that differs
            return
        raise NotYet(
            f"trained on the same images, it reads {beside_right:.0%} of the test images rightly beside right test "
            f"labels, and {max(beside_wrong, 0):.0%} beside wrong ones: the test set has a part in training. What "
            "validates, or says when to stop, has to be a part of the training set."
        )
