"""The pages that people look at: what they show, to whom, and what they link to."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urljoin
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from aggregator.config.settings import Pages
from aggregator.model import Enclosure, Feed, Source
from aggregator.model.pages import Place, read_place
from aggregator.publish.html_pages import ASSETS
from aggregator.publish.pages.chinese import CHINESE
from aggregator.publish.pages.look import Language, Look
from aggregator.publish.pages.story_keys import read_story_key, story_key
from tests import ROOT
from tests.making import DAY, HOUR, START
from tests.page_world import FEEDS, SOURCES, TOKEN, World, configured, make_world, story_of, told
from tests.serving import running

if TYPE_CHECKING:
    from aggregator.store import Store
    from tests.serving import Answer

AWAY = {"via": "1.1 proxy"}


@pytest.fixture
def world(store: Store) -> World:
    return make_world(store)


def parsed(answer: Answer) -> html.HtmlElement:
    assert answer.status == 200, answer
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return html.document_fromstring(answer.body.decode())


def titles(page: html.HtmlElement) -> list[str]:
    return [str(link.text) for link in page.iterfind(".//article//h3/a")]


def text_of(answer: Answer) -> str:
    return " ".join("".join(map(str, parsed(answer).itertext())).split())


async def test_the_first_page_is_the_first_open_feed_day_by_day(world: World) -> None:
    async with running(world.site) as server:
        page = parsed(await server.get("/"))
        same = parsed(await server.get("/feeds/news"))
    assert page.findtext(".//h1") == "今日要闻 · News of the day"
    assert titles(page) == titles(same)
    assert len(titles(page)) == 20
    days = [str(day.get("datetime")) for day in page.iterfind(".//h2/time")]
    assert days == sorted(set(days), reverse=True)
    links = [str(link.get("href")) for link in page.iterfind("head/link[@rel='alternate']")]
    assert links == [f"./feeds/news.{form}" for form in ("atom", "rss", "json")]


async def test_a_river_is_paged_through_the_window_into_the_archive(store: Store) -> None:
    feeds = (Feed("news", "News", window=HOUR, min_entries=1),)
    sources = (Source("many", "https://many.example/feed", backfill=500),)
    world = make_world_of(store, sources, feeds)
    for day in range(4):
        entries = tuple(
            story_of("many", day * 100 + number, f"{day}.{number}", START + day * DAY)
            for number in range(15)
        )
        told(store, "many", "Many", START + day * DAY, entries)
    store.advance(START + 4 * DAY)
    assert len(store.select(world.feed("news")).stories) == 1
    seen, way = [], "/feeds/news"
    async with running(world.site) as server:
        while way:
            page = parsed(await server.get(way))
            seen += titles(page)
            (older,) = page.xpath("//a[@rel='next']/@href") or [None]
            way = f"/feeds/news{older}" if older else ""
    assert sorted(seen) == sorted(f"{day}.{number}" for day in range(4) for number in range(15))
    assert [one[0] for one in seen] == sorted((one[0] for one in seen), reverse=True)


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("UTC", {"UTC+00:00"}),
        ("Asia/Shanghai", {"UTC+08:00"}),
        ("Asia/Kathmandu", {"UTC+05:45"}),
        ("Europe/Berlin", {"UTC+01:00 / +02:00", "UTC+02:00 / +01:00"}),
        ("Europe/Dublin", {"UTC+00:00 / +01:00", "UTC+01:00 / +00:00"}),
        ("America/St_Johns", {"UTC-03:30 / -02:30", "UTC-02:30 / -03:30"}),
        ("Australia/Lord_Howe", {"UTC+10:30 / +11:00", "UTC+11:00 / +10:30"}),
    ],
)
async def test_a_page_says_in_which_zone_its_times_are(
    world: World, monkeypatch: pytest.MonkeyPatch, zone: str, expected: set[str]
) -> None:
    try:
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        today = datetime.now().astimezone().isoformat()[-6:]
        async with running(world.site) as server:
            footer = parsed(await server.get("/")).find(".//footer")
    finally:
        monkeypatch.undo()
        time.tzset()
    (told_zone,) = footer.xpath("dl/div[dt='Times']/dd/text()")
    assert told_zone in expected
    assert told_zone.startswith(f"UTC{today}")


def test_a_time_of_the_other_half_of_the_year_has_its_own_offset() -> None:
    winter, summer = timedelta(hours=1), timedelta(hours=2)
    berlin = ZoneInfo("Europe/Berlin")
    look = Look(offsets=(winter, summer))
    in_winter = datetime(2026, 11, 20, 9, 5, tzinfo=berlin)
    in_summer = datetime(2026, 7, 12, 9, 5, tzinfo=berlin)
    assert look.moment(in_winter) == "20 Nov 2026, 09:05"
    assert look.moment(in_summer) == "12 Jul 2026, 09:05 (+02:00)"
    assert look.moment(in_summer, in_summer.date()) == "09:05 (+02:00)"
    twice = datetime(2026, 10, 25, 2, 30, tzinfo=berlin)
    assert look.moment(twice) == "25 Oct 2026, 02:30 (+02:00)"
    assert look.moment(twice.replace(fold=1)) == "25 Oct 2026, 02:30"
    in_chinese = replace(look, language=Language.CHINESE)
    assert in_chinese.moment(in_summer) == "2026年7月12日 09:05 (+02:00)"


async def test_a_picture_of_the_text_and_no_turned_words_stand_in_a_river(store: Store) -> None:
    world = make_world_of(store, (Source("many", "https://many.example/feed"),), ())
    one = replace(
        story_of("many", 1, "One", START),
        summary="turned \u202e round",
        content_html='<p>turned</p><img src="https://img.example/a.jpg">',
    )
    told(store, "many", "Many", START, (one,))
    async with running(world.site) as server:
        page = parsed(await server.get("/feeds/all"))
    assert page.xpath("//img[@class='lead']/@src") == ["https://img.example/a.jpg"]
    assert "\u202e" not in str(page.text_content())


def make_world_of(store: Store, sources: tuple[Source, ...], feeds: tuple[Feed, ...]) -> World:
    present = configured(sources, feeds)
    store.apply(present.sources, present.feeds, now=START - DAY)
    return World(store, present)


async def test_documents_keep_their_addresses_and_pages_have_none_of_theirs(world: World) -> None:
    async with running(world.site) as server:
        for path in ("feeds/news", "feeds/all", "tags/%E7%A7%91%E6%8A%80", "sources/gongkai"):
            for accept in ("text/html", "application/atom+xml"):
                page = await server.get(f"/{path}", accept=accept)
                assert page.headers["content-type"] == "text/html; charset=utf-8"
                document = await server.get(f"/{path}.atom", accept=accept)
                assert document.headers["content-type"].startswith("application/atom+xml")
        for path in ("feeds/none", "feeds/news/archive/2026-11", "tags/none", "x"):
            assert (await server.get(f"/{path}")).status == 404


async def test_a_page_goes_with_its_feed(store: Store) -> None:
    make_world(store)
    sources = (replace(SOURCES[0], name="weekly"), *SOURCES[1:])
    present = configured(sources, FEEDS[2:])
    store.apply(present.sources, present.feeds, now=START + DAY)
    async with running(World(store, present).site) as server:
        for path in ("/feeds/news", "/feeds/news.atom"):
            assert (await server.get(path)).status == 410
        moved = await server.get("/sources/gongkai")
        assert (moved.status, moved.headers["location"]) == (301, "../sources/weekly")
        moved = await server.get("/sources/gongkai.rss")
        assert (moved.status, moved.headers["location"]) == (301, "../sources/weekly.rss")


async def test_titles_are_those_of_documents_and_never_keys(world: World) -> None:
    async with running(world.site) as server:
        for path in ("/", "/feeds", "/feeds/all", "/sources/gongkai"):
            shown = text_of(await server.get(path))
            assert "公开周刊" in shown
            assert "gongkai" not in re.sub(r"gongkai\.example", "", shown), path
        assert "All stories" in text_of(await server.get("/feeds/all"))


async def test_a_river_can_be_filtered_by_tag_and_by_source(world: World) -> None:
    async with running(world.site) as server:
        page = parsed(await server.get("/"))
        chips = {str(link.text).strip(): str(link.get("href")) for link in page.iterfind(".//li/a")}
        tagged = parsed(await server.get(f"/{chips['科技']}"))
        alone = parsed(await server.get(f"/{chips['Letters & Notes']}"))
        nothing = await server.get("/?tag=evil-words")
    assert {source(one) for one in tagged.iterfind(".//article")} == {
        "公开周刊",
        "Echo of the news, a source with a rather long title",
    }
    assert {source(one) for one in alone.iterfind(".//article")} == {"Letters & Notes"}
    assert nothing.status == 404
    assert b"evil" not in nothing.body


def source(article: html.HtmlElement) -> str:
    (mark,) = article.xpath("p[@class='by']/span")
    return str(mark.tail).strip(" ·\n")


async def test_a_story_told_by_several_is_one_and_names_the_others(world: World) -> None:
    async with running(world.site) as server:
        page = parsed(await server.get("/"))
        (article,) = page.xpath("//article[h3/a='公开周刊第一期']")
        assert "Also reported by 1 other" in article.text_content()
        assert "Echo of the news" in article.text_content()
        (way,) = article.xpath("h3/a/@href")
        told_in_full = text_of(await server.get(urljoin("/", way)))
    assert "第6段" in told_in_full
    assert "Also reported by These tell the same story" in told_in_full


async def test_a_summary_is_prose_of_a_line_or_two(world: World) -> None:
    async with running(world.site) as server:
        page = parsed(await server.get("/"))
    summaries = {
        str(article.findtext("h3/a")): str(article.findtext("p[@class='summary']"))
        for article in page.iterfind(".//article")
    }
    essay = summaries["An essay with everything in it"]
    assert essay.startswith("Text with code(), a link and 漢. Words of somebody else.")
    assert "def parse" not in essay  # code, tables and headings stand in no line
    assert len(summaries["公开周刊第一期"]) <= 100
    assert summaries["公开周刊第一期"].endswith("…")


async def test_a_story_is_shown_in_full_with_its_original_first(world: World) -> None:
    key = story_key(world.key_of("An essay with everything in it", "news"))
    async with running(world.site) as server:
        answer = await server.get(f"/stories/{key}")
        page = parsed(answer)
    main = page.find(".//main")
    assert main is not None
    first = next(main.iter("a"))
    assert first.get("href") == "https://letters.example/1"
    assert page.findtext(".//h1") == "An essay with everything in it"
    assert page.findtext(".//h2") == "An experiment"
    for found in (
        "//div[@class='wide']/pre",
        "//div[@class='wide']/table",
        "//figcaption",
        "//math",
    ):
        assert page.xpath(found), found
    assert "Listen: Episode (30 min, 12.3 MB)" in text_of(answer)
    assert "By Ada, Grace" in text_of(answer)
    assert page.xpath("//link[@rel='canonical']/@href") == ["https://letters.example/1"]
    assert page.xpath("//meta[@name='robots']/@content") == ["noindex"]


@pytest.mark.parametrize("index", [False, True])
async def test_search_engines_are_kept_away_unless_they_are_wanted(
    store: Store, index: bool
) -> None:
    world = make_world(store, replace(configured(), pages=Pages(index=index)))
    key = story_key(world.key_of("Letter 2", "news"))
    async with running(world.site) as server:
        for path in ("/", "/feeds", f"/stories/{key}", f"/feeds/{TOKEN}/circle"):
            page = parsed(await server.get(path))
            says_no = page.xpath("//meta[@name='robots']/@content") == ["noindex"]
            assert says_no == (not index or TOKEN in path), path


async def test_what_a_feed_with_a_token_shows_lies_below_it_alone(world: World) -> None:
    inner = story_key(world.key_of("For the circle alone"))
    shared = story_key(world.key_of("公开周刊第一期"))
    async with running(world.site) as server:
        page = await server.get(f"/feeds/{TOKEN}/circle")
        assert "For the circle alone" in text_of(page)
        assert page.headers["x-robots-tag"] == "none"
        assert page.headers["cache-control"] == "private, no-cache"
        links = parsed(page).xpath("//article//h3/a/@href")
        assert {str(link).rpartition("/")[0] for link in links} == {
            f"../../feeds/{TOKEN}/circle/stories"
        }
        for key in (inner, shared):
            below = await server.get(f"/feeds/{TOKEN}/circle/stories/{key}")
            assert below.status == 200
            assert "Echo" not in text_of(below)  # who the circle does not read
        for path in (
            f"/stories/{inner}", f"/feeds/{TOKEN}x/circle/stories/{inner}", "/feeds/circle",
            f"/feeds/{TOKEN}/news", f"/feeds/{TOKEN}/news/stories/{shared}",
            f"/feeds/news/stories/{shared}", f"/feeds/{TOKEN}x/circle", "/sources/inner",
            "/tags/inside", f"/events/feeds/{TOKEN}x/circle",
        ):  # fmt: skip
            assert (await server.get(path)).status == 404, path
        for path in ("/", "/feeds", "/feeds/all", "/feeds/news", f"/stories/{shared}"):
            for caller in ({}, AWAY):
                shown = (await server.get(path, **caller)).body.decode()
                for secret in ("circle", TOKEN, "Inner", "inner"):
                    assert secret not in shown, (path, secret)


async def test_a_feed_that_shows_little_of_a_story_gives_no_more_of_it_away(store: Store) -> None:
    feeds = (Feed("all", "Links", content="link"),)
    sources = (Source("blog", "https://blog.example/feed"),)
    world = make_world_of(store, sources, feeds)
    present = replace(world.config, feeds=world.config.feeds[:1])
    store.apply(present.sources, present.feeds, now=START - DAY)
    told(store, "blog", "Blog", START, (story_of("blog", 1, "Title", START, text="The text"),))
    world = World(store, present)
    key = story_key(world.key_of("Title", "all"))
    async with running(world.site) as server:
        for path in ("/", f"/stories/{key}"):
            shown = text_of(await server.get(path))
            assert "Title" in shown
            assert "The text" not in shown.replace("The text is not published here", "")


async def test_no_key_of_a_story_is_anything_else(world: World) -> None:
    async with running(world.site) as server:
        for key in ("0", "zzzzzzzzzzzz", "-1", "%C3%A9", "1.atom", "..%2f", "999999999999999999"):
            assert (await server.get(f"/stories/{key}")).status == 404


@given(st.integers(-(2**61), 2**61))
def test_a_storys_key_is_read_as_it_was_written(order_key: int) -> None:
    assert read_story_key(story_key(order_key)) == order_key


@given(st.booleans(), st.integers(-(10**16), 10**17), st.integers(0, 10**17 - 1))
def test_a_place_is_read_as_it_was_written(in_archive: bool, major: int, minor: int) -> None:
    place = Place(in_archive, min(major, 10**17 - 1), minor)
    assert read_place(str(place)) == place


@pytest.mark.parametrize(
    ("asked", "language"),
    [
        ({}, "en"),
        ({"accept_language": "zh-CN,zh;q=0.9,en;q=0.8"}, "zh-Hans"),
        ({"accept_language": "de, en;q=0.5, zh;q=0.4"}, "en"),
        ({"accept_language": "de, zh;q=x"}, "en"),
        ({"accept_language": "en", "cookie": "lang=zh"}, "zh-Hans"),
        ({"cookie": "lang=<script>"}, "en"),
    ],
)
async def test_pages_speak_the_readers_language(
    world: World, asked: dict[str, str], language: str
) -> None:
    async with running(world.site) as server:
        answer = await server.get("/", **asked)
    assert parsed(answer).get("lang") == language
    assert answer.headers["vary"] == "Accept-Encoding, Accept-Language, Cookie"


async def test_a_choice_is_remembered_and_leads_back(store: Store) -> None:
    world = make_world(store, configured(base_url="https://example.org/news/"))
    async with running(world.site) as server:
        answer = await server.get("/feeds/news?lang=zh&tag=essays&evil=1")
        assert (answer.status, answer.headers["location"]) == (303, "./news?tag=essays")
        assert answer.headers["set-cookie"] == (
            "lang=zh; HttpOnly; Max-Age=31536000; Path=/news/; SameSite=lax; Secure"
        )
        dark = await server.get("/", cookie="theme=dark; keys=off")
        assert parsed(dark).get("data-theme") == "dark"
        assert parsed(dark).find("body").get("data-keys") == "off"
        assert (await server.get("/?theme=purple")).status == 200


async def test_pages_are_asked_for_again_and_not_sent_again(world: World) -> None:
    async with running(world.site) as server:
        for path in ("/", "/feeds", "/feeds/news"):
            first = await server.get(path)
            again = await server.get(path, if_none_match=first.headers["etag"])
            assert (again.status, again.body) == (304, b"")
            chinese = await server.get(
                path, if_none_match=first.headers["etag"], accept_language="zh"
            )
            assert chinese.status == 200


async def test_style_and_script_are_kept_for_ever(world: World) -> None:
    async with running(world.site) as server:
        page = (await server.get("/feeds/news")).body.decode()
        for name, asset in ASSETS.items():
            assert f'"../assets/{name}"' in page
            answer = await server.get(f"/assets/{name}")
            assert answer.body == asset.body
            assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert (await server.get("/assets/pages.css")).status == 404


async def test_a_page_with_all_that_it_needs_is_small(store: Store) -> None:
    present = configured()
    store.apply(present.sources, present.feeds, now=START)
    for number, one in enumerate(present.sources):
        entries = tuple(
            story_of(one.name, each, "题" * 500, START - each * HOUR, text="文" * 5000, url=url)
            for each in range(30)
            for url in (f"https://{one.name}.example/{each}/" + "x" * (450 + 5 * each),)
        )
        picture = Enclosure("https://pictures.example/" + "x" * 460, "image/jpeg")
        entries = tuple(replace(one, enclosures=(picture,)) for one in entries)
        told(store, one.name, "名" * 300, START + number * HOUR, entries)
    world = World(store, present)
    parts = sum(len(asset.body) for asset in ASSETS.values())
    async with running(world.site) as server:
        for path in ("/", "/feeds", "/feeds/all"):
            answer = await server.get(path, accept_encoding="identity")
            assert len(answer.body) + parts <= 60_000, (path, len(answer.body), parts)


def test_every_text_has_a_translation_and_no_other() -> None:
    said = set()
    places = [
        *(ROOT / "aggregator/publish/templates/pages").iterdir(),
        *(ROOT / "aggregator/publish/pages").glob("*.py"),
        *(ROOT / "aggregator/serve").glob("*.py"),
    ]
    for path in places:
        code = path.read_text(encoding="utf-8")
        said |= {text for text in CHINESE if f'"{text}"' in code and path.stem != "chinese"}
        for text in re.findall(r"""\bsay\("([^"]+)["]""", code):
            assert text in CHINESE, (path.name, text)
        for pair in re.findall(r"""\bcount\([^"]*"([^"]+)",\s*"([^"]+)\"""", code):
            assert set(pair) <= CHINESE.keys(), (path.name, pair)
    assert said == CHINESE.keys()
    for english, chinese in CHINESE.items():
        assert set(re.findall(r"\{\w+\}", english)) == set(re.findall(r"\{\w+\}", chinese))
