"""A member's own session with the server: what is this member's alone, and whether it is there.

A lock of PostgreSQL goes with the session that took it. The name of a member is one, and so is the
right to hand out: whoever lost the session has neither any more, and knows it in that moment.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
from itertools import count
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.rows import dict_row

from aggregator.daemon.log import event
from aggregator.fleet.fleet_schema import quoted
from aggregator.fleet.trouble import TROUBLE, told, what_of
from aggregator.model.errors import AggregatorError, BusyError, StoreUnavailableError
from aggregator.operations.fleet_messages import name_taken
from aggregator.store.engines.postgres_connection import CONNECT_SECONDS, KEPT_ALIVE, SILENT_MS
from aggregator.store.schemas.postgres_schema import LEADS, is_lock, lock_key

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

log = logging.getLogger(__name__)

#: A server that says nothing for so long is away, though the connection looks well.
ANSWER_SECONDS = 10.0
#: Within this time a connection that ended is noticed, and other statements know of it.
NOTICED_S = 1.0
#: The end of another's session takes a moment.
ENDED_MS = 5_000

#: The lock of a member's name, in the schema of its fleet.
_NAME_KEY = "hashtextextended(%(schema)s || ' ' || %(name)s, 0)"

_TAKE_NAME = f"""SELECT pg_try_advisory_lock({_NAME_KEY}) AS is_ours,
                        pg_backend_pid() AS backend"""

#: Who has the name: the session, and whether its member was heard of, or has only begun.
_HOLDER = """SELECT l.pid AS backend, a.application_name AS said,
       coalesce(m.seen_at > now() - make_interval(secs => %(silence_s)s), true)
         OR coalesce(a.backend_start > now() - make_interval(secs => %(silence_s)s), true)
         AS is_heard_of
  FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
  LEFT JOIN {schema}.members m ON m.name = %(name)s
 WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
   AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
   AND (l.classid::bigint << 32 | l.objid::bigint) = {key}"""

_LEAD = f"SELECT pg_try_advisory_lock({lock_key(LEADS)}) AS does_lead"

#: Ends the session of who leads and is not heard of: its process is frozen, and its machine is not.
_END_SILENT_LEADER = f"""SELECT pg_terminate_backend(l.pid, %(ended_ms)s)
  FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
  JOIN {{schema}}.members m
    ON left(format('aggregator %%s %%s %%s', m.role, m.pid, m.host), 63) = a.application_name
 WHERE l.granted AND {is_lock(LEADS)}
   AND greatest(m.seen_at, a.backend_start) < now() - make_interval(secs => %(silence_s)s)"""  # noqa: S608 -- built of constants


class Session:
    """One session with the server at a time, from `begin` to `close`, made again when it is lost.

    It holds `name`, which no two members have. Of those that `wants_lead` one `leads`, and is told
    by the event `led`. `lost` is set when the present session is lost: whoever began something by
    it keeps that event, since the next session has another. `is_up` is set while there is one.
    `heard` is set, where it `listens`, when somebody tells of a commit.
    """

    def __init__(
        self,
        url: str,
        *,
        role: str,
        name: str | None,
        schema: str,
        silence_s: float,
        tick: timedelta,
        heartbeat: timedelta,
        give_up: Callable[[AggregatorError], None],
        wants_lead: bool,
        listens: bool,
    ) -> None:
        """A member without a `name` is called by its machine and process, and a number at need."""
        self.name = name or f"{socket.gethostname()}-{os.getpid()}"
        self.is_up, self.lost, self.led = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.heard = asyncio.Event()
        self._url = url
        self._said = f"aggregator {role} {os.getpid()} {socket.gethostname()}"
        self._is_named = name is not None
        self._schema = schema
        self._silence_s = silence_s
        self._tick_s = tick.total_seconds()
        self._heartbeat_s = heartbeat.total_seconds()
        self._give_up = give_up
        self._wants_lead, self._listens = wants_lead, listens
        self._connection: psycopg.AsyncConnection[dict[str, Any]] | None = None
        self._backend: int | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._lately_s = float("-inf")

    @property
    def leads(self) -> bool:
        """Whether this member is the one that hands out, at this moment."""
        return self.led.is_set()

    async def begin(self) -> None:
        """Connect, and take the name.

        Raises `BusyError` where another member has it, `StoreUnavailableError`.
        """
        name = self.name
        for number in count(2):
            try:
                await self._connect()
            except BusyError:
                if self._is_named:
                    raise
                self.name = f"{name}-{number}"
            else:
                self._keeping = asyncio.create_task(self._keep())
                self._keeping.add_done_callback(self._ended)
                return

    async def _keep(self) -> None:
        """Listen, and connect again whenever the server was away; for ever, or until given up."""
        while True:
            because = await self._stay()
            self._lose()
            log.error(event("server is away", because=because))
            loop = asyncio.get_running_loop()
            since_s = loop.time()
            while not self.is_up.is_set():
                await asyncio.sleep(self._tick_s)
                try:
                    await self._connect()
                except StoreUnavailableError:
                    continue
                except AggregatorError as error:  # the name is another's by now
                    self._give_up(error)
                    return
            self._lately_s = loop.time()
            log.info(event("server is back", after_s=round(loop.time() - since_s, 1)))

    async def close(self) -> None:
        """Leave: what was held is free."""
        self._lose()
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.wait({self._keeping})  # a loop must not watch a socket that is closed
        if self._connection is not None:
            await self._connection.close()

    async def tells(self, error: BaseException) -> bool:
        """Tell whether an error says no more than that the server is away, as this session does."""
        if not isinstance(error, StoreUnavailableError):
            return False
        if asyncio.get_running_loop().time() - self._lately_s <= ANSWER_SECONDS:
            return True  # what was begun meanwhile ends late
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.lost.wait(), NOTICED_S)
        return self.lost.is_set()

    async def _stay(self) -> str:
        """Listen for as long as there is a session; return how it was lost."""
        loop, connection = asyncio.get_running_loop(), self._connection
        assert connection is not None  # noqa: S101 -- `begin` has made one
        looked_s = loop.time()
        try:
            while True:
                if self._wants_lead and not self.leads:
                    await self._try_to_lead(connection)
                if loop.time() - looked_s > self._heartbeat_s:
                    async with asyncio.timeout(ANSWER_SECONDS):
                        if self._wants_lead and not self.leads:
                            await self._end_silent_leader(connection)
                        else:
                            await connection.execute("SELECT 1")
                    looked_s = loop.time()
                async for _ in connection.notifies(timeout=self._tick_s):
                    self.heard.set()
        except TROUBLE as error:
            return what_of(error)

    async def _try_to_lead(self, connection: psycopg.AsyncConnection[dict[str, Any]]) -> None:
        async with asyncio.timeout(ANSWER_SECONDS):
            row = await (await connection.execute(_LEAD)).fetchone()
        if row is not None and row["does_lead"]:
            self.led.set()

    def _ended(self, keeping: asyncio.Task[None]) -> None:
        """End the process where a bug ended what keeps the session: nothing would be kept apart."""
        if not keeping.cancelled() and (error := keeping.exception()) is not None:
            log.error(event("session ended"), exc_info=error)
            self._lose()
            self._give_up(AggregatorError(repr(error)))

    async def _end_silent_leader(self, connection: psycopg.AsyncConnection[dict[str, Any]]) -> None:
        statement = _END_SILENT_LEADER.format(schema=quoted(self._schema))
        values = {"silence_s": self._silence_s, "ended_ms": ENDED_MS}
        await connection.execute(statement.encode(), values)

    def _lose(self) -> None:
        self.is_up.clear()
        self.led.clear()
        self.lost.set()

    async def _connect(self) -> None:
        if self._connection is not None:
            await self._connection.close()
        try:
            connection = await psycopg.AsyncConnection.connect(
                self._url,
                autocommit=True,
                connect_timeout=CONNECT_SECONDS,
                tcp_user_timeout=SILENT_MS,
                application_name=self._said,
                row_factory=dict_row,
            )
        except TROUBLE as error:
            raise told(error) from error
        try:
            await connection.execute(KEPT_ALIVE, prepare=False)
            self._backend = await self._take_name(connection)
            if self._listens:
                await connection.execute(f"LISTEN {quoted(self._schema)}".encode())
        except TROUBLE as error:
            await connection.close()
            raise told(error) from error
        except BaseException:
            await connection.close()
            raise
        self._connection = connection
        self.lost = asyncio.Event()
        self.is_up.set()

    async def _take_name(self, connection: psycopg.AsyncConnection[dict[str, Any]]) -> int:
        """Take the name; return which process of the server has it for us. Raises `BusyError`.

        What holds it and is our own session of before, or that of a member that is not heard of, is
        ended: the server may not know yet that nobody is at its other end.
        """
        values = {"schema": self._schema, "name": self.name, "silence_s": self._silence_s}
        ask = _HOLDER.format(schema=quoted(self._schema), key=_NAME_KEY)
        while True:
            taken = await (await connection.execute(_TAKE_NAME, values)).fetchone()
            if taken is not None and taken["is_ours"]:
                return int(taken["backend"])
            holder = await (await connection.execute(ask.encode(), values)).fetchone()
            if holder is None:
                continue  # it has just ended
            if holder["is_heard_of"] and holder["backend"] != self._backend:
                said = str(holder["said"] or "").split(" ", 3)
                raise BusyError(name_taken(self.name, *(said + [""] * 3)[1:4]))
            await connection.execute(
                "SELECT pg_terminate_backend(%s, %s)", (holder["backend"], ENDED_MS)
            )
