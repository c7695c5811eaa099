"""`aggregator entries`: what is stored of sources, newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from aggregator.cli.options import config_option, load_config, reading, secrets_beside
from aggregator.cli.speech import pass_on
from aggregator.cli.terminal_text import line, local_time, theirs
from aggregator.model.errors import AggregatorError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime, timedelta

    from aggregator.model.found import EntryLine
    from aggregator.store import Store

#: Entries that are read together.
_AT_ONCE = 200

EPILOG = """\b
Examples:
  aggregator entries --source ithome --since 2d
  aggregator entries --grep '/gpt-[0-9]/' --json

\b
Exit status:
  0   printed
  1   no source has this name
  69  there is no database yet (its path is named)
  78  the configuration or the database cannot be used
"""


@click.command(epilog=EPILOG, short_help="List what is stored of sources, newest first.")
@click.option("--source", "name", metavar="NAME", help="Of this source alone.")
@click.option("--since", metavar="PERIOD", help="Of this long ago at most, such as 36h or 7d.")
@click.option("--grep", metavar="PATTERN", help="With this in title or text; /…/ is a regex.")
@click.option("--most", default=50, type=click.IntRange(1, 10_000), help="So many. Default: 50.")
@click.option("--json", "as_json", is_flag=True, help="Print a list of objects, times in UTC.")
@config_option
def entries(
    name: str | None, since: str | None, grep: str | None, most: int, *, as_json: bool
) -> None:
    """List the entries that are stored, whether a feed shows them or not, newest first.

    By when they came. --grep looks through the titles and texts one after another: plain words, or
    a /regex/, as in the rules of config.toml.
    """
    from aggregator.cli.json_output import print_objects, utc
    from aggregator.daemon.terms import utc_now

    config = load_config()
    if name is not None and all(source.name != name for source in config.sources):
        raise AggregatorError(f"no source is named {theirs(name)}; `aggregator status` lists them")
    after = None if since is None else utc_now() - _period(since)
    wanted = None if grep is None else _pattern(grep)
    told: list[EntryLine] = []
    with reading(config.path, config.store, secrets_beside(config)) as store:
        for one in _lines(store, name, after):
            if wanted is None or wanted(f"{one.title}\n{one.text}"):
                told.append(one)
            if len(told) == most:
                break
    if as_json:
        print_objects(
            {
                "id": one.id,
                "source": one.source,
                "title": one.title,
                "url": one.url,
                "author": one.author,
                "published_at": utc(one.published_at),
                "first_seen_at": utc(one.first_seen_at),
            }
            for one in told
        )
        return
    for one in told:
        at = local_time(one.first_seen_at, otherwise="")
        pass_on(f"{at}  {line(one.source)}  {line(one.title)}  {line(one.url or '')}".rstrip())


def _lines(store: Store, name: str | None, since: datetime | None) -> Iterator[EntryLine]:
    before: int | None = None
    while some := store.entry_lines(source=name, since=since, before=before, most=_AT_ONCE):
        yield from some
        before = some[-1].order_key


def _period(text: str) -> timedelta:
    from aggregator.config.mistake_list import WrongValueError
    from aggregator.config.text_values import duration

    try:
        return duration(text)
    except WrongValueError as error:
        raise AggregatorError(
            f"--since {theirs(text)}: a period is such as 90m, 36h or 7d"
        ) from error


def _pattern(text: str) -> Callable[[str], bool]:
    from aggregator.rules.patterns import first_found, mistake_in, searchable

    if mistake_in(text) is not None:
        raise AggregatorError(f"--grep {theirs(text)}: not a pattern; words, or a /regex/ (RE2)")
    return lambda told: first_found((text,), (searchable(told),)) is not None
