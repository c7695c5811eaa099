"""Which hosts are left alone by everybody for a while: those that ask for it, and that limit us.

A host (scheme, name and port) is held, not its site: one blog silences no other one of its
provider.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from aggregator.model import Failed, Fetched, NotModified, ProblemKind
from aggregator.runtime.values import dataclass
from aggregator.web.addresses import origin_of

if TYPE_CHECKING:
    from datetime import datetime

    from aggregator.model import Attempt, Mirror

#: With a Retry-After these speak for the host, not for one document (RFC 6585 §4, RFC 9110
#: §15.6.4).
HOST_WIDE = frozenset({429, 503})

#: These may be a limit, too, where the host was well a moment ago; 429 says it (RFC 6585 §4).
LIMITING = frozenset({403, 503})
#: How long a success is a moment ago: the pause of an average source.
WELL_FOR = timedelta(hours=1)

#: A host that limits us without a word is left alone so long, and twice as long each time.
FIRST_HOLD = timedelta(minutes=5)
LONGEST_HOLD = timedelta(days=1)
#: The strike that brings the longest hold; more are not counted, so that successes tell at once.
MOST_STRIKES = 10
#: Strikes are forgotten when so long after a hold nothing of the host has answered.
STRIKES_KEPT = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class HostHold:
    """A host (scheme, name and port) that wants no request before `until_at`."""

    host: str
    until_at: datetime


@dataclass(frozen=True, slots=True)
class Temper:
    """How a host bears us: limits that no success has made up for yet, and the end of its hold."""

    strikes: int = 0
    until_at: datetime | None = None


def answering_host(attempt: Attempt) -> str:
    """Return the host that answered a request; where redirects led elsewhere, that one."""
    match attempt.outcome:
        case Fetched(url=url) | NotModified(url=url):
            return origin_of(url)
        case Failed(answered_url=str() as url):
            return origin_of(url)
        case _:
            return origin_of(attempt.url)


def hold_of(attempt: Attempt, now: datetime) -> HostHold | None:
    """Return what a host asked for in its answer to a request; it is the one that answered."""
    outcome = attempt.outcome
    if not isinstance(outcome, Failed) or outcome.status not in HOST_WIDE:
        return None
    if outcome.hints.retry_after is None:
        return None
    return HostHold(answering_host(attempt), now + outcome.hints.retry_after)


def closes_host(attempt: Attempt) -> bool:
    """Tell whether an answer speaks for its host: the poll asks nothing else there."""
    outcome = attempt.outcome
    if not isinstance(outcome, Failed) or attempt.is_ours:
        return False
    return outcome.status == 429 or (
        outcome.status in HOST_WIDE and outcome.hints.retry_after is not None
    )


def is_limit(
    attempt: Attempt,
    before: Mirror,
    temper: Temper,
    *,
    host_well_at: datetime | None,
    now: datetime,
) -> bool:
    """Tell whether a failure without a Retry-After is the host's limit on all our requests.

    429 always is. 403 and 503 are where the URL, as it was `before`, was well, and something of the
    host was within the hour; later on while no more failures of the URL than strikes of the host
    are counted, so that what is forbidden for good soon holds nobody any more. The operator's own
    hosts have none: RSSHub answers 503 for a route that is broken.
    """
    outcome = attempt.outcome
    if attempt.is_ours or not isinstance(outcome, Failed):
        return False
    if outcome.hints.retry_after is not None or outcome.problem.kind is ProblemKind.CHALLENGE:
        return False
    if outcome.status == 429:
        return True
    if outcome.status not in LIMITING:
        return False
    if temper.strikes:
        return before.failures <= temper.strikes
    was_well = before.document_at is not None and before.failures == 0
    return was_well and host_well_at is not None and now - host_well_at <= WELL_FOR


def struck(temper: Temper, now: datetime) -> Temper:
    """Return a host's temper after a limit: a longer hold, which ends no earlier than before.

    One that comes while the host is held is the same limit once more, met by another mirror of the
    poll that met it first: it is no further strike.
    """
    is_held = temper.strikes > 0 and temper.until_at is not None and temper.until_at > now
    strikes = min(temper.strikes + (0 if is_held else 1), MOST_STRIKES)
    until_at = now + min(FIRST_HOLD * 2 ** (strikes - 1), LONGEST_HOLD)
    return Temper(strikes, max(until_at, temper.until_at or until_at))


def eased(temper: Temper) -> Temper:
    """Return a host's temper after a success: its next hold is shorter by a strike."""
    return replace(temper, strikes=max(temper.strikes - 1, 0))
