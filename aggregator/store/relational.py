"""The store on rows: one writer thread, read-only connections for everybody else."""

from __future__ import annotations

import threading
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from typing_extensions import override

from aggregator.model import PastPoll, Selection, SourceStatus
from aggregator.model.configured import FORGET_AFTER
from aggregator.model.errors import StoreDamagedError, StoreError
from aggregator.model.instants import instant, micros
from aggregator.model.notes import in_order
from aggregator.operations import evaluate
from aggregator.runtime.late_modules import LateModule
from aggregator.store import Store
from aggregator.store.configured import reconcile, rule_trials
from aggregator.store.configured.configuration_plan import plan
from aggregator.store.configured.foresight import foresee, foresee_retention
from aggregator.store.configured.list_keeping import ListKeeping
from aggregator.store.engines.writer import Writer
from aggregator.store.feeds import archive, feed_windows, former_feeds, selection, served_bytes
from aggregator.store.feeds.feed_versions import FeedVersions
from aggregator.store.leases.memory_leases import MemoryLeases
from aggregator.store.notices import alarms
from aggregator.store.notices.outbox_keeping import OutboxKeeping
from aggregator.store.pages import entry_facts, source_status
from aggregator.store.pages.page_reading import PageReading
from aggregator.store.polls import mirrors
from aggregator.store.polls.poll_keeping import PollKeeping
from aggregator.store.rows import note_rows
from aggregator.store.stories import story_switch
from aggregator.store.stories.story_keeping import StoryKeeping
from aggregator.store.texts import disk_room
from aggregator.store.upkeep import database_days
from aggregator.store.upkeep.retention import drop_in_slices, kept_since, prune_in_slices

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Collection, Sequence
    from datetime import datetime

    from aggregator.model import (
        ArchivePart,
        EntryFacts,
        Exportable,
        Feed,
        Problem,
        Source,
    )
    from aggregator.model.changes import Change
    from aggregator.model.notes import Fact, Note, NoteKind
    from aggregator.model.notices import Receiver
    from aggregator.model.trials import Trial
    from aggregator.rules.secrets import Secrets
    from aggregator.store.engines.engine import Engine, Search
    from aggregator.store.leases import row_leases
else:  # for several processes that share the work
    row_leases = LateModule("aggregator.store.leases.row_leases")

T = TypeVar("T")


class RelationalStore(PageReading, OutboxKeeping, StoryKeeping, ListKeeping, PollKeeping, Store):
    """Keeps the promises of `aggregator.store.Store` in the rows of an engine.

    `writing` is the engine's writing connection, `None` where the store refuses to write; `search`
    keeps the search index; with `shares` other processes do the same work.
    """

    def __init__(
        self,
        engine: Engine,
        search: Search,
        writing: sqlite3.Connection | None,
        further_secrets: tuple[str, ...] = (),
        *,
        shares: bool = False,
    ) -> None:
        super().__init__(engine, search, further_secrets, is_shared=shares)
        self._versions = FeedVersions()
        self._claiming = threading.Lock()
        self._leases = MemoryLeases()
        if shares:
            self._leases = row_leases.RowLeases(
                self._reading,
                lambda jobs, beside: self._writing().run_each(jobs, beside=beside),
            )
        self._configuring = threading.Lock()
        self._writer = None
        if writing is not None:
            try:
                self._versions.refresh(writing)
                self._stories.refresh(writing)
            except engine.errors as error:
                writing.close()
                raise engine.told(error) from error
            self._writer = Writer(writing, engine, committed=self._versions.refresh)

    # --- feeds ------------------------------------------------------------------------------------

    @override
    def feed_version(self, name: str) -> int | None:
        return self._versions.get(name)

    @override
    def look(self) -> None:
        try:
            with self._readers.looking() as db:
                self._versions.refresh(db)
        except self._engine.errors as error:
            raise self._engine.told(error) from error

    @override
    def select(self, feed: Feed) -> Selection:
        with self._feed(feed) as (db, row):
            return selection.select(db, feed, row, self._secrets.read(db))

    @override
    def archive_parts(self, feed: Feed) -> tuple[ArchivePart, ...]:
        with self._feed(feed) as (db, row):
            return archive.parts(db, row)

    @override
    def select_archive(self, feed: Feed, name: str) -> Selection | None:
        with self._feed(feed) as (db, row):
            return selection.select_archive(db, feed, row, self._secrets.read(db), name)

    @override
    def frozen(self, feed: Feed, name: str, form: str, made_for: str) -> bytes | None:
        with self._feed(feed) as (db, row):
            return archive.frozen(db, row["id"], name, form, made_for)

    @override
    def freeze(self, feed: Feed, name: str, form: str, made_for: str, body: bytes) -> None:
        with self._feed(feed) as (_, row):
            feed_id = row["id"]
        self._write_in_turn(
            lambda db: archive.freeze(db, feed_id, name, form, made_for=made_for, body=body)
        )

    @override
    def standing_since(
        self, feed: Feed, name: str, form: str, *, digest: bytes, changed_at: datetime
    ) -> datetime:
        with self._feed(feed) as (db, row):
            feed_id = row["id"]
            since = served_bytes.known_since(db, feed_id, name, form, digest)
        if since is not None:
            return instant(since)
        change = partial(served_bytes.change, digest=digest, changed_at=micros(changed_at))
        try:
            since = self._write_in_turn(lambda db: change(db, feed_id, name, form))
        except StoreError:  # a full disk, or a command that only reads: readers come first
            return changed_at
        return instant(since)

    @override
    def exportable(
        self, feed: Feed, *, after: int, most: int
    ) -> tuple[tuple[Exportable, ...], int | None]:
        with self._feed(feed) as (db, row):
            secrets = self._secrets.read(db)
            return selection.exportable(db, feed, row, secrets, after=after, most=most)

    @override
    def renamed_feed(self, name: str) -> str | None:
        with self._reading() as db:
            return former_feeds.renamed(db, name)

    @override
    def removed_feed(self, name: str) -> Feed | None:
        with self._reading() as db:
            return former_feeds.removed(db, name)

    @override
    def operations(self) -> Selection:
        with self._moment() as db:
            return alarms.operations_selection(db, self._secrets.read(db))

    # --- status -----------------------------------------------------------------------------------

    @override
    def secrets(self) -> Secrets:
        with self._reading() as db:
            return self._secrets.read(db)

    @override
    def status(self, names: tuple[str, ...] | None = None) -> list[SourceStatus]:
        with self._reading() as db:
            return source_status.statuses(db, self._secrets.read(db), names)

    @override
    def failing(self) -> dict[str, Problem]:
        with self._reading() as db:
            return source_status.failing(db)

    @override
    def history(self, source_id: int, *, most: int) -> list[PastPoll]:
        with self._reading() as db:
            return source_status.history(db, source_id, most)

    @override
    def notes(self, now: datetime | None = None) -> tuple[Note, ...]:
        with self._reading() as db:
            found = (*note_rows.stored(db), *mirrors.failing(db), *mirrors.unconditional(db))
            if now is not None:
                found += (*alarms.certificate_notes(db, now), *mirrors.held_hosts(db, now))
        return in_order(found)

    @override
    def facts(self, wanted: str, feeds: tuple[Feed, ...]) -> tuple[EntryFacts, ...]:
        with self._reading() as db:
            return entry_facts.facts(db, wanted, feeds)

    # --- maintenance ------------------------------------------------------------------------------

    @override
    def apply(
        self,
        sources: tuple[Source, ...],
        feeds: tuple[Feed, ...],
        *,
        now: datetime,
        quota: int | None = None,
        further_secrets: tuple[str, ...] = (),
    ) -> tuple[Change, ...]:
        def job(db: sqlite3.Connection) -> None:
            disk_room.configure(db, quota, len(sources))
            story_switch.configure(db, feeds, micros(now))
            reconcile.apply_configuration(db, planned, micros(now))
            db.execute("UPDATE counters SET times_applied = times_applied + 1")

        with self._configuring, self._reading() as db:
            planned = plan(db, sources, feeds)
            changes = foresee(db, planned, micros(now))
            self._write(job)
            self._write(self._stories.refresh)
        self._secrets.changed(further_secrets)
        return changes

    @override
    def foresee(
        self,
        sources: tuple[Source, ...],
        feeds: tuple[Feed, ...],
        *,
        now: datetime,
        retention: timedelta | None = None,
    ) -> tuple[Change, ...]:
        with self._reading() as db:
            changes = foresee(db, plan(db, sources, feeds), micros(now))
            if retention is not None:
                changes += foresee_retention(db, sources, retention, micros(now))
        return changes

    @override
    def try_rules(
        self, sources: Sequence[Source], feed: Feed | None, *, most: int, examples: int
    ) -> Trial:
        with self._reading() as db:
            return rule_trials.try_rules(db, sources, feed, most=most, examples=examples)

    @override
    def advance(self, now: datetime) -> tuple[str, ...]:
        at = micros(now)
        moved: dict[str, None] = {}
        while due := self._due_feeds(at):
            moved.update(dict.fromkeys(self._move_on(due, at)))
        return tuple(moved)

    def _due_feeds(self, at: int) -> list[int]:
        with self._reading() as db:
            return feed_windows.due_feeds(db, at)

    @override
    def _move_on(self, feed_ids: Sequence[int], at: int) -> tuple[str, ...]:
        # A job each, of which the writer puts together as many as a transaction may last.
        jobs = [
            partial(self._in_turn, partial(feed_windows.advance_due, feed_id=one, now=at))
            for one in feed_ids
        ]
        names = self._writing().run_each(jobs, beside=True)
        return tuple(name for name in names if name is not None)

    @override
    def prune(
        self,
        now: datetime,
        *,
        retention: timedelta,
        keep_raw: timedelta,
        forget_after: timedelta = FORGET_AFTER,
    ) -> int:
        at = micros(now)
        with self._reading() as db:
            kept = kept_since(db, at, retention)
        pruned = prune_in_slices(self._write, now=at, kept=kept)
        drop_in_slices(self._write, now=at, keep_raw=keep_raw, forget_after=forget_after)
        self._search.sweep()
        words = self.search_bytes()
        counted = words if self._search.lies_within else 0
        self._write(
            lambda db: database_days.note(
                db, at, file_bytes=self._engine.size_bytes(db) - counted, search_bytes=words
            )
        )
        return pruned

    @override
    def index_words(self, *, most_bytes: int) -> bool:
        self._writing()
        return self._search.fill(most_bytes)

    @override
    def watch(
        self,
        now: datetime,
        alert_after: timedelta,
        receivers: Sequence[Receiver] = (),
        lists: Collection[str] = (),
    ) -> tuple[str, ...]:
        with self._reading() as db:
            seen, before = alarms.watched(db, now, lists), alarms.alarms(db)
        told = evaluate(seen, before, now=now, alert_after=alert_after)
        if not self._write(lambda db: alarms.tell(db, before, told, now, receivers)):
            return ()
        return tuple(event.title for event in told.events)

    @override
    def note(self, fact: Fact, *, now: datetime) -> None:
        self._write(lambda db: note_rows.put(db, fact, micros(now)))

    @override
    def forget_note(self, kind: NoteKind) -> None:
        self._write(lambda db: note_rows.drop(db, kind))

    @override
    def find_damage(self) -> StoreDamagedError | None:
        return self._engine.find_damage(self._readers)

    @override
    def ping(self) -> None:
        self._write_beside(
            lambda db: db.execute("SELECT largest_order_key FROM counters").fetchone()
        )

    @override
    def close(self) -> None:
        self._readers.close()
        if self._writer is not None:
            self._writer.close()

    # --- connections ----------------------------------------------------------------------------

    @override
    def _write(self, job: Callable[[sqlite3.Connection], T]) -> T:
        return self._writing().run(job)

    @override
    def _write_beside(self, job: Callable[[sqlite3.Connection], T]) -> T:
        return self._writing().run(job, beside=True)

    def _write_in_turn(self, job: Callable[[sqlite3.Connection], T]) -> T:
        return self._write_beside(partial(self._in_turn, job))

    def _in_turn(self, job: Callable[[sqlite3.Connection], T], db: sqlite3.Connection) -> T:
        self._engine.take_turn(db)
        return job(db)

    @override
    def _writing(self) -> Writer:
        if self._writer is None:
            raise StoreError(f"{self._engine.place}: opened for reading only")
        return self._writer
