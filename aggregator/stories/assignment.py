"""Which story a new entry belongs to: one that is told already, or one that begins with it.

The same article in several sources has the same address, or the same number of a known site. Such
a number decides everywhere. An address decides only in a source that has not told that story
itself, or told it with the same title and date: items of one document may share an address.

Nobody takes another's article. Entries of an article's own sources (`owners`) and those of others
are never in one story: what others tell is a copy of the original where there is one. An own entry
that comes after them begins its own story, and theirs, which was seen under its own id, becomes a
copy of it. Where no own source tells the article, the first leads.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from itertools import chain, product
from typing import TYPE_CHECKING

from aggregator.runtime.values import dataclass
from aggregator.stories.owners import domain_of_key, foreign_to
from aggregator.stories.signs import is_shared, kind_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from aggregator.model import Entry

#: What names one article in every source, whatever else a source tells of it.
_DECISIVE_KIND = "site"


@dataclass(frozen=True, slots=True)
class Telling:
    """An entry by which a source tells a story; `stated_at` only where the publisher gave it."""

    title: str
    stated_at: datetime | None


@dataclass(frozen=True, slots=True)
class StoryCandidate:
    """A stored story that has one of the new entries' shared keys.

    `keys` are those of its keys that the new entries have, too; `told` is what their source tells
    of its article already, by the id of the entry. `is_own`: its article's own source began it.
    `original_id` is the story of the article's own source where this one is a copy of it.
    `borrowed` are further such keys that it has gathered though they are of domains that are not
    its source's: others find it by them, an article's own source does not.
    """

    story_id: int
    keys: frozenset[str]
    told: Mapping[int, Telling]
    is_own: bool = False
    original_id: int | None = None
    borrowed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, order=True)
class StoryRef:
    """A story: a stored one by its id, or the one that begins with the new entry of that index.

    In the order of their beginning.
    """

    begins_now: bool
    number: int


@dataclass(frozen=True, slots=True)
class Assignment:
    """The story of a new entry, and why it is that one or the copy of an original.

    It is the stored one with `story_id`; where that is `None`, the one that begins with the new
    entry of index `begun_by`. `because` is `None` where the entry begins the story of an article
    that nobody has told. `is_own`: the article is the entry's source's. `original` is the story of
    which one that begins is a copy, `copies` are stories which are from now on copies of this one.
    """

    story_id: int | None
    begun_by: int
    because: str | None
    is_own: bool = False
    original: StoryRef | None = None
    copies: tuple[StoryRef, ...] = ()


def shared_keys(entry: Entry) -> tuple[str, ...]:
    """Return the keys by which an entry finds its story in other sources, strongest first."""
    return tuple(dict.fromkeys((*entry.shared_keys, *filter(is_shared, entry.keys))))


def further_names(
    keys: Iterable[str], url: str | None, own: Collection[str]
) -> tuple[tuple[str, bool], ...]:
    """Return the keys that name a story, too, of those that its entry has gathered.

    Beside each whether it is borrowed: of a domain that is none of `own`, the source's.
    """
    shared = filter(is_shared, keys)
    return tuple((key, domain_of_key(key, url) not in own) for key in shared)


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
    entries: Sequence[Entry],
    candidates: Iterable[StoryCandidate],
    *,
    own: Collection[str],
) -> tuple[Assignment, ...]:
    """Return the story of each new entry of one source, in order.

    `candidates` are all stored stories that have one of the entries' `shared_keys`; `own` are the
    domains of the source. Of several stories that fit a key the one that was begun first is taken.
    What an entry brings along counts for those after it.
    """
    told = _Stories(candidates)
    keys_of = map(shared_keys, entries)
    return tuple(
        told.assign(index, entry, keys, is_own=not foreign_to(keys, entry.url, own))
        for index, (entry, keys) in enumerate(zip(entries, keys_of, strict=True))
    )


class _Stories:
    """The stories that new entries may belong to: those of articles' own sources, and the others.

    The others are copies of an original, or tell what no own source has told yet.
    """

    def __init__(self, candidates: Iterable[StoryCandidate]) -> None:
        self._own, self._foreign, self._borrowed = _Told(), _Told(), _Told()
        self._originals: dict[StoryRef, StoryRef] = {}
        self._copies: dict[tuple[StoryRef, str], StoryRef] = {}
        for one in sorted(candidates, key=lambda one: one.story_id):
            story = StoryRef(begins_now=False, number=one.story_id)
            stories = self._own if one.is_own else self._foreign
            stories.store(story, one.keys, one.told.values())
            if one.borrowed:
                self._borrowed.store(story, one.borrowed, one.told.values())
            if one.original_id is not None:
                self._link(story, StoryRef(begins_now=False, number=one.original_id), one.keys)

    def assign(self, index: int, entry: Entry, keys: Sequence[str], *, is_own: bool) -> Assignment:
        """Return the story of the next entry, and count it as told; `keys` are its shared ones."""
        telling = Telling(entry.title, entry.stated_at)
        begun = StoryRef(begins_now=True, number=index)
        found = self._own.story_of(entry, keys)
        if found is None and not is_own:
            found = self._borrowed.story_of(entry, keys)
        original: StoryRef | None = None
        copies: tuple[StoryRef, ...] = ()
        if is_own:
            story, because = found or (begun, None)
            # Not of a story that is there: what came after it, and was shown, would vanish.
            copies = tuple(self._led_by_others(entry, keys)) if found is None else ()
            self._own.add(story, keys, (telling,))
            for copy in copies:
                self._foreign.add(copy, (), (telling,))
                self._link(copy, story, self._foreign.keys_of(copy))
        elif found is not None:
            original, because = found[0], f"{found[1]} as the original"
            known = (self._copies.get((original, key)) for key in keys)
            story = next((one for one in known if one is not None), begun)
            self._own.add(original, (), (telling,))
            self._foreign.add(story, keys, (telling,))
            self._link(story, original, keys)
        else:
            story, because = self._foreign.story_of(entry, keys) or (begun, None)
            self._foreign.add(story, keys, (telling,))
        return Assignment(
            story_id=None if story.begins_now else story.number,
            begun_by=story.number if story.begins_now else index,
            because=because,
            is_own=is_own,
            original=original if story == begun else None,
            copies=copies,
        )

    def _led_by_others(self, entry: Entry, keys: Sequence[str]) -> Iterator[StoryRef]:
        """Yield the stories that others began of what this entry, an own one, tells."""
        fitting = (self._foreign.fitting(key, entry) for key in keys)
        stories = (found[0] for found in fitting if found is not None)
        return (story for story in dict.fromkeys(stories) if story not in self._originals)

    def _link(self, copy: StoryRef, original: StoryRef, keys: Iterable[str]) -> None:
        """Note that a story, which has these keys, is a copy of another."""
        self._originals[copy] = original
        for key in keys:
            self._copies.setdefault((original, key), copy)


class _Told:
    """The stories that have some key, found by what is asked of them without walking them all."""

    def __init__(self) -> None:
        self._keys: dict[StoryRef, set[str]] = defaultdict(set)
        self._tellings: dict[StoryRef, set[Telling]] = defaultdict(set)
        self._first: dict[str, StoryRef] = {}
        self._untold: dict[str, list[StoryRef]] = defaultdict(list)
        self._twins: dict[tuple[str, Telling], StoryRef] = {}

    def store(self, story: StoryRef, keys: Iterable[str], tellings: Collection[Telling]) -> None:
        """Note a stored story; they are given in the order of their beginning."""
        self.add(story, keys, tellings)
        for key in () if tellings else self._keys[story]:
            self._untold[key].append(story)

    def add(self, story: StoryRef, keys: Iterable[str], tellings: Iterable[Telling]) -> None:
        """Note that the story has these keys, too, and that its source tells it this way."""
        all_keys, all_tellings = self._keys[story], self._tellings[story]
        new_keys, new_tellings = set(keys) - all_keys, set(tellings) - all_tellings
        all_keys |= new_keys
        all_tellings |= new_tellings
        for key in new_keys:
            self._first[key] = min(self._first.get(key, story), story)
        for pair in chain(product(all_keys, new_tellings), product(new_keys, all_tellings)):
            self._twins[pair] = min(self._twins.get(pair, story), story)

    def keys_of(self, story: StoryRef) -> Collection[str]:
        """Return the keys of a story."""
        return self._keys[story]

    def story_of(self, entry: Entry, keys: Sequence[str]) -> tuple[StoryRef, str] | None:
        """Return the story that the strongest of an entry's keys finds, and why it is that one."""
        for key in keys:
            if key in self._first and (found := self.fitting(key, entry)) is not None:
                return found
        return None

    def fitting(self, key: str, entry: Entry) -> tuple[StoryRef, str] | None:
        """Return the story that one of the entry's keys finds, and why it is that one."""
        if key not in self._first:
            return None
        kind = kind_of(key)
        if kind == _DECISIVE_KIND:
            fitting = [(self._first.get(key), f"same {kind}")]
        else:
            fitting = [
                (self._untold_by(key), f"same {kind}"),
                (self._twin_by(key, entry), f"same {kind}, title and date"),
            ]
        found = [(story, because) for story, because in fitting if story is not None]
        return min(found, default=None)

    def _untold_by(self, key: str) -> StoryRef | None:
        return next((one for one in self._untold[key] if not self._tellings[one]), None)

    def _twin_by(self, key: str, entry: Entry) -> StoryRef | None:
        if entry.stated_at is None:
            return None
        return self._twins.get((key, Telling(entry.title, entry.stated_at)))
