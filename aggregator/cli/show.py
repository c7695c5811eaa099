"""How things look on a terminal: text without tricks, tables, local time."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

#: A column narrower than this is no longer read.
_NARROWEST_COLUMN = 24


def plain(text: str) -> str:
    """Return text that can be printed: no secret, and no control or direction character in it.

    Titles and problems come from outside; an escape sequence in them would be the terminal's to
    obey. Line breaks stay.
    """
    from aggregator.redact import redact

    return "".join(char if char.isprintable() or char == "\n" else " " for char in redact(text))


def line(text: str) -> str:
    """Return `plain` text on one line."""
    return " ".join(plain(text).split())


def local_time(moment: datetime | None, *, otherwise: str) -> str:
    """Return a moment in local time with its offset, to the minute."""
    if moment is None:
        return otherwise
    return moment.astimezone().isoformat(sep=" ", timespec="minutes")


def about(period: timedelta) -> str:
    """Return a period in round figures: "40 seconds", "3 hours"."""
    seconds = period.total_seconds()
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= 1.5 * size:
            return f"{round(seconds / size)} {unit}s"
    return f"{max(1, round(seconds))} seconds"


def table(headers: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: str = "") -> str:
    """Return rows under headers in columns, as wide as their characters really are.

    The column called `numbers` is set to the right. On a terminal the last column is wrapped to
    the width that is left.
    """
    import wcwidth
    from tabulate import MIN_PADDING, tabulate  # type: ignore[import-untyped]  # it has no types

    cells = [[line(cell) for cell in row] for row in rows]
    padded = [f"{header}{' ' * MIN_PADDING}" for header in headers]
    widths = [
        max(wcwidth.width(cell) for cell in column)
        for column in zip(*[padded, *cells], strict=True)
    ]
    widest: list[int | None] = [None] * len(headers)
    if sys.stdout.isatty():
        gaps = len("  ") * (len(headers) - 1)
        left = shutil.get_terminal_size().columns - sum(widths[:-1]) - gaps
        widest[-1] = max(left, _NARROWEST_COLUMN)
    text: str = tabulate(
        cells,
        headers=headers,
        tablefmt="plain",
        disable_numparse=True,
        colalign=["right" if header == numbers else "left" for header in headers],
        maxcolwidths=widest,
    )
    return text
