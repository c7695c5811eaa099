"""All that a database holds, so that two can be compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.torture.kills import content

if TYPE_CHECKING:
    from pathlib import Path


def stored(path: Path) -> list[str]:
    """Return every row and what keeps them, in an order of its own.

    That of tables and triggers means nothing, and SQLite's statistics are not compared.
    """
    return sorted(line for line in content(path).splitlines() if not line.startswith("ANALYZE"))
