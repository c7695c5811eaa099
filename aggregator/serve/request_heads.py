"""The head of a request, read strictly before any parser sees it. Pure.

`body_bytes` says whether it is one, and how long the body behind it is; what does not surely have
one meaning to every program on its way is refused. `read_head` reads the usual kind: a feed reader
asks for one document with a few fields. Of anything else it says nothing.
"""

from __future__ import annotations

import re

from aggregator.runtime.values import dataclass

#: Request line and header fields; a generous reader sends 2 KiB.
HEADER_BYTES = 16 * 1024

#: What ends a head.
END = b"\r\n\r\n"

# RFC 9112 §2.1 and §3 with CR LF only, and the path of a URL as target (§3.2.1); RFC 9110 §5.1 and
# §5.5 without control characters.
_FIELD = rb"[-!#$%&'*+.^_`|~0-9A-Za-z]++:[\t\x20-\x7e\x80-\xff]*+\r\n"
_HEAD = re.compile(rb"(GET|HEAD) (/[!\"$-~]*+) HTTP/1\.1\r\n(?:" + _FIELD + rb")++\r\n")
_ANY_HEAD = re.compile(
    rb"[-!#$%&'*+.^_`|~0-9A-Za-z]++ /[!\"$-~]*+ HTTP/1\.([01])\r\n(?:" + _FIELD + rb")*+\r\n"
)

# What no head holds, seen before the whole of it has come: a line that ends otherwise, a beginning
# that is no method.
_NEVER = re.compile(rb"(?<!\r)\n|\r(?![\n]|\Z)|\A[^-!#$%&'*+.^_`|~0-9A-Za-z]")

_FRAMING = re.compile(
    rb"\r\n(?:(host)|(content-length)|(transfer-encoding)):[\t ]*([^\r]*)", re.IGNORECASE
)
_LENGTH = re.compile(rb"[0-9]{1,15}")

# What makes more of a request than its head and its answer: a body, another protocol.
_MORE_THAN_A_HEAD = rb"content-length|transfer-encoding|expect|upgrade|http2-settings"
_HEEDED = re.compile(
    rb"\r\n(host|connection|accept-encoding|if-none-match|if-modified-since|x-forwarded-for|"
    rb"(" + _MORE_THAN_A_HEAD + rb")):[\t ]*([^\r]*)",
    re.IGNORECASE,
)
_NONE: tuple[str, ...] = ()

_STAYING = {(), ("keep-alive",), ("Keep-Alive",)}
_CLOSING = ("close",)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a head asks for: the values of fields that bear on a feed, as they were sent.

    `target` has no query. Of lists there is a value for each line. `closes`: there is no further
    request on the connection.
    """

    method: str
    target: bytes
    accept_encoding: tuple[str, ...] = ()
    if_none_match: tuple[str, ...] = ()
    if_modified_since: str | None = None
    forwarded_for: tuple[str, ...] = ()
    closes: bool = False


def is_hopeless(beginning: bytes) -> bool:
    """Tell whether what has come of a head can be the beginning of none."""
    return len(beginning) > HEADER_BYTES or _NEVER.search(beginning) is not None


def body_bytes(head: bytes) -> int | None:
    """Return how many bytes of body follow a whole head, `None` for what is no request.

    Nobody has to send a body in chunks, since no address takes one: what says that one follows is
    refused, and with it every doubt of where it ends (RFC 9112 §6.1, §11.2).
    """
    found = _ANY_HEAD.fullmatch(head)
    if found is None or len(head) > HEADER_BYTES:
        return None
    hosts, lengths = 0, []
    for host, length, coding, value in _FRAMING.findall(head):
        if coding:
            return None
        if host:
            hosts += 1
        if length:
            lengths.append(value.rstrip(b"\t "))
    if hosts > 1 or (hosts == 0 and found[1] == b"1"):
        return None
    match lengths:
        case []:
            return 0
        case [length] if _LENGTH.fullmatch(length):
            return int(length)
        case _:
            return None


def read_head(packet: bytes) -> Asked | None:
    """Return what a packet asks for that is one whole head of the usual kind, else `None`."""
    if len(packet) > HEADER_BYTES:
        return None
    found = _HEAD.fullmatch(packet)
    if found is None or b"?" in found[2]:
        return None
    values: dict[bytes, tuple[str, ...]] = {}
    for name, more, value in _HEEDED.findall(packet):
        if more:
            return None
        kind, told = name.lower(), value.rstrip(b"\t ").decode("latin-1")
        values[kind] = (*values[kind], told) if kind in values else (told,)
    connection, since = values.get(b"connection", _NONE), values.get(b"if-modified-since", _NONE)
    is_usual = (
        len(values.get(b"host", _NONE)) == 1
        and len(since) <= 1
        and (connection in _STAYING or connection == _CLOSING)
    )
    if not is_usual:
        return None
    return Asked(
        found[1].decode(),
        found[2],
        values.get(b"accept-encoding", _NONE),
        values.get(b"if-none-match", _NONE),
        since[0] if since else None,
        values.get(b"x-forwarded-for", _NONE),
        connection == _CLOSING,
    )
