"""What is told at an entry's place in an archive: itself, or what stands there since it has gone.

An entry that has left a feed's window can still lose its source, or be blocked by a rule. What it
stood for then has nobody who tells it to those who come later: so one of these stands in its place.
In documents that readers keep already it was named below that entry, and is not told anew.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from aggregator.model import PlacementReason as Reason
from aggregator.runtime.values import dataclass
from aggregator.stories.windows import first_of, refusal

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from aggregator.stories.windows import Candidate

#: Why a feed takes an entry back that it has shown.
_TAKEN_BACK = frozenset({Reason.NOT_SELECTED, Reason.BLOCKED, Reason.EXCLUDED})


@dataclass(frozen=True, slots=True)
class Told:
    """The entry that a place tells, and those that are named below it."""

    entry_id: int
    named: tuple[int, ...] = ()


def is_archived(entry: Candidate) -> bool:
    """Tell whether an entry has a place of its own in an archive, and was not taken back."""
    refused = refusal(entry)
    return entry.place is not None and (refused is None or refused.reason not in _TAKEN_BACK)


def told_at(
    entry: Candidate, named: Collection[int], candidates: Iterable[Candidate]
) -> Told | None:
    """Return what is told at the last place of an entry, `None` for nothing.

    `named` were named below it when it left the window; `candidates` are all entries of its story
    and of theirs. What stands in its place is archived nowhere else. A copy of the same article
    with an id of its own does not: to those who had the article that would be news.
    """
    stories: dict[int, list[Candidate]] = defaultdict(list)
    for one in candidates:
        stories[one.story_id].append(one)
    stays = is_archived(entry)
    below: list[Candidate] = []
    free: list[Candidate] = []
    for story_id, entries in stories.items():
        found = [one for one in entries if one.entry_id in named and refusal(one) is None]
        is_own = story_id == entry.story_id
        if any(is_archived(one) for one in entries if one.entry_id != entry.entry_id):
            below += found
            continue
        if not (found or (stays and is_own)):
            found = [one for one in (first_of(entries),) if one is not None]
        below += found
        if is_own or entries[0].article_id != entry.article_id:
            free += found
    if stays:
        return Told(entry.entry_id, _ids(below))
    # Its own story has its id, by whichever source.
    first = min(
        free,
        key=lambda one: (one.story_id != entry.story_id, one.entry_id),
        default=None,
    )
    if first is None:
        return None
    return Told(first.entry_id, _ids(one for one in below if one.entry_id != first.entry_id))


def _ids(entries: Iterable[Candidate]) -> tuple[int, ...]:
    return tuple(sorted(one.entry_id for one in entries))
