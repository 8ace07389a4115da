"""Keras itself, on TensorFlow, to compare with."""

import os
import warnings

import pytest

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def load(name):
    """A module of the frameworks; what it warns of while it is imported is its own business."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip(name, reason=f"{name} not installed: pip install -c constraints.txt '.[frameworks]'")


@pytest.fixture(scope="session")
def real():
    """The real Keras."""
    load("tensorflow")
    return load("keras")


@pytest.fixture(scope="session")
def tf():
    """The real TensorFlow."""
    return load("tensorflow")


@pytest.fixture(scope="session")
def tensorboard():
    """The package that writes and shows event files."""
    load("tensorboard.backend.event_processing.event_accumulator")
    return load("tensorboard")
