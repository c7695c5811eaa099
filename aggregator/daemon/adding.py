"""Adding a source from a page: what an address leads to, and the block in config.toml.

A look-up goes through the guard, and into a private network only where `allow_private` covers the
very host and port that the operator has typed: no redirect and no page leads to another, whatever
else is covered. A port that no feed lives on is opened by an entry that names it, as for a poll.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from ipaddress import ip_network
from typing import TYPE_CHECKING

from aggregator.daemon import first_answers
from aggregator.daemon.once import make_fetcher
from aggregator.daemon.terms import utc_now
from aggregator.fetch.guard import REFUSED_PORTS
from aggregator.model import ProblemKind
from aggregator.model.candidates import Added, Candidate, Found
from aggregator.model.configured import Allowance
from aggregator.model.errors import AggregatorError, ConfigError
from aggregator.runtime.late_modules import LateModule
from aggregator.runtime.values import dataclass
from aggregator.web.addresses import host_and_port
from aggregator.web.excerpts import excerpt
from aggregator.web.text import printable_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from aggregator.config import Config, edit
    from aggregator.daemon.commands import Requests
    from aggregator.fetch import Fetcher
    from aggregator.model import FeedLink, Fetched, Problem, Source
    from aggregator.model.worker_protocols import WorkerPool
    from aggregator.preview import feed_links, lookup
    from aggregator.preview.lookup import Named, Preview
else:
    edit = LateModule("aggregator.config.edit")
    lookup = LateModule("aggregator.preview.lookup")
    feed_links = LateModule("aggregator.preview.feed_links")

#: One look-up, with all that it asks, takes no longer.
SECONDS = 20.0
#: Look-ups at a time, of everybody who may.
MOST_AT_ONCE = 2
#: Feeds of a page that are looked at; a page with more names them for each of its parts.
MOST_CANDIDATES = 5
#: What was found lately can be taken for as long, and of so many look-ups.
KEPT_FOR = timedelta(minutes=15)
MOST_KEPT = 4
#: A larger answer is asked for once more by the first poll instead of being kept.
MOST_ANSWER_BYTES = 1024 * 1024
#: What can be done about an address that a page names and the guard refuses.
_FOR_NAMED = "a page names it, and pages open no network: if it is yours, type its address itself"
#: Titles of entries that are shown, and how much of them.
SHOWN_ENTRIES, SHOWN_CHARACTERS = 3, 120


@dataclass(frozen=True, slots=True)
class _Offer:
    """A feed that can be taken, with what was read of it."""

    url: str
    title: str
    answer: Fetched | None


@dataclass(frozen=True, slots=True)
class _Kept:
    """The offers of one look-up, by their secrets."""

    who: str
    at: datetime
    offers: Mapping[str, _Offer]


class Adding:
    """Looks addresses up and adds sources; what was found is in memory for a while."""

    def __init__(
        self,
        requests: Requests,
        environ: Mapping[str, str],
        workers: WorkerPool,
        make: Callable[[Config, Mapping[str, str], WorkerPool], Fetcher] = make_fetcher,
    ) -> None:
        self._requests, self._make = requests, make
        self._environ, self._workers = environ, workers
        self._looking: set[str] = set()
        self._kept: list[_Kept] = []

    async def find(self, who: str, typed: str) -> Found:
        """Return what is at an address, for `who` to choose from: one at a time, 20 s at most."""
        if who in self._looking or len(self._looking) >= MOST_AT_ONCE:
            raise AggregatorError("another address is looked up just now; wait for it")
        self._looking.add(who)
        try:
            return await self._find(who, typed)
        finally:
            self._looking.discard(who)

    async def _find(self, who: str, typed: str) -> Found:
        url = feed_links.whole_url(typed)
        source = await asyncio.to_thread(self._proposed, url)
        config = self._requests.config()
        typed_alone = only_of(config.network.allow_private, source.urls)
        asking = self._make(_with(config, typed_alone), self._environ, self._workers)
        offers: dict[str, _Offer] = {}
        until = asyncio.get_running_loop().time() + SECONDS
        try:
            async with asyncio.timeout_at(until):
                found = await self._look(source, asking)
            if isinstance(found, lookup.Preview):
                result = Found(url, (await self._candidate(found, offers),))
            elif isinstance(found, lookup.Named):
                result = await self._candidates(found, asking, offers, until)
            else:
                return Found(url, problem=found)
        except TimeoutError as error:
            raise AggregatorError(f"{url}: nothing came within {SECONDS:.0f} s") from error
        finally:
            await asking.aclose()
        now = utc_now()
        kept = [one for one in self._kept if one.who != who and now - one.at < KEPT_FOR]
        self._kept = [*kept[1 - MOST_KEPT :], _Kept(who, now, offers)]
        return result

    async def _candidates(
        self, page: Named, asking: Fetcher, offers: dict[str, _Offer], until: float
    ) -> Found:
        """Look at the feeds that a page names, one after the other while there is time."""
        shown: list[Candidate] = []
        for link in page.links[:MOST_CANDIDATES]:
            try:
                async with asyncio.timeout_at(until):
                    shown.append(await self._named(link, asking, offers))
            except TimeoutError:
                shown.append(Candidate(link.url, link.title))
        more = page.more or len(page.links) > MOST_CANDIDATES
        return Found(page.url, tuple(shown), more=more)

    async def _named(self, link: FeedLink, asking: Fetcher, offers: dict[str, _Offer]) -> Candidate:
        try:
            source = await asyncio.to_thread(self._proposed, link.url)
        except edit.KnownSourceError as known:
            return Candidate(link.url, link.title, known_as=known.source.name)
        except edit.UnfitSourceError:  # an address that is none
            return Candidate(link.url, link.title)
        found = await self._look(source, asking)
        if isinstance(found, lookup.Preview):
            return await self._candidate(found, offers)
        if isinstance(found, lookup.Named):
            return Candidate(link.url, link.title)
        if found.kind is ProblemKind.BLOCKED:  # nobody opens a network on a page's word
            found = replace(found, remedy=_FOR_NAMED)
        return Candidate(link.url, link.title, problem=found)

    async def _look(self, source: Source, asking: Fetcher) -> Preview | Named | Problem:
        config = self._requests.config()
        return await lookup.look(source, asking, self._workers, clock=utc_now, sites=config.sites)

    async def _candidate(self, found: Preview, offers: dict[str, _Offer]) -> Candidate:
        head, dates = found.document.head, found.dates
        title = printable_line(head.title or "")
        candidate = Candidate(
            found.url,
            title or None,
            language=head.language,
            entries=len(found.document.entries),
            newest_at=dates[0] if dates else None,
            oldest_at=dates[-1] if dates else None,
            pause=found.pause,
            newest=tuple(
                (
                    excerpt(printable_line(one.title or one.summary), SHOWN_CHARACTERS),
                    one.published_at,
                )
                for one in found.newest[:SHOWN_ENTRIES]
            ),
        )
        try:  # where a redirect leads for good may be there already
            await asyncio.to_thread(self._proposed, found.url)
        except edit.KnownSourceError as known:
            return replace(candidate, known_as=known.source.name)
        except edit.UnfitSourceError:
            return candidate
        offer = secrets.token_urlsafe(16)
        answer = found.answer if len(found.answer.body) <= MOST_ANSWER_BYTES else None
        offers[offer] = _Offer(found.url, title, answer)
        taken = self._requests.config().taken_names
        name = edit.derive_name(title, found.url, taken, head.site_url)
        return replace(candidate, offer=offer, name=name)

    def _proposed(self, url: str, name: str | None = None, tags: tuple[str, ...] = ()) -> Source:
        if not all(text.isprintable() for text in (url, name or "", *tags)):
            raise AggregatorError("address, name and tags must be printable characters")
        source: Source = edit.proposed(self._requests.config().path, url, name, tags)
        return source

    async def add(self, who: str, offer: str, name: str | None, tags: tuple[str, ...]) -> Added:
        """Write the block of a feed that was found for `who`, and take that over."""
        now = utc_now()
        kept = next((one for one in self._kept if one.who == who and offer in one.offers), None)
        if kept is None or now - kept.at > KEPT_FOR:
            raise AggregatorError("what was found is not at hand any more; look it up once more")
        chosen = kept.offers[offer]
        await asyncio.to_thread(self._proposed, chosen.url, name, tags)
        new = edit.NewSource(chosen.url, chosen.title, name, tags)
        path, today = self._requests.config().path, now.astimezone().date()
        try:
            written, added = await asyncio.to_thread(edit.write, path, new, today)
        except ConfigError:
            raise
        except AggregatorError as error:
            taken = self._requests.config().taken_names
            return Added(None, edit.append("", [new.block(taken, today)]), str(error))
        self._kept.remove(kept)
        if chosen.answer is not None:
            leave = partial(first_answers.leave, written.store.path, chosen.url, chosen.answer, now)
            await asyncio.to_thread(leave)
        await self._requests.reload()
        return Added(added)


def only_of(allowances: Iterable[Allowance], urls: Iterable[str]) -> tuple[Allowance, ...]:
    """Return what allowances say of the very hosts and ports of some URLs, and of nothing else."""
    narrow: list[Allowance] = []
    for url in urls:
        host, port = host_and_port(url)
        for one in allowances:
            if not one.covers(host, port) or (one.port is None and port in REFUSED_PORTS):
                continue  # with the port it would read as an entry that names it
            network = None if one.network is None else ip_network(host.strip("[]"))
            narrow.append(Allowance(one.text, one.host, network, port))
    return tuple(narrow)


def _with(config: Config, allowances: tuple[Allowance, ...]) -> Config:
    return replace(config, network=replace(config.network, allow_private=allowances))
