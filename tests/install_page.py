"""The commands of docs/install.md, to be run as they are written, in a folder of a test's own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests import ROOT
from tests.program import PROGRAM

if TYPE_CHECKING:
    from pathlib import Path

INSTALL = ROOT / "docs" / "install.md"


def made_local(command: str, home: Path) -> str:
    """Return a command of the page with the paths of this test instead of the service's."""
    return (
        command.replace(
            " aggregator aggregator ", f" aggregator {PROGRAM} --config {home}/config.toml "
        )
        .replace("/opt/aggregator", str(ROOT))
        .replace("/var/lib/aggregator", str(home))
        .replace("/etc/aggregator", str(home))
    )


def command_marked(mark: str) -> str:
    marked = re.search(
        rf"<!-- a test runs this command: {mark} -->\n```sh\n(.+)\n```",
        INSTALL.read_text(encoding="utf-8"),
    )
    assert marked is not None, f"docs/install.md has no single {mark} command"
    return marked[1]
