"""The benchmark of the schedule on a few generated sources: a change for the worse fails here."""

from __future__ import annotations

import pytest

from benchmarks.schedule import WIDE, Result, Scenario, make_traces, run

#: Fewer sources than the benchmark's, and two weeks measured instead of four: the ratios are loose.
SMALL = Scenario("small", make_traces(sources=20, days=42), WIDE)


@pytest.fixture(scope="module")
def at_12() -> dict[str, Result]:
    return {name: run(SMALL, name, 12.0) for name in ("fixed", "entry_frequency", "price")}


def test_entries_wait_about_half_as_long_as_with_fixed_intervals(
    at_12: dict[str, Result],
) -> None:
    assert at_12["price"].mean < 0.55 * at_12["fixed"].mean
    assert at_12["price"].p95 < at_12["fixed"].p95


def test_entries_wait_shorter_than_with_intervals_by_frequency(at_12: dict[str, Result]) -> None:
    assert at_12["price"].mean < 0.65 * at_12["entry_frequency"].mean


def test_all_use_the_same_requests(at_12: dict[str, Result]) -> None:
    assert at_12["fixed"].requests_per_day == pytest.approx(12, rel=0.01)
    assert at_12["entry_frequency"].requests_per_day == pytest.approx(12, rel=0.01)
    assert at_12["price"].requests_per_day == pytest.approx(12, rel=0.04)


def test_nothing_is_lost_at_six_requests_a_day() -> None:
    assert run(SMALL, "fixed", 6.0).lost > 100
    assert run(SMALL, "price", 6.0).lost == 0
