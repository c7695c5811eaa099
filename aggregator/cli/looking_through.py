"""How far a look through all texts is, for whoever waits at a terminal."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from aggregator.cli.speech import echo

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aggregator.store.upkeep.text_damage import Tell

#: Fewer entries are read before anybody wonders.
LEAST = 20_000


@contextmanager
def looking_through() -> Iterator[Tell]:
    """Lend what learns how many entries were read; at a terminal it says so on standard error."""
    is_long = False

    def tell(done: int, count: int) -> None:
        nonlocal is_long
        if count >= LEAST and sys.stderr.isatty():
            is_long = True
            echo(f"\rlooking through texts: {done * 100 // count} %", nl=False, err=True)

    try:
        yield tell
    finally:
        if is_long:
            echo(err=True)
