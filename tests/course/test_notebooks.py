"""What every lesson owes its reader, beyond running: size, words for figures, no trace of one machine."""

import re
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
IMAGE = re.compile(r"!\[([^\]]*)\]\(([^)\s]+)[^)]*\)")
LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)")


@pytest.fixture(params=NOTEBOOKS, ids=lambda file: file.stem)
def file(request):
    return request.param


@pytest.fixture
def notebook(file):
    return nbformat.read(file, as_version=4)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def words(text):
    """The words of a piece of Markdown, those of alt texts left out."""
    return re.findall(r"\w[\w'’-]*", IMAGE.sub("", text))


def outputs(notebook):
    return [output for cell in code_cells(notebook) for output in cell.outputs]


def test_it_has_the_size_of_a_lesson(notebook):
    assert 30 <= len(notebook.cells) <= 45
    assert 1200 <= sum(len(words(c.source)) for c in notebook.cells if c.cell_type == "markdown") <= 1800


def test_no_long_text_before_code_and_no_long_code(notebook):
    before = 0
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            before += len(words(cell.source))
        else:
            assert before <= 60, f"{before} words before {cell.source[:60]!r}"
            assert len(cell.source.splitlines()) <= 15, cell.source
            before = 0


def test_it_opens_with_a_figure(notebook):
    pictures = [any("image/png" in o.get("data", {}) for o in c.get("outputs", [])) for c in notebook.cells[:3]]
    assert any(pictures)


def test_it_was_executed_from_top_to_bottom(notebook):
    counts = [cell.execution_count for cell in code_cells(notebook)]
    assert counts == list(range(1, len(counts) + 1))


def test_nothing_went_wrong_and_nothing_was_warned_of(notebook):
    for output in outputs(notebook):
        assert output.output_type != "error"
        assert output.get("name") != "stderr", output.text


def test_every_figure_has_words(notebook):
    pictures = [output for output in outputs(notebook) if "image/png" in output.get("data", {})]
    linked = [m for cell in notebook.cells if cell.cell_type == "markdown" for m in IMAGE.findall(cell.source)]
    assert 3 <= len(pictures) + len(linked) <= 5
    for output in pictures:
        alt = output.metadata["image/png"]["alt"]
        assert len(alt.split()) > 10
        assert output.data["text/plain"] == alt
    for alt, target in linked:
        assert len(alt.split()) > 10, target


def test_no_unformatted_float(notebook):
    for output in outputs(notebook):
        text = output.get("text", "") + output.get("data", {}).get("text/plain", "")
        assert not re.search(r"\d\.\d{7,}", text), text


def test_numbers_in_the_text_are_those_that_the_cells_show(notebook):
    shown = "".join(o.get("text", "") + o.get("data", {}).get("text/plain", "") for o in outputs(notebook))
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for number in re.findall(r"\b\d+\.\d\d\b", cell.source):
                assert number in shown, f"{number} in {cell.source[:60]!r}"


def test_links_inside_the_repository_are_alive(file, notebook):
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for target in [t for _, t in IMAGE.findall(cell.source)] + LINK.findall(cell.source):
                if "://" not in target and not target.startswith("#"):
                    assert (file.parent / target.split("#")[0]).exists(), target


def test_no_trace_of_one_machine(file, notebook):
    text = file.read_text(encoding="utf-8")
    assert not re.search(r"(/home/|/Users/|/root/|/tmp/|/work/|[A-Z]:\\\\)", text)
    assert notebook.metadata.kernelspec.name == "python3"
    assert set(notebook.metadata) <= {"kernelspec", "language_info"}  # no widget state: its ids are random
