"""Publishers of any number of sources in one process, at every loopback address of one port.

    python -m benchmarks.fleet.responder PORT

`GET /N.xml` is the document of source N: its last ten entries. Three of ten requests find an entry
more than the one before did, the others are answered with 304. Which ones follows from the number
of the source and of the request alone. `GET /counted` tells what was asked so far, as JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from email.utils import formatdate
from typing import TYPE_CHECKING, cast

from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Entries of a document, and those that a source has before it is asked for the first time.
SHOWN, FIRST = 10, 5
#: How long an answer takes.
ANSWER_S = 0.02
#: An entry's text: with ten of them a document has some 8 KB.
TEXT = "The committee met again and took note of what had been decided before. " * 9

#: When the first entry of each source was published; an entry an hour.
_BEGAN_S = 1_790_000_000


class Publishers:
    """What all sources have published, and who is connected to which host."""

    def __init__(self) -> None:
        self.newest: dict[int, int] = {}  # of a source: the number of its newest entry
        self.asks: Counter[int] = Counter()
        self.statuses: Counter[int] = Counter()
        self.connected: Counter[str] = Counter()
        self.most_connected = 0
        self.most_asked = 0
        self._asked: Counter[str] = Counter()

    def connect(self, host: str, by: int) -> None:
        """Count a connection to a host, or its end."""
        self.connected[host] += by
        self.most_connected = max(self.most_connected, self.connected[host])
        if not self.connected[host]:
            del self.connected[host]

    def ask(self, host: str, by: int) -> None:
        """Count a request to a host that is under way, or its end."""
        self._asked[host] += by
        self.most_asked = max(self.most_asked, self._asked[host])

    def answer(self, source: int, etag: str | None) -> tuple[int, str, bytes]:
        """Return the status, the ETag and the body of an answer."""
        asked = self.asks[source]
        self.asks[source] += 1
        newest = self.newest.get(source, FIRST - 1)
        if asked and has_news(source, asked):
            newest += 1
        self.newest[source] = newest
        fresh = f'"{source}-{newest}"'
        status = 304 if etag == fresh else 200
        self.statuses[status] += 1
        return status, fresh, b"" if status == 304 else document(source, newest)

    def counted(self) -> dict[str, object]:
        """Return what was counted, for JSON."""
        return {
            "statuses": dict(self.statuses),
            "most_connected": self.most_connected,
            "most_asked": self.most_asked,
            "asks": self.asks,
            "newest": self.newest,
        }


def has_news(source: int, asked: int) -> bool:
    """Tell whether a source has an entry more when it is asked for the so-many-th time."""
    return (source * 7 + asked * 3) % 10 < 3


def document(source: int, newest: int) -> bytes:
    """Return a source's document whose newest entry has this number."""
    items = "".join(_items(source, newest))
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<rss version="2.0"><channel>'
        f"<title>Source {source}</title><link>http://127.0.0.1/{source}</link>"
        f"<description>Made up</description>{items}</channel></rss>"
    ).encode()


def _items(source: int, newest: int) -> Iterator[str]:
    for number in range(newest, max(-1, newest - SHOWN), -1):
        at = formatdate(_BEGAN_S + 3600 * number, usegmt=True)
        yield (
            f"<item><title>Decision {number} of committee {source}</title>"
            f'<guid isPermaLink="false">{source}-{number}</guid>'
            f"<link>http://127.0.0.1/{source}/{number}</link><pubDate>{at}</pubDate>"
            f"<description>{number} of {source}: {TEXT}</description></item>"
        )


class Connection(asyncio.Protocol):
    """One connection: requests without bodies, one after the other."""

    def __init__(self, publishers: Publishers) -> None:
        self._publishers = publishers
        self._read = b""
        self._host = ""

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._host = transport.get_extra_info("sockname")[0]
        self._publishers.connect(self._host, 1)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._publishers.connect(self._host, -1)

    @override
    def data_received(self, data: bytes) -> None:
        self._read += data
        while b"\r\n\r\n" in self._read:
            head, _, self._read = self._read.partition(b"\r\n\r\n")
            if head.startswith(b"GET /counted"):
                self._say(head)
                continue
            # An answer takes its time, so that two that ask at once are seen.
            self._publishers.ask(self._host, 1)
            asyncio.get_running_loop().call_later(ANSWER_S, self._end, head)

    def _end(self, head: bytes) -> None:
        self._publishers.ask(self._host, -1)
        self._say(head)

    def _say(self, head: bytes) -> None:
        if not self._transport.is_closing():  # else who asked was killed
            self._transport.write(self._answer(head))

    def _answer(self, head: bytes) -> bytes:
        request, *lines = head.decode("latin-1").split("\r\n")
        path = request.split()[1]
        if path == "/counted":
            body = json.dumps(self._publishers.counted()).encode()
            return _said(200, body, "application/json")
        fields = dict(line.split(": ", 1) for line in lines)
        etag = {name.lower(): value for name, value in fields.items()}.get("if-none-match")
        status, fresh, body = self._publishers.answer(int(path[1:-4]), etag)
        return _said(status, body, "application/rss+xml", f"ETag: {fresh}\r\n")


def _said(status: int, body: bytes, kind: str, fields: str = "") -> bytes:
    length = "" if status == 304 else f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
    return f"HTTP/1.1 {status} -\r\n{length}{fields}\r\n".encode() + body


async def _serve(port: int) -> None:
    publishers = Publishers()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Connection(publishers),
        "0.0.0.0",  # noqa: S104 -- all of 127.0.0.0/8
        port,
        backlog=4096,
    )
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
