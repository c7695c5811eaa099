# ruff: noqa: E501 - a payload or an expectation reads best on one line
from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator import parse
from aggregator.model import (
    Body,
    Category,
    Enclosure,
    Person,
    ProblemKind,
    Provenance,
    SiteRule,
)
from aggregator.model.errors import UnreadableError
from aggregator.operations.messages import problem_text
from aggregator.parse.ampersands import escaped
from tests import FIXTURES
from tests.feed_documents import SEEN, read, read_fixture, rss_text


def refusal(body: bytes | str) -> str:
    with pytest.raises(UnreadableError) as caught:
        read(body)
    assert caught.value.problem.kind is ProblemKind.NOT_A_FEED
    return problem_text(caught.value.problem)


def test_ithomes_own_feed_is_read_as_written() -> None:
    document = read_fixture("ithome-lazy-images.xml", zone="Asia/Shanghai")
    assert document.head.kind == "rss20"
    assert document.head.title == "IT之家"
    assert document.head.language == "zh-cn"
    assert document.head.hints.ttl == timedelta(minutes=10)
    (entry,) = document.entries
    assert entry.raw_guid == entry.raw_link == "https://www.ithome.com/1/001/052.htm"
    assert entry.published_at == datetime(2026, 9, 10, 20, 20, 44, tzinfo=UTC)
    assert entry.raw_published == "Thu, 10 Sep 2026 20:20:44 GMT"
    assert entry.raw_summary is not None
    assert "data-original" in entry.raw_summary
    assert entry.raw_summary_is_html
    assert entry.raw_content is None


@pytest.mark.parametrize(
    ("ttl", "kept"),
    [
        ("60", timedelta(hours=1)),
        ("999999999999", timedelta(days=365)),
        ("0", None),
        ("-5", None),
        ("soon", None),
    ],
)
def test_a_ttl_beyond_reason_is_bounded_and_no_number_is_none(
    ttl: str, kept: timedelta | None
) -> None:
    body = f"<rss version='2.0'><channel><title>t</title><ttl>{ttl}</ttl></channel></rss>"
    assert read(body).head.hints.ttl == kept


def test_an_hour_that_no_day_has_is_not_skipped() -> None:
    hours = "".join(f"<hour>{hour}</hour>" for hour in (3, 24, 25, 1000000))
    body = f"<rss version='2.0'><channel><skipHours>{hours}</skipHours></channel></rss>"
    assert read(body).head.hints.skip_hours == (0, 3)


def test_every_skipped_hour_and_day_is_kept() -> None:
    hints = read_fixture("rsshub-route.xml").head.hints
    assert hints.skip_hours == (0, 1)  # hour 24 is midnight
    assert hints.skip_days == (5, 6)


def test_a_photos_caption_never_replaces_the_articles_text() -> None:
    article, film, full = read_fixture("media-description.xml").entries
    assert (article.raw_title, article.raw_summary) == ("The article", "The true description.")
    assert article.raw_content is None
    assert (film.raw_title, film.raw_summary) == ("A film", "What the film <shows>.")
    assert not film.raw_summary_is_html
    assert full.raw_content == "<p>The whole article.</p>"
    assert full.raw_summary == "A teaser."


def test_atoms_base_language_people_and_labels_are_kept() -> None:
    document = read_fixture("atom-base-and-updated.xml", zone="Asia/Shanghai")
    assert document.head.feed_id == "tag:blog.example.org,2026:feed"
    assert document.head.updated_at == datetime(2026, 11, 22, 8, tzinfo=UTC)
    assert document.head.particulars.author == "The Blog"
    (entry,) = document.entries
    assert entry.raw_guid == "post-1"
    assert entry.raw_link == "https://cdn.example.net/posts/1.html"
    assert entry.base_url == "https://cdn.example.net/posts/"
    assert entry.language == "de"
    assert (entry.raw_title, entry.raw_title_is_html) == ("a <b> &amp; c", False)
    assert entry.raw_particulars.author == "Ann, Tom"
    assert entry.raw_categories == (Category("x", None, "Das Thema"), Category("y"))
    assert entry.raw_content == '<p>Bild: <img src="bild.png"></img></p>'
    assert (entry.raw_published, entry.published_at) == (None, None)
    assert entry.updated_at == datetime(2026, 11, 22, 8, tzinfo=UTC)


def test_rss_10_and_dublin_core_are_read() -> None:
    document = read_fixture("rss10-dublin-core.xml")
    assert document.head.kind == "rss10"
    assert document.head.hints.update_every == timedelta(minutes=30)
    (entry,) = document.entries
    assert entry.published_at == datetime(2026, 11, 22, 8, tzinfo=UTC)
    assert entry.raw_particulars.author == "Mei"
    assert entry.raw_categories == (Category("books"),)
    assert (entry.raw_content, entry.raw_summary) == ("<p>Full text.</p>", "A teaser.")


def test_a_podcasts_blurb_does_not_replace_its_notes() -> None:
    (entry,) = read_fixture("podcast.xml", zone="Asia/Shanghai").entries
    assert entry.raw_guid == "0a1b2c3d"
    assert entry.raw_summary == "<p>Show <b>notes</b>.</p>"
    assert entry.raw_content is None
    assert entry.raw_particulars.author == "Nate"
    assert entry.published_at == datetime(2026, 11, 22, 8, tzinfo=UTC)
    (enclosure,) = entry.raw_enclosures
    assert (enclosure.media_type, enclosure.length_bytes) == ("audio/mpeg", 12345)


@pytest.mark.parametrize("guid", ["12345", "/a/b", "post 1", "http://e.com:80/a/../b", "tag:x,1:y"])
@pytest.mark.parametrize("attribute", ["", ' isPermaLink="false"', ' isPermaLink="true"'])
def test_a_guid_stays_as_written(guid: str, attribute: str) -> None:
    (entry,) = read(
        rss_text(f"<item><title>x</title><guid{attribute}>{guid}</guid></item>")
    ).entries
    assert entry.raw_guid == guid


def test_tag_soup_is_read_loosely_and_said_so() -> None:
    document = read_fixture("tag-soup.xml")
    (entry,) = document.entries
    assert entry.raw_title == "A & B"
    assert entry.raw_link == "http://soup.example.com/?a=1&b=2"
    assert entry.raw_summary is not None
    assert entry.raw_summary.startswith("a\u00a0b \ufffd c")
    assert any("read loosely" in note for note in document.head.notes)


def test_text_that_looks_doubly_encoded_is_left_as_its_author_wrote_it() -> None:
    (entry,) = read(rss_text("<item><title>Martine Ã©crit en UTF-8</title></item>")).entries
    assert entry.raw_title == "Martine Ã©crit en UTF-8"


def test_control_characters_do_not_cost_a_document_its_strict_reading() -> None:
    document = read(
        "\n <?xml version='1.0'?>" + rss_text("<item><title>a\0b\x0b&#8;</title></item>")
    )
    assert document.entries[0].raw_title == "ab\ufffd"
    assert document.head.notes == ("2 illegal characters removed",)


@pytest.mark.parametrize("soup", ["", "<description>A & B</description>"])
def test_a_document_cut_short_keeps_its_whole_entries(soup: str) -> None:
    whole = rss_text(*(f"<item><title>标题 {n}</title>{soup}</item>" for n in range(5))).encode()
    for cut in range(whole.index(b"<item>"), len(whole) - len(b"</rss>"), 7):
        document = read(whole[:cut])
        assert len(document.entries) == whole[:cut].count(b"</item>"), cut
        assert document.head.truncated, cut
        assert [entry.raw_title for entry in document.entries] == [
            f"标题 {n}" for n in range(len(document.entries))
        ]


def test_a_whole_document_is_not_called_cut() -> None:
    assert not read(rss_text("<item/>")).head.truncated
    assert not read(
        rss_text("<item><title>A & B</title></item>") + "\n<!-- made in 2 ms -->"
    ).head.truncated
    assert not read(
        rss_text("<item/>") + "<script>an injected advertisement</script>"
    ).head.truncated


def test_only_the_first_entries_of_a_flood_are_read() -> None:
    document = read(rss_text("<item><title>x</title></item>" * 2500))
    assert len(document.entries) == 2000
    assert document.head.truncated
    assert document.head.read_up_to == 2000
    assert "only the first 2000" in document.head.notes[0]
    assert read(rss_text("<item><title>x</title></item>" * 2000)).head.read_up_to is None
    feed = {"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "x"}] * 2001}
    assert read(json.dumps(feed)).head.read_up_to == 2000


def test_entities_are_not_expanded_without_bound_and_files_not_read() -> None:
    bomb = '<!DOCTYPE r [<!ENTITY a "&b;&b;"><!ENTITY b "lol"><!ENTITY f SYSTEM "file:///etc/passwd">]>'
    document = read(bomb + rss_text("<item><title>x &a; &f;</title></item>"))
    assert "root:" not in str(document)


def test_the_entities_of_a_dtd_that_nobody_fetches_keep_their_letters() -> None:
    document = read_fixture("doctype-rss091.xml")
    assert document.head.kind == "rss091n"
    assert document.head.title == "Café"
    assert document.head.notes == ()
    (entry,) = document.entries
    assert entry.raw_title == "L’été — «\xa0chaud\xa0»…"
    assert entry.raw_link == "http://dtd.example.org/?a=1&b=2"
    assert entry.raw_summary == "<p>A &eacute; &amp; &eacute; &unknown; “d”</p>"


def test_the_entities_that_a_document_declares_itself_are_read() -> None:
    document = read_fixture("doctype-own-entities.xml")
    assert (document.head.title, document.head.notes) == ("Maison élégante ]>", ())
    (entry,) = document.entries
    assert (entry.raw_title, entry.raw_content) == ("a\xa0b é", "<b>©")


@pytest.mark.parametrize("before", ["", "<?xml version='1.0'?>", "<!-- <!DOCTYPE x> -->\n"])
@pytest.mark.parametrize(
    "doctype", ['rss SYSTEM "x.dtd"', "rss PUBLIC '-//x>' 'y'", "rss", "rss []"]
)
def test_named_entities_read_the_same_with_any_doctype_and_in_tag_soup(
    before: str, doctype: str
) -> None:
    item = "<item><title>&eacute;&AMP;&LT;&hellip;&fjlig; &amp;amp; &quot;</title></item>"
    for soup in ("", "<item><title>A & B</title></item>"):
        document = read(f"{before}<!DOCTYPE {doctype}>{rss_text(item, soup)}")
        assert document.entries[0].raw_title == 'é&<…fj &amp; "'
        assert bool(document.head.notes) == bool(soup)


@pytest.mark.parametrize(
    "hostile",
    [
        "<!DOCTYPE r [" + "<!--" * 100_000,
        "<!DOCTYPE r [" + "'" * 100_001,
        "<!DOCTYPE r " + "[" * 100_000,
        "<!--" * 100_000 + "<!DOCTYPE r>",
        "<!DOCTYPE r [" + '<!ENTITY a "b">' * 50_000 + "]>",
        "<!DOCTYPE r [<!ENTITY a '" + "b" * 1000 + "'>]>" + rss_text("&a;" * 100_000),
        "<!DOCTYPE r SYSTEM 'x'>"
        + rss_text("<item><title>" + "&eacute;" * 300_000 + "</title></item>"),
    ],
)
def test_a_hostile_doctype_takes_no_more_time_than_its_length(hostile: str) -> None:
    with suppress(UnreadableError):
        assert len(str(read(hostile))) < 10_000_000


def test_elements_too_deep_and_attributes_too_many_cost_nothing() -> None:
    deep = "<a>" * 100_000 + "deep" + "</a>" * 100_000
    document = read(
        rss_text(f"<item><title>x</title>{deep}</item>", "<item><title>y</title></item>")
    )
    assert [entry.raw_title for entry in document.entries] == ["x", "y"]
    assert "beyond reason" in document.head.notes[0]
    wide = " ".join(f"a{number}=''" for number in range(100_000))
    document = read(rss_text(f"<item><title {wide}>x</title></item>"))
    assert [entry.raw_title for entry in document.entries] == ["x"]


def test_pictures_that_stand_beside_the_text_are_read() -> None:
    entries = read_fixture("media-pictures.xml").entries
    found = {
        entry.raw_title: [
            (image.url.rpartition("/")[2], image.media_type, image.length_bytes)
            for image in entry.raw_images
        ]
        for entry in entries
    }
    assert found["1"] == [("one-mediumSquareAt3X.jpg", "image/jpeg", 0)]
    assert found["2"] == [("5000.jpg?width=700&key=canary-7f3a", "image/jpeg", 0)]
    assert found["3"] == [("three.png", "image/png", 456), ("other.webp", "image/webp", 0)]
    assert entries[2].raw_images[1].url == "https://cdn.example.com/640/320/other.webp"
    assert [name for name, _, _ in found["5"]] == ["shown.jpg", "small.jpg"]
    assert found["8"] == [("eight.jpeg", "image/jpeg", 0)]
    thumbnails = {entry.raw_title: entry.raw_thumbnail for entry in entries}
    assert thumbnails["4"] == Enclosure("https://cdn.example.com/240/four.gif", "image/gif")
    assert thumbnails["6"] is not None
    assert thumbnails["9"] == Enclosure("https://cdn.example.com/nine", "image/jpeg")
    assert thumbnails["1"] is None


def test_films_and_sounds_of_media_rss_are_files_and_players_are_not() -> None:
    entries = {entry.raw_title: entry for entry in read_fixture("media-pictures.xml").entries}
    assert entries["6"].raw_enclosures == ()
    film = Enclosure("https://cdn.example.com/nine.mp4", "video/mp4", 99)
    assert entries["9"].raw_enclosures == (film,)
    assert entries["10"].raw_enclosures == (Enclosure("https://cdn.example.com/ten"),)


def test_an_entry_without_author_has_its_sources_or_its_feeds() -> None:
    one, two, three, four = read_fixture("atom-authors.xml").entries
    assert one.raw_particulars.author == four.raw_particulars.author == "The Blog"
    assert two.raw_particulars.author == "Ann, Tom"
    assert three.raw_particulars.author == "Mei"


def test_a_channels_editor_has_not_written_its_items() -> None:
    editor = (
        "<managingEditor>ed@example.com (Ed)</managingEditor><webMaster>w@example.com</webMaster>"
    )
    two = "<author>a@example.com (Ann)</author><author>t@example.com (Tom)</author>"
    bare, signed = read(
        rss_text(editor, "<item><title>x</title></item>", f"<item>{two}</item>")
    ).entries
    assert bare.raw_particulars.author is None
    assert signed.raw_particulars.author == "Ann, Tom"


def test_dates_that_are_a_programs_zero_are_no_dates() -> None:
    document = read_fixture("atom-authors.xml")
    assert document.head.updated_at is None
    one, _, three, four = document.entries
    assert (one.raw_published, one.published_at) == ("0001-01-01T00:00:00Z", None)
    assert one.updated_at == datetime(2026, 11, 22, 8, tzinfo=UTC)
    assert three.updated_at is None
    assert four.updated_at is None


def test_relative_links_of_rss_stay_as_they_are_written() -> None:
    document = read(
        rss_text("<item><link>/a/1</link></item>"), url="https://configured.example/f/x.xml"
    )
    assert document.entries[0].raw_link == "/a/1"
    assert document.entries[0].base_url == "https://configured.example/f/x.xml"


def test_formats_without_a_version_are_known_by_their_root() -> None:
    rdf = "<rdf:RDF xmlns:rdf='x'><item><title>a</title><link>http://e/1</link></item></rdf:RDF>"
    assert read(rdf).head.kind == "rss090"
    assert read("<CHANNEL HREF='http://e/'><ITEM HREF='http://e/1'/></CHANNEL>").head.kind == "cdf"


def test_json_feed_is_read() -> None:
    document = read_fixture("feed.json")
    assert document.head.kind == "json11"
    assert document.head.hints.expired
    first, second = document.entries
    assert first.raw_guid == "1"
    assert (first.raw_title, first.raw_title_is_html) == ("A < B &amp; C", None)
    assert first.raw_particulars.author == "Ann, Tom"
    assert first.raw_categories == (Category("x"), Category("y"))
    assert first.raw_enclosures == (Enclosure("https://json.example.org/1.mp3", "audio/mpeg", 5),)
    assert first.updated_at == datetime(2026, 11, 22, 9, tzinfo=UTC)
    assert (second.raw_particulars.author, second.raw_content_is_html) == ("Mei", False)


def test_json_feeds_images_and_its_own_authors_are_read() -> None:
    first, second, third = read_fixture("feed-pictures.json").entries
    assert first.raw_images == (
        Enclosure("/one.webp", "image/webp"),
        Enclosure("https://json.example.org/wide.png", "image/png"),
    )
    assert second.raw_images == (Enclosure("https://json.example.org/two.jpg", "image/jpeg"),)
    assert third.raw_images == (Enclosure("https://json.example.org/three", "image/jpeg"),)
    assert first.raw_particulars.author == third.raw_particulars.author == "The Blog, Ann"
    assert second.raw_particulars.author == "Tom"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("", "the body is empty"),
        ("  \n", "the body is empty"),
        ("hello", "neither RSS, Atom nor JSON Feed: 'hello'"),
        ("<opml version='2.0'><head><title>x</title></head></opml>", "an OPML list"),
        ("<catalog><book/></catalog>", "neither RSS"),
        ('{"a": 1}', "no JSON Feed"),
        ('{"version": "https://jsonfeed.org/version/1.1"}', "no JSON Feed"),
        ('{"a":', "cut off at line 1"),
        ('{"a":,"b":"long enough to be no end"}', "broken at line 1"),
        ('{"a":' + "[" * 200_000, "beyond reason"),
        ('{"a":' + "9" * 10_000 + "}", "beyond reason"),
        ((FIXTURES / "rsshub-error.html").read_text(), "RSSHub answered with its error page: NotFoundError: no such user"),
    ],
)  # fmt: skip
def test_what_is_no_feed_is_named(body: str, said: str) -> None:
    assert said in refusal(body)


def test_a_page_that_names_its_feed_is_a_hint() -> None:
    said = refusal((FIXTURES / "page-with-feed.html").read_bytes())
    assert 'titled "404 Not Found"' in said
    assert said.endswith("the page names a feed: https://site.example/rss?a=1&b=2")


def test_a_body_beyond_reason_is_refused() -> None:
    with pytest.raises(UnreadableError) as caught:
        read(b" " * (16 * 1024 * 1024 + 1))
    assert caught.value.problem.kind is ProblemKind.TOO_LARGE


_SOUP = (
    "<rss version='2.0'>|<channel>|<item>|</item>|<title>|</title>|<link>|<guid>|</guid>|<pubDate>|"
    "<description>|</description>|<![CDATA[|]]>|&|&lt;|&#0;|&#xD800;|&nbsp;|汉|<content type='xhtml'>|"
    "<feed xmlns='http://www.w3.org/2005/Atom'>|<entry>|</entry>|<media:group>|</channel>|</rss>|"
    "<!--|-->|<?xml version='1.0'?>|\0|\ud800|http://e/|2026-11-22|<link href='x'/>|<author>|<hour>"
)  # fmt: skip
_PIECES = st.sampled_from(_SOUP.split("|"))


@settings(max_examples=200, deadline=None)
@given(st.lists(_PIECES, max_size=40))
def test_any_soup_is_a_document_or_a_named_problem(pieces: list[str]) -> None:
    body = "".join(pieces).encode("utf-8", "surrogatepass")
    with suppress(UnreadableError):
        assert read(body).head.kind


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["id", "url", "title", "authors", "tags", "attachments", "content_html", "name"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@given(_JSON, _JSON)
def test_any_json_feed_is_a_document_or_a_named_problem(items: object, author: object) -> None:
    feed = {"version": "https://jsonfeed.org/version/1", "items": items, "author": author}
    with suppress(UnreadableError):
        assert read(json.dumps(feed)).head.kind == "json10"


@pytest.mark.parametrize("blank", [" ", "\u00a0", "\u3000", "\u2003 "], ids=ascii)
@pytest.mark.parametrize("prefix", ["", ":itunes"])
def test_a_blank_in_the_name_of_a_namespace_ends_nothing(blank: str, prefix: str) -> None:
    document = read(
        f'<rss version="2.0" xmlns{prefix}="https://www.itunes.com/dtds{blank}podcast-1.0.dtd">'
        "<channel><title>Cast</title><item><title>Episode</title></item></channel></rss>"
    )
    assert document.head.kind == "rss20"
    assert [entry.raw_title for entry in document.entries] == ["Episode"]


@pytest.mark.parametrize("name", ["category", "media:category", "dc:subject", "itunes:category"])
def test_a_category_that_ends_after_its_item_ends_nothing(name: str) -> None:
    document = read(
        f"<rss version='2.0'><channel><title>Site</title><item><title>1</title><{name}></item>a"
        f"</{name}><item><title>2</title></item></channel></rss>"
    )
    assert [entry.raw_title for entry in document.entries] == ["1", "2"]


# --- where entries stood first, what documents say of themselves --------------------------------


def test_an_entry_that_atom_passes_on_names_its_source() -> None:
    (entry,) = (
        read("""<feed xmlns="http://www.w3.org/2005/Atom"><title>Planet</title><id>urn:planet</id>
        <updated>2026-11-22T08:00:00Z</updated><entry><title>Post</title><id>urn:1</id>
        <source><id>tag:blog.example,2026:feed</id><title>A &amp;amp; B</title>
        <link rel="self" href="https://blog.example/feed"/><link href="https://blog.example/"/>
        <updated>2026-11-21T08:00:00Z</updated><author><name>Mei</name></author>
        <category term="of the source"/></source>
        <updated>2026-11-22T08:00:00Z</updated></entry></feed>""").entries
    )
    assert entry.raw_source == Provenance(
        "A &amp; B",
        "tag:blog.example,2026:feed",
        "https://blog.example/feed",
        "https://blog.example/",
        datetime(2026, 11, 21, 8, tzinfo=UTC),
        authors=(Person("Mei"),),
    )
    assert (entry.raw_guid, entry.raw_title, entry.raw_categories) == ("urn:1", "Post", ())
    assert entry.raw_particulars.author == "Mei"


def test_an_item_that_rss_passes_on_names_its_source() -> None:
    items = (
        '<item><title>1</title><source url="https://blog.example/rss?a=1&amp;b=2">Blog</source></item>',
        "<item><title>2</title><source>A name alone</source></item>",
        "<item><title>3</title><source/></item>",
        "<item><title>4</title></item>",
    )
    assert [entry.raw_source for entry in read(rss_text(*items)).entries] == [
        Provenance("Blog", url="https://blog.example/rss?a=1&b=2"),
        Provenance("A name alone"),
        None,
        None,
    ]


def test_a_merged_json_feed_names_its_items_sources() -> None:
    told = {
        "id": "urn:s", "title": "S", "feed_url": "https://s.example/f", "home_page_url": 5,
        "date_modified": "2026-11-21T08:00:00Z",
    }  # fmt: skip
    items = [{"id": "1", "_source": told}, {"id": "2", "_source": {}}, {"id": "3", "_source": "x"}]
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": "t", "items": items}
    assert [entry.raw_source for entry in read(json.dumps(feed)).entries] == [
        Provenance(
            "S", "urn:s", "https://s.example/f", None, datetime(2026, 11, 21, 8, tzinfo=UTC)
        ),
        None,
        None,
    ]


def test_categories_keep_their_schemes_and_labels() -> None:
    (entry,) = read("""<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"
        xmlns:media="http://search.yahoo.com/mrss/"><channel><item><title>t</title>
        <category domain="https://e.com/tags">IT</category><category>IT</category><category>IT</category>
        <dc:subject>books</dc:subject><media:category label="Film">music/video</media:category>
        <media:category scheme="urn:flickr:tags">ycantpark</media:category></item></channel></rss>""").entries
    assert entry.raw_categories == (
        Category("IT", "https://e.com/tags"),
        Category("IT"),
        Category("books"),
        # Media RSS names this scheme for those that give none.
        Category("music/video", "http://search.yahoo.com/mrss/category_schema", "Film"),
        Category("ycantpark", "urn:flickr:tags"),
    )


def test_an_atom_category_keeps_term_scheme_and_label() -> None:
    (entry,) = read("""<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>t</title>
        <category term="tech" scheme="https://e.com/c" label="科技"/><category label="only a label"/>
        <category term=""/></entry></feed>""").entries
    assert entry.raw_categories == (
        Category("tech", "https://e.com/c", "科技"),
        Category("only a label", None, "only a label"),
    )


def test_a_category_without_a_term_gives_the_next_one_nothing() -> None:
    (entry,) = read(
        rss_text('<item><category domain="urn:a"/><category>B</category></item>')
    ).entries
    assert entry.raw_categories == (Category("B"),)


@pytest.mark.parametrize(
    ("head", "description", "rights", "icon"),
    [
        ("<description>All &amp;amp; sundry</description><copyright>© me</copyright><image><url>/i.png</url><title>no</title><link>x</link></image>",
         "All &amp; sundry", "© me", "/i.png"),
        ("<itunes:subtitle>Sub</itunes:subtitle><description>Whole</description><itunes:summary>Sum</itunes:summary><itunes:image href='https://e.com/c.jpg'/>",
         "Whole", None, "https://e.com/c.jpg"),
        ("<description>Whole</description><itunes:subtitle>Sub</itunes:subtitle>", "Whole", None, None),
        ("<itunes:summary>Sum</itunes:summary>", "Sum", None, None),
        ("", None, None, None),
    ],
)  # fmt: skip
def test_a_channel_says_what_it_is(
    head: str, description: str | None, rights: str | None, icon: str | None
) -> None:
    itunes = 'xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"'
    found = read(
        f'<rss version="2.0" {itunes}><channel>{head}<title>T</title></channel></rss>'
    ).head
    assert (found.title, found.description) == ("T", description)
    assert (found.rights, found.icon_url) == (rights, icon)


def test_an_atom_feed_says_what_it_is() -> None:
    head = read("""<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://e.com/a/"><title>T</title>
        <subtitle>Sub</subtitle><rights>CC0</rights><logo>wide.png</logo><icon>small.png</icon></feed>""").head
    assert (head.description, head.rights) == ("Sub", "CC0")
    assert head.icon_url == "https://e.com/a/small.png"


def test_a_json_feed_says_what_it_is() -> None:
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": "t", "items": [],
            "description": "D", "icon": "https://e.com/512.png", "favicon": "https://e.com/64.png"}  # fmt: skip
    head = read(json.dumps(feed)).head
    assert (head.description, head.icon_url, head.rights) == ("D", "https://e.com/64.png", None)


def test_the_operators_rules_for_sites_go_along() -> None:
    rules = (SiteRule("e.com", remove=("p.ad",)),)
    for body in (rss_text(), '{"version": "https://jsonfeed.org/version/1", "items": []}'):
        given = Body(body.encode(), None, "https://e.com/f", "UTC", SEEN, sites=rules)
        assert parse.read(given).sites == rules


@pytest.mark.parametrize("broken", ["", "<p>never closed"], ids=["strictly", "loosely"])
def test_a_raw_ampersand_is_text_and_no_reference_is_made_of_it(broken: str) -> None:
    document = read(
        rss_text(
            "<item><title>AT&T Q&A, R&D; &lt;b&gt;caf&eacute; &#8212; &#X41;</title>"
            "<link>https://example.com/?a=1&b=2&lang=en&copy=1&amp;reg=2</link>"
            '<guid isPermaLink="false">x&para=1&sect=2</guid>'
            "<description><![CDATA[<a href='/?a&lang=1'>A & B &amp; C</a>]]></description>"
            '<enclosure url="https://example.com/a.mp3?x=1&copy=2" type="audio/mpeg"/></item>',
            "<!-- & --><?pi & ?>" + broken,
        )
    )
    (entry,) = document.entries
    assert entry.raw_title == "AT&T Q&A, R&D; <b>café — A"
    assert entry.raw_link == "https://example.com/?a=1&b=2&lang=en&copy=1&reg=2"
    assert entry.raw_guid == "x&para=1&sect=2"
    assert entry.raw_summary == "<a href='/?a&lang=1'>A & B &amp; C</a>"
    assert entry.raw_enclosures[0].url == "https://example.com/a.mp3?x=1&copy=2"
    assert "9 raw ampersands escaped" in document.head.notes
    assert any("read loosely" in note for note in document.head.notes) == bool(broken)


def test_a_raw_ampersand_in_a_cut_document_hides_no_cut() -> None:
    body = rss_text("<item><title>A & B</title></item>", "<item><title>C & D")
    document = read(body[: body.index(" & D") + 4])
    assert document.head.truncated
    assert [entry.raw_title for entry in document.entries] == ["A & B"]


@pytest.mark.parametrize("opening", ["&", "<!--", "<![CDATA[", "<?x ", "&#", "&a"])
def test_escaping_ampersands_takes_time_linear_in_the_document(opening: str) -> None:
    text, count = escaped(opening * 300_000, ())
    assert text.startswith(opening[:1])
    assert count in {0, 300_000}


def test_an_episodes_own_picture_is_a_picture_of_the_entry() -> None:
    podcast = 'xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"'
    image = '<itunes:image href="https://example.com/{}.jpg"/>'
    body = rss_text(
        image.format("show"), f"<item><title>1</title>{image.format('one')}</item>", "<item/>"
    ).replace("<rss ", f"<rss {podcast} ")
    document = read(body)
    assert [entry.raw_images for entry in document.entries] == [
        (Enclosure("https://example.com/one.jpg", "image/jpeg"),),
        (),
    ]
    assert document.head.icon_url == "https://example.com/show.jpg"


def json_feed(*titles: str, **more: object) -> str:
    items = [{"id": title, "title": title, "content_text": "[1,2]"} for title in titles]
    version = "https://jsonfeed.org/version/1.1"
    return json.dumps({"version": version, "title": "T", **more, "items": items})


def test_of_a_json_feed_that_is_cut_short_the_whole_items_are_read() -> None:
    whole = json_feed("1", "2", "3", _nested={"items": [1]})
    starts = [whole.index(f'{{"id": "{title}"') for title in "123"]
    ends = [whole.index("}", start) + 1 for start in starts]
    for cut in range(ends[0], len(whole)):
        document = read(whole[:cut])
        expected = sum(end <= cut for end in ends)
        assert [entry.raw_title for entry in document.entries] == ["1", "2", "3"][:expected]
        assert document.head.truncated
        assert document.head.title == "T"
        assert document.head.notes == (
            f"cut off at line 1, the {expected} entries before it were read",
        )
    for cut in range(2, ends[0]):
        assert "JSON, but cut off at line 1" in refusal(whole[:cut])
        assert "check the URL" not in refusal(whole[:cut])


def test_a_json_feed_that_is_broken_gives_what_stands_before() -> None:
    document = read(
        json_feed("1", "2").replace('"title": "2"', '"title": 2,, "tags": ["long enough"]')
    )
    assert [entry.raw_title for entry in document.entries] == ["1"]
    assert document.head.truncated
    assert document.head.notes == ("broken at line 1, the 1 entries before it were read",)
    assert "broken at line 1" in refusal('{"version": 1.1,, "home_page_url": 1, "items": []}')


@pytest.mark.parametrize("unit", ["[", '{"a":', '{"id": 1},', '"', "\n", "1,", '"items":[{},'])
def test_a_broken_json_feed_of_any_make_is_read_in_time(unit: str) -> None:
    for start in ("{", '{"version": "https://jsonfeed.org/version/1", "items": ['):
        with suppress(UnreadableError):
            assert len(read(start + unit * 200_000).entries) <= 2000


def test_an_xml_base_inside_a_text_holds_for_what_stands_there() -> None:
    inner = (
        '<a href="a">1</a><p xml:base="/deep/"><a href="b">2</a><img src="c.png"/>'
        '<i xml:base="er/"><a href="d">3</a></i><a href="#e">4</a></p><a href="f" rel="up">5</a>'
    )
    (entry,) = read(
        '<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://e.com/x/"><title>t</title><entry>'
        f'<title>t</title><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">{inner}</div>'
        "</content></entry></feed>"
    ).entries
    assert entry.base_url == "https://e.com/x/"
    assert entry.raw_content is not None
    assert [part.split('"')[0] for part in entry.raw_content.split('href="')[1:]] == [
        "a",
        "https://e.com/deep/b",
        "https://e.com/deep/er/d",
        "https://e.com/deep/#e",
        "f",
    ]
    assert 'src="https://e.com/deep/c.png"' in entry.raw_content
