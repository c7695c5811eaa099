"""What leaves the client, byte for byte, and what its answers become."""

from __future__ import annotations

import asyncio
import base64
import logging
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from aggregator import __version__
from aggregator.fetch import Fetcher, user_agent
from aggregator.model import Access, Failed, Fetched, Gone, NotModified, ProblemKind, Validators
from aggregator.model.errors import ConfigError
from aggregator.operations.messages import problem_text
from tests.fetching import LIMITS, LOOPBACK, NOW, Names, fetching, problem_of
from tests.web import Publisher, Reply, Request, make_certificate

if TYPE_CHECKING:
    from pathlib import Path

MODIFIED = b"Tue, 10 Nov 2026 08:00:00 GMT"


# --- requests -----------------------------------------------------------------------------------


async def test_a_request_is_these_bytes_and_no_others() -> None:
    async with Publisher() as web, fetching() as fetcher:
        web.route("/feed.xml", body=b"x")
        await fetcher.fetch(web.url("/feed.xml"), Validators(b'W/"1"', MODIFIED))
        (request,) = web.requests
        assert request.raw == (
            b"GET /feed.xml HTTP/1.1\r\n"
            b"Host: 127.0.0.1:%d\r\n"
            b"Accept: application/atom+xml, application/rss+xml, application/feed+json, "
            b"application/rdf+xml;q=0.9, application/xml;q=0.8, text/xml;q=0.8, */*;q=0.1\r\n"
            b"Accept-Encoding: gzip, deflate, br, zstd\r\n"
            b"User-Agent: aggregator/%b (1 subscriber)\r\n"
            b'If-None-Match: W/"1"\r\n'
            b"If-Modified-Since: Tue, 10 Nov 2026 08:00:00 GMT\r\n"
            b"\r\n"
        ) % (web.port, __version__.encode())


@pytest.mark.parametrize(
    ("configured", "sent"),
    [
        ("/a%2Fb%7Ec", "/a%2Fb%7Ec"),
        ("/a%2fb~c/../d/./e//f", "/a%2fb~c/../d/./e//f"),
        ("/feed?", "/feed?"),
        ("/feed?a=%E4%B8%AD&b=+%20+&c=%zz", "/feed?a=%E4%B8%AD&b=+%20+&c=%zz"),
        ("/feed?x[]=1&y={2}|3^4'5;6,7\\8", "/feed?x[]=1&y={2}|3^4'5;6,7\\8"),
        ("/feed?q=a?b/c:d@e", "/feed?q=a?b/c:d@e"),
        ("?only=query", "/?only=query"),
        ("", "/"),
        ("/科技 新闻?q=热榜", "/%E7%A7%91%E6%8A%80%20%E6%96%B0%E9%97%BB?q=%E7%83%AD%E6%A6%9C"),
        ("/feed#fragment?no", "/feed"),
        ("//double", "//double"),
    ],
)
async def test_the_request_target_leaves_as_configured(configured: str, sent: str) -> None:
    async with Publisher() as web, fetching() as fetcher:
        await fetcher.fetch(web.url("") + configured)
        assert web.requests[0].target == sent.encode()


@pytest.mark.parametrize(
    "etag",
    [
        b'"v1"',
        b'W/"v1"',
        b"unquoted",
        b'"with \\" inside, and=this"',
        '"中文-é"'.encode(),
        b'"a\tb"',
    ],
)
async def test_validators_go_out_as_they_came_in(etag: bytes) -> None:
    modified = b"tuesday, whenever"
    async with Publisher() as web, fetching() as fetcher:
        web.route("/", body=b"x", etag=etag, last_modified=modified)
        first = await fetcher.fetch(web.url())
        assert isinstance(first, Fetched)
        assert first.validators == Validators(etag, modified)
        second = await fetcher.fetch(web.url(), first.validators)
        assert second == NotModified(web.url(), Validators(etag, modified))
        assert b"If-None-Match: " + etag + b"\r\n" in web.requests[1].raw
        assert b"If-Modified-Since: " + modified + b"\r\n" in web.requests[1].raw


async def test_a_validator_that_cannot_leave_exactly_is_kept_but_not_sent() -> None:
    async with Publisher() as web, fetching() as fetcher:
        web.route("/", body=b"x", etag=b'"caf\xe9"', last_modified=MODIFIED)
        first = await fetcher.fetch(web.url())
        assert isinstance(first, Fetched)
        assert first.validators == Validators(b'"caf\xe9"', MODIFIED)
        assert isinstance(await fetcher.fetch(web.url(), first.validators), NotModified)
        assert web.requests[1].header("If-None-Match") is None
        assert web.requests[1].header("If-Modified-Since") == MODIFIED
        for damaged in (b'"a\r\nX-Evil: 1"', b'"\x00"'):
            await fetcher.fetch(web.url(), Validators(damaged))
            assert web.requests[-1].header("If-None-Match") is None
            assert b"Evil" not in web.requests[-1].raw


async def test_no_cookie_comes_back_and_the_connection_is_kept() -> None:
    async with Publisher() as web, fetching() as fetcher:
        web.route("/", body=b"x", headers=[("Set-Cookie", "id=1; Path=/"), ("Set-Cookie2", "b=2")])
        for _ in range(3):
            await fetcher.fetch(web.url())
        assert [request.header("Cookie") for request in web.requests] == [None] * 3
        assert web.connections == 1


def gate(request: Request) -> Reply:
    if request.header("Cookie"):
        return Reply(body=b"x")
    return Reply(
        status=302,
        headers=[
            ("Location", "/"),
            ("Set-Cookie", "seen=1; Path=/"),
            ("Set-Cookie", "no cookie\x01"),
            ("Set-Cookie", "gone=1; Max-Age=0"),
        ],
    )


async def test_a_gate_gets_its_own_cookie_back_within_one_poll() -> None:
    async with Publisher() as web, Publisher() as other, fetching() as fetcher:
        web.route("/", gate)
        for _ in range(2):
            assert isinstance(await fetcher.fetch(web.url()), Fetched)
        assert [one.header("Cookie") for one in web.requests] == [None, b"seen=1"] * 2
        # It is nobody else's, on another port neither.
        web.route("/", status=302, headers={"Location": other.url("/"), "Set-Cookie": "id=1"})
        other.route("/", body=b"x")
        assert isinstance(await fetcher.fetch(web.url()), Fetched)
        assert other.requests[0].header("Cookie") is None


async def test_a_gate_that_lets_nobody_pass_is_named() -> None:
    async with Publisher() as web, fetching() as fetcher:
        web.route("/", gate)
        off = problem_of(await fetcher.fetch(web.url(), access=Access(cookies="off")))
        assert "sets a cookie" in off.detail
        assert off.remedy == 'set cookies = "poll"'
        assert [one.header("Cookie") for one in web.requests] == [None]
        web.route("/", status=302, headers={"Location": "/", "Set-Cookie": "id=1"})
        assert "sets a cookie" in problem_of(await fetcher.fetch(web.url())).detail
        assert len(web.requests) == 3


async def test_one_request_at_a_time_goes_to_a_host_and_waiting_is_no_time_out() -> None:
    limits = replace(LIMITS, deadline=timedelta(seconds=2))
    async with Publisher() as web, Publisher() as other, fetching(limits=limits) as fetcher:
        web.route("/", body=b"x", delay=0.3)
        other.route("/", body=b"x")
        polls = [fetcher.fetch(web.url(f"/?{i}")) for i in range(9)]
        outcomes = await asyncio.gather(*polls, fetcher.fetch(other.url()))
        assert all(isinstance(outcome, Fetched) for outcome in outcomes), outcomes
        assert web.most_at_once == 1
        assert web.connections == 1


def test_the_user_agent_names_the_program_and_the_contact_only_when_there_is_one() -> None:
    assert user_agent(None) == f"aggregator/{__version__} (1 subscriber)"
    contact = "https://example.org/about"
    assert user_agent(contact) == f"aggregator/{__version__} (+{contact}; 1 subscriber)"


async def test_environment_proxies_and_netrc_are_ignored(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login user password canary\n")
    netrc.chmod(0o600)
    for name, value in {
        "HTTP_PROXY": "http://127.0.0.1:9",
        "http_proxy": "http://127.0.0.1:9",
        "ALL_PROXY": "socks5://127.0.0.1:9",
        "NETRC": str(netrc),
    }.items():
        monkeypatch.setenv(name, value)
    async with Publisher() as web, fetching() as fetcher:
        web.route("/", body=b"x")
        assert isinstance(await fetcher.fetch(web.url()), Fetched)
        assert web.requests[0].header("Authorization") is None


# --- answers ------------------------------------------------------------------------------------


async def test_a_body_comes_whole_with_its_hash_type_and_hints() -> None:
    body = "<rss>中文</rss>".encode() * 5000
    headers = {"Content-Type": "text/xml; charset=gb2312", "Cache-Control": "max-age=1200"}
    for framing in ("length", "chunked", "close"):
        async with Publisher() as web, fetching() as fetcher:
            web.route("/", body=body, headers=headers, framing=framing, status=203)
            outcome = await fetcher.fetch(web.url())
            assert isinstance(outcome, Fetched)
            assert outcome.body == body
            assert outcome.sha256 == sha256(body).digest()
            assert outcome.content_type == "text/xml; charset=gb2312"
            assert outcome.hints.fresh_for == timedelta(minutes=20)
            assert outcome.validators == Validators()
            assert (outcome.url, outcome.status) == (web.url(), 203)
            assert outcome.permanent_url is None


async def test_not_modified_carries_what_the_304_said() -> None:
    async with Publisher() as web, fetching() as fetcher:
        web.route("/", status=304, headers={"ETag": '"v2"', "Cache-Control": "max-age=60"})
        outcome = await fetcher.fetch(web.url(), Validators(b'"v1"'))
        assert isinstance(outcome, NotModified)
        assert outcome.validators == Validators(b'"v2"')
        assert outcome.hints.fresh_for == timedelta(seconds=60)


async def test_a_304_to_an_unconditional_request_is_a_protocol_error() -> None:
    async with Publisher() as web, fetching() as fetcher:
        web.route("/", status=304)
        for validators in (Validators(), Validators(b'"\xe9"')):
            problem = problem_of(await fetcher.fetch(web.url(), validators))
            assert problem.kind is ProblemKind.PROTOCOL


async def test_a_304_that_nobody_asked_for_says_that_what_is_stored_has_not_changed() -> None:
    async with Publisher() as web, fetching() as fetcher:
        web.route("/", status=304, etag=b'"never seen"')
        outcome = await fetcher.fetch(web.url(), is_stored=True)
        assert isinstance(outcome, NotModified)
        assert outcome.validators == Validators()


async def test_gone_is_gone() -> None:
    async with Publisher() as web, fetching() as fetcher:
        web.route("/", status=410)
        outcome = await fetcher.fetch(web.url())
        assert isinstance(outcome, Gone)
        assert problem_text(outcome.problem) == (
            "gone: 127.0.0.1 answered 410: gone for good; remove the source or change its url"
        )


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (201, "created"),
        (204, "no content"),
        (206, "only a part"),
        (226, "only the new entries"),
        (300, "several choices"),
        (401, "wants a login"),
        (403, "refuses us"),
        (404, "not found"),
        (418, "i'm a teapot"),
        (429, "too many requests"),
        (451, "legal reasons"),
        (500, "broken"),
        (503, "not available"),
        (799, "not a status that we know"),
    ],
)
async def test_other_statuses_are_failures_with_their_meaning(status: int, words: str) -> None:
    async with Publisher() as web, fetching() as fetcher:
        web.route("/", status=status, headers={"Retry-After": "120"}, reason="<b>evil</b>")
        outcome = await fetcher.fetch(web.url(), Validators(b'"v1"'))
        assert isinstance(outcome, Failed)
        assert outcome.problem.kind is ProblemKind.HTTP_STATUS
        assert outcome.status == status
        assert words in outcome.problem.detail
        assert "evil" not in problem_text(outcome.problem)
        waits = status in {300, 429, 503}
        assert outcome.hints.retry_after == (timedelta(minutes=2) if waits else None)


@pytest.mark.parametrize(
    ("status", "header", "owner"),
    [
        (403, ("cf-mitigated", "challenge"), "Cloudflare"),
        (202, ("x-amzn-waf-action", "challenge"), "AWS WAF"),
        (403, ("Server", "ddos-guard"), "DDoS-Guard"),
    ],
)
async def test_a_page_that_wants_a_browser_is_named(
    status: int, header: tuple[str, str], owner: str
) -> None:
    async with Publisher() as web, fetching() as fetcher:
        web.route("/", status=status, headers=[header], body=b"<html>Just a moment...")
        problem = problem_of(await fetcher.fetch(web.url()))
        assert owner in problem.detail
        assert problem.remedy is not None


# --- redirects ----------------------------------------------------------------------------------


def chain(web: Publisher, *statuses: int) -> str:
    for hop, status in enumerate(statuses):
        web.route(f"/{hop}", status=status, headers={"Location": f"/{hop + 1}"})
    web.route(f"/{len(statuses)}", body=b"x", etag=b'"v1"')
    return web.url("/0")


@pytest.mark.parametrize(
    ("statuses", "permanent"),
    [((301,), True), ((308, 301), True), ((302,), False), ((301, 307), False), ((303, 301), False)],
)
async def test_a_permanent_url_is_told_when_every_hop_was_permanent(
    statuses: tuple[int, ...], permanent: bool
) -> None:
    async with Publisher() as web, fetching() as fetcher:
        outcome = await fetcher.fetch(chain(web, *statuses))
        assert isinstance(outcome, Fetched)
        assert outcome.url == web.url(f"/{len(statuses)}")
        assert outcome.permanent_url == (outcome.url if permanent else None)
        assert web.connections == 1
        assert all(request.header("Referer") is None for request in web.requests)


async def test_five_redirects_are_followed_and_no_sixth() -> None:
    async with Publisher() as web, fetching() as fetcher:
        assert isinstance(await fetcher.fetch(chain(web, *[302] * 5)), Fetched)
        problem = problem_of(await fetcher.fetch(chain(web, *[302] * 6)))
        assert problem.kind is ProblemKind.REDIRECT
        assert problem.detail == "127.0.0.1 redirects more than 5 times"


@pytest.mark.parametrize(
    ("location", "words"),
    [
        (b"/0", "in a loop"),
        (b"", "without saying where to"),
        (b"ftp://example.org/feed", "to ftp:"),
        (b"file:///etc/passwd", "to file:"),
        (b"javascript:alert(1)", "to javascript:"),
        (b"http://user:canary@127.0.0.1/", "user info"),
        (b"http://[::1/", "to what is no URL"),
        (b"http://a..b/", "unusable URL"),
        (b"http://127.0.0.1:99999/", "unusable URL"),
        (b"http://\\evil.example/", "unusable URL"),
        (b"/" + b"x" * 5000, "unusable URL"),
    ],
)
async def test_a_redirect_to_nowhere_is_a_problem_of_its_own(location: bytes, words: str) -> None:
    async with Publisher() as web, fetching() as fetcher:
        web.route("/0", status=302, headers=[(b"Location", location)] if location else ())
        problem = problem_of(await fetcher.fetch(web.url("/0")))
        assert problem.kind is ProblemKind.REDIRECT
        assert words in problem.detail
        assert "canary" not in problem_text(problem)
        assert len(web.requests) == 1


async def test_a_relative_and_a_non_ascii_location_are_resolved() -> None:
    async with Publisher() as web, fetching() as fetcher:
        web.route("/a/b", status=301, headers=[(b"Location", "../c/中?x=%7e".encode())])
        web.route("/c/%E4%B8%AD?x=%7e", body=b"x")
        outcome = await fetcher.fetch(web.url("/a/b?q"))
        assert isinstance(outcome, Fetched)
        assert web.requests[-1].target == b"/c/%E4%B8%AD?x=%7e"


async def test_validators_stay_with_the_url_that_they_belong_to() -> None:
    async with Publisher() as web, Publisher() as other, fetching() as fetcher:
        # On the same origin they go on to where the configured URL leads.
        url = chain(web, 302)
        first = await fetcher.fetch(url)
        assert isinstance(first, Fetched)
        assert isinstance(await fetcher.fetch(url, first.validators), NotModified)
        # Another origin gets its own, and only those.
        web.route("/away", status=302, headers={"Location": other.url("/feed")})
        other.route("/feed", body=b"x", etag=b'"other"')
        await fetcher.fetch(web.url("/away"), Validators(b'"mine"'))
        assert other.requests[-1].header("If-None-Match") is None
        away = await fetcher.fetch(web.url("/away"))
        assert isinstance(away, Fetched)
        assert away.validators == Validators(b'"other"', None, other.url("/feed"))
        again = await fetcher.fetch(web.url("/away"), away.validators)
        assert isinstance(again, NotModified)
        assert web.requests[-1].header("If-None-Match") is None
        assert other.requests[-1].header("If-None-Match") == b'"other"'


async def test_the_wait_that_a_redirect_asks_for_is_kept() -> None:
    async with Publisher() as web, fetching() as fetcher:
        web.route("/", status=302, headers={"Location": "/to", "Retry-After": "3600"})
        web.route("/to", body=b"x")
        outcome = await fetcher.fetch(web.url())
        assert isinstance(outcome, Fetched)
        assert outcome.hints.retry_after == timedelta(hours=1)


# --- secrets ------------------------------------------------------------------------------------


async def test_user_info_becomes_basic_authentication_for_its_origin_only() -> None:
    async with Publisher() as web, Publisher() as other, fetching() as fetcher:
        web.route("/", status=302, headers={"Location": "/here"})
        web.route("/here", status=302, headers={"Location": other.url("/there")})
        other.route("/there", body=b"x")
        url = web.url().replace("http://", "http://us%40er:p%3A%C3%A9:%20x@")
        outcome = await fetcher.fetch(url)
        assert isinstance(outcome, Fetched)
        wanted = b"Basic " + base64.b64encode("us@er:p:é: x".encode())
        assert [request.header("Authorization") for request in web.requests] == [wanted] * 2
        assert other.requests[0].header("Authorization") is None
        assert "@" not in outcome.url


async def test_no_text_and_no_log_line_holds_a_secret_of_the_url(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    async with Publisher() as web, fetching() as fetcher:
        secret = web.url("/?key=canary&token=canary").replace("http://", "http://u:canary@")
        web.route("/", status=302, headers={"Location": "/loop?key=canary"})
        web.route("/loop", status=302, headers={"Location": "/loop?key=canary"})
        outcomes = [await fetcher.fetch(secret)]
        for fields in (
            {"status": 403},
            {"reset": True},
            {"raw": b"nonsense"},
            {
                "headers": {"Content-Encoding": "//u:canary@h/?key=canary, gzip"},
                "body": b"\x1f\x8bx",
            },
            {"status": 302, "headers": {"Location": "canary://x/?key=canary"}},
        ):
            web.route("/", **fields)
            outcomes.append(await fetcher.fetch(secret))
        outcomes.append(await fetcher.fetch("http://u:canary@127.0.0.1:22/?key=canary"))
        outcomes.append(await fetcher.fetch("http://u:canary@[/?key=canary"))
        for outcome in outcomes:
            problem_of(outcome)
    told = " ".join(problem_text(problem_of(outcome)) for outcome in outcomes) + caplog.text
    assert "u:canary" not in told
    assert "key=canary" not in told


# --- TLS and proxies ----------------------------------------------------------------------------


async def test_tls_is_verified_by_the_name_that_was_configured(tmp_path: Path) -> None:
    made = make_certificate(tmp_path, "feeds.example")
    names = Names({"feeds.example": [["127.0.0.1"]], "other.example": [["127.0.0.1"]]})
    async with (
        Publisher(tls=made.server()) as web,
        fetching(names=names, tls=made.trusted(), public=LOOPBACK) as fetcher,
    ):
        web.route("/", body=b"x")
        assert isinstance(await fetcher.fetch(f"https://feeds.example:{web.port}/"), Fetched)
        problem = problem_of(await fetcher.fetch(f"https://other.example:{web.port}/"))
        assert problem.kind is ProblemKind.TLS
        assert "other.example" in problem.detail


async def test_plain_requests_go_to_the_proxy_with_the_whole_url() -> None:
    async with Publisher() as proxy:
        proxy.route("/a%2Fb?", lambda _: Reply(body=b"from far away"))
        url = f"http://user:pass@127.0.0.1:{proxy.port}"
        async with fetching("10.0.0.1/32", proxy=url, names=Names({})) as fetcher:
            outcome = await fetcher.fetch("http://far.example/a%2Fb?")
            assert isinstance(outcome, Fetched)
            assert outcome.body == b"from far away"
            (request,) = proxy.requests
            assert request.target == b"http://far.example/a%2Fb?"
            assert request.header("Host") == b"far.example"
            assert request.header("Proxy-Authorization") is not None
            # A literal private target is refused before the proxy hears of it.
            assert problem_of(await fetcher.fetch("http://10.0.0.2/")).kind == "blocked"
            assert problem_of(await fetcher.fetch("http://0x7f.1/")).kind == "blocked"
            proxy.route("/r", status=302, headers={"Location": "http://192.168.1.1/"})
            assert problem_of(await fetcher.fetch("http://far.example/r")).kind == "blocked"
            assert len(proxy.requests) == 2


async def test_what_allow_private_covers_is_asked_directly_past_the_proxy() -> None:
    async with (
        Publisher() as web,
        fetching("127.0.0.0/8", proxy="http://10.255.255.1:1") as fetcher,
    ):
        web.route("/", body=b"x")
        assert isinstance(await fetcher.fetch(web.url()), Fetched)


async def test_tls_goes_through_a_tunnel_of_the_proxy_which_resolves_the_name(
    tmp_path: Path,
) -> None:
    made = make_certificate(tmp_path, "feeds.example")
    asked: list[bytes] = []
    async with Publisher(tls=made.server()) as web:
        web.route("/", body=b"x")

        async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
            writer.close()

        async def tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            asked.append(await reader.readuntil(b"\r\n\r\n"))
            if b"feeds.example" not in asked[-1]:
                writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
                writer.close()
                return
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", web.port)
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            await asyncio.gather(pipe(reader, far_writer), pipe(far_reader, writer))

        server = await asyncio.start_server(tunnel, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server:
            proxied = fetching(
                "10.0.0.1/32", proxy=f"http://127.0.0.1:{port}", tls=made.trusted(), names=Names({})
            )
            async with proxied as fetcher:
                assert isinstance(await fetcher.fetch("https://feeds.example/"), Fetched)
                assert asked[0].startswith(b"CONNECT feeds.example:443 HTTP/1.1\r\n")
                problem = problem_of(await fetcher.fetch("https://nowhere.example/"))
                assert problem.kind is ProblemKind.CONNECT
                assert f"the proxy 127.0.0.1:{port}" in problem.detail
    async with fetching("10.0.0.1/32", proxy=f"http://127.0.0.1:{port}") as fetcher:
        assert problem_of(await fetcher.fetch("http://a.example/")).kind is ProblemKind.CONNECT


@pytest.mark.parametrize(
    "proxy", ["socks4://127.0.0.1:1080", "https://a:1", "http://a:0", "127.0.0.1:7890", "http://[a"]
)
def test_proxies_that_are_not_spoken_are_refused_clearly(proxy: str) -> None:
    with pytest.raises(ConfigError, match="only http://HOST:PORT and socks5://HOST:PORT"):
        Fetcher(allow_private=(), proxy=proxy, user_agent="x", clock=lambda: NOW)


async def test_a_function_can_answer_by_what_was_asked() -> None:
    def negotiate(request: Request) -> Reply:
        return Reply(body=request.header("Accept") or b"")

    async with Publisher() as web, fetching() as fetcher:
        web.route("/", negotiate)
        outcome = await fetcher.fetch(web.url())
        assert isinstance(outcome, Fetched)
        assert b"text/html" not in outcome.body


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n\r\nbody",
        b"HTTP/1.0 200 OK\r\n\r\nbody",
        b"HTTP/1.1 200 \r\nServer:\r\n\r\nbody",
        b"HTTP/1.1 200 OK\nContent-Length: 4\n\nbody",
    ],
    ids=["an interim answer", "HTTP/1.0", "no reason", "bare line feeds"],
)
async def test_old_and_odd_servers_are_understood(raw: bytes) -> None:
    async with Publisher() as web, fetching() as fetcher:
        web.route("/", raw=raw)
        outcome = await fetcher.fetch(web.url())
        assert isinstance(outcome, Fetched)
        assert outcome.body == b"body"


async def test_switching_protocols_is_a_failure_like_any_other_status() -> None:
    async with Publisher() as web, fetching() as fetcher:
        web.route("/", raw=b"HTTP/1.1 101 X\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nanything")
        assert problem_of(await fetcher.fetch(web.url())).kind in {"http-status", "protocol"}


async def test_an_ipv6_literal_is_asked_by_its_own_name() -> None:
    try:
        web = await Publisher(host="::1").__aenter__()
    except OSError:
        pytest.skip("no IPv6 on this machine")
    try:
        async with fetching() as fetcher:
            web.route("/", body=b"x")
            assert isinstance(await fetcher.fetch(web.url()), Fetched)
            assert web.requests[0].header("Host") == b"[::1]:%d" % web.port
            assert isinstance(await fetcher.fetch(web.url().replace("[::1]", "[0::0:1]")), Fetched)
    finally:
        await web.__aexit__(None, None, None)
