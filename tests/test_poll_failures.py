"""The failure matrix, network half, through whole polls: from the socket to the rows on disk.

A row fails with its name, in bounded time and memory, touches nothing that is stored but the
schedule, leaves the source beside it alone, is asked less and less, and is forgotten when it ends.
"""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from aggregator.daemon.workers import Workers
from aggregator.model import ProblemKind
from tests.config_texts import source_toml
from tests.dns import DnsResolver, NameServer
from tests.failures import PATH, ROWS, Certificates, Row, Scene, make_certificates
from tests.feed_documents import item, rss
from tests.fetching import LIMITS
from tests.polling import DAY, HOUR, START, Clock, House, house, peak_memory
from tests.web import Publisher, Reply

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable
    from pathlib import Path

    from aggregator.fetch import FetchLimits

pytestmark = pytest.mark.asyncio(loop_scope="module")

#: What reliability asks for: no body, whatever it inflates to, makes the daemon grow by more.
MOST_GROWTH_BYTES = 64 * 1024 * 1024

#: What a failed poll changes: when and why to come back, and what is told. Nothing else.
CHANGES = {
    "sources": {
        "because",
        "failing_since_at",
        "failures",
        "last_poll_at",
        "next_poll_at",
        "not_before_at",
        "problem",
    },
    "mirrors": {"failures", "problem", "unconditional"},
}
#: And what one that finds nothing new may.
CHANGES_UNCHANGED = {
    "sources": CHANGES["sources"] | {"habits", "last_success_at"},
    "mirrors": set[str](),
}

#: Attempts in the first day of a failure, doubling from a quarter of an hour; one that is well has
#: twenty-four, each.
MOST_ATTEMPTS = 8


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@asynccontextmanager
async def publishing(
    hosts: Iterable[tuple[str, bool]], certificates: Certificates
) -> AsyncIterator[tuple[NameServer, list[Scene]]]:
    """Open a publisher for each name, with TLS or without."""
    async with AsyncExitStack() as stack, NameServer() as dns:
        scenes = []
        for host, tls in hosts:
            scene = Scene(host, dns, certificates if tls else None)
            stack.push_async_callback(scene.close)
            await scene.open()
            scenes.append(scene)
        yield dns, scenes


@asynccontextmanager
async def opened(
    folder: Path, toml: str, dns: NameServer, certificates: Certificates, workers: Workers
) -> AsyncIterator[tuple[House, dict[str, FetchLimits]]]:
    """Open a house, and yield it with its limits by host, which may be changed at any time."""
    limits_of: dict[str, FetchLimits] = {}

    def seconds(host: str) -> float:
        return limits_of.get(host, LIMITS).look_up.total_seconds()

    async with house(
        folder,
        Clock(),
        toml,
        resolver=DnsResolver(dns.port, seconds=seconds),
        limits_of=limits_of,
        tls=certificates.trusted(),
        public=PUBLIC,
        workers=workers,
    ) as home:
        yield home, limits_of


def untouched(
    rows: dict[str, list[dict[str, Any]]], changes: dict[str, set[str]] = CHANGES
) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of a source without what a failed poll may change."""
    return {
        table: [
            {column: row[column] for column in row if column not in changes.get(table, ())}
            for row in found
        ]
        for table, found in rows.items()
        if table not in ("polls", "source_days")  # the list of polls itself, and their counts
    }


#: Names may lead there, as if it were the internet.
PUBLIC = ("127.0.0.1/32",)
TOML = '[network]\nallow_private = ["127.0.0.1/32"]\n'


@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
async def test_a_failure_has_a_name_bounds_and_no_other_effect(
    row: Row, tmp_path: Path, certificates: Certificates, workers: Workers
) -> None:
    hosts = [("bad.site.example", row.tls), ("good.site.example", False)]
    async with publishing(hosts, certificates) as (dns, (bad, good)):
        toml = TOML + source_toml("bad", bad.url) + source_toml("good", good.url)
        async with opened(tmp_path, toml, dns, certificates, workers) as (home, limits_of):
            await home.run_until(START)
            first = {name: results[-1].outcome for name, results in home.results.items()}
            assert first == {"bad": "parsed", "good": "parsed"}
            stored = untouched(home.rows("bad"))
            assert stored["mirrors"][0]["etag"] == b'"1"'

            await row.break_(bad)
            if row.limits is not None:
                limits_of[bad.host] = row.limits
            good.entries += 1
            good.good()
            home.clock.now += HOUR
            growth = peak_memory()
            results = await home.poll()
            assert growth() < MOST_GROWTH_BYTES
            problem = results["bad"].problem
            assert problem is not None
            assert problem.kind in row.kinds, problem
            told = {one.name: one.problem for one in home.store.status()}
            assert told["good"] is None
            assert told["bad"] is not None
            assert told["bad"].kind is problem.kind
            assert untouched(home.rows("bad")) == stored
            assert bad.inside.connections == 0
            assert results["good"].outcome == "parsed"
            assert results["good"].tally.new == 1

            # It comes back with another entry: nothing was forgotten, nothing is twice.
            await bad.heal()
            limits_of.clear()
            home.clock.now += HOUR
            asked = len(bad.web.requests)
            (healed,) = (await home.poll("bad")).values()
            assert (healed.problem, healed.tally.new, healed.tally.shared) == (None, 1, 1)
            assert bad.web.requests[asked].header("If-None-Match") == b'"1"'


async def test_under_failure_every_source_is_asked_less_and_less(
    tmp_path: Path, certificates: Certificates, workers: Workers
) -> None:
    hosts = [(f"row{number}.site.example", row.tls) for number, row in enumerate(ROWS)]
    async with publishing([*hosts, ("good.site.example", False)], certificates) as (dns, scenes):
        names = [*(row.name for row in ROWS), "good"]
        toml = TOML + "[polling]\nconcurrency = 100\n"
        for number, scene in enumerate(scenes):
            toml += source_toml(f"s{number}", scene.url)
        async with opened(tmp_path, toml, dns, certificates, workers) as (home, limits_of):
            await home.run_until(START)
            problems = [results[-1].problem for results in home.results.values()]
            assert problems == [None] * len(scenes)
            for row, scene in zip(ROWS, scenes, strict=False):
                await row.break_(scene)
                if row.limits is not None:
                    limits_of[scene.host] = row.limits
            await home.run_until(START + 2 * DAY)
            for number, row in enumerate(ROWS):
                check_decline(home, f"s{number}", row)
            healthy = home.results[f"s{len(names) - 1}"]
            assert len(healthy) > MOST_ATTEMPTS
            assert [one.problem for one in healthy if one.problem is not None] == []


def check_decline(home: House, name: str, row: Row) -> None:
    failed = [
        at
        for at, result in zip(home.at[name], home.results[name], strict=True)
        if result.problem is not None
    ]
    assert failed, row.name
    first = [at for at in failed if at < failed[0] + DAY]
    assert len(first) <= MOST_ATTEMPTS, (row.name, len(first))
    pauses = [later - earlier for earlier, later in pairwise(failed)]
    assert pauses == sorted(pauses), (row.name, pauses)
    # A day later it has reached one a day, and never is it given up for longer than a week.
    assert len([at for at in failed if at >= failed[0] + DAY]) <= 2, row.name
    pause = home.results[name][-1].plan.at - failed[-1]
    assert pause <= timedelta(days=7, hours=1), (row.name, pause)


# --- what is odd and no failure -----------------------------------------------------------------


@asynccontextmanager
async def one_source(
    folder: Path, workers: Workers, reply: Reply, more: str = ""
) -> AsyncIterator[tuple[House, Publisher]]:
    """Poll one source once."""
    async with Publisher() as web:
        web.route(PATH, reply)
        toml = TOML + source_toml("one", web.url(PATH), more)
        async with house(folder, Clock(), toml, workers=workers) as home:
            await home.run_until(START)
            yield home, web


async def test_304_to_a_request_without_condition_is_a_problem_where_nothing_is_stored(
    tmp_path: Path, workers: Workers
) -> None:
    reply = Reply(status=304, etag=b'"never seen"')
    async with one_source(tmp_path, workers, reply) as (home, web):
        problem = home.results["one"][0].problem
        assert problem is not None
        assert problem.kind is ProblemKind.PROTOCOL
        web.route(PATH, body=rss(item(1)))
        home.clock.now += HOUR
        assert (await home.poll())["one"].tally.new == 1
        assert not any(request.header("If-None-Match") for request in web.requests)


async def test_304_to_a_request_without_condition_changes_nothing_that_is_stored(
    tmp_path: Path, workers: Workers
) -> None:
    async with one_source(tmp_path, workers, Reply(body=rss(item(1)))) as (home, web):
        stored = untouched(home.rows("one"), CHANGES_UNCHANGED)
        web.route(PATH, status=304, etag=b'"never seen"')
        home.clock.now += HOUR
        result = (await home.poll())["one"]
        assert (result.problem, result.outcome) == (None, "not-modified")
        assert untouched(home.rows("one"), CHANGES_UNCHANGED) == stored
        web.route(PATH, body=rss(item(2), item(1)))
        home.clock.now += HOUR
        assert (await home.poll())["one"].tally.new == 1
        assert not any(request.header("If-None-Match") for request in web.requests)


async def test_an_etag_that_changes_every_time_changes_nothing_else(
    tmp_path: Path, workers: Workers
) -> None:
    def reply(number: int) -> Reply:
        return Reply(body=rss(item(1)), etag=b'"tag %d"' % number)

    async with one_source(tmp_path, workers, reply(0)) as (home, web):
        feed = home.config.feeds[0]
        stored, version = home.rows("one")["entries"], home.store.feed_version(feed.name)
        for number in range(1, 5):
            web.route(PATH, reply(number))
            home.clock.now += HOUR
            assert (await home.poll())["one"].outcome == "same-body"
        sent = [request.header("If-None-Match") for request in web.requests]
        assert sent == [None, *(b'"tag %d"' % number for number in range(4))]
        assert home.rows("one")["entries"] == stored
        assert home.store.feed_version(feed.name) == version


@pytest.mark.parametrize(
    ("headers", "declared", "encoding"),
    [
        ({"Content-Type": "text/xml; charset=utf-8"}, "utf-8", "gb18030"),
        ({"Content-Type": "text/xml; charset=iso-8859-1"}, "utf-8", "utf-8"),
        ({"Content-Type": "text/xml"}, "gb2312", "utf-8"),
        ({"Content-Type": "text/xml"}, "gb2312", "gb18030"),
        ({"Content-Type": "text/xml; charset=utf-8"}, "utf-8", "utf-16"),
        ({}, "utf-8", "utf-8-sig"),
    ],
)
async def test_a_charset_that_lies_is_seen_through(
    headers: dict[str, str], declared: str, encoding: str, tmp_path: Path, workers: Workers
) -> None:
    title = "镕基喆:聚合器的条目标题,说了一种编码,用的是另一种"
    text = rss(item(1)).decode().replace("utf-8", declared, 1).replace("Entry 1", title)
    reply = Reply(body=text.encode(encoding), headers=headers)
    async with one_source(tmp_path, workers, reply) as (home, _):
        assert home.titles() == {title}
        assert home.store.status()[0].problem is None


@pytest.mark.parametrize("media_type", ["text/html", "application/octet-stream", "text/plain", "x"])
async def test_a_wrong_content_type_is_no_failure(
    media_type: str, tmp_path: Path, workers: Workers
) -> None:
    reply = Reply(body=rss(item(1)), headers={"Content-Type": media_type})
    async with one_source(tmp_path, workers, reply) as (home, _):
        assert home.titles() == {"Entry 1"}
