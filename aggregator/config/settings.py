"""The configuration as the rest of the house sees it: checked, complete, frozen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from aggregator.model import Allowance, Export, Feed, SiteRule, Source

#: Below this an interval is accepted only for sources that `allow_private` covers: nobody else's
#: server is to be asked more often than once a minute.
SHORTEST_PUBLIC_INTERVAL = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Listen:
    """Where to serve: a host with a port, or the path of a Unix socket (then both are `None`)."""

    host: str | None
    port: int | None
    unix_path: Path | None


@dataclass(frozen=True, slots=True)
class Server:
    """`[server]`. `base_url` is as readers see it, without a trailing slash."""

    listen: Listen
    base_url: str
    public_opml: bool


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """`[store]`. `path` starts at the configuration's folder; retention covers every window."""

    path: Path
    retention: timedelta
    keep_raw: timedelta


@dataclass(frozen=True, slots=True)
class Polling:
    """`[polling]`: the bounds of the adaptive interval, and how many polls run at once.

    `budget` is how many requests a day the average source may use.
    """

    min_interval: timedelta
    max_interval: timedelta
    concurrency: int
    budget: float = 24.0


@dataclass(frozen=True, slots=True)
class Network:
    """`[network]`. `contact` is printable ASCII, fit for a User-Agent; `proxy` http or socks5."""

    allow_private: tuple[Allowance, ...]
    proxy: str | None
    contact: str | None


@dataclass(frozen=True, slots=True)
class Rsshub:
    """`[rsshub]`: what `rsshub://…` stands for, in order of preference; no slash at their ends."""

    instances: tuple[str, ...] = ()
    access_key_file: str | None = None


@dataclass(frozen=True, slots=True)
class Log:
    """`[log]`. `level` is "debug", "info", "warning" or "error"."""

    level: str


@dataclass(frozen=True, slots=True)
class Publish:
    """`[publish]`: what is published besides being served, and how the operator is told of trouble.

    `directory` gets every feed as files; `status_token` opens the operations feed to who knows it;
    a source that is broken for longer than `alert_after` is told there.
    """

    directory: Path | None = None
    status_token: str | None = None
    alert_after: timedelta = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Config:
    """A whole, valid configuration.

    `path` is the file as the user named it. Names of sources are unique, and so are all their URLs
    the names of feeds, the hosts of sites and all tokens; there is at least one feed. `feeds` are
    the configured ones, then the automatic ones. The paths of exports are absolute.
    `warnings` are lines such as `config.toml:31: feeds[0].tags[0]: no source carries this tag`.
    """

    path: Path
    server: Server
    store: StoreSettings
    polling: Polling
    network: Network
    log: Log
    sources: tuple[Source, ...]
    feeds: tuple[Feed, ...]
    warnings: tuple[str, ...] = ()
    rsshub: Rsshub = Rsshub()
    publish: Publish = Publish()
    exports: tuple[Export, ...] = ()
    sites: tuple[SiteRule, ...] = ()
