"""Debian's Chromium over Playwright, for pages: what it is shown, asks for and complains of."""

from __future__ import annotations

import base64
import os
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT  # type: ignore[import-untyped]  # a text
from playwright.async_api import async_playwright

from tests.browser import find_browser

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Route

#: One red pixel, for every picture of the world.
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYPj/HwADAgH/p4B9WQAAAABJRU5ErkJggg=="
)
#: Nothing is asked of the world, whatever a page says; names of this machine are its own.
_ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)  # fmt: skip
#: Rules of WCAG 2.2 at A and AA, and what axe calls best practice.
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@dataclass(frozen=True)
class Eyes:
    """What a browser saw and did while it showed pages of `base`."""

    base: str
    page: Page
    complaints: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    async def see(self, path: str) -> None:
        """Open a page and wait until everything of it is there."""
        answer = await self.page.goto(self.base + path, wait_until="load")
        assert answer is not None
        assert answer.status == 200, path

    async def violations(self) -> list[str]:
        """Return what axe finds wrong with the page, as lines."""
        await self.page.evaluate(AXE_SCRIPT)
        options = {"resultTypes": ["violations"], "runOnly": {"type": "tag", "values": _RULES}}
        found: dict[str, Any] = await self.page.evaluate("options => axe.run(options)", options)
        return [
            f"{one['id']}: {node['target']} {node['failureSummary']}"
            for one in found["violations"]
            for node in one["nodes"]
        ]


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    """Start Chromium; skip where there is none, which is a failure where it could be installed."""
    found = find_browser()
    if found is None and (os.geteuid() == 0 or "CI" in os.environ):
        pytest.fail("no chromium, though `make test` installs it for root")
    if found is None:
        pytest.skip("no chromium here: apt install chromium fonts-noto-cjk")
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=found, args=[*_ARGUMENTS])
        try:
            yield started
        finally:
            await started.close()


@asynccontextmanager
async def eyes(
    started: Browser, base: str, picture: tuple[bytes, str] = (PIXEL, "image/png"), **wanted: Any
) -> AsyncIterator[Eyes]:
    """Open a window; `wanted` are options of Playwright's `new_context`.

    Every picture of the world is `picture`, with its media type.
    """
    context: BrowserContext = await started.new_context(reduced_motion="reduce", **wanted)
    page = await context.new_page()
    seen = Eyes(base, page)

    async def answer(route: Route, request: Request) -> None:
        if request.url.startswith(base):
            await route.continue_()
        elif request.resource_type == "image":
            await route.fulfill(body=picture[0], content_type=picture[1])
        else:
            seen.foreign.append(request.url)
            await route.abort()

    def complain(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            seen.complaints.append(f"{message.type}: {message.text}")

    await context.route("**/*", answer)
    page.on("console", complain)
    page.on("pageerror", lambda error: seen.complaints.append(f"script: {error}"))
    page.on("dialog", lambda dialog: seen.complaints.append(f"dialog: {dialog.message}"))
    try:
        yield seen
    finally:
        await context.close()
