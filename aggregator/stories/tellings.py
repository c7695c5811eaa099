"""Which entries of a feed tell one story, which of them leads, and which are named below it.

A feed with `dedupe = "story"` shows one entry of all those that report the same: articles of one
story (`same_story`) that hold together as surely as the feed wants (`ties`). What it has shown
stays, whatever is joined later; what comes later does not replace it. Whatever it admits and does
not show is named below something that it shows, or was while that was there, or waits for the end
of the feed's `hold`.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from math import inf
from typing import TYPE_CHECKING

from aggregator.model import Preference
from aggregator.model.instants import MICROSECOND
from aggregator.runtime.values import dataclass
from aggregator.stories.ties import THRESHOLDS, Groups, Placed, Tie, in_time
from aggregator.stories.windows import is_above, is_away, leads_of, left_of, refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from aggregator.model import Feed
    from aggregator.stories.windows import Candidate

#: So many members are named below an entry at most.
MOST_NAMED = 40
#: What is to be compared waits so long at most: where a crash comes between, it is shown then.
LONGEST_WAIT = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class ToldTogether:
    """Entries of which a feed shows one, or what it showed before they were known to be alike.

    `shown` are those in its window, `shown_before` what has left it, or is not admitted any more,
    `members` the others that it admits: each by their order keys. Where it shows none, it has told
    the story before (`was_told`), or waits until `held_until_us`, or all are too old.
    """

    shown: tuple[Candidate, ...]
    shown_before: tuple[Candidate, ...]
    members: tuple[Candidate, ...]
    was_told: bool = False
    held_until_us: int | None = None

    def below(self) -> dict[int, tuple[Candidate, ...]]:
        """Return the members that are named below each entry that is or was shown, by its id.

        Copies of an article are named below that, all else below what the feed showed first.
        Nobody sees below both what is in the window and what has left it.
        """
        found: dict[int, tuple[Candidate, ...]] = {}
        for leads in (self.shown, self.shown_before):
            told = {one.article_id for one in leads}
            first = min(leads, key=_by_place, default=None)
            for lead in leads:
                found[lead.entry_id] = tuple(
                    one
                    for one in self.members
                    if one.article_id == lead.article_id
                    or (lead is first and one.article_id not in told)
                )
        return found


@dataclass(frozen=True, slots=True)
class _Article:
    """An article: by what the feed tells it, when it came, whether it was told or named before."""

    candidates: tuple[Candidate, ...]
    leads: tuple[Candidate, ...]
    began_us: int
    was_told: bool
    was_named: bool


def sure_ties(feed: Feed, joined: Mapping[int, int | None], ties: Iterable[Tie]) -> list[Tie]:
    """Return the ties by which a feed takes articles together, if it does so by likeness.

    `joined` is what each is joined to. All of a story are one at `wide`, whatever it has lost
    between them.
    """
    least = THRESHOLDS[feed.dedupe_strictness]
    if least > THRESHOLDS["wide"]:
        return [tie for tie in ties if tie.score >= least]
    return [Tie(article, root, 1.0) for article, root in joined.items() if root is not None]


def groups_of(feed: Feed, candidates: Iterable[Candidate], ties: Iterable[Tie]) -> Groups:
    """Return which articles of some entries a feed holds to tell the same, whenever that was."""
    joined = {one.article_id: one.joined_id for one in candidates}
    return Groups(sure_ties(feed, joined, ties) if feed.dedupe == "story" else ())


def named_away(candidates: Iterable[Candidate]) -> Iterator[Candidate]:
    """Yield what would be named below others if its source had not left the feed."""
    return (one for one in candidates if one.was_named and one.place is None and is_away(one))


def tellings(
    candidates: Sequence[Candidate],
    feed: Feed,
    ties: Iterable[Tie],
    *,
    floor: int,
    now_us: int,
    waiting: AbstractSet[int] = frozenset(),
) -> list[ToldTogether]:
    """Return how a feed tells the stories of some entries, which have these `ties`.

    The stories `waiting` are about to be compared with others: until then nothing of them is shown,
    though not for longer than `LONGEST_WAIT`.

    `candidates` holds all entries of each of the articles, and of all that are joined to one with
    them; a story of which no entry is kept is there by one that nobody admits, with `departed`.
    """
    joined = {one.article_id: one.joined_id for one in candidates}
    sure = sure_ties(feed, joined, ties) if feed.dedupe == "story" else []
    groups = Groups(sure)
    together: dict[int, list[Candidate]] = defaultdict(list)
    for one in candidates:
        together[groups.of(one.article_id)].append(one)
    tied: dict[int, list[Tie]] = defaultdict(list)
    for tie in sure:
        tied[groups.of(tie.one)].append(tie)
    return [
        _telling(articles, feed, was_told=was_told, floor=floor, now_us=now_us, waiting=waiting)
        for group, reports in sorted(together.items())
        for articles, was_told in _in_time(_articles(reports, floor), feed, tied[group])
    ]


def _articles(reports: Sequence[Candidate], floor: int) -> list[_Article]:
    of_article: dict[int, list[Candidate]] = defaultdict(list)
    for one in reports:
        of_article[one.article_id].append(one)
    found = []
    for copies in of_article.values():
        left = left_of(copies, floor)
        leads = tuple(one for one in leads_of(copies) if one.story_id not in left)
        found.append(
            _Article(
                candidates=tuple(copies),
                leads=leads,
                began_us=min(one.seen_us for one in copies),
                was_told=bool(left) or any(one.place is not None for one in leads),
                was_named=any(one.was_named for one in copies),
            )
        )
    return found


def _in_time(
    articles: Sequence[_Article], feed: Feed, ties: Sequence[Tie]
) -> Iterator[tuple[Sequence[_Article], bool]]:
    """Yield what of some articles is told together, and whether it has been told.

    What comes later parts nothing of what was taken together before.
    """
    if any(one.is_forgotten for article in articles for one in article.candidates):
        yield articles, True  # when it was told is forgotten, too
        return
    by_id = {one.candidates[0].article_id: one for one in articles}
    placed = [
        Placed(article_id, one.began_us, is_told=bool(one.leads) or one.was_told)
        for article_id, one in sorted(by_id.items(), key=lambda pair: (pair[1].began_us, pair[0]))
    ]
    for told in in_time(placed, ties, feed.dedupe_window // MICROSECOND):
        some = [by_id[article_id] for article_id in told]
        yield some, any(one.was_told for one in some)


def _telling(
    articles: Sequence[_Article],
    feed: Feed,
    *,
    was_told: bool,
    floor: int,
    now_us: int,
    waiting: AbstractSet[int],
) -> ToldTogether:
    held_until_us = None
    # With its copy that was shown an original is, too: nobody stands for another's article.
    shown = [one for each in articles if each.was_told for one in _above(each, floor)]
    if not shown:
        # What came after all that told it had left begins another telling: nobody has named it.
        leads = [
            one
            for each in articles
            if not (was_told and each.was_named)
            for one in _above(each, floor)
        ]
        held_until_us = _held_until(leads, feed, now_us)
        if any(one.story_id in waiting for one in leads):
            held_until_us = max(held_until_us or 0, now_us + LONGEST_WAIT // MICROSECOND)
        shown = [_leader(leads, feed)] if leads and held_until_us is None else []
    ids = {one.entry_id for one in shown}
    others = [one for article in articles for one in article.candidates if one.entry_id not in ids]
    members = (one for one in others if one.place is None and refusal(one) is None)
    return ToldTogether(
        shown=tuple(sorted(shown, key=_by_order)),
        shown_before=tuple(sorted((one for one in others if one.place is not None), key=_by_order)),
        members=tuple(sorted(members, key=_by_order)),
        was_told=was_told,
        held_until_us=held_until_us,
    )


def _above(article: _Article, floor: int) -> list[Candidate]:
    return [one for one in article.leads if is_above(one, floor)]


def _held_until(leads: Sequence[Candidate], feed: Feed, now_us: int) -> int | None:
    """Return until when the feed waits for one that it prefers; `None` where it does not."""
    wanted = feed.prefer
    if feed.dedupe != "story" or not leads or wanted == Preference():
        return None
    if wanted.sources and any(one.source == wanted.sources[0] for one in leads):
        return None
    until_us = min(one.seen_us for one in leads) + feed.hold // MICROSECOND
    return until_us if now_us < until_us else None


def _leader(leads: Sequence[Candidate], feed: Feed) -> Candidate:
    ranks = {name: rank for rank, name in enumerate(feed.prefer.sources)}
    longest = feed.prefer.longest

    def rank(one: Candidate) -> tuple[float, int, int]:
        return ranks.get(one.source, inf), -one.text_bytes if longest else 0, one.entry_id

    return min(leads, key=rank)


def _by_order(one: Candidate) -> int:
    return one.order_key


def _by_place(one: Candidate) -> tuple[tuple[float, float], int]:
    return one.place or (inf, inf), one.entry_id
