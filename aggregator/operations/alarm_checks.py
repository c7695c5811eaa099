"""The checks behind the alarms: is a source broken, gone, silent or moved, is a feed cut short?"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from aggregator.model import Problem, ProblemKind
from aggregator.model.notes import CertificateEnds
from aggregator.operations.alarm_facts import (
    CertificateGood,
    Failing,
    GoneForGood,
    HeardAgain,
    IdsChange,
    IdsHold,
    InEffect,
    Noted,
    Recovered,
    Silent,
)
from aggregator.operations.watched import AlarmKind, WatchedSource
from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from aggregator.model.notes import Fact
    from aggregator.operations.alarm_facts import Beginning, End
    from aggregator.operations.watched import Alarm, Watched, WatchedList

#: ACME clients renew a month before the end, or at two thirds of the life: who has not by now
#: will perhaps not.
CERTIFICATE_NOTICE = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Wrong:
    """Something is wrong, since then as far as is known."""

    fact: Beginning
    since_at: datetime


@dataclass(frozen=True, slots=True)
class Right:
    """Nothing is wrong; `fact` is for an alarm whose end is worth telling."""

    fact: End | None = None


#: `None`: it cannot be told now, what was known stays.
Finding = Wrong | Right | None

_FINE = Right()


@dataclass(frozen=True, slots=True)
class Seen:
    """What was found of one subject and kind; `name` is what people call the subject."""

    subject: str
    name: str
    kind: AlarmKind
    finding: Finding


def look_at(
    watched: Watched,
    before: dict[tuple[str, AlarmKind], Alarm],
    now: datetime,
    alert_after: timedelta,
) -> Iterator[Seen]:
    """Yield what is found of every subject and every kind that it has."""
    checks: tuple[tuple[AlarmKind, Callable[[WatchedSource, Alarm | None], Finding]], ...] = (
        (AlarmKind.BROKEN, lambda source, alarm: _broken(source, alarm, now, alert_after)),
        (AlarmKind.GONE, lambda source, alarm: _gone(source, alarm, now)),
        (AlarmKind.SILENT, _silent),
        (AlarmKind.MOVED, lambda source, _: _noted(source.moved, now, private=source.private)),
        (AlarmKind.GAP, lambda source, _: _noted(source.gaps, now)),
        (AlarmKind.UNSTABLE_IDS, lambda source, _: _unstable(source, now)),
        (AlarmKind.CERTIFICATE, lambda source, _: _certificate(source, now)),
    )
    for source in watched.sources:
        for kind, check in checks:
            finding = check(source, before.get((source.key, kind)))
            yield Seen(source.key, source.name, kind, finding)
    for of in watched.lists:
        finding = _broken(of, before.get((of.key, AlarmKind.BROKEN)), now, alert_after)
        yield Seen(of.key, of.name, AlarmKind.BROKEN, finding)
    for feed in watched.feeds:
        yield Seen(feed.key, feed.name, AlarmKind.CAP, _noted(feed.cut, now))
    config = Right(InEffect()) if watched.config is None else _noted(watched.config, now)
    yield Seen("config", "config", AlarmKind.CONFIG, config)


def _broken(
    source: WatchedSource | WatchedList,
    alarm: Alarm | None,
    now: datetime,
    alert_after: timedelta,
) -> Finding:
    since_at = source.failing_since_at
    if since_at is None:
        return _recovered(source, alarm, now)
    if isinstance(source, WatchedSource) and _is_gone(source):
        return _FINE
    # One that is due is about to be asked; until then a failure from before a long pause of ours
    # says nothing.
    is_due = source.next_poll_at is not None and source.next_poll_at <= now
    if now - since_at <= alert_after or is_due:
        return None
    problem = source.problem or Problem(ProblemKind.INTERNAL, "no problem is known")
    if not isinstance(source, WatchedSource):
        return Wrong(Failing(now - since_at, problem.kind, problem, of_list=True), since_at)
    # Its details name hosts.
    shown = None if source.private else problem
    return Wrong(Failing(now - since_at, problem.kind, shown), since_at)


def _gone(source: WatchedSource, alarm: Alarm | None, now: datetime) -> Finding:
    since_at = source.failing_since_at
    if since_at is None:
        return _recovered(source, alarm, now)
    if not _is_gone(source):
        return _FINE
    return Wrong(GoneForGood(), since_at)


def _is_gone(source: WatchedSource) -> bool:
    return source.problem is not None and source.problem.kind is ProblemKind.GONE


def _recovered(source: WatchedSource | WatchedList, alarm: Alarm | None, now: datetime) -> Finding:
    """Tell of an end only when a poll proves it: a new URL, too, counts no failures yet."""
    worked_at = source.last_success_at
    if alarm is None:
        return _FINE
    # A clock that was set back leaves beginnings that are still to come.
    if worked_at is None or worked_at <= alarm.since_at <= now:
        return None
    of_list = not isinstance(source, WatchedSource)
    return Right(Recovered(alarm.kind, worked_at - alarm.since_at, of_list=of_list))


def _silent(source: WatchedSource, alarm: Alarm | None) -> Finding:
    every, newest_at, seen_at = source.expected_every, source.newest_at, source.last_success_at
    if every is None:
        return _FINE
    if seen_at is None:
        return None
    # Only as far as we looked: while nobody polls, every source is silent.
    quiet = seen_at - newest_at
    if quiet > every:
        return Wrong(Silent(newest_at, quiet, every), newest_at)
    if alarm is None or newest_at <= alarm.since_at:
        return _FINE
    return Right(HeardAgain(newest_at - alarm.since_at))


def _unstable(source: WatchedSource, now: datetime) -> Finding:
    return Wrong(IdsChange(), now) if source.unstable_ids else Right(IdsHold())


def _certificate(source: WatchedSource, now: datetime) -> Finding:
    until_at = source.certificate_until_at
    if source.failing_since_at is not None:
        return None
    if until_at is None:
        return _FINE
    ends = certificate_ends(until_at, now)
    return Right(CertificateGood(until_at)) if ends is None else _noted(ends, now)


def _noted(note: Fact | None, now: datetime, *, private: bool = False) -> Finding:
    return _FINE if note is None else Wrong(Noted(note, private), now)


def certificate_ends(until_at: datetime | None, now: datetime) -> CertificateEnds | None:
    """Return a note on a certificate that ends within `CERTIFICATE_NOTICE`, or has ended."""
    if until_at is None or until_at - now >= CERTIFICATE_NOTICE:
        return None
    return CertificateEnds(until_at, until_at - now)
