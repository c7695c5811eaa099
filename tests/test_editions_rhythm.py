"""For how long a document may be kept."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.publish.max_age import LONGEST, SHORTEST, fresh_for

NOW = 1_795_000_000_000_000
MINUTE = 60_000_000
QUARTER = timedelta(minutes=15)


@pytest.mark.parametrize(
    ("pause_minutes", "expected_minutes"),
    [(2, 5), (10, 5), (12, 6), (31, 15), (60, 30), (120, 60), (1440, 60)],
)
def test_it_is_half_of_the_usual_pause_between_arrivals(
    pause_minutes: int, expected_minutes: int
) -> None:
    keys = [NOW - number * pause_minutes * MINUTE for number in range(20)]
    assert fresh_for(keys, QUARTER) == timedelta(minutes=expected_minutes)


def test_one_night_does_not_make_a_feed_slow() -> None:
    evening = [NOW - number * 20 * MINUTE for number in range(10)]
    morning = [key + 8 * 60 * MINUTE for key in evening]
    assert fresh_for([*evening, *morning], QUARTER) == timedelta(minutes=10)


def test_what_one_poll_brought_arrived_once() -> None:
    polls = [NOW - number * 40 * MINUTE for number in range(8)]
    keys = [key + entry for key in polls for entry in range(30)]
    assert fresh_for(keys, QUARTER) == timedelta(minutes=20)


@pytest.mark.parametrize("keys", [[], [NOW], [NOW, NOW + 1], [NOW, NOW - MINUTE * 600]])
def test_where_too_little_arrived_it_is_half_of_the_polling_interval(keys: list[int]) -> None:
    assert fresh_for(keys, timedelta(minutes=30)) == timedelta(minutes=15)


@given(
    st.lists(st.integers(0, 2**62), max_size=80),
    st.timedeltas(min_value=timedelta(seconds=1), max_value=timedelta(days=365)),
)
def test_it_is_whole_minutes_within_bounds_whatever_the_order(
    keys: list[int], polled_every: timedelta
) -> None:
    found = fresh_for(keys, polled_every)
    assert SHORTEST <= found <= LONGEST
    assert found % timedelta(minutes=1) == timedelta(0)
    assert found == fresh_for(sorted(keys), polled_every)
