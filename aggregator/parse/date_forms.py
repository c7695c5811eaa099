"""The forms that dates are written in: what is stated, part by part, and nothing that is not.

First the forms of the standards, as they are; then, with its words as figures, whatever people and
programs write that can be read in one way only.
"""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

from aggregator.parse.date_order import NUMBERS, DayOrder, by_order, full_year, told_order
from aggregator.parse.date_words import HALF_OF, Figures, in_figures
from aggregator.parse.date_zones import ZONES
from aggregator.runtime.late_patterns import late_pattern
from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Stated:
    """What a date says: its year may have two digits, its month is a number or an English name.

    `week` and `year_day` are ISO 8601's other ways to name a day. `half` is "am", "pm" or "noon".
    """

    year: str
    month: str = "1"
    day: str = "1"
    hour: str = "0"
    minute: str = "0"
    second: str = "0"
    half: str = ""
    zone: str | None = None
    year_day: str | None = None
    week: str | None = None
    week_day: str | None = None


MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january", "feb february", "mar march", "apr april", "may", "jun june", "jul july",
            "aug august", "sep sept september", "oct october", "nov november", "dec december",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))

# Go's own form has an offset and a name, at times with its monotonic clock.
_ZONE = (
    r"(?P<zone>(?:GMT|UTC?|Z)?\s?[+\-−]\d{1,2}(?::\d|:?\d{2})?|[A-Za-z]{3,5}|UT|[A-Za-z])"
    r"(?:\[[\w/+-]{1,40}\]|\s[A-Z]{3,5}(?:\sm=[+-][\d.]{1,20})?)?"
)
_CLOCK = (
    r"(?P<hour>\d{1,2})(?::|(?<=\d\d)(?=\d\d))(?P<minute>\d{1,2})"
    r"(?:(?::|(?<=\d\d)(?=\d\d))(?P<second>\d{1,2})?(?:[.,]\d{1,9})?)?"
    r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?"
)
_CLOCK_AND_ZONE = rf"(?:{_CLOCK}\s*(?:{_ZONE})?(?:\s*\([^()]*\))?)?"
_WEEKDAY = r"(?:[^\W\d_]{1,12}\.?\s*,?\s*)?"
_DAY_MONTH = rf"(?P<day>\d{{1,2}})[\s.-]+(?P<month>{_MONTH})\.?,?[\s-]+(?P<year>\d{{4}}|\d\d)"
_MONTH_DAY = rf"(?P<month>{_MONTH})\.?\s+(?P<day>\d{{1,2}})"

_STANDARD = tuple(
    late_pattern(pattern, re.IGNORECASE)
    for pattern in (
        # RFC 3339, ISO 8601 and W3C-DTF, with or without colons: 2026-11-22T16:00:00+08:00
        rf"(?P<year>\d{{4}})-(?P<month>\d{{1,2}})-(?P<day>\d{{1,2}})(?:T|\s+|$){_CLOCK_AND_ZONE}",
        rf"(?P<year>\d{{4}})(?P<month>\d\d)(?P<day>\d\d)(?:T{_CLOCK_AND_ZONE})?",
        r"(?P<year>\d{4})(?:-(?P<month>\d\d))?",
        # RFC 822 and everything that calls itself so: Sun, 22 Nov 2026 16:00:00 +0800
        rf"{_WEEKDAY}{_DAY_MONTH}(?:[,\s]+|$){_CLOCK_AND_ZONE}",
        # November 22, 2026 4:00 PM
        rf"{_WEEKDAY}{_MONTH_DAY}(?:st|nd|rd|th)?,?\s+(?P<year>\d{{4}})(?:,?\s+(?:at\s+)?|$){_CLOCK_AND_ZONE}",
        # asctime and date(1): Sun Nov 22 16:00:00 CST 2026
        rf"{_WEEKDAY}{_MONTH_DAY}\s+{_CLOCK}\s*(?:{_ZONE}\s+)?(?P<year>\d{{4}})",
        # ISO 8601's day of a year and day of a week: 2026-326, 2026-W47-7
        rf"(?P<year>\d{{4}})-(?P<year_day>\d{{3}})(?:T{_CLOCK_AND_ZONE})?",
        rf"(?P<year>\d{{4}})-?W(?P<week>\d\d)(?:-?(?P<week_day>[1-7])(?:T{_CLOCK_AND_ZONE})?)?",
    )
)
#: The plus sign of an offset that went through a URL is a space.
_LOST_PLUS = late_pattern(r"(T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)\s(?=\d\d:?\d\d$)")

_COLON_CLOCK = late_pattern(
    r"(?<![\d:])(?P<hour>\d{1,2})\s?:\s?(?P<minute>\d\d)(?:\s?:\s?(?P<second>\d\d?)(?:[.,]\d{1,9})?)?(?![\d:])"
)
_DOT_CLOCK = late_pattern(
    r"(?<![\d.])(?P<hour>\d{1,2})\.(?P<minute>\d\d)(?:\.(?P<second>\d\d))?(?![\d.])"
)
_BARE_CLOCK = late_pattern(r"(?<![\d.:/-])(?P<hour>\d{1,2})(?=\s?(?:am|pm)(?![^\W_]))")
_HALF_BEFORE = late_pattern(r"([^\W\d_]+)$")
_HALF_AFTER = late_pattern(r"([^\W\d_]+[\u0e31-\u0e4e\w]*)")
_ZONE_AFTER = late_pattern(
    r"(?P<zone>(?:gmt|utc?|z)?\s?[+-]\d{1,2}(?::?\d\d)?(?![\d/.:-])(?:\s[a-z]{3,5})?"
    r"|[a-zмск]{1,5}(?![^\W_]))?\s?(?:\((?P<aside>[^()]*)\)|\[[\w/+-]{1,40}\])?"
)
_OFFSET_OF = late_pattern(r"[+-][\d:]+")
_EDGES = " ,.-|@·:;/()"
_LEADING_WORD = late_pattern(r"[^\W\d_][^\d«]{0,20}?(?:[\s,.:]+|$)(?=[\d«])")

_BETWEEN = r"[\s.,/-]*"
_NAMED = r"«(?P<month>\d{1,2})\??»"
_YEAR = r"(?P<year>\d{4})"
_DAY = r"(?P<day>\d{1,2})"
_DATES = tuple(
    late_pattern(pattern)
    for pattern in (
        rf"{_YEAR}\s?[-/.]\s?(?P<month>\d{{1,2}})\s?[-/.]\s?{_DAY}",
        rf"{_YEAR}{_BETWEEN}{_NAMED}{_BETWEEN}{_DAY}",
        rf"{_DAY}{_BETWEEN}{_NAMED}{_BETWEEN}(?P<year>\d{{4}}|\d\d)",
        rf"{_NAMED}{_BETWEEN}{_DAY}[\s.,/-]+{_YEAR}",
        rf"{_NAMED}{_BETWEEN}{_YEAR}",
        rf"{_YEAR}{_BETWEEN}{_NAMED}",
    )
)
_MAYBE_WEEKDAY = late_pattern(r"^«\d{1,2}\?»[\s.,]*(?=\S)")


def stated(text: str, order: DayOrder | None, language: str | None) -> Stated | str | None:
    """Return what a date says, `EITHER`, or `None` where it is none.

    `order` and `language` are what the rest of the document tells of it.
    """
    text = _LOST_PLUS.sub(r"\1+", text)
    for pattern in _STANDARD:
        if match := pattern.fullmatch(text):
            parts = {name: part for name, part in match.groupdict().items() if part}
            half = parts.pop("half", "").replace(".", "").lower()
            if parts.get("zone", "").lower() not in HALF_OF:
                return Stated(**parts, half=half)
    if not any(sign.isdecimal() for sign in text):
        return None
    figures = in_figures(text, language)
    found = _first(_readings(figures, order))
    if language is None and figures.weekday and isinstance(found, Stated):
        # A weekday tells Croatian's October from the November of Polish and Czech.
        other = _first(_readings(in_figures(text, "hr"), order))
        if other != found and isinstance(other, Stated) and _falls_on(other, figures.weekday):
            return found if _falls_on(found, figures.weekday) else other
    return found


def _first(readings: Iterator[Stated | str | None]) -> Stated | str | None:
    return next((reading for reading in readings if reading is not None), None)


def _falls_on(said: Stated, weekday: int) -> bool:
    try:
        day = date(full_year(said.year), int(said.month), int(said.day))
    except ValueError:
        return False
    return day.isoweekday() == weekday


def certain_order(text: str) -> DayOrder | None:
    """Return which number of a date in three numbers is its day, where that date alone tells."""
    if not NUMBERS.search(text):
        return None
    figures = in_figures(text)
    orders = (
        told_order(found, figures.weekday)
        for words, *_ in _taken_apart(figures.text)
        if (found := NUMBERS.fullmatch(words))
    )
    return next(orders, None)


def _readings(figures: Figures, order: DayOrder | None) -> Iterator[Stated | str | None]:
    for words, clock, half, zone in _taken_apart(figures.text):
        # Nobody knows the hour, and not the day: that a month begins there would be invented.
        is_timed = any(int(part) for part in clock)
        day = _date(words, figures.weekday, order, needs_day=is_timed)
        yield day if day is None or isinstance(day, str) else Stated(*day, *clock, half, zone)


def _taken_apart(
    text: str,
) -> Iterator[tuple[str, tuple[str, str, str], str, str | None]]:
    """Yield a date's words, clock, half of the day and zone, for each way to find a clock."""
    for pattern in (_COLON_CLOCK, _DOT_CLOCK, _BARE_CLOCK):
        if clock := pattern.search(text):
            found = clock.groupdict()
            before, half_before = _half_before(text[: clock.start()])
            after, half_after = _half_after(text[clock.end() :].lstrip())
            name, zone_end = _zone_name(after)
            rest = after[zone_end:]
            yield (
                _bare(f"{before} {rest}"),
                (found["hour"], found.get("minute") or "0", found.get("second") or "0"),
                half_before or half_after,
                name,
            )
    yield _bare(text), ("0", "0", "0"), "", None


def _half_before(text: str) -> tuple[str, str]:
    text = text.rstrip(_EDGES)
    if text.endswith("t") and text[-2:-1].isdecimal():
        return text[:-1], ""
    found = _HALF_BEFORE.search(text)
    half = HALF_OF.get(found[1], "") if found else ""
    return (text[: found.start()], half) if found and half else (text, "")


def _half_after(text: str) -> tuple[str, str]:
    found = _HALF_AFTER.match(text)
    half = HALF_OF.get(found[1], "") if found else ""
    return (text[found.end() :].lstrip(), half) if found and half else (text, "")


def _zone_name(text: str) -> tuple[str | None, int]:
    """Return the zone that a text begins with, if it is one that we know, and where it ends."""
    found = _ZONE_AFTER.match(text)
    if found is None:
        return None, 0
    named = found["zone"] or found["aside"] or ""
    if offset := _OFFSET_OF.search(named):
        return offset[0], found.end()
    if named.upper() in ZONES:
        return named, found.end()
    return None, 0 if found["zone"] else found.end()


def _bare(text: str) -> str:
    return " ".join(text.replace("( )", " ").replace("()", " ").split()).strip(_EDGES)


def _date(
    words: str, weekday: int | None, order: DayOrder | None, *, needs_day: bool
) -> tuple[str, str, str] | str | None:
    """Return year, month and day of a date without its clock, or `EITHER`, or `None`.

    A month alone is its first day, unless a day is needed.
    """
    for said in dict.fromkeys((words, _MAYBE_WEEKDAY.sub("", words), _without_word(words))):
        for pattern in _DATES:
            if found := pattern.fullmatch(said):
                parts = found.groupdict()
                if needs_day and not parts.get("day"):
                    continue
                return parts["year"], parts["month"], parts.get("day") or "1"
        if found := NUMBERS.fullmatch(said):
            return by_order(found, weekday, order)
    return None


def _without_word(words: str) -> str:
    found = _LEADING_WORD.match(words)
    return words[found.end() :] if found else words
