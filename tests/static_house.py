"""A folder with a database and a directory to publish files to, for tests."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from aggregator.config import Publish, StoreSettings
from aggregator.model import Feed, Source
from aggregator.outputs.static_files import publish_all
from aggregator.outputs.written_marks import FILE_NAME
from aggregator.store.sqlite import open_store
from tests.making import DAY, START, absorb, automatic_feed, document, entry
from tests.publishing import config

if TYPE_CHECKING:
    from pathlib import Path

    from aggregator.config import Config

TOKEN = "t0ken-t0ken-t0ken-t0ken"  # noqa: S105 - nobody's

SOURCES = (
    Source("one", "https://one.example/feed.xml", tags=("c/c++", "科技")),
    Source("two", "https://two.example/feed.xml", tags=("node.js",)),
)


FEEDS = (
    Feed("news", "News"),
    Feed("club", "Club", token=TOKEN),
    automatic_feed("tags/c/c++", tags=("c/c++",)),
    automatic_feed("tags/科技", tags=("科技",)),
    automatic_feed("tags/node.js", tags=("node.js",)),
    automatic_feed("sources/one", sources=("one",)),
)


class House:
    """A folder with a database and a directory to publish to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.directory = folder / "public"
        self.config = self.configured()
        self.store = open_store(folder / "aggregator.db")
        self.apply()

    def configured(self, **changes: Any) -> Config:
        fields: dict[str, Any] = {"sources": SOURCES, "feeds": FEEDS} | changes
        publish = fields.pop("publish", Publish(self.directory))
        made = config(base_url="https://feeds.example.org", **fields)
        settings = StoreSettings(self.folder / "aggregator.db", 180 * DAY, 30 * DAY)
        return replace(made, publish=publish, store=settings)

    def apply(self) -> None:
        self.store.apply(self.config.sources, self.config.feeds, now=START)

    def change(self, **changes: Any) -> None:
        self.config = self.configured(**changes)
        self.apply()

    def poll(self, *numbers: int | str, days: int = 0, name: str = "one") -> None:
        absorb(self.store, document(*map(entry, numbers)), START + days * DAY, name=name)

    def publish(self) -> int:
        return publish_all(self.config, self.store)

    def files(self) -> dict[str, bytes]:
        return {
            str(path.relative_to(self.directory)): path.read_bytes()
            for path in self.directory.rglob("*")
            if path.is_file() and path.name != FILE_NAME
        }

    def plain(self) -> set[str]:
        return {name for name in self.files() if not name.endswith((".gz", ".br"))}

    def times(self) -> dict[str, int]:
        return {name: (self.directory / name).stat().st_mtime_ns for name in self.files()}
