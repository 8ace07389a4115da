"""The shape of the house: what imports what, what is loaded, how long it is, and what is committed."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "minigrad"

# Each file, or folder, imports only from those before it. A new one is entered here, and in CONTRIBUTING.md.
ORDER = (
    "backend tape spelling ops functions fused scalar printing tensor inplace creation autograd profile draw nests "
    "compile nn optim data io progress keras tf lightning course"
).split()

NOTEBOOKS = sorted(path for folder in ("notebooks", "lab") for path in (ROOT / folder).rglob("*.ipynb"))
NOTEBOOKS = [path for path in NOTEBOOKS if ".ipynb_checkpoints" not in path.parts and path.name != "master.ipynb"]


def python_files(*folders: str) -> list[Path]:
    """Every Python file in these folders of the repository."""
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def names(paths) -> list[str]:
    """How the paths are shown in pytest's report."""
    return [path.relative_to(ROOT).as_posix() for path in paths]


def storey(path: Path) -> str:
    """The entry of ORDER that a file of the package belongs to: `tape` for tape.py, `nn` for nn/layers.py."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_storeys(path: Path) -> set[str]:
    """The entries of ORDER that a file imports from, wherever in the file, its own folder left out."""
    inside = path.relative_to(ROOT).parent.parts  # what `from .` means in this file
    modules = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            start = list(inside[: len(inside) - node.level + 1]) if node.level else []
            base = ".".join(start + ([node.module] if node.module else []))
            modules += [f"{base}.{alias.name}" for alias in node.names] if base == "minigrad" else [base]
    second = [[*module.split("."), ""][1] for module in modules if module.split(".")[0] == "minigrad"]
    # `from minigrad import tape` names a file; `from minigrad import Tensor` asks __init__, which stands above all
    return {name if name in ORDER else "__init__" for name in second} - {storey(path)}


ENGINE = [path for path in python_files("minigrad") if storey(path) not in ("__init__", "course")]


@pytest.mark.parametrize("path", ENGINE, ids=names(ENGINE))
def test_imports_only_from_above(path):
    """No circles: reading from the top, nothing is used before it was met."""
    assert storey(path) in ORDER, f"enter {storey(path)!r} in ORDER"
    above = set(ORDER[: ORDER.index(storey(path))])
    assert imported_storeys(path) <= above, f"{storey(path)} may import only from {sorted(above)}"


def test_contributors_read_the_same_order():
    """CONTRIBUTING.md gives the order in words."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    listed = re.search(r"in this order: (.*?)\.\s+The engine", text, flags=re.DOTALL)[1]
    assert re.findall(r"`(\w+)`", listed) == ORDER


def test_tape_imports_nothing_of_the_project():
    """The heart of the course is read without any other file."""
    assert imported_storeys(PACKAGE / "tape.py") == set()


def test_engine_never_imports_course():
    """The course is made with the engine, not the other way round; nor does `import minigrad` reach it."""
    assert [path for path in [PACKAGE / "__init__.py", *ENGINE] if "course" in imported_storeys(path)] == []


def test_import_loads_numpy_and_the_standard_library_only():
    """In a fresh interpreter: what `import minigrad` adds to what `import numpy` had loaded."""
    code = """if True:
        import json, sys, numpy.random  # a part of NumPy that loads Cython's run time, when first used
        before = set(sys.modules)
        import minigrad
        print(json.dumps(sorted(set(sys.modules) - before)))
    """
    run = subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    added = {module.partition(".")[0] for module in json.loads(run.stdout)}
    assert added - {"minigrad", "numpy"} - sys.stdlib_module_names == set()


CORE = ("tape.py", "ops.py", "scalar.py", "tensor.py")


def test_short_enough_to_read_in_one_sitting():
    """The four files a reader needs, together under 1,200 lines; the blank ones between their parts don't count."""
    texts = {name: (PACKAGE / name).read_text(encoding="utf-8") for name in CORE}
    length = {name: sum(bool(line.strip()) for line in text.splitlines()) for name, text in texts.items()}
    assert sum(length.values()) <= 1200, length


@pytest.mark.parametrize("path", FILES := python_files("minigrad", "tests", "images"), ids=names(FILES))
def test_every_file_opens_with_what_it_is_for(path):
    """A docstring before anything else."""
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=names(NOTEBOOKS))
def test_notebook_was_executed(path):
    """Every cell with code has a count: nbval compares nothing in a cell without one, and passes."""
    cells = [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]
    ran = [cell for cell in cells if "".join(cell["source"]).strip()]
    assert ran
    for cell in ran:
        source = "".join(cell["source"])
        assert cell["execution_count"] is not None, f"never executed:\n{source}"
        if "raises-exception" not in cell["metadata"].get("tags", []):
            errors = [output for output in cell["outputs"] if output["output_type"] == "error"]
            assert not errors, f"an error is stored under:\n{source}"
    counts = [cell["execution_count"] for cell in ran]
    assert counts == sorted(counts), "executed out of order: restart the kernel and run all"


# Written so that this file does not match itself.
FORBIDDEN = {
    "a path of somebody's machine": r"(?<![\w.])/(?:home|Users|root|work)/\w|[A-Z]:\\+Users\\",
    "the host of a registry": r"pypi\.org|pythonhosted\.org|conda\.org|anaconda\.com|download\.pytorch\.org",
}


def test_nothing_committed_belongs_to_one_machine():
    """No absolute path and no registry host in any text that git tracks, stored outputs of notebooks included."""
    # safe.directory: CI may run as another user than the owner of the checkout
    run = subprocess.run(["git", "-c", "safe.directory=*", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if run.returncode:
        pytest.skip(f"not a git checkout: {run.stderr.strip()}")
    found = []
    for name in filter(None, run.stdout.split("\0")):
        path = ROOT / name
        if path.suffix in {".png", ".npz"} or not path.is_file():
            continue
        text = path.read_text(encoding="utf-8")
        for what, pattern in FORBIDDEN.items():
            found += [f"{name}: {what}: {match}" for match in re.findall(pattern, text)]
    assert found == []


def pins(text: str) -> dict[str, str]:
    """`name==version` wherever it stands; a name pinned twice, for different Pythons, keeps the later one."""
    return {name.lower(): version for name, version in re.findall(r"([\w.-]+)==([\w.]+)", text)}


@pytest.mark.parametrize("file", [".pre-commit-config.yaml", ".ci/run", "README.md", "pyproject.toml"])
def test_versions_agree_with_the_constraints(file):
    """A version written anywhere else is the one in constraints.txt."""
    known = pins((ROOT / "constraints.txt").read_text(encoding="utf-8"))
    here = pins((ROOT / file).read_text(encoding="utf-8"))
    assert here
    assert here.items() <= known.items()


def test_constraints_cover_what_is_declared():
    """Every package that the project asks for by name has a version known to work, CuPy apart: it fits the GPU."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [*project["dependencies"], *(line for extra in project["optional-dependencies"].values() for line in extra)]
    asked_names = {re.match(r"[\w.-]+", line)[0].lower() for line in asked}
    known = set(pins((ROOT / "constraints.txt").read_text(encoding="utf-8")))
    assert asked_names - known == {"cupy-cuda13x"}
