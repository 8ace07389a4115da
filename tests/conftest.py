"""Shared by the tests: how hard Hypothesis tries, and what is skipped, with its reason, where something is absent."""

import os
import shutil
import sys
from importlib.util import find_spec

import pytest
from _pytest.doctest import DoctestModule
from hypothesis import settings

from tests import stand_in_cupy

# Keras on TensorFlow, which is what its dialect is compared with; and TensorFlow without its messages.
os.environ |= {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0"}

# The same examples every time, or one person's change fails on another's luck; no deadline, since machines differ.
# Looking for new ones: python -m pytest --hypothesis-profile=explore
settings.register_profile("ci", max_examples=100, derandomize=True, deadline=None)
settings.register_profile("explore", max_examples=2000, deadline=None, print_blob=True)
settings.load_profile("ci")


def find_chromium() -> str | None:
    """The path of a browser that playwright can drive."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def why_no_gpu() -> str | None:
    """Why tests marked `gpu` can't run here, in the engine's words."""
    from minigrad import cuda

    return None if cuda.is_available() else cuda.why_not()


def why_no_browser() -> str | None:
    """Why tests marked `browser` can't run here."""
    if find_spec("playwright") is None:
        return "playwright not installed: pip install -c constraints.txt -e '.[browser]'"
    if find_spec("jupyterlab") is None:
        return "jupyterlab not installed: pip install -c constraints.txt -e '.[notebooks]'"
    if find_chromium() is None:
        return "no chromium on the PATH: on Debian, apt-get install chromium"
    return None


def pytest_collection_modifyitems(items):
    """Skip what needs a device or a browser that isn't there. Asked once, and only if some test needs it."""
    for marker, why_not in (("gpu", why_no_gpu), ("browser", why_no_browser)):
        marked = [item for item in items if item.get_closest_marker(marker)]
        if marked and (reason := why_not()):
            for item in marked:
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.hookimpl(wrapper=True)
def pytest_collect_file():
    """Doctests are read from the package only: a test file read twice would report its skips twice."""
    return [found for found in (yield) if not isinstance(found, DoctestModule)]


@pytest.fixture(scope="session")
def torch():
    """PyTorch, for tests that compare with it."""
    return pytest.importorskip("torch", reason="torch not installed: pip install torch==2.13.0, after NumPy")


@pytest.fixture(params=["stand-in", pytest.param("CuPy", marks=pytest.mark.gpu)])
def cuda(request, monkeypatch):
    """The name of a device that is a GPU, or pretends to be."""
    from minigrad import backend

    if request.param == "stand-in":
        for name, module in stand_in_cupy.modules().items():
            monkeypatch.setitem(sys.modules, name, module)
        monkeypatch.setattr(backend.cuda, "reason", None)
        monkeypatch.setattr(backend, "libraries", backend.Libraries(backend.libraries))  # what it adds is for one test
    return "cuda"


@pytest.fixture(scope="session")
def chromium():
    """The path of a Chromium or Chrome; a test that asks for it is also marked `browser`."""
    if reason := why_no_browser():
        pytest.skip(reason)
    return find_chromium()
