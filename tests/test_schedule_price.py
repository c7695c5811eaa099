"""What a request may cost: the closed form, the budget, and bounds that bind everywhere."""

from __future__ import annotations

import heapq
from dataclasses import replace
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import Mirror, PollState
from aggregator.schedule import price
from aggregator.schedule.explanation import explain, lines
from aggregator.schedule.gaps import DocumentSpan
from aggregator.schedule.history import History
from aggregator.schedule.price import (
    Hour,
    PollingBounds,
    Priced,
    Pricing,
    count_request,
    fair_price,
    full_after,
    steer,
    worth_asking,
)
from aggregator.schedule.resume import LONGEST_SPREAD, spread
from aggregator.schedule.rhythm import FLAT, Rhythm, hours_of, rates
from tests.making import DAY, HOUR, START, source, steady

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

BOUNDS = PollingBounds(timedelta(minutes=5), timedelta(hours=24), budget=24.0)

rhythms = st.builds(
    lambda seen, watched: Rhythm(tuple(seen), tuple(watched), START),
    st.lists(st.floats(0, 100), min_size=48, max_size=48),
    st.lists(st.floats(0.1, 10), min_size=48, max_size=48),
)


def waited(rhythm: Rhythm, pause: timedelta) -> float:
    """Return the expected entry-hours of waiting after a pause, minute by minute."""
    since, hours, waiting, total = hours_of(START), pause / HOUR, 0.0, 0.0
    for length, rate in rates(rhythm, FLAT, since, since + hours):
        steps = 200
        for _ in range(steps):
            total += (waiting + rate * length / steps / 2) * length / steps
            waiting += rate * length / steps
    return total


@given(rhythm=rhythms, asked=st.floats(0.001, 100), weight=st.floats(0.1, 10))
def test_a_source_is_asked_when_the_expected_waiting_reaches_the_price(
    rhythm: Rhythm, asked: float, weight: float
) -> None:
    pause = worth_asking(
        rhythm, Pricing(asked), now=START, weight=weight, longest=timedelta(hours=30)
    )
    if pause < timedelta(hours=30):
        assert waited(rhythm, pause) * weight == pytest.approx(asked, rel=1e-3)
    else:
        assert waited(rhythm, pause) * weight <= asked * 1.001


@given(rhythm=rhythms, asked=st.floats(0.001, 100))
def test_a_higher_price_or_a_lower_weight_never_polls_sooner(rhythm: Rhythm, asked: float) -> None:
    def pause(price: float, weight: float) -> timedelta:
        return worth_asking(rhythm, Pricing(price), now=START, weight=weight, longest=DAY)

    assert pause(asked, 1.0) <= pause(asked * 1.5, 1.0) == pause(asked, 1 / 1.5)


def test_without_a_shape_of_the_day_the_pause_follows_the_square_root_of_the_rate() -> None:
    pauses = [
        worth_asking(steady(rate), Pricing(0.05), now=START, weight=1.0, longest=DAY) / HOUR
        for rate in (6.0, 24.0, 96.0)
    ]
    assert pauses[0] / pauses[1] == pytest.approx(2, rel=0.05)
    assert pauses[1] / pauses[2] == pytest.approx(2, rel=0.05)


@given(rhythm=rhythms, most=st.floats(0.01, 50))
def test_a_document_is_full_when_that_many_entries_are_expected(
    rhythm: Rhythm, most: float
) -> None:
    pause = full_after(rhythm, FLAT, now=START, most=most, longest=DAY)
    since = hours_of(START)
    expected = sum(
        length * rate for length, rate in rates(rhythm, FLAT, since, since + pause / HOUR)
    )
    caution = max(1.0, rhythm.observed_per_day / rhythm.entries_per_day)
    assert pause == DAY or expected * caution == pytest.approx(most, rel=1e-3)
    assert expected * caution <= most * 1.001


# --- the budget ---------------------------------------------------------------------------------


def priced(*rates_per_day: float) -> list[Priced]:
    return [Priced(1.0, steady(rate)) for rate in rates_per_day]


def requests_a_day(sources: Sequence[Priced], pricing: Pricing, bounds: PollingBounds) -> float:
    """Return what an average source is asked in a day at this price, once it has settled."""
    total = 0
    for one in sources:
        now, asked = START, 0
        while now < START + 14 * DAY:
            pause = worth_asking(
                one.rhythm, pricing, now=now, weight=one.weight, longest=bounds.longest
            )
            now, asked = now + max(pause, bounds.shortest), asked + 1
        total += asked
    return total / 14 / len(sources)


MIXED = priced(0.1, 0.3, 1.0, 1.0, 3.0, 10.0, 30.0, 200.0)


@pytest.mark.parametrize("budget", [2.0, 6.0, 24.0, 96.0])
def test_a_fresh_installation_is_near_its_budget_at_once(budget: float) -> None:
    bounds = replace(BOUNDS, budget=budget)
    pricing = steer(Pricing(), MIXED, now=START, bounds=bounds)
    assert requests_a_day(MIXED, pricing, bounds) == pytest.approx(budget, rel=0.1)


def test_the_fair_price_of_weights_asks_the_heavier_source_more() -> None:
    heavy = [Priced(9.0, steady(1.0)), Priced(1.0, steady(1.0))]
    pricing = Pricing(fair_price(heavy, BOUNDS))
    pauses = [
        worth_asking(one.rhythm, pricing, now=START, weight=one.weight, longest=DAY)
        for one in heavy
    ]
    assert pauses[1] / pauses[0] == pytest.approx(3, rel=0.1)


def test_a_flood_takes_nothing_of_the_others_part() -> None:
    """Without a cap it is asked every 15 minutes, which two sources' budget pays with the other."""
    quiet, flood = Priced(1.0, steady(12.0)), Priced(1.0, steady(48_000.0))
    capped = replace(flood, is_capped=True)
    alone = fair_price([quiet], BOUNDS)
    assert fair_price([quiet, capped], BOUNDS) == pytest.approx(alone, rel=0.01)
    assert fair_price([quiet, flood], BOUNDS) > 4 * alone


def lived(
    pricing: Pricing,
    sources: Sequence[Priced],
    bounds: PollingBounds,
    *,
    hours: int,
    cost: float = 1.0,
) -> tuple[Pricing, float]:
    """Steer for some hours; each request counts `cost` times. Return requests a day at the end."""
    queue = [(START + index * HOUR / len(sources), index) for index in range(len(sources))]
    heapq.heapify(queue)
    end, counted, owed = START + hours * HOUR, 0, 0.0
    steered_at = START
    while queue[0][0] < end:
        now, index = heapq.heappop(queue)
        while steered_at <= now:
            pricing = steer(pricing, sources, now=steered_at, bounds=bounds)
            steered_at += HOUR
        owed += cost
        while owed >= 1:
            pricing, owed = count_request(pricing), owed - 1
        counted += now >= end - 7 * DAY
        one = sources[index]
        pause = worth_asking(
            one.rhythm, pricing, now=now, weight=one.weight, longest=bounds.longest
        )
        heapq.heappush(queue, (now + max(pause, bounds.shortest), index))
    return pricing, counted / 7 / len(sources)


def test_the_price_finds_the_budget_whatever_it_begins_with() -> None:
    bounds = replace(BOUNDS, budget=12.0)
    for begin in (1e-6, 1e6):
        known = Pricing(begin, hours=tuple(Hour(96, 96.0) for _ in range(168)))
        pricing, used = lived(known, MIXED, bounds, hours=35 * 24)
        assert used == pytest.approx(12.0, rel=0.05)
        assert pricing.price == pytest.approx(fair_price(MIXED, bounds), rel=0.5)


def test_requests_that_come_dearer_than_foreseen_raise_the_price() -> None:
    _, used = lived(Pricing(), MIXED, BOUNDS, hours=35 * 24, cost=1.5)
    assert used * 1.5 == pytest.approx(24.0, rel=0.05)


@pytest.mark.parametrize(
    ("bounds", "used"),
    [
        (PollingBounds(HOUR, 2 * HOUR, budget=200.0), 24.0),
        (PollingBounds(HOUR, 2 * HOUR, budget=1.0), 12.0),
    ],
    ids=["never enough", "always too many"],
)
def test_bounds_that_bind_everywhere_neither_run_the_price_away_nor_hold_it(
    bounds: PollingBounds, used: float
) -> None:
    pricing, asked = lived(Pricing(), MIXED, bounds, hours=60 * 24)
    assert asked == pytest.approx(used, rel=0.02)
    assert pricing.price is not None
    fair = fair_price(MIXED, bounds)
    assert fair / 10 < pricing.price < fair * 10
    _, freed = lived(pricing, MIXED, BOUNDS, hours=21 * 24)
    assert freed == pytest.approx(24.0, rel=0.1)


def test_hours_without_the_daemon_count_for_nothing() -> None:
    hours = tuple(Hour(48, 24.0) for _ in range(168))
    pricing = Pricing(1.0, 2.0, hours=hours, requests=5, steered_at=START)
    for gap in (2.6 * HOUR, 90 * DAY, -3650 * DAY, 3650 * DAY):
        after = steer(pricing, MIXED, now=START + gap, bounds=BOUNDS)
        assert (after.correction, after.hours) == (2.0, hours)
        assert (after.requests, after.steered_at) == (0, START + gap)


def test_steering_more_often_than_hourly_corrects_nothing_before_the_hour_is_over() -> None:
    hours = tuple(Hour(48, 24.0) for _ in range(168))
    pricing = Pricing(1.0, 2.0, hours=hours, requests=5, steered_at=START)
    soon = steer(pricing, MIXED, now=START + HOUR / 2, bounds=BOUNDS)
    assert (soon.correction, soon.hours, soon.requests) == (2.0, hours, 5)
    later = steer(soon, MIXED, now=START + HOUR, bounds=BOUNDS)
    assert 2.0 < later.correction < 2.2
    assert later.hours[-1] == Hour(5, 8.0)


def test_another_budget_and_more_sources_have_their_price_at_once() -> None:
    hours = tuple(Hour(8, 8.0) for _ in range(168))
    pricing = Pricing(1.0, hours=hours, steered_at=START)
    for budget in (6.0, 48.0):
        bounds = replace(BOUNDS, budget=budget)
        other = steer(pricing, MIXED, now=START + HOUR / 2, bounds=bounds)
        assert requests_a_day(MIXED, other, bounds) == pytest.approx(budget, rel=0.1)
    more = [*MIXED, *priced(*[0.2] * 50)]
    other = steer(pricing, more, now=START + HOUR / 2, bounds=BOUNDS)
    assert requests_a_day(more, other, BOUNDS) == pytest.approx(24.0, rel=0.1)


def test_before_a_first_document_is_read_there_is_no_price() -> None:
    unknown = [Priced(1.0, Rhythm())] * 5
    assert steer(Pricing(), unknown, now=START, bounds=BOUNDS).price is None
    some = steer(Pricing(), [*unknown, *MIXED], now=START, bounds=BOUNDS)
    assert some.price == steer(Pricing(), MIXED, now=START, bounds=BOUNDS).price


def test_a_timer_that_is_a_little_early_or_late_loses_no_hour() -> None:
    pricing, now = Pricing(steered_at=START), START
    for late in (-2.0, 1.0, -0.1, 0.0, 3600.0):
        now += HOUR + timedelta(seconds=late)
        pricing = steer(count_request(pricing), MIXED, now=now, bounds=BOUNDS)
    assert [hour.requests for hour in pricing.hours] == [1] * 5
    assert pricing.hours[-1].allowed == pytest.approx(2 * 8.0)


def test_without_sources_there_is_no_price_and_no_trouble() -> None:
    pricing = steer(Pricing(), [], now=START, bounds=BOUNDS)
    assert pricing.price is None
    for hour in range(1, 50):
        pricing = steer(pricing, [], now=START + hour * HOUR, bounds=BOUNDS)
    assert pricing.price is None
    known = steer(pricing, MIXED, now=START + 50 * HOUR, bounds=BOUNDS)
    assert known.price == pytest.approx(fair_price(MIXED, BOUNDS), rel=0.2)


@given(
    used=st.lists(st.integers(0, 100_000), max_size=168),
    begin=st.floats(1 / 100, 100),
    gaps=st.lists(st.timedeltas(timedelta(days=-3660), timedelta(days=3660)), max_size=20),
)
def test_whatever_is_counted_the_price_stays_within_what_it_can_change(
    used: list[int], begin: float, gaps: list[timedelta]
) -> None:
    hours = tuple(Hour(count, 20.0) for count in used)
    pricing, now = Pricing(None, begin, hours=hours, steered_at=START), START
    slowest, fastest = 0.1 / 24 * (1 / 12) ** 2 / 2, 200 / 24 * 24**2 / 2
    for gap in [HOUR, *gaps, HOUR]:
        now += gap if abs(now + gap - START) < 30_000 * DAY else -gap
        pricing = steer(pricing, MIXED, now=now, bounds=BOUNDS)
        assert len(pricing.hours) <= 168
        assert pricing.price is not None
        assert slowest / 5 < pricing.price < fastest * 5


def test_pricing_survives_being_stored() -> None:
    pricing = steer(Pricing(), MIXED, now=START, bounds=BOUNDS)
    for hour in range(1, 40):
        pricing = count_request(steer(pricing, MIXED, now=START + hour * HOUR, bounds=BOUNDS))
    back = price.recall(price.to_text(pricing))
    assert back == replace(pricing, pool=back.pool)
    assert back.pool == pytest.approx(pricing.pool, abs=1e-3)


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "{}",
        price.to_text(Pricing(price=float("inf"))),
        price.to_text(Pricing(price=-1.0)),
        price.to_text(Pricing(correction=1e9)),
        price.to_text(Pricing(pool=(1.0,))),
        price.to_text(Pricing(hours=(Hour(-1, 1.0),))),
        price.to_text(Pricing(hours=(Hour(1, float("nan")),))),
    ],
)
def test_pricing_that_cannot_be_read_begins_anew(text: str | None) -> None:
    assert price.recall(text) == Pricing()


# --- after a pause, and for people -------------------------------------------------------------


@given(count=st.integers(0, 2000), throw=st.floats(0, 1, exclude_max=True))
def test_overdue_sources_are_spread_over_at_most_five_minutes(count: int, throw: float) -> None:
    moments = spread(count, now=START, dice=lambda: throw)
    assert len(moments) == count
    assert list(moments) == sorted(moments)
    if moments:
        assert moments[0] >= START
        assert moments[-1] <= START + min(LONGEST_SPREAD, count * timedelta(seconds=1))


def test_an_explanation_has_rate_profile_price_polls_and_what_binds() -> None:
    state = PollState(1, source(weight=2.0), next_poll_at=START + HOUR)
    history = History(steady(24.0), DocumentSpan(20, 2, START - DAY, 1))
    told = explain(
        state, history, now=START, bounds=BOUNDS, pricing=Pricing(1.0), because="Cache-Control"
    )
    assert told.entries_per_day == pytest.approx(24, rel=0.01)
    assert (len(told.weekday), len(told.weekend)) == (24, 24)
    assert sum(told.weekday) == pytest.approx(24, rel=0.01)
    assert [plan.because for plan in told.polls] == [
        "Cache-Control",
        *["entries may have been missed: asked more often"] * 4,
    ]
    pauses = [later.at - plan.at for plan, later in zip(told.polls, told.polls[1:], strict=False)]
    # 24 entries a day of weight 2 reach one entry-hour in an hour; shortened for the gap to what
    # the budget gives an average source of that weight.
    assert all(timedelta(minutes=42) < pause < timedelta(minutes=44) for pause in pauses)
    text = "\n".join(lines(told, UTC))
    assert "24.0" in text
    assert "gaps found: 2" in text
    assert "2026-11-20 09:00:00+00:00  Cache-Control" in text


@pytest.mark.parametrize("rate", [0.001, 9.994, 9.996, 24.0, 99.94, 99.96, 3600.0])
def test_the_hours_of_a_day_fit_a_terminal(rate: float) -> None:
    told = explain(PollState(1, source()), History(), now=START, bounds=BOUNDS, pricing=Pricing())
    shown = lines(replace(told, weekday=(rate,) * 24), UTC)
    assert [len(text) for text in shown if "weekday" in text] == [79, 79]


@pytest.mark.parametrize(
    ("state", "at", "because"),
    [
        (PollState(1, source(), failures=3, failing_since_at=START - DAY), START + HOUR, "so"),
        (PollState(1, source(), not_before_at=START + DAY), START + DAY, "Retry-After"),
        (
            PollState(1, source(), (Mirror("https://a.example/", gated_until_at=START + DAY),)),
            START + DAY,
            "its host is left alone",
        ),
    ],
    ids=["failing", "source-asked", "host-asked"],
)
def test_of_a_source_that_is_not_well_only_the_planned_poll_is_told(
    state: PollState, at: datetime, because: str
) -> None:
    state = replace(state, next_poll_at=START + HOUR)
    told = explain(state, History(), now=START, bounds=BOUNDS, pricing=Pricing(1.0), because="so")
    assert [(plan.at, plan.because) for plan in told.polls] == [(at, because)]
    text = "\n".join(lines(told, UTC))
    assert ("asked to wait or limits us" in text) == (at > START + HOUR)
    assert "next poll:\n" in text


def test_a_retry_after_that_has_ended_is_not_told() -> None:
    state = PollState(1, source(), not_before_at=START - HOUR, next_poll_at=START + HOUR)
    told = explain(state, History(), now=START, bounds=BOUNDS, pricing=Pricing(1.0))
    assert told.held_until_at is None
    assert len(told.polls) == 5
