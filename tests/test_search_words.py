"""Words as they are searched for: Chinese of any length, no syntax, and places in the text."""

from __future__ import annotations

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.web.search_words import (
    MOST_PHRASES,
    MOST_TOKENS,
    excerpt_of,
    marked,
    read_query,
    tokens_of,
)

TEXT = "小米汽車今日發布。The Café's iPhone手机, ﬁne Straße; don't"


@pytest.mark.parametrize(
    "asked",
    [
        "小", "小米", "米汽", "小米汽车", "汽車", "发布", "cafe", "CAFÉ", "iphone", "iPhone手机",
        "手机", "fine", "STRASSE", "don't", '"小米汽车今日"', "手机 小米", "“the café”", "「今日」",
        "Ｔｈｅ", "so\u00adft".replace("so", "fi").replace("ft", "ne"),
    ],
)  # fmt: skip
def test_what_a_reader_sees_is_found(asked: str) -> None:
    assert read_query(asked).is_in(tokens_of(TEXT))


@pytest.mark.parametrize("asked", ["米小", "汽米", "phone", "caf", '"小米 今日"', "小米 电话"])
def test_what_is_not_there_is_not_found(asked: str) -> None:
    assert not read_query(asked).is_in(tokens_of(TEXT))


@pytest.mark.parametrize(
    "asked",
    [
        "",
        "  ",
        '"',
        '"""',
        "*",
        "NEAR(",
        "()",
        "^:+-{}",
        "\0",
        "a\0b",
        "title:",
        'a" OR "b',
        "\ud800",
    ],
)
def test_nothing_that_is_asked_is_an_error(asked: str) -> None:
    query = read_query(asked)
    assert len(query.phrases) <= 3
    assert read_query(query.in_fts).phrases == query.phrases


def test_a_question_is_as_long_as_a_line() -> None:
    query = read_query("多" * 10_000)
    assert len(query.phrases[0].split()) == MOST_TOKENS
    assert len(read_query(" ".join(map(str, range(1000)))).phrases) <= MOST_PHRASES


@given(st.text())
def test_no_question_is_a_mistake_to_sqlite(asked: str) -> None:
    query = read_query(asked)
    if query.phrases:
        index = sqlite3.connect(":memory:")
        index.execute("CREATE VIRTUAL TABLE w USING fts5 (t, content = '', tokenize = 'ascii')")
        tokens = tokens_of(asked)
        index.execute("INSERT INTO w (rowid, t) VALUES (1, ?)", (tokens,))
        found = index.execute("SELECT rowid FROM w WHERE w MATCH ?", (query.in_fts,)).fetchall()
        assert (found == [(1,)]) or not query.is_in(tokens)
        index.close()


@given(st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"])), st.text(max_size=5))
def test_a_marked_text_is_the_text_and_what_is_marked_is_what_was_asked(
    text: str, asked: str
) -> None:
    query = read_query(asked)
    pieces = marked(text, query)
    assert "".join(piece.text for piece in pieces) == text
    for piece in pieces:
        if piece.is_found:
            assert any(f" {phrase} " in f" {tokens_of(piece.text)} " for phrase in query.phrases)


def test_an_excerpt_is_around_what_was_found() -> None:
    text = f"{'früher ' * 50}小米 汽車{' später' * 50}"
    pieces = excerpt_of(text, read_query("小米汽车"))
    assert [piece.text for piece in pieces if piece.is_found] == ["小米 汽車"]
    assert pieces[0].text == pieces[-1].text == "…"
    assert len("".join(piece.text for piece in pieces)) < 200
    assert excerpt_of("short", read_query("nothing"))[0].text == "short"


def test_questions_that_find_the_same_are_kept_once() -> None:
    assert read_query("小米  CAFÉ").key == read_query('cafe "小米"').key
    assert read_query("小米汽车").key != read_query("小米 汽车").key
