"""When to poll next: the laws of the plan, for any state and any outcome, and what binds."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from math import sqrt
from typing import TYPE_CHECKING

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
    Plan,
    PollState,
    Problem,
    ProblemKind,
)
from aggregator.schedule.gaps import DocumentSpan
from aggregator.schedule.history import History
from aggregator.schedule.policy import (
    BACKOFF_JITTER,
    LONGEST_BACKOFF,
    LONGEST_GATE,
    LONGEST_HINT,
    MOST_JITTER,
    WEEK,
    first_allowed,
    next_poll,
)
from aggregator.schedule.price import PollingBounds, Pricing, own_share
from tests.making import DAY, HOUR, START, source, steady

if TYPE_CHECKING:
    from datetime import datetime

MINUTE = timedelta(minutes=1)
BOUNDS = PollingBounds(timedelta(minutes=15), timedelta(hours=12))
STATE = PollState(source_id=1, source=source())
PROBLEM = Problem(ProblemKind.TIMEOUT, "no answer")
CHALLENGE = Problem(ProblemKind.CHALLENGE, "a page for browsers")
UNCHANGED = NotModified("https://one.example/")


#: At this price a source of one entry an hour is worth a poll after an hour.
PRICING = Pricing(price=0.5)
HABITS = History(steady(24.0))

durations = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=40))
jumps = st.timedeltas(min_value=timedelta(days=-3660), max_value=timedelta(days=3660))
hints = st.builds(HttpHints, retry_after=st.none() | durations, fresh_for=st.none() | durations)
statuses = st.none() | st.sampled_from([400, 401, 403, 404, 410, 429, 451, 500, 503])
problems = st.sampled_from([PROBLEM, CHALLENGE])
failures = st.builds(Failed, problem=problems, status=statuses, hints=hints)
outcomes = st.one_of(
    st.builds(NotModified, url=st.just("https://one.example/"), hints=hints),
    failures,
    st.just(Gone(PROBLEM)),
)
document_hints = st.builds(
    DocumentHints,
    ttl=st.none() | durations,
    update_every=st.none() | durations,
    skip_hours=st.lists(st.integers(0, 24), max_size=25).map(tuple),
    skip_days=st.lists(st.integers(0, 6), max_size=7).map(tuple),
    expired=st.booleans(),
)
moments = st.none() | jumps.map(lambda jump: START + jump)
states = st.builds(
    PollState,
    source_id=st.just(1),
    source=st.builds(
        lambda pause, weight: source(interval=pause, weight=weight),
        st.none() | durations.filter(bool),
        st.floats(0.01, 100),
    ),
    failures=st.integers(0, 100_000),
    failing_since_at=moments,
    last_poll_at=moments,
    last_success_at=moments,
    hints=document_hints,
)
history = st.builds(
    lambda per_day, at, window: History(replace(steady(per_day), at=at), window),
    st.floats(0, 10_000),
    moments,
    st.builds(
        DocumentSpan,
        entries=st.integers(0, 3000),
        gaps=st.integers(0, 9),
        gap_at=moments,
        halvings=st.integers(0, 3),
        in_a_row=st.integers(0, 3),
    ),
)
pricings = st.builds(Pricing, price=st.none() | st.floats(1e-9, 1e9))
dice = st.floats(0, 1, exclude_max=True)


def plan_of(
    state: PollState = STATE,
    outcome: Outcome = UNCHANGED,
    throw: float = 0.0,
    *,
    known: History = HABITS,
    pricing: Pricing = PRICING,
    now: datetime = START,
    host_until: datetime | None = None,
    limited_until: datetime | None = None,
) -> Plan:
    return next_poll(
        state,
        known,
        outcome,
        now=now,
        bounds=BOUNDS,
        pricing=pricing,
        dice=lambda: throw,
        host_until=host_until,
        limited_until=limited_until,
    )


def longest_of(state: PollState) -> timedelta:
    """Return the longest pause without a Retry-After and without skipDays."""
    longest = max(BOUNDS.longest, WEEK, LONGEST_BACKOFF, LONGEST_HINT)
    return max(longest, state.source.interval or longest)


@given(state=states, known=history, outcome=outcomes, pricing=pricings, gate=moments, throw=dice)
def test_a_plan_is_never_inside_a_retry_after_and_never_endless(
    *,
    state: PollState,
    known: History,
    outcome: Outcome,
    pricing: Pricing,
    gate: datetime | None,
    throw: float,
) -> None:
    plan = plan_of(state, outcome, throw, known=known, pricing=pricing, host_until=gate)
    own = outcome.hints.retry_after if not isinstance(outcome, Gone) else None
    ends = [START + min(own, LONGEST_GATE)] if own is not None else []
    ends += [min(gate, START + LONGEST_GATE)] if gate is not None else []
    assert plan.at > START
    assert all(plan.at >= end for end in ends)
    assert plan.not_before == (max(ends) if ends and max(ends) > START else None)
    longest = max(longest_of(state) * (1 + BACKOFF_JITTER), LONGEST_GATE)
    assert plan.at <= START + longest + 7 * DAY + HOUR
    assert plan.because


@given(state=states, known=history, outcome=outcomes, pricing=pricings, gate=moments, throw=dice)
def test_jitter_only_ever_makes_a_poll_later(
    *,
    state: PollState,
    known: History,
    outcome: Outcome,
    pricing: Pricing,
    gate: datetime | None,
    throw: float,
) -> None:
    later = plan_of(state, outcome, throw, known=known, pricing=pricing, host_until=gate)
    assert later.at >= plan_of(state, outcome, known=known, pricing=pricing, host_until=gate).at


@given(state=states, outcome=failures, hold=st.timedeltas(MINUTE, DAY), throw=dice)
def test_what_a_limit_brings_is_never_inside_its_hold_and_never_endless(
    state: PollState, outcome: Failed, hold: timedelta, throw: float
) -> None:
    until, outcome = START + hold, replace(outcome, hints=HttpHints())
    plan = plan_of(state, outcome, throw, limited_until=until)
    assert plan.at >= until
    assert plan.at >= plan_of(state, outcome, limited_until=until).at
    assert plan.at >= START + (state.source.interval or BOUNDS.shortest)
    if outcome.status == 403 and outcome.problem.kind is not ProblemKind.CHALLENGE:
        longest = max(hold, state.source.interval or BOUNDS.shortest) + MOST_JITTER
        assert plan.at <= START + longest
    else:
        assert plan.at >= plan_of(state, outcome, throw).at


@given(state=states, outcome=failures, throw=dice)
def test_more_failures_never_shorten_the_pause(
    state: PollState, outcome: Failed, throw: float
) -> None:
    fewer = plan_of(state, outcome, throw)
    more = plan_of(replace(state, failures=state.failures + 1), outcome, throw)
    assert START < fewer.at <= more.at


@given(state=states, known=history, outcome=outcomes, pricing=pricings, throw=dice)
def test_nothing_but_a_fixed_interval_polls_before_min_interval(
    state: PollState, known: History, outcome: Outcome, pricing: Pricing, throw: float
) -> None:
    pause = plan_of(state, outcome, throw, known=known, pricing=pricing).at - START
    assert pause >= (state.source.interval or BOUNDS.shortest)


@given(state=states, known=history, pricing=pricings, throw=dice)
def test_a_source_that_answers_without_a_hint_is_polled_within_max_interval(
    state: PollState, known: History, pricing: Pricing, throw: float
) -> None:
    state = replace(state, hints=DocumentHints(), source=source(weight=state.source.weight))
    pause = plan_of(state, UNCHANGED, throw, known=known, pricing=pricing).at - START
    assert pause <= BOUNDS.longest + MOST_JITTER


@given(state=states, known=history, pricing=pricings, jump=jumps, throw=dice)
def test_a_clock_that_jumps_ten_years_means_neither_storm_nor_silence(
    state: PollState, known: History, pricing: Pricing, jump: timedelta, throw: float
) -> None:
    state = replace(state, hints=DocumentHints(), source=source(weight=state.source.weight))
    now = START + jump
    pause = plan_of(state, UNCHANGED, throw, known=known, pricing=pricing, now=now).at - now
    assert BOUNDS.shortest <= pause <= BOUNDS.longest + MOST_JITTER


@given(hint=document_hints, jump=jumps)
def test_skipped_hours_and_days_are_never_polled_unless_all_are(
    hint: DocumentHints, jump: timedelta
) -> None:
    at = START + jump
    moved, because = first_allowed(hint, at)
    assert at <= moved <= at + 7 * DAY
    assert (because is None) == (moved == at)
    hours, days = {hour % 24 for hour in hint.skip_hours}, set(hint.skip_days)
    assert moved.hour not in hours or len(hours) == 24
    assert moved.weekday() not in days or len(days) == 7


def hinting(**fields: object) -> PollState:
    return replace(STATE, hints=DocumentHints(**fields))  # type: ignore[arg-type]  # a test's shorthand


LONG_MISSING = replace(STATE, failures=40, failing_since_at=START - 15 * DAY)
EVERY_TEN = replace(STATE, source=source(interval=10 * MINUTE))


@pytest.mark.parametrize(
    ("state", "outcome", "pause", "because"),
    [
        (STATE, UNCHANGED, HOUR, "price"),
        (replace(STATE, source=source(weight=4.0)), UNCHANGED, HOUR / 2, "price"),
        (replace(STATE, source=source(weight=100.0)), UNCHANGED, 15 * MINUTE, "min_interval"),
        (replace(STATE, source=source(weight=0.001)), UNCHANGED, 12 * HOUR, "max_interval"),
        (EVERY_TEN, UNCHANGED, 10 * MINUTE, "fixed interval"),
        (hinting(ttl=3 * HOUR), UNCHANGED, 3 * HOUR, "ttl"),
        (hinting(ttl=timedelta(0)), UNCHANGED, HOUR, "price"),
        (hinting(ttl=90 * DAY), UNCHANGED, DAY, "ttl"),
        (hinting(update_every=7 * DAY), UNCHANGED, DAY, "sy:updatePeriod"),
        (
            replace(hinting(update_every=HOUR), source=source(weight=100.0)),
            UNCHANGED, 15 * MINUTE, "min_interval",
        ),
        (hinting(skip_hours=(8, 9, 10)), UNCHANGED, 3 * HOUR, "skipHours"),
        (hinting(skip_hours=tuple(range(25))), UNCHANGED, HOUR, "price"),
        (hinting(skip_days=(4, 5)), UNCHANGED, 40 * HOUR, "skipDays"),  # START is a Friday's 8:00
        (hinting(skip_days=tuple(range(7))), UNCHANGED, HOUR, "price"),
        (hinting(expired=True), UNCHANGED, 7 * DAY,
         "the document says it has expired: asked weekly"),
        (STATE, NotModified("", hints=HttpHints(fresh_for=2 * HOUR)), 2 * HOUR, "Cache-Control"),
        (STATE, NotModified("", hints=HttpHints(fresh_for=9 * DAY)), DAY, "Cache-Control"),
        (EVERY_TEN, NotModified("", hints=HttpHints(fresh_for=9 * HOUR)), 10 * MINUTE,
         "fixed interval"),
        (EVERY_TEN, Failed(PROBLEM, 429, HttpHints(retry_after=9 * HOUR)), 9 * HOUR,
         "Retry-After"),
        (STATE, NotModified("", hints=HttpHints(retry_after=MINUTE)), HOUR, "price"),
        (STATE, Failed(PROBLEM), 15 * MINUTE, "failed 1 time"),
        (EVERY_TEN, Failed(PROBLEM), 10 * MINUTE, "failed 1 time"),
        (replace(STATE, failures=3), Failed(PROBLEM), 2 * HOUR, "failed 4 times"),
        (replace(STATE, failures=99), Failed(PROBLEM), DAY / (1 + BACKOFF_JITTER),
         "failed 100 times"),
        (STATE, Failed(PROBLEM, 429), HOUR, "failed 1 time"),
        (replace(STATE, failures=1), Failed(PROBLEM, 503), 2 * HOUR, "failed 2 times"),
        (STATE, Failed(PROBLEM, 401), DAY, "401: asked daily"),
        (EVERY_TEN, Failed(PROBLEM, 403), DAY, "403: asked daily"),
        (STATE, Failed(PROBLEM, 451), DAY, "451: asked daily"),
        (STATE, Failed(CHALLENGE, 202), DAY, "a page for browsers: asked daily"),
        (LONG_MISSING, Failed(PROBLEM, 404), 7 * DAY, "404 for two weeks: asked weekly"),
        (LONG_MISSING, Failed(PROBLEM, 500), DAY / (1 + BACKOFF_JITTER), "failed 41 times"),
        (replace(LONG_MISSING, failures=2), Failed(PROBLEM, 404), HOUR, "failed 3 times"),
        (STATE, Gone(PROBLEM), 7 * DAY, "410 Gone: asked weekly"),
        (replace(STATE, failures=400), Gone(PROBLEM), 7 * DAY, "410 Gone: asked weekly"),
    ],
)  # fmt: skip
def test_what_binds(state: PollState, outcome: Outcome, pause: timedelta, because: str) -> None:
    plan = plan_of(state, outcome)
    assert abs(plan.at - START - pause) < timedelta(seconds=2)
    assert plan.because == because


def test_a_host_that_asked_to_wait_holds_back_its_other_sources() -> None:
    plan = plan_of(host_until=START + 5 * HOUR)
    assert plan == Plan(START + 5 * HOUR, "Retry-After of its host", START + 5 * HOUR)
    longer = NotModified("", hints=HttpHints(retry_after=6 * HOUR))
    plan = plan_of(outcome=longer, host_until=START + 5 * HOUR)
    assert plan == Plan(START + 6 * HOUR, "Retry-After", START + 6 * HOUR)
    assert plan_of(host_until=START - HOUR) == plan_of()


def test_without_a_price_a_source_is_polled_at_the_budget() -> None:
    plan = plan_of(pricing=Pricing())
    assert plan == Plan(START + HOUR, "price not known yet")


def test_a_document_that_would_overflow_is_polled_before() -> None:
    dear, busy = Pricing(price=1000.0), steady(240.0)
    assert plan_of(known=History(busy), pricing=dear).because == "max_interval"
    plan = plan_of(known=History(busy, DocumentSpan(entries=20)), pricing=dear)
    # Of 7.5 expected entries more than 14, of a window of 20, come in one case of a hundred.
    assert timedelta(minutes=43) < plan.at - START < timedelta(minutes=47)
    assert plan.because == "before the document overflows"
    tiny = plan_of(known=History(busy, DocumentSpan(entries=1)), pricing=dear)
    assert tiny == Plan(START + BOUNDS.shortest, "min_interval")


def test_after_a_gap_the_pause_is_halved_for_two_days() -> None:
    slow = History(steady(2.0), DocumentSpan(entries=20, gaps=1, gap_at=START - DAY, halvings=1))

    def plan_with(**fields: object) -> Plan:
        window = replace(slow.window, **fields)  # type: ignore[arg-type]  # a test's shorthand
        return plan_of(known=History(slow.rhythm, window), pricing=PRICING)

    plan, usual = plan_with(), plan_with(halvings=0)
    assert plan.at - START == (usual.at - START) / 2
    assert plan.because == "entries may have been missed: asked more often"
    assert plan_with(gap_at=START - 3 * DAY) == usual
    assert plan_with(gap_at=START + 3650 * DAY) == usual


@pytest.mark.parametrize(
    ("per_day", "weight", "pause", "because"),
    [
        # At PRICING's price: 3.5 hours, of which an eighth would be 26 minutes.
        (2.0, 1.0, HOUR, "entries may have been missed: asked more often"),
        (2.0, 4.0, HOUR / 2, "entries may have been missed: asked more often"),
        # It uses its own part of the budget already, or more: no gap makes that more.
        (24.0, 1.0, HOUR, "price"),
        (96.0, 1.0, HOUR / 2, "price"),
        (100_000.0, 1.0, BOUNDS.shortest, "min_interval"),
    ],
)
def test_gaps_use_what_is_left_of_a_sources_own_part_of_the_budget_and_no_more(
    per_day: float, weight: float, pause: timedelta, because: str
) -> None:
    window = DocumentSpan(gaps=9, gap_at=START, halvings=3)
    state = replace(STATE, source=source(weight=weight))
    plan = plan_of(state, known=History(steady(per_day), window), pricing=PRICING)
    assert plan.because == because
    assert plan.at - START == pytest.approx(pause, rel=0.02)


@pytest.mark.parametrize(
    ("per_day", "weight", "in_a_row", "pause", "because"),
    [
        # 2,000 new entries with every poll, and never one of the poll before.
        (48_000.0, 1.0, 3, HOUR, "documents never share an entry: its own part of the budget"),
        (48_000.0, 4.0, 3, HOUR / 2, "documents never share an entry: its own part of the budget"),
        # A busy source that has missed some, as long as asking more often may help.
        (48_000.0, 1.0, 2, BOUNDS.shortest, "min_interval"),
        (96.0, 1.0, 0, HOUR / 2, "price"),
        (12.0, 1.0, 3, HOUR * sqrt(2), "price"),
    ],
)
def test_a_flood_is_asked_within_its_own_part_of_the_budget(
    per_day: float, weight: float, in_a_row: int, pause: timedelta, because: str
) -> None:
    window = DocumentSpan(2000, gaps=9, gap_at=START - DAY * 3, halvings=3, in_a_row=in_a_row)
    state = replace(STATE, source=source(weight=weight))
    plan = plan_of(state, known=History(steady(per_day), window), pricing=PRICING)
    assert plan.because == because
    assert plan.at - START == pytest.approx(pause, rel=0.02)


@given(
    rate=st.floats(0.01, 100_000),
    weight=st.floats(0.1, 10),
    halvings=st.integers(1, 3),
    price=st.none() | st.floats(0.001, 1000),
)
def test_a_gap_never_makes_a_pause_longer_nor_shorter_than_the_sources_own_part_of_the_budget(
    rate: float, weight: float, halvings: int, price: float | None
) -> None:
    def pause(halved: int) -> timedelta:
        window = DocumentSpan(entries=20, gaps=9, gap_at=START, halvings=halved)
        state = replace(STATE, source=source(weight=weight))
        known, pricing = History(steady(rate), window), Pricing(price=price)
        return plan_of(state, known=known, pricing=pricing).at - START

    usual, hurried = pause(0), pause(halvings)
    assert min(usual, own_share(BOUNDS, weight)) <= hurried <= usual
