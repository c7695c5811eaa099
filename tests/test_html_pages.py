"""HTML pages: what stands in them is text, whatever it holds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from aggregator.model import Feed, FeedKind, Source
from aggregator.publish.catalogue import Catalogue
from aggregator.publish.feeds_page import DISCOVERABLE, feeds_page
from aggregator.publish.xml_safety import clean
from aggregator.rules.visibility import View
from tests.publishing import config

#: What would be markup, or break it, where something is not escaped.
HOSTILE = """<>&"'`=/ {}%#é中\x00\x0b\ufffe\U0001f600"""


def page(*feeds: Feed, view: View = View.WHOLE) -> html.HtmlElement:
    return html.document_fromstring(feeds_page(Catalogue(config(feeds=feeds)), view).decode())


@given(st.text(HOSTILE + "scriptonclick", max_size=40), st.text(HOSTILE, max_size=40))
def test_whatever_a_feed_is_called_is_text(title: str, description: str) -> None:
    shown = page(Feed("news", title, description=description))
    (heading,) = shown.iterfind(".//h3")
    assert (heading.text or "") == clean(title)
    assert len(heading) == 0
    (said, _) = shown.iterfind(".//li//p")
    assert (said.text or "") == clean(description)
    (navigation,) = shown.iterfind(".//nav")
    assert dict(navigation.attrib) == {"aria-label": clean(title)}
    assert [link.get("title") for link in shown.iterfind("head/link")] == [
        f"{clean(title)} ({name})" for name in ("Atom", "RSS", "JSON Feed")
    ]
    assert {element.tag for element in shown.iter()} <= {
        "html", "head", "meta", "title", "link", "style", "body", "header", "h1", "span", "p",
        "main", "section", "h2", "ul", "li", "div", "h3", "nav", "a", "footer",
    }  # fmt: skip


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_feed_says_how_many_sources_it_has(count: int) -> None:
    names = tuple(f"s{number}" for number in range(count))
    sources = tuple(Source(name, f"https://{name}.example/") for name in names)
    present = config(sources=sources, feeds=(Feed("news", "News", sources=names),))
    body = feeds_page(Catalogue(present), View.WHOLE).decode()
    noun = "source" if count == 1 else "sources"
    assert f'<p>{count} {noun} · <span lang="zh-Hans">{count} 个来源</span></p>' in body


def test_parts_without_feeds_are_not_there() -> None:
    of_a_source = Feed("sources/a", "A", sources=("a",), kind=FeedKind.SOURCE)
    assert not list(page().iterfind(".//section"))
    (section,) = page(of_a_source).iterfind(".//section")
    assert section[0].text == "By source · "
    assert not list(section.iterfind(".//p"))  # what it is made of is said by its title
    assert not list(page(of_a_source, view=View.OPEN).iterfind(".//section"))


def test_a_reader_is_offered_as_many_feeds_as_a_person_looks_through() -> None:
    shown = page(*(Feed(f"f{number}", f"F{number}") for number in range(DISCOVERABLE + 5)))
    assert len(list(shown.iterfind("head/link"))) == 3 * DISCOVERABLE
    assert len(list(shown.iterfind(".//li"))) == DISCOVERABLE + 5
