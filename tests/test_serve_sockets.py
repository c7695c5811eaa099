"""The server's sockets and its bounds: who can connect, for how long, and how it ends."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import stat
import subprocess
import sys
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
from aggregator.serve.client_connections import LOOPBACK, client_of
from aggregator.serve.request_heads import HEADER_BYTES
from aggregator.serve.responses import PIECE_BYTES, PROTECTION
from tests import PATIENCE
from tests.golden import STORIES
from tests.publishing import story
from tests.serving import Answer, Running, Stock, read_answer, running, site

if TYPE_CHECKING:
    from starlette.types import Message, Scope

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]

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
    task = asyncio.create_task(serve(create_app(site(Stock(STORIES))), sockets, stop))
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
    app = create_app(site(Stock(STORIES)))
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
    async with running(site(Stock(STORIES)), ConnectionBounds(request_seconds=0.3)) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(begin)

        async def trickle() -> None:
            while True:
                await asyncio.sleep(0.05)
                writer.write(b"x" if begin else b"\r\n")

        answer = await reader.readline() if b"POST" in begin else b""
        trickling = asyncio.create_task(trickle())
        with contextlib.suppress(ConnectionResetError):  # what trickles in may come after the end
            answer += await asyncio.wait_for(reader.read(), PATIENCE)
        trickling.cancel()
        writer.close()
        assert answer.startswith(b"HTTP/1.1 405") == (b"POST" in begin)


async def test_who_waits_for_an_answer_is_not_disconnected() -> None:
    store = Stock(STORIES)
    store.gate.clear()
    async with running(site(store), ConnectionBounds(request_seconds=0.2)) as server:
        asking = asyncio.create_task(server.get("/feeds/all.atom"))
        await asyncio.sleep(0.5)
        store.gate.set()
        assert (await asking).status == 200


async def test_connections_beyond_the_bounds_are_refused() -> None:
    async with running(site(Stock(STORIES)), ConnectionBounds(answered=2, held=3)) as server:
        idle = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(2)]
        answer = await server.get("/healthz")
        assert (answer.status, answer.headers["retry-after"]) == (503, "30")
        assert PROTECTION.items() <= answer.protection.items()
        idle.append(await asyncio.open_connection("127.0.0.1", server.port))
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        with contextlib.suppress(ConnectionResetError):
            assert await asyncio.wait_for(reader.read(), PATIENCE) == b""
        writer.close()
        for _, idler in idle:
            idler.close()


@pytest.mark.parametrize("packets", ["one", "many"])
@pytest.mark.parametrize(
    ("field", "status"),
    [(b"a" * (HEADER_BYTES - 100), 404), (b"a" * HEADER_BYTES, 400), (b"a" * 200_000, 400)],
)
async def test_the_bound_on_a_header_is_the_same_however_it_arrives(
    packets: str, field: bytes, status: int
) -> None:
    request = b"GET /none HTTP/1.1\r\nHost: x\r\nConnection: close\r\nA: " + field + b"\r\n\r\n"
    async with running(site(Stock(STORIES))) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        # A request before it is answered all the same.
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        first = await reader.readuntil(b"ok\n")
        size = len(request) if packets == "one" else 1000
        with contextlib.suppress(ConnectionError):
            for start in range(0, len(request), size):
                writer.write(request[start : start + size])
                await writer.drain()
                await asyncio.sleep(0)
        answered = 400  # where more comes than is read, the reset may overtake the answer
        with contextlib.suppress(ConnectionError):
            answered = (await read_answer(reader, writer)).status
        assert answered == status
    assert first.startswith(b"HTTP/1.1 200")


async def test_what_is_no_request_gets_400_with_every_protection_and_no_word_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with running(site(Stock(STORIES))) as server:
        for request in (
            b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\r\n\r\n",
            b"GET / HTTP/1.1\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
            b"GET http://x y HTTP/1.1\r\nHost: a\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nno chunk\r\n",
            b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 20_000,
        ):
            answer = await server.send(request)
            assert answer.status == 400, request
            assert PROTECTION.items() <= answer.protection.items()
            assert "无法解析" in answer.body.decode()
        assert (await server.get("/feeds/all.atom")).status == 200
    assert not caplog.records


# --- each client's share ------------------------------------------------------------------------

#: What plays the internet here: 127.0.1.0 and above; what is below is this machine.
INTERNET = ConnectionBounds(on_this_machine=(ip_network("127.0.0.0/24"),))
LARGE = Stock((story(content_html="<p>" + "x" * 200_000 + "</p>"),))


async def connect(server: Running, address: str, **more: Any) -> Stream:
    return await asyncio.open_connection("127.0.0.1", server.port, local_addr=(address, 0), **more)


async def ask(server: Running, address: str, **fields: str) -> Answer:
    """Ask for a feed from an address of loopback."""
    lines = [f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items()]
    reader, writer = await connect(server, address)
    head = f"GET /feeds/all.json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{''.join(lines)}\r\n"
    writer.write(head.encode())
    return await read_answer(reader, writer)


async def test_four_hundred_connections_of_one_address_shut_nobody_out() -> None:
    async with running(site(Stock(STORIES)), INTERNET) as server:
        attackers = [await connect(server, "127.0.1.1") for _ in range(400)]
        for address in ("127.0.1.2", "127.7.7.7", "127.0.0.1"):
            assert (await ask(server, address)).status == 200, address
        refused = [
            reader for reader, _ in attackers if reader.at_eof() or reader.exception() is not None
        ]
        assert len(refused) == 400 - INTERNET.held_each
        for _, writer in attackers:
            writer.close()
        for reader, _ in attackers:
            with contextlib.suppress(ConnectionError):
                await asyncio.wait_for(reader.read(), PATIENCE)
        assert (await ask(server, "127.0.1.1")).status == 200  # and it has its share again


async def test_who_has_more_than_a_share_is_told_to_come_back() -> None:
    async with running(site(Stock(STORIES)), INTERNET) as server:
        idle = [await connect(server, "127.0.1.1") for _ in range(INTERNET.answered_each)]
        answer = await ask(server, "127.0.1.1")
        assert (answer.status, answer.headers["retry-after"]) == (503, "30")
        assert PROTECTION.items() <= answer.protection.items()
        idle.pop()[1].close()
        idle.pop()[1].close()
        async with asyncio.timeout(PATIENCE):
            while (await ask(server, "127.0.1.1")).status != 200:
                pass  # until the server has seen them close
        for _, writer in idle:
            writer.close()


async def test_who_takes_nothing_of_what_is_sent_gets_no_more() -> None:
    bounds = replace(INTERNET, unsent_each=PIECE_BYTES)
    async with running(site(LARGE), bounds) as server:
        slow: list[Stream] = []
        answer = await ask(server, "127.0.1.1")
        # The kernel takes some of it, however small its buffers are; the rest waits with us.
        while answer.status == 200 and len(slow) < bounds.answered_each - 1:
            reader, writer = await connect(server, "127.0.1.1", limit=1)
            writer.write(b"GET /feeds/all.json HTTP/1.1\r\nHost: x\r\n\r\n" * 40)
            slow.append((reader, writer))
            answer = await ask(server, "127.0.1.1")
        assert answer.status == 503
        assert (await ask(server, "127.0.1.2")).status == 200
        for _, writer in slow:
            writer.transport.abort()


async def test_a_proxys_clients_each_have_a_share_and_the_proxy_none() -> None:
    store = Stock(STORIES)
    bounds = replace(INTERNET, answered_each=2)
    proxies = (ip_network("127.0.9.0/24"),)
    async with running(site(store), bounds, proxies=lambda: proxies) as server:
        for proxy in ("127.0.0.1", "127.0.9.1"):
            store.gate.clear()
            store.version += 1  # so that it is rendered, and the answer waits for that
            waiting = [
                asyncio.create_task(ask(server, proxy, x_forwarded_for="192.0.2.1, 198.51.100.7"))
                for _ in range(2)
            ]
            more = asyncio.create_task(ask(server, proxy))
            await asyncio.to_thread(store.reading.wait, PATIENCE)
            async with asyncio.timeout(PATIENCE):
                while (await ask(server, proxy, x_forwarded_for="198.51.100.7")).status != 503:
                    pass
            others = asyncio.create_task(ask(server, proxy, x_forwarded_for="198.51.100.8"))
            # What stands before the last address is its own claim.
            claimed = await ask(server, proxy, x_forwarded_for="198.51.100.9, 198.51.100.7")
            assert claimed.status == 503
            store.gate.set()
            for answer in (*waiting, more, others):
                assert (await answer).status == 200


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "expected"),
    [
        ("192.0.2.1", (), "192.0.2.1"),
        ("192.0.2.1", ("198.51.100.1",), "192.0.2.1"),  # anybody can say so
        ("::ffff:192.0.2.1", (), "192.0.2.1"),
        ("2001:db8:1:2:3::4", (), "2001:db8:1:2::/64"),
        ("127.0.0.1", (), None),
        ("::1", (), None),
        (None, (), None),
        ("whatever", (), None),
        ("127.0.0.1", ("198.51.100.1",), "198.51.100.1"),
        (None, ("198.51.100.1",), "198.51.100.1"),
        ("10.0.0.2", ("203.0.113.1, 198.51.100.1",), "198.51.100.1"),
        ("10.0.0.2", ("203.0.113.1", "198.51.100.1, 10.0.0.3"), "198.51.100.1"),
        ("10.0.0.9", ("198.51.100.1",), "198.51.100.1"),
        ("10.0.1.9", ("198.51.100.1",), "10.0.1.9"),
        ("::1", ("[2001:db8::5]:443",), "2001:db8::/64"),
        ("::1", ("198.51.100.1:55555",), "198.51.100.1"),
        ("::1", ("fe80::1%eth0",), "fe80::/64"),
        ("::1", ("198.51.100.1, unknown",), None),
        ("::1", ("",), None),
        ("::1", ("10.0.0.2",), None),
    ],
)
def test_for_whom_a_request_is_counted(
    peer: str | None, forwarded_for: tuple[str, ...], expected: str | None
) -> None:
    proxies = (*LOOPBACK, ip_network("10.0.0.0/24"))
    assert client_of(peer, forwarded_for, proxies) == expected


async def test_a_slow_reader_gets_the_whole_and_hinders_nobody() -> None:
    text = "<p>" + "x" * 200_000 + "</p>"
    store = Stock(
        tuple(story(id=f"urn:x:{key}", order_key=key, content_html=text) for key in range(40))
    )
    async with running(site(store)) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1024)
        writer.write(b"GET /feeds/all.json HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        begun = await reader.readexactly(1)
        assert (await server.get("/healthz")).status == 200
        answer = await read_answer(reader, writer, begun=begun)
    assert len(answer.body) == int(answer.headers["content-length"])


async def test_a_body_leaves_in_pieces_so_that_a_slow_reader_holds_no_copy_of_it() -> None:
    app = create_app(site(Stock((story(content_html="<p>" + "x" * 200_000 + "</p>"),))))
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
    store = Stock(STORIES)
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
