"""How often a source publishes, and at which hours: what has been seen, forgotten slowly.

A rhythm counts entries, and the hours in which we would have seen one, in 48 bins: 24 hours of a
weekday and 24 of a weekend day, UTC. Both counts halve every ten days. The rate is one count over
the other, drawn towards a quiet source's; so is the shape of the day, towards that of all sources
and towards no shape at all, as long as little has been seen.

Gamma-Poisson shrinkage: https://en.wikipedia.org/wiki/Gamma_distribution#Conjugate_prior; the
measured choice of the figures is in docs/adr/0006-price-policy.md.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import ceil, floor
from typing import TYPE_CHECKING

from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

BINS = 48
HALF_LIFE_HOURS = 240.0

#: What is believed of a source that was never seen: half an entry in three days. Each entry seen
#: lessens the weight of these three days, or a busy source would look quiet for weeks.
PRIOR_ENTRIES = 0.5
PRIOR_DAYS = 3.0

#: A shape of the day needs many entries to be believed: these are the entries of no day's shape
#: and of all sources' shape, half and half, with which a source begins.
PSEUDO_ENTRIES = 12.0
#: A source's say in the shape of all sources is that of this many of its entries, at most.
MOST_SAY = 100.0

#: Six half-lives back, what was seen counts for nothing.
LOOK_BACK_HOURS = 1440.0
#: Nobody polls this seldom (a Retry-After lasts 31 days at most): the daemon was off, or a clock
#: jumped, and nothing can be said of the time between.
LONGEST_ABSENCE_HOURS = 31 * 24.0

#: Clocks of publishers may run ahead of ours by this much; a date further on is not believed.
MOST_SKEW_HOURS = 1.0
#: A whole first document published within this time was generated, not written: no rhythm.
BULK_HOURS = 1 / 6
#: New entries without a usable date count as arrivals, up to this many; more that are dated before
#: the last poll are an archive that was opened, and say nothing of the rhythm.
MOST_UNDATED = 20
#: From one poll at most this many entries count, or four times the expected, if that is more: a
#: publisher that dates everything anew has not become a thousand times as fast.
MOST_AT_ONCE = 50
MOST_GROWTH = 4.0

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HOUR = timedelta(hours=1)
#: The bin of an hour counted from the epoch, which was a Thursday.
_BIN_OF = tuple(24 * (((h // 24) + 3) % 7 >= 5) + h % 24 for h in range(168))
#: The hours of a week that fall into each bin, as a share of the week.
_SHARE = tuple((5 if b < 24 else 2) / 168 for b in range(BINS))
_BEFORE = tuple(b - 1 if b % 24 else b + 23 for b in range(BINS))
_AFTER = tuple(b + 1 if b % 24 != 23 else b - 23 for b in range(BINS))

#: What is left of a count after an hour.
_FADING = 2 ** (-1 / HALF_LIFE_HOURS)

_NOTHING = (0.0,) * BINS
#: No shape of the day: every hour like every other.
FLAT = (1.0,) * BINS


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Entries `seen` and hours `watched` by bin, as they weigh at the instant `at`."""

    seen: tuple[float, ...] = _NOTHING
    watched: tuple[float, ...] = _NOTHING
    at: datetime | None = None

    @property
    def entries_per_day(self) -> float:
        """The estimated rate; above zero, whatever was seen."""
        seen = sum(self.seen)
        return (seen + PRIOR_ENTRIES) / (sum(self.watched) / 24 + PRIOR_DAYS / (1 + seen))

    @property
    def observed_per_day(self) -> float:
        """The rate without any prior belief, over at least an hour: for what must not be late."""
        return sum(self.seen) / max(sum(self.watched), 1.0) * 24


def hours_of(moment: datetime) -> float:
    """Return an instant as hours since the epoch."""
    return (moment - _EPOCH) / _HOUR


def learn(
    rhythm: Rhythm,
    published: Sequence[datetime | None],
    *,
    now: datetime,
    polled_at: datetime | None = None,
    complete: bool = True,
) -> Rhythm:
    """Return the rhythm after a poll at `now` that brought new entries published at these times.

    `complete` says that nothing can have been missed since `rhythm.at`; without it (the first
    document, or one that overflowed) only the time since the oldest of the entries counts.
    Entries without a date spread evenly over the time since `polled_at`, the poll before. Dates
    may be absurd and clocks may jump: no document makes a source a thousand times as fast, and
    after a time in which nobody polls nothing is learnt but the time.
    """
    end = hours_of(now)
    before = None if rhythm.at is None else hours_of(rhythm.at)
    if before is not None and not 0 <= end - before <= LONGEST_ABSENCE_HOURS:
        return replace(rhythm, at=now)
    dated = sorted(
        min(hours, end)
        for moment in published
        if moment is not None and (hours := hours_of(moment)) <= end + MOST_SKEW_HOURS
    )
    if before is None:
        start, dated = _of_document(dated, end)
        elapsed, undated = 0.0, 0
    else:
        late = sum(hours < before for hours in dated)
        undated = len(published) - len(dated) + (late if late <= MOST_UNDATED else 0)
        elapsed, start, dated = end - before, before, dated[late:]
        if dated and not complete:
            # The oldest entry marks the beginning and counts as none.
            start, dated = dated[0], dated[1:]
    fading = _weight(elapsed)
    seen = [count * fading for count in rhythm.seen]
    watched = [hours * fading for hours in rhythm.watched]
    expected = rhythm.entries_per_day * (end - start) / 24
    each = min(1.0, max(MOST_AT_ONCE, MOST_GROWTH * expected) / max(len(dated), 1))
    for hours in dated:
        seen[_bin(hours)] += each * _weight(end - hours)
    _watch(watched, start, end)
    if undated:
        _spread(seen, min(undated, MOST_UNDATED), _since(polled_at, start, end), end)
    return Rhythm(tuple(seen), tuple(watched), now)


def rates(
    rhythm: Rhythm, pool: Sequence[float], since: float, until: float
) -> Iterator[tuple[float, float]]:
    """Yield (hours, entries an hour) from `since` to `until`, in pieces of a clock hour at most.

    Instants are hours since the epoch (`hours_of`); `pool` is the shape of all sources (`pooled`).
    """
    seen, watched = rhythm.seen, rhythm.watched
    hourly = rhythm.entries_per_day / 24
    uniform = sum(seen) / (sum(watched) or 1.0)
    at = since
    while at < until:
        whole = int(at // 1)
        stop = min(whole + 1.0, until)
        b = _BIN_OF[whole % 168]
        left, right = _BEFORE[b], _AFTER[b]
        pseudo = PSEUDO_ENTRIES * _SHARE[b]
        smooth = 0.25 * seen[left] + 0.5 * seen[b] + 0.25 * seen[right]
        heard = 0.25 * watched[left] + 0.5 * watched[b] + 0.25 * watched[right]
        shape = (smooth + pseudo * (0.5 + 0.5 * pool[b])) / (uniform * heard + pseudo)
        yield stop - at, hourly * shape
        at = stop


def profile(rhythm: Rhythm, pool: Sequence[float]) -> tuple[float, ...]:
    """Return the expected entries an hour: 24 hours of a weekday, then 24 of a weekend day."""
    # The epoch's Thursday and the Saturday after it.
    weekday = rates(rhythm, pool, 0.0, 24.0)
    weekend = rates(rhythm, pool, 48.0, 72.0)
    return tuple(rate for day in (weekday, weekend) for _, rate in day)


def pooled(rhythms: Iterable[Rhythm]) -> tuple[float, ...]:
    """Return the shape of all sources' day: each bin's rate relative to the mean.

    A source counts by its entries up to `MOST_SAY`, so that a fast one does not speak for all.
    """
    seen = [PSEUDO_ENTRIES * share for share in _SHARE]
    expected = list(seen)
    for rhythm in rhythms:
        total, heard = sum(rhythm.seen), sum(rhythm.watched)
        if not total or not heard:
            continue
        say = min(1.0, MOST_SAY / total)
        for b in range(BINS):
            seen[b] += say * rhythm.seen[b]
            expected[b] += say * rhythm.watched[b] * total / heard
    return tuple(have / want for have, want in zip(seen, expected, strict=True))


def _of_document(dated: list[float], end: float) -> tuple[float, list[float]]:
    """Return since when a document tells of everything, and the entries after that moment.

    The oldest entry marks the beginning and counts as none: there is one gap less than entries.
    """
    if not dated:
        return end, []
    start = end - LOOK_BACK_HOURS
    if dated[0] < start:
        return start, [hours for hours in dated if hours >= start]
    if dated[-1] - dated[0] < BULK_HOURS:
        return end, []
    return dated[0], dated[1:]


def _since(polled_at: datetime | None, start: float, end: float) -> float:
    return start if polled_at is None else min(max(hours_of(polled_at), start), end)


def _spread(seen: list[float], count: int, start: float, end: float) -> None:
    if end <= start:
        seen[_bin(end)] += count
        return
    for bin_, length, age in _chunks(start, end):
        seen[bin_] += count * length / (end - start) * _weight(age)


def _watch(watched: list[float], start: float, end: float) -> None:
    """Add the hours between two instants to their bins, as they weigh at the end.

    Hour by hour, back from the end: a first document may tell of a thousand.
    """
    if end <= start:
        return
    last, first = ceil(end) - 1, floor(start)
    watched[_BIN_OF[last % 168]] += end - max(start, last)
    weight = _weight(end - last)
    for hour in range(last - 1, first, -1):
        watched[_BIN_OF[hour % 168]] += weight
        weight *= _FADING
    if first < last:
        watched[_BIN_OF[first % 168]] += (first + 1 - start) * weight


def _chunks(start: float, end: float) -> Iterator[tuple[int, float, float]]:
    """Yield (bin, hours, age in hours) of each clock hour between two instants."""
    at = start
    while at < end:
        stop = min(at // 1 + 1.0, end)
        yield _bin(at), stop - at, end - stop
        at = stop


def _bin(hours: float) -> int:
    return _BIN_OF[int(hours // 1) % 168]


def _weight(age_hours: float) -> float:
    return float(2 ** (-age_hours / HALF_LIFE_HOURS))
