"""Batches: what is due goes out together by its sites, once, whichever processes ask."""

from __future__ import annotations

from datetime import timedelta
from itertools import chain, count
from typing import TYPE_CHECKING

import pytest

from aggregator.model import (
    Attempt,
    Decision,
    Failed,
    HttpHints,
    News,
    NotModified,
    Plan,
    Problem,
    ProblemKind,
)
from aggregator.model.batches import Backlog, Batch
from aggregator.schedule.leases import LEASE
from tests.engines import LEASING
from tests.making import HOUR, START, feed, source

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from aggregator.model import PollState
    from aggregator.store import Store
    from tests.engines import Database

SECOND = timedelta(seconds=1)


@pytest.fixture(scope="module", params=sorted(LEASING))
def new_database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[], Database]:
    """Make an empty database, of each engine and of a fleet."""
    return lambda: LEASING[request.param](tmp_path_factory.mktemp(request.param))


def site(name: str, number: int) -> str:
    return f"https://{name}.example/{number}"


def stocked(store: Store, **sizes: int) -> Store:
    """Configure so many sources of each site, in the order in which they are named."""
    store.apply(
        tuple(
            source(f"{name} {number}", url=site(name, number))
            for name, size in sizes.items()
            for number in range(size)
        ),
        (feed(),),
        now=START,
    )
    return store


def hand_out(
    store: Store, now: datetime, *, batches: int = 9, each: int = 9, name: str = "b"
) -> list[Batch]:
    ids = count(1)
    return store.hand_out(
        now, most_batches=batches, most_each=each, batch_id=lambda: f"{name}{next(ids)}"
    )


def taken(store: Store, batch: Batch, now: datetime) -> list[PollState]:
    return store.take_over(batch.claimed_by, batch.source_ids, now)


def sizes(batches: list[Batch]) -> dict[str, int]:
    return {batch.queue: len(batch.source_ids) for batch in batches}


def end(store: Store, state: PollState, now: datetime, *, after: timedelta = HOUR) -> None:
    """Commit a poll of a state; the next one is due a while later."""

    def decide(_: News) -> Decision:
        return Decision(Plan(now + after, "test"))

    url = state.mirrors[0].url
    store.absorb(state, (Attempt(url, NotModified(url)),), None, decide, now=now)


def test_what_is_due_goes_out_by_its_sites(store: Store) -> None:
    stocked(store, a=3, b=1, c=2)
    batches = hand_out(store, START)
    assert [batch.queue for batch in batches] == ["a.example", "b.example", "c.example"]
    assert [batch.claimed_by for batch in batches] == ["b1", "b2", "b3"]
    states = store.states()
    handed = list(chain.from_iterable(batch.source_ids for batch in batches))
    assert handed == [state.source_id for state in states]
    assert hand_out(store, START) == [], "all is out"


def test_no_more_goes_out_than_is_asked_for(store: Store) -> None:
    stocked(store, a=5, b=5, c=1)
    assert sizes(hand_out(store, START, batches=2, each=3)) == {"a.example": 3, "b.example": 3}


def test_of_a_site_one_batch_is_out_at_a_time(store: Store) -> None:
    stocked(store, a=4)
    (first,) = hand_out(store, START, each=2)
    assert hand_out(store, START) == []
    one, two = taken(store, first, START)
    end(store, one, START)
    assert hand_out(store, START) == [], "the other one of the batch is still out"
    end(store, two, START)
    (second,) = hand_out(store, START)
    assert not set(first.source_ids) & set(second.source_ids)


def test_what_somebody_has_by_hand_keeps_its_site_to_itself(store: Store) -> None:
    stocked(store, a=2, b=1)
    one, *_ = store.states()
    assert store.claim(one.source_id, START, claimer="somebody") is not None
    assert sizes(hand_out(store, START)) == {"b.example": 1}


def test_what_is_longest_overdue_goes_first_and_is_told(store: Store) -> None:
    stocked(store, a=1, b=2)
    for state in store.states():
        end(store, state, START, after=HOUR if state.source.name == "a 0" else HOUR / 2)
    (first,) = hand_out(store, START + 2 * HOUR, batches=1)
    assert (first.queue, len(first.source_ids)) == ("b.example", 2)
    assert (first.has_new, first.shortest_wait) == (False, HOUR / 2)
    assert first.due_since_at == START + HOUR / 2


def test_what_was_never_polled_is_told(store: Store) -> None:
    stocked(store, a=2)
    end(store, store.states()[0], START, after=SECOND)
    (batch,) = hand_out(store, START + SECOND)
    assert (batch.has_new, batch.shortest_wait, batch.due_since_at) == (True, SECOND, START)


def test_hosts_that_asked_to_wait_are_left_alone(store: Store) -> None:
    stocked(store, a=2, b=1)
    one = store.states()[0]
    problem = Problem(ProblemKind.HTTP_STATUS, "429")
    hints = HttpHints(retry_after=HOUR)
    attempt = Attempt(one.mirrors[0].url, Failed(problem, status=429, hints=hints))
    decision = Decision(Plan(START, "test"))
    store.absorb(one, (attempt,), None, lambda _: decision, now=START)
    assert sizes(hand_out(store, START)) == {"b.example": 1}
    assert store.backlog(START).due == 0


def test_a_batch_is_taken_over_while_its_leases_last(store: Store) -> None:
    stocked(store, a=3)
    (batch,) = hand_out(store, START)
    end(store, taken(store, batch, START)[1], START)
    later = START + LEASE - SECOND
    states = taken(store, batch, later)
    assert [state.source_id for state in states] == [batch.source_ids[0], batch.source_ids[2]]
    assert {state.lease.claimed_until_at for state in states if state.lease} == {later + LEASE}
    assert store.take_over("another", batch.source_ids, later) == []


def test_what_a_killed_process_had_goes_out_again_and_is_not_its_any_more(store: Store) -> None:
    stocked(store, a=2)
    (lost,) = hand_out(store, START, name="lost")
    assert hand_out(store, START + LEASE - SECOND) == []
    (again,) = hand_out(store, START + LEASE, name="again")
    assert again.source_ids == lost.source_ids
    assert taken(store, lost, START + LEASE) == [], "it was rescued too late"
    assert len(taken(store, again, START + LEASE)) == 2


def test_a_batch_that_was_not_passed_on_can_be_given_back(store: Store) -> None:
    stocked(store, a=2)
    (batch,) = hand_out(store, START)
    states = taken(store, batch, START)
    store.release(tuple(state.lease for state in states if state.lease))
    assert sizes(hand_out(store, START)) == {"a.example": 2}


def test_the_backlog_is_what_nobody_has(store: Store) -> None:
    assert store.backlog(START) == Backlog(0, None)
    stocked(store, a=2, b=1)
    assert store.backlog(START + HOUR) == Backlog(3, START)
    assert store.backlog(START - SECOND).due == 0
    hand_out(store, START, batches=1)
    assert store.backlog(START + SECOND).due == 1
