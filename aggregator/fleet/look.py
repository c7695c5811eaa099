"""A look at a fleet from outside: for commands, which are no members."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
from psycopg.rows import dict_row

from aggregator.fleet.fleet_schema import LAYOUT, current, quoted
from aggregator.fleet.members import MEMBERS, member_of
from aggregator.fleet.queue import POLLS, STATE
from aggregator.fleet.trouble import TROUBLE, told
from aggregator.model.members import FleetState
from aggregator.schedule.handing_out import MOST_MISSED
from aggregator.store.engines.postgres_connection import CONNECT_SECONDS

if TYPE_CHECKING:
    from datetime import timedelta


async def look(url: str, heartbeat: timedelta) -> FleetState | None:
    """Return how the fleet on a database is, `None` where there has been none.

    Raises `StoreUnavailableError`.
    """
    try:
        async with await psycopg.AsyncConnection.connect(
            url, autocommit=True, connect_timeout=CONNECT_SECONDS
        ) as connection:
            schema, layout = await current(connection)
            if layout != LAYOUT:
                return None
            await connection.execute(f"SET search_path TO {quoted(schema)}".encode())
            silence_s = heartbeat.total_seconds() * MOST_MISSED
            async with connection.cursor(row_factory=dict_row) as cursor:
                await cursor.execute(MEMBERS.encode(), {"silence_s": silence_s})
                members = tuple(map(member_of, await cursor.fetchall()))
                await cursor.execute(STATE.encode(), {"queue": POLLS})
                return FleetState(members=members, **(await cursor.fetchone() or {}))
    except TROUBLE as error:
        raise told(error) from error
