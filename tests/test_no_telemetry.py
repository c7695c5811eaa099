"""Where the daemon calls: at the operator's sources, and nowhere else.

What the daemon dials is recorded below Python, at libc. Its reading processes inherit nothing of
its environment, and so no recorder: what they may do is in test_workers.py.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests import FIXTURES, PATIENCE, ROOT
from tests.config_texts import source_toml
from tests.feed_documents import item, rss
from tests.program import program
from tests.web import Reply, ThreadedPublisher

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.program import Program
    from tests.web import Request

#: A day takes twenty seconds.
SPEED = 4320
DAY = timedelta(days=1)


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Program]:
    with program(tmp_path, allow_private=["127.0.0.1/32"]) as made:
        yield made


def record(folder: Path) -> tuple[Path, dict[str, str]]:
    """Return a file in which all addresses stand that a program dials with this environment."""
    if shutil.which("cc") is None:
        pytest.skip("no C compiler")
    library, file = folder / "dialled.so", folder / "dialled"
    source = FIXTURES / "dialled.c"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    return file, {"DIALLED": str(file), "LD_PRELOAD": str(library)}


def addresses(file: Path) -> set[tuple[str, int]]:
    lines = file.read_text(encoding="ascii").splitlines()
    return {(host, int(port)) for host, _, port in (line.partition(" ") for line in lines)}


def test_a_day_dials_the_sources_and_what_they_lead_to_and_nothing_else(
    daemon: Program, tmp_path: Path
) -> None:
    """With pictures, links, a hub and an icon in the documents: none of them is asked."""
    file, environ = record(tmp_path)
    count = 0

    def document(_: Request) -> Reply:
        nonlocal count
        count += 1
        links = (
            '<link rel="hub" href="http://192.0.2.1/"/><image><url>http://192.0.2.2/i</url></image>'
        )
        text = (
            '&lt;img src="http://192.0.2.3/p.png"&gt; &lt;a href="http://192.0.2.4/"&gt;x&lt;/a&gt;'
        )
        return Reply(body=rss(links, *(item(n, text=text) for n in range(count, 0, -1))))

    with ThreadedPublisher() as web, ThreadedPublisher() as other:
        web.route("/a.xml", document)
        web.route("/gone.xml", status=404)
        web.route("/moved.xml", status=302, headers={"Location": other.url("/b.xml")})
        other.route("/b.xml", document)
        names = ("a", "gone", "moved")
        daemon.configure(
            "".join(source_toml(one, web.url(f"/{one}.xml"), 'interval = "1h"') for one in names)
        )
        words = (sys.executable, "-m", "tests.hurried_daemon", daemon.config, str(SPEED))
        with daemon.log.open("a") as log:
            daemon.process = subprocess.Popen(
                words, cwd=ROOT, stdout=log, stderr=log, text=True, env=os.environ | environ
            )
        daemon.wait(daemon.serves, "the daemon to serve")
        lived = time.monotonic() + DAY.total_seconds() / SPEED
        while time.monotonic() < lived or (count < 10 and time.monotonic() < lived + PATIENCE):
            assert daemon.get("/feeds/all.atom").status == 200
            time.sleep(0.2)
        assert count >= 10, "a day of polls"
        assert other.asked("/b.xml")
        allowed = {(one.host, one.port) for one in (web, other)}
        assert daemon.stop() == 0
    assert addresses(file) == allowed
