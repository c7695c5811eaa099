"""The event loop of the daemon: uvloop's where it is installed, else Python's own."""

from __future__ import annotations

import asyncio
from importlib.util import find_spec


def new_event_loop() -> asyncio.AbstractEventLoop:
    """Return a loop that nobody runs yet."""
    if find_spec("uvloop") is None:
        return asyncio.new_event_loop()
    import uvloop  # noqa: PLC0415 - there are machines for which it is not built

    loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return loop
