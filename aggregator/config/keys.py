"""The shape of config.toml: which tables there are, which keys they have, what each may hold."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from aggregator.config import publish_values, request_values
from aggregator.config.automatic_feeds import EVERYTHING
from aggregator.config.key_types import (
    AllowPrivate,
    BaseUrl,
    Budget,
    Contact,
    Description,
    Duration,
    Encoding,
    FilePath,
    HeaderName,
    HeaderValue,
    Icon,
    InstanceUrl,
    Interval,
    Language,
    ListenAt,
    Name,
    ProxyUrl,
    SecretFile,
    SourceProxy,
    SourceUrls,
    Table,
    Tag,
    Title,
    TitleTemplate,
    Token,
    Username,
    Weight,
    Zone,
)
from aggregator.config.rule_tables import (
    Conditions,
    ConditionTable,
    ImageTable,
    Replacements,
    ReplacementTable,
    SiteTable,
    Taggings,
    TaggingTable,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

#: One connection a poll, and a process may hold 1,024 files by default.
MAX_CONCURRENCY = 200
#: A feed document is held and compressed in memory, and so is each entry's text.
MAX_LIMIT = 10_000
MAX_BACKFILL = 10_000
#: The parser's own bound on a document.
MAX_ENTRIES = 2000

DEFAULT_STORE_PATH = "aggregator.db"


class ServerTable(Table):
    """`[server]`."""

    listen: ListenAt = ("127.0.0.1", 8420)
    base_url: BaseUrl | None = None
    public_opml: bool = False


class StoreTable(Table):
    """`[store]`."""

    path: FilePath = DEFAULT_STORE_PATH
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

    instances: list[InstanceUrl] = Field(default=[], max_length=request_values.MAX_INSTANCES)
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
    keep: Conditions = []
    block: Conditions = []
    tag: Taggings = []
    replace: Replacements = []
    edits: Literal["show", "ignore"] = "show"
    expected_every: Duration | None = None


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
    exclude_tags: list[Tag] = []
    keep: Conditions = []
    block: Conditions = []
    tag: Taggings = []
    replace: Replacements = []
    order: Literal["arrival", "published"] = "arrival"
    content: Literal["full", "summary", "link"] = "full"
    title_template: TitleTemplate = "{title}"
    language: Language | None = None
    description: Description | None = None
    icon: Icon | None = None
    author: Title | None = None
    token: Token | None = None


class PublishTable(Table):
    """`[publish]`."""

    directory: FilePath | None = None
    status_token: Token | None = None
    alert_after: Duration = timedelta(hours=24)


class ExportTable(Table):
    """One `[[exports]]`; an empty directory is one that could not be read."""

    kind: Literal["hexo", "hugo", "jekyll"] = "hexo"
    directory: FilePath = ""
    feed: str = EVERYTHING
    categories: list[Tag] | None = Field(default=None, max_length=publish_values.MAX_CATEGORIES)
    author: Title | None = None
    content: Literal["full", "summary", "raw"] = "full"
    template: FilePath | None = None
    with_id: bool = False


#: Tables that stand once, in the order of the example.
SECTIONS: Mapping[str, type[Table]] = {
    "server": ServerTable,
    "store": StoreTable,
    "polling": PollingTable,
    "network": NetworkTable,
    "rsshub": RsshubTable,
    "log": LogTable,
    "defaults": DefaultsTable,
    "publish": PublishTable,
}
#: Tables that stand once for each thing.
LISTS: Mapping[str, type[Table]] = {
    "sources": SourceTable,
    "feeds": FeedTable,
    "sites": SiteTable,
    "exports": ExportTable,
}
#: Tables inside those, by the key that holds them; each with what one looks like.
INNER: Mapping[str, tuple[type[Table], str]] = {
    "keep": (ConditionTable, 'words in quotes, or a table such as { title = "…" }'),
    "block": (ConditionTable, 'words in quotes, or a table such as { title = "…" }'),
    "tag": (TaggingTable, 'a table such as { title = "…", tags = ["…"] }'),
    "replace": (ReplacementTable, 'a table such as { find = "…", with = "…" }'),
    "images": (ImageTable, 'a table such as { find = "…", with = "…" }'),
}
#: Keys without which a table means nothing.
REQUIRED: Mapping[str, tuple[str, ...]] = {
    "sources": ("name", "url"),
    "feeds": ("name",),
    "sites": ("host",),
    "exports": ("kind", "directory"),
}

#: How each table's header is written.
WRITTEN = {**{key: f"[{key}]" for key in SECTIONS}, **{key: f"[[{key}]]" for key in LISTS}}
