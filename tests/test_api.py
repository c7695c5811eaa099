"""The JSON API: what its document promises, to whom, page by page."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from lxml import html
from schemathesis.specs.openapi.checks import ignored_auth
from starlette.routing import Route

from aggregator.model import Feed
from aggregator.publish.api_document import PATHS
from aggregator.serve import create_app
from aggregator.serve.api_routes import ROUTES
from tests.making import DAY, START, absorb, document, fetched, finish
from tests.page_world import TOKEN, World, make_world, story_of
from tests.serving import running

if TYPE_CHECKING:
    from aggregator.store import Store
    from tests.serving import Answer, Running

STATUS_TOKEN = "status-token-status-token"  # noqa: S105 - nobody's
AWAY = {"via": "1.1 proxy"}
SECRET = {"authorization": f"Bearer {TOKEN}"}
OPERATOR = {"authorization": f"Bearer {STATUS_TOKEN}"}


@pytest.fixture
def world(store: Store) -> World:
    made = make_world(store)
    while store.index_words(most_bytes=1 << 30):
        pass
    present = replace(made.config, publish=replace(made.config.publish, status_token=STATUS_TOKEN))
    return World(store, present)


def told(answer: Answer) -> Any:
    assert answer.status == 200, answer
    assert answer.headers["content-type"] == "application/json"
    return json.loads(answer.body)


async def ask(server: Running, way: str, **fields: str) -> Answer:
    return await server.get(f"/api/v1/{way}", **AWAY, **fields)


def test_every_route_is_in_the_document_and_every_path_is_a_route(world: World) -> None:
    assert {f"/{name}" for name in ROUTES} - {"/openapi.json", "/{_:path}"} == PATHS.keys()
    app = create_app(world.site)
    routes = {route.path for route in app.routes if isinstance(route, Route)}
    assert {f"/api/v1{path}" for path in PATHS} <= routes


async def test_pages_of_stories_go_on_where_the_last_one_ended(world: World) -> None:
    seen: list[str] = []
    late = story_of("letters", 999, "Late", START)
    async with running(world.site) as server:
        way = "stories?feed=news&limit=7"
        while way:
            page = told(await ask(server, way))
            seen += [one["entry_id"] for one in page["items"]]
            if len(seen) == 7:  # what comes meanwhile moves nothing
                absorb(world.store, document(late), START, name="letters")
            way = page["next"] and f"stories?feed=news&limit=7&cursor={page['next']}"
    wanted = [story.id for story in world.store.select(world.feed("news")).stories]
    assert len(seen) == len(set(seen))
    assert set(seen) <= set(wanted)
    assert len(wanted) - len(seen) <= 1


async def test_a_story_is_whole_where_a_feed_shows_it_to_the_caller(world: World) -> None:
    key = world.key_of("For the circle alone")
    async with running(world.site) as server:
        (one, *_) = told(await ask(server, "stories?feed=circle", **SECRET))["items"]
        way = f"stories/{one['id']}"
        assert key
        assert "With the token" in told(await ask(server, way, **SECRET))["content_html"]
        for fields in ({}, {"authorization": "Bearer wrong"}, OPERATOR):
            assert (await ask(server, way, **fields)).status == 404
            assert (await ask(server, "stories?feed=circle", **fields)).status == 404
            assert not told(await ask(server, "search?q=circle", **fields))["items"]
            names = [one["name"] for one in told(await ask(server, "feeds", **fields))["items"]]
            assert "circle" not in names
        assert told(await ask(server, "search?q=circle", **SECRET))["items"]
        feeds = told(await ask(server, "feeds", **SECRET))["items"]
        assert "circle" in [one["name"] for one in feeds]


async def test_a_story_is_told_as_its_page_has_it(store: Store) -> None:
    world = make_world(store)
    present = replace(world.config, feeds=(
        *world.config.feeds,
        Feed("titled", "Titled", sources=("letters",), title_template="{source}: {title}"),
    ))  # fmt: skip
    store.apply(present.sources, present.feeds, now=START + DAY)
    bare = replace(story_of("letters", 500, "", START, text="<p>Only <b>text</b>.</p>"), summary="")
    head = {"title": "Letters", "language": "fr", "site_url": "https://letters.example/"}
    finish(store, fetched(), START + DAY, refined=document(bare, **head), name="letters")
    async with running(World(store, present).site) as server:
        listed = told(await ask(server, "stories?feed=titled&limit=100"))["items"]
        (found,) = (one for one in listed if one["url"].endswith("/500"))
        whole = told(await ask(server, f"stories/{found['id']}"))
        page: Any = html.document_fromstring((await server.get(f"/stories/{found['id']}")).body)
        river: Any = html.document_fromstring((await server.get("/feeds/titled")).body)
    assert found["language"] == whole["language"] == page.xpath("//article/@lang")[0] == "fr"
    assert whole["summary"] == "Only text."
    assert whole["summary"] in river.xpath("//p[@class='summary']/text()")
    assert whole["title"] == page.xpath("//h1/text()")[0]
    assert found["title"] in river.xpath("//article/h3/a/text()")
    assert whole["content_html"] == "<p>Only <b>text</b>.</p>"


@pytest.mark.parametrize("way", ["sources", "entries", "status"])
async def test_what_is_the_operators_is_told_to_nobody_else(world: World, way: str) -> None:
    async with running(world.site) as server:
        for fields in ({}, SECRET, {"authorization": "Bearer wrong"}):
            refused = await ask(server, way, **fields)
            assert refused.status == 401
            assert refused.headers["www-authenticate"] == "Bearer"
            assert refused.headers["content-type"] == "application/problem+json"
        assert told(await ask(server, way, **OPERATOR))
        assert told(await server.get(f"/api/v1/{way}"))


async def test_entries_go_on_by_cursor(world: World) -> None:
    async with running(world.site) as server:
        first = told(await ask(server, "entries?limit=3&source=gongkai", **OPERATOR))
        way = f"entries?limit=3&source=gongkai&cursor={first['next']}"
        second = told(await ask(server, way, **OPERATOR))
    ids = [one["id"] for page in (first, second) for one in page["items"]]
    assert len(set(ids)) == 6


async def test_a_search_goes_on_by_cursor(world: World) -> None:
    pages, cursor = [], ""
    async with running(world.site) as server:
        whole = told(await ask(server, "search?q=letter&limit=50"))
        while True:
            pages.append(told(await ask(server, f"search?q=letter&limit=4{cursor}")))
            if pages[-1]["next"] is None:
                break
            cursor = f"&cursor={pages[-1]['next']}"
        wrong = await ask(server, "search?q=letter&cursor=no!")
    assert wrong.status == 400
    assert whole["next"] is None
    assert len(pages) > 1
    told_ids = [hit["id"] for page in pages for hit in page["items"]]
    assert told_ids == [hit["id"] for hit in whole["items"]]


async def test_a_hit_is_told_with_what_was_found(world: World) -> None:
    async with running(world.site) as server:
        found = told(await ask(server, f"search?q={quote('排版')}&feed=news&limit=2"))
    assert found["is_indexed"]
    assert any(piece["is_found"] for piece in found["items"][0]["excerpt"])


async def test_what_has_not_changed_is_not_sent_again(world: World) -> None:
    async with running(world.site) as server:
        first = await ask(server, "stories?feed=news")
        again = await ask(server, "stories?feed=news", if_none_match=first.headers["etag"])
        assert again.status == 304
        for way, status in (
            ("stories?limit=0", 400), ("stories?cursor=x!", 400), ("search", 400),
            ("stories?feed=none", 404), ("nothing", 404), ("stories/%20", 404),
        ):  # fmt: skip
            wrong = await ask(server, way)
            assert wrong.status == status, way
            assert json.loads(wrong.body)["status"] == status
        posted = await server.ask("POST", "/api/v1/feeds")
        assert posted.status == 405


async def test_it_is_as_its_document_says(world: World) -> None:
    async with running(world.site) as server:
        address = f"http://127.0.0.1:{server.port}/api/v1"
        await asyncio.to_thread(check, address)


def check(address: str) -> None:
    """Ask for everything that the document describes, rightly and wrongly, always alike."""
    schema = schemathesis.openapi.from_url(f"{address}/openapi.json")
    schema.config.update(base_url=address)
    for found in schema.get_all_operations():
        operation: Any = found.ok()  # type: ignore[union-attr]  # the other one is a broken document

        @settings(
            max_examples=8, derandomize=True, database=None, deadline=None,
            phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=operation.as_strategy())
        def ask_for(case: Any) -> None:
            # Who asks from this machine needs no token, and is the operator.
            case.call_and_validate(headers=AWAY | OPERATOR, excluded_checks=[ignored_auth])

        ask_for()
