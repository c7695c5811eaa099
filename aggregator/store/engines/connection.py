"""How a connection to the database is opened: file mode, pragmas, read-only or writing."""

# sqlite: the whole module

from __future__ import annotations

import os
import sqlite3
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from aggregator.model.errors import NoStoreError, StoreError, StoreUnavailableError
from aggregator.runtime.late_modules import LateModule
from aggregator.store.engines.schema_version import SCHEMA_VERSION, check_readable
from aggregator.store.engines.sqlite_errors import primary_code, store_error
from aggregator.store.texts.text_dictionaries import check_codecs

if TYPE_CHECKING:
    from aggregator.store.schemas import migrations
else:  # with all that they read of old versions, for the few starts that upgrade
    migrations = LateModule("aggregator.store.schemas.migrations")

#: How long a statement waits for another process's lock (an operator's own sqlite3, a backup).
BUSY_TIMEOUT_MS = 5_000

#: Statements that a connection keeps prepared: more than there are.
PREPARED_STATEMENTS = 512


def open_writer(path: Path) -> sqlite3.Connection:
    """Open (or create, mode 0600) the database for writing and bring it to today's schema.

    Raises `StoreUnavailableError` for what may pass (locked, full, read-only, an I/O error),
    another `StoreError` for what needs somebody to mend it.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        make_private(path)
        _refuse_second_name(path)
        connection = connect(path, "rw")
    except (OSError, sqlite3.Error) as error:
        raise store_error(path, error) from error
    try:
        version = check_readable(connection, path)
        connection = _without_statistics(connection, path)
        connection.execute("PRAGMA journal_mode = WAL")
        # A power loss may undo the newest commits, whole: validators go with their entries, so
        # that the next poll brings them again (sqlite.org/pragma.html#pragma_synchronous).
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA journal_size_limit = 16777216")
        if version == SCHEMA_VERSION:
            check_codecs(connection, path)
        else:
            migrations.migrate(connection, path)
    except (sqlite3.Error, OSError) as error:
        connection.close()
        raise store_error(path, error) from error
    except BaseException:
        connection.close()
        raise
    return connection


def _without_statistics(connection: sqlite3.Connection, path: Path) -> sqlite3.Connection:
    """Return a connection that plans each statement as it was written and measured.

    What ANALYZE counts at one moment turns plans round: an index of which nothing was in use yet
    is never used again, and all stories are read for each new one. Earlier versions let it run.
    """
    rows = connection.execute("SELECT name FROM sqlite_schema WHERE name GLOB 'sqlite_stat[1-4]'")
    tables = [name for (name,) in rows.fetchall()]
    if not tables:
        return connection
    for table in tables:
        connection.execute(f"DROP TABLE {table}")
    connection.close()  # which has read them
    return connect(path, "rw")


def open_reader(path: Path) -> sqlite3.Connection:
    """Open an existing database for reading only; raises `NoStoreError` when there is none."""
    try:
        _refuse_second_name(path)
    except FileNotFoundError as error:
        raise NoStoreError(
            f"{path}: no database yet; `aggregator run` or `aggregator poll` creates it"
        ) from error
    except OSError as error:
        raise StoreError(
            f"{path}: {error.strerror}; ask as the user that runs the daemon, "
            "such as sudo -u aggregator aggregator status"
        ) from error
    try:
        connection = connect(path, "ro")
        connection.execute("PRAGMA query_only = ON")
        version = check_readable(connection, path)
        if version == SCHEMA_VERSION:
            check_codecs(connection, path)
    except StoreError:
        connection.close()
        raise
    except sqlite3.Error as error:
        if primary_code(error) != sqlite3.SQLITE_CANTOPEN:
            raise store_error(path, error) from error
        raise StoreUnavailableError(
            f"{path}: cannot be read: {error}; ask as the user that runs the daemon, "
            "such as sudo -u aggregator aggregator status"
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


def quick_check(connection: sqlite3.Connection) -> str | None:
    """Read every page; return the first damage, on one line, or `None`."""
    (said,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    return None if said == "ok" else " ".join(str(said).split())


def make_private(path: Path) -> None:
    """Make an empty file where there is none; raises `StoreError` for one that we may not write.

    SQLite makes the file by the umask: the mode is ours to set before the first byte. A file that
    is there is not opened: closing any descriptor of it drops the locks that this process has on it
    (sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_).
    """
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        real = Path(os.path.realpath(path))
        if not real.exists():  # a link to where nothing is yet
            real.parent.mkdir(parents=True, exist_ok=True)
            make_private(real)
        elif not all(map(_is_ours, (real, real.parent))):
            message = f"{path}: cannot be opened for writing: the rights of the file or its folder"
            raise StoreError(message) from None


def _is_ours(place: Path) -> bool:
    """Tell whether we may write there, were the disk not read-only at the moment."""
    is_read_only = bool(os.statvfs(place).f_flag & os.ST_RDONLY)
    return is_read_only or os.access(place, os.W_OK, effective_ids=True)


def _refuse_second_name(path: Path) -> None:
    """Raise `StoreError` for what is no file or has a second hard link, `OSError` for no file.

    The journal and the lock go by name: a process that opened the other one would see neither.
    """
    if path.is_dir():
        raise StoreError(f"{path}: is a directory; name a file in [store] path")
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):  # a pipe would be waited for without end
        raise StoreError(f"{path}: is no regular file; set another path in [store]")
    if found.st_nlink > 1:
        raise StoreError(
            f"{path}: the file has a second name (a hard link), and SQLite's journal goes by name; "
            "remove the other one, which `find -samefile` finds"
        )


def connect(path: Path, mode: str) -> sqlite3.Connection:
    """Connect to a file that is there, for reading ("ro") or writing ("rw"), whatever it holds."""
    uri = f"file:{_quoted(path)}?mode={mode}"
    # Transactions are ours (BEGIN IMMEDIATE in the writer); threads take turns by construction.
    connection = sqlite3.connect(
        uri,
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=PREPARED_STATEMENTS,
    )
    connection.row_factory = sqlite3.Row
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    return connection


def _quoted(path: Path) -> str:
    return str(path.absolute()).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
