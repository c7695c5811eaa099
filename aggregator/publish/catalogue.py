"""Which documents one configuration publishes, where, and what each of them depends on."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import unquote

from aggregator.config.automatic_feeds import withheld
from aggregator.model import Feed, FeedKind, Rules
from aggregator.publish import Format
from aggregator.rules.held_secrets import secrets_of
from aggregator.rules.visibility import Caller, hidden_sources, may_read, might_read
from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aggregator.config import Config
    from aggregator.model import Source
    from aggregator.rules.secrets import Secrets

_FORMATS = {form.value: form for form in Format}

#: Folders of automatic feeds: all that follows in an address is one name.
_GROUPS = tuple(kind.folder for kind in FeedKind if kind.is_minor)

#: What may be the name of a configured feed or of a source, also of one that a list brings.
_NAME = re.compile(r"[a-z0-9-]{1,64}(?:/[a-z0-9-]{1,64})?")

#: A part's name as `ArchivePart.name` writes it.
_PART = re.compile(r"[0-9]{4}-[0-9]{2}(?:-[1-9][0-9]{0,4})?")

_NO_RULES = Rules()
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Address:
    """What the path of a URL may say: a feed's place, a format, and a part of its archive.

    `path` is not quoted: ("feeds", "all"), ("feeds", TOKEN, "all"), ("tags", "c/c++").
    """

    path: tuple[str, ...]
    form: Format
    part: str | None = None

    @property
    def name(self) -> str:
        """The name of the feed that is there, if any is."""
        return self.path[-1] if self.path[0] == "feeds" else "/".join(self.path)

    @property
    def may_have_been(self) -> bool:
        """Whether some configuration can have had a feed there; if not, no memory knows of one."""
        match self.path:
            case ("feeds" | "sources", name) | ("feeds", _, name):
                return _NAME.fullmatch(name) is not None
            case _:
                return self.path[0] == "tags"

    @property
    def token(self) -> str | None:
        """The token in it, `None` where it has the form of an open feed's."""
        match self.path:
            case ("feeds", token, _):
                return token
            case _:
                return None

    def is_of(self, feed: Feed) -> bool:
        """Tell whether the feed is there for anyone who knows no more than the address."""
        return may_read(Caller(token=self.token), feed) and self._is_place_of(feed)

    def was_of(self, removed: Feed) -> bool:
        """Tell whether a feed stood there; `removed` is what `Store.removed_feed` returned."""
        return might_read(Caller(token=self.token), removed) and self._is_place_of(removed)

    def _is_place_of(self, feed: Feed) -> bool:
        place = self.path if self.token is None else ("feeds", "TOKEN", self.path[-1])
        return feed.masked.path == "/".join(place)


def read_address(raw_path: str) -> tuple[Address, ...]:
    """Return what the path of a URL may say, the likelier first; nothing for no feed's address.

    A slash that is encoded belongs to a name; one that is not may do so, too: there are proxies
    that decode it. The format is what follows the last dot, whatever dots a name holds.
    """
    try:
        root, *folders, file = [
            unquote(segment, errors="strict") for segment in raw_path.split("/")
        ]
    except ValueError:  # no slash at all, or bytes that are no UTF-8
        return ()
    name, _, extension = file.rpartition(".")
    form = _FORMATS.get(extension)
    if root or not folders or not name or form is None:
        return ()
    addresses = []
    if len(folders) > 2 and folders[-1] == "archive" and _PART.fullmatch(name):
        addresses.append(Address(_path(folders[:-1]), form, name))
    return (*addresses, Address(_path([*folders, name]), form))


def _path(segments: list[str]) -> tuple[str, ...]:
    first, *others = segments
    return (first, "/".join(others)) if first in _GROUPS else tuple(segments)


@dataclass(frozen=True, slots=True)
class FeedDocument:
    """A document that is published: a feed, or a part of its archive, in one format."""

    feed: Feed
    form: Format
    part: str | None = None


def _sizes(feed: Feed) -> tuple[int, int]:
    return feed.entry_size, feed.document_size


_USUAL_SIZES = _sizes(Feed("", ""))


class Catalogue:
    """What one configuration publishes; reads memory only."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self._feeds = {feed.name: feed for feed in config.feeds}
        self._made_for: dict[str, str] = {}
        self._polled_every: dict[str, timedelta] = {}
        self._members: dict[str, tuple[Source, ...]] = {}
        self._named = {source.name: number for number, source in enumerate(config.sources)}
        self._tagged: dict[str, set[int]] = {}
        self._listed: dict[str, set[int]] = {}
        for number, source in enumerate(config.sources):
            if source.of_list is not None:
                self._listed.setdefault(f"{source.of_list}/*", set()).add(number)
            for tag in source.carried_tags:
                self._tagged.setdefault(tag, set()).add(number)

    def find(self, addresses: Iterable[Address]) -> FeedDocument | None:
        """Return the document of the first address that has a feed."""
        for address in addresses:
            feed = self._feeds.get(address.name)
            if feed is not None and address.is_of(feed):
                return FeedDocument(feed, address.form, address.part)
        return None

    def feed(self, name: str) -> Feed | None:
        """Return the feed of this name."""
        return self._feeds.get(name)

    @cached_property
    def front(self) -> Feed | None:
        """The feed that the first page shows: the first open one, of everything where none is."""
        open_feeds = [feed for feed in self.config.feeds if feed.token is None]
        return next((feed for feed in open_feeds if not feed.kind.is_minor), None)

    def is_withheld(self, address: Address) -> bool:
        """Tell whether an automatic feed would be there, if its sources were not secret."""
        return address.name in self._withheld

    def members(self, feed: Feed) -> tuple[Source, ...]:
        """Return the sources that the feed selects, in the configuration's order.

        Of thousands of feeds most select one source, and are not to be asked about each.
        """
        if feed.name not in self._members:
            sources = self.config.sources
            numbers: Iterable[int] = range(len(sources))
            if feed.sources is not None or feed.tags is not None:
                named = {self._named[name] for name in feed.sources or () if name in self._named}
                listed = (self._listed.get(name, ()) for name in feed.sources or ())
                numbers = sorted(named.union(*listed, *map(self._with_tag, feed.tags or ())))
            self._members[feed.name] = tuple(
                sources[number] for number in numbers if feed.selects(sources[number])
            )
        return self._members[feed.name]

    @cached_property
    def secrets(self) -> Secrets:
        """What the configuration itself holds secret; not what is in files that it names."""
        return secrets_of(self.config.sources)

    @cached_property
    def _hidden(self) -> frozenset[str]:
        return hidden_sources(self.config.sources, self.config.feeds)

    @cached_property
    def _withheld(self) -> frozenset[str]:
        every = withheld(self.config.sources, self.config.feeds, self._hidden)
        return frozenset(feed.name for source in every for feed in source.gone)

    def _with_tag(self, tag: str) -> set[int]:
        return self._tagged.get(tag, set())

    def made_for(self, feed: Feed) -> str:
        """Return a fingerprint of what the feed's documents depend on besides its stories.

        That is: where readers find us, what the feed's settings make of a story, which of its
        sources are private or have rules, what is secret, and which sources are for readers of
        other feeds only.
        Not: how many stories there are, in which order, and how sources are polled.
        """
        if feed.name not in self._made_for:
            members = self.members(feed)
            told: tuple[object, ...] = (
                self.config.server.base_url,
                (feed.path, feed.title, feed.description, feed.language, feed.icon, feed.author),
                (feed.content, feed.title_template, feed.dedupe, feed.rules),
                (feed.sources, feed.tags, feed.exclude_tags),
                [
                    (source.name, source.private and source.urls, source.rules)
                    for source in members
                    if source.private or source.rules != _NO_RULES
                ],
            )
            if secrets := self.secrets.fingerprint:
                told += (secrets,)
            if _sizes(feed) != _USUAL_SIZES:  # the defaults leave frozen documents what they are
                told += _sizes(feed)
            if feed.show_also is not None:
                told += (feed.show_also,)
            if feed.script is not None:
                told += (feed.script,)
            # Where nothing is hidden, what an earlier version kept is still good.
            if hidden := self._hidden.difference(source.name for source in members):
                told += (sorted(hidden),)
            digest = hashlib.sha256(repr(told).encode(errors="surrogatepass"))
            self._made_for[feed.name] = digest.hexdigest()[:32]
        return self._made_for[feed.name]

    def polled_every(self, feed: Feed) -> timedelta:
        """Return the shortest interval at which a source of the feed is polled."""
        if feed.name not in self._polled_every:
            usual = self.config.polling.min_interval
            every = (source.interval or usual for source in self.members(feed))
            self._polled_every[feed.name] = min(every, default=usual)
        return self._polled_every[feed.name]

    def rendered_for(self, feed: Feed) -> str:
        """Return `made_for` and what else the feed's own document says."""
        return f"{self.made_for(feed)}-{self.polled_every(feed) // _SECOND}"
