"""Which story a new entry belongs to, by its likeness to entries of other sources.

What whoever keeps the entries does with this room:

    tokens = read(Text(title, lead, at, language))
    of_entry = signature(tokens, frequencies of tokens.all)
    candidates = those that are found by some of asked_tokens(of_entry), the likest 25
    assigned = assign(Newcomer(of_entry, source, tokens.spellings), candidates)
    if assigned.attracts: the entry is found by rare_tokens(of_entry) from now on

Stories are told apart once, at `THRESHOLDS["wide"]`; what an entry is like stays with it (`ties`),
and a feed that is stricter tells apart what holds together by less.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import field
from typing import TYPE_CHECKING

from aggregator.runtime.values import dataclass
from aggregator.stories.centroids import centroid_of
from aggregator.stories.likeness import likeness, most_alike
from aggregator.stories.likeness_weights import SHIPPED
from aggregator.stories.ties import THRESHOLDS, Alike
from aggregator.stories.tokens import as_said

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from aggregator.stories.centroids import Centroid
    from aggregator.stories.likeness import Features, Likeness
    from aggregator.stories.likeness_weights import Model
    from aggregator.stories.signatures import Signature

#: What is as good as the same as one entry of a story need not be near the story as a whole.
SAME = 0.97
#: A story takes so many entries. What else is told of it opens a story that continues it.
MOST_MEMBERS = 40
#: What a source tells again so much later, in microseconds, is told of another time, and is found
#: like any other; what it tells again sooner is the same affair going on.
AGAIN = 12 * 3600 * 1_000_000
#: So many tokens are named as the reason.
_TOLD = 3


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A new entry: its signature, its source, and how its tokens are written (for the reason)."""

    signature: Signature
    source: int
    spellings: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StoryState:
    """What is known of a story that an entry might join.

    `sources` are those of its entries. `is_open`: not one that the operator has locked, or parted
    from this entry by hand.
    """

    story: int
    centroid: Centroid
    members: int
    sources: frozenset[int]
    is_open: bool = True


@dataclass(frozen=True, slots=True)
class Lookalike:
    """An entry that may tell the same: its article, and the story that it is in.

    Of a story that others continue, `of` is the last of these, `part` the one that it is in itself.
    """

    signature: Signature
    source: int
    of: StoryState
    article: int
    part: int


@dataclass(frozen=True, slots=True)
class Because:
    """Why an entry joined a story or opened one, as values.

    `kind` is "joined", or why not: "digest", "nothing alike" (of another source), "too little
    alike" (the likest is below wide), "far from the story" (as a whole), "own source" (the story
    has an entry of this source already), "full" (`continues` is the story that takes no more).
    `features` and `shared` (the rarest tokens of both titles, as the entry writes them) are of the
    likest entry, `near` is how near the story is as a whole (a cosine).
    """

    kind: str
    shared: tuple[str, ...] = ()
    features: Features | None = None
    near: float | None = None
    continues: int | None = None


@dataclass(frozen=True, slots=True)
class Joined:
    """The story that an entry joins, or `None` where it opens one.

    `score` is the likeness of the likest entry, `alike` are all entries of the story that it is
    like, the likest first; of a story that takes no more (`because.continues`) the likest alone.

    `centroid` is to be kept of that story from now on. `attracts`: others may be compared with this
    entry. A digest is not to be found, nor what a source told again, by the same figures, within
    `AGAIN`.
    """

    story: int | None
    score: float
    because: Because
    centroid: Centroid
    attracts: bool = True
    alike: tuple[Alike, ...] = ()


def assign(entry: Newcomer, candidates: Iterable[Lookalike], model: Model = SHIPPED) -> Joined:
    """Return the story that a new entry belongs to. The order of the candidates does not matter.

    Entries of one source are never one story by their likeness: a story has one of each at most.
    What is refused for that may be of the next story, where it is as alike as `story` asks for:
    what recurs ("Markets close higher") is a story each time.
    """
    one = entry.signature
    alone = centroid_of(one)
    if one.is_digest:
        return Joined(None, 0.0, Because("digest"), alone, attracts=False)
    found = [
        (likeness(one, other.signature, model), other)
        for other in candidates
        if other.source != entry.source and other.of.is_open
    ]
    likest: dict[int, tuple[Likeness, Lookalike]] = {}
    every: dict[int, list[Alike]] = defaultdict(list)
    newest: dict[int, int] = {}
    for alike, other in sorted(found, key=_rank):
        story = other.of.story
        likest.setdefault(story, (alike, other))
        newest[story] = max(newest.get(story, other.signature.at), other.signature.at)
        if alike.score >= THRESHOLDS["wide"]:
            every[story].append(Alike(other.article, other.part, alike.score))
    refused = Joined(None, 0.0, Because("nothing alike"), alone)
    for alike, other in likest.values():
        of = other.of
        if refused.because.kind == "own source" and alike.score < THRESHOLDS["story"]:
            break
        near = of.centroid.cosine(one)
        kind = _verdict(alike, near, of, entry.source)
        because = Because(
            kind=kind,
            shared=tuple(as_said(entry.spellings[t]) for t in alike.shared if t in entry.spellings)[
                :_TOLD
            ],
            features=alike.features,
            near=near,
            continues=of.story if kind == "full" else None,
        )
        match kind:
            case "joined":
                # What merely belongs to the affair does not change what the story is about.
                is_sure = alike.score >= THRESHOLDS["story"]
                centroid = of.centroid.with_member(one) if is_sure else of.centroid
                alike_all = tuple(every[of.story])
                return Joined(of.story, alike.score, because, centroid, alike=alike_all)
            case "full":
                centroid = of.centroid.with_member(one)
                likest_one = tuple(every[of.story][:1])
                return Joined(None, alike.score, because, centroid, alike=likest_one)
        if refused.because.kind == "nothing alike":
            again = (
                kind == "own source"
                and one.at - newest[of.story] < AGAIN
                and most_alike(one, other.signature) == 1
            )
            refused = Joined(None, alike.score, because, alone, attracts=not again)
        if kind == "too little alike":  # and so are all that follow
            break
    return refused


def _rank(found: tuple[Likeness, Lookalike]) -> tuple[float, int, int, int]:
    alike, other = found
    return -alike.score, -other.signature.at, other.of.story, other.source


def _verdict(alike: Likeness, near: float, of: StoryState, source: int) -> str:
    if alike.score < THRESHOLDS["wide"]:
        return "too little alike"
    if near < alike.nearest and alike.score < SAME:
        return "far from the story"
    if source in of.sources:
        return "own source"
    return "full" if of.members >= MOST_MEMBERS else "joined"
