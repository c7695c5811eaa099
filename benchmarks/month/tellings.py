"""What feeds with `dedupe = "story"` have named below other entries, noted while it is known.

A subscriber of such a feed has been told of an entry who got it, or saw it named, or got the entry
below which it was named last: who comes seldom, and reads no archives, may meet only the lead.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from aggregator.model import Feed

#: What was named below an entry when that left the window.
_NAMED = """
    SELECT l.url AS lead, e.url AS url FROM named_below n
      JOIN entries l ON l.id = n.lead_id
      JOIN entries e ON e.id = n.entry_id
     WHERE n.feed_id = (SELECT id FROM feeds WHERE name = ?)"""


@dataclass
class Tellings:
    """By feed, beside each mark that was named the marks of what it was named below."""

    of_feed: dict[str, dict[str, set[str]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(set))
    )

    def note(self, path: Path, feeds: Iterable[Feed], marks: Mapping[str, str]) -> None:
        """Note what a database knows of it now. `marks` are of addresses."""
        with closing(sqlite3.connect(path)) as connection:
            for feed in feeds:
                if feed.dedupe != "story":
                    continue
                for lead, url in connection.execute(_NAMED, (feed.name,)):
                    if url in marks and lead in marks:
                        self.of_feed[feed.name][marks[url]].add(marks[lead])
