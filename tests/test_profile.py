"""The profile counts each operation once, there and back, and leaves the engine as it was."""

import pytest

import minigrad as mg
from minigrad import nn
from minigrad.nn import functional as F
from minigrad.tape import Op

MODEL = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
DATA, LABELS = mg.ones(16, 64), mg.arange(16) % 10


def step():
    F.cross_entropy(MODEL(DATA), LABELS).backward()


def test_operations_are_counted_timed_and_weighed():
    with mg.profile() as table:
        step()
    assert {name: line.calls for name, line in table.lines.items()} == {"linear": 2, "relu": 1, "cross_entropy": 1}
    linear, relu = table.lines["linear"], table.lines["relu"]
    assert relu.bytes == 2 * 16 * 32 * 4  # the result, and the gradient
    # two results; the gradients of weights, biases and the second layer's input, not of the data
    assert linear.bytes == 4 * (16 * 32 + 16 * 10 + 32 * 64 + 32 + 10 * 32 + 10 + 16 * 32)
    assert all(line.forward > 0 for line in table.lines.values())
    assert linear.backward > 0
    assert sum(line.seconds for line in table.lines.values()) < table.total


def test_what_an_operation_calls_is_its_own():
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    with mg.profile() as table:
        x.log().sum().backward()  # log's derivative divides
    assert set(table.lines) == {"log", "sum"}


def test_compiled_and_own_operations_are_lines_too():
    class Double(mg.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x + x

        @staticmethod
        def backward(ctx, g):
            return g + g

    @mg.compile
    def cube(x):
        return x * x * x

    x = mg.tensor(2.0, requires_grad=True)
    cube(x)
    with mg.profile() as table:
        (cube(x) + Double.apply(x)).backward()
    assert {"cube", "Double", "add"} <= set(table.lines)
    assert x.grad.item() == 14


def test_it_goes_on_adding_and_ends_with_the_block():
    before = Op.__call__, Op.pull
    table = mg.profile()
    for _ in range(2):
        with table:
            mg.ones(3).exp()
    mg.ones(3).exp()
    assert table.lines["exp"].calls == 2
    with pytest.raises(ValueError, match="matmul"), table:
        mg.ones(3) @ mg.ones(4)
    assert (Op.__call__, Op.pull) == before


def test_the_table_reads_well():
    with mg.profile() as table:
        step()
    head, *lines = repr(table).splitlines()
    assert head.split() == ["calls", "forward", "ms", "backward", "ms", "size", "share"]
    shares = [float(line.split("%")[0].split()[-1]) for line in lines]
    assert shares[:-1] == sorted(shares[:-1], reverse=True)
    assert sum(shares) == pytest.approx(100, abs=0.5)
    assert lines[-1].startswith("(elsewhere)")
    assert max(line.count("█") for line in lines) == 24
    html = table._repr_html_()
    assert html.count("<tr>") == len(lines) + 1
    assert "NaN" not in repr(mg.profile())
