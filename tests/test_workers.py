from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from aggregator.daemon.workers import Workers
from aggregator.daemon.zygote import Zygote, starter
from aggregator.model import Problem, ProblemKind
from aggregator.model.errors import UnreadableError
from aggregator.model.worker_protocols import MAX_RESULT_BYTES
from aggregator.operations.messages import problem_text
from tests import PATIENCE
from tests import worker_steps as steps

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

SOON = timedelta(seconds=30)


@pytest.fixture
async def workers() -> AsyncIterator[Workers]:
    # Nothing is loaded beforehand: so it shows what a worker itself loads.
    made = Workers(data_limit_bytes=192 * 1024 * 1024, starting=Zygote(preloaded=()))
    yield made
    await made.aclose()


async def problem(
    workers: Workers,
    step: Callable[[Any], Any],
    argument: object = None,
    deadline: timedelta = SOON,
) -> ProblemKind:
    with pytest.raises(UnreadableError) as caught:
        await workers.run((step,), argument, deadline=deadline)
    return caught.value.problem.kind


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):  # it may end between opening and reading
        return False
    return state != "Z"


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - another process tells nobody
            await asyncio.sleep(0.01)


async def test_steps_are_applied_in_turn(workers: Workers) -> None:
    assert await workers.run((steps.double, steps.double, steps.text), 3, deadline=SOON) == "<12>"


async def test_the_problem_that_a_step_names_is_raised_here(workers: Workers) -> None:
    with pytest.raises(UnreadableError) as caught:
        await workers.run((steps.refuse,), None, deadline=SOON)
    assert problem_text(caught.value.problem) == "not-a-feed: no feed; look"


async def test_a_worker_serves_one_call_after_another(workers: Workers) -> None:
    first = await workers.run((steps.pid,), None, deadline=SOON)
    await problem(workers, steps.refuse)
    assert await workers.run((steps.pid,), None, deadline=SOON) == first


async def test_at_most_so_many_processes_work_at_once(workers: Workers) -> None:
    calls = (workers.run((steps.pid,), None, deadline=SOON) for _ in range(20))
    assert 1 <= len(set(await asyncio.gather(*calls))) <= 2


async def test_waiting_for_a_free_worker_is_no_part_of_the_deadline() -> None:
    workers = Workers(count=1)
    calls = (workers.run((steps.sleep,), 0.5, deadline=timedelta(seconds=2)) for _ in range(6))
    assert await asyncio.gather(*calls) == [0.5] * 6
    await workers.aclose()


@pytest.mark.parametrize("step", [steps.sleep, steps.spin])
async def test_late_work_is_killed_and_the_next_call_served(
    workers: Workers, step: Callable[[Any], Any]
) -> None:
    pid = await workers.run((steps.pid,), None, deadline=SOON)
    assert await problem(workers, step, 60, timedelta(seconds=0.2)) is ProblemKind.PARSE_TIMEOUT
    assert not is_running(pid)
    assert await workers.run((steps.double,), 1, deadline=SOON) == 2


async def test_work_that_needs_too_much_memory_is_named(workers: Workers) -> None:
    assert await problem(workers, steps.eat_memory) is ProblemKind.PARSE_MEMORY
    assert await workers.run((steps.double,), 1, deadline=SOON) == 2


@pytest.mark.parametrize(
    ("step", "argument", "kind"),
    [
        (steps.die_of, signal.SIGKILL, ProblemKind.PARSE_MEMORY),
        (steps.die_of, signal.SIGABRT, ProblemKind.PARSE_MEMORY),
        (steps.die_of, signal.SIGSEGV, ProblemKind.INTERNAL),
        (steps.leave, 3, ProblemKind.INTERNAL),
    ],
)
async def test_a_lost_worker_is_a_named_problem(
    workers: Workers, step: Callable[[Any], Any], argument: int, kind: ProblemKind
) -> None:
    assert await problem(workers, step, int(argument)) is kind
    assert await workers.run((steps.double,), 1, deadline=SOON) == 2


async def test_a_worker_that_was_killed_is_told_apart_from_one_that_met_its_limit(
    workers: Workers,
) -> None:
    with pytest.raises(UnreadableError) as caught:
        await workers.run((steps.die_of,), int(signal.SIGKILL), deadline=SOON)
    assert "signal 9" in caught.value.problem.detail
    with pytest.raises(UnreadableError) as caught:
        await workers.run((steps.eat_memory,), None, deadline=SOON)
    assert "signal" not in caught.value.problem.detail


async def test_a_worker_lost_while_it_rested_is_replaced(workers: Workers) -> None:
    pid = await workers.run((steps.pid,), None, deadline=SOON)
    os.kill(pid, signal.SIGKILL)
    await until(lambda: not is_running(pid))
    assert await workers.run((steps.pid,), None, deadline=SOON) != pid


async def test_a_defect_met_by_one_document_says_where_and_nothing_of_the_document(
    workers: Workers,
) -> None:
    with pytest.raises(UnreadableError) as caught:
        await workers.run((steps.fail,), None, deadline=SOON)
    assert caught.value.problem.kind is ProblemKind.INTERNAL
    assert caught.value.problem.detail.startswith("KeyError at worker_steps.py:")


async def test_what_a_step_prints_does_not_reach_the_protocol(workers: Workers) -> None:
    assert await workers.run((steps.chatter,), None, deadline=SOON) == ""


async def test_large_arguments_and_results_pass(workers: Workers) -> None:
    size = 16 * 1024 * 1024
    assert await workers.run((steps.count_bytes,), b"x" * size, deadline=SOON) == size
    assert await workers.run((steps.many_bytes,), size, deadline=SOON) == b"x" * size


async def test_a_result_beyond_its_bound_is_refused(workers: Workers) -> None:
    assert await problem(workers, steps.many_bytes, MAX_RESULT_BYTES) is ProblemKind.TOO_LARGE


async def test_a_worker_cannot_make_the_parent_build_what_it_likes(workers: Workers) -> None:
    assert await problem(workers, steps.evil) is ProblemKind.INTERNAL
    assert await workers.run((steps.double,), 1, deadline=SOON) == 2


async def test_a_worker_is_bounded_and_inherits_nothing(workers: Workers, tmp_path: Path) -> None:
    with (tmp_path / "secret").open("w"):
        assert await workers.run((steps.limits,), None, deadline=SOON) == (192 * 1024 * 1024, 0)
        await asyncio.gather(*(workers.run((steps.sleep,), 0.2, deadline=SOON) for _ in range(2)))
        for _ in range(2):
            files = await workers.run((steps.inherited_files,), None, deadline=SOON)
            assert [name for name in files if name != "/dev/null"] == ["pipe", "pipe"]


async def test_a_worker_imports_only_what_its_steps_need(workers: Workers) -> None:
    loaded = await workers.run((steps.modules,), None, deadline=SOON)
    assert not {"feedparser", "nh3", "sqlite3", "httpx", "aiohttp"} & set(loaded)


async def test_the_signals_of_a_terminal_or_a_service_manager_are_the_parents(
    workers: Workers,
) -> None:
    assert await workers.run((steps.ignores_the_signals_of_a_terminal,), None, deadline=SOON)


async def test_an_idle_worker_ends() -> None:
    workers = Workers(idle=timedelta(seconds=0.05))
    pid = await workers.run((steps.pid,), None, deadline=SOON)
    await until(lambda: not is_running(pid))
    assert await workers.run((steps.pid,), None, deadline=SOON) != pid
    await workers.aclose()


async def test_a_cancelled_call_kills_its_worker_and_frees_its_place(tmp_path: Path) -> None:
    workers = Workers(count=1)
    told = tmp_path / "pid"
    call = asyncio.create_task(workers.run((steps.sleep_once_told,), str(told), deadline=SOON))
    await until(lambda: told.exists() and bool(told.read_text(encoding="ascii")))
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert not is_running(int(told.read_text(encoding="ascii")))
    assert await workers.run((steps.double,), 1, deadline=SOON) == 2
    await workers.aclose()


async def test_closing_ends_workers_at_work_at_rest_and_waiting(tmp_path: Path) -> None:
    workers = Workers(count=1)
    told = tmp_path / "pid"
    at_work = asyncio.create_task(workers.run((steps.sleep_once_told,), str(told), deadline=SOON))
    waiting = asyncio.create_task(workers.run((steps.double,), 1, deadline=SOON))
    await until(lambda: told.exists() and bool(told.read_text(encoding="ascii")))
    await workers.aclose()
    results = await asyncio.gather(at_work, waiting, return_exceptions=True)
    assert all(isinstance(result, UnreadableError) for result in results)
    assert not is_running(int(told.read_text(encoding="ascii")))


async def test_no_file_descriptor_is_left_behind() -> None:
    before = open_files()
    for _ in range(3):
        workers = Workers()
        await asyncio.gather(*(workers.run((steps.double,), 1, deadline=SOON) for _ in range(4)))
        await problem(workers, steps.spin, deadline=timedelta(seconds=0.1))
        await workers.aclose()
    assert open_files() <= before


async def test_a_worker_ends_with_its_parent(tmp_path: Path) -> None:
    told = tmp_path / "pid"
    program = (
        "import asyncio, os, signal\n"
        "from datetime import timedelta\n"
        "from aggregator.daemon.workers import Workers\n"
        "from tests import worker_steps as steps\n"
        "async def main():\n"
        "    pid = await Workers().run((steps.pid,), None, deadline=timedelta(seconds=30))\n"
        f"    open({str(told)!r}, 'w').write(str(pid))\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "asyncio.run(main())\n"
    )
    path = os.pathsep.join(filter(None, [str(Path(__file__).parents[1]), *sys.path]))
    parent = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", program], env={"PYTHONPATH": path}, check=False
    )
    assert parent.returncode == -signal.SIGKILL
    await until(lambda: not is_running(int(told.read_text(encoding="ascii"))))


async def test_a_worker_that_cannot_be_started_is_a_problem() -> None:
    pool = Workers(count=1, starting=starter("/nowhere/python3"))
    with pytest.raises(UnreadableError) as caught:
        await pool.run((steps.pid,), None, deadline=timedelta(seconds=5))
    await pool.aclose()
    detail = "no worker can be started: /nowhere/python3: No such file or directory"
    assert caught.value.problem == Problem(ProblemKind.INTERNAL, detail)
