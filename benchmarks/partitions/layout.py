"""The store's tables on PostgreSQL with partitions: entries by month, story postings by day.

Statements of the store stay as they are. Of what is partitioned no key is unique that has not the
month within: ids, public ids and order keys are unique in a table beside, which triggers fill, and
what refers to entries refers to that.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import psycopg

if TYPE_CHECKING:
    from benchmarks.partitions.world import World

Db = psycopg.Connection[tuple[object, ...]]

MONTHS = 12
#: Days of postings, that of today among them.
DAYS = 9

_BESIDE = """CREATE TABLE entry_ids (
    id bigint PRIMARY KEY,
    public_id text COLLATE "C" NOT NULL UNIQUE,
    order_key bigint NOT NULL UNIQUE)"""

_TRIGGERS = (
    "INSERT INTO entry_ids SELECT id, public_id, order_key FROM entries",
    """CREATE FUNCTION entry_came() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      INSERT INTO entry_ids VALUES (NEW.id, NEW.public_id, NEW.order_key);
      RETURN NULL;
    END $$""",
    """CREATE FUNCTION entry_went() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      DELETE FROM entry_ids WHERE id = OLD.id;
      RETURN NULL;
    END $$""",
    """CREATE TRIGGER entry_came AFTER INSERT ON entries
       FOR EACH ROW EXECUTE FUNCTION entry_came()""",
    """CREATE TRIGGER entry_went AFTER DELETE ON entries
       FOR EACH ROW EXECUTE FUNCTION entry_went()""",
)


def divide(db: Db, world: World) -> None:
    """Put tables with partitions in the place of those that the migrations made, still empty."""
    referring = db.execute(
        """SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
             FROM pg_constraint WHERE confrelid = 'entries'::regclass"""
    ).fetchall()
    for table, name, _ in referring:
        _run(db, f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    _replace(db, "entries", "first_seen_at", ("id", "first_seen_at"), world.months())
    # What was unique is looked up still.
    _run(db, "CREATE INDEX ON entries (public_id)")
    _run(db, "CREATE INDEX ON entries (order_key)")
    _replace(db, "texts", "entry_id", ("entry_id",), world.first_ids())
    _replace(db, "postings", "at", ("token", "at", "story_id"), world.days())
    _run(db, _BESIDE)
    for table, name, definition in referring:
        said = str(definition).replace("entries(id)", "entry_ids(id)")
        _run(db, f"ALTER TABLE {table} ADD CONSTRAINT {name} {said}")


def tie(db: Db) -> None:
    """Let the table beside follow, of what is there and of what comes."""
    for statement in _TRIGGERS:
        _run(db, statement)


def _replace(db: Db, table: str, by: str, key: tuple[str, ...], bounds: list[int]) -> None:
    indexes = db.execute(
        """SELECT indexdef FROM pg_indexes WHERE schemaname = current_schema()
              AND tablename = %s AND indexdef NOT LIKE 'CREATE UNIQUE%%'""",
        (table,),
    ).fetchall()
    references = db.execute(
        """SELECT pg_get_constraintdef(oid) FROM pg_constraint
            WHERE conrelid = %s::regclass AND contype = 'f'""",
        (table,),
    ).fetchall()
    _run(db, f"ALTER TABLE {table} RENAME TO whole")
    _run(db, f"CREATE TABLE {table} (LIKE whole INCLUDING DEFAULTS) PARTITION BY RANGE ({by})")
    _run(db, "DROP TABLE whole")
    _run(db, f"ALTER TABLE {table} ADD PRIMARY KEY ({', '.join(key)})")
    for number, (begin, end) in enumerate(itertools.pairwise(bounds), 1):
        _run(
            db,
            f"CREATE TABLE {table}_{number} PARTITION OF {table}"
            f" FOR VALUES FROM ({begin}) TO ({end})",
        )
    _run(db, f"CREATE TABLE {table}_others PARTITION OF {table} DEFAULT")
    for (definition,) in indexes:
        _run(db, str(definition))
    for (definition,) in references:
        if "entries" not in str(definition):
            _run(db, f"ALTER TABLE {table} ADD {definition}")


def _run(db: Db, statement: str) -> None:
    db.execute(statement.encode())
