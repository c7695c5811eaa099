"""The weights of a likeness's features, fitted to labels and written as data.

    .venv/bin/python -m benchmarks.stories.fit [--pairs FILE] [--stream FILE] [--write]

Titles with ideographs are fitted to labelled pairs; titles of words to a stream whose true stories
are known, from what each headline is compared with. Both are first fitted to parts of the labels
and judged by the rest: that is what the report says. `--write` writes the shipped weights.

What labels do not tell is set by hand, and stays where it is set (`_FOR_PAIRS`, `_FOR_STREAM`).
"""

from __future__ import annotations

import argparse
import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from aggregator.stories import likeness_weights
from aggregator.stories.likeness import Features, features_of, logit, most_alike, probability
from aggregator.stories.likeness_weights import SHIPPED, Model, Weights
from aggregator.stories.logistic import PINNED, fitted
from aggregator.stories.ties import THRESHOLDS
from benchmarks.stories.headline_stream import MemoryIndex, b_cubed, read_headlines
from benchmarks.stories.labelled_pairs import FOLDS, hashed, judged, read_pairs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from benchmarks.stories.headline_stream import Headline
    from benchmarks.stories.labelled_pairs import Pair

DATA = Path(__file__).parents[3] / "shared" / "data" / "stories"
PAIRS = DATA / "pairs-zh.tsv"
STREAM = DATA / "headlines-en.csv"

#: What is compared with what must not depend on the weights that there are already.
_JOINS_NOTHING = Model(SHIPPED.ideographs, Weights((0.0,) * len(Features._fields), -40.0, near=1.0))
#: How strongly a bias is pulled to nothing: not.
_FREE = 1e-3
#: Of what headlines are compared with, so many pairs at most are fitted to, chosen by hash.
MOST_PAIRS = 20_000


@dataclass(frozen=True, slots=True)
class Settings:
    """What is fitted and what is not: features that stay as they are set, and how near is near.

    `pull` is how strongly the others are pulled to nothing. `slope` is by how much weights are made
    smaller at last, around what is `wide`.
    """

    pinned: Mapping[str, float]
    pull: float
    near: float
    slope: float = 1.0


#: Pairs are few: `contained` and `amount` say the same as `jaccard`, and figures seldom differ.
_FOR_PAIRS = Settings({"contained": 0.0, "figures": 2.0, "amount": 0.0}, pull=0.3, near=0.20)
#: Headlines of a stream were written within hours, and what they are compared with all share rare
#: words: neither `apart` nor `rarest` can be learnt there, and few are so short that `amount` would
#: be. True stories are broad there, so that one word in five makes one: that is `wide`; what is
#: stricter asks for more than labels know of.
_FOR_STREAM = Settings(
    {"ideographs": 0.0, "figures": 6.0, "amount": 3.0, "rarest": 0.0, "apart": -2.84},
    pull=3.0,
    near=0.10,
    slope=0.36,
)


def weights_for(
    features: Sequence[Features], labels: Sequence[bool], settings: Settings
) -> Weights:
    """Fit."""
    prior = [settings.pinned.get(name, 0.0) for name in Features._fields]
    pulls = [PINNED if name in settings.pinned else settings.pull for name in Features._fields]
    *found, bias = fitted(features, labels, [*prior, 0.0], [*pulls, _FREE])
    wide = math.log(THRESHOLDS["wide"] / (1 - THRESHOLDS["wide"]))
    return Weights(
        tuple(round(settings.slope * weight, 3) + 0.0 for weight in found),
        round(settings.slope * (bias - wide) + wide, 3),
        near=settings.near,
    )


def weights_for_pairs(pairs: Iterable[Pair]) -> Weights:
    """Fit to those pairs that features decide."""
    told = [pair for pair in pairs if pair.rule is None]
    return weights_for([pair.features for pair in told], [pair.same for pair in told], _FOR_PAIRS)


def held_out_scores(pairs: Sequence[Pair]) -> dict[int, float]:
    """Return the score of each pair, by its `id()`, with weights that have not seen its fold."""
    scores = {}
    for fold in range(FOLDS):
        rest = [pair for pair in pairs if pair.fold != fold]
        if not {True, False} <= {pair.same for pair in rest if pair.rule is None}:
            continue
        weights = weights_for_pairs(rest)
        for pair in pairs:
            if pair.fold == fold:
                by_features = probability(logit(pair.features, weights))
                most = 0.0 if pair.rule else most_alike(pair.a, pair.b)
                scores[id(pair)] = min(by_features, most)
    return scores


def weights_for_stream(headlines: Sequence[Headline]) -> Weights:
    """Fit to what each headline is compared with."""
    index = MemoryIndex("en", _JOINS_NOTHING)
    found: list[tuple[int, Features, bool]] = []
    story_of: dict[int, str] = {}
    for headline in headlines:
        compared = index.add(headline)
        own = index.entries[-1]
        story_of[id(own)] = headline.story
        for other in compared:
            same = story_of[id(other)] == headline.story
            features = features_of(own.signature, other.signature)
            found.append((hashed(f"{len(found)}"), features, same))
    found.sort(key=lambda one: one[0])
    chosen = found[:MOST_PAIRS]
    return weights_for([one[1] for one in chosen], [one[2] for one in chosen], _FOR_STREAM)


def report_pairs(pairs: Sequence[Pair]) -> None:
    scores = held_out_scores(pairs)
    for strictness, threshold in THRESHOLDS.items():
        found = judged(pairs, lambda pair: scores.get(id(pair), 0.0), threshold)
        print(f"  {strictness:7} P {found.precision:.3f}  R {found.recall:.3f}  F1 {found.f1:.3f}")


def report_stream(headlines: Sequence[Headline]) -> None:
    for half in (0, 1):
        seen = [one for one in headlines if hashed(one.story) % 2 == half]
        others = [one for one in headlines if hashed(one.story) % 2 != half]
        index = MemoryIndex("en", Model(SHIPPED.ideographs, weights_for_stream(seen)))
        for headline in others:
            index.add(headline)
        found = b_cubed(index.threads(), [headline.story for headline in others])
        print(
            f"  half {half}: B3 P {found.precision:.3f}  R {found.recall:.3f}  F1 {found.f1:.3f}"
            f" on {len(others)} headlines of stories that were not seen"
        )


def written(model: Model) -> str:
    """Return the module with other weights, and the day on which they were made."""
    path = Path(likeness_weights.__file__)
    text = path.read_text(encoding="utf-8")
    head = text[: text.index("SHIPPED = ")]
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    of = [
        f"    {name}=Weights({one.of_features!r}, {one.bias!r}, near={one.near!r}),\n"
        for name, one in (("ideographs", model.ideographs), ("words", model.words))
    ]
    head = re.sub(r"on \d{4}-\d\d-\d\d\.", f"on {today}.", head)
    return f"{head}SHIPPED = Model(\n{''.join(of)})\n"


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.stories.fit")
    parser.add_argument("--pairs", type=Path, default=PAIRS)
    parser.add_argument("--stream", type=Path, default=STREAM)
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    pairs = read_pairs(asked.pairs)
    print(f"{asked.pairs.name}: each fold by weights fitted to the others")
    report_pairs(pairs)
    headlines = read_headlines(asked.stream)
    print(f"{asked.stream.name}: each half of the stories by weights fitted to the other")
    report_stream(headlines)
    model = Model(weights_for_pairs(pairs), weights_for_stream(headlines))
    print(model)
    if asked.write:
        Path(likeness_weights.__file__).write_text(written(model), encoding="utf-8")


if __name__ == "__main__":
    main()
