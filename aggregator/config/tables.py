"""The tables of config.toml, by name, and how a file is read into them: every mistake at once."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from aggregator.config.feed_keys import ExportTable, FeedTable
from aggregator.config.kinds import keys_of, read_keys
from aggregator.config.list_keys import ListTable
from aggregator.config.mistake_list import mistake
from aggregator.config.notify_keys import NotifyTable
from aggregator.config.rule_keys import SiteTable
from aggregator.config.settings import (
    Log,
    NetworkSettings,
    Pages,
    Polling,
    Publish,
    Rsshub,
    ServerSettings,
    StoreSettings,
)
from aggregator.config.source_keys import SourceTable
from aggregator.config.text_values import nearest
from aggregator.model.mistakes import MistakeKind
from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from aggregator.config.kinds import Key
    from aggregator.config.mistake_list import MistakeList
    from aggregator.model.mistakes import KeyPath, Mistake

AnyTable_co = TypeVar("AnyTable_co", covariant=True)

#: Tables that a file has once, in the order of the example.
SECTIONS: Mapping[str, type] = {
    "server": ServerSettings,
    "store": StoreSettings,
    "polling": Polling,
    "network": NetworkSettings,
    "rsshub": Rsshub,
    "log": Log,
    "publish": Publish,
    "pages": Pages,
    "defaults": SourceTable,
}
#: Tables that a file has once for each thing.
LISTS: Mapping[str, type] = {
    "sources": SourceTable,
    "lists": ListTable,
    "feeds": FeedTable,
    "sites": SiteTable,
    "exports": ExportTable,
    "notify": NotifyTable,
}
#: How each table's header is written.
TABLE_HEADERS = {
    **{name: f"[{name}]" for name in SECTIONS},
    **{name: f"[[{name}]]" for name in LISTS},
}


def keys_in(table: str) -> Mapping[str, Key]:
    """Return the keys of a table by its name."""
    if table == "defaults":
        return _DEFAULT_KEYS
    return keys_of({**SECTIONS, **LISTS}[table])


_DEFAULT_KEYS = {name: key for name, key in keys_of(SourceTable).items() if not key.own}


@dataclass(frozen=True, slots=True)
class Reading(Generic[AnyTable_co]):
    """What could be read of one table.

    `said` are the values that can be used, by attribute. Anything that compares two keys looks
    first whether one of them is `broken`: a mistake is named once.
    """

    kind: type[AnyTable_co]
    raw: Mapping[str, object]  # as written, for what can be said of the good part of a bad list
    said: dict[str, Any] = field(default_factory=dict)
    broken: frozenset[str] = frozenset()

    def says(self, name: str) -> bool:
        """Tell whether the file gives this key a value that can be used."""
        return name in self.said

    @property
    def table(self) -> AnyTable_co:
        """The table, made anew; with defaults for what is in `broken`."""
        return self.kind(**self.said)


@dataclass(frozen=True, slots=True)
class Tables:
    """A whole file, read.

    `source_names` are all names of sources as written, good or bad, `list_names` those of
    lists.
    """

    server: Reading[ServerSettings]
    store: Reading[StoreSettings]
    polling: Reading[Polling]
    network: Reading[NetworkSettings]
    rsshub: Reading[Rsshub]
    log: Reading[Log]
    publish: Reading[Publish]
    pages: Reading[Pages]
    defaults: Reading[SourceTable]
    sources: tuple[Reading[SourceTable], ...]
    lists: tuple[Reading[ListTable], ...]
    feeds: tuple[Reading[FeedTable], ...]
    sites: tuple[Reading[SiteTable], ...]
    exports: tuple[Reading[ExportTable], ...]
    notify: tuple[Reading[NotifyTable], ...]
    source_names: frozenset[str]
    list_names: frozenset[str]


def read_tables(data: Mapping[str, object], mistakes: MistakeList) -> Tables:
    """Read what tomllib gave; every mistake inside a table goes to `mistakes`."""
    for name in data:
        if name not in TABLE_HEADERS and name != "include":
            near = nearest(name, (*TABLE_HEADERS, "include"))
            mistakes.add((name,), MistakeKind.UNKNOWN_KEY, near=near, homes=_homes(name))
    sections: dict[str, Any] = {
        name: _read(kind, data.get(name, {}), (name,), mistakes) for name, kind in SECTIONS.items()
    }
    lists: dict[str, Any] = {
        name: tuple(
            _read(kind, raw, (name, index), mistakes)
            for index, raw in enumerate(_rows(data, name, mistakes))
        )
        for name, kind in LISTS.items()
    }
    return Tables(
        **sections,
        **lists,
        source_names=_names(lists["sources"]),
        list_names=_names(lists["lists"]),
    )


def _names(readings: Iterable[Reading[object]]) -> frozenset[str]:
    names = (reading.raw.get("name") for reading in readings)
    return frozenset(name for name in names if isinstance(name, str))


def _rows(data: Mapping[str, object], name: str, mistakes: MistakeList) -> list[object]:
    raw = data.get(name, [])
    if isinstance(raw, list):
        return raw
    mistakes.add((name,), MistakeKind.NOT_A_LIST_OF_TABLES, header=TABLE_HEADERS[name], table=name)
    return []


def _read(
    kind: type[AnyTable_co], raw: object, at: KeyPath, mistakes: MistakeList
) -> Reading[AnyTable_co]:
    name = str(at[0])
    if not isinstance(raw, dict):
        mistakes.add(at, MistakeKind.NOT_A_TABLE, header=TABLE_HEADERS[name])
        return Reading(kind, {}, broken=frozenset(keys_in(name)))
    said, found = read_keys(
        keys_in(name), raw, lambda key: _unknown(key, name), header=TABLE_HEADERS[name]
    )
    if not found:
        return Reading(kind, raw, said)
    mistakes.take(at, found)
    return Reading(kind, raw, said, frozenset(str(one.path[0]) for one in found))


def _unknown(key: str, table: str) -> Mistake:
    """Say that a table has no such key, and what its writer may have meant."""
    if table == "feeds" and key == "url":
        return mistake(MistakeKind.URL_OF_A_FEED, key)
    if key == "include":
        return mistake(MistakeKind.INCLUDE_BELOW, key)
    if table == "defaults" and key in keys_of(SourceTable):
        return mistake(MistakeKind.NO_DEFAULT, key)
    near = nearest(key, keys_in(table))
    return mistake(MistakeKind.UNKNOWN_KEY, key, near=near, homes=_homes(key))


def _homes(key: str) -> tuple[str, ...] | None:
    """Name the tables that do have this key: the header above it is missing or wrong."""
    return tuple(TABLE_HEADERS[name] for name in TABLE_HEADERS if key in keys_in(name)) or None
