"""What waits for receivers, in the database: from the moment of the event to the delivery."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from aggregator.model.notices import Receiver, Waiting
from aggregator.operations.deliveries import EVENTS, MOST_WAITING
from tests.making import DAY, HOUR, START, document, entry, fail, fetched, finish

if TYPE_CHECKING:
    from datetime import datetime

    from aggregator.store import Store

MINUTE = timedelta(minutes=1)
PHONE = Receiver("phone", "https://ntfy.example/x", events=EVENTS)
TEAM = Receiver("team", "https://chat.example/x", events=("recovered",))

pytestmark = pytest.mark.usefixtures("one_source")


def waiting(store: Store, receiver: Receiver) -> list[str]:
    return [one.title for _, one in store.waiting(receiver.name, most=50).notices]


def break_one(store: Store, start: datetime = START) -> datetime:
    finish(store, fetched(), start, refined=document(entry(1)))
    return fail(store, start + HOUR, 25) + MINUTE


def test_an_event_waits_for_those_who_want_it_from_its_moment_on(store: Store) -> None:
    now = break_one(store)
    assert store.watch(now, DAY, (PHONE, TEAM)) == ("one is broken",)
    assert waiting(store, PHONE) == ["one is broken"]
    assert waiting(store, TEAM) == []
    finish(store, fetched(), now + HOUR, refined=document(entry(1)))
    store.watch(now + HOUR, DAY, (PHONE, TEAM))
    assert waiting(store, PHONE) == ["one is broken", "one works again"]
    assert waiting(store, TEAM) == ["one works again"]
    assert store.waiting("phone", most=1).queued_at == now


def test_nobody_hears_of_what_was_told_before_they_were_there(store: Store) -> None:
    now = break_one(store)
    store.watch(now, DAY)
    store.watch(now + MINUTE, DAY, (PHONE,))
    assert store.waiting("phone", most=50) == Waiting()


def test_what_is_taken_leaves_and_a_failure_is_remembered(store: Store) -> None:
    now = break_one(store)
    store.watch(now, DAY, (PHONE,))
    store.put_off("phone", tries=2, next_at=now + HOUR)
    found = store.waiting("phone", most=50)
    assert (found.tries, found.next_at) == (2, now + HOUR)
    store.put_off("phone", tries=3, next_at=now + 2 * HOUR)
    assert store.waiting("phone", most=50).tries == 3
    ((number, _),) = found.notices
    finish(store, fetched(), now + HOUR, refined=document(entry(1)))
    store.watch(now + HOUR, DAY, (PHONE,))
    store.taken("phone", up_to=number)
    assert waiting(store, PHONE) == ["one works again"]
    assert store.waiting("phone", most=50).tries == 0


def test_what_waits_for_who_is_gone_is_forgotten(store: Store) -> None:
    now = break_one(store)
    store.watch(now, DAY, (PHONE, Receiver("old", events=EVENTS)))
    store.put_off("old", tries=1, next_at=now + HOUR)
    store.keep_receivers(("phone",))
    assert waiting(store, PHONE) == ["one is broken"]
    assert store.waiting("old", most=50) == Waiting()


def test_so_many_wait_and_no_more(store: Store) -> None:
    now = break_one(store)
    for day in range(MOST_WAITING + 10):
        at = now + day * 2 * DAY
        store.watch(at, DAY, (PHONE,))
        if day % 2:
            fail(store, at + HOUR, 25)
        else:
            finish(store, fetched(), at + HOUR, refined=document(entry(1)))
    assert len(store.waiting("phone", most=MOST_WAITING * 2).notices) <= MOST_WAITING
