"""`aggregator doctor`: what could keep the daemon from its work, each with its remedy."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from aggregator.cli.options import config_option, config_path, load_file
from aggregator.cli.speech import echo, pass_on
from aggregator.cli.table import GAP, set_left, terminal_width, wrapped
from aggregator.cli.terminal_text import concealed, line
from aggregator.language.spoken import retold

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from aggregator.cli.doctor_checks import Checked

EPILOG = """\b
Examples:
  aggregator doctor
  aggregator doctor --json | jq -r '.[] | select(.level != "ok") | .remedy'

\b
Exit status:
  0   nothing is wrong (there may be warnings)
  1   something is; each has its remedy
"""


@click.command(epilog=EPILOG, short_help="Look for what could keep the daemon from its work.")
@click.option("--json", "as_json", is_flag=True, help="Print a list of objects.")
@config_option
def doctor(*, as_json: bool) -> int:
    """Look for what could keep the daemon from its work, and say what to do.

    Configuration, permissions, the whole database, clock, disk, name servers, trusted certificates,
    libraries, the guard of your network, and the daemon itself. Changes nothing, and asks nobody
    but the machine's own name servers.
    """
    findings = tuple(_findings(config_path()))
    if as_json:
        import json

        rows = [{key: concealed(value) for key, value in asdict(one).items()} for one in findings]
        pass_on(json.dumps(rows, indent=2, ensure_ascii=False).encode())
    else:
        for one in findings:
            echo(_told(one))
    return int(any(one.level == "problem" for one in findings))


def _findings(path: Path) -> Iterator[Checked]:
    from aggregator.cli import doctor_checks as checks

    now = datetime.now(UTC)
    config, found = checks.configuration(lambda: load_file(path))
    yield from found
    if config is not None:
        yield from checks.permissions(config)
        yield from checks.database(config, now)
        yield checks.disk(config)
        yield _daemon(config.store.path)
        yield checks.names(config)
        yield checks.guard(config)
    yield checks.trust()
    yield from checks.libraries()


def _daemon(store: Path) -> Checked:
    from aggregator.cli.doctor_checks import Checked
    from aggregator.cli.status_command import trouble_of_daemon

    trouble = trouble_of_daemon(store)
    if trouble is None:
        return Checked("daemon", "ok", "runs, and is well")
    return Checked(
        "daemon", "warning", trouble, "`systemctl status aggregator`, or `aggregator run`"
    )


def _told(one: Checked) -> str:
    mark = {"ok": "ok", "warning": "warning", "problem": "PROBLEM"}[one.level]
    text = f"{one.what}: {one.found}"
    if one.remedy:
        text += f"; {one.remedy}"
    told = f"{set_left(retold(mark), 7)} {retold(line(text))}"
    return wrapped(told, terminal_width(), hanging=GAP)
