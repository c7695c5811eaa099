"""Entries, documents and polls for tests, made with as little said as possible."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from aggregator.model import (
    Attempt,
    Decision,
    DocumentHead,
    Entry,
    Failed,
    Feed,
    FeedKind,
    Fetched,
    News,
    Outcome,
    Particulars,
    Person,
    Plan,
    PollResult,
    Problem,
    ProblemKind,
    Refined,
    Source,
    Validators,
)
from aggregator.operations.messages import note_lines
from aggregator.schedule.rhythm import Rhythm
from aggregator.web.text import one_line
from aggregator.web.visible_text import visible_text

if TYPE_CHECKING:
    from aggregator.model import PollState
    from aggregator.store import Store

#: The moment at which tests begin.
START = datetime(2026, 11, 20, 8, tzinfo=UTC)

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def source(name: str = "one", **fields: object) -> Source:
    return replace(Source(name, f"https://{name}.example/feed.xml"), **fields)  # type: ignore[arg-type]  # a test's shorthand


def feed(name: str = "all", **fields: object) -> Feed:
    return replace(Feed(name, name), **fields)  # type: ignore[arg-type]  # a test's shorthand


def automatic_feed(name: str, title: str | None = None, **fields: object) -> Feed:
    """Return a feed that nobody configured: of its `tags`, its `sources`, or of everything."""
    kind = next((one for one in FeedKind if one.is_minor and one.folder in fields), None)
    return feed(name, title=title or name, kind=kind or FeedKind.EVERYTHING, **fields)


def entry(
    number: int | str,
    *,
    published_at: datetime | None = None,
    text: str = "text",
    title: str | None = None,
    guid: str | None = None,
    url: str | None = None,
    updated_at: datetime | None = None,
) -> Entry:
    """Return an entry whose guid, link and title follow from its number."""
    guid = guid or f"https://one.example/{number}"
    url = url or f"https://one.example/{number}"
    title = title or f"Entry {number}"
    content = f"<p>{text}</p>"
    return Entry(
        keys=(f"guid:{guid}", f"url:{url}", f"text:{title}{text}"),
        guid=guid,
        url=url,
        title=title,
        content_html=content,
        visible_text=one_line(visible_text(content)),
        summary="",
        particulars=Particulars(),
        published_at=published_at,
        updated_at=updated_at,
        categories=(),
        enclosures=(),
        language=None,
        content_hash=hashlib.sha256(f"{title}{content}".encode()).digest(),
        raw="{}",
        stated_at=published_at,
        text_hash=hashlib.sha256(text.encode()).digest()[:8],
    )


def by(*names: str) -> Particulars:
    """Return what an entry says that these people wrote."""
    return Particulars(tuple(Person(name) for name in names))


def steady(per_day: float) -> Rhythm:
    """Return the rhythm of a source watched for months, as busy at every hour."""
    watched = tuple((5 if b < 24 else 2) / 168 * 346 for b in range(48))
    return Rhythm(tuple(hours * per_day / 24 for hours in watched), watched, START)


def document(*entries: Entry, **head: object) -> Refined:
    return Refined(replace(DocumentHead("rss20", "utf-8", title="One"), **head), entries)  # type: ignore[arg-type]  # a test's shorthand


def fetched(etag: bytes | None = b'"1"', body: bytes = b"body") -> Fetched:
    return Fetched(
        url="https://one.example/feed.xml",
        status=200,
        body=body,
        sha256=hashlib.sha256(body).digest(),
        content_type="application/rss+xml",
        validators=Validators(etag, None),
    )


def failed(text: str = "no answer") -> Failed:
    return Failed(Problem(ProblemKind.TIMEOUT, text))


def said(store: Store, now: datetime | None = None) -> dict[str, str]:
    """Return what `status` says below its table: sentences by their headings."""
    return dict(line for note in store.notes(now) for line in note_lines(note))


def absorb(
    store: Store,
    refined: Refined,
    now: datetime,
    *,
    name: str = "one",
    etag: bytes | None = b'"1"',
) -> PollResult:
    """Let a source's poll end at `now` with this document."""
    return finish(store, fetched(etag), now, refined=refined, name=name)


def finish(
    store: Store,
    outcome: Outcome,
    now: datetime,
    *,
    refined: Refined | None = None,
    name: str = "one",
    url: str | None = None,
    gaps: int = 0,
    because: str = "test",
) -> PollResult:
    """Let a source's poll of one of its URLs end at `now` with this outcome."""

    def decide(_: News) -> Decision:
        return Decision(Plan(now + HOUR, because), gaps=gaps)

    (state,) = store.states((name,))
    attempts = (Attempt(url or state.mirrors[0].url, outcome),)
    return store.absorb(state, attempts, refined, decide, now=now)


def due_at(store: Store, now: datetime, *, busy: frozenset[str] = frozenset()) -> list[PollState]:
    """Return what would be handed out at a moment; it is given back at once."""
    claimed = store.claim_due(now, limit=99, busy=busy, claimer="a test")
    store.release(tuple(one.lease for one in claimed if one.lease is not None))
    return claimed


def fail(store: Store, begin: datetime, hours: int, name: str = "one") -> datetime:
    """Let a source's polls fail for so long; return the moment of the last one."""
    for hour in range(0, hours + 1, 5):
        finish(store, failed(), begin + hour * HOUR, name=name)
    return begin + hours * HOUR
