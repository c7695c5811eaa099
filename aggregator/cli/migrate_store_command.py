"""`aggregator migrate-store`: the database moved to PostgreSQL, or back into a file."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from aggregator.cli.options import config_option
from aggregator.cli.speech import echo
from aggregator.cli.terminal_text import plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from aggregator.store.copies.moving import Compared, Tell

EPILOG = """\b
Examples:
  aggregator migrate-store --from aggregator.db --to postgresql://aggregator@db.example.org/feeds
  aggregator migrate-store --from postgresql://aggregator@db.example.org/feeds --to aggregator.db

\b
Exit status:
  0   all rows are there, and the same
  1   rows differ
  69  there is nothing to move
  74  a database cannot be used now, say because its disk is full
  75  the daemon runs, or another process holds a database
  78  there is a database already where it is to go, or one cannot be used
"""

_FILE = "sqlite://"
#: Of a hash as many digits are shown as tell two apart.
_DIGITS = 16


def _where(_: click.Context, __: click.Parameter, value: str) -> Path | str:
    """Return a file of SQLite as a path, a database on PostgreSQL as its URL."""
    from aggregator.config.mistake_list import WrongValueError
    from aggregator.config.mistake_messages import message
    from aggregator.config.postgres_url import postgres_url

    place = value
    if place.startswith(_FILE):
        place = place.removeprefix(_FILE)
        if not place.startswith("/"):
            raise click.BadParameter(f"“{value}” must be such as {_FILE}/path/to/aggregator.db")
    if "://" not in place:
        return Path(place).absolute()
    try:
        return postgres_url(place)
    except WrongValueError as error:
        raise click.BadParameter(" ".join(map(message, error.mistakes))) from error


@click.command(
    "migrate-store", epilog=EPILOG, short_help="Move the database to PostgreSQL, or back."
)
@click.option(
    "--from", "origin", required=True, metavar="PLACE", callback=_where, help="Where it is."
)
@click.option(
    "--to",
    "destination",
    required=True,
    metavar="PLACE",
    callback=_where,
    help="Where it goes: an empty database on PostgreSQL, or a file that is not there.",
)
@click.option("--verify-only", is_flag=True, help="Move nothing, compare two whole databases.")
@config_option
def migrate_store(origin: Path | str, destination: Path | str, *, verify_only: bool) -> int:
    """Move the database from a file of SQLite to PostgreSQL, or from there into a file.

    A PLACE is a path, sqlite:///path, or postgresql://user@host/database. Feeds are the same then,
    byte for byte. The daemon must not run. Where the database was it stays, as it was. What cut
    this off loses nothing: run it again, and it goes on.
    """
    from aggregator.store.copies.moving import compare, move

    if isinstance(origin, Path) is isinstance(destination, Path):
        raise click.UsageError(
            "one of --from and --to is a file, the other one postgresql://…; a file is copied by "
            "`aggregator backup`, a database on PostgreSQL by pg_dump"
        )
    with _telling() as tell:
        compared = (compare if verify_only else move)(origin, destination, tell)
    echo(_report(compared))
    differing = [one.table for one in compared if not one.is_same]
    if differing:
        told = f"{destination}: not the same as {origin}: {', '.join(differing)}"
        echo(f"aggregator: {plain(told)}", err=True)
        if not verify_only:
            echo("aggregator: run it again: it begins anew", err=True)
        return 1
    rows = sum(one.here.rows for one in compared)
    echo(plain(f"{destination}: {rows} rows, the same as in {origin}"))
    if not verify_only:
        echo(_next_step(destination))
    return 0


def _report(compared: Sequence[Compared]) -> str:
    from aggregator.cli.table import table

    rows = [
        (
            one.table,
            f"{one.there.rows:,}",
            f"{one.here.rows:,}",
            one.here.sha256[:_DIGITS],
            "the same" if one.is_same else "DIFFERS",
        )
        for one in compared
        if one.there.rows or one.here.rows
    ]
    return table(("table", "rows", "rows there", "sha256", "compared"), rows)


def _next_step(destination: Path | str) -> str:
    if isinstance(destination, Path):
        return "now let [store] path name it, and take [store] url out"
    return "now let [store] url name it; [store] path stays"


@contextmanager
def _telling() -> Iterator[Tell]:
    """Lend what learns how far a move is; at a terminal it says so on standard error."""
    is_terminal = sys.stderr.isatty()

    def tell(step: str, table: str, done: int, every: int) -> None:
        if not is_terminal:
            return
        if step == "reading":
            _again(f"reading {table}")
        else:
            _again(f"copying {table}: {done * 100 // max(every, 1)} %")

    try:
        yield tell
    finally:
        if is_terminal:
            echo(err=True)


def _again(told: str) -> None:
    """Write a line in the place of the one before."""
    echo("\r\x1b[K", nl=False, err=True)
    echo(told, nl=False, err=True)
