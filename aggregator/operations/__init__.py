"""The operations feed: what is wrong with sources, feeds and configuration, told once.

A look compares what is known now with the alarms of the look before. What went wrong, and what is
well again, becomes an entry of the feed, bounded in number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.runtime.late_names import late

if TYPE_CHECKING:
    from aggregator.operations.alarm_checks import CERTIFICATE_NOTICE, certificate_ends
    from aggregator.operations.evaluation import Told, evaluate
    from aggregator.operations.event_entries import Event
    from aggregator.operations.watched import (
        Alarm,
        AlarmKind,
        Watched,
        WatchedFeed,
        WatchedList,
        WatchedSource,
    )
else:  # most that need a sentence never look for trouble
    __getattr__ = late(
        __name__,
        {
            "CERTIFICATE_NOTICE": "alarm_checks",
            "certificate_ends": "alarm_checks",
            "Told": "evaluation",
            "evaluate": "evaluation",
            "Event": "event_entries",
            "Alarm": "watched",
            "AlarmKind": "watched",
            "Watched": "watched",
            "WatchedFeed": "watched",
            "WatchedList": "watched",
            "WatchedSource": "watched",
        },
    )

__all__ = [
    "CERTIFICATE_NOTICE",
    "Alarm",
    "AlarmKind",
    "Event",
    "Told",
    "Watched",
    "WatchedFeed",
    "WatchedList",
    "WatchedSource",
    "certificate_ends",
    "evaluate",
]
