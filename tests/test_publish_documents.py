"""Every published document keeps the rules of its specification.

The rules are checked here by ourselves, on documents that hold everything and next to nothing:
RFC 4287, RSS 2.0 with the RSS Advisory Board's profile, JSON Feed 1.1, XML 1.0.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import permutations

import pytest
from lxml import etree

from aggregator.model import (
    Enclosure,
    Feed,
    Origin,
    Particulars,
    Person,
    Selection,
)
from aggregator.publish import Addresses, Format, render
from tests.golden import FOLDER, STORIES, documents
from tests.making import by
from tests.published import (
    ADDRESSES,
    ATOM,
    CONTENT,
    LANG,
    as_atom,
    as_json,
    as_rss,
    only,
    texts,
)
from tests.publishing import MOMENT, bare_story, selection, story

MEDIA_CONTENT = "{http://search.yahoo.com/mrss/}content"
DC = "{http://purl.org/dc/elements/1.1/}"
CREATOR = f"{DC}creator"
#: What an item may have several of.
REPEATED = ("category", MEDIA_CONTENT, CREATOR, f"{DC}contributor")
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?(Z|[+-]\d\d:\d\d)")
RFC822 = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT")
ABSOLUTE_IRI = re.compile(r"[a-z][a-z0-9+.-]*:\S+", re.IGNORECASE)
WEB_URI = re.compile(r"https?://[!-~]+")
#: And what else an entry may link to.
LINK_URI = re.compile(r"(?:https?://|magnet:\?)[!-~]+")

SELECTIONS = {
    "everything": selection(*STORIES),
    "nothing": selection(),
    "one": selection(story()),
    "bare": selection(bare_story()),
}
EACH = pytest.mark.parametrize("selected", SELECTIONS.values(), ids=SELECTIONS)


def links(element: etree._Element, rel: str) -> list[dict[str, str]]:
    found = [
        {str(key): str(value) for key, value in link.items()}
        for link in element.findall(f"{ATOM}link")
    ]
    return [link for link in found if link["rel"] == rel]


def test_golden_documents_are_as_they_were() -> None:
    written = {
        path.name: path.read_bytes()
        for path in FOLDER.iterdir()
        if path.suffix[1:] != "py" and path.is_file()
    }
    rendered = documents()
    assert rendered.keys() == written.keys()
    for name, document in rendered.items():
        assert document.decode() == written[name].decode(), f"{name}: see `make golden`"


@pytest.mark.parametrize("form", Format)
@EACH
def test_same_selection_gives_same_bytes(form: Format, selected: Selection) -> None:
    assert render(selected, form, ADDRESSES) == render(selected, form, ADDRESSES)


@EACH
def test_atom_feed_and_entries_have_what_rfc_4287_demands(selected: Selection) -> None:
    feed = as_atom(selected)
    assert feed.tag == f"{ATOM}feed"
    assert only(feed, f"{ATOM}title").strip()
    assert only(feed, f"{ATOM}id") == selected.id
    (self_link,) = links(feed, "self")
    assert self_link["href"] == "https://feeds.example.org/feeds/all.atom"
    assert self_link["type"] == "application/atom+xml"
    (home,) = links(feed, "alternate")
    assert home == {"href": "https://feeds.example.org/", "rel": "alternate", "type": "text/html"}
    moments = texts(feed, f"{ATOM}entry/{ATOM}updated")
    assert len(moments) == len(set(moments)), "a validator takes two that are equal for a mistake"
    assert not moments or only(feed, f"{ATOM}updated") == max(moments)
    for entry in feed.findall(f"{ATOM}entry"):
        assert only(entry, f"{ATOM}title").strip()
        assert ABSOLUTE_IRI.fullmatch(only(entry, f"{ATOM}id"))
        assert RFC3339.fullmatch(only(entry, f"{ATOM}updated"))
        assert RFC3339.fullmatch(only(entry, f"{ATOM}published"))
        people = entry.findall(f"{ATOM}author") + entry.findall(f"{ATOM}contributor")
        assert entry.find(f"{ATOM}author") is not None
        for person in people:
            assert only(person, f"{ATOM}name").strip()
            assert len(person.findall(f"{ATOM}email")) <= 1
            assert len(person.findall(f"{ATOM}uri")) <= 1
        content, summary = entry.findall(f"{ATOM}content"), entry.findall(f"{ATOM}summary")
        assert len(content) <= 1
        assert len(summary) <= 1
        assert all(text.text and len(text) == 0 for text in (*content, *summary))
        assert all(dict(text.items()) == {"type": "html"} for text in content)
        assert content or (summary and links(entry, "alternate"))
        assert len(links(entry, "alternate")) <= 1
        for link in entry.findall(f"{ATOM}link"):
            assert LINK_URI.fullmatch(link.get("href", ""))
            assert link.get("rel") in {"alternate", "enclosure", "related"}
            assert link.text is None
        for category in entry.findall(f"{ATOM}category"):
            assert category.get("term")


@EACH
def test_atom_entries_name_their_source_completely(selected: Selection) -> None:
    origins = {story.origin.id: story.origin for story in selected.stories}
    for entry in as_atom(selected).findall(f"{ATOM}entry"):
        (source,) = entry.findall(f"{ATOM}source")
        origin = origins[only(source, f"{ATOM}id")]
        assert only(source, f"{ATOM}title") == origin.title
        updated = datetime.fromisoformat(only(source, f"{ATOM}updated"))
        assert updated == origin.updated_at.replace(microsecond=0)
        assert len(links(source, "self")) == (origin.url is not None)
        assert len(links(source, "alternate")) == (origin.site_url is not None)


def test_atom_enclosures_keep_type_and_length() -> None:
    (entry,) = as_atom(selection(story())).findall(f"{ATOM}entry")
    assert links(entry, "enclosure") == [
        {
            "rel": "enclosure",
            "href": "https://cdn.example.org/one.mp3",
            "type": "audio/mpeg",
            "length": "1234",
        },
        {"rel": "enclosure", "href": "https://cdn.example.org/two.ogg", "type": "audio/ogg"},
    ]


@EACH
def test_rss_channel_and_items_keep_the_profile(selected: Selection) -> None:
    channel = as_rss(selected)
    assert only(channel, "title").strip()
    assert only(channel, "description").strip()
    assert only(channel, "link") == "https://feeds.example.org/"
    assert [dict(link.items()) for link in channel.findall(f"{ATOM}link")] == [
        {
            "href": "https://feeds.example.org/feeds/all.rss",
            "rel": "self",
            "type": "application/rss+xml",
        }
    ]
    assert len(channel.findall("lastBuildDate")) == 1
    assert only(channel, "ttl") == "5"
    for item in channel.findall("item"):
        assert item.find("title") is not None or item.find("description") is not None
        names = [child.tag for child in item if child.tag not in REPEATED]
        assert len(names) == len(set(names)), "elements at most once except category"
        creators = item.findall(CREATOR)
        assert all((one.text or "").strip() for one in creators)
        assert len(item.findall("author")) == (0 if creators else 1)
        if item.find(CONTENT) is not None:
            assert names.index("description") < names.index(CONTENT)
        (guid,) = item.findall("guid")
        is_permanent = guid.get("isPermaLink") == "true"
        assert is_permanent == (guid.text == item.findtext("link"))
        assert RFC822.fullmatch(only(item, "pubDate"))
        for enclosure in item.findall("enclosure"):
            assert set(enclosure.keys()) == {"url", "length", "type"}
            assert enclosure.get("length", "").isdigit()
        for source in item.findall("source"):
            assert WEB_URI.fullmatch(source.get("url", ""))
            assert source.text


def test_rss_weekdays_are_right() -> None:
    for days in range(7):
        selected = selection(story(published_at=MOMENT - timedelta(days=days)))
        text = only(as_rss(selected), "item/pubDate")
        assert parsedate_to_datetime(text).strftime("%a") == text[:3]


def test_rss_item_of_a_source_without_any_address_has_no_source_element() -> None:
    assert as_rss(selection(bare_story(title="x"))).find("item/source") is None


def test_rss_source_of_a_private_source_is_its_site() -> None:
    origin = Origin("club", "Club", "urn:x", None, "https://club.example.com/", MOMENT, None)
    (source,) = as_rss(selection(story(origin=origin))).findall("item/source")
    assert source.get("url") == "https://club.example.com/"


def test_rss_has_only_the_first_enclosure() -> None:
    (enclosure,) = as_rss(selection(story())).findall("item/enclosure")
    assert enclosure.get("url") == "https://cdn.example.org/one.mp3"


PICTURE = Enclosure("https://cdn.example.org/one.jpg", "image/jpeg", 99)
SOUND = Enclosure("https://cdn.example.org/one.mp3", "audio/mpeg", 1234)
BOOK = Enclosure("https://cdn.example.org/one.pdf", "application/pdf")


@pytest.mark.parametrize(
    ("enclosures", "chosen"),
    [
        ((PICTURE,), PICTURE),
        ((PICTURE, SOUND), SOUND),
        ((SOUND, PICTURE), SOUND),
        ((BOOK, PICTURE), BOOK),
        ((BOOK, SOUND), SOUND),
    ],
)
def test_rss_gives_its_one_place_to_what_can_be_played(
    enclosures: tuple[Enclosure, ...], chosen: Enclosure
) -> None:
    (enclosure,) = as_rss(selection(story(enclosures=enclosures))).findall("item/enclosure")
    assert enclosure.get("url") == chosen.url


def test_an_entrys_picture_is_json_feeds_image_and_an_enclosure_in_atom() -> None:
    second = Enclosure("https://cdn.example.org/two.png", "image/png")
    selected = selection(story(enclosures=(SOUND, PICTURE, second)))
    (item,) = as_json(selected)["items"]
    assert item["image"] == PICTURE.url
    assert [one["url"] for one in item["attachments"]] == [SOUND.url, second.url]
    (entry,) = as_atom(selected).findall(f"{ATOM}entry")
    assert [one["href"] for one in links(entry, "enclosure")] == [
        SOUND.url,
        PICTURE.url,
        second.url,
    ]
    assert "image" not in as_json(selection(story()))["items"][0]


@pytest.mark.parametrize("title", ["A cat on a red mat", None])
def test_a_pictures_caption_is_in_every_format(title: str | None) -> None:
    picture = Enclosure("https://example.com/0.png", "image/png", title=title)
    one = selection(story(enclosures=(picture,)))
    for form in Format:
        assert ("A cat on a red mat" in render(one, form, ADDRESSES).decode()) is bool(title)


def test_rss_content_without_summary_is_the_description() -> None:
    channel = as_rss(selection(story(summary="", content_html="<p>x</p>")))
    assert only(channel, "item/description") == "<p>x</p>"
    assert channel.find(f"item/{CONTENT}") is None


@EACH
def test_json_feed_keeps_version_1_1(selected: Selection) -> None:
    feed = as_json(selected)
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["title"]
    assert feed["feed_url"] == "https://feeds.example.org/feeds/all.json"
    assert feed["home_page_url"] == "https://feeds.example.org/"
    assert isinstance(feed["items"], list)
    for item in feed["items"]:
        assert isinstance(item["id"], str)
        assert item["id"]
        assert ("content_html" in item) != ("content_text" in item)
        assert "author" not in item
        assert [author["name"] for author in item["authors"]]
        assert RFC3339.fullmatch(item["date_published"])
        assert RFC3339.fullmatch(item["date_modified"])
        assert {"id", "title", "date_modified"} <= item["_source"].keys()
        assert None not in item.values()
        assert WEB_URI.fullmatch(item.get("image", "https://example.org/"))
        for attachment in item.get("attachments", []):
            assert attachment["url"]
            assert attachment["mime_type"]
            assert attachment.get("size_in_bytes", 1) > 0


@EACH
def test_no_document_carries_an_id_twice(selected: Selection) -> None:
    ids = {
        Format.ATOM: texts(as_atom(selected), f"{ATOM}entry/{ATOM}id"),
        Format.RSS: texts(as_rss(selected), "item/guid"),
        Format.JSON: [item["id"] for item in as_json(selected)["items"]],
    }
    expected = list(dict.fromkeys(story.id for story in selected.stories))
    assert ids == dict.fromkeys(Format, expected)


def test_two_stories_that_only_a_parameter_tells_apart_are_both_published() -> None:
    twins = [story(id=f"https://example.com/?token={value}") for value in ("one", "two")]
    assert len(as_json(selection(*twins))["items"]) == 2


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_feed_is_as_new_as_its_newest_story(order: tuple[int, ...]) -> None:
    selected = selection(
        *(story(id=f"urn:x:{n}", updated_at=MOMENT - timedelta(days=3 - n)) for n in order)
    )
    newest = (MOMENT - timedelta(days=1)).replace(microsecond=0)
    updated = datetime.fromisoformat(only(as_atom(selected), f"{ATOM}updated"))
    assert updated.replace(microsecond=0) == newest
    assert parsedate_to_datetime(only(as_rss(selected), "lastBuildDate")) == newest


def test_an_entry_that_was_never_updated_does_not_look_updated_in_any_format() -> None:
    moment = MOMENT.replace(microsecond=0)
    never = story(published_at=MOMENT, updated_at=MOMENT, order_key=1_234_567)
    later = story(id="urn:x:2", published_at=MOMENT, updated_at=MOMENT + timedelta(hours=1))
    selected = selection(never, later)
    first, second = as_atom(selected).findall(f"{ATOM}entry")
    assert only(first, f"{ATOM}published") == only(first, f"{ATOM}updated")
    published = datetime.fromisoformat(only(second, f"{ATOM}published"))
    assert datetime.fromisoformat(only(second, f"{ATOM}updated")) - published == timedelta(hours=1)
    assert published.replace(microsecond=0) == moment
    item = as_json(selected)["items"][0]
    assert item["date_published"] == item["date_modified"] == "2026-11-20T08:30:15Z"
    assert texts(as_rss(selected), "item/pubDate") == ["Fri, 20 Nov 2026 08:30:15 GMT"] * 2


def test_an_empty_feed_is_as_new_as_its_last_change() -> None:
    changed_at = MOMENT.replace(microsecond=0)
    assert datetime.fromisoformat(only(as_atom(selection()), f"{ATOM}updated")) == changed_at
    assert parsedate_to_datetime(only(as_rss(selection()), "lastBuildDate")) == changed_at


def test_instants_of_any_zone_are_published_in_utc() -> None:
    zoned = datetime.fromisoformat("2026-11-20T08:00:00+08:00")
    selected = selection(story(published_at=zoned))
    assert only(as_rss(selected), "item/pubDate") == "Fri, 20 Nov 2026 00:00:00 GMT"
    assert as_json(selected)["items"][0]["date_published"] == "2026-11-20T00:00:00Z"
    published = only(as_atom(selected), f"{ATOM}entry/{ATOM}published")
    assert datetime.fromisoformat(published).replace(microsecond=0) == zoned.astimezone(UTC)


@pytest.mark.parametrize(
    ("author", "name"),
    [
        (None, "IT之家"),
        ("  ", "IT之家"),
        ("远洋", "远洋"),
        ("@jo", "@jo"),
        ("Ann, Tom", "Ann, Tom"),
        ("a@" * 5000, "a@" * 5000),
    ],
)
def test_every_format_names_the_author_or_else_the_source(author: str | None, name: str) -> None:
    selected = selection(story(particulars=by(author) if author else Particulars()))
    assert only(as_atom(selected), f"{ATOM}entry/{ATOM}author/{ATOM}name") == name
    assert only(as_rss(selected), f"item/{CREATOR}") == name
    assert as_json(selected)["items"][0]["authors"] == [{"name": name}]


@pytest.mark.parametrize(
    ("author", "name", "email"),
    [
        ("jo@example.org", "jo", "jo@example.org"),
        ("mailto:jo@example.org", "jo", "jo@example.org"),
        ("jo@example.org (Jo Doe)", "Jo Doe", "jo@example.org"),
        ("Jo Doe <jo@example.org>", "Jo Doe", "jo@example.org"),
        ("Jo (Editor) <jo@example.org>", "Jo (Editor)", "jo@example.org"),
        ("noreply@blogger.com (Unknown)", "Unknown", "noreply@blogger.com"),
        ("Doe, Jo <jo@example.org>", "Doe, Jo", "jo@example.org"),
    ],
)
def test_an_address_in_a_line_of_an_earlier_version_is_no_part_of_the_name(
    author: str, name: str, email: str
) -> None:
    selected = selection(story(particulars=by(author)))
    assert only(as_atom(selected), f"{ATOM}entry/{ATOM}author/{ATOM}name") == name
    assert only(as_atom(selected), f"{ATOM}entry/{ATOM}author/{ATOM}email") == email
    assert only(as_rss(selected), "item/author") == f"{email} ({name})"
    assert as_json(selected)["items"][0]["authors"] == [{"name": name}]


def test_several_authors_are_several_in_every_format() -> None:
    people = (
        Person("Ann Lee", "https://ann.example/", "ann@example.org", "https://ann.example/a.png"),
        Person("李雷"),
        Person(email="tom@example.org"),
        Person(url="https://kim.example/about"),
    )
    particulars = Particulars(people, (Person("Eve", email="eve@example.org"),), "© Ann & co")
    one = story(particulars=particulars)
    entry = as_atom(selection(one)).find(f"{ATOM}entry")
    assert entry is not None
    assert [[part.text for part in author] for author in entry.findall(f"{ATOM}author")] == [
        ["Ann Lee", "ann@example.org", "https://ann.example/"],
        ["李雷"],
        ["tom", "tom@example.org"],
        ["kim.example", "https://kim.example/about"],
    ]
    assert texts(entry, f"{ATOM}contributor/{ATOM}email") == ["eve@example.org"]
    assert only(entry, f"{ATOM}rights") == "© Ann & co"
    item = as_rss(selection(one)).find("item")
    assert item is not None
    assert texts(item, CREATOR) == [
        "ann@example.org (Ann Lee)",
        "李雷",
        "tom@example.org (tom)",
        "kim.example",
    ]
    assert item.find("author") is None, "beside Dublin Core's the profile wants none"
    assert texts(item, f"{DC}contributor") == ["eve@example.org (Eve)"]
    assert texts(item, f"{DC}rights") == ["© Ann & co"]
    assert as_json(selection(one))["items"][0]["authors"] == [
        {
            "name": "Ann Lee",
            "url": "https://ann.example/",
            "avatar": "https://ann.example/a.png",
        },
        {"name": "李雷"},
        {"name": "tom"},
        {"name": "kim.example", "url": "https://kim.example/about"},
    ]


def test_without_emails_names_are_left_of_authors() -> None:
    one = story(particulars=Particulars((Person("Ann", email="ann@example.org"),)))
    selected = replace(selection(one), feed=replace(selection().feed, emails=False))
    for form in (Format.ATOM, Format.RSS):
        document = render(selected, form, ADDRESSES).decode()
        assert "ann@example.org" not in document
        assert "Ann" in document


def test_a_language_that_all_stories_share_is_the_feeds() -> None:
    selected = selection(story(), story(id="urn:x:2"))
    assert as_atom(selected).get(LANG) == "zh-CN"
    assert as_atom(selected).find(f"{ATOM}entry").get(LANG) is None  # type: ignore[union-attr]  # it has two
    assert only(as_rss(selected), "language") == "zh-CN"
    assert as_json(selected)["language"] == "zh-CN"


def test_stories_of_several_languages_each_say_their_own() -> None:
    selected = selection(story(), story(id="urn:x:2", language="en"), bare_story())
    feed = as_atom(selected)
    assert feed.get(LANG) is None
    assert [entry.get(LANG) for entry in feed.findall(f"{ATOM}entry")] == ["zh-CN", "en", None]
    assert as_rss(selected).find("language") is None
    assert [item.get("language") for item in as_json(selected)["items"]] == ["zh-CN", "en", None]


@pytest.mark.parametrize("language", ["", "x" * 30, "中文", "en us", 'en"'])
def test_what_is_no_language_tag_is_not_published(language: str) -> None:
    assert as_atom(selection(bare_story(language=language))).get(LANG) is None


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "/relative", "", " ", "mailto:a@b.example"]
)
def test_only_web_addresses_are_published_as_links(url: str) -> None:
    selected = selection(story(url=url, enclosures=(Enclosure(url, "audio/mpeg", 1),)))
    (entry,) = as_atom(selected).findall(f"{ATOM}entry")
    assert entry.findall(f"{ATOM}link") == []
    assert as_rss(selected).find("item/link") is None
    assert as_rss(selected).find("item/enclosure") is None
    (item,) = as_json(selected)["items"]
    assert not {"url", "attachments"} & item.keys()


@pytest.mark.parametrize("media_type", ["", "audio", 'a/b"c', "a/b\n", "audio/mpeg; x=1"])
def test_an_enclosures_type_is_always_a_media_type(media_type: str) -> None:
    enclosure = Enclosure("https://example.com/x", media_type, -5)
    (attachment,) = as_json(selection(story(enclosures=(enclosure,))))["items"][0]["attachments"]
    assert re.fullmatch(r"[a-z]+/[a-z-]+", attachment["mime_type"])
    assert "size_in_bytes" not in attachment


def test_base_url_may_have_a_path_and_a_final_slash() -> None:
    for base_url in ("https://example.org/news", "https://example.org/news/"):
        addresses = Addresses(base_url)
        assert addresses.home == "https://example.org/news/"
        assert addresses.feed(Feed("c/c++", ""), Format.ATOM) == (
            "https://example.org/news/feeds/c%2Fc%2B%2B.atom"
        )
