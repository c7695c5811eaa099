# ruff: noqa: E501 - an element and what is read of it stand best on one line
"""Where an entry is: its own link, and by which link an earlier version knew it."""

from __future__ import annotations

import json

import pytest

from aggregator.model import Entry
from aggregator.refine import normalise
from tests.feed_documents import read

FEED = "https://feeds.example.net/blog/rss.xml"
MAGNET = "magnet:?xt=urn:btih:0123456789abcdef0123456789abcdef01234567"


def rss_entry(
    item: str, *, site: str = "https://blog.example.org/news/", root: str = "", text: str = "text"
) -> Entry:
    (entry,) = normalise(
        read(
            f'<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"{root}><channel>'
            f"<title>S</title><link>{site}</link><item><title>a</title>{item}"
            f"<description>{text}</description></item></channel></rss>",
            FEED,
        )
    ).entries
    return entry


def atom_entry(links: str, feed: str = "") -> Entry:
    (entry,) = normalise(
        read(
            '<feed xmlns="http://www.w3.org/2005/Atom"><title>S</title>'
            f'<link href="https://blog.example.org/"/><entry{feed}><id>urn:x-test:1</id>'
            f"<title>a</title>{links}<content>x</content></entry></feed>",
            FEED,
        )
    ).entries
    return entry


@pytest.mark.parametrize(
    ("item", "link"),
    [
        # Relative: to the channel's link.
        ("<link>/1.html</link>", "https://blog.example.org/1.html"),
        ("<link>1.html</link>", "https://blog.example.org/news/1.html"),
        ("<link>?p=1</link>", "https://blog.example.org/news/?p=1"),
        ("<link>//cdn.example.org/1</link>", "https://cdn.example.org/1"),
        ("<link>http://a.example/1</link>", "http://a.example/1"),
        # A host without its scheme.
        ("<link>www.other.example/1</link>", "http://www.other.example/1"),
        ("<link>WWW.Other.example</link>", "http://WWW.Other.example"),
        ("<link>blog.example.org/2.html</link>", "http://blog.example.org/2.html"),
        # Neighbours that are pages of the site.
        ("<link>www/1.html</link>", "https://blog.example.org/news/www/1.html"),
        ("<link>na/1.html</link>", "https://blog.example.org/news/na/1.html"),
        ("<link>null.html</link>", "https://blog.example.org/news/null.html"),
        ("<link>[1]</link>", "https://blog.example.org/news/[1]"),
        ("<link>#v1.2</link>", "https://blog.example.org/news/#v1.2"),
        # No link at all, and a guid in its place.
        ("<link></link><guid>https://blog.example.org/g</guid>", "https://blog.example.org/g"),
        ("<guid>https://blog.example.org/g</guid><link/>", "https://blog.example.org/g"),
        ("<link> </link><guid>https://blog.example.org/g</guid>", "https://blog.example.org/g"),
        ("<link>N/A</link><guid>https://blog.example.org/g</guid>", "https://blog.example.org/g"),
        ('<link/><guid isPermaLink="false">https://blog.example.org/g</guid>', None),
        ("<link/><guid>abc-1</guid>", None),
        ("<link>https://a.example/1</link><guid>https://b.example/g</guid>", "https://a.example/1"),
        ('<link/><atom:link href="https://a.example/1"/>', "https://a.example/1"),
        # Listed schemes.
        (f"<link>{MAGNET}</link>", MAGNET),
        ("<link>javascript:alert(1)</link>", None),
        ("<link>ftp://a.example/1</link>", None),
    ],
)
def test_the_link_of_an_rss_item(item: str, link: str | None) -> None:
    assert rss_entry(item).url == link


@pytest.mark.parametrize(
    "word",
    ["N/A", "n/a", "undefined", "null", "None", "nil", "NaN", "#", "-", "\u2014", "http://", "?",
     "about:blank", "javascript:void(0)", "[object Object]",
     "[]", "{}", "[ ]"],
)  # fmt: skip
def test_a_word_for_nothing_is_no_link(word: str) -> None:
    entry = rss_entry(f'<link>{word}</link><guid isPermaLink="false">id-1</guid>')
    assert entry.url is None
    assert not any(key.startswith("url:") for key in entry.keys)
    item = {"id": "1", "url": word, "external_url": "https://a.example/1", "content_text": "x"}
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": "S", "items": [item]}
    (found,) = normalise(read(json.dumps(feed))).entries
    assert found.url == "https://a.example/1"


@pytest.mark.parametrize(
    ("site", "link"),
    [
        ("/", "https://feeds.example.net/1.html"),
        ("", "https://feeds.example.net/1.html"),
        ("http://localhost:4000/", "https://feeds.example.net/1.html"),
        ("http://127.0.0.1/", "https://feeds.example.net/1.html"),
        ("http://intranet/", "https://feeds.example.net/1.html"),
        ("mailto:jo@example.org", "https://feeds.example.net/1.html"),
    ],
)
def test_without_a_site_the_documents_address_is_the_base(site: str, link: str) -> None:
    assert rss_entry("<link>/1.html</link>", site=site).url == link


def test_xml_base_goes_before_the_channels_link() -> None:
    entry = rss_entry("<link>1.html</link>", root=' xml:base="https://base.example/x/"')
    assert entry.url == "https://base.example/x/1.html"


def test_what_a_text_refers_to_is_relative_to_its_page() -> None:
    entry = rss_entry(
        '<link>/p/1.html</link><enclosure url="a.mp3" type="audio/mpeg" length="1"/>',
        text="&lt;img src='b.png'&gt;",
    )
    assert 'src="https://blog.example.org/p/b.png"' in entry.content_html
    assert [file.url for file in entry.enclosures] == ["https://blog.example.org/p/a.mp3"]


def test_json_feeds_links_are_relative_to_its_site() -> None:
    item = {"id": "1", "url": "/1.html", "content_html": '<img src="/i.png">'}
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "S",
        "home_page_url": "https://blog.example.org/",
        "icon": "/icon.png",
        "items": [item],
    }
    refined = normalise(read(json.dumps(feed), FEED))
    assert refined.entries[0].url == "https://blog.example.org/1.html"
    assert refined.head.icon_url == "https://blog.example.org/icon.png"


@pytest.mark.parametrize(
    ("links", "link"),
    [
        (
            ('<link rel="alternate" hreflang="zh" href="https://x.example/zh"/>'
            '<link rel="alternate" hreflang="en" href="https://x.example/en"/>'),
            "https://x.example/zh",
        ),
        (
            ('<link href="https://x.example/1"/>'
            '<link rel="alternate" type="text/html" href="https://x.example/1/amp"/>'),
            "https://x.example/1",
        ),
        # A page goes before another form of it.
        (
            ('<link rel="alternate" type="application/json" href="https://x.example/1.json"/>'
            '<link rel="alternate" type="text/html" href="https://x.example/1"/>'),
            "https://x.example/1",
        ),
        (
            '<link rel="alternate" type="application/pdf" href="https://x.example/1.pdf"/>',
            "https://x.example/1.pdf",
        ),
        (
            ('<link rel="replies" type="text/html" href="https://x.example/1#c"/>'
            '<link rel="alternate" href="https://x.example/1"/>'),
            "https://x.example/1",
        ),
        ('<link rel="alternate" href="undefined"/><link href="https://x.example/1"/>',
         "https://x.example/1"),
        # Registered relations by their full names, and one of nobody's list.
        ('<link rel="http://www.iana.org/assignments/relation/alternate" href="https://x.example/1"/>',
         "https://x.example/1"),
        ('<link rel="http://www.iana.org/assignments/relation/self" href="https://x.example/1.xml"/>',
         None),
        ('<link rel="http://x.example/assignments/relation/alternate" href="https://x.example/1"/>',
         None),
        # Content that is elsewhere, where no link says it, and nothing to link to.
        ('<content type="text/html" src="https://x.example/1"/>', "https://x.example/1"),
        ('<content type="text/html" src="https://x.example/1"/><link href="https://x.example/2"/>',
         "https://x.example/2"),
        ('<content type="audio/mpeg" src="https://x.example/1.mp3"/>', None),
        ('<content type="text/html" xml:base="https://b.example/" src="/1">x</content>',
         "https://b.example/1"),
        ('<source><content type="text/html" src="https://x.example/1"/></source>', None),
        # Atom's references are to the document, whatever its site.
        ('<link href="/1"/>', "https://feeds.example.net/1"),
        ('<link xml:base="https://b.example/" href="/1"/>', "https://b.example/1"),
    ],
)  # fmt: skip
def test_of_several_alternates_the_first_page_is_the_entrys(links: str, link: str | None) -> None:
    assert atom_entry(links).url == link


@pytest.mark.parametrize(
    ("element", "files"),
    [
        (
            '<link rel="http://www.iana.org/assignments/relation/enclosure" type="audio/mpeg" href="/1.mp3"/>',
            [("https://feeds.example.net/1.mp3", "audio/mpeg")],
        ),
        (
            '<content type="Audio/MPEG" src="/1.mp3"/>',
            [("https://feeds.example.net/1.mp3", "audio/mpeg")],
        ),
        (
            '<content type="image/png" src="https://x.example/1.png"/>',
            [("https://x.example/1.png", "image/png")],
        ),
        ('<content type="text/html" src="https://x.example/1"/>', []),
        ('<content type="application/xml" src="https://x.example/1.xml"/>', []),
        ('<link rel="http://www.iana.org/assignments/relation/related" href="/1.mp3"/>', []),
    ],
)
def test_a_file_of_an_atom_entry_in_every_spelling(
    element: str, files: list[tuple[str, str]]
) -> None:
    found = atom_entry(element).enclosures
    assert [(file.url, file.media_type) for file in found] == files


# --- what version 0.1 knew -----------------------------------------------------------------------


def test_an_entry_is_also_known_by_the_link_that_an_earlier_version_read() -> None:
    entry = rss_entry("<link>1.html</link>")
    assert entry.keys[0] == "url:https://blog.example.org/news/1.html"
    assert "url:https://feeds.example.net/blog/1.html" in entry.keys
    # Others know the article by its real address alone.
    assert entry.shared_keys == ("url:https://blog.example.org/news/1.html",)


@pytest.mark.parametrize(
    ("link", "kinds"),
    [
        # Beside a word for a link a short text was brief, beside no link it tells.
        ("<link>N/A</link>", ["text", "brief"]),
        (f"<link>{MAGNET}</link>", ["url", "text", "brief"]),
        # Neighbours.
        ("<link>https://blog.example.org/1.html</link>", ["url", "brief"]),
        ("", ["text"]),
    ],
)
def test_a_short_text_is_known_as_an_earlier_version_took_it(link: str, kinds: list[str]) -> None:
    found = [key.partition(":")[0] for key in rss_entry(link).keys]
    assert [kind for kind in found if kind != "path"] == kinds
