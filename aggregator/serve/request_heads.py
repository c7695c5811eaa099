"""The head of a request of the usual kind, read strictly; what is not surely that is left alone.

A feed reader asks for one document with a few fields, in one packet. Such a head is read here at
once; of anything else nothing is said, and the server's own parser judges it: other methods and
versions, bodies, folded lines, bytes that are no text, a Host too few or too many, two requests in
one packet. So whatever this module takes, every parser reads in the same way. Pure.
"""

from __future__ import annotations

import re

from aggregator.runtime.values import dataclass

#: Request line and header fields; a generous reader sends 2 KiB.
HEADER_BYTES = 16 * 1024

# RFC 9112 §2.1 and §3 with CR LF only; RFC 9110 §5.1 and §5.5 without control characters.
_HEAD = re.compile(
    rb"(GET|HEAD) (/[!-~]*+) HTTP/1\.1\r\n"
    rb"(?:[-!#$%&'*+.^_`|~0-9A-Za-z]++:[\t\x20-\x7e\x80-\xff]*+\r\n)++\r\n"
)

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
