"""Where the time goes: `with profile() as table:` counts and times every operation inside, forward and backward.

The table shows calls, time, share and bytes, longest first, with a bar for each; in a notebook it is drawn. What is not
spent in operations, in Python around them or in an optimizer, is a line of its own.
"""

from collections import defaultdict
from dataclasses import dataclass
from html import escape
from time import perf_counter

from .tape import Op, raw

BAR = 24  # letters in the longest bar of the text


@dataclass
class Line:
    """What one operation has cost: seconds there and back, and the bytes of its results and gradients."""

    calls: int = 0
    forward: float = 0.0
    backward: float = 0.0
    bytes: int = 0

    @property
    def seconds(self):
        return self.forward + self.backward


class profile:
    """Count and time the operations inside a `with` block; afterwards `lines` has one entry for each name.

    Times are in seconds, of this machine and this run. They include what the tape does around an operation; what a
    derivative calls is counted as that derivative. As `torch.profiler.profile`.

    >>> import minigrad as mg
    >>> x = mg.ones(3, 3, requires_grad=True)
    >>> with mg.profile() as table:
    ...     (x @ x).sum().backward()
    >>> sorted(table.lines), table.lines["matmul"].calls, table.lines["matmul"].bytes
    (['matmul', 'sum'], 1, 108)
    """

    def __init__(self):
        self.lines: dict[str, Line] = defaultdict(Line)
        self.total = 0.0
        self._inside = False  # an operation: what it calls is its own

    def __enter__(self):
        self._before = Op.__call__, Op.pull
        call, pull = self._before

        def timed_call(op, *inputs, **params):
            return self._timed(op.name, "forward", call, op, *inputs, **params)

        def timed_pull(op, *arguments):
            return self._timed(op.name, "backward", pull, op, *arguments)

        Op.__call__, Op.pull = timed_call, timed_pull  # type: ignore[assignment, method-assign]
        self._start = perf_counter()
        return self

    def __exit__(self, *_):
        self.total += perf_counter() - self._start
        Op.__call__, Op.pull = self._before  # type: ignore[method-assign]

    def _timed(self, name, direction, function, *arguments, **params):
        if self._inside:
            return function(*arguments, **params)
        self._inside, start = True, perf_counter()
        try:
            result = function(*arguments, **params)
        finally:
            seconds, self._inside = perf_counter() - start, False
        line = self.lines[name]
        line.calls += direction == "forward"
        setattr(line, direction, getattr(line, direction) + seconds)
        line.bytes += sum(getattr(raw(x), "nbytes", 0) for x in (result if isinstance(result, list) else [result]))
        return result

    def _rows(self):
        """Names, texts and shares, longest first; then what was spent elsewhere."""
        rest = max(self.total - sum(line.seconds for line in self.lines.values()), 0.0)
        lines = sorted(self.lines.items(), key=lambda pair: -pair[1].seconds)
        for name, line in [*lines, ("(elsewhere)", Line(forward=rest))]:
            times = [f"{1e3 * line.forward:.2f}", f"{1e3 * line.backward:.2f}"]
            numbers = [f"{line.calls:,}", *times, size(line.bytes)] if line.calls else ["", times[0], "", ""]
            yield name, numbers, line.seconds / self.total if self.total else 0.0

    def __repr__(self):
        rows = list(self._rows())
        width, longest = max(len(name) for name, _, _ in rows), max(share for _, _, share in rows) or 1.0
        text = [f"{'':{width}} {'calls':>7} {'forward ms':>10} {'backward ms':>11} {'size':>9}  share"]
        for name, (calls, forward, backward, bytes), share in rows:
            bar = "█" * round(BAR * share / longest)
            text.append(
                f"{name:{width}} {calls:>7} {forward:>10} {backward:>11} {bytes:>9} {share:>6.1%} {bar}".rstrip()
            )
        return "\n".join(text)

    def _repr_html_(self):
        titles = ["operation", "calls", "forward ms", "backward ms", "size", "share", ""]
        head = "".join(f"<th>{title}</th>" for title in titles)
        rows = list(self._rows())
        longest = max(share for _, _, share in rows) or 1.0
        body = ""
        for name, numbers, share in rows:
            bar = f'<div style="background:#0072b2;height:0.8em;width:{12 * share / longest:.2f}em"></div>'
            cells = [escape(name), *numbers, f"{share:.1%}", bar]
            body += f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def size(count):
    """Bytes in a unit in which the number is short.

    >>> size(108), size(2_500_000)
    ('108 B', '2.5 MB')
    """
    number, unit = float(count), "B"
    for larger in ("kB", "MB", "GB"):
        if number >= 1000:
            number, unit = number / 1000, larger
    return f"{count} B" if unit == "B" else f"{number:.1f} {unit}"
