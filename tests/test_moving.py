"""A store that moves from one engine to the other and back: the same rows, whatever cuts it off."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, cast

import psycopg
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from aggregator.model.errors import BusyError, NoStoreError, StoreError
from aggregator.store.copies import moving
from aggregator.store.copies.moved_tables import MovedTable, moved_tables
from aggregator.store.copies.postgres_moving import PostgresDestination, PostgresOrigin
from aggregator.store.copies.sqlite_moving import SqliteDestination, SqliteOrigin
from aggregator.store.engines import postgres_engine
from aggregator.store.engines.lock import Hold
from aggregator.store.engines.postgres_words import spoken_table
from aggregator.store.opening import open_reader, open_store
from aggregator.store.stories.story_switch import StorySwitch
from tests import PATIENCE, ROOT
from tests.asked_of_stores import answers, corrections, history, spoken
from tests.engines import PostgresDatabase
from tests.making import DAY, START, absorb, document, entry
from tests.story_histories import FEEDS, REPORTS, History

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aggregator.model import Feed
    from aggregator.store import Store
    from aggregator.store.copies.moving import Compared
    from aggregator.store.sqlite import SqliteStore


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PostgresDatabase]:
    with closing(PostgresDatabase(tmp_path, is_own=True)) as made:
        yield made


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """The file of a store in which much has happened."""
    path = tmp_path / "kept.db"
    with closing(open_store(At(path))) as store:
        list(history(store))
    return path


class At:
    """A place as `[store]` names it."""

    def __init__(self, place: Path | str) -> None:
        self.path = place if isinstance(place, Path) else Path("aggregator.db")
        self.url = place if isinstance(place, str) else None


def quiet(*_: object) -> None:
    """Be told how far a move is."""


def moved(place: Path | str, to: Path | str) -> tuple[Compared, ...]:
    compared = moving.move(place, to, quiet)
    assert all(one.is_same for one in compared)
    assert moving.compare(place, to, quiet) == tuple(
        moving.Compared(one.table, one.there, one.here) for one in compared
    )
    return compared


def told(store: Store) -> list[str]:
    """Return what a store answers, and how it goes on."""
    while store.index_words(most_bytes=1 << 30):
        pass
    known = document(*(entry(f"one {number}") for number in range(3)))
    return [
        *map(spoken, answers(store)),
        spoken(absorb(store, known, START + 5 * DAY)),
        spoken(absorb(store, known, START + 6 * DAY)),
        *map(spoken, corrections(store)),
    ]


def test_a_store_is_the_same_there_and_back(
    kept: Path, server: PostgresDatabase, tmp_path: Path
) -> None:
    back = tmp_path / "back.db"
    moved(kept, server.url)
    with closing(open_store(At(server.url))) as store:
        while store.index_words(most_bytes=1 << 30):
            pass
        assert store.search_bytes() > 0, "made again there, and no part of what is moved"
    moved(server.url, back)
    assert back.stat().st_mode & 0o777 == 0o600
    with closing(open_store(At(kept))) as store:
        expected = told(store)
    assert told(server.open()) == expected
    with closing(open_store(At(back))) as store:
        assert told(store) == expected
    with closing(sqlite3.connect(back)) as db, closing(sqlite3.connect(kept)) as first:
        made = "SELECT type, name, sql FROM sqlite_schema ORDER BY type, name"
        assert db.execute(made).fetchall() == first.execute(made).fetchall()
        for pragma in ("application_id", "user_version"):
            assert (
                db.execute(f"PRAGMA {pragma}").fetchone()
                == first.execute(f"PRAGMA {pragma}").fetchone()
            )


def schema(server: PostgresDatabase) -> list[list[tuple[object, ...]]]:
    asked = (
        "SELECT indexdef FROM pg_indexes WHERE schemaname = current_schema() ORDER BY 1",
        """SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint
            WHERE connamespace = current_schema()::regnamespace ORDER BY 1, 2""",
        """SELECT pg_get_triggerdef(oid) FROM pg_trigger
            WHERE NOT tgisinternal AND tgrelid::regclass::text IN
                  (SELECT tablename FROM pg_tables WHERE schemaname = current_schema())
            ORDER BY 1""",
        "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1",
    )
    with psycopg.connect(server.url) as db:
        return [db.execute(each).fetchall() for each in asked]


def test_tables_are_those_that_the_program_makes(
    kept: Path, server: PostgresDatabase, tmp_path: Path
) -> None:
    moved(kept, server.url)
    with closing(PostgresDatabase(tmp_path, is_own=True)) as made:
        made.open()
        assert schema(server) == schema(made)
    tables = {name for (name,) in schema(server)[-1]}
    assert tables == {table.name for table in moved_tables()} | {"aggregator_schema"}
    assert all(len(indexes) > 10 for indexes in schema(server)[:2])


#: Moves, in pieces of few rows, until it has told so often; then it kills itself.
KILLED = """
import os, signal, sys
from pathlib import Path
from aggregator.store.copies import moving
left = int(sys.argv[3])
def tell(step, table, done, every):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
moving.PIECE_ROWS = 7
place = lambda word: word if "://" in word or "=" in word else Path(word)
compared = moving.move(place(sys.argv[1]), place(sys.argv[2]), tell)
print(sum(one.brought for one in compared), all(one.is_same for one in compared))
"""


def killed_after(place: Path | str, to: Path | str, tellings: int) -> str | None:
    """Move in a process that is killed on its way; return what it says if it comes to an end."""
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(place), str(to), str(tellings)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=PATIENCE,
        check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    if done.returncode == -signal.SIGKILL:
        return None
    assert done.returncode == 0, done.stderr
    return done.stdout


def assert_half(place: Path | str) -> None:
    """Nobody opens what is half a database."""
    told = r"holds half of a database: .* was cut off; run it again"
    for opening in (open_store, open_reader):
        with pytest.raises(StoreError, match=told):
            opening(At(place))


@pytest.mark.parametrize("is_back", [False, True], ids=["there", "back"])
def test_a_killed_move_goes_on(
    kept: Path, server: PostgresDatabase, tmp_path: Path, *, is_back: bool
) -> None:
    place: Path | str = kept
    to: Path | str = server.url
    if is_back:
        moved(kept, server.url)
        place, to = server.url, tmp_path / "back.db"
    tables = len(moved_tables())
    assert killed_after(place, to, tables - 1) is None  # before anything was made
    for pieces in (0, 20):
        assert killed_after(place, to, tables + pieces) is None
        assert_half(to)
    said = killed_after(place, to, 10_000)
    assert said is not None
    brought, same = said.split()
    every = sum(one.here.rows for one in moving.compare(place, to, quiet))
    assert (0 < int(brought) < every - 100, same) == (True, "True")


@pytest.mark.parametrize("is_back", [False, True], ids=["there", "back"])
def test_what_was_polled_since_begins_anew(
    kept: Path, server: PostgresDatabase, tmp_path: Path, *, is_back: bool
) -> None:
    place: Path | str = kept
    to: Path | str = server.url
    if is_back:
        moved(kept, server.url)
        place, to = server.url, tmp_path / "back.db"
    assert killed_after(place, to, len(moved_tables()) + 20) is None
    with closing(server.open() if is_back else open_store(At(kept))) as store:
        absorb(store, document(entry("late")), START + 9 * DAY, name="one")
    compared = moved(place, to)
    assert sum(one.brought for one in compared) == sum(one.here.rows for one in compared)


def test_rows_that_differ_leave_half_a_database(
    kept: Path, server: PostgresDatabase, tmp_path: Path
) -> None:
    for place, to in ((kept, server.url), (server.url, tmp_path / "back.db")):

        def spoil(step: str, *_: object, to: Path | str = to) -> None:
            if step == "copying":
                spoilt = "UPDATE counters SET largest_order_key = largest_order_key + 1"
                if isinstance(to, str):
                    with psycopg.connect(to) as there:
                        there.execute(spoilt)
                else:
                    with closing(sqlite3.connect(to)) as db, db:
                        db.execute(spoilt)

        compared = moving.move(place, to, spoil)
        assert [one.table for one in compared if not one.is_same] == ["counters"]
        assert_half(to)
        moved(place, to)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_engine, "PATIENCE", "100ms")


@pytest.mark.usefixtures("impatient")
def test_a_store_that_is_in_use_is_left_alone(kept: Path, server: PostgresDatabase) -> None:
    hold = Hold(kept)
    with pytest.raises(BusyError, match="stop that one first"):
        moving.move(kept, server.url, quiet)
    hold.release()
    with closing(PostgresDestination(server.url)), pytest.raises(BusyError, match="in use by"):
        moving.move(kept, server.url, quiet)
    moved(kept, server.url)
    with closing(open_store(At(server.url))), pytest.raises(BusyError):
        moving.move(server.url, kept.with_name("back.db"), quiet)
    back = kept.with_name("back.db")
    hold = Hold(back)
    with pytest.raises(BusyError):
        moving.move(server.url, back, quiet)
    hold.release()
    moved(server.url, back)


def test_a_database_that_is_there_is_not_touched(
    kept: Path, server: PostgresDatabase, tmp_path: Path
) -> None:
    server.open()
    with pytest.raises(StoreError, match="there are tables already"):
        moving.move(kept, server.url, quiet)
    before = kept.read_bytes()
    with pytest.raises(StoreError, match="there is a database already"):
        moving.move(server.url, kept, quiet)
    assert kept.read_bytes() == before
    theirs = tmp_path / "theirs.db"
    with closing(sqlite3.connect(theirs)) as db, db:
        db.execute("CREATE TABLE theirs (a)")
    with pytest.raises(StoreError, match="there is a database already"):
        moving.move(server.url, theirs, quiet)
    left = tmp_path / "left.db-wal"
    left.write_bytes(b"journal")
    with pytest.raises(StoreError, match="a database that is not here"):
        moving.move(server.url, tmp_path / "left.db", quiet)
    empty = tmp_path / "empty.db"
    empty.touch()
    moved(server.url, empty)


def test_there_is_nothing_to_move(server: PostgresDatabase, tmp_path: Path) -> None:
    with pytest.raises(NoStoreError):
        moving.move(tmp_path / "none.db", server.url, quiet)
    with pytest.raises(NoStoreError):
        moving.move(server.url, tmp_path / "none.db", quiet)
    assert not list(tmp_path.glob("none*.db"))


#: A table with a column of each type, with a key and without.
COLUMNS = (("a", "INTEGER"), ("b", "TEXT"), ("c", "BLOB"), ("d", "REAL"))
KEYED = MovedTable("keyed", COLUMNS, ("a", "b"))
KEYLESS = MovedTable("keyless", COLUMNS, ())

VALUES = st.tuples(
    st.integers(-(1 << 63), (1 << 63) - 1),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
    | st.text("\\N\b\t\n\v\f\r'\"nx", max_size=9),
    st.none() | st.binary(max_size=30),
    st.none() | st.floats(allow_nan=False),
)


def test_any_values_are_the_same_there_and_back(server: PostgresDatabase, tmp_path: Path) -> None:
    server.open()
    files = [tmp_path / "there.db", tmp_path / "back.db"]
    with psycopg.connect(server.url) as db:
        for table in (KEYED, KEYLESS):
            key = ", PRIMARY KEY (a, b)" if table.key else ""
            made = f"CREATE TABLE {table.name} (a INTEGER, b TEXT, c BLOB, d REAL{key}) STRICT"
            db.execute(spoken_table(made).encode())
            for file in files:
                open_store(At(file)).close()
                with closing(sqlite3.connect(file)) as connection:
                    connection.execute(made)

    @settings(max_examples=12, deadline=None)
    @given(rows=st.lists(VALUES, max_size=9, unique_by=lambda row: row[:2]))
    def law(rows: list[tuple[object, ...]]) -> None:
        for table in (KEYED, KEYLESS):
            with closing(sqlite3.connect(files[0])) as first, first:
                first.execute(f"DELETE FROM {table.name}")  # noqa: S608 -- a table of ours
                first.executemany(f"INSERT INTO {table.name} VALUES (?, ?, ?, ?)", rows)  # noqa: S608 -- a table of ours
            with closing(sqlite3.connect(files[1])) as last, last:
                last.execute(f"DELETE FROM {table.name}")  # noqa: S608 -- a table of ours
            with psycopg.connect(server.url) as db:
                db.execute(f"DELETE FROM {table.name}".encode())  # noqa: S608 -- a table of ours
            with (
                closing(SqliteOrigin(files[0])) as origin,
                closing(PostgresDestination(server.url)) as there,
            ):
                assert there.put(table, origin.rows(table, None)) == len(rows)
                expected = origin.digest(table)
                assert there.digest(table) == expected
            with closing(PostgresOrigin(server.url)) as there:
                assert there.digest(table) == expected
                with closing(SqliteDestination(files[1])) as back:
                    with pytest.raises(StoreError, match="there is a database already"):
                        back.stamp()
                    assert back.put(table, there.rows(table, None)) == len(rows)
                    assert back.digest(table) == expected

    law()


def test_a_text_that_a_server_cannot_hold_is_named(kept: Path, server: PostgresDatabase) -> None:
    with closing(sqlite3.connect(kept)) as db, db:
        db.execute("UPDATE sources SET url = 'a' || char(0) || 'b'")
    with pytest.raises(StoreError, match=r"0x00.*COPY sources"):
        moving.move(kept, server.url, quiet)


@settings(max_examples=3, deadline=None, phases=[Phase.generate])  # each takes a second
@given(first=FEEDS, steps=st.lists(REPORTS, min_size=1, max_size=4), later=REPORTS)
def test_histories_go_on_alike_wherever_they_are(
    tmp_path_factory: pytest.TempPathFactory,
    first: Feed,
    steps: list[tuple[object, ...]],
    later: tuple[object, ...],
) -> None:
    folder = tmp_path_factory.mktemp("histories")
    lived = History(folder / "lived.db", first)
    for step in steps:
        lived.do(step)
    lived.store.close()
    with closing(PostgresDatabase(folder, is_own=True)) as server:
        moved(lived.path, server.url)
        moved(server.url, folder / "back.db")
        lived.store = lived.opened()
        with closing(open_store(At(folder / "back.db"))) as back:
            for store in (server.open(), back):
                assert spoken(store.select(first)) == spoken(lived.store.select(first))
            begun, known, found = lived.now, lived.number, []
            for store in (lived.store, server.open(), back):
                lived.store = cast("SqliteStore", store)
                # On a busy machine one of them would have no time to compare what another does.
                lived.store._stories = StorySwitch(clock=lambda: 0.0)
                lived.store._write(lived.store._stories.refresh)
                lived.now, lived.number = begun, known
                lived.do(later)
                found.append(spoken(lived.store.select(first)))
            assert len(set(found)) == 1
    lived.store.close()
