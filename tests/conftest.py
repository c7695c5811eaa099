"""What every test may ask for."""

from __future__ import annotations

import os
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from hypothesis import settings

from aggregator.daemon.workers import Workers
from tests.engines import ENGINES
from tests.making import START, feed, source
from tests.program import Program, program
from tests.web import Publisher, ThreadedPublisher

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from aggregator.daemon.workers import Workers
    from aggregator.store import Store
    from tests.engines import Database

# Messages are compared in English, wherever the tests run.
os.environ["LANGUAGE"] = "en"

# How long an example takes says how busy the machine is.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")


@pytest.fixture
def web() -> Iterator[Publisher]:
    """A publisher on loopback that does what it is told."""
    with ThreadedPublisher() as publisher:
        yield publisher


@pytest.fixture
def aggregator(tmp_path: Path, web: Publisher) -> Iterator[Program]:
    """The program in a folder of its own, which may poll `web`."""
    with program(tmp_path, allow_private=[f"127.0.0.1:{web.port}"]) as made:
        yield made


@pytest.fixture(scope="session", params=sorted(ENGINES))
def new_database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[], Database]:
    """Make an empty database of each engine; whoever asked for it closes it."""
    return lambda: ENGINES[request.param](tmp_path_factory.mktemp(request.param))


@pytest.fixture
def database(new_database: Callable[[], Database]) -> Iterator[Database]:
    """A database of each engine, empty."""
    with closing(new_database()) as made:
        yield made


@pytest.fixture
def store(database: Database) -> Store:
    """A store of each engine, empty."""
    return database.open()


@pytest.fixture
def one_source(store: Store) -> None:
    """Let the store poll the source `one` and publish the feed `all`."""
    store.apply((source(),), (feed(),), now=START)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def workers() -> AsyncIterator[Workers]:
    """Worker processes for all tests of a module: to start Python takes longer than most do."""
    made = Workers()
    yield made
    await made.aclose()


@pytest.fixture
def tell(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Print a line at the end of the run: what a test excepted, and how often."""
    return lambda line: request.node.user_properties.append((_TOLD, line))


_TOLD = "told"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    # Properties travel with the reports, from whichever process ran the test.
    told = [
        f"{report.nodeid.rpartition('::')[2]}: {value}"
        for reports in terminalreporter.stats.values()
        for report in reports
        if isinstance(report, pytest.TestReport) and report.when == "teardown"
        for name, value in report.user_properties
        if name == _TOLD
    ]
    if told:
        terminalreporter.section("told by tests")
        for line in told:
            terminalreporter.write_line(line)
