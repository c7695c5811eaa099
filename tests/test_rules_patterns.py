"""Patterns: what is found where, and what an operator is told of one that cannot be used."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.config import message
from aggregator.rules import MAX_PATTERN_CHARS, MAX_TEXT_CHARS, fold, mistake_in
from aggregator.rules.patterns import first_found, places, searchable

#: Everything a text may hold, and often what folding touches.
text = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("Aa1Ａａ１　 ！（）【】，。\u00a0ſK用写\n"),
    ),
    max_size=60,
)


def found(pattern: str, *texts: str) -> bool:
    assert mistake_in(pattern) is None
    return first_found((pattern,), tuple(map(searchable, texts))) is not None


@pytest.mark.parametrize(
    ("pattern", "here", "expected"),
    [
        ("AI", "用AI写", True),
        ("AI", "said", False),
        ("AI", "OpenAI", False),
        ("AI", "Open AI.", True),
        ("AI", "AI", True),
        ("ai", "ＡＩ 来了", True),
        ("ＡＩ", "an ai", True),
        ("ＡＩ", "said", False),
        ("5", "2025", False),
        ("5", "第5代", True),
        ("C++", "学C++的人", True),
        ("C++", "C++", True),
        ("发布", "小米发布会", True),
        ("(图)", "现场（图）", True),
        ("（图）", "现场(图)", True),
        ("雲", "云", False),
        ("Apple Watch", "apple\n  watch", True),
        ("Apple Watch", "Apple\u00a0Watch", True),
        ("Apple Watch", "Apple　Watch", True),
        ("Apple Watch", "AppleWatch", False),
        (".*", "a", False),
        ("/", "a/b", True),
        ("/^小米/", "小米发布", True),
        ("/^小米/", "新小米", False),
        ("/小米$/", "新小米", True),
        ("/IPHONE \\d+/", "iPhone 17", True),
        ("/（.+?）/", "现场(图)", True),
        ("/（.+?）/", "现场图", False),
        ("/^（/", "(图)", True),
        ("/[（(]图/", "（图", True),
        ("/\\（图/", "(图", True),
        ("/[Ａ-Ｚ]{3}/", "abc", True),
        ("/^[　-〿]/", "、", True),
        ("/^[　-〿]/", "a", False),
        ("/\\Q（图）\\E$/", "现场(图)", True),
        ("/[[:alpha:]（]图/", "（图", True),
        ("/１[０-９]月/", "12月", True),
        ("/ai/", "said", True),
        ("/^[^a]*$/", "bcd", True),
        ("/^[^a]*$/", "bad", False),
        ("/^$/", "", True),
        ("/^$/", "x", False),
        ("/[云雲]端/", "雲端", True),
    ],
)
def test_a_pattern_is_found_where_it_should_be(pattern: str, here: str, *, expected: bool) -> None:
    assert found(pattern, here) is expected


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("", "must not be empty"),
        (" ", "must not be empty"),
        ("//", "must not be empty"),
        ("x" * (MAX_PATTERN_CHARS + 1), "must have at most 500 characters"),
        ("/a*/", "finds empty text, so it holds for everything"),
        ("/^/", "finds empty text, so it holds for everything"),
        ("/a/i", "write nothing after the second slash: case never counts"),
        (
            "/a(?!b)/",
            (
                "cannot be used: lookaround ((?!) is not supported by RE2; "
                "use keep and block together"
            ),
        ),
        (
            "/(?<=a)b/",
            (
                "cannot be used: lookaround ((?<=) is not supported by RE2; "
                "use keep and block together"
            ),
        ),
        (r"/(a)\1/", r"cannot be used: a backreference (\1) is not supported by RE2"),
        (r"/\Z/", r"cannot be used: RE2 does not know \Z"),
        ("/(?>a)/", "cannot be used: RE2 does not know (?>"),
        ("/(a/", 'cannot be used: a ")" is missing'),
        ("/a)/", 'cannot be used: a "(" is missing'),
        ("/[a/", 'cannot be used: a "]" is missing'),
        ("/a{2000}/", "cannot be used: repeats too often: {2000}"),
        (
            r"/(?:\pL{0,200}x\pL{0,200}){2}y/",
            "cannot be used: takes too much memory; repeat less",
        ),
        ("/*a/", "cannot be used: no argument for repetition operator: *"),
    ],
)
def test_a_pattern_that_cannot_be_used_is_explained(pattern: str, told: str) -> None:
    mistake = mistake_in(pattern)
    assert mistake is not None
    assert message(mistake) == told


@given(st.text(max_size=40))
def test_every_pattern_can_be_used_or_is_explained(pattern: str) -> None:
    for written in (pattern, f"/{pattern}/"):
        if mistake_in(written) is None:
            first_found((written,), (searchable("Aa1 ＡＩ（用）"),))
            list(places(written, "Aa1 ＡＩ（用）"))


@given(text)
def test_folding_keeps_every_position(written: str) -> None:
    folded = fold(written)
    assert len(folded) == len(written)
    assert fold(folded) == folded
    for before, after in zip(written, folded, strict=True):
        if not "\uff01" <= before <= "\uff5e" and before != "\u3000":
            assert after == before or "\ud800" <= before <= "\udfff"


@given(text, st.text(st.sampled_from("Aa1Ａａ（【用写"), min_size=1, max_size=3), text)
def test_a_place_is_the_place_in_the_text_as_written(before: str, word: str, after: str) -> None:
    pattern = f"/{re.escape(word)}/"
    assert mistake_in(pattern) is None
    written = before + word + after
    spans = [span for span, *_ in places(pattern, written)]
    assert spans
    for start, end in spans:
        assert fold(written[start:end]).casefold() == fold(word).casefold()
    assert first_found((pattern,), (searchable(written),)) == pattern


@given(text, text)
def test_plain_words_are_found_in_themselves(around: str, words: str) -> None:
    if mistake_in(words) is None and not words.startswith("/"):
        assert found(words, f"{around}。{words}。")


def test_a_group_without_part_in_it_has_no_place() -> None:
    assert list(places("/(a)|(b)/", "xb")) == [((1, 2), (-1, -1), (1, 2))]
    assert list(places("/a?/", "ba")) == [((1, 2),)]


def test_of_many_patterns_the_first_that_is_there_is_told() -> None:
    many = tuple(f"词{number}号" for number in range(300))
    assert first_found(many, (searchable("第词7号"), searchable("词299号"))) == "词7号"
    assert first_found(many, (searchable("词300号"),)) is None


def test_patterns_that_are_too_large_together_work_one_by_one() -> None:
    many = tuple(f"/{number}(?:.{{0,60}}[0-9a-f]{{50}}){{2}}/" for number in range(100, 400))
    assert all(mistake_in(one) is None for one in many)
    assert first_found((*many, "b"), (searchable("a b"),)) == "b"


def test_only_the_beginning_of_a_huge_text_is_searched() -> None:
    assert found("needle", " " * (MAX_TEXT_CHARS - 6) + "needle")
    assert not found("needle", " " * MAX_TEXT_CHARS + "needle")


def test_what_stops_an_engine_that_backtracks_is_searched_to_the_end() -> None:
    assert not found("/(x+x+)+y/", "x" * MAX_TEXT_CHARS)
    assert not found("/^(a|aa)+$/", "a" * (MAX_TEXT_CHARS - 1) + "!")
