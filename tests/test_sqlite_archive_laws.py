"""Whatever happens to stories and their sources: who reads archives misses nothing (SQLite)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.making import feed as make_feed
from tests.making import source
from tests.story_histories import FEEDS, MINUTE, NAMES, REPORTS, History, addresses

if TYPE_CHECKING:
    from aggregator.model import Feed, Selection, Story

STEPS = st.lists(
    st.one_of(
        REPORTS,
        REPORTS,
        st.tuples(st.just("copy"), st.sampled_from(NAMES), st.integers(0, 20)),
        st.tuples(st.just("wait"), st.sampled_from([1, 30, 31 * 24 * 60])),
        st.tuples(st.just("apply"), FEEDS),
        st.tuples(st.just("remove"), st.sampled_from(NAMES)),
        st.tuples(st.just("bring back"), st.sampled_from(NAMES)),
        st.tuples(st.just("visit")),
        st.tuples(st.just("index")),
        st.tuples(st.just("restart")),
        st.tuples(st.just("prune")),
    ),
    max_size=25,
)

#: What a document says once it is whole: of each entry who is named below it.
Said = dict[str, frozenset[str]]


@dataclass
class Follower:
    """A subscriber who follows links to archives and asks for no address twice."""

    kept: set[str] = field(default_factory=set)
    told: set[str] = field(default_factory=set)
    ids: dict[str, str] = field(default_factory=dict)

    def visit(self, history: Followed) -> None:
        selection: Selection | None = history.store.select(history.feed)
        while selection is not None:
            self.meet(selection.stories)
            part = selection.previous
            address = f"{part.name}?{part.until}" if part is not None else ""
            if part is None or address in self.kept:
                return
            self.kept.add(address)
            selection = history.store.select_archive(history.feed, part.name)

    def meet(self, stories: tuple[Story, ...]) -> None:
        self.told |= addresses(stories)
        for story in stories:
            # One id, one article: whatever stands where another has gone.
            assert self.ids.setdefault(story.id, str(story.url)) == str(story.url)


class Followed(History):
    """The same, with sources that go and come back, and one who comes seldom."""

    def __init__(self, path: Path, first: Feed) -> None:
        self.present = set(NAMES)
        self.follower = Follower()
        self.whole: dict[str, Said] = {}
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
        for part in self.store.archive_parts(self.feed):
            found = self.store.select_archive(self.feed, part.name)
            if found is None or not part.whole:
                continue
            said: Said = {
                story.id: frozenset(str(one.url) for one in story.also_told)
                for story in found.stories
            }
            assert self.whole.setdefault(part.name, said) == said

    def owed(self) -> set[str]:
        """Return the addresses of what is stored of today's sources, but for others' articles."""
        with self.store._reading() as db:
            rows = db.execute(
                """SELECT e.url FROM entries e JOIN stories s ON s.id = e.story_id
                     JOIN sources o ON o.id = e.source_id
                    WHERE o.removed_at IS NULL AND s.original_id IS NULL"""
            ).fetchall()
        return {url for (url,) in rows}


#: A window of few entries: what was named leaves it soon.
NARROW = make_feed(
    dedupe="story", dedupe_window=timedelta(days=3), limit=3, min_entries=2, show_also=True
)

#: One tells, two and three are named below it, all have left, and then one is removed.
GONE = [
    *(("report", name, [(0, 0)]) for name in ("one", "two", "three")),
    *(("report", "four", [(event, 0)]) for event in (1, 2, 1, 2)),
    ("remove", "one"),
]


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
