"""Between rows and the domain's types: instants, JSON columns, configuration."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from aggregator.model import (
    Access,
    DocumentHints,
    Enclosure,
    Feed,
    Mirror,
    PollState,
    Source,
    Validators,
)

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def micros(at: datetime) -> int:
    """Return whole microseconds since the epoch, exactly (a float of seconds is not)."""
    return (at - _EPOCH) // MICROSECOND


def optional_micros(at: datetime | None) -> int | None:
    """Return `micros(at)`, or `None` for `None`."""
    return None if at is None else micros(at)


def instant(value: int) -> datetime:
    """Return the aware UTC instant of `micros`."""
    return _EPOCH + timedelta(microseconds=value)


def optional_instant(value: int | None) -> datetime | None:
    """Return `instant(value)`, or `None` for `None`."""
    return None if value is None else instant(value)


def dumps(value: object) -> str:
    """Return compact JSON, readable for people (no ASCII escapes), keys in a fixed order."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def source_to_text(source: Source) -> str:
    """Return the configuration of a source as stored."""
    return dumps(asdict(source) | {"interval": _seconds(source.interval)})


def source_of(text: str) -> Source:
    """Return the configuration of a source that `source_to_text` stored, by any earlier version."""
    fields = {name: _frozen(value) for name, value in json.loads(text).items()}
    access = {name: _frozen(value) for name, value in (fields.get("access") or {}).items()}
    return Source(
        **fields | {"interval": _duration(fields["interval"]), "access": Access(**access)}
    )


def feed_to_text(feed: Feed) -> str:
    """Return the configuration of a feed as stored: equal text means that nothing changed."""
    return dumps(asdict(feed) | {"window": feed.window.total_seconds()})


def feed_of(text: str) -> Feed:
    """Return the configuration of a feed that `feed_to_text` stored."""
    fields = json.loads(text)
    for name in ("sources", "tags"):
        if fields[name] is not None:
            fields[name] = tuple(fields[name])
    fields["window"] = timedelta(seconds=fields["window"])
    return Feed(**fields)


def enclosures_to_text(enclosures: Iterable[Enclosure]) -> str:
    """Return enclosures as stored."""
    return dumps([asdict(enclosure) for enclosure in enclosures])


def enclosures_of(text: str) -> tuple[Enclosure, ...]:
    """Return the enclosures that `enclosures_to_text` stored."""
    return tuple(Enclosure(**fields) for fields in json.loads(text))


def hints_to_text(hints: DocumentHints) -> str | None:
    """Return a document's hints as stored: `None` where it gave none."""
    if hints == DocumentHints():
        return None
    return dumps(
        asdict(hints) | {"ttl": _seconds(hints.ttl), "update_every": _seconds(hints.update_every)}
    )


def hints_of(text: str | None) -> DocumentHints:
    """Return the hints that `hints_to_text` stored."""
    if text is None:
        return DocumentHints()
    fields: dict[str, Any] = json.loads(text)
    fields["ttl"] = _duration(fields["ttl"])
    fields["update_every"] = _duration(fields["update_every"])
    fields["skip_hours"] = tuple(fields["skip_hours"])
    fields["skip_days"] = tuple(fields["skip_days"])
    return DocumentHints(**fields)


def mirror_of(row: sqlite3.Row) -> Mirror:
    """Return one URL of a source."""
    return Mirror(
        url=row["url"],
        moved_url=row["moved_url"],
        validators=Validators(row["etag"], row["last_modified"], row["validators_url"]),
        body_sha256=row["body_sha256"],
        failures=row["failures"],
        resting_until_at=optional_instant(row["resting_until_at"]),
        gated_until_at=optional_instant(row["gated_until_at"]),
    )


def state_of(
    row: sqlite3.Row,
    mirrors: tuple[Mirror, ...],
    arrivals: tuple[datetime, ...],
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
        habits=row["habits"],
    )


def _frozen(value: Any) -> Any:
    """Return JSON's lists as the tuples that they were."""
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def _seconds(duration: timedelta | None) -> float | None:
    return None if duration is None else duration.total_seconds()


def _duration(seconds: float | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)
