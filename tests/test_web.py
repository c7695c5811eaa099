"""The publisher of the tests does what it is told; the other tests stand on that."""

from __future__ import annotations

import asyncio
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

import pytest

from tests import PATIENCE
from tests.web import Publisher, Reply, Request, ThreadedPublisher, make_certificate

if TYPE_CHECKING:
    from pathlib import Path


async def talk(web: Publisher, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(web.host, web.port)
    try:
        writer.write(request)
        return await asyncio.wait_for(reader.read(), PATIENCE)
    finally:
        writer.close()


async def test_a_route_is_served_and_the_request_is_recorded_to_the_last_byte() -> None:
    async with Publisher() as web:
        web.route("/feed.xml", body=b"<rss/>", framing="close", headers=[(b"X-Raw", b"caf\xe9")])
        raw = b'GET /feed.xml?a=%7e HTTP/1.1\r\nHost: x\r\nIf-None-Match: "\xe9"\r\n\r\n'
        answer = await talk(web, raw)
        assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
        assert b"X-Raw: caf\xe9\r\n" in answer
        assert answer.endswith(b"\r\n\r\n<rss/>")
        (request,) = web.requests
        assert request.raw == raw
        assert request.target == b"/feed.xml?a=%7e"
        assert request.header("if-none-match") == b'"\xe9"'
        assert web.asked("/feed.xml") == [request]


def test_a_threaded_publisher_answers_synchronous_clients_and_304_to_its_own_etag() -> None:
    with ThreadedPublisher() as web:
        web.route("/feed.xml", body=b"one", etag=b'"v1"')
        url = web.url("/feed.xml")
        with urllib.request.urlopen(url, timeout=PATIENCE) as response:
            assert response.read() == b"one"
            assert response.headers["ETag"] == '"v1"'
        request = urllib.request.Request(url, headers={"If-None-Match": '"v1"'})
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(request, timeout=PATIENCE)
        caught.value.close()
        assert caught.value.code == 304
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(web.url("/nothing"), timeout=PATIENCE)
        caught.value.close()
        assert caught.value.code == 404
        assert [request.path for request in web.requests] == ["/feed.xml", "/feed.xml", "/nothing"]


async def test_a_route_may_be_a_function_and_may_be_replaced() -> None:
    def echo(request: Request) -> Reply:
        return Reply(body=request.target, framing="close")

    async with Publisher() as web:
        web.route("/", echo)
        assert (await talk(web, b"GET /?q HTTP/1.1\r\n\r\n")).endswith(b"/?q")
        web.route("/", status=410, framing="close")
        assert (await talk(web, b"GET / HTTP/1.1\r\n\r\n")).startswith(b"HTTP/1.1 410 Gone")
        web.forget("/")
        assert b"404" in (await talk(web, b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n"))[:20]


async def test_misbehaviour_is_as_ordered() -> None:
    async with Publisher() as web:
        web.route("/short", body=b"abc", declared_length=10)
        assert (await talk(web, b"GET /short HTTP/1.1\r\n\r\n")).endswith(b"10\r\n\r\nabc")
        web.route("/cut", body=b"abc" * 9, framing="chunked", stop_after=4)
        assert (await talk(web, b"GET /cut HTTP/1.1\r\n\r\n")).endswith(b"4\r\nabca\r\n")
        web.route("/reset", reset=True)
        with pytest.raises(ConnectionResetError):
            assert await talk(web, b"GET /reset HTTP/1.1\r\n\r\n") == b"?"
        web.route("/raw", raw=b"nonsense")
        assert await talk(web, b"GET /raw HTTP/1.1\r\n\r\n") == b"nonsense"


async def test_it_serves_over_tls_with_a_certificate_of_its_own(tmp_path: Path) -> None:
    made = make_certificate(tmp_path, "localhost", "127.0.0.1")
    async with Publisher(tls=made.server()) as web:
        web.route("/", body=b"secret", framing="close")
        reader, writer = await asyncio.open_connection(web.host, web.port, ssl=made.trusted())
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        assert (await reader.read()).endswith(b"secret")
        writer.close()
        assert web.url().startswith("https://")
