"""Whose articles are: what an upgrade makes of stories, and what it leaves as it is."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from aggregator.store.sqlite import open_store
from tests.making import HOUR, START, absorb, document, entry, feed, source
from tests.old_databases import as_written_by

if TYPE_CHECKING:
    from pathlib import Path

    from aggregator.model import Entry
    from aggregator.store import Store

URL = "https://victim.example/{}"
SOURCES = (
    source("victim"),
    source("mobile", url="https://m.victim.example/feed.xml"),
    source("thief"),
    source("planet"),
)
ALL = feed()


def told(by: str, number: int) -> Entry:
    return entry(
        number, guid=f"urn:x-{by}:{number}", url=URL.format(number), title=f"{by} {number}"
    )


def also(store: Store) -> dict[str, list[str]]:
    return {one.title: [origin.name for origin in one.also] for one in store.select(ALL).stories}


def told_together(path: Path) -> None:
    """Let whoever came first lead, as earlier versions had it; what came later was not shown."""
    with closing(sqlite3.connect(path)) as connection, connection:
        pairs = connection.execute(
            "SELECT min(id, original_id), max(id, original_id) FROM stories WHERE original_id > 0"
        ).fetchall()
        connection.execute("UPDATE stories SET original_id = NULL")
        for first, later in pairs:
            connection.execute(
                """DELETE FROM archive WHERE entry_id IN
                   (SELECT id FROM entries WHERE story_id = ?)""",
                (later,),
            )
            connection.execute("UPDATE entries SET story_id = ? WHERE story_id = ?", (first, later))
            connection.execute("DELETE FROM stories WHERE id = ?", (later,))


def test_an_upgrade_leaves_stories_as_they_are_and_what_comes_since_goes_by_whose_it_is(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.db"
    with closing(open_store(path)) as store:
        store.apply(SOURCES, (ALL,), now=START)
        absorb(store, document(told("thief", 1)), START, name="thief")
        absorb(store, document(told("victim", 1), told("victim", 2)), START, name="victim")
        absorb(store, document(told("planet", 2)), START, name="planet")
    told_together(path)
    as_written_by("0002", path)
    with closing(open_store(path)) as store:
        before = {one.title: one.id for one in store.select(ALL).stories}
        assert also(store) == {"thief 1": ["victim"], "victim 2": ["planet"]}
        store.apply(SOURCES, (ALL,), now=START + HOUR)
        mobile = document(told("mobile", 1), told("mobile", 2))
        absorb(store, mobile, START + 2 * HOUR, name="mobile")
        assert also(store) == {
            "mobile 1": ["thief", "victim"],
            "thief 1": ["victim"],
            "victim 2": ["planet", "mobile"],
        }
        late = document(told("planet", 1), told("planet", 2))
        absorb(store, late, START + 3 * HOUR, name="planet")
        after = {one.title: one.id for one in store.select(ALL).stories}
        assert before.items() < after.items()
        assert after.keys() == {"thief 1", "mobile 1", "victim 2"}


def test_a_stored_source_that_lacks_a_key_of_today_is_no_changed_one(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with closing(open_store(path)) as store:
        store.apply(SOURCES, (ALL,), now=START)
        absorb(store, document(told("victim", 1)), START, name="victim")
        version = store.feed_version("all")
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE sources SET config = json_remove(config, '$.site')")
    with closing(open_store(path)) as store:
        assert store.apply(SOURCES, (ALL,), now=START + HOUR) == ()
        assert store.feed_version("all") == version
        changed = replace(SOURCES[0], site=("other.example",))
        assert store.apply((changed, *SOURCES[1:]), (ALL,), now=START + HOUR) != ()
