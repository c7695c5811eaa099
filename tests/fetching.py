"""How the tests make a `Fetcher`: small bounds, a fixed clock, and names that they decide."""

from __future__ import annotations

import asyncio
import socket
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from aggregator.fetch import Fetcher, FetchLimits, Secrets, user_agent
from aggregator.model import Allowance, Failed

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Mapping

    from aggregator.model import IPAddress, Outcome, Problem

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)

#: Loopback in the place of the internet.
LOOPBACK = ("127.0.0.0/8",)

#: Long enough for a machine under load: nothing that ends is to be taken for what does not.
LIMITS = replace(
    FetchLimits(),
    deadline=timedelta(seconds=60),
    connect=timedelta(seconds=30),
    look_up=timedelta(seconds=30),
)
#: For a test of what never ends, and of nothing else.
QUICK = replace(
    LIMITS,
    deadline=timedelta(seconds=0.4),
    connect=timedelta(seconds=0.2),
    look_up=timedelta(seconds=0.2),
)


def allow(text: str) -> Allowance:
    """Make an allowance from a range, or from `host:port` (an address in it is a range of one)."""
    if "/" in text:
        return Allowance(text, network=ip_network(text))
    host, _, port = text.rpartition(":")
    try:
        return Allowance(text, network=ip_network(host.strip("[]")), port=int(port))
    except ValueError:
        return Allowance(text, host=host, port=int(port))


@dataclass
class Names:
    """A resolver with a table: lists of answers in turn (the last stays), seconds a look-up."""

    table: dict[str, list[list[str]]]
    seconds: dict[str, float] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def resolve(self, host: str) -> list[IPAddress]:
        self.asked.append(host)
        await asyncio.sleep(self.seconds.get(host, 0))
        if host not in self.table:
            raise socket.gaierror(socket.EAI_NONAME, "not in the table")
        answers = self.table[host]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        return [ip_address(address) for address in answer]


class Impatient(Fetcher):
    """A fetcher with other limits for some hosts: so that what never ends is soon over.

    `limits_of` is asked at each fetch, by the host's name; all other hosts have the usual limits.
    """

    def __init__(
        self, limits_of: Mapping[str, FetchLimits], *, limits: FetchLimits, **known: Any
    ) -> None:
        super().__init__(limits=limits, **known)
        self._limits_of = limits_of
        self._make = partial(Fetcher, **known)
        self._others: dict[FetchLimits, Fetcher] = {}

    async def fetch(self, url: str, *args: Any, **more: Any) -> Outcome:
        limits = self._limits_of.get(urlsplit(url).hostname or "")
        if limits is None:
            return await super().fetch(url, *args, **more)
        if limits not in self._others:
            self._others[limits] = self._make(limits=limits)
        return await self._others[limits].fetch(url, *args, **more)

    async def aclose(self) -> None:
        for fetcher in self._others.values():
            await fetcher.aclose()
        await super().aclose()


@asynccontextmanager
async def fetching(
    *allowances: str,
    names: Names | None = None,
    limits: FetchLimits = LIMITS,
    proxy: str | None = None,
    tls: ssl.SSLContext | None = None,
    secrets: Secrets = Secrets(),  # noqa: B008 -- frozen
    public: tuple[str, ...] = (),
) -> AsyncIterator[Fetcher]:
    """Make a fetcher that may go to loopback, or to just the given places.

    Names may lead to addresses in `public`, as if those were the internet's.
    """
    fetcher = Fetcher(
        allow_private=tuple(allow(text) for text in allowances or ("127.0.0.0/8", "::1/128")),
        proxy=proxy,
        user_agent=user_agent(None),
        clock=lambda: NOW,
        limits=limits,
        resolver=names,
        tls=tls,
        secrets=secrets,
        public=tuple(map(ip_network, public)),
    )
    try:
        yield fetcher
    finally:
        await fetcher.aclose()


def problem_of(outcome: Outcome) -> Problem:
    """Return the problem of an outcome that must be a failure."""
    assert isinstance(outcome, Failed), outcome
    return outcome.problem
