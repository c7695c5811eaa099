"""A source's settings as they stand in a list: what of its table may leave the file, and come back.

Kept are the keys that say how a source is polled and read, its rules, and which of its parameters
are secret. Not those that may hold a secret themselves, name a file or another server, or believe
any (headers, logins, proxies, solvers, certificates).
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from aggregator.config.kinds import keys_of
from aggregator.config.mistake_list import WrongValueError
from aggregator.config.rule_values import KINDS, RuleValue, rule_values
from aggregator.config.source_keys import SourceTable
from aggregator.config.text_values import written
from aggregator.model import Access, Rules, Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: A value of a setting as config.toml writes it.
Written = bool | int | float | str | list[str] | list[RuleValue] | dict[str, str]

#: The kept keys by how their values are written there.
_SWITCHES = ("enabled", "dedupe")
_NUMBERS = ("backfill", "max_entries")
_FRACTIONS = ("weight",)
_TEXTS = ("interval", "retention", "expected_every", "timezone", "encoding", "edits")
_LISTS = ("site", "secret_params")
_OF_SOURCES = (*_TEXTS, *_SWITCHES, *_NUMBERS, *_FRACTIONS, *_LISTS)
_OF_ACCESS = ("user_agent", "cookies")
KEPT = (*_OF_SOURCES, *_OF_ACCESS, *KINDS)
#: No name of a host or parameter holds a line break.
_SEPARATOR = "\n"

#: Rules of more are no source's that people write.
_MAX_RULE_CHARS = 256 * 1024

_USUAL = Source("", "")
_KEYS = keys_of(SourceTable)


def settings_of(source: Source, usual: Source = _USUAL) -> dict[str, Written]:
    """Return the kept settings that are not as usual, by key, as config.toml writes them."""
    return {
        **differing(source, usual, _OF_SOURCES),
        **differing(source.access, usual.access, _OF_ACCESS),
        **_differing_rules(source.rules, usual.rules),
    }


def differing(one: object, usual: object, names: Iterable[str]) -> dict[str, Written]:
    """Return those of the named fields that are not as usual, as config.toml writes them.

    There is no way to write that a key has no value.
    """
    return {
        name: _as_written(value)
        for name in names
        if (value := getattr(one, name)) != getattr(usual, name) and value is not None
    }


def _differing_rules(rules: Rules, usual: Rules) -> dict[str, Written]:
    values = rule_values(rules)
    return {
        name: values.get(name, []) for name in KINDS if getattr(rules, name) != getattr(usual, name)
    }


def to_text(name: str, value: Written) -> str:
    """Return the value of a key as an attribute."""
    match value:
        case bool():
            return str(value).lower()
        case list() if name in KINDS:
            return json.dumps(value, ensure_ascii=False)
        case list():
            return _SEPARATOR.join(map(str, value))
        case _:
            return str(value)


def from_texts(texts: Mapping[str, str]) -> dict[str, Any]:
    """Return the values that attributes give, by the names of `Source`.

    What config.toml would not take is left out, as if it were not there.
    """
    found: dict[str, Any] = {}
    for name in KEPT:
        if name not in texts:
            continue
        try:
            found[name] = _KEYS[name].kind.read(_raw(name, texts[name]))
        except (WrongValueError, ValueError, OverflowError, RecursionError):
            continue
    access = {name: found.pop(name) for name in _OF_ACCESS if name in found}
    rules = {name: found.pop(name) for name in KINDS if name in found}
    if access:
        found["access"] = Access(**access)
    if rules:
        found["rules"] = Rules(**rules)
    return found


def _as_written(value: object) -> Written:
    match value:
        case timedelta():
            return written(value)
        case tuple():
            return [str(one) for one in value]
        case bool() | int() | float() | str():
            return value
        case _:
            raise TypeError(value)


def _raw(name: str, text: str) -> object:
    if name in KINDS:
        return json.loads(text) if len(text) <= _MAX_RULE_CHARS else None
    if name in _SWITCHES:
        return {"true": True, "false": False}.get(text, text)
    if name in _NUMBERS:
        return int(text)
    if name in _FRACTIONS:
        return float(text)
    if name in _LISTS:
        return text.split(_SEPARATOR) if text else []
    return text
