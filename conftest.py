"""What `python -m pytest` collects: here, because it concerns the package and the notebooks as well as tests/."""

import os
import tempfile
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parent

# One thread for the mathematics, here and in the kernels of notebooks, which inherit this: sums come out in one order,
# and the arrays of a lesson are too small to share out. Before NumPy is imported, or it has no effect.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")

# A lesson under test starts as a new learner does, and leaves no progress beside the notebooks.
PROGRESS = tempfile.TemporaryDirectory(prefix="minigrad_tests_")  # gone when this process ends
os.environ["MINIGRAD_PROGRESS"] = str(Path(PROGRESS.name, "progress.json"))

# The course is drawn with these; without them the engine is still tested.
MISSING = [name for name in ("IPython", "ipywidgets", "matplotlib", "networkx") if find_spec(name) is None]
WHY = f"{', '.join(MISSING)} not installed: pip install -c constraints.txt -e '.[notebooks]'"

# Doctests import the file they stand in, so these can't even be looked at.
collect_ignore = ["minigrad/course", "tests/course"] if MISSING else []


def pytest_report_header():
    """Say at the top what is left out, since a file that is not collected is not reported as skipped."""
    return [f"left out: {', '.join(collect_ignore)} ({WHY})"] if collect_ignore else []


def pytest_collection_modifyitems(items):
    """Without the course's packages, skip the cells of every notebook, saying why."""
    if MISSING:
        for item in items:
            if item.path.suffix == ".ipynb":
                item.add_marker(pytest.mark.skip(reason=WHY))
