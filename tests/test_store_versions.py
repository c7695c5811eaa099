"""The version of each feed as a process knows it: what the database says, with every write."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.model import FeedKind
from tests.making import DAY, HOUR, START, absorb, document, entry, failed, feed, finish, source

if TYPE_CHECKING:
    from collections.abc import Callable

    from aggregator.model import Feed
    from aggregator.store import Store
    from tests.engines import Database

NAMES = ("one", "two", "three")


def own(name: str) -> Feed:
    """Return the automatic feed of a source."""
    return feed(f"sources/{name}", sources=(name,), kind=FeedKind.SOURCE)


def differing(store: Store, names: tuple[str, ...]) -> list[str]:
    """Return the feeds of which the process knows another version than the database holds."""
    feeds = (feed(window=DAY, min_entries=1), *map(own, names))
    return [one.name for one in feeds if store.feed_version(one.name) != store.select(one).version]


def test_a_version_is_known_before_the_write_that_makes_it_returns(store: Store) -> None:
    assert store.feed_version("all") is None
    store.apply((source(),), (feed(),), now=START)
    first = store.feed_version("all")
    assert first is not None
    absorb(store, document(entry(1)), START)
    assert store.feed_version("all") == first + 1
    absorb(store, document(entry(1)), START + HOUR)
    assert store.feed_version("all") == first + 1, "nothing changed"
    store.apply((source(),), (), now=START)
    assert store.feed_version("all") is None


def test_a_store_that_is_opened_knows_the_versions(database: Database, store: Store) -> None:
    store.apply((source(),), (feed(),), now=START)
    absorb(store, document(entry(1)), START)
    assert database.open().feed_version("all") == store.feed_version("all")


STEPS = st.one_of(
    st.tuples(st.just("poll"), st.sampled_from(NAMES), st.integers(0, 5)),
    st.tuples(st.just("fail"), st.sampled_from(NAMES), st.just(0)),
    st.tuples(st.just("advance"), st.just(""), st.integers(0, 2)),
    st.tuples(st.just("configure"), st.sampled_from(["", *NAMES]), st.integers(0, 1)),
)


@settings(max_examples=25, deadline=None)
@given(st.lists(STEPS, max_size=12))
def test_a_process_knows_the_versions_that_the_database_holds(
    new_database: Callable[[], Database], steps: list[tuple[str, str, int]]
) -> None:
    with closing(new_database()) as database:
        store, now = database.open(), START
        there: tuple[str, ...] = NAMES
        called = {name: name for name in NAMES}

        def configure() -> None:
            sources = tuple(source(called[name], url=source(name).url) for name in there)
            feeds = (feed(window=DAY, min_entries=1), *(own(called[name]) for name in there))
            store.apply(sources, feeds, now=now)

        configure()
        for step, name, number in steps:
            now += timedelta(minutes=7)
            if step == "configure":
                there = tuple(one for one in NAMES if one != name)
                if name and number:
                    there, called[name] = NAMES, f"{called[name]}x"
                configure()
            elif step == "advance":
                now += number * DAY
                store.advance(now)
            elif name in there:
                if step == "poll":
                    absorb(store, document(*map(entry, range(number))), now, name=called[name])
                else:
                    finish(store, failed(), now, name=called[name])
            assert not differing(store, tuple(called[name] for name in there))
            gone = [one for one in NAMES if one not in there]
            assert all(store.feed_version(f"sources/{called[one]}") is None for one in gone)
