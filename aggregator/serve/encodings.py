"""Bodies in the content codings that readers ask for: each made once, when the first one asks."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from aggregator.publish.compression import pack_as
from aggregator.serve.cache import UnavailableError, Wanted
from aggregator.serve.responses import (
    Encoded,
    conditional_response,
    encoded,
    judge,
)

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from aggregator.serve.cache import Cache
    from aggregator.serve.responses import Representation
    from aggregator.serve.server_context import Served


async def respond(
    served: Served,
    request: Request,
    key: Hashable,
    representation: Representation,
    *,
    cache_control: str,
    headers: Mapping[str, str] | None = None,
    vary: str = "Accept-Encoding",
) -> Response:
    """Answer GET or HEAD with a representation, whose `key` is its own, or with 304."""
    accepted = tuple(request.headers.getlist("accept-encoding"))
    chosen = await _encoded(served.caches.encodings, key, representation, accepted)
    verdict = judge(
        representation,
        chosen,
        request.headers.getlist("if-none-match"),
        request.headers.get("if-modified-since"),
        served.site.now(),
    )
    return conditional_response(
        verdict,
        representation.media_type,
        cache_control=cache_control,
        headers=headers,
        vary=vary,
    )


def encoded_at_hand(
    encodings: Cache[Encoded],
    key: Hashable,
    representation: Representation,
    accept_encoding: tuple[str, ...],
) -> Encoded | None:
    """Return the body as Accept-Encoding asks for it, `None` where that is still to be made."""
    coding = representation.coding(accept_encoding)
    if coding is None:
        return representation.plain
    return encodings.fresh((key, coding), representation.plain.etag, 0)


async def _encoded(
    encodings: Cache[Encoded],
    key: Hashable,
    representation: Representation,
    accept_encoding: tuple[str, ...],
) -> Encoded:
    """Return the same; made where it has to be, and the body as it is where that takes too long."""
    coding, plain = representation.coding(accept_encoding), representation.plain
    if coding is None:
        return plain
    wanted = Wanted(f"body in {coding}", (key, coding), made_for=plain.etag)
    try:
        return (await encodings.get(wanted, partial(_pack, coding, plain))).value
    except UnavailableError:
        return plain


def _pack(coding: str, plain: Encoded) -> Encoded:
    packed = pack_as(coding, plain.body)
    if packed is None:
        return plain
    return encoded(coding, packed.body)
