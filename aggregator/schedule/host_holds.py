"""Which hosts ask everybody to wait, not for one document only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aggregator.model import Failed
from aggregator.web.addresses import origin_of

if TYPE_CHECKING:
    from datetime import datetime

    from aggregator.model import Attempt

#: With a Retry-After these speak for the host, not for one document (RFC 6585 §4, RFC 9110
#: §15.6.4).
HOST_WIDE = frozenset({429, 503})


@dataclass(frozen=True, slots=True)
class HostHold:
    """A host (scheme, name and port) that wants no request before `until_at`."""

    host: str
    until_at: datetime


def hold_of(attempt: Attempt, now: datetime) -> HostHold | None:
    """Return what a host asked for in its answer to a request; it is the one that answered."""
    outcome = attempt.outcome
    if not isinstance(outcome, Failed) or outcome.status not in HOST_WIDE:
        return None
    if outcome.hints.retry_after is None:
        return None
    answered = origin_of(outcome.answered_url or attempt.url)
    return HostHold(answered, now + outcome.hints.retry_after)
