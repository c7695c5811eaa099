"""A story that several entries tell names the others, with the way to each, in every format."""

from __future__ import annotations

import html
import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import feedparser  # type: ignore[import-untyped]  # feedparser ships no types
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml.html import fragments_fromstring

from aggregator import parse, refine
from aggregator.model import Body, Feed
from aggregator.publish import Format, render
from tests.hostile_html import PAYLOADS
from tests.making import DAY, HOUR
from tests.published import ADDRESSES, ATOM, CONTENT, as_atom, as_json, as_rss, only
from tests.publishing import ARCHIVE, ITHOME, MOMENT, PRIVATE, also, bare_story, selection, story

if TYPE_CHECKING:
    from lxml import etree

    from aggregator.model import AlsoTold, Selection, Story

SSPAI = replace(
    ITHOME, name="sspai", id="urn:x-test:sspai", title="少数派", site_url="https://sspai.com/"
)
FIRST = also(SSPAI, title="小米发布新车", url="https://sspai.com/post/1")
SECOND = also(
    replace(PRIVATE, language="en"),
    title="Xiaomi <b>unveils</b> a car & more",
    url="https://club.example/?a=1&b=2",
    published_at=MOMENT - timedelta(hours=1),
)
URLS = ["https://sspai.com/post/1", "https://club.example/?a=1&b=2"]


def told(*tellings: AlsoTold, of: Story | None = None, **feed: Any) -> Selection:
    """Return a story that these tell, too, as a feed shows it."""
    fields: dict[str, Any] = {"dedupe": "story"} | feed
    one = replace(of or story(), also=(SSPAI,) if tellings else (), also_told=tellings)
    return replace(selection(one), feed=Feed("all", "All", **fields))


def contents(selected: Selection) -> list[str]:
    """Return the HTML of the only entry, in each format."""
    item = as_rss(selected).find("item")
    assert item is not None
    return [
        only(as_atom(selected), f"{ATOM}entry/{ATOM}content"),
        item.findtext(CONTENT) or item.findtext("description", ""),
        as_json(selected)["items"][0]["content_html"],
    ]


def text(element: etree._Element) -> str:
    return "".join(map(str, element.itertext()))


@pytest.mark.parametrize(
    ("language", "heading", "listed"),
    [
        (None, "另有报道 · Also reported by", "{} ({})"),
        ("zh-CN", "另有报道", "{}（{}）"),
        ("zh", "另有报道", "{}（{}）"),
        ("zh-TW", "另有報導", "{}（{}）"),
        ("zh-Hant-HK", "另有報導", "{}（{}）"),
        ("en-GB", "Also reported by", "{} ({})"),
        ("fr", "Also reported by", "{} ({})"),
    ],
)
def test_they_are_listed_at_the_end_of_the_text_in_the_feeds_language(
    language: str | None, heading: str, listed: str
) -> None:
    for content in contents(told(FIRST, SECOND, language=language)):
        assert content.startswith(story().content_html)
        *_, head, listing = fragments_fromstring(content)
        assert (head.tag, text(head)) == ("p", heading)
        assert [text(item) for item in listing.iterfind("li")] == [
            listed.format(FIRST.title, "少数派"),
            listed.format(SECOND.title, "The club & friends"),
        ]
        assert [link.get("href") for link in listing.iterfind(".//a")] == URLS


def test_what_is_in_another_language_than_the_entry_says_so() -> None:
    (content, *_) = contents(told(FIRST, SECOND))
    assert '<span lang="en">Also reported by</span>' in content
    assert f'<a href="{URLS[0]}">' in content
    assert '<a href="https://club.example/?a=1&amp;b=2" lang="en">' in content


def test_links_say_what_is_related() -> None:
    selected = told(FIRST, SECOND)
    for element in (as_atom(selected).find(f"{ATOM}entry"), as_rss(selected).find("item")):
        assert element is not None
        links = [one for one in element.findall(f"{ATOM}link") if one.get("rel") == "related"]
        # Nobody can tell whether a link's title is HTML.
        assert [one.get("title") for one in links] == [FIRST.title, "The club & friends"]
        assert [one.get("href") for one in links] == URLS


def test_json_feed_has_them_in_an_object() -> None:
    (item,) = as_json(told(FIRST, SECOND))["items"]
    assert item["_also"] == {
        "members": [
            {
                "title": FIRST.title,
                "url": URLS[0],
                "source": "少数派",
                "date_published": "2026-11-20T08:30:15Z",
                "language": "zh-CN",
            },
            {
                "title": SECOND.title,
                "url": URLS[1],
                "source": "The club & friends",
                "date_published": "2026-11-20T07:30:15Z",
                "language": "en",
            },
        ]
    }


@pytest.mark.parametrize("form", [Format.ATOM, Format.RSS])
def test_feedparser_finds_them(form: Format) -> None:
    found = feedparser.parse(render(told(FIRST, SECOND), form, ADDRESSES))
    assert not found.bozo
    (one,) = found.entries
    assert one.id == story().id
    assert [link.href for link in one.links if link.rel == "related"] == URLS
    assert all(html.escape(url) in one.content[0].value for url in URLS)


@pytest.mark.parametrize("form", Format)
def test_our_own_reader_finds_them(form: Format) -> None:
    body = Body(
        render(told(FIRST, SECOND), form, ADDRESSES),
        form.media_type,
        "https://feeds.example.org/all",
        "UTC",
        MOMENT,
    )
    (one,) = refine.normalise(parse.read(body)).entries
    assert (one.guid, one.url, one.title) == (story().id, story().url, story().title)
    assert all(f'href="{html.escape(url)}"' in one.content_html for url in URLS)


@pytest.mark.parametrize("content", ["full", "summary", "link"])
@pytest.mark.parametrize("one", [story(), story(content_html=""), bare_story(title="Only a title")])
def test_however_much_is_published_they_are_linked(content: str, one: Story) -> None:
    selected = told(FIRST, SECOND, of=one, content=content)
    for published in contents(selected):
        listing = fragments_fromstring(published)[-1]
        assert [link.get("href") for link in listing.iterfind(".//a")] == URLS
    bare, named = as_json(told(of=one, content=content)), as_json(selected)
    if content == "summary" and one.summary:
        assert named["items"][0]["summary"] == bare["items"][0]["content_text"]


@pytest.mark.parametrize("payload", [*PAYLOADS, '"><img src=x onerror=alert(1)>', "\u202egpj.exe"])
def test_nothing_that_they_are_called_is_more_than_text(payload: str) -> None:
    hostile = replace(SSPAI, title=payload, language=payload, site_url=payload)
    one = also(hostile, title=payload, url="javascript:alert(1)")
    plain, *others = contents(told(FIRST, one))
    assert [plain] * 2 == others
    elements = fragments_fromstring(plain)
    listing = elements[-1]
    assert {element.tag for element in listing.iter()} <= {"ul", "li", "a", "span"}
    assert {name for element in listing.iter() for name in element.keys()} <= {"href", "lang"}  # noqa: SIM118 - an lxml element
    for link in listing.iterfind(".//a"):
        assert link.get("href", "").startswith(("http://", "https://"))
    assert "\u202e" not in plain


def test_so_many_are_named_and_of_the_rest_the_number() -> None:
    many = tuple(
        also(PRIVATE, title=f"Number {one}", url=f"https://club.example/{one}") for one in range(25)
    )
    (content, *_) = contents(told(*many, language="zh"))
    items = [text(item) for item in fragments_fromstring(content)[-1].iterfind("li")]
    assert len(items) == 21
    assert items[-2:] == ["Number 19（The club & friends）", "另有 5 篇"]
    (item,) = as_json(told(*many))["items"]
    assert (len(item["_also"]["members"]), item["_also"]["more"]) == (20, 5)
    (content, *_) = contents(told(also(PRIVATE, title="x" * 10_000, url="https://club.example/")))
    assert len(content) < 1000


def test_one_without_a_title_or_a_link_is_its_source() -> None:
    untitled, nowhere = also(SSPAI), also(PRIVATE, title="Of members")
    (content, *_) = contents(told(untitled, nowhere, language="en"))
    assert '<li><a href="https://sspai.com/">少数派</a></li>' in content
    assert "<li>Of members (The club &amp; friends)</li>" in content


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"dedupe": "exact"}, "Also in: "),
        ({"dedupe": "exact", "show_also": True}, "Also reported by"),
        ({"dedupe": "exact", "show_also": False}, None),
        ({"dedupe": "story", "show_also": False}, None),
        ({"dedupe": "story"}, "Also reported by"),
    ],
)
def test_what_older_feeds_say_stays_until_their_operator_says_otherwise(
    fields: dict[str, Any], named: str | None
) -> None:
    selected = told(FIRST, of=story(language="en"), **fields)
    for content in contents(selected):
        words = [one for one in ("Also in: ", "Also reported by") if one in content]
        assert words == ([named] if named else [])
    assert ("_also" in json.dumps(as_json(selected))) == (named is not None)


def test_an_archive_names_them_and_is_no_other_when_the_feed_changes() -> None:
    selected = replace(told(FIRST), archive=ARCHIVE[0], next=ARCHIVE[1])
    for form in Format:
        made = render(selected, form, ADDRESSES)
        assert b"sspai" in made
        assert made == render(replace(selected, changed_at=MOMENT + DAY), form, ADDRESSES)


@given(st.permutations([FIRST, SECOND]).flatmap(lambda some: st.sampled_from([some[:1], some])))
def test_whoever_comes_or_goes_the_entry_keeps_id_and_dates(some: list[AlsoTold]) -> None:
    before = told()
    after = replace(told(*some), changed_at=MOMENT + HOUR)
    kept = ("id", "published", "updated", "title", "author", "source")
    was, now = as_atom(before), as_atom(after)
    for name in kept:
        path = f"{ATOM}entry/{ATOM}{name}"
        assert as_text(was.find(path)) == as_text(now.find(path))
    assert was.findtext(f"{ATOM}updated", "") < now.findtext(f"{ATOM}updated", "")
    built = [as_rss(one).findtext("lastBuildDate", "") for one in (before, after)]
    assert built == ["Fri, 20 Nov 2026 08:30:15 GMT", "Fri, 20 Nov 2026 09:30:15 GMT"]


def as_text(element: Any) -> list[str]:
    assert element is not None
    return [text.strip() for text in element.itertext()]
