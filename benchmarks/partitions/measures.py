"""What is measured of either layout: milliseconds and bytes of WAL, by what was done."""

from __future__ import annotations

import random
import time
from contextlib import closing, contextmanager
from datetime import timedelta
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, cast

import psycopg

from aggregator.model.instants import MICROSECOND, instant
from aggregator.runtime.values import dataclass
from aggregator.store.engines.postgres_connection import PostgresConnection
from aggregator.store.rows.typed_rows import feed_of
from aggregator.store.stories import story_index
from benchmarks.partitions.world import OWN_FEED, token
from tests.making import absorb, document, entry

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from aggregator.model import Entry
    from aggregator.store import Store
    from benchmarks.partitions.layout import Db
    from benchmarks.partitions.world import World

_DAY_US = timedelta(days=1) // MICROSECOND
#: Polls that are measured at a turn, after a few that are not; their new entries.
POLLS, WARM, NEW = 60, 15, 5
#: How often either layout has its turn with what is done often.
TURNS = 3
_TEXT = "The committee met again and took note of what had been decided before. " * 13
_STATEMENTS = {
    "an entry by its id": "SELECT e.title, t.packed FROM entries e JOIN texts t"
    " ON t.entry_id = e.id WHERE e.id = {id}",
    "an entry by its story": "SELECT id, source_id FROM entries WHERE story_id = {id}",
    "an entry by its public id": "SELECT id FROM entries WHERE public_id = 'none of {id}'",
    "a source's newest date": "SELECT max(published_at) FROM entries WHERE source_id = {source}",
    "the next id": "SELECT max(id) FROM entries",
}

#: What was measured: names, each with a value in the unit that it names.
Figures = dict[str, float]


class Meter:
    """Measures what is done between two moments."""

    def __init__(self, url: str) -> None:
        self._db = psycopg.connect(url, autocommit=True)

    def close(self) -> None:
        """Disconnect."""
        self._db.close()

    @contextmanager
    def of(self, figures: Figures, name: str, each: int = 1) -> Iterator[None]:
        """Note how long it takes, and how much WAL, for each of so many."""
        self._db.execute("CHECKPOINT")
        before, begun = self._wal(), time.perf_counter()
        yield
        figures[f"{name}, ms"] = (time.perf_counter() - begun) * 1000 / each
        figures[f"{name}, KiB of WAL"] = (self._wal() - before) / 1024 / each

    def _wal(self) -> int:
        (found,) = self._db.execute(
            "SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint"
        ).fetchone() or (0,)
        return int(found)


@dataclass(frozen=True, slots=True)
class Place:
    """A database that is measured."""

    url: str
    world: World
    is_divided: bool
    db: Db
    store: Store
    meter: Meter


def sizes(place: Place, _: int) -> Figures:
    """Return the MiB of tables and their indexes, partitions and the table beside among them."""
    found: Figures = {}
    for table in ("entries", "texts", "postings"):
        row = place.db.execute(
            """SELECT sum(pg_table_size(c.oid)), sum(pg_indexes_size(c.oid)) FROM pg_class c
                WHERE c.relname = %(table)s OR (%(table)s = 'entries' AND c.relname = 'entry_ids')
                   OR c.oid IN (SELECT inhrelid FROM pg_inherits
                                 WHERE inhparent = %(table)s::regclass)""",
            {"table": table},
        ).fetchone() or (0, 0)
        for kind, size in zip(("table", "indexes"), row, strict=True):
            found[f"{table}: {kind}, MiB"] = int(cast("int", size)) / 2**20
    return found


def plans(place: Place, _: int) -> Figures:
    """Return how long statements take to be planned, and done."""
    found: Figures = {}
    for name, statement in _STATEMENTS.items():
        times = []
        for number in range(1, 12):
            said = statement.format(id=place.world.entries * number // 12, source=number * 7)
            row = place.db.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {said}".encode()).fetchone()
            ((plan,),) = row or (({},),)
            told = cast("dict[str, float]", plan)
            times.append((told["Planning Time"], told["Execution Time"]))
        found[f"{name}: planned, ms"] = median(planned for planned, _ in times)
        found[f"{name}: done, ms"] = median(done for _, done in times)
    return found


def polls(place: Place, turn: int) -> Figures:
    """Return what polls cost that bring entries, and those that bring known ones."""
    found: Figures = {}
    at = place.world.now + timedelta(hours=turn)
    step = max(1, place.world.sources // (TURNS * (POLLS + WARM)))
    names = [f"s{1 + step * (turn + TURNS * number)}" for number in range(POLLS + WARM)]
    documents = {name: document(*(_entry(name, number) for number in range(NEW))) for name in names}
    for what in ("new", "known"):
        times = []
        for name in names[:WARM]:
            absorb(place.store, documents[name], at, name=name)
        with place.meter.of(found, f"a poll with {NEW} {what} entries", POLLS):
            for name in names[WARM:]:
                begun = time.perf_counter()
                absorb(place.store, documents[name], at, name=name)
                times.append((time.perf_counter() - begun) * 1000)
        found[f"a poll with {NEW} {what} entries, ms"] = median(times)
        at += timedelta(minutes=30)
    return found


def _entry(name: str, number: int) -> Entry:
    address = f"https://{name}.example/new/{number}"
    return entry(f"{name} {number}", guid=address, url=address, text=f"{number} {_TEXT}")


def reading(place: Place, _: int) -> Figures:
    """Return how long it takes to read what feeds show."""
    found: Figures = {}
    for name, feed_ids in (
        ("a feed of a thousand sources is read", (1, 1, 1, 1, 1)),
        ("a quiet source's feed is read", [OWN_FEED + number for number in range(20, 41)]),
    ):
        rows = place.db.execute(
            "SELECT id, config FROM feeds WHERE id = ANY(%s)", (list(feed_ids),)
        )
        feeds = {number: feed_of(str(config)) for number, config in rows.fetchall()}
        times = []
        for feed_id in feed_ids:
            begun = time.perf_counter()
            place.store.select(feeds[feed_id])
            times.append((time.perf_counter() - begun) * 1000)
        found[f"{name}, ms"] = median(times)
    return found


def retention(place: Place, _: int) -> Figures:
    """Return what the store's retention costs an entry, and how much of it is deleting rows."""
    whole: Figures = {}
    db, meter, world = place.db, place.meter, place.world
    with meter.of(whole, "all"):
        gone = place.store.prune(
            world.now,
            retention=world.now - instant(world.seen(world.real)),
            keep_raw=timedelta(days=9999),
        )
    found = {f"retention, an entry{name[3:]}": value / gone for name, value in whole.items()}
    first, *_ = _without_readers(db, world, 1)
    ids = range(first, first + world.real)
    with meter.of(found, "of it DELETE of the entry", len(ids)), db.transaction():
        for one in ids:
            db.execute("DELETE FROM entries WHERE story_id = %s", (one,))
    return found


def a_month(place: Place, _: int) -> Figures:
    """Return what it costs to let a month go of which no feed shows anything."""
    found: Figures = {}
    db, meter, world, is_divided = place.db, place.meter, place.world, place.is_divided
    first, end = _without_readers(db, world, 2)
    with meter.of(found, "a month's entries and texts go"):
        if is_divided:
            db.execute("DROP TABLE entries_3, texts_3")
            db.execute("DELETE FROM entry_ids WHERE id >= %s AND id < %s", (first, end))
        else:
            db.execute("DELETE FROM entries WHERE id >= %s AND id < %s", (first, end))
    with meter.of(found, "VACUUM after that"):
        db.execute("VACUUM (INDEX_CLEANUP ON) entries, texts, archive")
    return found


def _without_readers(db: Db, world: World, month: int) -> tuple[int, int]:
    """Let no feed show anything of a month; return its first id and that of the next month."""
    first, end = world.first_ids()[month : month + 2]
    db.execute("DELETE FROM shown WHERE entry_id >= %s AND entry_id < %s", (first, end))
    return first, end


def stories(place: Place, _: int) -> Figures:
    """Return what it costs to find stories by their words, to add some and to forget a day's."""
    found: Figures = {}
    db, meter, world, is_divided = place.db, place.meter, place.world, place.is_divided
    chance = random.Random(3)  # noqa: S311 -- no secret
    times = []
    for _ in range(200):
        begun = time.perf_counter()
        db.execute(
            """SELECT story_id FROM postings WHERE token = %s AND at BETWEEN %s AND %s
                ORDER BY at DESC, story_id DESC LIMIT 200""",
            (token(chance), world.end() - story_index.WINDOW_US, world.end()),
        ).fetchall()
        times.append((time.perf_counter() - begun) * 1000)
    found["stories are found by a word, ms"] = median(times)
    added = [(token(chance), world.end() + n, -n) for n in range(1, 101) for _ in range(16)]
    with meter.of(found, "a story's 16 words are added", 100), db.transaction():
        db.cursor().executemany(
            """INSERT INTO postings (token, at, story_id) VALUES (%s, %s, %s)
               ON CONFLICT DO NOTHING""",
            added,
        )
    (oldest,) = db.execute("SELECT min(at) FROM signatures").fetchone() or (0,)
    ends = [one for one in world.days() if one > int(cast("int", oldest)) + _DAY_US // 2]
    with (
        closing(PostgresConnection(place.url)) as ours,
        meter.of(found, "a day's stories go, by rows"),
    ):
        _forget(ours, ends[0], keep_postings=False)
    with closing(PostgresConnection(place.url)) as ours, meter.of(found, "a day's stories go"):
        _forget(ours, ends[1], keep_postings=is_divided)
        if is_divided:
            db.execute(f"DROP TABLE postings_{world.days().index(ends[1])}".encode())
    with meter.of(found, "VACUUM of postings after that"):
        db.execute("VACUUM (INDEX_CLEANUP ON) postings")
    return found


def _forget(ours: PostgresConnection, before: int, *, keep_postings: bool) -> None:
    """Forget the stories before a moment as the store does, a transaction a slice."""
    is_more = True
    while is_more:
        ours.begin("BEGIN")
        if keep_postings:
            gone = ours.execute(
                """DELETE FROM signatures WHERE story_id IN (
                     SELECT story_id FROM signatures WHERE at < ? ORDER BY at LIMIT 50)""",
                (before,),
            )
            is_more = gone.rowcount == 50
        else:
            is_more = story_index.forget_old(cast("sqlite3.Connection", ours), before)
        ours.execute("COMMIT")


def months_held(db: Db, world: World, kept: timedelta) -> list[float]:
    """Return of each month that is older than entries are kept the share that feeds show."""
    shares = []
    bounds = world.first_ids()
    for first, end in pairwise(bounds):
        if world.seen(end) > world.end() - kept // MICROSECOND:
            break
        (shown,) = db.execute(
            "SELECT count(DISTINCT entry_id) FROM shown WHERE entry_id >= %s AND entry_id < %s",
            (first, end),
        ).fetchone() or (0,)
        shares.append(int(cast("int", shown)) / (end - first))
    return shares


def an_index(place: Place, _: int) -> Figures:
    """Return how long an upgrade keeps polls waiting that makes an index of entries."""
    found: Figures = {}
    with place.meter.of(found, "an index of entries is made"), place.db.transaction():
        place.db.execute("CREATE INDEX measured ON entries (source_id, changed_at)")
        place.db.execute("DROP INDEX measured")
    return found


#: What is done, and at how many turns: the last ones take away what they measure.
WORKS = (
    (1, sizes),
    (1, an_index),
    (TURNS, plans),
    (TURNS, polls),
    (TURNS, reading),
    (1, stories),
    (1, retention),
    (1, a_month),
)
