"""One entry's way from body bytes to compressed Atom bytes: the modules that it visits.

Fetching and routing are left out: what is called is what a worker, the store and a rendering call.
`python -m benchmarks.way` prints the counts; with `--list` also each module, when first visited.
"""

from __future__ import annotations

import sys
import tempfile
import threading
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import aggregator
from aggregator import parse, refine
from aggregator.model import Attempt, Body, Decision, Feed, Fetched, News, Plan, Source, Validators
from aggregator.publish import Addresses, Format, render
from aggregator.publish.compression import pack
from aggregator.store.sqlite import open_store

if TYPE_CHECKING:
    from types import FrameType

ROOT = Path(aggregator.__file__).parent
NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)
DOCUMENT = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0"><channel><title>One</title><link>https://one.example/</link>
<item><title>小米造车迎来新进展</title><link>https://one.example/1.htm?utm_source=rss</link>
<guid>https://one.example/1.htm</guid><pubDate>Fri, 20 Nov 2026 07:00:00 GMT</pubDate>
<description><![CDATA[<p>昨日有<b>多个</b>媒体报道。</p>
<p><img src="/1.png" data-original="/2.png"></p>]]></description></item></channel></rss>
""".encode()


class Way:
    """Counts the functions of the program that are called, and each step from module to module."""

    def __init__(self) -> None:
        self.functions: Counter[tuple[str, str]] = Counter()
        self.modules: dict[str, None] = {}
        self.moves = 0
        self.is_counting = False

    def __call__(self, frame: FrameType, event: str, _: object) -> None:
        if event != "call" or not self.is_counting:
            return
        module = self._module(frame)
        if module is None or frame.f_code.co_name == "<module>":
            return
        self.modules.setdefault(module)
        self.functions[module, frame.f_code.co_qualname] += 1
        caller = frame.f_back and self._module(frame.f_back)
        if caller is not None and caller != module:
            self.moves += 1

    @staticmethod
    def _module(frame: FrameType) -> str | None:
        path = Path(frame.f_code.co_filename)
        return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else None


def walk(folder: Path, way: Way) -> None:
    """Let one document be read, stored and published, and count the calls."""
    source = Source("one", "https://one.example/feed.xml")
    feed = Feed("all", "All")
    store = open_store(folder / "way.db")  # its writer is a thread, profiled from its start
    store.apply((source,), (feed,), now=NOW)
    (state,) = store.states(("one",))
    url = source.urls[0]
    body = Body(DOCUMENT, "application/rss+xml", url, source.timezone, NOW)
    answer = Fetched(url, 200, DOCUMENT, b"1", "application/rss+xml", Validators())

    def decide(_: News) -> Decision:
        return Decision(Plan(NOW, "measured"))

    way.is_counting = True
    refined = refine.normalise(parse.read(body))
    store.absorb(state, (Attempt(url, answer),), refined, decide, now=NOW)
    packed = pack(render(store.select(feed), Format.ATOM, Addresses("https://feeds.example")))
    way.is_counting = False
    store.close()
    if not packed:
        sys.exit("the way was not walked to its end")


def main() -> None:
    way = Way()
    threading.setprofile(way)
    sys.setprofile(way)
    with tempfile.TemporaryDirectory() as folder:
        walk(Path(folder), way)
    sys.setprofile(None)
    rooms = dict.fromkeys(name.partition("/")[0] for name in way.modules)
    print(
        f"{len(rooms)} rooms, {len(way.modules)} modules, {len(way.functions)} functions, "
        f"{way.moves} moves between modules"
    )
    if "--list" in sys.argv[1:]:
        print("\n".join(way.modules))


if __name__ == "__main__":
    main()
