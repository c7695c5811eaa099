# ruff: noqa: E501 - an expectation reads best on one line
from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.model import (
    Category,
    Document,
    DocumentHead,
    Enclosure,
    Entry,
    Episode,
    Particulars,
    Person,
    Provenance,
    RawEntry,
    Refined,
    TextOrigin,
)
from aggregator.refine import normalise
from aggregator.web.text import one_line
from aggregator.web.visible_text import visible_text
from tests.feed_documents import read_fixture
from tests.making import by
from tests.raw_entries import SEEN, SOURCE, raw_document, refine

EARLIER = SEEN - timedelta(days=1)


def fixture(name: str, zone: str = "UTC", url: str = SOURCE) -> Refined:
    return normalise(read_fixture(name, url, zone=zone))


def one(raw: RawEntry) -> Entry:
    (entry,) = refine(raw)
    return entry


def kinds(entry: Entry) -> list[str]:
    return [key.partition(":")[0] for key in entry.keys]


LONG = "这是一段足够长的正文，用来区分不同的条目。" * 20


# --- documents ----------------------------------------------------------------------------------


def test_ithomes_entry_comes_out_whole_with_its_real_image() -> None:
    refined = fixture("ithome-lazy-images.xml", zone="Asia/Shanghai")
    assert refined.head.site_url == "https://www.ithome.com/"
    (entry,) = refined.entries
    assert entry.title == "示例：新手机今日开售，售价 2999 元起"
    assert entry.url == entry.guid == "https://www.ithome.com/1/001/052.htm"
    assert entry.keys == (
        "guid:https://www.ithome.com/1/001/052.htm",
        "url:https://www.ithome.com/1/001/052.htm",
        "site:ithome.com:1001052",
        "path:/1/001/052.htm",
        *entry.keys[-2:],
    )
    assert entry.keys[-2].startswith("brief:")
    assert '<img src="https://img.ithome.com/newsuploadfiles/2026/9/a.png"' in entry.content_html
    assert "广告声明" not in entry.content_html
    assert 'referrerpolicy="no-referrer"' in entry.content_html
    assert "onerror" not in entry.content_html
    assert "9 月 11 日消息，这是为测试写的正文。" in entry.content_html
    assert entry.summary == ""
    assert entry.particulars.author is None


@given(
    st.lists(
        st.sampled_from(
            [
                "<p>",
                "</p>",
                "<b>",
                "</b>",
                "<script>",
                "</script>",
                "<br>",
                "&amp;",
                "&lt;p&gt;",
                "\u202e",
                "\x00",
                "\n",
                "  ",
                "字",
                "word",
                '<img src="x.png" alt="seen not">',
            ]
        ),
        max_size=12,
    )
)
def test_the_visible_text_is_what_a_reader_sees_of_the_content_on_one_line(
    parts: list[str],
) -> None:
    entry = one(RawEntry(raw_title="t", raw_link="https://x.example/1", raw_content="".join(parts)))
    assert entry.visible_text == one_line(visible_text(entry.content_html))
    assert entry.text_origin is TextOrigin.DOCUMENT


def test_of_a_text_the_words_are_seen_and_no_markup_or_code() -> None:
    content = "<p>Zwei&nbsp;W&ouml;rter</p><script>no()</script><ul><li>und <b>m</b>ehr</li></ul>"
    entry = one(RawEntry(raw_title="t", raw_content=content, raw_summary="Kurz"))
    assert entry.visible_text == "Zwei Wörter und mehr"


def test_an_address_is_what_its_publisher_made_it_whatever_its_parameters_are_called() -> None:
    addresses = [
        f"https://e.com/view.php?{name}=10{number}"
        for name in ("code", "key", "auth")
        for number in (1, 2)
    ]
    document = Document(
        DocumentHead("rss20", "utf-8"),
        tuple(
            RawEntry(
                raw_title="t",
                raw_guid=url,
                raw_link=url,
                raw_content=f'<img src="{url}"><a href="{url}">x</a>',
                raw_enclosures=(Enclosure(f"{url}&sig=x", "audio/mpeg"),),
            )
            for url in addresses
        ),
        SOURCE,
        SEEN,
    )
    found = normalise(document).entries
    assert [entry.url for entry in found] == [entry.guid for entry in found] == addresses
    assert len({key for entry in found for key in entry.keys if key.startswith("url:")}) == 6
    for entry in found:
        assert entry.content_html.count(f'"{entry.url}"') == 2
        assert entry.enclosures[0].url == f"{entry.url}&sig=x"


def test_user_info_in_a_publishers_address_is_its_own() -> None:
    url = "https://reader:open@e.com/a.mp3"
    entry = one(RawEntry(raw_title="t", raw_link=url, raw_enclosures=(Enclosure(url),)))
    assert (entry.url, entry.enclosures[0].url) == (url, url)


def test_atoms_xml_base_resolves_its_images_and_its_title_is_text() -> None:
    refined = fixture("atom-base-and-updated.xml")
    assert refined.head.title == "Tom & Ann"
    (entry,) = refined.entries
    assert entry.title == "a <b> &amp; c"
    assert 'src="https://cdn.example.net/posts/bild.png"' in entry.content_html
    assert entry.published_at == entry.updated_at == datetime(2026, 11, 22, 8, tzinfo=UTC)
    assert entry.keys[0] == "guid:post-1"


def test_json_feeds_plain_text_becomes_paragraphs() -> None:
    first, second = fixture("feed.json").entries
    assert first.title == "A < B &amp; C"
    assert first.summary == "Short."
    assert 'src="https://json.example.org/i.png"' in first.content_html
    assert second.content_html == "<p>One &lt;line&gt;<br>and another.</p><p>A paragraph.</p>"
    assert second.title == "One <line> and another. A paragraph."


def test_a_podcasts_opaque_guid_is_no_link() -> None:
    (entry,) = fixture("podcast.xml", zone="Asia/Shanghai").entries
    assert (entry.guid, entry.url) == ("0a1b2c3d", None)
    assert entry.enclosures == (
        Enclosure("https://cast.example.com/1.mp3?token=canary-7f3a", "audio/mpeg", 12345),
    )


def test_pictures_are_published_that_the_text_does_not_show() -> None:
    refined = fixture("media-pictures.xml")
    found = {
        entry.title: [(file.url, file.media_type) for file in entry.enclosures]
        for entry in refined.entries
    }
    assert found == {
        "1": [("https://cdn.example.com/one-mediumSquareAt3X.jpg", "image/jpeg")],
        "2": [("https://u:p@cdn.example.com/two/5000.jpg?width=700&key=canary-7f3a", "image/jpeg")],
        "3": [
            ("https://cdn.example.com/931/523/three.png", "image/png"),
            ("https://cdn.example.com/640/320/other.webp", "image/webp"),
        ],
        "4": [("https://cdn.example.com/240/four.gif", "image/gif")],
        "5": [],
        "6": [("https://i1.ytimg.com/vi/hsm_f92NBp0/hqdefault.jpg", "image/jpeg")],
        "7": [],
        "8": [
            ("https://cdn.example.com/eight.mp3", "audio/mpeg"),
            ("https://cdn.example.com/eight.jpeg", "image/jpeg"),
        ],
        "9": [
            ("https://cdn.example.com/nine.mp4", "video/mp4"),
            ("https://cdn.example.com/nine", "image/jpeg"),
        ],
        "10": [("https://cdn.example.com/ten", "application/octet-stream")],
    }


def test_json_feeds_images_are_absolute_and_not_repeated() -> None:
    first, second, third = fixture("feed-pictures.json").entries
    assert [file.url for file in first.enclosures] == [
        "https://json.example.org/one.webp",
        "https://json.example.org/wide.png",
    ]
    assert second.enclosures == ()
    assert [file.url for file in third.enclosures] == ["https://json.example.org/three"]


def test_a_publishers_own_enclosure_stays_though_the_text_shows_it() -> None:
    picture = Enclosure("https://e.com/a.jpg", "image/jpeg", 5)
    raw = RawEntry(
        raw_title="t",
        raw_summary='<img src="https://e.com/a.jpg">',
        raw_enclosures=(picture, picture),
        raw_images=(Enclosure("http://e.com/a.jpg?w=5", "image/jpeg"),),
    )
    assert one(raw).enclosures == (picture,)


def test_repetitions_and_empty_entries_are_left_out_and_counted() -> None:
    refined = fixture("ids-repeated.xml")
    assert [entry.title for entry in refined.entries] == ["One", "Two"]
    assert refined.head.notes == (
        "1 empty entry left out",
        "1 exact repetition left out",
        "one id for 2 entries: not used",
    )
    first, second = refined.entries
    assert kinds(first) == ["url", "brief"]
    assert kinds(second) == ["text", "brief"]
    assert not set(first.keys) & set(second.keys)


def test_a_digest_comes_out_with_its_schemes_sources_and_pictures() -> None:
    refined = fixture("rss-categories.xml")
    assert (refined.head.description, refined.head.rights) == ("What & where", "© 2026 Digest")
    assert refined.head.icon_url == "https://digest.example.com/logo.png"
    first, second = refined.entries
    assert first.categories == (
        Category("科技", "https://digest.example.com/topics"),
        Category("手机"),
        Category("news"),
        Category("tv/news", "http://search.yahoo.com/mrss/category_schema", "Television"),
    )
    assert first.provenance == Provenance(
        "A & B's blog", url="https://blog.example.org/feed.xml?key=canary-7f3a"
    )
    assert first.enclosures == (Enclosure("https://digest.example.com/lead.png", "image/png"),)
    assert "正文第一段。 <a href" in first.content_html
    assert "</a> 正文第二段。" in first.content_html
    assert second.title == "Photo of the day"


def test_a_planet_names_where_its_entries_first_stood_unless_it_is_itself() -> None:
    refined = fixture("atom-planet.xml", url="https://planet.example/atom.xml")
    assert refined.head.icon_url == "https://planet.example/favicon.png"
    first, second = refined.entries
    assert first.provenance == Provenance(
        "The other blog",
        "tag:blog.example,2026:feed",
        "https://blog.example/atom.xml",
        "https://blog.example/",
        datetime(2026, 11, 22, 8, 30, tzinfo=UTC),
        authors=(Person("Mei"),),
    )
    assert first.categories == (
        Category("tech", "https://blog.example/tags", "科技"),
        Category("it"),
    )
    assert (first.particulars.author, second.particulars.author, second.provenance) == (
        "Mei",
        "Ann",
        None,
    )


# --- texts --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "title"),
    [
        (RawEntry(raw_title="A &amp; B"), "A & B"),
        (RawEntry(raw_title="A &amp;amp; B"), "A &amp; B"),
        (RawEntry(raw_title="A &amp; B", raw_title_is_html=False), "A &amp; B"),
        (RawEntry(raw_title="<em>Terra</em>'s"), "Terra's"),
        (RawEntry(raw_title=" a\n\tb\u202e\x00 ", raw_title_is_html=False), "a b"),
        (RawEntry(raw_title="<script>x</script>", raw_link="https://e.com/1"), "https://e.com/1"),
        (RawEntry(raw_summary="<p>第一句话。</p><p>第二句话。</p>"), "第一句话。 第二句话。"),
        (RawEntry(raw_link="https://e.com/1"), "https://e.com/1"),
        (RawEntry(raw_enclosures=(Enclosure("https://e.com/1.mp3"),)), "https://e.com/1.mp3"),
    ],
)
def test_every_entry_has_a_plain_title(raw: RawEntry, title: str) -> None:
    assert one(raw).title == title


def test_a_title_made_from_text_is_short() -> None:
    assert len(one(RawEntry(raw_summary=LONG)).title) <= 80


def test_a_summary_is_kept_when_it_says_more_than_the_content() -> None:
    both = one(RawEntry(raw_title="t", raw_summary="<b>Teaser</b>", raw_content="<p>Whole</p>"))
    assert (both.summary, both.content_html) == ("Teaser", "<p>Whole</p>")
    same = one(RawEntry(raw_title="t", raw_summary="Whole", raw_content="<p>Whole</p>"))
    assert same.summary == ""
    only = one(RawEntry(raw_title="t", raw_summary="a <line>", raw_summary_is_html=False))
    assert (only.summary, only.content_html) == ("", "<p>a &lt;line&gt;</p>")


def test_relative_addresses_are_the_entrys_pages_own() -> None:
    raw = RawEntry(
        raw_title="t", raw_link="/p/1/", raw_summary='<img src="a.png">', base_url=SOURCE
    )
    entry = one(raw)
    assert entry.url == "https://example.com/p/1/"
    assert 'src="https://example.com/p/1/a.png"' in entry.content_html


def test_the_publishers_own_fields_are_kept_as_json() -> None:
    entry = one(RawEntry(raw_title="T & <b>", raw_published="刚刚", raw_summary="x" * 10**6))
    raw = json.loads(entry.raw or "")
    assert raw["raw_title"] == "T & <b>"
    assert raw["raw_published"] == "刚刚"
    assert len(raw["raw_summary"]) == 256 * 1024


def test_nested_fields_of_the_publishers_own_are_kept_and_bounded() -> None:
    raw = RawEntry(
        raw_title="t",
        raw_categories=(Category("x" * 10**6, "https://e.com/tags"),),
        raw_source=Provenance("Elsewhere", updated_at=EARLIER),
    )
    kept = json.loads(one(raw).raw or "")
    assert kept["raw_source"] == {"title": "Elsewhere", "updated_at": EARLIER.isoformat()}
    assert len(kept["raw_categories"][0]["term"]) == 256 * 1024


# --- categories and provenance ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scheme", "kept"),
    [
        ("https://e.com/tags#it", "https://e.com/tags#it"),
        ("https://user@e.com/tags?key=1", "https://user@e.com/tags?key=1"),
        ("tag:e.com,2026:topics", "tag:e.com,2026:topics"),
        ("urn:isbn:1", "urn:isbn:1"),
        ("/tags", None),
        ("Topics", None),
        ("http://[", None),
        ("javascript:alert(1)", None),
        ("urn:a b", None),
        ("https://e.com/" + "x" * 5000, None),
        ("", None),
    ],
)
def test_a_scheme_is_an_absolute_iri_or_none(scheme: str, kept: str | None) -> None:
    (category,) = one(RawEntry(raw_title="t", raw_categories=(Category("x", scheme),))).categories
    assert category == Category("x", kept)


def test_categories_are_plain_and_stand_once_in_each_scheme() -> None:
    raw = (
        Category("R&amp;D <b>lab</b>", None, "R&D lab"),
        Category("R&D lab"),
        Category("R&D lab", "https://e.com/"),
        Category("x", None, "科技"),
        Category(" ", "https://e.com/", "label alone"),
    )
    assert one(RawEntry(raw_title="t", raw_categories=raw)).categories == (
        Category("R&D lab"),
        Category("R&D lab", "https://e.com/"),
        Category("x", None, "科技"),
    )


def test_where_an_entry_first_stood_is_told() -> None:
    raw = Provenance(
        "An\nother &amp; blog", "tag:other.example,2026:feed", "https://other.example/feed?key=1",
        "/relative", SEEN + timedelta(days=9),
    )  # fmt: skip
    assert one(RawEntry(raw_title="t", raw_source=raw)).provenance == Provenance(
        "An other & blog", "tag:other.example,2026:feed", "https://other.example/feed?key=1",
        "https://example.com/relative", SEEN,
    )  # fmt: skip


@pytest.mark.parametrize(
    "raw",
    [
        None,
        Provenance(url="http://example.com/feed.xml", title="Its own"),
        Provenance(id="urn:own", title="Its own"),
        Provenance(title=" ", url="javascript:x", updated_at=EARLIER),
    ],
)
def test_an_entry_of_the_document_itself_has_no_other_source(raw: Provenance | None) -> None:
    head = DocumentHead("atom10", "utf-8", feed_id="urn:own")
    whole = Document(head, (RawEntry(raw_title="t", raw_source=raw),), SOURCE, SEEN)
    assert normalise(whole).entries[0].provenance is None


def test_what_a_document_says_of_itself_is_plain() -> None:
    head = DocumentHead(
        "rss20", "utf-8", description="<p>All &amp; sundry\n</p>", rights="© 2026 <b>me</b>",
        icon_url="//cdn.example.com/i.png?token=1",
    )  # fmt: skip
    refined = normalise(Document(head, (), SOURCE, SEEN)).head
    assert (refined.description, refined.rights) == ("All & sundry", "© 2026 me")
    assert refined.icon_url == "https://cdn.example.com/i.png?token=1"


# --- pictures -----------------------------------------------------------------------------------


def test_pictures_of_a_summary_stand_beside_a_content_that_does_not_show_them() -> None:
    summary = '<img src="/lead.webp"><img src="https://e.com/b?w=1">Teaser'
    entry = one(RawEntry(raw_title="t", raw_summary=summary, raw_content="<p>Whole</p>"))
    lead = Enclosure("https://example.com/lead.webp", "image/webp")
    assert entry.enclosures == (lead, Enclosure("https://e.com/b?w=1", "image/jpeg"))
    content = '<p>Whole <img src="/other.png"> <img src="https://e.com/b?w=1"></p>'
    entry = one(RawEntry(raw_title="t", raw_summary=summary, raw_content=content))
    assert entry.enclosures == (lead,)
    assert one(RawEntry(raw_title="t", raw_summary=summary)).enclosures == ()


@pytest.mark.parametrize(
    ("content", "title"),
    [
        ('<img src="https://e.com/a.png">', "https://e.com/a.png"),
        ('<img src="https://e.com/a.png" alt=" A  cat &amp; a dog ">', "A cat & a dog"),
        ('<img src="https://e.com/a.png"><img src="https://e.com/b.png" alt="Two">', "Two"),
    ],
)
def test_an_entry_that_is_nothing_but_a_picture_is_one(content: str, title: str) -> None:
    assert one(RawEntry(raw_content=content)).title == title


def test_a_counter_alone_is_no_entry() -> None:
    assert refine(RawEntry(raw_content='<img src="https://e.com/p.gif" width=1 height=1>')) == ()


# --- dates --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("published", "updated", "expected"),
    [
        (None, None, (None, None)),
        (EARLIER, None, (EARLIER, None)),
        (EARLIER, SEEN, (EARLIER, SEEN)),
        (SEEN, EARLIER, (SEEN, SEEN)),
        (None, EARLIER, (EARLIER, EARLIER)),
        (SEEN + timedelta(days=400), None, (SEEN, None)),
        (datetime(1970, 1, 1, tzinfo=UTC), None, (None, None)),
        (datetime(1970, 1, 1, tzinfo=UTC), EARLIER, (EARLIER, EARLIER)),
        (EARLIER, datetime(1, 1, 1, tzinfo=UTC), (EARLIER, None)),
        (datetime(1985, 3, 4, tzinfo=UTC), None, (datetime(1985, 3, 4, tzinfo=UTC), None)),
        (EARLIER, SEEN + timedelta(days=1), (EARLIER, SEEN)),
    ],
)
def test_dates_are_sane_or_absent(
    published: datetime | None,
    updated: datetime | None,
    expected: tuple[datetime | None, datetime | None],
) -> None:
    entry = one(RawEntry(raw_title="t", published_at=published, updated_at=updated))
    assert (entry.published_at, entry.updated_at) == expected


# --- identity -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one_way", "another"),
    [
        ("http://e.com/1", "https://e.com/1/"),
        ("https://e.com/1?utm_source=rss", "https://E.com:443/1"),
        ("tag:e.com,2026:1", "tag:e.com,2026:1"),
    ],
)
def test_a_guid_in_another_spelling_is_the_same_key(one_way: str, another: str) -> None:
    first, second = (one(RawEntry(raw_guid=guid, raw_title="t")) for guid in (one_way, another))
    assert first.keys[0] == second.keys[0]


def test_a_link_to_the_site_itself_identifies_no_entry() -> None:
    (entry,) = refine(
        RawEntry(raw_guid="1", raw_title="t", raw_link="http://e.com/blog/"),
        site_url="https://e.com/blog",
    )
    assert kinds(entry) == ["guid", "brief"]
    assert entry.url == "http://e.com/blog/"
    front = one(RawEntry(raw_guid="1", raw_title="t", raw_link="http://e.com/"))
    assert kinds(front) == ["guid", "brief"]


def test_short_text_is_the_weakest_key_unless_nothing_else_is_there() -> None:
    short = one(RawEntry(raw_guid="1", raw_title="Photo of the day"))
    assert kinds(short) == ["guid", "brief"]
    assert kinds(one(RawEntry(raw_title="Photo of the day"))) == ["text"]
    telling = one(RawEntry(raw_guid="1", raw_title="t", raw_summary=LONG))
    assert kinds(telling) == ["guid", "text"]


def test_an_address_is_known_again_on_another_host() -> None:
    old, new = (
        one(
            RawEntry(
                raw_title="t", raw_summary=LONG, raw_link=f"https://{host}/2026/11/a-post/?p=2"
            )
        )
        for host in ("blog.example.com", "example.org")
    )
    assert set(old.keys) & set(new.keys) == {"path:/2026/11/a-post?p=2", old.keys[-1]}
    assert kinds(old) == ["url", "path", "text"]


@pytest.mark.parametrize(
    ("link", "site_url"),
    [
        ("https://e.com/news/1", None),
        ("https://e.com/", None),
        ("https://new.example/long/path/", "https://old.example/long/path"),
    ],
)
def test_an_address_without_its_host_that_tells_nothing_is_no_key(
    link: str, site_url: str | None
) -> None:
    (entry,) = refine(RawEntry(raw_guid="1", raw_title="t", raw_link=link), site_url=site_url)
    assert "path" not in kinds(entry)


def test_a_path_that_two_hosts_of_one_document_have_is_no_key() -> None:
    entries = refine(
        *(RawEntry(raw_title="t", raw_link=f"https://{host}.e.com/same/path/") for host in "ab")
    )
    assert [kinds(entry) for entry in entries] == [["url"], ["url"]]


def test_keys_that_a_document_repeats_are_no_keys() -> None:
    same = [RawEntry(raw_guid="same", raw_title=f"t{number}") for number in range(3)]
    refined = normalise(raw_document(*same))
    assert [kinds(entry) for entry in refined.entries] == [["text", "brief"]] * 3
    keys = [key for entry in refined.entries for key in entry.keys]
    assert len(set(keys)) == 6
    assert refined.head.notes == ("one id for 3 entries: not used",)


def test_several_ids_that_entries_share_are_told_in_one_line() -> None:
    raw = [
        RawEntry(raw_guid=guid, raw_title=f"{guid}{number}") for guid in "ab" for number in range(2)
    ]
    assert normalise(raw_document(*raw)).head.notes == ("2 ids for 4 entries: not used",)


def test_an_entry_without_any_key_of_its_own_is_known_as_it_was_in_version_0_1() -> None:
    """Its key is in databases: a hash of guid, url and text."""
    first, _ = refine(*(RawEntry(raw_guid="same", raw_title=title) for title in ("One", "Two")))
    assert first.keys[0] == "text:c479daacdf14ad5a79673f2d5582a4ef06f76898"


def test_long_guids_are_bounded_keys() -> None:
    entry = one(RawEntry(raw_guid="x" * 100_000, raw_title="t"))
    assert entry.guid is None
    assert all(len(key) <= 400 for key in one(RawEntry(raw_guid="x" * 2000, raw_title="t")).keys)


# --- edits --------------------------------------------------------------------------------------

ARTICLE = RawEntry(
    raw_guid="1",
    raw_link="https://e.com/1",
    raw_title="标题",
    raw_summary='<p>正文 <a href="https://e.com/2?utm_source=a">链接</a> <img src="/a.png?r=1"></p><p>12 comments</p>',
    raw_particulars=by("Ann"),
    published_at=EARLIER,
)


def changed(**fields: object) -> bool:
    values = {name: getattr(ARTICLE, name) for name in RawEntry.__slots__}
    other = RawEntry(**{**values, **fields})
    return one(ARTICLE).content_hash != one(other).content_hash


@pytest.mark.parametrize(
    "summary",
    [
        '<p>正文   <a href="http://e.com/2/?utm_source=b">链接</a>\n<img src="/a.png?r=2"></p> <p>13 comments</p>',
        '<p class="x">正文 <a href="https://e.com/2">链接</a> <img src="/a.png" width="5"></p><p>1,024 comments</p>',
    ],
)
def test_blanks_counters_and_trackers_are_no_edits(summary: str) -> None:
    assert not changed(raw_summary=summary)


def test_dates_categories_and_spellings_of_the_link_are_no_edits() -> None:
    assert not changed(updated_at=SEEN)
    assert not changed(raw_categories=(Category("x", "https://e.com/tags", "X"),))
    assert not changed(raw_source=Provenance("Elsewhere"))
    assert not changed(raw_link="http://e.com/1/?utm_medium=rss")


def test_another_link_is_no_edit() -> None:
    # A site that moves, or that signs its links anew in each document: the words are the same.
    assert not changed(raw_link="https://e.com/2")


@pytest.mark.parametrize(
    "fields",
    [
        {"raw_title": "标题（更新）"},
        {"raw_summary": "<p>正文改了</p>"},
        {"raw_summary": "<h2>正文 链接</h2><p>12 comments</p>"},
        {
            "raw_summary": '<p>正文 <a href="https://e.com/3">链接</a> <img src="/a.png"></p><p>12 comments</p>'
        },
        {
            "raw_summary": '<p>正文 <a href="https://e.com/2">链接</a> <img src="/b.png"></p><p>12 comments</p>'
        },
        {"raw_particulars": by("Tom")},
        {"raw_enclosures": (Enclosure("https://e.com/1.mp3"),)},
    ],
)
def test_what_a_reader_sees_differently_is_an_edit(fields: dict[str, object]) -> None:
    assert changed(**fields)


# --- laws ---------------------------------------------------------------------------------------

_TEXT = (
    st.none()
    | st.text(max_size=30)
    | st.sampled_from(["<p>x</p>", "&amp;", "\ud800", "\0", "http://e/", LONG])
)
_DATE = st.none() | st.datetimes(timezones=st.just(UTC))
_FILE = st.builds(Enclosure, _TEXT.map(str), st.text(max_size=9), st.integers())
_FILES = st.lists(_FILE, max_size=3).map(tuple)
_PERSON = st.builds(Person, _TEXT.map(str), _TEXT, _TEXT, _TEXT)
_PARTICULARS = st.builds(
    Particulars,
    st.lists(_PERSON, max_size=3).map(tuple),
    st.lists(_PERSON, max_size=3).map(tuple),
    _TEXT,
    st.none() | st.builds(Episode, image_url=_TEXT),
)
_RAW = st.builds(
    RawEntry,
    raw_guid=_TEXT, raw_link=_TEXT, raw_title=_TEXT, raw_title_is_html=st.booleans(), raw_summary=_TEXT,
    raw_summary_is_html=st.booleans(), raw_content=_TEXT, raw_content_is_html=st.booleans(), raw_particulars=_PARTICULARS,
    raw_published=_TEXT, raw_updated=_TEXT, published_at=_DATE, updated_at=_DATE,
    raw_categories=st.lists(st.builds(Category, _TEXT.map(str), _TEXT, _TEXT), max_size=3).map(tuple),
    raw_source=st.none() | st.builds(Provenance, _TEXT, _TEXT, _TEXT, _TEXT, _DATE),
    raw_enclosures=_FILES, raw_images=_FILES, raw_thumbnail=st.none() | _FILE,
    base_url=st.sampled_from(["", SOURCE, "http://[", "javascript:x"]), language=_TEXT,
)  # fmt: skip


@settings(deadline=None)
@given(st.lists(_RAW, max_size=5))
def test_any_document_gives_sound_entries(raw: list[RawEntry]) -> None:
    entries = refine(*raw)
    keys = [key for entry in entries for key in entry.keys]
    assert len(keys) == len(set(keys))
    for entry in entries:
        assert entry.keys
        assert entry.title == " ".join(entry.title.split()) != ""
        assert entry.url is None or entry.url.startswith(("http://", "https://"))
        assert (
            entry.published_at is None
            or datetime(1900, 1, 2, tzinfo=UTC) <= entry.published_at <= SEEN
        )
        assert (
            entry.updated_at is None
            or entry.published_at is None
            or entry.published_at <= entry.updated_at
        )
        assert json.loads(entry.raw or "") is not None
        assert str(entry).encode()
        addresses = [file.url for file in entry.enclosures]
        assert len(addresses) == len(set(addresses))
        assert all(address.startswith(("http://", "https://")) for address in addresses)
        assert all(
            category.term and category.label != category.term for category in entry.categories
        )
    assert refine(*raw) == entries


@pytest.mark.parametrize(
    ("url", "stated", "published"),
    [
        ("https://one.example/1.mp3", "text/html", "audio/mpeg"),
        ("https://one.example/1.m4a?x=1", "", "audio/mp4"),
        ("https://one.example/1.bin", "text/html", "application/octet-stream"),
        ("https://one.example/1.mp3", "audio/x-own", "audio/x-own"),
        ("https://one.example/page", "text/html", "text/html"),
        ("https://one.example/what", "", "application/octet-stream"),
    ],
)
def test_a_file_without_a_telling_type_has_that_of_its_name(
    url: str, stated: str, published: str
) -> None:
    (entry,) = refine(RawEntry(raw_title="x", raw_enclosures=(Enclosure(url, stated),)))
    assert [file.media_type for file in entry.enclosures] == [published]


def test_an_entry_with_an_id_alone_is_shown_where_it_has_an_author_or_a_file() -> None:
    file = Enclosure("https://e.com/1.pdf", "application/pdf")
    bare, signed, filed, titled = (
        refine(RawEntry(raw_guid="1", **fields))
        for fields in (
            {},
            {"raw_particulars": by("Ann", "Tom")},
            {"raw_enclosures": (file,)},
            {"raw_enclosures": (replace(file, title="Minutes"),)},
        )
    )
    assert bare == ()
    assert [entry.title for entry in (*signed, *filed, *titled)] == [
        "Ann, Tom",
        "https://e.com/1.pdf",
        "Minutes",
    ]
