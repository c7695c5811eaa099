"""Writes the fixture database of the schema that this version writes, as SQL text.

Run once when a release brings a new schema: `.venv/bin/python -m tests.make_schema_fixture`. The
fixtures of earlier schemas are never written again.
"""

from __future__ import annotations

import sqlite3
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

from aggregator.model.notes import NotReloaded
from aggregator.model.notices import Receiver
from aggregator.model.source_lists import ListMember, StoredList
from aggregator.store.engines.schema_version import SCHEMA_VERSION
from aggregator.store.sqlite import open_store
from tests import FIXTURES
from tests.making import DAY, START, absorb, document, entry, feed, source

FOLDER = FIXTURES / "schema"


def fill(path: Path) -> None:
    """Make a small database that uses every table."""
    store = open_store(path)
    store.apply((source(), source("two")), (feed(window=DAY, min_entries=2),), now=START)
    absorb(store, document(*(entry(n, published_at=START - n * DAY) for n in range(4))), START)
    absorb(store, document(entry("b", guid="7")), START, name="two")
    store.advance(START + 40 * DAY)
    store.prune(START + 40 * DAY, retention=30 * DAY, keep_raw=timedelta(days=1))
    store.note(NotReloaded("config.toml:3: an example of a note"), now=START)
    member = ListMember("one", "https://one.example/feed.xml", "One", ("tag",))
    listed = StoredList("list", "https://lists.example/all.opml", START + DAY, members=(member,))
    store.keep_list(listed, former="list", now=START)
    phone = Receiver("phone", "https://ntfy.example/trouble", events=("config",))
    store.watch(START + 40 * DAY, DAY, (phone,))
    store.put_off("phone", tries=1, next_at=START + 41 * DAY)
    store.close()


def dump(path: Path) -> str:
    """Return the database as SQL text that makes it again, header numbers included."""
    with sqlite3.connect(path) as connection:
        numbers = [
            f"PRAGMA {name} = {connection.execute(f'PRAGMA {name}').fetchone()[0]};"
            for name in ("application_id", "user_version")
        ]
        lines = [*numbers, *connection.iterdump()]
    connection.close()
    return "\n".join(lines) + "\n"


def main() -> None:
    target = FOLDER / f"{SCHEMA_VERSION:04}.sql"
    if target.exists():
        sys.exit(f"{target} exists: a released schema does not change")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "aggregator.db"
        fill(path)
        target.write_text(dump(path), encoding="utf-8")


if __name__ == "__main__":
    main()
