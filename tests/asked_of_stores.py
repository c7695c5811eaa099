"""A history of a store, and all that is asked of it then: each method of the store once."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from aggregator.model import Problem, ProblemKind
from aggregator.model.pages import Wish
from aggregator.web.search_words import read_query
from tests.making import DAY, HOUR, START, absorb, document, entry, failed, feed, finish, source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aggregator.store import Store

NAMES = ("one", "two", "three")
ALL = feed("all", dedupe="story", window=timedelta(days=30))
FEW = feed("few", sources=("one",), limit=2, order="published")
NOW = START + 3 * DAY
WEEKS = timedelta(days=14)


def history(store: Store) -> Iterator[object]:
    """Let things happen; yield what the store says to it."""
    sources = tuple(
        source(name, tags=("tech",), expected_every=timedelta(days=1)) for name in NAMES
    )
    yield store.foresee(sources, (ALL, FEW), now=START)
    yield store.apply(sources, (ALL, FEW), now=START, quota=1 << 27)
    for hours, name in enumerate(NAMES):
        told = [
            entry(
                f"{name} {number}",
                title=f"Probe lands on comet {number} after ten years of flight",
                text=f"The probe of the agency has landed on the comet {number}, safely.",
                url=f"https://{name}.example/{number}",
                published_at=START + number * HOUR,
            )
            for number in range(6)
        ]
        yield absorb(store, document(*told), START + (10 + hours) * HOUR, name=name)
        edited = replace(told[0], title="Probe has landed")
        yield absorb(store, document(edited, *told[1:]), START + (20 + hours) * HOUR, name=name)
    yield finish(store, failed(), NOW, name="two")
    yield store.claim_due(NOW, limit=9, busy=frozenset(), claimer="a") != []
    yield [store.tell_stories(NOW) for _ in range(3)]
    store.show_held(NOW)
    yield store.advance(NOW)
    yield store.watch(NOW + 9 * DAY, timedelta(days=1))
    (state, *_) = store.states()
    store.postpone(state, NOW + HOUR, Problem(ProblemKind.TIMEOUT, "held"))
    store.forgive((state.source_id,))
    yield store.spread(NOW + DAY, lambda: 0.5)
    store.set_pricing("{}")
    yield store.pricing()
    while store.index_words(most_bytes=1 << 30):
        pass


def answers(store: Store) -> Iterator[object]:
    """Ask everything."""
    yield list(store.all_states())
    yield [store.states(), store.states(("one",)), store.failing(), store.lists()]
    yield [store.status(), store.status(("two",)), store.notes(), store.notes(NOW)]
    yield [store.history(one.source_id, most=5) for one in store.states()]
    for shown in (ALL, FEW):
        selection = store.select(shown)
        yield selection
        yield [store.feed_version(shown.name) is not None, store.shown_sources(shown)]
        for part in store.archive_parts(shown):
            yield [part, store.select_archive(shown, part.name)]
        yield store.exportable(shown, after=0, most=50)[0]  # keys are as many as there were slices
        store.freeze(shown, "2026-11", "atom", "x", b"body")
        yield store.frozen(shown, "2026-11", "atom", "x")
        yield store.standing_since(shown, "", "atom", digest=b"1", changed_at=NOW)
        page = store.stretch(shown, place=None, wish=Wish(), most=3)
        yield page
        yield store.stretch(shown, place=page.older, wish=Wish(), most=30)
        for wish in (Wish(tag="tech"), Wish(source="one"), Wish(tag="none")):
            yield store.stretch(shown, place=None, wish=wish, most=30)
        for one in selection.stories[:2]:
            yield [store.facts(one.id, (ALL, FEW)), store.story_report(one.id)]
            yield [store.story(shown, one.order_key), store.feeds_with(one.order_key)]
        yield store.try_rules(
            tuple(state.source for state in store.states()), shown, most=9, examples=2
        )
        yield store.try_stories(shown, NAMES, (), NOW)
    yield [
        sorted(store.titles(NAMES).items()),
        store.healths(),
        store.report("one"),
        store.report("two"),
    ]
    yield replace(store.figures(NOW + DAY), bytes_on_disk=())  # which are an engine's own
    yield replace(store.overview(START.date(), (NOW + DAY).date()), sizes=())
    yield store.search((ALL, FEW), read_query("comet landed"), most=5)
    yield store.entry_lines(source=None, since=None, before=None, most=9)
    yield store.entry_lines(source="one", since=START, before=None, most=9)
    yield [store.reported(most=9), store.operations(), store.find_damage()]
    yield [store.renamed_feed("none"), store.removed_feed("none"), store.waiting("x", most=3)]


def corrections(store: Store) -> Iterator[object]:
    """Let the operator say what is one story, and let time pass."""
    first, second, *_ = store.entry_lines(source=None, since=None, before=None, most=9)
    yield store.compared(first.id, second.id)
    store.split_story(second.id, NOW)
    yield store.reported(most=9)
    store.merge_stories(first.id, second.id, NOW)
    store.lock_story(first.id, locked=True)
    yield store.reported(most=9)
    yield store.tuned(NOW)
    store.keep_weights(None)
    yield store.apply((source("one", url="https://other.example/"),), (FEW,), now=NOW + DAY)
    yield store.prune(NOW + 400 * DAY, retention=WEEKS, keep_raw=WEEKS)
    yield store.select(FEW)


def spoken(answer: object) -> str:
    """Return an answer without what is random or of the engine."""
    text = re.sub(r"urn:uuid:[0-9a-f-]+", "urn:uuid", repr(answer))
    return re.sub(r"(data_version|version|change_key)=\d+", r"\1", text)
