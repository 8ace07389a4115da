"""The self-test of lesson 00: what is installed, whether it works, and what to do where it doesn't.

Versions are read from the packages' own records, so that no framework is imported only to be named.
"""

import platform
from importlib.metadata import PackageNotFoundError, version

import minigrad as mg
from minigrad.course.card import Card
from minigrad.course.lesson_00 import figures

NEEDED = {"NumPy": "numpy", "JupyterLab": "jupyterlab", "ipywidgets": "ipywidgets", "Matplotlib": "matplotlib"}
NEEDED |= {"scikit-learn": "scikit-learn", "tqdm": "tqdm"}
FRAMEWORKS = {"PyTorch": "torch", "TensorFlow": "tensorflow-cpu", "Keras": "keras", "Lightning": "lightning"}


def installed(packages: dict[str, str]) -> tuple[list[str], list[str]]:
    """Return the names with versions of what is here, and the names of what isn't.

    >>> here, missing = installed({"NumPy": "numpy", "Nothing": "no-such-package"})
    >>> here[0].split()[0], missing
    ('NumPy', ['Nothing'])
    """
    here, missing = [], []
    for name, package in packages.items():
        try:
            here.append(f"{name} {version(package)}")
        except PackageNotFoundError:
            missing.append(name)
    return here, missing


def gradient_works() -> bool:
    """Whether minigrad finds the two derivatives that a person finds on paper."""
    x, y = mg.Scalar(3.0), mg.Scalar(4.0)
    figures.f(x, y).backward()
    return (x.grad, y.grad) == (24.0, 10.0)


def self_test() -> Card:
    """Say in words what works here and what is missing."""
    here, missing = installed(NEEDED)
    frameworks, absent = installed(FRAMEWORKS)
    works = gradient_works() and not missing
    lines = [f"Python {platform.python_version()}, {', '.join(here)}."]
    if missing:
        command = '`pip install -c constraints.txt -e ".[notebooks]"`'
        lines.append(f"**Missing:** {', '.join(missing)}. In the folder of minigrad, {command} brings them.")
    lines.append(
        f"minigrad {mg.__version__}: its gradients are right."
        if gradient_works()
        else f"minigrad {mg.__version__} computes wrong gradients. Please report this, with the lines above."
    )
    if mg.cuda.is_available():
        lines.append('A GPU is here: `device="cuda"` will work.')
    else:
        lines.append(f"No GPU: {mg.cuda.why_not()}. Nothing in the course needs one.")
    if frameworks:
        lines.append(f"For the comparison in lesson 07: {', '.join(frameworks)}.")
    if absent:
        lines.append(f"Not here: {', '.join(absent)}. Lesson 07 then shows recorded results in their place.")
    return Card("right" if works else "wrong", "Ready." if works else "Not ready yet.", tuple(lines))
