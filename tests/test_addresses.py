"""Hosts of URLs: one standard for international names, one form for all spellings."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.config import parse
from aggregator.config.source_names import derive_name
from aggregator.fetch.request_target import Target, parse_target
from aggregator.publish.xml_safety import clean_url
from aggregator.web.addresses import (
    ascii_authority,
    ascii_host,
    has_user_info,
    host_and_path,
    host_and_port,
    host_of,
    hosts_above,
    origin_of,
    shown_host,
)
from aggregator.web.domains import queue_of

#: As browsers have them (https://github.com/web-platform-tests/wpt: url/resources/toascii.json).
NAMES = (
    ("example.org", "example.org"),
    ("Example.ORG.", "example.org."),
    ("bücher.example", "xn--bcher-kva.example"),
    ("BÜCHER.example", "xn--bcher-kva.example"),
    ("bu\u0308cher.example", "xn--bcher-kva.example"),
    ("faß.example", "xn--fa-hia.example"),  # IDNA 2003: fass.example, another host
    ("βόλος.com", "xn--nxasmm1c.com"),  # IDNA 2003: xn--nxasmq6b.com
    ("例子。中国", "xn--fsqu00a.xn--fiqs8s"),
    ("Ｅxample.com", "example.com"),
    ("☕.example", "xn--53h.example"),  # IDNA 2008: not allowed
    ("a_b.ü.example", "a_b.xn--tda.example"),
    ("क्\u200dष.example", "xn--11b2ezcw70k.example"),
    ("xn--bcher-kva.example", "xn--bcher-kva.example"),
)
NO_NAMES = (
    "", ".", "a..example", "a" * 64, f"{'a.' * 127}a", "a b.example", "::1", "[::1]", "a/b",
    "a%41.b", "／.example", "a\u200db.example", "\u0301a.example", "אa.example", "ü" * 60, "a\x00b",
)  # fmt: skip


@pytest.mark.parametrize(("host", "name"), NAMES)
def test_a_host_has_one_name_in_ascii(host: str, name: str) -> None:
    assert ascii_host(host) == name
    assert ascii_host(name) == name
    assert host_of(f"https://u:p@{host}:8080/x") == name.rstrip(".")


@pytest.mark.parametrize("host", NO_NAMES)
def test_what_is_no_name_is_refused(host: str) -> None:
    with pytest.raises(ValueError, match=r"^\S+ \S+"):
        ascii_host(host)


@pytest.mark.parametrize(("host", "name"), NAMES)
def test_every_room_asks_for_the_same_host(host: str, name: str) -> None:
    """What is configured, asked for and published is one host, by one standard."""
    url = f"https://{host}/feed"
    (source,) = parse(f'[[sources]]\nname = "one"\nurl = "{url}"\n', Path("config.toml")).sources
    target = parse_target(url)
    assert isinstance(target, Target)
    assert target.host == name
    assert origin_of(source.urls[0]) == f"https://{name.rstrip('.')}:443"
    assert source.queue == queue_of(f"https://{name.rstrip('.')}")
    if not host.isascii():
        assert clean_url(url) == f"https://{name}/feed"
    assert derive_name(None, url, ()) == derive_name(None, f"https://{name}/feed", ())


def test_a_private_host_of_other_letters_is_allowed_in_both_spellings() -> None:
    for written in ("bücher.example:80", "xn--bcher-kva.example:80"):
        text = f'[network]\nallow_private = ["{written}"]\n[[sources]]\nname = "one"\nurl = "https://a.example/"\n'
        (allowance,) = parse(text, Path("config.toml")).network.allow_private
        target = parse_target("http://bücher.example/")
        assert isinstance(target, Target)
        assert allowance.covers(target.host, target.port)


@given(st.text(max_size=30))
def test_a_name_is_its_own_name(text: str) -> None:
    try:
        name = ascii_host(text)
    except ValueError:
        return
    assert name.isascii()
    assert ascii_host(name) == name
    assert name == name.lower()


@given(st.text(max_size=40) | st.text("/:@?#[]%.\\ 中0xü-", max_size=30))
def test_any_text_has_a_host_or_none(text: str) -> None:
    for url in (text, f"http://{text}"):
        host = host_of(url)
        assert host_of(f"//[{host}]" if ":" in host else f"//{host}") in {host, ""}
        assert hosts_above(url)[:1] == ((host,) if host else ())


@pytest.mark.parametrize(
    ("url", "origin", "host", "port"),
    [
        ("http://e.com/x", "http://e.com:80", "e.com", 80),
        ("HTTPS://E.com.:8443", "https://e.com:8443", "e.com", 8443),
        ("https://[0:0:0:0:0:0:0:1]/", "https://[::1]:443", "::1", 443),
        (
            "https://Bücher.example",
            "https://xn--bcher-kva.example:443",
            "xn--bcher-kva.example",
            443,
        ),
    ],
)
def test_an_origin_is_scheme_host_and_port(url: str, origin: str, host: str, port: int) -> None:
    assert origin_of(url) == origin
    assert origin_of(origin) == origin
    assert host_and_port(url) == (host, port)


def test_what_has_no_port_has_no_origin() -> None:
    for url in ("ftp://e.com/", "http://e.com:port/", "http://e.com:99999/", "/x"):
        with pytest.raises(ValueError, match=r"\w"):
            origin_of(url)


def test_a_host_is_shown_as_it_is_written() -> None:
    assert shown_host("https://BÜCHER.example:80/") == "bücher.example"
    assert shown_host("http://[::1") == ""
    assert hosts_above("https://a.b.example./x") == ("a.b.example", "b.example", "example")
    assert hosts_above("https://[::1]/") == ("::1",)
    assert hosts_above("mailto:a@b") == ()


def test_a_login_in_a_url_is_seen() -> None:
    for url in ("https://u:p@e.com/", "https://u@e.com", "https://@e.com"):
        assert has_user_info(url)
    for url in ("https://e.com/@u", "mailto:u@e.com", "http://[u@", ""):
        assert not has_user_info(url)


def test_the_rest_of_an_authority_stays() -> None:
    assert ascii_authority("u:p@bücher.example:8080") == "u:p@xn--bcher-kva.example:8080"
    assert ascii_authority("WWW.Example.com") == "WWW.Example.com"
    assert ascii_authority("／.example") == "／.example"


_URL_PARTS = (
    "http://|https://|HTTP://|//|e.com|a-b.example|E.com|1.2.3.4|.|..|:80|:x|@|/|/a|/a.b|?|#|?b=/c"
    "|%41|\t|\n| |é|好.例|[::1]|[|xn--a|-"
)


@given(st.lists(st.sampled_from(_URL_PARTS.split("|")), max_size=7).map("".join))
def test_a_plain_url_is_taken_apart_as_all_others(url: str) -> None:
    assert host_of(url) == host_of(f"//{shown_host(url)}" if ":" not in shown_host(url) else url)
    try:
        path = urlsplit(url).path
    except ValueError:
        path = ""
    assert host_and_path(url) == (host_of(url), path if host_of(url) else "")
    assert host_of(url) == (hosts_above(url) or ("",))[0]
