"""Where workers come from, and that nothing of the daemon comes with them."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from aggregator.config import parse as parse_config
from aggregator.daemon.workers import Workers
from aggregator.daemon.zygote import Programs, Zygote
from tests import PATIENCE
from tests import worker_steps as steps

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

SOON = timedelta(seconds=30)


@pytest.fixture
async def workers() -> AsyncIterator[Workers]:
    made = Workers(starting=Zygote(preloaded=("aggregator.model",)))
    yield made
    await made.aclose()


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - another process tells nobody
            await asyncio.sleep(0.01)


def memory_holds(pid: int, wanted: bytes) -> bool:
    """Tell whether any readable page of a process holds these bytes."""
    maps = Path(f"/proc/{pid}/maps").read_text(encoding="utf-8").splitlines()
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in maps:
            span, rights, *_ = line.split()
            begin, end = (int(one, 16) for one in span.split("-"))
            if not rights.startswith("r") or line.endswith(("[vvar]", "[vsyscall]")):
                continue
            try:
                memory.seek(begin)
                found = wanted in memory.read(end - begin)
            except (OSError, OverflowError):
                continue
            if found:
                return True
    return False


def files_of(pid: int) -> list[str]:
    links = (one.readlink() for one in Path(f"/proc/{pid}/fd").iterdir())
    return [str(file) for file in links if file != Path(os.devnull)]


async def test_nothing_that_the_configuration_holds_is_in_a_workers_memory(
    workers: Workers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    canary = secrets.token_hex(20)
    monkeypatch.setenv("AGGREGATOR_CANARY", canary)
    text = f'[[sources]]\nname = "one"\nurl = "https://one.example/feed?key={canary}"\n'
    config = parse_config(text, tmp_path / "config.toml")
    with (tmp_path / "database").open("w", encoding="utf-8") as database:
        database.write(canary)
        pid = await workers.run((steps.pid,), None, deadline=SOON)
        zygote = await workers.run((steps.parent,), None, deadline=SOON)
        assert memory_holds(os.getpid(), canary.encode()), "the look itself finds nothing"
        assert not memory_holds(pid, canary.encode())
        assert not memory_holds(zygote, canary.encode())
    assert canary in config.sources[0].url


async def test_a_worker_and_the_zygote_have_no_environment_and_no_file_of_ours(
    workers: Workers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    with (tmp_path / "database").open("w"):
        known, block = await workers.run((steps.environment,), None, deadline=SOON)
        files = await workers.run((steps.inherited_files,), None, deadline=SOON)
        zygote = await workers.run((steps.parent,), None, deadline=SOON)
        named = files_of(zygote)
    assert known.keys() <= {"PYTHONPATH", "PYTHONUTF8", "LC_CTYPE"}
    assert b"CREDENTIALS_DIRECTORY" not in block
    assert sorted(file for file in files if file != "/dev/null") == ["pipe", "pipe"]
    assert len(named) == 1
    assert named[0].startswith("socket:")


async def test_workers_share_one_zygote_which_ends_with_them(workers: Workers) -> None:
    calls = (workers.run((steps.parent,), None, deadline=SOON) for _ in range(4))
    (zygote,) = set(await asyncio.gather(*calls))
    assert zygote != os.getpid()
    await workers.aclose()
    await until(lambda: not is_running(zygote))


async def test_a_zygote_that_nobody_needs_for_long_ends_and_comes_back() -> None:
    soon = timedelta(seconds=0.05)
    workers = Workers(idle=soon, rest=soon, starting=Zygote(preloaded=()))
    zygote = await workers.run((steps.parent,), None, deadline=SOON)
    await until(lambda: not is_running(zygote))
    assert await workers.run((steps.parent,), None, deadline=SOON) != zygote
    await workers.aclose()


async def test_two_workers_work_at_the_same_time(workers: Workers, tmp_path: Path) -> None:
    asked = (str(tmp_path), 0.3)
    calls = [
        asyncio.create_task(workers.run((steps.pid_once_told,), asked, deadline=SOON))
        for _ in range(2)
    ]
    await until(lambda: len(list(tmp_path.iterdir())) == 2)
    assert len(set(await asyncio.gather(*calls))) == 2


async def test_a_zygote_that_was_killed_is_replaced(workers: Workers) -> None:
    zygote = await workers.run((steps.parent,), None, deadline=SOON)
    busy = asyncio.create_task(workers.run((steps.sleep,), 0.3, deadline=SOON))
    await asyncio.sleep(0.1)
    os.kill(zygote, signal.SIGKILL)
    await until(lambda: not is_running(zygote))
    further = workers.run((steps.parent,), None, deadline=SOON)  # a worker that is not there yet
    assert await further != zygote
    assert await busy == 0.3


async def test_a_zygote_that_cannot_load_what_it_should_is_a_problem() -> None:
    workers = Workers(count=1, starting=Zygote(preloaded=("aggregator.no_such_module",)))
    with pytest.raises(Exception, match="no worker can be started"):
        await workers.run((steps.double,), 1, deadline=SOON)
    await workers.aclose()


async def test_where_nothing_can_be_forked_each_worker_is_a_program() -> None:
    workers = Workers(starting=Programs())
    assert await workers.run((steps.double,), 1, deadline=SOON) == 2
    assert await workers.run((steps.parent,), None, deadline=SOON) == os.getpid()
    await workers.aclose()
