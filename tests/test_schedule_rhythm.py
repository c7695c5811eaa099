"""What is learnt of a source: rates and hours, gaps, and what absurd documents cannot do."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import PollState, Tally
from aggregator.schedule.gaps import ALARM, DocumentSpan, alarm, is_in_vain, most_expected
from aggregator.schedule.history import History, observe, recall, to_text
from aggregator.schedule.rhythm import FLAT, Rhythm, hours_of, learn, pooled, profile, rates
from tests.making import DAY, HOUR, START, source

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

MINUTE = timedelta(minutes=1)


def published(per_day: float, days: float, *, until: datetime = START) -> list[datetime]:
    """Return evenly spaced moments, oldest first, that end one gap before `until`."""
    count = int(per_day * days)
    return [until - (count - place) * DAY / per_day for place in range(count)]


def watched(
    dates: Sequence[datetime],
    *,
    since: datetime,
    until: datetime,
    every: timedelta = HOUR,
    dated: bool = True,
) -> Rhythm:
    """Return the rhythm of a source that published at these moments and was polled regularly."""
    rhythm, before = learn(Rhythm(), [], now=since), since
    while before < until:
        now = before + every
        new: list[datetime | None] = [date for date in dates if before < date <= now]
        if not dated:
            new = [None for _ in new]
        rhythm, before = learn(rhythm, new, now=now, polled_at=before), now
    return rhythm


@pytest.mark.parametrize("per_day", [0.2, 1.0, 10.0, 200.0])
def test_a_rate_is_found(per_day: float) -> None:
    since = START - 30 * DAY
    rhythm = watched(published(per_day, 30), since=since, until=START, every=3 * HOUR)
    assert rhythm.entries_per_day == pytest.approx(per_day, rel=0.25)


def test_an_unknown_source_publishes_half_an_entry_in_three_days() -> None:
    assert Rhythm().entries_per_day == pytest.approx(0.5 / 3)
    assert learn(Rhythm(), [], now=START).entries_per_day == pytest.approx(0.5 / 3)


def test_undated_entries_are_counted_too() -> None:
    since = START - 30 * DAY
    rhythm = watched(published(10, 30), since=since, until=START, every=6 * HOUR, dated=False)
    assert rhythm.entries_per_day == pytest.approx(10, rel=0.1)


def test_a_source_that_falls_silent_is_forgotten_by_half_in_ten_days() -> None:
    busy = watched(published(10, 40), since=START - 40 * DAY, until=START, every=6 * HOUR)
    silent = watched([], since=START, until=START, every=HOUR)
    assert silent.at == START
    later, rate = busy, busy.entries_per_day
    for day in range(1, 11):
        later = learn(later, [], now=START + day * DAY, polled_at=START + (day - 1) * DAY)
    assert later.entries_per_day == pytest.approx(rate / 2, rel=0.1)


@pytest.mark.parametrize(("per_day", "entries"), [(200.0, 20), (10.0, 20), (1.0, 30), (0.3, 10)])
def test_a_first_document_tells_the_rate_by_its_gaps(per_day: float, entries: int) -> None:
    rhythm = learn(Rhythm(), published(per_day, entries / per_day), now=START, complete=False)
    assert per_day / 3 < rhythm.entries_per_day < per_day * 1.5


def test_a_first_document_without_dates_or_with_one_date_for_all_tells_nothing() -> None:
    unknown = Rhythm().entries_per_day
    assert learn(Rhythm(), [None] * 50, now=START, complete=False).entries_per_day == unknown
    assert learn(Rhythm(), [START] * 2000, now=START, complete=False).entries_per_day == unknown


def test_an_archive_that_is_opened_does_not_make_a_source_fast() -> None:
    quiet = watched(published(0.5, 30), since=START - 30 * DAY, until=START, every=6 * HOUR)
    for years in (0.2, 1, 10):
        old = [START - 3 * DAY - place * years * 365 * DAY / 2000 for place in range(2000)]
        rhythm = learn(quiet, old, now=START + HOUR, polled_at=START)
        assert rhythm.entries_per_day <= quiet.entries_per_day * 1.1
    undated = learn(quiet, [None] * 2000, now=START + HOUR, polled_at=START)
    assert undated.entries_per_day < 3
    dated_anew = learn(quiet, [START + MINUTE] * 2000, now=START + HOUR, polled_at=START)
    assert dated_anew.entries_per_day < 5


def test_a_first_document_with_years_in_it_tells_of_the_last_weeks() -> None:
    years = [START - 30 * DAY - place * DAY for place in range(2000)]
    rhythm = learn(Rhythm(), years, now=START, complete=False)
    assert rhythm.entries_per_day < 0.5
    long_silent = [START - 300 * DAY - place * DAY for place in range(2000)]
    assert learn(Rhythm(), long_silent, now=START, complete=False).entries_per_day < 0.05


def test_hours_and_weekends_are_told_apart() -> None:
    since = START - 42 * DAY
    office = [
        since.replace(hour=0) + day * DAY + hour * HOUR + 30 * MINUTE
        for day in range(42)
        for hour in (8, 9, 10, 11)
        if (since + day * DAY).weekday() < 5
    ]
    shape = profile(watched(office, since=since, until=START), FLAT)
    weekday, weekend = shape[:24], shape[24:]
    assert min(weekday[8:12]) > 5 * max(weekday[15:24])
    assert max(weekend) < min(weekday[8:12]) / 3
    assert min(shape) > 0


def test_what_is_not_known_of_a_source_is_what_all_sources_do() -> None:
    dates = [START - DAY * day + HOUR * (hour - 8) for day in range(1, 60) for hour in (8, 9, 10)]
    known = [watched(dates, since=START - 60 * DAY, until=START, every=2 * HOUR)] * 5
    pool = pooled(known)
    assert pool[9] > 2
    assert pool[20] < 0.5
    stranger = profile(Rhythm(), pool)
    assert stranger[9] > stranger[20]
    assert pooled([]) == FLAT
    assert pooled([Rhythm()]) == FLAT


def test_a_rate_at_an_hour_is_that_hours_of_the_profile() -> None:
    dates = [START - DAY * day for day in range(1, 30)]
    rhythm = watched(dates, since=START - 30 * DAY, until=START)
    start = hours_of(START + timedelta(minutes=20))
    pieces = list(rates(rhythm, FLAT, start, start + 2))
    assert [round(length * 60) for length, _ in pieces] == [40, 60, 20]
    assert [rate for _, rate in pieces] == list(profile(rhythm, FLAT)[8:11])


instants = st.timedeltas(timedelta(days=-3660), timedelta(days=3660)).map(lambda at: START + at)
dates = st.lists(st.none() | instants, max_size=60)


@given(
    polls=st.lists(st.tuples(instants, dates, st.booleans()), min_size=1, max_size=8),
    later=instants,
)
def test_whatever_clocks_and_dates_do_a_rhythm_stays_sane(
    polls: list[tuple[datetime, list[datetime | None], bool]], later: datetime
) -> None:
    rhythm = Rhythm()
    for now, dates, complete in polls:
        rhythm = learn(rhythm, dates, now=now, polled_at=rhythm.at, complete=complete)
        assert rhythm.at == now
        assert min(rhythm.seen) >= 0
        assert min(rhythm.watched) >= 0
        assert sum(rhythm.watched) < 400
    assert 0 < rhythm.entries_per_day < 5000
    assert all(rate > 0 for rate in profile(rhythm, FLAT))
    start = hours_of(later)
    assert sum(length for length, _ in rates(rhythm, FLAT, start, start + 30)) == pytest.approx(30)


@pytest.mark.parametrize("jump", [3650 * DAY, -3650 * DAY])
def test_a_clock_that_jumps_costs_no_knowledge(jump: timedelta) -> None:
    rhythm = watched(published(10, 30), since=START - 30 * DAY, until=START, every=3 * HOUR)
    there = learn(rhythm, [], now=START + jump, polled_at=START)
    back = learn(there, [], now=START + HOUR, polled_at=START + jump)
    assert back.entries_per_day == pytest.approx(rhythm.entries_per_day)


# --- habits: the rhythm and the window together ------------------------------------------------


def document(new: int, shared: int) -> Tally:
    return Tally(new=new, shared=shared)


def test_a_poll_that_shares_no_entry_with_the_one_before_is_a_gap() -> None:
    history = observe(History(), document(20, 0), [None] * 20, now=START, polled_at=None)
    assert history.window == DocumentSpan(entries=20)
    history = observe(history, document(5, 15), [None] * 5, now=START + HOUR, polled_at=START)
    assert history.window.gaps == 0
    now = START + 2 * HOUR
    history = observe(history, document(20, 0), [None] * 20, now=now, polled_at=START)
    assert history.window == DocumentSpan(20, gaps=1, gap_at=now, halvings=1, in_a_row=1)
    again = observe(history, document(20, 0), [None] * 20, now=now + HOUR, polled_at=now)
    assert (again.window.gaps, alarm(again.window, now + HOUR)) == (2, 2)
    assert alarm(again.window, now + ALARM + 2 * HOUR) == 0
    fresh = observe(again, document(20, 0), [], now=now + 9 * DAY, polled_at=now)
    assert (fresh.window.gaps, fresh.window.halvings) == (3, 1)
    assert not is_in_vain(again.window)
    assert is_in_vain(fresh.window)
    shared = observe(fresh, document(19, 1), [], now=now + 10 * DAY, polled_at=now)
    assert not is_in_vain(shared.window)


@pytest.mark.parametrize(
    ("before", "tally"),
    [
        (DocumentSpan(), Tally(new=20)),
        (DocumentSpan(entries=20), Tally()),
        (DocumentSpan(entries=20), Tally(new=19, shared=1)),
        (DocumentSpan(entries=20), Tally(new=19, pruned=1)),
        (DocumentSpan(entries=20), None),
    ],
    ids=["first", "empty", "shared", "pruned", "not read"],
)
def test_nothing_else_is_a_gap(before: DocumentSpan, tally: Tally | None) -> None:
    after = observe(History(Rhythm(), before), tally, now=START, polled_at=START - HOUR)
    assert after.window.gaps == 0


def test_a_gap_counts_the_time_that_its_document_covers() -> None:
    history = observe(History(), document(20, 0), published(20, 1), now=START, polled_at=None)
    now = START + 10 * DAY
    dates = published(200, 0.1, until=now)
    history = observe(history, document(20, 0), dates, now=now, polled_at=START)
    assert sum(history.rhythm.watched) < 24
    assert history.rhythm.entries_per_day > 15


def test_an_idle_poll_learns_nothing_that_must_be_stored() -> None:
    history = observe(History(), document(3, 0), published(1, 3), now=START, polled_at=None)
    soon = START + 30 * MINUTE
    assert observe(history, None, now=soon, polled_at=START) is history
    assert observe(history, document(0, 3), now=soon, polled_at=START) is history
    later = observe(history, None, now=START + 2 * HOUR, polled_at=START)
    assert later.rhythm.entries_per_day < history.rhythm.entries_per_day


@given(entries=st.integers(1, 3000))
def test_a_larger_document_may_be_left_longer(entries: int) -> None:
    most, more = (
        most_expected(DocumentSpan(entries=entries)),
        most_expected(DocumentSpan(entries=entries + 1)),
    )
    assert most is not None
    assert more is not None
    assert 0 < most <= more
    assert most < 0.7 * entries + 1


def test_more_new_entries_than_a_document_should_hold_come_once_in_a_hundred_times() -> None:
    dice, most = random.Random(7), most_expected(DocumentSpan(entries=20))  # noqa: S311 # a simulation
    assert most is not None

    def arrivals() -> int:
        count, at = 0, dice.expovariate(most)
        while at < 1:
            count, at = count + 1, at + dice.expovariate(most)
        return count

    too_many = sum(arrivals() > 14 for _ in range(20_000)) / 20_000
    assert 0.005 < too_many < 0.015
    assert most_expected(DocumentSpan()) is None


def test_habits_survive_being_stored() -> None:
    history = observe(History(), document(20, 0), published(5, 4), now=START, polled_at=None)
    history = replace(history, window=DocumentSpan(20, 2, START - DAY, 1, 2))
    state = PollState(1, source(), last_success_at=START, arrivals=(START,))
    back = recall(to_text(history), state)
    assert back.window == history.window
    assert back.rhythm.at == START
    assert back.rhythm.seen == pytest.approx(history.rhythm.seen, rel=1e-4)
    assert back.rhythm.watched == pytest.approx(history.rhythm.watched, rel=1e-4)
    assert to_text(back) == to_text(history)
    assert len(to_text(history)) < 1000


def broken(change: Callable[[dict[str, object]], object]) -> str:
    fields = json.loads(to_text(History()))
    change(fields)
    return json.dumps(fields)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        "null",
        broken(lambda fields: fields.update(seen=[1.0])),
        broken(lambda fields: fields.update(seen=["x"] * 48)),
        broken(lambda fields: fields.update(watched=[-1.0] * 48)),
        broken(lambda fields: fields.update(watched=[float("nan")] * 48)),
        broken(lambda fields: fields.update(at=10**30)),
        broken(lambda fields: fields.update(gaps=-1)),
        broken(lambda fields: fields.pop("halvings")),
    ],
)
def test_habits_that_cannot_be_read_begin_anew(text: str) -> None:
    assert recall(text, PollState(1, source())) == History()


def test_habits_that_the_last_release_stored_are_read() -> None:
    history = History(Rhythm(), DocumentSpan(20, 2, START - DAY, 1))
    fields = json.loads(to_text(history))
    del fields["in_a_row"]
    assert recall(json.dumps(fields), PollState(1, source())).window == history.window


def test_a_source_known_from_before_begins_with_its_entries() -> None:
    arrivals = tuple(published(10, 3)[::-1])
    state = PollState(1, source(), last_success_at=START, arrivals=arrivals)
    assert recall(None, state).rhythm.entries_per_day == pytest.approx(10, rel=0.3)
    assert recall(None, replace(state, last_success_at=None)) == History()
