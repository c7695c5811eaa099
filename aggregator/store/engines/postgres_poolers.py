"""Poolers between us and a PostgreSQL server: whether one keeps a session for each connection.

Locks, what is prepared and what is heard of others belong to a session of the server. A pooler that
gives it to somebody else after each transaction takes them away, or to others.
"""

# sqlite: the whole module

from __future__ import annotations

import select
from contextlib import closing
from typing import TYPE_CHECKING, Any

import psycopg

if TYPE_CHECKING:
    from collections.abc import Callable

#: How long a session is waited for: a pooler that has none free lends each to one connection.
_PATIENCE_S = 2.0
#: How often a connection is asked for its session while another one is in a transaction.
_LOOKS = 3

_SESSION = b"SELECT pg_backend_pid()"


class SharedSessionError(psycopg.Error):
    """A pooler gives the session of a connection to others between its transactions."""


def check(
    connection: psycopg.Connection[Any],
    session: int,
    connect: Callable[[], psycopg.Connection[Any]],
) -> None:
    """Raise `SharedSessionError` where a connection, in `session`, does not keep that.

    `connect` makes another connection like it; without a pooler none is made. Of a pooler that has
    much to do it may be found only the next time. Raises `psycopg.Error`.
    """
    if session == connection.info.backend_pid:
        return
    with closing(connect()) as other:
        try:
            taken = _began(other.pgconn)
        except psycopg.OperationalError as error:
            _asked(connection)  # is the server there, then by statements it shares them out
            raise SharedSessionError from error
        if taken is not None and (
            taken == session or any(_asked(connection) != session for _ in range(_LOOKS))
        ):
            raise SharedSessionError


def _asked(connection: psycopg.Connection[Any]) -> int:
    (found,) = connection.execute(_SESSION, prepare=False).fetchone() or (0,)
    return int(found)


def _began(connection: psycopg.pq.abc.PGconn) -> int | None:
    """Return the session that a transaction is begun in; `None` where there was none free."""
    connection.send_query(b"BEGIN; " + _SESSION)
    found = None
    while True:
        while connection.is_busy():
            if not select.select([connection.socket], [], [], _PATIENCE_S)[0]:
                return None
            connection.consume_input()
        result = connection.get_result()
        if result is None:
            return found
        if result.ntuples:
            found = int(result.get_value(0, 0) or 0)
