"""One epoch of `fit` in the spelling of Keras: N samples of D numbers, D-128-10, batches of 32, Adam.

The same program for both: what differs is where `keras` comes from.
"""

import numpy as np


def minigrad(n, d):
    """The dialect."""
    from minigrad import keras

    return _program(keras, n, d)


def keras(n, d):
    """Keras itself, on TensorFlow."""
    import keras
    import tensorflow

    tensorflow.config.threading.set_intra_op_parallelism_threads(1)
    tensorflow.config.threading.set_inter_op_parallelism_threads(1)
    return _program(keras, n, d)


def _program(keras, n, d):
    random = np.random.default_rng(0)
    x, y = random.standard_normal((n, d), np.float32), random.integers(0, 10, n)
    model = keras.Sequential(
        [keras.Input((d,)), keras.layers.Dense(128, activation="relu"), keras.layers.Dense(10, activation="softmax")]
    )
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    first = [random.standard_normal(w.shape) / np.sqrt(w.shape[0]) * (w.ndim - 1) for w in model.get_weights()]
    model.set_weights(first)
    history = model.fit(x[:320], y[:320], shuffle=False, verbose=0).history
    check = [history["loss"][0], history["accuracy"][0]]
    return check, lambda: model.fit(x, y, batch_size=32, epochs=1, verbose=0), 1
