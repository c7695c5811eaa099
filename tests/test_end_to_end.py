"""The real daemon, from publication to the merged feed, through a life of edits and restarts."""

from __future__ import annotations

import signal
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import feedparser  # type: ignore[import-untyped]  # feedparser ships no types
import pytest

from tests.config_texts import source_toml
from tests.engines import PostgresDatabase
from tests.feed_documents import item, rss
from tests.fleet import Fleet
from tests.program import Program
from tests.web import Publisher

EVERY_SECOND = 'interval = "1s"'


@pytest.fixture(params=["sqlite", "postgres"])
def lasting(
    request: pytest.FixtureRequest, aggregator: Program, tmp_path: Path
) -> Iterator[Program]:
    """The program with its database on each engine."""
    if request.param == "sqlite":
        yield aggregator
        return
    with closing(PostgresDatabase(tmp_path)) as server:
        aggregator.store = f'url = "{server.as_url}"\n'
        yield aggregator
        aggregator.end()


@pytest.fixture
def fleet(web: Publisher, tmp_path: Path) -> Iterator[Program]:
    """The program as a scheduler, three workers and a web."""
    made = Fleet(tmp_path, allow_private=[f"{web.host}:{web.port}"])
    with closing(PostgresDatabase(tmp_path, is_own=True)) as server:
        made.store = f'url = "{server.as_url}"\n'
        yield made
        made.end()


def article(number: int, *, text: str = "正文") -> str:
    at = datetime(2026, 11, 22, number, tzinfo=UTC)
    html = f"<![CDATA[<p>{text} {number}</p>]]>"
    return item(number, at, title=f"文章 {number}", text=html)


def test_a_life(lasting: Program, web: Publisher) -> None:
    live(lasting, web)


def test_a_life_of_a_fleet(fleet: Program, web: Publisher) -> None:
    live(fleet, web)


def live(aggregator: Program, web: Publisher) -> None:  # noqa: PLR0915 -- one life
    # Publication to the merged feed, in all three formats.
    web.route("/a.xml", body=rss(article(1)), etag=b'"a1"')
    first = source_toml("a", web.url("/a.xml"), EVERY_SECOND)
    aggregator.configure(first)
    aggregator.start()
    aggregator.wait(lambda: aggregator.titles() == ["文章 1"], "the first entry")
    (before,) = aggregator.items()
    assert before["id"] == "tag:site.example,2026:1"
    for form in ("atom", "rss"):
        parsed = feedparser.parse(aggregator.get(f"/feeds/all.{form}").body)
        assert [entry.title for entry in parsed.entries] == ["文章 1"]

    # Nothing new: the publisher answers 304, and so do we.
    aggregator.wait(lambda: len(web.asked("/a.xml")) >= 3, "a conditional request")
    assert all(one.header("If-None-Match") == b'"a1"' for one in web.asked("/a.xml")[1:])
    answer = aggregator.get("/feeds/all.atom")
    again = aggregator.get("/feeds/all.atom", {"If-None-Match": answer.headers["etag"]})
    assert (again.status, again.body) == (304, b"")

    # An edit: the same entry, with another text.
    web.route("/a.xml", body=rss(article(2), article(1, text="改过")), etag=b'"a2"')
    aggregator.wait(lambda: len(aggregator.items()) == 2, "the second entry")
    edited = aggregator.items()[1]
    assert edited["id"] == before["id"]
    assert edited["date_published"] == before["date_published"]
    assert "改过" in edited["content_html"]

    # A reload adds a source; the one that is there goes on undisturbed.
    web.route("/b.xml", body=rss(article(3), title="另一站"), etag=b'"b1"')
    second = source_toml("b", web.url("/b.xml"), EVERY_SECOND)
    aggregator.configure(first + second)
    told = aggregator.run("reload")
    assert told.returncode == 0, told.stderr
    aggregator.wait(lambda: "文章 3" in aggregator.titles(), "the added source's entry")
    ids = [one["id"] for one in aggregator.items()]
    assert aggregator.titles() == ["文章 2", "文章 3", "文章 1"]

    # A rename keeps ids and validators.
    aggregator.configure(first + source_toml("renamed", web.url("/b.xml"), EVERY_SECOND))
    asked = len(web.asked("/b.xml"))
    aggregator.send(signal.SIGHUP)
    aggregator.wait(lambda: aggregator.status()["renamed"]["entries"] == 1, "the rename")
    aggregator.wait(lambda: len(web.asked("/b.xml")) > asked, "a poll after the rename")
    assert all(one.header("If-None-Match") == b'"b1"' for one in web.asked("/b.xml")[asked:])
    assert [one["id"] for one in aggregator.items()] == ids

    # A broken edit changes nothing and is named with its line.
    good = aggregator.config.read_text(encoding="utf-8")
    aggregator.config.write_text(good + "intervall = 1\n", encoding="utf-8")
    told = aggregator.run("reload")
    assert told.returncode == 78
    place = f"config.toml:{good.count(chr(10)) + 1}: feeds[0].intervall: unknown key"
    assert place in told.stderr
    assert [one["id"] for one in aggregator.items()] == ids
    assert "not reloaded" in aggregator.run("status").stdout

    # A removed source's entries leave, the others stay.
    aggregator.configure(first)
    assert aggregator.run("reload").returncode == 0
    assert [one["id"] for one in aggregator.items()] == [ids[0], ids[2]]
    left = aggregator.get("/feeds/all.atom").body

    # SIGTERM ends it in order; a restart serves the same bytes and asks conditionally.
    assert aggregator.stop() == 0
    asked = len(web.asked("/a.xml"))
    aggregator.start()
    assert aggregator.get("/feeds/all.atom").body == left
    aggregator.wait(lambda: len(web.asked("/a.xml")) > asked, "a poll after the restart")
    assert all(one.header("If-None-Match") == b'"a2"' for one in web.asked("/a.xml")[asked:])
    assert aggregator.stop() == 0


def test_a_killed_daemon_loses_and_doubles_nothing(lasting: Program, web: Publisher) -> None:
    aggregator = lasting
    web.route("/a.xml", body=rss(article(1)))
    aggregator.configure(source_toml("a", web.url("/a.xml"), EVERY_SECOND))
    for number in range(1, 6):
        web.route("/a.xml", body=rss(*(article(n) for n in range(number, 0, -1))))
        aggregator.start()
        aggregator.wait(lambda: web.asked("/a.xml"), "a poll")
        assert aggregator.stop(signal.SIGKILL) != 0
        web.requests.clear()
    aggregator.start()
    aggregator.wait(lambda: len(aggregator.items()) == 5, "all entries")
    assert aggregator.titles() == [f"文章 {number}" for number in (5, 4, 3, 2, 1)]
    if aggregator.database.exists():
        connection = sqlite3.connect(aggregator.database)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        connection.close()


def test_what_is_about_a_file_is_refused_where_a_server_has_the_rows(
    aggregator: Program, tmp_path: Path
) -> None:
    aggregator.store = 'url = "postgresql://aggregator@db.example.org/feeds"\n'
    aggregator.configure("")
    copy = str(tmp_path / "copy")
    for words, instead in (
        (("backup", copy), "pg_dump"),
        (("restore", copy), "pg_restore"),
        (("compact",), "VACUUM"),
        (("export", "database"), "pg_dump"),
    ):
        told = aggregator.run(*words)
        assert told.returncode == 1
        assert "on PostgreSQL ([store] url)" in told.stderr
        assert instead in told.stderr


def test_sigterm_cancels_a_poll_that_hangs(aggregator: Program, web: Publisher) -> None:
    web.route("/slow.xml", delay=60, body=rss(article(1)))
    aggregator.configure(source_toml("slow", web.url("/slow.xml"), EVERY_SECOND))
    aggregator.start(brisk=True)
    aggregator.wait(lambda: web.asked("/slow.xml"), "the poll")
    assert aggregator.stop() == 0
    assert "stopped cancelled=1" in aggregator.log.read_text()


def test_offline_it_serves_and_says_per_source_what_failed(aggregator: Program) -> None:
    aggregator.allow_private = []
    aggregator.configure(
        source_toml("nowhere", "https://nowhere.invalid/feed")
        + source_toml("private", "http://127.0.0.1:9/feed")
    )
    aggregator.start()
    aggregator.wait(lambda: all(row["problem"] for row in aggregator.status().values()), "problems")
    problems = {name: row["problem"] for name, row in aggregator.status().items()}
    assert problems["nowhere"].startswith("dns: ")
    assert 'add "127.0.0.1:9" to allow_private' in problems["private"]
    assert aggregator.items() == []
    assert aggregator.get("/healthz").status == 200
    assert aggregator.stop() == 0


def test_a_second_daemon_names_the_first(aggregator: Program) -> None:
    aggregator.configure("")
    aggregator.start()
    assert aggregator.process is not None
    told = aggregator.run("run")
    assert told.returncode == 75
    assert str(aggregator.process.pid) in told.stderr


def test_a_taken_address_is_named(aggregator: Program) -> None:
    aggregator.configure("")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", aggregator.port))
        taken.listen()
        told = aggregator.run("run")
    assert told.returncode not in {0, 78}
    assert str(aggregator.port) in told.stderr


def test_poll_asks_the_daemon_or_polls_itself(aggregator: Program, web: Publisher) -> None:
    web.route("/a.xml", body=rss(article(1)))
    web.route("/b.xml", status=500)
    aggregator.configure(
        source_toml("a", web.url("/a.xml"), 'interval = "1h"')
        + source_toml("b", web.url("/b.xml"), 'interval = "1h"')
    )
    told = aggregator.run("poll")
    assert told.returncode == 1
    assert "a: 1 new" in told.stdout
    assert "b: http-status" in told.stdout
    assert "nothing is due" in aggregator.run("poll").stdout
    aggregator.start()
    asked = len(web.asked("/a.xml"))
    told = aggregator.run("poll", "a")
    assert told.returncode == 0, told.stderr
    assert len(web.asked("/a.xml")) == asked + 1
    told = aggregator.run("poll", "nobody")
    assert told.returncode == 1
    assert "nobody" in told.stderr


def test_force_never_breaks_a_retry_after(aggregator: Program, web: Publisher) -> None:
    web.route("/a.xml", status=503, headers={"Retry-After": "3600"})
    aggregator.configure(source_toml("a", web.url("/a.xml"), EVERY_SECOND))
    assert aggregator.run("poll", "--force").returncode == 1
    told = aggregator.run("poll", "--force")
    assert told.returncode == 0
    assert "asked to wait" in told.stdout
    assert len(web.asked("/a.xml")) == 1


def test_one_retry_after_holds_the_hosts_other_sources_that_wait_their_turn(
    aggregator: Program, web: Publisher
) -> None:
    names = [f"s{number}" for number in range(4)]
    for name in names:
        web.route(f"/{name}.xml", status=429, headers={"Retry-After": "3600"}, delay=0.2)
    aggregator.configure("".join(source_toml(name, web.url(f"/{name}.xml")) for name in names))
    told = aggregator.run("poll", "--force")
    assert len(web.requests) == 1
    assert told.stdout.count("asked to wait") == 3


def test_the_same_host_is_asked_one_at_a_time(aggregator: Program, web: Publisher) -> None:
    names = [f"s{number}" for number in range(6)]
    for name in names:
        web.route(f"/{name}.xml", body=rss(article(1)), delay=0.1)
    aggregator.configure("".join(source_toml(name, web.url(f"/{name}.xml")) for name in names))
    assert aggregator.run("poll").returncode == 0
    assert len(web.requests) == len(names)
    assert web.most_at_once == 1
