"""`aggregator export database`, `import database` and `compact`: the database as a whole."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import IO

import click

from aggregator.cli.options import config_option, database_file, load_config
from aggregator.cli.speech import echo
from aggregator.cli.terminal_text import plain

EXPORT_EPILOG = """\b
Examples:
  aggregator export database everything.jsonl
  aggregator export database | zstd > everything.jsonl.zst

\b
Exit status:
  0   written
  1   the file cannot be written, or is something else
  69  there is no database yet
  78  the configuration or the database has a mistake
"""
IMPORT_EPILOG = """\b
Examples:
  aggregator import database everything.jsonl
  zstd -dc everything.jsonl.zst | aggregator import database -

\b
Exit status:
  0   the database is there
  1   the file is not what was exported; the line is named
  74  the database cannot be written now, say because its disk is full
  75  another process holds the database
  78  the configuration has mistakes, or there is a database already
"""
COMPACT_EPILOG = """\b
Examples:
  aggregator compact               # after: systemctl stop aggregator

\b
Exit status:
  0   done
  69  there is no database yet
  74  its disk has not twice its size free, or another program has it open
  75  the daemon runs, or another process holds the database
  78  the configuration has mistakes, or the database is damaged
"""


@click.command("database", epilog=EXPORT_EPILOG, short_help="Write everything as JSON lines.")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@config_option
def export_database(file: Path | None) -> None:
    """Write everything that the database holds to FILE, or to standard output, as JSON lines.

    One object a line: a head, then each row of each table, then how many there are. `aggregator
    import database` makes the same database of it, on any machine. Passwords and keys of sources
    are included; only its owner can read a FILE, and nothing but an older export is replaced. The
    daemon may run.
    """
    from aggregator.cli.private_file import write_privately
    from aggregator.store.copies.exporting import export
    from aggregator.store.copies.named_files import demand_writable
    from aggregator.store.copies.stored_lines import begins

    config = load_config()
    database = database_file(config.store, "pg_dump writes it to a file")
    if str(file) == "-":
        file = None
    if file is not None:
        demand_writable(file, database, begins, "export of a database")
    parts = export(database, datetime.now(UTC))
    head = next(parts)  # whether there is a database at all, before anything is said or made
    echo(
        "warning: holds what nobody else should see: the passwords, keys and private addresses of "
        "all sources",
        err=True,
    )
    if file is None:
        sys.stdout.buffer.write(head)
        sys.stdout.buffer.writelines(parts)
        sys.stdout.buffer.flush()
    else:
        write_privately(file, chain((head,), parts))
        echo(f"{config.store.path} written to {file}")


@click.command(
    "database", epilog=IMPORT_EPILOG, short_help="Make a database of exported JSON lines."
)
@click.argument("file", type=click.File("rb"))
@config_option
def import_database(file: IO[bytes]) -> None:
    """Make the database of what `aggregator export database` wrote to FILE ("-": standard input).

    There must be none yet, or one that holds nothing. Every line is checked, and the whole before
    it takes its place; with anything wrong nothing is made. Feeds are the same then, byte for
    byte; an export of an earlier version is brought to this one.
    """
    from aggregator.store.copies.importing import import_lines

    config = load_config()
    database = database_file(config.store, "pg_restore puts a pg_dump in its place")
    counts = import_lines(database, file)
    told = f"{config.store.path}: {counts['sources']} sources and {counts['entries']} entries"
    echo(plain(told))


@click.command(epilog=COMPACT_EPILOG, short_help="Write the database anew, as small as it can be.")
@config_option
def compact() -> None:
    """Write the database anew, without the room that forgotten entries have left in its file.

    The daemon must not run. Twice the database's size must be free on its disk. The new file is
    looked through before it takes the place of the old one: whatever interrupts this, nothing is
    lost.
    """
    from aggregator.store.upkeep.compaction import compact as rewrite

    config = load_config()
    instead = "autovacuum gives room back there, or VACUUM FULL"
    done = rewrite(database_file(config.store, instead))
    before, after = (f"{size / (1 << 20):.1f} MiB" for size in (done.before, done.after))
    echo(plain(f"{config.store.path}: {before} before, {after} now"))
