"""Which entries of a document are known, and by what."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import RawEntry
from aggregator.stories.matching import match
from aggregator.stories.signs import KINDS, Known
from tests.making import DAY, START, entry
from tests.raw_entries import refine

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aggregator.model import Entry

NUMBER = "site:ithome.com:630999"


@pytest.mark.parametrize(("title", "entry_id"), [("标题", 7), ("另一篇", None)])
def test_a_known_articles_number_needs_its_title_where_id_and_url_differ(
    title: str, entry_id: int | None
) -> None:
    entries = refine(
        RawEntry(raw_title=title, raw_guid="2", raw_link="https://m.ithome.com/html/630999.htm")
    )
    known = {7: Known(7, "标题", None, frozenset({"guid", "url", "site"}))}
    (found,) = match(entries, {NUMBER: 7}, known)
    assert found.entry_id == entry_id


def test_a_known_articles_number_decides_alone_where_nothing_stronger_differs() -> None:
    entries = refine(RawEntry(raw_title="x", raw_link="https://m.ithome.com/html/630999.htm"))
    known = {7: Known(7, "标题", None, frozenset({"site"}))}
    (found,) = match(entries, {NUMBER: 7}, known)
    assert (found.entry_id, found.because) == (7, "same site")
    assert KINDS.index("site") < KINDS.index("path") < KINDS.index("text")


@st.composite
def lookups(
    draw: st.DrawFn, *, contested: bool
) -> tuple[list[Entry], Mapping[str, int], Mapping[int, Known]]:
    """Return a document's entries with what is stored under their keys.

    Unless it is `contested`, no stored entry is named by the keys of two entries of the document.
    """
    titles, dates = st.sampled_from(("A", "B")), st.sampled_from((None, START, START + DAY))
    entries: list[Entry] = []
    owners: dict[str, int] = {}
    keys_of: dict[int, set[str]] = {}
    for number in range(draw(st.integers(0, 5))):
        kinds = draw(st.lists(st.sampled_from(KINDS), unique=True))
        keys = tuple(f"{kind}:{number}" for kind in sorted(kinds, key=KINDS.index))
        entries.append(
            replace(entry(number, title=draw(titles), published_at=draw(dates)), keys=keys)
        )
        for key in keys:
            owner = draw(st.none() | st.integers(1, 3))
            if owner is not None:
                owner += 0 if contested else 10 * number
                owners[key] = owner
                keys_of.setdefault(owner, {f"guid:{owner}"}).add(key)
    known = {
        owner: Known(owner, draw(titles), draw(dates), frozenset(keys))
        for owner, keys in sorted(keys_of.items())
    }
    return entries, owners, known


@given(lookup=lookups(contested=True))
def test_a_stored_entry_is_matched_once_and_only_by_a_key_that_it_has(
    lookup: tuple[list[Entry], Mapping[str, int], Mapping[int, Known]],
) -> None:
    entries, owners, known = lookup
    matches = match(entries, owners, known)
    found = [one.entry_id for one in matches if one.entry_id is not None]
    assert len(found) == len(set(found))
    for one, matched in zip(entries, matches, strict=True):
        if matched.entry_id is not None:
            assert matched.entry_id in {owners.get(key) for key in one.keys}


@given(lookup=lookups(contested=False), data=st.data())
def test_the_order_of_a_document_says_nothing_of_what_its_entries_are(
    lookup: tuple[list[Entry], Mapping[str, int], Mapping[int, Known]], data: st.DataObject
) -> None:
    entries, owners, known = lookup
    places = data.draw(st.permutations(range(len(entries))))
    in_order = match(entries, owners, known)
    in_other = match([entries[place] for place in places], owners, known)
    assert in_other == [in_order[place] for place in places]
