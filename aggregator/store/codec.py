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
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

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
    arguments = get_args(kind)
    if get_origin(kind) in (Union, UnionType):
        if data is None:
            return None
        (kind,) = (one for one in arguments if one is not NoneType)
        return build(kind, data)
    if get_origin(kind) is tuple:
        if arguments[1:] == (Ellipsis,):
            return tuple(build(arguments[0], one) for one in data)
        return tuple(build(one, each) for one, each in zip(arguments, data, strict=True))
    if isinstance(kind, type) and is_dataclass(kind):
        hints = _hints(kind)
        return kind(
            **{name: build(hints[name], one) for name, one in data.items() if name in hints}
        )
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(data)
    if kind is timedelta:
        return timedelta(seconds=data)
    if kind is datetime:
        return datetime.fromisoformat(data).astimezone(UTC)
    return data


@lru_cache(maxsize=64)
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


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
