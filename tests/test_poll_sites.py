"""Hosts of one site are asked one after the other, with a pause, and share what it cannot bear."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from aggregator.model.notes import CrowdedSite
from aggregator.schedule.price import PollingBounds
from aggregator.schedule.site_load import crowded
from aggregator.web.domains import queue_of
from tests.config_texts import source_toml
from tests.feed_documents import item, rss
from tests.fetching import Names
from tests.making import said, source
from tests.polling import DAY, HOUR, START, Clock, house
from tests.web import Publisher, Reply

if TYPE_CHECKING:
    from pathlib import Path

PATH = "/feed.xml"
BOUNDS = PollingBounds(timedelta(minutes=15), timedelta(hours=12), 24)


@pytest.mark.parametrize(
    ("urls", "queues"),
    [
        (("https://a.tumblr.com/rss", "http://b.tumblr.com:8080/rss"), 1),
        (("https://a.blogspot.com/", "https://b.blogspot.com/"), 1),
        (("https://a.github.io/", "https://b.github.io/"), 1),
        (("https://a.co.uk/", "https://b.co.uk/"), 2),
        (("https://www.b\u00fccher.de/", "https://xn--bcher-kva.de/"), 1),
        (("http://127.0.0.1:1200/a", "http://127.0.0.1:1201/a"), 2),
        (("http://[::1]:1200/a", "http://[::1]:1200/b"), 1),
        (("http://rsshub:1200/a", "http://rsshub:1201/b"), 2),
    ],
)
def test_the_hosts_of_a_registered_domain_have_one_queue(
    urls: tuple[str, ...], queues: int
) -> None:
    assert len(set(map(queue_of, urls))) == queues


def test_a_site_with_more_sources_than_fit_is_named() -> None:
    channels = [
        source(f"c{n}", url=f"https://www.tube.example/{n}", interval=timedelta(minutes=10))
        for n in range(500)
    ]
    (site,) = crowded(channels, BOUNDS, pause=timedelta(seconds=2))
    assert site == CrowdedSite("tube.example", 500, timedelta(minutes=25), timedelta(minutes=10))
    assert not crowded(channels[:150], BOUNDS, pause=timedelta(seconds=2))
    assert crowded(channels[:150], BOUNDS, pause=timedelta(seconds=9))
    hourly = [source(f"c{n}", url=f"https://{n}.tube.example/") for n in range(500)]
    assert not crowded(hourly, BOUNDS, pause=timedelta(seconds=2))
    assert crowded(hourly * 3, BOUNDS, pause=timedelta(seconds=2))


async def test_the_hosts_of_a_site_are_asked_one_at_a_time(tmp_path: Path) -> None:
    hosts = [f"{letter}.site.example" for letter in "abcd"]
    async with Publisher() as web:
        web.route(PATH, body=rss(item(1)), delay=0.05)
        toml = "".join(source_toml(host[0], f"http://{host}:{web.port}{PATH}") for host in hosts)
        names = Names({host: [["127.0.0.1"]] for host in hosts})
        async with house(tmp_path, Clock(), toml, resolver=names, public=("127.0.0.1/32",)) as home:
            await home.run_until(START)
            assert len(web.requests) == len(hosts)
            assert web.most_at_once == 1


#: Two hosts of one provider, so that one queue; "b" must not suffer from "a".
HOSTS = ("a.site.example", "b.site.example")
NAMES = Names({host: [["127.0.0.1"]] for host in HOSTS})
PUBLIC = ("127.0.0.1/32",)


def two_feeds_and_a_neighbour(port: int) -> str:
    urls = {
        "one": f"{HOSTS[0]}:{port}/1",
        "two": f"{HOSTS[0]}:{port}/2",
        "b": f"{HOSTS[1]}:{port}/b",
    }
    every = 'interval = "20m"'
    return "".join(source_toml(name, f"http://{url}", every) for name, url in urls.items())


@pytest.mark.parametrize("status", [403, 429, 503])
async def test_a_host_that_limits_is_left_alone_by_all_its_sources_and_forgiven(
    tmp_path: Path, status: int
) -> None:
    async with Publisher() as web:
        for path in ("/1", "/2", "/b"):
            web.route(path, body=rss(item(1)))
        clock = Clock()
        toml = two_feeds_and_a_neighbour(web.port)
        async with house(tmp_path, clock, toml, resolver=NAMES, public=PUBLIC) as home:
            await home.run_until(START + HOUR)
            for path in ("/1", "/2"):
                web.route(path, Reply(status=status))
            neighbour = len(web.asked("/b"))
            asked = len(web.asked("/1") + web.asked("/2"))
            # Whichever is asked first is refused for both; each time the host waits for longer.
            await home.run_until(START + HOUR + timedelta(minutes=21))
            assert len(web.asked("/1") + web.asked("/2")) - asked <= 2
            await home.run_until(START + DAY)
            refused = len(web.asked("/1") + web.asked("/2")) - asked
            assert 5 <= refused <= 12, "neither stormed nor given up for a day"
            assert len(web.asked("/b")) - neighbour >= 60, "the neighbour's host is another one"
            gates = home.gates()
            assert list(gates) == [f"http://{HOSTS[0]}:{web.port}"]
            worst, _ = gates[f"http://{HOSTS[0]}:{web.port}"]
            assert worst >= 5
            # Well again: the successes wear the strikes down, until nothing is remembered.
            for path in ("/1", "/2"):
                web.route(path, body=rss(item(2), item(1)))
            await home.run_until(START + 4 * DAY)
            assert {row.problem for row in home.store.status()} == {None}
            ((strikes, _),) = home.gates().values()
            assert strikes == 0


async def test_mirrors_on_a_host_that_limits_are_not_asked_and_bring_one_strike(
    tmp_path: Path,
) -> None:
    async with Publisher() as web:
        urls = [f"http://{host}:{web.port}" for host in (HOSTS[0], HOSTS[0], HOSTS[1])]
        listed = ", ".join(f'"{url}/{number}"' for number, url in enumerate(urls))
        toml = f'[[sources]]\nname = "a"\nurl = [{listed}]\n'
        web.route("/0", Reply(status=429))
        web.route("/1", body=rss(item(1)))
        web.route("/2", Reply(status=404))
        async with house(tmp_path, Clock(), toml, resolver=NAMES, public=PUBLIC) as home:
            await home.poll("a")
            assert [len(web.asked(path)) for path in ("/0", "/1", "/2")] == [1, 0, 1]
            assert [strikes for strikes, _ in home.gates().values()] == [1]


async def test_status_names_the_wait_of_a_host_that_limits(tmp_path: Path) -> None:
    async with Publisher() as web:
        for path in ("/1", "/2", "/b"):
            web.route(path, body=rss(item(1)))
        toml = two_feeds_and_a_neighbour(web.port)
        async with house(tmp_path, Clock(), toml, resolver=NAMES, public=PUBLIC) as home:
            await home.run_until(START + HOUR / 2)
            web.route("/1", Reply(status=403))
            await home.poll("one")
            now = home.clock()
            rows = {row.name: row for row in home.store.status()}
            until = now + timedelta(minutes=5)
            assert rows["one"].host_until_at == rows["two"].host_until_at == until
            assert rows["b"].host_until_at is None
            assert rows["one"].because == "403 right after successes: its host's limit"
            (told,) = [text for text in said(home.store, now).values() if "limits requests" in text]
            assert "5 min" in told
            assert "2 sources" in told
            # No hand polls what is held, either.
            requests = len(web.requests)
            plan = (await home.poll("two"))["two"].plan
            planned = rows["two"].next_poll_at
            assert planned is not None
            assert planned > until  # the hold ends before, and moves nothing
            assert (plan.at, plan.because) == (planned, "as planned before")
            assert len(web.requests) == requests


async def test_a_feed_that_is_forbidden_for_good_is_asked_daily_and_holds_nobody(
    tmp_path: Path,
) -> None:
    async with Publisher() as web:
        for path in ("/1", "/2", "/b"):
            web.route(path, body=rss(item(1)))
        toml = two_feeds_and_a_neighbour(web.port)
        async with house(tmp_path, Clock(), toml, resolver=NAMES, public=PUBLIC) as home:
            await home.run_until(START + HOUR)
            web.route("/1", Reply(status=403))
            await home.run_until(START + 5 * DAY)
            assert home.results["one"][-1].plan.because == "403: asked daily"
            assert len(web.asked("/1")) < 4 + 12
            ((strikes, _),) = home.gates().values()
            assert strikes == 0
            assert len(web.asked("/2")) > 5 * 24 * 3 * 0.95


async def test_the_operators_own_host_is_never_held_for_a_broken_route(tmp_path: Path) -> None:
    async with Publisher() as web:
        for path in ("/1", "/2", "/b"):
            web.route(path, body=rss(item(1)))
        toml = f'[network]\nallow_private = ["{HOSTS[0]}"]\n' + two_feeds_and_a_neighbour(web.port)
        async with house(tmp_path, Clock(), toml, resolver=NAMES, public=PUBLIC) as home:
            await home.run_until(START + HOUR)
            web.route("/1", Reply(status=503))
            await home.run_until(START + DAY)
            assert home.gates() == {}
            assert len(web.asked("/2")) > 24 * 3 * 0.95
