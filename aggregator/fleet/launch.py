"""Starting the roles of a fleet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aggregator.daemon.pace import Pace
from aggregator.model.errors import StoreError
from aggregator.runtime.late_modules import LateModule
from aggregator.store.engines.roles import Role

if TYPE_CHECKING:
    from aggregator.config import Config
    from aggregator.daemon.zygote import Starter
    from aggregator.fleet import scheduler as scheduling
    from aggregator.fleet import start
    from aggregator.fleet import web as webs
    from aggregator.fleet import worker as workers
    from aggregator.fleet.start import Start
else:  # each process is one of them
    scheduling = LateModule("aggregator.fleet.scheduler")
    start = LateModule("aggregator.fleet.start")
    webs = LateModule("aggregator.fleet.web")
    workers = LateModule("aggregator.fleet.worker")

USUAL_PACE = Pace()


def scheduler(
    config: Config,
    *,
    name: str | None = None,
    pace: Pace = USUAL_PACE,
    starting: Starter | None = None,
) -> int:
    """Run a scheduler, as `start.run` says."""

    async def work(begun: Start) -> None:
        await scheduling.SchedulerRole(begun).run()

    _check(config, Role.SCHEDULER)
    return start.run(config, Role.SCHEDULER, work, pace=pace, name=name, starting=starting)


def worker(
    config: Config,
    *,
    slots: int | None = None,
    name: str | None = None,
    pace: Pace = USUAL_PACE,
    starting: Starter | None = None,
) -> int:
    """Run a worker that polls so many batches at a time, as `start.run` says."""

    async def work(begun: Start) -> None:
        await workers.WorkerRole(begun, slots or config.polling.concurrency).run()

    _check(config, Role.WORKER)
    return start.run(config, Role.WORKER, work, pace=pace, name=name, starting=starting)


def web(config: Config, *, name: str | None = None, pace: Pace = USUAL_PACE) -> int:
    """Run a server of feeds and pages, as `start.run` says."""

    async def work(begun: Start) -> None:
        await webs.WebRole(begun).run()

    _check(config, Role.WEB)
    return start.run(config, Role.WEB, work, pace=pace, name=name)


def _check(config: Config, role: Role) -> None:
    """Raise `StoreError` where the role's libraries are missing."""
    if config.store.url is None:
        return  # `open_store` says why not
    try:
        import procrastinate  # noqa: F401, PLC0415 -- what is missing is told before anything is opened
    except ModuleNotFoundError as error:
        raise StoreError(
            f"`aggregator {role.value}` needs {error.name}, which is missing here; "
            '`pip install "aggregator[fleet]"`'
        ) from error
