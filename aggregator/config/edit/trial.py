"""What a configuration would say to more blocks, block by block."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.config.edit.blocks import append
from aggregator.config.from_toml import parse
from aggregator.config.include import NOTHING, Inclusion, included_sources
from aggregator.model.errors import ConfigError
from aggregator.model.mistakes import Mistake, MistakeKind
from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from aggregator.config.edit.blocks import Block
    from aggregator.model import Source


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a block is refused: the key that is wrong, and what is wrong with it.

    `same_as` counts all sources in the order of the file, the new ones last; it is set when, and
    only when, that one has the block's URL.
    """

    key: str
    mistake: Mistake
    same_as: int | None = None


def trial(
    text: str, blocks: Sequence[Block], path: Path, inclusion: Inclusion = NOTHING
) -> tuple[Source, ...] | Mapping[int, Refusal]:
    """Return the source that each block would be, or, by their index, the blocks that are refused.

    `inclusion` is what the text includes. Raises `ConfigError` when the configuration has other
    mistakes, with the blocks or without.
    """
    before = len(parse(text, path, inclusion).sources)
    own = before - included_sources(inclusion)
    try:
        return parse(append(text, blocks), path, inclusion).sources[before:]
    except ConfigError as error:
        refused: dict[int, Refusal] = {}
        for mistake in error.mistakes:
            match mistake.path:
                case ("sources", int(index), *rest) if index >= own and not mistake.file:
                    key = str(rest[0]) if rest else ""
                    refused.setdefault(index - own, Refusal(key, mistake, _same_as(mistake)))
                case _:
                    raise
        return refused


def _same_as(mistake: Mistake) -> int | None:
    other = mistake.data.get("other")
    return other if mistake.kind is MistakeKind.SAME_URL and isinstance(other, int) else None
