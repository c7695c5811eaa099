"""Texts that are too long for a feed: any cut of any sanitised HTML is well-formed."""

from __future__ import annotations

from html import escape, unescape
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from aggregator.publish.long_texts import even_share, within

LINE = "Read on at the source · 在来源网站继续阅读"

words = st.text('ab <&>"中文😀', max_size=12).map(lambda text: escape(text, quote=False))
trees = st.recursive(
    words | st.sampled_from(["<br>", '<img src="https://x.example/a.png" alt="&lt;x&gt;">']),
    lambda inner: st.tuples(st.sampled_from(["p", "div", "ul", "td", "em"]), st.lists(inner)).map(
        lambda found: f"<{found[0]}>{''.join(found[1])}</{found[0]}>"
    ),
    max_leaves=40,
)


class Balance(HTMLParser):
    """Fails on an end tag that ends nothing; `open_names` are those that have not ended."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open_names: list[str] = []
        self.text = ""

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in {"br", "img"}:
            self.open_names.append(tag)

    @override
    def handle_endtag(self, tag: str) -> None:
        assert self.open_names.pop() == tag

    @override
    def handle_data(self, data: str) -> None:
        self.text += data


def read(html: str) -> Balance:
    found = Balance()
    found.feed(html)
    found.close()
    return found


@given(trees, st.integers(1, 300))
def test_a_cut_text_is_well_formed_and_begins_as_the_whole(html: str, most: int) -> None:
    cut = within(html, most, "https://x.example/?a=1&b=2")
    if len(html.encode()) <= most:
        assert cut == html
        return
    way = f'<p><a href="https://x.example/?a=1&amp;b=2">{LINE}</a></p>'
    assert cut.endswith(way)
    kept = read(cut.removesuffix(way))
    assert kept.open_names == []
    assert read(html).text.startswith(kept.text)
    common = next(
        (at for at, (a, b) in enumerate(zip(cut, html, strict=False)) if a != b), len(html)
    )
    assert len(html[:common].encode()) <= most + len("</div>" * 40)  # as far as end tags agree


@given(st.lists(st.integers(0, 50), max_size=20), st.integers(0, 300))
def test_an_even_share_uses_all_there_is_and_no_more(sizes: list[int], most: int) -> None:
    share = even_share(sizes, most)
    used = sum(min(size, share) for size in sizes)
    assert used <= most
    assert used == sum(sizes) or used > most - len(sizes)


@pytest.mark.parametrize(
    ("html", "most", "kept"),
    [
        ("<p>one</p><p>two</p>", 12, "<p>one</p>"),
        ("<p>one</p><p>two three</p>", 20, "<p>one</p><p></p>"),
        ("<p>one two three four five</p>", 24, "<p>one two three four</p>"),
        ("<p>中文中文中文中文</p>", 16, "<p>中文中文</p>"),
        ("<p>one two three <em>four</em></p>", 20, "<p>one two three</p>"),
        ("<p>one two &amp; three</p>", 15, "<p>one two</p>"),
    ],
)
def test_a_cut_falls_after_a_tag_or_else_between_words(html: str, most: int, kept: str) -> None:
    assert within(html, most, None) == f"{kept}<p>{LINE}</p>"
    assert unescape(kept)
