"""Modules that hold others: in a row that computes, in a list, and by name.

What they hold are attributes, called "0", "1"... or as one wishes, so all that a module knows of its parts it knows of
these.
"""

import itertools
from collections.abc import MutableMapping, MutableSequence

from ..spelling import in_words
from .module import Module


class Container(Module):
    """The base: parts are put in by name, and kept in order."""

    def __init__(self, named):
        super().__init__()
        for name, part in named:
            self._put(name, part)

    def _put(self, name, part):
        self._register(name, self._fit(part), Module)

    def _fit(self, part):
        """What is to be held, if it can be."""
        if not isinstance(part, Module):
            hint = "; write * before it" * isinstance(part, list | tuple)
            raise TypeError(f"{type(self).__name__} holds modules, got {in_words(part)}{hint}")
        return part

    def _held(self):
        """The parts by name; one that is there twice counts twice."""
        return {name: part for name, part in self._parts() if isinstance(part, Module)}

    def __len__(self):
        return len(self._held())


def _numbered(parts):
    return [(str(i), part) for i, part in enumerate(parts)]


class Numbered(Container, MutableSequence):
    """Parts in an order, with what Python's lists can do: `pop`, `remove`, `+=`..."""

    def _of(self, named):
        """Another of this kind."""
        return type(self)(part for _, part in named)

    def __iter__(self):
        return iter(self._held().values())

    def __getitem__(self, index):
        return self._of([*self._held().items()][index]) if isinstance(index, slice) else [*self][index]

    def __setitem__(self, index, part):
        self._put([*self._held()][index], part)

    def __delitem__(self, index):
        parts = [*self]
        del parts[index]
        self._fill(parts)

    def __add__(self, other):
        return self._of(_numbered([*self, *other]))

    def insert(self, index, part):
        """Put a part before the one at `index`; returns the container."""
        parts = [*self]
        parts.insert(index, self._fit(part))
        return self._fill(parts)

    def append(self, part):
        """Add a part at the end; returns the container."""
        held = self._held()
        self._put(next(name for name in map(str, itertools.count(len(held))) if name not in held), part)
        return self

    def extend(self, parts):
        """Add several parts at the end; returns the container."""
        for part in [*parts]:
            self.append(part)
        return self

    def _fill(self, parts):
        """These instead of those that are there, numbered anew."""
        for name in self._held():
            delattr(self, name)
        return self.extend(parts)


class ModuleList(Numbered):
    """Modules in a list, found by the module that holds it."""

    def __init__(self, modules=()):
        super().__init__(_numbered(modules))

    def _shown(self):
        """Neighbours that print the same become one line: `(0-3): 4 x Linear(...)`."""
        lines = []
        for text, group in itertools.groupby(super()._shown(), key=lambda shown: shown[1]):
            names = [name for name, _ in group]
            more = len(names) > 1
            lines.append((f"{names[0]}-{names[-1]}", f"{len(names)} x {text}") if more else (names[0], text))
        return lines


class Sequential(Numbered):
    """Modules one after the other: the result of each is the input of the next.

    >>> from minigrad import nn
    >>> Sequential(nn.Linear(2, 3), nn.ReLU())
    Sequential(
      (0): Linear(in_features=2, out_features=3, bias=True)
      (1): ReLU()
    )
    """

    def __init__(self, *modules):
        named = modules[0].items() if len(modules) == 1 and isinstance(modules[0], dict) else _numbered(modules)
        super().__init__(named)

    def _of(self, named):
        return type(self)(dict(named))  # a slice keeps the names, as in PyTorch

    def forward(self, x):
        """The input through all modules in order."""
        for part in (*vars(self).values(),):  # as `for part in self`, which costs as much as a small layer
            if isinstance(part, Module):
                x = part(x)
        return x


class ModuleDict(Container, MutableMapping):
    """Modules by name, found by the module that holds it, with what Python's dictionaries can do."""

    __eq__, __hash__ = Module.__eq__, Module.__hash__  # it is itself, whatever it holds

    def __init__(self, modules=()):
        super().__init__(modules.items() if isinstance(modules, dict | ModuleDict) else modules)

    def __iter__(self):
        return iter(self._held())

    def __getitem__(self, name):
        return self._held()[name]

    def __setitem__(self, name, part):
        self._put(name, part)

    def __delitem__(self, name):
        del self._held()[name]  # or KeyError
        delattr(self, name)
