"""`aggregator reload`: make the running daemon take over config.toml."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from aggregator.cli.options import config_option, config_path
from aggregator.cli.speech import echo
from aggregator.cli.terminal_text import plain
from aggregator.model.errors import AggregatorError, ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aggregator.config.settings import StoreSettings
    from aggregator.daemon.control import Event

#: EX_UNAVAILABLE of sysexits.h.
NO_DAEMON = 69

EPILOG = """\b
Examples:
  aggregator reload
  systemctl reload aggregator      # the same, for the service

\b
Exit status:
  0   taken over; what changed is printed
  69  no daemon runs, or it waits for its database (the file is checked nevertheless)
  78  the file has mistakes; the daemon keeps the configuration it has
"""


@click.command(epilog=EPILOG)
@config_option
def reload() -> int:
    """Make the running daemon take over an edited configuration.

    The whole file is checked first. With any mistake nothing changes, and every mistake is named
    with its line. A change of the database's place or of the address to listen on takes a restart.
    """
    from aggregator.config import load, store_place
    from aggregator.daemon import control

    path = config_path()
    broken = None
    try:
        store = load(path).store
    except ConfigError as error:
        broken = error
        found = store_place(path)
        if found is None:
            raise
        store = found
    # A daemon is asked even about a broken file: then its log and `status` say so too.
    events = control.ask(store.path, {"do": "reload"})
    if events is None:
        if broken is not None:
            raise broken
        echo(f"{path} is valid.")
        echo(f"aggregator: {_nobody(store)}", err=True)
        return NO_DAEMON
    return tell(events)


def _nobody(store: StoreSettings) -> str:
    """Return who is to be asked, where nobody answers."""
    from aggregator.daemon import control

    if (pid := control.starting(store.path)) is not None:
        return _not_yet(pid)
    if (active := _active(store)) is not None:
        return plain(active)
    return (
        f"no daemon runs on {store.path.absolute()}; `aggregator run` starts one "
        "(one that was started before [store] path changed needs a restart)"
    )


def tell(events: Iterator[Event]) -> int:
    """Print what the daemon says about its reload and return the exit status."""
    for event in events:
        if event["event"] == "error":
            echo(plain(str(event["text"])), err=True)
            echo("aggregator: the daemon keeps the configuration it has", err=True)
            return int(event["exit_status"])
        if event["event"] == "done":
            echo(f"reloaded: {plain(str(event['text']))}")
            for change in event.get("changes", ()):
                echo(f"  {plain(str(change))}")
            for warning in event.get("warnings", ()):
                echo(f"warning: {plain(str(warning))}", err=True)
            return 0
    raise AggregatorError("the daemon gave no answer")


def reload_if_running(store: StoreSettings) -> int:
    """Make a running daemon take over what was written, or say how to start one."""
    from aggregator.daemon import control

    events = control.ask(store.path, {"do": "reload"})
    if events is not None:
        return tell(events)
    if (pid := control.starting(store.path)) is not None:
        echo(_not_yet(pid))
    elif (active := _active(store)) is not None:
        echo(plain(active))
    else:
        echo("No daemon runs; `aggregator run` starts one.")
    return 0


def _active(store: StoreSettings) -> str | None:
    """Return in a sentence where a fleet's scheduler takes it over, `None` where there is none."""
    if store.url is None:
        return None
    from aggregator.cli.fleet_lines import active_scheduler

    return active_scheduler(store.url, "reload")


def _not_yet(pid: str) -> str:
    from aggregator.operations.messages import starting_text

    return f"{starting_text(pid)}; reload again once it serves"
