"""One message to somebody else's server: through the guard, and judged by what it answers."""

from __future__ import annotations

import json
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING

import httpx

from aggregator.fetch.body import read_body
from aggregator.fetch.codings import ACCEPT_ENCODING
from aggregator.fetch.failures import FetchError, status_problem
from aggregator.fetch.request_limits import header_excess
from aggregator.model import Failed, Problem, ProblemKind
from aggregator.runtime.values import dataclass
from aggregator.schedule.cache_headers import http_hints

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from aggregator.fetch.client_pool import Clients
    from aggregator.fetch.guard import Dial
    from aggregator.fetch.origins import Gates
    from aggregator.fetch.redirects import RedirectChain
    from aggregator.fetch.request_limits import FetchLimits
    from aggregator.fetch.request_target import Target

#: What is read of an answer, for what it says.
_MOST_BYTES = 64 * 1024
#: Of what a server says in its own words, as much as a line of `status` takes.
_MOST_CHARS = 200


@dataclass(frozen=True, slots=True)
class Message:
    """A body to send, of a media type."""

    body: bytes
    media_type: str


async def send(
    message: Message,
    chain: RedirectChain,
    clients: Clients,
    gates: Gates,
    *,
    user_agent: bytes,
    limits: FetchLimits,
    now: datetime,
    explain: Callable[[httpx.TransportError, RedirectChain, Target, Dial], Problem],
) -> Failed | None:
    """POST the message to where the chain begins; return what is wrong, `None` where it was taken.

    A redirect is not followed. `explain` says what a failed connection means.
    """
    target = chain.start
    dial = chain.guard.check(chain.own, target)
    if isinstance(dial, Problem):
        return Failed(dial)
    request = httpx.Request(
        "POST",
        f"{target.scheme}://{target.netloc}/",
        headers=_headers(message, chain, user_agent),
        content=message.body,
        extensions={"target": target.sent.encode(), "dial": dial},
    )
    try:
        async with (
            gates.hold(target.origin),
            chain.deadline.running(),
            clients.hold(chain.way) as client,
        ):
            response = await client.handle_async_request(request)
            try:
                return await _judge(response, target, limits, now)
            finally:
                await response.aclose()
    except TimeoutError:
        seconds = f"{limits.deadline.total_seconds():g} s"
        detail = f"{target.host} did not finish its answer within {seconds}"
        return Failed(Problem(ProblemKind.TIMEOUT, detail))
    except httpx.TransportError as error:
        return Failed(explain(error, chain, target, dial))


async def _judge(
    response: httpx.Response, target: Target, limits: FetchLimits, now: datetime
) -> Failed | None:
    raw, status = response.headers.raw, response.status_code
    if (excess := header_excess(raw, limits)) is not None:
        detail = f"the header from {target.host} {excess}"
        return Failed(Problem(ProblemKind.TOO_LARGE, detail))
    hints = http_hints(status, raw, now)
    said = await _said(response, target.host, limits)
    if 300 <= status < 400:
        detail = f"{target.host} answered {status}: it is somewhere else"
        remedy = "put the address that it leads to into url"
        return Failed(Problem(ProblemKind.REDIRECT, detail, remedy), status, hints)
    if not 200 <= status < 300:
        return Failed(status_problem(status, target.host, raw), status, hints)
    refused = refusal_in(said)
    if refused is not None:
        detail = f"{target.host} did not take it: {refused}"
        return Failed(Problem(ProblemKind.HTTP_STATUS, detail), HTTPStatus.OK, hints)
    return None


def refusal_in(body: bytes) -> str | None:
    """Return why a chat bot did not take a message, though its server answered 200, else `None`.

    `errcode` and `errmsg` (DingTalk, WeCom), `code` and `msg` (Feishu), `ok` and `description`
    (Telegram, Slack's `error`).
    """
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict):
        return None
    for code, words in (("errcode", "errmsg"), ("code", "msg")):
        number = told.get(code)
        if isinstance(number, int) and number != 0 and words in told:
            return f"{number} {told[words]}"[:_MOST_CHARS]
    if told.get("ok") is False:
        return str(told.get("description") or told.get("error") or "not ok")[:_MOST_CHARS]
    return None


def _headers(
    message: Message, chain: RedirectChain, user_agent: bytes
) -> list[tuple[bytes, bytes]]:
    target = chain.start
    ours = [
        (b"Host", target.netloc.encode()),
        (b"Accept", b"*/*"),
        (b"Accept-Encoding", ACCEPT_ENCODING),
        (b"User-Agent", chain.manner.user_agent or user_agent),
        (b"Content-Type", message.media_type.encode()),
    ]
    theirs = list(chain.manner.headers)
    if target.authorization is not None:
        theirs.append((b"Authorization", target.authorization.encode()))
    replaced = {name.lower() for name, _ in theirs}
    return [pair for pair in ours if pair[0].lower() not in replaced] + theirs


async def _said(response: httpx.Response, host: str, limits: FetchLimits) -> bytes:
    """Return the answer's body, of which one that is long says nothing."""
    declared = response.headers.get("content-length", "")
    if declared.isdecimal() and int(declared[:12]) > _MOST_BYTES:
        return b""
    coding = response.headers.get("content-encoding", "")
    try:
        read = await read_body(response.aiter_raw(), coding, host, _small(limits))
    except (FetchError, httpx.TransportError):
        return b""
    return read.body


def _small(limits: FetchLimits) -> FetchLimits:
    return replace(limits, wire_bytes=_MOST_BYTES, decoded_bytes=_MOST_BYTES)
