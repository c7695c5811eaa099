"""What a conditional request costs us: httpx, httpx over our transport, aiohttp, and a whole poll.

    .venv/bin/python benchmarks/http_client.py [--hosts 100] [--requests 4000]

A server process of its own answers 304 on one loopback address a host (Linux answers on all of
127.0.0.0/8). Every host has one worker that asks it again and again over one kept connection, as
the daemon would with that many sources. Only the client's CPU time counts; the ratios of one run
mean more than its figures.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import time
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import TYPE_CHECKING

import aiohttp
import httpx

from aggregator.fetch import Fetcher, FetchLimits, user_agent
from aggregator.fetch.dns import SystemResolver
from aggregator.fetch.guard import Dial
from aggregator.fetch.transport import AiohttpTransport, default_tls
from aggregator.model import Allowance, NotModified, Validators

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Ask = Callable[[str], Awaitable[object]]

LOOPBACK = ip_network("127.0.0.0/8")
ANSWER = b'HTTP/1.1 304 Not Modified\r\nETag: "v1"\r\nCache-Control: max-age=600\r\n\r\n'
CONDITION = {"If-None-Match": '"v1"'}


def address(number: int) -> str:
    return f"127.0.{1 + number // 250}.{1 + number % 250}"


async def serve(hosts: int) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(ANSWER)
        except (asyncio.IncompleteReadError, OSError):
            writer.close()

    first = await asyncio.start_server(answer, address(0), 0)
    port = first.sockets[0].getsockname()[1]
    for number in range(1, hosts):
        await asyncio.start_server(answer, address(number), port)
    print(port, flush=True)
    await asyncio.Event().wait()


async def measure(ask: Ask, urls: list[str], each: int) -> tuple[float, float]:
    """Return wall and CPU seconds of `each` requests to every URL, the hosts side by side."""

    async def worker(url: str, times: int) -> None:
        for _ in range(times):
            await ask(url)

    await asyncio.gather(*(worker(url, 1) for url in urls))
    wall, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(worker(url, each) for url in urls))
    return time.perf_counter() - wall, time.process_time() - cpu


async def plain_httpx(urls: list[str], each: int) -> tuple[float, float]:
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    async with httpx.AsyncClient(trust_env=False, limits=limits) as client:
        return await measure(lambda url: client.get(url, headers=CONDITION), urls, each)


async def httpx_over_ours(urls: list[str], each: int) -> tuple[float, float]:
    limits = FetchLimits()
    transport = AiohttpTransport(limits=limits, resolver=SystemResolver(limits), tls=default_tls)

    async with httpx.AsyncClient(trust_env=False, transport=transport) as client:

        def ask(url: str) -> Awaitable[object]:
            extensions = {"target": b"/feed.xml", "dial": Dial(ranges=(LOOPBACK,))}
            return client.get(url, headers=CONDITION, extensions=extensions)

        return await measure(ask, urls, each)


async def plain_aiohttp(urls: list[str], each: int) -> tuple[float, float]:
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def ask(url: str) -> None:
            async with session.get(url, headers=CONDITION) as response:
                await response.read()

        return await measure(ask, urls, each)


async def whole_fetch(urls: list[str], each: int) -> tuple[float, float]:
    fetcher = Fetcher(
        allow_private=(Allowance(str(LOOPBACK), network=LOOPBACK),),
        proxy=None,
        user_agent=user_agent(None),
        clock=lambda: datetime.now(UTC),
    )
    validators = Validators(b'"v1"')

    async def ask(url: str) -> None:
        outcome = await fetcher.fetch(url, validators)
        if not isinstance(outcome, NotModified):
            raise TypeError(outcome)

    try:
        return await measure(ask, urls, each)
    finally:
        await fetcher.aclose()


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--hosts", type=int, default=100)
    arguments.add_argument("--requests", type=int, default=4000)
    arguments.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.serve:
        asyncio.run(serve(given.hosts))
        return
    command = [sys.executable, __file__, "--serve", "--hosts", str(given.hosts)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            port = int(server.stdout.readline() if server.stdout else "0")
            urls = [f"http://{address(n)}:{port}/feed.xml" for n in range(given.hosts)]
            each = max(1, given.requests // given.hosts)
            print(f"{given.hosts} hosts, {each * given.hosts} requests answered with 304\n")
            print(f"{'client':<28}{'requests/s':>12}{'CPU ms/request':>17}{'to aiohttp':>13}")
            rows = {
                "aiohttp": plain_aiohttp,
                "httpx over our transport": httpx_over_ours,
                "httpx": plain_httpx,
                "a whole fetch (guarded)": whole_fetch,
            }
            base = 0.0
            for name, run in rows.items():
                wall, cpu = asyncio.run(run(urls, each))
                cost = 1000 * cpu / (each * given.hosts)
                base = base or cost
                rate = each * given.hosts / wall
                print(f"{name:<28}{rate:>12.0f}{cost:>17.2f}{cost / base:>12.1f}×")
        finally:
            server.terminate()


if __name__ == "__main__":
    main()
