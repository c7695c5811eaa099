"""Notes: values of a source or a feed, whatever that is called."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from aggregator.model.notes import Gaps, NoteKind, NotReloaded, RestartNeeded
from tests.making import DAY, HOUR, START, document, entry, feed, fetched, finish, said, source

if TYPE_CHECKING:
    from aggregator.store import Store

MOVED = "https://new.example/feed"

pytestmark = pytest.mark.usefixtures("one_source")


def note_all(store: Store) -> None:
    """Give the source a note of nearly every kind that is stored of sources."""
    moved = replace(fetched(), permanent_url=MOVED)
    for day in range(3):
        now = START + day * DAY
        finish(store, moved, now, refined=document(entry(1), read_up_to=1), gaps=2)
    old = [entry(f"old{n}", published_at=START - (30 + n) * DAY) for n in range(40)]
    now = START + 3 * DAY
    finish(store, fetched(b'"2"', b"2"), now, refined=document(*old, read_up_to=40), gaps=2)


def of_source(store: Store, name: str) -> set[NoteKind]:
    return {note.fact.kind for note in store.notes() if note.source == name}


ALL = {NoteKind.MOVED, NoteKind.GAPS, NoteKind.CUT_SHORT, NoteKind.FLOOD}


def test_a_renamed_source_keeps_its_notes(store: Store) -> None:
    note_all(store)
    assert of_source(store, "one") == ALL
    store.apply((replace(source(), name="other"),), (feed(),), now=START + 4 * DAY)
    assert of_source(store, "one") == set()
    assert of_source(store, "other") == ALL
    assert set(store.watch(START + 4 * DAY, DAY)) == {
        "other has moved",
        "other may have lost entries",
    }


def test_what_ends_under_another_name_is_forgotten(store: Store) -> None:
    note_all(store)
    store.apply((replace(source(), name="other"),), (feed(),), now=START + 4 * DAY)
    now = START + 5 * DAY
    finish(store, fetched(b'"3"', b"3"), now, refined=document(entry(1)), name="other")
    assert of_source(store, "other") == {NoteKind.MOVED, NoteKind.FLOOD}


def test_a_removed_source_takes_its_notes_along(store: Store) -> None:
    note_all(store)
    store.apply((source("two"),), (feed(),), now=START + 4 * DAY)
    assert store.notes() == ()
    store.apply((source(),), (feed(),), now=START + 5 * DAY)
    assert store.notes() == ()


def test_a_removed_feed_takes_its_note_along(store: Store) -> None:
    tight = feed("tight", limit=1, min_entries=1)
    store.apply((source(),), (feed(), tight), now=START)
    finish(store, fetched(), START, refined=document(entry(1), entry(2)))
    assert [note.feed for note in store.notes()] == ["tight"]
    store.apply((source(),), (feed(),), now=START + HOUR)
    assert store.notes() == ()


def test_two_sources_have_notes_of_one_kind(store: Store) -> None:
    store.apply((source(), source("two")), (feed(),), now=START)
    for name, gaps in (("one", 1), ("two", 2)):
        finish(store, fetched(), START, refined=document(entry(name)), name=name, gaps=gaps)
    assert [(note.source, note.fact) for note in store.notes()] == [
        ("one", Gaps(1)),
        ("two", Gaps(2)),
    ]


def test_a_note_of_the_whole_is_replaced_and_forgotten(store: Store) -> None:
    for mistake in ("first", "second"):
        store.note(NotReloaded(mistake), now=START)
    store.note(RestartNeeded(("server.listen",)), now=START)
    assert [note.fact for note in store.notes()] == [
        NotReloaded("second"),
        RestartNeeded(("server.listen",)),
    ]
    store.forget_note(NoteKind.NOT_RELOADED)
    assert said(store) == {"config": "server.listen changed: restart to apply"}
