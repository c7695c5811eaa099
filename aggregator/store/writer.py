"""The one writer: a thread that owns the writing connection and shares commits.

A job is a function of the connection. Jobs that wait together are committed together, each in a
savepoint of its own, so that one that fails takes nothing else with it. A job's caller gets its
result only after the commit.
"""

# sqlite: the whole module

from __future__ import annotations

import queue
import sqlite3
import threading
import time
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeVar

from aggregator.model.errors import StoreError
from aggregator.store.sqlite_errors import store_error

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta
    from pathlib import Path

T = TypeVar("T")
Job = tuple["Callable[[sqlite3.Connection], Any]", "Future[Any]"]

#: Jobs in one commit: bounds the memory of a transaction and what a power loss can undo.
MOST_JOBS = 64


class Writer:
    """Runs write jobs one after the other; `run` blocks until its job is committed.

    With `linger` a job that comes alone waits that long for company: polls of a quiet daemon then
    share a commit, which is kinder to an SD card. `committed` is called in the writer's thread
    after each commit, before the callers go on.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        path: Path,
        *,
        linger: timedelta,
        committed: Callable[[sqlite3.Connection], None],
    ) -> None:
        self._connection = connection
        self._path = path
        self._committed = committed
        self._linger_s = linger.total_seconds()
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="store-writer", daemon=True)
        self._thread.start()

    def run(self, job: Callable[[sqlite3.Connection], T]) -> T:
        """Run `job` inside a transaction and return its result once it is committed.

        Raises what the job raises (its changes are undone), or `StoreError` when the database
        cannot be written.
        """
        if self._closed:
            raise StoreError("the database is closed")
        future: Future[T] = Future()
        self._jobs.put((job, future))
        return future.result()

    def close(self) -> None:
        """Finish waiting jobs, checkpoint and close the connection."""
        if self._closed:
            return
        self._closed = True
        self._jobs.put(None)
        self._thread.join()
        try:
            self._connection.execute("PRAGMA optimize")
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.Error:
            pass  # the journal is replayed at the next start: nothing is lost
        finally:
            self._connection.close()

    def _work(self) -> None:
        ending = False
        while not ending:
            batch: list[Job] = []
            ending = self._gather(batch)
            if batch:
                self._commit(batch)

    def _gather(self, batch: list[Job]) -> bool:
        """Fill `batch` with at least one job; tell whether the end was asked for."""
        deadline: float | None = None
        while len(batch) < MOST_JOBS:
            try:
                if deadline is None:
                    item = self._jobs.get()
                    deadline = time.monotonic() + self._linger_s
                else:
                    item = self._jobs.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                return False
            if item is None:
                return True
            batch.append(item)
        return False

    def _commit(self, batch: list[Job]) -> None:
        done: list[tuple[Future[Any], Any]] = []
        failed: list[tuple[Future[Any], BaseException]] = []
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            for job, future in batch:
                try:
                    done.append((future, self._in_savepoint(job)))
                except sqlite3.OperationalError:
                    raise  # full disk, I/O error: SQLite has undone the transaction
                except sqlite3.DatabaseError as error:  # damaged pages, which others may not need
                    failed.append((future, self._told(error)))
                except Exception as error:  # noqa: BLE001 -- handed to the job's caller
                    failed.append((future, error))
            self._connection.execute("COMMIT")
            self._committed(self._connection)
        except sqlite3.Error as error:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            problem = self._told(error)
            for _, future in batch:
                future.set_exception(problem)
            return
        for future, result in done:
            future.set_result(result)
        for future, failure in failed:
            future.set_exception(failure)

    def _told(self, error: sqlite3.Error) -> Exception:
        """Return an error as its caller should see it; one of our own SQL is a bug, and flies."""
        if isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError):
            return error
        problem = store_error(self._path, error)
        problem.__cause__ = error
        return problem

    def _in_savepoint(self, job: Callable[[sqlite3.Connection], T]) -> T:
        self._connection.execute("SAVEPOINT job")
        try:
            result = job(self._connection)
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK TO job")
                self._connection.execute("RELEASE job")
            raise
        self._connection.execute("RELEASE job")
        return result
