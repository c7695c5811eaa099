"""Adding from a page: what is found at an address, where a look-up never leads, what is written."""

from __future__ import annotations

import asyncio
import os
import tempfile
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from aggregator.config import load
from aggregator.config.network_values import allowance
from aggregator.daemon.adding import Adding, only_of
from aggregator.daemon.commands import Requests
from aggregator.daemon.terms import utc_now
from aggregator.daemon.workers import Workers
from aggregator.fetch import Fetcher
from aggregator.model import ProblemKind
from aggregator.model.candidates import Candidate, Found
from aggregator.model.errors import AggregatorError
from aggregator.publish.pages.add import AddView, add_page
from aggregator.publish.pages.look import Look
from tests.feed_documents import item, rss, undated
from tests.fetching import Names
from tests.web import Publisher, Reply, Request, ThreadedPublisher

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

    from aggregator.config import Config
    from aggregator.model.worker_protocols import WorkerPool

HTML = {"Content-Type": "text/html"}


@dataclass
class House:
    """A configuration on the disk, and a site of the internet at 127.0.0.1."""

    path: Path
    web: Publisher
    adding: Adding
    reloads: list[int]

    def at(self, host: str, path: str = "/") -> str:
        """Return an address of the site."""
        return f"http://{host}:{self.web.port}{path}"


@asynccontextmanager
async def house(folder: Path, *allowances: str) -> AsyncIterator[House]:
    """Make one; 127.0.0.1 plays the internet for names, and nothing else does."""
    path = folder / "config.toml"
    listed = ", ".join(f'"{one}"' for one in allowances)
    path.write_text(
        f'[store]\npath = "aggregator.db"\n[network]\nallow_private = [{listed}]\n',
        encoding="utf-8",
    )
    table = {"site.example": [["127.0.0.1"]], "inside.example": [["127.0.0.7"]]}
    workers = Workers(count=1)
    reloads: list[int] = []

    def make(config: Config, environ: Mapping[str, str], pool: WorkerPool) -> Fetcher:
        assert not environ
        return Fetcher(
            allow_private=config.network.allow_private,
            proxy=None,
            user_agent="test",
            clock=utc_now,
            resolver=Names(table),
            workers=pool,
            public=(ip_network("127.0.0.1/32"),),
        )

    async def reload() -> tuple[()]:
        reloads.append(1)
        return ()

    nobody = cast("Any", None)  # of all requests a look-up needs two
    requests = Requests(lambda: load(path), nobody, reload, nobody, nobody, nobody)
    try:
        async with Publisher() as web:
            yield House(path, web, Adding(requests, {}, workers, make), reloads)
    finally:
        await workers.aclose()


def page(*links: str) -> bytes:
    found = "".join(
        f'<link rel="alternate" type="application/rss+xml" href="{link}" title="T {link[-9:]}">'
        for link in links
    )
    return f"<!doctype html><title>p</title>{found}".encode()


async def test_feeds_of_a_page_are_told_and_one_is_taken(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        dates = ("Mon, 02 Nov 2026 10:00:00 GMT", "Mon, 09 Nov 2026 10:00:00 GMT")
        items = (item(number, date, title=f"第{number}条") for number, date in enumerate(dates))
        document = rss("<language>zh-CN</language>", *items, title="Weekly")
        here.web.route("/", body=page("/news.xml", "/none.xml", "/page.html"), headers=HTML)
        here.web.route("/news.xml", body=document)
        here.web.route("/page.html", body=page("/news.xml"), headers=HTML)
        found = await here.adding.find("me", here.at("site.example"))
        weekly, none, another = found.candidates
        assert (weekly.title, weekly.language, weekly.entries) == ("Weekly", "zh-CN", 2)
        assert weekly.pause is not None
        assert weekly.pause.days == 7
        assert [title for title, _ in weekly.newest] == ["第1条", "第0条"]
        assert weekly.name == "weekly"
        assert none.problem is not None
        assert (another.offer, another.problem) == (None, None)
        offer = weekly.offer or ""
        for who, wrong in (("somebody", offer), ("me", "another"), ("me", "")):
            with pytest.raises(AggregatorError, match="look it up once more"):
                await here.adding.add(who, wrong, None, ())
        for name, tags in (("no name", ()), ("", ("a\nb",))):
            with pytest.raises(AggregatorError):
                await here.adding.add("me", offer, name or None, tags)
        before = here.path.read_bytes()
        assert here.reloads == []
        added = await here.adding.add("me", offer, None, ("开源", "news"))
        assert (added.name, here.reloads) == ("weekly", [1])
        assert here.path.read_bytes().startswith(before)
        (source,) = load(here.path).sources
        assert (source.url, source.tags) == (here.at("site.example", "/news.xml"), ("开源", "news"))
        assert len(here.web.asked("/news.xml")) == 1
        with pytest.raises(AggregatorError, match="there already: source weekly"):
            await here.adding.find("me", here.at("site.example", "/news.xml"))
        here.web.route("/more.xml", body=undated(title="More"))
        more = (await here.adding.find("me", here.at("site.example", "/more.xml"))).candidates[0]
        with pytest.raises(AggregatorError, match="there is a source named weekly already"):
            await here.adding.add("me", more.offer or "", "weekly", ())
        again = await here.adding.find("me", here.at("site.example"))
        assert (again.candidates[0].known_as, again.candidates[0].offer) == ("weekly", None)


@pytest.mark.parametrize("way", ["a link", "a redirect", "a link to a redirect", "a name"])
async def test_no_look_up_is_led_into_a_private_network_whatever_is_allowed(
    tmp_path: Path, way: str
) -> None:
    with ThreadedPublisher(host="127.0.0.7") as inside:
        inside.route("/", body=undated(title="Of the house"))
        async with house(tmp_path, "127.0.0.0/8", "inside.example") as here:
            target = inside.url("/")
            if way == "a name":
                target = f"http://inside.example:{inside.port}/"
            moved: dict[str, Any] = {"status": 302, "headers": {"Location": target}}
            if way == "a redirect":
                here.web.route("/", **moved)
            elif way == "a link to a redirect":
                here.web.route("/", body=page("/feed"), headers=HTML)
                here.web.route("/feed", **moved)
            else:
                here.web.route("/", body=page(target), headers=HTML)
            for typed in (here.at("site.example"), here.at("127.0.0.1")):
                found = await here.adding.find("me", typed)
                (problem,) = filter(None, (found.problem, *(c.problem for c in found.candidates)))
                assert problem.kind is ProblemKind.BLOCKED, typed
            assert inside.requests == []
            # What the operator types is the operator's word.
            found = await here.adding.find("me", target)
            assert found.candidates[0].title == "Of the house"


async def test_a_private_address_that_nothing_covers_is_not_asked(tmp_path: Path) -> None:
    with ThreadedPublisher(host="127.0.0.7") as inside:
        async with house(tmp_path) as here:
            found = await here.adding.find("me", inside.url("/"))
            assert found.problem is not None
            assert found.problem.kind is ProblemKind.BLOCKED
        assert inside.requests == []


@pytest.mark.parametrize("port", [22, 2375, 6379, 9200])
@pytest.mark.parametrize("allowed", ["127.0.0.0/8", "inside.example"])
async def test_a_port_of_no_feeds_is_opened_only_by_an_entry_that_names_it(
    tmp_path: Path, allowed: str, port: int
) -> None:
    async with house(tmp_path, allowed) as here:
        host = "inside.example" if allowed == "inside.example" else "127.0.0.7"
        found = await here.adding.find("me", f"http://{host}:{port}/")
        assert found.problem is not None
        assert found.problem.kind is ProblemKind.BLOCKED
        assert "uses a port that feeds do not live on" in found.problem.detail
        assert f'add "{host}:{port}"' in (found.problem.remedy or "")


async def test_a_private_page_leads_to_feeds_beside_it_and_to_no_other_address(
    tmp_path: Path,
) -> None:
    with ThreadedPublisher(host="127.0.0.7") as inside, ThreadedPublisher(host="127.0.0.8") as by:
        async with house(tmp_path, inside.url("").removeprefix("http://"), "127.0.0.8") as here:
            inside.route("/", body=page("/feed.xml", by.url("/")), headers=HTML)
            inside.route("/feed.xml", body=undated(title="Of the house"))
            found = await here.adding.find("me", inside.url("/"))
            mine, another = found.candidates
            assert (mine.title, mine.problem) == ("Of the house", None)
            assert mine.offer
            assert another.problem is not None
            assert another.problem.kind is ProblemKind.BLOCKED
            assert "allow_private" not in (another.problem.remedy or "")
            assert "type its address itself" in (another.problem.remedy or "")
        assert by.requests == []


async def test_one_look_up_at_a_time(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        asked = asyncio.Event()

        def never(_: Request) -> Reply:
            asked.set()
            return Reply(delay=3600.0)

        here.web.route("/slow", never)
        slow = here.at("site.example", "/slow")
        first = asyncio.create_task(here.adding.find("me", slow))
        await asked.wait()
        with pytest.raises(AggregatorError, match="looked up just now"):
            await here.adding.find("me", here.at("site.example"))
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        here.web.route("/", body=undated(1))
        assert (await here.adding.find("me", here.at("site.example"))).candidates


async def test_what_is_no_address_is_told(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        with pytest.raises(AggregatorError, match="http"):
            await here.adding.find("me", "javascript:alert(1)")
        for typed in ("", "no address", "ftp://site.example/", "http://a\u202eb/", "x" * 3000):
            with pytest.raises(AggregatorError):
                await here.adding.find("me", typed)


@pytest.fixture
def folder_of_all() -> Iterator[Path]:
    """Return a folder that everybody may read, and its owner alone may write."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
async def test_where_the_file_cannot_be_written_the_block_is_given(folder_of_all: Path) -> None:
    async with house(folder_of_all) as here:
        here.path.chmod(0o644)
        here.web.route("/", body=undated(title="Solidot"))
        found = await here.adding.find("me", here.at("site.example"))
        before = here.path.read_bytes()
        os.seteuid(65534)
        try:
            offer = found.candidates[0].offer or ""
            added = await here.adding.add("me", offer, "mine", ("a",))
        finally:
            os.seteuid(0)
        assert added.name is None
        assert "cannot be written" in added.because
        assert added.block.startswith("[[sources]]\n# Solidot, added 2")
        assert f'name = "mine"\nurl = "{here.at("site.example")}"\ntags = ["a"]' in added.block
        assert (here.path.read_bytes(), here.reloads) == (before, [])


def test_an_allowance_is_narrowed_to_what_was_typed() -> None:
    known = tuple(map(allowance, ("192.168.0.0/16", "rsshub.lan", "10.0.0.0/8:1200")))
    (one,) = only_of(known, ("http://192.168.1.2:1200/feed",))
    assert one.covers("192.168.1.2", 1200)
    assert not one.covers("192.168.1.2", 80)
    assert not one.covers("192.168.1.3", 1200)
    (name,) = only_of(known, ("http://rsshub.lan/a",))
    assert name.covers("rsshub.lan", 80)
    assert not name.covers("rsshub.lan", 22)
    assert only_of(known, ("http://10.0.0.1/", "https://a.example/")) == ()
    assert only_of(known, ("http://192.168.1.2:6379/", "http://rsshub.lan:22/")) == ()
    (opened,) = only_of((allowance("10.0.0.1:6379"),), ("http://10.0.0.1:6379/",))
    assert opened.covers("10.0.0.1", 6379)


def test_what_is_a_source_already_and_was_not_read_has_no_count_of_entries() -> None:
    known = Candidate("https://a.example/feed", "A", known_as="a")
    found = Found("https://a.example/", (known, replace(known, entries=3)))
    shown = add_page(AddView("token", found=found), Look(), lambda at: at).decode()
    assert ("0 entries" in shown, "3 entries" in shown) == (False, True)
