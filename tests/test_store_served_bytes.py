"""Since when a document has been its bytes: `Last-Modified` moves with them, and never back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from aggregator.publish import Format
from aggregator.publish.catalogue import Catalogue, FeedDocument
from aggregator.publish.editions import make_edition
from tests.config_texts import parsed, source_toml
from tests.making import HOUR, START, absorb, document, entry

if TYPE_CHECKING:
    from datetime import datetime

    from aggregator.store import Store

CONFIG = parsed(source_toml("one"))
(FEED,) = (feed for feed in CONFIG.feeds if feed.name == "all")
SECOND = timedelta(seconds=1)


def changed_at(store: Store, form: Format = Format.ATOM) -> datetime | None:
    """Return since when the feed's document has been its bytes."""
    edition = make_edition(Catalogue(CONFIG), store, FeedDocument(FEED, form))
    assert edition is not None
    return edition.changed_at


def configured(store: Store, **fields: object) -> None:
    """Let the source be configured so."""
    changed = tuple(replace(one, **fields) for one in CONFIG.sources)  # type: ignore[arg-type]  # by name
    store.apply(changed, CONFIG.feeds, now=START)


def test_a_change_that_no_reader_sees_moves_no_date(store: Store) -> None:
    configured(store)
    absorb(store, document(entry(1)), START + HOUR)
    before, version = changed_at(store), store.feed_version("all")
    configured(store, max_entries=7, weight=2.5)
    configured(store, name="renamed", backfill=3)
    assert store.feed_version("all") != version
    assert changed_at(store) == before == START + HOUR


def test_a_change_that_readers_see_moves_it(store: Store) -> None:
    configured(store)
    absorb(store, document(entry(1)), START + HOUR)
    assert changed_at(store) == START + HOUR
    absorb(store, document(entry(2)), START + 2 * HOUR)
    assert changed_at(store) == START + 2 * HOUR
    assert changed_at(store, Format.RSS) == START + 2 * HOUR


def test_each_format_has_a_date_of_its_own(store: Store) -> None:
    """What Atom says of a source, its rights, RSS has no room for."""
    configured(store)
    absorb(store, document(entry(1)), START + HOUR)
    assert changed_at(store) == changed_at(store, Format.RSS)
    absorb(store, document(entry(1), rights="All of them"), START + 2 * HOUR)
    assert changed_at(store) == START + 2 * HOUR
    assert changed_at(store, Format.RSS) == START + HOUR


def test_no_date_goes_back_and_none_is_told_of_two_documents(store: Store) -> None:
    configured(store)
    absorb(store, document(entry(1)), START + 9 * HOUR)
    dates = [changed_at(store)]
    for number in range(2, 6):  # the clock is set back
        absorb(store, document(entry(number)), START)
        dates.append(changed_at(store))
    assert dates == [START + 9 * HOUR + number * SECOND for number in range(5)]


def test_bytes_that_come_back_are_a_change_as_well(store: Store) -> None:
    at = START + HOUR

    def standing(digest: bytes, changed_at: datetime) -> datetime:
        return store.standing_since(FEED, "", "atom", digest=digest, changed_at=changed_at)

    configured(store)
    assert standing(b"one", at) == standing(b"one", at + HOUR) == at
    assert standing(b"two", at) == at + SECOND
    assert standing(b"one", at) == at + 2 * SECOND
    assert store.standing_since(FEED, "2026-11", "atom", digest=b"one", changed_at=at) == at
