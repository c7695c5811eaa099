"""What is left of a pruned entry, and what it keeps out of the feeds."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from aggregator.stories.floods import FLOOD, held_back
from aggregator.stories.moves import Moved
from aggregator.stories.tombstones import (
    Tombstone,
    buried_keys,
    date_mark,
    is_like_pruned,
    keeps_away,
    mark_of,
    sighting,
    title_mark,
)
from tests.making import DAY, START, entry

if TYPE_CHECKING:
    from datetime import datetime

    from aggregator.model import Entry

ONE = entry(1, title="A long walk by the sea", published_at=START + timedelta(minutes=7))


@pytest.mark.parametrize(
    ("buried", "away"),
    [
        ((), False),
        (("guid:a4711",), True),
        (("url:1",), True),
        (("site:1",), True),
        (("path:1",), False),
        (("brief:1",), False),
        (("brief:1", "dated:1"), True),
        (("dated:1",), False),
        # Other dates: another event.
        (("path:1", "brief:1"), False),
        (("path:1", "brief:1", "dated:1"), True),
        (("text:1",), False),
        (("text:1", "dated:1"), True),
        (("guid:2", "path:1"), False),
    ],
)
def test_what_keeps_a_pruned_entry_away(buried: tuple[str, ...], *, away: bool) -> None:
    keys = ("guid:a4711", "url:1", "site:1", "path:1", "text:1", "brief:1", "dated:1")
    one = replace(ONE, keys=keys)
    tombstones = {mark_of(key): Tombstone() for key in buried}
    assert keeps_away(tombstones, one, Moved()) is away
    assert ONE.stated_at is not None
    dated = tombstones | {date_mark(ONE.stated_at): Tombstone()}
    assert keeps_away(dated, one, Moved()) is (away or not {"text:1", "brief:1"}.isdisjoint(buried))


def test_words_that_an_earlier_version_kept_keep_away_whatever_the_date() -> None:
    one = replace(ONE, keys=("text:1", "dated:1"))
    assert keeps_away({mark_of("text:1"): Tombstone(is_vague=True)}, one, Moved())


@pytest.mark.parametrize(
    ("buried", "moved", "away"),
    [
        (("text:1",), Moved(), True),
        (("path:1", "brief:1"), Moved(), True),
        (("brief:1",), Moved(), False),
        (("brief:1",), Moved(links=True), True),
    ],
)
def test_words_without_a_date_keep_away_as_they_name_a_known_entry(
    buried: tuple[str, ...], moved: Moved, *, away: bool
) -> None:
    undated = replace(ONE, keys=("path:1", "text:1", "brief:1"), stated_at=None)
    tombstones = {mark_of(key): Tombstone() for key in buried}
    assert keeps_away(tombstones, undated, moved) is away


@pytest.mark.parametrize(("guid", "away"), [("guid:item-1", False), ("guid:20261234", True)])
def test_a_place_of_a_list_keeps_nothing_away(guid: str, *, away: bool) -> None:
    one = replace(ONE, keys=(guid,))
    tombstones = {mark_of(guid): Tombstone()}
    assert keeps_away(tombstones, one, Moved()) is away
    assert keeps_away(tombstones | {title_mark(one.title): Tombstone()}, one, Moved())


@pytest.mark.parametrize(
    ("title", "at", "like"),
    [
        (ONE.title, ONE.stated_at, True),
        ("A LONG walk – by the sea!", None, True),
        (ONE.title, START + DAY, True),
        ("Other", ONE.stated_at, True),
        ("Other", START + DAY, False),
        # A short title, a date of the whole hour: only together.
        ("Decree", START + DAY, False),
        ("Other", START, False),
        ("Decree", START, True),
        # A series, and what is dated by the day.
        ("Photo of the day", START + DAY, False),
    ],
)
def test_what_is_like_a_pruned_entry(title: str, at: datetime | None, *, like: bool) -> None:
    assert ONE.stated_at is not None
    tombstones = {
        title_mark(ONE.title): Tombstone(),
        date_mark(ONE.stated_at): Tombstone(),
        title_mark("Decree"): Tombstone(),
        date_mark(START): Tombstone(),
        title_mark("Photo of the day"): Tombstone(is_vague=True),
    }
    one = replace(ONE, title=title, stated_at=at)
    assert is_like_pruned(one, tombstones) is like
    assert not is_like_pruned(one, {})


def test_keys_are_known_by_their_marks() -> None:
    assert buried_keys((ONE,), {mark_of(ONE.keys[0]): Tombstone()}) == {ONE.keys[0]}
    assert -(2**63) <= mark_of("guid:1") < 2**63


@pytest.mark.parametrize(
    ("shown", "truncated", "returned", "vanished"),
    [
        ({1, 2}, False, {1}, set()),
        ({2}, False, set(), set()),
        (set(), False, set(), {2}),
        (set(), True, set(), set()),
        ({1, 9}, True, {1}, set()),
    ],
)
def test_when_a_tombstones_time_begins_and_ends(
    shown: set[int], returned: set[int], vanished: set[int], *, truncated: bool
) -> None:
    tombstones = {1: Tombstone(is_absent=True), 2: Tombstone()}
    found = sighting(tombstones, shown, truncated=truncated)
    assert set(found.returned) == returned
    assert set(found.vanished) == vanished


# --- what is kept out of the feeds ----------------------------------------------------------------


def held(
    dates: list[int],
    *,
    listed: int = 0,
    backfill: int = 10,
    newest: int | None = 0,
    is_move: bool = False,
    returning: tuple[int, ...] = (),
) -> list[int]:
    """Return the indexes that are held back of entries with dates so many days from START."""
    ordered: list[Entry] = [
        entry(number, published_at=START + day * DAY) for number, day in enumerate(dates)
    ]
    found = held_back(
        ordered,
        listed=listed or len(dates),
        backfill=backfill,
        now=START + DAY,
        newest_at=None if newest is None else START + newest * DAY,
        is_move=is_move,
        returning=returning,
    )
    return sorted(found)


def test_a_short_document_of_old_unknown_entries_brings_no_more_than_backfill() -> None:
    assert held(list(range(-15, -1))) == [0, 1, 2, 3]
    assert held(list(range(-15, -1)), backfill=0) == list(range(14))
    assert held(list(range(-15, -1)), backfill=50) == []
    assert held([*range(-13, -1), 0, 0], backfill=10) == [0, 1, 2, 3]


def test_old_entries_among_known_ones_are_no_flood() -> None:
    assert held(list(range(-15, -1)), listed=40) == []
    assert held([-900], backfill=0) == []


def test_what_is_hours_older_than_the_newest_is_no_flood() -> None:
    assert held([0] * 15, newest=0, backfill=0) == []


def test_many_old_entries_are_a_flood_whatever_is_known() -> None:
    assert len(held([-30] * (FLOOD + 1), listed=1000, newest=-60)) == FLOOD + 1 - 10
    assert held([-30] * (FLOOD + 1), listed=1000, newest=-60, backfill=50) == []


def test_in_a_move_nothing_old_is_shown_and_all_that_is_new() -> None:
    assert held([-3, -2, 1, 2], newest=0, is_move=True) == [0, 1]
    assert held([-3, -2, 1, 2], newest=0) == []


def test_what_returns_is_held_back_where_it_is_old() -> None:
    assert held([-3, -2, 1], newest=0, returning=(0, 2)) == [0]
    assert held([-30, -2], newest=None, returning=(0, 1)) == [0]
