"""Databases as earlier versions wrote them, full of what today's version has stored."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from aggregator.store.engines.connection import connect
from aggregator.store.texts.packed_texts import FIELDS, texts_in
from aggregator.stories.tombstones import mark_of
from tests.make_schema_fixture import FOLDER

if TYPE_CHECKING:
    from pathlib import Path


#: Columns that have another name today.
RENAMED = {("sources", "host"): "queue"}


def texts(path: Path) -> dict[int, dict[str, str | None]]:
    """Return the texts of each entry in a database of today."""
    with closing(connect(path, "ro")) as db:
        rows = db.execute("SELECT * FROM texts ORDER BY entry_id").fetchall()
        return {row["entry_id"]: texts_in(db, row).all() for row in rows}


def unpack(path: Path) -> None:
    """Put the texts of each entry into its row, where earlier versions had them."""
    stored = texts(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("BEGIN")
        for name in FIELDS:
            db.execute(f"ALTER TABLE entries ADD COLUMN {name} TEXT")
        names = ", ".join(f"{name} = ?" for name in FIELDS)
        db.executemany(
            f"UPDATE entries SET {names} WHERE id = ?",  # noqa: S608 -- built of constants
            [(*each.values(), entry_id) for entry_id, each in stored.items()],
        )
        db.execute("ALTER TABLE identities RENAME TO marks")
        db.execute("CREATE TABLE identities (source_id, key, entry_id)")
        db.execute(
            """INSERT INTO identities SELECT e.source_id, k.value, e.id
                 FROM entries e JOIN json_each(e.keys) k"""
        )
        db.execute("ALTER TABLE story_keys RENAME TO story_marks")
        db.execute("CREATE TABLE story_keys (key, story_id, borrowed)")
        db.create_function("mark_of", 1, mark_of)
        db.execute(
            """INSERT INTO story_keys SELECT DISTINCT k.value, e.story_id, m.borrowed
                 FROM entries e JOIN json_each(e.keys) k
                 JOIN story_marks m ON m.mark = mark_of(k.value) AND m.story_id = e.story_id"""
        )
        db.execute("COMMIT")


def as_written_by(schema: str, path: Path) -> None:
    """Make a database what an earlier version, which kept no windows, would have written."""
    unpack(path)
    old = path.with_name("old.db")
    connection = sqlite3.connect(old)
    connection.executescript((FOLDER / f"{schema}.sql").read_text(encoding="utf-8"))
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute("ATTACH ? AS new", (str(path),))

    def columns(database: str, table: str) -> list[str]:
        return [row[1] for row in connection.execute(f"PRAGMA {database}.table_info({table})")]

    tables = connection.execute("SELECT name FROM main.sqlite_master WHERE type = 'table'")
    for (table,) in tables.fetchall():
        if not table.startswith(("sqlite_", "_sqlite_")):
            names = columns("main", table)
            connection.execute(f"DELETE FROM main.{table}")  # noqa: S608 -- of the schema
            today = [RENAMED.get((table, name), name) for name in names]
            if set(today) <= set(columns("new", table)):
                connection.execute(
                    f"INSERT INTO main.{table} ({', '.join(names)}) "  # noqa: S608 -- of the schema
                    f"SELECT {', '.join(today)} FROM new.{table}"
                )
    connection.commit()
    connection.close()
    old.replace(path)
