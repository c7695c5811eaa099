"""`aggregator export`."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from aggregator.cli.options import config_option, load_config
from aggregator.errors import AggregatorError

if TYPE_CHECKING:
    from aggregator.model import Source

EPILOG = """\b
Examples:
  aggregator export opml backup.opml
  aggregator export opml | less

\b
Exit status:
  0   written
  1   the file cannot be written
  78  the configuration has mistakes
"""


@click.group(epilog=EPILOG, short_help="Write the sources to a file for other programs.")
def export() -> None:
    """Write the sources to a file that other programs, and `aggregator import`, read."""


@export.command(epilog=EPILOG, short_help="Write the sources as OPML.")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@config_option
def opml(file: Path | None) -> None:
    """Write the sources of the configuration as OPML to FILE, or to standard output.

    Holds each source's name, title, tags and whole URL, private sources and secrets in URLs
    included, so that `aggregator import opml` brings the same sources back; only its owner can
    read a FILE.
    """
    from aggregator.opml import write

    config = load_config()
    document = write("aggregator", config.sources)
    if file is None or str(file) == "-":
        sys.stdout.buffer.write(document)
        sys.stdout.buffer.flush()
    else:
        _write_privately(file, document)
        count = len(config.sources)
        click.echo(f"{count} source{'' if count == 1 else 's'} written to {file}")
    secret = [source.name for source in config.sources if _is_secret(source)]
    if secret:
        some = ", ".join(secret[:5]) + (", …" if len(secret) > 5 else "")
        click.echo(f"warning: holds what nobody else should see: the URLs of {some}", err=True)


def _is_secret(source: Source) -> bool:
    from aggregator.redact import redact

    return source.private or redact(source.url) != source.url


def _write_privately(file: Path, document: bytes) -> None:
    """Write a file that only its owner can read, whole or not at all; a device is written to."""
    fresh: Path | None = None
    try:
        if file.exists() and not file.is_file():
            file.write_bytes(document)
            return
        file = file.resolve()
        handle, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)  # mode 0600
        fresh = Path(name)
        with os.fdopen(handle, "wb") as opened:
            opened.write(document)
            opened.flush()
            os.fsync(handle)
        fresh.replace(file)
    except (OSError, RuntimeError, ValueError) as error:  # links in a circle, a NUL
        reason = error.strerror if isinstance(error, OSError) else error
        raise AggregatorError(f"{file}: cannot be written: {reason}") from error
    finally:
        if fresh is not None:
            fresh.unlink(missing_ok=True)
