"""What is wrong, right, or cannot be told now, of one subject and kind."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from aggregator.model import ProblemKind
from aggregator.model.notes import CertificateEnds
from aggregator.operations.messages import fact_text, measure, problem_text, span
from aggregator.operations.watched import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from aggregator.model.notes import Fact
    from aggregator.operations.watched import Alarm, Watched, WatchedSource

#: ACME clients renew a month before the end, or at two thirds of the life: who has not by now
#: will perhaps not.
CERTIFICATE_NOTICE = timedelta(days=14)

# What a message of the configuration quotes may be the URL of a private source.
_ADDRESS = re.compile(r"[^\s\"'<>]*://[^\s\"'<>]*")

_UNITS_CHINESE = {"second": "秒", "minute": "分钟", "hour": "小时", "day": "天"}


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence on one subject, without its full stop in English; plain text, not redacted."""

    english: str
    chinese: str


@dataclass(frozen=True, slots=True)
class Wrong:
    """Something is wrong, since then as far as is known."""

    said: Said
    since_at: datetime


@dataclass(frozen=True, slots=True)
class Right:
    """Nothing is wrong; `said` is for an alarm whose end is worth telling."""

    said: Said | None = None


#: `None`: it cannot be told now, what was known stays.
Finding = Wrong | Right | None

_FINE = Right()


@dataclass(frozen=True, slots=True)
class Seen:
    """What was found of one subject and kind; `name` is what people call the subject."""

    subject: str
    name: str
    kind: Kind
    finding: Finding


def look_at(
    watched: Watched,
    before: dict[tuple[str, Kind], Alarm],
    now: datetime,
    alert_after: timedelta,
) -> Iterator[Seen]:
    """Yield what is found of every subject and every kind that it has."""
    checks: tuple[tuple[Kind, Callable[[WatchedSource, Alarm | None], Finding]], ...] = (
        (Kind.BROKEN, lambda source, alarm: _broken(source, alarm, now, alert_after)),
        (Kind.GONE, lambda source, alarm: _gone(source, alarm, now)),
        (Kind.SILENT, _silent),
        (Kind.MOVED, lambda source, _: _moved(source, now)),
        (Kind.GAP, lambda source, _: _gap(source, now)),
        (Kind.UNSTABLE_IDS, lambda source, _: _unstable(source, now)),
        (Kind.CERTIFICATE, lambda source, _: _certificate(source, now)),
    )
    for source in watched.sources:
        for kind, check in checks:
            finding = check(source, before.get((source.key, kind)))
            yield Seen(source.key, source.name, kind, finding)
    for feed in watched.feeds:
        chinese = "请调高 limit 或缩短 window。"
        yield Seen(feed.key, feed.name, Kind.CAP, _noted(feed.cut, chinese, now))
    yield Seen("config", "config", Kind.CONFIG, _config(watched.config, now))


def _broken(
    source: WatchedSource, alarm: Alarm | None, now: datetime, alert_after: timedelta
) -> Finding:
    since_at = source.failing_since_at
    if since_at is None:
        return _recovered(source, alarm, now, "It was broken", "中断了")
    if _is_gone(source):
        return _FINE
    # One that is due is about to be asked; until then a failure from before a long pause of ours
    # says nothing.
    is_due = source.next_poll_at is not None and source.next_poll_at <= now
    if now - since_at <= alert_after or is_due:
        return None
    english = f"Every poll has failed for {span(now - since_at)}: {_problem(source)}"
    return Wrong(Said(english, f"已连续失败 {_span_chinese(now - since_at)}。"), since_at)


def _gone(source: WatchedSource, alarm: Alarm | None, now: datetime) -> Finding:
    since_at = source.failing_since_at
    if since_at is None:
        return _recovered(source, alarm, now, "It was gone", "中断了")
    if not _is_gone(source):
        return _FINE
    english = "Its publisher says that it will not come back (410); remove it, or find another URL"
    return Wrong(Said(english, "发布者称其不会恢复，请删除或更换地址。"), since_at)


def _is_gone(source: WatchedSource) -> bool:
    return source.problem is not None and source.problem.kind is ProblemKind.GONE


def _recovered(
    source: WatchedSource, alarm: Alarm | None, now: datetime, english: str, chinese: str
) -> Finding:
    """Tell of an end only when a poll proves it: a new URL, too, counts no failures yet."""
    worked_at = source.last_success_at
    if alarm is None:
        return _FINE
    # A clock that was set back leaves beginnings that are still to come.
    if worked_at is None or worked_at <= alarm.since_at <= now:
        return None
    lasted = worked_at - alarm.since_at
    return Right(Said(f"{english} for {span(lasted)}", f"{chinese} {_span_chinese(lasted)}。"))


def _silent(source: WatchedSource, alarm: Alarm | None) -> Finding:
    every, newest_at, seen_at = source.expected_every, source.newest_at, source.last_success_at
    if every is None:
        return _FINE
    if seen_at is None:
        return None
    # Only as far as we looked: while nobody polls, every source is silent.
    quiet = seen_at - newest_at
    if quiet > every:
        english = (
            f"Nothing new since {newest_at:%Y-%m-%d %H:%M} UTC, for {span(quiet)}; "
            f"something is expected every {span(every)}"
        )
        chinese = f"已 {_span_chinese(quiet)}没有新内容，预期每 {_span_chinese(every)}一次。"
        return Wrong(Said(english, chinese), newest_at)
    if alarm is None or newest_at <= alarm.since_at:
        return _FINE
    lasted = newest_at - alarm.since_at
    return Right(Said(f"It was silent for {span(lasted)}", f"沉寂了 {_span_chinese(lasted)}。"))


def _moved(source: WatchedSource, now: datetime) -> Finding:
    chinese = "请更新配置中的 url。"
    if source.moved is not None and source.private:
        english = "Has moved for good; aggregator status tells where to"
        return Wrong(Said(english, chinese), now)
    return _noted(source.moved, chinese, now)


def _config(note: Fact | None, now: datetime) -> Finding:
    if note is None:
        return _FINE
    english = _sentence(_ADDRESS.sub("…", fact_text(note)))
    return Wrong(Said(english, "请查看日志或 status。"), now)


def _gap(source: WatchedSource, now: datetime) -> Finding:
    return _noted(source.gaps, "两次抓取之间内容已全部更换，现已更频繁地抓取。", now)


def _unstable(source: WatchedSource, now: datetime) -> Finding:
    if not source.unstable_ids:
        return Right(Said("Its entries keep their ids", "条目 id 不再变化。"))
    english = "The ids of its entries change from poll to poll; their addresses and texts are used"
    return Wrong(Said(english, "每次抓取 id 都在变，改用地址和内容识别。"), now)


def _certificate(source: WatchedSource, now: datetime) -> Finding:
    until_at = source.certificate_until_at
    if source.failing_since_at is not None:
        return None
    if until_at is None:
        return _FINE
    chinese = f"有效期至 {until_at:%Y-%m-%d}。"
    ends = certificate_ends(until_at, now)
    if ends is None:
        return Right(Said(f"It is good until {until_at:%Y-%m-%d}", chinese))
    return _noted(ends, chinese, now)


def _noted(note: Fact | None, chinese: str, now: datetime) -> Finding:
    return _FINE if note is None else Wrong(Said(_sentence(fact_text(note)), chinese), now)


def _problem(source: WatchedSource) -> str:
    if source.problem is None:
        return str(ProblemKind.INTERNAL)
    if source.private:  # its details name hosts
        return f"{source.problem.kind}; aggregator status tells more"
    return problem_text(source.problem)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _span_chinese(length: timedelta) -> str:
    number, unit = measure(length)
    return f"{number} {_UNITS_CHINESE[unit]}"


def certificate_ends(until_at: datetime | None, now: datetime) -> CertificateEnds | None:
    """Return a note on a certificate that ends within `CERTIFICATE_NOTICE`, or has ended."""
    if until_at is None or until_at - now >= CERTIFICATE_NOTICE:
        return None
    return CertificateEnds(until_at, until_at - now)
