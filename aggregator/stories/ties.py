"""Ties: which articles of a story were found alike, and which of them hold together how surely.

A story is one at `wide`. A stricter feed tells apart what holds together less surely than it asks
for: it takes together what ties of its threshold lead to, one after another, and whatever lies
between, shown in this feed or not.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import field
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

#: What a score is to reach, by a feed's `dedupe_strictness`.
THRESHOLDS: Mapping[str, float] = {"wide": 0.40, "story": 0.55, "strict": 0.70}


@dataclass(frozen=True, slots=True)
class Tie:
    """Two articles, by the ids of their stories, and how alike they were found: 0 to 1."""

    one: int
    other: int
    score: float


@dataclass(frozen=True, slots=True)
class Alike:
    """An article that an entry is like, how much, and the story that it is in (`part`)."""

    article: int
    part: int
    score: float


@dataclass(frozen=True, slots=True)
class Way:
    """How one article leads to another: as surely as its weakest step, by which others."""

    score: float
    steps: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Placed:
    """An article in the order of time: when it began, and whether the feed tells it at all."""

    article: int
    at_us: int
    is_told: bool = True


@dataclass(slots=True)
class _Telling:
    began_us: int
    articles: list[int] = field(default_factory=list)


class Groups:
    """What holds together, article by article."""

    def __init__(self, ties: Iterable[Tie] = (), threshold: float = 0.0) -> None:
        self._next: dict[int, int] = {}
        for tie in ties:
            if tie.score >= threshold:
                self.join(tie.one, tie.other)

    def of(self, article: int) -> int:
        """Return an article that stands for all that hold together with one."""
        while (further := self._next.get(article, article)) != article:
            self._next[article] = self._next.get(further, further)
            article = further
        return article

    def join(self, one: int, other: int) -> None:
        """Let all that hold together with one of two articles hold together with the other."""
        first, second = sorted((self.of(one), self.of(other)))
        self._next[second] = first


def ties_of(newcomer: int, story: int, alike: Iterable[Alike], known: Iterable[Tie]) -> list[Tie]:
    """Return the ties of an article that joins a story to be kept beside those that are `known`.

    So few that at each of `THRESHOLDS` the same holds together as by all: the likest, and of each
    further group that holds together already at a threshold the likest that reaches it. (That is
    Kruskal's way to the largest spanning forest, for three levels instead of all.)

    What is like an article of an earlier part of a story that was full is tied to the article that
    opened this part, as surely as that leads there.
    """
    known = tuple(known)
    ways: dict[int, Way] | None = None
    found: dict[int, float] = {}
    for one in alike:
        other, score = one.article, one.score
        if one.part != story:
            ways = surest_ways(known, story) if ways is None else ways
            way = ways.get(other)
            least = min(THRESHOLDS.values())
            other, score = story, min(score, least if way is None else way.score)
        found[other] = max(found.get(other, 0.0), score)
    groups = {least: Groups(known, least) for least in THRESHOLDS.values()}
    kept = []
    for other, score in sorted(found.items(), key=lambda one: (-one[1], one[0])):
        reached = [group for least, group in groups.items() if score >= least]
        if all(group.of(newcomer) == group.of(other) for group in reached):
            continue
        kept.append(Tie(newcomer, other, score))
        for group in reached:
            group.join(newcomer, other)
    return kept


def surest_ways(ties: Iterable[Tie], start: int) -> dict[int, Way]:
    """Return the surest way from an article to each one that ties lead to, to itself without steps.

    Of ways that are as sure the shortest.
    """
    beside: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for tie in ties:
        beside[tie.one].append((tie.other, tie.score))
        beside[tie.other].append((tie.one, tie.score))
    found: dict[int, Way] = {}
    # The weakest step, negated; how many there are; these.
    ahead: list[tuple[float, int, tuple[int, ...]]] = [(-1.0, 0, (start,))]
    while ahead:
        weakest, count, steps = heappop(ahead)
        if (here := steps[-1]) in found:
            continue
        found[here] = Way(-weakest, steps[1:])
        for further, score in beside[here]:
            if further not in found:
                heappush(ahead, (max(weakest, -score), count + 1, (*steps, further)))
    return found


def without(ties: Iterable[Tie], article: int) -> list[Tie]:
    """Return the ties that let others hold together as before where an article is taken out.

    All that it led to are tied to the likest of them.
    """
    beside = sorted(
        (
            (tie.score, tie.one if tie.other == article else tie.other)
            for tie in ties
            if article in (tie.one, tie.other)
        ),
        key=lambda one: (-one[0], one[1]),
    )
    return [Tie(beside[0][1], other, score) for score, other in beside[1:]]


def in_time(placed: Sequence[Placed], ties: Sequence[Tie], length_us: int) -> list[list[int]]:
    """Return which articles are told together: those that hold together, and are close in time.

    `placed` are in the order of time, `ties` those that are sure enough. Each article is told with
    what it leads to of those before it, where that began no longer ago; else it begins a telling,
    which takes what comes then. Where it leads to two that are told, both go on as one. So what
    comes later parts nothing that is told together.

    What the feed does not tell (or is not among `placed` at all) is in none, but leads to others.
    """
    beside: dict[int, list[int]] = defaultdict(list)
    for tie in ties:
        beside[tie.one].append(tie.other)
        beside[tie.other].append(tie.one)
    absent = beside.keys() - {one.article for one in placed}
    groups, looked_at = Groups(), set[int]()
    last: dict[int, _Telling] = {}  # by what stands for the group
    every: list[_Telling] = []
    for one in (*(Placed(article, 0, is_told=False) for article in sorted(absent)), *placed):
        before = [other for other in beside[one.article] if other in looked_at]
        found = {id(it): it for other in before if (it := last.get(groups.of(other))) is not None}
        tellings = sorted(found.values(), key=lambda it: it.began_us)
        going_on = [it for it in tellings if one.at_us <= it.began_us + length_us]
        if going_on:
            telling: _Telling | None = going_on[0]
            for further in going_on[1:]:
                going_on[0].articles += further.articles
                going_on[0].began_us = further.began_us
                further.articles = []
        elif one.is_told:
            telling = _Telling(one.at_us)
            every.append(telling)
        else:
            telling = tellings[-1] if tellings else None
        if telling is not None and one.is_told:
            telling.articles.append(one.article)
        looked_at.add(one.article)
        for other in before:
            groups.join(one.article, other)
        if telling is not None:
            last[groups.of(one.article)] = telling
    return [telling.articles for telling in every if telling.articles]
