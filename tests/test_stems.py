"""Stems of words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.stories.stems import stem


@pytest.mark.parametrize(
    ("one", "other", "language"),
    [
        ("companies", "company", "en"),
        ("companies", "company", "en-GB"),
        ("companies", "company", None),
        ("companies", "company", "zh"),
        ("häuser", "hause", "de"),
        ("компании", "компанией", None),
        ("компании", "компанией", "en"),
    ],
)
def test_forms_of_a_word_have_one_stem(one: str, other: str, language: str | None) -> None:
    assert stem(one, language) == stem(other, language)


@pytest.mark.parametrize("word", ["ai", "x" * 31, "日本語", "서울", ""])
def test_other_words_keep_their_shape(word: str) -> None:
    assert stem(word, "en") == word


@given(st.text(max_size=40), st.one_of(st.none(), st.text(max_size=5)))
def test_any_word_of_any_language_has_a_stem(word: str, language: str | None) -> None:
    assert stem(word, language) == stem(word, language)
