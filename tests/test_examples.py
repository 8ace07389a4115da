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
