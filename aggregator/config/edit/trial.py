"""What a configuration would say to more blocks, block by block."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aggregator.config import parse
from aggregator.config.edit.blocks import append
from aggregator.model.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from aggregator.config.edit.blocks import Block
    from aggregator.model import Source

_OF_A_SOURCE = re.compile(r":\d+: sources\[(\d+)\](?:\.(\w+))?(?:\[\d+\])?: (.*)", re.DOTALL)
_SAME_URL = re.compile(r"the same URL as sources\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a block cannot stand: the key that is wrong, and what is wrong with it.

    `same_as` counts all sources in the order of the file, the new ones last; it is set when, and
    only when, that one has the block's URL.
    """

    key: str
    text: str
    same_as: int | None = None


def trial(
    text: str, blocks: Sequence[Block], path: Path
) -> tuple[Source, ...] | Mapping[int, Refusal]:
    """Return the source that each block would be, or, by their index, the blocks that cannot stand.

    Raises `ConfigError` when the configuration has other mistakes, with the blocks or without.
    """
    before = len(parse(text, path).sources)
    try:
        return parse(append(text, blocks), path).sources[before:]
    except ConfigError as error:
        refused: dict[int, Refusal] = {}
        for line in error.lines:
            found = _OF_A_SOURCE.search(line)
            if found is None or int(found[1]) < before:
                raise
            same = _SAME_URL.fullmatch(found[3])
            refusal = Refusal(found[2] or "", found[3], int(same[1]) if same else None)
            refused.setdefault(int(found[1]) - before, refusal)
        return refused
