"""How work is handed out to a fleet: decisions over values."""

from __future__ import annotations

from datetime import timedelta

from aggregator.schedule.handing_out import (
    FAST,
    MOST_ATTEMPTS,
    Urgency,
    is_given_up,
    room,
    urgency,
)


def test_what_was_never_polled_comes_first_then_what_is_fast() -> None:
    assert urgency(has_new=True, shortest_wait=None) is Urgency.NEW
    assert urgency(has_new=True, shortest_wait=timedelta(days=1)) is Urgency.NEW
    assert urgency(has_new=False, shortest_wait=FAST) is Urgency.FAST
    assert urgency(has_new=False, shortest_wait=timedelta(hours=1)) is Urgency.USUAL
    assert max(Urgency) is Urgency.BY_HAND


def test_no_more_is_handed_out_than_workers_soon_have_room_for() -> None:
    assert room(slots=0, waiting=0) == 0
    assert room(slots=4, waiting=0) == 8
    assert room(slots=4, waiting=7) == 1
    assert room(slots=4, waiting=50) == 0


def test_a_batch_that_ends_its_workers_is_left_in_the_end() -> None:
    assert [is_given_up(attempts) for attempts in range(MOST_ATTEMPTS + 1)] == [
        False, False, False, True,
    ]  # fmt: skip
