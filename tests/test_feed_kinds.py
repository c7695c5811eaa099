"""What a feed is of decides its name and its place."""

from __future__ import annotations

import pytest

from aggregator.model import Feed, FeedKind

TABLE = (
    (FeedKind.CONFIGURED, "news", "news", "feeds/news"),
    (FeedKind.EVERYTHING, "all", "all", "feeds/all"),
    (FeedKind.TAG, "c/c++", "tags/c/c++", "tags/c/c++"),
    (FeedKind.TAG, "tags/x", "tags/tags/x", "tags/tags/x"),
    (FeedKind.SOURCE, "ithome", "sources/ithome", "sources/ithome"),
)


@pytest.mark.parametrize(("kind", "own", "name", "path"), TABLE)
def test_a_kind_has_a_folder_and_a_way_to_name_its_feeds(
    kind: FeedKind, own: str, name: str, path: str
) -> None:
    feed = Feed(kind.name_of(own), own, kind=kind)
    assert (feed.name, feed.path, feed.own_name) == (name, path, own)
    assert feed.is_automatic is (kind is not FeedKind.CONFIGURED)
    assert kind.is_minor is (path == name)


def test_every_kind_is_in_the_table() -> None:
    assert {kind for kind, *_ in TABLE} == set(FeedKind)


def test_a_token_stands_before_the_name() -> None:
    assert Feed("club", "Club", token="t0ken").path == "feeds/t0ken/club"
