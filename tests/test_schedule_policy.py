"""When to poll next: the laws of the plan, for any state and any outcome."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import (
    DocumentHints,
    Failed,
    Gone,
    HttpHints,
    NotModified,
    Outcome,
    PollState,
    Problem,
    ProblemKind,
)
from aggregator.schedule.policy import (
    GONE_INTERVAL,
    LONGEST_BACKOFF,
    LONGEST_HINT,
    MOST_JITTER,
    Bounds,
    next_poll,
)
from tests.making import DAY, HOUR, START, source

BOUNDS = Bounds(timedelta(minutes=15), timedelta(hours=12))
STATE = PollState(source_id=1, source=source())
PROBLEM = Problem(ProblemKind.TIMEOUT, "no answer")

durations = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=40))
hints = st.builds(HttpHints, retry_after=st.none() | durations, fresh_for=st.none() | durations)
outcomes = st.one_of(
    st.builds(NotModified, url=st.just("https://one.example/"), hints=hints),
    st.builds(Failed, problem=st.just(PROBLEM), hints=hints),
    st.just(Gone(PROBLEM)),
)
states = st.builds(
    PollState,
    source_id=st.just(1),
    source=st.builds(lambda pause: source(interval=pause), st.none() | durations.filter(bool)),
    failures=st.integers(0, 100_000),
    arrivals=st.lists(durations, max_size=50).map(
        lambda ages: tuple(START - age for age in sorted(ages))
    ),
    hints=st.builds(DocumentHints, ttl=st.none() | durations, update_every=st.none() | durations),
)
dice = st.floats(0, 1, exclude_max=True)


def plan_of(
    state: PollState = STATE, outcome: Outcome | None = None, throw: float = 0.0
) -> tuple[timedelta, str]:
    outcome = outcome or NotModified("https://one.example/")
    plan = next_poll(state, outcome, now=START, bounds=BOUNDS, dice=lambda: throw)
    return plan.at - START, plan.because


@given(state=states, outcome=outcomes, throw=dice)
def test_a_plan_is_never_inside_a_retry_after_and_never_endless(
    state: PollState, outcome: Outcome, throw: float
) -> None:
    plan = next_poll(state, outcome, now=START, bounds=BOUNDS, dice=lambda: throw)
    asked = outcome.hints.retry_after if not isinstance(outcome, Gone) else None
    pause = plan.at - START
    assert pause > timedelta(0)
    assert asked is None or pause >= asked
    longest = max(
        BOUNDS.longest, GONE_INTERVAL, LONGEST_BACKOFF, LONGEST_HINT, asked or timedelta(0)
    )
    assert pause <= max(longest, state.source.interval or timedelta(0)) + MOST_JITTER
    assert plan.because


@given(state=states, throw=dice)
def test_jitter_only_ever_makes_a_poll_later(state: PollState, throw: float) -> None:
    assert plan_of(state, throw=throw)[0] >= plan_of(state, throw=0)[0]


@given(failures=st.integers(0, 40), throw=dice)
def test_more_failures_never_shorten_the_pause(failures: int, throw: float) -> None:
    outcome = Failed(PROBLEM)
    fewer = plan_of(replace(STATE, failures=failures), outcome, throw)[0]
    more = plan_of(replace(STATE, failures=failures + 1), outcome, throw)[0]
    assert fewer <= more <= LONGEST_BACKOFF


@pytest.mark.parametrize(
    ("state", "outcome", "pause", "because"),
    [
        (STATE, None, HOUR, "rhythm not known yet"),
        (replace(STATE, source=source(interval=timedelta(minutes=10))), None,
         timedelta(minutes=10), "fixed interval"),
        (replace(STATE, arrivals=(START, START - HOUR, START - 2 * HOUR)), None,
         timedelta(minutes=30), "half the time between entries"),
        (replace(STATE, arrivals=(START, START - timedelta(minutes=1))), None,
         timedelta(minutes=15), "min_interval"),
        (replace(STATE, arrivals=(START - 90 * DAY, START - 91 * DAY)), None,
         timedelta(hours=12), "max_interval"),
        (replace(STATE, hints=DocumentHints(ttl=3 * HOUR)), None, 3 * HOUR, "ttl"),
        (STATE, NotModified("", hints=HttpHints(fresh_for=2 * HOUR)), 2 * HOUR, "Cache-Control"),
        (STATE, NotModified("", hints=HttpHints(fresh_for=9 * DAY)), DAY, "Cache-Control"),
        (replace(STATE, source=source(interval=HOUR)),
         NotModified("", hints=HttpHints(fresh_for=9 * HOUR)), HOUR, "fixed interval"),
        (replace(STATE, source=source(interval=HOUR)),
         Failed(PROBLEM, 429, HttpHints(retry_after=9 * HOUR)), 9 * HOUR, "Retry-After"),
        (STATE, Failed(PROBLEM), timedelta(minutes=15), "failed 1 time"),
        (replace(STATE, failures=3), Failed(PROBLEM), 2 * HOUR, "failed 4 times"),
        (STATE, Gone(PROBLEM), 7 * DAY, "410 Gone: asked weekly"),
    ],
)  # fmt: skip
def test_what_binds(
    state: PollState, outcome: Outcome | None, pause: timedelta, because: str
) -> None:
    assert plan_of(state, outcome) == (pause, because)
