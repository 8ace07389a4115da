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


def outputs(notebook, compared_only=False):
    """Everything stored; or what nbval compares, and so must come out the same on every machine."""
    cells = [
        c for c in code_cells(notebook) if not (compared_only and "nbval-ignore-output" in c.metadata.get("tags", []))
    ]
    return [output for cell in cells for output in cell.outputs]


def texts(output):
    """What an output says in text and in HTML, without the pictures in it."""
    data = output.get("data", {})
    said = [output.get("text", ""), data.get("text/plain", ""), data.get("text/html", "")]
    return re.sub(r"base64,[\w+/=]+", "", "\n".join(said))


# The first lesson and the last are not lessons like the others: they explain the desk, and ask what was gained.
CELLS = {"00": (20, 45), "99": (5, 45)}
WORDS = {"00": (500, 1800), "99": (100, 1800)}
FIGURES = {"00": (1, 5), "99": (0, 5)}


def test_it_has_the_size_of_a_lesson(file, notebook):
    fewest, most = CELLS.get(file.stem[:2], (30, 45))
    assert fewest <= len(notebook.cells) <= most
    fewest, most = WORDS.get(file.stem[:2], (1200, 1800))
    assert fewest <= sum(len(words(c.source)) for c in notebook.cells if c.cell_type == "markdown") <= most


def test_no_long_text_before_code_and_no_long_code(notebook):
    """An exercise's statement is read on its own, with its header: what leads up to it counts apart."""
    before = 0
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            if cell.source.startswith("### Exercise"):
                assert before <= 60, f"{before} words before {cell.source[:60]!r}"
                before = 0
            before += len(words(cell.source))
        else:
            assert before <= 60, f"{before} words before {cell.source[:60]!r}"
            assert len(cell.source.splitlines()) <= 15, cell.source
            before = 0


def test_it_opens_with_a_figure(file, notebook):
    if file.stem[:2] == "99":
        pytest.skip("the exit quiz opens with questions")
    pictures = [any("image/png" in o.get("data", {}) for o in c.get("outputs", [])) for c in notebook.cells[:3]]
    assert any(pictures)


def test_it_was_executed_from_top_to_bottom(notebook):
    counts = [cell.execution_count for cell in code_cells(notebook)]
    assert counts == list(range(1, len(counts) + 1))


def test_nothing_went_wrong_and_nothing_was_warned_of(notebook):
    for output in outputs(notebook):
        assert output.output_type != "error"
        assert output.get("name") != "stderr", output.text


def test_every_figure_has_words(file, notebook):
    pictures = [output for output in outputs(notebook) if "image/png" in output.get("data", {})]
    linked = [m for cell in notebook.cells if cell.cell_type == "markdown" for m in IMAGE.findall(cell.source)]
    drawn = [output for output in outputs(notebook) if "<img" in output.get("data", {}).get("text/html", "")]
    fewest, most = FIGURES.get(file.stem[:2], (3, 5))
    assert fewest <= len(pictures) + len(linked) + len(drawn) <= most
    for output in drawn:
        for alt in re.findall(r"<img(?=[^>]*\balt=\"([^\"]*)\")?", output.data["text/html"]):
            assert len(alt.split()) > 10, output.data["text/html"][:200]
    for output in pictures:
        alt = output.metadata["image/png"]["alt"]
        assert len(alt.split()) > 10
        assert output.data["text/plain"] == alt
    for alt, target in linked:
        assert len(alt.split()) > 10, target


def test_no_unformatted_float(notebook):
    for output in outputs(notebook, compared_only=True):
        assert not re.search(r"\d\.\d{7,}", texts(output)), texts(output)


def test_nothing_stored_differs_from_run_to_run(notebook):
    """No address of an object, no time."""
    for output in outputs(notebook, compared_only=True):
        assert not re.search(r"\b0x[0-9a-f]{6,}|\d+(\.\d+)? ?(ms|µs|s/it|it/s)\b", texts(output)), texts(output)


def test_numbers_in_the_text_are_those_that_the_cells_show(notebook):
    shown = "".join([*map(texts, outputs(notebook)), *(cell.source for cell in code_cells(notebook))])
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
