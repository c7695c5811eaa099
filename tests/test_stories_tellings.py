"""What a feed with `dedupe = "story"` shows, as a decision on values, and that it loses nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import Feed, Preference
from aggregator.stories.tellings import ToldTogether, tellings
from aggregator.stories.ties import Tie
from aggregator.stories.windows import Candidate, Membership, is_above, refusal
from tests.making import feed

MEMBER = (Membership(0, None),)
MINUTE, HOUR = 60_000_000, 3_600_000_000
FEED = feed(dedupe="story")

ONE = Candidate(
    entry_id=1,
    story_id=1,
    source_id=1,
    order_key=100,
    held_back=False,
    blocked=None,
    excluded=None,
    memberships=MEMBER,
    place=None,
    source="one",
    text_bytes=10,
)
TWO = replace(
    ONE,
    entry_id=2,
    story_id=2,
    source_id=2,
    order_key=200,
    source="two",
    joined_id=1,
    seen_us=MINUTE,
    text_bytes=30,
)
THREE = replace(
    TWO, entry_id=3, story_id=3, source_id=3, order_key=300, source="three", seen_us=2 * MINUTE
)
FOUR = replace(
    TWO, entry_id=4, story_id=4, source_id=4, order_key=400, source="four", seen_us=3 * MINUTE
)
TIES = (Tie(2, 1, 0.9), Tie(3, 1, 0.9), Tie(4, 1, 0.9))


def told(
    *candidates: Candidate,
    by: Feed = FEED,
    ties: tuple[Tie, ...] = TIES,
    floor: int = 0,
    now: int = 10 * HOUR,
) -> list[ToldTogether]:
    return tellings(candidates, by, ties, floor=floor, now_us=now)


def ids(candidates: tuple[Candidate, ...]) -> list[int]:
    return [one.entry_id for one in candidates]


def shown(
    *candidates: Candidate,
    by: Feed = FEED,
    ties: tuple[Tie, ...] = TIES,
    floor: int = 0,
    now: int = 10 * HOUR,
) -> list[int]:
    found = told(*candidates, by=by, ties=ties, floor=floor, now=now)
    return [one for each in found for one in ids(each.shown)]


def test_one_entry_tells_what_several_report_and_the_others_are_its_members() -> None:
    (telling,) = told(THREE, TWO, ONE)
    assert ids(telling.shown) == [1]
    assert ids(telling.members) == [2, 3]


@pytest.mark.parametrize(
    ("prefer", "lead"),
    [
        (Preference(), 1),
        (Preference(("three", "two")), 3),
        (Preference(("four", "two")), 2),
        (Preference(longest=True), 2),
    ],
)
def test_a_feed_prefers_who_leads(prefer: Preference, lead: int) -> None:
    assert shown(ONE, TWO, THREE, by=feed(dedupe="story", prefer=prefer)) == [lead]


@pytest.mark.parametrize(("strictness", "alone"), [("wide", 0), ("story", 0), ("strict", 1)])
def test_what_a_stricter_feed_does_not_take_for_the_same_it_shows(
    strictness: str, alone: int
) -> None:
    by = feed(dedupe="story", dedupe_strictness=strictness)
    assert shown(ONE, TWO, by=by, ties=(Tie(2, 1, 0.55),)) == ([1, 2] if alone else [1])


STRICT = feed(dedupe="story", dedupe_strictness="strict")
#: Two that are much alike, and both only a little like the first.
APART = (Tie(2, 1, 0.45), Tie(3, 2, 0.9))


def test_two_that_are_much_alike_are_one_whatever_they_have_joined() -> None:
    assert shown(ONE, TWO, THREE, by=STRICT, ties=APART) == [1, 2]
    assert shown(ONE, THREE, by=STRICT, ties=(*APART, Tie(3, 1, 0.5))) == [1, 3]
    assert shown(TWO, THREE, by=STRICT, ties=APART) == [2]


def test_two_hold_together_by_one_that_the_feed_does_not_tell() -> None:
    ties = (Tie(3, 1, 0.8), Tie(3, 2, 0.8))
    assert shown(ONE, TWO, by=STRICT, ties=ties) == [1]
    assert shown(ONE, TWO, replace(THREE, blocked="a rule"), by=STRICT, ties=ties) == [1]


def test_what_holds_two_together_that_are_shown_is_named_below_the_first() -> None:
    first, second = replace(ONE, place=(202611, 1)), replace(TWO, place=(202611, 2))
    ties = (Tie(2, 1, 0.45), Tie(3, 1, 0.8), Tie(3, 2, 0.9))
    (telling,) = told(first, second, THREE, by=STRICT, ties=ties)
    assert ids(telling.shown) == [1, 2]
    assert {lead: ids(members) for lead, members in telling.below().items()} == {1: [3], 2: []}
    (telling,) = told(first, second, THREE, by=STRICT, ties=ties, floor=150)
    assert {lead: ids(members) for lead, members in telling.below().items()} == {1: [3], 2: [3]}


def test_what_is_told_together_is_not_parted_by_what_comes_before_it_later() -> None:
    by = replace(STRICT, dedupe_window=timedelta(minutes=20))
    first = replace(ONE, place=(202611, 1))
    second = replace(TWO, place=(202611, 2), seen_us=15 * MINUTE)
    member = replace(THREE, was_named=True, seen_us=30 * MINUTE)
    ties = (Tie(2, 1, 0.45), Tie(3, 2, 0.9))
    assert shown(first, second, member, by=by, ties=ties) == [1, 2]
    between = replace(FOUR, seen_us=19 * MINUTE)
    both = (*ties, Tie(4, 1, 0.8), Tie(4, 2, 0.8))
    assert shown(first, second, between, member, by=by, ties=both) == [1, 2]
    late = replace(FOUR, seen_us=31 * MINUTE)
    assert shown(first, second, member, late, by=by, ties=both) == [1, 2]


def test_what_was_shown_stays_whatever_is_joined_later() -> None:
    first, second = replace(ONE, place=(202611, 1)), replace(TWO, place=(202611, 2))
    assert shown(first, second, THREE) == [1, 2]
    assert shown(ONE, second, THREE, by=feed(dedupe="story", prefer=Preference(("three",)))) == [2]


def test_an_original_is_shown_beside_its_copy_that_was_shown_before() -> None:
    copy = replace(ONE, story_id=9, original_id=1, place=(202611, 1))
    own = replace(ONE, entry_id=4, source_id=4, order_key=400)
    assert shown(copy, own) == [1, 4]
    assert shown(copy, own, TWO) == [1, 4]


def test_nothing_comes_in_place_of_what_has_left_and_what_was_never_there_does() -> None:
    lead, named = replace(ONE, place=(202611, 1)), replace(TWO, was_named=True)
    (telling,) = told(lead, named, floor=150)
    assert telling.was_told
    assert ids(telling.shown) == []
    assert (ids(telling.shown_before), ids(telling.members)) == ([1], [2])
    assert shown(ONE, TWO, floor=150) == [2]
    assert shown(lead, named, THREE, floor=150) == [3]


def test_without_its_lead_a_story_is_told_by_another() -> None:
    gone = replace(ONE, place=(202611, 1), blocked="a rule")
    assert shown(gone, TWO, THREE) == [2]
    assert shown(gone, replace(TWO, place=(202611, 2)), THREE) == [2]


def test_a_story_that_was_told_by_what_is_forgotten_is_not_told_again() -> None:
    forgotten = replace(
        ONE, entry_id=0, source_id=0, memberships=(), is_forgotten=True, departed=True
    )
    named = replace(TWO, was_named=True)
    assert shown(forgotten, named) == []
    assert shown(forgotten, named, THREE) == [3]


def test_what_comes_after_the_time_of_a_story_begins_another_telling() -> None:
    by = feed(dedupe="story", dedupe_window=timedelta(hours=1))
    late = replace(THREE, seen_us=HOUR + 1)
    assert shown(ONE, TWO, late, by=by) == [1, 3]
    later = replace(late, entry_id=4, story_id=4, order_key=400, seen_us=2 * HOUR)
    assert shown(ONE, TWO, late, later, by=by) == [1, 3]


@pytest.mark.parametrize(
    ("prefer", "candidates", "held_until"),
    [
        (Preference(("three",)), (ONE, TWO), 5 * MINUTE),
        (Preference(("two",)), (ONE, TWO), None),
        (Preference(longest=True), (ONE,), 5 * MINUTE),
        (Preference(), (ONE,), None),
        (Preference(("three",)), (replace(ONE, place=(202611, 1)), TWO), None),
    ],
)
def test_a_new_story_waits_for_whom_the_feed_prefers(
    prefer: Preference, candidates: tuple[Candidate, ...], held_until: int | None
) -> None:
    by = feed(dedupe="story", prefer=prefer, hold=timedelta(minutes=5))
    (telling,) = told(*candidates, by=by, now=2 * MINUTE)
    assert telling.held_until_us == held_until
    assert bool(telling.shown) == (held_until is None)
    (telling,) = told(*candidates, by=by, now=5 * MINUTE)
    assert telling.held_until_us is None
    assert telling.shown


# --- laws -----------------------------------------------------------------------------------------

FEEDS = st.builds(
    lambda strictness, window, prefer, hold: feed(
        dedupe="story",
        dedupe_strictness=strictness,
        dedupe_window=timedelta(minutes=window),
        prefer=prefer,
        hold=timedelta(minutes=hold),
    ),
    st.sampled_from(["wide", "story", "strict"]),
    st.integers(1, 40),
    st.sampled_from([Preference(), Preference(("s1", "s2")), Preference(longest=True)]),
    st.integers(0, 10),
)

#: What happens in a minute: a new article of a source (joined to which earlier one, how alike two
#: of that story), a copy of one, an original of one, a window that moves, a source that goes or
#: comes back.
EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["report", "report", "report", "copy", "original", "drop", "block"]),
        st.integers(0, 3),
        st.integers(0, 50),
        st.lists(st.sampled_from([0.41, 0.55, 0.7]), min_size=1, max_size=3).map(tuple),
    ),
    max_size=40,
)


class Room:
    """A feed with what is stored: it is asked after each event, as the store asks."""

    def __init__(self, by: Feed) -> None:
        self.by, self.floor, self.now = by, 0, 0
        self.entries: dict[int, Candidate] = {}
        self.ties: list[Tie] = []
        self.blocked: set[int] = set()
        self.in_window: set[int] = set()
        self.shown_ever: list[int] = []
        self.named_ever: set[int] = set()

    def candidates(self) -> list[Candidate]:
        return [
            replace(one, blocked="gone" if one.source_id in self.blocked else None)
            for one in self.entries.values()
        ]

    def tellings(self) -> list[ToldTogether]:
        return tellings(self.candidates(), self.by, self.ties, floor=self.floor, now_us=self.now)

    def ask(self) -> None:
        told = self.tellings()
        self.in_window = {one.entry_id for each in told for one in each.shown}
        named = {one.entry_id for each in told if each.shown for one in each.members}
        self.named_ever |= named
        stories = {self.entries[one].story_id for one in named}
        for entry_id, one in self.entries.items():
            if one.story_id in stories:
                self.entries[entry_id] = replace(one, was_named=True)
        for entry_id in sorted(self.in_window):
            if self.entries[entry_id].place is None:
                self.shown_ever.append(entry_id)
                place = (202611, len(self.shown_ever))
                self.entries[entry_id] = replace(self.entries[entry_id], place=place)

    def happen(self, kind: str, source: int, which: int, scores: tuple[float, ...]) -> None:
        self.now += MINUTE
        number = len(self.entries) + 1
        heads = [one for one in self.entries.values() if one.original_id is None]
        new = replace(
            ONE,
            entry_id=number,
            story_id=number,
            source_id=source,
            source=f"s{source}",
            order_key=self.now,
            seen_us=self.now,
            text_bytes=which,
        )
        match kind:
            case "report":
                roots = [one for one in heads if one.joined_id is None]
                if which < len(roots):
                    root = roots[which].story_id
                    new = replace(new, joined_id=root)
                    story = [one.story_id for one in heads if root in (one.story_id, one.joined_id)]
                    others = story[which % len(story) :] + story
                    self.ties += map(Tie, [number] * len(scores), others, scores)
                self.entries[number] = new
            case "copy" if heads:
                head = heads[which % len(heads)]
                self.entries[number] = replace(
                    new,
                    story_id=head.story_id,
                    joined_id=head.joined_id,
                )
            case "original" if heads:
                self._take_over(heads[which % len(heads)], new)
            case "drop":
                keys = sorted(self.entries[one].order_key for one in self.in_window)
                if keys:
                    self.floor = max(self.floor, keys[which % len(keys)])
            case "block":
                self.blocked ^= {source}
        self.ask()

    def _take_over(self, head: Candidate, new: Candidate) -> None:
        """Let an own entry come of what others tell: it takes their place among what is joined."""
        same = {one.story_id for one in self.entries.values() if one.article_id == head.article_id}
        if len(same) > 1:
            return
        for entry_id, one in self.entries.items():
            if one.story_id == head.story_id:
                self.entries[entry_id] = replace(one, original_id=new.story_id)
            elif one.joined_id == head.story_id:
                self.entries[entry_id] = replace(one, joined_id=new.story_id)
        self.entries[new.entry_id] = replace(new, joined_id=head.joined_id)
        own = {head.story_id: new.story_id}
        self.ties = [
            Tie(own.get(one.one, one.one), own.get(one.other, one.other), one.score)
            for one in self.ties
        ]


@given(FEEDS, EVENTS)
def test_each_entry_is_shown_or_named_below_what_was_shown_and_nothing_comes_back(
    by: Feed, events: list[tuple[str, int, int, tuple[float, ...]]]
) -> None:
    room, has_blocked = Room(by), False
    for event in events:
        before, floor, blocked = room.in_window, room.floor, set(room.blocked)
        named = set(room.named_ever)
        room.happen(*event)
        has_blocked |= bool(room.blocked)
        assert has_blocked or not named & (room.in_window - before)
        if room.blocked == blocked:  # what was shown stays as long as the window does
            stay = {one for one in before if room.entries[one].order_key > room.floor}
            assert stay <= room.in_window
        assert room.floor >= floor
    room.blocked.clear()
    room.now += 20 * MINUTE
    room.ask()
    assert len(set(room.shown_ever)) == len(room.shown_ever)
    told = {room.entries[one].article_id for one in (*room.shown_ever, *room.named_ever)}
    # What is older than the window is no news, and neither are its copies.
    old = {one.article_id for one in room.candidates() if not is_above(one, room.floor)}
    for one in room.candidates():
        assert refusal(one) is None
        assert one.article_id in told | old
