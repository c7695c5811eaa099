"""The publisher's date strings, read strictly: a date that is not there is never made up.

Nobody is asked who fills in what is missing: feedparser's own reader turns "2026/11/22" into
2026-11-01, an epoch into the year 1795, and gives "2024. július 13." another day. Zones: RFC 5322
section 4.3 for names, the source's own zone for strings without one, and for an abbreviation that
the source's zone uses itself (CST is China's or Chicago's).
"""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from aggregator.parse.date_forms import MONTHS, Stated, certain_order, stated
from aggregator.parse.date_order import EITHER, DayOrder, full_year
from aggregator.parse.date_zones import home_zone, zone_of
from aggregator.parse.plain_dates import plain_date
from aggregator.runtime.values import dataclass
from aggregator.web.zero_dates import is_zero

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from aggregator.model import RawEntry

#: No date that anyone writes is longer; what is, is not searched.
_MAX_CHARS = 100

#: Ten digits are seconds from 2001 to 2286, thirteen are milliseconds.
_EPOCH = re.compile(r"(\d{10})(?:\.\d{1,9})?|(\d{13})")


@dataclass(frozen=True, slots=True)
class Habits:
    """What the rest of a document tells of its dates: the order of day and month, the language."""

    order: DayOrder | None = None
    language: str | None = None


class Unread(StrEnum):
    """Why a date has no instant; the value says it."""

    EITHER = "its day and month may be either"
    ZERO = "it is a program's zero, or older than 1900"
    IMPOSSIBLE = "there is no such day or time"
    UNKNOWN = "no form of date that is read"


def habits_of(texts: Iterable[str], language: str | None) -> Habits:
    """Return the habits of a document with these dates: where one is certain, all are of its order.

    Dates that contradict each other tell nothing.
    """
    orders = {
        order
        for text in texts
        # A plain one names its month, or has its year first: it tells nothing of others.
        if len(text) <= _MAX_CHARS and plain_date(text) is None and (order := certain_order(text))
    }
    return Habits(orders.pop() if len(orders) == 1 else None, language)


def parse_date(text: str | None, zone: str, habits: Habits = Habits()) -> datetime | None:
    """Return the instant that `text` names, in UTC, or `None` when it names none for certain.

    `zone` is the source's IANA time zone, for strings that give none. A day without a time is its
    first moment, a month its first day. Nothing is clamped here.
    """
    at = _read(text or "", zone, habits)
    return at if isinstance(at, datetime) else None


def why_unread(text: str) -> Unread | None:
    """Return why `text`, by itself, names no instant; `None` where it names one."""
    at = _read(text, "UTC", Habits())
    return None if isinstance(at, datetime) else at


def dates_in(entries: Iterable[RawEntry]) -> Iterator[tuple[str | None, datetime | None]]:
    """Yield the dates of entries, each as written and as read."""
    for entry in entries:
        yield entry.raw_published, entry.published_at
        yield entry.raw_updated, entry.updated_at


def note_of_unread(dates: Iterable[tuple[str | None, datetime | None]]) -> tuple[str, ...]:
    """Return a note, for `explain`, of a document's dates, each as written and as read.

    A program's zero is meant to be no date; it is not told of.
    """
    unread = dict.fromkeys(text for text, at in dates if text and text.strip() and at is None)
    reasons = ((text, why_unread(text)) for text in unread)
    told = [(text, why) for text, why in reasons if why not in {None, Unread.ZERO}]
    if not told:
        return ()
    text, why = told[0]
    shown = json.dumps(" ".join(text.split())[:_MAX_CHARS], ensure_ascii=False)
    count = f"{len(told)} dates were not read, such as" if len(told) > 1 else "not read, the date"
    return (f"{count} {shown}: {why}",)


def _read(text: str, zone: str, habits: Habits) -> datetime | Unread:
    text = text.strip().strip("\ufeff")
    if not text or len(text) > _MAX_CHARS:
        return Unread.UNKNOWN
    if (plain := plain_date(text)) is not None:
        return plain
    if epoch := _EPOCH.fullmatch(text):
        milliseconds = int(epoch[2]) if epoch[2] else int(epoch[1]) * 1000
        at = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=milliseconds)
        return at if milliseconds else Unread.ZERO
    said = stated(text, habits.order, habits.language)
    if said is None or isinstance(said, str):
        return Unread.EITHER if said == EITHER else Unread.UNKNOWN
    try:
        local = _local(said)
        at = local.replace(tzinfo=zone_of(said.zone, local, home_zone(zone))).astimezone(UTC)
    except (ValueError, OverflowError):
        return Unread.IMPOSSIBLE
    return Unread.ZERO if is_zero(at, local, has_zone=bool(said.zone)) else at


def _local(said: Stated) -> datetime:
    hour, extra_day = _hour(said)
    second = min(int(said.second), 59)  # a leap second has no place in datetime
    return datetime.combine(_day(said), time(hour, int(said.minute), second)) + extra_day


def _day(said: Stated) -> date:
    year = full_year(said.year)
    if said.year_day:
        found = date(year, 1, 1) + timedelta(days=int(said.year_day) - 1)
        if found.year != year:
            raise ValueError(said.year_day)
        return found
    if said.week:
        return date.fromisocalendar(year, int(said.week), int(said.week_day or 1))
    month = MONTHS.get(said.month.lower()) or int(said.month)
    return date(year, month, int(said.day))


def _hour(said: Stated) -> tuple[int, timedelta]:
    hour = int(said.hour)
    if (said.half == "pm" and hour < 12) or (said.half == "noon" and hour < 11):
        hour += 12
    elif said.half == "am" and hour == 12:
        hour = 0
    # ISO 8601 writes the end of a day as 24:00.
    return (0, timedelta(days=1)) if hour == 24 else (hour, timedelta())
