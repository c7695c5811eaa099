"""The demonstration: a small publisher on loopback, and the daemon that polls it.

The documents beside this file are served with a new entry every few seconds, the way a well-kept
site serves them: with ETag and Last-Modified, and 304 when nothing is new. `make demo` starts it;
one Ctrl-C ends both, and the folder that the daemon wrote into is removed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import signal
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from string import Template
from threading import Thread
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

HERE = Path(__file__).parent

#: The addresses that config.toml names; each is replaced when its port is taken.
DAEMON, PUBLISHER = "127.0.0.1:8430", "127.0.0.1:8431"

#: How many entries a document shows, and how many of them are there at the start.
SHOWN, AT_FIRST = 10, 2

#: How long the daemon may take to end after Ctrl-C; it promises ten seconds.
PATIENCE = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class Rendition:
    """One document at one moment."""

    body: bytes
    etag: str
    last_modified: str


@dataclass(frozen=True, slots=True)
class Script:
    """A document that gains an entry every `pace`: a frame, and the texts to take turns with.

    `frame` has `$entries`; the texts have `$number` and `$date`, which `spell` writes as the
    format wants it.
    """

    media_type: str
    frame: str
    texts: tuple[str, ...]
    between: str
    spell: Callable[[datetime], str]
    pace: timedelta

    def at(self, now: datetime, *, started: datetime, base: str) -> Rendition:
        """Return the document as it is at `now`, newest entry first."""
        newest = AT_FIRST + (now - started) // self.pace
        entries = []
        for number in range(newest, max(0, newest - SHOWN), -1):
            date = self.spell(started + (number - AT_FIRST) * self.pace)
            text = Template(self.texts[number % len(self.texts)])
            entries.append(text.substitute(base=base, number=number, date=date))
        changed_at = started + (newest - AT_FIRST) * self.pace
        body = (
            Template(self.frame)
            .safe_substitute(
                base=base, newest=self.spell(changed_at), entries=self.between.join(entries)
            )
            .encode()
        )
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        return Rendition(body, etag, format_datetime(changed_at, usegmt=True))


def rfc822(moment: datetime) -> str:
    """Write a moment as RSS does, in GMT."""
    return format_datetime(moment, usegmt=True)


def rfc3339(moment: datetime) -> str:
    """Write a moment as Atom and JSON Feed do."""
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def read_xml(name: str, element: str) -> tuple[str, tuple[str, ...]]:
    """Split an XML document beside this file into its frame and its entries."""
    text = (HERE / name).read_text(encoding="utf-8")
    entries = re.findall(rf"<{element}>.*?</{element}>", text, re.DOTALL)
    start, end = text.index(entries[0]), text.index(entries[-1]) + len(entries[-1])
    return f"{text[:start]}$entries{text[end:]}", tuple(entries)


def read_json(name: str) -> tuple[str, tuple[str, ...]]:
    """Split a JSON Feed beside this file into its frame and its entries."""
    document = json.loads((HERE / name).read_text(encoding="utf-8"))
    entries = tuple(json.dumps(item, ensure_ascii=False) for item in document["items"])
    frame = json.dumps(document | {"items": "$entries"}, ensure_ascii=False)
    return frame.replace('"$entries"', "[$entries]"), entries


def scripts() -> dict[str, Script]:
    """Return every document by its path; their paces differ, so that entries mingle."""
    rss, atom = read_xml("it-news.rss", "item"), read_xml("workshop.atom", "entry")
    return {
        "/it-news.rss": Script("text/xml", *rss, "\n", rfc822, timedelta(seconds=4)),
        "/workshop.atom": Script(
            "application/atom+xml", *atom, "\n", rfc3339, timedelta(seconds=7)
        ),
        "/harbour.json": Script(
            "application/feed+json", *read_json("harbour.json"), ", ", rfc3339, timedelta(seconds=9)
        ),
    }


class Publisher(ThreadingHTTPServer):
    """The documents, from the moment it was made; listens on loopback only."""

    daemon_threads = True

    def __init__(self, port: int) -> None:
        """Take `port`, or any free one when it is taken."""
        try:
            super().__init__(("127.0.0.1", port), Answer)
        except OSError:
            super().__init__(("127.0.0.1", 0), Answer)
        self.base = f"http://127.0.0.1:{self.server_address[1]}"
        self.scripts = scripts()
        self.picture = (HERE / "picture.png").read_bytes()
        self.started = datetime.now(UTC).replace(microsecond=0)


class Answer(BaseHTTPRequestHandler):
    """One connection of a reader."""

    protocol_version = "HTTP/1.1"
    server: Publisher

    def do_GET(self) -> None:
        """Answer with a document, 304, the picture, or 404."""
        path = urlsplit(self.path).path
        script = self.server.scripts.get(path)
        if script is None:
            if path == "/picture.png":
                self.answer(HTTPStatus.OK, self.server.picture, {"Content-Type": "image/png"})
            else:
                self.answer(HTTPStatus.NOT_FOUND, b"not here\n", {"Content-Type": "text/plain"})
            return
        now = datetime.now(UTC)
        document = script.at(now, started=self.server.started, base=self.server.base)
        headers = {
            "Content-Type": f"{script.media_type}; charset=utf-8",
            "ETag": document.etag,
            "Last-Modified": document.last_modified,
        }
        if self.has(document):
            self.answer(HTTPStatus.NOT_MODIFIED, b"", headers)
        else:
            self.answer(HTTPStatus.OK, document.body, headers)

    do_HEAD = do_GET  # noqa: N815 - named by the library

    def has(self, document: Rendition) -> bool:
        """Tell whether the reader holds this rendition (RFC 9110 §13.2.2: the ETag decides)."""
        tags = self.headers.get("If-None-Match")
        if tags is not None:
            return document.etag in (tag.strip().removeprefix("W/") for tag in tags.split(","))
        return self.headers.get("If-Modified-Since") == document.last_modified

    def answer(self, status: HTTPStatus, body: bytes, headers: dict[str, str]) -> None:
        """Send one whole response."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status is not HTTPStatus.NOT_MODIFIED:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named by the library
        """Say nothing: the daemon's own lines are the ones to watch."""


def free_port(wanted: int) -> int:
    """Return `wanted`, or any free port when it is taken."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    sys.exit("demo: no free port on 127.0.0.1")


def demonstrate(folder: Path, port: int) -> int:
    """Run publisher and daemon until Ctrl-C; return the daemon's exit status."""
    publisher = Publisher(port + 1)
    Thread(target=publisher.serve_forever, daemon=True).start()
    daemon_address = f"127.0.0.1:{free_port(port)}"
    config = folder / "config.toml"
    config.write_text(
        (HERE / "config.toml")
        .read_text(encoding="utf-8")
        .replace(PUBLISHER, publisher.base.removeprefix("http://"))
        .replace(DAEMON, daemon_address),
        encoding="utf-8",
    )
    print(
        f"demo: three documents at {publisher.base} gain an entry every few seconds\n"
        f"demo: open http://{daemon_address}/ in a browser,\n"
        f"demo: or subscribe to http://{daemon_address}/feeds/all.atom\n"
        "demo: Ctrl-C ends everything and leaves nothing behind\n",
        flush=True,
    )
    # A process group of its own: Ctrl-C reaches this process alone, which passes it on once.
    program = Path(sys.executable).with_name("aggregator")
    daemon = subprocess.Popen([program, "run", "--config", config], process_group=0)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        daemon.terminate()
        signal.alarm(int(PATIENCE.total_seconds()))

    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, stop)
    signal.signal(signal.SIGALRM, lambda *_: daemon.kill())
    status = daemon.wait()
    publisher.shutdown()
    publisher.server_close()
    return status


def main() -> int:
    """Read the port from the command line and run the demonstration."""
    parser = argparse.ArgumentParser(description="A demonstration without internet.")
    parser.add_argument(
        "--port", type=int, default=8430, help="of the daemon; the publisher takes the next"
    )
    port = parser.parse_args().port
    with tempfile.TemporaryDirectory(prefix="aggregator-demo-") as folder:
        return demonstrate(Path(folder), port)


if __name__ == "__main__":
    sys.exit(main())
