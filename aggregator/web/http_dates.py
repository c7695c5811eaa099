"""Dates in HTTP header fields, read in every form in which they are sent."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

#: A date is at most 36 characters in its longest form.
_LONGEST = 64


def http_date(text: str) -> datetime | None:
    """Read any of the three forms of an HTTP date (RFC 9110 §5.6.7), and what resembles them.

    `None` for what is no date.
    """
    if not text.isascii() or len(text) > _LONGEST:
        return None
    try:
        found = parsedate_to_datetime(text)
        # asctime's form names no zone: HTTP means GMT.
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
