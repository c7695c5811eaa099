"""`aggregator check`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from aggregator.cli.options import config_option, load_config
from aggregator.cli.show import line, plain
from aggregator.cli.table import table, terminal_width

if TYPE_CHECKING:
    from aggregator.config import Config
    from aggregator.model import Feed, Source

#: The formats under which a feed is served.
FORMATS = ("atom", "rss", "json")

EPILOG = """\b
Examples:
  aggregator check
  aggregator check --config new.toml && mv new.toml config.toml && aggregator reload

\b
Exit status:
  0   the file can be used (warnings are on standard error)
  78  it has mistakes; each is on standard error with file and line
"""


@click.command(epilog=EPILOG, short_help="Check the configuration; print what it would do.")
@config_option
def check() -> None:
    """Check the configuration; print what would be polled and published.

    Needs neither a database nor the network, and changes nothing.
    """
    config = load_config()
    for warning in config.warnings:
        click.echo(f"warning: {plain(warning)}", err=True)
    click.echo(
        f"{config.path}: {_count(config.sources, 'source')}, {_count(config.feeds, 'feed')}; "
        f"database {config.store.path}"
    )
    if config.sources:
        click.echo("\nPolled:\n")
        click.echo(_sources(config))
    click.echo("\nPublished:")
    for feed in config.feeds:
        click.echo(f"\n{_feed(feed, config)}")


def _count(things: tuple[Source, ...] | tuple[Feed, ...], noun: str) -> str:
    return f"{len(things)} {noun}{'' if len(things) == 1 else 's'}"


def _sources(config: Config) -> str:
    from aggregator.config import written

    polling = config.polling
    adaptive = f"{written(polling.min_interval)} to {written(polling.max_interval)}"
    rows = []
    for source in config.sources:
        interval = written(source.interval) if source.interval else adaptive
        rows.append(
            (
                source.name,
                interval if source.enabled else "disabled",
                source.timezone,
                ", ".join(source.tags),
                " ".join(source.urls),  # no URL holds a space
            )
        )
    headers = ("source", "interval", "time zone", "tags", "url")
    return table(headers, rows, width=terminal_width())


def _feed(feed: Feed, config: Config) -> str:
    from aggregator.config import written

    chosen = [source.name for source in config.sources if feed.selects(source)]
    names = ", ".join(chosen) or "none yet"
    every = "every source: " if len(chosen) == len(config.sources) > 0 else ""
    lines = [line(f"{feed.name} ({feed.title})")]
    lines += [f"  {config.server.base_url}/feeds/{feed.name}.{suffix}" for suffix in FORMATS]
    lines.append(f"  sources: {every}{names}")
    lines.append(
        f"  {written(feed.window)} of stories, at least {feed.min_entries}, at most {feed.limit}"
    )
    return "\n".join(lines)
