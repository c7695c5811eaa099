"""`/login` and `/logout`: a password opens the operator's pages to a browser that is elsewhere."""

from __future__ import annotations

import asyncio
from functools import partial
from math import ceil
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.responses import Response

from aggregator.model.errors import AggregatorError
from aggregator.publish.pages.login import LoginView, login_page
from aggregator.serve import page_messages
from aggregator.serve.client_connections import LOOPBACK, client_of
from aggregator.serve.operator_door import ANYONE, COOKIE
from aggregator.serve.page_looks import VARY, choosing, look_of
from aggregator.serve.page_routes import HTML, POLICY
from aggregator.serve.refusals import refusal
from aggregator.serve.responses import PROTECTION
from aggregator.serve.sessions import LONGEST_SECONDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

    from aggregator.serve.server_context import Served

#: Forms go to this server alone, and say where they are from: to no other is that told.
FORM_HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "same-origin",
    "X-Robots-Tag": "none",
}


async def log_in(served: Served, request: Request) -> Response:
    """`/login`: ask for the password, or begin a session; with one, how to end it."""
    operating = served.site.operating
    if operating is None:
        raise HTTPException(404)
    config = served.site.config()
    if (chosen := choosing(request, config.server.base_url)) is not None:
        return chosen
    if not served.door.has_password:
        return refusal(403, page_messages.NO_LOG_IN)
    if request.method != "POST":
        return await _page(served, request, 200)
    form = await served.form_token.form(request, ANYONE, config.server.base_url)
    if form is None:
        return refusal(403, page_messages.NOT_FROM_HERE)
    client = _client(served, request)
    wait = served.door.wait(client)
    if wait:
        operating.note("too many tries", client)
        fields = {"Retry-After": str(ceil(wait))}
        return await _page(served, request, 429, wait_minutes=ceil(wait / 60), fields=fields)
    try:
        secret = await served.door.log_in(client, form.text("password"))
    except AggregatorError as error:
        return refusal(503, str(error))
    if secret is None:
        operating.note("refused", client)
        return await _page(served, request, 403, is_wrong=True)
    operating.note("in", client)
    answer = see_other("./sources")
    place = urlsplit(config.server.base_url)
    answer.set_cookie(
        COOKIE,
        secret,
        max_age=int(LONGEST_SECONDS),
        path=f"{place.path.rstrip('/')}/",
        secure=place.scheme == "https",
        httponly=True,
        samesite="strict",
    )
    return answer


async def log_out(served: Served, request: Request) -> Response:
    """`POST /logout`: end the session."""
    operating, who = served.site.operating, served.door.acts_as(request)
    if operating is None or who is None:
        raise HTTPException(404)
    base_url = served.site.config().server.base_url
    if await served.form_token.form(request, who, base_url) is None:
        return refusal(403, page_messages.NOT_FROM_HERE)
    served.door.log_out(request)
    operating.note("out", _client(served, request))
    answer = see_other("./login")
    answer.delete_cookie(COOKIE, path=f"{urlsplit(base_url).path.rstrip('/')}/")
    return answer


def to_log_in(served: Served, request: Request, told: str) -> Response:
    """Answer who may not look: send a person to the log-in where there is one, else tell why."""
    if served.site.operating is None or not served.door.has_password:
        return refusal(403, told)
    return see_other(f"{look_of(request).root}login")


def see_other(where: str) -> Response:
    """Send a browser to another page, with GET."""
    fields = {**PROTECTION, "Location": where, "Cache-Control": "no-store"}
    return Response(status_code=303, headers=fields)


async def _page(
    served: Served,
    request: Request,
    status: int,
    *,
    is_wrong: bool = False,
    wait_minutes: int = 0,
    fields: Mapping[str, str] | None = None,
) -> Response:
    who = served.door.acts_as(request) if served.door.is_in(request) else None
    view = LoginView(
        token=served.form_token.text(who or ANYONE),
        is_in=who is not None,
        is_wrong=is_wrong,
        wait_minutes=wait_minutes,
    )
    look = look_of(request, is_operator=served.door.sees(request))
    return await page_response(partial(login_page, view, look), status, fields)


async def page_response(
    make: partial[bytes], status: int = 200, fields: Mapping[str, str] | None = None
) -> Response:
    """Answer with a page that is kept nowhere, made in a thread."""
    body = await asyncio.to_thread(make)
    headers = {**PROTECTION, **FORM_HEADERS, **(fields or {})}
    headers |= {"Cache-Control": "private, no-store", "Vary": VARY}
    return Response(body, status, headers=headers, media_type=HTML)


def _client(served: Served, request: Request) -> str:
    """Return whose tries are counted together: an address, or all that come without one."""
    peer = None if request.client is None else request.client.host
    proxies = (*LOOPBACK, *served.site.config().server.trusted_proxies)
    return client_of(peer, request.headers.getlist("x-forwarded-for"), proxies) or "here"
