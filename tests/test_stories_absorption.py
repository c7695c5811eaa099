"""What a document changes, as laws without a database: twice is once, ids and order stay."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.model import Category
from aggregator.stories.moves import is_place
from tests.absorbing import World
from tests.making import DAY, HOUR, START, entry, source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aggregator.model import Entry


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    """Return an entry whose id, link, title, text and dates say as little as hostile ones do."""
    number = draw(st.integers(0, 6))
    guid = draw(st.sampled_from((f"tag:x,2026:{number}", f"item-{number % 3}", "tag:x,2026:0")))
    url = draw(st.sampled_from((f"https://one.example/{number}", "https://one.example/")))
    made = entry(
        number,
        guid=guid,
        url=url,
        title=draw(st.sampled_from((f"Entry {number}", "Same"))),
        text=draw(st.sampled_from(("text", "edited"))),
        published_at=draw(st.none() | st.integers(-60, 3).map(lambda days: START + days * DAY)),
        updated_at=draw(st.none() | st.integers(-60, 60).map(lambda days: START + days * DAY)),
    )
    at = made.stated_at
    dated = () if at is None else (f"dated:{made.title} {at}", f"said:{made.text_hash!r} {at}")
    return replace(
        made,
        keys=(*made.keys, *dated),
        raw=draw(st.sampled_from(("{}", '{"raw_title":"a"}', '{"raw_title":"b"}'))),
        shared_keys=draw(st.sampled_from(((), (f"url:{url}",), (f"site:one:{number % 2}",)))),
        categories=(Category(draw(st.sampled_from("ab"))),),
    )


def with_own_keys(listed: Sequence[Entry]) -> list[Entry]:
    """Return the entries by those keys that no other one has, as `refine` does."""
    times = Counter(key for one in listed for key in one.keys)
    own = (replace(one, keys=tuple(key for key in one.keys if times[key] == 1)) for one in listed)
    return [one for one in own if one.keys]


documents = st.lists(entries(), max_size=8).map(with_own_keys)
#: Documents, each with the hours by which the clock is then another, also backwards.
histories = st.lists(st.tuples(documents, st.integers(-400, 400)), min_size=1, max_size=6)


@settings(max_examples=60)
@given(history=histories)
def test_the_same_document_twice_changes_nothing(
    history: list[tuple[list[Entry], int]],
) -> None:
    world, now = World(), START
    for document, hours in history:
        now += hours * HOUR
        world.absorb(document, now)
    # Titles that change can change what is recognised by them, so that texts settle one by one.
    again = [world.absorb(document, now + hours * HOUR) for hours in range(1, 5)]
    settled = again[-1]
    assert not any(absorbed.inserts for absorbed in again)
    assert (settled.changes, settled.reasons) == ((), ())
    assert settled.tally.shared + settled.tally.pruned == len(document)


@settings(max_examples=60)
@given(history=histories)
def test_no_text_and_no_clock_gives_an_id_or_a_place_twice_or_changes_one(
    history: list[tuple[list[Entry], int]],
) -> None:
    world, now = World(), START
    given_before: dict[int, tuple[str, int, int]] = {}
    for document, hours in history:
        now += hours * HOUR
        world.absorb(document, now)
        told = {
            number: (one.public_id, one.order_key, one.story) for number, one in world.kept.items()
        }
        assert given_before.items() <= told.items()
        assert len({public_id for public_id, _, _ in told.values()}) == len(told)
        assert len({order_key for _, order_key, _ in told.values()}) == len(told)
        given_before = told


@settings(max_examples=60)
@given(history=histories)
def test_what_comes_later_sorts_above_all_that_came_before(
    history: list[tuple[list[Entry], int]],
) -> None:
    world, now, largest = World(), START, 0
    for document, hours in history:
        now += hours * HOUR
        keys = [new.order_key for new in world.absorb(document, now).inserts]
        assert keys == sorted(keys)
        assert all(key > largest for key in keys)
        largest = max(largest, world.largest)


@settings(max_examples=60)
@given(history=histories, later=documents)
def test_what_was_pruned_stays_away_as_long_as_its_document_shows_it(
    history: list[tuple[list[Entry], int]], later: list[Entry]
) -> None:
    world = World()
    # A place of a list names whatever stands there.
    history = [([one for one in document if not is_place(one)], n) for document, n in history]
    for document, _ in history:
        world.absorb(document, START)
    shown = {key for one in document for key in one.keys}
    for number in [number for number, one in world.kept.items() if one.keys & shown]:
        world.prune(number)
    assert world.absorb(document, START + DAY).tally.new == 0
    world.absorb(later, START + 2 * DAY)
    assert world.absorb(document, START + 3 * DAY).tally.new == 0


def test_an_entry_without_a_key_of_its_own_is_new_in_no_document() -> None:
    world = World()
    first, second = entry(3, title="Same"), entry(6, guid="item-0")
    world.absorb([first, second], START)
    # Now the first one has the second one's id, and the second one the first one's title.
    shifted = replace(first, keys=("guid:item-0", *first.keys[1:2]))
    other = replace(entry(6, title="Same"), keys=second.keys[1:2])
    tallies = [world.absorb([shifted, other], START + n * HOUR).tally for n in range(1, 5)]
    assert [(tally.new, tally.shared) for tally in tallies] == [(0, 2)] * 4


def test_a_tombstone_is_absent_from_when_whole_documents_show_it_no_more() -> None:
    world = World()
    world.absorb([entry(1), entry(2)], START)
    world.prune(
        next(
            number for number, one in world.kept.items() if "guid:https://one.example/1" in one.keys
        )
    )
    world.absorb([entry(2)], START + HOUR, truncated=True)
    assert not any(one.is_absent for one in world.tombstones.values())
    world.absorb([entry(2)], START + 2 * HOUR)
    assert all(one.is_absent for one in world.tombstones.values())
    assert world.absorb([entry(1), entry(2)], START + 3 * HOUR).tally.pruned == 1
    assert not any(one.is_absent for one in world.tombstones.values())


def test_the_counts_of_a_document_add_up() -> None:
    world = World(source(backfill=2))
    world.absorb([entry("known", text="before")], START)
    old = [entry(number, published_at=START - (30 + number) * DAY) for number in range(25)]
    tally = world.absorb([*old, entry("known", text="after")], START + HOUR).tally
    assert (tally.new, tally.updated, tally.shared, tally.held_back) == (25, 1, 1, 23)
    assert world.absorb(old, START + timedelta(hours=2)).tally.shared == 25
