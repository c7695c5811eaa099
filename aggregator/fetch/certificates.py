"""When a server's certificate ends, as its operator may have forgotten."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

#: What lives for less is renewed by a program every few days (Let's Encrypt's "shortlived" profile:
#: 160 hours): that its end is near says nothing.
SHORTEST_LIFE = timedelta(days=28)


def until_at(certificate: Mapping[str, object] | None) -> datetime | None:
    """Return the end of a certificate as `ssl.SSLSocket.getpeercert` describes it.

    `None` without TLS, for one that was not verified, for one that never lives long, and for dates
    that make no sense; never raises.
    """
    if not certificate:
        return None
    try:
        begin, end = (_instant(str(certificate[field])) for field in ("notBefore", "notAfter"))
    except (KeyError, ValueError, OverflowError, OSError):
        return None
    return end if end - begin >= SHORTEST_LIFE else None


@lru_cache(maxsize=1024)
def _instant(text: str) -> datetime:
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(text), UTC)
