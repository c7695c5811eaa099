"""Whom documents name, each by itself, and what podcasts say of themselves."""

from __future__ import annotations

import json

import pytest

from aggregator.model import (
    Enclosure,
    Episode,
    Generator,
    Particulars,
    Person,
    Podcast,
    RawEntry,
)
from aggregator.parse.podcasts import seconds
from aggregator.web.person_names import people_in
from tests.feed_documents import read

NAMESPACES = (
    'xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"'
)


def rss_item(item: str, channel: str = "") -> RawEntry:
    (entry,) = read(
        f'<rss version="2.0" {NAMESPACES}><channel><title>S</title>{channel}'
        f"<item><title>a</title>{item}</item></channel></rss>"
    ).entries
    return entry


def atom_entry(entry: str, feed: str = "") -> RawEntry:
    (found,) = read(
        f'<feed xmlns="http://www.w3.org/2005/Atom"><title>S</title>{feed}'
        f"<entry><title>a</title>{entry}</entry></feed>"
    ).entries
    return found


@pytest.mark.parametrize(
    ("item", "authors"),
    [
        (
            "<dc:creator>Ann</dc:creator><dc:creator>Bob, the elder</dc:creator>",
            (Person("Ann"), Person("Bob, the elder")),
        ),
        ("<author>jo@x.org (Jo Doe)</author>", (Person("Jo Doe", email="jo@x.org"),)),
        ("<author>Jo Doe &lt;jo@x.org&gt;</author>", (Person("Jo Doe", email="jo@x.org"),)),
        ("<author>jo@x.org</author>", (Person(email="jo@x.org"),)),
        # One with an address and one with a name are one: RSS has only the former.
        (
            "<author>jo@x.org</author><dc:creator>Jo Doe</dc:creator>",
            (Person("Jo Doe", email="jo@x.org"),),
        ),
        (
            (
                "<author>jo@x.org (Jo)</author><dc:creator>Jo</dc:creator>"
                "<itunes:author>jo</itunes:author>"
            ),
            (Person("Jo", email="jo@x.org"),),
        ),
        # Of three nobody can say whose the address is.
        (
            "<author>jo@x.org</author><dc:creator>Jo</dc:creator><dc:creator>Ann</dc:creator>",
            (Person(email="jo@x.org"), Person("Jo"), Person("Ann")),
        ),
        (
            "<author>jo@x.org (Doe, Jo), ann@y.org (Ann)</author>",
            (Person("Doe, Jo", email="jo@x.org"), Person("Ann", email="ann@y.org")),
        ),
        ("<author> </author>", ()),
    ],
)
def test_authors_of_rss_are_as_many_as_there_are(item: str, authors: tuple[Person, ...]) -> None:
    assert rss_item(item).raw_particulars.authors == authors


def test_an_author_of_atom_has_no_neighbours_address() -> None:
    found = atom_entry(
        "<author><name>A</name><uri>https://a/</uri><email>a@x.org</email></author>"
        "<author><name>B</name></author><author><email>c@x.org</email></author>"
        "<contributor><name>K</name><uri>https://k/</uri></contributor>"
        "<contributor><name>L</name></contributor><rights>© A</rights>"
    )
    assert found.raw_particulars == Particulars(
        (Person("A", "https://a/", "a@x.org"), Person("B"), Person(email="c@x.org")),
        (Person("K", "https://k/"), Person("L")),
        "© A",
    )


def test_who_names_nobody_has_the_authors_of_its_atom_feed() -> None:
    feed = "<author><name>F</name></author><author><name>G</name></author>"
    assert atom_entry("", feed).raw_particulars.author == "F, G"
    source = "<source><id>urn:x:1</id><author><name>S</name></author></source>"
    assert atom_entry(source, feed).raw_particulars.author == "S"
    editor = "<managingEditor>ed@x.org (Ed)</managingEditor>"
    assert rss_item("", editor).raw_particulars.authors == ()


def test_a_person_of_json_feed_has_a_page_and_a_picture() -> None:
    authors = [
        {"name": "Ann", "url": "https://ann.example/", "avatar": "https://ann.example/a.png"},
        {"name": "Bob", "url": "mailto:bob@x.org?subject=Hi"},
        {"avatar": "https://x.example/c.png"},
        {},
        "no object",
    ]
    item = {"id": "1", "content_text": "x", "authors": authors}
    item["attachments"] = [
        {
            "url": "https://x.example/1.mp3",
            "mime_type": "audio/mpeg",
            "title": "Part one",
            "duration_in_seconds": 63.5,
        }
    ]
    document = {"version": "https://jsonfeed.org/version/1.1", "title": "S", "items": [item]}
    (found,) = read(json.dumps(document)).entries
    assert found.raw_particulars.authors == (
        Person("Ann", "https://ann.example/", None, "https://ann.example/a.png"),
        Person("Bob", email="bob@x.org"),
        Person(avatar_url="https://x.example/c.png"),
    )
    assert found.raw_enclosures == (
        Enclosure("https://x.example/1.mp3", "audio/mpeg", 0, "Part one", 63),
    )


def test_a_podcast_says_what_it_is() -> None:
    document = read(
        f'<rss version="2.0" {NAMESPACES}><channel><title>S</title>'
        '<generator>Maker 2</generator><itunes:category text="Society &amp; Culture">'
        '<itunes:category text="Documentary"/></itunes:category><itunes:category text="News"/>'
        '<itunes:explicit>no</itunes:explicit><itunes:image href="https://x.example/show.jpg"/>'
        "<image><url>https://x.example/logo.png</url></image>"
        "<itunes:owner><itunes:name>Owner</itunes:name></itunes:owner>"
        "<item><title>a</title><itunes:duration>1:02:03</itunes:duration>"
        "<itunes:explicit>true</itunes:explicit><itunes:season>2</itunes:season>"
        "<itunes:episode>4</itunes:episode><itunes:episodeType>Bonus</itunes:episodeType>"
        '<itunes:image href="https://x.example/4.jpg"/></item></channel></rss>'
    )
    said = document.head.particulars
    assert said.podcast == Podcast(
        (("Society & Culture", ""), ("Society & Culture", "Documentary"), ("News", "")),
        explicit=False,
        image_url="https://x.example/show.jpg",
    )
    assert said.generator == Generator("Maker 2")
    assert said.logo_url == "https://x.example/logo.png"
    assert said.author == "Owner"
    (entry,) = document.entries
    assert entry.raw_particulars.episode == Episode(
        3723, True, 2, 4, "bonus", "https://x.example/4.jpg"
    )
    assert entry.raw_categories == ()


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("3723", 3723), ("62:03", 3723), ("1:02:03", 3723), (" 01:02:03 ", 3723), ("63.9", 63),
        (63, 63), ("0", 0), ("", 0), (None, 0), ("1h", 0), ("1:2:3:4", 0), ("-5", 0),
        ("99999999", 0), ("9999999", 0), ("１２", 0),
    ],
)  # fmt: skip
def test_a_duration_is_read_or_is_none(text: object, length: int) -> None:
    assert seconds(text) == length


@pytest.mark.parametrize(
    ("line", "people"),
    [
        ("", []),
        ("Doe, Jo", [("Doe, Jo", None)]),
        ("Doe, Jo <jo@x.org>", [("Doe, Jo", "jo@x.org")]),
        ("@jo", [("@jo", None)]),
        ("Jo (Editor) <jo@x.org>", [("Jo (Editor)", "jo@x.org")]),
        ("Doe, Jo(jo@x.org", [("Doe, Jo", "jo@x.org")]),
        ("Doe, Jo <jo@x.org", [("Doe, Jo", "jo@x.org")]),
        ("Jo(jo@x.org)", [("Jo", "jo@x.org")]),
        ("a@x.org, b@x.org", [("", "a@x.org"), ("", "b@x.org")]),
        ("a@" * 400, [("a@" * 400, None)]),
    ],
)
def test_a_line_names_people(line: str, people: list[tuple[str, str | None]]) -> None:
    assert people_in(line) == people


@pytest.mark.parametrize("who", ["author", "contributor"])
def test_the_page_of_a_sources_author_is_not_the_sources_address(who: str) -> None:
    own = '<link rel="self" href="https://blog.example/atom.xml"/>'
    person = f"<{who}><name>S</name><uri>https://s.example/</uri></{who}>"
    for source in (f"<source>{own}{person}</source>", f"<source>{person}</source>"):
        found = atom_entry(source)
        assert found.raw_source is None or found.raw_source.url != "https://s.example/"
    first = atom_entry(f"<source>{own}{person}</source>").raw_source
    assert first is not None
    assert first.url == "https://blog.example/atom.xml"
