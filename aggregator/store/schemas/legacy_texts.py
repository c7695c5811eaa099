"""What the first two schemas stored as English text, read once, when it becomes values."""

# sqlite: the whole module

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from aggregator.model import FeedKind, PollOutcome, Problem, ProblemKind
from aggregator.model.notes import (
    CutShort,
    Flood,
    Gaps,
    LimitReached,
    Moved,
    NoteKind,
    NotReloaded,
    NotWritten,
    Output,
    RestartNeeded,
    UnstableIds,
    Unwritten,
    Worded,
)
from aggregator.store.rows import note_rows
from aggregator.store.rows.codec import dumps
from aggregator.store.rows.typed_rows import problem_to_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlite_utils import Database

    from aggregator.model.notes import Fact

#: The first word of a note's subject, before the name of a source.
_OF_SOURCES = {
    "bound": NoteKind.CUT_SHORT,
    "gaps": NoteKind.GAPS,
    "moved": NoteKind.MOVED,
    "source": NoteKind.FLOOD,
    "unstable_ids": NoteKind.UNSTABLE_IDS,
}

_PATTERNS: dict[NoteKind, tuple[str, Callable[[re.Match[str]], Fact]]] = {
    NoteKind.CUT_SHORT: (r".* only the first (\d+) entries", lambda m: CutShort(int(m[1]))),
    NoteKind.GAPS: (r"(\d+) times? lately .*", lambda m: Gaps(int(m[1]))),
    NoteKind.MOVED: (r'has moved for good; set url = "(.*)"', lambda m: Moved(m[1])),
    NoteKind.FLOOD: (
        r"(\d+) old entries came at once on (\d{4}-\d\d-\d\d): .*",
        lambda m: Flood(int(m[1]), datetime.fromisoformat(m[2]).replace(tzinfo=UTC)),
    ),
    NoteKind.UNSTABLE_IDS: (r".* in each of (\d+) documents: .*", lambda m: UnstableIds(int(m[1]))),
    NoteKind.LIMIT_REACHED: (r"limit of (\d+) entries .*", lambda m: LimitReached(int(m[1]))),
    NoteKind.RESTART_NEEDED: (
        r"(\S+(?: and \S+)?) changed: restart to apply",
        lambda m: RestartNeeded(tuple(m[1].split(" and "))),
    ),
    NoteKind.NOT_RELOADED: (
        r"not reloaded: (.*?)(?: \(and (\d+) more\))?",
        lambda m: NotReloaded(m[1], int(m[2] or 0)),
    ),
}


def move_notes(db: Database) -> None:
    """Make values of the table `worded_notes`, and drop it.

    A note of a source that was renamed since is found by the name that its feed had; one of a
    source or feed that is no more says nothing to anybody.
    """
    sources = _ids(db, "SELECT name, id FROM sources WHERE removed_at IS NULL")
    renamed = _ids(
        db,
        """SELECT substr(f.former_name, 9), s.id FROM feeds f
             JOIN sources s ON s.removed_at IS NULL AND f.name = 'sources/' || s.name
            WHERE f.removed_at IS NULL AND f.former_name LIKE 'sources/%'""",
    )
    feeds = _ids(db, "SELECT name, id FROM feeds WHERE removed_at IS NULL")
    outputs: list[Unwritten] = []
    outputs_at = 0
    rows = db.execute("SELECT subject, text, noted_at FROM worded_notes ORDER BY subject")
    # Those of today's names last: what is found by a former name takes no other's place.
    for subject, text, noted_at in sorted(
        rows.fetchall(), key=lambda row: _split(row[0])[1] in sources
    ):
        word, name = _split(subject)
        match fact_of_note(subject, text):
            case Unwritten() as output:
                outputs.append(output)
                outputs_at = max(outputs_at, noted_at)
            case NotReloaded() | RestartNeeded() | Worded(kind=NoteKind.NOT_RELOADED) as fact:
                note_rows.put(db.conn, fact, noted_at)
            case fact if word == "feed" and name in feeds:
                note_rows.put(db.conn, fact, noted_at, feed_id=feeds[name])
            case fact if word in _OF_SOURCES and (name in sources or name in renamed):
                source_id = sources[name] if name in sources else renamed[name]
                note_rows.put(db.conn, fact, noted_at, source_id=source_id)
    if outputs:
        note_rows.put(db.conn, NotWritten(tuple(outputs)), outputs_at)
    db.execute("DROP TABLE worded_notes")


def move_problems(db: Database) -> None:
    """Make values of the problems of sources, mirrors and polls."""
    db.conn.create_function("problem_value", 1, lambda text: problem_to_text(problem_of_text(text)))
    for table in ("sources", "mirrors", "polls"):
        db.execute(
            f"UPDATE {table} SET problem = problem_value(problem) WHERE problem IS NOT NULL"  # noqa: S608 -- a constant
        )
    db.execute("UPDATE polls SET outcome = ? WHERE problem IS NOT NULL", (PollOutcome.FAILED,))


def tell_kinds_of_feeds(db: Database) -> None:
    """Write the kind of each feed into its configuration, where there was a name to guess by."""
    rows = db.execute("SELECT id, config FROM feeds").fetchall()
    db.conn.executemany(
        "UPDATE feeds SET config = ? WHERE id = ?",
        [(_with_kind(config), feed_id) for feed_id, config in rows],
    )


def _with_kind(config: str) -> str:
    data = json.loads(config)
    kind = FeedKind.CONFIGURED
    if data.pop("automatic", False):
        minor = (one for one in FeedKind if one.is_minor)
        named = (one for one in minor if data["name"].startswith(one.name_of("")))
        kind = next(named, FeedKind.EVERYTHING)
    return dumps(data | {"kind": kind})


def problem_of_text(text: str) -> Problem:
    """Return the problem that was stored as "kind: detail" or "kind: detail; remedy".

    A detail that has a semicolon of its own may be divided there: the words stay as they were.
    """
    kind, _, rest = text.partition(": ")
    if kind not in set(ProblemKind):
        return Problem(ProblemKind.INTERNAL, text)
    detail, _, remedy = rest.partition("; ")
    if not remedy:
        detail = rest
    return Problem(ProblemKind(kind), detail, remedy or None)


def fact_of_note(subject: str, text: str) -> Fact | Unwritten:
    """Return what a note of an earlier version says."""
    word, name = _split(subject)
    match word:
        case "static":
            return Unwritten(Output.STATIC_FILES, text)
        case "exports":
            return Unwritten(Output.EXPORT, text, name)
        case "config":
            restart = _fact(NoteKind.RESTART_NEEDED, text)
            is_restart = isinstance(restart, RestartNeeded)
            return restart if is_restart else _fact(NoteKind.NOT_RELOADED, text)
        case "feed":
            return _fact(NoteKind.LIMIT_REACHED, text)
        case _:
            return _fact(_OF_SOURCES[word], text)


def _fact(kind: NoteKind, text: str) -> Fact:
    pattern, make = _PATTERNS[kind]
    match = re.fullmatch(pattern, text, re.DOTALL)
    return Worded(kind, text) if match is None else make(match)


def _split(subject: str) -> tuple[str, str]:
    word, _, name = subject.partition(" ")
    return word, name


def _ids(db: Database, query: str) -> dict[str, int]:
    return {str(name): int(row_id) for name, row_id in db.execute(query).fetchall()}
