"""Every mistake is named with its line, all at once, in words that say what to do."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.config import MAX_FILE_BYTES, load
from aggregator.config.tables import LISTS, SECTIONS, TABLE_HEADERS, keys_in
from aggregator.model.errors import ConfigError
from tests.config_texts import SOURCE, mistakes, parsed


def test_an_unknown_key_is_named_with_its_line_and_the_likely_one() -> None:
    text = (
        "# sources\n\n"
        '[[sources]]\nname = "a"\nurl = "https://a.example/"\n\n'
        '[[sources]]\nname = "b"\nurl = "https://b.example/"\n'
        'tags = [\n  "x",\n]\nintervall = "10m"\n'
    )
    assert mistakes(text) == [
        'config.toml:13: sources[1].intervall: unknown key, did you mean "interval"?'
    ]


WRONG_EVERYWHERE = """\
sorces = []
[server]
listen = "127.0.0.1"
base_url = "https://u:p@x.example/"
public_opml = "yes"
[store]
path = "~/x.db"
retention = "1d"
keep_raw = 30
[polling]
intervall = "3m"
min_interval = "20s"
max_interval = "10s"
concurrency = 0
[network]
allow_private = [
  "http://rsshub:1200",
  "192.168.1.5/24",  # the start is .0
  3,
]
proxy = "socks5h://127.0.0.1:1080"
contact = "me"
[log]
level = "trace"
[defaults]
name = "x"
[[sources]]
name = "ithome"
url = "https://www.ithome.com/rss/"
interval = "5s"
timezone = "Asia/Beijing"
[[sources]]
name = "IT home"
url = "https://www.ithome.com:443/rss/"
window = "3d"
[[sources]]
name = "ithome"
backfill = -1
url = "ftp://x.example"
[[sources]]
title = '''
'''
enabled = 1
[[feeds]]
name = "all"
url = "https://x.example/rss"
sources = ["ithom",
  "IT home"]
tags = []
[[feeds]]
name = "all"
limit = 10
min_entries = 20
title = "\\u001b[31m"
"""


TOLD = [
    'config.toml:1: sorces: unknown key, did you mean "sources"?',
    'config.toml:3: server.listen: must be "host:port", "[::1]:8420" or "unix:/path"',
    "config.toml:4: server.base_url: must not hold a user name or password: it is published",
    "config.toml:5: server.public_opml: must be true or false (without quotes)",
    'config.toml:7: store.path: "~" is not expanded; write the whole path',
    'config.toml:8: store.retention: must be at least the window of feed "all" ("3d")',
    'config.toml:9: store.keep_raw: must be a duration such as "90s", "15m", "4h" or "2d"',
    'config.toml:11: polling.intervall: unknown key, did you mean "min_interval"?',
    'config.toml:12: polling.min_interval: must be at most max_interval ("10s")',
    (
        'config.toml:12: polling.min_interval: under "1m" only when [network] allow_private '
        "covers every source; it does not cover sources[0] and 1 more"
    ),
    "config.toml:14: polling.concurrency: must be at least 1",
    (
        "config.toml:17: network.allow_private[0]: "
        'must be without scheme and path, such as "rsshub:1200"'
    ),
    (
        "config.toml:18: network.allow_private[1]: "
        'is not the start of its range, did you mean "192.168.1.0/24"?'
    ),
    "config.toml:19: network.allow_private[2]: must be a string (in quotes)",
    ('config.toml:21: network.proxy: write "socks5://…": names are always looked up by the proxy'),
    'config.toml:22: network.contact: must be an http(s) URL or "mailto:you@example.org"',
    'config.toml:24: log.level: must be one of "debug", "info", "warning" or "error"',
    "config.toml:26: defaults.name: cannot have a default: every [[sources]] has its own",
    (
        'config.toml:30: sources[0].interval: under "1m" only for sources that [network] '
        "allow_private covers"
    ),
    'config.toml:31: sources[0].timezone: unknown time zone, did you mean "Asia/Shanghai"?',
    (
        "config.toml:33: sources[1].name: "
        'must be 1 to 64 of a-z, 0-9 and "-", did you mean "it-home"?'
    ),
    "config.toml:34: sources[1].url: the same URL as sources[0]",
    "config.toml:35: sources[1].window: unknown key; it belongs in [[feeds]]",
    "config.toml:37: sources[2].name: the same name as sources[0]",
    "config.toml:38: sources[2].backfill: must be at least 0",
    "config.toml:39: sources[2].url: must be an http:// or https:// URL",
    "config.toml:40: sources[3].name: missing: every [[sources]] needs it",
    "config.toml:40: sources[3].url: missing: every [[sources]] needs it",
    "config.toml:41: sources[3].title: must not be empty",
    "config.toml:43: sources[3].enabled: must be true or false (without quotes)",
    "config.toml:46: feeds[0].url: feeds are what you publish; to poll a URL use [[sources]]",
    'config.toml:47: feeds[0].sources[0]: unknown source "ithom", did you mean "ithome"?',
    (
        "config.toml:49: feeds[0].tags: "
        "must not be empty; to select every source leave out both sources and tags"
    ),
    "config.toml:51: feeds[1].name: the same name as feeds[0]",
    "config.toml:52: feeds[1].limit: must be at least min_entries (20)",
    "config.toml:54: feeds[1].title: must not hold control characters",
]


def test_everything_wrong_is_told_at_once_in_the_order_of_the_file() -> None:
    assert mistakes(WRONG_EVERYWHERE) == TOLD


@pytest.mark.parametrize(
    ("section", "line", "told"),
    [
        ("server", 'listen = ":8420"', 'has no host; for every interface write "0.0.0.0:8420"'),
        ("server", 'listen = "a:0"', "the port must be between 1 and 65535"),
        ("server", 'listen = "unix:"', 'such as "unix:/run/aggregator/http.sock"'),
        ("server", f'listen = "unix:/{"x" * 107}"', "at most 107 bytes"),
        ("server", 'base_url = "https://x.example/?a"', "must not have a query or fragment"),
        ("server", "min_interval = 3", "unknown key; it belongs in [polling]"),
        ("store", 'retention = "0d"', 'must be between "1s" and "3650d"'),
        ("store", 'retention = "999999999d"', 'must be between "1s" and "3650d"'),
        ("store", 'retention = "1h30m"', "must be a duration such as"),
        ("store", 'retention = "１d"', "must be a duration such as"),
        ("polling", 'max_interval = "32d"', 'must be between "1s" and "31d"'),
        ("polling", 'max_interval = "10m"', 'at least the default min_interval ("15m")'),
        ("polling", 'min_interval = "1d"', 'at most the default max_interval ("12h")'),
        ("polling", "concurrency = true", "must be a whole number (without quotes)"),
        ("polling", "concurrency = 201", "must be at most 200"),
        ("polling", 'budget = "24"', 'must be requests of a source, such as "24/day" or "2/hour"'),
        ("polling", "budget = 24", 'must be requests of a source, such as "24/day" or "2/hour"'),
        ("polling", 'budget = "0.5/day"', 'must be between "1/day" and "1440/day"'),
        ("polling", 'budget = "61/hour"', 'must be between "1/day" and "1440/day"'),
        ("rsshub", 'instances = ["rsshub.app"]', "must be an http:// or https:// URL"),
        ("rsshub", 'instances = ["https://rsshub.app?a"]', "must not have a query"),
        ("rsshub", 'instances = ["https://例え.テスト"]', "must be plain ASCII"),
        ("rsshub", 'access_key_file = "a"', "means nothing without instances"),
        ("rsshub", 'instance = ["https://a.example"]', 'did you mean "instances"?'),
        ("defaults", 'username = "me"', "cannot have a default"),
        ("defaults", 'token_file = "a"', "cannot have a default"),
        ("defaults", "weight = 0", "must be between 0.01 and 100"),
        ("defaults", "weight = nan", "must be between 0.01 and 100"),
        ("defaults", "weight = true", "must be a number (without quotes)"),
        ("defaults", "max_entries = 0", "must be at least 1"),
        ("defaults", 'encoding = "gb18031"', 'unknown encoding, did you mean "gb18030"?'),
        ("defaults", 'encoding = "utf-7"', "unknown encoding"),
        ("defaults", 'encoding = "unicode_escape"', 'write one such as "gb18030"'),
        ("defaults", "headers = 1", 'must be a table such as { Accept-Language = "zh-CN" }'),
        ("defaults", 'user_agent = " x"', "must be plain ASCII without spaces at its ends"),
        ("defaults", 'user_agent = "阅读器"', "must be plain ASCII"),
        ("defaults", 'proxy = "socks5://a.example/x"', "must be only scheme, host and port"),
        ("defaults", 'tls_verify = "no"', "must be true or false (without quotes)"),
        ("network", 'allow_private = "rsshub"', "must be a list of strings"),
        ("network", 'allow_private = ["*"]', "the host is not a valid name"),
        ("network", 'allow_private = ["1.2.3"]', "is neither an address nor a range nor a host"),
        ("network", 'allow_private = ["[::1"]', 'must be such as "[fd00::5]:80"'),
        ("network", 'allow_private = ["a:b"]', "the port must be between 1 and 65535"),
        ("network", 'proxy = "http://a.example/x"', "must be only scheme, host and port"),
        ("network", 'proxy = "https://a.example"', "must be an http:// or socks5:// URL"),
        ("network", 'proxy = "socks4://a.example"', "must be an http:// or socks5:// URL"),
        ("network", 'proxy = "direct"', "must be an http:// or socks5:// URL"),
        ("network", f'proxy = "socks5://u:{"p" * 256}@a.example"', "at most 255 characters each"),
        ("network", 'proxy = "socks5://u:%C3%A4@a.example"', "must be plain ASCII"),
        ("network", 'proxy = "http://u%3A:p@a.example"', "must be plain ASCII"),
        ("network", 'contact = "https://u:p@a.example/"', "must not hold a user name or password"),
        ("network", 'contact = "https://例え.テスト/"', "must be plain ASCII"),
        ("defaults", 'url = "https://a.example/"', "cannot have a default"),
        ("defaults", 'timezone = "Shanghai"', 'did you mean "Asia/Shanghai"?'),
        ("defaults", 'timezone = "asia/shanghai"', 'did you mean "Asia/Shanghai"?'),
        ("defaults", 'timezone = "+08:00"', 'write one such as "Asia/Shanghai"'),
        ("defaults", 'timezone = "../../etc/passwd"', "unknown time zone"),
        ("defaults", 'timezone = "Asia"', "unknown time zone"),
    ],
)
def test_a_wrong_value_points_to_its_own_line(section: str, line: str, told: str) -> None:
    (mistake,) = mistakes(f"{SOURCE}\n[{section}]\n# here:\n{line}\n")
    key = line.partition(" ")[0]
    assert mistake.startswith(f"config.toml:7: {section}.{key}")
    assert told in mistake


@pytest.mark.parametrize(
    "url",
    [
        "example.org/rss",
        "file:///etc/passwd",
        "feed:https://example.org/",
        "http:example.org",
        "http:///rss",
        "http://user@/rss",
        "http://a..b/",
        "http://-a.example/",
        "http://a.example:0/",
        "http://a.example:65536/",
        "http://a.example:８0/",
        "http://a.example:80x/",
        "http://[::1",
        "http://[fe80::1%25eth0]/",
        "http://1.2.3.999/",
        "http://2130706433/",
        "http://a.example/a b",
        "http://a.example/a\\\\b",
        "http://a.example\\\\@b.example/",
        " http://a.example/",
        "http://a.example/\\n",
        "http://a.example/\\u0000",
        "http://a.example/\\u3000",
        f"http://{'a' * 64}.example/",
        f"http://{'a.' * 130}example/",
        f"http://a.example/{'a' * 4096}",
        "",
    ],
)
def test_a_bad_url_is_refused_without_being_repeated(url: str) -> None:
    (mistake,) = mistakes(f'[[sources]]\nname = "a"\nurl = "{url}"\n')
    assert mistake.startswith("config.toml:3: sources[0].url: ")
    assert not url or url not in mistake


def test_no_message_repeats_a_secret() -> None:
    text = (
        '[[sources]]\nname = "a"\nurl = "https://me:CANARY@a.example/?key=CANARY"\n'
        '[[sources]]\nname = "b"\nurl = "https://me:CANARY@a.example/?key=CANARY"\n'
        '[[sources]]\nname = "c"\nurl = "htps://me:CANARY@a.example/?key=CANARY"\n'
    )
    found = mistakes(text)
    assert len(found) == 2
    assert "CANARY" not in "\n".join(found)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[[server]]\n", "config.toml:1: server: must be a table, written [server]"),
        (
            '[sources]\nname = "a"\n',
            "config.toml:1: sources: must be written [[sources]], once for each of the sources",
        ),
        ("sources = [1]\n", "config.toml:1: sources[0]: must be a table, written [[sources]]"),
        ('[[source]]\nname = "a"\n', 'config.toml:1: source: unknown key, did you mean "sources"?'),
        ('level = "debug"\n', "config.toml:1: level: unknown key; it belongs in [log]"),
        (
            SOURCE + 'level = "debug"\n',
            "config.toml:4: sources[0].level: unknown key; it belongs in [log]",
        ),
        ('"a\\u001b\\n" = 1\n', 'config.toml:1: "a\\x1b\\n": unknown key'),
        (
            'sources = [{name = "a",\n  url = "x"}]\n'.replace("\n  ", " "),
            "config.toml:1: sources[0].url: must be an http:// or https:// URL",
        ),
    ],
)
def test_a_table_in_the_wrong_place_is_explained(text: str, told: str) -> None:
    assert mistakes(text) == [told]


def test_an_interval_under_a_minute_is_only_for_your_own_servers() -> None:
    covered = '[[sources]]\nname = "b"\nurl = "http://rsshub:1200/b"\n'
    text = f'[network]\nallow_private = ["rsshub:1200"]\n{SOURCE}interval = "59s"\n{covered}'
    rule = 'under "1m" only for sources that [network] allow_private covers'
    assert mistakes(text) == [f"config.toml:6: sources[0].interval: {rule}"]
    text = f'[network]\nallow_private = ["rsshub:1200"]\n[defaults]\ninterval = "5s"\n{covered}'
    parsed(text)
    assert mistakes(text + SOURCE) == [
        f"config.toml:4: defaults.interval: {rule}; it does not cover sources[1]"
    ]


def test_a_short_min_interval_needs_every_source_covered() -> None:
    text = f'[polling]\nmin_interval = "30s"\n{SOURCE}'
    (mistake,) = mistakes(text)
    assert mistake == (
        'config.toml:2: polling.min_interval: under "1m" only when [network] allow_private '
        "covers every source; it does not cover sources[0]"
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a = 1\nb = \n", "config.toml:2: column 5: invalid value (text needs quotes)"),
        ("[a\n", "config.toml:1: column 3: "),
        ("a = 1\na = 2\n", "config.toml:2: column 6: this key was given before"),
        ("[a]\n[b]\n[a]\n", "config.toml:3: column 3: [a] was given before"),
        (
            "[sources]\n[sources]\n",
            "config.toml:2: column 9: [sources] was given before; write [[sources]] each time",
        ),
        ('a = """\n\n', "config.toml:2: unterminated string (at the end of the file)"),
        ("a = [1,\n\n2", "config.toml:3: unclosed array (at the end of the file)"),
        ("\n" * 5 + "d = 2020-99-99\n", "config.toml:6: "),
        (f"a = {'9' * 5000}\n", "config.toml: "),
        ("a = " + "[" * 100_000, "config.toml: is nested too deeply"),
    ],
)
def test_what_is_not_toml_is_told_with_line_and_column(text: str, told: str) -> None:
    (mistake,) = mistakes(text)
    assert mistake.startswith(told)
    assert "\n" not in mistake


def test_windows_line_ends_and_a_byte_order_mark_move_no_line() -> None:
    text = "\ufeff" + WRONG_EVERYWHERE.replace("\n", "\r\n")
    assert mistakes(text) == mistakes(WRONG_EVERYWHERE)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"

    def told() -> str:
        with pytest.raises(ConfigError) as caught:
            load(path)
        assert caught.value.exit_status == 78
        return str(caught.value)

    assert told() == f"{path}: there is no such file"
    path.mkdir()
    assert told() == f"{path}: cannot be read: Is a directory"
    path.rmdir()
    path.write_bytes("# 科技\n# 科技\n".encode() + "# 科技\n".encode("gb18030"))
    assert told() == f"{path}:3: is not UTF-8; save the file as UTF-8"
    path.write_bytes(b"#" * (MAX_FILE_BYTES + 1))
    assert told() == f"{path}: is larger than 16 MiB"


def test_what_is_wrong_in_a_list_does_not_hide_what_else_is() -> None:
    assert mistakes(f'{SOURCE}[[feeds]]\nname = "x"\nsources = ["okk", 5, "a"]\n') == [
        'config.toml:6: feeds[0].sources[0]: unknown source "okk"',
        "config.toml:6: feeds[0].sources[1]: must be a string (in quotes)",
    ]


def test_all_that_is_wrong_with_one_value_is_told() -> None:
    assert mistakes(f'[server]\nbase_url = "https://u:p@x.example/?a"\n{SOURCE}') == [
        "config.toml:2: server.base_url: must not have a query or fragment",
        "config.toml:2: server.base_url: must not hold a user name or password: it is published",
    ]


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://public.example/rss", True),
        ("http://rsshub:1200/a", False),  # what the broken entry may be meant for
        ("http://192.168.1.5/a", False),
        ("http://nas.example:81/a", False),  # what a good entry covers
        ("http://nas.example:82/a", True),
    ],
)
def test_a_short_interval_is_told_though_allow_private_is_broken(url: str, told: bool) -> None:
    allowed = 'allow_private = ["http://RSSHub:1200", "192.168.1.5/24", 3, "nas.example:81"]\n'
    source = f'[[sources]]\nname = "a"\nurl = "{url}"\ninterval = "30s"\n'
    lines = mistakes(f"[network]\n{allowed}{source}")
    assert len([line for line in lines if ".interval: under" in line]) == told
    assert len([line for line in lines if ": network.allow_private[" in line]) == 3


def test_the_file_is_called_as_the_operator_named_it(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text("[server]\nlistn = 1\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert str(caught.value).startswith(f"{path}:2: server.listn: ")


INNER_KEYS = st.sampled_from(["title", "age", "tags", "find", "with", "in", "X-A", "Host"])


@given(
    st.recursive(
        st.one_of(st.text(max_size=8), st.integers(), st.booleans(), st.floats()),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.text(max_size=3) | INNER_KEYS, inner, max_size=3)
        ),
        max_leaves=4,
    ),
    st.sampled_from(
        [
            *TABLE_HEADERS,
            *(f"{table}.{key}" for table in SECTIONS for key in keys_in(table)),
            *(f"[[{table}]]\n{key}" for table in LISTS for key in keys_in(table)),
        ]
    ),
)
@settings(max_examples=300, deadline=None)  # a time zone that is none is compared with all
def test_any_value_anywhere_is_used_or_named_and_never_a_crash(value: object, key: str) -> None:
    text = f"{key} = {_toml(value)}\n"
    tomllib.loads(text)
    lines: tuple[str, ...] = ()
    try:
        parsed(text)
    except ConfigError as error:
        lines = error.lines
    assert all(line.startswith("config.toml:") and line.isprintable() for line in lines)


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return '"' + "".join(f"\\U{ord(char):08x}" for char in value) + '"'
    if isinstance(value, list):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    if isinstance(value, dict):
        pairs = (f"{_toml(name)} = {_toml(item)}" for name, item in value.items())
        return "{" + ", ".join(pairs) + "}"
    return str(value)
