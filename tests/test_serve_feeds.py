"""Feeds over HTTP, asked of a running server: what is sent, what is not, and when."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import TYPE_CHECKING

import brotli  # type: ignore[import-untyped]  # brotli ships no types
import pytest

from aggregator.model import Feed, Source
from aggregator.publish import Addresses, Format, render
from aggregator.serve.timeouts import Timeouts
from aggregator.stories.feed_changes import changed_again
from tests import PATIENCE
from tests.golden import STORIES
from tests.publishing import MOMENT, config, story
from tests.serving import Running, Stock, running, site

if TYPE_CHECKING:
    from collections.abc import Callable

ATOM = "/feeds/all.atom"


def shelf() -> Stock:
    return Stock(STORIES)


@pytest.mark.parametrize("form", Format)
async def test_a_feed_is_served_in_each_format(form: Format) -> None:
    store = shelf()
    async with running(site(store)) as server:
        answer = await server.get(f"/feeds/all.{form.value}")
    expected = render(
        store.select(Feed("all", "全部 · All")),
        form,
        Addresses("http://127.0.0.1:8420"),
        max_age=timedelta(minutes=7),
    )
    assert answer.status == 200
    assert answer.body == expected
    assert answer.headers["content-type"] == f"{form.media_type}; charset=utf-8"
    assert answer.headers["content-length"] == str(len(expected))
    assert answer.headers["etag"] == f'"{hashlib.sha256(expected).hexdigest()[:32]}"'
    assert answer.headers["last-modified"] == "Fri, 20 Nov 2026 08:30:15 GMT"
    assert answer.headers["cache-control"] == "public, max-age=420"
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "content-encoding" not in answer.headers
    assert "server" not in answer.headers


async def test_head_is_get_without_a_body() -> None:
    async with running(site(shelf())) as server:
        for fields in ({}, {"accept_encoding": "gzip"}, {"accept_encoding": "br"}):
            get = await server.get(ATOM, **fields)
            head = await server.ask("HEAD", ATOM, **fields)
            assert head.body == b""
            del get.headers["date"], head.headers["date"]
            assert (head.status, head.headers) == (get.status, get.headers)


@pytest.mark.parametrize(
    ("coding", "unpack"), [("gzip", gzip.decompress), ("br", brotli.decompress)]
)
async def test_each_coding_is_another_representation_with_its_own_tag(
    coding: str, unpack: Callable[[bytes], bytes]
) -> None:
    async with running(site(shelf())) as server:
        plain = await server.get(ATOM)
        packed = await server.get(ATOM, accept_encoding=f"zstd, {coding};q=0.8")
        assert packed.headers["content-encoding"] == coding
        assert unpack(packed.body) == plain.body
        assert packed.headers["content-length"] == str(len(packed.body))
        tag = packed.headers["etag"]
        assert tag == f'"{hashlib.sha256(packed.body).hexdigest()[:32]}"'
        again = await server.get(ATOM, accept_encoding=coding, if_none_match=tag)
        assert again.status == 304
        assert again.headers["etag"] == tag
        plain_again = await server.get(ATOM, if_none_match=tag)
        assert plain_again.status == 200


async def test_who_takes_both_codings_gets_br() -> None:
    async with running(site(shelf())) as server:
        answer = await server.get(ATOM, accept_encoding="gzip, deflate, br")
        rather = await server.get(ATOM, accept_encoding="gzip, deflate, br;q=0.1")
    assert answer.headers["content-encoding"] == "br"
    assert rather.headers["content-encoding"] == "gzip"
    assert answer.headers["etag"] != rather.headers["etag"]


async def test_what_is_too_short_goes_as_it_is() -> None:
    async with running(site(Stock())) as server:
        answer = await server.get("/feeds/all.json", accept_encoding="gzip, br")
    assert len(answer.body) < 512
    assert "content-encoding" not in answer.headers
    assert answer.headers["vary"] == "Accept-Encoding"


async def test_tags_outlive_a_restart() -> None:
    tags = []
    for _ in range(2):
        async with running(site(shelf())) as server:
            answers = [
                await server.get(ATOM, accept_encoding=coding) for coding in ("", "gzip", "br")
            ]
            tags.append([answer.headers["etag"] for answer in answers])
    assert tags[0] == tags[1]
    assert len(set(tags[0])) == 3


async def test_304_carries_what_a_cache_needs_and_nothing_of_a_body() -> None:
    async with running(site(shelf())) as server:
        full = await server.get(ATOM)
        answer = await server.get(ATOM, if_none_match=full.headers["etag"])
    assert answer.status == 304
    assert answer.body == b""
    kept = {"etag", "last-modified", "cache-control", "vary", "date"}
    assert kept <= answer.headers.keys()
    assert not {"content-type", "content-length", "content-encoding"} & answer.headers.keys()
    for name in kept - {"date"}:
        assert answer.headers[name] == full.headers[name]


async def test_conditions_are_decided_as_rfc_9110_says() -> None:
    async with running(site(shelf())) as server:
        full = await server.get(ATOM)
        tag, date = full.headers["etag"], full.headers["last-modified"]
        later = format_datetime(parsedate_to_datetime(date) + timedelta(days=1), usegmt=True)
        earlier = format_datetime(parsedate_to_datetime(date) - timedelta(seconds=1), usegmt=True)
        for expected, fields in (
            (304, {"if_none_match": f'"x", {tag}'}),
            (304, {"if_none_match": f"W/{tag}"}),
            (304, {"if_none_match": "*"}),
            (304, {"if_modified_since": date}),
            (304, {"if_modified_since": later}),
            (304, {"if_none_match": tag, "if_modified_since": earlier}),
            (200, {"if_none_match": '"x"', "if_modified_since": later}),
            (200, {"if_modified_since": earlier}),
            (200, {"if_modified_since": "yesterday"}),
        ):
            for method in ("GET", "HEAD"):
                answer = await server.ask(method, ATOM, **fields)
                assert answer.status == expected, fields


async def test_a_change_is_served_at_once_with_a_new_tag_and_date() -> None:
    store = shelf()
    async with running(site(store)) as server:
        before = await server.get(ATOM)
        store.publish(story(title="brand-new"), *STORIES)
        after = await server.get(ATOM, if_none_match=before.headers["etag"])
    assert after.status == 200
    assert b"brand-new" in after.body
    assert after.headers["last-modified"] == "Fri, 20 Nov 2026 08:31:15 GMT"


async def test_without_a_change_the_store_is_asked_once() -> None:
    store = shelf()
    async with running(site(store)) as server:
        for _ in range(3):
            await server.get(ATOM)
            await server.get(ATOM, accept_encoding="gzip")
            await server.get(ATOM, accept_encoding="br")
    assert store.selects == 1


async def test_readers_who_come_together_cause_one_rendering() -> None:
    store = shelf()
    store.gate.clear()
    async with running(site(store)) as server:
        asking = [asyncio.create_task(server.get(ATOM)) for _ in range(20)]
        leaving = asyncio.create_task(server.get(ATOM))
        await asyncio.to_thread(store.reading.wait, 10)
        leaving.cancel()
        store.gate.set()
        answers = await asyncio.gather(*asking)
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1
    assert store.selects == 1


async def test_only_a_configuration_that_shows_is_rendered_anew() -> None:
    present = [config()]
    store = shelf()
    async with running(site(store, lambda: present[0])) as server:
        first = await server.get(ATOM)
        present[0] = config()
        same = await server.get(ATOM)
        assert store.selects == 1
        present[0] = config(base_url="https://feeds.example.org")
        other = await server.get(ATOM)
        present[0] = config(feeds=(Feed("news", "News"),))
        gone = await server.get(ATOM)
        new = await server.get("/feeds/news.atom")
    assert store.selects == 3
    assert same.headers["etag"] == first.headers["etag"]
    assert b"https://feeds.example.org/feeds/all.atom" in other.body
    assert gone.status == 404
    assert new.status == 200


async def test_the_last_good_rendering_is_served_while_the_store_is_broken(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = shelf()
    async with running(site(store)) as server:
        good = await server.get(ATOM)
        store.publish(story(title="brand-new"))
        store.broken = True
        for _ in range(3):
            stale = await server.get(ATOM)
            assert (stale.status, stale.body) == (200, good.body)
            assert stale.headers["etag"] == good.headers["etag"]
            assert stale.headers["cache-control"] == "public, max-age=300"
        never = await server.get("/feeds/all.rss")
        store.broken = False
        fresh = await server.get(ATOM)
    assert never.status == 503
    assert int(never.headers["retry-after"]) > 0
    assert never.headers["cache-control"] == "no-store"
    assert b"brand-new" in fresh.body
    assert [record.getMessage() for record in caplog.records] == [
        "feed all not made error='the database is locked'",
    ]


async def test_a_reader_is_answered_before_a_database_that_hangs(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = shelf()
    hasty = Timeouts(with_kept=0.01, without=0.01, for_the_past=0.01)
    async with running(site(store, timeouts=hasty)) as server, asyncio.timeout(PATIENCE):
        while (good := await server.get(ATOM)).status != 200:
            pass  # such haste may not even leave the time to render
        store.gate.clear()
        store.remembers.clear()
        store.publish(story(title="brand-new"))
        stale = await server.get(ATOM)
        never = [await server.get(f"/feeds/{name}") for name in ("all.rss", "_status.atom")]
        past = await server.get("/feeds/past.atom")
        store.broken = True
        for held in (store.gate, store.remembers):
            held.set()
        while len(store.looked_up) < 2:  # until the first question has ended, with an error
            await server.get("/feeds/past.atom")
        store.broken = False
        while (await server.get("/feeds/_status.atom")).status != 200:
            pass  # it has its turn once those that hung have ended
    assert past.status == 404
    assert not [record for record in caplog.records if record.name == "asyncio"]
    assert (stale.status, stale.body) == (200, good.body)
    for answer in never:
        assert answer.status == 503
        assert "retry-after" in answer.headers


async def test_a_rendering_is_not_kept_for_what_its_feed_no_longer_shows() -> None:
    open_ = Source("club", "https://club.example.com/feed")
    present = [config(sources=(open_,))]
    store = shelf()
    async with running(site(store, lambda: present[0])) as server:
        assert (await server.get(ATOM)).status == 200
        present[0] = config(sources=(replace(open_, private=True),))
        store.broken = True
        assert (await server.get(ATOM)).status == 503


async def test_a_feed_that_the_store_does_not_know_yet_is_unavailable() -> None:
    present = config(feeds=(Feed("forgotten", "Forgotten"),))
    async with running(site(shelf(), lambda: present)) as server:
        answer = await server.get("/feeds/forgotten.atom")
    assert answer.status == 503
    assert "retry-after" in answer.headers


async def test_what_is_not_there_is_404_for_people() -> None:
    async with running(site(shelf())) as server:
        for target in (
            "/feeds/none.atom", "/feeds/none", "/feeds/all.xml", "/feeds/.atom", "/feeds/all.atom/",
            "/feeds//", "/feeds%2F", "/feeds/ALL", "/feeds/ALL.atom", "/feeds/all.ATOM", "/x",
            "//feeds/all.atom", "/feeds/..%2Fall.atom", "/feeds/all.atom%00",
        ):  # fmt: skip
            answer = await server.get(target)
            assert answer.status == 404, target
            assert answer.headers["content-type"] == "text/plain; charset=utf-8"
            assert "订阅列表" in answer.body.decode()


async def test_a_feeds_name_may_hold_what_urls_escape() -> None:
    present = config(feeds=(Feed("node.js", "Node.js"), Feed("科技", "科技")))
    async with running(site(shelf(), lambda: present)) as server:
        for target in ("/feeds/node.js.atom", "/feeds/%E7%A7%91%E6%8A%80.json"):
            assert (await server.get(target)).status == 200


async def test_other_methods_are_refused_with_those_allowed() -> None:
    async with running(site(shelf())) as server:
        for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH", "BREW"):
            for target in ("/", ATOM, "/sources.opml", "/healthz"):
                answer = await server.ask(method, target, content_length="0")
                assert answer.status == 405
                assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD"}


async def test_two_changes_of_one_second_have_two_dates() -> None:
    """A second has room for two changes; who compares dates only must learn of both."""
    now = [MOMENT + timedelta(milliseconds=100)]
    store = shelf()
    async with running(site(store, now=lambda: now[0])) as server:
        first = await server.get(ATOM)
        shown = first.headers["last-modified"]
        assert shown == "Fri, 20 Nov 2026 08:30:15 GMT"
        store.publish(story(title="in the same second"), after=timedelta(milliseconds=200))
        second = await server.get(ATOM, if_modified_since=shown)
        assert second.status == 200
        assert "last-modified" not in second.headers  # it would be after Date
        now[0] += timedelta(seconds=1)
        third = await server.get(ATOM)
        assert third.headers["last-modified"] == "Fri, 20 Nov 2026 08:30:16 GMT"
        assert (await server.get(ATOM, if_modified_since=shown)).status == 200
        again = await server.get(ATOM, if_modified_since=third.headers["last-modified"])
        assert again.status == 304


async def test_a_date_moves_if_and_only_if_the_document_does() -> None:
    store, now = shelf(), [MOMENT + timedelta(seconds=1)]
    async with running(site(store, now=lambda: now[0])) as server:
        first = await server.get(ATOM)
        for _ in range(3):
            now[0] += timedelta(seconds=1)
            store.publish(*STORIES)
            again = await server.get(ATOM)
            assert again.headers["last-modified"] == first.headers["last-modified"]
        answer = await server.get(ATOM, if_modified_since=first.headers["last-modified"])
        assert answer.status == 304


async def test_dates_alone_hide_no_change_and_cost_no_document_twice() -> None:
    """After a burst, a clock that is set back, or both: each reader asks with what it was told."""
    store, now = shelf(), [MOMENT]
    steps = [2] * 4 + [0.1] * 40 + [60, 2, -60] + [0.1] * 9 + [90, 40, 0.7, 0.7, 0.7]
    async with running(site(store, now=lambda: now[0])) as server:
        told: list[str] = []
        for number, step in enumerate(steps):
            now[0] += timedelta(seconds=step)
            store.version += 1
            store.changed_at = changed_again(store.changed_at, now[0])
            store.stories = (story(title=f"change {number}"),)
            for date in told[-3:]:
                assert (await server.get(ATOM, if_modified_since=date)).status == 200, number
            shown = (await server.get(ATOM)).headers.get("last-modified")
            if shown is not None:
                assert not told or parsedate_to_datetime(shown) > parsedate_to_datetime(told[-1])
                assert parsedate_to_datetime(shown) <= now[0]
                told.append(shown)
        assert len(told) > 5
        now[0] += timedelta(seconds=60)
        settled = (await server.get(ATOM)).headers["last-modified"]
        assert (await server.get(ATOM, if_modified_since=settled)).status == 304


async def test_a_clock_that_was_set_back_puts_no_date_into_the_future() -> None:
    before = MOMENT - timedelta(days=30)
    async with running(site(shelf(), now=lambda: before)) as server:
        answer = await server.get(ATOM)
    assert "last-modified" not in answer.headers
    assert "etag" in answer.headers


async def test_a_large_feed_arrives_whole() -> None:
    text = "<p>" + "长" * 80_000 + "</p>"
    long = Stock(tuple(story(id=f"urn:x:{number}", content_html=text) for number in range(13)))
    async with running(site(long)) as server:
        answer = await server.get("/feeds/all.json")
        packed = await server.get("/feeds/all.json", accept_encoding="gzip")
    assert len(answer.body) == int(answer.headers["content-length"]) > 3_000_000
    assert gzip.decompress(packed.body) == answer.body


async def test_connections_are_kept_for_further_requests() -> None:
    async with running(site(shelf())) as server:
        answers = await _pipelined(server, 3)
    assert answers.count(b"HTTP/1.1 200 OK") == 3


async def _pipelined(server: Running, count: int) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    request = b"GET /healthz HTTP/1.1\r\nHost: x\r\n"
    writer.write((request + b"\r\n") * (count - 1) + request + b"Connection: close\r\n\r\n")
    answers = await asyncio.wait_for(reader.read(), PATIENCE)
    writer.close()
    await writer.wait_closed()
    return answers
