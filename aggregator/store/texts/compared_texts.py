"""What is compared of entries, read into tokens before the transaction that compares them.

The writer is everybody's: what needs no database is done before it is asked. Tokens of a text are
kept for a while, so that the transaction finds them; where it does not, it makes them itself.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from aggregator.model.instants import instant
from aggregator.store.rows.value_lists import rows_of
from aggregator.store.texts.entry_texts import visible_in
from aggregator.store.texts.packed_texts import COLUMNS, texts_in
from aggregator.stories.signatures import Text, lead_of, read

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from aggregator.model import Entry, FinishedPoll

#: Of what one document brings so many entries are compared at once; older ones in the background.
MOST_AT_ONCE = 40
#: Entries that are compared in one transaction at most.
TOGETHER = 10

#: Characters of HTML that are read for how a text begins.
_READ = 4000
#: What is dated so long before the last poll came out after it, mostly.
_LATE = timedelta(hours=1)
_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)

#: Tokens of a text; some megabytes of them are kept.
tokens_of = lru_cache(128)(read)


def text_of(connection: sqlite3.Connection, row: sqlite3.Row) -> Text:
    """Return what is compared of a stored entry: its title, and how its text begins.

    The row has the `COLUMNS` of its texts.
    """
    texts = texts_in(connection, row)
    lead = lead_of(visible_in(texts, _READ), texts["summary"])
    return Text(row["title"], lead, instant(row["published_at"]), row["language"])


def read_arrivals(poll: FinishedPoll) -> None:
    """Read what is most likely new of a document: what is dated after the last poll.

    Which entries are new is known in the transaction alone.
    """
    if poll.refined is None or not poll.state.source.dedupe:
        return
    last = poll.state.last_success_at
    since = _LONG_AGO if last is None else last - _LATE
    dated = [one for one in poll.refined.entries if _date(one) >= since and one.published_at]
    for entry in sorted(dated, key=_date)[-MOST_AT_ONCE:][:TOGETHER]:
        lead = lead_of(entry.visible_text, entry.summary)
        tokens_of(Text(entry.title, lead, _date(entry), entry.language))


def read_stored(connection: sqlite3.Connection, entry_ids: Sequence[int]) -> None:
    """Read the first of some stored entries, as many as are compared together."""
    rows = rows_of(
        connection,
        f"""SELECT e.title, e.published_at, e.language, {COLUMNS}
             FROM entries e JOIN texts t ON t.entry_id = e.id
            WHERE e.id IN ({{marks}})""",  # noqa: S608 -- built of constants
        sorted(entry_ids)[:TOGETHER],
    )
    for row in rows:
        tokens_of(text_of(connection, row))


def _date(entry: Entry) -> datetime:
    return entry.published_at or _LONG_AGO
