"""In which keys two configurations of a source or feed differ, as their file writes the values."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from aggregator.config.network_values import Listen
from aggregator.config.text_values import written, written_share, written_size
from aggregator.model import Share
from aggregator.model.changes import Difference
from aggregator.web.excerpts import shortened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aggregator.model import Feed, Source

#: Keys whose texts are shown. Others may hold secrets (headers, a proxy), or are told by their
#: name well enough (rules).
_SHOWN = frozenset({
    "title", "tags", "timezone", "encoding", "edits", "site", "cookies", "sources", "exclude_tags",
    "dedupe", "dedupe_strictness", "order", "content", "language", "script", "base_url", "favour",
    "level", "format", "events", "template", "kind", "feed",
})  # fmt: skip
_SIZES = frozenset({"entry_size", "document_size", "quota", "search_quota"})
_UNITS = {"budget": "/day"}
#: What a key is called that has no value, where that has a name.
_ABSENT = {
    "interval": "adaptive",
    "retention": "as all",
    "base_url": "from listen",
    "sources": "every source",
    "tags": "no tags",
}
#: What is no key of the table, follows from one, or is told otherwise.
_NO_KEYS = frozenset({
    "name", "url", "kind", "emails", "exclude_sources", "rsshub_instances", "rsshub_key_file",
})  # fmt: skip
_NAMES = {"mirrors": "url"}
_MOST_CHARS = 60


def differences(before: Source | Feed, after: Source | Feed) -> tuple[Difference, ...]:
    """Return the keys in which two sources or two feeds differ, in the order of their table.

    Values are given where they are short and can hold no secret.
    """
    return tuple(_differences(before, after))


def _differences(before: object, after: object) -> Iterator[Difference]:
    if not (is_dataclass(before) and is_dataclass(after)):
        return
    for field in fields(before):
        one, other = getattr(before, field.name), getattr(after, field.name)
        if one == other or field.name in _NO_KEYS:
            continue
        if field.name in ("access", "rules"):
            yield from _differences(one, other)
            continue
        values = _of(before, field.name), _of(after, field.name)
        yield difference(_NAMES.get(field.name, field.name), *values)


def difference(key: str, before: str | None, after: str | None) -> Difference:
    """Return a difference with both values, or without any where one is not to be shown."""
    return Difference(key, *((None, None) if None in (before, after) else (before, after)))


def _of(table: object, name: str) -> str | None:
    value = getattr(table, name)
    if name == "sources" and not value and getattr(table, "tags", None):
        return "none"  # but those with its tags
    return in_words(name, value)


def in_words(name: str, value: object) -> str | None:
    """Return the value of a key in a few words, or `None` where it is not to be shown."""
    match value:
        case None | ():
            return None if name in _SIZES else _ABSENT.get(name, "none")
        case bool():
            return str(value).lower()
        case int() if name in _SIZES:
            return written_size(value)
        case int() | float():
            return f"{value:g}{_UNITS.get(name, '')}"
        case Listen(host=str(host), port=port):
            return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        case Listen(unix_path=path):
            return f"unix:{path}"
        case Share():
            return written_share(value).strip('"')
        case timedelta():
            return written(value)
        case str() | tuple() if name in _SHOWN:
            text = value if isinstance(value, str) else ", ".join(map(str, value))
            return shortened(text, _MOST_CHARS)
        case _:
            return None
