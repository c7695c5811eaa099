"""Serving one cached feed, and making it anew: the daemon against nginx with the same bytes.

Server and wrk have a core each where there are two. A busy machine moves requests a second more
than the CPU time of one, so both are told.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.speed import documents
from benchmarks.speed.figures import Figure
from benchmarks.speed.peers import Ours, configuration
from benchmarks.speed.publisher import Publisher
from benchmarks.speed.starting import cpu_of
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

CONNECTIONS = 50
#: 4 KB each: a feed of about 315 KB.
ENTRIES_SERVED = 75
ENTRIES_MISSED = 100
_PATIENCE_S = 60

_RATE = re.compile(r"Requests/sec:\s+([\d.]+)")
_TOTAL = re.compile(r"(\d+) requests in")
_P99 = re.compile(r"99%\s+([\d.]+)(us|ms|s)")
_WRONG = re.compile(r"Socket errors:.*|Non-2xx.*")
_MS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


@dataclass(frozen=True, slots=True)
class Served:
    """What wrk found: requests a second, 99th percentile, and the server's CPU a request."""

    rate: float
    p99_ms: float
    cpu_us: float


class Daemon:
    """The daemon on a database that a poll has filled, with one feed of so many entries."""

    def __init__(self, home: Path, publisher: Publisher, sources: int, entries: int) -> None:
        self.home = home
        self.ours = Ours(home, [publisher.url(n, documents.name(n)) for n in range(sources)])
        self.port = free_port()
        settings = configuration(self.ours.urls).replace(
            'title = "全部"\n', f'title = "全部"\nlimit = {entries}\nmin_entries = {entries}\n'
        )
        listen = f'[server]\nlisten = "127.0.0.1:{self.port}"\n[defaults]\ninterval = "12h"\n'
        (home / "config.toml").write_text(listen + settings, encoding="utf-8")
        self.ours.poll("fill")

    @property
    def url(self) -> str:
        """The feed's address."""
        return f"http://127.0.0.1:{self.port}/feeds/all.atom"

    @contextmanager
    def running(self, core: list[str]) -> Iterator[int]:
        """Run it on a core; gives its process."""
        with (self.home / "daemon.log").open("ab") as log:
            process = subprocess.Popen(
                [*core, self.ours.program, "run"], cwd=self.home, stdout=log, stderr=log
            )
        try:
            deadline = time.monotonic() + _PATIENCE_S
            while True:
                try:
                    get(self.url)
                    break
                except (OSError, urllib.error.URLError):
                    if time.monotonic() > deadline:
                        raise
                    time.sleep(0.1)
            time.sleep(1)  # what it does once after its start is over
            yield process.pid
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


def get(url: str, **fields: str) -> tuple[bytes, str]:
    """Return a body as it was sent, and its ETag."""
    asked = urllib.request.Request(  # noqa: S310 - our own
        url, headers={name.replace("_", "-"): value for name, value in fields.items()}
    )
    with urllib.request.urlopen(asked) as answer:  # noqa: S310 - our own
        return answer.read(), answer.headers["ETag"] or ""


def cores() -> tuple[list[str], list[str]]:
    """Return what puts the server, and what puts wrk, on a core of its own."""
    if shutil.which("taskset") is None or (os.cpu_count() or 1) < 2:
        return [], []
    return ["taskset", "--cpu-list", "0"], ["taskset", "--cpu-list", "1"]


def cached(home: Path, rounds: int, seconds: int = 2) -> list[Figure]:
    """Return how one cached feed is served, by us and by nginx in turn."""
    if shutil.which("wrk") is None or Publisher(home / "none", 1).program is None:
        return []
    server, client = cores()
    found: dict[str, list[Served]] = {}
    written = documents.write(home / "documents", 10)
    with Publisher(home / "publisher", 10) as publisher:
        publisher.serve(written.first)
        daemon = Daemon(home / "daemon", publisher, 10, ENTRIES_SERVED)
        with daemon.running(server) as process:
            body, tag = get(daemon.url)
            packed, packed_tag = get(daemon.url, Accept_Encoding="gzip")
            files = home / "files"
            files.mkdir()
            (files / "all.atom").write_bytes(body)
            (files / "all.atom.gz").write_bytes(packed)
            with nginx(home / "nginx", files, server) as (peer, url):
                peer_tags = get(url)[1], get(url, Accept_Encoding="gzip")[1]
                for _ in range(rounds):
                    for name, place, owner, tags in (
                        ("aggregator", daemon.url, process, (tag, packed_tag)),
                        ("nginx", url, peer, peer_tags),
                    ):
                        for kind, headers in (
                            ("plain", []),
                            ("gzip", ["Accept-Encoding: gzip"]),
                            ("304", ["Accept-Encoding: gzip", f"If-None-Match: {tags[1]}"]),
                        ):
                            one = wrk(client, place, headers, seconds, owner)
                            found.setdefault(f"{kind}/{name}", []).append(one)
    figures = []
    for name, runs in found.items():
        is_ours = name.endswith("aggregator")
        for what, unit in (("rate", "/s"), ("p99_ms", "ms"), ("cpu_us", "µs")):
            values = tuple(getattr(run, what) for run in runs)
            # A busy machine makes of p99 what it likes: told, and not compared with later.
            compared = is_ours and what != "p99_ms"
            figures.append(Figure(f"serve/{name}/{what}", unit, values, is_ours=compared))
    figures.append(Figure("serve/bytes", "bytes", (len(body), len(packed)), is_ours=False))
    return figures


def wrk(core: list[str], url: str, headers: list[str], seconds: int, server: int) -> Served:
    """Ask for the same thing again and again over 50 connections."""
    words = [word for header in headers for word in ("-H", header)]
    before = cpu_of(server)
    said = subprocess.run(
        [*core, "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", *words, url],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    cpu = cpu_of(server) - before
    wrong, rate, total, p99 = (p.search(said) for p in (_WRONG, _RATE, _TOTAL, _P99))
    if wrong or not (rate and total and p99):
        raise RuntimeError(f"wrk, {url}: {said}")
    return Served(float(rate[1]), float(p99[1]) * _MS[p99[2]], cpu * 1e6 / max(int(total[1]), 1))


@contextmanager
def nginx(home: Path, files: Path, core: list[str]) -> Iterator[tuple[int, str]]:
    """Run nginx on these files, which it finds compressed; gives its process and the feed's URL."""
    publisher = Publisher(home, 1)
    conf = home / "serve.conf"
    conf.write_text(
        f"{'user root;' if os.geteuid() == 0 else ''} daemon off; worker_processes 1;\n"
        f"pid {home}/serve.pid; events {{ worker_connections 1024; }}\n"
        f"http {{ access_log off; client_body_temp_path {home}/body; proxy_temp_path {home}/proxy;"
        f" fastcgi_temp_path {home}/fast; uwsgi_temp_path {home}/uwsgi; scgi_temp_path {home}/scgi;"
        " sendfile on; tcp_nopush on; keepalive_requests 100000000;"
        " open_file_cache max=100; gzip_static on; gzip_vary on;"
        " types { application/atom+xml atom; }"
        f" server {{ listen 127.0.0.1:{publisher.port}; root {files}; }} }}\n"
    )
    process = subprocess.Popen(
        [*core, str(publisher.program), "-p", home, "-c", conf, "-e", home / "errors.log"]
    )
    url = f"http://127.0.0.1:{publisher.port}/all.atom"
    try:
        time.sleep(0.5)
        yield process.pid, url
    finally:
        process.terminate()
        process.wait()


def missed(home: Path, rounds: int) -> list[Figure]:
    """Return the daemon's CPU ms of one answer after a new entry has come: a feed of 100."""
    written = documents.write(home / "documents", 10)
    costs = []
    with Publisher(home / "publisher", 10) as publisher:
        publisher.serve(written.first)
        daemon = Daemon(home / "daemon", publisher, 10, ENTRIES_MISSED)
        with daemon.running([]) as process:
            get(daemon.url, Accept_Encoding="gzip")
            for turn in range(1, rounds + 2):
                newest = documents.ENTRIES + turn
                path = written.first / documents.name(0)
                path.write_text(documents.document(0, newest=newest), encoding="utf-8")
                os.utime(path, (documents.NEWS_AT + turn, documents.NEWS_AT + turn))
                subprocess.run(
                    [daemon.ours.program, "poll", "s0"],
                    cwd=daemon.home,
                    check=True,
                    stdout=subprocess.DEVNULL,
                )
                time.sleep(0.5)
                idle = _cpu_while(process, lambda: time.sleep(0.2))
                asked = _cpu_while(process, lambda: get(daemon.url, Accept_Encoding="gzip"))
                hit = _cpu_while(process, lambda: get(daemon.url, Accept_Encoding="gzip"))
                if f"/articles/{newest:06d}.html".encode() not in get(daemon.url)[0]:
                    raise RuntimeError(f"entry {newest} is not in the feed; see {daemon.home}")
                if turn > 1:
                    costs.append((asked - min(hit, idle)) * 1000)
    return [Figure("serve/miss of 100 entries", "ms", tuple(costs))]


def _cpu_while(process: int, work: object) -> float:
    before = cpu_of(process)
    assert callable(work)  # noqa: S101 - called here only
    work()
    return cpu_of(process) - before
