"""Searching: what feeds show today is found, and nothing else tells that it is there."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.model import Access, Replacement, Rules
from aggregator.stories.searched_texts import shown_text
from aggregator.web.search_words import read_query, tokens_of
from tests.making import DAY, HOUR, START, absorb, document, entry, feed, source

if TYPE_CHECKING:
    from collections.abc import Callable

    from aggregator.model import Feed
    from aggregator.store import Store
    from tests.engines import Database

PLENTY = 1 << 30
ALL = feed()


def indexed(store: Store) -> None:
    while store.index_words(most_bytes=PLENTY):
        pass


def found(store: Store, asked: str, *feeds: Feed, most: int = 50) -> list[str]:
    hits = store.search(feeds or (ALL,), read_query(asked), most=most).hits
    return [hit.story.title for hit in hits]


def test_words_of_titles_and_texts_are_found_titles_first(store: Store) -> None:
    store.apply((source(),), (ALL,), now=START)
    absorb(
        store,
        document(
            entry(1, title="另一件事", text="文中提到小米一次，别的很多很多。"),
            entry(2, title="小米发布新车", text="正文。"),
            entry(3, title="Nothing of it", text="小麦 大米"),
        ),
        START,
    )
    assert found(store, "小米") == []
    assert not store.search((ALL,), read_query("小米"), most=5).is_indexed
    indexed(store)
    assert found(store, "小米") == ["小米发布新车", "另一件事"]
    assert found(store, "nothing 米") == ["Nothing of it"]
    assert found(store, "小米", most=1) == ["小米发布新车"]
    assert found(store, '"*') == []
    assert store.search_bytes() > 0


def test_an_edit_is_found_by_its_new_words_alone(store: Store) -> None:
    store.apply((source(),), (ALL,), now=START)
    absorb(store, document(entry(1, title="Before", text="alpha")), START)
    indexed(store)
    absorb(store, document(entry(1, title="After", text="omega")), START + HOUR)
    assert found(store, "alpha") == [], "it is read as it is today"
    indexed(store)
    assert found(store, "omega") == ["After"]
    assert found(store, "alpha") == found(store, "before") == []


def test_what_is_pruned_is_not_found(store: Store) -> None:
    store.apply((source(),), (ALL,), now=START)
    absorb(store, document(entry(1, title="Old", published_at=START)), START)
    indexed(store)
    assert found(store, "old") == ["Old"]
    later = START + 400 * DAY
    store.advance(later)
    store.apply((source(),), (replace(ALL, min_entries=0, window=DAY),), now=later)
    store.advance(later)
    store.prune(later, retention=30 * DAY, keep_raw=DAY)
    assert found(store, "old") == []


def test_a_secret_is_neither_found_nor_shown(store: Store) -> None:
    secret = "s3cr3t-of-the-feed"  # noqa: S105 - a test's
    one = source(access=Access(headers=(("X-Key", secret),)))
    store.apply((source(),), (ALL,), now=START)
    absorb(store, document(entry(1, title="Told", text=f"It is {secret} here")), START)
    indexed(store)
    assert found(store, secret) == ["Told"]
    store.apply((one,), (ALL,), now=START)
    indexed(store)
    assert found(store, secret) == found(store, "s3cr3t") == []
    (hit,) = store.search((ALL,), read_query("told"), most=5).hits
    assert secret not in hit.story.content_html


def test_a_feed_is_searched_in_what_it_shows(store: Store) -> None:
    link = feed("link", content="link")
    reworded = feed("reworded", rules=Rules(replace=(Replacement("word", "***"),)))
    private = feed("private", token="t" * 20, sources=("two",))
    feeds = (link, reworded, private)
    store.apply((source(), source("two")), feeds, now=START)
    absorb(store, document(entry(1, title="Title", text="a word in the text")), START)
    absorb(store, document(entry(2, title="Hidden", text="behind a token")), START, name="two")
    indexed(store)
    assert found(store, "word", link) == found(store, "word", reworded) == []
    assert found(store, "title", link) == ["Title"]
    assert found(store, "text", reworded) == ["Title"]
    assert found(store, "token", private) == ["Hidden"]
    hits = store.search((reworded, link), read_query("title"), most=5).hits
    assert [(hit.story.title, hit.feed.name) for hit in hits] == [("Title", "reworded")]
    assert found(store, "hidden", feed("unknown")) == []


def test_without_room_there_is_no_index(store: Store) -> None:
    store.apply((source(),), (ALL,), now=START)
    absorb(store, document(entry(1, title="Told")), START)
    indexed(store)
    assert not store.index_words(most_bytes=0)
    assert store.search_bytes() == 0
    assert found(store, "told") == []


WORDS = ("小米", "米", "alpha", "beta", "车")
STEPS: st.SearchStrategy[tuple[str, int, list[str]]] = st.one_of(
    st.tuples(st.just("poll"), st.integers(0, 3), st.lists(st.sampled_from(WORDS), max_size=3)),
    st.tuples(st.just("index"), st.just(0), st.just([])),
    st.tuples(st.just("prune"), st.integers(1, 40), st.just([])),
)


@settings(max_examples=20)
@given(steps=st.lists(STEPS, max_size=12))
def test_whatever_happens_a_search_finds_what_looking_through_would(
    new_database: Callable[[], Database], steps: list[tuple[str, int, list[str]]]
) -> None:
    with closing(new_database()) as database, closing(database.open()) as store:
        store.apply((source(),), (ALL,), now=START)
        now = START
        for what, number, words in steps:
            now += HOUR
            match what:
                case "poll":
                    texts = (entry(number, title=f"T{number}", text=" ".join(words) or "none"),)
                    absorb(store, document(*texts), now)
                case "index":
                    store.index_words(most_bytes=PLENTY)
                case _:
                    now += number * DAY
                    store.advance(now)
                    store.prune(now, retention=20 * DAY, keep_raw=DAY)
        indexed(store)
        stories = store.select(ALL).stories
        for word in WORDS:
            query = read_query(word)
            wanted = {
                story.title
                for story in stories
                if query.is_in(tokens_of(story.title), tokens_of(shown_text(story, ALL)))
            }
            assert wanted <= set(found(store, word))
