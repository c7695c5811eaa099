"""How notes and problems lie in an SQLite file, and what is made of the last release's words."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC
from typing import TYPE_CHECKING, get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aggregator.model import Enclosure, Feed, FeedKind, PollOutcome, Problem, ProblemKind
from aggregator.model.notes import (
    CertificateEnds,
    CrowdedSite,
    CutShort,
    Fact,
    FailingMirror,
    FailingMirrors,
    Flood,
    Gaps,
    HeldHost,
    LimitReached,
    LongDocument,
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
from aggregator.operations.messages import fact_text, problem_text
from aggregator.store.rows.codec import dumps
from aggregator.store.rows.note_rows import fact_of, fact_to_text
from aggregator.store.rows.typed_rows import (
    enclosures_of,
    feed_to_text,
    problem_of,
    problem_to_text,
)
from aggregator.store.schemas.legacy_texts import fact_of_note, problem_of_text
from aggregator.store.sqlite import open_store
from aggregator.web.redaction import redact
from tests.make_schema_fixture import FOLDER
from tests.making import DAY, START

if TYPE_CHECKING:
    from pathlib import Path

MOVED = "https://new.example/feed"

# --- what is stored -----------------------------------------------------------------------------

INSTANTS = st.datetimes(timezones=st.just(UTC))
FACTS: st.SearchStrategy[Fact] = st.one_of(
    st.builds(Flood, came_at=INSTANTS),
    st.builds(LongDocument, came_at=INSTANTS),
    st.builds(CertificateEnds, until_at=INSTANTS, left=st.timedeltas(-400 * DAY, 400 * DAY)),
    *(
        st.from_type(one)
        for one in get_args(Fact)
        # Some are said of what is stored, at each look, and are not stored themselves.
        if one not in {Flood, LongDocument, CertificateEnds, HeldHost, CrowdedSite}
    ),
)


@given(FACTS)
def test_a_fact_is_what_was_stored(fact: Fact) -> None:
    assert fact_of(fact.kind, fact_to_text(fact)) == fact


def test_every_kind_has_a_type_of_its_own() -> None:
    kinds = [one.kind for one in get_args(Fact) if one is not Worded]
    assert sorted(kinds) == sorted(NoteKind)


# --- files ---------------------------------------------------------------------------------------

FILES = st.builds(
    Enclosure, st.text(), st.text(), st.integers(0, 2**53), st.none() | st.text(), st.integers(0)
)


@given(st.lists(FILES).map(tuple))
@example((Enclosure("https://example.com/a.mp3", "audio/mpeg", 7, "Part one", 63),))
def test_files_are_what_was_stored(files: tuple[Enclosure, ...]) -> None:
    assert enclosures_of(dumps(files)) == files


def test_files_of_earlier_versions_have_neither_title_nor_duration() -> None:
    stored = '[{"length_bytes":7,"media_type":"audio/mpeg","url":"https://example.com/a.mp3"}]'
    assert enclosures_of(stored) == (Enclosure("https://example.com/a.mp3", "audio/mpeg", 7),)


# --- notes of earlier versions ------------------------------------------------------------------

GAPS = (
    "{} lately its document shared no entry with the one before: some may be missing; polled more "
    "often now"
)
LIMIT = "limit of {} entries reached before the window's end; raise limit or shorten window"

#: In the words of the release before notes were values; today's may be others.
WORDED = (
    (
        "bound one",
        "its document is longer than we read: only the first 5000 entries",
        CutShort(5000),
    ),
    ("gaps one", GAPS.format("1 time"), Gaps(1)),
    ("gaps one", GAPS.format("12 times"), Gaps(12)),
    ("moved one", f'has moved for good; set url = "{MOVED}"', Moved(MOVED)),
    (
        "unstable_ids one",
        (
            "its entries had other ids in each of 3 documents: they are known by their links and "
            "texts instead; tell the publisher"
        ),
        UnstableIds(3),
    ),
    (
        "source one",
        "31 old entries came at once on 2026-11-20: stored, not published",
        Flood(31, START.replace(hour=0)),
    ),
    ("feed all", LIMIT.format(1000), LimitReached(1000)),
    (
        "config",
        "not reloaded: config.toml:3: sources[0].url: must be a URL",
        NotReloaded("config.toml:3: sources[0].url: must be a URL"),
    ),
    (
        "config",
        "not reloaded: config.toml:3: sources[0].url: must be a URL (and 4 more)",
        NotReloaded("config.toml:3: sources[0].url: must be a URL", 4),
    ),
    (
        "config",
        "server.listen changed: restart to apply",
        RestartNeeded(("server.listen",)),
    ),
    (
        "config",
        "server.listen and store.path changed: restart to apply",
        RestartNeeded(("server.listen", "store.path")),
    ),
)


@pytest.mark.parametrize(("subject", "words", "fact"), WORDED)
def test_what_an_earlier_version_said_is_read_as_what_it_meant(
    subject: str, words: str, fact: Fact
) -> None:
    assert fact_of_note(subject, words) == fact


def test_what_is_not_understood_stays_as_it_was_said() -> None:
    kept = Worded(NoteKind.LIMIT_REACHED, "limits are reached")
    assert fact_of_note("feed all", kept.text) == kept
    assert fact_text(kept) == kept.text


def test_problems_of_the_last_release_are_read_as_what_they_were(tmp_path: Path) -> None:
    path = tmp_path / "aggregator.db"
    plain, remedied = "timeout: no answer", "access: token_file: no such file; create it"
    with sqlite3.connect(path) as db:
        db.executescript((FOLDER / "0002.sql").read_text(encoding="utf-8"))
        db.execute("UPDATE sources SET problem = ? WHERE name = 'one'", (plain,))
        db.execute("UPDATE mirrors SET problem = ?, failures = 2", (remedied,))
        db.execute("UPDATE polls SET problem = ?, outcome = 'access'", (remedied,))
    db.close()
    store = open_store(path)
    (one, two), (state, _) = store.status(), store.states()
    (poll,) = store.history(state.source_id, most=1)
    found = [note.fact for note in store.notes() if note.source == "two"]
    store.close()
    access = Problem(ProblemKind.ACCESS, "token_file: no such file", "create it")
    assert (one.problem, two.problem) == (Problem(ProblemKind.TIMEOUT, "no answer"), None)
    assert (poll.problem, poll.outcome) == (access, PollOutcome.FAILED)
    assert found == [FailingMirrors((FailingMirror("https://two.example/feed.xml", 2, access),))]


@example(Problem(ProblemKind.DNS, "; "))
@given(st.builds(Problem))
def test_a_problem_of_the_last_release_has_the_same_words(problem: Problem) -> None:
    said = problem_text(problem)
    assert problem_text(problem_of_text(said)) == said


@given(st.builds(Problem))
def test_a_problem_is_what_was_stored_but_for_its_secrets(problem: Problem) -> None:
    stored = problem_of(problem_to_text(problem))
    assert stored is not None
    assert (stored.kind, stored.detail) == (problem.kind, redact(problem.detail))
    assert problem_of(problem_to_text(stored)) == stored


def test_notes_of_the_last_release_are_moved_those_of_renamed_sources_too(tmp_path: Path) -> None:
    path = tmp_path / "aggregator.db"
    with sqlite3.connect(path) as db:
        db.executescript((FOLDER / "0002.sql").read_text(encoding="utf-8"))
        db.execute("DELETE FROM notes")
        (name,) = db.execute("SELECT name FROM sources WHERE name = 'two'").fetchone()
        db.execute(
            """INSERT INTO feeds (name, config, public_id, created_at, changed_at, former_name)
               VALUES ('sources/two', '{"name": "sources/two", "title": "two"}', 'urn:x', 0, 0,
                       'sources/second')"""
        )
        db.executemany(
            "INSERT INTO notes (subject, text, noted_at) VALUES (?, ?, 0)",
            [
                ("gaps one", GAPS.format("2 times")),
                ("gaps second", GAPS.format("3 times")),
                ("moved second", fact_text(Moved("https://older.example/"))),
                ("moved two", fact_text(Moved(MOVED))),
                ("gaps gone", GAPS.format("4 times")),
                ("feed all", LIMIT.format(7)),
                ("feed gone", LIMIT.format(8)),
                ("config", "an example"),
                ("static files", "the disk is full"),
                ("exports /srv/my posts", "the disk is full"),
            ],
        )
    db.close()
    store = open_store(path)
    found = {(note.source or note.feed, note.fact) for note in store.notes()}
    store.close()
    full = "the disk is full"
    outputs = (
        Unwritten(Output.EXPORT, full, "/srv/my posts"),
        Unwritten(Output.STATIC_FILES, full),
    )
    assert found == {
        ("one", Gaps(2)),
        (name, Gaps(3)),
        (name, Moved(MOVED)),
        ("all", LimitReached(7)),
        (None, Worded(NoteKind.NOT_RELOADED, "an example")),
        (None, NotWritten(outputs)),
    }


def test_feeds_of_the_last_release_get_their_kinds_and_are_not_changed_by_it(
    tmp_path: Path,
) -> None:
    path = tmp_path / "aggregator.db"
    kinds = {"all": FeedKind.EVERYTHING, "tags/c/c++": FeedKind.TAG, "sources/one": FeedKind.SOURCE}
    feeds = {
        "news": Feed("news", "News", tags=("c/c++",)),
        **{name: Feed(name, name, kind=kind) for name, kind in kinds.items()},
    }
    with sqlite3.connect(path) as db:
        db.executescript((FOLDER / "0002.sql").read_text(encoding="utf-8"))
        for name, one in feeds.items():
            worded = json.loads(feed_to_text(one))
            del worded["kind"]
            worded["automatic"] = name in kinds
            db.execute(
                """INSERT INTO feeds (name, config, public_id, created_at, changed_at)
                   VALUES (?, ?, ?, 0, 0)
                   ON CONFLICT (name) DO UPDATE SET config = excluded.config""",
                (name, json.dumps(worded), f"urn:{name}"),
            )
    db.close()
    open_store(path).close()
    with sqlite3.connect(path) as db:
        stored = dict(db.execute("SELECT name, config FROM feeds").fetchall())
    db.close()
    assert stored == {name: feed_to_text(one) for name, one in feeds.items()}
