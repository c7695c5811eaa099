"""New entries and the stories that they tell: what bears on each is read, what is decided written.

The decision itself is `stories.same_story`'s. It is made once, in the transaction that stores the
entry, or later in the background for what was stored before stories were asked for.
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING

from aggregator.model.instants import instant
from aggregator.store import story_index
from aggregator.store.codec import dumps
from aggregator.store.value_lists import rows_of
from aggregator.stories.centroids import pack_centroid
from aggregator.stories.same_story import Arrival, Candidate, StoryState, assign
from aggregator.stories.signatures import Text, read, signature, unpack
from aggregator.web.visible_text import visible_text

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from aggregator.model import Source
    from aggregator.store.story_index import Found, StoryIndex
    from aggregator.stories.centroids import Centroid
    from aggregator.stories.same_story import Assignment
    from aggregator.stories.signatures import Signature

#: Of what one document brings so many entries are compared at once; older ones in the background.
MOST_AT_ONCE = 40

#: Entries that are looked at in one transaction in the background: some 10 ms.
_SLICE = 10

#: Characters of HTML that are read for how a text begins.
_READ = 4000


def join_arrivals(
    connection: sqlite3.Connection,
    index: StoryIndex,
    source: Source,
    entry_ids: Sequence[int],
    now: int,
) -> None:
    """Let new entries of a source join the stories that they tell, the oldest first.

    `entry_ids` are in the order of their order keys.
    """
    if not source.dedupe:
        return
    later, at_once = entry_ids[:-MOST_AT_ONCE], entry_ids[-MOST_AT_ONCE:]
    if later:
        connection.execute(
            """UPDATE story_index
                  SET looked_up_to_id = min(coalesce(looked_up_to_id, :before), :before)""",
            {"before": min(later) - 1},
        )
    _join(connection, index, at_once, now)


def join_stored(connection: sqlite3.Connection, index: StoryIndex, now: int) -> bool:
    """Do the same for some entries that were stored before; tell whether there may be more."""
    row = connection.execute("SELECT is_on, looked_up_to_id FROM story_index").fetchone()
    if not row["is_on"] or row["looked_up_to_id"] is None:
        return False
    found = connection.execute(
        """SELECT e.id, json_extract(o.config, '$.dedupe') AS dedupe
             FROM entries e JOIN sources o ON o.id = e.source_id
            WHERE e.id > ? ORDER BY e.id LIMIT ?""",
        (row["looked_up_to_id"], _SLICE),
    ).fetchall()
    _join(connection, index, [one["id"] for one in found if one["dedupe"] != 0], now)
    up_to = found[-1]["id"] if len(found) == _SLICE else None
    connection.execute("UPDATE story_index SET looked_up_to_id = ?", (up_to,))
    return up_to is not None


def text_of(row: sqlite3.Row) -> Text:
    """Return what is compared of a stored entry: its title, and how its text begins."""
    lead = row["summary"] or visible_text(row["content_html"], _READ)
    return Text(row["title"], lead, instant(row["published_at"]), row["language"])


def _join(
    connection: sqlite3.Connection, index: StoryIndex, entry_ids: Sequence[int], now: int
) -> None:
    rows = rows_of(
        connection,
        """SELECT e.id, e.story_id, e.source_id, e.title, e.summary, e.content_html, e.published_at,
                  e.language, s.joined_id
             FROM entries e JOIN stories s ON s.id = e.story_id
            WHERE e.id IN ({marks}) AND s.original_id IS NULL
              AND NOT EXISTS (SELECT 1 FROM signatures g WHERE g.story_id = s.id)""",
        list(entry_ids),
    )
    seen: set[int] = set()
    for row in sorted(rows, key=lambda row: int(row["id"])):
        if row["published_at"] < now - story_index.WINDOW_US or row["story_id"] in seen:
            continue
        seen.add(row["story_id"])
        _join_one(connection, index, row, now)


def _join_one(
    connection: sqlite3.Connection, index: StoryIndex, row: sqlite3.Row, now: int
) -> None:
    tokens = read(text_of(row))
    own = signature(tokens, index.frequencies(connection, tokens.all, now))
    index.count(connection, tokens.all, now)
    if own.is_digest:
        return
    story_id = row["story_id"]
    story_index.add(connection, story_id, own, _inherited(connection, story_id, own))
    if row["joined_id"] is not None or _has_members(connection, story_id):
        return
    found = story_index.alike(connection, own, story_id)
    candidates, centroids = _candidates(connection, found, own)
    made = assign(Arrival(own, row["source_id"], tokens.spellings), candidates)
    if made.because.kind == "nothing alike":
        return
    connection.execute(
        "UPDATE stories SET joined_id = ?, join_score = ?, join_because = ? WHERE id = ?",
        (made.story, made.score, because_text(made), story_id),
    )
    if made.story is not None:
        connection.execute(
            "UPDATE signatures SET centroid = ? WHERE story_id = ?",
            (pack_centroid(centroids[made.story].with_member(own)), made.story),
        )


def because_text(made: Assignment) -> str:
    """Return why an entry joined a story or began one, as it is stored."""
    because = made.because
    features = because.features
    said = {
        "kind": because.kind,
        "shared": list(because.shared),
        "near": None if because.near is None else round(because.near, 3),
        "features": None
        if features is None
        else {name: round(value, 3) for name, value in features._asdict().items()},
    }
    return json.dumps({k: v for k, v in said.items() if v is not None}, ensure_ascii=False)


def _has_members(connection: sqlite3.Connection, story_id: int) -> bool:
    found = connection.execute("SELECT 1 FROM stories WHERE joined_id = ? LIMIT 1", (story_id,))
    return found.fetchone() is not None


def _inherited(connection: sqlite3.Connection, story_id: int, own: Signature) -> Centroid | None:
    """Return what an original has in common with what was joined to its copies."""
    rows = connection.execute(
        """SELECT g.packed, g.centroid FROM stories s JOIN signatures g ON g.story_id = s.id
            WHERE s.original_id = ? ORDER BY s.id LIMIT 1""",
        (story_id,),
    )
    for row in rows:
        found = story_index.centroid(row)
        return None if found is None else found.with_member(own)
    return None


def _candidates(
    connection: sqlite3.Connection, found: Iterable[Found], own: Signature
) -> tuple[list[Candidate], dict[int, Centroid]]:
    """Return the entries that an entry may be like, and what their stories have in common.

    A story that began too long ago, or of which the first text is forgotten, takes no more.
    """
    found = list(found)
    root_ids = sorted({one.root_id for one in found})
    centroids: dict[int, Centroid] = {}
    is_open: dict[int, bool] = {}
    for row in rows_of(
        connection,
        """SELECT s.id, s.locked, g.packed, g.centroid
             FROM stories s JOIN signatures g ON g.story_id = s.id WHERE s.id IN ({marks})""",
        root_ids,
    ):
        first, centroid = unpack(row["packed"]), story_index.centroid(row)
        if first is None or centroid is None:
            continue
        centroids[row["id"]] = centroid
        is_near = abs(first.at - own.at) <= story_index.WINDOW_US
        is_open[row["id"]] = is_near and not row["locked"]
    sources, first_source, members = _tellers(connection, root_ids)
    states = {
        root_id: StoryState(
            story=root_id,
            centroid=centroid,
            members=members[root_id],
            sources=frozenset(sources[root_id]),
            is_open=is_open[root_id],
        )
        for root_id, centroid in centroids.items()
    }
    return [
        Candidate(one.signature, first_source[one.story_id], states[one.root_id])
        for one in found
        if one.root_id in states and one.story_id in first_source
    ], centroids


def _tellers(
    connection: sqlite3.Connection, root_ids: Sequence[int]
) -> tuple[dict[int, set[int]], dict[int, int], dict[int, int]]:
    """Return the sources of what is told together; which source began each story; how many."""
    sources: dict[int, set[int]] = defaultdict(set)
    first_source: dict[int, int] = {}
    members: dict[int, int] = defaultdict(int)
    # sqlite: a list of values is one parameter, as JSON; CROSS JOIN keeps the tables in this order
    rows = connection.execute(
        """WITH joined (id, root_id) AS (
             SELECT value, value FROM json_each(:roots)
              UNION ALL
             SELECT s.id, s.joined_id FROM json_each(:roots) asked
              CROSS JOIN stories s ON s.joined_id = asked.value),
           told (id, root_id) AS (
             SELECT id, root_id FROM joined
              UNION ALL
             SELECT s.id, j.root_id FROM joined j CROSS JOIN stories s ON s.original_id = j.id)
           SELECT told.id AS story_id, told.root_id, e.source_id
             FROM told CROSS JOIN entries e ON e.story_id = told.id ORDER BY e.id""",
        {"roots": dumps(list(root_ids))},
    )
    for row in rows:
        sources[row["root_id"]].add(row["source_id"])
        first_source.setdefault(row["story_id"], row["source_id"])
        members[row["root_id"]] += 1
    return sources, first_source, members
