"""Lists of sources, polled: the real client, worker and store, and the daemon as a process."""

from __future__ import annotations

import asyncio
import html
import json
import re
import sqlite3
from contextlib import asynccontextmanager, closing
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from aggregator.daemon.joined import with_lists
from aggregator.daemon.list_jobs import ListJobs
from aggregator.model.source_lists import Unlisted
from tests.config_texts import source_toml
from tests.engines import PostgresDatabase
from tests.feed_documents import item, rss
from tests.fetching import Names
from tests.polling import DAY, HOUR, START, Clock, House, house
from tests.web import Publisher, Reply, Request

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from aggregator.config import Config
    from aggregator.daemon.list_polls import ListResult
    from aggregator.model.source_lists import StoredList
    from tests.program import Program

HOSTS = ("lists.example", "a.example", "b.example", "c.example", "d.example")
NAMES = Names({host: [["127.0.0.1"]] for host in HOSTS})
PUBLIC = ("127.0.0.1/32",)


def opml(*outlines: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="utf-8"?><opml version="2.0"><head/><body>'
        + "".join(outlines)
        + "</body></opml>"
    ).encode()


def outline(title: str, url: str) -> str:
    return f'<outline text="{title}" type="rss" xmlUrl="{url}"/>'


def list_toml(url: str, more: str = "") -> str:
    return f'[[lists]]\nname = "blogs"\nurl = "{url}"\n{more}'


class Lists:
    """The lists of a house, polled as the daemon does."""

    def __init__(self, home: House) -> None:
        self.home = home
        self.config: Config = with_lists(home.config, home.store.lists())
        self._jobs = ListJobs(
            lambda: self.config, lambda: home.dispatcher.tools, home.store, self._take_over
        )

    async def _take_over(self) -> None:
        self.config = with_lists(self.config, self.home.store.lists())
        self.home.store.apply(self.config.sources, self.config.feeds, now=self.home.clock())

    async def poll(self, later: timedelta = timedelta(0)) -> list[ListResult]:
        self.home.clock.now += later
        return await self._jobs.poll_due()

    async def ask_now(self) -> None:
        await self._jobs.poll({"blogs"})

    @property
    def names(self) -> list[str]:
        return [one.name for one in self.config.sources]

    @property
    def stored(self) -> StoredList:
        (found,) = self.home.store.lists()
        return found


@asynccontextmanager
async def lists(folder: Path, toml: str, clock: Clock | None = None) -> AsyncIterator[Lists]:
    async with house(folder, clock or Clock(), toml, resolver=NAMES, public=PUBLIC) as home:
        yield Lists(home)


def url(web: Publisher, host: str, path: str) -> str:
    return f"http://{host}:{web.port}{path}"


async def test_what_a_list_lists_is_polled_and_leaves_with_it(tmp_path: Path) -> None:
    async with Publisher() as web:
        a, b, c = (url(web, f"{one}.example", f"/{one}.xml") for one in "abc")
        for number, one in enumerate("abc"):
            web.route(f"/{one}.xml", body=rss(item(number, START, title=f"of {one}")))
        listed = [outline("A", a), f'<outline text="folder">{outline("B", b)}</outline>']
        web.route("/l.opml", body=opml(*listed, outline("C", c)), etag=b'"1"')
        async with lists(tmp_path, list_toml(url(web, "lists.example", "/l.opml"))) as found:
            assert [one.count for one in await found.poll()] == [3]
            assert found.names == ["blogs/a", "blogs/b", "blogs/c"]
            assert found.config.sources[1].tags == ("folder",)
            await found.home.poll()
            assert found.home.titles() == {"of a", "of b", "of c"}
            ids = found.home.store.select(found.config.feeds[0]).stories

            # Nothing is asked before its time, and nothing is sent twice.
            assert await found.poll() == []
            await found.poll(6 * HOUR)
            assert len(web.asked("/l.opml")) == 2
            assert web.asked("/l.opml")[1].header("If-None-Match") == b'"1"'

            # One of three leaves, and comes back as it was.
            web.route("/l.opml", body=opml(*listed), etag=b'"2"')
            await found.poll(6 * HOUR)
            assert found.names == ["blogs/a", "blogs/b"]
            assert found.home.titles() == {"of a", "of b"}
            web.route("/l.opml", body=opml(outline("Sea", c), *listed), etag=b'"3"')
            await found.poll(6 * HOUR)
            assert found.names == ["blogs/c", "blogs/a", "blogs/b"]
            again = found.home.store.select(found.config.feeds[0]).stories
            assert {(one.id, one.published_at) for one in again} == {
                (one.id, one.published_at) for one in ids
            }


async def test_an_empty_a_shrunk_and_a_failing_list_remove_nothing_at_once(tmp_path: Path) -> None:
    async with Publisher() as web:
        places = [outline(one, url(web, f"{one}.example", "/")) for one in "abcd"]
        web.route("/l.opml", body=opml(*places), etag=b'"1"')
        async with lists(tmp_path, list_toml(url(web, "lists.example", "/l.opml"))) as found:
            await found.poll()
            for answer in (
                Reply(status=500),
                Reply(status=410),
                Reply(body=b"<html><body>parked</body></html>"),
                Reply(body=opml(*places)[:-20]),
            ):
                web.route("/l.opml", answer)
                (result,) = await found.poll(DAY)
                assert result.health.problem is not None
                assert (len(found.names), result.count) == (4, 4)
            health = found.stored.health
            assert (health.failures, health.failing_since_at) == (4, START + DAY)
            # The operations feed tells of it as of a source, where it is configured.
            watch, now = found.home.store.watch, found.home.clock()
            assert watch(now, DAY) == ()
            assert watch(now, DAY, (), {"blogs"}) == ("The list blogs is broken",)
            web.route("/l.opml", body=opml())
            for hours in (24, 6, 6, 35):
                await found.poll(hours * HOUR)
                assert len(found.names) == 4
            assert found.stored.health.doubt is not None
            # Seen again it has to be: no condition is sent.
            assert web.asked("/l.opml")[-1].header("If-None-Match") is None
            told = found.home.store.watch(found.home.clock(), DAY, (), {"blogs"})
            assert told == ("The list blogs works again",)
            # What is whole again is believed at once, and the doubt is forgotten.
            web.route("/l.opml", body=opml(*places))
            await found.poll(6 * HOUR)
            assert found.stored.health.doubt is None
            web.route("/l.opml", body=opml(*places[:2]))
            for _ in range(8):
                await found.poll(6 * HOUR)
                assert len(found.names) == 4
            await found.poll(6 * HOUR)
            assert found.names == ["blogs/a", "blogs/b"]
            # The rest of a doubted document stays when one is empty at the end.
            web.route("/l.opml", body=opml(places[0]))
            for _ in range(8):
                await found.poll(6 * HOUR)
            web.route("/l.opml", body=opml())
            await found.poll(6 * HOUR)
            assert found.names == ["blogs/a"]


async def test_polls_of_one_list_at_a_time_give_each_key_once(tmp_path: Path) -> None:
    async with Publisher() as web:
        letters = iter("abcd")

        def answer(_: Request) -> Reply:
            return Reply(body=opml(outline("Same", url(web, f"{next(letters)}.example", "/"))))

        web.route("/l.opml", answer)
        async with lists(tmp_path, list_toml(url(web, "lists.example", "/l.opml"))) as found:
            await asyncio.gather(*(found.ask_now() for _ in range(3)))
            known = {one.url: one.key for one in found.stored.members}
            assert len(set(known.values())) == len(known) == 3
            assert web.most_at_once == 1


async def test_another_url_of_a_list_is_another_list_at_once(tmp_path: Path) -> None:
    clock = Clock()
    async with Publisher() as web:
        for path, letters in (("/1.opml", "abc"), ("/2.opml", "cd"), ("/3.opml", "")):
            hosts = [outline(one, url(web, f"{one}.example", "/")) for one in letters]
            web.route(path, body=opml(*hosts), etag=b'"1"')
        for path, names in (("/1.opml", "abc"), ("/2.opml", "cd"), ("/3.opml", "cd")):
            toml = list_toml(url(web, "lists.example", path))
            async with lists(tmp_path, toml, clock) as found:
                await found.poll()
                assert found.names == [f"blogs/{one}" for one in names]
                assert web.asked(path)[0].header("If-None-Match") is None


async def test_a_list_of_another_name_is_the_same(tmp_path: Path) -> None:
    clock = Clock()
    async with Publisher() as web:
        web.route("/a.xml", body=rss(item(1, START, title="one")))
        web.route("/l.opml", body=opml(outline("A", url(web, "a.example", "/a.xml"))), etag=b'"1"')
        toml = list_toml(url(web, "lists.example", "/l.opml"))
        async with lists(tmp_path, toml, clock) as found:
            await found.poll()
            await found.home.poll()
        web.forget("/l.opml")  # nothing has to be asked for that
        async with lists(tmp_path, toml.replace("blogs", "friends"), clock) as found:
            assert found.names == ["friends/a"]
            found.home.store.apply(found.config.sources, found.config.feeds, now=clock())
            assert found.home.titles() == {"one"}
            with closing(sqlite3.connect(found.home.config.store.path)) as db:
                assert db.execute("SELECT count(*) FROM sources").fetchone() == (1,)
            await found.poll(6 * HOUR)
            assert found.stored.name == "friends"
            assert found.names == ["friends/a"]


async def test_allow_private_covers_nothing_that_a_list_brings(tmp_path: Path) -> None:
    async with Publisher() as web:
        web.route("/a.xml", body=rss(item(1, START)))
        listed = (outline("In", web.url("/a.xml")), outline("By name", url(web, "localhost", "/")))
        web.route("/l.opml", body=opml(*listed))
        toml = (
            f'[network]\nallow_private = ["127.0.0.1:{web.port}", "localhost:{web.port}"]\n'
            + list_toml(web.url("/l.opml"))
        )
        async with house(tmp_path, Clock(), toml) as home:
            found = Lists(home)
            (result,) = await found.poll()
            assert (result.health.problem, result.count) == (None, 2)
            polled = await home.poll()
            for one in polled.values():
                assert one.problem is not None
                assert one.problem.kind == "blocked"
                assert "[[sources]]" in str(one.problem.remedy)
            assert {one.path for one in web.requests} == {"/l.opml"}


async def test_hostile_lists_are_failures_or_are_cut(tmp_path: Path) -> None:
    bomb = (
        '<?xml version="1.0"?><!DOCTYPE opml [<!ENTITY a "aaaaaaaaaa">'
        + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
        + ']><opml version="2.0"><head><title>&j;</title></head><body>'
        + outline("&j;", "https://a.example/")
        + "</body></opml>"
    ).encode()
    many = [outline(f"n{n}", f"https://n{n}.example/") for n in range(100_000)]
    async with Publisher() as web:
        toml = list_toml(url(web, "lists.example", "/l.opml"))
        async with lists(tmp_path, toml) as found:
            web.route("/l.opml", body=opml(*many[:1500]))
            assert [one.count for one in await found.poll()] == [1000]
            assert [(one.because, one.count) for one in found.stored.health.left_out] == [
                (Unlisted.TOO_MANY, 500)
            ]
            for body in (opml(*many), b"<opml>" + b" " * 10_000_000):
                web.route("/l.opml", body=body)
                (result,) = await found.poll(DAY)
                assert result.health.problem is not None
                assert result.health.problem.kind == "too-large"
                assert result.count == 1000
            web.route("/l.opml", body=bomb)
            await found.poll(DAY)
            assert len(found.names) == 1000
            assert max(len(one.title or "") for one in found.config.sources) <= 200


# --- the daemon ---------------------------------------------------------------------------------


def test_the_daemon_takes_over_what_a_list_lists(aggregator: Program, web: Publisher) -> None:
    own = source_toml("mine", web.url("/mine.xml"))
    web.route("/mine.xml", body=rss(item(1, START, title="mine")))
    listed = [outline("Ada", "https://ada.example/feed"), outline("Bob", "https://bob.example/")]
    web.route("/l.opml", body=opml(*listed, outline("Mine", web.url("/mine.xml"))), etag=b'"1"')
    aggregator.configure(own + list_toml(web.url("/l.opml"), 'tags = ["blog"]\n'))
    aggregator.start()
    aggregator.wait(lambda: "blogs/ada" in aggregator.status(), "the list's sources")
    assert set(aggregator.status()) == {"mine", "blogs/ada", "blogs/bob"}
    assert aggregator.get("/sources/blogs/ada.json").status == 200
    assert aggregator.get("/tags/blog.atom").status == 200
    log = aggregator.log.read_text()
    assert "source blogs/ada added" in log

    # Commands and pages know its sources, and say whose they are.
    shown = aggregator.run("status").stdout
    assert re.search(r"^blogs +\S+ \S+ +\S+ \S+ +3$", shown, re.MULTILINE), shown
    assert aggregator.status()["blogs/ada"]["list"] == "blogs"
    shown = aggregator.run("explain", "source", "blogs/ada").stdout
    assert f"brought by a list:\n  blogs: 3 sources of {web.url('/l.opml')}, every 6h" in shown
    assert "blogs: 3 sources of http://" in aggregator.run("check").stdout
    for words in (("remove",), ("disable",), ("rename", "x"), ("tag", "--add", "x")):
        told = aggregator.run(words[0], "blogs/ada", *words[1:])
        assert (told.returncode, told.stdout) == (1, "")
        assert "comes from the list blogs" in told.stderr
    page = aggregator.get("/sources/blogs/ada/health")
    assert page.status == 200
    assert "From the list blogs" in page.text
    assert 'name = "ada"' in html.unescape(page.text)
    assert aggregator.get("/sources/blogs/ada").status == 200
    assert "/sources/blogs/ada/health" in aggregator.get("/sources").text
    feed = json.loads(aggregator.get("/sources/blogs/ada.json").body)
    assert feed["feed_url"].endswith("/sources/blogs/ada.json")

    # A reload keeps them, and a restart without the list's server has them at once.
    assert aggregator.run("reload").returncode == 0
    assert "blogs/bob" in aggregator.status()
    assert aggregator.stop() == 0
    web.forget("/l.opml")
    aggregator.start()
    assert "blogs/bob" in aggregator.status()

    # A named list is polled now.
    told = aggregator.run("poll", "blogs")
    assert (told.returncode, "its 3 sources stay" in told.stdout) == (1, True), told
    web.route("/l.opml", body=opml(*listed), etag=b'"2"')
    told = aggregator.run("poll", "blogs")
    assert (told.returncode, told.stdout) == (0, "blogs: lists 2 sources\n")

    # What another URL under its name takes away is told.
    aggregator.configure(own + list_toml(web.url("/m.opml"), 'tags = ["blog"]\n'))
    loss = "list blogs loses what the document at its other url lacks of its 2 sources"
    assert f"  ~ [[lists]] blogs url\n  {loss}\n" in aggregator.run("reload").stdout

    # What the file says no more leaves, and what there was is told.
    aggregator.configure(own)
    told = aggregator.run("check")
    assert "- blogs/ada" in told.stdout
    assert aggregator.run("reload").returncode == 0
    assert set(aggregator.status()) == {"mine"}
    assert aggregator.stop() == 0


@pytest.fixture(params=["sqlite", "postgres"])
def on_each_engine(
    aggregator: Program, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Program]:
    """The program, its store on each of the engines."""
    if request.param == "sqlite":
        yield aggregator
        return
    with closing(PostgresDatabase(tmp_path, is_own=True)) as server:
        aggregator.store = f'url = "{server.as_url}"\n'
        yield aggregator


def test_without_a_daemon_lists_are_read_before_polls(
    on_each_engine: Program, web: Publisher
) -> None:
    aggregator = on_each_engine
    web.route("/l.opml", body=opml(outline("Me", web.url("/a.xml"))))
    aggregator.configure(list_toml(web.url("/l.opml")))
    told = aggregator.run("poll")
    assert told.returncode == 1
    assert told.stdout.startswith("blogs: lists 1 source\nblogs/me: blocked: ")
    assert [one.path for one in web.requests] == ["/l.opml"]
    told = aggregator.run("check")
    assert "blogs: 1 source of http://" in told.stdout
    assert re.search("^blogs/me ", told.stdout, re.MULTILINE)
    assert "blogs/me" in aggregator.run("explain", "source", "blogs/me").stdout
    aggregator.configure(list_toml(web.url("/another.opml")))
    loss = "list blogs loses what the document at its other url lacks of its 1 source"
    assert f"Subscribers would lose:\n\n  {loss}\n" in aggregator.run("check").stdout


def test_a_named_list_says_what_was_answered_what_stays_and_until_when(
    aggregator: Program, web: Publisher
) -> None:
    listed = [outline(one, f"https://{one}.example/") for one in "abc"]
    deep = "<outline>" * 16 + outline("Deep", "https://deep.example/") + "</outline>" * 16
    web.route("/l.opml", body=opml(*listed, deep))
    aggregator.configure(list_toml(web.url("/l.opml")))
    told = aggregator.run("poll", "blogs")
    skipped = "1 outline not taken: they lie in more folders than are read"
    assert (told.returncode, told.stdout) == (0, f"blogs: lists 3 sources; {skipped}\n")
    web.route("/l.opml", body=opml(listed[0]))
    told = aggregator.run("poll", "blogs")
    lacks = (
        "its newest document lacks 2 sources, half of them or more: they stay until 3 polls over"
    )
    assert told.stdout.startswith(f"blogs: lists 1 of its 3 sources; {lacks} at least 48 hours ")
    assert "(1 so far), not before " in told.stdout
    assert told.returncode == 0
    web.route("/l.opml", status=500)
    told = aggregator.run("poll", "blogs")
    assert "its 3 sources stay, however long it fails; its newest document lacks 2" in told.stdout
    assert told.returncode == 1


def test_a_login_in_the_url_of_a_list_is_sent_and_never_shown(
    aggregator: Program, web: Publisher
) -> None:
    web.route("/l.opml", status=500)
    place = web.url("/l.opml?token=CANARY-two").replace("http://", "http://me:CANARY-one@")
    aggregator.configure(list_toml(place))
    aggregator.start()
    aggregator.wait(lambda: web.asked("/l.opml"), "the list to be asked")
    assert web.asked("/l.opml")[0].header("Authorization")
    aggregator.wait(lambda: "list fails" in aggregator.log.read_text(), "the failure")
    shown = [aggregator.run(word) for word in ("status", "check", "reload", "doctor")]
    shown.append(aggregator.run("poll", "blogs"))
    for told in shown:
        assert "CANARY" not in told.stdout + told.stderr, told.args
    assert "its 0 sources stay" in shown[-1].stdout
    assert "CANARY" not in aggregator.log.read_text()
