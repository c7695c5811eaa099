"""Tables that fit the terminal, as wide as their characters really are."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

from aggregator.cli.terminal_text import line, theirs
from aggregator.language.spoken import bare, retold, verbatim

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

GAP = "  "
#: A last column narrower than this is harder to read than the same text below its row.
_COMFORTABLE = 40
#: As much of the names and titles as is wanted before the last column takes room from them.
_ENOUGH = 32
#: Less of a title than this says nothing.
_SHORTEST_TITLE = 6


def terminal_width() -> int | None:
    """Return the columns of the terminal that is printed to, or `None` when it is none."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def wrapped(
    text: str,
    width: int | None,
    *,
    indent: str = "",
    hanging: str = "",
    within_words: bool = True,
) -> str:
    """Return a line of `plain` text broken to the width, its first line after `indent`.

    With `within_words` a word that is longer than a line is broken, too. It is retold as a whole
    before, and `verbatim` from then on.
    """
    told = bare(retold(text))
    return verbatim(_broken(told, width, indent, hanging, within_words=within_words))


def _broken(
    text: str, width: int | None, indent: str = "", hanging: str = "", *, within_words: bool = True
) -> str:
    import wcwidth

    if width is None:
        return indent + text
    return "\n".join(
        wcwidth.wrap(
            text,
            max(width, wcwidth.width(hanging) + 1),
            initial_indent=indent,
            subsequent_indent=hanging,
            break_on_hyphens=False,
            break_long_words=within_words,
        )
    )


def set_left(text: str, width: int) -> str:
    """Return text with blanks up to a width."""
    import wcwidth

    return wcwidth.ljust(text, width)


def table(
    headers: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    titles: Sequence[str] = (),
    numbers: str = "",
    width: int | None = None,
) -> str:
    """Return rows under headers, at most `width` columns wide; `None` is no limit.

    The first cell of each row is a name, shown whole whatever the width; its title follows in
    parentheses, shortened or dropped where there is no room. The last cell is a text: beside the
    others, or wrapped below them, or, where not even they fit, a line a cell. The column called
    `numbers` is set to the right. All but names and titles is retold, and the table `verbatim`.
    """
    cells = [[bare(line(name)), *map(_told, others)] for name, *others in rows]
    names = [bare(theirs(title)) for title in titles] or [""] * len(cells)
    return verbatim(_fitted([*map(_told, headers)], cells, names, _told(numbers), width))


def _told(cell: str) -> str:
    return bare(retold(line(cell)))


def _fitted(
    headers: Sequence[str],
    cells: Sequence[Sequence[str]],
    told: Sequence[str],
    numbers: str,
    width: int | None,
) -> str:
    from tabulate import MIN_PADDING  # type: ignore[import-untyped]  # it has no types

    def named(room: int | None) -> list[str]:
        return [_named(row[0], title, room) for row, title in zip(cells, told, strict=True)]

    if width is None:
        whole = [[name, *row[1:]] for name, row in zip(named(None), cells, strict=True)]
        return _grid(headers, whole, numbers)

    *fixed, last = (
        _widest([f"{header}{' ' * MIN_PADDING}", *column])
        for header, column in zip(headers[1:], [*zip(*cells, strict=True)][1:], strict=True)
    )
    taken = sum(fixed) + len(GAP) * len(fixed)
    names = _widest([f"{headers[0]}{' ' * MIN_PADDING}", *(row[0] for row in cells)])
    first = _widest(named(None))

    beside = width - taken - len(GAP)
    text = min(last, _COMFORTABLE)
    if beside >= max(min(first, _ENOUGH), names) + text:
        room = max(min(first, beside - text), names)
        text = beside - room
        fitting = [
            [name, *row[1:-1], _broken(row[-1], text)]
            for name, row in zip(named(room), cells, strict=True)
        ]
        return _grid(headers, fitting, numbers)
    room = width - taken
    if room < names:
        return "\n".join(_blocks(headers, cells, told, width))
    short = [[name, *row[1:-1]] for name, row in zip(named(room), cells, strict=True)]
    head, *lines = _grid(headers[:-1], short, numbers).splitlines()
    for place, row in enumerate(cells):
        if row[-1]:
            lines[place] += f"\n{_broken(row[-1], width, GAP, GAP)}"
    return "\n".join([head, *lines])


def _widest(texts: Sequence[str]) -> int:
    import wcwidth

    return max(wcwidth.width(text) for text in texts)


def _named(name: str, title: str, width: int | None = None) -> str:
    """Return `name (title)`, its title shortened to the width or dropped."""
    import wcwidth

    if not title:
        return name
    whole = f"{name} ({title})"
    if width is None or wcwidth.width(whole) <= width:
        return whole
    room = width - wcwidth.width(f"{name} ()")
    if room < _SHORTEST_TITLE:
        return name
    return f"{name} ({wcwidth.clip(title, 0, room - 1).rstrip()}…)"


def _grid(headers: Sequence[str], rows: Sequence[Sequence[str]], numbers: str) -> str:
    from tabulate import tabulate

    text: str = tabulate(
        rows,
        headers=headers,
        tablefmt="plain",
        disable_numparse=True,
        colalign=["right" if header == numbers else "left" for header in headers],
    )
    return text


def _blocks(
    headers: Sequence[str], rows: Sequence[Sequence[str]], titles: Sequence[str], width: int
) -> Iterator[str]:
    """Yield the lines of a table for a terminal too narrow for columns."""
    import wcwidth

    labels = [f"{GAP}{wcwidth.ljust(header, _widest(headers[1:]))}{GAP}" for header in headers[1:]]
    for row, title in zip(rows, titles, strict=True):
        yield _named(row[0], title, width)
        for label, cell in zip(labels, row[1:], strict=True):
            if cell:
                yield _broken(cell, width, label, " " * len(label))
