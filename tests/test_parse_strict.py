"""The strict reader: what it takes reads as through feedparser, to the last field.

The whole value of a document is compared, so that what a reader may show, store or tell an entry
by is the same whoever read it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings

from aggregator import parse
from aggregator.model import Body
from tests import FIXTURES, ROOT
from tests.corpus import folder
from tests.feed_documents import SEEN, URL, atom_text, item, rss, rss_text
from tests.strict_reading import documents, is_taken, rearranged, reason

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: What is small enough to be read many times.
_MOST_BYTES = 3 * 1024 * 1024
_OWN = [
    path
    for place in (FIXTURES, ROOT / "tests" / "golden")
    for path in sorted(place.rglob("*"))
    if path.suffix in {".xml", ".rss", ".atom", ".html", ".json"}
]
_SEEDS = [path.read_bytes() for path in _OWN if path.stat().st_size < 20_000]
_RDF = (
    '<rdf:RDF xmlns="http://purl.org/rss/1.0/"'
    ' xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
)


def _files(place: Path) -> Iterator[Path]:
    return (
        path
        for path in sorted(place.rglob("*"))
        if path.is_file() and path.stat().st_size < _MOST_BYTES
    )


@pytest.mark.parametrize("path", _OWN, ids=lambda path: path.name)
def test_own_documents_are_refused_or_read_the_same(path: Path) -> None:
    is_taken(path.read_bytes())


@pytest.mark.parametrize("name", ["conformance", "danger", "synthetic"])
def test_documents_of_all_kinds_are_refused_or_read_the_same(name: str) -> None:
    taken = [is_taken(path.read_bytes()) for path in _files(folder(name))]
    assert taken


def test_cases_are_refused_or_read_the_same() -> None:
    cases = folder().parent / "cases" / "documents"
    if not cases.is_dir():
        pytest.skip(f"no documents of cases at {cases}")
    assert any(is_taken(path.read_bytes()) for path in _files(cases))


def test_most_real_documents_are_taken() -> None:
    taken = [is_taken(path.read_bytes()) for path in _files(folder("real"))]
    assert sum(taken) >= 0.9 * len(taken)


@pytest.mark.parametrize(
    "body",
    [
        rss(item(1), item(2)),
        rss(item(1)).replace(b"<channel>", b'<channel xml:lang="de">'),
        "\ufeff".encode() + rss(item("三")),
        rss(item("三")).replace(b"utf-8", b"gb18030").decode().encode("gb18030"),
        rss_text(item("é")).encode("utf-16"),
        atom_text("<entry><id>a:1</id><link href='/x'/></entry>").encode(),
        f"{_RDF}<channel><title>t</title></channel><item/></rdf:RDF>".encode(),
    ],
    ids=["RSS 2.0", "a language", "a mark", "GB 18030", "UTF-16", "Atom", "RSS 1.0"],
)  # fmt: skip
def test_what_most_publishers_write_is_taken(body: bytes) -> None:
    assert is_taken(body)


@pytest.mark.parametrize(
    "inside",
    [
        # An id of Atom is no guid; a link without an address, the page of a source's author.
        "<item><atom:link></atom:link><id>Mon</id></item>",
        "<item><keywords>a</keywords><category label='x'/><keywords>b</keywords></item>",
        "<item><source><author><uri>https://a.example/</uri></author></source></item>",
        "<item><title>&#146;x&#x93; \u0085y</title><description>\x92</description></item>",
        "<item><media:group><media:title>a</media:title></media:group><media:title/></item>",
        "<item><media:title>b</media:title><media:content><media:title/></media:content></item>",
        "<item><media:group xml:lang='fr'><media:description/></media:group></item>",
        "<item><media:group lang='fr'><media:title>a</media:title></media:group></item>",
        "<item><media:content lang='fr'><media:title>a</media:title></media:content></item>",
        "<item><author xml:base='https://b.example/'><uri>a</uri></author></item>",
        "<image xml:base='https://b.example/'><url>a</url></image>",
        "<item><title>a</title><source>s</source><title>b</title></item>",
        "<image><title>i</title></image><title>after a picture</title>",
        "<item><content:encoded>a</content:encoded><description>b</description></item>",
        "<item><description>a</description><description>b</description></item>",
        "<item><link>https://a.example/?a&amp;amp;b&amp;lang;</link></item>",
        "<item><guid isPermaLink='false'>1</guid><guid>2</guid><link></link></item>",
        "<item><description>&lt;![CDATA[x]]&gt;</description></item>",
        "<?x y?><item><title>a<?x y?>b</title><author><name>a</name><?x?></author></item>",
    ],
)  # fmt: skip
def test_what_feedparser_does_in_its_own_way_is_refused_or_done_alike(inside: str) -> None:
    declared = (
        ' xmlns:atom="http://www.w3.org/2005/Atom" xmlns:media="http://search.yahoo.com/mrss/"'
        ' xmlns:content="http://purl.org/rss/1.0/modules/content/"'
    )
    is_taken(rss(inside, namespaces=declared))


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (rss(item(1)).replace(b"<rss", b"<!DOCTYPE rss [<!ENTITY a 'x'>]><rss"), "stands before"),
        (rss(item(1)).replace(b"<rss", b"<!DOCTYPE rss SYSTEM 'file:///a'><rss"), "stands before"),
        (rss(item(1, text="&nbsp;")), "not well-formed"),
        (rss(item(1, text="<b>")), "not well-formed"),
        (rss(item(1, text="&#0;")), "no character"),
        (rss(item(1, text="&#xD83D;&#xDE00;")), "no character"),
        (rss(item(1, text="&#000000000065;")), "a long reference"),
        (rss(item(1, text="\x01")), "not well-formed"),
        (rss(item(1, text="<a:b/>")), "not well-formed"),
        (rss("<item" + "".join(f" a{n}=''" for n in range(5000)) + "/>"), "many"),
        (rss("<x:a xmlns:x='urn:x'>" * 200 + "</x:a>" * 200), "deep"),
        (rss("<x/>" * 110_000), "large"),
        (rss(item(1, text="x" * 3_000_000)), "large"),
        (rss("<item><\u00e9/></item>"), "ASCII"),
        (rss(item(1)).replace(b"<rss", "<?\u00e9 x?><rss".encode()), "ASCII"),
        (rss("<?x y?>", item(1)), "an instruction"),
        (rss('<item xmlns:a="urn:a" xmlns:b="urn:a"/>'), "two prefixes"),
        (rss('<item xmlns:dc="http://search.yahoo.com/mrss/"/>'), "another namespace"),
        (b"", "stands before"),
        (b"<html><body/></html>", "another root"),
    ],
)  # fmt: skip
def test_what_is_hostile_or_beyond_a_bound_is_refused(body: bytes, why: str) -> None:
    assert why in reason(body)


def test_a_document_with_more_entries_than_are_kept_is_refused() -> None:
    body = rss(*(item(number) for number in range(4)))
    assert is_taken(body, most=4)
    assert not is_taken(body, most=3)


def test_a_document_cut_at_any_byte_is_refused_or_read_the_same() -> None:
    body = rss(*(item(number, text="中文 <![CDATA[<p>x</p>]]> " * 12) for number in range(40)))
    assert 20_000 < len(body) < 25_000
    taken = [at for at in range(len(body) + 1) if is_taken(body[:at])]
    assert taken == [len(body)]


def test_what_is_taken_is_what_the_program_reads() -> None:
    body = rss(item(1))
    assert is_taken(body)
    read = parse.read(Body(body, None, URL, "UTC", SEEN))
    assert [entry.raw_title for entry in read.entries] == ["Entry 1"]


@settings(max_examples=150, derandomize=True, suppress_health_check=list(HealthCheck))
@given(documents())
def test_elements_in_any_place_are_refused_or_read_the_same(body: bytes) -> None:
    is_taken(body)


@settings(max_examples=100, derandomize=True, suppress_health_check=list(HealthCheck))
@given(rearranged(_SEEDS))
def test_documents_taken_to_pieces_are_refused_or_read_the_same(body: bytes) -> None:
    is_taken(body)
