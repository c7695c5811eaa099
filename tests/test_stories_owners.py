"""Whose an article is, as a decision on values; and laws over every order in which it may come."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aggregator.rules.secrets import NO_SECRETS
from aggregator.stories.assignment import StoryCandidate, StoryRef, Telling, assign, shared_keys
from aggregator.stories.minting import public_ids
from aggregator.stories.owners import domain_of_id, foreign_to, own_domains
from aggregator.stories.windows import Candidate, Membership, leads_of, standing
from tests.making import entry, source

if TYPE_CHECKING:
    from aggregator.model import Entry, Source

RSSHUB = ("http://rsshub:1200/x/y", "https://rsshub.example/x/y")


@pytest.mark.parametrize(
    ("one", "site_url", "domains"),
    [
        (source(url="https://www.ithome.com/rss/"), None, {"ithome.com"}),
        (source(url="https://www.ithome.com/rss/"), "https://victim.example/", {"ithome.com"}),
        (source(url="https://x.github.io/feed"), None, {"x.github.io"}),
        (source(url="https://Bücher.example:8443/feed"), None, {"xn--bcher-kva.example"}),
        (source(url="http://127.0.0.1:1200/x"), "https://victim.example/", {"127.0.0.1"}),
        (
            source(url="https://feeds.feedburner.com/x", site=("blog.a.example", "b.example")),
            None,
            {"feedburner.com", "a.example", "b.example"},
        ),
        (
            source(url="https://a.example/x", mirrors=("https://a.example/x", "https://b.example")),
            None,
            {"a.example", "b.example"},
        ),
        (source(url="rsshub://x/y", mirrors=RSSHUB), None, {"rsshub", "rsshub.example"}),
        (
            source(url="rsshub://x/y", mirrors=RSSHUB),
            "https://www.ithome.com/",
            {"rsshub", "rsshub.example", "ithome.com"},
        ),
    ],
)
def test_own_is_what_is_polled_what_the_operator_names_and_what_an_rsshub_says(
    one: Source, site_url: str | None, domains: set[str]
) -> None:
    assert own_domains(one, site_url) == domains


@pytest.mark.parametrize(
    ("keys", "url", "foreign"),
    [
        ((), None, ()),
        (("guid:https://b.example/1", "text:x", "path:/x"), "https://b.example/1", ()),
        (("url:https://www.a.example/1",), "https://www.a.example/1", ()),
        (("url:https://b.example/1",), "https://b.example/1", ("b.example",)),
        (("url:https://a.example.b.example/1",), None, ("b.example",)),
        # A long address is hashed; its entry has it.
        (("url:sha256-0123",), "https://www.a.example/long", ()),
        (("url:sha256-0123",), "https://www.b.example/long", ("b.example",)),
        # One number of another site is enough.
        (("url:https://a.example/1", "site:ithome.com:1"), "https://a.example/1", ("ithome.com",)),
    ],
)
def test_an_entry_is_foreign_to_the_domains_that_its_keys_name_and_its_source_has_not(
    keys: tuple[str, ...], url: str | None, foreign: tuple[str, ...]
) -> None:
    assert foreign_to(keys, url, {"a.example"}) == foreign


@pytest.mark.parametrize(
    ("identifier", "domain"),
    [
        ("https://blog.a.example/?p=1", "a.example"),
        ("http://x.github.io/1", "x.github.io"),
        ("tag:blog.a.example,2026:1", "a.example"),
        ("tag:me@blog.a.example,2026-11-20:/1", "a.example"),
        ("urn:uuid:1225c695-cfb8-4ebb-aaaa-80da344efa6a", None),
        ("urn:x-a.example:1", None),
        ("news:1@a.example", None),
        ("12345", None),
    ],
)
def test_an_address_and_a_tag_belong_to_a_domain(identifier: str, domain: str | None) -> None:
    assert domain_of_id(identifier) == domain


@pytest.mark.parametrize(
    ("own", "owned", "taken"),
    [
        (frozenset(), frozenset(), True),
        ({"victim.example"}, {"victim.example"}, True),
        ({"thief.example"}, {"thief.example"}, True),
        ({"thief.example"}, {"thief.example", "victim.example"}, False),
    ],
)
def test_an_id_of_another_sources_domain_is_not_taken(
    own: set[str], owned: set[str], *, taken: bool
) -> None:
    wanted = "https://victim.example/next"
    (given_id,) = public_ids(
        (entry(1, guid=wanted),), NO_SECRETS, own=own, owned=owned, held=(), mint=lambda: "minted"
    )
    assert given_id == (wanted if taken else "minted")


# --- laws over orders of arrival ----------------------------------------------------------------

#: Two publishers, each with two sources of their own; two strangers.
SOURCES = {
    "a": frozenset({"a.example"}),
    "a2": frozenset({"a.example"}),
    "b": frozenset({"b.example"}),
    "ab": frozenset({"a.example", "b.example"}),
    "planet": frozenset({"planet.example"}),
    "thief": frozenset({"thief.example"}),
}
KEYS = (
    "url:https://a.example/1", "url:https://a.example/2", "url:https://b.example/1",
    "site:a.example:1", "site:b.example:1",
)  # fmt: skip


@dataclass
class Told:
    """An entry as it is kept."""

    by: str
    keys: tuple[str, ...]
    title: str
    story: int
    place: tuple[int, int] | None = None


@dataclass
class Newsroom:
    """What has come from all sources, and what one feed of all of them has shown."""

    entries: dict[int, Told] = field(default_factory=dict)
    keys: dict[int, set[str]] = field(default_factory=dict)
    own: dict[int, bool] = field(default_factory=dict)
    originals: dict[int, int] = field(default_factory=dict)
    shown: list[int] = field(default_factory=list)

    def arrive(self, by: str, entries: tuple[Entry, ...]) -> None:
        """Let a document of new entries come."""
        begun: list[int] = []
        candidates = [self._candidate(story, by) for story in self.keys]
        assigned = assign(entries, candidates, own=SOURCES[by])
        for new, one in zip(assigned, entries, strict=True):
            number = len(self.entries) + 1
            story = new.story_id
            if story is None:
                story = number if new.begun_by == len(begun) else begun[new.begun_by]
            begun.append(story)
            if story == number:
                self.own[story] = new.is_own
            self.keys.setdefault(story, set()).update(shared_keys(one))
            if new.original is not None:
                self._link(story, new.original, begun)
            for copy in new.copies:
                self._link(begun[copy.number] if copy.begins_now else copy.number, story, begun)
            self.entries[number] = Told(by, shared_keys(one), one.title, story)
        self._show()

    def _link(self, copy: int, original: StoryRef | int, begun: list[int]) -> None:
        if isinstance(original, StoryRef):
            original = begun[original.number] if original.begins_now else original.number
        assert copy not in self.originals, "a story is linked once"
        self.originals[copy] = original

    def _candidate(self, story: int, by: str) -> StoryCandidate:
        article = self.originals.get(story, story)
        told = {
            number: Telling(one.title, None)
            for number, one in self.entries.items()
            if one.by == by and self.originals.get(one.story, one.story) == article
        }
        return StoryCandidate(
            story,
            frozenset(self.keys[story]),
            told,
            is_own=self.own[story],
            original_id=self.originals.get(story),
        )

    def candidates(self) -> list[Candidate]:
        return [
            Candidate(
                entry_id=number,
                story_id=one.story,
                source_id=1,
                order_key=number,
                held_back=False,
                blocked=None,
                excluded=None,
                memberships=(Membership(0, None),),
                place=one.place,
                original_id=self.originals.get(one.story),
            )
            for number, one in self.entries.items()
        ]

    def _show(self) -> None:
        self.shown = [one.entry_id for one in standing(self.candidates(), floor=0, once=True)]
        places = sum(one.place is not None for one in self.entries.values())
        for number in self.shown:
            if self.entries[number].place is None:
                places += 1
                self.entries[number].place = (202611, places)

    def is_own(self, number: int) -> bool:
        one = self.entries[number]
        return not foreign_to(one.keys, None, SOURCES[one.by])


def told(by: str, keys: tuple[str, ...], title: str = "") -> Entry:
    return replace(entry(by, title=title or f"as {by} has it"), keys=(), shared_keys=keys)


arrivals = st.lists(
    st.tuples(
        st.sampled_from(sorted(SOURCES)),
        st.lists(
            st.tuples(
                st.lists(st.sampled_from(KEYS), min_size=1, max_size=2, unique=True).map(tuple),
                st.sampled_from(("One", "Two")),
            ),
            min_size=1,
            max_size=3,
        ),
    ),
    max_size=8,
)


@given(arrivals)
@example([("thief", [(KEYS[:1], "One")]), ("a", [(KEYS[:1], "One")])])
@example([("a", [(KEYS[3:4], "One")]), ("b", [(KEYS[:1], "One")]), ("a", [(KEYS[::3], "One")])])
@example(
    [
        ("thief", [((KEYS[0], KEYS[4]), "One")]),
        ("a", [(KEYS[:1], "One")]),
        ("b", [(KEYS[4:], "One")]),
        ("planet", [(KEYS[:1], "One"), (KEYS[4:], "One")]),
    ]
)
def test_an_own_entry_is_never_led_by_a_foreign_one_and_nothing_seen_is_taken_back(
    history: list[tuple[str, list[tuple[tuple[str, ...], str]]]],
) -> None:
    room = Newsroom()
    for by, document in history:
        shown, stories = list(room.shown), {n: one.story for n, one in room.entries.items()}
        linked = dict(room.originals)
        room.arrive(by, tuple(told(by, keys, title) for keys, title in document))
        assert set(shown) <= set(room.shown)
        assert stories.items() <= {n: one.story for n, one in room.entries.items()}.items()
        assert linked.items() <= room.originals.items()
        of_story: dict[int, set[bool]] = {}
        for number, one in room.entries.items():
            of_story.setdefault(one.story, set()).add(room.is_own(number))
        assert all(len(kinds) == 1 for kinds in of_story.values()), "own and foreign stay apart"
        assert all(of_story[copy] == {False} for copy in room.originals)
        assert all(of_story[original] == {True} for original in room.originals.values())
        assert room.originals.keys().isdisjoint(room.originals.values())


@given(st.permutations([*SOURCES]), st.lists(st.sampled_from(sorted(SOURCES)), max_size=4))
def test_an_article_stands_once_but_beside_what_was_shown_before_its_original(
    order: list[str], again: list[str]
) -> None:
    room = Newsroom()
    for by in order:
        room.arrive(by, (told(by, KEYS[:1]),))
    for number, by in enumerate(again):  # others' articles change nothing of this one
        room.arrive(by, (told(by, (f"url:https://a.example/other/{number}",)),))
    numbers = {by: number for number, by in enumerate(order, 1)}
    own = min(numbers[by] for by in ("a", "a2", "ab"))
    foreign = min(numbers[by] for by in ("b", "planet", "thief"))
    stand = [number for number in room.shown if room.entries[number].keys == KEYS[:1]]
    assert stand == ([foreign, own] if foreign < own else [own])


@given(arrivals)
def test_a_feed_without_the_original_shows_one_copy_of_a_story(
    history: list[tuple[str, list[tuple[tuple[str, ...], str]]]],
) -> None:
    room = Newsroom()
    for by, document in history:
        room.arrive(by, tuple(told(by, keys, title) for keys, title in document))
    of_strangers = [
        replace(one, place=None, memberships=one.memberships if one.original_id else ())
        for one in room.candidates()
    ]
    for article in {one.article_id for one in of_strangers}:
        copies = [one for one in of_strangers if one.article_id == article]
        assert len(leads_of(copies)) == any(one.original_id is not None for one in copies)
