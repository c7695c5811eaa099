"""`aggregator poll`: poll now, through the daemon or without one."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

import click

from aggregator.cli.options import config_option, load_config
from aggregator.cli.speech import echo
from aggregator.cli.terminal_text import line, local_time, plain, theirs
from aggregator.language.spoken import retold
from aggregator.model.errors import BusyError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

    from aggregator.config import Config
    from aggregator.config.settings import StoreSettings
    from aggregator.daemon.list_polls import ListResult
    from aggregator.model import PollResult

EPILOG = """\b
Examples:
  aggregator poll                  # what is due
  aggregator poll ithome sspai     # these, due or not
  aggregator poll --force          # everything

\b
Exit status:
  0   every poll succeeded, or nothing was due
  1   a poll failed, or a name is not known
  74  the database cannot be used now: locked, or its disk is full
  75  another `aggregator poll`, or a daemon that is starting, holds the database,
      or a fleet's scheduler elsewhere is to be asked
  78  the configuration or the database cannot be used
"""


@click.command(epilog=EPILOG)
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--force", is_flag=True, help="Poll what is not due, too.")
@config_option
def poll(names: tuple[str, ...], *, force: bool) -> int:
    """Poll what is due, or the named sources and lists, once.

    A running daemon is asked to do it; without one it is done here, and the database is created
    if there is none. A publisher that asked to wait (Retry-After) is not polled before that, not
    even with --force.
    """
    from aggregator.daemon import control
    from aggregator.operations.messages import starting_text

    config = load_config()
    with Progress(config) as progress:
        request = {"do": "poll", "names": list(names), "force": force}
        events = control.ask(config.store.path, request)
        if events is None:
            pid = control.starting(config.store.path)
            if pid is not None:
                raise BusyError(f"{config.store.path}: {starting_text(pid)}")
            _leave_to_a_fleet(config.store)
            return _poll_here(config, names, force=force, progress=progress)
        for event in events:
            match event["event"]:
                case "expect":
                    progress.expect(event["count"])
                case "polled":
                    progress.polled(event["source"], event["text"], ok=event["ok"])
                case "done":
                    return 0 if event["ok"] else 1
                case _:
                    progress.stop()
                    echo(f"aggregator: {plain(str(event['text']))}", err=True)
                    return int(event["exit_status"])
    return 1


def _leave_to_a_fleet(store: StoreSettings) -> None:
    """Raise `BusyError` where a scheduler hands out: hosts are asked by one process at a time."""
    if store.url is None:
        return
    from aggregator.cli.fleet_lines import active_scheduler

    if (active := active_scheduler(store.url, "poll")) is not None:
        raise BusyError(active)


def _poll_here(config: Config, names: tuple[str, ...], *, force: bool, progress: Progress) -> int:
    from aggregator.daemon.once import poll_once
    from aggregator.operations.messages import poll_line

    def report_list(one: ListResult) -> None:
        from aggregator.daemon.list_polls import line_of

        text = line_of(one, partial(local_time, otherwise=""))
        progress.polled(one.name, text, ok=one.health.problem is None)

    def report(result: PollResult) -> None:
        at = local_time(result.plan.at, otherwise="", to="seconds")
        progress.polled(result.source, poll_line(result, at), ok=result.problem is None)

    fine = poll_once(
        config, names, force=force, report=report, report_list=report_list, expect=progress.expect
    )
    return 0 if fine else 1


class Progress:
    """Tells how far the polls are: by a bar on a terminal, elsewhere by a line a source."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._on_terminal = sys.stdout.isatty() and sys.stderr.isatty()
        self._stack = ExitStack()
        self._advance: Callable[[str], None] | None = None
        self._failed: list[str] = []
        self._polled = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def expect(self, count: int) -> None:
        """Learn how many sources there are to poll."""
        if count == 0:
            echo(_nothing_to_do(self._config.store))
        elif self._on_terminal:
            self._show_bar(count)

    def polled(self, source: str, text: str, *, ok: bool) -> None:
        """Learn how the poll of one source ended."""
        self._polled += 1
        rest = text.removeprefix(source)
        told = line(text) if rest == text else f"{theirs(source)}{line(rest)}"
        if self._advance is None:
            echo(told)
            return
        if not ok:
            self._failed.append(told)
        self._advance(source)

    def stop(self) -> None:
        """End the bar and say below it what failed."""
        if self._advance is None:
            return
        self._advance = None
        self._stack.close()
        for told in self._failed:
            echo(told)
        echo(f"{self._polled} polled, {len(self._failed)} failed")

    def _show_bar(self, count: int) -> None:
        bar = self._stack.enter_context(
            click.progressbar(
                length=count,
                label=retold("polling"),
                show_pos=True,
                show_eta=False,  # the slow ones come last; a guess would only grow
                item_show_func=lambda source: line(source or ""),
                file=sys.stderr,
            )
        )

        def advance(source: str) -> None:
            bar.update(1, source)

        self._advance = advance


def _nothing_to_do(place: StoreSettings) -> str:
    from aggregator.store.opening import open_reader

    store = open_reader(place)
    try:
        rows = store.status()
    finally:
        store.close()
    waiting = [
        (row.next_poll_at, row.name) for row in rows if row.enabled and row.next_poll_at is not None
    ]
    if not waiting:
        return "nothing is due: no source is enabled"
    moment, name = min(waiting)
    return (
        f"nothing is due; next: {theirs(name)} at {local_time(moment, otherwise='', to='seconds')}"
    )
