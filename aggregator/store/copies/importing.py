"""A database made of what `exporting` wrote, checked line by line and whole."""

# sqlite: the whole module

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from typing import IO, TYPE_CHECKING

from aggregator.model.errors import AggregatorError, NoStoreError, StoreError
from aggregator.store.copies.exporting import tables, told_columns, told_tables
from aggregator.store.copies.stored_lines import MOST_BYTES, End, Head, Row, Value, read_line
from aggregator.store.engines.built_aside import (
    building,
    fault,
    put_in_place,
    refuse_journal,
    use_alone,
)
from aggregator.store.engines.connection import connect, open_reader
from aggregator.store.engines.lock import Hold
from aggregator.store.engines.schema_version import SCHEMA_VERSION
from aggregator.store.engines.sqlite_errors import store_error
from aggregator.store.schemas import migrations
from aggregator.store.texts import packed_texts
from aggregator.store.texts.packed_texts import frame

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

#: What Python calls the values of a column.
_TYPES: dict[str, type | tuple[type, ...]] = {
    "INTEGER": int, "TEXT": str, "BLOB": bytes, "REAL": (int, float),
}  # fmt: skip

_AGAIN = "nothing was imported; export again, or take the whole file"
_ONE = "import one export at a time"


class LinesError(AggregatorError):
    """What is to be imported is not what was exported."""


def import_lines(path: Path, file: IO[bytes]) -> Mapping[str, int]:
    """Make the database at `path` of exported lines; return how many rows each table had in them.

    It is built beside its place and takes it when all is read, checked and brought to today's
    schema: until then nothing is changed.

    Raises:
        LinesError: A line is wrong, or the lines as a whole; says which, and what helps.
        BusyError: Another process holds the database.
        StoreError: There is one already that holds something, or it cannot be written.
    """
    hold = Hold(path, is_daemon=False)
    try:
        _refuse_filled(path)
        with building(path, "importing") as aside:
            with closing(connect(aside, "rw")) as db:
                counts = _Import(db, file).run()
            put_in_place(aside, path)
    except (sqlite3.Error, OSError) as error:
        raise store_error(path, error) from error
    finally:
        hold.release()
    return counts


def _refuse_filled(path: Path) -> None:
    """Raise `StoreError` where a database holds something; what is there may be replaced then."""
    try:
        with closing(open_reader(path)) as db:
            count = sum(
                db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608 -- constants
                for table in ("sources", "feeds", "entries")
            )
    except NoStoreError:
        refuse_journal(path)
        return
    if count:
        raise StoreError(
            f"{path}: there is a database already; name another path in [store], or move that one "
            "away, with the files beside it that have its name"
        )
    with closing(connect(path, "rw")) as db:
        use_alone(db)


class _Import:
    """Fills an empty database that nobody else knows of."""

    def __init__(self, db: sqlite3.Connection, file: IO[bytes]) -> None:
        self._db = db
        self._file = file
        self._name = getattr(file, "name", "input")
        self._number = 0
        self._line = b""
        self._digest = hashlib.sha256()  # of all lines before that one
        self._frames: dict[int, bytes] = {}  # of texts that are to be packed

    def run(self) -> Mapping[str, int]:
        """Read all lines; return how many rows there were of each table."""
        head = self._read()
        if not isinstance(head, Head):
            raise self._wrong("is no head; the first line of an export is")
        if head.schema > SCHEMA_VERSION:
            raise self._wrong(
                f"is of schema {head.schema}, and this version reads {SCHEMA_VERSION}",
                f"install version {head.program}, which wrote it, or a later one",
            )
        # Whoever is interrupted throws the file away: it needs no journal and no patience.
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -16384"):
            self._db.execute(f"PRAGMA {pragma}").fetchone()
        migrations.bring_to(self._db, head.schema)
        counts = self._fill()
        if (found := fault(self._db)) is not None:
            raise LinesError(f"{self._name}: does not fit together: {found}; {_AGAIN}")
        migrations.bring_to(self._db, SCHEMA_VERSION)
        return counts

    def _fill(self) -> Mapping[str, int]:
        # Sums that the database keeps itself are among the rows: nothing is counted twice.
        triggers = self._db.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name"
        ).fetchall()
        self._db.execute("BEGIN")
        for name, _ in triggers:
            self._db.execute(f"DROP TRIGGER {name}")
        types = {table: told_columns(self._db, table) for table in told_tables(self._db)}
        for table in tables(self._db):
            self._db.execute(f"DELETE FROM {table}")  # noqa: S608 -- of the schema
        counts = dict.fromkeys(types, 0)
        while not isinstance(line := self._read(), End):
            if not isinstance(line, Row):
                raise self._wrong("is a second head", _ONE)
            if line.table not in types:
                raise self._wrong(f"is of a table {line.table!r}, which that schema does not have")
            self._insert(line, types[line.table])
            counts[line.table] += 1
        self._check_end(line, counts)
        self._put_texts()
        self._check_texts(counts)
        for _, statement in triggers:
            self._db.execute(statement)
        self._db.execute("COMMIT")
        return counts

    def _insert(self, row: Row, types: Mapping[str, str]) -> None:
        if row.values.keys() != types.keys():
            odd = ", ".join(sorted(row.values.keys() ^ types.keys()))
            raise self._wrong(f"has other columns than {row.table} in that schema: {odd}")
        for name, value in row.values.items():
            if not _fits(value, types[name]):
                raise self._wrong(f"has a {name} that is no {types[name]}")
        if row.table == "texts":
            self._take_texts(row)
            return
        names, marks = ", ".join(types), ", ".join("?" * len(types))
        try:
            self._db.execute(
                f"INSERT INTO {row.table} ({names}) VALUES ({marks})",  # noqa: S608 -- of the schema
                [row.values[name] for name in types],
            )
        except (sqlite3.IntegrityError, sqlite3.DataError) as error:
            raise self._wrong(f"cannot be a row of {row.table}: {error}") from error

    def _take_texts(self, row: Row) -> None:
        """Pack the texts of entries, some together, by what there is to learn from them so far."""
        entry_id = row.values.pop("entry_id")
        if not isinstance(entry_id, int):
            raise self._wrong("has no entry_id")
        self._frames[entry_id] = frame(
            {name: None if text is None else str(text) for name, text in row.values.items()}
        )
        if len(self._frames) == packed_texts.TOGETHER:
            self._put_texts()
            packed_texts.learn(self._db, lambda job: job(self._db))

    def _put_texts(self) -> None:
        packed_texts.put(self._db, self._frames)
        self._frames.clear()

    def _check_texts(self, counts: Mapping[str, int]) -> None:
        """Raise `LinesError` unless each entry has its texts, once."""
        if "texts" not in counts:
            return
        row = self._db.execute(
            "SELECT id FROM entries WHERE NOT EXISTS (SELECT 1 FROM texts WHERE entry_id = id)"
        ).fetchone()
        found = f"entry {row[0]} has no row of texts" if row is not None else None
        (stored,) = self._db.execute("SELECT count(*) FROM texts").fetchone()
        if stored != counts["texts"]:
            found = "an entry has two rows of texts"
        if found is not None:
            raise LinesError(f"{self._name}: does not fit together: {found}; {_AGAIN}")

    def _check_end(self, end: End, counts: Mapping[str, int]) -> None:
        if self._file.read(1):
            raise self._wrong("is the end, and there is more after it", _ONE)
        for table in {**end.rows, **counts}:
            told, found = end.rows.get(table, 0), counts.get(table, 0)
            if told != found:
                raise self._wrong(f"counts {told} rows of {table}, and there are {found}")
        if end.sha256 not in {None, self._digest.hexdigest()}:
            raise self._wrong(
                "has another sha256 than the lines before it: they are not as they were written",
                f"{_AGAIN}; if you edited them, take sha256 out of the last line",
            )
        if counts.get("counters") != 1:
            raise self._wrong("ends a database without its one row of counters")

    def _read(self) -> Head | Row | End:
        self._digest.update(self._line)
        try:
            line = self._line = self._file.readline(MOST_BYTES)
        except OSError as error:
            raise LinesError(f"{self._name}: cannot be read: {error.strerror}") from error
        self._number += 1
        if not line:
            raise self._wrong("is missing: the file is cut off")
        if not line.endswith(b"\n"):
            long = len(line) == MOST_BYTES
            raise self._wrong("is too long" if long else "does not end: the file is cut off")
        try:
            return read_line(line)
        except ValueError as error:
            raise self._wrong(str(error)) from error

    def _wrong(self, what: str, remedy: str = _AGAIN) -> LinesError:
        return LinesError(f"{self._name}:{self._number}: the line {what}; {remedy}")


def _fits(value: Value, kind: str) -> bool:
    return value is None or isinstance(value, _TYPES.get(kind, object))
