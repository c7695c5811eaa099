"""Mistakes while they are found: one value's as an exception, a file's as a list."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from aggregator.model.mistakes import Mistake

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from aggregator.config.origins import Origins
    from aggregator.model.mistakes import KeyPath, MistakeKind


class WrongValueError(ValueError):
    """A value that cannot be used; the paths of its mistakes begin at the value."""

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        super().__init__(mistakes)
        self.mistakes = mistakes

    def under(self, part: str | int) -> Iterator[Mistake]:
        """Yield the mistakes as seen from the table or list that holds the value as `part`."""
        return (replace(mistake, path=(part, *mistake.path)) for mistake in self.mistakes)


def mistake(kind: MistakeKind, *path: str | int, **data: object) -> Mistake:
    """Return a mistake; figures that are `None` are not known and left out."""
    known = {name: value for name, value in data.items() if value is not None}
    return Mistake(kind, path, known)


def wrong(kind: MistakeKind, **data: object) -> WrongValueError:
    """Return the exception for a value with one mistake."""
    return WrongValueError((mistake(kind, **data),))


class MistakeList:
    """The mistakes of one file."""

    def __init__(self) -> None:
        self._found: list[Mistake] = []

    def __bool__(self) -> bool:
        """Tell whether there are any."""
        return bool(self._found)

    def add(self, path: KeyPath, kind: MistakeKind, **data: object) -> None:
        """Remember a mistake of the key at `path`."""
        self._found.append(mistake(kind, *path, **data))

    def take(self, at: KeyPath, found: Iterable[Mistake]) -> None:
        """Remember mistakes whose paths begin at `at`."""
        self._found += (replace(one, path=(*at, *one.path)) for one in found)

    def in_order(self, origins: Origins) -> tuple[Mistake, ...]:
        """Return them with their files and lines, in the order of valid TOML texts."""
        return origins.in_order(self._found)
