"""A store in memory: documents are absorbed by the pure decisions alone, without a database."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import count
from typing import TYPE_CHECKING

from aggregator.model import Source
from aggregator.model.configured import GIB
from aggregator.stories.absorption import (
    Absorption,
    Arrival,
    Memory,
    Surroundings,
    absorb,
    recognise,
)
from aggregator.stories.assignment import StoryCandidate, Telling, shared_keys
from aggregator.stories.edits import Rewritten, Version
from aggregator.stories.owners import own_domains
from aggregator.stories.signs import Known
from aggregator.stories.tombstones import Tombstone, mark_of, marks_of
from tests.making import source

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from aggregator.model import Entry

VERSION = "1"


@dataclass
class Kept:
    """An entry as it is kept, with what it was given."""

    entry: Entry
    keys: set[str]
    version: Version
    public_id: str
    order_key: int
    story: int


@dataclass
class World:
    """What has been absorbed of one source; stories are named by the entry that began them."""

    source: Source = field(default_factory=source)
    kept: dict[int, Kept] = field(default_factory=dict)
    stories: dict[int, set[str]] = field(default_factory=dict)
    own: set[int] = field(default_factory=set)
    tombstones: dict[int, Tombstone] = field(default_factory=dict)
    largest: int = 0
    polled: bool = False
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def absorb(
        self,
        entries: Sequence[Entry],
        now: datetime,
        *,
        version: str = VERSION,
        truncated: bool = False,
    ) -> Absorption:
        """Absorb one more document; return what that changed."""
        own = own_domains(self.source, None)
        arrival = Arrival(
            self.source, tuple(entries), not self.polled, truncated, now, version, own
        )
        memory = self.memory()
        absorbed = absorb(
            arrival,
            memory,
            recognise(arrival, memory),
            self.surroundings(),
            mint=lambda: f"urn:uuid:{next(self.numbers)}",
        )
        self._apply(arrival, absorbed)
        self.polled = True
        return absorbed

    def prune(self, entry_id: int) -> None:
        """Forget an entry; its keys keep it away."""
        one = self.kept.pop(entry_id)
        self.tombstones.update(
            dict.fromkeys(
                (*map(mark_of, one.keys), *marks_of((one.entry,))),
                Tombstone(),
            )
        )

    def memory(self) -> Memory:
        """Return all that is kept: more than a document needs is no other answer."""
        return Memory(
            owners={key: number for number, one in self.kept.items() for key in one.keys},
            known={
                number: Known(
                    number,
                    one.entry.title,
                    one.entry.stated_at,
                    frozenset(one.keys),
                    one.entry.text_hash,
                )
                for number, one in self.kept.items()
            },
            versions={number: one.version for number, one in self.kept.items()},
            tombstones=dict(self.tombstones),
            newest_at=max(
                (one.entry.published_at for one in self.kept.values() if one.entry.published_at),
                default=None,
            ),
        )

    def surroundings(self) -> Surroundings:
        return Surroundings(
            raw={number: one.entry.raw for number, one in self.kept.items()},
            held_bytes={
                number: len(one.entry.content_html.encode()) for number, one in self.kept.items()
            },
            room_bytes=GIB,
            candidates=tuple(
                StoryCandidate(
                    story,
                    frozenset(keys),
                    {
                        number: Telling(one.entry.title, one.entry.stated_at)
                        for number, one in self.kept.items()
                        if one.story == story
                    },
                    is_own=story in self.own,
                )
                for story, keys in self.stories.items()
            ),
            held_ids=frozenset(one.public_id for one in self.kept.values()),
            largest=self.largest,
        )

    def _sign(self, absorbed: Absorption) -> None:
        for signs in absorbed.signs:
            one = self.kept[signs.entry_id]
            one.entry = replace(one.entry, stated_at=signs.stated_at, text_hash=signs.text_hash)
        for mark in absorbed.tombstones.returned:
            self.tombstones[mark] = replace(self.tombstones[mark], is_absent=False)
        for mark in absorbed.tombstones.vanished:
            self.tombstones[mark] = replace(self.tombstones[mark], is_absent=True)

    def _apply(self, arrival: Arrival, absorbed: Absorption) -> None:
        self._sign(absorbed)
        for number, keys in absorbed.keys:
            self.kept[number].keys.update(keys)
        for number, because in absorbed.reasons:
            one = self.kept[number]
            one.version = replace(one.version, matched=because)
        for changed in absorbed.changes:
            one = self.kept[changed.entry_id]
            entry, before = changed.entry, one.version
            if isinstance(changed.change, Rewritten):
                at = changed.change.updated_at
                one.version = _version(entry, at, arrival.version, before.matched)
                one.entry = replace(entry, published_at=one.entry.published_at)
            else:
                one.version = replace(
                    before,
                    url=entry.url,
                    language=entry.language,
                    categories=entry.categories,
                )
        begun: list[int] = []
        for index, new in enumerate(absorbed.inserts):
            number = next(self.numbers)
            story = new.story.story_id
            if story is None:
                story = number if new.story.begun_by == index else begun[new.story.begun_by]
            begun.append(story)
            if story == number and new.story.is_own:
                self.own.add(story)
            self.stories.setdefault(story, set()).update(shared_keys(new.entry))
            dated = new.entry.published_at is not None
            taken = {key for one in self.kept.values() for key in one.keys}
            self.kept[number] = Kept(
                replace(new.entry, published_at=new.published_at if dated else None),
                set(new.entry.keys) - taken,
                _version(new.entry, new.updated_at, arrival.version, None),
                new.public_id,
                new.order_key,
                story,
            )
            self.largest = max(self.largest, new.order_key)


def _version(entry: Entry, updated_at: datetime, version: str, matched: str | None) -> Version:
    return Version(
        content_hash=entry.content_hash,
        updated_at=updated_at,
        refined_by=version,
        url=entry.url,
        language=entry.language,
        categories=entry.categories,
        particulars=entry.particulars,
        enclosures=entry.enclosures,
        matched=matched,
    )
