"""The pages in a real browser: in every size, colour and language, by keyboard, without scripts."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from aggregator.publish.pages.story_keys import story_key
from aggregator.publish.xml_safety import clean as fit
from aggregator.refine.sanitise import clean
from aggregator.serve import create_app
from aggregator.store.operator_password import hash_of, password_path
from aggregator.store.sqlite import open_store
from tests.hostile_html import PAYLOADS
from tests.making import DAY, HOUR, START
from tests.page_browser import browser, eyes
from tests.page_operator import Idle
from tests.page_world import (
    TOKEN,
    World,
    configured,
    latin,
    make_world,
    story_of,
    told,
    weeks_of_polls,
)
from tests.serving import running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from playwright.async_api import Browser

    from tests.page_browser import Eyes

pytestmark = pytest.mark.asyncio(loop_scope="module")

WIDTHS = (375, 1280)
THEMES = ("light", "dark")
LANGUAGES = ("en", "zh-CN")
#: Each pair of width and theme, of width and language, of theme and language: what axe looks at.
PAIRS = {
    (375, "light", "zh-CN"),
    (1280, "dark", "en"),
    (375, "dark", "en"),
    (1280, "light", "zh-CN"),
}


@dataclass(frozen=True)
class House:
    """A browser beside a site, served with short patience for what streams tell."""

    world: World
    browser: Browser
    base: str

    @property
    def kinds(self) -> tuple[str, ...]:
        """One page of each kind."""
        pages = self.pages
        return pages[0], pages[2], pages[5], *pages[7:9], pages[-1]

    @property
    def pages(self) -> tuple[str, ...]:
        """Every page that readers may look at, of each kind at least one."""
        essay, weekly = (
            story_key(self.world.key_of(title, "news"))
            for title in ("An essay with everything in it", "公开周刊第一期")
        )
        return (
            "/", "/?tag=essays", "/feeds", "/feeds/all", f"/feeds/{TOKEN}/circle",
            f"/stories/{essay}", f"/stories/{weekly}", "/sources", "/sources/echo/health",
            "/sources/inner/health?done=poll", "/search?q=%E6%8E%92%E7%89%88+the", "/search",
            "/add", "/overview",
        )  # fmt: skip

    def window(self, width: int = 1280, **wanted: Any) -> Any:
        """Open a window of the browser."""
        return eyes(self.browser, self.base, viewport={"width": width, "height": 800}, **wanted)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    store = open_store(tmp_path_factory.mktemp("pages") / "aggregator.db")
    world = make_world(store, configured())
    weeks_of_polls(world)
    app = create_app(replace(world.site, operating=Idle()))
    app.streams.look_seconds = 0.05
    async with running(world.site, app=app) as server, browser() as started:
        yield House(world, started, f"http://127.0.0.1:{server.port}")
    store.close()


async def assert_fits(seen: Eyes, path: str) -> None:
    """Nothing is wider than the window, and no line of text is cut off."""
    await seen.page.wait_for_load_state()  # an element may be there before the style sheet is
    wide = await seen.page.evaluate(
        "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert wide <= 0, path


@pytest.mark.parametrize("width", WIDTHS)
async def test_every_page_is_well_in_every_size_colour_and_language(
    house: House, width: int
) -> None:
    for theme, language in itertools.product(THEMES, LANGUAGES):
        async with house.window(width, color_scheme=theme, locale=language) as seen:
            for path in house.pages:
                await seen.see(path)
                await assert_fits(seen, path)
                spoken = await seen.page.get_attribute("html", "lang")
                assert spoken == ("zh-Hans" if language == "zh-CN" else "en")
                if (width, theme, language) in PAIRS and path in house.kinds:
                    assert await seen.violations() == [], path
            assert seen.complaints == []
            assert seen.foreign == []


async def test_folds_are_well_when_they_are_open(house: House) -> None:
    async with house.window(375, color_scheme="dark") as seen:
        for path in ("/", "/overview"):
            await seen.see(path)
            await seen.page.evaluate(
                "() => document.querySelectorAll('details').forEach(one => { one.open = true; })"
            )
            await assert_fits(seen, path)
            assert await seen.violations() == []


async def test_everything_is_there_without_scripts(house: House) -> None:
    async with house.window(java_script_enabled=False, locale="en") as seen:
        page = seen.page
        await seen.see("/")
        await page.click("summary:has-text('Subscribe')")
        assert await page.locator(".address input").first.input_value() != ""
        assert await page.locator(".address button:visible").count() == 0
        await page.click("summary:has-text('Filter')")
        await page.click(".chips a:has-text('essays')")
        await page.click("a:has-text('Show all')")
        await page.click("summary:has-text('Also reported by')")
        assert await page.locator(".also li:visible").count() == 1
        await page.click("a[rel=next]")
        await page.click("a:has-text('Newest stories')")
        await page.wait_for_url(f"{house.base}/?")
        await page.click("article h3 a >> nth=0")
        await page.wait_for_selector(".prose:visible")
        await page.click("footer a:has-text('中文')")
        await page.wait_for_selector("html[lang=zh-Hans]")
        await page.click("footer a:has-text('深色')")
        await page.wait_for_selector("html[data-theme=dark]")
        await page.click(".turn a")
        await page.wait_for_selector("html[lang=zh-Hans] h1:has-text('今日要闻 · News of the day')")
        await page.click("nav a:has-text('概览')")
        await page.click("summary:has-text('以表格显示') >> nth=0")
        await page.wait_for_selector("th:has-text('合计'):visible")
        await page.click("nav a:has-text('订阅源')")
        await page.wait_for_selector("h1:has-text('订阅源')")


FOCUSED = "() => document.activeElement.textContent.trim()"


async def test_a_tour_by_keyboard(house: House) -> None:
    async with house.window(locale="en") as seen:
        page = seen.page
        await seen.see("/")
        titles = await page.locator("article h3 a").all_inner_texts()
        await page.keyboard.press("Tab")
        assert await page.evaluate(FOCUSED) == "Skip to the content"
        await page.keyboard.press("Enter")
        assert await page.evaluate("() => document.activeElement.id") == "content"
        for key, expected in (("j", 0), ("j", 1), ("j", 2), ("k", 1)):
            await page.keyboard.press(key)
            assert await page.evaluate(FOCUSED) == titles[expected]
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/stories/*")
        await page.go_back()
        await page.click("footer dd:near(dt:has-text('Keys')) a:has-text('Off')")
        await page.wait_for_selector("body[data-keys=off]")
        await page.keyboard.press("j")
        assert await page.evaluate(FOCUSED) not in titles
        await page.click("summary:has-text('Subscribe')")
        await page.locator(".address input").first.focus()
        await page.keyboard.type("jk")
        assert await page.locator("article a:focus").count() == 0
        assert seen.complaints == []


async def test_the_figures_of_a_picture_are_reached_by_keyboard(house: House) -> None:
    async with house.window(locale="en") as seen:
        page = seen.page
        await seen.see("/overview")
        for _ in range(30):
            await page.keyboard.press("Tab")
            if await page.evaluate(FOCUSED) == "The same as a table":
                break
        await page.keyboard.press("Enter")
        await page.wait_for_selector("section[aria-labelledby=entries] th:has-text('Together')")
        await page.keyboard.press("Tab")
        assert await page.evaluate("() => document.activeElement.matches('.wide:has(table)')")
        assert seen.complaints == []


async def test_a_source_is_polled_at_a_click(house: House) -> None:
    async with house.window(locale="en", java_script_enabled=False) as seen:
        page = seen.page
        await seen.see("/sources")
        await page.click("th a:has-text('Letters')")
        await page.click("button:has-text('Poll now')")
        await page.wait_for_url("**/sources/letters/health?done=poll")
        assert "It is being polled" in await page.locator(".done").inner_text()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", WIDTHS)
async def test_a_source_is_added_by_hand(house: House, width: int, language: str) -> None:
    scripts = language == "en"
    async with house.window(width, locale=language, java_script_enabled=scripts) as seen:
        page = seen.page
        await seen.see("/sources")
        await page.click("main a[href$=add]")
        await page.fill("#url", "weekly.example")
        await page.keyboard.press("Enter")
        for name in ("paste", "weekly"):
            await page.wait_for_selector(".choice input:checked")
            assert await page.input_value("#name") == "weekly"
            await assert_fits(seen, "/add with feeds")
            if scripts:
                assert await seen.violations() == []
            await page.fill("#name", name)
            await page.fill("#tags", "开源, news")
            await page.click("main form:has(#tags) button")
            if name == "paste":
                await page.wait_for_selector("#paste")
                await assert_fits(seen, "/add with a block")
                if scripts:
                    assert await seen.violations() == []
                await page.click("main form:has(#url) button")
        await page.wait_for_url("**/sources/letters/health?done=add")
        assert await page.locator(".done").inner_text() != ""
        assert seen.complaints == []
        assert seen.foreign == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", WIDTHS)
async def test_a_log_in_by_hand(house: House, tmp_path: Path, width: int, language: str) -> None:
    present = replace(
        house.world.config, store=replace(house.world.config.store, path=tmp_path / "one.db")
    )
    password_path(present.store.path).write_text(hash_of("correct horse battery"))
    world = World(house.world.store, present)
    async with (
        running(replace(world.site, operating=Idle())) as server,
        eyes(
            house.browser, f"http://127.0.0.1:{server.port}", locale=language,
            viewport={"width": width, "height": 800}, java_script_enabled=language == "en",
        ) as seen,
    ):  # fmt: skip
        page = seen.page
        await seen.see("/sources/letters/health")
        await page.click("main a[href$=login]")
        await page.fill("#password", "wrong password")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("[role=alert]")
        await assert_fits(seen, "/login")
        if language == "en":
            assert await seen.violations() == []
        await page.fill("#password", "correct horse battery")
        await page.click("main button")
        await page.wait_for_url("**/sources")
        await seen.see("/sources/letters/health")
        await page.click(".tools button >> nth=0")
        await page.wait_for_url("**/health?done=poll")
        await seen.see("/login")
        await assert_fits(seen, "/login")
        if language == "en":
            assert await seen.violations() == []
        await page.click("main button")
        await page.wait_for_selector("#password")
        # The browser itself tells of the answer to the wrong password.
        assert [one for one in seen.complaints if "403" not in one] == []
        assert seen.foreign == []


async def test_an_address_is_copied_at_a_click(house: House) -> None:
    allowed = ["clipboard-read", "clipboard-write"]
    async with house.window(locale="en", permissions=allowed) as seen:
        page = seen.page
        await seen.see("/feeds/all")
        await page.click("summary:has-text('Subscribe')")
        await page.click(".address button >> nth=0")
        await page.wait_for_selector("button:has-text('Copied')")
        copied = await page.evaluate("() => navigator.clipboard.readText()")
        assert copied == f"{house.world.config.server.base_url}/feeds/all.atom"


async def test_new_stories_are_announced_and_shown_at_a_click(house: House) -> None:
    async with house.window(locale="en") as seen:
        page = seen.page
        async with page.expect_response("**/events/**"):
            await seen.see("/feeds/all")
        fresh = story_of("letters", 99, "Fresh from the press", START + DAY)
        told(house.world.store, "letters", "Letters", START + DAY, (fresh, *latin()))
        await page.wait_for_selector(".news a:has-text('1 new story. Show it')")
        assert await seen.violations() == []
        await page.click(".news a")
        await page.wait_for_selector("article h3 a:has-text('Fresh from the press')")
        assert seen.complaints == []


async def test_no_payload_does_anything_on_any_page(
    house: House, tmp_path_factory: pytest.TempPathFactory
) -> None:
    store = open_store(tmp_path_factory.mktemp("hostile") / "aggregator.db")
    base = configured()
    hostile = PAYLOADS[-1] + "<img src=x onerror=alert(1)>"
    sources = tuple(
        replace(one, title=f"{hostile}{one.name}", tags=(hostile,), backfill=1000)
        for one in base.sources[:2]
    )
    feeds = (replace(base.feeds[0], title=hostile, description=hostile, window=30 * DAY),)
    present = configured(sources, feeds)
    store.apply(present.sources, present.feeds, now=START - DAY)
    texts = [fit(payload) for payload in PAYLOADS[::5]]
    told(store, "gongkai", hostile, START - HOUR, tuple(
        replace(
            story_of("gongkai", number, payload, START - number * HOUR / 9),
            summary=payload, content_html=clean(payload, "https://gongkai.example/"),
        )
        for number, payload in enumerate(texts)
    ))  # fmt: skip
    everything = "".join(f"<p>{clean(one, 'https://letters.example/')}</p>" for one in PAYLOADS)
    told(store, "letters", hostile, START, (
        replace(story_of("letters", 1, hostile, START), content_html=everything),
    ))  # fmt: skip
    world = World(store, present)
    whole = story_key(world.key_of(hostile, "sources/letters"))
    async with (
        running(world.site) as server,
        eyes(house.browser, f"http://127.0.0.1:{server.port}") as seen,
    ):
        for path in ("/feeds", "/sources/letters", f"/stories/{whole}", "/sources", "/overview"):
            await seen.see(path)
        older: str | None = ""
        shown = 0
        while older is not None:
            await seen.see(f"/{older}")
            shown += await seen.page.locator("article").count()
            link = seen.page.locator("a[rel=next]")
            older = await link.get_attribute("href") if await link.count() else None
        assert shown == len(texts) + 1
        assert [one for one in seen.complaints if not re.search(r"ERR_|404", one)] == []
        assert seen.foreign == []
        assert seen.page.url.startswith(seen.base)
    store.close()
