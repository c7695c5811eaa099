"""`aggregator export static`: write every feed as files."""

from __future__ import annotations

import click

from aggregator.cli.options import config_option, load_config, reading, secrets_beside
from aggregator.cli.speech import echo
from aggregator.cli.terminal_text import plain
from aggregator.model.errors import ConfigError

EPILOG = """\b
Examples:
  aggregator export static

\b
Exit status:
  0   written
  1   a file cannot be written
  69  there is no database yet
  78  the configuration or the database has a mistake, or [publish] names no directory
"""


@click.command(epilog=EPILOG, short_help="Write every feed as files for a web server.")
@config_option
def static() -> None:
    """Write every feed and its archive as files to the directory of [publish], once.

    Beside each are the same bytes compressed. Only what changed is written, and what is no
    longer published is removed. A running daemon does the same by itself whenever a feed changes;
    both may run at once.
    """
    from aggregator.outputs.static_files import publish_all

    config = load_config()
    directory = config.publish.directory
    if directory is None:
        told = f'{config.path}: [publish] names no directory; write there: directory = "public"'
        raise ConfigError((told,))
    with reading(config.path, config.store, secrets_beside(config)) as store:
        count = publish_all(config, store)
    told = f"{count} file{'' if count == 1 else 's'} written or removed in {directory}"
    echo(plain(told))
