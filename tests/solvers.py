"""A small solver on loopback: FlareSolverr's API (v1), answered from a table of pages.

async with Solver() as solver:
    solver.shows("http://far.example/feed", page)
    await fetcher.fetch("http://far.example/feed", access=Access(fetch_via=solver.url))
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.listening import Listener

if TYPE_CHECKING:
    import asyncio


def viewed_as_text(document: str, *, after: str = "") -> str:
    """Return the page that Chromium makes of a document of RSS's own type, or of text/plain."""
    escaped = document.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return (
        '<html><head><meta name="color-scheme" content="light dark"></head><body>'
        '<pre style="word-wrap: break-word; white-space: pre-wrap;">'
        f"{escaped.replace(chr(0xA0), '&nbsp;')}</pre>{after}</body></html>\n"
    )


def viewed_as_xml(elements: str) -> str:
    """Return the page that Chromium makes of XML: its elements, then a tree of them for people."""
    return (
        '<html xmlns="http://www.w3.org/1999/xhtml"><head><style id="xml-viewer-style">\n'
        "div.header { border-bottom: 2px }\n</style></head><body>"
        f'<div id="webkit-xml-viewer-source-xml">{elements}</div><div class="header"><span>This '
        "XML file does not appear to have any style information associated with it. The document "
        'tree is shown below.</span><br /></div><div class="pretty-print"><div class="folder">'
        '<span class="html-tag">&lt;rss&gt;</span></div></div></body></html>'
    )


@dataclass
class Solver(Listener):
    """`asked` is every command; `says` what it answers instead of all else, with `status`."""

    pages: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[dict[str, Any]] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    says: bytes | None = None
    status: int = 200
    silent: bool = False
    at_once: int = 0
    most_at_once: int = 0

    @property
    def url(self) -> str:
        """What `fetch_via` is."""
        return f"http://127.0.0.1:{self.port}"

    def shows(self, asked: str, page: str, **more: Any) -> None:
        """Let the browser show this page for a URL; `more` are other fields of its solution."""
        self.pages[asked] = {"url": asked, "status": 200, "response": page, "headers": {}, **more}

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the commands of one connection."""
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            self.heads.append(head)
            length = int(head.lower().partition("content-length: ")[2].partition("\r\n")[0])
            command = json.loads(await reader.readexactly(length))
            self.asked.append(command)
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            if self.silent:
                await reader.read()
            body = self.says if self.says is not None else self._answer(command)
            self.at_once -= 1
            writer.write(
                f"HTTP/1.1 {self.status} X\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(body)}\r\n\r\n".encode()
                + body
            )
            await writer.drain()

    def _answer(self, command: dict[str, Any]) -> bytes:
        solution = self.pages.get(command["url"])
        told: dict[str, Any] = {"startTimestamp": 1, "endTimestamp": 2, "version": "3.4.0"}
        if solution is None:
            told |= {"status": "error", "message": "Error: net::ERR_NAME_NOT_RESOLVED"}
        else:
            told |= {
                "status": "ok",
                "message": "Challenge solved!",
                "solution": {"cookies": [], "userAgent": "Mozilla/5.0", **solution},
            }
        return json.dumps(told).encode()
