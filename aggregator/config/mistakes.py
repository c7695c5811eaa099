"""The mistakes of one file, collected, and told in the order in which they stand in it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aggregator.config.places import Places

if TYPE_CHECKING:
    from aggregator.config.places import Path

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")
#: A key of a megabyte is not repeated whole.
_MAX_SHOWN_CHARS = 64


class Mistakes:
    """Pairs of a path and what is wrong there."""

    def __init__(self) -> None:
        self._found: list[tuple[Path, str]] = []

    def __bool__(self) -> bool:
        """Tell whether there are any."""
        return bool(self._found)

    def add(self, path: Path, text: str) -> None:
        """Remember that `text` is wrong with the key at `path`."""
        self._found.append((path, text))

    def lines(self, file: str, toml: str) -> tuple[str, ...]:
        """Return `file:line: path: text` for each, in the order of the file."""
        if not self._found:
            return ()
        places = Places(toml)
        return tuple(
            f"{file}:{places.line(path)}: {dotted(path)}: {text}"
            for path, text in sorted(self._found, key=lambda found: places.offset(found[0]))
        )


def dotted(path: Path) -> str:
    """Return a path as people write it: `sources[1].interval`."""
    shown = ""
    for part in path:
        if isinstance(part, int):
            shown += f"[{part}]"
        else:
            key = part if _BARE_KEY.fullmatch(part) else f'"{printable(part)}"'
            shown += f".{key}" if shown else key
    return shown


def printable(text: str) -> str:
    """Return what the operator wrote, short and safe to print in a message."""
    if len(text) > _MAX_SHOWN_CHARS:
        text = text[:_MAX_SHOWN_CHARS] + "…"
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)
