"""Stories and selections for tests of what is published, and a store that holds just them."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aggregator.config import (
    Config,
    Listen,
    Log,
    NetworkSettings,
    Polling,
    ServerSettings,
    StoreSettings,
)
from aggregator.model import (
    AlsoTold,
    ArchivePart,
    Category,
    Enclosure,
    Feed,
    Origin,
    Particulars,
    Sameness,
    Selection,
    Source,
    SourceStatus,
    Story,
)
from aggregator.model.errors import StoreError
from aggregator.model.pages import Place, ShownSource, Stretch, Wish
from aggregator.rules.secrets import Secrets
from tests import PATIENCE
from tests.making import by

MOMENT = datetime(2026, 11, 20, 8, 30, 15, 250_000, tzinfo=UTC)

ITHOME = Origin(
    name="ithome",
    title="IT之家",
    id="urn:uuid:8c0a0d3c-5f0e-4b7d-9c7e-0f3a51c0a001",
    url="https://www.ithome.com/rss/",
    site_url="https://www.ithome.com/",
    updated_at=MOMENT,
    language="zh-CN",
)
PRIVATE = Origin(
    name="club",
    title="The club & friends",
    id="urn:uuid:8c0a0d3c-5f0e-4b7d-9c7e-0f3a51c0a002",
    url=None,
    site_url=None,
    updated_at=MOMENT - timedelta(days=2),
)


def story(**changes: Any) -> Story:
    """Return a story with everything in it, but for what `changes` says."""
    fields: dict[str, Any] = {
        "id": "https://www.ithome.com/0/900/001.htm",
        "order_key": 1,
        "origin": ITHOME,
        "url": "https://www.ithome.com/0/900/001.htm",
        "title": "小米 <SU7> & 77.26% 增长",
        "content_html": (
            '<p>全文 &amp; 图片 ]]&gt;</p><img src="https://img.ithome.com/1.jpg" alt="图" '
            'loading="lazy" referrerpolicy="no-referrer">'
        ),
        "summary": "摘要 <不是标签> & 文本",
        "particulars": by("远洋"),
        "published_at": MOMENT - timedelta(hours=1),
        "updated_at": MOMENT,
        "categories": (Category("科技"), Category("a/b, c")),
        "enclosures": (
            Enclosure("https://cdn.example.org/one.mp3", "audio/mpeg", 1234),
            Enclosure("https://cdn.example.org/two.ogg", "audio/ogg; codecs=opus"),
        ),
        "language": None,
    }
    return Story(**(fields | changes))


def also(origin: Origin, **changes: Any) -> AlsoTold:
    """Return another entry of a story."""
    fields: dict[str, Any] = {
        "title": "",
        "url": None,
        "published_at": MOMENT,
        "because": Sameness.JOINED,
    }
    return AlsoTold(origin, **(fields | changes))


def bare_story(**changes: Any) -> Story:
    """Return a story with nothing in it that may be missing, but for what `changes` says."""
    fields: dict[str, Any] = {
        "id": "urn:uuid:8c0a0d3c-5f0e-4b7d-9c7e-0f3a51c0b001",
        "order_key": 1,
        "origin": PRIVATE,
        "url": None,
        "title": "",
        "content_html": "",
        "summary": "",
        "particulars": Particulars(),
        "published_at": MOMENT - timedelta(hours=2),
        "updated_at": MOMENT - timedelta(hours=2),
    }
    return Story(**(fields | changes))


def selection(*stories: Story, name: str = "all", title: str = "全部 · All") -> Selection:
    """Return a selection of these stories, changed at `MOMENT`."""
    return Selection(
        feed=Feed(name, title),
        id="urn:uuid:8c0a0d3c-5f0e-4b7d-9c7e-0f3a51c0f001",
        version=1,
        changed_at=MOMENT,
        stories=stories,
    )


#: The archive of a feed: a month that was busy, and the present one, which still grows.
ARCHIVE = (
    ArchivePart("2026-10", 1, whole=True, past=True),
    ArchivePart("2026-10", 2, whole=True, past=True),
    ArchivePart("2026-11", 1, whole=False, past=False, until="2026-11-20"),
)


def archived(*stories: Story, number: int = 1) -> Selection:
    """Return one part of the archive of `all`, by its number in `ARCHIVE`."""
    return replace(
        selection(*stories),
        archive=ARCHIVE[number],
        previous=ARCHIVE[number - 1] if number else None,
        next=ARCHIVE[number + 1] if number + 1 < len(ARCHIVE) else None,
    )


def config(
    *,
    sources: tuple[Source, ...] = (Source("ithome", "https://www.ithome.com/rss/"),),
    feeds: tuple[Feed, ...] = (Feed("all", "全部 · All"),),
    base_url: str = "http://127.0.0.1:8420",
    public_opml: bool = False,
) -> Config:
    """Return a configuration that publishes these feeds."""
    return Config(
        path=Path("config.toml"),
        server=ServerSettings(Listen("127.0.0.1", 0, None), base_url, public_opml=public_opml),
        store=StoreSettings(Path("aggregator.db"), timedelta(days=180), timedelta(days=30)),
        polling=Polling(timedelta(minutes=15), timedelta(hours=12), concurrency=16),
        network=NetworkSettings((), None, None),
        log=Log("info"),
        sources=sources,
        feeds=feeds,
    )


def status(name: str, **changes: Any) -> SourceStatus:
    """Return the row of a source that was never polled, but for what `changes` says."""
    fields: dict[str, Any] = {
        "name": name,
        "url": "",
        "title": None,
        "enabled": True,
        "entries": 0,
        "last_poll_at": None,
        "last_success_at": None,
        "next_poll_at": None,
        "because": None,
        "problem": None,
    }
    return SourceStatus(**(fields | changes))


class Shelf:
    """The methods of a store that the server calls, over stories that a test may swap.

    `selects` counts how often the stories were read; `reading` is set by the first read; `gate`
    holds a read up until it is set; `broken` makes every read fail as a locked database does.
    """

    def __init__(self, stories: tuple[Story, ...] = ()) -> None:
        self.stories = stories
        self.version = 1
        self.changed_at = MOMENT
        self.selects = 0
        self.broken = False
        self.gate = threading.Event()
        self.gate.set()
        self.reading = threading.Event()
        self.rows: list[SourceStatus] = []
        self.held = Secrets()

    def secrets(self) -> Secrets:
        return self.held

    def publish(self, *stories: Story, after: timedelta = timedelta(minutes=1)) -> None:
        """Replace the stories, as a poll that brought something does."""
        self.stories = stories
        self.version += 1
        self.changed_at += after

    def feed_version(self, name: str) -> int | None:
        return None if name == "forgotten" else self.version

    def select(self, feed: Feed) -> Selection:
        self.selects += 1
        self.reading.set()
        self.gate.wait(PATIENCE)
        if self.broken:
            raise StoreError("the database is locked")
        identifier = f"urn:x-test:{feed.name}"
        return Selection(feed, identifier, self.version, self.changed_at, self.stories)

    def stretch(
        self,
        feed: Feed,
        *,
        place: Place | None,  # noqa: ARG002 - as a store's
        wish: Wish,  # noqa: ARG002 - as a store's
        most: int,
    ) -> Stretch:
        return Stretch(self.select(feed).stories[:most], None)

    def shown_sources(self, feed: Feed) -> tuple[ShownSource, ...]:  # noqa: ARG002 - as a store's
        return ()

    def titles(self, names: tuple[str, ...]) -> dict[str, str]:
        if self.broken:
            raise StoreError("the database is locked")
        return {row.name: row.title for row in self.rows if row.name in names and row.title}

    def status(self) -> list[SourceStatus]:
        if self.broken:
            raise StoreError("the database is locked")
        return self.rows
