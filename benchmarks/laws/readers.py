"""Subscribers: what they fetch and keep, and what each of them knows by id for ever.

A reader knows an entry again by its id, and by nothing else. One that follows archives takes an
archive document for immutable (RFC 5005 section 4) and never asks for an address twice.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from benchmarks.laws.articles import read_mark
from benchmarks.laws.violations import Violation
from benchmarks.month.readers import read

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection

    import httpx

    from benchmarks.month.readers import Item, Read

    Get = Callable[[str, dict[str, str]], Awaitable[httpx.Response]]
    MayFollow = Callable[[int, Collection[str], str], bool]


@dataclass
class Reader:
    """One subscriber of the document at `path`, that comes at a step with some likelihood.

    `conditions`: what it sends of what it was told, "both", "etag" or "date". `told` has, of each
    article, the ids under which it was met, with the publisher whose telling that was.
    `dated_body` is the last one that came with a date.
    """

    path: str
    likelihood: float
    conditions: str = "both"
    archives: bool = False
    ids: dict[str, int] = field(default_factory=dict)
    told: dict[int, dict[str, str]] = field(default_factory=dict)
    body: bytes = b""
    dated_body: bytes = b""
    etag: str | None = None
    modified: str | None = None
    kept: set[str] = field(default_factory=set)

    @property
    def feed(self) -> str:
        """The feed's name."""
        return self.path.rpartition("/")[2].rpartition(".")[0]

    @property
    def who(self) -> str:
        """What a report calls this reader."""
        return f"a reader of {self.path}" + (", archives too" if self.archives else "")

    async def visit(self, get: Get, may_follow: MayFollow) -> bool:
        """Come once; return whether that was answered 304."""
        headers = {}
        if self.etag is not None and self.conditions != "date":
            headers["If-None-Match"] = self.etag
        if self.modified is not None and self.conditions != "etag":
            headers["If-Modified-Since"] = self.modified
        answer = await get(self.path, headers)
        if answer.status_code == 304:
            return True
        if answer.status_code != 200:
            raise Violation("served", f"{self.who} is answered {answer.status_code}")
        self.body = answer.content
        self.etag = answer.headers.get("ETag")
        self.modified = answer.headers.get("Last-Modified")
        document = read(self.body, self.path)
        self.meet(document, may_follow)
        if self.archives:
            await self._follow(get, document, may_follow)
        return False

    async def _follow(self, get: Get, document: Read, may_follow: MayFollow) -> None:
        older = document.older
        while older is not None and older not in self.kept:
            self.kept.add(older)
            parts = urlsplit(older)
            answer = await get(f"{parts.path}?{parts.query}" if parts.query else parts.path, {})
            if answer.status_code != 200:
                raise Violation("served", f"{older} is answered {answer.status_code}")
            document = read(answer.content, self.path)
            self.meet(document, may_follow)
            older = document.older

    def meet(self, document: Read, may_follow: MayFollow) -> None:
        """Take in what a document lists; raises `Violation` for what is seen again as new."""
        for item in reversed(document.items):
            self._meet(item, may_follow)

    def _meet(self, item: Item, may_follow: MayFollow) -> None:
        publisher, article = read_mark(item.categories)
        known = self.ids.setdefault(item.id, article)
        if known != article:
            raise Violation(
                "an id is of one article for ever",
                f"{self.who} knows {item.id} as article {known}, and now it is article {article} "
                f"of {publisher} ({item.title})",
                (article, known),
            )
        told = self.told.setdefault(article, {})
        if item.id in told:
            return
        if told and not may_follow(article, set(told.values()), publisher):
            raise Violation(
                "nothing that was seen comes back as new",
                f"{self.who} has seen article {article} ({item.title}) as {', '.join(told)}, "
                f"and gets it as new under {item.id}, told by {publisher}",
                (article,),
            )
        told[item.id] = publisher
