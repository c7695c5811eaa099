"""How a connection to the database is opened: file mode, pragmas, read-only or writing."""

# sqlite: the whole module

from __future__ import annotations

import os
import sqlite3
from typing import TYPE_CHECKING

from aggregator.model.errors import NoStoreError, StoreError
from aggregator.store.migrations import SCHEMA_VERSION, check_readable, migrate

if TYPE_CHECKING:
    from pathlib import Path

#: How long a statement waits for another process's lock (an operator's own sqlite3, a backup).
BUSY_TIMEOUT_MS = 5_000


def open_writer(path: Path) -> sqlite3.Connection:
    """Open (or create, mode 0600) the database for writing and bring it to today's schema."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # SQLite makes the file by the umask: the mode is ours to set before the first byte.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        connection = _connect(f"file:{_quoted(path)}?mode=rw")
    except (OSError, sqlite3.Error) as error:
        raise StoreError(f"{path}: cannot be opened for writing: {error}") from error
    try:
        check_readable(connection, path)
        connection.execute("PRAGMA journal_mode = WAL")
        # A power loss may undo the newest commits, whole: validators go with their entries, so
        # that the next poll brings them again (sqlite.org/pragma.html#pragma_synchronous).
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA journal_size_limit = 16777216")
        migrate(connection, path)
    except sqlite3.Error as error:
        connection.close()
        raise StoreError(f"{path}: {error}") from error
    except BaseException:
        connection.close()
        raise
    return connection


def open_reader(path: Path) -> sqlite3.Connection:
    """Open an existing database for reading only; raises `NoStoreError` when there is none."""
    try:
        path.stat()
    except FileNotFoundError as error:
        raise NoStoreError(
            f"{path}: no database yet; `aggregator run` or `aggregator poll` creates it"
        ) from error
    except OSError as error:
        raise StoreError(
            f"{path}: {error.strerror}; ask as the user that runs the daemon"
        ) from error
    try:
        connection = _connect(f"file:{_quoted(path)}?mode=ro")
        connection.execute("PRAGMA query_only = ON")
        version = check_readable(connection, path)
    except sqlite3.Error as error:
        raise StoreError(
            f"{path}: cannot be read: {error}; ask as the user that runs the daemon"
        ) from error
    if 0 < version < SCHEMA_VERSION:
        connection.close()
        raise StoreError(
            f"{path}: written by an earlier version (schema {version}, this one reads "
            f"{SCHEMA_VERSION}); `aggregator run` or `aggregator poll` upgrades it and keeps a copy"
        )
    if version == 0:
        connection.close()
        raise NoStoreError(f"{path}: the database is empty; `aggregator run` fills it")
    return connection


def _connect(uri: str) -> sqlite3.Connection:
    # Transactions are ours (BEGIN IMMEDIATE in the writer); threads take turns by construction.
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    return connection


def _quoted(path: Path) -> str:
    return str(path.absolute()).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
