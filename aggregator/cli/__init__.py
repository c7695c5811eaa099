"""The command line: one thin module a command.

What a command needs is imported when it runs, so that `--help` and a typing error cost nothing.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

import aggregator
from aggregator.cli.add_command import add
from aggregator.cli.backup_commands import backup, restore
from aggregator.cli.check_command import check
from aggregator.cli.database_commands import compact
from aggregator.cli.doctor_command import doctor
from aggregator.cli.entries_command import entries
from aggregator.cli.explain_command import explain
from aggregator.cli.export_command import export
from aggregator.cli.fleet_commands import scheduler, web, worker
from aggregator.cli.import_command import import_
from aggregator.cli.init_command import init
from aggregator.cli.lint_command import lint
from aggregator.cli.logs_command import logs
from aggregator.cli.migrate_store_command import migrate_store
from aggregator.cli.notify_command import notify
from aggregator.cli.options import config_option
from aggregator.cli.output import take_over
from aggregator.cli.passwd_command import passwd
from aggregator.cli.poll_command import poll
from aggregator.cli.preview_command import preview
from aggregator.cli.reload_command import reload
from aggregator.cli.rules_command import rules
from aggregator.cli.run_command import run
from aggregator.cli.search_command import search
from aggregator.cli.source_commands import disable, enable, remove, rename, tag
from aggregator.cli.speech import echo, show_error, speak_in_help
from aggregator.cli.status_command import status
from aggregator.cli.stories_command import stories
from aggregator.cli.terminal_text import plain
from aggregator.language.choice import chosen
from aggregator.language.spoken import speak
from aggregator.model.errors import AggregatorError, ConfigError
from aggregator.runtime.garbage import collect_rarely, leave_the_rest

if TYPE_CHECKING:
    from collections.abc import Sequence

#: What a shell reports for a program that Ctrl-C ended: 128 + SIGINT.
INTERRUPTED = 130

EPILOG = """\b
Examples:
  aggregator init                  # a config.toml to begin with
  aggregator check                 # is config.toml right?
  aggregator run                   # poll and serve until Ctrl-C
  aggregator poll ithome           # poll one source now
  aggregator status                # how are the sources?
  aggregator add sspai.com         # one more source: the feed that this page names

Every command has its own --help. Everything that can be set is in config.toml.
"""


@click.group(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=EPILOG,
)
@config_option
@click.version_option(aggregator.__version__, "-V", "--version", message="%(prog)s %(version)s")
def commands() -> None:
    """Poll RSS, Atom and JSON feeds, keep their entries, and republish them as merged feeds."""


for command in (
    init, run, reload, check, add, remove, disable, enable, rename, tag, import_, export, poll,
    status, logs, search, entries, explain, stories, rules, preview, lint, compact, backup, restore,
    migrate_store, doctor, notify, passwd, scheduler, worker, web,
):  # fmt: skip
    commands.add_command(command)


def main() -> None:
    """Run the command that the process was started with; never returns.

    Trouble that is expected ends with a message on standard error and its exit status, a bug with
    a traceback.
    """
    collect_rarely()
    take_over()
    speak(chosen(sys.argv[1:], os.environ))
    speak_in_help(commands)
    status = _status_of_run()
    leave_the_rest()
    sys.exit(status)


def _demand_text(words: Sequence[str]) -> None:
    """Raise `click.UsageError` for a word that no file, database or terminal could hold as text."""
    for word in words:
        try:
            word.encode()
        except UnicodeEncodeError as error:
            shown = os.fsencode(word).decode(errors="backslashreplace")
            raise click.UsageError(f'"{plain(shown)}" is not UTF-8; write it in UTF-8') from error


def _status_of_run() -> int:
    try:
        _demand_text(sys.argv[1:])
        returned = commands.main(prog_name="aggregator", standalone_mode=False)
    except click.ClickException as error:
        show_error(error)
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except ConfigError as error:  # its lines say themselves where they come from
        for line in error.lines:
            echo(plain(line), err=True)
        return error.exit_status
    except AggregatorError as error:
        echo(f"aggregator: {plain(str(error))}", err=True)
        return error.exit_status
    return returned if isinstance(returned, int) else 0
