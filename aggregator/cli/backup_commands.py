"""`aggregator backup` and `aggregator restore`: the database's file, saved and put back."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from aggregator.cli.looking_through import looking_through
from aggregator.cli.options import config_option, database_file, load_config
from aggregator.cli.speech import echo
from aggregator.cli.terminal_text import plain

BACKUP_EPILOG = """\b
Examples:
  aggregator backup /mnt/nas/aggregator.db
  aggregator backup --keep 7 /var/lib/aggregator/backups

\b
Exit status:
  0   written, and looked through
  1   FILE is something else than a backup, and stays
  69  there is no database yet
  74  there is no room, or it cannot be written now
  78  the configuration has mistakes, or the database is damaged
"""
RESTORE_EPILOG = """\b
Examples:
  aggregator restore backups/aggregator-2026-11-30-040000.db   # after: systemctl stop aggregator

\b
Exit status:
  0   the database is that of the backup
  69  there is no such file
  74  there is no room, or another program has the database open
  75  the daemon runs, or another process holds the database
  78  the configuration has mistakes, or the backup is damaged or no database of ours
"""


@click.command(epilog=BACKUP_EPILOG, short_help="Copy the database, while the daemon runs.")
@click.argument("place", metavar="FILE|FOLDER", type=click.Path(path_type=Path))
@click.option(
    "--keep",
    type=click.IntRange(min=1),
    metavar="N",
    help="Of the dated backups in FOLDER, keep the newest N.",
)
@config_option
def backup(place: Path, keep: int | None) -> None:
    """Copy the database to FILE, or into FOLDER under a name with the time in UTC.

    One whole file of one moment, for its owner alone, looked through with all its texts. The daemon
    may run. Nothing but an older backup is replaced. With --keep, a FOLDER that is not there is
    made. It holds the passwords and keys of sources; the configuration and its files of secrets are
    not in it.
    """
    from aggregator.store.copies.backups import back_up, dated, drop_surplus

    config = load_config()
    database = database_file(config.store, "pg_dump writes it to a file")
    if keep is not None:
        if place.exists() and not place.is_dir():
            raise click.UsageError(f"--keep is for a folder, and {place} is a file")
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
    now = datetime.now(UTC)
    file = place / dated(now) if place.is_dir() else place
    with looking_through() as tell:
        done = back_up(database, file.absolute(), tell)
    echo(plain(f"{config.store.path}: {done.size / (1 << 20):.1f} MiB in {file}, whole"))
    if keep is not None and (gone := drop_surplus(place, keep, now)):
        echo(plain(f"{place}: {gone} older removed"))


@click.command(epilog=RESTORE_EPILOG, short_help="Put a backup in the place of the database.")
@click.argument("file", type=click.Path(path_type=Path))
@config_option
def restore(file: Path) -> None:
    """Put the backup FILE in the place of the database, which is kept beside it.

    The daemon must not run. FILE is copied, and looked through before anything is changed. One of
    an earlier version is upgraded when the daemon starts.
    """
    from aggregator.store.copies.backups import restore as put_back

    config = load_config()
    database = database_file(config.store, "pg_restore puts a pg_dump in its place")
    now = datetime.now(UTC)
    with looking_through() as tell:
        kept = put_back(database, file.absolute(), now, tell)
    echo(plain(f"{config.store.path}: restored from {file}"))
    if kept is not None:
        echo(plain(f"what was there is {kept}"))
