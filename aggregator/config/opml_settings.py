"""A source's settings as they stand in a list: what of its table may leave the file, and come back.

Kept are the keys that say how a source is polled and read, and which of its parameters are secret.
Not those that may hold a secret themselves, name a file or another server (headers, logins,
proxies, solvers), and no rules.
"""

from __future__ import annotations

from dataclasses import fields
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from aggregator.config.kinds import keys_of
from aggregator.config.mistake_list import WrongValueError
from aggregator.config.source_keys import SourceTable
from aggregator.config.text_values import written
from aggregator.model import Source

if TYPE_CHECKING:
    from collections.abc import Mapping

#: A value of a setting as config.toml writes it.
Written = bool | int | float | str | list[str]

#: The kept keys by how their values are written there.
_SWITCHES = ("enabled", "dedupe")
_NUMBERS = ("backfill", "max_entries")
_FRACTIONS = ("weight",)
_TEXTS = ("interval", "expected_every", "timezone", "encoding", "edits")
_LISTS = ("site", "secret_params")
KEPT = (*_TEXTS, *_SWITCHES, *_NUMBERS, *_FRACTIONS, *_LISTS)
#: No name of a host or parameter holds a line break.
_SEPARATOR = "\n"

_USUAL = {field.name: field.default for field in fields(Source)}
_KEYS = keys_of(SourceTable)


def settings_of(source: Source) -> dict[str, Written]:
    """Return the kept settings that are not as usual, by key, as config.toml writes them."""
    return {
        name: _as_written(value)
        for name in KEPT
        if (value := getattr(source, name)) != _USUAL[name] and value is not None
    }


def to_text(value: Written) -> str:
    """Return a value as an attribute."""
    match value:
        case bool():
            return str(value).lower()
        case list():
            return _SEPARATOR.join(value)
        case _:
            return str(value)


def from_texts(texts: Mapping[str, str]) -> dict[str, Any]:
    """Return the values that attributes give, by the names of `Source`.

    What config.toml would not take is left out, as if it were not there.
    """
    found = {}
    for name in KEPT:
        if name not in texts:
            continue
        try:
            found[name] = _KEYS[name].kind.read(_raw(name, texts[name]))
        except (WrongValueError, ValueError, OverflowError):
            continue
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


def _raw(name: str, text: str) -> Written:
    if name in _SWITCHES:
        return {"true": True, "false": False}.get(text, text)
    if name in _NUMBERS:
        return int(text)
    if name in _FRACTIONS:
        return float(text)
    if name in _LISTS:
        return text.split(_SEPARATOR) if text else []
    return text
