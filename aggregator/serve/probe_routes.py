"""`/healthz` and `/readyz`: whether the daemon can work, and whether readers may be sent to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.rules.visibility import Subject, View
from aggregator.serve.callers import caller_of
from aggregator.serve.responses import text_response

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from aggregator.serve.server_context import Served


async def health(served: Served, request: Request) -> Response:
    """`/healthz`: whether the daemon itself can work; sources that fail do not make it sick."""
    return _answer(served, request, served.site.health(), "fail")


async def readiness(served: Served, request: Request) -> Response:
    """`/readyz`: 200 from the first plan of polls until it is told to stop, while it can work."""
    return _answer(served, request, served.site.unready() or served.site.health(), "not ready")


def _answer(served: Served, request: Request, trouble: str | None, word: str) -> Response:
    if trouble is None:
        return text_response(200, "ok")
    config = served.site.config()
    view = config.visibility.view(caller_of(request, config.server), Subject.REASONS)
    return text_response(503, f"{word}: {trouble}" if view is View.WHOLE else word)
