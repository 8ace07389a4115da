"""The programs that the README shows, and others that introduce frameworks: run here and in the real framework."""

import re
from pathlib import Path

import numpy as np
import pytest

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def program(first_line: str) -> str:
    """The Python block of the README that begins so."""
    return next(
        block for block in re.findall(r"```python\n(.*?)```", README, re.DOTALL) if block.startswith(first_line)
    )


def run(source: str, weights: dict) -> dict:
    """The names that a program leaves behind, begun from `weights` (filled by the first program), batches in order."""
    framework = "minigrad" if "import minigrad" in source else "torch"

    def begin(net):
        make = __import__(framework).tensor
        for name, p in net.named_parameters():
            p.data.copy_(make(weights.setdefault(name, np.array(p.detach().numpy()))))

    def order(n):
        return __import__(framework).tensor(np.random.default_rng(n).permutation(n))

    names: dict = {"begin": begin, "order_of": order}
    exec(source.replace("net = Net()", "net = Net()\nbegin(net)").replace("torch.randperm(", "order_of("), names)
    return names


def test_pytorch_program_from_the_readme(torch, capsys):
    """From the same weights and the same order of batches, the same weights after training, and the same accuracy."""
    pytest.importorskip("sklearn", reason="scikit-learn not installed: pip install scikit-learn")
    ours = program("import minigrad as torch")
    theirs = ours.replace("import minigrad as torch", "import torch").replace(
        "from minigrad import", "from torch import"
    )
    weights: dict = {}
    expected, found = run(theirs, weights), run(ours, weights)
    assert type(expected["loss"]) is not type(found["loss"])
    for p, q in zip(expected["net"].parameters(), found["net"].parameters(), strict=True):
        np.testing.assert_allclose(q.detach().numpy(), p.detach().numpy(), rtol=1e-3, atol=1e-4)
    assert found["loss"].item() == pytest.approx(expected["loss"].item(), rel=1e-3, abs=1e-6)
    assert found["accuracy"] == expected["accuracy"] > 0.95
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == lines[1]


def test_the_program_learns_from_its_own_initial_weights(capsys):
    """As a reader runs it."""
    pytest.importorskip("sklearn", reason="scikit-learn not installed: pip install scikit-learn")
    names: dict = {}
    exec(program("import minigrad as torch"), names)
    assert names["accuracy"] > 0.95


def fitted(source: str, weights: list) -> dict:
    """The names that Keras's program leaves behind, begun from `weights` (filled by the first), batches in order."""

    def begin(model):
        model.build((None, 64))
        weights.extend(model.get_weights()[len(weights) :])
        model.set_weights(weights)

    names: dict = {"begin": begin}
    exec(
        source.replace("model.fit(", "begin(model)\nhistory = model.fit(").replace(
            "verbose", "shuffle=False, verbose", 1
        ),
        names,
    )
    return names


@pytest.mark.parametrize("epochs", [5, 20])
def test_keras_program_from_the_readme(epochs):
    """From the same weights and batches, the same losses and accuracies of every epoch, and the same test accuracy."""
    pytest.importorskip("sklearn", reason="scikit-learn not installed: pip install scikit-learn")
    pytest.importorskip("keras", reason="keras not installed: pip install keras tensorflow-cpu")
    ours = program("from minigrad import keras").replace("epochs=20", f"epochs={epochs}")
    weights: list = []
    expected, found = fitted(ours.replace("from minigrad import keras", "import keras"), weights), fitted(ours, weights)
    assert type(expected["model"]) is not type(found["model"])
    for name, values in expected["history"].history.items():
        np.testing.assert_allclose(found["history"].history[name], values, rtol=1e-3, err_msg=name)
    # Later, Adam makes much of the rounding in pixels that only a few of the images use at all.
    for ours_, theirs in zip(found["model"].get_weights(), expected["model"].get_weights(), strict=True):
        np.testing.assert_allclose(ours_, theirs, atol=1e-5 if epochs == 5 else 0.1)
    assert found["accuracy"] == pytest.approx(expected["accuracy"])
    assert epochs == 5 or found["accuracy"] > 0.95


def test_keras_program_learns_from_its_own_initial_weights():
    """As a reader runs it."""
    pytest.importorskip("sklearn", reason="scikit-learn not installed: pip install scikit-learn")
    names: dict = {}
    exec(program("from minigrad import keras"), names)
    assert names["accuracy"] > 0.95
