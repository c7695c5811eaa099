"""The benchmark of the schedule on a few generated sources: a change for the worse fails here."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from aggregator.model import DocumentHints
from benchmarks.schedule import ALL, DEFAULT, WIDE, Result, Scenario, Waiting, run
from benchmarks.schedule_traces import make_traces

#: Fewer sources than the benchmark's, and two weeks measured instead of four: the ratios are loose.
SMALL = Scenario("small", make_traces(sources=20, days=42), WIDE)


@pytest.fixture(scope="module")
def at_12() -> dict[str, Result]:
    names = ("fixed", "Miniflux", "√rate", "price", "price, for sources")
    return {name: run(SMALL, name, 12.0) for name in names}


def waited(result: Result) -> Waiting:
    return result.waiting[ALL]


def test_entries_wait_about_half_as_long_as_with_fixed_intervals(
    at_12: dict[str, Result],
) -> None:
    assert waited(at_12["price"]).mean < 0.55 * waited(at_12["fixed"]).mean
    assert waited(at_12["price"]).p95 < waited(at_12["fixed"]).p95


def test_entries_wait_shorter_than_with_other_formulas(at_12: dict[str, Result]) -> None:
    assert waited(at_12["price"]).mean < 0.85 * waited(at_12["Miniflux"]).mean
    assert waited(at_12["price"]).mean < 1.02 * waited(at_12["√rate"]).mean


def test_sources_wait_much_shorter_than_by_the_root_of_the_rate(at_12: dict[str, Result]) -> None:
    assert waited(at_12["price"]).source_mean < 0.6 * waited(at_12["√rate"]).source_mean


def test_what_favours_sources_makes_them_wait_no_longer_than_fixed_intervals_do(
    at_12: dict[str, Result],
) -> None:
    favoured = waited(at_12["price, for sources"])
    assert favoured.source_mean < 1.05 * waited(at_12["fixed"]).source_mean
    assert favoured.mean < waited(at_12["fixed"]).mean


def test_hints_that_nobody_asked_for_do_not_slow_a_source() -> None:
    traces = make_traces(sources=12, days=35)
    hourly = replace(traces, hints=(DocumentHints(update_every=timedelta(hours=1)),) * 12)
    with_them, without = (
        run(Scenario("hints", one, DEFAULT), "price", 48.0) for one in (hourly, traces)
    )
    assert waited(with_them) == waited(without)


def test_all_use_the_same_requests(at_12: dict[str, Result]) -> None:
    assert at_12["fixed"].requests_per_day == pytest.approx(12, rel=0.01)
    assert at_12["Miniflux"].requests_per_day == pytest.approx(12, rel=0.01)
    assert at_12["price"].requests_per_day == pytest.approx(12, rel=0.04)


def test_nothing_is_lost_at_six_requests_a_day() -> None:
    assert run(SMALL, "fixed", 6.0).lost > 100
    assert run(SMALL, "price", 6.0).lost == 0
