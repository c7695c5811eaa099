"""The guard: what is refused, what allow_private exempts, and that nothing gets around it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aggregator.fetch.guard import (
    FAKE_IP,
    PUBLIC_IPV6,
    REFUSED_IPV4,
    REFUSED_IPV6,
    REFUSED_PORTS,
    Dial,
    Guard,
    effective_address,
    is_public,
)
from aggregator.fetch.request_target import Target, parse_target
from aggregator.model import Allowance, Fetched, Problem, ProblemKind
from aggregator.operations.messages import problem_text
from tests.fetching import Names, allow, fetching, problem_of
from tests.web import Publisher

V4_EDGES = [n[i] for n in REFUSED_IPV4 for i in (0, -1)]


def target(url: str) -> Target:
    found = parse_target(url)
    assert isinstance(found, Target), found
    return found


# --- addresses ----------------------------------------------------------------------------------


@given(st.ip_addresses(v=4) | st.sampled_from(V4_EDGES))
def test_public_ipv4_is_what_no_list_names_and_python_calls_global(address: IPv4Address) -> None:
    listed = any(address in network for network in REFUSED_IPV4)
    assert is_public(address) is not listed
    if is_public(address):
        assert address.is_global
        assert not address.is_multicast
        assert not address.is_reserved


@given(st.ip_addresses(v=6) | st.integers(0, 2**125 - 1).map(lambda n: PUBLIC_IPV6[n]))
@example(IPv6Address("fd00:ec2::254"))
@example(IPv6Address("2001:0:4136:e378:8000:63bf:3fff:fdd2"))
def test_public_ipv6_is_global_unicast_without_what_the_lists_name(address: IPv6Address) -> None:
    found = effective_address(address)
    if isinstance(found, IPv4Address):
        assert is_public(address) is is_public(found)
        return
    listed = any(address in network for network in REFUSED_IPV6)
    assert is_public(address) is (address in PUBLIC_IPV6 and not listed)
    if is_public(address):
        assert address.is_global
        assert not address.is_multicast


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_judged_the_same_in_every_ipv6_dress(address: IPv4Address) -> None:
    mapped = IPv6Address(f"::ffff:{address}")
    nat64 = IPv6Address(f"64:ff9b::{address}")
    assert is_public(mapped) is is_public(nat64) is is_public(address)
    for never in (f"::{address}", f"64:ff9b:1::{address}"):
        assert not is_public(IPv6Address(never))
    assert not is_public(IPv6Address((0x2002 << 112) | (int(address) << 80) | 1))


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",  # noqa: S104 # an address to refuse, not one to bind
        *("10.1.2.3", "100.100.100.200", "127.0.0.1", "169.254.169.254", "172.31.0.1"),
        *("192.0.0.9", "192.0.2.1", "192.88.99.1", "192.168.0.1", "198.19.255.255", "198.51.100.7"),
        *(
            "203.0.113.9",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "::ffff:10.0.0.1",
        ),
        *(
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
        ),
        *("3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1"),
        "fe80::1%eth0",
    ],
)
def test_addresses_that_are_nobodys_business_are_refused(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "114.114.114.114", "2606:4700::1111", "2400:3200::1", "64:ff9b::101:101"]
)
def test_public_addresses_pass(address: str) -> None:
    assert is_public(ip_address(address))


# --- what allow_private means -------------------------------------------------------------------


def guard(*entries: str, proxied: bool = False) -> Guard:
    return Guard(tuple(allow(entry) for entry in entries), proxied=proxied)


def admits(found: Dial | Problem, address: str) -> bool:
    return isinstance(found, Dial) and found.admits(ip_address(address))


def test_an_entry_exempts_the_source_whose_own_url_it_covers() -> None:
    own = target("http://rsshub:1200/ithome")
    assert admits(guard("rsshub:1200").check(own, own), "172.17.0.2")
    assert not admits(guard("rsshub:1201").check(own, own), "172.17.0.2")
    assert not admits(guard("other:1200").check(own, own), "172.17.0.2")
    literal = target("http://127.0.0.1:1200/")
    assert admits(guard("127.0.0.1:1200").check(literal, literal), "127.0.0.1")
    assert not admits(guard("127.0.0.1:1201").check(literal, literal), "127.0.0.1")


def test_a_redirect_from_elsewhere_never_profits() -> None:
    entries = guard("rsshub:1200", "127.0.0.1:1200", "192.168.0.0/16")
    outside = target("https://example.org/feed")
    for url in ("http://127.0.0.1:1200/", "http://192.168.1.1/", "http://[::ffff:192.168.1.1]/"):
        assert isinstance(entries.check(outside, target(url)), Problem)
    found = entries.check(outside, target("http://rsshub:1200/"))
    assert not admits(found, "172.17.0.2")
    assert not admits(found, "192.168.1.1")
    # Nor does a covered source by an entry that does not cover its own URL.
    inside = target("http://rsshub:1200/")
    assert isinstance(entries.check(inside, target("http://127.0.0.1:1200/")), Problem)


def test_a_covered_source_may_redirect_inside_the_entry_that_covers_it() -> None:
    lan = guard("192.168.1.0/24")
    own = target("http://192.168.1.5/feed")
    assert admits(lan.check(own, target("http://192.168.1.6:8080/feed")), "192.168.1.6")
    assert isinstance(lan.check(own, target("http://192.168.2.6/")), Problem)
    assert not admits(lan.check(own, target("http://nas.lan/")), "192.168.1.6")


def test_a_name_resolves_into_private_ranges_only_where_an_entry_names_it() -> None:
    # Whoever answers for a public name may answer 127.0.0.1: a range would open its port to all.
    for entries in (("127.0.0.1:1200",), ("127.0.0.0/8",), ("192.168.1.0/24", "fd00::/8")):
        lan = guard(*entries)
        for url in ("http://rebinding.example:1200/", "http://nas.lan/feed"):
            own = target(url)
            for address in ("127.0.0.1", "192.168.1.7", "fd12::7", "::ffff:192.168.1.7"):
                assert not admits(lan.check(own, own), address)
                assert not admits(lan.check(own, target(f"{own.url}x")), address)
    named = Guard((Allowance("nas.lan", host="nas.lan"), allow("192.168.1.0/24")))
    own = target("http://nas.lan/feed")
    assert admits(named.check(own, own), "192.168.1.7")
    assert admits(named.check(own, target("https://nas.lan/feed")), "192.168.1.7")
    assert not admits(named.check(own, target("http://other.lan/feed")), "192.168.1.7")


def test_a_refused_name_is_told_the_line_that_opens_it() -> None:
    own = target("http://nas.lan:8080/feed")
    problem = guard("192.168.1.0/24").refusal(own, own, [ip_address("192.168.1.7")])
    assert problem.remedy == 'add "nas.lan:8080" to allow_private in [network]'


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST.", "a.localhost", "localhost.localdomain", "ip6-localhost"]
)
def test_a_name_of_this_machine_is_not_handed_to_a_proxy(host: str) -> None:
    own, inside = target("https://example.org/"), target(f"http://{host}:8080/feed")
    for proxied in (guard(proxied=True), Guard((), proxied=True, always=True)):
        assert isinstance(proxied.check(own, inside), Problem)
        assert isinstance(proxied.check(inside, inside), Problem)
    assert isinstance(guard("localhost:8080", proxied=True).check(own, inside), Problem)
    covered = target("http://localhost:8080/feed")
    assert isinstance(guard("localhost:8080", proxied=True).check(covered, covered), Dial)
    for name in ("localhost.example.org", "notlocalhost"):
        assert isinstance(guard(proxied=True).check(own, target(f"http://{name}/")), Dial)


def test_a_declared_fake_ip_range_counts_for_every_name_and_for_no_literal() -> None:
    fake = guard("198.18.0.0/15", "192.168.0.0/16")
    own, other = target("https://example.org/"), target("https://cdn.example.net/")
    assert admits(fake.check(own, own), "198.18.3.4")
    assert admits(fake.check(own, other), "198.19.3.4")
    assert not admits(fake.check(own, other), "192.168.3.4")
    assert isinstance(fake.check(own, target("http://198.18.3.4/")), Problem)
    assert not admits(guard("198.18.0.0/16").check(own, other), "198.19.3.4")
    assert not admits(guard("198.0.0.0/8").check(own, other), "198.18.3.4")


def test_no_allowance_covers_what_a_list_brings_but_names_go_through_a_transparent_proxy() -> None:
    ours = guard("10.0.0.0/8", "rsshub:1200", "198.18.0.0/15")
    theirs = replace(ours, is_listed=True)
    for url in ("http://10.1.2.3/feed", "http://rsshub:1200/a", "http://198.18.3.4/"):
        own = target(url)
        found = theirs.check(own, own)
        assert isinstance(found, Problem) or not admits(found, "10.1.2.3"), url
    own = target("https://blog.example/feed")
    assert admits(theirs.check(own, own), "198.18.3.4")
    assert not admits(theirs.check(own, own), "10.1.2.3")
    assert isinstance(theirs.check(own, target("http://10.1.2.3/")), Problem)


def test_behind_a_proxy_names_are_its_business_and_private_literals_still_refused() -> None:
    proxied = guard("127.0.0.1:1200", proxied=True)
    own = target("https://example.org/")
    found = proxied.check(own, own)
    assert isinstance(found, Dial)
    assert not found.direct
    assert found.admits(ip_address("127.0.0.1"))
    assert isinstance(proxied.check(own, target("http://10.0.0.1/")), Problem)
    # What the operator declared as its own network is not reached by way of the proxy.
    inside = target("http://127.0.0.1:1200/")
    found = proxied.check(inside, inside)
    assert isinstance(found, Dial)
    assert found.direct


@pytest.mark.parametrize("port", [22, 25, 6379, 11211, 27017])
def test_ports_of_other_services_are_refused_unless_an_entry_names_them(port: int) -> None:
    assert port in REFUSED_PORTS
    own = target(f"http://192.168.1.5:{port}/")
    refused = guard("192.168.1.0/24").check(own, own)
    assert isinstance(refused, Problem)
    assert refused.remedy == f'add "192.168.1.5:{port}" to allow_private in [network]'
    assert isinstance(guard(f"192.168.1.5:{port}").check(own, own), Dial)
    assert isinstance(
        guard().check(target("http://example.org/"), target(f"http://a.b:{port}/")), Problem
    )


def test_a_refusal_gives_the_line_to_paste_where_pasting_it_helps() -> None:
    own = target("http://rsshub:1200/")
    refused = guard().refusal(own, own, [ip_address("172.17.0.2")])
    assert refused.remedy == 'add "rsshub:1200" to allow_private in [network]'
    six = target("http://[fd00::5]:80/")
    assert 'add "[fd00::5]:80"' in str(guard().check(six, six))
    redirected = guard().refusal(target("http://example.org/"), own, [ip_address("172.17.0.2")])
    assert redirected.remedy is None
    fake = guard().refusal(own, own, [FAKE_IP[5], ip_address("fc00::5")])
    assert fake.remedy is not None
    assert 'add "198.18.0.0/15" to allow_private' in fake.remedy
    for problem in (refused, redirected, fake):
        assert problem.kind is ProblemKind.BLOCKED
        assert "172.17" not in problem_text(problem)
        assert "198.18.0.5" not in problem_text(problem)


# --- on real sockets ----------------------------------------------------------------------------


async def test_a_name_is_refused_by_the_address_that_it_leads_to() -> None:
    names = Names({"inner.example": [["127.0.0.1", "::1"]]})
    async with Publisher() as web, fetching("10.0.0.0/8", names=names) as fetcher:
        url = f"http://inner.example:{web.port}/feed.xml"
        problem = problem_of(await fetcher.fetch(url))
        assert problem.kind is ProblemKind.BLOCKED
        assert problem.remedy == f'add "inner.example:{web.port}" to allow_private in [network]'
        assert "127.0.0.1" not in problem_text(problem)
        assert web.connections == 0


async def test_refused_addresses_are_passed_over_for_one_that_is_allowed() -> None:
    names = Names({"mixed.example": [["10.255.255.1", "127.0.0.1"]]})
    async with (
        Publisher() as web,
        fetching("10.0.0.0/8", names=names, public=("127.0.0.1/32",)) as fetcher,
    ):
        web.route("/", body=b"x")
        assert isinstance(await fetcher.fetch(f"http://mixed.example:{web.port}/"), Fetched)


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "[::ffff:127.0.0.1]", "[::127.0.0.1]", "127。0。0。1", "[64:ff9b::7f00:1]"),
        *("2130706433", "0x7f000001", "0x7f.1", "127.1", "0", "017700000001", "127.0.0.1."),
    ],
)
async def test_every_spelling_of_a_private_literal_is_refused(host: str) -> None:
    async with Publisher() as web, fetching("10.0.0.0/8") as fetcher:
        problem = problem_of(await fetcher.fetch(f"http://{host}:{web.port}/"))
        assert problem.kind is ProblemKind.BLOCKED
        assert web.connections == 0


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "127.1", "0"])
async def test_a_number_in_place_of_an_address_is_refused_even_where_the_range_is_declared(
    host: str,
) -> None:
    async with Publisher() as web, fetching("127.0.0.0/8", "0.0.0.0/8") as fetcher:
        assert problem_of(await fetcher.fetch(web.url().replace(web.host, host))).kind == "blocked"
        assert web.connections == 0


async def test_a_second_answer_from_dns_is_judged_anew() -> None:
    names = Names({"turns.example": [["127.0.0.2"], ["127.0.0.1"]]})
    there = ("127.0.0.2/32",)
    async with (
        Publisher(host="127.0.0.2") as web,
        fetching("10.0.0.0/8", names=names, public=there) as fetcher,
    ):
        web.route("/", body=b"x", framing="close")
        url = f"http://turns.example:{web.port}/"
        assert isinstance(await fetcher.fetch(url), Fetched)
        assert problem_of(await fetcher.fetch(url)).kind is ProblemKind.BLOCKED
        assert names.asked == ["turns.example"] * 2


async def test_a_redirect_into_the_network_is_refused_though_a_connection_is_open() -> None:
    names = Names({"inner.example": [["127.0.0.1"]], "outer.example": [["127.0.0.2"]]})
    async with Publisher() as inner, Publisher(host="127.0.0.2") as outer:
        inner_url = f"http://inner.example:{inner.port}/"
        literal_url = inner.url()
        inner.route("/", body=b"secret")
        outer.route("/name", status=302, headers={"Location": inner_url})
        outer.route("/literal", status=302, headers={"Location": literal_url})
        entries = (f"inner.example:{inner.port}", f"127.0.0.1:{inner.port}")
        async with fetching(*entries, names=names, public=("127.0.0.2/32",)) as fetcher:
            assert isinstance(await fetcher.fetch(inner_url), Fetched)
            assert isinstance(await fetcher.fetch(literal_url), Fetched)
            for path in ("/name", "/literal"):
                outcome = await fetcher.fetch(f"http://outer.example:{outer.port}{path}")
                problem = problem_of(outcome)
                assert problem.kind is ProblemKind.BLOCKED
                assert problem.remedy is None
                assert "outer.example redirects to" in problem.detail
            assert len(inner.requests) == 2


async def test_concurrent_requests_do_not_mix_up_their_permissions_and_reasons() -> None:
    count = 40
    open_names = [f"open{i}.example" for i in range(count)]
    shut_names = [f"shut{i}.example" for i in range(count)]
    table = {name: [["127.0.0.1"]] for name in open_names + shut_names}
    seconds = {name: i % 7 / 500 for i, name in enumerate(table)}
    async with Publisher() as web:
        web.route("/", body=b"x")
        entries = [f"{name}:{web.port}" for name in open_names]
        async with fetching(*entries, names=Names(table, seconds)) as fetcher:
            hosts = [name for pair in zip(open_names, shut_names, strict=True) for name in pair]
            outcomes = await asyncio.gather(
                *(fetcher.fetch(f"http://{host}:{web.port}/") for host in hosts)
            )
        for host, outcome in zip(hosts, outcomes, strict=True):
            if host.startswith("open"):
                assert isinstance(outcome, Fetched), outcome
            else:
                assert f'"{host}:{web.port}"' in problem_text(problem_of(outcome))
        assert len(web.requests) == count
