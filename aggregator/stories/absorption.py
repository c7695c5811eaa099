"""What a document's entries change, decided as a whole: what is new, what is known and differs.

In two steps, because most documents bring nothing new: `recognise` needs what is stored under the
document's keys, `absorb` only what bears on those entries that are new or read otherwise.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from aggregator.model import News, Tally
from aggregator.model.notes import Flood
from aggregator.rules.secrets import NO_SECRETS
from aggregator.runtime.values import dataclass
from aggregator.stories.assignment import assign, further_names, retitled
from aggregator.stories.broken_off import undecided
from aggregator.stories.edits import Rewritten, change, is_other_text
from aggregator.stories.entry_dates import corrected, first_dates
from aggregator.stories.floods import held_back
from aggregator.stories.former_keys import known_formerly, stays_away_formerly
from aggregator.stories.kept_texts import Brought, Kept, keep
from aggregator.stories.known_keys import gathered, is_full, passed_on
from aggregator.stories.matching import match
from aggregator.stories.minting import public_ids
from aggregator.stories.moves import what_moved
from aggregator.stories.ordering import in_order, order_keys
from aggregator.stories.signs import kind_of
from aggregator.stories.tombstones import (
    buried_keys,
    is_like_pruned,
    keeps_away,
    marks_of,
    sighting,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from aggregator.model import Entry, Source
    from aggregator.rules.secrets import Secrets
    from aggregator.stories.assignment import Assignment, StoryCandidate
    from aggregator.stories.edits import Change, Version
    from aggregator.stories.moves import Moved
    from aggregator.stories.signs import Known
    from aggregator.stories.tombstones import Tombstone, TombstoneSighting


@dataclass(frozen=True, slots=True)
class Arrival:
    """The entries of a source's document, in its order; `first`: no document came before it.

    A `truncated` document may lack entries at its end. `own` are the domains of which articles are
    the source's own (`owners`). `version` is that of this program. No public id holds one of
    `secrets`.
    """

    source: Source
    entries: tuple[Entry, ...]
    first: bool
    truncated: bool
    now: datetime
    version: str
    own: frozenset[str]
    secrets: Secrets = NO_SECRETS


@dataclass(frozen=True, slots=True)
class Memory:
    """What is stored of a source that bears on all entries of a document.

    `owners` maps those keys of the document that are stored to the entry that has them; `known`
    and `versions` hold those entries. `tombstones`, by their marks, are those that the document has
    and those that the documents before have shown. `newest_at` is the newest date that the source
    has shown.
    """

    owners: Mapping[str, int]
    known: Mapping[int, Known]
    versions: Mapping[int, Version]
    tombstones: Mapping[int, Tombstone]
    newest_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Recognised:
    """An entry that is a stored one, and why; `strange_keys` are those that no entry has yet."""

    entry: Entry
    entry_id: int
    because: str
    strange_keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Recognition:
    """A document's entries sorted into known, pruned and `fresh` ones.

    `fresh` are in the document's order, `ordered` are the same in the order of their order keys.
    `returning` are those of `ordered`, by index, that have what a pruned entry had.
    `nameless` is how many have no key that is not another entry's: they are left out. `moved` is
    what the publisher has changed throughout.
    """

    known: tuple[Recognised, ...]
    nameless: int
    fresh: tuple[Entry, ...]
    ordered: tuple[Entry, ...]
    returning: frozenset[int]
    pruned: int
    moved: Moved
    tombstones: TombstoneSighting


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is stored that bears on the entries that are new, or whose text is another.

    `raw` holds the publisher's stored fields of each known entry with another text (`None` where
    they are kept no longer) and `held_bytes` what its text takes, `room_bytes` how much more the
    source may hold. `candidates` the stories that have one of the new ones' shared keys,
    `held_ids` which of their wanted public ids are taken, `owned` which of the domains of those are
    of any source. `largest` and `taken` as in `order_keys`.
    """

    raw: Mapping[int, str | None]
    held_bytes: Mapping[int, int]
    room_bytes: int
    candidates: tuple[StoryCandidate, ...] = ()
    held_ids: frozenset[str] = frozenset()
    owned: frozenset[str] = frozenset()
    largest: int = 0
    taken: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An entry to store, with what it gets once and for ever."""

    entry: Entry
    public_id: str
    order_key: int
    held_back: bool
    published_at: datetime
    updated_at: datetime
    story: Assignment


@dataclass(frozen=True, slots=True)
class ChangedEntry:
    """A known entry of which a reader sees something else from now on."""

    entry_id: int
    entry: Entry
    change: Change


@dataclass(frozen=True, slots=True)
class Signs:
    """What a known entry is compared by from now on, beside its keys."""

    entry_id: int
    stated_at: datetime | None
    text_hash: bytes | None


@dataclass(frozen=True, slots=True)
class Absorption:
    """All that one document changes.

    `inserts` are in the order of their order keys, `changes` in the document's. `reasons` are why
    known entries were recognised, `keys` by what else they are known from now on, each by the
    entry's id and only where that is new; `passed_on` are keys that whichever entries have them
    give up before, so that these and the new ones take them; `names` those of the keys that name
    their stories, too, each with whether it is borrowed (`StoryCandidate`); `signs` where they are
    others than before, `corrected` the dates of publication that are. `strange_ids` is how many
    known entries came under an id that they never had, of `ids` known entries with an id.
    `beyond_document` and `beyond_quota` count entries that are stored without their text, as `Kept`
    has them.
    """

    inserts: tuple[NewEntry, ...]
    changes: tuple[ChangedEntry, ...]
    reasons: tuple[tuple[int, str], ...]
    passed_on: frozenset[str]
    keys: tuple[tuple[int, tuple[str, ...]], ...]
    names: tuple[tuple[int, str, bool], ...]
    signs: tuple[Signs, ...]
    corrected: tuple[tuple[int, datetime], ...]
    tombstones: TombstoneSighting
    flood: Flood | None
    tally: Tally
    news: News
    strange_ids: int
    ids: int
    beyond_document: int
    beyond_quota: int

    @property
    def bears_on_others(self) -> bool:
        """Whether it changes what readers see, or which entries are one story.

        Else it is about the source's own entries alone, and how they will be recognised.
        """
        return any(
            (self.inserts, self.changes, self.passed_on, self.keys, self.names, self.corrected)
        )


def recognise(arrival: Arrival, memory: Memory) -> Recognition:
    """Return which entries of the document are known, which are new and which stay away."""
    known: list[Recognised] = []
    fresh: list[Entry] = []
    pruned = nameless = 0
    buried = buried_keys(arrival.entries, memory.tombstones)
    moved = what_moved(arrival.entries, memory.owners, memory.known, buried)
    matches = known_formerly(
        arrival.entries,
        match(arrival.entries, memory.owners, memory.known, moved),
        memory.owners,
        memory.known,
    )
    left: frozenset[int] = frozenset()
    if arrival.truncated and not moved.places:
        left = undecided(arrival.entries, matches, memory.known)
    for index, (entry, found) in enumerate(zip(arrival.entries, matches, strict=True)):
        if index in left:
            continue
        if found.entry_id is not None:
            strange = tuple(key for key in entry.keys if key not in memory.owners)
            known.append(Recognised(entry, found.entry_id, found.because, strange))
        elif keeps_away(memory.tombstones, entry, moved) or stays_away_formerly(buried, entry):
            pruned += 1
        elif all(key in memory.owners for key in entry.keys):
            nameless += 1  # stored, it would be new again in each document
        else:
            fresh.append(entry)
    ordered = in_order(fresh, first=arrival.first, now=arrival.now)
    shown = marks_of(arrival.entries) if memory.tombstones else frozenset()
    return Recognition(
        known=tuple(known),
        nameless=nameless,
        fresh=tuple(fresh),
        ordered=ordered,
        returning=frozenset(
            index for index, entry in enumerate(ordered) if is_like_pruned(entry, memory.tombstones)
        ),
        pruned=pruned,
        moved=moved,
        tombstones=sighting(memory.tombstones, shown, truncated=arrival.truncated),
    )


def reread(recognition: Recognition, memory: Memory) -> tuple[int, ...]:
    """Return the ids of the known entries whose stored raw fields `absorb` asks for."""
    return tuple(
        one.entry_id
        for one in recognition.known
        if is_other_text(memory.versions[one.entry_id], one.entry)
    )


def absorb(
    arrival: Arrival,
    memory: Memory,
    recognition: Recognition,
    surroundings: Surroundings,
    *,
    mint: Callable[[], str],
) -> Absorption:
    """Return what the document changes; `mint` returns a new public id each time."""
    changes = tuple(_changes(arrival, memory, recognition, surroundings))
    titles = {one.entry_id: one.entry.title for one in changes if isinstance(one.change, Rewritten)}
    candidates = retitled(surroundings.candidates, titles)
    inserts = _inserts(
        arrival, memory, recognition, replace(surroundings, candidates=candidates), mint
    )
    inserts, changes, kept = _kept(inserts, changes, surroundings)
    named = [one for one in recognition.known if _has_id(one.entry.keys)]
    passed: frozenset[str] = frozenset()
    if recognition.moved.places:
        told = ((one.entry, one.entry_id) for one in recognition.known)
        passed = passed_on(told, recognition.fresh, memory.owners)
    further = [
        (one, keys)
        for one in recognition.known
        if (keys := _further_keys(one, memory.known[one.entry_id], passed))
    ]
    tally = Tally(
        new=len(inserts),
        updated=sum(isinstance(one.change, Rewritten) and one.change.is_edit for one in changes),
        shared=len(recognition.known) + recognition.nameless,
        pruned=recognition.pruned,
        held_back=sum(one.held_back for one in inserts),
    )
    return Absorption(
        inserts=inserts,
        changes=changes,
        reasons=tuple(
            (one.entry_id, one.because)
            for one in recognition.known
            if memory.versions[one.entry_id].matched != one.because
        ),
        passed_on=passed,
        keys=tuple((one.entry_id, keys) for one, keys in further),
        names=tuple(
            (one.entry_id, key, is_borrowed)
            for one, keys in further
            for key, is_borrowed in further_names(keys, one.entry.url, arrival.own)
        ),
        signs=tuple(_signs(memory, recognition)),
        corrected=tuple(_corrected(arrival, memory, recognition)),
        tombstones=recognition.tombstones,
        flood=Flood(tally.held_back, arrival.now) if tally.held_back else None,
        tally=tally,
        news=News(tally, tuple(entry.published_at for entry in recognition.fresh)),
        strange_ids=sum(_has_id(one.strange_keys) for one in named),
        ids=len(named),
        beyond_document=kept.beyond_document,
        beyond_quota=kept.beyond_quota,
    )


def _further_keys(one: Recognised, known: Known, passed: frozenset[str]) -> tuple[str, ...]:
    new = (*one.strange_keys, *passed.intersection(one.entry.keys))
    return gathered(new, known.keys - passed)


def _kept(
    inserts: tuple[NewEntry, ...], changes: tuple[ChangedEntry, ...], surroundings: Surroundings
) -> tuple[tuple[NewEntry, ...], tuple[ChangedEntry, ...], Kept]:
    """Return what is new and what is rewritten with as much text as there is room for."""
    rewritten = [one for one in changes if isinstance(one.change, Rewritten)]
    newest_first = [
        *(Brought(one.entry) for one in reversed(inserts)),
        *(Brought(one.entry, surroundings.held_bytes[one.entry_id]) for one in rewritten),
    ]
    kept = keep(newest_first, room_bytes=surroundings.room_bytes)
    new, others = kept.entries[: len(inserts)], kept.entries[len(inserts) :]
    by_id = {one.entry_id: entry for one, entry in zip(rewritten, others, strict=True)}
    return (
        tuple(
            one if entry is one.entry else replace(one, entry=entry)
            for one, entry in zip(inserts, reversed(new), strict=True)
        ),
        tuple(replace(one, entry=by_id.get(one.entry_id, one.entry)) for one in changes),
        kept,
    )


def _changes(
    arrival: Arrival, memory: Memory, recognition: Recognition, surroundings: Surroundings
) -> Iterator[ChangedEntry]:
    for one in recognition.known:
        changed = change(
            memory.versions[one.entry_id],
            one.entry,
            stored_raw=surroundings.raw.get(one.entry_id),
            follows_edits=arrival.source.edits != "ignore",
            version=arrival.version,
            now=arrival.now,
        )
        if changed is not None:
            yield ChangedEntry(one.entry_id, one.entry, changed)


def _signs(memory: Memory, recognition: Recognition) -> Iterator[Signs]:
    """Yield what entries are compared by from now on.

    Of dates that are made anew for each document not every one is written down: an entry that has
    gathered all the keys of titles with dates that it may have keeps its date.
    """
    for one in recognition.known:
        known = memory.known[one.entry_id]
        stated_at = one.entry.stated_at
        if stated_at is None or (recognition.moved.dates and is_full("dated", known.keys)):
            stated_at = known.stated_at
        signs = Signs(one.entry_id, stated_at, one.entry.text_hash)
        if (signs.stated_at, signs.text_hash) != (known.stated_at, known.text_hash):
            yield signs


def _corrected(
    arrival: Arrival, memory: Memory, recognition: Recognition
) -> Iterator[tuple[int, datetime]]:
    if recognition.moved.dates:
        return
    for one in recognition.known:
        version = memory.versions[one.entry_id]
        if version.published_at is None or version.first_seen_at is None:
            continue
        published_at = corrected(
            one.entry,
            memory.known[one.entry_id].stated_at,
            published_at=version.published_at,
            first_seen_at=version.first_seen_at,
            now=arrival.now,
        )
        if published_at is not None:
            yield one.entry_id, published_at


def _inserts(
    arrival: Arrival,
    memory: Memory,
    recognition: Recognition,
    surroundings: Surroundings,
    mint: Callable[[], str],
) -> tuple[NewEntry, ...]:
    source, now, ordered = arrival.source, arrival.now, recognition.ordered
    keys = order_keys(
        ordered,
        first=arrival.first,
        now=now,
        largest=surroundings.largest,
        taken=surroundings.taken,
    )
    ids = public_ids(
        ordered,
        arrival.secrets,
        own=arrival.own,
        owned=surroundings.owned,
        held=surroundings.held_ids,
        mint=mint,
    )
    stories = assign(ordered, surroundings.candidates, own=arrival.own)
    flood: frozenset[int] = frozenset()
    if not arrival.first:
        flood = held_back(
            ordered,
            listed=len(arrival.entries),
            backfill=source.backfill,
            now=now,
            newest_at=memory.newest_at,
            is_move=recognition.moved.site,
            returning=recognition.returning,
        )
    return tuple(
        NewEntry(entry, public_id, key, index in flood, *first_dates(entry, now), story)
        for index, (entry, public_id, key, story) in enumerate(
            zip(ordered, ids, keys, stories, strict=True)
        )
    )


def _has_id(keys: tuple[str, ...]) -> bool:
    return any(kind_of(key) == "guid" for key in keys)
