"""What the machine can do with the same documents: each stage alone, by the fastest way known.

CPU ms a document in one process: a blocking socket, libxml2, SHA-256, SQLite. Their sum is no
program, and no program gets below it.
"""

from __future__ import annotations

import hashlib
import socket
import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING

from lxml import etree

from benchmarks.speed import documents
from benchmarks.speed.figures import Figure
from benchmarks.speed.publisher import Publisher, address

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TIMES = 100


def measure(home: Path, rounds: int) -> list[Figure]:
    """Return each stage's limit, and what their sums mean for a poll."""
    written = documents.write(home / "documents", 20)
    bodies = [(written.first / documents.name(number)).read_bytes() for number in range(20)]
    found: dict[str, list[float]] = {}
    with Publisher(home / "publisher", 1) as publisher:
        publisher.serve(written.first)
        for _ in range(rounds):
            costs = {
                "read": _cost(lambda: [parse(body) for body in bodies], 5) / 20,
                "hash": _cost(lambda: [hashlib.sha256(body).digest() for body in bodies], 5) / 20,
                "store": store(home / "limit.db", [parse(body) for body in bodies]),
                "fetch 200": fetch(publisher, b""),
                "fetch 304": fetch(publisher, _tag(publisher)),
            }
            costs["cold"] = costs["fetch 200"] + costs["read"] + costs["hash"] + costs["store"]
            costs["304"] = costs["fetch 304"]
            costs["same body"] = costs["fetch 200"] + costs["hash"]
            for name, ms in costs.items():
                found.setdefault(name, []).append(ms)
    return [
        Figure(f"limit/{name}", "ms", tuple(values), is_ours=False)
        for name, values in found.items()
    ]


def yardstick() -> float:
    """Return the CPU ms of work that never changes: interpreter, libxml2, hashing, SQLite."""
    body = documents.document(1).encode()
    entries = parse(body)

    def work() -> None:
        for _ in range(5):
            parse(body)
            hashlib.sha256(body).digest()
        with closing(sqlite3.connect(":memory:")) as db:
            db.execute("CREATE TABLE entries (id TEXT PRIMARY KEY, body TEXT)")
            rows = ((one["link"], one["description"]) for one in entries)
            db.executemany("INSERT INTO entries VALUES (?, ?)", rows)
        total = 0
        for number in range(60_000):
            total += number & 7

    return min(_cost(work, 3) for _ in range(5))


def parse(body: bytes) -> list[dict[str, str]]:
    """Return the entries of a document as libxml2 reads them: no question asked."""
    root = etree.fromstring(body)
    return [{str(field.tag): field.text or "" for field in item} for item in root.iter("item")]


def store(path: Path, read: list[list[dict[str, str]]]) -> float:
    """Return the CPU ms of storing one document's entries, a transaction a document."""
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        db.execute(
            "CREATE TABLE entries (id INTEGER PRIMARY KEY, source INTEGER, guid TEXT, title TEXT,"
            " link TEXT, body TEXT, published TEXT, UNIQUE (source, guid))"
        )
        began = time.process_time()
        for source, entries in enumerate(read):
            rows = (
                (
                    source,
                    *(one[name] for name in ("guid", "title", "link", "description", "pubDate")),
                )
                for one in entries
            )
            db.execute("BEGIN")
            db.executemany(
                "INSERT INTO entries (source, guid, title, link, body, published)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                rows,
            )
            db.execute("COMMIT")
        return (time.process_time() - began) * 1000 / len(read)


def fetch(publisher: Publisher, condition: bytes) -> float:
    """Return the CPU ms of one request over a connection that is kept, by a blocking socket."""
    request = (
        (
            f"GET /{documents.name(0)} HTTP/1.1\r\nHost: {publisher.url(0, '').split('/')[2]}\r\n"
        ).encode()
        + condition
        + b"\r\n"
    )
    with socket.create_connection((address(0, publisher.sites), publisher.port)) as connection:
        _answer(connection, request)
        return _cost(lambda: _answer(connection, request), TIMES)


def _tag(publisher: Publisher) -> bytes:
    with socket.create_connection((address(0, publisher.sites), publisher.port)) as connection:
        host = publisher.url(0, "").split("/")[2]
        head = f"HEAD /{documents.name(0)} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
        connection.sendall(head)
        lines = connection.recv(65536).split(b"\r\n")
        tag = next(line for line in lines if line.lower().startswith(b"etag:"))
        return b"If-None-Match:%s\r\n" % tag.split(b":", 1)[1]


def _answer(connection: socket.socket, request: bytes) -> bytes:
    connection.sendall(request)
    received = connection.recv(262_144)
    head, _, body = received.partition(b"\r\n\r\n")
    length = next(
        (int(line[15:]) for line in head.split(b"\r\n") if line.startswith(b"Content-Length:")), 0
    )
    parts = [body]
    missing = length - len(body)
    while missing > 0:
        parts.append(connection.recv(262_144))
        missing -= len(parts[-1])
    return b"".join(parts)


def _cost(work: Callable[[], object], times: int) -> float:
    """Return the CPU ms of doing it once."""
    began = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - began) * 1000 / times
