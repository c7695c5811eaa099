"""Leases: which process polls a source, and until when it must be heard of again.

A claim gives a lease, the poll's commit ends it. While the poll runs the lease is renewed; that of
a process that crashed runs out. A lease is lost when it has run out and another process has claimed
the source; the poll that lost it may still be committed, since that is idempotent.

The same decisions hold for every engine, whether it keeps leases as columns or in memory.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from aggregator.model import Lease

if TYPE_CHECKING:
    from datetime import datetime

#: How long a source of a process that crashed stays unpolled for that reason.
LEASE = timedelta(minutes=5)

#: Two renewals may fail before a lease runs out.
RENEW_EVERY = LEASE / 3


def is_held(lease: Lease | None, now: datetime) -> bool:
    """Tell whether a source may not be handed out at `now`."""
    return lease is not None and now < lease.claimed_until_at


def grant(source_id: int, claimer: str, now: datetime) -> Lease:
    """Return the lease of a source that is handed out at `now`."""
    return Lease(source_id, claimer, now + LEASE)


def renew(stored: Lease | None, asked: Lease, now: datetime) -> Lease | None:
    """Return the lease that goes on for `asked`, `None` where it was lost or has ended.

    One that ran out is renewed as long as nobody else has claimed the source.
    """
    if not owns(stored, asked):
        return None
    return grant(asked.source_id, asked.claimed_by, now)


def step_back(stored: Lease, step: timedelta) -> Lease:
    """Return a lease after the clock was set back: it runs out no later by that."""
    return replace(stored, claimed_until_at=stored.claimed_until_at - step)


def owns(stored: Lease | None, asked: Lease) -> bool:
    """Tell whether `asked`, however often it was renewed, is the stored lease."""
    return stored is not None and stored.claimed_by == asked.claimed_by
