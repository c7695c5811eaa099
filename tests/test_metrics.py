"""`/metrics`: what it tells, to whom, in how many series; the dashboard and alerts that read it."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, NoReturn

import pytest
import yaml  # type: ignore[import-untyped]  # ships no types
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from aggregator.daemon.figures import daemon_figures, store_figures
from aggregator.daemon.notifying import Deliveries
from aggregator.daemon.poll_measures import PollMeasures
from aggregator.model.measures import Distribution, Measure
from aggregator.serve.metrics_routes import exposition
from tests import ROOT
from tests.config_texts import source_toml
from tests.feed_documents import undated
from tests.making import DAY, START
from tests.page_world import make_world
from tests.serving import running

if TYPE_CHECKING:
    from aggregator.serve import Site
    from aggregator.store import Store
    from tests.program import Program
    from tests.web import Publisher

TOKEN = "status-token-status-token"  # noqa: S105 - nobody's
PAGE = ROOT / "docs" / "observing.md"
MONITORING = ROOT / "docs" / "monitoring"


def samples(text: str) -> dict[str, float]:
    """Return every sample of a scrape by its series, as Prometheus reads it."""
    return {
        f"{one.name}{sorted(one.labels.items())}": one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
    }


def nobody() -> NoReturn:
    raise AssertionError("nobody is asked")


def site_of(store: Store, sources: int = 3) -> Site:
    made, measures = make_world(store), PollMeasures()
    told = Deliveries(
        lambda: made.config, store, ThreadPoolExecutor(1), fetcher=nobody, environ={}, clock=nobody
    )

    def counted() -> tuple[Measure, ...]:
        return measures.measures() + told.measures() + daemon_figures(
            sources=sources, enabled=sources, failing=1, is_well=True, is_ready=True,
            is_offline=False,
        )  # fmt: skip

    published = replace(made.config.publish, status_token=TOKEN)
    present = replace(made.config, publish=published)
    return replace(
        made.site,
        config=lambda: present,
        counted=counted,
        asked=lambda: store_figures(store, START + DAY),
    )


@given(st.lists(st.floats(0, 100), max_size=50))
def test_a_distribution_counts_each_value_once_at_its_bounds(values: list[float]) -> None:
    kept = Distribution((1.0, 5.0, 50.0))
    for value in values:
        kept.add(value)
    measure = kept.measure("x", "x")
    for name, number in measure.samples:
        assert number == sum(value <= float(name or "nan") for value in values)
    assert measure.samples[-1] == ("+Inf", len(values))
    assert measure.total == pytest.approx(sum(values))


def test_delays_are_of_what_came_since_the_first_poll() -> None:
    measures, hour = PollMeasures(), timedelta(hours=1)
    measures.came((START,), START + hour, None)
    measures.came((START - DAY, None, START + hour), START + 2 * hour, START)
    measures.came((START + 3 * hour,), START + 2 * hour, START)  # of a clock that is ahead
    told = samples(exposition(measures.measures()).decode())
    assert told["aggregator_entry_delay_seconds_count[]"] == 2
    assert told["aggregator_entry_delay_seconds_sum[]"] == 3600


async def test_who_is_the_operator_reads_it_and_nobody_else(store: Store) -> None:
    async with running(site_of(store)) as server:
        for fields, status in (
            ({}, 200),
            ({"via": "1.1 proxy"}, 401),
            ({"host": "feeds.example.org"}, 401),
            ({"via": "1.1 proxy", "authorization": f"Bearer {TOKEN}"}, 200),
            ({"authorization": "Bearer wrong"}, 401),
            ({"authorization": f"Basic {TOKEN}"}, 401),
        ):
            answer = await server.get("/metrics", **fields)
            assert answer.status == status, fields
            assert answer.headers["cache-control"] in {"private, no-store", "no-store"}
            assert b"aggregator_polls" not in answer.body or status == 200


async def test_it_tells_what_is_served_and_how(store: Store) -> None:
    seconds = iter(range(0, 1000, 10))
    made = replace(site_of(store), seconds=lambda: float(next(seconds)))
    async with running(made) as server:
        for _ in range(3):
            assert (await server.get("/feeds/news.atom")).status == 200
        assert (await server.get("/nothing")).status == 404
        answer = await server.get("/metrics")
        assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
        told = samples(answer.body.decode())
    assert told["aggregator_http_responses_total[('status', '200')]"] == 3
    assert told["aggregator_http_responses_total[('status', '404')]"] == 1
    assert told["aggregator_cache_misses_total[('cache', 'renderings')]"] == 1
    assert told["aggregator_cache_hits_total[('cache', 'renderings')]"] >= 2
    assert told["aggregator_rendering_duration_seconds_count[]"] == 1
    assert told["aggregator_cache_bytes[('cache', 'renderings')]"] > 0
    assert told["aggregator_sources[('state', 'failing')]"] == 1
    assert told["process_resident_memory_bytes[]"] > 0


async def test_how_many_series_there_are_depends_on_nothing(store: Store) -> None:
    found = []
    for sources in (3, 5000):
        async with running(site_of(store, sources)) as server:
            found.append(samples((await server.get("/metrics")).body.decode()).keys())
    assert found[0] == found[1]
    assert len(found[0]) < 200


def test_a_daemon_counts_its_polls(aggregator: Program, web: Publisher) -> None:
    web.route("/a.xml", body=undated())
    aggregator.configure(source_toml("a", web.url("/a.xml")) + source_toml("b", web.url("/404")))
    aggregator.start()

    def told() -> dict[str, float]:
        return samples(aggregator.get("/metrics").text)

    aggregator.wait(
        lambda: (
            told()["aggregator_polls_total[('outcome', 'parsed')]"] == 1
            and told()["aggregator_polls_total[('outcome', 'failed')]"] == 1
        ),
        "two polls that are counted",
    )
    found = told()
    assert found["aggregator_poll_failures_total[('problem', 'http-status')]"] == 1
    assert found["aggregator_entries_total[('what', 'new')]"] == 1
    assert found["aggregator_fetched_bytes_total[]"] == len(undated())
    assert found["aggregator_request_duration_seconds_count[]"] == 2
    assert found["aggregator_sources[('state', 'failing')]"] == 1
    assert found["aggregator_healthy[]"] == found["aggregator_ready[]"] == 1
    assert found["aggregator_database_bytes[('file', 'database')]"] > 0
    assert found["aggregator_alarms[('kind', 'broken')]"] == 0
    assert found["aggregator_overdue_sources[]"] == 0


async def names_of_all(store: Store) -> set[str]:
    """Return the names of all series that there can be."""
    async with running(site_of(store)) as server:
        text = (await server.get("/metrics")).body.decode()
    return {one.name for family in text_string_to_metric_families(text) for one in family.samples}


async def test_the_page_names_every_measure(store: Store) -> None:
    section = PAGE.read_text(encoding="utf-8").partition("## Metrics\n")[2].partition("\n## ")[0]
    told = set(re.findall(r"^\| `(aggregator_\w+)` \|", section, re.MULTILINE))
    names = await names_of_all(store)
    found = {re.sub(r"_(bucket|count|sum)$", "", name) for name in names}
    assert {name for name in found if name.startswith("aggregator_")} == told


async def test_dashboard_and_alerts_ask_for_what_there_is(store: Store) -> None:
    names = await names_of_all(store)
    board = json.loads((MONITORING / "grafana-dashboard.json").read_text(encoding="utf-8"))
    rules = yaml.safe_load((MONITORING / "alerts.yml").read_text(encoding="utf-8"))
    asked = [one["expr"] for panel in board["panels"] for one in panel["targets"]]
    asked += [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    assert len(asked) > 20
    for expression in asked:
        wanted = set(re.findall(r"\b(?:aggregator|process)_\w+", expression))
        assert wanted or expression.startswith("up{"), expression
        assert wanted <= names, expression
    places = [tuple(panel["gridPos"].values()) for panel in board["panels"]]
    assert len({panel["id"] for panel in board["panels"]}) == len(set(places)) == len(places)
    for group in rules["groups"]:
        for rule in group["rules"]:
            assert rule["annotations"].keys() == {"summary", "description"}, rule["alert"]
