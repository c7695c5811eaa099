"""The page, the list of sources and the health: who sees what, and how it is protected."""

from __future__ import annotations

from dataclasses import replace

import pytest
from lxml import etree, html

from aggregator.config import Publish
from aggregator.config.automatic_feeds import automatic as automatic_feeds
from aggregator.model import Category, Enclosure, Feed, Particulars, Person, Source
from aggregator.rules.held_secrets import secrets_of
from aggregator.stories.concealment import public_story
from tests.golden import STORIES
from tests.making import automatic_feed
from tests.publishing import ITHOME, config, status, story
from tests.serving import Answer, Stock, running, site

CANARY = "canary77"
SECRET_URL = f"https://{CANARY}:{CANARY}@example.com/?a=1&token={CANARY}"
SOURCES = (
    Source("open", SECRET_URL, title="Open", tags=("科技",)),
    Source("club", f"https://example.com/{CANARY}", private=True),
)
FEEDS = (Feed("all", "全部 <All> & more"), Feed("tech", "Tech", tags=("科技",)))


def shelf() -> Stock:
    store = Stock(STORIES)
    store.rows = [status("club", title="The club", site_url="https://club.example.com/")]
    return store


def assert_protected(answer: Answer) -> None:
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; ")
    for directive in ("frame-ancestors 'none'", "base-uri 'none'"):
        assert directive in policy
    assert "form-action 'none'" in policy or "form-action 'self'" in policy  # of the search box
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "access-control-allow-origin" not in answer.headers


async def test_every_answer_is_protected_and_repeats_nothing_of_the_request() -> None:
    store = shelf()
    present = config(sources=SOURCES, feeds=(*FEEDS, Feed("forgotten", "Forgotten")))

    def fail() -> str | None:
        raise LookupError("a bug")

    async with running(site(store, lambda: present, health=fail)) as server:
        answers = {
            (method, target): await server.ask(method, f"{target}?<script>evil", referer="evil")
            for method in ("GET", "HEAD", "POST")
            for target in (
                "/", "/feeds", "/feeds/all", "/feeds/all.atom", "/feeds/all.json",
                "/feeds/forgotten.rss", "/sources.opml",
                "/feeds.opml", "/feeds/_status.atom", "/healthz", "/evil", "/feeds/evil.atom",
                "/%3Cscript%3Eevil",
            )
        }  # fmt: skip
        unchanged = await server.get("/", if_none_match="*")
        away = await server.get("/sources.opml", via="1.1 evil")
    for answer in (*answers.values(), unchanged, away):
        assert_protected(answer)
        assert b"evil" not in answer.body
    assert {answer.status for answer in answers.values()} == {200, 404, 405, 500, 503}
    assert answers["GET", "/healthz"].status == 500
    assert "服务器" in answers["GET", "/healthz"].body.decode()


async def test_no_route_gives_a_secret_away() -> None:
    escaped = SECRET_URL.replace("&", "&amp;")
    one = story(
        id=SECRET_URL,
        origin=ITHOME,
        url=SECRET_URL,
        title=SECRET_URL,
        content_html=f'<a href="{escaped}">{escaped}</a>',
        summary=SECRET_URL,
        particulars=Particulars(authors=(Person(SECRET_URL),)),
        categories=(Category(SECRET_URL),),
        enclosures=(Enclosure(SECRET_URL),),
    )
    # A store hands out what readers may see.
    store = Stock((public_story(one, SOURCES[0], secrets_of(SOURCES)),))
    store.held = secrets_of(SOURCES)
    store.rows = [status(name, title=SECRET_URL, site_url=SECRET_URL) for name in ("open", "club")]
    present = config(
        sources=SOURCES,
        feeds=(Feed("all", "All"), Feed("told", f"All of {SECRET_URL}")),
        public_opml=True,
    )
    async with running(site(store, lambda: present)) as server:
        for target in (
            "/", "/feeds", "/sources.opml", "/feeds.opml", "/healthz", "/feeds/all.atom",
            "/feeds/all.rss",
            "/feeds/all.json", "/none",
        ):  # fmt: skip
            answer = await server.get(target)
            assert answer.status == (404 if target == "/none" else 200)
            assert CANARY not in answer.body.decode()
            assert CANARY not in repr(answer.headers)


async def test_the_list_of_feeds_has_relative_links_for_discovery_and_for_people() -> None:
    present = config(sources=SOURCES, feeds=FEEDS)
    async with running(site(shelf(), lambda: present)) as server:
        answer = await server.get("/feeds", host="whatever.example")
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        page = html.document_fromstring(answer.body.decode())
        found = [
            (link.get("type"), link.get("href"))
            for link in page.iterfind("head/link[@rel='alternate']")
        ]
        assert found == [
            (media_type, f"./feeds/{name}.{extension}")
            for name in ("all", "tech")
            for media_type, extension in (
                ("application/atom+xml", "atom"),
                ("application/rss+xml", "rss"),
                ("application/feed+json", "json"),
            )
        ]
        assert page.xpath("//p[@class='documents']/a/@href") == [href for _, href in found]
        assert [heading.text for heading in page.iterfind(".//h3/a")] == [
            "全部 <All> & more",
            "Tech",
        ]
        text = "".join(map(str, page.itertext()))
        assert "2 sources" in text
        assert "1 source\n" in text
        for _, href in found:
            assert href is not None
            assert (await server.get(href.removeprefix("."))).status == 200


async def test_a_page_may_use_its_own_style_and_script_and_nothing_else() -> None:
    async with running(site(shelf())) as server:
        answer = await server.get("/feeds")
        again = await server.get("/feeds", if_none_match=answer.headers["etag"])
    policy = answer.headers["content-security-policy"]
    assert "style-src 'self'; script-src 'self'; connect-src 'self'" in policy
    assert b"style=" not in answer.body
    assert b"<style" not in answer.body
    assert answer.body.count(b"<script") == 1
    assert answer.headers["cache-control"] == "private, no-cache"
    assert again.status == 304


EVERY_KIND = (
    Feed("news", "News", description="What <happened>"),
    Feed("club-only", "Club only", sources=("club",), token="t0ken-t0ken-t0ken"),
    automatic_feed("all", "All"),
    automatic_feed("tags/c/c++", "c/c++", tags=("c/c++",)),
    automatic_feed("sources/open", "Open", sources=("open",)),
)


@pytest.mark.parametrize("public_opml", [False, True])
async def test_the_list_shows_sources_feeds_to_who_may_know_the_sources_and_no_tokens(
    public_opml: bool,
) -> None:
    present = config(sources=SOURCES, feeds=EVERY_KIND, public_opml=public_opml)
    async with running(site(shelf(), lambda: present)) as server:
        here = await server.get("/feeds")
        away = await server.get("/feeds", via="1.1 proxy")
        for target in (
            "/feeds/news.atom", "/feeds/all.rss", "/tags/c%2Fc%2B%2B.atom", "/sources/open.json",
        ):  # fmt: skip
            assert (await server.get(target, via="1.1 proxy")).status == 200
            shown = f'href=".{target}"'.encode()
            assert shown in here.body
            assert (shown in away.body) == (public_opml or "sources/" not in target)
    for answer in (here, away):
        assert b"Club only" not in answer.body
        assert b"t0ken" not in answer.body
        assert b"What &lt;happened&gt;" in answer.body
        assert answer.headers["cache-control"] == "private, no-cache"


async def test_the_list_follows_the_configuration_and_needs_no_store() -> None:
    present = [config()]
    store = shelf()
    store.broken = True
    async with running(site(store, lambda: present[0])) as server:
        assert "全部" in (await server.get("/feeds")).body.decode()
        present[0] = config(feeds=(Feed("news", "Fresh"),))
        assert "Fresh" in (await server.get("/feeds")).body.decode()
    assert store.selects == 0


async def test_local_callers_get_the_sources() -> None:
    present = config(sources=SOURCES)
    async with running(site(shelf(), lambda: present)) as server:
        answer = await server.get("/sources.opml", host="localhost:8420")
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/x-opml; charset=utf-8"
    outlines = [dict(outline.items()) for outline in etree.fromstring(answer.body).iter("outline")]
    assert outlines == [
        {"text": "科技", "title": "科技"},
        {
            "text": "Open",
            "title": "Open",
            "type": "rss",
            "xmlUrl": "https://example.com/?a=1&token=",
            "category": "科技",
        },
        {
            "text": "The club",
            "title": "The club",
            "type": "link",
            "url": "https://club.example.com/",
        },
    ]


#: Requests that come from loopback here, and may well come from anywhere.
NOT_SURELY_LOCAL = [
    {"forwarded": "for=192.0.2.1"},
    {"via": "1.1 proxy"},
    {"x_forwarded_for": "127.0.0.1"},
    {"x_forwarded_host": "localhost"},
    {"x_forwarded_proto": "https"},
    {"x_real_ip": "127.0.0.1"},
    {"host": "feeds.example.org"},
    {"host": "evil.example:8420"},
    {"host": "localhost.evil.example"},
    {"host": "127.0.0.1.evil.example"},
    {"host": "192.0.2.1"},
    {"host": "[::1"},
    {"host": ""},
]


async def test_who_may_be_elsewhere_sees_neither_sources_nor_reasons() -> None:
    async with running(site(shelf(), health=lambda: "the disk is full")) as server:
        for fields in NOT_SURELY_LOCAL:
            sources = await server.get("/sources.opml", **fields)
            assert sources.status == 403, fields
            assert "public_opml" in sources.body.decode()
            health = await server.get("/healthz", **fields)
            assert (health.status, health.body) == (503, b"fail\n")
            assert (await server.get("/feeds/all.atom", **fields)).status == 200


async def test_who_is_here_sees_why_the_daemon_cannot_work() -> None:
    async with running(site(shelf(), health=lambda: "the disk is full")) as server:
        for host in (
            "127.0.0.1", "127.0.0.1:8420", "localhost", "[::1]:80", "LocalHost", "feeds.localhost",
        ):  # fmt: skip
            answer = await server.get("/healthz", host=host)
            assert (answer.status, answer.body) == (503, b"fail: the disk is full\n"), host


async def test_nobody_is_sent_to_a_daemon_that_starts_stops_or_cannot_work() -> None:
    why: dict[str, str | None] = {"unready": "starting: no poll is planned yet", "ill": None}
    made = site(shelf(), health=lambda: why["ill"])
    async with running(replace(made, unready=lambda: why["unready"])) as server:
        answer = await server.get("/readyz")
        assert answer.status == 503
        assert answer.body == b"not ready: starting: no poll is planned yet\n"
        assert (await server.get("/readyz", host="feeds.example.org")).body == b"not ready\n"
        assert (await server.get("/healthz")).status == 200
        why.update(unready=None)
        assert (await server.get("/readyz")).status == 200
        why.update(ill="the disk is full")
        assert (await server.get("/readyz")).body == b"not ready: the disk is full\n"


async def test_a_caller_who_speaks_http_1_0_may_be_a_proxy() -> None:
    async with running(site(shelf())) as server:
        answer = await server.send(b"GET /sources.opml HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
    assert answer.status == 403


async def test_behind_a_public_name_nobody_is_surely_local() -> None:
    present = config(sources=SOURCES, base_url="https://feeds.example.org")
    async with running(site(shelf(), lambda: present)) as server:
        assert (await server.get("/sources.opml")).status == 403


async def test_public_opml_shows_the_sources_to_all() -> None:
    present = config(sources=SOURCES, base_url="https://feeds.example.org", public_opml=True)
    async with running(site(shelf(), lambda: present)) as server:
        for fields in NOT_SURELY_LOCAL:
            assert (await server.get("/sources.opml", **fields)).status == 200


TOKEN = "t0ken-t0ken-t0ken-t0ken"  # noqa: S105 - nobody's


async def test_sources_that_only_a_feed_with_a_token_shows_are_shown_to_nobody_elsewhere() -> None:
    sources = (
        Source("news", "https://news.example.com/feed"),
        Source("both", "https://both.example.com/feed"),
        Source("secret", f"https://{CANARY}.example.com/feed", tags=("secret",)),
        Source("part", f"https://part.example.com/{CANARY}"),
    )
    feeds: tuple[Feed, ...] = (
        Feed("inside", "Inside", sources=("both", "part"), tags=("secret",), token=TOKEN),
        Feed("open", "Open", sources=("both",)),
        Feed("some", "Some", sources=("part",), content="link"),
    )
    feeds = (*feeds, *automatic_feeds(sources, feeds))
    present = config(sources=sources, feeds=feeds, public_opml=True)
    async with running(site(shelf(), lambda: present)) as server:
        away = [await server.get("/sources.opml", **fields) for fields in NOT_SURELY_LOCAL]
        here = await server.get("/sources.opml")
        again = await server.get("/sources.opml", via="1.1 proxy")
    for answer in (*away, again):
        shown = [one.get("text") for one in etree.fromstring(answer.body).iter("outline")]
        assert shown == ["news", "both"]
        assert CANARY.encode() not in answer.body
        assert answer.headers["cache-control"] == "no-cache"
    shown = [one.get("text") for one in etree.fromstring(here.body).iter("outline")]
    assert shown == ["news", "both", "secret", "secret", "part"]  # one of them is a folder
    assert here.headers["cache-control"] == "private, no-cache"


async def test_where_everything_is_secret_nothing_is_listed_elsewhere() -> None:
    sources = (Source("secret", f"https://{CANARY}.example.com/feed"),)
    feeds: tuple[Feed, ...] = (Feed("all", "All", token=TOKEN),)
    feeds = (*feeds, *automatic_feeds(sources, feeds))
    present = config(sources=sources, feeds=feeds, public_opml=True)
    async with running(site(shelf(), lambda: present)) as server:
        answer = await server.get("/sources.opml", via="1.1 proxy")
    assert answer.status == 200
    assert not list(etree.fromstring(answer.body).iter("outline"))


async def test_the_list_of_sources_is_made_once_a_minute_and_outlives_the_store() -> None:
    store, seconds = shelf(), [59.0]
    present = [config(sources=SOURCES)]
    here = replace(site(store, lambda: present[0]), seconds=lambda: seconds[0])
    async with running(here) as server:
        first = await server.get("/sources.opml")
        store.rows = [status("club", title="Another title")]
        assert (await server.get("/sources.opml")).body == first.body
        seconds[0] += 60
        second = await server.get("/sources.opml")
        assert b"Another title" in second.body
        seconds[0] += 60
        store.broken = True
        assert (await server.get("/sources.opml")).body == second.body
        present[0] = config(sources=SOURCES[:1])  # what it was made for is no more
        assert (await server.get("/sources.opml")).status == 503


async def test_sources_are_unavailable_while_the_store_is_broken() -> None:
    store = shelf()
    store.broken = True
    async with running(site(store)) as server:
        answer = await server.get("/sources.opml")
    assert answer.status == 503
    assert "retry-after" in answer.headers


async def test_a_healthy_daemon_says_ok_to_everyone() -> None:
    async with running(site(shelf())) as server:
        for fields in ({}, {"via": "x"}):
            answer = await server.get("/healthz", **fields)
            assert (answer.status, answer.body) == (200, b"ok\n")
            assert answer.headers["cache-control"] == "no-store"


async def test_the_operations_feed_is_for_who_is_here() -> None:
    store = shelf()
    async with running(site(store)) as server:
        for form in ("atom", "rss", "json"):
            answer = await server.get(f"/feeds/_status.{form}")
            assert answer.status == 200
            assert b"/feeds/_status." in answer.body
            assert answer.headers["cache-control"] == "private, no-transform, no-cache"
            assert answer.headers["x-robots-tag"] == "none"
        for fields in NOT_SURELY_LOCAL:
            away = await server.get("/feeds/_status.atom", **fields)
            assert away.status == 403, fields
            assert "status_token" in away.body.decode()
        for target in ("/feeds/_status.xml", "/feeds/x/_status.atom", "/tags/_status.atom"):
            assert (await server.get(target)).status == 404, target


async def test_who_knows_the_token_sees_the_operations_feed_from_anywhere() -> None:
    token = "t0ken-of-the-operator"  # noqa: S105 - nobody's
    present = replace(
        config(base_url="https://feeds.example.org"), publish=Publish(status_token=token)
    )
    async with running(site(shelf(), lambda: present)) as server:
        answer = await server.get(f"/feeds/{token}/_status.atom", via="1.1 proxy")
        assert answer.status == 200
        assert f"https://feeds.example.org/feeds/{token}/_status.atom".encode() in answer.body
        for target in (f"/feeds/{token}x/_status.atom", "/feeds/%FF/_status.atom"):
            assert (await server.get(target)).status == 404
        assert (await server.get("/feeds/_status.atom")).status == 403


async def test_the_operations_feed_is_unavailable_while_the_store_is_broken() -> None:
    store = shelf()
    store.broken = True
    async with running(site(store)) as server:
        answer = await server.get("/feeds/_status.atom")
    assert answer.status == 503
    assert "retry-after" in answer.headers


async def test_everybody_gets_the_list_of_feeds_without_those_with_a_token() -> None:
    present = config(sources=SOURCES, feeds=EVERY_KIND, base_url="https://feeds.example.org")
    async with running(site(shelf(), lambda: present)) as server:
        answer = await server.get("/feeds.opml")
    assert answer.headers["content-type"] == "text/x-opml; charset=utf-8"
    assert [outline.get("xmlUrl") for outline in etree.fromstring(answer.body).iter("outline")] == [
        f"https://feeds.example.org/{place}.atom"
        for place in ("feeds/news", "feeds/all", "tags/c%2Fc%2B%2B")
    ]
