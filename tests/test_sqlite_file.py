"""The database as a file: who may open it, upgrades, the writer, a full disk."""

from __future__ import annotations

import gc
import sqlite3
import stat
import subprocess
import sys
import weakref
from contextlib import closing
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from aggregator.model import Entry
from aggregator.model.errors import BusyError, NoStoreError, StoreError
from aggregator.refine.identity_keys import respelt_key
from aggregator.store.engines import schema_version
from aggregator.store.engines.connection import open_writer
from aggregator.store.engines.lock import Hold
from aggregator.store.engines.sqlite_engine import SqliteEngine
from aggregator.store.engines.writer import Writer
from aggregator.store.schemas import migrations
from aggregator.store.schemas.upgrade_copies import copy_before
from aggregator.store.sqlite import open_reader, open_store
from aggregator.web.urls import canonical_url
from tests.make_schema_fixture import FOLDER
from tests.making import DAY, START, absorb, document, entry, feed, said, source

if TYPE_CHECKING:
    from collections.abc import Callable

HOLDING = """
import sys, time
from pathlib import Path
from aggregator.store.engines.lock import Hold
hold = Hold(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(60)
"""

SCHEMAS = sorted(FOLDER.glob("*.sql"))


def load(fixture: Path, path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.executescript(fixture.read_text(encoding="utf-8"))
    connection.close()


def schema(path: Path) -> list[tuple[str, ...]]:
    connection = sqlite3.connect(path)
    rows = connection.execute(
        "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name != 'sqlite_stat1'"
    ).fetchall()
    connection.close()
    return sorted(rows, key=str)


def test_a_new_database_is_private(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "aggregator.db"
    open_store(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_reading_creates_nothing(tmp_path: Path) -> None:
    with pytest.raises(NoStoreError, match="no database yet"):
        open_reader(tmp_path / "aggregator.db")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("fixture", SCHEMAS[:-1], ids=lambda path: path.stem)
def test_reading_an_earlier_schema_says_what_upgrades_it(tmp_path: Path, fixture: Path) -> None:
    load(fixture, tmp_path / "old.db")
    with pytest.raises(StoreError, match=r"earlier version .* upgrades it"):
        open_reader(tmp_path / "old.db")


def test_a_reader_sees_what_was_committed_and_cannot_write(tmp_path: Path) -> None:
    path = tmp_path / "aggregator.db"
    store = open_store(path)
    store.apply((source(),), (feed(),), now=START)
    absorb(store, document(entry(1)), START)
    reader = open_reader(path)
    assert reader.status()[0].entries == 1
    with pytest.raises(StoreError, match="reading only"):
        reader.ping()
    reader.close()
    store.close()


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("CREATE TABLE t (x)", "belongs to another program"),
        ("PRAGMA application_id = 7", "belongs to another program"),
        (
            f"PRAGMA application_id = {schema_version.APPLICATION_ID}; PRAGMA user_version = 99",
            "newer version",
        ),
    ],
)
def test_a_foreign_or_newer_database_is_refused_untouched(
    tmp_path: Path, statement: str, message: str
) -> None:
    path = tmp_path / "aggregator.db"
    connection = sqlite3.connect(path)
    connection.executescript(statement)
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match=message):
        open_store(path)
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_refused_untouched(tmp_path: Path) -> None:
    path = tmp_path / "aggregator.db"
    path.write_text("[server]\n" * 100)
    with pytest.raises(StoreError, match="not a usable database"):
        open_store(path)
    assert path.read_text() == "[server]\n" * 100


def test_the_list_of_migrations_is_where_it_is_looked_for() -> None:
    assert migrations.migrations.migrations_table == schema_version.MIGRATIONS_TABLE


def test_there_is_a_fixture_of_every_released_schema() -> None:
    assert [path.stem for path in SCHEMAS] == [
        f"{version:04}" for version in range(1, schema_version.SCHEMA_VERSION + 1)
    ]


@pytest.mark.parametrize("fixture", SCHEMAS, ids=lambda path: path.stem)
def test_every_released_schema_is_brought_to_todays(tmp_path: Path, fixture: Path) -> None:
    old, new = tmp_path / "old.db", tmp_path / "new.db"
    load(fixture, old)
    store = open_store(old)
    open_store(new).close()
    selection = store.select(feed())
    assert [story.title for story in selection.stories] == ["Entry b", "Entry 0"]
    words = "an example of a note"  # kept as text before schema 3, as a value since
    said_now = words if fixture.stem < "0003" else f"not reloaded: config.toml:3: {words}"
    assert said(store) == {"config": said_now}
    store.close()
    assert schema(old) == schema(new)


def test_an_upgrade_shows_nothing_again_whose_host_is_spelt_otherwise_today(tmp_path: Path) -> None:
    """Schema 2 kept hosts in the letters of their publishers; keys have them in ASCII now."""
    path = tmp_path / "old.db"
    text = SCHEMAS[1].read_text(encoding="utf-8").replace("one.example", "bücher.example")
    connection = sqlite3.connect(path)
    connection.executescript(text)
    connection.close()
    store = open_store(path)

    def known(number: int | str, url: str) -> Entry:
        keys = (f"guid:{canonical_url(url)}", f"url:{canonical_url(url)}", f"text:new {number}")
        return replace(entry(number, guid=url, url=url, text="edited"), keys=keys, shared_keys=keys)

    urls = (
        "https://bücher.example/{}",
        "http://BÜCHER.example./{}/",
        "https://xn--bcher-kva.example/{}",
    )
    for url in urls:
        result = absorb(store, document(*(known(n, url.format(n)) for n in range(4))), START + DAY)
        assert (result.tally.new, result.tally.pruned) == (0, 3)
    # An article is one story in both sources, whichever spelling each has.
    twin = replace(known("x", urls[2].format(0)), guid="8", keys=("guid:8",))
    absorb(store, document(twin), START + DAY, name="two")
    titles = [story.title for story in store.select(feed()).stories]
    assert len(titles) == 2
    store.close()
    with sqlite3.connect(path) as connection:
        hosts = connection.execute("SELECT host FROM mirrors")
        assert {host for (host,) in hosts} == {
            "https://xn--bcher-kva.example:443",
            "https://two.example:443",
        }
        queues = connection.execute("SELECT queue FROM sources")
        assert {queue for (queue,) in queues} == {"xn--bcher-kva.example", "two.example"}
    connection.close()


@pytest.mark.parametrize(
    ("key", "today"),
    [
        ("url:https://e.com/a", "url:https://e.com/a"),
        ("guid:https://faß.example/a", "guid:https://xn--fa-hia.example/a"),
        ("url:https://[0:0::1]/a", "url:https://[::1]/a"),
        ("url:https://e.com/x?q=%41", "url:https://e.com/x?q=A"),
        ("url:https://e.com/a/..", "url:https://e.com"),
        ("guid:编号 7", "guid:编号 7"),
        ("text:https://faß.example/a", "text:https://faß.example/a"),
        ("path:/%41", "path:/%41"),
    ],
)
def test_a_key_of_any_version_has_todays_spelling(key: str, today: str) -> None:
    assert respelt_key(key) == today
    assert respelt_key(today) == today


def test_what_an_earlier_version_had_sqlite_count_is_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "aggregator.db"
    open_store(path).close()
    with closing(sqlite3.connect(path)) as other:
        other.execute("ANALYZE")
        assert other.execute("SELECT count(*) FROM sqlite_stat1").fetchone() != (0,)
    store = open_store(path)
    plan = "EXPLAIN QUERY PLAN SELECT id FROM stories WHERE original_id = 1"
    (step,) = store._write(lambda db: db.execute(plan).fetchall())
    assert "USING COVERING INDEX stories_copies" in step["detail"]
    store.close()
    with closing(sqlite3.connect(path)) as other:
        assert "sqlite_stat1" not in str(other.execute("SELECT * FROM sqlite_schema").fetchall())


def test_an_upgrade_is_told_with_its_copy(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "aggregator")
    path = tmp_path / "aggregator.db"
    load(SCHEMAS[0], path)
    for _ in range(2):
        open_writer(path).close()
    (line,) = [one.getMessage() for one in caplog.records]
    today = schema_version.SCHEMA_VERSION
    assert line == f"database upgraded from=1 to={today} copy={path}.before-2"


def test_an_upgrade_leaves_a_copy_beside_it_and_keeps_two(tmp_path: Path) -> None:
    path = tmp_path / "aggregator.db"
    load(SCHEMAS[0], path)
    connection = open_writer(path)
    for version in (1, 2, 3):
        copy_before(connection, path, version)
    connection.close()
    assert sorted(one.name for one in tmp_path.glob("*.before-*")) == [
        "aggregator.db.before-3",
        "aggregator.db.before-4",
    ]
    copy = sqlite3.connect(tmp_path / "aggregator.db.before-4")
    assert copy.execute("SELECT count(*) FROM entries").fetchone() == (2,)
    copy.close()


def test_a_second_holder_is_told_the_firsts_pid(tmp_path: Path) -> None:
    path = tmp_path / "aggregator.db"
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            HOLDING,
            str(path),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(BusyError, match=f"process {holder.pid}"):
            Hold(path)
    finally:
        holder.kill()
        holder.communicate()
    Hold(path).release()


# --- the writer ---------------------------------------------------------------------------------


@pytest.fixture
def connection(tmp_path: Path) -> sqlite3.Connection:
    opened = open_writer(tmp_path / "aggregator.db")
    opened.execute("CREATE TABLE t (x TEXT)")
    return opened


def inserts(number: int) -> Callable[[sqlite3.Connection], int]:
    """Return a job that writes one row; those of number 3 fail after it."""

    def job(db: sqlite3.Connection) -> int:
        db.execute("INSERT INTO t VALUES (?)", (str(number),))
        if number == 3:
            raise ValueError("no")
        return number

    return job


ENGINE = SqliteEngine(Path("a.db"))


def counted(commits: list[int]) -> Callable[[sqlite3.Connection], None]:
    """Return what counts the rows after each commit."""
    return lambda db: commits.append(db.execute("SELECT count(*) FROM t").fetchone()[0])


def test_jobs_that_wait_share_a_commit_and_a_failing_one_takes_nothing_with_it(
    connection: sqlite3.Connection,
) -> None:
    commits: list[int] = []
    writer = Writer(connection, ENGINE, committed=counted(commits), clock=lambda: 0.0)
    outcomes = writer.run_all([inserts(number) for number in range(6)])
    writer.close()
    assert [str(one) for one in outcomes] == ["0", "1", "2", "no", "4", "5"]
    assert commits == [5]


def test_what_a_job_held_is_free_when_it_is_done(connection: sqlite3.Connection) -> None:
    class Document:
        pass

    document = Document()
    alive = weakref.ref(document)
    writer = Writer(connection, ENGINE, committed=lambda _: None)
    gc.disable()
    try:
        writer.run(partial(lambda _, __: None, document))
        del document
        writer.run(lambda _: None)  # the writer has gone on
        assert alive() is None
    finally:
        gc.enable()
        writer.close()


def test_a_transaction_that_lasts_takes_no_further_job(connection: sqlite3.Connection) -> None:
    commits: list[int] = []
    ticks = count(step=0.010)
    writer = Writer(connection, ENGINE, committed=counted(commits), clock=lambda: next(ticks))
    assert writer.run_all([inserts(number) for number in range(10, 17)]) == [*range(10, 17)]
    writer.close()
    assert commits == [3, 6, 7]


def test_what_is_too_much_for_the_disk_takes_nothing_with_it(
    connection: sqlite3.Connection,
) -> None:
    writer = Writer(connection, ENGINE, committed=lambda _: None)
    pages = writer.run(lambda db: db.execute("PRAGMA page_count").fetchone()[0])
    writer.run(lambda db: db.execute(f"PRAGMA max_page_count = {pages + 2}").fetchall())

    def too_much(db: sqlite3.Connection) -> int:
        db.execute("INSERT INTO t VALUES (?)", ("x" * 100_000,))
        return 1

    first, failed, last = writer.run_all((inserts(0), too_much, inserts(2)))
    stored = writer.run(lambda db: [x for (x,) in db.execute("SELECT x FROM t").fetchall()])
    writer.close()
    assert (first, last, stored) == (0, 2, ["0", "2"])
    assert isinstance(failed, StoreError)


def test_a_full_disk_is_an_error_of_that_write_and_passes(connection: sqlite3.Connection) -> None:
    writer = Writer(connection, ENGINE, committed=lambda _: None)
    pages = writer.run(lambda db: db.execute("PRAGMA page_count").fetchone()[0])
    writer.run(lambda db: db.execute(f"PRAGMA max_page_count = {pages + 2}").fetchall())
    with pytest.raises(StoreError, match="full"):
        writer.run(lambda db: db.execute("INSERT INTO t VALUES (?)", ("x" * 100_000,)))
    writer.run(lambda db: db.execute("PRAGMA max_page_count = 100000").fetchall())
    writer.run(lambda db: db.execute("INSERT INTO t VALUES (?)", ("x" * 100_000,)))
    assert writer.run(lambda db: db.execute("SELECT count(*) FROM t").fetchone()[0]) == 1
    writer.close()


def test_a_closed_store_says_so(tmp_path: Path) -> None:
    store = open_store(tmp_path / "aggregator.db")
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.ping()


def test_a_newer_database_is_refused_with_the_name_of_the_copy_from_before_it(
    tmp_path: Path,
) -> None:
    """The newest that this version can read: a later one has made others since."""
    path = tmp_path / "aggregator.db"
    open_store(path).close()
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {schema_version.SCHEMA_VERSION + 2}")
    with pytest.raises(StoreError, match="restore a backup from before it"):
        open_store(path)
    ours, theirs = (
        schema_version.copy_name(path, schema_version.SCHEMA_VERSION + more) for more in (0, 1)
    )
    ours.touch()
    theirs.touch()
    with pytest.raises(StoreError, match=f"`aggregator restore {ours}`"):
        open_store(path)
