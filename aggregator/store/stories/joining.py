"""New entries and the stories that they tell: what bears on each is read, what is decided written.

The decision itself is `stories.same_story`'s. It is made once, in the transaction that stores the
entry, or later in the background for what was stored before stories were asked for.
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING

from aggregator.store.rows.codec import dumps
from aggregator.store.rows.typed_rows import source_of
from aggregator.store.rows.value_lists import rows_of
from aggregator.store.stories import held_stories, story_index, story_weights, tie_rows
from aggregator.store.texts.compared_texts import MOST_AT_ONCE, TOGETHER, text_of, tokens_of
from aggregator.store.texts.packed_texts import COLUMNS
from aggregator.stories.same_story import Lookalike, Newcomer, StoryState, assign
from aggregator.stories.signatures import signature
from aggregator.stories.ties import ties_of
from aggregator.stories.tokens import SCHEME

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from aggregator.model import Source
    from aggregator.store.stories.story_index import Found, StoryIndex
    from aggregator.stories.centroids import Centroid
    from aggregator.stories.likeness_weights import Model
    from aggregator.stories.same_story import Joined
    from aggregator.stories.signatures import Signature
    from aggregator.stories.ties import Tie

#: In one transaction entries are compared while no more than so many seconds have passed, on a slow
#: machine fewer than `TOGETHER`.
MOST_SECONDS = 0.02


def join_arrivals(
    connection: sqlite3.Connection,
    index: StoryIndex,
    source: Source,
    entry_ids: Sequence[int],
    now: int,
) -> tuple[list[int], list[int]]:
    """Let new entries of a source join the stories that they tell, the oldest first.

    `entry_ids` are in the order of their order keys. Return those that `join_waiting` is to look at
    in further transactions, and those that are left to the background; if it never does, the former
    are found there, too.
    """
    if not source.dedupe:
        return [], []
    later, at_once = entry_ids[:-MOST_AT_ONCE], entry_ids[-MOST_AT_ONCE:]
    later = list(later)
    left = join(connection, index, at_once, now)
    if later or left:
        connection.execute(
            """UPDATE story_index
                  SET looked_up_to_id = CASE WHEN looked_up_to_id < :before THEN looked_up_to_id
                                             ELSE :before END""",
            {"before": min((*later, *left)) - 1},
        )
    return left, later


def join_waiting(
    connection: sqlite3.Connection, index: StoryIndex, entry_ids: Sequence[int], now: int
) -> list[int]:
    """Do the same for those that it returned; return those that still wait."""
    found = rows_of(
        connection,
        """SELECT e.id, e.story_id, o.config
             FROM entries e JOIN sources o ON o.id = e.source_id WHERE e.id IN ({marks})""",
        entry_ids,
    )
    story_ids = {row["id"]: row["story_id"] for row in found if source_of(row["config"]).dedupe}
    left = join(connection, index, sorted(story_ids), now)
    held_stories.end(connection, [story_ids[one] for one in story_ids.keys() - set(left)], now)
    return left


def stored_next(connection: sqlite3.Connection) -> list[int]:
    """Return the entries that `join_stored` looks at next."""
    # sqlite: CROSS JOIN keeps the tables in this order
    rows = connection.execute(
        # sqlite: CROSS JOIN keeps the tables in this order
        """SELECT e.id FROM story_index i CROSS JOIN entries e
            WHERE i.is_on = 1 AND e.id > i.looked_up_to_id ORDER BY e.id LIMIT ?""",
        (TOGETHER,),
    )
    return [entry_id for (entry_id,) in rows]


def join_stored(connection: sqlite3.Connection, index: StoryIndex, now: int) -> bool:
    """Do the same for some entries that were stored before; tell whether there may be more."""
    row = connection.execute("SELECT is_on, looked_up_to_id FROM story_index").fetchone()
    if not row["is_on"] or row["looked_up_to_id"] is None:
        return False
    found = connection.execute(
        """SELECT e.id, e.story_id, o.config
             FROM entries e JOIN sources o ON o.id = e.source_id
            WHERE e.id > ? ORDER BY e.id LIMIT ?""",
        (row["looked_up_to_id"], TOGETHER),
    ).fetchall()
    left = join(
        connection, index, [one["id"] for one in found if source_of(one["config"]).dedupe], now
    )
    waiting = set(left)
    held_stories.end(
        connection, [one["story_id"] for one in found if one["id"] not in waiting], now
    )
    up_to = left[0] - 1 if left else found[-1]["id"] if len(found) == TOGETHER else None
    connection.execute("UPDATE story_index SET looked_up_to_id = ?", (up_to,))
    return up_to is not None


def join(
    connection: sqlite3.Connection, index: StoryIndex, entry_ids: Sequence[int], now: int
) -> list[int]:
    """Compare entries, the oldest first, as many as one transaction has time for; return the rest.

    One is compared in any case.
    """
    until = index.clock() + MOST_SECONDS
    ordered = sorted(entry_ids)
    at_once, left = ordered[:TOGETHER], ordered[TOGETHER:]
    rows = rows_of(
        connection,
        f"""SELECT e.id, e.story_id, e.source_id, e.title, e.published_at, e.language,
                   s.joined_id IS NOT NULL
                     OR EXISTS (SELECT 1 FROM stories j WHERE j.joined_id = s.id) AS is_decided,
                   {COLUMNS}
             FROM entries e JOIN stories s ON s.id = e.story_id JOIN texts t ON t.entry_id = e.id
            WHERE s.original_id IS NULL
              AND NOT EXISTS (
                    SELECT 1 FROM signatures g
                     WHERE g.story_id = s.id AND substr(g.packed, 1, 1) = ?)
              AND e.id IN ({{marks}})""",  # noqa: S608 -- built of constants
        at_once,
        bytes((SCHEME,)),
    )
    seen: set[int] = set()
    model = story_weights.kept(connection)
    for row in sorted(rows, key=lambda row: int(row["id"])):
        if row["published_at"] < now - story_index.WINDOW_US or row["story_id"] in seen:
            continue
        if seen and index.clock() >= until:
            return ordered[ordered.index(row["id"]) :]
        seen.add(row["story_id"])
        _join_one(connection, index, row, now, model)
    return left


def _join_one(
    connection: sqlite3.Connection, index: StoryIndex, row: sqlite3.Row, now: int, model: Model
) -> None:
    tokens, story_id = tokens_of(text_of(connection, row)), row["story_id"]
    own = signature(tokens, index.frequencies(connection, tokens.all, now))
    index.count(connection, tokens.all, now)
    if story_index.forget_stories(connection, [story_id]):
        # Made by another scheme: what was told apart or together then stays so.
        story_index.add(connection, story_id, own, attracts=True)
        return
    if (inherited := _inherited(connection, story_id)) is not None:
        # An original, which stands where its copy did.
        story_index.add(connection, story_id, own, attracts=True)
        story_index.keep_centroid(connection, story_id, inherited.with_member(own))
        return
    found = story_index.alike(connection, own, story_id)
    candidates = _candidates(connection, found, own)
    made = assign(Newcomer(own, row["source_id"], tokens.spellings), candidates, model)
    story_index.add(connection, story_id, own, attracts=made.attracts)
    if row["is_decided"] or made.because.kind == "nothing alike":
        return
    connection.execute(
        "UPDATE stories SET joined_id = ?, join_score = ?, join_because = ? WHERE id = ?",
        (made.story, made.score, because_text(made), story_id),
    )
    _tie(connection, story_id, made)
    if made.story is not None:
        story_index.keep_centroid(connection, made.story, made.centroid)
    if made.because.continues is not None:
        story_index.keep_centroid(connection, story_id, made.centroid)
        connection.execute(
            "UPDATE stories SET continued_id = ? WHERE id = ? AND continued_id IS NULL",
            (story_id, made.because.continues),
        )


def _tie(connection: sqlite3.Connection, story_id: int, made: Joined) -> None:
    """Keep the ties of an entry that joins a story, or continues one."""
    if not made.alike:
        return
    story = made.alike[0].part if made.story is None else made.story
    known: list[Tie] = []
    if len(made.alike) > 1 or made.alike[0].part != story:
        parts = {story, *(one.part for one in made.alike)}
        known = tie_rows.among(connection, parts, across=True)
    tie_rows.add(connection, ties_of(story_id, story, made.alike, known))


def because_text(made: Joined) -> str:
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


def _inherited(connection: sqlite3.Connection, story_id: int) -> Centroid | None:
    """Return what was kept of a story's copy, of one that came first; `None` for no such copy."""
    row = connection.execute(
        """SELECT g.packed, g.centroid FROM stories s JOIN signatures g ON g.story_id = s.id
            WHERE s.original_id = ? ORDER BY s.id LIMIT 1""",
        (story_id,),
    ).fetchone()
    return None if row is None else story_index.centroid(row)


def _candidates(
    connection: sqlite3.Connection, found: Sequence[Found], own: Signature
) -> list[Lookalike]:
    """Return the entries that an entry may be like, and what their stories have in common.

    A story that began too long ago, or of which the first text is forgotten, takes no more.
    """
    last = {one.root_id: one.root_id for one in found}
    if full := {one.root_id for one in found if one.is_continued}:
        last |= _continued(connection, full)
    root_ids = sorted(set(last.values()))
    sources, first_source, members = _tellers(connection, sorted({*last, *root_ids}))
    states: dict[int, StoryState] = {}
    for row in rows_of(
        connection,
        """SELECT s.id, s.locked, g.at, g.packed, g.centroid
             FROM stories s JOIN signatures g ON g.story_id = s.id WHERE s.id IN ({marks})""",
        root_ids,
    ):
        centroid = story_index.centroid(row)
        if centroid is not None:
            states[row["id"]] = StoryState(
                story=row["id"],
                centroid=centroid,
                members=members[row["id"]],
                sources=frozenset(sources[row["id"]]),
                is_open=not row["locked"] and abs(row["at"] - own.at) <= story_index.WINDOW_US,
            )
    return [
        Lookalike(
            one.signature,
            source=first_source[one.story_id],
            of=states[last[one.root_id]],
            article=one.article_id,
            part=one.root_id,
        )
        for one in found
        if last[one.root_id] in states and one.story_id in first_source
    ]


def _continued(connection: sqlite3.Connection, root_ids: set[int]) -> dict[int, int]:
    """Return beside each of some stories the last of those that continue one another."""
    # sqlite: a list of values is one parameter, as JSON; CROSS JOIN keeps the tables in this order
    rows = connection.execute(
        """WITH RECURSIVE chain (root_id, id) AS (
             SELECT value, value FROM json_each(?)
              UNION
             SELECT c.root_id, s.continued_id FROM chain c CROSS JOIN stories s ON s.id = c.id
              WHERE s.continued_id IS NOT NULL)
           SELECT c.root_id, c.id FROM chain c CROSS JOIN stories s ON s.id = c.id
            WHERE s.continued_id IS NULL""",
        (dumps(sorted(root_ids)),),
    )
    return dict(rows.fetchall())


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
