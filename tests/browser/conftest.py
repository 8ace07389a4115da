"""A JupyterLab and a browser for the tests, in the light and in the dark theme."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


# By the module: an open browser keeps an event loop running, in which other tests could not run their own.
@pytest.fixture(scope="module", params=["Light", "Dark"])
def theme(request):
    return request.param


@pytest.fixture(scope="module")
def lab(theme):
    """JupyterLab on a copy of the notebooks and the images that they show."""
    from minigrad.course.browser import jupyterlab

    with jupyterlab(ROOT / "notebooks", ROOT / "images", theme=f"JupyterLab {theme}") as lab:
        yield lab


@pytest.fixture
def keep(request, theme):
    """Keep a picture of the page, to be looked at: keep(page, "name")."""
    folder = ROOT / "tests" / "artifacts"
    folder.mkdir(exist_ok=True)

    def shoot(page, name):
        page.screenshot(path=folder / f"{name}_{theme.lower()}.png")

    return shoot
