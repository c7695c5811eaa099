"""A body, read and decoded in small steps with a bound on everything.

A body that ends early, in any coding, is an error and never a shorter document.
"""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING, Protocol

from aggregator.fetch.codings import STEP_BYTES, DecodeError, TooMuchError, decoder_for
from aggregator.fetch.failures import FetchError, quote
from aggregator.model import Problem, ProblemKind
from aggregator.runtime.values import dataclass

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from aggregator.fetch.request_limits import FetchLimits

#: After so much work the event loop gets its turn: about two milliseconds.
TURN_BYTES = 4 * STEP_BYTES
#: Joining more than this is given to a thread (`bytes.join` lets the loop run meanwhile).
_JOIN_IN_THREAD_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Read:
    """A whole, decoded body and its hash."""

    body: bytes
    sha256: bytes


class Reservation(Protocol):
    """Room in memory for one body, shared out among all polls under way."""

    async def reserve(self, size_bytes: int) -> None:
        """Wait for room for a body of up to this size, in place of what was reserved before."""

    def keep(self, size_bytes: int) -> None:
        """Give back what is reserved beyond this size."""


async def read_body(
    chunks: AsyncIterator[bytes],
    content_encoding: str,
    host: str,
    limits: FetchLimits,
    admit: Callable[[], Awaitable[None]] | None = None,
) -> Read:
    """Read and decode a body to its end; beyond `limits.free_bytes` only once `admit` has returned.

    Raises `FetchError` when it is larger than allowed, inflates like a bomb, is damaged or ends
    early. Never holds much more than `limits.decoded_bytes`, nor the event loop for long.
    """
    decoder = decoder_for(content_encoding, host, most_bytes=limits.decoded_bytes)
    pieces: list[bytes] = []
    digest = hashlib.sha256()
    wire = decoded = worked = 0
    try:
        async for step in _steps(chunks):
            wire += len(step)
            worked += STEP_BYTES
            if wire > limits.wire_bytes:
                raise FetchError(_too_large(host, limits.wire_bytes))
            for piece in decoder.steps(step) if step else decoder.end():
                decoded += len(piece)
                _check_size(host, wire, decoded, limits)
                digest.update(piece)
                pieces.append(piece)
                if admit is not None and decoded > limits.free_bytes:
                    await admit()
                    admit = None
                worked += len(piece) or STEP_BYTES
                if worked >= TURN_BYTES:
                    worked = 0
                    await asyncio.sleep(0)
    except TooMuchError:
        raise FetchError(_too_large(host, limits.decoded_bytes)) from None
    except DecodeError:
        raise FetchError(_damaged(host, decoder.coding)) from None
    if wire and not decoder.whole:
        raise FetchError(_cut_off(host, decoder.coding))
    if decoded > _JOIN_IN_THREAD_BYTES:
        body = await asyncio.to_thread(b"".join, pieces)
    else:
        body = b"".join(pieces)
    return Read(body, digest.digest())


async def _steps(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield a body in pieces of a step at most, then b"" for its end."""
    async for chunk in chunks:
        for start in range(0, len(chunk), STEP_BYTES):
            yield chunk[start : start + STEP_BYTES]
    yield b""


def _check_size(host: str, wire: int, decoded: int, limits: FetchLimits) -> None:
    if decoded > limits.decoded_bytes:
        raise FetchError(_too_large(host, limits.decoded_bytes))
    if decoded > limits.ratio_after_bytes and decoded > limits.ratio * wire:
        raise FetchError(
            Problem(
                ProblemKind.TOO_LARGE,
                f"the body from {host} inflates more than {limits.ratio}:1, like a bomb",
            )
        )


def _too_large(host: str, bound_bytes: int) -> Problem:
    size = (
        f"{bound_bytes / 1024 / 1024:g} MiB" if bound_bytes >= 1024 * 1024 else f"{bound_bytes} B"
    )
    return Problem(ProblemKind.TOO_LARGE, f"the body from {host} is larger than {size}")


def _damaged(host: str, coding: str) -> Problem:
    return Problem(
        ProblemKind.ENCODING, f"the body from {host} is not the {quote(coding)} it claims"
    )


def _cut_off(host: str, coding: str) -> Problem:
    return Problem(ProblemKind.ENCODING, f"the body from {host} ends inside its {quote(coding)}")
