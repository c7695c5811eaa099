"""Whatever happens to stories: nothing is missed, nothing comes back, no id changes (SQLite)."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from aggregator.model import Preference
from aggregator.stories.ties import THRESHOLDS, Groups, Tie
from tests.making import feed

if TYPE_CHECKING:
    from aggregator.model import Feed

from tests.story_histories import FEEDS, MINUTE, NAMES, REPORTS, History

STEPS = st.lists(
    st.one_of(
        REPORTS,
        REPORTS,
        REPORTS,
        st.tuples(st.just("copy"), st.sampled_from(NAMES), st.integers(0, 20)),
        st.tuples(st.just("wait"), st.integers(1, 30)),
        st.tuples(st.just("apply"), FEEDS),
        st.tuples(
            st.sampled_from(["take out", "disable", "enable", "enable"]), st.sampled_from(NAMES)
        ),
        st.tuples(st.just("index")),
        st.tuples(st.just("restart")),
        st.tuples(st.just("prune")),
        st.tuples(st.just("split"), st.integers(0, 20)),
        st.tuples(st.just("merge"), st.integers(0, 20), st.integers(0, 20)),
    ),
    max_size=25,
)


#: A hold that ends when there is no room any more for its story: nobody saw who is named below it.
NARROW = feed(
    dedupe="story",
    dedupe_window=20 * MINUTE,
    prefer=Preference(longest=True),
    hold=3 * MINUTE,
    limit=3,
    min_entries=2,
    show_also=True,
)


#: Two sources' reports of one event wait for a third, which has filled the window before it ends.
PATIENT = replace(NARROW, prefer=Preference(("three",)), hold=10 * MINUTE)
OVERTAKEN = [
    ("report", "one", [(0, 0)]),
    ("report", "two", [(0, 1)]),
    *(("report", "three", [told]) for told in ((1, 0), (2, 0), (3, 0), (1, 1))),
]
#: The third has told it, and that has left: a report that comes later waits, and is overtaken.
TOLD_BEFORE = [
    *(("report", "three", [told]) for told in ((0, 0), (1, 0), (2, 0), (3, 0))),
    ("report", "one", [(0, 1)]),
    *(("report", "three", [told]) for told in ((1, 1), (2, 1), (3, 3), (1, 2))),
]
#: A report waits when its source leaves, which comes back when the window has moved past it.
AWAY = [
    ("report", "one", [(0, 0)]),
    ("take out", "one"),
    *(("report", "three", [told]) for told in ((1, 0), (2, 0), (3, 0), (1, 1), (2, 1), (3, 3))),
    ("enable", "one"),
]
#: The feed tells each article by itself when it comes back, or did so meanwhile.
EXACT = ("apply", replace(PATIENT, dedupe="exact"))


@example(PATIENT, [*AWAY, ("wait", 30)], False)
@example(PATIENT, [*AWAY[:2], ("wait", 30), *AWAY[2:]], False)
@example(replace(PATIENT, hold=timedelta(0)), AWAY, True)
@example(PATIENT, [*AWAY[:2], EXACT, *AWAY[2:]], False)
@example(PATIENT, [*AWAY[:2], EXACT, ("wait", 30), *AWAY[2:]], False)
@example(PATIENT, [*AWAY[:-1], EXACT, AWAY[-1]], False)
@example(PATIENT, [*AWAY[:-1], EXACT, ("apply", PATIENT), AWAY[-1]], False)
@example(
    NARROW, [("report", name, [(0, 0)]) for name in ("one", "two", "one", "one", "one")], False
)
@example(
    NARROW,
    [
        *(("report", name, [(0, 0)]) for name in ("one", "two", "one", "one", "one")),
        ("apply", replace(NARROW, hold=timedelta(0))),
    ],
    False,
)
@example(
    NARROW,
    [
        ("report", "one", [(0, 0), (1, 0), (2, 0), (3, 0)]),
        ("apply", replace(NARROW, dedupe="exact")),
    ],
    False,
)
@example(PATIENT, [*OVERTAKEN, ("take out", "one")], False)
@example(PATIENT, [*OVERTAKEN, ("split", 0)], False)
@example(PATIENT, [*OVERTAKEN, ("split", 1)], False)
@example(PATIENT, [*OVERTAKEN, ("apply", replace(PATIENT, dedupe="exact"))], False)
@example(PATIENT, [*OVERTAKEN, ("apply", replace(PATIENT, dedupe="off"))], False)
@example(PATIENT, TOLD_BEFORE, False)
@example(PATIENT, [*TOLD_BEFORE, ("apply", replace(PATIENT, hold=timedelta(0)))], False)
@example(
    replace(NARROW, dedupe_strictness="strict", prefer=Preference(), hold=10 * MINUTE),
    [
        ("prune",),
        ("report", "four", [(1, 3), (2, 2)]),
        ("copy", "four", 14),
        ("wait", 8),
        ("copy", "three", 15),
        ("report", "two", [(0, 1), (2, 2), (2, 2)]),
        ("report", "one", [(0, 1), (3, 0)]),
        ("report", "three", [(3, 0)]),
        ("wait", 22),
        ("restart",),
    ],
    True,
)
@example(
    replace(NARROW, dedupe_strictness="wide", prefer=Preference(), hold=timedelta(0)),
    [
        ("report", "two", [(0, 0)] * 4),
        ("copy", "one", 0),
        ("report", "one", [(0, 0), (0, 0)]),
    ],
    False,
)
@given(FEEDS, STEPS, st.booleans())
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_each_entry_is_shown_or_named_and_nothing_comes_back(
    first: Feed, steps: list[tuple[object, ...]], hurried: bool
) -> None:
    with TemporaryDirectory() as folder:
        history = History(Path(folder) / "aggregator.db", first, hurried=hurried)
        try:
            for step in steps:
                history.do(step)
            history.do(("wait", 30))
            history.look_back()
            assert not history.missed()
            check_joins(history.path)
        finally:
            history.store.close()


def check_joins(path: Path) -> None:
    """Hold that stories are joined to one that is by itself, and hold together by their ties."""
    db = sqlite3.connect(path)
    try:
        chains = """SELECT s.id FROM stories s JOIN stories r ON r.id = s.joined_id
                     WHERE r.joined_id IS NOT NULL OR r.original_id IS NOT NULL
                        OR s.original_id IS NOT NULL OR s.join_score IS NULL"""
        assert not db.execute(chains).fetchall()
        joined = db.execute("SELECT id, joined_id FROM stories WHERE joined_id > 0").fetchall()
        ties = [Tie(*row) for row in db.execute("SELECT story_id, other_id, score FROM ties")]
        groups = Groups(ties, THRESHOLDS["wide"])
        assert all(groups.of(one) == groups.of(root) for one, root in joined)
        copies = db.execute("SELECT id FROM stories WHERE original_id IS NOT NULL").fetchall()
        assert not {(id_,) for tie in ties for id_ in (tie.one, tie.other)} & set(copies)
        lost = """SELECT token FROM postings p WHERE NOT EXISTS (
                    SELECT 1 FROM signatures g WHERE g.story_id = p.story_id)"""
        assert not db.execute(lost).fetchall()
    finally:
        db.close()
