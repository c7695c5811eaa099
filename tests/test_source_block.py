"""The block of a source to paste: it makes the same source again, and holds no secret."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
import tomlkit
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from aggregator.config import parse
from aggregator.config.edit import append
from aggregator.config.kinds import keys_of
from aggregator.config.source_keys import SourceTable
from aggregator.config.tables import keys_in
from aggregator.model.errors import ConfigError
from aggregator.publish.pages.look import Language, Look
from aggregator.rules.held_secrets import secrets_of
from aggregator.serve.source_block import source_block

#: As tokens are made: known anywhere, in whatever text it stands.
MINTED = "sEcReT7x9Qz"
#: Too short to be known from a word: secret as a parameter alone.
SHORT = "q7w"

URLS = (
    "https://a.example/feed",
    f"https://a.example/feed?token={MINTED}&page=2",
    f"https://me:{MINTED}@a.example/feed",
    f"https://a.example/{MINTED}/feed.xml",
    f"https://a.example/feed?key={SHORT}",
    "rsshub://ithome/ranking/24h",
    f"rsshub://b/c?key={SHORT}",
    "https://hub.example/ithome/ranking/7d",
)
TEXTS = ("plain words", f"before {MINTED} after", MINTED, "标题 «x»")
texts = st.sampled_from(TEXTS)
conditions = st.lists(
    texts
    | st.fixed_dictionaries({"title": texts}, optional={"author": texts, "age": st.just("2d")}),
    max_size=2,
)
seconds = st.integers(60, 3000).map("{}s".format)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "title": texts,
    "tags": st.lists(texts, max_size=3, unique=True),
    "timezone": st.sampled_from(["UTC", "Asia/Shanghai"]),
    "interval": seconds,
    "enabled": st.booleans(),
    "backfill": st.integers(0, 20),
    "private": st.booleans(),
    "weight": st.sampled_from([1, 0.5, 4]),
    "max_entries": st.integers(1, 100),
    "encoding": st.sampled_from(["gb18030", "big5"]),
    "headers": st.dictionaries(
        st.sampled_from(["Accept-Language", "X-Key", f"X-{MINTED}"]), texts.filter(str.isascii)
    ),
    "user_agent": texts.filter(str.isascii),
    "proxy": st.sampled_from(
        ["direct", "http://127.0.0.1:8080", f"http://me:{MINTED}@127.0.0.1:8080"]
    ),
    "tls_verify": st.booleans(),
    "cookies": st.sampled_from(["poll", "off"]),
    "fetch_via": st.just("http://127.0.0.1:8191"),
    "token_file": st.just("token"),
    "cookie_file": st.just("/etc/cookies.txt"),
    "keep": conditions,
    "block": conditions,
    "tag": st.lists(st.fixed_dictionaries({"words": texts, "tags": st.just(["t"])}), max_size=2),
    "replace": st.lists(st.fixed_dictionaries({"find": texts, "with": texts}), max_size=2),
    "edits": st.sampled_from(["show", "ignore"]),
    "retention": seconds,
    "expected_every": seconds,
    "site": st.lists(st.sampled_from(["b.example.org", "c.example.org"]), unique=True),
    "secret_params": st.sampled_from([[], ["page"]]),
    "dedupe": st.booleans(),
}
defaults = st.fixed_dictionaries(
    {}, optional={name: one for name, one in VALUES.items() if name in keys_in("defaults")}
)
sources = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["own", MINTED.lower()]),
        "url": st.lists(st.sampled_from(URLS), min_size=1, max_size=3, unique=True),
    },
    optional=VALUES,
)
hubs = st.sampled_from(
    [
        {"instances": ["https://hub.example", "https://hub2.example"]},
        {"instances": ["https://hub.example"], "access_key_file": "hub-key"},
    ]
)

FILE = Path("config.toml")


def test_each_key_is_tried() -> None:
    tried = {*VALUES, "name", "url", "username", "password_file"}
    assert tried == set(keys_of(SourceTable))


@settings(max_examples=60)
@given(defaults, sources, hubs, st.sampled_from(Language))
def test_a_pasted_block_makes_the_same_source(
    usual: dict[str, Any], said: dict[str, Any], hub: dict[str, Any], language: Language
) -> None:
    try:
        config = parse(tomlkit.dumps({"rsshub": hub, "defaults": usual, "sources": [said]}), FILE)
    except ConfigError:  # some values go with no others
        reject()
    (source,) = config.sources
    secrets = secrets_of(config.sources)
    block = append("", [source_block(source, config, secrets, Look(language=language))])
    assert not secrets.tells(block)
    if source.secret_params != ():
        if any(MINTED in url and "/feed.xml" not in url for url in source.urls):
            assert MINTED.lower() not in block.lower()
        assert f"key={SHORT}" not in block
    (shown,) = tomllib.loads(block)["sources"]
    remark = block.splitlines()[1] if "#" in block.splitlines()[1] else ""
    to_fill = remark.rpartition(": " if language is Language.ENGLISH else "：")[2].split(", ")
    filled = {**shown, **{key: {**usual, **said}[key] for key in to_fill if key}}
    again = parse(tomlkit.dumps({"rsshub": hub, "defaults": usual, "sources": [filled]}), FILE)
    assert again.sources == (source,)
    assert not {key for key in shown if key in usual and key not in said}


@pytest.mark.parametrize(
    ("said", "expected", "to_fill"),
    [
        (
            {"url": "https://a.example/inner/feed.xml", "private": True},
            {"url": "https://a.example/", "private": True},
            "url",
        ),
        (
            {"url": ["https://a.example/feed", f"https://b.example/?token={MINTED}"]},
            {"url": ["https://a.example/feed", "https://b.example/?token="]},
            "url",
        ),
        (
            {
                "url": f"https://a.example/feed?token={MINTED}", "user_agent": f"ours/{MINTED}",
                "tags": [f"t-{MINTED}"], "block": [{"url": f"token={MINTED}"}],
            },
            {
                "url": "https://a.example/feed?token=", "user_agent": "ours/",
                "tags": ["t-"], "block": [{"url": ["token="]}],
            },
            "url, tags, user_agent, block",
        ),
        (
            {"url": "https://a.example/feed", "username": "me", "password_file": "pass"},
            {"url": "https://a.example/feed", "username": "", "password_file": "pass"},
            "username",
        ),
        (
            {"url": "https://a.example/feed", "proxy": "http://me:word@127.0.0.1:1"},
            {"url": "https://a.example/feed", "proxy": "http://127.0.0.1:1"},
            "proxy",
        ),
        (
            {"url": "https://a.example/feed", "headers": {"X-Key": "short", "Accept": "*/*"}},
            {"url": "https://a.example/feed", "headers": {"X-Key": "", "Accept": "*/*"}},
            "headers",
        ),
    ],
)  # fmt: skip
def test_what_is_secret_is_named_and_nothing_else(
    said: dict[str, Any], expected: dict[str, Any], to_fill: str
) -> None:
    config = parse(tomlkit.dumps({"sources": [{"name": "own", **said}]}), FILE)
    made = source_block(config.sources[0], config, secrets_of(config.sources), Look())
    (shown,) = tomllib.loads(append("", [made]))["sources"]
    assert shown == {"name": "own", **expected}
    assert made.remark == f"Secrets to fill in: {to_fill}"
