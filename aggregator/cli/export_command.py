"""`aggregator export`: write sources as OPML, stories as posts, or everything."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from aggregator.cli.database_commands import export_database
from aggregator.cli.export_static_command import static
from aggregator.cli.options import all_secrets, config_option, load_config, reading, secrets_beside
from aggregator.cli.speech import echo
from aggregator.cli.terminal_text import plain, theirs
from aggregator.model.errors import AggregatorError, ConfigError, StoreError

if TYPE_CHECKING:
    from aggregator.config import Config
    from aggregator.model import Source
    from aggregator.rules.secrets import Secrets

#: What the document calls itself: other readers' lists have other titles.
_TITLE = "aggregator"

OPML_EPILOG = """\b
Examples:
  aggregator export opml backup.opml
  aggregator export opml | less

\b
Exit status:
  0   written
  1   the file cannot be written, or is something else
  78  the configuration has a mistake
"""
POSTS_EPILOG = """\b
Examples:
  aggregator export posts
  aggregator --config site.toml export posts && hexo generate

\b
Exit status:
  0   written
  1   a file cannot be written
  69  there is no database yet
  78  the configuration, a template or the database has a mistake
"""
EPILOG = """\b
Examples:
  aggregator export opml backup.opml
  aggregator export posts
  aggregator export static
  aggregator export database everything.jsonl

\b
Exit status:
  0   written
  1   a file cannot be written
  69  there is no database yet
  78  the configuration, a template or the database has a mistake
"""


@click.group(epilog=EPILOG, short_help="Write sources, stories, feeds or everything as files.")
def export() -> None:
    """Write what is here to files that other programs read."""


export.add_command(static)
export.add_command(export_database)


@export.command(epilog=OPML_EPILOG, short_help="Write the sources as OPML.")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@config_option
def opml(file: Path | None) -> None:
    """Write the sources of the configuration as OPML to FILE, or to standard output.

    Holds each source's name, title, tags, whole URL and how it is polled and read, private sources
    and secrets in URLs included, so that `aggregator import opml` brings the same sources back;
    those with the same first tag lie in a folder. Only its owner can read a FILE, and nothing but
    an older export is replaced.
    """
    from aggregator.cli.private_file import write_privately
    from aggregator.config.opml import write
    from aggregator.store.copies.named_files import demand_writable

    config = load_config()
    document = write(_TITLE, config.sources, _titles(config), config.rsshub.instances)
    if file is None or str(file) == "-":
        sys.stdout.buffer.write(document)
        sys.stdout.buffer.flush()
    else:
        demand_writable(file, config.store.path, _is_export, "export of sources")
        write_privately(file, (document,))
        count = len(config.sources)
        echo(f"{count} source{'' if count == 1 else 's'} written to {file}")
    secrets = all_secrets(config)
    secret = [source.name for source in config.sources if _is_secret(source, secrets)]
    if secret:
        some = ", ".join(map(theirs, secret[:5])) + (", …" if len(secret) > 5 else "")
        echo(f"warning: holds what nobody else should see: the URLs of {some}", err=True)


def _is_export(head: bytes) -> bool:
    """Tell whether a file that begins so is one that this command has written."""
    return b"<opml " in head and f"<title>{_TITLE}</title>".encode() in head


def _titles(config: Config) -> dict[str, str]:
    """Return what documents call themselves, as far as the database knows it."""
    try:
        with reading(config.path, config.store) as store:
            return store.titles(tuple(source.name for source in config.sources))
    except StoreError:  # none yet, or none that may be read: a list of sources needs none
        return {}


@export.command(epilog=POSTS_EPILOG, short_help="Write stories as posts for a site generator.")
@config_option
def posts() -> int:
    """Write the stories of every [[exports]] as posts for Hexo, Hugo or Jekyll, once.

    Only what is new or changed is written. A running daemon does the same by itself whenever a
    feed changes; both may run at once. What is wrong with one keeps no other from being written.
    """
    from aggregator.daemon.workers import Worker
    from aggregator.outputs.post_files import Exporter
    from aggregator.rules.held_secrets import secrets_of

    config = load_config()
    if not config.exports:
        echo(f"nothing to do: {config.path} has no [[exports]]")
        return 0
    with reading(config.path, config.store, secrets_beside(config)) as store:
        exporter = Exporter(
            store,
            config.path.parent,
            config.exports,
            make_worker=Worker,
            secrets=secrets_of(config.sources),
        )
        status = 0
        for wanted in config.exports:
            try:
                count = exporter.run(wanted, config.exported(wanted))
            except AggregatorError as error:
                status = max(status, _told(error))
            else:
                told = f"{count} post{'' if count == 1 else 's'} written to {wanted.directory}"
                echo(plain(told))
    return status


def _told(error: AggregatorError) -> int:
    """Tell a mistake that ends one export of several; return its exit status."""
    lines = error.lines if isinstance(error, ConfigError) else (f"aggregator: {error}",)
    for line in lines:
        echo(plain(line), err=True)
    return error.exit_status


def _is_secret(source: Source, secrets: Secrets) -> bool:
    from aggregator.stories.concealment import public_poll_url

    return any(public_poll_url(source, url, secrets) != url for url in source.urls)
