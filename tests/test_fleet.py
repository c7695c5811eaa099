"""A fleet: a scheduler, workers and a web on one database; any of them may die."""

from __future__ import annotations

import asyncio
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from aggregator.fleet import queue
from aggregator.model.errors import StoreError, StoreUnavailableError
from tests.config_texts import source_toml
from tests.engines import PostgresDatabase
from tests.feed_documents import item, rss
from tests.fleet import Fleet
from tests.program import run_in
from tests.web import Publisher, ThreadedPublisher

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: Opens a feed; publishers say it, too, since somebody has told them.
TOKEN = "5f0c2a9e8b7d4c61a3f2e1d0"  # noqa: S105 -- of a test

EVERY_SECOND = 'interval = "1s"'
AT = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture
def second() -> Iterator[Publisher]:
    """A publisher on another host than `web`."""
    with ThreadedPublisher() as publisher:
        yield publisher


@pytest.fixture
def fleet(tmp_path: Path, web: Publisher, second: Publisher) -> Iterator[Fleet]:
    """A scheduler and one in reserve, two workers, a web; nothing is started yet."""
    members = {
        "scheduler": "scheduler", "reserve": "scheduler", "worker-1": "worker",
        "worker-2": "worker", "web": "web",
    }  # fmt: skip
    private = [f"{one.host}:{one.port}" for one in (web, second)]
    made = Fleet(tmp_path, allow_private=private, members=members)
    with closing(PostgresDatabase(tmp_path, is_own=True)) as server:
        made.store = f'url = "{server.as_url}"\n'
        try:
            yield made
        finally:
            made.end()


def document(*numbers: int, site: str = "site") -> bytes:
    return rss(
        *(
            item(
                f"{site}-{number}",
                AT + timedelta(minutes=number),
                title=f"{site} {number}",
                text=f"See /feeds/{TOKEN}/mine.atom",
            )
            for number in numbers
        )
    )


def test_a_fleet_loses_and_doubles_nothing_whoever_dies(
    tmp_path: Path, fleet: Fleet, web: Publisher, second: Publisher
) -> None:
    # Some sources of one host, one at a time whoever polls; and one of another host.
    names = [f"s{number}" for number in range(6)]
    for name in names:
        web.route(f"/{name}.xml", body=document(1, site=name), delay=0.05)
    second.route("/other.xml", body=document(1, site="other"))
    fleet.configure(
        "".join(source_toml(name, web.url(f"/{name}.xml"), EVERY_SECOND) for name in names)
        + source_toml("other", second.url("/other.xml"), EVERY_SECOND)
        + f'[[feeds]]\nname = "mine"\ntoken = "{TOKEN}"\n'
    )
    fleet.start()
    fleet.wait(lambda: len(fleet.items()) == 7, "all first entries, without a restart of the web")
    assert TOKEN not in fleet.get("/feeds/all.json").text

    # Status and metrics know who is at work.
    shown = fleet.run("status").stdout
    assert all(name in shown for name in fleet.members)
    metrics = fleet.get("/metrics").text
    assert 'aggregator_fleet_members{role="worker"} 2.0' in metrics
    assert 'aggregator_fleet_polls_total{worker="worker-1"}' in metrics
    assert "base_url is not set" in fleet.log.read_text()

    # What is asked of the place of another process.
    question = ("status", "--healthy", "--member", "worker-1", "--config", str(fleet.config))
    healthy = run_in(*question, cwd=tmp_path, AGGREGATOR_DATABASE="own.db")
    assert (healthy.returncode, healthy.stdout) == (0, "healthy\n")
    (active,) = fleet.active()
    told = run_in("reload", *question[-2:], cwd=tmp_path, AGGREGATOR_DATABASE="own.db")
    assert told.returncode == 69
    assert f"the active scheduler is {active} on " in told.stderr
    # It would ask a host beside the workers.
    told = run_in("poll", "s0", *question[-2:], cwd=tmp_path, AGGREGATOR_DATABASE="own.db")
    assert told.returncode == 75
    assert f"the active scheduler is {active} on " in told.stderr
    assert "run `aggregator poll` there" in told.stderr

    # The active scheduler dies: the one in reserve goes on.
    fleet.kill(active)
    second.route("/other.xml", body=document(1, 2, site="other"))
    fleet.wait(lambda: "other 2" in fleet.titles(), "what comes after the scheduler's death")
    assert len(fleet.active()) == 2

    # One worker ends in order, in the middle of its work. The other one dies in a poll: a third
    # polls that source again.
    assert fleet.end_one("worker-2") == 0
    second.route("/other.xml", body=document(1, 2, 3, site="other"), delay=300)
    asked = len(second.asked("/other.xml"))
    fleet.wait(lambda: len(second.asked("/other.xml")) > asked, "a poll that hangs")
    fleet.begin("worker-2")
    fleet.kill("worker-1")
    second.route("/other.xml", body=document(1, 2, 3, site="other"))
    fleet.wait(lambda: "other 3" in fleet.titles(), "what the dead worker was asking for")
    assert "rescued batches=" in fleet.log.read_text()
    assert sorted(fleet.titles()) == sorted(
        [*(f"{name} 1" for name in names), "other 1", "other 2", "other 3"]
    )
    assert web.most_at_once == 1

    # A host asks one of its sources to wait: nobody asks it for any.
    web.route("/s0.xml", status=503, headers=[("Retry-After", "3600")])
    fleet.wait(lambda: fleet.status()["s1"]["host_until_at"], "the host to be left alone")
    asked, others = len(web.requests), len(second.asked("/other.xml"))
    fleet.wait(lambda: len(second.asked("/other.xml")) >= others + 3, "polls of another host")
    assert len(web.requests) == asked
    assert fleet.stop() == 0


def test_who_may_not_make_the_queue_is_told_what_is_missing(tmp_path: Path) -> None:
    role = f"test_{uuid4().hex}"
    with closing(PostgresDatabase(tmp_path, is_own=True)) as server:
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute(f"CREATE ROLE {role}".encode())
        try:
            url = make_conninfo(server.url, options=f"-crole={role}")
            name = conninfo_to_dict(url)["dbname"]
            with pytest.raises(StoreError, match=f"GRANT CREATE ON DATABASE {name} TO ") as refused:
                asyncio.run(enter(url))
            assert not isinstance(refused.value, StoreUnavailableError), "nobody waits for it"
        finally:
            with psycopg.connect(server.url, autocommit=True) as connection:
                connection.execute(f"DROP ROLE {role}".encode())


async def enter(url: str) -> None:
    async with queue.opened(url, timedelta(seconds=5)):
        pass
