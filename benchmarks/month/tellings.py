"""What feeds with `dedupe = "story"` have named below other entries, noted while it is known.

A subscriber of such a feed has been told of an entry who got it, or saw it named, or got another
entry of the story below which it was named: archives name nobody, and who comes seldom may meet
only the lead.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aggregator.stories.ties import THRESHOLDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from aggregator.model import Feed

#: What was named below something, and all that the feed tells together with it.
_NAMED = """
    WITH articles (id, story_id) AS (
      SELECT coalesce(s.original_id, s.id), s.id FROM stories s),
    told (root_id, story_id) AS (
      SELECT iif(a.joined_id > 0 AND a.join_score >= :threshold, a.joined_id, a.id),
             articles.story_id
        FROM articles JOIN stories a ON a.id = articles.id)
    SELECT t.root_id, e.url, n.story_id IS NOT NULL AS is_named
      FROM told t JOIN entries e ON e.story_id = t.story_id
      LEFT JOIN named n ON n.story_id = t.story_id
                       AND n.feed_id = (SELECT id FROM feeds WHERE name = :feed)
     WHERE t.root_id IN (SELECT t.root_id FROM named n JOIN told t ON t.story_id = n.story_id)"""


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
                rows = connection.execute(
                    _NAMED,
                    {"threshold": THRESHOLDS[feed.dedupe_strictness], "feed": feed.name},
                ).fetchall()
                together: dict[int, set[str]] = defaultdict(set)
                for root_id, url, _ in rows:
                    if url in marks:
                        together[root_id].add(marks[url])
                for root_id, url, is_named in rows:
                    if is_named and url in marks:
                        self.of_feed[feed.name][marks[url]] |= together[root_id]
