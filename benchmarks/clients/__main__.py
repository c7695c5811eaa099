"""Do readers list what we publish, and do they get 304 when nothing is new? `make clients`.

A daemon polls documents of a local publisher; each client subscribes through a proxy that notes
what it asks and what it is answered. Prints a table, writes benchmarks/results/clients.json, and
ends with status 1 where a client lists another set of entries, titles or links than the feed holds,
or fetches the second time without getting 304.
"""

from __future__ import annotations

import html
import json
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

from tabulate import tabulate  # type: ignore[import-untyped]  # ships no types

from tests.program import Program, program
from tests.web import ThreadedPublisher

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
RESULTS = ROOT / "benchmarks" / "results" / "clients.json"

#: Where `make clients` installs the clients.
HOME = ROOT / "build" / "clients"
PYTHON = HOME / "venv" / "bin" / "python"

#: Documents written for the tests: Atom, RSS and JSON, Chinese and English, with and without links.
DOCUMENTS = ROOT / "tests" / "fixtures"
PATIENCE_S = 120

Entries = list[dict[str, Any]]


@dataclass
class Noted:
    """What one client was answered, in order, for GET requests."""

    statuses: list[int] = field(default_factory=list)


class Proxy:
    """Hands requests on to the daemon and notes what it answers."""

    def __init__(self, port: int) -> None:
        self.noted = Noted()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._hand_on()

            def do_HEAD(self) -> None:
                self._hand_on()

            def _hand_on(self) -> None:
                request = urllib.request.Request(
                    f"http://127.0.0.1:{port}{self.path}",
                    headers={
                        name: value
                        for name, value in self.headers.items()
                        if name.lower() not in {"host", "connection"}
                    },
                    method=self.command,
                )
                try:
                    with urllib.request.urlopen(  # noqa: S310 - http, as written above
                        request, timeout=PATIENCE_S
                    ) as answer:
                        status, headers, body = answer.status, answer.headers, answer.read()
                except urllib.error.HTTPError as error:
                    with error:
                        status, headers, body = error.code, error.headers, error.read()
                if self.command == "GET":
                    outer.noted.statuses.append(status)
                self.send_response_only(status)
                for name, value in headers.items():
                    if name.lower() not in {"content-length", "transfer-encoding", "connection"}:
                        self.send_header(name, value)
                if status != 304:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self._server.server_port}{path}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def run(*command: str | Path) -> str:
    """Run a client and return what it prints; what it complains of goes to our own error output."""
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=PATIENCE_S, check=False, cwd=HOME
    )
    if done.returncode:
        raise RuntimeError(done.stderr.strip() or f"{command[0]} ended with {done.returncode}")
    return done.stdout


def with_newsboat(url: str) -> Entries:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "urls").write_text(f"{url}\n")
        (home / "config").write_text("max-items 0\ndownload-retries 1\n")
        # It keeps validators only for a feed that its cache knew before: the third asks with them.
        for _ in range(3):
            run(
                "newsboat", "-u", home / "urls", "-c", home / "cache.db", "-C", home / "config",
                "-x", "reload",
            )  # fmt: skip
        with sqlite3.connect(home / "cache.db") as database:
            rows = database.execute("SELECT guid, title, url FROM rss_item").fetchall()
        database.close()
    return [{"id": guid, "title": title, "link": link or None} for guid, title, link in rows]


def with_script(*command: str | Path) -> Callable[[str], Entries]:
    def read(url: str) -> Entries:
        entries: Entries = json.loads(run(*command, url))
        return entries

    return read


#: Each client, and the formats that it reads.
CLIENTS: dict[str, tuple[Callable[[str], Entries], tuple[str, ...]]] = {
    "newsboat": (with_newsboat, ("atom", "rss")),
    "reader": (with_script(PYTHON, HERE / "with_reader.py"), ("atom", "rss", "json")),
    "feedparser": (with_script(PYTHON, HERE / "with_feedparser.py"), ("atom", "rss")),
    "rss-parser": (with_script("node", HOME / "rss_parser.mjs"), ("atom", "rss")),
    "feedsmith": (with_script("node", HOME / "feedsmith.mjs"), ("atom", "rss", "json")),
}


def compare(published: Entries, listed: Entries) -> list[str]:
    """Return how a client's list differs from the feed, in words."""
    ours = {item["id"]: item for item in published}
    theirs = {str(entry["id"]): entry for entry in listed}
    told = [f"missing {one}" for one in ours.keys() - theirs.keys()]
    told += [f"invented {one}" for one in theirs.keys() - ours.keys()]
    for one in ours.keys() & theirs.keys():
        title = html.unescape(str(theirs[one]["title"] or ""))
        if ours[one].get("title") and _plain(title) != _plain(ours[one]["title"]):
            told.append(f"{one}: title {title!r} for {ours[one]['title']!r}")
        if ours[one].get("url") and theirs[one]["link"] != ours[one]["url"]:
            told.append(f"{one}: link {theirs[one]['link']} for {ours[one]['url']}")
    return told


def _plain(title: str) -> str:
    return " ".join(html.unescape(title).split())


def measure(daemon: Program) -> Iterator[dict[str, Any]]:
    published = daemon.items()
    for name, (client, forms) in CLIENTS.items():
        for form in forms:
            proxy = Proxy(daemon.port)
            try:
                listed = client(proxy.url(f"/feeds/all.{form}"))
                differences = compare(published, listed)
            except (RuntimeError, subprocess.TimeoutExpired, OSError) as error:
                listed, differences = [], [str(error)]
            finally:
                proxy.close()
            statuses = proxy.noted.statuses
            yield {
                "client": name,
                "format": form,
                "published": len(published),
                "listed": len(listed),
                "answers": statuses,
                "good": not differences and 304 in statuses[1:],
                "differences": differences,
            }


def main() -> int:
    shutil.copytree(HERE, HOME, dirs_exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        ThreadedPublisher() as publisher,
        program(Path(folder), allow_private=[f"127.0.0.1:{publisher.port}"]) as daemon,
    ):
        blocks = []
        for document in sorted([*DOCUMENTS.glob("*.xml"), *DOCUMENTS.glob("*.json")]):
            publisher.route(f"/{document.name}", body=document.read_bytes())
            name = document.stem.lower()
            blocks.append(
                f'[[sources]]\nname = "{name}"\nurl = "{publisher.url(f"/{document.name}")}"\n'
            )
        daemon.configure("".join(blocks))
        daemon.run("poll")
        daemon.start()
        daemon.wait(daemon.items, "entries")
        rows = list(measure(daemon))
        daemon.stop()
    shown = ("client", "format", "published", "listed", "answers", "good")
    sys.stdout.write(tabulate([[row[key] for key in shown] for row in rows], shown) + "\n")
    for row in rows:
        for difference in row["differences"][:10]:
            sys.stdout.write(f"{row['client']} {row['format']}: {difference}\n")
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return 0 if all(row["good"] for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
