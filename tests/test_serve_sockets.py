"""The server's sockets and its bounds: who can connect, for how long, and how it ends."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from aggregator.config import Listen
from aggregator.model.errors import AggregatorError
from aggregator.serve import (
    ConnectionBounds,
    create_app,
    open_operator_sockets,
    open_sockets,
    serve,
)
from aggregator.serve.responses import PIECE_BYTES
from tests import PATIENCE
from tests.golden import STORIES
from tests.publishing import Shelf, story
from tests.serving import read_answer, running, site

if TYPE_CHECKING:
    from starlette.types import Message, Scope

REQUEST = b"GET /sources.opml HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


def close(sockets: list[socket.socket]) -> None:
    for listener in sockets:
        listener.close()


def test_a_port_in_use_is_named_with_a_remedy() -> None:
    sockets = open_sockets(Listen("127.0.0.1", 0, None))
    port = sockets[0].getsockname()[1]
    try:
        with pytest.raises(AggregatorError, match=rf"^127\.0\.0\.1:{port} is in use .*\[server\]"):
            open_sockets(Listen("127.0.0.1", port, None))
    finally:
        close(sockets)


def test_an_address_of_another_machine_is_refused_with_a_remedy() -> None:
    with pytest.raises(AggregatorError, match=r"192\.0\.2\.1:8420 is no address of this machine"):
        open_sockets(Listen("192.0.2.1", 8420, None))


def test_a_host_without_address_is_refused_with_a_remedy() -> None:
    with pytest.raises(AggregatorError, match=r"cannot listen on no\.such\.host\.invalid"):
        open_sockets(Listen("no.such.host.invalid", 8420, None))


def test_both_families_of_a_name_are_bound_and_v6_alone_takes_both() -> None:
    sockets = open_sockets(Listen("localhost", 0, None))
    families = {listener.family for listener in sockets}
    close(sockets)
    assert socket.AF_INET in families
    if not socket.has_dualstack_ipv6():
        pytest.skip("this machine has no IPv6")
    (every,) = open_sockets(Listen("::", 0, None))
    with every, socket.create_connection(("127.0.0.1", every.getsockname()[1]), 5):
        assert every.family == socket.AF_INET6


async def test_a_unix_socket_serves_its_group_and_its_callers_are_not_local(
    tmp_path: Path,
) -> None:
    path = tmp_path / "http.sock"
    stop = asyncio.Event()
    sockets = open_sockets(Listen(None, None, path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o660
    task = asyncio.create_task(serve(create_app(site(Shelf(STORIES))), sockets, stop))
    for target, expected in ((b"/sources.opml", 403), (b"/feeds/all.atom", 200)):
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(REQUEST.replace(b"/sources.opml", target))
        assert (await read_answer(reader, writer)).status == expected
    with pytest.raises(AggregatorError, match="in use by another program"):
        open_sockets(Listen(None, None, path))
    stop.set()
    await asyncio.wait_for(task, PATIENCE)
    close(open_sockets(Listen(None, None, path)))  # what a stopped server left is replaced


async def test_the_operators_unix_socket_is_for_its_owner_who_is_local(tmp_path: Path) -> None:
    path = tmp_path / "operator.sock"
    stop = asyncio.Event()
    own = open_operator_sockets(Listen(None, None, path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    sockets = open_sockets(Listen("127.0.0.1", 0, None))
    app = create_app(site(Shelf(STORIES)))
    task = asyncio.create_task(serve(app, sockets, stop, operator=own))
    for fields, status in ((b"", 200), (b"X-Forwarded-For: 127.0.0.1\r\n", 403)):
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(REQUEST.replace(b"Connection", fields + b"Connection"))
        assert (await read_answer(reader, writer)).status == status
    stop.set()
    await asyncio.wait_for(task, PATIENCE)
    with pytest.raises(AggregatorError, match=r"\[server\] operator_listen"):
        open_operator_sockets(Listen("192.0.2.1", 8421, None))
    assert open_operator_sockets(None) == []


def test_a_file_that_is_no_socket_is_not_removed(tmp_path: Path) -> None:
    path = tmp_path / "http.sock"
    path.write_text("precious")
    with pytest.raises(AggregatorError, match="there is a file that is no socket"):
        open_sockets(Listen(None, None, path))
    assert path.read_text() == "precious"


def test_a_unix_socket_in_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AggregatorError, match=r"cannot listen on unix:.*No such file"):
        open_sockets(Listen(None, None, tmp_path / "none" / "http.sock"))
    with pytest.raises(AggregatorError, match="too long"):
        open_sockets(Listen(None, None, tmp_path / ("x" * 200)))


def test_sockets_that_systemd_passes_are_adopted() -> None:
    """The child finds the listener as descriptor 3, as sd_listen_fds(3) has it."""
    child = """
import os
from aggregator.config import Listen
from aggregator.serve import open_sockets
environ = {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}
(listener,) = open_sockets(Listen("192.0.2.1", 1, None), environ)
print(listener.getsockname()[1], listener.get_inheritable())
"""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        shell = f"exec 3<&{listener.fileno()}; exec {sys.executable} -c '{child}'"
        done = subprocess.run(
            ["bash", "-c", shell],
            pass_fds=[listener.fileno()],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    assert done.stdout == f"{port} False\n"


def test_sockets_that_were_passed_to_another_process_are_not_ours() -> None:
    environ = {"LISTEN_PID": str(os.getpid() + 1), "LISTEN_FDS": "1"}
    sockets = open_sockets(Listen("127.0.0.1", 0, None), environ)
    assert sockets[0].fileno() != 3
    close(sockets)


@pytest.mark.parametrize(
    "begin",
    [
        b"",
        b"GET /feeds/all.atom HTTP/1.1\r\nHost: x\r\n",
        b"POST /feeds/all.atom HTTP/1.1\r\nHost: x\r\nContent-Length: 99999\r\n\r\nx",
    ],
)
async def test_who_does_not_get_on_with_it_is_disconnected(begin: bytes) -> None:
    async with running(site(Shelf(STORIES)), ConnectionBounds(request_seconds=0.3)) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(begin)

        async def trickle() -> None:
            while True:
                await asyncio.sleep(0.05)
                writer.write(b"x" if begin else b"\r\n")

        trickling = asyncio.create_task(trickle())
        answer = await asyncio.wait_for(reader.read(), PATIENCE)
        trickling.cancel()
        writer.close()
        assert answer.startswith(b"HTTP/1.1 405") == (b"POST" in begin)


async def test_who_waits_for_an_answer_is_not_disconnected() -> None:
    store = Shelf(STORIES)
    store.gate.clear()
    async with running(site(store), ConnectionBounds(request_seconds=0.2)) as server:
        asking = asyncio.create_task(server.get("/feeds/all.atom"))
        await asyncio.sleep(0.5)
        store.gate.set()
        assert (await asking).status == 200


async def test_connections_beyond_the_bounds_are_refused() -> None:
    async with running(site(Shelf(STORIES)), ConnectionBounds(answered=2, held=3)) as server:
        idle = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(2)]
        assert (await server.get("/healthz")).status == 503
        idle.append(await asyncio.open_connection("127.0.0.1", server.port))
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        with contextlib.suppress(ConnectionResetError):
            assert await asyncio.wait_for(reader.read(), PATIENCE) == b""
        writer.close()
        for _, idler in idle:
            idler.close()


async def test_a_header_without_end_is_refused() -> None:
    async with running(site(Shelf(STORIES))) as server:
        answer = await server.send(b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 20_000)
    assert answer.status == 400


async def test_what_is_no_request_gets_400_and_no_word_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with running(site(Shelf(STORIES))) as server:
        for request in (
            b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\r\n\r\n",
            b"GET / HTTP/1.1\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
            b"GET http://x y HTTP/1.1\r\nHost: a\r\n\r\n",
        ):
            assert (await server.send(request)).status == 400
    assert not caplog.records


async def test_a_slow_reader_gets_the_whole_and_hinders_nobody() -> None:
    store = Shelf((story(content_html="<p>" + "x" * 8_000_000 + "</p>"),))
    async with running(site(store)) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1024)
        writer.write(b"GET /feeds/all.json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        begun = await reader.readexactly(1)
        assert (await server.get("/healthz")).status == 200
        answer = await read_answer(reader, writer, begun=begun)
    assert len(answer.body) == int(answer.headers["content-length"])


async def test_a_body_leaves_in_pieces_so_that_a_slow_reader_holds_no_copy_of_it() -> None:
    app = create_app(site(Shelf((story(content_html="<p>" + "x" * 200_000 + "</p>"),))))
    scope: Scope = {
        "type": "http",
        "method": "GET",
        "path": "/feeds/all.json",
        "raw_path": b"/feeds/all.json",
        "headers": [],
        "http_version": "1.1",
        "query_string": b"",
    }
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    pieces = [len(message["body"]) for message in sent[1:]]
    assert sum(pieces) > 200_000
    assert max(pieces) == PIECE_BYTES


async def test_stopping_finishes_the_answer_under_way() -> None:
    store = Shelf(STORIES)
    store.gate.clear()
    sockets = open_sockets(Listen("127.0.0.1", 0, None))
    port, stop = sockets[0].getsockname()[1], asyncio.Event()
    task = asyncio.create_task(serve(create_app(site(store)), sockets, stop))
    idle_reader, idle_writer = await asyncio.open_connection("127.0.0.1", port)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /feeds/all.atom HTTP/1.1\r\nHost: x\r\n\r\n")
    await asyncio.to_thread(store.reading.wait, 10)
    stop.set()
    assert await asyncio.wait_for(idle_reader.read(), PATIENCE) == b""
    store.gate.set()
    answer = await read_answer(reader, writer)
    await asyncio.wait_for(task, PATIENCE)
    idle_writer.close()
    assert answer.status == 200
    with pytest.raises(OSError, match=r"refused|Connect call failed"):
        await asyncio.open_connection("127.0.0.1", port)
