"""What fetching alone costs: httpx as the interface, and a first poll over TLS against curl.

python -m benchmarks.speed.fetching URL TIMES CERTIFICATE
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from aggregator.daemon.event_loop import new_event_loop
from aggregator.fetch import Fetcher, user_agent
from aggregator.model import Allowance, NotModified, Validators
from benchmarks.http_client import address, httpx_over_ours, plain_aiohttp, whole_fetch
from benchmarks.speed import documents
from benchmarks.speed.figures import Figure
from benchmarks.speed.publisher import ROOT, Publisher
from benchmarks.speed.tree import measure

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOSTS = 100
EACH = 20
FRESH = 100


def interface(rounds: int) -> list[Figure]:
    """Return the CPU ms of a request answered with 304: aiohttp, httpx over it, a whole fetch."""
    command = [sys.executable, "-m", "benchmarks.http_client", "--serve", "--hosts", str(HOSTS)]
    clients = {"aiohttp": plain_aiohttp, "httpx": httpx_over_ours, "whole": whole_fetch}
    found: dict[str, list[float]] = {name: [] for name in clients}
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        try:
            port = int(server.stdout.readline() if server.stdout else "0")
            urls = [f"http://{address(number)}:{port}/feed.xml" for number in range(HOSTS)]
            for _ in range(rounds):
                for name, client in clients.items():
                    _, cpu = asyncio.run(client(urls, EACH))
                    found[name].append(cpu * 1000 / (EACH * HOSTS))
        finally:
            server.terminate()
    added = tuple(
        httpx - aiohttp for httpx, aiohttp in zip(found["httpx"], found["aiohttp"], strict=True)
    )
    return [
        Figure("fetch/aiohttp alone", "ms", tuple(found["aiohttp"]), is_ours=False),
        Figure("fetch/httpx as the interface", "ms", added),
        Figure("fetch/Fetcher.fetch", "ms", tuple(found["whole"])),
    ]


def fresh(home: Path, rounds: int) -> list[Figure]:
    """Return the CPU ms of a 304 over a new look-up, TCP and TLS connection: ours and curl's.

    What is told is the slope between few and many requests of one process: start-up, and reading
    the machine's certificates once, are apart.
    """
    if not (shutil.which("curl") and shutil.which("openssl") and Publisher(home / "x", 1).program):
        return []
    written = documents.write(home / "documents", 1)
    few, many = 10, 10 + FRESH
    ours, curls = [], []
    with tls(home / "tls", written.first) as (url, certificate):
        tag = _tag(url, certificate)
        for _ in range(rounds):
            spent = []
            for times in (few, many):
                command: list[str | Path] = [
                    "curl", "-sf", "--cacert", certificate, "-H", f"If-None-Match: {tag}",
                    "-o", "/dev/null", f"{url}?[1-{times}]",
                ]  # fmt: skip
                spent.append(measure(command, cwd=home, log=home / "curl.log").cpu_s)
            curls.append((spent[1] - spent[0]) * 1000 / FRESH)
            said = subprocess.run(
                [sys.executable, "-m", "benchmarks.speed.fetching", url, str(FRESH), tag],
                cwd=ROOT,
                env=dict(os.environ) | {"SSL_CERT_FILE": str(certificate)},
                capture_output=True,
                text=True,
                check=True,
            )
            ours.append(float(said.stdout))
    return [
        Figure("fetch/304 over new TLS", "ms", tuple(ours)),
        Figure("fetch/304 over new TLS/curl", "ms", tuple(curls), is_ours=False),
    ]


@contextmanager
def tls(home: Path, folder: Path) -> Iterator[tuple[str, Path]]:
    """Run nginx with TLS at `localhost`, one connection a request, nothing resumed."""
    publisher = Publisher(home, 1)
    key, certificate, conf = home / "key.pem", home / "certificate.pem", home / "tls.conf"
    subprocess.run(
        [  # noqa: S607 - wherever it is installed
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
            "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate,
        ],
        check=True,
        capture_output=True,
    )  # fmt: skip
    temporary = "".join(
        f"{kind}_temp_path {home}/{kind}; "
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    conf.write_text(
        f"{'user root;' if os.geteuid() == 0 else ''} daemon off; worker_processes 1;\n"
        f"pid {home}/tls.pid; events {{ worker_connections 1024; }}\n"
        f"http {{ access_log off; {temporary} keepalive_timeout 0; ssl_session_cache off;"
        " ssl_session_tickets off; types { application/rss+xml xml; }"
        f" server {{ listen 127.0.0.1:{publisher.port} ssl; root {folder};"
        f" ssl_certificate {certificate}; ssl_certificate_key {key}; }} }}\n"
    )
    process = subprocess.Popen(
        [str(publisher.program), "-p", home, "-c", conf, "-e", home / "errors.log"]
    )
    try:
        time.sleep(0.5)
        yield f"https://localhost:{publisher.port}/{documents.name(0)}", certificate
    finally:
        process.terminate()
        process.wait()


def _tag(url: str, certificate: Path) -> str:
    said = subprocess.run(
        ["curl", "-sfI", "--cacert", certificate, url],  # noqa: S607 - wherever it is installed
        capture_output=True,
        text=True,
        check=True,
    )
    return next(
        line.split(":", 1)[1].strip()
        for line in said.stdout.splitlines()
        if line.lower().startswith("etag:")
    )


async def fetch(url: str, times: int, tag: bytes) -> float:
    """Return the CPU ms of one of so many fetches, each over a connection of its own."""
    fetcher = Fetcher(
        allow_private=(Allowance("localhost", host="localhost"),),
        proxy=None,
        user_agent=user_agent(None),
        clock=lambda: datetime.now(UTC),
    )
    validators = Validators(tag)
    try:
        began = 0.0
        for turn in range(times + 1):
            outcome = await fetcher.fetch(url, validators)
            if not isinstance(outcome, NotModified):
                raise TypeError(outcome)
            if turn == 0:
                began = time.process_time()
        return (time.process_time() - began) * 1000 / times
    finally:
        await fetcher.aclose()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=new_event_loop) as runner:  # as the daemon has it
        print(runner.run(fetch(sys.argv[1], int(sys.argv[2]), sys.argv[3].encode())))
