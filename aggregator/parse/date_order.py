"""Dates in three numbers, 04/05/2024: which is the day, and where nothing tells that."""

from __future__ import annotations

import re
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

NUMBERS = re.compile(r"(\d{1,2})\s?([-/.])\s?(\d{1,2})\s?\2\s?(\d{4}|\d\d)")
#: A date whose day and month may be either.
EITHER = "either"


class DayOrder(StrEnum):
    """Which of two numbers before a year is the day."""

    DAY_FIRST = "day first"
    MONTH_FIRST = "month first"


def told_order(found: re.Match[str], weekday: int | None) -> DayOrder | None:
    """Return the order in which three numbers (a match of `NUMBERS`) can be a date, if it is one.

    Dots tell nothing of others: between them the day is first in all countries that write them.
    """
    if found[2] == "." or found[1] == found[3]:
        return None
    orders = {order for order, _ in _in_orders(found, weekday)}
    return orders.pop() if len(orders) == 1 else None


def by_order(
    found: re.Match[str], weekday: int | None, order: DayOrder | None
) -> tuple[str, str, str] | str | None:
    """Return year, month and day of three numbers (a match of `NUMBERS`), `EITHER`, or `None`.

    `weekday` is the one that the date names (1 is Monday), `order` its document's.
    """
    possible = dict(_in_orders(found, weekday))
    days = set(possible.values())
    if len(days) == 1:
        day: date | None = days.pop()
    else:
        day = possible.get(order) if order else None
    if day is None:
        return EITHER if possible else None
    return str(day.year), str(day.month), str(day.day)


def _in_orders(found: re.Match[str], weekday: int | None) -> Iterator[tuple[DayOrder | None, date]]:
    """Yield the days that three numbers may mean, with the order that makes them so.

    A weekday that fits one of them decides. Between dots the day is first; a year of two digits may
    be the first number, too (`None`).
    """
    first, sign, second, last = found[1], found[2], found[3], found[4]
    possible: dict[DayOrder | None, date] = {}
    readings: list[tuple[DayOrder | None, str, str, str]] = [
        (DayOrder.DAY_FIRST, last, second, first),
        (DayOrder.MONTH_FIRST, last, first, second),
    ]
    if len(last) == 2:
        if sign != "/":
            return
        readings.append((None, first, second, last))
    for order, year, month, day in readings:
        if len(year) == 1:
            continue
        try:
            possible[order] = date(full_year(year), int(month), int(day))
        except ValueError:
            continue
    if sign == "." and DayOrder.DAY_FIRST in possible:
        possible.pop(DayOrder.MONTH_FIRST, None)
    fitting = {order: day for order, day in possible.items() if day.isoweekday() == weekday}
    yield from (fitting if len(fitting) == 1 else possible).items()


def full_year(digits: str) -> int:
    """Return the year that four digits name, or two (RFC 2822, 4.3, with its border at 70).

    A year of the Buddhist era, which Thailand counts, is that of the common one.
    """
    year = int(digits)
    if len(digits) == 2:
        return year + (2000 if year < 70 else 1900)
    return year - 543 if 2443 <= year <= 2642 else year
