"""Zeros that programs write for "no date": the beginnings of their calendars, in any zone."""

from __future__ import annotations

from datetime import date, datetime, timedelta

#: Archives put old papers and books into feeds; PHP's and Go's zeros are in years about 0.
_EARLIEST_YEAR = 1900
#: No program's zero is in a later one.
_LATEST_YEAR = 1980
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - on the clock of some place
#: Spreadsheets and databases: a time without a day is on one of these.
_NO_DAYS = frozenset({date(1899, 12, 30), date(1900, 1, 1)})
#: The first moment of Unix, and of DOS and FAT.
_FIRST_MOMENTS = frozenset({_EPOCH, datetime(1980, 1, 1)})  # noqa: DTZ001 - as above
#: What Unix's zero is on a clock in the Americas when only its day is written.
_EVE = datetime(1969, 12, 31)  # noqa: DTZ001 - as above
#: The hours from Greenwich that clocks have.
_OFFSETS = frozenset(
    timedelta(hours=hours)
    for hours in (
        *range(-12, 15), -9.5, -3.5, -2.5, 3.5, 4.5, 5.5, 5.75, 6.5, 8.75, 9.5, 10.5, 12.75
    )
)  # fmt: skip


def is_zero(at: datetime, local: datetime | None = None, *, has_zone: bool = True) -> bool:
    """Tell whether a date is a program's zero, or of before 1900.

    `at` is the instant in UTC, `local` the naive date as it is written, where that is known.
    Without a zone (`has_zone`) its clock may be that of any place at the first moment of Unix.
    """
    if at.year > _LATEST_YEAR and (local is None or local.year > _LATEST_YEAR):
        return False
    naive = at.replace(tzinfo=None)
    for written in (naive, local or naive):
        if written.year < _EARLIEST_YEAR or written.date() in _NO_DAYS:
            return True
        if written in _FIRST_MOMENTS:
            return True
    return local is not None and not has_zone and (local - _EPOCH in _OFFSETS or local == _EVE)
