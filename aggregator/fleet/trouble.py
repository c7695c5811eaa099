"""What the queue's connections may raise, and what that means for people."""

from __future__ import annotations

import traceback

import psycopg
from procrastinate import exceptions

from aggregator.model.errors import StoreError, StoreUnavailableError

#: What the library may raise, and what means that the server is away.
TROUBLE = (exceptions.ProcrastinateException, psycopg.Error, OSError)


def what_of(error: BaseException) -> str:
    """Return what the server or the driver said, on one line."""
    return " ".join(str(error.__cause__ or error).split()) or "no answer"


def told(error: BaseException) -> StoreUnavailableError:
    """Return what an error of the queue means for people."""
    what = what_of(error)
    return StoreUnavailableError(
        f"the queue of jobs cannot be used now ({what}); look at the PostgreSQL server"
    )


def no_right(error: psycopg.Error, info: psycopg.ConnectionInfo) -> StoreError:
    """Return what gives a user the right to make the queue's tables."""
    what = " ".join(str(error).split())
    grant = f"GRANT CREATE ON DATABASE {info.dbname} TO {info.user}"
    return StoreError(
        f"the queue of jobs cannot be made ({what}); run `{grant}` as the owner of the database"
    )


def let_go(error: BaseException) -> None:
    """Let go of what the frames of an error hold, and of those that led to it.

    Connections that were given up in the midst of being made are among that. Whoever waits for the
    server with such an error in its hands keeps it from stopping: it waits a minute for each
    (authentication_timeout), since nobody reads what it has answered.
    """
    behind, known = [error], {id(error)}
    while behind:
        one = behind.pop()
        traceback.clear_frames(one.__traceback__)
        further = [one.__cause__, one.__context__]
        if isinstance(one, BaseExceptionGroup):
            further += one.exceptions
        for other in further:
            if other is not None and id(other) not in known:
                known.add(id(other))
                behind.append(other)
