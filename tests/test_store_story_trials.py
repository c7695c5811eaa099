"""What a preview says that a feed would tell together: what the daemon makes of the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.making import HOUR, START, absorb, document, entry, feed, source

if TYPE_CHECKING:
    from aggregator.model import Feed
    from aggregator.store import Store

#: Two that are little alike, and a third that is like both.
ONE = "Northlake bridge collapses after storm"
TWO = "Northlake mayor elected today"
BETWEEN = "Northlake bridge: mayor elected today visits storm collapse"
SOURCES = tuple(source(name) for name in ("one", "two", "three"))
EXACT = feed("few", sources=("one", "two"))
FEW = feed("few", sources=("one", "two"), dedupe="story")
ALL = feed("all", dedupe="story")


@pytest.fixture
def known(store: Store) -> Store:
    """A store that knows all three, and that no feed asks for stories."""
    store.apply(SOURCES, (EXACT,), now=START)
    for one, title in zip(SOURCES, (ONE, TWO, BETWEEN), strict=True):
        told = entry(one.name, title=title, url=f"https://{one.name}.example/", published_at=START)
        absorb(store, document(told), START, name=one.name)
    return store


def previewed(store: Store, of: Feed) -> list[list[str]]:
    trial = store.try_stories(of, ("one", "two"), ("three",), START + HOUR)
    return [[one.title for one in story.entries] for story in trial.stories]


def told(store: Store) -> list[list[str]]:
    """Return what a feed tells together that is new where another asked for stories before."""
    store.apply(SOURCES, (EXACT, ALL), now=START + HOUR)
    while store.tell_stories(START + HOUR):
        pass
    new = feed("new", sources=("one", "two"), dedupe="story")
    store.apply(SOURCES, (EXACT, ALL, new), now=START + HOUR)
    stories = store.select(new).stories
    return [[one.title, *(it.title for it in one.also_told)] for one in stories if one.also_told]


def test_what_lies_between_is_compared_too_though_the_feed_does_not_show_it(known: Store) -> None:
    would = previewed(known, FEW)
    assert would == [[ONE, TWO]]
    assert told(known) == would
    assert previewed(known, FEW) == would


def test_what_was_split_by_hand_is_told_apart(known: Store) -> None:
    told(known)
    known.split_story("https://two.example/", START + HOUR)
    assert previewed(known, FEW) == []
