"""Whose a host is: registrable domains, with and without the list's private part."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.web.addresses import host_of
from aggregator.web.domains import publisher_domain, site_domain

DOMAINS = (
    # host, its publisher's domain, the domain of its servers
    ("www.ithome.com", "ithome.com", "ithome.com"),
    ("ithome.com", "ithome.com", "ithome.com"),
    ("www.ithome.com.tw", "ithome.com.tw", "ithome.com.tw"),
    ("a.b.example.co.uk", "example.co.uk", "example.co.uk"),
    ("x.github.io", "x.github.io", "github.io"),
    ("pages.x.github.io", "x.github.io", "github.io"),
    ("x.blogspot.com", "x.blogspot.com", "blogspot.com"),
    ("raw.githubusercontent.com", "raw.githubusercontent.com", "githubusercontent.com"),
    ("city.kawasaki.jp", "city.kawasaki.jp", "city.kawasaki.jp"),
    ("a.example.kawasaki.jp", "a.example.kawasaki.jp", "a.example.kawasaki.jp"),
    ("www.xn--85x722f.xn--55qx5d.cn", "xn--85x722f.xn--55qx5d.cn", "xn--85x722f.xn--55qx5d.cn"),
    ("a.example.no-such-suffix", "example.no-such-suffix", "example.no-such-suffix"),
    # What has no registrable domain.
    ("github.io", "github.io", "github.io"),
    ("co.uk", "co.uk", "co.uk"),
    ("localhost", "localhost", "localhost"),
    ("rsshub", "rsshub", "rsshub"),
    ("192.0.2.7", "192.0.2.7", "192.0.2.7"),
    ("2001:db8::7", "2001:db8::7", "2001:db8::7"),
    ("", "", ""),
)


@pytest.mark.parametrize(("host", "publisher", "site"), DOMAINS)
def test_a_host_is_a_publishers_and_a_sites(host: str, publisher: str, site: str) -> None:
    assert publisher_domain(host) == publisher
    assert site_domain(host) == site


def test_every_spelling_of_a_host_is_one_publishers() -> None:
    spellings = ("https://WWW.食狮.公司.cn/x", "http://www.xn--85x722f.xn--55qx5d.cn:80/")
    assert {publisher_domain(host_of(url)) for url in spellings} == {"xn--85x722f.xn--55qx5d.cn"}


@given(st.from_regex(r"([a-z0-9_-]{1,5}\.){0,4}(com|co\.uk|github\.io|io|jp|7|x)", fullmatch=True))
def test_a_domain_is_above_its_host_and_its_own(host: str) -> None:
    for domain in (publisher_domain(host), site_domain(host)):
        assert f".{host}".endswith(f".{domain}")
    assert publisher_domain(publisher_domain(host)) == publisher_domain(host)
    assert site_domain(site_domain(host)) == site_domain(host)
    assert publisher_domain(host).endswith(site_domain(host))
