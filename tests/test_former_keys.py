"""Entries that were stored with emptied addresses are known again, and are nobody else's."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from aggregator.model import Document, DocumentHead, Entry, RawEntry
from aggregator.refine import normalise
from aggregator.stories.former_keys import known_formerly, stays_away_formerly
from aggregator.stories.matching import NEW, match
from aggregator.stories.signs import Known
from aggregator.web.former_redaction import emptied, has_emptied, mended
from tests.making import HOUR, START

URL = "https://e.example/view.php?code={}"
TEXT = "What is told in so many words that nobody else tells the same in the same words. " * 3


def read(*numbers: int, url: str = URL, text: str = TEXT) -> tuple[Entry, ...]:
    """Return the entries of a document in which only the values of `code` tell links apart."""
    raw = tuple(
        RawEntry(
            raw_guid=url.format(number),
            raw_link=url.format(number),
            raw_title=f"Article {number}",
            raw_content=f"<p>{text} {number}</p>",
            published_at=START - number * HOUR,
        )
        for number in numbers
    )
    head = DocumentHead("rss20", "utf-8")
    return normalise(Document(head, raw, "https://e.example/feed", START)).entries


def kept(title: str, published_at: datetime | None, *keys: str) -> Known:
    return Known(7, title, published_at, frozenset(keys))


GUID, LINK = "guid:https://e.example/view.php?code=", "url:https://e.example/view.php?code="


@pytest.mark.parametrize(
    ("known", "because"),
    [
        (kept("Article 1", None, GUID, LINK), "same guid as it was stored, and title"),
        (kept("Another", START - HOUR, GUID, LINK), "same guid as it was stored, and date"),
        (kept("Article 1", None, LINK), "same url as it was stored, and title"),
        (kept("Another", START, GUID, LINK), None),
        (kept("Another", None, GUID, LINK), None),
        # It has been recognised since: what else looks like it emptied is another.
        (kept("Article 1", None, GUID, LINK, f"{GUID}9", f"{LINK}9"), None),
        (kept("Article 1", None, "guid:https://e.example/other.php?code="), None),
    ],
)
def test_an_emptied_address_with_title_or_date_is_the_entry(
    known: Known, because: str | None
) -> None:
    (entry,) = read(1)
    owners = dict.fromkeys(known.keys, known.entry_id)
    (found,) = known_formerly((entry,), [NEW], owners, {7: known})
    assert (found.entry_id, found.because) == ((7, because) if because else (None, NEW.because))


def test_no_stored_entry_is_two_and_what_is_known_otherwise_stays_that() -> None:
    entries = read(1, 2)
    alike = tuple(replace(entry, title="Same") for entry in entries)
    known = kept("Same", None, GUID, LINK)
    owners = dict.fromkeys(known.keys, 7)
    first, second = known_formerly(alike, [NEW, NEW], owners, {7: known})
    assert (first.entry_id, second.entry_id) == (7, None)
    strong = match(alike, {alike[1].keys[0]: 7}, {7: known})
    matches = known_formerly(alike, strong, {**owners, alike[1].keys[0]: 7}, {7: known})
    assert [one.entry_id for one in matches] == [None, 7]


def test_an_entry_of_ordinary_addresses_has_no_former_keys() -> None:
    (entry,) = read(1, url="https://e.example/view.php?id={}&keyword=linux")
    assert entry.former_keys == ()
    (told,) = read(1)
    assert told.former_keys[:3] == (GUID, LINK, "path:/view.php?code=")


def test_addresses_that_differed_in_nothing_else_were_known_with_their_texts() -> None:
    # Two of one document had the same guid and link: they were known by all together.
    first, second = read(1, 2)
    assert set(first.former_keys) & set(second.former_keys) == {
        GUID,
        LINK,
        "path:/view.php?code=",
    }
    (alone,) = read(1)
    together = [key for key in first.former_keys if key.startswith("text:")]
    assert together == [key for key in alone.former_keys if key.startswith("text:")]


@pytest.mark.parametrize("keeps", [True, False])
def test_a_pruned_entry_stays_away_by_its_emptied_address_and_its_text(*, keeps: bool) -> None:
    (entry,) = read(1)
    text = next(key for key in entry.keys if key.startswith("text:"))
    tombstones = {GUID, LINK, text} if keeps else {GUID, LINK}
    assert stays_away_formerly(tombstones, entry) is keeps
    (plain,) = read(1, url="https://e.example/a/{}")
    assert not stays_away_formerly(tombstones, plain)


def test_what_was_known_by_address_and_text_together_stays_away() -> None:
    (entry,) = read(1)
    together = next(key for key in entry.former_keys if key.startswith("text:"))
    assert stays_away_formerly({together}, entry)


# --- addresses ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "stored"),
    [
        ("https://e.example/?a=1&code=5&b=2", "https://e.example/?a=1&code=&b=2"),
        ("https://u:p@e.example/x", "https://e.example/x"),
        ("//e.example/?Token=5#x", "//e.example/?Token=#x"),
        ("https://e.example/?%6Bey=5", "https://e.example/?%6Bey="),
        ("https://e.example/?u=%2F%2Fx%3Fkey%3D5%26b", "https://e.example/?u=%2F%2Fx%3Fkey%3D%26b"),
        ("https://e.example/?feed_token=5&keyword=x", "https://e.example/?feed_token=5&keyword=x"),
    ],
)
def test_an_address_is_emptied_as_it_was(address: str, stored: str) -> None:
    assert emptied(address) == stored
    assert emptied(stored) == stored


def test_addresses_are_mended_in_their_order_and_nothing_else_is() -> None:
    whole = '<a href="https://e.example/?code=1">x</a> <img src="//e.example/?code=2&amp;b"> other'
    stored = '<a href="https://e.example/?code=">y</a> <img src="//e.example/?code=&amp;b"> text'
    assert mended(stored, whole) == (
        '<a href="https://e.example/?code=1">y</a> <img src="//e.example/?code=2&amp;b"> text'
    )
    two = "https://e.example/?key=1 https://e.example/?key=2"
    assert mended("https://e.example/?key= https://e.example/?key=", two) == two
    assert mended("https://o.example/?key=", two) == "https://o.example/?key="
    assert not has_emptied(two)
    assert mended("nothing // there", two) == "nothing // there"
