"""Between rows and the domain's types: JSON columns, configuration."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from aggregator.model import (
    Category,
    DocumentHints,
    Enclosure,
    Feed,
    Mirror,
    Particulars,
    Person,
    PollState,
    Problem,
    Source,
    SourceParticulars,
    Validators,
)
from aggregator.model.instants import instant, optional_instant
from aggregator.schedule.source_health import SourceHealth
from aggregator.store.rows.codec import build, dumps, loads
from aggregator.web.redaction import redact

if TYPE_CHECKING:
    import sqlite3
    from datetime import datetime

    from aggregator.model import Lease

#: Configurations that stay decoded: each is asked for at every poll.
CONFIGURED = 8_192


def source_to_text(source: Source) -> str:
    """Return the configuration of a source as stored: equal text means that nothing changed."""
    return dumps(source)


@lru_cache(CONFIGURED)
def source_of(text: str) -> Source:
    """Return the configuration of a source that `source_to_text` stored, by any earlier version."""
    return loads(Source, text)


def feed_to_text(feed: Feed) -> str:
    """Return the configuration of a feed as stored: equal text means that nothing changed.

    The token is no part of it, as it is a secret: in its place is `Feed.token_digest`.
    """
    return dumps(feed if feed.token is None else replace(feed, token=feed.token_digest))


@lru_cache(CONFIGURED)
def feed_of(text: str) -> Feed:
    """Return the configuration of a feed that `feed_to_text` stored, by any earlier version."""
    return loads(Feed, text)


def particulars_of(text: str | None, author: str | None) -> Particulars:
    """Return what an entry says of its makers.

    Where that is one name, it is in the column `author` alone; so it is of version 0.1.
    """
    if text is not None:
        return loads(Particulars, text)
    return Particulars((Person(author),)) if author else Particulars()


def particulars_to_text(particulars: Particulars) -> str | None:
    """Return them as stored beside the author's name, `None` where that says it all."""
    named = Particulars((Person(particulars.author),)) if particulars.author else Particulars()
    return None if particulars == named else dumps(particulars)


def source_particulars_of(row: sqlite3.Row) -> SourceParticulars:
    """Return what a source's document says of its makers, also as version 0.1 stored it."""
    if row["document_particulars"] is not None:
        return loads(SourceParticulars, row["document_particulars"])
    author = row["document_author"]
    return SourceParticulars((Person(author),)) if author else SourceParticulars()


def enclosures_of(text: str) -> tuple[Enclosure, ...]:
    """Return an entry's enclosures."""
    return tuple(build(Enclosure, one) for one in json.loads(text))


def categories_of(text: str) -> tuple[Category, ...]:
    """Return an entry's categories; the first schema had only their terms."""
    stored = json.loads(text)
    return tuple(Category(one) if isinstance(one, str) else build(Category, one) for one in stored)


def hints_to_text(hints: DocumentHints) -> str | None:
    """Return a document's hints as stored: `None` where it gave none."""
    return None if hints == DocumentHints() else dumps(hints)


@lru_cache(1024)
def hints_of(text: str | None) -> DocumentHints:
    """Return the hints that `hints_to_text` stored."""
    return DocumentHints() if text is None else loads(DocumentHints, text)


def problem_to_text(problem: Problem) -> str:
    """Return a problem as stored, without any secret that a URL in it holds."""
    remedy = None if problem.remedy is None else redact(problem.remedy)
    return dumps(replace(problem, detail=redact(problem.detail), remedy=remedy))


def problem_of(text: str | None) -> Problem | None:
    """Return the problem that `problem_to_text` stored, `None` for none."""
    return None if text is None else loads(Problem, text)


def mirror_of(row: sqlite3.Row) -> Mirror:
    """Return one URL of a source."""
    return Mirror(
        url=row["url"],
        moved_url=row["moved_url"],
        validators=Validators(row["etag"], row["last_modified"], row["validators_url"]),
        body_sha256=row["body_sha256"],
        document_at=optional_instant(row["document_at"]),
        failures=row["failures"],
        resting_until_at=optional_instant(row["resting_until_at"]),
        gated_until_at=optional_instant(row["gated_until_at"]),
        problem=problem_of(row["problem"]),
    )


#: What of a source's row `health_of` reads.
HEALTH = """next_poll_at, failures, failing_since_at, first_polled_at, last_poll_at,
    last_success_at"""


def health_of(row: sqlite3.Row) -> SourceHealth:
    """Return how the source in `row` has fared."""
    return SourceHealth(
        next_poll_at=instant(row["next_poll_at"]),
        failures=row["failures"],
        failing_since_at=optional_instant(row["failing_since_at"]),
        first_polled_at=optional_instant(row["first_polled_at"]),
        last_poll_at=optional_instant(row["last_poll_at"]),
        last_success_at=optional_instant(row["last_success_at"]),
    )


def state_of(
    row: sqlite3.Row,
    mirrors: tuple[Mirror, ...],
    arrivals: tuple[datetime, ...],
    lease: Lease | None,
) -> PollState:
    """Return what a poll needs to know of the source in `row`."""
    return PollState(
        source_id=row["id"],
        source=source_of(row["config"]),
        mirrors=mirrors,
        failures=row["failures"],
        failing_since_at=optional_instant(row["failing_since_at"]),
        first_polled_at=optional_instant(row["first_polled_at"]),
        last_poll_at=optional_instant(row["last_poll_at"]),
        last_success_at=optional_instant(row["last_success_at"]),
        next_poll_at=optional_instant(row["next_poll_at"]),
        not_before_at=optional_instant(row["not_before_at"]),
        arrivals=arrivals,
        hints=hints_of(row["document_hints"]),
        history=row["habits"],
        lease=lease,
    )
