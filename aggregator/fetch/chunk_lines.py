"""The bytes of an answer on their way to h11: its lines whole, its chunk lines as h11 wants them.

h11 reads a chunk's lines only with CR LF, waits for a CR that never comes, and bounds an incomplete
line by what each packet happened to bring. RFC 9112 §2.2 lets a recipient take a single LF for the
end of a line, and curl does so in the chunked coding (§7.1), too. A lenient reading of lines can
make two parties see different messages in one stream (request smuggling, §11.2); nobody can here:
we are the client, the last party, ask one thing on a connection, and then close it.

h11 gets a line only when it is whole, so what it says does not depend on how TCP cut the bytes.
"""

from __future__ import annotations

import re
from enum import Enum, auto

#: The longest head, chunk line or trailer: as much as h11 holds under httpcore.
LINE_BYTES = 100 * 1024

#: What ends a head or a trailer, as h11 looks for it.
_BLANK_LINE = re.compile(rb"\A\r?\n|\n\r?\n")
#: RFC 9112 §5.1: no space before the colon; what passes an answer on takes it away, as curl does.
_SPACED_NAME = re.compile(rb"(?m)^([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]+:")
_STATUS = re.compile(rb"HTTP/\d\.\d (\d{3})")
_CHUNKED = re.compile(rb"(?i)\ntransfer-encoding:\s*chunked[ \t]*\r?\n")
#: A size, and extensions, which a recipient ignores (§7.1.1).
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,20})[ \t]*(?:;[^\r]*)?")
#: A CR that no LF follows ends no line, for curl neither.
_BARE_CR = re.compile(rb"\r[^\r\n]")
#: What stands behind a chunk; curl takes any number of CR, which would be looked at anew each time.
_CHUNK_END = re.compile(rb"\r{0,9}\n")
_WITHOUT_BODY = frozenset({b"204", b"304"})


class LinesError(ValueError):
    """A line that is refused before h11 sees it; the text is one that `framing_problem` knows."""


class _Part(Enum):
    HEAD = auto()
    SIZE = auto()
    CHUNK = auto()
    CHUNK_END = auto()
    TRAILER = auto()
    REST = auto()


class ChunkLines:
    """Reads the bytes of one connection's answer in order; holds `LINE_BYTES` and a packet at most.

    Joined, what `feed` returns depends on the bytes alone, not on how they were cut.
    """

    def __init__(self) -> None:
        self._part = _Part.HEAD
        self._held = bytearray()
        self._searched = 0
        self._left = 0

    def feed(self, data: bytes) -> bytes:
        """Return what h11 may see by now, perhaps nothing; raises `LinesError`."""
        self._held += data
        out = bytearray()
        while self._held:
            taken = self._take()
            if taken is None:
                break
            out += taken
        return bytes(out)

    def _take(self) -> bytes | None:
        """Take the next piece off what is held; `None`: more must come first."""
        match self._part:
            case _Part.REST:
                return self._cut(len(self._held))
            case _Part.CHUNK:
                piece = self._cut(min(self._left, len(self._held)))
                self._left -= len(piece)
                if not self._left:
                    self._part = _Part.CHUNK_END
                return piece
            case _Part.SIZE:
                return self._size()
            case _Part.CHUNK_END:
                return self._chunk_end()
            case _Part.HEAD:
                return self._head()
            case _Part.TRAILER:
                trailer = self._block()
                if trailer is not None:
                    self._part = _Part.REST
                return trailer

    def _head(self) -> bytes | None:
        head = self._block()
        if head is None:
            return None
        head = _SPACED_NAME.sub(rb"\1:", head)
        found = _STATUS.match(head)
        status = b"" if found is None else found[1]
        if status.startswith(b"1") and status != b"101":
            return head  # an interim answer: another head follows
        chunked = status not in _WITHOUT_BODY and _CHUNKED.search(head)
        self._part = _Part.SIZE if chunked else _Part.REST
        return head

    def _size(self) -> bytes | None:
        end = self._held.find(b"\n", self._searched) + 1
        bare = _BARE_CR.search(self._held, self._searched, min(end or LINE_BYTES, LINE_BYTES))
        if bare is not None:
            raise LinesError("bare CR in chunks")
        line = self._until(end, "chunk line too long")
        if line is None:
            return None
        line = line.rstrip(b"\r\n")
        size = _SIZE.fullmatch(line)
        if size is None:
            self._part = _Part.REST  # h11 says what is wrong
            return line + b"\r\n"
        self._left = int(size[1], 16)
        self._part = _Part.CHUNK if self._left else _Part.TRAILER
        return size[1] + b"\r\n"

    def _chunk_end(self) -> bytes | None:
        found = _CHUNK_END.match(self._held)
        if found is None:
            if len(self._held) > 9 or self._held.strip(b"\r"):
                raise LinesError("malformed chunk")
            return None
        self._cut(found.end())
        self._part = _Part.SIZE
        return b"\r\n"

    def _block(self) -> bytes | None:
        found = _BLANK_LINE.search(self._held, self._searched)
        return self._until(0 if found is None else found.end(), "Receive buffer too long")

    def _until(self, end: int, too_long: str) -> bytes | None:
        """Take what is held up to `end`; 0: the end has not come yet."""
        if (end or len(self._held)) > LINE_BYTES:
            raise LinesError(too_long)
        if end:
            return self._cut(end)
        self._searched = max(0, len(self._held) - 3)
        return None

    def _cut(self, end: int) -> bytes:
        piece = bytes(self._held[:end])
        del self._held[:end]
        self._searched = 0
        return piece
