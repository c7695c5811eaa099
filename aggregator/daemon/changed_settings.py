"""Which settings a reload took over, or would, besides sources and feeds."""

from __future__ import annotations

from dataclasses import fields
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from aggregator.config import Listen, usual_base_url
from aggregator.config.differences import difference, in_words
from aggregator.model import Access, Source
from aggregator.model.changes import ChangedSettings, ChangedTable, ChangeKind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from aggregator.config import Config
    from aggregator.model import Export, SiteRule
    from aggregator.model.changes import Change, Difference
    from aggregator.model.configured import SourceList
    from aggregator.model.notices import Receiver

_TABLES = ("server", "store", "polling", "network", "log", "rsshub", "publish", "pages")
#: Tables of which there may be several, with the key that people know each by.
_LISTS = {"exports": "directory", "sites": "host", "notify": "name", "lists": "name"}
#: What is no key of config.toml: it follows from others.
_NO_KEYS = frozenset({"rsshub_instances", "rsshub_key_file"})


class Held(NamedTuple):
    """A value as another process may know it: whether its own is the same, and what may be shown.

    The value cannot be read from `digest`: some are secret.
    """

    digest: str
    written: str | None


#: A table, a name (of one of several, else "") and a key.
Place = tuple[str, str, str]


def settings_of(config: Config) -> dict[Place, Held]:
    """Return all settings but sources and feeds."""
    held = {
        (table, "", field.name): _held(field.name, getattr(getattr(config, table), field.name))
        for table in _TABLES
        for field in fields(getattr(config, table))
    }
    if config.server.base_url == usual_base_url(config.server.listen):
        held["server", "", "base_url"] = _held("base_url", None)  # it follows from `listen`
    for table, known_by in _LISTS.items():
        for one in getattr(config, table):
            name = getattr(one, known_by)
            held |= {(table, name, key): _held(key, value) for key, value in _keys(one).items()}
    return held


def _keys(one: SourceList | Receiver | SiteRule | Export | Source | Access) -> dict[str, object]:
    """Return the keys of a table with their values, those that it hands on to others with it."""
    found: dict[str, object] = {}
    for field in fields(one):
        value = getattr(one, field.name)
        if isinstance(value, Source | Access):
            # What a list has itself, such as its tags, is not that of `[defaults]`.
            found = _keys(value) | found
        elif field.name not in _NO_KEYS:
            found[field.name] = value
    return found


def changes_between(
    old: Mapping[Place, Held], fresh: Mapping[Place, Held], *, fixed: Collection[str]
) -> tuple[Change, ...]:
    """Return what differs: of single tables as one change or none, of others one each.

    `fixed` are those ("store.path") that take effect at the next start only.
    """
    differing = [
        difference(f"{table}.{key}", old[table, name, key].written, held.written)
        for (table, name, key), held in fresh.items()
        if table in _TABLES
        and f"{table}.{key}" not in fixed
        and old.get((table, name, key), held).digest != held.digest
    ]
    settings = (ChangedSettings(tuple(differing)),) if differing else ()
    return (*settings, *_changed_tables(old, fresh))


def _changed_tables(
    old: Mapping[Place, Held], fresh: Mapping[Place, Held]
) -> Iterator[ChangedTable]:
    before, after = _named(old), _named(fresh)
    for place, keys in after.items():
        if place not in before:
            yield ChangedTable(ChangeKind.ADDED, *place)
        elif differing := tuple(_differing(before[place], keys)):
            yield ChangedTable(ChangeKind.CHANGED, *place, differing)
    for place in before:
        if place not in after:
            yield ChangedTable(ChangeKind.REMOVED, *place)


def _named(settings: Mapping[Place, Held]) -> dict[tuple[str, str], dict[str, Held]]:
    found: dict[tuple[str, str], dict[str, Held]] = {}
    for (table, name, key), held in settings.items():
        if table in _LISTS:
            found.setdefault((table, name), {})[key] = held
    return found


def _differing(before: Mapping[str, Held], after: Mapping[str, Held]) -> Iterator[Difference]:
    for key, held in after.items():
        if key in before and before[key].digest != held.digest:
            yield difference(key, before[key].written, held.written)


#: Those that a daemon keeps for as long as it runs.
FIXED = ("server.listen", "server.operator_listen", "store.path", "store.url", "log.format")


def fixed_between(old: Mapping[Place, Held], fresh: Mapping[Place, Held]) -> tuple[Difference, ...]:
    """Return what ("store.path") differs and takes effect at the next start only."""
    return tuple(
        difference(f"{table}.{key}", old[table, name, key].written, held.written)
        for (table, name, key), held in fresh.items()
        if f"{table}.{key}" in FIXED and old.get((table, name, key), held).digest != held.digest
    )


def fixed_differences(
    held: Mapping[str, object], fresh: Mapping[str, object]
) -> tuple[Difference, ...]:
    """Return in what the settings that a daemon keeps (`fixed_settings`) differ."""
    return tuple(
        difference(key, *(in_words(key.partition(".")[2], one[key]) for one in (held, fresh)))
        for key, value in fresh.items()
        if value != held[key]
    )


def fixed_settings(config: Config) -> dict[str, object]:
    """Return what a daemon keeps for as long as it runs, by its key."""
    tables = (key.split(".") for key in FIXED)
    return {f"{table}.{name}": getattr(getattr(config, table), name) for table, name in tables}


def _held(key: str, value: object) -> Held:
    return Held(_digest(value), in_words(key, value))


def _digest(value: object) -> str:
    if isinstance(value, Listen) and value.unix_path is not None:
        value = value.unix_path
    if isinstance(value, Path):
        value = str(value.absolute())
    return sha256(repr(value).encode("utf-8", "replace")).hexdigest()
