"""Every answer that this server gives is made here, so that none lacks a protective header."""

from __future__ import annotations

import hashlib
from datetime import UTC, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING

from starlette.responses import Response

from aggregator.publish.compression import pack
from aggregator.runtime.values import dataclass
from aggregator.serve import page_messages
from aggregator.serve.conditional import best_coding, is_unchanged

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

#: Nothing is loaded, run, framed or submitted; the page adds the hash of its own style.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
)

PROTECTION = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Accept-Ranges": "none",
}

#: A body leaves in pieces of this size, so that a slow reader holds two pieces and not a copy of
#: the whole (the server pauses us while any of it waits to be sent).
PIECE_BYTES = 32 * 1024

#: In which time to come back while nothing can be served.
RETRY_AFTER = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Encoded:
    """A body as it is sent, in a content coding or in none, with its strong entity tag."""

    coding: str | None
    body: bytes
    etag: str


@dataclass(frozen=True, slots=True)
class Representation:
    """A body ready to be sent, as it is and in each coding that makes it smaller, best first.

    `changed_at` is when it became what it is: of no other body of its document the same second, so
    that who compares dates alone misses no change (RFC 9110 §8.8.2.2).
    """

    media_type: str
    plain: Encoded
    packed: tuple[Encoded, ...]
    changed_at: datetime | None

    @property
    def bytes_held(self) -> int:
        """How much memory its bodies take."""
        return sum(len(one.body) for one in (self.plain, *self.packed))

    def best(self, accept_encoding: Sequence[str]) -> Encoded:
        """Return what the values of Accept-Encoding ask for."""
        coding = best_coding(accept_encoding, [str(one.coding) for one in self.packed])
        return next((one for one in self.packed if one.coding == coding), self.plain)


def represent(body: bytes, media_type: str, changed_at: datetime | None = None) -> Representation:
    """Hash and compress `body`; takes tens of milliseconds for a large one, so call it in a thread.

    Tags are hashes of the bytes sent, so they outlive a restart.
    """
    return Representation(
        media_type=media_type,
        plain=Encoded(None, body, _etag(body)),
        packed=tuple(Encoded(one.coding, one.body, _etag(one.body)) for one in pack(body)),
        changed_at=changed_at,
    )


def _etag(body: bytes) -> str:
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


class _Pieces(Response):
    """A response whose body leaves piece by piece, waiting for a slow reader in between."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - the interface
        """Send header and body."""
        await send(
            {
                "type": "http.response.start",
                "status": self.status_code,
                "headers": self.raw_headers,
            }
        )
        body = memoryview(self.body)
        whole = b"" if scope["method"] == "HEAD" else body
        for start in range(0, len(whole), PIECE_BYTES):
            piece = bytes(whole[start : start + PIECE_BYTES])
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def conditional_response(
    request: Request,
    representation: Representation,
    *,
    cache_control: str,
    now: datetime,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Answer GET or HEAD with the representation in the best encoding, or with 304.

    A 304 carries what a 200 would have carried of ETag, Last-Modified, Cache-Control and Vary
    (RFC 9110 §15.4.5).
    """
    chosen = representation.best(request.headers.getlist("accept-encoding"))
    fields = {**PROTECTION, **(headers or {})}
    fields |= {"ETag": chosen.etag, "Cache-Control": cache_control, "Vary": "Accept-Encoding"}
    changed_at = representation.changed_at
    if changed_at is not None:
        # Told once that second has come (RFC 9110 §8.8.2.1): a clock may have been set back.
        changed_at = None if changed_at.replace(microsecond=0) > now else changed_at
    if changed_at is not None:
        fields["Last-Modified"] = format_datetime(changed_at.astimezone(UTC), usegmt=True)
    unchanged = is_unchanged(
        request.headers.getlist("if-none-match"),
        request.headers.get("if-modified-since"),
        etag=chosen.etag,
        changed_at=changed_at,
    )
    if unchanged:
        return Response(status_code=304, headers=fields)
    if chosen.coding is not None:
        fields["Content-Encoding"] = chosen.coding
    fields["Content-Type"] = representation.media_type
    return _Pieces(chosen.body, headers=fields)


def text_response(
    status: int, text: str, headers: Mapping[str, str] | None = None, *, cache: str = "no-store"
) -> Response:
    """Answer with a short text for people; it never repeats anything of the request."""
    fields = {**PROTECTION, "Cache-Control": cache, **(headers or {})}
    return Response(
        text + "\n", status, headers=fields, media_type="text/plain"
    )  # Starlette adds charset=utf-8


def unavailable_response(*, close: bool = False) -> Response:
    """Answer 503 with the time in which to come back; with `close`, on a new connection."""
    fields = {"Retry-After": str(int(RETRY_AFTER.total_seconds()))}
    if close:
        fields["Connection"] = "close"
    return text_response(503, page_messages.UNAVAILABLE, fields)
