"""`aggregator scheduler`, `worker`, `web`: the processes of a fleet."""

from __future__ import annotations

import click

from aggregator.cli.options import config_option, load_config

_STATUS = """\b
Exit status:
  0   stopped as asked
  75  another process works alone on the database (`aggregator run`), or has the name
  78  the configuration or the database cannot be used
"""

_name_option = click.option(
    "--name", metavar="NAME", help="What status calls it (default: machine and process)."
)

SCHEDULER_EPILOG = f"""\b
Examples:
  aggregator scheduler --config /etc/aggregator/config.toml

\b
Signals:
  SIGHUP            reload the configuration, for the whole fleet
  SIGTERM, Ctrl-C   finish, within 10 seconds; a second one ends at once

{_STATUS}"""

WORKER_EPILOG = f"""\b
Examples:
  aggregator worker
  aggregator worker --concurrency 64 --name rack2-1

\b
Signals:
  SIGTERM, Ctrl-C   let polls that have begun end, within 10 seconds, and give the rest back

{_STATUS}"""

WEB_EPILOG = f"""\b
Examples:
  aggregator web --name rack2-8420

{_STATUS}"""


@click.command(epilog=SCHEDULER_EPILOG)
@_name_option
@config_option
def scheduler(*, name: str | None) -> int:
    """Hand out what is due to workers, and keep the database in order.

    Any number may run: one is active, the others wait for its end. Needs [store] url.
    """
    from aggregator.daemon.zygote import starter
    from aggregator.fleet import launch

    return launch.scheduler(load_config(), name=name, starting=starter())


@click.command(epilog=WORKER_EPILOG)
@click.option(
    "--concurrency",
    type=click.IntRange(1, 1000),
    metavar="N",
    help="Batches of sources at a time (default: [polling] concurrency).",
)
@_name_option
@config_option
def worker(*, concurrency: int | None, name: str | None) -> int:
    """Poll the sources that a scheduler hands out.

    Any number may run, on any machine. Needs [store] url.
    """
    from aggregator.daemon.zygote import starter

    # Before the configuration is read: it loads what it needs meanwhile, and holds nothing of ours.
    starting = starter()
    starting.prepare()
    config = load_config()
    from aggregator.fleet import launch

    return launch.worker(config, slots=concurrency, name=name, starting=starting)


@click.command(epilog=WEB_EPILOG)
@_name_option
@config_option
def web(*, name: str | None) -> int:
    """Serve the feeds, pages and the API of a fleet.

    Any number may run, each with a [store] path of its own. Needs [store] url.
    """
    from aggregator.fleet import launch

    return launch.web(load_config(), name=name)
