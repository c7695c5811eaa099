"""Which document an address stands for."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aggregator.model import ArchivePart, Feed, FeedKind
from aggregator.publish import Addresses, Format
from aggregator.publish.catalogue import Address, Catalogue, FeedDocument, read_address
from tests.publishing import config

ATOM, RSS, JSON = Format.ATOM, Format.RSS, Format.JSON
BASE = Addresses("https://feeds.example.org")


def tag(text: str) -> Feed:
    return Feed(f"tags/{text}", text, tags=(text,), kind=FeedKind.TAG)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/feeds/all.atom", [(("feeds", "all"), ATOM, None)]),
        ("/feeds/node.js.json", [(("feeds", "node.js"), JSON, None)]),
        ("/%66eeds/all.%61tom", [(("feeds", "all"), ATOM, None)]),
        ("/feeds/t0ken/all.rss", [(("feeds", "t0ken", "all"), RSS, None)]),
        ("/tags/%E7%A7%91%E6%8A%80.atom", [(("tags", "科技"), ATOM, None)]),
        ("/tags/c%2Fc%2B%2B.atom", [(("tags", "c/c++"), ATOM, None)]),
        ("/tags/c/c++.atom", [(("tags", "c/c++"), ATOM, None)]),
        ("/tags/node.js.rss", [(("tags", "node.js"), RSS, None)]),
        ("/tags/.atom.atom", [(("tags", ".atom"), ATOM, None)]),
        ("/tags/...atom", [(("tags", ".."), ATOM, None)]),
        ("/sources/ithome.json", [(("sources", "ithome"), JSON, None)]),
        (
            "/feeds/all/archive/2026-11-2.atom",
            [
                (("feeds", "all"), ATOM, "2026-11-2"),
                (("feeds", "all", "archive", "2026-11-2"), ATOM, None),
            ],
        ),
        (
            "/tags/c/c++/archive/2026-11.rss",
            [
                (("tags", "c/c++"), RSS, "2026-11"),
                (("tags", "c/c++/archive/2026-11"), RSS, None),
            ],
        ),
        (
            "/tags/c%2Farchive%2F2026-11.rss",
            [(("tags", "c/archive/2026-11"), RSS, None)],
        ),
        ("/tags/archive/2026-11.rss", [(("tags", "archive/2026-11"), RSS, None)]),
        ("/tags/a/archive/2026.rss", [(("tags", "a/archive/2026"), RSS, None)]),
        ("/feeds/all", []),
        ("/feeds/all.xml", []),
        ("/feeds/all.ATOM", []),
        ("/feeds/.atom", []),
        ("/feeds/%FF.atom", []),
        ("/all.atom", []),
        ("//feeds/all.atom", [(("", "feeds", "all"), ATOM, None)]),
        ("/tags//a.atom", [(("tags", "/a"), ATOM, None)]),
        ("feeds/all.atom", []),
        ("/", []),
        ("", []),
        ("*", []),
    ],
)
def test_an_address_is_read_from_the_right_and_an_encoded_slash_is_no_slash(
    path: str, expected: list[tuple[tuple[str, ...], Format, str | None]]
) -> None:
    assert read_address(path) == tuple(Address(*one) for one in expected)


@given(st.text())
def test_no_path_breaks_the_reading(path: str) -> None:
    catalogue = Catalogue(config())
    catalogue.find(read_address(quote(path)))
    catalogue.find(read_address("/" + quote(path)))
    catalogue.find(read_address("/feeds/" + quote(path) + ".atom"))


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), st.sampled_from(Format))
@example("c/c++", ATOM)
@example("node.js", JSON)
@example("科技", RSS)
@example("a%2Fb", ATOM)
@example("..", ATOM)
@example("/", ATOM)
@example("x/archive/2026-11", ATOM)
def test_every_tag_is_found_at_the_addresses_that_we_print(text: str, form: Format) -> None:
    feed = tag(text)
    catalogue = Catalogue(config(feeds=(Feed("all", "All"), tag("x"), feed, tag("a/b"))))
    path = urlsplit(BASE.feed(feed, form)).path
    assert catalogue.find(read_address(path)) == FeedDocument(feed, form)
    part = ArchivePart("2026-11", 2, whole=False, past=False, until="2026-11-20")
    path = urlsplit(BASE.archive(feed, part, form)).path
    assert catalogue.find(read_address(path)) == FeedDocument(feed, form, "2026-11-2")


def test_a_feed_with_a_token_is_at_its_address_and_nowhere_else() -> None:
    secret = Feed("club", "Club", token="t0ken-t0ken-t0ken")
    catalogue = Catalogue(config(feeds=(Feed("all", "All"), secret, tag("club"))))
    asked: tuple[tuple[str, FeedDocument | None], ...] = (
        ("/feeds/t0ken-t0ken-t0ken/club.atom", FeedDocument(secret, ATOM)),
        (
            "/feeds/t0ken-t0ken-t0ken/club/archive/2026-11.atom",
            FeedDocument(secret, ATOM, "2026-11"),
        ),
        ("/feeds/club.atom", None),
        ("/feeds/club/archive/2026-11.atom", None),
        ("/feeds/T0ken-t0ken-t0ken/club.atom", None),
        ("/feeds/t0ken-t0ken-toke/club.atom", None),
        ("/feeds//club.atom", None),
        ("/feeds/%E7%A7%91/club.atom", None),
        ("/feeds/t0ken-t0ken-t0ken/all.atom", None),
        ("/feeds/t0ken-t0ken-t0ken%2Fclub.atom", None),
        ("/feeds/x/t0ken-t0ken-t0ken/club.atom", None),
    )
    for path, found in asked:
        assert catalogue.find(read_address(path)) == found, path


def test_an_automatic_feed_is_in_its_folder_only() -> None:
    catalogue = Catalogue(config(feeds=(Feed("all", "All", kind=FeedKind.EVERYTHING), tag("x"))))
    assert catalogue.find(read_address("/feeds/all.atom")) is not None
    assert catalogue.find(read_address("/tags/x.atom")) is not None
    assert catalogue.find(read_address("/feeds/tags%2Fx.atom")) is None
    assert catalogue.find(read_address("/feeds/tags/x.atom")) is None
    assert catalogue.find(read_address("/tags/all.atom")) is None
