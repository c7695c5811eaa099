"""The month: publishers, the daemon, its operator and its readers under one clock.

The daemon is the real one from poll to answer (SQLite, worker processes, HTTP to publishers on
loopback); only its clock is ours, so that a month passes in minutes. `World.now` is the true time;
the daemon's clock is off by `World.offset`.
"""

from __future__ import annotations

import asyncio
import heapq
import json
import random
import signal
import sqlite3
import sys
from collections import defaultdict
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING

import httpx

from aggregator import config as configuration
from aggregator.daemon.story_work import tell_stories
from aggregator.daemon.terms import make_bounds
from aggregator.daemon.workers import Workers
from aggregator.serve import Site as Served
from aggregator.serve import create_app
from benchmarks.month.readers import Memory, Reader
from benchmarks.month.sites import PATH, Site
from benchmarks.month.tellings import Tellings
from benchmarks.month.victim import TOML
from tests.config_texts import source_toml
from tests.make_schema_fixture import FOLDER
from tests.old_databases import as_written_by
from tests.polling import DAY, HOUR, Clock, house
from tests.web import Certificate, Publisher

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from aggregator.config import Config
    from tests.polling import House

    Act = Callable[[], Awaitable[None] | None]

#: A Monday after the fixture of the first release was written; a new month begins four weeks later.
START = datetime(2027, 1, 4, tzinfo=UTC)

#: Entries are kept in the database for so long: shorter than shipped, so that some are pruned.
RETENTION = timedelta(days=25)
KEEP_RAW = timedelta(days=10)

#: What feeds hold back, or is to be told together, is looked at so often.
TELLING = timedelta(minutes=5)

#: The victim answers for so many requests before it is killed.
KILLED_AFTER = (3, 25)


@dataclass
class Spec:
    """One `[[sources]]` of the operator's file, and the site that it means."""

    site: Site
    place: str
    tags: tuple[str, ...] = ()
    more: str = ""


@dataclass
class Ruled:
    """A rule that blocks some entries of some sites for a while, in one feed or (`None`) in all."""

    feed: str | None
    keys: tuple[str, ...]
    begin: datetime
    end: datetime | None = None


@dataclass
class World:
    """All that lives for a month in one folder."""

    folder: Path
    days: float
    feeds: str
    #: Of both feeds, as in their settings.
    window: timedelta = 3 * DAY
    retention: timedelta = RETENTION
    seed: int = 20270104
    offset: timedelta = timedelta(0)
    specs: dict[str, Spec] = field(default_factory=dict)
    servers: dict[str, Publisher] = field(default_factory=dict)
    sites: dict[str, Site] = field(default_factory=dict)
    #: Further places where a site can be had: by place, the site's key; "-tls" at its end: https.
    places: dict[str, str] = field(default_factory=dict)
    #: Rules that an operator made for a while: of which feed (`None`: of the source), sites, times.
    rules: list[Ruled] = field(default_factory=list)
    readers: list[Reader] = field(default_factory=list)
    memory: Memory = field(default_factory=Memory)
    certificate: Certificate | None = None
    tellings: Tellings = field(default_factory=Tellings)
    #: When each site's stories could enter a feed: [begin, end) by true time, `None`: still.
    members: dict[str, dict[str, list[tuple[datetime, datetime | None]]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )
    zh: frozenset[str] = frozenset()
    polls: int = 0
    kills: int = 0
    pruned: int = 0

    def __post_init__(self) -> None:
        self.clock = Clock(START)
        self.dice = random.Random(self.seed)  # noqa: S311 # a replay, not a secret
        self._queue: list[tuple[datetime, int, Act]] = []
        self._order = count()
        self._stack = AsyncExitStack()
        self._life = AsyncExitStack()
        self.home: House
        self.client: httpx.AsyncClient
        self.workers = Workers()

    @property
    def now(self) -> datetime:
        """The true time."""
        return self.clock.now - self.offset

    @property
    def end(self) -> datetime:
        """When the month is over."""
        return START + self.days * DAY

    def at(self, moment: datetime, act: Act) -> None:
        """Let something happen at a true time."""
        heapq.heappush(self._queue, (moment, next(self._order), act))

    def day(self, number: float, act: Act) -> None:
        """Let something happen on a day of the thirty, however long this month is."""
        self.at(START + number * DAY * self.days / 30, act)

    # --- life -----------------------------------------------------------------------------------

    async def live(self) -> None:
        """Live from the first release's database to the month's end."""
        async with self._stack:
            for place in (*self.sites, *self.places):
                await self._publish(place)
            load_first_release(self.folder / "aggregator.db")
            await self.begin()
            self._plan_readers()
            self._every(HOUR, self.advance)
            self._every(TELLING, self.tell)
            self._every(DAY, self.prune)
            try:
                while self._queue and self._queue[0][0] <= self.end:
                    moment, _, act = heapq.heappop(self._queue)
                    await self.home.run_until(moment + self.offset)
                    done = act()
                    if done is not None:
                        await done
            finally:
                self.note_tellings()
                await self.finish()
                await self.workers.aclose()

    async def _publish(self, place: str) -> None:
        """Let a site listen, on a port of its own."""
        tls = self.certificate.server() if self.certificate and place.endswith("-tls") else None
        server = await self._stack.enter_async_context(Publisher(tls=tls))
        server.route(PATH, self.sites[self.places.get(place, place)])
        self.servers[place] = server

    def url(self, place: str) -> str:
        """Return the address of a site's document."""
        return self.servers[place].url(PATH)

    def redirect(self, place: str, target: str) -> None:
        """Let a place redirect to another for good."""
        self.servers[place].route(PATH, status=301, headers={"Location": self.url(target)})

    def close(self, place: str) -> None:
        """Let a place know of nothing any more."""
        self.servers[place].forget(PATH)

    async def begin(self) -> None:
        """Start the daemon."""
        self._life = AsyncExitStack()
        tls = self.certificate.trusted() if self.certificate else None
        self.home = await self._life.enter_async_context(
            house(self.folder, self.clock, self.toml(), workers=self.workers, tls=tls, resumed=True)
        )  # fmt: skip
        self._note_members(self.home.config)
        home = self.home
        served = Served(lambda: home.config, home.store, lambda: None, self.clock)
        self.client = await self._life.enter_async_context(
            httpx.AsyncClient(
                transport=httpx.ASGITransport(create_app(served)),
                base_url=home.config.server.base_url,
            )
        )

    async def finish(self) -> None:
        """Stop the daemon in good order."""
        self.polls += self.home.polls
        await self._life.aclose()

    async def restart(self) -> None:
        """Stop and start."""
        await self.finish()
        await self.begin()

    def note_tellings(self) -> None:
        """Remember what was named below what, before it is forgotten."""
        marks = {link: mark for site in self.sites.values() for link, mark in site.links.items()}
        path = self.folder / "aggregator.db"
        self.tellings.note(path, self.home.config.feeds, marks)

    async def upgrade(self) -> None:
        """Let the first release have written the database, and start this one on it.

        What is left of pruned entries is put back: that release kept their keys, which cannot be
        made of the hashes that are kept today (tests/test_sqlite_identity.py tries its own).
        """
        self.note_tellings()
        await self.finish()
        path = self.folder / "aggregator.db"
        with closing(sqlite3.connect(path)) as connection:
            tombstones = connection.execute("SELECT * FROM tombstones").fetchall()
        as_written_by("0001", path)
        await self.begin()
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.executemany(
                "INSERT OR IGNORE INTO tombstones VALUES (?, ?, ?, ?)", tombstones
            )

    async def kill(self) -> None:
        """Let the daemon die by SIGKILL in the middle of its polls, and start it again."""
        await self.finish()
        (self.folder / TOML).write_text(self.toml(), encoding="utf-8")
        before = self._requests()
        wanted = self.dice.randint(*KILLED_AFTER)
        for site in self.sites.values():
            site.doomed = True
        more = (str(self.certificate.path),) if self.certificate else ()
        victim = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "benchmarks.month.victim",
            str(self.folder), self.clock.now.isoformat(), *more,
        )  # fmt: skip
        # It is the publishers that are asked, in this loop's other tasks: there is no event.
        while victim.returncode is None and self._requests() - before < wanted:  # noqa: ASYNC110
            await asyncio.sleep(0.002)
        if victim.returncode is not None:
            raise RuntimeError(f"the victim ended by itself with status {victim.returncode}")
        victim.send_signal(signal.SIGKILL)
        await victim.wait()
        for site in self.sites.values():
            site.doomed = False
        self.kills += 1
        await self.begin()

    def _requests(self) -> int:
        return sum(len(server.requests) for server in self.servers.values())

    async def advance(self) -> None:
        """Do what the daemon does now and then."""
        self.home.store.advance(self.clock())
        self.note_tellings()
        for server in self.servers.values():
            server.requests.clear()

    async def tell(self) -> None:
        """Do what the daemon does beside polls."""
        tell_stories(self.home.config, self.home.store, self.clock())

    async def prune(self) -> None:
        """Do what the daemon does daily."""
        self.pruned += self.home.store.prune(
            self.clock(), retention=self.retention, keep_raw=KEEP_RAW
        )

    def set_clock(self, offset: timedelta) -> None:
        """Set the daemon's clock, to so much before or after the true time."""
        now = self.now
        self.offset = offset
        self.clock.now = now + offset

    # --- the operator ---------------------------------------------------------------------------

    def toml(self) -> str:
        """Return the operator's file."""
        text = f'[network]\nallow_private = ["127.0.0.0/8"]\n{self.feeds}'
        for name, spec in self.specs.items():
            tags = json.dumps(spec.tags, ensure_ascii=False)
            text += source_toml(name, self.url(spec.place), f"tags = {tags}\n{spec.more}")
        return text

    def add(self, name: str, *tags: str) -> None:
        """Write another source, named as its site, into the file."""
        self.specs[name] = Spec(self.sites[name], name, tags)

    async def reload(self) -> None:
        """Let the running daemon take the file over, as `aggregator reload` does."""
        path = self.home.config.path
        path.write_text(f'{self.toml()}\n[store]\npath = "aggregator.db"\n', encoding="utf-8")
        config = configuration.load(path)
        self.home.store.apply(config.sources, config.feeds, now=self.clock())
        self.home.config = config
        self.home.dispatcher.tools = replace(
            self.home.dispatcher.tools, bounds=make_bounds(config), sites=config.sites
        )
        self.home.steer()
        self._note_members(config)

    def _note_members(self, config: Config) -> None:
        sources = {one.name: one for one in config.sources}
        for feed in config.feeds:
            if feed.kind.is_minor:
                continue
            known = self.members[feed.name]
            inside = {
                spec.site.key for name, spec in self.specs.items() if feed.selects(sources[name])
            }
            for key in inside | set(known):
                open_ = bool(known[key]) and known[key][-1][1] is None
                if key in inside and not open_:
                    known[key].append((self.now, None))
                elif key not in inside and open_:
                    known[key][-1] = (known[key][-1][0], self.now)

    # --- readers --------------------------------------------------------------------------------

    def _plan_readers(self) -> None:
        for reader in self.readers:
            for moment in reader.visits:
                self.at(moment, self._visit_of(reader))
            if reader.every is not None:
                first = START + 2 * HOUR + reader.phase * reader.every
                self.at(first, self._visit_of(reader))

    def _visit_of(self, reader: Reader) -> Act:
        async def visit() -> None:
            await reader.visit(self.client, self.now, self.memory)
            if reader.every is not None:
                self.at(self.now + reader.every, visit)

        return visit

    def _every(self, pause: timedelta, work: Callable[[], Awaitable[None]]) -> None:
        async def again() -> None:
            await work()
            self.at(self.now + pause, again)

        self.at(START + pause, again)


def load_first_release(path: Path) -> None:
    """Make the database that the first release wrote in its day."""
    connection = sqlite3.connect(path)
    connection.executescript((FOLDER / "0001.sql").read_text(encoding="utf-8"))
    connection.close()
