"""What a request may cost: one price for all sources, steered so that the budget is met.

While a source is not asked, entries that it may have published wait to be seen. Their expected
delay adds up, in entry-hours, the faster the more of them wait. A source is worth a request when
that sum, times its weight, has reached the price: so every request of the daemon, whichever source
it goes to, saves the same delay, and no exchange of one for another would save more.

For an even rate this is the square-root law of Sia, Cho & Cho, "Efficient Monitoring Algorithm for
Fast News Alerts", IEEE TKDE 19(7), 2007. It minds entries alone, and would let a
source of one entry a month wait for the others; so each source has a standing, entries that it
counts as beside its own. docs/adr/0006-price-policy.md has the measurements.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import isfinite, sqrt
from typing import TYPE_CHECKING

from aggregator.runtime.values import dataclass
from aggregator.schedule.favour import Favour, standing
from aggregator.schedule.rhythm import BINS, FLAT, hours_of, pooled, rates

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from aggregator.schedule.rhythm import Rhythm

HOUR = timedelta(hours=1)
DAY_HOURS = 24.0

#: What the rates alone do not foresee (hours of the day, hints, failures) is corrected by the
#: requests of a week, and a little by those of a day, hour by hour: a day that is out of the
#: ordinary hardly moves the price, a lasting change does within two days.
WEEK = 168
WEEK_GAIN = 0.04
DAY_GAIN = 0.02
#: One hour never moves the price as if more than this many times the budget had been used.
MOST_OFF = 8.0
#: The hour between two steerings may be as short as this, as timers are; after one longer than that
#: the daemon did not run all the time.
SHORTEST_HOUR = timedelta(minutes=50)
LONGEST_HOUR = timedelta(minutes=150)
#: Until the requests of a day have been counted nothing is corrected.
YOUNG = 24
#: Between the price at which every source is at its shortest pause and the one at which all are at
#: their longest, with this margin for busy and silent hours: beyond it, steering changes nothing.
MARGIN = 4.0
#: Where most sources do not follow the price at all it is not moved further for the others' sake.
MOST_CORRECTION = 100.0
#: No hour allows as much: a figure beyond it was not stored by us.
MOST_ALLOWED = 1e9


@dataclass(frozen=True, slots=True)
class PollingBounds:
    """The operator's bounds for adaptive intervals, and the requests a day of an average source."""

    shortest: timedelta
    longest: timedelta
    budget: float = 24.0
    favour: Favour = Favour.ENTRIES


@dataclass(frozen=True, slots=True)
class Hour:
    """An hour's requests of sources under price control, and how many the budget allowed."""

    requests: int
    allowed: float


@dataclass(frozen=True, slots=True)
class Pricing:
    """The price in entry-hours (`None`: not known yet), and what it is steered by.

    `correction` is how many times the price that the rates alone suggest (`fair_price`) it is.
    `hours` are the last 168 in which the daemon ran, oldest first; `requests` those since
    `steered_at`; `pool` is the shape of all sources' day. `standing` are the entries a day that
    each source counts as beside its own.
    """

    price: float | None = None
    correction: float = 1.0
    standing: float = 0.0
    pool: tuple[float, ...] = FLAT
    hours: tuple[Hour, ...] = ()
    requests: int = 0
    steered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Priced:
    """A source under price control, as `steer` needs it.

    `is_capped`: it is asked no more often than its own part of the budget allows.
    """

    weight: float
    rhythm: Rhythm
    is_capped: bool = False


def count_request(pricing: Pricing) -> Pricing:
    """Return the pricing after one more request to a source under price control."""
    return replace(pricing, requests=pricing.requests + 1)


def worth_asking(
    rhythm: Rhythm,
    pricing: Pricing,
    *,
    now: datetime,
    weight: float,
    longest: timedelta,
) -> timedelta:
    """Return after how long a source that was just polled reaches the price; `longest` at most."""
    if pricing.price is None:
        raise ValueError("there is no price yet")
    target = pricing.price / (weight * (1 + pricing.standing / rhythm.entries_per_day))
    since, most = hours_of(now), longest / HOUR
    waiting = delay = passed = 0.0
    for length, rate in rates(rhythm, pricing.pool, since, since + most):
        more = waiting * length + rate * length * length / 2
        if delay + more >= target:
            missing = target - delay
            passed += 2 * missing / (waiting + sqrt(waiting * waiting + 2 * rate * missing))
            return min(passed, most) * HOUR
        delay += more
        waiting += rate * length
        passed += length
    return longest


def own_share(bounds: PollingBounds, weight: float) -> timedelta:
    """Return the pause with which a source uses its own part of the budget, whatever its rate.

    A weight makes that as much larger as it makes the polls of one rate more.
    """
    return DAY_HOURS * HOUR / (bounds.budget * sqrt(weight))


def full_after(
    rhythm: Rhythm,
    pool: Sequence[float],
    *,
    now: datetime,
    most: float,
    longest: timedelta,
) -> timedelta:
    """Return after how long `most` new entries are expected; `longest` at most.

    Here the observed rate counts where it is above the estimated one: caution knows no prior.
    """
    caution = max(1.0, rhythm.observed_per_day / rhythm.entries_per_day)
    target = most / caution
    since, end = hours_of(now), longest / HOUR
    expected = passed = 0.0
    for length, rate in rates(rhythm, pool, since, since + end):
        if expected + rate * length >= target:
            return min(passed + (target - expected) / rate, end) * HOUR
        expected += rate * length
        passed += length
    return longest


@dataclass(frozen=True, slots=True)
class _Speed:
    """What a price needs of a source: its rate, and its least pause in hours."""

    weight: float
    a_day: float
    least: float
    is_capped: bool

    def an_hour(self, beside: float) -> float:
        """Return its weighted entries an hour, with what each counts as `beside` its own."""
        return self.weight * (self.a_day + beside) / DAY_HOURS


def steer(
    pricing: Pricing, sources: Iterable[Priced], *, now: datetime, bounds: PollingBounds
) -> Pricing:
    """Return the pricing for the next hour; call it when the daemon starts, then at least hourly.

    `sources` are those under price control: adaptive, enabled and answering; each is looked at once
    and not kept, since there may be a hundred thousand. What they were asked
    since the last call (`count_request`) is weighed against the budget; hours in which the daemon
    did not run, or in which its clock jumped, count for nothing. There is no price before a first
    document was read: what is believed of unknown sources would make it far too low.
    """
    speeds: list[_Speed] = []
    count = 0

    def rhythms() -> Iterator[Rhythm]:
        nonlocal count
        for source in sources:
            count += 1
            if source.rhythm.at is not None:
                speeds.append(_speed(source, bounds))
                yield source.rhythm

    pool = pooled(rhythms())
    elapsed = None if pricing.steered_at is None else now - pricing.steered_at
    if elapsed is None or not timedelta(0) <= elapsed <= LONGEST_HOUR:
        pricing = replace(pricing, requests=0, steered_at=now)
    elif elapsed >= SHORTEST_HOUR:
        allowed = count * bounds.budget / DAY_HOURS * (elapsed / HOUR)
        hours = (*pricing.hours, Hour(pricing.requests, allowed))[-WEEK:]
        correction = pricing.correction * _step(hours) if len(hours) >= YOUNG else 1.0
        pricing = replace(pricing, correction=correction, hours=hours, requests=0, steered_at=now)
    if not speeds:
        return pricing
    beside = _standing(speeds, bounds)
    fair, (low, high) = _fair(speeds, bounds, beside), _limits(speeds, bounds, beside)
    pricing = replace(pricing, pool=pool, standing=beside)
    if not low * 1.01 < fair < high / 1.01:
        # The bounds alone rule the budget out: what was asked says nothing of the price.
        return replace(pricing, price=fair, correction=1.0, hours=())
    price = min(max(fair * pricing.correction, low), high)
    correction = min(max(price / fair, 1 / MOST_CORRECTION), MOST_CORRECTION)
    return replace(pricing, price=fair * correction, correction=correction)


def fair_price(sources: Sequence[Priced], bounds: PollingBounds) -> float:
    """Return the price at which sources of these rates, spread evenly over the day, use the budget.

    `sources` must not be empty. Where the bounds make the budget impossible it is the price at
    which all are bound.
    """
    speeds = [_speed(source, bounds) for source in sources]
    return _fair(speeds, bounds, _standing(speeds, bounds))


def _speed(source: Priced, bounds: PollingBounds) -> _Speed:
    least = bounds.shortest / HOUR
    if source.is_capped:
        least = max(least, own_share(bounds, source.weight) / HOUR)
    return _Speed(source.weight, source.rhythm.entries_per_day, least, source.is_capped)


def _fair(speeds: Sequence[_Speed], bounds: PollingBounds, beside: float) -> float:
    low, high = _limits(speeds, bounds, beside)
    longest = bounds.longest / HOUR
    hourly = [(one.an_hour(beside), one.least) for one in speeds]
    allowed = len(speeds) * bounds.budget / DAY_HOURS
    for _ in range(40):
        price = sqrt(low * high)
        used = sum(1 / min(max(sqrt(2 * price / speed), least), longest) for speed, least in hourly)
        low, high = (price, high) if used > allowed else (low, price)
    return sqrt(low * high)


def to_text(pricing: Pricing) -> str:
    """Return the pricing as stored: compact JSON that `recall` reads."""
    return json.dumps(
        {
            "price": pricing.price,
            "correction": pricing.correction,
            "standing": pricing.standing,
            "pool": [round(shape, 3) for shape in pricing.pool],
            "hours": [(hour.requests, round(hour.allowed, 3)) for hour in pricing.hours],
            "requests": pricing.requests,
            "steered_at": None if pricing.steered_at is None else pricing.steered_at.isoformat(),
        },
        separators=(",", ":"),
    )


def recall(text: str | None) -> Pricing:
    """Return the pricing that `to_text` stored; what cannot be read begins anew."""
    if text is None:
        return Pricing()
    try:
        return _read(text)
    except (ValueError, TypeError, KeyError, OverflowError):
        return Pricing()


def _read(text: str) -> Pricing:
    fields = json.loads(text)
    price, steered_at = fields["price"], fields["steered_at"]
    correction = float(fields["correction"])
    beside = float(fields.get("standing", 0.0))
    pool = tuple(map(float, fields["pool"]))
    hours = tuple(Hour(int(used), float(allowed)) for used, allowed in fields["hours"])
    sane = (
        (price is None or (isfinite(price) and price > 0))
        and 1 / MOST_CORRECTION <= correction <= MOST_CORRECTION
        and isfinite(beside)
        and beside >= 0
        and len(pool) == BINS
        and all(isfinite(shape) and shape >= 0 for shape in pool)
        and all(hour.requests >= 0 and 0 <= hour.allowed < MOST_ALLOWED for hour in hours)
    )
    if not sane:
        raise ValueError(text)
    return Pricing(
        price=price,
        correction=correction,
        standing=beside,
        pool=pool,
        hours=hours[-WEEK:],
        requests=int(fields["requests"]),
        steered_at=None
        if steered_at is None
        else datetime.fromisoformat(steered_at).astimezone(UTC),
    )


def _step(hours: Sequence[Hour]) -> float:
    return float(_off(hours) ** WEEK_GAIN * _off(hours[-24:]) ** DAY_GAIN)


def _off(hours: Sequence[Hour]) -> float:
    """Return how many times the budget of these hours was used."""
    allowed = sum(hour.allowed for hour in hours)
    if not allowed:
        return 1.0
    used = sum(hour.requests for hour in hours) / allowed
    return min(max(used, 1 / MOST_OFF), MOST_OFF)


def _standing(speeds: Sequence[_Speed], bounds: PollingBounds) -> float:
    """Return what each source counts as beside its own entries, in entries a day.

    What is capped speaks for nobody: a flood would make all the others alike.
    """
    rates = [one.a_day for one in speeds if not one.is_capped]
    return standing(
        rates,
        bounds.favour,
        budget=bounds.budget,
        shortest=bounds.shortest / HOUR,
        longest=bounds.longest / HOUR,
    )


def _limits(speeds: Sequence[_Speed], bounds: PollingBounds, beside: float) -> tuple[float, float]:
    shortest, longest = bounds.shortest / HOUR, bounds.longest / HOUR
    hourly = [one.an_hour(beside) for one in speeds]
    slowest, fastest = min(hourly), max(hourly)
    return slowest * shortest**2 / 2 / MARGIN, fastest * longest**2 / 2 * MARGIN
