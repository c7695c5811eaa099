"""What an earlier version stored is recognised by the signs of this one."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from aggregator.refine import normalise
from aggregator.store.sqlite import open_store
from tests.feed_documents import read, rss
from tests.making import DAY, HOUR, START, absorb, feed, source
from tests.old_databases import as_written_by

if TYPE_CHECKING:
    from pathlib import Path

    from aggregator.model import Refined
    from aggregator.store import Store


def page(host: str, days: range, *, words: str, year: int = 2026) -> Refined:
    items = (
        f"<item><title>On birds, part {n}</title><link>https://{host}/{words}-{n}</link>"
        f"<pubDate>{n} Nov {year} 07:01:00 GMT</pubDate>"
        f"<description>{words} of {n}</description></item>"
        for n in reversed(days)
    )
    return normalise(read(rss(*items), source().url))


def downgraded(path: Path) -> None:
    """Make the database what the version before would have written."""
    as_written_by("0003", path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DELETE FROM identities WHERE key LIKE 'dated:%' OR key LIKE 'said:%'")
        connection.commit()


def ids(store: Store) -> list[str]:
    return [story.id for story in store.select(feed()).stories]


def test_what_an_earlier_version_stored_is_known_after_a_move_to_another_program(
    tmp_path: Path,
) -> None:
    path = tmp_path / "aggregator.db"
    store = open_store(path)
    store.apply((source(),), (feed(),), now=START - DAY)
    absorb(store, page("old.example", range(1, 13), words="before"), START)
    before = ids(store)
    store.close()
    downgraded(path)
    store = open_store(path)
    result = absorb(store, page("new.example", range(1, 13), words="after"), START + HOUR)
    assert result.tally.new == 0
    assert ids(store) == before
    store.close()


def test_a_date_in_the_future_is_read_from_what_an_earlier_version_kept(tmp_path: Path) -> None:
    path = tmp_path / "aggregator.db"
    store = open_store(path)
    store.apply((source(),), (feed(),), now=START - DAY)
    absorb(store, page("old.example", range(1, 4), words="before", year=2030), START)
    store.close()
    downgraded(path)
    store = open_store(path)
    result = absorb(store, page("new.example", range(1, 4), words="after", year=2030), START + HOUR)
    assert result.tally.new == 0
    store.close()


def test_what_an_earlier_version_kept_of_pruned_entries_keeps_them_away(tmp_path: Path) -> None:
    path = tmp_path / "aggregator.db"
    store = open_store(path)
    store.apply((source(),), (feed(),), now=START - DAY)
    absorb(store, page("old.example", range(1, 2), words="before"), START)
    store.close()
    as_written_by("0003", path)
    with closing(sqlite3.connect(path)) as connection:
        connection.executemany(
            "INSERT INTO tombstones (source_id, key) VALUES (1, ?)",
            [
                (key,)
                for one in page("old.example", range(2, 13), words="before").entries
                for key in one.keys
                if not key.startswith(("dated:", "said:"))
            ],
        )
        connection.commit()
    store = open_store(path)
    result = absorb(store, page("old.example", range(1, 13), words="before"), START + HOUR)
    assert (result.tally.new, result.tally.pruned) == (0, 11)
    store.close()
