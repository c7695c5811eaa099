"""An entry's dates from the publisher's document to the reader: the first one published stays."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from aggregator.model import Refined, Story
from aggregator.refine import normalise
from tests.feed_documents import atom_text, read, rss
from tests.making import HOUR, START, absorb, feed, source

if TYPE_CHECKING:
    from aggregator.store import Store


pytestmark = pytest.mark.usefixtures("one_source")


def atom(updated: datetime, seen_at: datetime, content: str = "text", dates: str = "") -> Refined:
    entry = (
        f"<entry><id>urn:x:1</id><title>t</title><updated>{updated.isoformat()}</updated>{dates}"
        f"<content>{content}</content></entry>"
    )
    return normalise(read(atom_text(entry), source().url, seen_at=seen_at))


def only(store: Store) -> Story:
    (story,) = store.select(feed()).stories
    return story


def test_an_entry_with_only_updated_was_published_when_it_was_first_updated(
    store: Store,
) -> None:
    first, later = START - 9 * HOUR, START - HOUR
    absorb(store, atom(first, START), START)
    assert (only(store).published_at, only(store).updated_at) == (first, first)
    absorb(store, atom(later, START), START)
    assert (only(store).published_at, only(store).updated_at) == (first, first)


def test_an_edit_moves_updated_and_never_published(store: Store) -> None:
    first, later = START - 9 * HOUR, START - HOUR
    absorb(store, atom(first, START), START)
    absorb(store, atom(later, START, "text, edited"), START)
    assert (only(store).published_at, only(store).updated_at) == (first, later)


def test_a_programs_zero_is_no_date_of_publication(store: Store) -> None:
    updated = START - timedelta(days=2)
    zero = "<published>0001-01-01T00:00:00Z</published>"
    absorb(store, atom(updated, START, dates=zero), START)
    assert only(store).published_at == updated


LINKED = """<item><title>With a link</title><link>https://one.example/1</link>
<guid isPermaLink="false">one</guid><pubDate>04/05/2026</pubDate>
<description>a</description></item>"""
NAKED = """<item><title>Without</title><pubDate>04/06/2026</pubDate>
<description>a text of its own, long enough to know it by</description></item>"""
CERTAIN = (
    "<item><title>C</title><link>https://one.example/2</link><pubDate>04/22/2026</pubDate></item>"
)


def shown(store: Store) -> list[tuple[str, int, datetime, datetime]]:
    stories = store.select(feed()).stories
    return [(one.id, one.order_key, one.published_at, one.updated_at) for one in stories]


@pytest.mark.parametrize(("after", "taken_over"), [(HOUR, True), (timedelta(days=2), False)])
def test_a_date_that_can_be_read_later_moves_nothing_that_was_shown(
    store: Store, after: timedelta, *, taken_over: bool
) -> None:
    """A document's other dates, or a later version of this program, tell what one means.

    It is taken over like a date that its publisher corrects: within a day.
    """
    unread = normalise(read(rss(LINKED, NAKED), source().url, seen_at=START))
    assert [entry.published_at for entry in unread.entries] == [None, None]
    absorb(store, unread, START)
    before = shown(store)
    later = START + after
    told = normalise(read(rss(LINKED, NAKED, CERTAIN), source().url, seen_at=later))
    assert all(entry.published_at for entry in told.entries)
    tally = absorb(store, told, later).tally
    assert (tally.new, tally.updated) == (1, 0)
    now = shown(store)[1:]
    assert [(one, place, updated) for one, place, _, updated in now] == [
        (one, place, updated) for one, place, _, updated in before
    ]
    assert (now != before) == taken_over
