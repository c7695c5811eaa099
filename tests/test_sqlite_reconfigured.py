"""What another configuration changes is asked again, and nothing else is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator import rules
from aggregator.config.automatic_feeds import automatic
from aggregator.model import Condition, Feed, Rules, Source, Tagging
from aggregator.store.feeds.rule_verdicts import facts_of
from aggregator.store.rows.typed_rows import feed_of, source_of
from aggregator.store.sqlite import SqliteStore, open_store
from aggregator.store.texts.packed_texts import texts_in
from tests.costs import Steps, of_source
from tests.making import DAY, HOUR, START, absorb, document, entry, feed, source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

#: The sources, by their URLs: what they are called, tagged and ruled by may change.
PLACES = ("x", "y")
RULES = (
    Rules(),
    Rules(block=(Condition(title=("ad",)),)),
    Rules(tag=(Tagging(Condition(title=("it",)), ("it",)),)),
    Rules(tag=(Tagging(Condition(title=("news",)), ("it", "hot")),)),
)


@dataclass(frozen=True)
class Configured:
    """How the sources are called, tagged and ruled, and what one feed selects."""

    names: tuple[str, str]
    tags: tuple[tuple[str, ...], tuple[str, ...]]
    ruled: tuple[int, int]
    selected: tuple[str, ...]
    excluded: tuple[str, ...]
    keep: bool


tags = st.sampled_from(((), ("it",), ("hot",)))
configurations = st.builds(
    Configured,
    st.permutations("abc").map(lambda names: (names[0], names[1])),
    st.tuples(tags, tags),
    st.tuples(*[st.integers(0, len(RULES) - 1)] * 2),
    st.sets(st.sampled_from("abc")).map(lambda found: tuple(sorted(found))),
    tags,
    st.booleans(),
)


def sources_of(one: Configured) -> tuple[Source, ...]:
    told = zip(PLACES, one.names, one.tags, one.ruled, strict=True)
    return tuple(
        source(name, url=f"https://{place}.example/feed", tags=its_tags, rules=RULES[ruled])
        for place, name, its_tags, ruled in told
    )


def feeds_of(one: Configured, sources: tuple[Source, ...]) -> tuple[Feed, ...]:
    kept = Rules(keep=(Condition(title=("news", "it")),)) if one.keep else Rules()
    some = feed("some", sources=one.selected, tags=("it",), exclude_tags=one.excluded, rules=kept)
    return (some, *automatic(sources, (some,)))


@settings(max_examples=60)
@given(history=st.lists(configurations, min_size=2, max_size=5))
def test_what_rules_said_is_what_they_say_of_every_entry_of_a_window(
    history: list[Configured], tmp_path_factory: pytest.TempPathFactory
) -> None:
    store = open_store(tmp_path_factory.mktemp("rules") / "aggregator.db")
    try:
        for step, one in enumerate(history):
            now, sources = START + step * HOUR, sources_of(one)
            store.apply(sources, feeds_of(one, sources), now=now)
            for place, name in zip(PLACES, one.names, strict=True):
                told = (
                    entry(
                        f"{word} {step}",
                        guid=f"tag:{place}.example,2026:{word}{step}",
                        url=f"https://{place}.example/{word}/{step}",
                        published_at=now,
                    )
                    for word in ("news", "ad", "it")
                )
                absorb(store, document(*told), now, name=name)
            check(store)
    finally:
        store.close()


def check(store: SqliteStore) -> None:
    """Hold that what is stored of each entry is what the rules of today say of it."""
    with store._reading() as db:
        excluded = {
            (feed_id, entry_id): because
            for feed_id, entry_id, because in db.execute("SELECT * FROM exclusions")
        }
        members = db.execute(
            """SELECT f.id AS feed_id, f.config AS feed, s.config AS source, e.*,
                      t.dictionary_id, t.packed
                 FROM memberships m JOIN feeds f ON f.id = m.feed_id
                 JOIN sources s ON s.id = m.source_id JOIN entries e ON e.source_id = s.id
                 JOIN texts t ON t.entry_id = e.id
                WHERE m.until_key IS NULL AND f.removed_at IS NULL AND e.order_key > f.floor"""
        ).fetchall()
    assert members
    for row in members:
        of_feed, of_source_ = feed_of(row["feed"]), source_of(row["source"])
        with store._reading() as db:
            facts = facts_of(row, texts_in(db, row))
        found = rules.verdict(of_source_, (of_feed,), replace(facts, tags=()))
        assert facts.tags == found.tags
        assert row["blocked"] == found.blocked
        assert excluded.get((row["feed_id"], row["id"])) == found.left_out[0]


@pytest.fixture(scope="module")
def uneven(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteStore]:
    """Return a database where one source has much, and one has little."""
    store = open_store(tmp_path_factory.mktemp("uneven") / "aggregator.db")
    store.apply(BOTH, both_feeds(BOTH), now=START)
    absorb(store, of_source("little", range(3)), START, name="little")
    absorb(store, of_source("much", range(300)), START, name="much")
    yield store
    store.close()


BOTH = (source("little"), source("much"))


def both_feeds(sources: tuple[Source, ...]) -> tuple[Feed, ...]:
    everything = feed("all", window=30 * DAY)
    return (everything, *automatic(sources, (everything,)))


def renamed(one: Source) -> Source:
    return replace(one, name=f"other {one.name}")


def retitled(one: Source) -> Source:
    return replace(one, title="Another title")


def paced(one: Source) -> Source:
    return replace(one, interval=HOUR)


@pytest.mark.parametrize("change", [retitled, paced, renamed])
def test_a_source_that_shows_the_same_entries_costs_nothing_for_each_of_them(
    uneven: SqliteStore, change: Callable[[Source], Source]
) -> None:
    steps = Steps(uneven)
    found = {}
    uneven.apply(BOTH, both_feeds(BOTH), now=START)
    for one in BOTH:
        sources = tuple(change(other) if other == one else other for other in BOTH)

        def apply(sources: tuple[Source, ...] = sources) -> None:
            uneven.apply(sources, both_feeds(sources), now=START + HOUR)

        found[one.name] = steps.of(apply)
        uneven.apply(BOTH, both_feeds(BOTH), now=START + HOUR)
    assert found["much"] <= 1.1 * found["little"]


@pytest.mark.parametrize("change", [retitled, renamed])
def test_a_source_that_looks_otherwise_changes_its_feeds(
    tmp_path: Path, change: Callable[[Source], Source]
) -> None:
    store = open_store(tmp_path / "aggregator.db")
    try:
        store.apply(BOTH, both_feeds(BOTH), now=START)
        before = {one.name: store.feed_version(one.name) for one in both_feeds(BOTH)}
        store.apply(sources := (change(BOTH[0]), BOTH[1]), both_feeds(sources), now=START + HOUR)
        after = {one.name: store.feed_version(one.name) for one in both_feeds(sources)}
    finally:
        store.close()
    own = f"sources/{sources[0].name}"
    assert after["all"] != before["all"]
    assert after[own] != before["sources/little"]
    assert after["sources/much"] == before["sources/much"]
