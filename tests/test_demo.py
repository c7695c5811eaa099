"""The demonstration: a publisher with good manners, and entries that arrive before one's eyes."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from threading import Thread
from xml.etree import ElementTree as ET

import pytest

from demo.publisher import PUBLISHER, Publisher, scripts
from tests import PATIENCE, ROOT
from tests.ports import free_port


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    with Publisher(0) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def ask(
    port: int, path: str, method: str = "GET", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, headers=named)
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize("path", sorted(scripts()))
def test_the_publisher_answers_304_to_what_it_gave(publisher: Publisher, path: str) -> None:
    port = publisher.server_address[1]
    for _ in range(3):  # an entry may appear between the two requests, not three times
        status, headers, body = ask(port, path)
        assert (status, bool(body)) == (200, True)
        again, _, nothing = ask(port, path, if_none_match=headers["ETag"])
        since, _, _ = ask(port, path, if_modified_since=headers["Last-Modified"])
        if (again, since) == (304, 304):
            assert nothing == b""
            break
    else:
        pytest.fail(f"{path} never answered 304")
    assert ask(port, path, if_none_match='"another"')[0] == 200
    status, headers, nothing = ask(port, path, method="HEAD")
    assert (status, nothing) == (200, b"")
    assert int(headers["Content-Length"]) > 0


@pytest.mark.parametrize("path", sorted(scripts()))
def test_a_document_is_well_formed_and_gains_entries(publisher: Publisher, path: str) -> None:
    script = publisher.scripts[path]

    def ids(after: timedelta) -> list[str]:
        moment = publisher.started + after
        document = script.at(moment, started=publisher.started, base="http://127.0.0.1").body
        assert b"$" not in document.split(b"-->")[-1]
        if path.endswith(".json"):
            return [item["id"] for item in json.loads(document)["items"]]
        atom = "{http://www.w3.org/2005/Atom}"
        root = ET.fromstring(document)  # noqa: S314 - our own document
        return [
            node.text or ""
            for tag in ("guid", f"{atom}entry/{atom}id")
            for node in root.iterfind(f".//{tag}")
        ]

    at_first, later = ids(timedelta(0)), ids(script.pace * 3)
    assert len(set(at_first)) == len(at_first) > 0
    assert later[3:] == at_first
    assert len(ids(script.pace * 1000)) <= 10


def titles(port: int) -> set[str]:
    try:
        status, _, body = ask(port, "/feeds/all.json")
    except OSError:
        return set()
    return {item.get("title", "") for item in json.loads(body)["items"]} if status == 200 else set()


def test_entries_arrive_in_the_merged_feed_and_ctrl_c_leaves_nothing_behind(tmp_path: Path) -> None:
    port = free_port(following=1)
    demo = subprocess.Popen(
        [sys.executable, ROOT / "demo" / "publisher.py", "--port", str(port)],
        cwd=ROOT, env=os.environ | {"TMPDIR": str(tmp_path)}, process_group=0,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    said = ""
    try:
        deadline = time.monotonic() + PATIENCE
        first: set[str] = set()
        arrived: set[str] = set()
        while not arrived and time.monotonic() < deadline and demo.poll() is None:
            time.sleep(0.2)
            now = titles(port)
            first = first or now
            arrived = now - first
        os.killpg(demo.pid, signal.SIGINT)
        said, _ = demo.communicate(timeout=PATIENCE)
    finally:
        demo.kill()
    assert first, said
    assert arrived, said
    assert f"http://127.0.0.1:{port}/feeds/all.atom" in said
    assert demo.returncode == 0, said
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(OSError, match="refused"):
        ask(port, "/")
    with pytest.raises(OSError, match="refused"):
        ask(port + 1, "/")


def test_the_demonstration_polls_its_own_publisher_and_nothing_else() -> None:
    config = (ROOT / "demo" / "config.toml").read_text(encoding="utf-8")
    urls = [line for line in config.splitlines() if line.startswith("url")]
    assert len(urls) == len(scripts())
    assert all(f'"http://{PUBLISHER}/' in url for url in urls)
