"""The process in which one submission runs: it runs cells, and calls functions when the grader asks.

Nothing secret is here: the hidden criteria and the right answers stay with the grader. So a
submission that takes this process over can ruin, or make up, no more than its own answers.
"""

import ast
import json
import linecache
import os
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from types import ModuleType
from typing import Any

from IPython.core.inputtransformer2 import TransformerManager
from IPython.display import display

from minigrad.course.card import Card
from minigrad.course.comparing import NotYet
from minigrad.course.exercises import Exercise
from minigrad.course.grading import walls, wire
from minigrad.course.limits import limited
from minigrad.course.tasks import Task, lab, plain


class Shell:
    """What `get_ipython()` returns: `%time` and `%%capture` run the code behind them; other magic does nothing."""

    def __init__(self, run: Callable[[str], None]):
        self.run = run

    def run_line_magic(self, name: str, line: str, *_: Any, **__: Any) -> None:
        """Stand for `%name line`."""
        if name in ("time", "timeit"):
            self.run(line)

    def run_cell_magic(self, name: str, _line: str, body: str) -> None:
        """Stand for `%%name` and the lines under it."""
        if name in ("time", "timeit", "capture"):
            self.run(body)

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_, **__: None  # `!ls` and all else


class Desk:
    """A submission's names, and those of its things that the grader knows by number."""

    def __init__(self, lab_number: str, most: int):
        self.most = most  # bytes of an answer
        self.main = sys.modules["__main__"] = ModuleType("__main__")
        self.names = vars(self.main)
        self.names.update(display=display, get_ipython=lambda: Shell(self.cell))
        self.things: list[Any] = []
        self.verdicts = lab(lab_number).check
        Task.verdict = lambda *_: Card("note", "Not checked here.")  # type: ignore[method-assign]
        course = {name: module for name, module in sys.modules.items() if name.startswith("minigrad.course.")}
        self.course = {name: (module, dict(vars(module))) for name, module in course.items()}

    # What the grader can ask for

    def cell(self, source: str, name: str = "<magic>") -> None:
        """Run a cell of the notebook, one statement at a time as notebooks do."""
        source = TransformerManager().transform_cell(source)
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        for statement in ast.parse(source, name).body:
            exec(compile(ast.Module([statement], []), name, "exec"), self.names)

    def answers(self, task: str, names: list[str]) -> tuple | str:
        """Return what the submission calls by these names, or say that the task was left as it was."""
        if missing := [f"`{name}`" for name in names if name not in self.names]:
            raise NotYet(f"the notebook defines no {' and no '.join(missing)}.")
        found = tuple(self.names[name] for name in names)
        return "untouched" if getattr(self.verdicts, task).__self__.untouched(found) else found

    def call(self, function: Any, inputs: tuple, options: dict) -> Any:
        """Call a function, the submission's or one of the course's by its name, as a check in the notebook does."""
        if isinstance(function, str):
            module, name = function.split(":")
            function = self.course[module][1][name]
        return Exercise().call(function, *inputs, **options)

    # How it is asked

    def number(self, thing: Any) -> dict:
        """Keep a thing that is no data; return what stands for it."""
        self.things.append(thing)
        return {"thing": len(self.things) - 1, "kind": type(thing).__name__}

    def reply(self, message: bytes) -> bytes:
        """Do what is asked; return the value, or a sentence on what was raised."""
        request = wire.unpacked(message, lambda thing: self.things[thing["thing"]])
        for module, names in self.course.values():
            vars(module).update(names)  # whatever the submission has put there
        do, judge = getattr(self, request.pop("do")), Exercise()
        judge.seconds = request.pop("seconds")  # type: ignore[misc]
        value, raised, _ = limited(lambda: wire.packed({"value": plain(do(**request))}, self.number), judge.seconds)
        if raised is None and len(value) > self.most:
            raised = NotYet(f"it returns more than {self.most >> 20} MB.")
        return value if raised is None else wire.packed({"raised": judge.sentence(raised)}, self.number)


def main() -> None:
    """Raise the walls, then do what the grader asks until it hangs up."""
    pipe, number, limits = sys.argv[1:]
    connection, most = Connection(int(pipe)), json.loads(limits)
    walls.raise_walls(Path.cwd(), most["seconds"], most["memory"], most["file"])
    desk = Desk(number, most["message"])
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # until now, an error here was the grader's to hear
    connection.send_bytes(b"ready")
    while True:
        try:
            message = connection.recv_bytes()
        except EOFError:
            break
        connection.send_bytes(desk.reply(message))


if __name__ == "__main__":
    main()
