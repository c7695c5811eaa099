"""Every answer that this server gives is made here, so that none lacks a protective header."""

from __future__ import annotations

import hashlib
from datetime import UTC, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING

from starlette.responses import Response

from aggregator.publish.compression import CODINGS, COMPRESS_FROM_BYTES
from aggregator.runtime.values import dataclass
from aggregator.serve import page_messages
from aggregator.serve.conditional import is_unchanged, usual_coding

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

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
    """A body ready to be sent as it is; `Encodings` has it in each coding that somebody asks for.

    `changed_at` is when it became what it is: of no other body of its document the same second, so
    that who compares dates alone misses no change (RFC 9110 §8.8.2.2).
    """

    media_type: str
    plain: Encoded
    changed_at: datetime | None

    @property
    def bytes_held(self) -> int:
        """How much memory its body takes."""
        return len(self.plain.body)

    def coding(self, accept_encoding: tuple[str, ...]) -> str | None:
        """Return the coding that the values of Accept-Encoding ask for, `None` for none."""
        if len(self.plain.body) < COMPRESS_FROM_BYTES:
            return None
        return usual_coding(accept_encoding, CODINGS)


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a GET or HEAD is answered: with which body, or that nothing has changed.

    `dated_at` is what Last-Modified says, `None` where it is left out.
    """

    chosen: Encoded
    unchanged: bool
    dated_at: datetime | None


def represent(
    body: bytes,
    media_type: str,
    changed_at: datetime | None = None,
    *,
    digest: bytes | None = None,
) -> Representation:
    """Return what is sent of a body; `digest` is its SHA-256, where that is known.

    Tags are hashes of the bytes sent, so they outlive a restart.
    """
    return Representation(media_type, encoded(None, body, digest), changed_at)


def encoded(coding: str | None, body: bytes, digest: bytes | None = None) -> Encoded:
    """Return a body with its tag; takes 0.6 ms for a mebibyte whose `digest` is not known."""
    known = hashlib.sha256(body).digest() if digest is None else digest
    return Encoded(coding, body, f'"{known.hex()[:32]}"')


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


def judge(
    representation: Representation,
    chosen: Encoded,
    if_none_match: Sequence[str],
    if_modified_since: str | None,
    now: datetime,
) -> Verdict:
    """Return how a request is answered to which `chosen` is the body (see `is_unchanged`)."""
    dated_at = representation.changed_at
    # Told once that second has come (RFC 9110 §8.8.2.1): a clock may have been set back.
    if dated_at is not None and dated_at > now and dated_at.replace(microsecond=0) > now:
        dated_at = None
    unchanged = is_unchanged(
        if_none_match, if_modified_since, etag=chosen.etag, changed_at=dated_at
    )
    return Verdict(chosen, unchanged, dated_at)


def conditional_response(
    verdict: Verdict,
    media_type: str,
    *,
    cache_control: str,
    headers: Mapping[str, str] | None = None,
    vary: str = "Accept-Encoding",
) -> Response:
    """Answer GET or HEAD with a representation in one encoding, or with 304.

    A 304 carries what a 200 would have carried of ETag, Last-Modified, Cache-Control and Vary
    (RFC 9110 §15.4.5).
    """
    chosen = verdict.chosen
    fields = {**PROTECTION, **(headers or {})}
    fields |= {"ETag": chosen.etag, "Cache-Control": cache_control, "Vary": vary}
    if verdict.dated_at is not None:
        fields["Last-Modified"] = format_datetime(verdict.dated_at.astimezone(UTC), usegmt=True)
    if verdict.unchanged:
        return Response(status_code=304, headers=fields)
    if chosen.coding is not None:
        fields["Content-Encoding"] = chosen.coding
    fields["Content-Type"] = media_type
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
