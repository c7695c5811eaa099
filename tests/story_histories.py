"""Histories of what several sources report, of one feed, and of its settings; for laws."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from aggregator.model import Preference
from aggregator.model.errors import AggregatorError
from aggregator.store.sqlite import open_store
from aggregator.store.stories.story_switch import StorySwitch
from tests.making import DAY, START, absorb, document, entry, feed, source

if TYPE_CHECKING:
    from datetime import datetime

    from aggregator.model import Feed, Story
    from aggregator.store.sqlite import SqliteStore

MINUTE = timedelta(minutes=1)
NAMES = ("one", "two", "three", "four")

#: What happened, each in the words of several.
EVENTS = (
    (
        "Nvidia announces RTX 5090 graphics card at 1,999 dollars",
        "Nvidia announces the RTX 5090 graphics card for 1,999 dollars",
        "RTX 5090 graphics card announced by Nvidia at 1,999 dollars",
        "Nvidia's new RTX 5090 card costs 1,999 dollars",
    ),
    (
        "小米汽车宣布 SU7 Ultra 量产版售价 52.99 万元",
        "售价 52.99 万元 小米汽车 SU7 Ultra 量产版正式发布",
        "小米 SU7 Ultra 量产版发布：52.99 万元起",
        "小米汽车 SU7 Ultra 开售，52.99 万元",
    ),
    (
        "Parliament votes on the new railway budget tonight",
        "New railway budget: parliament votes tonight",
        "Railway budget vote in parliament expected tonight",
        "Tonight's vote in parliament decides the railway budget",
    ),
    (  # the first two are little alike, the third is like both, the last like the second
        "Northlake bridge collapses after storm",
        "Northlake mayor elected today",
        "Northlake bridge: mayor elected today visits storm collapse",
        "Mayor of Northlake elected today",
    ),
)

FEEDS = st.builds(
    lambda dedupe, strictness, window, prefer, hold, limit: feed(
        dedupe=dedupe,
        dedupe_strictness=strictness,
        dedupe_window=timedelta(minutes=window),
        prefer=prefer,
        hold=timedelta(minutes=hold),
        limit=limit,
        min_entries=2,
        show_also=True,
    ),
    st.sampled_from(["story", "story", "story", "exact"]),
    st.sampled_from(["wide", "story", "strict"]),
    st.sampled_from([20, 4320]),
    st.sampled_from([Preference(), Preference(("two", "three")), Preference(longest=True)]),
    st.sampled_from([0, 0, 3, 10]),
    st.sampled_from([3, 1000]),
)

#: A document of a source: which events it tells, in which words.
REPORTS = st.tuples(
    st.just("report"),
    st.sampled_from(NAMES),
    st.lists(st.tuples(st.integers(0, len(EVENTS) - 1), st.integers(0, 3)), min_size=1, max_size=4),
)


class History:
    """A store with one feed, and all that a subscriber has seen of it.

    `hurried`: a transaction has time to compare one entry.
    """

    def __init__(self, path: Path, first: Feed, *, hurried: bool = False) -> None:
        self.path, self.feed, self.now, self.number = path, first, START, 0
        self.hurried = hurried
        self.sources = {name: source(name) for name in NAMES}
        self.store: SqliteStore = self.opened()
        self.seen: dict[str, tuple[datetime, datetime]] = {}
        self.gone: set[str] = set()
        self.told: set[str] = set()
        self.apply(first)
        for name in NAMES:  # a first document may bring what is old
            absorb(self.store, document(), self.now, name=name)

    def opened(self) -> SqliteStore:
        store = open_store(self.path)
        if self.hurried:
            store._stories = StorySwitch(clock=count().__next__)
            store._write(store._stories.refresh)
        return store

    def apply(self, wanted: Feed) -> None:
        self.feed = wanted
        self.store.apply(tuple(self.sources.values()), (wanted,), now=self.now)

    def do(self, step: tuple[object, ...]) -> None:
        self.now += MINUTE
        match step:
            case "report", str(name), list(told):
                self.bring(name, [(None, EVENTS[event][words]) for event, words in told])
            case "copy", str(name), int(which) if urls := self.urls():
                self.bring(name, [(urls[which % len(urls)], EVENTS[0][0])])
            case "split" | "merge", int(), *_ if urls := self.urls():
                self.correct(*(urls[which % len(urls)] for which in step[1:]))  # type: ignore[operator]  # numbers
            case "wait", int(minutes):
                self.now += minutes * MINUTE
                self.store.show_held(self.now)
                self.store.advance(self.now)
            case "apply", wanted:
                self.apply(wanted)  # type: ignore[arg-type]  # of the steps above
            case "take out" | "enable" | "disable" as what, str(name):
                self.configure(name, what)
            case ("index" | "restart" | "prune" as what,):
                self.keep(what)
        self.look()

    def keep(self, what: str) -> None:
        """Do what a daemon does by itself, or let it start again."""
        if what == "index":
            while self.store.tell_stories(self.now):
                pass
        elif what == "restart":
            self.store.close()
            self.store = self.opened()
        else:
            self.store.prune(self.now, retention=timedelta(minutes=40), keep_raw=DAY)

    def configure(self, name: str, what: str) -> None:
        """Take out, disable or enable a source: what leaves with it may come back with it."""
        if what == "take out":
            self.sources.pop(name, None)
        else:
            self.sources[name] = source(name, enabled=what == "enable")
        self.apply(self.feed)
        self.gone.clear()

    def correct(self, one: str, other: str | None = None) -> None:
        """Say that an entry tells something else than its story, or the same as another."""
        with suppress(AggregatorError):
            if other is None:
                self.store.split_story(one, self.now)
            else:
                self.store.merge_stories(one, other, self.now)

    def bring(self, name: str, told: list[tuple[str | None, str]]) -> None:
        """Let a source bring a document: of entries with an address, or a new one, and a title."""
        if name not in self.sources or not self.sources[name].enabled:
            return
        entries = []
        for known, title in told:
            self.number += 1
            url = known or f"https://{name}.example/{self.number}"
            entries.append(
                entry(
                    self.number,
                    title=title,
                    guid=f"urn:x-test:{self.number}",
                    url=url,
                    published_at=self.now,
                )
            )
        absorb(self.store, document(*entries), self.now, name=name)

    def stories(self) -> tuple[Story, ...]:
        return self.store.select(self.feed).stories

    def look(self) -> None:
        """See what a subscriber sees: nothing that has gone comes back, nothing is told anew."""
        stories = self.stories()
        self.told |= addresses(stories)
        shown = {one.id: (one.updated_at, one.published_at) for one in stories}
        assert not self.gone & shown.keys()
        for public_id, dates in shown.items():
            assert self.seen.get(public_id, dates) == dates
        self.gone |= self.seen.keys() - shown.keys()
        self.seen |= shown

    def look_back(self) -> None:
        """See what the archive has, and whom it names."""
        for part in self.store.archive_parts(self.feed):
            found = self.store.select_archive(self.feed, part.name)
            self.told |= addresses(found.stories if found else ())

    def urls(self, source_name: str | None = None) -> list[str]:
        """Return the addresses of all that is stored today: publishers may have moved it."""
        with self.store._reading() as db:
            rows = db.execute(
                """SELECT e.url FROM entries e JOIN sources o ON o.id = e.source_id
                    WHERE o.name = coalesce(?, o.name) ORDER BY e.id""",
                (source_name,),
            )
            return [url for (url,) in rows]

    def missed(self) -> set[str]:
        """Return the addresses of what was never shown or named, of the sources that are there.

        A copy was told with its original, also where its publisher gives it another address later:
        it stays the same article.
        """
        there = {url for name in self.sources for url in self.urls(name)}
        return there - self.told - self._told_as_originals()

    def _told_as_originals(self) -> set[str]:
        with self.store._reading() as db:
            rows = db.execute(
                """SELECT e.url, o.url AS original FROM entries e
                     JOIN stories s ON s.id = e.story_id
                     JOIN entries o ON o.story_id = s.original_id"""
            )
            return {row["url"] for row in rows if row["original"] in self.told}


def addresses(stories: tuple[Story, ...]) -> set[str]:
    """Return those of what is shown and of what is named below it."""
    shown = {str(story.url) for story in stories}
    return shown | {str(one.url) for story in stories for one in story.also_told}
