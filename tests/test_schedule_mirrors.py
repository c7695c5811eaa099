"""What a request teaches of a URL, its host and its source; corrections that no poll makes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import (
    Attempt,
    Failed,
    Gone,
    HttpHints,
    NotModified,
    Problem,
    ProblemKind,
    Validators,
)
from aggregator.schedule.corrections import CLOCK_STEP, forgive_mirror, step_back
from aggregator.schedule.host_holds import HostHold, hold_of
from aggregator.schedule.mirror_choice import rest
from aggregator.schedule.mirror_record import Lesson, MirrorRecord, learn
from aggregator.schedule.permanent_redirects import (
    FAILURES_TO_FORGET,
    POLLS_TO_BELIEVE,
    TIME_TO_BELIEVE,
    RedirectSighting,
)
from aggregator.schedule.source_health import SourceHealth, after_poll, forgive
from tests.making import DAY, HOUR, START, failed, fetched

if TYPE_CHECKING:
    from datetime import datetime

    from aggregator.model import Outcome

URL, MOVED = "https://one.example/feed.xml", "https://new.example/feed.xml"
GONE = Gone(Problem(ProblemKind.GONE, "410"))

#: What is known of a URL that answered a while ago, was led elsewhere twice, and has failed since.
KNOWN = MirrorRecord(
    validators=Validators(b'"1"', b"yesterday", URL),
    body_sha256=b"1",
    failures=1,
    resting_until_at=START,
    certificate_until_at=START + DAY,
    sighting=RedirectSighting(MOVED, START - TIME_TO_BELIEVE, POLLS_TO_BELIEVE - 1),
)


def after(
    outcome: Outcome,
    before: MirrorRecord = KNOWN,
    *,
    has_others: bool = True,
    unconditional: bool = False,
) -> Lesson:
    attempt = Attempt(URL, outcome, unconditional)
    return learn(before, attempt, has_others=has_others, now=START)


def test_a_document_replaces_what_was_known_of_the_one_before() -> None:
    answer = fetched(b'"2"')
    assert after(answer).record == MirrorRecord(
        validators=answer.validators, body_sha256=answer.sha256, document_at=START
    )


@pytest.mark.parametrize(
    ("sent", "held"),
    [
        (Validators(), Validators(b'"1"', b"yesterday", URL)),
        (Validators(b'"2"'), Validators(b'"2"', b"yesterday", URL)),
        (Validators(None, b"today"), Validators(b'"1"', b"today", URL)),
    ],
)
def test_a_304_refreshes_what_it_carries(sent: Validators, held: Validators) -> None:
    record = after(NotModified(URL, sent)).record
    assert (record.validators, record.body_sha256) == (held, b"1")
    assert (record.failures, record.resting_until_at) == (0, None)


@pytest.mark.parametrize("has_others", [True, False])
def test_a_failing_url_rests_while_others_answer_and_keeps_what_is_known(
    has_others: bool,
) -> None:
    lesson = after(failed(), has_others=has_others)
    until = START + rest(2) if has_others else None
    assert lesson == Lesson(replace(KNOWN, failures=2, resting_until_at=until))


@pytest.mark.parametrize(
    ("since", "polls", "permanent_url", "believed"),
    [
        (TIME_TO_BELIEVE, POLLS_TO_BELIEVE - 1, MOVED, True),
        (TIME_TO_BELIEVE - HOUR, POLLS_TO_BELIEVE - 1, MOVED, False),
        (TIME_TO_BELIEVE, POLLS_TO_BELIEVE - 2, MOVED, False),
        (TIME_TO_BELIEVE, POLLS_TO_BELIEVE - 1, URL + "/other", False),
        (TIME_TO_BELIEVE, POLLS_TO_BELIEVE - 1, None, False),
    ],
)
@pytest.mark.parametrize("answer", [fetched(), NotModified(URL)])
def test_a_move_is_believed_once_it_was_seen_often_and_long_enough(
    answer: NotModified, since: timedelta, polls: int, permanent_url: str | None, believed: bool
) -> None:
    before = replace(KNOWN, sighting=RedirectSighting(MOVED, START - since, polls))
    lesson = after(replace(answer, permanent_url=permanent_url), before)
    assert lesson.believed_url == (MOVED if believed else None)
    assert lesson.record.moved_url == (MOVED if believed else None)
    assert (lesson.record.sighting is None) == (believed or permanent_url is None)


@pytest.mark.parametrize(
    ("outcome", "failures", "forgot"),
    [
        (failed(), FAILURES_TO_FORGET - 2, False),
        (failed(), FAILURES_TO_FORGET - 1, True),
        (GONE, 0, True),
    ],
)
def test_a_moved_url_that_fails_is_forgotten(
    outcome: Failed | Gone, failures: int, forgot: bool
) -> None:
    before = MirrorRecord(failures=failures, moved_url=MOVED)
    lesson = after(outcome, before)
    assert lesson.forgot_move is forgot
    assert lesson.record.moved_url == (None if forgot else MOVED)
    assert not after(outcome, replace(before, moved_url=None)).forgot_move


def test_requests_without_the_validators_that_are_held_are_counted() -> None:
    assert after(failed(), unconditional=True).record.unconditional == 1
    assert after(fetched(), unconditional=True).record.unconditional == 1


outcomes = st.sampled_from(
    (fetched(), replace(fetched(), permanent_url=MOVED), NotModified(URL), failed(), GONE)
)


@given(history=st.lists(st.tuples(outcomes, st.integers(-48, 72)), max_size=12))
def test_a_url_is_known_by_its_last_answer_and_the_failures_since(
    history: list[tuple[Outcome, int]],
) -> None:
    record, now = MirrorRecord(), START
    for outcome, hours in history:
        now += hours * HOUR
        record = learn(record, Attempt(URL, outcome), has_others=True, now=now).record
    since = 0
    for outcome, _ in reversed(history):
        if not isinstance(outcome, Failed | Gone):
            break
        since += 1
    assert record.failures == since
    assert (record.resting_until_at is None) == (since == 0)
    assert record.moved_url in (None, MOVED)
    assert record.sighting is None or record.sighting.polls > 0


@pytest.mark.parametrize(
    ("failures", "left", "is_failing"), [(3, 2, True), (1, 0, False), (0, 0, False)]
)
def test_a_forgiven_failure_is_as_if_it_had_not_been(
    failures: int, left: int, is_failing: bool
) -> None:
    since = START - DAY if failures else None
    health = SourceHealth(START + 6 * HOUR, failures, since, last_poll_at=START)
    still_since = since if is_failing else None
    assert forgive(health) == SourceHealth(START, left, still_since, last_poll_at=START)
    record = MirrorRecord(failures=failures, resting_until_at=START + DAY)
    assert forgive_mirror(record) == MirrorRecord(failures=left)


def test_a_course_counts_failures_from_the_first_in_a_row() -> None:
    new = SourceHealth(START)
    once = after_poll(new, failed=True, now=START, next_poll_at=START + HOUR)
    assert once == SourceHealth(START + HOUR, 1, START, last_poll_at=START)
    twice = after_poll(once, failed=True, now=START + HOUR, next_poll_at=START + DAY)
    assert (twice.failures, twice.failing_since_at) == (2, START)
    well = after_poll(twice, failed=False, now=START + DAY, next_poll_at=START + DAY)
    assert well == SourceHealth(START + DAY, 0, None, START + DAY, START + DAY, START + DAY)
    later = after_poll(well, failed=False, now=START + 2 * DAY, next_poll_at=START + 3 * DAY)
    assert later.first_polled_at == START + DAY


@given(polls=st.lists(st.booleans(), max_size=20))
def test_a_forgiven_poll_is_as_if_it_had_not_been_made(polls: list[bool]) -> None:
    health = SourceHealth(START)
    for failed_too in polls:
        health = after_poll(health, failed=failed_too, now=START, next_poll_at=START)
    wrong = after_poll(health, failed=True, now=START + HOUR, next_poll_at=START + DAY)
    again = replace(forgive(wrong), last_poll_at=health.last_poll_at)
    assert replace(again, next_poll_at=START) == health


@pytest.mark.parametrize(
    ("status", "retry_after", "answered_url", "host"),
    [
        (429, HOUR, None, "https://one.example:443"),
        (503, HOUR, "http://two.example/feed", "http://two.example:80"),
        (429, None, None, None),
        (404, HOUR, None, None),
        (None, HOUR, None, None),
    ],
)
def test_a_retry_after_of_429_and_503_holds_for_the_whole_host(
    status: int | None, retry_after: timedelta | None, answered_url: str | None, host: str | None
) -> None:
    hints = HttpHints(retry_after=retry_after)
    outcome = replace(failed(), status=status, hints=hints, answered_url=answered_url)
    expected = None if host is None else HostHold(host, START + HOUR)
    assert hold_of(Attempt(URL, outcome), START) == expected
    assert hold_of(Attempt(URL, fetched()), START) is None


@pytest.mark.parametrize(
    ("newest", "step"),
    [
        (None, timedelta()),
        (START - DAY, timedelta()),
        (START + CLOCK_STEP, timedelta()),
        (START + 2 * CLOCK_STEP, 2 * CLOCK_STEP),
        (START + 400 * DAY, 400 * DAY),
    ],
)
def test_a_clock_that_is_behind_the_newest_poll_was_set_back(
    newest: datetime | None, step: timedelta
) -> None:
    assert step_back(newest, START) == step
