"""A bounded connection whose requests h11 reads, in Python: strict, and there is always one."""

from __future__ import annotations

from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from aggregator.serve import page_messages
from aggregator.serve.connections import Awaited, BoundedConnection
from aggregator.serve.request_heads import HEADER_BYTES
from aggregator.serve.responses import text_response


class _StrictParser(h11.Connection):
    """h11 whose bound on a header holds for one that arrives whole as well."""

    def next_event(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        """Return the next event; raises `h11.RemoteProtocolError` for a header that is too long."""
        event = super().next_event()
        if isinstance(event, h11.Request) and _head_bytes(event) > HEADER_BYTES:
            raise h11.RemoteProtocolError("the header is too long")
        return event


def _head_bytes(request: h11.Request) -> int:
    fields = sum(len(name) + len(value) + len(": \r\n") for name, value in request.headers)
    return len(request.method) + len(request.target) + len("  HTTP/1.1\r\n\r\n") + fields


class H11Connection(BoundedConnection, H11Protocol):
    """Whatever it answers itself carries the protective fields of every other answer."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.conn = _StrictParser(h11.SERVER, HEADER_BYTES)

    @property
    def _awaited(self) -> Awaited:
        match self.conn.their_state:
            case h11.SEND_BODY:
                return Awaited.REST
            case h11.IDLE:
                has_begun, _ = self.conn.trailing_data
                return Awaited.REST if has_begun else Awaited.REQUEST
            case _:
                return Awaited.NOTHING

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's own English
        """Answer what is no request, or a header that is too long, and close."""
        if self.cycle is not None:
            self.cycle.disconnected = True  # an answer that has not begun is not sent any more
        if self.conn.our_state not in {h11.IDLE, h11.SEND_RESPONSE}:
            self.transport.close()
            return
        refusal = text_response(400, page_messages.NO_REQUEST, {"Connection": "close"})
        body = bytes(refusal.body)
        for event in (
            h11.Response(status_code=400, headers=refusal.raw_headers, reason=b"Bad Request"),
            h11.Data(data=body),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()
