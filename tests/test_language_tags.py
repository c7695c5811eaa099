"""Language tags: one grammar and one list of codes for all that reads, writes and judges them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.config import parse
from aggregator.lint import value_checks
from aggregator.model.errors import ConfigError
from aggregator.web.language_tags import MAX_CHARS, is_language_tag, language_tag


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("zh-cn", "zh-cn"), ("en", "en"), ("yue-Hant", "yue-Hant"), ("zh-Hans-CN", "zh-Hans-CN"),
        ("de-CH-1996", "de-CH-1996"), ("en-u-hc-h23", "en-u-hc-h23"), ("sl-rozaj", "sl-rozaj"),
        ("zh_CN", "zh-CN"), (" en ", "en"), ("iw", "iw"),
        ("cn", None), ("jp-JP", None), ("chinese", None), ("english", None), ("x-klingon", None),
        ("i-klingon", None), ("en-", None), ("zh--CN", None), ("", None), (None, None),
        ("en-" + "x-" + "-".join("a" * 20), None),
    ],
)  # fmt: skip
def test_only_a_language_that_readers_know_is_told(text: str | None, tag: str | None) -> None:
    assert language_tag(text) == tag


@pytest.mark.parametrize("text", ["x-klingon", "i-klingon", "zh-min-nan", "en-GB-oed"])
def test_what_tells_readers_nothing_is_no_mistake_of_a_publisher(text: str) -> None:
    assert value_checks.language(text) is None


@pytest.mark.parametrize("text", ["english", "cn", "zh_CN", "x-klingon"])
def test_a_language_that_would_not_be_published_is_a_mistake(text: str) -> None:
    with pytest.raises(ConfigError, match="must be a language"):
        parse(f'[[feeds]]\nname = "a"\nlanguage = "{text}"\n', Path("config.toml"))


@given(st.text() | st.from_regex(r"[A-Za-z]{1,4}([-_][A-Za-z0-9]{1,9}){0,6}", fullmatch=True))
def test_what_is_published_passes_our_own_check(text: str) -> None:
    tag = language_tag(text)
    if tag is not None:
        assert len(tag) <= MAX_CHARS
        assert language_tag(tag) == tag
        assert is_language_tag(tag)
