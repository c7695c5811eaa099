"""Who may see what: feeds with tokens, the sources' names, the operations feed. One policy.

Pages, lists, feeds, archives, files and the automatic feeds ask here and decide nothing of their
own. What is said of a private source is another question, `stories.concealment`'s.
"""

from __future__ import annotations

import hmac
from enum import Enum, auto
from typing import TYPE_CHECKING, assert_never

from aggregator.model import Feed, FeedKind
from aggregator.model.configured import digest_of
from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from aggregator.model import Source


@dataclass(frozen=True, slots=True)
class Caller:
    """Anyone who asks: `is_local` when surely on this machine, `token` as in the address asked.

    `is_known`: has logged in, or is named by a proxy that the operator trusts.
    """

    is_local: bool = False
    token: str | None = None
    is_known: bool = False

    @property
    def is_operator(self) -> bool:
        """Whether it may see what is the operator's."""
        return self.is_local or self.is_known


#: Anybody: a stranger, a proxy's client, a reader of files.
ANYBODY = Caller()


class Subject(Enum):
    """What is published besides feeds."""

    PAGE = auto()  # of the feeds
    FEEDS = auto()  # their list, for readers to import
    SOURCES = auto()  # their list
    OPERATIONS = auto()  # the feed of what is wrong
    REASONS = auto()  # why the daemon cannot work
    HEALTH = auto()  # how each source fares
    ACTIONS = auto()  # what the operator does from a page


class View(Enum):
    """How much of a subject a caller may see.

    `WHOLE` and `OPEN` differ in what tells the sources: `OPEN` is what everybody may see.
    `REFUSED`: nothing, but how one comes to see it; `HIDDEN`: it is as if there were nothing.
    """

    WHOLE = auto()
    OPEN = auto()
    REFUSED = auto()
    HIDDEN = auto()

    @property
    def is_shown(self) -> bool:
        """Whether there is something to see."""
        return self in {View.WHOLE, View.OPEN}


@dataclass(frozen=True, slots=True)
class Visibility:
    """What an operator allows: the list of sources to all, the operations feed below a token.

    `takes_log_in`: who acts has logged in, on this machine, too.
    """

    public_opml: bool = False
    status_token: str | None = None
    takes_log_in: bool = False

    def view(self, caller: Caller, subject: Subject | Feed) -> View:
        """Return what the caller may see of a subject, or of a feed and its archive."""
        match subject:
            case Feed():
                return View.WHOLE if may_read(caller, subject) else View.HIDDEN
            case Subject.PAGE:
                return View.WHOLE if self.public_opml or caller.is_operator else View.OPEN
            case Subject.FEEDS:
                return View.OPEN
            case Subject.SOURCES if caller.is_operator:
                return View.WHOLE
            case Subject.SOURCES:
                return View.OPEN if self.public_opml else View.REFUSED
            case Subject.OPERATIONS if caller.token is not None:
                knows = _is_equal(caller.token, self.status_token)
                return View.WHOLE if knows else View.HIDDEN
            case Subject.OPERATIONS:
                return View.WHOLE if caller.is_operator else View.REFUSED
            case Subject.HEALTH | Subject.ACTIONS:
                return View.WHOLE if self._lets_in(caller, subject) else View.REFUSED
            case Subject.REASONS:
                return View.WHOLE if caller.is_operator else View.OPEN
            case _:
                assert_never(subject)

    def _lets_in(self, caller: Caller, subject: Subject) -> bool:
        if subject is Subject.ACTIONS and self.takes_log_in:
            return caller.is_known
        return caller.is_operator

    def is_for_all(self, caller: Caller, subject: Subject) -> bool:
        """Tell whether what the caller sees is what everybody sees: a shared cache may keep it."""
        return self.view(caller, subject) is self.view(ANYBODY, subject)


def may_read(caller: Caller, feed: Feed) -> bool:
    """Tell whether the caller may read a feed; how long that takes says nothing of its token."""
    return feed.token is None or _is_equal(caller.token, feed.token)


def might_read(caller: Caller, removed: Feed) -> bool:
    """Tell whether the caller might read a feed before it was removed.

    Of its token only the digest is remembered, as `Store.removed_feed` returns it.
    """
    token = None if caller.token is None else digest_of(caller.token)
    return may_read(Caller(token=token), removed)


def by_preference(feeds: Iterable[Feed]) -> tuple[Feed, ...]:
    """Return feeds in the order in which one is asked for a story that several of them show.

    First what shows most of it, then what people know.
    """
    return tuple(sorted(feeds, key=_preference))


def _preference(feed: Feed) -> tuple[int, bool, bool]:
    return ("full", "summary", "link").index(feed.content), feed.kind.is_minor, feed.is_automatic


def feeds_in(view: View, feeds: Iterable[Feed]) -> tuple[Feed, ...]:
    """Return the feeds that a page or list names: never those with a token.

    The feeds of single sources tell what the sources are: they are in the whole view only.
    """
    return tuple(
        feed
        for feed in feeds
        if view.is_shown
        and feed.token is None
        and (view is View.WHOLE or feed.kind is not FeedKind.SOURCE)
    )


def sources_in(view: View, sources: Sequence[Source], feeds: Sequence[Feed]) -> tuple[Source, ...]:
    """Return the sources that a list names, in the order given; `feeds` are all of them."""
    if not view.is_shown:
        return ()
    hidden = frozenset() if view is View.WHOLE else hidden_sources(sources, feeds)
    return tuple(source for source in sources if source.name not in hidden)


def hidden_sources(sources: Sequence[Source], feeds: Sequence[Feed]) -> frozenset[str]:
    """Return the names of the sources that are there for readers with a token only.

    A feed with a token selects such a source, and no open one that somebody has configured shows
    everybody all that it says. No automatic feed shows it, and no list names it to everybody.
    """
    configured = [feed for feed in feeds if not feed.is_automatic]
    secret = [feed for feed in configured if feed.token is not None]
    return frozenset(
        source.name
        for source in sources
        if any(feed.selects(source) for feed in secret)
        and not any(_shows_all(feed, source) for feed in configured)
    )


def _shows_all(feed: Feed, source: Source) -> bool:
    """Tell whether everybody reads in a feed all that a source has to say.

    A feed that shows some of it, or less than the text, has its reason.
    """
    if feed.token is not None or not feed.selects(source) or feed.content != "full":
        return False
    if feed.rules.keep or feed.rules.block or feed.rules.replace:
        return False
    if not set(feed.exclude_tags).isdisjoint(source.carried_tags):
        return False
    everything = feed.sources is None and feed.tags is None
    return everything or feed.names(source) or not set(source.tags).isdisjoint(feed.tags or ())


def _is_equal(asked: str | None, known: str | None) -> bool:
    if asked is None or known is None:
        return False
    return hmac.compare_digest(asked.encode(errors="replace"), known.encode(errors="replace"))
