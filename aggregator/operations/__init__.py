"""The operations feed: what is wrong with sources, feeds and configuration, told once.

A look compares what is known now with the alarms of the look before. What went wrong, and what is
well again, becomes an entry of the feed, bounded in number.
"""

from __future__ import annotations

from aggregator.operations.alarm_checks import CERTIFICATE_NOTICE, certificate_ends
from aggregator.operations.evaluation import Told, evaluate
from aggregator.operations.event_entries import Event
from aggregator.operations.watched import Alarm, AlarmKind, Watched, WatchedFeed, WatchedSource

__all__ = [
    "CERTIFICATE_NOTICE",
    "Alarm",
    "AlarmKind",
    "Event",
    "Told",
    "Watched",
    "WatchedFeed",
    "WatchedSource",
    "certificate_ends",
    "evaluate",
]
