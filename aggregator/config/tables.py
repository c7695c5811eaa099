"""The shape of config.toml: which tables there are, which keys they have, what each may hold.

pydantic finds every mistake of a table at once; `read_table` says it in our words.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Generic, Literal, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationError,
)

from aggregator.config import asking, values
from aggregator.model import Allowance

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic_core import ErrorDetails

    from aggregator.config.mistakes import Mistakes
    from aggregator.config.places import Path

#: One connection a poll, and a process may hold 1,024 files by default.
MAX_CONCURRENCY = 200
#: A feed document is held and compressed in memory, and so is each entry's text.
MAX_LIMIT = 10_000
MAX_BACKFILL = 10_000
#: The parser's own bound on a document.
MAX_ENTRIES = 2000

DEFAULT_STORE_PATH = "aggregator.db"

Duration = Annotated[timedelta, PlainValidator(values.duration)]
Interval = Annotated[timedelta, PlainValidator(values.interval)]
Name = Annotated[str, PlainValidator(values.name)]
Title = Annotated[str, PlainValidator(values.title)]
Tag = Annotated[str, PlainValidator(values.tag)]
Zone = Annotated[str, PlainValidator(values.timezone)]
Encoding = Annotated[str, PlainValidator(values.encoding)]
Weight = Annotated[float, PlainValidator(values.weight)]
Budget = Annotated[float, PlainValidator(values.budget)]
SourceUrl = Annotated[str, PlainValidator(asking.source_url)]
SourceUrls = Annotated[
    list[SourceUrl],
    BeforeValidator(asking.one_or_more),
    Field(min_length=1, max_length=asking.MAX_URLS),
]
InstanceUrl = Annotated[str, PlainValidator(asking.instance_url)]
HeaderName = Annotated[str, PlainValidator(asking.header_name)]
HeaderValue = Annotated[str, PlainValidator(asking.header_value)]
Username = Annotated[str, PlainValidator(asking.username)]
SecretFile = Annotated[str, PlainValidator(asking.secret_file)]
SourceProxy = Annotated[str, PlainValidator(asking.source_proxy)]
ListenAt = Annotated[tuple[str, int] | str, PlainValidator(values.listen)]
BaseUrl = Annotated[str, PlainValidator(values.base_url)]
StorePath = Annotated[str, PlainValidator(values.store_path)]
AllowPrivate = Annotated[Allowance, PlainValidator(values.allowance)]
ProxyUrl = Annotated[str, PlainValidator(asking.proxy_url)]
Contact = Annotated[str, PlainValidator(values.contact)]


class Table(BaseModel):
    """A table of config.toml; a key that it does not have is a mistake."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class ServerTable(Table):
    """`[server]`."""

    listen: ListenAt = ("127.0.0.1", 8420)
    base_url: BaseUrl | None = None
    public_opml: bool = False


class StoreTable(Table):
    """`[store]`."""

    path: StorePath = DEFAULT_STORE_PATH
    retention: Duration = timedelta(days=180)
    keep_raw: Duration = timedelta(days=30)


class PollingTable(Table):
    """`[polling]`."""

    min_interval: Interval = timedelta(minutes=15)
    max_interval: Interval = timedelta(hours=12)
    budget: Budget = 24.0
    concurrency: int = Field(default=16, ge=1, le=MAX_CONCURRENCY)


class NetworkTable(Table):
    """`[network]`."""

    allow_private: list[AllowPrivate] = []
    proxy: ProxyUrl | None = None
    contact: Contact | None = None


class RsshubTable(Table):
    """`[rsshub]`."""

    instances: list[InstanceUrl] = Field(default=[], max_length=asking.MAX_INSTANCES)
    access_key_file: SecretFile | None = None


class LogTable(Table):
    """`[log]`."""

    level: Literal["debug", "info", "warning", "error"] = "info"


class DefaultsTable(Table):
    """`[defaults]`: what a source has unless it says otherwise."""

    title: Title | None = None
    tags: list[Tag] = []
    timezone: Zone = "UTC"
    interval: Interval | None = None
    enabled: bool = True
    backfill: int = Field(default=10, ge=0, le=MAX_BACKFILL)
    private: bool = False
    weight: Weight = 1.0
    max_entries: int | None = Field(default=None, ge=1, le=MAX_ENTRIES)
    encoding: Encoding | None = None
    headers: dict[HeaderName, HeaderValue] = {}
    user_agent: HeaderValue | None = None
    proxy: SourceProxy | None = None
    tls_verify: bool = True


class SourceTable(DefaultsTable):
    """One `[[sources]]`; an empty name, or no URL, is one that could not be read."""

    name: Name = ""
    url: SourceUrls = []
    username: Username | None = None
    password_file: SecretFile | None = None
    token_file: SecretFile | None = None


class FeedTable(Table):
    """One `[[feeds]]`; an empty name is one that could not be read."""

    name: Name = ""
    title: Title | None = None
    sources: list[str] | None = None
    tags: list[Tag] | None = None
    window: Duration = timedelta(days=3)
    min_entries: int = Field(default=50, ge=0, le=MAX_LIMIT)
    limit: int = Field(default=1000, ge=1, le=MAX_LIMIT)
    dedupe: Literal["exact", "off"] = "exact"


#: Tables that stand once, in the order of the example.
SECTIONS: Mapping[str, type[Table]] = {
    "server": ServerTable,
    "store": StoreTable,
    "polling": PollingTable,
    "network": NetworkTable,
    "rsshub": RsshubTable,
    "log": LogTable,
    "defaults": DefaultsTable,
}
#: Tables that stand once for each thing.
LISTS: Mapping[str, type[Table]] = {"sources": SourceTable, "feeds": FeedTable}
#: Keys without which a table means nothing.
REQUIRED: Mapping[str, tuple[str, ...]] = {"sources": ("name", "url"), "feeds": ("name",)}

#: How each table's header is written.
WRITTEN = {**{key: f"[{key}]" for key in SECTIONS}, **{key: f"[[{key}]]" for key in LISTS}}

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
        sources=tuple(
            _read(SourceTable, raw, ("sources", index), mistakes)
            for index, raw in enumerate(raw_sources)
        ),
        feeds=tuple(
            _read(FeedTable, raw, ("feeds", index), mistakes)
            for index, raw in enumerate(_raw_list(data, "feeds", mistakes))
        ),
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
    """Return where a mistake stands in its table as it is written."""
    key, *inside = detail["loc"]
    # A URL is written with or without a list around it; "[key]" is pydantic's word for a key.
    written = dict if any(isinstance(part, str) for part in inside) else list
    if not isinstance(raw.get(str(key)), written):
        return (key,)
    return (key, *(part for part in inside if part != "[key]"))


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
            return _unknown_key(str(detail["loc"][-1]), kind, section)
        case "value_error":
            return str(context["error"])
        case "literal_error":
            return f"must be one of {context['expected']}".replace("'", '"')
        case name:  # pydantic's own words are better than none
            return _WORDS[name].format(**context) if name in _WORDS else detail["msg"]


def _unknown_key(key: str, kind: type[Table], section: str) -> str:
    """Say that `kind` has no such key, and what its writer may have meant."""
    if section == "feeds" and key == "url":
        return "feeds are what you publish; to poll a URL use [[sources]]"
    if section == "defaults" and key in SourceTable.model_fields:
        return "cannot have a default: every [[sources]] has its own"
    near = values.suggestion(key, kind.model_fields)
    if near:
        return f"unknown key{near}"
    return f"unknown key{_home(key)}"


def _unknown_at_top(key: str) -> str:
    return f"unknown key{values.suggestion(key, WRITTEN) or _home(key)}"


def _home(key: str) -> str:
    """Name the tables that do have this key: the header above it is missing or wrong."""
    homes = [
        WRITTEN[name] for name, kind in {**SECTIONS, **LISTS}.items() if key in kind.model_fields
    ]
    return f"; it belongs in {' or '.join(homes)}" if homes else ""
