"""The one writer: a thread that owns the writing connection and shares commits.

A job is a function of the connection. Jobs that wait together are committed together, each in a
savepoint of its own, so that one that fails takes nothing else with it. A job's caller gets its
result only after the commit.
"""

from __future__ import annotations

import queue
import threading
import time
from typing import TYPE_CHECKING, Any, TypeVar

from aggregator.model.errors import AggregatorError, StoreError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence

    from aggregator.store.engines.engine import Engine

T = TypeVar("T")

#: Jobs in one commit: bounds the memory of a transaction and what a power loss can undo.
MOST_JOBS = 64

#: A transaction takes no further job after this long, so that readers of the journal and other
#: writers wait for one job at most beyond it.
MOST_SECONDS = 0.025


class Writer:
    """Runs write jobs one after the other; callers wait until theirs are committed.

    `committed` is called in the writer's thread after each commit, before the callers go on.
    `clock` tells seconds that only go on.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        engine: Engine,
        *,
        committed: Callable[[sqlite3.Connection], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._connection = connection
        self._engine = engine
        self._committed = committed
        self._clock = clock
        self._orders: queue.SimpleQueue[_Order | None] = queue.SimpleQueue()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="store-writer", daemon=True)
        self._thread.start()

    def run(self, job: Callable[[sqlite3.Connection], T], *, beside: bool = False) -> T:
        """Run `job` inside a transaction and return its result once it is committed.

        Nobody else writes meanwhile, or only jobs that are run `beside` others as this one is
        (`Engine.begin_writing`). It runs again where the transaction had to be begun again. Raises
        what the job raises (its changes are undone), or `StoreError` when the database cannot be
        written.
        """
        (result,) = self.run_each((job,), beside=beside)
        return result

    def run_each(
        self, jobs: Sequence[Callable[[sqlite3.Connection], T]], *, beside: bool = False
    ) -> list[T]:
        """Run several jobs as `run` does; raises what the first one that fails would."""
        results: list[T] = []
        for result in self.run_all(jobs, beside=beside):
            if isinstance(result, Exception):
                raise result
            results.append(result)
        return results

    def run_all(
        self, jobs: Sequence[Callable[[sqlite3.Connection], T]], *, beside: bool = False
    ) -> list[T | Exception]:
        """Run several jobs as `run` does; in the place of a result may be what it would raise."""
        if self._closed:
            raise StoreError("the database is closed")
        if not jobs:
            return []
        order = _Order(jobs, beside=beside)
        self._orders.put(order)
        order.done.acquire()
        # Each of them knows its order: whole documents would stay until a look for garbage.
        order.tasks.clear()
        return order.results

    def close(self) -> None:
        """Finish waiting jobs, checkpoint and close the connection."""
        if self._closed:
            return
        self._closed = True
        self._orders.put(None)
        self._thread.join()
        self._engine.finish(self._connection)

    def _work(self) -> None:
        while (order := self._orders.get()) is not None:
            tasks = list(order.tasks)
            ending = False
            while len(tasks) < MOST_JOBS and not ending and not self._orders.empty():
                more = self._orders.get()
                if more is None:
                    ending = True
                else:
                    tasks += more.tasks
            while tasks:
                del tasks[: self._commit(tasks[:MOST_JOBS])]
            if ending:
                return

    def _commit(self, tasks: Sequence[_Task]) -> int:
        """Commit the first of some jobs together; return how many.

        Where that cannot be, each is tried alone: what is too much for the disk, or damaged, may
        be of one of them.
        """
        results = self._together(tasks)
        if results is None:
            results = [result for task in tasks for result in self._together((task,)) or ()]
        for task, result in zip(tasks, results, strict=False):
            task.end(result)
        return len(results)

    def _together(self, tasks: Sequence[_Task]) -> list[Any] | None:
        """Return the results of the first of some jobs; `None` where several had to be undone."""
        try:
            beside = all(task.beside for task in tasks)
            self._engine.begin_writing(self._connection, beside=beside)
        except self._engine.errors as error:  # locked, say: that is for all alike
            return [self._told(error)] * len(tasks)
        except AggregatorError as error:  # connected again, and others are at work there by now
            return [error] * len(tasks)
        try:
            results = self._results(tasks)
            self._connection.execute("COMMIT")
        except self._engine.errors as error:
            if self._engine.is_in_transaction(self._connection):
                self._connection.execute("ROLLBACK")
            return None if len(tasks) > 1 else [self._told(error)]
        try:
            self._committed(self._connection)
        except self._engine.errors as error:
            return [self._told(error)] * len(results)
        return results

    def _results(self, tasks: Sequence[_Task]) -> list[Any]:
        results: list[Any] = []
        begun = self._clock()
        for task in tasks:
            try:
                results.append(self._in_savepoint(task.job))
            except self._engine.errors as error:
                if self._engine.undoes_all(error):
                    raise
                results.append(self._told(error))
            except Exception as error:  # noqa: BLE001 -- handed to the job's caller
                results.append(error)
            if self._clock() - begun >= MOST_SECONDS:
                break
        return results

    def _told(self, error: Exception) -> Exception:
        """Return an error as its caller should see it; one of our own SQL is a bug, and flies."""
        if self._engine.is_mistake(error):
            return error
        problem = self._engine.told(error)
        problem.__cause__ = error
        return problem

    def _in_savepoint(self, job: Callable[[sqlite3.Connection], T]) -> T:
        self._connection.execute("SAVEPOINT job")
        try:
            result = job(self._connection)
            self._connection.execute("RELEASE job")
        except BaseException:
            if self._engine.is_in_transaction(self._connection):
                self._connection.execute("ROLLBACK TO job")
                self._connection.execute("RELEASE job")
            raise
        return result


class _Order:
    """Jobs that one caller waits for, with room for their results; `done` is free at the end."""

    def __init__(
        self, jobs: Sequence[Callable[[sqlite3.Connection], Any]], *, beside: bool
    ) -> None:
        self.beside = beside
        self.results: list[Any] = [None] * len(jobs)
        self.tasks = [_Task(self, place, job) for place, job in enumerate(jobs)]
        self.left = len(jobs)
        self.done = threading.Lock()
        self.done.acquire()


class _Task:
    """One of an order's jobs."""

    __slots__ = ("_order", "_place", "job")

    def __init__(self, order: _Order, place: int, job: Callable[[sqlite3.Connection], Any]) -> None:
        self._order = order
        self._place = place
        self.job = job

    @property
    def beside(self) -> bool:
        """Whether others may write beside it, as far as it leaves them theirs."""
        return self._order.beside

    def end(self, result: object) -> None:
        """Hand the result to the caller, who goes on after the order's last one."""
        order = self._order
        order.results[self._place] = result
        order.left -= 1
        if not order.left:
            order.done.release()
