"""A text of TOML in which a table or value changes, and not one character of the rest.

What belongs to a table: its header, all down to its last key, and the comments that touch it: those
directly above its header, unless the file begins with them, and those directly below its last key,
unless they touch the header that follows. What stands apart from it by a blank line is not its.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from typing import TYPE_CHECKING

import tomlkit

from aggregator.config.line_numbers import Places

if TYPE_CHECKING:
    from aggregator.model.mistakes import KeyPath

_BLANK_OR_COMMENT = re.compile(r"[ \t]*(?:#[^\n]*)?\r?")
_COMMA = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*,")
_PLAIN = re.compile(r"[A-Za-z0-9_-]+")


def written(value: object) -> str:
    """Return a value as TOML, on one line."""
    text: str = tomlkit.item(value).as_string()
    return text


class TomlText:
    """A valid text and the changes that are to be made in it; `text` is what they make of it.

    Tables and values are named by their paths in the text as it was; of overlapping removals all
    that any of them takes goes.
    """

    def __init__(self, text: str) -> None:
        self._mark = "\ufeff" if text.startswith("\ufeff") else ""
        self._before = text.removeprefix(self._mark)
        #: What it says; the reader of the whole configuration knows whether that is right.
        self.data = tomllib.loads(self._before.replace("\r\n", "\n"))
        self._places = Places(self._before)
        self._newline = "\r\n" if "\r\n" in text else "\n"
        self._ends = sorted(
            [end for _, end in self._places.values.values()]
            + [header.end for header in self._places.headers]
        )
        self._cuts: dict[tuple[int, int], str] = {}

    @property
    def text(self) -> str:
        """The text with all changes."""
        parts, at = [self._mark], 0
        for (start, end), put in sorted(self._cuts.items()):
            parts += [self._before[at:start], put]
            at = max(at, end)
        return "".join([*parts, self._before[at:]])

    def lines(self, path: KeyPath) -> tuple[int, int]:
        """Return the first and last line of a table's keys."""
        ends = [end for one, (_, end) in self._places.values.items() if one[: len(path)] == path]
        first = self._places.line(path)
        return first, self._before.count("\n", 0, max(ends, default=0)) + 1

    def replace(self, path: KeyPath, value: object) -> None:
        """Put another value in a value's place, in the quotes in which that stood."""
        start, end = self._places.values[path]
        quote = self._before[start]
        put = written(value)
        if quote == "'" and isinstance(value, str) and _PLAIN.fullmatch(value):
            put = f"'{value}'"
        self._cuts[start, end] = put

    def set(self, table: KeyPath, name: str, value: object) -> None:
        """Give a table's key this value; a key that is not there comes after the others."""
        if (*table, name) in self._places.values:
            self.replace((*table, name), value)
        elif table in self._places.values:  # { … }
            own = [end for path, (_, end) in self._places.values.items() if path[:-1] == table]
            self._put(max(own), f", {name} = {written(value)}")
        else:
            last = self._ends[bisect_right(self._ends, self._end_of_own_keys(table)) - 1]
            indent = _indent(self._before, self._places.offset((*table, "name")))
            at = self._line_end(last)
            at -= self._before[at - 1] == "\r"
            self._put(at, f"{self._newline}{indent}{name} = {written(value)}")

    def take_back(self, table: KeyPath, name: str) -> bool:
        """Take out a key that stands as `set` puts a new one: last, and alone on its line.

        Tell whether it did.
        """
        start, end = self._places.values[*table, name]
        key = self._places.offset((*table, name))
        if table in self._places.values:  # { … }
            own = [at for path, (_, at) in self._places.values.items() if path[:-1] == table]
            begin = key - 2 if self._before[key - 2 : key] == ", " else -1
            is_last = end == max(own)
        else:
            last = self._ends[bisect_right(self._ends, self._end_of_own_keys(table)) - 1]
            begin = self._line_start(key) - 1
            begin -= self._before[begin - 1 : begin] == "\r"
            after = self._before[end : self._line_end(end)]
            is_last = end == last and self._begins_line(key) and after in ("", "\r")
        is_as_put = is_last and begin >= 0 and self._before[key:start] == f"{name} = "
        if is_as_put:
            self._cut(begin, end)
        return is_as_put

    def append(self, path: KeyPath, value: object) -> None:
        """Add a member at the end of a list."""
        start, _ = self._places.values[path]
        count = self._count(path)
        if not count:
            self._put(start + 1, written(value))
            return
        first, last = self._places.values[*path, count - 1]
        between = ", "
        if self._begins_line(first):
            between = f",{self._newline}{_indent(self._before, first)}"
        self._put(last, f"{between}{written(value)}")

    def remove(self, path: KeyPath) -> None:
        """Take out a table that has a header, or a member of a list in brackets."""
        if path in self._places.values:
            self._remove_member(path[:-1], int(path[-1]))
            return
        start = end = 0
        for index, header in enumerate(self._places.headers):
            if header.path[: len(path)] != path:
                continue
            start = self._line_start(header.start)
            if header.path == path:
                start = self._above(start)
            end = self._below(index)
            self._cut(start, end)
        if not self._before[end:].strip():  # the blank line above goes with the last table
            blank = re.search(r"\n(\r?\n)\Z", self._before[:start])
            self._cut(start - len(blank[1]) if blank else start, end)

    def _remove_member(self, path: KeyPath, index: int) -> None:
        start, end = self._places.values[*path, index]
        comma = _COMMA.match(self._before, end)
        after = comma.end() if comma else end
        line_end = self._line_end(after)
        is_alone = _BLANK_OR_COMMENT.fullmatch(self._before, after, line_end)
        if self._begins_line(start) and is_alone:
            self._cut(self._line_start(start), min(line_end + 1, len(self._before)))
        elif comma:
            space = re.compile(r"[ \t]*").match(self._before, after)
            self._cut(start, space.end() if space else after)
        else:
            _, before = self._places.values[*path, index - 1] if index else (0, start)
            self._cut(before, end)

    def _count(self, path: KeyPath) -> int:
        count = 0
        while (*path, count) in self._places.values:
            count += 1
        return count

    def _cut(self, start: int, end: int) -> None:
        for one, put in list(self._cuts.items()):
            if not put and one[0] <= end and start <= one[1]:
                del self._cuts[one]
                start, end = min(start, one[0]), max(end, one[1])
        self._cuts[start, end] = ""

    def _put(self, at: int, text: str) -> None:
        self._cuts[at, at] = self._cuts.get((at, at), "") + text

    def _end_of_own_keys(self, table: KeyPath) -> int:
        """Return before which place a table's own keys stand: those of tables within it do not."""
        headers = self._places.headers
        return self._next_header(next(at for at, one in enumerate(headers) if one.path == table))

    def _next_header(self, index: int) -> int:
        headers = self._places.headers
        return headers[index + 1].start if index + 1 < len(headers) else len(self._before)

    def _above(self, start: int) -> int:
        """Return where the comments directly above a line begin, or the line."""
        floor = bisect_right(self._ends, start)
        least = self._ends[floor - 1] if floor else 0
        top = start
        while top > least:
            above = self._line_start(top - 1)
            if above < least or not self._before[above:top].lstrip(" \t").startswith("#"):
                break
            top = above
        return start if top == 0 else top

    def _below(self, index: int) -> int:
        """Return where what belongs to a header's table ends, with the blank lines after it."""
        following = self._line_start(self._next_header(index))
        last = self._ends[bisect_right(self._ends, self._next_header(index)) - 1]
        lines = self._before[self._line_end(last) + 1 : following].splitlines(keepends=True)
        count = 0
        while count < len(lines) and lines[count].lstrip(" \t").startswith("#"):
            count += 1
        if count == len(lines) and following < len(self._before):
            count = 0
        while count < len(lines) and not lines[count].strip():
            count += 1
        end = self._line_end(last) + 1 + sum(map(len, lines[:count]))
        return min(end, len(self._before))

    def _line_start(self, at: int) -> int:
        return self._before.rfind("\n", 0, at) + 1

    def _line_end(self, at: int) -> int:
        """Return where the line of a place ends, before its line break."""
        end = self._before.find("\n", at)
        return len(self._before) if end < 0 else end

    def _begins_line(self, at: int) -> bool:
        return not self._before[self._line_start(at) : at].strip(" \t")


def _indent(text: str, at: int) -> str:
    line = text[text.rfind("\n", 0, at) + 1 : at]
    return line if not line.strip(" \t") else ""
