"""Lists of sources at a terminal: a table of them, and what is wrong with each."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from aggregator.cli.table import table
from aggregator.cli.terminal_text import line, local_time, theirs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aggregator.config import Config
    from aggregator.model.configured import SourceList
    from aggregator.model.source_lists import StoredList


def known_lists(
    config: Config, stored: Sequence[StoredList]
) -> list[tuple[SourceList, StoredList | None]]:
    """Return the configured lists, each with what is known of it."""
    from aggregator.daemon.joined import known_of

    return [(of, known_of(of, stored, config)) for of in config.lists]


def list_table(lists: Sequence[tuple[SourceList, StoredList | None]], width: int | None) -> str:
    """Return how lists fare, as `status` shows it."""
    from aggregator.operations.messages import problem_text

    rows = [
        (
            of.name,
            local_time(None if known is None else known.last_success_at, otherwise="never"),
            local_time(None if known is None else known.next_poll_at, otherwise=""),
            "0" if known is None else str(len(known.present)),
            ""
            if known is None or known.health.problem is None
            else problem_text(known.health.problem),
        )
        for of, known in lists
    ]
    headers = ("list", "last success", "next poll", "sources", "problem")
    return table(headers, rows, numbers="sources", width=width)


def list_notes(
    lists: Sequence[tuple[SourceList, StoredList | None]],
) -> list[tuple[str, str]]:
    """Return what else is to be known of lists: headings, each with its sentence."""
    from aggregator.daemon.terms import utc_now
    from aggregator.operations.list_sentences import Belief, list_sentences
    from aggregator.schedule.list_polls import BELIEVED_AFTER, BELIEVED_POLLS

    belief = Belief(BELIEVED_POLLS, BELIEVED_AFTER, utc_now(), partial(local_time, otherwise=""))
    return [
        (f"list {theirs(of.name)}", sentence)
        for of, known in lists
        if known is not None
        for sentence in list_sentences(known.health, belief)
    ]


def list_line(of: SourceList, known: StoredList | None) -> str:
    """Return in a line what a list is, for `check` and `explain`; no secret is in it."""
    from aggregator.config import written
    from aggregator.model import Source
    from aggregator.rules.held_secrets import open_url

    count = 0 if known is None else len(known.present)
    sources = f"{count} source{'' if count == 1 else 's'}"
    url = open_url(Source(of.name, of.url), of.url)
    tags = f", tagged {', '.join(map(theirs, of.tags))}" if of.tags else ""
    return line(
        f"{theirs(of.name)}: {sources} of {theirs(url)}, every {written(of.interval)}{tags}"
    )
