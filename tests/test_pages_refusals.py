"""What a browser is shown where there is nothing for it, and what programs are told there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from lxml import html

from aggregator.publish.pages.refusal import HEADS
from aggregator.serve import page_messages
from aggregator.serve.responses import PROTECTION
from tests.page_world import TOKEN, World, make_world
from tests.serving import running

if TYPE_CHECKING:
    from aggregator.store import Store

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
PROGRAMS = (
    "*/*",
    "application/atom+xml, application/rss+xml, text/xml;q=0.9, text/html;q=0.8",
    "application/json",
)
AWAY = {"host": "feeds.example.org"}


@pytest.fixture
def world(store: Store) -> World:
    return make_world(store)


@pytest.mark.parametrize(
    ("target", "status", "message"),
    [
        ("/nothing", 404, page_messages.NOT_FOUND),
        ("/feeds/none", 404, page_messages.NOT_FOUND),
        ("/feeds/none.atom", 404, page_messages.NOT_FOUND),
        ("/sources", 403, page_messages.HEALTH_IS_LOCAL),
        ("/sources.opml", 403, page_messages.SOURCES_ARE_LOCAL),
    ],
)
async def test_a_browser_gets_a_page_and_a_program_a_text(
    world: World, target: str, status: int, message: str
) -> None:
    async with running(world.site) as server:
        for spoken, head, text in zip(
            ("en", "zh-CN"),
            (HEADS[status], {404: "没有这个页面", 403: "您无权查看"}[status]),
            message.split("\n"),
            strict=True,
        ):
            answer = await server.get(
                target, accept=BROWSER, accept_language=spoken, accept_encoding="identity", **AWAY
            )
            page = html.document_fromstring(answer.body.decode())
            assert (answer.status, page.xpath("//h1/text()")) == (status, [head])
            assert page.xpath("//h1/following::p/text()") == [text]
            assert page.get("lang") == {"en": "en", "zh-CN": "zh-Hans"}[spoken]
            assert set(answer.protection) == set(PROTECTION)
            assert answer.headers["cache-control"] == "no-store"
            assert not page.xpath("//footer")  # what is chosen there is kept for pages alone
            root = "../" * (target.count("/") - 1) or "./"
            assert page.xpath("//main//a/@href") == [root, f"{root}feeds"]
        for accept in PROGRAMS:
            told = await server.get(target, accept=accept, **AWAY)
            assert (told.status, told.body.decode()) == (status, f"{message}\n")
            assert told.headers["content-type"] == "text/plain; charset=utf-8"
            assert "vary" not in told.headers


async def test_what_is_kept_from_a_caller_is_like_what_is_not_there(world: World) -> None:
    async with running(world.site) as server:
        for accept in (BROWSER, "*/*"):
            wrong = TOKEN[:-1]
            for there, nowhere in (
                ("/feeds/circle", "/feeds/nobody"),
                ("/feeds/circle.atom", "/feeds/nobody.atom"),
                (f"/feeds/{wrong}/circle", "/feeds/whatever/nobody"),
                (f"/feeds/{wrong}/circle/", "/feeds/whatever/nobody/"),
                ("/sources/inner", "/sources/nobody"),
                (f"/feeds/{wrong}/circle/search?q=x", "/feeds/whatever/nobody/search?q=y"),
            ):
                one = await server.get(there, accept=accept, **AWAY)
                other = await server.get(nowhere, accept=accept, **AWAY)
                assert one.status == 404
                told, of_nothing = (
                    (answer.status, answer.body, sorted(answer.headers)) for answer in (one, other)
                )
                assert told == of_nothing, there
                assert b"nobody" not in other.body


async def test_no_refusal_grows_with_its_address(world: World) -> None:
    async with running(world.site) as server:
        answer = await server.get("/feeds" + "/x" * 2000, accept=BROWSER)
    assert (answer.status, len(answer.body) < 1000) == (404, True)


async def test_an_address_with_a_slash_at_its_end_leads_to_its_page(world: World) -> None:
    async with running(world.site) as server:
        for target, where in (
            ("/feeds/", "../feeds"),
            ("/feeds/?lang=zh", "../feeds?lang=zh"),
            ("/feeds/news/", "../news"),
            (f"/feeds/{TOKEN}/circle/", "../circle"),
            ("/search/?q=%E6%8E%92", "../search?q=%E6%8E%92"),
        ):
            answer = await server.get(target)
            assert (answer.status, answer.headers["location"]) == (308, where)
        for target in ("/feeds/news.atom/", "/feeds//", "//feeds/", "/feeds/none/"):
            assert (await server.get(target)).status == 404, target
