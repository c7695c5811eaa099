"""The queue of jobs: Procrastinate, on the server that has the store, in a schema of its own.

A job is one batch of sources of one queue of the store (a site). Its lock is that queue, so that
no site is asked by two workers at once; its arguments name the leases that the batch holds.
"""

from __future__ import annotations

import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import procrastinate.jobs
import psycopg
from procrastinate import App, PsycopgConnector
from procrastinate.jobs import DeleteJobCondition, Status
from procrastinate.worker import Worker

from aggregator.fleet import fleet_schema
from aggregator.fleet.members import Members
from aggregator.fleet.trouble import TROUBLE, no_right, told
from aggregator.model.errors import StoreUnavailableError
from aggregator.model.members import FleetState
from aggregator.runtime.values import dataclass
from aggregator.schedule.handing_out import MOST_MISSED, is_given_up
from aggregator.store.engines.postgres_connection import CONNECT_SECONDS, SILENT_MS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
    from datetime import timedelta

#: What any worker polls; what the active scheduler polls itself; what else it does.
POLLS, BY_HAND, HOUSE = "polls", "by hand", "house"
#: The tasks of these queues.
POLL_BATCH, POLL_BY_HAND = "poll_batch", "poll_by_hand"
HAND_OUT, RESCUE = "hand_out", "rescue"

#: Connections of a process to the queue, beside the one that listens.
MOST_CONNECTIONS = 4
#: How long the pool tries by itself to make one that was lost: its pauses double, so that after a
#: minute it would try once a minute.
RETRY_S = 1.0
#: And when the process is to end.
LAST_WAIT_S = 1.0

#: A worker that heard of no new job looks for one so often: a lock that was left is told to nobody.
LOOK_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class Job:
    """A batch to be polled: the name of its leases, its queue, its sources, how urgent it is."""

    claimed_by: str
    queue: str
    source_ids: tuple[int, ...]
    urgency: int


class Database:
    """Statements of ours, on the connections of the queue."""

    def __init__(self, connector: PsycopgConnector) -> None:
        self._connector = connector

    async def rows(self, statement: str, **values: Any) -> list[dict[str, Any]]:
        """Return the rows of a statement. Raises `StoreUnavailableError`."""
        try:
            found: list[dict[str, Any]] = await self._connector.execute_query_all_async(
                statement, **values
            )
        except TROUBLE as error:
            raise told(error) from error
        return found

    async def run(self, statement: str, **values: Any) -> None:
        """Run a statement. Raises `StoreUnavailableError`."""
        try:
            await self._connector.execute_query_async(statement, **values)
        except TROUBLE as error:
            raise told(error) from error


class Doing:
    """Does the jobs of one queue, for as long as `run` lasts, until `stop`."""

    def __init__(self, app: App, worker: Worker) -> None:
        self._app = app
        self._worker = worker

    @property
    def is_at_work(self) -> bool:
        """Whether jobs are fetched."""
        return self._worker.worker_id is not None

    async def run(self) -> None:
        """Do jobs. Raises one of `TROUBLE` when the server is lost."""
        await self._worker.run()  # type: ignore[no-untyped-call]  # half of it has types

    def stop(self) -> None:
        """Begin no more jobs; `run` ends with those that were begun."""
        self._worker.stop()  # type: ignore[no-untyped-call]  # half of it has types

    async def leave(self) -> None:
        """Let jobs that `run` could not end be rescued now. Raises one of `TROUBLE`."""
        if self._worker.worker_id is not None:
            await self._app.job_manager.unregister_worker(self._worker.worker_id)


class JobQueue:
    """Jobs that are deferred, done, found abandoned; made by `opened`."""

    def __init__(
        self, app: App, connector: PsycopgConnector, schema: str, heartbeat: timedelta
    ) -> None:
        self._app = app
        self._connector = connector
        self.schema = schema
        self._heartbeat_s = heartbeat.total_seconds()
        #: Who has said nothing for so long, in seconds, is taken for dead.
        self.silence_s = self._heartbeat_s * MOST_MISSED
        self.database = Database(connector)
        self.members = Members(self.database, self.silence_s)
        self._works: dict[str, Callable[..., Awaitable[object]]] = {}

    def does(self, name: str, work: Callable[..., Awaitable[object]]) -> None:
        """Let jobs of a task be done by `work`, here, from now on."""
        is_known, self._works[name] = name in self._works, work
        if not is_known:

            async def do(**arguments: Any) -> None:
                await self._works[name](**arguments)

            self._app.task(name=name)(do)

    def does_periodically(
        self, name: str, cron: str, work: Callable[[], Awaitable[object]]
    ) -> None:
        """Let a work of the house be a job again and again: of all processes that say so, once.

        `cron` has six fields, the last of which are seconds.
        """
        is_known, self._works[name] = name in self._works, work
        if is_known:
            return

        async def do(timestamp: int) -> None:  # noqa: ARG001 -- Procrastinate's interface
            await self._works[name]()

        task = self._app.task(name=name, queue=HOUSE, queueing_lock=name)(do)
        self._app.periodic(cron=cron)(task)

    def worker(self, queue: str, *, slots: int, grace_s: float) -> Doing:
        """Return what does the jobs of a queue, so many at a time.

        When it is stopped, jobs may go on for `grace_s` before they are cancelled.
        """
        worker = Worker(
            self._app,
            queues=[queue],
            concurrency=slots,
            fetch_job_polling_interval=LOOK_EVERY_S,
            shutdown_graceful_timeout=grace_s,
            delete_jobs=DeleteJobCondition.ALWAYS,
            install_signal_handlers=False,
            update_heartbeat_interval=self._heartbeat_s,
            stalled_worker_timeout=self.silence_s,
        )
        return Doing(self._app, worker)

    async def defer(self, jobs: Iterable[Job], *, by_hand: bool = False) -> None:
        """Put jobs into the queue, all or none. Raises `StoreUnavailableError`."""
        task, queue = (POLL_BY_HAND, BY_HAND) if by_hand else (POLL_BATCH, POLLS)
        rows = [
            procrastinate.jobs.Job(
                id=None,
                queue=queue,
                lock=f"host:{job.queue}",
                queueing_lock=None,
                task_name=task,
                priority=job.urgency,
                task_kwargs={
                    "claimed_by": job.claimed_by,
                    "queue": job.queue,
                    "source_ids": list(job.source_ids),
                },
            )
            for job in jobs
        ]
        try:
            if rows:
                await self._app.job_manager.batch_defer_jobs_async(rows)
        except TROUBLE as error:
            raise told(error) from error

    async def tell(self) -> None:
        """Tell sessions that something was committed. Raises `StoreUnavailableError`."""
        await self.database.run("SELECT pg_notify(%(channel)s, '')", channel=self.schema)

    async def renew(self) -> None:
        """Take connections that work for those that were lost: the server is back."""
        await self._connector.pool.check()

    def be_brief(self) -> None:
        """Wait no longer than a moment for the server: the process is to end."""
        self._connector.pool.timeout = LAST_WAIT_S

    async def batches(self) -> frozenset[str]:
        """Return in whose names batches are in the queue, waiting or begun."""
        rows = await self.database.rows(
            """SELECT args ->> 'claimed_by' AS name FROM procrastinate_jobs
                WHERE status IN ('todo', 'doing') AND queue_name = %(queue)s""",
            queue=POLLS,
        )
        return frozenset(row["name"] for row in rows)

    async def waiting(self) -> int:
        """Return how many batches no worker has begun."""
        (row,) = await self.database.rows(
            """SELECT count(*) AS jobs FROM procrastinate_jobs
                WHERE status = 'todo' AND queue_name = %(queue)s""",
            queue=POLLS,
        )
        return int(row["jobs"])

    async def state(self) -> FleetState:
        """Return how the fleet is. Raises `StoreUnavailableError`."""
        (row,) = await self.database.rows(STATE, queue=POLLS)
        return FleetState(members=await self.members.all(), **row)

    async def rescue(self) -> int:
        """Let the jobs of workers that died be done by others; return how many.

        A job that has ended several workers is left: its leases run out. Raises
        `StoreUnavailableError`.
        """
        manager, rescued = self._app.job_manager, 0
        try:
            for job in await manager.get_stalled_jobs(seconds_since_heartbeat=self.silence_s):
                if job.queue != POLLS or is_given_up(job.attempts + 1):
                    # What the scheduler did itself is asked for again, by the clock or by people.
                    await manager.finish_job(job, status=Status.FAILED, delete_job=True)
                else:
                    await manager.retry_job(job)
                    rescued += 1
            await manager.prune_stalled_workers(self.silence_s)
        except TROUBLE as error:
            raise told(error) from error
        if rescued:
            await self.members.add("rescued", rescued)
        return rescued


STATE = """SELECT count(*) FILTER (WHERE status = 'todo') AS waiting,
                  count(*) FILTER (WHERE status = 'doing') AS doing,
                  coalesce(extract(epoch FROM now() - (
                      SELECT min(e.at) FROM procrastinate_events e
                        JOIN procrastinate_jobs j ON j.id = e.job_id
                       WHERE j.status = 'todo' AND j.queue_name = %(queue)s
                         AND e.type = 'deferred')), 0)::float8 AS lag_s,
                  (SELECT value FROM totals WHERE name = 'rescued') AS rescued
             FROM procrastinate_jobs WHERE queue_name = %(queue)s"""


@asynccontextmanager
async def opened(url: str, heartbeat: timedelta) -> AsyncIterator[JobQueue]:
    """Lend the queue of the store at `url`; its tables are made where there are none.

    All members of a fleet have the same `heartbeat`. Raises `StoreUnavailableError` where the
    server is away, and `StoreError` where its user may not make the tables.
    """
    try:
        async with await psycopg.AsyncConnection.connect(
            url, autocommit=True, connect_timeout=CONNECT_SECONDS, application_name="aggregator"
        ) as connection:
            try:
                schema = await fleet_schema.make(connection)
            except psycopg.errors.InsufficientPrivilege as error:
                raise no_right(error, connection.info) from error
    except TROUBLE as error:
        raise told(error) from error

    async def configure(connection: psycopg.AsyncConnection[Any]) -> None:
        name = fleet_schema.quoted(schema)
        await connection.execute(f"SET search_path TO {name}".encode())
        await connection.commit()

    connector = PsycopgConnector(
        conninfo=url,
        kwargs={
            "connect_timeout": CONNECT_SECONDS,
            "tcp_user_timeout": SILENT_MS,
            "application_name": "aggregator fleet",
        },
        configure=configure,
        min_size=1,
        max_size=MOST_CONNECTIONS,
        # Before a worker is taken for dead it knows which of its jobs the queue has heard of: what
        # it could not end is given back, or rescued, and not both.
        timeout=heartbeat.total_seconds() * MOST_MISSED / 2,
        reconnect_timeout=RETRY_S,
    )
    app = App(connector=connector)
    try:
        await app.open_async()
    except TROUBLE as error:
        raise told(error) from error
    try:
        yield JobQueue(app, connector, schema, heartbeat)
    finally:
        await app.close_async()


def quiet() -> None:
    """Let the library log what goes wrong, and not each job, nor that the server is away."""
    logging.getLogger("procrastinate").setLevel(logging.WARNING)
    for name in ("utils", "worker", "worker.worker"):
        logging.getLogger(f"procrastinate.{name}").addFilter(_is_news)
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)


def _is_news(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, (*TROUBLE, StoreUnavailableError))
