"""Pictures of the pages for the documentation: `make pictures` draws them again.

What they show is made up; what draws it is the real server and Debian's Chromium.
"""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from aggregator.model import Enclosure, Feed, Source
from aggregator.model.candidates import Candidate, Found
from aggregator.publish.pages.story_keys import story_key
from aggregator.store.sqlite import open_store
from tests import ROOT
from tests.making import DAY, HOUR, START, failed, finish
from tests.page_browser import browser, eyes
from tests.page_operator import Idle
from tests.page_world import World, configured, story_of, told, weeks_of_polls
from tests.serving import running

if TYPE_CHECKING:
    from playwright.async_api import Page

    from aggregator.model import Entry
    from aggregator.store import Store

FOLDER = ROOT / "docs" / "pictures"
#: A picture in the repository is no larger.
MOST_BYTES = 150_000

SOURCES = (
    Source("gongkai", "https://gongkai.example/rss", tags=("科技", "开源")),
    Source("letters", "https://letters.example/feed", tags=("essays",)),
    Source("echo", "https://echo.example/feed", tags=("科技",)),
    Source("inner", "https://inner.example/feed", tags=("inside",)),
)
FEEDS = (
    Feed("news", "每日要闻 · Daily", description="What a few good sources say, each story once."),
)
LIBRARY = (
    "<p>读者可以下载自己的全部借阅记录，也可以选择公开其中的一部分。图书馆说，这些数据本来就属于读者。"
    "第一周有三千人下载，其中不少人发现自己十年前借过的书至今没有读完。</p>"
)
ESSAY = (
    "<p>A reader that asks every quarter of an hour learns nothing from most of its questions. "
    "Ours keeps a table of <em>when</em> each source has published, by hour and weekday, and asks "
    "when the answer is likely to have changed.</p><h2>What it costs</h2>"
    "<p>With a poll every <math><mi>t</mi></math> hours, an entry waits for</p>"
    '<math display="block"><mrow><mi>w</mi><mo>=</mo><mfrac><mi>t</mi><mn>2</mn></mfrac></mrow>'
    "</math>"
    "<p>so that twice the requests halve the wait. They are spent where most waits:</p>"
    "<table><thead><tr><th>source</th><th>requests a day</th><th>mean wait</th></tr></thead><tbody>"
    "<tr><td>a news site</td><td>96</td><td>7 min</td></tr><tr><td>a weekly letter</td><td>6</td>"
    "<td>55 min</td></tr></tbody></table><pre><code>$ aggregator explain letters\n"
    "next poll in 40 min: usually a new entry in 5 hours</code></pre>"
    "<blockquote><p>Whoever asks at the right moment need not ask often.</p></blockquote>"
)
PUBLISHED: dict[str, tuple[str, tuple[tuple[str, str], ...]]] = {
    "inner": ("The garden log", (("First frost", "<p>The beds are covered.</p>"),)),
    "letters": (
        "Letters & Notes",
        (
            ("How a feed reader learns when you publish", ESSAY),
            ("A short history of the permalink", "<p>It was meant to last, and some did.</p>"),
            ("What the lighthouse keepers wrote down", "<p>Wind, sails and, once, a whale.</p>"),
        ),
    ),
    "gongkai": (
        "公开周刊",
        (
            ("城市图书馆把十年的借阅数据交给了读者", LIBRARY),
            (
                "一台旧笔记本如何成为全家的订阅服务器",
                "<p>耗电六瓦，放在鞋柜上，三年没有关过机。</p>",
            ),
            ("开源字体项目发布第三版，新增六千个汉字", "<p>新增的多是人名与地名用字。</p>"),
        ),
    ),
    "echo": (
        "Echo of the coast",
        (
            ("城市图书馆把十年的借阅数据交给了读者", "<p>转载自公开周刊。</p>"),
            ("The ferry runs again from Monday", "<p>After two winters, twice a day.</p>"),
        ),
    ),
}
#: Hills below a sun, for every picture of a story.
HILLS = (
    b'<svg xmlns="http://www.w3.org/2000/svg" width="400" height="280">'
    b'<rect width="400" height="280" fill="#dfeaf2"/>'
    b'<circle cx="300" cy="80" r="36" fill="#f3b562"/>'
    b'<path d="M0 200q100-90 200-10t200-20v110H0z" fill="#7ba587"/>'
    b'<path d="M0 240q120-60 230 0t170-10v50H0z" fill="#4c7a5d"/></svg>'
)


#: What is found at an address.
FOUND = Found(
    "https://weekly.example/",
    (
        Candidate(
            "https://weekly.example/feed.xml", "The weekly, every Friday", offer="one",
            name="weekly", language="en", entries=20, newest_at=START,
            oldest_at=START - 133 * DAY, pause=7 * DAY,
            newest=(
                ("What the tide left", START),
                ("Forty years of one almanac", START - 7 * DAY),
                ("A walk along the old line", START - 14 * DAY),
            ),
        ),
        Candidate(
            "https://weekly.example/comments.xml", "The weekly: comments", offer="two",
            name="weekly-comments", language="en", entries=50, newest_at=START,
            oldest_at=START - 2 * DAY, pause=HOUR,
            newest=(("Re: What the tide left", START),),
        ),
    ),
)  # fmt: skip


class Finding(Idle):
    """Finds the two feeds of a page."""

    async def find(self, who: str, typed: str) -> Found:  # noqa: ARG002 - as it is asked
        """Find them."""
        return FOUND


async def look_up(page: Page) -> None:
    """Send the form of the page to add a source."""
    await page.fill("#url", "weekly.example")
    await page.keyboard.press("Enter")
    await page.wait_for_selector(".choice")


def entries(name: str) -> tuple[Entry, ...]:
    """Return what a source has published, newest first."""
    found = []
    for number, (title, text) in enumerate(PUBLISHED[name][1]):
        at = START - number * 9 * HOUR
        # The same address is the same article.
        url = "https://gongkai.example/library" if "图书馆" in title else None
        one = story_of(name, number, title, at, text=text, url=url)
        picture = Enclosure(f"https://{name}.example/{number}.svg", "image/svg+xml")
        found.append(replace(one, enclosures=(picture,) if number == 0 else ()))
    return tuple(found)


def world(store: Store) -> World:
    """Fill an empty database with what is shown."""
    present = configured(SOURCES, FEEDS)
    store.apply(present.sources, present.feeds, now=START - 20 * DAY)
    made = World(store, present)
    weeks_of_polls(made)
    for hour, name in enumerate(PUBLISHED):
        told(store, name, PUBLISHED[name][0], START + hour * HOUR, entries(name))
    finish(store, failed("no answer in 30 s"), START + 6 * HOUR, name="echo", because="it fails")
    return made


async def draw() -> None:
    """Draw every picture."""
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(Path(folder) / "aggregator.db")
        made = world(store)
        essay = story_key(made.key_of(PUBLISHED["letters"][1][0][0], "news"))
        site = replace(made.site, operating=Finding())
        async with running(site) as server, browser() as started:
            base = f"http://127.0.0.1:{server.port}"
            for name, width, height, theme, language, path in (
                ("page-stories", 1100, 860, "light", "en", "/"),
                ("page-stories-phone", 390, 844, "dark", "zh-CN", "/"),
                ("page-story", 1100, 900, "light", "en", f"/stories/{essay}"),
                ("page-sources", 1100, 620, "dark", "en", "/sources"),
                ("page-source", 1100, 900, "light", "zh-CN", "/sources/inner/health"),
                ("page-overview", 1100, 980, "light", "en", "/overview"),
                ("page-add", 1100, 900, "light", "en", "/add"),
            ):
                target = FOLDER / f"{name}.png"
                async with eyes(
                    started,
                    base,
                    picture=(HILLS, "image/svg+xml"),
                    viewport={"width": width, "height": height},
                    color_scheme=theme,
                    locale=language,
                ) as seen:
                    await seen.see(path)
                    if path == "/add":
                        await look_up(seen.page)
                    await seen.page.screenshot(path=target)
                assert target.stat().st_size <= MOST_BYTES, target
        store.close()


if __name__ == "__main__":
    asyncio.run(draw())
