# ruff: noqa: E501 - markup reads best on one line
from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.refine import removed
from aggregator.refine.html_limits import MAX_HTML_CHARS, MAX_NESTING
from aggregator.refine.sanitise import clean
from tests.hostile_html import PAYLOADS

PAGE = "https://www.example.com/1.html"


def told(raw_html: str) -> tuple[str, ...]:
    return removed(raw_html, clean(raw_html, PAGE))


@pytest.mark.parametrize(
    ("raw_html", "expected"),
    [
        ("", ()),
        ("plain text & more", ()),
        ('<p>1 <b>2</b> <a href="/x">3</a><br><img src="a.png" alt="x" width="5"></p>', ()),
        ("<p>1</p><script>a = '<p>'</script><script src=x></script>", ("2 script",)),
        ("<style>p{}</style><p>1</p><!-- a --><!-- b -->", ("1 style", "2 comments")),
        ("<script>never closed <p>1</p>", ("1 script",)),
        ('<iframe src="https://www.youtube.com/embed/abcdefghijk"></iframe>', ("1 iframe → link",)),
        ('<p>a</p><iframe></iframe><iframe src="https://e.com/"></iframe>', ("1 iframe", "1 iframe → link")),
        ('<lite-youtube videoid="abcdefghijk"></lite-youtube><p>Jo <jo@e.com></p>', ("1 iframe → link",)),
        ('<video src="/a.mp4"><source src="/a.webm"></video>', ("1 video → link",)),
        ('<img src="/p.gif" width=1 height="1"><img src="//hm.baidu.com/hm.gif">', ("2 tracking pixels",)),
        ('<img src="/images/blank.gif" data-original="/a.png"><img data-src="/b.png">', ("2 lazy images",)),
        ('<img src="/images/blank.gif">', ("1 img",)),
        ('<p style="x">1</p><i style=y>2</i><img style="z" src="/a.png">', ("3 style attributes",)),
        ('<p class=a id=b onclick="x()" data-x=1>1</p>', ("1 event handler", "1 class attribute", "1 id attribute", "1 other attribute")),
        ('<a href="javascript:x()">1</a> <a href="/2?utm_source=x&amp;a=1" target=_blank>2</a>', ("1 link address", "1 link tracker", "1 other attribute")),
        ('<a href="/1">1</a><iframe src="https://e.com/"></iframe><a href="data:x">2</a>', ("1 iframe → link", "1 link address")),
        ("<form action=x><input name=a><input name=b></form><font color=red>1</font>", ("1 form", "2 input", "1 font", "4 other attributes")),
        ('<p title="a > b" lang="en">1</p>', ()),
        ("<p title='a > b' style='x'>1</p>", ("1 style attribute",)),
        ("<svg><path d=x /><path/></svg>1", ("1 svg",)),
        ("<P>1<BR/>2</P><CENTER>3</CENTER>", ()),
        ("<table><tr><td>1</td></tr></table>", ()),
        ("<html><body><p>1</p></body></html>", ()),
        ("<o:p>1</o:p><p>2</p>", ("1 other element",)),
    ],
)  # fmt: skip
def test_what_cleaning_removed_is_told_by_name(raw_html: str, expected: tuple[str, ...]) -> None:
    assert told(raw_html) == expected


def test_what_could_harm_a_reader_comes_first() -> None:
    raw = (
        "<font>1</font>" * 9
        + "<script>x</script><form></form>"
        + '<img src="/p.gif" width=1 height=1>'
    )
    assert told(raw)[:4] == ("1 form", "1 script", "1 tracking pixel", "9 font")


def test_what_rules_for_a_site_take_out_is_told_too() -> None:
    raw = '<p>1</p><p class="ad-tips">2</p>'
    assert removed(raw, clean(raw, PAGE, frozenset({"p.ad-tips"}))) == ("1 p", "1 class attribute")


def test_markup_that_was_cut_or_flattened_is_told() -> None:
    assert (
        told("<p>x</p>" * (MAX_HTML_CHARS // 8 + 1))[0] == "all beyond the first 1048576 characters"
    )
    assert told("<div>" * (MAX_NESTING + 1) + "x")[0] == "all markup: it nests deeper than 256"


def test_only_so_much_is_told_and_nothing_a_terminal_acts_on() -> None:
    raw = (
        "".join(f"<x{letter}>1</x{letter}>" for letter in "abcdefghijklmnopqrstuvwxyz")
        + "<a\x1b[31m></a\x1b[31m>"
    )
    found = told(raw)
    assert len(found) == 21
    assert found[-1] == "7 more kinds"
    assert all(text.isprintable() and len(text) < 60 for text in found)


@pytest.mark.parametrize(
    "piece",
    ["<a ", "<a b='", "<script>", "<!--", "<a ='\"", "<", "<p/", "</", "<a b=", "<svg></sv", "<img src=x ", "<a\n", "=" * 9],
)  # fmt: skip
def test_hostile_markup_takes_no_longer_than_its_size(piece: str) -> None:
    # Quadratic, this would be hours; the test's own time limit is the assertion.
    assert len(removed(piece * (MAX_HTML_CHARS // len(piece)), "")) <= 21


@pytest.mark.parametrize("payload", PAYLOADS, ids=str)
def test_what_was_hostile_leaves_a_trace_or_was_text(payload: object) -> None:
    raw = str(getattr(payload, "html", payload))
    cleaned = clean(raw, PAGE)
    assert removed(cleaned, cleaned) == ()
    assert all(text.isprintable() for text in removed(raw, cleaned))


@settings(deadline=None)
@given(
    st.text(max_size=200)
    | st.lists(
        st.sampled_from(["<p>", "<a href='x", "'>", "<!--", "-->", "<script", "</", ">", "&lt;"])
    ).map("".join)
)
def test_any_text_can_be_told_of(raw_html: str) -> None:
    cleaned = clean(raw_html, PAGE)
    assert all(text.isprintable() for text in removed(raw_html, cleaned))
    assert removed(cleaned, cleaned) == ()
