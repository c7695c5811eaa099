"""What is compared of entries is read before the transaction that compares them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import TextOrigin
from aggregator.store.sqlite import open_store
from aggregator.store.texts.compared_texts import tokens_of
from aggregator.stories.bare_titles import LONGEST_LEAD
from aggregator.stories.signatures import lead_of
from tests.making import START, absorb, document, entry, feed, source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from aggregator.model import Entry
    from aggregator.store.sqlite import SqliteStore

MINUTE = timedelta(minutes=1)
STORY = feed(dedupe="story")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    store = open_store(tmp_path / "aggregator.db")
    yield store
    store.close()


def some(count: int, name: str) -> list[Entry]:
    return [
        entry(
            f"{name}/{number}",
            title=f"Report {number} of {name}",
            text="Rain &amp; wind " * 900,
            published_at=START + number * MINUTE,
        )
        for number in range(count)
    ]


def assert_read_before(count: int) -> None:
    """Each of so many texts was read once, and found at least once."""
    found = tokens_of.cache_info()
    assert found.misses == count <= found.hits


@pytest.mark.parametrize("count", [1, 10, 40])
def test_transactions_find_the_texts_of_new_entries_read(store: SqliteStore, count: int) -> None:
    store.apply((source(),), (STORY,), now=START)
    tokens_of.cache_clear()
    absorb(store, document(*some(count, "one")), START + 100 * MINUTE)
    assert_read_before(count)


def test_of_a_document_what_is_dated_after_the_last_poll_is_read(store: SqliteStore) -> None:
    store.apply((source(),), (STORY,), now=START)
    entries = some(30, "one")
    absorb(store, document(*entries), START + 200 * MINUTE)
    tokens_of.cache_clear()
    new = entry("new", title="What is new", published_at=START + 210 * MINUTE)
    absorb(store, document(new, *entries), START + 220 * MINUTE)
    assert_read_before(1)


def test_transactions_find_the_texts_of_stored_entries_read(store: SqliteStore) -> None:
    store.apply((source(),), (feed(),), now=START)
    absorb(store, document(*some(25, "one")), START + 100 * MINUTE)
    store.apply((source(),), (STORY,), now=START + 101 * MINUTE)
    tokens_of.cache_clear()
    assert not store.tell_stories(START + 102 * MINUTE)
    assert_read_before(25)


def test_without_a_feed_that_asks_nothing_is_read(store: SqliteStore) -> None:
    store.apply((source(),), (feed(),), now=START)
    tokens_of.cache_clear()
    absorb(store, document(*some(5, "one")), START + 100 * MINUTE)
    assert not store.tell_stories(START + 102 * MINUTE)
    assert tokens_of.cache_info().misses == 0


def test_an_entrys_text_has_its_origin(store: SqliteStore) -> None:
    store.apply((source(),), (feed(),), now=START)
    absorb(store, document(entry(1, published_at=START)), START)
    absorb(store, document(entry(1, published_at=START, title="Another")), START + MINUTE)
    (facts,) = store.facts("https://one.example/1", ())
    assert facts.text_origin is TextOrigin.DOCUMENT


@pytest.mark.parametrize(
    ("text", "summary", "lead"),
    [
        ("The bridge opens today", "", "The bridge opens today"),
        ("", "The bridge opens", "The bridge opens"),
        ("Comments", "The bridge opens", "The bridge opens"),
        ("The bridge opens today", "A bridge", "The bridge opens today"),
        ("x" * LONGEST_LEAD, "y" * 2 * LONGEST_LEAD, "x" * LONGEST_LEAD),
    ],
)  # fmt: skip
def test_a_lead_is_how_the_text_begins_unless_the_summary_says_more(
    text: str, summary: str, lead: str
) -> None:
    assert lead_of(text, summary) == lead


@given(st.text(max_size=800), st.text(max_size=800), st.integers(480, 800))
def test_a_lead_is_the_same_of_a_text_that_is_cut_behind_it(
    text: str, summary: str, cut: int
) -> None:
    assert lead_of(text[:cut], summary) == lead_of(text, summary)
