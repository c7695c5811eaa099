"""Feeds as files: what a web server finds is what we would have served."""

from __future__ import annotations

import asyncio
import functools
import gzip
import http.server
import logging
import os
import stat
import subprocess
import threading
import urllib.request
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import brotli  # type: ignore[import-untyped]  # brotli ships no types
import pytest

from aggregator import __version__
from aggregator.config import Publish, load
from aggregator.model import ArchivePart, Feed
from aggregator.model.errors import AggregatorError, StoreError
from aggregator.outputs.static_files import publish_all
from aggregator.outputs.written_marks import Marks
from aggregator.publish import Addresses, Format
from aggregator.store.sqlite import open_reader, open_store
from tests import PATIENCE
from tests.making import DAY, START, absorb, automatic_feed, document, entry
from tests.program import PROGRAM
from tests.serving import running, site
from tests.static_house import FEEDS, SOURCES, TOKEN, House

if TYPE_CHECKING:
    from collections.abc import Iterator


FORMATS = [form.value for form in Format]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    made.poll(*range(30))
    yield made
    made.store.close()


@contextmanager
def web_server(directory: Path) -> Iterator[str]:
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
            pass

    handler = functools.partial(Quiet, directory=str(directory))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def fetch(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
        body: bytes = answer.read()
        return body


def test_every_feed_is_a_file_with_its_compressed_forms_beside_it(house: House) -> None:
    count = house.publish()
    files = house.files()
    assert count == len(files)
    assert house.plain() == {
        "index.html",
        "feeds.opml",
        *(
            f"{place}{archive}.{form}"
            for place in (
                "feeds/news", f"feeds/{TOKEN}/club", "tags/c/c++", "tags/科技", "tags/node.js",
                "sources/one",
            )
            for archive in ("", "/archive/2026-11")
            for form in FORMATS
            if not (place == "tags/node.js" and archive)
        ),
    }  # fmt: skip
    for name, body in files.items():
        if name.endswith(".gz"):
            assert gzip.decompress(body) == files[name.removesuffix(".gz")]
        elif name.endswith(".br"):
            assert brotli.decompress(body) == files[name.removesuffix(".br")]
    assert "feeds/news.atom.gz" in files
    assert "feeds/news.atom.br" in files


async def test_a_web_server_gives_the_bytes_that_we_would_have_served(house: House) -> None:
    house.publish()
    addresses = Addresses("")
    part = ArchivePart("2026-11", 1, whole=False, past=False, until="2026-11-20")
    with web_server(house.directory) as base:
        async with running(site(house.store, lambda: house.config)) as server:  # type: ignore[arg-type]  # a real store
            targets = [addresses.feed(feed, form) for feed in FEEDS for form in Format]
            targets += [addresses.archive(FEEDS[0], part, form) for form in Format]
            targets += [addresses.archive(FEEDS[2], part, form) for form in Format]
            for target in (*targets, "/feeds.opml"):
                served = await server.get(target, via="1.1 proxy")
                assert served.status == 200, target
                assert await asyncio.to_thread(fetch, base + target) == served.body, target


def test_nothing_is_written_twice(house: House) -> None:
    house.publish()
    before = house.times()
    assert house.publish() == 0
    assert house.times() == before


def test_only_what_a_poll_changed_is_written(house: House) -> None:
    house.publish()
    before = house.times()
    house.poll("fresh", name="two")
    house.publish()
    after = house.times()
    changed = {name for name in after if before.get(name) != after[name]}
    assert {name.partition(".")[0].removesuffix("/archive/2026-11") for name in changed} == {
        "feeds/news", f"feeds/{TOKEN}/club", "tags/node",
    }  # fmt: skip
    assert b"Entry fresh" in house.files()["tags/node.js.rss"]


def test_what_somebody_deleted_is_written_again(house: House) -> None:
    house.publish()
    before = house.files()
    for name in ("feeds/news.atom", "tags/科技.json.br", "feeds/news/archive/2026-11.rss.gz"):
        (house.directory / name).unlink()
    (house.directory / "index.html").unlink()
    house.publish()
    assert house.files() == before


def test_a_removed_feeds_files_go_and_others_stay(house: House) -> None:
    house.publish()
    own = house.directory / "robots.txt"
    own.write_text("User-agent: *\n")
    (house.directory / "feeds" / "mine.atom").write_text("mine")
    house.change(feeds=FEEDS[1:4], sources=SOURCES[:1])
    house.publish()
    assert house.plain() == {
        "robots.txt",
        "feeds/mine.atom",
        "index.html",
        "feeds.opml",
        *(
            f"{place}{archive}.{form}"
            for place in (f"feeds/{TOKEN}/club", "tags/c/c++", "tags/科技")
            for archive in ("", "/archive/2026-11")
            for form in FORMATS
        ),
    }
    assert not [name for name in house.files() if name.startswith(("sources/", "feeds/news"))]


def test_another_token_leaves_nothing_below_the_old_one(house: House) -> None:
    house.publish()
    house.change(feeds=(replace(FEEDS[1], token="an0ther-an0ther-an0ther"),))
    house.publish()
    assert not [name for name in house.files() if TOKEN in name]
    assert "feeds/an0ther-an0ther-an0ther/club.atom" in house.files()
    assert not (house.directory / "feeds" / TOKEN).exists()
    house.change(feeds=(replace(FEEDS[1], token=None),))
    house.publish()
    assert "feeds/club.atom" in house.files()
    assert not list(house.directory.rglob("an0ther*"))


def test_a_folder_in_which_there_is_something_else_stays(house: House) -> None:
    house.publish()
    mine = house.directory / "feeds" / TOKEN / "club" / "mine.txt"
    mine.write_text("mine")
    house.change(feeds=FEEDS[:1])
    house.publish()
    assert mine.read_text() == "mine"
    assert not (house.directory / "tags").exists()


def test_no_file_tells_of_a_token_but_the_feed_itself(house: House) -> None:
    house.publish()
    for name, body in house.files().items():
        assert TOKEN not in name or name.startswith(f"feeds/{TOKEN}/")
        if not name.startswith(f"feeds/{TOKEN}/"):
            assert TOKEN.encode() not in body
            assert b"club" not in body
    (memory,) = house.folder.glob("*-static.json")
    assert stat.S_IMODE(memory.stat().st_mode) == 0o600


def test_another_base_url_is_in_every_file_at_once(house: House) -> None:
    house.publish()
    moved = replace(house.config.server, base_url="https://new.example.org")
    house.config = replace(house.config, server=moved)
    house.publish()
    for name, body in house.files().items():
        if not name.endswith((".gz", ".br", "index.html")):
            assert b"https://feeds.example.org" not in body, name


def test_everything_is_written_where_the_memory_is_lost(house: House) -> None:
    house.publish()
    before = house.files()
    (memory,) = house.folder.glob("*-static.json")
    memory.write_text('{"directory": 1}')
    assert house.publish() == 0  # the same bytes are there
    assert house.files() == before
    house.change(feeds=FEEDS[1:])
    house.publish()
    assert "feeds/news.atom" not in house.files()


def test_what_was_cut_off_is_known_when_its_feed_is_removed(house: House) -> None:
    blocked = house.directory / "tags"
    house.directory.mkdir()
    blocked.write_text("no folder")
    with pytest.raises(AggregatorError, match="tags"):
        house.publish()
    assert "feeds/news.atom" in house.files()
    blocked.unlink()
    house.change(feeds=FEEDS[1:])
    house.publish()
    assert not [name for name in house.files() if name.startswith("feeds/news")]


def test_a_month_that_is_over_is_written_once(house: House) -> None:
    house.publish()
    house.poll("december", days=15)
    house.publish()
    files, times = house.files(), house.times()
    assert "feeds/news/archive/2026-12.atom" in files
    assert b"archive/2026-12" in files["feeds/news/archive/2026-11.atom"]
    edited = replace(entry(3, text="edited"), keys=entry(3).keys)
    absorb(house.store, document(edited), START + 16 * DAY)
    house.poll("later", days=16)
    house.publish()
    after = house.times()
    for form in FORMATS:
        assert (
            after[f"feeds/news/archive/2026-11.{form}"]
            == times[f"feeds/news/archive/2026-11.{form}"]
        )
    assert after["feeds/news/archive/2026-12.atom"] != times["feeds/news/archive/2026-12.atom"]


def test_another_version_writes_what_is_over_once_more(house: House) -> None:
    house.publish()
    house.poll("december", days=15)
    house.publish()
    files = house.files()
    over = "feeds/news/archive/2026-11.atom"
    read_otherwise = b"as another version read it"
    (house.directory / over).write_bytes(read_otherwise)
    Marks(house.directory, ()).add([read_otherwise])
    house.poll("later", days=16)
    house.publish()
    assert house.files()[over] != files[over]  # what is over is not looked at
    (memory,) = house.folder.glob("*-static.json")
    memory.write_text(memory.read_text().replace(__version__, "0.0.1"))
    house.publish()
    assert house.files()[over] == files[over]
    assert house.publish() == 0


def test_no_name_leads_out_of_the_directory(house: House, caplog: pytest.LogCaptureFixture) -> None:
    tags = (
        "../evil",
        "a/../../evil",
        "/etc/evil",
        "a//evil",
        "./evil",
        "..",
        "x" * 250,
        "a/.",
        "科" * 83,
    )
    feeds = tuple(automatic_feed(f"tags/{tag}", tags=(tag,)) for tag in tags)
    sources = (replace(SOURCES[0], tags=tags),)
    house.change(sources=sources, feeds=(FEEDS[0], *feeds))
    with caplog.at_level(logging.WARNING):
        house.publish()
        house.poll("fresh")
        house.publish()
    assert not [name for name in house.files() if name.startswith("tags/")]
    assert "feeds/news.atom" in house.files()
    assert not list(house.folder.rglob("evil*"))
    assert caplog.text.count("not published as a file") == len(tags)


def test_a_link_in_the_directory_leads_nowhere(house: House) -> None:
    outside = house.folder / "outside"
    outside.mkdir()
    house.directory.mkdir()
    (house.directory / "feeds").symlink_to(outside)
    with pytest.raises(AggregatorError, match="links are not followed"):
        house.publish()
    assert not list(outside.iterdir())


def test_of_two_feeds_that_want_one_place_the_first_has_it(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    tags = ("c", "c.atom/x", "c/archive/2026-11", "x" * 247)
    feeds = tuple(automatic_feed(f"tags/{tag}", tags=(tag,)) for tag in tags)
    house.change(sources=(replace(SOURCES[0], tags=tags),), feeds=feeds)
    with caplog.at_level(logging.WARNING):
        house.publish()
        assert house.publish() == 0
    assert "tags/c.atom" in house.files()
    assert "tags/c/archive/2026-11.atom" in house.files()
    assert f"tags/{'x' * 247}.atom.gz" in house.files()
    assert "tags/c.atom/x.json" not in house.files()
    assert caplog.text.count("c.atom/x") > 0


def test_the_sources_are_there_for_all_with_public_opml_only(house: House) -> None:
    house.publish()
    assert "sources.opml" not in house.files()
    assert b"sources/one" not in house.files()["index.html"]
    house.change(public_opml=True)
    house.publish()
    assert b"https://one.example/feed.xml" in house.files()["sources.opml"]
    assert b"sources/one" in house.files()["index.html"]
    secret = Feed("secret", "Secret", sources=(SOURCES[0].name,), token="t0ken-t0ken-t0ken")
    house.change(public_opml=True, feeds=(secret,))
    house.publish()
    assert SOURCES[0].url.encode() not in house.files()["sources.opml"]
    house.change()
    house.publish()
    assert "sources.opml" not in house.files()
    assert b"sources/one" not in house.files()["index.html"]


def test_the_operations_feed_is_below_its_token(house: House) -> None:
    house.publish()
    assert not [name for name in house.files() if "_status" in name]
    house.change(publish=Publish(house.directory, status_token="0perator-0perator"))
    house.publish()
    assert "feeds/0perator-0perator/_status.atom" in house.files()
    house.change()
    house.publish()
    assert not [name for name in house.files() if "_status" in name]


def test_a_command_beside_the_daemon_writes_the_same(house: House) -> None:
    house.publish()
    before, times = house.files(), house.times()
    reader = open_reader(house.folder / "aggregator.db")
    try:
        assert publish_all(house.config, reader) == 0
    finally:
        reader.close()
    assert (house.files(), house.times()) == (before, times)


def test_a_feed_that_the_database_lacks_holds_up_no_other(house: House) -> None:
    house.publish()
    house.config = house.configured(feeds=(Feed("later", "Later"), *FEEDS[:1]))
    house.poll("fresh")
    with pytest.raises(StoreError, match="later"):
        house.publish()
    assert b"Entry fresh" in house.files()["feeds/news.atom"]


def test_what_is_stopped_goes_on_the_next_time(house: House) -> None:
    written = iter([False, False, True])
    publish_all(house.config, house.store, lambda: next(written, True))
    assert "feeds/news.atom" in house.files()
    assert "tags/c/c++.atom" not in house.files()
    house.publish()
    assert "tags/c/c++.atom" in house.files()
    assert house.publish() == 0


def test_a_full_part_of_a_busy_month_is_not_written_at_every_change(house: House) -> None:
    house.change(feeds=(Feed("all", "All", limit=5000),))
    house.poll(*range(600))
    house.publish()
    first, times = house.files(), house.times()
    house.poll("fresh")
    house.publish()
    after = house.times()
    for part, written in (("2026-11", False), ("2026-11-2", False), ("2026-11-3", True)):
        name = f"feeds/all/archive/{part}.atom"
        assert (after[name] != times[name]) is written, part
    house.poll("december", days=15)
    house.publish()
    assert (
        house.files()["feeds/all/archive/2026-11-3.atom"]
        != first["feeds/all/archive/2026-11-3.atom"]
    )
    settled = house.times()
    house.poll("later", days=16)
    house.publish()
    for part in ("2026-11", "2026-11-2", "2026-11-3"):
        name = f"feeds/all/archive/{part}.atom"
        assert house.times()[name] == settled[name]


def test_everybody_may_read_what_is_published(house: House) -> None:
    mask = os.umask(0o077)
    try:
        house.publish()
    finally:
        os.umask(mask)
    for path in house.directory.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o755 if path.is_dir() else 0o644), path


def test_without_a_directory_nothing_happens(house: House) -> None:
    house.change(publish=Publish())
    assert house.publish() == 0
    assert not house.directory.exists()


def test_the_command_writes_once_and_says_how_much(tmp_path: Path) -> None:
    configuration = tmp_path / "config.toml"
    configuration.write_text(
        '[store]\npath = "aggregator.db"\n[[sources]]\nname = "one"\n'
        'url = "https://one.example/feed.xml"\ntags = ["c/c++"]\n',
        encoding="utf-8",
    )

    def run() -> subprocess.CompletedProcess[str]:
        command = [str(PROGRAM), "export", "static", "--config", str(configuration)]
        return subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=PATIENCE
        )

    nothing = run()
    assert (nothing.returncode, nothing.stdout) == (78, "")
    assert nothing.stderr.startswith(f"{configuration}: [publish] names no directory; write ")
    with configuration.open("a", encoding="utf-8") as opened:
        opened.write('[publish]\ndirectory = "public"\n')
    assert run().returncode == 69  # there is no database yet
    loaded = load(configuration)
    store = open_store(loaded.store.path)
    store.apply(loaded.sources, loaded.feeds, now=START)
    absorb(store, document(*map(entry, range(30))), START)
    store.close()
    first, second = run(), run()
    assert first.stderr == ""
    assert f"files written or removed in {tmp_path / 'public'}" in first.stdout
    assert (tmp_path / "public" / "tags" / "c" / "c++.atom.br").is_file()
    assert second.stdout.startswith("0 files ")
