"""What pages ask of the store, beside what feeds and status do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typing_extensions import override

from aggregator.model.instants import micros
from aggregator.runtime.late_modules import LateModule
from aggregator.store import PageStore
from aggregator.store.engines.readers import Reading

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from aggregator.model import Feed, Story
    from aggregator.model.found import EntryLine, Found
    from aggregator.model.health import Overview, SourceRecord, SourceReport, StoreFigures
    from aggregator.model.pages import Place, ShownSource, Stretch, Wish
    from aggregator.store.pages import entry_lists, overview, river, source_health
    from aggregator.web.search_words import SearchQuery
else:  # most commands show no pages
    entry_lists = LateModule("aggregator.store.pages.entry_lists")
    overview = LateModule("aggregator.store.pages.overview")
    river = LateModule("aggregator.store.pages.river")
    source_health = LateModule("aggregator.store.pages.source_health")


class PageReading(Reading, PageStore):
    """Keeps the promises of `PageStore`."""

    @override
    def stretch(self, feed: Feed, *, place: Place | None, wish: Wish, most: int) -> Stretch:
        with self._feed(feed) as (db, row):
            secrets = self._secrets.read(db)
            return river.stretch(db, feed, row, secrets, place=place, wish=wish, most=most)

    @override
    def shown_sources(self, feed: Feed) -> tuple[ShownSource, ...]:
        with self._feed(feed) as (db, row):
            return river.shown_sources(db, row, self._secrets.read(db))

    @override
    def feeds_with(self, order_key: int) -> tuple[str, ...]:
        with self._reading() as db:
            return river.feeds_with(db, order_key)

    @override
    def story(self, feed: Feed, order_key: int) -> Story | None:
        with self._feed(feed) as (db, row):
            return river.story(db, feed, row, self._secrets.read(db), order_key)

    @override
    def titles(self, names: tuple[str, ...]) -> dict[str, str]:
        with self._reading() as db:
            return river.titles(db, self._secrets.read(db), names)

    @override
    def healths(self) -> tuple[SourceRecord, ...]:
        with self._moment() as db:
            return source_health.healths(db, self._secrets.read(db))

    @override
    def overview(self, since: date, until: date) -> Overview:
        with self._moment() as db:
            return overview.overview(db, self._secrets.read(db), since=since, until=until)

    @override
    def report(self, name: str) -> SourceReport | None:
        with self._moment() as db:
            return source_health.report(db, self._secrets.read(db), name)

    @override
    def figures(self, now: datetime) -> StoreFigures:
        with self._reading() as db:
            search = self._search.size_bytes(db)
            files = self._engine.sizes_bytes(db)
            if self._search.lies_within:
                files["database"] -= search
            return source_health.figures(db, now, {**files, "search": search})

    @override
    def search(
        self, feeds: Sequence[Feed], query: SearchQuery, *, most: int, after: int | None = None
    ) -> Found:
        with self._moment() as db:
            secrets = self._secrets.read(db)
            return self._search.find(db, feeds, secrets, query, most=most, after=after)

    @override
    def search_bytes(self) -> int:
        with self._reading() as db:
            return self._search.size_bytes(db)

    @override
    def entry_lines(
        self, *, source: str | None, since: datetime | None, before: int | None, most: int
    ) -> tuple[EntryLine, ...]:
        with self._moment() as db:
            at = None if since is None else micros(since)
            return entry_lists.newest(
                db, self._secrets.read(db), source=source, since=at, before=before, most=most
            )
