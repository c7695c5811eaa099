"""Rules put to what is stored, to be looked at before they hold; nothing is written."""

from __future__ import annotations

from dataclasses import field
from heapq import nlargest
from typing import TYPE_CHECKING

from aggregator.model.trials import Effect, Touched, Trial
from aggregator.rules import trials
from aggregator.runtime.values import dataclass
from aggregator.store.feeds.rule_verdicts import facts_of, with_texts
from aggregator.store.rows.value_lists import rows_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from aggregator.model import Feed, Source
    from aggregator.model.trials import EffectKind


@dataclass(slots=True)
class _Count:
    entries: int = 0
    already: int = 0
    examples: list[Touched] = field(default_factory=list)


def try_rules(
    connection: sqlite3.Connection,
    sources: Sequence[Source],
    feed: Feed | None,
    *,
    most: int,
    examples: int,
) -> Trial:
    """Ask about the newest entries of some sources, at most `most` of all together.

    The rules are the feed's, where one is given, else those of each source. What a feed does not
    select is not asked about.
    """
    named = {source.name: source for source in sources}
    names = _stored(connection, tuple(named))
    newest = _newest(connection, tuple(names), most)
    left_out = _left_out(connection, feed)
    found: dict[tuple[EffectKind, str], _Count] = {}
    asked = 0
    for row, texts in with_texts(connection, newest):
        source, facts = named[names[row["source_id"]]], facts_of(row, texts)
        if not trials.concerns(source, feed, facts):
            continue
        asked += 1
        is_out = row["blocked"] is not None or row["id"] in left_out
        html, summary = texts["content_html"], texts["summary"]
        for kind, because, after in trials.effects(source, feed, facts, html, summary):
            count = found.setdefault((kind, because), _Count())
            count.entries += 1
            count.already += is_out
            if len(count.examples) < examples:
                title, url = row["title"], row["url"]
                count.examples.append(Touched(source.name, title, url, after))
    told = (
        Effect(kind, because, count.entries, count.already, tuple(count.examples))
        for (kind, because), count in found.items()
    )
    return Trial(asked, tuple(told))


def _stored(connection: sqlite3.Connection, names: Sequence[str]) -> dict[int, str]:
    """Return the names of those sources that are stored, by their ids."""
    rows = rows_of(
        connection,
        "SELECT id, name FROM sources WHERE removed_at IS NULL AND name IN ({marks})",
        names,
    )
    return dict(map(tuple, rows))


def _newest(connection: sqlite3.Connection, source_ids: Sequence[int], most: int) -> list[int]:
    """Return the newest entries of all sources together, the newest first."""
    keys = (
        (row["order_key"], row["id"])
        for source_id in source_ids
        for row in connection.execute(
            "SELECT order_key, id FROM entries WHERE source_id = ? ORDER BY order_key DESC LIMIT ?",
            (source_id, most),
        )
    )
    return [entry_id for _, entry_id in nlargest(most, keys)]


def _left_out(connection: sqlite3.Connection, feed: Feed | None) -> frozenset[int]:
    """Return the entries that a feed's rules leave out today."""
    rows = connection.execute(
        """SELECT x.entry_id FROM exclusions x JOIN feeds f ON f.id = x.feed_id
            WHERE f.name = ? AND f.removed_at IS NULL""",
        ("" if feed is None else feed.name,),
    )
    return frozenset(entry_id for (entry_id,) in rows)
