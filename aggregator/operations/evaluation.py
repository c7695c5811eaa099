"""Which alarms are raised or over since the last look, and which of them are reported."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, assert_never

from aggregator.operations.alarm_checks import Right, Wrong, look_at
from aggregator.operations.event_entries import event
from aggregator.operations.watched import Alarm, AlarmKind
from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from datetime import datetime

    from aggregator.operations.alarm_checks import Seen
    from aggregator.operations.alarm_facts import AlarmFact
    from aggregator.operations.event_entries import Event
    from aggregator.operations.watched import Watched

#: What comes and goes is told once in this time, with its end.
ONCE_IN = timedelta(hours=24)
#: The configuration is what its owner has just edited: each edit that is refused is news to him.
CONFIG_ONCE_IN = timedelta(minutes=10)

#: More changes of one kind than this, in one look or within `TOGETHER`, are one entry: a network
#: that was down shows in the polls of hours, one source after the other.
MOST_SINGLE = 5
TOGETHER = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Told:
    """What came of a look: the alarms to keep, instead of those before, and what is told."""

    alarms: tuple[Alarm, ...]
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class _Change:
    """An alarm that was raised or is over, and waits to be told."""

    name: str
    alarm: Alarm
    fact: AlarmFact


def evaluate(
    watched: Watched, alarms: tuple[Alarm, ...], *, now: datetime, alert_after: timedelta
) -> Told:
    """Decide what has changed since the look that left `alarms`, and what of it is told.

    A source is broken once it has failed for longer than `alert_after`. An alarm is told when it
    is raised and, where that is news, when it is over; the same one of the same subject is not
    raised again within `ONCE_IN` (the configuration: `CONFIG_ONCE_IN`). Of one kind at most
    `MOST_SINGLE` subjects have entries of their own within `TOGETHER`; more of them are one entry,
    and what comes then waits until they are `TOGETHER` ago. Ends do not wait for beginnings: people
    act on what the feed says last. Of two looks at the same facts the second tells nothing.
    """
    before = {(alarm.subject, alarm.kind): alarm for alarm in alarms}
    # What is not looked at any more, such as a removed source, is silently over.
    after = {
        key: replace(alarm, ended_at=alarm.ended_at or now, told=False)
        for key, alarm in before.items()
    }
    waiting: dict[tuple[AlarmKind, bool], list[_Change]] = defaultdict(list)
    for seen in look_at(watched, before, now, alert_after):
        key = (seen.subject, seen.kind)
        alarm = _updated(before.get(key), seen, now)
        if alarm is not None:
            after[key] = alarm
            fact = _to_tell(alarm, seen, now)
            if fact is not None:
                waiting[seen.kind, not alarm.told].append(_Change(seen.name, alarm, fact))
    events: list[Event] = []
    for (kind, raised), changes in sorted(waiting.items()):
        recent = sum(
            alarm.kind is kind
            and _is_within(alarm.told_at, TOGETHER, now)
            and (raised or _is_end_told(alarm))
            for alarm in alarms
        )
        told = _entries(kind, changes, recent, raised=raised)
        events += told
        if told:
            for change in changes:
                alarm = replace(change.alarm, told=raised, told_at=now)
                after[alarm.subject, kind] = alarm
    kept = (alarm for alarm in after.values() if _matters(alarm, now))
    return Told(tuple(sorted(kept, key=lambda one: (one.subject, one.kind))), tuple(events))


def _updated(alarm: Alarm | None, seen: Seen, now: datetime) -> Alarm | None:
    match seen.finding:
        case None:
            return alarm
        case Wrong(since_at=since_at):
            if alarm is None:
                return Alarm(seen.subject, seen.kind, since_at)
            if alarm.ended_at is None:
                return alarm
            return replace(alarm, since_at=since_at, ended_at=None)
        case Right(fact=fact):
            if alarm is None:
                return None
            ended = replace(alarm, ended_at=alarm.ended_at or now)
            return ended if fact is not None else replace(ended, told=False)
        case _:
            assert_never(seen.finding)


def _to_tell(alarm: Alarm, seen: Seen, now: datetime) -> AlarmFact | None:
    """Return what to tell where the feed's last word is no longer true."""
    match seen.finding:
        case Wrong(fact=fact):
            once_in = CONFIG_ONCE_IN if seen.kind is AlarmKind.CONFIG else ONCE_IN
            return None if alarm.told or _is_within(alarm.told_at, once_in, now) else fact
        case Right(fact=end):
            return end if alarm.told else None
        case None:
            return None
        case _:
            assert_never(seen.finding)


def _entries(kind: AlarmKind, changes: list[_Change], recent: int, *, raised: bool) -> list[Event]:
    """Return the entries that tell of changes of one kind, none where it has been enough lately."""
    if recent > MOST_SINGLE:
        return []
    ordered = sorted(changes, key=lambda change: (change.name, change.alarm.subject))
    lines = [(change.name, change.fact) for change in ordered]
    if len(lines) + recent > MOST_SINGLE:
        return [event(kind, lines, raised=raised)]
    return [event(kind, [line], raised=raised) for line in lines]


def _is_end_told(alarm: Alarm) -> bool:
    """Tell whether the feed's last word is that it is over, and not just that it was forgotten."""
    if alarm.told or alarm.told_at is None:
        return False
    return alarm.ended_at is None or alarm.told_at >= alarm.ended_at


def _is_within(at: datetime | None, span: timedelta, now: datetime) -> bool:
    """Tell whether `at` is less than `span` ago; what is to come, after a set clock, is not."""
    return at is not None and timedelta(0) <= now - at < span


def _matters(alarm: Alarm, now: datetime) -> bool:
    return alarm.ended_at is None or alarm.told or _is_within(alarm.told_at, ONCE_IN, now)
