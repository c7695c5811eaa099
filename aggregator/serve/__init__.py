"""The HTTP server: feeds for readers, a page for people, bounds for everybody."""

from aggregator.serve.routes import create_app
from aggregator.serve.server import ConnectionBounds, Server, make_server, open_sockets, serve
from aggregator.serve.server_context import Site

__all__ = [
    "ConnectionBounds",
    "Server",
    "Site",
    "create_app",
    "make_server",
    "open_sockets",
    "serve",
]
