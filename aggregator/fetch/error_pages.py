"""The page that comes with an error status: read a little way, for what it says to the operator."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import httpx

from aggregator.fetch.body import read_body
from aggregator.fetch.failures import FetchError

if TYPE_CHECKING:
    from aggregator.fetch.request_limits import FetchLimits


async def read_error_page(response: httpx.Response, host: str, limits: FetchLimits) -> str | None:
    """Return the HTML that came with an error; `None`: none, or too large, slow or broken."""
    if "html" not in response.headers.get("content-type", "").lower():
        return None
    coding = response.headers.get("content-encoding", "")
    small = replace(limits, wire_bytes=limits.page_bytes, decoded_bytes=4 * limits.page_bytes)
    try:
        async with asyncio.timeout(limits.page.total_seconds()):
            read = await read_body(response.aiter_raw(), coding, host, small)
    except (FetchError, httpx.TransportError, TimeoutError):
        return None
    return read.body.decode("utf-8", "replace")
