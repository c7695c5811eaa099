"""A publisher in Python: where there is no nginx, and where every answer is to take its time.

python -m benchmarks.speed.plain_publisher FOLDER PORT SITES [--delay MS] [--bare] [--log FILE]
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import signal
import time
from functools import cache
from pathlib import Path


@cache
def answers(path: Path, *, bare: bool) -> tuple[bytes, bytes, bytes]:
    """Return the ETag of a file, and the answers with and without its body."""
    body = path.read_bytes()
    tag = b'"%s"' % hashlib.md5(body, usedforsecurity=False).hexdigest().encode()
    told = b"" if bare else b"ETag: %s\r\n" % tag
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\n%sContent-Length: %d\r\n\r\n"
    return tag, head % (told, len(body)) + body, b"HTTP/1.1 304 Not Modified\r\n%s\r\n" % told


async def serve(folder: Path, port: int, sites: int, *, delay_s: float, bare: bool) -> list[str]:
    """Answer until SIGTERM; return the status and moment of each answer; says when it is ready."""
    from benchmarks.speed.publisher import address  # noqa: PLC0415 - which imports what starts this

    statuses: list[str] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, OSError):
            while True:
                lines = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
                path = folder / Path(lines[0].split()[1].decode()).name
                tag, whole, unchanged = answers(path, bare=bare)
                if delay_s:
                    await asyncio.sleep(delay_s)
                known = not bare and any(
                    line.lower().startswith(b"if-none-match:") and tag in line for line in lines
                )
                statuses.append(f"{304 if known else 200} {time.monotonic():.4f}")
                writer.write(unchanged if known else whole)
        writer.close()

    servers = [
        await asyncio.start_server(talk, address(number, sites), port, backlog=1024)
        for number in range(sites)
    ]
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    print("ready", flush=True)
    await stop.wait()
    for server in servers:
        server.close()
    return statuses


def main() -> None:
    """Serve what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("port", type=int)
    parser.add_argument("sites", type=int)
    parser.add_argument("--delay", type=float, default=0, help="milliseconds before each answer")
    parser.add_argument("--bare", action="store_true", help="no validators")
    parser.add_argument("--log", type=Path)
    options = parser.parse_args()
    delay_s = options.delay / 1000
    statuses = asyncio.run(
        serve(options.folder, options.port, options.sites, delay_s=delay_s, bare=options.bare)
    )
    if options.log:
        options.log.write_text("\n".join(statuses))


if __name__ == "__main__":
    main()
