"""Which stored source a configured one is, and what another configuration does to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.schedule.source_changes import (
    SourceChange,
    StoredSource,
    change_of,
    course_after,
    match_sources,
)
from aggregator.schedule.source_health import SourceHealth
from tests.making import DAY, HOUR, START, source

X, Y = "https://x.example/feed", "https://y.example/feed"


@pytest.mark.parametrize(
    ("configured", "stored", "matched"),
    [
        ([("a", X)], [], {}),
        ([("a", X)], [(1, "a", X, False)], {"a": 1}),
        ([("a", Y)], [(1, "a", X, False)], {"a": 1}),
        ([("b", X)], [(1, "a", X, False)], {"b": 1}),
        ([("b", Y)], [(1, "a", X, False)], {}),
        # Names before URLs, so that names can be swapped.
        ([("a", Y), ("b", X)], [(1, "a", X, False), (2, "b", Y, False)], {"a": 1, "b": 2}),
        ([("a", Y), ("c", X)], [(1, "a", X, False), (2, "b", Y, False)], {"a": 1}),
        # Today's sources before removed ones.
        ([("a", X)], [(1, "a", X, True), (2, "b", X, False)], {"a": 2}),
        ([("a", X)], [(1, "a", Y, True), (2, "b", X, True)], {"a": 1}),
        ([("a", X)], [(1, "b", X, True)], {"a": 1}),
        # Of removed ones that were called alike the newest.
        ([("a", X)], [(2, "a", X, True), (1, "a", X, True)], {"a": 2}),
        # A stored source is one configured source at most.
        ([("b", X), ("c", X)], [(1, "a", X, False)], {"b": 1}),
    ],
)
def test_which_stored_source_a_configured_one_is(
    configured: list[tuple[str, str]],
    stored: list[tuple[int, str, str, bool]],
    matched: dict[str, int],
) -> None:
    found = match_sources(
        (source(name, url=url) for name, url in configured),
        (StoredSource(*one) for one in stored),
    )
    assert {name: one.source_id for name, one in found.items()} == matched


names, urls = st.sampled_from("abcd"), st.sampled_from((X, Y, X + "/2"))
stored_sources = st.lists(st.tuples(names, urls, st.booleans()), max_size=6).map(
    lambda told: [StoredSource(number, *one) for number, one in enumerate(told)]
)


@given(
    configured=st.lists(st.tuples(names, urls), max_size=5, unique_by=lambda one: one[0]),
    stored=stored_sources,
    data=st.data(),
)
def test_each_stored_source_is_one_at_most_in_whatever_order_they_come(
    configured: list[tuple[str, str]], stored: list[StoredSource], data: st.DataObject
) -> None:
    sources = [source(name, url=url) for name, url in configured]
    matched = match_sources(sources, stored)
    assert len({one.source_id for one in matched.values()}) == len(matched)
    for one in sources:
        found = matched.get(one.name)
        assert found is None or one.name == found.name or one.url == found.url
    assert match_sources(sources, data.draw(st.permutations(stored))) == matched


BEFORE = source("a", url=X)
STORED = StoredSource(1, "a", X, removed=False)
COURSE = SourceHealth(
    next_poll_at=START + 6 * HOUR,
    failures=2,
    failing_since_at=START - DAY,
    first_polled_at=START - 9 * DAY,
    last_poll_at=START,
    last_success_at=START - DAY,
)
SAME = SourceChange(
    is_back=False,
    is_renamed=False,
    has_other_url=False,
    has_other_interval=False,
    is_read_otherwise=False,
    differs=False,
)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, SAME),
        ({"name": "b"}, replace(SAME, is_renamed=True)),
        ({"tags": ("t",)}, replace(SAME, differs=True)),
        ({"encoding": "gbk"}, replace(SAME, differs=True, is_read_otherwise=True)),
        ({"timezone": "Asia/Shanghai"}, replace(SAME, differs=True, is_read_otherwise=True)),
        ({"max_entries": 5}, replace(SAME, differs=True, is_read_otherwise=True)),
        ({"interval": HOUR}, replace(SAME, differs=True, has_other_interval=True)),
        ({"url": Y}, replace(SAME, differs=True, has_other_url=True)),
    ],
)
def test_what_a_configuration_changes(fields: dict[str, object], expected: SourceChange) -> None:
    after = replace(BEFORE, **fields)  # type: ignore[arg-type]  # a test's shorthand
    assert change_of(STORED, BEFORE, after) == expected


def test_a_source_with_another_url_is_asked_at_once_as_if_it_had_never_failed() -> None:
    after, now = replace(BEFORE, url=Y), START + HOUR
    change = change_of(STORED, BEFORE, after)
    assert change.moves_polls
    assert course_after(change, after, COURSE, is_failing=True, now=now) == replace(
        COURSE, failures=0, failing_since_at=None, next_poll_at=now
    )


@given(data=st.data())
def test_a_change_that_moves_no_polls_leaves_the_course_as_it_is(data: st.DataObject) -> None:
    change = data.draw(st.builds(SourceChange))
    course = course_after(change, BEFORE, COURSE, is_failing=False, now=START + HOUR)
    assert change.moves_polls or course == COURSE


@pytest.mark.parametrize(
    ("interval", "last_poll", "is_failing", "due_in"),
    [
        (2 * HOUR, True, False, 2 * HOUR),
        (9 * HOUR, True, False, 6 * HOUR),
        (2 * HOUR, True, True, 6 * HOUR),
        (2 * HOUR, False, False, 6 * HOUR),
        (None, True, False, 6 * HOUR),
    ],
)
def test_a_shorter_interval_counts_from_the_last_poll_unless_the_source_fails(
    interval: timedelta | None, last_poll: bool, is_failing: bool, due_in: timedelta
) -> None:
    health = replace(COURSE, last_poll_at=START if last_poll else None)
    before = source("a", url=X, interval=8 * HOUR)
    after = source("a", url=X, interval=interval)
    change = change_of(STORED, before, after)
    course = course_after(change, after, health, is_failing=is_failing, now=START + HOUR)
    assert course == replace(health, next_poll_at=START + due_in)


def test_a_source_that_is_back_begins_anew_for_readers_only() -> None:
    change = change_of(replace(STORED, removed=True), BEFORE, BEFORE)
    assert change == replace(SAME, is_back=True)
    course = course_after(change, BEFORE, COURSE, is_failing=False, now=START)
    assert course == replace(COURSE, first_polled_at=None)
