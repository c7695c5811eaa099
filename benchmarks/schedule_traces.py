"""When sources published, recorded or made, and the hints that their documents carry."""

from __future__ import annotations

import csv
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import exp, log
from typing import TYPE_CHECKING
from zlib import crc32

from aggregator.model import DocumentHints

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HOUR = 3600.0
DAY = 24 * HOUR
#: Sources of this kind are made, not recorded.
SYNTHETIC = "SYN/"
SEED = 20261120

#: Kinds of sources by entries a day, from this many on.
KINDS = (("busy news", 5.0), ("blogs", 0.5), ("rare", 0.0))

_HOURLY = DocumentHints(update_every=timedelta(hours=1))
#: The hints of 248 documents captured from live sites, as parts of a thousand: WordPress's unasked
#: "hourly", and `ttl` in minutes.
HINTS = (
    (226, _HOURLY),
    (44, DocumentHints(ttl=timedelta(minutes=60))),
    (16, DocumentHints(ttl=timedelta(minutes=40))),
    (16, DocumentHints(ttl=timedelta(minutes=10))),
    (8, DocumentHints(ttl=timedelta(minutes=240))),
    (8, DocumentHints(ttl=timedelta(minutes=1080))),
)


@dataclass(frozen=True, slots=True)
class Traces:
    """Publication times of each source, sorted, in seconds since the epoch; and its hints."""

    names: tuple[str, ...]
    sources: tuple[tuple[float, ...], ...]
    origin: str
    hints: tuple[DocumentHints, ...] = ()

    @property
    def start(self) -> float:
        return min(times[0] for times in self.sources)

    @property
    def end(self) -> float:
        return max(times[-1] for times in self.sources)

    def rate(self, number: int) -> float:
        """Return the entries a day of one source."""
        return len(self.sources[number]) / max((self.end - self.start) / DAY, 1.0)

    def kind(self, number: int) -> str:
        """Return which of `KINDS` a source is."""
        return next(name for name, least in KINDS if self.rate(number) >= least)

    def wish(self, number: int) -> float:
        """Return the pause in seconds that the publisher of a source has asked for (`ttl`)."""
        ttl = self.hints[number].ttl if self.hints else None
        return ttl.total_seconds() if ttl else 0.0

    def where(self, keep: Callable[[int], bool]) -> Traces:
        """Return these sources alone."""
        kept = [number for number in range(len(self.names)) if keep(number)]
        return Traces(
            tuple(self.names[number] for number in kept),
            tuple(self.sources[number] for number in kept),
            self.origin,
            tuple(self.hints[number] for number in kept) if self.hints else (),
        )

    def recorded(self) -> Traces:
        """Return the sources that are not made, or all if all are."""
        real = self.where(lambda number: not self.names[number].startswith(SYNTHETIC))
        return real if real.names else self

    def hinted(self) -> Traces:
        """Return them with hints as real documents carry them, by each source's name."""
        return Traces(self.names, self.sources, self.origin, tuple(map(_hint_of, self.names)))


def _hint_of(name: str) -> DocumentHints:
    drawn = crc32(name.encode()) % 1000
    for share, hints in HINTS:
        if drawn < share:
            return hints
        drawn -= share
    return DocumentHints()


def read_traces(path: Path) -> Traces:
    """Read `feed,published_at` rows."""
    found: dict[str, list[float]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["feed"], []).append(float(row["published_at"]))
    return Traces(tuple(found), tuple(tuple(sorted(times)) for times in found.values()), path.name)


def make_traces(
    sources: int = 78, days: int = 58, seed: int = SEED, middle: float = 2.5, fast: float = 190.0
) -> Traces:
    """Generate sources of 0.02 to 50 entries a day, most near `middle`, with days and weekends.

    The first publishes `fast` entries a day.
    """
    dice = random.Random(seed)  # noqa: S311 # a replay, not a secret
    start = datetime(2026, 5, 4, tzinfo=UTC).timestamp()
    made = []
    for number in range(sources):
        rate = fast if number == 0 else min(50.0, max(0.02, exp(dice.gauss(log(middle), 1.5))))
        peak, depth, weekend = dice.choice((4, 8, 14, 19)), dice.uniform(0.3, 0.9), dice.random()
        times: list[float] = []
        for hour in range(days * 24):
            distance = min((hour - peak) % 24, (peak - hour) % 24) / 12
            share = 1 + depth * (1 - 2 * distance)
            share *= weekend if hour // 24 % 7 >= 5 else 1
            at = dice.expovariate(rate * share / 24) if share > 0 else 1.0
            while at < 1:
                times.append(start + (hour + at) * HOUR)
                at += dice.expovariate(rate * share / 24)
        made.append(tuple(times) or (start,))
    names = (f"{SYNTHETIC}fast", *(f"made/{number}" for number in range(1, sources)))
    return Traces(names, tuple(made), f"generated, seed {seed}")
