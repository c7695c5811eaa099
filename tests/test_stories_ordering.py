"""In which order new entries come, which keys they get, and which are kept from the feeds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model.instants import micros
from aggregator.stories.floods import FLOOD, held_back
from aggregator.stories.ordering import in_order, order_keys
from tests.making import DAY, HOUR, START, entry

if TYPE_CHECKING:
    from datetime import datetime

    from aggregator.model import Entry

NOW = micros(START)

OLD, NEW, FUTURE = START - DAY, START - HOUR, START + DAY


@pytest.mark.parametrize(
    ("first", "dates", "order"),
    [
        # A document lists the newest entry first.
        (False, (None, None, None), "cba"),
        (False, (NEW, NEW, OLD), "cba"),
        (False, (OLD, NEW, FUTURE), "abc"),
        (False, (OLD, None, FUTURE), "cba"),
        (True, (OLD, NEW, OLD), "cab"),
        # In a first document what has no date arrives now, and so does what is of the future.
        (True, (None, OLD, NEW), "bca"),
        (True, (FUTURE, None, NEW), "cba"),
        (True, (None, FUTURE, NEW), "cba"),
    ],
)
def test_new_entries_come_in_the_order_in_which_they_appeared(
    first: bool, dates: tuple[datetime | None, ...], order: str
) -> None:
    fresh = [entry(name, published_at=at) for name, at in zip("abc", dates, strict=True)]
    ordered = in_order(fresh, first=first, now=START)
    assert "".join(one.title[-1] for one in ordered) == order


@pytest.mark.parametrize(
    ("first", "largest", "dates", "taken", "keys"),
    [
        (True, 0, (OLD, NEW), set(), (micros(OLD), micros(NEW))),
        (True, 0, (OLD, OLD), set(), (micros(OLD), micros(OLD) + 1)),
        (True, 0, (OLD, OLD), {micros(OLD)}, (micros(OLD) + 1, micros(OLD) + 2)),
        (True, 0, (OLD, OLD), {micros(OLD) + 1}, (micros(OLD), micros(OLD) + 2)),
        (True, NOW + 7, (OLD, None), set(), (micros(OLD), NOW + 8)),
        (True, 0, (FUTURE, FUTURE), set(), (NOW, NOW + 1)),
        (False, 0, (OLD, NEW), set(), (NOW, NOW + 1)),
        (False, NOW + 7, (OLD, None), set(), (NOW + 8, NOW + 9)),
    ],
)
def test_order_keys(
    first: bool,
    largest: int,
    dates: tuple[datetime | None, ...],
    taken: set[int],
    keys: tuple[int, ...],
) -> None:
    ordered = [entry(number, published_at=at) for number, at in enumerate(dates)]
    given = order_keys(ordered, first=first, now=START, largest=largest, taken=taken)
    assert given == keys


moments = st.integers(-50, 50).map(lambda us: START + us * (DAY / 86_400_000_000))


@given(
    first=st.booleans(),
    dates=st.lists(st.none() | moments, max_size=20),
    stored=st.sets(st.integers(NOW - 60, NOW + 60), max_size=40),
    now=moments,
)
def test_keys_grow_and_clash_with_none_whatever_the_clock_says(
    first: bool, dates: list[datetime | None], stored: set[int], now: datetime
) -> None:
    largest = max(stored, default=0)
    fresh = [entry(number, published_at=at) for number, at in enumerate(dates)]
    ordered = in_order(fresh, first=first, now=now)
    keys = order_keys(ordered, first=first, now=now, largest=largest, taken=stored)
    assert list(keys) == sorted(set(keys))
    assert stored.isdisjoint(keys)
    if not first:
        assert all(key > largest for key in keys)


@given(dates=st.lists(moments, max_size=20), stored=st.sets(st.integers(NOW - 60, NOW + 60)))
def test_asking_until_no_key_clashes_gives_what_all_stored_keys_give(
    dates: list[datetime], stored: set[int]
) -> None:
    fresh = [entry(number, published_at=at) for number, at in enumerate(dates)]
    ordered = in_order(fresh, first=True, now=START)

    def keys(taken: set[int]) -> tuple[int, ...]:
        return order_keys(
            ordered, first=True, now=START, largest=max(stored, default=0), taken=taken
        )

    taken: set[int] = set()
    while clashes := stored.intersection(keys(taken)):
        assert clashes.isdisjoint(taken)
        taken |= clashes
    assert keys(taken) == keys(stored)


def of_archive(ordered: list[Entry], backfill: int) -> frozenset[int]:
    """Return what is held back of a large document of which much is known."""
    return held_back(
        ordered,
        listed=1000,
        backfill=backfill,
        now=START,
        newest_at=START - 90 * DAY,
        is_move=False,
        returning=(),
    )


@pytest.mark.parametrize(
    ("old", "recent", "backfill", "kept_back"),
    [
        (FLOOD, 5, 0, 0),
        (FLOOD + 1, 0, 0, FLOOD + 1),
        (FLOOD + 1, 0, 3, FLOOD - 2),
        (FLOOD + 1, 2, 3, FLOOD),
        (FLOOD + 1, 9, 3, FLOOD + 1),
        (FLOOD + 1, 0, 100, 0),
    ],
)
def test_of_a_flood_of_old_entries_the_newest_are_shown(
    old: int, recent: int, backfill: int, kept_back: int
) -> None:
    dates = [START - (60 - number) * DAY for number in range(old)] + [START - HOUR] * recent
    ordered = [entry(number, published_at=at) for number, at in enumerate(dates)]
    assert of_archive(ordered, backfill) == frozenset(range(kept_back))


def test_undated_entries_are_no_flood() -> None:
    assert of_archive([entry(number) for number in range(99)], 0) == frozenset()
