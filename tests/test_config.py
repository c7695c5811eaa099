"""What a configuration means: defaults, places, values, and what an operator's file turns into."""

from __future__ import annotations

import re
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.config import Listen, find, load
from aggregator.config.network_values import allowance, same_url_key
from aggregator.config.tables import LISTS, SECTIONS, keys_in
from aggregator.config.text_values import duration, written
from aggregator.model import Allowance, Condition, Feed, Source
from aggregator.model.errors import ConfigError
from tests import ROOT
from tests.config_texts import SOURCE, parsed


def test_the_example_everybody_edits_is_valid_and_without_warnings() -> None:
    example = load(ROOT / "config.toml")
    assert example.warnings == ()
    assert example.sources[0] == Source(
        name="ithome",
        url="https://www.ithome.com/rss/",
        title="IT之家",
        tags=("科技",),
        timezone="Asia/Shanghai",
        interval=timedelta(minutes=10),
    )
    assert example.feeds[0].name == "all"
    assert example.store.path == ROOT / "aggregator.db"


def test_what_the_example_shows_as_default_is_the_default() -> None:
    text = (ROOT / "config.toml").read_text(encoding="utf-8")
    example, bare = parsed(text), parsed(SOURCE)
    assert (example.server, example.store, example.polling, example.network, example.log) == (
        bare.server,
        bare.store,
        bare.polling,
        bare.network,
        bare.log,
    )


def test_the_examples_of_the_example_are_valid_too() -> None:
    text = (ROOT / "config.toml").read_text(encoding="utf-8")
    uncommented = re.sub(r"^# (\w+ = |\[\[)", r"\1", text, flags=re.MULTILINE)
    example = parsed(uncommented)
    assert example.server.base_url == "https://feeds.example.org"
    assert example.network.proxy == "http://127.0.0.1:7890"
    assert example.feeds[0].sources == ("ithome",)
    assert example.feeds[0].rules.block == (Condition(words=("直播",)),)
    assert example.sites[0].remove == ("p.ad", "div[id^=promo]")
    assert example.exports[0].feed == "zh"
    assert [warning.rpartition(": ")[2] for warning in example.warnings] == [
        "is that of the example, which everybody knows; make your own"
    ] * 2


@pytest.mark.parametrize("section", [*SECTIONS, *LISTS])
def test_the_documentation_and_the_example_name_every_key(section: str) -> None:
    header = f"[[{section}]]" if section in LISTS else f"[{section}]"
    documentation = (ROOT / "docs" / "config.md").read_text(encoding="utf-8")
    _, _, chapter = documentation.partition(f"\n### {header}\n")
    chapter = chapter.partition("\n### ")[0]
    assert chapter, f"docs/config.md has no chapter {header}"
    example = (ROOT / "config.toml").read_text(encoding="utf-8")
    if section == "defaults":
        return
    for key in keys_in(section):
        assert f"| `{key}` |" in chapter, f"docs/config.md: {header} {key}"
        assert re.search(rf"^(# )?{key} = ", example, re.MULTILINE), f"config.toml: {header} {key}"


def test_an_empty_file_polls_nothing_publishes_everything_and_says_so() -> None:
    empty = parsed("")
    assert empty.sources == ()
    assert [(feed.name, feed.sources, feed.tags) for feed in empty.feeds] == [("all", None, None)]
    assert empty.warnings == ("config.toml:1: sources: there are none, so nothing is polled",)


def test_a_source_takes_what_it_does_not_say_from_the_defaults() -> None:
    text = (
        '[defaults]\ntimezone = "Asia/Shanghai"\ntags = ["x"]\nbackfill = 3\nenabled = false\n'
        + SOURCE
        + 'tags = ["y"]\n[[sources]]\nname = "b"\nurl = "https://b.example/"\nenabled = true\n'
    )
    first, second = parsed(text).sources
    assert (first.timezone, first.tags, first.backfill) == ("Asia/Shanghai", ("y",), 3)
    assert (first.enabled, second.enabled, second.tags) == (False, True, ("x",))


def test_a_feed_says_little_and_gets_the_rest() -> None:
    found = parsed(SOURCE + '[[feeds]]\nname = "all"\n').feeds
    assert [feed for feed in found if not feed.is_automatic] == [Feed(name="all", title="all")]


@pytest.mark.parametrize(
    ("said", "min_entries", "limit"),
    [("limit = 20", 20, 20), ("min_entries = 2000", 2000, 2000), ("limit = 60", 50, 60)],
)
def test_the_default_of_limit_and_min_entries_follows_the_one_that_is_given(
    said: str, min_entries: int, limit: int
) -> None:
    feed = parsed(f'{SOURCE}[[feeds]]\nname = "all"\n{said}\n').feeds[0]
    assert (feed.min_entries, feed.limit) == (min_entries, limit)


def test_retention_follows_the_longest_window_unless_it_is_given() -> None:
    feeds = '[[feeds]]\nname = "a"\nwindow = "400d"\n[[feeds]]\nname = "b"\n'
    assert parsed(SOURCE + feeds).store.retention == timedelta(days=400)
    assert parsed(SOURCE).store.retention == timedelta(days=180)
    assert parsed('[store]\nretention = "500d"\n' + SOURCE + feeds).store.retention == timedelta(
        days=500
    )


@pytest.mark.parametrize(
    ("listen", "where", "base_url"),
    [
        ("127.0.0.1:8420", Listen("127.0.0.1", 8420, None), "http://127.0.0.1:8420"),
        ("0.0.0.0:8420", Listen("0.0.0.0", 8420, None), "http://localhost:8420"),  # noqa: S104  # a value, nothing binds
        ("[::]:8420", Listen("::", 8420, None), "http://localhost:8420"),
        ("[::1]:8420", Listen("::1", 8420, None), "http://[::1]:8420"),
        ("feeds.example.org:80", Listen("feeds.example.org", 80, None), "http://feeds.example.org"),
        ("unix:/run/a.sock", Listen(None, None, Path("/run/a.sock")), "http://localhost"),
        ("unix:a.sock", Listen(None, None, Path("etc/a.sock")), "http://localhost"),
    ],
)
def test_readers_are_told_an_address_that_follows_from_listen(
    listen: str, where: Listen, base_url: str
) -> None:
    found = parsed(f'[server]\nlisten = "{listen}"\n{SOURCE}', "etc/config.toml")
    assert (found.server.listen, found.server.base_url) == (where, base_url)
    assert bool(found.warnings) == listen.startswith("unix:")


def test_a_base_url_loses_its_trailing_slash() -> None:
    found = parsed(f'[server]\nbase_url = "https://x.example/feeds/"\n{SOURCE}')
    assert found.server.base_url == "https://x.example/feeds"


@pytest.mark.parametrize(("path", "found"), [("a.db", "etc/a.db"), ("/var/a.db", "/var/a.db")])
def test_the_database_lies_relative_to_the_configuration(path: str, found: str) -> None:
    text = f'[store]\npath = "{path}"\n{SOURCE}'
    assert parsed(text, "etc/config.toml").store.path == Path(found)


@pytest.mark.parametrize(
    ("entry", "host", "network", "port"),
    [
        ("rsshub:1200", "rsshub", None, 1200),
        ("RSSHub.local.", "rsshub.local", None, None),
        ("127.0.0.1:1200", None, "127.0.0.1/32", 1200),
        ("192.168.1.0/24", None, "192.168.1.0/24", None),
        ("192.168.1.0/24:8080", None, "192.168.1.0/24", 8080),
        ("198.18.0.0/15", None, "198.18.0.0/15", None),
        ("[fd00::5]:80", None, "fd00::5/128", 80),
        ("[fd00::5]", None, "fd00::5/128", None),
        ("fd00::5", None, "fd00::5/128", None),
        ("fd00::/8", None, "fd00::/8", None),
        ("[fd00::/8]:80", None, "fd00::/8", 80),
        ("::ffff:10.0.0.1", None, "10.0.0.1/32", None),
    ],
)
def test_an_exemption_is_a_host_or_a_range_with_or_without_port(
    entry: str, host: str | None, network: str | None, port: int | None
) -> None:
    assert allowance(entry) == Allowance(
        text=entry, host=host, network=ip_network(network) if network else None, port=port
    )


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8000/a?b=c#d",
        "https://user:p%40ss@example.org/rss",
        "https://例え.テスト/フィード?q=科技",
        "https://xn--r8jz45g.xn--zckzah/",
        "http://[fd00::5]:80/x",
        "http://rss_hub:1200/a%2Fb%7Ec",
        "HTTPS://Example.ORG",
        "http://example.org.:80/",
    ],
)
def test_a_url_is_kept_exactly_as_written(url: str) -> None:
    assert parsed(f'[[sources]]\nname = "a"\nurl = "{url}"\n').sources[0].url == url


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("http://a.example", "HTTP://A.example:80/#x", True),
        ("https://a.example:443/", "https://a.example./", True),
        ("http://a.example/x", "http://a.example/X", False),
        ("http://a.example/?a", "http://a.example/", False),
        ("http://u@a.example/", "http://a.example/", False),
        ("http://a.example/", "https://a.example/", False),
    ],
)
def test_two_urls_are_the_same_when_they_make_the_same_request(
    one: str, other: str, *, same: bool
) -> None:
    assert (same_url_key(one) == same_url_key(other)) is same


@given(st.integers(1, 3650 * 86400))
def test_a_written_duration_is_read_back(seconds: int) -> None:
    period = timedelta(seconds=seconds)
    assert duration(written(period)) == period


def test_a_tag_that_no_source_carries_is_a_warning() -> None:
    text = SOURCE + 'tags = ["x"]\n[[feeds]]\nname = "all"\ntags = [\n  "x",\n  "科技",\n]\n'
    assert parsed(text).warnings == ("config.toml:9: feeds[0].tags[1]: no source carries this tag",)


def test_a_range_of_everything_is_a_warning() -> None:
    text = f'[network]\nallow_private = ["10.0.0.0/8", "0.0.0.0/0"]\n{SOURCE}'
    assert parsed(text).warnings == (
        "config.toml:2: network.allow_private[1]: lets every source reach every address",
    )


@pytest.mark.parametrize("proxies", ["0.0.0.0/0", "::/0"])
def test_proxies_that_are_everybody_are_a_warning(proxies: str) -> None:
    text = f'[server]\ntrusted_proxies = ["10.0.0.0/8", "{proxies}"]\n{SOURCE}'
    assert parsed(text).warnings == (
        (
            "config.toml:2: server.trusted_proxies[1]: lets every client name its own address; "
            "name your proxies alone"
        ),
    )


def test_your_own_servers_may_be_asked_more_often_than_once_a_minute() -> None:
    text = (
        '[network]\nallow_private = ["127.0.0.1:1200"]\n[polling]\nmin_interval = "5s"\n'
        '[[sources]]\nname = "a"\nurl = "http://127.0.0.1:1200/a"\ninterval = "2s"\n'
    )
    found = parsed(text)
    assert found.sources[0].interval == timedelta(seconds=2)
    assert found.polling.min_interval == timedelta(seconds=5)


def test_a_byte_order_mark_and_windows_line_ends_are_fine(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"\xef\xbb\xbf" + SOURCE.replace("\n", "\r\n").encode())
    assert [source.name for source in load(path).sources] == ["a"]


def test_the_named_file_stands_above_the_environment_and_both_above_the_usual_places(
    tmp_path: Path,
) -> None:
    (tmp_path / "config.toml").touch()
    environ = {"AGGREGATOR_CONFIG": "named.toml"}
    assert find(Path("x.toml"), environ, tmp_path) == Path("x.toml")
    assert find(None, environ, tmp_path) == Path("named.toml")
    assert find(None, {"AGGREGATOR_CONFIG": ""}, tmp_path) == tmp_path / "config.toml"


def test_without_any_file_the_places_looked_at_are_named(tmp_path: Path) -> None:
    if Path("/etc/aggregator/config.toml").exists():
        pytest.skip("this machine has an installed configuration")
    with pytest.raises(ConfigError) as caught:
        find(None, {}, tmp_path)
    assert str(tmp_path / "config.toml") in str(caught.value)
    assert "/etc/aggregator/config.toml" in str(caught.value)
    assert "--config" in str(caught.value)


def test_thousands_of_sources_are_read_whole() -> None:
    text = "".join(
        f'[[sources]]\nname = "s{number}"\nurl = "https://h{number}.example/rss"\n'
        for number in range(5000)
    )
    assert len(parsed(text).sources) == 5000
