"""Which story a new entry belongs to: one that is told already, or one that begins with it.

The same article in several sources has the same address, or the same number of a known site. Such
a number decides everywhere. An address decides only in a source that has not told that story
itself, or told it with the same title and date: items of one document may share an address.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from aggregator.stories.entry_dates import first_dates
from aggregator.stories.matching import SHARED_KINDS, kind_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from aggregator.model import Entry

#: What names one article in every source, whatever else a source tells of it.
_DECISIVE_KIND = "site"


@dataclass(frozen=True, slots=True)
class Telling:
    """An entry by which a source tells a story; `published_at` only where the publisher gave it."""

    title: str
    published_at: datetime | None


@dataclass(frozen=True, slots=True)
class StoryCandidate:
    """A stored story that has one of the new entries' shared keys.

    `keys` are those of its keys that the new entries have, too; `told` is what their source tells
    of it already, by the id of the entry.
    """

    story_id: int
    keys: frozenset[str]
    told: Mapping[int, Telling]


@dataclass(frozen=True, slots=True)
class Assignment:
    """The story of a new entry, and why it is that one: `None` where the entry begins it.

    It is the stored one with `story_id`; where that is `None`, the one that begins with the new
    entry of index `begun_by`.
    """

    story_id: int | None
    begun_by: int
    because: str | None


def shared_keys(entry: Entry) -> tuple[str, ...]:
    """Return the keys by which an entry finds its story in other sources, strongest first."""
    own = (key for key in entry.keys if kind_of(key) in SHARED_KINDS)
    return tuple(dict.fromkeys((*entry.shared_keys, *own)))


def retitled(
    candidates: Iterable[StoryCandidate], titles: Mapping[int, str]
) -> tuple[StoryCandidate, ...]:
    """Return the candidates after entries, by their ids, have got other titles."""
    return tuple(
        replace(
            one,
            told={
                entry_id: replace(telling, title=titles.get(entry_id, telling.title))
                for entry_id, telling in one.told.items()
            },
        )
        for one in candidates
    )


def assign(
    entries: Sequence[Entry], candidates: Iterable[StoryCandidate], *, now: datetime
) -> tuple[Assignment, ...]:
    """Return the story of each new entry of one source, in order.

    `candidates` are all stored stories that have one of the entries' `shared_keys`. Of several
    stories that fit a key the one that was begun first is taken. What an entry brings along counts
    for those after it.
    """
    told = _Told(candidates)
    assignments = []
    for index, entry in enumerate(entries):
        found = told.story_of(entry)
        story, because = found or (_Story(True, index), None)
        published_at, _ = first_dates(entry, now)
        telling = Telling(entry.title, None if entry.published_at is None else published_at)
        told.add(story, shared_keys(entry), (telling,))
        assignments.append(
            Assignment(None, story.number, because)
            if story.begins_now
            else Assignment(story.number, index, because)
        )
    return tuple(assignments)


@dataclass(frozen=True, slots=True, order=True)
class _Story:
    """A story, in the order of their beginning: stored ones by id, then new ones by entry."""

    begins_now: bool
    number: int


class _Told:
    """The stories that have some key, found by what is asked of them without walking them all."""

    def __init__(self, candidates: Iterable[StoryCandidate]) -> None:
        self._keys: dict[_Story, set[str]] = defaultdict(set)
        self._tellings: dict[_Story, set[Telling]] = defaultdict(set)
        self._first: dict[str, _Story] = {}
        self._untold: dict[str, list[_Story]] = defaultdict(list)
        self._twins: dict[tuple[str, Telling], _Story] = {}
        for one in sorted(candidates, key=lambda one: one.story_id):
            story = _Story(begins_now=False, number=one.story_id)
            self.add(story, one.keys, one.told.values())
            for key in () if one.told else one.keys:
                self._untold[key].append(story)

    def add(self, story: _Story, keys: Iterable[str], tellings: Iterable[Telling]) -> None:
        """Note that the story has these keys, too, and that its source tells it this way."""
        self._keys[story].update(keys)
        self._tellings[story].update(tellings)
        for key in self._keys[story]:
            self._first[key] = min(self._first.get(key, story), story)
            for telling in self._tellings[story]:
                twin = self._twins.get((key, telling), story)
                self._twins[key, telling] = min(twin, story)

    def story_of(self, entry: Entry) -> tuple[_Story, str] | None:
        """Return the story that the entry's strongest key finds, and why it is that one."""
        for key in shared_keys(entry):
            kind = kind_of(key)
            if kind == _DECISIVE_KIND:
                fitting = [(self._first.get(key), f"same {kind}")]
            else:
                fitting = [
                    (self._untold_by(key), f"same {kind}"),
                    (self._twin_by(key, entry), f"same {kind}, title and date"),
                ]
            found = [(story, because) for story, because in fitting if story is not None]
            if found:
                return min(found)
        return None

    def _untold_by(self, key: str) -> _Story | None:
        return next((one for one in self._untold[key] if not self._tellings[one]), None)

    def _twin_by(self, key: str, entry: Entry) -> _Story | None:
        if entry.published_at is None:
            return None
        return self._twins.get((key, Telling(entry.title, entry.published_at)))
