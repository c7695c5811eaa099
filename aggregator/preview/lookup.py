"""What a URL leads to, before it becomes a source: a feed, a page that names feeds, or trouble."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from aggregator import parse, refine
from aggregator.model import Body, Fetched, Gone, NotModified, Problem, ProblemKind
from aggregator.model.errors import UnreadableError
from aggregator.preview import discover
from aggregator.runtime.values import dataclass
from aggregator.stories.concealment import public_base_url
from aggregator.web.addresses import has_user_info, origin_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from aggregator.fetch import Fetcher
    from aggregator.model import Entry, FeedLink, Outcome, Refined, SiteRule, Source
    from aggregator.model.worker_protocols import WorkerPool

#: Reading one document or page takes longer than this only when it is made to be slow.
DEADLINE = timedelta(seconds=10)

LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Preview:
    """A feed: `url` is the one to poll, where its publisher has not lastingly moved it.

    `answer` is what the request brought, and `document` what was read of it.
    """

    url: str
    document: Refined
    answer: Fetched

    @property
    def dates(self) -> tuple[datetime, ...]:
        """When its entries were published, newest first, as far as they say so."""
        entries = self.document.entries
        return tuple(sorted((e.published_at for e in entries if e.published_at), reverse=True))

    @property
    def newest(self) -> tuple[Entry, ...]:
        """Its entries, newest first; those without a date follow in the document's order."""
        entries = self.document.entries
        return tuple(sorted(entries, key=lambda e: e.published_at or LONG_AGO, reverse=True))

    @property
    def pause(self) -> timedelta | None:
        """The mean time between two of its entries; `None` where dates do not tell."""
        dates = self.dates
        if len(dates) < 2 or dates[0] == dates[-1]:
            return None
        return (dates[0] - dates[-1]) / (len(dates) - 1)


@dataclass(frozen=True, slots=True)
class Named:
    """A page that is no feed, and the feeds that it names, its own first; at least one.

    `asked_url` is the URL that was asked for, `url` the one that answered. `more` tells that the
    page names others besides.
    """

    asked_url: str
    url: str
    links: tuple[FeedLink, ...]
    more: bool = False


async def look(
    source: Source,
    fetcher: Fetcher,
    workers: WorkerPool,
    *,
    clock: Callable[[], datetime],
    sites: tuple[SiteRule, ...] = (),
    named_at: str | None = None,
) -> Preview | Named | Problem:
    """Ask for a source that is not one yet, with one request for each of its URLs that fails.

    Of several URLs the problem is the first one's, with what is wrong with each. Addresses that
    nobody has named are not tried. With `named_at`, the URL of a page that somebody asked for and
    that names the source, only what a redirect from there could reach is asked: a page is no reason
    to go into a private network.
    """
    problems: list[tuple[str, Problem]] = []
    for url in source.urls:
        outcome = await (
            fetcher.fetch(url, access=source.access)
            if named_at is None
            else fetcher.fetch(f"{origin_of(named_at)}/", access=source.access, moved_url=url)
        )
        found = await _found(url, source, outcome, workers=workers, now=clock(), sites=sites)
        if not isinstance(found, Problem):
            return found
        problems.append((url, found))
    return _united(problems)


def _united(problems: list[tuple[str, Problem]]) -> Problem:
    """Return what is wrong with all URLs of a source as one problem, of the first one's kind."""
    if not problems:
        return Problem(ProblemKind.INTERNAL, "the source has no URL")
    (_, first), *others = problems
    if not others:
        return first
    details = (f"{origin_of(url)}: {one.kind}: {one.detail}" for url, one in problems)
    remedy = next((one.remedy for _, one in problems if one.remedy), None)
    return Problem(first.kind, "; ".join(details), remedy)


async def read(
    body: bytes,
    source: Source,
    workers: WorkerPool,
    *,
    now: datetime,
    sites: tuple[SiteRule, ...] = (),
    content_type: str | None = None,
) -> Refined:
    """Read a document as the source's own; raises `UnreadableError`."""
    whole = Body(
        body=body,
        content_type=content_type,
        source_url=public_base_url(source),
        timezone=source.timezone,
        seen_at=now,
        encoding=source.encoding,
        max_entries=source.max_entries,
        sites=sites,
    )
    refined: Refined = await workers.run((parse.read, refine.normalise), whole, deadline=DEADLINE)
    return refined


async def _found(
    url: str,
    source: Source,
    outcome: Outcome,
    *,
    workers: WorkerPool,
    now: datetime,
    sites: tuple[SiteRule, ...],
) -> Preview | Named | Problem:
    match outcome:
        case Fetched():
            pass
        case Gone(problem=problem):
            return problem
        case NotModified():
            return Problem(ProblemKind.PROTOCOL, "the server answers 304 to a first request")
        case _:
            return outcome.problem
    try:
        document = await read(
            outcome.body,
            source,
            workers,
            now=now,
            sites=sites,
            content_type=outcome.content_type,
        )
    except UnreadableError as error:
        return await _named(url, outcome, error.problem, workers)
    return Preview(_lasting(source, url, outcome.permanent_url), document, outcome)


async def _named(
    url: str, outcome: Fetched, problem: Problem, workers: WorkerPool
) -> Named | Problem:
    page = discover.Page(outcome.body, outcome.content_type, outcome.url, outcome.links)
    try:
        links, more = await workers.run((discover.feed_links,), page, deadline=DEADLINE)
    except UnreadableError:
        return problem
    if links:
        return Named(url, outcome.url, links, more=more)
    if problem.is_page:
        return Problem(problem.kind, "this page names no feed", "addresses are not guessed")
    return problem


def _lasting(source: Source, url: str, permanent_url: str | None) -> str:
    """Return what to configure: where a 301 or 308 leads, unless that would lose something."""
    if permanent_url is None or source.urls != (source.url,) or has_user_info(url):
        return source.url
    return permanent_url
