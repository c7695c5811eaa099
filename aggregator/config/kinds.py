"""How keys of config.toml are declared: the kinds of values, keys, and tables of keys.

A table is a frozen dataclass whose fields are made by `key`: field by field the type, the default,
the bounds (of the kind) and the sentence that docs/config.md shows. `read_keys` reads by it.
"""

from __future__ import annotations

from dataclasses import MISSING, field, fields
from functools import cache
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from aggregator.config import text_values
from aggregator.config.mistake_list import WrongValueError, mistake, wrong
from aggregator.model.mistakes import MistakeKind
from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aggregator.model.mistakes import Mistake

Value = TypeVar("Value")
Read_co = TypeVar("Read_co", covariant=True)


@dataclass(frozen=True, slots=True)
class ValueKind(Generic[Read_co]):
    """What a value may be: `read` checks and types what TOML gave, `shown` is what docs call it.

    `written` returns a value as config.toml writes it, where that does not follow from its type.
    """

    read: Callable[[object], Read_co]
    shown: str
    written: Callable[[Any], str] | None = None


@dataclass(frozen=True, slots=True)
class Key:
    """One key as it is declared.

    `name` is as the file writes it, `attribute` as the table's class does. `meaning` is Markdown.
    `shown` describes a default that is no value of the kind ("adaptive"). A key with `required`
    has a default for what could not be read only; one with `own` is not for [defaults].
    """

    name: str
    attribute: str
    kind: ValueKind[Any]
    default: Any
    meaning: str
    shown: str
    required: bool
    own: bool


def key(
    kind: ValueKind[Value],
    default: Value,
    meaning: str,
    *,
    shown: str = "",
    name: str = "",
    required: bool = False,
    own: bool = False,
) -> Value:
    """Declare a key: the field of a dataclass."""
    declared = {"kind": kind, "meaning": meaning, "shown": shown, "name": name}
    return field(default=default, metadata={**declared, "required": required, "own": own})


@cache
def keys_of(table: type) -> Mapping[str, Key]:
    """Return the keys that a dataclass declares, by the names that the file has for them."""
    found = {}
    for declared in fields(table):
        rest = {**declared.metadata}
        name = rest.pop("name") or declared.name
        default = None if declared.default is MISSING else declared.default
        found[name] = Key(name=name, attribute=declared.name, default=default, **rest)
    return found


def read_keys(
    keys: Mapping[str, Key],
    raw: Mapping[str, object],
    unknown: Callable[[str], Mistake],
    **whose: str,
) -> tuple[dict[str, Any], list[Mistake]]:
    """Return the values of a table by attribute, as far as they can be used, and its mistakes.

    `unknown` says what is wrong with a key that the table does not have, `whose` whose keys are
    missing.
    """
    said: dict[str, Any] = {}
    mistakes: list[Mistake] = []
    for name, value in raw.items():
        declared = keys.get(name)
        if declared is None:
            mistakes.append(unknown(name))
            continue
        try:
            said[declared.attribute] = declared.kind.read(value)
        except WrongValueError as error:
            mistakes += error.under(name)
    mistakes += [
        mistake(MistakeKind.MISSING, name, **whose)
        for name, declared in keys.items()
        if declared.required and name not in raw
    ]
    return said, mistakes


# --- kinds made of others -----------------------------------------------------------------------

_NO_LIST = mistake(MistakeKind.NOT_A_LIST)


def number(least: int, most: int) -> ValueKind[int]:
    """A whole number within bounds."""
    return ValueKind(
        lambda value: text_values.integer(value, least, most), f"number, {least} to {most}"
    )


def size(least: int, most: int) -> ValueKind[int]:
    """A number of bytes within bounds."""
    shown = f'size, `"{text_values.written_size(least)}"` to `"{text_values.written_size(most)}"`'
    return ValueKind(
        lambda value: text_values.size(value, least, most),
        shown,
        lambda value: f'"{text_values.written_size(value)}"',
    )


def choice(*choices: str, shown: str = "") -> ValueKind[str]:
    """One of a few words."""
    *before, last = (f'`"{one}"`' for one in choices)
    return ValueKind(
        lambda value: text_values.one_of(value, choices), shown or f"{', '.join(before)} or {last}"
    )


def list_of(
    member: ValueKind[Value],
    shown: str,
    *,
    most: int | None = None,
    least: int = 0,
    alone: bool = False,
    no_list: Mistake = _NO_LIST,
) -> ValueKind[tuple[Value, ...]]:
    """A list within bounds; with `alone` one member needs no list around it.

    `shown` is without the upper bound, which is added.
    """

    def read(value: object) -> tuple[Value, ...]:
        if not isinstance(value, list):
            if alone:
                return (member.read(value),)
            raise WrongValueError((no_list,))
        if len(value) < least:
            raise wrong(MistakeKind.EMPTY)
        if most is not None and len(value) > most:
            raise wrong(MistakeKind.TOO_MANY, most=most)
        found: list[Value] = []
        mistakes: list[Mistake] = []
        for index, one in enumerate(value):
            try:
                found.append(member.read(one))
            except WrongValueError as error:
                mistakes += error.under(index)
        if mistakes:
            raise WrongValueError(tuple(mistakes))
        return tuple(found)

    return ValueKind(read, shown if most is None else f"{shown}, up to {most}")


def inner_table(
    table: type,
    make: Callable[[dict[str, Any]], Value],
    inner: str,
    such_as: str,
    *,
    no_table: MistakeKind = MistakeKind.NOT_AN_INNER_TABLE,
) -> ValueKind[Value]:
    """A table inside another; `make` gets its sound values, and may raise `WrongValueError`."""
    keys = keys_of(table)

    def unknown(name: str) -> Mistake:
        near = text_values.nearest(name, keys)
        return mistake(MistakeKind.UNKNOWN_KEY, name, near=near, keys=tuple(keys))

    def read(value: object) -> Value:
        if not isinstance(value, dict):
            raise wrong(no_table, such_as=such_as)
        said, mistakes = read_keys(keys, value, unknown, inner=inner)
        if mistakes:
            raise WrongValueError(tuple(mistakes))
        return make(said)

    return ValueKind(read, f"a table such as {such_as}")
