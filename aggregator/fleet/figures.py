"""How a fleet is at this moment, as figures for whoever monitors it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.model.measures import count, counter, gauge, gauges

if TYPE_CHECKING:
    from datetime import datetime

    from aggregator.model.batches import Backlog
    from aggregator.model.measures import Measure
    from aggregator.model.members import FleetState


def fleet_figures(state: FleetState, backlog: Backlog, now: datetime) -> tuple[Measure, ...]:
    """Return what members say of themselves, and what waits for them."""
    heard = [one for one in state.members if one.is_heard_of]
    roles = dict.fromkeys(("scheduler", "web", "worker"), 0)
    for one in heard:
        roles[one.role] += 1
    since = backlog.due_since_at
    late_s = 0.0 if since is None else max(0.0, (now - since).total_seconds())
    return (
        gauges(
            "aggregator_fleet_members", "Processes that are heard of, by role.", "role",
            list(roles.items()),
        ),
        gauges(
            "aggregator_fleet_jobs", "Batches of sources that are handed out, by state.", "state",
            [("waiting", state.waiting), ("doing", state.doing)],
        ),
        gauge(
            "aggregator_fleet_queue_lag_seconds",
            "How long ago the oldest batch was handed out that still waits for a worker.",
            state.lag_s,
        ),
        gauge(
            "aggregator_fleet_due_sources",
            "Sources that are due and not handed out; counted to 10000.", backlog.due,
        ),
        gauge(
            "aggregator_fleet_oldest_due_seconds",
            "How long the source that waits longest has been due and not handed out.", late_s,
        ),
        count("aggregator_fleet_rescued", "Batches whose workers died, since ever.", state.rescued),
        counter(
            "aggregator_fleet_polls", "Polls that have ended, by worker.", "worker",
            {one.name: one.polls for one in heard if one.role == "worker"},
        ),
    )  # fmt: skip
