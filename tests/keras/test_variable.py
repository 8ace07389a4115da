"""Arrays and variables, beside TensorFlow's and Keras's."""

import copy
import pickle

import numpy as np
import pytest

import minigrad as mg
from minigrad import keras, nn
from minigrad.keras.variable import Array, Variable, auto_name, clear_session, snake_case

INITIAL = [1.5, 2, [1.0, 2.0], [[1, 2], [3, 4]], np.eye(2), np.arange(3), np.float32(3), True]


@pytest.mark.parametrize("initial", INITIAL, ids=repr)
def test_made_from_what_tensorflow_makes_it_of(tf, initial):
    """The same numbers, shapes and types of numbers."""
    theirs, ours = tf.Variable(initial), Variable(initial)
    assert (ours.shape, str(ours.dtype)) == (tuple(theirs.shape), theirs.dtype.name)
    np.testing.assert_array_equal(ours.numpy(), theirs.numpy())
    assert repr(ours) == repr(theirs)
    assert str(ours.detach()) == str(tf.constant(initial))


def test_assigned_to_as_in_keras(real):
    """`assign` and its like give the same numbers; what doesn't fit is refused by both, and changes nothing."""
    for kind in (real.Variable, keras.Variable):
        v = kind(np.ones((2, 2), "float32"), name="v")
        v.assign([[1, 2], [3, 4]])
        v.assign_add(np.ones((2, 2)))
        v.assign_sub([[0.5, 0.0], [0.0, 0.0]])
        for wrong in (np.zeros(2), 3.0, np.zeros((1, 2))):
            with pytest.raises(ValueError, match="shape"):
                v.assign(wrong)
        np.testing.assert_array_equal(v.numpy(), [[1.5, 3.0], [4.0, 5.0]])
        assert v.name == "v"


def test_an_initializer_draws_the_first_numbers():
    """An object or a function, with the shape beside it."""
    assert Variable(keras.initializers.Ones(), shape=(2,)).numpy().tolist() == [1.0, 1.0]
    assert Variable(keras.initializers.Constant(3.0), shape=(), dtype="float64").dtype == np.float64
    with pytest.raises(ValueError, match="shape must be given"):
        Variable(keras.initializers.Ones())
    with pytest.raises(ValueError, match="expected an initial value"):
        Variable()
    with pytest.raises(TypeError, match="caching_device is not covered"):
        Variable(1.0, caching_device="cpu")


def test_trainable_variables_are_parameters():
    """A module finds them; others are no parameters, and integers have no gradient."""
    module = nn.Module()
    module.w, module.fixed = Variable([1.0]), Variable([1.0], trainable=False)
    assert [name for name, _ in module.named_parameters()] == ["w"]
    assert isinstance(module.w, nn.Parameter)
    assert not isinstance(module.fixed, nn.Parameter)
    assert not Variable(3).trainable
    module.w.trainable = False
    assert not module.w.requires_grad
    assert [name for name, _ in module.named_parameters()] == ["w"]  # frozen, it stays one


def test_numpy_needs_no_detach_and_gives_a_copy():
    """As in TensorFlow; a single number is NumPy's scalar."""
    x = Variable([1.0, 2.0])
    y = (x * x).sum()
    assert type(y.numpy()) is np.float32
    assert f"{y.numpy():.1f}" == "5.0"
    copied = x.numpy()
    copied += 1
    assert x.numpy().tolist() == [1.0, 2.0]
    y.backward()
    assert x.grad.tolist() == [2.0, 4.0]


def test_results_are_arrays_whatever_they_meet():
    """The engine's own tensors on either side; what is detached; what is indexed."""
    v, t = Variable([1.0, 2.0]), mg.tensor([3.0, 4.0])
    for y in (v * t, t * v, v + 1, 1 - v, v[0], v.detach(), mg.exp(v), np.ones(2, "float32") * v, v.read_value()):
        assert type(y) is Array


def test_copies_keep_the_name_and_leave_the_history():
    """Copied deeply or pickled, it is a variable of its own."""
    v = Variable([1.0], name="kernel", path="dense/kernel")
    for twin in (copy.deepcopy(v), pickle.loads(pickle.dumps(v))):
        assert (type(twin), twin.path, twin.trainable) == (type(v), "dense/kernel", True)
        twin.assign([5.0])
        assert v.numpy().tolist() == [1.0]


def test_names_as_keras_makes_them(real):
    """In snake case, numbered by kind; a new session counts anew."""
    clear_session()
    real.backend.clear_session()
    assert [auto_name("dense") for _ in range(3)] == ["dense", "dense_1", "dense_2"]
    for kind in ("LSTM", "MaxPooling2D", "ReLU", "BatchNormalization", "Dense", "MyNet2", "ABTest", "Conv2D"):
        theirs = type(kind, (real.layers.Layer,), {})()
        assert snake_case(kind) == theirs.name
    clear_session()
    assert auto_name("dense") == "dense"
