"""Somebody who is notified: a server on loopback that keeps what it is sent, and may refuse it."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from tests.ports import free_port

if TYPE_CHECKING:
    from types import TracebackType


@dataclass(frozen=True, slots=True)
class Received:
    """One message as it came; names of header fields are in lower case."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def told(self) -> Any:
        """What it says, as JSON."""
        return json.loads(self.body)


class ReceivingServer:
    """A context: the server listens while it lasts, at the same port each time.

    `status`, `answer` and `location` are what it answers, `asked` counts requests, refused ones
    among them.
    """

    def __init__(self) -> None:
        self.port = free_port()
        self.status, self.answer, self.location = 200, b"ok", ""
        self.received: list[Received] = []
        self.asked = 0

    def url(self, path: str = "/") -> str:
        """Return an address of it."""
        return f"http://127.0.0.1:{self.port}{path}"

    def __enter__(self) -> ReceivingServer:
        """Listen."""
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                owner.asked += 1
                if owner.status == 200:
                    headers = {name.lower(): value for name, value in self.headers.items()}
                    owner.received.append(Received(self.path, headers, body))
                self.send_response(owner.status)
                if owner.location:
                    self.send_header("Location", owner.location)
                self.send_header("Content-Length", str(len(owner.answer)))
                self.end_headers()
                self.wfile.write(owner.answer)

            def log_message(self, format: str, *_: object) -> None:  # noqa: A002 -- its name
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
