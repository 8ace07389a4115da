"""Checks in a real Jupyter kernel: code that never ends is stopped there too, and the kernel lives on."""

from pathlib import Path

import pytest
from jupyter_client.manager import start_new_kernel

BEFORE = f"""
import minigrad.course
minigrad.course.__path__.append({str(Path(__file__).parent / "miniature")!r})
from minigrad.course import lesson
check, hint, solution, predict, quiz = lesson("50")
check.q1.__self__.seconds = 0.5
"""


@pytest.fixture(scope="module")
def run():
    """`run(source)` runs a cell and returns what it shows, as text."""
    manager, client = start_new_kernel()

    def run_cell(source):
        shown = []
        reply = client.execute_interactive(
            source,
            allow_stdin=False,
            timeout=60,
            output_hook=lambda message: shown.append((message["msg_type"], message["content"])),
        )
        assert reply["content"]["status"] == "ok", reply["content"]
        return "".join(c["data"]["text/plain"] for kind, c in shown if kind in ("execute_result", "display_data"))

    run_cell(BEFORE)
    yield run_cell
    client.stop_channels()
    manager.shutdown_kernel(now=True)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("while True:\n        pass", "stopped after 0.5 seconds, in the line `"),
        ("import time\n    time.sleep(60)", "stopped after 0.5 seconds, in the line `time.sleep(60)`"),
        ("return input('?')", "raises `EOFError`, in the line `return input('?')`: nobody can be asked"),
        ("exit()", "leaves Python altogether, in the line `exit()`"),
        ("import sys\n    sys.exit(3)", "leaves Python altogether, in the line `sys.exit(3)`"),
        ("raise KeyboardInterrupt", "was interrupted"),
        ("return missing", "`NameError`, in the line `return missing`: name 'missing' is not defined"),
        ("return prediction @ y[:3]", "`ValueError`, in the line `return prediction @ y[:3]`"),
    ],
)
def test_the_kernel_outlives_every_answer(run, body, words):
    shown = run(f"def mse(prediction, y):\n    {body}\n\n\ncheck.q1(mse)")
    assert shown.startswith("✗ Not yet: ")
    assert words in shown
    assert run("check.q1(lambda prediction, y: ((prediction - y) ** 2).mean())").startswith("✓ Right.")


def test_an_untouched_cell_is_not_attempted_in_a_kernel_either(run):
    assert run("def mse(prediction, y):\n    return ...\n\n\ncheck.q1(mse)").startswith("○ Not attempted yet.")
    assert run("slope, place = ..., ...\n\ncheck.q2(slope, place)").startswith("○ Not attempted yet.")
