"""What the README promises holds: its examples run, its commands are the ones CI runs, its links lead somewhere."""

import doctest
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """The fenced blocks of the README in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)


def test_examples_run():
    """The `>>>` examples, one after the other in one session, as a reader would type them."""
    example = doctest.DocTestParser().get_doctest(
        "".join(block for block in blocks("python") if block.startswith(">>>")), {}, "README.md", "README.md", 0
    )
    assert len(example.examples) >= 10
    report: list[str] = []
    result = doctest.DocTestRunner().run(example, out=report.append)
    assert not result.failed, "".join(report)


def test_exactly_two_commands():
    """One opens the lessons, one passes the tests; each line makes its environment and is complete in itself."""
    lessons, tests = (block.strip() for block in blocks("sh"))
    for command in (lessons, tests):
        assert "\n" not in command
        assert command.startswith("python3 -m venv .venv && ")
        assert " -c constraints.txt " in command
    assert lessons.endswith("jupyter-lab --allow-root notebooks")
    assert tests.endswith("python -m pytest")


@pytest.mark.parametrize("which", [0, 1], ids=["lessons", "tests"])
def test_windows_form_is_the_same_command(which):
    """Only the spelling differs: `py`, backslashes, semicolons."""
    unix, windows = blocks("sh")[which], blocks("powershell")[which]
    spelled = unix.replace("python3", "py", 1).replace(".venv/bin/", ".venv\\Scripts\\").replace(" && ", "; ")
    assert windows == spelled


def test_ci_runs_the_readme_command():
    """`.ci/run` ends with the test command, letter by letter."""
    assert (ROOT / ".ci" / "run").read_text(encoding="utf-8").endswith("\n" + blocks("sh")[1])


@pytest.mark.parametrize("text", [README, CONTRIBUTING], ids=["README", "CONTRIBUTING"])
def test_links_lead_somewhere(text):
    """Every link and picture that names a file of the repository names one that exists."""
    targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text)
    assert targets
    assert [target for target in targets if not (ROOT / target).exists()] == []


def test_pictures_have_alt_text():
    """A picture says in words what it shows."""
    assert all(len(alt) > 20 for alt in re.findall(r"!\[([^]]*)\]", README))
