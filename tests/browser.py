"""A real browser for tests: Debian's Chromium, and the only server that it can reach."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote

from tests import FIXTURES

READER = FIXTURES / "browser" / "reader.html"
#: A name for "elsewhere" that a browser itself resolves to this machine, and to which it tells in
#: `Sec-Fetch-Dest` what it asks for: https://w3c.github.io/webappsec-secure-contexts/#localhost
ELSEWHERE = "out.localhost"
#: Long enough for a thousand frames on a slow machine.
_MAX_SECONDS = 150
_ARGUMENTS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--no-proxy-server", "--disable-popup-blocking",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE *.localhost",
)  # fmt: skip


def find_browser() -> str | None:
    """Return where Chromium is installed, or `None`."""
    return shutil.which("chromium")


@dataclass(frozen=True, slots=True)
class Asked:
    """One request that the browser sent: for what (`Sec-Fetch-Dest`), and telling what."""

    method: str
    host: str
    path: str
    wanted: str
    referrer: str | None


@dataclass(frozen=True, slots=True)
class Visit:
    """What the page saw, and all that the browser asked for meanwhile."""

    fired: list[Any]
    navigated: list[Any]
    changed: list[Any]
    problems: list[str]
    shown: int
    asked: list[Asked]

    def elsewhere(self) -> list[Asked]:
        """Return the requests to other hosts than the page's own."""
        return [asked for asked in self.asked if asked.host.startswith(ELSEWHERE)]


@dataclass
class Site:
    """A server on loopback: the reader's page, `pages` by path, and a trap on every other path.

    Whatever is asked of the host `elsewhere` is answered with a script that tells of itself.
    """

    pages: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    done: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.pages["/"] = ("text/html; charset=utf-8", READER.read_bytes())
        handler = type("Handler", (_Handler,), {"site": self})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.port = self.server.server_port
        self.elsewhere = f"{ELSEWHERE}:{self.port}"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def close(self) -> None:
        self.done.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def visit(self, browser: str, profile: Path, plan: dict[str, Any]) -> Visit:
        """Let the browser carry out a plan (see reader.html) and return what happened."""
        self.asked.clear()
        self.done.clear()
        url = f"http://127.0.0.1:{self.port}/#{quote(json.dumps(plan))}"
        ended = subprocess.run(
            [browser, *_ARGUMENTS, f"--user-data-dir={profile}", "--dump-dom", url],
            env={"PATH": os.environ["PATH"], "HOME": str(profile), "LANG": "C.UTF-8"},
            capture_output=True, check=True, text=True, timeout=_MAX_SECONDS,
        )  # fmt: skip
        report = re.search(r'<pre id="report">(\{.*?\})</pre>', ended.stdout, re.DOTALL)
        assert report, ended.stdout[-2000:] + ended.stderr[-2000:]
        return Visit(**json.loads(html.unescape(report[1])), asked=list(self.asked))


class _Handler(BaseHTTPRequestHandler):
    site: ClassVar[Site]
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._note()
        if self.path == "/hold":
            self.site.done.wait(_MAX_SECONDS)
            self._answer("text/plain", b"", 404)
        elif self.path in self.site.pages:
            self._answer(*self.site.pages[self.path])
        elif self.headers["Host"].startswith(ELSEWHERE):
            self._trap()
        else:
            self._answer("text/plain", b"", 404)

    def do_POST(self) -> None:
        self._note()
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path == "/done":
            self.site.done.set()
        self._answer("text/plain", b"")

    def _note(self) -> None:
        told = self.headers.get
        wanted, referrer = told("Sec-Fetch-Dest", ""), told("Referer")
        self.site.asked.append(Asked(self.command, told("Host", ""), self.path, wanted, referrer))

    def _trap(self) -> None:
        number = self.path.split("/")[1]
        telling = f"top.postMessage({number}, '*')" if number.isdecimal() else ""
        match self.headers.get("Sec-Fetch-Dest"):
            case "script":
                self._answer("text/javascript", telling.encode())
            case "iframe" | "frame" | "document" | "object" | "embed":
                self._answer("text/html", f"<script>{telling}</script>".encode())
            case "style":
                self._answer("text/css", b"body{color:red}")
            case _:
                self._answer("text/plain", b"", 404)

    def _answer(self, media_type: str, body: bytes, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        with suppress(ConnectionError):  # a frame that was taken away meanwhile
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: what was asked is in `self.site.asked`."""
