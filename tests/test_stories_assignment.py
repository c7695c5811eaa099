"""Which story a new entry belongs to, and under which id readers know it."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING

import pytest

from aggregator.rules.secrets import NO_SECRETS
from aggregator.stories.assignment import StoryCandidate, Telling, assign, retitled
from aggregator.stories.minting import public_ids
from tests.making import DAY, START, entry

if TYPE_CHECKING:
    from aggregator.model import Entry

URL, SITE = "url:https://one.example/1", "site:one.example:1"
BY_URL, BY_NUMBER = frozenset({URL}), frozenset({SITE})


def new(title: str = "One", *, keys: tuple[str, ...] = (URL,), dated: bool = True) -> Entry:
    made = entry(1, title=title, published_at=START if dated else None)
    return replace(made, keys=(), shared_keys=keys)


SAME = {8: Telling("One", START)}
OTHER = {8: Telling("Other", START)}


@pytest.mark.parametrize(
    ("candidates", "one", "story_id", "because"),
    [
        ((), new(), None, None),
        (
            (StoryCandidate(5, BY_URL, {}),),
            new(),
            5,
            "same url",
        ),
        ((StoryCandidate(5, BY_URL, OTHER),), new(), None, None),
        ((StoryCandidate(5, BY_URL, SAME),), new(), 5, "same url, title and date"),
        ((StoryCandidate(5, BY_URL, SAME),), new(dated=False), None, None),
        (
            (StoryCandidate(5, BY_URL, {8: Telling("One", None)}),),
            new(dated=False),
            None,
            None,
        ),
        # A number of a known site decides, whatever its source tells of that story.
        ((StoryCandidate(5, BY_NUMBER, OTHER),), new(keys=(SITE,)), 5, "same site"),
        # Of those that fit one key the oldest, of several keys the first.
        (
            (StoryCandidate(6, BY_URL, {}), StoryCandidate(5, BY_URL, SAME)),
            new(),
            5,
            "same url, title and date",
        ),
        (
            (StoryCandidate(6, BY_URL, SAME), StoryCandidate(5, BY_URL, {})),
            new(),
            5,
            "same url",
        ),
        (
            (StoryCandidate(6, BY_NUMBER, {}), StoryCandidate(5, BY_URL, {})),
            new(keys=(SITE, URL)),
            6,
            "same site",
        ),
        (
            (StoryCandidate(6, BY_NUMBER, {}), StoryCandidate(5, BY_URL, OTHER)),
            new(keys=(URL, SITE)),
            6,
            "same site",
        ),
    ],
)
def test_a_new_entrys_story(
    candidates: tuple[StoryCandidate, ...], one: Entry, story_id: int | None, because: str | None
) -> None:
    (found,) = assign((one,), candidates, own=frozenset())
    assert (found.story_id, found.begun_by, found.because) == (story_id, 0, because)


@pytest.mark.parametrize(
    ("entries", "stories"),
    [
        # Items that share an address only are stories of their own.
        ((new("One"), new("Two")), ["begun by 0", "begun by 1"]),
        ((new("One"), new("One")), ["begun by 0", "begun by 0"]),
        ((new("One", keys=(SITE,)), new("Two", keys=(SITE,))), ["begun by 0", "begun by 0"]),
        # What the first one brings along finds the second, and the story is told by then.
        (
            (new("One", keys=("url:a", URL)), new("Two", keys=(URL,))),
            [5, "begun by 1"],
        ),
        (
            (new("One", keys=("url:a", SITE)), new("Two", keys=(SITE,))),
            [5, 5],
        ),
        # A date in the future is a sign like any other, whatever readers see of it.
        (
            (replace(new(), stated_at=START + DAY), replace(new(), stated_at=START + DAY)),
            ["begun by 0", "begun by 0"],
        ),
        (
            (replace(new(), stated_at=START + DAY), new()),
            ["begun by 0", "begun by 1"],
        ),
    ],
)
def test_entries_of_one_document_count_for_those_after_them(
    entries: tuple[Entry, ...], stories: list[int | str]
) -> None:
    stored = StoryCandidate(5, frozenset({"url:a"}), {})
    assert [
        f"begun by {one.begun_by}" if one.story_id is None else one.story_id
        for one in assign(entries, (stored,), own=frozenset())
    ] == stories


def test_a_title_that_the_same_document_changed_is_the_one_that_counts() -> None:
    stored = (StoryCandidate(5, BY_URL, OTHER),)
    (found,) = assign((new(),), retitled(stored, {8: "One"}), own=frozenset())
    assert found.story_id == 5
    (found,) = assign((new(),), retitled(stored, {9: "One"}), own=frozenset())
    assert found.story_id is None


def test_a_thousand_items_at_one_address_are_assigned_without_comparing_each_with_each() -> None:
    compared = 0

    class Title(str):
        __slots__ = ()

        def __eq__(self, other: object) -> bool:
            nonlocal compared
            compared += 1
            return str.__eq__(self, other)

        __hash__ = str.__hash__

    entries = [new(Title(f"Item {number}")) for number in range(1000)]
    assert len({one.begun_by for one in assign(entries, (), own=frozenset())}) == 1000
    assert compared < 10_000


@pytest.mark.parametrize(
    ("guids", "held", "expected"),
    [
        (("tag:x,2026:1",), set(), ["tag:x,2026:1"]),
        (("tag:x,2026:1",), {"tag:x,2026:1"}, ["minted 1"]),
        (("tag:x,2026:1", "tag:x,2026:1"), set(), ["tag:x,2026:1", "minted 1"]),
        (("1", "https://one.example/a b"), set(), ["minted 1", "minted 2"]),
    ],
)
def test_a_public_id_is_the_publishers_where_it_is_fit_and_free(
    guids: tuple[str, ...], held: set[str], expected: list[str]
) -> None:
    entries = [entry(number, guid=guid) for number, guid in enumerate(guids)]
    numbers = count(1)
    given = public_ids(
        entries,
        NO_SECRETS,
        own=frozenset(),
        owned=frozenset(),
        held=held,
        mint=lambda: f"minted {next(numbers)}",
    )
    assert list(given) == expected
