"""Where each key, value and table stands in the text of config.toml: for messages, and for edits.

tomllib tells values, not places. This scanner reads only as much of TOML 1.0 as places need
(https://toml.io/en/v1.0.0) and takes for granted that tomllib has accepted the text.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from typing import TYPE_CHECKING

from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aggregator.model.mistakes import KeyPath

# A multi-line string may end with up to two quotes of its own before the closing three.
_TOKEN = re.compile(
    r"""
    (?P<space>[ \t\r]+|\#[^\n]*)
  | (?P<string>
        \"{3}(?:[^"\\]|\\.|"(?!""))*\"{3,5}
      | '{3}(?:[^']|'(?!''))*'{3,5}
      | "(?:[^"\\\n]|\\.)*"
      | '[^'\n]*'
    )
  | (?P<newline>\n)
  | (?P<mark>[\[\]{},=.])
  | (?P<word>[^\s\[\]{},=.\#"']+)
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Header:
    """`[table]` or `[[table]]` and the table that it opens, from its first "[" to its last "]"."""

    path: KeyPath
    start: int
    end: int


class Places:
    """The places of a document's keys: `("sources", 1, "url")` → line 12.

    `values` are from where to where the value of each key and of each member of a list goes,
    `headers` the tables' headers; both in the order of the text.
    """

    def __init__(self, text: str) -> None:
        self._offsets: dict[KeyPath, int] = {(): 0}
        self._line_starts = [0, *(match.end() for match in re.finditer("\n", text))]
        scanner = _Scanner(text, self._offsets)
        scanner.scan()
        self.values: Mapping[KeyPath, tuple[int, int]] = scanner.values
        self.headers: Sequence[Header] = scanner.headers

    def offset(self, path: KeyPath) -> int:
        """Return the character at which `path` begins, or the nearest table or list around it."""
        while path not in self._offsets:
            path = path[:-1]
        return self._offsets[path]

    def line(self, path: KeyPath) -> int:
        """Return the line of `path`, from 1; of a key that is not there, that of its table."""
        return bisect_right(self._line_starts, self.offset(path))


def inline_line(text: str) -> int | None:
    """Return the line on which a valid `text` gives its sources as `sources = […]`, else `None`.

    TOML appends no table to such a list (https://toml.io/en/v1.0.0#array-of-tables).
    """
    text = text.removeprefix("\ufeff")
    if "sources" not in tomllib.loads(text):
        return None
    line = Places(text).line(("sources",))
    written = text.split("\n")[line - 1].lstrip()
    return None if written.startswith("[") else line


class _Scanner:
    """One walk over the tokens of a valid document, filling `offsets`."""

    def __init__(self, text: str, offsets: dict[KeyPath, int]) -> None:
        self._tokens = [
            (match.lastgroup or "", match[0], match.start())
            for match in _TOKEN.finditer(text)
            if match.lastgroup != "space"
        ]
        self._tokens.append(("end", "", len(text)))
        self._at = 0
        self._offsets = offsets
        self._table_counts: dict[KeyPath, int] = {}
        self.values: dict[KeyPath, tuple[int, int]] = {}
        self.headers: list[Header] = []

    def scan(self) -> None:
        table: KeyPath = ()
        while self._kind() != "end":
            if self._kind() == "newline":
                self._at += 1
            elif self._text() == "[":
                offset = self._offset()
                table = self._header()
                self.headers.append(Header(table, offset, self._end()))
            else:
                self._pair(table)

    def _kind(self) -> str:
        return self._tokens[self._at][0]

    def _text(self) -> str:
        return self._tokens[self._at][1]

    def _offset(self) -> int:
        return self._tokens[self._at][2]

    def _end(self) -> int:
        """Return where the token before this one ends."""
        _, text, offset = self._tokens[self._at - 1]
        return offset + len(text)

    def _key(self) -> list[str]:
        """Read a dotted key up to the "=" or "]" after it."""
        parts: list[str] = []
        while self._kind() in ("word", "string") or self._text() == ".":
            if self._kind() == "string":
                parts.append(tomllib.loads(f"key = {self._text()}")["key"])
            elif self._kind() == "word":
                parts.append(self._text())
            self._at += 1
        return parts

    def _header(self) -> KeyPath:
        """Read `[a.b]` or `[[a.b]]` and return the path of the table that it opens."""
        offset = self._offset()
        self._at += 1
        is_list = self._text() == "["
        self._at += is_list
        *parents, last = self._key()
        self._at += 1 + is_list
        path: KeyPath = ()
        for part in parents:
            path += (part,)
            self._offsets.setdefault(path, offset)
            if path in self._table_counts:
                path += (self._table_counts[path] - 1,)
        path += (last,)
        if not is_list:
            self._offsets[path] = offset
            return path
        self._offsets.setdefault(path, offset)
        count = self._table_counts.get(path, 0)
        self._table_counts[path] = count + 1
        path += (count,)
        self._offsets[path] = offset
        return path

    def _pair(self, table: KeyPath) -> None:
        """Read `a.b = value`."""
        offset = self._offset()
        path = table
        for part in self._key():
            path += (part,)
            self._offsets.setdefault(path, offset)
        self._at += 1
        self._value(path)

    def _value(self, path: KeyPath) -> None:
        offset = self._offset()
        self._read_value(path)
        self.values[path] = offset, self._end()

    def _read_value(self, path: KeyPath) -> None:
        if self._text() == "[":
            self._list(path)
        elif self._text() == "{":
            self._inline_table(path)
        else:
            while self._kind() in ("word", "string") or self._text() == ".":
                self._at += 1

    def _list(self, path: KeyPath) -> None:
        self._at += 1
        index = 0
        while self._next_member() not in ("]", ""):
            self._offsets[(*path, index)] = self._offset()
            self._value((*path, index))
            index += 1
        self._at += 1

    def _inline_table(self, path: KeyPath) -> None:
        self._at += 1
        while self._next_member() not in ("}", ""):
            self._pair(path)
        self._at += 1

    def _next_member(self) -> str:
        """Step over commas and line breaks; return what is there, "" at the end."""
        while self._kind() == "newline" or self._text() == ",":
            self._at += 1
        return self._text()
