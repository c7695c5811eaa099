"""The page of all sources together, in pictures: entries, delays, requests, the database.

Each picture is told in a sentence, and its figures are in a table below it.
"""

from __future__ import annotations

from bisect import bisect_left
from datetime import timedelta
from typing import TYPE_CHECKING

from aggregator.publish.html_pages import html_page
from aggregator.publish.pages.charts import HEIGHT, columns
from aggregator.publish.pages.health import span
from aggregator.publish.pages.strips import DAYS
from aggregator.runtime.values import dataclass
from aggregator.web.excerpts import excerpt

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from aggregator.model.health import Overview
    from aggregator.publish.pages.charts import Chart
    from aggregator.publish.pages.look import Look
    from aggregator.schedule.price import Hour

#: Up to which delay sources are counted together; one more column has what is beyond.
DELAYS = (
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=4),
    timedelta(days=1),
)
#: Hours of requests that are one column.
HOURS = 6
#: How much of a source's title stands in a legend, and at the head of a table's column.
TITLE_CHARACTERS = 40
#: Series that have colours of their own in the style; the last one's is that of all others.
COLOURS = 7


@dataclass(frozen=True, slots=True)
class Panel:
    """One picture, what it tells in a sentence, and its figures as a table.

    `labels` stand below it: those of its ends, or with `is_each` one for each column. `legend` has
    the class of a series in the style and what it is.
    """

    key: str
    title: str
    told: str
    chart: Chart | None = None
    classes: tuple[str, ...] = ()
    most: str = ""
    labels: tuple[str, ...] = ()
    is_each: bool = False
    legend: tuple[tuple[str, str], ...] = ()
    heads: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def first_day(today: date) -> date:
    """Return the first of the days that the page shows of sources."""
    return today - timedelta(days=DAYS - 1)


def overview_page(found: Overview, hours: Sequence[Hour], look: Look, today: date) -> bytes:
    """Return the page in UTF-8; `hours` are the last ones of the budget, oldest first."""
    make: tuple[Callable[[], Panel], ...] = (
        lambda: _entries(found, look, today),
        lambda: _delays(found.delays, look),
        lambda: _requests(hours, look),
        lambda: _sizes(found, look, today),
    )
    return html_page("pages/overview", {"panels": [one() for one in make], "high": HEIGHT}, look)


def _entries(found: Overview, look: Look, today: date) -> Panel:
    title = look.say("New entries a day, by source")
    days = [first_day(today) + timedelta(days=number) for number in range(DAYS)]
    every = {one.day: one.new for one in found.days}
    total = sum(every.get(day, 0) for day in days)
    if not total:
        return Panel("entries", title, look.say("No entry has come in {days} days.", days=DAYS))
    names = [excerpt(one.title, TITLE_CHARACTERS) or "…" for one in found.busiest]
    series = [
        [{one.day: one.new for one in source.days}.get(day, 0) for day in days]
        for source in found.busiest
    ]
    others = [
        max(0, every.get(day, 0) - sum(one[place] for one in series))
        for place, day in enumerate(days)
    ]
    classes = [f"s{number}" for number in range(len(series))]
    if any(others):
        series.append(others)
        names.append(look.say("All other sources"))
        classes.append(f"s{COLOURS - 1}")
    chart = columns(series)
    return Panel(
        key="entries",
        title=title,
        told=look.say(
            "{entries} new entries in {days} days, {most} on the busiest of them",
            entries=total,
            days=DAYS,
            most=round(chart.most),
        ),
        chart=chart,
        classes=tuple(classes),
        most=str(round(chart.most)),
        labels=(_short(days[0]), _short(days[-1])),
        legend=tuple(zip(classes, names, strict=True)),
        heads=(look.say("Day (UTC)"), look.say("Together"), *names),
        rows=tuple(
            (
                days[place].isoformat(),
                str(sum(one[place] for one in series)),
                *(str(one[place]) for one in series),
            )
            for place in reversed(range(DAYS))
        ),
    )


def _delays(delays: Sequence[timedelta], look: Look) -> Panel:
    title = look.say("How late entries come")
    if not delays:
        return Panel("delays", title, look.say("Nothing is known of it yet."))
    counts = [0] * (len(DELAYS) + 1)
    for delay in delays:
        counts[bisect_left(DELAYS, delay)] += 1
    names = [f"≤ {span(most, look)}" for most in DELAYS]
    names.append(f"> {span(DELAYS[-1], look)}")
    chart = columns([counts])
    return Panel(
        key="delays",
        title=title,
        told=look.count(
            len(delays),
            "{n} source, by the median of its last delays: {middle}",
            "{n} sources, by the median of their last delays; half of them at most {middle}",
            middle=span(sorted(delays)[len(delays) // 2], look),
        ),
        chart=chart,
        classes=("s0",),
        most=str(round(chart.most)),
        labels=tuple(names),
        is_each=True,
        heads=(look.say("Delay"), look.say("Sources")),
        rows=tuple((name, str(count)) for name, count in zip(names, counts, strict=True)),
    )


def _requests(hours: Sequence[Hour], look: Look) -> Panel:
    title = look.say("Requests and the budget")
    if not hours:
        return Panel("requests", title, look.say("Nothing is known of it yet."))
    # From the newest hour back, so that the oldest column is the one that may have fewer.
    ends = range(len(hours), 0, -HOURS)
    parts = [hours[max(0, end - HOURS) : end] for end in ends][::-1]
    used = [sum(one.requests for one in part) for part in parts]
    allowed = [sum(one.allowed for one in part) for part in parts]
    ago = [(len(hours) - end, len(hours) - max(0, end - HOURS)) for end in ends][::-1]
    chart = columns([used], allowed)
    share = sum(used) / sum(allowed) if sum(allowed) else 0.0
    return Panel(
        key="requests",
        title=title,
        told=look.say(
            "{used} requests in the last {hours} hours of work, {share} of the budget",
            used=sum(used),
            hours=len(hours),
            share=f"{share:.0%}",
        ),
        chart=chart,
        classes=("s0",),
        most=str(round(chart.most)),
        labels=(
            look.say("{n} hours ago", n=len(hours)),
            look.say("now"),
        ),
        legend=(("s0", look.say("Requests")), ("budget", look.say("Budget"))),
        heads=(look.say("Hours ago"), look.say("Requests"), look.say("Budget")),
        rows=tuple(
            (f"{since}–{until}", str(one), f"{most:.0f}")
            for (since, until), one, most in zip(ago[::-1], used[::-1], allowed[::-1], strict=True)
        ),
    )


def _sizes(found: Overview, look: Look, today: date) -> Panel:
    title = look.say("The database")
    if not found.sizes:
        return Panel("sizes", title, look.say("Its size is noted once a day."))
    first, last = found.sizes[0], found.sizes[-1]
    start = min(first.day, first_day(today))
    days = [
        start + timedelta(days=number) for number in range((max(today, last.day) - start).days + 1)
    ]
    noted = {one.day: one for one in found.sizes}
    files = [noted[day].file_bytes if day in noted else 0 for day in days]
    words = [noted[day].search_bytes if day in noted else 0 for day in days]
    chart = columns([files, words])
    file, search = look.say("Database"), look.say("Index for searching")
    now = last.file_bytes + last.search_bytes
    told = look.say("{size} on {day}", size=size(now), day=_short(last.day))
    if len(found.sizes) > 1:
        more = now - first.file_bytes - first.search_bytes
        told = look.say(
            "{size} on {day}, {more} since {first}",
            size=size(now),
            day=_short(last.day),
            more=f"{'−' if more < 0 else '+'}{size(abs(more))}",
            first=_short(first.day),
        )
    return Panel(
        key="sizes",
        title=title,
        told=told,
        chart=chart,
        classes=("s0", "s1"),
        most=size(chart.most),
        labels=(_short(days[0]), _short(days[-1])),
        legend=(("s0", file), ("s1", search)),
        heads=(look.say("Day (UTC)"), file, search, look.say("Texts, unpacked")),
        rows=tuple(
            (one.day.isoformat(), *map(size, (one.file_bytes, one.search_bytes, one.text_bytes)))
            for one in reversed(found.sizes)
        ),
    )


def size(in_bytes: float) -> str:
    """Return a number of bytes in the largest unit of which there is one, with three digits."""
    for unit, one in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if in_bytes >= one:
            figure = in_bytes / one
            return f"{figure:.{2 if figure < 10 else 1 if figure < 100 else 0}f} {unit}"
    return f"{in_bytes:.0f} B"


def _short(day: date) -> str:
    return f"{day:%m-%d}"
