"""In which of a configuration's files a table stands, and on which line."""

from __future__ import annotations

from dataclasses import field, replace
from typing import TYPE_CHECKING, Any, cast

from aggregator.config.line_numbers import Places
from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from aggregator.model.mistakes import KeyPath, Mistake


@dataclass(frozen=True, slots=True)
class Origin:
    """One file: as messages name it ("" is config.toml itself), its valid text, what that says."""

    file: str
    toml: str
    data: Mapping[str, object]


@dataclass(slots=True)
class Origins:
    """All files of a configuration, in the order in which their tables count; config.toml last."""

    files: Sequence[Origin]
    _places: dict[int, Places] = field(default_factory=dict)

    def tables(self, lists: Iterable[str]) -> dict[str, object]:
        """Return what the files say together: config.toml, with the `lists` of the others first."""
        *others, own = self.files
        merged = dict(own.data)
        if others:
            for name in lists:
                rows = [one.data.get(name, []) for one in self.files]
                if any(rows) and all(isinstance(some, list) for some in rows):
                    merged[name] = [one for some in rows for one in cast("list[object]", some)]
        return merged

    def in_order(self, found: Iterable[Mistake]) -> tuple[Mistake, ...]:
        """Return mistakes as of their own files, with their lines, in the order of the files."""
        placed = [self._placed(one) for one in found]
        return tuple(one for _, one in sorted(placed, key=lambda pair: pair[0]))

    def _placed(self, one: Mistake) -> tuple[tuple[int, int], Mistake]:
        number, path = self._own(one.path)
        if one.file:
            names = [file.file for file in self.files]
            if one.file not in names:  # it could not be read
                return (-1, 0), one
            number, path = names.index(one.file), one.path
        places = self._places_of(number)
        line = one.line or places.line(path)
        data = dict(one.data)
        if len(self.files) > 1 and (elsewhere := self._elsewhere(one, number)):
            data["elsewhere"] = elsewhere
        placed = replace(one, path=path, data=data, line=line, file=self.files[number].file)
        return (number, places.offset(path)), placed

    def _elsewhere(self, one: Mistake, number: int) -> str | None:
        """Name the other table that a mistake is about, by its place in its own file."""
        data: Mapping[str, Any] = one.data
        if isinstance(data.get("index"), int):
            table, index = "sources", data["index"]
        elif isinstance(data.get("other"), int) and one.path:
            table, index = str(one.path[0]), data["other"]
        else:
            return None
        other, path = self._own((table, index))
        told = f"{table}[{path[1]}]"
        return told if other == number else f"{told} of {self._name(other)}"

    def _name(self, number: int) -> str:
        return self.files[number].file or "config.toml"

    def _own(self, path: KeyPath) -> tuple[int, KeyPath]:
        """Return the number of the file in which a table stands, and the table's path in it."""
        last = len(self.files) - 1
        if last and len(path) > 1 and isinstance(index := path[1], int):
            for number, one in enumerate(self.files):
                rows = one.data.get(str(path[0]))
                count = len(rows) if isinstance(rows, list) else 0
                if index < count or number == last:
                    return number, (path[0], index, *path[2:])
                index -= count
        return last, path

    def _places_of(self, number: int) -> Places:
        if number not in self._places:
            self._places[number] = Places(self.files[number].toml)
        return self._places[number]


def alone(toml: str) -> Origins:
    """Return the origins of a configuration of one file."""
    return Origins((Origin("", toml, {}),))
