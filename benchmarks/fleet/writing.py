"""How many polls processes commit beside each other, with a server that is not on their machine.

    python -m benchmarks.fleet.writing              # a minute; a server of its own from the wheel

Each process commits polls of its own source, one after the other. Their connections go through a
relay that keeps what is said for half a millisecond each way, since between machines it is not the
processor that a transaction waits for. `quiet` polls bring nothing (304), others an entry each. A
round is what is asked after an answer; reading the source before a poll is counted with it.
"""

from __future__ import annotations

import multiprocessing
import socket
import tempfile
import threading
import time
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from aggregator.model import NotModified
from aggregator.store import postgres
from aggregator.store.engines.roles import Role
from tests import postgres_server
from tests.making import START, absorb, document, entry, feed, finish, source

if TYPE_CHECKING:
    from multiprocessing.sharedctypes import Synchronized
    from multiprocessing.synchronize import Barrier

    from aggregator.store import Store

    Counter = Synchronized[int]

PROCESSES = (1, 2, 4)
SECONDS = 4.0
EACH_WAY_S = 0.0005


def main() -> None:
    """Print a line a kind of poll and number of processes."""
    server = postgres_server.url()
    ready: multiprocessing.Queue[int] = multiprocessing.Queue()
    rounds = multiprocessing.Value("q", 0)
    relay = multiprocessing.Process(
        target=_relay, args=(conninfo_to_dict(server), ready, rounds), daemon=True
    )
    relay.start()
    port = ready.get()
    for kind, brings in (("quiet", 0), ("with an entry", 1), ("one in eight with an entry", 8)):
        for number in PROCESSES:
            before = rounds.value
            done, seconds = _together(server, port, number, brings)
            each = (rounds.value - before) / done
            print(
                f"{kind:27} {number} processes {done / seconds:7.0f} polls/s {each:5.1f} rounds",
                flush=True,
            )
    relay.terminate()


def _together(server: str, port: int, number: int, brings: int) -> tuple[int, float]:
    """Return how many polls they committed, and in how many seconds."""
    schema = f"bench_{uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {schema}".encode())
    options = f"-csearch_path={schema}"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.db"
        names = tuple(f"s{one}" for one in range(number))
        near = make_conninfo(server, options=options)
        with closing(postgres.open_store(near, path, role=Role.WORKER)) as store:
            store.apply(tuple(map(source, names)), (feed(sources=names),), now=START)
            for name in names:
                absorb(store, document(entry(f"{name}-0")), START, name=name)
        far = make_conninfo(server, options=options, host="127.0.0.1", port=port)
        begin = multiprocessing.Barrier(number)
        found: multiprocessing.Queue[int] = multiprocessing.Queue()
        workers = [
            multiprocessing.Process(target=_work, args=((far, path), name, brings, begin, found))
            for name in names
        ]
        for one in workers:
            one.start()
        done = sum(found.get() for _ in workers)
        for one in workers:
            one.join()
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP SCHEMA {schema} CASCADE".encode())
    return done, SECONDS


def _work(
    far: tuple[str, Path],
    name: str,
    brings: int,
    begin: Barrier,
    found: multiprocessing.Queue[int],
) -> None:
    with closing(postgres.open_store(*far, role=Role.WORKER)) as store:
        _poll(store, name, 1, brings)
        begin.wait()
        begun, done = time.perf_counter(), 0
        while time.perf_counter() - begun < SECONDS:
            done += 1
            _poll(store, name, done + 1, brings)
        found.put(done)


def _poll(store: Store, name: str, number: int, brings: int) -> None:
    now = START + timedelta(seconds=number)
    if brings and not number % brings:
        absorb(store, document(entry(f"{name}-{number}")), now, name=name)
    else:
        finish(store, NotModified(f"https://{name}.example/feed.xml"), now, name=name)


def _relay(said: dict[str, str], ready: multiprocessing.Queue[int], rounds: Counter) -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    ready.put(listening.getsockname()[1])
    while True:
        near, _ = listening.accept()
        if (host := str(said["host"])).startswith("/"):
            far = socket.socket(socket.AF_UNIX)
            far.connect(f"{host}/.s.PGSQL.{said.get('port', 5432)}")
        else:
            far = socket.create_connection((host, int(said.get("port", 5432))))
        near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        answered = threading.Event()
        for one, other in ((near, far), (far, near)):
            threading.Thread(
                target=_pass_on,
                args=(one, other, answered, rounds if one is near else None),
                daemon=True,
            ).start()


def _pass_on(
    one: socket.socket, other: socket.socket, answered: threading.Event, rounds: Counter | None
) -> None:
    while data := one.recv(65536):
        if rounds is None:
            answered.set()
        elif answered.is_set():
            answered.clear()
            with rounds.get_lock():
                rounds.value += 1
        time.sleep(EACH_WAY_S)
        other.sendall(data)
    other.shutdown(socket.SHUT_WR)


if __name__ == "__main__":
    main()
