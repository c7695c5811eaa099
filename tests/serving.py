"""A running server for tests, and a client that shows every byte of an answer."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, cast

from aggregator.config import Listen
from aggregator.model.errors import StoreError
from aggregator.serve import (
    ConnectionBounds,
    Site,
    create_app,
    open_operator_sockets,
    open_sockets,
    serve,
)
from aggregator.serve.implementations import implementation
from aggregator.serve.responses import PROTECTION
from aggregator.serve.timeouts import TIMEOUTS, Timeouts
from tests import PATIENCE
from tests.publishing import MOMENT, Shelf, config, selection

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from datetime import datetime

    from aggregator.config import Config
    from aggregator.model import ArchivePart, Feed, IPNetwork, Selection, Story
    from aggregator.serve.routes import App
    from aggregator.store import Store

USUAL = ConnectionBounds()

#: The library that reads requests here: h11 is everywhere. `tests/on_uvloop.py` says another.
READS_WITH = ["h11"]


class Stock(Shelf):
    """A shelf that knows the past too: archives by part and feeds that were removed.

    `parts` are what `select_archive` gives, by name; `kept` are the documents that were frozen,
    `standing` the digests of the others and since when they are these.
    `renamed` are present names by former ones. `looked_up` are the names of which the past was
    asked, and `remembers` holds such a question up until it is set.
    """

    def __init__(self, stories: tuple[Story, ...] = ()) -> None:
        super().__init__(stories)
        self.parts: dict[str, Selection] = {}
        self.kept: dict[tuple[str, str, str], tuple[str, bytes]] = {}
        self.standing: dict[tuple[str, str, str], tuple[bytes, datetime]] = {}
        self.removed: dict[str, Feed] = {}
        self.renamed: dict[str, str] = {}
        self.looked_up: list[str] = []
        self.remembers = threading.Event()
        self.remembers.set()

    def operations(self) -> Selection:
        self.gate.wait(PATIENCE)
        if self.broken:
            raise StoreError("the database is locked")
        happened = selection(*self.stories, name="_status", title="Operations")
        return replace(happened, version=self.version, changed_at=self.changed_at)

    def renamed_feed(self, name: str) -> str | None:
        return self.renamed.get(name)

    def removed_feed(self, name: str) -> Feed | None:
        self.looked_up.append(name)
        self.remembers.wait(PATIENCE)
        if self.broken:
            raise StoreError("the database is locked")
        return self.removed.get(name)

    def archive_parts(self, feed: Feed) -> tuple[ArchivePart, ...]:  # noqa: ARG002 - as a store's
        return tuple(one.archive for one in self.parts.values() if one.archive is not None)

    def select_archive(self, feed: Feed, name: str) -> Selection | None:
        self.selects += 1
        if self.broken:
            raise StoreError("the database is locked")
        found = self.parts.get(name)
        return None if found is None else replace(found, feed=feed)

    def frozen(self, feed: Feed, name: str, form: str, made_for: str) -> bytes | None:
        if self.broken:
            raise StoreError("the database is locked")
        kept_for, body = self.kept.get((feed.name, name, form), ("", b""))
        return body if kept_for == made_for else None

    def freeze(self, feed: Feed, name: str, form: str, made_for: str, body: bytes) -> None:
        self.kept[feed.name, name, form] = (made_for, body)

    def standing_since(
        self,
        feed: Feed,
        name: str,
        form: str,
        *,
        digest: bytes,
        changed_at: datetime,
    ) -> datetime:
        before = self.standing.get((feed.name, name, form))
        if before is None or before[0] != digest:
            least = changed_at if before is None else before[1] + timedelta(seconds=1)
            before = digest, max(changed_at, least)
            self.standing[feed.name, name, form] = before
        return before[1]


@dataclass(frozen=True, slots=True)
class Answer:
    """A response as it came: status, header fields by lower-case name, and the body's bytes."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def protection(self) -> dict[str, str]:
        """The protective fields, with the names that `PROTECTION` has."""
        return {
            name: self.headers[name.lower()] for name in PROTECTION if name.lower() in self.headers
        }


@dataclass(frozen=True, slots=True)
class Running:
    """A server on loopback; `operator_port` is that of the operator's listener."""

    port: int
    operator_port: int = 0

    @property
    def for_operator(self) -> Running:
        """The same server, as who comes to the operator's listener meets it."""
        return replace(self, port=self.operator_port)

    async def ask(self, method: str, target: str, **fields: str) -> Answer:
        """Make one request on its own connection; a field's name has "_" for "-"."""
        lines = [f"{method} {target} HTTP/1.1", f"Host: {fields.pop('host', '127.0.0.1')}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]
        return await self.send("\r\n".join([*lines, "Connection: close", "", ""]).encode())

    async def get(self, target: str, **fields: str) -> Answer:
        """GET one target."""
        return await self.ask("GET", target, **fields)

    async def send(self, request: bytes) -> Answer:
        """Send these bytes and read until the server closes."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(request)
        return await read_answer(reader, writer)


async def read_answer(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, begun: bytes = b""
) -> Answer:
    """Read one response up to the connection's end, after what was read already, and close."""
    try:
        raw = begun + await asyncio.wait_for(reader.read(), PATIENCE)
    finally:
        writer.close()
        await writer.wait_closed()
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {}
    for line in lines:
        name, _, value = line.partition(": ")
        assert name.lower() not in headers, f"{name} twice"
        headers[name.lower()] = value
    return Answer(int(first.split()[1]), headers, body)


def site(
    shelf: Shelf,
    configured: Callable[[], Config] | None = None,
    health: Callable[[], str | None] = lambda: None,
    now: Callable[[], datetime] | None = None,
    timeouts: Timeouts = TIMEOUTS,
) -> Site:
    """Return a site over the shelf, at a fixed moment unless `now` is given."""
    present = config()
    later = MOMENT.replace(day=21)
    return Site(
        config=configured or (lambda: present),
        store=cast("Store", shelf),
        health=health,
        now=now or (lambda: later),
        timeouts=timeouts,
    )


@contextlib.asynccontextmanager
async def running(
    served: Site,
    bounds: ConnectionBounds = USUAL,
    *,
    proxies: Callable[[], tuple[IPNetwork, ...]] = tuple,
    app: App | None = None,
) -> AsyncIterator[Running]:
    """Serve on a free port of loopback for as long as the block lasts; `app` instead of a new."""
    listen = Listen("127.0.0.1", 0, None)
    sockets, own = open_sockets(listen), open_operator_sockets(listen)
    port, operator_port = (opened[0].getsockname()[1] for opened in (sockets, own))
    stop = asyncio.Event()
    task = asyncio.create_task(
        serve(
            app or create_app(served),
            sockets,
            stop,
            bounds,
            operator=own,
            proxies=proxies,
            implementation=implementation(READS_WITH[-1]),
        )
    )
    try:
        yield Running(port, operator_port)
    finally:
        stop.set()
        await asyncio.wait_for(task, PATIENCE)
