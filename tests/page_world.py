"""A site with something on every page: sources, feeds and stories in a real database."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from aggregator.config.automatic_feeds import automatic
from aggregator.model import Enclosure, Feed, NotModified, Source
from aggregator.schedule.price import Hour, Pricing, to_text
from aggregator.serve import Site
from tests.making import DAY, HOUR, START, by, document, entry, failed, fetched, finish
from tests.publishing import config

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from aggregator.config import Config
    from aggregator.model import Entry
    from aggregator.store import Store

TOKEN = "t0ken-t0ken-t0ken-t0ken"  # noqa: S105 - nobody's

SOURCES = (
    Source("gongkai", "https://gongkai.example/rss", tags=("科技", "开源")),
    Source("letters", "https://letters.example/feed", title="Letters & Notes", tags=("essays",)),
    Source("echo", "https://echo.example/feed", tags=("科技",)),
    Source("inner", "https://inner.example/feed", title="Inner circle", tags=("inside",)),
)
FEEDS = (
    Feed(
        "news",
        "今日要闻 · News of the day",
        sources=("gongkai", "letters", "echo"),
        description="What happened, 每天更新。",
    ),
    Feed("headlines", "Headlines", sources=("gongkai",), content="link"),
    Feed("circle", "The circle", sources=("inner", "gongkai"), token=TOKEN),
)

LONG_CHINESE = "".join(
    f"<p>第{number}段。这里是一段用来检查中文排版的正文，含有标点“引号”、数字 3.14 与 Latin words，"
    "行末不应出现逗号，也不应把词从中间断开。开源社区在过去一年里发布了许多新的版本，读者可以在这里读到全文。</p>"
    for number in range(1, 7)
)
RICH = (
    "<h1>An experiment</h1><p>Text with <code>code()</code>, a <a href='https://letters.example/x'>"
    "link</a> and <ruby>漢<rt>かん</rt></ruby>.</p>"
    "<pre><code>def parse(document: bytes) -&gt; tuple[Entry, ...]:  # a line that is much wider "
    "than any phone, so that it scrolls by itself\n    return ()</code></pre>"
    "<table><thead><tr><th>source</th><th>requests a day</th><th>entries a day</th><th>mean delay"
    "</th><th>share of 304</th></tr></thead><tbody><tr><td>letters.example</td><td>24</td>"
    "<td>3</td><td>12 min</td><td>0.87</td></tr></tbody></table>"
    "<figure><img src='data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQ"
    "VR4nGNgYPj/HwADAgH/p4B9WQAAAABJRU5ErkJggg==' alt='A red square' loading='lazy' "
    "referrerpolicy='no-referrer'><figcaption>A caption below a picture</figcaption></figure>"
    "<math display='block'><mrow><mi>E</mi><mo>=</mo><mi>m</mi><msup><mi>c</mi><mn>2</mn></msup>"
    "</mrow></math><blockquote><p>Words of somebody else.</p></blockquote><ul><li>one</li>"
    "<li>two</li></ul>"
).replace("'", '"')


@dataclass(frozen=True)
class World:
    """A database, and the configuration that it was made for."""

    store: Store
    config: Config

    @property
    def site(self) -> Site:
        """The site over it, in UTC, on the evening of the second day."""
        return Site(
            config=lambda: self.config,
            store=self.store,
            health=lambda: None,
            now=lambda: START + DAY + 12 * HOUR,
            local=lambda moment: moment,
        )

    def key_of(self, title: str, feed: str = "circle") -> int:
        """Return the order key of the story with this title."""
        selected = self.store.select(self.feed(feed))
        (found,) = (story for story in selected.stories if story.title == title)
        return found.order_key

    def feed(self, name: str) -> Feed:
        """Return the feed of this name."""
        (found,) = (feed for feed in self.config.feeds if feed.name == name)
        return found


def configured(
    sources: Sequence[Source] = SOURCES, feeds: Sequence[Feed] = FEEDS, **server: str
) -> Config:
    """Return a configuration with these sources and feeds, and the automatic ones."""
    every = (*feeds, *automatic(sources, feeds))
    return config(sources=tuple(sources), feeds=every, **server)  # type: ignore[arg-type]  # strings


def make_world(store: Store, present: Config | None = None) -> World:
    """Fill an empty database."""
    present = present or configured()
    store.apply(present.sources, present.feeds, now=START)
    told(store, "gongkai", "公开周刊", START + HOUR, chinese())
    told(store, "letters", "letters.example", START + 2 * HOUR, latin())
    told(store, "echo", "Echo of the news, a source with a rather long title", START + 3 * HOUR, (
        story_of("echo", 1, "公开周刊第一期", START, url="https://gongkai.example/1", text="转载"),
        story_of("echo", 2, "Echo only", START + HOUR, text="Only here."),
    ))  # fmt: skip
    told(store, "inner", "inner.example", START + 4 * HOUR, (
        story_of("inner", 1, "For the circle alone", START + 2 * HOUR, text="With the token."),
    ))  # fmt: skip
    return World(store, present)


def weeks_of_polls(world: World) -> None:
    """Let two weeks of polls go by: one source fails, others have quiet days and busy ones."""
    store = world.store
    hours = tuple(Hour(4 + number % 24 // 6, 5.0) for number in range(100))
    store.set_pricing(to_text(Pricing(price=3.0, hours=hours, steered_at=START)))
    for day in range(14):
        for hour in range(0, 24, 3):
            at = START - (14 - day) * DAY + hour * HOUR
            finish(store, NotModified("https://gongkai.example/rss"), at, name="gongkai")
            if day % 6 != 5:
                finish(store, NotModified("https://letters.example/feed"), at, name="letters")
            if day > 11 or (day == 5 and hour > 12):
                finish(store, failed(f"no answer in {hour + 10} s"), at, name="echo")
            else:
                finish(store, NotModified("https://echo.example/feed"), at, name="echo")
        fresh = tuple(
            story_of("inner", 1000 + day * 10 + one, f"Of day {day}.{one}", at - one * 5 * HOUR)
            for one in range(day % 4)
        )
        told(store, "inner", "inner.example", START - (14 - day) * DAY + 23 * HOUR, fresh)
        store.prune(START - (14 - day) * DAY, retention=365 * DAY, keep_raw=365 * DAY)


def chinese() -> tuple[Entry, ...]:
    """Return the entries of a source in Chinese."""
    first = story_of("gongkai", 1, "公开周刊第一期", START, text=LONG_CHINESE, language="zh-CN")
    picture = Enclosure("https://pictures.example/lead.jpg", "image/jpeg", title="封面")
    return (
        replace(first, enclosures=(picture,)),
        *(
            story_of(
                "gongkai", number, f"第{number}条消息：一个相当长的标题，用来检查换行与截断",
                START - number * HOUR, text=LONG_CHINESE, language="zh-CN",
            )
            for number in range(2, 12)
        ),
    )  # fmt: skip


def latin() -> tuple[Entry, ...]:
    """Return the entries of a source in English, one with everything in it."""
    rich = story_of("letters", 1, "An essay with everything in it", START + HOUR, text=RICH)
    episode = Enclosure("https://letters.example/1.mp3", "audio/mpeg", 12_300_000, "Episode", 1800)
    return (
        replace(rich, enclosures=(episode,), particulars=by("Ada", "Grace"), language="en"),
        *(
            story_of(
                "letters", number, f"Letter {number}", START - number * 5 * HOUR,
                text=f"<p>The text of letter {number}, which says one thing after another.</p>",
                language="en",
            )
            for number in range(2, 20)
        ),
    )  # fmt: skip


def story_of(
    source: str,
    number: int,
    title: str,
    at: datetime,
    *,
    text: str = "text",
    url: str | None = None,
    language: str | None = None,
) -> Entry:
    """Return an entry of a source."""
    url = url or f"https://{source}.example/{number}"
    made = entry(number, title=title, published_at=at, guid=f"{source}:{number}", url=url)
    return replace(
        made,
        content_html=text if text.startswith("<") else f"<p>{text}</p>",
        language=language,
        shared_keys=(f"url:{url}",),
    )


def told(store: Store, name: str, title: str, at: datetime, entries: tuple[Entry, ...]) -> None:
    """Let a source's document be read."""
    head = {"title": title, "site_url": f"https://{name}.example/"}
    finish(
        store,
        fetched(),
        at + timedelta(minutes=1),
        refined=document(*entries, **head),
        name=name,
        because="usually a new entry in 5 hours",
    )
