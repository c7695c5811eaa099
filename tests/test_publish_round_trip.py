"""What readers get out of our documents is what went in, whatever Unicode and markup it is."""

from __future__ import annotations

import calendar
import html
import json
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import feedparser  # type: ignore[import-untyped]  # feedparser ships no types
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from aggregator import parse, refine
from aggregator.lint import lint
from aggregator.model import Body, Feed, Selection, Story
from aggregator.publish import Format, clean, render
from aggregator.publish.makers import person_name
from aggregator.publish.xml_safety import clean_id, clean_link, clean_url, reads_as_markup
from aggregator.refine.sanitise import clean as sanitised
from tests.any_stories import instants, origins, stories, tellings, unicode_text
from tests.golden import STORIES, selections
from tests.published import ADDRESSES, ATOM, CONTENT, strict
from tests.publishing import ITHOME, MOMENT, bare_story, selection, story

any_text = unicode_text()
any_moment = instants(datetime(1970, 1, 1, tzinfo=UTC), datetime(8999, 12, 31, tzinfo=UTC))
any_id = st.integers(0, 5).map("urn:x:{}".format) | any_text.map(lambda text: "urn:x:" + text)
any_story = stories(any_text, any_moment, ids=any_id)


def shown(element: etree._Element | None) -> str:
    """Return the plain text of an Atom text construct, whichever way it is written."""
    if element is None:
        return ""
    text = element.text or ""
    return html.unescape(text) if element.get("type") == "html" else text


def told(text: str) -> str:
    """Return a text as it is published: cleaned, and none where it is blank."""
    return clean(text) if clean(text).strip() else ""


def instant(parsed: time.struct_time) -> datetime:
    return datetime.fromtimestamp(calendar.timegm(parsed), UTC)


@settings(max_examples=150, deadline=None)
@given(st.lists(any_story, max_size=4).map(tuple), any_text)
def test_any_text_makes_well_formed_documents_that_say_the_same(
    chosen: tuple[Story, ...], title: str
) -> None:
    selected = selection(*chosen, title=title)
    kept: dict[str, Story] = {}
    for one in chosen:
        kept.setdefault(clean_id(one.id), one)

    atom = strict(render(selected, Format.ATOM, ADDRESSES))
    entries = atom.findall(f"{ATOM}entry")
    assert [entry.findtext(f"{ATOM}id") for entry in entries] == list(kept)
    for entry, one in zip(entries, kept.values(), strict=True):
        if told(one.title):
            assert shown(entry.find(f"{ATOM}title")) == told(one.title)
        if told(one.content_html):
            assert entry.findtext(f"{ATOM}content") == told(one.content_html)
            assert shown(entry.find(f"{ATOM}summary")) == told(one.summary)

    items = strict(render(selected, Format.RSS, ADDRESSES)).findall("channel/item")
    assert [item.findtext("guid") for item in items] == list(kept)
    for item, one in zip(items, kept.values(), strict=True):
        if told(one.summary):
            assert html.unescape(item.findtext("description", "")) == html.unescape(
                html.escape(told(one.summary), quote=False)
            )
            assert item.findtext(CONTENT, "") == told(one.content_html)

    feed: dict[str, Any] = json.loads(render(selected, Format.JSON, ADDRESSES).decode("utf-8"))
    assert [item["id"] for item in feed["items"]] == list(kept)
    for item, one in zip(feed["items"], kept.values(), strict=True):
        assert item.get("content_html", "") == told(one.content_html)
        assert item.get("summary", item.get("content_text", "")) == told(one.summary)


def troubles(document: bytes) -> list[str]:
    """Return what lint finds that readers would stumble over."""
    return [str(one) for one in lint(document) if one.level != "info"]


@pytest.mark.parametrize("form", Format)
@pytest.mark.parametrize("selected", selections().values(), ids=selections())
def test_every_document_passes_lint(selected: Selection, form: Format) -> None:
    assert troubles(render(selected, form, ADDRESSES)) == []


markup = st.lists(
    st.sampled_from(
        ["<p>", "</p>", "<b>", "<i", "</a>", "<a href='/x?a[]=1'>", "<img src=/x.png>", "<table>"]
    )
    | any_text
).map("".join)
# As the store keeps them: ids that are ids, HTML that was cleaned, dates of the web's time.
stored_stories = st.builds(
    replace,
    any_story,
    id=st.uuids().map(lambda uuid: uuid.urn),
    order_key=st.integers(0, 700_000),
    origin=st.builds(
        replace, origins(any_text, any_moment), id=st.just(ITHOME.id), updated_at=st.just(MOMENT)
    ),
    content_html=markup.map(lambda text: sanitised(text, "https://example.com/page")),
    published_at=st.just(MOMENT),
    updated_at=st.just(MOMENT),
    also_told=st.lists(tellings(any_text, any_moment), max_size=3).map(tuple),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(stored_stories, max_size=4, unique_by=lambda one: one.order_key).map(tuple),
    st.sampled_from(["full", "summary", "link"]),
    st.sampled_from(["{title}", "[{tag}] {source}: {title}"]),
    st.sampled_from([None, True]),
    any_text,
)
def test_whatever_is_stored_its_documents_pass_lint(
    chosen: tuple[Story, ...], content: str, template: str, show_also: bool | None, title: str
) -> None:
    feed = Feed(
        "all",
        title,
        show_also=show_also,
        content=content,
        title_template=template,
        description=title,
    )
    selected = replace(selection(*chosen), feed=feed)
    for form in Format:
        document = render(selected, form, ADDRESSES)
        if form is not Format.JSON:
            strict(document)
        assert troubles(document) == []


@pytest.mark.parametrize("form", [Format.ATOM, Format.RSS])
def test_feedparser_reads_what_was_published(form: Format) -> None:
    feed = feedparser.parse(
        render(selection(*STORIES), form, ADDRESSES),
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    assert not feed.bozo
    assert feed.feed.title == "全部 · All"
    expected = STORIES[:-1]  # the last repeats an id
    assert [entry.id for entry in feed.entries] == [one.id for one in expected]
    for entry, one in zip(feed.entries, expected, strict=True):
        published = instant(entry.published_parsed)
        assert published == one.published_at.replace(microsecond=0)
        if form is Format.ATOM:
            updated = instant(entry.updated_parsed)
            assert updated == one.updated_at.replace(microsecond=0)
            assert entry.source.title == one.origin.title
    first = feed.entries[0]
    assert first.title == STORIES[0].title
    assert first.link == STORIES[0].url
    assert first.author == "远洋"
    assert first.summary == html.escape(STORIES[0].summary, quote=False) or (
        form is Format.ATOM and first.summary == STORIES[0].summary
    )
    assert first.content[0].value == STORIES[0].content_html
    assert [tag.term for tag in first.tags] == ["科技", "a/b, c"]
    urls = [enclosure.href for enclosure in first.enclosures]
    expected_urls = [enclosure.url for enclosure in STORIES[0].enclosures]
    assert urls == (expected_urls if form is Format.ATOM else expected_urls[:1])


def seconds(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)


@pytest.mark.parametrize("form", Format)
def test_our_own_parser_reads_what_was_published(form: Format) -> None:
    later = MOMENT + timedelta(hours=1)
    document = render(selection(*STORIES), form, ADDRESSES)
    body = Body(document, form.media_type, "https://feeds.example.org/all", "UTC", later)
    read = refine.normalise(parse.read(body))
    assert read.head.title == "全部 · All"
    expected = STORIES[:-1]  # the last repeats an id
    assert [entry.guid for entry in read.entries] == [one.id for one in expected]
    for entry, one in zip(read.entries, expected, strict=True):
        assert entry.published_at == seconds(one.published_at)
        if form is not Format.RSS:
            assert entry.updated_at is not None
            assert seconds(entry.updated_at) == seconds(one.updated_at)
        assert entry.url == clean_url(one.url)
        if form is not Format.RSS or not reads_as_markup(one.title):  # it cannot say which it is
            assert entry.title == (clean(one.title) or entry.title)
        assert entry.particulars.author == person_name(one.particulars.author or one.origin.title)
        if form is not Format.RSS:  # it has no language of an item
            assert entry.language == (one.language or one.origin.language)
        assert [about.term for about in entry.categories] == [
            about.term for about in one.categories
        ]
        assert {file.url for file in entry.enclosures} == {
            url for file in one.enclosures if (url := clean_link(file.url))
        }
        if form is not Format.RSS or one.origin.url or one.origin.site_url:
            assert entry.provenance is not None
            assert entry.provenance.title == one.origin.title


@pytest.mark.parametrize(
    "title",
    [
        "<script>alert(1)</script> &amp; ]]> <b>x",
        "a</b>",
        "&lt;b&gt;",
        "&#65;",
        "Q&A <3 R&D",
        "a < b & c > d",
    ],
)
def test_what_looks_like_markup_in_a_title_is_shown_as_it_is(title: str) -> None:
    selected = selection(story(title=title))
    element = strict(render(selected, Format.ATOM, ADDRESSES)).find(f"{ATOM}entry/{ATOM}title")
    assert shown(element) == title
    (entry,) = feedparser.parse(
        render(selected, Format.ATOM, ADDRESSES), sanitize_html=False
    ).entries
    is_html = entry.title_detail.type == "text/html"
    assert (html.unescape(entry.title) if is_html else entry.title) == title
    document = render(selected, Format.RSS, ADDRESSES)
    assert strict(document).findtext("channel/item/title") == title
    (line,) = (line for line in document.splitlines() if b"<title>" in line and b"All" not in line)
    assert b"&lt;" not in line
    assert b"&amp;" not in line


def test_a_story_without_title_gets_its_first_words_where_a_title_must_be() -> None:
    long = "一" * 200
    headings = {
        "Hello & bye": bare_story(content_html="<p>Hello <b>&amp;</b> bye"),
        "一" * 79 + "…": bare_story(summary=long),
        ITHOME.title: bare_story(origin=ITHOME, content_html='<img src="x'),
    }
    for heading, one in headings.items():
        document = render(selection(one), Format.ATOM, ADDRESSES)
        assert strict(document).findtext(f"{ATOM}entry/{ATOM}title") == heading
