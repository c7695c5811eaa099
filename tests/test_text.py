"""Text: what of HTML is read, and how the beginning of a long text is taken."""

from __future__ import annotations

import unicodedata
from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import Feed
from aggregator.outputs.posts.post_markup import beginning
from aggregator.publish.items import Taste, item_of
from aggregator.refine.sanitise import clean, strip_tags
from aggregator.web.excerpts import excerpt, shortened
from aggregator.web.text import one_line, printable, printable_line, scrub
from aggregator.web.visible_text import BLOCKS, visible_text
from tests.publishing import story

MARKS = "。！？!?；;，,、 "


# --- what is read -------------------------------------------------------------------------------

READ = (
    ("plain", "plain"),
    ("<p>one</p><p>two</p>", "one two"),
    ("one<br>two", "one two"),
    ("<b>H</b>ello", "Hello"),
    ("H<sub>2</sub>O", "H2O"),
    ("<table><tbody><tr><td>a</td><td>b</td></tr></tbody></table>", "a b"),
    ('汉<img src="https://e.com/1.png" alt="">字', "汉字"),
    ("<ruby>漢<rt>kan</rt></ruby>", "漢kan"),
    ("&lt;b&gt; &amp;amp;", "<b> &amp;"),
)


@pytest.mark.parametrize(("html", "text"), READ)
def test_every_room_reads_the_same_text(html: str, text: str) -> None:
    """Keys of entries, titles, summaries of feeds and excerpts of posts have one idea of a word."""
    assert one_line(visible_text(html)) == text
    assert one_line(strip_tags(html)) == text
    assert one_line(visible_text(clean(html, "https://e.com/"))) == text
    assert beginning(html) == text
    summaries = Feed("all", "all", content="summary")
    assert item_of(story(content_html=html, summary=""), Taste.of(summaries, 0)).summary == text


@given(st.text())
def test_the_text_of_plain_text_is_itself(text: str) -> None:
    assert visible_text(text.replace("<", "").replace("&", "")) == text.replace("<", "").replace(
        "&", ""
    )
    assert visible_text(escape(text)) == text


@given(
    st.text(st.characters(exclude_characters="<&"), max_size=20), st.sampled_from(sorted(BLOCKS))
)
def test_a_block_parts_words(text: str, name: str) -> None:
    assert visible_text(f"a<{name}>{text}</{name}>b") == f"a {text} b"


@given(st.integers(min_value=0, max_value=60))
def test_a_beginning_holds_no_half_of_a_tag_or_a_reference(chars: int) -> None:
    html = '<p>one &amp; two</p><a href="https://e.com/">three</a> &lt;four&gt;'
    whole = visible_text(html)
    assert whole.startswith(visible_text(html, chars))
    assert visible_text(html, len(html)) == whole


# --- beginnings ---------------------------------------------------------------------------------


@given(st.text(), st.integers(min_value=2, max_value=50))
def test_an_excerpt_is_a_beginning_within_its_limit(text: str, limit: int) -> None:
    line = one_line(text)
    cut = excerpt(line, limit)
    assert len(cut) <= limit
    assert line.startswith(cut.removesuffix("…"))
    assert one_line(line) == line


@given(st.lists(st.text("abc汉字", min_size=1, max_size=10), min_size=1), st.integers(40, 80))
def test_an_excerpt_cuts_no_word(words: list[str], limit: int) -> None:
    cut = excerpt(" ".join(words), limit).removesuffix("…")
    assert cut.split() == words[: len(cut.split())]


def test_an_excerpt_ends_on_a_word() -> None:
    assert excerpt("one two three four five", 20) == "one two three four…"
    assert excerpt("小米造车迎来新进展，五菱营销高管加盟", 12) == "小米造车迎来新进展…"
    assert excerpt("short", 80) == "short"
    assert excerpt("a" * 100, 10) == "a" * 9 + "…"


@given(st.text(), st.integers(min_value=1, max_value=50))
def test_a_shortened_value_is_its_beginning(value: str, limit: int) -> None:
    cut = shortened(value, limit)
    assert len(cut) <= limit
    assert cut == value or (cut[-1] == "…" and value.startswith(cut[:-1]))


@given(st.text())
def test_printable_text_holds_nothing_that_a_terminal_obeys(text: str) -> None:
    assert printable(text).isprintable()
    assert len(printable(text)) == len(text)
    assert printable(text, keep="\n").count("\n") == text.count("\n")
    assert printable_line(printable_line(text)) == printable_line(text)


def _is_forbidden(char: str) -> bool:
    """XML 1.0 section 2.2: controls but tab and line ends, surrogates, noncharacters, U+FEFF."""
    code = ord(char)
    control = unicodedata.category(char) in {"Cc", "Cs"} and char not in "\t\n\r\x85"
    return control or 0xFDD0 <= code <= 0xFDEF or code in {0xFEFF, 0xFFFE, 0xFFFF}


_CHARACTERS = st.text(
    st.one_of(st.characters(), st.sampled_from("\x00\x0b\x1c\x85\n\t\u2028\u202e\ufeff a"))
)


@given(_CHARACTERS)
def test_what_no_document_may_hold_is_left_out_and_nothing_else(text: str) -> None:
    fit = "".join(char for char in text if not _is_forbidden(char))
    assert scrub(text) == fit
    turned = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    assert one_line(text) == " ".join("".join(char for char in fit if char not in turned).split())
