"""Frozen values as JSON text and back, by the types of their fields.

What an earlier version stored reads as well: a field that it did not have yet has its default.
"""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import lru_cache
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, TypeVar, Union, get_args, get_origin, get_type_hints

if TYPE_CHECKING:
    from collections.abc import Callable

AnyValue = TypeVar("AnyValue")


def dumps(value: object) -> str:
    """Return compact JSON, readable for people (no ASCII escapes), keys in a fixed order."""
    return "[]" if value == () else _ENCODER.encode(value)


def loads(kind: type[AnyValue], text: str) -> AnyValue:
    """Return the value of a dataclass that `dumps` wrote; fields that it no longer has are left."""
    value: AnyValue = build(kind, json.loads(text))
    return value


def build(kind: Any, data: Any) -> Any:
    """Return JSON data as a value of the annotated type `kind`."""
    return _builder(kind)(data)


@lru_cache(maxsize=512)
def _builder(kind: Any) -> Callable[[Any], Any]:
    """Return what builds values of a type: made once, since each start reads thousands."""
    arguments = get_args(kind)
    if get_origin(kind) in (Union, UnionType):
        (known,) = (one for one in arguments if one is not NoneType)
        build_known = _builder(known)
        return lambda data: None if data is None else build_known(data)
    if get_origin(kind) is tuple:
        builders = tuple(_builder(one) for one in arguments if one is not Ellipsis)
        if arguments[1:] == (Ellipsis,):
            (build_one,) = builders
            return lambda data: tuple([build_one(one) for one in data])
        return lambda data: tuple(
            build_one(each) for build_one, each in zip(builders, data, strict=True)
        )
    if isinstance(kind, type) and is_dataclass(kind):
        return _dataclass_builder(kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind
    if kind is timedelta:
        return lambda data: timedelta(seconds=data)
    if kind is datetime:
        return lambda data: datetime.fromisoformat(data).astimezone(UTC)
    return lambda data: data


def _dataclass_builder(kind: Any) -> Callable[[Any], Any]:
    hints = get_type_hints(kind)
    builders: dict[str, Callable[[Any], Any]] = {}

    def build_fields(data: dict[str, Any]) -> Any:
        if not builders:  # not before: a type may hold values of its own type
            builders.update({name: _builder(hint) for name, hint in hints.items()})
        return kind(**{name: builders[name](one) for name, one in data.items() if name in builders})

    return build_fields


@lru_cache(maxsize=64)
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(one.name for one in fields(kind))


def _plain(value: object) -> object:
    match value:
        case timedelta():
            return value.total_seconds()
        case datetime():
            return value.isoformat()
        case _ if is_dataclass(value):
            kind: Any = type(value)
            return {name: getattr(value, name) for name in _names(kind)}
        case _:
            raise TypeError(f"{type(value).__name__} is not stored")


_ENCODER = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), sort_keys=True, default=_plain
)
