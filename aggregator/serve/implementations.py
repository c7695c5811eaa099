"""Which library reads requests: httptools where it is installed, else h11."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aggregator.serve.connections import BoundedConnection

#: By name, the quicker first.
IMPLEMENTATIONS = {
    "httptools": ("aggregator.serve.httptools_connection", "HttptoolsConnection"),
    "h11": ("aggregator.serve.h11_connection", "H11Connection"),
}


def implementation(library: str) -> type[BoundedConnection]:
    """Return the connections whose requests a library reads, one of `IMPLEMENTATIONS`."""
    module, name = IMPLEMENTATIONS[library]
    made: type[BoundedConnection] = getattr(import_module(module), name)
    return made


def usual_implementation() -> type[BoundedConnection]:
    """Return the quickest of those that are installed."""
    return implementation(next(library for library in IMPLEMENTATIONS if find_spec(library)))
