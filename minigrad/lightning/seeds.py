"""Random numbers: seeded, and where they stand, for checkpoints from which training goes on to the same bits."""

import os
import random

import numpy as np

from ..backend import default_generator, manual_seed


def seed_everything(seed=None, workers=False, verbose=True):
    """Seed the random numbers of minigrad, NumPy and Python; returns the seed."""
    seed = int(os.environ.get("PL_GLOBAL_SEED", 0) if seed is None else seed)
    if not 0 <= seed < 2**32:
        raise ValueError(f"seed_everything: a seed is a number from 0 to 2**32 - 1, got {seed}")
    os.environ["PL_GLOBAL_SEED"] = str(seed)
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002
    manual_seed(seed)
    return seed


def random_states(generators=()):
    """Where the random numbers of NumPy, Python, minigrad and these generators stand."""
    states = [generator.get_state() for generator in (default_generator, *generators)]
    return [np.random.get_state(legacy=False), random.getstate(), *states]  # noqa: NPY002


def set_random_states(states, generators=()):
    """Let them go on from there."""
    np.random.set_state(states[0])  # noqa: NPY002
    random.setstate(states[1])
    for generator, state in zip((default_generator, *generators), states[2:], strict=False):
        generator.set_state(state)
