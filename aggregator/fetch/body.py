"""A body, decoded in small steps with a bound on everything.

The codecs are the ones that can be told how much to put out at once (RFC 9110 §8.4): gzip and
deflate (zlib), br (brotli), zstd (backports.zstd). One coding a body; a body that ends early, in
any of them, is an error and never a shorter document.
"""

from __future__ import annotations

import asyncio
import hashlib
import sys
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import brotli  # type: ignore[import-untyped] # it has no stubs

from aggregator.fetch.failures import FetchError, quote
from aggregator.model import Problem, ProblemKind

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from aggregator.fetch.request_limits import FetchLimits

#: What a codec puts out, or is given, at once: about half a millisecond of work.
STEP_BYTES = 64 * 1024
#: After so much work the event loop gets its turn: about two milliseconds.
TURN_BYTES = 4 * STEP_BYTES
#: A body may be several gzip members (or zstd frames) end to end; real ones have one for 64 KiB.
MAX_MEMBERS = 1000
#: The window that RFC 9659 allows for zstd on the web: 8 MiB.
ZSTD_WINDOW_LOG = 23
#: Joining more than this is given to a thread (`bytes.join` lets the loop run meanwhile).
_JOIN_IN_THREAD_BYTES = 1024 * 1024

_GZIP_MAGIC = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Read:
    """A whole, decoded body and its hash."""

    body: bytes
    sha256: bytes


class Decoder(Protocol):
    """One coding: bytes in, pieces of `STEP_BYTES` or (brotli) a little more out."""

    def steps(self, data: bytes) -> Iterator[bytes]:
        """Yield what `data` decodes to; bad data raises `DecodeError`."""

    @property
    def whole(self) -> bool:
        """Whether the body may end here."""


class DecodeError(Exception):
    """The body is not what its Content-Encoding says."""


class _Identity:
    whole = True

    def steps(self, data: bytes) -> Iterator[bytes]:
        yield data


class _Zlib:
    """gzip (RFC 1952, any number of members) and deflate (RFC 1950, or bare RFC 1951)."""

    def __init__(self, window_bits: int | None) -> None:
        # `None`: deflate, whose first two bytes tell which of its two spellings it is.
        self._window_bits = window_bits
        self._stream = zlib.decompressobj(window_bits) if window_bits is not None else None
        self._members = 1
        self._waiting = b""

    @property
    def whole(self) -> bool:
        return self._stream is not None and self._stream.eof

    def steps(self, data: bytes) -> Iterator[bytes]:
        data = self._waiting + data
        self._waiting = b""
        if self._stream is None:
            if len(data) < 2:
                self._waiting = data
                return
            zlib_header = data[0] & 0x0F == 8 and int.from_bytes(data[:2], "big") % 31 == 0
            self._stream = zlib.decompressobj(zlib.MAX_WBITS if zlib_header else -zlib.MAX_WBITS)
        full = False
        while data or full:
            if self._stream.eof and not self._next_member(data):
                return
            try:
                piece = self._stream.decompress(data, STEP_BYTES)
            except zlib.error as error:
                raise DecodeError from error
            full = len(piece) == STEP_BYTES and not self._stream.eof
            data = self._stream.unused_data if self._stream.eof else self._stream.unconsumed_tail
            if piece:
                yield piece

    def _next_member(self, data: bytes) -> bool:
        """Begin another gzip member; what else follows a finished stream is left unread."""
        if self._window_bits is None or self._members == 0:
            return False
        if len(data) < len(_GZIP_MAGIC):
            self._waiting = data
            return False
        if not data.startswith(_GZIP_MAGIC):
            self._members = 0
            return False
        self._members += 1
        if self._members > MAX_MEMBERS:
            raise DecodeError
        self._stream = zlib.decompressobj(self._window_bits)
        return True


class _Brotli:
    """br (RFC 7932)."""

    def __init__(self) -> None:
        self._stream = brotli.Decompressor()

    @property
    def whole(self) -> bool:
        return bool(self._stream.is_finished())

    def steps(self, data: bytes) -> Iterator[bytes]:
        if self._stream.is_finished():
            return
        try:
            piece: bytes = self._stream.process(data, output_buffer_limit=STEP_BYTES)
            # Output may be waiting although the stream says that it can take more input.
            while piece:
                yield piece
                if self._stream.is_finished():
                    return
                piece = self._stream.process(b"", output_buffer_limit=STEP_BYTES)
        except brotli.error as error:
            raise DecodeError from error


class _Zstd:
    """zstd (RFC 8878, any number of frames) with the window of RFC 9659."""

    def __init__(self) -> None:
        self._stream = self._frame()
        self._frames = 1

    @staticmethod
    def _frame() -> zstd.ZstdDecompressor:
        window = {int(zstd.DecompressionParameter.window_log_max): ZSTD_WINDOW_LOG}
        return zstd.ZstdDecompressor(options=window)

    @property
    def whole(self) -> bool:
        return self._stream.eof

    def steps(self, data: bytes) -> Iterator[bytes]:
        while data or not (self._stream.eof or self._stream.needs_input):
            if self._stream.eof:
                self._frames += 1
                if self._frames > MAX_MEMBERS:
                    raise DecodeError
                self._stream = self._frame()
            try:
                piece = self._stream.decompress(data, max_length=STEP_BYTES)
            except zstd.ZstdError as error:
                raise DecodeError from error
            data = self._stream.unused_data if self._stream.eof else b""
            if piece:
                yield piece


_DECODERS: dict[str, Callable[[], Decoder]] = {
    "": _Identity,
    "identity": _Identity,
    "gzip": lambda: _Zlib(zlib.MAX_WBITS | 16),
    "x-gzip": lambda: _Zlib(zlib.MAX_WBITS | 16),
    "deflate": lambda: _Zlib(None),
    "br": _Brotli,
    "zstd": _Zstd,
}

#: What we offer: all that we decode, the same with every request (RFC 9110 §12.5.3).
ACCEPT_ENCODING = b"gzip, deflate, br, zstd"


def decoder_for(content_encoding: str, host: str) -> Decoder:
    """Return a decoder for a Content-Encoding; raises `FetchError` for unknown and stacked ones."""
    codings = [c for c in (part.strip().lower() for part in content_encoding.split(",")) if c]
    if len(codings) > 1:
        raise FetchError(
            Problem(ProblemKind.ENCODING, f"{host} stacks encodings: {quote(content_encoding)}")
        )
    coding = codings[0] if codings else ""
    make = _DECODERS.get(coding)
    if make is None:
        raise FetchError(
            Problem(
                ProblemKind.ENCODING, f"{host} sends an encoding we do not know: {quote(coding)}"
            )
        )
    return make()


async def read_body(
    chunks: AsyncIterator[bytes], content_encoding: str, host: str, limits: FetchLimits
) -> Read:
    """Read and decode a body to its end.

    Raises `FetchError` when it is larger than allowed, inflates like a bomb, is damaged or ends
    early. Never holds much more than `limits.decoded_bytes`, nor the event loop for long.
    """
    decoder = decoder_for(content_encoding, host)
    pieces: list[bytes] = []
    digest = hashlib.sha256()
    wire = decoded = worked = 0
    try:
        async for chunk in chunks:
            wire += len(chunk)
            if wire > limits.wire_bytes:
                raise FetchError(_too_large(host, limits.wire_bytes))
            for start in range(0, len(chunk), STEP_BYTES):
                worked += STEP_BYTES
                for piece in decoder.steps(chunk[start : start + STEP_BYTES]):
                    decoded += len(piece)
                    _check_size(host, wire, decoded, limits)
                    digest.update(piece)
                    pieces.append(piece)
                    worked += len(piece)
                    if worked >= TURN_BYTES:
                        worked = 0
                        await asyncio.sleep(0)
    except DecodeError:
        raise FetchError(_damaged(host, content_encoding)) from None
    if wire and not decoder.whole:
        raise FetchError(_cut_off(host, content_encoding))
    if decoded > _JOIN_IN_THREAD_BYTES:
        body = await asyncio.to_thread(b"".join, pieces)
    else:
        body = b"".join(pieces)
    return Read(body, digest.digest())


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
