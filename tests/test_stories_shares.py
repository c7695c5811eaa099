"""What sources give up of a feed that is full, as a decision on values, and its laws."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import Feed, Share
from aggregator.stories.shares import GivenUp, Kept, give_up
from aggregator.stories.windows import cut
from tests.making import feed

if TYPE_CHECKING:
    from collections.abc import Mapping

SECOND = 1_000_000


def window_of(sources: str) -> list[Kept]:
    """Return entries a second apart, each of the source that its letter names, of a byte each."""
    return [Kept(place * SECOND, ord(name), 1) for place, name in enumerate(sources)]


def named(given: Mapping[int, GivenUp]) -> dict[str, tuple[list[int], int]]:
    return {
        chr(source): ([key // SECOND for key in one.order_keys], one.left)
        for source, one in given.items()
    }


@pytest.mark.parametrize(
    ("sources", "limit", "share", "found"),
    [
        ("", 3, Share(1), {}),
        ("aaa", 3, Share(1), {}),
        ("abbbb", 4, Share(1, 2), {"b": ([1], 3)}),
        ("abcdddd", 4, Share(1, 2), {"d": ([3, 4], 2)}),
        # What fits of the rest stays: a share is no bound of its own.
        ("abbbbbb", 6, Share(1, 3), {"b": ([1], 5)}),
        # Several above their share: the largest first, then the one with the oldest entry.
        ("aaaabbbbb", 7, Share(1), {"b": ([4], 4), "a": ([0], 3)}),
        # All within their shares: this is for `limit` alone.
        ("aabbcc", 4, Share(2), {}),
        ("aaabbcc", 4, Share(2), {"a": ([0], 2)}),
        # At least one entry is anybody's share.
        ("aabc", 3, Share(1, 9), {"a": ([0], 1)}),
    ],
)
def test_the_largest_give_up_their_oldest_until_the_rest_fits(
    sources: str, limit: int, share: Share, found: dict[str, tuple[list[int], int]]
) -> None:
    full = feed(limit=limit, min_entries=0, per_source=share)
    assert named(give_up(full, window_of(sources), 0)) == found


def test_what_its_age_drops_makes_room_first() -> None:
    short = feed(window=timedelta(seconds=3), min_entries=0, limit=4, per_source=Share(1, 2))
    kept = window_of("aabbbbb")
    assert named(give_up(short, kept, 3 * SECOND)) == {"b": ([2, 3, 4], 2)}
    assert named(give_up(short, kept, 5 * SECOND)) == {"b": ([2], 4)}
    assert give_up(short, kept, 6 * SECOND) == {}


shares = st.builds(Share, st.integers(1, 8)) | st.builds(Share, st.just(1), st.integers(2, 9))
feeds = st.builds(
    lambda seconds, least, more, share: feed(
        window=timedelta(seconds=seconds), min_entries=least, limit=least + more, per_source=share
    ),
    st.integers(0, 60),
    st.integers(0, 5),
    st.integers(1, 12),
    shares,
)
windows = st.text("aaaaabbcd", max_size=40).map(window_of)


def bytes_of(kept: list[Kept]) -> int:
    return sum(one.weight_bytes for one in kept)


def after(of_feed: Feed, kept: list[Kept], now: int) -> list[Kept]:
    """Return what stays of a window when sources have given way and the rest was cut."""
    given = give_up(of_feed, kept, now)
    left = [
        one
        for one in kept
        if one.source_id not in given or one.order_key > given[one.source_id].floor
    ]
    weighed = [(one.order_key, one.weight_bytes) for one in left]
    found = cut(of_feed, weighed, now, count=len(left), all_bytes=bytes_of(left))
    return left[found.dropped :]


@given(feeds, windows, st.integers(0, 100))
def test_without_per_source_nobody_gives_way(of_feed: Feed, kept: list[Kept], now: int) -> None:
    off = feed(limit=of_feed.limit, min_entries=of_feed.min_entries, window=of_feed.window)
    assert give_up(off, kept, now * SECOND) == {}


@given(feeds, windows, st.integers(0, 100))
def test_nobody_loses_what_others_do_not_need(of_feed: Feed, kept: list[Kept], now: int) -> None:
    off = feed(limit=of_feed.limit, min_entries=of_feed.min_entries, window=of_feed.window)
    fair, plain = after(of_feed, kept, now * SECOND), after(off, kept, now * SECOND)
    # As many stay as without shares: what one gives up, another keeps.
    assert len(fair) == len(plain)


@given(feeds, windows, st.integers(0, 100))
def test_no_source_has_more_than_its_share_while_another_within_its_own_is_cut(
    of_feed: Feed, kept: list[Kept], now: int
) -> None:
    assert of_feed.per_source is not None
    share = of_feed.per_source.entries(of_feed.limit)
    unlimited = feed(limit=1000, min_entries=of_feed.min_entries, window=of_feed.window)
    young = Counter(one.source_id for one in after(unlimited, kept, now * SECOND))
    left = Counter(one.source_id for one in after(of_feed, kept, now * SECOND))
    cut_within = [source for source in young if left[source] < min(young[source], share)]
    if cut_within:
        assert max(left.values(), default=0) <= share
    # Among those above it, whoever lost something has no more than one entry less than any other.
    lost = [left[source] for source in young if share <= left[source] < young[source]]
    assert all(max(left.values()) <= size + 1 for size in lost)


@given(feeds, windows, st.integers(0, 100))
def test_each_gives_up_its_oldest_and_a_window_that_was_cut_gives_up_nothing_more(
    of_feed: Feed, kept: list[Kept], now: int
) -> None:
    for source, one in give_up(of_feed, kept, now * SECOND).items():
        own = [each.order_key for each in kept if each.source_id == source]
        stays = own[len(own) - one.left :]
        assert all(key <= one.floor for key in one.order_keys)
        assert all(key > one.floor for key in stays)
        assert list(one.order_keys) == sorted(one.order_keys)
    assert give_up(of_feed, after(of_feed, kept, now * SECOND), now * SECOND) == {}


@pytest.mark.parametrize(
    ("sources", "size", "found"),
    [
        # A capital letter is ten bytes.
        ("abB", 12, {}),
        ("abBB", 13, {"b": ([1, 2], 1)}),
        ("aBBB", 31, {}),
        ("aBBB", 25, {"b": ([1], 2)}),
        # Its newest entry is anybody's, however large: the rest is for `document_size` alone.
        ("aB", 9, {}),
        ("aBB", 9, {"b": ([1], 1)}),
        # Within its share, a third: nobody gives way.
        ("abcdef", 4, {}),
        ("aaabcdef", 6, {"a": ([0], 2)}),
    ],
)
def test_large_entries_give_way_as_many_do(
    sources: str, size: int, found: dict[str, tuple[list[int], int]]
) -> None:
    full = feed(limit=30, document_size=size, min_entries=0, per_source=Share(1, 3))
    kept = [
        Kept(place * SECOND, ord(name.lower()), 10 if name.isupper() else 1)
        for place, name in enumerate(sources)
    ]
    assert named(give_up(full, kept, 0)) == found


@given(feeds, windows, st.data(), st.integers(0, 100), st.integers(1, 200))
def test_by_bytes_too_no_source_is_above_its_share_while_another_within_it_is_cut(
    of_feed: Feed, kept: list[Kept], data: st.DataObject, now: int, size: int
) -> None:
    assert of_feed.per_source is not None
    weights = data.draw(st.lists(st.integers(1, 20), min_size=len(kept), max_size=len(kept)))
    kept = [replace(one, weight_bytes=weight) for one, weight in zip(kept, weights, strict=True)]
    sized = replace(of_feed, document_size=size)
    given = give_up(sized, kept, now * SECOND)
    left = after(sized, kept, now * SECOND)
    assert bytes_of(left) <= size or len(left) == 1
    assert give_up(sized, left, now * SECOND) == {}
    # Whoever gave way was above a share before each entry that it gave up.
    count, share = of_feed.per_source.entries(of_feed.limit), of_feed.per_source
    for source, one in given.items():
        gone = next(each for each in kept if each.order_key == one.floor)
        rest = [each for each in kept if each.source_id == source and each.order_key > one.floor]
        large = bytes_of([gone, *rest]) > size * share.entries(of_feed.limit) // of_feed.limit
        assert large or len(rest) + 1 > count


@given(shares, st.integers(1, 10_000))
def test_a_share_is_at_least_one_entry_and_a_part_never_all(share: Share, limit: int) -> None:
    assert share.entries(limit) >= 1
    if share.of is not None and limit > 1:
        assert share.entries(limit) < limit
