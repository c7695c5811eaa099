"""Titles as they are compared; which of them are digests, which personal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.stories.bare_titles import (
    LONGEST_TITLE,
    bare_title,
    is_digest,
    is_personal,
    readable,
)


def title_key(title: str) -> str:
    return "".join(filter(str.isalnum, bare_title(title).casefold()))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Orbis opens a bridge - Reuters", "Orbis opens a bridge"),
        ("Orbis opens a bridge | The Northern Times", "Orbis opens a bridge!"),
        ("奥比斯公司今天开放大桥 - harbour.example.com", "奥比斯公司今天开放大桥"),
        ("奥比斯公司今天开放大桥 - Harbourly", "奥比斯公司今天开放大桥"),
        ("北方新闻：奥比斯公司开放大桥", "奥比斯公司开放大桥"),
        ("港口社 5 月 4 日｜奥比斯公司开放大桥", "奥比斯公司开放大桥"),
        ("[转] 奥比斯公司开放大桥", "奥比斯公司开放大桥"),
        ("快讯：奥比斯公司开放大桥", "奥比斯公司 开放大桥。"),
        ("奧比斯公司開放大橋後面的頭髮", "奥比斯公司开放大桥后面的头发"),
        ("ＯＲＢＩＳ　ｏｐｅｎｓ a bridge", "Orbis opens a bridge"),
        ("Or\u200bbis opens a bri\u00addge", "Orbis opens a bridge"),
        ("BREAKING: Orbis opens a bridge", "Orbis opens a bridge"),
    ],
)
def test_one_title_in_two_spellings_is_one(one: str, other: str) -> None:
    assert title_key(one) == title_key(other)


@pytest.mark.parametrize(
    "title",
    [
        "Orbis 7 - 一座由许多人建成的大桥开放了",
        "Jane Doe - how a bridge was built",
        "Orbis: the bridge is open",
        "[Orbis] 大桥开放",
    ],
)
def test_what_is_part_of_a_title_stays(title: str) -> None:
    assert bare_title(title) == readable(title)


@pytest.mark.parametrize(
    "title",
    [
        "8点早报丨大桥开放，第一天很挤；机场关闭；港口涨价",
        "大桥开放；机场今天关闭",
        "The bridge opens; the airport closes",
        "大桥今天开放并且免费通行三天｜机场从明天起关闭两周整修",
        "北湖日报 · 2026-05-14 — 大桥开放",
        "北湖周刊 第 12 期：大桥开放",
    ],
)
def test_a_title_that_tells_several_stories_is_a_digest(title: str) -> None:
    assert is_digest(title)


@pytest.mark.parametrize(
    "title",
    [
        "大桥开放，第一天很挤",
        "港口社 5 月 4 日｜大桥开放，第一天很挤",
        "大桥今天开放并且免费通行｜北湖网",
        "The bridge opens | The Northern Times",
        "北湖日报：大桥开放",
        "",
        "；；；",
    ],
)
def test_a_title_that_tells_one_is_none(title: str) -> None:
    assert not is_digest(title)


def test_who_shows_or_asks_something_does_so_alone() -> None:
    assert is_personal("Show HN: a bridge of paper")
    assert is_personal("[问与答] 大桥开了吗？")
    assert not is_personal("A show opens on the bridge")


@given(st.text(max_size=100))
def test_reading_twice_is_reading_once(title: str) -> None:
    once = readable(title)
    assert readable(once) == once


@pytest.mark.parametrize(
    "piece",
    ["a", "ﷺ", "e" + "\u0301" * 9, "；", "- ", "|", "桥", "桥 | ", "日报", "[转", ": ", "1 月"],
)
def test_of_any_title_a_bounded_part_is_read(piece: str) -> None:
    title = piece * (1_000_000 // len(piece))
    assert len(readable(title)) <= LONGEST_TITLE
    assert len(bare_title(title)) <= LONGEST_TITLE
    is_digest(title)
    is_personal(title)
