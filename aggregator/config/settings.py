"""The tables that a file has once, key by key, and the `Config` that the rest of the house sees."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from aggregator.config import network_values, text_values
from aggregator.config.kinds import ValueKind, choice, key, list_of, number, size
from aggregator.config.mistake_messages import lines
from aggregator.config.network_values import Listen
from aggregator.config.postgres_url import postgres_url
from aggregator.model.configured import FORGET_AFTER, GIB, MIB, Source
from aggregator.model.errors import AggregatorError
from aggregator.rules.visibility import Visibility
from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from aggregator.model import Allowance, Export, Feed, IPNetwork, Share, SiteRule
    from aggregator.model.configured import SourceList
    from aggregator.model.mistakes import Mistake
    from aggregator.model.notices import Receiver

#: Below this an interval is accepted only for sources that `allow_private` covers: nobody else's
#: server is to be asked more often than once a minute.
SHORTEST_PUBLIC_INTERVAL = timedelta(minutes=1)
#: A few sources, for a few weeks; more than a large machine has.
LEAST_QUOTA, MOST_QUOTA = 64 * MIB, 4096 * GIB
#: One connection a poll, and a process may hold 1,024 files by default.
MAX_CONCURRENCY = 200
#: More than these are a list of something else, such as all of a CDN's customers.
MAX_PROXIES = 256
#: More than these are a list of something else; a poll asks three of them at most.
MAX_INSTANCES = 16
#: A feed document is held and compressed in memory, and so is each entry's text.
MAX_LIMIT = 10_000

SWITCH = ValueKind(text_values.switch, "switch")
DURATION = ValueKind(text_values.duration, "duration")
INTERVAL = ValueKind(text_values.interval, "interval")
FILE = ValueKind(text_values.file_path, "file")
SECRET_FILE = ValueKind(text_values.secret_file, "file")
TOKEN = ValueKind(
    text_values.token,
    f"{text_values.MIN_TOKEN_CHARS} to {text_values.MAX_TOKEN_CHARS} of A-Z, a-z, 0-9, `_` and `-`",
)
SHARE = ValueKind(
    lambda value: text_values.share(value, MAX_LIMIT),
    'share such as `"1/3"`, number or `"off"`',
    text_values.written_share,
)
PROXY = ValueKind(network_values.proxy_url, "URL")


def _written_listen(listen: Listen) -> str:
    return f'"{listen.host}:{listen.port}"'


def _written_budget(budget: float) -> str:
    return f'"{budget:g}/day"'


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """`[server]`. `base_url` is as readers see it, without a trailing slash.

    Of a `Config`, the path of a Unix socket starts where the process does, and `base_url` is never
    empty.
    """

    listen: Listen = key(
        ValueKind(
            network_values.listen,
            '`"host:port"`, `"[::1]:8420"` or `"unix:/path"`',
            _written_listen,
        ),
        Listen("127.0.0.1", 8420, None),
        'Where feeds are served. `"0.0.0.0:8420"` is every IPv4 interface. The path of a Unix '
        f"socket has at most {network_values.MAX_UNIX_PATH_BYTES} bytes. A change takes a restart.",
    )
    base_url: str = key(
        ValueKind(network_values.base_url, "URL"),
        "",
        "The address under which readers reach the server, for example behind a web server: "
        '`"https://feeds.example.org"`. May have a path, but no query and no password; a slash at '
        "the end is dropped. From `listen`, every interface becomes `localhost`, and so does a "
        "Unix socket (with a warning). No id of a feed or entry depends on it.",
        shown="from `listen`",
    )
    operator_listen: Listen | None = key(
        ValueKind(
            network_values.operator_listen,
            '`"127.0.0.1:8421"`, `"[::1]:8421"` or `"unix:/path"`',
            _written_listen,
        ),
        None,
        "A second listener for you alone: an address of this machine, or a Unix socket that only "
        "the daemon's own user and root can open. With it, what is "
        "[for this machine only](publishing.md#behind-a-reverse-proxy) is there and not at "
        "`listen`, whatever proxy is in front. No proxy may lead to it. A change takes a restart.",
    )
    trusted_proxies: tuple[IPNetwork, ...] = key(
        list_of(
            ValueKind(network_values.address_range, "address or range", str),
            "list of addresses or ranges",
            most=MAX_PROXIES,
        ),
        (),
        'Proxies on other machines, `["10.0.0.2", "fd00::/64"]`. Each client address has its '
        "[share](publishing.md#behind-a-reverse-proxy) of the server; what comes from these, from "
        "this machine or over a Unix socket counts for the address in `X-Forwarded-For`.",
    )
    reload_on_save: bool = key(
        SWITCH,
        False,
        "Take over an edit of config.toml, and of what it includes, as soon as it is saved, as "
        "`aggregator reload` does. A mistake changes nothing and is told once, in the log and by "
        "`aggregator status`.",
    )
    public_opml: bool = key(
        SWITCH,
        False,
        "Serve `/sources.opml`, the list of the sources, to everybody, without those that "
        "[only private feeds](#private-feeds) show. Otherwise only callers on the same machine get "
        "it.",
    )


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """`[store]`. Of a `Config`, `path` is below its folder, and `retention` covers every window.

    With `url` the rows are kept there; `path` names what lies beside the database all the same.
    """

    path: Path = key(
        FILE,
        Path("aggregator.db"),
        "The SQLite database; relative to config.toml. It must be on a local disk. `~` is not "
        "expanded. A change takes a restart. With `url` what lies beside it is there still: the "
        "lock, the socket.",
    )
    retention: timedelta = key(
        DURATION,
        timedelta(days=180),
        "How long entries are kept. Not below the `window` of any feed: an explicit value that is, "
        "is a mistake; the default follows the longest window.",
    )
    forget_after: timedelta = key(
        DURATION,
        FORGET_AFTER,
        "How long after a document last listed an entry that is no longer kept it is still known, "
        "so that it does not come back as new: some 500 bytes an entry, mostly hashes.",
    )
    keep_raw: timedelta = key(
        DURATION,
        timedelta(days=30),
        "How long the publisher's own fields are kept beside the cleaned ones, for repair.",
    )
    quota: int | None = key(
        size(LEAST_QUOTA, MOST_QUOTA),
        None,
        "How much text all sources together may have stored. One may have as much as is still "
        "free; what it brings beyond that is stored as title, link and summary, and "
        "`aggregator status` names it; an even part of a quarter more is everybody's. The file is "
        "larger by its indexes.",
        shown="2GiB, or twice what an upgrade found",
    )
    search_quota: int = key(
        size(0, MOST_QUOTA),
        1 * GIB,
        "How large the search index may be, a file of its own beside the database, about as large "
        "as that where there is room; with `url` tables in that database. Where it is full, the "
        "texts that were indexed first cannot be searched any more. "
        '"0KiB": nothing can be searched.',
    )
    url: str | None = key(
        ValueKind(postgres_url, "URL"),
        None,
        "The database on a PostgreSQL server (14 or later) instead, such as "
        '`"postgresql://aggregator@db.example.org/feeds"`: see [PostgreSQL](postgres.md). It takes '
        '`pip install "aggregator[fleet]"`. A password is not written here, but in a passfile. A '
        "change takes a restart.",
    )


@dataclass(frozen=True, slots=True)
class Polling:
    """`[polling]`: the bounds of the adaptive interval, and how many polls run at once.

    `budget` is how many requests a day the average source may use.
    """

    min_interval: timedelta = key(
        INTERVAL, timedelta(minutes=15), "A busy source is polled at most this often."
    )
    max_interval: timedelta = key(
        INTERVAL,
        timedelta(hours=12),
        "A quiet source is polled at least this often. Not below `min_interval`.",
    )
    budget: float = key(
        ValueKind(text_values.budget, '`"24/day"`, `"2/hour"`', _written_budget),
        24.0,
        'Requests that the average source may use, between `"1/day"` and '
        f'`"{text_values.MAX_BUDGET}/day"`. Not a cap: a busy source gets more, a quiet one less, '
        "so that news are late as little as possible in all. Sources with an `interval` of their "
        "own do not count.",
    )
    favour: str = key(
        choice("entries", "sources"),
        "entries",
        "Whose mean delay is to be short with these requests: that of all entries, most of which "
        "are busy sources', or that of each source's, so that a blog's one entry a month counts "
        "like a news site's hundreds. See [polling.md](polling.md#whom-it-favours).",
    )
    concurrency: int = key(
        number(1, MAX_CONCURRENCY),
        16,
        "How many polls run at once. There is never more than one a site: the hosts of a domain "
        "that somebody has registered, such as `tumblr.com` with all its blogs.",
    )
    site_pause: timedelta = key(
        ValueKind(text_values.site_pause, 'duration, `"1s"` to `"1h"`'),
        timedelta(seconds=2),
        "Passes between two requests to one site. What `allow_private` covers is exempt.",
    )


@dataclass(frozen=True, slots=True)
class NetworkSettings:
    """`[network]`. `contact` is printable ASCII, fit for a User-Agent; `proxy` http or socks5."""

    allow_private: tuple[Allowance, ...] = key(
        list_of(ValueKind(network_values.allowance, "host or range"), "list"),
        (),
        "Private and reserved addresses are refused, except where an entry covers the source's own "
        "URL. See [below](#private-addresses).",
    )
    proxy: str | None = key(
        PROXY,
        None,
        'A proxy for every poll, except what `allow_private` covers: `"http://127.0.0.1:7890"` '
        'or `"socks5://127.0.0.1:1080"`, with `user:password@` if it needs a login. See '
        "[below](#proxies).",
    )
    contact: str | None = key(
        ValueKind(network_values.contact, 'URL or `"mailto:…"`'),
        None,
        "Part of the User-Agent: how a publisher reaches you instead of blocking you. Plain ASCII.",
    )


@dataclass(frozen=True, slots=True)
class Rsshub:
    """`[rsshub]`: what `rsshub://…` means, in order of preference; no slash at their ends."""

    instances: tuple[str, ...] = key(
        list_of(
            ValueKind(network_values.instance_url, "URL"),
            "list of URLs",
            most=MAX_INSTANCES,
        ),
        (),
        "Your own [RSSHub](https://docs.rsshub.app) first, then others: what a source's "
        '`url = "rsshub://…"` means, in order. May have a path and `user:password@`, no '
        "query. Needed as soon as a source has such a URL.",
    )
    access_key_file: str | None = key(
        SECRET_FILE,
        None,
        "The instances' `ACCESS_KEY`, in a [file of its own](#secrets). Each request then carries "
        "`code=`, the MD5 of the route and the key, as RSSHub's documentation has it; the key "
        "itself never leaves. Every one of the instances gets that code, so use a long random key. "
        "In a list that holds a `rsshub://` URL, a plain URL below an instance gets it, too.",
    )


@dataclass(frozen=True, slots=True)
class Log:
    """`[log]`."""

    level: str = key(
        choice("debug", "info", "warning", "error"),
        "info",
        "How much is logged. `debug` tells every poll.",
    )
    format: str = key(
        choice("text", "json"),
        "text",
        'How: lines for people, or `"json"`, an object a line with '
        "[stable names](observing.md#the-log). A change takes a restart.",
    )


@dataclass(frozen=True, slots=True)
class Publish:
    """`[publish]`: what is published besides being served, and how the operator hears of trouble.

    Of a `Config`, `directory` is absolute.
    """

    directory: Path | None = key(
        FILE,
        None,
        "Write every feed into this folder, too, for a web server or an object store to hand out; "
        "relative to config.toml.",
    )
    status_token: str | None = key(
        ValueKind(text_values.token, "as `token` of a feed"),
        None,
        "Opens the operations feed, `/feeds/TOKEN/_status.atom`, to anyone with the token, and as "
        "a bearer token [`/metrics`](observing.md#metrics) and what is yours of "
        "[the API](api.md). On the machine itself the feed is at `/feeds/_status.atom` in any "
        "case.",
    )
    alert_after: timedelta = key(
        DURATION, timedelta(hours=24), "A source that fails for longer is told there."
    )
    per_source: Share | None = key(
        SHARE,
        None,
        "`per_source` of the feeds that nobody configured, those of everything and of each tag.",
        shown='`"off"`',
    )
    emails: bool = key(
        SWITCH,
        True,
        "Publish authors' e-mail addresses where their publishers do, in Atom and RSS. `false`: "
        "names alone, in every feed.",
    )


@dataclass(frozen=True, slots=True)
class Pages:
    """`[pages]`: the pages that people look at."""

    index: bool = key(
        SWITCH,
        False,
        "Let search engines list the pages of feeds and stories. Otherwise pages say `noindex`, "
        "and a story's page names its original as the one that counts (`rel=canonical`).",
    )
    operator_header: tuple[str, str] | None = key(
        ValueKind(network_values.operator_header, '`"Name: value"`', ": ".join),
        None,
        'A header by which a proxy of yours says that a caller is you, `"Remote-User: alice"`. '
        "Believed of addresses in `[server] trusted_proxies` alone, also on this machine; the "
        "proxy has to take it away from what clients send. See [pages.md](pages.md#log-in).",
    )


@dataclass(frozen=True, slots=True)
class Config:
    """A whole, valid configuration.

    `path` is the file as the user named it. Names of sources are unique, and so are all their URLs,
    the names of feeds and of receivers, the hosts of sites and all tokens; there is at least one
    feed. `feeds` are the configured ones, then the automatic ones. Paths of exports are absolute.
    `lists` are whence further sources come: what has been read of them is among `sources` once it
    was joined (`joined_lists`), and `unjoined` is what it was before. `cautions` are what is
    allowed but seldom meant, `included` the further files that were read. `usual` is what
    `[defaults]` make of a source that says nothing itself; it has neither name nor URL.
    """

    path: Path
    server: ServerSettings
    store: StoreSettings
    polling: Polling
    network: NetworkSettings
    log: Log
    sources: tuple[Source, ...]
    feeds: tuple[Feed, ...]
    rsshub: Rsshub = Rsshub()
    publish: Publish = Publish()
    pages: Pages = Pages()
    exports: tuple[Export, ...] = ()
    sites: tuple[SiteRule, ...] = ()
    lists: tuple[SourceList, ...] = ()
    unjoined: Config | None = None
    notify: tuple[Receiver, ...] = ()
    cautions: tuple[Mistake, ...] = ()
    included: tuple[Path, ...] = ()
    usual: Source = Source("", "")

    @property
    def visibility(self) -> Visibility:
        """Who may see what of all this."""
        return Visibility(self.server.public_opml, self.publish.status_token)

    @property
    def taken_names(self) -> frozenset[str]:
        """The names that no further source can have."""
        return frozenset((*(one.name for one in self.sources), *(one.name for one in self.lists)))

    def exported(self, export: Export) -> Feed:
        """Return the feed of an export; raises `AggregatorError` while no list brings it."""
        found = next((feed for feed in self.feeds if feed.name == export.feed), None)
        if found is None:
            raise AggregatorError(f"there is no feed {export.feed}, since no list brings it now")
        return found

    @property
    def warnings(self) -> tuple[str, ...]:
        """The cautions as lines: `config.toml:31: feeds[0].tags[0]: no source carries this tag`."""
        return lines(self.path, self.cautions)
