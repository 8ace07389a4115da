"""Prints a trace as Python: plain functions of one line per operation, with the program's own names.

Steps that nothing needs are left out, equal ones are computed once, and what is used a single time stands where it is
used, so that a line reads as one would have written it.
"""

import ast
import builtins
import itertools
import keyword
import linecache
import re
import weakref
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np

from .tracing import Step, Trace, root

LINE = 100  # characters; a longer expression is broken into several lines
serial = itertools.count(1)


def is_call(step):
    """Whether a step calls a function, and isn't arithmetic or a method."""
    return bool(re.match(r"[a-z.]+\(", step.form))


class Way:
    """The way back from one result: the step of the gradient that arrives, and those of the inputs' gradients."""

    def __init__(self, seed, gradients):
        self.seed, self.gradients = seed, gradients
        self.steps: list[Step] = []
        self.saved: list[Step] = []  # of the way there, what it needs


class Written(NamedTuple):
    """What was written, as text and as functions; of the arrays it was traced with nothing is kept.

    With a single number as the result there is one function, and it returns the gradients together with that. Else
    `forward` returns, in a list at the end, what the ways back need: each is a function `(gradient, *saved)` and the
    places of what it needs in that list, or None where no gradient flows.
    """

    source: str
    forward: Callable
    merged: bool
    backs: list


class Program:
    """A trace on its way to being `written`: the steps that are needed, their names, their lines."""

    def __init__(self, trace: Trace, name, inputs, ends, ways):
        self.trace, self.all_ways = trace, ways
        self.place = {step: i for i, step in enumerate(trace.steps)}
        self.ways = [way for way in ways if way]
        self.merged = any(way.seed.kind == "literal" for way in self.ways)
        self.twin: dict[Step, Step] = {}
        self._find_equal_steps()
        self.ends = [self.only(step) for step in ends]
        for way in self.ways:
            way.gradients = [step and self.only(step) for step in way.gradients]
        self.roots = {*self.ends, *(g for way in self.ways for g in way.gradients if g)}
        self.live = self._needed(self.roots)
        self.users: dict[Step, list[Step]] = {step: [] for step in self.live}
        for step in self.live:
            for x in self.operands(step):
                self.users[x].append(step)
        self.names: dict[Step, str] = {}
        self.taken = {*trace.names, *keyword.kwlist, "slice", "bool", "int", "float"}
        self.inputs = [step for step in inputs if step in self.users]
        for step in self.inputs:
            self.name(step)
        self.written = self._print(self._unused(name))

    def only(self, step):
        """The step that computes the same and came first."""
        return self.twin.get(step, step)

    def operands(self, step):
        return [self.only(x) for x in step.operands]

    def _find_equal_steps(self):
        first: dict[tuple, Step] = {}
        for step in self.trace.steps:
            if step.kind in ("pure", "made") and id(root(step.value)) not in self.trace.written:
                step.kind = "pure"
                known = first.setdefault((step.form, step.era, *self.operands(step)), step)
                if known is not step:
                    self.twin[step] = known
                    known.name, known.row = known.name or step.name, known.row or step.row
                    known.of = known.of or (step.of if known.backward else None)

    def _needed(self, roots):
        """What results depend on, with checks, draws, and writes into memory that one of these looks at."""
        live = set(roots)
        memory = {id(root(step.value)) for step in self.trace.steps if step.kind == "input"}
        memory |= {id(root(step.value)) for step in live}
        for step in reversed(self.trace.steps):
            written = step.kind == "write" and id(root(step.operands[0].value)) in memory
            if step in live or step.kind in ("check", "draw") or written:
                live.add(step)
                live.update(self.operands(step))
                memory |= {id(root(x.value)) for x in (step, *self.operands(step))}
        return [step for step in self.trace.steps if step in live]

    # ------------------------------------------------------------ names

    def name(self, step):
        """The name of a step's result: what the program calls it, else what computes it."""
        if step not in self.names:
            self.names[step] = self._unused(step.name or self._gradient_name(step) or self._function_name(step))
        return self.names[step]

    def _unused(self, wanted):
        wanted = re.sub(r"\W|^(?=\d)", "_", wanted)
        names = (f"{wanted}{'_' * wanted[-1:].isdigit()}{n}" for n in itertools.count(2))
        name = wanted if wanted not in self.taken else next(name for name in names if name not in self.taken)
        self.taken.add(name)
        return name

    def _gradient_name(self, step):
        if step.of is None:
            return ""
        name = self.name(self.only(step.of))
        return f"d{name}" if len(name) < 4 else f"d_{name}"

    @staticmethod
    def _function_name(step):
        found = re.match(r"(?:\w+\.)*([a-z]\w*)\(", step.form) or re.match(r"_\d+\.(\w+)", step.form)
        name = step.row or {"constant": "c", "draw": "drawn"}.get(step.kind) or (found[1] if found else "t")
        return name + "_" * hasattr(builtins, name)

    def list(self, steps):
        """A list of results as source text."""
        return f"[{', '.join(self.name(step) if step else 'None' for step in steps)}]"

    # ------------------------------------------------------------ lines

    def _stands_inside(self, step):
        """Whether a step is written where it is used: once, with nothing changed in between, and nobody named it."""
        users = self.users[step]
        if step.kind != "pure" or step.name or step.of or step in self.roots or len(users) != 1:
            return False
        if step.row and (is_call(step) or is_call(users[0])):
            return False
        return users[0].era == step.era and (self.merged or step.backward == users[0].backward)

    def lines(self, steps):
        """Assignments, one for each step that isn't part of a longer expression."""
        written: list[str] = []
        pending: dict[Step, ast.AST] = {}

        def put(step, tree):
            text = ast.unparse(tree).replace(".T.T", "")
            if isinstance(tree, ast.Assign) and isinstance(tree.value, ast.BinOp):
                target, value = ast.unparse(tree.targets[0]), tree.value
                if ast.unparse(value.left) == target:  # a[i] = a[i] + b is a[i] += b
                    sign = text.removeprefix(f"{target} = {target} ").partition(" ")[0]
                    text = f"{target} {sign}= {ast.unparse(value.right)}"
            written.append(text if step.kind in ("write", "check") else f"{self.name(step)} = {text}")

        for step in steps:
            if step.kind in ("input", "constant"):
                continue
            parts = {f"_{i}": x for i, x in enumerate(self.operands(step))}
            inner = {name: pending.pop(x) for name, x in parts.items() if x in pending}
            tree = self._tree(step, parts, inner)
            if inner and len(ast.unparse(tree)) > LINE:
                for name, part in inner.items():
                    put(parts[name], part)
                tree = self._tree(step, parts, {})
            if self._stands_inside(step):
                pending[step] = tree
            else:
                put(step, tree)
        return written

    def _tree(self, step, parts, inner):
        """The step's form with operands in their places: expressions where they are given, else names."""

        class Fill(ast.NodeTransformer):
            def visit_Name(_, node):
                if node.id not in parts:
                    return node
                return inner[node.id] if node.id in inner else ast.Name(self.name(parts[node.id]))

        (statement,) = ast.parse(step.form).body
        return Fill().visit(statement.value if isinstance(statement, ast.Expr) else statement)

    def function(self, name, parameters, steps, result):
        """The source of a function of these steps; comments say where the way there and the way back begin.

        What is to be found of the arguments is found first, before anything is drawn or written.
        """
        steps = sorted(steps, key=lambda step: step.kind != "check" or any(x.operands for x in step.operands))
        lines = [f"def {name}({', '.join(map(self.name, parameters))}):"]
        for title, backward in (("forward", False), ("backward", True)):
            written = self.lines([step for step in steps if step.backward == backward])
            lines += [f"    # {title}"] * bool(written) + [f"    {line}" for line in written]
        return "\n".join([*lines, f"    return {result()}", ""])

    # ------------------------------------------------------------ functions

    def _print(self, name):
        """Write the source, and make Python functions of it."""
        names, self.saved = [name], []
        if self.merged:
            (way,) = self.ways
            result = lambda: f"{self.name(self.ends[0])}, {self.list(way.gradients)}"
            sources = [self.function(name, self.inputs, self.live, result)]
        else:
            for way in self.ways:
                self._separate(way)
            self.saved = sorted({step for way in self.ways for step in way.saved}, key=self.place.__getitem__)
            result = lambda: ", ".join([*self._returned(), self.list(self.saved)]) + "," * (not self.ends)
            forward = [step for step in self.live if not step.backward]
            sources = [self.function(name, self.inputs, forward, result)]
            for way in self.ways:
                names.append(self._unused(f"{name}_backward"))
                result = partial(self.list, way.gradients)
                sources.append(self.function(names[-1], [way.seed, *way.saved], way.steps, result))
        source = "\n\n".join(sources)
        filename = f"<compiled {name} {next(serial)}>"
        constants = {self.names[step]: step.value for step in self.live if step.kind == "constant"}
        space = {"__name__": "minigrad.compiled", **self.trace.names, **constants}  # where NumPy's warnings are silent
        exec(builtins.compile(source, filename, "exec", optimize=0), space)
        quiet = np.errstate(all="ignore") if any(hasattr(step.value, "shape") for step in self.live) else lambda f: f
        forward, *runs = (quiet(space[name]) for name in names)
        linecache.cache[filename] = len(source), None, source.splitlines(True), filename  # for tracebacks
        weakref.finalize(forward, linecache.cache.pop, filename, None)
        places = [[self.saved.index(step) for step in way.saved] for way in self.ways]
        backs = dict(zip(self.ways, zip(runs, places, strict=False), strict=False))
        return Written(source, forward, self.merged, [backs.get(way) for way in self.all_ways])

    def _separate(self, way):
        """Find the steps of a way back, and what it needs of the way there."""
        gradients = [g for g in way.gradients if g]
        way.steps = [x for x in self._needed(gradients) if x.backward and x is not way.seed]
        needed = {x for step in way.steps for x in self.operands(step)} | set(gradients)
        saved = {x for x in needed if not x.backward and x.kind != "constant"}
        way.saved = sorted(saved, key=self.place.__getitem__)

    def _returned(self):
        """The results; as copies where another result, or a way back, looks into the same memory."""
        seen = {id(root(step.value)) for step in self.saved} if len(self.ends) > 1 else set()
        for step in self.ends:
            memory = id(root(step.value))
            yield self.name(step) + ".copy()" * (memory in seen and hasattr(step.value, "shape"))
            seen.add(memory)
