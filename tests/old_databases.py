"""Databases as earlier versions wrote them, full of what today's version has stored."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from tests.make_schema_fixture import FOLDER

if TYPE_CHECKING:
    from pathlib import Path


#: Columns that have another name today.
RENAMED = {("sources", "host"): "queue"}


def as_written_by(schema: str, path: Path) -> None:
    """Make a database what an earlier version, which kept no windows, would have written."""
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
