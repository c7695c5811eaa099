"""Which entries tell one story."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.stories.centroids import centroid_of
from aggregator.stories.likeness import AT_MOST, likeness, most_alike, score
from aggregator.stories.same_story import (
    MOST_MEMBERS,
    Lookalike,
    Newcomer,
    StoryState,
    assign,
)
from aggregator.stories.ties import THRESHOLDS
from benchmarks.stories.headline_stream import Headline, MemoryIndex
from tests.story_texts import NOON, TITLES, arrival, seen, signed, story

#: A few hundred titles of other things.
BACKGROUND = [
    f"{who}{what}{where}"
    for who in ("奥比斯", "北湖市", "港务局", "Harbour 公司", "教育部门")
    for what in ("宣布开放", "计划收购", "暂停运营", "发布新款", "回应传闻称")
    for where in ("大桥", "机场", "船厂", "图书馆", "手机", "地铁线路")
] + [
    f"{who} {what} {where}"
    for who in ("Orbis", "Northlake", "Orbis of Northlake", "The harbour", "Teachers")
    for what in ("opens", "plans", "pauses", "shows", "on rumours about")
    for where in ("bridge", "airport", "shipyard", "library", "phone", "metro")
]
SEEN = seen(BACKGROUND)

SAME = [
    ("奥比斯以 6 亿元收购船厂哈伯", "消息称奥比斯 6 亿元拿下船厂哈伯"),
    ("奧比斯宣佈以 6 億元收購船廠哈伯", "奥比斯宣布以6亿元收购船厂哈伯"),
    ("Orbis M7 手机发布，售价 3999 元", "3999 元起：Orbis M7 手机正式发布"),
    ("Northlake bridge collapses after storm", "Bridge in Northlake collapses in heavy storm"),
    ("Orbis recalls 200,000 cars over brakes", "Orbis to recall 200,000 vehicles: faulty brakes"),
    ("Orbis launches GPT-9", "Orbis announces GPT-9, its most capable model yet"),
]
OTHERS = [
    ("奥比斯以 6 亿元收购船厂哈伯", "北湖市图书馆周末闭馆整修"),
    ("奥比斯发布 M7 手机", "奥比斯宣布裁员两千人"),
    ("Northlake bridge collapses after storm", "Orbis quarterly profit beats forecasts"),
    ("Northlake bridge collapses after storm", "Northlake elects a new mayor"),
    ("Harbour 4.1 released", "Harbour 4.2 released"),
    ("Orbis falls below $60,000", "Orbis falls below $58,000"),
    ("Orbis buys Harbour", "Orbis fires staff"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_one_event_in_other_words(one: str, other: str) -> None:
    a, b = (signed(title, frequencies=SEEN) for title in (one, other))
    assert score(a, b) >= THRESHOLDS["story"], likeness(a, b)


@pytest.mark.parametrize(("one", "other"), OTHERS)
def test_other_events(one: str, other: str) -> None:
    a, b = (signed(title, frequencies=SEEN) for title in (one, other))
    assert score(a, b) < THRESHOLDS["story"], likeness(a, b)


@given(TITLES, TITLES, st.floats(0, 100))
def test_likeness_has_no_direction(one: str, other: str, hours: float) -> None:
    a, b = signed(one, other), signed(other, one, hours)
    assert likeness(a, b) == likeness(b, a)
    assert 0 <= score(a, b) <= 1


@pytest.mark.parametrize("title", [title for pair in SAME + OTHERS for title in pair])
def test_what_is_the_same_is_told_as_the_same(title: str) -> None:
    assert score(signed(title), signed(title)) >= THRESHOLDS["strict"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("小米14正式发布", "小米15正式发布"),
        ("Nvidia announces RTX 5090 graphics card", "Nvidia announces RTX 5080 graphics card"),
        ("Orbis launches GPT-5 for everybody", "Orbis launches GPT-6 for everybody"),
        ("Apple 发布 iOS 26.1 正式版更新", "Apple 发布 iOS 26.2 正式版更新"),
    ],
)
def test_another_version_is_another_story(one: str, other: str) -> None:
    assert score(signed(one), signed(other)) < THRESHOLDS["wide"]
    assert score(signed(one), signed(f"{one}，1999 元起")) >= THRESHOLDS["strict"]
    assert score(signed(one), signed(f"{one}: {other}")) >= THRESHOLDS["wide"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("四川泸定发生5.1级地震", "四川泸定发生4.3级地震"),
        ("北湖电影节第10届开幕", "北湖电影节第17届开幕"),
        ("iPhone 17 价格表：京东 5999 元", "iPhone 17 价格表：天猫 5899 元"),
        ("Orbis falls below $60,000", "Orbis falls below $58,000"),
        ("港湾15手机正式发布", "港湾16手机正式发布"),
        ("Northlake prices rise 3% in a year", "Northlake prices rise 4% in a year"),
    ],
)
def test_another_figure_at_the_same_place_is_not_surely_the_same(one: str, other: str) -> None:
    assert score(signed(one), signed(other)) < THRESHOLDS["strict"]
    assert score(signed(one), signed(f"{one}，32GB")) >= THRESHOLDS["strict"]


def test_no_day_of_a_month_is_a_version() -> None:
    one, other = "Northlake bridge opens on June 5", "Northlake bridge opens on June 6"
    assert score(signed(one), signed(other)) >= THRESHOLDS["strict"]


@given(TITLES, TITLES)
def test_no_title_is_against_itself_or_in_one_direction(one: str, other: str) -> None:
    a, b = signed(one), signed(other)
    assert most_alike(a, a) == 1
    assert most_alike(a, b) == most_alike(b, a)


def test_what_is_at_most_alike_lies_below_what_feeds_ask_for() -> None:
    assert all(most < asked for most, asked in zip(AT_MOST, THRESHOLDS.values(), strict=True))


def test_a_digest_is_like_nothing() -> None:
    digest = signed("大桥开放；机场今天关闭")
    assert likeness(digest, digest).rule == "digest"
    assert score(digest, digest) == 0


def test_what_two_people_show_is_two_things() -> None:
    one = signed("Show HN: a bridge of folded paper")
    assert likeness(one, one).rule == "personal"
    assert score(one, one) == 0
    assert score(one, signed("A bridge of folded paper")) >= THRESHOLDS["wide"]


def test_one_word_without_a_lead_tells_nothing() -> None:
    assert likeness(signed("Photo"), signed("Photo")).rule == "too short"
    assert score(signed("Photo"), signed("Photo")) == 0
    lead = "The harbour of Northlake at dawn, seen from the old bridge by a gull"
    assert score(signed("Photo", lead), signed("Photo", lead)) >= THRESHOLDS["strict"]


@pytest.mark.parametrize("title", ["今日要闻", "午报", "Weekly roundup"])
def test_what_any_day_is_called_joins_by_leads_of_both_alone(title: str) -> None:
    lead = "北湖市港口周一上午重新开放，首批三艘货轮已经靠岸，市长到场讲话"
    assert likeness(signed(title, lead), signed(title)).rule == "too short"
    assert likeness(signed(title), signed(title)).rule == "too short"
    assert score(signed(title, lead), signed(title, lead)) >= THRESHOLDS["strict"]


@pytest.mark.parametrize(
    ("one", "other"), [("午报", "快讯"), ("突发", "北湖港口"), ("Photo", "Video")]
)
def test_short_titles_join_by_their_leads(one: str, other: str) -> None:
    lead = "北湖市港口周一上午重新开放，首批三艘货轮已经靠岸，市长到场讲话"
    first, again = signed(one, lead), signed(other, lead.replace("周一上午", "今早"))
    state = StoryState(7, centroid_of(first), 1, frozenset({100}))
    found = assign(Newcomer(again, 1), [Lookalike(first, 100, state, 7, 7)])
    assert (found.story, found.because.kind) == (7, "joined")


def test_what_barely_joins_does_not_change_what_the_story_is_about() -> None:
    members = story(7, "Northlake bridge collapses after storm")
    barely = assign(arrival("Northlake mayor elected today", 1), members)
    assert (barely.because.kind, barely.score < THRESHOLDS["story"]) == ("joined", True)
    assert barely.centroid == members[0].of.centroid
    surely = assign(arrival("Northlake bridge collapses", 1), members)
    assert surely.centroid != members[0].of.centroid


def test_leads_are_asked_where_titles_do_not_tell() -> None:
    lead = "The harbour of Northlake was shut on Monday after a ferry hit the pier"
    a, b = signed("Ferry accident", lead), signed("Harbour shut", lead)
    assert score(a, b) > score(signed("Ferry accident"), signed("Harbour shut"))
    assert likeness(a, b).by_lead is not None


@pytest.mark.parametrize(
    ("title", "lead", "other"),
    [
        (
            "Weekly roundup",
            "This week we looked at the harbour of Northlake and at who paid for its closing",
            "Five recipes for a long winter: soup with dumplings, bread, pickled plums and tea",
        ),
        (
            "一周回顾",
            "本周我们看了北湖港口的关闭过程，也问了到底谁为这次整修付钱",
            "五个适合漫长冬天的菜谱：带饺子的汤、黑面包、腌李子还有姜茶",
        ),
    ],
)
def test_what_is_called_the_same_is_told_apart_by_leads(title: str, lead: str, other: str) -> None:
    texts = [signed(title, one, frequencies=SEEN) for one in (lead, lead, other)]
    same, apart = (score(texts[0], one) for one in texts[1:])
    assert apart < THRESHOLDS["strict"] < same


def test_an_entry_joins_the_story_that_it_tells() -> None:
    titles = ("Northlake bridge collapses after storm", "Storm: Northlake bridge collapses")
    found = assign(
        arrival("Bridge in Northlake collapses in heavy storm", 1),
        [*story(7, *titles), *story(8, "Orbis quarterly profit beats forecasts")],
    )
    assert found.story == 7
    assert found.score >= THRESHOLDS["wide"]
    assert found.because.kind == "joined"
    assert set(found.because.shared) <= {"northlak", "collaps", "storm", "bridg"}
    assert found.attracts


def test_an_entry_that_tells_something_else_opens_a_story() -> None:
    found = assign(arrival("A library opens", 1), story(7, "Orbis profit beats forecasts"))
    assert (found.story, found.because.kind) == (None, "too little alike")
    assert assign(arrival("A library opens", 1), []).because.kind == "nothing alike"


def test_a_digest_joins_nothing_and_nothing_joins_it() -> None:
    title = "大桥开放；机场今天关闭"
    found = assign(arrival(title, 1), story(7, title))
    assert (found.story, found.because.kind, found.attracts) == (None, "digest", False)


def test_a_source_is_in_a_story_once() -> None:
    title = "Northlake bridge collapses after storm"
    members = story(7, title, title)
    again = assign(arrival(title, members[0].source), members)
    assert (again.story, again.because.kind, again.attracts) == (None, "own source", False)
    later = assign(arrival(title, members[0].source, hours=24), members)
    assert (later.story, later.because.kind, later.attracts) == (None, "own source", True)
    alone = story(7, title)
    assert assign(arrival(title, alone[0].source), alone).because.kind == "nothing alike"


def test_what_a_source_tells_again_joins_the_next_story_that_is_alike() -> None:
    title = "Northlake bridge collapses after storm"
    own = story(7, title, title)
    others = story(8, "Storm: bridge in Northlake collapses", first_source=500)
    again = assign(arrival(title, own[0].source), [*own, *others])
    assert (again.story, again.because.kind) == (8, "joined")


def test_what_a_source_tells_with_other_figures_is_found_at_once() -> None:
    members = story(7, *["北湖电影节第10届开幕"] * 2)
    other = assign(arrival("北湖电影节第17届开幕", members[0].source), members)
    assert (other.story, other.because.kind, other.attracts) == (None, "own source", True)


@given(
    st.sampled_from(
        (
            "Wall Street closes {} as traders wait for the bank",
            "北湖港口今日收盘{}，成交额继续放大",
            "A股收盘{}",
            "Northlake harbour opens its gates {} after storm",
        )
    ),
    st.lists(st.sampled_from(("higher", "lower", "上涨", "下跌")), min_size=1, max_size=6),
    st.integers(2, 4),
)
def test_whatever_recurs_is_one_story_each_time(form: str, times: list[str], sources: int) -> None:
    index = MemoryIndex("en")
    for day, how in enumerate(times):
        for source in range(sources):
            at = NOON + timedelta(hours=24 * day, minutes=source)
            index.add(Headline(form.format(how), at, source, f"{day}"))
    told = [entry.story for entry in index.entries]
    each = [set(told[n : n + sources]) for n in range(0, len(told), sources)]
    assert all(len(stories) == 1 for stories in each)
    assert len(set.union(*each)) == len(times)


def test_a_full_story_is_continued_by_another() -> None:
    title = "Northlake bridge collapses after storm"
    full = story(7, *[title] * MOST_MEMBERS)
    found = assign(arrival(title, 1), full)
    assert found.story is None
    assert (found.because.kind, found.because.continues) == ("full", 7)
    assert found.centroid == full[0].of.centroid.with_member(full[0].signature)


def test_a_chain_does_not_pull_in_what_is_far_from_the_story() -> None:
    members = story(
        7,
        *["北湖市长宣布新预算方案细节", "市长预算方案遭到议会反对", "议会反对预算，市长道歉"] * 3,
        "市长道歉后去图书馆看展览",
    )
    found = assign(arrival("图书馆看展览指南", 1), members)
    assert found.because.kind in ("far from the story", "too little alike")


@given(st.lists(st.tuples(TITLES, st.integers(0, 3)), max_size=8), TITLES, st.randoms())
def test_the_order_of_candidates_decides_nothing(
    told: list[tuple[str, int]], title: str, dice: random.Random
) -> None:
    candidates = [
        one
        for number in {number for _, number in told}
        for one in story(
            number, *(text for text, of in told if of == number), first_source=number * 10
        )
    ]
    shuffled = candidates[:]
    dice.shuffle(shuffled)
    assert assign(arrival(title, 1), shuffled) == assign(arrival(title, 1), candidates)
