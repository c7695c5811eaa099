"""Ways out: HTTP and SOCKS5 proxies, a source's own or none; certificates that are not checked."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.fetch import user_agent
from aggregator.fetch.client import ACCEPT
from aggregator.fetch.client_pool import MAX_IDLE_CLIENTS
from aggregator.fetch.proxies import parse_proxy
from aggregator.model import Access, Fetched, NotModified, ProblemKind, Validators
from aggregator.operations.messages import problem_text
from tests.fetching import QUICK, Names, fetching, problem_of
from tests.proxies import HttpProxy, Socks5
from tests.web import Publisher, make_certificate

if TYPE_CHECKING:
    from pathlib import Path

NOWHERE = "10.0.0.1/32"


# --- SOCKS5 -------------------------------------------------------------------------------------


async def test_socks_gets_the_name_and_the_publisher_the_very_request_that_it_gets_directly() -> (
    None
):
    async with Publisher() as web, Socks5({"far.example": web.port}) as proxy:
        web.route("/a%2Fb?", body=b"far away", etag=b'"1"')
        async with fetching(NOWHERE, proxy=proxy.url(), names=Names({})) as fetcher:
            outcome = await fetcher.fetch("http://far.example/a%2Fb?")
            assert isinstance(outcome, Fetched)
            assert outcome.body == b"far away"
            again = await fetcher.fetch("http://far.example/a%2Fb?", outcome.validators)
            assert isinstance(again, NotModified)
        direct = Names({"far.example": [["127.0.0.1"]]})
        async with fetching(f"far.example:{web.port}", names=direct) as fetcher:
            await fetcher.fetch(f"http://far.example:{web.port}/a%2Fb?")
        assert proxy.asked == [("far.example", 80)]  # the connection was kept
        through, _, past = (request.raw for request in web.requests)
        assert through == past.replace(b":%d" % web.port, b"")


async def test_socks_carries_tls_to_its_end(tmp_path: Path) -> None:
    made = make_certificate(tmp_path, "far.example")
    async with (
        Publisher(tls=made.server()) as web,
        Socks5({"far.example": web.port, "other.example": web.port}) as proxy,
        fetching(NOWHERE, proxy=proxy.url(), tls=made.trusted(), names=Names({})) as fetcher,
    ):
        web.route("/", body=b"x")
        assert isinstance(await fetcher.fetch("https://far.example/"), Fetched)
        assert proxy.asked == [("far.example", 443)]
        problem = problem_of(await fetcher.fetch("https://other.example/"))
        assert problem.kind is ProblemKind.TLS
        assert "other.example" in problem.detail


async def test_a_login_of_socks_is_sent_and_never_told() -> None:
    async with Publisher() as web, Socks5({"far.example": web.port}, ("me", "p:a ss")) as proxy:
        web.route("/", body=b"x")
        async with fetching(NOWHERE, proxy=proxy.url("me:p%3Aa%20ss@")) as fetcher:
            assert isinstance(await fetcher.fetch("http://far.example/"), Fetched)
        for login in ("me:canary@", "canary@", ""):
            async with fetching(NOWHERE, proxy=proxy.url(login)) as fetcher:
                problem = problem_of(await fetcher.fetch("http://far.example/"))
                assert problem.kind is ProblemKind.CONNECT
                assert f"the proxy 127.0.0.1:{proxy.port} does not connect" in problem.detail
                assert "canary" not in problem_text(problem)
        assert proxy.asked == [("far.example", 80)]


async def test_private_literals_are_refused_before_socks_hears_of_them() -> None:
    async with Publisher() as web, Socks5({"far.example": web.port}) as proxy:
        web.route("/", status=302, headers={"Location": "http://192.168.1.1/"})
        async with fetching(NOWHERE, proxy=proxy.url(), names=Names({})) as fetcher:
            for url in ("http://127.0.0.1/", "http://[::1]/", "http://0x7f.1/", "http://a:22/"):
                assert problem_of(await fetcher.fetch(url)).kind is ProblemKind.BLOCKED
            problem = problem_of(await fetcher.fetch("http://far.example/"))
            assert problem.kind is ProblemKind.BLOCKED
        assert proxy.asked == [("far.example", 80)]


async def test_a_public_literal_goes_through_socks_as_an_address() -> None:
    async with (
        Socks5({}) as proxy,
        fetching(NOWHERE, proxy=proxy.url()) as fetcher,
    ):
        problem = problem_of(await fetcher.fetch("http://8.8.8.8/"))
        assert problem.detail.endswith("does not connect to 8.8.8.8: host unreachable")
        problem_of(await fetcher.fetch("http://[2606:4700::1]/"))
        assert proxy.asked == [("8.8.8.8", 80), ("2606:4700::1", 80)]


async def test_our_own_resolver_finds_a_socks_proxy_and_every_address_is_tried() -> None:
    async with Publisher() as web, Socks5({"far.example": web.port}) as proxy:
        web.route("/", body=b"x")
        names = Names({"proxy.lan": [["127.0.0.2", "127.0.0.1"]]})
        async with fetching(NOWHERE, proxy=proxy.url(host="proxy.lan"), names=names) as fetcher:
            assert isinstance(await fetcher.fetch("http://far.example/"), Fetched)
            assert names.asked == ["proxy.lan"]
            names.table["proxy.lan"] = [["127.0.0.2"]]
            await fetcher.aclose()
            problem = problem_of(await fetcher.fetch("http://far.example/"))
            assert problem.detail.endswith("does not connect to far.example: no connection to it")
            names.table.clear()
            problem = problem_of(await fetcher.fetch("http://far.example/"))
            assert problem.kind is ProblemKind.CONNECT
            assert "its name has no address" in problem.detail


@pytest.mark.parametrize("kind", [HttpProxy, Socks5])
async def test_a_proxy_that_is_gone_or_says_nothing_is_told_in_time(
    kind: type[HttpProxy | Socks5],
) -> None:
    async with (
        kind({}, silent=True) as proxy,
        fetching(NOWHERE, proxy=proxy.url(), limits=QUICK) as fetcher,
    ):
        problem = problem_of(await fetcher.fetch("http://far.example/"))
        assert problem.kind in {ProblemKind.CONNECT, ProblemKind.TIMEOUT}
    async with fetching(NOWHERE, proxy=proxy.url(), limits=QUICK) as fetcher:
        problem = problem_of(await fetcher.fetch("http://far.example/"))
        assert problem.kind is ProblemKind.CONNECT
        assert f"127.0.0.1:{proxy.port} does not connect to far.example" in problem.detail
        assert problem.remedy == "check the proxy, or proxy in [network]"


@pytest.mark.parametrize("code", range(1, 10))
async def test_every_refusal_of_socks_is_a_problem_in_words(code: int) -> None:
    async with Socks5({}, reply=code) as proxy, fetching(NOWHERE, proxy=proxy.url()) as fetcher:
        problem = problem_of(await fetcher.fetch("http://far.example/"))
        assert problem.kind is ProblemKind.CONNECT
        assert problem.detail.partition("far.example: ")[2].strip()


async def test_a_connection_that_breaks_is_the_proxys_and_not_the_publishers() -> None:
    async with (
        Publisher() as web,
        Socks5({"far.example": web.port}) as proxy,
        fetching(NOWHERE, proxy=proxy.url()) as fetcher,
    ):
        web.route("/", reset=True)
        problem = problem_of(await fetcher.fetch("http://far.example/"))
        assert problem.kind in {ProblemKind.CONNECT, ProblemKind.PROTOCOL}
        assert "refuses" not in problem.detail


@settings(max_examples=60, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=40),
        st.binary(max_size=40).map(lambda tail: b"\x05\x00" + tail),
        st.binary(max_size=40).map(lambda tail: b"\x05\x00\x05\x00\x00" + tail),
        st.binary(max_size=40).map(lambda tail: b"HTTP/1.1 200 OK\r\n" + tail),
    ),
    st.sampled_from(["http", "socks5"]),
    st.sampled_from(["http", "https"]),
)
def test_no_answer_of_a_proxy_makes_the_fetcher_raise(
    raw: bytes, proxied: str, scheme: str
) -> None:
    async def poll() -> None:
        async with Socks5({}, raw=raw) as proxy:
            way = proxy.url().replace("socks5", proxied)
            async with fetching(NOWHERE, proxy=way, limits=QUICK) as fetcher:
                await fetcher.fetch(f"{scheme}://far.example/")

    asyncio.run(poll())


async def test_a_tunnel_is_asked_for_in_our_own_name_and_kept(tmp_path: Path) -> None:
    made = make_certificate(tmp_path, "far.example")
    async with (
        Publisher(tls=made.server()) as web,
        HttpProxy({"far.example": web.port}) as proxy,
        fetching(NOWHERE, proxy=proxy.url("me:canary@"), tls=made.trusted()) as fetcher,
    ):
        web.route("/", body=b"x")
        access = Access(headers=(("Cookie", "secret"),))
        for _ in range(2):
            outcome = await fetcher.fetch("https://far.example/", access=access)
            assert isinstance(outcome, Fetched)
        (head,) = proxy.heads
        line, *fields = head.decode().strip().split("\r\n")
        assert line == "CONNECT far.example:443 HTTP/1.1"
        assert {name: value for name, _, value in (f.partition(": ") for f in fields)} == {
            "Host": "far.example",
            "Accept": ACCEPT.decode(),
            "Accept-Encoding": "gzip, deflate, br, zstd",
            "User-Agent": user_agent(None),
            "Proxy-Authorization": "Basic bWU6Y2FuYXJ5",
        }


# --- a source's own way -------------------------------------------------------------------------


async def test_each_source_goes_its_own_way() -> None:
    async with (
        Publisher() as web,
        HttpProxy({"far.example": web.port}) as shared,
        Socks5({"far.example": web.port}) as own,
    ):
        web.route("/", body=b"x")
        names = Names({"far.example": [["8.8.8.8"]]})
        async with fetching(NOWHERE, proxy=shared.url(), names=names, limits=QUICK) as fetcher:
            await fetcher.fetch("http://far.example/")
            await fetcher.fetch("http://far.example/", access=Access(proxy=own.url()))
            assert (len(shared.asked), len(own.asked), names.asked) == (1, 1, [])
            await fetcher.fetch("http://far.example/", access=Access(proxy="direct"))
            assert (len(shared.asked), len(own.asked), names.asked) == (1, 1, ["far.example"])


async def test_what_is_covered_goes_past_the_shared_proxy_and_through_the_sources_own() -> None:
    async with Publisher() as web, Socks5({"127.0.0.1": web.port}) as proxy:
        web.route("/", body=b"x")
        async with fetching("127.0.0.0/8", proxy=proxy.url()) as fetcher:
            assert isinstance(await fetcher.fetch(web.url()), Fetched)
            assert proxy.asked == []
            own = Access(proxy=proxy.url())
            assert isinstance(await fetcher.fetch(web.url(), access=own), Fetched)
            assert proxy.asked == [("127.0.0.1", web.port)]
        async with fetching(NOWHERE) as fetcher:
            problem = problem_of(await fetcher.fetch(web.url(), access=own))
            assert problem.kind is ProblemKind.BLOCKED
        assert len(proxy.asked) == 1


async def test_a_problem_with_a_sources_own_proxy_says_whose_it_is() -> None:
    async with fetching(NOWHERE) as fetcher:
        access = Access(proxy="socks5://u:canary@127.0.0.1:9")
        problem = problem_of(await fetcher.fetch("http://far.example/", access=access))
        assert problem.remedy == "check the proxy, or proxy in the source"
        assert "canary" not in problem_text(problem)


async def test_clients_are_shared_bounded_and_closed() -> None:
    async with Publisher() as web, Socks5({"far.example": web.port}) as proxy:
        web.route("/", body=b"x")
        async with fetching(NOWHERE) as fetcher:
            for number in range(MAX_IDLE_CLIENTS + 5):
                access = Access(proxy=proxy.url(f"user{number}@"))
                for _ in range(2):
                    assert isinstance(
                        await fetcher.fetch("http://far.example/", access=access), Fetched
                    )
            assert proxy.connections == MAX_IDLE_CLIENTS + 5
            await proxy.open_at_most(MAX_IDLE_CLIENTS)
        await proxy.open_at_most(0)


def test_a_proxys_login_shows_in_no_text() -> None:
    proxy = parse_proxy("socks5://me:canary@[::1]")
    assert "canary" not in repr(proxy)
    assert (proxy.username, proxy.password, proxy.netloc) == ("me", "canary", "[::1]:1080")


# --- tls_verify ---------------------------------------------------------------------------------


async def test_a_certificate_is_believed_only_for_the_source_that_says_so(tmp_path: Path) -> None:
    made = make_certificate(tmp_path, "other.example", expired=True)
    careless = Access(tls_verify=False)
    async with (
        Publisher(tls=made.server()) as web,
        Socks5({"far.example": web.port}) as proxy,
        fetching() as fetcher,
    ):
        web.route("/", body=b"x", etag=b'"1"')
        assert problem_of(await fetcher.fetch(web.url())).kind is ProblemKind.TLS
        assert isinstance(await fetcher.fetch(web.url(), access=careless), Fetched)
        outcome = await fetcher.fetch(web.url(), Validators(b'"1"'), access=careless)
        assert isinstance(outcome, NotModified)
        assert problem_of(await fetcher.fetch(web.url())).kind is ProblemKind.TLS
        through = Access(tls_verify=False, proxy=proxy.url())
        assert isinstance(await fetcher.fetch("https://far.example/", access=through), Fetched)
