"""The operations feed's decisions: what is an alarm, and what of it is told."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.model import Problem, ProblemKind
from aggregator.model.notes import CertificateEnds, Gaps, LimitReached, Moved, NotReloaded
from aggregator.operations import (
    Alarm,
    AlarmKind,
    Event,
    Watched,
    WatchedFeed,
    WatchedList,
    WatchedSource,
    certificate_ends,
    evaluate,
)
from aggregator.operations.evaluation import MOST_SINGLE, ONCE_IN, TOGETHER
from aggregator.operations.event_entries import MOST_LISTED

if TYPE_CHECKING:
    from collections.abc import Sequence

NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
EVERY = 10 * MINUTE
GONE = Problem(ProblemKind.GONE, "site.example says that it is gone for good")


def well(name: str = "ithome", now: datetime = NOW) -> WatchedSource:
    """Return a source with which nothing is wrong."""
    return WatchedSource(
        key=f"source {name}",
        name=name,
        newest_at=now - HOUR,
        next_poll_at=now + HOUR,
        last_success_at=now - MINUTE,
    )


def broken(
    name: str = "ithome", now: datetime = NOW, since: timedelta = 26 * HOUR
) -> WatchedSource:
    return replace(
        well(name, now),
        failing_since_at=now - since,
        last_success_at=now - since - HOUR,
        problem=Problem(ProblemKind.TIMEOUT, "no answer within 30 s", "look at the address"),
    )


class Feed:
    """What a subscriber of the operations feed reads, look by look."""

    def __init__(self) -> None:
        self.alarms: tuple[Alarm, ...] = ()
        self.events: list[Event] = []

    def look(self, *sources: WatchedSource, now: datetime = NOW, **more: object) -> list[str]:
        """Look at these sources; return the titles of what is told."""
        watched = replace(Watched(sources), **more)  # type: ignore[arg-type]  # a test's shorthand
        told = evaluate(watched, self.alarms, now=now, alert_after=DAY)
        self.alarms = told.alarms
        self.events += told.events
        return [event.title for event in told.events]

    @property
    def last(self) -> str:
        return self.events[-1].content_html


@pytest.fixture
def feed() -> Feed:
    return Feed()


# --- kinds --------------------------------------------------------------------------------------


def test_nothing_is_told_of_what_is_well(feed: Feed) -> None:
    assert feed.look(well(), now=NOW) == []
    assert feed.alarms == ()


def test_a_source_is_broken_after_a_day_of_failures_and_its_end_is_told(feed: Feed) -> None:
    assert feed.look(broken(since=DAY)) == []
    assert feed.look(broken(since=DAY + MINUTE)) == ["ithome is broken"]
    assert feed.last == (
        "<p>Every poll has failed for 24 hours: timeout: no answer within 30 s; "
        "look at the address.</p>"
        '<p lang="zh-Hans">来源 ithome 出了故障：已连续失败 24 小时：'
        "timeout：30 秒内没有应答；look at the address。</p>"
    )
    later = NOW + 2 * DAY
    assert feed.look(broken(now=later, since=3 * DAY), now=later) == []
    later += HOUR
    assert feed.look(well(now=later), now=later) == ["ithome works again"]
    assert feed.last == (
        '<p>It was broken for 3 days.</p><p lang="zh-Hans">来源 ithome 已恢复：中断了 3 天。</p>'
    )


def test_a_failure_from_before_a_long_pause_of_ours_waits_for_the_next_poll(feed: Feed) -> None:
    due = replace(broken(since=3 * DAY), next_poll_at=NOW)
    assert feed.look(due) == []
    assert feed.look(replace(due, next_poll_at=NOW + HOUR)) == ["ithome is broken"]
    assert feed.look(due, now=NOW + MINUTE) == []
    assert [alarm.ended_at for alarm in feed.alarms] == [None]


def test_another_url_alone_is_no_recovery(feed: Feed) -> None:
    feed.look(broken())
    changed = replace(broken(), failing_since_at=None, problem=None)
    assert feed.look(changed, now=NOW + MINUTE) == []
    polled = replace(changed, last_success_at=NOW + 2 * MINUTE)
    assert feed.look(polled, now=NOW + 3 * MINUTE) == ["ithome works again"]


def test_a_publisher_that_says_gone_is_told_at_once_and_not_as_broken(feed: Feed) -> None:
    gone = replace(broken(), problem=GONE)
    assert feed.look(replace(gone, failing_since_at=NOW - MINUTE)) == ["ithome is gone"]
    later = NOW + 3 * DAY
    assert feed.look(replace(gone, next_poll_at=later + HOUR), now=later) == []
    assert feed.look(well(now=later), now=later) == ["ithome is back"]


def test_a_broken_source_that_is_gone_does_not_work_again(feed: Feed) -> None:
    feed.look(broken())
    gone = replace(broken(), problem=GONE)
    assert feed.look(gone, now=NOW + HOUR) == ["ithome is gone"]
    later = NOW + 2 * HOUR
    assert feed.look(well(now=later), now=later) == ["ithome is back"]


def test_silence_longer_than_expected_is_told_and_the_news_that_end_it(feed: Feed) -> None:
    silent = replace(well(), newest_at=NOW - 3 * DAY, expected_every=2 * DAY)
    assert feed.look(replace(silent, expected_every=None)) == []
    assert feed.look(silent) == ["ithome is silent"]
    assert "Nothing new since 2026-11-17 08:00 UTC, for 2 days; something is expected" in feed.last
    assert "已 2 天没有新内容，预期每 2 天一次。" in feed.last
    heard = replace(silent, newest_at=NOW + HOUR, last_success_at=NOW + HOUR)
    assert feed.look(heard, now=NOW + HOUR) == ["ithome has news again"]
    assert "It was silent for 3 days." in feed.last


def test_what_nobody_looked_at_is_not_silent(feed: Feed) -> None:
    unseen = replace(well(), newest_at=NOW - 3 * DAY, expected_every=2 * DAY)
    assert feed.look(replace(unseen, last_success_at=NOW - 2 * DAY)) == []
    assert feed.look(replace(unseen, last_success_at=None)) == []


def test_short_spans_are_told_in_seconds(feed: Feed) -> None:
    brief = timedelta(seconds=5)
    silent = replace(well(), newest_at=NOW - 3 * MINUTE, expected_every=brief)
    feed.look(replace(silent, last_success_at=NOW))
    assert "for 3 minutes; something is expected every 5 seconds." in feed.last
    assert "已 3 分钟没有新内容，预期每 5 秒一次。" in feed.last
    assert feed.look(replace(silent, newest_at=NOW), now=NOW + brief) == ["ithome has news again"]


def test_more_patience_ends_a_silence_without_a_word(feed: Feed) -> None:
    silent = replace(well(), newest_at=NOW - 3 * DAY, expected_every=2 * DAY)
    feed.look(silent)
    assert feed.look(replace(silent, expected_every=9 * DAY), now=NOW + HOUR) == []
    assert feed.look(replace(silent, expected_every=None), now=NOW + HOUR) == []


def test_moves_gaps_and_cut_windows_are_told_once_and_their_end_is_not(feed: Feed) -> None:
    moved = Moved("https://new.example/feed")
    cut = (WatchedFeed("feed 1", "all", LimitReached(9)),)
    assert feed.look(replace(well(), moved=moved, gaps=Gaps(2)), feeds=cut) == [
        "The window of feed all is cut",
        "ithome may have lost entries",
        "ithome has moved",
    ]
    texts = [event.content_html for event in feed.events]
    assert "<p>Limit of 9 entries reached before the window's end; raise limit or" in texts[0]
    assert "<p>Its document shared no entry with the one before, 2 times lately" in texts[1]
    assert '<p>Has moved for good; set url = "https://new.example/feed".</p>' in texts[2]
    assert all('<p lang="zh-Hans">' in text for text in texts)
    assert feed.look(well(), feeds=(WatchedFeed("feed 1", "all"),), now=NOW + HOUR) == []


def test_ids_that_change_with_every_poll_are_told_and_when_they_hold(feed: Feed) -> None:
    assert feed.look(replace(well(), unstable_ids=True)) == ["ithome changes its ids"]
    assert feed.look(well(), now=NOW + HOUR) == ["ithome keeps its ids again"]


def test_a_certificate_is_told_two_weeks_before_its_end_and_when_it_was_renewed(feed: Feed) -> None:
    until = NOW + 14 * DAY
    assert feed.look(replace(well(), certificate_until_at=until)) == []
    later = NOW + 5 * DAY
    old = replace(well(now=later), certificate_until_at=until)
    assert feed.look(old, now=later) == ["The certificate of ithome ends soon"]
    assert "Its certificate ends on 2026-12-04, in 9 days; its publisher has to" in feed.last
    assert "有效期至 2026-12-04。" in feed.last
    assert feed.look(replace(old, failing_since_at=later), now=later + HOUR) == []
    new = replace(old, certificate_until_at=NOW + 90 * DAY)
    assert feed.look(new, now=later + DAY) == ["The certificate of ithome was renewed"]
    assert feed.look(replace(old, certificate_until_at=None), now=later + DAY) == []


def test_a_certificate_is_noted_two_weeks_before_its_end() -> None:
    assert certificate_ends(None, NOW) is None
    assert certificate_ends(NOW + 14 * DAY, NOW) is None
    assert certificate_ends(NOW + 3 * DAY, NOW) == CertificateEnds(NOW + 3 * DAY, 3 * DAY)
    assert certificate_ends(NOW, NOW) == CertificateEnds(NOW, 0 * DAY)


def test_a_configuration_that_was_refused_is_told_without_any_address(feed: Feed) -> None:
    config = NotReloaded('config.toml:9: url "https://me:pw@intranet.example/s" is not a URL')
    assert feed.look(config=config) == ["The configuration is not in effect"]
    assert '<p>Not reloaded: config.toml:9: url "…" is not a URL.</p>' in feed.last


def test_a_configuration_is_told_when_it_is_refused_and_when_it_holds_again(feed: Feed) -> None:
    refused = NotReloaded("config.toml:9: url: unknown key")
    assert feed.look() == []
    assert feed.look(config=refused) == ["The configuration is not in effect"]
    assert feed.look(config=refused, now=NOW + MINUTE) == []
    assert feed.look(now=NOW + HOUR) == ["The configuration is in effect again"]
    assert "配置已重新生效" in feed.last
    # Each further edit that is refused is told, and its end; but not every few minutes.
    again = NOW + HOUR + 20 * MINUTE
    assert feed.look(config=refused, now=again) == ["The configuration is not in effect"]
    assert feed.look(now=again + MINUTE) == ["The configuration is in effect again"]
    assert feed.look(config=refused, now=again + 2 * MINUTE) == []
    assert feed.look(now=again + 3 * MINUTE) == []
    assert feed.look(config=refused, now=again + 4 * MINUTE) == []
    told = feed.look(config=refused, now=again + 11 * MINUTE)
    assert told == ["The configuration is not in effect"]
    assert feed.look(now=NOW + DAY) == ["The configuration is in effect again"]


def test_a_list_of_sources_that_fails_long_is_broken_like_a_source(feed: Feed) -> None:
    fails = WatchedList(
        "list 1",
        "blogs",
        next_poll_at=NOW + HOUR,
        last_success_at=NOW - 2 * DAY,
        failing_since_at=NOW - DAY,
        problem=GONE,
    )
    assert feed.look(lists=(fails,)) == []
    later = NOW + MINUTE
    assert feed.look(lists=(fails,), now=later) == ["The list blogs is broken"]
    assert feed.events[-1].kind is AlarmKind.BROKEN
    assert "it is gone for good; its sources stay." in feed.last
    assert feed.events[-1].chinese_title == "清单 blogs 出了故障"
    assert feed.look(lists=(fails,), now=later + MINUTE) == []
    works = replace(fails, failing_since_at=None, problem=None, last_success_at=NOW + HOUR)
    assert feed.look(lists=(works,), now=NOW + HOUR) == ["The list blogs works again"]
    # One that is configured no more is silently over, and of many one entry tells.
    assert feed.look(now=NOW + 2 * DAY) == []
    many = [broken(f"s{number}", now=NOW + 3 * DAY) for number in range(MOST_SINGLE)]
    fails = replace(fails, next_poll_at=NOW + 4 * DAY)
    told = feed.look(*many, lists=(fails,), now=NOW + 3 * DAY)
    assert told == ["6 sources and lists are broken"]


# --- what may be told ---------------------------------------------------------------------------


def test_of_a_private_source_neither_url_nor_host_is_told(feed: Feed) -> None:
    private = replace(
        broken(),
        private=True,
        problem=Problem(
            ProblemKind.CONNECT,
            "no connection to intranet.example:443",
            "check https://intranet.example/s",
        ),
        moved=Moved("https://intranet.example/s"),
    )
    assert feed.look(private) == ["ithome is broken", "ithome has moved"]
    assert not [event for event in feed.events if "intranet" in f"{event}"]
    assert "connect; aggregator status tells more." in feed.events[0].content_html


def test_secrets_are_taken_out_and_markup_is_text(feed: Feed) -> None:
    said = Problem(ProblemKind.PROTOCOL, "<b>https://me:pw@site.example/feed?key=canary</b> & more")
    feed.look(replace(broken(), problem=said))
    assert "protocol: &lt;b&gt;https://site.example/feed?key=&lt;/b&gt; &amp; more" in feed.last
    assert "canary" not in feed.last


# --- a digest, not spam -------------------------------------------------------------------------


def names(number: int) -> list[str]:
    return [f"s{index:03}" for index in range(number)]


def test_five_changes_are_five_entries_and_six_are_one(feed: Feed) -> None:
    assert feed.look(*map(broken, names(MOST_SINGLE))) == [
        f"{name} is broken" for name in names(MOST_SINGLE)
    ]
    other = Feed()
    assert other.look(*map(broken, names(6))) == ["6 sources are broken"]
    assert other.last.count("<li>") == 6
    assert "<li>s000: Every poll has failed for 26 hours: timeout:" in other.last
    assert '<p lang="zh-Hans">6 个来源出了故障。</p>' in other.last
    later = NOW + 2 * HOUR
    assert other.look(*(well(name, later) for name in names(6)), now=later) == [
        "6 sources work again"
    ]


def test_what_ends_does_not_wait_for_the_hour_of_what_began(feed: Feed) -> None:
    assert feed.look(*map(broken, names(6))) == ["6 sources are broken"]
    later = NOW + MINUTE
    assert feed.look(*(well(name, later + MINUTE) for name in names(6)), now=later) == [
        "6 sources work again"
    ]
    assert '<p lang="zh-Hans">6 个来源已恢复。</p>' in feed.last


def test_five_that_began_one_by_one_do_not_make_a_single_end_wait(feed: Feed) -> None:
    assert len(feed.look(*map(broken, names(5)))) == 5
    for number in range(1, 5):
        now = NOW + number * MINUTE
        found = [well(name, now + MINUTE) for name in names(number)]
        failing = [broken(name, now) for name in names(5)[number:]]
        assert feed.look(*found, *failing, now=now) == [f"s{number - 1:03} works again"]


def test_ends_that_come_after_many_ends_are_told_when_the_hour_is_over(feed: Feed) -> None:
    feed.look(*map(broken, names(13)))
    at = NOW + MINUTE
    found = [well(name, at + MINUTE) for name in names(6)]
    failing = [broken(name, at) for name in names(13)[6:]]
    assert feed.look(*found, *failing, now=at) == ["6 sources work again"]
    found = [well(name, at + 2 * MINUTE) for name in names(13)]
    told = {}
    for minute in range(1, 90):
        now = at + minute * MINUTE
        if titles := feed.look(*found, now=now):
            told[minute] = titles
    assert told == {60: ["7 sources work again"]}
    assert feed.last.count("<li>") == 7


def test_beginnings_that_come_after_many_are_told_when_the_hour_is_over(feed: Feed) -> None:
    feed.look(*map(broken, names(6)))
    told = {}
    for minute in range(1, 90):
        now = NOW + minute * MINUTE
        if titles := feed.look(*(broken(name, now) for name in names(9)), now=now):
            told[minute] = titles
    assert told == {60: ["s006 is broken", "s007 is broken", "s008 is broken"]}


def test_broken_sources_that_are_removed_do_not_make_an_end_wait(feed: Feed) -> None:
    feed.look(*map(broken, names(7)))
    assert feed.look(broken("s000"), now=NOW + MINUTE) == []
    now = NOW + 2 * MINUTE
    assert feed.look(well("s000", now + MINUTE), now=now) == ["s000 works again"]


def test_a_long_list_is_cut(feed: Feed) -> None:
    feed.look(*map(broken, names(MOST_LISTED + 7)))
    assert feed.events[0].title == "207 sources are broken"
    assert feed.last.count("<li>") == MOST_LISTED
    assert "<p>And 7 more.</p>" in feed.last


def test_a_network_that_was_down_shows_over_hours_and_stays_a_few_entries(feed: Feed) -> None:
    # Every minute a source more has failed for a day.
    told = []
    for minute in range(0, 240, 10):
        now = NOW + minute * MINUTE
        failing = [broken(name, now) for name in names(minute + 1)]
        told += feed.look(*failing, now=now)
    assert told[0] == "s000 is broken"
    assert len(told) <= 6
    assert sum(alarm.told for alarm in feed.alarms) >= 180


def test_what_comes_and_goes_is_told_once_a_day(feed: Feed) -> None:
    told = []
    for step in range(3 * 24 * 6):
        now = NOW + step * EVERY
        told += feed.look(replace(well(now=now), unstable_ids=step % 2 == 0), now=now)
    raised = "ithome changes its ids"
    assert told == [raised, "ithome keeps its ids again"] * 3


def test_a_source_that_is_no_more_is_over_without_a_word_and_forgotten(feed: Feed) -> None:
    feed.look(broken())
    assert feed.look(now=NOW + HOUR) == []
    assert feed.look(now=NOW + 2 * DAY) == []
    assert feed.alarms == ()


def test_a_clock_that_was_set_back_holds_nothing_up(feed: Feed) -> None:
    feed.look(broken())
    now = NOW - 300 * DAY
    assert feed.look(well(now=now), now=now) == ["ithome works again"]
    now += DAY
    assert feed.look(broken(now=now), now=now) == ["ithome is broken"]


# --- laws ---------------------------------------------------------------------------------------

NAMES = names(8)


@st.composite
def sources(draw: st.DrawFn, now: datetime) -> tuple[WatchedSource, ...]:
    """Some sources of a few, each with some of what can be wrong with it."""
    found = []
    for name in draw(st.lists(st.sampled_from(NAMES), unique=True)):
        source = well(name, now)
        failing = draw(st.sampled_from(["no", "no", "timeout", "gone"]))
        if failing != "no":
            since = draw(st.sampled_from([HOUR, 2 * DAY]))
            source = replace(
                broken(name, now, since), problem=Problem(ProblemKind(failing), "no answer")
            )
        found.append(
            replace(
                source,
                expected_every=draw(st.sampled_from([None, MINUTE, 2 * HOUR])),
                moved=draw(st.sampled_from([None, Moved("https://new.example/")])),
                unstable_ids=draw(st.booleans()),
                certificate_until_at=draw(st.sampled_from([None, now + DAY, now + 30 * DAY])),
                next_poll_at=now + draw(st.sampled_from([-1, 1])) * HOUR,
            )
        )
    return tuple(found)


@st.composite
def days(draw: st.DrawFn) -> list[tuple[datetime, tuple[WatchedSource, ...]]]:
    """A few looks, with what each of them sees."""
    now, seen = NOW, []
    for _ in range(draw(st.integers(1, 12))):
        now += draw(st.sampled_from([EVERY, HOUR, 13 * HOUR, 2 * DAY]))
        seen.append((now, draw(sources(now))))
    return seen


def _kind(source: WatchedSource) -> ProblemKind | None:
    return None if source.problem is None else source.problem.kind


def watch(
    seen: Sequence[tuple[datetime, tuple[WatchedSource, ...]]],
) -> list[tuple[datetime, tuple[Alarm, ...], tuple[Event, ...]]]:
    alarms: tuple[Alarm, ...] = ()
    result = []
    for now, found in seen:
        told = evaluate(Watched(found), alarms, now=now, alert_after=DAY)
        alarms = told.alarms
        result.append((now, told.alarms, told.events))
    return result


@given(days())
@settings(deadline=None)
def test_looking_twice_tells_once(
    seen: list[tuple[datetime, tuple[WatchedSource, ...]]],
) -> None:
    for (now, found), (_, alarms, _) in zip(seen, watch(seen), strict=True):
        again = evaluate(Watched(found), alarms, now=now, alert_after=DAY)
        assert again.events == ()
        assert again.alarms == alarms


@given(days(), st.randoms(use_true_random=False))
@settings(deadline=None)
def test_the_order_of_sources_does_not_matter(
    seen: list[tuple[datetime, tuple[WatchedSource, ...]]], random: object
) -> None:
    shuffled = []
    for now, found in seen:
        others = list(found)
        random.shuffle(others)  # type: ignore[attr-defined]  # a random.Random
        shuffled.append((now, tuple(others)))
    assert watch(seen) == watch(shuffled)


@given(days())
@settings(deadline=None)
def test_no_alarm_is_raised_twice_in_a_day_and_every_end_has_its_beginning(
    seen: list[tuple[datetime, tuple[WatchedSource, ...]]],
) -> None:
    raised: dict[tuple[str, AlarmKind], datetime] = {}
    is_told: dict[tuple[str, AlarmKind], bool] = defaultdict(bool)
    for now, alarms, events in watch(seen):
        begun = ended = 0
        for key in is_told.keys() - {(alarm.subject, alarm.kind) for alarm in alarms}:
            is_told[key] = False  # nobody looks at it any more
        for alarm in alarms:
            key = (alarm.subject, alarm.kind)
            if alarm.told and not is_told[key]:
                assert key not in raised or now - raised[key] >= ONCE_IN
                raised[key] = now
                begun += 1
            ended += is_told[key] and not alarm.told and alarm.told_at == now
            is_told[key] = alarm.told
        assert len(events) <= begun + ended
        assert bool(events) == bool(begun + ended)


@given(days())
@settings(deadline=None)
def test_an_hour_brings_few_entries_of_a_kind(
    seen: list[tuple[datetime, tuple[WatchedSource, ...]]],
) -> None:
    told = watch(seen)
    for now, _, _ in told:
        hour = Counter(
            event.kind
            for at, _, events in told
            if timedelta(0) <= now - at < TOGETHER
            for event in events
        )
        # Some begin and some end, and one entry each lists the rest.
        assert all(number <= 2 * (MOST_SINGLE + 1) for number in hour.values())


@given(days())
@settings(deadline=None)
def test_what_stays_wrong_is_told_in_the_end_and_so_is_what_is_well(
    seen: list[tuple[datetime, tuple[WatchedSource, ...]]],
) -> None:
    *_, (now, alarms, _) = watch(seen)
    found = tuple(replace(one, next_poll_at=now + 9 * DAY) for one in seen[-1][1])
    for _ in range(30):
        now += HOUR
        alarms = evaluate(Watched(found), alarms, now=now, alert_after=DAY).alarms
    told = {(alarm.subject, alarm.kind) for alarm in alarms if alarm.told}
    for source in found:
        assert ((source.key, AlarmKind.MOVED) in told) == (source.moved is not None)
        assert ((source.key, AlarmKind.UNSTABLE_IDS) in told) == source.unstable_ids
        assert ((source.key, AlarmKind.GONE) in told) == (_kind(source) is ProblemKind.GONE)
        if _kind(source) is ProblemKind.TIMEOUT:
            assert (source.key, AlarmKind.BROKEN) in told
