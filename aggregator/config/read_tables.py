"""From what tomllib gave to tables that hold: every mistake of a table at once, in our words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from pydantic import ValidationError

from aggregator.config import values
from aggregator.config.key_types import Table
from aggregator.config.keys import (
    INNER,
    LISTS,
    REQUIRED,
    SECTIONS,
    WRITTEN,
    DefaultsTable,
    ExportTable,
    FeedTable,
    LogTable,
    NetworkTable,
    PollingTable,
    PublishTable,
    RsshubTable,
    ServerTable,
    SourceTable,
    StoreTable,
)
from aggregator.config.rule_tables import SiteTable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pydantic_core import ErrorDetails

    from aggregator.config.mistakes import Mistakes
    from aggregator.config.places import Path

AnyTable = TypeVar("AnyTable", bound=Table)


@dataclass(frozen=True, slots=True)
class Reading(Generic[AnyTable]):
    """What could be read of one table: defaults stand for what is in `broken`.

    Whoever compares two keys looks first whether one of them is broken: a mistake is told once.
    """

    table: AnyTable
    raw: Mapping[str, object]  # as written, for what can be said of the good part of a bad list
    broken: frozenset[str] = frozenset()

    def says(self, key: str) -> bool:
        """Tell whether the file gives this key a value that can be used."""
        return key in self.table.model_fields_set


@dataclass(frozen=True, slots=True)
class Tables:
    """A whole file, read. `source_names` are all names of sources as written, good or bad."""

    server: Reading[ServerTable]
    store: Reading[StoreTable]
    polling: Reading[PollingTable]
    network: Reading[NetworkTable]
    rsshub: Reading[RsshubTable]
    log: Reading[LogTable]
    defaults: Reading[DefaultsTable]
    sources: tuple[Reading[SourceTable], ...]
    feeds: tuple[Reading[FeedTable], ...]
    publish: Reading[PublishTable]
    sites: tuple[Reading[SiteTable], ...]
    exports: tuple[Reading[ExportTable], ...]
    source_names: frozenset[str]


def read_tables(data: Mapping[str, object], mistakes: Mistakes) -> Tables:
    """Read what tomllib gave; every mistake inside a table goes to `mistakes`."""
    for key in data:
        if key not in WRITTEN:
            mistakes.add((key,), _unknown_at_top(key))
    raw_sources = _raw_list(data, "sources", mistakes)
    return Tables(
        server=_section(ServerTable, data, "server", mistakes),
        store=_section(StoreTable, data, "store", mistakes),
        polling=_section(PollingTable, data, "polling", mistakes),
        network=_section(NetworkTable, data, "network", mistakes),
        rsshub=_section(RsshubTable, data, "rsshub", mistakes),
        log=_section(LogTable, data, "log", mistakes),
        defaults=_section(DefaultsTable, data, "defaults", mistakes),
        sources=_rows(SourceTable, raw_sources, "sources", mistakes),
        feeds=_list(FeedTable, data, "feeds", mistakes),
        publish=_section(PublishTable, data, "publish", mistakes),
        sites=_list(SiteTable, data, "sites", mistakes),
        exports=_list(ExportTable, data, "exports", mistakes),
        source_names=frozenset(
            raw["name"]
            for raw in raw_sources
            if isinstance(raw, dict) and isinstance(raw.get("name"), str)
        ),
    )


def _section(
    kind: type[AnyTable], data: Mapping[str, object], key: str, mistakes: Mistakes
) -> Reading[AnyTable]:
    return _read(kind, data.get(key, {}), (key,), mistakes)


def _list(
    kind: type[AnyTable], data: Mapping[str, object], key: str, mistakes: Mistakes
) -> tuple[Reading[AnyTable], ...]:
    return _rows(kind, _raw_list(data, key, mistakes), key, mistakes)


def _rows(
    kind: type[AnyTable], rows: Iterable[object], key: str, mistakes: Mistakes
) -> tuple[Reading[AnyTable], ...]:
    return tuple(_read(kind, raw, (key, index), mistakes) for index, raw in enumerate(rows))


def _raw_list(data: Mapping[str, object], key: str, mistakes: Mistakes) -> list[object]:
    raw = data.get(key, [])
    if isinstance(raw, list):
        return raw
    mistakes.add((key,), f"must be written {WRITTEN[key]}, once for each of the {key}")
    return []


def _read(kind: type[AnyTable], raw: object, at: Path, mistakes: Mistakes) -> Reading[AnyTable]:
    section = str(at[0])
    if not isinstance(raw, dict):
        mistakes.add(at, f"must be a table, written {WRITTEN[section]}")
        return Reading(kind(), {}, frozenset(kind.model_fields))
    missing = [key for key in REQUIRED.get(section, ()) if key not in raw]
    for key in missing:
        mistakes.add((*at, key), f"missing: every {WRITTEN[section]} needs it")
    try:
        return Reading(kind.model_validate(raw), raw, frozenset(missing))
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
    for detail in details:
        mistakes.add((*at, *_place(detail, raw)), _in_our_words(detail, kind, section))
    broken = {str(detail["loc"][0]) for detail in details}
    sound = {key: value for key, value in raw.items() if key not in broken}
    return Reading(kind.model_validate(sound), raw, frozenset({*broken, *missing}))


def _place(detail: ErrorDetails, raw: Mapping[str, object]) -> Path:
    """Return where a mistake stands in its table as it is written.

    pydantic names the place in what validators made of it: a single value may be written without
    the list around it, and plain words without the table.
    """
    place: Path = ()
    written: object = raw
    for part in detail["loc"]:
        match written, part:
            case list(), int():
                written = written[part]
            case dict(), str() if part in written:
                written = written[part]
            case dict(), str() if detail["type"] == "missing":
                pass
            case _:
                break
        place += (part,)
    return place


#: pydantic's kinds of mistakes, as far as one sentence fits all of a kind.
_WORDS = {
    "bool_type": "must be true or false (without quotes)",
    "int_type": "must be a whole number (without quotes)",
    "string_type": "must be a string (in quotes)",
    "list_type": "must be a list of strings",
    "dict_type": 'must be a table, such as {{ Accept-Language = "zh-CN" }}',
    "too_short": "must not be empty",
    "too_long": "must have at most {max_length}",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
}


def _in_our_words(detail: ErrorDetails, kind: type[Table], section: str) -> str:
    context = detail.get("ctx", {})
    match detail["type"]:
        case "extra_forbidden":
            return _unknown_key(detail["loc"], kind, section)
        case "missing":
            return f"missing: every table in {detail['loc'][0]} needs it"
        case "model_type":
            return f"must be {INNER[str(detail['loc'][0])][1]}"
        case "value_error":
            return str(context["error"])
        case "literal_error":
            return f"must be one of {context['expected']}".replace("'", '"')
        case name:  # pydantic's own words are better than none
            return _WORDS[name].format(**context) if name in _WORDS else detail["msg"]


def _unknown_key(place: tuple[int | str, ...], kind: type[Table], section: str) -> str:
    """Say that the table has no such key, and what its writer may have meant."""
    key = str(place[-1])
    if len(place) > 1:
        inner = INNER[str(place[0])][0]
        return f"unknown key{values.suggestion(key, keys(inner)) or _one_of(keys(inner))}"
    if section == "feeds" and key == "url":
        return "feeds are what you publish; to poll a URL use [[sources]]"
    if section == "defaults" and key in keys(SourceTable):
        return "cannot have a default: every [[sources]] has its own"
    near = values.suggestion(key, keys(kind))
    if near:
        return f"unknown key{near}"
    return f"unknown key{_home(key)}"


def keys(kind: type[Table]) -> tuple[str, ...]:
    """Return the keys of a table as they are written."""
    return tuple(field.alias or name for name, field in kind.model_fields.items())


def _one_of(choices: Iterable[str]) -> str:
    return f"; there are {', '.join(choices)}"


def _unknown_at_top(key: str) -> str:
    return f"unknown key{values.suggestion(key, WRITTEN) or _home(key)}"


def _home(key: str) -> str:
    """Name the tables that do have this key: the header above it is missing or wrong."""
    homes = [WRITTEN[name] for name, kind in {**SECTIONS, **LISTS}.items() if key in keys(kind)]
    return f"; it belongs in {' or '.join(homes)}" if homes else ""
