"""`include = ["sources.d/*.toml"]`: further files with sources, lists, feeds and sites.

Their tables count before those of config.toml, file by file in the order of their names. What a
configuration has once stands in config.toml, and so do exports, whose folders are beside it.
"""

from __future__ import annotations

import tomllib
from contextlib import suppress
from typing import TYPE_CHECKING

from aggregator.config.kinds import ValueKind, list_of
from aggregator.config.mistake_list import WrongValueError, wrong
from aggregator.config.text_values import file_path
from aggregator.model.mistakes import Mistake, MistakeKind
from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

#: The tables that an included file may hold.
INCLUDABLE = ("sources", "lists", "feeds", "sites")
#: More than these are another folder, named by accident.
MAX_PATTERNS, MAX_FILES = 16, 1000


@dataclass(frozen=True, slots=True)
class Inclusion:
    """What a configuration includes: files as messages name them, with their texts.

    `mistakes` and `cautions` are those of files that could not be read, or were not found.
    """

    files: tuple[tuple[Path, str], ...] = ()
    mistakes: tuple[Mistake, ...] = ()
    cautions: tuple[Mistake, ...] = ()


NOTHING = Inclusion()


def _pattern(value: object) -> str:
    path = str(file_path(value))
    if "**" in path:
        raise wrong(MistakeKind.NOT_A_PATTERN)
    return path


_PATTERNS = list_of(
    ValueKind(_pattern, "pattern of file names"), "list of patterns", most=MAX_PATTERNS
)


def patterns_in(data: Mapping[str, object]) -> tuple[tuple[str, ...], tuple[Mistake, ...]]:
    """Return the patterns that a configuration includes by, or what is wrong with them."""
    try:
        return _PATTERNS.read(data.get("include", [])), ()
    except WrongValueError as error:
        return (), tuple(error.under("include"))


def patterns_of(toml: str) -> tuple[str, ...]:
    """Return the patterns of a text that may have mistakes, of which its reader tells."""
    if "include" in toml:
        with suppress(ValueError, RecursionError):
            return patterns_in(tomllib.loads(toml))[0]
    return ()


def included_sources(inclusion: Inclusion) -> int:
    """Return how many sources the included files of a valid configuration have."""
    texts = (text.removeprefix("\ufeff").replace("\r\n", "\n") for _, text in inclusion.files)
    return sum(len(tomllib.loads(text).get("sources", ())) for text in texts)
