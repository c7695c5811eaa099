"""A source's own headers, name and login; RSSHub's codes; moves; and what error pages say."""

from __future__ import annotations

import base64
import logging
import os
from dataclasses import replace
from datetime import timedelta
from hashlib import md5
from typing import TYPE_CHECKING

import pytest

from aggregator import __version__
from aggregator.fetch import Secrets, is_unconditional
from aggregator.fetch.credentials import rsshub_code
from aggregator.fetch.request_target import Target
from aggregator.fetch.secret_files import MAX_SECRET_BYTES
from aggregator.model import Access, Failed, Fetched, NotModified, ProblemKind, Validators
from aggregator.operations.messages import problem_text
from tests.fetching import LIMITS, NOW, fetching, problem_of
from tests.web import Publisher, Reply, Request

if TYPE_CHECKING:
    from pathlib import Path

MODIFIED = b"Tue, 10 Nov 2026 08:00:00 GMT"


def with_file(folder: Path, content: bytes | str = "canary\n", name: str = "secret") -> Secrets:
    data = content.encode() if isinstance(content, str) else content
    (folder / name).write_bytes(data)
    return Secrets(folder)


# --- headers ------------------------------------------------------------------------------------


async def test_a_sources_own_headers_stand_behind_ours_and_replace_those_of_the_same_name() -> None:
    access = Access(
        headers=(("Accept-Language", "zh-CN"), ("accept", "text/xml")), user_agent="my-reader/1.0"
    )
    async with Publisher() as web, fetching() as fetcher:
        await fetcher.fetch(web.url(), Validators(b'"1"'), access=access)
        assert (
            web.requests[0].raw
            == (
                b"GET / HTTP/1.1\r\n"
                b"Host: 127.0.0.1:%d\r\n"
                b"Accept-Encoding: gzip, deflate, br, zstd\r\n"
                b"User-Agent: my-reader/1.0\r\n"
                b"Accept-Language: zh-CN\r\n"
                b"accept: text/xml\r\n"
                b'If-None-Match: "1"\r\n'
                b"\r\n"
            )
            % web.port
        )


async def test_every_request_is_the_same_but_for_the_validators(tmp_path: Path) -> None:
    access = Access(headers=(("X-A", "1"), ("X-B", "2")), username="me", password_file="secret")
    secrets = with_file(tmp_path)
    versions = iter([b'"1"', b'"2"', b'"3"'])

    def changing(_: Request) -> Reply:
        return Reply(body=b"x", etag=next(versions), last_modified=MODIFIED)

    async with Publisher() as web, fetching(secrets=secrets) as fetcher:
        web.route("/", changing)
        held = Validators()
        for _ in range(3):
            outcome = await fetcher.fetch(web.url(), held, access=access)
            assert isinstance(outcome, Fetched)
            held = outcome.validators
        first, second, third = (request.raw for request in web.requests)
        assert second == third.replace(b'"2"', b'"1"')
        assert first == second.replace(
            b'If-None-Match: "1"\r\nIf-Modified-Since: %b\r\n' % MODIFIED, b""
        )
        names = [name for name, _ in web.requests[0].headers]
        assert names == [
            b"Host", b"Accept", b"Accept-Encoding", b"User-Agent", b"X-A", b"X-B", b"Authorization",
        ]  # fmt: skip


async def test_another_origin_gets_our_name_and_nothing_else_of_the_source(tmp_path: Path) -> None:
    access = Access(
        headers=(("X-Api", "canary"), ("Accept", "text/xml")),
        user_agent="my-reader/1.0",
        token_file="secret",
    )
    async with (
        Publisher() as web,
        Publisher() as other,
        fetching(secrets=with_file(tmp_path)) as fetcher,
    ):
        web.route("/", status=302, headers={"Location": "/b"})
        web.route("/b", status=302, headers={"Location": other.url("/c")})
        other.route("/c", status=302, headers={"Location": web.url("/d")})
        web.route("/d", body=b"x")
        assert isinstance(await fetcher.fetch(web.url(), access=access), Fetched)
        assert [request.header("Authorization") for request in web.requests] == [
            b"Bearer canary"
        ] * 3
        (away,) = other.requests
        assert b"canary" not in away.raw
        assert away.header("User-Agent") == b"my-reader/1.0"
        assert away.header("Accept") != b"text/xml"


# --- secrets ------------------------------------------------------------------------------------


async def test_a_password_is_read_anew_for_every_poll(tmp_path: Path) -> None:
    access = Access(username="mé", password_file="secret")
    async with Publisher() as web, fetching(secrets=with_file(tmp_path, "one\n")) as fetcher:
        web.route("/", body=b"x")
        await fetcher.fetch(web.url(), access=access)
        with_file(tmp_path, "pass wörd:2\r\n")
        await fetcher.fetch(web.url(), access=access)
        sent = [request.header("Authorization") for request in web.requests]
        assert sent == [
            b"Basic " + base64.b64encode("mé:one".encode()),
            b"Basic " + base64.b64encode("mé:pass wörd:2".encode()),
        ]


def test_a_credential_of_the_service_manager_stands_before_a_file_beside_the_configuration(
    tmp_path: Path,
) -> None:
    given, beside = tmp_path / "given", tmp_path / "beside"
    given.mkdir()
    beside.mkdir()
    with_file(beside, "beside")
    secrets = Secrets(beside, given)
    assert secrets.read("token_file", "secret") == "beside"
    with_file(given, "given")
    assert secrets.read("token_file", "secret") == "given"
    assert secrets.read("token_file", str(beside / "secret")) == "beside"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"canary\ncanary", "holds more than one line of text"),
        (b"canary\x00", "holds more than one line of text"),
        (b"canary\xe9", "is not UTF-8 text"),
        (b"canary" * MAX_SECRET_BYTES, f"is larger than {MAX_SECRET_BYTES} B"),
        ("folder", "cannot be read: Is a directory"),
        ("pipe", "is not a file"),
    ],
)
async def test_without_its_secret_nothing_is_asked(
    tmp_path: Path, content: bytes | str | None, told: str
) -> None:
    path = tmp_path / "secret"
    if content == "folder":
        path.mkdir()
    elif content == "pipe":
        os.mkfifo(path)
    elif isinstance(content, bytes):
        path.write_bytes(content)
    async with Publisher() as web, fetching(secrets=Secrets(tmp_path)) as fetcher:
        for access in (
            Access(token_file="secret"),
            Access(username="me", password_file="secret"),
            Access(rsshub_key_file="secret", rsshub_instances=(web.url("").rstrip("/"),)),
        ):
            problem = problem_of(await fetcher.fetch(web.url("/a"), access=access))
            assert problem.kind is ProblemKind.ACCESS
            assert f"_file {path}: {told}" in problem.detail
            assert problem.remedy is not None
            assert "canary" not in problem_text(problem)
        assert web.requests == []


async def test_a_token_that_no_header_can_hold_is_told(tmp_path: Path) -> None:
    for content in ("two words", "中文"):
        secrets = with_file(tmp_path, content)
        async with Publisher() as web, fetching(secrets=secrets) as fetcher:
            outcome = await fetcher.fetch(web.url(), access=Access(token_file="secret"))
            assert problem_of(outcome).kind is ProblemKind.ACCESS
            assert web.requests == []


# --- RSSHub -------------------------------------------------------------------------------------


def code(route: str, key: str = "canary") -> str:
    return md5((route + key).encode(), usedforsecurity=False).hexdigest()


@pytest.mark.parametrize(
    ("base", "route", "signed", "sent"),
    [
        ("", "/ithome/ranking/24h", "/ithome/ranking/24h", "/ithome/ranking/24h?"),
        ("", "/test/2?limit=5", "/test/2", "/test/2?limit=5&"),
        ("", "/test/2?", "/test/2", "/test/2?"),
        ("/hub/v1", "/test/2", "/test/2", "/hub/v1/test/2?"),
        ("", "/搜索/热 榜", "/搜索/热 榜", "/%E6%90%9C%E7%B4%A2/%E7%83%AD%20%E6%A6%9C?"),
        # As decodeURI() does it, with the percent sign left alone and broken text left whole.
        ("", "/a%2Fb%3a%25%41%E4%B8%AD", "/a%2Fb%3a%25A中", "/a%2Fb%3a%25%41%E4%B8%AD?"),
        ("", "/%41%ff/%E4%B8%AD", "/%41%ff/中", "/%41%ff/%E4%B8%AD?"),
    ],
)
async def test_a_route_is_signed_as_rsshub_checks_it(
    tmp_path: Path, base: str, route: str, signed: str, sent: str
) -> None:
    async with Publisher() as web, fetching(secrets=with_file(tmp_path)) as fetcher:
        instance = web.url(base)
        access = Access(rsshub_key_file="secret", rsshub_instances=("https://x.example", instance))
        await fetcher.fetch(instance + route, access=access)
        assert web.requests[0].target.decode() == f"{sent}code={code(signed)}"


def test_a_code_is_the_one_that_rsshubs_own_tests_take() -> None:
    # https://github.com/DIYgod/RSSHub/blob/master/lib/middleware/access-control.test.ts
    own = Target("https", "rsshub.example", 443, "/test/2")
    made = rsshub_code(own, "https://rsshub.example", "1L0veRSSHub")
    assert made == "eb36888979f7ff20f2fca3768f3b9ce7"


async def test_a_code_is_for_rsshub_alone_and_shows_nowhere(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secret = code("/a")
    async with (
        Publisher() as web,
        Publisher() as other,
        fetching(secrets=with_file(tmp_path)) as fetcher,
    ):
        access = Access(rsshub_key_file="secret", rsshub_instances=(web.url(""),))
        other.route("/a", body=b"x", etag=b'"1"')
        await fetcher.fetch(other.url("/a"), access=access)
        assert other.requests[0].target == b"/a"

        def moved(request: Request) -> Reply:
            return Reply(301, headers={"Location": other.url(request.target.decode())})

        web.route("/a", moved)
        outcome = await fetcher.fetch(web.url("/a"), access=access)
        assert isinstance(outcome, Fetched)
        # What the instance itself hands on goes along; it is kept apart, and no move is remembered.
        assert other.requests[1].target.decode() == f"/a?code={secret}"
        assert (outcome.url, outcome.validators.url) == (other.url("/a"), other.url("/a"))
        assert outcome.permanent_url is None
        again = await fetcher.fetch(web.url("/a"), outcome.validators, access=access)
        assert isinstance(again, NotModified)
        outcomes = [outcome, again]
        for fields in ({"status": 403}, {"reset": True}, {"status": 302}, {"raw": b"nonsense"}):
            web.route("/a", **fields)
            outcomes.append(await fetcher.fetch(web.url("/a"), access=access))
        told = " ".join(map(repr, outcomes)) + caplog.text
        assert secret not in told
        assert "canary" not in told


ERROR_PAGE = (
    "<html><head><title>Welcome to RSSHub!</title></head><body><h1>Looks like something went wrong"
    '</h1><p class="message">Error Message:<br/><code class="mt-2">{}</code></p></body></html>'
)


@pytest.mark.parametrize(
    ("status", "message", "remedy"),
    [
        (503, "Error: this route is empty, please check the original site", "has nothing"),
        (503, "RequestInProgressError: This path is currently fetching", "asked again later"),
        (403, "RejectError: Authentication failed. Access denied.", "access_key_file in [rsshub]"),
        (404, "NotFoundError: The route does not exist", "check the route and its parameters"),
    ],
)
async def test_what_rsshub_says_on_its_error_page_is_told(
    status: int, message: str, remedy: str
) -> None:
    async with Publisher() as web, fetching() as fetcher:
        headers = {"Content-Type": "text/html; charset=UTF-8", "Retry-After": "600"}
        web.route("/", status=status, headers=headers, body=ERROR_PAGE.format(message).encode())
        outcome = await fetcher.fetch(web.url())
        assert isinstance(outcome, Failed)
        assert outcome.status == status
        assert outcome.problem.kind is ProblemKind.HTTP_STATUS
        answer = f"127.0.0.1 answered {status} with RSSHub's error page: {message[:60]}"
        assert outcome.problem.detail.startswith(answer)
        assert remedy in (outcome.problem.remedy or "")
        assert (outcome.hints.retry_after is not None) is (status == 503)


# --- error pages --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "header", "page", "owner"),
    [
        (403, {"cf-mitigated": "challenge"}, "", "Cloudflare"),
        (503, {}, "<html><title>Just a moment...</title>", "Cloudflare"),
        (200, {"cf-mitigated": "challenge"}, "<rss/>", "Cloudflare"),
        (410, {"CF-Mitigated": "challenge"}, "", "Cloudflare"),
        (403, {}, '<script src="/_Incapsula_Resource?SWJIYLWA=1">', "Imperva"),
        (405, {}, '<html><head><meta name="aliyun_waf_aa" content="0">', "Aliyun"),
        (403, {}, '<script src="https://geo.captcha-delivery.com/c.js">', "DataDome"),
    ],
)
async def test_a_challenge_is_known_by_its_header_or_its_page(
    status: int, header: dict[str, str], page: str, owner: str
) -> None:
    async with Publisher() as web, fetching() as fetcher:
        headers = {"Content-Type": "text/html", **header}
        web.route("/", status=status, headers=headers, body=page.encode())
        outcome = await fetcher.fetch(web.url())
        assert isinstance(outcome, Failed)
        assert outcome.problem.kind is ProblemKind.CHALLENGE
        assert f"{status} with a page of {owner}" in outcome.problem.detail


@pytest.mark.parametrize(
    "reply",
    [
        Reply(body=b"<html>" * 20_000),
        Reply(body=b"<html>" * 9, drip=0.05),
        Reply(body=b"<html>", declared_length=100, reset=True, stop_after=3),
        Reply(body=b"<html>", headers={"Content-Encoding": "gzip"}),
        Reply(body=b"<html>", endless=True),
    ],
    ids=["large", "slow", "cut off", "damaged", "endless"],
)
async def test_a_page_that_cannot_be_read_hides_no_status(reply: Reply) -> None:
    limits = replace(LIMITS, page=timedelta(seconds=0.2))
    pairs = reply.headers if isinstance(reply.headers, dict) else {}
    headers = {"Content-Type": "text/html", "Retry-After": "600", **pairs}
    async with Publisher() as web, fetching(limits=limits) as fetcher:
        web.route("/", replace(reply, status=503, headers=headers))
        outcome = await fetcher.fetch(web.url())
        assert isinstance(outcome, Failed)
        assert outcome.problem.detail == "127.0.0.1 answered 503: not available at the moment"
        assert outcome.hints.retry_after == timedelta(minutes=10)
        web.route("/", body=b"x")
        assert isinstance(await fetcher.fetch(web.url()), Fetched)


# --- moves --------------------------------------------------------------------------------------


async def test_a_moved_url_is_asked_in_place_of_the_configured_one_with_its_own_validators() -> (
    None
):
    async with Publisher() as old, Publisher() as new, fetching() as fetcher:
        old.route("/", status=301, headers={"Location": new.url("/feed")})
        new.route("/feed", body=b"x", etag=b'"1"')
        first = await fetcher.fetch(old.url())
        assert isinstance(first, Fetched)
        assert first.permanent_url == new.url("/feed")
        again = await fetcher.fetch(old.url(), first.validators)
        assert isinstance(again, NotModified)
        assert again.permanent_url == new.url("/feed")
        assert len(old.requests) == 2
        moved = await fetcher.fetch(old.url(), first.validators, moved_url=new.url("/feed"))
        assert isinstance(moved, NotModified)
        assert moved.permanent_url == new.url("/feed")
        assert moved.validators == first.validators
        assert len(old.requests) == 2


async def test_a_move_onward_or_back_is_followed() -> None:
    async with Publisher() as old, Publisher() as new, fetching() as fetcher:
        old.route("/", body=b"x", etag=b'"old"')
        new.route("/feed", status=301, headers={"Location": "/elsewhere"})
        new.route("/elsewhere", body=b"x")
        outcome = await fetcher.fetch(old.url(), moved_url=new.url("/feed"))
        assert isinstance(outcome, Fetched)
        assert outcome.permanent_url == new.url("/elsewhere")
        new.route("/feed", status=301, headers={"Location": old.url()})
        outcome = await fetcher.fetch(old.url(), Validators(b'"old"'), moved_url=new.url("/feed"))
        assert isinstance(outcome, NotModified)
        assert outcome.permanent_url is None
        assert old.requests[-1].header("If-None-Match") == b'"old"'
        new.route("/feed", status=302, headers={"Location": "/elsewhere"})
        outcome = await fetcher.fetch(old.url(), moved_url=new.url("/feed"))
        assert isinstance(outcome, Fetched)
        assert outcome.permanent_url is None


async def test_a_moved_url_gets_no_login_and_no_privilege_of_the_configured_one(
    tmp_path: Path,
) -> None:
    async with Publisher() as old, Publisher() as new:
        new.route("/", body=b"x")
        access = Access(token_file="secret")
        async with fetching(secrets=with_file(tmp_path)) as fetcher:
            await fetcher.fetch(old.url(), access=access, moved_url=new.url())
            assert new.requests[0].header("Authorization") is None
        async with fetching(f"127.0.0.1:{old.port}") as fetcher:
            problem = problem_of(await fetcher.fetch(old.url(), moved_url=new.url()))
            assert problem.kind is ProblemKind.BLOCKED
        assert len(new.requests) == 1
        assert old.requests == []


async def test_a_move_within_a_server_keeps_login_and_validators(tmp_path: Path) -> None:
    async with Publisher() as web, fetching(secrets=with_file(tmp_path)) as fetcher:
        web.route("/new", body=b"x", etag=b'"1"')
        outcome = await fetcher.fetch(
            web.url("/old"),
            Validators(b'"1"'),
            access=Access(token_file="secret"),
            moved_url=web.url("/new"),
        )
        assert isinstance(outcome, NotModified)
        assert web.requests[0].header("Authorization") == b"Bearer canary"


# --- validators that stay -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("validators", "unconditional"),
    [
        (Validators(), False),
        (Validators(b'"1"'), False),
        (Validators('"é"'.encode(), MODIFIED), False),
        (Validators(b'"caf\xe9"', MODIFIED), False),
        (Validators(b'"caf\xe9"'), True),
        (Validators(None, b"\xe9"), True),
        (Validators(b'"\x00"', b"\xe9"), True),
        (Validators(None, b"Tue, 01 Jan 2041 00:00:00 GMT"), True),
        (Validators(None, b"Fri, 20 Nov 2026 12:00:01 GMT"), True),
        (Validators(None, b"Fri, 20 Nov 2026 12:00:00 GMT"), False),
        (Validators(None, b"Thu, 01 Jan 1970 00:00:00 GMT"), True),
        (Validators(None, b"Sunday, 01-Jan-95 00:00:00 GMT"), False),
        (Validators(b'"1"', b"Thu, 01 Jan 1970 00:00:00 GMT"), False),
    ],
)
async def test_a_request_is_unconditional_where_no_validator_is_exact_and_can_be_true(
    validators: Validators, *, unconditional: bool
) -> None:
    assert is_unconditional(validators, NOW) is unconditional
    async with Publisher() as web, fetching() as fetcher:
        await fetcher.fetch(web.url(), validators)
        sent = web.requests[0]
        conditional = any(sent.header(name) for name in ("If-None-Match", "If-Modified-Since"))
        assert conditional is (bool(validators) and not unconditional)


async def test_nobody_is_told_the_name_of_this_machine() -> None:
    async with Publisher() as web, fetching() as fetcher:
        await fetcher.fetch(web.url())
        assert (
            web.requests[0].header("User-Agent")
            == f"aggregator/{__version__} (1 subscriber)".encode()
        )
        assert os.uname().nodename.encode() not in web.requests[0].raw
