"""What goes wrong with a request to the API, as problem details (RFC 9457)."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.responses import Response

from aggregator.serve.responses import PROTECTION

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

#: Below this everything is JSON.
API = "/api/v1/"


def is_for_api(request: Request) -> bool:
    """Tell whether a program asks, which wants no text for people."""
    return bool(request.url.path.startswith(API))


def problem(status: int, detail: str = "", headers: Mapping[str, str] | None = None) -> Response:
    """Answer with a problem; it repeats nothing of the request."""
    told: dict[str, object] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
    }
    if detail:
        told["detail"] = detail
    fields = {**PROTECTION, "Cache-Control": "no-store", **(headers or {})}
    return Response(json.dumps(told), status, headers=fields, media_type="application/problem+json")
