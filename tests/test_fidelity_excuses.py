"""An exception of the report excuses what it names, and no loss that merely looks like it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from benchmarks.cases import Case, Difference
from benchmarks.excuses import rules
from benchmarks.seen import Picture, Seen

URL = "https://publisher.example/feed.xml"
NOW = datetime(2026, 11, 23, tzinfo=UTC)
DAY = datetime(2026, 11, 20, tzinfo=UTC)
ONE = Seen(
    id="http://n.example/1",
    link="http://n.example/1",
    title="One",
    published=DAY,
    updated=DAY,
    raw_dates=("", ""),
    authors=("Ann",),
    categories=("rain",),
    enclosures=(),
    texts=("some words",),
    pictures=(),
)


def excused(
    name: str,
    field: str,
    theirs: str,
    ours: str,
    *,
    original: Seen = ONE,
    published: Seen | None = ONE,
    form: str = "atom",
    atom: Seen | None = ONE,
    body: bytes = b"",
    mates: tuple[Seen, ...] = (),
) -> bool:
    """Tell whether the rule called `name` takes a difference for no loss.

    `atom` is what our Atom says of the same entry, `mates` are the other entries of the document,
    all of them published.
    """
    (rule,) = (one for one in rules() if one.name == name)
    shown: dict[str, list[Seen | None]] = {
        "atom": [atom, *mates],
        "rss": [published, *mates],
        "json": [published, *mates],
    }
    case = Case(body, URL, NOW, (original, *mates), shown | {form: [published, *mates]})
    return rule.covers(Difference(form, field, 0, original, published, theirs, ours, 1), case)


def test_an_entry_of_another_date_is_no_repetition() -> None:
    down = replace(ONE, published=datetime(2026, 11, 19, tzinfo=UTC))
    assert excused("repeated", "entry", "One", "", published=None, mates=(ONE,))
    assert not excused("repeated", "entry", "One", "", published=None, mates=(down,))
    other_file = replace(ONE, enclosures=("http://n.example/1.mp3",))
    assert not excused("repeated", "entry", "One", "", published=None, mates=(other_file,))


def test_a_date_that_atom_lacks_too_is_lost_in_rss() -> None:
    said = DAY.isoformat()
    assert excused("rss-has-one-date", "updated", said, "", form="rss")
    without = replace(ONE, updated=None)
    assert not excused("rss-has-one-date", "updated", said, "", form="rss", atom=without)
    assert not excused("rss-has-one-date", "updated", said, "", form="json")


def test_a_label_that_atom_lacks_too_is_lost() -> None:
    named = replace(ONE, labels=("rain (Wet weather)",), schemes=("rain (http://s.example/)",))
    name = "format-has-terms-only"
    assert excused(name, "label", "rain (Wet weather)", "", form="json", atom=named)
    assert not excused(name, "label", "rain (Wet weather)", "", form="json")
    assert not excused(name, "label", "rain (Wet weather)", "", form="rss")
    assert not excused(name, "scheme", "rain (http://s.example/)", "", form="json")


@pytest.mark.parametrize(
    ("date", "is_none"),
    [
        ("1970-01-01T00:00:00+00:00", True),
        ("1969-12-31T16:00:00+00:00", True),
        ("1980-01-01T00:00:00+00:00", True),
        ("1899-12-30T00:00:00+00:00", True),
        ("0001-01-01T00:00:00+00:00", True),
        ("1985-05-01T10:00:00+00:00", False),
        ("1902-01-06T00:00:00+00:00", False),
        ("1980-01-01T09:00:00+00:00", False),
    ],
)
def test_only_a_known_zero_is_no_date(date: str, is_none: bool) -> None:
    assert excused("before-the-web", "published", date, "2026-11-20T00:00:00+00:00") == is_none


def test_a_picture_of_a_text_is_no_face() -> None:
    face = "//secure.gravatar.com/avatar/0?s=80"
    beside = replace(ONE, thumbnails=(f"https:{face}",))
    inside = replace(ONE, pictures=(Picture(frozenset({face})),))
    assert excused("face", "image", face, "", original=beside)
    assert not excused("face", "image", face, "", original=inside)


def test_a_magnet_link_and_a_bare_host_are_addresses() -> None:
    assert excused("no-web-address", "link", "article-17", "")
    assert not excused("no-web-address", "enclosure", "magnet:?xt=urn:btih:00", "")
    assert not excused("no-web-address", "link", "www.n.example/17", "")
    assert not excused("no-web-address", "link", "//n.example/17", "")


def test_another_query_is_another_picture() -> None:
    name = "image-service"
    assert excused(name, "image", "//n.example/a.jpg?w=300", "//n.example/a.jpg?w=1200")
    assert not excused(name, "image", "//n.example/view?img=1", "//n.example/view?img=2")


def test_words_that_feedparser_repaired_must_be_there_as_written() -> None:
    written, repaired = "Ã©crit", "écrit"
    ours = replace(ONE, texts=(f"Martine {written}",))
    body = f"<item>Martine {written}</item>".encode()
    name = "repaired-by-feedparser"
    assert excused(name, "text", repaired, "", body=body, published=ours)
    assert not excused(name, "text", repaired, "", body=body)
    assert not excused(name, "text", repaired, "", published=ours)


def test_words_beside_an_entity_must_be_there() -> None:
    body = (
        b'<!DOCTYPE rss [<!ENTITY wet "rain">]><rss><channel><item><title>One</title>'
        b"<link>http://n.example/1</link><description>some &wet; words</description></item>"
        b"</channel></rss>"
    )
    name = "entities-of-a-doctype"
    whole = replace(ONE, texts=("some rain words",))
    assert excused(name, "text", "some", "", body=body, published=whole)
    assert not excused(name, "text", "some", "", body=body)
    assert not excused(name, "text", "some", "", published=whole)


def test_the_first_content_must_be_there_whole() -> None:
    two = replace(ONE, texts=("the whole text", "the same in short"), contents=2)
    first = replace(ONE, texts=("the whole text",))
    second = replace(ONE, texts=("the same in short",))
    assert excused("several-contents", "text", "short", "", original=two, published=first)
    assert not excused("several-contents", "text", "whole", "", original=two, published=second)


def test_a_word_of_a_text_with_a_caption_must_be_there() -> None:
    body = (
        b'<rss xmlns:media="http://search.yahoo.com/mrss/"><channel><item><title>One</title>'
        b"<link>http://n.example/1</link><description>some more words</description>"
        b'<media:content url="http://n.example/1.png" type="image/png">'
        b"<media:description>a view</media:description></media:content></item></channel></rss>"
    )
    whole = replace(ONE, texts=("some more words",))
    assert excused("caption-apart", "text", "a view", "", body=body, published=whole)
    assert not excused("caption-apart", "text", "a view", "", body=body)


def test_a_picture_that_shows_something_is_no_counter() -> None:
    pixel = Picture(frozenset({"//n.example/p.gif"}), "1", "1")
    photo = Picture(frozenset({"//n.example/pixel-art.jpg"}), "640", "480")
    shown = replace(ONE, pictures=(pixel, photo))
    assert excused("counter", "image", "//n.example/p.gif", "", original=shown)
    assert not excused("counter", "image", "//n.example/pixel-art.jpg", "", original=shown)


def test_only_a_size_makes_another_address_the_same_picture() -> None:
    def other_size(theirs: str, ours: str, **beside: tuple[str, ...]) -> bool:
        one = replace(ONE, **({"media": (theirs,)} | beside))  # type: ignore[arg-type] # tuples all
        return excused("other-size", "image", theirs, ours, original=one)

    assert other_size("//n.example/a-300x200.jpg", "//n.example/a.jpg")
    assert other_size("//n.example/640/320/a.jpg", "//n.example/931/523/a.jpg")
    assert not other_size("//n.example/photo_a.jpg", "//n.example/photo_b.jpg")
    assert not other_size("//n.example/1/x.jpg", "//n.example/2/x.jpg")
    small, whole = "//n.example/small.jpg", "//n.example/whole.jpg"
    assert other_size(small, whole, media=(whole,), thumbnails=(small,))
    assert not other_size(small, "//n.example/other.jpg", media=(whole,), thumbnails=(small,))
    assert not other_size("//n.example/2023/x.jpg", "//n.example/2024/x.jpg")
    assert not other_size("//n.example/2024/11/x.jpg", "//n.example/2024/12/x.jpg")
    flickr = "//farm3.static.flickr.com/2129/2101918090_dedfa1152a"
    assert other_size(f"{flickr}_z.jpg", f"{flickr}.jpg")
    assert not other_size(f"{flickr}_z.jpg", "//farm3.static.flickr.com/2129/2101918091_d_m.jpg")
    assert not other_size("//n.example/2129/210_ded_z.jpg", "//n.example/2129/210_ded_m.jpg")


def test_only_another_moment_of_the_same_film_is_a_still() -> None:
    one, two = "//n.example/1.jpg", "//n.example/2.jpg"
    film = replace(ONE, thumbnails=(one, two), stills=(one, two))
    assert excused("still", "image", two, one, original=film)
    assert not excused("still", "image", two, "", original=film)
    assert not excused("still", "image", two, one, original=replace(film, stills=(one,)))


def test_a_picture_that_is_shown_somewhere_is_not_hidden() -> None:
    address = "//n.example/a.jpg"
    hidden = Picture(frozenset({address}), style="border: 0; display:none")
    once = replace(ONE, pictures=(hidden,))
    twice = replace(ONE, pictures=(hidden, Picture(frozenset({address}))))
    assert excused("hidden", "image", address, "", original=once)
    assert not excused("hidden", "image", address, "", original=twice)
    assert not excused("hidden", "image", "//n.example/b.jpg", "", original=once)


def test_a_text_about_references_keeps_them() -> None:
    name = "reference-in-text"
    assert excused(name, "title", "jo created 1.0 at jo&#47;score", "jo created 1.0 at jo/score")
    assert not excused(name, "title", "What &amp; means", "What & means")
    assert not excused(name, "title", "jo&#47;score", "jo score")
    assert not excused(name, "title", "jo/score", "jo score")
    told = replace(ONE, texts=("rain&mdash;snow",))
    dashed = replace(ONE, texts=("rain—snow",))
    assert excused(name, "text", "& mdash ;", "", original=told, published=dashed)
    shorter = replace(ONE, texts=("rain—",))
    assert not excused(name, "text", "& mdash ; snow", "", original=told, published=shorter)


def test_of_an_address_with_a_name_the_name_must_be_there() -> None:
    name = "address-of-a-person"
    assert excused(name, "author", "Ann Lee <ann@n.example>", "Ann Lee")
    assert excused(name, "author", "Ann Lee (", "Ann Lee")
    assert not excused(name, "author", "Ann Lee <ann@n.example>", "Bob")
    assert not excused(name, "author", "Ann Lee", "Ann")


def test_a_label_is_said_twice_only_if_another_stands_beside_its_term() -> None:
    two = replace(ONE, labels=("ci (Author)", "ci (Network)"))
    first = replace(ONE, labels=("ci (Network)",))
    other = replace(ONE, labels=("cx (Network)",))
    name = "labelled-twice"
    assert excused(name, "label", "ci (Author)", "", original=two, atom=first, form="rss")
    assert not excused(name, "label", "ci (Author)", "", original=two, atom=other, form="rss")
    one = replace(ONE, labels=("ci (Author)",))
    assert not excused(name, "label", "ci (Author)", "", original=one, atom=first, form="rss")


def test_a_date_before_the_other_is_told_by_atom_where_rss_has_no_place() -> None:
    before = datetime(2026, 11, 19, tzinfo=UTC)
    one, none = replace(ONE, updated=before), replace(ONE, updated=None)
    name, said = "updated-before-published", before.isoformat()
    assert excused(name, "updated", said, "", original=one, published=none, form="rss")
    wrong = replace(ONE, updated=NOW)
    assert not excused(name, "updated", said, "", original=one, published=none, form="json")
    assert not excused(
        name, "updated", said, "", original=one, published=none, atom=wrong, form="rss"
    )


def test_of_a_text_in_another_the_longer_must_be_there_whole() -> None:
    two = replace(ONE, texts=("a word. Shared by Ann: a word. And more", "a word"))
    whole = replace(ONE, texts=two.texts[:1])
    assert excused("said-twice", "text", "a word", "", original=two, published=whole)
    cut = replace(ONE, texts=("Shared by Ann: a word. And more",))
    assert not excused("said-twice", "text", "a word", "", original=two, published=cut)
    apart = replace(ONE, texts=("some text", "a word"))
    assert not excused(
        "said-twice",
        "text",
        "a word",
        "",
        original=apart,
        published=replace(ONE, texts=("some text",)),
    )


def test_bytes_of_utf8_are_to_be_read_as_such_unless_the_document_says_otherwise() -> None:
    ours = replace(ONE, texts=("Martine Ã©crit",))
    body = "<item>Martine écrit</item>".encode()
    latin = b'<?xml version="1.0" encoding="ISO-8859-1"?>' + body
    name = "repaired-by-feedparser"
    assert excused(name, "text", "écrit", "", body=latin, published=ours)
    assert not excused(name, "text", "écrit", "", body=body, published=ours)


def test_only_an_id_that_some_reader_would_write_anew_is_not_published() -> None:
    name, ours = "id-is-not-canonical", "urn:uuid:f169fbae-2600-49bb-bc48-817bf268401a"
    assert excused(name, "id", "http://n.example/a%e2%80%99s", ours)
    assert excused(name, "id", "http://n.example/%61", ours)
    assert not excused(name, "id", "http://n.example/a%E2%80%99s", ours)
    assert not excused(name, "id", "http://n.example/a%e2", "http://n.example/b")
