"""How the course speaks to a learner: a card with a symbol, a word and some sentences.

One look for verdicts, hints, solutions, predictions and quizzes. In JupyterLab a card is HTML whose
text takes the theme's colours, elsewhere plain text; state is never told by colour alone. The same
card gives the same bytes. Sentences may hold `code`, **bold** and *italics* as in Markdown, and no other markup.
"""

import keyword
import re
import tokenize
from dataclasses import dataclass
from html import escape

# Kind: symbol, and the red, green and blue of the border and, thinned, of the ground. Blue and orange are told apart
# by colour-blind readers, and both stand out on white and on black; letters keep the theme's own colour.
BLUE, ORANGE, GREY = "10 133 199", "220 106 18", "138 148 160"
KINDS = {"right": ("✓", BLUE), "wrong": ("✗", ORANGE), "blank": ("○", GREY), "hint": ("→", GREY), "note": ("•", GREY)}
FRAME = "border-left: 4px solid rgb({0}); background: rgb({0} / 11%); border-radius: 3px; padding: 7px 14px"
PARAGRAPH = '<p style="margin: 2px 0; line-height: 1.5; max-width: 52em">{}</p>'
COLOURED = {tokenize.COMMENT: "comment", tokenize.STRING: "string", tokenize.NUMBER: "number"}
STRONG, EM = re.compile(r"\*\*(.+?)\*\*"), re.compile(r"\*(\S|\S[^*]*\S)\*")
PRE = '<pre style="{}"><code style="background: none; font-size: var(--jp-code-font-size)">{}</code></pre>'


def markup(text: str) -> str:
    """Return a sentence with `code`, **bold** and *italics* as HTML.

    >>> markup("`a < b` is **so**, *always*")
    '<code>a &lt; b</code> is <strong>so</strong>, <em>always</em>'
    """
    pieces = re.split(r"(`[^`]+`)", escape(text, quote=False))
    pieces[1::2] = [f"<code>{piece[1:-1]}</code>" for piece in pieces[1::2]]
    pieces[::2] = [EM.sub(r"<em>\1</em>", STRONG.sub(r"<strong>\1</strong>", piece)) for piece in pieces[::2]]
    return "".join(pieces)


def unmarked(text: str) -> str:
    """Return a sentence as plain text: backticks stay, since they mark off code there too."""
    pieces = re.split(r"(`[^`]+`)", text)
    pieces[::2] = [EM.sub(r"\1", STRONG.sub(r"\1", piece)) for piece in pieces[::2]]
    return "".join(pieces)


def coloured(source: str) -> str:
    """Return Python source as HTML in the colours of JupyterLab's editor.

    >>> coloured("x = 1  # one")
    'x = <span style="color: var(--jp-mirror-editor-number-color)">1</span>  \
<span style="color: var(--jp-mirror-editor-comment-color)"># one</span>'
    """
    lines, pieces, row, column = source.splitlines(keepends=True), [], 0, 0
    for token in tokenize.generate_tokens(iter([*lines, ""]).__next__):
        kind = "keyword" if keyword.iskeyword(token.string) else COLOURED.get(token.type)
        if kind:
            start, end = token.start, token.end
            pieces += [escape(between(lines, (row, column), (start[0] - 1, start[1])), quote=False)]
            text = escape(token.string, quote=False)
            pieces += [f'<span style="color: var(--jp-mirror-editor-{kind}-color)">{text}</span>']
            row, column = end[0] - 1, end[1]
    return "".join([*pieces, escape(between(lines, (row, column), (len(lines), 0)), quote=False)])


def between(lines: list[str], start: tuple[int, int], end: tuple[int, int]) -> str:
    """Return the text from one (row, column) to another."""
    (first, left), (last, right) = start, end
    if first == last:
        return lines[first][left:right] if first < len(lines) else ""
    return "".join([lines[first][left:], *lines[first + 1 : last], *(line[:right] for line in lines[last : last + 1])])


@dataclass(frozen=True)
class Card:
    """A message: its kind, a word or two in bold, sentences (the first continues the word), and code."""

    kind: str
    head: str
    lines: tuple[str, ...] = ()
    code: str = ""

    def __repr__(self):
        first, *rest = [" ".join(filter(None, [self.head, *self.lines[:1]])), *self.lines[1:]]
        text = [f"{KINDS[self.kind][0]} {unmarked(first)}", *(f"  {unmarked(line)}" for line in rest)]
        code = [f"    {line}".rstrip() for line in self.code.splitlines()]
        return "\n".join(text + [""] * bool(code) + code)

    def _repr_html_(self):
        symbol, colour = KINDS[self.kind]
        head = f'<span aria-hidden="true" style="color: rgb({colour}); font-weight: bold">{symbol}</span>'
        head += f" <strong>{markup(self.head)}</strong>"
        first, *rest = [" ".join([head, *map(markup, self.lines[:1])]).strip(), *map(markup, self.lines[1:])]
        body = "".join(map(PARAGRAPH.format, [first, *rest]))
        if self.code:
            body += PRE.format("margin: 8px 0 4px; line-height: 1.4; overflow-x: auto", coloured(self.code))
        return f'<div role="status" style="{FRAME.format(colour)}">{body}</div>'
