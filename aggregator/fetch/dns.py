"""Names to addresses, without ever holding up anything else.

`getaddrinfo` cannot be cancelled, and a name server that is gone makes it hang for half a minute.
So every look-up has a thread of its own (a stop of the program does not wait for it, and the
event loop's own threads stay free), there is a bound on their number, and nobody waits longer than
the limit.
"""

from __future__ import annotations

import _thread
import asyncio
import contextlib
import socket
from ipaddress import ip_address
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from aggregator.fetch.request_limits import FetchLimits
    from aggregator.model import IPAddress


class Resolver(Protocol):
    """Turns a host name into addresses."""

    async def resolve(self, host: str) -> list[IPAddress]:
        """Return the addresses of an ASCII host name, best first; `socket.gaierror` if none."""


class SystemResolver:
    """The system's own resolver (hosts file, DNS, whatever nsswitch.conf says)."""

    def __init__(self, limits: FetchLimits) -> None:
        self._limits = limits
        self._free = asyncio.Semaphore(limits.look_ups)

    async def resolve(self, host: str) -> list[IPAddress]:
        """Return the addresses of `host`; no answer within the limit is a `socket.gaierror`."""
        try:
            async with asyncio.timeout(self._limits.look_up.total_seconds()):
                return await self._look_up(host)
        except TimeoutError:
            # Without a chain: the cause is what the caller reads.
            raise socket.gaierror(socket.EAI_AGAIN, "no answer in time") from None

    async def _look_up(self, host: str) -> list[IPAddress]:
        await self._free.acquire()
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[list[IPAddress]] = loop.create_future()

        def finish(addresses: list[IPAddress], error: Exception | None) -> None:
            self._free.release()
            if answer.cancelled():
                return
            if error is not None:
                answer.set_exception(error)
            else:
                answer.set_result(addresses)

        def work() -> None:
            addresses: list[IPAddress] = []
            failure: Exception | None = None
            try:
                addresses = _getaddrinfo(host)
            except OSError as error:
                failure = error
            except UnicodeError:  # a label that DNS cannot hold
                failure = socket.gaierror(socket.EAI_NONAME, "no host name")
            # The loop is closed when a look-up outlives the program's end.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(finish, addresses, failure)

        # Not by `threading`, which holds up the loop until the thread has begun, and would wait for
        # its end when the program stops.
        _thread.start_new_thread(work, ())
        return await answer


def _getaddrinfo(host: str) -> list[IPAddress]:
    found: dict[IPAddress, None] = {}
    for family, _type, _proto, _name, address in socket.getaddrinfo(
        host, None, type=socket.SOCK_STREAM
    ):
        if family in {socket.AF_INET, socket.AF_INET6}:
            found[ip_address(address[0])] = None
    return list(found)
