"""The dates that feedparser misreads or does not read, read anew; nothing of the program is used.

feedparser 6.0.14 makes "2026/11/22" and "2026年11月22日" the 1st of November and an epoch a day in
1795, knows neither PM nor "UTC+8" nor any zone's name beyond North America's, and drops the time of
"20261122T160000Z". A date without a zone is in UTC here, as in the report's own source.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta, timezone

_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_HOURS = {
    "": 0, "z": 0, "ut": 0, "utc": 0, "gmt": 0, "bst": 1, "cet": 1, "cest": 2, "eet": 2, "eest": 3,
    "msk": 3, "ist": 5.5, "hkt": 8, "sgt": 8, "jst": 9, "kst": 9, "aest": 10, "aedt": 11, "est": -5,
    "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7,
}  # fmt: skip
_CLOCK = (
    r"(?:[t\s]*(?P<before>上午|下午)?\s*(?P<hour>\d\d?)(?:[:时點点]\s*|(?=\d{4}))(?P<minute>\d\d?)?"
    r"(?:[:分]?(?P<second>\d\d?)?)秒?(?:[.,]\d+)?\s*(?P<after>[ap]\.?m\.?)?)?"
    r"\s*(?P<zone>[a-z]{0,4})\s*(?P<offset>[+-]\d\d?(?::?\d\d)?)?"
)
_FORMS = tuple(
    re.compile(form + _CLOCK)
    for form in (
        r"(?P<year>\d{4})\s*[-/.年]\s*(?P<month>\d\d?)\s*[-/.月]\s*(?P<day>\d\d?)\s*日?",
        r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)(?=t|$)",
        r"(?P<year>\d{4})-?w(?P<week>\d\d)-?(?P<weekday>[1-7])",
        r"(?P<year>\d{4})-(?P<ordinal>\d{3})",
        r"(?:[a-z]+\.?,?\s*)?(?P<day>\d\d?)\s+(?P<name>[a-z]{3})[a-z]*\.?\s+(?P<year>\d{4}),?",
        r"(?:[a-z]+\.?,?\s*)?(?P<name>[a-z]{3})[a-z]*\.?\s+(?P<day>\d\d?),?\s+(?P<year>\d{4}),?",
    )
)
_WEEKDAY = re.compile(r"(?:星期|周)[一二三四五六日天]")
_EPOCH = re.compile(r"(\d{10})(?:\.\d+|\d{3})?")


def instant(text: str) -> datetime | None:
    """Return what a date string says, in UTC and whole seconds, or `None` when that is unknown."""
    text = _WEEKDAY.sub("", unicodedata.normalize("NFKC", text)).strip().lower()
    if found := _EPOCH.fullmatch(text):
        return datetime.fromtimestamp(int(found[1]), UTC)
    for form in _FORMS:
        if found := form.fullmatch(text):
            try:
                return _told(found.groupdict())
            except (ValueError, OverflowError, KeyError):
                return None
    return None


def _told(parts: dict[str, str | None]) -> datetime:
    hour, minute = int(parts["hour"] or 0), int(parts["minute"] or 0)
    second = min(int(parts["second"] or 0), 59)  # datetime has no leap second
    half = parts["before"] or (parts["after"] or "")[:1]
    if half in {"下午", "p"} and hour < 12:
        hour += 12
    elif half in {"上午", "a"} and hour == 12:
        hour = 0
    local = _day(parts) + timedelta(days=hour // 24)
    zone = timezone(_offset(parts["zone"] or "", parts["offset"]))
    return local.replace(hour=hour % 24, minute=minute, second=second, tzinfo=zone).astimezone(UTC)


def _day(parts: dict[str, str | None]) -> datetime:
    year = int(parts["year"] or 0)
    if parts.get("week"):
        return datetime.fromisoformat(f"{year}-W{parts['week']}-{parts['weekday']}")
    if parts.get("ordinal"):
        day = datetime(year, 1, 1) + timedelta(days=int(parts["ordinal"] or 0) - 1)  # noqa: DTZ001 - the zone follows
        if day.year != year:
            raise ValueError(parts["ordinal"])
        return day
    name = parts.get("name")
    month = _MONTHS.index(name) + 1 if name else int(parts["month"] or 0)
    return datetime(year, month, int(parts["day"] or 0))  # noqa: DTZ001 - the zone follows


def _offset(zone: str, offset: str | None) -> timedelta:
    if not offset:
        return timedelta(hours=_HOURS[zone])
    hours, minutes = re.fullmatch(r"[+-](\d\d?):?(\d\d)?", offset).groups()  # type: ignore[union-attr] # as _CLOCK found it
    span = timedelta(hours=int(hours), minutes=int(minutes or 0))
    return -span if offset[0] == "-" else span


def is_impossible(text: str) -> bool:
    """Tell whether an ISO date has a number out of its range; feedparser counts on from there."""
    found = re.fullmatch(
        r"\d{4}-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::\d\d)?(?:[.,]\d+)?(?:Z|[+-](\d\d):?\d\d)?)?",
        text.strip(),
    )
    bounds = (12, 31, 24, 59, 23)
    numbers = [int(digits or 0) for digits in found.groups()] if found else []
    return any(number > most for number, most in zip(numbers, bounds, strict=False))
