"""Feeds at their addresses: automatic ones, those with a token, archives, and what was removed."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urljoin

import pytest

from aggregator.model import ArchivePart, Feed, FeedKind, Source
from aggregator.publish import Format
from aggregator.serve.timeouts import Timeouts
from aggregator.store.sqlite import open_store
from tests import PATIENCE
from tests.golden import STORIES
from tests.making import START
from tests.publishing import config, selection, story
from tests.serving import Answer, Stock, running, site

if TYPE_CHECKING:
    from pathlib import Path

    from aggregator.config import Config

TOKEN = "t0ken-t0ken-t0ken-t0ken"  # noqa: S105 - nobody's
CLUB = f"/feeds/{TOKEN}/club.atom"

FEEDS = (
    Feed("news", "News"),
    Feed("club", "The club", token=TOKEN),
    Feed("all", "All", kind=FeedKind.EVERYTHING),
    Feed("tags/c/c++", "c/c++", tags=("c/c++",), kind=FeedKind.TAG),
    Feed("tags/node.js", "node.js", tags=("node.js",), kind=FeedKind.TAG),
    Feed("tags/科技", "科技", tags=("科技",), kind=FeedKind.TAG),
    Feed("sources/ithome", "IT之家", sources=("ithome",), kind=FeedKind.SOURCE),
)
SOURCES = (Source("ithome", "https://www.ithome.com/rss/", tags=("c/c++", "node.js", "科技")),)

OCTOBER = ArchivePart("2026-10", 1, whole=True, past=True)
NOVEMBER = ArchivePart("2026-11", 1, whole=True, past=False)
TODAY = ArchivePart("2026-11", 2, whole=False, past=False, until="2026-11-20")


def served(**changes: object) -> Config:
    return config(sources=SOURCES, feeds=FEEDS, **changes)  # type: ignore[arg-type]  # as they come


def stock() -> Stock:
    store = Stock(STORIES)
    months = (OCTOBER, NOVEMBER, TODAY)
    for number, part in enumerate(months):
        store.parts[part.name] = replace(
            selection(*STORIES),
            archive=part,
            previous=months[number - 1] if number else None,
            next=months[number + 1] if number + 1 < len(months) else None,
        )
    return store


async def test_every_feed_is_at_its_address_in_each_format() -> None:
    present = served()
    async with running(site(stock(), lambda: present)) as server:
        for place in (
            "/feeds/news", "/feeds/all", "/tags/c%2Fc%2B%2B", "/tags/c%2fc++", "/tags/c/c++",
            "/tags/node.js", "/tags/%E7%A7%91%E6%8A%80", "/sources/ithome", f"/feeds/{TOKEN}/club",
        ):  # fmt: skip
            for form in Format:
                answer = await server.get(f"{place}.{form.value}?a=/b.atom")
                assert answer.status == 200, place
                assert answer.headers["content-type"].startswith(form.media_type)


async def test_a_feed_with_a_token_is_kept_by_its_readers_alone() -> None:
    present = served()
    async with running(site(stock(), lambda: present)) as server:
        answers = [await server.get(CLUB), await server.ask("HEAD", CLUB)]
        answers.append(await server.get(CLUB, if_none_match=answers[0].headers["etag"]))
        open_ = await server.get("/feeds/news.atom")
    assert [answer.status for answer in answers] == [200, 200, 304]
    for answer in answers:
        assert answer.headers["cache-control"].startswith("private, no-transform, max-age=")
        assert answer.headers["x-robots-tag"] == "none"
        assert answer.headers["referrer-policy"] == "no-referrer"
    assert "x-robots-tag" not in open_.headers


def undated(answer: Answer) -> tuple[int, dict[str, str], bytes]:
    return answer.status, {**answer.headers, "date": ""}, answer.body


async def test_without_its_token_a_feed_is_as_if_there_were_none() -> None:
    store = stock()
    present = served()
    async with running(site(store, lambda: present)) as server:
        for method in ("GET", "HEAD", "POST"):
            unknown = await server.ask(method, "/feeds/nothing.atom")
            for target in (
                "/feeds/club.atom", "/feeds/club/archive/2026-10.atom", "/feeds/x/club.atom",
                f"/feeds/{TOKEN[:-1]}/club.atom", f"/feeds/{TOKEN}x/club.atom",
                f"/feeds/{TOKEN.upper()}/club.atom", f"/feeds/{TOKEN}/news.atom",
                f"/feeds/{TOKEN}%2Fclub.atom", "/feeds/%E7%A7%91/club.atom", "/feeds//club.atom",
                f"/feeds/{TOKEN}/", f"/feeds/{TOKEN}",
            ):  # fmt: skip
                assert undated(await server.ask(method, target)) == undated(unknown), target
    assert store.selects == 0


async def test_no_token_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    store = stock()
    store.broken = True
    present = served()
    async with running(site(store, lambda: present)) as server:
        assert (await server.get(CLUB)).status == 503
        await server.get(f"/feeds/{TOKEN}/gone.atom")
    assert "feed club not made" in caplog.text
    assert TOKEN not in caplog.text


async def test_a_removed_feed_is_gone_at_its_old_address_only() -> None:
    store = stock()
    store.removed = {
        "old": Feed("old", "Old"),
        "secret": Feed("secret", "Secret", token=FEEDS[1].token_digest),
        "tags/old": Feed("tags/old", "old", tags=("old",), kind=FeedKind.TAG),
    }
    async with running(site(store)) as server:
        for target, status in (
            ("/feeds/old.atom", 410), ("/feeds/old/archive/2026-10.rss", 410),
            ("/tags/old.json", 410), (f"/feeds/{TOKEN}/secret.atom", 410),
            ("/feeds/secret.atom", 404), ("/feeds/x/secret.atom", 404),
            (f"/feeds/{FEEDS[1].token_digest}/secret.atom", 404), ("/feeds/older.atom", 404),
        ):  # fmt: skip
            answer = await server.get(target)
            assert answer.status == status, target
            if status == 410:
                assert "请取消订阅" in answer.body.decode()
        store.broken = True
        assert (await server.get("/feeds/old.atom")).status == 404


@pytest.mark.parametrize("form", Format)
async def test_the_feed_of_a_renamed_source_is_found_from_its_old_address(form: Format) -> None:
    store = stock()
    store.renamed = {"sources/old": "sources/ithome", "sources/older": "sources/secret"}
    present = served()
    async with running(site(store, lambda: present)) as server:
        for place, way in (
            (f"sources/old.{form}", f"../sources/ithome.{form}"),
            (f"sources/old.{form}?a=b", f"../sources/ithome.{form}"),
            (
                f"sources/old/archive/2026-10.{form}",
                f"../../../sources/ithome/archive/2026-10.{form}",
            ),
        ):
            for method in ("GET", "HEAD"):
                answer = await server.ask(method, f"/{place}")
                assert (answer.status, answer.headers["location"]) == (301, way), place
            there = urljoin(f"https://example.org/prefix/{place}", way)
            assert there.startswith("https://example.org/prefix/sources/ithome")
            found = await server.get(there.removeprefix("https://example.org/prefix"))
            assert found.status == 200
        # Shown to nobody without a token, as if there never had been one.
        assert (await server.get(f"/sources/older.{form}")).status == 404
        assert (await server.get(f"/feeds/old.{form}")).status == 404


async def test_addresses_that_no_configuration_can_have_had_are_not_looked_up() -> None:
    store = stock()
    present = served()
    async with running(site(store, lambda: present)) as server:
        for target in (
            "/feeds/OLD.atom", "/feeds/a.b.atom", "/feeds/a/b/c.atom", "/feeds/%E7%A7%91.rss",
            "/sources/a_b.json", "/sources/a/b/c.json", f"/feeds/{'a' * 65}.atom", "/feeds/x.xml",
            "/feeds/wp-login.php", "/sources/../x", "/feeds/%FF.atom",
        ):  # fmt: skip
            assert (await server.get(target)).status == 404, target
        assert store.looked_up == []
        for target in ("/feeds/a.atom", "/feeds/x/a.atom", "/tags/a.b.atom", "/sources/a.atom"):
            assert (await server.get(target)).status == 404, target
    assert store.looked_up == ["a", "a", "tags/a.b", "sources/a"]


async def test_nobody_waits_long_for_what_a_broken_database_remembers() -> None:
    store = stock()
    store.removed = {"old": Feed("old", "Old")}
    store.remembers.clear()
    hasty = Timeouts(for_the_past=0.01)
    async with running(site(store, timeouts=hasty)) as server:
        for _ in range(3):
            assert (await server.get("/feeds/old.atom")).status == 404
        assert store.looked_up == ["old"]  # the others did not take a thread
        store.remembers.set()
        async with asyncio.timeout(PATIENCE):
            while (await server.get("/feeds/old.atom")).status != 410:
                pass  # until the question that hung is answered


@pytest.mark.parametrize("form", Format)
async def test_a_month_that_is_over_may_be_kept_for_ever(form: Format) -> None:
    present = served()
    store = stock()
    async with running(site(store, lambda: present)) as server:
        target = f"/feeds/news/archive/2026-10.{form.value}"
        answer = await server.get(target)
        head = await server.ask("HEAD", target)
        again = await server.get(target, if_none_match=answer.headers["etag"])
        private = await server.get(f"/feeds/{TOKEN}/club/archive/2026-10.{form.value}")
    assert answer.status == 200
    assert answer.headers["content-type"] == f"{form.media_type}; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "last-modified" not in answer.headers
    assert undated(head)[:2] == undated(answer)[:2]
    assert again.status == 304
    assert again.headers["cache-control"] == answer.headers["cache-control"]
    assert private.headers["cache-control"] == (
        "private, no-transform, max-age=31536000, immutable"
    )


@pytest.mark.parametrize("name", ["2026-11", "2026-11-2"])
async def test_a_part_of_the_month_that_runs_is_kept_as_long_as_the_feed(name: str) -> None:
    present = served()
    store = stock()
    async with running(site(store, lambda: present)) as server:
        feed = await server.get("/feeds/news.atom")
        first = await server.get(f"/feeds/news/archive/{name}.atom?until=2026-11-20")
        store.version += 1
        store.parts[name] = replace(store.parts[name], stories=(story(title="brand-new"),))
        second = await server.get(f"/feeds/news/archive/{name}.atom?until=2026-11-21")
    assert first.status == 200
    assert first.headers["cache-control"] == feed.headers["cache-control"]
    assert "immutable" not in first.headers["cache-control"]
    assert b"brand-new" in second.body
    assert not store.kept


async def test_a_month_that_is_over_stays_as_it_was_first_served() -> None:
    target = "/feeds/news/archive/2026-10.atom"
    present = [served()]
    store = stock()

    async def body() -> bytes:
        async with running(site(store, lambda: present[0])) as server:  # nothing is in memory
            answer = await server.get(target)
            assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
            return answer.body

    first = await body()
    store.version += 1
    store.parts["2026-10"] = replace(store.parts["2026-10"], stories=(story(title="edited"),))
    assert await body() == first
    present[0] = config(sources=(*SOURCES, Source("b", "https://b.example/")), feeds=FEEDS)
    assert await body() == first  # another source changes nothing of what was
    present[0] = served(base_url="https://feeds.example.org")
    moved = await body()
    assert b"https://feeds.example.org/" in moved
    assert b"edited" in moved
    secret = replace(SOURCES[0], private=True)
    before = store.selects
    present[0] = config(sources=(secret,), feeds=FEEDS)
    await body()
    assert store.selects == before + 1


async def test_a_month_that_is_over_is_in_memory_once_served() -> None:
    store = stock()
    present = served()
    async with running(site(store, lambda: present)) as server:
        first = await server.get("/feeds/news/archive/2026-10.json")
        store.version += 1
        store.broken = True
        second = await server.get("/feeds/news/archive/2026-10.json")
    assert (second.status, second.body) == (200, first.body)


async def test_what_no_archive_has_is_not_there() -> None:
    store = stock()
    present = served()
    async with running(site(store, lambda: present)) as server:
        for target in (
            "/feeds/news/archive/2026-09.atom", "/feeds/news/archive/2026-10-2.atom",
            "/feeds/news/archive/.atom", "/feeds/news/archive/2026-11-01x.atom",
            "/feeds/news/archive/2026-10", "/feeds/news/archive/", "/feeds/archive/2026-10.atom",
            "/feeds/news/archive/archive/2026-10.atom", "/feeds/none/archive/2026-10.atom",
        ):  # fmt: skip
            answer = await server.get(target)
            assert answer.status == 404, target
            assert "订阅列表" in answer.body.decode()


async def test_an_archive_is_compressed_and_tagged_as_a_feed_is() -> None:
    present = served()
    async with running(site(stock(), lambda: present)) as server:
        tags = set()
        for coding in ("", "gzip", "br"):
            answer = await server.get("/tags/c/c++/archive/2026-10.atom", accept_encoding=coding)
            assert answer.headers.get("content-encoding", "") == coding
            assert answer.headers["etag"] == f'"{hashlib.sha256(answer.body).hexdigest()[:32]}"'
            tags.add(answer.headers["etag"])
    assert len(tags) == 3


async def test_what_the_database_remembers_of_a_removed_feed_is_enough(tmp_path: Path) -> None:
    store = open_store(tmp_path / "aggregator.db")
    try:
        store.apply(SOURCES, FEEDS, now=START)
        store.apply(SOURCES, FEEDS[:1], now=START)
        present = config(sources=SOURCES, feeds=FEEDS[:1])
        async with running(replace(site(Stock(), lambda: present), store=store)) as server:
            for target, status in (
                ("/feeds/news.atom", 200), (CLUB, 410), ("/feeds/club.atom", 404),
                ("/feeds/all.atom", 410), ("/tags/c%2Fc%2B%2B.rss", 410),
                ("/sources/ithome.json", 410), ("/sources/other.json", 404),
            ):  # fmt: skip
                assert (await server.get(target)).status == status, target
            renamed = replace(SOURCES[0], name="it")
            after = replace(FEEDS[-1], name="sources/it", sources=("it",))
            store.apply(SOURCES, FEEDS, now=START)
            store.apply((renamed,), (*FEEDS[:-1], after), now=START)
            present = config(sources=(renamed,), feeds=(*FEEDS[:-1], after))
            moved = await server.get("/sources/ithome.json")
            assert (moved.status, moved.headers["location"]) == (301, "../sources/it.json")
            assert (await server.get("/sources/it.json")).status == 200
            store.apply(SOURCES, FEEDS, now=START)
            present = config(sources=SOURCES, feeds=FEEDS)
            assert (await server.get("/feeds/club.atom")).status == 404
            assert (await server.get(CLUB)).status == 200
    finally:
        store.close()
