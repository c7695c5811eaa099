"""`aggregator logs`: the last polls of a source, as the store remembers them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from aggregator.cli.options import config_option, load_config, reading, secrets_beside
from aggregator.cli.speech import echo
from aggregator.cli.terminal_text import local_time, theirs
from aggregator.model.errors import AggregatorError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aggregator.model import PastPoll

EPILOG = """\b
Examples:
  aggregator logs ithome
  aggregator logs ithome --json | jq -r '.[] | select(.problem) | .polled_at'

\b
Exit status:
  0   printed
  1   no source has this name
  69  there is no database yet (its path is named)
  78  the configuration or the database cannot be used
"""


@click.command(epilog=EPILOG, short_help="List the last polls of a source.")
@click.argument("name")
@click.option("--most", default=50, type=click.IntRange(1, 50), help="So many. Default: 50, all.")
@click.option("--json", "as_json", is_flag=True, help="Print a list of objects, times in UTC.")
@config_option
def logs(name: str, most: int, *, as_json: bool) -> None:
    """List the last polls of a source, newest first: when, what came of it, and why then.

    The database remembers 50 of each source. Works whether the daemon runs or not.
    """
    config = load_config()
    with reading(config.path, config.store, secrets_beside(config)) as store:
        report = store.report(name)
    if report is None:
        raise AggregatorError(f"no source is named {theirs(name)}; `aggregator status` lists them")
    polls = report.polls[:most]
    if as_json:
        from aggregator.cli.json_output import print_objects

        print_objects(_objects(polls))
        return
    if not polls:
        echo("never polled")
        return
    echo(_text(polls))


def _text(polls: tuple[PastPoll, ...]) -> str:
    from aggregator.cli.table import table, terminal_width
    from aggregator.operations.messages import past_poll

    rows = [(local_time(one.polled_at, otherwise=""), past_poll(one), one.because) for one in polls]
    return table(("polled", "outcome", "next poll because"), rows, width=terminal_width())


def _objects(polls: tuple[PastPoll, ...]) -> Iterator[dict[str, object]]:
    from aggregator.cli.json_output import utc
    from aggregator.operations.messages import problem_text

    for one in polls:
        yield {
            "polled_at": utc(one.polled_at),
            "outcome": one.outcome.value,
            "new": one.new,
            "updated": one.updated,
            "problem": None if one.problem is None else problem_text(one.problem),
            "because": one.because,
        }
