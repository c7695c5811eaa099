"""What the HTTP server works with: configuration, store, health, clocks, and its caches."""

from __future__ import annotations

from dataclasses import field
from datetime import UTC, datetime
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING

from aggregator.publish.catalogue import Catalogue
from aggregator.runtime.values import dataclass
from aggregator.serve.cache import KEPT_BYTES, Cache, Wanted
from aggregator.serve.form_token import FormToken
from aggregator.serve.kept_pieces import KeptPieces
from aggregator.serve.looks import Looks
from aggregator.serve.measures import AnswerCounts
from aggregator.serve.operator_door import OperatorDoor
from aggregator.serve.ready_feeds import ReadyFeeds
from aggregator.serve.streams import Streams
from aggregator.serve.timeouts import TIMEOUTS, Timeouts

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import timedelta

    from aggregator.config import Config
    from aggregator.model.measures import Measure
    from aggregator.serve.former_addresses import Removed, Renamed
    from aggregator.serve.operating import Operating
    from aggregator.serve.responses import Encoded, Representation
    from aggregator.store import ReadingStore

#: Renderings at a time: CPU work that must leave polls and answers their share of two cores.
CONCURRENT_RENDERINGS = 2
#: What is kept of bodies in content codings: they are a third of the documents, or less.
ENCODED_BYTES = KEPT_BYTES // 3


#: What is kept of pages that people looked at lately: some 200.
PAGE_BYTES = 8 * 1024 * 1024
#: What is kept of what searches found: some 100 pages, or feeds of them.
SEARCH_BYTES = 4 * 1024 * 1024


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _always() -> None:
    return None


def _local(moment: datetime) -> datetime:
    return moment.astimezone()


@dataclass(frozen=True, slots=True)
class Site:
    """What is served, given as calls that read memory only (the store's methods excepted).

    `config` returns the present configuration, always the same object until another is applied;
    `health` returns `None`, or why the daemon itself cannot work; `unready` returns `None`, or why
    nobody is to be sent to it yet, or any more; `seconds` is a clock that only goes on; `local`
    tells a moment in the time zone in which pages tell days; `operating` does what the operator
    asks for on pages, `None` where nobody can. `look` learns what other processes have committed,
    `None` where there are none. `counted` are the measures of whatever else runs
    here, and `asked` those that are asked of the store, in a thread.
    """

    config: Callable[[], Config]
    store: ReadingStore
    health: Callable[[], str | None]
    now: Callable[[], datetime] = _utc_now
    seconds: Callable[[], float] = monotonic
    local: Callable[[datetime], datetime] = _local
    operating: Operating | None = None
    look: Callable[[], Awaitable[object]] | None = None
    unready: Callable[[], str | None] = _always
    counted: Callable[[], tuple[Measure, ...]] = tuple
    asked: Callable[[], tuple[Measure, ...]] = tuple
    timeouts: Timeouts = TIMEOUTS


@dataclass(frozen=True, slots=True)
class Rendering:
    """A feed's document, and for how long it is good; `final`: it never changes again."""

    representation: Representation
    fresh_for: timedelta
    final: bool


@dataclass(frozen=True, slots=True)
class Caches:
    """What is kept in memory, apart by what it is made of: none waits for another's trouble.

    `catalogues` and `pages` are made of the configuration, `renderings` of stories and so are
    `rivers`, the pages of them; `searches` of what was found, one search at a time; `lists` of
    other rows, `encodings` of the bodies of all these; `pieces` of `renderings` are for the next
    ones. `past` is kept nowhere, its questions are only bounded.
    """

    catalogues: Cache[Catalogue]
    pages: Cache[Representation]
    renderings: Cache[Rendering | None]
    rivers: Cache[Representation | None]
    searches: Cache[Representation]
    lists: Cache[Representation]
    encodings: Cache[Encoded]
    pieces: KeptPieces
    past: Cache[Removed | Renamed | None]

    @classmethod
    def within(cls, timeouts: Timeouts, *, most_bytes: int = KEPT_BYTES) -> Caches:
        """Return empty caches, of which `renderings` keeps at most so many bytes."""
        return cls(
            catalogues=Cache(lambda _: 0, timeouts=timeouts),
            pages=Cache(lambda page: page.bytes_held, timeouts=timeouts),
            renderings=Cache(
                lambda one: None if one is None else one.representation.bytes_held,
                is_final=lambda one: one is not None and one.final,
                makers=CONCURRENT_RENDERINGS,
                most_bytes=most_bytes,
                timeouts=timeouts,
            ),
            rivers=Cache(
                lambda one: None if one is None else one.bytes_held,
                most_bytes=PAGE_BYTES,
                timeouts=timeouts,
            ),
            searches=Cache(lambda one: one.bytes_held, most_bytes=SEARCH_BYTES, timeouts=timeouts),
            lists=Cache(lambda one: one.bytes_held, timeouts=timeouts),
            encodings=Cache(
                lambda one: 0 if one.coding is None else len(one.body),
                makers=CONCURRENT_RENDERINGS,
                most_bytes=ENCODED_BYTES,
                timeouts=timeouts,
            ),
            pieces=KeptPieces(),
            past=Cache(lambda _: None, timeouts=Timeouts(without=timeouts.for_the_past)),
        )


@dataclass(frozen=True, slots=True)
class Served:
    """A site while it is served: what every route is given."""

    site: Site
    caches: Caches
    door: OperatorDoor
    looks: Looks
    ready: ReadyFeeds = field(default_factory=ReadyFeeds)
    streams: Streams = field(default_factory=Streams)
    answers: AnswerCounts = field(default_factory=AnswerCounts)
    form_token: FormToken = field(default_factory=FormToken)

    @classmethod
    def of(cls, site: Site) -> Served:
        """Return the site with nothing in memory yet."""
        door = OperatorDoor(site.config, site.seconds)
        return cls(site, Caches.within(site.timeouts), door, Looks(site.look))

    async def catalogue(self) -> Catalogue:
        """Return the catalogue of the present configuration; thousands of sources take ms."""
        config = self.site.config()
        # Its number is its own for as long as it lives, and what is kept keeps it alive.
        wanted = Wanted("catalogue", "catalogue", made_for=id(config))
        return (await self.caches.catalogues.get(wanted, partial(Catalogue, config))).value
