"""What the operator says of stories: these are one, this is none of it, that takes no more.

What was said stays, as pairs of texts with whether they tell the same.
"""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING

from aggregator.model.errors import AggregatorError
from aggregator.model.reports import Comparison
from aggregator.store.feeds import feed_windows
from aggregator.store.pages.entry_facts import NAMED, named
from aggregator.store.rows.codec import dumps
from aggregator.store.rows.typed_rows import source_of
from aggregator.store.rows.value_lists import rows_of
from aggregator.store.stories import story_index, story_weights, tie_rows
from aggregator.store.texts.compared_texts import text_of
from aggregator.store.texts.packed_texts import COLUMNS
from aggregator.stories.bare_titles import is_digest
from aggregator.stories.centroids import centroid_of
from aggregator.stories.likeness import likeness
from aggregator.stories.signatures import Frequencies, read, signature, unpack
from aggregator.stories.ties import THRESHOLDS, Groups, Tie, surest_ways
from aggregator.stories.tokens import as_said

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from aggregator.stories.signatures import Signature, Text


def split(connection: sqlite3.Connection, wanted: str, now: int) -> None:
    """Take the article of an entry out of its story; one that began it goes, the others stay."""
    one = _entry(connection, wanted)
    story_id = one["article_id"]
    members = _members(connection, one["root_id"])
    if len(members) == 1:
        raise AggregatorError(f"{one['title']}: no other article tells its story")
    rest = [member for member in members if member != story_id]
    other = _first_entry(connection, rest[0] if story_id == one["root_id"] else one["root_id"])
    tie_rows.take_out(connection, story_id)
    connection.execute(
        """UPDATE stories SET joined_id = NULL, join_score = NULL, join_because = ?,
                  continued_id = NULL WHERE id = ?""",
        (json.dumps({"kind": "split"}), story_id),
    )
    if story_id == one["root_id"]:
        connection.execute(
            "UPDATE stories SET joined_id = NULL, join_score = NULL WHERE id = ?", (rest[0],)
        )
        connection.execute(
            "UPDATE stories SET joined_id = ? WHERE joined_id = ?", (rest[0], story_id)
        )
    _weigh_anew(connection, [story_id])
    _weigh_anew(connection, rest)
    _note(connection, one, other, now, is_same=False)
    feed_windows.follow_stories(connection, set(members), now)


def merge(connection: sqlite3.Connection, wanted: str, further: str, now: int) -> None:
    """Make one story of the stories of two entries: that which began first goes on.

    Where they are one at `wide` already, they are for every feed from now on.
    """
    one, other = _entry(connection, wanted), _entry(connection, further)
    _require_mergeable(one, other)
    articles = one["article_id"], other["article_id"]
    first, second = sorted((one["root_id"], other["root_id"]))
    if first == second:
        surely = Groups(tie_rows.among(connection, (first,)), max(THRESHOLDS.values()))
        if surely.of(articles[0]) == surely.of(articles[1]):
            raise AggregatorError("they are one story already")
    tie_rows.add(connection, [Tie(*articles, 1.0)])
    if first != second:
        _join(connection, first, second)
    members = _members(connection, first)
    _weigh_anew(connection, members)
    _note(connection, one, other, now, is_same=True)
    feed_windows.follow_stories(connection, set(members), now)


def _require_mergeable(one: sqlite3.Row, other: sqlite3.Row) -> None:
    """Refuse what is one story by no likeness, whoever says so: digests, entries of one source."""
    for row in (one, other):
        if is_digest(row["title"]):
            raise AggregatorError(f"{row['title']}: a digest of several stories is told by itself")
    if one["source_id"] == other["source_id"]:
        raise AggregatorError(
            "both are of one source: what it writes twice is one by its guid or link alone;"
            " name an entry of another source"
        )


def _join(connection: sqlite3.Connection, first: int, second: int) -> None:
    """Join a story, with what is joined to it, to one that began before."""
    connection.execute("UPDATE stories SET joined_id = ? WHERE joined_id = ?", (first, second))
    connection.execute(
        """UPDATE stories SET joined_id = ?, join_score = 1.0, join_because = ?, continued_id = NULL
            WHERE id = ?""",
        (first, json.dumps({"kind": "merged"}), second),
    )
    connection.execute(
        "UPDATE stories SET continued_id = NULL WHERE id = ? AND continued_id = ?", (first, second)
    )


def lock(connection: sqlite3.Connection, wanted: str, *, locked: bool) -> None:
    """Let the story of an entry take no further ones, or take them again."""
    one = _entry(connection, wanted)
    changed = connection.execute(
        "UPDATE stories SET locked = :locked WHERE id = :id AND locked <> :locked",
        {"locked": locked, "id": one["root_id"]},
    )
    if not changed.rowcount:
        raise AggregatorError(f"{one['title']}: {'locked already' if locked else 'not locked'}")


def compare(connection: sqlite3.Connection, wanted: str, further: str) -> Comparison:
    """Return whether two entries tell the same, and how alike they are."""
    one, other = _entry(connection, wanted), _entry(connection, further)
    texts = [text_of(connection, row) for row in (one, other)]
    tokens = [read(text) for text in texts]
    signed = [
        _stored_signature(connection, row["article_id"]) or signature(its, Frequencies())
        for row, its in zip((one, other), tokens, strict=True)
    ]
    alike = likeness(signed[0], signed[1], story_weights.kept(connection))
    together = one["root_id"] == other["root_id"]
    rule = alike.rule
    if rule is None and one["source_id"] == other["source_id"]:
        rule = "own source"
    way = _way(connection, one, other) if together else None
    spellings = {**tokens[1].spellings, **tokens[0].spellings}
    return Comparison(
        one=one["title"],
        other=other["title"],
        are_together=together,
        score=alike.score,
        shared=tuple(as_said(spellings[token]) for token in alike.shared if token in spellings),
        features=alike.features._asdict(),
        rule=rule,
        because=() if together else (_because(connection, one), _because(connection, other)),
        together=() if way is None else way[0],
        way=() if way is None else way[1],
        said_by_hand=_said(connection, texts),
    )


def _way(
    connection: sqlite3.Connection, one: sqlite3.Row, other: sqlite3.Row
) -> tuple[tuple[str, ...], tuple[tuple[str, float], ...]]:
    """Return for feeds of which strictness two entries of a story are one, and by way of whom."""
    ties = tie_rows.among(connection, (one["root_id"],))
    way = surest_ways(ties, one["article_id"]).get(other["article_id"])
    wide = THRESHOLDS["wide"]
    score = wide if way is None else max(way.score, wide)
    names = tuple(name for name, least in THRESHOLDS.items() if score >= least)
    if way is None or len(way.steps) < 2:
        return names, ()
    scores = {frozenset((tie.one, tie.other)): tie.score for tie in ties}
    titles = {step: _title(connection, step) for step in way.steps}
    return names, tuple(
        (titles[step], scores[frozenset((before, step))])
        for before, step in pairwise((one["article_id"], *way.steps))
    )


def _title(connection: sqlite3.Connection, article_id: int) -> str:
    row = connection.execute(
        """SELECT e.title FROM stories s JOIN entries e ON e.story_id = s.id
            WHERE s.id = :article OR s.original_id = :article ORDER BY e.id LIMIT 1""",
        {"article": article_id},
    ).fetchone()
    return "" if row is None else str(row["title"])


def _because(connection: sqlite3.Connection, entry: sqlite3.Row) -> tuple[str, ...]:
    """Return what was decided of an entry when it came, and what keeps others from its story."""
    # sqlite: values within JSON
    row = connection.execute(
        """SELECT CASE WHEN a.joined_id IS NULL THEN json_extract(a.join_because, '$.kind')
                       ELSE 'joined another story' END AS kind,
                  r.locked, o.config
             FROM stories a JOIN stories r ON r.id = :root JOIN sources o ON o.id = :source
            WHERE a.id = :article""",
        {
            "article": entry["article_id"],
            "root": entry["root_id"],
            "source": entry["source_id"],
        },
    ).fetchone()
    said = {
        row["kind"]: row["kind"] is not None,
        "locked": row["locked"],
        "its source has dedupe = false": not source_of(row["config"]).dedupe,
    }
    return tuple(reason for reason, holds in said.items() if holds)


def story_id_of(connection: sqlite3.Connection, wanted: str) -> int:
    """Return the article of the newest entry that is named so."""
    return int(_entry(connection, wanted)["article_id"])


def _entry(connection: sqlite3.Connection, wanted: str) -> sqlite3.Row:
    row: sqlite3.Row | None = connection.execute(
        f"""SELECT e.id, e.source_id, e.title, e.published_at, e.language, {COLUMNS},
                   a.id AS article_id, coalesce(a.joined_id, a.id) AS root_id
             FROM entries e JOIN texts t ON t.entry_id = e.id JOIN stories s ON s.id = e.story_id
             JOIN stories a ON a.id = coalesce(s.original_id, s.id)
            WHERE e.id IN ({NAMED}) ORDER BY e.order_key DESC LIMIT 1""",  # noqa: S608 -- built of constants
        named(connection, wanted),
    ).fetchone()
    if row is None:
        raise AggregatorError(f"no entry is stored under {wanted}: an id, a guid or a link")
    return row


def _first_entry(connection: sqlite3.Connection, story_id: int) -> sqlite3.Row:
    row: sqlite3.Row = connection.execute(
        f"""SELECT e.id, e.source_id, e.title, e.published_at, e.language, {COLUMNS}
             FROM entries e JOIN texts t ON t.entry_id = e.id JOIN stories s ON s.id = e.story_id
            WHERE s.id = :story OR s.original_id = :story ORDER BY e.id LIMIT 1""",  # noqa: S608 -- built of constants
        {"story": story_id},
    ).fetchone()
    return row


def _members(connection: sqlite3.Connection, root_id: int) -> list[int]:
    """Return a story and those that are joined to it, in the order of their beginning."""
    rows = connection.execute(
        "SELECT id FROM stories WHERE id = :root OR joined_id = :root ORDER BY id",
        {"root": root_id},
    )
    return [story_id for (story_id,) in rows]


def _weigh_anew(connection: sqlite3.Connection, members: list[int]) -> None:
    """Remember what stories that are told together have in common now: with the first of them."""
    found = {
        row["story_id"]: signed
        for row in rows_of(
            connection,
            "SELECT story_id, packed FROM signatures WHERE story_id IN ({marks})",
            members,
        )
        if (signed := unpack(row["packed"])) is not None
    }
    if members[0] in found:
        story_index.keep_centroid(connection, members[0], centroid_of(*found.values()))


def _stored_signature(connection: sqlite3.Connection, story_id: int) -> Signature | None:
    row = connection.execute(
        "SELECT packed FROM signatures WHERE story_id = ?", (story_id,)
    ).fetchone()
    return None if row is None else unpack(row["packed"])


def _note(
    connection: sqlite3.Connection,
    one: sqlite3.Row,
    other: sqlite3.Row,
    now: int,
    *,
    is_same: bool,
) -> None:
    """Keep what was said: the last word on a pair counts, whichever of the two was named first."""
    texts = [_told(text_of(connection, row)) for row in (one, other)]
    for pair in (texts, texts[::-1]):
        connection.execute("DELETE FROM overrides WHERE one = ? AND other = ?", pair)
    connection.execute(
        "INSERT INTO overrides (one, other, is_same, said_at) VALUES (?, ?, ?, ?)",
        (*texts, is_same, now),
    )


def _said(connection: sqlite3.Connection, texts: Sequence[Text]) -> bool | None:
    """Return whether somebody said that two texts tell the same; `None` where nobody said."""
    one, other = map(_told, texts)
    row = connection.execute(
        """SELECT is_same FROM overrides
            WHERE (one = :one AND other = :other) OR (one = :other AND other = :one)""",
        {"one": one, "other": other},
    ).fetchone()
    return None if row is None else bool(row["is_same"])


def _told(text: Text) -> str:
    return dumps(text)
