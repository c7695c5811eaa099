"""Content codings: from the bytes of a message to those of its document, in small steps.

The codecs can be told how much to put out at once (RFC 9110 §8.4): gzip and deflate (zlib), br
(brotli), zstd (backports.zstd). What a body begins with goes before what its header says: servers
label plain text as gzip, send .gz files without a label, and compress twice.
"""

from __future__ import annotations

import re
import sys
import zlib
from typing import TYPE_CHECKING, Protocol

from aggregator.fetch.failures import FetchError, quote
from aggregator.model import Problem, ProblemKind

# No wheel of these is made for 32-bit ARM: servers are not offered what cannot be read.
try:
    import brotli  # type: ignore[import-untyped] # it has no stubs
except ImportError:
    brotli = None
try:
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
except ImportError:
    zstd = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: What a codec puts out, or is given, at once: about half a millisecond of work.
STEP_BYTES = 64 * 1024
#: A body may be several gzip members (or zstd frames) end to end; real ones have one for 64 KiB.
MAX_MEMBERS = 1000
#: The window that RFC 9659 allows for zstd on the web: 8 MiB.
ZSTD_WINDOW_LOG = 23
#: Codings on top of each other: a proxy that compresses again makes two.
MAX_LAYERS = 3
#: What is looked at to tell plain text from a coding that has no magic number.
HEAD_BYTES = 64

_GZIP_MAGIC = b"\x1f\x8b"
_GZIP_DEFLATE = b"\x1f\x8b\x08"  # RFC 1952 2.3.1: the only method there is
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"  # RFC 8878 3.1.1

# How the documents that we read begin, after a byte order mark and blanks.
_TEXT = re.compile(rb"(?:\xef\xbb\xbf)?[\t\n\r ]*(?:<[?!a-zA-Z]|\{[\t\n\r ]*[\"}])")
_UTF_16 = (b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<")
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f\x7f]")
#: In fewer bytes nothing tells text from br or a bare deflate by chance.
_TELLING_BYTES = 16


class Codec(Protocol):
    """One coding: bytes in, pieces of `STEP_BYTES` or (brotli) a little more out."""

    def steps(self, data: bytes) -> Iterator[bytes]:
        """Yield what `data` decodes to; bad data raises `DecodeError`."""

    @property
    def whole(self) -> bool:
        """Whether the body may end here."""


class DecodeError(Exception):
    """The body is not what its Content-Encoding says."""


class TooMuchError(Exception):
    """A coding inside another puts out more than a document may have."""


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


_CODECS: dict[str, Callable[[], Codec]] = {
    "gzip": lambda: _Zlib(zlib.MAX_WBITS | 16),
    "x-gzip": lambda: _Zlib(zlib.MAX_WBITS | 16),
    "deflate": lambda: _Zlib(None),
    "br": _Brotli,
    "zstd": _Zstd,
}
for _name, _library in (("br", brotli), ("zstd", zstd)):
    if _library is None:
        del _CODECS[_name]

#: Registered codings that we cannot read; every other unknown name says nothing about the bytes:
#: a charset, a media type, "none", "aws-chunked"
#: (https://www.iana.org/assignments/http-parameters/http-parameters.xhtml#content-coding).
_UNREADABLE = frozenset(
    {"compress", "x-compress", "exi", "pack200-gzip", "dcb", "dcz", "br", "zstd"} - _CODECS.keys()
)

#: What we offer: all that we decode, the same with every request (RFC 9110 §12.5.3).
ACCEPT_ENCODING = ", ".join(
    coding for coding in ("gzip", "deflate", "br", "zstd") if coding in _CODECS
).encode()


class Decoder:
    """A body with whatever codings it turns out to have, the outermost first.

    `codings` are those that its header names, in the order in which they were applied; `most_bytes`
    bounds what a coding may put out that has another inside.
    """

    def __init__(
        self, codings: tuple[str, ...], host: str, *, most_bytes: int, layers: int = MAX_LAYERS
    ) -> None:
        self._codings = codings
        self._host = host
        self._most_bytes = most_bytes
        self._layers = layers
        self._put_out = 0
        #: The outermost coding that was found, or named; "" for plain bytes.
        self.coding = codings[-1] if codings else ""
        self._head = b""
        self._codec: Codec | None = None
        self._inner: Decoder | None = None

    def steps(self, data: bytes) -> Iterator[bytes]:
        """Yield what `data` decodes to, and b"" for a step of work that has put out nothing yet.

        Bad data raises `DecodeError`, a bomb of codings `TooMuchError`, and codings that we cannot
        read `FetchError`.
        """
        if self._codec is None:
            self._head += data
            if len(self._head) < HEAD_BYTES:
                return
            data, self._head = self._head, b""
            self._begin(data)
        yield from self._through(data)

    def end(self) -> Iterator[bytes]:
        """Yield what was held back until there was enough to tell; nothing comes after it."""
        if self._codec is None and self._head:
            data, self._head = self._head, b""
            self._begin(data)
            yield from self._through(data)
        if self._inner is not None:
            yield from self._inner.end()

    @property
    def whole(self) -> bool:
        """Whether the body may end here."""
        mine = self._codec is None or self._codec.whole
        return mine and (self._inner is None or self._inner.whole)

    def _through(self, data: bytes) -> Iterator[bytes]:
        assert self._codec is not None  # noqa: S101 -- `_begin` was called
        for piece in self._codec.steps(data):
            if self._inner is None:
                yield piece
                continue
            self._put_out += len(piece)
            if self._put_out > self._most_bytes:
                raise TooMuchError
            yield b""
            yield from self._inner.steps(piece)

    def _begin(self, head: bytes) -> None:
        """Choose the codec for a body that begins with `head`, and what is looked for inside."""
        coding = _coding_of(head, self._codings)
        if coding is None:
            _refuse_unreadable(head, self._codings, self._host)
            self._codec = _Identity()
            return
        if not self._layers:
            raise FetchError(
                Problem(ProblemKind.ENCODING, f"{self._host} stacks more than {MAX_LAYERS} codings")
            )
        self.coding = coding
        self._codec = _CODECS[coding]()
        rest = self._codings[:-1] if self._codings else ()
        self._inner = Decoder(
            rest, self._host, most_bytes=self._most_bytes, layers=self._layers - 1
        )


def decoder_for(content_encoding: str, host: str, *, most_bytes: int) -> Decoder:
    """Return a decoder for a body whose header has this Content-Encoding ("" where it has none)."""
    names = (part.strip().lower() for part in content_encoding.split(","))
    return Decoder(
        tuple(name for name in names if name and name != "identity"), host, most_bytes=most_bytes
    )


def _coding_of(head: bytes, codings: tuple[str, ...]) -> str | None:
    """Return the coding of a body that begins with `head`, `None` for plain bytes.

    Raises `DecodeError` for bytes that are not what the header says, nor anything else we know.
    """
    if head.startswith(_GZIP_DEFLATE):
        return "gzip"
    if head.startswith(_ZSTD_MAGIC) and "zstd" in _CODECS:
        return "zstd"
    named = [coding for coding in codings if coding in _CODECS]
    if not named or codings[-1] in _UNREADABLE:
        return None
    coding = named[-1]
    has_magic = coding in ("gzip", "x-gzip", "zstd")
    if _is_text(head) and (has_magic or len(head) >= _TELLING_BYTES):
        return None
    if has_magic and not (_GZIP_DEFLATE if "gzip" in coding else _ZSTD_MAGIC).startswith(head):
        raise DecodeError
    return coding


def _is_text(head: bytes) -> bool:
    if head.startswith(_UTF_16):
        return True
    return _TEXT.match(head) is not None and _CONTROL.search(head) is None


def _refuse_unreadable(head: bytes, codings: tuple[str, ...], host: str) -> None:
    coding = next((one for one in codings if one in _UNREADABLE), None)
    if coding is not None and not _is_text(head):
        detail = f"{host} sends an encoding that we cannot read: {quote(coding)}"
        raise FetchError(Problem(ProblemKind.ENCODING, detail))
