"""What a feed shows, as a decision on values: admission, one entry a story, what a window drops."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import PlacementReason as Reason
from aggregator.stories.windows import (
    FILLING_US,
    Candidate,
    Cut,
    Membership,
    Verdict,
    cut,
    first_of,
    has_left,
    is_filling,
    joins_after,
    leads_of,
    refusal,
    standing,
    verdict,
    weight,
)
from tests.making import feed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aggregator.model import Feed

MEMBER = (Membership(0, None),)
ENTRY = Candidate(
    entry_id=1,
    story_id=1,
    source_id=1,
    order_key=100,
    held_back=False,
    blocked=None,
    excluded=None,
    memberships=MEMBER,
    place=None,
)
EARLIER, TODAY = Membership(0, 50), Membership(80, None)


@pytest.mark.parametrize(
    ("candidate", "refused"),
    [
        (ENTRY, None),
        (replace(ENTRY, memberships=()), Verdict(Reason.NOT_SELECTED)),
        (replace(ENTRY, memberships=(Membership(0, 200),)), Verdict(Reason.NOT_SELECTED)),
        (replace(ENTRY, held_back=True), Verdict(Reason.HELD_BACK)),
        (replace(ENTRY, blocked="b", excluded="x"), Verdict(Reason.BLOCKED, "b")),
        (replace(ENTRY, excluded="x"), Verdict(Reason.EXCLUDED, "x")),
        (replace(ENTRY, memberships=(EARLIER, TODAY)), None),
        (replace(ENTRY, memberships=(EARLIER, TODAY), order_key=50), None),
        (
            replace(ENTRY, memberships=(EARLIER, TODAY), order_key=51),
            Verdict(Reason.NOT_BROUGHT_ALONG),
        ),
        (
            replace(ENTRY, memberships=(EARLIER, TODAY), order_key=80),
            Verdict(Reason.NOT_BROUGHT_ALONG),
        ),
        (replace(ENTRY, memberships=(EARLIER, TODAY), order_key=81), None),
    ],
)
def test_a_feed_admits_what_came_while_its_source_was_selected_and_no_rule_leaves_out(
    candidate: Candidate, refused: Verdict | None
) -> None:
    assert refusal(candidate) == refused


COPY = replace(ENTRY, entry_id=2, order_key=60)


@pytest.mark.parametrize(
    ("copies", "first"),
    [
        ((ENTRY, COPY), 1),
        ((COPY, ENTRY), 1),
        ((ENTRY, replace(COPY, place=(202611, 3))), 2),
        ((replace(ENTRY, place=(202612, 1)), replace(COPY, place=(202611, 3))), 2),
        ((replace(ENTRY, place=(202611, 2)), replace(COPY, place=(202611, 3))), 1),
        ((replace(ENTRY, blocked="b"), COPY), 2),
        ((replace(ENTRY, blocked="b"), replace(COPY, held_back=True)), None),
    ],
)
def test_a_story_is_told_by_what_was_shown_first_else_by_what_came_first(
    copies: tuple[Candidate, ...], first: int | None
) -> None:
    found = first_of(copies)
    assert (None if found is None else found.entry_id) == first


@pytest.mark.parametrize(
    ("floor", "once", "own", "copy"),
    [
        (0, True, Verdict(Reason.IN_WINDOW), Verdict(Reason.COPY_IN_WINDOW)),
        (0, False, Verdict(Reason.IN_WINDOW), Verdict(Reason.IN_WINDOW)),
        (60, True, Verdict(Reason.IN_WINDOW), Verdict(Reason.TOO_OLD)),
        (100, True, Verdict(Reason.TOO_OLD), Verdict(Reason.TOO_OLD)),
    ],
)
def test_each_entry_has_a_reason_to_be_shown_or_not(
    floor: int, once: bool, own: Verdict, copy: Verdict
) -> None:
    copies = (ENTRY, COPY)
    assert verdict(1, copies, floor=floor, once=once) == own
    assert verdict(2, copies, floor=floor, once=once) == copy


@pytest.mark.parametrize(
    ("story", "left"),
    [
        ((ENTRY, COPY), False),
        ((replace(ENTRY, place=(202611, 1)), COPY), False),
        ((ENTRY, replace(COPY, place=(202611, 1))), True),
        # Removed, blocked: the floor is the story's all the same.
        ((ENTRY, replace(COPY, place=(202611, 1), memberships=())), True),
        ((ENTRY, replace(COPY, place=(202611, 1), blocked="b")), True),
        # What tells it in that one's place may stay.
        ((replace(ENTRY, place=(202611, 2)), replace(COPY, place=(202611, 1))), False),
        ((replace(ENTRY, departed=True),), True),
        ((replace(ENTRY, departed=True, place=(202611, 1)),), False),
        # Its source gave way.
        ((replace(ENTRY, place=(202611, 1), memberships=(Membership(0, None, 100),)), COPY), True),
    ],
)
def test_a_story_has_left_with_what_showed_it(story: tuple[Candidate, ...], *, left: bool) -> None:
    assert has_left(story, 80) is left
    if left:
        assert not standing(story, floor=80, once=True)
        assert verdict(1, story, floor=80, once=True) != Verdict(Reason.IN_WINDOW)


OWN = replace(ENTRY, entry_id=3, story_id=3)
FOREIGN = replace(ENTRY, entry_id=1, story_id=1, order_key=90, original_id=3)
LATER = replace(ENTRY, entry_id=5, story_id=5, order_key=120, original_id=3)
FIRST, THEN = (202611, 1), (202611, 2)


@pytest.mark.parametrize(
    ("copies", "leads"),
    [
        ((OWN, FOREIGN, LATER), [3]),
        # What a feed has shown stays beside an original that comes later.
        ((OWN, replace(FOREIGN, place=FIRST), LATER), [3, 1]),
        ((replace(OWN, place=THEN), replace(FOREIGN, place=FIRST)), [3, 1]),
        # A feed showed every copy, and is to show one.
        ((replace(OWN, place=FIRST), replace(LATER, place=THEN)), [3]),
        # It does not select the original's source, or no more.
        ((replace(OWN, memberships=()), FOREIGN, LATER), [1]),
        ((replace(OWN, memberships=()), FOREIGN, replace(LATER, place=FIRST)), [5]),
        ((replace(OWN, memberships=(), place=FIRST), FOREIGN, LATER), []),
        ((replace(OWN, blocked="b", place=FIRST), FOREIGN), []),
        ((replace(OWN, memberships=(), place=THEN), replace(FOREIGN, place=FIRST), LATER), [1]),
        # Two copies that were shown before it was known that they are one article.
        ((OWN, replace(FOREIGN, place=FIRST), replace(LATER, place=THEN)), [3, 1, 5]),
    ],
)
def test_an_article_is_told_by_its_own_source_and_by_what_was_shown_before(
    copies: tuple[Candidate, ...], leads: list[int]
) -> None:
    assert [one.entry_id for one in leads_of(copies)] == leads


@pytest.mark.parametrize(
    ("floor", "own", "foreign"),
    [
        (0, Verdict(Reason.IN_WINDOW), Verdict(Reason.ORIGINAL_IN_WINDOW)),
        (110, Verdict(Reason.TOO_OLD), Verdict(Reason.ORIGINAL_HAS_LEFT)),
        (130, Verdict(Reason.TOO_OLD), Verdict(Reason.TOO_OLD)),
    ],
)
def test_of_a_copy_beside_its_original_it_is_told_where_that_is(
    floor: int, own: Verdict, foreign: Verdict
) -> None:
    assert verdict(3, (OWN, LATER), floor=floor, once=True) == own
    assert verdict(5, (OWN, LATER), floor=floor, once=True) == foreign


def test_what_has_left_names_its_month_and_keeps_later_copies_away() -> None:
    left = replace(ENTRY, order_key=50, place=(202603, 7))
    copies = (left, COPY)
    assert verdict(1, copies, floor=55, once=True) == Verdict(Reason.HAS_LEFT, "2026-03")
    assert verdict(2, copies, floor=55, once=True) == Verdict(Reason.COPY_HAS_LEFT)
    assert standing(copies, floor=55, once=True) == []
    assert standing(copies, floor=55, once=False) == [COPY]


def test_what_gave_way_is_said_to_and_keeps_later_copies_away() -> None:
    gave_way = (Membership(0, None, floor=70),)
    left = replace(ENTRY, order_key=70, memberships=gave_way, place=(202603, 7))
    later = replace(left, entry_id=3, story_id=2, order_key=71)
    unseen = replace(left, entry_id=4, story_id=3, order_key=69, place=None)
    copies = (left, replace(COPY, order_key=80))
    assert standing((*copies, later, unseen), floor=50, once=True) == [later]
    assert verdict(1, copies, floor=50, once=True) == Verdict(Reason.GAVE_WAY, "2026-03")
    assert verdict(2, copies, floor=50, once=True) == Verdict(Reason.COPY_HAS_LEFT)
    assert verdict(1, copies, floor=70, once=True) == Verdict(Reason.HAS_LEFT, "2026-03")
    assert verdict(4, (unseen,), floor=50, once=True) == Verdict(Reason.NO_ROOM)


memberships = st.lists(
    st.builds(Membership, st.integers(0, 30), st.none() | st.integers(0, 30), st.integers(0, 20)),
    max_size=3,
).map(tuple)
entries = st.lists(
    st.builds(
        Candidate,
        entry_id=st.integers(1, 30),
        story_id=st.integers(1, 5),
        source_id=st.just(1),
        order_key=st.integers(1, 30),
        held_back=st.booleans(),
        blocked=st.none() | st.just("b"),
        excluded=st.none() | st.just("x"),
        memberships=memberships | st.just(MEMBER),
        place=st.none() | st.tuples(st.integers(1, 3), st.integers(1, 3)),
    ),
    unique_by=(lambda one: one.entry_id, lambda one: one.order_key),
)
#: Of which story, from 1 to 3, the stories 4 and 5 are copies, if of any.
originals = st.fixed_dictionaries({story: st.none() | st.integers(1, 3) for story in (4, 5)})
candidates = st.builds(
    lambda found, copies: [replace(one, original_id=copies.get(one.story_id)) for one in found],
    entries,
    originals,
)


@given(candidates, st.integers(0, 30), st.booleans())
def test_what_stands_is_what_is_said_to_and_does_not_depend_on_what_is_asked_together(
    found: list[Candidate], floor: int, once: bool
) -> None:
    stood = standing(found, floor=floor, once=once)
    assert [one.order_key for one in stood] == sorted(one.order_key for one in stood)
    assert all(one.order_key > floor and refusal(one) is None for one in stood)
    if once:
        assert len({one.story_id for one in stood}) == len(stood)
    said = [
        one
        for one in found
        if verdict(
            one.entry_id,
            [copy for copy in found if copy.article_id == one.article_id],
            floor=floor,
            once=once,
        ).reason
        is Reason.IN_WINDOW
    ]
    assert sorted(one.entry_id for one in said) == sorted(one.entry_id for one in stood)
    assert standing(reversed(found), floor=floor, once=once) == stood


@given(candidates, st.integers(0, 30), st.integers(0, 30), st.booleans())
def test_a_floor_that_rises_brings_nothing(
    found: list[Candidate], low: int, higher: int, once: bool
) -> None:
    before = standing(found, floor=low, once=once)
    after = standing(found, floor=low + higher, once=once)
    assert after == [one for one in before if one.order_key > low + higher]


def of_equals(of_feed: Feed, keys: list[int], now: int) -> Cut:
    """Return what a window of small entries drops."""
    weighed = [(key, 10) for key in keys]
    return cut(of_feed, weighed, now, count=len(keys), all_bytes=10 * len(keys))


SECOND = 1_000_000


@pytest.mark.parametrize(
    ("keys", "min_entries", "limit", "now", "found"),
    [
        ([], 0, 5, 100, (0, None, None, False)),
        ([90, 95], 0, 5, 100, (0, None, 100, False)),
        ([89, 90, 95], 0, 5, 100, (1, 89, 100, False)),
        ([1, 2, 95], 2, 5, 100, (1, 1, None, False)),
        ([1, 2, 3], 3, 5, 100, (0, None, None, False)),
        ([91, 92, 93, 94], 0, 3, 100, (1, 91, 102, True)),
        ([91, 92, 93], 0, 3, 100, (0, None, 101, True)),
        ([1, 92, 93], 0, 3, 100, (1, 1, 102, False)),
        ([1, 2, 3, 4], 4, 3, 100, (1, 1, None, True)),
        # What the least keeps is older than the window: nothing is cut.
        ([1, 2, 3], 3, 3, 100, (0, None, None, False)),
        ([1, 2, 3, 4], 3, 3, 100, (1, 1, None, False)),
        ([1, 2, 93, 94], 3, 3, 100, (1, 1, None, False)),
    ],
)
def test_a_window_drops_what_is_old_beyond_min_entries_and_what_is_beyond_limit(
    keys: list[int], min_entries: int, limit: int, now: int, found: tuple[object, ...]
) -> None:
    ten_seconds = feed(window=timedelta(seconds=10), min_entries=min_entries, limit=limit)
    cut_ = of_equals(ten_seconds, [key * SECOND for key in keys], now * SECOND)
    floor, drops_at = (at and at // SECOND for at in (cut_.floor, cut_.drops_at))
    assert (cut_.dropped, floor, drops_at, cut_.is_full) == found
    assert cut_.kept_bytes == 10 * (len(keys) - cut_.dropped)


@given(
    st.sets(st.integers(0, 40), max_size=20).map(sorted),
    st.integers(0, 10),
    st.integers(0, 10),
    st.integers(1, 10),
    st.integers(0, 60),
)
def test_a_cut_window_has_nothing_to_drop_until_it_says_so(
    seconds: list[int], length: int, min_entries: int, limit: int, now: int
) -> None:
    keys = [second * SECOND for second in seconds]
    short = feed(window=timedelta(seconds=length), min_entries=min_entries, limit=limit)
    found = of_equals(short, keys, now * SECOND)
    assert (found.floor is None) == (found.dropped == 0)
    left = keys[found.dropped :]
    assert len(left) >= min(min_entries, limit, len(keys))
    assert len(left) <= limit
    again = of_equals(short, left, now * SECOND)
    assert (again.dropped, again.drops_at) == (0, found.drops_at)
    if found.drops_at is not None:
        assert found.drops_at >= now * SECOND
        assert of_equals(short, left, found.drops_at).dropped == 0
        assert of_equals(short, left, found.drops_at + 1).dropped > 0
    else:
        assert of_equals(short, left, (now + 1000) * SECOND).dropped == 0


def test_a_window_reads_one_key_more_than_it_drops() -> None:
    read = []

    def keys() -> Iterator[tuple[int, int]]:
        for key in range(100):
            read.append(key)
            yield key, 10

    short = feed(window=timedelta(microseconds=10), min_entries=0)
    assert cut(short, keys(), 15, count=100, all_bytes=1000).dropped == 5
    assert read == list(range(6))


@pytest.mark.parametrize(
    ("weights", "size", "found"),
    [
        ([10, 10, 10], 30, (0, None, False)),
        ([10, 10, 10], 29, (1, 91, True)),
        ([10, 10, 10], 10, (2, 92, True)),
        ([10, 10, 30], 10, (2, 92, True)),  # the newest stays, whatever it weighs
        ([30, 10, 10], 20, (1, 91, True)),
        ([99], 10, (0, None, False)),
    ],
)
def test_a_document_that_would_be_too_large_loses_its_oldest_entries(
    weights: list[int], size: int, found: tuple[object, ...]
) -> None:
    small = feed(window=timedelta(days=1), min_entries=50, document_size=size)
    keyed = list(enumerate(weights, start=91))
    cut_ = cut(small, keyed, 100, count=len(weights), all_bytes=sum(weights))
    assert (cut_.dropped, cut_.floor, cut_.is_too_large) == found
    left = weights[cut_.dropped :]
    assert cut_.kept_bytes == sum(left)
    assert not cut(small, keyed[-len(left) :], 100, count=len(left), all_bytes=sum(left)).dropped


@given(
    st.sets(st.integers(0, 40), max_size=20).map(sorted),
    st.integers(0, 10),
    st.integers(1, 20),
    st.integers(10, 200),
    st.integers(1, 5),
)
def test_a_window_that_moves_in_slices_comes_to_the_same(
    keys: list[int], min_entries: int, limit: int, size: int, most: int
) -> None:
    short = feed(
        window=timedelta(microseconds=15),
        min_entries=min_entries,
        limit=limit,
        document_size=size,
    )
    at_once = cut(short, [(key, 10) for key in keys], 40, count=len(keys), all_bytes=10 * len(keys))
    left, too_large = keys, False
    while True:
        weighed = [(key, 10) for key in left]
        found = cut(short, weighed, 40, count=len(left), all_bytes=10 * len(left), most=most)
        assert found.dropped <= most
        left, too_large = left[found.dropped :], too_large or found.is_too_large
        if not found.is_unfinished:
            break
        assert (found.dropped, found.drops_at) == (most, 0)
    assert left == keys[at_once.dropped :]
    assert found.drops_at == at_once.drops_at
    assert found.kept_bytes == at_once.kept_bytes
    assert too_large == at_once.is_too_large
    assert too_large or found.is_full == at_once.is_full


@pytest.mark.parametrize(
    ("content", "content_bytes", "weighs"),
    [("full", 900, 900), ("full", 9000, 4096), ("summary", 9000, 2000), ("link", 9000, 0)],
)
def test_an_entry_weighs_what_the_feed_publishes_of_it(
    content: str, content_bytes: int, weighs: int
) -> None:
    of_feed = feed(content=content, entry_size=4096)
    assert weight(of_feed, content_bytes=content_bytes, other_bytes=100) == weighs + 100 + 1024


@pytest.mark.parametrize(
    ("ended", "floor", "backfill_cut", "filling", "after"),
    [
        (0, 30, 20, True, 0),
        (5, 30, 20, True, 5),
        (0, 30, 20, False, 30),
        (0, 10, 20, False, 20),
        (25, 10, 20, False, 25),
    ],
)
def test_a_source_that_joins_brings_all_only_to_a_feed_without_readers(
    ended: int, floor: int, backfill_cut: int, filling: bool, after: int
) -> None:
    found = joins_after(ended=ended, floor=floor, backfill_cut=backfill_cut, is_filling=filling)
    assert found == after


def test_a_feed_has_no_readers_for_an_hour() -> None:
    assert is_filling(created_at=7, now=7 + FILLING_US)
    assert not is_filling(created_at=7, now=8 + FILLING_US)
