"""The page of the sources: how each fares, what is wrong with it, and what helps."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from aggregator.model.health import SourceRecord
from aggregator.publish.html_pages import html_page
from aggregator.publish.pages.cards import mark
from aggregator.publish.pages.problems import REMEDIES, SENTENCES
from aggregator.publish.pages.retold import Retold
from aggregator.publish.pages.strips import ABOVE, BELOW, DAYS, WIDTH, strip
from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, datetime, timedelta

    from aggregator.model import Problem
    from aggregator.publish.pages.cards import Mark
    from aggregator.publish.pages.look import Look
    from aggregator.publish.pages.strips import Strip

#: Sources of a page: with style and script some 50 KB.
SOURCES = 20

#: What the table may be sorted by, and what of it may be shown: words of its address, and titles.
SORTS = {
    "trouble": "What needs you first",
    "title": "Title",
    "new": "Most new entries",
    "last": "Longest without success",
    "delay": "Longest delay",
}
SHOWN = {"all": "All", "failing": "Failing", "paused": "Paused"}
#: So many tags are there to pick, those of most sources; others are in addresses alone.
TAGS = 20


@dataclass(frozen=True, slots=True)
class HealthView:
    """What the page shows of all sources: which of them, in which order, from which on.

    `tag`: only sources that have it. `can_add`: there is a page to add one; `is_in`: there is a
    session to end.
    """

    healths: tuple[SourceRecord, ...]
    sort: str = "trouble"
    show: str = "all"
    page: int = 0
    tag: str | None = None
    can_add: bool = False
    is_in: bool = False

    @property
    def tags(self) -> list[tuple[str, int]]:
        """Tags to pick, each with its number of sources; the one that is picked among them."""
        counts = Counter(tag for one in self.healths for tag in dict.fromkeys(one.status.tags))
        usual = sorted(counts, key=lambda tag: (-counts[tag], tag))[:TAGS]
        if self.tag is not None and self.tag not in usual:
            usual.append(self.tag)
        return [(tag, counts[tag]) for tag in sorted(usual, key=str.casefold)]

    @property
    def tagged(self) -> list[SourceRecord]:
        """The sources that have the tag that is picked."""
        return [one for one in self.healths if self.tag is None or self.tag in one.status.tags]

    @property
    def chosen(self) -> list[SourceRecord]:
        """The sources that are wanted, sorted."""
        keep = _KEPT[self.show]
        return sorted(filter(keep, self.tagged), key=_KEYS[self.sort])

    @property
    def on_page(self) -> list[SourceRecord]:
        """Those of this page."""
        first = self.page * SOURCES
        return self.chosen[first : first + SOURCES]


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong in a few words, what exactly, and what helps."""

    sentence: str
    detail: Retold
    remedy: Retold


@dataclass(frozen=True, slots=True)
class HealthRow:
    """One source of the table, every figure as text."""

    source: Mark
    way: str
    state: str
    is_failing: bool
    strip: Strip
    told: str
    last: str
    following: str
    because: Retold | None
    delay: str
    unmodified: str
    wrong: Wrong | None


def title_of(health: SourceRecord) -> str:
    """Return what a source is called: its title, its name only where it has none."""
    return health.status.title or health.status.name


def health_page(
    view: HealthView, look: Look, local: Callable[[datetime], datetime], today: date
) -> bytes:
    """Return the page in UTF-8."""
    chosen = view.chosen
    rows = [health_row(one, look, local, today) for one in view.on_page]
    counts = {name: sum(map(keep, view.tagged)) for name, keep in _KEPT.items()}
    more = len(chosen) > (view.page + 1) * SOURCES
    fields: dict[str, object] = {
        "rows": rows,
        "sorts": [(name, look.say(title), look.asking(sort=name, page=None))
                  for name, title in SORTS.items()],
        "shown": [(name, look.say(title), counts[name], look.asking(show=name, page=None))
                  for name, title in SHOWN.items()],
        "tags": [(tag, count, look.asking(tag=tag, page=None)) for tag, count in view.tags],
        "of_any_tag": look.asking(tag=None, page=None),
        "view": view,
        "further": look.asking(page=str(view.page + 1)) if more else None,
        "before": look.asking(page=str(view.page - 1)) if view.page else None,
        "size": (DAYS * WIDTH, ABOVE + BELOW + 2),
    }  # fmt: skip
    return html_page("pages/health", fields, look)


def health_row(
    health: SourceRecord,
    look: Look,
    local: Callable[[datetime], datetime],
    today: date,
) -> HealthRow:
    """Return one source as texts; `today` is the last day of its strip."""
    status = health.status
    days = strip(health.days, today)

    def moment(at: datetime | None) -> str:
        return look.say("never") if at is None else look.moment(local(at))

    following = "paused" if not status.enabled else moment(status.next_poll_at)
    return HealthRow(
        source=mark(title_of(health)),
        way=f"{look.root}sources/{status.name}/health",
        state=look.say(state_of(health)),
        is_failing=status.enabled and status.problem is not None,
        strip=days,
        told=look.say(
            "In {days} days: {polls} polls, {entries} new entries, {failures} failures",
            days=DAYS,
            polls=days.polls,
            entries=days.entries,
            failures=days.failures,
        ),
        last=moment(status.last_success_at),
        following=look.say("paused") if following == "paused" else following,
        because=look.retell(status.because) if status.because and status.enabled else None,
        delay="–" if health.delay is None else span(health.delay, look),
        unmodified="–" if days.unmodified is None else f"{days.unmodified:.0%}",
        wrong=wrong(status.problem, look) if status.enabled else None,
    )


def state_of(health: SourceRecord) -> str:
    """Return in one word how a source is, in English."""
    status = health.status
    if not status.enabled:
        return "Paused"
    if status.problem is not None:
        return "Failing"
    return "Well" if status.last_success_at is not None else "Not polled yet"


def wrong(problem: Problem | None, look: Look) -> Wrong | None:
    """Return what is wrong as people read it."""
    if problem is None:
        return None
    return Wrong(
        sentence=look.say(SENTENCES[problem.kind]),
        detail=look.retell(problem.detail),
        remedy=(
            Retold(look.say(REMEDIES[problem.kind]))
            if problem.remedy is None
            else look.retell(problem.remedy)
        ),
    )


def span(length: timedelta, look: Look) -> str:
    """Return a length of time in its largest unit."""
    seconds = length.total_seconds()
    if seconds < 3600:
        return look.say("{n} min", n=max(1, round(seconds / 60)) if seconds else 0)
    if seconds < 86_400:
        return look.say("{n} h", n=round(seconds / 3600))
    return look.say("{n} d", n=round(seconds / 86_400))


def _is_failing(health: SourceRecord) -> bool:
    return health.status.enabled and health.status.problem is not None


def _trouble(health: SourceRecord) -> tuple[int, str]:
    status = health.status
    rank = 0 if _is_failing(health) else 1 if status.last_success_at is None else 2
    return (rank if status.enabled else 3, title_of(health))


_KEPT: dict[str, Callable[[SourceRecord], bool]] = {
    "all": lambda _: True,
    "failing": _is_failing,
    "paused": lambda health: not health.status.enabled,
}
_KEYS: dict[str, Callable[[SourceRecord], tuple[float | int, str]]] = {
    "trouble": _trouble,
    "title": lambda health: (0, title_of(health).casefold()),
    "new": lambda health: (-sum(day.new for day in health.days), title_of(health)),
    "last": lambda health: (
        health.status.last_success_at.timestamp() if health.status.last_success_at else 0,
        title_of(health),
    ),
    "delay": lambda health: (
        1.0 if health.delay is None else -health.delay.total_seconds(),
        title_of(health),
    ),
}
