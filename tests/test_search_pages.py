"""What a search shows to whom: on pages, and as a feed."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from lxml import etree, html

from tests.making import DAY, START
from tests.page_world import TOKEN, World, make_world, story_of, told
from tests.serving import running

if TYPE_CHECKING:
    from aggregator.store import Store
    from tests.serving import Answer

AWAY = {"via": "1.1 proxy"}
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def world(store: Store) -> World:
    made = make_world(store)
    while store.index_words(most_bytes=1 << 30):
        pass
    return made


def parsed(answer: Answer) -> html.HtmlElement:
    assert answer.status == 200, answer
    return html.document_fromstring(answer.body.decode())


def titles(answer: Answer) -> list[str]:
    links = parsed(answer).iterfind(".//article//h2/a")
    return ["".join(map(str, link.itertext())) for link in links]


async def test_words_are_found_and_marked_and_lead_to_their_stories(world: World) -> None:
    async with running(world.site) as server:
        answer = await server.get(f"/search?q={quote('中文排版')}", **AWAY)
        page = parsed(answer)
        assert titles(answer)[0] == "公开周刊第一期"
        assert {mark.text for mark in page.iterfind(".//mark")} == {"中文排版"}
        way = str(page.find(".//article//h2/a").get("href")).removeprefix(".")
        assert (await server.get(way, **AWAY)).status == 200
        (box,) = page.iterfind(".//input[@name='q']")
        assert box.get("value") == "中文排版"
        assert (await server.get("/search", **AWAY)).status == 200


async def test_what_does_not_fit_on_a_page_is_on_the_next(world: World) -> None:
    many = tuple(
        story_of("letters", 300 + number, f"Tally {number}", START + DAY) for number in range(70)
    )
    told(world.store, "letters", "Letters", START + DAY, many)
    while world.store.index_words(most_bytes=1 << 30):
        pass
    found: list[str] = []
    counted: list[str] = []
    async with running(world.site) as server:
        way: str | None = "?q=tally"
        while way is not None:
            answer = await server.get(f"/search{way}", **AWAY)
            found += titles(answer)
            page = parsed(answer)
            counted.append(str(page.xpath("string(//p[@role='status'])")).partition(" ·")[0])
            way = next(iter(page.xpath("//a[@rel='next']/@href")), None)
        assert page.xpath("//nav[@class='turn']/a/@href") == ["?q=tally"]
        refused = await server.get("/search?q=tally&after=nonsense!", **AWAY)
    assert sorted(found) == sorted(one.title for one in many)
    assert counted == [f"{number} stories on this page" for number in (30, 30, 10)]
    assert len(titles(refused)) == 30  # what is no place is the beginning


async def test_what_only_a_private_feed_shows_is_found_below_its_token_alone(world: World) -> None:
    async with running(world.site) as server:
        for way in ("/search", f"/feeds/{TOKEN[:-1]}x/circle/search", "/feeds/news/news/search"):
            answer = await server.get(f"{way}?q=circle", **AWAY)
            assert answer.status == 404 or not titles(answer)
        atom = await server.get("/search.atom?q=circle", **AWAY)
        assert b"circle alone" not in atom.body
        mine = await server.get(f"/feeds/{TOKEN}/circle/search?q=circle", **AWAY)
        assert titles(mine) == ["For the circle alone"]
        assert "private" in mine.headers["cache-control"]
        way = str(parsed(mine).find(".//article//h2/a").get("href"))
        found = await server.get(f"/{way.removeprefix('../../../')}", **AWAY)
        assert "For the circle alone" in found.body.decode()


async def test_a_search_is_a_feed_with_the_ids_of_its_stories(world: World) -> None:
    async with running(world.site) as server:
        answer = await server.get(f"/search.atom?q={quote('第一期 公开')}", **AWAY)
        same = await server.get(f"/search.atom?q={quote('公开  第一期')}", **AWAY)
        assert (await server.get("/search.atom?q=%22*%22", **AWAY)).status == 404
        again = await server.get(
            f"/search.atom?q={quote('公开 第一期')}",
            **AWAY,
            if_none_match=str(answer.headers["etag"]),
        )
    assert answer.headers["content-type"].startswith("application/atom+xml")
    assert answer.body == same.body
    assert again.status == 304
    feed = etree.fromstring(answer.body)
    ids = {entry.findtext(f"{ATOM}id") for entry in feed.iterfind(f"{ATOM}entry")}
    assert ids <= {story.id for story in world.store.select(world.feed("news")).stories}
    assert ids
    (link,) = (one.get("href") for one in feed.iterfind(f"{ATOM}link") if one.get("rel") == "self")
    assert "search.atom?q=" in str(link)


@pytest.mark.parametrize(
    "asked", ["%00", "%22", "NEAR(a", "a" * 10_000, "%F0%9F", "<script>alert(1)</script>", "*"]
)
async def test_no_question_breaks_the_page(world: World, asked: str) -> None:
    async with running(world.site) as server:
        answer = await server.get(f"/search?q={asked}", **AWAY)
        assert answer.status == 200
        assert b"<script>alert" not in answer.body
        assert (await server.get(f"/search.atom?q={asked}", **AWAY)).status in {200, 404}
