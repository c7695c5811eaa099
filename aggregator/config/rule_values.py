"""Rules as config.toml writes them: lists of words and tables, as values of TOML and of JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aggregator.config.rule_keys import BLOCK, KEEP, REPLACEMENTS, TAGGINGS
from aggregator.config.text_values import written

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from aggregator.config.kinds import ValueKind
    from aggregator.model import Condition, Replacement, Rules, Tagging

#: A word, or a table by its keys.
RuleValue = str | dict[str, str | list[str]]

#: How the keys of rules are read.
KINDS: Mapping[str, ValueKind[Any]] = {
    "keep": KEEP,
    "block": BLOCK,
    "tag": TAGGINGS,
    "replace": REPLACEMENTS,
}
_PATTERNS = ("words", "title", "text", "author", "url", "category")


def rule_values(rules: Rules) -> dict[str, list[RuleValue]]:
    """Return the rules that there are, by their keys; `KINDS` read the same again."""
    found: dict[str, list[RuleValue]] = {
        "keep": [value for one in rules.keep for value in _condition(one)],
        "block": [value for one in rules.block for value in _condition(one)],
        "tag": [_tagging(one) for one in rules.tag],
        "replace": [_replacement(one) for one in rules.replace],
    }
    return {key: values for key, values in found.items() if values}


def _condition(one: Condition) -> Iterator[RuleValue]:
    table = _table(one)
    if table.keys() == {"words"}:
        yield from one.words
    else:
        yield table


def _table(one: Condition) -> dict[str, str | list[str]]:
    table: dict[str, str | list[str]] = {
        key: list(patterns) for key in _PATTERNS if (patterns := getattr(one, key))
    }
    if one.older_than is not None:
        table["age"] = written(one.older_than)
    return table


def _tagging(one: Tagging) -> RuleValue:
    return {**_table(one.when), "tags": list(one.tags)}


def _replacement(one: Replacement) -> RuleValue:
    return {"find": one.find, "with": one.by, "in": list(one.fields)}
