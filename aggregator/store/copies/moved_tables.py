"""The tables of a store that moves to another engine, and their rows as lines of text.

A line is what PostgreSQL's COPY writes and reads as text
(postgresql.org/docs/current/sql-copy.html#id-1.9.3.55.9.2); SQLite says the same with an
expression, so that no row is taken apart in Python.
"""

# sqlite: the whole module

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import lru_cache

from aggregator.runtime.values import dataclass
from aggregator.store.copies.exporting import columns_of, tables
from aggregator.store.schemas import migrations

#: Characters that have another spelling in a line, by their codes; the backslash comes first.
_SPELT = {92: r"\\", 8: r"\b", 9: r"\t", 10: r"\n", 11: r"\v", 12: r"\f", 13: r"\r"}


@dataclass(frozen=True, slots=True)
class MovedTable:
    """A table: its columns with their declared types, and its primary key.

    Rows are in the order of the key, which is the same in both engines. A table without one has few
    rows: they are moved at once, in the order of all that they hold.
    """

    name: str
    columns: tuple[tuple[str, str], ...]
    key: tuple[str, ...]

    @property
    def names(self) -> str:
        """The columns as statements list them."""
        return ", ".join(name for name, _ in self.columns)

    @property
    def order(self) -> str:
        """What its rows are ordered by."""
        return ", ".join(self.key or (f"{name} NULLS FIRST" for name, _ in self.columns))

    @property
    def after(self) -> str:
        """The condition that a row comes after the one whose key is given."""
        return f"({', '.join(self.key)}) > ({', '.join('?' * len(self.key))})"

    def last(self) -> str:
        """Return the statement that reads the last row's key."""
        back = ", ".join(f"{name} DESC" for name in self.key)
        return f"SELECT {', '.join(self.key)} FROM {self.name} ORDER BY {back} LIMIT 1"  # noqa: S608 -- of the schema

    def line(self, real: str) -> str:
        """Return SQLite's expression of a row's line; `real` is the function that tells a REAL."""
        fields = (_field(name, kind, real) for name, kind in self.columns)
        return f"CAST({' || char(9) || '.join(fields)} || char(10) AS BLOB)"


def _field(name: str, kind: str, real: str) -> str:
    said = name
    if kind == "TEXT":
        for code, spelt in _SPELT.items():
            said = f"replace({said}, char({code}), '{spelt}')"
    elif kind == "BLOB":
        said = rf"'\\x' || lower(hex({name}))"
    elif kind == "REAL":
        said = f"{real}({name})"
    return rf"CASE WHEN {name} IS NULL THEN '\N' ELSE {said} END"


@lru_cache(1)
def moved_tables() -> tuple[MovedTable, ...]:
    """Return the tables that today's migrations make, by name."""
    with closing(migrations.empty()) as model:
        model.row_factory = sqlite3.Row
        return tuple(
            MovedTable(name, tuple(columns_of(model, name).items()), _key(model, name))
            for name in tables(model)
        )


def _key(model: sqlite3.Connection, table: str) -> tuple[str, ...]:
    rows = model.execute("SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk", (table,))
    return tuple(name for (name,) in rows)
