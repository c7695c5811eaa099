"""The publisher's date strings, read strictly: a date that is not there is never made up.

feedparser's own reader turns "2026/11/22" into 2026-11-01 and an epoch into the year 1795, so it is
asked last, and only for the languages that it knows and we do not. Zones: RFC 5322 section 4.3 for
names, the source's own zone for strings without one, and for an abbreviation that the source's zone
uses itself (CST is China's or Chicago's).
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

#: No date that anyone writes is longer; what is, is not searched.
_MAX_CHARS = 100

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january 1月 一月",
            "feb february 2月 二月",
            "mar march 3月 三月",
            "apr april 4月 四月",
            "may 5月 五月",
            "jun june 6月 六月",
            "jul july 7月 七月",
            "aug august 8月 八月",
            "sep sept september 9月 九月",
            "oct october 10月 十月",
            "nov november 11月 十一月",
            "dec december 12月 十二月",
        ),
        start=1,
    )
    for name in names.split()
}
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))

#: Hours east of Greenwich. RFC 5322 lets any other name mean "unknown", which is UTC.
_ZONES = {
    "UT": 0, "UTC": 0, "GMT": 0, "Z": 0, "WET": 0, "WEST": 1, "BST": 1, "CET": 1, "CEST": 2,
    "MET": 1, "MEST": 2, "EET": 2, "EEST": 3, "MSK": 3, "IST": 5.5, "HKT": 8, "SGT": 8, "AWST": 8,
    "JST": 9, "KST": 9, "ACST": 9.5, "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13, "AST": -4,
    "ADT": -3, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8,
    "PDT": -7, "AKST": -9, "AKDT": -8, "HST": -10, "BRT": -3,
    "北京时间": 8,
}  # fmt: skip

_ZONE = (
    r"(?P<zone>(?:GMT|UTC?|Z)?\s?[+\-−]\d{1,2}(?::\d|:?\d{2})?|[A-Za-z]{1,5}|北京时间)"
    r"(?:\[[\w/+-]{1,40}\])?"
)
_CLOCK = (
    r"(?P<half_before>上午|下午|早上|晚上|中午|凌晨)?\s*(?P<hour>\d{1,2})(?:[:：时時点]|(?<=\d\d)(?=\d\d))"
    r"(?P<minute>\d{1,2})?(?:(?:[:：分]|(?<=\d\d)(?=\d\d))(?P<second>\d{1,2})?秒?(?:[.,]\d{1,9})?)?"
    r"\s*(?P<half_after>[AaPp]\.?[Mm]\.?)?"
)
_CLOCK_AND_ZONE = rf"(?:{_CLOCK}\s*(?:{_ZONE})?(?:\s*\([^()]*\))?)?"
_WEEKDAY = r"(?:(?:(?!\d)\w){1,12}\.?\s*[,，]?\s*)?"

_YEAR_DAY = r"(?P<year>\d{4})\s*[/.年]\s*(?P<month>\d{1,2})\s*[/.月]\s*(?P<day>\d{1,2})\s*[日号]?"
_DAY_MONTH = rf"(?P<day>\d{{1,2}})[\s.-]+(?P<month>{_MONTH})\.?,?[\s-]+(?P<year>\d{{4}}|\d\d)"
_MONTH_DAY = rf"(?P<month>{_MONTH})\.?\s+(?P<day>\d{{1,2}})"
_CHINESE_WEEKDAY = r"(?:\s*(?:星期|周|礼拜)[一二三四五六日天])?"

_PATTERNS = tuple(
    re.compile(pattern, re.IGNORECASE)
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
        # 2026/11/22 16:00, 2026.11.22, 2026年11月22日 16:00, 2026年11月22日 星期日 下午4:00
        rf"{_WEEKDAY}{_YEAR_DAY}{_CHINESE_WEEKDAY}(?:T|\s*(?:{_CLOCK_AND_ZONE})?)",
        # ISO 8601's day of a year and day of a week: 2026-326, 2026-W47-7
        rf"(?P<year>\d{{4}})-(?P<year_day>\d{{3}})(?:T{_CLOCK_AND_ZONE})?",
        rf"(?P<year>\d{{4}})-?W(?P<week>\d\d)(?:-?(?P<week_day>[1-7])(?:T{_CLOCK_AND_ZONE})?)?",
        # 22.11.2026 16:00 has its day first; with slashes only what can be no month is a day
        rf"{_WEEKDAY}(?P<day>\d{{1,2}})\.\s?(?P<month>\d{{1,2}})\.\s?(?P<year>\d{{4}})(?:,?\s+|$){_CLOCK_AND_ZONE}",
        rf"{_WEEKDAY}(?P<day>1[3-9]|[23]\d)/(?P<month>\d{{1,2}})/(?P<year>\d{{4}})(?:,?\s+|$){_CLOCK_AND_ZONE}",
    )
)

#: Years before are a program's zero, written for "no date": Go's is the first day of the year 1,
#: PHP's the 30th of November of the year -1.
_EARLIEST_YEAR = 100

#: Ten digits are seconds from 2001 to 2286, thirteen are milliseconds.
_EPOCH = re.compile(r"(\d{10})(?:\.\d{1,9})?|(\d{13})")
_OFFSET = re.compile(r"([+\-−])(\d{1,2})(?::(\d)|:?(\d{2}))?$")

#: feedparser reads month names and half days in Greek, Hungarian and Korean.
_FEEDPARSER_KNOWS = re.compile("[\u0370-\u03ff\uac00-\ud7afáéíóöőúüűÁÉÍÓÖŐÚÜŰ]")


def parse_date(text: str | None, zone: str) -> datetime | None:
    """Return the instant that `text` names, in UTC, or `None` when it names none for certain.

    `zone` is the source's IANA time zone, for strings that give none. Nothing is clamped here.
    """
    if not text:
        return None
    text = text.strip().strip("\ufeff")
    if not text or len(text) > _MAX_CHARS:
        return None
    if epoch := _EPOCH.fullmatch(text):
        milliseconds = int(epoch[2]) if epoch[2] else int(epoch[1]) * 1000
        return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=milliseconds)
    for pattern in _PATTERNS:
        if match := pattern.fullmatch(text):
            try:
                return _instant(match.groupdict(), _zone_info(zone))
            except (ValueError, OverflowError):
                return None
    return None


def trust_feedparser(text: str) -> bool:
    """Tell whether feedparser's reading of a date that we cannot read may be used."""
    return len(text) <= _MAX_CHARS and _FEEDPARSER_KNOWS.search(text) is not None


def _zone_info(zone: str) -> tzinfo:
    try:
        return ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def _instant(parts: dict[str, str | None], home: tzinfo) -> datetime:
    day = _day(_year(parts["year"] or ""), parts)
    hour, extra_day = _hour(parts)
    minute = int(parts.get("minute") or 0)
    second = min(int(parts.get("second") or 0), 59)  # a leap second has no place in datetime
    local = datetime.combine(day, time(hour, minute, second)) + extra_day
    return local.replace(tzinfo=_zone(parts.get("zone"), local, home)).astimezone(UTC)


def _day(year: int, parts: dict[str, str | None]) -> date:
    if year_day := parts.get("year_day"):
        found = date(year, 1, 1) + timedelta(days=int(year_day) - 1)
        if found.year != year:
            raise ValueError(year_day)
        return found
    if week := parts.get("week"):
        return date.fromisocalendar(year, int(week), int(parts.get("week_day") or 1))
    name = (parts.get("month") or "1").lower()
    month = _MONTHS[name] if name in _MONTHS else int(name)
    return date(year, month, int(parts.get("day") or 1))


def _year(digits: str) -> int:
    year = int(digits)
    if len(digits) == 2:
        return year + (2000 if year < 70 else 1900)
    if year < _EARLIEST_YEAR:
        raise ValueError(digits)
    return year


def _hour(parts: dict[str, str | None]) -> tuple[int, timedelta]:
    hour = int(parts.get("hour") or 0)
    half = parts.get("half_before") or (parts.get("half_after") or "").replace(".", "").lower()
    if half in {"下午", "晚上", "pm"} or (half == "中午" and hour < 11):
        hour = hour if hour >= 12 else hour + 12
    elif half in {"上午", "凌晨", "早上", "am"} and hour == 12:
        hour = 0
    # ISO 8601 writes the end of a day as 24:00.
    return (0, timedelta(days=1)) if hour == 24 else (hour, timedelta())


def _zone(name: str | None, local: datetime, home: tzinfo) -> tzinfo:
    if not name:
        return home
    name = name.upper().strip()
    if offset := _OFFSET.search(name):
        hours, minutes = int(offset[2]), int(offset[3] or offset[4] or 0)
        span = timedelta(hours=hours, minutes=minutes)
        return timezone(span if offset[1] == "+" else -span)
    at_home = local.replace(tzinfo=home)
    # An abbreviation means what it means at home: CST is UTC+8 in China, UTC-6 in Chicago.
    if at_home.tzname() == name or (name == "CST" and at_home.utcoffset() == timedelta(hours=8)):
        return home
    return timezone(timedelta(hours=_ZONES.get(name, 0)))
