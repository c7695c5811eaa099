"""What applying a configuration changed, as values for the log and for `reload`."""

from __future__ import annotations

from enum import Enum, auto

from aggregator.model.configured import Feed
from aggregator.runtime.values import dataclass


class ChangeKind(Enum):
    """What became of a source or feed."""

    ADDED = auto()
    BACK = auto()
    REMOVED = auto()
    CHANGED = auto()


@dataclass(frozen=True, slots=True)
class Difference:
    """A key with its values before and after, as config.toml has them; `None`: not to be told."""

    key: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class ChangedSource:
    """What became of a source; of one that is CHANGED, in which keys."""

    kind: ChangeKind
    name: str
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True)
class RenamedSource:
    """A source has another name, and is the same."""

    name: str
    former_name: str


@dataclass(frozen=True, slots=True)
class ReaddressedSource:
    """A source is asked at another URL, which the operator gave it."""

    name: str


@dataclass(frozen=True, slots=True)
class ChangedFeed:
    """What became of a feed that is configured; of one that is CHANGED, in which keys."""

    kind: ChangeKind
    name: str
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True)
class LostEntries:
    """Entries that a feed shows and will not: of a source, or the oldest of all (`None`)."""

    feed: str
    source: str | None
    count: int


@dataclass(frozen=True, slots=True)
class Silenced:
    """The rules of a source leave out all of the newest `count` entries that it has brought."""

    source: str
    count: int


@dataclass(frozen=True, slots=True)
class ReaddressedList:
    """A list of so many sources is asked at another URL, and keeps what is listed there, too."""

    name: str
    sources: int


@dataclass(frozen=True, slots=True)
class SoonForgotten:
    """Entries are kept for a shorter time: about so many that no feed shows will be deleted.

    They are a source's, or of all that say nothing themselves (`None`).
    """

    source: str | None
    count: int


@dataclass(frozen=True, slots=True)
class LostAddress:
    """A place below the base URL, without an extension, at which a feed was and will not be."""

    path: str


@dataclass(frozen=True, slots=True)
class ChangedSettings:
    """Keys of the configuration ("store.quota") whose new values are used."""

    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class FixedSettings:
    """Keys of the configuration ("server.listen") whose new values take effect at a restart."""

    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class ChangedTable:
    """What became of one of several tables; of one that is CHANGED, in which keys.

    `table` is "lists", "notify", "sites" or "exports"; `name` what the operator calls it by.
    """

    kind: ChangeKind
    table: str
    name: str
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True)
class WithheldSource:
    """A source that only feeds with a token show: `shown_by` these.

    `lacking` are the automatic feeds that go on without it, `gone` those that are not there, since
    they would show nothing else.
    """

    name: str
    shown_by: tuple[Feed, ...]
    lacking: tuple[Feed, ...]
    gone: tuple[Feed, ...]


#: What readers lose.
Loss = LostEntries | LostAddress | ReaddressedList | Silenced | SoonForgotten

Change = (
    ChangedSource
    | RenamedSource
    | ReaddressedSource
    | WithheldSource
    | ChangedFeed
    | Loss
    | ChangedSettings
    | ChangedTable
    | FixedSettings
)
