"""What the operator configured: sources, feeds, rules and their conditions, exports, allowances."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import assert_never

from aggregator.runtime.values import dataclass
from aggregator.web.domains import queue_of

KIB, MIB, GIB = 1024, 1024**2, 1024**3

#: How long an entry that is no longer kept is still known, unless the operator says otherwise.
FORGET_AFTER = timedelta(days=365)
#: How far apart two entries may be that tell one story, whatever a feed wants.
MAX_DEDUPE_WINDOW = timedelta(days=7)

IPAddress = IPv4Address | IPv6Address
IPNetwork = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Condition:
    """What an entry is asked: every kind that is given must hold, by any one of its patterns.

    A pattern is plain words or `/regex/`, as docs/config.md says; `words` looks in title and text.
    `older_than` is how old an entry was when it was first seen, by its publisher's date.
    """

    words: tuple[str, ...] = ()
    title: tuple[str, ...] = ()
    text: tuple[str, ...] = ()
    author: tuple[str, ...] = ()
    url: tuple[str, ...] = ()
    category: tuple[str, ...] = ()
    older_than: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Tagging:
    """Tags for the entries that a condition holds for."""

    when: Condition
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Replacement:
    r"""Another text for what a pattern finds, in the title, in the text or in both.

    `by` may hold `\1` to `\9`, the groups of a `/regex/`.
    """

    find: str
    by: str = ""
    fields: tuple[str, ...] = ("title", "text")


@dataclass(frozen=True, slots=True)
class Rules:
    """What an operator wants of the entries of one source, or in one feed.

    With `keep`, an entry must meet one of its conditions; one that meets any of `block` is left
    out all the same.
    """

    keep: tuple[Condition, ...] = ()
    block: tuple[Condition, ...] = ()
    tag: tuple[Tagging, ...] = ()
    replace: tuple[Replacement, ...] = ()


@dataclass(frozen=True, slots=True)
class ImageRewrite:
    """Another address for the pictures of a site; `find` and `by` as of a `Replacement`."""

    find: str
    by: str


@dataclass(frozen=True, slots=True)
class SiteRule:
    """One `[[sites]]`: what the operator knows of a site's markup.

    It holds for pages and pictures of `host` and the hosts below it. `remove` are CSS selectors of
    elements that are no part of an article; `referrer` is the referrerpolicy of its pictures.
    """

    host: str
    remove: tuple[str, ...] = ()
    images: tuple[ImageRewrite, ...] = ()
    referrer: str | None = None


@dataclass(frozen=True, slots=True)
class Access:
    """How a source is asked, where that differs from everybody else's way.

    Secrets are named by their file, never held here: a file's path is absolute, or is looked up in
    `$CREDENTIALS_DIRECTORY` (systemd.exec(5)), then beside config.toml. `token_file` is a bearer
    token, `password_file` goes with `username`, `cookie_file` holds what a browser has kept of a
    login, `rsshub_key_file` is the access key of every one of
    `rsshub_instances` (URLs without a slash at the end). `proxy` is http:// or socks5://, or
    "direct" for none. `fetch_via` is the URL of a solver, whose browser asks in our place.
    """

    headers: tuple[tuple[str, str], ...] = ()
    user_agent: str | None = None
    username: str | None = None
    password_file: str | None = None
    token_file: str | None = None
    rsshub_key_file: str | None = None
    rsshub_instances: tuple[str, ...] = ()
    proxy: str | None = None
    tls_verify: bool = True
    cookie_file: str | None = None
    fetch_via: str | None = None
    cookies: str = "poll"  # what an answer sets goes back within one poll; "off": never


@dataclass(frozen=True, slots=True)
class Source:
    """One `[[sources]]` of config.toml: what we poll, and how the operator wants it.

    `url` is what the source is known by, as configured; `urls` are what is asked, in order of
    preference: the same URL, or a list of mirrors, or what `rsshub://…` stands for. `site` are
    further hosts whose articles are its own.
    """

    name: str
    url: str
    title: str | None = None
    tags: tuple[str, ...] = ()
    timezone: str = "UTC"
    interval: timedelta | None = None
    enabled: bool = True
    backfill: int = 10
    private: bool = False
    weight: float = 1.0  # so many times does a delay of this source count
    mirrors: tuple[str, ...] = ()
    access: Access = Access()
    encoding: str | None = None
    max_entries: int | None = None
    rules: Rules = Rules()
    edits: str = "show"  # "ignore": an entry stays as it was first seen
    retention: timedelta | None = None  # how long its entries are kept; None: as all are
    expected_every: timedelta | None = None  # silence for longer is told in the operations feed
    site: tuple[str, ...] = ()
    secret_params: tuple[str, ...] | None = None  # further secret parameters; (): none at all
    dedupe: bool = True  # False: its entries are like no other source's, whatever they say

    @property
    def of_list(self) -> str | None:
        """The name of the list that brings it; `None`: it is configured itself."""
        of, slash, _ = self.name.partition("/")
        return of if slash else None

    @property
    def urls(self) -> tuple[str, ...]:
        """The URLs to ask, the preferred one first."""
        return self.mirrors or (self.url,)

    @property
    def carried_tags(self) -> tuple[str, ...]:
        """The tags that its entries can have: its own, and those that its rules may give."""
        of_rules = (tag for tagging in self.rules.tag for tag in tagging.tags)
        return tuple(dict.fromkeys((*self.tags, *of_rules)))

    @property
    def queue(self) -> str:
        """The queue in which it waits for its turn: the site that a poll asks first.

        Where a solver asks for it, that of the solver: it starts a browser for each request.
        """
        return queue_of(self.access.fetch_via or self.urls[0])


@dataclass(frozen=True, slots=True)
class SourceList:
    """One `[[lists]]`: an OPML document whose entries are sources.

    `tags` are carried by all of them. `template` is what each is but for its name, URL, title and
    tags: what `[defaults]` say that a list of others may use. It also says how the list is asked.
    """

    name: str
    url: str
    tags: tuple[str, ...] = ()
    interval: timedelta = timedelta(hours=6)
    template: Source = Source("", "")


def digest_of(token: str) -> str:
    """Return what may be remembered of a token: enough to know it again, too little to use it."""
    return sha256(token.encode(errors="replace")).hexdigest()


class FeedKind(StrEnum):
    """What a feed is of; the value is stored. All but the configured ones are automatic."""

    CONFIGURED = "configured"
    EVERYTHING = "everything"
    TAG = "tag"
    SOURCE = "source"

    @property
    def folder(self) -> str:
        """The folder below the base URL in which feeds of this kind lie."""
        match self:
            case FeedKind.CONFIGURED | FeedKind.EVERYTHING:
                return "feeds"
            case FeedKind.TAG:
                return "tags"
            case FeedKind.SOURCE:
                return "sources"
            case _:
                assert_never(self)

    @property
    def is_minor(self) -> bool:
        """Whether there is one for each of many, and nobody has asked for it by name."""
        return self in {FeedKind.TAG, FeedKind.SOURCE}

    def name_of(self, own: str) -> str:
        """Return the unique name of the feed that a tag or a source has: "tags/TAG"."""
        return f"{self.folder}/{own}" if self.is_minor else own


@dataclass(frozen=True, slots=True)
class Share:
    """What one source may have of a feed that is full: `part` of `of` parts of its `limit`.

    Without `of`, so many entries.
    """

    part: int
    of: int | None = None

    def entries(self, limit: int) -> int:
        """Return how many entries of at most `limit` that is; at least one."""
        return self.part if self.of is None else max(1, limit * self.part // self.of)

    def __str__(self) -> str:
        return str(self.part) if self.of is None else f"{self.part}/{self.of}"


@dataclass(frozen=True, slots=True)
class Preference:
    """Which entry of a story leads it: that of the first of `sources` that has it.

    Of none of them: the `longest`, or else the one that came first.
    """

    sources: tuple[str, ...] = ()
    longest: bool = False


@dataclass(frozen=True, slots=True)
class Feed:
    """One feed that we publish, a named selection of stories: a `[[feeds]]`, or an automatic one.

    `name` is unique, as `FeedKind.name_of` makes it. `sources` are names, "LIST/*" all that a list
    brings. `sources` and `tags` select by union; both
    `None` selects every source; what carries one of `exclude_tags` is left out, and so are
    `exclude_sources`, which no automatic feed shows because only feeds with a token do. `dedupe`
    shows an article that several sources carry once ("exact"), or as often as it comes ("off");
    "story" also shows one entry of those that tell the same, as surely as `dedupe_strictness`
    ("wide", "story" or "strict") wants and no further apart than `dedupe_window`: the one that
    `prefer` says of those that are there when the first has waited for `hold`. `shows_also`: the
    others are named below it. `script` is "hans" or "hant": Chinese is shown in it.
    `order` is how a document lists its stories: by "arrival" or by the date that they were
    "published". `content` is "full", "summary" or "link". `title_template` makes the titles of
    stories. `entry_size` is the most bytes of an entry's HTML, `document_size` of all entries
    together. Where one of the two cuts, a source that has more than `per_source` gives way first;
    `None`: the oldest goes, of any source. `emails`: authors have the addresses that publishers
    gave them. With a `token`, only those who know it find the feed.
    """

    name: str
    title: str
    sources: tuple[str, ...] | None = None
    tags: tuple[str, ...] | None = None
    window: timedelta = timedelta(days=3)
    min_entries: int = 50
    limit: int = 1000
    per_source: Share | None = None
    dedupe: str = "exact"
    dedupe_strictness: str = "story"
    dedupe_window: timedelta = timedelta(hours=72)
    prefer: Preference = Preference()
    show_also: bool | None = None  # as configured; None: as `dedupe` has it
    hold: timedelta = timedelta(0)
    script: str | None = None
    exclude_tags: tuple[str, ...] = ()
    exclude_sources: tuple[str, ...] = ()
    rules: Rules = Rules()
    order: str = "arrival"
    content: str = "full"
    title_template: str = "{title}"
    entry_size: int = 256 * KIB
    document_size: int = 12 * MIB
    language: str | None = None
    description: str | None = None
    icon: str | None = None
    author: str | None = None
    emails: bool = True
    token: str | None = None
    kind: FeedKind = FeedKind.CONFIGURED

    def selects(self, source: Source) -> bool:
        """Tell whether stories of `source` may belong to this feed.

        True also where only those that a rule of the source tags do (`rules.judge` says which).
        """
        if source.name in self.exclude_sources:
            return False
        if not set(self.exclude_tags).isdisjoint(source.tags):
            return False
        if self.sources is None and self.tags is None:
            return True
        if self.names(source):
            return True
        return self.tags is not None and not set(self.tags).isdisjoint(source.carried_tags)

    def names(self, source: Source) -> bool:
        """Tell whether `sources` names a source, by itself or with all of its list ("LIST/*")."""
        if self.sources is None:
            return False
        return source.name in self.sources or (
            source.of_list is not None and f"{source.of_list}/*" in self.sources
        )

    @property
    def shows_also(self) -> bool:
        """Whether an entry names the others that tell its story.

        Where only copies are left out, only if that is said: what subscribers of feeds that are
        older than the key have read stays as it is.
        """
        if self.dedupe == "off":
            return False
        return self.dedupe == "story" if self.show_also is None else self.show_also

    @property
    def token_digest(self) -> str | None:
        """What may be remembered of the token, once the feed is gone."""
        return None if self.token is None else digest_of(self.token)

    @property
    def masked(self) -> Feed:
        """The feed with TOKEN in place of its token, for addresses that others may read."""
        return self if self.token is None else replace(self, token="TOKEN")  # noqa: S106 - no secret

    @property
    def path(self) -> str:
        """The feed's place below the base URL, without an extension and not quoted."""
        if self.kind.is_minor:
            return self.name
        folder = self.kind.folder
        return f"{folder}/{self.token}/{self.name}" if self.token else f"{folder}/{self.name}"

    @property
    def own_name(self) -> str:
        """The end of `path`: the feed's name without the folder of its kind."""
        return self.name.removeprefix(self.kind.name_of(""))

    @property
    def is_automatic(self) -> bool:
        """Whether it is there without being configured."""
        return self.kind is not FeedKind.CONFIGURED


@dataclass(frozen=True, slots=True)
class Export:
    """One `[[exports]]`: each story of a feed as a file of its own.

    `feed` is a feed's name. `kind` is "hexo", "hugo" or "jekyll". `categories` are those of every
    post, `None`: the tags of the story's source. `content` is "full", "summary" or "raw". Paths are
    absolute; `template`, a file or the name of a shipped one, replaces the kind's own.
    """

    kind: str
    directory: str
    feed: str = "all"
    categories: tuple[str, ...] | None = None
    author: str | None = None
    content: str = "full"
    template: str | None = None
    with_id: bool = False  # the story's link and id are in the front matter, too


@lru_cache(maxsize=4096)
def _literal_address(host: str) -> IPAddress | None:
    """Return the address that a host is, `None` for a name; asked at every poll, of each range."""
    try:
        return ip_address(host.strip("[]"))
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Allowance:
    """One entry of `[network] allow_private`: a host or an address range, with an optional port.

    Exactly one of `host` (a name as `ascii_host` has it) and `network` is set. `text` is the entry
    as written, for messages.
    """

    text: str
    host: str | None = None
    network: IPNetwork | None = None
    port: int | None = None

    def covers(self, host: str, port: int) -> bool:
        """Tell whether a URL with this host (name or literal address) and port is covered.

        A range covers literal addresses only; what a name resolves to is known when it is dialled.
        """
        if self.port is not None and self.port != port:
            return False
        if self.network is None:
            return self.host == host.lower().rstrip(".")
        address = _literal_address(host)
        return address is not None and self.contains(address)

    def contains(self, address: IPAddress) -> bool:
        """Tell whether this is a range that holds `address` (an IPv4-mapped one is unwrapped)."""
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        network = self.network
        return network is not None and address.version == network.version and address in network
