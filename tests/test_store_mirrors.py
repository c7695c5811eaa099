"""A source's URLs: validators each, health, moves, and hosts that asked everybody to wait."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from aggregator.model import Failed, HttpHints, NotModified, Problem, ProblemKind
from aggregator.schedule.mirror_choice import FIRST_REST, in_turn
from aggregator.schedule.offline import NetworkWatch, Sign, may_probe, watch
from tests.making import (
    DAY,
    HOUR,
    START,
    document,
    due_at,
    entry,
    failed,
    feed,
    fetched,
    finish,
    said,
    source,
)

if TYPE_CHECKING:
    from aggregator.store import Store

A, B = "https://a.example/feed", "https://b.example/feed"
MOVED = "https://new.example/feed"


def test_each_mirror_keeps_its_own_validators_through_edits(store: Store) -> None:
    store.apply((source(url=A, mirrors=(A, B)),), (feed(),), now=START)
    finish(store, fetched(b'"a"'), START, refined=document(entry(1)), url=A)
    finish(store, fetched(b'"b"', b"other"), START, refined=document(entry(1)), url=B)
    store.apply((source(url=B, mirrors=(B, A)),), (feed(),), now=START)
    (state,) = store.states()
    assert [(one.url, one.validators.etag) for one in state.mirrors] == [(B, b'"b"'), (A, b'"a"')]
    assert store.status()[0].entries == 1


def test_a_304_refreshes_what_it_carries_and_keeps_the_rest(store: Store) -> None:
    store.apply((source(url=A),), (feed(),), now=START)
    finish(store, fetched(b'"1"'), START, refined=document(entry(1)))
    finish(store, NotModified(A, replace(fetched().validators, etag=b'"2"')), START + HOUR)
    assert store.states()[0].mirrors[0].validators.etag == b'"2"'
    finish(store, NotModified(A), START + 2 * HOUR)
    assert store.states()[0].mirrors[0].validators.etag == b'"2"'
    finish(store, fetched(None), START + 3 * HOUR, refined=document(entry(1)))
    assert not store.states()[0].mirrors[0].validators


def test_a_failure_leaves_validators_entries_and_hash_alone(store: Store) -> None:
    store.apply((source(url=A),), (feed(),), now=START)
    finish(store, fetched(), START, refined=document(entry(1)))
    before = store.states()[0].mirrors[0]
    finish(store, failed(), START + HOUR)
    after = store.states()[0]
    assert replace(after.mirrors[0], failures=0, problem=None) == before
    assert (after.failures, after.failing_since_at) == (1, START + HOUR)


def test_a_failing_mirror_rests_and_the_preferred_one_comes_back(store: Store) -> None:
    store.apply((source(url=A, mirrors=(A, B)),), (feed(),), now=START)
    finish(store, failed(), START, url=A)
    (state,) = store.states()
    assert [one.url for one in in_turn(state.mirrors, START)] == [B]
    assert [one.url for one in in_turn(state.mirrors, START + FIRST_REST)] == [A, B]
    finish(store, failed(), START, url=B)
    (state,) = store.states()
    assert len(in_turn(state.mirrors, START)) == 1, "no source is given up"


def test_a_move_is_believed_after_three_polls_over_two_days(store: Store) -> None:
    store.apply((source(url=A),), (feed(),), now=START)
    moved = replace(fetched(), permanent_url=MOVED)
    for hours, effective in ((0, A), (24, A), (47, A), (48, MOVED)):
        finish(store, moved, START + hours * HOUR, refined=document(entry(1)))
        assert store.states()[0].mirrors[0].effective_url == effective
    assert f'set url = "{MOVED}"' in said(store)["moved one"]
    assert store.states()[0].source.url == A, "the configuration is the operator's"
    store.apply((source(url=MOVED),), (feed(),), now=START + 3 * DAY)
    assert "moved one" not in said(store)


def test_a_redirect_that_changes_its_mind_is_not_a_move(store: Store) -> None:
    store.apply((source(url=A),), (feed(),), now=START)
    for day in range(6):
        url = MOVED if day % 2 else None
        answer = replace(fetched(), permanent_url=url)
        finish(store, answer, START + day * DAY, refined=document(entry(1)))
    assert store.states()[0].mirrors[0].effective_url == A


def test_a_moved_url_that_fails_is_forgotten(store: Store) -> None:
    store.apply((source(url=A),), (feed(),), now=START)
    moved = NotModified(MOVED, permanent_url=MOVED)
    for day in range(3):
        finish(store, moved, START + day * DAY)
    assert store.states()[0].mirrors[0].effective_url == MOVED
    for day in range(3, 6):
        finish(store, failed(), START + day * DAY)
    assert store.states()[0].mirrors[0].effective_url == A


def test_a_retry_after_of_429_holds_for_the_whole_host(store: Store) -> None:
    sources = (source("one", url=A), source("two", url=f"{A}/2"), source("else", url=B))
    store.apply(sources, (feed(),), now=START)
    busy = Failed(
        Problem(ProblemKind.HTTP_STATUS, "429"), 429, HttpHints(retry_after=timedelta(hours=2))
    )
    finish(store, busy, START, name="one")

    def due(hours: float) -> set[str]:
        return {one.source.name for one in due_at(store, START + hours * HOUR)}

    assert due(1.5) == {"else"}
    (held,) = store.states(("two",))
    assert held.host_until_at == START + 2 * HOUR
    assert "else" in due(2)
    assert due(2) & {"one", "two"}


def test_another_mirror_is_asked_while_the_first_ones_host_is_closed(store: Store) -> None:
    store.apply((source(url=A, mirrors=(A, B)),), (feed(),), now=START)
    busy = Failed(Problem(ProblemKind.HTTP_STATUS, "503"), 503, HttpHints(retry_after=5 * HOUR))
    finish(store, busy, START, url=A)
    (state,) = due_at(store, START + 2 * HOUR)
    assert [one.url for one in in_turn(state.mirrors, START + 2 * HOUR)] == [B]
    assert state.host_until_at is None


def test_a_setting_that_changes_the_reading_asks_for_the_whole_document(
    store: Store,
) -> None:
    store.apply((source(url=A),), (feed(),), now=START)
    finish(store, fetched(), START, refined=document(entry(1)))
    store.apply((source(url=A, title="Other"),), (feed(),), now=START)
    assert store.states()[0].mirrors[0].validators
    store.apply((source(url=A, title="Other", encoding="gbk"),), (feed(),), now=START)
    mirror = store.states()[0].mirrors[0]
    assert (mirror.body_sha256, bool(mirror.validators)) == (None, False)


# --- our own network ----------------------------------------------------------------------------


def signs(*told: tuple[int, str, bool]) -> tuple[NetworkWatch, list[tuple[int, ...]]]:
    network, blamed = NetworkWatch(), []
    for number, (seconds, host, did_reach) in enumerate(told):
        sign = Sign(START + timedelta(seconds=seconds), host, number, did_reach)
        network, ours = watch(network, sign)
        blamed.append(ours)
    return network, blamed


def test_what_is_remembered_of_a_network_that_is_well_does_not_grow_with_its_polls() -> None:
    network, _ = signs(*((0, f"s{n}", n % 2 == 0) for n in range(1000)), (1, "last", True))
    assert network.signs == ()


def test_three_hosts_that_fail_within_a_minute_are_our_own_network() -> None:
    network, blamed = signs((0, "a", False), (10, "b", False), (20, "c", False))
    assert network.offline_since_at == START
    assert blamed == [(), (), (0, 1, 2)]


@pytest.mark.parametrize(
    "told",
    [
        ((0, "a", False), (10, "a", False), (20, "b", False)),
        ((0, "a", False), (10, "b", True), (20, "c", False), (30, "d", False)),
        ((0, "a", False), (70, "b", False), (80, "c", False)),
    ],
    ids=["two hosts", "one answered", "not within a minute"],
)
def test_less_than_that_is_the_sources_failure(told: tuple[tuple[int, str, bool], ...]) -> None:
    network, blamed = signs(*told)
    assert network.offline_since_at is None
    assert not any(blamed)


def test_offline_counts_nothing_probes_every_minute_and_ends_with_an_answer() -> None:
    down = [(0, "a", False), (1, "b", False), (2, "c", False)]
    network, blamed = signs(*down, (50, "d", False))
    assert blamed[-1] == (3,)
    assert not may_probe(network, START + timedelta(seconds=50))
    assert may_probe(network, START + timedelta(seconds=70))
    network, _ = signs(*down, (300, "d", True))
    assert network.offline_since_at is None


def test_forgiven_failures_count_for_nothing_and_are_shown(store: Store) -> None:
    store.apply((source(url=A),), (feed(),), now=START)
    finish(store, fetched(), START, refined=document(entry(1)))
    finish(store, failed(), START + HOUR)
    store.forgive((store.states()[0].source_id,))
    (state,) = store.states()
    assert (state.failures, state.failing_since_at, state.mirrors[0].failures) == (0, None, 0)
    assert store.status()[0].problem == Problem(ProblemKind.TIMEOUT, "no answer")
    finish(store, NotModified(A), START + 2 * HOUR)
    assert store.status()[0].problem is None


def test_overdue_sources_are_spread_and_new_ones_are_not_kept_waiting(store: Store) -> None:
    names = [f"s{number}" for number in range(900)]
    store.apply(tuple(map(source, names)), (feed(),), now=START)
    for name in names[:-1]:
        finish(store, failed(), START, name=name)
    now = START + DAY
    assert store.spread(now, lambda: 0.5) == len(names) - 1
    moments = {state.source.name: state.next_poll_at for state in store.states()}
    assert moments.pop("s899") == START
    assert all(
        at is not None and now <= at <= now + timedelta(minutes=5) for at in moments.values()
    )
    assert len(set(moments.values())) == len(moments)
