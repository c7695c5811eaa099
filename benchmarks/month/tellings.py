"""What feeds with `dedupe = "story"` have named below other entries, noted while it is known.

A subscriber of such a feed has been told of an entry who got it, or saw it named, or got another
entry of the story below which it was named: who comes seldom, and reads no archives, may meet only
the lead.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aggregator.store.tie_rows import among
from aggregator.stories.tellings import sure_ties
from aggregator.stories.ties import Groups

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from aggregator.model import Feed

#: The entries of all articles that are told with something that was named below another entry.
_NAMED = """
    WITH articles (id, joined_id, story_id) AS (
      SELECT a.id, a.joined_id, s.id
        FROM stories s JOIN stories a ON a.id = coalesce(s.original_id, s.id))
    SELECT a.id, a.joined_id, e.url, n.story_id IS NOT NULL AS is_named
      FROM articles a JOIN entries e ON e.story_id = a.story_id
      LEFT JOIN named n ON n.story_id = a.story_id
                       AND n.feed_id = (SELECT id FROM feeds WHERE name = :feed)
     WHERE coalesce(a.joined_id, a.id) IN (
             SELECT coalesce(a.joined_id, a.id)
               FROM named n JOIN articles a ON a.story_id = n.story_id)"""


@dataclass
class Tellings:
    """By feed, beside each mark that was named the marks of what was told together with it."""

    of_feed: dict[str, dict[str, set[str]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(set))
    )

    def note(self, path: Path, feeds: Iterable[Feed], marks: Mapping[str, str]) -> None:
        """Note what a database knows of it now. `marks` are of addresses."""
        with closing(sqlite3.connect(path)) as connection:
            for feed in feeds:
                if feed.dedupe != "story":
                    continue
                rows = connection.execute(_NAMED, {"feed": feed.name}).fetchall()
                joined = {article: root for article, root, _, _ in rows}
                ties = among(connection, {root for root in joined.values() if root is not None})
                groups = Groups(sure_ties(feed, joined, ties))
                together: dict[int, set[str]] = defaultdict(set)
                for article, _, url, _ in rows:
                    if url in marks:
                        together[groups.of(article)].add(marks[url])
                for article, _, url, is_named in rows:
                    if is_named and url in marks:
                        self.of_feed[feed.name][marks[url]] |= together[groups.of(article)]
