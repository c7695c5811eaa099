"""A bounded connection whose requests h11 reads: in Python, and so everywhere."""

from __future__ import annotations

from uvicorn.protocols.http.h11_impl import H11Protocol

from aggregator.serve.connections import BoundedConnection


class H11Connection(BoundedConnection, H11Protocol):
    """HTTP/1.1 where there is no httptools."""
