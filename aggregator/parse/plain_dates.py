"""The two forms in which programs write nearly all dates, read in one step.

They are RFC 822's as RSS 2.0 has it and RFC 3339's, complete, with an offset. What `dates.py` makes
of them by its longer way is the same (`tests/test_parse_dates.py`): nothing is decided here.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NUMBER_OF = {name: number for number, name in enumerate(_MONTHS, 1)}
_CLOCK = "([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9])"
_OFFSET = "[+-](?:0[0-9]|1[0-4])"
# Programs' zeros are older than 1982, and have rules of their own.
_YEAR = "(198[2-9]|199[0-9]|20[0-9][0-9])"
_RFC_822 = re.compile(
    rf"(?:[A-Z][a-z][a-z], )?([0-9][0-9]) ({'|'.join(_MONTHS)}) {_YEAR} {_CLOCK}"
    rf" (GMT|{_OFFSET}[0-5][0-9])"
)
_RFC_3339 = re.compile(
    rf"{_YEAR}-([0-9][0-9])-([0-9][0-9])T{_CLOCK}(?:\.[0-9]{{1,9}})?(Z|{_OFFSET}:[0-5][0-9])"
)


@lru_cache(maxsize=1024)  # asked twice of each date, and a source's next document repeats most
def plain_date(text: str) -> datetime | None:
    """Return the instant that a date in one of the two forms names, `None` for any other text."""
    try:
        if found := _RFC_822.fullmatch(text):
            day, month, year, hour, minute, second, zone = found.groups()
            local = datetime(
                int(year), _NUMBER_OF[month], int(day), int(hour), int(minute), int(second),
                tzinfo=UTC,
            )  # fmt: skip
        elif found := _RFC_3339.fullmatch(text):
            year, month, day, hour, minute, second, zone = found.groups()
            local = datetime(
                int(year), int(month), int(day), int(hour), int(minute), int(second), tzinfo=UTC
            )
        else:
            return None
    except ValueError:
        return None
    if zone in {"GMT", "Z"}:
        return local
    span = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
    return local - span if zone[0] == "+" else local + span
