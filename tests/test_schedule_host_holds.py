"""A host that limits us without a word is left alone for longer each time, and again for less."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import Attempt, HttpHints, Mirror, Outcome, ProblemKind
from aggregator.schedule.host_holds import (
    FIRST_HOLD,
    LIMITING,
    LONGEST_HOLD,
    MOST_STRIKES,
    WELL_FOR,
    Temper,
    answering_host,
    eased,
    is_limit,
    struck,
)
from tests.making import DAY, HOUR, START, failed, fetched

URL = "https://one.example/feed.xml"
MINUTE = timedelta(minutes=1)
WELL = Mirror(URL, document_at=START - DAY)


def answer(status: int | None, **hints: timedelta) -> Outcome:
    return replace(failed(), status=status, hints=HttpHints(**hints))


def is_one(
    outcome: Outcome,
    before: Mirror = WELL,
    *,
    strikes: int = 0,
    well: timedelta | None = HOUR / 2,
    is_ours: bool = False,
) -> bool:
    attempt = Attempt(URL, outcome, is_ours=is_ours)
    well_at = None if well is None else START - well
    return is_limit(attempt, before, Temper(strikes), host_well_at=well_at, now=START)


@pytest.mark.parametrize(
    ("status", "failures", "strikes", "well", "expected"),
    [
        (403, 0, 0, HOUR / 2, True),
        (503, 0, 0, WELL_FOR, True),
        (403, 0, 0, WELL_FOR + MINUTE, False),
        (403, 0, 0, None, False),
        (403, 1, 0, HOUR / 2, False),  # it has failed before: it is forbidden, and no limit
        (403, 0, 3, None, True),  # the host limits us at present, and this URL's turn has come
        (503, 3, 3, None, True),
        (503, 4, 3, HOUR / 2, False),
        (429, 9, 0, None, True),
        (404, 0, 0, MINUTE, False),
        (401, 0, 0, MINUTE, False),
        (451, 0, 0, MINUTE, False),
        (500, 0, 3, MINUTE, False),
        (None, 0, 3, MINUTE, False),
    ],
)
def test_what_a_limit_is(
    status: int | None, failures: int, strikes: int, well: timedelta | None, expected: bool
) -> None:
    before = replace(WELL, failures=failures)
    assert is_one(answer(status), before, strikes=strikes, well=well) is expected


@pytest.mark.parametrize("status", [403, 429, 503])
def test_what_no_limit_is(status: int) -> None:
    assert is_one(answer(status))
    assert not is_one(answer(status), is_ours=True)
    assert not is_one(answer(status, retry_after=HOUR)), "it says itself how long"
    challenge = replace(failed().problem, kind=ProblemKind.CHALLENGE)
    assert not is_one(replace(failed(), status=status, problem=challenge))
    assert not is_one(fetched())


def test_a_url_that_never_answered_does_not_begin_a_limit() -> None:
    assert not is_one(answer(403), Mirror(URL))
    assert is_one(answer(403), Mirror(URL), strikes=1)


def test_the_host_is_the_one_that_answered() -> None:
    assert answering_host(Attempt(URL, failed())) == "https://one.example:443"
    two = "http://two.example/feed"
    assert answering_host(Attempt(URL, replace(failed(), answered_url=two))).startswith(
        "http://two"
    )
    assert answering_host(Attempt(URL, replace(fetched(), url=two))) == "http://two.example:80"


def test_holds_double_and_successes_halve_them() -> None:
    temper, now, holds = Temper(), START, []
    for _ in range(12):
        temper = struck(temper, now)
        assert temper.until_at is not None
        holds.append((temper.until_at - now) // MINUTE)
        now = temper.until_at
    assert holds == [5, 10, 20, 40, 80, 160, 320, 640, 1280, 1440, 1440, 1440]
    for _ in range(4):
        temper = eased(temper)
    assert struck(temper, now).until_at == now + 320 * MINUTE


def test_two_mirrors_of_one_host_meet_its_limit_once() -> None:
    once = struck(Temper(), START)
    assert struck(once, START) == once
    assert struck(once, START + MINUTE) == Temper(1, START + MINUTE + FIRST_HOLD)
    assert struck(once, START + FIRST_HOLD).strikes == 2
    # A host that has only asked to wait, and now limits us without a word, has one strike.
    assert struck(Temper(0, START + FIRST_HOLD), START).strikes == 1


moments = st.timedeltas(-2 * DAY, 40 * DAY).map(lambda by: START + by)
tempers = st.builds(Temper, st.integers(0, MOST_STRIKES), st.none() | moments)


@given(temper=tempers, now=moments, later=st.timedeltas(timedelta(0), DAY))
def test_a_limit_never_shortens_a_hold(temper: Temper, now: datetime, later: timedelta) -> None:
    after = struck(temper, now)
    assert after.until_at is not None
    assert 1 <= after.strikes <= MOST_STRIKES
    assert after.until_at >= (temper.until_at or now)
    assert now + FIRST_HOLD <= after.until_at <= max(now + LONGEST_HOLD, temper.until_at or now)
    again = struck(after, now + later)
    assert again.until_at is not None
    assert again.until_at >= after.until_at


@given(temper=tempers, now=moments)
def test_a_success_never_lengthens_a_hold_and_ends_in_none(temper: Temper, now: datetime) -> None:
    after = eased(temper)
    assert after.until_at == temper.until_at
    assert after.strikes == max(temper.strikes - 1, 0)
    fresh, milder = (
        struck(replace(temper, until_at=None), now),
        struck(replace(after, until_at=None), now),
    )
    assert milder.until_at is not None
    assert fresh.until_at is not None
    assert milder.until_at <= fresh.until_at
    for _ in range(MOST_STRIKES):
        temper = eased(temper)
    assert temper.strikes == 0


@given(
    status=st.sampled_from(sorted(LIMITING)),
    strikes=st.integers(0, MOST_STRIKES),
    more=st.integers(1, 99),
)
def test_what_is_forbidden_for_good_soon_holds_nobody(status: int, strikes: int, more: int) -> None:
    before = replace(WELL, failures=MOST_STRIKES + more)
    assert not is_one(answer(status), before, strikes=strikes, well=MINUTE)
