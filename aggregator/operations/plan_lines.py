"""What a configuration changes, in the short lines of `check` and `reload`: + new, - gone, ~ other.

A line without a sign is what subscribers lose by it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from aggregator.model.changes import (
    ChangedFeed,
    ChangedSettings,
    ChangedSource,
    ChangedTable,
    ChangeKind,
    Difference,
    FixedSettings,
    Loss,
    ReaddressedSource,
    RenamedSource,
    WithheldSource,
)
from aggregator.operations.change_sentences import change_text, difference_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aggregator.model.changes import Change

#: What many feeds lose is told of so many.
MOST_LOSSES = 20
_SIGNS = {
    ChangeKind.ADDED: "+",
    ChangeKind.BACK: "+",
    ChangeKind.REMOVED: "-",
    ChangeKind.CHANGED: "~",
}


def plan_lines(changes: Iterable[Change]) -> tuple[list[str], list[str]]:
    """Return a line for each change, and one for each thing that subscribers lose."""
    told, lost = [], []
    for change in changes:
        lines = _lines(change)
        if isinstance(change, Loss | WithheldSource):
            lost += lines
        else:
            told += lines
    if len(lost) > MOST_LOSSES:
        lost[MOST_LOSSES:] = [f"and {len(lost) - MOST_LOSSES} more such losses"]
    return told, lost


def _lines(change: Change) -> list[str]:
    match change:
        case ChangedSource(name=name):
            return [_signed(change, name)]
        case ChangedFeed(name=name):
            return [_signed(change, f"feed {name}")]
        case ChangedTable(table=table, name=name):
            return [_signed(change, f"[[{table}]] {name}")]
        case RenamedSource(name=name, former_name=former_name):
            return [f"~ {former_name} renamed {name}"]
        case ReaddressedSource(name=name):
            return [f"~ {name} url"]
        case ChangedSettings(differences=differences):
            return [_setting(one) for one in differences]
        case FixedSettings(differences=differences):
            return [f"{_setting(setting)} (takes a restart)" for setting in differences]
        case _:  # what is lost
            return [change_text(change)]


def _signed(change: ChangedSource | ChangedFeed | ChangedTable, what: str) -> str:
    found = f"{_SIGNS[change.kind]} {what}"
    if change.kind is ChangeKind.BACK:
        found += " (back, with its history)"
    if change.differences:
        found += f" {', '.join(map(difference_text, change.differences))}"
    return found


def _setting(one: Difference) -> str:
    """Return a key of a table as people name it: "[publish] directory", "[log] level"."""
    table, _, name = one.key.partition(".")
    return f"~ [{table}] {difference_text(replace(one, key=name))}"
