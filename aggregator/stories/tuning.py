"""Weights of an operator's own: fitted to the pairs that were merged and parted by hand.

What is shipped is where the fit begins, and what few labels do not speak against stays.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeVar

from aggregator.runtime.values import dataclass
from aggregator.stories.likeness import features_of, likeness
from aggregator.stories.likeness_weights import SHIPPED, Model, Weights
from aggregator.stories.logistic import fitted
from aggregator.stories.ties import THRESHOLDS

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping, Sequence

    from aggregator.stories.likeness import Features
    from aggregator.stories.signatures import Signature

_Paired = TypeVar("_Paired", bound="Hashable")

#: Weights are pulled so strongly to what is shipped: a few dozen labels move them.
_PULL = 2.0
#: So many parts of the pairs are judged by weights that were fitted to the others.
FOLDS = 5
#: Of a kind of titles so many labels of each sort are needed to fit anything.
FEWEST = 5


@dataclass(frozen=True, slots=True)
class LabelledPair:
    """Two entries, by their ids and signatures, and whether they tell the same story."""

    ids: tuple[int, int]
    a: Signature
    b: Signature
    same: bool


@dataclass(frozen=True, slots=True)
class Judgement:
    """Of the pairs that were told as one, those that are; of those that are, those so told.

    `None` where there is none to count among.
    """

    precision: float | None
    recall: float | None


@dataclass(frozen=True, slots=True)
class Labels:
    """How many pairs of one kind of titles are one story, and how many are two."""

    same: int
    other: int

    @property
    def are_enough(self) -> bool:
        """Whether weights can be fitted to them."""
        return min(self.same, self.other) >= FEWEST


@dataclass(frozen=True, slots=True)
class Tuning:
    """What comes of a fit: the weights, and by strictness how pairs are judged.

    `before` with what was given; `after` each pair with weights that were fitted without it, and
    without any pair that shares an entry with it. `ideographs` counts the pairs of titles that both
    have Chinese or Japanese characters, `words` the others: each kind has weights of its own.
    `is_fitted` is false where there is too little of either: nothing changes then.
    """

    model: Model
    before: Mapping[str, Judgement]
    after: Mapping[str, Judgement]
    ideographs: Labels
    words: Labels
    is_fitted: bool


def tune(labelled: Sequence[LabelledPair], model: Model = SHIPPED) -> Tuning:
    """Fit a model to labelled pairs, and judge it by cross-validation. Writes nothing."""
    told = [pair for pair in labelled if likeness(pair.a, pair.b).rule is None]
    folds = folds_of([pair.ids for pair in told])
    scores = [_score(pair, model) for pair in told]
    held_out = scores[:]
    for fold in range(FOLDS):
        rest = [pair for pair in told if folds[pair.ids[0]] != fold]
        without = _fitted(rest, model)
        for number, pair in enumerate(told):
            if folds[pair.ids[0]] == fold:
                held_out[number] = _score(pair, without)
    labels = [pair.same for pair in told]
    made = _fitted(told, model)
    of_ideographs, of_words = _by_kind(told)
    return Tuning(
        model=made,
        before=_judged(scores, labels),
        after=_judged(held_out, labels),
        ideographs=_counted(of_ideographs),
        words=_counted(of_words),
        is_fitted=made is not model,
    )


def folds_of(pairs: Iterable[tuple[Hashable, Hashable]], folds: int = FOLDS) -> dict[Hashable, int]:
    """Return the fold of everything that is in a pair: what is paired is in one fold.

    Groups go to the fold that has least, the first first, so that folds are much of a size.
    """
    sizes = [0] * folds
    found = {}
    for members in groups_of(pairs):
        fold = sizes.index(min(sizes))
        sizes[fold] += len(members)
        found.update(dict.fromkeys(members, fold))
    return found


def groups_of(pairs: Iterable[tuple[_Paired, _Paired]]) -> list[list[_Paired]]:
    """Return everything that is in a pair, in groups: what is paired, also by others, is in one."""
    leaders: dict[_Paired, _Paired] = {}

    def leader(one: _Paired) -> _Paired:
        while leaders.setdefault(one, one) != one:
            one = leaders[one]
        return one

    for a, b in pairs:
        first, second = leader(a), leader(b)
        leaders[second] = first
    groups: dict[_Paired, list[_Paired]] = {}
    for one in list(leaders):
        groups.setdefault(leader(one), []).append(one)
    return list(groups.values())


def judged(scores: Sequence[float], labels: Sequence[bool], threshold: float) -> Judgement:
    """Return how pairs are judged at a threshold."""
    told = [label for score, label in zip(scores, labels, strict=True) if score >= threshold]
    same = sum(labels)
    return Judgement(
        precision=sum(told) / len(told) if told else None,
        recall=sum(told) / same if same else None,
    )


def _judged(scores: Sequence[float], labels: Sequence[bool]) -> dict[str, Judgement]:
    return {name: judged(scores, labels, threshold) for name, threshold in THRESHOLDS.items()}


def _score(pair: LabelledPair, model: Model) -> float:
    return likeness(pair.a, pair.b, model).score


def _fitted(pairs: Sequence[LabelledPair], model: Model) -> Model:
    """Return the model with those of its weights that there are labels enough for."""
    of_ideographs, of_words = _by_kind(pairs)
    ideographs = _weights(of_ideographs, model.ideographs)
    words = _weights(of_words, model.words)
    if ideographs is model.ideographs and words is model.words:
        return model
    return Model(ideographs, words)


def _by_kind(pairs: Sequence[LabelledPair]) -> tuple[list[LabelledPair], list[LabelledPair]]:
    """Return the pairs of titles that both have ideographs, and the others."""
    kinds: tuple[list[LabelledPair], list[LabelledPair]] = [], []
    for pair in pairs:
        kinds[0 if pair.a.chars and pair.b.chars else 1].append(pair)
    return kinds


def _counted(pairs: Sequence[LabelledPair]) -> Labels:
    same = sum(pair.same for pair in pairs)
    return Labels(same, len(pairs) - same)


def _weights(pairs: Sequence[LabelledPair], given: Weights) -> Weights:
    if not _counted(pairs).are_enough:
        return given
    rows: list[Features] = [features_of(pair.a, pair.b) for pair in pairs]
    prior = [*given.of_features, given.bias]
    *found, bias = fitted(rows, [pair.same for pair in pairs], prior, [_PULL] * len(prior))
    if not all(map(math.isfinite, [*found, bias])):
        return given
    return Weights(tuple(found), bias, near=given.near)
