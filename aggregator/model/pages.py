"""What pages show that feeds do not: stretches of a feed, its sources, where a story is shown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from aggregator.model.stored import Story

#: A place as it is written in an address: two numbers that fit a column of the database.
_PLACE = re.compile(r"([wa])(-?[0-9]{1,17})\.([0-9]{1,17})")


@dataclass(frozen=True, slots=True)
class Place:
    """Between two stories of a feed: in its window, or in its archive.

    In the window `major` and `minor` are what it is sorted by (µs since the epoch), in the archive
    month and number.
    """

    in_archive: bool
    major: int
    minor: int

    def __str__(self) -> str:
        return f"{'a' if self.in_archive else 'w'}{self.major}.{self.minor}"


def read_place(text: str) -> Place | None:
    """Return the place that `str` wrote, `None` for anything else."""
    found = _PLACE.fullmatch(text)
    return None if found is None else Place(found[1] == "a", int(found[2]), int(found[3]))


@dataclass(frozen=True, slots=True)
class Wish:
    """Which stories of a feed are wanted: of a tag, of the sources with a title, or all."""

    tag: str | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Stretch:
    """Stories of a feed that follow each other, newest first; `older` is where they go on."""

    stories: tuple[Story, ...]
    older: Place | None


@dataclass(frozen=True, slots=True)
class ShownSource:
    """A source of which a feed's window has so many stories, as its readers may see it."""

    title: str
    tags: tuple[str, ...]
    stories: int
