"""How alike two entries are: features of their signatures, and a score from them.

The score is that of a logistic model, from 0 to 1, with few weights (`likeness_weights`): for
titles with ideographs, and for titles of words, which have less in common when they tell the same.
"""

from __future__ import annotations

import math
from operator import mul
from typing import TYPE_CHECKING, NamedTuple

from aggregator.runtime.values import dataclass
from aggregator.stories.likeness_weights import SHIPPED, Model, Weights
from aggregator.stories.signatures import FULL, Signature

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet

#: What is further apart than this, in microseconds, is as far apart as can be.
WINDOW = 72 * 3600 * 1_000_000
#: Where the titles alone do not decide, the leads are asked too, and count so much.
_GREY = (0.25, 0.75)
_IN_DOUBT = 0.5
#: A title of no more than so many words says nothing without a lead ("Photo", "今日要闻").
_TOO_FEW = 2
#: A short title counts with the lead, so much.
_WHERE_SHORT = 1.0
#: How alike two titles are at most that have other values in a slot (`slots.Against`): of another
#: thing (GPT-9, GPT-8) below "wide", of another place below "story", of another figure (3 %, 4 %)
#: below "strict".
AT_MOST = (0.39, 0.54, 0.69)


class Features(NamedTuple):
    """What two signatures have in common, and what not; each from -1 to 1."""

    jaccard: float
    """The weights of shared tokens by those of all."""
    contained: float
    """The weights of shared tokens by those of the title that has less."""
    ideographs: float
    """The same of single ideographs."""
    names: float
    """The same of names and versions; a small share where all of them are common ones."""
    figures: float
    """Against: -1 where both have versions and share none, minus `contained` where that is so of
    figures (the same words with another figure: another day's price), else 0."""
    amount: float
    """How much is shared at all: the weight of shared tokens by that of four new ones."""
    rarest: float
    """The weight of the rarest shared token."""
    balance: float
    """How many tokens the shorter title has, by how many the longer one has."""
    apart: float
    """How far apart they were published, by the window."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike two entries are (0 to 1), and what that was made of.

    `rule` names what decided before any feature did: "digest", "personal", "too short". `shared`
    are the tokens of both titles, the rarest first. `by_lead` is what the leads added to the log
    odds, where they were asked. `nearest` is how near a story has to be to let it in.
    """

    score: float
    features: Features
    shared: tuple[int, ...] = ()
    rule: str | None = None
    by_lead: float | None = None
    nearest: float = 0.0


_NOTHING = Features(*[0.0] * 9)


def likeness(a: Signature, b: Signature, model: Model = SHIPPED) -> Likeness:
    """Return how alike two entries are. The order of the two does not matter."""
    if a.is_digest or b.is_digest:
        return Likeness(0.0, _NOTHING, rule="digest")
    if a.is_personal and b.is_personal:
        return Likeness(0.0, _NOTHING, rule="personal")
    if min(a.words, b.words) <= _TOO_FEW and not (a.lead and b.lead):
        return Likeness(0.0, _NOTHING, rule="too short")
    shared = a.title.keys() & b.title.keys()
    features = _features(a, b, a.title, b.title, shared)
    weights = model.ideographs if a.chars and b.chars else model.words
    odds = logit(features, weights)
    by_lead = None
    short = a.is_short or b.is_short
    in_doubt = short or _GREY[0] <= probability(odds) <= _GREY[1]
    if in_doubt and a.lead and b.lead and (short or _leads_tell(a, b)):
        part = _WHERE_SHORT if short else _IN_DOUBT
        by_lead = part * (logit(_with_leads(a, b), weights) - odds)
        odds += by_lead
    likely = probability(odds)
    if likely > AT_MOST[0]:  # below it nothing in a slot says more
        likely = min(likely, most_alike(a, b))
    rarest = sorted(shared, key=lambda token: (-min(a.title[token], b.title[token]), token))
    return Likeness(
        likely,
        features,
        tuple(rarest),
        by_lead=by_lead,
        nearest=weights.near,
    )


def score(a: Signature, b: Signature, model: Model = SHIPPED) -> float:
    """Return how alike two entries are, from 0 to 1."""
    return likeness(a, b, model).score


def most_alike(a: Signature, b: Signature) -> float:
    """Return how alike two titles can be at most, by the values that each has in the same slot.

    Where they have one of these in common, or only one of them has any, nothing is against it.
    """
    most = 1.0
    if a.slots and b.slots:
        for slot in {*a.slots.values()} & {*b.slots.values()}:
            if not _in_slot(slot, a) & _in_slot(slot, b):
                most = min(most, AT_MOST[slot & 3])
    return most


def _in_slot(slot: int, of: Signature) -> set[int]:
    return {value for value, its in of.slots.items() if its == slot}


def features_of(a: Signature, b: Signature) -> Features:
    """Return the features of two titles, which the weights were made for."""
    return _features(a, b, a.title, b.title, a.title.keys() & b.title.keys())


def _leads_tell(a: Signature, b: Signature) -> bool:
    """Whether the lead of one has anything of the other: else it cannot make them more alike."""
    lead = a.lead.keys()
    return not (
        lead.isdisjoint(b.lead) and lead.isdisjoint(b.title) and b.lead.keys().isdisjoint(a.title)
    )


def _with_leads(a: Signature, b: Signature) -> Features:
    """Return the features of titles and leads together; of leads no ideographs are kept."""
    whole_a, whole_b = {**a.title, **a.lead}, {**b.title, **b.lead}
    found = _features(a, b, whole_a, whole_b, whole_a.keys() & whole_b.keys())
    return found._replace(ideographs=found.contained) if a.chars and b.chars else found


def _features(
    a: Signature,
    b: Signature,
    of_a: Mapping[int, int],
    of_b: Mapping[int, int],
    shared: AbstractSet[int],
) -> Features:
    lighter, rarest = _shared_weight(of_a, of_b, shared)
    all_a, all_b = sum(of_a.values()), sum(of_b.values())
    contained = lighter / (min(all_a, all_b) or 1)
    of_names = names = of_chars = chars = 0
    if shared_names := a.names & b.names:
        of_names, _ = _shared_weight(of_a, of_b, shared_names)
        names = min(sum(map(of_a.__getitem__, a.names)), sum(map(of_b.__getitem__, b.names)))
    if shared_chars := a.chars.keys() & b.chars.keys():
        of_chars, _ = _shared_weight(a.chars, b.chars, shared_chars)
        chars = min(sum(a.chars.values()), sum(b.chars.values()))
    # By their places: names would cost as much as all that is counted above.
    return Features(
        lighter / (all_a + all_b - lighter or 1),
        contained,
        of_chars / (chars or 1),
        of_names / (names + FULL / 2),
        _figures(a, b, contained),
        min(lighter / (4 * FULL), 1.0),
        rarest / FULL,
        min(len(of_a), len(of_b)) / (max(len(of_a), len(of_b)) or 1),
        min(abs(a.at - b.at) / WINDOW, 1.0),
    )


def _shared_weight(
    of_a: Mapping[int, int], of_b: Mapping[int, int], shared: AbstractSet[int]
) -> tuple[int, int]:
    """Return the weight of what is shared (the lighter of two each), and the greatest of it."""
    # No generator: this is most of what a comparison costs.
    lighter = list(map(min, map(of_a.__getitem__, shared), map(of_b.__getitem__, shared)))
    return sum(lighter), max(lighter, default=0)


def _figures(a: Signature, b: Signature, contained: float) -> float:
    if a.versions and b.versions and not a.versions & b.versions:
        return -1.0
    return -contained if a.numbers and b.numbers and not a.numbers & b.numbers else 0.0


def logit(features: Features, weights: Weights) -> float:
    """Return the logarithm of the odds that features speak for."""
    return weights.bias + math.fsum(map(mul, features, weights.of_features))


def probability(odds: float) -> float:
    """Return the probability of odds, given as their logarithm."""
    return 1 / (1 + math.exp(-max(-40.0, min(40.0, odds))))
