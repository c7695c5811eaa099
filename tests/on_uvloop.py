"""A plugin of pytest: event loops are uvloop's, and httptools reads what servers are asked.

pytest -p tests.on_uvloop tests/test_serve_sockets.py
"""

from __future__ import annotations

import asyncio

import uvloop

from tests.serving import READS_WITH

asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
READS_WITH.append("httptools")
