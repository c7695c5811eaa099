"""What a caller is told who gets nothing: a text, and in a browser a small page that says the same.

Neither repeats anything of the request, and both are made of the status, the text and what the
caller prefers alone: whether there is something that is kept from this caller is in neither.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from aggregator.publish.pages.refusal import refusal_page
from aggregator.serve import page_messages
from aggregator.serve.page_looks import VARY, look_of
from aggregator.serve.page_routes import HTML, POLICY
from aggregator.serve.responses import PROTECTION, RETRY_AFTER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import Receive, Scope, Send

#: Browsers name it first of all (WHATWG Fetch §2.2.7, "navigate"); what reads feeds does not.
_OF_BROWSERS = "text/html"
#: A page leads to others by as many steps up as its address has slashes; no page of ours has more.
_MOST_SLASHES = 16


class _Refusal(Response):
    """A text of ours that becomes a page where a browser is to show it."""

    def __init__(self, status: int, text: str, headers: Mapping[str, str]) -> None:
        fields = {**PROTECTION, "Cache-Control": "no-store", **headers}
        super().__init__(f"{text}\n", status, headers=fields, media_type="text/plain")
        self._text = text
        self._fields = fields

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the text, or the page of it."""
        request = Request(scope)
        if not _is_for_people(request):
            await super().__call__(scope, receive, send)
            return
        look = replace(look_of(request), query=())
        english, _, chinese = self._text.partition("\n")
        make = partial(refusal_page, self.status_code, english, chinese or english, look)
        fields = {**self._fields, "Content-Security-Policy": POLICY, "Vary": f"Accept, {VARY}"}
        body = await asyncio.to_thread(make)
        page = Response(body, self.status_code, headers=fields, media_type=HTML)
        await page(scope, receive, send)


def refusal(status: int, text: str, headers: Mapping[str, str] | None = None) -> Response:
    """Answer with one of `page_messages`, or a sentence in English alone."""
    return _Refusal(status, text, headers or {})


def put_off() -> Response:
    """Answer 503 with the time in which to come back."""
    after = str(int(RETRY_AFTER.total_seconds()))
    return refusal(503, page_messages.UNAVAILABLE, {"Retry-After": after})


def _is_for_people(request: Request) -> bool:
    asked = request.headers.get("accept", "").lstrip().lower()
    path: bytes = request.scope["raw_path"]
    return asked.startswith(_OF_BROWSERS) and path.count(b"/") <= _MOST_SLASHES
