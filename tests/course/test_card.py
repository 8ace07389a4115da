"""Cards: the same words as HTML and as text, the same bytes each time, readable in both themes."""

import re

import pytest

from minigrad.course.card import BLUE, GREY, KINDS, ORANGE, Card, coloured

SOURCE = 'def f(x):\n    # a < b\n    s = """one\n    two"""\n    return f"{x}" if x else 3.0\n'


def words(html):
    text = re.sub(r"<[^>]+>", "", html)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


@pytest.mark.parametrize("kind", KINDS)
def test_html_says_what_the_text_says(kind):
    card = Card(kind, "Not yet:", ("`a < b` is *not* **so** & `c * d * e`.", "Second & last."), "x = 1\n")
    text = "Not yet: `a < b` is not so & `c * d * e`. Second & last. x = 1"
    assert " ".join(repr(card)[2:].split()) == text
    assert " ".join(
        words(card._repr_html_().replace("<p", " <p").replace("<pre", " <pre"))[2:].split()
    ) == text.replace("`", "")
    assert "<em>not</em> <strong>so</strong>" in card._repr_html_()
    assert repr(card)[0] in card._repr_html_()
    assert 'role="status"' in card._repr_html_()
    assert card._repr_html_() == Card(kind, card.head, card.lines, card.code)._repr_html_()


def test_a_learners_text_cannot_become_markup():
    card = Card("wrong", "Not yet:", ("it raises `ValueError`: <script>alert(1)</script> <b> `<i>`",))
    assert not re.search(r"<(script|b|i)>", card._repr_html_())


@pytest.mark.parametrize("source", [SOURCE, "x = 1", "", "\n\n", "x = (1,\n     2)", "class A:\n    pass\n\n\nA()"])
def test_coloured_source_is_the_source(source):
    assert words(coloured(source)) == source


def test_code_is_coloured():
    html = coloured(SOURCE)
    for kind, piece in (
        ("keyword", "def"),
        ("comment", "# a &lt; b"),
        ("string", '"""one\n    two"""'),
        ("number", "3.0"),
    ):
        assert f'<span style="color: var(--jp-mirror-editor-{kind}-color)">{piece}</span>' in html


def luminance(colour):
    channels = [int(c) / 255 for c in colour.split()]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("colour", [BLUE, ORANGE, GREY])
def test_symbols_and_borders_show_on_white_and_on_black(colour):
    """WCAG asks a contrast of 3 of what is no text; JupyterLab's dark ground is #111."""
    assert (1 + 0.05) / (luminance(colour) + 0.05) >= 3
    assert (luminance(colour) + 0.05) / (luminance("17 17 17") + 0.05) >= 3
