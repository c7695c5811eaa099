"""What the log, `check` and `reload` say of a change, a sentence each."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from aggregator.model.changes import (
    ChangedFeed,
    ChangedSettings,
    ChangedSource,
    ChangedTable,
    ChangeKind,
    FixedSettings,
    LostAddress,
    LostEntries,
    ReaddressedList,
    ReaddressedSource,
    RenamedSource,
    Silenced,
    SoonForgotten,
    WithheldSource,
)
from aggregator.model.notes import RestartNeeded
from aggregator.operations.messages import fact_text

if TYPE_CHECKING:
    from aggregator.model.changes import Change, Difference, Loss

#: Of the feeds that a source is withheld from, so many are named in a line.
MOST_PLACES = 10

_SOURCE_CHANGES = {
    ChangeKind.ADDED: "source {} added",
    ChangeKind.BACK: "source {} is back",
    ChangeKind.REMOVED: "source {} removed",
    ChangeKind.CHANGED: "source {} changed",
}

_FEED_CHANGES = {
    ChangeKind.ADDED: "feed {} added",
    ChangeKind.BACK: "feed {} is back",
    ChangeKind.REMOVED: "feed {} removed",
    ChangeKind.CHANGED: "feed {} changed",
}


_TABLE_CHANGES = {
    ChangeKind.ADDED: "[[{}]] {} added",
    ChangeKind.REMOVED: "[[{}]] {} removed",
    ChangeKind.CHANGED: "[[{}]] {} changed",
}


def change_text(change: Change) -> str:
    """Return what the log and `reload` say of a change."""
    match change:
        case ChangedSource(kind=kind, name=name, differences=differences):
            return _SOURCE_CHANGES[kind].format(name) + _told_of(differences)
        case RenamedSource(name=name, former_name=former_name):
            return f"source {former_name} renamed {name}"
        case ReaddressedSource(name=name):
            return f"source {name} has another url"
        case WithheldSource():
            return f"source {withheld_text(change)}"
        case ChangedFeed(kind=kind, name=name, differences=differences):
            return _FEED_CHANGES[kind].format(name) + _told_of(differences)
        case LostEntries() | LostAddress() | ReaddressedList() | Silenced() | SoonForgotten():
            return _loss_text(change)
        case ChangedTable(kind=kind, table=table, name=name, differences=differences):
            return _TABLE_CHANGES[kind].format(table, name) + _told_of(differences)
        case ChangedSettings(differences=differences):
            return f"settings changed: {', '.join(map(difference_text, differences))}"
        case FixedSettings(differences=differences):
            return fact_text(RestartNeeded(tuple(one.key for one in differences)))
        case _:
            assert_never(change)


def _loss_text(loss: Loss) -> str:
    match loss:
        case LostEntries(feed=feed, source=source, count=count):
            entries = f"{count} entr{'y' if count == 1 else 'ies'}"
            if source:
                return f"feed {feed} loses {entries} of {source}"
            return f"feed {feed} loses {entries}, the oldest"
        case SoonForgotten(source=source, count=count):
            entries = f"{count} entr{'y' if count == 1 else 'ies'}"
            if source is None:
                return f"about {entries} will be deleted, as old as [store] retention says"
            return f"{entries} of {source} will be deleted, as old as its retention says"
        case Silenced(source=source, count=count):
            what = f"all {count} entries" if count > 1 else "the one entry"
            return f"the rules of {source} leave out {what} that it brought last"
        case ReaddressedList(name=name, sources=count):
            sources = f"{count} source{'' if count == 1 else 's'}"
            return f"list {name} loses what the document at its other url lacks of its {sources}"
        case LostAddress(path=path):
            return f"/{path}.atom, .rss and .json lead nowhere from now on"
        case _:
            assert_never(loss)


def _told_of(differences: tuple[Difference, ...]) -> str:
    return f": {', '.join(map(difference_text, differences))}" if differences else ""


def difference_text(one: Difference) -> str:
    """Return a key that differs: "interval 10m → adaptive", or its name alone."""
    return one.key if one.before is None else f"{one.key} {one.before} → {one.after}"


def withheld_text(withheld: WithheldSource) -> str:
    """Return what `check` and `reload` say of a source that only feeds with a token show."""
    by = ", ".join(feed.name for feed in withheld.shown_by)
    told = [f"{withheld.name} is for readers with a token only (feed {by})"]
    for feeds, what in ((withheld.lacking, "not in"), (withheld.gone, "404 at")):
        if feeds:
            places = [f"/{feed.path}" for feed in feeds[:MOST_PLACES]]
            more = len(feeds) - len(places)
            told.append(f"{what} {', '.join(places)}" + (f" and {more} more" if more else ""))
    return "; ".join(told)
