"""Which texts of a document are kept: as a decision on values, with its laws."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model.configured import GIB, MIB
from aggregator.stories.kept_texts import DOCUMENT_BYTES, QUOTA, Brought, keep, quota, room
from tests.making import entry


def brought(number: int, size: int, *, raw: int = 2, held: int = 0) -> Brought:
    made = replace(entry(number), content_html="x" * size, visible_text="x" * size, raw="r" * raw)
    return Brought(made, held)


def test_the_newest_entries_keep_their_text_and_the_rest_a_summary() -> None:
    found = keep([brought(number, MIB) for number in range(14)], room_bytes=GIB)
    assert [bool(one.content_html) for one in found.entries] == [True] * 8 + [False] * 6
    assert (found.beyond_document, found.beyond_quota) == (6, 0)
    last = found.entries[-1]
    assert last.summary == "x" * 499 + "…"
    assert last.raw is None
    assert (last.title, last.url, last.content_hash) == (
        "Entry 13",
        "https://one.example/13",
        entry(13).content_hash,
    )


def test_a_smaller_entry_has_room_where_a_larger_one_has_none() -> None:
    sizes = (7 * MIB, 2 * MIB, MIB // 2, 100)
    found = keep([brought(*one) for one in enumerate(sizes)], room_bytes=GIB)
    assert [bool(one.content_html) for one in found.entries] == [True, False, True, True]


def test_raw_fields_have_what_the_texts_leave() -> None:
    found = keep([brought(number, 3 * MIB, raw=MIB) for number in range(2)], room_bytes=GIB)
    assert [one.raw is None for one in found.entries] == [False, False]
    found = keep([brought(number, 2 * MIB, raw=MIB) for number in range(4)], room_bytes=GIB)
    assert [one.raw is None for one in found.entries] == [True] * 4
    assert found.beyond_document == 0


def test_a_source_without_room_brings_links_and_short_texts() -> None:
    sizes = (MIB, 2001, 2000, 10)
    found = keep([brought(*one) for one in enumerate(sizes)], room_bytes=0)
    assert [bool(one.content_html) for one in found.entries] == [False, False, True, True]
    assert (found.beyond_document, found.beyond_quota) == (0, 2)


def test_what_does_not_grow_keeps_its_text() -> None:
    ours = [brought(number, MIB, held=MIB) for number in range(20)]
    edits = [brought(20, MIB + 1, held=MIB), brought(21, MIB, held=MIB + 1)]
    found = keep([*ours, *edits], room_bytes=0)
    assert [bool(one.content_html) for one in found.entries] == [True] * 20 + [False, True]


@given(
    st.lists(
        st.tuples(st.integers(0, 4 * MIB), st.integers(0, MIB), st.integers(0, 4 * MIB)),
        max_size=8,
    ),
    st.integers(0, 2 * DOCUMENT_BYTES),
)
def test_what_is_kept_grows_by_no_more_than_there_is_room_for(
    sizes: list[tuple[int, int, int]], room_bytes: int
) -> None:
    asked = [
        brought(number, size, raw=raw, held=held) for number, (size, raw, held) in enumerate(sizes)
    ]
    found = keep(asked, room_bytes=room_bytes)
    assert len(found.entries) == len(asked)
    grown = sum(
        max(0, len(one.content_html) - before.held_bytes) + len(one.raw or "")
        for one, before in zip(found.entries, asked, strict=True)
    )
    short = 2000 * len(asked)
    assert grown <= min(DOCUMENT_BYTES, room_bytes) + short
    without = sum(
        not one.content_html and bool(before.entry.content_html)
        for one, before in zip(found.entries, asked, strict=True)
    )
    assert without == found.beyond_document + found.beyond_quota
    if sum(max(0, size - held) + raw for size, raw, held in sizes) <= min(
        DOCUMENT_BYTES, room_bytes
    ):
        assert found.entries == tuple(one.entry for one in asked)


@pytest.mark.parametrize(
    ("configured", "found_bytes", "quota_bytes"),
    [(None, 0, QUOTA), (None, GIB, QUOTA), (None, 3 * GIB, 6 * GIB), (64 * MIB, 3 * GIB, 64 * MIB)],
)
def test_an_upgrade_has_as_much_room_again(
    configured: int | None, found_bytes: int, quota_bytes: int
) -> None:
    assert quota(configured, found_bytes) == quota_bytes


@given(st.lists(st.integers(0, 10), min_size=1, max_size=200), st.integers(0, 1000))
def test_greedy_sources_leave_room_for_one_that_is_not(takers: list[int], most: int) -> None:
    """However many bring ever more, in whichever order: every other one has its even part."""
    held = dict.fromkeys(range(12), 0)

    def left(number: int) -> int:
        return room(most, sources=12, all_bytes=sum(held.values()), own_bytes=held[number])

    for number in takers:
        more = left(number)
        assert not more or held[number] + more <= max(most - sum(held.values()) - more, most // 48)
        held[number] += more
    assert sum(held.values()) <= most * 5 // 4
    assert left(11) >= most // 48
    assert room(most, sources=12, all_bytes=2 * most, own_bytes=most) == 0
