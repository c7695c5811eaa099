"""A stream of headlines, told apart as the daemon does it, with the index in memory; and B³.

A file of headlines has a head and the columns TITLE, PUBLISHER, STORY (the true one) and TIMESTAMP
(milliseconds since the epoch), parted by commas, in the order of time. Rows without one are left
out.
"""

from __future__ import annotations

import csv
import time
from collections import Counter, defaultdict, deque
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING

from aggregator.stories.likeness import WINDOW
from aggregator.stories.likeness_weights import SHIPPED
from aggregator.stories.same_story import Lookalike, Newcomer, StoryState, assign
from aggregator.stories.signatures import (
    Frequencies,
    Text,
    asked_tokens,
    rare_tokens,
    read,
    signature,
)
from aggregator.stories.ties import Groups, ties_of

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence
    from pathlib import Path

    from aggregator.stories.likeness_weights import Model
    from aggregator.stories.signatures import Signature
    from aggregator.stories.ties import Tie

#: An entry is found by so many of its tokens, and looks for others by so many.
POSTED, ASKED = 16, 10
#: Of each rare token the newest entries are looked at, the rarest token first, at most so many of
#: all tokens; and compared are the likest.
NEWEST, LOOKED_AT, LIKEST = 200, 400, 25


@dataclass(frozen=True, slots=True)
class Headline:
    title: str
    at: datetime
    source: int
    story: str


@dataclass(slots=True)
class Kept:
    """An entry of the index, with the story that it joined."""

    signature: Signature
    source: int
    number: int
    story: int


def read_headlines(path: Path) -> list[Headline]:
    sources: dict[str, int] = {}
    with path.open(encoding="utf-8", newline="") as lines:
        return [
            Headline(
                title=row["TITLE"],
                at=datetime.fromtimestamp(int(row["TIMESTAMP"]) / 1000, UTC),
                source=sources.setdefault(row["PUBLISHER"], len(sources)),
                story=row["STORY"],
            )
            for row in csv.DictReader(lines)
            if row["TIMESTAMP"] and row["STORY"]
        ]


class MemoryIndex:
    """What the store does for stories, in memory and without its decay: windows are short here."""

    def __init__(self, language: str | None, model: Model = SHIPPED) -> None:
        self.entries: list[Kept] = []
        self.continued: dict[int, int] = {}
        self.ties: list[Tie] = []
        self.seconds = 0.0
        self._language = language
        self._model = model
        self._counts: Counter[int] = Counter()
        self._posted: defaultdict[int, deque[int]] = defaultdict(lambda: deque(maxlen=NEWEST))
        self._states: dict[int, StoryState] = {}
        self._next: dict[int, int] = {}
        self._tied: defaultdict[int, list[Tie]] = defaultdict(list)

    def add(self, headline: Headline) -> list[Kept]:
        """Let a headline join or open a story; return what it was compared with."""
        began = time.process_time()
        tokens = read(Text(headline.title, "", headline.at, self._language))
        signed = signature(tokens, Frequencies(len(self.entries), self._counts))
        likest = self._likest(signed, headline.source)
        arrival = Newcomer(signed, headline.source, tokens.spellings)
        assigned = assign(arrival, [self._candidate(one) for one in likest], self._model)
        number = len(self.entries)
        story = number if assigned.story is None else assigned.story
        self.entries.append(Kept(signed, headline.source, number, story))
        if assigned.alike:
            parts = {story, *(one.part for one in assigned.alike)}
            known = [tie for part in sorted(parts) for tie in self._tied[part]]
            of = assigned.alike[0].part if assigned.story is None else story
            ties = ties_of(number, of, assigned.alike, known)
            self.ties += ties
            self._tied[story] += ties
        before = self._states.get(story)
        state = before or StoryState(story, assigned.centroid, 0, frozenset())
        self._states[story] = replace(
            state,
            centroid=assigned.centroid,
            members=state.members + 1,
            sources=state.sources | {headline.source},
        )
        if (full := assigned.because.continues) is not None:
            self._next[full] = story
            self.continued[story] = full
        if assigned.attracts:
            for token in rare_tokens(signed, POSTED):
                self._posted[token].append(number)
        self._counts.update(tokens.all)
        self.seconds += time.process_time() - began
        return likest

    def threads(self) -> list[int]:
        """Return for each entry the first of the stories that continue one another."""
        found = []
        for entry in self.entries:
            story = entry.story
            while story in self.continued:
                story = self.continued[story]
            found.append(story)
        return found

    def _likest(self, signed: Signature, source: int) -> list[Kept]:
        sums: Counter[int] = Counter()
        whole, left = {**signed.title, **signed.lead}, LOOKED_AT
        for token in sorted(asked_tokens(signed, ASKED), key=whole.__getitem__, reverse=True):
            weight = whole[token]
            posted = list(islice(reversed(self._posted[token]), left))
            left -= len(posted)
            for number in posted:
                other = self.entries[number]
                if other.source != source and signed.at - other.signature.at <= WINDOW:
                    sums[number] += weight
        best = sorted(sums, key=lambda number: (-sums[number], -number))[:LIKEST]
        return [self.entries[number] for number in best]

    def _candidate(self, kept: Kept) -> Lookalike:
        story = kept.story
        while story in self._next:
            story = self._next[story]
        of = self._states[story]
        return Lookalike(kept.signature, kept.source, of, article=kept.number, part=kept.story)


@dataclass(frozen=True, slots=True)
class BCubed:
    """For the average entry: how many that it is with belong there, how many that belong are."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def b_cubed(told: Sequence[Hashable], true: Sequence[Hashable]) -> BCubed:
    """Return B³ of a clustering (Bagga and Baldwin 1998)."""
    of_told, of_true = Counter(told), Counter(true)
    both = Counter(zip(told, true, strict=True))
    count = len(told) or 1
    return BCubed(
        sum(n * n / of_told[one] for (one, _), n in both.items()) / count,
        sum(n * n / of_true[other] for (_, other), n in both.items()) / count,
    )


def cut(stories: Sequence[int], ties: Iterable[Tie], threshold: float) -> list[Hashable]:
    """Return what a stricter feed makes of stories: what holds together surely enough."""
    within = (tie for tie in ties if stories[tie.one] == stories[tie.other])
    groups = Groups(within, threshold)
    return [groups.of(number) for number in range(len(stories))]


def best_possible(true: Sequence[Hashable], most: int) -> BCubed:
    """Return what stories of at most so many entries come to if every one of them is right."""
    parts: list[Hashable] = []
    seen: Counter[Hashable] = Counter()
    for story in true:
        parts.append((story, seen[story] // most))
        seen[story] += 1
    return b_cubed(parts, true)
