"""The HTTP server: feeds for readers, a page for people, bounds for everybody."""

from aggregator.serve.connection_bounds import ConnectionBounds
from aggregator.serve.listeners import open_operator_sockets, open_sockets
from aggregator.serve.open_files import allow_open_files
from aggregator.serve.routes import create_app
from aggregator.serve.server import Server, make_server, serve
from aggregator.serve.server_context import Site

__all__ = [
    "ConnectionBounds",
    "Server",
    "Site",
    "allow_open_files",
    "create_app",
    "make_server",
    "open_operator_sockets",
    "open_sockets",
    "serve",
]
