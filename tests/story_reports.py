"""What three sources report of one event, and how a store gets to know it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from zlib import crc32

from tests.making import START, absorb, document, entry, source

if TYPE_CHECKING:
    from aggregator.model import Entry, Feed
    from aggregator.store.sqlite import SqliteStore

MINUTE = timedelta(minutes=1)

#: Three reports of one event, and what is none of it.
LAUNCH = "Nvidia announces RTX 5090 graphics card at 1,999 dollars"
REPORTS = (
    LAUNCH,
    "Nvidia announces the RTX 5090 graphics card for 1,999 dollars",
    "RTX 5090 graphics card announced by Nvidia at 1,999 dollars",
)
OTHER = "Parliament votes on the new railway budget tonight"


def report(title: str, name: str, **fields: object) -> Entry:
    number = f"{name}/{crc32(title.encode())}"
    address = f"https://{name}.example/{number}"
    return entry(number, title=title, guid=address, url=address, **fields)  # type: ignore[arg-type]  # a test's shorthand


SOURCES = tuple(source(name) for name in ("one", "two", "three"))


def applied(store: SqliteStore, *feeds: Feed, at: timedelta = timedelta(0)) -> None:
    store.apply(SOURCES, feeds, now=START + at)


def brought(store: SqliteStore, at: timedelta, name: str, *reported: str) -> None:
    entries = (report(title, name, published_at=START + at) for title in reported)
    absorb(store, document(*entries), START + at, name=name)
