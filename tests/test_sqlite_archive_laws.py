"""Whatever happens to stories and their sources: who reads archives misses nothing (SQLite)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.making import feed as make_feed
from tests.making import source
from tests.story_histories import FEEDS, MINUTE, NAMES, REPORTS, History

if TYPE_CHECKING:
    from aggregator.model import AlsoTold, Feed, Selection, Story

STEPS = st.lists(
    st.one_of(
        REPORTS,
        REPORTS,
        st.tuples(st.just("copy"), st.sampled_from(NAMES), st.integers(0, 20)),
        st.tuples(st.just("wait"), st.sampled_from([1, 30, 31 * 24 * 60])),
        st.tuples(st.just("apply"), FEEDS),
        st.tuples(st.just("remove"), st.sampled_from(NAMES)),
        st.tuples(st.just("bring back"), st.sampled_from(NAMES)),
        st.tuples(st.just("split"), st.integers(0, 20)),
        st.tuples(st.just("merge"), st.integers(0, 20), st.integers(0, 20)),
        st.tuples(st.just("visit")),
        st.tuples(st.just("index")),
        st.tuples(st.just("restart")),
        st.tuples(st.just("prune")),
    ),
    max_size=25,
)

#: What a document says once it is whole: of each entry who is named below it.
Said = dict[str, frozenset[str]]

#: The address that an article had first, by source, address and title of what tells it today:
#: publishers may have moved it, and it stays the same article.
First = dict[tuple[str, str, str], str]


@dataclass
class Follower:
    """A subscriber who follows links to archives and asks for no address twice."""

    kept: set[str] = field(default_factory=set)
    told: set[str] = field(default_factory=set)
    ids: dict[str, str] = field(default_factory=dict)

    def visit(self, history: Followed) -> None:
        selection: Selection | None = history.store.select(history.feed)
        while selection is not None:
            self.meet(selection.stories, history.first_addresses())
            part = selection.previous
            address = f"{part.name}?{part.until}" if part is not None else ""
            if part is None or address in self.kept:
                return
            self.kept.add(address)
            selection = history.store.select_archive(history.feed, part.name)

    def meet(self, stories: tuple[Story, ...], first: First) -> None:
        for story in stories:
            self.told |= {first[as_told(story)], *named(story, first)}
            # One id, one article: whatever stands where another has gone.
            assert self.ids.setdefault(story.id, first[as_told(story)]) == first[as_told(story)]


def as_told(one: Story | AlsoTold) -> tuple[str, str, str]:
    return one.origin.name, str(one.url), one.title


def named(story: Story, first: First) -> frozenset[str]:
    """Return the first addresses of what is named below an entry."""
    return frozenset(first[as_told(one)] for one in story.also_told)


class Followed(History):
    """The same, with sources that go and come back, and one who comes seldom."""

    def __init__(self, path: Path, first: Feed) -> None:
        self.present = set(NAMES)
        self.follower = Follower()
        self.whole: dict[str, Said] = {}
        self.first: dict[int, str] = {}
        super().__init__(path, first)

    def apply(self, wanted: Feed) -> None:
        self.feed = wanted
        self.whole.clear()
        here = tuple(source(name) for name in NAMES if name in self.present)
        self.store.apply(here, (wanted,), now=self.now)

    def do(self, step: tuple[object, ...]) -> None:
        match step:
            case ("report" | "copy", name, *_) if name not in self.present:
                return
            case "remove", str(name):
                self.present.discard(name)
                self.now += MINUTE
                self.apply(self.feed)
            case "bring back", str(name):
                self.present.add(name)
                self.now += MINUTE
                self.apply(self.feed)
            case ("visit",):
                self.follower.visit(self)
            case ("prune",):
                self.whole.clear()
        super().do(step)

    def look(self) -> None:
        """See that no document changes which a reader takes for whole."""
        first = self.first_addresses()
        for part in self.store.archive_parts(self.feed):
            found = self.store.select_archive(self.feed, part.name)
            if found is None or not part.whole:
                continue
            said: Said = {story.id: named(story, first) for story in found.stories}
            assert self.whole.setdefault(part.name, said) == said

    def first_addresses(self) -> First:
        with self.store._reading() as db:
            rows = db.execute(
                """SELECT o.name, e.url, e.title, e.story_id
                     FROM entries e JOIN sources o ON o.id = e.source_id ORDER BY e.id"""
            ).fetchall()
        return {
            (name, url, title): self.first.setdefault(story_id, url)
            for name, url, title, story_id in map(tuple, rows)
        }

    def owed(self) -> set[str]:
        """Return first addresses of what is stored of today's sources, but for others' articles."""
        with self.store._reading() as db:
            rows = db.execute(
                """SELECT e.story_id FROM entries e JOIN stories s ON s.id = e.story_id
                     JOIN sources o ON o.id = e.source_id
                    WHERE o.removed_at IS NULL AND s.original_id IS NULL"""
            ).fetchall()
        return {self.first[story_id] for (story_id,) in rows}


#: A window of few entries: what was named leaves it soon.
NARROW = make_feed(
    dedupe="story", dedupe_window=timedelta(days=3), limit=3, min_entries=2, show_also=True
)

#: The same, telling each article by itself; and taking more together.
EXACT, WIDE = replace(NARROW, dedupe="exact"), replace(NARROW, dedupe_strictness="wide")

#: One tells, two and three are named below it, all have left, and then one is removed.
GONE = [
    *(("report", name, [(0, 0)]) for name in ("one", "two", "three")),
    *(("report", "four", [(event, 0)]) for event in (1, 2, 1, 2)),
    ("remove", "one"),
]

#: Two is named below one, and all has left when it comes back.
NAMED = [("report", "one", [(0, 0)]), ("report", "two", [(0, 0)])]
LEAVING = [("report", "three", [(event, 0)]) for event in (1, 2, 1, 2)]
AWAY = [*NAMED, ("remove", "two"), *LEAVING, ("bring back", "two")]

#: More is named below what the window shows than it has room for: of the same words, and of others.
CROWD = [("report", "one", [(0, 0)] * 2), ("report", "two", [(0, 0)] * 4)]
VARIED = [("report", name, [(event, 3) for event in range(4)]) for name in ("one", "two")]
VARIED += [("report", "three", [(event, 1) for event in range(4)])]


@example(NARROW, AWAY)
@example(WIDE, AWAY)
@example(NARROW, [*NAMED, ("remove", "two"), ("remove", "one"), *AWAY[3:]])
@example(NARROW, [*NAMED, ("remove", "one"), ("remove", "two"), *AWAY[3:]])
@example(NARROW, [*AWAY[:-1], ("remove", "one"), AWAY[-1]])
@example(NARROW, [*AWAY[:3], ("apply", EXACT), *AWAY[3:]])
@example(NARROW, [*AWAY[:-1], ("apply", EXACT), AWAY[-1]])
@example(NARROW, [*CROWD, ("apply", EXACT)])
@example(NARROW, [*CROWD, ("apply", replace(EXACT, dedupe="off"))])
@example(NARROW, [*CROWD, ("apply", replace(EXACT, limit=2))])
@example(WIDE, [*VARIED, ("apply", replace(NARROW, dedupe_strictness="strict"))])
@example(WIDE, [*VARIED, ("apply", replace(WIDE, dedupe_window=MINUTE))])
@example(WIDE, [*VARIED, ("remove", "two"), ("apply", EXACT), ("bring back", "two")])
@example(NARROW, [*CROWD, *[("split", which) for which in range(6)]])
@example(NARROW, [*NAMED, *LEAVING, ("split", 1)])
@example(WIDE, [*VARIED, *[("split", which) for which in range(6)]])
@example(NARROW, GONE)
@example(NARROW, [("visit",), *GONE])
@example(NARROW, [*GONE, ("bring back", "one"), ("visit",), ("remove", "two")])
@example(NARROW, [*GONE[:2], ("visit",), *GONE[2:], ("remove", "two")])
@given(FEEDS, STEPS)
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_who_reads_archives_is_told_of_all_whatever_goes(
    first: Feed, steps: list[tuple[object, ...]]
) -> None:
    with TemporaryDirectory() as folder:
        history = Followed(Path(folder) / "aggregator.db", first)
        try:
            for step in steps:
                history.do(step)
            history.do(("wait", 30))
            newcomer = Follower()
            newcomer.visit(history)
            assert history.owed() <= newcomer.told
            history.follower.visit(history)
            assert history.owed() <= history.follower.told
        finally:
            history.store.close()
