"""The table of results that a lab's notebook fills from the learner's own runs."""

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

import numpy as np

COLUMNS = ("parameters", "train", "validation", "test")


class Table(list):
    """Rows, dictionaries with a "network" and numbers, that show themselves as a table.

    >>> Table([{"network": "one layer", "parameters": 15, "train": 0.9667, "validation": 0.95, "test": 0.94}])
    network    parameters  train  validation   test
    one layer          15  0.967       0.950  0.940
    """

    def shown(self) -> list[list[str]]:
        """Return the cells as text, the heading first."""
        rows = [["network", *COLUMNS]]
        for row in self:
            accuracies = [f"{row[name]:.3f}" for name in COLUMNS[1:]]
            rows.append([str(row["network"]), f"{row['parameters']:,.0f}", *accuracies])
        return rows

    def __repr__(self):
        rows = self.shown()
        first, *rest = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ([name.ljust(first), *(c.rjust(w) for c, w in zip(cells, rest, strict=True))] for name, *cells in rows)
        return "\n".join("  ".join(line) for line in lines)

    def _repr_html_(self):
        head, *rows = self.shown()
        start, end = 'style="text-align: left"', 'style="text-align: right; font-variant-numeric: tabular-nums"'

        def line(kind, cells):
            places = (f"<{kind} {start if i == 0 else end}>{escape(cell)}</{kind}>" for i, cell in enumerate(cells))
            return f"<tr>{''.join(places)}</tr>"

        body = "".join(line("td", row) for row in rows)
        return f"<table><thead>{line('th', head)}</thead><tbody>{body}</tbody></table>"


def results(
    experiment: Callable,
    data: Sequence[tuple],
    networks: Mapping[str, tuple[int, ...]],
    activation: str | None = "relu",
) -> Table:
    """Run the experiment with each network on each of several splits; return the mean of its rows for each network."""
    table = Table()
    for name, sizes in networks.items():
        rows: list[dict[str, Any]] = [experiment(parts, sizes, activation, seed) for seed, parts in enumerate(data)]
        # rounded, so that equal means are equal, whatever the order of their rows
        means = {key: round(float(np.mean([row[key] for row in rows])), 9) for key in COLUMNS}
        table.append({"network": name, **means})
    return table
