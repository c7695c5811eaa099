"""How often the daemon's jobs run, and how long it waits for what ends."""

from __future__ import annotations

from datetime import timedelta

from aggregator.runtime.values import dataclass

#: Of `Pace.store`, and of a `poll` without a daemon.
STORE_PAUSE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Pace:
    """The daemon's pace. No setting of an operator changes it; tests pass a quicker one."""

    #: What is due is looked for.
    tick: timedelta = timedelta(seconds=1)
    #: A start tries again what the database could not do.
    retry: timedelta = timedelta(seconds=5)
    #: After the database could not be written, sources are not asked for what could not be kept.
    store: timedelta = STORE_PAUSE
    #: A saved configuration is looked for, where that is wanted; it counts at the second look.
    saved: timedelta = timedelta(seconds=2)
    #: Static files and posts are brought up to date, where feeds have changed.
    outputs: timedelta = timedelta(seconds=15)
    #: The tick and the store are looked after.
    heartbeat: timedelta = timedelta(seconds=5)
    #: Stories that wait are shown, some of what is stored joins the stories that it tells, and
    #: some of what is new is indexed.
    beside_polls: timedelta = timedelta(seconds=5)
    #: What is wrong is weighed for the operations feed.
    watch: timedelta = timedelta(minutes=1)
    #: Lists of sources that are due are looked for.
    lists: timedelta = timedelta(seconds=5)
    #: Notices that wait are sent.
    notify: timedelta = timedelta(seconds=5)
    #: The windows of feeds move forward with time.
    advance: timedelta = timedelta(minutes=10)
    #: Requests are weighed against the budget.
    steer: timedelta = timedelta(hours=1)
    #: A line of the log sums up the polls.
    summary: timedelta = timedelta(hours=1)
    #: What is old enough leaves the database.
    prune: timedelta = timedelta(days=1)

    #: On SIGTERM polls may finish for this long; with what follows the daemon ends within 10 s.
    drain: timedelta = timedelta(seconds=7)
