"""Telling our own network's failure from a source's: a pure watch over the polls of a minute."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from aggregator.model import Failed, ProblemKind
from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from datetime import datetime

    from aggregator.model import Attempt

#: Every poll of this time must have failed, over at least so many sites.
WATCHED = timedelta(minutes=1)
LEAST_SITES = 3

#: A source that has failed so often in a row is known to be down itself: it is no witness. Without
#: this, a few dead sources that happen to be due together would stop the polls of all others.
KNOWN_TO_FAIL = 3

#: While offline one poll in this time probes whether it still is so.
PROBE_EVERY = timedelta(minutes=1)

#: What a network that is down looks like.
_UNREACHED = frozenset({ProblemKind.DNS, ProblemKind.CONNECT})


@dataclass(frozen=True, slots=True)
class Sign:
    """One finished poll: whether it reached anything, the source's id and failures before it.

    The site is asked for where nothing was reached.
    """

    at: datetime
    site: str
    source_id: int
    reached: bool
    failures: int = 0


@dataclass(frozen=True, slots=True)
class NetworkWatch:
    """What the polls of the last minute say; `offline_since_at` is `None` while online.

    `signs` are of the polls that reached nothing since the last one that did, at `reached_at`: what
    is remembered does not grow with the polls of a network that is well.
    """

    signs: tuple[Sign, ...] = ()
    reached_at: datetime | None = None
    offline_since_at: datetime | None = None
    probed_at: datetime | None = None


def reached(attempts: tuple[Attempt, ...]) -> bool:
    """Tell whether any request of a poll got as far as a publisher."""
    return any(
        not isinstance(one.outcome, Failed)
        or one.outcome.status is not None
        or one.outcome.problem.kind not in _UNREACHED
        for one in attempts
    )


def watch(network: NetworkWatch, sign: Sign) -> tuple[NetworkWatch, tuple[int, ...]]:
    """Return the network after a poll, and the sources whose failures were our own.

    Those are named once, at the moment that the network is found to be down.
    """
    if sign.reached:
        return NetworkWatch(reached_at=sign.at), ()
    kept = (one for one in network.signs if timedelta(0) <= sign.at - one.at <= WATCHED)
    signs = (*kept, sign)
    if network.offline_since_at is not None:
        return replace(network, signs=signs), (sign.source_id,)
    sites = {one.site for one in signs if one.failures < KNOWN_TO_FAIL}
    at = network.reached_at
    if len(sites) < LEAST_SITES or (at and timedelta(0) <= sign.at - at <= WATCHED):
        return replace(network, signs=signs), ()
    down = NetworkWatch(signs, offline_since_at=signs[0].at, probed_at=sign.at)
    return down, tuple({one.source_id: None for one in signs})


def may_probe(network: NetworkWatch, now: datetime) -> bool:
    """Tell whether it is time to try one poll while offline."""
    if network.probed_at is None:
        return True
    return not timedelta(0) <= now - network.probed_at < PROBE_EVERY
