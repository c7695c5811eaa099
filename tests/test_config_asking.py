"""How a source is asked: mirrors, RSSHub, headers, logins, proxies; what is refused, and where."""

from __future__ import annotations

import pytest

from aggregator.config import Rsshub
from aggregator.config.source_keys import MAX_ENTRIES
from aggregator.config.text_values import encoding
from aggregator.model import Access, Source
from aggregator.parse import document_limits
from aggregator.parse.decode import decode
from aggregator.web.charsets import ENCODINGS
from tests.config_texts import mistakes, parsed

RSSHUB = '[rsshub]\ninstances = ["http://rsshub:1200/", "https://rsshub.example/base"]\n'


def source(*lines: str, url: str = '"https://a.example/rss"', before: str = "") -> Source:
    return parsed(before + written(*lines, url=url)).sources[0]


def written(*lines: str, url: str = '"https://a.example/rss"', name: str = "a") -> str:
    return "\n".join(["[[sources]]", f'name = "{name}"', f"url = {url}", *lines, ""])


# --- mirrors ------------------------------------------------------------------------------------


def test_one_url_has_no_mirrors_whether_written_as_a_list_or_not() -> None:
    for url in ('"https://a.example/rss"', '["https://a.example/rss"]'):
        found = source(url=url)
        assert (found.url, found.mirrors) == ("https://a.example/rss", ())
        assert found.urls == ("https://a.example/rss",)


def test_a_list_is_tried_in_order_and_known_by_its_first_url() -> None:
    found = source(url='["https://a.example/rss", "http://b.example/rss"]')
    assert found.url == "https://a.example/rss"
    assert found.urls == found.mirrors == ("https://a.example/rss", "http://b.example/rss")


def test_a_route_of_rsshub_stands_for_every_instance() -> None:
    found = source(url='"rsshub://ithome/ranking/24h?limit=5"', before=RSSHUB)
    assert found.url == "rsshub://ithome/ranking/24h?limit=5"
    assert found.urls == (
        "http://rsshub:1200/ithome/ranking/24h?limit=5",
        "https://rsshub.example/base/ithome/ranking/24h?limit=5",
    )
    assert found.access == Access()
    one = '[rsshub]\ninstances = ["https://one.example"]\n'
    assert source(url='"RSSHub://a/b"', before=one).urls == ("https://one.example/a/b",)


def test_a_route_may_stand_in_a_list() -> None:
    found = source(url='["https://a.example/rss", "rsshub://a/b"]', before=RSSHUB)
    assert found.url == "https://a.example/rss"
    assert found.urls[1:] == ("http://rsshub:1200/a/b", "https://rsshub.example/base/a/b")


def test_the_key_of_rsshub_is_for_its_instances() -> None:
    before = RSSHUB + 'access_key_file = "rsshub.key"\n'
    found = parsed(
        before + written(url='"rsshub://a/b"') + written(url='"https://c.example/"', name="c")
    )
    assert found.rsshub == Rsshub(
        ("http://rsshub:1200", "https://rsshub.example/base"), "rsshub.key"
    )
    assert found.sources[0].access == Access(
        rsshub_key_file="rsshub.key", rsshub_instances=found.rsshub.instances
    )
    assert found.sources[1].access == Access()


def test_a_route_without_instances_says_what_to_add() -> None:
    told = 'needs an RSSHub instance: write [rsshub] and under it instances = ["https://…"]'
    assert mistakes(written(url='"rsshub://a/b"')) == [f"config.toml:3: sources[0].url: {told}"]
    text = written(url='[\n  "https://a.example/",\n  "rsshub://a/b",\n]')
    assert mistakes(text) == [f"config.toml:5: sources[0].url[1]: {told}"]
    broken = '[rsshub]\ninstances = ["x"]\n' + written(url='"rsshub://a/b"')
    assert len(mistakes(broken)) == 1


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ('"rsshub://"', "must name a route"),
        ('"rsshub:///ithome"', "must name a route"),
        ('"rsshub://?limit=5"', "must name a route"),
        ('"rsshub://ithome#x"', "must not have a fragment"),
        ('"rsshub://it home"', "must not hold spaces"),
        ("[]", "must not be empty"),
        ("3", "must be a string (in quotes)"),
        ("{ a = 1 }", "must be a string (in quotes)"),
        (str([f"http://a{n}.example" for n in range(17)]), "must have at most 16"),
    ],
)
def test_a_url_that_is_none_points_to_its_line(url: str, told: str) -> None:
    (mistake,) = mistakes(RSSHUB + written(url=url))
    assert mistake.startswith("config.toml:5: sources[0].url: ")
    assert told in mistake


def test_a_bad_mirror_points_to_its_own_line() -> None:
    text = written(url='[\n  "https://a.example/",\n  "ftp://b.example/",\n  4,\n]')
    assert mistakes(text) == [
        "config.toml:5: sources[0].url[1]: must be an http:// or https:// URL",
        "config.toml:6: sources[0].url[2]: must be a string (in quotes)",
    ]


def test_no_two_sources_share_a_url_in_any_place() -> None:
    text = (
        RSSHUB
        + written(url='["https://a.example/", "rsshub://a/b"]')
        + written(url='"http://rsshub:1200/a/b"', name="b")
        + written(url='[\n"https://c.example/",\n"https://A.example:443"]', name="c")
        + written(url='["https://d.example/",\n"https://d.example"]', name="d")
    )
    assert mistakes(text) == [
        "config.toml:8: sources[1].url: the same URL as sources[0]",
        "config.toml:13: sources[2].url[1]: the same URL as sources[0]",
        "config.toml:17: sources[3].url[1]: this source has the same URL twice",
    ]


def test_a_short_interval_needs_every_mirror_covered() -> None:
    allow = '[network]\nallow_private = ["rsshub:1200"]\n'
    line = 'interval = "10s"'
    one = '[rsshub]\ninstances = ["http://rsshub:1200"]\n'
    source(line, url='"rsshub://a/b"', before=allow + one)
    (mistake,) = mistakes(allow + RSSHUB + written(line, url='"rsshub://a/b"'))
    assert "only for sources that [network] allow_private covers" in mistake


# --- how it is asked ----------------------------------------------------------------------------


def test_everything_that_changes_how_a_source_is_asked() -> None:
    found = source(
        'headers = { Accept-Language = "zh-CN", X-Feed = "a b" }',
        'user_agent = "my-reader/1.0 (me)"',
        'username = "me"',
        'password_file = "secrets/me"',
        'proxy = "socks5://u:p@127.0.0.1:1080"',
        "tls_verify = false",
        'encoding = "GB2312"',
        "max_entries = 20",
        "weight = 4",
    )
    assert found.access == Access(
        headers=(("Accept-Language", "zh-CN"), ("X-Feed", "a b")),
        user_agent="my-reader/1.0 (me)",
        username="me",
        password_file="secrets/me",
        proxy="socks5://u:p@127.0.0.1:1080",
        tls_verify=False,
    )
    assert (found.encoding, found.max_entries, found.weight) == ("gb2312", 20, 4.0)
    assert source('cookie_file = "c"').access == Access(cookie_file="c")
    assert source('token_file = "/run/x"').access == Access(token_file="/run/x")


def test_defaults_hold_where_a_source_says_nothing() -> None:
    before = (
        '[defaults]\nproxy = "http://127.0.0.1:7890"\nweight = 0.5\n[defaults.headers]\nA = "1"\n'
    )
    found = parsed(
        before
        + written()
        + written('proxy = "direct"', 'headers = { B = "2" }', url='"http://b.example"', name="b")
    )
    first, second = found.sources
    assert first.access == Access(headers=(("A", "1"),), proxy="http://127.0.0.1:7890")
    assert second.access == Access(headers=(("B", "2"),), proxy="direct")
    assert (first.weight, second.weight) == (0.5, 0.5)


@pytest.mark.parametrize(
    "name",
    [
        "User-Agent", "authorization", "Cookie", "REFERER", "Host", "Connection", "Content-Length",
        "Transfer-Encoding", "Accept-Encoding", "If-None-Match", "if-modified-since", "If-Range",
        "Range", "Cache-Control", "Pragma", "A-IM", "Expect", "Proxy-Authorization",
    ],
)  # fmt: skip
def test_headers_that_are_ours_cannot_be_set(name: str) -> None:
    (mistake,) = mistakes(written("[sources.headers]", f'{name} = "x"'))
    assert mistake.startswith(f"config.toml:5: sources[0].headers.{name}: cannot be set: ")


def test_a_cookie_has_a_file_of_its_own() -> None:
    (mistake,) = mistakes(written('headers = { Cookie = "a=b" }'))
    assert mistake.endswith("headers.Cookie: cannot be set: use cookie_file")


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ('"a b" = "x"', "is no name of a header"),
        ('"a\\n" = "x"', "must not hold control characters"),
        ('"é" = "x"', "is no name of a header"),
        (f'{"a" * 65} = "x"', "is no name of a header"),
        ('A = "x\\r\\nB: y"', "must not hold control characters"),
        ('A = "中"', "must be plain ASCII"),
        ('A = "x "', "without spaces at its ends"),
        ('A = ""', "must not be empty"),
        ("A = 1", "must be a string (in quotes)"),
        (f'A = "{"x" * 1025}"', "at most 1024 characters"),
    ],
)
def test_a_header_that_cannot_be_sent_points_to_its_line(header: str, told: str) -> None:
    (mistake,) = mistakes(written("[sources.headers]", header))
    assert mistake.startswith("config.toml:5: sources[0].headers.")
    assert told in mistake


def test_headers_are_bounded_and_named_once() -> None:
    many = "\n".join(f'H{n} = "x"' for n in range(21))
    assert mistakes(written("[sources.headers]", many)) == [
        "config.toml:4: sources[0].headers: must have at most 20"
    ]
    assert mistakes('[defaults.headers]\nA = "1"\na = "2"\n') == [
        "config.toml:3: defaults.headers.a: the same header as A"
    ]


@pytest.mark.parametrize(
    ("lines", "url", "told"),
    [
        (['username = "me"'], '"https://a.example/"', "username: needs password_file beside it"),
        (['password_file = "p"'], '"https://a.example/"', "password_file: needs username"),
        (
            ['username = "me"\npassword_file = "p"\ntoken_file = "t"'],
            '"https://a.example/"',
            "token_file: a request has one login",
        ),
        (['token_file = "t"'], '"https://u:p@a.example/"', "token_file: the url holds a login"),
        (
            ['token_file = "t"'],
            '["https://a.example/", "https://b.example/"]',
            "token_file: would go to every server in url",
        ),
        (
            ['cookie_file = "c"'],
            '["https://a.example/", "https://b.example/"]',
            "cookie_file: would go to every server in url",
        ),
        (['username = "a:b"\npassword_file = "p"'], '"https://a.example/"', 'not hold ":"'),
        (['token_file = "~/t"'], '"https://a.example/"', '"~" is not expanded'),
    ],
)
def test_a_login_that_cannot_be_meant_is_explained(lines: list[str], url: str, told: str) -> None:
    found = mistakes(written(*lines, url=url))
    assert told in found[0]
    assert found[0].startswith("config.toml:")


SOLVER = 'fetch_via = "http://flaresolverr:8191"'


def test_a_solver_asks_for_a_source() -> None:
    assert source(SOLVER).access == Access(fetch_via="http://flaresolverr:8191")
    assert source('fetch_via = "https://a.example/b/"').access.fetch_via == "https://a.example/b"
    # What all others have does not count for it, nor is it a mistake.
    both = '[defaults]\nproxy = "http://127.0.0.1:7890"\n' + written(SOLVER)
    assert parsed(both).warnings == ()
    assert source(SOLVER).queue == "http://flaresolverr:8191"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("[sources.headers]\nA = 'b'", "headers: cannot be used beside fetch_via"),
        ('user_agent = "x"', "user_agent: cannot be used beside fetch_via: the solver's own"),
        ('username = "a"\npassword_file = "p"', "username: cannot be used beside fetch_via"),
        ('token_file = "t"', "token_file: cannot be used beside fetch_via"),
        ('cookie_file = "c"', "cookie_file: cannot be used beside fetch_via"),
        ('proxy = "direct"', "proxy: cannot be used beside fetch_via"),
        ("tls_verify = false", "tls_verify: cannot be used beside fetch_via"),
    ],
)
def test_what_a_solver_cannot_do_for_a_source_is_told(line: str, told: str) -> None:
    found = mistakes(written(SOLVER, line))
    assert any(told in one for one in found), found


@pytest.mark.parametrize(
    ("written_as", "told"),
    [
        ('"flaresolverr:8191"', "must be an http:// or https:// URL"),
        ('"http://u:p@flaresolverr:8191"', "must not hold a user name or password"),
        ('"http://flaresolverr:8191/?a=b"', "must not have a query"),
        ("8191", "must be"),
    ],
)
def test_what_is_no_solver_is_told(written_as: str, told: str) -> None:
    (found,) = mistakes(written(f"fetch_via = {written_as}"))
    assert told in found
    assert "p@" not in found


def test_a_url_with_a_login_is_not_for_a_solver() -> None:
    (found,) = mistakes(written(SOLVER, url='"https://me:pw@a.example/"'))
    assert "fetch_via: cannot be used for a URL with a login" in found
    assert "pw" not in found
    keyed = '[rsshub]\ninstances = ["http://rsshub:1200"]\naccess_key_file = "k"\n'
    (found,) = mistakes(keyed + written(SOLVER, url='"rsshub://a/b"'))
    assert "fetch_via: cannot be used for a URL with a login" in found


def test_mirrors_on_one_server_may_share_a_login() -> None:
    url = '["https://a.example/1", "https://A.example:443/2"]'
    assert source('token_file = "t"', url=url).access.token_file is not None


def test_danger_is_told_at_every_start() -> None:
    text = "[defaults]\ntls_verify = false\n" + written(
        "tls_verify = false", 'token_file = "t"', url='"http://a.example/"'
    )
    verify = "certificates are not verified: anybody on the way can read and change what comes"
    assert parsed(text).warnings == (
        f"config.toml:2: defaults.tls_verify: {verify}",
        f"config.toml:6: sources[0].tls_verify: {verify}",
        "config.toml:7: sources[0].token_file: is sent unencrypted, over http://",
    )
    assert parsed(written('cookie_file = "c"', url='"http://a.example/"')).warnings == (
        "config.toml:4: sources[0].cookie_file: is sent unencrypted, over http://",
    )
    own = '[network]\nallow_private = ["nas:80"]\n'
    assert parsed(own + written('token_file = "t"', url='"http://nas/"')).warnings == ()


# --- values -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "a_day"), [("24/day", 24.0), ("1/hour", 24.0), ("1.5/hour", 36.0), ("6/day", 6.0)]
)
def test_a_budget_is_requests_a_day(said: str, a_day: float) -> None:
    found = parsed(f'[polling]\nbudget = "{said}"\n{written()}')
    assert found.polling.budget == a_day
    assert found.warnings == ()
    assert parsed(written()).polling.budget == 24.0


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("1/day", "cannot be met: max_interval makes it 2/day for every source"),
        ("1000/day", "cannot be met: min_interval makes it 96/day for every source"),
    ],
)
def test_a_budget_that_the_intervals_do_not_allow_is_a_warning(said: str, told: str) -> None:
    found = parsed(f'[polling]\nbudget = "{said}"\n{written()}')
    assert found.warnings == (f"config.toml:2: polling.budget: {told}",)


LABELS = (
    *ENCODINGS,
    "gb2312",
    "latin1",
    "iso-8859-1",
    "ascii",
    "utf8",
    "cp936",
    "ms-kanji",
    "UTF8",
)


@pytest.mark.parametrize("label", LABELS)
def test_every_encoding_that_can_be_configured_is_read(label: str) -> None:
    assert decode(b"<rss/>  ", None, encoding(label)).notes[0].endswith("as configured")


def test_max_entries_is_bounded_as_the_parser_is() -> None:
    assert MAX_ENTRIES == document_limits.MAX_ENTRIES
