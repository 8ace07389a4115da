"""What a function can get at besides its arguments: tensors, random generators and settings.

A compiled function must know them. The numbers in its tensors change from call to call, so they are inputs too; when a
setting changes, such as `training`, it has to be traced again.
"""

import builtins
import sys
from functools import partial
from operator import getitem, is_
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from ..backend import Generator, default_generator
from ..tape import Variable

PLAIN = int | float | str | bool | None  # settings: compared by identity, as they are replaced and never changed
VARIABLE = "="  # in a path, before the name of a variable: the parts of what it holds do without that name
LIBRARIES = {"minigrad", "numpy", "cupy"} | sys.stdlib_module_names
MANY = 100  # settings in one list or dictionary; more than that is data


class Reach:
    """The `tensors` (each with the way to it), `generators` and `settings` that a function can get at."""

    def __init__(self, *roots):
        self.tensors: dict[Variable, tuple[str, ...]] = {}
        self.generators: list[Generator] = [default_generator]
        self.containers: list[Any] = []  # what stood where: containers[i][keys[i]] was found[i]
        self.keys: list[Any] = []
        self.found: list[Any] = []
        self.sized: list[Any] = []  # containers of tensors, to which nothing may be added
        self.sizes: list[int] = []
        self.seen: set[int] = set()
        self.kept: list[Any] = []  # so that no id in `seen` is given to something else
        for root in roots:
            self.visit(root, ())

    def unchanged(self):
        """Whether everything found still stands where it stood, and nothing was added."""
        try:
            now = map(getitem, self.containers, self.keys)
            return all(map(is_, now, self.found)) and [*map(len, self.sized)] == self.sizes
        except (KeyError, IndexError, ValueError):
            return False

    def visit(self, x, path):
        """Look into `x`, which was reached by the names in `path`."""
        if isinstance(x, Variable):
            self.tensors.setdefault(x, path)
            return
        if isinstance(x, PLAIN | ModuleType) or id(x) in self.seen:
            return
        if isinstance(x, FunctionType | type) and is_library(x.__module__):
            return
        self.seen.add(id(x))
        self.kept.append(x)
        if isinstance(x, Generator):
            self.generators.append(x)
        elif isinstance(x, FunctionType):
            self._function(x, path)
        elif isinstance(x, type):
            self._class(x)
        elif isinstance(x, MethodType):
            self.visit(x.__self__, path)
            self.visit(x.__func__, path)
        elif isinstance(x, partial):
            self.visit((x.func, x.args, x.keywords), path)
        elif isinstance(x, tuple | set | frozenset):
            for i, part in enumerate(x):
                self.visit(part, (*path, str(i)))
        elif isinstance(x, list | dict):
            self._items(x, list(x.items() if isinstance(x, dict) else enumerate(x)), path)
        else:
            if hasattr(x, "__dict__"):
                self._items(vars(x), list(vars(x).items()), path[path[:1] == (VARIABLE,) and 2 :])
            self.visit(type(x), ())

    def _class(self, kind):
        """The methods of a class, what it holds besides, and its bases."""
        for name, value in vars(kind).items():
            if isinstance(value, FunctionType):
                self.visit(value, ())
            elif isinstance(value, staticmethod | classmethod):
                self.visit(value.__func__, ())
            elif isinstance(value, property):
                self.visit(value.fget, ())
            elif not name.startswith("__"):
                self._note(vars(kind), name, value, (name,))
        for base in kind.__bases__:
            self.visit(base, ())

    def _items(self, container, pairs, path):
        before = len(self.tensors)
        plain = sum(isinstance(value, PLAIN) for _, value in pairs)
        for key, value in pairs:
            if not isinstance(value, PLAIN) or plain <= MANY:
                self._note(container, key, value, (*path, str(key)))
        if len(self.tensors) > before:
            self.sized.append(container)
            self.sizes.append(len(container))

    def _note(self, container, key, value, path):
        self.containers.append(container)
        self.keys.append(key)
        self.found.append(value)
        self.visit(value, path)

    def _function(self, function, path):
        for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
            content = _Cell(cell)
            try:
                self._note(content, None, content[None], (VARIABLE, name))
            except ValueError:  # not filled yet
                continue
        names, variables = set(_names(function.__code__)), function.__globals__
        for name in sorted(names & variables.keys() - vars(builtins).keys()):
            found = variables[name]
            self._note(variables, name, found, (VARIABLE, name))
            if isinstance(found, ModuleType) and not is_library(found.__name__):  # settings.rate
                for part in sorted(names & vars(found).keys()):
                    self._note(vars(found), part, vars(found)[part], (VARIABLE, part))
        self.visit(function.__defaults__ or (), path)
        self.visit(function.__kwdefaults__ or {}, path)
        self.visit(getattr(function, "__wrapped__", None), path)


class _Cell:
    """A variable of an enclosing function, looked at like an item."""

    def __init__(self, cell):
        self.cell = cell

    def __getitem__(self, key):
        return self.cell.cell_contents


def _names(code):
    """The global names in a function and in the functions defined inside it."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def is_library(module):
    """Whether a function or class of this module is the engine's, NumPy's or Python's: what those get at is known."""
    module = str(module)
    return module.partition(".")[0] in LIBRARIES and not module.startswith("minigrad.course")
