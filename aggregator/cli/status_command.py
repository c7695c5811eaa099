"""`aggregator status`: how every source is, and what is wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal, assert_never

import click

from aggregator.cli.options import config_option, config_path, load_file, reading
from aggregator.cli.speech import echo, pass_on
from aggregator.cli.table import GAP, table, terminal_width, wrapped
from aggregator.cli.terminal_text import concealed, line, local_time, plain, theirs
from aggregator.language.spoken import retold, verbatim
from aggregator.model.errors import AggregatorError, ConfigError, NoStoreError

if TYPE_CHECKING:
    from pathlib import Path

    from aggregator.config import Config
    from aggregator.config.settings import StoreSettings
    from aggregator.model import Source, SourceStatus
    from aggregator.model.configured import SourceList
    from aggregator.model.members import FleetState
    from aggregator.model.notes import Note
    from aggregator.model.source_lists import StoredList
    from aggregator.store import Store

#: How long a daemon that hangs is waited for; one that works answers in milliseconds.
PATIENCE = timedelta(seconds=5)

EPILOG = """\b
Examples:
  aggregator status
  aggregator status --json | jq -r '.[] | select(.problem) | .name'
  aggregator status --healthy      # for a container's health check

\b
Exit status:
  0   printed, whatever the sources' state; with --healthy: the daemon is well
  1   with --healthy: it is not, and what keeps it from its work is printed
  69  there is no database yet (its path is named)
  78  the configuration has mistakes (the table is printed if the database can be found),
      or the database cannot be used
"""


@click.command(epilog=EPILOG, short_help="Show how every source is, and what is wrong.")
@click.option("--json", "as_json", is_flag=True, help="Print a list of objects, times in UTC.")
@click.option("--healthy", is_flag=True, help="Only say whether the daemon itself is well.")
@click.option(
    "--member", metavar="NAME", help="With --healthy: of a fleet, whether this member is well."
)
@config_option
def status(*, as_json: bool, healthy: bool, member: str | None) -> int:
    """Show how every source is: last success, next poll, entries, what is wrong.

    Lists of sources have a table of their own, and so have the members of a fleet. Below is what
    else is wrong: a daemon that does not run or cannot work, a configuration that was not taken
    over, a feed that is cut short. Works without a daemon, too.
    """
    from aggregator.config import store_place
    from aggregator.model.notes import in_order
    from aggregator.operations.messages import mebibytes

    path = config_path()
    if healthy:
        return _is_healthy(path, member)
    sources: tuple[Source, ...] = ()
    store: StoreSettings
    exit_status = 0
    config: Config | None = None
    try:
        config = load_file(path)
        store, sources = config.store, config.sources
    except ConfigError as error:
        found = store_place(path)
        if found is None:
            raise
        for mistake in error.lines:
            echo(plain(mistake), err=True)
        store, exit_status = found, error.exit_status
    now = datetime.now(UTC)
    try:
        with reading(path, store) as database:
            lists = _lists(config, database)
            rows, notes = _in_order(sources, database.status()), database.notes(now)
            search_bytes = database.search_bytes()
    except NoStoreError:
        if config is not None:
            raise
        return exit_status  # of the mistakes, which may hide where it is
    if as_json:
        pass_on(_json(rows, notes, now).encode())  # UTF-8, whatever the locale
        return exit_status
    if config is not None:
        notes = in_order((*notes, *_crowded(config)))
    further, said = _further(store, lists, notes)
    if search_bytes:
        file = theirs(store.url or f"{store.path.name}.search")
        size = retold(f"{theirs(mebibytes(search_bytes))} in {file}")  # too short beside others
        said.append(("search index", verbatim(size)))
    echo(_text(rows, said, terminal_width(), further=further))
    return exit_status


def _lists(config: Config | None, database: Store) -> list[tuple[SourceList, StoredList | None]]:
    if config is None or not config.lists:
        return []
    from aggregator.cli.list_lines import known_lists

    return known_lists(config, database.lists())


def _further(
    store: StoreSettings,
    lists: list[tuple[SourceList, StoredList | None]],
    notes: tuple[Note, ...],
) -> tuple[list[str], list[tuple[str, str]]]:
    """Return further tables, of lists and of a fleet, and what is told below all of them."""
    fleet: FleetState | None = None
    tables = []
    if store.url is not None:
        from aggregator.cli.fleet_lines import fleet_notes, fleet_of, member_table

        fleet = fleet_of(store.url)
    said = _below(None if fleet else trouble_of_daemon(store.path), notes)
    if lists:
        from aggregator.cli.list_lines import list_notes, list_table

        tables.append(list_table(lists, terminal_width()))
        said += list_notes(lists)
    if fleet:
        tables.append(member_table(fleet, terminal_width()))
        said += fleet_notes(fleet)
    return tables, said


def _is_healthy(path: Path, member: str | None) -> int:
    """Say in a line whether the daemon can work, as `/healthz` does, or a member of a fleet.

    Neither a broken file, nor a source that fails, nor a network that is down matters.
    """
    from aggregator.config import store_place

    store = store_place(path)
    if store is None or (member is not None and store.url is None):
        store = load_file(path).store  # or its mistake, which hides where the members are
    if member is None:
        trouble = trouble_of_daemon(store.path, "works")
    else:
        from aggregator.cli.fleet_lines import member_trouble

        trouble = member_trouble(store, member)
    echo("healthy" if trouble is None else plain(trouble))
    return 0 if trouble is None else 1


def trouble_of_daemon(store_path: Path, well: Literal["ok", "works"] = "ok") -> str | None:
    """Return what is wrong with the daemon itself, or `None` for one that is well.

    Without a network it is not ("ok"), though it works itself ("works").
    """
    from aggregator.daemon import control
    from aggregator.operations.messages import starting_text

    try:
        events = control.ask(store_path, {"do": "health"}, patience=PATIENCE)
        if events is None:
            pid = control.starting(store_path)
            return "not running" if pid is None else starting_text(pid)
        *_, event = events
    except control.NoAnswerError as error:
        match error.how:
            case control.Silence.MUTE:
                return "runs but does not answer"
            case control.Silence.ENDED:
                return "ended before it had answered"
            case _:
                assert_never(error.how)
    except AggregatorError as error:
        return str(error)
    if event["event"] == "error":
        return f"cannot say how it is: {event['text']}"
    return None if event[well] else str(event["text"])


def _in_order(sources: tuple[Source, ...], rows: list[SourceStatus]) -> list[SourceStatus]:
    """Return a row for each configured source, then those that the daemon still has besides."""
    from aggregator.model import SourceStatus
    from aggregator.rules.held_secrets import open_url

    known = {row.name: row for row in rows}
    unseen = [
        SourceStatus(
            name=source.name,
            url=open_url(source, source.url),
            title=source.title,
            enabled=source.enabled,
            entries=0,
            last_poll_at=None,
            last_success_at=None,
            next_poll_at=None,
            because=None,
            problem=None,
            tags=source.tags,
        )
        for source in sources
    ]
    names = {source.name for source in sources}
    return [known.get(row.name, row) for row in unseen] + [
        row for row in rows if row.name not in names
    ]


def _below(trouble: str | None, notes: tuple[Note, ...]) -> list[tuple[str, str]]:
    """Return what is told below the table: headings, each with its sentence."""
    from aggregator.operations.messages import note_lines

    said = [] if trouble is None else [("daemon", trouble)]
    said += [one for note in notes for one in note_lines(note)]
    return said


def _text(
    rows: list[SourceStatus],
    said: list[tuple[str, str]],
    width: int | None,
    *,
    further: list[str],
) -> str:
    from aggregator.operations.messages import problem_text

    cells = [
        (
            row.name,
            local_time(row.last_success_at, otherwise="never"),
            local_time(row.next_poll_at, otherwise="") if row.enabled else "disabled",
            str(row.entries),
            "" if row.problem is None else problem_text(row.problem),
        )
        for row in rows
    ]
    headers = ("source", "last success", "next poll", "entries", "problem")
    titles = [row.title or "" for row in rows]
    text = "no sources"
    if rows:
        text = table(headers, cells, titles=titles, numbers="entries", width=width)
    text = "\n\n".join([text, *further])
    told = [
        wrapped(f"{line(heading)}: {line(sentence)}", width, hanging=GAP)
        for heading, sentence in said
    ]
    return "\n".join([text, *(["", *told] if told else [])])


def _json(rows: list[SourceStatus], notes: tuple[Note, ...], now: datetime) -> str:
    import json

    from aggregator.cli.json_output import utc
    from aggregator.model import Source
    from aggregator.operations.messages import fact_text, problem_text

    return json.dumps(
        [
            {
                "name": row.name,
                "url": concealed(row.url),
                "title": row.title and concealed(row.title),
                "list": Source(row.name, "").of_list,
                "enabled": row.enabled,
                "tags": row.tags,
                "site_url": row.site_url and concealed(row.site_url),
                "entries": row.entries,
                "last_poll_at": utc(row.last_poll_at),
                "last_success_at": utc(row.last_success_at),
                "next_poll_at": utc(row.next_poll_at),
                "host_until_at": utc(_ahead(row.host_until_at, now)),
                "because": row.because,
                "problem": None if row.problem is None else concealed(problem_text(row.problem)),
                "unstable_ids": row.unstable_ids,
                "notes": [
                    concealed(fact_text(note.fact)) for note in notes if note.source == row.name
                ],
            }
            for row in rows
        ],
        indent=2,
        ensure_ascii=False,
    )


def _crowded(config: Config) -> list[Note]:
    """Name the sites whose sources cannot be asked as often as they should be."""
    from aggregator.daemon.terms import is_ours, make_bounds
    from aggregator.model.notes import Note
    from aggregator.schedule.site_load import crowded

    strangers = [
        one
        for one in config.sources
        if one.of_list is not None or not is_ours(one.urls[0], config.network.allow_private)
    ]
    sites = crowded(strangers, make_bounds(config), pause=config.polling.site_pause)
    return [Note(site) for site in sites]


def _ahead(moment: datetime | None, now: datetime) -> datetime | None:
    return moment if moment is not None and moment > now else None
