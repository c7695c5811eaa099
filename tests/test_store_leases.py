"""Claims: a source is one process's at a time, and no crash keeps it from others for long."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from itertools import chain
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.model import Attempt, Decision, News, NotModified, Plan, Problem, ProblemKind
from aggregator.schedule.leases import LEASE, RENEW_EVERY
from tests.engines import LEASING
from tests.making import HOUR, START, document, due_at, entry, feed, fetched, source

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from aggregator.model import Lease, PollResult, PollState, Refined
    from aggregator.store import Store
    from tests.engines import Database

SECOND = timedelta(seconds=1)
NAMES = ("one", "two", "three")


@pytest.fixture(scope="module", params=sorted(LEASING))
def new_database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[], Database]:
    """Make an empty database, of each engine and of a fleet."""
    return lambda: LEASING[request.param](tmp_path_factory.mktemp(request.param))


def stocked(store: Store) -> Store:
    store.apply(tuple(map(source, NAMES)), (feed(),), now=START)
    return store


def claim(store: Store, now: datetime, *, claimer: str = "a", limit: int = 9) -> list[PollState]:
    return store.claim_due(now, limit=limit, busy=frozenset(), claimer=claimer)


def named(states: list[PollState]) -> list[str]:
    return [state.source.name for state in states]


def lease(state: PollState) -> Lease:
    assert state.lease is not None
    return state.lease


def end(
    store: Store,
    state: PollState,
    now: datetime,
    refined: Refined | None = None,
    *,
    after: timedelta = HOUR,
) -> PollResult:
    """Commit a poll of a state that was claimed; the next is due a while later."""

    def decide(_: News) -> Decision:
        return Decision(Plan(now + after, "test"))

    url = state.mirrors[0].url
    outcome = NotModified(url) if refined is None else fetched()
    return store.absorb(state, (Attempt(url, outcome),), refined, decide, now=now)


def test_no_source_is_handed_out_twice(store: Store) -> None:
    stocked(store)
    first = claim(store, START, limit=2)
    second = claim(store, START, claimer="b")
    assert named(first) == ["one", "two"]
    assert named(second) == ["three"]
    assert claim(store, START + LEASE - SECOND) == [], "not even to the one that has it"
    assert {lease(one).claimed_by for one in (*first, *second)} == {"a", "b"}
    assert {lease(one).claimed_until_at for one in first} == {START + LEASE}


def test_of_a_host_one_source_is_handed_out_at_a_time(store: Store) -> None:
    both = tuple(source(name, url=f"https://host.example/{name}") for name in NAMES)
    store.apply(both, (feed(),), now=START)
    (first,) = claim(store, START)
    assert claim(store, START, claimer="b") == []
    store.release((lease(first),))
    assert len(claim(store, START, claimer="b")) == 1


def test_what_is_claimed_by_name_is_nobody_elses(store: Store) -> None:
    stocked(store)
    (state,) = store.states(("one",))
    assert state.lease is None, "it was only looked at"
    claimed = store.claim(state.source_id, START, claimer="a")
    assert claimed is not None
    assert store.claim(state.source_id, START, claimer="b") is None
    assert named(claim(store, START, claimer="b")) == ["two", "three"]
    end(store, claimed, START)
    again = store.claim(state.source_id, START, claimer="b")
    assert again is not None, "it is not due: a claim by name asks nothing of the schedule"
    assert again.last_poll_at == START


def test_a_commit_ends_the_lease_and_so_does_putting_off(store: Store) -> None:
    stocked(store)
    one, two, three = claim(store, START)
    end(store, one, START, after=2 * SECOND)
    assert claim(store, START, claimer="b") == []
    store.postpone(two, START + SECOND, Problem(ProblemKind.CONNECT, "no route"))
    assert named(claim(store, START + SECOND, claimer="b")) == ["two"]
    store.release((lease(three),))
    assert named(claim(store, START + 2 * SECOND, claimer="b")) == ["three", "one"]


def test_a_crashed_claimers_sources_are_handed_out_again(database: Database, store: Store) -> None:
    stocked(store)
    assert len(claim(store, START)) == 3
    again = database.open()
    assert named(claim(again, START + LEASE, claimer="b")) == list(NAMES)


def test_a_lease_that_is_renewed_lasts(store: Store) -> None:
    stocked(store)
    leases, now = tuple(map(lease, claim(store, START))), START
    while now < START + 3 * LEASE:
        now += RENEW_EVERY
        leases = store.renew(leases, now)
        assert len(leases) == 3
        assert claim(store, now + LEASE - SECOND, claimer="b") == []
    assert len(claim(store, now + LEASE, claimer="b")) == 3
    assert store.renew(leases, now + LEASE) == (), "they are another's"


def test_a_lease_that_ran_out_is_renewed_while_nobody_wants_the_source(store: Store) -> None:
    stocked(store)
    leases = tuple(map(lease, claim(store, START)))
    assert len(store.renew(leases, START + HOUR)) == 3
    assert claim(store, START + HOUR, claimer="b") == []
    store.release(leases)
    assert store.renew(leases, START + HOUR) == (), "they have ended"


def test_a_poll_that_lost_its_lease_is_committed_once_and_takes_nothing_away(store: Store) -> None:
    store.apply((source(),), (feed(),), now=START)
    (slow,) = claim(store, START)
    (quick,) = claim(store, START + LEASE, claimer="b")
    refined = document(entry(1), entry(2))
    assert end(store, slow, START + LEASE, refined).tally.new == 2
    version = store.feed_version("all")
    assert store.renew((lease(slow),), START + LEASE) == ()
    assert len(store.renew((lease(quick),), START + LEASE)) == 1, "it is b's as before"
    assert end(store, quick, START + LEASE, refined).tally.new == 0
    assert store.feed_version("all") == version
    assert store.status()[0].entries == 2


def test_a_clock_that_is_set_back_makes_no_lease_last_longer(store: Store) -> None:
    stocked(store)
    one, *_ = claim(store, START + HOUR)
    end(store, one, START + HOUR)
    assert claim(store, START, claimer="b") == [], "it was set back by an hour"
    assert named(claim(store, START + LEASE, claimer="b")) == ["two", "three"]


def test_busy_hosts_are_left_alone(store: Store) -> None:
    stocked(store)
    assert named(due_at(store, START, busy=frozenset({source("two").queue}))) == ["one", "three"]


def test_claimers_that_ask_at_the_same_time_share_what_is_due(store: Store) -> None:
    names = [f"s{number}" for number in range(60)]
    store.apply(tuple(map(source, names)), (feed(),), now=START)
    begin = threading.Barrier(6)

    def work(claimer: str) -> list[str]:
        begin.wait(30)
        mine: list[str] = []
        while claimed := claim(store, START, claimer=claimer, limit=3):
            mine += named(claimed)
            end(store, claimed[0], START)
        return mine

    with ThreadPoolExecutor(6) as threads:
        shares = list(threads.map(work, "abcdef"))
    assert sorted(chain.from_iterable(shares)) == sorted(names)


STEPS = st.tuples(
    st.sampled_from(["claim", "commit", "release", "renew", "crash"]),
    st.sampled_from("ab"),
    st.integers(0, int(LEASE.total_seconds()) // 2),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(STEPS, max_size=30))
def test_two_claimers_never_have_the_same_source(
    new_database: Callable[[], Database], steps: list[tuple[str, str, int]]
) -> None:
    with closing(new_database()) as database:
        store, now = stocked(database.open()), START
        had: dict[str, dict[str, PollState]] = {"a": {}, "b": {}}
        until: dict[str, datetime] = {}
        for step, claimer, seconds in steps:
            now += timedelta(seconds=seconds)
            mine = had[claimer]
            match step:
                case "claim":
                    for state in claim(store, now, claimer=claimer, limit=2):
                        name = state.source.name
                        assert until.get(name, now) <= now, "another has it"
                        for everybody in had.values():
                            everybody.pop(name, None)
                        mine[name], until[name] = state, lease(state).claimed_until_at
                case "renew":
                    renewed = store.renew(tuple(map(lease, mine.values())), now)
                    assert len(renewed) == len(mine)
                    until |= dict.fromkeys(mine, now + LEASE)
                case "commit" if mine:
                    name, state = mine.popitem()
                    end(store, state, now)
                    del until[name]
                case "release":
                    store.release(tuple(map(lease, mine.values())))
                    for name in mine:
                        del until[name]
                    mine.clear()
                case _:
                    mine.clear()  # its leases run out
        later = now + LEASE + HOUR
        assert sorted(named(claim(store, later, claimer="c"))) == sorted(NAMES)
