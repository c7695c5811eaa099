"""The page of one source: its days, hours, polls and mirrors, and what can be done about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.publish.html_pages import html_page
from aggregator.publish.pages.health import health_row, state_of, title_of, wrong
from aggregator.publish.pages.strips import ABOVE, BELOW, DAYS, WIDTH, heat
from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, datetime

    from aggregator.model import PastPoll, PollOutcome
    from aggregator.model.health import MirrorHealth, SourceReport, Trouble
    from aggregator.publish.pages.health import Wrong
    from aggregator.publish.pages.look import Look

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

#: How a poll ended, by its stored outcome.
OUTCOMES = {
    "parsed": "Read",
    "same-body": "The same document",
    "not-modified": "Not modified (304)",
    "failed": "Failed",
    "held": "Not asked: it wants us to wait",
    "claimed": "Another process polls it",
    "offline": "Our own network was down",
}

#: What the operations feed tells of a source, by the kind of its alarm.
TROUBLES = {
    "broken": "Broken",
    "gone": "Gone",
    "silent": "Silent",
    "moved": "Moved",
    "gap": "Entries may be lost",
    "unstable-ids": "Its ids change",
    "certificate": "Its certificate ends",
}


@dataclass(frozen=True, slots=True)
class ReportView:
    """What the page shows; `toml` is the source's block to paste.

    `has_feed`: everybody may read its stories alone. `token` lets a form of the page be sent, it is
    `None` where nothing can be done here; `is_closed`: not without a log-in. `of_list` is the list
    that brings it, or "": what a list says, nothing here can change. `done` is what was done now:
    "poll", "pause", "resume" or "add".
    """

    report: SourceReport
    toml: str
    has_feed: bool = True
    token: str | None = None
    is_closed: bool = False
    of_list: str = ""
    done: str | None = None


@dataclass(frozen=True, slots=True)
class PollLine:
    """One poll of the list."""

    at: str
    machine_at: str
    outcome: str
    is_failed: bool
    new: int
    updated: int
    wrong: Wrong | None


@dataclass(frozen=True, slots=True)
class MirrorLine:
    """One URL of the source, and its state as facts."""

    url: str
    state: str
    facts: tuple[str, ...]
    wrong: Wrong | None


def source_health_page(
    view: ReportView, look: Look, local: Callable[[datetime], datetime], today: date
) -> bytes:
    """Return the page in UTF-8."""
    report = view.report
    health = report.health
    fields: dict[str, object] = {
        "view": view,
        "name": health.status.name,
        "title": title_of(health),
        "enabled": health.status.enabled,
        "row": health_row(health, look, local, today),
        "state": look.say(state_of(health)),
        "polls": [_poll(one, look, local, today) for one in report.polls],
        "mirrors": [_mirror(one, look, local) for one in report.mirrors],
        "troubles": [_trouble(one, look, local) for one in report.troubles],
        "weekdays": [look.say(day) for day in _WEEKDAYS],
        "heat": heat(report.published_at, local),
        "dated": len(report.published_at),
        "size": (DAYS * WIDTH, ABOVE + BELOW + 2),
        "list_way": f"{look.root}sources",
        "feed_way": f"{look.root}sources/{health.status.name}",
    }
    return html_page("pages/source_health", fields, look)


def _poll(
    one: PastPoll, look: Look, local: Callable[[datetime], datetime], today: date
) -> PollLine:
    at = local(one.polled_at)
    return PollLine(
        at=look.moment(at, today),
        machine_at=at.isoformat(timespec="seconds"),
        outcome=outcome(one.outcome, look),
        is_failed=one.problem is not None,
        new=one.new,
        updated=one.updated,
        wrong=wrong(one.problem, look),
    )


def outcome(ended: PollOutcome, look: Look) -> str:
    """Return in words how a poll ended."""
    return look.say(OUTCOMES[ended.value])


def _mirror(one: MirrorHealth, look: Look, local: Callable[[datetime], datetime]) -> MirrorLine:
    facts = []
    if one.moved_url is not None:
        facts.append(look.say("It has moved to {url}", url=one.moved_url))
    for at, text in (
        (one.document_at, "Last document {time}"),
        (one.resting_until_at, "Rests until {time}"),
        (one.certificate_until_at, "Its certificate ends {time}"),
    ):
        if at is not None:
            facts.append(look.say(text, time=look.moment(local(at))))
    if one.failures:
        facts.append(look.count(one.failures, "{n} failure in a row", "{n} failures in a row"))
    state = "Failing" if one.problem is not None else "Well" if one.document_at else "Not asked yet"
    return MirrorLine(one.url, look.say(state), tuple(facts), wrong(one.problem, look))


def _trouble(one: Trouble, look: Look, local: Callable[[datetime], datetime]) -> str:
    what = look.say(TROUBLES[one.kind]) if one.kind in TROUBLES else one.kind
    since = look.moment(local(one.since_at))
    if one.ended_at is None:
        return look.say("{what} since {since}", what=what, since=since)
    until = look.moment(local(one.ended_at))
    return look.say("{what} from {since} to {until}", what=what, since=since, until=until)
