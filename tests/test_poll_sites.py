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
from tests.making import source
from tests.polling import START, Clock, house
from tests.web import Publisher

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
