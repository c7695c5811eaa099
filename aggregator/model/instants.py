"""Instants as whole microseconds since 1970-01-01 UTC: the unit of order keys and of the store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

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
