"""The zone at the end of a date: an offset however it is written, a name, or the source's own."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

#: Hours east of Greenwich. RFC 5322 lets any other name mean "unknown", which is UTC.
ZONES = {
    "UT": 0, "UTC": 0, "GMT": 0, "Z": 0, "WET": 0, "WEST": 1, "BST": 1, "CET": 1, "CEST": 2,
    "MEZ": 1, "MESZ": 2, "MET": 1, "MEST": 2, "EET": 2, "EEST": 3, "MSK": 3, "МСК": 3, "TRT": 3,
    "IST": 5.5, "PKT": 5, "WIB": 7, "ICT": 7, "HKT": 8, "SGT": 8, "AWST": 8, "PHT": 8, "JST": 9,
    "KST": 9, "ACST": 9.5, "AEST": 10, "AEDT": 11, "NZST": 12, "NZDT": 13, "SAST": 2, "AST": -4,
    "ADT": -3, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8,
    "PDT": -7, "AKST": -9, "AKDT": -8, "HST": -10, "BRT": -3, "ART": -3,
}  # fmt: skip

#: Words after a clock that are no zone: "16:00 Uhr".
_NO_ZONES = frozenset({"UHR", "H", "HRS", "HOURS"})
_OFFSET = re.compile(r"([+\-−])(\d{1,2})(?::(\d)|:?(\d{2}))?$")
#: No clock is further from Greenwich.
_FURTHEST = timedelta(hours=15)


def home_zone(name: str) -> tzinfo:
    """Return the IANA zone of that name, UTC where there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def zone_of(name: str | None, local: datetime, home: tzinfo) -> tzinfo:
    """Return the zone that a date names, the source's own (`home`) where it names none.

    Raises ValueError for an offset that no place has.
    """
    name = (name or "").upper().strip()
    if not name or name in _NO_ZONES:
        return home
    if offset := _OFFSET.search(name):
        hours, minutes = int(offset[2]), int(offset[3] or offset[4] or 0)
        if hours % 10 == 0 and hours >= 20 and not minutes:
            hours //= 10  # "+8000" is a slip of the hand
        span = timedelta(hours=hours, minutes=minutes)
        if span > _FURTHEST:
            raise ValueError(name)
        return timezone(span if offset[1] == "+" else -span)
    at_home = local.replace(tzinfo=home)
    # An abbreviation means what it means at home: CST is UTC+8 in China, UTC-6 in Chicago.
    if at_home.tzname() == name or (name == "CST" and at_home.utcoffset() == timedelta(hours=8)):
        return home
    return timezone(timedelta(hours=ZONES.get(name, 0)))
