"""The same entry under other ids, hosts and texts: what is known stays known."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from aggregator.model import Body, Entry, Refined
from aggregator.parse import read
from aggregator.refine import normalise
from aggregator.store.sqlite import SqliteStore, open_store
from tests.making import DAY, HOUR, START, absorb, document, entry, feed, source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = open_store(tmp_path / "aggregator.db")
    opened.apply((source(),), (feed(),), now=START)
    yield opened
    opened.close()


def rss(*items: str) -> Refined:
    """Return a document as it is read from its bytes."""
    body = (
        '<rss version="2.0"><channel><title>One</title><link>https://one.example/</link>'
        + "".join(f"<item>{item}</item>" for item in items)
        + "</channel></rss>"
    )
    return normalise(
        read(
            Body(body.encode(), "application/rss+xml", "https://one.example/feed.xml", "UTC", START)
        )
    )


def item(number: int, *, guid: str, host: str | None = None, text: str = "") -> str:
    link = f"<link>https://{host}/2026/11/article-{number}.html</link>" if host else ""
    return (
        f'<title>Article {number}</title>{link}<guid isPermaLink="false">{guid}</guid>'
        f"<description>{text or f'What article {number} says'}</description>"
    )


def shown(store: SqliteStore) -> list[tuple[str, datetime]]:
    return [(story.id, story.updated_at) for story in store.select(feed()).stories]


def test_ids_that_change_on_every_poll_neither_flood_nor_swallow(store: SqliteStore) -> None:
    for poll in range(6):
        numbers = range(poll, poll + 8)  # one further article each time
        absorb(
            store,
            rss(*(item(n, guid=f"{poll}-{n}") for n in numbers)),
            START + poll * HOUR,
        )
    titles = [story.title for story in store.select(feed()).stories]
    assert sorted(titles) == sorted(f"Article {n}" for n in range(13))
    assert "other ids" in store.notes()["unstable_ids one"]
    assert store.status()[0].unstable_ids


def test_ids_that_changed_once_are_no_habit(store: SqliteStore) -> None:
    for poll, prefix in enumerate("abbbb"):
        items = (item(n, guid=f"{prefix}-{n}", text=f"Text {poll // 2}") for n in range(8))
        absorb(store, rss(*items), START + poll * HOUR)
    assert len(shown(store)) == 8
    assert "unstable_ids one" not in store.notes()
    assert not store.status()[0].unstable_ids


def test_short_texts_alike_under_other_ids_are_other_entries_while_ids_can_be_trusted(
    store: SqliteStore,
) -> None:
    def status(number: int) -> str:
        return f'<title>All is well</title><guid isPermaLink="false">{number}</guid>'

    absorb(store, rss(status(1)), START)
    absorb(store, rss(status(2)), START + HOUR)
    assert len(shown(store)) == 2


def test_a_site_that_moves_to_another_host_brings_nothing_back(store: SqliteStore) -> None:
    def page(host: str) -> Refined:
        return rss(
            *(item(n, guid=f"https://{host}/2026/11/article-{n}.html", host=host) for n in range(8))
        )

    absorb(store, page("one.example"), START)
    before = shown(store)
    result = absorb(store, page("news.two.example"), START + DAY)
    assert result.tally.new == 0
    assert [story for story, _ in shown(store)] == [story for story, _ in before]


def test_keys_that_change_for_ever_fill_no_disk(store: SqliteStore) -> None:
    for poll in range(30):
        items = (item(n, guid=f"{poll}-{n}", host="one.example") for n in range(3))
        absorb(store, rss(*items), START + poll * HOUR)
    (facts,) = store.facts("https://one.example/2026/11/article-1.html", (feed(),))
    assert sum(key.startswith("guid:") for key in facts.keys) == 8


def test_an_edit_is_ignored_where_that_is_asked_for(store: SqliteStore) -> None:
    store.apply((source(edits="ignore"),), (feed(),), now=START)
    absorb(store, rss(item(1, guid="1", text="first")), START)
    before = store.select(feed()).stories
    result = absorb(store, rss(item(1, guid="1", text="second")), START + HOUR)
    assert result.tally.updated == 0
    assert store.select(feed()).stories == before


def test_a_better_reading_of_the_same_words_is_no_edit(store: SqliteStore) -> None:
    document_ = rss(item(1, guid="1"))
    absorb(store, document_, START)
    before = store.feed_version("all")
    better: tuple[Entry, ...] = tuple(
        replace(one, content_html="<p>cleaner</p>", content_hash=b"other")
        for one in document_.entries
    )
    result = absorb(store, replace(document_, entries=better), START + DAY)
    (story,) = store.select(feed()).stories
    assert result.tally.updated == 0
    assert story.content_html == "<p>cleaner</p>"
    assert story.updated_at == START
    assert store.feed_version("all") != before


def test_what_was_pruned_does_not_keep_away_what_is_merely_like_it(store: SqliteStore) -> None:
    def photo(number: int) -> str:
        return (
            f"<title>Photo of the day</title><link>https://one.example/p/{number}</link>"
            f'<guid isPermaLink="false">{number}</guid>'
        )

    absorb(store, rss(photo(1), *(item(n, guid=f"x{n}") for n in range(60))), START)
    store.advance(START + 40 * DAY)
    store.prune(START + 40 * DAY, retention=30 * DAY, keep_raw=DAY)
    result = absorb(store, rss(photo(2)), START + 41 * DAY)
    assert result.tally.new == 1
    assert result.tally.pruned == 0


def test_why_an_item_is_a_known_entry_is_remembered(store: SqliteStore) -> None:
    absorb(store, document(entry(1)), START)
    (facts,) = store.facts("https://one.example/1", (feed(),))
    assert facts.matched is None
    absorb(store, document(entry(1, guid="another")), START + HOUR)
    (facts,) = store.facts("http://www.one.example/1", (feed(),)) or store.facts(
        "http://one.example/1/", (feed(),)
    )
    assert facts.matched == "same url and title, other guid"
