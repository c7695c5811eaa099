"""What a search finds on one engine it finds on the other, in the same order, page by page.

SQLite ranks by FTS5, whose tables keep counting what has gone until they are made anew: an order is
compared of indexes that were made at once. What is found is the same at any time.
"""

from __future__ import annotations

import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aggregator.store.search import file_ranking, finds, row_ranking
from aggregator.web.search_words import read_query
from tests.engines import ENGINES
from tests.making import DAY, HOUR, START, absorb, document, entry, feed, source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from aggregator.model.found import Found
    from aggregator.store import Store

PLENTY = 1 << 30
NAMES = ("one", "two")
ALL, LINKS = feed("all", limit=5000), feed("links", content="link", sources=("two",))

Answer = tuple[tuple[tuple[str, str], ...], int | None, bool]


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let there be many parts, and no answer that depends on how busy the machine is."""
    monkeypatch.setattr(finds, "TEXTS", 8)
    monkeypatch.setattr(row_ranking, "_FIRST_TOKENS", 100)
    monkeypatch.setitem(row_ranking.SETTINGS, "statement_timeout", "0")
    for ranking in (file_ranking, row_ranking):
        monkeypatch.setattr(ranking, "SECONDS", 600.0)


def begun(store: Store) -> None:
    store.apply(tuple(map(source, NAMES)), (ALL, LINKS), now=START)


def indexed(store: Store) -> None:
    while store.index_words(most_bytes=PLENTY):
        pass


def made_anew(store: Store) -> None:
    store.index_words(most_bytes=0)
    indexed(store)


def pages(store: Store, asked: str, at_once: int) -> Iterator[Answer]:
    """Yield what the pages of a search tell, each with its cursor."""
    after = None
    while True:
        found: Found = store.search((LINKS, ALL), read_query(asked), most=at_once, after=after)
        hits = tuple((hit.feed.name, hit.story.title) for hit in found.hits)
        yield hits, found.next, found.is_whole
        after = found.next
        if after is None:
            return


def told(store: Store, questions: Sequence[str], at_once: int = 3) -> list[list[Answer]]:
    return [list(pages(store, asked, at_once)) for asked in questions]


def on_each(play: Callable[[Store], object]) -> list[object]:
    """Return what is answered on each engine, by a database that was empty."""
    answers = []
    with tempfile.TemporaryDirectory() as folder:
        for make in ENGINES.values():
            with closing(make(Path(folder))) as database:
                answers.append(play(database.open()))
    return answers


TEXTS = (
    ("小米发布新车", "小米汽车今天发布。小米，小米！价格很低。"),
    ("另一件事", "文中提到小米一次，别的很多很多很多。" * 9),
    ("大米和小麦", "小 麦 大 米"),
    ("An electric car", "The car is electric; an electric car, a car that is electric."),
    ("Cars", "Cars are not a car. Électric CAR! The electric, car"),
    ("哈哈哈哈", "哈哈 哈哈哈 哈"),
    ("The the the", "the The THE the the, of the"),
    ("Nothing", ""),
    ("東京の天気", "東京都の天気は晴れ。京都の天気は雨。"),
    ("ประเทศไทย", "ภาษาไทย ประเทศไทย"),
    ("电动汽车", "電動汽車，电动 汽车。GPT-4 2026 年"),
    ("x" * 3000, "y" * 5000 + " z " + "x" * 3000),
)
QUESTIONS = (
    "小", "米", "小米", "小米 汽车", "很多", "很多很多", "汽车", "電動", "哈", "哈哈", "哈哈哈",
    "car", "cars", "electric", '"electric car"', "electric car", "the", '"the the"', "京都",
    "東京 天気", "ไทย", "ประเทศ", "gpt 4", "2026", "nowhere", "nothing", "的", "小米 the", '"*(',
    "x" * 300, "y" * 260, "小米 小米", '"car a"', '"小 米" 新',
)  # fmt: skip


def test_the_same_texts_are_found_in_the_same_order() -> None:
    def play(store: Store) -> object:
        begun(store)
        for round_, name in enumerate(NAMES * 2):
            texts = (
                entry(
                    f"{name} {round_} {number}",
                    title=f"{title} {name if number % 2 else ''} {round_}",
                    text=text,
                )
                for number, (title, text) in enumerate(TEXTS)
            )
            absorb(store, document(*texts), START + round_ * HOUR, name=name)
            if round_ % 2:
                indexed(store)
        first = told(store, QUESTIONS)
        absorb(
            store,
            document(entry("one 0 0", title="Edited", text="小米没有了")),
            START + 9 * HOUR,
        )
        indexed(store)
        edited = {page for pages in told(store, QUESTIONS, 999) for page in map(unordered, pages)}
        made_anew(store)
        return first, edited, told(store, QUESTIONS), told(store, QUESTIONS, 50)

    one, other = on_each(play)
    assert one == other


def unordered(answer: Answer) -> tuple[frozenset[tuple[str, str]], bool]:
    hits, _, is_whole = answer
    return frozenset(hits), is_whole


WORDS = ("小米", "米", "哈", "哈哈", "car", "a", "b", "cars", "车")
SAID = st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join)
POLL = st.tuples(st.sampled_from(NAMES), st.integers(0, 25), SAID, SAID)
ASKED = st.lists(
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(
        lambda words: f'"{" ".join(words)}"'
    ),
    min_size=1,
    max_size=3,
).map(" ".join)


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    polls=st.lists(POLL, max_size=40),
    indexed_after=st.sets(st.integers(0, 40)),
    pruned_after=st.sets(st.integers(0, 40), max_size=2),
    questions=st.lists(ASKED, min_size=3, max_size=8),
)
def test_whatever_was_told_both_find_it(
    polls: list[tuple[str, int, str, str]],
    indexed_after: set[int],
    pruned_after: set[int],
    questions: list[str],
) -> None:
    def play(store: Store) -> object:
        begun(store)
        for step, (name, number, title, text) in enumerate(polls):
            now = START + step * DAY
            one = entry(f"{name} {number}", title=f"{title} {number}", text=text)
            absorb(store, document(one), now, name=name)
            if step in indexed_after:
                indexed(store)
            if step in pruned_after:
                store.advance(now)
                store.prune(now, retention=8 * DAY, keep_raw=DAY)
        indexed(store)
        at_any_time = [[*map(unordered, found)] for found in told(store, questions, 999)]
        made_anew(store)
        return at_any_time, told(store, questions)

    one, other = on_each(play)
    assert one == other
