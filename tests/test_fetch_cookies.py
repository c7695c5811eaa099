"""Cookies of a login: from which files, and to which requests they go."""

from __future__ import annotations

import logging
from http.cookiejar import Cookie, MozillaCookieJar
from typing import TYPE_CHECKING

import pytest

from aggregator.fetch import Secrets, cookie_problem
from aggregator.fetch.cookie_file import MAX_FILE_BYTES, MAX_SENT_BYTES, read_cookies
from aggregator.fetch.failures import FetchError
from aggregator.fetch.request_target import Target, parse_target
from aggregator.model import Access, Fetched, ProblemKind
from aggregator.operations.messages import problem_text
from tests.fetching import NOW, fetching, problem_of
from tests.web import Publisher

if TYPE_CHECKING:
    from pathlib import Path

LOGIN = Access(cookie_file="jar")
LATER, BEFORE = int(NOW.timestamp()) + 60, int(NOW.timestamp()) - 60
HEAD = "# Netscape HTTP Cookie File\n\n"


def secrets(folder: Path, content: bytes | str) -> Secrets:
    (folder / "jar").write_bytes(content.encode() if isinstance(content, str) else content)
    return Secrets(folder)


def line(
    domain: str = "127.0.0.1",
    name: str = "sid",
    value: str = "canary",
    *,
    subdomains: bool = False,
    path: str = "/",
    secure: bool = False,
    until: object = 0,
) -> str:
    flags = [str(flag).upper() for flag in (subdomains, secure)]
    return "\t".join([domain, flags[0], path, flags[1], str(until), name, value]) + "\n"


def sent(folder: Path, content: bytes | str, url: str) -> list[bytes]:
    """Return the names of the cookies that go with a request for `url`."""
    own = parse_target(url)
    assert isinstance(own, Target)
    try:
        found = read_cookies("jar", own, secrets(folder, content), NOW)
    except FetchError:
        return []
    return [cookie.name for cookie in found if cookie.covers(own)]


# --- which cookies ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cookie", "url", "goes"),
    [
        (line("a.example"), "https://a.example/feed", True),
        (line("A.Example"), "https://a.example/feed", True),
        (line("#HttpOnly_a.example"), "https://a.example/feed", True),
        (line("a.example"), "https://b.a.example/", False),
        (line("a.example", subdomains=True), "https://b.a.example/", True),
        (line(".a.example", subdomains=True), "https://a.example/", True),
        (line("a.example", subdomains=True), "https://aa.example/", False),
        (line("b.a.example", subdomains=True), "https://a.example/", False),
        (line("0.0.1", subdomains=True), "http://127.0.0.1/", False),
        (line("a.example", secure=True), "https://a.example/", True),
        (line("a.example", secure=True), "http://a.example/", False),
        (line("a.example", path="/feed"), "https://a.example/feed", True),
        (line("a.example", path="/feed"), "https://a.example/feed/x?y", True),
        (line("a.example", path="/feed"), "https://a.example/feed?/", True),
        (line("a.example", path="/feed"), "https://a.example/feeds", False),
        (line("a.example", path="/feed/"), "https://a.example/feed", False),
        (line("a.example", path="feed"), "https://a.example/x", True),
        (line("a.example", until=LATER), "https://a.example/", True),
        (line("a.example", until=f"{LATER}.75"), "https://a.example/", True),
        (line("a.example", until=BEFORE), "https://a.example/", False),
        (line("a.example", until=""), "https://a.example/", True),
        (line("a.example", until=-1), "https://a.example/", True),
        (line("a.example", value=""), "https://a.example/", True),
        (line("a.example", value="").replace("\t\n", "\n"), "https://a.example/", True),
        (line("a.example", value='"a, b=c"'), "https://a.example/", True),
        # The file is one of a whole browser: what is wrong with others' cookies is their matter.
        (line("b.example", value="中文") + line("a.example"), "https://a.example/", True),
        (line("a.example").replace("\n", "\r\n"), "https://a.example/", True),
        ("\ufeff" + HEAD + line("a.example"), "https://a.example/", True),
        ("sid=canary", "https://a.example/anything", True),
        ("# of the browser\nsid=canary;\n", "http://a.example/", True),
    ],
)
def test_a_cookie_goes_where_it_is_for(tmp_path: Path, cookie: str, url: str, goes: bool) -> None:
    assert sent(tmp_path, cookie, url) == ([b"sid"] if goes else [])


def test_what_the_standard_library_writes_is_read(tmp_path: Path) -> None:
    jar = MozillaCookieJar(tmp_path / "jar")
    for name, domain, until in (("a", ".a.example", LATER), ("b", "a.example", None)):
        dotted = domain.startswith(".")
        jar.set_cookie(
            Cookie(
                0, name, "1", None, False, domain, dotted, dotted, "/", True, False, until,
                until is None, None, None, {},
            )
        )  # fmt: skip
    jar.save(ignore_discard=True, ignore_expires=True)
    content = (tmp_path / "jar").read_bytes()
    assert sorted(sent(tmp_path, content, "http://a.example/")) == [b"a", b"b"]


async def test_longer_paths_go_first_and_an_answer_counts_for_the_rest_of_the_poll(
    tmp_path: Path,
) -> None:
    jar = HEAD + line(name="sid") + line(name="old", value="1") + line(name="deep", path="/feed")
    async with Publisher() as web, fetching(secrets=secrets(tmp_path, jar)) as fetcher:
        web.route(
            "/feed",
            status=302,
            headers=[
                ("Location", "/b"),
                ("Set-Cookie", "sid=new"),
                ("Set-Cookie", "old=x; Max-Age=0"),
            ],
        )
        web.route("/b", body=b"x")
        assert isinstance(await fetcher.fetch(web.url("/feed"), access=LOGIN), Fetched)
        assert [request.header("Cookie") for request in web.requests] == [
            b"deep=canary; sid=canary; old=1",
            b"sid=new",
        ]
        # With "off" what answers set never comes back; the login still goes.
        web.requests.clear()
        access = Access(cookie_file="jar", cookies="off")
        assert isinstance(await fetcher.fetch(web.url("/feed"), access=access), Fetched)
        assert web.requests[1].header("Cookie") == b"sid=canary; old=1"


@pytest.mark.parametrize("content", [HEAD + line(), "sid=canary"])
async def test_no_redirect_takes_the_login_elsewhere(
    tmp_path: Path, content: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with (
        Publisher() as web,
        Publisher() as other,
        fetching(secrets=secrets(tmp_path, content)) as fetcher,
    ):
        web.route("/", status=302, headers={"Location": other.url("/b")})
        other.route("/b", status=302, headers={"Location": web.url("/c")})
        web.route("/c", body=b"x")
        assert isinstance(await fetcher.fetch(web.url(), access=LOGIN), Fetched)
        assert [one.header("Cookie") for one in web.requests] == [b"sid=canary"] * 2
        assert b"canary" not in other.requests[0].raw
        # Where the publisher has moved to is elsewhere, too.
        assert isinstance(
            await fetcher.fetch(web.url(), access=LOGIN, moved_url=other.url("/b")), Fetched
        )
        assert b"canary" not in other.requests[1].raw
    assert "canary" not in caplog.text


async def test_the_file_is_read_anew_for_every_poll(tmp_path: Path) -> None:
    async with Publisher() as web, fetching(secrets=secrets(tmp_path, "a=1; b=2")) as fetcher:
        web.route("/", body=b"x")
        await fetcher.fetch(web.url(), access=LOGIN)
        secrets(tmp_path, line())
        await fetcher.fetch(web.url(), access=LOGIN)
        assert [one.header("Cookie") for one in web.requests] == [b"a=1; b=2", b"sid=canary"]


# --- files that cannot be used ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "cannot be read: No such file or directory"),
        ("", "is empty"),
        (b"sid=canary\xe9", "is not UTF-8 text"),
        ("x" * (MAX_FILE_BYTES + 1), f"is larger than {MAX_FILE_BYTES} B"),
        (";", "holds no cookie"),
        ("canary", "holds what is no cookie: line 1"),
        ("sid=canary\x00", "holds what is no cookie: line 1"),
        ("sid=canary\nb=canary", "is not cookies.txt, nor one line name=value; …: see line 1"),
        ('[\n{"name": "sid", "value": "canary"}\n]', "is not cookies.txt, nor one line"),
        (line() + line().replace("\t", " "), "is not cookies.txt, nor one line"),
        (line() + line(until="canary"), "has a line that is not of cookies.txt: line 2"),
        (line().replace("FALSE", "canary"), "has a line that is not of cookies.txt: line 1"),
        (line(domain=""), "has a line that is not of cookies.txt: line 1"),
        (line(value="canary\x01"), "holds what is no cookie: line 1"),
        (line(name="", value="canary"), "holds what is no cookie: line 1"),
        (HEAD, "holds no cookie for http://127.0.0.1"),
        (line("a.example"), "holds no cookie for http://127.0.0.1"),
        (line(secure=True), "holds no cookie for http://127.0.0.1"),
        (line(until=BEFORE), "holds only cookies for 127.0.0.1 that have expired"),
        (line(value="canary" * MAX_SENT_BYTES), f"holds more than {MAX_SENT_BYTES} B of cookies"),
    ],
)
async def test_without_its_cookies_nothing_is_asked(
    tmp_path: Path, content: bytes | str | None, told: str
) -> None:
    found = Secrets(tmp_path) if content is None else secrets(tmp_path, content)
    async with Publisher() as web, fetching(secrets=found) as fetcher:
        problem = problem_of(await fetcher.fetch(web.url(), access=LOGIN))
        assert problem.kind is ProblemKind.ACCESS
        assert told in problem.detail
        assert problem.remedy is not None
        assert problem == cookie_problem(LOGIN, web.url(), found, NOW)
        assert "canary" not in problem_text(problem)
        assert web.requests == []


def test_only_what_names_cookies_can_lack_them(tmp_path: Path) -> None:
    found = secrets(tmp_path, "sid=canary")
    assert cookie_problem(LOGIN, "https://a.example/", found, NOW) is None
    assert cookie_problem(Access(), "https://a.example/", Secrets(tmp_path / "none"), NOW) is None
