"""Our own network down is not the sources' failure: found out, sat out, and come back from."""

from __future__ import annotations

from collections import Counter
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from aggregator.daemon.workers import Workers
from aggregator.model import ProblemKind
from tests.config_texts import source_toml
from tests.dns import FAILS, DnsResolver, NameServer
from tests.feed_documents import item, rss
from tests.polling import DAY, HOUR, START, Clock, House, house
from tests.web import Publisher

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = pytest.mark.asyncio(loop_scope="module")

COUNT = 12
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
HOSTS = [f"s{number}.example" for number in range(COUNT)]


class World:
    """A dozen publishers, the name server that leads to them, and a house that polls them."""

    def __init__(self, home: House, dns: NameServer, web: Publisher) -> None:
        self.home = home
        self.dns = dns
        self.web = web

    def reach(self, *hosts: str) -> None:
        """Let these hosts have addresses, and no others."""
        for host in HOSTS:
            self.dns.answer(host, ["127.0.0.1"] if host in hosts else FAILS)

    async def tick_on(self, for_: timedelta, step: timedelta = SECOND) -> None:
        """Let the clock tick as the daemon's does."""
        until = self.home.clock.now + for_
        while self.home.clock.now < until:
            await self.home.tick()
            self.home.clock.now += step


@asynccontextmanager
async def world(folder: Path, workers: Workers) -> AsyncIterator[World]:
    async with Publisher() as web, NameServer() as dns:
        toml = ""
        for number, host in enumerate(HOSTS):
            # A connection that is kept open needs no name.
            closing = {"Connection": "close"}
            web.route(f"/{number}.xml", body=rss(item(number)), etag=b'"1"', headers=closing)
            toml += source_toml(
                f"s{number}", f"http://{host}:{web.port}/{number}.xml", 'interval = "1h"'
            )
        async with house(
            folder,
            Clock(),
            toml,
            resolver=DnsResolver(dns.port),
            workers=workers,
            public=("127.0.0.0/8",),
        ) as home:
            made = World(home, dns, web)
            made.reach(*HOSTS)
            yield made


async def test_without_a_network_no_failure_is_counted_and_one_poll_a_minute_tries(
    tmp_path: Path, workers: Workers
) -> None:
    async with world(tmp_path, workers) as all_:
        await all_.home.run_until(START + 90 * MINUTE)
        all_.reach()
        await all_.home.run_until(START + 2.5 * HOUR)
        assert all_.home.dispatcher.offline_since is not None
        polls = all_.home.polls
        await all_.tick_on(30 * MINUTE, step=5 * SECOND)
        assert 28 <= all_.home.polls - polls <= 31
        for state in all_.home.store.states():
            assert (state.failures, state.source.name) == (0, state.source.name)
        # What went wrong is shown all the same: the operator may look before we know better.
        shown = [status.problem for status in all_.home.store.status() if status.problem]
        assert {problem.kind for problem in shown} <= {ProblemKind.DNS, ProblemKind.CONNECT}
        assert any(shown)


async def test_when_the_network_is_back_the_overdue_are_spread(
    tmp_path: Path, workers: Workers
) -> None:
    async with world(tmp_path, workers) as all_:
        await all_.home.run_until(START + 90 * MINUTE)
        all_.reach()
        await all_.home.run_until(START + 5 * HOUR)
        all_.reach(*HOSTS)
        back_at, asked = all_.home.clock.now, len(all_.web.requests)
        before = {name: len(at) for name, at in all_.home.at.items()}
        await all_.tick_on(8 * MINUTE)
        assert all_.home.dispatcher.offline_since is None
        assert len(all_.web.requests) - asked == COUNT
        moments = [at for name, every in all_.home.at.items() for at in every[before[name] :]]
        assert max(moments) - back_at < 6 * MINUTE
        assert max(Counter(at.replace(microsecond=0) for at in moments).values()) <= 2


async def test_sources_that_are_dead_do_not_make_us_offline_for_long(
    tmp_path: Path, workers: Workers
) -> None:
    async with world(tmp_path, workers) as all_:
        await all_.home.run_until(START + 90 * MINUTE)
        # Four are gone for good; now and then theirs are the only polls of a minute.
        alive, dead = HOSTS[4:], [f"s{number}" for number in range(4)]
        all_.reach(*alive)
        await all_.tick_on(2 * DAY, step=20 * SECOND)
        offline = 0
        for _ in range(24 * 60):
            await all_.tick_on(MINUTE, step=20 * SECOND)
            offline += all_.home.dispatcher.offline_since is not None
        assert offline < 60, f"offline for {offline} minutes of a day"
        counted = Counter(
            name
            for name, every in all_.home.at.items()
            for at in every
            if at >= all_.home.clock.now - DAY
        )
        assert all(counted[f"s{number}"] >= 22 for number in range(4, COUNT)), counted
        assert all(counted[name] <= 8 for name in dead), counted


async def test_a_network_that_comes_back_is_found_though_some_sources_died_meanwhile(
    tmp_path: Path, workers: Workers
) -> None:
    async with world(tmp_path, workers) as all_:
        await all_.home.run_until(START + 90 * MINUTE)
        all_.reach()
        await all_.home.run_until(START + 3 * HOUR)
        assert all_.home.dispatcher.offline_since is not None
        # Half are gone for good; whichever is tried first, the others are found.
        all_.reach(*HOSTS[COUNT // 2 :])
        await all_.tick_on(20 * MINUTE, step=5 * SECOND)
        assert all_.home.dispatcher.offline_since is None
