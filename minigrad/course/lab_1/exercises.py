"""The tasks of lab 1, in the order of its notebook."""

import numpy as np

from minigrad.course import shared_tasks


def parts(seed: int) -> tuple[np.ndarray, ...]:
    """Return the irises in six arrays, dealt out by scikit-learn."""
    from sklearn.datasets import load_iris
    from sklearn.model_selection import train_test_split

    x, y = load_iris(return_X_y=True)
    x, x_test, y, y_test = train_test_split(x, y, test_size=30, stratify=y, random_state=seed)
    x, x_val, y, y_val = train_test_split(x, y, test_size=30, stratify=y, random_state=seed)
    return x, y, x_val, y_val, x_test, y_test


class Split(shared_tasks.Split):
    """Write `split(x, y, seed)`: 60% of the samples for training, 20% for validation, 20% for the test, and every
    class in each part in the same proportion.

    Return `x_train, y_train, x_val, y_val, x_test, y_test`. The seed decides who goes where: the same seed gives the
    same split, another seed another one.
    """

    minutes = 8


class Scale(shared_tasks.Scale):
    """Write `scale(train, val, test)`: from each column subtract its mean, and divide by its standard deviation. Both
    are those of the **training set**, in all three parts. A column that never changes becomes 0; its standard
    deviation is 0, or by rounding something like 1e-17.

    Return the three scaled arrays.
    """

    minutes = 5


class OneHot(shared_tasks.OneHot):
    """Write `one_hot(labels, classes)`: a row for each label, with 1 in the column of its class and 0 elsewhere.

    And write `labels_of(rows)`, the way back: for each row the column of its largest number. It turns rows of
    probabilities into answers, too.
    """

    minutes = 4


class Build(shared_tasks.Build):
    """Write `build(sizes, activation, seed, dropout=0.0)`. Sizes `(4, 16, 3)` mean 4 inputs, a dense layer of 16
    neurons, a dense layer of 3.

    Between two layers stands the activation: `"relu"`, `"tanh"`, or none for `None`. After it comes dropout, if it is
    not 0. After the last layer comes nothing, or softmax. Two networks of the same seed begin with the same weights.
    """

    minutes = 8


class Predict(shared_tasks.Predict):
    """Write `predict(model, x)`: for each row of x a row of probabilities, one for each class. `x` and the answer are
    NumPy arrays. Dropout must be off.
    """

    minutes = 5


class Accuracy(shared_tasks.Accuracy):
    """Write `accuracy(model, x, y)`: the share of samples, between 0 and 1, for which the class with the largest
    probability is the label in `y`.
    """

    minutes = 3


class Train(shared_tasks.Train):
    """Write `train(model, x, y, x_val, y_val, epochs)`. The loss is cross-entropy; optimizer, learning rate and batch
    size are yours to choose. Forty epochs should be enough for easy data.

    Each epoch adds a number to four lists: `"loss"` and `"accuracy"` on the training set, `"val_loss"` and
    `"val_accuracy"` on the validation set, all four measured after the epoch's updates and with dropout off. Return
    the dictionary. A second call goes on with the weights as they are.
    """

    minutes = 12
    after = True
    hints = (
        *shared_tasks.Train.hints[:3],
        "Keras's spelling: `compile` with `keras.losses.SparseCategoricalCrossentropy(from_logits=True)` and "
        '`metrics=["accuracy"]`. Then for each epoch `model.fit(x, y, batch_size=16, verbose=0)`, and '
        "`model.evaluate(…, verbose=0)` on both sets gives loss and accuracy. What `fit` itself records in `.history` "
        'under "loss" is measured during the epoch, with dropout on.',
    )


class Overfit(shared_tasks.Overfit):
    """Write `overfit(data, seed)`; `data` are six arrays as `split` returns them. Scale them, keep about 15 of the
    training flowers, and train a network of more than 1,000 parameters until its training loss is below 0.05.

    Return the history. In most runs the validation loss should end at least a fifth above its lowest value.
    """

    minutes = 5

    def data(self, seed):
        return parts(seed)


class TrainEarly(shared_tasks.TrainEarly):
    """Write `train_early(model, x, y, x_val, y_val, epochs, patience)`. It trains like `train`, for `epochs` epochs
    at most. When `patience` epochs in a row have brought no new lowest validation loss, it stops;
    one epoch sooner or later doesn't matter.

    In the end the network has the weights of its best epoch again. Return the history of all epochs that were run.
    """

    minutes = 8


class Experiment(shared_tasks.Experiment):
    """Write `experiment(data, sizes, activation, seed)`: scale the six arrays, build a network, train it with early
    stopping (for example 120 epochs, patience 15), and return a row of the table, a dictionary with `"parameters"`,
    `"train"`, `"validation"` and `"test"`. The last three are accuracies.

    `networks.parameters(model)` counts in every framework. In the mean of five splits, 90% of the test set should be
    named rightly.
    """

    minutes = 6
    goals = {(4, 16, 3): 0.90}

    def data(self, seed):
        return parts(seed)


class Choose(shared_tasks.Choose):
    """Write `choose(table)`. A table is a list of such rows, each with a name under `"network"`. Return the name of
    the network that you would take. Of equals take the one with fewer parameters.
    """

    minutes = 3
