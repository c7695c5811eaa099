"""Rules that somebody types by themselves, to try them: lines as they stand in config.toml."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from aggregator.config.from_toml import config_error, toml_of, toml_table
from aggregator.config.kinds import keys_of, read_keys
from aggregator.config.likely_slips import find_slips_in_rules
from aggregator.config.mistake_list import MistakeList, mistake
from aggregator.config.mistake_messages import lines
from aggregator.config.origins import Origin, Origins
from aggregator.config.rule_keys import RULE_KEYS
from aggregator.config.source_keys import SourceTable
from aggregator.config.text_values import nearest
from aggregator.model import Rules
from aggregator.model.mistakes import MistakeKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aggregator.model.mistakes import Mistake

_KEYS = {name: declared for name, declared in keys_of(SourceTable).items() if name in RULE_KEYS}


def rules_in(texts: Iterable[str]) -> tuple[Rules, tuple[str, ...]]:
    """Return the rules of all texts, and a line for each thing that is worth a second look.

    Raises `ConfigError` with every mistake of the first text that has one.
    """
    found = Rules()
    slips: list[str] = []
    for number, text in enumerate(texts, 1):
        rules, told = _rules_in(toml_of(text), Path(f"rule {number}"))
        found = Rules(
            keep=found.keep + rules.keep,
            block=found.block + rules.block,
            tag=found.tag + rules.tag,
            replace=found.replace + rules.replace,
        )
        slips += told
    return found, tuple(slips)


def _rules_in(toml: str, place: Path) -> tuple[Rules, tuple[str, ...]]:
    try:
        raw = toml_table(toml, place)
        said, mistakes = read_keys(_KEYS, raw, _unknown)
    except RecursionError as error:
        raise config_error(place, mistake(MistakeKind.NESTED_TOO_DEEPLY)) from error
    origins = Origins((Origin("", toml, raw),))
    if mistakes:
        raise config_error(place, *origins.in_order(mistakes))
    slips = MistakeList()
    find_slips_in_rules((), raw, slips)
    return Rules(**said), lines(place, slips.in_order(origins))


def _unknown(key: str) -> Mistake:
    near = nearest(key, tuple(_KEYS))
    return mistake(MistakeKind.UNKNOWN_KEY, key, near=near, keys=tuple(_KEYS))
