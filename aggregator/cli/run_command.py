"""`aggregator run`: the daemon in the foreground."""

from __future__ import annotations

import click

from aggregator.cli.options import config_option, load_config

EPILOG = """\b
Examples:
  aggregator run
  aggregator run --config /etc/aggregator/config.toml

\b
Signals:
  SIGHUP            reload the configuration
  SIGTERM, Ctrl-C   finish, within 10 seconds; a second one ends at once

\b
Exit status:
  0   stopped as asked
  75  another process holds the database (its pid is named)
  78  the configuration or the database cannot be used
"""


@click.command(epilog=EPILOG)
@config_option
def run() -> int:
    """Poll the sources and serve the feeds, until told to stop.

    Creates the database if there is none. Logs to standard error.
    """
    from aggregator.daemon.zygote import starter

    # Before the configuration is read: it loads what it needs meanwhile, and holds nothing of ours.
    starting = starter()
    starting.prepare()
    config = load_config()
    from aggregator.daemon import launch

    return launch.run(config, starting=starting)
