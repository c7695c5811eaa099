"""One article in several sources is one story; nothing that was seen comes back by a copy."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.making import DAY, HOUR, START, absorb, document, entry, feed, source

if TYPE_CHECKING:
    from aggregator.model import Entry, Story
    from aggregator.store import Store

MINUTE = timedelta(minutes=1)
ARTICLE = "https://site.example/0/630/999.htm"


def copy(of: str, *, url: str = ARTICLE) -> Entry:
    """Return the article as one of its sources carries it: another guid, the same address."""
    return entry(of, guid=f"tag:{of},2026:1", url=url, title=f"as {of} has it")


@pytest.fixture
def store(store: Store) -> Store:
    both = (source("one"), source("two"))
    feeds = (feed(), feed("off", dedupe="off"), feed("second", sources=("two",)))
    store.apply(both, feeds, now=START)
    return store


def stories(store: Store, name: str = "all", **fields: object) -> tuple[Story, ...]:
    return store.select(feed(name, **fields)).stories


def test_an_article_in_two_sources_is_one_story_that_names_the_other(store: Store) -> None:
    absorb(store, document(copy("one")), START)
    absorb(store, document(copy("two")), START + MINUTE, name="two")
    (story,) = stories(store)
    assert (story.id, story.title) == ("tag:one,2026:1", "as one has it")
    assert [origin.name for origin in story.also] == ["two"]


def test_why_an_entry_belongs_to_its_story_is_remembered(store: Store) -> None:
    absorb(store, document(copy("one")), START)
    absorb(store, document(copy("two")), START + MINUTE, name="two")
    (first,) = store.facts("guid:tag:one,2026:1", ())
    (second,) = store.facts("guid:tag:two,2026:1", ())
    assert (first.assigned, first.also) == (None, ("two",))
    assert (second.assigned, second.also) == ("same url", ("one",))


def test_dedupe_off_shows_every_copy_with_an_id_of_its_own(store: Store) -> None:
    absorb(store, document(copy("one")), START)
    absorb(store, document(copy("two")), START + MINUTE, name="two")
    assert [story.id for story in stories(store, "off", dedupe="off")] == [
        "tag:two,2026:1",
        "tag:one,2026:1",
    ]


def test_a_feed_of_the_second_source_alone_shows_its_copy_when_it_came(store: Store) -> None:
    absorb(store, document(copy("one")), START)
    store.advance(START + 30 * DAY)
    absorb(store, document(copy("two")), START + 30 * DAY, name="two")
    (story,) = stories(store, "second", sources=("two",))
    assert (story.id, story.title, story.also) == ("tag:one,2026:1", "as two has it", ())


def test_a_copy_neither_moves_a_story_nor_brings_it_back(store: Store) -> None:
    small = feed(window=DAY, min_entries=1)
    store.apply((source("one"), source("two")), (small,), now=START)
    absorb(store, document(copy("one")), START)
    absorb(store, document(entry("later")), START + HOUR)
    store.advance(START + 3 * DAY)
    assert [story.title for story in stories(store)] == ["Entry later"]
    absorb(store, document(copy("two")), START + 3 * DAY, name="two")
    assert [story.title for story in stories(store)] == ["Entry later"]


def test_a_copy_that_an_added_source_brings_dated_earlier_moves_no_story(
    store: Store,
) -> None:
    store.apply((source("one"),), (feed(),), now=START)
    absorb(store, document(entry("first")), START)
    absorb(store, document(entry("before", published_at=START)), START + 2 * DAY)
    late = entry("one", url=ARTICLE, published_at=START)
    absorb(store, document(late), START + 2 * DAY + HOUR)
    before = [(story.id, story.order_key) for story in stories(store)]
    store.apply((source("one"), source("two")), (feed(),), now=START + 3 * DAY)
    copied = entry("two", guid="tag:two,2026:1", url=ARTICLE, published_at=START)
    absorb(store, document(copied), START + 3 * DAY, name="two")
    assert [(story.id, story.order_key) for story in stories(store)] == before


def test_when_the_first_source_goes_the_other_tells_the_story_under_its_id(
    store: Store,
) -> None:
    absorb(store, document(copy("one")), START)
    absorb(store, document(copy("two")), START + MINUTE, name="two")
    store.apply((source("two"),), (feed(),), now=START + HOUR)
    (story,) = stories(store)
    assert (story.id, story.title) == ("tag:one,2026:1", "as two has it")


def test_an_edit_of_one_copy_changes_that_copy(store: Store) -> None:
    absorb(store, document(copy("one")), START)
    absorb(store, document(copy("two")), START + MINUTE, name="two")
    edited = entry("two", guid="tag:two,2026:1", url=ARTICLE, title="as two has it", text="edited")
    absorb(store, document(edited), START + HOUR, name="two")
    (story,) = stories(store)
    assert (story.title, story.updated_at) == ("as one has it", START)


def test_two_entries_of_one_source_are_never_one_story_with_anothers(store: Store) -> None:
    absorb(store, document(copy("one")), START)
    twice = document(
        entry("a", guid="tag:two,2026:a", url=ARTICLE),
        entry("b", guid="tag:two,2026:b", url="https://site.example/other"),
    )
    absorb(store, twice, START + MINUTE, name="two")
    later = entry("c", guid="tag:two,2026:c", url=ARTICLE, text="more")
    absorb(store, document(later), START + HOUR, name="two")
    assert len(stories(store)) == 3


def test_an_article_that_a_source_lists_twice_is_one_story_by_its_number(
    store: Store,
) -> None:
    number = ("site:site.example:630999",)
    first = replace(copy("one"), shared_keys=(f"url:{ARTICLE}", *number))
    absorb(store, document(first), START)
    ranked = (
        replace(copy("a", url=f"{ARTICLE}?a"), keys=("guid:a",), shared_keys=number),
        replace(copy("b", url=f"{ARTICLE}?b"), keys=("guid:b",), shared_keys=number),
    )
    absorb(store, document(*ranked), START + MINUTE, name="two")
    (story,) = stories(store)
    assert [origin.name for origin in story.also] == ["two"]


def test_an_address_that_a_document_shows_twice_joins_another_sources_story(
    store: Store,
) -> None:
    shared = (f"url:{ARTICLE}",)
    absorb(store, document(replace(copy("one"), shared_keys=shared)), START)
    twice = (
        replace(copy("a"), keys=("guid:a",), shared_keys=shared),
        replace(copy("b"), keys=("guid:b",), shared_keys=shared),
    )
    absorb(store, document(*twice), START + MINUTE, name="two")
    assert [[origin.name for origin in story.also] for story in stories(store)] == [[], ["two"]]


def test_a_source_that_joins_a_feed_with_an_older_copy_moves_no_story(store: Store) -> None:
    absorb(store, document(copy("one")), START)
    absorb(store, document(entry("p")), START + MINUTE, name="two")
    absorb(store, document(entry("q")), START + 2 * MINUTE, name="two")
    absorb(store, document(copy("two")), START + 2 * HOUR, name="two")
    before = [story.id for story in stories(store, "second", sources=("two",))]
    wide = feed("second", sources=("one", "two"))
    both = (source("one"), source("two"))
    store.apply(both, (feed(), feed("off", dedupe="off"), wide), now=START + DAY)
    assert [story.id for story in store.select(wide).stories] == before


def test_an_article_that_one_source_lists_twice_word_for_word_is_one_story(
    store: Store,
) -> None:
    twice = (
        replace(copy("a"), keys=("guid:a",), title="Same", stated_at=START - HOUR),
        replace(copy("b"), keys=("guid:b",), title="Same", stated_at=START - HOUR),
        replace(copy("c"), keys=("guid:c",), title="Same", stated_at=START - DAY),
    )
    shared = (f"url:{ARTICLE}",)
    absorb(store, document(*(replace(one, shared_keys=shared) for one in twice)), START)
    assert len(stories(store)) == 2


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ("https://one.example/old/1", "https://one.example/new/plan"),
        ("https://one.example/old/1", "https://new.example/plan"),
        ("https://site.example/old/1", "https://site.example/new/plan"),
    ],
)
def test_who_carries_the_present_link_of_an_article_tells_the_same_story(
    store: Store, before: str, now: str
) -> None:
    def told(url: str) -> Entry:
        return entry("plan", guid="tag:one,2026:plan", url=url)

    absorb(store, document(told(before)), START)
    absorb(store, document(told(now)), START + HOUR)
    absorb(store, document(copy("two", url=now)), START + 2 * HOUR, name="two")
    (story,) = stories(store)
    assert story.id == "tag:one,2026:plan"
    assert [origin.name for origin in story.also] == ["two"]


def test_nobody_takes_anothers_article_by_leading_to_it_later(store: Store) -> None:
    theirs = "https://two.example/plan"
    claim = entry("claim", guid="tag:one,2026:claim", url="https://one.example/claim")
    absorb(store, document(claim), START)
    absorb(
        store,
        document(replace(claim, url=theirs, keys=(claim.keys[0], f"url:{theirs}"))),
        START + HOUR,
    )
    absorb(store, document(entry("plan", url=theirs, guid=theirs)), START + 2 * HOUR, name="two")
    assert {story.title for story in stories(store)} == {"Entry claim", "Entry plan"}
    assert not any(story.also for story in stories(store) if story.title == "Entry plan")
