"""The tasks of lab 1, in the order of its notebook.

Their blanks are skeletons: what is left open is what the task is about. Whoever prefers to may write the whole
function; a check sees only what it does.
"""

import numpy as np

from minigrad.course import shared_tasks
from minigrad.course.comparing import NotYet
from minigrad.course.shared_tasks import cross_entropy, probabilities
from minigrad.course.tasks import criterion


def parts(seed: int) -> tuple[np.ndarray, ...]:
    """Return the irises in six arrays, dealt out by scikit-learn."""
    from sklearn.datasets import load_iris
    from sklearn.model_selection import train_test_split

    x, y = load_iris(return_X_y=True)
    x, x_test, y, y_test = train_test_split(x, y, test_size=30, stratify=y, random_state=seed)
    x, x_val, y, y_val = train_test_split(x, y, test_size=30, stratify=y, random_state=seed)
    return x, y, x_val, y_val, x_test, y_test


class Split(shared_tasks.Split):
    """Write `split(x, y, seed)`: of each class 60% go into the training set, 20% into the validation set, 20% into
    the test set. The seed decides who goes where.

    The skeleton collects the numbers of rows. Features and labels are taken by the same numbers.
    """

    minutes = 6
    blank = """
        def split(x, y, seed):
            rng = np.random.default_rng(seed)
            train, val, test = [], [], []  # numbers of rows
            for label in np.unique(y):
                rows = rng.permutation(np.flatnonzero(y == label))  # those of one class, shuffled
                a, b = ..., ...  # where to cut them: after 60%, after 80%
                train.extend(...)
                val.extend(...)
                test.extend(...)
            return x[train], y[train], ..., ..., ..., ...
    """
    hints = (
        "`a = round(0.6 * len(rows))`, and `b` likewise.",
        "`rows[:a]` are the first a of them, `rows[a:b]` the next, `rows[b:]` the rest.",
        "After `x[train], y[train]` come `x[val], y[val]` and `x[test], y[test]`.",
    )


class Scale(shared_tasks.Scale):
    """Write `scale(train, val, test)`: from each column subtract its mean, and divide by its standard deviation. Both
    are those of the **training set**, in all three parts.
    """

    minutes = 4
    blank = """
        def scale(train, val, test):
            mean, std = ..., ...  # a number for each column
            std = np.where(std < 1e-12, 1, std)  # a column that never changes is divided by 1, not by 0
            return ..., ..., ...
    """
    hints = (
        "`train.mean(axis=0)` goes down the rows: one mean for each column. `train.std(axis=0)` likewise.",
        "The same two rows of numbers serve all three sets: `(test - mean) / std`.",
    )


class OneHot(shared_tasks.OneHot):
    """Write `one_hot(labels, classes)`: a row for each label, with 1 in the column of its class and 0 elsewhere.

    And `labels_of(rows)`, the way back: for each row the column of its largest number. It turns rows of
    probabilities into answers, too.
    """

    minutes = 3


class Build(shared_tasks.Build):
    """Write `build(sizes, activation, seed, dropout=0.0)`. Sizes `(4, 16, 3)` mean 4 inputs, a dense layer of 16
    neurons, a dense layer of 3. After each layer but the last comes the activation, `"relu"`, `"tanh"`, or none for
    `None`, and then dropout, unless it is 0. Two networks of the same seed begin with the same weights.

    In Keras's spelling let it `compile` the network, too.
    """

    minutes = 8
    blank = """
        from itertools import pairwise


        def build(sizes, activation, seed, dropout=0.0):
            ...  # the seed
            stack = []
            for inputs, neurons in pairwise(sizes[:-1]):  # sizes (4, 16, 8, 3): first 4 and 16, then 16 and 8
                ...  # append a dense layer, the activation, dropout
            ...  # append the last layer, from sizes[-2] to sizes[-1]
            return ...
    """
    hints = (
        "The seed stands before the first layer is made, as in the example.",
        'PyTorch\'s spelling: `stack.append(nn.Linear(inputs, neurons))`, then `nn.ReLU()` if the activation is "relu" '
        'and `nn.Tanh()` if it is "tanh", then `nn.Dropout(dropout)`; in the end `nn.Sequential(*stack)`.',
        "Keras's spelling: `stack.append(keras.layers.Dense(neurons, activation))`, then "
        "`keras.layers.Dropout(dropout)`; in the end `keras.Sequential([keras.Input((sizes[0],)), *stack])`.",
    )


class Predict(shared_tasks.Predict):
    """Write `predict(model, x)`: for each row of x a row of probabilities, one for each class. `x` and the answer are
    NumPy arrays. Dropout must be off.
    """

    minutes = 3
    hints = (
        "The last lines of the example do it: what comes out of the network are logits, and softmax makes "
        "probabilities of each row.",
        "PyTorch's spelling: `model.eval()`, then `with torch.no_grad():`, `torch.tensor(x, dtype=torch.float32)` "
        "goes in, `torch.softmax(logits, dim=1).numpy()` comes out.",
        "Keras's spelling: `keras.ops.convert_to_numpy(keras.ops.softmax(model(x)))`, without the softmax if the "
        "network ends in one.",
    )


class Accuracy(shared_tasks.Accuracy):
    """Write `accuracy(model, x, y)`: the share of samples, between 0 and 1, for which the class with the largest
    probability is the label in `y`.
    """

    minutes = 2


class Train(shared_tasks.Train):
    """Write `train(model, x, y, x_val, y_val, epochs)`. Optimizer, learning rate and batch size are yours to choose;
    the example's, Adam with 0.01 and batches of 16, do well. The check's data are easy: forty epochs should do.

    Return the history: four lists, `"loss"` and `"accuracy"` on the training set, `"val_loss"` and `"val_accuracy"`
    on the validation set. `remember` measures them after each epoch. Dropout is on in every epoch's updates. Called
    again, `train` goes on from the weights it finds.
    """

    minutes = 10
    after = True
    blank = """
        def train(model, x, y, x_val, y_val, epochs):
            ...  # what is needed before the first epoch
            history = {"loss": [], "accuracy": [], "val_loss": [], "val_accuracy": []}
            for _ in range(epochs):
                ...  # one epoch: all batches of the training set
                remember(history, model, x, y, x_val, y_val)
            return ...
    """
    hints = (
        "PyTorch's spelling: before the first epoch stand the optimizer and the two tensors, as in the example, of "
        "`model`, `x` and `y`.",
        "PyTorch's spelling: an epoch is what stands under `for _ in range(20):` there, with batches of 16.",
        "Keras's spelling: nothing is needed before the first epoch if `build` compiles the network, and an epoch is "
        "`model.fit(x, y, batch_size=16, verbose=0)`. What `fit` itself records is measured during the epoch, with "
        "dropout on.",
    )

    @criterion(1, "dropout is on in every epoch")
    def dropped(self, build, train, predict):
        x, y = 1.5 * self.rng.normal(size=(36, 4)), self.rng.permutation(np.arange(36) % 3)
        model = self.call(build, (4, 64, 3), "relu", 5, 0.9)
        self.call(train, model, x, y, x, y, 60)
        loss = cross_entropy(probabilities(self.call(predict, model, x), 36, 3), y)
        if loss < 0.5:  # where a step sees but six or seven of the neurons, it stays at 0.6 or above
            raise NotYet(
                f"a network with `dropout=0.9` learns 36 labels drawn by lot, to a loss of {loss:.2f}, as if nothing "
                "were dropped. In PyTorch's spelling `predict` turns dropout off by `model.eval()`; each epoch has to "
                "turn it on again by `model.train()`."
            )


class Overfit(shared_tasks.Overfit):
    """Write `overfit(data, seed)`; `data` are six arrays as `split` returns them. Keep about 15 of the training
    flowers, and train a network of more than 1,000 parameters for so many epochs that its training loss ends below
    0.05.

    Return the history. In most runs the validation loss should end at least a fifth above its lowest value.
    """

    minutes = 4
    blank = """
        def overfit(data, seed):
            x_train, y_train, x_val, y_val, x_test, y_test = data
            x_train, x_val, x_test = scale(x_train, x_val, x_test)
            rows = np.random.default_rng(seed).permutation(len(x_train))[:15]
            model = ...
            return ...  # the history of a long training with these rows
    """
    hints = (
        "Two hidden layers of 64 neurons are enough: `build((4, 64, 64, 3), …)`.",
        "`x_train[rows]` and `y_train[rows]` go into `train`, with the whole validation set, for a few hundred epochs.",
    )

    def data(self, seed):
        return parts(seed)


class TrainEarly(shared_tasks.TrainEarly):
    """Write `train_early(model, x, y, x_val, y_val, epochs, patience)`. It trains for `epochs` epochs at most. When
    `patience` epochs in a row have brought no new lowest validation loss, it stops; one epoch sooner or later doesn't
    matter. In the end the network has the weights of its best epoch again.

    Return the history of all epochs that were run.
    """

    minutes = 7
    blank = """
        def train_early(model, x, y, x_val, y_val, epochs, patience):
            history = {"loss": [], "accuracy": [], "val_loss": [], "val_accuracy": []}
            for epoch in range(epochs):
                for name, values in train(model, x, y, x_val, y_val, epochs=1).items():
                    history[name].extend(values)
                losses = history["val_loss"]
                if losses[epoch] == min(losses):
                    best, kept = epoch, ...  # a copy of the weights
                elif ...:
                    break
            ...  # put the kept weights back
            return history
    """
    hints = (
        "Since the best epoch `epoch - best` epochs have gone by.",
        "PyTorch's spelling: `copy.deepcopy(model.state_dict())` is a copy that later steps don't change; "
        "`model.load_state_dict(kept)` puts it back.",
        "Keras's spelling: `model.get_weights()` is a copy; `model.set_weights(kept)` puts it back. The callback "
        "`keras.callbacks.EarlyStopping(patience=patience, restore_best_weights=True)` does the whole task within one "
        "`fit`.",
    )


class Experiment(shared_tasks.Experiment):
    """Write `experiment(data, sizes, activation, seed)`: build a network, train it with early stopping (for example
    120 epochs, patience 15), and return a row of the table. `networks.parameters(model)` counts in every framework;
    the other three numbers are accuracies.

    In the mean of five splits, 90% of the test set should be named rightly.
    """

    minutes = 4
    goals = {(4, 16, 3): 0.90}
    blank = """
        def experiment(data, sizes, activation, seed):
            x_train, y_train, x_val, y_val, x_test, y_test = data
            x_train, x_val, x_test = scale(x_train, x_val, x_test)
            model = ...
            ...  # train it
            return {"parameters": ..., "train": ..., "validation": ..., "test": ...}
    """
    hints = (
        "The validation set goes to `train_early`, the test set to nothing but the last `accuracy`.",
        '`"train": accuracy(model, x_train, y_train)`, and likewise the other two.',
    )

    def data(self, seed):
        return parts(seed)

    @criterion(1, "the row is true, and that of the network asked for")
    def true(self, experiment):
        super().true(experiment)
        self.followed(experiment)


class Choose(shared_tasks.Choose):
    """Write `choose(table)`. A table is a list of such rows, each with a name under `"network"`. Return the name of
    the network that you would take. Of equals take the one with fewer parameters.
    """

    minutes = 2
    blank = """
        def choose(table):
            return max(table, key=lambda row: ...)["network"]
    """
    hints = (
        'A key may be a pair, compared from left to right: first `row["validation"]`.',
        "The largest of `-parameters` is the smallest of `parameters`.",
    )
