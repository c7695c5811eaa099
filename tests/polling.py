"""The real poller, store and fetch in one process, with a clock that the test moves.

    async with house(tmp_path, clock, dns, sources=[source("a", url)]) as home:
        await home.run_until(START + DAY)
        assert home.results["a"][-1].problem is None

Nothing waits for the wall clock: `run_until` steps from one due moment to the next.
"""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from aggregator import config as configuration
from aggregator.daemon.bytes_in_flight import BytesInFlight
from aggregator.daemon.once import is_priced, make_tools, steered
from aggregator.daemon.poller import Dispatcher
from aggregator.daemon.terms import make_bounds
from aggregator.daemon.workers import Workers
from aggregator.fetch import user_agent
from aggregator.model.instants import instant
from aggregator.schedule import price
from aggregator.store.sqlite import SqliteStore, open_store
from tests import PATIENCE
from tests.fetching import LIMITS, Impatient

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Callable, Mapping

    from aggregator.config import Config
    from aggregator.fetch import FetchLimits, Resolver
    from aggregator.model import PollResult
    from aggregator.schedule.price import Pricing

#: A Monday, so that a week begins with it.
START = datetime(2026, 11, 23, 8, tzinfo=UTC)

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

#: What is due and yet not begun (its host asked to wait, the network is down) is looked at again
#: after this time; the daemon does so every second.
TICK = timedelta(seconds=20)


@dataclass
class Clock:
    """The wall clock of a test."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now


@dataclass
class House:
    """What a daemon is made of, without its scheduler; `results` are all polls, by source."""

    config: Config
    clock: Clock
    store: SqliteStore
    dispatcher: Dispatcher
    pricing: Pricing
    steered_at: datetime
    priced: frozenset[str] = frozenset()
    results: dict[str, list[PollResult]] = field(default_factory=lambda: defaultdict(list))
    at: dict[str, list[datetime]] = field(default_factory=lambda: defaultdict(list))

    def next_due(self) -> datetime | None:
        """Return when the next source is due."""
        with closing(sqlite3.connect(self.config.store.path)) as db:
            (due,) = db.execute(
                """SELECT min(next_poll_at) FROM sources
                    WHERE removed_at IS NULL AND enabled = 1"""
            ).fetchone()
        return None if due is None else instant(due)

    async def tick(self) -> int:
        """Do what the daemon does every second, and wait for it; return how many polls ended."""
        before = self.polls
        async with asyncio.timeout(PATIENCE):
            await self.dispatcher.start_due()
            await self._quiet()
        return self.polls - before

    async def _quiet(self) -> None:
        """Wait for the polls under way, and for those that start when one of them ends."""
        while True:
            await self.dispatcher.running()
            refill = self.dispatcher._refill
            if refill is not None and not refill.done():
                await asyncio.wait({refill})
            elif not self.dispatcher._running:
                return

    async def run_until(self, moment: datetime) -> None:
        """Poll what is due, when it is due, until the clock shows `moment`."""
        while (due := self.next_due()) is not None and due <= moment:
            self.clock.now = max(self.clock.now, due)
            if self.clock.now - self.steered_at >= HOUR:
                self.steer()
            if not await self.tick():
                self.clock.now += TICK
            if self.clock.now > moment:
                break
        self.clock.now = max(self.clock.now, moment)

    def steer(self) -> None:
        """Do what the daemon does every hour."""
        states, self.steered_at = self.store.states(), self.clock.now
        self.priced = frozenset(state.source.name for state in states if is_priced(state))
        bounds = make_bounds(self.config)
        self.pricing = steered(states, self.pricing, bounds, now=self.clock.now)
        self.store.set_pricing(price.to_text(self.pricing))

    def note(self, result: PollResult) -> None:
        """Remember a finished poll."""
        self.results[result.source].append(result)
        self.at[result.source].append(self.clock.now)
        if result.source in self.priced:
            self.pricing = price.count_request(self.pricing)

    async def poll(self, *names: str) -> dict[str, PollResult]:
        """Poll these sources now, as the command `poll` does with `--force`."""
        found: dict[str, PollResult] = {}

        def note(result: PollResult) -> None:
            found[result.source] = result

        async with asyncio.timeout(PATIENCE):
            await self.dispatcher.poll_all(self.store.states(names or None), note)
            await self._quiet()
        return found

    @property
    def polls(self) -> int:
        """How many polls there were."""
        return sum(map(len, self.results.values()))

    def titles(self) -> set[str]:
        """Return the titles in the feed of everything."""
        return {story.title for story in self.store.select(self.config.feeds[0]).stories}

    def gates(self) -> dict[str, tuple[int, datetime]]:
        """Return what is remembered of hosts: their strikes, and the end of their hold."""
        with closing(sqlite3.connect(self.config.store.path)) as db:
            rows = db.execute("SELECT host, strikes, until_at FROM gates ORDER BY host")
            return {host: (strikes, instant(until)) for host, strikes, until in rows}

    def rows(self, name: str) -> dict[str, list[dict[str, Any]]]:
        """Return what the database holds of one source: every table that names it, row by row."""
        with closing(sqlite3.connect(self.config.store.path)) as db:
            db.row_factory = sqlite3.Row
            (number,) = db.execute(
                "SELECT id FROM sources WHERE name = ? AND removed_at IS NULL", (name,)
            ).fetchone()
            found = {}
            for (table,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'"):
                columns = {row["name"] for row in db.execute(f"PRAGMA table_info({table})")}
                by = "source_id" if "source_id" in columns else "id" if table == "sources" else ""
                if by:
                    rows = db.execute(
                        f"SELECT * FROM {table} WHERE {by} = ?",  # noqa: S608 -- names of the schema
                        (number,),
                    )
                    found[table] = sorted(map(dict, rows), key=repr)
            return found


@asynccontextmanager
async def house(
    folder: Path,
    clock: Clock,
    toml: str,
    *,
    resolver: Resolver | None = None,
    limits_of: Mapping[str, FetchLimits] = MappingProxyType({}),
    tls: ssl.SSLContext | None = None,
    dice: Callable[[], float] = lambda: 0.5,
    workers: Workers | None = None,
    bodies: BytesInFlight | None = None,
    resumed: bool = False,
    public: tuple[str, ...] = (),
) -> AsyncIterator[House]:
    """Open the house in a folder, with what is stored there already; close it in the end.

    `toml` is its configuration, where `[store]` need not stand. `resumed` spreads what is overdue,
    as a daemon does when it starts. `limits_of` are other limits than usual, by host. Names may
    lead to addresses in `public`, as if those were the internet's.
    """
    path = folder / "config.toml"
    path.write_text(f'{toml}\n[store]\npath = "aggregator.db"\n', encoding="utf-8")
    config = configuration.load(path)
    store = open_store(config.store.path)
    fetcher = Impatient(
        limits_of,
        allow_private=config.network.allow_private,
        proxy=config.network.proxy,
        user_agent=user_agent(config.network.contact),
        clock=clock,
        limits=LIMITS,
        resolver=resolver,
        tls=tls,
        public=tuple(map(ip_network, public)),
    )
    own = workers or Workers()
    try:
        store.apply(config.sources, config.feeds, now=clock())
        with ThreadPoolExecutor(4, "store") as threads:
            tools = make_tools(
                config,
                store=store,
                fetcher=fetcher,
                workers=own,
                bodies=bodies or BytesInFlight(),
                threads=threads,
                pricing=lambda: made.pricing,
                clock=clock,
                dice=dice,
            )
            dispatcher = Dispatcher(
                tools,
                concurrency=config.polling.concurrency,
                report=lambda result: made.note(result),  # noqa: PLW0108 -- made comes after it
                scheduled=True,
                site_pause=timedelta(0),  # real seconds, which a simulated week has not
            )
            pricing = price.recall(store.pricing())
            made = House(config, clock, store, dispatcher, pricing, clock())
            made.steer()
            if resumed:
                await dispatcher.spread_overdue()
            yield made
            await dispatcher.drain(timedelta(seconds=1))
            assert not store._leases.held(clock()), "a poll kept its lease"
    finally:
        if workers is None:
            await own.aclose()
        await fetcher.aclose()
        store.close()


def peak_memory() -> Callable[[], int]:
    """Return a function that tells by how many bytes this process has grown since, at its most."""
    clear, status = Path("/proc/self/clear_refs"), Path("/proc/self/status")

    def read(name: str) -> int:
        found = re.search(rf"^{name}:\s+(\d+) kB", status.read_text(), re.MULTILINE)
        return int(found[1]) * 1024 if found else 0

    if clear.exists():
        clear.write_text("5")  # the high-water mark begins anew (proc_pid_clear_refs(5))
    before = read("VmRSS")
    return lambda: read("VmHWM") - before
