"""Whose waiting counts: what a source counts as beside its own entries."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import sqrt
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.schedule.favour import FULL_STANDING, MOST_COST, MOST_UNEVEN, Favour, standing
from aggregator.schedule.price import PollingBounds, Priced, Pricing, recall, steer, to_text
from aggregator.schedule.rhythm import Rhythm

START = datetime(2026, 6, 1, tzinfo=UTC)
BUDGET = 24.0
many_rates = st.lists(st.floats(0.01, 300), min_size=1, max_size=60)


def beside(rates: list[float], favour: Favour = Favour.ENTRIES, longest: float = 1e6) -> float:
    return standing(rates, favour, budget=BUDGET, shortest=1e-6, longest=longest)


def waiting(rates: list[float], more: float) -> tuple[float, float]:
    """Return the mean pause of a source and of an entry, where nothing bounds a pause."""
    roots = [sqrt(rate + more) for rate in rates]
    pauses = [fmean(roots) / root for root in roots]
    of_entries = sum(rate * pause for rate, pause in zip(rates, pauses, strict=True)) / sum(rates)
    return fmean(pauses), of_entries


@given(rates=many_rates)
def test_sources_wait_hardly_longer_or_entries_pay_what_they_may(rates: list[float]) -> None:
    more = beside(rates)
    of_sources, of_entries = waiting(rates, more)
    paid = of_entries / waiting(rates, 0.0)[1]
    assert of_sources <= MOST_UNEVEN * 1.01 or paid >= MOST_COST * 0.99
    least = FULL_STANDING * fmean(rates) / 2**7
    if more > least:  # it is the least that does: a little less would not
        of_sources, of_entries = waiting(rates, more - least)
        assert of_sources > MOST_UNEVEN * 0.99
        assert of_entries / waiting(rates, 0.0)[1] < MOST_COST * 1.01


@given(rates=many_rates, times=st.floats(0.01, 100))
def test_it_grows_with_the_rates(rates: list[float], times: float) -> None:
    grown = beside([rate * times for rate in rates])
    assert grown == pytest.approx(beside(rates) * times, rel=1e-6)


def test_where_all_sources_are_alike_none_is_needed() -> None:
    assert beside([3.0] * 9) == 0.0
    assert beside([]) == 0.0


def test_bounds_that_make_all_pauses_alike_need_none() -> None:
    assert beside([0.01, 1.0, 100.0]) > 0.0
    assert beside([0.01, 1.0, 100.0], longest=1.2) == 0.0


def test_many_sources_count_as_some_of_them_do() -> None:
    rates = [0.02 * 1.01**step for step in range(900)]
    assert beside(rates) == pytest.approx(beside(rates[::10]), rel=0.1)


def steady(rate: float) -> Rhythm:
    """Return a rhythm of so many entries a day, whatever the hour, watched for months."""
    shares = (5 / 168,) * 24 + (2 / 168,) * 24
    watched = tuple(2400 * share for share in shares)
    return Rhythm(tuple(rate / 24 * hours for hours in watched), watched, START)


def test_favouring_sources_asks_quiet_ones_nearly_as_often_as_busy_ones() -> None:
    sources = [Priced(1.0, steady(rate)) for rate in (0.05, 0.5, 5.0, 50.0)]
    bounds = PollingBounds(timedelta(minutes=5), timedelta(hours=24), BUDGET)
    entries = steer(Pricing(), sources, now=START, bounds=bounds)
    favoured = replace(bounds, favour=Favour.SOURCES)
    for_sources = steer(Pricing(), sources, now=START, bounds=favoured)
    assert for_sources.standing == pytest.approx(FULL_STANDING * fmean((0.05, 0.5, 5, 50)), rel=0.1)
    assert 0 < entries.standing < for_sources.standing / 10


def test_a_flood_does_not_make_all_the_others_alike() -> None:
    quiet = [Priced(1.0, steady(rate)) for rate in (0.1, 1.0, 10.0)]
    flood = Priced(1.0, steady(48_000.0), is_capped=True)
    bounds = PollingBounds(timedelta(minutes=5), timedelta(hours=24), BUDGET)
    alone = steer(Pricing(), quiet, now=START, bounds=bounds)
    together = steer(Pricing(), [*quiet, flood], now=START, bounds=bounds)
    assert together.standing == alone.standing


def test_a_standing_is_remembered_and_one_of_before_is_none() -> None:
    pricing = Pricing(0.5, standing=2.25, steered_at=START)
    assert recall(to_text(pricing)) == pricing
    assert recall(to_text(pricing).replace('"standing":2.25,', "")).standing == 0.0
