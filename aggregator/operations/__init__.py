"""The operations feed: what is wrong with sources, feeds and configuration, told once.

A look compares what is known now with the alarms of the look before. What went wrong, and what is
well again, becomes an entry of the feed, bounded in number.
"""

from __future__ import annotations

from aggregator.operations.facts import Alarm, Kind, Watched, WatchedFeed, WatchedSource
from aggregator.operations.findings import CERTIFICATE_NOTICE, certificate_note
from aggregator.operations.look import Told, look
from aggregator.operations.wording import Event

__all__ = [
    "CERTIFICATE_NOTICE",
    "Alarm",
    "Event",
    "Kind",
    "Told",
    "Watched",
    "WatchedFeed",
    "WatchedSource",
    "certificate_note",
    "look",
]
