"""Cells that use what the learner writes wait until it is written.

A lab's figures and its table are made of the learner's own functions. While one of these is still blank,
the cell says for which it waits, and the notebook runs on.
"""

import ast
import inspect
import os
import textwrap
from types import FunctionType
from typing import Any

from minigrad.course.card import Card


def ready(*functions: Any) -> bool:
    """Whether all of these are written; shows which are not.

    While a submission is graded it says no: figures and tables would only cost time.

    >>> def scale(train, val, test):
    ...     return ..., ..., ...
    >>> ready(scale)
    ○ This cell waits for `scale`. Run it again when that is written.
    False
    >>> ready(max, sorted)
    True
    """
    if os.environ.get("MINIGRAD_GRADING"):
        return False
    names = [f"`{function.__name__}`" for function in functions if is_blank(function)]
    if names:
        from IPython.display import display

        *first, last = names
        which = f"{', '.join(first)} and {last}" if first else last
        display(Card("blank", f"This cell waits for {which}.", ("Run it again when that is written.",)))
    return not names


def is_blank(answer: Any) -> bool:
    """Whether an answer is `...`, or a function in which a `...` still stands for a value."""
    return answer is ... or bool(blank_line(answer))


def blank_line(function: Any) -> str:
    """Return a function's first line in which `...` stands for a value, or "".

    In an index it means something else. As a statement of its own it does no harm, above what was written.
    """
    if not isinstance(function, FunctionType):
        return ""
    try:
        text = textwrap.dedent(inspect.getsource(function))
        nodes = list(ast.walk(ast.parse(text)))
    except (OSError, SyntaxError):  # no text, or half a statement, in which a lambda stands
        return ""
    harmless: list[ast.AST] = [node.value for node in nodes if isinstance(node, ast.Expr)]
    harmless += [part for node in nodes if isinstance(node, ast.Subscript) for part in ast.walk(node.slice)]
    values = [node for node in nodes if isinstance(node, ast.Constant) and node.value is ... and node not in harmless]
    return text.splitlines()[min(node.lineno for node in values) - 1].strip() if values else ""
