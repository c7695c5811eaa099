"""Ties between the articles of a story, and what holds together by them."""

from __future__ import annotations

from itertools import combinations, pairwise

from hypothesis import given
from hypothesis import strategies as st

from aggregator.stories.ties import (
    THRESHOLDS,
    Alike,
    Groups,
    Placed,
    Tie,
    in_time,
    surest_ways,
    ties_of,
    without,
)

#: Below wide there are none.
SCORES = st.sampled_from((0.4, 0.5, 0.55, 0.6, 0.7, 0.9, 1.0))
#: Of each further article which of those before it are like it, and how much.
ALIKE = st.lists(st.dictionaries(st.integers(0, 7), SCORES, max_size=4), max_size=8)


def together(ties: list[Tie], articles: list[int], least: float) -> set[tuple[int, int]]:
    """Return the pairs of articles that hold together."""
    groups = Groups(ties, least)
    return {pair for pair in combinations(articles, 2) if len(set(map(groups.of, pair))) == 1}


def joined(story: list[dict[int, float]]) -> tuple[list[Tie], list[Tie]]:
    """Return the ties that are kept of articles 0, 1, 2 … as they come, and all that there were."""
    kept: list[Tie] = []
    every: list[Tie] = []
    for article, alike in enumerate(story):
        found = [
            Alike(other, part=0, score=score) for other, score in alike.items() if other < article
        ]
        kept += ties_of(article, 0, found, kept)
        every += [Tie(article, one.article, one.score) for one in found]
    return kept, every


@given(ALIKE)
def test_the_kept_ties_hold_together_what_all_do_and_are_few(story: list[dict[int, float]]) -> None:
    kept, every = joined(story)
    articles = list(range(len(story)))
    for least in THRESHOLDS.values():
        assert together(kept, articles, least) == together(every, articles, least)
    assert len(kept) <= len(THRESHOLDS) * len(story)
    assert set(kept) <= set(every)


@given(ALIKE, st.integers(0, 7))
def test_without_one_the_others_hold_together_as_before(
    story: list[dict[int, float]], gone: int
) -> None:
    kept, _ = joined(story)
    others = [one for one in range(len(story)) if one != gone]
    rest = [one for one in kept if gone not in (one.one, one.other)] + without(kept, gone)
    for least in THRESHOLDS.values():
        assert together(rest, others, least) == together(kept, others, least)


@given(ALIKE, SCORES)
def test_a_way_is_as_sure_as_what_holds_together_by_it(
    story: list[dict[int, float]], least: float
) -> None:
    kept, _ = joined(story)
    groups = Groups(kept, least)
    for start in range(len(story)):
        ways = surest_ways(kept, start)
        sure = {one for one, way in ways.items() if way.score >= least}
        assert sure == {one for one in range(len(story)) if groups.of(one) == groups.of(start)}
        scores = {frozenset((tie.one, tie.other)): tie.score for tie in kept}
        for end, way in ways.items():
            steps = [scores[frozenset(step)] for step in pairwise((start, *way.steps))]
            assert (way.steps or (start,))[-1] == end
            assert way.score == min(steps, default=1.0)


def test_what_is_like_an_earlier_part_is_tied_to_what_opened_the_next() -> None:
    known = [Tie(2, 1, 0.9), Tie(3, 2, 0.8)]  # 3 continues the story of 1 and 2
    assert ties_of(4, 3, [Alike(1, part=1, score=0.95)], known) == [Tie(4, 3, 0.8)]
    assert ties_of(4, 3, [Alike(2, part=1, score=0.6)], known) == [Tie(4, 3, 0.6)]
    assert ties_of(4, 3, [Alike(9, part=1, score=0.9)], known) == [Tie(4, 3, THRESHOLDS["wide"])]


def test_two_groups_that_something_leads_to_keep_a_tie_each() -> None:
    alike = [Alike(1, 1, 0.9), Alike(2, 1, 0.8), Alike(3, 1, 0.75), Alike(4, 1, 0.6)]
    known = [Tie(2, 1, 0.7), Tie(3, 1, 0.5), Tie(4, 3, 0.6)]
    assert ties_of(5, 1, alike, known) == [Tie(5, 1, 0.9), Tie(5, 3, 0.75)]


TIMES = st.lists(st.tuples(st.integers(0, 30), st.booleans()), min_size=8, max_size=8)


@given(ALIKE, TIMES, st.integers(1, 40))
def test_what_comes_later_parts_nothing(
    story: list[dict[int, float]], times: list[tuple[int, bool]], length: int
) -> None:
    kept, _ = joined(story)
    at, placed = 0, []
    for article, (later, is_told) in enumerate(times[: len(story)]):
        at += later
        placed.append(Placed(article, at, is_told))
    before: list[list[int]] = []
    for count in range(len(story) + 1):
        ties = [tie for tie in kept if max(tie.one, tie.other) < count]
        found = in_time(placed[:count], ties, length)
        assert sorted(one for each in found for one in each) == [
            one.article for one in placed[:count] if one.is_told
        ]
        for each in before:
            assert any(set(each) <= set(one) for one in found)
        groups = Groups(ties)
        assert all(len(set(map(groups.of, one))) == 1 for one in found)
        before = found


def test_what_is_far_apart_is_told_again_and_what_follows_with_that() -> None:
    ties = [Tie(2, 1, 0.9), Tie(3, 1, 0.9)]
    placed = [Placed(1, 0), Placed(2, 25), Placed(3, 40)]
    assert in_time(placed, ties, 20) == [[1], [2, 3]]
    assert in_time(placed, ties, 40) == [[1, 2, 3]]


def test_what_is_not_there_leads_to_others() -> None:
    ties = [Tie(9, 1, 0.9), Tie(9, 2, 0.9)]
    assert in_time([Placed(1, 0), Placed(2, 5)], ties, 20) == [[1, 2]]
    placed = [Placed(1, 0), Placed(2, 5), Placed(9, 6, is_told=False), Placed(3, 7)]
    assert in_time(placed, [*ties, Tie(3, 2, 0.9)], 20) == [[1, 2, 3]]
