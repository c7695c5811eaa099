"""What feeds show is kept, and is always what a look at everything that is stored would show."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aggregator.model import Condition, Feed, Rules, Share, Source, Tagging
from aggregator.model.instants import micros
from aggregator.store.rows.typed_rows import feed_of
from aggregator.store.sqlite import SqliteStore, open_store
from aggregator.stories.windows import Candidate, Cut, Membership, cut, standing, weight
from tests.making import DAY, HOUR, START, absorb, document, entry, feed, source
from tests.old_databases import as_written_by, texts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from aggregator.model import Entry

NO_ADS = Rules(block=(Condition(title=("ad",)),))
TAGGING = Rules(tag=(Tagging(Condition(title=("it",)), ("it",)),))

NAMES = ("a", "b", "c")


@dataclass(frozen=True)
class Poll:
    """A source's document: articles that others may carry too, told in one of several ways."""

    name: str
    articles: tuple[tuple[int, str], ...]
    hours: int
    age: int
    site: str = "site.example"


@dataclass(frozen=True)
class Apply:
    """A configuration: which sources there are and what each feed selects and shows."""

    sources: tuple[str, ...]
    ruled: str
    selected: tuple[str, ...] | None
    dedupe: str
    excluding: bool
    limit: int
    min_entries: int
    hours: int
    per_source: Share | None = None


@dataclass(frozen=True)
class Advance:
    hours: int


@dataclass(frozen=True)
class Prune:
    days: int


names = st.sampled_from(NAMES)
subsets = st.sets(names).map(lambda found: tuple(sorted(found)))
articles = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from(("news", "ad", "it"))),
    max_size=4,
    unique_by=lambda one: one[0],
).map(tuple)
shares = st.sampled_from((None, Share(1, 3), Share(2)))


def steps(
    shares: st.SearchStrategy[Share | None],
) -> st.SearchStrategy[list[Poll | Apply | Advance | Prune]]:
    """Return histories, of feeds that have one of these shares."""
    return st.lists(
        st.one_of(
            st.builds(
                Poll,
                names,
                articles,
                st.integers(0, 30),
                st.integers(0, 100),
                st.sampled_from(("site.example", "a.example")),
            ),
            st.builds(
                Apply,
                subsets,
                st.sampled_from(("none", "a", "all")),
                st.none() | subsets,
                st.sampled_from(("exact", "off")),
                st.booleans(),
                st.integers(1, 8),
                st.integers(0, 4),
                st.integers(0, 30),
                shares,
            ),
            st.builds(Advance, st.integers(0, 80)),
            st.builds(Prune, st.integers(0, 10)),
        ),
        max_size=25,
    )


def sources_of(step: Apply) -> tuple[Source, ...]:
    def rules(name: str) -> Rules:
        return NO_ADS if step.ruled in {"all", name} else TAGGING if name == "b" else Rules()

    return tuple(source(name, backfill=2, rules=rules(name)) for name in step.sources)


def feeds_of(step: Apply) -> tuple[Feed, ...]:
    rules = NO_ADS if step.excluding else Rules()
    every = feed(
        "all",
        dedupe=step.dedupe,
        limit=step.limit,
        per_source=step.per_source,
        min_entries=step.min_entries,
        window=2 * DAY,
        rules=rules,
    )
    return (
        every,
        feed(
            "some",
            sources=step.selected or (),
            tags=("it",),
            window=DAY,
            min_entries=1,
            document_size=3500,
            entry_size=20,
        ),
        feed("own", sources=("a",), window=3 * DAY),
    )


def article(
    name: str, number: int, way: str, at: datetime, age: int, *, site: str = "site.example"
) -> Entry:
    made = entry(
        f"{way} {number} of {name}",
        guid=f"tag:{name}.{site},2026:{number}",
        url=f"https://{site}/{number}",
        text=f"{way} {number} {site[0]}",
        published_at=at - (age + number) * HOUR,
    )
    return replace(made, shared_keys=(f"url:https://{site}/{number}",))


BEGINNING = Apply(NAMES, "none", None, "exact", excluding=False, limit=8, min_entries=2, hours=0)


#: A source joins a feed with a copy that came before the one by which the feed told the story.
EARLIER_COPY: list[Poll | Apply | Advance | Prune] = [
    replace(BEGINNING, selected=("b",)),
    Poll("a", ((1, "news"),), hours=0, age=0),
    Poll("b", ((1, "news"),), hours=0, age=0),
    replace(BEGINNING, selected=("a", "b")),
]

#: Others carry an article before its own source and after it; that goes, and comes back.
OWNED: list[Poll | Apply | Advance | Prune] = [
    Poll("b", ((1, "news"),), hours=0, age=0, site="a.example"),
    Poll("a", ((1, "news"), (2, "news")), hours=1, age=0, site="a.example"),
    Poll("c", ((1, "news"), (2, "news")), hours=1, age=0, site="a.example"),
    replace(BEGINNING, sources=("b", "c"), hours=1),
    replace(BEGINNING, dedupe="off", hours=1),
    replace(BEGINNING, hours=1),
    Prune(0),
]

#: A feed shows an article twice, then once; leaves one out by a rule, and then no more.
SWITCHED: list[Poll | Apply | Advance | Prune] = [
    Poll("a", ((1, "news"), (2, "ad")), hours=0, age=0),
    Poll("b", ((1, "news"),), hours=0, age=0),
    replace(BEGINNING, dedupe="off"),
    replace(BEGINNING, excluding=True),
    replace(BEGINNING, ruled="all"),
    BEGINNING,
]


#: A source brings more than its share, goes and comes back; another one has a copy.
GIVEN_WAY: list[Poll | Apply | Advance | Prune] = [
    replace(BEGINNING, limit=3, min_entries=0, per_source=Share(1)),
    Poll("b", ((0, "news"),), hours=0, age=0),
    Poll("a", ((1, "news"), (2, "news"), (3, "it")), hours=0, age=0),
    Poll("c", ((1, "news"),), hours=0, age=0),
    replace(BEGINNING, sources=("b", "c"), limit=3, per_source=Share(1)),
    replace(BEGINNING, limit=3, per_source=Share(1)),
    Advance(hours=30),
    BEGINNING,
]


def play(store: SqliteStore, step: Poll | Apply | Advance | Prune, now: datetime) -> datetime:
    """Let a step happen; return when it has."""
    match step:
        case Poll():
            now += timedelta(hours=step.hours)
            told = (
                article(step.name, number, way, now, step.age, site=step.site)
                for number, way in step.articles
            )
            if store.states((step.name,)):
                absorb(store, document(*told), now, name=step.name)
        case Apply():
            now += timedelta(hours=step.hours)
            store.apply(sources_of(step), feeds_of(step), now=now)
        case Advance():
            now += timedelta(hours=step.hours)
            store.advance(now)
        case Prune():
            before = kept(store)
            store.prune(now, retention=step.days * DAY, keep_raw=DAY)
            assert kept(store) == before
    return now


def read(store: SqliteStore, sql: str) -> list[sqlite3.Row]:
    with store._reading() as connection:
        return connection.execute(sql).fetchall()


def kept(store: SqliteStore) -> dict[int, list[int]]:
    """Return the entries that each feed shows, oldest first, as kept."""
    found: dict[int, list[int]] = {row["id"]: [] for row in read(store, "SELECT id FROM feeds")}
    for row in read(store, "SELECT feed_id, entry_id FROM shown ORDER BY feed_id, order_key"):
        found[row["feed_id"]].append(row["entry_id"])
    return found


def looked_at(store: SqliteStore) -> dict[int, list[int]]:
    """Return the entries that each feed shows by all that is stored."""
    members: dict[tuple[int, int], list[Membership]] = defaultdict(list)
    for row in read(store, "SELECT * FROM memberships"):
        members[row["feed_id"], row["source_id"]].append(
            Membership(row["after_key"], row["until_key"], row["floor"])
        )
    excluded = {
        (row["feed_id"], row["entry_id"]): row["because"]
        for row in read(store, "SELECT * FROM exclusions")
    }
    places = {
        (row["feed_id"], row["entry_id"]): (row["month"], row["number"])
        for row in read(store, "SELECT * FROM archive")
    }
    departed = {(row["feed_id"], row["story_id"]) for row in read(store, "SELECT * FROM departed")}
    entries = read(
        store, "SELECT e.*, s.original_id FROM entries e JOIN stories s ON s.id = e.story_id"
    )
    found: dict[int, list[int]] = {}
    for row in read(store, "SELECT * FROM feeds"):
        candidates = [
            Candidate(
                entry_id=one["id"],
                story_id=one["story_id"],
                source_id=one["source_id"],
                order_key=one["order_key"],
                held_back=bool(one["held_back"]),
                blocked=one["blocked"],
                excluded=excluded.get((row["id"], one["id"])),
                memberships=tuple(members[row["id"], one["source_id"]]),
                place=places.get((row["id"], one["id"])),
                original_id=one["original_id"],
                departed=not departed.isdisjoint(
                    ((row["id"], one["story_id"]), (row["id"], one["original_id"]))
                ),
            )
            for one in entries
        ]
        once = feed_of(row["config"]).dedupe != "off"
        shown = standing(candidates, floor=row["floor"], once=once)
        found[row["id"]] = [one.entry_id for one in shown]
    return found


def check(store: SqliteStore) -> None:
    shown = kept(store)
    assert shown == looked_at(store)
    for row in read(store, "SELECT * FROM feeds"):
        entry_ids = shown[row["id"]]
        assert row["shown_count"] == len(entry_ids)
    unarchived = """SELECT * FROM shown s WHERE NOT EXISTS (SELECT 1 FROM archive a
                     WHERE a.entry_id = s.entry_id AND a.feed_id = s.feed_id)"""
    assert not read(store, unarchived)
    check_weights(store)
    check_stored_bytes(store)
    # Source "a" is polled at a.example: no story has an entry of its own and one of others.
    mixed = """SELECT e.id FROM entries e JOIN stories s ON s.id = e.story_id
                 JOIN sources o ON o.id = e.source_id LEFT JOIN stories l ON l.id = s.original_id
                WHERE s.is_own != (o.url LIKE '%//a.%' AND e.url LIKE '%//a.%')
                   OR l.is_own = 0 OR (s.is_own AND s.original_id IS NOT NULL)"""
    assert not read(store, mixed)


def check_windows(store: SqliteStore, now: datetime) -> None:
    """Hold that no window has anything to drop, and each knows when it will have."""
    weighed: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for row in read(store, "SELECT * FROM shown ORDER BY order_key"):
        weighed[row["feed_id"]].append((row["order_key"], row["weight_bytes"]))
    for row in read(store, "SELECT * FROM feeds WHERE removed_at IS NULL"):
        of_feed, stood = feed_of(row["config"]), weighed[row["id"]]

        def dropped_at(
            moment: int, of_feed: Feed = of_feed, stood: list[tuple[int, int]] = stood
        ) -> Cut:
            weighs = sum(weight for _, weight in stood)
            return cut(of_feed, stood, moment, count=len(stood), all_bytes=weighs)

        found = dropped_at(micros(now))
        assert (found.dropped, found.drops_at) == (0, row["drops_at"])
        if found.drops_at is not None:
            assert dropped_at(found.drops_at).dropped == 0
            assert dropped_at(found.drops_at + 1).dropped >= 1


def with_texts(store: SqliteStore, query: str) -> list[dict[str, Any]]:
    """Return rows of entries, each with what its texts are."""
    found = texts(Path(store._engine.place))
    return [dict(row) | found[row["id"]] for row in read(store, query)]


def check_stored_bytes(store: SqliteStore) -> None:
    """Hold that what each source has stored is counted, and what all have."""
    stored: dict[int, int] = defaultdict(int)
    names = (
        "title", "content_html", "summary", "raw", "categories", "enclosures", "particulars",
    )  # fmt: skip
    for row in with_texts(store, "SELECT * FROM entries"):
        stored[row["source_id"]] += sum(len((row[name] or "").encode()) for name in names)
    counted = {row["id"]: row["stored_bytes"] for row in read(store, "SELECT * FROM sources")}
    assert counted == {source_id: stored[source_id] for source_id in counted}
    (counters,) = read(store, "SELECT * FROM counters")
    assert counters["stored_bytes"] == sum(stored.values())


def check_weights(store: SqliteStore) -> None:
    """Hold that each entry weighs what the feed publishes of it, and a feed what they do."""
    for row in read(store, "SELECT * FROM feeds"):
        found = with_texts(
            store,
            f"SELECT * FROM shown JOIN entries ON id = entry_id WHERE feed_id = {row['id']}",  # noqa: S608 -- a number
        )
        assert row["shown_bytes"] == sum(one["weight_bytes"] for one in found)
        for one in found:
            names = ("title", "summary", "author", "url", "categories", "enclosures", "provenance")
            assert one["weight_bytes"] == weight(
                feed_of(row["config"]),
                content_bytes=len(one["content_html"].encode()),
                other_bytes=sum(len((one[name] or "").encode()) for name in names),
            )


@settings(max_examples=60, deadline=None)
@given(history=steps(shares))
@example(history=EARLIER_COPY)
@example(history=SWITCHED)
@example(history=GIVEN_WAY)
@example(history=OWNED)
def test_what_is_kept_is_what_a_look_at_everything_shows(
    tmp_path_factory: pytest.TempPathFactory, history: list[Poll | Apply | Advance | Prune]
) -> None:
    with closing(open_store(tmp_path_factory.mktemp("law") / "a.db")) as store:
        now = play(store, BEGINNING, START)
        for step in history:
            now = play(store, step, now)
            check(store)
            if isinstance(step, Apply | Advance):
                check_windows(store, now)


@settings(max_examples=25, deadline=None)
@given(history=steps(st.none()))
@example(history=EARLIER_COPY)
def test_an_upgrade_keeps_what_the_version_before_showed(
    tmp_path_factory: pytest.TempPathFactory, history: list[Poll | Apply | Advance | Prune]
) -> None:
    path, now = tmp_path_factory.mktemp("law") / "a.db", START
    with closing(open_store(path)) as store:
        for step in (BEGINNING, *history):  # to the earlier version, a copy was in the story itself
            nobodys = replace(step, site="site.example") if isinstance(step, Poll) else step
            now = play(store, nobodys, now)
        before = kept(store)
    as_written_by("0002", path)
    with closing(open_store(path)) as store:
        assert kept(store) == before
        check(store)
        store.advance(now)
        check_windows(store, now)
    as_written_by("0001", path)
    with closing(open_store(path)) as store:
        check(store)
        store.advance(now)
        check_windows(store, now)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    with closing(open_store(tmp_path / "a.db")) as opened:
        yield opened


def titles(store: SqliteStore, shown: Feed) -> list[str]:
    return [story.title for story in store.select(shown).stories]


QUIET = feed("all", window=DAY, min_entries=1)


def leave_behind(store: SqliteStore) -> None:
    """Let a story of source "a" leave the window, and a later one of source "b" stay."""
    store.apply((source("a"), source("b")), (QUIET,), now=START)
    absorb(store, document(article("a", 1, "news", START, 0)), START, name="a")
    later = START + 3 * HOUR
    absorb(store, document(article("b", 2, "news", later, 0)), later, name="b")
    store.advance(START + 3 * DAY)
    assert titles(store, QUIET) == ["Entry news 2 of b"]


def test_a_story_is_forgotten_as_a_whole_so_that_no_copy_comes_back_as_news(
    store: SqliteStore,
) -> None:
    leave_behind(store)
    copy = document(article("b", 1, "news", START, 0))
    absorb(store, copy, START + 60 * DAY, name="b")
    assert store.prune(START + 100 * DAY, retention=90 * DAY, keep_raw=DAY) == 0
    changed = (source("a"), source("b", title="x"))
    store.apply(changed, (QUIET,), now=START + 100 * DAY)
    assert titles(store, QUIET) == ["Entry news 2 of b"]
    assert store.prune(START + 200 * DAY, retention=90 * DAY, keep_raw=DAY) == 2


def test_a_membership_that_is_over_keeps_copies_of_what_it_brought_away(
    store: SqliteStore,
) -> None:
    leave_behind(store)
    store.apply((source("b"),), (QUIET,), now=START + 3 * DAY)
    store.apply((source("a"), source("b")), (QUIET,), now=START + 4 * DAY)
    absorb(store, document(article("b", 3, "news", START, 0)), START + 5 * DAY, name="b")
    store.advance(START + 9 * DAY)
    store.prune(START + 9 * DAY, retention=90 * DAY, keep_raw=DAY)
    copy = document(article("b", 1, "news", START, 0))
    absorb(store, copy, START + 10 * DAY, name="b")
    check(store)
    assert "Entry news 1 of b" not in titles(store, QUIET)


def test_when_a_source_goes_a_copy_that_came_within_the_window_takes_its_place(
    store: SqliteStore,
) -> None:
    wide = feed("all", window=30 * DAY)
    store.apply((source("a"), source("b")), (wide,), now=START)
    absorb(store, document(article("a", 1, "news", START, 0)), START, name="a")
    copy = document(article("b", 1, "news", START, 0))
    absorb(store, copy, START + 3 * DAY, name="b")
    assert titles(store, wide) == ["Entry news 1 of a"]
    store.apply((source("b"),), (wide,), now=START + 3 * DAY + HOUR)
    check(store)
    assert titles(store, wide) == ["Entry news 1 of b"]
    store.advance(START + 31 * DAY)  # what told it first would have left, what tells it now not yet
    check(store)
    assert titles(store, wide) == ["Entry news 1 of b"]


def test_no_copy_takes_the_place_of_what_has_left(store: SqliteStore) -> None:
    leave_behind(store)
    copy = document(article("b", 1, "news", START, 0))
    absorb(store, copy, START + 3 * DAY, name="b")
    assert titles(store, QUIET) == ["Entry news 2 of b"]
    store.apply((source("b"),), (QUIET,), now=START + 3 * DAY + HOUR)
    check(store)
    assert titles(store, QUIET) == ["Entry news 2 of b"]


@pytest.mark.parametrize("is_there", [True, False])
def test_no_later_copy_takes_the_place_of_what_was_forgotten(
    store: SqliteStore, *, is_there: bool
) -> None:
    leave_behind(store)
    sources = (source("a"), source("b")) if is_there else (source("b"),)
    only_b = feed("other", sources=("b",))
    store.apply(sources, (QUIET, only_b), now=START + 4 * DAY)
    assert store.prune(START + 100 * DAY, retention=90 * DAY, keep_raw=DAY) == 1
    copy = document(article("b", 1, "news", START, 0))
    absorb(store, copy, START + 101 * DAY, name="b")
    check(store)
    assert titles(store, QUIET) == ["Entry news 2 of b"]
    # A feed that never had it shows it, and in time it is forgotten.
    assert "Entry news 1 of b" in titles(store, only_b)
    later = START + 900 * DAY
    store.prune(later, retention=90 * DAY, keep_raw=DAY)
    assert not read(store, "SELECT * FROM departed WHERE story_id NOT IN (SELECT id FROM stories)")


def test_a_story_without_entries_is_dropped_in_time(store: SqliteStore) -> None:
    leave_behind(store)
    store.prune(START + 100 * DAY, retention=90 * DAY, keep_raw=DAY)
    assert len(read(store, "SELECT * FROM stories")) == 2
    store.prune(START + 101 * DAY, retention=900 * DAY, keep_raw=DAY, forget_after=DAY)
    assert len(read(store, "SELECT * FROM stories")) == 2
    store.prune(START + 103 * DAY, retention=900 * DAY, keep_raw=DAY, forget_after=DAY)
    assert len(read(store, "SELECT * FROM stories")) == 1


def test_a_source_that_is_back_brings_at_most_backfill_of_what_it_had(
    store: SqliteStore,
) -> None:
    one, wide = source("a", backfill=2), feed("all", window=100 * DAY)
    store.apply((one, source("b")), (wide,), now=START)
    store.apply((source("b"),), (wide,), now=START + HOUR)
    store.apply((one, source("b")), (wide,), now=START + 2 * HOUR)
    several = [article("a", number, "news", START, 0) for number in range(6)]
    absorb(store, document(*several), START + 3 * HOUR, name="a")
    check(store)
    assert len(titles(store, wide)) == 2


def test_an_id_that_a_story_has_is_not_taken_though_an_earlier_version_pruned_its_first_entry(
    store: SqliteStore,
) -> None:
    everything = feed("all", window=DAY, min_entries=0)
    store.apply((source("a"), source("b"), source("c")), (everything,), now=START)
    absorb(store, document(article("a", 1, "news", START, 0)), START, name="a")
    later = START + 20 * DAY
    absorb(store, document(article("b", 1, "news", later, 0)), later - HOUR, name="b")
    store.advance(later)
    first = "tag:a.site.example,2026:1"
    store._write(lambda db: db.execute("DELETE FROM entries WHERE public_id = ?", (first,)))
    absorb(store, document(entry(3, guid=first)), later, name="c")
    (story,) = store.select(everything).stories
    assert story.title == "Entry 3"
    assert story.id.startswith("urn:uuid:")
