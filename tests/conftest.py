"""What every test may ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.program import Program, program
from tests.web import Publisher, ThreadedPublisher

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


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


_TOLD = pytest.StashKey[list[str]]()


@pytest.fixture
def tell(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Print a line at the end of the run: what a test excepted, and how often."""
    lines = request.config.stash.setdefault(_TOLD, [])
    return lambda line: lines.append(f"{request.node.name}: {line}")


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    lines = config.stash.get(_TOLD, [])
    if lines:
        terminalreporter.section("told by tests")
        for line in lines:
            terminalreporter.write_line(line)
