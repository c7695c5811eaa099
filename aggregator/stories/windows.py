"""What a feed shows: the entries that it admits, one for each story, what its window drops and why.

A feed shows what lies above its floor. The floor rises when the window drops a story, and never
falls: nothing that was dropped enters again, whatever is configured, removed or added later. What
a source gave up so that others keep theirs (`shares.give_up`) lies below its own floor in the feed.
Order keys and floors are microseconds since the epoch.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from itertools import groupby
from math import inf
from typing import TYPE_CHECKING

from aggregator.model import PlacementReason as Reason
from aggregator.model.instants import MICROSECOND
from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from aggregator.model import Feed

#: After a feed's creation, sources that are first polled within this time bring all they have:
#: the feed has no readers yet. Later ones bring at most their `backfill`.
FILLING_US = 3_600_000_000

#: What an entry's markup, its dates, its id and its source take in a document, whatever it says.
MARKUP_BYTES = 1024
#: The beginning of a text, 500 characters (`publish.items`), in UTF-8.
EXCERPT_BYTES = 2000


@dataclass(frozen=True, slots=True)
class Membership:
    """A time in which a feed selects a source, by order keys; `until` is `None` for today's.

    What the source has given up in the feed lies at or below `floor`.
    """

    after: int
    until: int | None
    floor: int = 0

    def covers(self, order_key: int) -> bool:
        """Tell whether an entry with this key came in that time."""
        return self.after < order_key and (self.until is None or order_key <= self.until)


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry, as far as it matters to whether a certain feed shows it.

    `blocked` is the rule of its source, `excluded` the reason of the feed that leaves it out.
    `memberships` are those of its source in the feed. `place` is where the feed's archive has it
    (month such as 202611, number), `None` where the feed never showed it. `original_id` is the
    story of the article's own source where this is a copy of it. `departed`: the feed has shown its
    story, or that one, by entries that have been forgotten since.

    Only a feed that takes together what tells the same asks for the rest: the story that the
    article was joined to, the name of the entry's source, when it was first seen, how long its
    text is; `was_named`: the feed has named its story below another entry;
    `is_forgotten`: this stands for a story of which no entry is kept.
    """

    entry_id: int
    story_id: int
    source_id: int
    order_key: int
    held_back: bool
    blocked: str | None
    excluded: str | None
    memberships: tuple[Membership, ...]
    place: tuple[int, int] | None
    original_id: int | None = None
    departed: bool = False
    joined_id: int | None = None
    source: str = ""
    seen_us: int = 0
    text_bytes: int = 0
    was_named: bool = False
    is_forgotten: bool = False

    @property
    def article_id(self) -> int:
        """The original story: its own where it is no copy."""
        return self.story_id if self.original_id is None else self.original_id

    @property
    def gave_way(self) -> bool:
        """Whether its source has given up what came as early as this."""
        return any(self.order_key <= one.floor for one in self.memberships)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a feed shows an entry or does not, with the detail that a `Placement` has."""

    reason: Reason
    detail: str = ""


def refusal(candidate: Candidate) -> Verdict | None:
    """Return why the feed does not admit an entry, `None` where it does; its floor apart."""
    if is_away(candidate):
        return Verdict(Reason.NOT_SELECTED)
    if candidate.held_back:
        return Verdict(Reason.HELD_BACK)
    if candidate.blocked is not None:
        return Verdict(Reason.BLOCKED, candidate.blocked)
    if candidate.excluded is not None:
        return Verdict(Reason.EXCLUDED, candidate.excluded)
    if not any(one.covers(candidate.order_key) for one in candidate.memberships):
        return Verdict(Reason.NOT_BROUGHT_ALONG)
    return None


def is_away(candidate: Candidate) -> bool:
    """Tell whether the feed does not select the source of an entry today."""
    return all(one.until is not None for one in candidate.memberships)


def first_of(copies: Iterable[Candidate]) -> Candidate | None:
    """Return the entry by which the feed tells a story, of all entries of the story.

    Another source's copy that comes later neither moves a story nor brings it back. First is what
    the feed showed first, else what came first (ids grow), not the smallest order key: a source
    that is added, or that joins the feed, brings copies with keys of the past.
    """
    admitted = (one for one in copies if refusal(one) is None)
    return min(admitted, key=lambda one: (one.place or (inf, inf), one.entry_id), default=None)


def leads_of(copies: Iterable[Candidate]) -> list[Candidate]:
    """Return the entries by which the feed tells an article, of all entries of the article.

    It is told by its own source. What other sources tell under ids of their own stays where the
    feed showed it before the original; else it is shown only where the feed has never had that.
    """
    copies = list(copies)
    if len(copies) == 1:  # as most are
        return [one for one in copies if refusal(one) is None]
    stories = defaultdict(list)
    for one in copies:
        stories[one.story_id].append(one)
    found = {story_id: first_of(entries) for story_id, entries in stories.items()}
    leads = [one for one in found.values() if one is not None]
    originals = [one for one in leads if one.original_id is None]
    foreign = sorted(
        (one for one in leads if one.original_id is not None), key=lambda one: one.entry_id
    )
    places = (one.place for own in stories.values() for one in own if one.original_id is None)
    since = min((place for place in places if place is not None), default=None)
    stay = [one for one in foreign if _is_before(one.place, since)]
    if originals or since is not None:
        return originals + stay
    return stay or foreign[:1]


def one_of_each(candidates: Iterable[Candidate]) -> tuple[int, ...]:
    """Return an entry of each article that some entries tell."""
    found: dict[int, int] = {}
    for one in candidates:
        found.setdefault(one.article_id, one.entry_id)
    return tuple(found.values())


def has_left(story: Iterable[Candidate], floor: int) -> bool:
    """Tell whether a feed has shown a story, and what showed it has left: the floor is the story's.

    `story` are all its entries that are kept. None of them comes in place of one that has left,
    also where that one's source is removed, a rule blocks it, or it was forgotten.
    """
    story = list(story)
    shown = [one for one in story if one.place is not None]
    if not shown:
        return any(one.departed for one in story)
    return not any(is_above(one, floor) for one in shown)


def left_of(copies: Iterable[Candidate], floor: int) -> frozenset[int]:
    """Return the stories that a feed has shown and that have left it, of those of some entries."""
    stories = defaultdict(list)
    for one in copies:
        stories[one.story_id].append(one)
    return frozenset(story for story, entries in stories.items() if has_left(entries, floor))


def _is_before(place: tuple[int, int] | None, other: tuple[int, int] | None) -> bool:
    return place is not None and (other is None or place < other)


def standing(candidates: Iterable[Candidate], *, floor: int, once: bool) -> list[Candidate]:
    """Return what of some articles a feed shows, oldest first.

    `candidates` holds all entries of each of the articles; `once` shows an article by one of them,
    or by its original and what was shown before that, and none in place of what has left.
    """
    ordered = sorted(candidates, key=lambda one: one.article_id)
    if once:
        articles = groupby(ordered, lambda one: one.article_id)
        left = left_of(ordered, floor)
        chosen = [one for _, copies in articles for one in leads_of(copies)]
        chosen = [one for one in chosen if one.story_id not in left]
    else:
        chosen = [one for one in ordered if refusal(one) is None]
    above = (one for one in chosen if is_above(one, floor))
    return sorted(above, key=lambda one: one.order_key)


def verdict(entry_id: int, copies: Iterable[Candidate], *, floor: int, once: bool) -> Verdict:
    """Return why a feed shows an entry or does not; `copies` are all entries of its article."""
    copies = list(copies)
    (own,) = (one for one in copies if one.entry_id == entry_id)
    refused = refusal(own)
    if refused is not None:
        return refused
    if not is_above(own, floor):
        for_others = own.order_key > floor
        if own.place is None:
            return Verdict(Reason.NO_ROOM if for_others else Reason.TOO_OLD)
        month = f"{own.place[0] // 100}-{own.place[0] % 100:02}"
        return Verdict(Reason.GAVE_WAY if for_others else Reason.HAS_LEFT, month)
    if once and has_left((one for one in copies if one.story_id == own.story_id), floor):
        return Verdict(Reason.COPY_HAS_LEFT)
    leads = leads_of(copies) if once else [own]
    if own in leads:
        return Verdict(Reason.IN_WINDOW)
    first = next((one for one in leads if one.story_id == own.story_id), None)
    if first is None:
        is_there = any(is_above(one, floor) for one in leads)
        return Verdict(Reason.ORIGINAL_IN_WINDOW if is_there else Reason.ORIGINAL_HAS_LEFT)
    if is_above(first, floor):
        return Verdict(Reason.COPY_IN_WINDOW)
    return Verdict(Reason.COPY_HAS_LEFT)


def is_above(candidate: Candidate, floor: int) -> bool:
    """Tell whether an entry is in the feed's window, as far as that has moved."""
    return candidate.order_key > floor and not candidate.gave_way


def decides_alike(before: Feed, feed: Feed, renamed: Mapping[str, str]) -> bool:
    """Tell whether two configurations of a feed show the same entries, at the same length.

    Which sources those are of is apart, and what the window drops. `renamed` are the new names of
    sources by those that they had before: what is told under another name is the same.
    """
    names = before.sources
    if names is not None:
        names = tuple(renamed.get(name, name) for name in names)
    return _deciding(replace(before, sources=names)) == _deciding(feed)


def _deciding(feed: Feed) -> tuple[object, ...]:
    return (
        feed.content,
        feed.entry_size,
        feed.dedupe,
        feed.dedupe_strictness,
        feed.dedupe_window,
        feed.prefer,
        feed.hold,
        feed.sources,
        feed.tags,
        feed.exclude_tags,
        feed.rules.keep,
        feed.rules.block,
    )


def cuts_alike(before: Feed, feed: Feed) -> bool:
    """Tell whether the windows of two configurations of a feed drop the same."""
    return _cutting(before) == _cutting(feed)


def _cutting(feed: Feed) -> tuple[object, ...]:
    return feed.window, feed.limit, feed.min_entries, feed.document_size, feed.per_source


@dataclass(frozen=True, slots=True)
class Cut:
    """What a window drops.

    `dropped` is how many entries, `floor` the largest key among them, `kept_bytes` the weight of
    the rest. The next one is to be dropped after `drops_at` unless others come before, `None` for
    never. `is_full`: the feed's limit is reached before the window's end; `is_too_large`: something
    is dropped because the document would be. `is_unfinished`: more is to be dropped at once, and
    whether it is full cannot be told yet.
    """

    dropped: int
    floor: int | None
    kept_bytes: int
    drops_at: int | None
    is_full: bool
    is_too_large: bool
    is_unfinished: bool = False


def weight(feed: Feed, *, content_bytes: int, other_bytes: int) -> int:
    """Return how many bytes of the feed's document an entry takes, in any format, near enough.

    Of its stored text, so that nobody has to render it: `content_bytes` is its HTML,
    `other_bytes` all else.
    """
    match feed.content:
        case "link":
            content_bytes = 0
        case "summary":
            content_bytes = min(content_bytes, EXCERPT_BYTES)
        case _:
            content_bytes = min(content_bytes, feed.entry_size)
    return content_bytes + other_bytes + MARKUP_BYTES


def cut(
    feed: Feed,
    oldest_first: Iterable[tuple[int, int]],
    now: int,
    *,
    count: int,
    all_bytes: int,
    most: int | None = None,
) -> Cut:
    """Return what the feed's window drops at `now`, of `count` entries that weigh `all_bytes`.

    `oldest_first` are their order keys and weights, read no further than what is dropped, and one.
    A document that would be too large loses its oldest entries, all but the newest. At most `most`
    are dropped at once: then there is more to drop at any moment.
    """
    length = feed.window // MICROSECOND
    kept = in_window = count
    floor = drops_at = None
    is_too_large = is_unfinished = is_kept_by_least = False
    for key, weighs in oldest_first:
        may_age = kept > feed.min_entries
        has_aged = may_age and key < now - length
        makes_room = not has_aged and kept > 1 and all_bytes > feed.document_size
        if not (has_aged or makes_room) and kept <= feed.limit:
            drops_at = key + length if may_age else None
            is_kept_by_least = key < now - length and feed.min_entries <= feed.limit
            break
        if count - kept == most:
            is_unfinished, drops_at = True, 0
            break
        in_window -= has_aged
        is_too_large |= makes_room
        kept -= 1
        all_bytes -= weighs
        floor = key
    return Cut(
        dropped=count - kept,
        floor=floor,
        kept_bytes=all_bytes,
        drops_at=drops_at,
        is_full=in_window >= feed.limit and not is_kept_by_least,
        is_too_large=is_too_large,
        is_unfinished=is_unfinished,
    )


def is_whole(feed: Feed, floor: int, now: int) -> bool:
    """Tell whether the window holds all that came within its length: nothing had to leave early."""
    return floor < now - feed.window // MICROSECOND


def joins_after(*, ended: int, floor: int, backfill_cut: int, is_filling: bool) -> int:
    """Return after which order key a feed takes what a source had before it joined.

    A feed that has readers already (not `is_filling`) takes what came in earlier memberships, the
    last of which `ended`, and the newest `backfill` of the others: those above `backfill_cut`.
    """
    # What lies below the floor cannot be shown; it must not represent a story that is, either.
    return ended if is_filling else max(ended, floor, backfill_cut)


def is_filling(*, created_at: int, now: int) -> bool:
    """Tell whether a feed is so new that it has no readers yet."""
    return now <= created_at + FILLING_US
