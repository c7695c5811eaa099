"""One source that brings ever more bytes: what everybody else reads stays within its bounds."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from aggregator.model.configured import KIB, MIB
from aggregator.publish import Format, render
from aggregator.store.sqlite import SqliteStore, open_store
from tests.making import HOUR, START, absorb, document, entry, feed, said, source
from tests.published import ADDRESSES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from aggregator.model import Entry, Feed, Selection

ALL = feed("all", document_size=1 * MIB, entry_size=64 * KIB)
SUMMARIES = feed("brief", content="summary", document_size=1 * MIB)
SOURCES = (source("one"), source("two"))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    with closing(open_store(tmp_path / "a.db")) as opened:
        opened.apply(SOURCES, (ALL, SUMMARIES), now=START)
        yield opened


def large(number: int, kib: int = 128, *, of: str = "one") -> Entry:
    url = f"https://{of}.example/{number}"
    return entry(
        number, guid=url, url=url, text=f"<em>{number}</em> " + "word " * (kib * 1024 // 5)
    )


def attack(store: SqliteStore, polls: int, *, many: int = 14) -> None:
    """Let source "one" bring as many new large entries at each poll."""
    for poll in range(polls):
        entries = (large(poll * many + number) for number in reversed(range(many)))
        absorb(store, document(*entries), START + (poll + 1) * HOUR)


def shown(store: SqliteStore, of_feed: Feed = ALL) -> Selection:
    return store.select(of_feed)


def test_a_document_stays_within_its_size_and_what_leaves_is_in_the_archive(
    store: SqliteStore,
) -> None:
    absorb(store, document(entry("quiet", guid="https://two.example/1")), START, name="two")
    attack(store, 8)
    stories = shown(store).stories
    assert 14 <= len(stories) < 17  # 64 KiB of each, in 1 MiB
    newest_first = [int(story.id.rpartition("/")[2]) for story in stories]
    assert newest_first == list(range(111, 111 - len(stories), -1))  # none is missing in between
    for form in Format:
        assert len(render(shown(store), form, ADDRESSES)) < 1.3 * MIB
    assert said(store)["size all"] == (
        "its document would be larger than 1 MiB: the oldest entries have left before the "
        "window's end; lower entry_size, or raise document_size"
    )
    part = store.select_archive(ALL, "2026-11")
    assert part is not None
    assert len(part.stories) == 8 * 14 + 1
    for form in Format:
        assert len(render(part, form, ADDRESSES)) < 1.5 * MIB
    # Its neighbour publishes less of each entry, and has room for all.
    assert len(shown(store, SUMMARIES).stories) == 8 * 14 + 1
    assert "size brief" not in said(store)


def test_what_left_never_comes_back_and_the_note_goes_with_its_cause(store: SqliteStore) -> None:
    attack(store, 2)
    before = [story.id for story in shown(store).stories]
    assert len(before) < 28
    raised = feed("all", document_size=64 * MIB, entry_size=64 * KIB)
    store.apply(SOURCES, (raised, SUMMARIES), now=START + 3 * HOUR)
    assert [story.id for story in shown(store, raised).stories] == before
    later = START + 4 * 24 * HOUR
    absorb(store, document(large(99)), later)
    assert [story.id for story in shown(store, raised).stories][1:] == before  # min_entries
    assert "size all" not in said(store)


def test_an_edit_that_makes_entries_large_counts_as_well(store: SqliteStore) -> None:
    absorb(store, document(*(entry(number) for number in range(40))), START)
    assert len(shown(store).stories) == 40
    absorb(store, document(*(large(number) for number in range(40))), START + HOUR)
    assert 14 <= len(shown(store).stories) < 17
    absorb(store, document(*(entry(number) for number in range(40, 50))), START + 2 * HOUR)
    assert len(shown(store).stories) > 20


def test_other_settings_weigh_what_is_shown_anew(store: SqliteStore) -> None:
    attack(store, 1)
    small = feed("all", document_size=1 * MIB, entry_size=256 * KIB)
    store.apply(SOURCES, (small, SUMMARIES), now=START + 3 * HOUR)
    assert len(shown(store, small).stories) == 7  # 128 KiB of each now, and a little


# --- what is stored -----------------------------------------------------------------------------


def texts(store: SqliteStore, of_feed: Feed = ALL) -> dict[str, int]:
    """Return how long the text of each entry in the archive is, by the end of its id."""
    part = store.select_archive(of_feed, "2026-11")
    assert part is not None
    return {story.id.rpartition("/")[2]: len(story.content_html) for story in part.stories}


def test_of_a_document_with_too_much_text_the_newest_keep_theirs(store: SqliteStore) -> None:
    long = document(*(large(number, 1024) for number in reversed(range(14))))
    absorb(store, long, START)
    kept = texts(store)
    assert sorted((name for name in kept if kept[name]), key=int) == [
        str(number) for number in range(7, 14)
    ]
    part = store.select_archive(ALL, "2026-11")
    assert part is not None
    assert part.stories[-1].summary.startswith("0 word word")
    assert said(store)["texts one"] == (
        "its document of 2026-11-20 brought more text than is kept of one: 7 entries have title, "
        "link and summary"
    )
    # The same document again is no edit, and brings nothing; the next one has its own room.
    again = absorb(store, long, START + HOUR, etag=b'"2"')
    assert (again.tally.new, again.tally.updated) == (0, 0)
    assert texts(store) == kept
    absorb(store, document(large(14, 1024)), START + 2 * HOUR)
    assert texts(store)["14"] > 1_000_000
    store.prune(START + 8 * 24 * HOUR, retention=90 * 24 * HOUR, keep_raw=90 * 24 * HOUR)
    assert "texts one" not in said(store)


def test_what_a_source_adds_over_its_part_is_kept_as_links_and_others_have_room(
    store: SqliteStore,
) -> None:
    """45 polls of 14 MB stored 600 MB of one source, and would have gone on."""
    store.apply(SOURCES, (ALL, SUMMARIES), now=START, quota=8 * MIB)
    attack(store, 8)
    kept = texts(store)
    assert len(kept) == 8 * 14  # nothing is lost
    assert 3 * MIB < sum(kept.values()) <= 4 * MIB
    assert kept["111"] == 0
    assert said(store)["quota one"].endswith(
        " MiB of it are stored, as much as is free: what it brings is kept as title, link and "
        "summary; raise quota in [store], or shorten retention"
    )
    neighbour = large(1000, of="two")
    absorb(store, document(neighbour), START + 9 * HOUR, name="two")
    assert texts(store)["1000"] == len(neighbour.content_html)
    assert "quota two" not in said(store)
    # Small texts are kept, and an edit takes nothing away that was there.
    edited = large(1).content_html.replace("word", "edit")
    absorb(store, document(entry(1, text=edited[3:-4]), entry(5000)), START + 10 * HOUR)
    assert texts(store)["1"] == kept["1"]
    assert texts(store)["5000"] > 0
    # More room: the note goes with the next document that brings anything.
    store.apply(SOURCES, (ALL, SUMMARIES), now=START + 11 * HOUR, quota=64 * MIB)
    absorb(store, document(large(2000)), START + 12 * HOUR)
    assert texts(store)["2000"] > 0
    assert "quota one" not in said(store)
